"""Discounting and capital charges, each against a sum done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from planner.system.economics import (
    alive_share,
    annuity_due,
    capital_charge,
    discount_factor,
    period_factors,
)
from planner.system.nouns import Period

EXACT = 1e-13


def years(first: int, last: int) -> tuple[Period, ...]:
    return tuple(Period(y, y) for y in range(first, last + 1))


def test_first_year_is_undiscounted():
    assert discount_factor(2021, np.array([2021, 2022, 2023]), 0.1) == pytest.approx(
        [1.0, 1 / 1.1, 1 / 1.21], rel=EXACT
    )
    assert discount_factor(2021, [2021, 2060], 0.0) == pytest.approx([1.0, 1.0], rel=EXACT)


def test_a_period_counts_each_of_its_years():
    """2022-2023 at 10 %: 1/1.1 + 1/1.21 = 1.7355. Its middle year counted twice would give 2 x
    1.1^-1.5 = 1.7335."""
    factors = period_factors((Period(2021, 2021), Period(2022, 2023)), 0.1)
    assert factors == pytest.approx([1.0, 1 / 1.1 + 1 / 1.21], rel=EXACT)
    assert period_factors((Period(2021, 2025),), 0.0) == pytest.approx([5.0], rel=EXACT)


def test_annuity_due_by_hand():
    """1,000 at 10 % over 2 years, paid at the start of each: A + A/1.1 = 1000, A = 523.81. In
    arrears it would be 576.19."""
    assert 1000 * annuity_due(0.1, 2) == pytest.approx(1000 / (1 + 1 / 1.1), rel=EXACT)
    assert annuity_due(0.0, 8) == pytest.approx(1 / 8, rel=EXACT)


def test_annuity_does_not_jump_at_a_rate_of_zero():
    assert annuity_due(1e-10, 25) == pytest.approx(annuity_due(0.0, 25), rel=1e-8)


@pytest.mark.parametrize(
    ("rate", "life"), [(0.08, 0.0), (0.08, -1.0), (-1.0, 5.0), (0.08, float("nan"))]
)
def test_annuity_refuses_what_is_no_life_or_rate(rate, life):
    with pytest.raises(ValueError, match="must be above"):
        annuity_due(rate, life)


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("life", [1.0, 3.0, 7.5])
def test_whole_life_within_the_horizon_costs_the_price(rate, life):
    """Where the plant's rate is the study's and the whole life lies within the horizon, the charges
    are worth the price at order."""
    charge = capital_charge(years(2021, 2040), np.full(20, 100.0), rate, rate, life, 0)
    assert charge[0].sum() == pytest.approx(100.0, rel=1e-12)
    assert charge[4].sum() == pytest.approx(100.0 * (1 + rate) ** -4, rel=1e-12)


def test_lead_time_carries_interest_and_shifts_the_charge():
    """Paid in 2021, runs from 2023: the debt grows to 121 by then, and comes back to 100 in money
    of 2021."""
    charge = capital_charge(years(2021, 2026), np.full(6, 100.0), 0.1, 0.1, 2.0, 2)
    payment = 121.0 / (1 + 1 / 1.1)
    assert charge[0] == pytest.approx([0, 0, payment / 1.21, payment / 1.331, 0, 0], rel=1e-12)
    assert charge[0].sum() == pytest.approx(100.0, rel=1e-12)


def test_horizon_cuts_the_charge_without_salvage():
    """Life 4, ordered in 2022 with 2 years left: half is charged at r = 0. Ordered in 2023: a
    quarter. Too late to run: nothing."""
    charge = capital_charge(years(2021, 2023), np.full(3, 100.0), 0.0, 0.0, 4.0, 0)
    assert charge.sum(axis=1) == pytest.approx([75.0, 50.0, 25.0], rel=EXACT)
    assert charge[1] == pytest.approx([0.0, 25.0, 25.0], rel=EXACT)
    late = capital_charge(years(2021, 2023), np.full(3, 100.0), 0.0, 0.0, 4.0, 2)
    assert late.sum(axis=1) == pytest.approx([25.0, 0.0, 0.0], rel=EXACT)


def test_plant_rate_and_study_rate_are_two_things():
    """At 10 % for the plant and 0 for the study two payments of 523.81 count in full: 1,047.62."""
    charge = capital_charge(years(2021, 2022), np.full(2, 1000.0), 0.1, 0.0, 2.0, 0)
    assert charge[0].sum() == pytest.approx(2 * 1000 / (1 + 1 / 1.1), rel=EXACT)


def test_multi_year_periods_charge_each_year_of_life():
    """Ordered in the first year of 2022-2024 with lead 1 and life 3: due 2023, 2024, 2025, split
    two and one over the periods."""
    periods = (Period(2021, 2021), Period(2022, 2024), Period(2025, 2027))
    charge = capital_charge(periods, np.array([0.0, 90.0, 0.0]), 0.0, 0.1, 3.0, 1)
    assert charge[1] == pytest.approx([0.0, 30 * (1.1**-2 + 1.1**-3), 30 * 1.1**-4], rel=EXACT)


def test_charges_of_years_and_of_periods_agree():
    """One plant ordered in 2021: five single years sum to what one period of five does."""
    single = capital_charge(years(2021, 2025), np.full(5, 10.0), 0.07, 0.04, 12.0, 1)[0].sum()
    together = capital_charge((Period(2021, 2025),), np.array([10.0]), 0.07, 0.04, 12.0, 1)[0].sum()
    assert together == pytest.approx(single, rel=EXACT)


def test_alive_share_is_the_overlap_in_time():
    """Ordered in 2021, lead 2, life 4: runs 2023 to 2026. Of 2022-2024 two years of three, of
    2025-2030 two of six."""
    periods = (Period(2021, 2021), Period(2022, 2024), Period(2025, 2030))
    share = alive_share(periods, 2, 4.0)
    assert share[0] == pytest.approx([0.0, 2 / 3, 2 / 6], rel=EXACT)
    assert share[1] == pytest.approx([0.0, 1 / 3, 3 / 6], rel=EXACT)
    assert share[2] == pytest.approx([0.0, 0.0, 4 / 6], rel=EXACT)


def test_a_life_of_half_a_year_runs_half_of_its_year():
    assert alive_share(years(2021, 2022), 0, 0.5) == pytest.approx(np.diag([0.5, 0.5]), rel=EXACT)
