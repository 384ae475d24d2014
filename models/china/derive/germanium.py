"""Germanium: by-product of zinc (home and imported concentrate) and of lignite burnt for it;
imports by origin; waste of optics and fibre.

Choices where the data give several values:
- Host yield 14 g/t of zinc (2021) to 20 g/t, not 9: with 9 the output of 2021 (BGS, 155 t) cannot be made. Two reserves: zinc 34 %,
  coal 49 % of 3,500 t; the rest (bauxite, iron) is not won. Mine to metal 0.43.
- No reserve growth in the base. The zinc host goes on mining some 145 Mt, three times the zinc reserve of 46 Mt: if that is
  replaced, so is the germanium in them, 1,190 t / 46 Mt = 26 g/t. It is the high end of `additions`.
- The quota (study.toml) binds the two routes on home ore; germanium of imported concentrate saves no reserve and is free of it.
- End-of-life cost 600 (optics) and 1,500 USD/kg (fibre and the rest), inside the recalled 600 to 2,000; carbon 280 kg (read), not 60.
- New scrap is inside the demand of the data (net): no route for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import byproduct as by
from models.china.derive import hosts
from models.china.derive.common import Fact, Facts, Row, derived, emission_rows, judged, number
from models.china.derive.indium import CONCENTRATE_LAND, zinc_emissions
from models.china.derive.supply import (
    ONE,
    good,
    import_ramp,
    inverse,
    mine_ramp,
    observed,
    recipe,
    value,
)

METAL = "germanium"
ROUTES = {
    "zinc_home": "domestic primary",
    "zinc_imported": "foreign primary",
    "coal": "domestic primary",
}
DEPOSITS = {
    "zinc_home": ("germanium_zinc", "zinc_hosted_deposits", "dom_zinc"),
    "coal": ("germanium_coal", "coal_hosted_deposits", "dom_coal"),
}
"""Route to its deposit, and the names of its reserve and of its yield in the data."""
SEEN = {"zinc_home": 49, "zinc_imported": 27, "coal": 50}
"""Output of 2021 by route, t: the 126 t of use and exports; 60 : 40 between zinc and coal
(hosts_companion.csv), zinc by provenance."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from good(
        "germanium/refined", METAL, "refined", "processing", "refined germanium, zone-refined metal"
    )
    yield from _deposits(facts)
    for route in ROUTES:
        yield from _byproduct(facts, route)
        yield from _refine(route)
    yield from _plants(facts)
    yield from _imports(facts)
    yield from _end_of_life(facts)


def _deposits(facts: Facts) -> Iterator[Row]:
    whole = facts.one("recommended_base", METAL, variable="reserve", item="domestic")
    for route, (deposit, item, _) in DEPOSITS.items():
        reserve = facts.one("additions", METAL, variable="reserve_central", item=item)
        ends = [end * reserve.value / whole.value for end in (whole.low or 0, whole.high or 0)]
        yield number(
            "deposits",
            derived(
                reserve.value,
                "t",
                f"{reserve.note}; low MNR 2,333 t, high Antaike 6,213 t, same split",
                reserve,
                whole,
                low=ends[0],
                high=ends[1],
            ),
            deposit=deposit,
            metal=METAL,
            parameter="reserve",
        )
        yield number(
            "deposits",
            _additions(facts, route, reserve),
            deposit=deposit,
            metal=METAL,
            parameter="additions",
        )


def _additions(facts: Facts, route: str, reserve: Fact) -> Fact:
    if route == "coal":
        growth = facts.one("reserves", METAL, variable="reserves_mnr", item="", year=2022)
        return derived(
            0,
            "t/year",
            (
                "none in the base; high: coal's half of the 170 t by which the MNR reserve grew in "
                "2022"
            ),
            growth,
            low=0,
            high=85,
            grade="D",
        )
    zinc = facts.one("reserves", "zinc", variable="reserves", region="china", year=2024)
    mined = hosts.zinc(facts)["zinc_home"]
    grade = reserve.value / zinc.value
    mean = sum(fact.value for fact in mined) / len(mined)
    return derived(
        0,
        "t/year",
        (
            f"none in the base; high: {grade * 1e6:.3g} g/t ({reserve.value:g} t / "
            f"{zinc.value:.3g} t zinc) x {mean:.3g} t/yr replaced"
        ),
        reserve,
        zinc,
        low=0,
        high=grade * mean,
        grade="D",
    )


