"""The command that shows the flow balance: use stocks, waste, flows of every year without a choice,
accounts, Sankey."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.accounts import Metal, Out, write_tables
from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system
from planner.cli.security import records
from planner.errors import Problem, SpecError

if TYPE_CHECKING:
    from planner.mfa.balance import Balance, Residual
    from planner.mfa.simulate import Simulation
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
"""How the account orders its stages."""
OBSERVED, GIVEN = "observed", "given, and observed"
TOLERANCE = 1e-12
"""Largest residual that is rounding, as a share of the largest flow of the metal."""


@app.command(
    "balance", epilog="Example: planner balance china --metal lithium --sankey lithium.html"
)
def balance(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    metal: Metal = "",
    year: Annotated[
        int | None,
        typer.Option(
            "--year",
            metavar="YEAR",
            help="Show the account of this year; the first with --metal alone.",
        ),
    ] = None,
    sankey: Annotated[
        Path | None,
        typer.Option(
            "--sankey",
            metavar="FILE",
            help="Draw a metal's flows: a page with a slider over the years (.html), or a picture of one year "
            "(.svg, .png, .pdf).",
        ),
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option(
            "--share",
            metavar="PROCESS=SHARE",
            help="Share of a process in the good it follows, in all years; the others of that good share "
            "the rest as observed. May be repeated.",
        ),
    ] = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show all flows, stocks and losses without optimising: the balance of every process, metal and
    year, and a metal's account."""
    from planner.cli._terminal import Stages, show_balance

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("balance")
        import planner

        found = planner.balance(system)
        require_known(found.system, metal, year, sankey)
        stage("simulate")
        run, shares = simulated(found, given_shares(share or []))
        closing = require_closed(found, run)
        write_tables(out, {"flows": run.flows, "unmet": run.unmet, "limits": run.limits})
    if not (metal or year is not None or as_json or quiet):
        show_balance(found)
    if sankey is not None:
        from planner.figures.plan_figures import flow_sankey, write_figure

        write_figure(flow_sankey(run.flows, metal or found.system.metals[0], year), sankey)
    if as_json:
        print_json(_answer(found, run, shares, closing, metal, year))
    elif not quiet:
        if metal or year is not None:
            _show_accounts(found, run, metal, year)
        typer.echo(f"shares: {shares}")
        typer.echo(
            "; ".join(f"{name} close to {r.relative_to_own:.1e}" for name, r in closing.items())
            + " of the largest flow of their metal, all metals and years"
        )
        if sankey is not None:
            typer.echo(f"{sankey} is written")


def require_known(system: System, metal: str, year: int | None, sankey: Path | None) -> None:
    """Raise SpecError where a metal or year is asked for that the study does not have, or a Sankey
    of several metals."""
    problems = (
        []
        if not metal or metal in system.metals
        else [Problem("--metal", 0, "", f"no metal '{metal}'; one of {', '.join(system.metals)}")]
    )
    if year is not None and year not in [p.first for p in system.periods]:
        problems.append(Problem("--year", 0, "", f"no period begins in {year}"))
    if sankey is not None and not metal and len(system.metals) > 1:
        problems.append(
            Problem(
                "--sankey",
                0,
                "",
                f"shows one metal; name it with --metal, one of {', '.join(system.metals)}",
            )
        )
    if problems:
        raise SpecError("command line", problems)


def _answer(
    found: Balance,
    run: Simulation,
    shares: str,
    closing: dict[str, Residual],
    metal: str,
    year: int | None,
) -> dict[str, Any]:
    """What --json prints: the stocks and waste of all years, or the accounts of one."""
    system = found.system
    answer: dict[str, Any] = {
        "study": system.name,
        "scenario": system.scenario,
        "shares": shares,
        "residual": {name: r.relative_to_own for name, r in closing.items()},
    }
    if metal or year is not None:
        return {
            **answer,
            "year": _shown(system, year),
            "accounts": {m: records(a) for m, a in _accounts(found, run, metal, year).items()},
        }
    return {
        **answer,
        "years": system.years,
        "convention": system.stock_convention,
        "unit": "t, t/year",
        "stocks": {
            name: {q: getattr(s, q).tolist() for q in ("inflow", "stock", "outflow")}
            for name, s in found.stocks.items()
        },
        "arising": {name: series.tolist() for name, series in found.arising.items()},
    }


def _shown(system: System, year: int | None) -> int:
    return system.periods[0].first if year is None else year


def _accounts(found: Balance, run: Simulation, metal: str, year: int | None) -> dict[str, Any]:
    """The account of one metal, or of all, in the period that begins in a year, stages in order."""
    from planner.mfa.flows import base_account

    accounts = {
        m: base_account(found, run.flows, m, _shown(found.system, year))
        for m in ([metal] if metal else found.system.metals)
    }
    return {
        m: a.sort_values("stage", key=lambda stages: stages.map(STAGES.index), kind="stable")
        for m, a in accounts.items()
    }


def _show_accounts(found: Balance, run: Simulation, metal: str, year: int | None) -> None:
    for name, account in _accounts(found, run, metal, year).items():
        typer.echo(f"{name}, {_shown(found.system, year)}, t/year")
        typer.echo(
            account[["stage", "item", "name", "value"]].to_string(
                index=False, float_format=lambda x: f"{x:,.4g}"
            )
            + "\n"
        )


def given_shares(settings: list[str]) -> dict[str, float]:
    """`--share PROCESS=SHARE` options; raises SpecError where one is no such pair."""
    shares: dict[str, float] = {}
    problems: list[Problem] = []
    for setting in settings:
        name, _, text = setting.rpartition("=")
        try:
            shares[name.strip()] = float(text)
        except ValueError:
            problems.append(
                Problem("--share", 0, "", f"'{setting}' is no PROCESS=SHARE; write mine_brine=0.3")
            )
    if problems:
        raise SpecError("command line", problems)
    return shares


def simulated(balance: Balance, given: Mapping[str, float] | None = None) -> tuple[Simulation, str]:
    """The simulation by the shares given and the observed activities; where these do not settle the
    shares, by the least-cost plan's.

    With the plan's shares go the stockpiles that it draws on and fills. Shares that are given are
    never mixed with the plan's: raises SpecError where others are wanting.
    """
    from planner.mfa.simulate import shares_from, simulate, stockpiles_from

    if given:
        return simulate(balance, shares=given), GIVEN
    try:
        return simulate(balance), OBSERVED
    except SpecError as error:
        typer.echo(f"{error}\nso the shares of the least-cost plan are taken", err=True)
    from planner.plan.solve import optimum

    plan = optimum(balance.system)
    shares, stockpiles = (
        made_from(balance, plan.values) for made_from in (shares_from, stockpiles_from)
    )
    return simulate(balance, shares=shares, stockpiles=stockpiles), "least-cost plan"


def require_closed(balance: Balance, run: Simulation) -> dict[str, Residual]:
    """Residuals of goods, processes and nodes of the flow table. Raises SpecError with the name,
    year and size of each that fails."""
    from planner.mfa.balance import residual
    from planner.mfa.flows import node_residual

    goods, processes = residual(balance, run.values)
    found = {"goods": goods, "processes": processes, "nodes": node_residual(balance, run.flows)}
    failures = [
        Problem("balance", 0, name, failure)
        for name, r in found.items()
        for failure in r.failures(TOLERANCE, own=True)
    ]
    if failures:
        raise SpecError(balance.system.name, failures)
    return found
