"""Exports of refined metal, sold by steps of price: what buyers abroad take at the world price, by
destination where customs tell, and what more they take where China undercuts it.

- The world price is what the study pays for imports of the refined metal, year by year where
  that is known by year: buyers abroad have the same sellers, and pay no more for metal from China.
- Below it the amount follows the elasticity of what is left to one exporter,
  e = (demand - (1 - s) x supply of others) / s, with s the share of China in use abroad.
- Germanium is under licence: what is let go is the amount, whatever buyers would pay.
- Cobalt in precursors of cathodes leaves as a product, under contract with makers of cathodes in
  Korea: demand that is served, as lithium in products is.
- What no customs heading shows is no export: the 38 kt of cobalt that once closed the balance of
  2021, less what precursors hold, are the high end of the range, and not the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from models.china.derive import germanium, indium_trade, market
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
    judged,
    number,
    path,
    rounded,
    structure,
)
from models.china.derive.demand import shortage
from models.china.derive.supply import FIRST, observed, per_tonne

OXIDE = 0.734  # Co in Co3O4, 3 x 58.933 / 240.797: the oxide that is traded (0.71 to 0.73 as sold)
DISCOUNTS = (0.15, 0.30)
"""Shares of the world price by which China may undercut it."""
PLACES = {"korea": "Korea", "eu": "European Union", "japan": "Japan", "other": "others"}
IN_PRECURSOR = judged(
    0.096,
    "t/t",
    "mean of Ni0.8Co0.1Mn0.1(OH)2, 0.0638, and Ni0.5Co0.2Mn0.3(OH)2, 0.1286 (stoichiometry: the "
    "range); which was sent by year is not known",
    low=0.0638,
    high=0.1286,
)
"""t of cobalt per t of precursor."""
LAW_2023 = "law-2023"
Prices = Mapping[str, Sequence[Fact]]
"""Prices per kg by scenario: one for all years, or one a year."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _state_reserve(facts)
    yield from _precursors(facts)
    for metal, sold in (("cobalt", _cobalt), ("indium", _indium), ("germanium", _germanium)):
        yield from _good(metal)
        yield from sold(facts)


def _state_reserve(facts: Facts) -> Iterator[Row]:
    """Cobalt that the state bought and keeps: taken off the market for good, as far as anybody has
    said."""
    good = "cobalt/state_reserve"
    yield from _served(
        facts,
        good,
        "buy_cobalt_reserve",
        "no",
        "refined cobalt bought by the state for its reserve",
        "purchases of the state reserve",
    )
    bought = facts.series("trade_imports", "cobalt", variable="state_purchases")
    none = derived(0, "t/year", "no purchase is reported", *bought, grade="D")
    path_ = [none.at(2022), *bought, none.at(2025)]
    yield from path("demand", [fact.map(lambda x: x, "t/year") for fact in path_], good=good)


def _served(
    facts: Facts, good: str, process: str, export: str, what: str, how: str
) -> Iterator[Row]:
    """A good of refined cobalt whose demand is served, and the process that takes it."""
    one = Fact(1.0, "t/t", "own", "A", note="by definition")
    yield structure(
        "goods",
        good=good,
        metal="cobalt",
        kind="product",
        stage="processing",
        export=export,
        description=what,
    )
    yield number("good_values", one, good=good, metal="cobalt", parameter="equivalent")
    yield number(
        "good_values", shortage(facts, "cobalt", one), good=good, parameter="shortage_cost"
    )
    yield structure(
        "processes", process=process, kind="manufacture", stage="processing", description=how
    )
    yield number("coefficients", one, process=process, good="cobalt/refined", direction="in")
    yield number("coefficients", one, process=process, good=good, direction="out")


def _precursors(facts: Facts) -> Iterator[Row]:
    """Cobalt in exported precursors of cathodes: their weight by what they hold."""
    good = "cobalt/precursors_export"
    yield from _served(
        facts,
        good,
        "export_cobalt_precursors",
        "yes",
        "cobalt in exported precursors of cathodes (NCM, NCA, NC)",
        "precursors for makers of cathodes abroad",
    )
    yield from path("demand", _in_precursors(facts), good=good)


