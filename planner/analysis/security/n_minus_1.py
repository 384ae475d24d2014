r"""N-1 security: the least-cost plan that stands the loss of any single source.

One linear programme holds the plan and, beside it, a block for each loss s: what is left to choose
from its first year on, with the plan's capacity $K_{k,t}$ and the stockpile $S_{g,t_0-1}$ and
activity $a_{p,t_0-1}$ with which the plan enters that year. Blocks share nothing but the plan,
order nothing and cost nothing; the plan never knows which loss will come, or when.

$$\min\; c^\top x \quad\text{s.t.}\quad A x \in b,\qquad C_s x + B_s z_s \in b_s,\qquad
  \sum_{t \in s} n_t\, w_m^\top z_{s,t} \le \phi \sum_{t \in L_s} n_t D_{m,t} + \bar Z_{m,s} + e_{m,s}$$

$B_s, C_s$ are columns and rows of $A$ itself (`planner.analysis.security.recourse`: targets, caps
and run-down limits are suspended); $w_m$ counts shortage in refined equivalents, $L_s$ are the
years of the loss, $\bar Z$ is the shortage that the unsecured plan has without any loss. Demand is
served as well as without security: the weighted shortage of the plan is no higher. Where the share
$\phi$ is out of reach, the sum of the excesses e (each as a share of its requirement) is made least
first, and said. Only losses that the plan does not stand yet get a block, until none is left: the
answer is that of the programme with all blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from planner.analysis.security.disruption import Watch, losses_of
from planner.analysis.security.recourse import (
    Base,
    Loss,
    Window,
    base_of,
    part,
    recourse,
    sources,
    start_periods,
)
from planner.errors import SolverError, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, require_optimal
from planner.runtime.progress import Progress
from planner.solver.compiled import Compiled
from planner.solver.highs import Arrays, Program, Solution, row_errors
from planner.system.nouns import Array, System

LIMIT = 0.2
"""Share of a metal's requirement that a loss may leave unserved unless said otherwise."""
YEARS = 2
RECOVERY = 0
EXCEEDED = 1e-6
"""A limit is passed where it is exceeded by more than this share of the requirement."""
ROUNDS = 40
BATCH = 12
"""Losses that get a block in each round."""
SLACK = 1e-9

Means = Literal["all", "stockpiles"]


@dataclass(frozen=True, eq=False)
class Security:
    """A secured plan beside the unsecured one.

    `losses`: loss, first, metal, limit (share), least (share that the secured plan leaves), met
    (whether that is within the limit), before (share that the unsecured plan leaves at least);
    those that matter, the worst first. `stockpiles`: good, year, unsecured, secured (t). `orders`:
    plant, unsecured, secured (capacity ordered in all). Costs in USD, present value.
    """

    plan: Plan
    base_cost: float
    cost: float
    losses: pd.DataFrame
    stockpiles: pd.DataFrame
    orders: pd.DataFrame
    blocks: int

    @property
    def premium(self) -> float:
        """What security costs, USD present value: never below zero."""
        return self.cost - self.base_cost


@dataclass(frozen=True, eq=False)
class _Block:
    """A loss with its window, its limits by metal, and the part with a row and an excess column for
    each metal."""

    loss: Loss
    window: Window
    metals: tuple[str, ...]
    need: Array
    """Requirement in the years of the loss, t, shape (M,)."""
    own: Array
    """Shortage of the unsecured plan in the window, t, shape (M,)."""
    weights: sparse.csr_array
    """t of unmet demand per unit of the columns of the part, over the window, shape (M, n)."""

    @property
    def label(self) -> str:
        return f"{self.loss.name} from {self.loss.first}"


