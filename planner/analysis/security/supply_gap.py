r"""The gap: which metal falls short first when imports stop growing, and what would close it.

Imports of each metal from each origin are held, from a year on, to what the plan takes in that
year, growing by a share a year (0: not at all):

$$\sum_{p \in o} \epsilon_{m,p,t}\, a_{p,t}
    \le (1+\gamma)^{t-t_0} \sum_{p \in o} \epsilon_{m,p,t_0}\, a^*_{p,t_0}$$   [t / yr]

in refined equivalents, in every form (ore, refined metal, finished goods, scrap); contained metal
where the study states no equivalent. What passes through an origin on its way counts for it too
(ore of one origin refined in another). The whole plan is then made anew, with all it can build at
home. What stays unserved is the gap. Each lever is then pulled by itself, as a change of bounds on
the same living programme: how much of the gap it closes is its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.analysis.security.recourse import Base, base_of, start_periods
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.solve import optimal
from planner.runtime.display import shown
from planner.runtime.progress import Progress, Step, told
from planner.solver.compiled import Compiled
from planner.solver.highs import Arrays, Program
from planner.system.byproducts import laid_down
from planner.system.nouns import HOME, Array, System
from planner.system.trade import import_terms, origins
from planner.system.unit_accounts import reported_equivalent, reported_requirement

SHORT = 1e-6
"""Unmet demand below this share of the requirement counts as served."""
TWICE = 2.0
"""Factor of the lever on hosts."""
GAPS = ["metal", "first", "last", "unmet", "share", "largest"]
LIFTED = MappingProxyType(
    {
        "plants at home without limits of building and size": ("build_rate", "capacity_limit"),
        "all waste collected": ("collection",),
        "quotas lifted": ("quota",),
    }
)
"""Levers that take the ceiling off families of rows."""
Lever = tuple[str, Callable[[Program], None]]
"""A lever by name, with the change it makes."""


@dataclass(frozen=True, eq=False)
class Gap:
    """`gaps`: metal, first and last year short, unmet (t over all years, refined equivalents),
    share (of all its requirement), largest (share in the worst year); the metal short first comes
    first. `levers`: metal, lever, unmet (t left), closed (share of its gap)."""

    gaps: pd.DataFrame
    levers: pd.DataFrame
    frozen: int
    """First year in which imports are held."""

    def _repr_html_(self) -> str:
        """The metal that falls short first in words, then gaps and levers, for a notebook."""
        said = "Nothing falls short."
        if len(self.gaps):
            said = (
                f"{self.gaps['metal'].iloc[0]} falls short first, in {self.gaps['first'].iloc[0]}."
            )
        return shown(
            f"Imports held to those of {self.frozen}",
            [said],
            self.gaps,
            self.levers[self.levers["closed"] > 0],
            more=".levers",
        )


def gap(
    subject: System | Plan | Compiled | Base,
    *,
    year: int | None = None,
    growth: float = 0.0,
    progress: Progress | None = None,
) -> Gap:
    """Hold imports to what the plan takes in `year` (its first where None), growing by `growth` a
    year: which metals fall short, and what helps.

    Raises SpecError for a year outside the study or a growth of -1 or less, InfeasibleError where
    no plan is left.
    """
    if not growth > -1:
        raise SpecError("gap", [f"growth is {growth}; give a share a year above -1"])
    base = base_of(subject)
    system, arrays = base.made.system, base.made.arrays
    (frozen,) = start_periods(system, (year if year is not None else system.years[0],), "gap")
    program = Program(arrays)
    held = _hold_imports(program, base, frozen, growth)
    counts = {metal: _unmet_terms(system, arrays, metal) for metal in system.metals}
    before = _unmet(program, counts)
    gaps = _gap_table(system, before)
    length = np.array([p.length for p in system.periods], dtype=float)
    had = {metal: float(length @ before[metal]) for metal in gaps["metal"]}
    pulls = _levers(system, arrays, held) if had else ()
    closed = [
        (metal, lever, float(length @ after[metal]), had[metal])
        for lever, after in _pulled(program, held, pulls, counts, progress)
        for metal in had
    ]
    return Gap(gaps, _lever_table(closed), frozen)


def _gap_table(system: System, unmet: Mapping[str, Array]) -> pd.DataFrame:
    """The metals that fall short, the soonest first."""
    rows = [_row(system, metal, unmet[metal]) for metal in system.metals]
    return pd.DataFrame(filter(None, rows), columns=GAPS).sort_values(
        ["first", "share", "metal"], ascending=[True, False, True], ignore_index=True
    )


def _lever_table(closed: Iterable[tuple[str, str, float, float]]) -> pd.DataFrame:
    """By metal and lever what is left unmet and the share of the gap that is closed."""
    table = pd.DataFrame(closed, columns=["metal", "lever", "unmet", "had"])
    share = 1 - table["unmet"] / table["had"]
    table = table.drop(columns="had").assign(closed=share.where(share.abs() > SHORT, 0.0))
    return table.sort_values(
        ["metal", "closed", "lever"], ascending=[True, False, True], ignore_index=True
    )


def _pulled(
    program: Program,
    held: Sequence[_Held],
    levers: Iterable[Lever],
    counts: Mapping[str, Array],
    progress: Progress | None,
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Each lever pulled by itself, with what is unmet then of each metal."""
    pulls = tuple(levers)
    for number, (lever, pull) in enumerate(pulls):
        told(progress, Step(lever, number, len(pulls)))
        pull(program)
        yield lever, _unmet(program, counts)
        _restore(program, held)


