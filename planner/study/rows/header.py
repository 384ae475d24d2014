"""The header of a table: which of its columns stand where."""

from __future__ import annotations

from collections.abc import Sequence

from planner.study.files import Sheet
from planner.study.problems import Problems
from planner.study.schema import TableForm
from planner.units import suggestion

TWICE = "this column stands twice; keep one"
MISSING = "this column is missing; add it to the header and fill it in every row"
NAMELESS = "there are columns without a name; name or drop them"


def column_positions(table: TableForm, sheet: Sheet, problems: Problems) -> dict[str, int] | None:
    """Column to position; None where a required column is missing or one stands twice."""
    header = sheet.header
    if not _is_whole(table, sheet, problems) or not set(table.required_names) <= set(header):
        problems.spoil(table.name)
        return None
    return {name: header.index(name) for name in table.column_names if name in header}


def _is_whole(table: TableForm, sheet: Sheet, problems: Problems) -> bool:
    """Return True if no column stands twice. Reports the first that does, columns that the table
    does not have, and else those that it misses."""
    header = sheet.header
    missing = [name for name in table.required_names if name not in header]
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            problems.add(sheet.file, 1, name, TWICE if name else NAMELESS)
            return False
        if name not in table.column_names:
            meant = _refuse_column(table, sheet, name, missing, problems)
            missing = [other for other in missing if other not in meant]
    for name in missing:
        problems.add(sheet.file, 1, name, MISSING)
    return True


def _refuse_column(
    table: TableForm, sheet: Sheet, name: str, missing: Sequence[str], problems: Problems
) -> list[str]:
    """Report a column that the table does not have; returns the missing ones it may stand for."""
    known = missing or [other for other in table.column_names if other not in sheet.header]
    close = suggestion(name, known)
    meant = [other for other in missing if f"'{other}'" in close]
    close += "".join(f"; '{other}' is missing" for other in meant)
    problems.add(
        sheet.file,
        1,
        name or "(empty)",
        f"is not a column of this table{close}; rename or drop it",
    )
    return meant
