"""What all metals share: carbon price, grid and emission factors over the years."""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.common import Fact, Facts, Row, at_year, derived, path

CARBON_NEUTRAL = "carbon-neutral"


def rows(facts: Facts) -> Iterator[Row]:
    yield from _carbon_price(facts)
    yield from _grid(facts)
    yield from _indices(facts)
    yield from _population(facts)


def _ranged(
    facts: Facts, file: str, variable: str, central: str, low: str, high: str
) -> list[Fact]:
    """A recommended path with two others as its low and high end in the same years (empty where a
    path is its own end)."""
    ends = [facts.series(file, variable=variable, item=item) for item in (low, high)]
    ranged = []
    for fact in facts.series(file, variable=variable, item=central):
        year = fact.year or 0
        bounds = [at_year(end, year) for end in ends]
        ranged.append(
            derived(
                fact.value,
                fact.unit,
                f"{central}; range {low} to {high}; {fact.note}",
                fact,
                low=min(*bounds, fact.value),
                high=max(*bounds, fact.value),
                year=year,
            )
        )
    return ranged


def _begun(seen: list[Fact], later: list[Fact]) -> list[Fact]:
    """What was seen, then a path from the year after it: no scenario differs in what has been."""
    last = max(fact.year or 0 for fact in seen)
    return [*seen, *(fact for fact in later if (fact.year or 0) > last)]


def _carbon_price(facts: Facts) -> Iterator[Row]:
    """Market prices to 2025; then current policy the low path, carbon neutrality the central one.
    It falls on territorial emissions."""
    low, central, high = "recommended_low", "recommended_central", "recommended_high"
    seen = facts.series("carbon_price", variable="carbon_price", item="ets_mean")
    base = _ranged(facts, "carbon_price", "carbon_price", low, low, central)
    yield from path("series", _begun(seen, base), series="carbon_price")
    neutral = _ranged(facts, "carbon_price", "carbon_price", central, low, high)
    yield from path("series", _begun(seen, neutral), scenario=CARBON_NEUTRAL, series="carbon_price")


def _grid(facts: Facts) -> Iterator[Row]:
    """The ministry's factors to 2023; then current policy the delayed path, carbon neutrality the
    central one. Direct emissions only, as the whole-chain factors have them."""
    low, central, high = "recommended_low", "recommended_central", "recommended_high"
    seen = [
        fact.times(1, "tCO2e/MWh")
        for fact in facts.series("grid_carbon_path", variable="grid_intensity", item="mee_average")
    ]
    for scenario, path_of, best in (("", high, central), (CARBON_NEUTRAL, central, low)):
        series = [
            fact.map(lambda x: x, "tCO2e/MWh")
            for fact in _ranged(facts, "grid_carbon_path", "grid_intensity", path_of, best, high)
        ]
        yield from path("series", _begun(seen, series), scenario=scenario, series="grid_intensity")


def _indices(facts: Facts) -> Iterator[Row]:
    """Fossil heat at home falls slowly under current policy, fast under carbon neutrality; imports
    get cleaner in both."""
    for scenario, policy in (("", "CP"), (CARBON_NEUTRAL, "CN")):
        heat = facts.series(
            "additions", variable=f"fossil_heat_emission_factor_multiplier_{policy}"
        )
        yield from path("series", heat, scenario=scenario, series="direct_emission_index")
    abroad = facts.series("additions", variable="foreign_emission_factor_multiplier")
    yield from path("series", abroad, series="foreign_emission_index")


def _population(facts: Facts) -> Iterator[Row]:
    """Persons, for stocks per head; between the years quoted a straight line, before the first its
    value."""
    persons = facts.series("additions", region="china", variable="population")
    yield from path("series", persons, series="population")
