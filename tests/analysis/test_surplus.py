"""Surplus, terms of trade and deadweight, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.analysis.tradeoffs.surplus import BUYERS, PAYERS, PRODUCERS, SUPPLIERS
from tests.small import Study, plan_of, system_of


def trading(cap: float | None = None, power: float = 0, **demand: object) -> Study:
    """Home buyers of 20 t at 70 and 25 t at 50; a mine gives any amount at 40, an import p = q, in
    steps that end at 10, 20, 40, 80 t and USD/t."""
    study = (
        Study()
        .good("li", "refined", **demand)  # type: ignore[arg-type]
        .process("mine", "mine", gives={"li": 1}, variable_cost=40)
        .process("buy", "import", gives={"li": 1}, origin="Peru")
        .elastic(
            "buy",
            elasticity=1,
            reference_price=10,
            reference_amount=10,
            lowest_price=10,
            highest_price=80,
            steps=3,
            market_power=power,
        )
    )
    if not demand:
        study.curve("li", s1={"price": 70, "amount": 20}, s2={"price": 50, "amount": 25})
    if cap is not None:
        study.policy("cap", "quota", processes=["buy"], cap=cap)
    return study


def by_party(plan: planner.Plan) -> dict[str, float]:
    return planner.surplus(plan).groupby("party")["present_value"].sum().to_dict()


def test_who_gains_from_trade(tmp_path: Path) -> None:
    """The mine sets 40: buyers gain 20 x 30 + 25 x 10 = 850. 40 t are imported at 40, 1,600 for an
    area of 100 + 150 + 600 = 850: Peru earns 750. 5 t are mined at their price: nobody at home
    earns anything. Benefit 2,650 less cost 1,800 is the 850 of buyers."""
    plan = plan_of(trading(), tmp_path)
    found = by_party(plan)
    assert found == pytest.approx({SUPPLIERS: 750, BUYERS: 850, PRODUCERS: 0}, abs=1e-9)
    assert plan.headline.benefit - plan.cost == pytest.approx(850)
    table = planner.surplus(plan)
    assert table[table["party"] == SUPPLIERS]["place"].tolist() == ["Peru"]


def test_a_quota_has_a_deadweight_and_turns_the_terms_of_trade(tmp_path: Path) -> None:
    """A quota of 20 t leaves the price of 40 at home and brings that of Peru to 20: 20 t that would
    come for 30 in the mean are mined at 40, a deadweight of 20 x 10 = 200. Terms of trade turn by
    20 x (40 - 20) = 400, all of it a gain of those who hold the quota; Peru earns 400 - 250 = 150,
    600 less."""
    plans = [plan_of(trading(cap), tmp_path / str(cap)) for cap in (None, 20)]
    table = planner.compare(plans, ["free", "quota"]).surplus.set_index("party")
    assert table["quota"].to_dict() == pytest.approx(
        {
            SUPPLIERS: 150,
            BUYERS: 850,
            PRODUCERS: 400,
            "terms of trade against free": 400,
            "deadweight against free": 200,
        }
    )
    assert table.loc["deadweight against free", "free"] == 0
    assert table["free"].to_dict()[SUPPLIERS] == pytest.approx(750)


def test_explain_says_who_bears_a_policy(tmp_path: Path) -> None:
    """The quota gains the country 400 and costs Peru 600."""
    found = planner.explain(system_of(trading(20), tmp_path))
    row = found.incidence.set_index("policy").loc["cap"]
    assert row.to_dict() == pytest.approx({"home": -400, "abroad": 600, "deadweight": 200})
    said = "By cap home gains 400 USD and abroad loses 600 USD: a deadweight of 200."
    assert said in found.words
    assert any(sentence.startswith("Suppliers abroad gain 150") for sentence in found.words)


def test_a_monopsonist_takes_what_the_quota_would(tmp_path: Path) -> None:
    """The outlay rises by 30 and 60 a tonne in the last two steps bought by a price taker: who
    knows buys 20 t, as under the best quota, and pays it to nobody: 850 + 400 for the country."""
    plan = plan_of(trading(power=1), tmp_path)
    found = by_party(plan)
    assert found == pytest.approx({SUPPLIERS: 150, BUYERS: 850, PRODUCERS: 400})
    assert plan.headline.benefit - plan.cost == pytest.approx(1250)


def test_buyers_of_fixed_demand_show_what_they_pay(tmp_path: Path) -> None:
    """45 t are needed at any price: 1,800 for them, of which producers at home have nothing."""
    plan = plan_of(trading(demand=45, shortage_cost=1000), tmp_path)
    found = by_party(plan)
    assert found == pytest.approx({SUPPLIERS: 750, PAYERS: -1800, PRODUCERS: 0}, abs=1e-9)


def test_a_study_without_such_curves_tells_nothing(tmp_path: Path) -> None:
    study = Study().good("li", "refined", demand=1, shortage_cost=9)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=4)
    plan = plan_of(study, tmp_path)
    assert planner.surplus(plan).empty
    assert planner.compare([plan, plan]).surplus.empty
    found = planner.explain(plan.system)
    assert found.surplus.empty
    assert found.incidence.empty
