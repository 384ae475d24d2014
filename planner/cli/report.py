"""The command that writes the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Quiet, app
from planner.cli.completion import complete_run


@app.command("report", epilog="Example: planner report results/china results/china-carbon-neutral --out both.html")
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="The run to report; further runs are set beside it.",
                                                autocompletion=complete_run)],
    out: Annotated[Path | None, typer.Option(
        "--out", "-o", metavar="FILE", help="The page to write; report.html in the run if not given.")] = None,
    quiet: Quiet = False,
) -> None:
    """Write a run as one HTML page that opens offline."""
    import planner

    plan, *others = [planner.load(run) for run in runs]
    path = planner.report(plan, out if out is not None else runs[0] / "report.html", others=others)
    if not quiet:
        typer.echo(f"{path} is written")
