r"""Weighted least squares under constraints, pure arrays: measurements fitted so that they
balance.

Of the variables $v$ (N) some are measured, $v_i = m_i$ with standard deviation $s_i > 0$, some
exact ($s_i = 0$), some free (no value). They are fitted to linear constraints $A v = b$ and to
products $v_i = v_j v_k$ (flow = coefficient x flow):

$$\min_v \tfrac12 \sum_{i\ measured} \left(\frac{v_i - m_i}{s_i}\right)^2 \quad s.t.\quad
  A v = b,\; v_i = v_j v_k$$

Free variables are taken out by the left null space of their columns (Crowe, Garcia Campos, Hrymak
1983, AIChE J. 29:881), so that the rest says which measurements are redundant; the singular value
decomposition tells rank and observability without regard to the deviations. Products are linearised
and the step repeated (Gauss-Newton on the constraints, with the l1 merit function): at the fixed
point the conditions of Karush, Kuhn and Tucker hold exactly, not approximately. Posterior
deviations and tests follow from the linear model at the solution.

A deviation may differ upward and downward (two-piece normal: the density of either side is that of
a normal distribution of its own deviation, joined at the measured value, so that the chance of
lying beyond m - z s or m + z s' is that of the normal distribution, 2 Q(z); Wallis 2014,
Statistical Science 29:106). The sum of squares with the deviation of the side on which each value
lies stays convex and smooth: the fit is repeated with these deviations until the sides no longer
change. A deviation of 0 on one side is a bound. Variables may be held at bounds: an active set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from planner.mfa.reconciliation.constrained_fit import equality_fit, without_free
from planner.mfa.reconciliation.scaled_problem import (
    CONVERGED,
    HALVINGS,
    RANK,
    Contradiction,
    Mask,
    Product,
    Scaled,
    scaled,
    start,
)
from planner.system.nouns import Array, frozen_array

_NOTHING = 1e-10
"""A measurement whose share of the adjustment is below this cannot be tested."""
_SAME = 1e-7
"""Adjustments whose correlation misses 1 by less than this cannot be told apart."""
_SIDE = 1e-9
"""A value nearer to its measurement than this share of the deviation lies on neither side."""
_TURNS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The fit of each variable; arrays of shape (N,), read-only."""

    values: Array
    """Fitted values; for what is not observable one of many, chosen next to the start."""
    spread: Array
    """How values follow errors of the measurements in units of their deviation, shape (N, M): the
    covariance is spread @ spread.T."""
    loose: Array
    """Orthonormal directions in which nothing holds the values, shape (N, K)."""
    redundant: Mask
    """Measured, and computable from the rest without its measurement."""
    observable: Mask
    """Measured, exact, or free and determined by the rest."""
    tests: Array
    """Adjustment over its own standard deviation, |N(0, 1)| if nothing is wrong; NaN where there is
    no redundancy."""
    influence: Array
    """Correlation of the adjustments of measured variables, shape (M, M), in the order of
    `measured`."""
    measured: npt.NDArray[np.intp]
    multipliers: Array
    """Growth of half the weighted sum of squares per unit by which an exact variable, or a free one
    held at 0, is raised; 0 for others."""
    chi_square: float
    freedom: int
    """Redundant equations: degrees of freedom of chi_square."""
    steps: int

    @property
    def deviations(self) -> Array:
        """Posterior standard deviations, shape (N,); 0 where exact, NaN where not observable."""
        found: Array = np.where(self.observable, np.sqrt((self.spread**2).sum(axis=1)), np.nan)
        return found

    def deviation_of(self, terms: Array) -> float:
        """Posterior standard deviation of the linear form terms @ values, terms (N,); NaN where it
        is not observable."""
        if np.abs(terms @ self.loose).max(initial=0.0) > _SAME * np.abs(terms).max(initial=0.0):
            return float("nan")
        return float(np.linalg.norm(terms @ self.spread))

    @property
    def probability(self) -> float:
        """Chance of a chi-square at least this large if all deviations are right; 1 where nothing
        is redundant."""
        return float(stats.chi2.sf(self.chi_square, self.freedom)) if self.freedom else 1.0

    def alike(self, variable: int) -> tuple[int, ...]:
        """Measured variables, itself included, whose error would look exactly like an error of this
        one."""
        row = int(np.flatnonzero(self.measured == variable)[0])
        same = np.abs(self.influence[row]) > 1 - _SAME
        same[row] = True
        return tuple(int(i) for i in self.measured[same])


