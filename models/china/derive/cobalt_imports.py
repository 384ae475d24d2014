"""Cobalt from abroad: intermediates by origin as a supply curve, refined metal by origin. The
Congo's export stop of 2025 and its quota of 2025 to 2027 stand in the base; without them is
`law-2023`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.china.derive import market
from models.china.derive.common import Fact, Facts, Row, derived, judged, number, path
from models.china.derive.supply import (
    FIRST,
    ONE,
    import_ramp,
    money,
    observed,
    per_tonne,
    recipe,
    scaled,
    value,
)

METAL = "cobalt"
TO_CHINA = 0.9
"""Share of the Congo's output that goes to China: additions.csv, import_ceiling of the Congo."""
AT_SEA = 0.25
"""Year that a cargo takes from the Congo to China: three months (SMM, December 2025)."""
LAW_2023 = "law-2023"
"""Scenario with what was law in 2023: no export stop, no quota."""
HYDROXIDE_GOODS = (
    3.5  # t of goods per t of cobalt: carbon_intensity.csv, ghg_transport hydroxide_drc
)


NICKEL = "nickel_hpal_indonesia"


def rows(facts: Facts) -> Iterator[Row]:
    yield from nickel(facts)
    yield from _hydroxide(facts)
    yield from _refined_imports(facts)


def _base(facts: Facts, variable: str, item: str) -> Fact:
    return facts.one("recommended_base", METAL, variable=variable, item=item).at(None)


def _hydroxide(facts: Facts) -> Iterator[Row]:
    """By origin; the last step (new projects) dear. Without the stop and the quota the Congo's path
    runs from the boom of 2024 to the outlook of 2030."""
    demand = facts.one(
        "demand_china",
        METAL,
        variable="demand_manufacturing",
        item="total",
        year=FIRST,
        scenario="CN",
    )
    yield from import_ramp(facts, "cobalt_intermediate_imports", demand, run_down=False)
    base = _base(facts, "unit_cost", "import_intermediate_contained")
    congo = facts.series("additions", METAL, region="drc", variable="import_ceiling")
    free = [fact for fact in congo if (fact.year or 0) <= 2024 or (fact.year or 0) >= 2030]
    mhp = facts.one("additions", METAL, variable="import_price_step", item="mhp").at(None)
    new = facts.one("additions", METAL, variable="import_price_step", item="new_projects").at(None)
    sea = {
        "drc": (12500.0, 2500.0),
        "indonesia": (4000.0, 100.0),
        "other": (8000.0, 200.0),
        "new_projects": (12500.0, 2500.0),
    }
    for origin, label, price, volume in (
        ("drc", "DR Congo", base, _quota(facts, congo)),
        ("indonesia", "Indonesia", _beside_nickel(facts, base, mhp), ()),
        (
            "other",
            "other origins",
            mhp.noted(
                "Philippines, Papua New Guinea, Cuba, Australia: as mixed hydroxide of Indonesia"
            ),
            facts.series(
                "additions", METAL, variable="import_ceiling", item="other_intermediate_and_ore"
            ),
        ),
        (
            "new_projects",
            "new projects",
            new,
            facts.series("additions", METAL, variable="import_ceiling_new_projects"),
        ),
    ):
        name = f"import_cobalt_hydroxide_{origin}"
        yield from recipe(
            name,
            "import",
            "extraction",
            inputs={},
            outputs={"cobalt/intermediate_imported": ONE},
            origin=label,
            host=NICKEL if origin == "indonesia" else "",
            ramp_group="cobalt_intermediate_imports",
            description=f"cobalt hydroxide from {label}",
        )
        yield from _paid(facts, name, price, base)
        if volume:
            yield from value(
                name,
                "max_activity",
                scaled(
                    [fact.at(None) for fact in volume] if len(volume) == 1 else volume, 1, "t/year"
                ),
            )
        yield from _abroad(facts, name, *sea[origin])
    yield from value(
        "import_cobalt_hydroxide_drc", "max_activity", scaled(free, 1, "t/year"), scenario=LAW_2023
    )
    yield from _seen()


