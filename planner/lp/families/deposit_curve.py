"""Deposits whose ore costs more as it is dug."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_set
from planner.lp.family import Physical
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling


def deposit_curve(m: Any, d: str, t: int) -> Any:
    r"""What is dug of a deposit is dug by the steps of its curve: the cheapest ore first, since
    cost rises from step to step.

    $$\sum_p i_{d,p,t}\, a_{p,t} - \sum_{s \in s_d} e_{s,t} = 0$$   [t / yr]
    """
    return (
        sum(m.ore[d, p, t] * m.activity[p, t] for p in m.miners[d])
        - sum(m.step[s, t] for s in m.steps_of[d])
        == 0
    )


def _fill(m: Components, given: Given) -> None:
    curved = [d.name for d in given.system.deposits.values() if d.curve]
    add_set(m, "deposit_curve_rows", [(d, t) for d in curved for t in given.years], width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    curve = facts.system.deposits[name].curve
    words = f"{name}: its ore is dug by {len(curve)} steps of rising cost {facts.when(years)}"
    return words, facts.inputs.line("curves", name, next(iter(curve)), "price")


DEPOSIT_CURVE = Physical(
    rule=deposit_curve,
    rows="deposit_curve_rows",
    indices=("deposit", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(),
)
