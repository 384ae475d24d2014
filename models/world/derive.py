"""Writes `models/world/*.csv` from `data/`: `python -m models.world.derive [FOLDER]`.

One market per metal: mined, used in products that live for a time, collected as scrap, and back to
the market. The paper gives no path between its years, so demand is the logistic or constant growth
through them (`demand_world.csv`, scenario SEEDFIT).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
                **{"from": f"mine_{metal}", "to": f"{metal}/refined"},
                metal=metal,
                role="test" if year >= FIRST_TESTED else "",
                parameter="flow",
            )


def _market(facts: Facts, metal: str) -> Iterator[Row]:
    """Goods, processes, coefficients, deposit and demand."""
    for name, kind, stage in (
        ("refined", "refined", "processing"),
        ("products", "product", "manufacture"),
        ("waste", "waste", "use"),
        ("scrap", "scrap", "recycling"),
    ):
        yield structure(
            "goods", good=f"{metal}/{name}", metal=metal, kind=kind, stage=stage, export="no"
        )
    for name, kind, stage, pathway in (
        ("mine", "mine", "extraction", "domestic primary"),
        ("make", "manufacture", "manufacture", ""),
        ("collect", "collect", "recycling", ""),
        ("recycle", "recycle", "recycling", "domestic secondary"),
    ):
        yield structure(
            "processes", process=f"{name}_{metal}", kind=kind, stage=stage, pathway=pathway
        )
    unit = Fact(
        1.0, "t/t", "own", "A", note="losses of mining, making and recycling are outside this study"
    )
    for process, taken, given in (
        ("mine", f"{metal}_ores", "refined"),
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
    # for indium there is no world reserve but one of 2007
    reserve = facts.one(
        "reserves",
        metal=metal,
        region="world",
        variable="reserves",
        year=2007 if metal == "indium" else FIRST,
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


def _displays(facts: Facts) -> Iterator[Row]:
    """Indium in displays: the paper's inflow from 2010."""
    yield from _product("displays", "indium", "weibull")
    yield from _life(facts, "indium/displays", "indium", "ito_displays")
    yield number(
        "uses",
        Fact(1.0, "t/t", "own", "A", note="by definition"),
        product="indium/displays",
        good="indium/products",
    )
    for fact in facts.series(
        "demand_world", metal="indium", variable="inflow_electronics", scenario="SEEDFIT"
    ):
        if (fact.year or 0) < FIRST:
            yield number(
                "cohorts", fact, year=fact.year, product="indium/displays", parameter="inflow"
            )


def write(folder: Path = STUDY) -> list[Path]:
    """Every table of the study, in canonical order."""
    return write_tables(folder, by_table(rows(Facts())))


if __name__ == "__main__":
    for file in write(Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY):
        sys.stdout.write(f"{file}\n")
