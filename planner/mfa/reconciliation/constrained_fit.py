"""The fit under equations alone: free variables taken out, then steps to where the conditions of
Karush, Kuhn and Tucker hold (`planner.mfa.reconciliation.least_squares` says which)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from planner.mfa.reconciliation.scaled_problem import (
    CONVERGED,
    HALVINGS,
    RANK,
    Contradiction,
    Scaled,
)
from planner.system.nouns import Array

_SETTLED = 1e-10
"""Products have settled when no variable moves by more than this share of itself, or of a tenth of
the largest flow."""
_STEPS = 500


def equality_fit(problem: Scaled, v: Array) -> tuple[Array, Array, int]:
    """The fit of a problem without bounds from a point near it, the multipliers of its constraints
    (C,), and the steps it took."""
    if not problem.products:
        return _linear_fit(problem, v)
    merit_weight = 1.0
    for steps in range(1, _STEPS + 1):
        reduced = without_free(problem, problem.jacobian(v))
        step, multipliers = _step(problem, v, reduced)
        settled = _settled(step, v)
        v, merit_weight, moved = _move(problem, v, step, multipliers, merit_weight)
        if settled or not moved:
            if _holds(problem, v):
                return v, multipliers, steps
            break
    _require_possible(without_free(problem, problem.jacobian(v)), problem.residual(v))
    raise ValueError(
        "the products do not converge; give a value for a coefficient, or check the values near "
        "zero"
    )


def _linear_fit(problem: Scaled, v: Array) -> tuple[Array, Array, int]:
    """The fit of a problem without products: one step, and another where the first leaves
    rounding."""
    reduced = without_free(problem, problem.jacobian(v))
    step, multipliers = _step(problem, v, reduced)
    settled, v = _settled(step, v), v + step
    if settled and _holds(problem, v):
        return v, multipliers, 1
    step, multipliers = _step(problem, v, reduced)
    return v + step, multipliers, 2


def _settled(step: Array, v: Array) -> bool:
    return bool((np.abs(step) <= _SETTLED * np.maximum(np.abs(v), 0.1)).all())


def _holds(problem: Scaled, v: Array) -> bool:
    return bool((np.abs(problem.residual(v)) <= CONVERGED * problem.size(v)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """The constraints linearised at a point, with the free variables taken out."""

    left: Array
    """Left null space of the free columns, shape (C, R)."""
    solve: Array
    """Pseudo-inverse of the free columns, shape (U, C)."""
    null: Array
    """Null space of the free columns, shape (U, K): what nothing determines."""
    rows: Array
    """Orthonormal independent constraints on the measured, shape (r, M)."""
    back: Array
    """From misses (C,) to those of `rows`, shape (r, C)."""
    rest: Array
    """From misses (C,) to those that no measurement can mend, shape (C - R - r, C)."""
    turned: Array
    """Orthonormal basis of the adjustments in units of the deviation, shape (M, r)."""
    triangle: Array


def without_free(problem: Scaled, jacobian: Array) -> Reduced:
    of_free, of_measured = jacobian[:, problem.free], jacobian[:, problem.measured]
    left, solve, null = _orthogonal(of_free)
    u, s, vt, r = _decomposed(left.T @ of_measured)
    rows = vt[:r]
    back = (u[:, :r] / s[:r]).T @ left.T
    turned, triangle = linalg.qr((rows * problem.deviations[problem.measured]).T, mode="economic")
    return Reduced(left, solve, null, rows, back, u[:, r:].T @ left.T, turned, triangle)


def _orthogonal(matrix: Array) -> tuple[Array, Array, Array]:
    """Left null space, pseudo-inverse and null space by complete orthogonal decomposition, much
    cheaper than singular values."""
    rows, columns = matrix.shape
    if min(rows, columns) == 0:
        return np.eye(rows), np.zeros((columns, rows)), np.eye(columns)
    q, r, order = linalg.qr(matrix, pivoting=True)
    pivots = np.abs(np.diag(r))
    rank = int((pivots > RANK * max(1.0, float(pivots.max()))).sum())
    z, t = linalg.qr(r[:rank].T)
    back = np.argsort(order)
    inner = (
        linalg.solve_triangular(t[:rank], q[:, :rank].T, trans="T") if rank else np.zeros((0, rows))
    )
    return q[:, rank:], (z[:, :rank] @ inner)[back], z[back][:, rank:]


def _decomposed(matrix: Array) -> tuple[Array, Array, Array, int]:
    """u, s, v transposed and rank of a matrix that may have no rows or columns."""
    if min(matrix.shape) == 0:
        return np.eye(matrix.shape[0]), np.zeros(0), np.eye(matrix.shape[1]), 0
    u, s, vt = np.linalg.svd(matrix)
    return u, s, vt, int((s > RANK * max(1.0, float(s.max()))).sum())


def _step(problem: Scaled, v: Array, reduced: Reduced) -> tuple[Array, Array]:
    """Step to the solution of the problem linearised at v, and the multipliers of its constraints
    (C,)."""
    jacobian, miss = problem.jacobian(v), problem.residual(v)
    if not problem.products:
        _require_possible(reduced, miss)
    measured = problem.measured
    deviation = problem.deviations[measured]
    offset = v[measured] - problem.values[measured]
    # the target of the step in units of the deviation: rows @ (m + sd y - v) = -back @ miss
    wanted = reduced.rows @ offset - reduced.back @ miss
    y = (
        reduced.turned @ linalg.solve_triangular(reduced.triangle, wanted, trans="T")
        if len(wanted)
        else np.zeros(len(deviation))
    )
    step = np.zeros(len(v))
    step[measured] = deviation * y - offset
    step[problem.free] = -reduced.solve @ (miss + jacobian[:, measured] @ step[measured])
    ratio = np.divide(y, deviation, out=np.zeros_like(y), where=deviation > 0)
    return step, reduced.back.T @ (reduced.rows @ ratio)


def _require_possible(reduced: Reduced, miss: Array) -> None:
    """Raise Contradiction, with the constraints that take part, where no measurement and no free
    variable can mend a miss."""
    stuck = reduced.rest @ miss
    if stuck.size and np.abs(stuck).max() > RANK:
        part = np.abs(stuck @ reduced.rest)
        raise Contradiction(tuple(int(i) for i in np.flatnonzero(part > 1e-6 * part.max())))


def _move(
    problem: Scaled, v: Array, step: Array, multipliers: Array, weight: float
) -> tuple[Array, float, bool]:
    """v moved along the step as far as the merit function falls, the merit's weight, and whether it
    moved."""
    weight = max(weight, 2 * float(np.abs(multipliers).max(initial=0.0)))
    before = merit(problem, v, weight)
    length = 1.0
    for _ in range(HALVINGS):
        trial = v + length * step
        if merit(problem, trial, weight) <= before * (1 + CONVERGED) + CONVERGED * weight:
            return trial, weight, True
        length /= 2
    return v, weight, False


def merit(problem: Scaled, v: Array, weight: float) -> float:
    m = problem.measured
    y = (v[m] - problem.values[m]) / problem.deviations[m]
    return float(0.5 * y @ y + weight * np.abs(problem.residual(v)).sum())
