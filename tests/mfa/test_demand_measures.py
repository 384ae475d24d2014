"""Demand measures and exploration against cases solved by hand; the rows against the ordinary stock
model."""

from __future__ import annotations

import pytest

import planner
from planner.errors import SpecError
from planner.lp.formulation import build
from planner.mfa.demand_measures import AVOIDED
from planner.solver.pyomo_model import compile_arrays
from tests.small import Study, plan_of, price, system_of

SHORT = 1000


def market(first=2021, last=2021, demand=100, **head) -> Study:
    study = Study(first, last, **head).good("li", "refined", demand=demand, shortage_cost=SHORT)
    return study.process("buy", "import", gives={"li": 1}, import_price=30)


def in_use(study: Study, life=1, collection=1.0, **values) -> Study:
    """All that is demanded enters use, leaves after `life` as waste, is collected for nothing and
    recycled at 1 a tonne."""
    study.good("li/waste", "waste", collection=collection).good("li/scrap", "scrap")
    study.product("thing", waste="li/waste", uses={"li": 1}, inflow={2020: 0}, life=life, **values)
    study.process("collect", "collect", takes={"li/waste": 1}, gives={"li/scrap": 1})
    return study.process(
        "recycle", "recycle", takes={"li/scrap": 1}, gives={"li": 1}, variable_cost=1
    )


def robust(last=2022, demand=100, potential=1.0) -> Study:
    """All that is demanded enters use with a life of 1 year; for 10 a tonne it lasts 2."""
    study = market(last=last, demand=demand).good("li/waste", "waste")
    study.product("thing", waste="li/waste", uses={"li": 1}, inflow={2020: 0}, life=1)
    return study.measure(
        "robust", "lifetime", "li", product="thing", longer=1, cost=10, potential=potential
    )


def found(discount_rate=0.0, **limit) -> Study:
    """100 t of ore at 10 a tonne, imports at 30, 100 t a year for three years; finding costs 5, at
    most 60 t a year, a year ahead."""
    study = market(last=2023, discount_rate=discount_rate).deposit("ore", reserve=100)
    study.exploration("ore", cost=5, potential=60, delay=1, **limit)
    return study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10)


def kept() -> Study:
    """Half of 100 t a year can be spared at 1; what is kept costs nothing. Going short costs 20 in
    2021, 1,000 in 2022; imports cost 30 in 2021 and 500 in 2022."""
    study = Study(2021, 2022).good(
        "li", "refined", demand=100, shortage_cost={2021: 20, 2022: 1000}, opening_stock=0
    )
    study.process("buy", "import", gives={"li": 1}, import_price={2021: 30, 2022: 500})
    return study.measure("thin", "efficiency", "li", cost=1, potential=0.5)


def test_what_goes_short_fills_no_stockpile(tmp_path):
    """Half is spared in both years, 50 t go short in 2021, and 50 t for 2022 are bought in 2021:
    100 + 1,000 + 1,500. Without the row 100 t went short in 2021, 50 of them into the stockpile:
    2,100, and 50 t that nobody made."""
    plan = plan_of(kept(), tmp_path)
    assert plan.objective == pytest.approx(2_600)
    assert plan.values["shortage"]["li", 2021] == pytest.approx(50)
    assert price(plan, "shortage_limit", "li", 2021) == pytest.approx(-10)


def test_balance_takes_the_cheaper_of_metal_and_measure(tmp_path):
    """40 of 100 t can be avoided at 20, the rest is bought at 30: 800 + 1,800. Without the
    potential 2,000, without the measure 3,000."""
    plan = plan_of(market().measure("thin", "efficiency", "li", cost=20, potential=0.4), tmp_path)
    assert plan.objective == pytest.approx(2_600)
    assert plan.values["measure"]["thin", 2021] == pytest.approx(40)
    assert plan.costs.set_index("item").loc["measure", "value"] == pytest.approx(800)


@pytest.mark.parametrize(("cost", "avoided", "total"), [(0.5, 40, 3_080), (2, 0, 3_100)])
def test_balance_and_collection_lose_the_waste_that_a_measure_spares(
    tmp_path, cost, avoided, total
):
    """What enters in 2021 is recycled in 2022 at 1 instead of bought at 30: a tonne avoided in 2021
    saves 30 and loses 29. At 0.5 it is worth while, 40 t of it: 20 + 1,800, then 60 + 1,200; at 2
    it is not: 3,000 + 100. Were the waste not spared, it would be in both."""
    study = in_use(market(last=2022)).measure(
        "thin", "efficiency", "li", cost=cost, potential={2021: 0.4, 2022: 0.0}
    )
    plan = plan_of(study, tmp_path)
    assert plan.values["measure"]["thin", 2021] == pytest.approx(avoided)
    assert plan.objective == pytest.approx(total)
    assert plan.balance.arising["li/waste"][1] == pytest.approx(100 - avoided)
    assert plan.values["activity"]["collect", 2022] == pytest.approx(100 - avoided)


