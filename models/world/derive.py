"""Writes `models/world/*.csv` from `data/`: `python -m models.world.derive [FOLDER]`.

One market per metal: mined, used in products that live for a time, collected as scrap, and back to
the market. The paper gives no path between its years, so demand is the logistic or constant growth
through them (`demand_world.csv`, scenario SEEDFIT).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from models.china.derive.__main__ import by_table, write_tables
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    judged,
    number,
    path,
    structure,
    thinned,
)
from models.china.derive.observations import interval

STUDY = Path(__file__).resolve().parent
FIRST, LAST = 2021, 2100
PATHS = {
    "lithium": ("demand", "SEEDFIT"),
    "cobalt": ("demand", "SEEDFIT"),
    "niobium": ("demand", "SEEDFIT_2.5%"),
    "indium": ("inflow_electronics", "SEEDFIT"),
    "germanium": ("demand", "SEEDFIT"),
}
"""Variable and scenario of demand_world.csv."""
BATTERIES = {"lithium": "ev_battery", "cobalt": "ev_ess_battery"}
"""Metals that are one product here, with the life of vehicle batteries: the paper splits neither."""
NIOBIUM = (
    "structural_steel",
    "automotive",
    "pipelines",
    "stainless",
    "superalloys",
    "superconductors_metal",
)
DISPLAYS = {
    "lcd_tv": "lcd_tv",
    "laptops": "laptops",
    "phones": "phones",
    "monitors": "desktop_computers",
    "tablets": "tablets",
}
"""Product with a display to the item of lifetimes.csv whose life it has."""
GERMANIUM = {
    "fibre_optics": "fibre_optics",
    "infrared_optics": "infrared_optics",
    "electronics_solar": "electronics_other",
    "other": "electronics_other",
}
"""Use of the world's germanium to the item of lifetimes.csv whose life it has; catalysts dissipate."""
RESERVE_YEARS = {"indium": 2007, "germanium": 2019}
"""Years of a world reserve other than the first: there is no other."""
LOSSES = "losses"
"""Scenario in which mining, smelting and manufacture lose metal."""
RAMPS = {"lithium": (0.10, 0.85), "cobalt": (0.14, 0.78)}
MINED_FROM = 2010
"""First year from which all three metals with a history of mining have one in production.csv."""


BGS, USGS = "bgs-world-mineral-statistics", "usgs-mcs-2026-data"
MINED = {
    "lithium": {
        2020: "usgs-mcs-copies",
        2021: "usgs-mcs-copies",
        2022: "usgs-mcs-2024",
        2023: "usgs-mcs-2025-data",
        2024: USGS,
        2025: USGS,
    },
    "cobalt": {2020: BGS, 2021: BGS, 2022: BGS, 2023: BGS, 2024: USGS, 2025: USGS},
    "niobium": {2023: "usgs-mcs-2025-data", 2024: USGS, 2025: USGS},
}
"""Who says how much was mined in a year: what `planner hindcast world` sets beside the paper's
path. Of indium the study has displays alone, which nobody observes."""
FIRST_TESTED = 2022


def rows(facts: Facts) -> Iterator[Row]:
    for metal in PATHS:
        yield from _market(facts, metal)
        yield from _recovery(facts, metal)
    for metal, item in BATTERIES.items():
        yield from _battery(facts, metal, item)
    yield from _niobium(facts)
    yield from _displays(facts)
    yield from _germanium(facts)
    for metal in ("cobalt", "indium", "niobium"):
        yield from _losses(facts, metal)
    yield from _mined(facts)


def _mined(facts: Facts) -> Iterator[Row]:
    """What was mined in the world; no number of the study was made from what came out after the
    paper."""
    for metal, sources in MINED.items():
        for year, source in sources.items():
            columns = {"variable": "mine_production", "region": "world", "source": source}
            seen = facts.one("production", metal, year=year, **columns)
            yield number(
                "observations",
                interval(seen),
                year=year,
                observation=f"{metal} mined",
                **{"from": f"mine_{metal}", "to": f"{metal}/concentrate"},
                metal=metal,
                role="test" if year >= FIRST_TESTED else "",
                parameter="flow",
            )


