"""Known answers: published problems and closed forms, each a study folder read by the ordinary
reader."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import planner
from tests.small import price, yearly

STUDIES = Path(__file__).parents[1] / "studies"


def plan_of(name: str, **options) -> planner.Plan:
    return planner.solve(planner.read(STUDIES / name, **options))


# ---- Dantzig -------------------------------------------------------------------------------------


def test_dantzig_transport():
    """Two canneries, three markets, freight of 90 USD a case and thousand miles: 153.675 thousand
    USD (Dantzig 1963, chapter 3.3; the GAMS example trnsport). GAMS gives demand in cases and cost
    in thousand USD a case; here a tonne stands for a case and costs are in USD, so the optimum is
    153,675.

    The prices of the markets are those of GAMS, 0.225, 0.153 and 0.126 thousand USD a case."""
    plan = plan_of("dantzig_transport")
    assert plan.objective == pytest.approx(153_675, rel=1e-12)
    prices = [
        price(plan, "balance", f"cases/{city}", 2021) for city in ("new_york", "chicago", "topeka")
    ]
    assert prices == pytest.approx([225, 153, 126])
    assert yearly(plan, "activity", "ship_seattle_chicago") == pytest.approx([300])
    assert yearly(plan, "activity", "ship_san_diego_topeka") == pytest.approx([275])


# ---- Hotelling -----------------------------------------------------------------------------------

RATE, DEMAND, BACKSTOP = 0.1, 100, 60
GRADES = {"high_grade": (250, 10), "low_grade": (300, 30)}
YEARS = range(2021, 2028)


def test_hotelling_uses_the_cheap_grade_first_and_then_the_backstop():
    """250 t at 10, 300 t at 30 and a backstop at 60 serve 100 t for seven years: the grades in
    order of cost (Herfindahl 1967), 2.5 and 3 years, then imports. Were the dear grade worked
    first, the same tonnes would cost more in present value."""
    plan = plan_of("hotelling_two_grades")
    assert yearly(plan, "activity", "mine_high_grade") == pytest.approx([100, 100, 50, 0, 0, 0, 0])
    assert yearly(plan, "activity", "mine_low_grade") == pytest.approx(
        [0, 0, 50, 100, 100, 50, 0], abs=1e-9
    )
    cost = [1000, 1000, 500 + 1500, 3000, 3000, 1500 + 50 * 60, 6000]
    assert plan.objective == pytest.approx(
        sum(c / (1 + RATE) ** age for age, c in enumerate(cost)), rel=1e-12
    )


def test_hotelling_price_path():
    """The closed form. The price of metal is cost plus rent of whoever is working, and each rent
    rises at the discount rate. The low grade ends in 2026, when the backstop sets 60: its rent
    there is 30. The high grade ends in 2023 beside the low one, whose cost and rent set 30 +
    30/1.1^3 = 52.54: its rent there is 42.54. In 2021: 10 + 42.54/1.21 = 45.16; never cost alone,
    which would be 10."""
    plan = plan_of("hotelling_two_grades")
    low = {t: 30 / (1 + RATE) ** (2026 - t) for t in YEARS}
    high = {t: (30 + low[2023] - 10) / (1 + RATE) ** (2023 - t) for t in YEARS}
    expected = {
        t: 10 + high[t] if t <= 2023 else 30 + low[t] if t <= 2026 else BACKSTOP for t in YEARS
    }
    assert {t: price(plan, "balance", "lithium/refined", t) for t in YEARS} == pytest.approx(
        expected, rel=1e-9
    )
    assert expected[2021] == pytest.approx(45.16, abs=0.005)


@pytest.mark.parametrize(("deposit", "works_until"), [("high_grade", 2023), ("low_grade", 2026)])
def test_hotelling_rent_rises_at_the_discount_rate(deposit, works_until):
    """Ten per cent a year while the grade is worked: were the dual not undone for the year's
    discount it would stand still."""
    plan = plan_of("hotelling_two_grades")
    rents = [-price(plan, "depletion", deposit, t) for t in range(2021, works_until + 1)]
    assert rents[-1] > 0
    growth = [after / before for before, after in pairwise(rents)]
    assert growth == pytest.approx([1 + RATE] * len(growth), rel=1e-9)


# ---- cost and carbon
# -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carbon_price", "route", "emissions"),
    [
        (0, "refine_coal", 600),
        (3.9, "refine_coal", 600),
        (4.1, "refine_gas", 300),
        (5.9, "refine_gas", 300),
        (6.1, "refine_sun", 0),
        (200, "refine_sun", 0),
    ],
)
def test_carbon_price_switches_between_three_routes(carbon_price, route, emissions):
    """Coal 10 USD and 6 t CO2e (4 and 4 MWh at 0.5), gas 22 and 3 t, sun 40 and 0: coal to gas
    costs 12/3 = 4 a tonne, gas to sun 18/3 = 6. Were electricity left out, coal to sun would cost
    7.5 and gas 18."""
    plan = plan_of("carbon_switch", overrides={"series.carbon_price": str(carbon_price)})
    assert yearly(plan, "activity", route) == pytest.approx([100])
    assert yearly(plan, "emission", "territorial") == pytest.approx([emissions], abs=1e-9)


@pytest.mark.parametrize(
    ("cap", "cost", "worth"),
    [(600, 1000, None), (450, 1600, 4), (200, 2800, 6), (100, 3400, 6), (0, 4000, None)],
)
def test_carbon_cap_walks_the_trade_off(cap, cost, worth):
    """The frontier of cost and carbon is convex with corners at (600, 1,000), (300, 2,200) and (0,
    4,000): 4 USD a tonne from coal to gas, 6 from gas to sun. The price of the cap is its slope."""
    plan = plan_of("carbon_switch", scenario=f"cap-{cap}")
    assert plan.objective == pytest.approx(cost)
    if worth is not None:
        assert price(plan, "carbon_cap", "cap", 2021) == pytest.approx(-worth)


# ---- by-products, lead time
# ------------------------------------------------------------------------------------------


def test_byproducts_share_their_host():
    """5 Mt of home zinc hold 250 t of indium and 150 t of germanium, 2 Mt of imported zinc 100 t of
    indium. 500 t of indium: 100 t at 80,000, 150 t at 150,000, 100 t at 120,000, 150 t imported at
    300,000; 200 t of germanium: 150 t at 500,000, 50 t imported at a million. 212.5 million.
    Without the limit 8 + 48 + 100 = 156 million; with one row for both metals germanium would take
    all of the zinc."""
    plan = plan_of("byproduct_hosts")
    indium = 100 * 80e3 + 150 * 150e3 + 100 * 120e3 + 150 * 300e3
    assert plan.objective == pytest.approx(indium + 150 * 500e3 + 50 * 1e6)
    assert yearly(plan, "activity", "indium_hard") == pytest.approx([150])
    assert yearly(plan, "activity", "germanium_zinc") == pytest.approx([150])
    assert price(plan, "host_limit", "home_zinc, indium", 2021) == pytest.approx(
        -(300e3 - 150e3) * 5e-5
    )
    assert price(plan, "host_limit", "imported_zinc, indium", 2021) == pytest.approx(
        -(300e3 - 120e3) * 5e-5
    )
    assert price(plan, "host_limit", "home_zinc, germanium", 2021) == pytest.approx(
        -(1e6 - 500e3) * 3e-5
    )


def test_lead_time_makes_an_early_shortage_unavoidable():
    """Works of 40 t, two years to build, no imports: 60 t short in 2021 and 2022, whatever is paid,
    none afterwards. The 60 t ordered in 2021 cost an annuity due of 500 x 1.05^2 x (0.05/1.05)/(1 -
    1.05^-10) in 2023, 2024 and 2025. Were works there at once, nothing would be short."""
    plan = plan_of("lead_time_shortage")
    assert yearly(plan, "shortage", "niobium/refined") == pytest.approx([60, 60, 0, 0, 0], abs=1e-9)
    assert plan.values["new_capacity"]["works", 2021] == pytest.approx(60)
    annuity = 500 * 1.05**2 * (0.05 / 1.05) / (1 - 1.05**-10)
    yearly_cost = [40 * 20 + 60 * 1000] * 2 + [100 * 20 + 60 * annuity] * 3
    assert plan.objective == pytest.approx(
        sum(c / 1.05**age for age, c in enumerate(yearly_cost)), rel=1e-12
    )
