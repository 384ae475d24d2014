"""Types of deposit that may be found."""

from __future__ import annotations

from planner.study.nouns.tables import StudyTables
from planner.study.rows import StructureRow
from planner.system.nouns import Discovery

TABLE = "discovery_values"
REQUIRED = ("rate", "tonnage", "grade")


def read_discoveries(tables: StudyTables) -> dict[str, Discovery]:
    """All types of discovery by name."""
    return tables.before.discoveries | {
        row.name: _discovery(tables, row) for row in tables.rows("discoveries", TABLE)
    }


def _discovery(tables: StudyTables, row: StructureRow) -> Discovery:
    name, cells = row.name, row.cells
    for parameter in REQUIRED:
        if not tables.numbers.has(TABLE, (name,), parameter) and not tables.problems.spoiled(
            "keys of", TABLE
        ):
            tables.problems.at(row, "discovery", f"'{name}' has no {parameter}; give it in {TABLE}")
    single = {
        each: tables.single(TABLE, (name,), each)
        for each in (
            "tonnage",
            "tonnage_spread",
            "grade",
            "grade_spread",
            "capacity_factor",
            "capacity_exponent",
        )
    }
    return Discovery(
        name,
        cells["deposit"],
        cells["plant"],
        tables.series(TABLE, (name,), "rate", absent=0.0),
        **single,
        lead_time=tables.whole_years(TABLE, name, "lead_time", "finding to the first ore"),
    )
