"""Niobium: ferroniobium by origin, a small by-product of Bayan Obo's rare earths, superalloy scrap,
steel scrap sorted by grade.

Choices where the data give several values:
- `niobium/refined` is niobium contained in ferroniobium (0.65 of the gross weight) or oxide.
- Import price: mean of the US unit values of 2016-2020 in USD of 2021, / 0.65, not the nominal 38 of the recommended base.
- Order of cost (china-notes, A5): superalloy scrap (20, the nickel pays for the melt) < imports < sorted steel (45) < home by-product (60).
- Steel is collected for its iron; all of its niobium but the part sorted by grade is lost in ordinary steel (`diluted in carbon steel`).
  The sorted share starts from nothing: 0.02 in 2025, 0.15 (0.5 under closed-loop) in 2060. `all_functional_EoL_RR` would count twice.
- Superalloys: same-alloy yield 0.70 (read), not 0.85 (judged). Superconductors and chemicals have no route in the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from models.china.derive import byproduct as by
from models.china.derive import market
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    emission_rows,
    judged,
    number,
    path,
)
from models.china.derive.observations import interval
from models.china.derive.supply import ONE, good, import_ramp, observed, recipe, value

METAL = "niobium"
STEELS = ("structural_steel", "automotive", "pipelines", "stainless")
CONTENT = "conversion_factor"
SORTED = {"": 0.15, "closed-loop": 0.5}
"""Share of collected steel sorted by niobium grade in 2060 (additions.csv, note of
recycling_sorted_steel); 0.02 in 2025."""
POUND = 0.45359237
"""kg in a pound."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from good(
        "niobium/refined",
        METAL,
        "refined",
        "processing",
        "niobium contained in ferroniobium or oxide",
    )
    yield from _home(facts)
    yield from _imports(facts)
    yield from _superalloys(facts)
    yield from _steel(facts)


def _home(facts: Facts) -> Iterator[Row]:
    """Bayan Obo: bound by the ore milled for iron and rare earths, by plant and by a slow opening;
    44 t run whatever the price."""
    cost, recovered, capacity = (
        facts.one("recommended_base", METAL, variable=name, item=item)
        for name, item in (
            ("unit_cost", "dom_byproduct"),
            ("yield_overall", "dom_byproduct"),
            ("capacity", "dom_byproduct"),
        )
    )
    running = facts.one("additions", METAL, variable="base_year_fixed_flow", item="dom_byproduct")
    process, concentrate = "byproduct_niobium_rare_earth", "niobium/concentrate_home"
    # what runs is known as well as it was observed, and works can make what they were seen to make
    seen = interval(replace(running, low=None, high=None))
    own = Fact(1.0, "t/t", "own", "A", note="by definition: the host counts its niobium")
    yield number("host_contents", own, host="rare_earth_ore", metal=METAL)
    yield from good(
        concentrate,
        METAL,
        "intermediate",
        "extraction",
        "niobium in concentrate of Bayan Obo",
        ONE,
    )
    yield from recipe(
        process,
        "byproduct",
        "extraction",
        inputs={},
        outputs={concentrate: ONE},
        host="rare_earth_ore",
        plant="niobium_bayan_obo",
        description="niobium from tailings of rare earths and iron",
    )
    yield from value(
        process,
        "host_content",
        derived(
            recovered.value,
            "t/t",
            "of the niobium in the ore milled: 0.2 in old, 0.5 in new works",
            recovered,
        ),
    )
    yield from value(process, "variable_cost", by.running(cost))
    yield from value(
        process,
        "max_activity",
        [
            fact.map(lambda x: x, "t/year")
            for fact in facts.series(
                "additions", METAL, variable="max_capacity", item="dom_byproduct"
            )
        ],
    )
    yield from value(
        process,
        "min_activity",
        derived(running.value, "t/year", running.note, running, low=seen.low, high=seen.high),
    )
    yield observed(
        process,
        derived(
            running.value,
            "t/year",
            f"44 t of 2024 taken for 2021; {running.note}",
            running,
            grade="C",
        ),
    )
    yield from emission_rows(
        facts,
        process,
        *(
            facts.one("recommended_base", METAL, variable=name, item="dom_byproduct")
            for name in ("ghg", "electricity")
        ),
    )
    yield from by.circuit(
        "niobium_bayan_obo",
        by.long_standing(replace(capacity, low=seen.high)),
        cost,
        judged(100, "t/year/year", "half of what stands", low=25, high=200),
    )
    yield from recipe(
        "refine_niobium_home",
        "refine",
        "processing",
        inputs={concentrate: ONE},
        outputs={"niobium/refined": ONE},
        pathway="domestic primary",
        description="ferroniobium from home concentrate (cost all-in with the by-product step)",
    )


def import_price(facts: Facts) -> Fact:
    """Ferroniobium per kg of niobium, USD of 2021. Up to 2021: what came later is what the plan is
    tested by."""
    return market.cycle_price(
        facts,
        METAL,
        "US import unit value / 0.65 (USGS)",
        variable="price_per_kg_metal",
        item="ferroniobium_unit_value",
    )


