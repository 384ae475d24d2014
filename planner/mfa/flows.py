"""The flow table: the source and target of every tonne of metal, from the incidence matrix and
the values of a plan or simulation.

The network is bipartite: process -> good -> process. Beside processes and goods, under their own
names, stand `deposit/NAME`, `origin/NAME` and `host/NAME` (sources outside the economy),
`use/PRODUCT`, `stockpile/GOOD`, `export`, `demand` (served, but entering no use stock at home),
`shortage` (what was not there: without it the use stocks, which count on full demand, would not
close) and `loss/NAME`, or `loss/NAME/MEDIUM` where the study says where the loss goes. At every
process and good what comes in goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.mfa.balance import (
    Balance,
    Residual,
    VariableValues,
    metal_in_and_out,
    sold,
    values_of,
)
from planner.mfa.provenance.trace import Trace, trace
from planner.system.losses import DISSIPATED, SURPLUS, UNCOLLECTED, parts_of_loss
from planner.system.nouns import Array, Good, Process, System, frozen_array
from planner.system.places import flows_at
from planner.system.provenance import NEW_SCRAP, is_supplied
from planner.system.unit_accounts import metals_of

COLUMNS = ("metal", "year", "source", "target", "good", "value", "unit")
UNIT = "t/year"
UNNAMED = "loss/unnamed"
SHORTAGE = "shortage"
SERVED = ("export", "demand")
"""Where demand ends that enters no use stock."""


@dataclass(frozen=True, slots=True, eq=False)
class Thread:
    """One flow over all periods: t of contained metal per year, shape (T,)."""

    metal: str
    source: str
    target: str
    good: str
    value: Array


def flow_table(balance: Balance, values: VariableValues) -> pd.DataFrame:
    """Every flow of every metal and period: metal, year (first of the period), source, target,
    good, value, unit (t/year).

    `values` holds activity[(process, year)] and draw, fill, disposal, shortage[(good, year)], as
    the variables of the linear programme; what is absent is 0. Flows of zero or below are left out;
    something that is not a number stays, to be seen.
    """
    threads = [t for t in threads_of(balance, values) if not (t.value <= 0).all()]
    years = np.array([p.first for p in balance.system.periods])
    columns = {
        name: np.array([getattr(t, name) for t in threads], dtype=object).repeat(len(years))
        for name in ("metal", "source", "target", "good")
    }
    amounts = np.concatenate([t.value for t in threads]) if threads else np.zeros(0)
    table = pd.DataFrame(
        {**columns, "year": np.tile(years, len(threads)), "value": amounts, "unit": UNIT}
    )
    kept = table[~(table["value"] <= 0)]
    return kept.sort_values(
        ["metal", "year", "source", "target", "good"], kind="stable", ignore_index=True
    )[list(COLUMNS)]


def threads_of(balance: Balance, values: VariableValues) -> Iterator[Thread]:
    """Every flow of every metal over all periods, those of zero with them."""
    system = balance.system
    for process in system.processes.values():
        yield from _of_process(system, process, values_of(system, values, "activity", process.name))
    yield from _of_use(balance)
    into_use: dict[tuple[str, str], Array] = {}
    for (metal, good, product), flow in balance.into_use.items():
        into_use[metal, good] = into_use.get((metal, good), 0.0) + flow
        yield Thread(metal, good, f"use/{product}", good, flow)
    for good_ in system.goods.values():
        yield from _of_good(system, good_, values, into_use)


def seen_threads(balance: Balance, values: VariableValues) -> Iterator[Thread]:
    """The flows that somebody could observe: what goes short is none, and is no part of what goes
    abroad, or to a demand that enters no use stock. Use stocks count on full demand."""
    threads = list(threads_of(balance, values))
    short = {(t.metal, t.target): t.value for t in threads if t.source == SHORTAGE}
    used = {(metal, good) for metal, good, _ in balance.into_use}
    for thread in threads:
        short_of = thread.metal, thread.source
        if thread.target in SERVED and short_of in short and short_of not in used:
            yield replace(thread, value=thread.value - short[short_of])
        elif thread.source != SHORTAGE:
            yield thread


def outside_source(system: System, process: Process, good: str) -> str:
    """The node that a process without inputs draws on."""
    if process.host:
        return f"host/{process.host}"
    if process.kind == "release":
        return f"stockpile/{good}"
    return f"origin/{process.origin or system.name_of_place(process.place)}"


def _of_process(system: System, process: Process, activity: Array) -> Iterator[Thread]:
    yield from _taken_in(system, process, activity)
    yield from _given_out(system, process, activity)
    for metal in metals_of(system, process):
        taken, given = metal_in_and_out(system, process, metal)
        lost = taken - given
        lost = np.where(lost > _ROUNDING * taken, lost, np.minimum(lost, 0.0))
        flow = lost * activity
        if process.loss:
            yield from _lost(system, metal, process.name, process.loss, process.loss, flow)
        else:
            yield Thread(metal, process.name, UNNAMED, "", flow)


def _lost(
    system: System, metal: str, source: str, loss: str, good: str, flow: Array
) -> Iterator[Thread]:
    """A loss by medium, where the study says how it parts, and what the media leave."""
    for target, share in parts_of_loss(system.loss_media, loss, metal):
        yield Thread(metal, source, target, good, flow * np.asarray(share))


def _taken_in(system: System, process: Process, activity: Array) -> Iterator[Thread]:
    for good, coefficient in process.inputs.items():
        for metal, content in system.goods[good].content.items():
            flow = content * coefficient * activity
            yield Thread(metal, good, process.name, good, flow)
    for deposit, coefficient in process.deposits.items():
        flow = coefficient * activity
        metal = system.deposits[deposit].metal
        yield Thread(metal, f"deposit/{deposit}", process.name, deposit, flow)


def _given_out(system: System, process: Process, activity: Array) -> Iterator[Thread]:
    """Outputs of a process, and what it draws from outside where it takes nothing in."""
    outside = not process.inputs and not process.deposits
    for good, coefficient in process.outputs.items():
        for metal, content in system.goods[good].content.items():
            flow = content * coefficient * activity
            yield Thread(metal, process.name, good, good, flow)
            if outside:
                source = outside_source(system, process, good)
                yield Thread(metal, source, process.name, good, flow)


_ROUNDING = 1e-12
"""A loss below this share of what goes in is the rounding of coefficients that add up to 1."""


def _of_use(balance: Balance) -> Iterator[Thread]:
    """Outflow of each use stock: to its waste good, or dissipated."""
    system = balance.system
    for product in system.products.values():
        gone = balance.stocks[product.name].outflow
        share = product.dissipated if product.waste else np.ones_like(gone)
        for metal, content in product.content.items():
            yield Thread(
                metal,
                f"use/{product.name}",
                product.waste,
                product.waste,
                content * (gone * (1.0 - share)),
            )
            yield from _lost(
                system,
                metal,
                f"use/{product.name}",
                DISSIPATED,
                product.name,
                content * (gone * share),
            )


def _of_good(
    system: System, good: Good, values: VariableValues, into_use: Mapping[tuple[str, str], Array]
) -> Iterator[Thread]:
    name, zero = good.name, np.zeros(len(system.periods))
    ends = [
        ("draw", f"stockpile/{name}", name),
        ("fill", name, f"stockpile/{name}"),
        ("shortage", SHORTAGE, name),
    ]
    thrown_away = UNCOLLECTED if good.kind == "waste" else SURPLUS
    for metal, content in good.content.items():
        for variable, source, target in ends:
            yield Thread(
                metal, source, target, name, content * values_of(system, values, variable, name)
            )
        disposed = content * values_of(system, values, "disposal", name)
        yield from _lost(system, metal, name, thrown_away, name, disposed)
        gone = content * sold(system, values, good)
        if good.demand is not None:
            rest = _unused(content * good.demand, into_use.get((metal, name), zero))
            yield Thread(metal, name, "export" if good.export else "demand", name, rest + gone)
        elif good.sold:
            yield Thread(metal, name, "export", name, gone)


def _unused(demand: Array, used: Array) -> Array:
    """What of a demand enters no use stock; zero where that is rounding."""
    rest = demand - used
    return np.where(np.abs(rest) > _ROUNDING * demand, rest, 0.0)


def node_residual(balance: Balance, table: pd.DataFrame) -> Residual:
    """Inflow less outflow of every process and good, by metal, recomputed from the flow table
    alone; shape (N, T)."""
    system = balance.system
    nodes, years = [*system.processes, *system.goods], tuple(p.first for p in system.periods)
    row = {pair: i for i, pair in enumerate((n, m) for n in nodes for m in system.metals)}
    error = _in_less_out(table, row, years)
    largest = table.groupby("metal")["value"].max().reindex(system.metals).fillna(0.0)
    own = frozen_array([largest[metal] for _, metal in row])
    return Residual(error, tuple(map(", ".join, row)), years, float(largest.max()), own)


def _in_less_out(
    table: pd.DataFrame, row: Mapping[tuple[str, str], int], years: tuple[int, ...]
) -> Array:
    """What enters each node less what leaves it, by row and year."""
    column = {year: i for i, year in enumerate(years)}
    at_year = np.array([column[year] for year in table["year"]], dtype=np.intp)
    error = np.zeros((len(row), len(years)))
    for side, sign in (("target", 1.0), ("source", -1.0)):
        ends = zip(table[side], table["metal"], strict=True)
        at_row = np.array([row.get(pair, -1) for pair in ends], dtype=np.intp)
        inside = at_row >= 0
        amounts = sign * table["value"].to_numpy(dtype=float)[inside]
        np.add.at(error, (at_row[inside], at_year[inside]), amounts)
    return error


ACCOUNT_COLUMNS = ("metal", "year", "stage", "item", "name", "value", "unit")


def base_account(balance: Balance, flows: pd.DataFrame, metal: str, year: int) -> pd.DataFrame:
    """The account of a metal in one period as figures of substance flow analyses show it: stage,
    item, name, value (t/year).

    Stages: extraction, trade, refining, manufacture, use, waste, recycling, stockpile, loss (item:
    stage, name: medium), balance. `balance` holds total in, total out and their difference, which
    is zero. Waste arises by product; what is dissipated in use is not waste but a loss. Raises
    KeyError where the metal or period is unknown.
    """
    system = balance.system
    if metal not in system.metals or year not in [p.first for p in system.periods]:
        raise KeyError(f"no metal '{metal}' or no period that begins in {year}")
    table = flows_at(system, flows[(flows["metal"] == metal) & (flows["year"] == year)])
    parts = _Parts(trace(balance, flows, metal), [p.first for p in system.periods].index(year))
    rows = [
        *_supply_account(system, table, parts),
        *_use_account(table),
        *_waste_account(system, table, parts),
        *_stockpile_account(table),
        *_loss_account(system, table),
    ]
    lines = [*_totals(rows).items(), *_outside(system, table)]
    entries = [(metal, year, *key, value, UNIT) for key, value in lines]
    return pd.DataFrame(entries, columns=list(ACCOUNT_COLUMNS))


def _totals(rows: Iterable[_Row]) -> dict[tuple[str, str, str], float]:
    """Lines of the account that are not zero, by stage, item and name."""
    totals: dict[tuple[str, str, str], float] = {}
    for stage, item, name, value in rows:
        if value:
            totals[stage, item, name] = totals.get((stage, item, name), 0.0) + value
    return totals


MINING_KINDS = ("mine", "byproduct")
_Row = tuple[str, str, str, float]
"""Stage, item, name and value of a line of the account."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What each process handles by pathway in one period, as traced through the flows."""

    traced: Trace
    period: int

    def by_pathway(self, process: str) -> dict[str, float]:
        """Share of each pathway; metal of refined goods as `refined before`."""
        found: dict[str, float] = {}
        for label, share in zip(self.traced.labels, self.traced.of(process), strict=True):
            if share[self.period] > 0:
                found[label.pathway] = found.get(label.pathway, 0.0) + float(share[self.period])
        return found

    def of_scrap(self, process: str) -> Iterator[tuple[str, float]]:
        """Shares of new scrap and of all else, as old scrap."""
        new = self.by_pathway(process).get(NEW_SCRAP.pathway, 0.0)
        yield "new scrap", new
        yield "old scrap", 1.0 - new


