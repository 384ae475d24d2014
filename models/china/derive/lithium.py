"""Lithium: goods, stock, deposits and mines of brine, spodumene and lepidolite (refining and
imports stand in modules of their own).

Basis: activity of mines and ore imports counts tonnes of lithium contained in what they give out;
activity of refining counts tonnes of refined lithium. Unit costs of the data are per kg refined and
hold capital, conversion and mine together: conversion is taken off once and charged at refining,
the annuity of capital is taken off where a plant carries it. Ore prices are per kg contained
(data/README.md). Battery lines stand in `batteries.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import lithium_imports, lithium_refining
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
from models.china.derive.lithium_refining import METAL, START, added, base, conversion_yield
from models.china.derive.supply import (
    ONE,
    good,
    inverse,
    mine_ramp,
    money,
    observed,
    open_order,
    per_tonne,
    plant,
    recipe,
    scaled,
    standing,
    value,
)

PAPER = "lithium-mining-26kt"
OUTPUT_2025 = 62000.0  # t mined in 2025: USGS, additions.csv mine_output_observed
EXTRA_COST_NEW = 10  # USD/kg refined: additions.csv, note of reserve_additions_exploration
SPODUMENE = ("dahongliu", "jiajika", "lijiagou", "ningdu")
"""Deposits of spodumene among those of hard rock (Busch et al.); the others hold lepidolite."""
ORE_GRADE_RATIO = (
    "Mas-Fons et al. 2024: 22.3 / 17.1 kg per kg carbonate as the ore grade falls; the rise put on "
    "mine and concentrator"
)


def rows(facts: Facts) -> Iterator[Row]:
    yield from _goods(facts)
    yield from _deposits(facts)
    yield from _brine(facts)
    yield from _hard_rock(facts, "spodumene", "concentrate_home")
    yield from _hard_rock(facts, "lepidolite", "lepidolite_home")
    yield from lithium_refining.rows(facts)
    yield from lithium_imports.rows(facts)


def _goods(facts: Facts) -> Iterator[Row]:
    yield from good(
        "lithium/brine_home",
        METAL,
        "intermediate",
        "extraction",
        "concentrated brine from salt lakes at home",
        derived(1, "t/t", "all losses from ground to product are booked at the brine field"),
    )
    for name, ore, words in (
        ("concentrate_home", "spodumene", "spodumene concentrate mined at home"),
        ("lepidolite_home", "lepidolite", "lepidolite concentrate mined at home"),
        ("concentrate_imported", "spodumene", "spodumene and petalite concentrate from abroad"),
    ):
        yield from good(
            f"lithium/{name}",
            METAL,
            "intermediate",
            "extraction",
            words,
            conversion_yield(facts, ore),
        )
    yield from good(
        "lithium/refined", METAL, "refined", "processing", "carbonate and hydroxide, in lithium"
    )
    draw = added(facts, "stock_draw", "refined_and_concentrate")
    yield number(
        "good_values",
        draw.noted(
            "what the balance of 2021 shows drawn from trade stocks; the rest of the stock is "
            f"working stock. {draw.note}"
        ),
        good="lithium/refined",
        parameter="opening_stock",
    )
    yield number(
        "good_values",
        judged(0, "t", "with 26 kt mined the balance of 2021 closes without a draw"),
        good="lithium/refined",
        parameter="opening_stock",
        scenario=PAPER,
    )
    yield number(
        "good_values",
        judged(0, "t", "the draw of 2021 is not built up again"),
        good="lithium/refined",
        parameter="closing_stock",
    )
    yield number(
        "good_values",
        judged(
            600,
            "USD_2021/t/year",
            "about 1 % of the carbonate price a year for store, insurance and caking",
            low=300,
            high=1500,
        ),
        good="lithium/refined",
        parameter="holding_cost",
    )
    note = "about four months of the requirement of 2040: stores are finite, and carbonate cakes"
    yield number(
        "good_values",
        judged(120_000, "t", note, low=60_000, high=200_000),
        good="lithium/refined",
        parameter="max_stock",
    )


def _deposits(facts: Facts) -> Iterator[Row]:
    """The latest reserve (USGS 2026, 4.6 Mt) by kind of ore; what is found later lies in deposits
    of their own, dearer to mine. Low end: the edition before, 3.0 Mt."""

    def of(region: str, year: int, **more: str) -> Fact:
        return facts.one("reserves", METAL, region=region, variable="reserves", year=year, **more)

    latest, before, high = of("china", 2025), of("china", 2024), _high_reserve(facts)
    ranged = derived(
        latest.value,
        "t",
        f"{latest.value:.3g} t (USGS 2026)",
        latest,
        low=before.value,
        high=high.value,
    )
    reserve = {
        "": ranged,
        "lithium-reserve-low": of("china", 2021, source="zeng2023"),
        "lithium-reserve-high": high,
    }
    editions = [of("china", year, source=f"usgs-mcs-{year + 1}") for year in (2021, 2022)]
    for ore in ("brine", "spodumene", "lepidolite"):
        share = base(facts, "reserve_split", ore)
        for scenario, total in [*reserve.items(), *(("", edition) for edition in editions)]:
            ends = (None, None)
            if total.low is not None and total.high is not None:
                ends = (total.low * share.value, total.high * share.value)
            yield number(
                "deposits",
                derived(
                    total.value * share.value,
                    "t",
                    f"{total.value:.3g} t x share {share.value:g} of the ore",
                    total,
                    share,
                    low=ends[0],
                    high=ends[1],
                ),
                deposit=f"lithium_{ore}",
                metal=METAL,
                parameter="reserve",
                scenario=scenario,
            )
        yield from _found_later(facts, ore, share)


def _high_reserve(facts: Facts) -> Fact:
    """China's share of the world's reserves as its Geological Survey counts it, of the world of
    USGS 2026."""
    share = facts.one("reserves", METAL, region="china", variable="reserve_share", item="world")
    world = facts.one("reserves", METAL, region="world", variable="reserves", year=2025)
    note = f"{share.value:g} of {world.value:.3g} t in the world"
    return derived(share.value * world.value, "t", note, share, world, grade="D")


def _found_later(facts: Facts, ore: str, share: Fact) -> Iterator[Row]:
    """Reserve growth by exploration, in a deposit of its own."""
    found = facts.series("additions", METAL, variable="reserve_additions_exploration")
    new = {"deposit": f"lithium_{ore}_new", "metal": METAL}
    yield number("deposits", judged(0, "t", "nothing is found yet"), parameter="reserve", **new)
    yield from path(
        "deposits",
        scaled(found, share.value, "t/year", f"x share {share.value:g} of the ore"),
        parameter="additions",
        **new,
    )
    yield number(
        "deposits",
        judged(0, "t/year", "no reserve growth in the low case"),
        parameter="additions",
        scenario="lithium-reserve-low",
        **new,
    )


def _mine_plant(facts: Facts, ore: str, capital: Fact) -> Iterator[Row]:
    """Capacity in tonnes of refined product; low rows of the data (14.1 kt mined in 2021) as base,
    central rows (26.7 kt) as variant."""
    route, name, start = f"dom_{ore}", f"lithium_{ore}", START[ore]
    central, lead = base(facts, "capacity", route), added(facts, "lead_time", route)
    limit = added(facts, "max_capacity", route).times(1, "t/year")
    building = [
        fact.times(1, "t/year")
        for fact in facts.series(
            "additions", METAL, variable="capacity_under_construction", item=route
        )
    ]
    room = limit.value - sum(fact.value for fact in building)
    note = (
        "capacity that gives the 14.1 kt mined in 2021 (BGS), split brine 7.0, spodumene 1.0, "
        "lepidolite 6.1 kt"
    )
    stock = derived(start, "t/year", note, central, low=start, high=min(central.value, room))
    orders = open_order(added(facts, "max_new_capacity", route), int(lead.value), 2026)
    yield from plant(
        name,
        existing=standing(stock),
        capital=capital,
        lead=lead,
        max_new=orders,
        max_capacity=limit,
        construction=building,
    )
    yield from mine_ramp(facts, name)
    paper = standing(central.noted("seed's 26 kt: central rows of recommended_base.csv"))
    yield from path("plants", paper, plant=name, parameter="existing_capacity", scenario=PAPER)
    left = (OUTPUT_2025 - sum(base(facts, "capacity", f"dom_{other}").value for other in START)) / (
        OUTPUT_2025 - sum(START.values())
    )
    for fact in building:
        less = fact.times(
            left, "t/year", f"x {left:.2f}: the same 62 kt in 2025 from a higher start", "D"
        )
        yield number(
            "plants",
            less,
            year=fact.year,
            plant=name,
            parameter="under_construction",
            scenario=PAPER,
        )


def _mine(
    facts: Facts, ore: str, target: str, yield_: Fact, cost: Fact, conversion: Fact | None
) -> Iterator[Row]:
    """A mine and its dearer twin on newly found ore, both on one plant. `conversion`: refined per
    tonne contained; None: the same."""
    per = conversion.value if conversion else 1.0
    for new in ("", "_new"):
        name = f"mine_lithium_{ore}{new}"
        yield from recipe(
            name,
            "mine",
            "extraction",
            inputs={
                f"lithium_{ore}{new}": inverse(yield_, "ore in the ground per tonne recovered")
            },
            outputs={target: ONE},
            plant=f"lithium_{ore}",
            ramp_group=f"lithium_{ore}",
            loss="tailings",
            description=f"{ore} of {'ore found after 2025' if new else 'the reserve'}",
        )
        extra = EXTRA_COST_NEW if new else 0
        yield from value(
            name,
            "variable_cost",
            per_tonne(
                cost.map(
                    lambda x, extra=extra: x + extra,
                    cost.unit,
                    "+10 USD/kg on ore found later (additions.csv)" if new else "",
                    "D" if new else "",
                ),
                per,
            ),
        )
        if conversion is not None:
            yield number(
                "process_values",
                conversion.times(1, "1", "capacity counts refined product"),
                process=name,
                parameter="loading",
            )
    start = START[ore]
    central = base(facts, "capacity", f"dom_{ore}")
    main = f"mine_lithium_{ore}"
    yield observed(
        main,
        derived(
            start / per,
            "t/year",
            f"{start:g} t of product / {per:g}: the 14.1 kt of BGS, split by own judgement",
            central,
        ),
    )
    yield observed(
        main, central.times(1 / per, "t/year", "variant: 26 kt of the seed"), scenario=PAPER
    )


def _brine(facts: Facts) -> Iterator[Row]:
    capital = money(
        facts.one("costs_capex", METAL, variable="capex", item="brine_expansion"),
        "USD_2021/(t/year)",
    )
    top = money(
        facts.one("costs_capex", METAL, variable="capex", item="brine_project"), "USD_2021/(t/year)"
    ).value
    capital = derived(
        capital.value,
        capital.unit,
        f"{capital.note}; high: Salt Lake project, infrastructure included",
        capital,
        high=top,
        low=capital.value,
    )
    yield from _mine_plant(facts, "brine", capital)
    cost = without_capital(
        base(facts, "unit_cost", "dom_brine"), capital.times(0.001, "USD_2021/(kg/year)")
    )
    yield from _mine(
        facts, "brine", "lithium/brine_home", base(facts, "yield_overall", "dom_brine"), cost, None
    )
    yield from _brine_new_energy(facts)


def _brine_new_energy(facts: Facts) -> Iterator[Row]:
    """Newly found brine is poor in lithium and needs adsorption: the Chaerhan inventory, what it
    takes above the mean brine."""
    ghg, kwh = base(facts, "ghg", "dom_brine"), base(facts, "electricity", "dom_brine")
    chaerhan = facts.one("carbon_intensity", METAL, variable="ghg", item="brine_dle_chaerhan")
    lce = facts.one("carbon_intensity", METAL, variable="electricity", item="brine_dle_chaerhan")
    ratio_ = facts.one("hosts_companion", METAL, variable="conversion_factor", item="lce_per_li")
    power = lce.value * ratio_.value
    direct = (chaerhan.value - power * facts.grid_2021.value) - (
        ghg.value - kwh.value * facts.grid_2021.value
    )
    note = "adsorption on poor brine (Chaerhan inventory) above the mean brine at home"
    yield from value(
        "mine_lithium_brine_new",
        "electricity",
        derived(power - kwh.value, "MWh/t", note, chaerhan, lce, kwh),
    )
    yield from value(
        "mine_lithium_brine_new",
        "direct_emission",
        derived(direct, "tCO2e/t", note, chaerhan, lce, ghg),
    )


def _hard_rock(facts: Facts, ore: str, target: str) -> Iterator[Row]:
    conversion = conversion_yield(facts, ore)
    converter = base(facts, "capex", "refining_conversion")
    capital = _rock_capital(facts, ore, converter)
    yield from _mine_plant(facts, ore, capital)
    all_in, fee = (
        base(facts, "unit_cost", f"dom_{ore}"),
        base(facts, "unit_cost", "refining_conversion"),
    )
    mining = (
        _spodumene_mining(facts)
        if ore == "spodumene"
        else derived(
            all_in.value - fee.value,
            all_in.unit,
            f"all-in {all_in.value:g} less conversion {fee.value:g}, charged at refining",
            all_in,
            fee,
            low=(all_in.low or all_in.value) - fee.value,
            high=(all_in.high or all_in.value) - fee.value,
        )
    )
    rate = capital.times(0.001, "USD_2021/(kg/year)")
    cost = mining if ore == "spodumene" else without_capital(mining, rate)
    # mine to concentrate: the yield of the whole route (mine to refined) less that of conversion
    field = base(facts, "yield_overall", f"dom_{ore}")
    whole = field.map(
        lambda x: x / conversion.value,
        "1",
        f"{field.value:g} mine to product / {conversion.value:.3g} conversion",
    )
    yield from _mine(facts, ore, f"lithium/{target}", whole, cost, conversion)
    yield from _rock_energy(facts, ore, conversion)


def _spodumene_mining(facts: Facts) -> Fact:
    """Mine to concentrate: operating cost of the four deposits of spodumene at home, less what
    conversion costs; the cheapest and the dearest are the range."""
    whole = [
        money(
            facts.one("costs_capex", METAL, variable="unit_cost_deposit", item=name),
            "USD_2021/kg",
        )
        for name in SPODUMENE
    ]
    fee = money(
        facts.one("costs_capex", METAL, variable="conversion_cost", item="spodumene_to_carbonate"),
        "USD_2021/kg",
    )
    values = [fact.value - fee.value for fact in whole]
    each = ", ".join(
        f"{name} {fact.value:.3g}" for name, fact in zip(SPODUMENE, whole, strict=True)
    )
    return derived(
        sum(values) / len(values),
        "USD_2021/kg",
        f"operating cost before tax, USD/kg: {each}; less conversion {fee.value:.3g}",
        *whole,
        fee,
        low=min(values),
        high=max(values),
    )


def _rock_capital(facts: Facts, ore: str, converter: Fact) -> Fact:
    if ore == "spodumene":
        found = money(
            facts.one("costs_capex", METAL, variable="capex", item="hard_rock_mine_expansion"),
            "USD_2021/(t/year)",
        )
        return derived(
            found.value, found.unit, found.note, found, low=found.value, high=2 * found.value
        )
    whole = facts.one("costs_capex", METAL, variable="capex", item="lepidolite_integrated")
    low = facts.one("costs_capex", METAL, variable="capex", item="hard_rock_mine_expansion")
    return derived(
        whole.value - 1000 * converter.value,
        "USD_2021/(t/year)",
        f"integrated lepidolite {whole.value:g} less converter {1000 * converter.value:g}",
        whole,
        converter,
        low=money(low, "USD_2021/(t/year)").value,
        high=whole.value,
    )


def _rock_energy(facts: Facts, ore: str, conversion: Fact) -> Iterator[Row]:
    """Mine and concentrator: 20 % of the chain (the part of imported ore that arises abroad); more
    on poorer ore."""
    ghg = base(facts, "ghg", f"dom_{ore}")
    territorial = added(facts, "territorial_share_of_ghg", "import_ore_spodumene")
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
    kwh = judged(
        0 if ore == "spodumene" else 5,
        "kWh/kg",
        "lepidolite: 25 kWh/kg of the chain less 20 of conversion",
    )
    part = ghg.times(
        1 - territorial.value,
        ghg.unit,
        f"{1 - territorial.value:.2f} of the chain: mine and concentrator",
        "D",
    )
    yield from emission_rows(facts, f"mine_lithium_{ore}", part, kwh, per=conversion.value)
    rise = ghg.value * (high.value / low.value - 1)
    poor = part.map(lambda x: x + rise, ghg.unit, ORE_GRADE_RATIO)
    yield from emission_rows(facts, f"mine_lithium_{ore}_new", poor, kwh, per=conversion.value)
