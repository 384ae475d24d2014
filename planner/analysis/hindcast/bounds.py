"""What held a plan away from what was observed: the limit in its way, or the price at which it
would have gone there.

A quantity is asked for by a further row of the programme, as much as was observed. Where that can
be had, its dual value is what the last tonne costs more, and what rises for it is named with what
falls, and the limit that adds most to it. Where it cannot, the most (or least) that can be had
stands with the limits that hold it. A price is taken apart into what sets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from planner.analysis.diagnosis.price_decomposition import price_parts
from planner.analysis.diagnosis.row_descriptions import Reason, Teller
from planner.analysis.hindcast.observed_flows import ObservedFlows
from planner.analysis.hindcast.observed_values import priced_good
from planner.plan.plan import Plan
from planner.plan.prices import undiscounted
from planner.plan.solve import optimal, optimal_if_any
from planner.solver.compiled import compiled
from planner.solver.highs import Arrays, Program, Solution
from planner.study.provenance import plain
from planner.system.nouns import Array, Observed

NATURE = frozenset({"balance", "emission_account", "added"})
"""Rows that hold nothing back by themselves: they pass costs on."""
LEAST_WORTH = 1e-3
"""A limit below this share of a price is not named; nor is a change of activity below this share of
the largest."""
HALF = 0.5
LAST_RESORTS = {"draw": "the store of ", "shortage": "less served of "}
"""Columns that give metal and are no process, in words."""
COSTS = ("import_price", "variable_cost")
NAMED = 2
"""Limits that are named where an amount cannot be had."""


@dataclass(frozen=True, slots=True)
class Miss:
    """An observation that the plan misses, and what the plan says."""

    observed: Observed
    said: float

    @property
    def upward(self) -> bool:
        """True where more was observed than the plan has."""
        return self.observed.value > self.said


def what_held(plan: Plan, misses: Sequence[Miss], flows: ObservedFlows) -> pd.DataFrame:
    """What held the plan at each miss: held_by (in words) and place (`file:line`, empty where no
    one row is it)."""
    if not misses:
        return pd.DataFrame(columns=["held_by", "place"])
    asking = _Asking(plan, flows)
    return pd.DataFrame([asking.held(miss) for miss in misses], columns=["held_by", "place"])


class _Asking:
    """The programme of a plan, kept in the solver and asked for one observation after another."""

    def __init__(self, plan: Plan, flows: ObservedFlows) -> None:
        self.plan, self.flows, self.system = plan, flows, plan.system
        self.arrays: Arrays = compiled(plan.system).arrays
        self.program = Program(self.arrays)
        self.base = optimal(self.program)
        self.teller = Teller(plan.system, plan.balance, self.arrays)
        self.by_column = self.arrays.matrix.tocsc()
        parts = price_parts(plan.system, self.arrays, self.base, self.teller)
        self.parts = {(r["metal"], r["year"]): r for r in parts.to_dict(orient="records")}

    def held(self, miss: Miss) -> tuple[str, str]:
        if miss.observed.quantity == "price":
            return self._price(miss.observed)
        terms = self._terms(miss.observed)
        if not terms.any():
            return self._given(miss.observed)
        at = self.program.add_row(terms, *_ends(miss))
        found = optimal_if_any(self.program)
        self.program.set_rows(np.array([at], dtype=np.int32), *_open())
        if found is None:
            return self._impossible(miss, terms)
        return self._dearer(miss, terms, found, float(found.dual[at]))

    # ---- prices

    def _price(self, o: Observed) -> tuple[str, str]:
        """What sets the price of refined metal, and the limit that adds most to it."""
        row = self.parts.get((o.metal, o.year))
        if row is None or not self._is_refined(o):
            return "the price of this good is not taken apart", ""
        running = f"{row['source']} sets it: running costs {plain(_round(row['running_cost']))}"
        limit = (
            f", of limits {plain(_round(row['limit_worth']))}: {row['words'] or row['limit']}"
            if row["limit"]
            else ""
        )
        return f"{running} USD/t{limit}", row["place"] or self._cost_line(row["source"], o.year)

    def _is_refined(self, o: Observed) -> bool:
        good = self.system.goods.get(priced_good(self.system, o))
        return good is not None and good.kind == "refined" and tuple(good.content) == (o.metal,)

    # ---- quantities

    def _terms(self, o: Observed) -> Array:
        """t of metal per unit of each column, (n,), of the flows that an observation speaks of."""
        terms = np.zeros(len(self.arrays.columns))
        for process, tonnes in self.flows.per_activity(self.plan.balance, o).items():
            terms[self.arrays.column_at["activity", (process, o.year)]] += tonnes
        return terms

    def _given(self, o: Observed) -> tuple[str, str]:
        """A flow that the plan does not choose."""
        line = self.teller.inputs.line("demand", o.source, year=o.year)
        return "the study gives it: no process is free to change it", line

    def _impossible(self, miss: Miss, terms: Array) -> tuple[str, str]:
        """The most, or least, that can be had, and the limits that hold it."""
        program, sign = self.program, -1.0 if miss.upward else 1.0
        cost = program.now.cost.copy()
        program.set_cost(sign * terms)
        found = optimal(program)
        program.set_cost(cost)
        reach = float(terms @ found.x)
        held = self._limits(found)
        word = "most" if miss.upward else "least"
        said = f"the {word} that can be had is {plain(_round(reach))} t/year"
        words = "; ".join(reason.words for reason in held)
        place = next((reason.place for reason in held if reason.place), "")
        return f"{said}{': ' if words else ''}{words}", place

    def _limits(self, found: Solution) -> list[Reason]:
        """The limits, rows and bounds of columns, that hold the most or least that can be had:
        those whose level adds most to it."""
        arrays = self.arrays
        rows = _levels(found.dual[: len(arrays.rows)], arrays.row_lower, arrays.row_upper)
        columns = _levels(found.reduced_cost, arrays.lower, arrays.upper)
        # a balance with a level is demand: there is no outlet for more, if nothing else holds it
        ranked = [
            *((arrays.rows[i][0] in NATURE, -rows[i], int(i), -1) for i in np.flatnonzero(rows)),
            *((False, -columns[j], -1, int(j)) for j in np.flatnonzero(columns)),
        ]
        held: list[Reason] = []
        for _, _, row, column in sorted(ranked):
            reason = self._bound(column, found) if row < 0 else self._reason(row)
            held += [reason] if reason is not None else []
            if len(held) == NAMED:
                break
        return held

    def _bound(self, column: int, found: Solution) -> Reason | None:
        """The bound of a column that holds it."""
        name, (*index, year) = self.arrays.columns[column]
        upper = found.reduced_cost[column] < 0
        return self.teller.bound(name, tuple(index), [int(str(year))], upper=bool(upper))

    def _reason(self, row: int) -> Reason:
        family, index = self.arrays.rows[row]
        dated = self.teller.dated(family)
        years = [int(str(index[-1]))] if dated else []
        return self.teller.reason(family, tuple(index[:-1] if dated else index), years)

    def _dearer(self, miss: Miss, terms: Array, found: Solution, dual: float) -> tuple[str, str]:
        """By how much the last tonne is dearer, for what rises and falls, and the limit that adds
        most to that."""
        o = miss.observed
        worth = abs(float(undiscounted(self.system, dual, years=o.year)))
        rises, falls = self._movers(miss, terms, found)
        instead = f" in place of {falls}" if falls else ""
        said = f"{rises or 'nothing'}{instead} would cost {plain(_round(worth))} USD/t more"
        limit = self._limit_of(rises, o.year, found, worth)
        if limit is None:
            return said, self._cost_line(rises, o.year)
        return f"{said}, most of it for a limit: {limit.words}", limit.place

    def _movers(self, miss: Miss, terms: Array, found: Solution) -> tuple[str, str]:
        """The process that rises most in the year and the one that falls most, of those that handle
        the metal at the same place in the chain; the observed ones on their side."""
        at = self._activities(miss.observed.year)
        change = {name: float(found.x[j] - self.base.x[j]) for name, j in at.items()}
        mine = {name for name, j in at.items() if terms[j]}
        own = {name: d for name, d in change.items() if name in mine}
        other = {
            name: d
            for name, d in change.items()
            if name not in mine and self._enters(name, miss, mine)
        }
        up, down = (own, other) if miss.upward else (other, own)
        last = self._last_resort(miss, found)
        return _extreme(up, 1.0) or last, _extreme(down, -1.0)

    def _activities(self, year: int) -> dict[str, int]:
        """Column of the activity of each process in a year."""
        every = ((self.arrays.columns[j][1], j) for j in self.arrays.columns_of("activity"))
        return {str(process): int(j) for (process, t), j in every if t == year}

    def _last_resort(self, miss: Miss, found: Solution) -> str:
        """What gives metal in the year beside the processes: the store, or demand that is served
        less."""
        change: dict[str, float] = {}
        for name, words in LAST_RESORTS.items():
            for j in self.arrays.columns_of(name):
                good, t = self.arrays.columns[j][1]
                if t == miss.observed.year and miss.observed.metal in self._content(str(good)):
                    change[f"{words}{good}"] = float(found.x[j] - self.base.x[j])
        return _extreme(change, 1.0)

    def _content(self, good: str) -> Mapping[str, float]:
        return self.system.goods[good].content

    def _enters(self, name: str, miss: Miss, mine: set[str]) -> bool:
        """Return True for a process that gives a good that the observed ones give too, or brings
        the metal into the country."""
        process, goods = self.system.processes[name], self.system.goods
        given = {good for each in mine for good in self.system.processes[each].outputs}
        holds = any(miss.observed.metal in goods[good].content for good in process.outputs)
        return holds and bool(given & set(process.outputs) or not process.inputs)

    def _limit_of(self, process: str, year: int, found: Solution, worth: float) -> Reason | None:
        """The limit that adds most to what a process costs, where that is most of what it costs
        more."""
        column = self.arrays.column_at.get(("activity", (process, year)))
        if column is None:
            return None
        line = self.by_column[:, [column]]
        added = {
            int(i): float(undiscounted(self.system, -found.dual[i] * a, years=year))
            for i, a in zip(line.indices, line.data, strict=True)
            if self.arrays.rows[i][0] not in NATURE
        }
        row = max(added, key=lambda i: added[i], default=None)
        if row is None or added[row] <= HALF * worth or added[row] <= LEAST_WORTH:
            return None
        return self._reason(row)

    def _cost_line(self, process: str, year: int) -> str:
        """Where the price or cost of a process stands, or else that of what it takes most of."""
        inputs, seen, left = self.teller.inputs, {process}, [process]
        while left:
            name = left.pop(0)
            lines = (inputs.line("process_values", name, cost, year=year) for cost in COSTS)
            if line := next(filter(None, lines), "") or self._last_line(name, year):
                return line
            further = [each for each in self._suppliers(name, year) if each not in seen]
            seen.update(further)
            left += further
        return ""

    def _last_line(self, name: str, year: int) -> str:
        """Where the stock of a store stands, or the demand that is served less."""
        store, short = LAST_RESORTS.values()
        if name.startswith(store):
            good = name.removeprefix(store)
            return self.teller.inputs.line("good_values", good, "", "opening_stock")
        return self.teller.inputs.line("demand", name.removeprefix(short), year=year)

    def _suppliers(self, name: str, year: int) -> list[str]:
        """Processes that give what a process takes, those that run most in the year first."""
        process = self.system.processes.get(name)
        taken = set() if process is None else set(process.inputs)
        run = {
            p.name: float(self.base.x[self.arrays.column_at["activity", (p.name, year)]])
            for p in self.system.processes.values()
            if taken & set(p.outputs)
        }
        return sorted((each for each in run if run[each] > 0), key=lambda each: (-run[each], each))


def _levels(worth: Array, lower: Array, upper: Array) -> Array:
    """What the level of each limit adds to an objective, by its dual value."""
    level = np.where(worth < 0, upper, lower)
    return np.abs(worth) * np.where(np.isfinite(level), np.abs(level), 0.0)


def _ends(miss: Miss) -> tuple[float, float]:
    """Bounds of the row that asks for what was observed."""
    return (miss.observed.value, np.inf) if miss.upward else (-np.inf, miss.observed.value)


def _open() -> tuple[Array, Array]:
    return np.array([-np.inf]), np.array([np.inf])


def _extreme(change: Mapping[str, float], sign: float) -> str:
    """The process that moves furthest in a direction; empty where none does."""
    largest = max((sign * d for d in change.values()), default=0.0)
    size = max((abs(d) for d in change.values()), default=0.0)
    if largest <= LEAST_WORTH * size:
        return ""
    return next(name for name, d in sorted(change.items()) if sign * d == largest)


def _round(value: float) -> float:
    """Three significant digits: what a sentence needs."""
    return float(f"{value:.3g}")
