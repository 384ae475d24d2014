"""Germanium: by-product of zinc (home and imported concentrate) and of lignite burnt for it;
residues of both; imports by origin; waste of optics and fibre.

A by-product is a flow of its host: what is not won in its year is in slag and ash, not in the
ground. Nothing here draws on a reserve.

Choices where the data give several values:
- Content of home zinc: zinc-hosted reserves of germanium over zinc reserves, 26 g/t (MNR 17,
  Antaike 46). Of imported zinc: what Frenzel et al. find recoverable in the world's zinc reserves,
  30 g/t, a minimum. Zinc's own losses are not counted, nor what flotation leaves.
- Circuits: 0.50 of the content is won at smelters as they are, up to 0.75 with leaching of all
  residues. No yield fitted to a statement about reserves is used (0.43).
- Lignite: its germanium is burnt at a constant ratio to what is left of the coal-hosted reserve, so
  that it fades and never ends; the high end goes on at the rate of today.
- The quota (study.toml) holds the routes on home ore. It spares nothing of what zinc brings up.
- End-of-life cost 600 (optics) and 1,500 USD/kg (fibre and the rest), inside the recalled 600 to
  2,000; carbon 280 kg (read), not 60.
- New scrap is inside the demand of the data (net): no route for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import byproduct as by
from models.china.derive import hosts, market
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
CIRCUITS = {"zinc_home": ("1", "2"), "zinc_imported": ("1", "2"), "coal": ("",)}
SEEN = {"zinc_home": 49, "zinc_imported": 27, "coal": 50}
"""Output of 2021 by route, t: the 126 t of use and exports; 60 : 40 between zinc and coal
(hosts_companion.csv), zinc by provenance."""
BEFORE = range(2015, 2021)
"""Years before the study whose residues are counted: those for which the data hold refined zinc."""
STEP = {"1": "byproduct_step", "2": "long_run"}
"""Steps of the supply curve of indium (NREL), whose ratio stands for that of germanium's."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from good(
        "germanium/refined", METAL, "refined", "processing", "refined germanium, zone-refined metal"
    )
    for route in ROUTES:
        yield from _content(facts, route)
        for circuit in CIRCUITS[route]:
            yield from _byproduct(facts, route, circuit)
        yield from _refine(route)
    yield from _residues(facts)
    yield from _plants(facts)
    yield from _imports(facts)
    yield from _end_of_life(facts)


def contents(facts: Facts) -> dict[str, Fact]:
    """Germanium in a tonne of host output, t/t: of refined zinc, home and imported, and of the
    germanium in lignite itself."""
    whole = facts.one("recommended_base", METAL, variable="reserve", item="domestic")
    reserve = facts.one("additions", METAL, variable="reserve_central", item="zinc_hosted_deposits")
    ground = facts.one("reserves", "zinc", variable="reserves", region="china", year=2024)
    ends = [
        reserve.value * (end or 0) / whole.value / ground.value for end in (whole.low, whole.high)
    ]
    home = derived(
        reserve.value / ground.value,
        "t/t",
        f"{reserve.value:g} t in zinc-hosted reserves / {ground.value:.3g} t of zinc; low MNR, high "
        "Antaike, same split",
        reserve,
        whole,
        ground,
        low=ends[0],
        high=ends[1],
    )
    found = facts.one("hosts_companion", METAL, variable="recoverable_in_reserves")
    world = facts.one("reserves", "zinc", variable="reserves", region="world", year=2024)
    potential = facts.one("hosts_companion", METAL, variable="host_yield_max", item="refined_zinc")
    imported = derived(
        found.value / world.value,
        "t/t",
        f"{found.value:g} t recoverable / {world.value:.3g} t of zinc reserves; a mean of the "
        "world, a minimum; low half of it, high three times the cautious ceiling of "
        f"{potential.value:g} g/t (Frenzel 2017)",
        found,
        world,
        potential,
        low=0.5 * found.value / world.value,
        high=3e-6 * potential.value,
    )
    own = Fact(1.0, "t/t", "own", "A", note="by definition: the host counts its germanium")
    return {"zinc_home": home, "zinc_imported": imported, "coal": own}


def recoveries(facts: Facts) -> dict[str, Fact]:
    """Share of the content that zinc works win, by circuit: what each adds."""
    leach = facts.one("yields", METAL, variable="yield_overall", item="zinc_leach")
    smelting = derived(
        0.5,
        "1",
        "smelters as they are: leaching with the losses of smelting, about 0.50 (yields.csv)",
        leach,
        low=0.4,
        high=0.6,
        grade="D",
    )
    rest = derived(
        leach.value - smelting.value,
        "1",
        f"leaching of all residues, {leach.value:g}, less what is won before",
        leach,
        smelting,
        low=0.1,
        high=0.4,
    )
    return {"1": smelting, "2": rest}


