"""Policy: a cap on the emissions of each year."""

from __future__ import annotations

from typing import Any

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy


def carbon_cap(m: Any, n: str, t: int) -> Any:
    r"""Emissions of the scope in each year stay below the cap.

    $$E_{s,t} \le \bar E_{n,t}$$   [t CO2e / yr]
    """
    return sum(m.emission[s, t] for s in m.scope_of[n]) <= m.limit[n, t]


def _fill(targets: Targets, policy: Policy) -> None:
    targets.sets["scope_of"][policy.name] = [policy.scope]
    targets.level_caps("carbon_cap", policy)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    cap = figures(facts.bounds("carbon_cap", subject, years), "tCO2e/year")
    scope = facts.policy(subject[0]).scope
    return facts.of_policy(subject, f"{scope} emissions of at most {cap} {facts.when(years)}")


CARBON_CAP = Target(
    rule=carbon_cap,
    indices=("policy", "year"),
    unit="USD/tCO2e",
    basis="annual",
    kind="carbon_cap",
    relax="raise",
    row_unit="tCO2e/year",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(),
)