def _beside_nickel(facts: Facts, hydroxide: Fact, mhp: Fact) -> Fact:
    """Price of cobalt in the mixed hydroxide of Indonesia per kg contained, delivered.

    The nickel pays for the plant, and the cobalt comes with it at any price: it sells for what
    hydroxide costs where it is loaded. Delivered it is cheaper than hydroxide of the Congo by the
    truck to the port and the longer voyage.
    """
    freight = money(
        facts.one(
            "costs_capex", METAL, variable="transport_cost_low", item="hydroxide_to_refinery"
        ),
        "USD_2021/kg",
    )
    return derived(
        hydroxide.value - freight.value,
        hydroxide.unit,
        f"hydroxide {hydroxide.value:g} less {freight.value:.3g}, the low end of the freight from "
        "the Congo, which Indonesia does not pay; low: half, as the nickel pays for all; high: 7 % "
        "above hydroxide",
        hydroxide,
        freight,
        mhp,
        low=0.5 * hydroxide.value,
        high=mhp.value,
        grade="D",
    )


def nickel(facts: Facts) -> Iterator[Row]:
    """Nickel leached under pressure in Indonesia, t a year: the host of its cobalt, of which part
    comes to China."""
    ratio = facts.one("hosts_companion", METAL, region="indonesia", variable="host_yield")
    mined = facts.one(
        "production",
        METAL,
        region="indonesia",
        variable="mine_production",
        year=FIRST,
        source="bgs-world-mineral-statistics",
    )
    later = facts.series(
        "production", METAL, region="indonesia", variable="mine_production_outlook"
    )
    made = [
        derived(
            cobalt.value / ratio.value,
            "t/year",
            f"{cobalt.value:.5g} t of cobalt mined / {ratio.value:.4g} t of cobalt a tonne of nickel",
            cobalt,
            ratio,
            year=cobalt.year,
            grade="D",
        )
        for cobalt in (mined, *later)
    ]
    yield from path("hosts", made, host=NICKEL)
    yield number("host_contents", ratio.times(1, "t/t"), host=NICKEL, metal=METAL)
    share = judged(
        0.88,
        "1",
        "share of Indonesia's cobalt that is open to China (additions.csv): most works are Chinese",
        low=0.6,
        high=1.0,
    )
    yield from value(
        "import_cobalt_hydroxide_indonesia",
        "host_content",
        derived(
            share.value * ratio.value,
            "t/t",
            f"{ratio.value:.4g} t of cobalt a tonne of nickel x {share.value:g}; {share.note}",
            ratio,
            share,
            low=(share.low or 0) * ratio.value,
            high=(share.high or 0) * ratio.value,
        ),
    )


def _paid(facts: Facts, name: str, step: Fact, base: Fact) -> Iterator[Row]:
    """The price of today's origins by year, that of new projects as the step that brings them."""
    if name.endswith("new_projects"):
        price = derived(
            step.value,
            step.unit,
            f"per kg CONTAINED; {step.note}",
            step,
            base,
            low=(base.low or 0) * step.value / base.value,
            high=(base.high or 0) * step.value / base.value,
        )
        yield from value(name, "import_price", per_tonne(price))
        return
    note = f"{step.value:g} / {base.value:g}: {step.note}" if step != base else ""
    for scenario, stop in (("", True), (LAW_2023, False)):
        paid = market.cobalt_hydroxide(facts, export_stop=stop)
        series = market.times(paid, step.value / base.value, note)
        yield from value(name, "import_price", series, scenario=scenario)


def _seen() -> Iterator[Row]:
    for origin, tonnes in (("drc", 77752.0), ("indonesia", 1848.0), ("other", 1700.0)):
        yield observed(
            f"import_cobalt_hydroxide_{origin}",
            judged(
                tonnes,
                "t/year",
                (
                    "81.3 kt of intermediates and ore (SMM Jan-Oct x 12/10); Indonesia at its "
                    "ceiling, the Congo with transit about 0.96"
                ),
            ),
        )


