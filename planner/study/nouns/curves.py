"""Curves of supply and demand: steps of price and amount of a process, an exported good or a
deposit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from planner.study.nouns.elastic import OF_WHOLE_CURVE, elastic_steps
from planner.study.nouns.tables import StudyTables
from planner.study.rows import ValueRow
from planner.system.nouns import NO_CURVE, Array, Curve, Step

TABLE = "curves"
CurveKind = Literal["process", "good", "deposit"]
WAY = {"process": "fall", "deposit": "fall", "good": "rise"}
"""What the price may not do from step to step: the cheapest supply is taken first, the dearest
demand served first."""
PARTING = ".", "/"
"""Signs that part the words of a path or a label."""
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
        name, parameter, row = key[1][1], key[2], tables.numbers.rows[key][0]
        wrong = ""
        if parameter in OF_WHOLE_CURVE:
            said = f"is '{name}', but {parameter} is of the whole curve of '{of}'; leave it empty"
            wrong = said if name else ""
        elif whole:
            wrong = (
                f"'{of}' has an elasticity, which makes the steps, and a {parameter} of its own; "
                "keep one of both"
            )
        elif not name:
            wrong = f"is empty; {parameter} is of a step of '{of}': name it (1, 2, 3)"
        if wrong:
            tables.problems.at(row, "step", wrong)
            found = True
    return found


def _step(tables: StudyTables, of: str, name: str, kind: CurveKind) -> Step:
    keys = of, name
    if any(sign in name for sign in PARTING):
        tables.problems.at(
            _row(tables, keys, "price"),
            "step",
            f"'{name}' holds a point or a slash, which part the words of a path; write it without",
        )
    tables.lacking(TABLE, keys, "price", f"step {name} of '{of}' has no price; give one")
    if kind == "good":
        tables.lacking(
            TABLE,
            keys,
            "amount",
            f"step {name} of '{of}' has no amount; give the most that is bought at its price",
        )
    price = tables.series(TABLE, keys, "price")
    if kind == "deposit":
        reserve = tables.single(TABLE, keys, "reserve", absent=np.inf)
        return Step(f"{of}/{name}", price, np.full_like(price, np.inf), reserve)
    amount = tables.series(TABLE, keys, "amount", absent=np.inf)
    return Step(f"{of}/{name}", price, amount, np.inf)


def _row(tables: StudyTables, keys: tuple[str, str], parameter: str) -> ValueRow:
    """First row of a step: of its price where it has one."""
    rows = tables.numbers.rows
    found = rows.get((TABLE, keys, parameter)) or next(
        rows[key] for key in tables.numbers.keys(TABLE, keys[0]) if key[1] == keys
    )
    return found[0]


def _check_order(tables: StudyTables, of: str, kind: CurveKind, steps: Sequence[Step]) -> None:
    """Prices go one way from step to step, in every year: the plan takes the best step first,
    whatever it is called."""
    sign = -1.0 if kind == "good" else 1.0
    for one, two in pairwise(steps):
        wrong = sign * (two.price - one.price) < 0
        if wrong.any():
            at = int(np.argmax(wrong))
            first, second = (step.label.rpartition("/")[2] for step in (one, two))
            tables.problems.at(
                _row(tables, (of, second), "price"),
                "value",
                f"the price of '{of}' must not {WAY[kind]} from step to step: {one.price[at]:g} in "
                f"step {first} and {two.price[at]:g} in step {second}, in {tables.first + at}; "
                "name the steps in the order of their prices",
            )
