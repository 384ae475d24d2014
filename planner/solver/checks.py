"""Whether an answer holds, checked outside the solver on the very matrix that it was given."""

from __future__ import annotations

import numpy as np

from planner.lp.arrays import Arrays, plain_name
from planner.system.nouns import Array

ROW_TOLERANCE = 1e-9
"""A row holds outside the solver when its error is at most this share of the sum of its absolute
terms, or of 1."""
ROUNDING = 1e-9
"""Share of its terms, and of the solver's dual tolerance, up to which a reduced cost is taken for
none."""
STEPS = (1.0, 1 - 1e-9, 1 - 1e-6, 0.999, 0.9, 0.5, 0.0)
"""Shares of the dual values at which the bound of an unfinished solve is tried; it is concave
between them."""


def row_errors(arrays: Arrays, x: Array) -> Array:
    """Distance of each row from holding, shape (m,), as a share of the sum of its absolute terms
    (of 1 where that is less)."""
    value = arrays.matrix @ x
    size = np.maximum(abs(arrays.matrix) @ np.abs(x), 1.0)
    short = np.maximum(arrays.row_lower - value, value - arrays.row_upper)
    return np.asarray(np.maximum(short, 0.0) / size)


def column_errors(arrays: Arrays, x: Array) -> Array:
    """Distance of each column outside its bounds, shape (n,), relative to the largest value of its
    variable, or 1.

    Not to its own: a basic column near zero is the difference of the flows it balances and carries
    their rounding (2e-9 t beside flows of 2e6 t in a programme of a million columns), as the
    balance of a good does.
    """
    short = np.maximum(np.maximum(arrays.lower - x, x - arrays.upper), 0.0)
    if not short.any():
        return np.asarray(short)
    counts = arrays.column_names.runs
    starts = np.cumsum([0, *counts[:-1]])
    largest = np.maximum.reduceat(np.abs(x), starts) if len(counts) else np.zeros(0)
    return np.asarray(short / np.maximum(np.repeat(largest, counts), 1.0))


def worst_error(arrays: Arrays, x: Array) -> float:
    """The largest error of any bound and, within the bounds, of any row; NaN where a number is
    none, infinite for a point of no length, which was never found."""
    if len(x) != len(arrays.columns):
        return np.inf
    within = np.clip(x, arrays.lower, arrays.upper)
    rows, columns = row_errors(arrays, within), column_errors(arrays, x)
    return float(np.max([rows.max(initial=0.0), columns.max(initial=0.0)]))


def holds(arrays: Arrays, x: Array) -> bool:
    """Whether a point, shape (n,), keeps all bounds and, once within them, all rows."""
    return worst_error(arrays, x) <= ROW_TOLERANCE


def worst_rows(arrays: Arrays, x: Array, count: int = 3) -> str:
    """The rows that a point breaks most, in words; empty where it breaks none."""
    errors = row_errors(arrays, np.clip(x, arrays.lower, arrays.upper))
    worst = [i for i in np.argsort(-errors)[:count].tolist() if errors[i] > 0]
    return ", ".join(f"{plain_name(arrays.rows[i])} by {errors[i]:.1e}" for i in worst)


def lower_bound(arrays: Arrays, dual: Array) -> float:
    """No plan costs less than this, whatever the dual values, shape (m,): the best Lagrangian bound
    on the way from none to these.

    L(y) = offset + sum_i min(y_i [row_lower, row_upper]) + sum_j min((c - A'y)_j [lower, upper])
    """
    duals = dual[: len(arrays.rows)]
    bounds = (lagrangian(arrays, share * duals)[0] for share in STEPS)
    return max((bound + arrays.offset for bound in bounds), default=-np.inf)


def lagrangian(arrays: Arrays, dual: Array) -> tuple[float, float]:
    """L(y) without the offset, minus infinity where a column without a limit makes it so; and the
    sum of its absolute terms."""
    reduced = arrays.cost - arrays.matrix.T @ dual
    # what is left of a reduced cost by rounding would make the bound of a column without a limit
    # infinite
    size = np.abs(arrays.cost) + abs(arrays.matrix).T @ np.abs(dual)
    limited = np.isfinite(np.where(reduced > 0, arrays.lower, arrays.upper))
    tiny = np.abs(reduced) <= ROUNDING * np.maximum(size, 1.0)
    reduced = np.where(tiny & ~limited, 0.0, reduced)
    terms = [np.zeros(0)]
    for price, low, high in (
        (dual, arrays.row_lower, arrays.row_upper),
        (reduced, arrays.lower, arrays.upper),
    ):
        used = price != 0
        terms.append(price[used] * np.where(price[used] > 0, low[used], high[used]))
    total = np.concatenate(terms)
    if not np.isfinite(total).all():
        return -np.inf, np.inf
    return float(total.sum()), float(np.abs(total).sum())