def secure(
    subject: System | Plan | Compiled | Base,
    *,
    limit: float = LIMIT,
    years: int = YEARS,
    recovery: int = RECOVERY,
    starts: Sequence[int] | None = None,
    share: float = 0.0,
    means: Means = "all",
    losses: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Security:
    """The least-cost plan that leaves at most `limit` of any metal unserved in the loss of any one
    source.

    A loss lasts `years`, from any of `starts` (every period where None), and leaves `share` of what
    the unsecured plan runs; unmet demand is counted over it and the `recovery` after it.
    `means="stockpiles"` keeps all orders as they are: stockpile sizing. `losses` names sources
    (`origin/NAME`, `host/NAME`); all where None. Raises SpecError for what cannot be.
    """
    base = base_of(subject)
    system = base.made.system
    _require(system, limit, years, recovery, share, losses)
    search = _Search(base, limit, means)
    for start in start_periods(system, tuple(starts) if starts is not None else None, "secure"):
        search.watch(
            start,
            years,
            recovery,
            share,
            tuple(losses) if losses is not None else tuple(sources(system)),
        )
    solution = search.run(progress)
    plan = make_plan(
        base.made, solution, solution, ties="none broken", seconds={"solve": solution.seconds}
    )
    return search.answer(plan)


def _require(
    system: System,
    limit: float,
    years: int,
    recovery: int,
    share: float,
    losses: Sequence[str] | None,
) -> None:
    problems = [
        text
        for wrong, text in (
            (
                not 0 <= limit <= 1,
                (
                    f"limit is {limit}; give the share of demand that a loss may leave unserved, 0 "
                    "to 1"
                ),
            ),
            (not years >= 1, f"a loss of {years} years is none; give 1 or more"),
            (not recovery >= 0, f"{recovery} years of recovery cannot be watched; give 0 or more"),
            (
                not 0 <= share < 1,
                f"share is {share}; give what is left of each lost source, from 0 to below 1",
            ),
        )
        if wrong
    ]
    known = sources(system)
    problems += [
        f"'{name}' is no source; choose from {', '.join(known)}"
        for name in losses or ()
        if name not in known
    ]
    if not known:
        problems.append("no process has an origin or a host: there is nothing to lose")
    if problems:
        raise SpecError("secure", problems)


class _Search:
    """The losses that are watched, and those that have a block in the programme."""

    def __init__(self, base: Base, limit: float, means: Means) -> None:
        self.base, self.limit, self.means = base, limit, means
        self.blocks: list[_Block] = []
        self.allowed: dict[str, Array] = {}
        """Excess that cannot be avoided, by label, t, shape (M,)."""

    def watch(
        self, start: int, years: int, recovery: int, share: float, names: Sequence[str]
    ) -> None:
        """Losses that begin in a period: one window for all of them."""
        system = self.base.made.system
        window = recourse(self.base, start, start + years + recovery - 1)
        watch = Watch(window)
        weights = sparse.csr_array(
            np.array([watch.length @ watch.weights[metal] for metal in system.metals])
        )
        for name in names:
            (loss,) = losses_of(system, [name], start, years, share)
            struck = np.array([loss.first <= t <= loss.last for t in window.years])
            need = np.array(
                [(watch.length * struck) @ watch.requirement[metal] for metal in system.metals]
            )
            self.blocks.append(
                _Block(loss, window, system.metals, need, np.asarray(weights @ window.own), weights)
            )

    def run(self, progress: Progress | None) -> Solution:
        """Add blocks for losses that the plan does not stand, until it stands them all."""
        x = self.base.x
        active: list[_Block] = []
        solution: Solution | None = None
        for number in range(ROUNDS):
            if progress is not None:
                progress(f"round {number + 1}: {len(active)} losses in the programme")
            excess = self._excess(x, skip=active)
            failed = [
                (float((e / _safe(block.need)).max(initial=0.0)), block.label, block)
                for block, e in excess
                if not (e <= EXCEEDED * block.need).all()
            ]
            if not failed and solution is not None:
                return replace(
                    solution,
                    objective=float(self.base.made.arrays.cost @ solution.x)
                    + self.base.made.arrays.offset,
                )
            active += [block for _, _, block in sorted(failed, key=lambda f: (-f[0], f[1]))[:BATCH]]
            solution = self._solve(active)
            x = solution.x
        raise SolverError(
            f"the losses that matter were not all found in {ROUNDS} rounds; watch fewer starts"
        )

    def _limited(self, block: _Block, held: Array) -> Arrays:
        """The part of a block with the plan held at `held` (zeros: the plan's columns are coupled),
        closed, with rows of limits."""
        arrays, m = self.base.made.arrays, len(block.metals)
        raw = part(arrays, block.window.columns, block.window.rows, held)
        lower, upper = block.window.arrays.lower.copy(), raw.upper.copy()
        places, left = block.window.closed(block.loss)
        upper[places] = np.minimum(left, upper[places])
        ceiling = self.limit * block.need + block.own + self.allowed.get(block.label, np.zeros(m))
        names = [("excess", (metal, block.label)) for metal in block.metals]
        return Arrays(
            columns=(*((name, (*index, block.label)) for name, index in raw.columns), *names),
            rows=(
                *((name, (*index, block.label)) for name, index in raw.rows),
                *(("limit", index) for _, index in names),
            ),
            cost=np.concatenate([np.zeros(len(raw.columns)), 1 / _safe(block.need)]),
            offset=0.0,
            carbon=np.zeros(len(raw.columns) + m),
            matrix=sparse.block_array(
                [[raw.matrix, None], [block.weights, -sparse.eye_array(m)]], format="csc"
            ),
            lower=np.concatenate([lower, np.zeros(m)]),
            upper=np.concatenate([upper, np.full(m, np.inf)]),
            row_lower=np.concatenate([raw.row_lower, np.full(m, -np.inf)]),
            row_upper=np.concatenate([raw.row_upper, ceiling]),
        )

    def _excess(self, x: Array, skip: Sequence[_Block] = ()) -> list[tuple[_Block, Array]]:
        """What each loss leaves beyond its limit at least, t by metal, given the plan's columns."""
        found: list[tuple[_Block, Array]] = []
        program: Program | None = None
        window: Window | None = None
        skipped = {block.label for block in skip}
        for block in self.blocks:
            if block.label in skipped:
                continue
            arrays = self._limited(block, x)
            if program is None or window is not block.window:
                program, window = Program(arrays), block.window
            else:
                every = np.arange(len(arrays.columns), dtype=np.int32)
                program.set_columns(every, arrays.lower, arrays.upper)
                rows = np.arange(len(arrays.rows), dtype=np.int32)
                program.set_rows(rows, arrays.row_lower, arrays.row_upper)
            solution = program.run()
            require_optimal(program, solution)
            found.append((block, solution.x[-len(block.metals) :]))
        return found

    def _solve(self, active: Sequence[_Block]) -> Solution:
        """The plan with these blocks: least cost within the limits; where they are out of reach,
        least excess first."""
        arrays, n, m = (
            self.base.made.arrays,
            len(self.base.made.arrays.columns),
            len(self.base.made.arrays.rows),
        )
        stacked = _stack(
            arrays,
            [self._limited(block, np.zeros(n)) for block in active],
            [block.window for block in active],
        )
        program = Program(stacked)
        self._keep_serving(program, stacked)
        excess = stacked.columns_of("excess")
        closed = stacked.upper.copy()
        closed[excess] = 0.0
        if self.means == "stockpiles":
            orders = arrays.columns_of("new_capacity")
            program.set_columns(orders, self.base.x[orders], self.base.x[orders])
        program.set_columns(excess, np.zeros(len(excess)), closed[excess])
        solution = program.run()
        if solution.status == "infeasible":
            self._allow(program, stacked, excess, active)
            solution = program.run()
        require_optimal(program, solution)
        worst = float(row_errors(stacked, solution.x).max(initial=0.0))
        if not worst <= 1e-6:
            raise SolverError(
                f"a row of a loss does not hold when checked outside the solver: {worst:.2g}"
            )
        return replace(
            solution,
            x=solution.x[:n],
            reduced_cost=solution.reduced_cost[:n],
            row_value=solution.row_value[:m],
            dual=solution.dual[:m],
            basic_row=solution.basic_row[:m],
            basic_column=solution.basic_column[:n],
        )

    def _allow(
        self, program: Program, stacked: Arrays, excess: Any, active: Sequence[_Block]
    ) -> None:
        """Make the excesses least, and allow them from here on."""
        cost = np.zeros(len(stacked.columns))
        needs = np.concatenate([_safe(block.need) for block in active])
        cost[excess] = 1 / needs
        program.set_columns(excess, np.zeros(len(excess)), np.full(len(excess), np.inf))
        program.set_cost(cost)
        least = program.run()
        require_optimal(program, least)
        found = least.x[excess]
        room = found + EXCEEDED / 10 * needs
        for i, block in enumerate(active):
            size = len(block.metals)
            extra = np.where(
                found[i * size : (i + 1) * size] > EXCEEDED / 10 * block.need,
                room[i * size : (i + 1) * size],
                0.0,
            )
            self.allowed[block.label] = self.allowed.get(block.label, np.zeros(size)) + extra
        program.set_columns(excess, np.zeros(len(excess)), room)
        program.set_cost(stacked.cost, stacked.offset)

    def _keep_serving(self, program: Program, stacked: Arrays) -> None:
        """Security is not bought by serving less without a loss."""
        arrays = self.base.made.arrays
        penalty = np.where(
            [name in {"shortage", "breach"} for name, _ in arrays.columns], arrays.cost, 0.0
        )
        if penalty.any():
            size = float(np.abs(penalty).max())
            terms = np.concatenate([penalty / size, np.zeros(len(stacked.columns) - len(penalty))])
            program.add_row(
                terms, -np.inf, float(penalty @ self.base.x) / size * (1 + SLACK) + SLACK
            )

    def answer(self, plan: Plan) -> Security:
        """What the secured plan leaves in each loss that mattered, and how it differs."""
        arrays = self.base.made.arrays
        x = np.array([plan.values[name][index] for name, index in arrays.columns])
        limit, allowed = self.limit, self.allowed
        self.limit, self.allowed = 0.0, {}
        after = {block.label: e / _safe(block.need) for block, e in self._excess(x)}
        before = {block.label: e / _safe(block.need) for block, e in self._excess(self.base.x)}
        self.limit, self.allowed = limit, allowed
        rows = [
            (
                block.loss.name,
                block.loss.first,
                metal,
                limit,
                after[block.label][i],
                bool(after[block.label][i] <= limit + EXCEEDED),
                before[block.label][i],
            )
            for block in self.blocks
            for i, metal in enumerate(block.metals)
            if before[block.label][i] > EXCEEDED
        ]
        losses = pd.DataFrame(
            rows, columns=["loss", "first", "metal", "limit", "least", "met", "before"]
        )
        losses = losses.sort_values(
            ["before", "loss", "first"], ascending=[False, True, True], ignore_index=True
        )
        return Security(
            plan,
            self.base.cost,
            plan.objective,
            losses,
            _compared(arrays, self.base.x, x, "stockpile"),
            _ordered(arrays, self.base.x, x),
            len(self.allowed),
        )


def _safe(need: Array) -> Array:
    return np.where(need > 0, need, 1.0)


def _stack(arrays: Arrays, parts: Sequence[Arrays], windows: Sequence[Window]) -> Arrays:
    """The whole programme with parts beside it, coupled to its columns by the same coefficients;
    parts cost nothing."""
    n, extra = len(arrays.columns), len(parts)
    csr = arrays.matrix.tocsr()
    grid: list[list[Any]] = [[arrays.matrix, *([None] * extra)]]
    for i, (cut, window) in enumerate(zip(parts, windows, strict=True)):
        outside = sparse.diags_array((~window.columns).astype(float))
        coupled = sparse.csc_array(csr[np.flatnonzero(window.rows)] @ outside)
        empty = sparse.csc_array((cut.matrix.shape[0] - coupled.shape[0], n))
        grid.append(
            [
                sparse.vstack([coupled, empty], format="csc"),
                *(cut.matrix if j == i else None for j in range(extra)),
            ]
        )
    matrix = sparse.csc_array(sparse.block_array(grid, format="csc"))
    matrix.eliminate_zeros()

    def joined(of: Callable[[Arrays], Array]) -> Array:
        return np.concatenate([of(a) for a in (arrays, *parts)])

    return Arrays(
        columns=(*arrays.columns, *(name for cut in parts for name in cut.columns)),
        rows=(*arrays.rows, *(name for cut in parts for name in cut.rows)),
        cost=np.concatenate([arrays.cost, np.zeros(sum(len(cut.columns) for cut in parts))]),
        offset=arrays.offset,
        carbon=joined(lambda a: a.carbon),
        matrix=matrix,
        lower=joined(lambda a: a.lower),
        upper=joined(lambda a: a.upper),
        row_lower=joined(lambda a: a.row_lower),
        row_upper=joined(lambda a: a.row_upper),
    )


def _compared(arrays: Arrays, before: Array, after: Array, variable: str) -> pd.DataFrame:
    at = arrays.columns_of(variable)
    rows = [(*arrays.columns[i][1], float(before[i]), float(after[i])) for i in at]
    return pd.DataFrame(rows, columns=["good", "year", "unsecured", "secured"])


def _ordered(arrays: Arrays, before: Array, after: Array) -> pd.DataFrame:
    at = arrays.columns_of("new_capacity")
    frame = pd.DataFrame(
        [(arrays.columns[i][1][0], float(before[i]), float(after[i])) for i in at],
        columns=["plant", "unsecured", "secured"],
    )
    return frame.groupby("plant", as_index=False).sum()
