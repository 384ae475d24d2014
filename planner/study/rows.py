"""The rows of a table, checked one by one against `planner.study.schema`: columns, names, choices,
numbers, units, bounds."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from planner.study.files import Sheet
from planner.study.head import YEAR_RANGE, Head
from planner.study.problems import Problems, unfit
from planner.study.schema import (
    BY_NAME,
    EXTENDS,
    GRADES,
    REQUIRED_VALUE_COLUMNS,
    SERIES_UNITS,
    VALUE_COLUMNS,
    Column,
    Parameter,
    Table,
)
from planner.units import factor, suggestion, target_unit

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
YEAR = re.compile(r"[0-9]{4}")

Key = tuple[str, tuple[str, ...], str]
"""(table, keys, parameter): what a series of numbers is known by."""


class ValueRow(NamedTuple):
    """One checked row of numbers, in internal units."""

    year: int | None
    value: float
    low: float | None
    high: float | None
    unit: str
    """The unit as given."""
    extend: str
    source: str
    grade: str
    note: str
    scenario: str
    file: str
    row: int


@dataclass(frozen=True, slots=True)
class StructureRow:
    """One checked row of a structure table."""

    name: str
    cells: Mapping[str, str]
    row: int


def number(text: str) -> float:
    """A finite number written with a decimal point. Raises ValueError that says what else it is and
    the remedy."""
    if _NUMBER.fullmatch(text):
        value = float(text)
        if abs(value) != float("inf"):
            return value
        raise ValueError(f"is '{text}', too large to be a number; check it")
    if not text:
        raise ValueError("is empty; give a number or drop the row")
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity", "n/a", "na", "null", "none", "#n/a"):
        raise ValueError(f"is '{text}', no finite number; give a number or drop the row")
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text):
        raise ValueError(
            f"is '{text}'; write it without thousands separators: {text.replace(',', '')}"
        )
    if re.fullmatch(r"[+-]?[0-9.]*,[0-9]+", text):
        raise ValueError(f"is '{text}'; write a decimal point, not a comma")
    if re.fullmatch(r"[+-]?[0-9.]+\s*%", text):
        raise ValueError(f"is '{text}'; put % in the column unit")
    raise ValueError(f"is '{text}', no number; give a number, the unit stands in its own column")


def bounded(value: float, parameter: Parameter) -> str:
    """What is wrong with the size of a number, empty where nothing is."""
    if parameter.positive and value <= 0:
        return f"is {value:g}; {parameter.name} must be greater than 0"
    if parameter.minimum is not None and value < parameter.minimum:
        return f"is {value:g}; {parameter.name} must not be " + (
            "negative" if parameter.minimum == 0 else f"below {parameter.minimum:g}"
        )
    if parameter.maximum is not None and value > parameter.maximum:
        return f"is {value:g}; {parameter.name} must be {parameter.maximum:g} or less"
    return ""


def ends(parameter: Parameter) -> tuple[float, float]:
    """The least and the greatest number that `bounded` has nothing against."""
    least = math.nextafter(0.0, 1.0) if parameter.positive else -math.inf
    return max(
        least, -sys.float_info.max if parameter.minimum is None else parameter.minimum
    ), sys.float_info.max if parameter.maximum is None else parameter.maximum


def unit_of(table: str, keys: tuple[str, ...], parameter: Parameter) -> str:
    """The internal unit of a parameter; that of a series of the whole study depends on which it is."""
    return SERIES_UNITS.get(keys[0], "1") if table == "series" else parameter.unit


class RowReader:
    """Reads the rows of all tables of a study. `names` holds the names each table defines, None
    where that cannot be told."""

    def __init__(self, head: Head, problems: Problems) -> None:
        self.head, self.problems = head, problems
        self.names: dict[str, frozenset[str] | None] = {"metals": frozenset(head.metals)}
        self.structure: dict[str, dict[str, StructureRow]] = {}
        self.values: dict[Key, dict[str, list[ValueRow]]] = {}

    def columns(self, table: Table, sheet: Sheet) -> dict[str, int] | None:
        """Column to position; None where a required column is missing."""
        required = [c.name for c in (*table.keys, *table.columns) if c.required]
        required += ["parameter"] * table.has_parameter_column + list(
            REQUIRED_VALUE_COLUMNS
        ) * table.has_values
        allowed = [c.name for c in (*table.keys, *table.columns)]
        allowed += ["parameter"] * table.has_parameter_column + list(
            VALUE_COLUMNS
        ) * table.has_values
        missing = [name for name in required if name not in sheet.header]
        for name in dict.fromkeys(sheet.header):
            if sheet.header.count(name) > 1:
                what = (
                    "this column stands twice; keep one"
                    if name
                    else "there are columns without a name; name or drop them"
                )
                self.problems.add(sheet.file, 1, name, what)
                self.problems.spoil(table.name)
                return None
            if name not in allowed:
                close = suggestion(name, missing or [n for n in allowed if n not in sheet.header])
                for lacking in [m for m in missing if f"'{m}'" in close]:
                    missing.remove(lacking)
                    close += f"; '{lacking}' is missing"
                    self.problems.spoil(table.name)
                self.problems.add(
                    sheet.file,
                    1,
                    name or "(empty)",
                    f"is no column of this table{close}; rename or drop it",
                )
        for name in missing:
            self.problems.add(
                sheet.file,
                1,
                name,
                "this column is missing; add it to the header and fill it in every row",
            )
        if not all(name in sheet.header for name in required):
            self.problems.spoil(table.name)
            return None
        return {name: sheet.header.index(name) for name in allowed if name in sheet.header}

    def define(self, table: Table, sheet: Sheet | None) -> None:
        """Take the names that a table defines, so that other tables can refer to them."""
        key = table.keys[0]
        if key.refers_to or key.choices:
            return
        column = (
            sheet.header.index(key.name) if sheet is not None and key.name in sheet.header else None
        )
        if sheet is None or column is None or self.problems.spoiled(table.name):
            # rows that were refused may hold names too: then none is judged unknown
            self.names[table.name] = (
                None if self.problems.spoiled(table.name) or sheet is not None else frozenset()
            )
        else:
            self.names[table.name] = frozenset(cells[column] for _, cells in sheet.rows)

    def read(self, table: Table, sheet: Sheet) -> None:
        """Check all rows of a table and keep the good ones."""
        where = self.columns(table, sheet)
        if where is None:
            return
        if table.has_values:
            self._read_values(table, sheet, where)
        else:
            self._read_structure(table, sheet, where)

    def cell(self, table: Table, sheet: Sheet, row: int, column: Column, text: str) -> bool:
        """Whether a text cell holds what its column may hold."""
        if not text:
            if column.required:
                self.problems.add(sheet.file, row, column.name, f"is empty; give {column.note}")
                return False
            return True
        if column.choices:
            if text in column.choices:
                return True
            self.problems.add(
                sheet.file,
                row,
                column.name,
                f"'{text}' is not possible{self.problems.suggestion(text, column.choices)}; "
                f"choose of {', '.join(filter(None, column.choices))}",
            )
            return False
        if column.refers_to:
            return self._refers(table, sheet, row, column, text)
        if column is table.keys[0] and "." in text:
            self.problems.add(
                sheet.file,
                row,
                column.name,
                f"'{text}' holds a point, which parts the words of a path; write it without",
            )
            return False
        if column.name != "description" and (wrong := unfit(text)):
            self.problems.add(sheet.file, row, column.name, f"{text!r} {wrong}")
            return False
        return True

    def _refers(self, table: Table, sheet: Sheet, row: int, column: Column, text: str) -> bool:
        tables = column.refers_to.split("|")
        known = [self.names.get(name) for name in tables]
        if None in known or any(names is not None and text in names for names in known):
            return True
        where = " or ".join(
            "study.toml's metals" if name == "metals" else f"{name}.csv" for name in tables
        )
        close = self.problems.suggestion(
            text, [n for names in known if names is not None for n in names]
        )
        self.problems.add(
            sheet.file,
            row,
            column.name,
            f"'{text}' is not defined in {where}{close}; name one that is, or add it there",
        )
        return False

    def _read_structure(self, table: Table, sheet: Sheet, where: Mapping[str, int]) -> None:
        found: dict[str, StructureRow] = {}
        for row, cells in sheet.rows:
            name = sys.intern(cells[where[table.keys[0].name]])
            every = (*table.keys, *table.columns)
            cells_good = [
                self.cell(table, sheet, row, c, cells[where[c.name]])
                for c in every
                if c.name in where
            ]
            if name in found:
                self.problems.add(
                    sheet.file,
                    row,
                    table.keys[0].name,
                    f"'{name}' stands in row {found[name].row} already; keep one",
                )
            elif name:
                found[name] = StructureRow(
                    name,
                    {c.name: cells[where[c.name]] if c.name in where else "" for c in every},
                    row,
                )
            if not all(cells_good):
                self.problems.spoil(table.name, name)
        self.structure[table.name] = found

    def _read_values(self, table: Table, sheet: Sheet, where: Mapping[str, int]) -> None:
        checked: dict[tuple[str, ...], Parameter | None] = {}
        seen: dict[tuple[Key, str, int | None], int] = {}
        keys_at = [where.get(c.name) for c in table.keys]
        parameter_at, year_at, scenario_at = (
            where.get("parameter"),
            where.get("year"),
            where.get("scenario"),
        )
        for row, cells in sheet.rows:
            keys = tuple("" if at is None else sys.intern(cells[at]) for at in keys_at)
            name = (
                table.parameters[0].name
                if parameter_at is None
                else sys.intern(cells[parameter_at])
            )
            if (*keys, name) not in checked:
                checked[*keys, name] = self._heading(table, sheet, row, keys, name)
            elif checked[*keys, name] is None:
                self._heading(table, sheet, row, keys, name)
            parameter = checked[*keys, name]
            if parameter is None:
                continue
            key = (table.name, keys, name)
            scenario = "" if scenario_at is None else cells[scenario_at]
            made = self._value_row(
                table,
                sheet,
                row,
                cells,
                where,
                key,
                parameter,
                scenario,
                "" if year_at is None else cells[year_at],
            )
            if made is None:
                self.problems.spoil(*key)
                self.problems.spoil("keys of", table.name, keys[0])
                continue
            same = (key, scenario, made.year)
            if same in seen:
                self.problems.add(
                    sheet.file,
                    row,
                    "",
                    f"the same as row {seen[same]} ({' '.join(filter(None, (*keys, name)))}"
                    f"{f' in {made.year}' if made.year else ''}{f', scenario {scenario}' if scenario else ''}); keep one",
                )
                continue
            seen[same] = row
            self.values.setdefault(key, {}).setdefault(scenario, []).append(made)

    def _heading(
        self, table: Table, sheet: Sheet, row: int, keys: tuple[str, ...], name: str
    ) -> Parameter | None:
        """The parameter of a row whose keys are right, otherwise None."""
        every = [
            self.cell(table, sheet, row, column, text)
            for column, text in zip(table.keys, keys, strict=True)
        ]
        good = all(every)
        parameter = table.parameter(name)
        if parameter is None:
            known = [p.name for p in table.parameters]
            close = self.problems.suggestion(name, known)
            what = f"'{name}' is no parameter of this table{close}" if name else "is empty"
            what += f"; choose of {', '.join(known)}"
            self.problems.add(sheet.file, row, "parameter", what)
        elif (
            good
            and len(table.keys) > 1
            and table.keys[1].name == "metal"
            and not table.keys[1].required
        ):
            if keys[1] and parameter.with_metal == "never":
                self.problems.add(
                    sheet.file, row, "metal", f"{name} is of the whole good; leave the metal empty"
                )
                parameter = None
            elif not keys[1] and parameter.with_metal == "required":
                self.problems.add(
                    sheet.file, row, "metal", f"is empty; say of which metal {name} is"
                )
                parameter = None
        if good and parameter is not None:
            return parameter
        # what a row with a wrong key was meant to say is not missed elsewhere
        self.problems.spoil(table.name, keys)
        self.problems.spoil("keys of", table.name, keys[0])
        self.problems.spoil("keys of", table.name)
        return None

    def _value_row(
        self,
        table: Table,
        sheet: Sheet,
        row: int,
        cells: list[str],
        where: Mapping[str, int],
        key: Key,
        parameter: Parameter,
        scenario: str,
        year_text: str,
    ) -> ValueRow | None:
        text = {name: cells[where[name]] if name in where else "" for name in VALUE_COLUMNS[2:]}
        problems: list[tuple[str, str]] = []
        if scenario and scenario not in self.head.scenarios:
            close = self.problems.suggestion(scenario, self.head.scenarios)
            problems.append(
                (
                    "scenario",
                    (
                        f"'{scenario}' is no scenario of study.toml{close}; add [scenarios.NAME] "
                        "there, or correct it"
                    ),
                )
            )
        year: int | None = None
        if year_text:
            if not parameter.by_year:
                problems.append(
                    ("year", f"{parameter.name} is one value for all years; leave the year empty")
                )
            elif (
                not YEAR.fullmatch(year_text)
                or not YEAR_RANGE[0] <= int(year_text) <= YEAR_RANGE[1]
            ):
                problems.append(
                    (
                        "year",
                        (
                            f"is '{year_text}'; give a calendar year such as "
                            f"{self.head.periods[0].first}"
                        ),
                    )
                )
            else:
                year = int(year_text)
        elif parameter.events:
            problems.append(("year", f"is empty; {parameter.name} happens in a year: give it"))
        if not text["source"]:
            problems.append(("source", "is empty; say where the number comes from"))
        if text["grade"] not in GRADES:
            problems.append(
                (
                    "grade",
                    (
                        f"is '{text['grade']}'; choose of {', '.join(filter(None, GRADES))} or "
                        "leave it empty"
                    ),
                )
            )
        if text["extend"] not in EXTENDS:
            problems.append(
                ("extend", f"is '{text['extend']}'; write before, after or both, or leave it empty")
            )
        numbers = self._numbers(text, unit_of(table.name, key[1], parameter), parameter, problems)
        for column, message in problems:
            self.problems.add(sheet.file, row, column, message)
        if problems:
            return None
        value, low, high = numbers
        assert value is not None
        return ValueRow(
            year,
            value,
            low,
            high,
            text["unit"],
            text["extend"],
            text["source"],
            text["grade"],
            text["note"],
            scenario,
            sheet.file,
            row,
        )

    def _numbers(
        self,
        text: Mapping[str, str],
        unit: str,
        parameter: Parameter,
        problems: list[tuple[str, str]],
    ) -> tuple[float | None, float | None, float | None]:
        """Value, low and high in the internal unit, in order and within the bounds of the
        parameter."""
        try:
            scale = factor(text["unit"], unit, self.head.currency_year)
        except ValueError as error:
            problems.append(("unit", str(error)))
            scale = 1.0
        found: dict[str, float | None] = {"value": None, "low": None, "high": None}
        for column in found:
            given = text[column]
            if not given and column != "value":
                continue
            try:
                made = number(given) * scale
            except ValueError as error:
                problems.append((column, str(error)))
                continue
            wrong = bounded(made, parameter)
            if wrong:
                problems.append((column, wrong))
            found[column] = made
        value, low, high = found["value"], found["low"], found["high"]
        if value is not None and (
            (low is not None and low > value) or (high is not None and high < value)
        ):
            ends = f"{text['low'] or '...'} <= {text['value']} <= {text['high'] or '...'}"
            problems.append(
                (
                    "low" if low is not None and low > value else "high",
                    f"{ends} does not hold; order low, value and high",
                )
            )
        return value, low, high


def internal_unit(key: Key, currency_year: int) -> str:
    """The internal unit of a series with the currency year in it."""
    parameter = BY_NAME[key[0]].parameter(key[2])
    assert parameter is not None
    return target_unit(unit_of(key[0], key[1], parameter), currency_year)
