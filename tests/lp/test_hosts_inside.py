"""Hosts that are in the study themselves: a by-product comes with the activity of its host, which
is chosen by the plan. Each figure by hand."""

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

METALS = ("zinc", "indium")


def smelter(zinc: float = 100, indium: float = 10, *, beside: float = 0, **head: Any) -> Study:
    """Zinc smelted at 40 USD/t or imported at 50. A tonne smelted holds 0.1 t of indium: 0.08 t of
    it are won at 6 USD/t; imported indium costs 500."""
    return (
        Study(metals=METALS, **head)
        .host("smelting", beside, indium=0.1)
        .good("zn", "refined", metal="zinc", demand=zinc, shortage_cost=9000)
        .good("in", "refined", metal="indium", demand=indium, shortage_cost=9000)
        .process("smelt", "mine", gives={"zn": 1, "smelting": 1}, variable_cost=40)
        .process("buy_zn", "import", gives={"zn": 1}, import_price=50)
        .process(
            "win", "byproduct", host="smelting", gives={"in": 1}, variable_cost=6, host_content=0.08
        )
        .process("buy_in", "import", gives={"in": 1}, import_price=500)
    )


def test_a_byproduct_comes_with_the_activity_of_its_host(tmp_path: Path) -> None:
    """100 t of zinc hold 10 t of indium, of which 8 t are won: 4,000 + 48 + 2 x 500 = 5,048. With
    an output of 0 as data all 10 t would be bought: 9,000."""
    plan = plan_of(smelter(), tmp_path)
    assert plan.cost == pytest.approx(5048)
    assert yearly(plan, "activity", "win") == pytest.approx([8])
    assert plan.certificate.holds
    assert limits_passed(balance(plan.system), plan_activity(plan)).empty
    table = plan.stocks[plan.stocks["kind"] == "host"].set_index("quantity")["value"]
    assert table.to_dict() == pytest.approx({"content": 10, "won": 8, "laid_down": 0, "lost": 2})


def plan_activity(plan: planner.Plan) -> Any:
    return np.array([yearly(plan, "activity", name) for name in plan.system.processes])


def test_the_byproduct_carries_a_host_that_would_not_pay_alone(tmp_path: Path) -> None:
    """At 60 USD/t smelting loses 10 against imported zinc. A tonne of it gives 0.08 t of indium,
    each worth 500 - 6 = 494: 39.52. So zinc is smelted for its indium as long as indium is wanted:
    4 t take 50 t of zinc, the other 50 t are bought: 3,000 + 2,500 + 24 = 5,524. Left alone, zinc
    would be bought for 5,000 and indium for 2,000. Indium costs what it drags along: 6 + 10/0.08 =
    131, and zinc stays at 50."""
    study = smelter(indium=4)
    smelting_costs(study, 60)
    plan = plan_of(study, tmp_path)
    assert plan.cost == pytest.approx(5524)
    assert yearly(plan, "activity", "smelt") == pytest.approx([50])
    assert price(plan, "balance", "in", 2021) == pytest.approx(131)
    assert price(plan, "balance", "zn", 2021) == pytest.approx(50)


def smelting_costs(study: Study, cost: float) -> None:
    for row in study.rows["process_values"]:
        if row["process"] == "smelt":
            row["value"] = cost


def test_a_host_may_have_output_beside_the_study(tmp_path: Path) -> None:
    """25 t smelted elsewhere in the country hold 2 t more that can be won: none is bought."""
    plan = plan_of(smelter(beside=25), tmp_path)
    assert plan.cost == pytest.approx(4060)


def test_what_is_not_won_of_a_host_in_the_study_is_laid_down(tmp_path: Path) -> None:
    """2021: of 10 t of indium in the zinc smelted 8 are won and 1 of the other 2 laid down. 2022:
    zinc is bought at 30, nothing is smelted, and the tonne is mined again at 90 for the one that is
    wanted. Without the fill it would be bought at 500."""
    study = smelter(zinc=100, indium=[8, 1], last=2022)  # type: ignore[arg-type]
    study.rows["process_values"] = [
        row for row in study.rows["process_values"] if row["process"] != "buy_zn"
    ]
    study._values("process_values", {"process": "buy_zn"}, {"import_price": [50, 30]})
    study.deposit("slag", metal="indium", reserve=0).residue("slag", "smelting", 0.5)
    study.process("rework", "mine", takes={"slag": 1}, gives={"in": 1}, variable_cost=90)
    plan = plan_of(study, tmp_path)
    assert plan.cost == pytest.approx(4000 + 48 + 3000 + 90)
    fill = plan.stocks[(plan.stocks["name"] == "slag") & (plan.stocks["quantity"] == "fill")]
    assert fill["value"].tolist() == pytest.approx([1, 0])
    assert plan.certificate.holds


def test_circuits_share_a_host_in_the_study(tmp_path: Path) -> None:
    """A second circuit wins 0.04 t more at 30: the content of 10 t ends it at 2 t."""
    study = smelter(indium=20).process(
        "more", "byproduct", host="smelting", gives={"in": 1}, variable_cost=30, host_content=0.04
    )
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "activity", "more") == pytest.approx([2])
    assert price(plan, "circuit_limit", "win, smelting", 2021) == pytest.approx(-24 * 0.08)


def test_losing_a_host_loses_what_gives_it(tmp_path: Path) -> None:
    """With the smelter away both metals are bought: 100 x 50 + 10 x 500 = 10,000 USD, 4,952
    more than planned. Were the smelter still to run, zinc would cost 40: 3,952 more."""
    losses = planner.disrupt(system_of(smelter(), tmp_path)).losses.set_index("loss")
    assert losses.loc["host/smelting", "cost"] == pytest.approx(4952)
    assert losses.loc["host/smelting", "unmet"] == pytest.approx(0)


def test_a_host_is_no_input(tmp_path: Path) -> None:
    study = smelter().process("eat", "refine", takes={"smelting": 1}, gives={"in": 1})
    with pytest.raises(SpecError, match=r"coefficients.csv row \d+, column 'direction'.*is a host"):
        system_of(study, tmp_path)