def _content(facts: Facts, route: str) -> Iterator[Row]:
    yield number("host_contents", contents(facts)[route], host=_host(route), metal=METAL)


def _host(route: str) -> str:
    return "coal_ash" if route == "coal" else route


def reach(facts: Facts, route: str, circuit: str) -> Fact:
    """Germanium that a circuit wins from a tonne of its host, t/t."""
    if route == "coal":
        recovery = hosts.coal_recovery(facts)
        return derived(recovery.value, "t/t", "recovered from ash", recovery)
    content, part = contents(facts)[route], recoveries(facts)[circuit]
    ends = [(a or 0) * (b or 0) for a, b in ((content.low, part.low), (content.high, part.high))]
    return derived(
        content.value * part.value,
        "t/t",
        f"{content.value * 1e6:.3g} g/t x {part.value:g}: {part.note}",
        content,
        part,
        low=ends[0],
        high=ends[1],
    )


def circuit_cost(facts: Facts, circuit: str) -> Fact:
    """All-in cost of a circuit at zinc works, USD_2021/kg."""
    base = facts.one("recommended_base", METAL, variable="unit_cost", item="dom_zinc")
    if circuit == "1":
        return base
    first, last = (
        facts.one("costs_capex", "indium", variable="supply_cost_step", item=STEP[name])
        for name in ("1", "2")
    )
    high = facts.one("prices", METAL, variable="price", item="germanium_metal", year=2014)
    return derived(
        base.value * last.value / first.value,
        base.unit,
        f"{base.value:g} x {last.value:g} / {first.value:g}, long-run step over by-product step of "
        f"indium (NREL); low: coproduct step, twice; high: {high.value:g}, at which output hardly "
        "rose in 2013-14",
        base,
        first,
        last,
        high,
        low=2 * base.value,
        high=high.value,
        grade="D",
    )


def _byproduct(facts: Facts, route: str, circuit: str) -> Iterator[Row]:
    process, concentrate = _name(route, circuit), f"germanium/concentrate_{route}"
    home = route != "zinc_imported"
    if circuit != "2":
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
        inputs={},
        outputs={concentrate: ONE},
        host=_host(route),
        plant=_plant(route),
        origin="" if home else CONCENTRATE_LAND,
        ramp_group=f"{_plant(route)}_ramp",
        description=f"germanium from {route.replace('_', ' ')}"
        + (f", circuit {circuit}" if circuit else ""),
    )
    yield from value(process, "host_content", reach(facts, route, circuit))
    yield observed(process, _seen(facts, route, circuit))
    if route == "coal":
        cost = facts.one("recommended_base", METAL, variable="unit_cost", item="dom_coal")
        yield from value(process, "variable_cost", by.running(_turning_prices(facts, cost)))
        yield from value(process, "min_activity", _run_down(facts))
        yield from _coal_emissions(facts, process)
        return
    yield from value(
        process,
        "variable_cost",
        by.running(circuit_cost(facts, circuit), circuit_cost(facts, "1")),
    )
    yield from zinc_emissions(
        facts, process, "recommended_base", METAL, "dom_zinc", "home" if home else "imported"
    )


def _name(route: str, circuit: str) -> str:
    return f"byproduct_germanium_{route}{'_' + circuit if circuit else ''}"


def _seen(facts: Facts, route: str, circuit: str) -> Fact:
    return derived(
        0 if circuit == "2" else SEEN[route],
        "t/year",
        (
            "126 t used and exported, zinc : coal 60 : 40, zinc by provenance, all by circuits "
            "that stand; BGS counts 155 t (estimate, 13.9 % of it from scrap)"
        ),
        facts.one("hosts_companion", METAL, variable="host_share", item="zinc", region="china"),
        grade="D",
    )


# ---- residues


def _residues(facts: Facts) -> Iterator[Row]:
    """Slag and residues of zinc works, and ash of the lignite, as deposits: what lies there, what
    comes to lie there, and the dear way to win it."""
    kept = judged(
        0.5,
        "1",
        "half is dumped where it can be dug up again, the rest goes into cement, roads and backfill",
        low=0.2,
        high=0.8,
    )
    for route, filling in (("zinc", ("zinc_home", "zinc_imported")), ("coal", ("coal_ash",))):
        name = f"germanium_{route}_residue"
        yield number(
            "deposits",
            opening(facts, route, kept),
            deposit=name,
            metal=METAL,
            parameter="reserve",
        )
        for host in filling:
            yield number("residues", kept, deposit=name, host=host)
        yield from _rework(facts, route, name)
    yield from by.circuit(
        "germanium_residue",
        [judged(0, "t/year", "no dump is worked for germanium in China today", low=0, high=2)],
        rework_cost(facts, "zinc"),
        judged(5, "t/year/year", "a fuming furnace in three years", low=2, high=15),
    )