def _byproduct(facts: Facts, route: str) -> Iterator[Row]:
    process, concentrate = f"byproduct_germanium_{route}", f"germanium/concentrate_{route}"
    home = route in DEPOSITS
    inputs = {}
    if home:
        deposit, _, item = DEPOSITS[route]
        recovered = facts.one("recommended_base", METAL, variable="yield_overall", item=item)
        inputs = {deposit: inverse(recovered, f"1 / mine-to-metal yield {recovered.value:g}")}
    yield from good(
        concentrate,
        METAL,
        "intermediate",
        "extraction",
        f"germanium concentrate, {route.replace('_', ' ')}",
        ONE,
    )
    yield from recipe(
        process,
        "byproduct",
        "extraction",
        inputs=inputs,
        outputs={concentrate: ONE},
        host="coal_ash" if route == "coal" else route,
        plant=_plant(route),
        origin="" if home else CONCENTRATE_LAND,
        ramp_group=f"{_plant(route)}_ramp",
        loss="tailings, slag and ash" if home else "",
        description=f"germanium from {route.replace('_', ' ')}",
    )
    item = "dom_coal" if route == "coal" else "dom_zinc"
    cost = facts.one("recommended_base", METAL, variable="unit_cost", item=item)
    yield from value(
        process,
        "variable_cost",
        by.running(_turning_prices(facts, cost) if route == "coal" else cost),
    )
    yield observed(
        process,
        derived(
            SEEN[route],
            "t/year",
            (
                "126 t used and exported, zinc : coal 60 : 40, zinc by provenance; BGS counts 155 "
                "t (estimate, 13.9 % of it from scrap)"
            ),
            facts.one("hosts_companion", METAL, variable="host_share", item="zinc", region="china"),
            grade="D",
        ),
    )
    if route == "coal":
        yield from value(process, "min_activity", _run_down(facts))
        recovery = hosts.coal_recovery(facts)
        yield from value(
            process, "host_content", derived(recovery.value, "t/t", "recovered from ash", recovery)
        )
        yield from _coal_emissions(facts, process)
        return
    yield from value(process, "host_content", _host_yield(facts))
    yield from zinc_emissions(
        facts, process, "recommended_base", METAL, "dom_zinc", "home" if home else "imported"
    )


def _run_down(facts: Facts) -> list[Fact]:
    """Least output of the coal route: the run-down limit counted from the observed level, as the
    plan has no year before its first."""
    decline = facts.one("additions", variable="max_annual_decline", item="any_running_route")
    note = (
        f"{SEEN['coal']} t of 2021 x (1 - {decline.value:g})^(year - 2020): runs down, does not "
        "stop at once"
    )
    found = [
        derived(
            SEEN["coal"] * (1 - decline.value) ** (year - 2020),
            "t/year",
            note,
            decline,
            low=0,
            year=year,
        )
        for year in (*range(2021, 2027), 2030)
    ]
    return [*found, derived(0, "t/year", note, decline, year=2031)]


def _plant(route: str) -> str:
    return "germanium_coal" if route == "coal" else "germanium_zinc"


def _host_yield(facts: Facts) -> list[Fact]:
    ends = facts.one("recommended_base", METAL, variable="host_yield", item="refined_zinc")
    return [
        derived(
            fact.value * 1e-6,
            "t/t",
            f"{fact.value:g} g/t; {fact.note}",
            fact,
            low=(ends.low or 0) * 1e-6,
            high=(ends.high or 0) * 1e-6,
            year=fact.year,
        )
        for fact in facts.series(
            "additions", METAL, variable="host_yield_path", item="refined_zinc"
        )
    ]


