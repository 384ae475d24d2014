"""Flows of a study without a choice: by its observed activities, or where these do not settle the
shares of processes, by those of its least-cost plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from planner.errors import SpecError
from planner.mfa.balance import Balance
from planner.mfa.simulate import Simulation, simulate, simulate_plan
from planner.plan.solve import optimum

OBSERVED, GIVEN, PLANNED = "observed", "given, and observed", "least-cost plan"


@dataclass(frozen=True, slots=True, eq=False)
class BaseFlows:
    """A simulation, and where the shares of its processes come from."""

    simulation: Simulation
    shares: str
    """`observed`, `given, and observed` or `least-cost plan`."""


def base_flows(
    balance: Balance,
    given: Mapping[str, float] | None = None,
    *,
    warn: Callable[[str], None] | None = None,
) -> BaseFlows:
    """Simulate a study by the shares given and its observed activities; where none are given and
    the observed do not settle the shares, by the shares and stockpiles of its least-cost plan.

    `given` maps processes to shares, in all years; they are never mixed with the plan's. `warn` is
    told why a plan is taken, before it is sought. Raises SpecError where shares are given and
    others are wanting.
    """
    if given:
        return BaseFlows(simulate(balance, shares=given), GIVEN)
    try:
        return BaseFlows(simulate(balance), OBSERVED)
    except SpecError as error:
        if warn is not None:
            warn(f"{error}\nso the shares of the least-cost plan are taken")
    plan = optimum(balance.system)
    return BaseFlows(simulate_plan(balance, plan.values), PLANNED)
