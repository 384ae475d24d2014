r"""Disruption: every origin and every host metal lost for some years, alone and in pairs.

A loss strikes unannounced: capacities, orders and stockpiles stand as the plan has them, and from
its first year only recourse is left (`planner.analysis.security.recourse`): other suppliers within
their limits and ramps, what is in stock, recycling within its plants. The loss's own length is
known once it has begun. What cannot be served is unmet demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.security.recourse import (
    Base,
    Loss,
    Window,
    base_of,
    close,
    lost_by_name,
    recourse,
    sources,
    stages_of_places,
    start_periods,
)
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.runtime.display import amount, shown
from planner.runtime.progress import Progress, Step, told
from planner.solver.compiled import Compiled
from planner.solver.highs import Program
from planner.system.nouns import HOME, Array, Good, System
from planner.system.unit_accounts import reported_equivalent, reported_requirement
from planner.units import suggestion

YEARS = 3
"""Years that a loss lasts unless said otherwise: about as long as it takes to find and open other
sources."""
RECOVERY = 5
"""Years after a loss that are watched for its after-effects."""
SERVED = 1e-6
"""Unmet demand below this share of the requirement counts as served."""

LOSSES = (
    "rank",
    "loss",
    "first",
    "last",
    "unmet",
    "unmet_share",
    "worst_metal",
    "worst_share",
    "cost",
    "penalty",
    "recovery",
)
BY_METAL = ("loss", "first", "metal", "year", "unmet", "requirement", "unit")


@dataclass(frozen=True, eq=False)
class Disruptions:
    """The demand that each loss leaves unserved, the worst first.

    `losses`: rank, loss, first and last year, unmet (t of refined equivalents beyond the plan's own
    shortage, over all years watched), unmet_share (of the requirement in the years of the loss),
    worst_metal and its worst_share, cost (USD, present value: of what is paid, and of ore and stock
    used up), penalty (USD: of what is unmet and of targets missed, in no cost), recovery (years
    after the loss until all is served as planned; empty: not within the years watched). `by_metal`:
    loss, first, metal, year, unmet (t/year), requirement (t/year), unit.
    """

    losses: pd.DataFrame
    by_metal: pd.DataFrame
    base_cost: float
    base_penalty: float

    def _repr_html_(self) -> str:
        """The worst loss in words, then the losses, for a notebook."""
        worst = self.losses.iloc[0]
        said = (
            f"{worst['loss']} hurts most: {amount(worst['unmet'])} t unserved, "
            f"{worst['worst_share']:.0%} of {worst['worst_metal']}."
        )
        said = said if worst["worst_metal"] else "No loss leaves anything unserved."
        return shown(
            "Losses, the worst first",
            [said],
            self.losses.drop(columns="rank"),
            more=".losses",
        )


def disrupt(
    subject: System | Plan | Compiled | Base,
    *,
    years: int = YEARS,
    recovery: int = RECOVERY,
    starts: Sequence[int] | None = None,
    share: float = 0.0,
    pairs: bool = True,
    reopen: bool = False,
    losses: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Disruptions:
    """Every source lost for `years`, beginning in each of `starts` (every year where None), down to
    `share` of what the plan runs.

    `losses` names sources (`origin/NAME` or NAME, `host/NAME`), or a stage of a place
    (`Korea:processing`: what runs there at that stage); all origins and hosts where None. Pairs
    are tried from the start that hurts most among single losses. A lost source regrows by the
    ramp of its group, or with `reopen` runs again at once. Raises SpecError for a length, share or
    year that cannot be, InfeasibleError where there is no plan at all.
    """
    if problems := [*_problems(years, recovery, share)]:
        raise SpecError("disrupt", problems)
    base = base_of(subject)
    system = base.made.system
    named = tuple(sources(system)) if losses is None else tuple(losses)
    if not named:
        raise SpecError(
            system.name, ["no process has an origin or a host: there is nothing to lose"]
        )
    trials = _Trials(base, years, recovery, share, reopen)
    asked = start_periods(system, tuple(starts) if starts is not None else None, "disrupt")
    in_pairs = pairs and len(named) > 1
    steps = len(asked) + in_pairs
    for step, start in enumerate(asked):
        told(progress, Step(f"losses from {start}", step, steps))
        trials.run(start, [(name,) for name in named])
    if in_pairs:
        worst = max(trials.rows, key=_harm)["first"]
        told(progress, Step(f"pairs of losses from {worst}", len(asked), steps))
        trials.run(worst, combinations(named, 2))
    return trials.answer()


def _problems(years: int, recovery: int, share: float) -> Iterator[str]:
    if not years >= 1:
        yield f"a loss cannot last {years} years; give 1 or more"
    if not recovery >= 0:
        yield f"{recovery} years of recovery cannot be watched; give 0 or more"
    if not 0 <= share < 1:
        yield f"share is {share}; give what is left of each lost source, from 0 to below 1"


def _harm(row: Mapping[str, Any]) -> float:
    """Extra cost of a loss with the penalty for what it leaves unserved, USD."""
    return float(row["cost"] + row["penalty"])


def losses_of(
    system: System, names: Iterable[str], start: int, years: int, share: float
) -> tuple[Loss, ...]:
    """These sources lost from a year on, for so many years: origins, hosts, and stages of places
    (`lost_by_name`). Raises SpecError for a name that is not a source."""
    asked = {name: lost_by_name(system, name) for name in names}
    if unknown := [name for name, found in asked.items() if found is None]:
        raise _no_sources(system, unknown)
    last = max(p.first for p in system.periods if p.first < start + years)
    return tuple(Loss(*found, start, last, share) for found in asked.values() if found is not None)


def _no_sources(system: System, names: Iterable[str]) -> SpecError:
    known = [*sources(system), *stages_of_places(system)]
    return SpecError(
        "losses",
        [
            f"'{name}' is not a source{suggestion(name, known)}; choose of {', '.join(known)}"
            for name in names
        ],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Trials:
    """Losses tried on one plan, and what each of them did."""

    base: Base
    years: int
    recovery: int
    share: float
    reopen: bool
    rows: list[dict[str, Any]] = field(default_factory=list)
    metals: list[tuple[Any, ...]] = field(default_factory=list)

    def run(self, start: int, groups: Iterable[tuple[str, ...]]) -> None:
        """Try all losses of one start: one window, one living programme, a change of bounds for
        each."""
        system = self.base.made.system
        window = recourse(self.base, start, start + self.years + self.recovery - 1)
        program, watch = Program(window.arrays), Watch(window)
        for names in groups:
            losses = losses_of(system, names, start, self.years, self.share)
            runs = any((window.own[window.closed(loss)[0]] > 0).any() for loss in losses)
            x = close(program, window, losses, reopen=self.reopen).x if runs else window.own
            self.note(watch, " + ".join(names), losses[0], x)
        # all bounds are restored: after many changes the living programme must still agree with one
        # made from nothing
        program.confirm(program.run())

    def note(self, watch: Watch, label: str, loss: Loss, x: Array) -> None:
        """Keep what a loss did, in all and by metal and year."""
        unmet = {metal: watch.unmet(metal, x) for metal in watch.requirement}
        self.rows.append(_row(watch, label, loss, unmet, x))
        self.metals.extend(
            (label, loss.first, metal, t, float(v), float(need), "t/year")
            for metal, amounts in unmet.items()
            for t, v, need in zip(
                watch.window.years, amounts, watch.requirement[metal], strict=True
            )
            if v > SERVED * need
        )

    def answer(self) -> Disruptions:
        """The losses tried, the worst first."""
        ordered = sorted(self.rows, key=lambda row: (-_harm(row), row["loss"], row["first"]))
        listed = pd.DataFrame(ordered).assign(rank=range(1, len(ordered) + 1))
        by_metal = pd.DataFrame(self.metals, columns=list(BY_METAL))
        base = self.base
        return Disruptions(listed[list(LOSSES)], by_metal, base.cost, base.penalty)


class Watch:
    """Counts what a window leaves unserved, metal by metal, in refined equivalents."""

    def __init__(self, window: Window) -> None:
        system = window.base.made.system
        self.window = window
        kept = [i for i, p in enumerate(system.periods) if p.first in window.years]
        self.length = np.array([system.periods[i].length for i in kept], dtype=float)
        shape = (len(kept), len(window.arrays.columns))
        self.weights = {metal: np.zeros(shape) for metal in system.metals}
        """t of metal per unit of each column of the window, shape (T, n)."""
        self.requirement = {
            metal: reported_requirement(system, metal)[kept] for metal in system.metals
        }
        for good in system.goods.values():
            if good.demand is not None and good.place == HOME:
                self._count(good)

    def _count(self, good: Good) -> None:
        """Count what may be short of a good towards each of its metals."""
        places = self._short(good.name)
        for metal in good.content.keys() & self.weights.keys():
            for row, place in places:
                self.weights[metal][row, place] = reported_equivalent(good, metal)

    def _short(self, good: str) -> list[tuple[int, int]]:
        """Period and column of what is short of a good, by position."""
        at = self.window.arrays.column_at
        names = [("shortage", (good, t)) for t in self.window.years]
        return [(row, at[name]) for row, name in enumerate(names) if name in at]

    def unmet(self, metal: str, x: Array) -> Array:
        """Demand not served beyond the plan's own shortage, t per year, shape (T,)."""
        return np.asarray(np.maximum(self.weights[metal] @ (x - self.window.own), 0.0))


