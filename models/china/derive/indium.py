"""Indium: by-product of zinc (home and imported concentrate, in cost tiers), tin and copper; what
zinc works leave of it; spent targets and waste.

Spent targets are the real secondary indium: of 447 t fed back in 2021 nothing is mined, and the
demand of the data is net of them. End-of-life waste gives some tonnes.

Choices where the data give several values:
- Content of zinc concentrate: what was won in 2021, 77 g/t of zinc, over the share that reaches a
  capable smelter and comes through smelter and refinery (NREL: 0.70 x 0.50 x 0.80): 274 g/t, the
  same at home and abroad. Resource over zinc reserves would say 470 g/t of ore, of which flotation
  leaves 0.60 in the concentrate: 282.
- Tiers are circuits: cheap is what was won at the prices of 2021-23 (77 to 94 g/t of zinc); the
  rest of the host yield path (83 to 200 g/t) costs the dearer steps of NREL, 2011 brought to 2021.
- No reserve: indium comes with the zinc, whether somebody wins it or not.
- Tin and copper cost the by-product step too: they ran at 217 USD/kg, so not at the 300 of
  additions.csv.
- Target scrap: yield 0.95 (seed), cost 60 USD/kg (recalled, C, before the unsourced 150). End of
  life: above 700 USD/kg of 2011 (NREL).
- No route is opened for semiconductors, solders and other uses: the data hold neither yield nor
  cost.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import byproduct as by
from models.china.derive import hosts
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    at_year,
    derived,
    emission_rows,
    judged,
    number,
)
from models.china.derive.indium_trade import METAL, TIERS, fanya_lot, import_price, imports
from models.china.derive.supply import ONE, good, inverse, mine_ramp, observed, recipe, value

STEPS = {"1": "byproduct_step", "2": "coproduct_step", "3": "long_run"}
CONCENTRATE_LAND = "Australia, Peru and others"
"""Whence the zinc concentrate comes: Australia a quarter to a third, Peru a sixth of imports (SMM,
early 2023)."""
SPLIT_YEARS = (2021, 2023, 2025, 2030, 2040, 2060)
"""Without 2022, in which more was won (94 g/t) than the host yield path says."""
FOREIGN_PART = 0.15
TERRITORIAL = 1 - FOREIGN_PART
"""Part of a by-product's whole-chain emission that falls in China where the concentrate is imported
(mining and milling abroad)."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from good("indium/refined", METAL, "refined", "processing", "refined indium, 4N")
    yield from _home(facts)
    yield from _other_hosts(facts)
    yield from _residue(facts)
    yield from _refining(facts)
    yield from imports(facts)
    yield from fanya_lot(facts)
    yield from _targets(facts)
    yield from _end_of_life(facts)


def tier_cost(facts: Facts, tier: str) -> Fact:
    """All-in cost of a tier, USD_2021/kg."""
    step = by.real(facts.one("costs_capex", METAL, variable="supply_cost_step", item=STEPS[tier]))
    ends = facts.one("recommended_base", METAL, variable="unit_cost", item=f"dom_zinc_tier{tier}")
    return derived(
        step.value,
        step.unit,
        f"NREL {STEPS[tier]}: {step.note}",
        step,
        low=(ends.low or 0) * 1.2,
        high=(ends.high or 0) * 1.2,
    )


def host_yield(facts: Facts) -> list[Fact]:
    """Indium won per tonne of refined zinc, t/t."""
    low, high = (
        getattr(
            facts.one("recommended_base", METAL, variable="host_yield", item="refined_zinc"), end
        )
        for end in ("low", "high")
    )
    return [
        derived(
            fact.value * 1e-6,
            "t/t",
            (
                f"{fact.value:g} g/t; low: never better than now, high: the technical ceiling; "
                f"{fact.note}"
            ),
            fact,
            low=low * 1e-6,
            high=high * 1e-6,
            year=fact.year,
        )
        for fact in facts.series(
            "additions", METAL, variable="host_yield_path", item="refined_zinc"
        )
    ]


