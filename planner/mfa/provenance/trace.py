r"""The provenance of what every process handles, from the flow table: proportional mixing.

In every good, process and stockpile metal mixes, and whatever leaves has the composition of what
came in. With $f_{u,v,t}$ the flow of a metal from u to v in period t, $n_t$ the years of the period
and $s_{v,t}$ the level of a stockpile at its end, the share $x_{l,v,t}$ of provenance l is

$$\Big(\sum_u f_{u,v,t} + \frac{s_{v,t-1}}{n_t}\Big)\, x_{l,v,t}
  = \sum_u f_{u,v,t}\, x_{l,u,t} + \frac{s_{v,t-1}}{n_t}\, x_{l,v,t-1}$$

one sparse linear system for each metal, over all goods, processes, stockpiles and periods at once:
a loop closes exactly, and a stockpile carries its composition on. (The proportionality assumption,
as in Leontief's inverse and in the tracing of power flows: Bialek 1996, IEE Proc. Gener. Transm.
Distrib. 143:313.) What comes from outside has the provenance that `planner.system.provenance`
gives it: deposits, hosts, countries; old scrap out of use; new scrap out of manufacture; opening
stocks.

Refined goods at home are an end and a new beginning: metal that was refined is supplied, once, and
whoever takes it in takes metal `refined before`. Hence no loop behind refining can count a tonne
twice. At other places refining is a step like any other: a tonne is followed from its mine through
every border, and is supplied where it comes in refined.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph, linalg

from planner.mfa.balance import Balance
from planner.system.nouns import HOME, Array, Good, Process, System
from planner.system.provenance import (
    NEW_SCRAP,
    OLD_SCRAP,
    OPENING,
    REFINED,
    Provenance,
    crossed_as_scrap,
    drawn_from_outside,
    is_supplied,
    left_use,
    makes_new_scrap,
)

USE, STOCKPILE = "use/", "stockpile/"
_ROUNDING = 1e-12
"""Shares, and levels of a stockpile relative to all that went into it, below this are rounding."""
Positions = npt.NDArray[np.intp]
_Entry = tuple[Provenance | None, str, str]
"""A flow: its provenance where it comes from outside, None where it comes from a place, and its
ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Composition of one metal in every process, good and stockpile that handles it unrefined."""

    labels: tuple[Provenance, ...]
    places: Mapping[str, int]
    share: Array
    """By label, place and period, shape (L, N, T); sums to 1 over the labels, or to 0 where nothing
    flows, and where metal goes round that never came in."""
    old_of_period: Array
    """Share of old scrap that left use in the same period, shape (N, T)."""

    def of(self, name: str) -> Array:
        """Shares of a process or good by label and period, shape (L, T); zeros where it handles
        nothing unrefined."""
        if name not in self.places:
            return np.zeros((self.share.shape[0], self.share.shape[2]))
        return np.asarray(self.share[:, self.places[name]])

    def part(self, name: str, pathways: Collection[str]) -> Array:
        """Share of metal of some pathways, and not refined yet, in what a process or good handles,
        shape (T,)."""
        kept = [label.pathway in pathways for label in self.labels]
        return np.asarray(self.of(name)[kept].sum(axis=0))

    def old_scrap(self, name: str) -> Array:
        """Share of the old scrap of the same period in what a process or good handles, shape
        (T,)."""
        if name not in self.places:
            return np.zeros(self.share.shape[2])
        return np.asarray(self.old_of_period[self.places[name]])


def traces(balance: Balance, flows: pd.DataFrame) -> dict[str, Trace]:
    """The trace of every metal of a study."""
    return {metal: trace(balance, flows, metal) for metal in balance.system.metals}


def stage_trace(balance: Balance, flows: pd.DataFrame, metal: str, stage: str) -> Trace:
    """The places at which a metal last passed a stage, in all that handles it, refined or not:
    provenances of the pathway `stage`, whose origin is a place; of `NOT_YET` what passed none."""

    def passes(process: Process) -> bool:
        return process.stage == stage and not process.is_trade

    return _marked(balance, flows, metal, passes, stage)


def place_trace(balance: Balance, flows: pd.DataFrame, metal: str, place: str) -> Trace:
    """The part of a metal that passed a place, mined, worked up or sent from there, in all that
    handles it: the provenance with that place as its origin."""

    def passes(process: Process) -> bool:
        return place == process.made_at

    return _marked(balance, flows, metal, passes, THROUGH)


THROUGH = "through"
NOT_YET = Provenance("not yet")
"""Metal that passed no process of those that are asked for."""


def _marked(
    balance: Balance,
    flows: pd.DataFrame,
    metal: str,
    marks: Callable[[Process], bool],
    word: str,
) -> Trace:
    network = _Marked(balance.system, flows[flows["metal"] == metal], metal, marks, word)
    return Trace(network.labels, network.places, network.shares(), network.old_of_period())


def trace(balance: Balance, flows: pd.DataFrame, metal: str) -> Trace:
    """The composition of a metal in all that handles it, period by period. `flows`: the flow table
    of a plan or simulation (`planner.mfa.flows`)."""
    network = _Network(balance.system, flows[flows["metal"] == metal], metal)
    return Trace(network.labels, network.places, network.shares(), network.old_of_period())


class _Network:
    """The flows of one metal as entries of the linear system; lives within `trace` only."""

    def __init__(self, system: System, flows: pd.DataFrame, metal: str) -> None:
        self.system, self.periods = system, len(system.periods)
        goods = system.goods
        unrefined = [name for name, good in goods.items() if self._mixes(good)]
        pools = {STOCKPILE + g: g for g in unrefined if goods[g].stockpile is not None}
        self.inside = {*system.processes, *unrefined, *pools}
        self.released = _released(system)
        products = system.products.values()
        self.home_use = {USE + product.name for product in products if product.place == HOME}
        found, amounts, at = self._entering(flows)
        held = [pool for pool, good in pools.items() if metal in goods[good].content]
        self.places = {name: i for i, name in enumerate(dict.fromkeys([*held, *_ends(found)]))}
        outside = {label for label, _, _ in found if label is not None}
        self.labels = tuple(sorted({*outside, OLD_SCRAP, OPENING}))
        self._set_flows(found, amounts, at)
        self.carry = np.zeros((len(self.places), self.periods))
        for pool in held:
            self._carry_on(pool, goods[pools[pool]], metal)

    def _mixes(self, good: Good) -> bool:
        """Return True for a good that is on the way: what is supplied is an end."""
        return not is_supplied(good)

    def _entering(self, flows: pd.DataFrame) -> tuple[list[_Entry], Array, Positions]:
        """Flows into processes, unrefined goods and their stockpiles, with amount and period."""
        pairs = list(zip(flows["source"], flows["target"], strict=True))
        known = {pair: self._row(*pair) for pair in dict.fromkeys(pairs)}
        amounts = flows["value"].to_numpy(dtype=float)
        inside = np.array([known[pair] is not None for pair in pairs], dtype=bool)
        kept = np.flatnonzero(inside & (amounts > 0))
        found = [entry for i in kept if (entry := known[pairs[i]]) is not None]
        column = {p.first: t for t, p in enumerate(self.system.periods)}
        at = [column[year] for year in flows["year"].to_numpy()[kept]]
        return found, amounts[kept], np.array(at, dtype=np.intp)

    def _row(self, source: str, target: str) -> _Entry | None:
        """Provenance of a flow that comes from outside, or None where it comes from `source`
        itself, with its ends; None for a flow that ends outside, or was not there (shortage)."""
        processes, goods = self.system.processes, self.system.goods
        if target not in self.inside or source == "shortage":
            return None
        if source.startswith(USE):
            return left_use(self.system.products[source.removeprefix(USE)]), source, target
        if source in goods and is_supplied(goods[source]):
            return REFINED, source, target
        maker, good = processes.get(source), goods.get(target)
        if maker is not None and good is not None:
            if makes_new_scrap(maker, good):
                return NEW_SCRAP, source, target
            if crossed := crossed_as_scrap(maker, good):
                return crossed, source, target
        if source in self.inside and (source not in self.released or target in goods):
            return None, source, target
        return drawn_from_outside(goods, processes[target]), source, target

    def _set_flows(self, found: list[_Entry], amounts: Array, at: Positions) -> None:
        """Entries of the system: from place to place, and from outside by label."""
        position = {label: i for i, label in enumerate(self.labels)}
        label = np.array(
            [-1 if each is None else position[each] for each, _, _ in found], dtype=np.intp
        )
        source = np.array([self.places.get(name, 0) for _, name, _ in found], dtype=np.intp)
        target = np.array([self.places[name] for _, _, name in found], dtype=np.intp)
        ends, own = target * self.periods + at, label < 0
        self.size = len(self.places) * self.periods
        self.moved = sparse.csr_array(
            (amounts[own], (ends[own], (source * self.periods + at)[own])),
            shape=(self.size, self.size),
        )
        self.brought = np.zeros((self.size, len(self.labels)))
        np.add.at(self.brought, (ends[~own], label[~own]), amounts[~own])
        self.used = np.zeros((self.size, 1))
        of_use = np.array([name in self.home_use for _, name, _ in found], dtype=bool)
        np.add.at(self.used, (ends[of_use], 0), amounts[of_use])

    def _carry_on(self, pool: str, good: Good, metal: str) -> None:
        """What a stockpile holds at the start of each period, t per year of the period."""
        assert good.stockpile is not None
        lengths = np.array([p.length for p in self.system.periods], dtype=float)
        place, content = self.places[pool], good.content[metal]
        rows = slice(place * self.periods, (place + 1) * self.periods)
        filled = np.asarray(self.moved.sum(axis=1)).ravel()[rows]
        drawn = np.asarray(self.moved.sum(axis=0)).ravel()[rows]
        entered = content * good.stockpile.opening + np.cumsum(lengths * filled)
        level = entered - np.cumsum(lengths * drawn)
        level = np.where(level > _ROUNDING * entered, level, 0.0)
        self.carry[place, 1:] = level[:-1] / lengths[1:]
        opening = np.zeros(self.periods)
        opening[0] = content * good.stockpile.opening / lengths[0]
        # a simulation may be told to draw what was never there
        missing = drawn - filled - self.carry[place] - opening
        opening += np.where(missing > 1e-9 * drawn, missing, 0.0)
        self.brought[rows, self.labels.index(OPENING)] += opening

    def shares(self) -> Array:
        """Shares of the labels, shape (L, N, T); they add up to 1 wherever anything came in."""
        carry = self.carry.ravel()
        later = np.flatnonzero(carry)
        kept = sparse.csr_array((carry[later], (later, later - 1)), shape=self.moved.shape)
        found = self._solved(sparse.csr_array(self.moved + kept), self.brought)
        whole = found.sum(axis=1, keepdims=True)
        found = np.divide(found, whole, out=np.zeros_like(found), where=whole > 0)
        return np.moveaxis(found.reshape(len(self.places), self.periods, len(self.labels)), -1, 0)

    def old_of_period(self) -> Array:
        """Share of what left use in the same period, shape (N, T): nothing that a stockpile carried
        on."""
        found = self._solved(self.moved, self.used)
        return np.asarray(found.reshape(len(self.places), self.periods))

    def _solved(self, moved: sparse.csr_array, brought: Array) -> Array:
        """Shares of what comes in from outside, shape (N T, columns of `brought`), in all that
        moves and is carried on."""
        total = np.asarray(self.moved.sum(axis=1)).ravel() + self.brought.sum(axis=1)
        total = total + self.carry.ravel()
        found = np.zeros(brought.shape)
        reached = self._reached(moved, brought)
        if len(reached):
            matrix = sparse.diags_array(total[reached]) - moved[reached][:, reached]
            solution = linalg.splu(sparse.csc_array(matrix)).solve(brought[reached])
            found[reached] = np.where(solution < _ROUNDING, 0.0, solution)
        return found

    def _reached(self, moved: sparse.csr_array, brought: Array) -> Positions:
        """Entries that anything from outside reaches: a loop that nothing enters has no
        composition, and would leave the system singular."""
        start = np.flatnonzero(brought.sum(axis=1) > 0)
        ways = moved.T.tocoo()
        rows = np.concatenate([ways.row, np.full(len(start), self.size)])
        columns = np.concatenate([ways.col, start])
        shape = (self.size + 1, self.size + 1)
        graph = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
        order = csgraph.breadth_first_order(graph, self.size, return_predecessors=False)
        return np.sort(order[order < self.size])


class _Marked(_Network):
    """The same flows with the marks of processes for provenances; every good mixes."""

    def __init__(
        self,
        system: System,
        flows: pd.DataFrame,
        metal: str,
        marks: Callable[[Process], bool],
        word: str,
    ) -> None:
        self.marks, self.word = marks, word
        super().__init__(system, flows, metal)

    def _mixes(self, good: Good) -> bool:
        return True

    def _row(self, source: str, target: str) -> _Entry | None:
        if target not in self.inside or source == "shortage":
            return None
        maker = self.system.processes.get(source)
        if maker is not None and self.marks(maker):
            return Provenance(self.word, maker.made_at), source, target
        if source in self.inside and (source not in self.released or target in self.system.goods):
            return None, source, target
        return NOT_YET, source, target


def _ends(found: list[_Entry]) -> Iterator[str]:
    """Every place that a flow comes from or goes to."""
    for label, source, target in found:
        if label is None:
            yield source
        yield target


def _released(system: System) -> frozenset[str]:
    """Lots outside the study that a process releases: named as the stockpile of their good."""
    return frozenset(
        STOCKPILE + good
        for process in system.processes.values()
        if process.kind == "release" and not process.inputs
        for good in process.outputs
    )
