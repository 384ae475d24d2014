"""Lithium from abroad: supply curves by origin. Volume = output x share open to China; price of
what is mined today as customs had it by year and then its cycle (market.py), of new projects a
step (additions.csv)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.china.derive import market
from models.china.derive.common import Fact, Facts, Row, derived, judged
from models.china.derive.supply import (
    FIRST,
    ONE,
    ceiling,
    import_ramp,
    observed,
    per_tonne,
    recipe,
    scaled,
    value,
)

METAL = "lithium"
CURRENT_POLICY_SHARE = 0.55  # additions.csv, note of import_ceiling_new_projects_1: volumes are for carbon neutrality, x 0.55 under current policy
TONNES_OF_CONCENTRATE = 35.9  # per tonne of lithium at 6 % Li2O: 1 / (0.06 x 0.46457)
TONNES_OF_CARBONATE = 5.323


def rows(facts: Facts) -> Iterator[Row]:
    demand = facts.one(
        "demand_china", METAL, variable="demand_gross_LP", item="total", year=FIRST, scenario="CN"
    )
    yield from import_ramp(facts, "lithium_ore_imports", demand)
    yield from import_ramp(facts, "lithium_chemical_imports", demand)
    yield from _ore(facts)
    yield from _new_projects(facts)
    yield from _carbonate(facts)
    yield from _hydroxide(facts)


def _series(facts: Facts, region: str, variable: str) -> list[Fact]:
    return facts.series("additions", METAL, region=region, variable=variable)


def _price(facts: Facts, item: str) -> Fact:
    return facts.one("additions", METAL, variable="import_price_step", item=item).at(None)


def _abroad(facts: Facts) -> tuple[Fact, Fact]:
    """(emission of mine and concentrator abroad, the same on poor ore), kg CO2e per kg CONTAINED."""
    chain = facts.one(
        "recommended_base", METAL, variable="ghg", item="import_ore_spodumene_contained"
    )
    share = facts.one("additions", METAL, variable="territorial_share_of_ghg")
    recovery = facts.one(
        "recommended_base", METAL, variable="yield_overall", item="refining_conversion"
    )
    low, high = (
        facts.one(
            "carbon_intensity",
            METAL,
            variable="ghg",
            item=f"spodumene_{end}",
            source="mas-fons2024",
        )
        for end in ("low", "high")
    )
    factor = (1 - share.value) * recovery.value
    now = chain.times(
        factor,
        "tCO2e/t",
        (
            f"{chain.value:g} per kg refined x {1 - share.value:.2f} abroad x {recovery.value:g} "
            "refined per kg contained"
        ),
        "D",
    )
    rise = chain.value * (high.value / low.value - 1) * recovery.value
    poor = now.map(
        lambda x: x + rise,
        "tCO2e/t",
        f"+{rise:.3g} as ore grade falls (Mas-Fons et al. 2024, 22.3 / 17.1 of the chain)",
    )
    return now.at(None), poor.at(None)


def _freight(facts: Facts, sea: float, land: float, goods: float, vessel: str, note: str) -> Fact:
    ship = facts.one("carbon_intensity", variable="transport_ghg", item=vessel)
    truck = facts.one("carbon_intensity", variable="transport_ghg", item="heavy_truck")
    total = goods * (sea * ship.value + land * truck.value) / 1000
    return derived(
        total,
        "tCO2e/t",
        (
            f"{goods:g} t of goods per t x (sea {sea:g} km x {ship.value:g} + truck {land:g} km x "
            f"{truck.value:g}) / 1000; {note}"
        ),
        ship,
        truck,
        grade="D",
    )


def _import(
    name: str,
    out: str,
    origin: str,
    stage: str,
    price: Fact | Sequence[Fact],
    volume: Sequence[Fact],
    embodied: Fact,
    freight: Fact,
    ramp: str,
    **more: str,
) -> Iterator[Row]:
    yield from recipe(
        name, "import", stage, inputs={}, outputs={out: ONE}, origin=origin, ramp_group=ramp, **more
    )
    paid = per_tonne(price) if isinstance(price, Fact) else price
    yield from value(name, "import_price", paid)
    yield from value(name, "max_activity", volume)
    yield from value(name, "embodied_emission", embodied)
    yield from value(name, "transport_emission", freight)


def _ore(facts: Facts) -> Iterator[Row]:
    paid, near = market.ore(facts), _price(facts, "spodumene_australia")
    now, _ = _abroad(facts)
    zimbabwe = _zimbabwe(facts)
    africa = _series(facts, "africa", "world_mine_output")
    others = [
        replace(
            fact,
            value=max(0.0, fact.value - z.value),
            note=f"Africa {fact.value:g} t less Zimbabwe {z.value:g} t",
            grade="D",
        )
        for fact, z in zip(africa, zimbabwe, strict=True)
    ]
    americas = _series(facts, "americas", "world_mine_output")
    brazil_part = {
        2021: 1.0,
        2025: 12000 / 17600,
    }  # USGS: Brazil 12,000, Canada 5,600 t in 2025 (note of the row); held later
    share = {
        region: _series(facts, region, "share_available_to_china")
        for region in ("australia", "africa", "americas")
    }
    seen = {"australia": 51300.0, "brazil": 2000.0, "zimbabwe": 700.0}
    for origin, output, region, price, sea, land in (
        (
            "australia",
            _series(facts, "australia", "world_mine_output"),
            "australia",
            "spodumene_australia",
            7000.0,
            300.0,
        ),
        ("zimbabwe", zimbabwe, "africa", "spodumene_africa", 12000.0, 600.0),
        ("other_africa", others, "africa", "spodumene_africa", 19000.0, 1200.0),
        (
            "brazil",
            _part(americas, brazil_part, True),
            "americas",
            "spodumene_americas",
            20500.0,
            600.0,
        ),
        (
            "canada",
            _part(americas, brazil_part, False),
            "americas",
            "spodumene_americas",
            20000.0,
            800.0,
        ),
    ):
        step = _price(facts, price)
        name = f"import_lithium_ore_{origin}"
        yield from _import(
            name,
            "lithium/concentrate_imported",
            "other Africa" if origin == "other_africa" else origin.title(),
            "extraction",
            market.times(
                paid,
                step.value / near.value,
                f"{step.value:g} / {near.value:g}: steps of additions.csv" if step != near else "",
            ),
            ceiling(output, share[region]),
            now,
            _freight(
                facts,
                sea,
                land,
                TONNES_OF_CONCENTRATE,
                "bulk_carrier",
                "distances by own judgement",
            ),
            "lithium_ore_imports",
            description=f"spodumene or petalite concentrate from {origin.replace('_', ' ')}",
        )
        if origin in seen:
            yield observed(
                name,
                judged(
                    seen[origin],
                    "t/year",
                    (
                        "54 kt contained in 2.0 Mt of concentrate (customs, recalled), 95 % "
                        "Australian (trade press)"
                    ),
                ),
            )


def _zimbabwe(facts: Facts) -> list[Fact]:
    """Zimbabwe's own output at the years of the African series: mined to 2025, pipeline of the IEA
    later, held after 2040."""
    africa = _series(facts, "africa", "world_mine_output")
    outlook = {
        fact.year: fact
        for fact in facts.all(
            "production", METAL, region="zimbabwe", variable="mine_production_outlook"
        )
    }
    later = {
        fact.year: outlook[min(fact.year or 2040, 2040)].at(fact.year)
        for fact in africa
        if (fact.year or 0) >= 2030
    }
    return [later.get(fact.year, fact) for fact in africa]


def _part(series: Sequence[Fact], shares: dict[int, float], own: bool) -> list[Fact]:
    found = []
    for fact in series:
        share = shares[max(year for year in shares if year <= (fact.year or FIRST))]
        found.append(
            fact.times(
                share if own else 1 - share,
                "t",
                f"{share if own else 1 - share:.2f} of Brazil and Canada",
                "D",
            )
        )
    return found


def _new_projects(facts: Facts) -> Iterator[Row]:
    """Two steps beyond the pipeline, the last dear: of the first, the share of brine in the
    reserves abroad comes as carbonate."""
    _, poor = _abroad(facts)
    reserve = {
        region: facts.one("reserves", METAL, region=region, variable="reserves", year=2025)
        for region in ("chile", "argentina", "world")
    }
    brine = derived(
        (reserve["chile"].value + reserve["argentina"].value) / reserve["world"].value,
        "1",
        "share of Chile and Argentina in world reserves",
        *reserve.values(),
    )
    freight = _freight(
        facts, 12000, 800, TONNES_OF_CONCENTRATE, "bulk_carrier", "unknown sites: mean distances"
    )
    for step in ("1", "2"):
        volume = _volume(facts, step)
        part = 1 - brine.value if step == "1" else 1.0
        name = f"import_lithium_ore_new_{step}"
        price = _price(facts, f"new_projects_{step}")
        price = derived(
            price.value,
            price.unit,
            price.note,
            price,
            low=0.75 * price.value,
            high=1.5 * price.value,
        )
        yield from _import(
            name,
            "lithium/concentrate_imported",
            "new projects",
            "extraction",
            price,
            scaled(
                volume,
                CURRENT_POLICY_SHARE * part,
                "t/year",
                f"x {CURRENT_POLICY_SHARE:g} under current policy x {part:.2f} as ore",
            ),
            poor,
            freight,
            "lithium_ore_imports",
            description=f"ore of projects beyond today's pipeline, step {step}",
        )
        yield from value(
            name,
            "max_activity",
            scaled(volume, part, "t/year", f"x {part:.2f} as ore"),
            scenario="carbon-neutral",
        )
    yield from _new_brine(facts, _volume(facts, "1"), brine)


def _volume(facts: Facts, step: str) -> list[Fact]:
    return facts.series("additions", METAL, variable=f"import_ceiling_new_projects_{step}")


def _new_brine(facts: Facts, volume: Sequence[Fact], brine: Fact) -> Iterator[Row]:
    name, price = "import_lithium_carbonate_new", _price(facts, "carbonate_new")
    now = facts.one("recommended_base", METAL, variable="ghg", item="import_refined_carbonate")
    ratio_ = facts.one("carbon_intensity", METAL, variable="ghg_ratio")
    worst = facts.one("carbon_intensity", METAL, region="world", variable="ghg", item="brine_high")
    embodied = derived(
        now.value * (1 + ratio_.value) / 2,
        "tCO2e/t",
        f"half ponds ({now.value:g}), half direct extraction ({ratio_.value:g} times as much)",
        now,
        ratio_,
        worst,
        low=now.value,
        high=worst.value,
    )
    freight = _freight(facts, 19000, 400, TONNES_OF_CARBONATE, "deep_sea_container", "as Chile")
    for scenario, factor in (("", CURRENT_POLICY_SHARE), ("carbon-neutral", 1.0)):
        series = scaled(
            volume,
            factor * brine.value,
            "t/year",
            (
                f"x {factor:g} x {brine.value:.2f} as brine: share of Chile and Argentina in world "
                "reserves"
            ),
            "D",
        )
        if scenario:
            yield from value(name, "max_activity", series, scenario=scenario)
        else:
            yield from _import(
                name,
                "lithium/refined",
                "new projects",
                "processing",
                derived(price.value, price.unit, price.note, price, low=60, high=110),
                series,
                embodied,
                freight,
                "lithium_chemical_imports",
                pathway="foreign primary",
                description="carbonate of brine projects beyond the pipeline",
            )


def _carbonate(facts: Facts) -> Iterator[Row]:
    paid = market.times(market.carbonate(facts), 1.0)
    ghg = facts.one(
        "recommended_base", METAL, variable="ghg", item="import_refined_carbonate"
    ).times(1, "tCO2e/t")
    carbonate = facts.one(
        "hosts_companion", METAL, variable="conversion_factor", item="li2co3_to_li"
    )
    bought = facts.one("trade_imports", METAL, variable="imports", item="li2co3_gross", year=2021)
    for origin, sea, land in (("chile", 19000.0, 400.0), ("argentina", 20000.0, 700.0)):
        name = f"import_lithium_carbonate_{origin}"
        yield from _import(
            name,
            "lithium/refined",
            origin.title(),
            "processing",
            paid,
            ceiling(
                _sorted(_series(facts, origin, "world_mine_output")),
                _series(facts, origin, "share_available_to_china"),
            ),
            ghg,
            _freight(
                facts,
                sea,
                land,
                TONNES_OF_CARBONATE,
                "deep_sea_container",
                "distances by own judgement",
            ),
            "lithium_chemical_imports",
            pathway="foreign primary",
            description=f"lithium carbonate from {origin.title()}",
        )
        share = facts.one(
            "trade_imports",
            METAL,
            variable="import_origin_share",
            item=f"li2co3__from_{origin}",
            year=2021,
        )
        yield observed(
            name,
            derived(
                bought.value * carbonate.value * share.value,
                "t/year",
                f"{bought.value:g} t of carbonate x {carbonate.value:g} x {share.value:g}",
                bought,
                carbonate,
                share,
            ),
        )


def _sorted(series: Sequence[Fact]) -> list[Fact]:
    return sorted(series, key=lambda fact: fact.year or 0)


def _hydroxide(facts: Facts) -> Iterator[Row]:
    """Hydroxide: China sells far more than it buys; small volumes that refineries in Australia and
    Chile may sell to it."""
    price = market.times(market.lithium_hydroxide(facts), 1.0)
    chain = facts.one(
        "recommended_base", METAL, variable="ghg", item="import_ore_spodumene_contained"
    ).times(1, "tCO2e/t", "refined abroad as in China", "D")
    brine = facts.one(
        "recommended_base", METAL, variable="ghg", item="import_refined_carbonate"
    ).map(lambda x: x + 10, "tCO2e/t", "+10 for causticising carbonate: own judgement", "D")
    outlook = {
        fact.year: fact
        for fact in facts.all(
            "production", METAL, region="australia", variable="refined_production_outlook"
        )
    }
    start = judged(0, "t", "no refinery ran in 2021", year=2021)
    volume = {
        "australia": ceiling(
            [start, outlook[2030], outlook[2040]],
            [
                judged(
                    0.3,
                    "1",
                    "most is sold to Korea, Japan and the United States",
                    low=0.1,
                    high=0.5,
                    year=2021,
                )
            ],
        ),
        "chile": [
            judged(
                600,
                "t/year",
                "about 3.6 kt of hydroxide imported in 2021 (recalled), all origins",
                year=2021,
            ),
            judged(3000, "t/year", "5 % of Chile's output", low=0, high=6000, year=2030),
        ],
    }
    for origin, embodied, sea, land in (
        ("australia", chain, 7000.0, 100.0),
        ("chile", brine, 19000.0, 400.0),
    ):
        yield from _import(
            f"import_lithium_hydroxide_{origin}",
            "lithium/refined",
            origin.title(),
            "processing",
            price,
            volume[origin],
            embodied,
            _freight(
                facts,
                sea,
                land,
                6.05,
                "deep_sea_container",
                "6.05 t of hydroxide monohydrate per t",
            ),
            "lithium_chemical_imports",
            pathway="foreign primary",
            description=f"lithium hydroxide from {origin.title()}",
        )
