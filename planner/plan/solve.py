"""Solve: build the programme, hand it to HiGHS, break ties, check every row outside the solver,
make the plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np

from planner.errors import InfeasibleError, SolverError
from planner.lp.arrays import plain_name
from planner.lp.formulation import FORMULATION
from planner.mfa.demand_measures import after_measures
from planner.plan.certificate import certify
from planner.plan.plan import EXTENDED, Certificate, Plan, Record, Replay
from planner.plan.prices import PriceEnds, price_table
from planner.plan.replay import notes as replay_notes
from planner.plan.replay import replay
from planner.plan.result_tables import result_tables
from planner.plan.tables import OWN_COST, Values, total_emissions
from planner.runtime.extras import planner_version
from planner.runtime.interrupts import Presses, counted
from planner.runtime.progress import Clock, Progress
from planner.solver.checks import column_errors, holds, row_errors, worst_rows
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Program, Solution, by_name, new_highs
from planner.solver.incumbent import best_known
from planner.solver.price_ends import price_ends
from planner.solver.scaling import range_warnings, ranges, recorded
from planner.solver.ties import BROKEN, NO_TIES, break_ties
from planner.solver.whole_numbers import in_words, settled
from planner.system.nouns import Array, System

SEARCH = 0.8
"""Share of a time limit for the optimum; the rest is kept for a plan that at least holds."""
AFTERWARDS = 20.0
"""Seconds for such a plan after Ctrl-C, or the same share of the time searched where that is
more."""
TIES_LEFT = (
    "stopped before ties were broken: no plan costs less, but others of the same cost may be the "
    "one chosen"
)
TIES_OPEN = (
    "ties could not be broken to the end ({}): another version of the solver may show another plan "
    "of the same cost"
)
WHOLE_LEFT = (
    "stopped before the whole numbers were settled: the best found, {}; prices are those with them "
    "fixed"
)
NOT_REPLAYED = "not replayed year by year: the time limit came first"
NO_OPTIMUM = MappingProxyType(
    {
        "interrupted": "the solver was stopped before the optimum; allow more time",
        "unbounded": (
            "the cost has no lower bound: a process earns more than it costs and nothing limits "
            "it; bound its activity"
        ),
    }
)
"""Why there is no optimum, and what to do, by the status of a solution."""


def solve(
    subject: Any, *, progress: Progress | None = None, time_limit: float | None = None
) -> Plan:
    """The least-cost plan of a System, or of a Pyomo model from `planner.build`.

    `progress` is called with the name of each stage; `time_limit` is in seconds of the solver.
    Where that ends the search, or Ctrl-C does, the plan is the best known, of status `interrupted`,
    with its gap. Ctrl-C again gives up (KeyboardInterrupt), as it does where no plan is known, and
    before and after the search. Integer variables that somebody added are settled first, within
    the same time; where that ends early, the plan is that of the best whole numbers found. A plan
    of a System with longer periods is replayed year by year for its certificate. Raises
    InfeasibleError with the clashing rows where no plan meets every target and limit, SolverError
    where the solver gives no answer that holds when checked, SpecError where what was added to a
    model cannot be worked.
    """
    made = compiled(subject, progress=progress, whole_numbers=True)
    if len(made.added.whole):
        return _whole(made, progress, time_limit)
    plan = _solved(made, progress, time_limit, counted())
    is_system = isinstance(subject, System)
    if not is_system or subject.orders_yearly or plan.record.status != "optimal":
        return plan
    return _replayed(plan, progress, time_limit)


def optimum(subject: Any, *, progress: Progress | None = None) -> Plan:
    """As `solve`, for what is built on the plan of least cost and on no other: Ctrl-C gives up."""
    return _solved(compiled(subject, progress=progress), progress, None, nullcontext(Presses()))


def _whole(made: Compiled, progress: Progress | None, time_limit: float | None) -> Plan:
    """The plan of a model with integer variables: settled first, by the larger share of the time,
    and then fixed."""
    clock, limit = Clock(progress), None if time_limit is None else SEARCH * time_limit
    with counted() as presses, clock.stage("whole numbers"):
        try:
            choice = settled(made, limit, presses.beyond(0))
        except SolverError as error:
            if presses.count:
                raise KeyboardInterrupt from error
            raise
    if presses.count > 1:
        raise KeyboardInterrupt
    seconds = clock.seconds["whole numbers"]
    left = None if time_limit is None else max(time_limit - seconds, (1 - SEARCH) * time_limit)
    chosen = replace(choice.made, seconds={**choice.made.seconds, **clock.seconds})
    plan = _solved(chosen, progress, left, counted())
    if choice.bound is None:
        return plan
    gap = _gap(plan.objective, choice.bound)
    return _interrupted(plan, gap, WHOLE_LEFT.format(_gap_in_words(gap)))


def _solved(
    made: Compiled,
    progress: Progress | None,
    time_limit: float | None,
    listening: AbstractContextManager[Presses],
) -> Plan:
    clock, program = Clock(progress), Program(made.arrays)
    clock.seconds.update(made.seconds)
    with listening as presses:
        found = _search(program, clock, presses, time_limit)
    if presses.count > 1:
        raise KeyboardInterrupt
    with clock.stage("tables"):
        try:
            plan = _plan_of(made, program, found, clock.seconds)
        except SolverError as error:
            if presses.count and found.first.status == "interrupted":
                raise KeyboardInterrupt from error
            raise
    return replace(_cut_short(plan) if presses.count else plan, solver_log="".join(found.log))


def _replayed(plan: Plan, progress: Progress | None, time_limit: float | None) -> Plan:
    """A plan with longer periods and the certificate of its replay, in what is left of the time."""
    clock, seconds = Clock(progress), plan.record.seconds
    searched = seconds.get("solve", 0.0) + seconds.get("ties", 0.0)
    left = None if time_limit is None else max(time_limit - searched, 0.0)

    def best(program: Program) -> Solution:
        program.within(left)
        return break_ties(program, optimal(program))[0]

    found: Replay | None = None
    said: tuple[str, ...] = (NOT_REPLAYED,)
    with clock.stage("replay"):
        try:
            found = replay(plan, best)
            said = replay_notes(found)
        except SolverError:
            if left is None:
                raise
    taken = {name: round(value, 4) for name, value in clock.seconds.items()}
    record = replace(plan.record, seconds={**seconds, **taken}, notes=(*plan.record.notes, *said))
    return replace(plan, record=record, certificate=replace(plan.certificate, replay=found))


@dataclass(frozen=True, slots=True)
class _Found:
    """The first solution; the last one, with a word on the ties broken, or where the first was
    stopped with a bound on the least cost."""

    first: Solution
    final: Solution
    ties: str
    bound: float
    log: Sequence[str]


def _search(program: Program, clock: Clock, presses: Presses, time_limit: float | None) -> _Found:
    """All that the solver does. Ctrl-C stops what runs: the search, then what goes on instead."""
    final, ties, bound = None, NO_TIES, -np.inf
    if time_limit is not None:
        program.within(SEARCH * time_limit)
    with clock.stage("solve"), program.logged() as log, program.stopped_when(presses.beyond(0)):
        first = program.run()
    if first.status == "interrupted":
        seconds = _salvage(first.seconds, time_limit, stopped=presses.count > 0)
        with clock.stage("salvage"), program.stopped_when(presses.beyond(presses.count)):
            final, bound = best_known(program, seconds)
    elif first.status == "optimal":
        program.within(None)
        with clock.stage("ties"), program.stopped_when(presses.beyond(0)):
            final, ties = break_ties(program, first)
    return _Found(first, final or first, ties, bound, log)


def _salvage(searched: float, time_limit: float | None, *, stopped: bool) -> float:
    """Seconds for a plan that at least holds: what is left of the time limit, and no more than
    `AFTERWARDS` once Ctrl-C was pressed."""
    if stopped:
        after = max(AFTERWARDS, searched * (1 - SEARCH) / SEARCH)
        return after if time_limit is None else min(after, max(time_limit - searched, 0.0))
    return (1 - SEARCH) * (time_limit or 0.0)


def _plan_of(made: Compiled, program: Program, found: _Found, seconds: Mapping[str, float]) -> Plan:
    if found.first.status == "interrupted":
        return unfinished(made, program, found.final, found.bound, seconds)
    require_optimal(program, found.first)
    ends = price_ends(made.arrays, found.first, found.final)
    plan = make_plan(made, found.first, found.final, ties=found.ties, seconds=seconds, ends=ends)
    return plan if found.ties == BROKEN else _noted(plan, TIES_OPEN.format(found.ties))


def _noted(plan: Plan, note: str) -> Plan:
    return replace(plan, record=replace(plan.record, notes=(*plan.record.notes, note)))


def unfinished(
    made: Compiled, program: Program, found: Solution, bound: float, seconds: Mapping[str, float]
) -> Plan:
    """The best plan known of a solve that was stopped, with the gap to the least that any plan
    could cost; never called optimal.

    It has no prices, which only an optimum has. Raises SolverError where no plan that holds was
    found.
    """
    arrays = made.arrays
    if found.status == "optimal":
        return make_plan(made, found, found, seconds=seconds)
    if found.status != "interrupted":
        require_optimal(program, found)
    if not holds(arrays, found.x):
        raise SolverError(
            "the solver was stopped before it found any plan that keeps every limit; allow more "
            "time"
        )
    cost = float(arrays.cost @ found.x) + arrays.offset
    gap = _gap(cost, bound)
    no_prices = np.full(len(found.dual), np.nan)
    unpriced = replace(found, dual=no_prices, reduced_cost=np.full(len(found.x), np.nan))
    plan = make_plan(made, unpriced, found, seconds=seconds)
    return _interrupted(
        plan,
        gap,
        f"stopped before the optimum: the best plan known, {_gap_in_words(gap)}; it has no prices",
    )


def _gap(objective: float, bound: float) -> float | None:
    """By how much an objective could be lower, as a share; None where nothing bounds it."""
    return max(objective - bound, 0.0) / max(abs(objective), 1.0) if np.isfinite(bound) else None


def _gap_in_words(gap: float | None) -> str:
    if gap is None:
        return "by how much its objective could be lower is not known"
    return f"its objective could be at most {gap:.2%} lower"


def _cut_short(plan: Plan) -> Plan:
    """A plan that Ctrl-C cut short: where it is of least cost, which of the plans of that cost it
    is hangs on the moment."""
    if plan.record.status != "optimal":
        return plan
    return _interrupted(plan, 0.0, TIES_LEFT)


def _interrupted(plan: Plan, gap: float | None, why: str) -> Plan:
    return replace(
        plan,
        record=replace(plan.record, status="interrupted", gap=gap, notes=(why, *plan.record.notes)),
    )


def optimal(program: Program) -> Solution:
    """Solve a programme as it stands now. Raises what `require_optimal` does where it has no
    optimum."""
    solution = program.run()
    require_optimal(program, solution)
    return solution


def optimal_if_any(program: Program) -> Solution | None:
    """Solve a programme as it stands now; None where it has no point at all, or no end. Raises
    SolverError where the solver has no answer, which is no proof of either."""
    solution = program.run()
    if solution.status in ("infeasible", "unbounded"):
        return None
    require_optimal(program, solution)
    return solution


def require_optimal(program: Program, solution: Solution) -> None:
    """Raise what a status other than optimal means."""
    if solution.status == "optimal":
        return
    if solution.status == "infeasible":
        raise InfeasibleError(
            "no plan meets every target and limit; these cannot hold together:",
            _clash_in_words(program),
        )
    if solution.status in NO_OPTIMUM:
        raise SolverError(NO_OPTIMUM[solution.status])
    wide = range_warnings(ranges(program.arrays)) or (
        "the ranges of the numbers are not the reason",
    )
    why = f"the solver failed: {solution.fault}" if solution.fault else "the solver failed"
    raise SolverError("; ".join((why, *program.arrays.left_out, *wide)))


def _clash_in_words(program: Program) -> list[str]:
    """Targets first, then the limits of nature and plant that they clash with."""
    rows = program.clash()
    target = {family.name for family in FORMULATION if family.target}
    ordered = sorted(rows, key=lambda row: (row[0] not in target, plain_name(row)))
    return [f"{'target' if row[0] in target else 'limit'} {plain_name(row)}" for row in ordered]


def make_plan(
    made: Compiled,
    priced: Solution,
    final: Solution,
    *,
    ties: str = NO_TIES,
    seconds: Mapping[str, float] | None = None,
    ends: PriceEnds | None = None,
) -> Plan:
    """The plan of a solution: prices from `priced` (the first solve), quantities from `final`;
    `seconds` by stage, those of the solver alone where None; `ends` of the prices where they are
    known. Raises SolverError if a check fails.

    What is published lies within its bounds; the rows are checked on just that, and how far the
    solver's own answer was outside.
    """
    system, arrays = made.system, made.arrays
    taken, start = seconds or {"solve": priced.seconds}, time.perf_counter()
    published = np.clip(final.x, arrays.lower, arrays.upper)
    values: Values = by_name(arrays.columns, published)
    if made.added.costs:
        values = {**values, OWN_COST: made.added.costs_of(published)}
    flow_balance = after_measures(made.balance, values)
    prices = price_table(system, arrays, priced, ends)
    tables, notes = result_tables(flow_balance, values, prices)
    objective = float(arrays.cost @ final.x) + arrays.offset
    certificate = certify(
        flow_balance,
        values,
        objective,
        float(tables["costs"]["present_value"].sum()),
        row_error=float(row_errors(arrays, published).max(initial=0.0)),
        column_error=float(column_errors(arrays, final.x).max(initial=0.0)),
    )
    _require_certified(certificate, arrays, published)
    stages = {**taken, "check": time.perf_counter() - start}
    written = _record(made, objective, total_emissions(system, tables["emissions"]))
    record = replace(
        written,
        notes=(*written.notes, *notes),
        iterations=priced.iterations,
        ties=ties,
        seconds={stage: round(value, 4) for stage, value in stages.items()},
    )
    reduced_costs = by_name(arrays.columns, priced.reduced_cost)
    return Plan(system, flow_balance, record, certificate, values, reduced_costs, tables)


def _require_certified(certificate: Certificate, arrays: Arrays, published: Array) -> None:
    """Raise SolverError where a check fails, with the rows that fail most."""
    if not certificate.holds:
        said = (
            f"the plan does not hold when checked outside the solver: {certificate}",
            worst_rows(arrays, published),
            *range_warnings(ranges(arrays)),
        )
        raise SolverError("; ".join(filter(None, said)))


def _record(made: Compiled, objective: float, emissions: Mapping[str, float]) -> Record:
    """The record of a plan, but for what hangs on the solve itself."""
    system, arrays = made.system, made.arrays
    spread = ranges(arrays)
    return Record(
        study=system.name,
        title=system.title,
        scenario=system.scenario,
        overrides=dict(system.overrides),
        status="optimal",
        objective=objective,
        currency=f"USD_{system.currency_year}",
        emissions=emissions,
        solver=f"HiGHS {new_highs().version()}",
        versions=_versions(),
        platform=platform.platform(),
        inputs_hash=system.inputs_hash,
        columns=len(arrays.columns),
        rows=len(arrays.rows),
        nonzeros=int(arrays.matrix.nnz),
        iterations=0,
        ties=NO_TIES,
        seconds={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=(*_added(made), *arrays.left_out, *range_warnings(spread)),
        warnings=tuple(map(str, system.warnings)),
        ranges=recorded(spread),
    )


def _added(made: Compiled) -> list[str]:
    """Notes on what somebody added to the model."""
    notes = [EXTENDED + ", ".join(made.added.words)] if made.added.words else []
    whole = in_words(made.arrays, made.added.whole)
    return [*notes, whole] if whole else notes


def _versions() -> dict[str, str]:
    return {
        "planner": planner_version(),
        "pyomo": version("pyomo"),
        "highspy": version("highspy"),
        "python": platform.python_version(),
    }


def write_programme(made: Compiled, path: Any) -> None:
    """Write the linear programme as MPS or LP (by the ending of the path), with readable names of
    columns and rows."""
    Program(made.arrays).write(path)


__all__ = [
    "break_ties",
    "make_plan",
    "optimal",
    "optimal_if_any",
    "optimum",
    "require_optimal",
    "solve",
    "write_programme",
]
