r"""Parts of a compiled programme: what a window of years decides by itself while the rest is held.

Security, foresight and hedging ask the same equations under other circumstances. None of them is
formulated again: a *part* takes rows and columns of the compiled arrays and holds all other columns
at given values; a *stack* (`planner.secure`, `planner.hedge`) sets several parts beside the whole.

Recourse is what can still be chosen when a loss strikes: activities, stockpiles and what follows
from them. Capacity and orders are not. The rows of nature and plant hold; targets, caps and
run-down limits are suspended. Each suspended row, and each row after the window, is priced at its
shadow price in the plan,

$$\tilde c_j = c_j - \sum_{i \notin rows} y_i A_{ij},$$

so that a target missed and ore or stock used up cost what they are worth in the plan. By duality
the plan itself is then an optimum of the part without a loss: the extra cost of a loss is never
negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from planner.errors import SpecError
from planner.lp.families import FORMULATION
from planner.lp.paid import paid
from planner.lp.variables import COLUMNS
from planner.mfa.demand_measures import BOUGHT
from planner.plan.plan import Plan, require_own_study
from planner.plan.solve import require_optimal
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Name, Program, Solution
from planner.solver.ties import break_ties
from planner.system.nouns import Array, System
from planner.system.trade import is_from

Mask = npt.NDArray[np.bool_]

RECOURSE = frozenset(column.name for column in COLUMNS if column.recourse)
"""Variables that can still be chosen when a loss strikes."""
HOLDING = frozenset(family.name for family in FORMULATION if family.holds_under_loss)
"""Families that hold in spite of a loss."""
TARGETS = frozenset(family.name for family in FORMULATION if family.target)
"""Families of rows that people set."""
NO_YEAR = -1


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss: processes that cannot run from year `first` to year `last`, both included."""

    name: str
    processes: tuple[str, ...]
    first: int
    last: int
    share: float = 0.0
    """Remainder, as a share of what the plan runs."""


@dataclass(frozen=True, eq=False)
class Base:
    """A plan as arrays: columns x (n,), and the shadow prices y (m,) and reduced costs d (n,) that
    belong to them."""

    made: Compiled
    x: Array
    dual: Array
    reduced_cost: Array

    @property
    def cost(self) -> float:
        """Present value of what the plan pays, USD."""
        return paid(self.made.system, self.made.arrays, self.x)[0]

    @property
    def penalty(self) -> float:
        """Present value of the plan's penalties, USD."""
        return self.made.arrays.parts(self.x)[1]


def base_of(subject: System | Plan | Compiled | Base) -> Base:
    """The plan to start from: that of a System, solved here, or a Plan that was solved before (also
    one with other builds)."""
    if isinstance(subject, Base):
        return subject
    if isinstance(subject, Plan):
        require_own_study(subject, "tried against losses")
        made = compiled(subject.system)
        arrays = made.arrays
        x = np.array([subject.values[name][index] for name, index in arrays.columns])
        reduced = np.array([subject.reduced_costs[name][index] for name, index in arrays.columns])
        return Base(made, x, subject.prices["present_value"].to_numpy(dtype=float), reduced)
    made = subject if isinstance(subject, Compiled) else compiled(subject)
    program = Program(made.arrays)
    first = program.run()
    require_optimal(program, first)
    final, _ = break_ties(program, first)
    return Base(made, final.x, first.dual, first.reduced_cost)


def row_years(arrays: Arrays) -> npt.NDArray[np.int64]:
    """Period of each row (its first year), shape (m,); NO_YEAR for a row of the whole horizon or
    one that was added by hand."""
    yearly = {family.name for family in FORMULATION if family.is_yearly}
    return np.array(
        [_year(name) if name[0] in yearly else NO_YEAR for name in arrays.rows], dtype=np.int64
    )


def column_years(arrays: Arrays) -> npt.NDArray[np.int64]:
    """Period of each column, that of the order for new capacity; shape (n,)."""
    return np.array([_year(name) for name in arrays.columns], dtype=np.int64)


def _year(name: Name) -> int:
    last = name[1][-1] if name[1] else None
    return last if isinstance(last, int) else NO_YEAR


