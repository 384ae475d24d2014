"""What a plan says of the observations of its study: the same flow, share or price, in the same
year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from planner.analysis.hindcast.observed_flows import ObservedFlows
from planner.mfa.balance import Balance, balance
from planner.mfa.in_use import use_stocks
from planner.plan.plan import Plan
from planner.plan.prices import balance_prices, undiscounted
from planner.solver.highs import Arrays, Solution, by_name
from planner.system.nouns import Array, Observed, System

PRICES = "price"


class ObservedValues:
    """Reads observations off plans and solutions of one study; which flows they speak of is found
    once."""

    def __init__(self, observations: Sequence[Observed]) -> None:
        self.observations = tuple(observations)
        self.flows = ObservedFlows(self.observations)

    def of_plan(self, plan: Plan) -> Array:
        """The value of each observation in a plan, shape (N,): t of metal per year, a share, or
        USD/t; NaN where the plan does not say it."""
        found = self.flows.read(plan.balance, plan.values)
        prices = balance_prices(plan.prices)
        return self._with_prices(plan.system, found, prices)

    def of_solution(self, system: System, arrays: Arrays, solution: Solution) -> Array:
        """The same of a solution of the programme of a system."""
        x = np.clip(solution.x, arrays.lower, arrays.upper)
        flows: Balance = balance(system, stocks=use_stocks([system])[0])
        found = self.flows.read(flows, by_name(arrays.columns, x))
        prices = {}
        for o in self.observations:
            if o.quantity == PRICES and o.year in system.years:
                good = priced_good(system, o)
                at = arrays.row_at.get(("balance", (good, o.year)))
                if at is not None:
                    dual = undiscounted(system, solution.dual[at], years=o.year)
                    prices[good, o.year] = float(dual)
        return self._with_prices(system, found, prices)

    def _with_prices(
        self, system: System, found: Array, prices: Mapping[tuple[str, int], float]
    ) -> Array:
        for i, o in enumerate(self.observations):
            if o.quantity == PRICES:
                found[i] = prices.get((priced_good(system, o), o.year), np.nan)
        return found


def priced_good(system: System, o: Observed) -> str:
    """The good whose price an observation is: the one it names, or the refined good of its metal;
    empty where there is none."""
    if o.source in system.goods:
        return o.source
    refined = (
        good.name
        for good in system.goods.values()
        if good.kind == "refined" and tuple(good.content) == (o.metal,)
    )
    return next(refined, "")
