"""Indium, germanium and niobium of the China study: hosts, tiers, ceilings and money, against
figures worked out by hand from `data/`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from models.china.derive import byproduct, germanium, hosts, indium, indium_trade, niobium
from models.china.derive.common import Facts, judged
from planner.system.economics import capital_charge
from planner.system.nouns import Period

FACTS = Facts()


def values(module: Any, parameter: str, year: int | str, scenario: str = "") -> dict[str, float]:
    """Process to value of a parameter in a year (or in all: '')."""
    return {
        row["process"]: row["value"]
        for table, row in module.rows(FACTS)
        if table == "process_values"
        and row["parameter"] == parameter
        and row["year"] == year
        and row["scenario"] == scenario
    }


def steps(module: Any, parameter: str, year: int | str) -> list[tuple[str, float]]:
    """Process and value of a parameter of each step of import curves in a year (or in all: '')."""
    return [
        (row["of"], row["value"])
        for table, row in module.rows(FACTS)
        if table == "curves" and row["parameter"] == parameter and row["year"] == year
    ]


def test_home_and_imported_zinc_add_up_to_refined_zinc() -> None:
    """6.56 Mt in 2021, 4.2 of it from home mines; 7.0 Mt in 2030 and 6.0 Mt in 2060 at 0.58 and
    0.50 from home."""
    flows = hosts.zinc(FACTS)
    pairs = zip(hosts.YEARS, flows["zinc_home"], flows["zinc_imported"], strict=True)
    by_year = {year: (home.value, abroad.value) for year, home, abroad in pairs}
    assert by_year[2021] == pytest.approx((4.2e6, 2.36e6))
    assert by_year[2030] == pytest.approx((0.58 * 7.0e6, 0.42 * 7.0e6))
    assert by_year[2060] == pytest.approx((3.0e6, 3.0e6))


def test_home_zinc_outlasts_the_zinc_reserve() -> None:
    """Home mines give some 145 Mt to 2060 against 60 Mt of reserves (USGS 2025): the zinc path
    presumes that reserves are replaced."""
    flow = hosts.zinc(FACTS)["zinc_home"]
    years = [fact.year or 0 for fact in flow]
    mined = sum(
        (b - a) * (x.value + y.value) / 2
        for a, b, x, y in zip(years, years[1:], flow, flow[1:], strict=False)
    )
    assert mined == pytest.approx(145e6, rel=0.03)
    assert (
        mined
        > 2 * FACTS.one("reserves", "zinc", variable="reserves", region="china", year=2025).value
    )


def test_zinc_of_2021_can_give_544_t_of_indium_and_92_t_of_germanium() -> None:
    """6.56 Mt x 83 g/t and x 14 g/t: the observed 530 t and (with coal) 155 t fit under it; 9 g/t
    of germanium would not do."""
    zinc = 6.56e6
    assert indium.host_yield(FACTS)[0].value * zinc == pytest.approx(544.5, abs=0.1)
    content = values(germanium, "host_content", 2021)["byproduct_germanium_zinc_home"]
    assert content * zinc + 60 == pytest.approx(151.8, abs=0.1)
    assert 9e-6 * zinc + 60 < 0.8 * 155


def test_cheap_indium_is_what_was_won_at_the_prices_of_2021_to_2023() -> None:
    """2021: 0.95 x 530 t, 4.2 / 6.56 of it from home ore: 322.4 t. With a cheap share of 0.62, a
    third of it would have run at a loss."""
    sizes = values(indium, "max_activity", 2021)
    assert sizes["byproduct_indium_zinc_home_1"] == pytest.approx(0.95 * 530 * 4.2 / 6.56)
    rest = 83e-6 * 6.56e6 - 0.95 * 530
    assert sizes["byproduct_indium_zinc_imported_2"] == pytest.approx(
        rest * 2.36 / 6.56 * 0.28 / 0.38
    )
    assert "byproduct_indium_zinc_home_3" not in sizes
    assert indium.cheap(FACTS)[1].value < 1.1 * indium.cheap(FACTS)[2].value


def test_no_tier_has_a_negative_size() -> None:
    """The host yield path lies below what was won in 2022 (90 against 94 g/t): the cheap tier ends
    at the path."""
    for scenario in hosts.SCENARIOS:
        for year in hosts.YEARS:
            assert min(values(indium, "max_activity", year, scenario).values()) >= 0


def test_coal_runs_down_from_its_observed_level() -> None:
    """50 t of 2021 less a fifth a year: 40 t in the first year, or a plan with foresight shuts the
    mine at once and reopens it later."""
    least = values(germanium, "min_activity", 2021)["byproduct_germanium_coal"]
    assert least == pytest.approx(
        0.8 * values(germanium, "observed", 2021)["byproduct_germanium_coal"]
    )
    assert values(germanium, "min_activity", 2031)["byproduct_germanium_coal"] == 0


@pytest.mark.parametrize(("scenario", "more"), [("zinc-low", False), ("zinc-high", True)])
def test_tiers_follow_the_zinc_of_the_scenario(scenario: str, more: bool) -> None:
    """Tiers that kept the base sizes would make a richer zinc path useless and a poorer one
    harmless."""
    base, other = (
        values(indium, "max_activity", 2060, name)["byproduct_indium_zinc_home_1"]
        for name in ("", scenario)
    )
    assert (other > base) == more


def test_observed_flows_of_2021_close_on_use_and_exports() -> None:
    """Indium 300 + 230, germanium 86 + 40, niobium 27,000: what is pinned serves what is demanded,
    without imports of indium."""
    assert sum(values(indium, "observed", 2021).values()) == pytest.approx(530)
    assert sum(values(germanium, "observed", 2021).values()) == pytest.approx(85.87 + 40, abs=0.2)
    assert sum(values(niobium, "observed", 2021).values()) == pytest.approx(27_000, rel=1e-3)


def test_splitting_imports_by_origin_keeps_the_ceiling() -> None:
    """60 + 80 + 100 t of indium and what the world has left of 398 t; germanium 53 t at half the
    ceilings in 2021."""
    ceilings: dict[str, float] = defaultdict(float)
    for module in (indium, germanium):
        alone = values(module, "max_activity", 2021).items()
        for process, amount in (*alone, *steps(module, "amount", 2021)):
            if process.startswith("import_") and "scrap" not in process:
                ceilings[process.split("_")[1]] += amount
    assert ceilings["indium"] == pytest.approx(398)
    assert ceilings["germanium"] == pytest.approx(0.5 * 53)


def test_dearest_supply_is_below_half_of_the_shortage_price() -> None:
    """Shortage at twice the dearest import step (additions.csv): 2,000, 150 and 7,000 USD/kg.
    Dearer imports would lose to shortage."""
    for module, least in ((indium, 1_000e3), (niobium, 75e3), (germanium, 3_500e3)):
        prices = [*values(module, "import_price", "").values()]
        prices += [price for _, price in steps(module, "price", "")]
        assert max(prices) <= least


def test_scrap_costs_in_the_order_that_is_observed() -> None:
    """Superalloys below imports, sorted steel above them: otherwise steel is sorted for money
    today, which nobody does."""
    cost = values(niobium, "variable_cost", "")
    price = niobium.import_price(FACTS).value * 1000
    assert cost["recycle_niobium_superalloys"] < price < cost["recycle_niobium_sorted_steel"]
    assert price == pytest.approx(34.4e3, rel=0.02)  # mean of 32.3, 35.8, 34.6, 35.2, 34.0


def test_plants_carry_exactly_the_capital_taken_off_the_running_cost() -> None:
    """A circuit that is ordered and runs all its life costs its all-in price: no capital twice,
    none forgotten."""
    all_in = judged(180, "USD_2021/kg", "test")
    years = tuple(Period(year, year) for year in range(2021, 2021 + byproduct.CIRCUIT_LIFE + 1))
    price = byproduct.capital_in(all_in).value
    charges = capital_charge(years, [price] * len(years), 0.08, 0.08, byproduct.CIRCUIT_LIFE, 1)[
        0
    ].sum()
    discount = sum(1.08 ** -(year.first - 2021) for year in years[1:])
    assert charges / discount + byproduct.running(all_in).value == pytest.approx(180e3)


def test_coal_germanium_turns_dear_at_forty_dollars_a_tonne() -> None:
    """(1,210 - 980) / 5.771 t = 40 USD/t with the life-cycle figure, 230 with the low one of 1,000
    kg."""
    gap = germanium.import_price(FACTS).value - 980
    assert gap / 5.771 == pytest.approx(40, abs=1)
    low = values(germanium, "direct_emission", "", "germanium-coal-low")["byproduct_germanium_coal"]
    base = values(germanium, "direct_emission", "")["byproduct_germanium_coal"]
    assert low / base == pytest.approx(1000 / 5771)


def test_indium_price_of_abroad_is_in_money_of_2021() -> None:
    """217, 252 x 0.93, 249 x 0.90, 311 x 0.88, 380 x 0.85: mean 254. In money of their own years it
    would be 282."""
    assert indium_trade.import_price(FACTS).value == pytest.approx(254.4, abs=0.5)
