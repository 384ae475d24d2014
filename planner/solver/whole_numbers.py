"""Integer and binary variables of a user's model: HiGHS settles them by branch and bound, or finds
the best it can in time, and what follows is the linear programme with them fixed there, which has
prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np

from planner.errors import InfeasibleError, SolverError
from planner.lp.arrays import Arrays
from planner.solver.compiled import Compiled
from planner.solver.highs import Program

GAP = 0.0
"""Cost that a better choice of whole numbers may still save, as a share."""
WHOLE = 1e-6
"""Distance from a whole number that is rounding."""
FEASIBILITY = 1e-9
"""Tolerance of a row, and of a whole number, asked of HiGHS."""
STOPPED = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kInterrupt)
HOLDS = int(highspy.SolutionStatus.kSolutionStatusFeasible)
WORDS = (
    "whole numbers of {} were chosen first, at least cost; prices are those of the programme with "
    "them fixed, and say nothing about another choice"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A programme with its integer variables fixed, and the best bound: what no other choice of
    whole numbers costs less than (USD). None where the choice was settled to be the best."""

    made: Compiled
    bound: float | None = None


def settled(
    made: Compiled, time_limit: float | None = None, asked: Callable[[], bool] | None = None
) -> Choice:
    """The programme with its integer variables fixed at their values of least cost; where the time
    limit, or `asked`, ends the search, at those of the incumbent, the best plan found.

    Raises InfeasibleError where no whole numbers allow a plan, SolverError where the search ended
    before any were found.
    """
    arrays, whole = made.arrays, made.added.whole
    x, bound = _best(made, time_limit, asked)
    chosen = np.round(x[whole]) + 0.0  # no -0
    if not np.abs(chosen - x[whole]).max(initial=0.0) <= WHOLE:
        raise SolverError("the solver gave no whole numbers for the integer variables")
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[whole] = upper[whole] = chosen
    return Choice(replace(made, arrays=replace(arrays, lower=lower, upper=upper)), bound)


def in_words(arrays: Arrays, whole: np.ndarray) -> str:
    """Which variables are whole, and what that means for prices; empty where none is."""
    names = sorted({arrays.columns[i][0] for i in whole.tolist()})
    return WORDS.format(", ".join(names)) if names else ""


def _best(
    made: Compiled, time_limit: float | None, asked: Callable[[], bool] | None
) -> tuple[np.ndarray, float | None]:
    """The solution of least cost with whole numbers, shape (n,), or the incumbent with the best
    bound."""
    whole = made.added.whole
    program = Program(made.arrays, time_limit=time_limit)
    highs = program.highs
    kinds = np.full(len(whole), highspy.HighsVarType.kInteger)
    highs.changeColsIntegrality(len(whole), whole, kinds)
    for option, value in (
        ("mip_rel_gap", GAP),
        ("mip_abs_gap", GAP),
        ("mip_feasibility_tolerance", FEASIBILITY),
        ("primal_feasibility_tolerance", FEASIBILITY),
    ):
        if highs.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses the option {option} = {value}")
    with program.stopped_when(asked):
        highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return np.array(highs.getSolution().col_value), None
    info = highs.getInfo()
    if status in STOPPED and info.primal_solution_status == HOLDS:
        return np.array(highs.getSolution().col_value), float(info.mip_dual_bound) / program.money
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        raise _infeasible(made)
    raise SolverError(
        f"no whole numbers that allow a plan were found ({highs.modelStatusToString(status)}); "
        "allow more time, or give the variables bounds"
    )


def _infeasible(made: Compiled) -> InfeasibleError:
    """Why there is no plan: rows that clash even where parts are allowed, or the whole numbers."""
    clash = Program(made.arrays).clash()
    if clash:
        rows = [f"{name}[{','.join(map(str, index))}]" for name, index in clash]
        return InfeasibleError(
            "no plan meets every target and limit; these cannot hold together:", rows
        )
    columns = [made.arrays.columns[i] for i in made.added.whole.tolist()]
    names = sorted({name for name, _ in columns})
    return InfeasibleError(
        "no plan has whole numbers of these variables; without that condition there is one:", names
    )
