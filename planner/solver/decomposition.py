"""Solve a decomposed programme, part by part (`planner.lp.reduction`), or the monolithic one: for
loops over the same study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from planner.lp.reduction import reduced
from planner.solver.checks import holds
from planner.solver.highs import Arrays, Name, Program, Solution

Bases = Mapping[tuple[bytes, bytes], Any]
"""Key of a part to HiGHS's basis of it."""


class Monolith:
    """A programme in one piece, handed to HiGHS when it is first asked for."""

    def __init__(self, arrays: Arrays, basis: Any) -> None:
        self._arrays, self._basis = arrays, basis

    @cached_property
    def program(self) -> Program:
        """Alive in HiGHS, to start from the basis."""
        program = Program(self._arrays)
        if self._basis is not None:
            program.start_from(self._basis)
        return program

    @cached_property
    def solution(self) -> Solution:
        """The answer of HiGHS. Rows that clash prove that there is none, and are found in less time
        than it takes to solve twice."""
        if self.clash:
            return _infeasible(self._arrays)
        self.program.forget()
        if self._basis is not None:
            self.program.start_from(self._basis)
        return self.program.run()

    @cached_property
    def clash(self) -> tuple[Name, ...]:
        """Rows of an irreducible infeasible set, as `Program.clash`; none for a feasible one."""
        return self.program.clash()

    def confirm(self, solution: Solution) -> float:
        """As `Program.confirm`: solved cold, in one piece."""
        return self.program.confirm(solution)


def _infeasible(arrays: Arrays) -> Solution:
    """The answer to a programme that has no point at all."""
    columns, rows = np.full(len(arrays.columns), np.nan), np.full(len(arrays.rows), np.nan)
    return Solution(
        status="infeasible",
        objective=np.nan,
        x=columns,
        reduced_cost=columns,
        row_value=rows,
        dual=rows,
        basic_row=np.isinf(rows),
        basic_column=np.isinf(columns),
        iterations=0,
        seconds=0.0,
    )


def solved_in_parts(arrays: Arrays, bases: Bases) -> tuple[Solution | None, Bases]:
    """Solve a programme by its parts (`planner.lp.reduction`), each from its basis where there is
    one; with the bases they ended in.

    None where it may have no optimum, and where what the parts give does not hold as a whole when
    checked outside the solver: what HiGHS says of the whole is then the answer. `bases` must
    be of a programme with the same columns and rows.
    """
    reduction = reduced(arrays)
    if reduction is None:
        return None, {}
    answers, found = [], {}
    for part in reduction.parts:
        program = Program(part.arrays, scaled=False)
        if part.key in bases:
            program.start_from(bases[part.key])
        answers.append(program.run())
        if answers[-1].status != "optimal":
            return None, {}
        found[part.key] = program.basis
    point = reduction.restore(answers)
    solution = Solution(
        status="optimal",
        objective=point.objective,
        x=point.x,
        reduced_cost=point.reduced_cost,
        row_value=point.row_value,
        dual=point.dual,
        basic_row=point.basic_row,
        basic_column=point.basic_column,
        iterations=sum(answer.iterations for answer in answers),
        seconds=sum(answer.seconds for answer in answers),
    )
    return (solution, found) if holds(arrays, solution.x) else (None, {})