def _market(facts: Facts, metal: str) -> Iterator[Row]:
    """Goods, processes, coefficients, deposit and demand."""
    for name, kind, stage in (
        ("concentrate", "intermediate", "extraction"),
        ("refined", "refined", "processing"),
        ("products", "product", "manufacture"),
        ("waste", "waste", "use"),
        ("scrap", "scrap", "recycling"),
    ):
        yield structure(
            "goods", good=f"{metal}/{name}", metal=metal, kind=kind, stage=stage, export="no"
        )
    for name, kind, stage, pathway, loss in (
        ("mine", "mine", "extraction", "", "tailings"),
        ("refine", "refine", "processing", "domestic primary", "slag"),
        ("make", "manufacture", "manufacture", "", "manufacturing"),
        ("collect", "collect", "recycling", "", ""),
        ("recycle", "recycle", "recycling", "domestic secondary", ""),
    ):
        yield structure(
            "processes",
            process=f"{name}_{metal}",
            kind=kind,
            stage=stage,
            pathway=pathway,
            loss=loss,
        )
    unit = Fact(
        1.0, "t/t", "own", "A", note="losses of mining, smelting and making: scenario losses"
    )
    for process, taken, given in (
        ("mine", f"{metal}_ores", "concentrate"),
        ("refine", "concentrate", "refined"),
        ("make", "refined", "products"),
        ("collect", "waste", "scrap"),
        ("recycle", "scrap", "refined"),
    ):
        source = taken if process == "mine" else f"{metal}/{taken}"
        for good, direction in ((source, "in"), (f"{metal}/{given}", "out")):
            yield number(
                "coefficients", unit, process=f"{process}_{metal}", good=good, direction=direction
            )
    yield number(
        "good_values",
        judged(
            1.0,
            "USD_2021/t",
            "nothing else costs anything in this study: demand is served where it can be",
        ),
        good=f"{metal}/products",
        parameter="shortage_cost",
    )
    reserve = facts.one(
        "reserves",
        metal=metal,
        region="world",
        variable="reserves",
        year=RESERVE_YEARS.get(metal, FIRST),
    )
    yield number("deposits", reserve, deposit=f"{metal}_ores", metal=metal, parameter="reserve")
    variable, scenario = PATHS[metal]
    series = [
        f
        for f in facts.series("demand_world", metal=metal, variable=variable, scenario=scenario)
        if (f.year or 0) >= FIRST
    ]
    yield from path("demand", thinned(series, 1e-6), last=LAST, good=f"{metal}/products")


def _recovery(facts: Facts, metal: str) -> Iterator[Row]:
    """Share of scrap that comes back, by scenario: collection and recycling in one."""
    base = {
        "lithium": judged(
            0.65,
            "1",
            "26.5 Mt recycled over about 40.8 Mt of scrap: the reading of the paper's totals",
        ),
        "cobalt": judged(
            0.78,
            "1",
            "740 kt recycled in 2100 over about 950 kt of scrap: the reading of the paper's totals",
        ),
        "niobium": facts.one("yields", metal="niobium", variable="eol_recycling_rate", item="eol"),
        "indium": judged(0.01, "1", "the paper's recycling rate of indium at the end of life"),
        "germanium": facts.one(
            "collection_rates", metal="germanium", region="european_union", variable="EOL_RIR"
        ).noted("share of input in the European Union, taken as the rate at the end of life"),
    }[metal]
    good = f"{metal}/waste"
    yield number("collection", base, good=good)
    for scenario, share in (("no-recovery", 0.0), ("high-recovery", 0.9), ("full-recovery", 1.0)):
        yield number("collection", judged(share, "1", "what if"), scenario=scenario, good=good)
    if metal in RAMPS:
        first, last = RAMPS[metal]
        ramp = [
            judged(first, "1", "rate of today", year=FIRST),
            judged(last, "1", "reached in 2050 and held", year=2050),
        ]
        yield from path("collection", ramp, scenario="recovery-ramp", last=LAST, good=good)


def _product(name: str, metal: str, distribution: str) -> Iterator[Row]:
    yield structure(
        "products", product=f"{metal}/{name}", waste=f"{metal}/waste", distribution=distribution
    )


def _life(facts: Facts, product: str, metal: str, item: str) -> Iterator[Row]:
    """Mean and sd or shape of a product of China, taken for the world."""
    for parameter in ("lifetime_mean", "lifetime_sd", "lifetime_shape"):
        for fact in facts.all(
            "lifetimes", metal=metal, region="china", variable=parameter, item=item
        ):
            yield number("product_values", fact.at(None), product=product, parameter=parameter)


