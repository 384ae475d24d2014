r"""The frontier of cost against cumulative carbon: what each further tonne abated costs, and what
the mix becomes.

Method (epsilon-constraint with exact lexicographic ends; docs/design.md, two objectives):

1. $Z^*$, the least weighted shortage and breach; $Z \le Z^*$ in all that follows, or "least carbon" would mean not serving demand.
2. The ends: least cost, then least carbon on its optimal face; least carbon, then least cost on its face.
3. Between them $\min C$ subject to $E \le \epsilon$ as a plain row. Its dual is the marginal abatement cost, with no slack term inside
   the objective that would bias it. A binding row with a dual above zero is an efficient point, so dominated points cannot appear.
4. The curve is convex and piecewise linear, and each point brings a supporting line. The next point is put where those lines leave
   most room below the chord: evenly at first, then where the curve bends.

Carbon price and shortage penalty are left out of the frontier's cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import SolverError
from planner.plan.solve import require_optimal
from planner.plan.tables import supply_table
from planner.runtime.display import amount, shown
from planner.runtime.progress import Progress, Step
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Program, Solution, by_name
from planner.system.nouns import Array, Scope
from planner.system.unit_accounts import emission_rates, metals_of, output_equivalent

SHORTAGE_SLACK = 1e-9
"""Room above the least weighted shortage, as a share of it, so that rounding does not close the
problem."""
FLAT = 1e-9
"""Ends nearer than this share of each other in cost or carbon are one point."""
EVEN_SHARE = 0.5
"""Share of the points that are spread evenly before the rest goes where the curve bends."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """Efficient points and the mix at each.

    `points`: group, scope, point, cost (USD, present value), carbon (t CO2e), abatement_cost (USD/t
    CO2e), import (t, where a third objective was asked for). `mix`: group, point, metal, year,
    pathway, value (t/year), share.
    """

    points: pd.DataFrame
    mix: pd.DataFrame
    least_shortage: float
    """Z*, USD of penalty that no plan avoids."""

    def _repr_html_(self) -> str:
        """The ends of each curve in words, then the points, for a notebook."""
        said = []
        for group, part in self.points.groupby("group"):
            cheap, clean = part.iloc[0], part.iloc[-1]
            said.append(
                f"{group}: from {amount(cheap['carbon'])} t CO2e ({cheap['scope']}) for "
                f"{amount(cheap['cost'])} USD "
                f"down to {amount(clean['carbon'])} t for {amount(clean['cost'])} USD."
            )
        return shown(
            "Frontier of cost and carbon",
            said,
            self.points.dropna(axis="columns", how="all"),
            more=".points",
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    cost: float
    carbon: float
    slope: float
    """d cost / d carbon, at most 0."""
    x: Array


def frontier(
    subject: Any,
    *,
    points: int = 12,
    scope: Scope = "footprint",
    by_metal: bool = False,
    imports: int = 0,
    progress: Progress | None = None,
) -> Frontier:
    """The cost-carbon frontier of a System, a model or what `compiled` made of it.

    `points` is the number of points of each curve (at least 2); `by_metal` adds one curve for each
    metal's own carbon; `imports` asks for the third objective: so many levels of import dependence
    between its ends, a curve at each. Raises InfeasibleError where there is no plan at all.
    """
    if points < 2:
        raise SolverError("a frontier needs at least 2 points; ask for more")
    made = subject if isinstance(subject, Compiled) else compiled(subject, progress=progress)
    search = _Search(made)
    groups: list[tuple[str, Array]] = [("all", carbon_terms(made, scope))]
    groups += (
        [(metal, carbon_terms(made, scope, metal)) for metal in made.system.metals]
        if by_metal
        else []
    )
    rows: list[dict[str, Any]] = []
    mixes: list[pd.DataFrame] = []
    levels = search.import_levels(imports) if imports else [None]
    for part, (group, carbon, level) in enumerate(
        (*pair, level) for pair in groups for level in levels
    ):
        name = f"frontier of {group}" + (
            f", imports at most {level:,.0f} t" if level is not None else ""
        )

        def tell(number: int, name: str = name, part: int = part) -> None:
            if progress is not None:
                progress(Step(name, part * points + number, len(groups) * len(levels) * points))

        search.limit_imports(level)
        for number, point in enumerate(search.curve(carbon, points, tell), start=1):
            head = {"group": group, "scope": scope, "point": number}
            rows.append(
                {
                    **head,
                    "cost": point.cost,
                    "carbon": point.carbon,
                    "abatement_cost": abs(point.slope),
                    "import": level,
                }
            )
            mixes.append(_mix(made, point).assign(group=group, point=number))
        search.limit_imports(None)
    return Frontier(pd.DataFrame(rows), pd.concat(mixes, ignore_index=True), search.least_shortage)


def carbon_terms(made: Compiled, scope: Scope, metal: str | None = None) -> Array:
    """Cumulative carbon as terms on the columns, t CO2e per unit of the column, shape (n,): of all,
    or of the processes of one metal.

    A joint process counts wholly towards each of its metals, so the curves of metals do not add up
    to that of all.
    """
    arrays, system = made.arrays, made.system
    terms = np.zeros(len(arrays.columns))
    if metal is None:
        for period in system.periods:
            position = arrays.column_at.get(("emission", (scope, period.first)))
            if position is not None:
                terms[position] = period.length
        return terms
    for process in system.processes.values():
        if metal in metals_of(system, process):
            for period, rate in zip(
                system.periods, emission_rates(system, process)[scope], strict=True
            ):
                terms[arrays.column_at["activity", (process.name, period.first)]] = (
                    rate * period.length
                )
    return terms


def import_terms(made: Compiled) -> Array:
    """Imports over all years in refined equivalents as terms on the columns, t per unit, shape
    (n,)."""
    arrays, system = made.arrays, made.system
    terms = np.zeros(len(arrays.columns))
    for process in system.processes.values():
        if process.kind == "import":
            for metal in metals_of(system, process):
                for period, share in zip(
                    system.periods, output_equivalent(system, process, metal), strict=True
                ):
                    terms[arrays.column_at["activity", (process.name, period.first)]] += (
                        share * period.length
                    )
    return terms


def plain_cost(arrays: Arrays) -> Array:
    """The frontier's cost, shape (n,): without carbon price, shortage penalty and breach penalty."""
    left_out = {"emission", "shortage", "breach"}
    return np.where([name in left_out for name, _ in arrays.columns], 0.0, arrays.cost)