def part(arrays: Arrays, columns: Mask, rows: Mask, held: Array) -> Arrays:
    """The programme of some columns (n,) and rows (m,), all other columns held at `held` (n,):
    moved to the right-hand side."""
    others = np.where(columns, 0.0, held)
    taken = arrays.matrix.tocsr()[np.flatnonzero(rows)]
    shift = taken @ others
    at = np.flatnonzero(columns)
    return Arrays(
        columns=tuple(arrays.columns[i] for i in at),
        rows=tuple(arrays.rows[i] for i in np.flatnonzero(rows)),
        cost=arrays.cost[at],
        offset=arrays.offset + float(arrays.cost @ others),
        carbon=arrays.carbon[at],
        matrix=taken.tocsc()[:, at],
        lower=arrays.lower[at],
        upper=arrays.upper[at],
        row_lower=arrays.row_lower[rows] - shift,
        row_upper=arrays.row_upper[rows] - shift,
    )


@dataclass(frozen=True, eq=False)
class Window:
    """The recourse part of a programme in some periods. `columns` and `rows` mark what it holds of
    the whole."""

    base: Base
    years: tuple[int, ...]
    columns: Mask
    rows: Mask
    arrays: Arrays
    penalty: Array
    """The part of the cost of the columns of the part that nobody pays: the penalty of a shortage,
    and what the plan's targets weigh while they are suspended, shape (n,)."""

    def closed(self, loss: Loss) -> tuple[npt.NDArray[np.int32], Array]:
        """Positions in the part of the activities that a loss closes, and the bound that it leaves
        them."""
        places, left = [], []
        at = self.arrays.column_at
        for name in loss.processes:
            for year in self.years:
                if loss.first <= year <= loss.last and ("activity", (name, year)) in at:
                    places.append(at["activity", (name, year)])
                    left.append(loss.share * self.own[places[-1]])
        return np.array(places, dtype=np.int32), np.array(left, dtype=float)

    @property
    def own(self) -> Array:
        """The plan's own values of the columns of the part."""
        return self.base.x[self.columns]


def recourse(base: Base, first: int, last: int) -> Window:
    """The recourse part of the periods from `first` to `last`: what is left to choose, under the
    rows that hold, suspended rows priced."""
    arrays = base.made.arrays
    years = tuple(p.first for p in base.made.system.periods if first <= p.first <= last)
    inside = np.isin(column_years(arrays), years)
    columns = inside & np.array([_chosen(name) for name in arrays.columns], dtype=bool)
    rows = np.isin(row_years(arrays), years) & np.array(
        [name in HOLDING for name, _ in arrays.rows], dtype=bool
    )
    cut = part(arrays, columns, rows, base.x)
    outside = np.where(rows, 0.0, base.dual)
    least = np.array([name in {"activity", "stockpile"} for name, _ in cut.columns], dtype=bool)
    forced = np.where(least & (cut.lower > 0), np.maximum(base.reduced_cost[columns], 0.0), 0.0)
    cost = cut.cost - np.asarray(arrays.matrix.T @ outside)[columns] - forced
    targets = np.array([name in TARGETS for name, _ in arrays.rows], dtype=bool)
    weighed = np.asarray(arrays.matrix.T @ np.where(targets, outside, 0.0))[columns]
    return Window(
        base,
        years,
        columns,
        rows,
        replace(cut, cost=cost, offset=0.0, lower=np.where(least, 0.0, cut.lower)),
        cut.penalty - weighed,
    )


def _chosen(name: Name) -> bool:
    """Return True for a column that can still be chosen: what is bought at home by a demand
    that answers is, although measures are not."""
    return name[0] in RECOURSE or (name[0] == "measure" and str(name[1][0]).endswith(BOUGHT))


