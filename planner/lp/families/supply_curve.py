"""Processes that are had by steps of price."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_set
from planner.lp.family import Physical
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling


def supply_curve(m: Any, p: str, t: int) -> Any:
    r"""What a process runs is bought by the steps of its curve; prices rise from step to step, so
    that the cheapest are taken first.

    $$a_{p,t} - \sum_{s \in s_p} e_{s,t} = 0$$   [activity unit / yr]
    """
    return m.activity[p, t] - sum(m.step[s, t] for s in m.steps_of[p]) == 0


def _fill(m: Components, given: Given) -> None:
    curved = [p.name for p in given.system.processes.values() if p.curve]
    add_set(m, "supply_curve_rows", [(p, t) for p in curved for t in given.years], width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    curve = facts.system.processes[name].curve
    words = f"{name}: is bought by {len(curve)} steps of rising price {facts.when(years)}"
    return words, facts.inputs.step(name, next(iter(curve)), "price")


SUPPLY_CURVE = Physical(
    rule=supply_curve,
    rows="supply_curve_rows",
    indices=("process", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(),
)
