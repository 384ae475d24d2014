"""Use stocks and the waste they leave: products, lifetimes, what enters them, cohorts before 2021,
collection.

A stock product has the name of the demanded good it takes, but for batteries, which are joint packs
(packs.py). History ends in 2020: the projection begins in 2021. Where the data give one history for
several products it is split, and the note says how.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive import demand, packs
from models.china.derive.common import (
    Fact,
    Facts,
    Row,
    at_year,
    derived,
    number,
    path,
    structure,
    weakest,
)

CLOSED_LOOP = "closed-loop"
PORTABLE = ("laptops_tablets", "phones", "other_portable")
NO_WASTE = {
    "lithium": ("ceramics_glass", "greases", "other_chemical"),
    "cobalt": ("ceramics_pigments",),
    "indium": ("other",),
    "niobium": ("chemicals",),
    "germanium": (),
}
"""Products that leave no waste worth collecting: dissipated, or no collection rate is known."""
JOINT = {
    ("lithium", "ev_battery"),
    ("lithium", "ess_battery"),
    ("lithium", "consumer_electronics"),
    ("cobalt", "ev_battery"),
} | {("cobalt", product) for product in PORTABLE}
"""Demand that becomes packs."""
PACK_LIFE = {
    "ev_lfp": ("lithium", "ev_battery"),
    "ess_lfp": ("lithium", "ess_battery"),
    **dict.fromkeys(packs.VINTAGES, ("lithium", "ev_battery")),
    **{f"portable_{product}": ("cobalt", product) for product in PORTABLE},
    "portable_lithium": ("lithium", "consumer_electronics"),
}
"""Whose lifetime a pack has: (metal, item of lifetimes.csv)."""
COLLECTED_AS = {
    "battery/ev_lfp_waste": ("lithium", "ev_battery"),
    "battery/ess_lfp_waste": ("lithium", "ess_battery"),
    **{f"battery/{group}_waste": ("lithium", "ev_battery") for group in packs.VINTAGES},
    "battery/portable_lco_waste": ("cobalt", "portable"),
    "lithium/portable_waste": ("lithium", "consumer_electronics"),
    "niobium/superconductors_metal_waste": ("niobium", "superalloys"),
}
"""Whose collection rate a waste has, where it is not its own."""


def rows(facts: Facts) -> Iterator[Row]:
    yield from _single_products(facts)
    yield from _packs(facts)
    yield from _pack_uses(facts)
    yield from _histories(facts)


def waste_of(pack: str) -> str:
    """The waste good of a pack product."""
    if pack == "portable_lithium":
        return "lithium/portable_waste"
    return "battery/portable_lco_waste" if pack.startswith("portable_") else f"battery/{pack}_waste"


def _single_products(facts: Facts) -> Iterator[Row]:
    """Products of one metal: the good demanded enters the stock tonne by tonne."""
    for metal, products in demand.PRODUCTS.items():
        for product in products:
            if (metal, product) in JOINT:
                continue
            name = f"{metal}/{product}"
            has_waste = product not in NO_WASTE[metal]
            waste = f"{name}_waste" if has_waste else ""
            yield from _product(facts, name, metal, product, waste, "" if has_waste else metal)
            one = Fact(
                1.0, "t/t", "own", "A", note="by definition: what is used at home enters the stock"
            )
            yield number("uses", one, product=name, good=name)
            if has_waste:
                yield structure(
                    "goods",
                    good=waste,
                    metal=metal,
                    kind="waste",
                    stage="use",
                    export="no",
                    description="end-of-life product",
                )
                yield from _collection(facts, waste, *COLLECTED_AS.get(waste, (metal, product)))
                yield from _dissipated(facts, name, metal, product)


def _product(
    facts: Facts, name: str, metal: str, item: str, waste: str, dissipated_metal: str
) -> Iterator[Row]:
    distribution = _distribution(facts, metal, item)
    yield structure(
        "products", product=name, metal=dissipated_metal, waste=waste, distribution=distribution
    )
    mean = facts.one("lifetimes", metal, variable="lifetime_mean", item=item, region="china")
    if (metal, item) == ("lithium", "ev_battery"):
        yield from _rising_life(facts, name, mean)
    else:
        yield number("product_values", mean, product=name, parameter="lifetime_mean")
    for parameter, wanted in (("lifetime_shape", "weibull"), ("lifetime_sd", "normal")):
        if distribution == wanted:
            fact = facts.one("lifetimes", metal, variable=parameter, item=item, region="china")
            yield number("product_values", fact, product=name, parameter=parameter)


def _distribution(facts: Facts, metal: str, item: str) -> str:
    found = [
        r
        for r in facts.rows("lifetime_distributions")
        if r["metal"] == metal and r["item"] == item and r["region"] == "china"
    ]
    if len(found) != 1:
        raise KeyError(f"{len(found)} distributions for {metal} {item}")
    return found[0]["distribution"]


def _rising_life(facts: Facts, name: str, mean: Fact) -> Iterator[Row]:
    """Vehicle batteries last 8 years up to the cohort of 2017 (buses and taxis led), 10 in those of
    2020 to 2022 and 15 from that of 2040 on."""
    series = [
        derived(
            fact.value,
            "year",
            f"mean life of the cohort; range as {mean.low:g} to {mean.high:g} is to {mean.value:g}",
            fact,
            mean,
            low=fact.value * (mean.low or 0) / mean.value,
            high=fact.value * (mean.high or 0) / mean.value,
            year=fact.year,
        )
        for fact in facts.series("additions", "lithium", variable="lifetime_mean_by_cohort")
    ]
    yield from path("product_values", series, product=name, parameter="lifetime_mean")


def _dissipated(facts: Facts, name: str, metal: str, product: str) -> Iterator[Row]:
    found = facts.all(
        "prompt_scrap_and_dissipation",
        metal,
        variable="dissipative_or_unrecyclable_share",
        item=product,
    )
    for fact in found:
        yield number("product_values", fact, product=name, parameter="dissipated")


def _collection(facts: Facts, waste: str, metal: str, item: str) -> Iterator[Row]:
    """Current policy in the base, the potential under `closed-loop`; both start from the rates up to
    now, 2021 and where known to 2025."""

    def of(scenario: str) -> list[Fact]:
        return facts.series(
            "collection_rates", metal, variable="collection_rate", item=item, scenario=scenario
        )

    now, current, potential = of(""), of("CP"), of("CN")
    ranged = [
        derived(
            fact.value,
            fact.unit,
            f"current policy; low: as in {now[-1].year}, high: the potential (closed-loop)",
            fact,
            high=at_year(potential, fact.year or 0),
            low=now[-1].value if now[-1].value <= fact.value else None,
            year=fact.year,
        )
        for fact in current
    ]
    yield from path("collection", [*now, *ranged], good=waste)
    yield from path("collection", [*now, *potential], scenario=CLOSED_LOOP, good=waste)


def _packs(facts: Facts) -> Iterator[Row]:
    """Pack products and their waste goods with contents."""
    held = packs.contents(facts)
    for pack, (metal, item) in PACK_LIFE.items():
        yield from _product(facts, pack, metal, item, waste_of(pack), "")
    for waste, lithium_only in (
        ("lithium/portable_waste", True),
        *((f"battery/{pack}_waste", False) for pack in held),
    ):
        yield structure(
            "goods",
            good=waste,
            metal="lithium" if lithium_only else "",
            kind="waste",
            stage="use",
            export="no",
            description="lithium of portable cells without cobalt"
            if lithium_only
            else "end-of-life battery packs, t of pack",
        )
        yield from _collection(facts, waste, *COLLECTED_AS[waste])
    for pack, content in held.items():
        for metal, fact in content.items():
            yield number(
                "good_values", fact, good=f"battery/{pack}_waste", metal=metal, parameter="content"
            )


def _pack_uses(facts: Facts) -> Iterator[Row]:
    """How a tonne demanded becomes packs: see the formulas of packs.py."""
    held = packs.contents(facts)
    lfp = held["ev_lfp"]["lithium"]
    yield number(
        "uses",
        _per(1 / lfp.value, "1 / lithium content of LFP", lfp),
        product="ev_lfp",
        good="lithium/ev_battery",
    )
    yield number(
        "uses",
        _per(1 / lfp.value, "1 / lithium content of LFP", lfp),
        product="ess_lfp",
        good="lithium/ess_battery",
    )
    less: list[Fact] = []
    for group, (first, last) in packs.VINTAGES.items():
        lithium, cobalt = held[group]["lithium"], held[group]["cobalt"]
        made = packs.steps(first, last, 1 / cobalt.value)
        series = [
            _per(made[year], f"1 / cobalt content, cohorts of {group} only", cobalt, year=year)
            for year in sorted(made)
        ]
        yield from path("uses", series, product=group, good="cobalt/ev_battery")
        note = (
            "- (lithium / cobalt of NCM) / lithium of LFP: lithium that goes into NCM packs is not "
            "in LFP"
        )
        for year in sorted({max(first, demand.FIRST), last}):
            less.append(
                _per(
                    -lithium.value / cobalt.value / lfp.value, note, lithium, cobalt, lfp, year=year
                )
            )
    yield from path("uses", less, product="ev_lfp", good="cobalt/ev_battery")
    lco = held["portable_lco"]
    for product in PORTABLE:
        yield number(
            "uses",
            _per(1 / lco["cobalt"].value, "1 / cobalt content", lco["cobalt"]),
            product=f"portable_{product}",
            good=f"cobalt/{product}",
        )
        less_lithium = _per(
            -lco["lithium"].value / lco["cobalt"].value,
            "- lithium per cobalt in LiCoO2",
            lco["lithium"],
            lco["cobalt"],
        )
        yield number("uses", less_lithium, product="portable_lithium", good=f"cobalt/{product}")
    one = Fact(1.0, "t/t", "own", "D", note="lithium of portable cells that is not in LiCoO2 cells")
    yield number("uses", one, product="portable_lithium", good="lithium/consumer_electronics")


def _per(value: float, note: str, *inputs: Fact, year: int | None = None) -> Fact:
    return derived(value, "t/t", note, *inputs, year=year)


CONSUMED = ("greases", "other_chemical")
"""Uses of lithium that are gone after a year, of which no history is held."""


def _history(facts: Facts, metal: str, item: str) -> list[Fact]:
    return facts.series("enduse_inflow_history", metal, variable="enduse_inflow_history", item=item)


def _cohorts(product: str, series: list[Fact]) -> Iterator[Row]:
    for fact in series:
        yield number("cohorts", fact, year=fact.year, product=product, parameter="inflow")


def _histories(facts: Facts) -> Iterator[Row]:
    held = packs.contents(facts)
    glass = _history(facts, "lithium", "ceramics_glass")
    yield from _cohorts(
        "lithium/ceramics_glass", [fact.map(lambda x: x, "t/year") for fact in glass]
    )
    stationary = _history(facts, "lithium", "ess_battery")
    lfp = held["ess_lfp"]["lithium"]
    yield from _cohorts(
        "ess_lfp", [_packed(fact, 1 / lfp.value, "/ lithium content of LFP") for fact in stationary]
    )
    yield from _vehicle_history(facts, held)
    for item in CONSUMED:
        now = facts.one(
            "demand_china",
            "lithium",
            variable="demand_enduse_domestic",
            item=item,
            scenario="CP",
            year=2021,
        )
        yield from _cohorts(
            f"lithium/{item}",
            [
                derived(
                    now.value,
                    "t/year",
                    (
                        "use of 2021 held back one year: its life is a year, so that nothing older "
                        "is in use"
                    ),
                    now,
                    grade="D",
                    year=2020,
                )
            ],
        )
    others = tuple(
        product for product in demand.PRODUCTS["cobalt"] if ("cobalt", product) not in JOINT
    )
    yield from _split(facts, "cobalt", "nonbattery_total", others)
    yield from _split(facts, "niobium", "total", demand.PRODUCTS["niobium"])
    yield from _split(facts, "germanium", "total", demand.PRODUCTS["germanium"])
    yield from _cohorts(
        "indium/ito_displays",
        [
            fact.map(
                lambda x: x,
                "t/year",
                "the whole history as displays: other uses began to matter after 2020",
            )
            for fact in _history(facts, "indium", "total")
        ],
    )


def _packed(fact: Fact, factor: float, note: str, *others: Fact) -> Fact:
    return derived(
        fact.value * factor,
        "t/year",
        f"{fact.value:g} t {note}",
        fact,
        *others,
        grade="C",
        year=fact.year,
    )


def _vehicle_history(facts: Facts, held: packs.Contents) -> Iterator[Row]:
    """Vehicle lithium splits by the LFP share of new cars; cobalt of its NCM packs comes off the
    battery history, the rest is portable."""
    shares = [
        fact
        for fact in facts.series("intensities", "lithium", variable="LFP_share_new_passenger_EV")
        if (fact.year or 0) <= 2021
    ]
    vehicles, group = _history(facts, "lithium", "ev_battery"), held["ev_ncm_to2021"]
    lfp, ncm, cobalt = [], [], {}
    for fact in vehicles:
        share = at_year(shares, fact.year or 0)
        lfp.append(
            _packed(
                fact,
                share / held["ev_lfp"]["lithium"].value,
                f"x LFP share {share:.3g} / lithium content",
                shares[0],
            )
        )
        ncm.append(
            _packed(
                fact,
                (1 - share) / group["lithium"].value,
                f"x (1 - LFP share {share:.3g}) / lithium content",
                shares[0],
            )
        )
        cobalt[fact.year] = ncm[-1].value * group["cobalt"].value
    yield from _cohorts("ev_lfp", lfp)
    yield from _cohorts("ev_ncm_to2021", ncm)
    yield from _portable_history(facts, held, cobalt)


def _portable_history(
    facts: Facts, held: packs.Contents, vehicles: dict[int | None, float]
) -> Iterator[Row]:
    batteries = _history(facts, "cobalt", "battery_total")
    content = held["portable_lco"]
    ratio = content["lithium"].value / content["cobalt"].value
    weights = {
        product: demand.home_demand(facts, "cobalt", product, "CP")[0].value for product in PORTABLE
    }
    portable = {
        fact.year: max(0.0, fact.value - vehicles.get(fact.year, 0.0)) for fact in batteries
    }
    for product, weight in weights.items():
        share = weight / sum(weights.values())
        yield from _cohorts(
            f"portable_{product}",
            [
                derived(
                    portable[fact.year] * share / content["cobalt"].value,
                    "t/year",
                    (
                        f"({fact.value:g} t Co - {vehicles.get(fact.year, 0.0):.5g} in vehicles) x "
                        f"{share:.3g} (as in 2021) / cobalt content"
                    ),
                    fact,
                    grade="D",
                    year=fact.year,
                )
                for fact in batteries
            ],
        )
    yield from _cohorts(
        "portable_lithium",
        [
            derived(
                max(0.0, fact.value - ratio * portable[fact.year]),
                "t/year",
                (
                    f"{fact.value:g} t Li of electronics - {ratio:.4f} x {portable[fact.year]:.5g} "
                    "t Co in LiCoO2, at least 0"
                ),
                fact,
                grade="D",
                year=fact.year,
            )
            for fact in _history(facts, "lithium", "consumer_electronics")
        ],
    )


def _split(facts: Facts, metal: str, item: str, products: tuple[str, ...]) -> Iterator[Row]:
    """One history for several products: split as home demand of 2021 is."""
    weights = {
        product: demand.home_demand(facts, metal, product, "CP")[0].value for product in products
    }
    for product, weight in weights.items():
        share = weight / sum(weights.values())
        yield from _cohorts(
            f"{metal}/{product}",
            [
                derived(
                    fact.value * share,
                    "t/year",
                    f"{fact.value:g} t x {share:.4g}: split as home demand of 2021",
                    fact,
                    grade=weakest(fact.grade, "D"),
                    year=fact.year,
                )
                for fact in _history(facts, metal, item)
            ],
        )
