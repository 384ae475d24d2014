"""Impacts beside carbon that have a price or a cap."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.system.impacts import accounted, impact_rates, in_words


def impact_account(m: Any, i: str, t: int) -> Any:
    r"""An impact within a scope is that of what runs; only what has a price or a cap is in the
    programme.

    $$I_{i,t} - \sum_p \iota_{i,p,t}\, a_{p,t} = 0$$   [unit of the impact / yr]
    """
    return (
        m.impact[i, t] - sum(m.impact_factor[i, p, t] * m.activity[p, t] for p in m.causing[i]) == 0
    )


def _fill(m: Components, given: Given) -> None:
    system, rates, costs = given.system, given.series(2), given.series()
    causing: dict[str, list[str]] = {}
    for label, impact, scope in accounted(system):
        by_process = impact_rates(system, impact, scope)
        causing[label] = list(by_process)
        for name, rate in by_process.items():
            rates.add(label, name, values=rate)
        price = system.period_mean(impact.price) if scope == impact.scope else 0.0
        costs.add(label, values=given.factor * price)
    add_sets(m, "causing", causing)
    add_param(m, "impact_factor", rates)
    add_param(m, "impact_cost", costs, add_set(m, "impact_account_rows", costs, width=2))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (label,) = subject
    return f"{in_words(label)} is that of what runs {facts.when(years)}", ""


IMPACT_ACCOUNT = Physical(
    rule=impact_account,
    rows="impact_account_rows",
    indices=("impact", "year"),
    unit="USD/unit of the impact",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "impact_factor",
            r"\iota_{i,p,t}",
            ("impact", "process", "year"),
            "unit of the impact/activity unit",
            "impact of a unit of activity within the scope",
        ),
        Term("causing", "", ("impact",), "", "processes that have an impact within its scope"),
    ),
)
