r"""N-1 security: the least-cost plan that stands the loss of any single source.

One linear programme holds the plan and, beside it, a block for each loss s: what is left to choose
from its first year on, with the plan's capacity $K_{k,t}$ and the stockpile $S_{g,t_0-1}$ and
activity $a_{p,t_0-1}$ with which the plan enters that year. Blocks share nothing but the plan,
order nothing and cost nothing; the plan never knows which loss will come, or when.

$$\min\; c^\top x \quad\text{s.t.}\quad A x \in b,\qquad C_s x + B_s z_s \in b_s,\qquad
  \sum_{t \in s} n_t\, w_m^\top z_{s,t}
    \le \phi \sum_{t \in L_s} n_t D_{m,t} + \bar Z_{m,s} + e_{m,s}$$

$B_s, C_s$ are columns and rows of $A$ itself (`planner.analysis.security.recourse`: targets, caps
and run-down limits are suspended); $w_m$ counts shortage in refined equivalents, $L_s$ are the
years of the loss, $\bar Z$ is the shortage that the unsecured plan has without any loss. Demand is
served as well as without security: the weighted shortage of the plan is no higher. Where the share
$\phi$ is out of reach, the sum of the excesses e (each as a share of its requirement) is made least
first, and said. Only losses that the plan does not stand yet get a block, until none is left: the
answer is that of the programme with all blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
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
    lost_by_name,
    part,
    recourse,
    sources,
    stages_of_places,
    start_periods,
)
from planner.analysis.security.stacking import joined, labelled
from planner.errors import SolverError, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, optimal
from planner.runtime.progress import Progress, told
from planner.solver.checks import row_errors
from planner.solver.compiled import Compiled
from planner.solver.highs import Arrays, Program, Solution
from planner.solver.ties import NO_TIES, break_ties
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
MAX_ROW_ERROR = 1e-6
"""Error up to which a row of a loss holds outside the solver, as `row_errors`."""

Means = Literal["all", "stockpiles"]


@dataclass(frozen=True, eq=False)
class Security:
    """A secured plan beside the unsecured one.

    `losses`: loss, first, metal, limit (share), least (share that the secured plan leaves), met
    (whether that is within the limit), before (share that the unsecured plan leaves at least);
    those that matter, the worst first. `stockpiles`: good, year, unsecured, secured (t). `orders`:
    plant, unsecured, secured (capacity ordered in all). Costs, which hold no penalty, and penalties
    in USD, present value.
    """

    plan: Plan
    base_cost: float
    cost: float
    base_penalty: float
    penalty: float
    losses: pd.DataFrame
    stockpiles: pd.DataFrame
    orders: pd.DataFrame
    blocks: int

    @property
    def premium(self) -> float:
        """Cost of security, USD present value: never below zero."""
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
    def named(self) -> tuple[str, int]:
        """The loss and its first year."""
        return self.loss.name, self.loss.first

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

    A loss lasts `years`, from any of `starts` (every year where None), and leaves `share` of what
    the unsecured plan runs; unmet demand is counted over it and the `recovery` after it.
    `means="stockpiles"` keeps all orders as they are: stockpile sizing. `losses` names sources
    (`origin/NAME`, `host/NAME`, or a stage of a place, `origin/NAME:STAGE`); all origins and hosts
    where None. Raises SpecError for what cannot be.
    """
    base = base_of(subject)
    system = base.made.system
    known = tuple(sources(system))
    asked = losses if losses is not None else known
    problems = [*_problems(limit, years, recovery, share), *_problems_of_names(asked, system)]
    if problems:
        raise SpecError("secure", problems)
    search = _Search(base, limit, means)
    for start in start_periods(system, tuple(starts) if starts is not None else None, "secure"):
        search.watch(
            start, start + years + recovery - 1, losses_of(system, asked, start, years, share)
        )
    solution = search.run(progress)
    return search.answer(make_plan(base.made, solution, solution, ties=search.ties))


def _problems(limit: float, years: int, recovery: int, share: float) -> Iterator[str]:
    if not 0 <= limit <= 1:
        yield f"limit is {limit}; give the share of demand that a loss may leave unserved, 0 to 1"
    if not years >= 1:
        yield f"a loss cannot last {years} years; give 1 or more"
    if not recovery >= 0:
        yield f"{recovery} years of recovery cannot be watched; give 0 or more"
    if not 0 <= share < 1:
        yield f"share is {share}; give what is left of each lost source, from 0 to below 1"


