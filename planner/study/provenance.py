"""Input lines of numbers and policies, and series of them in words: for answers that must name
their grounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from planner.study.schema import BY_NAME
from planner.system.nouns import Array, Datum, Place, Policy, System

SAME = 1e-9
"""Two values that differ by less than this share of the larger read as one."""


class Inputs:
    """Looks up the input line of a number. Made once for a System."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._rows: dict[str, list[Datum]] = defaultdict(list)
        for datum in system.data:
            self._rows[datum.stem].append(datum)

    def line(self, table: str, *keys: str, year: int | None = None) -> str:
        """`file:line` of the row that gives a number in a year: that year's, else the last before
        it; empty where no row does.

        `keys` are those of the row and its parameter, which tables with a single parameter leave
        out.
        """
        rows = self._rows.get(_stem(table, keys), [])
        if not rows:
            return ""
        before = [row for row in rows if year is None or (row.year or year) <= year]
        return _line(max(before, key=lambda row: row.year or 0, default=rows[0]).place)

    def step(self, of: str, step: str, parameter: str, year: int | None = None) -> str:
        """`file:line` of a number of a step, or of the elasticity of the curve that it is cut
        from."""
        return self.line("curves", of, step, parameter, year=year) or self.line(
            "curves", of, "", "elasticity", year=year
        )

    def policy(self, name: str) -> str:
        """`file:line` of a policy."""
        return place_of(self.system.policies[name])


def _stem(table: str, keys: tuple[str, ...]) -> str:
    """The path of a series without a year."""
    form = BY_NAME[table]
    named = keys if form.has_parameter_column else keys[: len(form.keys)]
    return ".".join([table, *filter(None, named)])


def _line(place: Place) -> str:
    return f"{place.file}:{place.row}" if place.row else place.file


def place_of(policy: Policy) -> str:
    """`file:line` of a policy; where it was made in Python, what it says of its source."""
    return _line(policy.place) if policy.place.row else policy.source or "made in Python"


def span(years: Iterable[int]) -> str:
    """Years in words: in 2030, in 2031-2040, in 2030, 2035 and 2040."""
    words = [
        str(first) if first == last else f"{first}-{last}"
        for first, last in _runs(sorted(set(years)))
    ]
    if not words:
        return "in no year"
    *others, last = words
    return f"in {', '.join(others)} and {last}" if others else f"in {last}"


def _runs(years: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of consecutive years."""
    runs: list[tuple[int, int]] = []
    for year in years:
        follows = runs and year == runs[-1][1] + 1
        runs.append((runs.pop()[0] if follows else year, year))
    return runs


def figures(values: Sequence[float] | Array, unit: str) -> str:
    """One number with its unit, or the first and the last of several: 30 t/year; 30 to 50 t/year; a
    share of 1 in percent."""
    share = unit == "1"
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)] * (100 if share else 1)
    word = " %" if share else f" {unit}" if unit else ""
    if not len(known):
        return "without limit"
    ends = [float(known[0]), float(known[-1])]
    ends = ends[:1] if abs(ends[0] - ends[1]) <= SAME * max(map(abs, ends)) else ends
    return " to ".join(plain(value) for value in ends) + word


def plain(value: float) -> str:
    """A number with six significant digits, thousands parted; what is nothing but rounding is 0."""
    value = 0.0 if abs(value) < SAME else value
    return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.6g}"


def years_of(system: System, firsts: Iterable[int]) -> list[int]:
    """All calendar years of the periods that begin in these years."""
    wanted = set(firsts)
    return [
        year
        for period in system.periods
        if period.first in wanted
        for year in range(period.first, period.last + 1)
    ]