def _battery(facts: Facts, metal: str, item: str) -> Iterator[Row]:
    """The whole of a metal as one product; cohorts are what was mined."""
    product = f"{metal}/products"
    yield from _product("products", metal, "weibull")
    yield from _life(facts, product, metal, item)
    mean = facts.one("lifetimes", metal=metal, region="china", variable="lifetime_mean", item=item)
    assert mean.low is not None
    yield number(
        "product_values",
        derived(mean.low, "year", "low end of the range", mean),
        scenario="short-life",
        product=product,
        parameter="lifetime_mean",
    )
    yield number(
        "uses",
        Fact(1.0, "t/t", "own", "A", note="by definition"),
        product=product,
        good=f"{metal}/products",
    )
    for fact in facts.all(
        "production", metal=metal, region="world", variable="mine_production", item=""
    ):
        if MINED_FROM <= (fact.year or 0) < FIRST:
            used = fact.noted("mined; taken as put to use in the same year")
            yield number("cohorts", used, year=fact.year, product=product, parameter="inflow")


def _niobium(facts: Facts) -> Iterator[Row]:
    """By product, from the shares of use; before 2021 consumption is drawn back from its level of
    2021 at the growth of 2010-2019."""
    shares = {
        p: facts.one(
            "demand_history", metal="niobium", region="world", variable="enduse_share", item=p
        )
        for p in NIOBIUM
    }
    rest = derived(
        1 - sum(f.value for f in shares.values()),
        "1",
        "chemicals: what the other shares leave",
        *shares.values(),
    )
    growth = facts.one(
        "demand_history", metal="niobium", region="world", variable="consumption_growth"
    )
    level = facts.one("demand_world", metal="niobium", scenario="SEEDFIT_2.5%", year=FIRST)
    for name, share in {**shares, "chemicals": rest}.items():
        product = f"niobium/{name}"
        form = facts.all("lifetimes", metal="niobium", variable="lifetime_sd", item=name)
        yield from _product(name, "niobium", "normal" if form else "weibull")
        yield from _life(facts, product, "niobium", name)
        yield number(
            "uses",
            derived(share.value, "t/t", "share of the use of niobium", share),
            product=product,
            good="niobium/products",
        )
        for year in range(1980, FIRST):
            inflow = derived(
                level.value * share.value * (1 + growth.value) ** (year - FIRST),
                "t/year",
                (
                    f"{level.value:g} t of 2021 drawn back at {growth.value:g} a year x share "
                    f"{share.value:g}"
                ),
                level,
                growth,
                share,
                grade="D",
            )
            yield number("cohorts", inflow, year=year, product=product, parameter="inflow")


def display_lives(facts: Facts, product: str) -> list[Fact]:
    """Mean lives of a product with a display from outside the paper, the one that is taken first:
    measured from purchase to waste; where no study did, what owners expect."""
    return [
        fact
        for how in ("measured", "expected")
        for fact in facts.all("lifetimes", variable=f"lifetime_{how}", item=DISPLAYS[product])
    ]


def _display_life(facts: Facts) -> Fact:
    """Mean life of all displays, weighted by the indium that went into each product."""
    inflow = {
        product: facts.one(
            "demand_history",
            metal="indium",
            region="world",
            variable="inflow_to_products_cumulative",
            item=product,
        )
        for product in DISPLAYS
    }
    lives = {product: display_lives(facts, product)[0] for product in DISPLAYS}
    total = sum(fact.value for fact in inflow.values())

    def mean(life: Callable[[str], float]) -> float:
        return sum(inflow[product].value * life(product) for product in DISPLAYS) / total

    every = {p: [fact.value for fact in display_lives(facts, p)] for p in DISPLAYS}
    return derived(
        mean(lambda product: lives[product].value),
        "year",
        "lives of televisions and laptops measured, of phones, tablets and computers expected by "
        "owners, weighted by the indium that went into each in 2010-2020; low and high: the "
        "shorter and the longer of the two where both are known",
        *lives.values(),
        *inflow.values(),
        low=mean(lambda product: min(every[product])),
        high=mean(lambda product: max(every[product])),
        grade="D",
    )


def _displays(facts: Facts) -> Iterator[Row]:
    """Indium in displays: the paper's inflow from 2010, lives from outside it."""
    product = "indium/displays"
    yield from _product("displays", "indium", "weibull")
    shape = facts.one(
        "lifetimes",
        metal="indium",
        region="china",
        variable="lifetime_shape",
        item="ito_displays",
    )
    yield number("product_values", _display_life(facts), product=product, parameter="lifetime_mean")
    yield number("product_values", shape, product=product, parameter="lifetime_shape")
    yield number(
        "uses",
        Fact(1.0, "t/t", "own", "A", note="by definition"),
        product=product,
        good="indium/products",
    )
    for fact in facts.series(
        "demand_world", metal="indium", variable="inflow_electronics", scenario="SEEDFIT"
    ):
        if (fact.year or 0) < FIRST:
            yield number("cohorts", fact, year=fact.year, product=product, parameter="inflow")


