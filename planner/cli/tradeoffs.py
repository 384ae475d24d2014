"""Commands about choices: frontier, alternatives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import (
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    app,
    print_json,
    read_system,
    writable,
)
from planner.cli.security import records

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Also write the tables as CSV here.", callback=writable
    ),
]


@app.command(
    "frontier", epilog="Example: planner frontier china --points 12 --out results/china/frontier"
)
def frontier(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    points: Annotated[
        int, typer.Option("--points", metavar="N", min=2, help="Points of each curve.")
    ] = 12,
    territorial: Annotated[
        bool,
        typer.Option(
            "--territorial", help="Count what is emitted at home; the footprint if not given."
        ),
    ] = False,
    by_metal: Annotated[
        bool, typer.Option("--by-metal", help="Also a curve for the carbon of each metal.")
    ] = False,
    imports: Annotated[
        int,
        typer.Option(
            "--imports", metavar="N", min=0, help="Third objective: N levels of import dependence."
        ),
    ] = 0,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What each further tonne of carbon abated costs, from the least cost to the least carbon."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.frontier(
            system,
            points=points,
            scope="territorial" if territorial else "footprint",
            by_metal=by_metal,
            imports=imports,
            progress=stage,
        )
        write_tables(
            out,
            {"points": found.points, "mix": found.mix},
            {"study": system.name, "scenario": system.scenario, "inputs_hash": system.inputs_hash},
        )
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "currency": f"USD_{system.currency_year}",
                "least_shortage": found.least_shortage,
                "points": records(found.points),
            }
        )
    elif not quiet:
        shown = found.points.drop(columns="scope").dropna(axis="columns", how="all")
        show_frame(
            f"cost (USD_{system.currency_year}, present value, without carbon price and "
            "shortage), carbon (t CO2e over all years), "
            "abatement_cost (USD per t)",
            shown,
            rows=len(shown),
        )


@app.command("alternatives", epilog="Example: planner alternatives china --slack 0.05")
def alternatives(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    slack: Annotated[
        float,
        typer.Option(
            "--slack",
            metavar="SHARE",
            min=0.0,
            help="How much more than the least cost a plan may cost.",
        ),
    ] = 0.05,
    plans: Annotated[
        int,
        typer.Option(
            "--plans", metavar="N", min=0, help="How many maximally different plans to find."
        ),
    ] = 3,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Near-optimal plans: what cost really decides, and what it leaves open."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.alternatives(system, slack=slack, plans=plans, progress=stage)
        write_tables(
            out, {"ranges": found.ranges, "plans": found.plans, "supplies": found.supplies}
        )
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "slack": slack,
                "cost": found.cost,
                "ranges": records(found.ranges),
                "plans": records(found.plans),
            }
        )
    elif not quiet:
        shown = found.ranges[["metal", "pathway", "best_share", "least_share", "most_share"]]
        show_frame(
            f"Share of all supply over the years, within {slack:.0%} of the least cost",
            shown,
            rows=len(shown),
        )
        show_frame(
            "Maximally different plans (difference: share of supply that comes from elsewhere)",
            found.plans,
            rows=len(found.plans),
        )


def write_tables(
    out: Path | None, tables: Mapping[str, object], about: dict[str, str] | None = None
) -> None:
    """Tables as CSV in a folder, where one is asked for; `about` says what a frontier was made of,
    so that no other run shows it."""
    from planner.runtime.run_folder import write_tables as write

    if out is not None:
        texts = (
            {}
            if about is None
            else {"frontier.json": json.dumps(about, indent=2, ensure_ascii=False) + "\n"}
        )
        write(out, tables, texts)
