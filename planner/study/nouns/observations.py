"""Observations: what was observed of flows in single years."""

from __future__ import annotations

from collections.abc import Iterator

from planner.study.nouns.tables import StudyTables
from planner.system.nouns import Observed, Place


def read_observations(tables: StudyTables) -> tuple[Observed, ...]:
    """Every observation in force, by name, quantity and year."""
    if not tables.names("observations"):
        return tables.before.observations
    return tuple(
        observed
        for name in tables.numbers.names("observations")
        for observed in _observed(tables, name)
    )


def _observed(tables: StudyTables, name: str) -> Iterator[Observed]:
    for key in tables.numbers.keys("observations", name):
        _, (_, source, target, metal), quantity = key
        for row in tables.numbers.rows[key]:
            yield Observed(
                name,
                source,
                target,
                metal,
                quantity,  # type: ignore[arg-type]
                row.year or 0,
                row.value,
                row.low,
                row.high,
                row.source,
                row.grade,
                Place(row.file, row.row),
            )
