"""A study compiled once: its balance and the arrays of its programme, for all that solves it again
and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planner.errors import SpecError
from planner.lp.formulation import components, programme
from planner.lp.size import require_memory
from planner.mfa.balance import Balance, balance
from planner.runtime.progress import Clock, Progress
from planner.solver.highs import Arrays
from planner.solver.pyomo_model import NOTHING, Added, compile_model
from planner.system.nouns import System

ONLY_SOLVE = (
    "the model has integer or binary variables, which planner.solve alone works; make them "
    "continuous, or fix them at the values that it finds"
)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A system with its balance and arrays: what the loops over `solve` start from, made once."""

    system: System
    balance: Balance
    arrays: Arrays
    seconds: Mapping[str, float]
    added: Added = NOTHING
    """What somebody added to the model."""


def compiled(
    subject: Any, *, progress: Progress | None = None, whole_numbers: bool = False
) -> Compiled:
    """Balance and build a System, or compile a model that `planner.build` made and somebody
    extended.

    Raises SpecError, before a row is built, where the programme needs more memory than is free;
    where what was added cannot be worked; and where it has integer variables, unless
    `whole_numbers` says that these will be heeded.
    """
    clock, added = Clock(progress), NOTHING
    if isinstance(subject, System):
        with clock.stage("balance"):
            flow_balance = balance(subject)
        with clock.stage("build"):
            filled = components(subject, flow_balance)
            require_memory(filled)
        with clock.stage("compile"):
            arrays = programme(filled)
    else:
        flow_balance = subject.flow_balance
        with clock.stage("compile"):
            arrays, added = compile_model(subject)
        if len(added.whole) and not whole_numbers:
            raise SpecError(subject.name, [ONLY_SOLVE])
    return Compiled(flow_balance.system, flow_balance, arrays, clock.seconds, added)
