"""From the rules of the formulation to the arrays of a programme, or of every sample of a batch:
rows below rows, terms into a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.errors import InfeasibleError
from planner.lp.arrays import Arrays, Name
from planner.lp.components import Codes, Components, Index
from planner.lp.expansion import Expression, Linear, Number, Reader, Space
from planner.lp.variables import Variable
from planner.system.batch import joined
from planner.system.nouns import Array


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one family or objective: M terms in the order of the rows, and what stands beside
    them."""

    rows: Codes
    columns: Codes
    coefficients: Array
    """Shape (..., M)."""
    constant: Array
    """By row, shape (..., size)."""
    count: Codes
    """Terms of each row, those with a coefficient of zero counted."""


def _block(space: Space, expression: Any) -> Block:
    """Bring the terms of an expression together, row by row."""
    if not isinstance(expression, Linear):
        raise TypeError("a rule holds no variable")
    places = np.arange(space.size)
    rows = np.concatenate([each.space.lift(places, space) for each in expression.terms])
    order = np.argsort(rows, kind="stable")
    constant = np.zeros(space.size)
    for number in expression.numbers:
        constant = constant + _right(space, number)
    return Block(
        rows[order],
        np.concatenate([each.columns for each in expression.terms])[order],
        joined([each.coefficients for each in expression.terms]).take(order, axis=-1),
        constant,
        np.bincount(rows, minlength=space.size),
    )


def _right(space: Space, number: Any) -> Array:
    """A requirement or constant by row. A sum over parameters alone is refused, as Pyomo's compiler
    refuses it."""
    if isinstance(number, Number):
        if number.space is not space:
            raise TypeError("a rule sums parameters alone; fill a parameter with the sum")
        return number.values
    if isinstance(number, Expression):
        raise TypeError("a rule has variables on the right; the requirement stands there alone")
    value = np.asarray(number, dtype=float)
    return np.broadcast_to(value, (*value.shape[:-1], space.size))


