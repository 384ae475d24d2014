r"""Near-optimal plans: what is really decided by cost, and what is not.

All plans whose cost, penalties left out, is at most $(1+\delta)\,C^*$, with shortage and breaches
no worse than the optimum's, form a polytope. For each metal and pathway its least and most supply
on it are two linear programmes (the range that cost leaves open); maximally different plans come
one after the other, each minimising what the plans before it use most (hop, skip and jump: Brill,
Chang, Hopkins, Management Science 28(3), 1982, 221-235, https://doi.org/10.1287/mnsc.28.3.221).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import SpecError
from planner.lp.paid import paid
from planner.plan.headline import ROUNDING
from planner.plan.solve import optimal, require_optimal
from planner.plan.tables import supply_of
from planner.runtime.display import shown
from planner.runtime.progress import Progress, Step, told
from planner.solver.compiled import Compiled, compiled
from planner.solver.highs import Program, by_name
from planner.system.nouns import PATHWAYS, Array
from planner.system.provenance import mixing, supplied_pathways
from planner.system.trade import goods_supply
from planner.system.unit_accounts import refined_output

COUNTED = tuple(pathway for pathway in PATHWAYS if pathway != "new scrap")
"""Pathways of supply; new scrap is a loop inside manufacture."""
RANGES = [
    *("metal", "pathway", "best", "least", "most"),
    *("best_share", "least_share", "most_share"),
]


@dataclass(frozen=True, eq=False)
class Alternatives:
    """`ranges`: metal, pathway, best, least, most (t over all years) and the same as shares of all
    supply of the metal at the optimum.

    `plans`: plan, cost, penalty (USD, apart), difference, and supply by metal, year,
    pathway of each maximally different plan (plan 0 is the optimum).
    """

    ranges: pd.DataFrame
    plans: pd.DataFrame
    supplies: pd.DataFrame
    cost: float
    """USD, present value: of the optimum, without penalties."""
    slack: float

    def _repr_html_(self) -> str:
        """The ranges, for a notebook."""
        said = f"All plans that cost at most {self.slack:.1%} more than the least."
        return shown("Ranges of the pathways", [said], self.ranges, more=".ranges")


def alternatives(
    subject: Any, *, slack: float = 0.05, plans: int = 3, progress: Progress | None = None
) -> Alternatives:
    """Ranges of the pathways within a cost slack (a share of the least cost), and so many maximally
    different plans.

    Raises SpecError for a negative slack, InfeasibleError where there is no plan at all.
    """
    if not slack >= 0:
        raise SpecError(
            "alternatives", [f"slack is {slack}; give a share of the least cost, such as 0.05"]
        )
    made = subject if isinstance(subject, Compiled) else compiled(subject, progress=progress)
    arrays, program = made.arrays, Program(made.arrays)
    best = optimal(program)
    cost, _ = arrays.parts(best.x)
    _stay_near(program, made, best.x, cost, slack)
    ranges = pd.DataFrame(_ranges(program, made, best.x, progress), columns=RANGES)
    program.confirm(program.run())
    found = [best.x, *_different(program, made, best.x, plans, progress)]
    listed = [
        (i, *_money(paid(made.system, arrays, x)), _difference(made, best.x, x))
        for i, x in enumerate(found)
    ]
    supplies = [_supply(made, x).assign(plan=i) for i, x in enumerate(found)]
    return Alternatives(
        ranges,
        pd.DataFrame(listed, columns=["plan", "cost", "penalty", "difference"]),
        pd.concat(supplies, ignore_index=True),
        paid(made.system, arrays, best.x)[0],
        slack,
    )


def _money(parts: tuple[float, float]) -> tuple[float, float]:
    """Cost and penalty; a penalty that is nothing but rounding is 0."""
    cost, penalty = parts
    return cost, penalty if penalty > ROUNDING * max(abs(cost), 1.0) else 0.0


def _ranges(
    program: Program, made: Compiled, best: Array, progress: Progress | None
) -> Iterator[tuple[Any, ...]]:
    """Supply of each metal by each pathway that it has: at the optimum, least and most, in t and as
    shares of all supply at the optimum."""
    metals = made.system.metals
    for number, metal in enumerate(metals):
        told(progress, Step(f"range of the pathways of {metal}", number, len(metals)))
        by_pathway = {pathway: pathway_terms(made, metal, pathway) for pathway in COUNTED}
        total = sum(float(terms @ best) for terms in by_pathway.values())
        for pathway, terms in by_pathway.items():
            if terms.any():
                least, most = _extreme(program, terms), _extreme(program, -terms)
                values = tuple(float(terms @ x) for x in (best, least, most))
                shares = (v / total if total > 0 else np.nan for v in values)
                yield metal, pathway, *values, *shares


def pathway_terms(made: Compiled, metal: str, pathway: str) -> Array:
    """Supply of a metal by a pathway, refined or in imported finished goods, over all years as
    terms on the columns, t per unit, shape (n,).

    Raises SpecError where a process may refine metal of several pathways in one good: its supply by
    one of them is not linear.
    """
    arrays, system = made.arrays, made.system
    terms = np.zeros(len(arrays.columns))
    for name, pathways in supplied_pathways(system, metal).items():
        process = system.processes[name]
        if len(pathways) > 1:
            raise SpecError("alternatives", [mixing(metal, name, " and ".join(sorted(pathways)))])
        if pathway in pathways:
            for period, share in zip(
                system.periods, refined_output(system, process, metal), strict=True
            ):
                terms[arrays.column_at["activity", (process.name, period.first)]] = (
                    share * period.length
                )
    for process, of, by, worth in goods_supply(system):
        if (of, by) == (metal, pathway):
            for period, share in zip(system.periods, worth, strict=True):
                terms[arrays.column_at["activity", (process.name, period.first)]] += (
                    share * period.length
                )
    return terms


def _stay_near(program: Program, made: Compiled, x: Array, cost: float, slack: float) -> None:
    """Rows that keep to plans within the slack and no worse in shortage and breaches. Scaled, since
    money dwarfs tonnes."""
    arrays = made.arrays
    penalty, paid = arrays.penalty, arrays.paid
    size = max(float(np.abs(paid).max(initial=0.0)), 1.0)
    program.add_row(paid / size, -np.inf, (cost + slack * abs(cost) - arrays.offset) / size)
    if penalty.any():
        size = float(np.abs(penalty).max())
        program.add_row(penalty / size, -np.inf, float(penalty @ x) / size + 1e-9)


def _extreme(program: Program, terms: Array) -> Array:
    program.set_cost(terms)
    solution = program.run_for_new_costs()
    require_optimal(program, solution)
    return solution.x


def _different(
    program: Program, made: Compiled, best: Array, count: int, progress: Progress | None
) -> list[Array]:
    """Each next plan runs least of what those before it ran, weighed by how often and how much of
    its largest use."""
    activity = np.array([name == "activity" for name, _ in made.arrays.columns])
    found: list[Array] = [best]
    for number in range(count):
        told(progress, Step("different plan", number, count))
        used = np.max(found, axis=0)
        weight = np.where(
            activity & (used > 0), np.sum(found, axis=0) / np.where(used > 0, used, 1.0), 0.0
        )
        found.append(_extreme(program, weight))
    return found[1:]


def _difference(made: Compiled, a: Array, b: Array) -> float:
    """Share of the refined supply that comes from elsewhere: half the sum of absolute differences
    by metal, year, pathway."""
    first, second = (
        _supply(made, x).set_index(["metal", "year", "pathway"])["value"] for x in (a, b)
    )
    both = pd.concat([first, second], axis=1).fillna(0.0)
    total = float(first.sum())
    return float((both.iloc[:, 0] - both.iloc[:, 1]).abs().sum() / 2 / total) if total else 0.0


def _supply(made: Compiled, x: Array) -> pd.DataFrame:
    values = by_name(made.arrays.columns, np.clip(x, made.arrays.lower, made.arrays.upper))
    table = supply_of(made.balance, values)
    table = table[table["pathway"] != "new scrap"]
    sums: pd.DataFrame = table.groupby(["metal", "year", "pathway"]).agg({"value": "sum"})
    return sums.reset_index()