def _home(facts: Facts) -> Iterator[Row]:
    """Zinc: six processes, three tiers of two provenances."""
    yield from mine_ramp(facts, "byproduct_indium_zinc")
    for kind in ("home", "imported"):
        equivalent = ONE
        yield from good(
            f"indium/crude_{kind}",
            METAL,
            "intermediate",
            "extraction",
            f"indium in residues of zinc smelting, {kind} concentrate",
            equivalent,
        )
        yield number("host_contents", content(facts), host=f"zinc_{kind}", metal=METAL)
        for tier in TIERS:
            yield from _tier(facts, kind, tier)


def content(facts: Facts) -> Fact:
    """Indium in concentrate per tonne of refined zinc, t/t."""
    won = facts.one("hosts_companion", METAL, variable="host_yield", item="refined_zinc")
    stages = [
        facts.one("yields", METAL, variable="yield_stage", item=item)
        for item in ("sent_to_capable_smelter", "smelter", "refinery")
    ]
    flotation = facts.one("yields", METAL, variable="yield_stage", item="ore_to_concentrate")
    share = stages[0].value * stages[1].value * stages[2].value
    return derived(
        won.value * 1e-6 / share,
        "t/t",
        f"{won.value:.4g} g/t won in 2021 / ({' x '.join(f'{each.value:g}' for each in stages)}); "
        "ends: 0.20 and 0.14 of the ore won (NREL), of which flotation leaves "
        f"{flotation.value:g}",
        won,
        *stages,
        flotation,
        low=won.value * 1e-6 * flotation.value / 0.20,
        high=won.value * 1e-6 * flotation.value / 0.14,
    )


def _tier(facts: Facts, kind: str, tier: str) -> Iterator[Row]:
    process, host = f"byproduct_indium_zinc_{kind}_{tier}", f"zinc_{kind}"
    yield from recipe(
        process,
        "byproduct",
        "extraction",
        inputs={},
        outputs={f"indium/crude_{kind}": ONE},
        host=host,
        origin="" if kind == "home" else CONCENTRATE_LAND,
        ramp_group="byproduct_indium_zinc",
        description=f"indium from {kind} zinc concentrate, cost tier {tier}",
    )
    yield from value(process, "host_content", tier_size(facts, tier))
    yield from value(
        process, "variable_cost", by.running(tier_cost(facts, tier), tier_cost(facts, "1"))
    )
    yield from zinc_emissions(facts, process, "recommended_base", METAL, "dom_zinc_tier1", kind)
    yield observed(process, _seen_in_2021(facts, kind, tier))


def cheap(facts: Facts) -> list[Fact]:
    """Size of the cheap tier, t of indium per t of zinc: what was won while indium sold below 255
    USD/kg.

    In 2021-23 China made 530, 670 and 690 t at 217 to 252 USD/kg: nobody ran at the 360 of the next
    step. The shares of additions.csv (0.62 cheap) would have had a third of that output run at a
    loss. What the rising host yield adds beyond it costs the dearer steps.
    """
    part = facts.one("hosts_companion", METAL, variable="host_share", item="zinc")
    made = {2021: "primary", 2022: "primary", 2023: ""}
    zinc = hosts.refined_zinc(facts, "central")
    found = []
    for year, item in made.items():
        fact = facts.one(
            "production", METAL, variable="refined_production", item=item, region="china", year=year
        )
        note = (
            f"{fact.value:g} t x {part.value:g} / {at_year(zinc, year):.3g} t zinc, sold at 217 to "
            "252 USD/kg"
        )
        found.append(
            derived(
                fact.value * part.value / at_year(zinc, year), "t/t", note, fact, part, year=year
            )
        )
    return found


def tier_size(facts: Facts, tier: str) -> list[Fact]:
    """Indium that a tier wins from a tonne of zinc, t/t. Cheap tier: as observed. The rest of the
    host yield is split between the two dearer ones as additions.csv splits it (0.28 : 0.10)."""
    known, whole = cheap(facts), host_yield(facts)
    if tier == "1":
        most = max(fact.value for fact in known)
        return [
            derived(fact.value, "t/t", fact.note, fact, low=0.8 * fact.value, high=most, year=y)
            for fact, y in zip(known, (fact.year for fact in known), strict=True)
        ]
    second, third = (
        facts.one(
            "additions", METAL, variable="tier_share_of_host_flow", item=f"dom_zinc_tier{name}"
        )
        for name in ("2", "3")
    )
    share = (second if tier == "2" else third).value / (second.value + third.value)
    found = []
    for year in SPLIT_YEARS:
        path, first = at_year(whole, year), at_year(known, year)
        size = (path - first) * share
        found.append(
            derived(
                size,
                "t/t",
                f"({path * 1e6:.4g} - {first * 1e6:.4g}) g/t x {share:.3f}; low: hardly better "
                "than now, high: the technical ceiling",
                second,
                third,
                *known,
                *whole,
                low=0.1 * size,
                high=((whole[0].high or 0) - first) * share,
                year=year,
            )
        )
    return found


