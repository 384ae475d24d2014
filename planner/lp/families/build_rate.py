"""Upper bound of what can be ordered in a period."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.orders import is_limited, most_ordered


def build_rate(m: Any, k: str, t: int) -> Any:
    r"""No more is ordered in a period than can be built.

    $$n_{k,v} \le \sum_{y \in v} N_{k,y}$$   [activity unit / yr]

    Of the order, w of `capacity_balance` is placed in each year, so that the limit holds in each.
    """
    return m.new_capacity[k, t] <= m.max_orders[k, t]


def _fill(m: Components, given: Given) -> None:
    system, most = given.system, given.order_series()
    for name, kept in given.orderable.items():
        if is_limited(system.plants[name]):
            most.add(name, values=most_ordered(system, system.plants[name]), kept=kept)
    add_param(m, "max_orders", most, add_set(m, "build_rows", most))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    periods = [period for period in facts.system.order_periods if period.first in years]
    within = [year for period in periods for year in range(period.first, period.last + 1)]
    most = figures(facts.mean(facts.system.plants[name].max_new, within), "t/year")
    return (
        f"{name}: at most {most} can be ordered in a year {facts.when(within)}",
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
            r"\sum_{y \in v} N_{k,y}",
            ("plant", "year of order"),
            "activity unit/yr",
            "most that can be ordered in the years of the period of order",
        ),
    ),
)
