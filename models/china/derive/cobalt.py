"""Cobalt: by-product of nickel at home, hydroxide from abroad refined at home, refined metal from
abroad, scrap beside batteries.

Basis: activity of imports of intermediates counts tonnes contained, of refining tonnes refined. The
price of hydroxide is per kg contained; refining is charged once, on refined metal. Battery lines
stand in `batteries.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.china.derive import cobalt_imports
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    emission_rows,
    judged,
    number,
    path,
    without_capital,
)
from models.china.derive.supply import (
    FIRST,
    ONE,
    from_year,
    good,
    inverse,
    mine_ramp,
    observed,
    per_tonne,
    plant,
    ratio,
    recipe,
    standing,
    value,
)

METAL = "cobalt"


def rows(facts: Facts) -> Iterator[Row]:
    yield from _goods(facts)
    yield from _byproduct(facts)
    yield from _refining(facts)
    yield from _scrap(facts)
    yield from cobalt_imports.rows(facts)


def _base(facts: Facts, variable: str, item: str) -> Fact:
    return facts.one("recommended_base", METAL, variable=variable, item=item).at(None)


def _goods(facts: Facts) -> Iterator[Row]:
    recovery = ratio(_base(facts, "yield_overall", "refining_conversion"))
    yield from good(
        "cobalt/intermediate_home",
        METAL,
        "intermediate",
        "extraction",
        "cobalt residue of nickel refining at home",
        recovery,
    )
    yield from good(
        "cobalt/intermediate_imported",
        METAL,
        "intermediate",
        "extraction",
        "cobalt hydroxide and mixed hydroxide from abroad",
        recovery,
    )
    yield from good(
        "cobalt/refined",
        METAL,
        "refined",
        "processing",
        "cobalt sulphate, chloride, oxide and metal, in cobalt",
    )
    stock = facts.one(
        "additions", METAL, variable="initial_stockpile", item="intermediate_and_refined"
    ).at(None)
    draw = 5300.0  # t: intermediates 81.3 x 0.97 + refined 7.2 + home 1.7 + recycled 6.2 = 93.9 kt
    note = (
        f"of the {stock.value:g} t held: what closes 2021 (93.9 kt against 99.2 served); the rest "
        "is working stock and reserve"
    )
    yield number(
        "good_values",
        derived(draw, "t", note, stock, low=0, high=stock.value),
        good="cobalt/refined",
        parameter="opening_stock",
    )
    yield number(
        "good_values",
        judged(0, "t", "the draw of 2021 is not built up again"),
        good="cobalt/refined",
        parameter="closing_stock",
    )
    holding = judged(400, "USD_2021/t/year", "about 1 % of the price a year", low=200, high=1000)
    yield number("good_values", holding, good="cobalt/refined", parameter="holding_cost")
    note = (
        "about four months of the requirement of 2040: stores are finite, and no one hoards years "
        "of use"
    )
    most = judged(60_000, "t", note, low=35_000, high=100_000)
    yield number("good_values", most, good="cobalt/refined", parameter="max_stock")


def _byproduct(facts: Facts) -> Iterator[Row]:
    """Home cobalt comes with the nickel mined at home, nearly all of it at Jinchuan: as much by
    tonne as both were mined in the last years (BGS)."""
    nickel = facts.series("hosts_companion", METAL, variable="host_flow", item="nickel_mined")
    yield from _host(facts, nickel)
    name = "mine_cobalt_byproduct"
    conversion = _base(facts, "yield_overall", "refining_conversion")
    yield from recipe(
        name,
        "byproduct",
        "extraction",
        inputs={},
        outputs={"cobalt/intermediate_home": ONE},
        host="nickel_jinchuan",
        ramp_group="cobalt_home",
        description="cobalt residue of the nickel works",
    )
    for last in (FIRST - 1, FIRST):
        yield from value(name, "host_content", _cobalt_in_nickel(facts, nickel, last))
    yield from _byproduct_values(facts, name, conversion)


def _cobalt_in_nickel(facts: Facts, nickel: Sequence[Fact], last: int) -> Fact:
    """Cobalt mined by tonne of nickel mined, mean of the years from 2019 to `last`; the lowest and
    highest year are its range."""
    mined = {
        fact.year: fact
        for fact in facts.all(
            "production",
            METAL,
            region="china",
            variable="mine_production",
            source="bgs-world-mineral-statistics",
        )
    }
    pairs = [(mined[each.year], each) for each in nickel if (each.year or 0) <= last]
    shares = [cobalt.value / ore.value for cobalt, ore in pairs]
    return derived(
        sum(shares) / len(shares),
        "t/t",
        f"cobalt over nickel, both as mined (BGS), mean of 2019-{last}",
        *(fact for pair in pairs for fact in pair),
        low=min(shares),
        high=max(shares),
    )


def _host(facts: Facts, nickel: Sequence[Fact]) -> Iterator[Row]:
    """Nickel mined at home: as observed, then up by a fifth of 2021 to 2035; as known in 2022, that
    of 2020 with the same rise."""
    growth = 1.2
    rise = f"a fifth above {FIRST}: 3 kt of cobalt expected by 2035 against 2.5 (additions.csv)"
    by_year = {fact.year: fact for fact in nickel}
    later = [fact for fact in nickel if (fact.year or 0) >= FIRST]
    far = by_year[FIRST].times(growth, "t/year", rise, "D").at(2035)
    yield from path("hosts", [*later, far], host="nickel_jinchuan")
    before = by_year[FIRST - 1]
    yield number(
        "hosts", before.noted(f"that of {before.year}"), host="nickel_jinchuan", year=FIRST
    )
    early = before.times(growth, "t/year", rise, "D")
    yield number("hosts", early, host="nickel_jinchuan", year=2035, extend="after")


def _byproduct_values(facts: Facts, name: str, conversion: Fact) -> Iterator[Row]:
    """Cost, energy and observed flow of home cobalt: the chain less its refining."""
    all_in, fee = (
        _base(facts, "unit_cost", "dom_byproduct"),
        _base(facts, "unit_cost", "refining_conversion"),
    )
    yield from value(
        name,
        "variable_cost",
        per_tonne(
            derived(
                (all_in.value - fee.value),
                all_in.unit,
                (
                    f"all-in {all_in.value:g} less refining {fee.value:g}; capital is that of "
                    "nickel, sunk"
                ),
                all_in,
                fee,
                low=(all_in.low or 0) - fee.value,
                high=(all_in.high or 0) - fee.value,
            ),
            conversion.value,
        ),
    )
    chain, refining, kwh = (
        _base(facts, "ghg", "dom_byproduct"),
        _refining_ghg(facts),
        _base(facts, "electricity", "dom_byproduct"),
    )
    part = chain.map(
        lambda x: max(0.0, x - refining.value),
        chain.unit,
        f"chain less refining {refining.value:g}",
    )
    yield from emission_rows(
        facts,
        name,
        part,
        derived(kwh.value - _refining_kwh(facts).value, "kWh/kg", "chain less refining", kwh),
        per=conversion.value,
    )
    mined = facts.one(
        "production",
        METAL,
        region="china",
        variable="mine_production",
        year=FIRST,
        source="bgs-world-mineral-statistics",
    )
    yield observed(name, mined.times(1, "t/year", "mined, taken as contained in the residue"))
    yield observed(
        "refine_cobalt_home",
        mined.times(conversion.value, "t/year", f"x {conversion.value:g} of refining"),
    )
    yield from mine_ramp(facts, "cobalt_home")


def _refining_ghg(facts: Facts) -> Fact:
    return facts.one("carbon_intensity", METAL, variable="ghg", item="hydroxide_to_sulfate").at(
        None
    )


def _refining_kwh(facts: Facts) -> Fact:
    return facts.one(
        "carbon_intensity", METAL, variable="electricity", item="hydroxide_to_sulfate"
    ).at(None)


def _refining(facts: Facts) -> Iterator[Row]:
    """One refinery park for home and imported intermediates; a cleaner variant with bought reagents
    and steam of low carbon."""
    capital = _base(facts, "capex", "refining_conversion")
    fee = without_capital(_base(facts, "unit_cost", "refining_conversion"), capital)
    stock = _base(facts, "capacity", "refining_conversion")
    growth = facts.one(
        "production", METAL, region="china", variable="refined_production_outlook", year=2030
    )
    pace = derived(
        0.1 * growth.value,
        "t/year/year",
        f"a tenth of the output expected for 2030 ({growth.value:g} t, IEA)",
        growth,
        grade="D",
    )
    lead = facts.one("additions", "lithium", variable="lead_time", item="refining_conversion").at(
        None
    )
    yield from plant(
        "cobalt_refinery",
        existing=standing(stock),
        capital=capital.times(1000, "USD_2021/(t/year)"),
        lead=lead.noted("as a lithium converter"),
        max_new=[pace],
    )
    yield from _refinery_recipes(facts, fee)


def _refinery_recipes(facts: Facts, fee: Fact) -> Iterator[Row]:
    ghg, kwh = _refining_ghg(facts), _refining_kwh(facts)
    intake = inverse(
        _base(facts, "yield_overall", "refining_conversion"), "contained per tonne refined"
    )
    for name, feed, pathway in (
        ("refine_cobalt_home", "intermediate_home", "domestic primary"),
        ("refine_cobalt_hydroxide", "intermediate_imported", "foreign primary"),
    ):
        for variant in ("", "_clean"):
            yield from recipe(
                name + variant,
                "refine",
                "processing",
                inputs={f"cobalt/{feed}": intake},
                outputs={"cobalt/refined": ONE},
                pathway=pathway,
                plant="cobalt_refinery",
                loss="slag",
                description=f"refining of {feed.replace('_', ' ')}"
                + (", reagents and steam of low carbon" if variant else ""),
            )
        yield from value(name, "variable_cost", per_tonne(fee))
        yield from emission_rows(facts, name, ghg, kwh)
        yield from _clean(facts, f"{name}_clean", fee)
    yield observed(
        "refine_cobalt_hydroxide",
        judged(
            78900,
            "t/year",
            "66.7 + 1.1 kt of intermediates and ore Jan-Oct 2021 (SMM) x 12/10 x 0.97",
        ),
    )


def _clean(facts: Facts, name: str, fee: Fact) -> Iterator[Row]:
    """Half of what the grid does not explain is avoided by reagents and steam of low carbon."""
    clean, ghg, kwh = (
        facts.one("additions", METAL, variable="clean_conversion_variant"),
        _refining_ghg(facts),
        _refining_kwh(facts),
    )
    direct = ghg.value - kwh.value * facts.grid_2021.value
    yield from value(
        name,
        "variable_cost",
        per_tonne(
            derived(
                fee.value + clean.value,
                fee.unit,
                f"refining {fee.value:.3g} + {clean.value:g}",
                fee,
                clean,
                low=(fee.low or 0) + 0.3,
                high=(fee.high or 0) + 1.2,
            )
        ),
    )
    yield from value(name, "electricity", kwh.times(1, "MWh/t"))
    yield from value(
        name,
        "direct_emission",
        derived(
            0.5 * direct,
            "tCO2e/t",
            f"half of {direct:.3g}; {clean.note}",
            ghg,
            clean,
            low=0.3 * direct,
            high=0.7 * direct,
        ),
    )
    yield from from_year(name, 2026, "reagents of low carbon from 2026")


def _scrap(facts: Facts) -> Iterator[Row]:
    """Old scrap beside batteries: collection is bounded by `collection`, growth of the lines by a
    quarter a year."""
    step, growth = (
        judged(500, "t/year/year", "one line of a few hundred tonnes a year"),
        facts.one("additions", variable="max_new_capacity", item="recycling_non_battery"),
    )
    yield number("ramps", growth.times(1, "1/year"), ramp_group="cobalt_scrap", parameter="growth")
    yield number("ramps", step, ramp_group="cobalt_scrap", parameter="step")
    yields = {
        "superalloys": facts.one(
            "recycling_yields",
            METAL,
            variable="process_yield",
            item="same_alloy_remelt superalloys",
        ),
        "hard_metals": facts.one(
            "recycling_yields", METAL, variable="process_yield", item="zinc_process hard_metals"
        ),
        "catalysts": facts.one(
            "recycling_yields", METAL, variable="process_yield", item="hydromet catalysts"
        ),
        "magnets": judged(0.80, "1", "additions.csv, note of recycling_cost_yield magnets"),
        "other": judged(0.70, "1", "tool steel and unsorted scrap: as superalloys"),
    }
    for product, recovery in yields.items():
        yield from _scrap_route(facts, product, recovery)


def _scrap_route(facts: Facts, product: str, recovery: Fact) -> Iterator[Row]:
    scrap = f"cobalt/{product}_scrap"
    yield from good(
        scrap, METAL, "scrap", "recycling", f"collected scrap of {product.replace('_', ' ')}"
    )
    yield from recipe(
        f"collect_cobalt_{product}",
        "collect",
        "recycling",
        inputs={f"cobalt/{product}_waste": ONE},
        outputs={scrap: ONE},
        description=f"collection and sorting of {product.replace('_', ' ')}",
    )
    recycle = f"recycle_cobalt_{product}"
    note = (
        "20 % downgraded, 10 % to refiners: named loss"
        if product == "superalloys"
        else "process yield"
    )
    spread = derived(
        recovery.value,
        "t/t",
        f"{note}; {recovery.note}",
        recovery,
        low=recovery.value - 0.1,
        high=min(0.98, recovery.value + 0.1),
    )
    yield from recipe(
        recycle,
        "recycle",
        "recycling",
        inputs={scrap: ONE},
        outputs={"cobalt/refined": spread},
        pathway="domestic secondary",
        ramp_group="cobalt_scrap",
        loss="downgraded" if product == "superalloys" else "residue",
        description=f"recycling of {product.replace('_', ' ')}",
    )
    yield from path(
        "coefficients",
        [derived(min(0.98, recovery.value + 0.1), "t/t", "best practice", recovery, grade="D")],
        scenario="closed-loop",
        process=recycle,
        good="cobalt/refined",
        direction="out",
    )
    yield from _scrap_values(facts, recycle, product, recovery)


def _scrap_values(facts: Facts, recycle: str, product: str, recovery: Fact) -> Iterator[Row]:
    """Cost and emissions per tonne of scrap."""
    item = "magnets" if product == "other" else product
    cost = facts.one("additions", METAL, variable="recycling_cost_yield", item=item).at(None)
    cost = derived(
        cost.value,
        cost.unit,
        "as magnets: lean scrap" if product == "other" else cost.note,
        cost,
        low=0.6 * cost.value,
        high=1.5 * cost.value,
    )
    yield from value(
        recycle,
        "variable_cost",
        per_tonne(cost, recovery.value, f"per kg recovered x {recovery.value:g}"),
    )
    yield from emission_rows(
        facts,
        recycle,
        _base(facts, "ghg", "recycling_lib"),
        _base(facts, "electricity", "recycling_lib"),
        per=recovery.value,
    )
