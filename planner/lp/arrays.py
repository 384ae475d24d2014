"""A linear programme as arrays: what the rules become, and what a solver takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.lp.components import Key
from planner.system.nouns import Array

Name = tuple[str, Key]
"""A column or a row: its variable or family, and its index."""
LEAST_ENTRY = 1e-12
"""HiGHS cannot be told to keep coefficients of this size or less: they are left out, by us."""
NEGLIGIBLE = 1e-9
"""A coefficient left out is as good as none where it times all that its column can be is no more
than this share of the largest right-hand side, or of 1."""
TAILS = frozenset({"measure"})
"""Variables whose small coefficients are the tail of a lifetime, which means nothing: no number of
the study says them."""
MOST_NOTED = 3
"""Coefficients left out that a note names one by one."""
PENALTIES = frozenset({"shortage", "breach"})
"""Variables whose coefficient in the objective is a penalty: nobody pays it, and no cost holds it.
The items of the cost table have the same names."""
TRANSFERS = frozenset({"claimed"})
"""Variables whose coefficient in the objective is a payment at home: whoever decides sees it, and
no cost of the country holds it."""


class Names(tuple[Name, ...]):
    """Columns or rows of a programme, with what follows from their names alone: programmes that
    differ in numbers share it."""

    @cached_property
    def at(self) -> Mapping[Name, int]:
        """Position of each."""
        return {name: i for i, name in enumerate(self)}

    @cached_property
    def runs(self) -> npt.NDArray[np.int_]:
        """How many follow one another of each variable or family, in order."""
        return np.array(
            [sum(1 for _ in together) for _, together in groupby(self, key=itemgetter(0))],
            dtype=int,
        )

    @cached_property
    def penalised(self) -> npt.NDArray[np.bool_]:
        """Where the coefficient in the objective is a penalty, shape (n,)."""
        return np.array([name in PENALTIES for name, _ in self], dtype=bool)

    def __reduce__(self) -> tuple[Any, ...]:
        return Names, (tuple(self),)


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
    left_out: tuple[str, ...] = ()
    """What `without_specks` left out although it may matter, in sentences."""

    def __post_init__(self) -> None:
        for field in ("columns", "rows"):
            names = getattr(self, field)
            if not isinstance(names, Names):
                object.__setattr__(self, field, Names(names))

    @property
    def column_names(self) -> Names:
        """The columns, with what follows from their names."""
        return cast(Names, self.columns)

    @property
    def row_names(self) -> Names:
        """The rows, likewise."""
        return cast(Names, self.rows)

    @property
    def column_at(self) -> Mapping[Name, int]:
        """Position of each column."""
        return self.column_names.at

    @property
    def row_at(self) -> Mapping[Name, int]:
        """Position of each row."""
        return self.row_names.at

    @cached_property
    def penalty(self) -> Array:
        """The part of `cost` that is a penalty, USD per unit, shape (n,)."""
        return np.where(self.column_names.penalised, self.cost, 0.0)

    @cached_property
    def transfer(self) -> Array:
        """The part of `cost` that is paid between parties at home, USD per unit, shape (n,)."""
        return np.where([name in TRANSFERS for name, _ in self.columns], self.cost, 0.0)

    @cached_property
    def paid(self) -> Array:
        """The part of `cost` that the country pays, USD per unit, shape (n,)."""
        return self.cost - self.penalty - self.transfer

    def parts(self, x: Array) -> tuple[float, float]:
        """What a solution x (n,) costs the country, and its penalties: USD. Together they are its
        objective, subsidies left out of it."""
        return float(self.paid @ x) + self.offset, float(self.penalty @ x)

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


def plain_name(name: Name) -> str:
    """A name without blanks, as MPS needs it: activity[mine_brine,2030]."""
    head, index = name
    return "_".join(f"{head}[{','.join(map(str, index))}]".split())


def without_specks(arrays: Arrays) -> Arrays:
    """The programme without coefficients up to `LEAST_ENTRY`, which the solver would drop: they are
    left out once and here, so that what is solved, reduced, written and checked is one matrix.

    The tail of a lifetime gives such numbers and means nothing by them (`TAILS`). Where one may
    mean something (`NEGLIGIBLE`) `left_out` says so. The arrays themselves where there is none.
    """
    matrix = arrays.matrix
    small = np.abs(matrix.data) <= LEAST_ENTRY
    if not small.any():
        return arrays
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    kept = sparse.csc_array(
        (matrix.data[~small], matrix.indices[~small], _starts(column[~small], matrix.shape[1])),
        shape=matrix.shape,
    )
    places = np.flatnonzero(small & (matrix.data != 0))
    said = tuple(_left_out(arrays, places, column[places]))
    return replace(arrays, matrix=kept, left_out=(*arrays.left_out, *said))


def _starts(column: npt.NDArray[np.int_], width: int) -> npt.NDArray[np.int32]:
    """Where each column begins, of entries in the order of columns."""
    counts = np.bincount(column, minlength=width)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _left_out(
    arrays: Arrays, places: npt.NDArray[np.int_], column: npt.NDArray[np.int_]
) -> Iterator[str]:
    """Sentences on the entries at these places that may matter, the largest first."""
    size = np.abs(arrays.matrix.data[places])
    reach = np.maximum(np.abs(arrays.lower), np.abs(arrays.upper))[column]
    reach = np.where([arrays.columns[j][0] in TAILS for j in column], 0.0, reach)
    sides = np.concatenate([arrays.row_lower, arrays.row_upper])
    most = np.abs(sides[np.isfinite(sides)]).max(initial=1.0)
    matter = np.flatnonzero(~(size * reach <= NEGLIGIBLE * most))
    order = matter[np.argsort(-size[matter], kind="stable")].tolist()
    for i in order[:MOST_NOTED]:
        row, name = arrays.rows[arrays.matrix.indices[places[i]]], arrays.columns[column[i]]
        yield (
            f"{arrays.matrix.data[places[i]]:g} ({plain_name(name)} in {plain_name(row)}) is not "
            f"above {LEAST_ENTRY:g}, which the solver does not heed, and was left out; state its "
            "good or process in another unit"
        )
    if len(order) > MOST_NOTED:
        yield f"{len(order) - MOST_NOTED} more numbers up to {LEAST_ENTRY:g} were left out"
