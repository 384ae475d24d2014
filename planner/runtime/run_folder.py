"""Where results go: a folder that one run holds at a time and that is replaced as a whole or not at
all.

A killed run bars nobody (`planner.runtime.locks`). What it left beside its place is cleared by the
next one that holds the lock.

A link that is named as a place is followed, for folders and files alike: results go to where it
leads, and it stays. Within a folder that results go to no link is followed: what is written there
takes its place, and a folder of ours that is a link is refused (`require_own_folder`).
"""

from __future__ import annotations

import contextlib
import errno
import json
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
BALANCE_FILE = "balance.json"
"""The file that marks a folder of flows without a plan (`planner.plan.flow_tables`)."""
LOG_FILE = "run.log"
PACKAGE_FILE = "datapackage.json"
"""The file that describes the tables of a run, for machines."""
FILES = "files"
"""Where the record of a run lists the files that were made with it."""
INPUTS = "inputs"
"""The folder of a run that holds its study."""
FIRST_FILES = (
    RECORD_FILE,
    LOG_FILE,
    PACKAGE_FILE,
    *(
        f"{table}.csv"
        for table in (
            "supply",
            "flows",
            "stocks",
            "capacity",
            "costs",
            "emissions",
            "prices",
            "indicators",
            "variables",
        )
    ),
)
"""The files of a run whose record does not list them (formats 1 and 2), but for its study."""
KEPT = ".kept"
"""What the name of a kept file ends in where the new run has a file of that name, or would read
it as part of its study."""
REMEDY = "name another folder with --out"


