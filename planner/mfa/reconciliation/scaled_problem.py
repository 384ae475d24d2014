"""The problem that `planner.mfa.reconciliation.least_squares` fits, in variables of one scale: what
is measured, exact and free, its constraints and products, and where a fit begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner.system.nouns import Array

Mask = npt.NDArray[np.bool_]
Product = tuple[int, int, int]
"""(result, coefficient, factor): positions of v_result = v_coefficient * v_factor."""

RANK = 1e-9
"""Singular values below this share of the largest count as zero; constraints are scaled to unit
rows first."""
CONVERGED = 1e-12
"""Constraints hold when no row misses by more than this share of its largest term."""
HALVINGS = 40


class Contradiction(ValueError):
    """Exact values and constraints cannot hold together. `rows` are the constraints concerned:
    linear ones first, then products. `bounded`: they could, but for the bounds."""

    def __init__(self, rows: tuple[int, ...], *, bounded: bool = False) -> None:
        self.rows, self.bounded = rows, bounded
        super().__init__(f"exact values contradict constraints {list(rows)}")


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """The problem in scaled variables and unit rows, and what each variable is."""

    values: Array
    deviations: Array
    matrix: Array
    target: Array
    products: tuple[Product, ...]
    free: Mask
    exact: Mask
    measured: Mask

    def holding(self, held: Mask, at: Array) -> Scaled:
        """With variables held at a value: free ones are exact there, measured ones keep their
        measurement and have a row more, after the other linear ones."""
        fixed, rows = held & self.free, np.flatnonzero(held & self.measured)
        return replace(
            self,
            values=np.where(fixed, at, self.values),
            free=self.free & ~fixed,
            exact=self.exact | fixed,
            matrix=np.vstack([self.matrix, np.eye(len(held))[rows]]),
            target=np.concatenate([self.target, at[rows]]),
        )

    def residual(self, v: Array) -> Array:
        """Constraints' misses: linear rows, then products; shape (C,)."""
        bilinear = np.array([v[i] - v[j] * v[k] for i, j, k in self.products], dtype=float)
        return np.concatenate([np.asarray(self.matrix @ v - self.target), bilinear])

    def jacobian(self, v: Array) -> Array:
        rows = np.zeros((len(self.products), len(v)))
        for row, (i, j, k) in zip(rows, self.products, strict=True):
            row[i] += 1.0
            row[j] -= v[k]
            row[k] -= v[j]
        return np.vstack([self.matrix, rows])

    def size(self, v: Array) -> Array:
        """Largest term of each constraint, at least 1 (the largest measured flow) times a rounding,
        shape (C,)."""
        linear = np.abs(self.matrix * v).max(axis=1, initial=0.0)
        bilinear = np.array(
            [max(abs(v[i]), abs(v[j] * v[k])) for i, j, k in self.products], dtype=float
        )
        found: Array = np.maximum(np.concatenate([linear, bilinear]), 1e-3)
        return found


def scaled(
    values: Array,
    deviations: Array,
    matrix: Array,
    target: Array,
    products: tuple[Product, ...],
) -> tuple[Scaled, Array]:
    """Flows in units of the largest, coefficients as they are, each linear row with the largest
    entry 1."""
    coefficients = {j for _, j, _ in products}
    flows = np.array([i not in coefficients for i in range(len(values))], dtype=bool)
    largest = (
        float(np.nanmax(np.abs(values[flows]), initial=0.0))
        or float(np.abs(target).max(initial=0.0))
        or 1.0
    )
    scale = np.where(flows, largest, 1.0)
    rows = matrix * scale
    size = np.abs(rows).max(axis=1, initial=0.0)
    size[size == 0] = largest
    free, exact = np.isnan(values), deviations == 0
    exact &= ~free
    return Scaled(
        values / scale,
        np.where(free | exact, 0.0, deviations / scale),
        rows / size[:, None],
        target / size,
        products,
        free,
        exact,
        ~free & ~exact,
    ), scale


def start(problem: Scaled) -> Array:
    """Measured and exact values as they are; free ones from the constraints with known
    coefficients, by least squares."""
    v = np.array(problem.values)
    rows, goals = [problem.matrix], [problem.target]
    unknown: list[Product] = []
    for i, j, k in problem.products:
        if np.isnan(v[j]):
            unknown.append((i, j, k))
            continue
        row = np.zeros((1, len(v)))
        row[0, i] += 1.0
        row[0, k] -= v[j]
        rows.append(row)
        goals.append(np.zeros(1))
    matrix, goal = np.vstack(rows), np.concatenate(goals)
    if problem.free.any():
        known = np.where(problem.free, 0.0, v)
        v[problem.free] = np.linalg.lstsq(
            matrix[:, problem.free], goal - matrix @ known, rcond=RANK
        )[0]
    for i, j, k in unknown:
        share = v[i] / v[k] if v[k] else 0.5
        v[j] = share if np.isfinite(share) else 0.5
    return v