def _problems_of_names(losses: Collection[str], system: System) -> Iterator[str]:
    known = [*sources(system), *stages_of_places(system)]
    for name in losses:
        if lost_by_name(system, name) is None:
            yield f"'{name}' is not a source; choose from {', '.join(known)}"
    if not known:
        yield "no process has an origin or a host: there is nothing to lose"


class _Search:
    """The losses that are watched, and those that have a block in the programme."""

    def __init__(self, base: Base, limit: float, means: Means) -> None:
        self.base, self.limit, self.means = base, limit, means
        self.blocks: list[_Block] = []
        self.ties = NO_TIES
        self.allowed: dict[str, Array] = {}
        """Excess that cannot be avoided, by label, t, shape (M,)."""

    def watch(self, first: int, last: int, losses: Iterable[Loss]) -> None:
        """Losses that begin in a period, watched to a year: one window for all of them."""
        window = recourse(self.base, first, last)
        watch, metals = Watch(window), self.base.made.system.metals
        weights = sparse.csr_array(
            np.array([watch.length @ watch.weights[metal] for metal in metals])
        )
        own = np.asarray(weights @ window.own)
        for loss in losses:
            length = watch.length * np.array([loss.first <= t <= loss.last for t in window.years])
            need = np.array([length @ watch.requirement[metal] for metal in metals])
            self.blocks.append(_Block(loss, window, metals, need, own, weights))

    def run(self, progress: Progress | None) -> Solution:
        """Add blocks for losses that the plan does not stand, until it stands them all."""
        x = self.base.x
        active: list[_Block] = []
        solution: Solution | None = None
        for number in range(ROUNDS):
            told(progress, f"round {number + 1}: {len(active)} losses in the programme")
            failed = self._failed(x, active)
            if not failed and solution is not None:
                arrays = self.base.made.arrays
                return replace(solution, objective=float(arrays.cost @ solution.x) + arrays.offset)
            active += failed[:BATCH]
            solution = self._solve(active)
            x = solution.x
        raise SolverError(
            f"the losses that matter were not all found in {ROUNDS} rounds; watch fewer starts"
        )

    def _failed(self, x: Array, active: Sequence[_Block]) -> list[_Block]:
        """Losses that a plan does not stand, of those not in the programme, the worst first."""
        failed = [
            (-float((excess / _safe(block.need)).max(initial=0.0)), block.label, block)
            for block, excess in self._excess(x, skip=active)
            if not (excess <= EXCEEDED * block.need).all()
        ]
        return [block for *_, block in sorted(failed, key=itemgetter(0, 1))]

    def _limited(self, block: _Block, held: Array) -> Arrays:
        """The part of a block with the plan held at `held` (zeros: the plan's columns are coupled),
        closed, with rows of limits."""
        arrays, m = self.base.made.arrays, len(block.metals)
        raw = part(arrays, block.window.columns, block.window.rows, held)
        names = [("excess", (metal, block.label)) for metal in block.metals]
        return Arrays(
            columns=(*labelled(raw.columns, block.label), *names),
            rows=(*labelled(raw.rows, block.label), *(("limit", index) for _, index in names)),
            cost=np.concatenate([np.zeros(len(raw.columns)), 1 / _safe(block.need)]),
            offset=0.0,
            carbon=np.zeros(len(raw.columns) + m),
            matrix=sparse.block_array(
                [[raw.matrix, None], [block.weights, -sparse.eye_array(m)]], format="csc"
            ),
            lower=np.concatenate([block.window.arrays.lower, np.zeros(m)]),
            upper=np.concatenate([self._open(block), np.full(m, np.inf)]),
            row_lower=np.concatenate([raw.row_lower, np.full(m, -np.inf)]),
            row_upper=np.concatenate([raw.row_upper, self._ceiling(block)]),
        )

    def _open(self, block: _Block) -> Array:
        """Upper bounds of the columns of the part of a block while its loss lasts."""
        upper = self.base.made.arrays.upper[block.window.columns].copy()
        places, left = block.window.closed(block.loss)
        upper[places] = np.minimum(left, upper[places])
        return upper

    def _ceiling(self, block: _Block) -> Array:
        """Upper sides of the rows of limits of a block, t, shape (M,)."""
        allowed = self.allowed.get(block.label, np.zeros(len(block.metals)))
        return np.asarray(self.limit * block.need + block.own + allowed)

    def _excess(self, x: Array, skip: Sequence[_Block] = ()) -> list[tuple[_Block, Array]]:
        """The least that each loss leaves beyond its limit, t by metal, given the plan's columns.

        The losses of a window share a programme: they differ in bounds alone.
        """
        found: list[tuple[_Block, Array]] = []
        skipped = {block.label for block in skip}
        asked = [block for block in self.blocks if block.label not in skipped]
        for _, blocks in groupby(asked, key=lambda block: id(block.window)):
            found += self._excess_of_window(x, list(blocks))
        return found

    def _excess_of_window(self, x: Array, blocks: list[_Block]) -> Iterator[tuple[_Block, Array]]:
        """The same for losses of one window."""
        arrays, m = self._limited(blocks[0], x), len(blocks[0].metals)
        program, lower = Program(arrays), blocks[0].window.arrays.lower
        columns = np.arange(len(arrays.columns) - m, dtype=np.int32)
        limits = np.arange(len(arrays.rows) - m, len(arrays.rows), dtype=np.int32)
        for block in blocks:
            program.set_columns(columns, lower, self._open(block))
            program.set_rows(limits, np.full(m, -np.inf), self._ceiling(block))
            yield block, optimal(program).x[-m:]

    def _solve(self, active: Sequence[_Block]) -> Solution:
        """The plan with these blocks: least excess, then least cost with that.

        The excess is asked for first, since a programme whose limits are out of reach takes several
        solves to be called infeasible.
        """
        arrays = self.base.made.arrays
        held = np.zeros(len(arrays.columns))
        blocks = [self._limited(block, held) for block in active]
        stacked = _stack(arrays, blocks, [block.window for block in active])
        program = Program(stacked)
        self._keep_serving(program, stacked)
        if self.means == "stockpiles":
            orders = arrays.columns_of("new_capacity")
            program.set_columns(orders, self.base.x[orders], self.base.x[orders])
        if active:
            self._allow(program, stacked, stacked.columns_of("excess"), active)
        solution = optimal(program)
        worst = float(row_errors(stacked, solution.x).max(initial=0.0))
        if not worst <= MAX_ROW_ERROR:
            raise SolverError(
                f"a row of a loss does not hold when checked outside the solver: {worst:.2g}"
            )
        final, self.ties = break_ties(program, solution)
        return _of_the_plan(replace(solution, x=final.x), arrays)

    def _allow(
        self, program: Program, stacked: Arrays, excess: Any, active: Sequence[_Block]
    ) -> None:
        """Minimise the excesses, and allow them from here on; none where none is needed."""
        cost = np.zeros(len(stacked.columns))
        needs = np.concatenate([_safe(block.need) for block in active])
        cost[excess] = 1 / needs
        program.set_columns(excess, np.zeros(len(excess)), np.full(len(excess), np.inf))
        program.set_cost(cost)
        # nothing else costs: on so flat an optimum the crossover of the interior point may not end
        least = program.simplex()
        found = (least if least.status == "optimal" else optimal(program)).x[excess]
        hair = EXCEEDED / 10 * needs
        room = found + hair if (found > hair).any() else np.zeros(len(found))
        for i, block in enumerate(active):
            size = len(block.metals)
            own = slice(i * size, (i + 1) * size)
            extra = np.where(found[own] > EXCEEDED / 10 * block.need, room[own], 0.0)
            self.allowed[block.label] = self.allowed.get(block.label, np.zeros(size)) + extra
        program.set_columns(excess, np.zeros(len(excess)), room)
        program.set_cost(stacked.cost, stacked.offset)

    def _keep_serving(self, program: Program, stacked: Arrays) -> None:
        """Security is not bought by serving less without a loss."""
        arrays = self.base.made.arrays
        penalty = arrays.penalty
        if penalty.any():
            size = float(np.abs(penalty).max())
            terms = np.concatenate([penalty / size, np.zeros(len(stacked.columns) - len(penalty))])
            program.add_row(
                terms, -np.inf, float(penalty @ self.base.x) / size * (1 + SLACK) + SLACK
            )

    def answer(self, plan: Plan) -> Security:
        """The secured plan beside the unsecured one, and the losses that mattered."""
        arrays = self.base.made.arrays
        x = np.array([plan.values[name][index] for name, index in arrays.columns])
        after, before = self._shares_left(x), self._shares_left(self.base.x)
        return Security(
            plan,
            self.base.cost,
            plan.cost,
            self.base.penalty,
            plan.penalty,
            _losses(self.blocks, self.limit, after, before),
            _compared(arrays, self.base.x, x, "stockpile"),
            _ordered(arrays, self.base.x, x),
            len(self.allowed),
        )

    def _shares_left(self, x: Array) -> dict[str, Array]:
        """The least share of the requirement that each loss leaves unserved, by label, (M,)."""
        free = _Search(self.base, 0.0, self.means)
        free.blocks = self.blocks
        return {block.label: excess / _safe(block.need) for block, excess in free._excess(x)}


