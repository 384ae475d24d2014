"""Shadow prices: dual values with their discounting undone, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.lp.families import FORMULATION
from planner.lp.family import Basis, Family
from planner.lp.parameters import first_discount
from planner.plan.schema import COLUMNS, GOODS_PRICE, REFINED_PRICE
from planner.solver.highs import Arrays, Name, Solution
from planner.system.economics import period_factors
from planner.system.nouns import Array, System
from planner.system.provenance import is_supplied

BINDING = 1e-7
"""A row is binding when its slack is at most this share of its size, or of 1."""
BEFORE = "price"
"""What the price of goods was called among the indicators up to format 2 of a run."""
OWN_UNIT = "USD/unit"
"""Unit of the price of a row that somebody added to a model; its basis is the horizon."""
FAMILIES: Mapping[str, Family] = {family.name: family for family in FORMULATION}


def undiscounted(
    system: System,
    present: npt.ArrayLike,
    basis: Basis = "annual",
    years: int | Sequence[int] | None = None,
) -> Array:
    """Undo the discounting of dual values, or of money that belongs to them: what they are worth in
    their own year.

    annual and state: divided by the discount factor of the year; horizon: as they are. `years`: one
    for each value, one for them all, or (None) all years in order.
    """
    amounts = np.asarray(present, dtype=float)
    if basis == "horizon":
        return amounts
    factors = _factors(system, basis)
    if isinstance(years, int):
        return np.asarray(amounts / factors[years])
    return np.asarray(
        amounts / np.array([factors[year] for year in (factors if years is None else years)])
    )


def _factors(system: System, basis: Basis) -> dict[int, float]:
    """Discount factors under a basis, by year."""
    if basis == "state":
        return first_discount(system)
    factors = period_factors(system.periods, system.discount_rate)
    return dict(zip((p.first for p in system.periods), factors.tolist(), strict=True))


PriceEnds = tuple[Array, Array]
"""The least and the largest dual value of each row, shape (m,) each; infinite where there is no
end."""


def price_table(
    system: System, arrays: Arrays, solution: Solution, ends: PriceEnds | None = None
) -> pd.DataFrame:
    """Shadow prices of all rows: d(cost)/d(requirement), with unit and basis.

    `value` is `undiscounted` by the family's basis, `present_value` the dual value itself.
    `degenerate` marks a price that is zero although its row binds: a small change of the
    requirement in one direction may cost something all the same. `low` and `high` are `ends`
    undiscounted likewise, NaN where there is none, or none is known.
    """
    of_ends = [_finite(end, len(arrays.rows)) for end in ends or (None, None)]
    degenerate = _binding(arrays, solution) & (solution.dual[: len(arrays.rows)] == 0.0)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS["prices"]}
    for at, name, indices in _by_family(arrays.rows):
        present = solution.dual[at]
        prices = _family_prices(system, name, indices, present)
        prices |= {"present_value": present.tolist(), "degenerate": degenerate[at].tolist()}
        for side, end in zip(("low", "high"), of_ends, strict=True):
            prices[side] = _family_prices(system, name, indices, end[at])["value"]
        for column, cells in prices.items():
            columns[column] += cells
    return pd.DataFrame(columns).astype({"year": "Int64"})


def _finite(end: Array | None, count: int) -> Array:
    return np.full(count, np.nan) if end is None else np.where(np.isfinite(end), end, np.nan)


def _by_family(rows: Sequence[Name]) -> Iterator[tuple[slice, str, list[tuple[Any, ...]]]]:
    """Where each family stands, its name and the indices of its rows: what they share is looked up
    once for all of them."""
    begin = 0
    for name, together in groupby(rows, key=itemgetter(0)):
        indices = [index for _, index in together]
        yield slice(begin, begin + len(indices)), name, indices
        begin += len(indices)


def _family_prices(
    system: System, name: str, indices: list[tuple[Any, ...]], present: Array
) -> dict[str, list[Any]]:
    """Prices of the rows of one family, by column of the table."""
    family, count = FAMILIES.get(name), len(indices)
    basis: Basis
    unit, basis = (family.unit, family.basis) if family else (OWN_UNIT, "horizon")
    yearly = family is not None and "year" in family.indices
    years: list[Any] = [index[-1] if yearly else None for index in indices]
    subjects = [index[:-1] if yearly else index for index in indices]
    return {
        "family": [name] * count,
        "index": [", ".join(map(str, subject)) for subject in subjects],
        "year": years,
        "value": undiscounted(system, present, basis, years).tolist(),
        "unit": [unit.replace("USD", f"USD_{system.currency_year}")] * count,
        "basis": [basis] * count,
    }


def _binding(arrays: Arrays, solution: Solution) -> npt.NDArray[np.bool_]:
    """Mark the rows that bind, shape (m,)."""
    value = solution.row_value[: len(arrays.rows)]
    slack = np.minimum(value - arrays.row_lower, arrays.row_upper - value)
    return np.asarray(slack <= BINDING * np.maximum(np.abs(value), 1.0))


def refined_prices(system: System, prices: pd.DataFrame, column: str = "value") -> dict[str, Array]:
    """Shadow price of each metal as refined metal, USD per t of it, shape (T,): that of the dearest
    where a metal has several refined goods, NaN where it has none; or an end of it (`column` low or
    high)."""
    found: dict[str, Array] = {
        metal: np.full(len(system.periods), np.nan) for metal in system.metals
    }
    for metal, of_goods in prices_of_refined_goods(system, prices, column).items():
        for price in of_goods.values():
            found[metal] = np.fmax(found[metal], price)
    return found


def prices_of_refined_goods(
    system: System, prices: pd.DataFrame, column: str = "value"
) -> dict[str, dict[str, Array]]:
    """Shadow price of each refined good of each metal, USD per t of the metal in it, shape (T,), by
    metal and good; NaN where a good has none."""
    by_good = balance_prices(prices, column)
    years = [period.first for period in system.periods]
    found: dict[str, dict[str, Array]] = {}
    for good in system.goods.values():
        if is_supplied(good) and len(good.content) == 1:
            ((metal, content),) = good.content.items()
            price = np.array([by_good.get((good.name, year), np.nan) for year in years])
            found.setdefault(metal, {})[good.name] = price / content
    return found


def with_both_prices(
    system: System, indicators: pd.DataFrame, prices: pd.DataFrame
) -> pd.DataFrame:
    """Indicators of a run as they are made today: those of runs of format 2 and before had one
    price, that of goods, and no word for which."""
    if not (indicators["indicator"] == BEFORE).any():
        return indicators
    unit = f"USD_{system.currency_year}/t"
    rows = [
        (metal, period.first, REFINED_PRICE, float(price), unit)
        for metal, series in refined_prices(system, prices).items()
        for period, price in zip(system.periods, series, strict=True)
        if np.isfinite(price)
    ]
    named = indicators.assign(indicator=indicators["indicator"].replace(BEFORE, GOODS_PRICE))
    refined = pd.DataFrame(rows, columns=list(COLUMNS["indicators"]))
    both = pd.concat([named, refined], ignore_index=True)
    ordered: pd.DataFrame = both.sort_values(["metal", "indicator", "year"], ignore_index=True)
    return ordered


def balance_prices(prices: pd.DataFrame, column: str = "value") -> dict[tuple[str, int], float]:
    """The price of each good in each year of a price table, or an end of it (`column` low or high),
    USD/t, by good and first year of the period."""
    rows = prices[prices["family"] == "balance"]
    return {
        (good, int(year)): value
        for good, year, value in zip(rows["index"], rows["year"], rows[column], strict=True)
    }
