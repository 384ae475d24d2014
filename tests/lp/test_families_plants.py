"""The families of equipment, with discounting, annuities, lead times and periods, against small
studies solved by hand.

Each docstring says what the plan costs with the family, and what it would cost without.
"""

from __future__ import annotations

import pytest

from tests.small import Study, plan_of, price, yearly

SHORT = 1000


def works(
    first: int = 2021, last: int = 2021, *, running=5, import_price=30, head=None, **plant
) -> Study:
    """100 t a year demanded; a mine on works, imports beside it."""
    return (
        Study(first, last, **(head or {}))
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .process("dig", "mine", gives={"li": 1}, variable_cost=running, plant="works")
        .process("buy", "import", gives={"li": 1}, import_price=import_price)
        .plant("works", **plant)
    )


# ---- plant_capacity
# --------------------------------------------------------------------------------------------------


def test_plant_capacity_cheapest_source_fills_first(tmp_path):
    """Mine 60 t at 10, import the other 40 t at 30: 1,800. Were capacity ignored: 1,000. A tonne a
    year more saves 20."""
    plan = plan_of(works(running=10, existing_capacity=60), tmp_path)
    assert plan.objective == pytest.approx(1800)
    assert price(plan, "plant_capacity", "works", 2021) == pytest.approx(-20)


def test_plant_capacity_is_shared_by_processes(tmp_path):
    """Ore of two provenances on the same works of 60 t: 1,800. Were each given the works: 1,000."""
    study = works(running=10, existing_capacity=60).process(
        "dig_other", "mine", gives={"li": 1}, variable_cost=10, plant="works"
    )
    assert plan_of(study, tmp_path).objective == pytest.approx(1800)


def test_plant_capacity_counts_availability_and_loading(tmp_path):
    """60 t at nine tenths, and 1.5 t of it for a tonne: 36 t run: 36 x 10 + 64 x 30 = 2,280.
    Without availability (40 t) 2,200, without loading (54 t) 1,920. A tonne a year of works is
    worth 20 x 0.9/1.5 = 12, what runs of it 20/1.5."""
    study = Study().good("li", "refined", demand=100, shortage_cost=SHORT)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, plant="works", loading=1.5)
    study.process("buy", "import", gives={"li": 1}, import_price=30).plant(
        "works", existing_capacity=60, availability=0.9
    )
    plan = plan_of(study, tmp_path)
    assert plan.objective == pytest.approx(2280)
    assert price(plan, "plant_capacity", "works", 2021) == pytest.approx(-20 / 1.5)
    assert price(plan, "capacity_balance", "works", 2021) == pytest.approx(-12)


# ---- capacity_balance: lead time, annuity, salvage
# -------------------------------------------------------------------


def test_capacity_balance_lead_time_annuity_and_the_end_of_the_horizon(tmp_path):
    """Works of 100 USD, life 2, lead 1, at 10 %: A = 100 x 1.1 x (0.1/1.1)/(1 - 1.1^-2) = 57.62 a
    year of life. 2021 must import at 80; an order of 2021 runs in 2022 and 2023, one of 2023 in
    2024 and, beyond the horizon, 2025: its charge is cut with it.

    8,000 + 100 x 57.62 x (1/1.1 + 1/1.21 + 1/1.331) = 22,329. Were the works there at once, 2021
    would be served at 57.62 too. Were all of the last order charged, 82.64 against a saving of
    60.11, 2024 would be imported: 24,011. The last tonne of 2024 costs 57.62.
    """
    study = works(
        last=2024,
        running=0,
        import_price=80,
        head={"discount_rate": 0.1},
        capital_cost=100,
        life=2,
        lead_time=1,
    )
    plan = plan_of(study, tmp_path)
    annuity = 100 * 1.1 * (0.1 / 1.1) / (1 - 1.1**-2)
    assert annuity * (1 / 1.1 + 1 / 1.1**2) == pytest.approx(100), (
        "an annuity over a life within the horizon is worth the price"
    )
    assert plan.objective == pytest.approx(
        8000 + 100 * annuity * (1 / 1.1 + 1 / 1.1**2 + 1 / 1.1**3)
    )
    assert plan.values["new_capacity"] == pytest.approx(
        {("works", 2021): 100, ("works", 2022): 0, ("works", 2023): 100}
    )
    assert yearly(plan, "capacity", "works") == pytest.approx([0, 100, 100, 100])
    assert price(plan, "balance", "li", 2024) == pytest.approx(annuity)
    assert price(plan, "capacity_balance", "works", 2024) == pytest.approx(-annuity)


