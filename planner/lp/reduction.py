r"""A programme in fewer rows and columns and in independent parts: exact, and restored with its
duals.

For loops that solve one study with other numbers. Four steps, again and again while they find
something (`ROUNDS` at most):

1. A row of one term, $r \le a x_k \le \bar r$, becomes a bound of its column. Where the column
   stands at that bound and not at its own, its reduced cost is the price of the row:
   $y_i = z_k / a$, and $z_k = 0$.
2. A column with equal bounds is taken out: $x_j = l_j$. Its rows leave it the reduced cost
   $z_j = c_j - \sum_i a_{ij} y_i$.
3. A column that occurs in one row only, $a x + s x_j = b$, is the slack of that row:

   $$x_j = (b - a x) / s, \qquad c'_k = c_k - \frac{c_j}{s} a_k, \qquad
     b - s u_j \le a x \le b - s l_j \quad (s > 0),$$

   and back $y_i = y'_i + c_j / s$, $z_j = -s y'_i$. In a row of two sides the same holds where
   $c_j = 0$. One such column in a row: the one with the fewest bounds, since a free one takes its
   row along; the first of these. That depends on no cost or yield, so that programmes alike stay
   alike, and the basis of one fits the next.
4. A row without sides or without terms goes. A row without terms that cannot hold, and bounds that
   cross, are doubtful: the solver judges.

What is left falls into parts that share no row and no column. Columns without rows stand at the
bound that their cost asks for.

Every step undoes itself on the whole, last first, so that c = A'y + z holds for the arrays as they
were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from planner.lp.arrays import Arrays
from planner.lp.components import Codes
from planner.system.nouns import Array

Mask = npt.NDArray[np.bool_]

ROUNDS = 3
"""More rounds than this are not made: a fourth takes the next year off each chain of years, and
costs more than the solver spares."""
SMALL = 50
"""Parts of fewer rows go together into one."""
EXACT = 1e-9
"""An error above this is left to the solver."""


class Answer(Protocol):
    """The answer of a solver for a part: x, reduced_cost and basic_column by column, dual and
    basic_row by row."""

    @property
    def x(self) -> Array: ...
    @property
    def reduced_cost(self) -> Array: ...
    @property
    def dual(self) -> Array: ...
    @property
    def basic_row(self) -> Mask: ...
    @property
    def basic_column(self) -> Mask: ...


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An optimum of the whole programme, n columns and m rows."""

    objective: float
    x: Array
    reduced_cost: Array
    row_value: Array
    dual: Array
    basic_row: Mask
    basic_column: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A programme by itself, and where its columns and rows stand in the whole."""

    arrays: Arrays
    columns: Codes
    rows: Codes

    @property
    def key(self) -> tuple[bytes, bytes]:
        """Parts of like programmes with the same key are of the same columns and rows, so that a
        basis of the one fits the other."""
        return self.columns.tobytes(), self.rows.tobytes()


@dataclass(slots=True, eq=False)
class _Back:
    """The whole solution while it is restored. What is not yet restored is 0, and its row's slack
    basic."""

    x: Array
    z: Array
    y: Array
    basic_row: Mask
    basic_column: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Fixed:
    """Columns that stood at a value, and what they cost when they were taken out."""

    columns: Codes
    values: Array
    cost: Array

    def undo(self, matrix: sparse.csc_array, back: _Back) -> None:
        back.x[self.columns], back.z[self.columns] = (
            self.values,
            self.cost - (matrix.T @ back.y)[self.columns],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Bounds:
    """Columns whose lower (side 1) or upper (side -1) bound was that of a row of one term; `other`
    is the opposite one."""

    columns: Codes
    rows: Codes
    terms: Array
    bound: Array
    other: Array
    side: int

    def undo(self, _: sparse.csc_array, back: _Back) -> None:
        near, far = (
            np.abs(back.x[self.columns] - self.bound),
            np.abs(back.x[self.columns] - self.other),
        )
        # by where the column stands and not by the sign of its price, which may be rounding; of
        # equal bounds by the sign
        at = (near < far) | ((near == far) & (self.side * back.z[self.columns] >= 0))
        taken = at & ~back.basic_column[self.columns]
        columns, rows = self.columns[taken], self.rows[taken]
        back.y[rows], back.z[columns] = back.z[columns] / self.terms[taken], 0.0
        back.basic_row[rows], back.basic_column[columns] = False, True


@dataclass(frozen=True, slots=True, eq=False)
class _Slacks:
    """Columns that were the slack of a row, with their coefficient, cost and bounds, and the sides
    of the row."""

    columns: Codes
    rows: Codes
    terms: Array
    cost: Array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array

    def undo(self, matrix: sparse.csc_array, back: _Back) -> None:
        i, j, s = self.rows, self.columns, self.terms
        others = (matrix @ back.x)[i]
        sides = (self.row_lower - others) / s, (self.row_upper - others) / s
        rest = np.where(
            np.isfinite(self.lower), self.lower, np.where(np.isfinite(self.upper), self.upper, 0.0)
        )
        x = np.clip(np.clip(rest, np.minimum(*sides), np.maximum(*sides)), self.lower, self.upper)
        # where the row stands at its end, so does its slack: at the bound itself and not beside it
        # by rounding
        ended = ~back.basic_row[i]
        back.x[j] = np.where(
            ended, np.where(x - self.lower <= self.upper - x, self.lower, self.upper), x
        )
        equal = self.row_lower == self.row_upper
        back.basic_column[j] = ~ended & (equal | (x != rest))
        back.basic_row[i] &= ~back.basic_column[j]
        back.z[j], back.y[i] = -s * back.y[i], back.y[i] + self.cost / s


Step = _Fixed | _Bounds | _Slacks


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """Parts of a programme, and the way back from their solutions to one of the whole."""

    whole: Arrays
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]

    def restore(self, answers: Sequence[Answer]) -> Point:
        """The optimum of the whole from optima of the parts, in their order."""
        whole = self.whole
        m, n = whole.matrix.shape
        back = _Back(
            np.zeros(n), np.zeros(n), np.zeros(m), np.ones(m, dtype=bool), np.zeros(n, dtype=bool)
        )
        for part, answer in zip(self.parts, answers, strict=True):
            back.x[part.columns], back.z[part.columns], back.y[part.rows] = (
                answer.x,
                answer.reduced_cost,
                answer.dual,
            )
            back.basic_row[part.rows], back.basic_column[part.columns] = (
                answer.basic_row,
                answer.basic_column,
            )
        for step in reversed(self.steps):
            step.undo(whole.matrix, back)
        # summed by numpy: the dot product of BLAS wakes its threads for this, which workers side by
        # side fight over
        return Point(
            float((whole.cost * back.x).sum()) + whole.offset,
            back.x,
            back.z,
            whole.matrix @ back.x,
            back.y,
            back.basic_row,
            back.basic_column,
        )


class _Doubtful(Exception):
    """The programme may have no optimum: the solver is to see it whole."""


@dataclass(slots=True, eq=False)
class _Work:
    """A programme that shrinks: entries of what is left of it, in the order of columns, and all
    else in the numbering of the whole."""

    row: Codes
    column: Codes
    term: Array
    cost: Array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array
    live_row: Mask
    live_column: Mask
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def of(cls, whole: Arrays) -> _Work:
        m, n = whole.matrix.shape
        column = np.repeat(np.arange(n), np.diff(whole.matrix.indptr))
        work = cls(
            whole.matrix.indices.astype(np.int64),
            column,
            whole.matrix.data,
            whole.cost,
            whole.lower.copy(),
            whole.upper.copy(),
            whole.row_lower.copy(),
            whole.row_upper.copy(),
            np.ones(m, dtype=bool),
            np.ones(n, dtype=bool),
        )
        if not work.term.all():
            work.keep(work.term != 0)
        return work

    def keep(self, kept: Mask) -> None:
        """Leave out all other entries."""
        at = np.flatnonzero(kept)  # and take: three times as quick as the mask
        self.row, self.column, self.term = (
            self.row.take(at),
            self.column.take(at),
            self.term.take(at),
        )

    def per_row(self, weights: Array | None = None) -> npt.NDArray[Any]:
        """Number of entries of each row, or the sum of these weights of its entries."""
        return np.asarray(np.bincount(self.row, weights, len(self.live_row)))

    def per_column(self, weights: Array | None = None) -> npt.NDArray[Any]:
        """The same of columns."""
        return np.asarray(np.bincount(self.column, weights, len(self.live_column)))

    def bound(self) -> bool:
        """Make rows of one term bounds of their columns."""
        at = np.flatnonzero((self.per_row() == 1).take(self.row))
        if not len(at):
            return False
        i, k, a = self.row[at], self.column[at], self.term[at]
        low, high = self.row_lower[i] / a, self.row_upper[i] / a
        low, high = np.where(a > 0, low, high), np.where(a > 0, high, low)
        tight = []
        for values, own, side in ((low, self.lower, 1), (high, self.upper, -1)):
            tighter = np.flatnonzero(side * values > side * own[k])
            order = tighter[np.lexsort((i[tighter], -side * values[tighter], k[tighter]))]
            best = order[np.diff(k[order], prepend=-1) != 0]
            own[k[best]] = values[best]
            tight.append((k[best], i[best], a[best], values[best]))
        self.steps += [
            _Bounds(*tight[0], self.upper[tight[0][0]], 1),
            _Bounds(*tight[1], self.lower[tight[1][0]], -1),
        ]
        if (self.lower > self.upper)[k].any():
            raise _Doubtful
        self.live_row[i] = False
        self.keep(self.live_row.take(self.row))
        return True

    def fix(self) -> bool:
        """Take out columns with equal bounds."""
        found = np.flatnonzero(self.live_column & (self.lower == self.upper))
        if not len(found):
            return False
        self.steps.append(_Fixed(found, self.lower[found], self.cost[found]))
        self.live_column[found] = False
        kept = self.live_column.take(self.column)
        gone = np.flatnonzero(~kept)
        moved = np.bincount(
            self.row[gone], self.term[gone] * self.lower[self.column[gone]], len(self.live_row)
        )
        self.row_lower -= moved
        self.row_upper -= moved
        self.keep(kept)
        return True

    def widen(self) -> bool:
        """Make columns of one row the slack of that row."""
        count = self.per_column()
        at = (np.cumsum(count) - count)[count == 1]
        at = at[
            (self.row_lower == self.row_upper)[self.row[at]] | (self.cost[self.column[at]] == 0.0)
        ]
        if not len(at):
            return False
        bounds = np.isfinite(self.lower[self.column[at]]).astype(int) + np.isfinite(
            self.upper[self.column[at]]
        )
        at = at[np.lexsort((self.column[at], bounds, self.row[at]))]
        at = at[np.diff(self.row[at], prepend=-1) != 0]
        i, j, s = self.row[at], self.column[at], self.term[at]
        self.steps.append(
            _Slacks(
                j,
                i,
                s,
                self.cost[j],
                self.lower[j],
                self.upper[j],
                self.row_lower[i],
                self.row_upper[i],
            )
        )
        ends = s * self.lower[j], s * self.upper[j]
        self.row_lower[i] -= np.maximum(*ends)
        self.row_upper[i] -= np.minimum(*ends)
        self.live_column[j] = False
        price = np.zeros(len(self.live_row))
        price[i] = self.cost[j] / s
        self.keep(self.live_column.take(self.column))
        if price.any():
            self.cost = self.cost - self.per_column(self.term * price.take(self.row))
        return True

    def vanish(self) -> None:
        """Leave out rows without sides, and those without terms where they hold."""
        empty = self.live_row & (self.per_row() == 0)
        if ((self.row_lower > EXACT) | (self.row_upper < -EXACT))[empty].any():
            raise _Doubtful
        open_ended = self.live_row & np.isneginf(self.row_lower) & np.isposinf(self.row_upper)
        self.live_row &= ~empty & ~open_ended
        if open_ended.any():
            self.keep(self.live_row.take(self.row))

    def loosen(self) -> None:
        """Place the columns that no row is left of where their cost asks for."""
        loose = np.flatnonzero(self.live_column & (self.per_column() == 0))
        low, high, cost = self.lower[loose], self.upper[loose], self.cost[loose]
        rest = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
        at = np.where(cost > 0, low, np.where(cost < 0, high, rest))
        if not np.isfinite(at).all():
            raise _Doubtful
        self.steps.append(_Fixed(loose, at, cost))
        self.live_column[loose] = False


def reduced(whole: Arrays) -> Reduction | None:
    """The parts of a programme; None where it may have no optimum, or has numbers that are none, so
    that the solver is to see it whole."""
    sound = (
        np.isfinite(whole.cost).all()
        and np.isfinite(whole.matrix.data).all()
        and (whole.lower <= whole.upper).all()
        and (whole.row_lower <= whole.row_upper).all()
        and max(whole.lower.max(initial=0.0), whole.row_lower.max(initial=0.0)) < np.inf
        and min(whole.upper.min(initial=0.0), whole.row_upper.min(initial=0.0)) > -np.inf
    )
    if not sound:
        return None
    work = _Work.of(whole)
    try:
        for _ in range(ROUNDS):
            found = work.bound(), work.fix(), work.widen()
            work.vanish()
            if not any(found):
                break
        work.loosen()
    except _Doubtful:
        return None
    return Reduction(whole, _parts(whole, work), tuple(work.steps))


def _parts(whole: Arrays, work: _Work) -> tuple[Part, ...]:
    """The remaining programme by connected components: the large ones in the order of their first
    column, then all small ones as one."""
    rows, columns = np.flatnonzero(work.live_row), np.flatnonzero(work.live_column)
    row_at = np.zeros(len(work.live_row), dtype=np.int32)
    row_at[rows] = np.arange(len(rows))
    starts = np.concatenate([[0], np.cumsum(work.per_column()[columns])]).astype(np.int32)
    inside = row_at.take(work.row)
    matrix = sparse.csc_array((work.term, inside, starts), shape=(len(rows), len(columns)))
    place, many = _components(matrix)
    column_order, column_ends = _grouped(place[: len(columns)], many)
    row_order, row_ends = _grouped(place[len(columns) :], many)
    new_row = np.empty(len(rows), dtype=np.int32)
    new_row[row_order] = np.arange(len(rows))
    matrix = matrix[:, column_order]
    found = []
    for part in range(many):
        c = slice(column_ends[part], column_ends[part + 1])
        r = slice(row_ends[part], row_ends[part + 1])
        if c.start < c.stop:
            entries = slice(matrix.indptr[c.start], matrix.indptr[c.stop])
            terms = (
                matrix.data[entries],
                new_row[matrix.indices[entries]] - r.start,
                matrix.indptr[c.start : c.stop + 1] - matrix.indptr[c.start],
            )
            found.append(_part(whole, work, columns[column_order[c]], rows[row_order[r]], terms))
    return tuple(found)


def _components(matrix: sparse.csc_array) -> tuple[Codes, int]:
    """The part that each column, then each row, belongs to, and how many parts there are; all small
    components are the last one."""
    height, width = matrix.shape
    size = height + width
    # nodes are columns, then rows; the edges of a column are its entries
    ends = np.concatenate([matrix.indptr, np.full(height, matrix.indptr[-1])])
    edges = sparse.csr_array(
        (matrix.data, matrix.indices + np.int32(width), ends), shape=(size, size)
    )
    count, label = connected_components(edges, directed=False)
    # labels are given in the order of the nodes, and columns are the first of them
    large = np.bincount(label[width:], minlength=count) >= SMALL
    return np.where(large, np.cumsum(large) - 1, large.sum())[label], int(large.sum()) + 1


def _grouped(place: Codes, many: int) -> tuple[Codes, Codes]:
    """The order that brings what belongs to one part together, and where each part begins in it."""
    ends = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=many))])
    return np.argsort(place, kind="stable"), ends


def _part(
    whole: Arrays, work: _Work, columns: Codes, rows: Codes, inside: tuple[Any, Any, Any]
) -> Part:
    return Part(
        Arrays(
            columns=_taken(whole.columns, columns),
            rows=_taken(whole.rows, rows),
            cost=work.cost[columns],
            offset=0.0,
            carbon=whole.carbon[columns],
            matrix=sparse.csc_array(inside, shape=(len(rows), len(columns))),
            lower=work.lower[columns],
            upper=work.upper[columns],
            row_lower=work.row_lower[rows],
            row_upper=work.row_upper[rows],
        ),
        columns,
        rows,
    )


def _taken(names: Sequence[Any], at: Codes) -> tuple[Any, ...]:
    found = itemgetter(*at.tolist())(names)
    return found if len(at) > 1 else (found,)
