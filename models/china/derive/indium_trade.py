"""Indium from abroad and from the stock of the Fanya exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.china.derive import byproduct as by
from models.china.derive import market
from models.china.derive.common import Fact, Facts, Row, derived, judged, number
from models.china.derive.supply import ONE, good, import_ramp, observed, recipe, value

METAL = "indium"
TIERS = ("1", "2", "3")


def origins(facts: Facts) -> list[by.Origin]:
    """Refiners outside China by their output of 2021."""
    made = {
        fact.region: fact
        for fact in facts.all(
            "production", METAL, variable="refined_production", item="primary", year=2021
        )
    }
    groups = {
        "korea": ["korea_rep"],
        "japan": ["japan"],
        "canada": ["canada"],
        "other": ["france", "peru"],
    }
    words = {
        "korea": ("Korea", 1_000),
        "japan": ("Japan", 2_000),
        "canada": ("Canada", 9_500),
        "other": ("other origins", 20_000),
    }
    total = sum(made[region].value for regions in groups.values() for region in regions)
    found = []
    for name, regions in groups.items():
        output = [made[region] for region in regions]
        share = derived(
            sum(fact.value for fact in output) / total,
            "1",
            f"{sum(f.value for f in output):g} t of {total:g} t refined outside China in 2021",
            *output,
        )
        country, distance = words[name]
        found.append(
            by.Origin(name, country, share, judged(distance, "km", "approximate sea distance"))
        )
    return found


def import_price(facts: Facts) -> Fact:
    """Up to 2021: what came later is what the plan is tested by."""
    return market.cycle_price(
        facts, METAL, "Rotterdam, duty unpaid (USGS)", item="rotterdam_duty_unpaid"
    )


def imports(facts: Facts) -> Iterator[Row]:
    """Three tiers of each origin, and a dear last one: the rest of the world's metal at the price
    of 2006-07, when price rationed use."""
    demand = facts.one("additions", METAL, variable="export_demand_refined", year=2021)
    home = facts.one(
        "demand_china",
        METAL,
        variable="demand_virgin_manufacturing",
        item="total",
        scenario="CP",
        year=2021,
    )
    yield from import_ramp(
        facts,
        "import_indium",
        derived(demand.value + home.value, "t", "use at home and exports of 2021", demand, home),
    )
    ghg = facts.one("recommended_base", METAL, variable="ghg", item="import_refined")
    growth = facts.one("additions", METAL, variable="import_ceiling_growth", item="refined")
    steps = {
        "1": import_price(facts),
        "2": judged(
            350,
            "USD_2021/kg",
            "China outbids other users (additions.csv, tier 2)",
            low=300,
            high=400,
        ),
        "3": judged(
            600,
            "USD_2021/kg",
            "metal that its makers use themselves (additions.csv, tier 3)",
            low=450,
            high=750,
        ),
    }
    ceilings = {
        tier: by.growing(
            facts.one("additions", METAL, variable="import_ceiling", item=f"refined_tier{tier}"),
            growth,
            2040,
        )
        for tier in TIERS
    }
    for origin in origins(facts):
        offers = {
            tier: (steps[tier], by.shared_ceiling(ceilings[tier], origin.share)) for tier in TIERS
        }
        yield from by.import_curve(facts, METAL, origin, offers, ghg.at(None))
        yield observed(
            f"import_indium_{origin.name}",
            derived(
                0,
                "t/year",
                "530 t made = 300 t used + 230 t exported; customs saw 0.5 t in 2014",
                facts.one("trade_imports", METAL, variable="imports", item="refined"),
                grade="D",
            ),
        )
    peak = [
        fact
        for fact in facts.all("prices", METAL, variable="price", item="us_dealer_or_warehouse")
        if fact.year in (2006, 2007)
    ]
    rest = [
        derived(
            max(0.0, 398 - 240) / 240 * fact.value,
            "t/year",
            (
                "refined outside China in 2021 (926 - 528 t) less the 240 t of the three tiers, "
                "growing alike"
            ),
            fact,
            year=fact.year,
            grade="D",
        )
        for fact in _sum([ceilings[tier] for tier in TIERS])
    ]
    last = by.Origin("last", "other origins", ONE, judged(10_000, "km", "mean of the origins"))
    yield from by.import_tier(
        facts,
        METAL,
        last,
        "",
        by.mean_price(peak, "dear and elastic last step: price of 2006-07", low=700, high=1000),
        rest,
        ghg.at(None),
    )


def _sum(parts: Sequence[Sequence[Fact]]) -> list[Fact]:
    return [
        derived(sum(fact.value for fact in facts), "t/year", "", *facts, year=facts[0].year)
        for facts in zip(*parts, strict=True)
    ]


def fanya_lot(facts: Facts) -> Iterator[Row]:
    """The lot sold in January 2020: 1,500 t may come back to the market, 150 t a year; the rest
    stays in strong hands."""
    lot = facts.one("additions", METAL, variable="initial_stockpile", item="fanya_lot").at(None)
    stock = "indium/fanya_lot"
    yield from good(
        stock,
        METAL,
        "intermediate",
        "processing",
        "indium of the Fanya exchange, sold in January 2020",
        ONE,
    )
    yield number("good_values", lot, good=stock, parameter="opening_stock")
    yield number("good_values", lot, good=stock, parameter="max_stock")
    yield number(
        "good_values",
        derived(
            lot.value - 1500,
            "t",
            f"{lot.value:g} less the 1,500 t that additions.csv holds releasable (judged)",
            lot,
            grade="D",
            low=0,
            high=lot.value,
        ),
        good=stock,
        parameter="closing_stock",
    )
    yield number(
        "good_values",
        judged(
            500, "USD_2021/t/year", "store and insurance, 0.2 % of the value", low=100, high=2000
        ),
        good=stock,
        parameter="holding_cost",
    )
    process = "release_indium_fanya"
    yield from recipe(
        process,
        "release",
        "processing",
        inputs={stock: ONE},
        outputs={"indium/refined": ONE},
        pathway="stockpile",
        description="sales from the Fanya lot",
    )
    yield from value(
        process,
        "max_activity",
        judged(
            150,
            "t/year",
            "a fair share of a market of some 900 t (additions.csv, note of fanya_lot)",
            low=0,
            high=400,
        ),
    )
    yield from value(
        process,
        "variable_cost",
        judged(
            160_000,
            "USD_2021/t",
            (
                "what its owner asks: 790 yuan/kg paid in 2020 (114 USD/kg) and carrying cost "
                "(additions.csv)"
            ),
            low=114_000,
            high=250_000,
        ),
    )
    yield observed(
        process,
        judged(0, "t/year", "no sale reported in 2021: 530 t made = 300 t used + 230 t exported"),
    )
