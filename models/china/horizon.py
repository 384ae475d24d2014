"""Writes the study of China with a longer horizon, from the same facts: `python -m
models.china.horizon FOLDER [YEAR]`, by default to 2100.

The facts end in 2060. Beyond it:
- Home demand of each good moves with the population (United Nations 2024, medium variant, 633
  million in 2100), demand per head held at that of 2060. Demand for export is held.
- All else that is given by year to 2060 is held: prices, costs, ceilings of imports, output of
  hosts, collection, the grid, the price of carbon, policies.

What follows for 2060 to 2100 is what would come of no further change, no forecast.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.china.derive.__main__ import STUDY, derive, write_tables
from models.china.derive.common import Facts, at_year, weakest
from planner.study.schema import BY_NAME, VALUE_COLUMNS

FACTS_END, LAST = 2060, 2100
LEVELS = re.compile(r"^(?P<field>\w+ = \{.*\b2060 = (?P<level>[\d.e+-]+)) \}", re.MULTILINE)
"""A field of a policy with a level by year that ends in 2060."""
Numbers = dict[str, Any]


def write(folder: Path, last: int = LAST) -> Path:
    """The study folder with the horizon that ends in `last`. ValueError where the facts reach as
    far."""
    if last <= FACTS_END:
        raise ValueError(f"the facts reach {FACTS_END}; set a later year, or years.last in a copy")
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(folder, longer(derive(), Facts(), last))
    head = (STUDY / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(longer_head(head, last), encoding="utf-8")
    return folder


def longer_head(head: str, last: int) -> str:
    """study.toml to another last year; levels of policies are held."""
    head = head.replace(f"2021-{FACTS_END}", f"2021-{last}", 1)
    head = re.sub(rf"^last = {FACTS_END}$", f"last = {last}", head, count=1, flags=re.MULTILINE)
    return LEVELS.sub(rf"\g<field>, {last} = \g<level> }}", head)


def longer(
    tables: Mapping[str, list[Numbers]], facts: Facts, last: int
) -> dict[str, list[Numbers]]:
    """The tables with every series that ends in 2060 carried on to `last`."""
    exported = {row["good"] for row in tables["goods"] if row.get("export") == "yes"}
    growth = population(facts, last) / population(facts, FACTS_END)
    found: dict[str, list[Numbers]] = {}
    for table, rows in tables.items():
        found[table] = rows
        if BY_NAME[table].has_values:
            found[table] = [
                row
                for series in _series(table, rows)
                for row in _carried(table, series, exported, growth, last)
            ]
    return found


def population(facts: Facts, year: int) -> float:
    """Persons in China, the medium variant of the United Nations."""
    asked = {"variable": "population", "item": "medium_variant"}
    return at_year(facts.series("additions", region="china", **asked), year)


def _series(table: str, rows: Iterable[Numbers]) -> Iterator[list[Numbers]]:
    """Rows of one series each, in the order of years in which the tables are written."""
    words = {*VALUE_COLUMNS} - {"scenario"}
    groups: dict[tuple[Any, ...], list[Numbers]] = {}
    for row in rows:
        key = tuple((name, cell) for name, cell in row.items() if name not in words)
        groups.setdefault(key, []).append(row)
    yield from groups.values()


def _carried(
    table: str, series: Sequence[Numbers], exported: set[str], growth: float, last: int
) -> Iterator[Numbers]:
    """A series beyond the facts: home demand moves with the population, all else is held."""
    *before, end = series
    yield from before
    form = BY_NAME[table]
    parameter = form.parameter(end.get("parameter", form.parameters[0].name))
    assert parameter is not None
    persons = (table, end.get("series")) == ("series", "population")
    if end["year"] != FACTS_END or end.get("extend") or parameter.events:
        yield end
    elif persons or (table == "demand" and end["good"] not in exported):
        yield end
        yield _scaled(end, growth, last)
    else:
        yield {**end, "extend": "after"}


def _scaled(row: Numbers, growth: float, year: int) -> Numbers:
    """A row for a later year, all its numbers times the growth of the population."""
    numbers = {
        name: growth * row[name] for name in ("value", "low", "high") if row.get(name) is not None
    }
    sources = dict.fromkeys((*str(row["source"]).split(";"), "un-wpp2024", "own"))
    return {
        **row,
        **numbers,
        "year": year,
        "source": ";".join(sources),
        "grade": weakest(row["grade"], "D"),
        "note": f"{FACTS_END} x {growth:.4f}, the population of {year} over that of {FACTS_END}: "
        "held per head",
    }


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("name the folder to write: python -m models.china.horizon china-2100 [YEAR]")
    years = [int(word) for word in sys.argv[2:]]
    sys.stdout.write(f"{write(Path(sys.argv[1]), *years)}\n")
