"""Commands about choices: frontier, alternatives, places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Quiet,
    Rows,
    Scenario,
    Set,
    Study,
    Tables,
    identity,
    money,
    period_of,
    print_json,
    reading,
    records,
    write_tables,
)
from planner.cli.app import app

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.tradeoffs.alternatives import Alternatives
    from planner.analysis.tradeoffs.frontier import Frontier
    from planner.system.nouns import System

Points = Annotated[int, typer.Option("--points", metavar="N", min=2, help="Points of each curve.")]
Territorial = Annotated[
    bool,
    typer.Option(
        "--territorial", help="Count what is emitted at home; the footprint if not given."
    ),
]
ByMetal = Annotated[
    bool, typer.Option("--by-metal", help="Also a curve for the carbon of each metal.")
]
Imports = Annotated[
    int,
    typer.Option(
        "--imports", metavar="N", min=0, help="Third objective: N levels of import dependence."
    ),
]
ShownYear = Annotated[
    int | None,
    typer.Option("--year", metavar="YEAR", help="The year shown; the last if not given."),
]
Slack = Annotated[
    float,
    typer.Option(
        "--slack",
        metavar="SHARE",
        min=0.0,
        help="How much more than the least cost a plan may cost.",
    ),
]
Plans = Annotated[
    int,
    typer.Option("--plans", metavar="N", min=0, help="How many maximally different plans to find."),
]


@app.command("places", epilog="Example: planner places mystudy --year 2030")
def places(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: ShownYear = None,
    rows: Rows = 40,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what the plan costs each place, with and without the revenue of its tariffs, and what it
    emits there."""
    from planner.cli._terminal import show_frame

    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner
        from planner.plan.solve import optimum

        shown = year if year is not None else system.years[-1]
        first = period_of(system, shown)
        plan = optimum(system, progress=stage)
    found = planner.places(plan)
    if as_json:
        print_json({**identity(system), "currency": money(system), "places": records(found)})
    elif not quiet:
        of_money = found[found["present_value"].notna()]
        sums = of_money.groupby(["place", "item"], sort=False)["present_value"].sum()
        head = f"Whole horizon, present value ({money(system)})"
        show_frame(head, sums.unstack("item", sort=False).reset_index(), rows=rows)
        of_year = found[(found["year"] == first) & (found["value"] != 0)]
        kept = of_year[["place", "item", "metal", "value", "unit"]]
        show_frame(f"In {shown}", kept, rows=rows)


@app.command(
    "frontier", epilog="Example: planner frontier china --points 12 --out results/china/frontier"
)
def frontier(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    points: Points = 12,
    territorial: Territorial = False,
    by_metal: ByMetal = False,
    imports: Imports = 0,
    out: Tables = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find what each further tonne of carbon abated costs, from the least cost to the least
    carbon."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        def keep(so_far: Frontier) -> None:
            tables = {"points": so_far.points, "mix": so_far.mix}
            write_tables(out, tables, {"frontier.json": _origin(system, tables)})

        found = planner.frontier(
            system,
            points=points,
            scope="territorial" if territorial else "footprint",
            by_metal=by_metal,
            imports=imports,
            finished=keep if out is not None else None,
            progress=stage,
        )
    if as_json:
        print_json(
            {
                **identity(system),
                "currency": money(system),
                "least_shortage": found.least_shortage,
                "points": records(found.points),
            }
        )
    elif not quiet:
        _show_frontier(system, found)


def _origin(system: System, tables: Mapping[str, pd.DataFrame]) -> str:
    """The inputs that a frontier was made of, so that no other run shows it, and the hashes of its
    tables."""
    import json

    from planner.runtime.seals import table_digest

    files = {f"{name}.csv": table_digest(table) for name, table in tables.items()}
    said = {**identity(system), "inputs_hash": system.inputs_hash, "files": files}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _show_frontier(system: System, found: Frontier) -> None:
    from planner.cli._terminal import show_frame

    shown = found.points.drop(columns="scope").dropna(axis="columns", how="all")
    show_frame(
        f"cost ({money(system)}, present value, without carbon price and shortage), carbon (t "
        "CO2e over all years), abatement_cost (USD per t)",
        shown,
        rows=len(shown),
    )


@app.command("alternatives", epilog="Example: planner alternatives china --slack 0.05")
def alternatives(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    slack: Slack = 0.05,
    plans: Plans = 3,
    out: Tables = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find near-optimal plans: what cost really decides, and what it leaves open."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.alternatives(system, slack=slack, plans=plans, progress=stage)
        write_tables(
            out, {"ranges": found.ranges, "plans": found.plans, "supplies": found.supplies}
        )
    if as_json:
        answer: dict[str, Any] = {**identity(system), "slack": slack, "cost": found.cost}
        print_json({**answer, "ranges": records(found.ranges), "plans": records(found.plans)})
    elif not quiet:
        _show_alternatives(found, slack)


def _show_alternatives(found: Alternatives, slack: float) -> None:
    from planner.cli._terminal import show_frame

    show_frame(
        f"Share of all supply over the years, within {slack:.0%} of the least cost",
        found.ranges[["metal", "pathway", "best_share", "least_share", "most_share"]],
        rows=len(found.ranges),
    )
    show_frame(
        "Maximally different plans (difference: share of supply that comes from elsewhere)",
        found.plans,
        rows=len(found.plans),
    )
