"""Refining of lithium: works at the salt lakes, converters shared by own and imported ore with
cleaner variants, scrap of cell making."""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    emission_rows,
    judged,
    number,
    without_capital,
)
from models.china.derive.supply import (
    ONE,
    from_year,
    inverse,
    money,
    observed,
    per_tonne,
    plant,
    ratio,
    recipe,
    standing,
    value,
)

METAL = "lithium"
START = {"brine": 7000.0, "spodumene": 1000.0, "lepidolite": 6100.0}
"""Refined from home ore in 2021, t: the 14.1 kt of BGS, split as the notes of additions.csv
(capacity_under_construction) do."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _converters(facts)
    yield from _brine_works(facts)
    yield from _conversion(facts)
    yield from _cell_scrap(facts)


def base(facts: Facts, variable: str, item: str) -> Fact:
    return facts.one("recommended_base", METAL, variable=variable, item=item).at(None)


def added(facts: Facts, variable: str, item: str) -> Fact:
    return facts.one("additions", METAL, region="china", variable=variable, item=item).at(None)


def conversion_yield(facts: Facts, ore: str) -> Fact:
    """Refined lithium per tonne contained in concentrate: of spodumene the recommended one, of
    lepidolite from its concentrate use."""
    if ore == "lepidolite":
        found = facts.one("yields", METAL, variable="yield_conversion", item="lepidolite").at(None)
        return derived(found.value, "t/t", found.note, found, low=0.78, high=0.88)
    return ratio(base(facts, "yield_overall", "refining_conversion"))


def _brine_works(facts: Facts) -> Iterator[Row]:
    """Works at the salt lakes: all energy of the route is booked here, all cost and loss at the
    field."""
    ghg, kwh = base(facts, "ghg", "dom_brine"), base(facts, "electricity", "dom_brine")
    yield from _refine(
        facts,
        "refine_lithium_brine",
        "lithium/brine_home",
        ONE,
        "domestic primary",
        "",
        ghg,
        kwh,
        judged(0, "USD_2021/t", "cost of field and works is one figure, booked at the field"),
    )
    clean = "refine_lithium_brine_solar"
    yield from _refine(
        facts,
        clean,
        "lithium/brine_home",
        ONE,
        "domestic primary",
        "",
        ghg.times(0, ghg.unit),
        kwh.times(0.5, "kWh/kg"),
        per_tonne(
            judged(
                5,
                "USD_2021/kg",
                (
                    "solar heat and captive solar power for adsorption and evaporation; as dear "
                    "per kg as electric calcination and more"
                ),
                low=2,
                high=8,
            )
        ),
        direct=_direct(facts, ghg, kwh, 0.4, "solar heat replaces 60 % of the direct part"),
    )
    yield from from_year(clean, 2026, "pilot plants from 2023, works by 2026")


def _converters(facts: Facts) -> Iterator[Row]:
    """Converters of spodumene (own and imported share them) and of lepidolite; brine works belong
    to the field."""
    whole, brine = (
        base(facts, "capacity", "refining_conversion"),
        base(facts, "capacity", "dom_brine"),
    )
    lepidolite = facts.one(
        "capacity_2021", METAL, variable="capacity_refining", item="lepidolite"
    ).at(None)
    capital = base(facts, "capex", "refining_conversion").times(1000, "USD_2021/(t/year)")
    lead, pace = (
        added(facts, "lead_time", "refining_conversion"),
        added(facts, "max_new_capacity", "refining_conversion").times(1, "t/year/year"),
    )
    other = lepidolite.value + brine.value
    note = (
        f"{whole.value:g} t of all converters less lepidolite {lepidolite.value:g} and brine "
        f"{brine.value:g}"
    )
    stock = derived(
        whole.value - other,
        "t/year",
        note,
        whole,
        lepidolite,
        brine,
        low=(whole.low or 0) - other,
        high=(whole.high or 0) - other,
    )
    yield from plant(
        "lithium_converter", existing=standing(stock), capital=capital, lead=lead, max_new=[pace]
    )
    yield from plant(
        "lithium_lepidolite_converter",
        existing=standing(lepidolite),
        capital=capital,
        lead=lead,
        max_new=[pace.times(1 / 3, "t/year/year", "a third of the pace of all converters", "D")],
    )


def _direct(facts: Facts, ghg: Fact, kwh: Fact, left: float, note: str) -> Fact:
    """Direct part of a home process per tonne, of which a share is left."""
    part = ghg.value - kwh.value * facts.grid_2021.value
    return derived(
        part * left,
        "tCO2e/t",
        f"{note}: {left:g} x {part:.4g}",
        ghg,
        kwh,
        low=part * max(0.0, left - 0.2),
        high=part * min(1.0, left + 0.2),
        grade="D",
    )


def _refine(
    facts: Facts,
    name: str,
    feed: str,
    intake: Fact,
    pathway: str,
    plant_: str,
    ghg: Fact,
    kwh: Fact,
    cost: Fact,
    *,
    direct: Fact | None = None,
    ramp: str = "",
) -> Iterator[Row]:
    """A refining recipe per tonne of refined lithium; `direct` where a variant has its own direct
    part (then `ghg` is not split)."""
    yield from recipe(
        name,
        "refine",
        "processing",
        inputs={feed: intake},
        outputs={"lithium/refined": ONE},
        pathway=pathway,
        plant=plant_,
        ramp_group=ramp,
        loss="slag" if intake is not ONE else "",
        description=f"refining of {feed}",
    )
    yield from value(name, "variable_cost", cost)
    if direct is None:
        yield from emission_rows(facts, name, ghg, kwh)
        return
    yield from value(name, "electricity", kwh.times(1, "MWh/t"))
    yield from value(name, "direct_emission", direct)


def _conversion(facts: Facts) -> Iterator[Row]:
    """Conversion of concentrate: standard, on hydropower with waste heat used, electric; the same
    wherever the ore was mined."""
    fee = without_capital(
        base(facts, "unit_cost", "refining_conversion"), base(facts, "capex", "refining_conversion")
    )
    territorial = added(facts, "territorial_share_of_ghg", "import_ore_spodumene")
    yield from _electric_ramp(facts)
    for feed, ore, pathway, source in (
        ("concentrate_home", "spodumene", "domestic primary", "dom_spodumene"),
        ("concentrate_imported", "spodumene", "foreign primary", "import_ore_spodumene_contained"),
        ("lepidolite_home", "lepidolite", "domestic primary", "dom_lepidolite"),
    ):
        ghg = base(facts, "ghg", source).times(
            territorial.value, "kgCO2e/kg", "share that conversion emits at home", "D"
        )
        kwh = base(facts, "electricity", "dom_spodumene").noted(
            "conversion; that of lepidolite as of spodumene"
        )
        intake = inverse(conversion_yield(facts, ore), "concentrate per tonne refined")
        name, works = (
            f"refine_lithium_{feed}",
            "lithium_lepidolite_converter" if ore == "lepidolite" else "lithium_converter",
        )
        yield from _refine(
            facts, name, f"lithium/{feed}", intake, pathway, works, ghg, kwh, per_tonne(fee)
        )
        yield from _clean(facts, name, feed, intake, pathway, works, ghg, kwh, fee)
    yield from _seen(facts)


def _seen(facts: Facts) -> Iterator[Row]:
    """Refined from each feed in 2021, and in the variant with 26 kt mined."""
    for name, route in (
        ("brine", "brine"),
        ("concentrate_home", "spodumene"),
        ("lepidolite_home", "lepidolite"),
    ):
        central = base(facts, "capacity", f"dom_{route}").times(
            1, "t/year", "variant: 26 kt of the seed"
        )
        yield observed(
            f"refine_lithium_{name}",
            judged(START[route], "t/year", f"{route} part of the 14.1 kt of 2021 (additions.csv)"),
        )
        yield observed(f"refine_lithium_{name}", central, scenario="lithium-mining-26kt")
    contained, recovery = 54000.0, base(facts, "yield_overall", "refining_conversion")
    note = (
        f"{contained:g} t contained in 2.0 Mt of concentrate imported (customs, recalled) x "
        f"{recovery.value:g}"
    )
    yield observed(
        "refine_lithium_concentrate_imported",
        derived(contained * recovery.value, "t/year", note, recovery, grade="D"),
    )


def _electric_ramp(facts: Facts) -> Iterator[Row]:
    """Electric converters are built at 40 kt a year at most (additions.csv,
    clean_conversion_variant)."""
    group = "lithium_electric_conversion"
    yield number(
        "ramps",
        judged(0, "1/year", "no growth beyond the step"),
        ramp_group=group,
        parameter="growth",
    )
    pace = facts.one(
        "additions", METAL, variable="clean_conversion_variant", item="spodumene_refining"
    )
    yield number(
        "ramps",
        derived(40000, "t/year/year", pace.note, pace, low=20000, high=80000),
        ramp_group=group,
        parameter="step",
    )


def _clean(
    facts: Facts,
    name: str,
    feed: str,
    intake: Fact,
    pathway: str,
    works: str,
    ghg: Fact,
    kwh: Fact,
    fee: Fact,
) -> Iterator[Row]:
    """Two steps of abatement: hydropower and waste heat at 0.6, electric calcination and green
    steam at 4 USD/kg."""
    hydro, electric = f"{name}_hydro", f"{name}_electric"
    power, mild = _hydropower(facts, kwh)
    heat = _direct(facts, ghg, kwh, 0.9, "waste heat of the kiln used")
    yield from _refine(
        facts,
        hydro,
        f"lithium/{feed}",
        intake,
        pathway,
        works,
        ghg,
        power,
        per_tonne(_sum(fee, mild)),
        direct=heat,
    )
    yield from from_year(hydro, 2024, "relocation takes three years")
    deep = facts.one(
        "additions", METAL, variable="clean_conversion_variant", item="spodumene_refining"
    )
    cost = per_tonne(_sum(fee, derived(deep.value, "USD_2021/kg", deep.note, deep, low=2, high=8)))
    more, left = (
        kwh.map(lambda x: x + 8, "kWh/kg", "+8 kWh/kg", "D"),
        _direct(facts, ghg, kwh, 0.4, "electric calcination and green steam, -60 %"),
    )
    group = "lithium_electric_conversion"
    yield from _refine(
        facts,
        electric,
        f"lithium/{feed}",
        intake,
        pathway,
        works,
        ghg,
        more,
        cost,
        direct=left,
        ramp=group,
    )
    yield from from_year(electric, 2028, "first works from 2028")


def _hydropower(facts: Facts, kwh: Fact) -> tuple[Fact, Fact]:
    """What a converter on hydropower takes from the national grid, and what it costs more."""
    sichuan = facts.one("grid_carbon_path", variable="grid_intensity", item="mee_province_sichuan")
    share = sichuan.value / facts.grid_2021.value
    note = (
        f"{share:.2f} from the national grid: the intensity of Sichuan over the national one, the "
        "rest hydropower"
    )
    reason = (
        "freight to Sichuan, contract premium and heat recovery: 0.5 % to 2 % of the price of "
        "lithium"
    )
    return kwh.times(share, "kWh/kg", note, "D"), judged(
        0.6, "USD_2021/kg", reason, low=0.3, high=1.5
    )


def _sum(fee: Fact, extra: Fact) -> Fact:
    return derived(
        fee.value + extra.value,
        fee.unit,
        f"conversion {fee.value:.4g} + {extra.value:g}; {extra.note}",
        fee,
        extra,
        low=(fee.low or fee.value) + (extra.low or extra.value),
        high=(fee.high or fee.value) + (extra.high or extra.value),
    )


def _cell_scrap(facts: Facts) -> Iterator[Row]:
    """Prompt scrap of cell making: a loop inside the manufacturing loss, never a pathway of supply."""
    recovery = facts.one(
        "prompt_scrap_and_dissipation", METAL, variable="prompt_scrap_recovery"
    ).at(None)
    name = "recycle_lithium_cell_scrap"
    yield from recipe(
        name,
        "recycle",
        "recycling",
        inputs={"lithium/cell_scrap": ONE},
        outputs={"lithium/refined": ratio(recovery)},
        pathway="new scrap",
        loss="residue",
        description="scrap of cell and cathode making",
    )
    cost = money(
        facts.one(
            "recycling_cost_carbon", METAL, variable="recycling_cost", item="NCM hydromet, Li share"
        ),
        "USD_2021/kg",
        1.0,
    )
    cost = derived(
        cost.value,
        cost.unit,
        f"clean scrap, as the lithium share of an NCM line; {cost.note}",
        cost,
        low=15,
        high=40,
    )
    yield from value(name, "variable_cost", per_tonne(cost, recovery.value))
    ghg = facts.one("recycling_cost_carbon", METAL, variable="recycling_carbon").at(None)
    ghg = derived(ghg.value, ghg.unit, ghg.note, ghg, low=10, high=80)
    yield from emission_rows(
        facts, name, ghg, base(facts, "electricity", "recycling_lib"), per=recovery.value
    )
