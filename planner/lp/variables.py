"""The columns of the linear programme, with their bounds."""

from __future__ import annotations

import pyomo.environ as pyo


def add_variables(m: pyo.ConcreteModel) -> None:
    """Add every column. Yearly quantities are per year of their period, stocks are at the end of it."""
    m.activity = pyo.Var(m.activities, bounds=lambda m, p, t: (m.least_activity[p, t], m.most_activity[p, t]))
    m.new_capacity = pyo.Var(m.orders, domain=pyo.NonNegativeReals)
    m.capacity = pyo.Var(m.capacities, domain=pyo.NonNegativeReals)
    m.stockpile = pyo.Var(m.stockpiles, bounds=lambda m, g, t: (m.least_stock[g, t], m.most_stock[g, t]))
    m.fill = pyo.Var(m.stockpiles, domain=pyo.NonNegativeReals)
    m.draw = pyo.Var(m.stockpiles, domain=pyo.NonNegativeReals)
    m.disposal = pyo.Var(m.disposals, domain=pyo.NonNegativeReals)
    m.shortage = pyo.Var(m.shortages, bounds=lambda m, g, t: (0, m.demand[g, t]))
    m.remaining = pyo.Var(m.deposit_years, domain=pyo.NonNegativeReals)
    m.emission = pyo.Var(m.emission_rows, domain=pyo.Reals)
    m.measure = pyo.Var(m.measures, bounds=lambda m, u, t: (0, m.most_measure[u, t]))
    m.explored = pyo.Var(m.explorations, bounds=lambda m, d, t: (0, m.most_explored[d, t]))
    m.breach = pyo.Var(m.breaches, bounds=lambda m, n, x, t: (0, m.most_breach[n]))
