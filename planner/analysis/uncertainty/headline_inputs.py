"""The inputs that move the headlines most, with their grade and, for weak ones, the value at which
a headline turns.

A headline is the mix of a metal in a year (`headline_shares` of the answers). An input moves it by
the share of supply that comes another way when the input is at an end of its range: half the sum of
the changes of all shares, so that a tonne that changes its source counts once. A headline turns
where its leading source changes, or where more than TURNED of its mix does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.answers import Answer, headline_shares
from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.sweep import Move, Result, Sweep, moved
from planner.runtime.progress import Progress, Step
from planner.system.nouns import System

LISTED = 100
"""Inputs that the table holds at most."""
TURNED = 0.1
"""Share of a mix that must come another way for a headline to turn without its leading source."""
MOVED = 1e-4
"""A share of a mix below this is not moved."""
READ = ("A", "B")
ENDS = ("low", "high")
HEADLINE_COLUMNS = (
    "rank",
    "input",
    "grade",
    "unit",
    "year",
    "low",
    "value",
    "high",
    "moves",
    "headline",
    "turns below",
    "below it",
    "turns above",
    "above it",
)


WEAK_COLUMNS = ("metal", "rank", "input", "grade", "unit", "moves", "headline")


class _Mix(NamedTuple):
    """The answers that make up one headline."""

    metal: str
    year: int
    shares: tuple[Answer, ...]

    @property
    def name(self) -> str:
        return f"{self.metal} {self.year}"

    def of(self, result: Result) -> dict[str, float]:
        """Share by source."""
        return {s.who: float(np.nan_to_num(result.asked[s.text])) for s in self.shares}

    def leading(self, result: Result) -> str:
        """The source that supplies most."""
        mix = self.of(result)
        return max(mix, key=lambda who: mix[who])

    def moved(self, result: Result, base: Result) -> float:
        """Share of the mix that comes another way."""
        mix, own = self.of(result), self.of(base)
        return sum(abs(mix[who] - own[who]) for who in mix) / 2


def headline_inputs(
    sweep: Sweep,
    chosen: Sequence[Input],
    results: Mapping[Move, Result | None],
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The LISTED inputs that move any headline most, the first first.

    `low`, `value` and `high` are those of `year` (0: all), the one with the widest range. `moves`
    is the largest share of a mix that an input moves, in the headline named; `turns below` and
    `turns above` are the values in that year beyond which a headline turns, looked for where the
    grade is not A or B, NaN where none does within the range; `below it` and `above it` say what
    turns.
    """
    table = _Headlines(sweep)
    ranked = sorted(
        ((*table.largest(each, results), each) for each in chosen),
        key=lambda one: (-one[0], one[2].name),
    )
    kept = [one for one in ranked if one[0] > MOVED][:LISTED]
    rows = []
    for rank, (moves, mix, each) in enumerate(kept, start=1):
        if progress is not None:
            progress(Step("turning values of headlines", rank - 1, len(kept)))
        weak = each.grade not in READ
        turns = dict(table.turns(each, results)) if weak else {}
        at = _widest(each)
        ends = {"low": each.low[at], "value": each.value[at], "high": each.high[at]}
        rows.append(
            {"rank": rank, "input": each.name, "grade": each.grade, "unit": each.unit, **ends}
            | {"moves": moves, "headline": mix}
            | {"year": each.years[at], "turns below": np.nan, "turns above": np.nan}
            | dict.fromkeys(("below it", "above it"), "holds" if weak else "")
            | turns
        )
    return pd.DataFrame(rows, columns=list(HEADLINE_COLUMNS))


def weak_by_metal(
    sweep: Sweep, chosen: Sequence[Input], results: Mapping[Move, Result | None]
) -> pd.DataFrame:
    """The inputs not of grade A or B by the largest share of each metal's own mix that they move:
    what to measure first for that metal. Columns: WEAK_COLUMNS."""
    table, rows = _Headlines(sweep), []
    weak = [each for each in chosen if each.grade not in READ]
    for metal in sweep.variants.base.system.metals:
        found = [(*table.largest(each, results, metal), each) for each in weak]
        kept = [one for one in found if one[0] > MOVED]
        kept.sort(key=lambda one: (-one[0], one[2].name))
        for rank, (moves, mix, each) in enumerate(kept, start=1):
            rows.append((metal, rank, each.name, each.grade, each.unit, moves, mix))
    return pd.DataFrame(rows, columns=list(WEAK_COLUMNS))


class _Headlines:
    """The headlines of a study, and how inputs move them."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.mixes = tuple(_mixes(sweep.variants.base.system))

    def largest(
        self, each: Input, results: Mapping[Move, Result | None], metal: str = ""
    ) -> tuple[float, str]:
        """The largest movement of a headline, of a metal or of any, at an end of an input, and its
        name; all of it where there is no plan."""
        found = [(0.0, "")]
        for end in ENDS:
            result = results[Move(each, end)]
            if result is None:
                return 1.0, f"every one: no plan at its {end} end"
            own = (mix for mix in self.mixes if metal in ("", mix.metal))
            found += [(mix.moved(result, self.sweep.base), mix.name) for mix in own]
        return max(found, key=lambda one: one[0])

    def turns(
        self, each: Input, results: Mapping[Move, Result | None]
    ) -> Iterator[tuple[str, Any]]:
        """Where a headline turns on the way to each end, and what turns there."""
        for end, side in zip(ENDS, ("below", "above"), strict=True):
            move = Move(each, end)
            if self.turned(results[move]):
                share, beyond = self.sweep.turning_share(move, self.turned)
                yield f"turns {side}", float(moved(each, share)[_widest(each)])
                yield f"{side} it", self.turned(beyond)

    def turned(self, result: Result | None) -> str:
        """The headlines that turn, in words; empty where none does."""
        if result is None:
            return "no plan"
        return "; ".join(filter(None, (self._said(mix, result) for mix in self.mixes)))

    def _said(self, mix: _Mix, result: Result) -> str:
        base = self.sweep.base
        was, now = mix.leading(base), mix.leading(result)
        # of two that lead equally either may come first: one leads anew where more than that moved
        if was != now and mix.moved(result, base) > MOVED:
            return f"{mix.name}: {now} leads, not {was}"
        share = mix.moved(result, base)
        return f"{mix.name}: {share:.0%} comes another way" if share > TURNED else ""


def _widest(each: Input) -> int:
    """Position of the row with the widest range."""
    return int(np.argmax(np.array(each.high) - np.array(each.low)))


def _mixes(system: System) -> Iterator[_Mix]:
    shares = headline_shares(system)
    for metal, year in dict.fromkeys((each.of, each.year) for each in shares):
        if year is not None:
            own = tuple(each for each in shares if (each.of, each.year) == (metal, year))
            yield _Mix(metal, year, own)
