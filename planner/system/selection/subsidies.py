"""What the state pays, to whom and in which year: subsidies on activity and on orders of plants.

A subsidy is a payment between parties at home: whoever decides sees a lower cost, the country as a
whole pays what it paid before. It stands in what the programme minimises and in no cost.

What is paid for an order lowers the capital that it takes, and counts as capital does: by the
annuities that fall within the horizon. Were it counted whole in the year of the order, plants
would be ordered in the last years for the payment alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.system.economics import capital_charge, period_factors
from planner.system.nouns import Array, Policy, System
from planner.system.orders import orderable, placed
from planner.system.selection.counting import Traced, chosen


@dataclass(frozen=True, slots=True)
class Claimant:
    """A process that is paid for its activity, or a plant that is paid for orders."""

    name: str
    of_orders: bool
    starts: tuple[int, ...]
    """Years in which something can be claimed: of the programme, or those of orders."""


def claimants(system: System, policy: Policy) -> Iterator[Claimant]:
    """Everything that a subsidy can be claimed for."""
    if policy.numerator is not None:
        for name in chosen(Traced(system), policy.numerator, system.metals):
            yield Claimant(name, False, tuple(system.years))
    starts = tuple(period.first for period in system.order_periods)
    for name in policy.plants:
        yield Claimant(name, True, starts)


def cash(system: System, policy: Policy, claim: Claimant) -> Array:
    """USD that a unit claimed at each of the starts is paid in each year, shape (..., S, T): of an
    order when it is placed; 0 where the policy is not in force."""
    rate = np.nan_to_num(system.period_mean(policy.level))
    if not claim.of_orders:
        return np.diag(rate)
    plant = system.plants[claim.name]
    return np.asarray(placed(system, plant) * orderable(system, plant)[:, None] * rate)


def relief(system: System, policy: Policy, claim: Claimant) -> Array:
    """Present value by which a unit claimed at each of the starts lowers the cost that is decided
    by, in each year of the horizon, USD, shape (..., S, T)."""
    rate = np.nan_to_num(system.period_mean(policy.level))
    if not claim.of_orders:
        return np.diag(rate * period_factors(system.periods, system.discount_rate))
    plant = system.plants[claim.name]
    charge = capital_charge(
        system.periods,
        rate,
        plant.interest_rate,
        system.discount_rate,
        plant.life,
        plant.lead_time,
    )
    return np.asarray((placed(system, plant) * orderable(system, plant)[:, None]) @ charge)
