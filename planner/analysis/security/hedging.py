r"""Hedging: one set of first builds for several futures (two-stage stochastic programming).

Futures are scenarios of the same study, each with a probability: other demand, prices, grid, or a
closed origin. Until the year in which the futures part, what is ordered is one decision; from then
on each future chooses for itself. Each future is its own compiled programme; the stack holds them
side by side and ties the common columns together.

$$\min\; (1-\lambda) \sum_s \pi_s C_s
    + \lambda \Big( \zeta + \frac{1}{1-\alpha} \sum_s \pi_s u_s \Big) \quad\text{s.t.}\quad
  A_s x_s \in b_s,\quad C_s = c_s^\top x_s,\quad u_s \ge C_s - \zeta,\quad u_s \ge 0,\quad
  x_{s,j} = x_{1,j}\ (j\ common)$$

with CVaR of level alpha and weight lambda (Rockafellar and Uryasev, Journal of Risk 2(3), 2000,
21-41, https://doi.org/10.21314/JOR.2000.038). Orders placed before the parting are common; where
the futures have the same data until then, so is everything else before it (activity, stockpiles,
ore), since nobody can act on what is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from planner.analysis.security.recourse import column_years, row_years, unlike_futures
from planner.analysis.security.stacking import joined, labelled
from planner.errors import InfeasibleError, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, optimal, optimal_if_any, require_optimal
from planner.runtime.progress import Progress, told
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Name, Program, Solution
from planner.solver.price_ends import price_ends
from planner.solver.ties import break_ties
from planner.system.nouns import Array, System

CERTAIN = 1e-9
"""Probabilities add up to 1 within this."""
SAME = 1e-9
"""Data of two futures agree when they differ by no more than this share of their size, or of 1."""


@dataclass(frozen=True, eq=False)
class Hedge:
    """Common first builds and what becomes of them in each future. USD, present value.

    `futures`: future, probability, cost and penalty (with the common builds, apart), alone and
    alone_penalty (its own best plan: wait and see), regret (of both together). `builds`: plant,
    year, ordered, and what each future's own plan orders. `plans`: the plan of each future. What is
    weighed is the objective, cost and penalty together: `expected` = sum of probability x (cost +
    penalty), of which `expected_penalty` is penalty; `wait_and_see` = the same of the plans alone;
    `best_single` the least expected objective of doing first what any one
    future's own plan does (NaN where each leaves some future without a plan). Always wait_and_see
    <= expected <= best_single at a CVaR weight of 0.
    """

    futures: pd.DataFrame
    builds: pd.DataFrame
    plans: Mapping[str, Plan]
    expected: float
    expected_penalty: float
    wait_and_see: float
    best_single: float
    cvar: float
    shared: str
    """Common until the futures part: `orders`, or `all` where their data agree until then."""

    @property
    def value_of_information(self) -> float:
        """Expected worth of knowing the future before building, USD."""
        return self.expected - self.wait_and_see

    @property
    def value_of_hedging(self) -> float:
        """Saving of planning for all futures over the best of the plans for one, USD."""
        return self.best_single - self.expected


def hedge(
    systems: Mapping[str, System],
    probabilities: Mapping[str, float],
    *,
    year: int,
    weight: float = 0.0,
    level: float = 0.9,
    progress: Progress | None = None,
) -> Hedge:
    """The best common builds before `year` for futures with probabilities; `weight` is that of CVaR
    at `level` in the objective.

    Raises SpecError for probabilities, a weight, level or year that cannot be, InfeasibleError
    where no builds serve all futures.
    """
    risk = _Risk(weight, level)
    problems = [*_problems_of_futures(systems, probabilities), *risk.problems()]
    problems += unlike_futures(systems.values(), year)
    if problems:
        raise SpecError("hedge", problems)
    futures = _compiled(systems, probabilities, year, progress)
    told(progress, "solve all futures together")
    plans = _plans(futures, risk)
    return _answer(futures, plans, level, progress)


@dataclass(frozen=True, slots=True)
class _Risk:
    """The weight of CVaR in the objective, and its level."""

    weight: float
    level: float

    def problems(self) -> Iterator[str]:
        if not 0 <= self.weight < 1:
            yield (
                f"the weight of CVaR is {self.weight}; give 0 to below 1 (at 1 a future that is "
                "not among the worst would not count)"
            )
        if not 0 <= self.level < 1:
            yield f"the level of CVaR is {self.level}; give 0 to below 1, such as 0.9"


def _problems_of_futures(
    systems: Mapping[str, System], probabilities: Mapping[str, float]
) -> Iterator[str]:
    if len(systems) < 2:
        yield "hedging needs two or more futures"
    if set(systems) != set(probabilities) or not all(p > 0 for p in probabilities.values()):
        yield "give each future a probability above 0"
    total = sum(probabilities.values())
    if not abs(total - 1) <= CERTAIN:
        yield f"the probabilities add up to {total:g}; they must add up to 1"


@dataclass(frozen=True, slots=True, eq=False)
class _Futures:
    """The futures as compiled, how likely each is, and what they share until they part."""

    made: Mapping[str, Compiled]
    chance: Array
    year: int
    common: Sequence[Name]
    shared: str

    @property
    def arrays(self) -> list[Arrays]:
        return [made.arrays for made in self.made.values()]


def _compiled(
    systems: Mapping[str, System],
    probabilities: Mapping[str, float],
    year: int,
    progress: Progress | None,
) -> _Futures:
    made: dict[str, Compiled] = {}
    for name, system in systems.items():
        told(progress, f"build {name}")
        made[name] = compiled(system)
    chance = np.array([probabilities[name] for name in made])
    return _Futures(made, chance, year, *_common([m.arrays for m in made.values()], year))


def _common(futures: Sequence[Arrays], year: int) -> tuple[list[Name], str]:
    """Names of the columns that all futures share: orders before the parting, or all columns before
    it where the data agree."""
    first, *others = (_Early(arrays, year) for arrays in futures)
    agree = all(first.agrees(other) for other in others)
    names = [
        name
        for name in first.columns
        if _is_decided(name, agree) and all(name in arrays.column_at for arrays in futures)
    ]
    return names, "all" if agree else "orders"


def _is_decided(name: Name, agree: bool) -> bool:
    """Return True for a column that is decided before the parting, and does not follow from
    others."""
    variable = name[0]
    return variable == "new_capacity" or (
        agree and variable not in {"emission", "impact", "capacity"}
    )


class _Early:
    """The part of a programme that lies before a year."""

    def __init__(self, arrays: Arrays, year: int) -> None:
        years = row_years(arrays)
        self.arrays = arrays
        self.column = np.flatnonzero(column_years(arrays) < year)
        self.row = np.flatnonzero((years < year) & (years >= 0))

    @property
    def columns(self) -> list[Name]:
        return [self.arrays.columns[i] for i in self.column]

    @property
    def rows(self) -> list[Name]:
        return [self.arrays.rows[i] for i in self.row]

    @property
    def numbers(self) -> tuple[Array, ...]:
        """Coefficients, bounds and costs."""
        a, column, row = self.arrays, self.column, self.row
        return (
            a.matrix.tocsr()[row].tocsc()[:, column].toarray(),
            a.lower[column],
            a.upper[column],
            a.cost[column],
            a.row_lower[row],
            a.row_upper[row],
        )

    def agrees(self, other: _Early) -> bool:
        """Return True where both have the same rows, coefficients and bounds (their costs too,
        other than of orders)."""
        if self.columns != other.columns or self.rows != other.rows:
            return False
        return all(_close(one, two) for one, two in zip(self.numbers, other.numbers, strict=True))


def _close(one: Array, two: Array) -> bool:
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(two)):
        return False
    if not np.array_equal(one[~finite], two[~finite]):
        return False
    size = np.maximum(np.abs(one[finite]), 1.0)
    return bool((np.abs(one[finite] - two[finite]) <= SAME * size).all())


def _plans(futures: _Futures, risk: _Risk) -> dict[str, Plan]:
    """The plan of each future under the best common builds."""
    size = max(float(max(np.abs(a.cost).max(initial=0.0) for a in futures.arrays)), 1.0)
    stacked = _tied(_side_by_side(futures, risk), futures)
    program = Program(_with_tail(stacked, futures, risk, size) if risk.weight else stacked)
    solution = program.run()
    if solution.status == "infeasible":
        raise InfeasibleError(
            "no common builds serve all futures; make a target soft, or let the futures part "
            "earlier"
        )
    require_optimal(program, solution)
    broken = _Broken(solution, *break_ties(program, solution))
    # a unit of cost in a future weighs more than its probability where it is among the worst
    worst = -solution.dual[-len(futures.made) :] / size if risk.weight else 0.0 * futures.chance
    shares = (1 - risk.weight) * futures.chance + worst
    return {
        name: _plan(made, broken, place, share)
        for (name, made), place, share in zip(
            futures.made.items(), _places(futures.arrays), shares, strict=True
        )
    }


@dataclass(frozen=True, slots=True)
class _Broken:
    """The solution of the stack that has the prices, that with ties broken, and a word on them."""

    first: Solution
    final: Solution
    ties: str


def _places(futures: Sequence[Arrays]) -> list[tuple[slice, slice]]:
    """Columns and rows of each future in the stack."""
    columns = np.cumsum([0, *(len(a.columns) for a in futures)]).tolist()
    rows = np.cumsum([0, *(len(a.rows) for a in futures)]).tolist()
    return [
        (slice(*both), slice(*others))
        for both, others in zip(pairwise(columns), pairwise(rows), strict=True)
    ]


def _side_by_side(futures: _Futures, risk: _Risk) -> Arrays:
    """The futures beside one another, each at its share of the cost; the names of their columns and
    rows end with their number."""
    all_of, share = futures.arrays, 1 - risk.weight
    costs = [share * c * a.cost for c, a in zip(futures.chance, all_of, strict=True)]
    offset = sum(c * a.offset for c, a in zip(futures.chance, all_of, strict=True))
    return Arrays(
        columns=tuple(n for i, a in enumerate(all_of) for n in labelled(a.columns, str(i))),
        rows=tuple(n for i, a in enumerate(all_of) for n in labelled(a.rows, str(i))),
        cost=np.concatenate(costs),
        offset=share * float(offset),
        carbon=joined(all_of, lambda a: a.carbon),
        matrix=sparse.csc_array(sparse.block_diag([a.matrix for a in all_of], format="csc")),
        lower=joined(all_of, lambda a: a.lower),
        upper=joined(all_of, lambda a: a.upper),
        row_lower=joined(all_of, lambda a: a.row_lower),
        row_upper=joined(all_of, lambda a: a.row_upper),
    )


def _tied(stacked: Arrays, futures: _Futures) -> Arrays:
    """The stack with a row for each column that a future shares with the first: both are the
    same."""
    first, *others = futures.arrays
    places = [columns.start for columns, _ in _places(futures.arrays)]
    pairs = [
        (first.column_at[name], place + arrays.column_at[name])
        for arrays, place in zip(others, places[1:], strict=True)
        for name in futures.common
    ]
    count, none = len(pairs), np.zeros(len(pairs))
    at = (np.repeat(np.arange(count), 2), np.array(pairs, dtype=int).ravel())
    equal = sparse.coo_array((np.tile([1.0, -1.0], count), at), shape=(count, len(stacked.columns)))
    return replace(
        stacked,
        rows=(*stacked.rows, *(("common", (i,)) for i in range(count))),
        matrix=sparse.csc_array(sparse.vstack([stacked.matrix, equal], format="csc")),
        row_lower=np.concatenate([stacked.row_lower, none]),
        row_upper=np.concatenate([stacked.row_upper, none]),
    )


def _with_tail(stacked: Arrays, futures: _Futures, risk: _Risk, size: float) -> Arrays:
    """The stack with CVaR: `zeta`, the excess cost of each future above it, and the rows that hold
    them, in money of `size`."""
    all_of, count = futures.arrays, len(futures.made)
    labels = [(str(i),) for i in range(count)]
    # C_s / size - zeta - u_s <= 0, the offset of the cost on the right
    costs = sparse.block_diag([sparse.coo_array(a.cost[None, :] / size) for a in all_of])
    tail = sparse.hstack([sparse.coo_array(-np.ones((count, 1))), -sparse.eye_array(count)])
    matrix = sparse.block_array([[stacked.matrix, None], [costs, tail]], format="csc")
    excess = risk.weight * size * futures.chance / (1 - risk.level)
    return replace(
        stacked,
        columns=(*stacked.columns, ("zeta", ()), *(("excess_cost", label) for label in labels)),
        rows=(*stacked.rows, *(("tail", label) for label in labels)),
        cost=np.concatenate([stacked.cost, [risk.weight * size], excess]),
        carbon=np.concatenate([stacked.carbon, np.zeros(1 + count)]),
        matrix=sparse.csc_array(matrix),
        lower=np.concatenate([stacked.lower, [-np.inf], np.zeros(count)]),
        upper=np.concatenate([stacked.upper, np.full(1 + count, np.inf)]),
        row_lower=np.concatenate([stacked.row_lower, np.full(count, -np.inf)]),
        row_upper=np.concatenate([stacked.row_upper, [-a.offset / size for a in all_of]]),
    )


def _plan(made: Compiled, broken: _Broken, place: tuple[slice, slice], share: float) -> Plan:
    """The plan of one future out of the stack; its prices are per unit of its share in the
    objective."""
    columns, rows = place
    first, x = broken.first, broken.final.x[columns]
    own = replace(
        first,
        x=x,
        objective=float(made.arrays.cost @ x) + made.arrays.offset,
        reduced_cost=first.reduced_cost[columns] / share,
        row_value=first.row_value[rows],
        dual=first.dual[rows] / share,
        basic_row=first.basic_row[rows],
        basic_column=first.basic_column[columns],
    )
    return make_plan(made, own, own, ties=broken.ties)


def _answer(
    futures: _Futures, plans: Mapping[str, Plan], level: float, progress: Progress | None
) -> Hedge:
    made, chance = futures.made, futures.chance
    alone = {name: _alone(name, m, progress) for name, m in made.items()}
    objective = np.array([plans[name].objective for name in made])
    single = np.array([alone[name].objective for name in made])
    penalty = np.array([plans[name].penalty for name in made])
    table = {
        "future": list(made),
        "probability": chance,
        "cost": objective - penalty,
        "penalty": penalty,
        "alone": [alone[name].cost for name in made],
        "alone_penalty": [alone[name].penalty for name in made],
    }
    expected = [_expected(plan, futures) for plan in alone.values()]
    return Hedge(
        futures=pd.DataFrame(table).assign(regret=objective - single),
        builds=_builds(next(iter(plans.values())), alone, futures.year),
        plans=plans,
        expected=float(chance @ objective),
        expected_penalty=float(chance @ penalty),
        wait_and_see=float(chance @ single),
        best_single=min((e for e in expected if np.isfinite(e)), default=np.nan),
        cvar=conditional_value_at_risk(objective, chance, level),
        shared=futures.shared,
    )


def _alone(name: str, made: Compiled, progress: Progress | None) -> Plan:
    """A future's own best plan."""
    told(progress, f"{name} by itself")
    program = Program(made.arrays)
    solution = optimal(program)
    final, ties = break_ties(program, solution)
    return make_plan(
        made, solution, final, ties=ties, ends=price_ends(made.arrays, solution, final)
    )


