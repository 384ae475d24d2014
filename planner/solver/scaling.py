"""The range of the numbers in a programme, where its extremes stand, and what is too wide for
doubles to be trusted with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from planner.solver.highs import Arrays, plain_name, row_errors
from planner.system.nouns import Array

WIDE = 1e9
"""Largest over smallest number of a part beyond which a warning names both: a double has 16 digits,
the solver's tolerance takes 9."""
ROUNDING = 1e-9
"""Share of its terms, and of the solver's dual tolerance, up to which a reduced cost is taken for
none."""
STEPS = (1.0, 1 - 1e-9, 1 - 1e-6, 0.999, 0.9, 0.5, 0.0)
"""Shares of the dual values at which the bound of an unfinished solve is tried; it is concave
between them."""


@dataclass(frozen=True, slots=True)
class Range:
    """The smallest and largest absolute value, other than 0, of a part of the programme, and where
    they stand."""

    least: float
    least_at: str
    most: float
    most_at: str


def ranges(arrays: Arrays) -> dict[str, Range]:
    """By part: matrix, cost, bounds of columns, right-hand sides; a part without a number is left
    out."""
    matrix = arrays.matrix.tocoo()
    parts: dict[str, tuple[Array, list[Array]]] = {
        "matrix": (matrix.data, [matrix.coords[0], matrix.coords[1]]),
        "cost": (arrays.cost, []),
        "bounds": (np.concatenate([arrays.lower, arrays.upper]), []),
        "right-hand sides": (np.concatenate([arrays.row_lower, arrays.row_upper]), []),
    }
    found = {}
    for part, (numbers, at) in parts.items():
        size = np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
        there = np.flatnonzero(size)
        if len(there):
            low, high = int(there[np.argmin(size[there])]), int(np.argmax(size))
            words = [_place(arrays, part, position, at) for position in (low, high)]
            found[part] = Range(float(size[low]), words[0], float(size[high]), words[1])
    return found


def _place(arrays: Arrays, part: str, position: int, at: list[Array]) -> str:
    if part == "matrix":
        return (
            f"{plain_name(arrays.columns[int(at[1][position])])} in "
            f"{plain_name(arrays.rows[int(at[0][position])])}"
        )
    names = arrays.rows if part == "right-hand sides" else arrays.columns
    return plain_name(names[position % len(names)])


def range_warnings(found: Mapping[str, Range]) -> tuple[str, ...]:
    """A sentence for each part that is too wide, with the places of its extremes.

    A limit may be as small as it likes, since what lies below the solver's tolerance is as good as
    nothing: only large ones count.
    """
    return tuple(filter(None, (_warning(part, span) for part, span in found.items())))


def _warning(part: str, span: Range) -> str:
    """A sentence on a part that is too wide; empty where it is not."""
    if part in ("matrix", "cost"):
        apart = span.most / span.least
        return (
            ""
            if apart <= WIDE
            else (
                f"numbers of the {part} lie {apart:.0e} apart: {span.least:g} ({span.least_at}), "
                f"{span.most:g} ({span.most_at}); check their units, answers lose digits"
            )
        )
    return (
        ""
        if span.most <= WIDE
        else (
            f"the {part} go up to {span.most:g} ({span.most_at}); check its unit, answers "
            "lose digits"
        )
    )


def recorded(found: Mapping[str, Range]) -> dict[str, dict[str, float | str]]:
    """Ranges as plan.json keeps them."""
    return {part: asdict(each) for part, each in found.items()}


def worst_rows(arrays: Arrays, x: Array, count: int = 3) -> str:
    """The rows that a solution breaks most, in words."""
    errors = row_errors(arrays, x)
    worst = [i for i in np.argsort(-errors)[:count].tolist() if errors[i] > 0]
    return ", ".join(f"{plain_name(arrays.rows[i])} by {errors[i]:.1e}" for i in worst)


def lower_bound(arrays: Arrays, dual: Array) -> float:
    """No plan costs less than this, whatever the dual values, shape (m,): the best Lagrangian bound
    on the way from none to these.

    L(y) = offset + sum_i min(y_i [row_lower, row_upper]) + sum_j min((c - A'y)_j [lower, upper])
    """
    return max(
        (_lagrangian(arrays, share * dual[: len(arrays.rows)]) for share in STEPS), default=-np.inf
    )


def _lagrangian(arrays: Arrays, dual: Array) -> float:
    reduced = arrays.cost - arrays.matrix.T @ dual
    # what is left of a reduced cost by rounding would make the bound of a column without a limit
    # infinite
    size = np.abs(arrays.cost) + abs(arrays.matrix).T @ np.abs(dual)
    reduced = np.where(np.abs(reduced) <= ROUNDING * np.maximum(size, 1.0), 0.0, reduced)
    total = arrays.offset
    for price, low, high in (
        (dual, arrays.row_lower, arrays.row_upper),
        (reduced, arrays.lower, arrays.upper),
    ):
        used = price != 0
        total += float((price[used] * np.where(price[used] > 0, low[used], high[used])).sum())
    return total if np.isfinite(total) else -np.inf