def fit(
    values: npt.ArrayLike,
    deviations: npt.ArrayLike,
    matrix: npt.ArrayLike,
    target: npt.ArrayLike | None = None,
    *,
    products: Sequence[Product] = (),
    nonnegative: npt.ArrayLike | None = None,
    above: npt.ArrayLike | None = None,
) -> Fit:
    """Fit values (N,) with deviations (N,) to matrix (C, N) @ v = target (C,) and to products. NaN
    is free, deviation 0 exact.

    `above` (N,): deviations of what lies above the measured value, where those below differ; 0 on
    one side alone is a bound. `nonnegative` (N,) marks variables that must not fall below 0: those
    that would are held at 0 as long as that lowers the sum of squares (active set). Raises
    Contradiction where exact values or bounds cannot hold, ValueError where an array has a wrong
    shape, a deviation is negative or missing, or the products do not converge.
    """
    values, below, matrix = (np.array(a, dtype=float) for a in (values, deviations, matrix))
    matrix = matrix.reshape(-1, len(values))
    upward = below if above is None else np.array(above, dtype=float)
    goal = np.zeros(len(matrix)) if target is None else np.array(target, dtype=float)
    for spread in (below, upward):
        _require(values, spread, matrix, goal, products)
    # one deviation that is 0 is a bound; the other then serves on both sides
    low, high = (
        np.where(each > 0, each, other) for each, other in ((below, upward), (upward, below))
    )
    problem, scale = scaled(values, (low + high) / 2, matrix, goal, tuple(products))
    signs = (
        np.zeros(len(values), dtype=bool)
        if nonnegative is None
        else np.array(nonnegative, dtype=bool)
    )
    pieces = low / scale, high / scale
    floor, ceiling = (below == 0) & (upward > 0), (upward == 0) & (below > 0)
    bounds = _bounds(problem, signs, floor, ceiling)
    final, point, steps = _two_pieces(problem, bounds, *pieces)
    return _describe(final, bounds.without_rounding(point), scale, steps)


class _Bounds(NamedTuple):
    """Bounds of the variables in their scale, shape (N,); infinite where there are none."""

    lower: Array
    upper: Array

    def passed(self, v: Array) -> npt.NDArray[np.intp]:
        """-1 where a value lies below its lower bound, 1 where above the upper one, 0 within."""
        slack = RANK * max(1.0, float(np.abs(v).max(initial=0.0)))
        found: npt.NDArray[np.intp] = (v > self.upper + slack).astype(np.intp) - (
            v < self.lower - slack
        )
        return found

    def without_rounding(self, v: Array) -> Array:
        """Values that lie beyond a bound by rounding, set to it."""
        within = np.clip(v, self.lower, self.upper)
        least = CONVERGED * max(1.0, float(np.abs(v).max(initial=0.0)))
        return np.asarray(np.where(np.abs(within - v) <= least, within, v), dtype=float)

    def at(self, side: npt.NDArray[np.intp]) -> Array:
        """The bound of each side; 0 for those of neither."""
        return np.where(side < 0, self.lower, np.where(side > 0, self.upper, 0.0))


def _bounds(problem: Scaled, signs: Mask, floor: Mask, ceiling: Mask) -> _Bounds:
    """Bounds of what is not exact: 0 for what must not fall below it, the measured value for what
    lies on one side of it alone."""
    lower = np.where(signs & ~problem.exact, 0.0, -np.inf)
    lower = np.where(floor & problem.measured, np.fmax(problem.values, lower), lower)
    upper = np.where(ceiling & problem.measured, problem.values, np.inf)
    return _Bounds(lower, upper)


def _two_pieces(
    problem: Scaled, bounds: _Bounds, below: Array, above: Array
) -> tuple[Scaled, Array, int]:
    """The fit with the deviation of the side on which each value lies; with the problem that it
    solves, what is pressed against a bound held there, and the steps it took."""
    point, pressed, steps = _within_bounds(problem, bounds, start(problem))
    uneven = problem.measured & (below != above)
    if not uneven.any():
        return problem.holding(pressed != 0, bounds.at(pressed)), point, steps
    for _ in range(_TURNS):
        used = np.where(uneven, np.where(point < problem.values, below, above), problem.deviations)
        turned = replace(problem, deviations=used)
        trial, pressed, taken = _within_bounds(turned, bounds, np.array(point))
        steps += taken
        miss = np.where(problem.measured, trial - problem.values, 0.0)
        near = np.abs(miss) <= _SIDE * used
        if (~uneven | near | (np.where(miss < 0, below, above) == used)).all():
            # of what lies on neither side the deviation is that of the whole distribution
            skew = np.sqrt((1 - 2 / np.pi) * (above - below) ** 2 + above * below)
            last = replace(problem, deviations=np.where(uneven & near, skew, used))
            return last.holding(pressed != 0, bounds.at(pressed)), trial, steps
        point = _lower(problem, below, above, point, trial)
    raise ValueError(
        "deviations that differ upward and downward do not settle; give one for both sides"
    )


