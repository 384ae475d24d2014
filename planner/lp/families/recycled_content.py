"""Policy: recycled metal as a share of all refined metal."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy
from planner.system.provenance import require_unmixed, secondary_output
from planner.system.unit_accounts import refined_output


def recycled_content(m: Any, n: str, x: str, t: int) -> Any:
    r"""Refined metal won from scrap and waste is at least a share of all refined metal supplied;
    new scrap, and metal that was refined before, count on neither side.

    $$\sum_p (1_{p \in sec} - \sigma_{n,t})\, o_{p,t}\, a_{p,t} + b_{n,x,t} \ge 0$$   [t / yr]

    A process is secondary by what it takes, whatever its label; one that may handle primary and
    secondary metal in one good has no place in a linear row, and the policy is refused.
    """
    return (
        sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def _fill(targets: Targets, policy: Policy) -> None:
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    secondary, mixed = secondary_output(system, policy.metal)
    require_unmixed(policy, mixed)
    for name, own in secondary.items():
        made = refined_output(system, system.processes[name], policy.metal)
        targets.count(policy, system.processes[name], (own - level) * made)
    for _, t, _ in targets.in_force(policy):
        targets.floor("recycled_content", policy, policy.metal, t, 0.0)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    share, when = figures(facts.mean(policy.level, years), "1"), facts.when(years)
    return facts.of_policy(
        subject, f"at least {share} of all refined {policy.metal} is recycled {when}"
    )


RECYCLED_CONTENT = Target(
    rule=recycled_content,
    indices=("policy", "metal", "year"),
    unit="USD/t",
    basis="annual",
    kind="recycled_content",
    relax="lower",
    row_unit="t/year",
    relative=lambda policy: True,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(),
)