class _Search:
    """The living programme of one frontier, with its rows for shortage, carbon and imports."""

    def __init__(self, made: Compiled) -> None:
        self.made = made
        arrays = made.arrays
        self.program = Program(arrays)
        self.cost = plain_cost(arrays)
        penalty = np.where(
            [name in {"shortage", "breach"} for name, _ in arrays.columns], arrays.cost, 0.0
        )
        self.program.set_cost(penalty)
        first = self.program.run()
        require_optimal(self.program, first)
        self.last = first
        self.least_shortage = float(penalty @ first.x)
        # money of one unit of penalty is far larger than that of flows: the row is scaled to tonnes
        size = max(float(np.abs(penalty).max(initial=0.0)), 1.0)
        self.program.add_row(
            penalty / size, -np.inf, self.least_shortage * (1 + SHORTAGE_SLACK) / size + 1e-9
        )
        self.carbon_row: int | None = None
        self.carbon_terms = np.zeros(len(arrays.columns))
        self.import_row: int | None = None

    def solve(self, cost: Array) -> Solution:
        self.program.set_cost(cost)
        solution = self.program.run()
        require_optimal(self.program, solution)
        return solution

    def lexicographic(self, first: Array, second: Array) -> Solution:
        """Least `first`, then least `second` on its optimal face; bounds are restored."""
        solution = self.solve(first)
        self.program.fix_face(solution)
        self.program.set_cost(second)
        tied = self.program.run()
        self.program.restore()
        if tied.status != "optimal":
            return solution
        return tied

    def curve(self, carbon: Array, points: int, tell: Callable[[int], None]) -> list[_Point]:
        """Efficient points from least cost to least carbon; `tell` hears how many have been found
        before each next one."""
        tell(0)
        size = max(float(np.abs(carbon).max(initial=0.0)), 1.0)
        row = self.carbon_row_of(carbon / size)
        cheap, clean = self.lexicographic(self.cost, carbon), self.lexicographic(carbon, self.cost)
        ends = [float(carbon @ cheap.x), float(carbon @ clean.x)]
        if not ends[0] - ends[1] > FLAT * max(abs(ends[0]), 1.0):
            return [_Point(float(self.cost @ cheap.x), ends[0], 0.0, cheap.x)]

        def at(limit: float) -> _Point:
            tell(len(found))
            self.program.set_rows(
                np.array([row], dtype=np.int32), np.array([-np.inf]), np.array([limit / size])
            )
            solution = self.solve(self.cost)
            self.last = solution
            slope = float(solution.dual[row]) / size
            return _Point(
                float(self.cost @ solution.x), float(carbon @ solution.x), slope, solution.x
            )

        found = [_Point(float(self.cost @ cheap.x), ends[0], 0.0, cheap.x)]
        found.append(at(ends[1] + FLAT * (ends[0] - ends[1])))
        even = max(int(EVEN_SHARE * points), 0)
        for limit in np.linspace(ends[0], ends[1], even + 2)[1:-1]:
            found.append(at(float(limit)))
        while len(found) < points:
            found.sort(key=lambda p: -p.carbon)
            limit = _widest(found)
            if limit is None:
                break
            found.append(at(limit))
        # the last of many changes of bounds, solved once more from nothing
        self.program.confirm(self.last)
        self.program.set_rows(
            np.array([row], dtype=np.int32), np.array([-np.inf]), np.array([np.inf])
        )
        return sorted(found, key=lambda p: -p.carbon)

    def carbon_row_of(self, terms: Array) -> int:
        """The position of the open row that holds these terms: added once, and its coefficients
        changed from then on."""
        if self.carbon_row is None:
            self.carbon_row = self.program.add_row(terms, -np.inf, np.inf)
        else:
            changed = np.flatnonzero(terms != self.carbon_terms).tolist()
            self.program.set_coefficients(
                self.carbon_row, dict(zip(changed, terms[changed].tolist(), strict=True))
            )
        self.carbon_terms = terms
        return self.carbon_row

    def import_levels(self, count: int) -> list[float]:
        """Levels of import dependence from its free end to its least, t over all years."""
        terms = import_terms(self.made)
        free, least = self.lexicographic(self.cost, terms), self.lexicographic(terms, self.cost)
        return [
            float(v)
            for v in np.linspace(float(terms @ free.x), float(terms @ least.x), max(count, 2))
        ]

    def limit_imports(self, level: float | None) -> None:
        if level is not None and self.import_row is None:
            self.import_row = self.program.add_row(import_terms(self.made), -np.inf, np.inf)
        if self.import_row is not None:
            upper = np.inf if level is None else level + 1e-6
            self.program.set_rows(
                np.array([self.import_row], dtype=np.int32), np.array([-np.inf]), np.array([upper])
            )