def _germanium(facts: Facts) -> Iterator[Row]:
    """By use, from the shares of the paper; before 2021 what BGS counts as refined, a lower bound."""
    asked = {"metal": "germanium", "region": "world"}
    shares = {
        use: facts.one("demand_history", variable="enduse_share", item=use, year=2019, **asked)
        for use in (*GERMANIUM, "catalysts")
    }
    yield structure(
        "products", product="germanium/catalysts", metal="germanium", distribution="fixed"
    )
    life = facts.one("lifetimes", variable="lifetime_mean", item="pet_catalyst", **asked)
    yield number("product_values", life, product="germanium/catalysts", parameter="lifetime_mean")
    refined = [
        fact
        for fact in facts.all("production", variable="refined_production", item="", **asked)
        if "bgs" in fact.source and (fact.year or 0) < FIRST
    ]
    for use, share in shares.items():
        product = f"germanium/{use}"
        if use in GERMANIUM:
            yield from _product(use, "germanium", "weibull")
            yield from _life(facts, product, "germanium", GERMANIUM[use])
        of_use = derived(share.value, "t/t", "share of the use of germanium", share)
        yield number("uses", of_use, product=product, good="germanium/products")
        for fact in refined:
            inflow = derived(
                fact.value * share.value,
                "t/year",
                f"{fact.value:g} t refined x share {share.value:g}; taken as put to use at once",
                fact,
                share,
                grade="D",
            )
            yield number("cohorts", inflow, year=fact.year, product=product, parameter="inflow")
    faster = facts.series("demand_world", variable="demand", scenario="SEEDFIT_GROWTH", **asked)
    yield from path(
        "demand",
        thinned(faster, 1e-6),
        scenario="germanium-growth",
        last=LAST,
        good="germanium/products",
    )


def _losses(facts: Facts, metal: str) -> Iterator[Row]:
    """What the chain takes in for a tonne that it gives, by stage, and the ore that this needs."""
    mined, smelted, made = _yields(facts)[metal]
    for process, good, share in (
        ("mine", f"{metal}_ores", mined),
        ("refine", f"{metal}/concentrate", smelted),
        ("make", f"{metal}/refined", made),
    ):
        taken = share.map(lambda x: 1 / x, "t/t", f"1 / {share.value:.4g}").at(None)
        yield number(
            "coefficients",
            taken,
            process=f"{process}_{metal}",
            good=good,
            direction="in",
            scenario=LOSSES,
        )


def _yields(facts: Facts) -> Mapping[str, tuple[Fact, Fact, Fact]]:
    """Yield of mining and dressing, of smelting and refining, of manufacture, by metal."""
    lost = [
        facts.one("yields", metal="all", variable="loss_fraction_per_stage", item=f"{end}_loss")
        for end in ("low", "high")
    ]
    mean = sum(fact.value for fact in lost) / 2
    making = derived(
        1 - mean,
        "1",
        f"{mean:g} lost, the middle of the 5 to 10 % of a stage that the paper has",
        *lost,
        low=1 - lost[1].value,
        high=1 - lost[0].value,
        grade="D",
    )
    dressed, *chain = (
        facts.one("yields", metal="indium", variable="yield_stage", item=item)
        for item in ("ore_to_concentrate", "sent_to_capable_smelter", "smelter", "refinery")
    )
    won = derived(
        math.prod(fact.value for fact in chain),
        "1",
        " x ".join(f"{fact.value:g}" for fact in chain)
        + ": sent to a smelter that can, smelter, refinery",
        *chain,
    )
    deposited = facts.one(
        "boundary_parameters", metal="indium", variable="deposited_share_of_virgin_ITO"
    )
    hydroxide = facts.one("yields", metal="cobalt", variable="yield_mining_to_hydroxide")
    return {
        "cobalt": (
            hydroxide,
            judged(
                0.97,
                "1",
                "hydroxide to metal or sulphate: the 0.999 of GREET is called optimistic",
                low=0.95,
                high=0.999,
            ),
            making,
        ),
        "indium": (dressed, won, deposited),
        "niobium": (
            judged(0.60, "1", "flotation at Araxa (recalled), the chain 0.58", low=0.5, high=0.7),
            judged(0.97, "1", "aluminothermic reduction at Araxa (recalled)", low=0.95, high=0.98),
            making,
        ),
    }


def write(folder: Path = STUDY) -> list[Path]:
    """Every table of the study, in canonical order."""
    return write_tables(folder, by_table(rows(Facts())))


if __name__ == "__main__":
    for file in write(Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY):
        sys.stdout.write(f"{file}\n")
