"""The range of the numbers in a programme, where its extremes stand, and what is too wide for
doubles to be trusted with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse

from planner.lp.arrays import TAILS, Arrays, plain_name
from planner.system.nouns import Array

WIDE = 1e9
"""Largest over smallest number of a part beyond which a warning names both: a double has 16 digits,
the solver's tolerance takes 9."""


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
    out, as are the tails of lifetimes in the matrix, which nobody stated."""
    said = np.array([name not in TAILS for name, _ in arrays.columns], dtype=float)
    matrix = sparse.csc_array(arrays.matrix * said[None, :]).tocoo()
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
