"""Observations: what was observed of flows and prices in single years."""

from __future__ import annotations

from collections.abc import Iterator

from planner.study.nouns.tables import StudyTables
from planner.study.rows import Key, ValueRow
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
        _judge_ends(tables, key)
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
                _word(row, 0),  # type: ignore[arg-type]
                row.published,
                _word(row, 1),
            )


def _word(row: ValueRow, position: int) -> str:
    """What a column of words says: `role`, then `same_as`."""
    return row.words[position] if row.words else ""


def _judge_ends(tables: StudyTables, key: Key) -> None:
    """A flow has two ends; a price is of a good, or of a metal for its refined good, and has
    one."""
    _, (name, source, target, metal), quantity = key
    row = tables.numbers.rows[key][0]
    if quantity != "price":
        if not target:
            tables.problems.at(row, "to", f"is empty; say where the {quantity} of '{name}' goes")
        return
    if target:
        tables.problems.at(
            row, "to", f"'{target}' is given, but a price has no end; leave it empty"
        )
    if source != metal and source not in tables.structure.get("goods", {}):
        tables.problems.at(
            row,
            "from",
            f"'{source}' is no good of the study; name the good whose price '{name}' is, or "
            f"'{metal}' for its refined good",
        )
