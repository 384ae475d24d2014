"""A linear programme as arrays: what the rules become, and what a solver takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.lp.components import Key
from planner.system.nouns import Array

Name = tuple[str, Key]
"""A column or a row: its variable or family, and its index."""
PENALTIES = frozenset({"shortage", "breach"})
"""Variables whose coefficient in the objective is a penalty: nobody pays it, and no cost holds it.
The items of the cost table have the same names."""


@dataclass(frozen=True, eq=False)
class Arrays:
    """A linear programme as arrays: minimise cost x + offset, row_lower <= matrix x <= row_upper,
    lower <= x <= upper."""

    columns: tuple[Name, ...]
    rows: tuple[Name, ...]
    cost: Array
    offset: float
    carbon: Array
    matrix: sparse.csc_array
    lower: Array
    upper: Array
    row_lower: Array
    row_upper: Array

    @cached_property
    def column_at(self) -> Mapping[Name, int]:
        """Position of each column."""
        return {name: i for i, name in enumerate(self.columns)}

    @cached_property
    def row_at(self) -> Mapping[Name, int]:
        """Position of each row."""
        return {name: i for i, name in enumerate(self.rows)}

    @cached_property
    def penalty(self) -> Array:
        """The part of `cost` that is a penalty, USD per unit, shape (n,)."""
        return np.where([name in PENALTIES for name, _ in self.columns], self.cost, 0.0)

    def parts(self, x: Array) -> tuple[float, float]:
        """What a solution x (n,) costs, and its penalties: USD, together its objective."""
        penalty = float(self.penalty @ x)
        return float((self.cost - self.penalty) @ x) + self.offset, penalty

    def columns_of(self, variable: str) -> npt.NDArray[np.int32]:
        """Positions of the columns of a variable."""
        return np.array(
            [i for i, (name, _) in enumerate(self.columns) if name == variable], dtype=np.int32
        )

    def rows_of(self, family: str) -> npt.NDArray[np.int32]:
        """Positions of the rows of a family."""
        return np.array(
            [i for i, (name, _) in enumerate(self.rows) if name == family], dtype=np.int32
        )
