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
_BOM = b"\xef\xbb\xbf"


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
    names = {f"{name}.csv" for name in BY_NAME}
    home = folder.resolve()
    contents: dict[str, bytes] = {}
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        problems.add(
            folder.name,
            0,
            "",
            f"the folder cannot be read ({error.strerror}); check its permissions",
        )
        return contents
    for path in entries:
        if path.name not in names | {HEAD_FILE}:
            if path.suffix.lower() == ".csv":
                close = suggestion(path.name, names)
                problems.add(
                    path.name,
                    0,
                    "",
                    f"no table has this name{close}; rename it or keep it in a folder below",
                )
        elif not path.resolve().is_relative_to(home):
            problems.add(
                path.name, 0, "", "is a link out of the study folder; copy the file into it"
            )
            problems.spoil(path.stem)
        elif not path.is_file():
            problems.add(path.name, 0, "", "is no ordinary file; put the table here as a file")
            problems.spoil(path.stem)
        else:
            try:
                contents[path.name] = path.read_bytes()
            except OSError as error:
                problems.add(
                    path.name, 0, "", f"cannot be read ({error.strerror}); check its permissions"
                )
                problems.spoil(path.stem)
    return contents


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
    """Header and rows of a CSV file, cells without blanks around them; None where the file is no
    such table.

    Rows are counted as a spreadsheet and an editor do, which agree because a cell may hold no line
    break. Empty rows are skipped; a row of another length than the header is a problem and is left
    out.
    """
    text = decoded(file, content, problems)
    if text is None:
        return None
    rows: list[tuple[int, list[str]]] = []
    number = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        for number, cells in enumerate(reader, start=1):
            if reader.line_num != number:
                problems.add(
                    file,
                    number,
                    "",
                    (
                        "a quotation mark is not closed, or a cell holds a line break; keep each "
                        "row on one line"
                    ),
                )
                return None
            row = [cell.strip() for cell in cells]
            if any(row):
                rows.append((number, row))
    except csv.Error as error:
        problems.add(
            file,
            number + 1,
            "",
            f"cannot be read as CSV ({error}); double quotation marks inside quoted text",
        )
        return None
    if not rows or rows[0][0] != 1:
        problems.add(
            file,
            1,
            "",
            "has no header; name the columns in the first row (docs/format.md lists them)",
        )
        return None
    return _regular(file, tuple(rows[0][1]), rows[1:], problems)


def _regular(
    file: str, header: tuple[str, ...], rows: list[tuple[int, list[str]]], problems: Problems
) -> Sheet | None:
    """The sheet without rows of a wrong length; None where the separator is no comma."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and mark in header[0]:
            problems.add(
                file,
                1,
                "",
                (
                    f"columns are separated by {name}; save it with commas, and numbers with "
                    "decimal points"
                ),
            )
            return None
    regular = []
    for number, row in rows:
        if len(row) == len(header):
            regular.append((number, row))
        else:
            hint = (
                "quote a text that holds a comma"
                if len(row) > len(header)
                else "add what is missing, leave cells empty between commas"
            )
            problems.add(
                file, number, "", f"has {len(row)} cells, but the header has {len(header)}; {hint}"
            )
            problems.spoil(file.removesuffix(".csv"))
    return Sheet(file, header, tuple(regular))
