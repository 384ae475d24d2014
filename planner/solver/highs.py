"""Arrays to HiGHS: keep the solver alive, change costs and bounds, solve again from the last basis.

Shapes: n columns, m rows. Sign of dual values: d(cost)/d(right-hand side), for every sense, since
the problem is a minimisation.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import highspy
import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.errors import SolverError
from planner.lp.arrays import LEAST_ENTRY, without_specks
from planner.lp.arrays import Arrays as Arrays
from planner.lp.arrays import Name as Name
from planner.solver.checks import ROW_TOLERANCE, worst_error, worst_rows
from planner.solver.judge import clashing, least_violation, proves_infeasible, proves_unbounded
from planner.solver.names import lp_names, mps_names
from planner.solver.scaling import ranges
from planner.system.nouns import Array

Status = Literal["optimal", "infeasible", "unbounded", "interrupted", "failed"]

FEASIBILITY_TOLERANCE = 1e-9
"""Primal and dual feasibility tolerance asked of HiGHS, absolute in internal units (its default is
1e-7)."""
CONSTANT = "constant"
"""Name of the column that carries the constant of the objective into a file; no column of ours can
have it, since all have an index."""
INTERIOR_FROM = 50_000
"""Columns from which a solve without a basis to start from takes the interior point method with
crossover (docs/benchmarks.md)."""
DUAL_SIMPLEX, PRIMAL_SIMPLEX = 1, 4
"""HiGHS's numbers for them."""
NO_SCALING = 0
"""HiGHS's number for that: a tolerance that holds in another scale need not hold in that of the
programme."""
COLD_AGREEMENT = 1e-7
"""A warm-started and a cold solve cost the same up to this share."""
ARRAYS_REFUSED = "a lower bound above its upper bound, NaN, or too large a number"
"""Why HiGHS may do so."""
SMALL_COST = 1e-3
"""Where no cost of a programme reaches this, all are handed over in a smaller unit of money."""
FACE_TOLERANCE = 1e-6
"""A reduced cost or dual value above this (USD per unit) is not a tie."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """An answer of HiGHS. x and reduced_cost (n,), row_value and dual (m,); basic_row (m,) marks
    rows whose slack is basic."""

    status: Status
    objective: float
    x: Array
    reduced_cost: Array
    row_value: Array
    dual: Array
    basic_row: npt.NDArray[np.bool_]
    basic_column: npt.NDArray[np.bool_]
    iterations: int
    seconds: float
    fault: str = ""
    """Why an answer that the solver calls optimal is not taken for one."""


def new_highs() -> Any:
    """A silent HiGHS.

    HiGHS 1.16 greets on standard output when its first instance is made, before any option could
    forbid it: that would stand in front of JSON piped to another program. So the descriptor of
    standard output is turned away for that moment.
    """
    try:
        sys.stdout.flush()
        kept, void = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    except (OSError, AttributeError, ValueError):  # no standard output at all: nothing to guard
        highs = highspy.Highs()
    else:
        try:
            os.dup2(void, 1)
            highs = highspy.Highs()
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(void)
    highs.silent()
    return highs


class Program:
    """A linear programme alive in HiGHS: costs and bounds may change, and the next solve starts
    from the last basis.

    Whatever `run` calls optimal holds when it is checked outside the solver, on the programme as it
    stands then.
    """

    def __init__(
        self,
        arrays: Arrays,
        *,
        time_limit: float | None = None,
        tolerance: float = FEASIBILITY_TOLERANCE,
        scaled: bool = True,
    ) -> None:
        self.arrays = without_specks(arrays)
        self.now = self.arrays
        """The programme as it stands, with the rows added since."""
        self.money = _unit(arrays.cost)
        """Units of the solver's cost to one of ours."""
        self.highs = new_highs()
        self._set("small_matrix_value", LEAST_ENTRY)
        self._set("primal_feasibility_tolerance", tolerance)
        self._set("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        self._set("threads", 1)
        if time_limit is not None:
            self._set("time_limit", time_limit)
        if not scaled:
            self._set("simplex_scale_strategy", NO_SCALING)
        self._pass()

    def _set(self, option: str, value: Any) -> None:
        _taken(self.highs.setOptionValue(option, value), f"the option {option} = {value}")

    @contextmanager
    def logged(self) -> Iterator[list[str]]:
        """The lines that HiGHS writes while it runs within, as a list that fills."""
        said: list[str] = []

        def hear(event: Any) -> None:
            said.append(event.message)

        self.highs.cbLogging.subscribe(hear)
        self._set("log_to_console", False)
        self._set("output_flag", True)
        try:
            yield said
        finally:
            self._set("output_flag", False)
            self.highs.cbLogging.unsubscribe(hear)

    def _pass(self) -> None:
        a = self.arrays
        none, nothing = np.zeros(0, dtype=np.int32), np.zeros(0)
        # rows without terms, then columns with theirs, as arrays: a HighsLp would be filled number
        # by number, ten times slower
        rows = self.highs.addRows(len(a.rows), a.row_lower, a.row_upper, 0, none, none, nothing)
        columns = self.highs.addCols(
            len(a.columns),
            a.cost * self.money,
            a.lower,
            a.upper,
            a.matrix.nnz,
            a.matrix.indptr[:-1].astype(np.int32),
            a.matrix.indices.astype(np.int32),
            a.matrix.data,
        )
        if highspy.HighsStatus.kError in (rows, columns):
            most = ranges(a).get("matrix")
            named = f"; the largest is {most.most:g} ({most.most_at})" if most else ""
            raise SolverError(f"HiGHS refuses the arrays: {ARRAYS_REFUSED}{named}")
        for status in (rows, columns, self._set_offset(a.offset)):
            _taken(status, "the arrays")

    def _set_offset(self, offset: float) -> Any:
        return self.highs.changeObjectiveOffset(offset * self.money)

    def set_cost(self, cost: Array, offset: float = 0.0) -> None:
        """Minimise another cost, shape (n,)."""
        n, self.money = len(cost), _unit(cost)
        given = self.highs.changeColsCost(n, np.arange(n, dtype=np.int32), cost * self.money)
        _taken(given, "a cost")
        _taken(self._set_offset(offset), "the constant of a cost")
        self.now = replace(self.now, cost=np.array(cost, dtype=float), offset=offset)

    def set_columns(self, positions: npt.NDArray[np.int32], lower: Array, upper: Array) -> None:
        """Give columns other bounds."""
        at = positions.astype(np.int32)
        _taken(self.highs.changeColsBounds(len(at), at, lower, upper), "bounds of columns")
        new = self.now.lower.copy(), self.now.upper.copy()
        new[0][at], new[1][at] = lower, upper
        self.now = replace(self.now, lower=new[0], upper=new[1])

    def set_rows(self, positions: npt.NDArray[np.int32], lower: Array, upper: Array) -> None:
        """Give rows other bounds."""
        at = positions.astype(np.int32)
        _taken(self.highs.changeRowsBounds(len(at), at, lower, upper), "sides of rows")
        new = self.now.row_lower.copy(), self.now.row_upper.copy()
        new[0][at], new[1][at] = lower, upper
        self.now = replace(self.now, row_lower=new[0], row_upper=new[1])

    def restore(self) -> None:
        """Cost and bounds as compiled; added rows stay."""
        self.put_back(self.arrays)

    def add_row(self, terms: Array, lower: float, upper: float) -> int:
        """Add a row from dense terms, shape (n,); returns its position."""
        kept = np.where(np.abs(terms) <= LEAST_ENTRY, 0.0, terms)
        used = np.flatnonzero(kept).astype(np.int32)
        _taken(self.highs.addRow(lower, upper, len(used), used, kept[used]), "a further row")
        now, position = self.now, len(self.now.rows)
        self.now = replace(
            now,
            rows=(*now.rows, ("added", (position,))),
            matrix=sparse.csc_array(sparse.vstack([now.matrix, kept[None, :]], format="csc")),
            row_lower=np.append(now.row_lower, lower),
            row_upper=np.append(now.row_upper, upper),
        )
        return position

    def set_coefficients(self, row: int, terms: Mapping[int, float]) -> None:
        """Give a row other coefficients, by the position of their columns."""
        matrix = self.now.matrix.tolil()
        for position, term in terms.items():
            kept = 0.0 if abs(term) <= LEAST_ENTRY else term
            if matrix[row, position] != kept:
                _taken(self.highs.changeCoeff(row, position, kept), "a coefficient")
                matrix[row, position] = kept
        self.now = replace(self.now, matrix=sparse.csc_array(matrix))

    def column_bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of the columns as they are now, shape (n,) each."""
        return self.now.lower.copy(), self.now.upper.copy()

    @property
    def basis(self) -> Any:
        """Where the last solve ended, for `start_from`."""
        return self.highs.getBasis()

    def start_from(self, basis: Any) -> None:
        """Let the next solve start from a basis of a programme with the same columns and rows; from
        nothing where HiGHS does not take it."""
        if self.highs.setBasis(basis) != highspy.HighsStatus.kOk:
            self.forget()

    def forget(self) -> None:
        """Let the next solve start from nothing."""
        _taken(self.highs.clearSolver(), "to start from nothing")

    @property
    def run_time(self) -> float:
        """Seconds that HiGHS has run in all its solves of this programme."""
        return float(self.highs.getRunTime())

    def run(self) -> Solution:
        """Solve from where the last solve ended; from nothing where that fails, since a basis that
        holds in the solver's scale may not hold once it is undone.

        `optimal` is believed only where it holds outside the solver (`_held`), `infeasible` only
        after a solve without presolve, and where the two do not agree, by proof (`_judged`),
        `unbounded` only with a direction that proves it, or where no method finds an optimum
        (`_bounded`).
        """
        solution = self._run()
        if solution.status == "failed":
            self.forget()
            solution = self._run()
        if solution.status in ("infeasible", "failed"):
            again = self._without_presolve()
            solution = again if again.status != "failed" else self._judged(again)
        if solution.status == "unbounded":
            solution = self._bounded(solution)
        return self._held(solution)

    def run_for_new_costs(self) -> Solution:
        """Solve after a change of costs alone: the last point still holds, and the primal simplex
        goes on from there. As `run` where that finds no optimum."""
        with self._under(simplex_strategy=PRIMAL_SIMPLEX):
            solution = self._run()
        return self._held(solution) if solution.status == "optimal" else self.run()

    def run_cold(self) -> Solution:
        """Solve from nothing by the interior point method, which finds soon that there is no plan;
        `infeasible` is believed at once, for whoever loses little by it: simplex and proof can
        take minutes over limits that hardly miss one another."""
        self.forget()
        solution = self._run_by("ipx")
        return self._held(solution) if solution.status == "optimal" else solution

    def _bounded(self, solution: Solution) -> Solution:
        """The answer where the solver says that cost has no lower bound: so it is where its ray
        proves it; the ray may be nothing but rounding, and then another method has the optimum."""
        told, known, ray = self.highs.getPrimalRay()
        if told == highspy.HighsStatus.kOk and known and proves_unbounded(self.now, np.array(ray)):
            return solution
        for method in (self._dual_simplex, partial(self._run_by, "ipx")):
            self.forget()
            found = method()
            if found.status in ("optimal", "interrupted"):
                return found
        return solution

    def _dual_simplex(self) -> Solution:
        """By the dual simplex, whatever was chosen."""
        return self.simplex(simplex_strategy=DUAL_SIMPLEX)

    def _without_presolve(self) -> Solution:
        self._set("presolve", "off")
        self.forget()
        try:
            return self._run()
        finally:
            self._set("presolve", "choose")

    def _held(self, solution: Solution) -> Solution:
        """An optimum that holds outside the solver: founded anew on its basis where it does not, or
        solved from nothing; `failed`, with the reason, where none of that holds."""
        if solution.status != "optimal" or self._holds(solution):
            return solution
        for again in (self._founded_anew, self._from_nothing, self._without_presolve):
            found = again()
            if found.status == "interrupted" or (found.status == "optimal" and self._holds(found)):
                return found
        fault = (
            "its answer does not hold when checked outside of it: off by "
            f"{worst_error(self.now, solution.x):.1e} at most; {worst_rows(self.now, solution.x)}"
        )
        return replace(solution, status="failed", fault=fault)

    def _holds(self, solution: Solution) -> bool:
        """Whether bounds, rows and cost of an answer hold, on the programme as it stands."""
        now, terms = self.now, self.now.cost * solution.x
        off = abs(float(terms.sum()) + now.offset - solution.objective)
        size = max(float(np.abs(terms).sum()) + abs(now.offset), 1.0)
        return off <= ROW_TOLERANCE * size and worst_error(now, solution.x) <= ROW_TOLERANCE

    def _founded_anew(self) -> Solution:
        """From the basis where the last solve ended, factorised anew."""
        basis = self.basis
        self.forget()
        self.start_from(basis)
        return self._run()

    def _from_nothing(self) -> Solution:
        self.forget()
        return self._run()

    def _judged(self, solution: Solution) -> Solution:
        """The answer where the solver ends without one: `infeasible` by proof, else what the
        interior point method finds."""
        if self._proof().any():
            return replace(solution, status="infeasible")
        self.forget()
        return self._run_by("ipm")

    def _proof(self) -> Array:
        """Duals that prove that the programme as it stands has no plan (`planner.solver.judge`),
        shape (m,); zeros where there is no such proof."""
        least = Program(least_violation(self.now))._run()  # always has an optimum
        if least.status == "optimal" and proves_infeasible(self.now, least.dual):
            return least.dual
        return np.zeros(len(self.now.rows))

    def within(self, seconds: float | None) -> None:
        """Stop after so many seconds more than HiGHS has run already; None takes the limit away."""
        self._set("time_limit", np.inf if seconds is None else self.run_time + seconds)

    @contextmanager
    def stopped_when(self, asked: Callable[[], bool] | None) -> Iterator[None]:
        """Within, HiGHS asks at each of its steps whether to stop; a solve that was is
        `interrupted`. None: nobody is asked.

        Asking costs some microseconds a step. Presolve does not ask.
        """
        if asked is None:
            yield
            return

        def hear(event: Any) -> None:
            # said each time: HiGHS keeps the answer, into the next solve too
            event.interrupt(asked())

        highs = self.highs
        told = (highs.cbSimplexInterrupt, highs.cbIpmInterrupt, highs.cbMipInterrupt)
        for each in told:
            each.subscribe(hear)
        try:
            yield
        finally:
            for each in told:
                each.unsubscribe(hear)

    def confirm(self, solution: Solution) -> float:
        """Solve the programme as it stands now in a HiGHS of its own, cold, and return by how much
        the cost is off, as a share of it.

        A sweep does this for one of its solutions: a living solver must not drift. Raises
        SolverError where the two do not agree.
        """
        twin = copy(self)
        twin.highs = new_highs()
        twin.highs.passOptions(self.highs.getOptions())
        twin.highs.passModel(self.highs.getLp())
        cold = twin.run()
        if cold.status != solution.status:
            raise SolverError(
                f"the warm-started solve reports {solution.status}, the cold solve {cold.status}"
            )
        if cold.status != "optimal":
            return 0.0
        off = abs(cold.objective - solution.objective) / max(abs(cold.objective), 1.0)
        if not off <= COLD_AGREEMENT:
            raise SolverError(
                f"the warm-started solve reports a cost of {solution.objective!r}, the cold solve "
                f"{cold.objective!r}"
            )
        return off

    def _run(self) -> Solution:
        cold = not self.highs.getBasis().valid
        return self._run_by(
            "ipx" if cold and len(self.arrays.columns) >= INTERIOR_FROM else "choose"
        )

    def simplex(self, **options: Any) -> Solution:
        """Solve by the simplex under options of HiGHS, from where the last solve ended; the options
        are then as they were."""
        with self._under(**options):
            return self._run_by("simplex")

    @contextmanager
    def _under(self, **options: Any) -> Iterator[None]:
        """Within, HiGHS has these options."""
        before = {name: self.highs.getOptionValue(name)[1] for name in options}
        for name, value in options.items():
            self._set(name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                self._set(name, value)

    def _run_by(self, solver: str) -> Solution:
        before = self.run_time
        self._set("solver", solver)
        told = self.highs.run()
        seconds = self.run_time - before
        # a warning stands for a limit reached or an unknown status: the status of the model says it
        status: Status = STATUSES.get(self.highs.getModelStatus(), "failed")
        raw, info = self.highs.getSolution(), self.highs.getInfo()
        basic_row, basic_column = self._basic()
        return Solution(
            status="failed" if told == highspy.HighsStatus.kError else status,
            objective=float(info.objective_function_value) / self.money,
            x=np.array(raw.col_value),
            reduced_cost=np.array(raw.col_dual) / self.money,
            row_value=np.array(raw.row_value),
            dual=np.array(raw.row_dual) / self.money,
            basic_row=basic_row,
            basic_column=basic_column,
            iterations=max(int(info.simplex_iteration_count), 0)
            + max(int(info.ipm_iteration_count), 0),
            seconds=seconds,
        )

    def _basic(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rows and which columns are basic."""
        row = np.zeros(self.highs.getNumRow(), dtype=bool)
        column = np.zeros(self.highs.getNumCol(), dtype=bool)
        places = self._basic_places()
        if places is None:
            # no basis that can be inverted: what HiGHS says of each by itself
            basis, basic = self.highs.getBasis(), highspy.HighsBasisStatus.kBasic
            for marks, statuses in ((row, basis.row_status), (column, basis.col_status)):
                marks[: len(statuses)] = [each == basic for each in statuses]
            return row, column
        column[places[places >= 0]] = True
        row[-places[places < 0] - 1] = True
        return row, column

    def _basic_places(self) -> npt.NDArray[np.int_] | None:
        """Positions of the basic columns, and -1 less those of the basic rows; None where no basis
        can be inverted."""
        # HiGHS 1.16 dies of a segmentation fault where a programme has rows and not one term
        if not self.highs.getBasis().valid or not self.highs.getNumNz():
            return None
        status, found = self.highs.getBasicVariables()
        return np.asarray(found) if status == highspy.HighsStatus.kOk else None

    def fix_face(self, solution: Solution) -> None:
        """Keep to the optimal face of a solution: what is not tied stays at its bound
        (complementary slackness), rows added since among it."""
        now, least = self.now, FACE_TOLERANCE / self.money
        held = np.flatnonzero(np.abs(solution.reduced_cost) > least).astype(np.int32)
        self.set_columns(held, solution.x[held], solution.x[held])
        tight = np.flatnonzero(np.abs(solution.dual) > least).astype(np.int32)
        side = np.where(solution.dual[tight] > 0, now.row_lower[tight], now.row_upper[tight])
        side = np.where(np.isfinite(side), side, solution.row_value[tight])
        self.set_rows(tight, side, side)

    def put_back(self, before: Arrays) -> None:
        """Cost and bounds as they were when `now` was this."""
        self.set_cost(before.cost, before.offset)
        self.set_columns(np.arange(len(before.columns), dtype=np.int32), before.lower, before.upper)
        rows = np.arange(len(before.rows), dtype=np.int32)
        self.set_rows(rows, before.row_lower, before.row_upper)

    def clash(self) -> tuple[Name, ...]:
        """Rows of an irreducible infeasible set (HiGHS, strategy 6: from the LP, irreducible)."""
        return self.clash_and_bounds()[0]

    def clash_and_bounds(self) -> tuple[tuple[Name, ...], tuple[tuple[Name, bool], ...]]:
        """Rows of an irreducible infeasible set, and the bounds of columns in it: (column, whether
        it is the upper one)."""
        self._set("iis_strategy", 6)
        status, iis = self.highs.getIis()
        if status == highspy.HighsStatus.kError or not (iis.row_index_ or iis.col_index_):
            proof = clashing(self._proof())
            return tuple(self.arrays.rows[i] for i in proof if i < len(self.arrays.rows)), ()
        rows = tuple(self.arrays.rows[i] for i in iis.row_index_ if i < len(self.arrays.rows))
        held = highspy.IisBoundStatus
        sides = {
            int(held.kIisBoundStatusLower): (False,),
            int(held.kIisBoundStatusUpper): (True,),
            int(held.kIisBoundStatusBoxed): (False, True),
        }
        bounds = tuple(
            (self.arrays.columns[i], upper)
            for i, status in zip(iis.col_index_, iis.col_bound_, strict=True)
            if i < len(self.arrays.columns)
            for upper in sides.get(int(status), ())
        )
        return rows, bounds

    def write(self, path: Path) -> None:
        """Write MPS or LP, by the ending of the path, with readable names.

        The constant of the objective is written as a column `constant` fixed at 1: of the sign of a
        constant in MPS the solvers hold different views (HiGHS writes it negative on the right of
        the objective, as CPLEX does; GLPK reads it as it stands).
        """
        named = lp_names if path.suffix.lower() == ".lp" else mps_names
        for i, text in enumerate(named(self.arrays.columns)):
            _taken(self.highs.passColName(i, text), f"the name {text}")
        for i, text in enumerate(named(self.arrays.rows)):
            _taken(self.highs.passRowName(i, text), f"the name {text}")
        with self._in_our_money(), self._constant_as_column():
            _taken(self.highs.writeModel(str(path)), f"to write {path} with these names")

    @contextmanager
    def _in_our_money(self) -> Iterator[None]:
        """Within, HiGHS has the cost as it was compiled and not as it is solved."""
        kept, self.money = self.money, 1.0
        every = np.arange(len(self.arrays.cost), dtype=np.int32)
        self.highs.changeColsCost(len(every), every, self.arrays.cost)
        yield
        self.money = kept
        self.set_cost(self.now.cost, self.now.offset)

    @contextmanager
    def _constant_as_column(self) -> Iterator[None]:
        offset, n = self.arrays.offset, len(self.arrays.columns)
        if not offset:
            yield
            return
        self.highs.changeObjectiveOffset(0.0)
        none = np.array([], dtype=np.int32)
        _taken(self.highs.addCol(offset, 1.0, 1.0, 0, none, np.array([])), "the constant")
        _taken(self.highs.passColName(n, CONSTANT), f"the name {CONSTANT}")
        yield
        _taken(self.highs.deleteCols(1, np.array([n], dtype=np.int32)), "the constant back")
        self.highs.changeObjectiveOffset(offset)


def _unit(cost: Array) -> float:
    """A power of two that brings a cost of small numbers to where the solver's dual tolerance,
    which is absolute, tells them apart; 1 where the largest is `SMALL_COST` or more, and where all
    are 0."""
    most = float(np.abs(cost).max(initial=0.0))
    return 1.0 if most >= SMALL_COST or most == 0.0 else float(2.0 ** np.ceil(-np.log2(most)))


def _taken(status: Any, what: str) -> None:
    """Raise SolverError where HiGHS does not take what it is given, or not all of it: a warning
    means that something was left out."""
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refuses {what}")
    if status != highspy.HighsStatus.kOk:
        raise SolverError(f"HiGHS takes only a part of {what}")


_KINDS = highspy.HighsModelStatus
STATUSES: Mapping[Any, Status] = MappingProxyType(
    {
        _KINDS.kOptimal: "optimal",
        _KINDS.kModelEmpty: "optimal",
        _KINDS.kInfeasible: "infeasible",
        _KINDS.kUnboundedOrInfeasible: "infeasible",
        _KINDS.kUnbounded: "unbounded",
        _KINDS.kTimeLimit: "interrupted",
        _KINDS.kIterationLimit: "interrupted",
        _KINDS.kInterrupt: "interrupted",
    }
)
"""Status of a solution by the word of HiGHS; any other has `failed`."""


def by_name(names: Sequence[Name], values: Array) -> dict[str, dict[tuple[Hashable, ...], float]]:
    """Values as a mapping: variable or family to index to number."""
    found: dict[str, dict[tuple[Hashable, ...], float]] = {}
    for (head, index), value in zip(names, values.tolist(), strict=True):
        found.setdefault(head, {})[index] = value
    return found