def test_a_collection_target_counts_the_waste_that_is_left(tmp_path):
    """All waste must be collected in 2022. With 40 t spared that is 60 t; were the target still on
    100 t, there would be no plan."""
    study = in_use(market(last=2022)).measure(
        "thin", "efficiency", "li", cost=0.1, potential={2021: 0.4, 2022: 0.0}
    )
    plan = plan_of(
        study.policy("all", "collection_target", goods=["li/waste"], share=1.0, from_=2022),
        tmp_path,
    )
    assert plan.values["activity"]["collect", 2022] == pytest.approx(60)


def test_substitution_asks_for_the_other_good(tmp_path):
    """A tonne of li (30) is replaced by 2 t of b (10 each) at 5: 25. Half of 100 t: 50 x 25 + 50 x
    30, and the 10 t of b: 100."""
    study = market().good("b", "refined", demand=10, shortage_cost=SHORT)
    study.process("buy_b", "import", gives={"b": 1}, import_price=10)
    plan = plan_of(
        study.measure("swap", "substitution", "li", instead="b", ratio=2, cost=5, potential=0.5),
        tmp_path,
    )
    assert plan.objective == pytest.approx(50 * 25 + 50 * 30 + 100)
    assert plan.values["activity"]["buy_b", 2021] == pytest.approx(110)


def test_service_is_kept_by_longer_life(tmp_path):
    """100 t in use, life 1 year; for 10 a tonne it lasts 2. Given to all of 2021, nothing need
    enter in 2022, then again 100 t in 2023 (or one year later): 3,000 + 1,000 + 3,000. Without the
    row `service` demand would be avoided for nothing; without the measure 9,000."""
    plan = plan_of(robust(last=2023), tmp_path)
    assert plan.objective == pytest.approx(7_000)
    assert sum(
        plan.values["measure"]["robust" + AVOIDED, t] for t in (2022, 2023)
    ) == pytest.approx(100)
    stocks = sum(stock.stock for stock in plan.balance.stocks.values())
    assert list(stocks) == pytest.approx([100, 100, 100])


def test_extension_holds_for_a_share_of_what_enters(tmp_path):
    """Only 0.3 can last longer: 30 t in 2021 for 300 spare 30 t in 2022. In 2022 70 t enter, of
    which 21 could, and so on."""
    plan = plan_of(robust(potential=0.3), tmp_path)
    assert plan.objective == pytest.approx(3_000 + 300 + 70 * 30)
    assert price(plan, "extension", "robust", 2021) == pytest.approx(-20)


def test_depletion_counts_finds_when_they_can_be_mined(tmp_path):
    """100 t of ore at 10, imports at 30, three years of 100 t. Finding costs 5, at most 60 t a
    year, a year ahead: 60 t of 2021 for 2022, 60 t of 2022 for 2023: 220 t dug. 120 x 5 + 220 x 10
    + 80 x 30 = 5,200. Without the delay 280 t, without finds 7,000."""
    assert plan_of(found(), tmp_path).objective == pytest.approx(5_200)
    assert plan_of(found(discount_rate=0.1), tmp_path).certificate.cost_error <= 1e-9
    plan = plan_of(found(most=90), tmp_path)
    assert plan.objective == pytest.approx(90 * 5 + 190 * 10 + 110 * 30)
    assert price(plan, "exploration_limit", "ore", column="present_value") == pytest.approx(-15)
    assert plan.costs.set_index("item").loc["exploration", "value"].sum() == pytest.approx(450)


def test_nothing_can_be_found_where_nothing_is_or_too_late(tmp_path):
    """Half a tonne can be found in 2021, none in 2022, and what is found in 2023 comes a year after
    the end: one choice in all."""
    study = (
        market(last=2023)
        .deposit("ore", reserve=100)
        .exploration("ore", cost=5, potential=[0.5, 0, 60], delay=1)
    )
    plan = plan_of(
        study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10), tmp_path
    )
    assert plan.values["explored"] == {("ore", 2021): pytest.approx(0.5)}
    assert plan.objective == pytest.approx(0.5 * 5 + 100.5 * 10 + 199.5 * 30)


