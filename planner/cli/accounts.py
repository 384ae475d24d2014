"""Commands about substance flows: reconcile, grade, indicators."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.app import (
    Json,
    Quiet,
    Run,
    Scenario,
    Set,
    Study,
    app,
    load_runs,
    print_json,
    read_system,
    writable,
)
from planner.cli.security import records
from planner.errors import Problem, SpecError

if TYPE_CHECKING:
    from planner.mfa.observations import StudyReconciliation
    from planner.system.nouns import System

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="DIR", help="Also write the tables here.", callback=writable
    ),
]
Metal = Annotated[str, typer.Option("--metal", "-m", metavar="NAME", help="Show this metal alone.")]
Rows = Annotated[
    int, typer.Option("--rows", metavar="N", min=1, help="How many rows of a table to show.")
]
Year = Annotated[
    int | None,
    typer.Option("--year", metavar="YEAR", help="The year; the first of the study if not given."),
]


@app.command("reconcile", epilog="Example: planner reconcile china --metal lithium")
def reconcile(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: Year = None,
    linear: Annotated[
        bool, typer.Option("--linear", help="Take every coefficient as exact.")
    ] = False,
    level: Annotated[
        float, typer.Option("--level", metavar="SHARE", help="Level of significance of the tests.")
    ] = 0.05,
    metal: Metal = "",
    out: Out = None,
    rows: Rows = 100,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the observations of a year agree with the flow balance, and name those that do not."""
    from planner.cli._terminal import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        require_metal(system, metal)
        stage("fit")
        from planner.mfa.observations import reconcile_study

        found = reconcile_study(system, year=year, coefficients=not linear, significance=level)
    write_tables(
        out,
        {
            "measurements": found.measurements,
            "coefficients": found.coefficients,
            "flows": found.flows,
        },
    )
    if as_json:
        print_json(_reconciliation(system, found))
    elif not quiet:
        _show_reconciliation(found, metal, rows)


def _reconciliation(system: System, found: StudyReconciliation) -> dict[str, Any]:
    before, after = found.before, found.after
    faults = [
        {
            "observation": f.name,
            "alike": list(f.alike),
            "measured": f.measured,
            "without": None if f.without != f.without else f.without,
            "score": f.score,
        }
        for f in found.faults
    ]
    return {
        "study": system.name,
        "scenario": system.scenario,
        "year": found.year,
        "consistent": before.consistent,
        "chi_square": before.chi_square,
        "freedom": before.freedom,
        "p_value": before.p_value,
        "faults": faults,
        "chi_square_after": after.chi_square,
        "freedom_after": after.freedom,
        "p_value_after": after.p_value,
        "measurements": records(found.measurements),
        "coefficients": records(found.coefficients),
        "flows": records(found.flows),
    }


def _show_reconciliation(found: StudyReconciliation, metal: str, rows: int) -> None:
    from planner.cli._terminal import number, show_frame

    seen = found.measurements
    seen = seen[seen["metal"] == metal] if metal else seen
    seen = seen.sort_values("score", ascending=False, kind="stable")
    show_frame(
        (
            f"Observations of {found.year}, those moved most for their uncertainty first (t/year "
            "or share)"
        ),
        seen[["observation", "grade", "measured", "sd", "reconciled", "posterior_sd", "score"]],
        rows=rows,
    )
    before, after = found.before, found.after
    verdict = "agree" if before.consistent else "do not agree"
    typer.echo(
        f"chi-square {number(before.chi_square)} with {before.freedom} redundant equations (p = "
        f"{before.p_value:.2g}): the "
        f"observations {verdict} at a level of {before.significance:g}; the largest score should "
        f"stay below {before.critical:.2f}"
    )
    for fault in found.faults:
        others = f" (or {', '.join(fault.alike)}: they cannot be told apart)" if fault.alike else ""
        said = "nothing" if fault.without != fault.without else number(fault.without)
        typer.echo(
            f"most at fault: {fault.name}{others}: {number(fault.measured)}, the others say "
            f"{said} (score {fault.score:.1f})"
        )
    if found.faults:
        typer.echo(
            f"without {'it' if len(found.faults) == 1 else 'them'}: chi-square "
            f"{number(after.chi_square)} with {after.freedom} "
            f"(p = {after.p_value:.2g})"
        )
    known = int(found.flows["value"].notna().sum())
    typer.echo(
        f"{known} of {len(found.flows)} flows are determined; redundant: "
        f"{int(found.measurements['redundant'].sum())} of "
        f"{len(found.measurements)} observations"
    )


