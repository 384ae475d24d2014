r"""Foresight: the value of seeing ahead, and of builds made for one future in another.

`rolling` plans as those do who see only `window` years: in each window the compiled equations of
its years are solved with all that was decided before held fast (ore left, cohorts of plants, plants
under construction, stockpiles, sites), and the first `step` years of the answer are kept. Nothing
behind the window exists: plants are charged for the years of life within it, as the whole plan
charges them for those within the horizon, and stockpiles end no lower than they must at the
horizon's end (or than they began). Every sum is discounted to the first year of the study, and the
cost of what came about is counted on the true programme: what it exceeds the plan of perfect
foresight by is the regret of myopia.

`evaluate` keeps the orders of a plan and lets everything else be chosen anew under another
scenario; `regret` does so for each pair.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.analysis.security.disruption import losses_of
from planner.analysis.security.recourse import (
    NO_YEAR,
    Base,
    Loss,
    Mask,
    base_of,
    column_years,
    part,
    recourse,
    row_years,
    start_periods,
    unlike_futures,
)
from planner.errors import InfeasibleError, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import make_plan, optimal, optimal_if_any, require_optimal
from planner.runtime.progress import Progress, Step, told
from planner.solver.checks import ROW_TOLERANCE, row_errors
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Program, Solution
from planner.solver.price_ends import price_ends
from planner.solver.ties import break_ties
from planner.system.nouns import Array, System
from planner.system.orders import order_charge
from planner.system.unit_accounts import RUN_DOWN

WINDOW = 10
"""Years seen ahead unless said otherwise."""
STEP = 1
REGRETS = ["builds", "scenario", "cost", "penalty", "best", "best_penalty", "regret"]
ROOMS = (1e-7, 1e-5, 1e-3)
"""Room for rounding above a least breach, t/year and as a share of it: the first that lets the
window be solved."""
NEAR = 1e-6
"""Bound on how far clearing a plan of rounding moves a column, as a share of it or of 1 t."""
FINE = 1e-10
"""Primal tolerance of a window, the least HiGHS takes: decisions of one are held in the next."""


@dataclass(frozen=True, eq=False)
class Foresight:
    """The plan that came about without foresight, beside the one that sees all. Costs, which hold
    no penalty, and penalties in USD, present value.

    `windows`: first, last (years seen), kept (last year decided), cost and penalty (present value
    that falls in the years kept).
    """

    plan: Plan
    perfect_cost: float
    perfect_penalty: float
    windows: pd.DataFrame

    @property
    def regret(self) -> float:
        """By how much seeing no further makes the objective worse, USD present value: what it costs
        and what it adds in penalties. Never below zero, though either part may be."""
        return self.extra_cost + self.extra_penalty

    @property
    def extra_cost(self) -> float:
        """What seeing no further costs, USD present value."""
        return self.plan.cost - self.perfect_cost

    @property
    def extra_penalty(self) -> float:
        """What seeing no further adds in penalties, USD present value."""
        return self.plan.penalty - self.perfect_penalty


def rolling(
    subject: System | Compiled | Base,
    *,
    window: int = WINDOW,
    step: int = STEP,
    progress: Progress | None = None,
) -> Foresight:
    """Plan with `window` years in sight and keep the first `step` of each answer; window 1, step 1
    is a myopic planner.

    Raises SpecError where the step is longer than the window, InfeasibleError where what was
    decided leaves no way on.
    """
    if not 1 <= step <= window:
        raise SpecError(
            "foresight",
            [f"step {step} and window {window} do not fit; give 1 <= step <= window, in years"],
        )
    base = base_of(subject)
    march, windows = _March(base.made), _windows(base.made.system, window, step)
    for number, (first, seen, kept) in enumerate(windows):
        told(progress, Step(f"{first} to {seen[-1]}", number, len(windows)))
        march.decide(first, seen, kept)
    seen_words = (
        f"planned with {window} years in sight, {step} kept at a time; prices are those of the "
        "window that decided"
    )
    return Foresight(
        march.plan(seen_words),
        base.cost,
        base.penalty,
        pd.DataFrame(march.listed, columns=["first", "last", "kept", "cost", "penalty"]),
    )


class _March:
    """Decisions so far, window by window. Lives within a call of `rolling`."""

    def __init__(self, made: Compiled) -> None:
        arrays = made.arrays
        self.made, self.arrays = made, arrays
        self.columns, self.rows = column_years(arrays), row_years(arrays)
        self.x, self.reduced = np.zeros((2, len(arrays.columns)))
        self.dual = np.zeros(len(arrays.rows))
        self.early = np.array(
            [name == "breach" and index[0] == RUN_DOWN for name, index in arrays.columns],
            dtype=bool,
        )
        self.forced = np.array([name == "activity" for name, _ in arrays.columns], dtype=bool)
        self.listed: list[tuple[int, int, int, float, float]] = []
        self.iterations, self.seconds = 0, 0.0

    def decide(self, first: int, seen: tuple[int, ...], kept: tuple[int, ...]) -> None:
        """Solve the window of the periods seen on what was decided before, and keep the answer of
        those to be kept."""
        made, arrays = self.made, self.arrays
        inside, standing = np.isin(self.columns, seen), np.isin(self.rows, (*seen, NO_YEAR))
        sight = replace(
            arrays, cost=_window_cost(made, seen[-1]), lower=_window_lower(made, seen[-1])
        )
        cut = part(sight, inside, standing, self.x)
        solution, duals = _decide(cut, first)
        decided, own = np.isin(self.columns, kept), np.flatnonzero(inside)
        keep = decided[own]
        now = np.clip(
            solution.x,
            np.where(self.forced[own], 0.0, cut.lower),
            cut.upper,
        )
        self.x[own[keep]], self.reduced[own[keep]] = now[keep], duals.reduced_cost[keep]
        at = np.flatnonzero(standing)
        settled = np.isin(self.rows[at], (*kept, NO_YEAR))
        self.dual[at[settled]] = duals.dual[: len(at)][settled]
        ends = [
            max(p.last for p in made.system.periods if p.first in years) for years in (seen, kept)
        ]
        cost, penalty = arrays.parts(np.where(decided, self.x, 0.0))
        self.listed.append((first, ends[0], ends[1], cost - arrays.offset, penalty))
        self.iterations += duals.iterations
        self.seconds += duals.seconds

    def plan(self, note: str) -> Plan:
        """The plan of all that was decided, on the programme with those limits open that nobody saw
        coming."""
        arrays, forced = self.arrays, self.forced
        opened = replace(
            arrays,
            lower=np.where(forced, np.minimum(self.x, arrays.lower), arrays.lower),
        )
        x = _exact(opened, self.x)
        final = Solution(
            status="optimal",
            objective=float(arrays.cost @ x) + arrays.offset,
            x=x,
            reduced_cost=self.reduced,
            row_value=arrays.matrix @ x,
            dual=self.dual,
            basic_row=np.zeros(len(self.dual), dtype=bool),
            basic_column=np.zeros(len(x), dtype=bool),
            iterations=self.iterations,
            seconds=self.seconds,
        )
        plan = make_plan(
            replace(self.made, arrays=opened),
            final,
            final,
            ties="within each window",
            seconds={"solve": self.seconds},
        )
        notes = (*plan.record.notes, note, *self._fallen_short(x))
        return replace(plan, record=replace(plan.record, status="rolling horizon", notes=notes))

    def _fallen_short(self, x: Array) -> Iterator[str]:
        """A note where limits gave way that nobody saw coming."""
        short = np.maximum(self.arrays.lower - x, 0.0)[self.forced].sum() + x[self.early].sum()
        if short > ROOMS[-1]:
            yield (
                "what nobody saw coming made activities fall below their run-down and must-run "
                f"limits, by {float(short):.4g} t/year in all"
            )


def _windows(
    system: System, window: int, step: int
) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """(first year, periods seen, periods decided) of each window, periods by first year; the last
    window decides all it sees."""
    found = []
    years = [p.first for p in system.periods]
    while years:
        first = years[0]
        seen = tuple(t for t in years if t < first + window)
        is_last = len(seen) == len(years)
        kept = seen if is_last else tuple(t for t in seen if t < first + step)
        found.append((first, seen, kept))
        years = years[len(kept) :]
    return found


def _window_cost(made: Compiled, last: int) -> Array:
    """The cost of each column as seen in a window that ends with the period `last`: orders pay for
    their years within it, shape (n,)."""
    system, arrays = made.system, made.arrays
    cost = arrays.cost.copy()
    seen = [p.first <= last for p in system.periods]
    if all(seen):
        return cost
    position = {p.first: i for i, p in enumerate(system.order_periods)}
    orders = arrays.columns_of("new_capacity")
    plants = dict.fromkeys(str(arrays.columns[i][1][0]) for i in orders)
    charges = {plant: order_charge(system, system.plants[plant]) for plant in plants}
    for i in orders:
        plant, ordered = arrays.columns[i][1]
        cost[i] = charges[str(plant)][position[ordered]][seen].sum()
    return cost


def _window_lower(made: Compiled, last: int) -> Array:
    """Lower bounds as seen in a window: it leaves stockpiles as the horizon must, so that none is
    spent for want of a future; (n,)."""
    lower = made.arrays.lower.copy()
    for good in made.system.goods.values():
        place = made.arrays.column_at.get(("stockpile", (good.name, last)))
        if good.stockpile is not None and place is not None:
            lower[place] = max(lower[place], min(good.stockpile.opening, good.stockpile.closing))
    return lower


def _decide(cut: Arrays, first: int) -> tuple[Solution, Solution]:
    """The solution of a window with ties broken, and that with its shadow prices.

    Where ore that nobody foresaw to run out, or a plant that nobody replaced in time, leaves no
    plan, activities may fall below their must-run level: by the least that is needed, and never
    otherwise.
    """
    program = Program(_without_phantoms(cut), tolerance=FINE)
    solution = program.run()
    closed = program.arrays
    for room in ROOMS:
        if solution.status == "infeasible":
            program = Program(_below_must_run(closed, room), tolerance=FINE)
            solution = program.run()
    try:
        require_optimal(program, solution)
    except InfeasibleError as error:
        raise InfeasibleError(
            f"what was decided before {first} leaves no way on; these cannot hold together:",
            error.clashes,
        ) from error
    final, _ = break_ties(program, solution)
    return final, solution


def _exact(arrays: Arrays, x: Array) -> Array:
    """Clear decisions of the rounding that windows left: the nearest answer that holds to the
    solver's own tolerance, (n,)."""
    if row_errors(arrays, x).max(initial=0.0) <= ROW_TOLERANCE:
        return x
    room = NEAR * np.maximum(np.abs(x), 1.0)
    solution = Program(
        replace(
            arrays,
            lower=np.maximum(arrays.lower, x - room),
            upper=np.minimum(arrays.upper, x + room),
        )
    ).run()
    return np.clip(solution.x, arrays.lower, arrays.upper) if solution.status == "optimal" else x