def test_finds_of_a_long_period_wait_for_their_delay_and_no_longer(tmp_path):
    """Two periods of two years, a delay of one: what is found in 2021, 2022 and 2023 is mined in
    the year after: 5 x 60 + 10 x 60 + 30 x (400 - 60). Were the finds of a period there with the
    last of them, 40 t would be found in all."""
    study = (
        market(last=2024, step=2)
        .deposit("ore", reserve=0)
        .exploration("ore", cost=5, potential=20, delay=1)
    )
    plan = plan_of(
        study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10), tmp_path
    )
    assert plan.values["explored"] == {("ore", t): pytest.approx(20) for t in (2021, 2022, 2023)}
    assert plan.objective == pytest.approx(300 + 600 + 30 * 340)
    dug = [plan.values["activity"]["dig", t] for t in range(2021, 2025)]
    assert dug[0] == 0
    assert sum(dug) == pytest.approx(60)


def long_study(tmp_path, **head):
    """Twenty years, Weibull lives, all three measures, recycling."""
    study = Study(2021, 2040, discount_rate=0.05, **head)
    demand = [100 + 7 * i for i in range(20)]
    study.good("li", "refined", demand=demand, shortage_cost=SHORT).good(
        "b", "refined", demand=10, shortage_cost=SHORT
    )
    study.process("buy", "import", gives={"li": 1}, import_price=30).process(
        "buy_b", "import", gives={"b": 1}, import_price=5
    )
    in_use(
        study, life=4, collection=0.3, distribution="weibull", lifetime_shape=2.0, dissipated=0.25
    )
    study.measure("thin", "efficiency", "li", cost=12, potential=0.2).measure(
        "swap", "substitution", "li", instead="b", ratio=1, cost=3, potential=0.1
    )
    return study.measure(
        "robust", "lifetime", "li", product="thing", longer=3, cost=1, potential=0.5
    )


@pytest.mark.parametrize("head", [{}, {"step": 5}, {"periods": [2021, 2022, 2025, 2034]}])
def test_the_rows_agree_with_the_stock_model(tmp_path, head):
    """The balance of the plan is recomputed with lower demand and a second use stock through the
    ordinary stock model: the waste that the rows count away by survival is exactly what no longer
    arises, whatever the length of periods."""
    plan = plan_of(long_study(tmp_path, **head), tmp_path)
    taken = {name for (name, _), v in plan.values["measure"].items() if v > 1}
    assert {"thin", "swap", "robust", "robust" + AVOIDED} <= taken
    assert plan.certificate.holds
    without = planner.balance(plan.system)
    assert plan.balance.arising["li/waste"].sum() < without.arising["li/waste"].sum() - 50
    last = [p.last - 2021 for p in plan.system.periods]
    use = [sum(s.stock for s in b.stocks.values())[last] for b in (plan.balance, without)]
    efficiency = use[1] - use[0]
    # what efficiency and substitution spare is missing from the stock; longer lives take nothing
    # away
    assert (efficiency >= -1e-6).all()


def test_templates_and_plain_rules_agree(tmp_path):
    """A rule that Pyomo templated wrongly would give other arrays than the rule expanded."""
    system = system_of(
        long_study(tmp_path)
        .deposit("ore", reserve=1)
        .exploration("ore", cost=1, potential=1, most=5)
        .process("dig", "mine", takes={"ore": 1}, gives={"li": 1}),
        tmp_path,
    )
    one, two = (compile_arrays(build(system, templates=on)) for on in (True, False))
    assert (one.rows, one.columns) == (two.rows, two.columns)
    assert abs(one.matrix - two.matrix).max() == 0


def test_a_run_with_measures_is_read_back(tmp_path):
    plan = plan_of(long_study(tmp_path), tmp_path)
    again = planner.load(plan.save(tmp_path / "run"))
    assert planner.verify(again).holds
    assert again.balance.arising["li/waste"] == pytest.approx(plan.balance.arising["li/waste"])


@pytest.mark.parametrize(
    ("columns", "values", "words"),
    [
        ({"kind": "efficiency", "good": "li"}, {"cost": 1}, "no potential"),
        (
            {"kind": "efficiency", "good": "li", "instead": "li"},
            {"cost": 1, "potential": 0.1, "ratio": 1},
            "instead",
        ),
        ({"kind": "lifetime", "good": "li"}, {"cost": 1, "potential": 0.1, "longer": 1}, "product"),
        ({"kind": "efficiency", "good": "ore"}, {"cost": 1, "potential": 0.1}, "not demanded"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, columns, values, words):
    study = market().good("ore", "intermediate").measure("m", **columns, **values)
    with pytest.raises(SpecError, match=words):
        system_of(study, tmp_path)
