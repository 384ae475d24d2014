"""Policy: home output as a share of home demand."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Array, Policy
from planner.system.provenance import home_output, require_unmixed
from planner.system.sufficiency import counted_exports, counted_terms
from planner.system.unit_accounts import equivalent, refined_requirement


def self_sufficiency(m: Any, n: str, x: str, t: int) -> Any:
    r"""Home output of metal x at the stages, less exports of it there, is at least a share of home
    demand, in refined equivalents.

    $$\sum_p \epsilon_{n,p,t}\, a_{p,t} - \sum_{s \in s_n} \eta_{n,s}\, e_{s,t} + b_{n,x,t}
      \ge \sigma_{n,t} D^{home}_{x,t} + X_{n,t}$$   [t / yr]

    with epsilon the output of a process that counts less what it takes from others that count, so
    that a chain through several of the stages counts once, by what leaves its last: ore that is dug
    and refined at home is one tonne and not two. Exports X are demanded; what is sold abroad e
    where it pays, with eta refined metal in a tonne, is the plan's own choice, as is trade to
    other places, whose epsilon is below zero. All are exports of goods that can hold metal that
    counts, by the recipes: given by a process that counts, or made of what one gave. Foreign metal
    sent on in a chain of its own is in none. A good that may mix both is taken off whole, since
    what of it counted hangs on the plan.
    """
    return (
        sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n])
        - sum(m.sale_term[n, s] * m.step[s, t] for s in m.sales[n])
        + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def _fill(targets: Targets, policy: Policy) -> None:
    system, metal = targets.system, policy.metal
    require_unmixed(policy, home_output(system, policy).mixed)
    terms = counted_terms(system, policy, equivalent)
    for name, term in terms.items():
        targets.count(policy, system.processes[name], term)
    _count_sales(targets, policy)
    home, exports = refined_requirement(system, metal, export=False), _exports(targets, policy)
    for i, t, share in targets.in_force(policy):
        targets.floor("self_sufficiency", policy, metal, t, share * home[..., i] + exports[..., i])


def _exports(targets: Targets, policy: Policy) -> Array:
    """Demanded exports that can hold metal that counts, in refined equivalents, shape (..., T)."""
    system, exports = targets.system, np.zeros(len(targets.given.years))
    for good in counted_exports(system, policy):
        if good.demand is not None:
            exports = exports + system.period_mean(good.demand) * equivalent(good, policy.metal)
    return exports


def _count_sales(targets: Targets, policy: Policy) -> None:
    """Count what is sold abroad of such goods, by step, against the policy."""
    sales = targets.sets["sales"].setdefault(policy.name, [])
    for good in counted_exports(targets.system, policy):
        for step in good.sold.values():
            sales.append(step.label)
            targets.values["sale_term"][policy.name, step.label] = equivalent(good, policy.metal)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    need = figures(facts.bounds("self_sufficiency", subject, years), "t/year")
    share = figures(facts.mean(policy.level, years), "1")
    return facts.of_policy(
        subject,
        f"home output at {' and '.join(policy.stages)} of at least {share} of the home demand for "
        f"{policy.metal} and all exports of home output there, that is {need} {facts.when(years)}",
    )


SELF_SUFFICIENCY = Target(
    rule=self_sufficiency,
    indices=("policy", "metal", "year"),
    unit="USD/t",
    basis="annual",
    kind="self_sufficiency",
    relax="lower",
    row_unit="t/year",
    relative=lambda policy: False,
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "sale_term",
            r"\eta_{n,s}",
            ("policy", "step"),
            "t/t",
            "refined metal in a tonne that is sold abroad at a step",
        ),
        Term("sales", "s_n", ("policy",), "", "steps of exports that a policy counts"),
    ),
)
