"""Subsidies against small studies solved by hand: what is decided at the cost that is left, and
what the country and the state pay.

Each docstring says what the plan costs with the subsidy, and what it would cost without.
"""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.errors import SolverError, SpecError
from tests.lp.test_families_policies import dig, market
from tests.small import Study, plan_of, price, yearly

DIG = {"processes": "dig"}


def test_a_subsidy_moves_the_plan_and_costs_the_country_nothing_by_itself(tmp_path):
    """A mine at 50, imports at 30: with 25 a tonne the mine costs whoever decides 25. All 100 t are
    mined: the country pays 5,000, the state 2,500 of it, and 2,500 are decided by. Without 3,000. A
    tonne of metal is worth 25, and being paid is worth 25 a tonne."""
    plan = plan_of(dig(market(), 50).policy("aid", "subsidy", activity=DIG, rate=25), tmp_path)
    assert (plan.objective, plan.cost, plan.outlay) == pytest.approx((2_500, 5_000, 2_500))
    assert price(plan, "balance", "li", 2021) == pytest.approx(25)
    assert price(plan, "subsidy_claim", "aid, dig", 2021) == pytest.approx(-25)
    (row,) = plan.costs.query("item == 'subsidy'").itertuples()
    assert (row.name, row.value, row.present_value) == ("aid/dig", -2_500, -2_500)
    assert "subsidies of 2.5 thousand" in plan.headline.cost_said


def test_a_subsidy_that_is_too_small_is_claimed_by_nobody(tmp_path):
    """With 15 a tonne the mine still costs 35: imports, 3,000, and nothing is paid."""
    plan = plan_of(dig(market(), 50).policy("aid", "subsidy", activity=DIG, rate=15), tmp_path)
    assert (plan.objective, plan.cost, plan.outlay) == pytest.approx((3_000, 3_000, 0))


def test_a_subsidy_for_what_runs_anyway_is_a_gift(tmp_path):
    """A mine at 10 fills all of demand, paid for or not: the country pays 1,000, the state 500."""
    plan = plan_of(dig(market(), 10).policy("aid", "subsidy", activity=DIG, rate=5), tmp_path)
    assert (plan.objective, plan.cost, plan.outlay) == pytest.approx((500, 1_000, 500))


def test_a_budget_ends_what_is_paid_for_and_not_what_runs(tmp_path):
    """1,000 a year at 25 a tonne pay for 40 t of the mine; the rest is imported: 2,000 + 1,800 for
    the country. One more in the budget buys 0.04 t, 5 cheaper each: 0.2. A mine at 20 runs for all
    100 t, 40 of them paid for: a ceiling on activity would cost 2,600 instead of 2,000."""
    rule = {"activity": DIG, "rate": 25, "budget": 1_000}
    plan = plan_of(dig(market(), 50).policy("aid", "subsidy", **rule), tmp_path)
    assert (plan.objective, plan.cost, plan.outlay) == pytest.approx((2_800, 3_800, 1_000))
    assert price(plan, "subsidy_budget", "aid", 2021) == pytest.approx(-0.2)
    cheap = plan_of(dig(market(), 20).policy("aid", "subsidy", **rule), tmp_path)
    assert (cheap.objective, cheap.cost, cheap.outlay) == pytest.approx((1_000, 2_000, 1_000))


def test_years_of_rate_and_budget(tmp_path):
    """25 a tonne in 2021 and 2022, nothing in 2023; a budget of 500 in 2022 alone. 100, 20 and 0 t
    are mined. At 10 %: the state pays 2,500 + 500 / 1.1, as it is in the table of costs."""
    study = dig(market(last=2023, discount_rate=0.1), 50)
    rule = {"activity": DIG, "rate": 25, "to": 2022, "budget": {2022: 500}}
    plan = plan_of(study.policy("aid", "subsidy", **rule), tmp_path)
    assert yearly(plan, "activity", "dig") == pytest.approx([100, 20, 0])
    assert plan.outlay == pytest.approx(2_500 + 500 / 1.1)
    paid = plan.costs.query("item == 'subsidy'")
    assert paid["present_value"].sum() == pytest.approx(-plan.outlay)
    assert plan.certificate.cost_error < 1e-12
    assert plan.objective == pytest.approx(plan.cost - plan.outlay)


def works(**rule: Any) -> Study:
    """Works of 240 a tonne, standing for four years and running at 1 a tonne, or imports at 30."""
    study = dig(market(last=2024), 1, plant="works").plant("works", capital_cost=240, life=4)
    return study.policy("aid", "subsidy", plants=["works"], **rule) if rule else study


def test_a_subsidy_of_orders_counts_as_capital_does(tmp_path):
    """A tonne of works is 60 a year and 1 to run, imported 30: nothing is built, 12,000. With 150 a
    tonne of capacity 22.5 a year and 1 are left: 100 t are built for 24,400, of which the state
    pays 15,000, 3,750 a year. A budget is cash: with 4,500 in 2021 and nothing later it pays for
    30 t, 0.3 x 24,400 + 0.7 x 12,000 for the country. Were the payment of an order of 2024 counted
    whole, 150 for 60 of annuity, there would be no best plan."""
    assert plan_of(works(), tmp_path).cost == pytest.approx(12_000)
    plan = plan_of(works(rate=150), tmp_path)
    assert (plan.objective, plan.cost, plan.outlay) == pytest.approx((9_400, 24_400, 15_000))
    paid = plan.costs.query("item == 'subsidy'")
    assert list(paid["value"]) == pytest.approx([-3_750] * 4)
    short = plan_of(works(rate=150, budget={2021: 4_500, 2022: 0, 2024: 0}), tmp_path)
    assert short.values["new_capacity"]["works", 2021] == pytest.approx(30)
    assert (short.cost, short.outlay) == pytest.approx((15_720, 4_500))