def _lower(problem: Scaled, below: Array, above: Array, point: Array, trial: Array) -> Array:
    """A point on the way to the trial at which the sum of squares is no larger; the trial itself
    where products bend the way."""
    measured = problem.measured

    def loss(v: Array) -> float:
        miss = (v - problem.values)[measured]
        side = np.where(miss < 0, below[measured], above[measured])
        return float(((miss / side) ** 2).sum())

    for _ in range(HALVINGS if not problem.products else 0):
        if loss(trial) <= loss(point) * (1 + CONVERGED):
            break
        trial = (trial + point) / 2
    return trial


_Held = npt.NDArray[np.intp]
"""-1 for a variable held at its lower bound, 1 at its upper one, 0 for others; shape (N,)."""


def _within_bounds(problem: Scaled, bounds: _Bounds, point: Array) -> tuple[Array, _Held, int]:
    """The fit within the bounds, from a point near it, which variables are pressed against a bound,
    and the steps it took.

    Active set by block pivoting: all that pass a bound are held and all that pull away are released
    at once, one at a time where that does not lead anywhere (Portugal, Judice, Vicente 1994,
    Mathematics of Computation 63:625); where those held contradict each other, by the primal active
    set, which keeps within the bounds on its way.
    """
    held: _Held = np.zeros(len(point), dtype=np.intp)
    fewest, patience, steps = len(held) + 1, 3, 0
    for _ in range(10 * len(held) + 10):
        try:
            point, inward, slack, taken = _held_fit(problem, bounds, held, point)
        except Contradiction as error:
            if not held.any():
                raise
            return _primal(problem, bounds, error, steps)
        steps += taken
        side = bounds.passed(point)
        wrong = ((held == 0) & (side != 0)) | (inward < -slack)
        if not wrong.any():
            return point, np.where(inward > slack, held, 0), steps
        if wrong.sum() < fewest:
            fewest, patience = int(wrong.sum()), 3
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        held = np.where(wrong, np.where(held == 0, side, 0), held)
    raise ValueError("no choice of variables held at their bounds could be found")


def _held_fit(
    problem: Scaled, bounds: _Bounds, held: _Held, point: Array
) -> tuple[Array, Array, float, int]:
    """The fit with variables held at their bounds; growth of half the sum of squares per unit by
    which each of them is moved inward (N,), what of it is rounding, and the steps taken."""
    at = bounds.at(held)
    trial = problem.holding(held != 0, at)
    point = np.where(held != 0, at, point)
    point, multipliers, taken = equality_fit(trial, point)
    pull = trial.jacobian(point).T @ multipliers
    slack = RANK * max(1.0, float(np.abs(pull).max(initial=0.0)))
    force = np.where((held != 0) & problem.free, -pull, 0.0)
    rows, first = np.flatnonzero((held != 0) & problem.measured), len(problem.matrix)
    force[rows] = multipliers[first : first + len(rows)]
    return point, np.asarray(-held * force, dtype=float), slack, taken


def _primal(
    problem: Scaled, bounds: _Bounds, error: Contradiction, steps: int
) -> tuple[Array, _Held, int]:
    """The fit within the bounds of a problem without products by the primal active set (Nocedal and
    Wright 2006, Numerical Optimization, algorithm 16.3).

    Raises Contradiction, with the constraints of `error`, where nothing keeps all bounds.
    """
    first = len(problem.matrix)
    rows = tuple(row for row in error.rows if row < first)
    point = None if problem.products else _feasible(problem, bounds)
    if point is None:
        raise Contradiction(rows, bounded=True) from error
    held: _Held = np.zeros(len(point), dtype=np.intp)
    for _ in range(10 * len(held) + 10):
        trial, inward, slack, taken = _held_fit(problem, bounds, held, point)
        steps += taken
        length, hit = _blocked(bounds, held, point, trial)
        if hit is not None:
            point = point + length * (trial - point)
            held[hit] = 1 if trial[hit] > point[hit] else -1
            continue
        point = trial
        if not (inward < -slack).any():
            return point, np.where(inward > slack, held, 0), steps
        held[int(np.argmin(inward))] = 0
    raise ValueError("no choice of variables held at their bounds could be found")


