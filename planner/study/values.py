"""Numbers in force: the rows of the scenario, single values overridden, series interpolated over
the years."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from planner.study.files import HEAD_FILE
from planner.study.head import Head
from planner.study.problems import Problems
from planner.study.rows import (
    YEAR,
    Key,
    RowReader,
    ValueRow,
    bounded,
    ends,
    internal_unit,
    number,
    unit_of,
)
from planner.study.scenarios import BASE, rows_in_force
from planner.study.schema import BY_NAME, Parameter
from planner.system.nouns import Array, Datum, Place
from planner.units import factor, suggestion

COMMAND_LINE = "--set"


@lru_cache(maxsize=1 << 16)
def path_of(key: Key) -> str:
    """The path of a series, as `--set` takes it: table.key[.key].parameter, the parameter left out
    where the table has only one."""
    table, keys, parameter = key
    return ".".join(
        [table, *filter(None, keys), *([parameter] if BY_NAME[table].has_parameter_column else [])]
    )


class Spot(NamedTuple):
    """Where the value of a path stands among the rows in force, and between which finite ends it
    must lie."""

    key: Key
    at: int
    """Position of its row in the series."""
    year: int | None
    rest: tuple[Any, ...]
    """What follows the value in the row that an override puts there."""
    unit: str
    least: float
    most: float


class Values:
    """The numbers in force for one scenario, asked for by table, keys and parameter.

    Series are made once and are read-only, so that all who ask share them; `again` shares those
    that did not change as well.
    """

    def __init__(
        self,
        reader: RowReader,
        active: Iterable[str],
        overrides: Mapping[str, str],
        problems: Problems,
    ) -> None:
        self.head: Head = reader.head
        self.reader, self.problems = reader, problems
        self.first, self.last = self.head.periods[0].first, self.head.periods[-1].last
        self.rows: dict[Key, list[ValueRow]] = rows_in_force(reader.values, BASE)
        for scenario in active:
            self.rows |= rows_in_force(reader.values, scenario)
            self._override(self.head.scenarios[scenario].settings, f"scenarios.{scenario}.set")
        self._override(overrides, "")
        for rows in self.rows.values():
            rows.sort(key=lambda row: row.year or 0)
        self._by_table: dict[str, dict[str, list[Key]]] = {}
        for key in sorted(self.rows):
            self._by_table.setdefault(key[0], {}).setdefault(key[1][0], []).append(key)
        self._series: dict[tuple[str, tuple[str, ...]], dict[str, Array]] = {}
        self._changed: dict[str, set[str]] | None = None

    def again(self, values: Mapping[str, float], problems: Problems) -> Values | None:
        """The same numbers with other values, in internal units, by the paths of their rows.

        Everything else stands: which rows there are, their years and their order. None where a path
        is not that of a single row, or a value not one that its parameter may have.
        """
        changed: dict[Key, list[ValueRow]] = {}
        for path, value in values.items():
            spot = self._spots.get(path)
            if spot is None or not spot.least <= value <= spot.most:
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
        length, flat = (
            self.last + 1 - self.first,
            [rows[0].value for rows in changed.values() if rows[0].year is None],
        )
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

    def text(self, path: str, value: float) -> str:
        """A value in the internal unit as `--set` takes it."""
        spot = self._spots.get(path)
        if spot is not None:
            return f"{float(value)!r} {spot.unit}"
        key = self._paths.get(path)
        return (
            repr(float(value))
            if key is None
            else f"{float(value)!r} {internal_unit(key, self.head.currency_year)}"
        )

    @cached_property
    def _paths(self) -> Mapping[str, Key]:
        return {path_of(key): key for key in self.rows}

    @cached_property
    def _spots(self) -> Mapping[str, Spot]:
        """Every row in force by its path, as an override understands it: a path that is a series is
        not that of a year of another."""
        found: dict[str, Spot] = {}
        paths = self._paths
        for path, key in paths.items():
            unit, rows = internal_unit(key, self.head.currency_year), self.rows[key]
            for at, row in enumerate(rows):
                where = path if row.year is None else f"{path}.{row.year}"
                if where not in paths or (row.year is None and len(rows) == 1):
                    new = _override_row(row.year, row.value, unit, "", (COMMAND_LINE, 0))
                    kept = new if row.year is None else new._replace(extend=row.extend)
                    found[where] = Spot(
                        key, at, row.year, tuple(kept[2:]), unit, *ends(_parameter(key))
                    )
        return found

    # ---- overrides

    def _override(self, settings: Mapping[str, str], section: str) -> None:
        """Replace single values; whole series first, so that `path` and `path.2030` may both be
        set."""
        if not settings:
            return
        paths = {path_of(key): key for key in self.rows}
        years = {path: year for path in settings if (year := _year_of(path, paths)) is not None}
        for path in sorted(settings, key=lambda p: (p in years, p)):
            year = years.get(path)
            place = (HEAD_FILE, self.head.line(section, path)) if section else (COMMAND_LINE, 0)
            key = paths.get(path if year is None else path.rpartition(".")[0]) or self._new_key(
                path
            )
            try:
                if key is None:
                    raise ValueError(self._unknown(path, paths))
                self.rows[key] = self._replaced(key, year, settings[path], section, place)
            except ValueError as error:
                self.problems.add(*place, path, str(error))

    def _replaced(
        self, key: Key, year: int | None, text: str, section: str, place: tuple[str, int]
    ) -> list[ValueRow]:
        """The rows of a series with the row of one year, or all of them, replaced."""
        parameter = _parameter(key)
        rows = self.rows.get(key, [])
        if year is not None and year not in [row.year for row in rows]:
            there = ", ".join(str(row.year) for row in rows if row.year is not None)
            raise ValueError(
                f"the series has no row for {year}; "
                + (
                    f"its years are {there}"
                    if there
                    else "it is one value for all years: leave the year out"
                )
            )
        if year is None and parameter.events:
            raise ValueError(
                f"{parameter.name} happens in single years; append one of "
                f"{', '.join(str(row.year) for row in rows)}"
            )
        given, _, unit = text.strip().partition(" ")
        if not unit:
            units = {row.unit for row in rows if year in (None, row.year)}
            if len(units) != 1:
                raise ValueError(
                    f"'{text}' needs its unit, such as '{given} "
                    f"{internal_unit(key, self.head.currency_year)}'"
                )
            unit = units.pop()
        value = number(given) * factor(
            unit, unit_of(key[0], key[1], parameter), self.head.currency_year
        )
        if wrong := bounded(value, parameter):
            raise ValueError(wrong)
        new = _override_row(year, value, unit.strip(), section, place)
        if year is None:
            return [new]
        return [new._replace(extend=row.extend) if row.year == year else row for row in rows]

    def _new_key(self, path: str) -> Key | None:
        """A series that no row gives so far, of a key that is known: table.key.parameter."""
        table_name, _, rest = path.partition(".")
        name, _, parameter = rest.rpartition(".")
        table = BY_NAME.get(table_name)
        if table is None or not table.has_parameter_column or table.parameter(parameter) is None:
            return None
        form = table.parameter(parameter)
        optional = len(table.keys) > 1 and (form is None or form.with_metal != "never")
        known = self.reader.names.get(table.keys[0].refers_to or table_name) or frozenset()
        if name not in known or optional:
            return None
        keys = next(
            (key[1] for key in self.rows if key[0] == table_name and key[1][0] == name),
            (name, *[""] * (len(table.keys) - 1)),
        )
        return (
            table_name,
            keys if table.keys[-1].required else (name, *[""] * (len(table.keys) - 1)),
            parameter,
        )

    def _unknown(self, path: str, paths: Mapping[str, Key]) -> str:
        table, year = path.partition(".")[0], path.rpartition(".")[2]
        if table not in BY_NAME:
            return (
                "no datum has this path: its first word must be a "
                f"table{suggestion(table, BY_NAME)}, of {', '.join(BY_NAME)}"
            )
        stem = path.rpartition(".")[0] if YEAR.fullmatch(year) else path
        close = self.problems.suggestion(stem, [p for p in paths if p.startswith(f"{table}.")])
        return f"no datum has this path{close}; write table.key.parameter[.year]"

    # ---- questions

    def keys(self, table: str, name: str) -> list[Key]:
        """The series of a table that belong to a name, by key."""
        return self._by_table.get(table, {}).get(name, [])

    def names(self, table: str) -> list[str]:
        """The names in the first key of a table that have a row in force, in order."""
        return list(self._by_table.get(table, ()))

    def changed(self, name: str, *tables: str) -> bool:
        """Whether these tables give another number of this name than when the nouns were made
        before; in a first reading they all do."""
        return self._changed is None or any(
            name in self._changed.get(table, ()) for table in tables
        )

    def has(self, table: str, keys: tuple[str, ...], parameter: str) -> bool:
        return (table, keys, parameter) in self.rows or self.problems.spoiled(
            table, keys, parameter
        )

    def first_row(self, table: str, name: str) -> tuple[str, int]:
        """File and row where a name is first given numbers."""
        rows = [row for key in self.keys(table, name) for row in self.rows[key]]
        rows = [row for row in rows if row.row] or rows
        return (
            (min(rows, key=lambda r: r.row).file, min(r.row for r in rows))
            if rows
            else (f"{table}.csv", 0)
        )

    def series(
        self,
        table: str,
        keys: tuple[str, ...],
        name: str,
        *,
        since: int | None = None,
        absent: float | None = None,
    ) -> Array | None:
        """A value for each year, shape (Y,), or from an earlier year `since` on; linear between the
        years given.

        Where no row gives it: the default, else `absent` in every year, else None. NaN where its
        rows were refused.
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
        rows, default = self.rows.get(key), _parameter(key).default
        if rows is not None:
            found = self._interpolated(key, rows, first)
        elif default is not None:
            found = constant(length, default)
        else:
            return None if absent is None else constant(length, absent)
        made[name] = found
        return found

    def single(self, table: str, keys: tuple[str, ...], name: str) -> float | None:
        """The one value for all years; the default or None where no row gives it; NaN where its row
        was refused."""
        rows = self.rows.get((table, keys, name))
        if self.problems.spoiled(table, keys, name):
            return float("nan")
        return rows[0].value if rows else _parameter((table, keys, name)).default

    def events(self, table: str, keys: tuple[str, ...], name: str) -> dict[int, ValueRow]:
        """The rows of amounts that fall in single years, by year."""
        return {
            row.year: row for row in self.rows.get((table, keys, name), []) if row.year is not None
        }

    def _interpolated(self, key: Key, rows: list[ValueRow], first: int) -> Array:
        if rows[0].year is None:
            if len(rows) > 1:
                self._refuse(
                    key,
                    rows[1],
                    "year",
                    "is given both for all years and by year; keep one or the other",
                )
            return frozen(np.full(self.last + 1 - first, rows[0].value))
        for row in rows:
            if not row.extend:
                continue
            ends = {"before": (rows[0],), "after": (rows[-1],), "both": (rows[0], rows[-1])}[
                row.extend
            ]
            if row not in ends or (row.extend == "both" and len(rows) > 1):
                end = (
                    "the first year given"
                    if row.extend == "before"
                    else "the last year given"
                    if row.extend == "after"
                    else (
                        "a series of one year; write before in its first year and after in its last"
                    )
                )
                self._refuse(key, row, "extend", f"is '{row.extend}', which only goes with {end}")
        given = [row.year or 0 for row in rows]
        gaps = []
        if first < given[0] and rows[0].extend not in ("before", "both"):
            gaps.append(f"{first} to {given[0] - 1}" if first < given[0] - 1 else str(first))
        if self.last > given[-1] and rows[-1].extend not in ("after", "both"):
            gaps.append(
                f"{given[-1] + 1} to {self.last}" if self.last > given[-1] + 1 else str(self.last)
            )
        if gaps:
            span = str(given[0]) if len(rows) == 1 else f"{given[0]} to {given[-1]}"
            self._refuse(
                key,
                rows[0],
                "year",
                f"{path_of(key)} is given for {span}, the years {' and '.join(gaps)} are missing; "
                "add rows, "
                "leave the year empty if it is the same in every year, or write before, after or "
                "both in the column extend",
            )
        return frozen(np.interp(_years(first, self.last), given, [row.value for row in rows]))

    def _refuse(self, key: Key, row: ValueRow, column: str, message: str) -> None:
        self.problems.add(row.file, row.row, column, message)

    def data(self) -> tuple[Datum, ...]:
        """Every row in force as a Datum, by path and year."""
        found = []
        for key in sorted(self.rows):
            path, unit = path_of(key), internal_unit(key, self.head.currency_year)
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
                )
                for row in self.rows[key]
            ]
        return tuple(found)


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


def _override_row(
    year: int | None, value: float, unit: str, section: str, place: tuple[str, int]
) -> ValueRow:
    """The row of a single value, set in a section of study.toml or else by the command line."""
    source = f"override in {section}" if section else f"override by {COMMAND_LINE}"
    return ValueRow(
        year,
        value,
        None,
        None,
        unit,
        "",
        source,
        "",
        "",
        section.split(".")[1] if section else "",
        *place,
    )


def _year_of(path: str, paths: Mapping[str, Key]) -> int | None:
    """The year that a path ends in, where it is no series itself."""
    stem, _, last = path.rpartition(".")
    return int(last) if path not in paths and stem in paths and YEAR.fullmatch(last) else None


def _parameter(key: Key) -> Parameter:
    return _parameter_of(key[0], key[2])


@lru_cache(maxsize=1024)
def _parameter_of(table: str, name: str) -> Parameter:
    parameter = BY_NAME[table].parameter(name)
    assert parameter is not None
    return parameter
