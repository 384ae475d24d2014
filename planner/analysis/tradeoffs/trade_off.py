r"""The frontier of two to five objectives: efficient plans, of which none is better in one objective
without being worse in another.

Method (augmented epsilon constraint, AUGMECON2: Mavrotas and Florios 2013, doi
10.1016/j.amc.2013.03.002):

1. $Z^*$, the least weighted shortage and breach, and $Z \le Z^*$ in all that follows.
2. The ends, exact and lexicographic: each objective least, then the others in their order, each on
   the optimal face of those before. Their table gives the ideal $f_k^{min}$ and, at its worst, the
   range $r_k$ of each objective.
3. For limits $\epsilon$ on a grid over the ranges of all objectives but the first,

   $$\min\; f_1 - \delta\, r_1 \sum_{k \ge 2} 10^{2-k}\, s_k / r_k \quad\text{with}\quad
     f_k + s_k = \epsilon_k,\; s_k \ge 0$$

   The slack within the objective makes every answer efficient: what is as cheap and has more slack
   is preferred. Put in, $s_k = \epsilon_k - f_k$ leaves a cost on the columns and no column more.
4. Early exit: limits no wider than limits that no plan keeps are not tried. Bypass: the answer
   under wider limits that keeps narrower ones is their answer, whatever the unit of an objective.

The grid is halved until there are enough points, or `TRIES` times as many programmes were solved; of the limits open at a halving those farthest
from all that was tried come next. The narrowest limit of an objective is its ideal and a hair
(`HAIR` of its range): on the ideal itself there is but one vertex, on which no solver can move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.tradeoffs.frontier import HAIR, SHORTAGE_SLACK, mix_of
from planner.analysis.tradeoffs.objectives import Objective, every_objective, objectives_of
from planner.errors import SolverError
from planner.plan.solve import optimal, optimal_if_any
from planner.runtime.display import amount, shown
from planner.runtime.progress import Progress, Step, told
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Program, Solution
from planner.system.nouns import Scope

AUGMENTATION = 1e-4
"""delta: what the whole range of all slack is worth, as a share of the range of the first
objective."""
ORDERED = 0.1
"""Weight of the slack of each objective, of that before it."""
SAME = 2 * HAIR
"""Values nearer than this share of the range of an objective are the same."""
LARGEST = 20_000
"""Limits of the finest grid at most."""
TRIES = 4
"""Programmes solved for a point asked for, at most."""

Values = tuple[float, ...]
Record = dict[str, Any]
"""What was learned of one programme: the limits (shares of the ranges, 0 the ideal), the values of
the objectives, and the rows of the plan's mix; no values where no plan keeps the limits."""


@dataclass(frozen=True, eq=False)
class TradeOff:
    """Efficient plans.

    `points`: point, a column for each objective weighed, in its unit, all years together, one for
    each further objective of the study (`also: NAME`), and `end`: the objective that is least
    there. `mix`: point, metal, year, pathway, value (t/year), share. `ends`: the table of the
    lexicographic ends, a row for each objective, with its unit, least and worst value.
    """

    objectives: tuple[str, ...]
    units: Mapping[str, str]
    points: pd.DataFrame
    mix: pd.DataFrame
    ends: pd.DataFrame
    least_shortage: float
    """Z*, USD of penalty that no plan avoids."""
    solved: int
    """Programmes solved beside the ends, those without a plan among them."""

    def _repr_html_(self) -> str:
        """The ends in words, then the points, for a notebook."""
        said = [
            f"{row.objective}: from {amount(row.least)} to {amount(row.worst)} {row.unit}."
            for row in self.ends.itertuples()
        ]
        title = "Frontier of " + ", ".join(self.objectives)
        return shown(title, said, self.points, more=".points")