def _row(watch: Watch, label: str, loss: Loss, unmet: dict[str, Array], x: Array) -> dict[str, Any]:
    window = watch.window
    struck = watch.length * np.array([loss.first <= t <= loss.last for t in window.years])
    sums = {metal: float(watch.length @ amounts) for metal, amounts in unmet.items()}
    needs = {metal: float(struck @ need) for metal, need in watch.requirement.items()}
    shares = {metal: _share(sums[metal], needs[metal]) for metal in sums}
    worst = max(shares, key=lambda metal: (shares[metal], metal))
    change = x - window.own
    total = sum(sums.values())
    system = window.base.made.system
    return {
        "loss": label,
        "first": loss.first,
        "last": next(p.last for p in system.periods if p.first == loss.last),
        "unmet": total,
        "unmet_share": _share(total, sum(needs.values())),
        "worst_metal": worst if shares[worst] > SERVED else "",
        "worst_share": shares[worst],
        "cost": float((window.arrays.cost - window.penalty - window.arrays.transfer) @ change),
        "penalty": float(window.penalty @ change),
        "recovery": _recovery(watch, loss, unmet),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _recovery(watch: Watch, loss: Loss, unmet: Mapping[str, Array]) -> float:
    """Years after a loss until all is served as planned; NaN where that is not within the years
    watched."""
    years = watch.window.years
    short = np.any(
        [amounts > SERVED * watch.requirement[metal] for metal, amounts in unmet.items()], axis=0
    )
    last = max((t for t, is_short in zip(years, short, strict=True) if is_short), default=loss.last)
    if last == years[-1] and last > loss.last:
        return np.nan
    end = {p.first: p.last for p in watch.window.base.made.system.periods}
    return float(max(end[last] - end[loss.last], 0))
