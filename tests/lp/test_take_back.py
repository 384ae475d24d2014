"""Producer responsibility: waste taken back beyond the collection rate at a cost, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.solver.compiled import compiled
from tests.small import Study, plan_of, price, system_of, yearly

WASTE = 100.0
"""t that leave use in 2021: what entered in 2020 and lives a year."""


def loop(rate: float = 0.2, buy: float = 50, **back: float) -> Study:
    """100 t of waste arise; 90 t of cells are wanted. Metal is bought at 50, or won from waste at 5
    a tonne."""
    s = Study()
    s.good("li", "refined").good("cell", "product", demand=90, shortage_cost=1e4)
    s.good("old", "waste", collection=rate)
    s.process("buy", "import", gives={"li": 1}, import_price=buy)
    s.process("recycle", "recycle", takes={"old": 1}, gives={"li": 1}, variable_cost=5)
    s.process("make", "manufacture", takes={"li": 1}, gives={"cell": 1})
    s.product("b", waste="old", uses={"cell": 1}, inflow={2020: WASTE})
    return s.take_back("old", **back) if back else s


def cost(plan: Plan, item: str) -> tuple[float, float]:
    """Value a year and present value of an item."""
    rows = plan.tables["costs"]
    rows = rows[rows["item"] == item]
    return float(rows["value"].sum()), float(rows["present_value"].sum())


def test_what_is_cheaper_than_buying_is_taken_back(tmp_path: Path) -> None:
    """20 t come by themselves, 30 t more are taken back at 25 (25 + 5 < 50), 40 t are bought:
    50 x 5 + 30 x 25 + 40 x 50 = 3,000. Without taking back 20 x 5 + 70 x 50 = 3,600."""
    plan = plan_of(loop(more=0.3, cost=25, fee=40), tmp_path / "a")
    assert yearly(plan, "taken_back", "old") == pytest.approx([30])
    assert yearly(plan, "activity", "recycle") == pytest.approx([50])
    assert plan.cost == pytest.approx(3000)
    assert plan_of(loop(), tmp_path / "b").cost == pytest.approx(3600)


def test_a_plan_that_takes_back_is_repeated(tmp_path: Path) -> None:
    """50 of 100 t are recycled, though 20 t come by themselves; simulated by its own shares the
    plan came back with 20 t, and 70 t bought."""
    plan = plan_of(loop(more=0.3, cost=25), tmp_path)
    again = planner.simulate_plan(plan.balance, plan.values)
    assert again.values["activity"]["recycle", 2021] == pytest.approx(50)
    assert again.values["activity"]["buy", 2021] == pytest.approx(40)
    assert again.limits.empty


def test_the_fee_is_a_transfer_and_no_cost(tmp_path: Path) -> None:
    """30 t at 25 are 750 of cost; the deposit of 40 a tonne is 1,200 that changes hands, with a
    present value of nought."""
    plan = plan_of(loop(more=0.3, cost=25, fee=40), tmp_path)
    assert cost(plan, "take_back") == pytest.approx((750, 750))
    assert cost(plan, "transfer") == pytest.approx((1200, 0))


def test_nothing_is_taken_back_where_buying_is_cheaper(tmp_path: Path) -> None:
    """46 + 5 > 50: 20 x 5 + 70 x 50 = 3,600, whatever the fee."""
    plan = plan_of(loop(more=0.3, cost=46), tmp_path)
    assert yearly(plan, "taken_back", "old") == pytest.approx([0])
    assert plan.cost == pytest.approx(3600)


def test_what_one_more_tonne_would_save(tmp_path: Path) -> None:
    """A tonne more of waste collected by itself saves 50 - 5 = 45; one more that may be taken back
    saves that less 25, which is 20: ceilings have negative prices."""
    plan = plan_of(loop(more=0.3, cost=25), tmp_path)
    assert price(plan, "collection", "old") == pytest.approx(-45)
    assert price(plan, "take_back", "old") == pytest.approx(-20)


def test_waste_that_a_process_makes_is_taken_back_too(tmp_path: Path) -> None:
    """Making 90 t of cells leaves 10 t of the same waste (100 t of metal taken in): of 110 t 0.3
    more are 33 t, 22 t come by themselves, 45 t are bought: 55 x 5 + 33 x 25 + 45 x 50 = 3,350."""
    s = Study()
    s.good("li", "refined").good("cell", "product", demand=90, shortage_cost=1e4)
    s.good("old", "waste", collection=0.2)
    s.process("buy", "import", gives={"li": 1}, import_price=50)
    s.process("recycle", "recycle", takes={"old": 1}, gives={"li": 1}, variable_cost=5)
    s.process("make", "manufacture", takes={"li": 10 / 9}, gives={"cell": 1, "old": 1 / 9})
    s.product("b", waste="old", uses={"cell": 1}, inflow={2020: WASTE})
    plan = plan_of(s.take_back("old", more=0.3, cost=25), tmp_path)
    assert yearly(plan, "taken_back", "old") == pytest.approx([33])
    assert plan.cost == pytest.approx(3350)


def test_without_any_more_the_programme_is_the_same(tmp_path: Path) -> None:
    plain, closed = (
        compiled(system_of(s, tmp_path / n)).arrays
        for n, s in (("a", loop()), ("b", loop(more=0, cost=25)))
    )
    assert list(plain.columns) == list(closed.columns)
    assert (plain.matrix != closed.matrix).nnz == 0
    np.testing.assert_array_equal(plain.cost, closed.cost)


def test_more_than_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"come to 1\.1 in 2021; let them add up to 1"):
        system_of(loop(rate=0.8, more=0.3, cost=1), tmp_path)


def test_waste_without_a_rate_is_refused(tmp_path: Path) -> None:
    s = loop(more=0.3, cost=1)
    s.rows["collection"] = []
    with pytest.raises(SpecError, match="'old' has no collection rate"):
        system_of(s, tmp_path)


def test_a_take_back_without_a_cost_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the take-back of 'old' has no cost"):
        system_of(loop().take_back("old", more=0.3), tmp_path)


def test_only_waste_is_taken_back(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="only goods of kind waste are taken back"):
        system_of(loop().take_back("li", more=0.3, cost=1), tmp_path)


def test_the_model_that_pyomo_compiles_says_the_same(tmp_path: Path) -> None:
    """3,000 as in the first example, by the Pyomo model and its own compilation."""
    system = system_of(loop(more=0.3, cost=25, fee=40), tmp_path)
    model = planner.build(system)
    assert planner.solve(model).cost == pytest.approx(3000)
    assert len(list(model.take_back)) == 1


def test_a_measure_moves_what_can_be_taken_back(tmp_path: Path) -> None:
    """Two years, 100 t wanted in each, life of a year: the waste of 2022 was wanted in 2021. A
    measure spares 20 t then at no cost, so that 80 t arise in 2022: 0.3 of them, 24 t, are taken
    back beside 16 t by themselves; without the term of the measure it would be 30 t."""
    s = Study(last=2022)
    s.good("li", "refined").good("cell", "product", demand=100, shortage_cost=1e4)
    s.good("old", "waste", collection=0.2)
    s.process("buy", "import", gives={"li": 1}, import_price=50)
    s.process("recycle", "recycle", takes={"old": 1}, gives={"li": 1}, variable_cost=5)
    s.process("make", "manufacture", takes={"li": 1}, gives={"cell": 1})
    s.product("b", waste="old", uses={"cell": 1}, inflow={2020: 0})
    s.measure("spare", "efficiency", "cell", cost=0, potential=[0.2, 0.0])
    plan = plan_of(s.take_back("old", more=0.3, cost=25), tmp_path)
    assert yearly(plan, "taken_back", "old") == pytest.approx([0, 24])
    assert yearly(plan, "activity", "recycle") == pytest.approx([0, 40])
