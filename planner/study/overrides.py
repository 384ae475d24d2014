"""Overrides: single values that replace rows, set by a scenario of study.toml or on the command
line."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from planner.study.files import HEAD_FILE
from planner.study.problems import Problems
from planner.study.rows import (
    YEAR,
    Key,
    RowReader,
    ValueRow,
    bounded,
    number,
    parameter_of,
)
from planner.study.schema import BY_NAME, ParameterForm, TableForm
from planner.system.nouns import Place
from planner.units import suggestion, target_unit

COMMAND_LINE = "--set"


@lru_cache(maxsize=1 << 16)
def path_of(key: Key) -> str:
    """The path of a series, as `--set` takes it: table.key[.key].parameter, the parameter left out
    where the table has only one."""
    table, keys, parameter = key
    return ".".join(
        [table, *filter(None, keys), *([parameter] if BY_NAME[table].has_parameter_column else [])]
    )


def override_row(year: int | None, value: float, unit: str, section: str, at: Place) -> ValueRow:
    """The row of a single value, set in a section of study.toml or else by the command line."""
    source = f"override in {section}" if section else f"override by {COMMAND_LINE}"
    scenario = section.split(".")[1] if section else ""
    return ValueRow(year, value, None, None, unit, "", source, "", "", scenario, at.file, at.row)


class Overrides:
    """Puts single values into the rows in force; what cannot be set is a problem."""

    def __init__(
        self, reader: RowReader, rows: dict[Key, list[ValueRow]], problems: Problems
    ) -> None:
        self.reader, self.rows, self.problems = reader, rows, problems
        self.currency_year = reader.head.currency_year

    def apply(self, settings: Mapping[str, str], section: str) -> None:
        """Replace single values; whole series first, so that `path` and `path.2030` may both be
        set. `section` is that of a scenario, empty for the command line."""
        if not settings:
            return
        paths = {path_of(key): key for key in self.rows}
        years = {path: year for path in settings if (year := _year_of(path, paths)) is not None}
        whole = [path for path in settings if path not in years]
        for path in (*sorted(whole), *sorted(years)):
            at = self._place(section, path)
            try:
                key = self._key(path, path in years, paths)
                self.rows[key] = self._replaced(key, years.get(path), settings[path], section, at)
            except ValueError as error:
                self.problems.at(at, path, str(error))

    def _place(self, section: str, path: str) -> Place:
        if section:
            return Place(HEAD_FILE, self.reader.head.line(section, path))
        return Place(COMMAND_LINE, 0)

    def _key(self, path: str, with_year: bool, paths: Mapping[str, Key]) -> Key:
        """The series that a path names. Raises ValueError where there is none."""
        key = paths.get(path.rpartition(".")[0] if with_year else path) or self._new_key(path)
        if key is None:
            raise ValueError(self._unknown(path, paths))
        return key

    def _replaced(
        self, key: Key, year: int | None, text: str, section: str, at: Place
    ) -> list[ValueRow]:
        """The rows of a series with the row of one year, or all of them, replaced."""
        parameter, rows = parameter_of(key), self.rows.get(key, [])
        if year is not None:
            _require_year(rows, year)
        elif parameter.events:
            raise ValueError(_without_year(parameter, rows))
        value, unit = self._value(
            key, parameter, text, {row.unit for row in rows if year in (None, row.year)}
        )
        new = override_row(year, value, unit, section, at)
        return [new] if year is None else _with(new, rows)

    def _value(
        self, key: Key, parameter: ParameterForm, text: str, units: set[str]
    ) -> tuple[float, str]:
        """The value in the internal unit and the unit it is given in: its own, or that of the rows
        it replaces."""
        given, _, unit = text.strip().partition(" ")
        if not unit:
            if len(units) != 1:
                wanted = target_unit(self.reader.unit(key), self.currency_year)
                raise ValueError(f"'{text}' needs its unit, such as '{given} {wanted}'")
            (unit,) = units
        value = number(given) * self.reader.factor(unit, key, parameter)
        if wrong := bounded(value, parameter):
            raise ValueError(wrong)
        return value, unit.strip()

    def _new_key(self, path: str) -> Key | None:
        """A series that no row gives so far, of a name that is known: table.name.parameter."""
        table_name, _, rest = path.partition(".")
        name, _, parameter = rest.rpartition(".")
        table = BY_NAME.get(table_name)
        if table is None or not self._may_have(table, name, parameter):
            return None
        return table_name, self._keys(table, name), parameter

    def _keys(self, table: TableForm, name: str) -> tuple[str, ...]:
        """The keys of a name: where all of them are needed those of its first row, else its own
        alone."""
        keys = (name, *[""] * (len(table.keys) - 1))
        if not table.keys[-1].required:
            return keys
        there = (key[1] for key in self.rows if (key[0], key[1][0]) == (table.name, name))
        return next(there, keys)

    def _may_have(self, table: TableForm, name: str, parameter: str) -> bool:
        """Return True if a table may give this parameter of a known name, without naming a
        metal."""
        form = table.parameter(parameter)
        if not table.has_parameter_column or form is None or self.reader.unknown_impact(parameter):
            return False
        return self._is_known(table, name) and (len(table.keys) == 1 or form.with_metal == "never")

    def _is_known(self, table: TableForm, name: str) -> bool:
        """Return True if a table may have rows of a name."""
        known = self.reader.names.get(table.keys[0].refers_to or table.name)
        return known is not None and name in known

    def _unknown(self, path: str, paths: Mapping[str, Key]) -> str:
        table, year = path.partition(".")[0], path.rpartition(".")[2]
        if table not in BY_NAME:
            close = suggestion(table, BY_NAME)
            return (
                f"no datum has this path: its first word must be a table{close}, of "
                f"{', '.join(BY_NAME)}"
            )
        stem = path.rpartition(".")[0] if YEAR.fullmatch(year) else path
        close = self.problems.suggestion(stem, [p for p in paths if p.startswith(f"{table}.")])
        return f"no datum has this path{close}; write table.key.parameter[.year]"


def _without_year(parameter: ParameterForm, rows: list[ValueRow]) -> str:
    """Message of a path without a year, to what happens in single ones."""
    years = ", ".join(str(row.year) for row in rows)
    return f"{parameter.name} happens in single years; append one of {years}"


def _require_year(rows: list[ValueRow], year: int) -> None:
    """Raise ValueError unless a series has a row of this year."""
    years = [row.year for row in rows]
    if year in years:
        return
    there = ", ".join(str(each) for each in years if each is not None)
    raise ValueError(
        f"the series has no row for {year}; "
        + (
            f"its years are {there}"
            if there
            else "it is one value for all years: leave the year out"
        )
    )


def _with(new: ValueRow, rows: list[ValueRow]) -> list[ValueRow]:
    """The rows of a series with that of one year replaced, which extends as far as it did."""
    return [new._replace(extend=row.extend) if row.year == new.year else row for row in rows]


def _year_of(path: str, paths: Mapping[str, Key]) -> int | None:
    """The year that a path ends in, where it is not a series itself."""
    stem, _, last = path.rpartition(".")
    return int(last) if path not in paths and stem in paths and YEAR.fullmatch(last) else None
