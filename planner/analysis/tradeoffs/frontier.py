r"""The frontier of cost against cumulative carbon: what each further tonne abated costs, and what
the mix becomes.

Method (epsilon-constraint with exact lexicographic ends; docs/design.md, two objectives):

1. $Z^*$, the least weighted shortage and breach; $Z \le Z^*$ in all that follows, or "least carbon"
   would mean not serving demand.
2. The ends: least cost, then least carbon on its optimal face; least carbon, then least cost on its
   face.
3. Between them $\min C$ subject to $E \le \epsilon$ as a plain row. Its dual value is the marginal
   abatement cost, with no slack term inside the objective that would bias it. A binding row with a
   dual value above zero is an efficient point, so dominated points cannot appear.
4. The curve is convex and piecewise linear, and each point brings a supporting line. The next point
   is put where those lines leave most room below the chord: evenly at first, then where the curve
   bends.

Carbon price and shortage penalty are left out of the frontier's cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import SolverError, SpecError
from planner.lp.arrays import PENALTIES, TRANSFERS
from planner.plan.solve import optimal
from planner.plan.tables import supply_of
from planner.runtime.display import amount, shown
from planner.runtime.progress import Progress, Step, told
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Arrays, Program, Solution, by_name
from planner.system.curves import tranches
from planner.system.nouns import Array, Scope
from planner.system.trade import import_terms
from planner.system.unit_accounts import emission_rates, metals_of, tranche_emission

SHORTAGE_SLACK = 1e-9
"""Room above the least weighted shortage, as a share of it, so that rounding does not close the
problem."""
HAIR = 1e-6
"""Room that a limit has at the end of an objective, as a share of the span between its ends: held
to the last digit, the end is a single vertex on which no solver can move."""
FLAT = 1e-9
"""Ends nearer than this share of each other in cost or carbon are one point."""
POINTS = ["group", "scope", "point", "cost", "carbon", "abatement_cost", "import"]
PARALLEL = 1e-12
"""Slopes nearer than this are those of one line."""
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
    finished: Callable[[Frontier], None] | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """The cost-carbon frontier of a System, a model or what `compiled` made of it.

    `points` is the number of points of each curve (at least 2); `by_metal` adds one curve for each
    metal's own carbon; `imports` asks for the third objective: so many levels of import dependence
    between its ends, a curve at each. `finished` is handed all curves so far after each one, so that
    a later one that fails takes nothing along. Raises InfeasibleError where there is no plan at all.
    """
    if points < 2:
        raise SolverError("a frontier needs at least 2 points; ask for more")
    made = subject if isinstance(subject, Compiled) else compiled(subject, progress=progress)
    answering = [good.name for good in made.system.goods.values() if good.answers]
    if answering:
        words = (
            f"the demand for {' and '.join(answering)} answers to price, so that the least carbon "
            "is that of serving nobody; give it as demand.csv, or set a carbon price or budget"
        )
        raise SpecError(made.system.name, [words])
    search = _Search(made)
    terms = {"all": carbon_terms(made, scope)}
    if by_metal:
        terms |= {metal: carbon_terms(made, scope, metal) for metal in made.system.metals}
    levels = search.import_levels(imports) if imports else [None]
    curves = [(group, level) for group in terms for level in levels]
    rows: list[tuple[Any, ...]] = []
    mixes: list[pd.DataFrame] = []
    for number, (group, level) in enumerate(curves):
        tell = _telling(progress, _curve_name(group, level), number * points, len(curves) * points)
        search.limit_imports(level)
        for at, point in enumerate(search.curve(terms[group], points, tell), start=1):
            amounts = (point.cost, point.carbon, abs(point.slope), level)
            rows.append((group, scope, at, *amounts))
            mixes.append(mix_of(made, point.x).assign(group=group, point=at))
        search.limit_imports(None)
        found = Frontier(
            pd.DataFrame(rows, columns=POINTS),
            pd.concat(mixes, ignore_index=True),
            search.least_shortage,
        )
        if finished is not None:
            finished(found)
    return found


def _curve_name(group: str, level: float | None) -> str:
    limit = "" if level is None else f", imports at most {level:,.0f} t"
    return f"frontier of {group}{limit}"


def _telling(
    progress: Progress | None, name: str, before: int, points: int
) -> Callable[[int], None]:
    """Tell of each point of a curve that begins, with so many points of others before it."""
    return lambda number: told(progress, Step(name, before + number, points))


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
            rates = emission_rates(system, process)[scope]
            for period, rate in zip(system.periods, rates, strict=True):
                at = arrays.column_at["activity", (process.name, period.first)]
                terms[at] = rate * period.length
    for deposit, step in tranches(system):
        if deposit.metal == metal:
            for period, rate in zip(system.periods, tranche_emission(system, step), strict=True):
                at = arrays.column_at["step", (step.label, period.first)]
                terms[at] = rate * period.length
    return terms


def import_columns(made: Compiled) -> Array:
    """Imports over all years, in every form, in refined equivalents as terms on the columns, t per
    unit, shape (n,): each chain of imports once, as in `planner.system.trade`."""
    arrays, system = made.arrays, made.system
    terms = np.zeros(len(arrays.columns))
    for metal in system.metals:
        for name, worth in import_terms(system, metal).items():
            for period, share in zip(system.periods, worth, strict=True):
                at = arrays.column_at["activity", (name, period.first)]
                terms[at] += share * period.length
    return terms


def plain_cost(arrays: Arrays) -> Array:
    """The frontier's cost, shape (n,): without prices of carbon and impacts, penalties and
    subsidies."""
    left_out = {"emission", "impact", *PENALTIES, *TRANSFERS}
    return np.where([name in left_out for name, _ in arrays.columns], 0.0, arrays.cost)


class _Search:
    """The living programme of one frontier, with its rows for shortage, carbon and imports."""

    def __init__(self, made: Compiled) -> None:
        self.made = made
        arrays = made.arrays
        self.program = Program(arrays)
        self.cost = plain_cost(arrays)
        penalty = arrays.penalty
        self.program.set_cost(penalty)
        first = optimal(self.program)
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
        self.import_hair, self.import_limited = 0.0, False

    def solve(self, cost: Array) -> Solution:
        self.program.set_cost(cost)
        return optimal(self.program)

    def lexicographic(self, first: Array, second: Array) -> Solution:
        """Least `first`, then least `second` on its optimal face; bounds are restored."""
        solution = self.solve(first)
        before = self.program.now
        self.program.fix_face(solution)
        self.program.set_cost(second)
        tied = self.program.run()
        self.program.put_back(before)
        return tied if tied.status == "optimal" else solution

    def curve(self, carbon: Array, points: int, tell: Callable[[int], None]) -> list[_Point]:
        """Efficient points from least cost to least carbon; `tell` hears how many have been found
        before each next one."""
        tell(0)
        size = max(float(np.abs(carbon).max(initial=0.0)), 1.0)
        row = self.carbon_row_of(carbon / size)
        cheap, clean = self.lexicographic(self.cost, carbon), self.lexicographic(carbon, self.cost)
        most, least = float(carbon @ cheap.x), float(carbon @ clean.x)
        found = [_Point(float(self.cost @ cheap.x), most, 0.0, cheap.x)]
        if not most - least > FLAT * max(abs(most), 1.0):
            return found
        for limit in self._limits(found, most, least, points):
            tell(len(found))
            self._limit(row, limit / size)
            self.last = self.solve(self.cost)
            x, slope = self.last.x, float(self.last.dual[row]) / size
            found.append(_Point(float(self.cost @ x), float(carbon @ x), slope, x))
        # the last of many changes of bounds, solved once more from nothing
        self.program.confirm(self.last)
        self._limit(row, np.inf)
        return sorted(found, key=lambda p: -p.carbon)

    def _limits(
        self, found: list[_Point], most: float, least: float, points: int
    ) -> Iterator[float]:
        """Where to put the next point, given those found: the clean end, some spread evenly, then
        where the curve bends most."""
        # two limits at their ends at once leave a corner that needs more room
        yield least + (HAIR if self.import_limited else FLAT) * (most - least)
        even = max(int(EVEN_SHARE * points), 0)
        yield from np.linspace(most, least, even + 2)[1:-1].tolist()
        while len(found) < points:
            found.sort(key=lambda p: -p.carbon)
            limit = _widest(found)
            if limit is None:
                return
            yield limit

    def _limit(self, row: int, upper: float) -> None:
        """Give a row of ours another upper bound."""
        self.program.set_rows(
            np.array([row], dtype=np.int32), np.array([-np.inf]), np.array([upper])
        )

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
        terms = import_columns(self.made)
        free, least = self.lexicographic(self.cost, terms), self.lexicographic(terms, self.cost)
        ends = float(terms @ free.x), float(terms @ least.x)
        self.import_hair = HAIR * max(abs(ends[0] - ends[1]), 1.0)
        return [float(v) for v in np.linspace(*ends, max(count, 2))]

    def limit_imports(self, level: float | None) -> None:
        """Hold imports to a level, t over all years, and a hair more; without limit where None."""
        if level is not None and self.import_row is None:
            self.import_row = self.program.add_row(import_columns(self.made), -np.inf, np.inf)
        self.import_limited = level is not None
        if self.import_row is not None:
            self._limit(self.import_row, np.inf if level is None else level + self.import_hair)


def _widest(found: list[_Point]) -> float | None:
    """Carbon at which the supporting lines of two neighbours leave most room below their chord;
    None where the curve is known exactly."""
    spread = max(p.cost for p in found) - min(p.cost for p in found)
    rooms = [room for a, b in pairwise(found) if (room := _room(a, b)) is not None]
    widest, where = max(rooms, key=itemgetter(0), default=(0.0, None))
    return where if widest > max(0.0, FLAT * spread) else None


def _room(a: _Point, b: _Point) -> tuple[float, float] | None:
    """Room between the chord of two neighbours and the point where their supporting lines meet, and
    the carbon there; None where they do not meet between them."""
    if abs(a.slope - b.slope) <= PARALLEL:
        return None
    # the curve lies between the lines and the chord
    carbon = (b.cost - a.cost + a.slope * a.carbon - b.slope * b.carbon) / (a.slope - b.slope)
    if not b.carbon < carbon < a.carbon:
        return None
    chord = a.cost + (b.cost - a.cost) * (carbon - a.carbon) / (b.carbon - a.carbon)
    return chord - (a.cost + a.slope * (carbon - a.carbon)), carbon


def mix_of(made: Compiled, solved: Array) -> pd.DataFrame:
    """The supply of a solution: metal, year, pathway, value (t/year), share; new scrap left
    out."""
    keys = ["metal", "year", "pathway"]
    x = np.clip(solved, made.arrays.lower, made.arrays.upper)
    supply = supply_of(made.balance, by_name(made.arrays.columns, x))
    supply = supply[supply["pathway"] != "new scrap"]
    sums = supply.groupby(keys).agg({"value": "sum"}).reset_index()
    return sums.assign(share=sums["value"] / sums.groupby(keys[:2])["value"].transform("sum"))