@dataclass(frozen=True, slots=True)
class _Held:
    """A row that holds the imports of a metal from an origin in a period."""

    row: int
    origin: str
    ceiling: float


def _hold_imports(program: Program, base: Base, frozen: int, growth: float) -> list[_Held]:
    system, column_at = base.made.system, base.made.arrays.column_at
    years = [p.first for p in system.periods if p.first >= frozen]
    found: list[_Held] = []
    for origin, metal in _import_pairs(system):
        terms = _yearly_imports(system, origin, metal)
        level = sum(
            float(worth[frozen] * base.x[column_at["activity", (name, frozen)]])
            for name, worth in terms.items()
        )
        for year in years:
            row = np.zeros(len(column_at))
            for name, worth in terms.items():
                row[column_at["activity", (name, year)]] = worth[year]
            ceiling = level * (1 + growth) ** (year - frozen)
            found.append(_Held(program.add_row(row, -np.inf, ceiling), origin, ceiling))
    return found


def _import_pairs(system: System) -> list[tuple[str, str]]:
    """Origins with a metal that passes through them, by name."""
    pairs = [(origin, metal) for metal in system.metals for origin in origins(system, metal)]
    return sorted(pairs)


def _yearly_imports(system: System, origin: str, metal: str) -> dict[str, dict[int, float]]:
    """Refined equivalents of a metal per unit of each import from an origin, by year."""
    years = [period.first for period in system.periods]
    terms = import_terms(system, metal, origin=origin)
    return {name: dict(zip(years, worth.tolist(), strict=True)) for name, worth in terms.items()}


def _unmet_terms(system: System, arrays: Arrays, metal: str) -> Array:
    """t of unmet demand per unit of each column by period, shape (T, n)."""
    terms = np.zeros((len(system.periods), len(arrays.columns)))
    for good in system.goods.values():
        if good.demand is not None and good.place == HOME and metal in good.content:
            for i, period in enumerate(system.periods):
                place = arrays.column_at.get(("shortage", (good.name, period.first)))
                if place is not None:
                    terms[i, place] = reported_equivalent(good, metal)
    return terms


def _unmet(program: Program, counts: Mapping[str, Array]) -> dict[str, Array]:
    x = optimal(program).x
    return {metal: np.maximum(terms @ x, 0.0) for metal, terms in counts.items()}