def _imports(facts: Facts) -> Iterator[Row]:
    """Brazil in three tiers, Canada, African columbite; the last tier is what China pays when
    others turn to vanadium."""
    demand = facts.one(
        "demand_china",
        METAL,
        variable="demand_manufacturing",
        item="total",
        scenario="CP",
        year=2021,
    )
    yield from import_ramp(facts, "import_niobium", demand)
    price = import_price(facts)
    carbon = facts.one("recommended_base", METAL, variable="ghg", item="import_ferroniobium").at(
        None
    )
    substitute = facts.one(
        "additions", METAL, variable="substitution_cost", item="vanadium_for_niobium"
    )
    oxide = by.real(
        facts.one("trade_imports", METAL, variable="price", item="nb2o5_50pct_concentrate_cif")
    )
    to_metal = facts.one("hosts_companion", METAL, variable=CONTENT, item="nb2o5_to_nb")
    columbite = derived(
        oxide.value / POUND / to_metal.value,
        "USD_2021/kg",
        f"{oxide.value:.4g} USD/lb Nb2O5 / {POUND:.4f} kg/lb / {to_metal.value:.3f}; {oxide.note}",
        oxide,
        to_metal,
    )
    last = (columbite.value + substitute.value) / 2
    brazil = judged(20_500, "km", "Brazil to China by sea (carbon_intensity.csv)")
    tiers = (
        ("brazil", "Brazil", "1", price, "feronb_tier1", brazil, 0.96),
        (
            "brazil",
            "Brazil",
            "2",
            derived(
                price.value + 10,
                price.unit,
                "10 USD/kg above tier 1: China outbids others (additions.csv)",
                price,
                low=38,
                high=60,
                grade="D",
            ),
            "feronb_tier2",
            brazil,
            0,
        ),
        (
            "canada",
            "Canada",
            "",
            derived(
                price.value + 4,
                price.unit,
                "4 USD/kg above Brazil (additions.csv: 42 against 38)",
                price,
                low=34,
                high=50,
                grade="D",
            ),
            "feronb",
            judged(22_000, "km", "Montreal to China by sea"),
            0.03,
        ),
        (
            "africa",
            "Central Africa",
            "",
            columbite,
            "columbite_tantalite_conc",
            judged(14_000, "km", "Africa to China by sea"),
            0.01,
        ),
    )
    for name, country, tier, cost, item, distance, seen in tiers:
        origin = by.Origin(name, country, ONE, distance)
        ceiling = [
            fact.map(lambda x: x, "t/year")
            for fact in facts.all("additions", METAL, variable="import_ceiling", item=item)
        ]
        yield from by.import_tier(
            facts, METAL, origin, tier, cost, [_spread(fact) for fact in ceiling], carbon, 1 / 0.65
        )
        share = facts.one("trade_imports", METAL, variable="import_origin_share")
        yield observed(
            f"import_niobium_{name}{'_' + tier if tier else ''}",
            derived(
                seen * (demand.value - 44),
                "t/year",
                f"{seen:g} x (27,000 t used - 44 t home): origin shares of 2024; 35 kt gross (23 "
                "kt) is a guess that "
                "leaves 4 kt of use unexplained",
                demand,
                share,
                grade="D",
            ),
        )
    dear = derived(
        last,
        "USD_2021/kg",
        (
            f"midway between columbite {columbite.value:.0f} and vanadium in niobium's place "
            f"{substitute.value:g}"
        ),
        columbite,
        substitute,
        low=50,
        high=90,
        grade="D",
    )
    room = judged(
        15_000,
        "t/year",
        "dear and elastic: what other buyers give up of some 106 kt of Brazilian capacity",
        low=5_000,
        high=30_000,
    )
    yield from by.import_tier(
        facts,
        METAL,
        by.Origin("brazil", "Brazil", ONE, brazil),
        "3",
        dear,
        [room],
        carbon,
        1 / 0.65,
    )


def _spread(fact: Fact) -> Fact:
    return derived(
        fact.value,
        fact.unit,
        fact.note,
        fact,
        low=0.7 * fact.value,
        high=1.3 * fact.value,
        year=fact.year,
    )


def _emissions(facts: Facts) -> tuple[Fact, Fact]:
    carbon = facts.one("recycling_cost_carbon", METAL, variable="recycling_carbon")
    ghg = derived(
        carbon.value,
        "kgCO2e/kg",
        "recalled (C) before the gap filler of 3 (D)",
        carbon,
        low=2,
        high=8,
    )
    return ghg, derived(
        0.9 * carbon.value,
        "kWh/kg",
        "0.9 kWh per kg CO2e, as the gap filler (2.7 / 3)",
        carbon,
        grade="D",
    )


