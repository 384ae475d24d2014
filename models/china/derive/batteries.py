"""Batteries: packs are collected by class and vintage and recycled on two lines, lithium and cobalt
together. Activity: tonnes of pack.

Cost of a line = processing + collection - credit for nickel, copper, aluminium and manganese; the
price paid for packs is a `transfer`. Processing falls along an experience curve with the formal
capacity built to 2030. Carbon: the burden of a tonne of pack is given to the metals of the study
and to the credited ones by value, so that lithium and cobalt together bear value(Li, Co) /
(value(Li, Co) + credit); inside the study nothing more is allocated, since the line is one process.
Foreign black mass stands in `black_mass.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from models.china.derive import market, packs
from models.china.derive.cobalt_imports import LAW_2023
from models.china.derive.common import (
    CHARGE_RATE,
    Fact,
    Facts,
    Row,
    derived,
    judged,
    number,
    path,
    structure,
)
from models.china.derive.supply import FIRST, ONE, money, ratio, recipe, value

RECYCLING_PART = 0.4
"""Of the capital of GEM Yibin: its 50 kt/yr of LFP cathode at about 20,000 yuan per t/yr (own
judgement) take 1.0 of 1.71 billion yuan."""
LAW_OF_PACKS = 2026
"""First year in which collected vehicle packs must go to a recycler."""
LEARNING = 0.08
"""Fall of the processing cost with each doubling of capacity: own judgement, range 0 to 0.15."""
SCRAPS = {
    "lfp": ("ev_lfp", "ess_lfp"),
    "ncm_to2021": ("ev_ncm_to2021",),
    "ncm_2022to2029": ("ev_ncm_2022to2029",),
    "ncm_from2030": ("ev_ncm_from2030",),
    "portable_lco": ("portable_lco",),
}
"""Scrap good (battery/NAME_scrap) and the wastes that go into it."""


def rows(facts: Facts) -> Iterator[Row]:
    for scrap, wastes in SCRAPS.items():
        yield from _scrap_good(facts, scrap, wastes[0])
        yield from _collect(facts, scrap, wastes)
        yield from _line(facts, scrap)
    yield from _portable_lithium(facts)
    yield from _plants(facts)


def _scrap_good(facts: Facts, scrap: str, waste: str) -> Iterator[Row]:
    yield structure(
        "goods",
        good=f"battery/{scrap}_scrap",
        metal="",
        kind="scrap",
        stage="recycling",
        description=f"collected packs: {scrap.replace('_', ' ')}",
    )
    for metal, content in packs.contents(facts)[waste].items():
        yield number(
            "good_values", content, good=f"battery/{scrap}_scrap", metal=metal, parameter="content"
        )
    if scrap != "portable_lco":
        yield from _no_dumping(f"battery/{scrap}_scrap")


def _no_dumping(scrap: str) -> Iterator[Row]:
    """Since 1 April 2026 collected vehicle packs may go to recyclers only: disposal without recovery
    costs more than any line does."""
    free = judged(0, "USD_2021/t", "no rule that was enforced: most packs left by other channels")
    barred = replace(
        judged(
            2000,
            "USD_2021/t",
            "Interim Measures on waste power batteries, from 1 April 2026: no lawful outlet but a "
            "recycler; stands for treatment without recovery, above the net cost of any line",
            low=1000,
            high=4000,
            year=LAW_OF_PACKS,
        ),
        source="miit-battery-measures-2026;own",
    )
    good = {"good": scrap, "parameter": "disposal_cost"}
    yield from path("good_values", [free.at(LAW_OF_PACKS - 1), barred], **good)
    yield number("good_values", free, scenario=LAW_2023, **good)


def _collect(facts: Facts, scrap: str, wastes: tuple[str, ...]) -> Iterator[Row]:
    for waste in wastes:
        name = f"collect_battery_{waste}"
        yield from recipe(
            name,
            "collect",
            "recycling",
            inputs={f"battery/{waste}_waste": ONE},
            outputs={f"battery/{scrap}_scrap": ONE},
            description=f"collection, discharge and haulage of {waste.replace('_', ' ')} packs",
        )
        yield from value(
            name,
            "variable_cost",
            judged(
                150,
                "USD_2021/t",
                "haulage of dangerous goods over some 500 km, discharge, dismantling to modules",
                low=80,
                high=300,
            ),
        )


def experience(facts: Facts) -> list[Fact]:
    """Processing cost over that of 2021: (capacity / capacity of 2021) to the power log2(1 -
    learning), to 2030; held later."""
    built = [
        fact
        for fact in facts.series(
            "recycling_capacity_and_eol_batteries", variable="formal_LIB_recycling_capacity"
        )
        if (fact.year or 0) >= FIRST
    ]
    found = []
    for fact in built:
        doublings = math.log2(fact.value / built[0].value)
        found.append(
            derived(
                (1 - LEARNING) ** doublings,
                "1",
                f"{doublings:.2f} doublings of formal capacity since 2021, -{LEARNING:.0%} each",
                fact,
                grade="D",
                low=(1 - 0.15) ** doublings,
                high=1.0,
                year=fact.year,
            )
        )
    return [fact for fact in found if fact.year in (2021, 2022, 2023, 2025, 2030)]


def processing(facts: Facts, chemistry: str) -> list[Fact]:
    full = money(
        facts.one(
            "costs_capex", variable="recycling_cost", item=f"{chemistry}_hydromet_processing"
        ),
        "USD_2021/t",
    )
    return [
        derived(
            full.value * curve.value,
            "USD_2021/t",
            f"{full.value:.5g} x {curve.value:.3f}; {curve.note}",
            full,
            curve,
            low=0.85 * full.value * (curve.low or 1),
            high=1.2 * full.value * (curve.high or 1),
            year=curve.year,
        )
        for curve in experience(facts)
    ]


def _credit(facts: Facts, chemistry: str) -> Fact:
    found = facts.one("additions", variable="byproduct_credit", item=f"{chemistry}_pack").at(None)
    return derived(
        found.value, "USD_2021/t", found.note, found, low=0.5 * found.value, high=1.4 * found.value
    )


def _yields(facts: Facts, metal: str) -> dict[str, list[Fact]]:
    """Recovery by scenario: recommended path, and best practice in `closed-loop`."""

    def at(item: str, year: int) -> Fact:
        found = facts.one(
            "recycling_yields", metal, variable="process_yield", item=f"{item} battery"
        )
        return derived(
            found.value,
            "1",
            f"{item} {found.note}",
            found,
            low=found.value - 0.08,
            high=min(0.99, found.value + 0.07),
            year=year,
        )

    if metal == "lithium":
        return {
            "": [
                at("recommended_2021", 2021),
                at("recommended_2030", 2030),
                at("recommended_2060", 2060),
            ],
            "closed-loop": [
                at("recommended_2021", 2021),
                at("regulatory_minimum_2024", 2025),
                at("best_claimed", 2035),
            ],
        }
    return {
        "": [at("recommended_2021", 2021), at("recommended_2030+", 2030)],
        "closed-loop": [at("recommended_2021", 2021), at("CATL_claim", 2030)],
    }


def outputs(facts: Facts, contents: dict[str, Fact], scenario: str) -> dict[str, list[Fact]]:
    """Tonnes of refined metal per tonne of pack: content x yield."""
    return {
        f"{metal}/refined": [
            derived(
                content.value * share.value,
                "t/t",
                f"content {content.value:.4g} x yield {share.value:g}",
                content,
                share,
                low=content.value * (share.low or share.value),
                high=content.value * (share.high or share.value),
                year=share.year,
            )
            for share in _yields(facts, metal)[scenario]
        ]
        for metal, content in contents.items()
    }


def _line(facts: Facts, scrap: str) -> Iterator[Row]:
    chemistry = "lfp" if scrap == "lfp" else "ncm"
    contents, name = packs.contents(facts)[SCRAPS[scrap][0]], f"recycle_battery_{scrap}"
    yield from recipe(
        name,
        "recycle",
        "recycling",
        inputs={f"battery/{scrap}_scrap": ONE},
        outputs=outputs(facts, contents, ""),
        pathway="domestic secondary",
        plant=f"battery_recycling_{chemistry}",
        loss="residue",
        description=f"hydrometallurgical line: {scrap.replace('_', ' ')} packs",
    )
    for good, series in outputs(facts, contents, "closed-loop").items():
        yield from path(
            "coefficients", series, scenario="closed-loop", process=name, good=good, direction="out"
        )
    yield from value(name, "variable_cost", processing(facts, chemistry))
    credit = _credit(facts, "lfp" if scrap == "portable_lco" else chemistry)
    yield from value(
        name,
        "credit",
        credit.noted("portable cells hold copper and aluminium but no nickel: as LFP")
        if scrap == "portable_lco"
        else credit,
    )
    yield from value(
        name,
        "transfer",
        money(
            facts.one("costs_capex", variable="recycling_cost", item=f"{chemistry}_pack_purchase"),
            "USD_2021/t",
        ),
    )
    yield from burden(facts, name, chemistry, contents, credit)


def _value_share(facts: Facts, contents: dict[str, Fact], credit: Fact) -> Fact:
    """Part of a pack's value that lithium and cobalt make, at the import prices of the refined
    metals over the cycle."""
    price = {
        "lithium": market.carbonate(facts)[-1],
        "cobalt": market.cobalt_refined(facts)[-1],
    }
    worth = sum(
        1000 * price[metal].value * content.value * _yields(facts, metal)[""][0].value
        for metal, content in contents.items()
    )
    return derived(
        worth / (worth + credit.value),
        "1",
        f"value of lithium and cobalt {worth:.0f} over {worth + credit.value:.0f} USD/t of pack",
        *contents.values(),
        credit,
        *(price[metal] for metal in contents),
    )


def burden(
    facts: Facts, name: str, chemistry: str, contents: dict[str, Fact], credit: Fact
) -> Iterator[Row]:
    """Gross burden per tonne of pack of the low-emission line, high that of the medium one, low
    half, by value share; electricity apart."""
    gross = facts.one(
        "recycling_cost_carbon",
        variable="recycling_GWP100",
        item=f"hydromet_low_emission {chemistry.upper()}",
    )
    worse = facts.one(
        "recycling_cost_carbon",
        variable="recycling_GWP100",
        item="pyro_medium LFP" if chemistry == "lfp" else "hydromet_medium NCM",
    )
    share = _value_share(facts, contents, credit)
    kwh = {
        metal: facts.one("recommended_base", metal, variable="electricity", item="recycling_lib")
        for metal in contents
    }
    power = sum(
        content.value * _yields(facts, metal)[""][0].value * kwh[metal].value
        for metal, content in contents.items()
    )
    yield from value(
        name,
        "electricity",
        derived(
            power,
            "MWh/t",
            "sum over metals of content x yield x kWh/kg",
            *contents.values(),
            *kwh.values(),
        ),
    )
    rest = power * facts.grid_2021.value

    def direct(total: float) -> float:
        return max(0.0, total / 1000 * share.value - rest)

    yield from value(
        name,
        "direct_emission",
        derived(
            direct(gross.value),
            "tCO2e/t",
            (
                f"{gross.value:g} kg/t of pack x value share {share.value:.2f} - electricity "
                f"{rest:.3f} t; {share.note}"
            ),
            gross,
            share,
            low=direct(gross.value / 2),
            high=direct(worse.value),
        ),
    )


def _portable_lithium(facts: Facts) -> Iterator[Row]:
    """Lithium of portable cells without cobalt, counted in lithium: an LFP line at 2 % lithium in
    the cell."""
    cell = facts.one("costs_capex", "lithium", variable="li_content", item="lfp_cell")
    tonnes = 1 / cell.value
    yield structure(
        "goods",
        good="lithium/portable_scrap",
        metal="lithium",
        kind="scrap",
        stage="recycling",
        description="collected portable cells without cobalt",
    )
    yield from recipe(
        "collect_lithium_portable",
        "collect",
        "recycling",
        inputs={"lithium/portable_waste": ONE},
        outputs={"lithium/portable_scrap": ONE},
        description="collection of portable cells without cobalt",
    )
    yield from value(
        "collect_lithium_portable",
        "variable_cost",
        judged(
            150 * tonnes,
            "USD_2021/t",
            f"150 USD/t of cells / {cell.value:g}",
            low=80 * tonnes,
            high=300 * tonnes,
        ),
    )
    yield from _portable_line(facts, cell)


def _portable_line(facts: Facts, cell: Fact) -> Iterator[Row]:
    name = "recycle_lithium_portable"
    yield from recipe(
        name,
        "recycle",
        "recycling",
        inputs={"lithium/portable_scrap": ONE},
        pathway="domestic secondary",
        plant="battery_recycling_lfp",
        loss="residue",
        outputs={"lithium/refined": [ratio(f).at(f.year) for f in _yields(facts, "lithium")[""]]},
        description="portable cells on the LFP line",
    )
    yield from path(
        "coefficients",
        [ratio(f).at(f.year) for f in _yields(facts, "lithium")["closed-loop"]],
        scenario="closed-loop",
        process=name,
        good="lithium/refined",
        direction="out",
    )
    yield from _portable_values(facts, name, cell)


def _portable_values(facts: Facts, name: str, cell: Fact) -> Iterator[Row]:
    """Numbers of the LFP line per tonne of lithium in cells."""
    tonnes = 1 / cell.value
    yield number(
        "process_values",
        derived(tonnes, "1", f"tonnes of cells per tonne of lithium: 1 / {cell.value:g}", cell),
        process=name,
        parameter="loading",
    )
    yield from value(
        name,
        "variable_cost",
        [
            fact.times(tonnes, "USD_2021/t", f"x {tonnes:g} t of cells")
            for fact in processing(facts, "lfp")
        ],
    )
    credit = _credit(facts, "lfp")
    yield from value(name, "credit", credit.times(tonnes, "USD_2021/t", f"x {tonnes:g} t of cells"))
    yield from value(
        name,
        "transfer",
        money(
            facts.one("costs_capex", variable="recycling_cost", item="lfp_pack_purchase"),
            "USD_2021/t",
            tonnes,
        ),
    )
    for table, row in burden(
        facts, name, "lfp", {"lithium": derived(cell.value, "t/t", cell.note, cell)}, credit
    ):
        yield (
            table,
            row
            | {
                end: None if row[end] is None else row[end] * tonnes
                for end in ("value", "low", "high")
            },
        )


def _plants(facts: Facts) -> Iterator[Row]:
    """Two lines; formal capacity to 2025 stands (later years are announcements, which may be
    ordered), half of it for each line."""
    formal = {
        fact.year: fact
        for fact in facts.series(
            "recycling_capacity_and_eol_batteries", variable="formal_LIB_recycling_capacity"
        )
    }
    capital = facts.one("costs_capex", variable="capex", item="lib_recycling_gem_yibin")
    life = facts.one("costs_capex", variable="plant_lifetime", item="recycling_plant").at(None)
    lead = facts.one("additions", "lithium", variable="lead_time", item="recycling_lib").at(None)
    existing = [
        formal[year].times(0.5, "t/year", "half for each line: own judgement", "D")
        for year in range(FIRST, 2026)
    ]
    top = existing[-1]
    existing += [top.noted("all that stood in 2025").at(2035)] + [
        derived(
            top.value - formal[year].value / 2,
            "t/year",
            f"what was built to {year} is 15 years old",
            top,
            formal[year],
            year=year + 15,
        )
        for year in range(FIRST, 2026)
    ]
    pace = [
        judged(
            500_000,
            "t/year/year",
            "half of 1.0 Mt a year (additions.csv, lib_recycling)",
            year=FIRST,
        ),
        judged(
            2_500_000,
            "t/year/year",
            "packs due grow to tens of Mt a year; China built 2.3 Mt a year in 2025 (Tian et al.)",
            low=1_000_000,
            high=4_000_000,
            year=2040,
        ),
    ]
    for line in ("lfp", "ncm"):
        name = f"battery_recycling_{line}"
        yield from path("plants", existing, plant=name, parameter="existing_capacity")
        cost = derived(
            capital.value * RECYCLING_PART,
            "USD_2021/(t/year)",
            f"{capital.value:g} x {RECYCLING_PART:g}: part that is not cathode; high: all",
            capital,
            grade="D",
            low=0.6 * capital.value * RECYCLING_PART,
            high=capital.value,
        )
        yield number("plants", cost, plant=name, parameter="capital_cost")
        yield number("plants", life.times(1, "year"), plant=name, parameter="life")
        yield number("plants", lead.times(1, "year"), plant=name, parameter="lead_time")
        yield number(
            "plants",
            judged(CHARGE_RATE, "1/year", "rate of private capital", low=0.05, high=0.12),
            plant=name,
            parameter="interest_rate",
        )
        yield from path("plants", pace, plant=name, parameter="max_new")
