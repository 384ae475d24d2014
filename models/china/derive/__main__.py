"""Writes `models/china/*.csv` from `data/`: every module's rows, in canonical order, exactly the
columns of the study format.

    python -m models.china.derive [FOLDER [MODULE ...]]

With modules named, only their rows are written: for a look at one metal in a folder of its own.
"""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.china.derive.common import Facts, Row, columns_of, rounded
from planner.study.schema import BY_NAME, TABLES

MODULES = (
    "shared",
    "demand",
    "use",
    "lithium",
    "cobalt",
    "batteries",
    "black_mass",
    "indium",
    "germanium",
    "niobium",
    "exports",
    "stocks",
    "hosts",
    "observations",
    "options",
)
STUDY = Path(__file__).resolve().parents[1]
DIGITS = {"uses": 14}
"""Significant digits of a table's numbers where six are too few: packs must hold the metal of the
demand they are made from to 1e-9."""
LARGEST_WHOLE = 2**53
"""Whole numbers up to here are exact as floats."""


def derive(modules: Sequence[str] = MODULES) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, sorted by key, parameter, scenario and year. ValueError where two rows say the
    same thing twice."""
    facts = Facts()
    return by_table(row for name in modules for row in module_rows(name, facts))


def by_table(made: Iterable[Row]) -> dict[str, list[dict[str, Any]]]:
    """The same for rows of any study."""
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    for table, row in made:
        unknown = set(row) - set(columns_of(table))
        if unknown:
            raise ValueError(f"{table}.csv has no column {sorted(unknown)} (row {row})")
        rows[table].append(row)
    return {table: _sorted(table, found) for table, found in rows.items() if found}


def module_rows(name: str, facts: Facts) -> Iterable[Row]:
    """What one module derives from the facts."""
    return importlib.import_module(f"models.china.derive.{name}").rows(facts)


def _sorted(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    form = BY_NAME[table]
    keys = [column.name for column in form.keys]
    if form.has_values:
        keys += (
            ["parameter", "scenario", "year"] if form.has_parameter_column else ["scenario", "year"]
        )
        # vintages of one number stand side by side
        keys.append("published")

    def key(row: dict[str, Any]) -> tuple[str, ...]:
        return tuple(str(row.get(column, "")) for column in keys)

    ordered = sorted(rows, key=key)
    twice = [key(b) for a, b in pairwise(ordered) if key(a) == key(b)]
    if twice:
        raise ValueError(f"{table}.csv: rows stand twice: {twice[:10]}")
    return ordered


def write(folder: Path, modules: Sequence[str] = MODULES) -> list[Path]:
    """Writes one file per table that has rows, and removes none."""
    return write_tables(folder, derive(modules))


def write_tables(folder: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Path]:
    """One file per table; returns them."""
    written = []
    for table, rows in tables.items():
        file = folder / f"{table}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, _header(table, rows), restval="", lineterminator="\n")
            writer.writeheader()
            digits = DIGITS.get(table, 6)
            writer.writerows(
                {column: _text(value, digits) for column, value in row.items()} for row in rows
            )
        written.append(file)
    return written


def _header(table: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of a table, without that of places in a study of one place."""
    places = any(row.get("place") for row in rows)
    return [column for column in columns_of(table) if column != "place" or places]


def _text(value: Any, digits: int) -> Any:
    """Numbers with so many significant digits, whole ones without a point; None as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, float):
        short = rounded(value, digits)
        return (
            repr(int(short)) if short.is_integer() and abs(short) < LARGEST_WHOLE else repr(short)
        )
    return value


if __name__ == "__main__":
    for path in write(Path(sys.argv[1]) if len(sys.argv) > 1 else STUDY, sys.argv[2:] or MODULES):
        sys.stdout.write(f"{path}\n")
