"""The tables of a study as its nouns are made from them: rows, numbers in force, and the questions
that every noun asks of them."""

from __future__ import annotations

import numpy as np

from planner.study.nouns.record import NO_NOUNS, Nouns
from planner.study.numbers import Numbers, constant
from planner.study.problems import Problems
from planner.study.rows import RowReader, StructureRow
from planner.system.nouns import HOME, Array

COUNTED_ON = 0.5
"""Least probability of a project that a plan counts on."""


class StudyTables:
    """The rows and the numbers in force of a study; collects problems that show only when the rows
    of a noun are seen together.

    Of the nouns made `before`, of the same study with other numbers, those are kept, and those
    parts, that no changed number makes.
    """

    def __init__(
        self, reader: RowReader, numbers: Numbers, problems: Problems, before: Nouns = NO_NOUNS
    ) -> None:
        self.structure, self.metals = reader.structure, reader.head.metals
        self.numbers, self.problems, self.before = numbers, problems, before
        self.places_of_goods, self.trade = reader.places_of_goods, reader.trade
        self.places = reader.head.places
        self.border_charges = reader.head.border_charges
        self.first, self.last = numbers.first, numbers.last
        self.length = numbers.last - numbers.first + 1

    def changed(self, name: str, *tables: str) -> bool:
        """Return True if these tables give another number of this name than when the nouns were
        made before, of a good at a place also of the good anywhere; in a first reading they all
        do."""
        if self.numbers.changed(name, *tables):
            return True
        plain = self.plain(name)
        return plain != name and self.numbers.changed(plain, *tables)

    def plain(self, good: str) -> str:
        """The name of a good without its place."""
        return self.places_of_goods.get(good, (good, HOME))[0]

    def place(self, good: str) -> str:
        """The place of a good."""
        return self.places_of_goods.get(good, (good, HOME))[1]

    def of_good(self, keys: tuple[str, ...], name: str) -> tuple[str, ...]:
        """Keys of a number of a good at a place: its own where a row gives it, else those of the
        good without a place."""
        own = self.numbers.has("good_values", keys, name)
        return keys if own else (self.plain(keys[0]), *keys[1:])

    def rows(self, table: str, *tables: str) -> list[StructureRow]:
        """The rows of a structure table by name; with `tables` of numbers, only those of which one
        of them says something else than before."""
        rows, changed = self.structure.get(table, {}), self.changed
        return [
            rows[name]
            for name in sorted(name for name in rows if not tables or changed(name, *tables))
        ]

    def names(self, table: str) -> list[str]:
        """Names with a row in force in a table of numbers, those that changed."""
        return [name for name in self.numbers.names(table) if self.changed(name, table)]

    def constant(self, value: float) -> Array:
        """One value in every year of the study."""
        return constant(self.length, value)

    def series(self, table: str, keys: tuple[str, ...], name: str, absent: float = np.nan) -> Array:
        """A series that has a default; else `absent` in every year where no row gives it."""
        found = self.numbers.series(table, keys, name)
        return self.constant(absent) if found is None else found

    def single(self, table: str, keys: tuple[str, ...], name: str, absent: float = np.nan) -> float:
        """The one value for all years; `absent` where there is none."""
        value = self.numbers.single(table, keys, name)
        return absent if value is None else value

    def whole_years(self, table: str, name: str, parameter: str, between: str) -> int:
        """A count of whole years `between` two events; 0 where it was refused."""
        years = self.single(table, (name,), parameter)
        if years > np.floor(years):
            self.problems.at(
                self.numbers.rows[table, (name,), parameter][0],
                "value",
                f"is {years:g} years; {parameter} counts whole years from {between}",
            )
        return int(years) if np.isfinite(years) else 0

    def comes_about(self, table: str, keys: tuple[str, ...]) -> float:
        """1 for what a plan counts on, 0 for what it does not: projects that are as likely as not
        or likelier, and all without a probability."""
        return float(self.single(table, keys, "probability", absent=1.0) >= COUNTED_ON)

    def lacking(self, table: str, keys: tuple[str, ...], name: str, message: str) -> None:
        """Report a number that no row gives at the first row of its key, unless its row was refused
        already."""
        if not self.numbers.has(table, keys, name) and not self.problems.spoiled("keys of", table):
            self.problems.at(self.numbers.first_row(table, keys[0]), "", message)

    def demand_unknown(self) -> bool:
        """Return True if rows of demand.csv were refused, so that any good may be demanded."""
        return self.problems.spoiled("demand") or self.problems.spoiled("keys of", "demand")
