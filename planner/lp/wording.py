"""Facts about the rows of a programme, from which families say in words what their rows ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from planner.lp.arrays import Arrays
from planner.mfa.balance import Balance
from planner.study.provenance import Inputs, plain, span, years_of
from planner.study.schema import POLICY_FORMS
from planner.system.nouns import Array, Policy, System

Telling = tuple[str, str]
"""The words of a row, and `file:line` of its number; that is empty where none is given."""
Subject = tuple[Any, ...]
"""Index of a row without its year."""
SPOKEN_UNITS = {"1": "%", "month": "months"}
"""Units of levels that a sentence writes otherwise."""


class Facts:
    """Numbers of one System and the input lines they come from, for the words of rows."""

    def __init__(self, system: System, balance: Balance, arrays: Arrays) -> None:
        self.system, self.balance, self.arrays = system, balance, arrays
        self.inputs = Inputs(system)
        self.first = [period.first for period in system.periods]

    def mean(self, series: Array | None, years: Iterable[int]) -> Array:
        """A yearly series in the periods that begin in these years, mean of each."""
        if series is None:
            return np.array([0.0])
        return np.asarray(
            self.system.period_mean(series)[[self.first.index(t) for t in sorted(years)]]
        )

    def when(self, years: Iterable[int]) -> str:
        """Years in words."""
        return span(years_of(self.system, years))

    def bounds(self, family: str, index: Subject, years: Iterable[int]) -> Array:
        """Right-hand sides of rows, whichever side is held."""
        at = [self.arrays.row_at[family, (*index, t)] for t in sorted(years)]
        lower, upper = self.arrays.row_lower[at], self.arrays.row_upper[at]
        return np.where(np.isfinite(lower), lower, upper)

    def policy(self, name: str) -> Policy:
        return self.system.policies[name]

    def of_policy(self, index: Subject, words: str) -> Telling:
        """Words about rows of a policy, the first part of their index, and where it stands."""
        return f"{index[0]}: {words}", self.inputs.policy(index[0])


def amount(policy: Policy, value: float) -> str:
    """A level with its unit."""
    unit = POLICY_FORMS[policy.kind].unit
    return f"{plain(value * 100 if unit == '1' else value)} {SPOKEN_UNITS.get(unit, unit)}"
