"""Where the claims that are inputs go: the rows of `data/` that hold them, and which study's
numbers change when those rows do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from models.china.claims.runs import FACTS
from models.china.derive.__main__ import MODULES, module_rows
from models.china.derive.common import Facts, Row
from models.world import derive as world
from planner.study.schema import VALUE_COLUMNS

CHANGE = 1.01
"""What a datum is multiplied by to see what follows from it."""
STUDIES: Mapping[str, tuple[str, ...]] = {"china": MODULES, "world": ("world",)}
"""Study to the modules that derive it."""
EXPERIMENT, NOTHING = "experiment or history", "held, used by nothing"
NUMBERS = ("value", "low", "high")
WORDS = {*VALUE_COLUMNS} - {*NUMBERS, "year", "scenario"}
Rows = tuple[str, tuple[int, ...]]


def rows_of(datum: str) -> Rows:
    """File (without its ending) and positions of the rows that a datum names: `data/FILE.csv: metal
    region variable item... year...`.

    Where the paper's own row is among them it alone. Raises KeyError where there is none. What
    stands in brackets is a remark.
    """
    path, _, words = datum.partition(": ")
    file = path.removeprefix("data/").removesuffix(".csv")
    metal, region, variable, *rest = re.sub(r"\(.*?\)", "", words).replace(",", " ").split()
    years = {word for word in rest if re.fullmatch(r"\d{4}", word)}
    names = set(rest) - years - {"and"}
    found = tuple(
        position
        for position, row in enumerate(FACTS.rows(file))
        if metal in row["metal"].split(";")
        and (row["region"], row["variable"]) == (region, variable)
        and (not names or {row["item"], row.get("scenario", "")} & names)
        and (not years or row["year"] in years)
    )
    if not found:
        raise KeyError(f"no row of data/{file}.csv is {words}")
    own = tuple(i for i in found if "zeng2023" in FACTS.rows(file)[i]["source"].split(";"))
    return file, own or found


class Changed(Facts):
    """The facts with the numbers of some rows changed."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.file, changed = rows
        self.rows_changed = [
            {**row, **{n: str(CHANGE * float(row[n])) for n in NUMBERS if row[n]}}
            if i in changed
            else row
            for i, row in enumerate(FACTS.rows(self.file))
        ]

    def rows(self, file: str) -> list[dict[str, str]]:
        return self.rows_changed if file == self.file else FACTS.rows(file)


def users(datum: str) -> tuple[str, ...]:
    """Studies of which a number changes with the datum, in the order of STUDIES."""
    file, positions = rows = rows_of(datum)
    asked = {(file, position) for position in positions}
    return tuple(
        study
        for study, modules in STUDIES.items()
        if any(
            _numbers(made(name, Changed(rows))) != _numbers(made_of_facts(name)[0])
            for name in modules
            if asked & made_of_facts(name)[1]
        )
    )


def used_by(datum: str) -> str:
    """What uses a datum, in words for the page: studies that change with it, else experiments that
    read it, else nothing."""
    if datum.startswith("models/"):
        return "study " + datum.split("/")[1]
    if not datum.startswith("data/"):
        return NOTHING
    studies = users(datum)
    return (
        "study " + ", ".join(studies)
        if studies
        else EXPERIMENT
        if read_by_experiments(datum)
        else NOTHING
    )


def read_by_experiments(datum: str) -> bool:
    """Whether an experiment or the history of extraction has asked for a row of the datum; they
    must have run."""
    file, positions = rows_of(datum)
    return any((file, position) in FACTS.asked for position in positions)


@cache
def made_of_facts(module: str) -> tuple[list[Row], frozenset[tuple[str, int]]]:
    """Rows of a study that a module derives, and the rows of `data/` that it asked for."""
    facts = Facts()
    return made(module, facts), frozenset(facts.asked)


def made(module: str, facts: Facts) -> list[Row]:
    return list(world.rows(facts) if module == "world" else module_rows(module, facts))


def _numbers(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    """Keys and numbers of rows, without their notes, which tell how a number was made."""
    return [
        (table, *((name, cell) for name, cell in sorted(row.items()) if name not in WORDS))
        for table, row in rows
    ]