def test_capacity_balance_retires_what_has_lived(tmp_path):
    """Works of life 2 and no rate: 10 a year against imports at 30. Dear at order in 2022 and 2023
    (100), so 2023 is imported: 2 x 100 x 15 + 3,000 = 6,000. Works that never died would give 2023
    at 15 too: 4,500."""
    plan = plan_of(works(last=2023, capital_cost=[20, 100, 100], life=2), tmp_path)
    assert plan.objective == pytest.approx(6000)
    assert yearly(plan, "capacity", "works") == pytest.approx([100, 100, 0])


def test_capacity_balance_interest_of_the_plant_beside_the_discount_rate(tmp_path):
    """Interest 20 %, discount 0: A = 40 x 1.2 x (0.2/1.2)/(1 - 1.2^-4) = 15.45 for one year of
    service after a year of building: 3,000 + 100 x (5 + 15.45) = 5,045; with the discount rate in
    its place 10: 4,500."""
    annuity = 40 * 1.2 * (0.2 / 1.2) / (1 - 1.2**-4)
    plan = plan_of(
        works(last=2022, capital_cost=[40, 40], life=4, lead_time=1, interest_rate=0.2), tmp_path
    )
    assert plan.objective == pytest.approx(3000 + 100 * (5 + annuity))


def test_capacity_balance_counts_what_was_under_construction(tmp_path):
    """30 t start in 2022 without an order, and live two years: 3,000, 30 x 5 + 70 x 30 = 2,250
    twice, 3,000: 10,500; without 12,000."""
    plan = plan_of(works(last=2024, under_construction={2022: 30}, life=2), tmp_path)
    assert plan.objective == pytest.approx(10_500)
    assert yearly(plan, "capacity", "works") == pytest.approx([0, 30, 30, 0])


def test_capacity_balance_in_a_long_period_stands_from_its_year_on(tmp_path):
    """Periods of two years, lead 1, 30 t a year may be ordered: half of the 60 t of the first
    period are placed in 2021 for 4 a year (life 10, no rate) and stand from 2022, half in 2022 for
    8 from 2023: 3,000 + 2,250 + 2 x 1,500 + 360 + 480 = 9,090. All 60 t of 2021, standing for half
    of the first period: 8,220, though no more than 30 t may be ordered in a year and none stands in
    2021."""
    study = works(
        last=2024,
        head={"step": 2},
        capital_cost=[40, 80, 400, 400],
        life=10,
        lead_time=1,
        max_new=30,
    )
    plan = plan_of(study, tmp_path)
    assert yearly(plan, "capacity", "works") == pytest.approx([0, 30, 60, 60])
    assert plan.objective == pytest.approx(
        3000 + (30 * 5 + 70 * 30) + 2 * (60 * 5 + 40 * 30) + 30 * 4 * 3 + 30 * 8 * 2
    )
    ordered = plan.capacity[plan.capacity["quantity"] == "ordered"]
    assert ordered["value"].tolist() == pytest.approx([30, 30, 0, 0])


def test_fixed_cost_falls_on_what_stands(tmp_path):
    """60 t stand at 3 a year each, run or not: 60 x 3 + 60 x 5 + 40 x 30 = 1,680; at no cost 1,500.
    One tonne of works more is worth 25 - 3 = 22, what runs of it 25."""
    plan = plan_of(works(existing_capacity=60, fixed_cost=3), tmp_path)
    assert plan.objective == pytest.approx(1680)
    assert price(plan, "capacity_balance", "works", 2021) == pytest.approx(-22)
    assert price(plan, "plant_capacity", "works", 2021) == pytest.approx(-25)


def test_fixed_cost_is_discounted(tmp_path):
    """The same in two years at 10 %: 1,680 (1 + 1/1.1)."""
    plan = plan_of(
        works(last=2022, head={"discount_rate": 0.1}, existing_capacity=60, fixed_cost=3), tmp_path
    )
    assert plan.objective == pytest.approx(1680 * (1 + 1 / 1.1))


# ---- build_rate, capacity_limit
# --------------------------------------------------------------------------------------


def test_build_rate_limits_orders(tmp_path):
    """30 t a year can be ordered, at 10 a year of life: 30 x 15 + 70 x 30 = 2,550, then 60 x 15 +
    40 x 30 = 2,100 a year later at 10 %; without the limit 1,500 a year. One more in 2021 saves 15
    in both years, in 2022 15 in the money of 2022."""
    plan = plan_of(
        works(
            last=2022,
            head={"discount_rate": 0.1},
            capital_cost=40,
            life=4,
            interest_rate=0,
            max_new=30,
        ),
        tmp_path,
    )
    assert plan.objective == pytest.approx(2550 + 2100 / 1.1)
    assert price(plan, "build_rate", "works", 2021) == pytest.approx(-15 - 15 / 1.1)
    assert price(plan, "build_rate", "works", 2022) == pytest.approx(-15)


