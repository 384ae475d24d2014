"""Curves of supply and demand: steps of price and amount of a process, an exported good or a
deposit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from planner.study.nouns.curves.elastic import OF_WHOLE_CURVE, elastic_steps
from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import ValueRow
from planner.system.nouns import NO_CURVE, Array, Curve, Step

TABLE = "curves"
CurveKind = Literal["process", "good", "deposit"]
WAY = {"process": "fall", "deposit": "fall", "good": "rise"}
"""What the price may not do from step to step: the cheapest supply is taken first, the dearest
demand served first."""
BY_ORE = "ore_cost", "ore_electricity", "ore_emission"
"""What a tranche of a deposit says by tonne of ore."""
PARTING = ".", "/"
"""Signs that part the words of a path or a label."""
OF_WHAT = {
    "price": ("price", "ore_cost"),
    "electricity per tonne of metal": ("ore_electricity", "grade"),
    "emission per tonne of metal": ("ore_emission", "grade"),
}
"""Rows that a message on the order of steps may point at."""
OUT_OF_ORDER = (
    "the programme would dig the later ore first where carbon counts; give both their common mean, "
    "or make deposits of their own of them"
)
REMEDY = {
    "price": "name the steps in the order of their prices",
    "electricity per tonne of metal": OUT_OF_ORDER,
    "emission per tonne of metal": OUT_OF_ORDER,
}
ROUNDING = 1e-12
"""Share by which a quotient of a cost and a grade may miss."""
_NUMBER = re.compile(r"(\d+)")


def step_order(name: str) -> tuple[tuple[int, str], ...]:
    """Key that puts steps in the order of their names, numbers by size: 2 before 10."""
    return tuple(
        (int(part), "") if part.isdigit() else (-1, part) for part in _NUMBER.split(name) if part
    )


def read_curve(tables: StudyTables, of: str, kind: CurveKind, before: Curve = NO_CURVE) -> Curve:
    """The steps of a process, good or deposit in their order; those of `before` where no number of
    them changed."""
    if not tables.changed(of, TABLE):
        return before
    names = dict.fromkeys(key[1][1] for key in tables.numbers.keys(TABLE, of))
    if _misplaced(tables, of):
        return NO_CURVE
    if "" in names:
        return {} if kind == "deposit" else elastic_steps(tables, of, demand=kind == "good")
    steps = [_step(tables, of, name, kind) for name in sorted(names, key=step_order)]
    _check_order(tables, of, kind, steps)
    # in this order and not by name, as other mappings are: 2 before 10
    return {step.label.rpartition("/")[2]: step for step in steps} or NO_CURVE


def largest(curve: Curve, bound: Array) -> Array:
    """Most that a curve of supply lets a process run, within its own bound, shape (Y,)."""
    if not curve:
        return bound
    whole: Array = np.sum([step.amount for step in curve.values()], axis=0)
    return np.minimum(bound, whole)


def _misplaced(tables: StudyTables, of: str) -> bool:
    """Report numbers of a step without a step, of the whole curve with one, and both kinds
    together; return True if there are any."""
    keys, found = tables.numbers.keys(TABLE, of), False
    whole = any(key[2] in OF_WHOLE_CURVE for key in keys)
    for key in keys:
        if wrong := _wrong_step(of, key[1][1], key[2], whole=whole):
            tables.problems.at(tables.numbers.rows[key][0], "step", wrong)
            found = True
    return found


def _wrong_step(of: str, name: str, parameter: str, *, whole: bool) -> str:
    """Message of a number whose step is wrong, in a curve given as a `whole` or by steps; empty
    where it is right."""
    if parameter in OF_WHOLE_CURVE:
        said = f"is '{name}', but {parameter} is of the whole curve of '{of}'; leave it empty"
        return said if name else ""
    if whole:
        return (
            f"'{of}' has an elasticity, which makes the steps, and a {parameter} of its own; "
            "keep one of both"
        )
    return "" if name else f"is empty; {parameter} is of a step of '{of}': name it (1, 2, 3)"


def _step(tables: StudyTables, of: str, name: str, kind: CurveKind) -> Step:
    keys = of, name
    if any(sign in name for sign in PARTING):
        tables.problems.at(
            _row(tables, keys, "price"),
            "step",
            f"'{name}' holds a point or a slash, which part the words of a path; write it without",
        )
    if not tables.numbers.has(TABLE, keys, "ore_cost"):
        tables.lacking(TABLE, keys, "price", f"step {name} of '{of}' has no price; give one")
    if kind == "good":
        tables.lacking(
            TABLE,
            keys,
            "amount",
            f"step {name} of '{of}' has no amount; give the most that is bought at its price",
        )
    price = tables.series(TABLE, keys, "price", absent=0.0)
    if kind == "deposit":
        return _tranche(tables, of, name, price)
    amount = tables.series(TABLE, keys, "amount", absent=np.inf)
    nothing = tables.constant(0.0)
    return Step(f"{of}/{name}", price, amount, np.inf, nothing, nothing)


def _tranche(tables: StudyTables, of: str, name: str, price: Array) -> Step:
    """A step of a deposit. What is given by tonne of ore is divided by the grade: a tonne of metal
    is won from 1/grade t of ore."""
    keys = of, name
    given = [each for each in BY_ORE if tables.numbers.has(TABLE, keys, each)]
    _check_grade(tables, keys, given)
    ore = 1.0 / tables.series(TABLE, keys, "grade", absent=1.0)
    by_metal = {each: frozen(ore * tables.series(TABLE, keys, each, absent=0.0)) for each in given}
    nothing = tables.constant(0.0)
    return Step(
        f"{of}/{name}",
        frozen(price + by_metal["ore_cost"]) if "ore_cost" in given else price,
        np.full_like(price, np.inf),
        tables.single(TABLE, keys, "reserve", absent=np.inf),
        by_metal.get("ore_electricity", nothing),
        by_metal.get("ore_emission", nothing),
    )


def _check_grade(tables: StudyTables, keys: tuple[str, str], given: Sequence[str]) -> None:
    """A tranche has a grade where something is given by tonne of ore, and only there."""
    (of, name), rows = keys, tables.numbers.rows
    graded = tables.numbers.has(TABLE, keys, "grade")
    if given and not graded:
        tables.problems.at(
            rows[TABLE, keys, given[0]][0],
            "parameter",
            f"step {name} of '{of}' has {given[0]} but no grade; give the metal in a tonne of ore",
        )
    if graded and not given:
        tables.problems.at(
            rows[TABLE, keys, "grade"][0],
            "parameter",
            f"step {name} of '{of}' has a grade and nothing by tonne of ore; give "
            f"{', '.join(BY_ORE[:-1])} or {BY_ORE[-1]}, or drop it",
        )


def _row(tables: StudyTables, keys: tuple[str, str], *parameters: str) -> ValueRow:
    """First row of a step: of the first of these parameters that it has, else of any."""
    rows = tables.numbers.rows
    for parameter in parameters:
        if found := rows.get((TABLE, keys, parameter)):
            return found[0]
    return next(rows[key][0] for key in tables.numbers.keys(TABLE, keys[0]) if key[1] == keys)


def _check_order(tables: StudyTables, of: str, kind: CurveKind, steps: Sequence[Step]) -> None:
    """Prices go one way from step to step, in every year: the plan takes the best step first,
    whatever it is called. So do the electricity and emissions of tranches, or a plan that pays for
    carbon, or aims at it, would dig them in another order."""
    sign = -1.0 if kind == "good" else 1.0
    for one, two in pairwise(steps):
        first, second = (step.label.rpartition("/")[2] for step in (one, two))
        for what, (before, after) in _compared(one, two).items():
            wrong = sign * (after - before) < -ROUNDING * np.abs(before)
            if not wrong.any():
                continue
            at, where = int(np.argmax(wrong)), OF_WHAT[what]
            tables.problems.at(
                _row(tables, (of, second), *where),
                "value",
                f"the {what} of '{of}' must not {WAY[kind]} from step to step: {before[at]:g} in "
                f"step {first} and {after[at]:g} in step {second}, in {tables.first + at}; "
                f"{REMEDY[what]}",
            )


def _compared(one: Step, two: Step) -> dict[str, tuple[Array, Array]]:
    return {
        "price": (one.price, two.price),
        "electricity per tonne of metal": (one.electricity, two.electricity),
        "emission per tonne of metal": (one.direct_emission, two.direct_emission),
    }
