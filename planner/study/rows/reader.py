"""The rows of all tables, checked against `planner.study.schema`: names first, so that other tables
can refer to them, then rows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from planner.study.files import Sheet
from planner.study.head import Head
from planner.study.problems import Problems, unfit
from planner.study.rows.cells import unit_of
from planner.study.rows.header import column_positions
from planner.study.rows.record import Key, StructureRow, ValueRow, parameter_of
from planner.study.rows.trade import Arc, Matched
from planner.study.rows.values import ABSENT, ValueReader
from planner.study.schema import (
    FACTOR,
    UNIT_OF_IMPACT,
    Column,
    ParameterForm,
    TableForm,
)
from planner.system.nouns import HOME
from planner.units import factor, impact_factor


class RowReader:
    """Reads the rows of all tables of a study. `names` holds the names each table defines, None
    where that cannot be told."""

    def __init__(self, head: Head, problems: Problems) -> None:
        self.head, self.problems = head, problems
        self.names: dict[str, frozenset[str] | None] = {
            "metals": frozenset(head.metals),
            "places": frozenset((*head.places, head.country)),
        }
        self.located: dict[str, dict[str, tuple[str, str]]] = {}
        """By table, what its rows are known by that are of a place, with name and place."""
        self.places_of_goods: dict[str, tuple[str, str]] = {}
        """Goods that something handles, with plain name and place; empty without places."""
        self.trade: Mapping[str, tuple[Arc, Mapping[str, Sequence[Matched]]]] = {}
        """Trade that is open by the name of its process, and the rows that speak of it by
        parameter."""
        self.structure: dict[str, dict[str, StructureRow]] = {}
        self.values: dict[Key, dict[str, list[ValueRow]]] = {}

    def define(self, table: TableForm, sheet: Sheet | None) -> None:
        """Take the names that a table defines, so that other tables can refer to them."""
        key = table.keys[0]
        if not key.refers_to and not key.choices:
            self.names[table.name] = self._defined(table, sheet)

    def _defined(self, table: TableForm, sheet: Sheet | None) -> frozenset[str] | None:
        """The names in the first key of a table. None where rows that were refused may hold names
        too: then none is judged unknown."""
        key = table.keys[0].name
        if self.problems.spoiled(table.name):
            return None
        if sheet is None:
            return frozenset()
        if key not in sheet.header:
            return None
        column = sheet.header.index(key)
        return frozenset(cells[column] for _, cells in sheet.rows)

    def read(self, table: TableForm, sheet: Sheet) -> None:
        """Check all rows of a table and keep the good ones."""
        at = column_positions(table, sheet, self.problems)
        if at is None:
            return
        if table.has_values:
            ValueReader(self, table, sheet, at).read()
        else:
            self.structure[table.name] = self._structure(table, sheet, at)

    def unit(self, key: Key) -> str:
        """The internal unit of a series, money without its year; the unit of an impact is that of
        its row, or 1 where that was refused."""
        unit = unit_of(key, parameter_of(key))
        if UNIT_OF_IMPACT not in unit:
            return unit
        name = key[1][0] if key[0] == "impact_values" else key[2].removeprefix(FACTOR)
        row = self.structure.get("impacts", {}).get(name)
        return unit.replace(UNIT_OF_IMPACT, "1" if row is None else row.cells["unit"])

    def factor(self, unit: str, key: Key, parameter: ParameterForm) -> float:
        """Factor from a unit to the internal unit of a series. Raises ValueError, with the remedy,
        where there is none."""
        convert = impact_factor if UNIT_OF_IMPACT in parameter.unit else factor
        return convert(unit, self.unit(key), self.head.currency_year)

    def unknown_impact(self, parameter: str) -> str:
        """Message of a factor of an impact that no row defines; empty for all others."""
        name, known = parameter.removeprefix(FACTOR), self.names.get("impacts")
        if name == parameter or known is None or name in known:
            return ""
        close = self.problems.suggestion(name, known)
        return f"impact '{name}' is not defined in impacts.csv{close}; name one that is, or add it"

    def cell(self, table: TableForm, sheet: Sheet, row: int, column: Column, text: str) -> bool:
        """Return True if a text cell holds what its column may hold; report it otherwise."""
        wrong = self._wrong(column, text, is_name=column is table.keys[0])
        if wrong:
            self.problems.add(sheet.file, row, column.name, wrong)
        return not wrong

    def _wrong(self, column: Column, text: str, *, is_name: bool) -> str:
        """Message of a text that its column may not hold; empty where it may."""
        if not text:
            return f"is empty; give {column.note}" if column.required else ""
        if column.choices:
            return "" if text in column.choices else self._no_choice(column, text)
        if column.refers_to:
            return self._undefined(column, text)
        return "" if column.name == "description" else _unfit(text, is_name=is_name)

    def _no_choice(self, column: Column, text: str) -> str:
        close = self.problems.suggestion(text, column.choices)
        return (
            f"'{text}' is not possible{close}; choose of {', '.join(filter(None, column.choices))}"
        )

    def _undefined(self, column: Column, text: str) -> str:
        """Message of a name that no table defines; empty where one does or may."""
        known: list[str] = []
        for table in column.tables:
            names = self.names.get(table)
            if names is None or text in names:
                return ""
            known += names
        where = " or ".join(map(_spelled, column.tables))
        close = self.problems.suggestion(text, known)
        return f"'{text}' is not defined in {where}{close}; name one that is, or add it there"

    def _structure(
        self, table: TableForm, sheet: Sheet, at: Mapping[str, int]
    ) -> dict[str, StructureRow]:
        """The rows of a structure table by name, the first of each; what is refused is kept and
        marked."""
        key = table.keys[0].name
        columns = table.text_columns
        positions = [at.get(column.name, ABSENT) for column in columns]
        found: dict[str, StructureRow] = {}
        for row, texts in sheet.rows:
            padded = [*texts, ""]
            cells = {column.name: padded[i] for column, i in zip(columns, positions, strict=True)}
            name = sys.intern(cells[key])
            if cells.get("place") == self.head.country:
                cells["place"] = HOME
            self._check_cells(table, sheet, row, cells)
            if name in found:
                self.problems.add(
                    sheet.file,
                    row,
                    key,
                    f"'{name}' stands in row {found[name].row} already; keep one",
                )
            elif name:
                found[name] = StructureRow(name, cells, sheet.file, row)
        return found

    def _check_cells(
        self, table: TableForm, sheet: Sheet, row: int, cells: Mapping[str, str]
    ) -> None:
        """Refuse cells that do not hold what their column may, and mark the noun of the row."""
        columns = table.text_columns
        good = [self.cell(table, sheet, row, column, cells[column.name]) for column in columns]
        if not all(good):
            self.problems.spoil(table.name, cells[table.keys[0].name])


def _unfit(text: str, *, is_name: bool) -> str:
    """Message of a text that result tables, or the paths of a name, must not carry on; empty where
    they may."""
    if is_name and "." in text:
        return f"'{text}' holds a point, which parts the words of a path; write it without"
    wrong = unfit(text)
    return f"{text!r} {wrong}" if wrong else ""


def _spelled(table: str) -> str:
    """Where the names of a table, metals and places included, are defined."""
    return f"study.toml's {table}" if table in ("metals", "places") else f"{table}.csv"
