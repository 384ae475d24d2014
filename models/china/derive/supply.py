"""What the supply chains of lithium and cobalt have in common: recipes, plants and import ceilings,
each as a few rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from models.china.derive.common import (
    CHARGE_LIFE,
    CHARGE_RATE,
    OWN,
    Fact,
    Facts,
    Row,
    derived,
    judged,
    number,
    path,
    structure,
)

TO_2021: Mapping[int, float] = {
    2015: 1.13,
    2016: 1.12,
    2017: 1.10,
    2018: 1.08,
    2019: 1.06,
    2020: 1.045,
    2021: 1.0,
    2022: 0.93,
    2023: 0.90,
    2024: 0.88,
    2025: 0.85,
    2026: 0.83,
}
"""US GDP deflator (BEA, recalled; 2024 and 2025 agree with the index of 125.2 and 128 read, 2017 =
100; 2026 estimated), 2021 over the year; 2022 as data/additions.csv (price_year) states it."""
ONE = Fact(1.0, "t/t", OWN, "A", note="by definition: activity counts this good")
NOTHING = "nothing before it exists"
FIRST, LAST = 2021, 2060


def money(fact: Fact, unit: str, factor: float = 1.0) -> Fact:
    """A sum of money in USD of its own year, in USD of 2021 and another unit (`factor` of the old
    in one of the new)."""
    year = int(fact.unit.split("_")[1][:4])
    note = "" if year == FIRST else f"deflated x {TO_2021[year]:g} from USD of {year}"
    return fact.times(TO_2021[year] * factor, unit, note).at(None)


def per_tonne(fact: Fact, factor: float = 1.0, note: str = "") -> Fact:
    """USD_2021/kg of one basis into USD_2021/t of another (`factor` kg of the first in one kg of
    the second)."""
    return fact.times(1000 * factor, "USD_2021/t", note).at(None)


def inverse(yield_: Fact, note: str) -> Fact:
    """Tonnes taken in per tonne given out, from a yield."""
    return yield_.map(lambda share: 1 / share, "t/t", note).at(None)


def ratio(yield_: Fact) -> Fact:
    """A yield as tonnes out per tonne in."""
    return yield_.times(1, "t/t").at(None)


def good(
    name: str, metal: str, kind: str, stage: str, description: str, equivalent: Fact | None = None
) -> Iterator[Row]:
    yield structure(
        "goods", good=name, metal=metal, kind=kind, stage=stage, description=description
    )
    if equivalent is not None:
        yield number("good_values", equivalent, good=name, metal=metal, parameter="equivalent")


def recipe(
    name: str,
    kind: str,
    stage: str,
    *,
    inputs: Mapping[str, Fact | Sequence[Fact]],
    outputs: Mapping[str, Fact | Sequence[Fact]],
    **columns: str,
) -> Iterator[Row]:
    """A process and its coefficients; a sequence of facts is a series over years."""
    yield structure("processes", process=name, kind=kind, stage=stage, **columns)
    for direction, flows in (("in", inputs), ("out", outputs)):
        for item, coefficient in flows.items():
            series = [coefficient] if isinstance(coefficient, Fact) else list(coefficient)
            yield from path("coefficients", series, process=name, good=item, direction=direction)


def value(
    process: str, parameter: str, fact: Fact | Iterable[Fact], *, scenario: str = ""
) -> Iterator[Row]:
    yield from path(
        "process_values",
        [fact] if isinstance(fact, Fact) else fact,
        process=process,
        parameter=parameter,
        scenario=scenario,
    )


def observed(process: str, fact: Fact, *, scenario: str = "") -> Row:
    """The activity of 2021, for the pinned base year."""
    return number(
        "process_values", fact, year=FIRST, scenario=scenario, process=process, parameter="observed"
    )


def from_year(process: str, year: int, note: str) -> Iterator[Row]:
    """An option that does not exist before a year and has no bound of its own from then on."""
    open_ = 2_000_000  # t/year: above any activity of the study, so no bound
    yield from value(
        process,
        "max_activity",
        [
            judged(0, "t/year", note, year=year - 1),
            judged(open_, "t/year", f"open from {year}: {note}", year=year),
        ],
    )


def plant(
    name: str,
    *,
    existing: Sequence[Fact],
    capital: Fact | Sequence[Fact] | None = None,
    lead: Fact | None = None,
    max_new: Sequence[Fact] = (),
    construction: Sequence[Fact] = (),
    max_capacity: Fact | None = None,
    life: Fact | None = None,
) -> Iterator[Row]:
    """A plant: what stands and is being built, and, where it can be ordered, capital, lead time,
    pace and interest."""
    yield from path("plants", existing, plant=name, parameter="existing_capacity")
    for fact in construction:
        yield number("plants", fact, year=fact.year, plant=name, parameter="under_construction")
    if max_capacity is not None:
        yield number("plants", max_capacity, plant=name, parameter="max_capacity")
    years = life or judged(
        CHARGE_LIFE,
        "year",
        "life at which the all-in costs of the data hold capital (data/README.md)",
        low=20,
        high=30,
    )
    yield number("plants", years.times(1, "year"), plant=name, parameter="life")
    if capital is None:
        return
    yield from path(
        "plants",
        [capital] if isinstance(capital, Fact) else capital,
        plant=name,
        parameter="capital_cost",
    )
    yield number(
        "plants",
        judged(
            CHARGE_RATE,
            "1/year",
            "rate of private capital, as the data's annuities",
            low=0.05,
            high=0.12,
        ),
        plant=name,
        parameter="interest_rate",
    )
    if lead is not None:
        yield number("plants", lead.times(1, "year"), plant=name, parameter="lead_time")
    yield from path("plants", max_new, plant=name, parameter="max_new")


def standing(capacity: Fact, life: int = CHARGE_LIFE) -> list[Fact]:
    """What stood in 2021, retiring evenly: all of it runs for ten years less than a life, none
    after a life."""
    note = (
        f"stands to {FIRST + life - 10}, then retires evenly to {FIRST + life} (life {life} years, "
        f"ages unknown: D); {capacity.note}"
    )
    first, end = (
        capacity.noted(note).at(FIRST),
        capacity.times(0, "t/year").noted(note).at(FIRST + life),
    )
    return [first, first.at(FIRST + life - 10), end]


def open_order(pace: Fact, lead: int, starts: int) -> list[Fact]:
    """Orders that would run before `starts` are closed (that is under construction already); after
    that at most `pace` a year."""
    note = f"orders that start before {starts} are already counted as under construction"
    return [
        judged(0, "t/year/year", note, year=starts - lead - 1),
        pace.times(1, "t/year/year", note).at(starts - lead),
    ]


def ceiling(
    output: Sequence[Fact], share: Sequence[Fact], note: str = "", factor: float = 1.0
) -> list[Fact]:
    """Output path x share open to China, at every year that either gives; straight lines between,
    last value held."""
    out_years, share_years = ([fact.year or FIRST for fact in series] for series in (output, share))
    found = []
    for year in sorted({*out_years, *share_years}):
        volume = float(np.interp(year, out_years, [fact.value for fact in output]))
        part = float(np.interp(year, share_years, [fact.value for fact in share]))
        near = [
            min(series, key=lambda fact: abs((fact.year or FIRST) - year))
            for series in (output, share)
        ]
        found.append(
            derived(
                volume * part * factor,
                "t/year",
                f"output {volume:.6g} t x share open to China {part:.3g}{note}",
                *near,
                year=year,
            )
        )
    return found


def scaled(
    series: Iterable[Fact], factor: float, unit: str, note: str = "", grade: str = ""
) -> list[Fact]:
    return [fact.times(factor, unit, note, grade) for fact in series]


def import_ramp(facts: Facts, group: str, demand: Fact, *, run_down: bool = True) -> Iterator[Row]:
    """Growth, step and run-down of the imports of one form, all origins together, so that splitting
    an origin changes nothing.

    Without a run-down where the exporter may shut the tap: a plan that foresees it would import
    less the year before, only to fall slowly.
    """
    growth = facts.one("additions", variable="max_annual_growth", item="imports_of_one_origin")
    step = derived(
        0.05 * demand.value,
        "t/year/year",
        f"5 % of the demand of 2021, {demand.value:.6g} t",
        demand,
        growth,
    )
    yield number("ramps", growth, ramp_group=group, parameter="growth")
    yield number("ramps", step, ramp_group=group, parameter="step")
    if run_down:
        yield from mine_ramp(facts, group)


def mine_ramp(facts: Facts, group: str) -> Iterator[Row]:
    """Run-down of a running route (the growth of mines is held by plants)."""
    yield number(
        "ramps",
        facts.one("additions", variable="max_annual_decline", item="any_running_route"),
        ramp_group=group,
        parameter="decline",
    )
