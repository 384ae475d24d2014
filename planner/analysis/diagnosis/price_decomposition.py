r"""Decomposition of a price: the running costs of the source that sets it, carbon, what its
co-products earn, and what each limit that holds it adds.

A process that runs has no reduced cost: what it gives is worth what it takes,

$$\pi_g\, a_{g,p} = c_p - \sum_{i \ne g} y_i A_{i,p} - r_p$$

with c its running cost, y the duals of the other rows it stands in (ore, capacity, growth, carbon,
policies) and r below 0 where its own bound holds it. What it takes of other goods is taken apart in
the same way, stage by stage. What it gives of other goods is a credit of co-products: it lowers the
price, and is no limit. Where demand goes short, the penalty of that sets the price, and is no
running cost. Of the sources that run, the one that limits add least to sets the
price: it is the dearest by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from planner.analysis.diagnosis.row_descriptions import Reason, Teller
from planner.lp.arrays import PENALTIES
from planner.plan.prices import undiscounted
from planner.solver.highs import Arrays, Name, Solution
from planner.system.nouns import System
from planner.system.provenance import is_supplied

RUNS = 1e-6
"""An activity below this, t/year, does not run."""
SMALL = 1e-3
"""Parts below this share of the price are left out."""
PARTS = ("running_cost", "carbon", "co_products", "penalty", "limits")
"""What a price is made of."""
COLUMNS = (
    "metal",
    "year",
    "price",
    "source",
    *PARTS,
    "limit",
    "limit_worth",
    "place",
    "words",
)

K = TypeVar("K")
Label = tuple[str, tuple[Any, ...]]
"""(family or what else, index without the year)."""


@dataclass(frozen=True, slots=True)
class PriceParts:
    """The source that sets a price and what the price is made of, USD per t of a good, present
    value of its period."""

    source: str
    cost: float = 0.0
    carbon: float = 0.0
    penalty: float = 0.0
    limits: Mapping[Label, float] = field(default_factory=dict)
    credits: Mapping[str, float] = field(default_factory=dict)
    """By co-product: what it earns, below zero; above where it must be got rid of at a cost."""

    def plus(self, other: PriceParts, times: float = 1.0) -> PriceParts:
        """These parts and so many times others, set by the same source."""
        return PriceParts(
            self.source,
            self.cost + times * other.cost,
            self.carbon + times * other.carbon,
            self.penalty + times * other.penalty,
            _added(self.limits, other.limits, times),
            _added(self.credits, other.credits, times),
        )

    @property
    def money(self) -> tuple[float, ...]:
        """Running cost, carbon, credits of co-products, penalty and limits: together the price."""
        earned, limited = sum(self.credits.values()), sum(self.limits.values())
        return self.cost, self.carbon, earned, self.penalty, limited

    @property
    def limited(self) -> float:
        """Sum of what limits add and what they take away."""
        return sum(map(abs, self.limits.values()))


def _added(one: Mapping[K, float], other: Mapping[K, float], times: float) -> dict[K, float]:
    found = dict(one)
    for label, worth in other.items():
        found[label] = found.get(label, 0.0) + times * worth
    return found


class _Decomposition:
    """Takes prices apart; remembers each good and period. Lives within a call."""

    def __init__(self, system: System, arrays: Arrays, base: Solution) -> None:
        self.system, self.arrays, self.base = system, arrays, base
        self.by_row, self.by_column = arrays.matrix.tocsr(), arrays.matrix.tocsc()
        self.known: dict[tuple[str, int], PriceParts | None] = {}

    def price(self, good: str, year: int) -> PriceParts | None:
        """The parts of a price; None where nothing that gives the good runs, or a loop leads back
        to it."""
        if (good, year) not in self.known:
            self.known[good, year] = None
            row = self.arrays.row_at.get(("balance", (good, year)))
            found = [] if row is None else [self._of(j, row, year) for j in self._givers(row)]
            # the source that limits add least to is the one that is dearest by itself
            self.known[good, year] = min(found, key=lambda parts: parts.limited, default=None)
        return self.known[good, year]

    def _givers(self, row: int) -> list[int]:
        """Columns that run and give to a balance."""
        line = self.by_row[[row]]
        return [
            int(j)
            for j, value in zip(line.indices, line.data, strict=True)
            if value > 0 and self.base.x[j] > RUNS
        ]

    def _of(self, column: int, row: int, year: int) -> PriceParts:
        """The parts that a column which runs gives to the price of the balance in a row."""
        arrays, base = self.arrays, self.base
        name, index = arrays.columns[column]
        line = self.by_column[:, [column]]
        gives = float(line.data[line.indices == row][0])
        own = arrays.cost[column] / gives
        part = "penalty" if name in PENALTIES else "cost"
        made = PriceParts(_source(name, index), **{part: own})
        for i, value in zip(line.indices, line.data, strict=True):
            worth = -base.dual[i] * value / gives
            if i != row and worth:
                made = self._with_row(made, arrays.rows[i], worth, -value / gives, year)
        if base.reduced_cost[column]:
            side = "most" if base.reduced_cost[column] < 0 else "least"
            held = {(f"{side} {name}", tuple(index[:-1])): -base.reduced_cost[column] / gives}
            made = made.plus(PriceParts("", limits=held))
        return made

    def _with_row(
        self, made: PriceParts, row: Name, worth: float, taken: float, year: int
    ) -> PriceParts:
        """Parts of a price and what a row adds to it, of which a tonne takes so much: another good
        is taken apart in its turn, and one that it gives (taken below 0) is a co-product."""
        family, at = row
        if family == "balance" and taken < 0:
            return made.plus(PriceParts("", credits={str(at[0]): worth}))
        inner = self.price(str(at[0]), year) if family == "balance" and taken > 0 else None
        if inner is not None:
            return made.plus(inner, taken)
        if family == "emission_account":
            return made.plus(PriceParts("", carbon=worth))
        label = family, tuple(at[:-1] if Teller.dated(family) else at)
        return made.plus(PriceParts("", limits={label: worth}))


def _source(variable: str, index: tuple[Any, ...]) -> str:
    """Name of the source that a column stands for."""
    named = {"shortage": "demand that is not served", "draw": "the store"}
    return str(index[0]) if variable == "activity" else named.get(variable, variable)


def price_parts(system: System, arrays: Arrays, base: Solution, teller: Teller) -> pd.DataFrame:
    """Price of each refined metal in each year and what it is made of, USD per t in money of that
    year: columns as in COLUMNS.

    `running_cost` of all stages, `carbon`, `co_products` (what co-products earn, below zero),
    `penalty` (of demand not served, where that sets the price) and `limits` (what all limits and
    policies add) add up to the price; of the limits the largest with its worth, its place and in
    words. `source` is the process that sets the price.
    """
    taking = _Decomposition(system, arrays, base)
    rows = []
    for metal, good in _priced_goods(system):
        for period in system.periods:
            year, parts = period.first, taking.price(good, period.first)
            if parts is not None:
                dual = base.dual[arrays.row_at["balance", (good, year)]]
                present = [dual, *parts.money]
                price, *money = undiscounted(system, present, years=year).tolist()
                largest = _largest(system, teller, parts, price, year)
                rows.append((metal, year, price, parts.source, *money, *largest))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("price", *PARTS, "limit_worth"), float))


def _priced_goods(system: System) -> Iterator[tuple[str, str]]:
    """Each metal with the first good that is the refined metal alone."""
    for metal in system.metals:
        for good in system.goods.values():
            if is_supplied(good) and tuple(good.content) == (metal,):
                yield metal, good.name
                break


def _largest(
    system: System, teller: Teller, parts: PriceParts, price: float, year: int
) -> tuple[str, float, str, str]:
    """The limit that adds most to a price: its name, worth, place, words; empty where none adds
    any."""
    if not parts.limits:
        return "", np.nan, "", ""
    label, present = max(parts.limits.items(), key=lambda item: abs(item[1]))
    worth = float(undiscounted(system, present, years=year))
    if abs(worth) <= SMALL * abs(price):
        return "", np.nan, "", ""
    family, index = label
    found: Reason | None
    side, _, variable = family.partition(" ")
    if variable:
        found = teller.bound(variable, index, [year], side == "most")
    else:
        found = teller.reason(family, index, [year] if teller.dated(family) else [])
    name = f"{family}[{', '.join(map(str, index))}]"
    return name, worth, found.place if found else "", found.words if found else ""
