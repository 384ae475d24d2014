r"""Calibration by positive mathematical programming: unseen costs that make the base year the
optimum.

Howitt (1995, American Journal of Agricultural Economics 77: 329-342): what was observed is pinned,
and the dual of each pin is what the study does not know of the cost of that process. Here

1. the observed activities of the base year are reached as nearly as the study allows, by soft pins;
2. they are held there, and the reduced cost of each is its unseen cost with the sign turned,
   $\lambda_p = -\bar c_p$: with it the reduced cost is 0, so that the base year is an optimum;
3. linear costs would make it one optimum of many. Up to the activity held a unit costs
   $\lambda_p - \omega_p / 2$, beyond it $\lambda_p + \omega_p / 2$, with $\omega_p$ a share `KINK`
   of the cost of the process: the base year is the only optimum.

Unseen costs fade to nothing in equal parts over stated years. They move the costs of later years,
and these the worth of what is built and kept in the base year: with those of step 2 fading in later
years the base year is held once more, and the duals found then are its own unseen costs. A process
that stands at a limit of its own needs no unseen cost to be there, and gets none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from planner.analysis.hindcast.calibration import COLUMNS, HELD, Calibration
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.solve import optimum
from planner.plan.tables import series
from planner.runtime.progress import Progress, told
from planner.system.curves import paid_at
from planner.system.economics import period_factors
from planner.system.nouns import Policy, Process, System, Unseen, frozen_array, frozen_map
from planner.system.unit_accounts import running_costs

FADE = 10
"""Years over which unseen costs fade, unless said otherwise."""
KINK = 0.01
"""Rise of the unseen cost at the activity held, as a share of the larger of the visible and the
unseen cost of the process."""
TIGHT, LOOSE = 1e-7, 1e-5
"""Share by which an activity held may be passed, so that rounding keeps it open, and by which it
may fall short: more, so that of those that serve one need the dearest sets the price, and the
unseen costs are those of the cheaper ones, as in Howitt."""
PIN = "calibration"
"""Name of the soft pin."""
Unseens = Mapping[str, tuple[float, float]]
"""Unseen cost and rise by process, USD per unit of activity."""


def calibrate(
    system: System,
    *,
    year: int | None = None,
    fade: int = FADE,
    tolerance: float = 0.0,
    progress: Progress | None = None,
) -> Calibration:
    """Find the unseen costs with which the observed activities of a base year are the optimum.

    `year` is the first in which anything was observed unless given; `fade` the years after it in
    which unseen costs fade to nothing; `tolerance` the share by which an observation may be missed
    while the nearest activities are sought. Raises SpecError where nothing was observed in the
    year or an argument is out of range, InfeasibleError where no plan exists.
    """
    at = _base_year(system, year, fade, tolerance)
    told(progress, "uncalibrated")
    before = optimum(system)
    told(progress, "nearest")
    near = _activities(optimum(_pinned(system, at, tolerance)), at)
    told(progress, "first duals")
    first = optimum(_held(system, at, near))
    held = _activities(first, at)
    later = _unseen(system, first, at, held)
    told(progress, "duals")
    faded = _with_unseen(system, at, fade, held, {}, later)
    base = _unseen(system, optimum(_held(faded, at, held)), at, held)
    told(progress, "calibrated")
    whole = _with_unseen(system, at, fade, held, base, later)
    after = optimum(whole)
    costs = _table(at, held, before, after, base, later)
    return Calibration(system.years[at], fade, costs, whole, before, after)


def _base_year(system: System, year: int | None, fade: int, tolerance: float) -> int:
    """Position of the base year. Raises SpecError where it has no observation."""
    seen = [np.isfinite(p.observed) for p in system.processes.values()]
    known = np.flatnonzero(np.any(seen, axis=0)) if seen else np.zeros(0, dtype=int)
    observed = [system.years[i] for i in known]
    if wrong := [*_year_problems(observed, year), *_setting_problems(fade, tolerance)]:
        raise SpecError(system.name, wrong)
    return int(known[0]) if year is None else system.years.index(year)


def _year_problems(observed: Sequence[int], year: int | None) -> Iterator[str]:
    if not observed:
        yield "no process has an observed activity; give `observed` in process_values.csv"
    elif year is not None and year not in observed:
        yield f"nothing was observed in {year}; choose of {', '.join(map(str, observed))}"


def _setting_problems(fade: int, tolerance: float) -> Iterator[str]:
    if fade < 1:
        yield f"unseen costs cannot fade over {fade} years; give 1 or more"
    if not 0 <= tolerance < 1:
        yield f"a tolerance of {tolerance:g} is no share; give 0 or more and less than 1"


def _pinned(system: System, at: int, tolerance: float) -> System:
    """The study with its base year pinned; a missed observation costs what the dearest shortage
    does."""
    level = np.full(len(system.years), np.nan)
    level[at] = tolerance
    dear = [g.shortage_cost.max() for g in system.goods.values() if g.shortage_cost is not None]
    penalty = float(max(dear, default=1.0))
    pin = Policy(PIN, "pin", frozen_array(level), penalty=penalty, source="calibration")
    return replace(system, policies=frozen_map({**system.policies, PIN: pin}))


def _activities(plan: Plan, at: int) -> dict[str, float]:
    """Activity in the base year of each process that was observed in it."""
    system = plan.system
    return {
        p.name: float(series(system, plan.values, "activity", p.name)[at])
        for p in system.processes.values()
        if np.isfinite(p.observed[at])
    }


def _held(system: System, at: int, held: Mapping[str, float]) -> System:
    """The study with the activities of the base year held by their bounds."""
    processes = dict(system.processes)
    for name, activity in held.items():
        process = processes[name]
        low, high = process.min_activity.copy(), process.max_activity.copy()
        low[at] = max(low[at], activity * (1 - LOOSE))
        high[at] = max(min(high[at], activity * (1 + TIGHT)), low[at])
        processes[name] = replace(
            process, min_activity=frozen_array(low), max_activity=frozen_array(high)
        )
    return replace(system, processes=frozen_map(processes))


def _unseen(system: System, plan: Plan, at: int, held: Mapping[str, float]) -> Unseens:
    """Unseen cost and rise of each process held, USD per unit of activity in the base year; nothing
    of those at a limit of their own."""
    discount = float(period_factors(system.periods, system.discount_rate)[at])
    found: dict[str, tuple[float, float]] = {}
    for name, activity in held.items():
        process = system.processes[name]
        reduced = plan.reduced_costs["activity"].get((name, system.years[at]), 0.0) / discount
        visible = _visible(plan, process, at)
        if abs(reduced) <= HELD * max(abs(visible), 1.0):
            reduced = 0.0
        if not _at_own_limit(process, at, activity, reduced):
            found[name] = -reduced, KINK * max(abs(visible), abs(reduced))
    return found


def _at_own_limit(process: Process, at: int, activity: float, reduced: float) -> bool:
    """Return True if a process would stand where it is without a pin: at its most although more
    would pay, or at its least although less would."""
    room = HELD * max(activity, 1.0)
    full = reduced < 0 and activity >= process.max_activity[at] - room
    return bool(full or (reduced > 0 and activity <= process.min_activity[at] + room))


def _visible(plan: Plan, process: Process, at: int) -> float:
    """What is known of the cost of a unit of activity in the base year, USD: running cost, and what
    is paid by a curve in the mean."""
    system = plan.system
    cost = float(sum(part[at] for part in running_costs(system, process).values()))
    run = float(series(system, plan.values, "activity", process.name)[at])
    for step in process.curve.values():
        taken = float(series(system, plan.values, "step", step.label)[at])
        cost += float(paid_at(system, process.name, step)[at]) * taken / run if run else 0.0
    return cost


def _with_unseen(
    system: System, at: int, fade: int, held: Mapping[str, float], base: Unseens, later: Unseens
) -> System:
    """The study with the unseen costs of the base year, and those that fade in `later` years."""
    years = np.arange(len(system.years)) - at
    now, left = (years <= 0) * 1.0, np.where(years > 0, np.clip(1 - years / fade, 0.0, 1.0), 0.0)
    processes = dict(system.processes)
    for name in {**base, **later}:
        (cost, rise), (then, risen) = base.get(name, (0.0, 0.0)), later.get(name, (0.0, 0.0))
        processes[name] = replace(
            processes[name],
            unseen=Unseen(
                frozen_array((cost - rise / 2) * now + (then - risen / 2) * left),
                frozen_array(rise * now + risen * left),
                frozen_array(np.full(len(years), held[name])),
            ),
        )
    return replace(system, processes=frozen_map(processes))


def _table(
    at: int,
    held: Mapping[str, float],
    before: Plan,
    after: Plan,
    base: Unseens,
    later: Unseens,
) -> pd.DataFrame:
    """Each process held, the largest unseen costs first."""
    system, rows = before.system, []
    first, reached = _activities(before, at), _activities(after, at)
    for name, activity in held.items():
        process, (cost, rise) = system.processes[name], base.get(name, (0.0, 0.0))
        then, risen = later.get(name, (0.0, 0.0))
        visible = _visible(after, process, at)
        share = cost / visible if visible else float("nan")
        run = float(process.observed[at]), activity, first[name], reached[name]
        unit = f"USD_{system.currency_year}/t"
        rows.append((name, *run, visible, cost, share, rise, then, risen, unit))
    rows.sort(key=lambda row: -abs(row[6]) * row[2])
    return pd.DataFrame(rows, columns=list(COLUMNS))
