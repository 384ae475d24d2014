"""What of the objective nobody pays, beside the penalties: benefits of buyers, unseen costs, and
what the objective of a price taker leaves out of what is paid."""

from __future__ import annotations

import numpy as np

from planner.lp.arrays import Arrays
from planner.system.curves import curves, paid_at
from planner.system.economics import period_factors
from planner.system.nouns import Array, System


def unpaid(system: System, arrays: Arrays) -> Array:
    """The part of the objective that is neither paid nor a penalty, present value in USD per unit
    of each column, shape (n,): with `arrays.penalty` and what is paid it adds up to `arrays.cost`.

    Of the steps that buyers at home take all of it; of steps at a market price abroad the price
    that is weighed less the outlay, below zero for a price taker; of a calibrated process what it
    costs unseen.
    """
    found, columns = np.zeros(len(arrays.cost)), arrays.column_at
    factor = period_factors(system.periods, system.discount_rate)

    def put(variable: str, name: str, yearly: Array) -> None:
        for year, value in zip(system.years, factor * yearly, strict=True):
            at = columns.get((variable, (name, year)))
            if at is not None:
                found[at] += value

    for of, curve, sign in curves(system):
        at_home = of in system.goods and system.goods[of].answers
        for step in curve.values():
            paid = 0.0 * step.price if at_home else paid_at(system, of, step)
            put("step", step.label, sign * (step.price - paid))
    for process in system.processes.values():
        if process.unseen is not None:
            put("activity", process.name, process.unseen.cost)
            put("beyond", process.name, process.unseen.rise)
    return found


def has_unpaid(system: System) -> bool:
    """Return True if a part of the objective may be neither paid nor a penalty."""
    return any(process.unseen is not None for process in system.processes.values()) or any(
        (of in system.goods and system.goods[of].answers)
        or any(step.outlay is not None for step in curve.values())
        for of, curve, _ in curves(system)
    )


def paid(system: System, arrays: Arrays, x: Array) -> tuple[float, float]:
    """What a solution x (n,) costs, and its penalties, USD: what is paid, and no benefit."""
    cost, penalty = arrays.parts(x)
    return cost - float(unpaid(system, arrays) @ x) if has_unpaid(system) else cost, penalty
