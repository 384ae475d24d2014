"""Deposits as geology: tranches of ore by grade, each figure by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner
from planner.errors import SpecError
from planner.mfa.balance import balance
from planner.mfa.bound_checks import limits_passed
from tests.small import Study, plan_of, price, system_of, yearly

RICH = {"grade": 0.02, "ore_cost": 1, "ore_electricity": 0.03, "ore_emission": 0.01}
POOR = {**RICH, "grade": 0.01}
"""A tonne of metal from rich ore takes 50 t of it: 50 USD, 1.5 MWh and 0.5 t CO2e beside those of
the electricity; from poor ore twice that."""


def pit(rich: dict[str, float] = RICH, poor: dict[str, float] = POOR, **head: Any) -> Study:
    """30 t in each of two years, out of 40 t in rich ore and 100 t in poor, or imported at 300."""
    return (
        Study(last=2022, **head)
        .good("li", "refined", demand=30, shortage_cost=1000)
        .deposit("pit", reserve=140)
        .process("mine", "mine", takes={"pit": 1}, gives={"li": 1}, variable_cost=7)
        .process("buy", "import", gives={"li": 1}, import_price=300)
        .curve("pit", a={**rich, "reserve": 40}, b=poor)
        .series("grid_intensity", 0.4)
    )


def test_poorer_ore_costs_and_emits_more_by_the_tonne_of_metal(tmp_path: Path) -> None:
    """40 t at 50 and 20 t at 100 USD, each and 7 for the mine: 2,000 + 2,000 + 420 = 4,420 USD.
    Rich ore emits 0.5 + 1.5 x 0.4 = 1.1 t CO2e/t and poor 2.2: 44 + 44 = 88 t. At one grade for all
    it would be 3,420 USD and 66 t."""
    plan = plan_of(pit(), tmp_path)
    assert plan.cost == pytest.approx(4420)
    assert sum(yearly(plan, "step", "pit/a")) == pytest.approx(40)
    assert plan.emissions.groupby("scope")["value"].sum().to_dict() == pytest.approx(
        {"territorial": 88, "footprint": 88}
    )
    parts = plan.emissions.groupby(["scope", "process", "part"])["value"].sum()
    assert parts["territorial", "deposit/pit/b", "electricity"] == pytest.approx(24)
    assert parts["territorial", "deposit/pit/b", "direct"] == pytest.approx(20)
    assert plan.certificate.holds


def test_the_price_rises_as_the_rich_ore_is_used_up(tmp_path: Path) -> None:
    """At 10 % a year the rich ore goes first: all 30 t of 2021 and 10 t of 2022, when poor ore
    makes up the rest and the price is 107. A tonne of rich ore left for 2022 saves 50 then, so that
    it is worth 50/1.1 in 2021: the price is 57 + 45.45 = 102.45. Without the rent of depletion it
    would be 57."""
    plan = plan_of(pit(discount_rate=0.1), tmp_path)
    assert yearly(plan, "step", "pit/a") == pytest.approx([30, 10])
    assert price(plan, "balance", "li", 2022) == pytest.approx(107)
    assert price(plan, "balance", "li", 2021) == pytest.approx(57 + 50 / 1.1)


def test_carbon_makes_poor_ore_lose_against_an_import(tmp_path: Path) -> None:
    """At 100 USD/t CO2e poor ore costs 107 + 220 = 327, more than 300 imported; rich ore 167.
    Paid: 40 x 167 + 20 x 300 = 12,680. Were the ore's own emissions left out, nothing would be
    imported."""
    plan = plan_of(pit().series("carbon_price", 100), tmp_path)
    assert sum(yearly(plan, "activity", "buy")) == pytest.approx(20)
    assert plan.cost == pytest.approx(12680)
    carbon = plan.costs[plan.costs["item"] == "carbon_price"].set_index("name")["value"]
    assert carbon["deposit/pit/a"].sum() == pytest.approx(4400)


def test_a_cap_on_carbon_counts_the_ore(tmp_path: Path) -> None:
    """Half of the 88 t of the cheapest plan: the 40 t of rich ore emit 44 t, all else is bought.
    The frontier of the metal ends where nothing is dug at all."""
    study = pit().policy("cap", "carbon_budget", scope="territorial", cap=44)
    assert sum(yearly(plan_of(study, tmp_path), "activity", "buy")) == pytest.approx(20)
    points = planner.frontier(system_of(pit(), tmp_path / "all"), points=2, by_metal=True)
    carbon = points.points.set_index("group").loc["lithium", "carbon"]
    assert carbon.max() == pytest.approx(88)
    assert carbon.min() == pytest.approx(0, abs=1e-6)


WRONG: dict[str, tuple[dict[str, float], dict[str, float], str]] = {
    "cheaper below": (POOR, RICH, "the price of 'pit' must not fall from step to step"),
    "cleaner below": (
        RICH,
        {**POOR, "ore_cost": 9, "ore_electricity": 0.01},
        "electricity per tonne of metal of 'pit' must not fall",
    ),
    "less diesel below": (RICH, {**POOR, "ore_emission": 0.001}, "emission per tonne of metal"),
    "no grade": ({"ore_cost": 1}, POOR, "has ore_cost but no grade"),
    "a grade of nothing": (RICH, {"price": 200, "grade": 0.01}, "has a grade and nothing by tonne"),
    "no cost": ({"grade": 0.02, "ore_emission": 0.01}, POOR, "has no price"),
    "grade of 0": ({**RICH, "grade": 0}, POOR, "must be greater than 0"),
    "ore of a mine that is none": (RICH, POOR, "which counts at home"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_dug_in_order_is_refused(name: str, tmp_path: Path) -> None:
    rich, poor, message = WRONG[name]
    study = pit(rich, poor)
    if name == "ore of a mine that is none":
        study.process("fetch", "import", takes={"pit": 1}, gives={"li": 1}, import_price=9)
    with pytest.raises(SpecError) as refused:
        system_of(study, tmp_path)
    assert message in str(refused.value)
    assert "curves.csv" in str(refused.value)


def test_ore_of_another_place_has_no_energy_of_its_own(tmp_path: Path) -> None:
    """Its grid and its carbon price are those of the place, and its tonne is none of home."""
    study = pit(places=["Chile"])
    study.process("there", "mine", takes={"pit": 1}, gives={"li": 1}, place="Chile", pathway="")
    study.trade("li", "Chile", "home", freight=1)
    with pytest.raises(SpecError, match="'there' digs it abroad"):
        system_of(study, tmp_path)


def test_an_import_has_no_ore(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is no deposit and has no ore"):
        system_of(pit().curve("buy", a={"price": 1, "grade": 0.1}), tmp_path)


def test_the_grade_is_set_by_its_path(tmp_path: Path) -> None:
    """Poor ore of 0.8 % costs 125 USD/t: 20 t of it 500 USD more than at 1 %."""
    system = system_of(pit(), tmp_path, overrides={"curves.pit.b.grade": 0.008})
    assert planner.solve(system).cost == pytest.approx(4920)


def growing(growth: float = 0.5, demand: tuple[float, ...] = (10, 10), **values: float) -> Study:
    """A deposit of 15 t, mined at 1 USD/t, that grows by half of what is left; imports cost 30."""
    return (
        Study(last=2020 + len(demand))
        .good("li", "refined", demand=list(demand), shortage_cost=1000)
        .deposit("pit", reserve=15, growth=growth, **values)
        .process("mine", "mine", takes={"pit": 1}, gives={"li": 1}, variable_cost=1)
        .process("buy", "import", gives={"li": 1}, import_price=30)
    )


def test_what_is_left_grows_and_what_is_dug_does_not(tmp_path: Path) -> None:
    """To serve both years the 15 t would have to become 20: with x t dug in 2021 there are
    1.5 (15 - x) t in 2022, so that x = 25/3 leaves 10 t. Dug at 1: 25/3 + 10; bought 5/3 at 30:
    68.33 USD. Without growth 5 t would be bought: 165."""
    plan = plan_of(growing(), tmp_path)
    assert yearly(plan, "activity", "mine") == pytest.approx([25 / 3, 10])
    assert plan.cost == pytest.approx(25 / 3 + 10 + 50)
    assert yearly(plan, "remaining", "pit") == pytest.approx([20 / 3, 0])
    assert price(plan, "depletion", "pit", 2021) == pytest.approx(-29)
    assert price(plan, "depletion", "pit", 2022) == pytest.approx(-29 / 1.5)
    assert plan.certificate.holds
    assert limits_passed(balance(plan.system), activities(plan)).empty


def activities(plan: planner.Plan) -> Any:
    return np.array([yearly(plan, "activity", name) for name in plan.system.processes])


def test_ore_that_is_gone_does_not_grow(tmp_path: Path) -> None:
    """Without a plan 10 t a year are dug: 15 t hold 5 in 2021, 5 + 2.5 - 10 = -2.5 in 2022 and
    -12.5 in 2023, and the check says what passes: 30 t dug of 17.5 that there ever were."""
    system = system_of(growing(demand=(10, 10, 10)), tmp_path)
    passed = limits_passed(balance(system), np.array([[0, 0, 0], [10, 10, 10]]))
    assert passed[["year", "value", "bound"]].to_numpy().tolist() == [
        [2022, 20, 17.5],
        [2023, 30, 17.5],
    ]
