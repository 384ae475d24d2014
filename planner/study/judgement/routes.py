"""Routes from a source to what is demanded: whether there is one, what the dearest costs beside a
shortage, and what may be thrown away on the way for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from planner.study.judgement.facts import Facts, running_cost
from planner.study.problems import Problems
from planner.system.disposal import gives_freely
from planner.system.nouns import Array, Good, Process

LONGEST = 100
"""Steps of a chain that are followed."""


def doubt_routes(facts: Facts, found: Problems) -> None:
    """Warn of demand that no process can serve, shortages that cost less than supply, and free
    disposal."""
    reached = _reached(facts)
    routes = _Routes(facts, reached)
    for good in facts.nouns.goods.values():
        _doubt_disposal(facts, good, found)
        if good.demand is None:
            continue
        if good.name not in reached:
            _doubt_demand(facts, good, found)
        else:
            _doubt_shortage(facts, good, routes, found)


def _doubt_demand(facts: Facts, good: Good, found: Problems) -> None:
    row = facts.first("demand", (good.name,), "demand")
    if good.demand is None or not good.demand.any() or row is None:
        return
    found.at(
        row,
        "good",
        f"no process can give '{good.name}' from what the study has, so that all of its demand "
        "goes short; add a process that gives it, and what that takes",
    )


def _doubt_shortage(facts: Facts, good: Good, routes: _Routes, found: Problems) -> None:
    """Warn where a tonne short costs less than the dearest way of supplying it (capital and carbon
    left out, which only add to that), stopping in the next year included."""
    row = facts.first("good_values", (good.name, ""), "shortage_cost")
    if good.shortage_cost is None or row is None:
        return
    for process in facts.makers.get(good.name, ()):
        cost = routes.cost(process, good.name)
        at = _furthest_below(good.shortage_cost, cost)
        if at is not None:
            found.at(
                row,
                "value",
                f"a t of '{good.name}' short costs {good.shortage_cost[at]:.4g} USD in "
                f"{facts.year(at)}, less than {cost[at]:.4g} USD from '{process.name}': it goes "
                "short rather than be supplied; give a multiple of its dearest supply",
            )
            return


def _furthest_below(one: Array, other: Array) -> int | None:
    """Position of the year in which a cost lies furthest below another; None where it never does,
    leaving out years in which there is no other."""
    below = np.isfinite(other) & (one < other)
    return int(np.argmax(np.where(below, other - one, -np.inf))) if below.any() else None


def _doubt_disposal(facts: Facts, good: Good, found: Problems) -> None:
    joint = [p.name for p in facts.makers.get(good.name, ()) if gives_freely(p)]
    if good.kind in ("scrap", "waste") or not joint:
        return
    if facts.given("good_values", (good.name, ""), "disposal_cost"):
        return
    found.at(
        facts.row("goods", good.name),
        "good",
        f"what is not wanted of '{good.name}' may be thrown away for nothing, since "
        f"'{joint[0]}' gives it beside another good; give its disposal_cost, 0 if that is meant",
    )


def _reached(facts: Facts) -> frozenset[str]:
    """Goods that can be had: from sources outside, stockpiles and use stocks, and what follows."""
    had = _stocked(facts)
    waiting = [p for p in facts.nouns.processes.values() if _can_run(facts, p)]
    while ready := [process for process in waiting if had.issuperset(process.inputs)]:
        waiting = [process for process in waiting if not had.issuperset(process.inputs)]
        had.update(name for process in ready for name in process.outputs)
    return frozenset(had)


def _stocked(facts: Facts) -> set[str]:
    """Goods that are there without any process: in stockpiles, and as waste of use stocks."""
    left = {product.waste for product in facts.nouns.products.values()} - {""}
    stored = {
        good.name
        for good in facts.nouns.goods.values()
        if good.stockpile is not None and good.stockpile.opening > 0
    }
    return left | stored


def _can_run(facts: Facts, process: Process) -> bool:
    """Return True if the bound of a process and its plant let it run in some year."""
    if not process.max_activity.any():
        return False
    plant = facts.nouns.plants.get(process.plant)
    return plant is None or bool(plant.existing.any() or np.isfinite(plant.capital_cost).any())


class _Routes:
    """Running cost of a tonne by its dearest route: what its inputs cost at their dearest, and the
    cost of a joint process spread over the tonnes that it gives. A loop is followed once."""

    def __init__(self, facts: Facts, reached: Iterable[str]) -> None:
        self.facts, self.reached = facts, frozenset(reached)
        self._known: dict[str, Array] = {}
        self._open: list[str] = []

    @property
    def _length(self) -> int:
        """Number of years of the study."""
        return self.facts.numbers.last - self.facts.numbers.first + 1

    def cost(self, process: Process, good: str) -> Array:
        """USD per t of a good that a process gives, shape (Y,); NaN where it gives none."""
        taken = running_cost(process) + self._inputs(process.inputs) + self._stopping(process)
        given: Array = np.sum(list(process.outputs.values()), axis=0)
        runs = (process.max_activity > 0) & (process.outputs[good] > 0)
        return np.divide(taken, given, out=np.full_like(taken, np.nan), where=runs)

    def _stopping(self, process: Process) -> Array:
        """USD per unit that running for one year may cost in the next (`run_down`), shape (Y,): a
        group's own cost stands for that of its cheapest process, which is not above it."""
        ramp = self.facts.nouns.ramps.get(process.ramp_group)
        own = np.maximum(running_cost(process), 0.0)
        if ramp is None or not np.isfinite(ramp.decline):
            return np.zeros_like(own)
        cost = np.where(np.isnan(ramp.stopping_cost), own, ramp.stopping_cost)
        return np.append(cost[1:], 0.0) * (1 - ramp.decline)

    def _inputs(self, inputs: Mapping[str, Array]) -> Array:
        total = np.zeros(self._length)
        for name, coefficient in inputs.items():
            total = total + coefficient * self._dearest(name)
        return total

    def _makers(self, good: str) -> list[Process]:
        """Processes that can give a good. Scrap and waste cost what it takes to buy or collect
        them: what is made on the way to another good is not bought for their sake."""
        goods = self.facts.nouns.goods
        found = [p for p in self.facts.makers.get(good, ()) if self.reached.issuperset(p.inputs)]
        if goods[good].kind not in ("scrap", "waste"):
            return found
        return [p for p in found if all(goods[name].kind == "waste" for name in p.inputs)]

    def _dearest(self, good: str) -> Array:
        """USD per t of a good from its dearest maker, shape (Y,): 0 of what nobody makes."""
        if good in self._known:
            return self._known[good]
        worst = np.full(self._length, -np.inf)
        if good in self._open or len(self._open) >= LONGEST:
            return np.zeros_like(worst)
        self._open.append(good)
        for process in self._makers(good):
            worst = np.fmax(worst, self.cost(process, good))
        self._open.pop()
        self._known[good] = np.where(np.isfinite(worst), worst, 0.0)
        return self._known[good]
