"""What would have been said without a plan: no change since the last year before, and a trend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from planner.study.rows.vintages import UNDATED
from planner.system.nouns import Observed

GRADES = "ASBCD"
"""From strong to weak."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Of an item, its two last observed years up to `origin`; None where there are none."""

    last: tuple[int, float] | None
    before: tuple[int, float] | None

    @property
    def no_change(self) -> float:
        """The last value observed; NaN where there is none."""
        return float("nan") if self.last is None else self.last[1]

    def trend(self, year: int) -> float:
        """The straight line through the two last years, in another year, and never below 0; NaN
        where there are not two."""
        if self.last is None or self.before is None:
            return float("nan")
        (y1, v1), (y0, v0) = self.last, self.before
        return max(v1 + (v1 - v0) / (y1 - y0) * (year - y1), 0.0)


def baseline(o: Observed, every: Iterable[Observed], origin: int) -> Baseline:
    """The baseline of an observation: what was observed of the same item up to the year
    `origin`."""
    alike = [each for each in every if each.item == o.item and each.year <= origin]
    years = sorted({each.year for each in alike}, reverse=True)
    found = [
        (year, _best(o, [each for each in alike if each.year == year]).value) for year in years[:2]
    ]
    return Baseline(*found, *[None] * (2 - len(found)))


def _best(o: Observed, alike: Iterable[Observed]) -> Observed:
    """Of several observations of one flow and year, that of the same name, else of a same source,
    else of the best grade; the one that came out last before the others, then the first by name."""

    def rank(each: Observed) -> tuple[bool, bool, int, int, str]:
        shared = set(o.reference.split(";")) & set(each.reference.split(";"))
        grade = GRADES.find(each.grade) if each.grade else len(GRADES)
        return (
            each.name != o.name,
            not shared,
            grade,
            -(UNDATED if each.published is None else each.published),
            each.name,
        )

    return min(alike, key=rank)
