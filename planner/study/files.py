"""From a study folder to text: which files belong to it, how they are decoded, the cells of a table
with their row numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from planner.study.problems import Problems
from planner.study.schema import BY_NAME
from planner.units import suggestion

HEAD_FILE = "study.toml"
_TABLE_FILES = frozenset(f"{name}.csv" for name in BY_NAME)
_FILES = _TABLE_FILES | {HEAD_FILE}
_BOM = b"\xef\xbb\xbf"
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""Separators that some programs write instead of commas."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of a CSV file: header, and each row that is not empty with its number (the header
    is row 1)."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]


def read_files(folder: Path, problems: Problems) -> Mapping[str, bytes]:
    """study.toml and every table of the folder, name to content, by name. Nothing outside the
    folder is read."""
    try:
        paths = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        message = f"the folder cannot be read ({error.strerror}); check its permissions"
        problems.add(folder.name, 0, "", message)
        return {}
    home, contents = folder.resolve(), {}
    for path in paths:
        if path.name not in _FILES:
            _refuse_misnamed(path, problems)
            continue
        try:
            contents[path.name] = _content(path, home)
        except ValueError as error:
            problems.add(path.name, 0, "", str(error))
            problems.spoil(path.stem)
    return contents


def _refuse_misnamed(path: Path, problems: Problems) -> None:
    """A CSV file that is not a table would be passed over; other files are no concern of a
    study."""
    if path.suffix.lower() == ".csv":
        close = suggestion(path.name, _TABLE_FILES)
        message = f"no table has this name{close}; rename it or keep it in a folder below"
        problems.add(path.name, 0, "", message)


def _content(path: Path, home: Path) -> bytes:
    """The content of a file of the folder. Raises ValueError that says why it is not read."""
    if not path.resolve().is_relative_to(home):
        raise ValueError("is a link out of the study folder; copy the file into it")
    if not path.is_file():
        raise ValueError("is not an ordinary file; put the table here as a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}); check its permissions") from error


def decoded(file: str, content: bytes, problems: Problems) -> str | None:
    """The text of a file in UTF-8, with or without a byte order mark; None where it is something
    else."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(
            file, 0, "", "is encoded in UTF-16; save it as UTF-8 (in spreadsheets: CSV UTF-8)"
        )
        return None
    if b"\0" in content:
        problems.add(file, 0, "", "is a binary file, not text; save the table as CSV in UTF-8")
        return None
    try:
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        problems.add(
            file,
            row,
            "",
            (
                "a character is not encoded in UTF-8; save the file as UTF-8 (in spreadsheets: CSV "
                "UTF-8)"
            ),
        )
        return None


def parse_sheet(file: str, content: bytes, problems: Problems) -> Sheet | None:
    """Header and rows of a CSV file, cells without blanks around them; None where the file is not
    such a table.

    Rows are counted as a spreadsheet and an editor do, which agree because a cell may hold no line
    break. Empty rows are skipped; a row of another length than the header is a problem and is left
    out.
    """
    text = decoded(file, content, problems)
    rows = None if text is None else _rows(file, text, problems)
    if rows is None:
        return None
    if not rows or rows[0][0] != 1:
        message = "has no header; name the columns in the first row (docs/format.md lists them)"
        problems.add(file, 1, "", message)
        return None
    header = tuple(rows[0][1])
    for mark, name in _SEPARATORS.items():
        if len(header) == 1 and mark in header[0]:
            remedy = "save it with commas, and numbers with decimal points"
            problems.add(file, 1, "", f"columns are separated by {name}; {remedy}")
            return None
    return Sheet(file, header, _regular(file, len(header), rows[1:], problems))


def _rows(file: str, text: str, problems: Problems) -> list[tuple[int, list[str]]] | None:
    """Number and cells of each row that is not empty; None where the text is not CSV."""
    rows: list[tuple[int, list[str]]] = []
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if reader.line_num != number:
                message = "a quotation mark is not closed, or a cell holds a line break"
                problems.add(file, number, "", f"{message}; keep each row on one line")
                return None
            row = [cell.strip() for cell in cells]
            if any(row):
                rows.append((number, row))
    except csv.Error as error:
        message = f"cannot be read as CSV ({error}); double quotation marks inside quoted text"
        problems.add(file, number + 1, "", message)
        return None
    return rows


def _regular(
    file: str, width: int, rows: list[tuple[int, list[str]]], problems: Problems
) -> tuple[tuple[int, list[str]], ...]:
    """The rows as long as the header."""
    for number, row in rows:
        if len(row) != width:
            hint = (
                "quote a text that holds a comma"
                if len(row) > width
                else "add what is missing, leave cells empty between commas"
            )
            message = f"has {len(row)} cells, but the header has {width}; {hint}"
            problems.add(file, number, "", message)
            problems.spoil(file.removesuffix(".csv"))
    return tuple((number, row) for number, row in rows if len(row) == width)