def _below_must_run(cut: Arrays, room: float) -> Arrays:
    """The window with must-run levels open as far as they must be; unchanged where that does not
    help."""
    activities = cut.columns_of("activity")
    forced = activities[cut.lower[activities] > 0]
    program, cost = Program(cut), np.zeros(len(cut.columns))
    cost[forced] = -1.0
    program.set_cost(cost)
    program.set_columns(forced, np.zeros(len(forced)), cut.lower[forced])
    least = optimal_if_any(program)
    if least is None:
        return cut
    lower = cut.lower.copy()
    lower[forced] = np.where(
        least.x[forced] < lower[forced],
        np.maximum(least.x[forced] * (1 - room) - room, 0.0),
        lower[forced],
    )
    return replace(cut, lower=lower)


def _without_phantoms(cut: Arrays) -> Arrays:
    """Orders that start after the window serve nothing in it: they are not placed."""
    orders = cut.columns_of("new_capacity")
    standing = cut.matrix[:, orders].tocsr()[cut.rows_of("capacity_balance")].indices
    upper = cut.upper.copy()
    upper[np.delete(orders, np.unique(standing))] = 0.0
    return replace(cut, upper=upper)


def evaluate(plan: Plan, system: System | Compiled, *, until: int | None = None) -> Plan:
    """The best plan of another system with the orders of `plan` kept (those placed before `until`
    only, where it is given).

    Raises SpecError where the two differ in more than their data, InfeasibleError where these
    orders leave no plan, or cannot be placed under the other system.
    """
    made = system if isinstance(system, Compiled) else compiled(system)
    if problems := list(unlike_futures([plan.system, made.system], until)):
        raise SpecError("evaluate", problems)
    orders = plan.values.get("new_capacity", {})
    _require_places(made, orders, until)
    program = Program(_ordered(made.arrays, orders, until))
    try:
        return _best(made, program)
    except InfeasibleError as error:
        raise InfeasibleError(
            f"the orders of the plan leave no plan under '{made.system.scenario}':", error.clashes
        ) from error


