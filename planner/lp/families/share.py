"""Policy: what one selector counts as a share of what another counts, from below (`share_floor`) or
from above (`share_ceiling`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.batch import agreed
from planner.system.nouns import Array, Policy
from planner.system.selection.counting import Row, Traced, exported, needed, rows_of, terms


def share_floor(m: Any, n: str, x: str, t: int) -> Any:
    r"""What the numerator counts is at least a share of what the denominator counts.

    $$\sum_p (\nu_{n,x,p,t} - \sigma_{n,t}\, \delta_{n,x,p,t})\, a_{p,t}
      - \sum_{s \in s_{n,x}} \eta_{n,x,s}\, e_{s,t} + b_{n,x,t}
      \ge \sigma_{n,t} D_{n,x,t} + X_{n,x,t}$$   [t / yr]

    with nu and delta what a unit of activity adds to numerator and denominator, a chain counted
    once in each, and D the demand that the denominator counts where it is one of demand. Where the
    numerator is less exports, X of them are demanded, and those sold abroad at a price e, with eta
    metal in a tonne, are the plan's own choice. x is `all`, or the names of `each`.
    """
    return (
        sum(m.share_count[n, x, p, t] * m.activity[p, t] for p in m.share_lines[n, x])
        - sum(m.share_sale[n, x, s] * m.step[s, t] for s in m.share_sales[n, x])
        + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def share_ceiling(m: Any, n: str, x: str, t: int) -> Any:
    r"""What the numerator counts is at most a share of what the denominator counts.

    $$\sum_p (\nu_{n,x,p,t} - \sigma_{n,t}\, \delta_{n,x,p,t})\, a_{p,t}
      - \sum_{s \in s_{n,x}} \eta_{n,x,s}\, e_{s,t} - b_{n,x,t}
      \le \sigma_{n,t} D_{n,x,t} + X_{n,x,t}$$   [t / yr]
    """
    return (
        sum(m.share_count[n, x, p, t] * m.activity[p, t] for p in m.share_lines[n, x])
        - sum(m.share_sale[n, x, s] * m.step[s, t] for s in m.share_sales[n, x])
        - m.breach[n, x, t]
        <= m.target[n, x, t]
    )


def _fill_floor(targets: Targets, policy: Policy) -> None:
    if not policy.ceiling:
        _fill("share_floor", targets, policy)


def _fill_ceiling(targets: Targets, policy: Policy) -> None:
    if policy.ceiling:
        _fill("share_ceiling", targets, policy)


def _fill(family: str, targets: Targets, policy: Policy) -> None:
    network = Traced(targets.system)
    for row in rows_of(network, policy, targets.system.metals):
        _count(targets, network, policy, row)
        demand = needed(targets.system, row.denominator, policy.measured)
        exports = _exports(targets, policy, row)
        for i, t, share in targets.in_force(policy):
            right = share * demand[..., i] + exports[..., i]
            targets.floor(family, policy, row.subject, t, right)


def _count(targets: Targets, network: Traced, policy: Policy, row: Row) -> None:
    """What a unit of activity of each process adds to a row."""
    system, level = targets.system, np.nan_to_num(targets.level(policy))
    over = terms(system, network, row.numerator, policy.measured, policy)
    under = terms(system, network, row.denominator, policy.measured, policy)
    head, nothing = (policy.name, row.subject), np.zeros(len(system.periods))
    lines = targets.sets["share_lines"][head] = []
    for name, process in system.processes.items():
        if name in over or name in under:
            term = over.get(name, nothing) - level * under.get(name, nothing)
            if agreed(term.any(axis=-1)):
                lines.append(name)
                targets.put("share_count", head, process, term)


def _exports(targets: Targets, policy: Policy, row: Row) -> Array:
    """Exports demanded that a row takes off, shape (..., T); those that are sold are counted by
    step."""
    system, total = targets.system, np.zeros(len(targets.given.years))
    head = (policy.name, row.subject)
    sales = targets.sets["share_sales"][head] = []
    for name, worth in exported(system, row.numerator, policy.measured).items():
        good = system.goods[name]
        if good.demand is not None:
            total = total + system.period_mean(good.demand) * worth
        for step in good.curve.values():
            sales.append(step.label)
            targets.values["share_sale"][(*head, step.label)] = worth
    return total


def _is_relative(policy: Policy) -> bool:
    return policy.denominator is not None and not policy.denominator.demand


def _describe(side: str, facts: Facts, subject: Subject, years: list[int]) -> Telling:
    policy = facts.policy(subject[0])
    share, of = figures(facts.mean(policy.level, years), "1"), subject[1]
    assert policy.numerator is not None
    assert policy.denominator is not None
    what = f"{policy.numerator.words}{'' if of == 'all' else f', for {of},'}"
    return facts.of_policy(
        subject, f"{what} is {side} {share} of {policy.denominator.words} {facts.when(years)}"
    )


def _describe_floor(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    return _describe("at least", facts, subject, years)


def _describe_ceiling(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    return _describe("at most", facts, subject, years)


SHARE_FLOOR = Target(
    rule=share_floor,
    indices=("policy", "subject", "year"),
    unit="USD/t",
    basis="annual",
    kind="share",
    relax="lower",
    row_unit="t/year",
    relative=_is_relative,
    fill=_fill_floor,
    describe=_describe_floor,
    holds_under_loss=False,
    terms=(
        Term(
            "share_count",
            r"\nu_{n,x,p,t} - \sigma_{n,t}\, \delta_{n,x,p,t}",
            ("policy", "subject", "process", "year"),
            "t/activity unit",
            "what a unit of activity counts towards a share",
        ),
        Term(
            "share_sale",
            r"\eta_{n,x,s}",
            ("policy", "subject", "step"),
            "t/t",
            "metal in a tonne that is sold abroad at a step and taken off",
        ),
        Term("share_lines", "", ("policy", "subject"), "", "processes that a share counts"),
        Term(
            "share_sales",
            "s_{n,x}",
            ("policy", "subject"),
            "",
            "steps of exports that a share takes off",
        ),
    ),
)
SHARE_CEILING = Target(
    rule=share_ceiling,
    indices=("policy", "subject", "year"),
    unit="USD/t",
    basis="annual",
    kind="share",
    relax="raise",
    row_unit="t/year",
    relative=_is_relative,
    fill=_fill_ceiling,
    describe=_describe_ceiling,
    holds_under_loss=False,
    terms=(),
)