def expand(
    components: Components,
    objectives: Sequence[tuple[str, Callable[..., Any]]],
    families: Sequence[tuple[str, str, Callable[..., Any]]],
) -> list[Arrays]:
    """The programme of these objectives (cost, then carbon) and families of rows (name, set, rule),
    for each sample of the numbers.

    Raises InfeasibleError where a row without variables cannot hold.
    """
    reader = Reader(components)
    costs = [_block(*reader.call(rule, None)) for _, rule in objectives]
    made = [
        _rows(reader, family, components.sets[over], rule)
        for family, over, rule in families
        if len(components.sets[over])
    ]
    blocks = [rows.block for rows in made]
    matrix, objective = _matrix(blocks, reader.columns), _matrix(costs, reader.columns)
    numbers = (
        matrix.values,
        objective.values,
        costs[0].constant,
        *_bounds(reader),
        joined([np.zeros(0), *(rows.lower for rows in made)]),
        joined([np.zeros(0), *(rows.upper for rows in made)]),
    )
    names = tuple(name for rows in made for name in rows.names)
    return _samples(reader, names, matrix, objective, numbers)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of one family that have a variable in them, with what each is held to."""

    block: Block
    names: list[Name]
    lower: Array
    upper: Array


def _rows(reader: Reader, family: str, index: Index, rule: Callable[..., Any]) -> _Rows:
    space, relation = reader.call(rule, index)
    block, right = _block(space, relation.left), _right(space, relation.right)
    low = right if relation.sense != "<=" else np.full(space.size, -np.inf)
    high = right if relation.sense != ">=" else np.full(space.size, np.inf)
    kept = _rows_kept(family, index, block, low, high)
    keys = index.keys if kept.all() else [index.keys[i] for i in np.flatnonzero(kept)]
    return _Rows(
        _only(block, kept),
        [(family, key) for key in keys],
        (low - block.constant).compress(kept, axis=-1),
        (high - block.constant).compress(kept, axis=-1),
    )


def _rows_kept(
    family: str, index: Index, block: Block, lower: Array, upper: Array
) -> npt.NDArray[np.bool_]:
    """Rows with a variable in them; those without one vanish where they hold."""
    kept = block.count > 0
    holds = (
        ((lower <= block.constant) & (block.constant <= upper)).reshape(-1, len(kept)).all(axis=0)
    )
    broken = np.flatnonzero(~kept & ~holds)
    if len(broken):
        name = f"{family}[{','.join(map(str, index.keys[broken[0]]))}]"
        raise InfeasibleError(
            "no plan exists: a row without any option cannot hold", [f"{name} holds no variable"]
        )
    return np.asarray(kept)


def _only(block: Block, kept: npt.NDArray[np.bool_]) -> Block:
    """The block without the rows that vanished: they have no terms, so that only the numbering
    moves up."""
    place = np.cumsum(kept) - 1
    return Block(
        place[block.rows],
        block.columns,
        block.coefficients,
        block.constant.compress(kept, axis=-1),
        block.count[kept],
    )


@dataclass(frozen=True, eq=False)
class Matrix:
    """Terms by column and, within a column, by row; each place once, those of zero still among
    them."""

    rows: int
    row: npt.NDArray[np.int32]
    column: Codes
    values: Array
    """Shape (..., nonzeros)."""


def _matrix(blocks: Sequence[Block], width: int) -> Matrix:
    """Blocks one below the other, duplicates summed in the order of the terms."""
    none = np.zeros(0, dtype=np.int64)
    start = np.concatenate(
        [[0], np.cumsum(np.concatenate([none, *(block.count for block in blocks)]))]
    ).astype(np.int32)
    columns = np.concatenate([none, *(block.columns for block in blocks)]).astype(np.int32)
    values = joined([np.zeros(0), *(block.coefficients for block in blocks)])
    # the places of the terms go through the turn from rows to columns in their stead
    turned = sparse.csr_array(
        (np.arange(len(columns)), columns, start), shape=(len(start) - 1, width)
    ).tocsc()
    row, column = turned.indices, np.repeat(np.arange(width), np.diff(turned.indptr))
    values = values.take(turned.data, axis=-1)
    again = (row[1:] == row[:-1]) & (column[1:] == column[:-1])
    if again.any():
        first = np.flatnonzero(np.concatenate([[True], ~again]))
        row, column, values = row[first], column[first], np.add.reduceat(values, first, axis=-1)
    return Matrix(len(start) - 1, row.astype(np.int32), column, values)


def _bounds(reader: Reader) -> tuple[Array, Array]:
    """Lower and upper bound of every column, shape (..., columns) each."""
    sides: tuple[list[Array], list[Array]] = ([np.zeros(0)], [np.zeros(0)])
    for name in reader.offset:
        variable: Variable = reader.variables[name]
        index = reader.components.sets[variable.over]
        for side, rule in zip(sides, (variable.lower, variable.upper), strict=True):
            space, value = reader.call(rule, index)
            side.append(_right(space, value))
    return joined(sides[0]), joined(sides[1])


def _samples(
    reader: Reader,
    rows: tuple[Name, ...],
    matrix: Matrix,
    objective: Matrix,
    numbers: Sequence[Array],
) -> list[Arrays]:
    """The arrays of each sample, without terms of zero and without columns that then occur
    nowhere."""
    lead = next((each.shape[:-1] for each in numbers if each.ndim > 1), ())
    every = [
        np.broadcast_to(each, (*lead, each.shape[-1])).reshape(-1, each.shape[-1])
        for each in numbers
    ]
    found: list[Arrays] = []
    names: _Columns | None = None
    for values, priced, offset, lower, upper, row_lower, row_upper in zip(*every, strict=True):
        dense = np.zeros((2, reader.columns))
        dense[objective.row, objective.column] = priced
        there = values != 0
        count = np.bincount(matrix.column[there], minlength=reader.columns)
        used = count.astype(bool) | dense.any(axis=0)
        if names is None or not np.array_equal(used, names.used):
            names = _Columns(used, tuple(_names(reader, used)))
        found.append(
            Arrays(
                columns=names.names,
                rows=rows,
                cost=dense[0, used],
                offset=float(offset[0]),
                carbon=dense[1, used],
                matrix=_compressed(matrix, values, there, count[used]),
                lower=lower[used],
                upper=upper[used],
                row_lower=row_lower,
                row_upper=row_upper,
            )
        )
    return found


@dataclass(frozen=True, eq=False)
class _Columns:
    """Mask and names of the columns that occur: the same objects for samples that agree."""

    used: npt.NDArray[np.bool_]
    names: tuple[Name, ...]


def _compressed(
    matrix: Matrix, values: Array, there: npt.NDArray[np.bool_], count: Codes
) -> sparse.csc_array:
    """The terms that are there, `count` of them in each column that occurs."""
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    return sparse.csc_array(
        (values[there], matrix.row[there], start), shape=(matrix.rows, len(count))
    )


def _names(reader: Reader, used: npt.NDArray[np.bool_]) -> Iterator[Name]:
    """Names of the columns that occur in a row or an objective."""
    for name, offset in reader.offset.items():
        index = reader.components.sets[reader.variables[name].over]
        kept = used[offset : offset + len(index)]
        yield from (
            ((name, key) for key in index.keys)
            if kept.all()
            else ((name, index.keys[i]) for i in np.flatnonzero(kept))
        )
