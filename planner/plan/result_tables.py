"""All result tables of a plan, from the values of its variables and its price table."""

from __future__ import annotations

import pandas as pd

from planner.mfa.balance import Balance
from planner.mfa.flows import flow_table
from planner.plan.indicators import indicator_table
from planner.plan.schema import COLUMNS
from planner.plan.tables import (
    Values,
    capacity_table,
    cost_table,
    emission_table,
    stock_table,
    supply_table,
)


def result_tables(
    balance: Balance, values: Values, prices: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Every result table of a plan, by name."""
    system = balance.system
    tables = {
        "supply": supply_table(system, values),
        "flows": flow_table(balance, values),
        "stocks": stock_table(system, balance, values),
        "capacity": capacity_table(system, values),
        "costs": cost_table(system, values),
        "emissions": emission_table(system, values),
        "prices": prices,
    }
    tables["indicators"] = indicator_table(system, values, tables)
    assert set(tables) == set(COLUMNS)
    return tables
