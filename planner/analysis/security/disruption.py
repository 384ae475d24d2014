r"""Disruption: every origin and every host metal lost for some years, alone and in pairs.

A loss strikes unannounced: capacities, orders and stockpiles stand as the plan has them, and from
its first year only recourse is left (`planner.analysis.security.recourse`): other suppliers within
their limits and ramps, what is in stock, recycling within its plants. The loss's own length is
known once it has begun. What cannot be served is unmet demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    recourse,
    sources,
    start_periods,
)
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.runtime.display import amount, shown
from planner.runtime.progress import Progress, Step
from planner.solver.compiled import Compiled
from planner.solver.highs import Program
from planner.system.nouns import Array, System
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
    """What each loss leaves unserved, the worst first.

    `losses`: rank, loss, first and last year, unmet (t of refined equivalents beyond the plan's own
    shortage, over all years watched), unmet_share (of the requirement in the years of the loss),
    worst_metal and its worst_share, cost (USD, present value, without the penalty), penalty (USD),
    recovery (years after the loss until all is served as planned; empty: not within the years
    watched). `by_metal`: loss, first, metal, year, unmet (t/year), requirement (t/year), unit.
    """

    losses: pd.DataFrame
    by_metal: pd.DataFrame
    base_cost: float

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
            self.losses.drop(columns=["rank", "penalty"]),
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
    progress: Progress | None = None,
) -> Disruptions:
    """Every source lost for `years`, beginning in each of `starts` (every period where None), down
    to `share` of what the plan runs.

    Pairs are tried from the start that hurts most among single losses. A lost source regrows by the
    ramp of its group, or with `reopen` runs again at once. Raises SpecError for a length, share or
    year that cannot be, InfeasibleError where there is no plan at all.
    """
    _require(years, recovery, share)
    base = base_of(subject)
    system = base.made.system
    named = sources(system)
    if not named:
        raise SpecError(
            system.name, ["no process has an origin or a host: there is nothing to lose"]
        )
    asked = start_periods(system, tuple(starts) if starts is not None else None, "disrupt")
    rows: list[dict[str, Any]] = []
    metals: list[tuple[Any, ...]] = []
    parts = len(asked) + (1 if pairs and len(named) > 1 else 0)
    for part, start in enumerate(asked):
        if progress is not None:
            progress(Step(f"losses from {start}", part, parts))
        _try(
            base,
            [(name,) for name in named],
            start,
            years,
            recovery,
            share,
            rows,
            metals,
            reopen=reopen,
        )
    if pairs and len(named) > 1:
        worst = max(rows, key=lambda row: row["cost"] + row["penalty"])["first"]
        if progress is not None:
            progress(Step(f"pairs of losses from {worst}", len(asked), parts))
        _try(
            base, combinations(named, 2), worst, years, recovery, share, rows, metals, reopen=reopen
        )
    ordered = sorted(
        rows, key=lambda row: (-(row["cost"] + row["penalty"]), row["loss"], row["first"])
    )
    listed = pd.DataFrame(ordered).assign(rank=range(1, len(ordered) + 1))
    return Disruptions(
        listed[list(LOSSES)], pd.DataFrame(metals, columns=list(BY_METAL)), base.cost
    )


def _require(years: int, recovery: int, share: float) -> None:
    problems = []
    if not years >= 1:
        problems.append(f"a loss of {years} years is none; give 1 or more")
    if not recovery >= 0:
        problems.append(f"{recovery} years of recovery cannot be watched; give 0 or more")
    if not 0 <= share < 1:
        problems.append(
            f"share is {share}; give what is left of each lost source, from 0 to below 1"
        )
    if problems:
        raise SpecError("disrupt", problems)


def losses_of(
    system: System, names: Iterable[str], start: int, years: int, share: float
) -> tuple[Loss, ...]:
    """These sources lost from a period on, for so many years. Raises SpecError for a name that is
    no source."""
    named = sources(system)
    names = list(names)
    if unknown := [name for name in names if name not in named]:
        raise SpecError(
            "losses",
            [
                f"'{name}' is no source{suggestion(name, named)}; choose of {', '.join(named)}"
                for name in unknown
            ],
        )
    last = max(p.first for p in system.periods if p.first < start + years)
    return tuple(Loss(name, named[name], start, last, share) for name in names)


def _try(
    base: Base,
    groups: Iterable[tuple[str, ...]],
    start: int,
    years: int,
    recovery: int,
    share: float,
    rows: list[dict[str, Any]],
    metals: list[tuple[Any, ...]],
    *,
    reopen: bool,
) -> None:
    """All losses of one start: one window, one living programme, a change of bounds for each."""
    system = base.made.system
    window = recourse(base, start, start + years + recovery - 1)
    program, watch = Program(window.arrays), Watch(window)
    for names in groups:
        losses = losses_of(system, names, start, years, share)
        running = any((window.own[window.closed(loss)[0]] > 0).any() for loss in losses)
        x = close(program, window, losses, reopen=reopen).x if running else window.own
        label = " + ".join(names)
        unmet = {metal: watch.unmet(metal, x) for metal in system.metals}
        rows.append(_row(watch, label, losses[0], unmet, x))
        metals += [
            (label, start, metal, t, float(v), float(need), "t/year")
            for metal, amounts in unmet.items()
            for t, v, need in zip(window.years, amounts, watch.requirement[metal], strict=True)
            if v > SERVED * need
        ]
    # all bounds are restored: after many changes the living programme must still agree with one
    # made from nothing
    program.confirm(program.run())


class Watch:
    """Counts what a window leaves unserved, metal by metal, in refined equivalents."""

    def __init__(self, window: Window) -> None:
        system = window.base.made.system
        self.window = window
        kept = [i for i, p in enumerate(system.periods) if p.first in window.years]
        self.length = np.array([system.periods[i].length for i in kept], dtype=float)
        self.weights: dict[str, Array] = {}
        """t of metal per unit of each column of the window, shape (T, n)."""
        self.requirement: dict[str, Array] = {}
        for metal in system.metals:
            weights = np.zeros((len(kept), len(window.arrays.columns)))
            for good in system.goods.values():
                if good.demand is not None and metal in good.content:
                    worth = reported_equivalent(good, metal)
                    for row, t in enumerate(window.years):
                        place = window.arrays.column_at.get(("shortage", (good.name, t)))
                        if place is not None:
                            weights[row, place] = worth
            self.weights[metal] = weights
            self.requirement[metal] = reported_requirement(system, metal)[kept]

    def unmet(self, metal: str, x: Array) -> Array:
        """Demand not served beyond the plan's own shortage, t per year, shape (T,)."""
        return np.asarray(np.maximum(self.weights[metal] @ (x - self.window.own), 0.0))


