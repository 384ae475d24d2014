"""Sets and parameters of the programme, by name: what `planner.lp.parameters` fills and the rules
read.

They are held as arrays, since a study of the world has millions of them. `planner.lp.expansion`
reads the rules over whole arrays; `pyomo_components` makes Pyomo's Sets and Params of them, for
`planner.build`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.system.batch import joined, rows
from planner.system.nouns import Array, Period

Key = tuple[Hashable, ...]
Codes = npt.NDArray[np.int64]
DENSE_LIMIT = 4
"""A look-up table may have so many places for each key; beyond, keys are sorted and searched."""


class Labels:
    """The number that stands for each name, process or year in the arrays; grows while a programme
    is filled."""

    def __init__(self) -> None:
        self.names: list[Hashable] = []
        self._code: dict[Hashable, int] = {}

    def code(self, name: Hashable) -> int:
        """The number of a name, a new one if need be."""
        found = self._code.get(name)
        if found is None:
            found = self._code[name] = len(self.names)
            self.names.append(name)
        return found

    def codes(self, names: Iterable[Hashable]) -> Codes:
        return np.array([self.code(name) for name in names], dtype=np.int64)


class Series:
    """Numbers by key and period in the making, a row of shape (T,) for each key of so many `parts`
    before the period."""

    def __init__(self, periods: Sequence[Period], parts: int = 1) -> None:
        self.parts = parts
        self.years = [p.first for p in periods]
        self.heads: list[Key] = []
        self.rows: list[Array] = []
        self.kept: list[npt.NDArray[np.bool_]] = []
        self._every, self._whole = np.ones(len(self.years), dtype=bool), True

    def add(
        self, *head: Hashable, values: Array, kept: npt.NDArray[np.bool_] | None = None
    ) -> None:
        """Give the numbers of a key in all periods, shape (..., T), or only in those `kept`, shape
        (T,)."""
        self.heads.append(head)
        self.rows.append(values)
        self.kept.append(self._every if kept is None else kept)
        self._whole = self._whole and kept is None

    def _of_kept(self, whole: Any, axis: int) -> Any:
        """Part of an array that belongs to the periods kept, along an axis with a place for each
        key and period."""
        return (
            whole
            if self._whole
            else whole.compress(np.concatenate([np.zeros(0, dtype=bool), *self.kept]), axis=axis)
        )

    @property
    def values(self) -> Array:
        """All numbers, key by key, shape (..., N)."""
        whole = rows(self.rows, len(self.years))
        return np.asarray(self._of_kept(whole.reshape(*whole.shape[:-2], -1), -1))

    def codes(self, labels: Labels) -> Codes:
        """The key of each number, shape (N, K)."""
        heads = np.array(
            [[labels.code(part) for part in head] for head in self.heads], dtype=np.int64
        ).reshape(-1, self.parts)
        codes = np.empty((len(heads) * len(self.years), self.parts + 1), dtype=np.int64, order="F")
        for k, part in enumerate(heads.T):
            codes[:, k] = np.repeat(part, len(self.years))
        codes[:, -1] = np.tile(labels.codes(self.years), len(heads))
        return np.asarray(self._of_kept(codes, 0))


class Index:
    """Keys in their order, shape (N, K) as numbers of `labels`, and where each of them stands."""

    def __init__(self, name: str, labels: Labels, codes: Codes) -> None:
        self.name, self.labels, self.codes = name, labels, codes

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def width(self) -> int:
        return int(self.codes.shape[1])

    @cached_property
    def keys(self) -> list[Key]:
        """Every key as a tuple."""
        names = np.empty(len(self.labels.names), dtype=object)
        names[:] = self.labels.names
        return list(zip(*(names[column].tolist() for column in self.codes.T), strict=True))

    @property
    def members(self) -> list[Any]:
        """Every key as Pyomo writes it: bare where it has one part."""
        return self.keys if self.width > 1 else [key for (key,) in self.keys]

    @cached_property
    def _places(self) -> list[Codes]:
        """For each part of the key: from the number of a label to its rank among those that occur;
        the last entry is for the others."""
        found = []
        for column in self.codes.T:
            rank = np.full(len(self.labels.names) + 1, -1, dtype=np.int64)
            used = np.flatnonzero(np.bincount(column, minlength=1))
            rank[used] = np.arange(len(used))
            found.append(rank)
        return found

    def _packed(self, parts: Sequence[Codes]) -> Codes:
        """Each key as one number; -1 where a part of it never occurs."""
        packed: Codes = np.zeros(len(parts[0]), dtype=np.int64)
        unknown = np.zeros(len(parts[0]), dtype=bool)
        for rank, part in zip(self._places, parts, strict=True):
            place = rank[np.minimum(part, len(rank) - 1)]
            unknown |= place < 0
            packed = packed * (int(rank.max(initial=0)) + 1) + place
        packed[unknown] = -1
        return packed

    @cached_property
    def _table(self) -> tuple[Codes | None, Codes, Codes]:
        """A dense table of positions where that is small enough; else the sorted keys and the order
        that sorts them."""
        packed = self._packed(list(self.codes.T))
        size = int(np.prod([int(rank.max(initial=0)) + 1 for rank in self._places], dtype=float))
        if size <= DENSE_LIMIT * len(self) + 1000:
            table = np.full(size + 1, -1, dtype=np.int64)
            table[packed] = np.arange(len(self))
            return table, packed, packed
        order = np.argsort(packed, kind="stable")
        return None, packed[order], order

    def find(self, parts: Sequence[Codes]) -> Codes:
        """Position of each key, given as one array for each of its parts; -1 where it is absent."""
        if not len(self):
            return np.full(len(parts[0]), -1, dtype=np.int64)
        asked = self._packed(parts)
        table, ordered, order = self._table
        if table is not None:
            return np.where(asked < 0, -1, table[asked])
        at = np.minimum(np.searchsorted(ordered, asked), len(ordered) - 1)
        return np.where(ordered[at] == asked, order[at], -1)


Keys = Iterable[Any] | Series | Index


@dataclass(frozen=True, eq=False)
class ParameterArray:
    """Numbers by key: values (..., N) in the order of the index, with the samples in front where
    there are many (`planner.system.batch`)."""

    index: Index
    values: Array


@dataclass(frozen=True, eq=False)
class Members:
    """An indexed Set: the members of each key, one after the other, shape (M, W); `start` (N + 1,)
    says where those of a key begin."""

    index: Index
    start: Codes
    codes: Codes


class Components:
    """All sets and parameters of a programme by name, in the making; `flow_balance` and `system`
    are what they were filled from."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.labels = Labels()
        self.sets: dict[str, Index] = {}
        self.members: dict[str, Members] = {}
        self.parameters: dict[str, ParameterArray] = {}
        self.numbers: dict[str, Any] = {}

    def index(self, name: str, keys: Keys, *, width: int = 1) -> Index:
        """Keys of any kind as an index: a Series, an index that is there already, or tuples and
        bare names."""
        if isinstance(keys, Index):
            return keys
        if isinstance(keys, Series):
            return Index(name, self.labels, keys.codes(self.labels))
        listed = [key if isinstance(key, tuple) else (key,) for key in keys]
        columns = [self.labels.codes(column) for column in zip(*listed, strict=True)]
        return Index(
            name,
            self.labels,
            np.column_stack(columns) if listed else np.zeros((0, width), dtype=np.int64),
        )