def _widest(found: list[_Point]) -> float | None:
    """Carbon at which the supporting lines of two neighbours leave most room below their chord;
    None where the curve is known exactly."""
    best, where = 0.0, None
    spread = max(p.cost for p in found) - min(p.cost for p in found)
    for a, b in pairwise(found):
        if abs(a.slope - b.slope) <= 1e-12:
            continue
        # lines through a and b meet at this carbon; the curve lies between them and the chord
        carbon = (b.cost - a.cost + a.slope * a.carbon - b.slope * b.carbon) / (a.slope - b.slope)
        if not b.carbon < carbon < a.carbon:
            continue
        chord = a.cost + (b.cost - a.cost) * (carbon - a.carbon) / (b.carbon - a.carbon)
        room = chord - (a.cost + a.slope * (carbon - a.carbon))
        if room > max(best, FLAT * spread):
            best, where = room, carbon
    return where


def _mix(made: Compiled, point: _Point) -> pd.DataFrame:
    supply = supply_table(
        made.system,
        by_name(made.arrays.columns, np.clip(point.x, made.arrays.lower, made.arrays.upper)),
    )
    supply = supply[supply["pathway"] != "new scrap"]
    parts = supply.groupby(["metal", "year", "pathway"]).agg({"value": "sum"}).reset_index()
    return parts.assign(
        share=parts["value"] / parts.groupby(["metal", "year"])["value"].transform("sum")
    )
