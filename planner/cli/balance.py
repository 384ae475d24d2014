"""The command `balance`: use stocks, waste, the flows of every year without a choice, accounts,
Sankey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Metal,
    Quiet,
    Scenario,
    Set,
    Study,
    Tables,
    chosen,
    identity,
    open_metal,
    print_json,
    read_system,
    records,
    refuse,
    unknown_metal,
    wrong,
)
from planner.cli.app import app
from planner.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

    from planner.mfa.balance import Balance, Residual
    from planner.plan.base_flows import BaseFlows
    from planner.system.nouns import System

STAGES = (
    "extraction",
    "trade",
    "refining",
    "manufacture",
    "use",
    "waste",
    "recycling",
    "stockpile",
    "loss",
    "balance",
)
"""Stages of an account in their order."""

Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        metavar="YEAR",
        help="Show the account of this year; the first with --metal alone.",
    ),
]
Sankey = Annotated[
    Path | None,
    typer.Option(
        "--sankey",
        metavar="FILE",
        help="Draw a metal's flows: a page with a slider over the years (.html), or a picture of "
        "one year (.svg, .png, .pdf).",
    ),
]
Share = Annotated[
    list[str] | None,
    typer.Option(
        "--share",
        metavar="PROCESS=SHARE",
        help="Share of a process in the good it follows, in all years; the others of that good "
        "share the rest as observed, and no plan is sought. May be repeated.",
    ),
]

Cohorts = Annotated[
    bool,
    typer.Option("--cohorts", help="With --out: also write the use stocks by year of entry."),
]


@app.command(
    "balance", epilog="Example: planner balance china --metal lithium --sankey lithium.html"
)
def balance(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    metal: Metal = "",
    year: Year = None,
    sankey: Sankey = None,
    share: Share = None,
    cohorts: Cohorts = False,
    out: Tables = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show all flows, stocks and losses by shares given or observed: the balance of every process,
    metal and year, and a metal's account. Only a good whose shares nothing observed settles takes
    those of the least-cost plan, which is said."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        refuse(_no_folder(cohorts, out))
        system = read_system(study, scenario, settings)
        stage("balance")
        import planner
        from planner.plan.flow_tables import require_no_run, save_flows

        require_no_run(out)
        found = planner.balance(system)
        refuse(_problems(system, metal, year, sankey))
        metals = chosen(system, metal)
        at = system.periods[0].first if year is None else year
        stage("simulate")
        flows = planner.base_flows(found, _shares(share), warn=_warn)
        closing = planner.require_closed(flows.simulation)
        run = flows.simulation
        if out is not None:
            save_flows(run, out, flows.shares, cohorts=cohorts)
        if sankey is not None:
            planner.write_figure(planner.sankey_figure(run.flows, metals[0], year), sankey)
    accounts = _accounts(flows, metals, at) if metal or year is not None else {}
    if as_json:
        print_json(_answer(found, flows, closing, accounts, at))
    elif not quiet:
        _show(found, flows, closing, accounts, at, sankey)


def _warn(words: str) -> None:
    typer.echo(words, err=True)


def _no_folder(cohorts: bool, out: Path | None) -> Iterator[Problem]:
    if cohorts and out is None:
        yield wrong("--cohorts", "writes a table; name its folder with --out")


def _problems(
    system: System, metal: str, year: int | None, sankey: Path | None
) -> Iterator[Problem]:
    """Problems with the metal and the year that are asked for."""
    yield from unknown_metal(system, metal)
    if year is not None and year not in [period.first for period in system.periods]:
        yield wrong("--year", f"no period begins in {year}")
    yield from open_metal(system, metal, "--sankey", sankey)


def _shares(settings: list[str] | None) -> dict[str, float]:
    """`--share PROCESS=SHARE` options; raises SpecError where one is not such a pair."""
    shares: dict[str, float] = {}
    problems: list[Problem] = []
    for setting in settings or ():
        name, _, text = setting.rpartition("=")
        try:
            shares[name.strip()] = float(text)
        except ValueError:
            problems.append(
                wrong("--share", f"'{setting}' is not PROCESS=SHARE; write mine_brine=0.3")
            )
    refuse(problems)
    return shares


def _accounts(flows: BaseFlows, metals: list[str], year: int) -> dict[str, pd.DataFrame]:
    """Account of each metal in the period that begins in a year, stages in order."""
    import planner

    run = flows.simulation
    accounts = {
        metal: planner.base_account(run.balance, run.flows, metal, year) for metal in metals
    }
    return {
        metal: account.sort_values(
            "stage", key=lambda stages: stages.map(STAGES.index), kind="stable"
        )
        for metal, account in accounts.items()
    }


def _answer(
    found: Balance,
    flows: BaseFlows,
    closing: Mapping[str, Residual],
    accounts: Mapping[str, pd.DataFrame],
    year: int,
) -> dict[str, Any]:
    """The JSON answer: the accounts of one year, or the stocks and waste of all."""
    system = found.system
    answer: dict[str, Any] = {
        **identity(system),
        "shares": flows.shares,
        "planned": list(flows.planned),
        "observed_years": list(flows.observed_years),
        "residual": {name: each.relative_to_own for name, each in closing.items()},
    }
    if accounts:
        kept = {metal: records(account) for metal, account in accounts.items()}
        return {**answer, "year": year, "accounts": kept}
    return {
        **answer,
        "years": system.years,
        "convention": system.stock_convention,
        "unit": "t, t/year",
        "stocks": {
            name: {q: getattr(stock, q).tolist() for q in ("inflow", "stock", "outflow")}
            for name, stock in found.stocks.items()
        },
        "arising": {name: series.tolist() for name, series in found.arising.items()},
    }


def _show(
    found: Balance,
    flows: BaseFlows,
    closing: Mapping[str, Residual],
    accounts: Mapping[str, pd.DataFrame],
    year: int,
    sankey: Path | None,
) -> None:
    from planner.cli._terminal import show_balance

    if not accounts:
        show_balance(found)
    for metal, account in accounts.items():
        typer.echo(f"{metal}, {year}, t/year")
        shown = account[["stage", "item", "name", "value"]]
        typer.echo(shown.to_string(index=False, float_format=lambda x: f"{x:,.4g}") + "\n")
    typer.echo(f"shares: {flows.shares}{_observed_years(flows.observed_years)}")
    closed = "; ".join(f"{name} close to {r.relative_to_own:.1e}" for name, r in closing.items())
    typer.echo(f"{closed} of the largest flow of their metal, all metals and years")
    if sankey is not None:
        typer.echo(f"{sankey} is written")


def _observed_years(years: Sequence[int]) -> str:
    """In which years activities were observed, and what holds in the others."""
    if not years:
        return ""
    between = "linear between them, held outside" if len(years) > 1 else "held in all others"
    return f" (activities observed in {', '.join(map(str, years))}; {between})"