def _in_precursors(facts: Facts) -> list[Fact]:
    """t of cobalt a year; from the last year known on held, with nothing and the most of a year as
    range, since cells abroad turn to iron phosphate and makers there to precursors of their own."""
    series = facts.series(
        "trade_imports", "cobalt", variable="exports_of_china", item="ternary_precursors"
    )
    held = [fact for fact in series if (fact.year or 0) >= FIRST]
    found = [
        derived(
            fact.value * IN_PRECURSOR.value,
            "t/year",
            f"{fact.value:.6g} t of precursors x {IN_PRECURSOR.value:g}: {IN_PRECURSOR.note}",
            fact,
            low=fact.value * (IN_PRECURSOR.low or 0),
            high=fact.value * (IN_PRECURSOR.high or 0),
            grade="D",
            year=fact.year,
        )
        for fact in held
    ]
    most = max(fact.high or 0 for fact in found)
    last = found[-1]
    later = derived(
        last.value,
        "t/year",
        f"as in {last.year}: no outlook was found; low: none, high: as in the year of most",
        last,
        low=0,
        high=most,
        grade="D",
    )
    return [*found, later.at(2030)]


def _good(metal: str) -> Iterator[Row]:
    """The good that leaves the country, and how it is made of refined metal."""
    good, process = f"{metal}/refined_export", f"export_{metal}_refined"
    one = Fact(1.0, "t/t", "own", "A", note="by definition")
    yield structure(
        "goods",
        good=good,
        metal=metal,
        kind="product",
        stage="processing",
        export="yes",
        description="exports of refined metal, sold where they pay (curves.csv)",
    )
    yield number("good_values", one, good=good, metal=metal, parameter="equivalent")
    yield structure(
        "processes",
        process=process,
        kind="manufacture",
        stage="processing",
        description=f"refined {metal} leaves the country",
    )
    yield number("coefficients", one, process=process, good=f"{metal}/refined", direction="in")
    yield number("coefficients", one, process=process, good=good, direction="out")


def _step(metal: str, step: str, prices: Prices, amounts: Sequence[Fact]) -> Iterator[Row]:
    keys = {"of": f"{metal}/refined_export", "step": step}
    for scenario, price in prices.items():
        paid = [
            per_tonne(fact) if len(price) == 1 else per_tonne(fact).at(fact.year) for fact in price
        ]
        yield from path("curves", paid, parameter="price", scenario=scenario, **keys)
    yield from path("curves", amounts, parameter="amount", **keys)


# ---- metals


def _cobalt(facts: Facts) -> Iterator[Row]:
    """Oxide, hydroxide and metal by destination, as customs of 2021 have them; later with world
    demand."""
    price = {
        scenario: [
            fact.noted(f"the world price, as imports of refined cobalt: {fact.note}")
            for fact in market.cobalt_refined(facts, export_stop=stop)
        ]
        for scenario, stop in (("", True), (LAW_2023, False))
    }
    closing = facts.one("additions", "cobalt", variable="export_demand_refined", year=FIRST)
    unseen = closing.value - _in_precursors(facts)[0].value
    shipped = {place: _shipped(facts, place) for place in PLACES}
    whole = sum(fact.value for fact in shipped.values())
    for rank, (place, words) in enumerate(PLACES.items(), start=1):
        fact = shipped[place]
        seen = derived(
            fact.value,
            "t/year",
            fact.note,
            fact,
            closing,
            low=fact.value,
            high=fact.value * unseen / whole,
        )
        yield from _step("cobalt", f"{rank} {words}", price, _growing(facts, seen))
    total = derived(whole, "t/year", "sum of the destinations", *shipped.values())
    world = facts.one(
        "demand_world", "cobalt", variable="demand", item="total", scenario="SEEDFIT", year=FIRST
    )
    home = facts.one(
        "demand_china",
        "cobalt",
        variable="demand_manufacturing",
        item="total",
        scenario="CP",
        year=FIRST,
    )
    abroad = derived(
        world.value - home.value,
        "t/year",
        f"use abroad in {FIRST}: world {world.value:g} t less China {home.value:g} t",
        world,
        home,
    )
    yield from _undercut(
        facts, "cobalt", price, total, abroad, len(PLACES), lambda fact: _growing(facts, fact)
    )
    yield observed("export_cobalt_refined", total)


def _shipped(facts: Facts, place: str) -> Fact:
    """Cobalt that left for a place in 2021: oxide by its content, metal as it is."""
    oxide, metal = (
        facts.one("trade_imports", "cobalt", region=place, variable="exports_of_china", item=item)
        for item in ("oxides_hydroxides", "metal")
    )
    return derived(
        OXIDE * oxide.value + metal.value,
        "t/year",
        f"customs {FIRST}: oxides and hydroxides {oxide.value:g} t x {OXIDE} + metal "
        f"{metal.value:g} t; sulphate, chloride and precursors are under headings that show no "
        "cobalt",
        oxide,
        metal,
        grade="C",
    )


