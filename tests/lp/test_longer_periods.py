"""Longer and uneven periods: every limit holds in each of their years. A period says when plants
are ordered; all else is what the study with periods of one year says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import planner
from planner.lp.formulation import components, programmes
from planner.solver.compiled import compiled
from planner.solver.highs import Arrays
from planner.solver.pyomo_model import compile_arrays
from planner.system.batch import UnlikeError, batch
from tests.small import Study, plan_of, system_of, yearly

SHORT = 1000.0
UNEVEN: dict[str, Any] = {"periods": [2021, 2022, 2025]}
LONGER: list[dict[str, Any]] = [{"step": 6}, UNEVEN]
"""Six years in one, and in uneven periods."""
RISING = [50, 60, 70, 80, 90, 100]


def market(demand: Any = 100, **head: Any) -> Study:
    """Six years of demand at 5 %, a mine at 10, imports without limit at 30."""
    return (
        Study(2021, 2026, discount_rate=0.05, **head)
        .good("li", "refined", demand=demand, shortage_cost=SHORT)
        .process("buy", "import", gives={"li": 1}, import_price=30, origin="A")
    )


def dug(study: Study, **values: Any) -> Study:
    return study.process("dig", "mine", gives={"li": 1}, **{"variable_cost": 10, **values})


def recycled(study: Study, **good: Any) -> Study:
    """100 t that entered use in each year before, and what is bought, leave a year later."""
    study.good("old", "waste", **good).good("scrap", "scrap")
    study.process("collect", "collect", takes={"old": 1}, gives={"scrap": 1})
    study.process("melt", "recycle", takes={"scrap": 1}, gives={"li": 0.9}, loss="slag")
    return study.product("thing", waste="old", uses={"li": 1}, inflow={2020: 80})


def stored(study: Study, **policy: Any) -> Study:
    study._values(
        "good_values", {"good": "li", "metal": ""}, {"opening_stock": 20, "holding_cost": 2}
    )
    return study.policy("safe", "stockpile_cover", goods=["li"], **policy) if policy else study


def policy(kind: str, **fields: Any) -> Callable[..., Study]:
    return lambda **head: dug(
        market(**head), direct_emission=4, observed={2022: 40}, max_activity=80
    ).policy("rule", kind, **fields)


HOME = {"metal": "lithium", "stages": ["processing", "extraction"]}
DATA: dict[str, Callable[..., Study]] = {
    "demand": lambda **head: dug(market(RISING[::-1], **head), max_activity=70),
    "shortage_cost": lambda **head: dug(
        Study(2021, 2026, discount_rate=0.05, **head).good(
            "li", "refined", demand=RISING, shortage_cost=[5, 5, 5, 20, 20, 20]
        )
    ),
    "import_price": lambda **head: dug(
        Study(2021, 2026, discount_rate=0.05, **head)
        .good("li", "refined", demand=RISING, shortage_cost=SHORT)
        .process("buy", "import", gives={"li": 1}, import_price=[5, 5, 15, 15, 5, 5])
    ),
    "max_activity": lambda **head: dug(market(**head), max_activity=[0, 200, 0, 100, 50, 20]),
    "min_activity": lambda **head: dug(
        market(**head), variable_cost=50, min_activity=[0, 90, 0, 0, 10, 0]
    ),
    "coefficient": lambda **head: market(**head).process(
        "dig", "mine", gives={"li": [0, 0, 1, 1, 0, 1]}, variable_cost=10, max_activity=90
    ),
    "host output": lambda **head: (
        market(RISING, **head)
        .host("zinc", [0, 10000, 9000, 0, 8000, 0])
        .process("won", "byproduct", gives={"li": 1}, host="zinc", host_content=0.01)
    ),
    "host_content": lambda **head: (
        market(RISING, **head)
        .host("zinc", 8000)
        .process(
            "won",
            "byproduct",
            gives={"li": 1},
            host="zinc",
            host_content=[0.001, 0.02, 0.02, 0.01, 0.02, 0.001],
        )
    ),
    "collection": lambda **head: recycled(
        market(RISING, **head), collection=[0, 1, 0.5, 0, 0.9, 0.1]
    ),
    "dissipated": lambda **head: recycled(market(RISING[::-1], **head), collection=0.9),
    "existing_capacity": lambda **head: dug(market(**head), plant="k").plant(
        "k", existing_capacity=[150, 120, 90, 60, 30, 0]
    ),
    "availability": lambda **head: dug(market(**head), plant="k").plant(
        "k", existing_capacity=110, availability=[1, 0, 1, 0.5, 0.5, 1]
    ),
    "under_construction": lambda **head: dug(market(**head), plant="k").plant(
        "k", under_construction={2022: 120, 2026: 50}, life=2.5
    ),
    "fixed_cost": lambda **head: dug(market(**head), plant="k").plant(
        "k", existing_capacity=[50, 50, 0, 0, 50, 50], fixed_cost=RISING
    ),
    "additions": lambda **head: (
        market(**head)
        .deposit("lake", reserve=0, additions=[0, 0, 200, 0, 30, 0])
        .process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, variable_cost=10)
    ),
    "reserve": lambda **head: (
        market(**head)
        .deposit("lake", reserve=250)
        .process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, variable_cost=10)
    ),
    "exploration": lambda **head: (
        market(**head)
        .deposit("lake", reserve=0)
        .exploration("lake", cost=5, potential=[60, 0, 0, 60, 0, 0], delay=1)
        .process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, variable_cost=10)
    ),
    "ramp": lambda **head: dug(market(RISING, **head), ramp_group="r").ramp(
        "r", growth=0.1, step=8
    ),
    "run_down": lambda **head: dug(
        market(**head), variable_cost=[10, 10, 10, 90, 90, 90], ramp_group="r"
    ).ramp("r", decline=0.3),
    "stockpile": lambda **head: stored(dug(market(RISING, **head), max_activity=75)),
    "stockpile_cover": lambda **head: stored(
        dug(market(RISING, **head)),
        months={"2022": 3, "2024": 9},
    ),
    "carbon_price": lambda **head: dug(market(**head), direct_emission=4).series(
        "carbon_price", [0, 2, 4, 6, 8, 10]
    ),
    "efficiency": lambda **head: market(RISING, **head).measure(
        "thin", "efficiency", "li", cost=[20, 40, 20, 40, 20, 40], potential=[0.5, 0.1] * 3
    ),
    "closure": lambda **head: dug(market(**head), max_activity=30).policy(
        "shut", "closure", origin="A", share=0, from_=2022, to=2023
    ),
    "closure of a bound": lambda **head: (
        dug(market(**head), max_activity=10)
        .process("far", "import", gives={"li": 1}, import_price=5, origin="B", max_activity=80)
        .policy("shut", "closure", origin="B", share=0.25, from_=2024, to=2024)
    ),
    "quota": policy("quota", processes=["dig"], cap={"2022": 10, "2025": 90}),
    "carbon_cap": policy("carbon_cap", scope="territorial", cap=100, from_=2023, to=2024),
    "carbon_budget": policy("carbon_budget", scope="territorial", cap=900),
    "import_share": policy(
        "import_share", metal="lithium", origin="A", share=0.1, from_=2022, to=2025
    ),
    "self_sufficiency": lambda **head: dug(
        market(RISING, **head), variable_cost=50, stage="processing"
    ).policy("home", "self_sufficiency", share={"2022": 0.1, "2026": 0.9}, **HOME),
    "recycled_content": lambda **head: recycled(market(RISING, **head), collection=0.9).policy(
        "again", "recycled_content", metal="lithium", share={"2022": 0.1, "2024": 0.3}
    ),
    "collection_target": lambda **head: recycled(
        market(RISING, **head), collection=0.9, disposal_cost=1
    ).policy("due", "collection_target", goods=["old"], share=0.8, from_=2023, to=2023),
    "pin": policy("pin", tolerance=0.1),
    "soft floor": lambda **head: dug(
        market(RISING, **head), variable_cost=50, stage="processing", max_activity=60
    ).policy("home", "self_sufficiency", share=0.8, penalty=500, from_=2023, **HOME),
}
"""Numbers that change inside a period, limits that carry over from year to year, policies in force
in a part of a period; nothing is ordered."""


@pytest.mark.parametrize("name", list(DATA))
def test_without_orders_longer_periods_change_nothing(tmp_path, name):
    """Cost, activities and shortage are those of the yearly study. Planned by means, a limit would
    be passed in some of the years: every one of these studies had another cost."""
    once, plan = (plan_of(DATA[name](**head), tmp_path) for head in ({}, UNEVEN))
    assert plan.objective == pytest.approx(once.objective, rel=1e-12)
    assert plan.values == once.values


def works(**values: Any) -> Study:
    """A mine on a plant that can be ordered for 60 a tonne and year."""
    head = {key: values.pop(key) for key in ("step", "periods") if key in values}
    plant = {"capital_cost": 60, "life": 4, "lead_time": 1, **values}
    return dug(market(RISING, **head), plant="k").plant("k", **plant)


ORDERS: dict[str, dict[str, Any]] = {
    "no limit": {},
    "lead_time": {"lead_time": 2},
    "life": {"life": 2.5},
    "price": {"capital_cost": [60, 50, 200, 40, 30, 20]},
    "interest": {"interest_rate": 0.2},
    "max_new": {"max_new": 20},
    "max_new that changes": {"max_new": [0, 40, 10, 0, 30, 5]},
    "max_capacity": {"max_capacity": [100, 40, 90, 100, 30, 100]},
}


@pytest.mark.parametrize("name", list(ORDERS))
def test_orders_of_a_period_are_a_plan_of_the_yearly_study(tmp_path, name):
    """With all its orders held, the yearly study costs the same to 1e-9 and serves the same: no
    limit of a year is passed; and it never costs less than the yearly study with orders of its
    own. Counted by the mean of a period, an order inside it ran before it stood."""
    once = plan_of(works(**ORDERS[name]), tmp_path)
    assert once.certificate.replay is None
    for head in LONGER:
        plan = plan_of(works(**ORDERS[name], **head), tmp_path)
        replay = plan.certificate.replay
        assert replay is not None
        assert replay.largest <= 1e-9
        assert plan.objective >= once.objective * (1 - 1e-12)


@pytest.mark.parametrize("limit", [{}, {"max_new": 15, "lead_time": 2}])
def test_orders_keep_the_limits_of_each_year(tmp_path, limit):
    """Of each year's orders no more than max_new, of its cash no more than the budget: 900 USD a
    year. By the mean of a period all could be ordered in its first year, with six years' money."""
    study = works(**limit, **UNEVEN).policy("cash", "capital_budget", cap=900)
    plan = plan_of(study, tmp_path)
    ordered = plan.capacity.query("quantity == 'ordered'")["value"].to_numpy()
    assert ordered.sum() > 1
    assert (ordered <= plan.system.plants["k"].max_new * (1 + 1e-9)).all()
    assert (60 * ordered <= 900 * (1 + 1e-9)).all()


