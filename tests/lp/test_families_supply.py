"""The families of flows and nature, one by one, against small studies solved by hand.

Each docstring says what the plan costs with the family, and what it would cost without: a family
that did nothing fails here.
"""

from __future__ import annotations

import pytest

from planner.errors import InfeasibleError
from tests.small import Study, plan_of, price, yearly

DEMAND = 100
SHORT = 1000


def market(first: int = 2021, last: int = 2021, **head) -> Study:
    """One refined good, 100 t a year demanded, 1,000 for a tonne not served."""
    return Study(first, last, **head).good("li", "refined", demand=DEMAND, shortage_cost=SHORT)


def imports(study: Study, import_price=30) -> Study:
    return study.process("buy", "import", gives={"li": 1}, import_price=import_price)


# ---- balance -------------------------------------------------------------------------------------


def test_balance_carries_each_stage_and_its_loss(tmp_path):
    """90 t refined need 100 t of concentrate, since a tenth goes to slag: 100 x (10 + 5) = 1,500.
    Without the loss 1,350; without the balance of concentrate 500; without any 0. A tonne of
    refined is worth 15/0.9, one of concentrate 10."""
    study = (
        Study()
        .good("conc", "intermediate")
        .good("li", "refined", demand=90, shortage_cost=SHORT)
        .process("dig", "mine", gives={"conc": 1}, variable_cost=10)
        .process(
            "refine", "refine", takes={"conc": 1}, gives={"li": 0.9}, loss="slag", variable_cost=5
        )
        .process("buy", "import", gives={"li": 1}, import_price=30)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(1500)
    assert yearly(plan, "activity", "dig") == pytest.approx([100])
    assert price(plan, "balance", "li", 2021) == pytest.approx(15 / 0.9)
    assert price(plan, "balance", "conc", 2021) == pytest.approx(10)


def test_balance_lets_a_shortage_stand_at_its_penalty(tmp_path):
    """60 t can be had at 10, 40 t are short: 600 + 40,000. Without the shortage column there is no
    plan; without its bound, a penalty below the cost would buy nothing and leave the balance open.
    The price of a tonne is the penalty."""
    plan = plan_of(
        market().process("dig", "mine", gives={"li": 1}, variable_cost=10, max_activity=60),
        tmp_path,
    )
    assert plan.objective == pytest.approx(40_600)
    assert yearly(plan, "shortage", "li") == pytest.approx([40])
    assert price(plan, "balance", "li", 2021) == pytest.approx(SHORT)


def test_shortage_is_never_more_than_the_demand(tmp_path):
    """A must-run mine puts out 20 t more than the 100 t demanded into a store that holds 5 t: no
    plan. Were shortage negative or disposal of refined metal open, it would be feasible."""
    study = market().process("dig", "mine", gives={"li": 1}, min_activity=120)
    with pytest.raises(InfeasibleError):
        plan_of(study, tmp_path)


def test_what_nobody_demands_is_never_short(tmp_path):
    """A cost of a shortage alone makes no demand of a second metal, and no column."""
    plan = plan_of(imports(market()).good("slag", "refined", shortage_cost=SHORT), tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert plan.values["shortage"] == pytest.approx({("li", 2021): 0})


def test_shortage_makes_no_metal_to_store(tmp_path):
    """Nothing can be had; a tonne short costs 10 in 2021 and 1,000 in 2022: 1,000 + 100,000. Were
    shortage not held to the demand, 200 t would be "short" in 2021 and half of them stored for
    2022: 2,000."""
    study = Study(2021, 2022).good(
        "li", "refined", demand=DEMAND, shortage_cost=[10, SHORT], opening_stock=0
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(101_000)


def test_products_are_not_made_to_be_thrown_away(tmp_path):
    """Wire leaves a tenth as offcuts, whose collection has a target in tonnes that 100 t of wire
    cannot meet: no plan. Were products disposable as by-products are, wire would be made for its
    offcuts."""
    study = (
        imports(Study().good("li", "refined"))
        .good("wire", "product", demand=90, shortage_cost=SHORT)
        .good("offcuts", "waste", collection=1.0)
        .good("scrap", "scrap")
        .process("draw", "manufacture", takes={"li": 1}, gives={"wire": 0.9, "offcuts": 0.1})
        .process("collect", "collect", takes={"offcuts": 1}, gives={"scrap": 1}, min_activity=11)
    )
    with pytest.raises(InfeasibleError):
        plan_of(study, tmp_path)


def test_balance_disposes_of_the_metal_nobody_wants(tmp_path):
    """A line gives half a tonne of lithium and of cobalt for 5; 100 t of lithium are wanted and
    only 20 t of cobalt, dumping costs 1: 200 x 5 + 80 = 1,080, and a tonne of cobalt more saves
    that 1. Without disposal the line runs 40 t and 80 t of lithium are bought: 2,600."""
    study = (
        Study(metals=("lithium", "cobalt"))
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .good("co", "refined", metal="cobalt", demand=20, shortage_cost=SHORT, disposal_cost=1)
        .process("line", "mine", gives={"li": 0.5, "co": 0.5}, variable_cost=5)
        .process("buy", "import", gives={"li": 1}, import_price=30)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(1080)
    assert yearly(plan, "disposal", "co") == pytest.approx([80])
    assert price(plan, "balance", "co", 2021) == pytest.approx(-1)
    assert price(plan, "balance", "li", 2021) == pytest.approx(11)


def test_a_price_undoes_the_discount_of_its_year(tmp_path):
    """Imports at 30 each year, 10 % a year: 3,000 (1 + 1/1.1 + 1/1.21). The price is 30 in each
    year; its present value falls."""
    plan = plan_of(imports(market(2021, 2023, discount_rate=0.1)), tmp_path)
    assert plan.objective == pytest.approx(3000 * (1 + 1 / 1.1 + 1 / 1.21))
    assert [price(plan, "balance", "li", t) for t in (2021, 2022, 2023)] == pytest.approx(
        [30, 30, 30]
    )
    assert price(plan, "balance", "li", 2023, "present_value") == pytest.approx(30 / 1.21)


def test_a_shortage_is_discounted(tmp_path):
    """Nothing can be had in two years at 10 %: 100,000 (1 + 1/1.1)."""
    assert plan_of(market(last=2022, discount_rate=0.1), tmp_path).objective == pytest.approx(
        100_000 * (1 + 1 / 1.1)
    )


def test_what_is_thrown_away_is_discounted(tmp_path):
    """A line gives half a tonne of lithium, wanted, and of cobalt, thrown away at 1: 100 x (5 +
    0.5) in each of two years at 10 %."""
    study = Study(last=2022, metals=("lithium", "cobalt"), discount_rate=0.1).good(
        "li", "refined", demand=50, shortage_cost=SHORT
    )
    study.good("co", "refined", metal="cobalt", disposal_cost=1).process(
        "line", "mine", gives={"li": 0.5, "co": 0.5}, variable_cost=5
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(550 * (1 + 1 / 1.1))


# ---- ramp, run_down
# --------------------------------------------------------------------------------------------------


def ramped(demand=(10, 100, 100), mines=1, **values) -> Study:
    study = Study(2021, 2023).good("li", "refined", demand=list(demand), shortage_cost=SHORT)
    for i in range(mines):
        study.process(f"dig_{i}", "mine", gives={"li": 1}, variable_cost=10, ramp_group="mines")
    return imports(study).ramp("mines", **values)


def test_ramp_limits_growth(tmp_path):
    """From 10 t a mine grows by half and 5 t: 20 t, then 35 t. 100 + (200 + 2,400) + (350 + 1,950)
    = 5,000; without it 2,100. A tonne more in 2023 saves 20, in 2022 20 + 1.5 x 20 = 50, and demand
    of 2021 lets the mine grow: 10 - 30 - 45 = -65."""
    plan = plan_of(ramped(growth=0.5, step=5), tmp_path)
    assert plan.objective == pytest.approx(5000)
    assert yearly(plan, "activity", "dig_0") == pytest.approx([10, 20, 35])
    assert [price(plan, "ramp", "mines", t) for t in (2022, 2023)] == pytest.approx([-50, -20])
    assert price(plan, "balance", "li", 2021) == pytest.approx(-65)


def test_ramp_limits_the_group_and_not_its_members(tmp_path):
    """Two mines of one group are one mine: 5,000. Were each given its own step, 5 t more in 2022
    and 12.5 t in 2023: 4,650."""
    plan = plan_of(ramped(mines=2, growth=0.5, step=5), tmp_path)
    assert plan.objective == pytest.approx(5000)


def test_ramp_grows_in_every_year_of_uneven_periods(tmp_path):
    """Periods 2021, 2022-2024, 2025-2026: growth of 20 % a year lets 10 t become 10 x 1.2^age. From
    midpoint to midpoint of the periods 10, 14.4 and 22.7 t: in 2022 more than a year's growth."""
    study = Study(2021, 2026, periods=[2021, 2022, 2025])
    study.good("li", "refined", demand={2021: 10, 2022: 100, 2026: 100}, shortage_cost=SHORT)
    imports(
        study.process("dig", "mine", gives={"li": 1}, variable_cost=10, ramp_group="mines").ramp(
            "mines", growth=0.2
        )
    )
    assert yearly(plan_of(study, tmp_path), "activity", "dig") == pytest.approx(
        [10 * 1.2**age for age in range(6)]
    )


def test_ramp_over_long_periods_and_its_price(tmp_path):
    """Periods of two years at 10 %: 10 t of 2022 become 20 t in 2023 and 35 t in 2024; from period
    to period 32.5 t in both. A tonne more in 2023 saves 20, and 30 in 2024."""
    study = Study(2021, 2024, step=2, discount_rate=0.1).good(
        "li", "refined", demand=[10, 10, 100, 100], shortage_cost=SHORT
    )
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, ramp_group="mines").ramp(
        "mines", growth=0.5, step=5
    )
    plan = plan_of(imports(study), tmp_path)
    assert yearly(plan, "activity", "dig") == pytest.approx([10, 10, 20, 35])
    assert price(plan, "ramp", "mines", 2023) == pytest.approx(-20 - 30 / 1.1)


def test_run_down_keeps_sunk_works_running(tmp_path):
    """A mine at 10 in 2021 and 50 in 2022 against imports at 30 may fall by a fifth: 1,000 + 80 x
    50 + 20 x 30 = 5,600; without it 4,000. To have to run one tonne more costs 20."""
    study = imports(market(last=2022)).process(
        "dig", "mine", gives={"li": 1}, variable_cost=[10, 50], ramp_group="works"
    )
    plan = plan_of(study.ramp("works", decline=0.2), tmp_path)
    assert plan.objective == pytest.approx(5600)
    assert price(plan, "run_down", "works", 2022) == pytest.approx(20)


def surged(**ramp) -> Study:
    """100 t demanded in 2021 and 44 t in 2022; works of 100 t at 7 a tonne, that fall by a fifth a
    year at most; 1,000 a tonne not served; nothing can be thrown away."""
    study = Study(2021, 2022).good("li", "refined", demand=[100, 44], shortage_cost=SHORT)
    study.process("smelt", "mine", gives={"li": 1}, variable_cost=7, ramp_group="works")
    return study.ramp("works", decline=0.2, **ramp)


def test_nobody_smelts_less_in_a_year_of_shortage_for_fear_of_falling_fast_next_year(tmp_path):
    """The works run at 100 t and stop 80 - 44 = 36 t too fast, a year's running cost each: 7 x 144
    = 1,008 paid and 7 x 36 = 252 of penalty. Were the limit hard, 44 t would be the most for 80 %
    of the year before: 55 t, 45 t short beside idle works, and a tonne more in 2022 would serve
    1.25 t more in 2021: 7 - 1.25 x 993, a price below zero. Now it costs 7 and saves 7 of penalty;
    a tonne more in 2021 costs 7, and 0.8 x 7 when it stops."""
    plan = plan_of(surged(), tmp_path)
    assert yearly(plan, "activity", "smelt") == pytest.approx([100, 44])
    assert yearly(plan, "shortage", "li") == pytest.approx([0, 0])
    assert (plan.cost, plan.penalty) == pytest.approx((1008, 252))
    assert plan.headline.penalties_for == "stopping faster than the limits of decline"
    assert price(plan, "balance", "li", 2022) == pytest.approx(0)
    assert price(plan, "balance", "li", 2021) == pytest.approx(7 + 0.8 * 7)
    assert price(plan, "run_down", "works", 2022) == pytest.approx(7)


def test_a_stopping_cost_holds_as_far_as_it_is_worth(tmp_path):
    """At 1,500 a tonne stopped too fast the shortage is cheaper: a tonne more in 2021 saves 993 and
    costs 0.8 x 1,500 = 1,200 later. 55 t, as if the limit were hard: 7 x 99 + 45,000. At 1,200 it
    pays (960): 7 x 144 + 36 x 1,200."""
    dear, held = plan_of(surged(stopping_cost=1500), tmp_path / "dear"), surged(stopping_cost=1200)
    assert dear.objective == pytest.approx(7 * 99 + 45 * SHORT)
    assert price(dear, "balance", "li", 2022) == pytest.approx(7 - 1.25 * (SHORT - 7))
    assert plan_of(held, tmp_path / "held").objective == pytest.approx(7 * 144 + 36 * 1200)


def test_run_down_over_long_periods_and_its_price(tmp_path):
    """A fifth a year: works that lose 20 a tonne from 2023 on fall from 2022, to 80, 64 and 51.2 t;
    from midpoint to midpoint of the periods they would stay at 100 t and fall to 64 t. A tonne that
    must run in 2023 costs 20, and 0.8 x 20 in 2024."""
    study = imports(market(last=2024, step=2, discount_rate=0.1))
    study.process(
        "dig", "mine", gives={"li": 1}, variable_cost=[10, 10, 50, 50], ramp_group="works"
    ).ramp("works", decline=0.2)
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "activity", "dig") == pytest.approx([100, 80, 64, 51.2])
    assert price(plan, "run_down", "works", 2023) == pytest.approx(20 + 16 / 1.1)


def test_run_down_is_waived_in_years_of_a_closure(tmp_path):
    """Imports at 30 may fall by a tenth a year, the origin closes in 2022, a mine costs 50: 3,000 +
    5,000 + 3,000. Unless the limit is waived the year before must import nothing, for 0.9 of it
    could not be had: 5,000 + 5,000 + 3,000."""
    study = market(last=2023).process(
        "buy", "import", gives={"li": 1}, import_price=30, origin="abroad", ramp_group="trade"
    )
    study.process("dig", "mine", gives={"li": 1}, variable_cost=50).ramp("trade", decline=0.1)
    study.policy("closed", "closure", origin="abroad", share=0, from_=2022, to=2022)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(11_000)
    assert yearly(plan, "activity", "buy") == pytest.approx([100, 0, 100])


# ---- depletion -----------------------------------------------------------------------------------


def mined(last: int = 2022, reserve: float = 150, additions=0.0, **head) -> Study:
    study = imports(market(last=last, **head)).deposit("lake", reserve=reserve, additions=additions)
    return study.process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, variable_cost=10)


def test_depletion_ends_a_mine_and_its_rent_rises_at_the_discount_rate(tmp_path):
    """150 t at 10 against imports at 30, 10 % a year: 100 t now, 50 t next year: 1,000 + (500 +
    1,500)/1.1; unlimited 1,000 + 1,000/1.1. A tonne more saves 20 next year whenever it is found:
    18.18 in 2021, 20 in 2022."""
    plan = plan_of(mined(discount_rate=0.1), tmp_path)
    assert plan.objective == pytest.approx(1000 + 2000 / 1.1)
    assert yearly(plan, "remaining", "lake") == pytest.approx([50, 0])
    assert [price(plan, "depletion", "lake", t) for t in (2021, 2022)] == pytest.approx(
        [-20 / 1.1, -20]
    )


def test_depletion_lets_ore_be_mined_only_once_it_is_found(tmp_path):
    """50 t are known, 150 t are found in 2022. 50 t and 100 t are mined: 500 + 1,500 + 1,000 =
    3,000. One row over the horizon would mine 200 t: 2,000."""
    plan = plan_of(mined(reserve=50, additions=[0, 150]), tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert yearly(plan, "remaining", "lake") == pytest.approx([0, 50])


def test_depletion_counts_every_year_of_a_period(tmp_path):
    """Two periods of two years and 300 t of ore for 400 t of demand: 300 x 10 + 100 x 30 = 6,000.
    Counted once a period it would never end: 4,000. The rent is one tonne's, not two: 20."""
    plan = plan_of(mined(last=2024, reserve=300, step=2), tmp_path)
    assert plan.objective == pytest.approx(6000)
    assert sum(yearly(plan, "activity", "dig")) == pytest.approx(300)
    assert price(plan, "depletion", "lake", 2023) == pytest.approx(-20)


def test_depletion_adds_what_is_found_in_every_year_of_a_period(tmp_path):
    """Nothing but 30 t found each year, over a period of two years: 30 t a year mined; counted once
    30 t in all."""
    assert yearly(
        plan_of(mined(reserve=0, additions=30, step=2), tmp_path), "activity", "dig"
    ) == pytest.approx([30, 30])


# ---- host_limit ----------------------------------------------------------------------------------


def test_host_limit_holds_for_each_metal_of_the_same_tonne(tmp_path):
    """1,000 t of zinc hold 10 t of indium and 20 t of germanium. Of indium 15 t are wanted: 10 t at
    10 and 5 t bought at 30; of germanium 15 t at 10: 400. Without the limit 300. Were both metals
    summed in one row, 1,500 t of zinc would be needed for the 15 t each: 2.5 t of indium and 15 t
    of germanium, 550. A tonne of zinc more gives 0.01 t of indium: -0.2."""
    study = (
        Study(metals=("indium", "germanium"))
        .host("zinc", 1000)
        .good("in", "refined", metal="indium", demand=15, shortage_cost=SHORT)
        .good("ge", "refined", metal="germanium", demand=15, shortage_cost=SHORT)
        .process(
            "in_zinc",
            "byproduct",
            host="zinc",
            gives={"in": 1},
            variable_cost=10,
            host_content=0.01,
        )
        .process(
            "ge_zinc",
            "byproduct",
            host="zinc",
            gives={"ge": 1},
            variable_cost=10,
            host_content=0.02,
        )
        .process("buy_in", "import", gives={"in": 1}, import_price=30)
        .process("buy_ge", "import", gives={"ge": 1}, import_price=30)
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(400)
    assert price(plan, "host_limit", "zinc, indium", 2021) == pytest.approx(-0.2)
    assert price(plan, "host_limit", "zinc, germanium", 2021) == pytest.approx(0)


# ---- collection ----------------------------------------------------------------------------------


def recycled(rate: float = 0.5, collect_cost: float = 1, **head) -> Study:
    """40 t of 2020 leave use in 2021. Recycling takes a tonne of scrap for 5 and gives 0.8 t."""
    return (
        imports(market(**head))
        .good("old", "waste", collection=rate)
        .good("scrap", "scrap")
        .product("devices", waste="old", uses={"li": 1}, inflow={2020: 40})
        .process(
            "collect", "collect", takes={"old": 1}, gives={"scrap": 1}, variable_cost=collect_cost
        )
        .process(
            "recycle",
            "recycle",
            takes={"scrap": 1},
            gives={"li": 0.8},
            loss="dust",
            variable_cost=5,
        )
    )


def test_collection_limits_what_comes_back(tmp_path):
    """Half of the 40 t that leave use is collected: 20 x 6 + 84 x 30 = 2,640; without the limit 40
    x 6 + 68 x 30 = 2,280. A tonne more that may be collected saves 0.8 x 30 - 6 = 18."""
    plan = plan_of(recycled(), tmp_path)
    assert plan.objective == pytest.approx(2640)
    assert yearly(plan, "disposal", "old") == pytest.approx([20])
    assert price(plan, "collection", "old", 2021) == pytest.approx(-18)


def test_collection_takes_new_scrap_in(tmp_path):
    """90 t of wire leave 10 t of offcuts, of which half can be collected: 5 t, 0.8 x 5 = 4 t of
    refined less to buy, 96 x 30 + 5 x 6 = 2,910; without the new scrap on the right 3,000."""
    study = (
        Study()
        .good("li", "refined")
        .good("wire", "product", demand=90, shortage_cost=SHORT)
        .good("offcuts", "waste", collection=0.5)
        .good("scrap", "scrap")
        .process("buy", "import", gives={"li": 1}, import_price=30)
        .process("draw", "manufacture", takes={"li": 1}, gives={"wire": 0.9, "offcuts": 0.1})
        .process("collect", "collect", takes={"offcuts": 1}, gives={"scrap": 1}, variable_cost=1)
        .process(
            "recycle",
            "recycle",
            takes={"scrap": 1},
            gives={"li": 0.8},
            loss="dust",
            variable_cost=5,
            pathway="new scrap",
        )
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(2910)
    assert yearly(plan, "activity", "collect") == pytest.approx([5])


def test_waste_that_nobody_collects_is_lost(tmp_path):
    """Half of it could be collected, but nobody does: 100 t are bought."""
    study = (
        imports(market())
        .good("old", "waste", collection=0.5)
        .product("devices", waste="old", uses={"li": 1}, inflow={2020: 40})
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert yearly(plan, "disposal", "old") == pytest.approx([40])


# ---- stockpile_balance
# -----------------------------------------------------------------------------------------------


def stored(import_price=(10, 30), opening: float = 0, **values) -> Study:
    head = {key: values.pop(key) for key in ("discount_rate", "step", "last") if key in values}
    study = Study(2021, **{"last": 2022, **head})
    study.good("li", "refined", demand=DEMAND, shortage_cost=SHORT, opening_stock=opening, **values)
    return imports(study, list(import_price))


def test_stockpile_balance_carries_metal_over(tmp_path):
    """Imports at 10 now and at 30 next year, a tonne and year of storing at 2: buy 200 t now, 2,000
    + 2 x (0 + 100)/2 + 2 x (100 + 0)/2 = 2,200. Not storable 4,000; were a stock not carried from
    year to year, drawing would be free: 0."""
    plan = plan_of(stored(holding_cost=2), tmp_path)
    assert plan.objective == pytest.approx(2200)
    assert yearly(plan, "fill", "li") == pytest.approx([100, 0])
    assert yearly(plan, "draw", "li") == pytest.approx([0, 100])
    assert yearly(plan, "stockpile", "li") == pytest.approx([100, 0])


def test_stockpile_balance_is_worth_what_a_tonne_saves(tmp_path):
    """Room for 60 t: 1,600 + 40 x 30/1.1 at 10 % a year. A tonne put there in 2021 saves 10; in
    2022 it saves 30, in the money of 2022."""
    plan = plan_of(stored(max_stock=60, discount_rate=0.1), tmp_path)
    assert plan.objective == pytest.approx(1600 + 1200 / 1.1)
    assert [price(plan, "stockpile_balance", "li", t) for t in (2021, 2022)] == pytest.approx(
        [-10, -30]
    )


def test_stockpile_balance_pays_for_keeping_what_was_there(tmp_path):
    """50 t lie there for a year, at 2 a tonne: 3,000 for imports and 100 for keeping them. Half of
    that, the keep of the opening stock, is a constant that no column carries: without it 3,050."""
    assert plan_of(
        stored((30,), last=2021, opening=50, holding_cost=2), tmp_path
    ).objective == pytest.approx(3100)


@pytest.mark.parametrize(("closing", "cost"), [({}, 4000), ({"closing_stock": 20}, 3100)])
def test_stockpile_balance_ends_no_lower_than_it_must(tmp_path, closing, cost):
    """A full store of 50 t, imports at 10 and 30: it must be full at the end, so 1,000 + 3,000.
    With a closing level of 20 t, 30 t serve 2022: 1,000 + 70 x 30 = 3,100. Left open, all 50 t
    would go: 2,500."""
    assert plan_of(
        stored(opening=50, max_stock=50, **closing), tmp_path
    ).objective == pytest.approx(cost)


def test_stockpile_balance_fills_for_every_year_of_a_period(tmp_path):
    """Two periods of two years at 10 and 30, room for 60 t in all: 260 x 10 + 140 x 30 = 6,800.
    Were a period's fill counted once, 60 t a year would be drawn for two years: 5,600."""
    study = stored((10, 10, 30, 30), last=2024, step=2, max_stock=60)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(6800)
    assert sum(yearly(plan, "fill", "li")) == pytest.approx(60)
    assert price(plan, "stockpile_balance", "li", 2023) == pytest.approx(-30)


def test_stockpile_balance_keeps_at_the_rate_of_each_year(tmp_path):
    """200 t bought in 2021 for 2,000, 100 t kept at 2 a year: half a year's keep of 100 in 2021,
    and half in 2022 at 10 %."""
    assert plan_of(stored(holding_cost=2, discount_rate=0.1), tmp_path).objective == pytest.approx(
        2000 + 100 + 100 / 1.1
    )


# ---- emission_account
# ------------------------------------------------------------------------------------------------


def emitting(**head) -> Study:
    """At home 2 + 4 MWh x 0.5 = 4 t CO2e a tonne, at 10; abroad 50 and 1 of transport, at 25.
    Carbon costs 5."""
    return (
        market(**head)
        .series("grid_intensity", 0.5)
        .series("carbon_price", 5)
        .process("dig", "mine", gives={"li": 1}, variable_cost=10, direct_emission=2, electricity=4)
        .process(
            "buy",
            "import",
            gives={"li": 1},
            import_price=25,
            embodied_emission=50,
            transport_emission=1,
        )
    )


def test_emission_account_prices_what_is_emitted_at_home(tmp_path):
    """Mining costs 10 + 4 x 5 = 30, so 100 t are bought at 25: 2,500. Unpriced, or with electricity
    forgotten (10 + 2 x 5 = 20), it would be mined: 1,000 or 2,000. Were imports priced: 3,000. A
    tonne of CO2e more costs 5."""
    plan = plan_of(emitting(), tmp_path)
    assert plan.objective == pytest.approx(2500)
    assert price(plan, "emission_account", "territorial", 2021) == pytest.approx(5)
    assert price(plan, "emission_account", "footprint", 2021) == pytest.approx(0)
    assert yearly(plan, "emission", "territorial") == pytest.approx([0])
    assert yearly(plan, "emission", "footprint") == pytest.approx([5100])


def test_emission_account_under_a_border_adjustment(tmp_path):
    """The price falls on the footprint: 25 + 51 x 5 = 280 against 30, so it is mined: 3,000.
    Without the adjustment 2,500."""
    plan = plan_of(emitting(border_adjustment=True), tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert price(plan, "emission_account", "footprint", 2021) == pytest.approx(5)
    assert yearly(plan, "emission", "footprint") == pytest.approx([400])


def test_emission_account_follows_the_two_indices(tmp_path):
    """Heat at home falls to a quarter, the world's emissions to a half: 0.5 + 2 = 2.5 t a tonne
    mined, 25.5 t a tonne bought. Mining costs 10 + 12.5 and fills a quota of 60 t: 60 x 22.5 + 40 x
    25 = 2,350. Without the first index all is bought: 2,500."""
    study = emitting().series("direct_emission_index", 0.25).series("foreign_emission_index", 0.5)
    study.policy("some", "quota", processes=["dig"], cap=60)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(60 * 22.5 + 40 * 25)
    assert yearly(plan, "emission", "territorial") == pytest.approx([150])
    assert yearly(plan, "emission", "footprint") == pytest.approx([150 + 40 * 25.5])


def test_emission_account_discounts_the_carbon_price(tmp_path):
    """Mining at 10 + 4 x 5 in two years at 10 %, where imports pay too: 3,000 (1 + 1/1.1)."""
    plan = plan_of(emitting(last=2022, discount_rate=0.1, border_adjustment=True), tmp_path)
    assert plan.objective == pytest.approx(3000 * (1 + 1 / 1.1))
