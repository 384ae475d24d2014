"""Replay of a plan with longer periods: its orders fixed in the years in which they are placed,
everything else chosen anew year by year.

The programme of the replay is that of the same study with periods of one year. It knows nothing of
the periods of the plan, so that a limit that the plan passed in some of its years, or a cost that
it counted wrongly, shows as a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from planner.lp.formulation import components, programme
from planner.plan.plan import Plan, Replay
from planner.plan.tables import orders
from planner.solver.highs import Arrays, Program, Solution
from planner.system.nouns import SCOPES, System
from planner.system.orders import placed

TOLD = 0.01
"""A difference above this share is told in a note."""
ROOM = 1e-9
"""Room for rounding around an order that is held, as a share of it."""


def replay(plan: Plan, best: Callable[[Program], Solution]) -> Replay:
    """By how much the replay of a plan differs from it. `best` solves a programme as the plan was
    solved, ties broken alike; it raises where there is no optimum."""
    yearly = _every_year(plan.system)
    arrays = _held(plan, programme(components(yearly, replace(plan.balance, system=yearly))))
    again = best(Program(arrays))
    cost = float(arrays.cost @ again.x) + arrays.offset
    emitted = {
        scope: sum(float(again.x[i]) for i in _columns(arrays, "emission", scope))
        for scope in SCOPES
    }
    short = float(again.x[arrays.columns_of("shortage")].sum())
    own = sum(plan.values.get("shortage", {}).values())
    return Replay(
        cost=_share(cost - plan.objective, plan.objective),
        emissions={
            scope: _share(amount - plan.record.emissions[scope], plan.record.emissions[scope])
            for scope, amount in emitted.items()
        },
        shortage=short - own,
        shortage_share=_share(short - own, _demand(plan.system)),
    )


def _every_year(system: System) -> System:
    """The same study, with orders in every year."""
    return replace(system, order_periods=system.periods)


def _held(plan: Plan, arrays: Arrays) -> Arrays:
    """The programme with the orders of the plan, each in the years in which it is placed, and no
    others."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    for i in arrays.columns_of("new_capacity"):
        lower[i] = upper[i] = 0.0
    for plant in plan.system.plants.values():
        by_year = orders(plan.system, plan.values, plant) @ placed(plan.system, plant)
        for year, amount in zip(plan.system.years, by_year, strict=True):
            at = arrays.column_at.get(("new_capacity", (plant.name, year)))
            if at is not None:
                lower[at], upper[at] = amount * (1 - ROOM), amount * (1 + ROOM)
    return replace(arrays, lower=lower, upper=upper)


def _columns(arrays: Arrays, variable: str, name: str) -> Iterator[int]:
    """Positions of a variable of one name."""
    return (int(i) for i in arrays.columns_of(variable) if arrays.columns[i][1][0] == name)


def _demand(system: System) -> float:
    """All that is demanded in all years, t of goods."""
    return float(sum(np.sum(g.demand) for g in system.goods.values() if g.demand is not None))


def _share(part: float, whole: float) -> float:
    return part / max(abs(whole), 1.0)


def notes(found: Replay) -> tuple[str, ...]:
    """A note where the replay differs by more than `TOLD`."""
    said = f"replayed year by year, this plan is another one: {found}"
    return (said,) if not found.largest <= TOLD else ()