def add_set(m: Components, name: str, members: Keys, *, width: int = 1) -> Index:
    """Add an ordered set: keys, or those of a Series. `width` is the length of its members: an
    empty set must know it too."""
    m.sets[name] = m.index(name, members, width=width)
    return m.sets[name]


def add_sets(
    m: Components,
    name: str,
    members: Mapping[Any, Iterable[Any]],
    *,
    width: int = 1,
    over: Index | None = None,
) -> None:
    """Add an indexed set: for each key its members. A key without members has an empty sum; `width`
    is the length of members where there are none at all. With `over`, these are its keys, and only
    those with members need to be given."""
    listed = [list(value) for value in members.values()]
    inside = m.index(name, (member for value in listed for member in value), width=width)
    keys = m.index(name, members, width=over.width if over is not None else 1)
    place = np.repeat(np.arange(len(keys)), [len(value) for value in listed])
    join_sets(m, name, over if over is not None else keys, keys.codes[place], inside.codes)


def join_sets(m: Components, name: str, keys: Index, key: Codes, member: Codes) -> None:
    """Add an indexed set from pairs: the key (N, K) that each member (N, W) belongs to, members in
    the order in which they stand."""
    at = keys.find(list(key.T))
    start = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=len(keys)))])
    m.members[name] = Members(keys, start, member[np.argsort(at, kind="stable")])


def add_param(
    m: Components, name: str, values: Mapping[Any, Any] | Series, index: Index | None = None
) -> None:
    """Add a parameter over exactly the keys given; refuses NaN, which would pass unseen into the
    arrays.

    `index` is that of the same keys, where a set or parameter has it already.
    """
    numbers = values.values if isinstance(values, Series) else _numbers(list(values.values()))
    keys = index if index is not None else m.index(name, values)
    if len(keys) != numbers.shape[-1]:
        raise ValueError(f"parameter '{name}' has {numbers.shape[-1]} values for {len(keys)} keys")
    wrong = np.flatnonzero(np.isnan(numbers).any(axis=tuple(range(numbers.ndim - 1))))
    if len(wrong):
        raise ValueError(
            f"parameter '{name}' is not a number at {', '.join(map(str, keys.keys[wrong[0]]))}"
        )
    m.parameters[name] = ParameterArray(keys, numbers)


def _numbers(values: Sequence[Any]) -> Array:
    """Numbers one by one, each a float or its samples (B,), as one array, shape (..., N)."""
    if any(isinstance(value, np.ndarray) for value in values):
        return joined([np.asarray(value, dtype=float)[..., None] for value in values])
    return np.array(values, dtype=float)


def pyomo_components(model: Any, m: Components) -> None:
    """Give a Pyomo model every set and parameter, under its name."""
    import pyomo.environ as pyo

    for name, index in m.sets.items():
        setattr(model, name, pyo.Set(initialize=index.members, dimen=index.width))
    for name, family in m.members.items():
        inside = Index(name, m.labels, family.codes).members
        lists = [
            inside[a:b]
            for a, b in zip(family.start[:-1].tolist(), family.start[1:].tolist(), strict=True)
        ]
        keys = family.index.members
        setattr(
            model,
            name,
            pyo.Set(
                keys, initialize=dict(zip(keys, lists, strict=True)), dimen=family.codes.shape[1]
            ),
        )
    for name, parameter in m.parameters.items():
        keys = parameter.index.members
        setattr(
            model,
            name,
            pyo.Param(
                keys,
                initialize=dict(zip(keys, parameter.values.tolist(), strict=True)),
                within=pyo.Any,
            ),
        )
    for name, number in m.numbers.items():
        setattr(model, name, pyo.Param(initialize=number))