def _turning_prices(facts: Facts, cost: Fact) -> Fact:
    """The coal route's cost with a note of the carbon prices from which it is dearer than what
    replaces it."""
    ghg = facts.one("recommended_base", METAL, variable="ghg", item="dom_coal")

    def turn(price: Fact, factor: float) -> str:
        return f"{(price.value - cost.value) / factor * 1000:.0f}"

    low, cheap, peak = ghg.low or ghg.value, import_price(facts), peak_price(facts)
    return cost.noted(
        f"{cost.note}; with {ghg.value:g} kg CO2e/kg dearer than tier-1 imports "
        f"({cheap.value:.0f}) from {turn(cheap, ghg.value)} USD/t "
        f"CO2e, than the dearest imports ({peak.value:.0f}) from {turn(peak, ghg.value)}; with "
        f"{low:g} kg from {turn(cheap, low)} and "
        f"{turn(peak, low)} (grid and heat of 2021; cleaner ones raise all four)"
    )


def _coal_emissions(facts: Facts, process: str) -> Iterator[Row]:
    """The one life-cycle figure (5,771 kg CO2e/kg) and the low reading (1,000), as a scenario of
    its own."""
    ghg, kwh = (
        facts.one("recommended_base", METAL, variable=name, item="dom_coal")
        for name in ("ghg", "electricity")
    )
    yield from emission_rows(facts, process, ghg, kwh)
    scale = (ghg.low or 0) / ghg.value
    low = derived(
        ghg.low or 0, ghg.unit, "lignite whose power pays for most of its carbon", ghg, grade="D"
    )
    yield from emission_rows(
        facts,
        process,
        low,
        derived(kwh.value * scale, kwh.unit, f"{kwh.value:g} x {scale:.3f}", kwh),
        scenario="germanium-coal-low",
    )


def _refine(route: str) -> Iterator[Row]:
    """Refining keeps provenance; costs and emissions are all-in with the by-product step."""
    yield from recipe(
        f"refine_germanium_{route}",
        "refine",
        "processing",
        inputs={f"germanium/concentrate_{route}": ONE},
        outputs={"germanium/refined": ONE},
        pathway=ROUTES[route],
        origin="" if route in DEPOSITS else CONCENTRATE_LAND,
        plant="germanium_refining",
        description=f"refining of germanium, {route.replace('_', ' ')}",
    )


def _plants(facts: Facts) -> Iterator[Row]:
    for name, item, pace in (("germanium_zinc", "dom_zinc", 15), ("germanium_coal", "dom_coal", 6)):
        capacity, cost = (
            facts.one("recommended_base", METAL, variable=variable, item=item)
            for variable in ("capacity", "unit_cost")
        )
        yield from by.circuit(
            name,
            by.long_standing(capacity),
            cost,
            judged(
                pace,
                "t/year/year",
                f"about a tenth of the {capacity.value:g} t that stand",
                low=pace / 3,
                high=pace * 2,
            ),
        )
        yield from mine_ramp(facts, f"{name}_ramp")
    refining = facts.one(
        "capacity_2021", METAL, variable="capacity_refining", item="all", region="china"
    )
    cost = judged(
        100,
        "USD_2021/kg",
        "zone refining, a fifth of the zinc route's all-in cost",
        low=50,
        high=200,
    )
    yield from by.circuit(
        "germanium_refining",
        by.long_standing(refining),
        cost,
        judged(20, "t/year/year", "a tenth of what stands", low=10, high=40),
    )


def import_price(facts: Facts) -> Fact:
    prices = [
        fact
        for fact in facts.all("prices", METAL, variable="price", item="germanium_metal")
        if fact.year in (2019, 2020, 2021, 2022, 2023)
    ]
    return by.mean_price(prices, "USGS, before the export controls of 2024", low=1080, high=2000)


