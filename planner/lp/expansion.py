"""Reads the rules of the formulation over whole arrays: one call of a rule gives all rows of its family.

Pyomo calls a rule once for a template and then writes its rows one by one, in Python; that takes minutes for a million columns.
Here the same rule is called with the same names, but `g` and `t` stand for the goods and years of all rows at once, `m.demand[g, t]`
for an array, and `sum(... for p in m.processes_of[g])` for a join: each row as many times as it has members. What comes out is the
matrix that Pyomo's compiler gives, to the last digit and in the same order; a test holds that for every shipped study.

A *space* is what a name ranges over: the rows of a family, or these joined with the members of a set. The spaces of a rule form a
chain, and numbers of an outer one are lifted into an inner one by repeating them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.errors import InfeasibleError
from planner.lp.components import Codes, Components, Index, Key, Members, Parameter
from planner.lp.variables import COLUMNS, Variable
from planner.system import Array

Name = tuple[str, Key]
"""A column or a row: its variable or family, and its index."""
Sense = Literal["==", "<=", ">="]


@dataclass(frozen=True, eq=False)
class Space:
    """What names range over. `up` (size,) leads from each place to that of the space outside."""

    size: int
    outer: Space | None = None
    up: Codes | None = None

    @property
    def depth(self) -> int:
        return 0 if self.outer is None else self.outer.depth + 1

    def lift(self, values: Any, origin: Space) -> Any:
        """Numbers of a space outside, for every place of this one."""
        if origin is self:
            return values
        if self.outer is None or self.up is None:
            raise ValueError("a rule joins what two sums range over; write one sum for both")
        return self.outer.lift(values, origin)[self.up]


def _deepest(spaces: Sequence[Space]) -> Space:
    return reduce(lambda a, b: b if b.depth > a.depth else a, spaces)


@dataclass(frozen=True, eq=False)
class Symbol:
    """A part of an index, as the rules write it: the label of each place, as numbers."""

    space: Space
    codes: Codes


class Expression:
    """Algebra that numbers and linear terms share. Numbers have no columns; a linear expression has a list of terms and a number."""

    # numpy must leave the algebra to us
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __radd__(self, other: Any) -> Any:
        return self if isinstance(other, int) and other == 0 else self + other

    def __sub__(self, other: Any) -> Any:
        return self + (-1.0) * other

    def __rsub__(self, other: Any) -> Any:
        return (-1.0) * self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __neg__(self) -> Any:
        return (-1.0) * self

    def __add__(self, other: Any) -> Any:
        raise NotImplementedError

    def __mul__(self, other: Any) -> Any:
        raise NotImplementedError

    def __eq__(self, other: object) -> Any:
        return Relation(self, "==", other)

    def __le__(self, other: Any) -> Any:
        return Relation(self, "<=", other)

    def __ge__(self, other: Any) -> Any:
        return Relation(self, ">=", other)


@dataclass(frozen=True, eq=False)
class Number(Expression):
    """A parameter at every place of a space, shape (size,)."""

    space: Space
    values: Array

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            return other + self
        if isinstance(other, Number):
            space = _deepest([self.space, other.space])
            return Number(space, space.lift(self.values, self.space) + space.lift(other.values, other.space))
        return Number(self.space, self.values + float(other))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            return other * self
        if isinstance(other, Number):
            space = _deepest([self.space, other.space])
            return Number(space, space.lift(self.values, self.space) * space.lift(other.values, other.space))
        return Number(self.space, self.values * float(other))


@dataclass(frozen=True, eq=False)
class Terms:
    """Columns and coefficients at every place of a space, shape (size,) each."""

    space: Space
    columns: Codes
    coefficients: Array

    def times(self, factor: Any) -> Terms:
        if not isinstance(factor, Number):
            return Terms(self.space, self.columns, self.coefficients * float(factor))
        space = _deepest([self.space, factor.space])
        return Terms(space, space.lift(self.columns, self.space),
                     space.lift(self.coefficients, self.space) * space.lift(factor.values, factor.space))


@dataclass(frozen=True, eq=False)
class Linear(Expression):
    """A sum of terms, and numbers beside them."""

    terms: tuple[Terms, ...]
    numbers: tuple[Any, ...] = ()

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            return Linear(self.terms + other.terms, self.numbers + other.numbers)
        return Linear(self.terms, (*self.numbers, other))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            raise TypeError("a rule multiplies two variables; the programme is linear")
        return Linear(tuple(each.times(other) for each in self.terms), tuple(number * other for number in self.numbers))


@dataclass(frozen=True, eq=False)
class Relation:
    """What a rule of rows returns: the requirement stands alone on the right."""

    left: Any
    sense: Sense
    right: Any


class _Looker:
    """`m.name[p, t]`: the value or the column at each place of the deepest space that a part of the index ranges over."""

    def __init__(self, name: str, index: Index, found: Callable[[Space, Codes], Any]) -> None:
        self.name, self.index, self.found = name, index, found

    def __getitem__(self, key: Any) -> Any:
        symbols = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(symbol, Symbol) for symbol in symbols):
            raise TypeError(f"a rule asks {self.name} for {key!r}; only names of the rule and of its sums may stand there")
        space = _deepest([symbol.space for symbol in symbols])
        parts = [space.lift(symbol.codes, symbol.space) for symbol in symbols]
        at = self.index.find(parts)
        missing = np.flatnonzero(at < 0)
        if len(missing):
            names = ", ".join(str(self.index.labels.names[part[missing[0]]]) for part in parts)
            raise KeyError(f"a rule asks {self.name} for [{names}], which it does not have")
        return self.found(space, at)


class _Loop:
    """What a sum ranges over: iterating opens a space for the time of the sum and gives the names in it once."""

    def __init__(self, reader: Reader, up: Codes, codes: Codes) -> None:
        self.reader, self.up, self.codes = reader, up, codes

    def __iter__(self) -> Iterator[Any]:
        space = Space(len(self.up), self.reader.spaces[-1], self.up)
        self.reader.spaces.append(space)
        symbols = tuple(Symbol(space, column) for column in self.codes.T)
        yield symbols if len(symbols) > 1 else symbols[0]
        self.reader.spaces.pop()


class _Whole:
    """`m.periods`, a set that does not depend on the row."""

    def __init__(self, reader: Reader, index: Index) -> None:
        self.reader, self.index = reader, index

    def __iter__(self) -> Iterator[Any]:
        places, many = self.reader.spaces[-1].size, len(self.index)
        return iter(_Loop(self.reader, np.repeat(np.arange(places), many), np.tile(self.index.codes, (places, 1))))


class _Joined:
    """`m.processes_of[g]`, a set that depends on the row."""

    def __init__(self, reader: Reader, members: Members) -> None:
        self.reader, self.members = reader, members

    def __getitem__(self, key: Any) -> _Loop:
        symbols = key if isinstance(key, tuple) else (key,)
        inside, members = self.reader.spaces[-1], self.members
        at = members.index.find([inside.lift(symbol.codes, symbol.space) for symbol in symbols])
        first = np.where(at < 0, 0, members.start[at])
        count = np.where(at < 0, 0, members.start[np.minimum(at + 1, len(members.start) - 1)] - first)
        up = np.repeat(np.arange(inside.size), count)
        place = np.arange(len(up)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        return _Loop(self.reader, up, members.codes[place])


class Reader:
    """The model as rules see it. Columns are numbered in the order in which the rules first name their variables, as Pyomo does."""

    def __init__(self, components: Components) -> None:
        self.components = components
        self.spaces: list[Space] = []
        self.offset: dict[str, int] = {}
        self.variables = {column.name: column for column in COLUMNS}
        self.columns = 0

    def __getattr__(self, name: str) -> Any:
        parts = self.components
        if name in self.variables:
            return _Looker(name, parts.sets[self.variables[name].over], self._columns(name))
        if name in parts.parameters:
            return _Looker(name, parts.parameters[name].index, _values(parts.parameters[name]))
        if name in parts.members:
            return _Joined(self, parts.members[name])
        if name in parts.sets:
            return _Whole(self, parts.sets[name])
        if name in parts.numbers:
            return parts.numbers[name]
        raise AttributeError(f"a rule uses '{name}', which is no variable, parameter or set of the programme")

    def _columns(self, name: str) -> Callable[[Space, Codes], Linear]:
        if name not in self.offset:
            self.offset[name] = self.columns
            self.columns += len(self.components.sets[self.variables[name].over])
        offset = self.offset[name]
        return lambda space, at: Linear((Terms(space, offset + at, np.ones(len(at))),))

    def call(self, rule: Callable[..., Any], index: Index | None) -> tuple[Space, Any]:
        """A rule for all keys of an index at once, or for none."""
        space = Space(1 if index is None else len(index))
        self.spaces = [space]
        symbols = () if index is None else tuple(Symbol(space, column) for column in index.codes.T)
        return space, rule(self, *symbols)


def _values(parameter: Parameter) -> Callable[[Space, Codes], Number]:
    return lambda space, at: Number(space, parameter.values[at])


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of one family or objective: terms in the order of the rows, and what stands beside them and on the right."""

    rows: Codes
    columns: Codes
    coefficients: Array
    constant: Array
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
    return Block(rows[order], np.concatenate([each.columns for each in expression.terms])[order],
                 np.concatenate([each.coefficients for each in expression.terms])[order], constant,
                 np.bincount(rows, minlength=space.size))


