"""Policy: a budget of emissions for all years."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling, amount
from planner.system.nouns import Policy


def carbon_budget(m: Any, n: str) -> Any:
    r"""Emissions of the scope over all years stay below the budget.

    $$\sum_t E_{s,t} \le B_n$$   [t CO2e]
    """
    return sum(m.emission[s, t] for s in m.scope_of[n] for t in m.periods) <= m.budget[n]


def _fill(targets: Targets, policy: Policy) -> None:
    targets.sets["scope_of"][policy.name] = [policy.scope]
    targets.rows["carbon_budget"].append((policy.name,))
    targets.values["budget"][policy.name] = float(np.nanmax(policy.level))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    cap = amount(policy, float(np.nanmax(policy.level)))
    return facts.of_policy(subject, f"{policy.scope} emissions of at most {cap} over all years")


CARBON_BUDGET = Target(
    rule=carbon_budget,
    indices=("policy",),
    unit="USD/tCO2e",
    basis="horizon",
    kind="carbon_budget",
    relax="raise",
    row_unit="tCO2e",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(Term("budget", r"B_n", ("policy",), "t CO2e", "emissions allowed over all years"),),
)
