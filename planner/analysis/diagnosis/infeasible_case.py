"""An infeasible study, compiled once for diagnosis; policies are relaxed by freeing their rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.analysis.diagnosis.row_descriptions import TARGET_NAMES
from planner.errors import InfeasibleError
from planner.lp.families import TARGETS
from planner.plan.solve import optimal_if_any
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Program
from planner.system.nouns import Policy, System, frozen_map

LOWERED = frozenset(family.kind for family in TARGETS if family.relax == "lower")
"""Kinds of policies that are relaxed by lowering their level, unless the policy is a ceiling."""


def raised(policy: Policy) -> bool:
    """Return True if a policy is relaxed by raising its level: ceilings and tolerances."""
    return policy.ceiling or policy.kind not in LOWERED


@dataclass(frozen=True, eq=False)
class Case:
    """A System compiled, with the policies of earlier clashes relaxed."""

    made: Compiled
    free: frozenset[str]

    @property
    def system(self) -> System:
        return self.made.system

    def rows_of(self, names: Sequence[str]) -> list[int]:
        """Positions of the rows of policies."""
        return [
            i
            for i, (family, index) in enumerate(self.made.arrays.rows)
            if family in TARGET_NAMES and index[0] in names
        ]

    def arrays(self, kept: Sequence[str]) -> Arrays:
        """The programme with the rows of all other policies relaxed."""
        return freed(
            self.made.arrays,
            self.rows_of([name for name in self.system.policies if name not in kept]),
        )

    def only(self, names: Collection[str]) -> System:
        """The System with these policies alone."""
        kept = {name: policy for name, policy in self.system.policies.items() if name in names}
        return replace(self.system, policies=frozen_map(kept))


def freed(arrays: Arrays, rows: Sequence[int]) -> Arrays:
    """A programme with these rows relaxed: they stand, without a bound."""
    lower, upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    lower[rows], upper[rows] = -np.inf, np.inf
    return replace(arrays, row_lower=lower, row_upper=upper)


def possible(arrays: Arrays) -> bool:
    """Return True if a programme is feasible, by a solve without a cost."""
    program = Program(arrays)
    program.set_cost(np.zeros(len(arrays.columns)))
    return optimal_if_any(program) is not None


def feasible(system: System) -> bool:
    """Return True if any plan exists."""
    try:
        return possible(compiled(system).arrays)
    except InfeasibleError:
        return False