def _supply_account(system: System, table: pd.DataFrame, parts: _Parts) -> Iterator[_Row]:
    """Ore taken, imports by form and origin, refined output by pathway, products made, and the
    exports that are served."""
    for process in system.processes.values():
        if process.kind in MINING_KINDS:
            yield from _taken_by(process, table, "extraction", "taken")
        for good, value in _pairs_of(table[table["source"] == process.name], "good"):
            if good in system.goods:
                yield from _output_rows(process, system.goods[good], value)
                yield from _refined_rows(process, system.goods[good], value, parts)
        if process.kind == "import":
            yield from _taken_by(process, table, "trade", "taken abroad")
    yield from _sent_out(system, table)


def _taken_by(process: Process, table: pd.DataFrame, stage: str, item: str) -> Iterator[_Row]:
    for source, value in _pairs_of(table[table["target"] == process.name], "source"):
        yield stage, item, source, value


def _refined_rows(process: Process, good: Good, value: float, parts: _Parts) -> Iterator[_Row]:
    """Refined output by the pathways that it comes from."""
    if is_supplied(good):
        for pathway, share in parts.by_pathway(process.name).items():
            yield "refining", pathway, process.name, share * value


def _sent_out(system: System, table: pd.DataFrame) -> Iterator[_Row]:
    """What is exported, less what goes short of it, or traded to another place."""
    traded = [process.name for process in system.processes.values() if process.goes_abroad]
    for good, value in _pairs_of(table[table["target"].isin(traded)], "good"):
        yield "trade", "export", good, value
    short = dict(_pairs_of(table[table["source"] == SHORTAGE], "good"))
    for good, value in _pairs_of(table[table["target"] == "export"], "good"):
        yield "trade", "export", good, value - short.get(good, 0.0)


