r"""Both ends of every price: the least and the largest dual value of each row.

At a plan x the duals y that prove it optimal are those with reduced costs $d = c - A^\top y$ that
complement it:

$$d_j = 0\ (between\ its\ bounds),\quad d_j \ge 0\ (at\ the\ lower),\quad
  d_j \le 0\ (at\ the\ upper),$$

and likewise the dual value of each row by its sides. The least $y_i$ of these is what one unit
less of requirement i saves, the largest what one more costs; where they differ the cost has a kink
there. The set is the same for every optimal plan, so that two of them say more than one.

Nearly all duals are settled. What is loose are the reduced costs of basic columns, and the duals of
basic rows, that stand at a bound: with these as parameters t, y is $y_0 + W t$, a sparse W found by
solving with what the equations between settle not. The conditions on the other reduced costs become
rows on t, which fall into many small programmes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from planner.lp.arrays import Arrays
from planner.solver.highs import PRIMAL_SIMPLEX, STATUSES, Solution, new_highs
from planner.system.nouns import Array

AT_BOUND = 1e-7
"""A value is at its bound within this share of its size, or of 1."""
SAME_PRICE = 1e-6
"""Prices are the same within this share of the larger, or of 1."""
NOISE = 1e-11
"""An entry of a product of matrices below this share of what it is summed of is rounding."""
TOGETHER = 200
"""Parts of the equations with no more unknowns than this are solved together."""
ROUNDS = 60
"""Passes in which bounds are tightened by rows before programmes are asked."""


def distances(value: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Distances of values above their lower and below their upper bounds; 0 or less at a bound."""
    room = AT_BOUND * np.maximum(np.abs(value), 1.0)
    return value - lower - room, upper - value - room


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """Which columns, or rows, stand at a bound in every solution given (`loose`), and how far their
    reduced costs, or duals, may fall and rise by that: shape (n,) or (m,) each."""

    loose: npt.NDArray[np.bool_]
    least: Array
    most: Array


def _standing(values: tuple[Array, Array], lower: Array, upper: Array, now: Array) -> _Standing:
    low = np.ones(len(lower), dtype=bool)
    up = low.copy()
    for value in values:
        above, below = distances(value, lower, upper)
        low &= above <= 0
        up &= below <= 0
    least, most = np.where(up, -np.inf, 0.0), np.where(low, np.inf, 0.0)
    return _Standing(low | up, np.minimum(least, now) - now, np.maximum(most, now) - now)


def price_ends(arrays: Arrays, first: Solution, final: Solution) -> tuple[Array, Array] | None:
    """The least and the largest dual value of each row, shape (m,) each: infinite where one unit
    less, or one more, of its requirement leaves no plan. None where the first solution, whose
    duals lie between, came without a basis.

    `final` is another optimum of the same programme, or the same.
    """
    row, column = first.basic_row, first.basic_column
    if int(row.sum() + column.sum()) != len(row):
        return None
    columns = _standing((first.x, final.x), arrays.lower, arrays.upper, first.reduced_cost)
    rows = _standing(
        (first.row_value, final.row_value), arrays.row_lower, arrays.row_upper, first.dual
    )
    try:
        weights = _weights(arrays.matrix, (row, rows.loose), (column, columns.loose))
    except RuntimeError:  # the factors of a basis that cannot be inverted
        return None
    below, above = _reach(_limits(arrays.matrix, weights, columns, rows), weights)
    low, high = first.dual - below, first.dual + above
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1.0)
    same = np.isfinite(size) & (high - low <= SAME_PRICE * size)
    return np.where(same, first.dual, low), np.where(same, first.dual, high)


# ---- what is loose, and what hangs on it


Marks = npt.NDArray[np.bool_]


def _weights(
    matrix: sparse.csc_array, rows: tuple[Marks, Marks], columns: tuple[Marks, Marks]
) -> sparse.csr_array:
    """What a unit of each parameter adds to each dual, shape (m, k): first the reduced costs of
    basic columns that are loose, then the duals of such rows. `rows` and `columns` are which are
    basic and which are loose."""
    basic, unknown = np.flatnonzero(columns[0]), np.flatnonzero(~rows[0])
    costs, duals = np.flatnonzero(columns[1][basic]), np.flatnonzero(rows[0] & rows[1])
    basis = matrix[:, basic].tocsr()
    ones = np.full(len(costs), -1.0), (costs, np.arange(len(costs)))
    right = sparse.hstack(
        [sparse.coo_array(ones, shape=(len(basic), len(costs))), -basis[duals].T], format="csr"
    )
    found = _solved(sparse.csr_array(basis[unknown].T), right)
    k = len(costs) + len(duals)
    return sparse.csr_array(
        (
            np.concatenate([found.data, np.ones(len(duals))]),
            (
                np.concatenate([unknown[found.row], duals]),
                np.concatenate([found.col, np.arange(len(costs), k)]),
            ),
        ),
        shape=(matrix.shape[0], k),
    )


