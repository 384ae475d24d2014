"""Commands about security: disrupt, secure, concentration, gap."""

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
    money,
    period_of,
    print_json,
    ratio,
    reading,
    records,
    save,
)
from planner.cli.app import app

if TYPE_CHECKING:
    from planner.analysis.security.disruption import Disruptions
    from planner.analysis.security.n_minus_1 import Security
    from planner.analysis.security.supply_gap import Gap
    from planner.system.nouns import System

SHOWN_LOSSES = (
    "loss",
    "worst_metal",
    "first",
    "unmet",
    "worst_share",
    "recovery",
    "cost",
    "penalty",
)
"""Columns of the table of losses that fit a terminal."""
LARGEST_ROUNDING = 1.0
"""Orders that differ by less, t/year of capacity, are not shown."""

Years = Annotated[
    int, typer.Option("--years", metavar="N", min=1, help="How many years a loss lasts.")
]
Recovery = Annotated[
    int,
    typer.Option(
        "--recovery",
        metavar="N",
        min=0,
        help="Years after a loss that are watched for its effects.",
    ),
]
Start = Annotated[
    list[int] | None,
    typer.Option("--start", metavar="YEAR", help="A year in which losses begin; may be repeated."),
]
Left = Annotated[
    float,
    typer.Option(
        "--share", metavar="SHARE", min=0.0, help="What is left of a lost source, 0 to below 1."
    ),
]
Pairs = Annotated[bool, typer.Option(help="Also lose every pair of sources.")]
Losses = Annotated[
    list[str] | None,
    typer.Option(
        "--loss",
        metavar="NAME",
        help="A source that is lost, origin/NAME or host/NAME, or a stage of a place, "
        "NAME:STAGE; may be repeated. All origins and hosts if not given.",
    ),
]
Reopen = Annotated[
    bool,
    typer.Option("--reopen", help="A lost source runs again at once; else it regrows by its ramp."),
]
Limit = Annotated[
    float,
    typer.Option(
        "--limit",
        metavar="SHARE",
        min=0.0,
        max=1.0,
        help="Share of a metal's demand that a loss may leave unserved.",
    ),
]
StockpilesAlone = Annotated[
    bool,
    typer.Option("--stockpiles", help="Leave all orders as they are: size stockpiles only."),
]
SecuredRun = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write the secured plan.")
]
ShownYear = Annotated[
    int | None,
    typer.Option("--year", metavar="YEAR", help="The year shown; the last if not given."),
]
Crma = Annotated[
    bool, typer.Option("--crma", help="Plan under the EU CRMA benchmarks as soft targets.")
]
HeldYear = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="YEAR",
        help="Imports are held to those of this year; the first if not given.",
    ),
]
Growth = Annotated[
    float,
    typer.Option("--growth", metavar="SHARE", help="Growth of imports that is allowed, per year."),
]


