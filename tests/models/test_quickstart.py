"""The shipped study `quickstart` against the optimum that its README derives on paper."""

from __future__ import annotations

import pytest

import planner
from tests.small import price, yearly

YEARS = (2021, 2022, 2023)
ANNUITY = 20_000 * 1.1 * (0.1 / 1.1) / (1 - 1.1**-10)
CHARGE = ANNUITY * (1 / 1.1 + 1 / 1.21)


@pytest.fixture(scope="module")
def reference():
    return planner.solve(planner.read("quickstart"))


@pytest.fixture(scope="module")
def carbon_price():
    return planner.solve(planner.read("quickstart", scenario="carbon-price"))


def present_value(by_year):
    return sum(cost / 1.1**age for age, cost in enumerate(by_year))


def test_cost_of_the_reference(reference):
    """4,178,292.73 on paper. With the whole price of the works charged inside the horizon it would
    be 618,182 - 169,470 more."""
    running = (
        50 * 1000 + 40 * 4200 + 51 * 12_000 + 20 * 15_000 + 25.25 * 30_000,
        100 * 1000 + 70 * 4200 + 12 * 12_000 + 20 * 15_000 + 20.5 * 30_000,
        250 * 1000 + 55 * 4200 + 20 * 15_000 + 6.25 * 30_000,
    )
    assert reference.objective == pytest.approx(present_value(running) + 30 * CHARGE, rel=1e-12)
    assert reference.objective == pytest.approx(4_178_292.73, abs=0.005)


@pytest.mark.parametrize(
    ("process", "amounts"),
    [
        ("mine_brine", [40, 70, 55]),
        ("mine_brine_electric", [0, 0, 0]),
        ("import_lithium", [51, 12, 0]),
        ("byproduct_cobalt", [20, 20, 20]),
        ("import_cobalt", [25.25, 20.5, 6.25]),
        ("recycle_packs", [50, 100, 250]),
        ("collect_packs", [50, 100, 250]),
        ("assemble_packs", [500, 500, 500]),
    ],
)
def test_what_runs(reference, process, amounts):
    """The table of the README: each pathway by year."""
    assert yearly(reference, "activity", process) == pytest.approx(amounts, abs=1e-9)


def test_orders_come_a_year_before_they_are_needed(reference):
    """30 t are ordered in 2021 and run in 2022; an order in 2022 would idle, one in 2023 would
    start too late to exist."""
    assert reference.values["new_capacity"] == pytest.approx(
        {("brine_works", 2021): 30, ("brine_works", 2022): 0}
    )
    assert yearly(reference, "capacity", "brine_works") == pytest.approx([40, 70, 70])


@pytest.mark.parametrize(
    ("family", "index", "prices"),
    [
        ("balance", "lithium/refined", [12_000, 12_000, 4200]),
        ("balance", "cobalt/refined", [30_000] * 3),
        ("balance", "packs/new", [5400, 5400, 3840]),
        ("collection", "packs/spent", [-4010, -4010, -2606]),
        ("host_limit", "copper, cobalt", [-30] * 3),
        ("plant_capacity", "brine_works", [-7800, -7800, 0]),
    ],
)
def test_prices(reference, family, index, prices):
    """Undiscounted shadow prices, signed: what serves demand costs, what may be had saves."""
    assert [price(reference, family, index, t) for t in YEARS] == pytest.approx(
        prices, rel=1e-9, abs=1e-6
    )


def test_price_of_the_building_rate(reference):
    """One tonne a year more ordered in 2021 saves an import in 2022 and costs two annuities:
    7,090.91 - 5,649.01."""
    assert price(reference, "build_rate", "brine_works", 2021) == pytest.approx(
        -(7800 / 1.1 - CHARGE), rel=1e-9
    )


def test_emissions(reference):
    """At home 490, 840, 840; the footprint 3,309 in all."""
    assert yearly(reference, "emission", "territorial") == pytest.approx([490, 840, 840])
    assert reference.record.emissions["footprint"] == pytest.approx(3309)


def test_the_carbon_price_turns_the_heat_electric(carbon_price):
    """Above 62.5 USD a tonne electric heat is cheaper: all of it changes, nothing else does. Below,
    the plan would stay as it was."""
    assert yearly(carbon_price, "activity", "mine_brine_electric") == pytest.approx([40, 70, 55])
    assert yearly(carbon_price, "activity", "mine_brine") == pytest.approx([0, 0, 0])
    assert yearly(carbon_price, "emission", "territorial") == pytest.approx([170, 280, 400])
    running = (1_914_700, 1_499_200, 1_019_200)
    assert carbon_price.objective == pytest.approx(present_value(running) + 30 * CHARGE, rel=1e-12)


@pytest.mark.parametrize(("carbon_cost", "heat"), [(62, "mine_brine"), (63, "mine_brine_electric")])
def test_the_switch_lies_at_62_and_a_half(carbon_cost, heat):
    """500 USD more for 8 t CO2e less: the switch that paper finds, from both sides."""
    plan = planner.solve(
        planner.read("quickstart", overrides={"series.carbon_price": str(carbon_cost)})
    )
    assert yearly(plan, "activity", heat)[0] == pytest.approx(40)
