"""A plan in the long format of the Integrated Assessment Modeling Consortium: model, scenario, region, variable, unit, year, value.

The variables follow the consortium's naming by levels joined with `|` (https://docs.ece.iiasa.ac.at/standards); `codelist` lists
those of a plan in the form that the `nomenclature` package reads.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from planner.plan import Plan

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")


def iamc_table(plan: Plan) -> pd.DataFrame:
    """Supply, shortage, price, emissions and cost of a plan as an IAMC long table; one row a variable and year.

    Units are those of the plan; `Supply|Lithium|Domestic Primary` in t/year, `Price|Lithium` in USD_2021/t, `Emissions|CO2e|Territorial`
    in tCO2e/year, `Cost|Undiscounted` in USD_2021/year.
    """
    parts = [_rows(plan.mix.assign(variable="Supply|" + _title(plan.mix["metal"]) + "|" + _title(plan.mix["pathway"]), unit="t/year"))]
    price = plan.indicators[plan.indicators["indicator"] == "price"]
    parts.append(_rows(price.assign(variable="Price|" + _title(price["metal"]))))
    emissions = plan.emissions.groupby(["scope", "year", "unit"], as_index=False)["value"].sum()
    parts.append(_rows(emissions.assign(variable="Emissions|CO2e|" + _title(emissions["scope"]))))
    paid = plan.costs[plan.costs["item"] != "transfer"]
    costs = paid.groupby(["year", "unit"], as_index=False)["value"].sum()
    parts.append(_rows(costs.assign(variable="Cost|Undiscounted")))
    table = pd.concat(parts, ignore_index=True).groupby(["variable", "unit", "year"], as_index=False)["value"].sum()
    table = table.assign(model="planner", scenario=plan.record.scenario or "base", region=plan.system.country)
    sorted_table: pd.DataFrame = table[list(COLUMNS)].sort_values(["variable", "year"], ignore_index=True)
    return sorted_table


def codelist(plan: Plan) -> str:
    """The plan's variables with units as a nomenclature codelist (YAML text, written by hand since it is a list of plain strings)."""
    pairs = iamc_table(plan)[["variable", "unit"]].drop_duplicates()
    return "\n".join(f'- "{variable}":\n    unit: "{unit}"' for variable, unit in pairs.itertuples(index=False)) + "\n"


def write_iamc(plan: Plan, path: Path) -> None:
    """Write the long table as CSV."""
    iamc_table(plan).to_csv(path, index=False)


def _title(names: pd.Series) -> pd.Series:
    return names.astype(str).str.replace("|", "/", regex=False).str.title()


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["variable", "unit", "year", "value"]]
