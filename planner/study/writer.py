"""A study from tables in memory: pandas frames to a study folder, for those who work in Python
rather than in a spreadsheet."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from planner.errors import OutputError, Problem, SpecError
from planner.study.files import HEAD_FILE
from planner.study.schema import BY_NAME
from planner.units import suggestion


def write_study(
    folder: str | Path, head: str, tables: Mapping[str, pd.DataFrame], *, replace: bool = False
) -> Path:
    """Write a study folder and return it: `head` is the text of study.toml, `tables` has a frame
    for each table, by its name.

    A frame has the columns of the table (docs/format.md) in any order; its index is left out, and
    what is missing stays empty. The folder must be new or empty; with `replace` it may hold an
    earlier study, of which nothing is kept. What the study says is not judged here:
    `planner.check(folder)` does. Raises SpecError for a table that no study has or a head that is
    not TOML, OutputError where nothing can be written.
    """
    target = Path(folder)
    if problems := [*_unknown_tables(tables), *_wrong_head(head)]:
        raise SpecError(str(target), problems)
    _require_free(target, replace)
    files = {HEAD_FILE: head} | {f"{name}.csv": _csv(frame) for name, frame in tables.items()}
    try:
        _write_whole(files, target)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written: {error.strerror}; name another folder"
        ) from error
    return target


def _unknown_tables(tables: Iterable[str]) -> Iterator[Problem]:
    for name in tables:
        if name not in BY_NAME:
            close = suggestion(name, BY_NAME)
            message = f"is not a table of a study{close}; there are: {', '.join(BY_NAME)}"
            yield Problem("tables", 0, name, message)


def _wrong_head(head: str) -> Iterator[Problem]:
    try:
        tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        yield Problem(HEAD_FILE, 0, "", f"is not in the form of TOML: {error}")


def _require_free(target: Path, replace: bool) -> None:
    """Raise OutputError unless a folder is new, empty, or a study that may be replaced."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    is_study = target.is_dir() and _is_study(target)
    if not (is_study and replace):
        remedy = "give replace=True to write it anew" if is_study else "name a new folder"
        raise OutputError(f"{target} is not empty; {remedy}")


def _write_whole(files: Mapping[str, str], target: Path) -> None:
    """Write the files beside their folder and move them there, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="")
        partial.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.map(_text).to_csv(index=False, lineterminator="\n"))


def _is_study(folder: Path) -> bool:
    """Return True if a folder holds a study and nothing else that could be missed."""
    known = {HEAD_FILE, *(f"{name}.csv" for name in BY_NAME)}
    return (folder / HEAD_FILE).is_file() and all(path.name in known for path in folder.iterdir())


def _text(value: Any) -> str:
    """A cell as the format wants it: nothing for what is missing, whole numbers without a point,
    others to their last digit."""
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(float(value))
    return str(value)