def _superalloys(facts: Facts) -> Iterator[Row]:
    cost = facts.one("additions", METAL, variable="unit_cost_central", item="recycling_superalloy")
    cost = derived(cost.value, cost.unit, cost.note, cost, low=10, high=45)
    fact = facts.one("recycling_yields", METAL, item="same_alloy_remelt superalloys")
    capacity = facts.one(
        "recommended_base", METAL, variable="capacity", item="recycling_superalloy"
    )
    ghg, kwh = _emissions(facts)
    yield from by.circuit(
        "niobium_superalloy_remelt",
        by.long_standing(capacity),
        cost,
        judged(200, "t/year/year", "the ramp binds first", low=100, high=400),
    )
    yield from by.recycling_ramp(
        facts,
        "recycle_niobium",
        judged(
            100, "t/year/year", "additions.csv: 200 t in 2021 and 100 t a year", low=50, high=300
        ),
    )
    how = by.Recovery(
        "niobium_superalloy_remelt",
        "recycle_niobium",
        derived(fact.value, "1", "same-alloy remelt (Papp)", fact, low=0.6, high=0.95),
        cost,
        cost,
        ghg,
        kwh,
        derived(0.95, "1", "high end of recommended_base", fact, grade="D"),
    )
    yield from by.collected(
        METAL, "superalloys", judged(0, "USD_2021/t", "collected for its nickel")
    )
    yield from by.recycle(
        facts, "recycle_niobium_superalloys", "niobium/superalloys_scrap", METAL, how
    )
    price = derived(
        0.5 * import_price(facts).value * 1000,
        "USD_2021/t",
        "half the price of ferroniobium; the nickel pays the rest (judged)",
        import_price(facts),
        grade="D",
    )
    opened = judged(
        300,
        "t/year",
        "turbine scrap from abroad, as much again as is melted at home (judged)",
        low=0,
        high=1000,
    )
    yield from by.foreign_scrap(
        facts,
        METAL,
        "superalloy scrap, t of niobium",
        how.yield_,
        price,
        opened,
        judged(15_000, "km", "mean of the origins"),
        20,
    )
    yield from by.recycle(
        facts,
        "recycle_niobium_foreign_scrap",
        "niobium/foreign_scrap",
        METAL,
        how,
        pathway="foreign secondary",
        origin="world",
    )


def _steel(facts: Facts) -> Iterator[Row]:
    """Steel scrap: collected for its iron, mostly diluted; the sorted part can stand for
    ferroniobium."""
    scrap = "niobium/sorted_steel_scrap"
    yield from good(scrap, METAL, "scrap", "recycling", "niobium in steel scrap sorted by grade")
    incentive = judged(
        1,
        "USD_2021/t",
        (
            "stands for the iron, which pays for collection: as small as it can be, it only makes "
            "the plan collect all that the rate allows"
        ),
    )
    for steel in STEELS:
        process = f"collect_niobium_{steel}"
        yield from recipe(
            process,
            "collect",
            "recycling",
            inputs={f"niobium/{steel}_waste": ONE},
            outputs={},
            loss="diluted in carbon steel",
            description=f"{steel.replace('_', ' ')} scrap; what is not sorted by grade is diluted",
        )
        for scenario, share in SORTED.items():
            yield from path(
                "coefficients",
                _sorted_share(facts, share),
                scenario=scenario,
                process=process,
                good=scrap,
                direction="out",
            )
        yield number(
            "good_values", incentive, good=f"niobium/{steel}_waste", parameter="disposal_cost"
        )
    sorting = facts.one(
        "recycling_yields",
        METAL,
        item="functional_potential_with_sorting HSLA/stainless/superalloy scrap",
    )
    melt = facts.one("recycling_yields", METAL, item="remelting_yield_steel steel scrap")
    cost = facts.one(
        "additions", METAL, variable="unit_cost_central", item="recycling_sorted_steel"
    )
    cost = derived(cost.value, cost.unit, cost.note, cost, low=30, high=90)
    both = derived(
        sorting.value * melt.value,
        "1",
        f"sorting {sorting.value:g} x remelt {melt.value:g}",
        sorting,
        melt,
        low=0.5,
        high=0.95,
    )
    ghg, kwh = _emissions(facts)
    yield from by.circuit(
        "niobium_steel_sorting",
        [judged(0, "t/year", "no steel is sorted by niobium grade today", low=0, high=100)],
        cost,
        judged(
            1_000,
            "t/year/year",
            (
                "some 30 sorting lines a year: 30,000 t steel of 0.04 % niobium each give 12 t, "
                "with room for growth"
            ),
            low=200,
            high=2_000,
        ),
    )
    yield from by.recycling_ramp(
        facts,
        "recycle_niobium_steel",
        judged(100, "t/year/year", "additions.csv, as for superalloys", low=50, high=500),
    )
    how = by.Recovery("niobium_steel_sorting", "recycle_niobium_steel", both, cost, cost, ghg, kwh)
    yield from by.recycle(facts, "recycle_niobium_sorted_steel", scrap, METAL, how)


def _sorted_share(facts: Facts, last: float) -> list[Fact]:
    basis = facts.one(
        "additions", METAL, variable="unit_cost_central", item="recycling_sorted_steel"
    )
    return [
        derived(
            share,
            "t/t",
            f"share of collected steel sorted by niobium grade ({basis.note})",
            basis,
            low=share / 2,
            high=min(1.0, 2 * share),
            year=year,
        )
        for year, share in ((2021, 0.0), (2025, 0.02), (2060, last))
    ]
