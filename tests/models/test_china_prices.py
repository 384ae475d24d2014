"""Import prices of the China study: one vintage, forms of one metal tied, nothing that the hindcast
tests among them."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

import planner
from models.china.derive import germanium, indium_trade, market, niobium
from models.china.derive.common import Fact, Facts
from planner.analysis.uncertainty.sampling import uncertainty

STATEMENT = Path(market.__file__).resolve().parents[1] / "uncertainty.toml"
CARBONATE = {2021: 37.608, 2022: 234.97, 2023: 181.39, 2024: 49.14, 2025: 42.07}
"""6,327 million USD / 133,300 t / 187.87 kg/t = 252.65 USD of 2022 per kg, x 0.93; and so on."""
CYCLE = [27.180 * 1.13, 47.345 * 1.12, 53.340 * 1.10, 77.850 * 1.08, 38.189 * 1.06, 22.953 * 1.045]
"""2015 to 2020 in USD of 2021; 2021 is 37.608."""


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts()


def by_year(prices: list[Fact]) -> dict[int | None, float]:
    return {fact.year: fact.value for fact in prices}


def test_carbonate_is_what_customs_had_and_then_the_mean_of_the_cycle(facts: Facts) -> None:
    """With nominal instead of real money 2022 would be 252.7, with 2022-25 in the cycle 2030 would
    be above 70."""
    found = by_year(market.carbonate(facts))
    assert {year: found[year] for year in CARBONATE} == pytest.approx(CARBONATE, rel=1e-3)
    wanted = statistics.mean([*CYCLE, 37.608])
    assert [found[year] for year in range(2030, 2061, 5)] == pytest.approx([wanted] * 7, rel=1e-3)


def test_range_of_the_cycle_is_its_lowest_and_highest_year(facts: Facts) -> None:
    (fact,) = (fact for fact in market.carbonate(facts) if fact.year == 2040)
    assert (fact.low, fact.high) == pytest.approx((min(CYCLE), max(CYCLE)), rel=1e-3)
    assert fact.grade == "D"


def test_ore_is_paid_a_share_of_carbonate(facts: Facts) -> None:
    """28.43 / 77.85 in 2018, 15.55 / 22.95 in 2020, 33.01 / 37.61 in 2021: shares 0.365, 0.677 and
    0.878, mean 0.640; 2024 and the cycle follow by it, 2022, 2023 and 2025 are known."""
    ore, chemical = by_year(market.ore(facts)), by_year(market.carbonate(facts))
    for year in (2024, 2026, 2030, 2060):
        assert ore[year] / chemical[year] == pytest.approx(0.640, abs=1e-3)
    known = [ore[year] for year in (2021, 2022, 2023, 2025)]
    assert known == pytest.approx([33.01, 103.01 * 0.93, 117.35 * 0.90, 30.34 * 0.85], rel=1e-3)


def test_refined_cobalt_is_hydroxide_over_its_payable_share(facts: Facts) -> None:
    """63.5, 69.06 and 87.25 % were paid in 2019-21, 73.3 % in the mean; 100 % while the quota
    stands."""
    hydroxide, metal = (
        by_year(market.cobalt_hydroxide(facts)),
        by_year(market.cobalt_refined(facts)),
    )
    assert hydroxide[2040] / metal[2040] == pytest.approx((0.635 + 0.6906 + 0.8725) / 3)
    assert hydroxide[2026] == metal[2026]


def test_without_the_stop_cobalt_does_not_leap(facts: Facts) -> None:
    free = market.cobalt_hydroxide(facts, export_stop=False)
    assert [fact.year for fact in free if (fact.year or 0) < 2030] == [2021, 2022, 2023, 2024]


def test_no_price_that_the_hindcast_tests_is_an_input() -> None:
    """London's cobalt and the carbonate, indium, ferroniobium and germanium of USGS in 2022 to 2025
    are what the plan's prices are compared with. Left: the dear last step of germanium, the price
    of 2025 (README.md of the study)."""
    facts = Facts()
    for make in (
        market.carbonate,
        market.ore,
        market.lithium_hydroxide,
        market.cobalt_hydroxide,
        market.cobalt_refined,
    ):
        made = make(facts)
        assert made
        assert not [fact for fact in made if "usgs" in fact.source]
    for module in (indium_trade, niobium, germanium):
        # what is known of 2022 to 2025 stands in that release alone
        assert "usgs-mcs-2026-data" not in module.import_price(Facts()).source
    tests = {"li2co3_battery_grade_real", "lme_cash"}
    asked = [facts.rows(file)[position] for file, position in facts.asked]
    assert asked
    assert not [row for row in asked if row["item"] in tests]


def test_an_ensemble_draws_prices_of_a_metal_together_and_years_apart() -> None:
    """Ore and carbonate of one year go together by 0.9, ore of 2030 and 2060 hardly; without the
    statement each price is one number for all years."""
    system = planner.read("china")
    uncertain = uncertainty(system, statement=STATEMENT)
    columns = uncertain.columns()
    ore = columns["process_values.import_lithium_ore_australia.import_price"]
    carbonate = columns["process_values.import_lithium_carbonate_chile.import_price"]
    assert uncertain.correlation is not None
    assert ore.stop - ore.start == carbonate.stop - carbonate.start == 13
    together = uncertain.correlation[ore, carbonate].diagonal()
    assert together == pytest.approx([0.9] * 13)
    assert uncertain.correlation[ore.stop - 7, ore.stop - 1] < 1e-3