def _row(watch: Watch, label: str, loss: Loss, unmet: dict[str, Array], x: Array) -> dict[str, Any]:
    window = watch.window
    struck = np.array([loss.first <= t <= loss.last for t in window.years])
    sums = {metal: float(watch.length @ amounts) for metal, amounts in unmet.items()}
    needs = {
        metal: float((watch.length * struck) @ need) for metal, need in watch.requirement.items()
    }
    shares = {metal: sums[metal] / needs[metal] if needs[metal] > 0 else 0.0 for metal in sums}
    worst = max(shares, key=lambda metal: (shares[metal], metal))
    change = x - window.own
    penalised = np.array([name == "shortage" for name, _ in window.arrays.columns])
    costs = window.arrays.cost * change
    total = sum(sums.values())
    short = np.any(
        [amounts > SERVED * watch.requirement[metal] for metal, amounts in unmet.items()], axis=0
    )
    last_year = max(
        (t for t, open_ in zip(window.years, short, strict=True) if open_), default=loss.last
    )
    watched = last_year < window.years[-1] or last_year <= loss.last
    system = window.base.made.system
    end = {p.first: p.last for p in system.periods}
    return {
        "loss": label,
        "first": loss.first,
        "last": end[loss.last],
        "unmet": total,
        "unmet_share": total / sum(needs.values()) if sum(needs.values()) > 0 else 0.0,
        "worst_metal": worst if shares[worst] > SERVED else "",
        "worst_share": shares[worst],
        "cost": float(costs[~penalised].sum()),
        "penalty": float(costs[penalised].sum()),
        "recovery": float(max(end[last_year] - end[loss.last], 0)) if watched else np.nan,
    }