def zinc_emissions(
    facts: Facts, process: str, file: str, metal: str, item: str, kind: str
) -> Iterator[Row]:
    """Emissions of a by-product of zinc; where the concentrate is imported, its mining is embodied
    and its voyage counted."""
    ghg = facts.one(file, metal, variable="ghg", item=item)
    kwh = facts.one(file, metal, variable="electricity", item=item)
    if kind == "home":
        yield from emission_rows(facts, process, ghg, kwh)
        return
    yield from emission_rows(
        facts,
        process,
        ghg.times(
            TERRITORIAL,
            ghg.unit,
            f"{TERRITORIAL:g} of the chain in China (judged, 0.7 to 0.95)",
            "D",
        ),
        kwh,
    )
    part = ghg.times(
        FOREIGN_PART,
        "tCO2e/t",
        f"{FOREIGN_PART:g} of the chain abroad: mining and milling of the concentrate",
        "D",
    )
    yield from value(process, "embodied_emission", part.at(None))
    zinc, bulk = (
        facts.one("carbon_intensity", **keys)
        for keys in (
            {"metal": "zinc", "variable": "ghg"},
            {"variable": "transport_ghg", "item": "bulk_carrier"},
        )
    )
    voyage = 2 * 12_000 * bulk.value / 1000
    yield from value(
        process,
        "transport_emission",
        derived(
            voyage / zinc.value * ghg.value,
            "tCO2e/t",
            f"2 t concentrate per t zinc x 12,000 km x {bulk.value:g} kg/tkm / 1000 = "
            f"{voyage:.3g} kg/kg zinc, "
            f"/ {zinc.value:g} x {ghg.value:g}: borne by the by-product as the rest of zinc's "
            "emissions",
            bulk,
            zinc,
            ghg,
            grade="D",
        ),
    )


def _seen_in_2021(facts: Facts, kind: str, tier: str) -> Fact:
    """Output of 2021 by tier: 0.95 of 530 t from zinc, all of it the cheap tier, by provenance as
    the zinc."""
    made = facts.one(
        "production",
        METAL,
        variable="refined_production",
        item="primary",
        region="china",
        year=2021,
    )
    flow = hosts.zinc(facts)[f"zinc_{kind}"][0]
    won = cheap(facts)[0].value * flow.value if tier == "1" else 0.0
    return derived(
        won,
        "t/year",
        f"0.95 of {made.value:g} t from zinc, by provenance as the zinc; cheap tier only",
        made,
        flow,
        grade="D",
    )


def _other_hosts(facts: Facts) -> Iterator[Row]:
    """Tin and copper: small, at the rates that the seed's shares of world output imply."""
    made = facts.one(
        "production",
        METAL,
        variable="refined_production",
        item="primary",
        region="china",
        year=2021,
    )
    for host, flow in (("tin", hosts.tin(facts)), ("copper", hosts.copper(facts))):
        process, share = (
            f"byproduct_indium_{host}",
            facts.one("hosts_companion", METAL, variable="host_share", item=host),
        )
        yield from recipe(
            process,
            "byproduct",
            "extraction",
            inputs={},
            outputs={"indium/crude_home": ONE},
            host=host,
            description=f"indium from {host} smelting",
        )
        won = share.value * made.value
        yield from value(
            process,
            "host_content",
            derived(
                won / flow.value,
                "t/t",
                f"{share.value:g} x {made.value:g} t / {flow.value:.4g} t of {host}",
                share,
                made,
                flow,
            ),
        )
        yield from value(process, "variable_cost", by.running(tier_cost(facts, "1")))
        yield from zinc_emissions(
            facts, process, "recommended_base", METAL, "dom_zinc_tier1", "home"
        )
        yield observed(
            process,
            derived(
                won,
                "t/year",
                f"{share.value:g} (seed, world) x {made.value:g} t",
                share,
                made,
                grade="C",
            ),
        )


