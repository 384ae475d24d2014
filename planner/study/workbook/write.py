"""From a study to its workbook."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from planner.errors import Problem, SpecError
from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from planner.study.reader import find
from planner.study.schema import BY_NAME, COLUMN_NOTES
from planner.study.workbook.cells import (
    EXCEL_ROWS,
    EXCEL_TEXT,
    UNFIT,
    empty_book,
    number_of,
    put,
    save_whole,
)

HEAD_WIDTH, NARROWEST, WIDEST, NOTE_WIDTH = 120, 8, 60, 320
"""Width of the sheet of study.toml, of columns (characters), and of the note at a header
(points)."""
HEAD_COLOUR = "DDE6ED"


def write_study_workbook(study: str | Path, path: str | Path) -> Path:
    """Write a study, shipped or in a folder, as one workbook and return its path.

    Raises SpecError where the study cannot be read, or does not fit the format; OutputError where
    the file cannot be written.
    """
    folder, target, problems = find(study), Path(path), Problems()
    files = read_files(folder, problems)
    if found := problems.report():
        raise SpecError(str(study), found)
    book = empty_book()
    for name in sorted(files, key=lambda name: (name != HEAD_FILE, name)):
        rows = _rows(name, files[name])
        _require_fit(name, rows)
        sheet = book.create_sheet(name.removesuffix(".csv"))
        _fill(sheet, rows, as_text=name == HEAD_FILE)
        if name == HEAD_FILE:
            _dress_head(sheet)
        else:
            _dress_table(sheet, name.removesuffix(".csv"))
    save_whole(book, target)
    return target


def _rows(name: str, content: bytes) -> list[list[str]]:
    """The cells that a file becomes: a line of the head each, or those of a table."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, 0, "is not encoded in UTF-8; save it so") from error
    if name == HEAD_FILE:
        return [[line.removesuffix("\r")] for line in text.removesuffix("\n").split("\n")]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        message = f"cannot be read as CSV ({error}); check the study with `planner check`"
        raise _refused(name, 0, message) from error


def _require_fit(name: str, rows: list[list[str]]) -> None:
    """Raise SpecError where a workbook cannot hold these cells."""
    for number, row in enumerate(rows, start=1):
        if any(UNFIT.search(text) for text in row):
            raise _refused(
                name, number, "holds an invisible character that no workbook can; remove it"
            )
    longest = max((len(text) for row in rows for text in row), default=0)
    if len(rows) > EXCEL_ROWS or longest > EXCEL_TEXT:
        limits = f"at most {EXCEL_ROWS:,} rows and {EXCEL_TEXT:,} characters a cell"
        raise _refused(name, 0, f"does not fit a workbook: {limits}")


def _refused(name: str, row: int, message: str) -> SpecError:
    return SpecError(name, [Problem(name, row, "", message)])


def _fill(sheet: Any, rows: list[list[str]], *, as_text: bool) -> None:
    for row, cells in enumerate(rows, start=1):
        for column, text in enumerate(cells, start=1):
            if text:
                put(sheet.cell(row, column), text if as_text else number_of(text))


def _dress_head(sheet: Any) -> None:
    """Give study.toml a wide column of one type."""
    from openpyxl.styles import Font

    sheet.column_dimensions["A"].width = HEAD_WIDTH
    for (cell,) in sheet.iter_rows(max_col=1):
        cell.font = Font(name="Consolas")


def _dress_table(sheet: Any, name: str) -> None:
    """Give a table columns as wide as their texts, and a header that stays and says what each
    column means."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    notes = dict(COLUMN_NOTES)
    if name in BY_NAME:
        notes |= {column.name: column.note for column in BY_NAME[name].text_columns}
    for cells in sheet.iter_cols():
        head = cells[0]
        sheet.column_dimensions[get_column_letter(head.column)].width = _width(cells)
        head.font, head.fill = Font(bold=True), PatternFill("solid", start_color=HEAD_COLOUR)
        if note := notes.get(str(head.value)):
            head.comment = Comment(note, "planner", width=NOTE_WIDTH)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _width(cells: tuple[Any, ...]) -> int:
    longest = max((len(str(cell.value)) for cell in cells if cell.value is not None), default=0)
    return min(max(longest + 2, NARROWEST), WIDEST)
