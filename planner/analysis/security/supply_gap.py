r"""The gap: which metal falls short first when imports stop growing, and what would close it.

Imports of each metal from each origin are held, from a year on, to what the plan takes in that
year, growing by a share a year (0: not at all):

$$\sum_{p \in o} \epsilon_{m,p,t}\, a_{p,t} \le (1+\gamma)^{t-t_0} \sum_{p \in o} \epsilon_{m,p,t_0}\, a^*_{p,t_0}$$   [t / yr]

in refined equivalents. The whole plan is then made anew, with all it can build at home. What stays
unserved is the gap. Each lever is then pulled by itself, as a change of bounds on the same living
programme: how much of the gap it closes is its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.security.recourse import Base, base_of, start_periods
from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.solve import require_optimal
from planner.runtime.display import shown
from planner.runtime.progress import Progress, Step
from planner.solver.compiled import Compiled
from planner.solver.highs import Arrays, Program
from planner.system.nouns import Array, System
from planner.system.unit_accounts import (
    metals_of,
    output_equivalent,
    reported_equivalent,
    reported_requirement,
)

SHORT = 1e-6
"""Unmet demand below this share of the requirement counts as served."""
TWICE = 2.0
"""What the levers on reserves and hosts multiply."""


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
        """Who falls short first in words, then gaps and levers, for a notebook."""
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
    year: who falls short, and what helps.

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
    gaps = pd.DataFrame(
        [row for metal in system.metals if (row := _row(system, metal, before[metal])) is not None],
        columns=["metal", "first", "last", "unmet", "share", "largest"],
    )
    length = np.array([p.length for p in system.periods], dtype=float)
    rows = []
    pulls = tuple(_levers(system, arrays, held))
    for part, (lever, pull) in enumerate(pulls):
        if not len(gaps):
            break
        if progress is not None:
            progress(Step(lever, part, len(pulls)))
        pull(program)
        after = _unmet(program, counts)
        _restore(program, held)
        for metal in gaps["metal"]:
            left, had = float(length @ after[metal]), float(length @ before[metal])
            closed = 1 - left / had
            rows.append((metal, lever, left, closed if abs(closed) > SHORT else 0.0))
    levers = pd.DataFrame(rows, columns=["metal", "lever", "unmet", "closed"])
    gaps = gaps.sort_values(
        ["first", "share", "metal"], ascending=[True, False, True], ignore_index=True
    )
    return Gap(
        gaps,
        levers.sort_values(
            ["metal", "closed", "lever"], ascending=[True, False, True], ignore_index=True
        ),
        frozen,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A row that holds the imports of a metal from an origin in a period."""

    row: int
    origin: str
    ceiling: float


def _hold_imports(program: Program, base: Base, frozen: int, growth: float) -> list[_Held]:
    system, arrays = base.made.system, base.made.arrays
    position = [p.first for p in system.periods].index(frozen)
    found: list[_Held] = []
    pairs = sorted(
        {
            (p.origin, metal)
            for p in system.processes.values()
            if p.kind == "import"
            for metal in metals_of(system, p)
        }
    )
    for origin, metal in pairs:
        terms = {
            p.name: output_equivalent(system, p, metal)
            for p in system.processes.values()
            if p.kind == "import" and p.origin == origin and metal in metals_of(system, p)
        }
        level = sum(
            float(worth[position] * base.x[arrays.column_at["activity", (name, frozen)]])
            for name, worth in terms.items()
        )
        for i, period in enumerate(system.periods[position:], start=position):
            row = np.zeros(len(arrays.columns))
            for name, worth in terms.items():
                row[arrays.column_at["activity", (name, period.first)]] = worth[i]
            ceiling = level * (1 + growth) ** (period.first - frozen)
            found.append(_Held(program.add_row(row, -np.inf, ceiling), origin, ceiling))
    return found


def _unmet_terms(system: System, arrays: Arrays, metal: str) -> Array:
    """t of unmet demand per unit of each column by period, shape (T, n)."""
    terms = np.zeros((len(system.periods), len(arrays.columns)))
    for good in system.goods.values():
        if good.demand is not None and metal in good.content:
            for i, period in enumerate(system.periods):
                place = arrays.column_at.get(("shortage", (good.name, period.first)))
                if place is not None:
                    terms[i, place] = reported_equivalent(good, metal)
    return terms


def _unmet(program: Program, counts: dict[str, Array]) -> dict[str, Array]:
    solution = program.run()
    require_optimal(program, solution)
    return {metal: np.maximum(terms @ solution.x, 0.0) for metal, terms in counts.items()}


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


def _levers(
    system: System, arrays: Arrays, held: list[_Held]
) -> Iterator[tuple[str, Callable[[Program], None]]]:
    """Each lever with what it changes."""
    abroad = {p.ramp_group for p in system.processes.values() if p.kind == "import"}
    families: list[tuple[str, tuple[str, ...]]] = [
        ("plants at home without limits of building and size", ("build_rate", "capacity_limit")),
        ("all waste collected", ("collection",)),
        ("quotas lifted", ("quota",)),
    ]
    for name, kinds in families:
        at = np.concatenate([arrays.rows_of(kind) for kind in kinds])
        if len(at):
            yield name, _free(at)
    ramps = arrays.rows_of("ramp")
    at_home = np.array([i for i in ramps if arrays.rows[i][1][0] not in abroad], dtype=np.int32)
    if len(at_home):
        yield "home output without limits of growth", _free(at_home)
    first = system.periods[0].first
    if len(arrays.rows_of("depletion")):
        ore = np.array(
            [
                arrays.row_at["depletion", (name, first)]
                for name in system.deposits
                if ("depletion", (name, first)) in arrays.row_at
            ],
            dtype=np.int32,
        )
        more = np.array([system.deposits[str(arrays.rows[i][1][0])].reserve for i in ore])
        yield (
            "reserves doubled",
            lambda program: program.set_rows(
                ore, arrays.row_lower[ore] + more, arrays.row_upper[ore] + more
            ),
        )
    hosts = arrays.rows_of("host_limit")
    if len(hosts):
        yield (
            "host output doubled",
            lambda program: program.set_rows(
                hosts, arrays.row_lower[hosts], TWICE * arrays.row_upper[hosts]
            ),
        )
    piles = arrays.columns_of("stockpile")
    if len(piles):
        yield (
            "stockpiles without limit",
            lambda program: program.set_columns(
                piles, arrays.lower[piles], np.full(len(piles), np.inf)
            ),
        )
    for origin in sorted({h.origin for h in held}):
        rows = np.array([h.row for h in held if h.origin == origin], dtype=np.int32)
        yield f"{origin} free to grow", _free(rows)


def _free(rows: Any) -> Callable[[Program], None]:
    """Take the ceiling off rows of the form <=."""
    return lambda program: program.set_rows(
        rows.astype(np.int32), np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    )


def _restore(program: Program, held: list[_Held]) -> None:
    program.restore()
    rows = np.array([h.row for h in held], dtype=np.int32)
    program.set_rows(rows, np.full(len(rows), -np.inf), np.array([h.ceiling for h in held]))
