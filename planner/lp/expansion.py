"""Reads the rules of the formulation over whole arrays: one call of a rule gives all rows of its
family.

Pyomo calls a rule once for a template and then writes its rows one by one, in Python; that takes
minutes for a million columns. Here the same rule is called with the same names, but `g` and `t`
stand for the goods and years of all rows at once, `m.demand[g, t]` for an array, and `sum(... for p
in m.processes_of[g])` for a join: each row as many times as it has members. What comes out is the
matrix that Pyomo's compiler gives, to the last digit and in the same order; a test holds that for
every shipped study.

A *space* is what a name ranges over: the rows of a family, or these joined with the members of a
set. The spaces of a rule form a chain, and numbers of an outer one are lifted into an inner one by
repeating them. Numbers may carry the samples of a batch in front (`planner.system.batch`): places
are the last axis of every array, and all samples are read in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np

from planner.lp.components import Codes, Components, Index, Members, ParameterArray
from planner.lp.variables import COLUMNS
from planner.system.nouns import Array

Sense = Literal["==", "<=", ">="]


@dataclass(frozen=True, eq=False)
class Space:
    """A range of names. `up` (size,) leads from each place to that of the space outside."""

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
        return self.outer.lift(values, origin).take(self.up, axis=-1)


def _deepest(spaces: Sequence[Space]) -> Space:
    return reduce(lambda a, b: b if b.depth > a.depth else a, spaces)


@dataclass(frozen=True, eq=False)
class Symbol:
    """A part of an index, as the rules write it: the label of each place, as numbers."""

    space: Space
    codes: Codes


class Expression:
    """Algebra that numbers and linear terms share. Numbers have no columns; a linear expression has
    a list of terms and a number."""

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
    """A parameter at every place of a space, shape (..., size)."""

    space: Space
    values: Array

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            return other + self
        if isinstance(other, Number):
            space = _deepest([self.space, other.space])
            return Number(
                space, space.lift(self.values, self.space) + space.lift(other.values, other.space)
            )
        return Number(self.space, self.values + float(other))

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Linear):
            return other * self
        if isinstance(other, Number):
            space = _deepest([self.space, other.space])
            return Number(
                space, space.lift(self.values, self.space) * space.lift(other.values, other.space)
            )
        return Number(self.space, self.values * float(other))


@dataclass(frozen=True, eq=False)
class Terms:
    """Columns (size,) and coefficients (..., size) at every place of a space."""

    space: Space
    columns: Codes
    coefficients: Array

    def times(self, factor: Any) -> Terms:
        if not isinstance(factor, Number):
            return Terms(self.space, self.columns, self.coefficients * float(factor))
        space = _deepest([self.space, factor.space])
        return Terms(
            space,
            space.lift(self.columns, self.space),
            space.lift(self.coefficients, self.space) * space.lift(factor.values, factor.space),
        )


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
        return Linear(
            tuple(each.times(other) for each in self.terms),
            tuple(number * other for number in self.numbers),
        )


@dataclass(frozen=True, eq=False)
class Relation:
    """The return value of a rule of rows: the requirement stands alone on the right."""

    left: Any
    sense: Sense
    right: Any


class _Looker:
    """`m.name[p, t]`: the value or the column at each place of the deepest space that a part of the
    index ranges over."""

    def __init__(self, name: str, index: Index, found: Callable[[Space, Codes], Any]) -> None:
        self.name, self.index, self.found = name, index, found

    def __getitem__(self, key: Any) -> Any:
        symbols = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(symbol, Symbol) for symbol in symbols):
            raise TypeError(
                f"a rule asks {self.name} for {key!r}; only names of the rule and of its sums may "
                "stand there"
            )
        space = _deepest([symbol.space for symbol in symbols])
        parts = [space.lift(symbol.codes, symbol.space) for symbol in symbols]
        at = self.index.find(parts)
        missing = np.flatnonzero(at < 0)
        if len(missing):
            names = ", ".join(str(self.index.labels.names[part[missing[0]]]) for part in parts)
            raise KeyError(f"a rule asks {self.name} for [{names}], which it does not have")
        return self.found(space, at)


class _Loop:
    """The range of a sum: iterating opens a space for the time of the sum and gives the names
    in it once."""

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
        return iter(
            _Loop(
                self.reader,
                np.repeat(np.arange(places), many),
                np.tile(self.index.codes, (places, 1)),
            )
        )


class _Joined:
    """`m.processes_of[g]`, a set that depends on the row."""

    def __init__(self, reader: Reader, members: Members) -> None:
        self.reader, self.members = reader, members

    def __getitem__(self, key: Any) -> _Loop:
        symbols = key if isinstance(key, tuple) else (key,)
        inside, members = self.reader.spaces[-1], self.members
        at = members.index.find([inside.lift(symbol.codes, symbol.space) for symbol in symbols])
        first = np.where(at < 0, 0, members.start[at])
        count = np.where(
            at < 0, 0, members.start[np.minimum(at + 1, len(members.start) - 1)] - first
        )
        up = np.repeat(np.arange(inside.size), count)
        place = (
            np.arange(len(up))
            - np.repeat(np.cumsum(count) - count, count)
            + np.repeat(first, count)
        )
        return _Loop(self.reader, up, members.codes[place])


class Reader:
    """The model as rules see it. Columns are numbered in the order in which the rules first name
    their variables, as Pyomo does."""

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
        raise AttributeError(
            f"a rule uses '{name}', which is not a variable, parameter or set of the programme"
        )

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


def _values(parameter: ParameterArray) -> Callable[[Space, Codes], Number]:
    return lambda space, at: Number(space, parameter.values.take(at, axis=-1))
