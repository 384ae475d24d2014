"""Curves of a study in one place: the steps of processes, goods and deposits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.system.nouns import Array, Curve, Deposit, Good, Step, System

BOUGHT, SOLD = 1.0, -1.0
"""Sign of the price of a step in the cost."""


def curves(system: System) -> Iterator[tuple[str, Curve, float]]:
    """Each curve of a system: what it is of, its steps, and the sign of their prices in the
    cost."""
    yield from ((p.name, p.curve, BOUGHT) for p in system.processes.values() if p.curve)
    yield from ((d.name, d.curve, BOUGHT) for d in system.deposits.values() if d.curve)
    yield from ((g.name, g.curve, SOLD) for g in system.goods.values() if g.curve)


def crosses_the_border(system: System, of: str) -> bool:
    """Return True for the curve of an import or an export: who is on the other side is abroad."""
    process = system.processes.get(of)
    good = system.goods.get(of)
    return (good is not None and good.export) or (process is not None and process.kind == "import")


def paid_at(system: System, of: str, step: Step) -> Array:
    """What the country pays, or earns abroad, for a unit of a step, USD, shape (Y,): the market
    price of all units where the curve crosses the border and has one, else the step's own. A rent
    at home stays there."""
    if step.outlay is None or not crosses_the_border(system, of):
        return step.price
    return step.outlay


def tranches(system: System) -> Iterator[tuple[Deposit, Step]]:
    """Every step of every deposit that has a curve."""
    for deposit in system.deposits.values():
        for step in deposit.curve.values():
            yield deposit, step


def sold_abroad(system: System) -> list[Good]:
    """Goods that are sold abroad by steps of price."""
    return [good for good in system.goods.values() if good.sold]


def observed_sales(system: System) -> dict[str, Array]:
    """What is sold of each good that is sold by steps, t per year, shape (T,): what the processes
    that give it were observed to give, linear between the years of observation and held outside
    them. Nothing is sold of what nobody observed."""
    found, years = {}, np.array(system.years)
    for good in sold_abroad(system):
        found[good.name] = np.zeros(len(years))
        for process in system.processes.values():
            seen = np.isfinite(process.observed)
            if good.name in process.outputs and seen.any():
                run = np.interp(years, years[seen], process.observed[seen])
                given = run * process.outputs[good.name]
                found[good.name] = found[good.name] + given
    return found
