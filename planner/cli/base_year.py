"""What `planner balance STUDY --metal M --year Y` shows: the account of metals in a year, simulated, and the residuals of all years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from planner.cli.app import print_json
from planner.cli.security import records
from planner.errors import Problem, SpecError

if TYPE_CHECKING:
    from planner.balance import Balance, Residual
    from planner.simulate import Simulation

STAGES = ("extraction", "trade", "refining", "manufacture", "use", "waste", "recycling", "loss", "balance")
"""How the account orders its stages."""
OBSERVED = "observed"
TOLERANCE = 1e-12
"""Largest residual that is rounding, as a share of the largest flow."""


def show_accounts(balance: Balance, metal: str, year: int | None, as_json: bool) -> None:
    """The account of one metal, or of all, in the period that begins in a year. Raises SpecError where the flows do not close."""
    from planner.flows import base_account

    system = balance.system
    year = system.periods[0].first if year is None else year
    problems = [] if not metal or metal in system.metals else [
        Problem("--metal", 0, "", f"no metal '{metal}'; one of {', '.join(system.metals)}")]
    if year not in [p.first for p in system.periods]:
        problems.append(Problem("--year", 0, "", f"no period begins in {year}"))
    if problems:
        raise SpecError("command line", problems)
    run, shares = simulated(balance)
    closing = require_closed(balance, run)
    accounts = {m: base_account(balance, run.flows, m, year) for m in ([metal] if metal else system.metals)}
    if as_json:
        print_json({"study": system.name, "scenario": system.scenario, "year": year, "shares": shares,
                    "residual": {name: r.relative for name, r in closing.items()},
                    "accounts": {m: records(a) for m, a in accounts.items()}})
        return
    for name, account in accounts.items():
        typer.echo(f"{name}, {year}, t/year")
        account = account.sort_values("stage", key=lambda stages: stages.map(STAGES.index), kind="stable")
        typer.echo(account[["stage", "item", "name", "value"]].to_string(index=False, float_format=lambda x: f"{x:,.4g}") + "\n")
    typer.echo(f"shares: {shares}" + ("; what it draws from stockpiles is short here" if shares != OBSERVED else ""))
    typer.echo("; ".join(f"{name} close to {r.relative:.1e}" for name, r in closing.items()) + " of the largest flow, all metals and years")


def simulated(balance: Balance) -> tuple[Simulation, str]:
    """The simulation by the observed activities; where they do not settle the shares, by those of the study's least-cost plan."""
    from planner.simulate import shares_from, simulate

    try:
        return simulate(balance), OBSERVED
    except SpecError as error:
        typer.echo(f"{error}\nso the shares of the least-cost plan are taken", err=True)
    from planner import solve

    plan = solve(balance.system)
    return simulate(balance, shares=shares_from(balance, plan.values)), "least-cost plan"


def require_closed(balance: Balance, run: Simulation) -> dict[str, Residual]:
    """Residuals of goods, processes and nodes of the flow table. Raises SpecError with the name, year and size of each that fails."""
    from planner.balance import residual
    from planner.flows import node_residual

    goods, processes = residual(balance, run.values)
    found = {"goods": goods, "processes": processes, "nodes": node_residual(balance, run.flows)}
    failures = [Problem("balance", 0, name, failure) for name, r in found.items() for failure in r.failures(TOLERANCE)]
    if failures:
        raise SpecError(balance.system.name, failures)
    return found
