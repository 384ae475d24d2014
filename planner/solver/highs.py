"""Arrays to HiGHS: keep the solver alive, change costs and bounds, solve again from the last basis.

Shapes: n columns, m rows. Sign of dual values: d(cost)/d(right-hand side), for every sense, since
the problem is a minimisation.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import highspy
import numpy as np
import numpy.typing as npt

from planner.errors import SolverError
from planner.lp.arrays import Arrays as Arrays
from planner.lp.arrays import Name as Name
from planner.system.nouns import Array

Status = Literal["optimal", "infeasible", "unbounded", "interrupted", "failed"]

FEASIBILITY_TOLERANCE = 1e-9
"""Primal and dual feasibility tolerance asked of HiGHS, absolute in internal units (its default is
1e-7)."""
ROW_TOLERANCE = 1e-9
"""A row holds outside the solver when its error is at most this share of the sum of its absolute
terms, or of 1."""
CONSTANT = "constant"
"""Name of the column that carries the constant of the objective into a file; no column of ours can
have it, since all have an index."""
INTERIOR_FROM = 50_000
"""Columns from which a solve without a basis to start from takes the interior point method with
crossover (docs/benchmarks.md)."""
NO_SCALING = 0
"""HiGHS's number for that: a tolerance that holds in another scale need not hold in that of the
programme."""
COLD_AGREEMENT = 1e-7
"""A warm-started and a cold solve cost the same up to this share."""
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
    from the last basis."""

    def __init__(
        self,
        arrays: Arrays,
        *,
        time_limit: float | None = None,
        tolerance: float = FEASIBILITY_TOLERANCE,
        scaled: bool = True,
    ) -> None:
        self.arrays = arrays
        self.highs = new_highs()
        self._set("primal_feasibility_tolerance", tolerance)
        self._set("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        self._set("threads", 1)
        if time_limit is not None:
            self._set("time_limit", time_limit)
        if not scaled:
            self._set("simplex_scale_strategy", NO_SCALING)
        self._pass()

    def _set(self, option: str, value: Any) -> None:
        if self.highs.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS refuses the option {option} = {value}")

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
        given = (
            self.highs.addRows(len(a.rows), a.row_lower, a.row_upper, 0, none, none, nothing),
            self.highs.addCols(
                len(a.columns),
                a.cost,
                a.lower,
                a.upper,
                a.matrix.nnz,
                a.matrix.indptr[:-1].astype(np.int32),
                a.matrix.indices.astype(np.int32),
                a.matrix.data,
            ),
            self.highs.changeObjectiveOffset(a.offset),
        )
        if highspy.HighsStatus.kError in given:
            raise SolverError(
                "HiGHS refuses the arrays: a lower bound above its upper bound, or NaN"
            )

    def set_cost(self, cost: Array, offset: float = 0.0) -> None:
        """Minimise another cost, shape (n,)."""
        n = len(cost)
        self.highs.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
        self.highs.changeObjectiveOffset(offset)

    def set_columns(self, positions: npt.NDArray[np.int32], lower: Array, upper: Array) -> None:
        """Give columns other bounds."""
        self.highs.changeColsBounds(len(positions), positions.astype(np.int32), lower, upper)

    def set_rows(self, positions: npt.NDArray[np.int32], lower: Array, upper: Array) -> None:
        """Give rows other bounds."""
        self.highs.changeRowsBounds(len(positions), positions.astype(np.int32), lower, upper)

    def restore(self) -> None:
        """Cost and bounds as compiled; added rows stay."""
        a = self.arrays
        self.set_cost(a.cost, a.offset)
        self.set_columns(np.arange(len(a.columns), dtype=np.int32), a.lower, a.upper)
        self.set_rows(np.arange(len(a.rows), dtype=np.int32), a.row_lower, a.row_upper)

    def add_row(self, terms: Array, lower: float, upper: float) -> int:
        """Add a row from dense terms, shape (n,); returns its position."""
        used = np.flatnonzero(terms).astype(np.int32)
        self.highs.addRow(lower, upper, len(used), used, terms[used])
        return int(self.highs.getNumRow()) - 1

    def set_coefficients(self, row: int, terms: Mapping[int, float]) -> None:
        """Give a row other coefficients, by the position of their columns."""
        for position, term in terms.items():
            self.highs.changeCoeff(row, position, term)

    def column_bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds of the columns as they are now, shape (n,) each."""
        held = self.highs.getLp()
        return np.array(held.col_lower_), np.array(held.col_upper_)

    @property
    def basis(self) -> Any:
        """Where the last solve ended, for `start_from`."""
        return self.highs.getBasis()

    def start_from(self, basis: Any) -> None:
        """Let the next solve start from a basis of a programme with the same columns and rows."""
        self.highs.setBasis(basis)

    def forget(self) -> None:
        """Let the next solve start from nothing."""
        self.highs.clearSolver()

    @property
    def run_time(self) -> float:
        """Seconds that HiGHS has run in all its solves of this programme."""
        return float(self.highs.getRunTime())

    def run(self) -> Solution:
        """Solve from where the last solve ended; from nothing where that fails, since a basis that
        holds in the solver's scale may not hold once it is undone. An answer `infeasible` is
        believed only after a solve without presolve."""
        solution = self._run()
        if solution.status == "failed":
            self.forget()
            solution = self._run()
        if solution.status in ("infeasible", "failed"):
            self._set("presolve", "off")
            self.forget()
            solution = self._run()
            self._set("presolve", "choose")
        return solution

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

        told = (self.highs.cbSimplexInterrupt, self.highs.cbIpmInterrupt)
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
        before = {name: self.highs.getOptionValue(name)[1] for name in options}
        for name, value in options.items():
            self._set(name, value)
        try:
            return self._run_by("simplex")
        finally:
            for name, value in before.items():
                self._set(name, value)

    def _run_by(self, solver: str) -> Solution:
        before = self.run_time
        self._set("solver", solver)
        self.highs.run()
        seconds = self.run_time - before
        raw, info = self.highs.getSolution(), self.highs.getInfo()
        basic_row, basic_column = self._basic()
        return Solution(
            status=STATUSES.get(self.highs.getModelStatus(), "failed"),
            objective=float(info.objective_function_value),
            x=np.array(raw.col_value),
            reduced_cost=np.array(raw.col_dual),
            row_value=np.array(raw.row_value),
            dual=np.array(raw.row_dual),
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
        (complementary slackness)."""
        a = self.arrays
        held = np.flatnonzero(np.abs(solution.reduced_cost) > FACE_TOLERANCE).astype(np.int32)
        self.set_columns(held, solution.x[held], solution.x[held])
        priced = np.abs(solution.dual[: len(a.rows)]) > FACE_TOLERANCE
        tight = np.flatnonzero(priced).astype(np.int32)
        side = np.where(solution.dual[tight] > 0, a.row_lower[tight], a.row_upper[tight])
        side = np.where(np.isfinite(side), side, solution.row_value[tight])
        self.set_rows(tight, side, side)

    def clash(self) -> tuple[Name, ...]:
        """Rows of an irreducible infeasible set (HiGHS, strategy 6: from the LP, irreducible)."""
        return self.clash_and_bounds()[0]

    def clash_and_bounds(self) -> tuple[tuple[Name, ...], tuple[tuple[Name, bool], ...]]:
        """Rows of an irreducible infeasible set, and the bounds of columns in it: (column, whether
        it is the upper one)."""
        self._set("iis_strategy", 6)
        _, iis = self.highs.getIis()
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
        named = lp_names if path.suffix.lower() == ".lp" else plain_names
        for i, text in enumerate(named(self.arrays.columns)):
            self.highs.passColName(i, text)
        for i, text in enumerate(named(self.arrays.rows)):
            self.highs.passRowName(i, text)
        with self._constant_as_column():
            status = self.highs.writeModel(str(path))
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS could not write {path}")

    @contextmanager
    def _constant_as_column(self) -> Iterator[None]:
        offset, n = self.arrays.offset, len(self.arrays.columns)
        if not offset:
            yield
            return
        self.highs.changeObjectiveOffset(0.0)
        self.highs.addCol(offset, 1.0, 1.0, 0, np.array([], dtype=np.int32), np.array([]))
        self.highs.passColName(n, CONSTANT)
        yield
        self.highs.deleteCols(1, np.array([n], dtype=np.int32))
        self.highs.changeObjectiveOffset(offset)


def plain_name(name: Name) -> str:
    """A name without blanks, as MPS needs it: activity[mine_brine,2030]."""
    head, index = name
    return "_".join(f"{head}[{','.join(map(str, index))}]".split())


def plain_names(names: Sequence[Name]) -> list[str]:
    """Each by `plain_name`."""
    return [plain_name(name) for name in names]


def lp_names(names: Sequence[Name]) -> list[str]:
    """Names that the LP format can hold, where brackets, slashes and signs have a meaning:
    activity(mine_brine,2030).

    Where two would become the same, each carries its position.
    """
    plain = [
        re.sub(r"[^A-Za-z0-9_.,()]", "_", name.translate(str.maketrans("[]/", "().")))
        for name in plain_names(names)
    ]
    seen = Counter(plain)
    return [name if seen[name] == 1 else f"{name}#{i}" for i, name in enumerate(plain)]


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


def row_errors(arrays: Arrays, x: Array) -> Array:
    """Distance of each row from holding, shape (m,), as a share of the sum of its absolute terms
    (of 1 where that is less)."""
    value = arrays.matrix @ x
    size = np.maximum(abs(arrays.matrix) @ np.abs(x), 1.0)
    short = np.maximum(arrays.row_lower - value, value - arrays.row_upper)
    return np.asarray(np.maximum(short, 0.0) / size)


def column_errors(arrays: Arrays, x: Array) -> Array:
    """Distance of each column outside its bounds, shape (n,), relative to the largest value of its
    variable, or 1.

    Not to its own: a basic column near zero is the difference of the flows it balances and carries
    their rounding (2e-9 t beside flows of 2e6 t in a programme of a million columns), as the
    balance of a good does.
    """
    short = np.maximum(np.maximum(arrays.lower - x, x - arrays.upper), 0.0)
    counts = [
        sum(1 for _ in together) for _, together in groupby(arrays.columns, key=itemgetter(0))
    ]
    starts = np.cumsum([0, *counts[:-1]])
    largest = np.maximum.reduceat(np.abs(x), starts) if counts else np.zeros(0)
    return np.asarray(short / np.maximum(np.repeat(largest, counts), 1.0))


def by_name(names: Sequence[Name], values: Array) -> dict[str, dict[tuple[Hashable, ...], float]]:
    """Values as a mapping: variable or family to index to number."""
    found: dict[str, dict[tuple[Hashable, ...], float]] = {}
    for (head, index), value in zip(names, values.tolist(), strict=True):
        found.setdefault(head, {})[index] = value
    return found
