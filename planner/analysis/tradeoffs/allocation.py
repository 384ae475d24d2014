r"""Cost and emissions of joint production, parted among what comes of it.

A process that gives several goods, or that is the output of a host from which by-products are won,
has one cost and one emission for all of them. They are parted at the point where the products part
(ISO 14044:2006, 4.3.4.2, step 2 and 3): by mass of contained metal, or by revenue at shadow prices.
Of product i with quantity q, price p and own cost c after that point

$$s_i = \frac{v_i}{\sum_j v_j},\qquad v_i = q_i \quad\text{or}\quad v_i = \max(0, p_i q_i - c_i)$$

the latter being the net realisable value. What a by-product process costs and emits itself is its
own and is not parted. No allocation changes a plan: the programme weighs all products together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.prices import balance_prices
from planner.plan.tables import series
from planner.system.byproducts import byproducts_of_hosts, host_outputs
from planner.system.nouns import Array, Process, System
from planner.system.unit_accounts import emission_rates, running_costs

By = Literal["mass", "revenue"]
COLUMNS = ("process", "good", "year", "share", "cost", "emission")


@dataclass(frozen=True, slots=True, eq=False)
class _Product:
    """What comes of a joint process, per year, shape (T,) each."""

    good: str
    mass: Array
    """t of contained metal"""
    revenue: Array
    """USD, net of what it costs by itself"""


def allocation(plan: Plan, *, by: By = "revenue") -> pd.DataFrame:
    """Running cost and emissions of each joint process, parted among its products.

    process, good, year, share (1), cost (USD per year: running cost of the process), emission (t
    CO2e per year: its footprint). Shares of a process and year add up to 1, and so cost and
    emission to those of the process; where no product earns anything they are by mass. Years in
    which a process does not run are left out. Raises SpecError for another `by`.
    """
    if by not in get_args(By):
        raise SpecError("allocation", [f"'{by}' is no basis; one of {', '.join(get_args(By))}"])
    system = plan.system
    joint = _Joint(plan)
    rows: list[tuple[str, str, int, float, float, float]] = []
    for process in system.processes.values():
        products = joint.products(process)
        if len(products) < 2:
            continue
        activity = joint.run[process.name]
        shares = _shares(products, by)
        cost = activity * sum(running_costs(system, process).values(), np.zeros(1))
        emission = activity * emission_rates(system, process)["footprint"]
        for product, share in zip(products, shares, strict=True):
            rows += [
                (process.name, product.good, year, float(s), float(s * c), float(s * e))
                for year, s, c, e, a in zip(
                    system.years, share, cost, emission, activity, strict=True
                )
                if a > 0
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _shares(products: list[_Product], by: By) -> Array:
    """Share of each product, shape (products, T): by mass where nothing is earned."""
    mass = np.array([product.mass for product in products])
    value = np.maximum([product.revenue for product in products], 0.0) if by == "revenue" else mass
    value = np.where(value.sum(axis=0) > 0, value, mass)
    whole = value.sum(axis=0)
    return np.asarray(np.divide(value, whole, out=np.zeros_like(value), where=whole > 0))


class _Joint:
    """What comes of each process in a plan."""

    def __init__(self, plan: Plan) -> None:
        self.system: System = plan.system
        self.run: Mapping[str, Array] = {
            name: series(self.system, plan.values, "activity", name)
            for name in self.system.processes
        }
        self.prices = balance_prices(plan.prices)
        self.outputs = host_outputs(self.system, self.run)
        self.byproducts: dict[str, set[str]] = {}
        for (host, _), names in byproducts_of_hosts(self.system).items():
            self.byproducts.setdefault(host, set()).update(names)

    def products(self, process: Process) -> list[_Product]:
        """What a process gives but waste, and what is won from the host that it is output of."""
        own = [*self._given(process, self.run[process.name], np.zeros(1))]
        for host, given in process.hosting.items():
            whole = self.outputs[host]
            part = given * self.run[process.name]
            share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
            for name in sorted(self.byproducts.get(host, ())):
                won = self.system.processes[name]
                cost = sum(running_costs(self.system, won).values(), np.zeros(1))
                own += self._given(won, share * self.run[name], cost)
        return own

    def _given(self, process: Process, activity: Array, cost: Array) -> Iterator[_Product]:
        """Goods of a process, its own cost shared by what each earns."""
        goods = [self.system.goods[name] for name in process.outputs]
        goods = [good for good in goods if good.kind != "waste"]
        earned = [activity * process.outputs[g.name] * self._price(g.name) for g in goods]
        whole = np.sum([np.zeros(len(activity)), *np.maximum(earned, 0.0)], axis=0)
        for good, revenue in zip(goods, earned, strict=True):
            part = np.divide(
                np.maximum(revenue, 0.0), whole, out=np.zeros_like(whole), where=whole > 0
            )
            metal = sum(good.content.values()) * process.outputs[good.name] * activity
            yield _Product(good.name, metal, revenue - part * cost * activity)

    def _price(self, good: str) -> Array:
        return np.array([self.prices.get((good, year), 0.0) for year in self.system.years])