def followed(path: str | Path) -> Path:
    """The place that a path names, links followed; raises OutputError where they lead in a
    circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError) as error:
        raise OutputError(f"{path} cannot be written: its links lead nowhere; {REMEDY}") from error


def require_place(folder: str | Path, *, replace: bool = False) -> None:
    """Raise OutputError where no run could be written to the folder, so that it is said before a
    long solve. Makes nothing."""
    folder = followed(folder)
    if folder.exists() and not replace and not _is_run(folder):
        raise OutputError(f"{folder} exists and is not a run of planner; {REMEDY}, or empty it")
    _require_writable(folder, _nearest(folder.absolute().parent))


def require_folder(folder: Path) -> None:
    """Raise OutputError where no files could be written into a folder, there or yet to be made.
    Makes nothing."""
    folder = followed(folder)
    _require_writable(folder, _nearest(folder))


def require_own_folder(folder: Path, home: Path) -> None:
    """Raise OutputError where a folder below `home` leads out of it by a link: whoever made the
    link would choose what is written over."""
    if not folder.resolve().is_relative_to(home.resolve()):
        raise OutputError(
            f"{folder} is a link out of {home}; put a folder in its place, or {REMEDY}"
        )


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
    folder = followed(folder)
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
            try:
                _clear(folder)
            except OSError as error:
                raise OutputError(
                    f"{folder} cannot be cleared of what a killed run left beside it: "
                    f"{error.strerror}; {REMEDY}"
                ) from error
        yield folder


def written_whole(folder: Path, write: Callable[[Path], None], *, replace: bool = False) -> Path:
    """Let `write` fill a folder beside the place, then move it there: the run that was there is
    replaced only by a whole one, and what else was there is kept (`strangers`).

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
    path: Path,
    write: Callable[[Path], Any],
    remedy: str = "name another file",
    *,
    follow: bool = True,
) -> Path:
    """Let `write` make a file beside the place, then move it there: never half of it, nor after a
    loss of power. A link is followed where a user named it (`follow`), else it gives way to the
    file. Returns the path.

    Raises OutputError, with the remedy, where that cannot be, or another run is at it; then what
    was there stands.
    """
    place = followed(path) if follow else path
    partial = place.with_name(f".{place.name}.partial")
    try:
        with _alone(place):
            try:
                write(partial)
                with partial.open("rb") as file:
                    os.fsync(file.fileno())
                partial.replace(place)
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

    Raises OutputError where that cannot be, or a run that is in the folder would lose a file.
    """
    folder = followed(folder)
    _require_no_loss(folder, {*(f"{name}.csv" for name in tables), *texts})
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


def _require_no_loss(folder: Path, names: set[str]) -> None:
    """Raise OutputError where files of these names are those of a run, which would no longer be
    what its seal says."""
    if lost := sorted(names & _made(folder)):
        raise OutputError(f"{folder} holds a run, of which {lost[0]} is a part; {REMEDY}")


def _mark(folder: Path) -> str:
    return f".{folder.name}.partial-"


def _clear(folder: Path) -> None:
    """Remove what killed runs left; one killed between its two moves left the run before it, which
    then goes back to its place, one killed after them perhaps what it was to keep."""
    for old in sorted(folder.parent.glob(f"{_escaped(_mark(folder))}*.old")):
        if folder.exists():
            _keep(old, folder)
        else:
            old.replace(folder)
    for left in folder.parent.glob(f"{_escaped(_mark(folder))}*"):
        shutil.rmtree(left, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _move_into_place(partial: Path, folder: Path) -> None:
    """Swap the new run in; the old one is only removed once the new one stands, and what it did not
    make was moved over."""
    old = partial.with_name(partial.name + ".old")
    if folder.exists():
        folder.replace(old)
    try:
        partial.replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise
    if old.exists():
        _keep(old, folder)
        shutil.rmtree(old, ignore_errors=True)


def strangers(folder: Path) -> list[str]:
    """Names of what stands in a run folder and was not made with the run: notes, a report, an
    exported workbook. The next run there keeps it. Empty where there is no folder."""
    if not folder.is_dir():
        return []
    made = {name.partition("/")[0] for name in _made(folder)}
    return sorted(
        path.name for path in folder.iterdir() if path.name not in made and path.name[0] != "."
    )


def _made(folder: Path) -> frozenset[str]:
    """Names of the files that were made with the run, or the balance, in a folder, relative to it;
    none where it holds neither."""
    record = next((name for name in (RECORD_FILE, BALANCE_FILE) if (folder / name).exists()), "")
    if not record:
        return frozenset()
    try:
        listed = json.loads((folder / record).read_text(encoding="utf-8"))[FILES]
        return frozenset({record, *map(str, listed)})
    except (OSError, ValueError, KeyError, TypeError):
        study = (f"{INPUTS}/{path.name}" for path in (folder / INPUTS).glob("*") if _is_input(path))
        return frozenset({*FIRST_FILES, *study})


def _is_input(path: Path) -> bool:
    """Return True if the reader of studies would take a file for a part of one."""
    return path.suffix in (".csv", ".toml")


def _keep(old: Path, folder: Path) -> None:
    """Move what a run did not make from its folder to that of the next."""
    _keep_below(old, folder, _made(old), "")


def _keep_below(old: Path, folder: Path, made: frozenset[str], above: str) -> None:
    for path in sorted(old.iterdir()):
        name = f"{above}{path.name}"
        if path.is_symlink() or not path.is_dir():
            # no run makes a link
            if path.is_symlink() or name not in made:
                path.replace(_free(folder / path.name, hidden=above == f"{INPUTS}/"))
        elif any(each.startswith(f"{name}/") for each in made):
            (folder / path.name).mkdir(exist_ok=True)
            _keep_below(path, folder / path.name, made, f"{name}/")
        else:
            path.replace(_free(folder / path.name))


def _free(place: Path, *, hidden: bool = False) -> Path:
    """The place, or where it is taken, or its file would be read as part of the study, the next
    that is free."""
    if hidden and _is_input(place):
        place = place.with_name(place.name + KEPT)
    while os.path.lexists(place):
        place = place.with_name(place.name + KEPT)
    return place
