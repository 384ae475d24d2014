"""What must not change the plan does not, and what must change it does so in the right direction:
on small random studies.

Derandomised, so that every run tries the same studies.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planner
from tests.small import Study, plan_of

FEW = settings(
    derandomize=True,
    max_examples=8,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SAME = 1e-9

cost = st.integers(1, 60)
numbers = st.fixed_dictionaries(
    {
        "demand": st.lists(st.integers(50, 150), min_size=4, max_size=4),
        "dig": cost,
        "refine": cost,
        "buy": cost,
        "buy_ore": cost,
        "recycle": cost,
        "capacity": st.integers(0, 80),
        "capital": st.integers(10, 400),
        "lead": st.integers(0, 2),
        "reserve": st.integers(50, 600),
        "room": st.integers(20, 90),
        "growth": st.integers(0, 40),
        "collected": st.integers(0, 100),
        "carbon_price": st.integers(0, 10),
        "cap": st.integers(100, 900),
        "rate": st.integers(0, 12),
    }
)
Numbers = dict[str, Any]


def study(n: Numbers) -> Study:
    """Ore mined on works that may grow, ore and metal imported, recycling, a stockpile, carbon."""
    return (
        Study(2021, 2024, discount_rate=n["rate"] / 100)
        .series("grid_intensity", 0.5)
        .series("carbon_price", n["carbon_price"])
        .good("ore", "intermediate", equivalent=0.9)
        .good(
            "li",
            "refined",
            demand=n["demand"],
            shortage_cost=2000,
            opening_stock=10,
            max_stock=50,
            holding_cost=1,
        )
        .good("old", "waste", collection=n["collected"] / 100)
        .good("scrap", "scrap", disposal_cost=1)
        .product("devices", waste="old", uses={"li": 1}, inflow={2020: 40})
        .deposit("lake", reserve=n["reserve"])
        .process(
            "dig",
            "mine",
            takes={"lake": 1},
            gives={"ore": 1},
            variable_cost=n["dig"],
            direct_emission=2,
            plant="works",
            ramp_group="mines",
        )
        .process(
            "buy_ore",
            "import",
            gives={"ore": 1},
            import_price=n["buy_ore"],
            max_activity=n["room"],
            stage="extraction",
            embodied_emission=3,
        )
        .process(
            "refine",
            "refine",
            takes={"ore": 1},
            gives={"li": 0.9},
            loss="slag",
            variable_cost=n["refine"],
            electricity=4,
        )
        .process(
            "buy",
            "import",
            gives={"li": 1},
            import_price=n["buy"],
            max_activity=n["room"],
            embodied_emission=8,
            ramp_group="trade",
        )
        .process("collect", "collect", takes={"old": 1}, gives={"scrap": 1}, variable_cost=1)
        .process(
            "recycle",
            "recycle",
            takes={"scrap": 1},
            gives={"li": 0.8},
            loss="dust",
            variable_cost=n["recycle"],
            electricity=1,
        )
        .plant(
            "works",
            existing_capacity=n["capacity"],
            capital_cost=n["capital"],
            life=5,
            lead_time=n["lead"],
            max_new=60,
        )
        .ramp("mines", growth=n["growth"] / 100, step=10)
        .ramp("trade", growth=n["growth"] / 100, step=10)
        .policy("cap", "carbon_cap", scope="territorial", cap=n["cap"])
    )


@pytest.fixture(scope="module")
def solve(tmp_path_factory):
    """Solve a study in a folder of its own."""
    folder = tmp_path_factory.mktemp("studies")

    def run(made: Study) -> planner.Plan:
        return plan_of(made, folder)

    return run


def quantities(plan: planner.Plan) -> dict[Any, float]:
    return {
        (name, *index): value
        for name, column in plan.values.items()
        for index, value in column.items()
    }


@FEW
@given(n=numbers, factor=st.sampled_from([0.01, 3.0, 1000.0]))
def test_money_in_another_unit_scales_the_cost_alone(solve, n, factor):
    """Every price times a factor: cost times the factor, the same emissions."""
    plan, scaled = solve(study(n)), solve(study(n).with_money_times(factor))
    assert scaled.objective == pytest.approx(plan.objective * factor, rel=SAME)
    assert scaled.record.emissions == pytest.approx(plan.record.emissions, rel=1e-6, abs=1e-6)


@FEW
@given(n=numbers)
def test_kilotonnes_are_a_thousand_tonnes(solve, n):
    """The same study with its masses in kt: the same plan."""
    plan, other = solve(study(n)), solve(study(n).in_kilotonnes())
    assert other.objective == pytest.approx(plan.objective, rel=SAME)
    assert quantities(other) == pytest.approx(quantities(plan), rel=1e-6, abs=1e-6)


@FEW
@given(n=numbers)
def test_splitting_a_supplier_changes_nothing(solve, n):
    """Imports in two halves, and a mine in two that share works, deposit and ramp group, cost what
    they cost as one."""
    split = study(n)
    split.process(
        "buy_half",
        "import",
        gives={"li": 1},
        import_price=n["buy"],
        max_activity=n["room"] / 2,
        embodied_emission=8,
        ramp_group="trade",
    )
    for row in split.rows["process_values"]:
        if row["process"] == "buy" and row["parameter"] == "max_activity":
            row["value"] = n["room"] / 2
    split.process(
        "dig_too",
        "mine",
        takes={"lake": 1},
        gives={"ore": 1},
        variable_cost=n["dig"],
        direct_emission=2,
        plant="works",
        ramp_group="mines",
    )
    assert solve(split).objective == pytest.approx(solve(study(n)).objective, rel=SAME)


@FEW
@given(n=numbers, dearer=st.integers(1, 20))
def test_a_dominated_option_is_never_used(solve, n, dearer):
    """Ore and metal that cost more, emit more and fill the same room: the plan stays as it was, and
    neither runs."""
    more = study(n).policy("room", "quota", processes=["buy", "worse"], cap=n["room"])
    more.process(
        "worse",
        "import",
        gives={"li": 1},
        import_price=n["buy"] + dearer,
        embodied_emission=9,
        ramp_group="trade",
    )
    more.process(
        "dig_worse",
        "mine",
        takes={"lake": 1.1},
        gives={"ore": 1},
        loss="tailings",
        variable_cost=n["dig"] + dearer,
        direct_emission=3,
        plant="works",
        ramp_group="mines",
    )
    plan = solve(more)
    used = {
        index: value
        for index, value in plan.values["activity"].items()
        if index[0] in ("worse", "dig_worse")
    }
    assert used == pytest.approx(dict.fromkeys(used, 0.0), abs=1e-7)
    assert plan.objective == pytest.approx(solve(study(n)).objective, rel=SAME)


@FEW
@given(
    n=numbers,
    limit=st.sampled_from(["capacity", "reserve", "room", "collected", "cap", "growth"]),
    share=st.sampled_from([0.3, 0.8]),
)
def test_tightening_a_limit_never_lowers_the_cost(solve, n, limit, share):
    """Less of anything that may be had costs at least as much."""
    loose = solve(study(n)).objective
    assert solve(study(n | {limit: n[limit] * share})).objective >= loose * (1 - SAME)


@FEW
@given(n=numbers, seed=st.integers(0, 1000))
def test_the_order_of_rows_changes_not_a_digit(solve, n, seed):
    """Rows of every table in another order: the same values, to the last digit, also where plans
    tie."""
    n = n | {"buy_ore": n["dig"], "recycle": n["refine"]}  # ties
    shuffled = study(n).with_rows_permuted(lambda rows: random.Random(seed).sample(rows, len(rows)))
    assert quantities(solve(shuffled)) == quantities(solve(study(n)))
