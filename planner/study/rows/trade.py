"""Which rows of trade.csv speak of which pair of places: selectors, and the pairs that they open.

A row names a good (or METAL/*, or *) and two ends: places, the country, blocs, or *. What names one
good and two places stands for itself. What names several stands for every pair at whose one end the
good is had, from a process or out of use, and at whose other end it is taken or demanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, filterfalse, product
from typing import NamedTuple

from planner.study.head import Head
from planner.study.problems import Problems
from planner.study.rows.record import Key, StructureRow, ValueRow
from planner.system.nouns import HOME

TRADE_TABLE = "trade"
OPENS = "freight"
"""The parameter whose row opens a pair."""
EVERY = "*"
EXACT, GROUP, ALL = range(3)
Rank = tuple[int, int, int]


class Arc(NamedTuple):
    """Trade of a good, by its plain name, from a place to another."""

    good: str
    source: str
    target: str


class Matched(NamedTuple):
    """A row that speaks of a pair, and how narrowly it names it: the good, and the two ends."""

    key: Key
    rank: Rank


class _Selected(NamedTuple):
    """What a row selects."""

    goods: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    rank: Rank


class Ends(NamedTuple):
    """Goods by plain name with the places where they are had, and where they are of use."""

    had: set[tuple[str, str]]
    used: set[tuple[str, str]]


class TradeRows:
    """Reads the selectors of trade.csv; `arcs` holds what each open pair is told by, by
    parameter."""

    def __init__(
        self,
        head: Head,
        goods: Mapping[str, StructureRow],
        values: Mapping[Key, Mapping[str, list[ValueRow]]],
        ends: Ends,
        problems: Problems,
    ) -> None:
        self.head, self.goods, self.problems = head, goods, problems
        self.ends = ends
        self.rows: dict[Key, ValueRow] = {
            key: _first(chain.from_iterable(of.values()))
            for key, of in values.items()
            if key[0] == TRADE_TABLE
        }
        self.selected = {keys: self._selected(keys) for keys in self._named()}
        self.arcs: dict[Arc, dict[str, list[Matched]]] = {}
        self._open()
        self._tell()

    def _named(self) -> list[tuple[str, ...]]:
        return sorted({key[1] for key in self.rows})

    def first_row(self, arc: Arc) -> ValueRow:
        """The first row that opens a pair."""
        return _first(self.rows[matched.key] for matched in self.arcs[arc][OPENS])

    # ---- selectors

    def _selected(self, keys: tuple[str, ...]) -> _Selected | None:
        """The goods and places that a row names; None where it names what there is not."""
        good, source, target = keys
        goods, sources, targets = self._goods(good), self._places(source), self._places(target)
        if goods is None or sources is None or targets is None:
            self._refuse_unknown(keys, (goods, sources, targets))
            return None
        rank = (goods[1], sources[1], targets[1])
        return _Selected(goods[0], sources[0], targets[0], rank)

    def _refuse_unknown(self, keys: tuple[str, ...], known: Sequence[object]) -> None:
        """Report each word of a row that names what there is not: of which None is known."""
        first = _first(row for key, row in self.rows.items() if key[1] == keys)
        for column, text, found in zip(("good", "from", "to"), keys, known, strict=True):
            if found is None:
                self.problems.at(first, column, self._unknown(column, text))

    def _goods(self, text: str) -> tuple[tuple[str, ...], int] | None:
        if text in self.goods:
            return (text,), EXACT
        if text == EVERY:
            return tuple(self.goods), ALL
        metal, slash, rest = text.rpartition("/")
        if slash and rest == EVERY and metal in self.head.metals:
            return self._held(metal), GROUP
        return None

    def _held(self, metal: str) -> tuple[str, ...]:
        """Goods of a single metal."""
        return tuple(name for name, row in self.goods.items() if row.cells["metal"] == metal)

    def _places(self, text: str) -> tuple[tuple[str, ...], int] | None:
        if text == self.head.country:
            return (HOME,), EXACT
        if text in self.head.places:
            return (text,), EXACT
        if text in self.head.blocs:
            return self._members(text), GROUP
        if text == EVERY:
            return (HOME, *self.head.places), ALL
        return None

    def _members(self, bloc: str) -> tuple[str, ...]:
        """Places of a bloc, the country by the name of home."""
        country = self.head.country
        return tuple(HOME if name == country else name for name in self.head.blocs[bloc])

    def _unknown(self, column: str, text: str) -> str:
        if column == "good":
            known = [*self.goods, *(f"{metal}/{EVERY}" for metal in self.head.metals), EVERY]
            remedy = "name a good of goods.csv, METAL/* or *"
        else:
            known = [self.head.country, *self.head.places, *self.head.blocs, EVERY]
            remedy = f"choose of {', '.join(known)}"
        return f"'{text}' is unknown{self.problems.suggestion(text, known)}; {remedy}"

    # ---- pairs

    def _open(self) -> None:
        """Open the pairs that rows of freight name: the exact ones first, since what they bring
        can be passed on."""
        opening = [key for key in sorted(self.rows) if key[2] == OPENS]
        exact = list(filter(self._is_exact, opening))
        for arc in self._pairs_of(exact):
            self.ends.used.add((arc.good, arc.source))
            self.ends.had.add((arc.good, arc.target))
            self.arcs.setdefault(arc, {})
        for arc in filter(self._useful, self._pairs_of(filterfalse(self._is_exact, opening))):
            self.arcs.setdefault(arc, {})

    def _is_exact(self, key: Key) -> bool:
        """Return True if a row names one good and two places."""
        selected = self.selected[key[1]]
        return selected is not None and selected.rank == (EXACT,) * 3

    def _pairs_of(self, keys: Iterable[Key]) -> Iterable[Arc]:
        """The pairs that the rows of several keys name."""
        return chain.from_iterable(map(self._named_pairs, keys))

    def _named_pairs(self, key: Key) -> list[Arc]:
        """The pairs that the row of a key names, whether they are open or not."""
        selected = self.selected[key[1]]
        if selected is None:
            return []
        every = product(selected.goods, selected.sources, selected.targets)
        return [Arc(*each) for each in every if each[1] != each[2]]

    def _useful(self, arc: Arc) -> bool:
        """Return True for a pair at whose one end the good is had and at whose other it is of use:
        a row that names several opens no others."""
        had, used = self.ends
        return (arc.good, arc.source) in had and (arc.good, arc.target) in used

    def _tell(self) -> None:
        """Give each open pair the rows that speak of it; refuse a row that speaks of none."""
        for key in sorted(self.rows):
            selected = self.selected[key[1]]
            if selected is None:
                continue
            # a row of many pairs speaks of every open one, whoever opened it: a ban has no holes
            told = [arc for arc in self._named_pairs(key) if arc in self.arcs]
            for arc in told:
                self.arcs[arc].setdefault(key[2], []).append(Matched(key, selected.rank))
            if not told:
                self._refuse_idle(key)

    def _refuse_idle(self, key: Key) -> None:
        if key[1][1] == key[1][2]:
            message = "is where the good comes from; trade is between two places"
            self.problems.at(self.rows[key], "to", message)
            return
        if key[2] == OPENS:
            message = (
                "opens no pair: nowhere at the one end is the good had, or nowhere at the other is "
                "it taken or demanded; add what gives or takes it, or drop the row"
            )
        else:
            message = f"speaks of no open pair; give its {OPENS} (0 if need be), or drop the row"
        self.problems.at(self.rows[key], "good", message)


def _first(rows: Iterable[ValueRow]) -> ValueRow:
    """The one of several rows that stands first in the table."""
    return min(rows, key=lambda row: row.row)


def narrowest(matched: Iterable[Matched]) -> list[Matched]:
    """Those rows that no other names as narrowly or more so: one, or several of which none is the
    narrowest."""
    rows = list(matched)
    return [a for a in rows if not any(b is not a and _narrower(b.rank, a.rank) for b in rows)]


def _narrower(one: Rank, other: Rank) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
