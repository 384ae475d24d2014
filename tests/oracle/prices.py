"""Published prices, tried as a dual solution of the oracle's own programme.

Prices may be several; those that are published must be one of them: no row that has room has a
price, no price has the wrong sign, and no column is worth more, or less, than it costs but at a
bound of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.oracle.held import own_columns
from tests.oracle.model import Column
from tests.oracle.programme import Programme

NEAR = 1e-6
ROOM = 1e-6
HORIZON = ("exploration_limit", "carbon_budget", "deposit_step", "impact_budget")


def wrong_prices(p: Programme, plan: Any) -> list[str]:
    """Prices that are none of the oracle's programme."""
    known = published(plan)
    given = own_columns(p.study, plan.values)
    x = np.array([given.get(name, 0.0) for name in p.model.columns])
    worth, size = np.zeros(len(x)), np.abs(np.array(p.model.costs))
    found: list[str] = []
    for name, (terms, sense, right) in p.model.rows.items():
        price = known.get(published_name(p, name), 0.0)
        parts = [x[column] * number for column, number in terms]
        scale = max(1.0, abs(right), *(abs(part) for part in parts), 0.0)
        found += wrong_side(name, price, sense, (sum(parts) - right) / scale)
        for column, number in terms:
            worth[column] += price * number
            size[column] = max(size[column], abs(price * number))
    found += wrong_columns(p, x, np.array(p.model.costs) - worth, size)
    return found + wrong_bases(p, plan)


def wrong_bases(p: Programme, plan: Any) -> list[str]:
    """Prices whose discounting is not undone: all are divided by the factor of their year but those
    of the whole horizon, and those of orders by that of the first year of their period."""
    beta = dict(zip(p.study.firsts, p.beta, strict=True))
    return [
        f"price {row.value} of {row.family} in {row.year}, worth {row.present_value}"
        for row in plan.prices.itertuples(index=False)
        if abs(row.value * beta.get(row.year, 1.0) - row.present_value)
        > NEAR * max(1.0, abs(row.present_value))
    ]


def published(plan: Any) -> dict[tuple[str, str, int], float]:
    """Present value of a unit more, by family, index and year."""
    rows = plan.prices
    years = rows.year.fillna(0).astype(int)
    keys = zip(rows.family, rows["index"], years, strict=True)
    return dict(zip(keys, rows.present_value, strict=True))


def published_name(p: Programme, name: Column) -> tuple[str, str, int]:
    """What the table of prices calls a row."""
    family, *subject = name
    year = 0 if family in HORIZON else p.study.firsts[subject.pop()]
    return family, ", ".join(subject), year


def wrong_side(name: Column, price: float, sense: str, over: float) -> Iterator[str]:
    """A price of the wrong sign, or of a row with room; `over` is what the row passes its right
    side by, relative to its largest term."""
    least = NEAR * max(1.0, abs(price))
    if (sense == ">=" and price < -least) or (sense == "<=" and price > least):
        yield f"price {price} of {name}, which asks {sense}"
    if abs(price) > least and abs(over) > ROOM:
        yield f"price {price} of {name}, which has room {over}"


def wrong_columns(p: Programme, x: np.ndarray, reduced: np.ndarray, size: np.ndarray):
    """Columns that pay though they are not used, or cost though they are."""
    for name, i in p.model.columns.items():
        low, high = p.model.bounds[i]
        near = NEAR * max(1.0, size[i])
        room = ROOM * max(1.0, abs(x[i]))
        if (reduced[i] > near and x[i] > low + room) or (reduced[i] < -near and x[i] < high - room):
            yield f"reduced cost {reduced[i]} of {name} at {x[i]}, in [{low}, {high}]"
