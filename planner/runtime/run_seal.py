"""The seal of a run: the hashes of its files and of its record, written with it and checked when it
is read.

A check of integrity, and not a signature: it shows a table that was cut short, doubled, edited or
taken from another run. Whoever means to deceive can seal anew what was changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.errors import OutputError
from planner.runtime.run_folder import FILES, INPUTS, LOG_FILE, PACKAGE_FILE, RECORD_FILE
from planner.runtime.seals import altered, digests, files_below, text_digest

SEAL = "seal"
"""Where a record says its own hash."""
SEALED_FROM = 3
"""Format version from which runs are sealed."""
UNSEALED = "unsealed: "
"""How the note begins that says why the numbers of a run are not vouched for."""
BEFORE_SEALS = (
    f"{UNSEALED}written before runs were sealed; whether its numbers are still those that were "
    "written cannot be told"
)
HASH = "sha256:"
"""How a Data Package begins the hash of a table."""
SHOWN = 5
"""Altered files that a message names."""


def sealed(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with the hash of each file of its folder and, last, its own."""
    names = [name for name in files_below(folder) if name != RECORD_FILE]
    said = {**record, FILES: digests(folder, names)}
    return {**said, SEAL: text_digest(said)}


def without_seal(said: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it was before it was sealed."""
    return {name: value for name, value in said.items() if name not in (FILES, SEAL)}


def unsealed_words(folder: Path, said: Mapping[str, Any], *, allowed: bool) -> str:
    """Why a run is not vouched for, as a note of its record; empty where its seal holds.

    Raises OutputError where a file was altered, unless that is allowed.
    """
    found = _altered(folder, said)
    if not found:
        return BEFORE_SEALS if _is_older(said) else ""
    names = ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN} more" if found[SHOWN:] else "")
    words = f"{names} changed since the run was written"
    if not allowed:
        raise OutputError(
            f"{folder}: {words}; solve again, or read it all the same, marked as unsealed, with "
            "--unsealed (in Python: unsealed=True)"
        )
    return f"{UNSEALED}{words}; numbers may be wrong"


def _is_older(said: Mapping[str, Any]) -> bool:
    version = said["format_version"]
    return isinstance(version, int) and version < SEALED_FROM


def _altered(folder: Path, said: Mapping[str, Any]) -> list[str]:
    """Names of the files that are not what was written. The inputs have a hash of their own, and
    the log holds no number."""
    if _is_older(said):
        return altered(folder, _described(folder))
    files = said.get(FILES)
    listed = files if isinstance(files, Mapping) else {}
    fields = {name: value for name, value in said.items() if name != SEAL}
    record = [] if said.get(SEAL) == text_digest(fields) else [RECORD_FILE]
    numbers = {
        str(name): str(digest)
        for name, digest in listed.items()
        if name != LOG_FILE and not name.startswith(f"{INPUTS}/")
    }
    return record + altered(folder, numbers)


def _described(folder: Path) -> dict[str, str]:
    """Hashes of the tables of a run of format 2, which its Data Package says."""
    try:
        resources = json.loads((folder / PACKAGE_FILE).read_text(encoding="utf-8"))["resources"]
        return {str(each["path"]): str(each["hash"]).removeprefix(HASH) for each in resources}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
