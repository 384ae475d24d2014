"""The command `grade`: the metal in use as secondary reserves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli._shared import (
    Json,
    Metal,
    Quiet,
    Rows,
    Scenario,
    Set,
    Study,
    Tables,
    chosen,
    identity,
    open_metal,
    period_of,
    print_json,
    read_system,
    records,
    refuse,
    unknown_metal,
    write_tables,
    wrong,
)
from planner.cli.app import app
from planner.errors import Problem

if TYPE_CHECKING:
    from planner.cli._stages import Stages
    from planner.plan.reserves import Grading
    from planner.system.nouns import System

TABLES = ("steps", "classes", "curve", "prices")

Price = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="METAL=PRICE",
        help="Price of a refined metal, with its unit; shadow prices of the plan if not given.",
    ),
]
CarbonPrice = Annotated[
    float | None,
    typer.Option(
        "--carbon-price",
        metavar="USD",
        min=0.0,
        help="USD per t CO2e, in all years; the study's if not given.",
    ),
]
CurveFile = Annotated[
    Path | None,
    typer.Option(
        "--figure",
        metavar="FILE",
        help="Draw the supply curve of a metal's urban mine (.html, .svg, .png, .pdf).",
    ),
]
Year = Annotated[
    int | None,
    typer.Option("--year", metavar="YEAR", help="The year; the first of the study if not given."),
]


@app.command(
    "grade",
    epilog="Example: planner grade china --price lithium='60 USD_2021/kg' --carbon-price 100 "
    "--year 2040",
)
def grade(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    price: Price = None,
    carbon_price: CarbonPrice = None,
    figure: CurveFile = None,
    year: Year = None,
    metal: Metal = "",
    out: Tables = None,
    rows: Rows = 40,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Grade the metal in use as secondary reserves: what arises, can be collected, recovered, and
    pays at a price (UNFC classes)."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        refuse(unknown_metal(system, metal))
        refuse(open_metal(system, metal, "--figure", figure))
        prices = _prices(system, price)
        at = period_of(system, system.years[0] if year is None else year)
        found = _graded(system, prices, carbon_price, stage)
    write_tables(out, {name: getattr(found, name) for name in TABLES})
    metals = chosen(system, metal)
    if figure is not None:
        import planner

        planner.write_figure(planner.urban_mine_figure(found, metals[0], at), figure)
    if as_json:
        print_json({**identity(system), **{name: records(getattr(found, name)) for name in TABLES}})
    elif not quiet:
        _show(found, metals, at, rows)


def _graded(
    system: System, prices: dict[str, float], carbon_price: float | None, stage: Stages
) -> Grading:
    """Grade at the prices given, and where one is missing at the shadow prices of the plan."""
    given = len(prices) == len(system.metals)
    stage("grade" if given else "solve")
    import planner
    from planner.plan.solve import optimum

    subject = system if given else optimum(system)
    return planner.grade(subject, price=prices, carbon_price=carbon_price)


def _show(found: Grading, metals: list[str], year: int, rows: int) -> None:
    from planner.cli._terminal import show_frame
    from planner.plan.reserves import STEPS

    steps, classes, prices = (
        table[(table["year"] == year) & table["metal"].isin(metals)]
        for table in (found.steps, found.classes, found.prices)
    )
    wide = steps.pivot_table(index=["metal", "product"], columns="step", values="value")
    show_frame(
        f"Secondary reserves in {year} (in use t, others t/year of contained metal)",
        wide.reindex(columns=list(STEPS)).reset_index(),
        rows=rows,
        empty="no product of the study is in use",
    )
    keys = ["metal", "class", "e", "f", "g", "part", "unit"]
    show_frame(
        "UNFC classes (Specifications for Anthropogenic Resources, UNECE 2018)",
        classes.groupby(keys, as_index=False)["value"].sum(),
        rows=rows,
    )
    show_frame("judged at", prices)


def _prices(system: System, settings: list[str] | None) -> dict[str, float]:
    """--price METAL=PRICE options in USD per t; raises SpecError where one is not such a pair, not
    of a metal of the study, or without a unit."""
    found: dict[str, float] = {}
    problems: list[Problem] = []
    for setting in settings or ():
        try:
            metal, price = _price(system, setting)
            found[metal] = price
        except ValueError as error:
            problems.append(wrong("--price", str(error)))
    refuse(problems)
    return found


def _price(system: System, setting: str) -> tuple[str, float]:
    """Metal and price, USD per t, of one option; raises ValueError with what is wrong with it."""
    from planner.units import to_internal

    metal, _, text = setting.partition("=")
    if metal not in system.metals:
        choice = ", ".join(system.metals)
        raise ValueError(f"'{metal}' is not a metal of the study; choose one of {choice}")
    value, _, unit = text.strip().partition(" ")
    try:
        amount = float(value)
    except ValueError:
        example = f"lithium='60 USD_{system.currency_year}/kg'"
        raise ValueError(f"'{setting}' is not METAL=PRICE; write {example}") from None
    return metal, to_internal(amount, unit, "USD/t", system.currency_year)
