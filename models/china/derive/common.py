"""Reads the tidy facts of `data/` and writes rows of the study: what every module of this package
shares.

A *fact* is a row of a file in `data/`. A *row* is a pair (table, mapping of columns) as
`planner/study/schema.py` lays them down. A module yields rows; the writer in `__main__.py` puts
them in canonical order. Names are agreed in NAMES.md.

    facts = Facts() cost = facts.one("recommended_base", metal="lithium", variable="unit_cost",
    item="dom_brine") yield number("process_values", cost.times(1000, "USD_2021/t"),
    process="mine_lithium_brine", parameter="variable_cost")
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from planner.study.schema import BY_NAME, VALUE_COLUMNS

Row = tuple[str, dict[str, Any]]

DATA = Path(__file__).resolve().parents[3] / "data"
GRADE_ORDER = "ASBCD"
"""From strong to weak: a derived number is as weak as the weakest that it is made from."""
NOW = 2026
"""Year of the latest facts: a figure of a year to come, drawn on from what a source that appears
every year said, is out."""
OWN = "own"
"""Source id of own judgement and derivation."""
CHARGE_RATE, CHARGE_LIFE = 0.08, 25
"""Rate and life at which the all-in unit costs of recommended_base.csv hold capital
(data/README.md)."""


@dataclass(frozen=True)
class Fact:
    """A number with all that travels with it. `low` and `high` are None where the source gives no
    range."""

    value: float
    unit: str
    source: str
    grade: str
    low: float | None = None
    high: float | None = None
    note: str = ""
    year: int | None = None
    item: str = ""
    region: str = ""
    published: int | None = None
    """Year in which the last of its sources came out; None where that of none is known."""

    def map(
        self, change: Callable[[float], float], unit: str, note: str = "", grade: str = ""
    ) -> Fact:
        """The same change to value, low and high (which swap where the change reverses their
        order)."""
        low, high = (None if end is None else change(end) for end in (self.low, self.high))
        if low is not None and high is not None and low > high:
            low, high = high, low
        return replace(
            self,
            value=change(self.value),
            low=low,
            high=high,
            unit=unit,
            note="; ".join(filter(None, (note, self.note))),
            grade=weakest(self.grade, grade) if grade else self.grade,
        )

    def times(self, factor: float, unit: str, note: str = "", grade: str = "") -> Fact:
        return self.map(lambda x: x * factor, unit, note, grade)

    def at(self, year: int | None) -> Fact:
        return replace(self, year=year)

    def noted(self, note: str) -> Fact:
        """With another note in place of its own."""
        return replace(self, note=note)


def weakest(*grades: str) -> str:
    return max((grade for grade in grades if grade), key=GRADE_ORDER.index, default="")


def derived(
    value: float,
    unit: str,
    note: str,
    *inputs: Fact,
    low: float | None = None,
    high: float | None = None,
    grade: str = "",
    year: int | None = None,
) -> Fact:
    """A number made from facts by the formula stated in the note: their sources together, their
    weakest grade (or the weaker one given)."""
    sources = (
        ";".join(dict.fromkeys(source for fact in inputs for source in fact.source.split(";")))
        or OWN
    )
    weak = weakest(*(fact.grade for fact in inputs), grade) or "D"
    return Fact(value, unit, sources, weak, low, high, note, year, published=latest(*inputs))


def latest(*facts: Fact) -> int | None:
    """Year in which the last of these came out, as far as it is known."""
    return max((fact.published for fact in facts if fact.published is not None), default=None)


def judged(
    value: float,
    unit: str,
    note: str,
    *,
    low: float | None = None,
    high: float | None = None,
    year: int | None = None,
) -> Fact:
    """Own judgement, grade D: the note must give the reasoning."""
    return Fact(value, unit, OWN, "D", low, high, note, year)


class Facts:
    """The files of `data/`, read once, asked by column."""

    def __init__(self, folder: Path = DATA) -> None:
        self.folder = folder
        self._files: dict[str, list[dict[str, str]]] = {}
        self._alike: dict[
            tuple[str, tuple[str, ...]], dict[tuple[str, ...], list[tuple[int, dict[str, str]]]]
        ] = {}
        self.asked: set[tuple[str, int]] = set()
        """File and position of every row that was given out: what a study or experiment is made of
        is among them."""

    def rows(self, file: str) -> list[dict[str, str]]:
        if file not in self._files:
            with (self.folder / f"{file}.csv").open(encoding="utf-8", newline="") as stream:
                self._files[file] = list(csv.DictReader(stream))
        return self._files[file]

    def all(self, file: str, metal: str = "", **columns: str | int) -> list[Fact]:
        """Facts whose columns match, in order of year. `metal` matches rows of several metals too."""
        wanted = {key: str(value) for key, value in columns.items()}
        found = {
            position: row
            for position, row in self._candidates(file, wanted)
            if (not metal or metal in row["metal"].split(";"))
            and all(row[key] == value for key, value in wanted.items())
        }
        self.asked |= {(file, position) for position in found}
        return sorted(map(self._fact, found.values()), key=lambda fact: fact.year or 0)

    def _fact(self, row: dict[str, str]) -> Fact:
        low, high = (float(row[end]) if row[end] else None for end in ("low", "high"))
        year = int(row["year"]) if row["year"] else None
        return Fact(
            float(row["value"]),
            row["unit"],
            row["source"],
            row["grade"],
            low,
            high,
            row["note"],
            year,
            row["item"],
            row["region"],
            self.published(row["source"], year),
        )

    def published(self, sources: str, year: int | None) -> int | None:
        """Year in which the last of some sources came out with a figure of a year: sources.csv
        gives it as such, or as so many years after the year of the figure; None where no source
        says."""
        said = [self._publication[source] for source in sources.split(";")]
        dated = [
            min(int(each) + (year or 0), NOW) if each.startswith("+") else int(each)
            for each in said
            if each and (year is not None or not each.startswith("+"))
        ]
        return max(dated, default=None)

    @cached_property
    def _publication(self) -> dict[str, str]:
        with (DATA / "sources.csv").open(encoding="utf-8", newline="") as stream:
            return {row["id"]: row["published"] for row in csv.DictReader(stream)}

    def _candidates(
        self, file: str, wanted: Mapping[str, str]
    ) -> Iterable[tuple[int, dict[str, str]]]:
        """Rows of a file with their positions, of one variable and item where they are known: each
        is asked for many times."""
        columns = tuple(column for column in ("variable", "item", "scenario") if column in wanted)
        if (file, columns) not in self._alike:
            alike = self._alike[file, columns] = {}
            for position, row in enumerate(self.rows(file)):
                alike.setdefault(tuple(row[column] for column in columns), []).append(
                    (position, row)
                )
        return self._alike[file, columns].get(tuple(wanted[column] for column in columns), ())

    def one(self, file: str, metal: str = "", **columns: str | int) -> Fact:
        """The only fact that matches; KeyError where there is none or more than one."""
        found = self.all(file, metal, **columns)
        if len(found) != 1:
            raise KeyError(
                f"{len(found)} facts in {file}.csv for metal={metal!r} {columns}: {found[:4]}"
            )
        return found[0]

    def series(self, file: str, metal: str = "", **columns: str | int) -> list[Fact]:
        """All facts that match, one a year; KeyError where there is none or a year stands twice."""
        found = self.all(file, metal, **columns)
        years = [fact.year for fact in found]
        if not found or len(set(years)) != len(years):
            raise KeyError(
                f"{len(found)} facts in {file}.csv for metal={metal!r} {columns}, years {years}"
            )
        return found

    @cached_property
    def grid_2021(self) -> Fact:
        """Grid intensity that the whole-chain factors of recommended_base.csv were made with,
        kgCO2e/kWh."""
        return self.one(
            "grid_carbon_path", variable="grid_intensity", item="recommended_central", year=2021
        )


def structure(table: str, **columns: str) -> Row:
    """A row of words: goods, processes, products."""
    return table, dict(columns)


def number(
    table: str,
    fact: Fact,
    *,
    year: int | None = None,
    scenario: str = "",
    extend: str = "",
    **keys: str,
) -> Row:
    """A row of a number. `keys` are the key columns and, where the table has several, `parameter`."""
    return table, {
        **keys,
        "year": "" if year is None else year,
        "scenario": scenario,
        "value": fact.value,
        "unit": fact.unit,
        "low": fact.low,
        "high": fact.high,
        "extend": extend,
        "source": fact.source,
        "grade": fact.grade,
        "published": fact.published,
        "note": fact.note,
    }


def path(
    table: str,
    facts: Iterable[Fact],
    *,
    scenario: str = "",
    extend: str = "",
    first: int = 2021,
    last: int = 2060,
    **keys: str,
) -> Iterator[Row]:
    """Rows of a series from facts that carry years.

    One alone makes a constant (no year); otherwise the last value is held `after` where it stops
    before the last year and the first `before` where it begins late. `extend` overrides that on
    every row.
    """
    series = sorted(facts, key=lambda fact: fact.year or 0)
    if len(series) == 1:
        yield number(table, series[0], scenario=scenario, extend=extend, **keys)
        return
    for index, fact in enumerate(series):
        late = index == 0 and (fact.year or 0) > first
        short = index == len(series) - 1 and (fact.year or 0) < last
        held = extend or ("before" if late else "after" if short else "")
        yield number(table, fact, year=fact.year, scenario=scenario, extend=held, **keys)


def emission_rows(
    facts: Facts, process: str, ghg: Fact, kwh: Fact, *, scenario: str = "", per: float = 1.0
) -> Iterator[Row]:
    """Electricity and direct emission of a home process from its whole-chain factor (kgCO2e/kg) and
    use of electricity (kWh/kg).

    direct = ghg - kWh x grid of 2021. For the low and high factor the electricity is scaled by ghg
    / central, or the direct part would turn negative. `per` is kg of metal per unit of activity (1
    where activity counts the metal of the factor).
    """
    grid = facts.grid_2021
    scale = [None if end is None else end / ghg.value for end in (ghg.low, ghg.high)]
    ends = [None if s is None else s * kwh.value * per for s in scale]
    if kwh.value:
        yield number(
            "process_values",
            derived(
                kwh.value * per,
                "MWh/t",
                f"{kwh.value:g} kWh/kg; low and high scaled with the emission factor",
                kwh,
                low=ends[0],
                high=ends[1],
            ),
            process=process,
            parameter="electricity",
            scenario=scenario,
        )
    direct = [
        None if end is None else (end - s * kwh.value * grid.value) * per
        for end, s in zip((ghg.low, ghg.high), scale, strict=True)
    ]
    yield number(
        "process_values",
        derived(
            (ghg.value - kwh.value * grid.value) * per,
            "tCO2e/t",
            (
                f"{ghg.value:g} - {kwh.value:g} kWh/kg x {grid.value:g} kg/kWh: the part that the "
                "grid does not explain"
            ),
            ghg,
            kwh,
            grid,
            low=direct[0],
            high=direct[1],
        ),
        process=process,
        parameter="direct_emission",
        scenario=scenario,
    )


def without_capital(cost: Fact, capital: Fact) -> Fact:
    """All-in unit cost less the annuity of the capital it holds (8 %, 25 years), both per kg; for
    plants with capital of their own."""
    annuity = CHARGE_RATE / (1 - (1 + CHARGE_RATE) ** -CHARGE_LIFE)
    charge = annuity * capital.value
    ends = [None if end is None else end - charge for end in (cost.low, cost.high)]
    note = f"all-in {cost.value:g} less annuity {annuity:.4f} x {capital.value:g} of capital"
    return derived(cost.value - charge, cost.unit, note, cost, capital, low=ends[0], high=ends[1])


def thinned(series: Sequence[Fact], tolerance: float = 0.002) -> list[Fact]:
    """The fewest of a series' years (by halving at the worst) between which straight lines stay
    within a share of the largest value."""
    limit = tolerance * max(abs(fact.value) for fact in series)
    keep = {0, len(series) - 1}
    spans = [(0, len(series) - 1)]
    while spans:
        first, last = spans.pop()
        errors = {
            i: abs(series[i].value - _between(series[first], series[last], series[i].year or 0))
            for i in range(first + 1, last)
        }
        if errors and max(errors.values()) > limit:
            worst = max(errors, key=lambda i: errors[i])
            keep.add(worst)
            spans += [(first, worst), (worst, last)]
    return [series[i] for i in sorted(keep)]


def _between(a: Fact, b: Fact, year: int) -> float:
    start, end = a.year or 0, b.year or 0
    return a.value + (b.value - a.value) * (year - start) / (end - start)


def at_year(series: Sequence[Fact], year: int) -> float:
    """Value of a series in a year, on the straight line between the years given; the ends are held."""
    for fact in series:
        if fact.year == year:
            return fact.value
    for a, b in pairwise(series):
        if (a.year or 0) <= year <= (b.year or 0):
            return _between(a, b, year)
    return series[0].value if year < (series[0].year or 0) else series[-1].value


def rounded(value: float, digits: int = 6) -> float:
    """Significant digits: six are enough for any fact, and the files stay readable."""
    return float(f"{value:.{digits}g}")


def columns_of(table: str) -> list[str]:
    """Header of a study table, as the format lays it down."""
    form = BY_NAME[table]
    return [
        *(column.name for column in (*form.keys, *form.columns)),
        *(["parameter"] if form.has_parameter_column else []),
        *(VALUE_COLUMNS if form.has_values else ()),
    ]
