"""What the chains of indium, niobium and germanium share: money of other years, capital in all-in
costs, import tiers, recovery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from models.china.derive.common import (
    CHARGE_RATE,
    Fact,
    Facts,
    Row,
    derived,
    emission_rows,
    judged,
    number,
    path,
)
from models.china.derive.supply import (
    FIRST,
    LAST,
    ONE,
    TO_2021,
    good,
    plant,
    recipe,
    standing,
    value,
)

EARLIER_AND_LATER: Mapping[int, float] = {
    2006: 1.31,
    2007: 1.28,
    2011: 1.20,
    2024: 0.88,
    2025: 0.85,
}
"""US GDP deflator (BEA, recalled; 2025 estimated), 2021 over the year; 2011 as data/additions.csv
(price_year) states it."""
CIRCUIT_LIFE = 15
"""Years over which a by-product circuit or recovery plant is written off (NREL 2015: 10 to 20)."""
CAPITAL_SHARE = 0.2
"""Share of an all-in unit cost that is capital, where the data give no capital cost."""


def real(fact: Fact) -> Fact:
    """A price per kg in USD of its own year, in USD of 2021 per kg."""
    year = int(fact.unit.split("_")[1][:4])
    factor = {**EARLIER_AND_LATER, **TO_2021}[year]
    note = "" if year == FIRST else f"{fact.value:g} x {factor:g} from USD of {year}"
    return fact.times(factor, "USD_2021/kg", note).at(None)


def mean_price(
    prices: Sequence[Fact], note: str, low: float | None = None, high: float | None = None
) -> Fact:
    """Mean of prices of several years in USD of 2021 per kg."""
    made = [real(price) for price in prices]
    years = ", ".join(
        f"{price.year}: {fact.value:.4g}" for price, fact in zip(prices, made, strict=True)
    )
    return derived(
        sum(fact.value for fact in made) / len(made),
        "USD_2021/kg",
        f"{note}: mean of {years}",
        *made,
        low=low,
        high=high,
    )


def charge() -> float:
    """Yearly charge on a unit of capital, paid at the end of each year; an annuity due after a lead
    time of a year comes to the same."""
    return CHARGE_RATE / (1 - (1 + CHARGE_RATE) ** -CIRCUIT_LIFE)


def capital_in(all_in: Fact) -> Fact:
    """Capital cost per yearly tonne that an all-in cost (USD_2021/kg) holds."""
    note = (
        f"{CAPITAL_SHARE:g} of the all-in {all_in.value:.4g} USD/kg / {charge():.4f} (8 %, "
        f"{CIRCUIT_LIFE} years): share judged"
    )
    ends = [CAPITAL_SHARE * share * all_in.value * 1000 / charge() for share in (0.5, 2.0)]
    return derived(
        CAPITAL_SHARE * all_in.value * 1000 / charge(),
        "USD_2021/(t/year)",
        note,
        all_in,
        low=ends[0],
        high=ends[1],
        grade="D",
    )


def running(all_in: Fact, base: Fact | None = None) -> Fact:
    """An all-in cost (USD_2021/kg) without its capital, per tonne; `base` is the cost whose capital
    share the plant carries."""
    capital = CAPITAL_SHARE * (base or all_in).value
    ends = [None if end is None else (end - capital) * 1000 for end in (all_in.low, all_in.high)]
    return derived(
        (all_in.value - capital) * 1000,
        "USD_2021/t",
        (
            f"all-in {all_in.value:.4g} (grade {all_in.grade}) less capital {capital:.4g} USD/kg "
            f"that stands with the plant; {all_in.note}"
        ),
        all_in,
        low=ends[0],
        high=ends[1],
        grade="D",
    )


def circuit(
    name: str, existing: Sequence[Fact], all_in: Fact, pace: Fact, construction: Sequence[Fact] = ()
) -> Iterator[Row]:
    """A plant for a by-product or recovery, ordered a year ahead."""
    life = judged(
        CIRCUIT_LIFE, "year", "amortisation life of a recovery circuit, NREL 2015", low=10, high=20
    )
    lead = judged(
        1,
        "year",
        (
            "a circuit on a site that exists; also makes the annuity due equal to the charge taken "
            "off the all-in cost"
        ),
    )
    yield from plant(
        name,
        existing=existing,
        capital=capital_in(all_in),
        lead=lead,
        max_new=[pace],
        life=life,
        construction=construction,
    )


def long_standing(capacity: Fact) -> list[Fact]:
    return standing(capacity, life=25)


@dataclass(frozen=True)
class Origin:
    """Who sells: the share of every tier that is open to China, and the way there."""

    name: str
    country: str
    share: Fact
    kilometres: Fact


def import_tier(
    facts: Facts,
    metal: str,
    origin: Origin,
    tier: str,
    price: Fact,
    ceiling: Sequence[Fact],
    embodied: Fact,
    product: float = 1.0,
) -> Iterator[Row]:
    """One step of an origin's supply curve: price, ceiling (already the origin's), what it embodies
    and its sea transport.

    `product` is t shipped per t of metal.
    """
    process = f"import_{metal}_{origin.name}{'_' + tier if tier else ''}"
    yield from recipe(
        process,
        "import",
        "processing",
        inputs={},
        outputs={f"{metal}/refined": ONE},
        pathway="foreign primary",
        origin=origin.country,
        ramp_group=f"import_{metal}",
        description=f"{metal} from {origin.country}",
    )
    yield from value(process, "import_price", price.times(1000, "USD_2021/t"))
    yield from value(process, "max_activity", ceiling)
    yield from value(process, "embodied_emission", embodied.times(1, "tCO2e/t"))
    yield from value(process, "transport_emission", sea(facts, origin.kilometres, product))


def import_curve(
    facts: Facts,
    metal: str,
    origin: Origin,
    steps: Mapping[str, tuple[Fact, Sequence[Fact]]],
    embodied: Fact,
    product: float = 1.0,
) -> Iterator[Row]:
    """The supply curve of an origin: by step its price and its ceiling (already the origin's), in
    the order of their prices; what it embodies and its sea transport are the same at every step.

    `product` is t shipped per t of metal.
    """
    process = f"import_{metal}_{origin.name}"
    yield from recipe(
        process,
        "import",
        "processing",
        inputs={},
        outputs={f"{metal}/refined": ONE},
        pathway="foreign primary",
        origin=origin.country,
        ramp_group=f"import_{metal}",
        description=f"{metal} from {origin.country}, by steps of price (curves.csv)",
    )
    yield from value(process, "embodied_emission", embodied.times(1, "tCO2e/t"))
    yield from value(process, "transport_emission", sea(facts, origin.kilometres, product))
    for step, price in rising({name: price for name, (price, _) in steps.items()}).items():
        keys = {"of": process, "step": step}
        yield number("curves", price.times(1000, "USD_2021/t"), parameter="price", **keys)
        yield from path("curves", steps[step][1], parameter="amount", **keys)


def rising(prices: Mapping[str, Fact]) -> dict[str, Fact]:
    """Prices of steps with ends in the order of the prices: a step is never cheaper than the one
    before it, at either end of the ranges, since the cheaper metal is bought first."""
    found: dict[str, Fact] = {}
    before: Fact | None = None
    for name, price in prices.items():
        raised = price
        for end in ("low", "high"):
            least = getattr(before, end) if before is not None else None
            own = getattr(price, end)
            if least is not None and own is not None and own < least:
                note = f"{raised.note}; {end} end raised from {own:g} to that of the step before"
                raised = replace(raised, **{end: least}, note=note)
        found[name] = before = raised
    return found


def sea(facts: Facts, kilometres: Fact, product: float) -> Fact:
    rate = facts.one("carbon_intensity", variable="transport_ghg", item="deep_sea_container")
    note = f"{product:g} t shipped x {kilometres.value:g} km x {rate.value:g} kg/tkm / 1000"
    return derived(
        product * kilometres.value * rate.value / 1000, "tCO2e/t", note, rate, kilometres
    )


def shared_ceiling(tier: Sequence[Fact], share: Fact, note: str = "") -> list[Fact]:
    return [
        derived(
            fact.value * share.value,
            "t/year",
            (
                f"ceiling {fact.value:.5g} t x share {share.value:.3f} of the origin{note}; "
                f"{fact.note}"
            ),
            fact,
            share,
            year=fact.year,
        )
        for fact in tier
    ]


@dataclass(frozen=True)
class Recovery:
    """How a scrap becomes refined metal: yield, all-in cost per kg recovered, emissions."""

    plant: str
    ramp: str
    yield_: Fact
    cost: Fact
    base: Fact
    """The all-in cost whose capital share the plant carries."""
    ghg: Fact
    kwh: Fact
    best: Fact | None = None
    """Yield at its potential (scenario closed-loop)."""


def recycle(
    facts: Facts,
    process: str,
    scrap: str,
    metal: str,
    how: Recovery,
    *,
    pathway: str = "domestic secondary",
    origin: str = "",
) -> Iterator[Row]:
    """A recycling process, counted in refined metal recovered."""
    taken = _taken(how.yield_)
    yield from recipe(
        process,
        "recycle",
        "recycling",
        inputs={scrap: taken},
        outputs={f"{metal}/refined": ONE},
        pathway=pathway,
        origin=origin,
        plant=how.plant,
        ramp_group=how.ramp,
        loss="residues of recycling",
        description=f"{scrap} to refined {metal}",
    )
    if how.best is not None:
        yield number(
            "coefficients",
            _taken(how.best),
            scenario="closed-loop",
            process=process,
            good=scrap,
            direction="in",
        )
    yield from value(process, "variable_cost", running(how.cost, how.base))
    yield from emission_rows(facts, process, how.ghg, how.kwh)


def _taken(yield_: Fact) -> Fact:
    return yield_.map(lambda share: 1 / share, "t/t", f"1 / yield {yield_.value:.4g}").at(None)


def collected(metal: str, product: str, cost: Fact) -> Iterator[Row]:
    """Collection of an end-of-life product as scrap."""
    waste, scrap = f"{metal}/{product}_waste", f"{metal}/{product}_scrap"
    yield from good(scrap, metal, "scrap", "recycling", f"collected {product.replace('_', ' ')}")
    yield from recipe(
        f"collect_{metal}_{product}",
        "collect",
        "recycling",
        inputs={waste: ONE},
        outputs={scrap: ONE},
        description=f"collection of {product.replace('_', ' ')}",
    )
    if cost.value:
        yield from value(f"collect_{metal}_{product}", "variable_cost", cost)


def recycling_ramp(facts: Facts, group: str, step: Fact) -> Iterator[Row]:
    growth = facts.one("additions", variable="max_new_capacity", item="recycling_non_battery")
    yield number("ramps", growth, ramp_group=group, parameter="growth")
    yield number("ramps", step, ramp_group=group, parameter="step")


def foreign_scrap(
    facts: Facts,
    metal: str,
    words: str,
    recovered: Fact,
    price: Fact,
    opened: Fact,
    kilometres: Fact,
    product: float,
) -> Iterator[Row]:
    """Scrap from abroad: shut by the import ban, opened under `scrap-imports`; as an import it
    counts by the yield `recovered`."""
    process, scrap = f"import_scrap_{metal}", f"{metal}/foreign_scrap"
    worth = derived(
        recovered.value, "t/t", "yield of recycling: refined metal got from a tonne", recovered
    )
    yield from good(scrap, metal, "scrap", "recycling", f"imported {words}", worth)
    yield from recipe(
        process,
        "import",
        "recycling",
        inputs={},
        outputs={scrap: ONE},
        origin="world",
        description=f"imports of {words}",
    )
    shut = Fact(
        0.0, "t/year", "zeng2023", "S", note="import ban on foreign waste since August 2017"
    )
    yield from value(process, "max_activity", shut)
    yield from value(process, "max_activity", opened, scenario="scrap-imports")
    yield from value(process, "import_price", price)
    yield from value(process, "transport_emission", sea(facts, kilometres, product))


def growing(facts_at_start: Fact, rate: Fact, *years: int) -> list[Fact]:
    """A ceiling that grows at a constant rate, at the years given."""
    return [
        derived(
            facts_at_start.value * (1 + rate.value) ** (year - FIRST),
            "t/year",
            f"{facts_at_start.value:g} t in {FIRST} x (1 + {rate.value:g})^(year - {FIRST})",
            facts_at_start,
            rate,
            year=year,
        )
        for year in (FIRST, *years, LAST)
    ]