def _row(system: System, metal: str, unmet: Array) -> tuple[Any, ...] | None:
    need = reported_requirement(system, metal)
    short = np.flatnonzero(unmet > SHORT * np.maximum(need, 1e-300))
    if not len(short):
        return None
    length = np.array([p.length for p in system.periods], dtype=float)
    share = np.divide(unmet, need, out=np.zeros_like(need), where=need > 0)
    return (
        metal,
        system.periods[short[0]].first,
        system.periods[short[-1]].last,
        float(length @ unmet),
        float(length @ unmet / (length @ need)),
        float(share.max()),
    )


def _levers(system: System, arrays: Arrays, held: Sequence[_Held]) -> Iterator[Lever]:
    """Each lever that moves anything, with the change it makes."""
    for name, families in LIFTED.items():
        yield from _freed(name, np.concatenate([arrays.rows_of(family) for family in families]))
    yield from _freed("home output without limits of growth", _ramps_at_home(system, arrays))
    yield from _more_ore(system, arrays)
    yield from _more_of_hosts(system, arrays)
    yield from _larger_stockpiles(arrays)
    for origin in sorted({h.origin for h in held}):
        yield from _freed(f"{origin} free to grow", [h.row for h in held if h.origin == origin])


def _ramps_at_home(system: System, arrays: Arrays) -> list[int]:
    abroad = {p.ramp_group for p in system.processes.values() if not p.at_home}
    return [i for i in arrays.rows_of("ramp") if arrays.rows[i][1][0] not in abroad]


def _freed(name: str, rows: npt.ArrayLike) -> Iterator[Lever]:
    """Take the ceiling off rows of the form <=."""
    at = np.array(rows, dtype=np.int32)
    none = np.full(len(at), np.inf)
    if len(at):
        yield name, lambda program: program.set_rows(at, -none, none)


def _more_ore(system: System, arrays: Arrays) -> Iterator[Lever]:
    """Each deposit with its reserve once more, from the first period on."""
    if not len(arrays.rows_of("depletion")):
        return
    rows = {name: ("depletion", (name, system.periods[0].first)) for name in system.deposits}
    mined = [name for name, row in rows.items() if row in arrays.row_at]
    ore = np.array([arrays.row_at[rows[name]] for name in mined], dtype=np.int32)
    more = np.array([system.deposits[name].reserve for name in mined])
    lower, upper = arrays.row_lower[ore] + more, arrays.row_upper[ore] + more
    yield "reserves doubled", lambda program: program.set_rows(ore, lower, upper)


def _more_of_hosts(system: System, arrays: Arrays) -> Iterator[Lever]:
    """The output of every host doubled, with what it would lay down as residue."""
    hosts = np.concatenate([arrays.rows_of(each) for each in ("host_limit", "circuit_limit")])
    ground = arrays.rows_of("depletion") if any(system.hosts) else hosts[:0]
    more = np.array([_laid_down(system, *arrays.rows[i][1]) for i in ground], dtype=float)
    rows = np.concatenate([hosts, ground])
    lower = np.concatenate([arrays.row_lower[hosts], arrays.row_lower[ground] + more])
    upper = np.concatenate([TWICE * arrays.row_upper[hosts], arrays.row_upper[ground] + more])
    if len(hosts):
        yield "host output doubled", lambda program: program.set_rows(rows, lower, upper)


def _laid_down(system: System, deposit: Hashable, year: Hashable) -> float:
    filled = laid_down(system, system.deposits[str(deposit)])
    return float(filled[system.years.index(int(str(year)))])


def _larger_stockpiles(arrays: Arrays) -> Iterator[Lever]:
    piles = arrays.columns_of("stockpile")
    lower, upper = arrays.lower[piles], np.full(len(piles), np.inf)
    if len(piles):
        yield "stockpiles without limit", lambda program: program.set_columns(piles, lower, upper)


def _restore(program: Program, held: Sequence[_Held]) -> None:
    program.restore()
    rows = np.array([h.row for h in held], dtype=np.int32)
    program.set_rows(rows, np.full(len(rows), -np.inf), np.array([h.ceiling for h in held]))
