"""A plan of planner put into the oracle's own programme: bounds, rows and cost.

Equal objectives say that two programmes have one optimum; that the plan of the one keeps every row
of the other says more, also where no price is at stake.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.oracle.model import Column
from tests.oracle.programme import Programme
from tests.oracle.reader import Study

NEAR = 1e-7
BOUGHT = ": bought"
AVOIDED = ": avoided"
"""Ending of the column of a lifetime measure for the demand that it spares."""


def unheld(p: Programme, plan: Any) -> list[str]:
    """Bounds and rows of the oracle that a plan breaks, columns that it lacks, another cost."""
    given = own_columns(p.study, plan.values)
    strange = [n for n, v in given.items() if n not in p.model.columns and abs(v) > NEAR]
    found = [f"a column that the pages do not know: {name} {given[name]}" for name in strange]
    values = np.array([given.get(name, 0.0) for name in p.model.columns])
    found += broken_bounds(p, values)
    found += broken_rows(p, values)
    cost = float(np.dot(p.model.costs, values)) + p.model.fixed_cost
    size = max(1.0, float(np.abs(np.array(p.model.costs) * values).sum()))
    if not abs(cost - plan.objective) <= NEAR * size:
        found.append(f"the plan costs {cost}, planner says {plan.objective}")
    return found


def own_columns(study: Study, values: Any) -> dict[Column, float]:
    """Columns of planner by the oracle's names: years by their place, `avoided` apart."""
    place = {year: t for t, year in enumerate(study.firsts)}
    avoided = {f"{row['measure']}{AVOIDED}": row["measure"] for row in study.rows["measures"]}
    found: dict[Column, float] = {}
    for variable, column in values.items():
        for index, value in column.items():
            *names, year = index
            if variable == "measure" and str(names[0]).endswith(BOUGHT):
                continue  # here the steps themselves enter use
            if variable == "measure" and names[0] in avoided:
                found["avoided", avoided[names[0]], place[year]] = value
            else:
                found[(variable, *names, place[year])] = value
    return found


def broken_bounds(p: Programme, values: np.ndarray) -> Iterator[str]:
    """Columns outside their bounds."""
    for name, value, (low, high) in zip(p.model.columns, values, p.model.bounds, strict=True):
        room = NEAR * max(1.0, abs(value))
        if not low - room <= value <= high + room:
            yield f"bound: {name} is {value}, not in [{low}, {high}]"


def broken_rows(p: Programme, values: np.ndarray) -> Iterator[str]:
    """Rows that do not hold, relative to the largest term of each."""
    for name, (terms, sense, right) in p.model.rows.items():
        parts = [values[column] * number for column, number in terms]
        left = sum(parts)
        room = NEAR * max(1.0, abs(right), *(abs(part) for part in parts), 0.0)
        over = left > right + room and sense != ">="
        under = left < right - room and sense != "<="
        if over or under or not np.isfinite(left):
            yield f"row: {name} is {left}, not {sense} {right}"
