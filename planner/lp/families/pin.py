"""Policy: activities near what was observed of them, from below (`pin_floor`) and from above
(`pin_ceiling`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.lp.family import Target, Term
from planner.lp.targets import Targets
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.batch import agreed
from planner.system.nouns import Array, Policy


def pin_floor(m: Any, n: str, x: str, t: int) -> Any:
    r"""An observed activity x is reached within the tolerance.

    $$a_{x,t} + b_{n,x,t} \ge (1 - \tau_n)\, \hat a_{x,t}$$   [activity unit / yr]
    """
    return m.activity[x, t] + m.breach[n, x, t] >= m.target[n, x, t]


def pin_ceiling(m: Any, n: str, x: str, t: int) -> Any:
    r"""An observed activity x is not passed by more than the tolerance.

    $$a_{x,t} \le (1 + \tau_n)\, \hat a_{x,t}$$   [activity unit / yr]
    """
    return m.activity[x, t] <= m.ceiling[n, x, t]


def _observed(targets: Targets, policy: Policy) -> Iterator[tuple[str, int, float, Array]]:
    """(process, year, tolerance, observed activity) of the years that were observed."""
    for process in targets.system.processes.values():
        if policy.processes and process.name not in policy.processes:
            continue
        observed = process.observed
        known = agreed(np.isfinite(observed), 1)
        for i, t, tolerance in targets.in_force(policy):
            if known[i]:
                yield process.name, t, tolerance, observed[..., i]


def _fill_floor(targets: Targets, policy: Policy) -> None:
    for process, t, tolerance, observed in _observed(targets, policy):
        targets.floor("pin_floor", policy, process, t, (1 - tolerance) * observed)


def _fill_ceiling(targets: Targets, policy: Policy) -> None:
    for process, t, tolerance, observed in _observed(targets, policy):
        targets.rows["pin_ceiling"].append((policy.name, process, t))
        targets.values["ceiling"][policy.name, process, t] = (1 + tolerance) * observed


def _describe(family: str, side: str, facts: Facts, subject: Subject, years: list[int]) -> Telling:
    bound = figures(facts.bounds(family, subject, years), "t/year")
    return facts.of_policy(
        subject,
        f"{subject[1]} runs at {side} at {bound} {facts.when(years)}, near what was observed",
    )


def _describe_floor(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    return _describe("pin_floor", "least", facts, subject, years)


def _describe_ceiling(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    return _describe("pin_ceiling", "most", facts, subject, years)


PIN_FLOOR = Target(
    rule=pin_floor,
    indices=("policy", "process", "year"),
    unit="USD/t",
    basis="annual",
    kind="pin",
    relax="raise",
    row_unit="t/year",
    relative=lambda policy: False,
    fill=_fill_floor,
    describe=_describe_floor,
    holds_under_loss=False,
    terms=(),
)
PIN_CEILING = Target(
    rule=pin_ceiling,
    indices=("policy", "process", "year"),
    unit="USD/t",
    basis="annual",
    kind="pin",
    relax="raise",
    row_unit="t/year",
    relative=lambda policy: False,
    fill=_fill_ceiling,
    describe=_describe_ceiling,
    holds_under_loss=False,
    terms=(
        Term(
            "ceiling",
            r"(1 + \tau_n)\, \hat a_{x,t}",
            ("policy", "process", "year"),
            "activity unit/yr",
            "most that a pinned activity may run",
        ),
    ),
)
