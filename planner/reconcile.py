r"""Data reconciliation: measured flows made to balance, with the least change their uncertainties allow.

Flows x have measurements y with standard deviations s; some are exact (s = 0), some unmeasured (NaN). Balances $A x = 0$ are linear.
Bilinear relations $x_k = c\, x_j$ have a coefficient c that is measured too. Minimise

$$\sum_i \Big(\frac{x_i - y_i}{s_i}\Big)^2 \quad \text{s.t.} \quad A x = 0, \; x_k - c_r x_j = 0$$

by Lagrange's conditions of the weighted least squares problem, with the bilinear rows linearised at the last estimate until the steps
vanish (Gauss-Newton; Narasimhan and Jordache, Data Reconciliation and Gross Error Detection, Gulf, 2000, chapters 3 and 5). Unmeasured
flows are projected out with the QR factors of their columns (Crowe, Campos and Hrymak, AIChE Journal 29(6), 1983, 881-888): what the
projection determines is observable, a measurement that it can change is redundant. The global test compares the least sum of squares
with chi-square of as many degrees of freedom as independent reduced rows; the measurement test (ibid., chapter 7) names the one most at
fault: the adjustment largest in its own standard deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, stats

from planner.errors import Problem, SpecError
from planner.system import Array

Flags = npt.NDArray[np.bool_]

SIGNIFICANCE = 0.05
"""Level of the global test and of the measurement test."""
RANK_TOLERANCE = 1e-9
"""A pivot below this share of the largest is none."""
MOST_STEPS = 100
STEP_TOLERANCE = 1e-12
"""Gauss-Newton ends when no estimate moves by more than this share of the largest."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A quantity of the system: a flow, or a transfer coefficient. NaN is unmeasured, a standard deviation of 0 exact."""

    name: str
    value: float
    deviation: float
    unit: str = "t/year"


@dataclass(frozen=True, slots=True)
class Ratio:
    """flow = coefficient x base, by the names of three observations."""

    flow: str
    coefficient: str
    base: str


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """What came out.

    `table`: name, kind (measured, exact, unmeasured), measured, deviation, reconciled, posterior (standard deviation), adjustment, score
    (adjustment in its own standard deviations), observable, redundant, unit. NaN where a flow is not observable.
    """

    table: pd.DataFrame
    chi_square: float
    freedom: int
    p_value: float
    """Chance of so large a sum of squares if all measurements and deviations were right."""
    suspect: str
    """The measurement most at fault; empty where the data agree at the level of significance."""
    steps: int
    residual: float
    """Largest imbalance left, as a share of the largest flow."""

    @property
    def consistent(self) -> bool:
        """Whether the global test finds the data consistent."""
        return self.p_value >= SIGNIFICANCE


def reconcile(balances: npt.ArrayLike, observations: Sequence[Observation], ratios: Sequence[Ratio] = ()) -> Reconciliation:
    """Reconcile observations under linear balances and bilinear ratios.

    `balances` has shape (rows, len(observations)): each row times the quantities is 0 (coefficients of ratios take no part).
    Raises SpecError for NaN in balances, negative deviations, unknown names, or exact values that contradict the balances.
    """
    rows = np.atleast_2d(np.asarray(balances, dtype=float))
    if not rows.size:
        rows = np.zeros((0, len(observations)))
    _require(rows, observations, ratios)
    problem = _Problem(rows, observations, ratios)
    x, steps = problem.solve()
    return problem.result(x, steps)


def _require(rows: Array, observations: Sequence[Observation], ratios: Sequence[Ratio]) -> None:
    problems: list[Problem] = []
    names = [o.name for o in observations]
    if rows.shape[1] != len(observations):
        problems.append(Problem("balances", 0, "", f"have {rows.shape[1]} columns for {len(observations)} observations; give one for each"))
    if not np.isfinite(rows).all():
        problems.append(Problem("balances", 0, "", "hold a number that is none; give every coefficient"))
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(Problem("observations", 0, name, "stands twice; name each quantity once"))
    for o in observations:
        if np.isfinite(o.value) and not (np.isfinite(o.deviation) and o.deviation >= 0):
            problems.append(Problem("observations", 0, o.name, f"has the standard deviation {o.deviation}; give 0 or more, or no value"))
        if np.isinf(o.value):
            problems.append(Problem("observations", 0, o.name, "is infinite; give a number, or none where it is not measured"))
    problems += [Problem("ratios", 0, name, "is no observation; add it, without a value where it is not measured")
                 for r in ratios for name in (r.flow, r.coefficient, r.base) if name not in names]
    if problems:
        raise SpecError("reconciliation", problems)