def _require_places(
    made: Compiled, orders: Mapping[tuple[Hashable, ...], float], until: int | None
) -> None:
    """Raise InfeasibleError for orders that the programme has no place for: they would be lost."""
    lost = [
        f"order of {size:g} of '{index[0]}' in {index[1]}, which cannot be placed"
        for index, size in orders.items()
        if size > NEAR * max(orders.values())
        and (until is None or int(str(index[1])) < until)
        and ("new_capacity", index) not in made.arrays.column_at
    ]
    if lost:
        raise InfeasibleError(
            f"the orders of the plan leave no plan under '{made.system.scenario}':", lost
        )


def _ordered(
    arrays: Arrays, orders: Mapping[tuple[Hashable, ...], float], until: int | None
) -> Arrays:
    """A programme in which these orders are placed and no others, those before a year where one is
    given."""
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    for i in arrays.columns_of("new_capacity"):
        index = arrays.columns[i][1]
        if until is None or index[1] < until:
            lower[i] = upper[i] = max(orders.get(index, 0.0), 0.0)
    return replace(arrays, lower=lower, upper=upper)


def _best(made: Compiled, program: Program) -> Plan:
    """The plan of least cost of a programme."""
    solution = optimal(program)
    final, ties = break_ties(program, solution)
    ends = price_ends(program.arrays, solution, final)
    return make_plan(made, solution, final, ties=ties, ends=ends)