def test_the_part_of_an_order_follows_what_each_year_allows(tmp_path):
    """One period of six years, 0, 40, 10, 0, 30 and 5 t may be ordered, lead 1: of 80 t in time 40,
    10 and 30 are placed in 2022, 2023 and 2025; 2026 would start too late. In equal parts 2021
    would order what it may not."""
    study = works(max_new=[0, 40, 10, 0, 30, 5], capital_cost=1, step=6)
    study.policy("now", "self_sufficiency", share=1.0, penalty=900, **HOME)
    plan = plan_of(study, tmp_path)
    ordered = plan.capacity.query("quantity == 'ordered'")["value"].tolist()
    assert ordered == pytest.approx([0, 40, 10, 0, 30, 0])
    assert plan.values["new_capacity"] == {("k", 2021): pytest.approx(80)}


# ---- by hand


def ten_years(**values: Any) -> Study:
    """Ten years as one period: 100 t a year, a mine at 10 on a plant for 150 that takes two years
    to build, imports at 500."""
    study = Study(2021, 2030, step=10, discount_rate=0.05)
    study.good("li", "refined", demand=100, shortage_cost=1e5)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, plant="k")
    study.process("buy", "import", gives={"li": 1}, import_price=500)
    return study.plant("k", **{"capital_cost": 150, "life": 10, "lead_time": 2, **values})