@app.command(
    "grade",
    epilog=(
        "Example: planner grade china --price lithium='60 USD_2021/kg' --carbon-price 100 --year "
        "2040"
    ),
)
def grade(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="METAL=PRICE",
            help="Price of a refined metal, with its unit; shadow prices of the plan if not given.",
        ),
    ] = None,
    carbon_price: Annotated[
        float | None,
        typer.Option(
            "--carbon-price",
            metavar="USD",
            min=0.0,
            help="USD per t CO2e, in all years; the study's if not given.",
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            metavar="FILE",
            help="Draw the supply curve of a metal's urban mine (.html, .svg, .png, .pdf).",
        ),
    ] = None,
    year: Year = None,
    metal: Metal = "",
    out: Out = None,
    rows: Rows = 40,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Grade the metal in use as secondary reserves: what arises, can be collected, recovered, and
    pays at a price (UNFC classes)."""
    from planner.cli._terminal import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        require_metal(system, metal)
        if figure is not None and not metal and len(system.metals) > 1:
            raise SpecError(
                "command line",
                [
                    Problem(
                        "--figure",
                        0,
                        "",
                        f"shows one metal; name it with --metal, one of {', '.join(system.metals)}",
                    )
                ],
            )
        prices = _prices(system, price or [])
        at = _period(system, year)
        stage("solve" if len(prices) < len(system.metals) else "grade")
        import planner
        from planner.plan.solve import optimum

        source = optimum(system) if len(prices) < len(system.metals) else system
        found = planner.grade(source, price=prices, carbon_price=carbon_price)
    write_tables(
        out,
        {
            "steps": found.steps,
            "classes": found.classes,
            "curve": found.curve,
            "prices": found.prices,
        },
    )
    if figure is not None:
        from planner.figures.multi_plan import urban_mine
        from planner.figures.plan_figures import write_figure

        write_figure(urban_mine(found, metal or system.metals[0], at), figure)
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                **{
                    name: records(getattr(found, name))
                    for name in ("steps", "classes", "curve", "prices")
                },
            }
        )
        return
    if not quiet:
        from planner.cli._terminal import show_frame
        from planner.plan.reserves import STEPS

        steps = found.steps[
            (found.steps["year"] == at)
            & (found.steps["metal"].isin([metal] if metal else system.metals))
        ]
        wide = steps.pivot_table(index=["metal", "product"], columns="step", values="value")[
            list(STEPS)
        ].reset_index()
        show_frame(
            f"Secondary reserves in {at} (in use t, others t/year of contained metal)",
            wide,
            rows=rows,
        )
        classes = found.classes[
            (found.classes["year"] == at)
            & (found.classes["metal"].isin([metal] if metal else system.metals))
        ]
        summed = classes.groupby(["metal", "class", "e", "f", "g", "part", "unit"], as_index=False)[
            "value"
        ].sum()
        show_frame(
            "UNFC classes (Specifications for Anthropogenic Resources, UNECE 2018)",
            summed,
            rows=rows,
        )
        at_price = found.prices[
            (found.prices["year"] == at)
            & (found.prices["metal"].isin([metal] if metal else system.metals))
        ]
        show_frame("judged at", at_price)


def _prices(system: System, settings: list[str]) -> dict[str, float]:
    """--price METAL=PRICE options in USD per t; raises SpecError where one is no such pair, of no metal, or without a unit."""
    from planner.units import to_internal

    found: dict[str, float] = {}
    problems: list[Problem] = []
    for setting in settings:
        metal, _, text = setting.partition("=")
        value, _, unit = text.strip().partition(" ")
        try:
            if metal not in system.metals:
                raise ValueError(
                    f"'{metal}' is no metal of the study; choose of {', '.join(system.metals)}"
                )
            found[metal] = to_internal(float(value), unit, "USD/t", system.currency_year)
        except ValueError as error:
            known = "could not convert" not in str(error)
            problems.append(
                Problem(
                    "--price",
                    0,
                    "",
                    str(error)
                    if known
                    else (
                        f"'{setting}' is no METAL=PRICE; write lithium='60 "
                        f"USD_{system.currency_year}/kg'"
                    ),
                )
            )
    if problems:
        raise SpecError("command line", problems)
    return found


def _period(system: System, year: int | None) -> int:
    """First year of the period that holds a year."""
    shown = system.years[0] if year is None else year
    for period in system.periods:
        if period.first <= shown <= period.last:
            return period.first
    raise SpecError(
        "command line",
        [
            Problem(
                "--year",
                0,
                "",
                (
                    f"{shown} is outside {system.years[0]} to {system.years[-1]}; give a year of "
                    "the study"
                ),
            )
        ],
    )


@app.command("indicators", epilog="Example: planner indicators results/china --metal cobalt")
def indicators(
    run: Run,
    metal: Metal = "",
    out: Out = None,
    rows: Rows = 200,
    as_json: Json = False,
    quiet: Quiet = False,
    persons: Annotated[
        float | None,
        typer.Option(
            "--population",
            metavar="PERSONS",
            help="Persons in every year, for stocks per head; the study's if not given.",
        ),
    ] = None,
) -> None:
    """Show the indicators of a run by the definitions of the literature: recycling, trade,
    reserves, losses, circularity."""
    from planner.cli._terminal import Stages, show_frame, shown_years

    with Stages(quiet=quiet or as_json) as stage:
        (plan,) = load_runs([run], stage)
        require_metal(plan.system, metal)
        stage("indicators")
        import planner

        ends = plan.system.years[0], plan.system.years[-1]
        found = planner.indicators(
            plan, population=None if persons is None else dict.fromkeys(ends, persons)
        )
        write_tables(out, {"indicators": found})
    if as_json:
        print_json(
            {
                "study": plan.record.study,
                "scenario": plan.record.scenario,
                "indicators": records(found),
            }
        )
    elif not quiet:
        years = list(shown_years(plan.system.periods).values())
        kept = found[found["year"].isin(years) & (found["metal"] == metal if metal else True)]
        wide = kept.pivot_table(
            index=["metal", "indicator", "unit"], columns="year", values="value"
        ).reset_index()
        wide.columns = [str(name) for name in wide.columns]
        show_frame("Indicators", wide, rows=rows)


def require_metal(system: System, metal: str) -> None:
    """Raise SpecError where a metal is asked for that the study does not have."""
    if metal and metal not in system.metals:
        from planner.units import suggestion

        close = suggestion(metal, system.metals)
        raise SpecError(
            "command line",
            [
                Problem(
                    "--metal",
                    0,
                    "",
                    (
                        f"'{metal}' is no metal of the study{close}; choose of "
                        f"{', '.join(system.metals)}"
                    ),
                )
            ],
        )


def write_tables(folder: Path | None, tables: Mapping[str, Any]) -> None:
    """Write tables as CSV into a folder, where one is asked for."""
    from planner.runtime.run_folder import write_tables as write

    if folder is not None:
        write(folder, tables)
