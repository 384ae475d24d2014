"""The trade of a plan: what came in and what went out, by form, good and origin, as
`planner.system.trade` counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from planner.mfa.balance import sold
from planner.mfa.demand_measures import change_of_demand
from planner.mfa.provenance.trace import THROUGH, Trace, place_trace
from planner.plan.tables import Row, Values, series, table
from planner.system.nouns import HOME, Array, Good, Process, System
from planner.system.places import flows_at
from planner.system.provenance import REFINED
from planner.system.trade import (
    contained,
    form_of,
    goods_supply,
    import_terms,
    importers,
    origins,
    sent_abroad,
)
from planner.system.unit_accounts import mean_demand, reported_equivalent

if TYPE_CHECKING:
    from planner.plan.flow_tables import Accounted

TRADE_COLUMNS = (
    "metal",
    "year",
    "direction",
    "form",
    "good",
    "process",
    "origin",
    "contained",
    "value",
)
_SLIVER = 1e-9
"""Of the largest export of a study, what is rounding where demand goes short."""
_Row = tuple[str, str, Good, str, str, Array]
"""Metal, direction, good, process, origin, and t of the good per year, shape (T,)."""


def trade_table(plan: Accounted) -> pd.DataFrame:
    """Imports and exports: metal, year, direction (import, export), form, good, process, origin,
    contained (t/year of contained metal), value (t/year of refined equivalents, or of contained
    metal where the study states none).

    Each tonne stands at the last step by which it came in, with that origin: ore of A refined in B
    comes from B; of exports by trade it is the place that they go to. What an import takes of goods
    that imports give is left out there, in proportion
    to those who gave it. It came in when it was given, also where it went into a stockpile first:
    in a year in which an import draws on that, more is left out than is given, below zero.
    `passing_through` says what depends on an origin at any step.
    """
    rows = []
    for metal, direction, good, process, origin, amount in (*_imports(plan), *_exports(plan)):
        worth, content = reported_equivalent(good, metal), contained(good, metal)
        for period, v in zip(plan.system.periods, amount, strict=True):
            if v:
                place = (metal, period.first, direction, form_of(good), good.name, process, origin)
                rows.append((*place, float(content * v), float(worth * v)))
    return pd.DataFrame(rows, columns=list(TRADE_COLUMNS))


def imports_of(plan: Accounted, metal: str) -> pd.DataFrame:
    """The imports of a metal in `trade_table`."""
    table = trade_table(plan)
    return table[(table["metal"] == metal) & (table["direction"] == "import")]


def passing_through(plan: Accounted, metal: str) -> dict[str, Array]:
    """Metal that depends on each origin, mined, refined or made there, t per year of refined
    equivalents, shape (T,). Shares of all imports may add up to more than 1. Of what trade brings
    from other places it is traced through the flows."""
    system, found = plan.system, {}
    imports = {p.origin for p in importers(system) if not p.is_trade}
    traded = {n: w for n, w in import_terms(system, metal).items() if system.processes[n].is_trade}
    for origin in origins(system, metal):
        total = np.zeros(len(system.periods))
        terms = import_terms(system, metal, origin=origin) if origin in imports else {}
        for name, worth in terms.items():
            if not system.processes[name].is_trade:
                total = total + series(system, plan.values, "activity", name) * worth
        found[origin] = total + _traded_through(plan, metal, origin, traded)
    return found


def _traded_through(plan: Accounted, metal: str, place: str, traded: Mapping[str, Array]) -> Array:
    """What trade brings home that passed a place, t per year of refined equivalents; `traded` is
    what a unit of each flow brings."""
    system = plan.system
    total = np.zeros(len(system.periods))
    if place not in system.abroad or not traded:
        return total
    traced = place_trace(plan.balance, plan.flows, metal, place)
    for name, worth in traded.items():
        whole = system.processes[name].source == place
        share = 1.0 if whole else traced.part(name, (THROUGH,))
        total = total + share * worth * series(system, plan.values, "activity", name)
    return total


def _imports(plan: Accounted) -> Iterator[_Row]:
    system = plan.system
    for process in importers(system):
        for name in process.outputs:
            good = system.goods[name]
            amount = _given(plan, process, name) - _taken(plan, name) * _part(plan, process, name)
            for metal in good.content:
                yield metal, "import", good, process.name, process.origin, amount


def _given(plan: Accounted, process: Process, name: str) -> Array:
    """t of a good that a process gives, per year, shape (T,)."""
    return series(plan.system, plan.values, "activity", process.name) * process.outputs[name]


def _taken(plan: Accounted, name: str) -> Array:
    """t of a good that imports take, per year, shape (T,)."""
    system = plan.system
    takers = (process for process in importers(system) if name in process.inputs)
    return sum(
        (series(system, plan.values, "activity", p.name) * p.inputs[name] for p in takers),
        np.zeros(len(system.periods)),
    )


def _part(plan: Accounted, process: Process, name: str) -> Array:
    """Share of an import in what imports give of a good, shape (T,)."""
    givers = [p for p in importers(plan.system) if name in p.outputs]
    whole = np.sum([_given(plan, p, name) for p in givers], axis=0)
    return part_of_given(_given(plan, process, name), whole, 1 / len(givers))


def part_of_given(own: Array, whole: Array, before: float) -> Array:
    """Share of some in what all give of a good, shape (T,): in a year in which none gives any, and
    it comes out of a stockpile, in all that was given until then; where nothing was, `before`."""
    found = np.full(len(own), before)
    for mine, of_all in ((np.cumsum(own), np.cumsum(whole)), (own, whole)):
        found = np.divide(mine, of_all, out=found.copy(), where=of_all > 0)
    return found


def _exports(plan: Accounted) -> Iterator[_Row]:
    system = plan.system
    for metal in system.metals:
        for name, served in served_exports(plan, metal).items():
            yield metal, "export", system.goods[name], "", "", served
    for each in sent_abroad(system):
        activity = series(system, plan.values, "activity", each.process.name)
        for metal in each.good.content:
            amount = activity * each.amount
            where = each.process.place or each.process.origin
            yield metal, "export", each.good, each.process.name, where, amount


def export_table(
    system: System, flows: pd.DataFrame, traced: Mapping[str, Trace], supply: pd.DataFrame
) -> pd.DataFrame:
    """What goes abroad by where its metal was won, t of contained metal per year. Metal that was
    refined before has the mix of all refined metal supplied in its year."""
    rows: list[Row] = []
    for (metal, good), part in _gone_abroad(system, flows).groupby(["metal", "good"]):
        mixes = _refined_mixes(system, supply, str(metal))
        for year, value in zip(part["year"], part["value"], strict=True):
            at = system.years.index(year)
            shares = _composition(traced[str(metal)], str(good), at, mixes.get(year, {}))
            rows += [
                (metal, year, good, *label, float(value * share), "t/year")
                for label, share in shares.items()
                if share > 0
            ]
    return table("exports", sorted(rows, key=lambda row: row[:5]))


def _gone_abroad(system: System, flows: pd.DataFrame) -> pd.DataFrame:
    """What goes abroad by metal, good and year, t of contained metal: what is demanded there and
    goes short is no metal."""
    flows = flows_at(system, flows)
    traded = [process.name for process in system.processes.values() if process.goes_abroad]
    wanted, sent = flows[flows["target"] == "export"], flows[flows["target"].isin(traded)]
    short = flows[(flows["source"] == "shortage") & flows["good"].isin(set(wanted["good"]))]
    both = pd.concat([wanted, *([sent] if traded else []), short.assign(value=-short["value"])])
    gone = both.groupby(["metal", "good", "year"], as_index=False)["value"].sum()
    largest = max(wanted["value"].max(), sent["value"].max()) if traded else wanted["value"].max()
    return pd.DataFrame(gone[gone["value"] > _SLIVER * largest])


def _composition(
    traced: Trace, good: str, at: int, refined: Mapping[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
    """Share of each pathway and origin in a good, in one year."""
    found: dict[tuple[str, str], float] = {}
    known = 0.0
    for label, series_ in zip(traced.labels, traced.of(good), strict=True):
        if label != REFINED:
            key = label.pathway, label.origin
            found[key] = found.get(key, 0.0) + float(series_[at])
            known += float(series_[at])
    for key, share in refined.items():
        found[key] = found.get(key, 0.0) + (1.0 - known) * share
    return found


def _refined_mixes(
    system: System, supply: pd.DataFrame, metal: str
) -> dict[int, dict[tuple[str, str], float]]:
    """Shares of pathway and origin in all refined metal supplied, by year; what stockpiles took in
    counts as nothing, and metal in finished goods is left out."""
    goods = {process.name for process, of, *_ in goods_supply(system) if of == metal}
    mine = supply[
        (supply["metal"] == metal) & (supply["value"] > 0) & ~supply["process"].isin(goods)
    ]
    found: dict[int, dict[tuple[str, str], float]] = {}
    keys = zip(mine["year"], mine["pathway"], mine["origin"], mine["value"], strict=True)
    for year, pathway, origin, value in keys:
        mix = found.setdefault(int(year), {})
        mix[pathway, origin] = mix.get((pathway, origin), 0.0) + float(value)
    return {
        year: {key: value / sum(mix.values()) for key, value in mix.items()}
        for year, mix in found.items()
    }


class _Served(Protocol):
    """A study with the variables of its plan."""

    @property
    def system(self) -> System: ...
    @property
    def values(self) -> Values: ...


def served_exports(plan: _Served, metal: str) -> dict[str, Array]:
    """Exports that are served, or sold at a price, of each good that holds a metal, t of the good
    per year, shape (T,): what is demanded after the measures of the plan, less what goes short, and
    what is sold."""
    system: System = plan.system
    change = change_of_demand(system, plan.values)
    return {
        good.name: mean_demand(system, good)
        + change.get(good.name, 0.0)
        - series(system, plan.values, "shortage", good.name)
        + sold(system, plan.values, good)
        for good in system.goods.values()
        if good.exported and metal in good.content and good.place == HOME
    }


def traded_away(plan: _Served, metal: str) -> dict[str, Array]:
    """What trade takes abroad of each home good that holds a metal, t of the good per year, shape
    (T,)."""
    system: System = plan.system
    found: dict[str, Array] = {}
    for process in system.processes.values():
        for name in process.inputs if process.goes_abroad else ():
            if metal in system.goods[name].content:
                taken = series(system, plan.values, "activity", process.name)
                found[name] = found.get(name, 0.0) + taken
    return found
