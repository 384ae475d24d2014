"""Policy: months of need in store."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from planner.lp.family import Target
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Array, Policy, System
from planner.system.unit_accounts import (
    demand_by_good,
    equivalent,
    in_refined_metal,
    refined_requirement,
)

MONTHS_PER_YEAR = 12


def stockpile_cover(m: Any, n: str, x: str, t: int) -> Any:
    r"""A stockpile of x covers so many months of the refined requirement of its metal, of all
    demand or of the goods named; waived in years of a closure.

    $$S_{x,t} + b_{n,x,t} \ge \tfrac{\mu_{n,t}}{12} D_{x,t}$$   [t]
    """
    return m.stockpile[x, t] + m.breach[n, x, t] >= m.target[n, x, t]


def _fill(targets: Targets, policy: Policy) -> None:
    system = targets.system
    for good in policy.goods:
        closed, need = _closed(system, good), np.zeros(len(system.periods))
        for metal in system.goods[good].content:
            need = need + _requirement(system, policy, metal, system.goods[good].place)
        for i, t, months in targets.in_force(policy):
            if not closed[i]:
                cover = months / MONTHS_PER_YEAR * need[..., i]
                targets.floor("stockpile_cover", policy, good, t, cover)


def _requirement(system: System, policy: Policy, metal: str, place: str) -> Array:
    """Refined requirement of a metal at a place, of all demand or of the goods that the policy
    names."""
    if not policy.demand:
        return refined_requirement(system, metal, place=place)
    demand = demand_by_good(system, metal=metal, place=place)
    named = {good: amount for good, amount in demand.items() if good in policy.demand}
    return in_refined_metal(system, metal, named, equivalent)


def _closed(system: System, good: str) -> npt.NDArray[np.bool_]:
    """Years in which a closure hits a metal of the good, shape (T,): a stock that may not be drawn
    then is not a stock."""
    closed = np.zeros(len(system.periods), dtype=bool)
    for policy in system.policies.values():
        hits = not policy.metal or policy.metal in system.goods[good].content
        if policy.kind == "closure" and hits:
            closed |= np.isfinite(policy.level)
    return closed


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    need = figures(facts.bounds("stockpile_cover", subject, years), "t")
    policy = facts.policy(subject[0])
    months = figures(facts.mean(policy.level, years), "months")
    of = f"what {' and '.join(policy.demand)} need" if policy.demand else "what is refined"
    return facts.of_policy(
        subject,
        f"at least {need} of {subject[1]} in store, {months} of {of}, {facts.when(years)}",
    )


STOCKPILE_COVER = Target(
    rule=stockpile_cover,
    indices=("policy", "good", "year"),
    unit="USD/t",
    basis="annual",
    kind="stockpile_cover",
    relax="lower",
    row_unit="t",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(),
)
