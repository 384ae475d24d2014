"""What was observed of the five metals in 2022 to 2025, and in the years before 2021 from which
"no change" and a trend start: what `planner hindcast china` sets beside the plan.

The values stand in `data/observed_2022_2025.csv`, frozen as they were read, each with its role: a
test is a number that nothing in the study was made from. What is observed of the same flow as an
observation of 2021 has the same ends, so that its history goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from models.china.derive.common import Fact, Facts, Row, number
from models.china.derive.supply import TO_2021

FILE, LATER = "observed_2022_2025", "observed"
CARBONATE = 0.18787
"""t of lithium per t of Li2CO3 (stoichiometry)."""
ORE_PER_CARBONATE = 8.0
"""t of imported concentrate per t of Li2CO3 made, with which the figure of 2022 is made too."""
COBALT_IN_INTERMEDIATES = 0.30
"""t of cobalt per t of imported intermediates, as the customs notes of 2022 take it."""

BASE = "base"
RESTATED = (("lithium", "refined_from_imported_ore"),)
"""Items whose figure of 2021 stands among the observations in another measure already: it is
reconciled once."""

Ends = tuple[str, str, str]
"""Name of the observation, from and to."""

ITEMS: Mapping[tuple[str, str], Ends] = {
    ("lithium", "mined"): ("lithium mined", "mine_lithium_*", "lithium/*_home"),
    ("lithium", "refined_from_imported_ore"): (
        "lithium refined from imported ore",
        "refine_lithium_concentrate_imported*",
        "lithium/refined",
    ),
    ("lithium", "carbonate_imported"): (
        "lithium carbonate imported",
        "import_lithium_carbonate_*",
        "lithium/refined",
    ),
    ("lithium", "recycled"): ("lithium recycled", "recycle_*", "lithium/refined"),
    ("lithium", "price"): ("lithium price", "lithium/refined", ""),
    ("cobalt", "mined"): ("cobalt mined", "mine_cobalt_*", "cobalt/intermediate_home"),
    ("cobalt", "intermediates_imported"): (
        "cobalt intermediates imported",
        "import_cobalt_hydroxide_*",
        "cobalt/intermediate_imported",
    ),
    ("cobalt", "intermediates_imported_from_indonesia"): (
        "cobalt intermediates from Indonesia",
        "import_cobalt_hydroxide_indonesia",
        "cobalt/intermediate_imported",
    ),
    ("cobalt", "refined"): ("cobalt refined", "refine_cobalt_*", "cobalt/refined"),
    ("cobalt", "price"): ("cobalt price", "cobalt/refined", ""),
    ("indium", "refined"): ("indium refined", "refine_indium_*", "indium/refined"),
    ("indium", "price"): ("indium price", "indium/refined", ""),
    ("niobium", "imported"): ("niobium imported", "import_niobium_*", "niobium/refined"),
    ("niobium", "mined"): ("niobium mined", "refine_niobium_home", "niobium/refined"),
    ("niobium", "price"): ("niobium price", "niobium/refined", ""),
    ("germanium", "refined_primary"): (
        "germanium refined, primary",
        "refine_germanium_*",
        "germanium/refined",
    ),
    ("germanium", "recycled"): ("germanium recycled", "recycle_germanium_*", "germanium/refined"),
    ("germanium", "metal_exported"): ("germanium exported", "germanium/refined_export", "*"),
    ("germanium", "price"): ("germanium price", "germanium/refined", ""),
}
"""The flows, or the good of a price, of each item that a plan of the study has."""
NOT_OF_A_PLAN = (("lithium", "packs_recycled"),)
"""Items in another measure than tonnes of metal: packs, whose contents nobody states."""


def rows(facts: Facts, interval: Callable[[Fact], Fact]) -> Iterator[Row]:
    """Rows of observations.csv: `interval` gives a fact the 95 % interval of its grade."""
    roles = {
        (row["metal"], row["item"], int(row["year"])): row["role"]
        for row in facts.rows(FILE)
        if row["variable"] == LATER
    }
    for (metal, item), ends in ITEMS.items():
        for fact in facts.all(FILE, metal, variable=LATER, item=item):
            role = roles[metal, item, fact.year or 0]
            same = _seen_at_the_border(facts, metal, fact) if item == "price" else ""
            yield _row(metal, item, ends, interval(fact), role, same)
        for fact in _before(facts, metal, item):
            role = BASE if (metal, item) in RESTATED else ""
            yield _row(metal, item, ends, interval(fact), role)


def _seen_at_the_border(facts: Facts, metal: str, price: Fact) -> str:
    """Sources of the unit values that customs had of a metal in the year of a market price: the
    same market, so that where they are inputs the market price is no test."""
    values = facts.all("prices", metal, variable="import_unit_value", year=price.year or 0)
    return ";".join(dict.fromkeys(source for fact in values for source in fact.source.split(";")))


def _row(metal: str, item: str, ends: Ends, fact: Fact, role: str, same_as: str = "") -> Row:
    name, source, target = ends
    return number(
        "observations",
        fact,
        year=fact.year,
        observation=name,
        **{"from": source, "to": target},
        metal=metal,
        role=role,
        same_as=same_as,
        parameter="price" if item == "price" else "flow",
    )


def _before(facts: Facts, metal: str, item: str) -> Iterator[Fact]:
    """What was observed of an item before 2022 and stands in no observation of 2021 yet."""
    if item == "price":
        yield from PRICES[metal](facts)
    elif (metal, item) in QUANTITIES:
        yield from QUANTITIES[metal, item](facts)


def _of(facts: Facts, file: str, metal: str, year: int, **columns: str) -> Fact:
    return facts.one(file, metal, year=year, **columns)


def _deflated(fact: Fact) -> Fact:
    """A nominal price in USD of 2021 per kg of metal."""
    factor = TO_2021[fact.year or 0]
    return fact.times(factor, "USD_2021/kg", f"x {factor:g} to USD of 2021")


def _lithium_price(facts: Facts) -> Iterator[Fact]:
    for year, item in ((2020, "li2co3_battery_grade"), (2021, "li2co3_battery_grade_real")):
        fact = _of(facts, "prices", "lithium", year, variable="price_per_kg_metal", item=item)
        yield _deflated(fact)


def _cobalt_price(facts: Facts) -> Iterator[Fact]:
    for year in (2019, 2021):
        columns = {"variable": "price_per_kg_metal", "item": "lme_cash"}
        yield _deflated(_of(facts, "prices", "cobalt", year, **columns))


def _indium_price(facts: Facts) -> Iterator[Fact]:
    for year in (2019, 2021):
        columns = {"variable": "price", "item": "rotterdam_duty_unpaid"}
        yield _deflated(_of(facts, "prices", "indium", year, **columns))


def _niobium_price(facts: Facts) -> Iterator[Fact]:
    for year in (2020, 2021):
        columns = {"variable": "price_per_kg_metal", "item": "ferroniobium_unit_value"}
        yield _deflated(_of(facts, "prices", "niobium", year, **columns))


def _germanium_price(facts: Facts) -> Iterator[Fact]:
    for year in (2020, 2021):
        columns = {"variable": "price", "item": "germanium_metal"}
        yield _deflated(_of(facts, "prices", "germanium", year, **columns))


PRICES: Mapping[str, Callable[[Facts], Iterator[Fact]]] = {
    "lithium": _lithium_price,
    "cobalt": _cobalt_price,
    "indium": _indium_price,
    "niobium": _niobium_price,
    "germanium": _germanium_price,
}


def _ore(facts: Facts) -> Iterator[Fact]:
    """The ore of 2021 as the figure of 2022 counts it."""
    columns = {"variable": "imports", "item": "spodumene_concentrate_gross", "region": "china"}
    yield _of(facts, "trade_imports", "lithium", 2021, **columns).times(
        CARBONATE / ORE_PER_CARBONATE,
        "t/year",
        f"/ {ORE_PER_CARBONATE:g} t of concentrate per t Li2CO3 x {CARBONATE:g}",
    )


def _carbonate(facts: Facts) -> Iterator[Fact]:
    columns = {"variable": "imports", "item": "li2co3_gross", "region": "china"}
    fact = _of(facts, "trade_imports", "lithium", 2020, **columns)
    yield fact.times(CARBONATE, "t/year", f"x {CARBONATE:g}")


def _intermediates(facts: Facts) -> Iterator[Fact]:
    columns = {"variable": "imports", "item": "intermediates_gross", "region": "china"}
    fact = _of(facts, "trade_imports", "cobalt", 2020, **columns)
    note = f"x {COBALT_IN_INTERMEDIATES:g}"
    yield fact.times(COBALT_IN_INTERMEDIATES, "t/year", note)


def _produced(metal: str, variable: str, source: str) -> Callable[[Facts], Iterator[Fact]]:
    """What was made in 2020, as the source of 2021 has it."""

    def found(facts: Facts) -> Iterator[Fact]:
        columns = {"variable": variable, "region": "china", "source": source}
        yield _of(facts, "production", metal, 2020, **columns)

    return found


QUANTITIES: Mapping[tuple[str, str], Callable[[Facts], Iterator[Fact]]] = {
    ("lithium", "mined"): _produced("lithium", "mine_production", "bgs-world-mineral-statistics"),
    ("lithium", "refined_from_imported_ore"): _ore,
    ("lithium", "carbonate_imported"): _carbonate,
    ("cobalt", "mined"): _produced("cobalt", "mine_production", "bgs-world-mineral-statistics"),
    ("cobalt", "intermediates_imported"): _intermediates,
    ("cobalt", "refined"): _produced(
        "cobalt", "refined_production", "bgs-world-mineral-statistics"
    ),
    ("indium", "refined"): _produced("indium", "refined_production", "usgs-mcs-copies"),
}
"""What was observed of a quantity before 2022, beside what observations.py has of 2021."""
