"""Where a number stands in the study folder, and how a series of it reads over some years: for
answers that must name their grounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from planner.study.schema import BY_NAME
from planner.system.nouns import Array, Datum, Policy, System

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
        path = ".".join(
            [
                table,
                *filter(
                    None,
                    keys
                    if BY_NAME[table].has_parameter_column
                    else keys[: len(BY_NAME[table].keys)],
                ),
            ]
        )
        rows = self._rows.get(path, [])
        if not rows:
            return ""
        before = [row for row in rows if row.year is None or year is None or row.year <= year]
        datum = max(before, key=lambda row: row.year or 0) if before else rows[0]
        return f"{datum.place.file}:{datum.place.row}" if datum.place.row else datum.place.file

    def policy(self, name: str) -> str:
        """`file:line` of a policy."""
        return place_of(self.system.policies[name])


def place_of(policy: Policy) -> str:
    """`file:line` of a policy; where it was made in Python, what it says of its source."""
    return (
        f"{policy.place.file}:{policy.place.row}"
        if policy.place.row
        else policy.source or "made in Python"
    )


def span(years: Iterable[int]) -> str:
    """Years in words: in 2030, in 2031-2040, in 2030, 2035 and 2040."""
    listed = sorted(set(years))
    runs: list[list[int]] = []
    for year in listed:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return (
        "in " + (words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1])
        if words
        else "in no year"
    )


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
