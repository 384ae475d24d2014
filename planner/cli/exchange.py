"""Commands that exchange with spreadsheets and compare plans: workbook, unpack, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.app import Json, Quiet, Study, app, load_runs, print_json
from planner.cli.completion import complete_run

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.tradeoffs.compare import Comparison

COMPARED = ("inputs", "totals", "supply", "results")
"""Tables of a comparison that are written."""
SHOWN_ROUTES = (
    "plan",
    "metal",
    "pathway",
    "process",
    "since",
    "until",
    "widest",
    "share_first",
    "share",
    "change",
)
"""Columns of the table of routes that fit a terminal."""


@app.command("workbook", epilog="Example: planner workbook china china.xlsx")
def workbook(
    study: Study,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook to write, .xlsx.")],
    quiet: Quiet = False,
) -> None:
    """Write a study as one workbook, to be edited in a spreadsheet and read back with unpack."""
    from planner.study.workbook import write_study_workbook

    write_study_workbook(study, path)
    if not quiet:
        typer.echo(
            f"{path} is written; change and save it, then: planner solve {path}\n"
            f"or turn it back into the tables of a folder: planner unpack {path} FOLDER"
        )


@app.command(
    "unpack", epilog="Example: planner unpack china.xlsx mystudy && planner solve ./mystudy"
)
def unpack(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="A workbook that planner workbook wrote.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The study folder to write; new or empty.")
    ],
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Write over the tables of the study in DIR; other files there stay."
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write the study that a workbook holds as a folder."""
    from planner.study.workbook import unpack as run

    run(path, folder, replace=replace)
    if not quiet:
        typer.echo(f"{folder} is written; check it with: planner check {folder}")


@app.command(
    "compare",
    epilog=(
        "Example: planner compare results/china results/china-carbon-neutral --out difference.html"
    ),
)
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Folders of results that planner solve wrote, two or more.",
            autocompletion=complete_run,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR|FILE",
            help=(
                "Also write the tables as CSV to this folder, or all as one page (.html), or the "
                "figure alone (.svg, .png, .pdf)."
            ),
        ),
    ] = None,
    points: Annotated[
        float,
        typer.Option(
            "--points",
            metavar="N",
            min=0.0,
            help="A route changes where its share of supply differs by more percentage points.",
        ),
    ] = 5.0,
    as_json: Json = False,
) -> None:
    """Which inputs differ between runs, and which results, by how much; which routes change and
    when."""
    from planner.cli._terminal import Stages

    with Stages(quiet=as_json) as stage:
        plans, names = load_runs(runs, stage), [run.resolve().name for run in runs]
        stage("compare")
        import planner

        found, routes = planner.compare(plans, names), planner.routes(plans, names, points=points)
        if out is not None:
            stage("write")
            _write(found, routes, out)
    if as_json:
        import json

        tables = {name: found.changes(getattr(found, name)) for name in COMPARED}
        print_json(
            {
                name: json.loads(table.to_json(orient="records"))
                for name, table in {**tables, "routes": routes}.items()
            }
        )
        return
    from planner.cli._terminal import show_comparison, show_frame

    show_comparison(found)
    shown = routes[[name for name in SHOWN_ROUTES if name != "plan" or len(plans) > 2]]
    show_frame(
        f"routes whose share of a metal's supply changes by more than {points:g} points against "
        f"{found.names[0]}: since when, and "
        "the widest change (--out holds the years in which each runs)",
        shown,
        rows=len(shown),
    )
    if out is not None:
        typer.echo(f"{out} is written")


def _write(found: Comparison, routes: pd.DataFrame, out: Path) -> None:
    """A comparison as tables in a folder, as a page or as a picture, by the ending."""
    from planner.figures.comparison import contrast
    from planner.figures.plan_figures import PICTURES, write_figure
    from planner.reporting import comparison_report

    if out.suffix.lower() == ".html":
        comparison_report(found, out)
    elif out.suffix.lower() in PICTURES:
        write_figure(contrast(found), out)
    else:
        from planner.runtime.run_folder import write_tables

        write_tables(
            out,
            {**{name: found.changes(getattr(found, name)) for name in COMPARED}, "routes": routes},
        )
