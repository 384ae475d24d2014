"""Upper bound of what can be ordered in a period."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.batch import agreed


def build_rate(m: Any, k: str, t: int) -> Any:
    r"""No more is ordered in a period than can be built.

    $$n_{k,t} \le N_{k,t}\, n_t$$   [activity unit / yr]
    """
    return m.new_capacity[k, t] <= m.max_orders[k, t]


def _fill(m: Components, given: Given) -> None:
    system, most = given.system, given.series()
    for name, kept in given.orderable.items():
        rate = system.period_mean(system.plants[name].max_new)
        most.add(name, values=rate * given.length, kept=kept & agreed(np.isfinite(rate), 1))
    add_param(m, "max_orders", most, add_set(m, "build_rows", most))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    most = figures(facts.mean(facts.system.plants[name].max_new, years), "t/year")
    return (
        f"{name}: at most {most} can be ordered in a year {facts.when(years)}",
        facts.inputs.line("plants", name, "max_new", year=years[0]),
    )


BUILD_RATE = Physical(
    rule=build_rate,
    rows="build_rows",
    indices=("plant", "year"),
    unit="USD/(t/year)",
    basis="state",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "max_orders",
            r"N_{k,t}\, n_t",
            ("plant", "year"),
            "activity unit/yr",
            "most that can be ordered in the period",
        ),
    ),
)
