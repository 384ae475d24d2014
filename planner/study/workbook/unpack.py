"""From a workbook to a study folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from planner.errors import OutputError
from planner.study.files import HEAD_FILE
from planner.study.schema import BY_NAME
from planner.study.workbook.read import read_study_workbook


def unpack(workbook: str | Path, folder: str | Path, *, replace: bool = False) -> Path:
    """Write the tables of a study's workbook as a study folder and return it. The folder must be
    new or empty.

    With `replace` it may hold a study, whose tables are written over, those that the workbook has
    no sheet of removed; files that are not tables stay. Raises SpecError where the file is not such
    a workbook, OutputError where the folder cannot be written.
    """
    place, source = Path(folder), Path(workbook)
    files = read_study_workbook(source)
    try:
        _require_free(place, replace)
        _write(files, place, replace)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written: {error.strerror}; name another folder"
        ) from error
    return place


def _require_free(place: Path, replace: bool) -> None:
    """Raise OutputError unless a folder is new, empty, or a study that may be replaced."""
    empty = not place.exists() or (place.is_dir() and not any(place.iterdir()))
    if empty or (replace and (place / HEAD_FILE).is_file()):
        return
    remedy = (
        " and holds no study to write over; name the folder of one, or a new one"
        if replace
        else "; name a new folder, or write over the study in it with --replace"
    )
    raise OutputError(f"{place} is not empty{remedy}")


def _write(files: Mapping[str, bytes], place: Path, replace: bool) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        # whole or not at all: a table that is half written would still be read
        partial = place / f".{name}.partial"
        partial.write_bytes(content)
        partial.replace(place / name)
    if replace:
        for name in {f"{table}.csv" for table in BY_NAME} - set(files):
            (place / name).unlink(missing_ok=True)
