"""Demand by product, home use and exports apart, and the manufacture that turns refined metal into
it.

Levels, so that nothing is counted twice (data/README.md, traps): the plan serves *manufacturing*
demand; only what stays in the country enters a use stock.

- lithium: end use at home and exports in products as given; manufacture yields 0.95, of the lost 0.05 up to 0.04 is cell scrap.
- cobalt, niobium: manufacturing demand of refined metal split by the export share of each product; no loss (data are net).
- indium: the data are virgin metal net of the target loop. Gross feed gives 0.30 product and 0.70 scrap, reclaimed at 0.95: a tonne of
  virgin metal is 0.30 / (1 - 0.70 x 0.95) of deposited metal. Demand here is deposited metal, and the loop is in the model once.
- germanium: manufacturing yields 0.85 after the scrap loop, 0.6 of it stays: 0.51 enters use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    at_year,
    derived,
    number,
    path,
    structure,
    thinned,
)

SCENARIOS = {"": "CP", "carbon-neutral": "CN"}
FIRST, LAST = 2021, 2060
BATTERIES = ("ev_battery", "ess_battery", "consumer_electronics")
PRODUCTS = {
    "lithium": (
        "ceramics_glass",
        "greases",
        "other_chemical",
        "consumer_electronics",
        "ess_battery",
        "ev_battery",
    ),
    "cobalt": (
        "ev_battery",
        "laptops_tablets",
        "phones",
        "other_portable",
        "superalloys",
        "hard_metals",
        "catalysts",
        "magnets",
        "ceramics_pigments",
        "other",
    ),
    "indium": ("ito_displays", "pv", "semiconductors_led", "solders_alloys", "other"),
    "niobium": (
        "structural_steel",
        "automotive",
        "pipelines",
        "stainless",
        "superalloys",
        "superconductors_metal",
        "chemicals",
    ),
    "germanium": ("fibre_optics", "infrared_optics", "solar_cells", "electronics_other"),
}
VARIABLE = {
    "lithium": "demand_enduse_domestic",
    "cobalt": "demand_manufacturing",
    "indium": "demand_virgin_manufacturing",
    "niobium": "demand_manufacturing",
    "germanium": "demand_manufacturing",
}
ITEM = {("cobalt", "ev_battery"): "ev_ess_battery"}
"""Where a product has another name in the projection. Stationary batteries hold no cobalt here
(LFP)."""
SHORTAGE = {"lithium": 500, "cobalt": 150, "indium": 2000, "niobium": 150, "germanium": 7000}
"""USD/kg, the values given in additions.csv shortage_price_multiple: at least twice the dearest
import step of each metal."""


@dataclass(frozen=True)
class Recipe:
    """How refined metal becomes a product: output and new scrap per tonne taken in, and the refined
    metal a tonne of product stands for."""

    output: Fact
    equivalent: Fact
    scrap_good: str = ""
    scrap: Fact | None = None


def rows(facts: Facts) -> Iterator[Row]:
    yield from _scrap_goods()
    for metal, products in PRODUCTS.items():
        for product in products:
            good = f"{metal}/{product}"
            yield from _good(facts, good, metal, recipe(facts, metal, product), export=False)
            for scenario, policy in SCENARIOS.items():
                yield from path(
                    "demand",
                    thinned(home_demand(facts, metal, product, policy)),
                    scenario=scenario,
                    good=good,
                )
    yield from _product_exports(facts)


def _scrap_goods() -> Iterator[Row]:
    for good, metal, words in (
        ("lithium/cell_scrap", "lithium", "scrap of cathode and cell making"),
        ("indium/ito_scrap", "indium", "spent and unsputtered part of ITO targets"),
    ):
        yield structure(
            "goods",
            good=good,
            metal=metal,
            kind="scrap",
            stage="manufacture",
            export="no",
            description=words,
        )


def _good(facts: Facts, good: str, metal: str, how: Recipe, *, export: bool) -> Iterator[Row]:
    """The product good, what it stands for, and its manufacture."""
    words = "exports in products" if export else "use at home"
    yield structure(
        "goods",
        good=good,
        metal=metal,
        kind="product",
        stage="manufacture",
        export="yes" if export else "no",
        description=words,
    )
    yield number("good_values", how.equivalent, good=good, metal=metal, parameter="equivalent")
    yield number(
        "good_values", shortage(facts, metal, how.equivalent), good=good, parameter="shortage_cost"
    )
    process = f"{'export' if export else 'manufacture'}_{good.replace('/', '_')}"
    loses = how.output.value + (how.scrap.value if how.scrap else 0.0) < 1
    yield structure(
        "processes",
        process=process,
        kind="manufacture",
        stage="manufacture",
        loss="manufacturing" if loses else "",
        description=f"refined {metal} to {good}",
    )
    whole = Fact(
        1.0, "t/t", "own", "A", note="by definition: activity counts the refined metal taken in"
    )
    yield number("coefficients", whole, process=process, good=f"{metal}/refined", direction="in")
    yield number("coefficients", how.output, process=process, good=good, direction="out")
    if how.scrap:
        yield number(
            "coefficients", how.scrap, process=process, good=how.scrap_good, direction="out"
        )


def shortage(facts: Facts, metal: str, equivalent: Fact) -> Fact:
    """Penalty for a tonne of a product that is not served."""
    multiple = facts.one("additions", variable="shortage_price_multiple")
    note = (
        f"{SHORTAGE[metal]} USD/kg refined x {equivalent.value:.4g} refined per product; at least "
        "twice the dearest import step"
    )
    return derived(SHORTAGE[metal] * 1000 * equivalent.value, "USD_2021/t", note, multiple)


def recipe(facts: Facts, metal: str, product: str) -> Recipe:
    """Output per tonne of refined metal taken in. `product` may be `export`, or for indium
    `export_ito` and `export_other`."""
    if metal == "lithium":
        return _lithium_recipe(facts, product)
    if metal == "indium" and product in ("ito_displays", "export_ito"):
        return _target_recipe(facts)
    if metal == "germanium":
        made = facts.one(
            "boundary_parameters", metal, variable="manufacturing_yield_after_scrap_loop"
        ).map(lambda x: x, "t/t")
        return Recipe(made, _equivalent(made))
    note = (
        "the projection counts metal taken in by manufacture, new scrap recycled within it: no net "
        "loss"
    )
    made = Fact(1.0, "t/t", "own", "D", note=note)
    return Recipe(made, _equivalent(made))


def _equivalent(made: Fact) -> Fact:
    return derived(
        1 / made.value,
        "t/t",
        f"1 / {made.value:g}: refined metal taken in per tonne of product",
        made,
    )


def _lithium_recipe(facts: Facts, product: str) -> Recipe:
    made = facts.one("boundary_parameters", "lithium", variable="manufacturing_yield").map(
        lambda x: x, "t/t"
    )
    if product not in (*BATTERIES, "export"):
        return Recipe(made, _equivalent(made))
    scrap = facts.one(
        "prompt_scrap_and_dissipation", "lithium", variable="prompt_scrap_share", region="china"
    )
    return Recipe(
        made,
        _equivalent(made),
        "lithium/cell_scrap",
        scrap.map(lambda x: x, "t/t", "inside the 5 % lost in manufacture"),
    )


def _target_recipe(facts: Facts) -> Recipe:
    """The sputtering loop: 0.70 of the feed is scrap, of which 0.95 returns."""
    scrap = facts.one("prompt_scrap_and_dissipation", "indium", variable="prompt_scrap_share")
    back = facts.one("prompt_scrap_and_dissipation", "indium", variable="prompt_scrap_recovery")
    made = derived(
        1 - scrap.value, "t/t", f"1 - {scrap.value:g}: only 30 % of a target is deposited", scrap
    )
    note = (
        f"(1 - {scrap.value:g} x {back.value:g}) / {made.value:g}: virgin metal per tonne "
        "deposited, once the scrap loop runs"
    )
    virgin = derived((1 - scrap.value * back.value) / made.value, "t/t", note, scrap, back)
    return Recipe(made, virgin, "indium/ito_scrap", scrap.map(lambda x: x, "t/t"))


def projection(facts: Facts, metal: str, product: str, policy: str) -> list[Fact]:
    return facts.series(
        "demand_china",
        metal,
        variable=VARIABLE[metal],
        item=ITEM.get((metal, product), product),
        scenario=policy,
    )


def _export_share(facts: Facts, metal: str, product: str) -> Fact:
    item = "total"
    if metal == "cobalt":
        item = {
            "ev_battery": "ev_ess_battery",
            "laptops_tablets": "portable",
            "phones": "portable",
            "other_portable": "portable",
        }.get(product, "nonbattery")
    return facts.one("boundary_parameters", metal, variable="export_share_in_products", item=item)


def _scaled(series: list[Fact], factor: float, note: str, *others: Fact) -> list[Fact]:
    """A projection times a constant, in t of product per year."""
    return [
        derived(fact.value * factor, "t/year", note, fact, *others, year=fact.year)
        for fact in series
    ]


def home_demand(facts: Facts, metal: str, product: str, policy: str) -> list[Fact]:
    """Product that enters use at home, t per year."""
    series = projection(facts, metal, product, policy)
    if metal == "lithium":
        home = _scaled(series, 1.0, f"end use at home, {policy}")
        return _ranged(facts, home) if product in ("ev_battery", "ess_battery") else home
    share = _export_share(facts, metal, product)
    how = recipe(facts, metal, product)
    factor = (1 - share.value) / how.equivalent.value
    note = (
        f"{policy} demand / {how.equivalent.value:.4g} refined per product x (1 - {share.value:g} "
        "exported)"
    )
    home = _scaled(
        series, factor, note, share, *([how.equivalent] if how.equivalent.value != 1 else [])
    )
    return (
        _between_variants(facts, home, policy, factor)
        if (metal, product) == ("indium", "pv")
        else home
    )


def _ranged(facts: Facts, series: list[Fact]) -> list[Fact]:
    """Batteries with the range that pack size and chemistry give.

    Low and high: the lowest and the highest variant of Busch et al. over their baseline in the same
    year; the last year is held.
    """
    totals: dict[str, dict[int, float]] = {}
    for row in facts.rows("lithium_china_busch_variants"):
        years = totals.setdefault(row["scenario"], {})
        years[int(row["year"])] = years.get(int(row["year"]), 0.0) + float(row["value"])
    baseline = totals["Ambitious-Baseline-Baseline-Baseline-Baseline"]
    first, last = min(baseline), max(baseline)

    def spread(fact: Fact) -> Fact:
        year = min(max(fact.year or 0, first), last)
        shares = [variant[year] / baseline[year] for variant in totals.values()]
        note = (
            f"{fact.note}; range: variants of Busch et al., {min(shares):.3f} to {max(shares):.3f} "
            "of their baseline"
        )
        return replace(fact, low=fact.value * min(shares), high=fact.value * max(shares), note=note)

    return [spread(fact) for fact in series]


def _between_variants(facts: Facts, home: list[Fact], policy: str, factor: float) -> list[Fact]:
    """Photovoltaics with the low variant of the data (indium per watt falls fast) as the other end
    of its range."""
    variant = facts.series(
        "demand_china", "indium", variable="demand_virgin_manufacturing_variant", scenario=policy
    )
    ends = [at_year(variant, fact.year or 0) * factor for fact in home]
    return [
        replace(
            fact,
            low=min(fact.value, end),
            high=max(fact.value, end),
            note=f"{fact.note}; range to pv_low_variant",
        )
        for fact, end in zip(home, ends, strict=True)
    ]


def _product_exports(facts: Facts) -> Iterator[Row]:
    """Exports in products: lithium by the path of additions.csv (flat 48 kt as a variant), the
    others by their share of manufacture."""
    good = "lithium/products_export"
    yield from _good(facts, good, "lithium", recipe(facts, "lithium", "export"), export=True)
    embedded = facts.series("additions", "lithium", variable="net_exports_embedded_alternative")
    held = facts.one(
        "demand_china", "lithium", variable="net_exports_embedded", scenario="CP", year=FIRST
    )
    note = f"low: exports stay at {held.value:g} t, as the paper has them"
    yield from path(
        "demand",
        [
            derived(
                fact.value,
                "t/year",
                f"{note}; {fact.note}",
                fact,
                low=min(held.value, fact.value),
                year=fact.year,
            )
            for fact in embedded
        ],
        good=good,
    )
    flat = facts.series("demand_china", "lithium", variable="net_exports_embedded", scenario="CP")
    yield from path(
        "demand",
        [fact.map(lambda x: x, "t/year") for fact in thinned(flat)],
        scenario="flat-exports",
        good=good,
    )
    yield from _exports_of(facts, "cobalt", "products_export", "export", lambda product: True)
    yield from _exports_of(facts, "niobium", "products_export", "export", lambda product: True)
    yield from _exports_of(facts, "germanium", "products_export", "export", lambda product: True)
    yield from _exports_of(
        facts,
        "indium",
        "products_export_ito",
        "export_ito",
        lambda product: product == "ito_displays",
    )
    yield from _exports_of(
        facts,
        "indium",
        "products_export_other",
        "export_other",
        lambda product: product != "ito_displays",
    )


def _exports_of(
    facts: Facts, metal: str, name: str, how: str, wanted: Callable[[str], bool]
) -> Iterator[Row]:
    """The exported share of manufacture, summed over the products wanted."""
    good, made = f"{metal}/{name}", recipe(facts, metal, how)
    yield from _good(facts, good, metal, made, export=True)
    products = [product for product in PRODUCTS[metal] if wanted(product)]
    for scenario, policy in SCENARIOS.items():
        parts = [
            (projection(facts, metal, product, policy), _export_share(facts, metal, product))
            for product in products
        ]
        total = [
            derived(
                sum(series[i].value * share.value for series, share in parts)
                / made.equivalent.value,
                "t/year",
                (
                    f"{policy} demand x exported share, sum of {len(products)} products, / "
                    f"{made.equivalent.value:.4g} refined per product"
                ),
                *(series[i] for series, _ in parts),
                *(share for _, share in parts),
                year=parts[0][0][i].year,
            )
            for i in range(len(parts[0][0]))
        ]
        yield from path("demand", thinned(total), scenario=scenario, good=good)
