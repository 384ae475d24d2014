"""The frontier of several objectives in a folder: written as it comes, resumed when interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import OutputError

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.trade_off import TradeOff
    from planner.runtime.progress import Progress
    from planner.system.nouns import Scope, System

LEARNED = "trade_off.jsonl"
"""What each solve told, a line each, after a line that says which question was asked."""


def trade_off_in(
    folder: Path | None,
    system: System,
    names: list[str],
    points: int,
    scope: Scope,
    progress: Progress | None,
) -> TradeOff:
    """The frontier of a study; in a folder it goes on from where an earlier search of the same
    question ended. Raises OutputError where the folder holds another question."""
    import planner

    if folder is None:
        return planner.trade_off(system, names, points=points, scope=scope, progress=progress)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LEARNED
    asked = {"inputs_hash": system.inputs_hash, "objectives": names, "scope": scope}
    known = _known(path, asked)
    if not known:
        path.write_text(json.dumps(asked) + "\n", encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:

        def learned(record: dict[str, Any]) -> None:
            file.write(json.dumps(record) + "\n")
            file.flush()

        return planner.trade_off(
            system,
            names,
            points=points,
            scope=scope,
            known=known,
            learned=learned,
            progress=progress,
        )


def _known(path: Path, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What was told to an earlier search; a last line that was cut short is dropped from the
    file."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    try:
        first, *others = [json.loads(line) for line in whole]
    except ValueError as error:
        raise OutputError(f"{path} cannot be read; name another folder with --out") from error
    if first != asked:
        raise OutputError(
            f"{path} is of another question (study, objectives or scope); name another folder with "
            "--out"
        )
    if len(whole) < len(lines):
        path.write_text("".join(whole), encoding="utf-8")
    return others


def write_figures(found: TradeOff, folder: Path) -> None:
    """Write both figures as pages that need nothing else."""
    from planner.figures.trade_off import parallel_coordinates, trade_offs

    for name, figure in {
        "parallel_coordinates": parallel_coordinates(found),
        "trade_offs": trade_offs(found),
    }.items():
        figure.write_html(folder / f"{name}.html", include_plotlyjs=True)