def regret(
    systems: Mapping[str, System], *, until: int | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """The orders of each scenario's own plan under each scenario: builds, scenario, cost and
    penalty, best and best_penalty (those of its own plan), regret (USD, present value).

    Costs hold no penalty; `regret` is by how much the objective, both together, is worse. It is
    missing with cost and penalty where the orders leave no plan. `worst` is the largest regret of
    the builds over all scenarios. Raises SpecError for fewer than two systems, and for such as
    differ in more than their data.
    """
    problems = list(unlike_futures(systems.values(), until))
    if len(systems) < 2:
        problems.append("regret compares scenarios; name two or more")
    if problems:
        raise SpecError("regret", problems)
    made = {name: compiled(system) for name, system in systems.items()}
    plans = _own_plans(made, progress)
    pairs = [(builds, name) for builds in plans for name in made]
    rows = []
    for number, (builds, name) in enumerate(pairs):
        told(progress, Step(f"builds of {builds} under {name}", number, len(pairs)))
        best = plans[name]
        parts = best.cost, best.penalty
        found = parts if builds == name else _money_under(plans[builds], made[name], until)
        rows.append((builds, name, *found, *parts, sum(found) - sum(parts)))
    frame = pd.DataFrame(rows, columns=REGRETS)
    worst = frame.groupby("builds")["regret"].transform(lambda r: r.max(skipna=False))
    return frame.assign(worst=worst)


def _own_plans(made: Mapping[str, Compiled], progress: Progress | None) -> dict[str, Plan]:
    """The plan of each scenario by itself."""
    plans = {}
    for name, programme in made.items():
        told(progress, f"plan of {name}")
        plans[name] = _best(programme, Program(programme.arrays))
    return plans


def _money_under(plan: Plan, made: Compiled, until: int | None) -> tuple[float, float]:
    """Cost and penalties of the best plan that keeps the orders of another, NaN where there is
    none."""
    try:
        found = evaluate(plan, made, until=until)
    except InfeasibleError:
        return np.nan, np.nan
    return found.cost, found.penalty


def value_of_foresight(
    subject: System | Plan | Compiled | Base,
    losses: tuple[str, ...],
    *,
    start: int,
    years: int = 3,
    share: float = 0.0,
) -> pd.DataFrame:
    """Value of knowing of a loss beforehand: loss, first, unforeseen, foreseen, value (USD, present
    value), one row for each source.

    Both are what the loss adds to the plan's objective, cost and penalties together, to the end of
    the horizon, targets suspended and priced while it lasts. Unforeseen: everything before it and
    every order stand as planned. Foreseen: all may be chosen anew.
    """
    base = base_of(subject)
    arrays, system = base.made.arrays, base.made.system
    (first,) = start_periods(system, (start,), "foresight")
    rows = []
    for name in losses:
        (loss,) = losses_of(system, [name], first, years, share)
        costs = [
            _struck(base, loss, held)
            for held in (_settled(base, loss), np.zeros(len(arrays.columns), dtype=bool))
        ]
        rows.append((name, first, costs[0], costs[1], costs[0] - costs[1]))
    return pd.DataFrame(rows, columns=["loss", "first", "unforeseen", "foreseen", "value"])


def _settled(base: Base, loss: Loss) -> Mask:
    """Columns that stand when the loss strikes: all before it, and every order and capacity; shape
    (n,)."""
    arrays = base.made.arrays
    return np.asarray(
        (column_years(arrays) < loss.first)
        | np.array([name in {"new_capacity", "capacity"} for name, _ in arrays.columns])
    )


def _struck(base: Base, loss: Loss, held: Mask) -> float:
    """What a loss adds to the objective of the whole programme with some columns held at the plan,
    USD."""
    arrays = base.made.arrays
    window = recourse(base, loss.first, loss.last)
    struck = np.isin(row_years(arrays), window.years) & ~window.rows
    kept = np.array(
        [name in {"capacity_balance", "build_rate", "capacity_limit"} for name, _ in arrays.rows],
        dtype=bool,
    )
    dropped = struck & ~kept
    # a row whose columns are all held says nothing any more, and could only fail by rounding
    settled = ~np.asarray((abs(arrays.matrix) @ (~held).astype(float)) > 0)
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    own = np.flatnonzero(window.columns)
    lower[own] = window.arrays.lower
    places, left = window.closed(loss)
    upper[own[places]] = np.minimum(left, upper[own[places]])
    lower[held], upper[held] = base.x[held], base.x[held]
    freed = np.where(lower < arrays.lower, np.maximum(base.reduced_cost, 0.0), 0.0)
    cost = arrays.cost - np.asarray(arrays.matrix.T @ np.where(dropped, base.dual, 0.0)) - freed
    program = Program(
        replace(
            arrays,
            cost=cost,
            offset=-float(cost @ base.x),
            lower=lower,
            upper=upper,
            row_lower=np.where(dropped | settled, -np.inf, arrays.row_lower),
            row_upper=np.where(dropped | settled, np.inf, arrays.row_upper),
        )
    )
    return optimal(program).objective
