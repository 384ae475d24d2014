"""Numbers about a plan: demand, shortage, pathway shares, prices, emissions by metal and year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from planner.results import Values, series, table
from planner.system import PATHWAYS, SCOPES, Array, System


def metal_demand(system: System, metal: str, amounts: Mapping[str, Array]) -> Array:
    """Amounts of goods in refined equivalents of a metal, t per year, shape (T,); contained metal where the study states no equivalent."""
    total = np.zeros(len(system.periods))
    for name, amount in amounts.items():
        good = system.goods[name]
        if metal in good.content:
            total = total + amount * good.equivalent.get(metal, good.content[metal])
    return total


def indicator_table(system: System, values: Values, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The indicators of a plan: metal, year, indicator, value, unit.

    `requirement` and `shortage` in refined equivalents, or contained metal where none is stated (t/year);
    `share: PATHWAY` of refined supply, new scrap left out (1);
    `price` the demand-weighted shadow price of the metal's demanded goods (USD/t); `SCOPE emissions` of single-metal processes
    (t CO2e/year), those of joint processes under the joined name.
    """
    rows: list[tuple[Any, ...]] = []
    years = [p.first for p in system.periods]

    def add(metal: str, indicator: str, amounts: Array, unit: str) -> None:
        rows.extend((metal, t, indicator, float(v), unit) for t, v in zip(years, amounts, strict=True) if np.isfinite(v))

    demanded = {good.name: system.period_mean(good.demand) for good in system.goods.values() if good.demand is not None}
    unserved = {name: series(system, values, "shortage", name) for name in demanded}
    supply = tables["supply"]
    for metal in system.metals:
        add(metal, "requirement", metal_demand(system, metal, demanded), "t/year")
        add(metal, "shortage", metal_demand(system, metal, unserved), "t/year")
        mine = supply[(supply["metal"] == metal) & (supply["pathway"] != "new scrap")]
        by_pathway = mine.pivot_table(index="year", columns="pathway", values="value", aggfunc="sum").reindex(years).fillna(0.0)
        total = by_pathway.sum(axis=1).to_numpy()
        for pathway in PATHWAYS:
            if pathway in by_pathway:
                with np.errstate(invalid="ignore", divide="ignore"):
                    add(metal, f"share: {pathway}", np.where(total > 0, by_pathway[pathway].to_numpy() / total, np.nan), "1")
        add(metal, "price", _price(system, tables["prices"], metal), f"USD_{system.currency_year}/t")
    emissions = tables["emissions"].pivot_table(index=["scope", "metal"], columns="year", values="value", aggfunc="sum")
    for scope in SCOPES:
        for metal in sorted({m for s, m in emissions.index if s == scope}):
            add(metal, f"{scope} emissions", emissions.loc[(scope, metal)].reindex(years).fillna(0.0).to_numpy(), "tCO2e/year")
    return table("indicators", sorted(rows, key=lambda r: (r[0], r[2], r[1])))


def _price(system: System, prices: pd.DataFrame, metal: str) -> Array:
    """Demand-weighted price of the single-metal goods demanded, USD/t, shape (T,); NaN where none is."""
    balance = prices[prices["family"] == "balance"]
    duals = {(good, int(year)): value for good, year, value in zip(balance["index"], balance["year"], balance["value"], strict=True)}
    worth, amount = np.zeros(len(system.periods)), np.zeros(len(system.periods))
    for good in system.goods.values():
        if good.demand is not None and metal in good.content and len(good.content) == 1:
            demand = system.period_mean(good.demand)
            worth = worth + demand * np.array([duals.get((good.name, p.first), np.nan) for p in system.periods])
            amount = amount + demand
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(amount > 0, worth / amount, np.nan))
