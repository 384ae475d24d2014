"""Cells of a workbook: which text is a number, and what a cell may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.runtime.run_folder import written_file

EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
"""Limits of the file format: rows of a sheet, characters of a cell."""
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Marks that XML has no way to write."""
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_LARGEST_WHOLE = 2**53
"""Whole numbers below this are exact as floats."""


def empty_book() -> Any:
    """A workbook without a sheet."""
    from openpyxl import Workbook

    book: Any = Workbook()
    book.remove(book.active)
    return book


def put(cell: Any, value: Any) -> None:
    """Put a value in a cell, text as text even where it begins like a formula; a mark that no cell
    may hold is left out."""
    if not isinstance(value, str):
        cell.value = value
        return
    cell.value = UNFIT.sub("", value)
    cell.data_type = "s"
    if value[:1] in _FORMULA_MARKS:
        cell.quotePrefix = True


def save_whole(book: Any, path: Path) -> None:
    """Save a workbook beside its place and move it there. Raises OutputError where it cannot be
    written."""
    written_file(path, book.save)


def position(cell: Mapping[str, Any]) -> str:
    """The name of a cell, such as B7."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(cell['column'])}{cell['row']}"


def text_of(value: Any) -> str:
    """The text of a cell: whole numbers without a point, others by their shortest form that reads
    back the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    return str(value)


def number_of(text: str) -> str | int | float:
    """A number where it reads back to the same text, the text otherwise."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if _reads_back(value, text):
            return value
    return text


def _reads_back(value: float, text: str) -> bool:
    # the file format keeps 16 digits
    return (
        text_of(value) == text and float(f"{value:.16g}") == value and abs(value) < _LARGEST_WHOLE
    )