def close(
    program: Program, window: Window, losses: tuple[Loss, ...], *, reopen: bool = False
) -> Solution:
    """Solve the part with these losses; its bounds are restored.

    `reopen`: a source that comes back may run again as planned at once; otherwise its group regrows
    by its ramp.
    """
    arrays = window.arrays
    for loss in losses:
        places, left = window.closed(loss)
        program.set_columns(places, np.zeros(len(places)), np.minimum(left, arrays.upper[places]))
    freed = _regrown(window, losses) if reopen else np.zeros(0, dtype=np.int32)
    program.set_rows(freed, np.full(len(freed), -np.inf), np.full(len(freed), np.inf))
    solution = program.run()
    program.set_rows(freed, arrays.row_lower[freed], arrays.row_upper[freed])
    every = np.arange(len(arrays.columns), dtype=np.int32)
    program.set_columns(every, arrays.lower, arrays.upper)
    require_optimal(program, solution)
    return solution


def _regrown(window: Window, losses: tuple[Loss, ...]) -> npt.NDArray[np.int32]:
    """Ramp rows of the groups of lost processes in the first period after a loss: from there on
    they are back where they were."""
    system = window.base.made.system
    found = set()
    for loss in losses:
        groups = {system.processes[name].ramp_group for name in loss.processes}
        after = min((t for t in window.years if t > loss.last), default=None)
        found |= {
            window.arrays.row_at["ramp", (group, after)]
            for group in groups
            if ("ramp", (group, after)) in window.arrays.row_at
        }
    return np.array(sorted(found), dtype=np.int32)


def sources(system: System) -> Mapping[str, tuple[str, ...]]:
    """Sources that can be lost by themselves: `origin/NAME` and `host/NAME`, each with the
    processes that draw on it.

    A process belongs to an origin when metal comes into the country by it: an import, also one
    that refines what other imports give, or metal won from ore of a stated origin; of a place of
    the study also all trade that leaves it, wherever it goes. With a host of the study the
    processes that put it out are lost too.
    """
    found: dict[str, list[str]] = {}
    for process in system.processes.values():
        origin = process.source if process.is_trade else process.origin
        if origin and is_from(process, origin):
            found.setdefault(f"origin/{origin}", []).append(process.name)
        if process.host:
            found.setdefault(f"host/{process.host}", []).append(process.name)
        for host in process.hosting:
            found.setdefault(f"host/{host}", []).append(process.name)
    return {name: tuple(found[name]) for name in sorted(found)}


def stages_of_places(system: System) -> Mapping[str, tuple[str, ...]]:
    """Stages of places that can be lost, `origin/NAME:STAGE`: what runs at a place at a stage, and
    imports that do there what their stage says."""
    found: dict[str, list[str]] = {}
    for process in system.processes.values():
        where = process.made_at
        if where and not process.is_trade:
            found.setdefault(f"origin/{where}:{process.stage}", []).append(process.name)
    return {name: tuple(found[name]) for name in sorted(found)}


def lost_by_name(system: System, name: str) -> tuple[str, tuple[str, ...]] | None:
    """Full name and processes of a source: `origin/Korea`, `origin/Korea:processing` or
    `host/zinc`, or an origin without its first word; None where nothing is called so."""
    known = {**sources(system), **stages_of_places(system)}
    full = next((each for each in (name, f"origin/{name}") if each in known), None)
    return None if full is None else (full, known[full])


def unlike_futures(systems: Iterable[System], year: int | None) -> Iterator[str]:
    """Reasons for which plans of systems cannot be set against one another, where they part in a
    year: they must differ in their data only."""
    known = list(systems)
    spans = {(s.order_periods, s.discount_rate, s.currency_year) for s in known}
    if len(spans) > 1:
        yield "the futures differ in years, discount rate or currency; only their data may differ"
    if known and year is not None and not any(p.first < year for s in known for p in s.periods):
        yield (
            f"they part in {year}, before the first year: there is nothing in common; give a later "
            "year"
        )


def start_periods(system: System, starts: tuple[int, ...] | None, subject: str) -> tuple[int, ...]:
    """Years in which a loss begins: those asked for, or all."""
    if starts is None:
        return tuple(p.first for p in system.periods)
    found: list[int] = []
    for year in starts:
        held = [p.first for p in system.periods if p.first <= year <= p.last]
        if not held:
            raise SpecError(
                subject,
                [
                    (
                        f"{year} is outside {system.years[0]} to {system.years[-1]}; give a year "
                        "of the study"
                    )
                ],
            )
        found += held
    return tuple(dict.fromkeys(found))
