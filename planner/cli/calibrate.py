"""The command `calibrate`: unseen costs that make the base year the optimum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Quiet,
    Rows,
    Scenario,
    Set,
    Study,
    identity,
    print_json,
    reading,
    records,
)
from planner.cli.app import app

if TYPE_CHECKING:
    from planner.analysis.hindcast.calibration import Calibration

Year = Annotated[
    int | None,
    typer.Option(
        "--year", metavar="YEAR", help="The base year; the first that was observed if not given."
    ),
]
Fade = Annotated[
    int,
    typer.Option(
        "--fade", metavar="YEARS", min=1, help="Years after it in which unseen costs fade away."
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        "--tolerance",
        metavar="SHARE",
        min=0.0,
        help="By what share an observation may be missed, such as 0.05, where not all can be met.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Write the study with a scenario `calibrated` here."
    ),
]


@app.command(
    "calibrate",
    epilog="Example: planner calibrate china --tolerance 0.05 --out studies/china-calibrated",
)
def calibrate(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: Year = None,
    fade: Fade = 10,
    tolerance: Tolerance = 0.0,
    out: Out = None,
    rows: Rows = 100,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the unseen costs with which what was observed in a base year is the least-cost plan."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.calibrate(system, year=year, fade=fade, tolerance=tolerance, progress=stage)
        if out is not None:
            found.save(out)
    if as_json:
        print_json(_answer(found))
    elif not quiet:
        _show(found, rows)
        if out is not None:
            typer.echo(f"study in {out}; solve it: planner solve {out} --scenario calibrated")


def _answer(found: Calibration) -> dict[str, Any]:
    before, after = found.deviation
    return {
        **identity(found.system),
        "year": found.year,
        "fade": found.fade,
        "size": found.size,
        "deviation_before": before,
        "deviation_after": after,
        "cost_before": found.before.cost,
        "cost_after": found.after.cost,
        "costs": records(found.costs),
    }


def _show(found: Calibration, rows: int) -> None:
    from planner.cli._terminal import large, show_frame

    shown = found.costs[found.costs["unseen_cost"] != 0].drop(columns="unit")
    money = found.after.record.currency
    show_frame(f"Unseen costs, {money} per tonne of activity", shown, rows=rows)
    for sentence in found.words:
        typer.echo(sentence)
    typer.echo(
        f"cost {large(found.before.cost)} {money} without unseen costs, {large(found.after.cost)} "
        "with them in force and counted in neither"
    )
