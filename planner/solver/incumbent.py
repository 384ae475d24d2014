"""After a search that was stopped: the incumbent, the cheapest plan known, and the best bound,
which no plan costs less than."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.solver.checks import holds, lower_bound
from planner.solver.highs import DUAL_SIMPLEX, PRIMAL_SIMPLEX, Arrays, Program, Solution


def best_known(program: Program, seconds: float) -> tuple[Solution, float]:
    """The incumbent after so many seconds of the solver, and the best bound, which no plan costs
    less than.

    The solution is `optimal` where the time was enough after all, `infeasible` where no plan
    exists, else `interrupted`: then its point may not hold (`holds`), and its dual values are not
    prices. Three programmes are solved, one after the other:

    1. one in which nothing costs anything, so that its optimum is any plan that holds, found in a
       fraction of the time;
    2. the programme itself by the primal simplex from there, for half of the time left: each of its
       steps holds and costs no more;
    3. the programme from nothing by the dual simplex: none of its steps holds, but each gives a
       bound, higher than the one before.

    Without presolve in 2 and 3, from which a solve that is stopped is not carried back.
    """
    arrays, end = program.arrays, program.run_time + seconds
    any_plan = _any_plan(program, seconds)
    if any_plan.status != "optimal":
        return any_plan, -np.inf
    program.set_cost(arrays.cost, arrays.offset)
    program.within(_left(program, end) / 2)
    better = program.simplex(
        presolve="off",
        simplex_strategy=PRIMAL_SIMPLEX,
        primal_simplex_bound_perturbation_multiplier=0.0,
    )
    if better.status == "unbounded" or _answers(arrays, better):
        return better, better.objective
    bound = lower_bound(arrays, better.dual)
    if not holds(arrays, better.x):
        better = _tidied(program, end, any_plan)
    program.set_cost(arrays.cost, arrays.offset)
    program.forget()
    program.within(_left(program, end))
    below = program.simplex(presolve="off", simplex_strategy=DUAL_SIMPLEX)
    if _answers(arrays, below):
        return below, below.objective
    return replace(better, status="interrupted"), max(bound, lower_bound(arrays, below.dual))


def _answers(arrays: Arrays, solution: Solution) -> bool:
    """Return True for an optimum that holds outside the solver."""
    return solution.status == "optimal" and holds(arrays, solution.x)


def _any_plan(program: Program, seconds: float) -> Solution:
    program.set_cost(np.zeros(len(program.arrays.cost)))
    program.forget()
    program.within(seconds)
    found = program.simplex()
    # `infeasible` is believed only from `run`, which looks twice
    return program.run() if found.status in ("infeasible", "failed") else found


def _tidied(program: Program, end: float, fallback: Solution) -> Solution:
    """The point where the primal simplex was stopped, anew from its basis: its steps have added up
    rounding. Else the fallback."""
    program.set_cost(np.zeros(len(program.arrays.cost)))
    program.within(_left(program, end))
    found = program.simplex(presolve="off")
    return found if holds(program.arrays, found.x) else fallback


def _left(program: Program, end: float) -> float:
    return max(end - program.run_time, 0.0)