def _quota(facts: Facts, congo: Sequence[Fact]) -> list[Fact]:
    """The path with the stop and the quota: what reaches China in a year left the Congo from October
    before to September, since the voyage takes three months (SMM). Years without a quota are the
    rows of additions.csv."""
    by_year = {fact.year: fact for fact in congo}
    left, quota = (
        facts.one("additions", METAL, variable="export_quota", year=year) for year in (2025, 2026)
    )
    before = facts.one("additions", METAL, variable="exports_before_stop")
    boom = by_year[2024]
    arrived = {
        2025: (
            AT_SEA * boom.value + TO_CHINA * before.value,
            f"{AT_SEA:g} x {boom.value:g} t of 2024 + {TO_CHINA:g} x {before.value:g} t that left "
            "before the stop of 22 February",
            (boom, before),
        ),
        2026: (
            TO_CHINA * (left.value + (1 - AT_SEA) * quota.value),
            f"{TO_CHINA:g} x ({left.value:g} t, the quota of 2025, shipped to the end of March 2026 "
            f"+ {1 - AT_SEA:g} x {quota.value:g} t)",
            (left, quota),
        ),
        2027: (TO_CHINA * quota.value, f"{TO_CHINA:g} x quota of {quota.value:g} t", (quota,)),
    }
    held = [
        derived(tonnes, "t/year", note, *inputs, grade="D", year=year)
        for year, (tonnes, note, inputs) in arrived.items()
    ]
    others = [fact for fact in congo if fact.year not in arrived]
    return sorted([*scaled(others, 1, "t/year"), *held], key=lambda fact: fact.year or 0)


def _abroad(facts: Facts, name: str, sea: float, land: float) -> Iterator[Row]:
    low, high = (
        facts.one("carbon_intensity", METAL, variable="ghg", item=f"hydroxide_{end}_alloc")
        for end in ("mass", "economic")
    )
    chain = _base(facts, "ghg", "import_intermediate_contained")
    conversion = _base(facts, "yield_overall", "refining_conversion")
    mean = (low.value + high.value) / 2
    yield from value(
        name,
        "embodied_emission",
        derived(
            mean * conversion.value,
            "tCO2e/t",
            (
                f"mean of mass and economic allocation of hydroxide, {mean:g} per kg x "
                f"{conversion.value:g}"
            ),
            low,
            high,
            chain,
            low=low.value * conversion.value,
            high=high.value * conversion.value,
        ),
    )
    ship, truck = (
        facts.one("carbon_intensity", variable="transport_ghg", item=item)
        for item in ("deep_sea_container", "heavy_truck")
    )
    yield from value(
        name,
        "transport_emission",
        derived(
            HYDROXIDE_GOODS * (sea * ship.value + land * truck.value) / 1000,
            "tCO2e/t",
            (
                f"{HYDROXIDE_GOODS:g} t of goods per t x (sea {sea:g} km x {ship.value:g} + truck "
                f"{land:g} km x {truck.value:g}) / 1000"
            ),
            ship,
            truck,
            grade="D",
        ),
    )


def _refined_imports(facts: Facts) -> Iterator[Row]:
    """Refined metal by origin, in the shares that the origins have in refining outside China (BGS
    2021)."""
    made = {
        region: facts.one(
            "production",
            METAL,
            region=region,
            variable="refined_production",
            year=FIRST,
            source="bgs-world-mineral-statistics",
        )
        for region in ("world", "china", "finland", "australia")
    }
    outside = made["world"].value - made["china"].value
    shares = {region: made[region].value / outside for region in ("finland", "australia")}
    shares["other"] = 1 - sum(shares.values())
    ghg = _base(facts, "ghg", "import_refined")
    volume = facts.series("additions", METAL, variable="import_ceiling", item="refined")
    for region, share in shares.items():
        name = f"import_cobalt_refined_{region}"
        yield from recipe(
            name,
            "import",
            "processing",
            inputs={},
            outputs={"cobalt/refined": ONE},
            pathway="foreign primary",
            origin="other origins" if region == "other" else region.title(),
            description=f"refined cobalt from {region}",
        )
        for scenario, stop in (("", True), (LAW_2023, False)):
            paid = market.times(market.cobalt_refined(facts, export_stop=stop), 1.0)
            yield from value(name, "import_price", paid, scenario=scenario)
        yield from value(
            name,
            "max_activity",
            scaled(
                volume,
                share,
                "t/year",
                f"x {share:.2f}: share in refining outside China, BGS 2021",
                "D",
            ),
        )
        yield from value(name, "embodied_emission", ghg.times(1, "tCO2e/t"))
        yield from value(
            name,
            "transport_emission",
            judged(0.2, "tCO2e/t", "1 t of goods per t: deep sea 10,000 km and 500 km by truck"),
        )
        yield observed(name, volume[0].times(share, "t/year", f"x {share:.2f}", "D"))
