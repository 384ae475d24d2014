"""Units that are known without pint: the same factors, the same refusals."""

from __future__ import annotations

import pytest

from planner.units import FACTORS, _ratio, factor, target_unit

KNOWN = [(unit, target) for target, units in FACTORS.items() for unit in units]


@pytest.mark.parametrize(("unit", "target"), KNOWN)
def test_known_factors_are_those_of_pint(unit, target):
    """To the last digit, with the money of the study's year in them."""
    given = target_unit(unit, 2021)
    assert factor(given, target, 2021) == _ratio(given, target_unit(target, 2021), 2021)


@pytest.mark.parametrize("unit", ["USD/kg", "USD_2020/kg", "EUR_2021/kg"])
def test_known_factors_do_not_let_money_of_another_year_in(unit):
    """Money without a year, of another year or of another currency is refused as ever."""
    with pytest.raises(ValueError, match="USD_2021"):
        factor(unit, "USD/t", 2021)


@pytest.mark.parametrize("unit", ["1/..a", "t/year.", "t..../year", "t//year", "1/.year", "t.year"])
def test_what_pint_passes_over_is_refused(unit):
    """Points outside numbers are as nothing to pint, and two slashes are a division that rounds:
    found by fuzzing."""
    with pytest.raises(ValueError, match="cannot be read"):
        factor(unit, "t/year", 2021)
