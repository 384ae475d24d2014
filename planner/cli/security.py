"""Commands about security: disrupt, secure, concentration, gap."""

from __future__ import annotations

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
    place,
    print_json,
    read_system,
    save,
)
from planner.errors import SpecError

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
Rows = Annotated[
    int, typer.Option("--rows", metavar="N", min=1, help="How many rows of a table to show.")
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
    pairs: Annotated[bool, typer.Option(help="Also lose every pair of sources.")] = True,
    reopen: Annotated[
        bool,
        typer.Option(
            "--reopen", help="A lost source runs again at once; else it regrows by its ramp."
        ),
    ] = False,
    rows: Rows = 10,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Lose every origin and host for some years, alone and in pairs, unforeseen: what stays
    unserved, ranked."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
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
            progress=stage,
        )
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "currency": f"USD_{system.currency_year}",
                "base_cost": found.base_cost,
                "losses": records(found.losses),
                "by_metal": records(found.by_metal),
            }
        )
    elif not quiet:
        several = found.losses["loss"].str.contains(" + ", regex=False)
        for title, kept in (("Single losses", ~several), ("Pairs", several)):
            shown = found.losses.loc[
                kept,
                [
                    "loss",
                    "worst_metal",
                    "first",
                    "unmet",
                    "worst_share",
                    "recovery",
                    "cost",
                    "penalty",
                ],
            ]
            if len(shown):
                show_frame(
                    f"{title}, the worst first (t; USD_{system.currency_year}, present value)",
                    shown,
                    rows=rows,
                )


def records(frame: object) -> list[dict[str, object]]:
    """A table as JSON records; a missing number is null."""
    table: list[dict[str, object]] = frame.to_dict(orient="records")  # type: ignore[attr-defined]
    return [
        {name: None if value != value else value for name, value in row.items()} for row in table
    ]


@app.command("secure", epilog="Example: planner secure china --limit 0.2 --start 2030 --start 2040")
def secure(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    limit: Annotated[
        float,
        typer.Option(
            "--limit",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Share of a metal's demand that a loss may leave unserved.",
        ),
    ] = 0.2,
    years: Years = 2,
    recovery: Recovery = 0,
    start: Start = None,
    share: Left = 0.0,
    stockpiles: Annotated[
        bool,
        typer.Option("--stockpiles", help="Leave all orders as they are: size stockpiles only."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write the secured plan.")
    ] = None,
    rows: Rows = 10,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the least-cost plan that stands the loss of any single source (N-1), and what that
    costs."""
    from planner.cli._terminal import Stages, large, show_frame

    with Stages(quiet=quiet or as_json) as stage, place(out):
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.secure(
            system,
            limit=limit,
            years=years,
            recovery=recovery,
            starts=start,
            share=share,
            means="stockpiles" if stockpiles else "all",
            progress=stage,
        )
        if out is not None:
            save(found.plan, out, stage, ctx)
    money = f"USD_{system.currency_year}"
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "currency": money,
                "base_cost": found.base_cost,
                "cost": found.cost,
                "premium": found.premium,
                "blocks": found.blocks,
                "losses": records(found.losses),
                "stockpiles": records(found.stockpiles),
                "orders": records(found.orders),
            }
        )
    elif not quiet:
        show_frame(
            "Share of demand left unserved in a loss, before and after", found.losses, rows=rows
        )
        changed = found.orders[(found.orders["secured"] - found.orders["unsecured"]).abs() > 1]
        show_frame("Orders that differ (t/year of capacity)", changed, rows=rows, empty="none")
        top = found.stockpiles.groupby("good", as_index=False)[["unsecured", "secured"]].max()
        show_frame("Largest stockpile (t)", top, rows=rows, empty="none can be held")
        typer.echo(
            f"security costs {large(found.premium)} {money} "
            f"({found.premium / found.base_cost:.2%} of {large(found.base_cost)})"
        )


@app.command("concentration", epilog="Example: planner concentration china --year 2030")
def concentration(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="YEAR", help="The year shown; the last if not given."),
    ] = None,
    crma: Annotated[
        bool, typer.Option("--crma", help="Plan under the EU CRMA benchmarks as soft targets.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """How concentrated supply is (HHI) by metal and stage, beside the 10/40/25/65 % benchmarks of
    the EU CRMA."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        from planner.analysis.security.concentration import benchmarks, with_benchmarks
        from planner.analysis.security.concentration import concentration as measure
        from planner.plan.solve import optimum

        plan = optimum(with_benchmarks(system) if crma else system, progress=stage)
    shares, marks = measure(plan), benchmarks(plan)
    shown = year if year is not None else system.years[-1]
    held = next((p.first for p in system.periods if p.first <= shown <= p.last), None)
    if held is None:
        raise SpecError(
            "command line",
            [
                (
                    f"{shown} is outside {system.years[0]} to {system.years[-1]}; give a year of "
                    "the study"
                )
            ],
        )
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "objective": plan.objective,
                "concentration": records(shares),
                "benchmarks": records(marks),
            }
        )
    elif not quiet:
        show_frame(
            f"Concentration of supply in {shown} (HHI, 10,000 is a single origin)",
            shares[shares["year"] == held],
        )
        show_frame(
            f"Benchmarks of Regulation (EU) 2024/1252 in {shown}", marks[marks["year"] == held]
        )


@app.command("gap", epilog="Example: planner gap china --year 2025 --growth 0.02")
def gap(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: Annotated[
        int | None,
        typer.Option(
            "--year", metavar="YEAR", help="Imports are held to this year's; or the first."
        ),
    ] = None,
    growth: Annotated[
        float, typer.Option("--growth", metavar="SHARE", help="What they may grow a year.")
    ] = 0.0,
    rows: Rows = 12,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hold imports where they are: which metal falls short first, when, and which lever closes the
    gap."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.gap(system, year=year, growth=growth, progress=stage)
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "held_from": found.frozen,
                "growth": growth,
                "gaps": records(found.gaps),
                "levers": records(found.levers),
            }
        )
    elif not quiet:
        show_frame(
            (
                f"Short when imports are held to {found.frozen} (t of refined equivalents over all "
                "years)"
            ),
            found.gaps,
            empty="no metal falls short",
        )
        if len(found.levers):
            show_frame(
                "What closes the gap, each by itself",
                found.levers[found.levers["closed"] > 0],
                rows=rows,
            )