def opening(facts: Facts, route: str, kept: Fact) -> Fact:
    """Germanium in the residues of 2015 to 2020, t: content of the zinc refined (or of the lignite
    burnt) less what was won."""
    made = [
        facts.one(
            "production",
            METAL,
            variable="refined_production",
            region="china",
            year=year,
            source="bgs-world-mineral-statistics",
        )
        for year in BEFORE
    ]
    share = facts.one(
        "hosts_companion",
        METAL,
        variable="host_share",
        item="zinc" if route == "zinc" else "coal",
        region="china",
    )
    won = share.value * sum(fact.value for fact in made)
    if route == "coal":
        recovery = hosts.coal_recovery(facts)
        left, content = won * (1 / recovery.value - 1), recovery
        note = f"{won:.4g} t won of coal in 2015-2020 x (1 / {recovery.value:g} - 1)"
        refined = []
    else:
        content = contents(facts)["zinc_home"]
        refined = [
            facts.one(
                "hosts_companion",
                "zinc",
                variable="refined_production",
                region="china",
                year=year,
                source="nbs-china",
            )
            for year in BEFORE
        ]
        zinc = sum(fact.value for fact in refined)
        left = content.value * zinc - won
        note = (
            f"{zinc:.4g} t of zinc refined in 2015-2020 x {content.value * 1e6:.3g} g/t less "
            f"{won:.4g} t won of zinc"
        )
    return derived(
        kept.value * left,
        "t",
        f"{kept.value:g} of {note}",
        content,
        share,
        *made,
        *refined,
        low=(kept.low or 0) * left,
        high=4 * kept.value * left,
        grade="D",
    )


def rework_cost(facts: Facts, route: str) -> Fact:
    """All-in cost of germanium from a residue, USD_2021/kg."""
    peak = peak_price(facts)
    if route == "zinc":
        dear = circuit_cost(facts, "2")
        leach = facts.one("yields", METAL, variable="yield_overall", item="zinc_leach")
        return derived(
            dear.value * leach.value / _won_again().value,
            dear.unit,
            f"dearest circuit {dear.value:.4g} x {leach.value:g} / {_won_again().value:g}, the "
            "share that is won; high: the peak of 2025",
            dear,
            leach,
            low=dear.value,
            high=peak.value,
            grade="D",
        )
    cost = facts.one("recommended_base", METAL, variable="unit_cost", item="dom_coal")
    recovery = hosts.coal_recovery(facts)
    factor = recovery.value / ((1 - recovery.value) * _won_again().value)
    return derived(
        cost.value * factor,
        cost.unit,
        f"{cost.value:g} x {recovery.value:g} / ({1 - recovery.value:g} x {_won_again().value:g}): "
        "as much ash handled for what is left in it",
        cost,
        recovery,
        low=2 * cost.value,
        high=4 * cost.value,
        grade="D",
    )


def _won_again() -> Fact:
    return judged(
        0.5, "1", "won from a residue: as much as smelters win from the feed", low=0.3, high=0.7
    )


def _rework(facts: Facts, route: str, deposit: str) -> Iterator[Row]:
    process = f"rework_germanium_{route}"
    concentrate = "germanium/concentrate_" + ("zinc_home" if route == "zinc" else "coal")
    yield from recipe(
        process,
        "mine",
        "extraction",
        inputs={deposit: inverse(_won_again(), "germanium in the residue per tonne won")},
        outputs={concentrate: ONE},
        plant="germanium_residue",
        loss="slag",
        description="germanium from "
        + ("slag of zinc works" if route == "zinc" else "ash of lignite"),
    )
    yield from value(
        process,
        "variable_cost",
        by.running(rework_cost(facts, route), rework_cost(facts, "zinc")),
    )
    yield from zinc_emissions(facts, process, "recommended_base", METAL, "dom_zinc", "home")


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
        origin=CONCENTRATE_LAND if route == "zinc_imported" else "",
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
    """Before the export controls: what came after 2021 is what the plan is tested by."""
    return market.cycle_price(facts, METAL, "USGS, metal", item="germanium_metal")


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