class _Problem:
    """The weighted least squares problem, linearised step by step; lives inside `reconcile` only."""

    def __init__(self, rows: Array, observations: Sequence[Observation], ratios: Sequence[Ratio]) -> None:
        self.rows, self.observations = rows, observations
        at = {o.name: i for i, o in enumerate(observations)}
        self.ratios = [(at[r.flow], at[r.coefficient], at[r.base]) for r in ratios]
        self.y = np.array([o.value for o in observations])
        self.s = np.array([o.deviation for o in observations], dtype=float)
        self.unknown = ~np.isfinite(self.y)
        self.exact = ~self.unknown & (self.s == 0)
        self.measured = ~self.unknown & ~self.exact

    def start(self) -> Array:
        """Where the linearisation starts: measurements; unmeasured quantities from the rows, by least squares."""
        x = np.where(self.unknown, 0.0, self.y)
        for _ in range(3):
            for k, c, j in self.ratios:
                if self.unknown[k] and x[j] and x[c]:
                    x[k] = x[c] * x[j]
                elif self.unknown[c] and x[j]:
                    x[c] = x[k] / x[j]
                elif self.unknown[j] and x[c]:
                    x[j] = x[k] / x[c]
            if self.unknown.any() and len(self.rows):
                move, *_ = linalg.lstsq(self.rows[:, self.unknown], -self.rows @ x)
                x[self.unknown] += move
        return x

    def linearised(self, x: Array) -> tuple[Array, Array]:
        """Rows J and right side d of J z = d: the balances, and x_k - c x_j at x."""
        extra = np.zeros((len(self.ratios), len(x)))
        side = np.zeros(len(self.ratios))
        for i, (k, c, j) in enumerate(self.ratios):
            extra[i, k], extra[i, c], extra[i, j] = 1.0, -x[j], -x[c]
            side[i] = -x[c] * x[j]
        return np.vstack([self.rows, extra]), np.concatenate([np.zeros(len(self.rows)), side])

    def solve(self) -> tuple[Array, int]:
        x = self.start()
        for step in range(1, MOST_STEPS + 1):
            new = self.step(x)
            moved = float(np.max(np.abs(new - x), initial=0.0))
            x = new
            if not self.ratios or moved <= STEP_TOLERANCE * max(float(np.max(np.abs(x), initial=0.0)), 1e-300):
                return x, step
        message = f"no estimate settled in {MOST_STEPS} steps; give measured coefficients"
        raise SpecError("reconciliation", [Problem("ratios", 0, "", message)])

    def parts(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """J of measured and unknown columns, the side with exact values moved over, and the basis that projects unknowns out."""
        J, d = self.linearised(x)
        d = d - J[:, self.exact] @ self.y[self.exact]
        free = J[:, self.unknown]
        q, r, _ = linalg.qr(free, pivoting=True) if free.size else (np.eye(len(J)), np.zeros((len(J), 0)), None)
        pivots = np.abs(np.diag(r)) if r.size else np.zeros(0)
        rank = int((pivots > RANK_TOLERANCE * max(float(pivots.max(initial=0.0)), 1e-300)).sum())
        return J[:, self.measured], free, d, q[:, rank:]

    def step(self, x: Array) -> Array:
        """Solve the problem with its rows linearised at x."""
        known, free, d, basis = self.parts(x)
        y, variance = self.y[self.measured], self.s[self.measured] ** 2
        G, e = basis.T @ known, basis.T @ (d - known @ y)
        self.require_consistent(G, e)
        new = np.where(self.unknown, x, self.y)
        multiplier = linalg.pinvh((G * variance) @ G.T) @ e if len(e) else e
        new[self.measured] = y + variance * (G.T @ multiplier)
        if free.size:
            base = x[self.unknown]
            move, *_ = linalg.lstsq(free, d - known @ new[self.measured] - free @ base)
            new[self.unknown] = base + move
        return new

    def require_consistent(self, G: Array, e: Array) -> None:
        """Rows that only exact values meet cannot be mended."""
        size = max(float(np.max(np.abs(self.y[~self.unknown]), initial=0.0)), 1.0)
        stuck = (np.abs(G).max(axis=1, initial=0.0) <= RANK_TOLERANCE) & (np.abs(e) > RANK_TOLERANCE * size)
        if stuck.any():
            raise SpecError("reconciliation", [Problem(
                "observations", 0, "", "exact values contradict the balances; give at least one of them a standard deviation")])

    def result(self, x: Array, steps: int) -> Reconciliation:
        known, free, _, basis = self.parts(x)
        variance = self.s[self.measured] ** 2
        G = basis.T @ known
        inverse = linalg.pinvh((G * variance) @ G.T) if len(G) else np.zeros((0, 0))
        shift = (variance[:, None] * G.T) @ inverse @ (G * variance)
        covariance = np.diag(variance) - shift
        observable, posterior = self.observable(known, free, covariance)
        adjustment = x - self.y
        spread = np.sqrt(np.maximum(np.diag(shift), 0.0))
        redundant = np.zeros(len(x), dtype=bool)
        redundant[self.measured] = spread > RANK_TOLERANCE * self.s[self.measured]
        score = np.full(len(x), np.nan)
        moved = np.abs(adjustment[self.measured])
        score[self.measured] = np.divide(moved, spread, out=np.full(len(spread), np.nan), where=redundant[self.measured])
        square = float(np.sum((adjustment[self.measured] / self.s[self.measured]) ** 2))
        freedom = int(np.linalg.matrix_rank(G * self.s[self.measured], tol=None)) if G.size else 0
        p = float(stats.chi2.sf(square, freedom)) if freedom else 1.0
        suspect = self.observations[int(np.nanargmax(score))].name if p < SIGNIFICANCE and np.isfinite(score).any() else ""
        return Reconciliation(self.table(x, posterior, observable, redundant, score), square, freedom, p, suspect, steps, self.residual(x))

    def observable(self, known: Array, free: Array, covariance: Array) -> tuple[Flags, Array]:
        """Which quantities the rows determine, and the posterior standard deviation of each."""
        count = len(self.y)
        seen, posterior = np.ones(count, dtype=bool), np.zeros(count)
        posterior[self.measured] = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        if free.size:
            inverse = linalg.pinv(free)
            # a column is determined where the null space of the unmeasured columns leaves it alone
            free_null = np.eye(free.shape[1]) - inverse @ free
            seen[self.unknown] = np.abs(free_null).max(axis=1) <= 1e-8
            propagated = inverse @ known
            posterior[self.unknown] = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", propagated, covariance, propagated), 0.0))
        posterior[~seen] = np.nan
        return seen, posterior

    def residual(self, x: Array) -> float:
        errors = np.concatenate([self.rows @ x, [x[k] - x[c] * x[j] for k, c, j in self.ratios]])
        return float(np.max(np.abs(errors), initial=0.0) / max(float(np.max(np.abs(x), initial=0.0)), 1e-300))

    def table(self, x: Array, posterior: Array, observable: Flags, redundant: Flags, score: Array) -> pd.DataFrame:
        kind = np.where(self.unknown, "unmeasured", np.where(self.exact, "exact", "measured"))
        return pd.DataFrame({
            "name": [o.name for o in self.observations], "kind": kind, "measured": self.y,
            "deviation": np.where(self.unknown, np.nan, self.s), "reconciled": np.where(observable, x, np.nan),
            "posterior": posterior, "adjustment": np.where(self.unknown, np.nan, x - self.y),
            "score": score, "observable": observable, "redundant": redundant, "unit": [o.unit for o in self.observations],
        })


def eliminate(
    balances: npt.ArrayLike, observations: Sequence[Observation], ratios: Sequence[Ratio] = (),
) -> tuple[Reconciliation, tuple[str, ...]]:
    """Serial elimination: drop the measurement most at fault until the data agree; the last result and the names dropped, in order."""
    current, dropped = list(observations), list[str]()
    while True:
        found = reconcile(balances, current, ratios)
        if found.consistent or not found.suspect or found.freedom <= 1:
            return found, tuple(dropped)
        dropped.append(found.suspect)
        current = [Observation(o.name, float("nan"), 0.0, o.unit) if o.name == found.suspect else o for o in current]
