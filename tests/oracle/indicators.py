"""Indicators worked out from the published tables of a plan, by the definitions of results.md.

Flows, stocks and demand say all that is needed; where metal was won is traced (`tracing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from tests.oracle.programme import Programme
from tests.oracle.tracing import NEW, OLD, OPENING, Traced

NEAR = 1e-6
LEAST = 1e-5
"""Tonnes below which what an indicator is a share of is rounding."""
HOME = ("domestic primary", "domestic secondary")
ABROAD = ("foreign primary", "foreign secondary")


class Sums(defaultdict):
    """Tonnes by a name; 0 where there are none."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__(float)

    def of(self, *names: str) -> float:
        """Of some names together."""
        return sum(self[name] for name in names)

    def without(self, *names: str) -> float:
        """Of all others together."""
        return sum(value for name, value in self.items() if name not in names)


@dataclass
class Account:
    """The account of a metal in a year, as refined metal where not said otherwise, t a year."""

    refined: Sums = field(default_factory=Sums)
    """By pathway, metal that is refined, or drawn from stockpiles of refined metal."""
    goods: Sums = field(default_factory=Sums)
    """By pathway, metal in finished goods that are imported."""
    exported: Sums = field(default_factory=Sums)
    """By whether they are finished goods, exports."""
    unrefined: dict[bool, Sums] = field(default_factory=lambda: {False: Sums(), True: Sums()})
    """By the same, and by pathway, what of the exports was never refined: home ore, and foreign ore
    that passes through."""
    refined_by_imports: float = 0.0
    """Home metal that an import refines abroad."""
    refined_here: float = 0.0
    """Foreign metal that is refined at home."""
    arising: float = 0.0
    collected: float = 0.0
    recycled: float = 0.0
    """Of what left use in the year: what is collected, and what returns as refined metal."""

    @property
    def supply(self) -> float:
        """Refined metal that manufacture and export can draw on, new scrap left out."""
        return self.refined.without(NEW.pathway)


class Indicators:
    """Tables of a plan beside the programme that the oracle writes of its study."""

    def __init__(self, p: Programme, plan: Any) -> None:
        """Keep the tables."""
        self.p, self.recipes, self.plan = p, p.recipes, plan
        self.years = p.study.firsts
        self.metals = p.study.head["metals"]

    @cached_property
    def traced(self) -> dict[str, Traced]:
        """Provenances by metal."""
        return {metal: Traced(self.p.study, self.plan, metal) for metal in self.metals}

    @cached_property
    def supplied(self) -> dict[str, dict[tuple[int, str, str, str], float]]:
        """Supply by metal."""
        return {metal: traced.supplied() for metal, traced in self.traced.items()}

    def flows(self, metal: str, year: int) -> pd.DataFrame:
        """Flows of a metal in a year."""
        f = self.plan.flows
        return f[(f.metal == metal) & (f.year == year)]

    # ---- the account

    def account(self, metal: str, year: int) -> Account:
        """What a metal does in a year."""
        a, f = Account(), self.flows(metal, year)
        for (y, pathway, process, _), value in self.supplied[metal].items():
            if y == year:
                self._supplied(a, pathway, process, value)
        wastes = {use.waste for use in self.p.uses.values() if use.waste}
        for row in f.itertuples():
            if row.source.startswith("use/") and row.target in wastes:
                a.arising += row.value
            if self.recipes.goods.get(row.good, {}).get("export") == "yes":
                self._exported(a, metal, year, row)
        self._returned(a, metal, year, f, wastes)
        return a

    def _supplied(self, a: Account, pathway: str, process: str, value: float) -> None:
        """Metal of a row of supply: refined, or in goods that come in."""
        kind = self.recipes.processes.get(process, {"kind": ""})["kind"]
        if kind == "import" and self._gives_goods(process):
            a.goods[pathway] += value
            return
        a.refined[pathway] += value
        if kind == "import" and pathway in HOME:
            a.refined_by_imports += value
        if kind not in ("import", "") and pathway in ABROAD:
            a.refined_here += value

    def _gives_goods(self, process: str) -> bool:
        """Whether all that a process gives is finished goods."""
        return {self.recipes.form(g) for g in self.recipes.outputs(process)} == {"manufacture"}

    def _exported(self, a: Account, metal: str, year: int, row: Any) -> None:
        """Metal of an export less its shortage, and by pathway what of it was never refined."""
        sign = {"export": 1.0}.get(row.target, -1.0 if row.source == "shortage" else 0.0)
        value = sign * row.value * self.recipes.worth(row.good, metal)
        goods = self.recipes.form(row.good) == "manufacture"
        a.exported[goods] += value
        for won, share in self.traced[metal].parts((row.good, year)).items():
            if not won.refined:
                a.unrefined[goods][won.pathway] += share * value

    def _returned(self, a: Account, metal: str, year: int, f: pd.DataFrame, wastes: set) -> None:
        """Collected and recycled, of what left use in the year."""
        traced = self.traced[metal]
        for row in f.itertuples():
            fresh = {w: s for w, s in traced.parts((row.source, year)).items() if w.fresh}
            if row.source in wastes and row.target in self.recipes.processes:
                a.collected += row.value * sum(fresh.values())
            good = self.recipes.goods.get(row.target)
            if row.source in self.recipes.processes and good and good["kind"] == "refined":
                a.recycled += row.value * sum(s for w, s in fresh.items() if not w.refined)

    # ---- what is made of it

    def all(self) -> Iterator[tuple[str, int, str, float, float]]:
        """Metal, year, name, and the two sides of the ratio of every indicator."""
        for metal in self.metals:
            for year in self.years:
                a = self.account(metal, year)
                for name, (over, under) in {**recycling(a), **reliance(a)}.items():
                    yield metal, year, name, over, under