def _blocked(bounds: _Bounds, held: _Held, point: Array, trial: Array) -> tuple[float, int | None]:
    """Share of the way to the trial before the first bound, and the variable that meets it; None
    where none does."""
    moved = trial - point
    side = np.where(held == 0, bounds.passed(trial), 0)
    if not side.any():
        return 1.0, None
    room = np.divide(
        bounds.at(side) - point,
        moved,
        out=np.full(len(point), np.inf),
        where=(side != 0) & (moved != 0),
    )
    hit = int(np.argmin(room))
    return float(np.clip(room[hit], 0.0, 1.0)), hit


def _feasible(problem: Scaled, bounds: _Bounds) -> Array | None:
    """Values that keep all linear constraints and bounds; None where there are none."""
    open_ = ~problem.exact
    v = np.where(problem.exact, problem.values, 0.0)
    pairs = zip(bounds.lower[open_], bounds.upper[open_], strict=True)
    found = optimize.linprog(
        np.zeros(int(open_.sum())),
        A_eq=problem.matrix[:, open_],
        b_eq=problem.target - problem.matrix @ v,
        bounds=list(pairs),
    )
    if found.x is None:
        return None
    v[open_] = found.x
    # what the simplex leaves as rounding
    miss = problem.target - problem.matrix @ v
    v[open_] += np.linalg.lstsq(problem.matrix[:, open_], miss, rcond=RANK)[0]
    return v


def critical_test(measurements: int, level: float) -> float:
    """Critical value that the largest of so many tests exceeds with the probability `level` if
    nothing is wrong (Sidak 1967)."""
    single = 1 - (1 - level) ** (1 / max(measurements, 1))
    return float(stats.norm.isf(single / 2))


def _require(
    values: Array, deviations: Array, matrix: Array, target: Array, products: Sequence[Product]
) -> None:
    n = len(values)
    if deviations.shape != (n,) or values.shape != (n,):
        raise ValueError(
            f"values {values.shape} and deviations {deviations.shape} must be of one length"
        )
    if target.shape != (len(matrix),):
        raise ValueError(
            f"target {target.shape} must have one entry for each of {len(matrix)} constraints"
        )
    _require_numbers(values, deviations, matrix, target)
    if any(not 0 <= position < n for product in products for position in product):
        raise ValueError("a product names a variable that is not there")


def _require_numbers(values: Array, deviations: Array, matrix: Array, target: Array) -> None:
    if not (np.isfinite(matrix).all() and np.isfinite(target).all()):
        raise ValueError("matrix and target must hold finite numbers")
    if np.isinf(values).any():
        raise ValueError("values must be finite, or NaN where nothing was measured")
    known = deviations[np.isfinite(values)]
    if not (np.isfinite(known) & (known >= 0)).all():
        raise ValueError("every measured value needs a standard deviation of 0 (exact) or more")


def _describe(problem: Scaled, v: Array, scale: Array, steps: int) -> Fit:
    """Posterior deviations, tests and observability from the constraints linearised at the
    solution."""
    jacobian = problem.jacobian(v)
    reduced = without_free(problem, jacobian)
    measured, free = problem.measured, problem.free
    deviation = problem.deviations[measured]
    y = (v[measured] - problem.values[measured]) / deviation
    shared = reduced.turned @ reduced.turned.T
    share = np.sqrt(np.clip(np.diag(shared), 0.0, None))
    tests = np.full(len(v), np.nan)
    structural = np.sqrt((reduced.rows**2).sum(axis=0)) > _SAME
    tests[measured] = np.divide(
        np.abs(y), share, out=np.full(len(y), np.nan), where=structural & (share > _NOTHING)
    )
    spread, loose = np.zeros((len(v), len(y))), np.zeros((len(v), reduced.null.shape[1]))
    spread[measured] = deviation[:, None] * (np.eye(len(y)) - shared)
    spread[free] = -reduced.solve @ (jacobian[:, measured] @ spread[measured])
    loose[free] = reduced.null
    redundant, observable = np.zeros(len(v), dtype=bool), np.ones(len(v), dtype=bool)
    redundant[measured], observable[free] = structural, (reduced.null**2).sum(axis=1) < _SAME
    floor = np.maximum(share, _NOTHING)
    multipliers = reduced.back.T @ (reduced.rows @ (y / deviation))
    forces = np.where(problem.exact, -(jacobian.T @ multipliers), 0.0)
    for array in (redundant, observable):
        array.setflags(write=False)
    return Fit(
        frozen_array(v * scale),
        frozen_array(spread * scale[:, None]),
        frozen_array(loose),
        redundant,
        observable,
        frozen_array(tests),
        frozen_array(shared / floor[:, None] / floor),
        np.flatnonzero(measured),
        frozen_array(forces / scale),
        float(y @ y),
        len(reduced.rows),
        steps,
    )
