"""The rows of a table of numbers: keys, parameter, year, scenario, numbers with unit and source."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from planner.study.files import Sheet
from planner.study.head import YEAR_RANGE
from planner.study.rows.cells import YEAR, bounded, number
from planner.study.rows.record import Key, ValueRow
from planner.study.schema import EXTENDS, GRADES, VALUE_COLUMNS, ParameterForm, TableForm
from planner.system.nouns import located

if TYPE_CHECKING:
    from planner.study.rows.reader import RowReader

ABSENT = -1
"""Position of a column that a table may lack: an empty cell put at the end of each row."""


class ValueReader:
    """Reads the rows of one table of numbers into `RowReader.values`."""

    def __init__(
        self, reader: RowReader, table: TableForm, sheet: Sheet, at: Mapping[str, int]
    ) -> None:
        self.reader, self.head, self.problems = reader, reader.head, reader.problems
        self.table, self.sheet = table, sheet
        self.keys_at = [at.get(column.name, ABSENT) for column in table.keys]
        self.parameter_at = at.get("parameter")
        self.texts_at = [(name, at.get(name, ABSENT)) for name in VALUE_COLUMNS]
        self.place_at = at.get("place")
        self.words_at = [(column, at.get(column.name, ABSENT)) for column in table.columns]
        self.checked: dict[tuple[tuple[str, ...], str], ParameterForm] = {}

    def read(self) -> None:
        """Check all rows and keep the good ones; of two that say the same, the first."""
        seen: dict[tuple[Key, str, int | None, int | None], int] = {}
        for row, texts in self.sheet.rows:
            cells = [*texts, ""]
            keys, name = self._heading(cells)
            parameter = self.checked.get((keys, name)) or self._parameter(row, keys, name)
            if parameter is None:
                continue
            if self.place_at is not None and cells[self.place_at]:
                keys = self._at_place(row, keys, name, cells[self.place_at])
            key = (self.table.name, keys, name)
            made = self._value_row(row, cells, key, parameter)
            if made is None:
                self.problems.spoil(*key)
                self.problems.spoil("keys of", self.table.name, keys[0])
            else:
                self._keep(made, key, seen)

    def _keep(
        self, row: ValueRow, key: Key, seen: dict[tuple[Key, str, int | None, int | None], int]
    ) -> None:
        """Keep a row, unless one `seen` before says the same."""
        same = (key, row.scenario, row.year, row.published)
        if same in seen:
            self._refuse_repeated(row, key, seen[same])
        else:
            seen[same] = row.row
            self.reader.values.setdefault(key, {}).setdefault(row.scenario, []).append(row)

    def _refuse_repeated(self, row: ValueRow, key: Key, first: int) -> None:
        series = " ".join(filter(None, (*key[1], key[2])))
        year = f" in {row.year}" if row.year else ""
        scenario = f", scenario {row.scenario}" if row.scenario else ""
        self.problems.at(row, "", f"the same as row {first} ({series}{year}{scenario}); keep one")

    # ---- keys and parameter

    def _heading(self, cells: list[str]) -> tuple[tuple[str, ...], str]:
        """Keys and name of the parameter, which a table with a single one leaves out."""
        keys = tuple(sys.intern(cells[at]) for at in self.keys_at)
        if self.parameter_at is None:
            return keys, self.table.parameters[0].name
        return keys, sys.intern(cells[self.parameter_at])

    def _parameter(self, row: int, keys: tuple[str, ...], name: str) -> ParameterForm | None:
        """The parameter of a row whose keys are right, otherwise None."""
        table, problems = self.table, self.problems
        cells = [
            self.reader.cell(table, self.sheet, row, column, text)
            for column, text in zip(table.keys, keys, strict=True)
        ]
        parameter = table.parameter(name)
        if parameter is None:
            problems.add(self.sheet.file, row, "parameter", self._no_parameter(name))
        elif unknown := self.reader.unknown_impact(name):
            problems.add(self.sheet.file, row, "parameter", unknown)
        elif all(cells):
            wrong = _wrong_metal(table, parameter, keys)
            if not wrong:
                self.checked[keys, name] = parameter
                return parameter
            problems.add(self.sheet.file, row, "metal", wrong)
        # what a row with a wrong key was meant to say is not missed elsewhere
        problems.spoil(table.name, keys)
        problems.spoil("keys of", table.name, keys[0])
        problems.spoil("keys of", table.name)
        return None

    def _no_parameter(self, name: str) -> str:
        known = [parameter.name for parameter in self.table.parameters]
        close = self.problems.suggestion(name, known)
        what = f"'{name}' is not a parameter of this table{close}" if name else "is empty"
        return f"{what}; choose of {', '.join(known)}"

    def _at_place(self, row: int, keys: tuple[str, ...], name: str, place: str) -> tuple[str, ...]:
        """The keys of a number that is of a place, by which it is known from here on."""
        if place == self.head.country:
            return keys
        if wrong := _not_by_place(self.table.name, keys[0], name, self.reader.names):
            self.problems.add(self.sheet.file, row, "place", wrong)
        at = sys.intern(located(keys[0], place))
        self.reader.located.setdefault(self.table.name, {})[at] = (keys[0], place)
        return (at, *keys[1:])

    # ---- numbers

    def _value_row(
        self, row: int, cells: list[str], key: Key, parameter: ParameterForm
    ) -> ValueRow | None:
        """The row in internal units; None where something is wrong with it."""
        text = {name: cells[at] for name, at in self.texts_at}
        wrong = self._wrong_texts(text, parameter)
        words, fit = self._words(row, cells)
        value, low, high = self._numbers(text, key, parameter, wrong)
        told = [(column, message) for column, message in wrong if message]
        for column, message in told:
            self.problems.add(self.sheet.file, row, column, message)
        if told or value is None or not fit:
            return None
        return ValueRow(
            _year(text["year"]),
            value,
            low,
            high,
            text["unit"],
            text["extend"],
            text["source"],
            text["grade"],
            text["note"],
            text["scenario"],
            self.sheet.file,
            row,
            _year(text["published"]),
            words,
        )

    def _wrong_texts(
        self, text: Mapping[str, str], parameter: ParameterForm
    ) -> list[tuple[str, str]]:
        """Messages of the cells other than numbers, by column; empty where there is nothing
        wrong."""
        return [
            ("scenario", self._wrong_scenario(text["scenario"])),
            ("year", self._wrong_year(text["year"], parameter)),
            ("source", _wrong_source(text["source"])),
            ("grade", _wrong_grade(text["grade"])),
            ("extend", _wrong_extension(text["extend"])),
            ("published", self._no_calendar_year(text["published"])),
        ]

    def _words(self, row: int, cells: list[str]) -> tuple[tuple[str, ...], bool]:
        """The cells of the further columns of the table, and True if all may hold what they do."""
        words = tuple(cells[at] for _, at in self.words_at)
        fit = [
            self.reader.cell(self.table, self.sheet, row, column, word)
            for (column, _), word in zip(self.words_at, words, strict=True)
        ]
        return words, all(fit)

    def _wrong_scenario(self, scenario: str) -> str:
        if not scenario or scenario in self.head.scenarios:
            return ""
        close = self.problems.suggestion(scenario, self.head.scenarios)
        return (
            f"'{scenario}' is not a scenario of study.toml{close}; add [scenarios.NAME] there, "
            "or correct it"
        )

    def _wrong_year(self, text: str, parameter: ParameterForm) -> str:
        if not text:
            return (
                f"is empty; {parameter.name} happens in a year: give it" if parameter.events else ""
            )
        if not parameter.by_year:
            return f"{parameter.name} is one value for all years; leave the year empty"
        return self._no_calendar_year(text)

    def _no_calendar_year(self, text: str) -> str:
        if not text or (YEAR.fullmatch(text) and YEAR_RANGE[0] <= int(text) <= YEAR_RANGE[1]):
            return ""
        return f"is '{text}'; give a calendar year such as {self.head.periods[0].first}"

    def _numbers(
        self,
        text: Mapping[str, str],
        key: Key,
        parameter: ParameterForm,
        wrong: list[tuple[str, str]],
    ) -> tuple[float | None, float | None, float | None]:
        """Value, low and high in the internal unit, in order and within the bounds of the
        parameter; what is wrong with them is added to `wrong`."""
        try:
            scale = self.reader.factor(text["unit"], key, parameter)
        except ValueError as error:
            wrong.append(("unit", str(error)))
            scale = 1.0
        value, wrong_value = _scaled(text["value"], scale, parameter)
        low, wrong_low = _end(text["low"], scale, parameter)
        high, wrong_high = _end(text["high"], scale, parameter)
        wrong += [("value", wrong_value), ("low", wrong_low), ("high", wrong_high)]
        if column := _disordered(value, low, high):
            ends = f"{text['low'] or '...'} <= {text['value']} <= {text['high'] or '...'}"
            wrong.append((column, f"{ends} does not hold; order low, value and high"))
        return value, low, high


def _year(text: str) -> int | None:
    return int(text) if text else None


def _wrong_metal(table: TableForm, parameter: ParameterForm, keys: tuple[str, ...]) -> str:
    """Message of a metal that is missing or must not be given, in a row that may leave it empty."""
    if not table.has_optional_metal:
        return ""
    if keys[1] and parameter.with_metal == "never":
        return f"{parameter.name} is of the whole good; leave the metal empty"
    if not keys[1] and parameter.with_metal == "required":
        return f"is empty; say of which metal {parameter.name} is"
    return ""


SERIES_OF_PLACES = ("grid_intensity", "carbon_price", "direct_emission_index")
"""Series that another place has for itself."""
SAME_EVERYWHERE = ("content", "equivalent")
"""Numbers of a good that do not depend on where it is."""


def _not_by_place(
    table: str, name: str, parameter: str, names: Mapping[str, frozenset[str] | None]
) -> str:
    """Message of a number that is not of a place; empty where it is."""
    if table == "series" and name not in SERIES_OF_PLACES:
        return f"{name} is of the country; leave the place empty"
    if parameter in SAME_EVERYWHERE:
        return f"{parameter} is the same at every place; leave the place empty"
    if table == "curves" and name not in (names["goods"] or (name,)):
        return f"'{name}' is no good: its place stands in processes.csv; leave the place empty"
    return ""


def _wrong_source(text: str) -> str:
    return "" if text else "is empty; say where the number comes from"


def _wrong_grade(text: str) -> str:
    if text in GRADES:
        return ""
    return f"is '{text}'; choose of {', '.join(filter(None, GRADES))} or leave it empty"


def _wrong_extension(text: str) -> str:
    return "" if text in EXTENDS else f"is '{text}'; write before, after or both, or leave it empty"


def _scaled(text: str, scale: float, parameter: ParameterForm) -> tuple[float | None, str]:
    """A number in the internal unit, and what is wrong with it."""
    try:
        made = number(text) * scale
    except ValueError as error:
        return None, str(error)
    return made, bounded(made, parameter)


def _end(text: str, scale: float, parameter: ParameterForm) -> tuple[float | None, str]:
    """An end of the uncertainty likewise; None where it is not given."""
    return _scaled(text, scale, parameter) if text else (None, "")


def _disordered(value: float | None, low: float | None, high: float | None) -> str:
    """The end, low or high, that lies on the wrong side of the value; empty where none does."""
    if value is None:
        return ""
    if low is not None and low > value:
        return "low"
    return "high" if high is not None and high < value else ""
