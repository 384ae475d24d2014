"""Whether a programme has any plan at all, where the solver does not say so clearly: the programme
of least violation is the judge, and its duals the proof.

Each row is given slack to either side, at a cost of 1 for each unit of its own scale, and nothing
else costs: this always has an optimum. Where its duals y prove by themselves that no point keeps
all rows and bounds (Farkas),

$$\\sum_i \\min(y_i [r_i, \\bar r_i]) + \\sum_j \\min((-A'y)_j [l_j, u_j]) > 0,$$

there is no plan, whatever a solver says; the rows with a dual are those that clash.

A cost without a lower bound has its proof too: a direction d in which every row and bound allows to
go on for ever, and in which cost falls by more than the rounding of its own terms,

$$\\sum_j c_j d_j < -\\epsilon \\sum_j |c_j d_j|.$$
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.lp.arrays import Arrays
from planner.solver.checks import lagrangian
from planner.system.nouns import Array

PROVEN = 1e-7
"""Share of the terms of the proof by which it is to be above zero."""
CLASHES = 1e-9
"""A row whose dual is above this share of the largest takes part in the clash."""


def least_violation(arrays: Arrays) -> Arrays:
    """The programme of least violation: the columns as they are, then what each row that has a
    lower side is short, then what each that has an upper side is over."""
    m, scale = len(arrays.rows), _scale(arrays)
    sides = [np.flatnonzero(np.isfinite(side)) for side in (arrays.row_lower, arrays.row_upper)]
    signs = np.concatenate(
        [np.full(len(at), sign) for at, sign in zip(sides, (1, -1), strict=True)]
    )
    rows = np.concatenate(sides)
    slack = sparse.csc_array(
        (signs * scale[rows], rows, np.arange(len(rows) + 1)), shape=(m, len(rows))
    )
    names = tuple(
        ("violation", (int(sign), int(row))) for sign, row in zip(signs, rows, strict=True)
    )
    return replace(
        arrays,
        columns=(*arrays.columns, *names),
        cost=np.concatenate([np.zeros(len(arrays.columns)), np.ones(len(rows))]),
        offset=0.0,
        carbon=np.zeros(len(arrays.columns) + len(rows)),
        matrix=sparse.csc_array(sparse.hstack([arrays.matrix, slack], format="csc")),
        lower=np.concatenate([arrays.lower, np.zeros(len(rows))]),
        upper=np.concatenate([arrays.upper, np.full(len(rows), np.inf)]),
    )


def _scale(arrays: Arrays) -> Array:
    """The largest coefficient of each row, 1 where it has none, shape (m,)."""
    largest = np.zeros(len(arrays.rows))
    np.maximum.at(largest, arrays.matrix.indices, np.abs(arrays.matrix.data))
    return np.asarray(np.where(largest > 0, largest, 1.0))


def proves_infeasible(arrays: Arrays, dual: Array) -> bool:
    """Whether duals, shape (m,), prove that no point keeps all rows and bounds."""
    total, size = lagrangian(replace(arrays, cost=np.zeros(len(arrays.columns))), dual)
    return total > PROVEN * size


def proves_unbounded(arrays: Arrays, direction: Array) -> bool:
    """Whether a direction, shape (n,), proves that the cost of the programme has no lower bound: no
    row or bound ends it, and cost falls by more than rounding along it."""
    terms = arrays.cost * direction
    if not terms.sum() < -PROVEN * np.abs(terms).sum():
        return False
    step = PROVEN * float(np.abs(direction).max(initial=0.0))
    along = np.asarray(arrays.matrix @ direction)
    room = PROVEN * np.asarray(abs(arrays.matrix) @ np.abs(direction))
    return _goes_on(direction, step, arrays.lower, arrays.upper) and _goes_on(
        along, room, arrays.row_lower, arrays.row_upper
    )


def _goes_on(change: Array, rounding: Array | float, lower: Array, upper: Array) -> bool:
    """Whether no finite end stops what changes so."""
    falls, rises = change < -rounding, change > rounding
    return not (falls & np.isfinite(lower)).any() and not (rises & np.isfinite(upper)).any()


def clashing(dual: Array) -> npt.NDArray[np.int_]:
    """Positions of the rows that take part in such a proof."""
    size = np.abs(dual)
    return np.flatnonzero(size > CLASHES * size.max(initial=0.0))
