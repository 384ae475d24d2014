"""Collects what is wrong with a study, so that all of it is said at once, each thing once."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable
from typing import Protocol

from planner.errors import Problem
from planner.units import suggestion

FORMULA_MARKS = "=+-@"
"""A name that begins with one of these would be run as a formula by a spreadsheet that opens a
result table."""
MOST = 1000
"""Problems that are listed; those beyond are only counted, so that a file of a million mistakes is
refused in seconds."""
MOST_SUGGESTED = 100
"""Problems for which a name that may have been meant is sought: the search costs more than all
else."""
SHOWN_ROWS = 3
"""Further rows with the very same problem that are named before they are only counted."""


def unfit(name: str) -> str:
    """Message of a name that result tables must not carry on; empty where they may."""
    if name[:1] in tuple(FORMULA_MARKS):
        return (
            f"begins with '{name[0]}', which spreadsheets take for a formula; begin with a letter"
        )
    if any(unicodedata.category(mark).startswith("C") for mark in name):
        return "holds an invisible character; type the name anew"
    return ""


class Line(Protocol):
    """Anything that stands in a row of a file: a checked row, a place."""

    @property
    def file(self) -> str: ...

    @property
    def row(self) -> int: ...


class Problems:
    """Problems found so far, and the data they spoil, which is not judged again, lest one error be
    reported twice.

    Lives only while a study is read.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[int]] = {}
        self._spoiled: set[tuple[Hashable, ...]] = set()
        self._beyond: dict[str, int] = {}

    def add(self, file: str, row: int, column: str, message: str) -> None:
        if len(self._found) >= MOST and (file, column, message) not in self._found:
            self._beyond[file] = self._beyond.get(file, 0) + 1
        else:
            self._found.setdefault((file, column, message), []).append(row)

    def at(self, line: Line, column: str, message: str) -> None:
        """Add what is wrong with a row."""
        self.add(line.file, line.row, column, message)

    def suggestion(self, word: str, known: Iterable[str]) -> str:
        """` (did you mean 'x'?)`, as long as there are few problems; then nothing."""
        return suggestion(word, known) if len(self._found) < MOST_SUGGESTED else ""

    def spoil(self, *what: Hashable) -> None:
        """Mark a table, the data of a key, or a series as already refused: (table,), (table, keys),
        (table, keys, parameter)."""
        self._spoiled.add(what)

    def spoiled(self, *what: Hashable) -> bool:
        """Return True if this or anything that holds it is marked."""
        return bool(self._spoiled) and any(
            what[:n] in self._spoiled for n in range(1, len(what) + 1)
        )

    def copy(self) -> Problems:
        """The same problems so far, to go on from apart."""
        twin = Problems()
        twin._found = {key: list(rows) for key, rows in self._found.items()}
        twin._spoiled = set(self._spoiled)
        twin._beyond = dict(self._beyond)
        return twin

    def __bool__(self) -> bool:
        return bool(self._found)

    def report(self) -> tuple[Problem, ...]:
        """All problems by file and row; the same one in several rows stands once and names them."""
        beyond = [
            Problem(
                file,
                0,
                "",
                f"{count} further problems of this file are not listed; mend the others first",
            )
            for file, count in self._beyond.items()
        ]
        return tuple(
            sorted(
                [
                    *beyond,
                    *(
                        Problem(file, min(rows), column, message + _others(sorted(set(rows))[1:]))
                        for (file, column, message), rows in self._found.items()
                    ),
                ]
            )
        )


def _others(rows: list[int]) -> str:
    if not rows:
        return ""
    shown = ", ".join(map(str, rows[:SHOWN_ROWS]))
    more = f" and {len(rows) - SHOWN_ROWS} more" if len(rows) > SHOWN_ROWS else ""
    return f" (also row{'s' if len(rows) > 1 else ''} {shown}{more})"
