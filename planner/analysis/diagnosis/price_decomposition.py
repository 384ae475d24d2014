r"""What a price is made of: the running costs of the source that sets it, carbon, and what each
limit that holds it adds.

A process that runs has no reduced cost: what it gives is worth what it takes,

$$\pi_g\, a_{g,p} = c_p - \sum_{i \ne g} y_i A_{i,p} - r_p$$

with c its running cost, y the duals of the other rows it stands in (ore, capacity, growth, carbon,
policies) and r below 0 where its own bound holds it. What it takes of other goods is taken apart in
the same way, stage by stage. Of the sources that run, the one that limits add least to sets the
price: it is the dearest by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.diagnosis.row_descriptions import Reason, Teller
from planner.plan.prices import undiscounted
from planner.solver.highs import Arrays, Solution
from planner.system.nouns import System

RUNS = 1e-6
"""An activity below this, t/year, does not run."""
SMALL = 1e-3
"""Parts below this share of the price are left out."""
COLUMNS = (
    "metal",
    "year",
    "price",
    "source",
    "running_cost",
    "carbon",
    "limits",
    "limit",
    "limit_worth",
    "place",
    "words",
)

Label = tuple[str, tuple[Any, ...]]
"""(family or what else, index without the year)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """USD per t of a good, present value of its period: who sets its price, and of what it is made."""

    source: str
    cost: float
    carbon: float
    limits: Mapping[Label, float] = field(default_factory=dict)


class _Taking:
    """Takes prices apart; remembers each good and period. Lives within a call."""

    def __init__(self, system: System, arrays: Arrays, base: Solution) -> None:
        self.system, self.arrays, self.base = system, arrays, base
        self.by_row, self.by_column = arrays.matrix.tocsr(), arrays.matrix.tocsc()
        self.known: dict[tuple[str, int], Parts | None] = {}

    def price(self, good: str, year: int) -> Parts | None:
        """The parts of a price; None where nothing that gives the good runs, or a loop leads back
        to it."""
        if (good, year) not in self.known:
            self.known[good, year] = None
            row = self.arrays.row_at.get(("balance", (good, year)))
            found = (
                []
                if row is None
                else [
                    parts
                    for j in self._givers(row)
                    if (parts := self._of(j, row, year)) is not None
                ]
            )
            # the source that limits add least to is the one that is dearest by itself
            self.known[good, year] = min(
                found, key=lambda parts: sum(map(abs, parts.limits.values())), default=None
            )
        return self.known[good, year]

    def _givers(self, row: int) -> list[int]:
        """Columns that run and give to a balance."""
        line = self.by_row[[row]]
        return [
            int(j)
            for j, value in zip(line.indices, line.data, strict=True)
            if value > 0 and self.base.x[j] > RUNS
        ]

    def _of(self, column: int, row: int, year: int) -> Parts | None:
        arrays, base = self.arrays, self.base
        name, index = arrays.columns[column]
        line = self.by_column[:, [column]]
        gives = float(line.data[line.indices == row][0])
        cost, carbon = arrays.cost[column] / gives, 0.0
        limits: dict[Label, float] = defaultdict(float)
        for i, value in zip(line.indices, line.data, strict=True):
            worth = -base.dual[i] * value / gives
            if i == row or not worth:
                continue
            family, at = arrays.rows[i]
            inner = self.price(str(at[0]), year) if family == "balance" and value < 0 else None
            if inner is not None and base.dual[i]:
                part = -value / gives
                cost, carbon = cost + part * inner.cost, carbon + part * inner.carbon
                for label, amount in inner.limits.items():
                    limits[label] += part * amount
            elif family == "emission_account":
                carbon += worth
            else:
                limits[family, tuple(at[:-1] if Teller.dated(family) else at)] += worth
        if base.reduced_cost[column] < 0:
            limits[f"most {name}", tuple(index[:-1])] += -base.reduced_cost[column] / gives
        who = (
            str(index[0])
            if name == "activity"
            else {"shortage": "demand that is not served", "draw": "the store"}.get(name, name)
        )
        return Parts(who, cost, carbon, dict(limits))


def price_parts(system: System, arrays: Arrays, base: Solution, teller: Teller) -> pd.DataFrame:
    """Price of each refined metal in each year and what it is made of, USD per t in money of that
    year: columns as in COLUMNS.

    `running_cost` of all stages, `carbon`, `limits` (what all limits and policies add), the largest
    of them with its worth, its place and in words; the three add up to the price. `source` is the
    process that sets it.
    """
    taking = _Taking(system, arrays, base)
    rows = []
    for metal in system.metals:
        goods = [
            g.name
            for g in system.goods.values()
            if g.kind == "refined" and metal in g.content and len(g.content) == 1
        ]
        for good in goods[:1]:
            for period in system.periods:
                dual = base.dual[arrays.row_at["balance", (good, period.first)]]
                parts = taking.price(good, period.first)
                if parts is not None:
                    present = [dual, parts.cost, parts.carbon, sum(parts.limits.values())]
                    price, *three = undiscounted(system, present, years=period.first).tolist()
                    rows.append(
                        (
                            metal,
                            period.first,
                            price,
                            parts.source,
                            *three,
                            *_largest(system, teller, parts, price, period.first),
                        )
                    )
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(
        dict.fromkeys(("price", "running_cost", "carbon", "limits", "limit_worth"), float)
    )


def _largest(
    system: System, teller: Teller, parts: Parts, price: float, year: int
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
    if family.startswith("most "):
        found = teller.bound(family.removeprefix("most "), index, [year], True)
    else:
        found = teller.reason(family, index, [year] if teller.dated(family) else [])
    name = f"{family}[{', '.join(map(str, index))}]"
    return name, worth, found.place if found else "", found.words if found else ""