def trade_off(
    subject: Any,
    objectives: Sequence[str],
    *,
    points: int = 12,
    scope: Scope = "footprint",
    known: Sequence[Record] = (),
    learned: Callable[[Record], None] | None = None,
    progress: Progress | None = None,
) -> TradeOff:
    """Efficient plans of a System, a model or what `compiled` made of it, by two to five objectives
    (`cost`, `carbon`, `imports`, impacts of the study), the first of which is minimised under
    limits on the others.

    `points` is how many are looked for, ends among them; there may be fewer. `learned` is handed
    what each solve tells as it comes, and `known` what an earlier search of the very same question
    was told: it goes on from there and finds the same. Raises SpecError for objectives that do not
    exist, InfeasibleError where there is no plan at all.
    """
    made = subject if isinstance(subject, Compiled) else compiled(subject, progress=progress)
    asked = objectives_of(made, list(objectives), scope)
    if points < len(asked):
        raise SolverError(f"{len(asked)} objectives have as many ends; ask for more points")
    search = _Search(made, asked, every_objective(made, scope), learned or (lambda record: None))
    search.ends(list(known[: len(asked)]))
    for number, record in enumerate(known[len(asked) :], start=1):
        search.take(record)
        search.solved = number
    title = f"frontier of {', '.join(o.name for o in asked)}"
    while len(search.efficient()) < points and search.solved < TRIES * points:
        limits = search.next_limits()
        if limits is None:
            break
        told(progress, Step(title, min(len(search.efficient()), points), points))
        search.solve(limits)
    return search.found()


