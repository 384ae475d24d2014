"""Where results go: a folder that one run holds at a time and that is replaced as a whole or not at
all.

A killed run bars nobody (`planner.runtime.locks`). What it left beside its place is cleared by the
next one that holds the lock.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from filelock import Timeout

from planner.errors import OutputError
from planner.runtime.locks import locked

RECORD_FILE = "plan.json"
"""The file that marks a folder as a run."""
REMEDY = "name another folder with --out"


def require_place(folder: str | Path, *, replace: bool = False) -> None:
    """Raise OutputError where no run could be written to the folder, so that it is said before a
    long solve. Makes nothing."""
    folder = Path(folder)
    if folder.exists() and not replace and not _is_run(folder):
        raise OutputError(f"{folder} exists and is not a run of planner; {REMEDY}, or empty it")
    _require_writable(folder, _nearest(folder.absolute().parent))


def require_folder(folder: Path) -> None:
    """Raise OutputError where no files could be written into a folder, there or yet to be made.
    Makes nothing."""
    _require_writable(folder, _nearest(folder.absolute()))


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _require_writable(folder: Path, nearest: Path) -> None:
    if not nearest.is_dir():
        raise OutputError(f"{folder} cannot be written: {nearest} is not a folder; {REMEDY}")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} cannot be written: {nearest} may not be written to; {REMEDY}")


def _is_run(folder: Path) -> bool:
    return folder.is_dir() and ((folder / RECORD_FILE).is_file() or not any(folder.iterdir()))


@contextmanager
def reserved(folder: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Hold the place of a run; within one thread it may be held again by what is called.

    Raises OutputError where another run holds it, or no run could be written there.
    """
    folder = Path(folder).absolute()
    require_place(folder, replace=replace)
    made = [parent for parent in folder.parents if not parent.exists()]
    with ExitStack() as stack:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            outermost = stack.enter_context(locked(folder, made))
        except Timeout:
            raise OutputError(
                f"{folder} is being written by another run; wait until it is over, or {REMEDY}"
            ) from None
        except OSError as error:
            raise OutputError(f"{folder} cannot be written: {error.strerror}; {REMEDY}") from error
        if outermost:
            _clear(folder)
        yield folder


def written_whole(folder: Path, write: Callable[[Path], None], *, replace: bool = False) -> Path:
    """Let `write` fill a folder beside the place, then move it there: what was there is replaced
    only by a whole one.

    Raises OutputError where that cannot be; then what was there stands.
    """
    with reserved(folder, replace=replace) as place:
        try:
            partial = Path(tempfile.mkdtemp(prefix=_mark(place), dir=place.parent))
        except OSError as error:
            raise OutputError(f"{folder} cannot be written: {error.strerror}; {REMEDY}") from error
        try:
            write(partial)
            partial.chmod(0o755)
            _move_into_place(partial, place)
        except OSError as error:
            raise OutputError(
                f"{folder} cannot be written: {error.strerror}; free space or {REMEDY}"
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def written_file(
    path: Path, write: Callable[[Path], Any], remedy: str = "name another file"
) -> Path:
    """Let `write` make a file beside the place, then move it there: never half of it, nor after a
    loss of power. Returns the path.

    Raises OutputError, with the remedy, where that cannot be, or another run is at it; then what
    was there stands.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with _alone(path):
            try:
                write(partial)
                with partial.open("rb") as file:
                    os.fsync(file.fileno())
                partial.replace(path)
            finally:
                with contextlib.suppress(OSError):
                    partial.unlink(missing_ok=True)
    except Timeout:
        raise OutputError(
            f"{path} is being written by another run; wait until it is over, or {remedy}"
        ) from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; {remedy}") from error
    return path


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the place of a file. Raises Timeout where another process does: both would write the
    same file beside it."""
    if not path.parent.is_dir():
        # the lock would make the folder
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    with locked(path):
        yield


def write_tables(
    folder: Path, tables: Mapping[str, Any], texts: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write DataFrames as `NAME.csv`, and texts under their names, into a folder that may hold
    other files: each whole or not at all.

    Raises OutputError where that cannot be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
            for name, table in tables.items():
                table.to_csv(Path(partial) / f"{name}.csv", index=False)
            for name, text in texts.items():
                (Path(partial) / name).write_text(text, encoding="utf-8")
            for made in sorted(Path(partial).iterdir()):
                made.replace(folder / made.name)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}; {REMEDY}") from error


def _mark(folder: Path) -> str:
    return f".{folder.name}.partial-"


def _clear(folder: Path) -> None:
    """Remove what killed runs left; one killed between its two moves left the run before it, which
    then goes back to its place."""
    for old in sorted(folder.parent.glob(f"{_escaped(_mark(folder))}*.old")):
        if not folder.exists():
            old.replace(folder)
    for left in folder.parent.glob(f"{_escaped(_mark(folder))}*"):
        shutil.rmtree(left, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _move_into_place(partial: Path, folder: Path) -> None:
    """Swap the new run in; the old one is only removed once the new one stands."""
    old = partial.with_name(partial.name + ".old")
    if folder.exists():
        folder.replace(old)
    try:
        partial.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