Ratios = dict[str, tuple[float, float]]


def recycling(a: Account) -> Ratios:
    """Rates of recycling."""
    old, new = a.refined[OLD.pathway], a.refined[NEW.pathway]
    return {
        "EoL collection rate": (a.collected, a.arising),
        "EoL recycling rate": (a.recycled, a.arising),
        "recycling process efficiency": (a.recycled, a.collected),
        "old scrap ratio": (old, old + new),
        "recycled content": (old + new + a.refined["foreign secondary"], a.supply + new),
        "EoL recycling input rate": (old, a.supply),
        "old scrap arising": (a.arising, 1.0),
    }


def reliance(a: Account) -> Ratios:
    """Reliance on trade by both definitions, its complements, and the shares of pathways."""
    elsewhere = (*ABROAD, OPENING.pathway)
    refined, unrefined, in_goods = a.refined.of(*HOME), a.unrefined[False], a.unrefined[True]
    home = refined + unrefined.of(*HOME)
    own = a.refined.of(*elsewhere) + unrefined.of(*elsewhere) - a.exported[False]
    won = home + in_goods.of(*HOME)
    every = own + in_goods.of(*elsewhere) + sum(a.goods.values()) - a.exported[True]
    found = {
        "net import reliance": (own, home + own),
        "net import reliance with indirect trade": (every, won + every),
        "self-sufficiency: extraction": (won, won + every),
        "self-sufficiency: processing": (
            refined - a.refined_by_imports + a.refined_here,
            won + every,
        ),
        "circular use rate": (a.refined[OLD.pathway], won + every),
    }
    supply = a.supply + sum(a.goods.values())
    for pathway in (*HOME, *ABROAD, OPENING.pathway):
        found[f"share: {pathway}"] = (a.refined[pathway] + a.goods[pathway], supply)
    return found


def wrong_indicators(p: Programme, plan: Any) -> list[str]:
    """Rows of supply, and indicators, that planner gives otherwise."""
    import planner

    mine = Indicators(p, plan)
    found = wrong_supply(mine, plan)
    table = planner.indicators(plan)
    keys = zip(table.metal, table.year, table.indicator, strict=True)
    theirs = dict(zip(keys, table.value, strict=True))
    for metal, year, name, over, under in mine.all():
        said = theirs.get((metal, year, name))
        if under > LEAST and not near(over / under, said or 0.0):
            found.append(f"{name} of {metal} in {year}: {said}, not {over / under}")
    return found


def wrong_supply(mine: Indicators, plan: Any) -> list[str]:
    """Rows of supply that the flows say otherwise."""
    said: dict[tuple[str, int, str, str, str], float] = defaultdict(float)
    for row in plan.supply.itertuples():
        said[row.metal, row.year, row.pathway, row.process, row.origin] += row.value
    own = {(metal, *key): v for metal, each in mine.supplied.items() for key, v in each.items()}
    return [
        f"supply of {key}: {said.get(key, 0.0)}, not {own.get(key, 0.0)}"
        for key in sorted({*said, *own})
        if not near(own.get(key, 0.0), said.get(key, 0.0))
    ]


def near(a: float, b: float) -> bool:
    """Whether two numbers are one."""
    return abs(a - b) <= NEAR * max(1.0, abs(a))
