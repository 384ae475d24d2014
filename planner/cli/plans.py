"""Commands that make a plan and hand it on: solve, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import (
    Json,
    Quiet,
    Run,
    Scenario,
    Set,
    Study,
    app,
    place,
    print_json,
    read_system,
    save,
)
from planner.cli.completion import complete_format

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Where results go; results/STUDY[-SCENARIO] if not given.",
    ),
]

TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        min=0.0,
        help="Stop the solver after so long: the best plan known, with its gap; status 4.",
    ),
]


@app.command(
    "solve",
    epilog=(
        "Example: planner solve china --scenario carbon-neutral --set series.carbon_price='100 "
        "USD_2021/tCO2e'"
    ),
)
def solve(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    out: Out = None,
    time_limit: TimeLimit = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the least-cost plan, check it, and write it with its tables."""
    from planner.cli._terminal import Stages, show_mix, show_outcome

    with Stages(
        quiet=quiet or as_json, expected=_before(out or default_folder(study, scenario))
    ) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        folder = out if out is not None else default_folder(system.name, scenario)
        with place(folder):
            stage("load")
            # pandas, Pyomo and HiGHS take a second to load: after the study is known to be right,
            # and charged to no other stage
            from planner import solve as solve_system

            plan = solve_system(system, progress=stage, time_limit=time_limit)
            stage("write")
            save(plan, folder, stage, ctx)
    if as_json:
        from dataclasses import asdict

        print_json(
            {
                "folder": str(folder),
                **asdict(plan.record),
                "mix": plan.mix.to_dict(orient="records"),
            }
        )
    elif not quiet:
        show_mix(plan)
        show_outcome(plan, str(folder))
    if plan.record.status != "optimal":
        # no result to build on, whatever else is printed
        raise typer.Exit(4)


def _before(folder: Path) -> dict[str, float]:
    """Seconds by stage of an earlier run in a folder: how long this one may take; empty where there
    is none."""
    import json

    try:
        said = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["seconds"]
        return {str(stage): float(seconds) for stage, seconds in said.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def default_folder(study: str, scenario: str) -> Path:
    """results/STUDY or results/STUDY-SCENARIO; a composed scenario `a,b` becomes `a+b`."""
    return Path("results") / "-".join(
        filter(None, (study, scenario.replace(",", "+").replace(" ", "")))
    )


@app.command(
    "export",
    epilog=(
        "Example: planner export results/china china.csv && planner export results/china tables "
        "--format parquet"
    ),
)
def export(
    run: Run,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="What to write, by its ending: .xlsx (workbook), .csv (IAMC long table and its codelists), .nc (netCDF), "
            ".zip (Data Package), .mps, .lp (programme).",
        ),
    ],
    format: Annotated[  # noqa: A002 - the word that users know
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help=(
                "The format by its name: xlsx, iamc, netcdf, datapackage, mps, lp, or parquet (a "
                "folder)."
            ),
            autocompletion=complete_format,
        ),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Write a run in another format, by the ending of the file or by name."""
    from planner.cli._terminal import Stages

    with Stages(quiet=quiet) as stage:
        stage("load")
        import planner

        plan = planner.load(run)
        stage("write")
        planner.export(plan, path, format)
    if not quiet:
        typer.echo(f"{path} is written")