def test_a_subsidised_order_is_discounted_as_its_capital(tmp_path):
    """At 8 % with a lead of one year, an order paid half is half as dear, however much of its life
    lies beyond the horizon: the state pays half of the capital in the table of costs."""
    study = dig(market(last=2024, discount_rate=0.08), 1, plant="works")
    study.plant("works", capital_cost=100, life=6, lead_time=1)
    plan = plan_of(study.policy("aid", "subsidy", plants="*", rate=50), tmp_path)
    items = plan.costs.groupby("item")["present_value"].sum()
    assert items["capital"] > 0
    assert items["subsidy"] == pytest.approx(-items["capital"] / 2)
    assert plan.certificate.cost_error < 1e-12


def test_selectors_pick_who_is_paid(tmp_path):
    """25 a tonne for all that is refined at home: the works that recycle at 45, not the mine of
    another stage. Named by stage and origin as by name."""
    study = market().process("win", "recycle", stage="processing", gives={"li": 1})
    study._values("process_values", {"process": "win"}, {"variable_cost": 45})
    study.process("dig", "mine", gives={"li": 1}, variable_cost=40)
    picked = {"stages": "processing", "origins": "home"}
    plan = plan_of(study.policy("aid", "subsidy", activity=picked, rate=25), tmp_path)
    assert yearly(plan, "activity", "win") == pytest.approx([100])
    assert (plan.cost, plan.outlay) == pytest.approx((4_500, 2_500))


def test_what_a_country_could_choose_is_asked_without_the_subsidy(tmp_path):
    """The frontier weighs the cost of the country, 3,000 for imports at 30; the subsidised plan of
    a mine at 50 costs it 5,000, and no plan of the frontier is chosen for being paid."""
    study = dig(market(), 50, direct_emission=1).policy("aid", "subsidy", activity=DIG, rate=25)
    found = planner.frontier(planner.read(study.write(tmp_path / "study")), points=2)
    assert found.points["cost"].min() == pytest.approx(3_000)


def test_a_loss_is_met_by_those_who_are_paid(tmp_path):
    """With no loss the plan re-solves to itself: the subsidised mine runs, in the block of a loss
    too. The mine gives half; where A, with the other half, is lost, 50 t are short."""
    study = dig(market(), 50, max_activity=50).policy("aid", "subsidy", activity=DIG, rate=25)
    found = planner.disrupt(planner.read(study.write(tmp_path / "study"), strict=False))
    (row,) = found.losses.query("loss == 'origin/abroad'").itertuples()
    assert row.unmet == pytest.approx(50)
    assert row.cost == pytest.approx(-1_500)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({}, "aid.activity': is missing; say what is paid for by `activity` or by `plants`"),
        ({"activity": DIG, "plants": ["works"]}, "aid.plants': stand beside `activity`"),
        ({"plants": ["mill"]}, "'mill' has no capital_cost and cannot be ordered"),
        ({"plants": ["work"]}, "'work' is unknown (did you mean 'works'?)"),
        ({"activity": {"stages": "recycling"}}, "aid.activity': selects nothing"),
        ({"activity": {"demand": "*"}}, "aid.activity.demand': is not a field of activity"),
        ({"activity": DIG, "budget": -1}, "aid.budget': is -1; it must not be negative"),
        ({"activity": DIG, "penalty": 1}, "aid.penalty': is not a field of subsidy"),
    ],
)
def test_a_subsidy_for_nothing_is_refused(tmp_path, rule, said):
    study = works().plant("mill", existing_capacity=1)
    study.process("mill", "mine", stage="processing", gives={"li": 1}, plant="mill")
    with pytest.raises(SpecError) as found:
        planner.read(study.policy("aid", "subsidy", rate=5, **rule).write(tmp_path / "study"))
    assert said in str(found.value)


def test_being_paid_for_waste_without_end_is_no_plan(tmp_path):
    """A process that is paid more than it costs and whose output may be thrown away has no best
    plan; a budget gives it one."""
    study = market().good("slag", "scrap").process("dump", "mine", gives={"slag": 1})
    rule = {"activity": {"processes": "dump"}, "rate": 1}
    with pytest.raises(SolverError, match="no lower bound"):
        plan_of(study.policy("aid", "subsidy", **rule), tmp_path)
    study.policies["aid"]["budget"] = 100
    assert plan_of(study, tmp_path).outlay == pytest.approx(100)


def test_two_plans_say_what_differs_in_their_selections(tmp_path):
    """Who is paid, and a year of the budget, are named where two plans are compared."""
    plans = []
    for kinds, budget in ((["mine"], 800), (["mine", "import"], {2021: 900})):
        study = dig(market(), 50)
        rule = {"activity": {"kinds": kinds}, "rate": 5, "budget": budget}
        plans.append(plan_of(study.policy("aid", "subsidy", **rule), tmp_path))
    found = planner.compare(plans)
    assert "policies.aid.budget.2021" in set(found.inputs["path"])
    (row,) = found.structure.query("path == 'policies.aid.numerator'").itertuples(index=False)
    assert tuple(row)[1:] == ("what is given (kinds mine)", "what is given (kinds mine, import)")
