"""Numbers in force: the rows of the scenario, single values overridden, series interpolated over
the years."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from planner.study.overrides import COMMAND_LINE, Overrides, override_row, path_of
from planner.study.problems import Problems
from planner.study.rows import Key, RowReader, ValueRow, limits, parameter_of
from planner.study.scenarios import BASE, rows_in_force
from planner.system.nouns import Array, Datum, Place
from planner.units import target_unit

_ENDS = {
    "before": "the first year given",
    "after": "the last year given",
    "both": "a series of one year; write before in its first year and after in its last",
}
"""End of a series that each word of the column extend goes with."""


class Spot(NamedTuple):
    """Position of the value of a path among the rows in force, and the finite bounds that it must
    lie within."""

    key: Key
    at: int
    """Position of its row in the series."""
    year: int | None
    rest: tuple[Any, ...]
    """Fields that follow the value in the row that an override puts there."""
    unit: str
    minimum: float
    maximum: float


class Numbers:
    """The numbers in force for one scenario, asked for by table, keys and parameter.

    Series are made once and are read-only, so that all who ask share them; `again` shares those
    that did not change as well.
    """

    def __init__(
        self,
        reader: RowReader,
        values: Mapping[Key, Mapping[str, list[ValueRow]]],
        active: Iterable[str],
        overrides: Mapping[str, str],
        problems: Problems,
    ) -> None:
        head = reader.head
        self._unit = reader.unit
        self.currency_year, self.problems = head.currency_year, problems
        self.first, self.last = head.periods[0].first, head.periods[-1].last
        self.rows: dict[Key, list[ValueRow]] = rows_in_force(values, BASE)
        self.layer: dict[Key, int] = {}
        """Position of the scenario that a series is of, from 1 on; the base where it has none."""
        single = Overrides(reader, self.rows, problems)
        for position, scenario in enumerate(active, start=1):
            own = rows_in_force(values, scenario)
            self.rows.update(own)
            self.layer.update(dict.fromkeys(own, position))
            single.apply(head.scenarios[scenario].settings, f"scenarios.{scenario}.set")
        single.apply(overrides, "")
        for rows in self.rows.values():
            rows.sort(key=lambda row: row.year or 0)
        self._by_table: dict[str, dict[str, list[Key]]] = {}
        for key in sorted(self.rows):
            self._by_table.setdefault(key[0], {}).setdefault(key[1][0], []).append(key)
        self._series: dict[tuple[str, tuple[str, ...]], dict[str, Array]] = {}
        self._changed: dict[str, set[str]] | None = None

    # ---- the same with other values

    def again(self, values: Mapping[str, float], problems: Problems) -> Numbers | None:
        """The same numbers with other values, in internal units, by the paths of their rows.

        Everything else stands: which rows there are, their years and their order. None where a path
        is not that of a single row, or a value not one that its parameter may have.
        """
        changed: dict[Key, list[ValueRow]] = {}
        for path, value in values.items():
            spot = self._spots.get(path)
            if spot is None or not spot.minimum <= value <= spot.maximum:
                return None
            rows = changed.get(spot.key)
            if rows is None:
                rows = changed[spot.key] = self.rows[spot.key].copy()
            rows[spot.at] = ValueRow(spot.year, float(value), *spot.rest)
        twin = copy.copy(self)
        twin.problems, twin.rows = problems, self.rows | changed
        twin._forget(changed)
        return twin

    def _forget(self, changed: Mapping[Key, list[ValueRow]]) -> None:
        """Give up the series whose rows changed; those that are the same in every year are made
        anew at once, since that is cheaper."""
        length = self.last + 1 - self.first
        flat = [rows[0].value for rows in changed.values() if rows[0].year is None]
        block = iter(
            frozen(np.repeat(np.array(flat, dtype=float), length).reshape(len(flat), length))
        )
        own: dict[tuple[str, tuple[str, ...]], dict[str, Array]] = {}
        self._changed = {}
        for (table, keys, parameter), rows in changed.items():
            self._changed.setdefault(table, set()).add(keys[0])
            if (table, keys) not in own:
                own[table, keys] = self._series.get((table, keys), {}).copy()
            if rows[0].year is None:
                own[table, keys][parameter] = next(block)
            else:
                own[table, keys].pop(parameter, None)
        self._series = self._series | own

    def unit(self, key: Key) -> str:
        """The internal unit of a series, with the currency year in it."""
        return target_unit(self._unit(key), self.currency_year)

    def text(self, path: str, value: float) -> str:
        """A value in the internal unit as `--set` takes it."""
        spot = self._spots.get(path)
        if spot is not None:
            return f"{float(value)!r} {spot.unit}"
        key = self._paths.get(path)
        return repr(float(value)) if key is None else f"{float(value)!r} {self.unit(key)}"

    @cached_property
    def _paths(self) -> Mapping[str, Key]:
        return {path_of(key): key for key in self.rows}

    @cached_property
    def _spots(self) -> Mapping[str, Spot]:
        """Every row in force by its path, as an override understands it: a path that is a series is
        not that of a year of another."""
        paths = self._paths
        return {
            path: spot
            for series, key in paths.items()
            for path, spot in self._spots_of(series, key)
            if path not in paths or path == series
        }

    def _spots_of(self, series: str, key: Key) -> Iterator[tuple[str, Spot]]:
        """The rows of a series by path; that of a series without years is its one row."""
        unit, rows, ends = self.unit(key), self.rows[key], None
        for at, row in enumerate(rows):
            if row.year is None and len(rows) > 1:
                continue
            ends = ends or limits(parameter_of(key))
            new = override_row(row.year, row.value, unit, "", Place(COMMAND_LINE, 0))
            kept = new if row.year is None else new._replace(extend=row.extend)
            path = series if row.year is None else f"{series}.{row.year}"
            yield path, Spot(key, at, row.year, tuple(kept[2:]), unit, *ends)

    # ---- questions

    def keys(self, table: str, name: str) -> list[Key]:
        """The series of a table that belong to a name, by key."""
        return self._by_table.get(table, {}).get(name, [])

    def names(self, table: str) -> list[str]:
        """The names in the first key of a table that have a row in force, in order."""
        return list(self._by_table.get(table, ()))

    def changed(self, name: str, *tables: str) -> bool:
        """Return True if these tables give another number of this name than when the nouns were
        made before; in a first reading they all do."""
        return self._changed is None or any(
            name in self._changed.get(table, ()) for table in tables
        )

    def has(self, table: str, keys: tuple[str, ...], parameter: str) -> bool:
        """Return True if a row gives this number, or one that did was refused."""
        return (table, keys, parameter) in self.rows or self.problems.spoiled(
            table, keys, parameter
        )

    def first_row(self, table: str, name: str) -> Place:
        """Place of the first row that gives numbers of a name."""
        rows = [row for key in self.keys(table, name) for row in self.rows[key]]
        first = min([row for row in rows if row.row] or rows, key=lambda row: row.row, default=None)
        return Place(f"{table}.csv", 0) if first is None else Place(first.file, first.row)

    def series(
        self, table: str, keys: tuple[str, ...], name: str, *, since: int | None = None
    ) -> Array | None:
        """A value for each year, shape (Y,), or from an earlier year `since` on; linear between the
        years given.

        Where no row gives it: the default, else None. NaN where its rows were refused.
        """
        made = self._series.get((table, keys))
        if made is None:
            made = self._series[table, keys] = {}
        first = self.first if since is None else since
        found, length = made.get(name), self.last + 1 - first
        if found is not None and len(found) == length:
            return found
        key = (table, keys, name)
        if self.problems.spoiled(*key):
            return constant(length, np.nan)
        rows, default = self.rows.get(key), parameter_of(key).default
        if rows is not None:
            found = self._interpolated(key, rows, first)
        elif default is not None:
            found = constant(length, default)
        else:
            return None
        made[name] = found
        return found

    def single(self, table: str, keys: tuple[str, ...], name: str) -> float | None:
        """The one value for all years; the default or None where no row gives it; NaN where its row
        was refused."""
        rows = self.rows.get((table, keys, name))
        if self.problems.spoiled(table, keys, name):
            return float("nan")
        return rows[0].value if rows else parameter_of((table, keys, name)).default

    def events(self, table: str, keys: tuple[str, ...], name: str) -> dict[int, ValueRow]:
        """The rows of amounts that fall in single years, by year."""
        return {
            row.year: row for row in self.rows.get((table, keys, name), []) if row.year is not None
        }

    def data(self) -> tuple[Datum, ...]:
        """Every row in force as a Datum, by path and year."""
        found = []
        for key in sorted(self.rows):
            path, unit = path_of(key), self.unit(key)
            found += [
                Datum(
                    path if row.year is None else f"{path}.{row.year}",
                    row.value,
                    row.low,
                    row.high,
                    unit,
                    row.source,
                    row.grade,
                    row.scenario,
                    row.note,
                    Place(row.file, row.row),
                    row.published,
                )
                for row in self.rows[key]
            ]
        return tuple(found)

    # ---- interpolation

    def _interpolated(self, key: Key, rows: list[ValueRow], first: int) -> Array:
        """The series of the rows of a key, in order of year, from the year `first` on."""
        if rows[0].year is None:
            if len(rows) > 1:
                self.problems.at(
                    rows[1],
                    "year",
                    "is given both for all years and by year; keep one or the other",
                )
            return frozen(np.full(self.last + 1 - first, rows[0].value))
        for row in _misextended(rows):
            self.problems.at(
                row, "extend", f"is '{row.extend}', which only goes with {_ENDS[row.extend]}"
            )
        years = [row.year or 0 for row in rows]
        if gaps := _gaps(rows, first, self.last):
            self.problems.at(
                rows[0],
                "year",
                f"{path_of(key)} is given for {_span(years[0], years[-1])}, the years "
                f"{' and '.join(gaps)} are missing; add rows, leave the year empty if it is the "
                "same in every year, or write before, after or both in the column extend",
            )
        return frozen(np.interp(_years(first, self.last), years, [row.value for row in rows]))


def _misextended(rows: list[ValueRow]) -> Iterator[ValueRow]:
    """The rows, ordered by year, that extend a series where it does not end."""
    for at, row in enumerate(rows):
        if (row.holds_before and at > 0) or (row.holds_after and at < len(rows) - 1):
            yield row


def _gaps(rows: list[ValueRow], first: int, last: int) -> list[str]:
    """Years from `first` to `last` that the rows, ordered by year, neither span nor extend to."""
    start, end = rows[0].year or 0, rows[-1].year or 0
    gaps = []
    if first < start and not rows[0].holds_before:
        gaps.append(_span(first, start - 1))
    if last > end and not rows[-1].holds_after:
        gaps.append(_span(end + 1, last))
    return gaps


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


@lru_cache(maxsize=256)
def constant(length: int, value: float) -> Array:
    """A series that never changes; one array for all that ask, since nobody may write to it."""
    return frozen(np.full(length, value, dtype=float))


def frozen(array: Array) -> Array:
    """An array of one's own making, without a copy, to be read only."""
    array.setflags(write=False)
    return array


@lru_cache(maxsize=256)
def _years(first: int, last: int) -> Array:
    return frozen(np.arange(first, last + 1, dtype=float))