def _builds(common: Plan, alone: Mapping[str, Plan], year: int) -> pd.DataFrame:
    """Orders before the parting, and what each future's own plan orders."""
    own = [plan.values.get("new_capacity", {}) for plan in alone.values()]
    rows = [
        (*index, amount, *(orders.get(index, 0.0) for orders in own))
        for index, amount in common.values.get("new_capacity", {}).items()
        if index[1] < year  # type: ignore[operator]
    ]
    return pd.DataFrame(rows, columns=["plant", "year", "common", *alone])


def _expected(plan: Plan, futures: _Futures) -> float:
    """Expected objective where all futures share what one plan does before the parting, NaN where
    that leaves one without a plan."""
    total = 0.0
    for share, arrays in zip(futures.chance, futures.arrays, strict=True):
        solution = optimal_if_any(Program(_holding(arrays, plan, futures.common)))
        total += np.nan if solution is None else share * solution.objective
    return float(total)


def _holding(arrays: Arrays, plan: Plan, common: Sequence[Name]) -> Arrays:
    """A future with the common columns held at those of a plan."""
    held = np.array([arrays.column_at[name] for name in common], dtype=int)
    lower, upper, free = arrays.lower.copy(), arrays.upper.copy(), np.ones(len(arrays.columns))
    lower[held] = upper[held] = [plan.values[name][index] for name, index in common]
    free[held] = 0.0
    # a row whose columns are all held says nothing any more, and could only fail by rounding
    settled = ~np.asarray(abs(arrays.matrix) @ free > 0, dtype=bool)
    return replace(
        arrays,
        lower=lower,
        upper=upper,
        row_lower=np.where(settled, -np.inf, arrays.row_lower),
        row_upper=np.where(settled, np.inf, arrays.row_upper),
    )


def conditional_value_at_risk(costs: Array, chance: Array, level: float) -> float:
    r"""Mean cost of the worst $1 - \alpha$ of all futures, $\min_\zeta \zeta + \sum_s \pi_s (C_s -
    \zeta)^+ / (1 - \alpha)$."""
    return float(min(z + chance @ np.maximum(costs - z, 0.0) / (1 - level) for z in costs))