def test_build_rate_holds_in_each_year_of_a_period(tmp_path):
    """A period of two years lets 30 t be ordered in each: 2,550 + 2,100 = 4,650, as in the yearly
    study. Were all 60 t ordered in its first year, twice what the limit allows: 4,200."""
    plan = plan_of(
        works(last=2022, head={"step": 2}, capital_cost=40, life=4, max_new=30), tmp_path
    )
    assert plan.objective == pytest.approx(4650)


def test_the_price_of_the_building_rate_is_that_of_one_order(tmp_path):
    """Periods of two years at 10 %: one more ordered in 2023-24 is half of 2023 and saves 15 in
    both years, half of 2024 and saves 15 in that: (15 + 2 x 15/1.1)/2 in the money of 2023."""
    head = {"step": 2, "discount_rate": 0.1}
    plan = plan_of(
        works(last=2024, head=head, capital_cost=40, life=4, interest_rate=0, max_new=10), tmp_path
    )
    assert price(plan, "build_rate", "works", 2023) == pytest.approx(-15 / 2 - 15 / 1.1)


def test_build_rate_of_zero_closes_the_option(tmp_path):
    """Nothing may be ordered: 3,000 of imports; with the order 1,500. The column is not there at
    all."""
    plan = plan_of(works(capital_cost=40, life=4, max_new=0), tmp_path)
    assert plan.objective == pytest.approx(3000)
    assert "new_capacity" not in plan.values


def test_capacity_limit_bounds_a_site(tmp_path):
    """20 t stand, 70 t have room: 20 x 5 + 50 x 15 + 30 x 30 = 1,750; without the limit 1,300. Room
    for one more saves 15."""
    plan = plan_of(works(existing_capacity=20, capital_cost=40, life=4, max_capacity=70), tmp_path)
    assert plan.objective == pytest.approx(1750)
    assert price(plan, "capacity_limit", "works", 2021) == pytest.approx(-15)


# ---- periods -------------------------------------------------------------------------------------


def six_even_years(**head) -> Study:
    """Six years with capacity, a deposit, carbon and a quota whose numbers never change."""
    return (
        Study(2021, 2026, discount_rate=0.07, **head)
        .series("grid_intensity", 0.5)
        .series("carbon_price", 3)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .deposit("lake", reserve=200)
        .process(
            "dig",
            "mine",
            takes={"lake": 1},
            gives={"li": 1},
            variable_cost=5,
            electricity=2,
            plant="works",
        )
        .process("far", "mine", gives={"li": 1}, variable_cost=12, direct_emission=1)
        .process("buy", "import", gives={"li": 1}, import_price=30)
        .plant("works", existing_capacity=50, fixed_cost=1)
        .policy("some", "quota", processes=["far"], cap=20)
    )


@pytest.mark.parametrize(
    "head", [{"step": 2}, {"periods": [2021, 2023, 2025]}, {"periods": [2021, 2022, 2025]}]
)
def test_periods_agree_with_years_where_nothing_changes_within_them(tmp_path, head):
    """50 t a year are mined until the 200 t are gone, after four years, whatever the periods, those
    that end in 2024 or not; they cost what the years cost, to the last digit. Were the factor of a
    period n_t (1 + r)^-start, two years would weigh 2, not 1.93."""
    years, periods = (plan_of(six_even_years(**h), tmp_path) for h in ({}, head))
    assert periods.objective == pytest.approx(years.objective, rel=1e-12)
    for family, index in (("balance", "li"), ("quota", "some"), ("plant_capacity", "works")):
        last = periods.system.periods[-1].first
        assert price(periods, family, index, last) == pytest.approx(
            price(years, family, index, last), rel=1e-9
        )


def test_the_factor_of_a_period_is_the_sum_over_its_years(tmp_path):
    """3,000 a year in 2021-2022 and 2023-2024 at 10 %: 3,000 x (1 + 0.909 + 0.826 + 0.751) =
    10,460.6. The price stays 30."""
    plan = plan_of(
        works(last=2024, head={"discount_rate": 0.1, "step": 2}, max_capacity=0), tmp_path
    )
    assert plan.objective == pytest.approx(3000 * sum(1.1**-age for age in range(4)))
    assert [price(plan, "balance", "li", t) for t in (2021, 2023)] == pytest.approx([30, 30])
