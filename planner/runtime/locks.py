"""Lock files: one beside each place that results go to, held by the kernel (flock), so that it ends
with the process, however that ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_held: dict[Path, Sequence[Path]] = {}
"""Lock files that this process holds, each with the folders made for it: of the process, as the
locks themselves are."""


@contextmanager
def locked(place: Path, made: Sequence[Path] = ()) -> Iterator[bool]:
    """Hold the lock file of a place: True where nothing that called this holds it already. `made`
    are folders made for it, to be removed with it where they are empty.

    Raises filelock.Timeout where another process, or another thread, holds it. Ctrl-C may come at
    any step: what was acquired is released, and the file removed, by `abandon` where Ctrl-C comes
    once more as that is done.
    """
    # not above: the command line loads this module at once, and holds a lock only to write
    from filelock import FileLock

    file = place.with_name(f".{place.name}.lock")
    lock = FileLock(file, blocking=False, is_singleton=True)
    before = lock.lock_counter
    try:
        lock.acquire()
        if not before:
            _held[file] = made
        yield not before
    finally:
        taken = lock.lock_counter > before
        if taken and not before:
            _remove_file(file)
            _held.pop(file, None)
        _remove_folders(made)
        if taken:
            lock.release()


def abandon() -> None:
    """Remove the lock files of this process, which is about to end, whatever it was doing: they bar
    nobody, but nobody would remove them either."""
    for file, made in list(_held.items()):
        _remove_file(file)
        _remove_folders(made)


def _remove_file(file: Path) -> None:
    """Remove a lock file while it is held: who waits for the file that is gone finds that it has no
    name, and begins anew."""
    with suppress(OSError):
        file.unlink()


def _remove_folders(made: Iterable[Path]) -> None:
    """Remove folders that were made on the way, as far as they are empty."""
    for folder in made:
        with suppress(OSError):
            folder.rmdir()
