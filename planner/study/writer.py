"""A study from tables in memory: pandas frames to a study folder, for those who work in Python
rather than in a spreadsheet."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
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
    no TOML, OutputError where nothing can be written.
    """
    place = Path(folder)
    problems = [
        Problem(
            "tables",
            0,
            name,
            f"is no table of a study{suggestion(name, BY_NAME)}; there are: {', '.join(BY_NAME)}",
        )
        for name in tables
        if name not in BY_NAME
    ]
    try:
        tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(HEAD_FILE, 0, "", f"is not in the form of TOML: {error}"))
    if problems:
        raise SpecError(str(place), problems)
    if place.exists() and not (
        place.is_dir() and (not any(place.iterdir()) or (replace and _is_study(place)))
    ):
        remedy = (
            "give replace=True to write it anew"
            if place.is_dir() and _is_study(place)
            else "name a new folder"
        )
        raise OutputError(f"{place} is not empty; {remedy}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{place.name}.partial-", dir=place.parent))
        try:
            (partial / HEAD_FILE).write_text(head, encoding="utf-8", newline="")
            for name, frame in tables.items():
                frame.map(_text).to_csv(partial / f"{name}.csv", index=False, lineterminator="\n")
            partial.chmod(0o755)
            if place.exists():
                shutil.rmtree(place)
            partial.replace(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written: {error.strerror}; name another folder"
        ) from error
    return place


def _is_study(folder: Path) -> bool:
    """Whether a folder holds a study and nothing else that could be missed."""
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