@pytest.mark.parametrize("limit", [{}, {"max_capacity": 100}])
def test_a_plant_does_not_make_up_for_its_absence(tmp_path, limit):
    """100 t ordered, 800 t mined, imports in 2021 and 2022: 116,330. With the mean of the period
    125 t were ordered, of which a mean of 100 t stood: 1,000 t mined for 23,802; a largest capacity
    did not help, for it bounded the same mean."""
    plan = plan_of(ten_years(**limit), tmp_path)
    assert plan.values["new_capacity"] == {("k", 2021): pytest.approx(100)}
    assert yearly(plan, "activity", "dig") == pytest.approx([0, 0, *[100] * 8])
    worth = [1.05**-age for age in range(10)]
    annuity = 150 * 1.05**2 * (0.05 / 1.05) / (1 - 1.05**-10)
    cost = 100 * (500 * sum(worth[:2]) + (10 + annuity) * sum(worth[2:]))
    assert plan.objective == pytest.approx(cost)
    assert cost == pytest.approx(116_330, abs=0.5)


def test_a_closure_of_a_part_of_a_period_closes_that_part(tmp_path):
    """The only import is closed in 2021 and 2022, two years of a period of three: 200 t short and
    400 t bought, 204,000. An import without an upper bound of its own was open all along: 6,000."""
    study = Study(2021, 2026, step=3).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    study.policy("shut", "closure", origin="A", share=0, from_=2021, to=2022)
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(204_000)
    assert yearly(plan, "shortage", "li") == pytest.approx([100, 100, 0, 0, 0, 0])


