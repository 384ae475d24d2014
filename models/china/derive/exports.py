"""Exports of refined metal, sold by steps of price: what buyers abroad take at the world price, by
destination where customs tell, and what more they take where China undercuts it.

- The world price is what the study pays for imports of the refined metal: buyers abroad have the
  same sellers, and pay no more for metal from China.
- Below it the amount follows the elasticity of what is left to one exporter,
  e = (demand - (1 - s) x supply of others) / s, with s the share of China in use abroad.
- Germanium is under licence: what is let go is the amount, whatever buyers would pay.
- What no customs heading shows is no export: the 38 kt of cobalt that once closed the balance of
  2021 are the high end of the range, and not the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from models.china.derive import germanium, indium_trade
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    derived,
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
HELD_TO = 2024
"""Exports of cobalt stay as in 2021 until the outlook of demand begins."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _state_reserve(facts)
    for metal, sold in (("cobalt", _cobalt), ("indium", _indium), ("germanium", _germanium)):
        yield from _good(metal)
        yield from sold(facts)


def _state_reserve(facts: Facts) -> Iterator[Row]:
    """Cobalt that the state bought and keeps: taken off the market for good, as far as anybody has
    said."""
    good, process = "cobalt/state_reserve", "buy_cobalt_reserve"
    one = Fact(1.0, "t/t", "own", "A", note="by definition")
    yield structure(
        "goods",
        good=good,
        metal="cobalt",
        kind="product",
        stage="processing",
        export="no",
        description="refined cobalt bought by the state for its reserve",
    )
    yield number("good_values", one, good=good, metal="cobalt", parameter="equivalent")
    yield number(
        "good_values", shortage(facts, "cobalt", one), good=good, parameter="shortage_cost"
    )
    yield structure(
        "processes",
        process=process,
        kind="manufacture",
        stage="processing",
        description="purchases of the state reserve",
    )
    yield number("coefficients", one, process=process, good="cobalt/refined", direction="in")
    yield number("coefficients", one, process=process, good=good, direction="out")
    bought = facts.series("trade_imports", "cobalt", variable="state_purchases")
    none = derived(0, "t/year", "no purchase is reported", *bought, grade="D")
    path_ = [none.at(2022), *bought, none.at(2025)]
    yield from path("demand", [fact.map(lambda x: x, "t/year") for fact in path_], good=good)


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


def _step(metal: str, step: str, price: Fact, amounts: Sequence[Fact]) -> Iterator[Row]:
    keys = {"of": f"{metal}/refined_export", "step": step}
    yield number("curves", per_tonne(price), parameter="price", **keys)
    yield from path("curves", amounts, parameter="amount", **keys)


# ---- metals


def _cobalt(facts: Facts) -> Iterator[Row]:
    """Oxide, hydroxide and metal by destination, as customs of 2021 have them; later with world
    demand."""
    price = facts.one("recommended_base", "cobalt", variable="unit_cost", item="import_refined")
    price = price.at(None).noted(f"the world price, as imports of refined cobalt: {price.note}")
    closing = facts.one("additions", "cobalt", variable="export_demand_refined", year=FIRST)
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
            high=fact.value * closing.value / whole,
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
    yield from _step("indium", "1 abroad", price, [seen])
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
    yield from _undercut(facts, "indium", price, seen, abroad, 1, lambda fact: [fact])
    yield observed("export_indium_refined", seen)


def _germanium(facts: Facts) -> Iterator[Row]:
    """What was let go, and is let go under the licence of August 2023."""
    given = facts.series("additions", "germanium", variable="export_demand_refined")
    amounts = [
        fact.map(lambda x: x, "t/year", f"most that licences let go; {fact.note}") for fact in given
    ]
    price = germanium.import_price(facts)
    price = price.noted(f"the world price, as imports of germanium: {price.note}")
    yield from _step("germanium", "1 licensed", price, amounts)
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
    price: Fact,
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
        lower = price.times(1 - discount, price.unit, f"{discount:.0%} below the world price", "D")
        yield from _step(
            metal,
            f"{number_} at {discount:.0%} less".replace("%", " percent"),
            lower,
            over_time(more),
        )
        before = taken