def _output_rows(process: Process, good: Good, value: float) -> Iterator[_Row]:
    """The lines in which an output of a process counts."""
    if process.from_abroad:
        yield "trade", "import", f"{good.name} from {process.origin}", value
    elif process.kind in MINING_KINDS and good.kind != "refined":
        yield "extraction", "output", good.name, value
    if process.kind == "manufacture":
        yield "manufacture", "new scrap" if good.kind == "scrap" else "output", good.name, value


def _pairs_of(table: pd.DataFrame, column: str) -> Iterator[tuple[str, float]]:
    return zip(table[column], table["value"], strict=True)


def _use_account(table: pd.DataFrame) -> Iterator[_Row]:
    """Inflow, outflow and stock change of each use stock; demand that enters none; shortage."""
    for source, target, value in zip(table["source"], table["target"], table["value"], strict=True):
        if target.startswith("use/"):
            yield "use", "inflow", target[4:], value
            yield "use", "stock change", target[4:], value
        if source.startswith("use/"):
            yield "use", "outflow", source[4:], value
            yield "use", "stock change", source[4:], -value
        if target == "demand":
            yield "use", "no stock", source, value
        if source == "shortage":
            yield "use", "shortage", target, value


def _waste_account(system: System, table: pd.DataFrame, parts: _Parts) -> Iterator[_Row]:
    """Waste by the product that it was, what of it is collected, and what recycling takes in and
    gives out, new and old scrap apart."""
    for source, target, good, value in zip(
        table["source"], table["target"], table["good"], table["value"], strict=True
    ):
        maker, taker = system.processes.get(source), system.processes.get(target)
        if source.startswith("use/") and target in system.goods:
            yield "waste", "arising", source.removeprefix("use/"), value
        if taker and good in system.goods and system.goods[good].kind == "waste":
            yield "waste", "collected", good, value
        yield from _recycled(taker, "in", good, value, parts)
        if target == good:
            yield from _recycled(maker, "out", good, value, parts)


