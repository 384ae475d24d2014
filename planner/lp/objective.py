r"""The objectives: present value of cost, and cumulative carbon. Both stay active, so that the
arrays hold a row for each."""

from __future__ import annotations

from typing import Any


def cost(m: Any) -> Any:
    r"""Present value, in the first year's money, of all that is paid in the horizon.

    $$\sum_t \beta_t \Big[ \sum_p c_{p,t}\, a_{p,t} + \sum_k \phi_{k,t}\, K_{k,t}
      + \sum_s \pi_{s,t}\, E_{s,t} + \sum_g (w_{g,t}\, z_{g,t} + \psi_{g,t}\, q_{g,t})
      + \sum_g h_{g,t}\, \tfrac{S_{g,t-1} + S_{g,t}}{2} + \sum_{n,x} \rho_n\, b_{n,x,t}
      + \sum_u \mu_{u,t}\, x_{u,t} + \sum_d \xi_{d,t}\, y_{d,t}
      + \sum_s \kappa_{s,t}\, e_{s,t} + \sum_p \omega_{p,t}\, j_{p,t}
      + \sum_w \gamma_{w,t}\, l_{w,t} + \sum_i \theta_{i,t}\, I_{i,t}
      - \sum_{n,x} s_{n,x,t}\, y_{n,x,t} \Big]
      + \sum_{k,v} A_{k,v}\, n_{k,v}$$   [USD]

    with the discount factor of the year beta (the first year undiscounted), running cost c (with
    what a calibration found), fixed cost phi, carbon price pi, penalty w of a shortage, cost psi of
    disposal, holding cost h, penalty rho of a breach, cost mu of measures, xi of exploration and
    gamma of taking back, price theta of impacts and kappa of the steps of curves (below zero where
    a step is sold abroad: what it earns), unseen cost omega of activity beyond that of a
    calibration, rate s of a subsidy on what is claimed y (a payment at home: whoever decides sees
    it, no cost holds it), and A the part of the annuities that falls within the horizon, already
    discounted. All parameters of this function are discounted when they are filled.
    """
    return (
        sum(m.activity_cost[p, t] * m.activity[p, t] for p, t in m.activities)
        + sum(m.order_cost[k, v] * m.new_capacity[k, v] for k, v in m.orders)
        + sum(m.capacity_cost[k, t] * m.capacity[k, t] for k, t in m.capacities)
        + sum(m.carbon_cost[s, t] * m.emission[s, t] for s, t in m.emission_rows)
        + sum(m.impact_cost[i, t] * m.impact[i, t] for i, t in m.impact_account_rows)
        + sum(m.shortage_cost[g, t] * m.shortage[g, t] for g, t in m.shortages)
        + sum(m.disposal_cost[g, t] * m.disposal[g, t] for g, t in m.disposals)
        + sum(m.stock_cost[g, t] * m.stockpile[g, t] for g, t in m.stockpiles)
        + sum(m.breach_cost[n, x, t] * m.breach[n, x, t] for n, x, t in m.breaches)
        + sum(m.measure_cost[u, t] * m.measure[u, t] for u, t in m.measures)
        + sum(m.exploration_cost[d, t] * m.explored[d, t] for d, t in m.explorations)
        + sum(m.step_cost[s, t] * m.step[s, t] for s, t in m.steps)
        + sum(m.beyond_cost[p, t] * m.beyond[p, t] for p, t in m.beyonds)
        + sum(m.take_back_cost[w, t] * m.taken_back[w, t] for w, t in m.take_backs)
        - subsidies(m)
        + m.opening_cost
    )


def subsidies(m: Any) -> Any:
    """What is paid to those who claim subsidies, discounted: part of `cost`."""
    return sum(m.subsidy_worth[n, x, t] * m.claimed[n, x, t] for n, x, t in m.claims)


COST_PARTS = (subsidies,)
"""Parts of an objective that stand by themselves: algebra only, like a rule."""


def carbon(m: Any) -> Any:
    r"""Footprint emissions of all years.

    $$\sum_t E_{footprint,t}$$   [t CO2e]
    """
    return sum(m.emission[s, t] for s, t in m.footprint_years)
