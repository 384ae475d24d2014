"""Policy: waste collected as a share of what arises."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.batch import agreed
from planner.system.nouns import Array, Policy, Process


def collection_target(m: Any, n: str, x: str, t: int) -> Any:
    r"""At least a share of the waste x that arises is collected, whatever process takes it.

    $$\sum_{p \in C_x} i_{x,p,t}\, a_{p,t} - \sigma_{n,t} \sum_p o_{x,p,t}\, a_{p,t}
      - \sigma_{n,t} \sum_{u,v} r_{x,u,v,t}\, x_{u,v} + b_{n,x,t}
      \ge \sigma_{n,t} W_{x,t}$$   [t / yr]
    """
    return (
        sum(m.waste_term[n, x, p, t] * m.activity[p, t] for p in m.waste_lines[n, x])
        - sum(
            m.collection_share[n, x, t] * m.relief[x, u, v, t] * m.measure[u, v]
            for u, v in m.relieved[x, t]
        )
        + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def _fill(targets: Targets, policy: Policy) -> None:
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    none = np.zeros(len(system.periods))
    for waste in policy.goods:
        lines = targets.sets["waste_lines"][policy.name, waste] = []
        for process in system.processes.values():
            term = _term(targets, process, waste, level)
            if agreed(term.any(axis=-1)):
                lines.append(process.name)
                targets.put("waste_term", (policy.name, waste), process, term)
        arising = targets.given.balance.arising.get(waste)
        mean = system.period_mean(arising) if arising is not None else none
        for i, t, share in targets.in_force(policy):
            targets.floor("collection_target", policy, waste, t, share * mean[..., i])
            targets.values["collection_share"][policy.name, waste, t] = share


def _term(targets: Targets, process: Process, waste: str, level: Array) -> Array:
    """Waste that a unit of activity takes, less the share of what it makes, shape (..., T)."""
    mean, term = targets.system.period_mean, np.zeros(len(level))
    if waste in process.inputs:
        term = term + mean(process.inputs[waste])
    if waste in process.outputs:
        term = term - level * mean(process.outputs[waste])
    return term


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    share = figures(facts.mean(facts.policy(subject[0]).level, years), "1")
    return facts.of_policy(
        subject, f"at least {share} of {subject[1]} is collected {facts.when(years)}"
    )


COLLECTION_TARGET = Target(
    rule=collection_target,
    indices=("policy", "good", "year"),
    unit="USD/t",
    basis="annual",
    kind="collection_target",
    relax="lower",
    row_unit="t/year",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "waste_term",
            r"i_{x,p,t} - \sigma_{n,t}\, o_{x,p,t}",
            ("policy", "waste", "process", "year"),
            "t/activity unit",
            "what a unit of activity counts towards a collection target",
        ),
        Term(
            "collection_share",
            r"\sigma_{n,t}",
            ("policy", "waste", "year"),
            "1",
            "level of a collection target",
        ),
        Term(
            "waste_lines",
            "C_x",
            ("policy", "waste"),
            "",
            "processes that take or make the waste of a target",
        ),
    ),
)
