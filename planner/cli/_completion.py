"""What the shell completes: studies, their scenarios, folders of results. Reads names only, so that
it answers at once."""

from __future__ import annotations

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

    study = ctx.params.get("study") or next(
        iter(ctx.args), ""
    )  # while completing, arguments may not be parsed yet
    try:
        head = tomllib.loads((find(str(study)) / HEAD_FILE).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, PlannerError):
        return []
    before, comma, begun = incomplete.rpartition(",")
    return [
        f"{before}{comma}{name}" for name in head.get("scenarios", {}) if name.startswith(begun)
    ]


def _folders(incomplete: str, mark: str) -> Iterator[str]:
    """Folders that begin as typed and hold a file of this name, or folders that do, one level down."""
    base, begun = (
        (Path(incomplete), "")
        if incomplete.endswith("/")
        else (Path(incomplete).parent, Path(incomplete).name)
    )
    try:
        for folder in base.iterdir():
            if (
                not folder.is_dir()
                or not folder.name.startswith(begun)
                or (folder.name.startswith(".") and not begun)
            ):
                continue
            if (folder / mark).is_file():
                yield str(folder)
            else:
                yield from (str(inner) for inner in folder.iterdir() if (inner / mark).is_file())
    except OSError:
        return
