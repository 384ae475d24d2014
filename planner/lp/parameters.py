"""Sets and parameters that several families or the objective read, filled from a System.

Every choice that the rules must not make is made when sets and parameters are filled: what a single
family needs stands in its file in `planner.lp.families`, the rest here, above all the columns with
their bounds and costs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.lp.components import (
    Components,
    Key,
    Series,
    add_param,
    add_set,
    add_sets,
    join_sets,
)
from planner.mfa.balance import Balance
from planner.mfa.demand_measures import AVOIDED, Spare, spares
from planner.system.curves import curves
from planner.system.economics import discount_factor, period_factors
from planner.system.nouns import HOME, SCOPES, Array, System
from planner.system.orders import order_cash, order_charge, orderable
from planner.system.places import place_of_plants
from planner.system.unit_accounts import running_costs


@dataclass(frozen=True, eq=False)
class Given:
    """A System and its flow balance, with what several families work out from them; made once for a
    programme."""

    system: System
    balance: Balance

    @cached_property
    def years(self) -> list[int]:
        """First year of each period."""
        return [p.first for p in self.system.periods]

    @cached_property
    def factor(self) -> Array:
        """Discount factor of each period, shape (T,)."""
        return period_factors(self.system.periods, self.system.discount_rate)

    @cached_property
    def spares(self) -> tuple[Spare, ...]:
        """Every column of every demand measure."""
        return tuple(spares(self.system))

    @cached_property
    def orderable(self) -> Mapping[str, npt.NDArray[np.bool_]]:
        """Periods of order in which each plant can be ordered, shape (V,); plants that never can
        are left out."""
        found = {plant.name: orderable(self.system, plant) for plant in self.system.plants.values()}
        return {name: kept for name, kept in found.items() if kept.any()}

    def series(self, parts: int = 1) -> Series:
        """An empty series over the years, its keys of so many parts before the year."""
        return Series(self.system.periods, parts)

    def order_series(self) -> Series:
        """An empty series over the periods of order, a key each before the first year of the
        period."""
        return Series(self.system.order_periods)

    def by_order(self, values: Mapping[str, Array]) -> Series:
        """A series over the years with the keys (plant, first year of the period of order), from
        arrays of shape (..., V, T) by plant: without what is zero."""
        made = self.series(2)
        for name, whole in values.items():
            kept = self.orderable[name]
            # a life may end a year later in one sample than in another: its zeros are left out when
            # the matrix is made
            there = (whole != 0).reshape(-1, *whole.shape[-2:]).any(axis=0)
            for i in np.flatnonzero(kept):
                year = self.system.order_periods[i].first
                made.add(name, year, values=whole[..., i, :], kept=there[i])
        return made

    def by_period(self, name: Hashable, values: Array) -> dict[Key, Any]:
        """Key (name, period) to a float, from an array of shape (T,), or to its samples (B,), from
        shape (B, T)."""
        each = values.tolist() if values.ndim == 1 else values.T
        return {(name, t): value for t, value in zip(self.years, each, strict=True)}


def fill_parameters(m: Components, given: Given) -> None:
    """Fill the periods, and the columns that no single family owns."""
    years = given.years
    add_set(m, "periods", years)
    previous: dict[int, list[int]] = {years[0]: []}
    add_sets(m, "previous", previous | {after: [before] for before, after in pairwise(years)})
    add_set(m, "scopes", SCOPES)
    _fill_activities(m, given)
    _fill_capacities(m, given)
    _fill_orders(m, given)
    _fill_measures(m, given)
    _fill_explorations(m, given)
    _fill_steps(m, given)


def _fill_activities(m: Components, given: Given) -> None:
    system = given.system
    least, most, costs = (given.series() for _ in range(3))
    for process in system.processes.values():
        least.add(process.name, values=system.period_mean(process.min_activity))
        most.add(process.name, values=system.period_mean(process.max_activity))
        running = sum(running_costs(system, process).values())
        if process.unseen is not None:
            running = running + process.unseen.cost
        costs.add(process.name, values=given.factor * running)
    index = add_set(m, "activities", least, width=2)
    add_param(m, "min_activity", least, index)
    add_param(m, "max_activity", most, index)
    add_param(m, "activity_cost", costs, index)


def _fill_capacities(m: Components, given: Given) -> None:
    cost = given.series()
    for plant in given.system.plants.values():
        cost.add(plant.name, values=given.factor * given.system.period_mean(plant.fixed_cost))
    add_param(m, "capacity_cost", cost, add_set(m, "capacities", cost, width=2))


def _fill_orders(m: Components, given: Given) -> None:
    system, cost = given.system, given.order_series()
    for name, kept in given.orderable.items():
        charge = order_charge(system, system.plants[name])
        cost.add(name, values=charge.sum(axis=-1), kept=kept)
    add_param(m, "order_cost", cost, add_set(m, "orders", cost, width=2))
    # the budget is the country's: plants at other places are paid for there
    at = place_of_plants(system)
    own = [name for name in given.orderable if at[name] == HOME]
    cash = given.by_order({name: order_cash(system, system.plants[name]) for name in own})
    paid = m.index("cash", cash, width=3)
    add_param(m, "cash", cash, paid)
    join_sets(m, "ordered", m.sets["periods"], paid.codes[:, [2]], paid.codes[:, [0, 1]])


def _fill_measures(m: Components, given: Given) -> None:
    factor = dict(zip(given.years, given.factor, strict=True))
    most: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    for spare in given.spares:
        column = spare.column, spare.year
        # what is given a longer life is bounded by the row `extension`
        most[column] = np.inf if lengthens(given.system, spare) else spare.most
        cost[column] = factor[spare.year] * spare.cost
    add_param(m, "max_measure", most)
    add_param(m, "measure_cost", cost)
    add_set(m, "measures", most, width=2)


def lengthens(system: System, spare: Spare) -> bool:
    """Return True for the column of a lifetime measure that is given the longer life."""
    measure = system.measures.get(spare.column)
    return measure is not None and measure.kind == "lifetime"


def lifetime_measure(system: System, spare: Spare) -> str:
    """Name of the lifetime measure that a column belongs to; empty for other measures."""
    measure = system.measures.get(spare.column.removesuffix(AVOIDED))
    return measure.name if measure is not None and measure.kind == "lifetime" else ""


def _fill_explorations(m: Components, given: Given) -> None:
    system = given.system
    most: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    for option in system.exploration.values():
        price, rate = system.period_mean(option.cost), system.period_mean(option.potential)
        for i, year in enumerate(given.years):
            # what would be ready only after the last year is not looked for
            if rate[i] > 0 and ready_in(given, option.delay, i) is not None:
                most[option.deposit, year] = float(rate[i])
                cost[option.deposit, year] = float(given.factor[i] * price[i])
    add_set(m, "explorations", most, width=2)
    add_param(m, "max_explored", most)
    add_param(m, "exploration_cost", cost)


def _fill_steps(m: Components, given: Given) -> None:
    """Steps of all curves: what is bought or dug costs its price, what is sold earns it."""
    system, most, cost = given.system, given.series(), given.series()
    members: dict[str, list[str]] = {}
    for of, curve, sign in curves(system):
        members[of] = [step.label for step in curve.values()]
        for step in curve.values():
            most.add(step.label, values=system.period_mean(step.amount))
            cost.add(step.label, values=sign * given.factor * system.period_mean(step.price))
    index = add_set(m, "steps", most, width=2)
    add_param(m, "step_amount", most, index)
    add_param(m, "step_cost", cost, index)
    add_sets(m, "steps_of", members)


def ready_in(given: Given, delay: int, i: int) -> int | None:
    """Year in which what is found in the i-th year can be mined first. None: not within the
    horizon."""
    year = given.years[i] + delay
    return year if year <= given.years[-1] else None


def first_discount(system: System) -> dict[int, float]:
    """Discount factor of each year: the basis of duals of state rows."""
    years = system.years
    values = discount_factor(years[0], np.array(years), system.discount_rate)
    return dict(zip(years, values.tolist(), strict=True))
