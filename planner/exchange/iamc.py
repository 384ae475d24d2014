"""A plan in the long format of the Integrated Assessment Modeling Consortium: model, scenario,
region, variable, unit, year, value.

The variables follow the consortium's naming by levels joined with `|`
(https://docs.ece.iiasa.ac.at/standards). Beside the table stand the codelists of its variables and
regions, in the form that the `nomenclature` package reads from `definitions/variable/` and
`definitions/region/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from planner.lp.arrays import PENALTIES
from planner.plan.headline import paid_items
from planner.plan.plan import Plan
from planner.plan.schema import GOODS_PRICE, REFINED_PRICE
from planner.plan.trade_flows import trade_table

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")
NO_SCENARIO = "base"
"""Name of the scenario of a plan of the base rows alone, since the format asks for one."""
STOCKS = {"use": "Stock|{}|In Use", "stockpile": "Stock|{}|Stockpile", "deposit": "Reserves|{}"}
"""Variables of stocks by their kind; {} is the metal."""
INDICATORS = {
    "requirement": "Demand|{}",
    "shortage": "Demand|{}|Unserved",
    GOODS_PRICE: "Price|{}|Goods",
    REFINED_PRICE: "Price|{}|Refined Metal",
}
"""Variables of the plan's own indicators."""
MEANINGS = {
    "Cost|Undiscounted": (
        "All cost of the year in constant money, not discounted, penalties and payments between "
        "parties at home left out"
    ),
    "Penalty|Undiscounted": (
        "Penalties of the year for demand not served and targets missed, which nobody pays, in "
        "constant money, not discounted"
    ),
    "Demand|": (
        "Demand in refined equivalents, or (Unserved) the part of it that the plan does not serve"
    ),
    "Emissions|CO2e|Territorial": (
        "Emissions of what runs at home, with electricity at the grid intensity of the study"
    ),
    "Emissions|CO2e|Footprint": (
        "Territorial emissions and what imports embody, cradle to border and transport, exports "
        "not deducted"
    ),
    "Exports|": (
        "Exports in refined equivalents, in all or by the form in which they leave, or contained "
        "metal where the study states no equivalent; metal in finished goods is indirect trade"
    ),
    "Imports|": (
        "Imports in refined equivalents, in all or by the form in which they come, or contained "
        "metal where the study states no equivalent; metal in finished goods is indirect trade"
    ),
    "Impact|": (
        "Impact beside carbon, in its own unit, at home (Territorial) or with what imports bring "
        "(Footprint), exports not deducted"
    ),
    "Price|": (
        "Shadow price of a tonne of the metal, in the goods that are demanded (Goods, weighted by "
        "their demand) or as refined metal (Refined Metal)"
    ),
    "Reserves|": "Metal left in known deposits at the end of the period",
    "Stock|": "Contained metal at the end of the period, in products in use or in stockpiles",
    "Supply|": (
        "Metal supplied, refined or in imported finished goods, in all or by where it was won, new "
        "scrap of manufacture left out"
    ),
}
"""Meanings of the variables by how they begin; nomenclature allows neither colons nor semicolons in
them."""


def iamc_table(plan: Plan) -> pd.DataFrame:
    """Demand, supply, trade, stocks, price, emissions and cost of a plan as an IAMC long table; one
    row a variable and year.

    Units are those of the plan: `Supply|Lithium` and, as its parts, `Supply|Lithium|Domestic
    Primary` in t/year; `Price|Lithium|Goods` and `|Refined Metal` in USD_2021/t;
    `Emissions|CO2e|Territorial` in tCO2e/year; `Cost|Undiscounted` and, apart from it,
    `Penalty|Undiscounted` in USD_2021/year. New scrap, a loop within manufacture, is not supply.
    """
    parts = [part for part in _parts(plan) if len(part)]  # an empty one has no types to go by
    table = (
        pd.concat(parts, ignore_index=True)
        .groupby(["variable", "unit", "year"], as_index=False)["value"]
        .sum()
    )
    scenario = (plan.record.scenario or NO_SCENARIO) + (" [unsealed]" if plan.unsealed else "")
    table = table.assign(model="planner", scenario=scenario, region=plan.system.country)
    sorted_table: pd.DataFrame = table[list(COLUMNS)].sort_values(
        ["variable", "year"], ignore_index=True
    )
    return sorted_table


def _parts(plan: Plan) -> Iterator[pd.DataFrame]:
    supply = plan.supply[plan.supply["pathway"] != "new scrap"]
    yield _rows(supply, "Supply|" + _title(supply["metal"]))
    yield _rows(supply, "Supply|" + _title(supply["metal"]) + "|" + _title(supply["pathway"]))
    for indicator, variable in INDICATORS.items():
        known = plan.indicators[plan.indicators["indicator"] == indicator]
        yield _rows(known, _filled(variable, known["metal"]))
    for kind, variable in STOCKS.items():
        held = plan.stocks[(plan.stocks["kind"] == kind) & (plan.stocks["quantity"] == "stock")]
        yield _rows(held, _filled(variable, held["metal"]))
    trade = trade_table(plan).assign(unit="t/year")
    flow = trade["direction"].str.title() + "s|" + _title(trade["metal"])
    yield _rows(trade, flow)
    yield _rows(trade, flow + "|" + _title(trade["form"]))
    yield _rows(plan.emissions, "Emissions|CO2e|" + _title(plan.emissions["scope"]))
    impacts = plan.impacts
    yield _rows(impacts, "Impact|" + _title(impacts["impact"]) + "|" + _title(impacts["scope"]))
    paid = paid_items(plan.costs)
    yield _rows(paid, pd.Series("Cost|Undiscounted", index=paid.index))
    penalties = plan.costs[plan.costs["item"].isin(PENALTIES)]
    yield _rows(penalties, pd.Series("Penalty|Undiscounted", index=penalties.index))


def _rows(frame: pd.DataFrame, variable: pd.Series) -> pd.DataFrame:
    return frame[["unit", "year", "value"]].assign(variable=variable.astype(str))


def _filled(variable: str, metals: pd.Series) -> pd.Series:
    return pd.Series(
        [variable.format(name) for name in _title(metals)], index=metals.index, dtype=object
    )


def _title(names: pd.Series) -> pd.Series:
    return names.astype(str).str.replace("|", "/", regex=False).str.title()


def codelist(plan: Plan) -> str:
    """The plan's variables with unit and description as a nomenclature codelist, YAML (of which
    every JSON string is one)."""
    pairs = iamc_table(plan)[["variable", "unit"]].drop_duplicates()
    return "".join(
        (
            f"- {json.dumps(variable)}:\n    description: {json.dumps(_meaning(variable))}\n    "
            f"unit: {json.dumps(unit)}\n"
        )
        for variable, unit in pairs.itertuples(index=False)
    )


def _meaning(variable: str) -> str:
    return next(meaning for begun, meaning in MEANINGS.items() if variable.startswith(begun))


def regions(plan: Plan) -> str:
    """The plan's region as a nomenclature codelist."""
    return f"- Country:\n  - {json.dumps(plan.system.country)}\n"


def write_iamc(plan: Plan, path: Path) -> None:
    """Write the long table as CSV, and beside it the codelists: `NAME.variables.yaml`,
    `NAME.regions.yaml`."""
    iamc_table(plan).to_csv(path, index=False)
    path.with_suffix(".variables.yaml").write_text(codelist(plan), encoding="utf-8")
    path.with_suffix(".regions.yaml").write_text(regions(plan), encoding="utf-8")