def _right(space: Space, number: Any) -> Array:
    """A requirement or constant by row. A sum over parameters alone is refused, as Pyomo's compiler refuses it."""
    if isinstance(number, Number):
        if number.space is not space:
            raise TypeError("a rule sums parameters alone; fill a parameter with the sum")
        return number.values
    if isinstance(number, Expression):
        raise TypeError("a rule has variables on the right; the requirement stands there alone")
    return np.full(space.size, float(number))


@dataclass(frozen=True, eq=False)
class Arrays:
    """A linear programme as arrays: minimise cost x + offset, row_lower <= matrix x <= row_upper, lower <= x <= upper."""

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

    def columns_of(self, variable: str) -> npt.NDArray[np.int32]:
        """Positions of the columns of a variable."""
        return np.array([i for i, (name, _) in enumerate(self.columns) if name == variable], dtype=np.int32)

    def rows_of(self, family: str) -> npt.NDArray[np.int32]:
        """Positions of the rows of a family."""
        return np.array([i for i, (name, _) in enumerate(self.rows) if name == family], dtype=np.int32)


def expand(
    components: Components, objectives: Sequence[tuple[str, Callable[..., Any]]], families: Sequence[tuple[str, str, Callable[..., Any]]],
) -> Arrays:
    """The programme of these objectives (cost, then carbon) and families of rows (name, set, rule).

    Raises InfeasibleError where a row without variables cannot hold.
    """
    reader = Reader(components)
    costs = [_block(*reader.call(rule, None)) for _, rule in objectives]
    blocks: list[Block] = []
    names: list[Name] = []
    sides: list[tuple[Array, Array]] = []
    for family, over, rule in families:
        index = components.sets[over]
        if len(index):
            space, relation = reader.call(rule, index)
            block, right = _block(space, relation.left), _right(space, relation.right)
            lower = right if relation.sense != "<=" else np.full(space.size, -np.inf)
            upper = right if relation.sense != ">=" else np.full(space.size, np.inf)
            kept = _rows_kept(family, index, block, lower, upper)
            blocks.append(_only(block, kept))
            sides.append((lower[kept] - block.constant[kept], upper[kept] - block.constant[kept]))
            names += [(family, index.keys[i]) for i in np.flatnonzero(kept)] if not kept.all() else [(family, key) for key in index.keys]
    width = reader.columns
    matrix, objective = _matrix(blocks, width), _matrix(costs, width)
    used = np.diff(matrix.indptr).astype(bool) | np.diff(objective.indptr).astype(bool)
    columns, bounds = _columns(reader, used)
    dense = objective[:, used].toarray()
    none = np.zeros(0)
    return Arrays(
        columns=columns, rows=tuple(names), cost=dense[0], offset=float(costs[0].constant[0]), carbon=dense[1], matrix=matrix[:, used],
        lower=bounds[0], upper=bounds[1], row_lower=np.concatenate([none, *(low for low, _ in sides)]),
        row_upper=np.concatenate([none, *(high for _, high in sides)]),
    )


