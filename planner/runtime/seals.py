"""Seals: the hash of each file of a result beside it, by which a reader sees that one was changed,
cut short, doubled or exchanged since.

A seal is a check of integrity and not a signature: whoever changes a file on purpose can write its
hash anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

CHUNK = 1 << 20
"""Bytes read at a time."""


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits. Raises OSError where it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()


def text_digest(said: Any) -> str:
    """SHA-256 of what JSON says, whatever the order of its keys and its blanks."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def table_digest(table: Any) -> str:
    """SHA-256 of the CSV file that a DataFrame is written as."""
    return hashlib.sha256(table.to_csv(index=False, lineterminator=os.linesep).encode()).hexdigest()


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Digest of each of these files of a folder, by its name."""
    return {name: file_digest(folder / name) for name in names}


def files_below(folder: Path) -> Iterator[str]:
    """Names of all files of a folder and the folders below it, relative to it, in order; links are
    not followed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix()


def altered(folder: Path, sealed: Mapping[str, str]) -> list[str]:
    """The files of a folder that are not, or no longer, what was sealed."""
    return [name for name, digest in sealed.items() if not _is(folder, name, digest)]


def _is(folder: Path, name: str, digest: str) -> bool:
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts:
        return False
    try:
        return file_digest(folder / place) == digest
    except OSError:
        return False
