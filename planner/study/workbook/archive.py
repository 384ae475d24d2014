"""A workbook as an archive: refused before a byte of it is parsed where it cannot be a study."""

from __future__ import annotations

import zipfile
from pathlib import Path

from planner.errors import Problem, SpecError

LARGEST_UNPACKED = 512 * 1024**2
"""Bytes that a workbook may unpack to; more is taken for a bomb. A study of a million rows has
about 200 MB."""
LARGEST_RATIO = 200
"""Largest ratio of the unpacked to the packed size of a part; real sheets have about 10."""
SMALLEST_BOMB = 1024**2
"""Bytes up to which a part may be packed as tightly as it likes."""
BOOK_PART, STRICT = "xl/workbook.xml", b"http://purl.oclc.org/ooxml/"
"""Part that names the sheets, and what it holds in a dialect that openpyxl takes for a workbook
without sheets."""


def require_sane(path: Path) -> None:
    """Refuse what is not an archive, what would unpack to far more than any study has, and what
    openpyxl would read in part. Raises SpecError."""
    if wrong := _wrong_parts(path, _parts(path)):
        raise SpecError(str(path), [Problem(path.name, 0, "", wrong)])


def _parts(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        problem = Problem(
            path.name, 0, "", "is not a workbook (.xlsx) that can be read; give the file of a study"
        )
        raise SpecError(str(path), [problem]) from error


def _wrong_parts(path: Path, parts: list[zipfile.ZipInfo]) -> str:
    """Message of an archive whose parts must not be read; empty where they may."""
    total = sum(part.file_size for part in parts)
    if total > LARGEST_UNPACKED or any(_is_bomb(part) for part in parts):
        return f"would unpack to {total / 1e6:,.0f} MB in a way no study does; it is not opened"
    names = [part.filename for part in parts]
    if len(set(names)) < len(names):
        return "holds two parts of one name, so that what it says is unsure; save it anew"
    if BOOK_PART in names and STRICT in _content(path, BOOK_PART):
        return "is saved as 'Strict Open XML'; save it as 'Excel Workbook (.xlsx)'"
    return ""


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    return (
        part.file_size > LARGEST_RATIO * max(part.compress_size, 1)
        and part.file_size > SMALLEST_BOMB
    )


def _content(path: Path, name: str) -> bytes:
    """Content of a part; nothing where it is damaged, which the reader then says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except Exception:
        return b""