def _rows_kept(family: str, index: Index, block: Block, lower: Array, upper: Array) -> npt.NDArray[np.bool_]:
    """Rows with a variable in them; those without one vanish where they hold."""
    kept = block.count > 0
    broken = np.flatnonzero(~kept & ~((lower <= block.constant) & (block.constant <= upper)))
    if len(broken):
        name = f"{family}[{','.join(map(str, index.keys[broken[0]]))}]"
        raise InfeasibleError("no plan exists: a row without any option cannot hold", [f"{name} holds no variable"])
    return np.asarray(kept)


def _only(block: Block, kept: npt.NDArray[np.bool_]) -> Block:
    """The block without the rows that vanished: they have no terms, so that only the numbering moves up."""
    place = np.cumsum(kept) - 1
    return Block(place[block.rows], block.columns, block.coefficients, block.constant[kept], block.count[kept])


def _matrix(blocks: Sequence[Block], width: int) -> sparse.csc_array:
    """Blocks one below the other, duplicates summed in the order of the terms, zeros left out."""
    none = np.zeros(0, dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(np.concatenate([none, *(block.count for block in blocks)]))]).astype(np.int32)
    columns = np.concatenate([none, *(block.columns for block in blocks)]).astype(np.int32)
    values = np.concatenate([np.zeros(0), *(block.coefficients for block in blocks)])
    matrix = sparse.csr_array((values, columns, start), shape=(len(start) - 1, width)).tocsc()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _columns(reader: Reader, used: npt.NDArray[np.bool_]) -> tuple[tuple[Name, ...], tuple[Array, Array]]:
    """Names and bounds of the columns that occur in a row or an objective."""
    names: list[Name] = []
    lower, upper = np.zeros(len(used)), np.zeros(len(used))
    for name, offset in reader.offset.items():
        variable: Variable = reader.variables[name]
        index = reader.components.sets[variable.over]
        at = slice(offset, offset + len(index))
        for bound, rule in ((lower, variable.lower), (upper, variable.upper)):
            _, value = reader.call(rule, index)
            bound[at] = value.values if isinstance(value, Number) else value
        kept = used[at]
        names += [(name, key) for key in index.keys] if kept.all() else [(name, index.keys[i]) for i in np.flatnonzero(kept)]
    return tuple(names), (lower[used], upper[used])
