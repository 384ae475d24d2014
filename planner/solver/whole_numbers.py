"""Integer and binary variables of a user's model: HiGHS settles them by branch and bound, and what
follows is the linear programme with them fixed there, which has prices."""

from __future__ import annotations

from dataclasses import replace

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
WORDS = (
    "whole numbers of {} were chosen first, at least cost; prices are those of the programme with "
    "them fixed, and say nothing about another choice"
)


def settled(made: Compiled, time_limit: float | None = None) -> Compiled:
    """The programme with its integer variables fixed at their values of least cost.

    Raises InfeasibleError where no whole numbers allow a plan, SolverError where HiGHS did not
    settle them in time.
    """
    arrays, whole = made.arrays, made.added.whole
    x = _best(made, time_limit)
    chosen = np.round(x[whole])
    if not np.abs(chosen - x[whole]).max(initial=0.0) <= WHOLE:
        raise SolverError("the solver gave no whole numbers for the integer variables")
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[whole] = upper[whole] = chosen
    return replace(made, arrays=replace(arrays, lower=lower, upper=upper))


def in_words(arrays: Arrays, whole: np.ndarray) -> str:
    """Which variables are whole, and what that means for prices; empty where none is."""
    names = sorted({arrays.columns[i][0] for i in whole.tolist()})
    return WORDS.format(", ".join(names)) if names else ""


def _best(made: Compiled, time_limit: float | None) -> np.ndarray:
    """The solution of least cost with whole numbers, shape (n,)."""
    whole = made.added.whole
    highs = Program(made.arrays, time_limit=time_limit).highs
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
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kOptimal:
        return np.array(highs.getSolution().col_value)
    if status in (
        highspy.HighsModelStatus.kInfeasible,
        highspy.HighsModelStatus.kUnboundedOrInfeasible,
    ):
        raise _infeasible(made)
    raise SolverError(
        f"the whole numbers of the model were not settled ({highs.modelStatusToString(status)}); "
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
