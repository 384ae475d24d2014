"""Where metal was won, traced through the flow table (conventions.md, "Provenance").

Metal mixes in proportion in every good, process and stockpile, year by year: the shares of each
place are those of what flows into it. All places and years of a metal are one linear system.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from tests.oracle.reader import Study
from tests.oracle.recipes import RAW, Recipes

LEAST = 1e-9


class Won(NamedTuple):
    """A provenance: pathway and origin, whether it was refined since, and whether it left use in
    the year."""

    pathway: str
    origin: str = ""
    refined: bool = False
    fresh: bool = False


OLD = Won("domestic secondary", fresh=True)
NEW = Won("new scrap")
OPENING = Won("stockpile")
Place = tuple[str, int]
"""A process, good or stockpile, and a year; what a stockpile keeps is the place of its end."""


@dataclass
class Flow:
    """Metal from one place to another."""

    source: Place
    target: Place
    value: float


class Traced:
    """Shares by provenance of every place of a metal."""

    def __init__(self, study: Study, plan: Any, metal: str) -> None:
        """Solve them."""
        self.study, self.recipes, self.metal = study, Recipes(study), metal
        self.flows: list[Flow] = []
        self.entering: dict[Place, dict[Won, float]] = defaultdict(lambda: defaultdict(float))
        self._read(plan)
        self.places = {place: i for i, place in enumerate(self._all())}
        self.kinds = self._kinds()
        self.shares = self._solve()

    # ---- what flows

    def _read(self, plan: Any) -> None:
        """Flows of the metal, and what stockpiles keep from one year to the next."""
        flows = plan.flows[plan.flows.metal == self.metal]
        for row in flows.itertuples():
            if row.value <= 0 or row.source == "shortage":
                continue
            source, target = (row.source, row.year), (row.target, row.year)
            if won := self._source(row.source, row.target):
                self.entering[target][won] += row.value
            elif self._passes_on(row.target):
                self.flows.append(Flow(source, target, row.value))
        stocks = plan.stocks[(plan.stocks.metal == self.metal) & (plan.stocks.kind == "stockpile")]
        level = stocks[stocks.quantity == "stock"]
        for row in level.itertuples():
            name = f"stockpile/{row.name}"
            if row.year < self.study.firsts[-1] and row.value > 0:
                self.flows.append(Flow((name, row.year), (name, row.year + 1), row.value))
        for good, _ in self.study.keys("good_values", "opening_stock"):
            content = self.recipes.content(good, self.metal)
            held = content * self.study.constant("good_values", good, "", "opening_stock")
            if held > 0:
                refined = self.recipes.goods[good]["kind"] == "refined"
                place = f"stockpile/{good}", self.study.firsts[0]
                self.entering[place][OPENING._replace(refined=refined)] += held

    def _passes_on(self, target: str) -> bool:
        """Whether metal flows on from a place."""
        inside = target in self.recipes.processes or target in self.recipes.goods
        return inside or target.startswith("stockpile/")

    def _source(self, source: str, target: str) -> Won | None:
        """The provenance of what enters the study by a flow; None inside it."""
        kind, _, _ = source.partition("/")
        if source in self.recipes.processes or source in self.recipes.goods:
            return None
        if kind == "use":
            return OLD
        if kind in ("deposit", "origin", "host"):
            return self._label(target)
        return None

    def _label(self, process: str) -> Won:
        """What the labels of a process say of metal that enters the study with it."""
        row = self.recipes.processes[process]
        abroad = row["kind"] == "import" or bool(row["origin"])
        pathway = row["pathway"]
        if not pathway or pathway.startswith("foreign") != abroad:
            raw = any(self.recipes.goods[g]["kind"] in RAW for g in self.recipes.outputs(process))
            pathway = f"{'foreign' if abroad else 'domestic'} {'secondary' if raw else 'primary'}"
        return Won(pathway, row["origin"])

    # ---- how it mixes

    def _all(self) -> list[Place]:
        found = dict.fromkeys(self.entering)
        for flow in self.flows:
            found[flow.source] = found[flow.target] = None
        return list(found)

    def _kinds(self) -> dict[Won, int]:
        """Every provenance that there can be."""
        first = {NEW, *(won for each in self.entering.values() for won in each)}
        both = (False, True)
        every = {w._replace(refined=r, fresh=f) for w in first for r in both for f in both}
        return {won: i for i, won in enumerate(sorted(every))}

    def becomes(self, flow: Flow, won: Won) -> Won:
        """The provenance of metal after a flow."""
        process = self.recipes.processes.get(flow.source[0])
        if flow.source[1] != flow.target[1]:
            return won._replace(fresh=False)
        if process is None:
            return won
        good = self.recipes.goods.get(flow.target[0])
        if good is None:
            return won
        if process["kind"] == "manufacture" and good["kind"] in RAW:
            return NEW
        return won._replace(refined=won.refined or good["kind"] == "refined")

    def _solve(self) -> np.ndarray:
        """Share of each provenance in what flows into each place."""
        many, wide = len(self.places), len(self.kinds)
        total = np.zeros(many)
        right = np.zeros(many * wide)
        for place, each in self.entering.items():
            for won, value in each.items():
                total[self.places[place]] += value
                right[self.places[place] * wide + self.kinds[won]] += value
        at, of, value = [], [], []
        for flow in self.flows:
            source, target = self.places[flow.source], self.places[flow.target]
            total[target] += flow.value
            for won, i in self.kinds.items():
                at.append(target * wide + self.kinds[self.becomes(flow, won)])
                of.append(source * wide + i)
                value.append(flow.value)
        mixed = sparse.csr_matrix((value, (at, of)), shape=(many * wide,) * 2)
        scale = sparse.diags(np.repeat(np.where(total > LEAST, total, 1.0), wide))
        return spsolve((scale - mixed).tocsc(), right).reshape(many, wide)

    # ---- what is asked of it

    def parts(self, place: Place) -> dict[Won, float]:
        """Shares by provenance of a place."""
        if place not in self.places:
            return {}
        return dict(zip(self.kinds, self.shares[self.places[place]], strict=True))

    def supplied(self) -> dict[tuple[int, str, str, str], float]:
        """Metal supplied by year, pathway, process and origin (results.md, "supply")."""
        found: dict[tuple[int, str, str, str], float] = defaultdict(float)
        for flow in self.flows:
            (source, year), (target, _) = flow.source, flow.target
            if worth := self._worth(source, target):
                for won, share in self.parts(flow.source).items():
                    if not won.refined:
                        key = year, won.pathway, source, self._supplier(source, won)
                        found[key] += worth * share * flow.value
            for sign, stock, good in ((1, source, target), (-1, target, source)):
                named = stock == f"stockpile/{good}"
                if named and self.recipes.goods[good]["kind"] == "refined":
                    found[year, "stockpile", stock, ""] += sign * flow.value
        return dict(found)

    def _supplier(self, process: str, won: Won) -> str:
        """Origin of supplied metal: where it was shipped from, or of its ore if refined at home."""
        row = self.recipes.processes[process]
        return row["origin"] if row["kind"] == "import" else won.origin

    def _worth(self, source: str, target: str) -> float:
        """Refined metal that a tonne in a flow stands for where it is supplied; 0 elsewhere."""
        process, good = self.recipes.processes.get(source), self.recipes.goods.get(target)
        if process is None or good is None:
            return 0.0
        if good["kind"] == "refined":
            return 1.0
        if process["kind"] == "import" and self.recipes.form(target) == "manufacture":
            content = self.recipes.content(target, self.metal)
            return self.recipes.equivalent(target, self.metal) / content
        return 0.0
