"""Policies: a cap on an impact in each year, and a budget for all years."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.impacts import label_of
from planner.system.nouns import Policy


def impact_cap(m: Any, n: str, t: int) -> Any:
    r"""An impact within its scope stays below the cap in each year.

    $$I_{i,t} \le \bar I_{n,t}$$   [unit of the impact / yr]
    """
    return sum(m.impact[i, t] for i in m.impact_of[n]) <= m.limit[n, t]


def impact_budget(m: Any, n: str) -> Any:
    r"""An impact within its scope over all years stays below the budget.

    $$\sum_t I_{i,t} \le B_n$$   [unit of the impact]
    """
    return sum(m.impact[i, t] for i in m.impact_of[n] for t in m.periods) <= m.impact_left[n]


def _fill_caps(targets: Targets, policy: Policy) -> None:
    targets.sets["impact_of"][policy.name] = [label_of(policy.impact, policy.scope)]
    targets.level_caps("impact_cap", policy)


def _fill_budget(targets: Targets, policy: Policy) -> None:
    targets.sets["impact_of"][policy.name] = [label_of(policy.impact, policy.scope)]
    targets.rows["impact_budget"].append((policy.name,))
    targets.values["impact_left"][policy.name] = float(np.nanmax(policy.level))


def _describe_cap(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    unit = facts.system.impacts[policy.impact].unit
    cap = figures(facts.bounds("impact_cap", subject, years), f"{unit}/year")
    said = f"{policy.scope} {policy.impact} of at most {cap} {facts.when(years)}"
    return facts.of_policy(subject, said)


def _describe_budget(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    unit = facts.system.impacts[policy.impact].unit
    cap = figures([float(np.nanmax(policy.level))], unit)
    return facts.of_policy(subject, f"{policy.scope} {policy.impact} of at most {cap} in all")


IMPACT_CAP = Target(
    rule=impact_cap,
    indices=("policy", "year"),
    unit="USD/unit of the impact",
    basis="annual",
    kind="impact_cap",
    relax="raise",
    row_unit="unit of the impact/year",
    relative=lambda policy: False,
    fill=_fill_caps,
    describe=_describe_cap,
    holds_under_loss=False,
    terms=(Term("impact_of", "", ("policy",), "", "the impact that a policy caps"),),
)
IMPACT_BUDGET = Target(
    rule=impact_budget,
    indices=("policy",),
    unit="USD/unit of the impact",
    basis="horizon",
    kind="impact_budget",
    relax="raise",
    row_unit="unit of the impact",
    relative=lambda policy: False,
    fill=_fill_budget,
    describe=_describe_budget,
    holds_under_loss=False,
    terms=(
        Term(
            "impact_left",
            r"B_n",
            ("policy",),
            "unit of the impact",
            "impact allowed over all years",
        ),
    ),
)