def peak_price(facts: Facts) -> Fact:
    peak = by.real(facts.one("prices", METAL, variable="price", item="germanium_metal", year=2025))
    note = f"price outside China under the export controls of 2025: {peak.note}"
    return derived(peak.value, "USD_2021/kg", note, peak, low=2500, high=4500, grade="D")


def _origins(facts: Facts) -> list[by.Origin]:
    """Refiners outside China that sell: Russia and the United States (BGS), Canada and Belgium
    (with feed from Congo; recalled)."""
    made = {
        name: facts.one("production", METAL, variable="refined_production", region=name, year=2021)
        for name in ("russia", "usa")
    }
    recalled = Fact(
        12,
        "t",
        "recalled",
        "C",
        8,
        20,
        (
            "Trail (zinc) and Umicore (residues; from 2024 up to 30 t from Congo): 10 to 15 t "
            "each, recalled"
        ),
    )
    output = {
        "canada": ("Canada", recalled, 9_500),
        "belgium": ("Belgium", recalled, 20_000),
        "russia": ("Russia", made["russia"], 3_000),
        "usa": ("United States", made["usa"], 11_000),
    }
    total = sum(fact.value for _, fact, _ in output.values())
    return [
        by.Origin(
            name,
            country,
            derived(
                fact.value / total,
                "1",
                f"{fact.value:g} t of {total:g} t outside China",
                fact,
                recalled,
            ),
            judged(km, "km", "approximate distance"),
        )
        for name, (country, fact, km) in output.items()
    ]


def _imports(facts: Facts) -> Iterator[Row]:
    """Three tiers of each origin, rising with the multiplier, and new circuits abroad at the peak
    price: dear and elastic."""
    home = facts.one(
        "demand_china",
        METAL,
        variable="demand_manufacturing",
        item="total",
        scenario="CP",
        year=2021,
    )
    exports = facts.one("additions", METAL, variable="export_demand_refined", year=2021)
    yield from import_ramp(
        facts,
        "import_germanium",
        derived(home.value + exports.value, "t", "use at home and exports of 2021", home, exports),
    )
    ghg = facts.one("recommended_base", METAL, variable="ghg", item="import_refined").at(None)
    top = peak_price(facts)
    steps = {
        "1": import_price(facts),
        "2": judged(
            1900,
            "USD_2021/kg",
            "China outbids: price of 2013-14 (additions.csv, tier 2)",
            low=1500,
            high=2400,
        ),
        "3": top,
    }
    grown = {tier: _ceiling(facts, tier) for tier in steps}
    for origin in _origins(facts):
        offers = {
            tier: (price, by.shared_ceiling(grown[tier], origin.share))
            for tier, price in steps.items()
        }
        yield from by.import_curve(facts, METAL, origin, offers, ghg)
    potential = facts.one("hosts_companion", METAL, variable="supply_potential_ratio")
    note = (
        f"new circuits at zinc works abroad: by-product potential is {potential.value:g} times "
        "output (Frenzel 2017)"
    )
    new = [
        derived(amount, "t/year", note, potential, year=year, grade="D", low=0, high=3 * amount)
        for year, amount in ((2021, 0), (2027, 0), (2040, 40), (2060, 80))
    ]
    last = by.Origin(
        "new_circuits", "other origins", ONE, judged(12_000, "km", "mean of the origins")
    )
    yield from by.import_tier(facts, METAL, last, "", top, new, ghg)


def _ceiling(facts: Facts, tier: str) -> list[Fact]:
    """What all origins together offer at a tier, rising with the multiplier."""
    ceiling = facts.one("additions", METAL, variable="import_ceiling", item=f"refined_tier{tier}")
    multiplier = facts.series("additions", METAL, variable="import_ceiling_multiplier")
    return [
        derived(
            ceiling.value * fact.value,
            "t/year",
            f"{ceiling.value:g} t x {fact.value:g}",
            ceiling,
            fact,
            year=fact.year,
        )
        for fact in multiplier
    ]