def _losses(
    blocks: Iterable[_Block], limit: float, after: Mapping[str, Array], before: Mapping[str, Array]
) -> pd.DataFrame:
    rows = [
        (*block.named, metal, limit, left, bool(left <= limit + EXCEEDED), had)
        for block in blocks
        for metal, left, had in zip(
            block.metals, after[block.label], before[block.label], strict=True
        )
        if had > EXCEEDED
    ]
    columns = ["loss", "first", "metal", "limit", "least", "met", "before"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["before", "loss", "first"], ascending=[False, True, True], ignore_index=True
    )


def _of_the_plan(solution: Solution, arrays: Arrays) -> Solution:
    """The part of a solution of the stack that is the plan's, which stands first in it."""
    n, m = len(arrays.columns), len(arrays.rows)
    return replace(
        solution,
        x=solution.x[:n],
        reduced_cost=solution.reduced_cost[:n],
        row_value=solution.row_value[:m],
        dual=solution.dual[:m],
        basic_row=solution.basic_row[:m],
        basic_column=solution.basic_column[:n],
    )


def _safe(need: Array) -> Array:
    return np.where(need > 0, need, 1.0)


def _stack(arrays: Arrays, blocks: Sequence[Arrays], windows: Sequence[Window]) -> Arrays:
    """The whole programme with blocks beside it, coupled to its columns by the same coefficients;
    blocks cost nothing."""
    everything, no_cost = (arrays, *blocks), np.zeros(sum(len(cut.columns) for cut in blocks))
    return Arrays(
        columns=tuple(name for each in everything for name in each.columns),
        rows=tuple(name for each in everything for name in each.rows),
        cost=np.concatenate([arrays.cost, no_cost]),
        offset=arrays.offset,
        carbon=joined(everything, lambda a: a.carbon),
        matrix=_coupled(arrays, blocks, windows),
        lower=joined(everything, lambda a: a.lower),
        upper=joined(everything, lambda a: a.upper),
        row_lower=joined(everything, lambda a: a.row_lower),
        row_upper=joined(everything, lambda a: a.row_upper),
    )


def _coupled(
    arrays: Arrays, blocks: Sequence[Arrays], windows: Sequence[Window]
) -> sparse.csc_array:
    """The matrix of the stack: each block in a line of its own, under the columns of the plan that
    it hangs on."""
    csr, count = arrays.matrix.tocsr(), len(blocks)
    grid: list[list[Any]] = [[arrays.matrix, *([None] * count)]]
    for i, (block, window) in enumerate(zip(blocks, windows, strict=True)):
        outside = sparse.diags_array((~window.columns).astype(float))
        coupled = sparse.csc_array(csr[np.flatnonzero(window.rows)] @ outside)
        empty = sparse.csc_array((len(block.rows) - coupled.shape[0], len(arrays.columns)))
        line: list[Any] = [None] * count
        line[i] = block.matrix
        grid.append([sparse.vstack([coupled, empty], format="csc"), *line])
    matrix = sparse.csc_array(sparse.block_array(grid, format="csc"))
    matrix.eliminate_zeros()
    return matrix


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