def _residue(facts: Facts) -> Iterator[Row]:
    """Leach residues and slag of zinc works as a deposit, filled by what nobody wins, and the dear
    way to win it again."""
    kept = judged(
        0.5,
        "1",
        "half is dumped where it can be dug up again, the rest goes into cement, roads and backfill",
        low=0.2,
        high=0.8,
    )
    again = judged(
        0.5, "1", "won from a residue: as NREL's share of smelters as they are", low=0.3, high=0.7
    )
    deposit, process = "indium_zinc_residue", "rework_indium_zinc"
    yield number(
        "deposits", opening(facts, kept), deposit=deposit, metal=METAL, parameter="reserve"
    )
    for host in ("zinc_home", "zinc_imported"):
        yield number("residues", kept, deposit=deposit, host=host)
    yield from recipe(
        process,
        "mine",
        "extraction",
        inputs={deposit: inverse(again, "indium in the residue per tonne won")},
        outputs={"indium/crude_home": ONE},
        ramp_group="rework_indium",
        loss="slag",
        description="indium from residues of zinc works",
    )
    dear, ceiling = tier_cost(facts, "3"), host_yield(facts)[0].high or 0
    cost = derived(
        dear.value * ceiling / content(facts).value / again.value,
        dear.unit,
        f"dearest tier {dear.value:.4g} x {ceiling / content(facts).value:.3g} won there / "
        f"{again.value:g} won here",
        dear,
        content(facts),
        low=dear.value,
        high=3 * dear.value,
        grade="D",
    )
    yield from value(process, "variable_cost", by.running(cost, tier_cost(facts, "1")))
    yield from zinc_emissions(facts, process, "recommended_base", METAL, "dom_zinc_tier1", "home")
    yield from by.recycling_ramp(
        facts, "rework_indium", judged(20, "t/year/year", "one works a year", low=5, high=60)
    )


def opening(facts: Facts, kept: Fact) -> Fact:
    """Indium in the residues of the zinc refined from 2015 to 2020, t."""
    refined = [
        facts.one(
            "hosts_companion",
            "zinc",
            variable="refined_production",
            region="china",
            year=year,
            source="nbs-china",
        )
        for year in range(2015, 2021)
    ]
    won = facts.one("hosts_companion", METAL, variable="host_yield", item="refined_zinc")
    zinc = sum(fact.value for fact in refined)
    left = content(facts).value - won.value * 1e-6
    return derived(
        kept.value * zinc * left,
        "t",
        f"{kept.value:g} of {zinc:.4g} t of zinc refined in 2015-2020 x {left * 1e6:.4g} g/t not won",
        content(facts),
        won,
        *refined,
        low=(kept.low or 0) * zinc * left,
        high=4 * kept.value * zinc * left,
        grade="D",
    )


def _refining(facts: Facts) -> Iterator[Row]:
    """Refining keeps provenance and carries the plant; its running cost and emissions stand with
    the by-product steps (all-in data)."""
    before = facts.one("recommended_base", METAL, variable="capacity", item="dom_zinc_all")
    later = facts.one(
        "capacity_2021", METAL, variable="capacity_refining", region="china", year=2024
    )
    built = derived(
        later.value - before.value,
        "t/year",
        f"{later.value:g} t (USGS, 2024) less {before.value:g} t of 2021",
        later,
        before,
        year=2024,
    )
    pace = judged(
        100,
        "t/year/year",
        "output grew from 530 t (2021) to 760 t (2024), 77 t a year; a little more may be ordered",
        low=50,
        high=200,
    )
    yield from by.circuit(
        "indium_refining",
        by.long_standing(before),
        tier_cost(facts, "1"),
        pace,
        construction=[built],
    )
    for kind, pathway in (("home", "domestic primary"), ("imported", "foreign primary")):
        yield from recipe(
            f"refine_indium_{kind}",
            "refine",
            "processing",
            inputs={f"indium/crude_{kind}": ONE},
            outputs={"indium/refined": ONE},
            pathway=pathway,
            origin="" if kind == "home" else CONCENTRATE_LAND,
            plant="indium_refining",
            description=f"refining of indium from {kind} concentrate",
        )


