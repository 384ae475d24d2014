"""Outcomes of a solution in a few numbers, without the tables of a plan: for loops that solve
thousands of times.

The numbers are those of the tables: supply by pathway and shortage in refined metal, prices of what
is demanded, cumulative emissions (a test holds the two together).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.lp.paid import paid
from planner.mfa.balance import balance
from planner.mfa.demand_measures import demand_after_measures
from planner.plan.prices import undiscounted
from planner.plan.tables import supply_of
from planner.solver.highs import Arrays, Name, Solution, by_name
from planner.system.nouns import PATHWAYS, SCOPES, Array, Good, Observed, System
from planner.system.provenance import REFINED, supplied_pathways
from planner.system.trade import goods_supply
from planner.system.unit_accounts import in_refined_metal, metals_of

Positions = npt.NDArray[np.int64]

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
    """USD, present value of all that is paid."""
    penalty: float
    """USD, present value of the penalties for shortage and targets missed."""
    emissions: Mapping[str, float]
    """Cumulative t CO2e by scope."""
    shortage: float
    """t of refined metal that no year serves, over all metals."""
    flows: Mapping[str, Array]
    """Quantity of FLOWS to t per year, shape (M, T)."""
    price: Array
    """USD/t of the goods demanded of each metal (the indicator `price: goods`), shape (M, T)."""
    activity: Array
    """Activity over all years, shape (P,)."""
    in_plan: npt.NDArray[np.bool_]
    """Shape (P,)."""
    ruled_out: npt.NDArray[np.bool_]
    """Processes that run in no plan of the same cost, since they would cost more in every year,
    shape (P,)."""
    ordered: Array
    """New capacity over all years, shape (K,)."""

    @property
    def answers(self) -> dict[str, float]:
        """The headline answers: cost, penalty, emissions by scope, shortage."""
        money = {"cost": self.cost, "penalty": self.penalty}
        return {**money, **self.emissions, "shortage": self.shortage}

    @property
    def foreign_share(self) -> Array:
        """Share of foreign pathways in refined supply without new scrap, shape (M, T); NaN where
        nothing is supplied."""
        abroad = self.flows["foreign primary"] + self.flows["foreign secondary"]
        supplied = abroad + self.flows["domestic primary"] + self.flows["domestic secondary"]
        return np.divide(abroad, supplied, out=np.full_like(supplied, np.nan), where=supplied > 0)


class _Supply(NamedTuple):
    """A metal in a refined good that a process of a pathway puts out."""

    at: int
    """Position of the process."""
    process: str
    pathway: str
    good: str
    metal: str


class OutcomeReader:
    """Reads outcomes off solutions of one programme; the system may have other numbers each time,
    but the same names."""

    def __init__(self, system: System, arrays: Arrays) -> None:
        years = tuple(p.first for p in system.periods)
        columns = partial(_positions, arrays.column_at, years)
        demanded = [name for name, good in system.goods.items() if good.demand is not None]
        piles = [name for name, good in system.goods.items() if _is_refined_pile(good)]
        self.columns, self.rows = arrays.columns, arrays.rows
        self.measure = {
            index: at for (variable, index), at in arrays.column_at.items() if variable == "measure"
        }
        self.length = np.array([p.length for p in system.periods], dtype=float)
        self.activity = columns("activity", system.processes)
        self.emission = columns("emission", SCOPES)
        self.ordered = columns("new_capacity", system.plants)
        self.shortage = dict(zip(demanded, columns("shortage", demanded), strict=True))
        self.draw = dict(zip(piles, columns("draw", piles), strict=True))
        self.fill = dict(zip(piles, columns("fill", piles), strict=True))
        balances = _positions(arrays.row_at, years, "balance", demanded)
        self.balance = dict(zip(demanded, balances, strict=True))
        self.metals = [metals_of(system, process) for process in system.processes.values()]
        self.supplies = tuple(_supplies(system))
        self.supplied = _flow_positions(system, self.supplies)
        self.at = {name: at for at, name in enumerate(system.processes)}
        self.buys_goods = any(True for _ in goods_supply(system))
        self.traced = _mixed_metals(system)

    def read(self, system: System, arrays: Arrays, solution: Solution) -> Outcome:
        """The outcome of a solution of these arrays, made from this system."""
        if (arrays.columns, arrays.rows) != (self.columns, self.rows):
            return OutcomeReader(system, arrays).read(system, arrays, solution)
        x = np.append(np.clip(solution.x, arrays.lower, arrays.upper), 0.0)
        run, demanded = x[self.activity], self._demanded(system, x)
        flows = self._flows(system, x, demanded)
        activity, money = run @ self.length, paid(system, arrays, x[:-1])
        return Outcome(
            cost=money[0],
            penalty=money[1],
            emissions=dict(zip(SCOPES, (x[self.emission] @ self.length).tolist(), strict=True)),
            shortage=float((flows["shortage"] @ self.length).sum()),
            flows=flows,
            price=self._price(system, np.append(solution.dual, np.nan), demanded),
            activity=activity,
            in_plan=activity > IN_PLAN * self._least_requirement(system, flows["requirement"]),
            ruled_out=((run == 0) & self._is_dear(arrays, solution)).all(axis=1),
            ordered=x[self.ordered].sum(axis=1),
        )

    def _demanded(self, system: System, x: Array) -> dict[str, Array]:
        """t demanded of each good, what measures spare left out, as the indicators have it."""
        taken = {index: float(x[at]) for index, at in self.measure.items()}
        return demand_after_measures(system, {"measure": taken})

    def _flows(self, system: System, x: Array, demanded: Mapping[str, Array]) -> dict[str, Array]:
        every = np.zeros((len(FLOWS), len(system.metals), len(self.length)))
        flows = dict(zip(FLOWS, every, strict=True))
        short = {g: x[at] for g, at in self.shortage.items()}
        for i, metal in enumerate(system.metals):
            flows["shortage"][i] = in_refined_metal(system, metal, short)
            flows["requirement"][i] = in_refined_metal(system, metal, demanded)
        pathway, metal_at, at = self.supplied
        np.add.at(every, (pathway, metal_at), x[self.activity][at] * self._refined(system))
        for process, metal, way, worth in goods_supply(system) if self.buys_goods else ():
            run = x[self.activity[self.at[process.name]]]
            flows[way][system.metals.index(metal)] += run * worth
        if self.traced:
            self._trace(system, x, flows)
        for name, draw in self.draw.items():
            given = x[draw] - x[self.fill[name]]
            for metal, content in system.goods[name].content.items():
                flows["stockpile"][system.metals.index(metal)] += content * given
        return flows

    def _trace(self, system: System, x: Array, flows: Mapping[str, Array]) -> None:
        """Supply of metals whose pathways mix, as the flows of this very solution have it."""
        table = supply_of(balance(system), by_name(self.columns, x[:-1]))
        place = {p.first: t for t, p in enumerate(system.periods)}
        for metal, year, pathway, process, value in zip(
            *(table[name] for name in ("metal", "year", "pathway", "process", "value")), strict=True
        ):
            if metal in self.traced and process in system.processes:
                flows[pathway][system.metals.index(metal), place[year]] += value

    def _least_requirement(self, system: System, requirement: Array) -> Array:
        """Over all years, of the metals that each process handles the one required least, shape
        (P,)."""
        need = {m: float(requirement[i] @ self.length) for i, m in enumerate(system.metals)}
        return np.array([min((need[m] for m in metals), default=np.inf) for metals in self.metals])

    def _is_dear(self, arrays: Arrays, solution: Solution) -> npt.NDArray[np.bool_]:
        """Processes and periods in which a unit of activity would cost more, or cannot be, shape
        (P, T)."""
        reduced_cost = np.where(arrays.upper > 0, solution.reduced_cost, np.inf)
        return np.asarray(np.append(reduced_cost, np.inf)[self.activity] > TIE)

    def _refined(self, system: System) -> Array:
        """Refined metal that a unit of activity puts out, t per unit, for each of `supplies`; shape
        (S, T)."""
        if not self.supplies:
            return np.zeros((0, len(self.length)))
        coefficients = np.array(
            [system.processes[each.process].outputs[each.good] for each in self.supplies]
        )
        content = np.array([system.goods[each.good].content[each.metal] for each in self.supplies])
        return np.asarray(coefficients * content[:, None])

    def _price(self, system: System, dual: Array, demanded: Mapping[str, Array]) -> Array:
        """Demand-weighted price of the goods demanded that hold one metal, as the indicators have
        it."""
        worth, amount = np.zeros((2, len(system.metals), len(self.length)))
        goods = [
            name
            for name in self.balance
            if name in demanded and len(system.goods[name].content) == 1
        ]
        bought = [demanded[name] * dual[self.balance[name]] for name in goods]
        paid = undiscounted(system, np.reshape(bought, (len(goods), len(self.length))))
        for name, value in zip(goods, paid, strict=True):
            ((metal, tonnes),) = system.goods[name].content.items()
            i = system.metals.index(metal)
            worth[i] += value
            amount[i] += demanded[name] * tonnes
        return np.divide(worth, amount, out=np.full_like(worth, np.nan), where=amount > 0)


def _positions(
    at: Mapping[Name, int], years: Sequence[int], family: str, names: Iterable[str]
) -> Positions:
    """Columns of a variable, or rows of a constraint, by name and period, shape (N, T); -1 where
    there is none."""
    found = [[at.get((family, (name, t)), -1) for t in years] for name in names]
    return np.array(found, dtype=np.int64).reshape(-1, len(years))


def _is_refined_pile(good: Good) -> bool:
    return good.stockpile is not None and good.kind == "refined"


def _supplies(system: System) -> Iterator[_Supply]:
    """Everything that the processes of a single pathway put out of refined metal, of metals whose
    pathways do not mix: the goods keep them apart, whatever the plan."""
    at = {name: i for i, name in enumerate(system.processes)}
    for metal in system.metals:
        found = supplied_pathways(system, metal)
        for process, pathways in found.items() if not _mixes(found) else ():
            for good in system.processes[process].outputs:
                refined = (
                    system.goods[good].kind == "refined" and metal in system.goods[good].content
                )
                for pathway in pathways - {REFINED.pathway} if refined else ():
                    yield _Supply(at[process], process, pathway, good, metal)


def _mixed_metals(system: System) -> frozenset[str]:
    """Metals of which a process may supply several pathways, as the plan has it."""
    return frozenset(m for m in system.metals if _mixes(supplied_pathways(system, m)))


def _mixes(found: Mapping[str, Collection[str]]) -> bool:
    return any(len(pathways) > 1 for pathways in found.values())


def _flow_positions(system: System, supplies: Sequence[_Supply]) -> npt.NDArray[np.intp]:
    """Positions of pathway, metal and process of each supply, shape (3, S)."""
    found = [
        (FLOWS.index(each.pathway), system.metals.index(each.metal), each.at) for each in supplies
    ]
    return np.array(found, dtype=np.intp).reshape(-1, 3).T


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
    """Activity of each process and orders of each plant by sample: sample, kind, name, value (over
    all years), in_plan."""
    names = [*system.processes, *system.plants]
    kinds = ["process"] * len(system.processes) + ["plant"] * len(system.plants)
    each = [*outcomes.values()]
    values = [part for one in each for part in (one.activity, one.ordered)]
    in_plan = [part for one in each for part in (one.in_plan, one.ordered > 0)]
    return pd.DataFrame(
        {
            "sample": np.repeat(np.array([*outcomes], dtype=np.int64), len(names)),
            "kind": np.tile(np.array(kinds, dtype=object), len(outcomes)),
            "name": np.tile(np.array(names, dtype=object), len(outcomes)),
            "value": np.concatenate([np.zeros(0), *values]),
            "in_plan": np.concatenate([np.zeros(0, dtype=bool), *in_plan]),
        }
    )


def observed_table(observations: Sequence[Observed], found: Mapping[int, Array]) -> pd.DataFrame:
    """What samples make of observations: sample, observation, metal, source, target, quantity,
    year, value."""
    texts = ("observation", "metal", "source", "target", "quantity")
    fields = ("name", *texts[1:])
    return pd.DataFrame(
        {
            "sample": np.repeat(np.array([*found], dtype=np.int64), len(observations)),
            **{
                text: np.tile(np.array([getattr(o, f) for o in observations], object), len(found))
                for text, f in zip(texts, fields, strict=True)
            },
            "year": np.tile(np.array([o.year for o in observations], dtype=np.int64), len(found)),
            "value": np.concatenate([np.zeros(0), *found.values()]),
        }
    )
