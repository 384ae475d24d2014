"""Policy: a budget of cash for new plants in each year."""

from __future__ import annotations

from typing import Any

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy


def capital_budget(m: Any, n: str, t: int) -> Any:
    r"""Cash for new plants, in the year in which an order is placed, stays below the budget.

    $$\sum_{k,v} C_{k,t}\, w_{k,v,t}\, n_{k,v} \le M_{n,t}$$   [USD / yr]
    """
    return sum(m.cash[k, v, t] * m.new_capacity[k, v] for k, v in m.ordered[t]) <= m.limit[n, t]


def _fill(targets: Targets, policy: Policy) -> None:
    targets.level_caps("capital_budget", policy)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    cap = figures(facts.bounds("capital_budget", subject, years), "USD/year")
    return facts.of_policy(subject, f"at most {cap} for new plants {facts.when(years)}")


CAPITAL_BUDGET = Target(
    rule=capital_budget,
    indices=("policy", "year"),
    unit="USD/USD",
    basis="annual",
    kind="capital_budget",
    relax="raise",
    row_unit="USD/year",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(),
)
