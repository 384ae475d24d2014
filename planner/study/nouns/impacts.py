"""Impacts beside carbon, with the factors of processes."""

from __future__ import annotations

from planner.study.nouns.tables import StudyTables
from planner.study.rows import StructureRow
from planner.study.schema import FACTOR
from planner.system.nouns import SCOPES, Array, Impact, frozen_map

TABLE = "process_values"
OBJECTIVES = ("cost", "carbon", "imports")
"""Objectives of a frontier that are not impacts."""


def read_impacts(tables: StudyTables) -> dict[str, Impact]:
    """All impacts by name."""
    rows = tables.rows("impacts")
    if not rows:
        return {}
    changed = {
        name for name in tables.structure.get("processes", {}) if tables.changed(name, TABLE)
    }
    return {row.name: _impact(tables, row, changed) for row in rows}


def _impact(tables: StudyTables, row: StructureRow, changed: set[str]) -> Impact:
    """The impact of a row, the very same as before where none of its numbers changed."""
    kept = tables.before.impacts.get(row.name)
    _check_row(tables, row)
    factors = _factors(tables, row.name, changed)
    if kept is not None:
        same = all(kept.factors.get(name) is rate for name, rate in factors.items())
        if same and not tables.changed(row.name, "impact_values"):
            return kept
        factors = {**kept.factors, **factors}
    keys, scope = (row.name,), row.cells["scope"] or SCOPES[1]
    return Impact(
        row.name,
        row.cells["unit"],
        scope,  # type: ignore[arg-type]
        row.cells["description"],
        tables.series("impact_values", keys, "price"),
        tables.series("impact_values", keys, "electricity"),
        frozen_map(factors),
    )


def _check_row(tables: StudyTables, row: StructureRow) -> None:
    """An impact is counted in a unit without a division, and is called like no objective."""
    if "/" in row.cells["unit"]:
        tables.problems.at(
            row,
            "unit",
            f"is '{row.cells['unit']}', with a division; write what is counted, such as m3 or kg "
            "SO2 eq: its factors are that per tonne",
        )
    if row.name in OBJECTIVES:
        tables.problems.at(
            row,
            "impact",
            f"'{row.name}' is an objective of its own (planner frontier); give another name",
        )


def _factors(tables: StudyTables, name: str, processes: set[str]) -> dict[str, Array]:
    """The factors of an impact, by process, of those processes."""
    parameter = f"{FACTOR}{name}"
    return {
        process: tables.series(TABLE, (process,), parameter)
        for process in sorted(processes)
        if tables.numbers.has(TABLE, (process,), parameter)
    }