def _solved(equations: sparse.csr_array, right: sparse.csr_array) -> sparse.coo_array:
    """The unknowns of square equations for many right-hand sides, shape (n, k): those that the
    equations do not settle at 0 one by one, part by part."""
    left, unknown = _unsettled(equations, np.diff(right.indptr) > 0)
    core, right = equations[left][:, unknown], right[left]
    count, part = connected_components(sparse.block_array([[None, core], [core.T, None]]), False)
    of_row, of_column = part[: len(left)], part[len(left) :]
    size = np.bincount(of_column, minlength=count)
    large = [np.array([i]) for i in np.flatnonzero(size > TOGETHER)]
    data, at, by = [np.zeros(0)], [np.zeros(0, dtype=int)], [np.zeros(0, dtype=int)]
    for parts in (*large, np.flatnonzero(size <= TOGETHER)):
        rows, columns = (np.flatnonzero(np.isin(of, parts)) for of in (of_row, of_column))
        sides = right[rows].tocsc()
        used = np.flatnonzero(np.diff(sides.indptr))
        if len(used):
            factors = splu(core[rows][:, columns].tocsc())
            # one at a time: for many at once threads of the linear algebra wait for each other
            x = np.column_stack([factors.solve(side) for side in sides[:, used].toarray().T])
            place = np.nonzero(np.abs(x) > NOISE * np.abs(x).max(axis=0))
            data.append(x[place])
            at.append(unknown[columns[place[0]]])
            by.append(used[place[1]])
    flat = np.concatenate(data), (np.concatenate(at), np.concatenate(by))
    return sparse.coo_array(flat, shape=(equations.shape[1], right.shape[1]))


