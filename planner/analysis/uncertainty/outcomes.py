"""What a solution amounts to, in a few numbers and without the tables of a plan: for loops that
solve thousands of times.

The numbers are those of the tables: supply by pathway and shortage in refined metal, prices of what
is demanded, cumulative emissions (a test holds the two together).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.plan.prices import undiscounted
from planner.solver.highs import Arrays, Solution
from planner.system.nouns import PATHWAYS, SCOPES, Array, System
from planner.system.unit_accounts import demand_by_good, in_refined_metal, metals_of

IN_PLAN = 1e-3
"""A process is in the plan when it runs, over the years, at more than this share of the requirement
of a metal that it handles."""
TIE = 1e-3
"""USD (present value) per unit of activity below which a process that does not run would cost
nothing more."""
FLOWS = (*PATHWAYS, "shortage", "requirement")
"""Yearly quantities of a metal, t of refined metal per year."""
UNITS: Mapping[str, str] = {
    **dict.fromkeys(FLOWS, "t/year"),
    "foreign_share": "1",
    "price": "USD/t",
}
"""Units of the yearly quantities; money is that of the study's currency year."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One solution in numbers. T periods, P processes, K plants, M metals."""

    cost: float
    emissions: Mapping[str, float]
    """Cumulative t CO2e by scope."""
    shortage: float
    """t of refined metal that no year serves, over all metals."""
    flows: Mapping[str, Array]
    """Quantity of FLOWS to t per year, shape (M, T)."""
    price: Array
    """USD/t of what is demanded of each metal, shape (M, T)."""
    activity: Array
    """Activity over all years, shape (P,)."""
    in_plan: npt.NDArray[np.bool_]
    """Shape (P,)."""
    ruled_out: npt.NDArray[np.bool_]
    """Whether a process runs in no plan of the same cost: it would cost more in every year. Shape
    (P,)."""
    ordered: Array
    """New capacity over all years, shape (K,)."""

    @property
    def foreign_share(self) -> Array:
        """Share of foreign pathways in refined supply without new scrap, shape (M, T); NaN where
        nothing is supplied."""
        abroad = self.flows["foreign primary"] + self.flows["foreign secondary"]
        supplied = abroad + self.flows["domestic primary"] + self.flows["domestic secondary"]
        return np.divide(abroad, supplied, out=np.full_like(supplied, np.nan), where=supplied > 0)