@app.command("disrupt", epilog="Example: planner disrupt china --start 2030 --years 3")
def disrupt(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    years: Years = 3,
    recovery: Recovery = 5,
    start: Start = None,
    share: Left = 0.0,
    pairs: Pairs = True,
    reopen: Reopen = False,
    losses: Losses = None,
    rows: Rows = 10,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Lose every origin and host for some years, alone and in pairs, unforeseen: what stays
    unserved, ranked."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        stage("solve")
        found = planner.disrupt(
            system,
            years=years,
            recovery=recovery,
            starts=start,
            share=share,
            pairs=pairs,
            reopen=reopen,
            losses=losses,
            progress=stage,
        )
    if as_json:
        answer: dict[str, Any] = {**identity(system), "currency": money(system)}
        tables = {"losses": records(found.losses), "by_metal": records(found.by_metal)}
        base = {"base_cost": found.base_cost, "base_penalty": found.base_penalty}
        print_json({**answer, **base, **tables})
    elif not quiet:
        _show_losses(system, found, rows)


def _show_losses(system: System, found: Disruptions, rows: int) -> None:
    from planner.cli._terminal import show_frame

    several = found.losses["loss"].str.contains(" + ", regex=False)
    for title, kept in (("Single losses", ~several), ("Pairs", several)):
        shown = found.losses.loc[kept, list(SHOWN_LOSSES)]
        if len(shown):
            head = f"{title}, the worst first (t; {money(system)}, present value)"
            show_frame(head, shown, rows=rows)


@app.command("secure", epilog="Example: planner secure china --limit 0.2 --start 2030 --start 2040")
def secure(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    limit: Limit = 0.2,
    years: Years = 2,
    recovery: Recovery = 0,
    start: Start = None,
    share: Left = 0.0,
    stockpiles: StockpilesAlone = False,
    losses: Losses = None,
    out: SecuredRun = None,
    rows: Rows = 10,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the least-cost plan that stands the loss of any single source (N-1), and what that
    costs."""
    with reading(study, scenario, settings, quiet=quiet or as_json, out=out) as (system, stage):
        import planner

        found = planner.secure(
            system,
            limit=limit,
            years=years,
            recovery=recovery,
            starts=start,
            share=share,
            means="stockpiles" if stockpiles else "all",
            losses=losses,
            progress=stage,
        )
        save(found.plan, out, stage, ctx)
    if as_json:
        print_json(_secured(system, found))
    elif not quiet:
        _show_secured(system, found, rows)


def _secured(system: System, found: Security) -> dict[str, Any]:
    return {
        **identity(system),
        "currency": money(system),
        "base_cost": found.base_cost,
        "cost": found.cost,
        "premium": found.premium,
        "base_penalty": found.base_penalty,
        "penalty": found.penalty,
        "blocks": found.blocks,
        "losses": records(found.losses),
        "stockpiles": records(found.stockpiles),
        "orders": records(found.orders),
    }


def _show_secured(system: System, found: Security, rows: int) -> None:
    from planner.cli._terminal import large, show_frame

    show_frame("Share of demand left unserved in a loss, before and after", found.losses, rows=rows)
    difference = (found.orders["secured"] - found.orders["unsecured"]).abs()
    changed = found.orders[difference > LARGEST_ROUNDING]
    show_frame("Orders that differ (t/year of capacity)", changed, rows=rows, empty="none")
    top = found.stockpiles.groupby("good", as_index=False)[["unsecured", "secured"]].max()
    show_frame("Largest stockpile (t)", top, rows=rows, empty="none can be held")
    share = ratio(found.premium, found.base_cost)
    of_cost = "the plan without it costs nothing"
    if share == share:
        of_cost = f"{share:.2%} of {large(found.base_cost)}"
    typer.echo(f"security costs {large(found.premium)} {money(system)} ({of_cost})")
    if found.base_penalty or found.penalty:
        typer.echo(
            f"beside the cost, penalties go from {large(found.base_penalty)} to "
            f"{large(found.penalty)} {money(system)}"
        )


@app.command("concentration", epilog="Example: planner concentration china --year 2030")
def concentration(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: ShownYear = None,
    crma: Crma = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure how concentrated supply is (HHI) by metal and stage, beside the 10/40/25/65 %
    benchmarks of the EU CRMA."""
    from planner.cli._terminal import show_frame

    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner
        from planner.plan.solve import optimum

        shown = year if year is not None else system.years[-1]
        first = period_of(system, shown)
        planned = planner.with_crma_benchmarks(system) if crma else system
        plan = optimum(planned, progress=stage)
    shares, marks = planner.concentration(plan), planner.crma_benchmarks(plan)
    if as_json:
        answer: dict[str, Any] = {**identity(system), "objective": plan.objective}
        tables = {"concentration": records(shares), "benchmarks": records(marks)}
        print_json({**answer, **tables})
    elif not quiet:
        head = f"Concentration of supply in {shown} (HHI, 10,000 is a single origin)"
        show_frame(head, shares[shares["year"] == first])
        head = f"Benchmarks of Regulation (EU) 2024/1252 in {shown}"
        show_frame(head, marks[marks["year"] == first])


@app.command("gap", epilog="Example: planner gap china --year 2025 --growth 0.02")
def gap(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: HeldYear = None,
    growth: Growth = 0.0,
    rows: Rows = 12,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hold imports where they are: which metal falls short first, when, and which lever closes the
    gap."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.gap(system, year=year, growth=growth, progress=stage)
    if as_json:
        answer: dict[str, Any] = {**identity(system), "held_from": found.frozen, "growth": growth}
        print_json({**answer, "gaps": records(found.gaps), "levers": records(found.levers)})
    elif not quiet:
        _show_gap(found, rows)


def _show_gap(found: Gap, rows: int) -> None:
    from planner.cli._terminal import show_frame

    show_frame(
        f"Short when imports are held to {found.frozen} (t of refined equivalents over all years)",
        found.gaps,
        empty="no metal falls short",
    )
    if len(found.levers):
        closing = found.levers[found.levers["closed"] > 0]
        show_frame("What closes the gap, each by itself", closing, rows=rows)
