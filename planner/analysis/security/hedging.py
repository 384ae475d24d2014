r"""Hedging: one set of first builds for several futures (two-stage stochastic programming).

Futures are scenarios of the same study, each with a probability: other demand, prices, grid, or a
closed origin. Until the year in which the futures part, what is ordered is one decision; from then
on each future chooses for itself. Each future is its own compiled programme; the stack holds them
side by side and ties the common columns together.

$$\min\; (1-\lambda) \sum_s \pi_s C_s + \lambda \Big( \zeta + \frac{1}{1-\alpha} \sum_s \pi_s u_s \Big) \quad\text{s.t.}\quad
  A_s x_s \in b_s,\quad C_s = c_s^\top x_s,\quad u_s \ge C_s - \zeta,\quad u_s \ge 0,\quad x_{s,j} = x_{1,j}\ (j\ common)$$

with CVaR of level alpha and weight lambda (Rockafellar and Uryasev, Journal of Risk 2(3), 2000,
21-41, https://doi.org/10.21314/JOR.2000.038). Orders placed before the parting are common; where
the futures have the same data until then, so is everything else before it (activity, stockpiles,
ore), since nobody can act on what is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from planner.analysis.security.recourse import column_years, row_years
from planner.errors import InfeasibleError, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, require_optimal
from planner.runtime.progress import Progress
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Name, Program, Solution
from planner.system.nouns import Array, System

CERTAIN = 1e-9
"""Probabilities add up to 1 within this."""
SAME = 1e-9
"""Data of two futures agree when they differ by no more than this share of their size, or of 1."""


@dataclass(frozen=True, eq=False)
class Hedge:
    """Common first builds and what becomes of them in each future. Costs in USD, present value.

    `futures`: future, probability, cost (with the common builds), alone (its own best plan: wait
    and see), regret. `builds`: plant, year, ordered, and what each future's own plan orders.
    `plans`: the plan of each future. `expected` = sum of probability x cost; `wait_and_see` = sum
    of probability x alone; `best_single` the least expected cost of doing first what any one
    future's own plan does (NaN where each leaves some future without a plan). Always wait_and_see
    <= expected <= best_single at a CVaR weight of 0.
    """

    futures: pd.DataFrame
    builds: pd.DataFrame
    plans: Mapping[str, Plan]
    expected: float
    wait_and_see: float
    best_single: float
    cvar: float
    shared: str
    """What is common until the futures part: `orders`, or `all` where their data agree until then."""

    @property
    def value_of_information(self) -> float:
        """Expected worth of knowing the future before building, USD."""
        return self.expected - self.wait_and_see

    @property
    def value_of_hedging(self) -> float:
        """What planning for all futures saves beside the best of the plans for one, USD."""
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
    _require(systems, probabilities, year, weight, level)
    made: dict[str, Compiled] = {}
    for name, system in systems.items():
        if progress is not None:
            progress(f"build {name}")
        made[name] = compiled(system)
    chance = np.array([probabilities[name] for name in made])
    common, shared = _common([m.arrays for m in made.values()], year)
    stacked, places, size = _stack([m.arrays for m in made.values()], chance, common, weight, level)
    if progress is not None:
        progress("solve all futures together")
    program = Program(stacked)
    solution = program.run()
    if solution.status == "infeasible":
        raise InfeasibleError(
            "no common builds serve all futures; make a target soft, or let the futures part "
            "earlier"
        )
    require_optimal(program, solution)
    # what a unit of cost in each future weighs in the objective: more than its probability where it
    # is among the worst
    worst = -solution.dual[-len(made) :] / size if weight else np.zeros(len(made))
    plans = {
        name: _plan(m, solution, place, share)
        for (name, m), place, share in zip(
            made.items(), places, (1 - weight) * chance + worst, strict=True
        )
    }
    return _answer(made, plans, chance, common, year, level, shared, progress)


def _require(
    systems: Mapping[str, System],
    probabilities: Mapping[str, float],
    year: int,
    weight: float,
    level: float,
) -> None:
    problems = []
    if len(systems) < 2:
        problems.append("hedging needs two or more futures")
    if set(systems) != set(probabilities) or not all(p > 0 for p in probabilities.values()):
        problems.append("give each future a probability above 0")
    if not abs(sum(probabilities.values()) - 1) <= CERTAIN:
        problems.append(
            f"the probabilities add up to {sum(probabilities.values()):g}; they must add up to 1"
        )
    if not 0 <= weight < 1:
        problems.append(
            f"the weight of CVaR is {weight}; give 0 to below 1 (at 1 a future that is not among "
            "the worst would not count)"
        )
    if not 0 <= level < 1:
        problems.append(f"the level of CVaR is {level}; give 0 to below 1, such as 0.9")
    spans = {(s.periods, s.discount_rate, s.currency_year) for s in systems.values()}
    if len(spans) > 1:
        problems.append(
            "the futures differ in years, discount rate or currency; only their data may differ"
        )
    if systems and not any(p.first < year for s in systems.values() for p in s.periods):
        problems.append(
            f"they part in {year}, before the first year: there is nothing in common; give a "
            "later year"
        )
    if problems:
        raise SpecError("hedge", problems)


def _common(parts: list[Arrays], year: int) -> tuple[list[Name], str]:
    """Names of the columns that all futures share: orders before the parting, or all columns before
    it where the data agree."""
    first = parts[0]
    early = column_years(first) < year
    names = [
        name
        for name, at in zip(first.columns, early, strict=True)
        if at and all(name in p.column_at for p in parts)
    ]
    agree = all(_agrees(first, other, year) for other in parts[1:])
    kept = [
        n
        for n in names
        if n[0] == "new_capacity" or (agree and n[0] not in {"emission", "capacity"})
    ]
    return kept, "all" if agree else "orders"


def _agrees(a: Arrays, b: Arrays, year: int) -> bool:
    """Whether two programmes have the same rows, coefficients and bounds before a year (their costs
    too, other than of orders)."""
    columns, rows = (
        [column_years(x) < year for x in (a, b)],
        [(row_years(x) < year) & (row_years(x) >= 0) for x in (a, b)],
    )
    named = [
        tuple(n for n, at in zip(x.columns, c, strict=True) if at)
        for x, c in zip((a, b), columns, strict=True)
    ]
    listed = [
        tuple(n for n, at in zip(x.rows, r, strict=True) if at)
        for x, r in zip((a, b), rows, strict=True)
    ]
    if named[0] != named[1] or listed[0] != listed[1]:
        return False
    pairs = [
        (
            x.matrix.tocsr()[np.flatnonzero(r)].tocsc()[:, np.flatnonzero(c)].toarray(),
            x.lower[c],
            x.upper[c],
            x.cost[c],
            x.row_lower[r],
            x.row_upper[r],
        )
        for x, c, r in zip((a, b), columns, rows, strict=True)
    ]
    return all(_close(one, two) for one, two in zip(*pairs, strict=True))


def _close(one: Array, two: Array) -> bool:
    finite = np.isfinite(one)
    if not np.array_equal(one[~finite], two[~finite]) or not np.array_equal(
        finite, np.isfinite(two)
    ):
        return False
    return bool(
        (np.abs(one[finite] - two[finite]) <= SAME * np.maximum(np.abs(one[finite]), 1.0)).all()
    )


def _stack(
    parts: list[Arrays],
    chance: Array,
    common: list[Name],
    weight: float,
    level: float,
) -> tuple[Arrays, list[tuple[int, int, int, int]], float]:
    """The futures side by side; where each lies (first column, columns, first row, rows); the money
    that CVaR columns count in."""
    size = max(float(max(np.abs(p.cost).max(initial=0.0) for p in parts)), 1.0)
    places, column, row = [], 0, 0
    for p in parts:
        places.append((column, len(p.columns), row, len(p.rows)))
        column, row = column + len(p.columns), row + len(p.rows)
    ties = [
        (places[0][0] + parts[0].column_at[name], place[0] + p.column_at[name])
        for p, place in zip(parts[1:], places[1:], strict=True)
        for name in common
    ]
    equal = sparse.coo_array(
        (
            np.tile([1.0, -1.0], len(ties)),
            (np.repeat(np.arange(len(ties)), 2), np.array(ties, dtype=int).ravel()),
        ),
        shape=(len(ties), column),
    )
    risk = bool(weight)
    extra = 1 + len(parts) if risk else 0
    blocks: list[list[Any]] = [
        [
            sparse.block_diag([p.matrix for p in parts]),
            sparse.coo_array((row, extra)) if risk else None,
        ],
        [equal, sparse.coo_array((len(ties), extra)) if risk else None],
    ]
    above = np.zeros(0)
    if risk:
        # C_s / size - zeta - u_s <= 0, the offset of the cost on the right
        costs = sparse.block_diag([sparse.coo_array(p.cost[None, :] / size) for p in parts])
        tail = sparse.hstack(
            [sparse.coo_array(-np.ones((len(parts), 1))), -sparse.eye_array(len(parts))]
        )
        blocks.append([costs, tail])
        above = np.array([-p.offset / size for p in parts])
    matrix = sparse.csc_array(
        sparse.block_array([[b for b in line if b is not None] for line in blocks], format="csc")
    )
    labels = [str(i) for i in range(len(parts))]
    cost = np.concatenate(
        [
            *((1 - weight) * c * p.cost for c, p in zip(chance, parts, strict=True)),
            *([[weight * size], weight * size * chance / (1 - level)] if risk else []),
        ]
    )
    return (
        Arrays(
            columns=(
                *((n, (*i, s)) for s, p in zip(labels, parts, strict=True) for n, i in p.columns),
                *((("zeta", ()), *(("excess_cost", (s,)) for s in labels)) if risk else ()),
            ),
            rows=(
                *((n, (*i, s)) for s, p in zip(labels, parts, strict=True) for n, i in p.rows),
                *(("common", (i,)) for i in range(len(ties))),
                *(("tail", (s,)) for s in labels if risk),
            ),
            cost=cost,
            offset=(1 - weight)
            * float(sum(c * p.offset for c, p in zip(chance, parts, strict=True))),
            carbon=np.zeros(len(cost)),
            matrix=matrix,
            lower=np.concatenate(
                [*(p.lower for p in parts), *([[-np.inf], np.zeros(len(parts))] if risk else [])]
            ),
            upper=np.concatenate([*(p.upper for p in parts), np.full(extra, np.inf)]),
            row_lower=np.concatenate(
                [*(p.row_lower for p in parts), np.zeros(len(ties)), np.full(len(above), -np.inf)]
            ),
            row_upper=np.concatenate([*(p.row_upper for p in parts), np.zeros(len(ties)), above]),
        ),
        places,
        size,
    )


def _plan(
    made: Compiled, solution: Solution, place: tuple[int, int, int, int], share: float
) -> Plan:
    """The plan of one future out of the stack; its prices are per unit of its share in the
    objective."""
    c, n, r, m = place
    columns, rows = slice(c, c + n), slice(r, r + m)
    x = solution.x[columns]
    own = replace(
        solution,
        x=x,
        objective=float(made.arrays.cost @ x) + made.arrays.offset,
        reduced_cost=solution.reduced_cost[columns] / share,
        row_value=solution.row_value[rows],
        dual=solution.dual[rows] / share,
        basic_row=solution.basic_row[rows],
        basic_column=solution.basic_column[columns],
    )
    return make_plan(made, own, own, ties="none broken", seconds={"solve": solution.seconds})


def _answer(
    made: Mapping[str, Compiled],
    plans: Mapping[str, Plan],
    chance: Array,
    common: list[Name],
    year: int,
    level: float,
    shared: str,
    progress: Progress | None,
) -> Hedge:
    alone: dict[str, Plan] = {}
    for name, m in made.items():
        if progress is not None:
            progress(f"{name} by itself")
        program = Program(m.arrays)
        solution = program.run()
        require_optimal(program, solution)
        alone[name] = make_plan(
            m, solution, solution, ties="none broken", seconds={"solve": solution.seconds}
        )
    cost = np.array([plans[name].objective for name in made])
    single = np.array([alone[name].objective for name in made])
    futures = pd.DataFrame(
        {
            "future": list(made),
            "probability": chance,
            "cost": cost,
            "alone": single,
            "regret": cost - single,
        }
    )
    expected = [_expected(alone[name], made, chance, common) for name in made]
    first = next(iter(plans.values()))
    rows = [
        (
            plant,
            v,
            amount,
            *(p.values.get("new_capacity", {}).get((plant, v), 0.0) for p in alone.values()),
        )
        for (plant, v), amount in first.values.get("new_capacity", {}).items()
        if v < year  # type: ignore[operator]
    ]
    builds = pd.DataFrame(rows, columns=["plant", "year", "common", *made])
    known = [e for e in expected if np.isfinite(e)]
    return Hedge(
        futures,
        builds,
        plans,
        float(chance @ cost),
        float(chance @ single),
        min(known) if known else np.nan,
        conditional_value_at_risk(cost, chance, level),
        shared,
    )


def _expected(plan: Plan, made: Mapping[str, Compiled], chance: Array, common: list[Name]) -> float:
    """Expected cost where all futures share what one plan does before the parting, NaN where that
    leaves one without a plan."""
    total = 0.0
    for share, m in zip(chance, made.values(), strict=True):
        arrays = m.arrays
        held = np.array([arrays.column_at[name] for name in common], dtype=int)
        lower, upper, free = arrays.lower.copy(), arrays.upper.copy(), np.ones(len(arrays.columns))
        lower[held] = upper[held] = [plan.values[name][index] for name, index in common]
        free[held] = 0.0
        # a row whose columns are all held says nothing any more, and could only fail by rounding
        settled = ~np.asarray(abs(arrays.matrix) @ free > 0, dtype=bool)
        solution = Program(
            replace(
                arrays,
                lower=lower,
                upper=upper,
                row_lower=np.where(settled, -np.inf, arrays.row_lower),
                row_upper=np.where(settled, np.inf, arrays.row_upper),
            )
        ).run()
        total += share * solution.objective if solution.status == "optimal" else np.nan
    return float(total)


def conditional_value_at_risk(costs: Array, chance: Array, level: float) -> float:
    r"""Mean cost of the worst $1 - \alpha$ of all futures, $\min_\zeta \zeta + \sum_s \pi_s (C_s -
    \zeta)^+ / (1 - \alpha)$."""
    return float(min(z + chance @ np.maximum(costs - z, 0.0) / (1 - level) for z in costs))