class Reckoner:
    """Reads outcomes off solutions of one programme; the system may have other numbers each time,
    but the same names."""

    def __init__(self, system: System, arrays: Arrays) -> None:
        years = [p.first for p in system.periods]
        at, row_at = arrays.column_at, arrays.row_at
        self.columns, self.rows = arrays.columns, arrays.rows
        self.length = np.array([p.length for p in system.periods], dtype=float)

        def places(variable: str, names: Mapping[str, object]) -> npt.NDArray[np.int64]:
            return np.array(
                [[at.get((variable, (name, t)), -1) for t in years] for name in names],
                dtype=np.int64,
            ).reshape(-1, len(years))

        self.activity = places("activity", system.processes)
        self.emission = places("emission", dict.fromkeys(SCOPES))
        self.ordered = places("new_capacity", system.plants)
        self.shortage = {
            name: places("shortage", {name: None})[0]
            for name, good in system.goods.items()
            if good.demand is not None
        }
        self.piles = {
            name: (places("draw", {name: None})[0], places("fill", {name: None})[0])
            for name, good in system.goods.items()
            if good.stockpile is not None and good.kind == "refined"
        }
        self.balance = {
            name: np.array([row_at.get(("balance", (name, t)), -1) for t in years])
            for name in self.shortage
        }
        self.metals = [metals_of(system, process) for process in system.processes.values()]
        refined = {name for name, good in system.goods.items() if good.kind == "refined"}
        self.supplies = [
            (p, process.name, name, metal)
            for p, process in enumerate(system.processes.values())
            if process.pathway is not None
            for name in process.outputs
            if name in refined
            for metal in system.goods[name].content
        ]
        pathways = [system.processes[name].pathway for _, name, *_ in self.supplies]
        self.supplied = (
            np.array(
                [
                    [FLOWS.index(str(pathway)), system.metals.index(metal), p]
                    for pathway, (p, *_, metal) in zip(pathways, self.supplies, strict=True)
                ],
                dtype=np.intp,
            )
            .reshape(-1, 3)
            .T
        )

    def read(self, system: System, arrays: Arrays, solution: Solution) -> Outcome:
        """The outcome of a solution of these arrays, made from this system."""
        if (arrays.columns, arrays.rows) != (self.columns, self.rows):
            return Reckoner(system, arrays).read(system, arrays, solution)
        x = np.append(np.clip(solution.x, arrays.lower, arrays.upper), 0.0)
        dual = np.append(solution.dual, np.nan)
        run = x[self.activity]
        every = np.zeros((len(FLOWS), len(system.metals), len(self.length)))
        flows = dict(zip(FLOWS, every, strict=True))
        short = {g: x[at] for g, at in self.shortage.items()}
        demanded = demand_by_good(system)
        for i, metal in enumerate(system.metals):
            flows["shortage"][i] = in_refined_metal(system, metal, short)
            flows["requirement"][i] = in_refined_metal(system, metal, demanded)
        pathway, metal_at, at = self.supplied
        np.add.at(every, (pathway, metal_at), run[at] * self._refined(system))
        for name, (draw, fill) in self.piles.items():
            for metal, content in system.goods[name].content.items():
                flows["stockpile"][system.metals.index(metal)] += content * (x[draw] - x[fill])
        activity = run @ self.length
        dear = (
            np.append(np.where(arrays.upper > 0, solution.reduced_cost, np.inf), np.inf)[
                self.activity
            ]
            > TIE
        )
        need = {
            metal: float(flows["requirement"][i] @ self.length)
            for i, metal in enumerate(system.metals)
        }
        least = np.array([min((need[m] for m in metals), default=np.inf) for metals in self.metals])
        return Outcome(
            cost=solution.objective,
            emissions=dict(zip(SCOPES, (x[self.emission] @ self.length).tolist(), strict=True)),
            shortage=float((flows["shortage"] @ self.length).sum()),
            flows=flows,
            price=self._price(system, dual, demanded),
            activity=activity,
            in_plan=activity > IN_PLAN * least,
            ruled_out=((run == 0) & dear).all(axis=1),
            ordered=x[self.ordered].sum(axis=1),
        )

    def _refined(self, system: System) -> Array:
        """Refined metal that a unit of activity puts out, t per unit, for each of `supplies`; shape
        (S, T)."""
        if not self.supplies:
            return np.zeros((0, len(self.length)))
        coefficients = np.array(
            [system.processes[process].outputs[good] for _, process, good, _ in self.supplies]
        )
        content = np.array([system.goods[good].content[metal] for *_, good, metal in self.supplies])
        return np.asarray(system.period_mean(coefficients) * content[:, None])

    def _price(self, system: System, dual: Array, demanded: Mapping[str, Array]) -> Array:
        """Demand-weighted price of the single-metal goods demanded, as in the table of indicators."""
        worth, amount = np.zeros((2, len(system.metals), len(self.length)))
        for name, at in self.balance.items():
            content = system.goods[name].content
            if len(content) == 1 and name in demanded:
                i = system.metals.index(next(iter(content)))
                worth[i] += undiscounted(system, demanded[name] * dual[at])
                amount[i] += demanded[name]
        return np.divide(worth, amount, out=np.full_like(worth, np.nan), where=amount > 0)


def yearly_table(system: System, outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """Outcomes of samples by metal and period: sample, metal, year, one column for each quantity of
    UNITS."""
    years = [p.first for p in system.periods]
    columns = [
        {**outcome.flows, "foreign_share": outcome.foreign_share, "price": outcome.price}
        for outcome in outcomes.values()
    ]
    many = len(system.metals) * len(years)
    return pd.DataFrame(
        {
            "sample": np.repeat(np.array([*outcomes], dtype=np.int64), many),
            "metal": np.tile(
                np.repeat(np.array(system.metals, dtype=object), len(years)), len(outcomes)
            ),
            "year": np.tile(np.array(years, dtype=np.int64), len(system.metals) * len(outcomes)),
            **{
                name: np.concatenate([np.zeros(0), *(each[name].ravel() for each in columns)])
                for name in UNITS
            },
        }
    )


def option_table(system: System, outcomes: Mapping[int, Outcome]) -> pd.DataFrame:
    """What each sample takes of each process and plant: sample, kind, name, value (over all years),
    in_plan."""
    names = [*system.processes, *system.plants]
    kinds = ["process"] * len(system.processes) + ["plant"] * len(system.plants)
    none = np.zeros(0)
    return pd.DataFrame(
        {
            "sample": np.repeat(np.array([*outcomes], dtype=np.int64), len(names)),
            "kind": np.tile(np.array(kinds, dtype=object), len(outcomes)),
            "name": np.tile(np.array(names, dtype=object), len(outcomes)),
            "value": np.concatenate(
                [
                    none,
                    *(part for each in outcomes.values() for part in (each.activity, each.ordered)),
                ]
            ),
            "in_plan": np.concatenate(
                [
                    none.astype(bool),
                    *(
                        part
                        for each in outcomes.values()
                        for part in (each.in_plan, each.ordered > 0)
                    ),
                ]
            ),
        }
    )
