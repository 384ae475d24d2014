"""Upper bound of the capacity of a plant."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.batch import agreed


def capacity_limit(m: Any, k: str, t: int) -> Any:
    r"""Sites, permits or deposits bound how large a plant may become.

    $$K_{k,t} \le K^{max}_{k,t}$$   [activity unit / yr]
    """
    return m.capacity[k, t] <= m.max_capacity[k, t]


def _fill(m: Components, given: Given) -> None:
    most = given.series()
    for plant in given.system.plants.values():
        largest = given.system.period_mean(plant.max_capacity)
        most.add(plant.name, values=largest, kept=agreed(np.isfinite(largest), 1))
    add_param(m, "max_capacity", most, add_set(m, "capacity_limit_rows", most))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    most = figures(facts.mean(facts.system.plants[name].max_capacity, years), "t/year")
    return (
        f"{name}: can grow to {most} {facts.when(years)} and no further",
        facts.inputs.line("plants", name, "max_capacity", year=years[0]),
    )


CAPACITY_LIMIT = Physical(
    rule=capacity_limit,
    rows="capacity_limit_rows",
    indices=("plant", "year"),
    unit="USD/(t/year)/year",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "max_capacity",
            r"K^{max}_{k,t}",
            ("plant", "year"),
            "activity unit/yr",
            "largest capacity",
        ),
    ),
)