def _end_of_life(facts: Facts) -> Iterator[Row]:
    dear, cheap = (
        facts.one("additions", METAL, variable="unit_cost_central", item=f"recycling_eol_{name}")
        for name in ("fibre", "infrared")
    )
    costs = {
        "infrared_optics": derived(cheap.value, cheap.unit, cheap.note, cheap, low=400, high=900)
    }
    other = derived(dear.value, dear.unit, dear.note, dear, low=900, high=2000)
    ghg, kwh = (
        facts.one("recommended_base", METAL, variable=name, item="recycling_new_scrap")
        for name in ("ghg", "electricity")
    )
    base = costs["infrared_optics"]
    yield from by.circuit(
        "germanium_recovery",
        [
            judged(
                1,
                "t/year",
                "additions.csv: 1 t in 2021; 13 t recovered in all of 2002-2021 (Mei)",
                low=0.5,
                high=5,
            )
        ],
        base,
        judged(10, "t/year/year", "the ramp binds first", low=5, high=20),
    )
    yield from by.recycling_ramp(
        facts,
        "recycle_germanium",
        judged(3, "t/year/year", "additions.csv: 1 t in 2021 and 3 t a year", low=1, high=8),
    )
    free = judged(
        0,
        "USD_2021/t",
        (
            "collected for the whole device; what it costs to take it apart is in the cost of "
            "recycling"
        ),
    )
    yields = {
        "infrared_optics": "hydromet/chlorination IR optics",
        "fibre_optics": "hydromet fibre",
        "solar_cells": "scrap_recycling_efficiency mixed scrap",
        "electronics_other": "scrap_recycling_efficiency mixed scrap",
    }
    for product, item in yields.items():
        fact = facts.one("recycling_yields", METAL, item=item)
        best = (
            None
            if fact.value >= 0.9
            else derived(0.9, "1", f"best reading of {item}", fact, grade="D")
        )
        how = by.Recovery(
            "germanium_recovery",
            "recycle_germanium",
            derived(
                fact.value, "1", item, fact, low=fact.value - 0.15, high=min(0.98, fact.value + 0.1)
            ),
            costs.get(product, other),
            base,
            ghg,
            kwh,
            best,
        )
        yield from by.collected(METAL, product, free)
        yield from by.recycle(
            facts, f"recycle_germanium_{product}", f"germanium/{product}_scrap", METAL, how
        )
    yield from _foreign_scrap(facts, base, ghg, kwh)


def _foreign_scrap(facts: Facts, base: Fact, ghg: Fact, kwh: Fact) -> Iterator[Row]:
    world = facts.one(
        "prompt_scrap_and_dissipation",
        METAL,
        variable="recycled_share_of_consumption",
        region="world",
    )
    opened = derived(
        10,
        "t/year",
        "a quarter of the world's recycled 0.3 x 136 t (seed) might come (judged)",
        world,
        low=0,
        high=25,
        grade="D",
    )
    price = derived(
        0.5 * import_price(facts).value * 1000,
        "USD_2021/t",
        "half the price of the metal (judged)",
        import_price(facts),
        grade="D",
    )
    clean = facts.one("recycling_yields", METAL, item="hydromet/chlorination IR optics")
    yield from by.foreign_scrap(
        facts,
        METAL,
        "germanium scrap of optics and wafers",
        clean,
        price,
        opened,
        judged(12_000, "km", "mean of the origins"),
        1.5,
    )
    cost = by.real(
        facts.one(
            "recycling_cost_carbon", METAL, variable="recycling_cost", item="IR/wafer new scrap"
        )
    )
    how = by.Recovery(
        "germanium_recovery",
        "recycle_germanium",
        clean,
        derived(cost.value, cost.unit, cost.note, cost, low=180, high=450),
        base,
        ghg,
        kwh,
    )
    yield from by.recycle(
        facts,
        "recycle_germanium_foreign_scrap",
        "germanium/foreign_scrap",
        METAL,
        how,
        pathway="foreign secondary",
        origin="world",
    )