def _growing(facts: Facts, fact: Fact) -> list[Fact]:
    """An amount of 2021, held until the outlook begins, then in step with world demand."""
    outlook = facts.series(
        "demand_world", "cobalt", variable="demand", item="total", scenario="STEPS"
    )
    start = outlook[0]
    found = [fact.at(FIRST)]
    for point in outlook:
        factor = point.value / start.value
        found.append(
            derived(
                fact.value * factor,
                "t/year",
                f"{fact.value:.4g} t x {factor:.3f}: world demand since {start.year} (STEPS)",
                fact,
                point,
                low=None if fact.low is None else fact.low * factor,
                high=None if fact.high is None else fact.high * factor,
                year=point.year,
            )
        )
    return found


def _indium(facts: Facts) -> Iterator[Row]:
    """What left China in 2021, held; destinations are in a heading of several metals and unknown.
    The path that was once given is its range."""
    given = facts.series("additions", "indium", variable="export_demand_refined")
    first = given[0]
    ends = [fact.value for fact in given]
    seen = derived(
        first.value,
        "t/year",
        f"{first.note}; held: no outlook of use abroad, range of the path of additions.csv",
        first,
        low=min(ends),
        high=max(ends),
    )
    price = indium_trade.import_price(facts)
    price = price.noted(f"the world price, as imports of refined indium: {price.note}")
    prices = {"": [price]}
    yield from _step("indium", "1 abroad", prices, [seen])
    made = facts.one(
        "production",
        "indium",
        region="world",
        variable="refined_production",
        item="primary",
        year=FIRST,
        source="zeng2023",
    )
    home = facts.one(
        "demand_china",
        "indium",
        variable="demand_virgin_manufacturing",
        item="total",
        scenario="CP",
        year=FIRST,
    )
    abroad = derived(
        made.value - home.value,
        "t/year",
        f"use abroad in {FIRST}: world {made.value:g} t less China {home.value:g} t",
        made,
        home,
    )
    yield from _undercut(facts, "indium", prices, seen, abroad, 1, lambda fact: [fact])
    yield observed("export_indium_refined", seen)


def _germanium(facts: Facts) -> Iterator[Row]:
    """What was let go, and is let go under the licence of August 2023."""
    given = facts.series("additions", "germanium", variable="export_demand_refined")
    amounts = [
        fact.map(lambda x: x, "t/year", f"most that licences let go; {fact.note}") for fact in given
    ]
    price = germanium.import_price(facts)
    price = price.noted(f"the world price, as imports of germanium: {price.note}")
    yield from _step("germanium", "1 licensed", {"": [price]}, amounts)
    yield observed("export_germanium_refined", amounts[0])


# ---- below the world price


def residual_elasticity(facts: Facts, metal: str, sold: Fact, abroad: Fact) -> Fact:
    """Elasticity of what is left to China, which sells `sold` of what is used `abroad`: demand
    answers the price, and so do the other sellers."""
    demand = facts.one("additions", metal, variable="demand_elasticity", item="long_run")
    supply = facts.one("additions", metal, variable="supply_elasticity", item="same_year")
    share = sold.value / abroad.value
    return derived(
        (demand.value - (1 - share) * supply.value) / share,
        "1",
        f"({demand.value:g} - {1 - share:.3f} x {supply.value:g}) / {share:.3f}",
        demand,
        supply,
        sold,
        abroad,
    )


def _undercut(
    facts: Facts,
    metal: str,
    prices: Prices,
    sold: Fact,
    abroad: Fact,
    rank: int,
    over_time: Callable[[Fact], list[Fact]],
) -> Iterator[Row]:
    """Steps below the world price: at each what is taken more than at the one before, and never
    more than is used abroad."""
    elastic = residual_elasticity(facts, metal, sold, abroad)
    before = sold.value
    for number_, discount in enumerate(DISCOUNTS, start=rank + 1):
        taken = min(sold.value * (1 - discount) ** elastic.value, abroad.value)
        more = derived(
            rounded(taken - before),
            "t/year",
            f"{taken:.4g} t taken at {1 - discount:.2f} of the world price (elasticity "
            f"{elastic.value:.2f}: {elastic.note}; at most the {abroad.value:.6g} t used abroad) "
            f"less {before:.4g} t",
            elastic,
        )
        lower = {scenario: _less(price, discount) for scenario, price in prices.items()}
        yield from _step(
            metal,
            f"{number_} at {discount:.0%} less".replace("%", " percent"),
            lower,
            over_time(more),
        )
        before = taken


def _less(price: Sequence[Fact], discount: float) -> list[Fact]:
    note = f"{discount:.0%} below the world price"
    return [fact.times(1 - discount, fact.unit, note, "D") for fact in price]
