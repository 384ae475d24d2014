"""The command that writes the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Quiet, app, load_runs
from planner.cli.completion import complete_run


@app.command(
    "report",
    epilog="Example: planner report results/china results/china-carbon-neutral --out both.html",
)
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="The run to report; further runs are set beside it.",
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The page to write; report.html in the run if not given.",
        ),
    ] = None,
    frontier: Annotated[
        Path | None,
        typer.Option(
            "--frontier",
            metavar="DIR",
            help=(
                "The frontier to show, from planner frontier --out; RUN/frontier where there is "
                "one."
            ),
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a run as one HTML page that opens offline: the answer first, figures, tables, and every
    input with its source."""
    from planner.cli._terminal import Stages

    with Stages(quiet=quiet) as stage:
        plan, *others = load_runs(runs, stage)
        stage("write")
        import planner
        from planner.reporting import FRONTIER_FOLDER, read_frontier

        beside = runs[0] / FRONTIER_FOLDER
        folder = frontier if frontier is not None else beside if beside.is_dir() else None
        path = planner.report(
            plan,
            out if out is not None else runs[0] / "report.html",
            others=others,
            names=[run.resolve().name for run in runs] if others else (),
            frontier=None if folder is None else read_frontier(folder, plan),
        )
    if not quiet:
        typer.echo(f"{path} is written; open it in a browser, online or not")
