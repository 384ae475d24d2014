"""Home demand that answers to price: equilibrium, benefit, and the waste of what was bought."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.uncertainty.answers import numbers_of
from planner.errors import SpecError
from planner.lp.paid import paid
from planner.plan.plan import Plan
from planner.solver.compiled import compiled
from tests.lp import test_elastic, test_unseen
from tests.small import Study, plan_of, system_of

DEMAND = {"elasticity": -1, "reference_price": 40, "reference_amount": 25}
"""Buyers who spend 1,000 USD a year whatever the price: q = 1,000 / p."""


def answering(**head: object) -> Study:
    """Home buyers of q = 1,000 / p between 80 and 10 USD/t, in three steps that end at 40, 20 and
    10; a mine gives 35 t at 12, an import any amount at 25."""
    return (
        Study(**head)  # type: ignore[arg-type]
        .good("li", "refined")
        .good("car", "product")
        .process("mine", "mine", gives={"li": 1}, variable_cost=12, max_activity=35)
        .process("buy", "import", gives={"li": 1}, import_price=25)
        .process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
        .elastic("car", **DEMAND, lowest_price=10, highest_price=80, steps=3)
    )


def rented() -> Study:
    """Buyers of q = 1,000 / p of a good that is in use for two years and then is waste, of which
    40 % may be collected and return as metal at 5 USD/t; an import at 30."""
    return (
        Study(last=2024)
        .good("li", "refined")
        .good("car", "product")
        .good("old", "waste", collection=0.4)
        .process("buy", "import", gives={"li": 1}, import_price=30)
        .process("make", "manufacture", takes={"li": 1}, gives={"car": 1})
        .process("recycle", "recycle", takes={"old": 1}, gives={"li": 1}, variable_cost=5)
        .product("fleet", waste="old", uses={"car": 1}, life=2, distribution="fixed", inflow={})
        .elastic("car", **DEMAND, lowest_price=10, highest_price=80, steps=3)
    )


def bought(plan: Plan) -> list[float]:
    """What home buyers take in each year, t."""
    rows = plan.curves[(plan.curves["of"] == "car") & (plan.curves["quantity"] == "taken")]
    return rows.groupby("year")["value"].sum().tolist()


def price(plan: Plan, good: str) -> list[float]:
    """Shadow price of a good by year."""
    rows = plan.prices[(plan.prices["family"] == "balance") & (plan.prices["index"] == good)]
    return rows["value"].tolist()


def test_home_buyers_buy_until_their_price_is_the_cost(tmp_path: Path) -> None:
    """Step 0 is 12.5 t at 80, then 12.5 t at 1,000 ln 2 / 12.5 = 55.5, 25 t at 27.7 and 50 t at
    13.9. At 25 the third step is bought and the fourth is not: 50 t, 35 t of them mined, 15 t
    imported. Cost 420 + 375 = 795; their benefit is 1,000 + 2,000 ln 2, in no cost. Were demand
    fixed at what buyers take at 10, 100 t would be served: 2,045."""
    plan = plan_of(answering(), tmp_path)
    assert bought(plan) == pytest.approx([50])
    assert plan.cost == pytest.approx(795)
    assert plan.headline.benefit == pytest.approx(1000 + 2000 * np.log(2))
    assert plan.objective == pytest.approx(795 - 1000 - 2000 * np.log(2))
    assert plan.penalty == 0
    assert price(plan, "car") == pytest.approx([25])
    assert plan.certificate.holds
    used = plan.flows[(plan.flows["source"] == "car") & (plan.flows["target"] == "demand")]
    assert used["value"].tolist() == pytest.approx([50])
    assert planner.verify(plan).holds
    said = plan.indicators.set_index("indicator")["value"]
    assert said["requirement"] == pytest.approx(50)
    assert said["price: goods"] == pytest.approx(25)


def test_the_equilibrium_is_the_analytic_one_within_a_step(tmp_path: Path) -> None:
    """Supply p = 5 + q / 2, by steps of 1 t whose price is that of their middle; demand q = 1,000
    over p. p = 5 + 500 / p: p = (5 + sqrt(25 + 2,000)) / 2 = 25, q = 40. With n steps between 10
    and 80 the price differs by less than their ratio, 8 to the power of 1 / n."""
    for n in (12, 120):
        study = answering()
        for table in ("processes", "coefficients", "process_values"):
            study.rows[table] = [row for row in study.rows[table] if row["process"] != "buy"]
        for row in study.rows["process_values"]:
            row["value"] = 0 if row["parameter"] == "variable_cost" else 1000
        steps = {str(k): {"price": 5 + (k + 0.5) / 2, "amount": 1} for k in range(100)}
        study.curve("mine", **steps)
        for row in study.rows["curves"]:
            row.update(value=n) if row["parameter"] == "steps" else None
        plan = plan_of(study, tmp_path / str(n))
        ratio = 8 ** (1 / n)
        assert 25 / ratio - 0.5 < price(plan, "car")[0] < 25 * ratio + 0.5
        assert 40 / ratio - 1 < bought(plan)[0] < 40 * ratio + 1


def test_waste_is_that_of_what_was_bought(tmp_path: Path) -> None:
    """What is bought in a year leaves use two years later. A tonne of metal is worth 30, one of
    waste won again 25, so that a tonne bought in 2021 or 2022 will return 0.4 x 25 = 10. Its buyers
    pay 30 - 10 = 20 and take the step at 27.7: 50 t a year. Those of 2023 and 2024 see no return
    within the horizon, pay 30 and stop before it: 25 t. So waste is 50 t in 2023 and 2024, of which
    20 t return each. Were waste an identity of what is known before, it would be nothing."""
    plan = plan_of(rented(), tmp_path)
    assert bought(plan) == pytest.approx([50, 50, 25, 25])
    arising = plan.stocks[(plan.stocks["name"] == "fleet") & (plan.stocks["quantity"] == "outflow")]
    assert arising["value"].tolist() == pytest.approx([0, 0, 50, 50])
    recycled = plan.supply[plan.supply["process"] == "recycle"]
    assert recycled["value"].tolist() == pytest.approx([20, 20])
    assert plan.cost == pytest.approx(30 * (150 - 40) + 5 * 40)
    assert plan.certificate.holds
    inflow = plan.stocks[(plan.stocks["name"] == "fleet") & (plan.stocks["quantity"] == "inflow")]
    assert inflow["value"].tolist() == pytest.approx([50, 50, 25, 25])


def test_scrap_to_come_is_part_of_what_a_buyer_pays(tmp_path: Path) -> None:
    """The price of the good is 30 in every year; that of the demand curve what a buyer pays net of
    the scrap to come: 20 in 2021 and 2022, then 30."""
    plan = plan_of(rented(), tmp_path)
    assert price(plan, "car") == pytest.approx([30, 30, 30, 30])
    net = plan.prices[plan.prices["family"] == "demand_curve"]["value"]
    assert np.abs(net.to_numpy()) == pytest.approx([20, 20, 30, 30])


def test_a_quota_shows_its_price_to_buyers(tmp_path: Path) -> None:
    """At most 5 t are imported: 40 t for buyers, of whom the marginal ones pay 27.7, the mean of
    their step. A tonne of the quota is worth 27.7 - 25."""
    study = answering().policy("cap", "quota", processes=["buy"], cap=5)
    plan = plan_of(study, tmp_path)
    assert bought(plan) == pytest.approx([40])
    step = 1000 * np.log(2) / 25
    assert price(plan, "car") == pytest.approx([step])
    quota = plan.prices[plan.prices["family"] == "quota"]["value"]
    assert quota.tolist() == pytest.approx([-(step - 25)])


def test_a_loss_is_answered_by_buyers(tmp_path: Path) -> None:
    """All imports are lost: buyers take 15 t less, the least worth first, at 27.7 each in place of
    25, and nothing is short. Were what is bought fixed as measures are, no answer would exist."""
    study = answering(last=2022)
    study.rows["processes"][1]["origin"] = "there"
    found = planner.disrupt(system_of(study, tmp_path), years=1, starts=[2021], pairs=False)
    lost = found.losses.iloc[0]
    assert lost["unmet"] == pytest.approx(0, abs=1e-9)
    assert lost["cost"] == pytest.approx(15 * (1000 * np.log(2) / 25 - 25))


STUDIES = {
    "benefit": answering,
    "scrap to come": rented,
    "price taker": lambda: test_elastic.buyer(0),
    "some conduct": lambda: test_elastic.buyer(0.5),
    "exports": lambda: test_elastic.seller(0),
    "unseen costs": test_unseen.calibrated,
}


@pytest.mark.parametrize("name", STUDIES)
def test_cost_read_off_the_programme_is_that_of_the_tables(name: str, tmp_path: Path) -> None:
    """Ensembles and alternatives read cost off a solution: it holds no benefit and no unseen cost,
    and all that is paid abroad, as the cost of the tables does. The objective alone is another
    number in each of these."""
    plan = plan_of(STUDIES[name](), tmp_path)
    arrays = compiled(plan.system).arrays
    x = np.array([plan.values[variable][key] for variable, key in arrays.columns])
    assert paid(plan.system, arrays, x) == pytest.approx((plan.cost, plan.penalty))
    assert plan.objective != pytest.approx(plan.cost)
    assert float(numbers_of(plan).flows["shortage"].sum()) == 0


WRONG = {
    "demand as well": ({"demand": 5, "shortage_cost": 9}, "keep one of both"),
    "market power": ({"market_power": 1}, "the country may know its weight"),
    "a measure": ({"measure": True}, "answers to price already"),
    "a share of it": ({"policy": True}, "nobody knows what a share of it is"),
    "a share of all": ({"share": {"demand": "*"}}, "nobody knows what a share of it is"),
    "a share by name": ({"share": {"demand": ["car"]}}, "select other goods or what flows"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_goes_with_no_answer_is_refused(name: str, tmp_path: Path) -> None:
    change, message = WRONG[name]
    study = answering()
    if "demand" in change:
        study._values("demand", {"good": "car"}, {"": 5})
        study._values("good_values", {"good": "car", "metal": ""}, {"shortage_cost": 9})
    if "market_power" in change:
        study.rows["curves"][0]["value"] = -2
        study.elastic("car", market_power=0.5)
    if "measure" in change:
        study.measure("spare", "efficiency", "car", cost=5, potential=0.1)
    if "policy" in change:
        study._values("good_values", {"good": "car", "metal": "lithium"}, {"equivalent": 1})
        study.policy("own", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.5)
    if "share" in change:
        study.policy("own", "share", **home_share(change["share"]))
    with pytest.raises(SpecError) as refused:
        system_of(study, tmp_path)
    assert message in str(refused.value)


def home_share(under: dict[str, object]) -> dict[str, object]:
    """At least a tenth of what is selected must be mined."""
    over = {"stages": "extraction", "origins": "home"}
    return {"numerator": over, "denominator": under, "measured": "contained", "at_least": 0.1}


@pytest.mark.parametrize("under", [{"demand": ["bolt"]}, {"demand": "*", "market": "abroad"}, {}])
def test_a_share_that_leaves_such_demand_out_is_taken(
    under: dict[str, object], tmp_path: Path
) -> None:
    """Of a good whose demand is given, of exports alone, or of what flows."""
    study = answering()
    study.good("bolt", "product", demand=4, shortage_cost=900)
    study.good("sent", "refined", demand=4, shortage_cost=900, export=True)
    for good in ("bolt", "sent"):
        study.process(f"make {good}", "manufacture", takes={"li": 1}, gives={good: 1})
    study.policy("own", "share", **home_share(under))
    assert planner.solve(system_of(study, tmp_path)).certificate.holds


def test_a_frontier_of_serving_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="serving nobody"):
        planner.frontier(system_of(answering(), tmp_path))