# ---- the same programme by other ways


def same(one: Arrays, two: Arrays) -> None:
    assert (one.columns, one.rows) == (two.columns, two.rows)
    for name in ("cost", "lower", "upper", "row_lower", "row_upper"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-12)
    assert abs(one.matrix - two.matrix).max() <= 1e-12


def budgeted(*limit: float) -> Study:
    study = works(max_new=list(limit), life=2.5, **UNEVEN)
    return study.policy("cash", "capital_budget", cap=900)


def test_pyomo_compiles_the_orders_of_longer_periods(tmp_path):
    """Parts of orders in several years, and their cash: as Pyomo's own compilation has them."""
    system = system_of(budgeted(0, 40, 10, 0, 30, 5), tmp_path)
    same(compile_arrays(planner.build(system)), compiled(system).arrays)


def test_samples_of_orders_do_not_meet(tmp_path):
    """Two limits of orders in a batch: each sample places its orders by its own limit, as alone.
    One that orders in another year is no sample of the same programme, for it has another row of
    cash."""
    systems = [
        system_of(budgeted(*limit), tmp_path)
        for limit in ((5, 40, 10, 0, 30, 5), (10, 20, 30, 0, 30, 20))
    ]
    many = batch(systems)
    at_once = programmes(components(many, planner.balance(many)))
    for ours, system in zip(at_once, systems, strict=True):
        same(ours, compiled(system).arrays)
    assert abs(at_once[0].matrix - at_once[1].matrix).max() > 0.1
    other = system_of(budgeted(10, 20, 30, 40, 30, 20), tmp_path)
    many = batch([systems[0], other])
    with pytest.raises(UnlikeError):
        components(many, planner.balance(many))
