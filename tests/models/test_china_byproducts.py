"""Indium, germanium and niobium of the China study: hosts, tiers, ceilings and money, against
figures worked out by hand from `data/`."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import planner
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


def test_germanium_in_zinc_is_what_reserves_and_frenzel_say() -> None:
    """1,190 t / 46 Mt = 25.9 g/t at home, 7,000 t / 230 Mt = 30.4 g/t abroad; half of it and half
    of that again is what two circuits win. In 2021 the first reaches 54 t of home and 36 t of
    imported zinc: with 60 t of coal the 155 t of BGS, which nothing here was made from."""
    content = germanium.contents(FACTS)
    assert content["zinc_home"].value * 1e6 == pytest.approx(1190 / 46)
    assert content["zinc_imported"].value * 1e6 == pytest.approx(7000 / 230)
    reach = {
        (route, circuit): germanium.reach(FACTS, route, circuit).value
        for route in ("zinc_home", "zinc_imported")
        for circuit in ("1", "2")
    }
    assert reach["zinc_home", "1"] * 4.2e6 == pytest.approx(0.5 * 1190 / 46 * 4.2)
    assert reach["zinc_home", "2"] == pytest.approx(0.25 * content["zinc_home"].value)
    zinc = reach["zinc_home", "1"] * 4.2e6 + reach["zinc_imported", "1"] * 2.36e6
    assert zinc + 60 == pytest.approx(150.2, abs=0.1)


def test_no_by_product_draws_on_a_deposit() -> None:
    """What is not won with the host is in its slag, and only that can be held back for later years:
    germanium out of a reserve ran 33, 17, 3, 0 t and then 26 t again."""
    china = planner.read("china")
    for process in china.processes.values():
        assert not (process.host and process.deposits), process.name
    filled = {name for name, deposit in china.deposits.items() if deposit.filled_by}
    assert filled == {"germanium_zinc_residue", "germanium_coal_residue", "indium_zinc_residue"}


def test_home_germanium_neither_stops_nor_starts_again() -> None:
    """Of every year at least 85 % of the year before: out of deposits it fell to nothing in 2033
    and came back."""
    plan = planner.solve(planner.read("china"))
    home = sum(
        np.array([plan.values["activity"][name, year] for year in plan.system.years], dtype=float)
        for name in plan.system.processes
        if name.startswith("byproduct_germanium") and "imported" not in name
    )
    assert (home[1:] >= 0.85 * home[:-1]).all()
    held = plan.stocks[(plan.stocks["kind"] == "host") & (plan.stocks["metal"] == "germanium")]
    wide = held.pivot_table(index="year", columns="quantity", values="value", aggfunc="sum")
    parts = wide["won"] + wide["laid_down"] + wide["lost"]
    assert parts.to_numpy() == pytest.approx(wide["content"].to_numpy())


def test_lignite_fades_with_what_is_left_of_its_reserve() -> None:
    """100 t burnt in 2021 of 1,715 t: a constant share of what is left. To 2060 it adds up to
    1,715 x (1 - exp(-39 x 100 / 1715)) = 1,538 t, less than there is."""
    found = {fact.year: fact.value for fact in hosts.coal_ash(FACTS)}
    assert found[2021] == pytest.approx(100)
    assert found[2060] == pytest.approx(100 * np.exp(-39 * 100 / 1715))


def test_residues_hold_what_was_not_won() -> None:
    """37 Mt of zinc refined in 2015-2020 with 25.9 g/t less 0.6 of the 531 t refined then: 638 t,
    of which half is laid down; of indium 197 g/t: 3,650 t."""
    kept = judged(0.5, "1", "test", low=0.2, high=0.8)
    assert germanium.opening(FACTS, "zinc", kept).value == pytest.approx(
        0.5 * (36.99e6 * 1190 / 46e6 - 0.6 * 531)
    )
    assert indium.opening(FACTS, kept).value == pytest.approx(3650, rel=1e-3)


def test_indium_content_is_what_was_won_over_what_comes_through() -> None:
    """77 g/t of zinc / (0.7 x 0.5 x 0.8) = 274 g/t, above the technical ceiling of 250."""
    assert indium.content(FACTS).value * 1e6 == pytest.approx(76.753 / 0.28)
    assert indium.content(FACTS).value * 1e6 > 250


def test_tiers_of_indium_are_circuits_that_end_below_the_content() -> None:
    """2021: 0.95 x 530 t over 6.56 Mt of zinc is cheap; the rest of 83 g/t is split 0.28 : 0.10. In
    2060 the tiers add up to 200 g/t."""
    tiers = {tier: indium.tier_size(FACTS, tier) for tier in ("1", "2", "3")}
    cheap = 0.95 * 530 / 6.56e6
    assert tiers["1"][0].value == pytest.approx(cheap)
    assert tiers["2"][0].value == pytest.approx((83e-6 - cheap) * 0.28 / 0.38)
    assert tiers["3"][0].value == pytest.approx((83e-6 - cheap) * 0.10 / 0.38)
    assert sum(each[-1].value for each in tiers.values()) == pytest.approx(200e-6)
    assert all(fact.value > 0 for each in tiers.values() for fact in each)
    assert indium.content(FACTS).value > 200e-6


def test_cobalt_of_indonesia_follows_its_nickel() -> None:
    """Of 2,100 t mined in 2021 and 58,359 t expected for 2030, 0.88 is open to China; a tonne of
    nickel brings 4,577 / 37,260 t of cobalt."""
    china = planner.read("china")
    process = china.processes["import_cobalt_hydroxide_indonesia"]
    reach = process.host_content * china.hosts[process.host].output
    years = china.years
    assert reach[years.index(2021)] == pytest.approx(0.88 * 2100, rel=1e-4)
    assert reach[years.index(2030)] == pytest.approx(0.88 * 58359, rel=1e-4)
    assert np.isinf(process.max_activity).all()
    drc = china.processes["import_cobalt_hydroxide_drc"]
    assert (process.import_price < drc.import_price).all()


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
    base, other = (planner.read("china", scenario=name) for name in ("reference", scenario))
    name = "byproduct_indium_zinc_home_1"
    reach = [s.processes[name].host_content * s.hosts["zinc_home"].output for s in (base, other)]
    assert (reach[1][-1] > reach[0][-1]) == more


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
    """Superalloys below imports, sorted steel with the capital of a line above them, 36.0 / 0.8 =
    45: otherwise steel is sorted for money today, which nobody does."""
    cost = values(niobium, "variable_cost", "")
    price = niobium.import_price(FACTS).value * 1000
    sorting = cost["recycle_niobium_sorted_steel"] / (1 - byproduct.CAPITAL_SHARE)
    assert sorting == pytest.approx(45e3)
    assert cost["recycle_niobium_superalloys"] < price < sorting
    assert price == pytest.approx(36.2e3, rel=1e-3)  # mean of 36.2, 33.8, 34.9, 37.5, 38.6


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


def test_coal_germanium_turns_dear_at_76_dollars_a_tonne() -> None:
    """Imports at the mean of 2,025, 1,217, 1,190, 1,666, 1,314 and 1,093: (1,418 - 980) / 5.771 t =
    76 USD/t with the life-cycle figure, 438 with the low one of 1,000 kg."""
    gap = germanium.import_price(FACTS).value - 980
    assert gap / 5.771 == pytest.approx(75.9, abs=0.2)
    low = values(germanium, "direct_emission", "", "germanium-coal-low")["byproduct_germanium_coal"]
    base = values(germanium, "direct_emission", "")["byproduct_germanium_coal"]
    assert low / base == pytest.approx(1000 / 5771)


def test_indium_price_of_abroad_is_in_money_of_2021() -> None:
    """410 x 1.13, 240 x 1.12, 225 x 1.10, 291 x 1.08, 210 x 1.06: mean 303. In money of their own
    years it would be 275, with what came after 2021 less than 280."""
    assert indium_trade.import_price(FACTS).value == pytest.approx(303.3, abs=0.5)