def _targets(facts: Facts) -> Iterator[Row]:
    """New scrap of sputtering: inside manufacture, counted once."""
    cost = by.real(
        facts.one("recycling_cost_carbon", METAL, variable="recycling_cost", item="ITO prompt")
    )
    capacity = facts.one(
        "recommended_base", METAL, variable="capacity", item="recycling_ito_new_scrap"
    )
    yield from by.circuit(
        "indium_ito_reclaim",
        by.long_standing(capacity),
        cost,
        judged(200, "t/year/year", "follows the target makers, who own it", low=100, high=400),
    )
    how = by.Recovery(
        "indium_ito_reclaim",
        "",
        derived(
            0.95,
            "1",
            "over 95 %; NREL 0.65",
            facts.one("recycling_yields", METAL, item="prompt_reclaim ITO target scrap"),
            low=0.65,
            high=0.99,
        ),
        cost,
        cost,
        *(
            facts.one("recommended_base", METAL, variable=name, item="recycling_ito_new_scrap")
            for name in ("ghg", "electricity")
        ),
    )
    yield from by.recycle(
        facts, "reclaim_indium_ito", "indium/ito_scrap", METAL, how, pathway="new scrap"
    )
    price = derived(
        0.5 * import_price(facts).value * 1000,
        "USD_2021/t",
        "half the price of the metal, as is usual for spent targets (judged)",
        import_price(facts),
        grade="D",
    )
    opened = judged(
        60,
        "t/year",
        "spent targets of Korea and Japan, a seventh of what their display makers leave (judged)",
        low=0,
        high=200,
    )
    yield from by.foreign_scrap(
        facts,
        METAL,
        "spent ITO targets",
        how.yield_,
        price,
        opened,
        judged(1_500, "km", "Korea and Japan"),
        1 / 0.744,
    )
    yield from by.recycle(
        facts,
        "recycle_indium_foreign_scrap",
        "indium/foreign_scrap",
        METAL,
        how,
        pathway="foreign secondary",
        origin="world",
    )


def _end_of_life(facts: Facts) -> Iterator[Row]:
    """Displays and PV modules."""
    step = by.real(facts.one("costs_capex", METAL, variable="supply_cost_step", item="eol_scrap"))
    cost = derived(
        step.value,
        step.unit,
        f"NREL: end-of-life above this; {step.note}",
        step,
        low=500,
        high=1200,
    )
    carbon = facts.one("recycling_cost_carbon", METAL, variable="recycling_carbon")
    ghg = derived(
        carbon.value,
        "kgCO2e/kg",
        "recalled (C) before the gap filler of 100 (D)",
        carbon,
        low=20,
        high=150,
    )
    kwh = derived(
        0.9 * carbon.value,
        "kWh/kg",
        "0.9 kWh per kg CO2e, as for primary indium (90 / 102)",
        carbon,
        grade="D",
    )
    yield from by.circuit(
        "indium_recovery",
        [facts.one("recommended_base", METAL, variable="capacity", item="recycling_eol").at(None)],
        cost,
        judged(60, "t/year/year", "the ramp binds first", low=20, high=120),
    )
    yield from by.recycling_ramp(
        facts,
        "recycle_indium",
        judged(15, "t/year/year", "additions.csv: 10 t in 2021 and 15 t a year", low=5, high=40),
    )
    free = judged(0, "USD_2021/t", "collected for the whole device")
    for product, item, low, high in (
        ("ito_displays", "hydromet EoL LCD panel", 0.7, 0.9),
        ("pv", "hydromet CIGS module", 0.7, 0.95),
    ):
        fact = facts.one("recycling_yields", METAL, item=item)
        how = by.Recovery(
            "indium_recovery",
            "recycle_indium",
            derived(fact.value, "1", item, fact, low=low, high=high),
            cost,
            cost,
            ghg,
            kwh,
            derived(high, "1", f"best of the range of {item}", fact),
        )
        yield from by.collected(METAL, product, free)
        yield from by.recycle(
            facts, f"recycle_indium_{product}", f"indium/{product}_scrap", METAL, how
        )
