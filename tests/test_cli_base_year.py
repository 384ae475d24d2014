"""`planner balance STUDY --metal M`: the account of a metal, and how what does not close fails."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import planner
from planner.cli import app
from planner.cli.base_year import TOLERANCE, require_closed, simulated
from planner.errors import SpecError
from planner.simulate import drives_of, shares_from


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_china_closes_at_every_process_metal_and_year() -> None:
    """Observed activities do not settle germanium and indium: the plan's shares are taken, and said to be."""
    shown = run("balance", "china", "--scenario", "pinned", "--year", "2021", "--json")
    assert shown.exit_code == 0, shown.stderr
    answer = json.loads(shown.stdout)
    assert answer["shares"] == "least-cost plan"
    assert set(answer["accounts"]) == {"lithium", "cobalt", "indium", "niobium", "germanium"}
    assert max(answer["residual"].values()) <= TOLERANCE
    account = pd.DataFrame(answer["accounts"]["lithium"])
    assert {"extraction", "trade", "refining", "manufacture", "use", "waste", "recycling", "loss", "balance"} == set(account["stage"])
    exported = account[(account["stage"] == "trade") & (account["item"] == "export")]["value"].sum()
    assert exported == pytest.approx(48000)


def test_world_needs_no_plan() -> None:
    shown = run("balance", "world", "--metal", "cobalt", "--year", "2050")
    assert shown.exit_code == 0, shown.stderr
    assert "shares: observed" in shown.stdout
    assert "mine_cobalt" in shown.stdout


def test_a_flow_that_is_no_number_fails_by_name() -> None:
    balance = planner.balance(planner.read("world"))
    found, _ = simulated(balance)
    broken = {**found.values, "activity": {**found.values["activity"], ("mine_cobalt", 2030): float("nan")}}
    with pytest.raises(SpecError, match="mine_cobalt, cobalt, 2030"):
        require_closed(balance, replace(found, values=broken))


def test_a_flow_that_is_wrong_fails_by_name() -> None:
    balance = planner.balance(planner.read("world"))
    found, _ = simulated(balance)
    more = found.values["activity"]["mine_cobalt", 2030] + 1.0
    broken = {**found.values, "activity": {**found.values["activity"], ("mine_cobalt", 2030): more}}
    with pytest.raises(SpecError, match="cobalt/refined, 2030: 1 t"):
        require_closed(balance, replace(found, values=broken))


def test_unknown_metal_and_year() -> None:
    shown = run("balance", "world", "--metal", "tin", "--year", "1999")
    assert shown.exit_code == 2
    assert "no metal 'tin'" in shown.stderr
    assert "no period begins in 1999" in shown.stderr


def test_what_a_plan_puts_into_stockpiles_is_no_share_above_one() -> None:
    """Lithium and cobalt of the pinned plan fill stockpiles in some years: before that counted as wanted, shares passed 1."""
    plan = planner.solve(planner.read("china", scenario="pinned"))
    filled = {good for (good, _), value in plan.values["fill"].items() if value > 0}
    assert {"lithium/refined", "cobalt/refined"} <= filled
    drives, shares = drives_of(plan.system), shares_from(plan.balance, plan.values)
    for good in filled:
        total = sum(share for name, share in shares.items() if drives[name].mode == "pulled" and drives[name].good == good)
        assert float(np.max(total)) <= 1 + TOLERANCE
