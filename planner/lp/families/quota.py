"""Policy: a cap on activities together."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy


def quota(m: Any, n: str, t: int) -> Any:
    r"""The activities named run together no higher than the quota.

    $$\sum_{p \in Q_n} a_{p,t} \le Q_{n,t}$$   [activity unit / yr]
    """
    return sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) <= m.limit[n, t]


def _fill(targets: Targets, policy: Policy) -> None:
    for name in policy.processes:
        targets.count(policy, targets.system.processes[name], np.ones(len(targets.given.years)))
    targets.level_caps("quota", policy)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    cap = figures(facts.bounds("quota", subject, years), "t/year")
    together = ", ".join(facts.policy(subject[0]).processes)
    return facts.of_policy(subject, f"{together} together at most {cap} {facts.when(years)}")


QUOTA = Target(
    rule=quota,
    indices=("policy", "year"),
    unit="USD/t",
    basis="annual",
    kind="quota",
    relax="raise",
    row_unit="t/year",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    # a quota stands for what may be mined
    holds_under_loss=True,
    terms=(),
)
