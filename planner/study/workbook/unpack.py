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
    target, source = Path(folder), Path(workbook)
    files = read_study_workbook(source)
    try:
        _require_free(target, replace)
        _write(files, target, replace)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror}; name another folder"
        ) from error
    return target


def _require_free(target: Path, replace: bool) -> None:
    """Raise OutputError unless a folder is new, empty, or a study that may be replaced."""
    empty = not target.exists() or (target.is_dir() and not any(target.iterdir()))
    if empty or (replace and (target / HEAD_FILE).is_file()):
        return
    remedy = (
        " and holds no study to write over; name the folder of one, or a new one"
        if replace
        else "; name a new folder, or write over the study in it with --replace"
    )
    raise OutputError(f"{target} is not empty{remedy}")


def _write(files: Mapping[str, bytes], target: Path, replace: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        # whole or not at all: a table that is half written would still be read
        partial = target / f".{name}.partial"
        partial.write_bytes(content)
        partial.replace(target / name)
    if replace:
        for name in {f"{table}.csv" for table in BY_NAME} - set(files):
            (target / name).unlink(missing_ok=True)
