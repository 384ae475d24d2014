"""Completion in the shell: studies, their scenarios, folders of results. It reads names only, so
that it answers at once."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import typer

RECORD_FILE = "plan.json"
HEAD_FILE = "study.toml"
FORMAT_NAMES = ("datapackage", "iamc", "lp", "mps", "netcdf", "parquet", "xlsx")
"""Names of planner.exchange.export.FORMATS, said here since loading them takes a second; a test
holds the two together."""


def complete_study(incomplete: str) -> list[str]:
    """Shipped studies, and folders that hold a study or lead further."""
    from planner.study.reader import studies

    shipped = [name for name in studies() if name.startswith(incomplete)]
    return [
        *shipped,
        *sorted(name for name in _folders(incomplete, HEAD_FILE) if name not in shipped),
    ]


def complete_run(incomplete: str) -> list[str]:
    """Folders of results."""
    return sorted(_folders(incomplete, RECORD_FILE))


def complete_format(incomplete: str) -> list[str]:
    """Formats of export."""
    return [name for name in FORMAT_NAMES if name.startswith(incomplete)]


def complete_scenario(ctx: typer.Context, incomplete: str) -> list[str]:
    """Scenarios of the study given before, each after the last comma of a composed one."""
    from planner.errors import PlannerError
    from planner.study.reader import find

    # while completing, arguments may not be parsed yet
    study = ctx.params.get("study") or next(iter(ctx.args), "")
    try:
        head = tomllib.loads((find(str(study)) / HEAD_FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, PlannerError):
        return []
    before, comma, begun = incomplete.rpartition(",")
    return [
        f"{before}{comma}{name}" for name in head.get("scenarios", {}) if name.startswith(begun)
    ]


def _folders(incomplete: str, mark: str) -> Iterator[str]:
    """Folders that begin as typed and hold a file of this name, or folders one level down that
    do."""
    typed = Path(incomplete)
    base, begun = (typed, "") if incomplete.endswith("/") else (typed.parent, typed.name)
    with contextlib.suppress(OSError):
        for folder in base.iterdir():
            if folder.is_dir() and _begins(folder.name, begun):
                inside = [folder] if (folder / mark).is_file() else folder.iterdir()
                yield from (str(inner) for inner in inside if (inner / mark).is_file())


def _begins(name: str, begun: str) -> bool:
    """Return True if a name goes on as typed; hidden ones only where their dot was typed."""
    return name.startswith(begun) and not (name.startswith(".") and not begun)
