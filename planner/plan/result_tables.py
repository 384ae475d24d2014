"""All result tables of a plan, from the values of its variables and its price table."""

from __future__ import annotations

import pandas as pd

from planner.errors import SolverError
from planner.mfa.balance import Balance
from planner.mfa.flows import flow_table
from planner.mfa.provenance.account import faults, label_notes
from planner.mfa.provenance.trace import traces
from planner.plan.indicators import indicator_table
from planner.plan.schema import COLUMNS
from planner.plan.tables import (
    Values,
    capacity_table,
    cost_table,
    curve_table,
    emission_table,
    impact_table,
    stock_table,
    supply_table,
)
from planner.plan.trade_flows import export_table


def result_tables(
    balance: Balance, values: Values, prices: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """Every result table of a plan, by name, and what the flows say against the study's labels.

    Raises SolverError where the provenance of the plan does not add up.
    """
    system = balance.system
    flows = flow_table(balance, values)
    traced = traces(balance, flows)
    tables = {
        "supply": supply_table(system, values, traced),
        "flows": flows,
        "stocks": stock_table(system, balance, values),
        "capacity": capacity_table(system, values),
        "costs": cost_table(system, values),
        "emissions": emission_table(system, values),
        "impacts": impact_table(system, values),
        "prices": prices,
    }
    tables["exports"] = export_table(system, flows, traced, tables["supply"])
    tables["curves"] = curve_table(system, values)
    tables["indicators"] = indicator_table(system, values, tables)
    assert set(tables) == set(COLUMNS)
    wrong = faults(system, flows, traced, tables["supply"])
    if wrong:
        raise SolverError("; ".join(("the provenance of the plan does not add up", *wrong)))
    return tables, label_notes(system, traced, tables["supply"])
