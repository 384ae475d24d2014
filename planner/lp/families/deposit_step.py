"""Ore of a deposit that can be dug at the cost of a step."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import plain
from planner.system.batch import agreed, single


def deposit_step(m: Any, s: str) -> Any:
    r"""Of the ore of a step no more is dug in all years than there is.

    $$\sum_t e_{s,t} \le \bar R_s$$   [t]
    """
    return sum(m.step[s, t] for t in m.periods) <= m.step_reserve[s]


def _fill(m: Components, given: Given) -> None:
    reserve: dict[Key, Any] = {}
    for deposit in given.system.deposits.values():
        for step in deposit.curve.values():
            if agreed(np.isfinite(step.reserve).all(axis=-1)):
                reserve[(step.label,)] = single(step.reserve)
    add_param(m, "step_reserve", reserve)
    add_set(m, "deposit_step_rows", reserve)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (label,) = subject
    of, _, name = str(label).rpartition("/")
    holds = plain(facts.system.deposits[of].curve[name].reserve)
    words = f"{of}: step {name} holds {holds} t, for all years together"
    return words, facts.inputs.line("curves", of, name, "reserve")


DEPOSIT_STEP = Physical(
    rule=deposit_step,
    rows="deposit_step_rows",
    indices=("step",),
    unit="USD/t",
    basis="horizon",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "step_reserve",
            r"\bar R_s",
            ("step",),
            "t",
            "ore that can be dug at the cost of a step, in all years",
        ),
    ),
)