def _recycled(
    process: Process | None, way: str, good: str, value: float, parts: _Parts
) -> Iterator[_Row]:
    """What recycling takes in or gives out, new and old scrap apart."""
    if process is not None and process.kind == "recycle":
        for scrap, share in parts.of_scrap(process.name):
            yield "recycling", f"{scrap} {way}", good, share * value


def _stockpile_account(table: pd.DataFrame) -> Iterator[_Row]:
    """Draws from stockpiles and additions to them."""
    for source, target, value in zip(table["source"], table["target"], table["value"], strict=True):
        if source.startswith("stockpile/"):
            yield "stockpile", "drawn", source.removeprefix("stockpile/"), value
        if target.startswith("stockpile/"):
            yield "stockpile", "filled", target.removeprefix("stockpile/"), value


def _loss_account(system: System, table: pd.DataFrame) -> Iterator[_Row]:
    """Losses by stage and medium."""
    for source, target, value in zip(table["source"], table["target"], table["value"], strict=True):
        if target.startswith("loss/"):
            holder = system.processes.get(source) or system.goods.get(source)
            yield "loss", "use" if holder is None else holder.stage, target[5:], value


def _outside(system: System, table: pd.DataFrame) -> list[tuple[tuple[str, str, str], float]]:
    """Total in (deposits, origins, hosts, stockpiles, use stocks, shortage), total out, and their
    difference."""
    inside = {*system.goods, *(p.name for p in system.processes.values() if not p.is_trade)}
    total_in = float(
        table.loc[~table["source"].isin(inside) & table["target"].isin(inside), "value"].sum()
    )
    total_out = float(
        table.loc[~table["target"].isin(inside) & table["source"].isin(inside), "value"].sum()
    )
    items = {"in": total_in, "out": total_out, "difference": total_in - total_out}
    return [(("balance", item, ""), value) for item, value in items.items()]
