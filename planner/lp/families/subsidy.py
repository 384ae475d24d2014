"""Policy: what the state pays for activity or for orders (`subsidy_claim`), and the most that it
pays in a year (`subsidy_budget`). Nobody has to claim it: these rows clash with nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Policy
from planner.system.selection.subsidies import cash, claimants, relief


def subsidy_claim(m: Any, n: str, x: str, t: int) -> Any:
    r"""A subsidy is claimed for what runs of a process x, or for what is ordered of a plant x, and
    for no more.

    $$y_{n,x,t} - \sum_{p = x} a_{p,t} - \sum_{k = x} n_{k,t} \le 0$$   [activity unit / yr]
    """
    return (
        m.claimed[n, x, t]
        - sum(m.activity[p, u] for p, u in m.claims_run[n, x, t])
        - sum(m.new_capacity[k, v] for k, v in m.claims_ordered[n, x, t])
        <= m.no_claim[n, x, t]
    )


def subsidy_budget(m: Any, n: str, t: int) -> Any:
    r"""A subsidy with a budget pays no more than that in a year.

    $$\sum_{x,v} s_{n,x,v,t}\, y_{n,x,v} \le B_{n,t}$$   [USD / yr]

    with s the cash paid in a year for what is claimed: of a process the rate of the year, of an
    order that of the part that is placed in it.
    """
    return (
        sum(m.subsidy_paid[n, x, v, t] * m.claimed[n, x, v] for x, v in m.paid_for[n, t])
        <= m.subsidy_limit[n, t]
    )


def _subsidies(given: Given) -> Iterator[Policy]:
    yield from (each for each in given.system.policies.values() if each.kind == "subsidy")


def _fill_claims(m: Components, given: Given) -> None:
    worth: dict[Key, Any] = {}
    run: dict[Key, list[Key]] = {}
    ordered: dict[Key, list[Key]] = {}
    for policy in _subsidies(given):
        for claim in claimants(given.system, policy):
            present = relief(given.system, policy, claim).sum(axis=-1)
            for i, start in enumerate(claim.starts):
                if np.any(present[..., i] > 0):
                    key = (policy.name, claim.name, start)
                    worth[key] = present[..., i]
                    run[key] = [] if claim.of_orders else [(claim.name, start)]
                    ordered[key] = [(claim.name, start)] if claim.of_orders else []
    index = add_set(m, "claims", worth, width=3)
    add_param(m, "subsidy_worth", worth, index)
    add_param(m, "no_claim", dict.fromkeys(worth, 0.0), index)
    add_sets(m, "claims_run", run, width=2, over=index)
    add_sets(m, "claims_ordered", ordered, width=2, over=index)


def _fill_budgets(m: Components, given: Given) -> None:
    limit: dict[Key, float] = {}
    part: dict[Key, Any] = {}
    members: dict[Key, list[Key]] = {}
    known = set(m.sets["claims"].keys)
    for policy in _subsidies(given):
        if policy.budget is None:
            continue
        for t, most in zip(given.years, policy.budget.tolist(), strict=True):
            if np.isfinite(most):
                limit[policy.name, t], members[policy.name, t] = most, []
        for claim in claimants(given.system, policy):
            money = cash(given.system, policy, claim)
            for i, start in enumerate(claim.starts):
                for j, t in enumerate(given.years):
                    there = (policy.name, t) in limit and np.any(money[..., i, j] > 0)
                    if there and (policy.name, claim.name, start) in known:
                        part[policy.name, claim.name, start, t] = money[..., i, j]
                        members[policy.name, t].append((claim.name, start))
    limit = {key: most for key, most in limit.items() if members[key]}
    index = add_set(m, "subsidy_budgets", limit, width=2)
    add_param(m, "subsidy_limit", limit, index)
    add_param(m, "subsidy_paid", part)
    add_sets(m, "paid_for", {key: members[key] for key in limit}, width=2, over=index)


def _describe_claim(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    rate = figures(facts.mean(facts.policy(subject[0]).level, years), "USD/t")
    return facts.of_policy(
        subject, f"{rate} is paid for what {subject[1]} runs or adds {facts.when(years)}"
    )


def _describe_budget(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    most = figures(facts.bounds("subsidy_budget", subject, years), "USD/year")
    return facts.of_policy(subject, f"at most {most} is paid {facts.when(years)}")


SUBSIDY_CLAIM = Physical(
    rule=subsidy_claim,
    rows="claims",
    indices=("policy", "process or plant", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill_claims,
    describe=_describe_claim,
    holds_under_loss=True,
    terms=(
        Term(
            "subsidy_worth",
            r"\beta_t\, s_{n,x,t}",
            ("policy", "process or plant", "year"),
            "USD/(activity unit/yr)",
            "what is paid for a unit claimed, discounted; of an order the annuities of it that "
            "fall within the horizon",
        ),
        Term(
            "no_claim",
            "0",
            ("policy", "process or plant", "year"),
            "activity unit/yr",
            "what can be claimed for nothing",
        ),
        Term("claims", "", (), "", "all (policy, process or plant, year) of subsidies"),
        Term(
            "claims_run",
            "",
            ("policy", "process or plant", "year"),
            "",
            "the activity that a claim is for, if any",
        ),
        Term(
            "claims_ordered",
            "",
            ("policy", "process or plant", "year"),
            "",
            "the order that a claim is for, if any",
        ),
    ),
)
SUBSIDY_BUDGET = Physical(
    rule=subsidy_budget,
    rows="subsidy_budgets",
    indices=("policy", "year"),
    unit="1",
    basis="annual",
    fill=_fill_budgets,
    describe=_describe_budget,
    holds_under_loss=True,
    terms=(
        Term("subsidy_limit", r"B_{n,t}", ("policy", "year"), "USD/yr", "most that a subsidy pays"),
        Term(
            "subsidy_paid",
            r"s_{n,x,v,t}",
            ("policy", "process or plant", "year of the claim", "year"),
            "USD/activity unit",
            "what is paid in a year for a unit claimed",
        ),
        Term("paid_for", "", ("policy", "year"), "", "claims that are paid in a year"),
    ),
)
