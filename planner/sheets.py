"""A study as one workbook and back, for analysts who edit in a spreadsheet (`planner workbook`, `planner unpack`).

Every table of the study is a sheet of its name, study.toml is the sheet `study.toml`, a line to a row. A cell is written as a number
only where the number reads back to the same text, and as text otherwise, so that the way there and back changes nothing.
No text is ever taken for a formula, in either direction: a workbook with formulas is read by the values it was saved with.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from planner.errors import OutputError, Problem, SpecError
from planner.read import find
from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from planner.tables import BY_NAME

LARGEST_UNPACKED = 512 * 1024**2
"""Bytes that a workbook may unpack to; more is taken for a bomb. A study of a million rows has about 200 MB."""
LARGEST_RATIO = 200
"""How many times larger a part may be unpacked than packed; real sheets have about 10."""
EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
"""Limits of the file format: rows of a sheet, characters of a cell."""


def write_study_workbook(study: str | Path, path: str | Path) -> Path:
    """Write a study, shipped or in a folder, as one workbook and return its path.

    Raises SpecError where the study cannot be read, or does not fit the format; OutputError where the file cannot be written.
    """
    from openpyxl.styles import Font

    folder, place, problems = find(study), Path(path), Problems()
    files = read_files(folder, problems)
    if found := problems.report():
        raise SpecError(str(study), found)
    book = empty_book()
    for name, content in sorted(files.items(), key=lambda item: (item[0] != HEAD_FILE, item[0])):
        sheet = book.create_sheet(name.removesuffix(".csv"))
        text = _text(name, content)
        rows = [[line] for line in text.splitlines()] if name == HEAD_FILE else list(csv.reader(io.StringIO(text)))
        _require_fit(name, rows)
        for row, cells in enumerate(rows, start=1):
            for column, text in enumerate(cells, start=1):
                if text:
                    put(sheet.cell(row, column), text if name == HEAD_FILE else _number(text))
        if name != HEAD_FILE:
            sheet.freeze_panes = "A2"
            for cell in sheet[1]:
                cell.font = Font(bold=True)
    save_whole(book, place)
    return place


def empty_book() -> Any:
    """A workbook without a sheet."""
    from openpyxl import Workbook

    book: Any = Workbook()
    book.remove(book.active)
    return book


def put(cell: Any, value: Any) -> None:
    """Put a value in a cell, text as text even where it begins like a formula."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            cell.quotePrefix = True


def save_whole(book: Any, path: Path) -> None:
    """Save a workbook beside its place and move it there. Raises OutputError where it cannot be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        book.save(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror}; name another file") from error


def unpack(workbook: str | Path, folder: str | Path) -> Path:
    """Write the tables of a study's workbook as a study folder and return it. The folder must be new or empty.

    Raises SpecError where the file is no such workbook, OutputError where the folder cannot be written.
    """
    place, source = Path(folder), Path(workbook)
    files = read_study_workbook(source)
    try:
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise OutputError(f"{place} is not empty; name a new folder")
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    except OSError as error:
        raise OutputError(f"{place} cannot be written: {error.strerror}; name another folder") from error
    return place


def read_study_workbook(path: Path) -> Mapping[str, bytes]:
    """The files of a study, name to content, from its workbook. Raises SpecError with every sheet that is none of a study."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _require_sane(path)
    try:
        book = load_workbook(path, data_only=True, read_only=True, keep_links=False)
        sheets = {s.title: [[_cell(value) for value in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets}
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, ParseError, OSError, TypeError, AttributeError) as error:
        problem = Problem(path.name, 0, "", f"is no workbook that can be read ({error}); save it as .xlsx")
        raise SpecError(str(path), [problem]) from error
    known = {*BY_NAME, HEAD_FILE}
    strange = [name for name in sheets if name not in known]
    remedy = "is no table of a study; name it after its table, or remove it"
    problems = [Problem(path.name, 0, "", f"sheet '{name}' {remedy}") for name in strange]
    if HEAD_FILE not in sheets:
        problems.append(Problem(path.name, 0, "", f"has no sheet '{HEAD_FILE}'; start from `planner workbook STUDY FILE.xlsx`"))
    if problems:
        raise SpecError(str(path), problems)
    return {name if name == HEAD_FILE else f"{name}.csv": _file(name, rows) for name, rows in sheets.items()}


def _require_sane(path: Path) -> None:
    """Refuse what is no archive, and what would unpack to far more than any study has, before a byte of it is parsed."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        problem = Problem(path.name, 0, "", "is no workbook (.xlsx) that can be read; give the file of a study")
        raise SpecError(str(path), [problem]) from error
    total = sum(part.file_size for part in parts)
    bomb = any(part.file_size > LARGEST_RATIO * max(part.compress_size, 1) and part.file_size > 1024**2 for part in parts)
    if total > LARGEST_UNPACKED or bomb:
        message = f"would unpack to {total / 1e6:,.0f} MB in a way no study does; it is not opened"
        raise SpecError(str(path), [Problem(path.name, 0, "", message)])


def _file(name: str, rows: Iterable[list[str]]) -> bytes:
    if name == HEAD_FILE:
        return ("\n".join(row[0] if row else "" for row in rows).rstrip("\n") + "\n").encode()
    listed = [row for row in rows if any(row)]
    width = max((i + 1 for i, text in enumerate(listed[0]) if text), default=0) if listed else 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    # cells beyond the header are kept, so that the reader says what stands there
    writer.writerows([row[:width] + [cell for cell in row[width:] if cell] for row in listed])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """The text of a cell: whole numbers without a point, others by their shortest form that reads back the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _number(text: str) -> str | int | float:
    """A number where it reads back to the same text, the text otherwise."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        # the file format keeps 16 digits
        if _cell(value) == text and float(f"{value:.16g}") == value and abs(value) < 2**53:
            return value
    return text


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(name, [Problem(name, 0, "", "is not encoded in UTF-8; save it so")]) from error


def _require_fit(name: str, rows: list[list[str]]) -> None:
    longest = max((len(text) for row in rows for text in row), default=0)
    if len(rows) > EXCEL_ROWS or longest > EXCEL_TEXT:
        message = f"does not fit a workbook: at most {EXCEL_ROWS:,} rows and {EXCEL_TEXT:,} characters a cell"
        raise SpecError(name, [Problem(name, 0, "", message)])