class _Search:
    """The living programme of one frontier, and what was learned so far."""

    def __init__(
        self,
        made: Compiled,
        asked: Sequence[Objective],
        also: Sequence[Objective],
        learned: Callable[[Record], None],
    ) -> None:
        self.made, self.asked, self.also, self.learned = made, asked, also, learned
        self.program = Program(made.arrays)
        penalty = made.arrays.penalty
        self.program.set_cost(penalty)
        self.least_shortage = float(penalty @ optimal(self.program).x)
        size = max(float(np.abs(penalty).max(initial=0.0)), 1.0)
        self.program.add_row(
            penalty / size, -np.inf, self.least_shortage * (1 + SHORTAGE_SLACK) / size + 1e-9
        )
        self.sizes = [max(float(np.abs(o.terms).max(initial=0.0)), 1e-300) for o in asked]
        self.rows = [
            self.program.add_row(o.terms / size, -np.inf, np.inf)
            for o, size in zip(asked[1:], self.sizes[1:], strict=True)
        ]
        self.records: list[Record] = []
        self.solved, self.halvings = 0, 0
        self.basis: Any = None

    # ---- the ends

    def ends(self, known: Sequence[Record]) -> None:
        """The lexicographic ends, those known already taken over; the ranges that they leave."""
        for at in range(len(self.asked)):
            order = [at, *(other for other in range(len(self.asked)) if other != at)]
            if at < len(known):
                self.records.append(known[at])
                continue
            record = self._record(None, self._lexicographic(order)) | {"end": self.asked[at].name}
            self.records.append(record)
            self.learned(record)
        table = np.array([record["values"] for record in self.records])
        self.least, worst = table.min(axis=0), table.max(axis=0)
        self.range = worst - self.least
        weights = [AUGMENTATION * ORDERED**k for k in range(len(self.asked) - 1)]
        cost = self.asked[0].terms.copy()
        for objective, span, weight in zip(self.asked[1:], self.range[1:], weights, strict=True):
            if span > 0:
                cost += weight * self.range[0] / span * objective.terms
        self.program.set_cost(cost)
        optimal(self.program)
        # every solve starts from here, so that a search that was interrupted finds the same
        self.basis = self.program.basis

    def _lexicographic(self, order: Sequence[int]) -> Solution:
        """The objectives least in this order, each on the optimal face of those before."""
        before, found = self.program.now, None
        for at in order:
            if found is not None:
                self.program.fix_face(found)
            self.program.set_cost(self.asked[at].terms)
            tied = self.program.run()
            if found is not None and tied.status != "optimal":
                break
            found = optimal(self.program) if found is None else tied
        self.program.put_back(before)
        assert found is not None
        return found

    # ---- the grid

    def next_limits(self) -> Values | None:
        """The limits to try next, as shares of the ranges; None where the finest grid is done."""
        while (2**self.halvings + 1) ** len(self.rows) <= LARGEST:
            steps = np.linspace(0.0, 1.0, 2**self.halvings + 1).tolist()
            free = [steps if span > 0 else [1.0] for span in self.range[1:]]
            pending = [limits for limits in product(*free) if not self._is_known(limits)]
            if pending:
                return max(pending, key=self._distance)
            self.halvings += 1
        return None

    def _is_known(self, limits: Values) -> bool:
        """Early exit and bypass."""
        return any(self._implies(record, limits) for record in self.records)

    def _implies(self, record: Record, limits: Values) -> bool:
        """Return True if the answer under these limits follows from a record."""
        tried, values = record["limits"], record["values"]
        if tried is not None and tuple(tried) == limits:
            return True
        if values is None:
            return all(limit <= other for limit, other in zip(limits, tried, strict=True))
        if tried is None:  # an end: only that of the first objective was found without limits
            if record["end"] != self.asked[0].name:
                return False
            tried = (1.0,) * len(limits)
        reached = zip(limits, tried, self._shares(values), strict=True)
        return all(limit <= wide and share <= limit + SAME for limit, wide, share in reached)

    def _shares(self, values: Sequence[float]) -> list[float]:
        """Values of the objectives but the first, as shares of their ranges."""
        spans = np.where(self.range[1:] > 0, self.range[1:], 1.0)
        shares: list[float] = ((np.array(values[1:]) - self.least[1:]) / spans).tolist()
        return shares

    def _distance(self, limits: Values) -> tuple[float, Values]:
        """How far limits are from all that was tried or found; the wider ones where several are."""
        near = [np.array(r["limits"]) for r in self.records if r["limits"] is not None]
        near += [np.array(self._shares(r["values"])) for r in self.records if r["values"]]
        least = min(float(np.abs(each - np.array(limits)).sum()) for each in near)
        return round(least, 9), limits

    def solve(self, limits: Values) -> None:
        """Solve under limits, and remember and tell what that taught."""
        for row, limit, low, span, size in zip(
            self.rows, limits, self.least[1:], self.range[1:], self.sizes[1:], strict=True
        ):
            upper = (low + max(limit, HAIR) * span) / size
            self._limit(row, upper)
        self.program.start_from(self.basis)
        record = self._record(limits, optimal_if_any(self.program))
        self.solved += 1
        self.take(record)
        self.learned(record)

    def take(self, record: Record) -> None:
        """Remember what a solve taught."""
        self.records.append(record)

    def _limit(self, row: int, upper: float) -> None:
        at = np.array([row], dtype=np.int32)
        self.program.set_rows(at, np.array([-np.inf]), np.array([upper]))

    def _record(self, limits: Values | None, solution: Solution | None) -> Record:
        record: Record = {"limits": None if limits is None else list(limits), "values": None}
        if solution is None:
            return record
        record["values"] = [o.of(solution.x) for o in self.asked]
        record["also"] = {o.name: o.of(solution.x) for o in self.also}
        mix = mix_of(self.made, solution.x)
        record["mix"] = mix[[*MIX, "value"]].values.tolist()
        return record

    # ---- what was found

    def efficient(self) -> list[Record]:
        """The records of efficient points, each once, ends first."""
        found: list[Record] = []
        for record in self.records:
            if record["values"] is None or self._is_worse(record, self.records):
                continue
            if not any(self._same(record, other) for other in found):
                found.append(record)
        return found

    def _same(self, a: Record, b: Record) -> bool:
        gaps = np.abs(np.array(a["values"]) - np.array(b["values"]))
        return bool((gaps <= SAME * self.range).all())

    def _is_worse(self, record: Record, others: Sequence[Record]) -> bool:
        """Return True if another plan is better in an objective and not worse in any."""
        own, room = np.array(record["values"]), SAME * self.range
        for other in others:
            if other["values"] is not None:
                gaps = np.array(other["values"]) - own
                if (gaps <= room).all() and (gaps < -room).any():
                    return True
        return False

    def found(self) -> TradeOff:
        """All of it as tables, in the order of the first objective."""
        names = [o.name for o in self.asked]
        rows, mixes = [], []
        ordered = sorted(self.efficient(), key=lambda record: record["values"])
        for point, record in enumerate(ordered, start=1):
            also = [value for name, value in record["also"].items() if name not in names]
            rows.append((point, *record["values"], *also, record.get("end", "")))
            mixes += [(point, *row) for row in record["mix"]]
        others = [f"also: {o.name}" for o in self.also if o.name not in names]
        mix = pd.DataFrame(mixes, columns=["point", *MIX, "value"])
        total = mix.groupby(["point", *MIX[:2]])["value"].transform("sum")
        units = {o.name: o.unit for o in (*self.asked, *self.also)}
        return TradeOff(
            tuple(names),
            units,
            pd.DataFrame(rows, columns=["point", *names, *others, "end"]),
            mix.assign(share=mix["value"] / total),
            pd.DataFrame(self._ends(), columns=["objective", "unit", *names, "least", "worst"]),
            self.least_shortage,
            self.solved,
        )

    def _ends(self) -> Iterator[tuple[Any, ...]]:
        ends = zip(self.asked, self.records, self.least, self.range, strict=False)
        for objective, record, least, span in ends:
            yield objective.name, objective.unit, *record["values"], least, least + span


MIX = ["metal", "year", "pathway"]