def _unsettled(
    equations: sparse.csr_array, sided: Marks
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Equations and unknowns that remain when one with a single unknown and nothing on its right
    settles that at 0, and so on. `sided` are those with something on their right."""
    pattern = sparse.csr_array(equations.astype(bool).astype(float))
    number = np.arange(pattern.shape[1], dtype=float)
    left, place, open_ = pattern.sum(axis=1), pattern @ number, np.ones(len(number))
    while True:
        single = np.flatnonzero((left == 1) & ~sided)
        if not len(single):
            return np.flatnonzero(left > 0), np.flatnonzero(open_)
        # the sum of the numbers of one unknown is its number
        settled = np.zeros(len(number))
        settled[place[single].astype(int)] = 1.0
        open_ -= settled
        left, place = left - pattern @ settled, place - pattern @ (settled * number)


# ---- how far


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    """Conditions least <= matrix t <= most on the parameters t (k,), which t = 0 meets."""

    matrix: sparse.csr_array
    least: Array
    most: Array


def _limits(
    matrix: sparse.csc_array, weights: sparse.csr_array, columns: _Standing, rows: _Standing
) -> _Limits:
    """The conditions that reduced costs and duals keep their signs."""
    change = sparse.coo_array(-(matrix.T @ weights))
    size = abs(matrix).max(axis=0).toarray().ravel(), abs(weights).max(axis=0).toarray().ravel()
    kept = np.abs(change.data) > NOISE * size[0][change.row] * size[1][change.col]
    change = sparse.coo_array(
        (change.data[kept], (change.row[kept], change.col[kept])), shape=change.shape
    )
    both = sparse.vstack([change, weights], format="csr")
    least, most = (
        np.concatenate(s) for s in ((columns.least, rows.least), (columns.most, rows.most))
    )
    used = np.flatnonzero((np.diff(both.indptr) > 0) & (np.isfinite(least) | np.isfinite(most)))
    return _Limits(both[used], least[used], most[used])


def _tightened(limits: _Limits) -> tuple[Array, Array]:
    """Bounds of each parameter by itself, shape (k,) each, as far as passes over the rows find
    them."""
    matrix = limits.matrix
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    at, g, count = matrix.indices, matrix.data, matrix.shape[0]
    low, high = np.full(matrix.shape[1], -np.inf), np.full(matrix.shape[1], np.inf)

    def others(ends: Array) -> Array:
        """Of each entry the sum of the other ends of its row; infinite where one of them is."""
        endless = np.isinf(ends)
        finite = np.where(endless, 0.0, ends)
        number = np.bincount(row, endless, count)[row] - endless
        rest = np.bincount(row, finite, count)[row] - finite
        return np.where(number > 0, np.inf, rest)

    for _ in range(ROUNDS):
        down, up = np.where(g > 0, low[at], high[at]) * g, np.where(g > 0, high[at], low[at]) * g
        most = (limits.most[row] + others(-down)) / g
        least = (limits.least[row] - others(up)) / g
        new = low.copy(), high.copy()
        np.maximum.at(new[0], at, np.where(g > 0, least, most))
        np.minimum.at(new[1], at, np.where(g > 0, most, least))
        before = low, high
        low, high = np.minimum(new[0], 0.0), np.maximum(new[1], 0.0)
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return low, high


def _reach(limits: _Limits, weights: sparse.csr_array) -> tuple[Array, Array]:
    """How far each dual can fall and rise, shape (m,) each, at least 0."""
    low, high = _tightened(limits)
    count, part = connected_components(
        sparse.block_array([[None, limits.matrix], [limits.matrix.T, None]]), False
    )
    label = part[limits.matrix.shape[0] :]
    size = np.bincount(label, minlength=count)
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(size))
    parts: dict[int, _Part] = {}
    ends: list[Array] = []
    for side in (-weights, weights):
        row = np.repeat(np.arange(side.shape[0]), np.diff(side.indptr))
        at, g = side.indices, side.data
        reach = np.where(g > 0, high[at], low[at]) * g
        most: Array = np.bincount(row, reach, side.shape[0]).astype(float)
        tied = np.bincount(row, size[label[at]] > 1, side.shape[0]) > 0
        for i in np.flatnonzero((most > 0) & tied).tolist():
            entries = slice(side.indptr[i], side.indptr[i + 1])
            most[i] = 0.0
            for k in set(label[at[entries]].tolist()):
                own = label[at[entries]] == k
                if k not in parts:
                    parts[k] = _Part(limits, members[k], (low, high))
                most[i] += parts[k].most(at[entries][own], g[entries][own])
        ends.append(most)
    return ends[0], ends[1]


class _Part:
    """Parameters that conditions tie together, and the programme of these, made when it is first
    asked."""

    def __init__(
        self, limits: _Limits, members: npt.NDArray[np.int_], box: tuple[Array, Array]
    ) -> None:
        self.limits, self.members = limits, members
        self.low, self.high = box[0][members], box[1][members]
        self.points = np.zeros((1, len(members)))
        self.known: dict[tuple[bytes, bytes], float] = {}
        self.highs: Any = None

    def most(self, at: npt.NDArray[np.int_], g: Array) -> float:
        """The largest of g t (at least 0, which t = 0 gives): the bound that the box sets where a
        point known attains it, else by programme."""
        place = np.searchsorted(self.members, at)
        bound = float(np.where(g > 0, self.high[place], self.low[place]) @ g)
        if len(self.members) == 1:
            return bound
        best = float((self.points[:, place] @ g).max())
        if best >= bound * (1 - SAME_PRICE):
            return best
        size = float(np.abs(g).max())
        key = (place.tobytes(), np.round(g / size, 12).tobytes())
        if key not in self.known:
            self.known[key] = self._asked(place, g / size)
        return self.known[key] * size

    def _asked(self, place: npt.NDArray[np.int_], g: Array) -> float:
        if self.highs is None:
            self.highs = self._programme()
        cost = np.zeros(len(self.members))
        cost[place] = -g
        self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self.highs.run()
        status = STATUSES.get(self.highs.getModelStatus(), "failed")
        if status == "optimal":
            x = np.array(self.highs.getSolution().col_value)
            self.points = np.vstack([self.points, x])
            return float(-(cost @ x))
        # t = 0 meets the conditions: where there is no end, there is none
        return np.inf if status in ("unbounded", "infeasible") else np.nan

    def _programme(self) -> Any:
        columns = self.limits.matrix[:, self.members].tocsc()
        used = np.unique(columns.indices)
        own = columns[used].tocsc()
        highs, none = new_highs(), np.zeros(0, dtype=np.int32)
        for option, value in (
            ("presolve", "off"),
            ("solver", "simplex"),
            ("simplex_strategy", PRIMAL_SIMPLEX),  # only the cost changes between programmes
            ("threads", 1),
        ):
            highs.setOptionValue(option, value)
        least, most = self.limits.least[used], self.limits.most[used]
        highs.addRows(len(used), least, most, 0, none, none, np.zeros(0))
        k, starts = len(self.members), own.indptr[:-1].astype(np.int32)
        places = own.indices.astype(np.int32)
        highs.addCols(k, np.zeros(k), self.low, self.high, own.nnz, starts, places, own.data)
        return highs
