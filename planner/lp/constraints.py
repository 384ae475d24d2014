r"""The physical families of the linear programme: one short function each, under its equation.

Rules are algebra over Pyomo names only, so that Pyomo can template them and `planner.lp.expansion`
can read them over whole arrays: no `if`, no `in`, no filter, no dictionary. What must be chosen by
a test is chosen when the sets and parameters are filled (`planner.lp.parameters`); an indexed Set
with no or one member (`m.previous[t]`) stands for every "if there is one". The requirement stands
alone on the right, or the sign of the dual flips.
"""

from __future__ import annotations

from typing import Any


def balance(m: Any, g: str, t: int) -> Any:
    r"""What is made of a good, and not used up, kept, or disposed of, serves demand.

    $$\sum_p (o_{g,p,t} - i_{g,p,t})\, a_{p,t} + d_{g,t} - f_{g,t} + z_{g,t} - q_{g,t} + \sum_{u,v} r_{g,u,v,t}\, x_{u,v}
      = D_{g,t} - W_{g,t}$$   [t / yr]

    with draw d, fill f, shortage z, disposal q, demand D, and arising W of waste from the stock
    model. A measure x taken in v spares demand in v, and later the waste that would have come of
    it, by the survival of its cohort.
    """
    return (
        sum(m.coefficient[g, p, t] * m.activity[p, t] for p in m.processes_of[g])
        + sum(m.draw[s, t] - m.fill[s, t] for s in m.stored[g])
        + sum(m.shortage[s, t] for s in m.served[g])
        - sum(m.disposal[s, t] for s in m.disposed[g])
        + sum(m.relief[g, u, v, t] * m.measure[u, v] for u, v in m.relieved[g, t])
        == m.requirement[g, t]
    )


def plant_capacity(m: Any, k: str, t: int) -> Any:
    r"""A plant runs no more than it has; processes that differ only by provenance share it.

    $$\sum_{p \in P_k} \lambda_p\, a_{p,t} - \eta_{k,t}\, K_{k,t} \le 0$$   [activity unit / yr]
    """
    return (
        sum(m.loading[p] * m.activity[p, t] for p in m.processes_on[k])
        - m.availability[k, t] * m.capacity[k, t]
        <= 0
    )


def capacity_balance(m: Any, k: str, t: int) -> Any:
    r"""Capacity is what stood or was under construction at the start, and what was ordered and is
    alive.

    $$K_{k,t} - \sum_v s_{k,v,t}\, n_{k,v} = \bar K_{k,t}$$   [activity unit / yr]

    with s the overlap of [v + lead, v + lead + life) with period t, over its length. Direct, not
    recursive: the dual is the worth of one year of capacity.
    """
    return (
        m.capacity[k, t]
        - sum(m.alive_share[k, v, t] * m.new_capacity[k, v] for v in m.alive_orders[k, t])
        == m.existing[k, t]
    )


def build_rate(m: Any, k: str, t: int) -> Any:
    r"""No more is ordered in a period than can be built.

    $$n_{k,t} \le N_{k,t}\, n_t$$   [activity unit / yr]
    """
    return m.new_capacity[k, t] <= m.most_orders[k, t]


def capacity_limit(m: Any, k: str, t: int) -> Any:
    r"""Sites, permits or deposits bound how large a plant may become.

    $$K_{k,t} \le K^{max}_{k,t}$$   [activity unit / yr]
    """
    return m.capacity[k, t] <= m.most_capacity[k, t]


def ramp(m: Any, r: str, t: int) -> Any:
    r"""A group of processes grows no faster than its market or its permits allow; by group, so that
    splitting a supplier changes nothing.

    $$\sum_{p \in r} a_{p,t} - (1 + \gamma_r)^{\Delta_t} \sum_{p \in r} a_{p,t-1} \le \sigma_r \Delta_t$$   [t / yr]
    """
    return (
        sum(m.activity[p, t] for p in m.members[r])
        - sum(m.growth[r, t] * m.activity[p, u] for u in m.previous[t] for p in m.members[r])
        <= m.growth_step[r, t]
    )


def run_down(m: Any, r: str, t: int) -> Any:
    r"""Sunk plants run down, they do not stop at once; suspended where a closure stops them.

    $$\sum_{p \in r} a_{p,t} - (1 - \delta_r)^{\Delta_t} \sum_{p \in r} a_{p,t-1} + b_{r,t} \ge 0$$   [t / yr]
    """
    return (
        sum(m.activity[p, t] for p in m.members[r])
        - sum(m.decline[r, t] * m.activity[p, u] for u in m.previous[t] for p in m.members[r])
        + sum(m.breach[n, x, u] for n, x, u in m.run_down_breach[r, t])
        >= 0
    )


def depletion(m: Any, d: str, t: int) -> Any:
    r"""Ore in the ground at the end of a period; what exploration adds can be mined only once it is
    there.

    $$R_{d,t} - R_{d,t-1} + n_t \sum_p i_{d,p,t}\, a_{p,t} - \sum_v n_v\, y_{d,v} = n_t A_{d,t}$$   [t]

    with the reserve on the right in the first period, what exploration y of an earlier period v has
    found by t, and R at least 0.
    """
    return (
        m.remaining[d, t]
        - sum(m.remaining[d, u] for u in m.previous[t])
        + m.length[t] * sum(m.ore[d, p, t] * m.activity[p, t] for p in m.miners[d])
        - sum(m.length[v] * m.explored[d, v] for v in m.finds[d, t])
        == m.ore_added[d, t]
    )


def exploration_limit(m: Any, d: str) -> Any:
    r"""No more is found than there is.

    $$\sum_v n_v\, y_{d,v} \le Y_d$$   [t]
    """
    return sum(m.length[v] * m.explored[d, v] for v in m.explored_in[d]) <= m.most_found[d]


def extension(m: Any, u: str, t: int) -> Any:
    r"""Only a share of what enters use can be given a longer life, and what is avoided does not
    enter.

    $$x_{u,t} + \omega_{u,t}\, x_{u',t} \le \omega_{u,t} D_{g,t}$$   [t / yr]

    with x what is given the longer life, x' the demand avoided, and omega the potential of the
    measure.
    """
    return (
        sum(m.extension_term[w, t] * m.measure[w, t] for w in m.columns_of[u])
        <= m.most_extended[u, t]
    )


def service(m: Any, u: str, t: int) -> Any:
    r"""What is in use is never less than without a lifetime measure: demand is spared only as far
    as longer lives make up for it.

    $$\sum_{u,v} \theta_{u,v,t}\, x_{u,v} \le 0$$   [t]

    with theta the stock that is missing at the end of t for a tonne avoided in v, or (below zero)
    added for a tonne that lasts longer.
    """
    return sum(m.service_loss[w, v, t] * m.measure[w, v] for w, v in m.lasting[u, t]) <= 0


def host_limit(m: Any, h: str, x: str, t: int) -> Any:
    r"""By-products come no faster than their host: one row for each host and metal, since both
    metals come from the same tonne.

    $$\sum_{p \in B_{h,m}} a_{p,t} / c_{p,t} \le H_{h,t}$$   [t of host / yr]
    """
    return (
        sum(m.host_need[p, t] * m.activity[p, t] for p in m.byproducts[h, x]) <= m.host_output[h, t]
    )


def collection(m: Any, w: str, t: int) -> Any:
    r"""No more waste is collected than the collection rate allows of what arises; the rest is the
    loss `uncollected`.

    $$\sum_{p \in C_w} i_{w,p,t}\, a_{p,t} - \kappa_{w,t} \sum_p o_{w,p,t}\, a_{p,t} - \kappa_{w,t} \sum_{u,v} r_{w,u,v,t}\, x_{u,v}
      \le \kappa_{w,t} W_{w,t}$$   [t / yr]
    """
    return (
        sum(m.collected[w, p, t] * m.activity[p, t] for p in m.collectors[w])
        - sum(m.new_waste[w, p, t] * m.activity[p, t] for p in m.waste_makers[w])
        - sum(m.collectable_relief[w, u, v, t] * m.measure[u, v] for u, v in m.relieved[w, t])
        <= m.collectable[w, t]
    )


def stockpile_balance(m: Any, g: str, t: int) -> Any:
    r"""A stockpile changes by what is filled and drawn; it ends no lower than its closing level (a
    bound on the last S).

    $$S_{g,t} - S_{g,t-1} - n_t (f_{g,t} - d_{g,t}) = 0$$   [t]

    with the opening stock on the right in the first period.
    """
    return (
        m.stockpile[g, t]
        - sum(m.stockpile[g, u] for u in m.previous[t])
        - m.length[t] * m.fill[g, t]
        + m.length[t] * m.draw[g, t]
        == m.stock_opening[g, t]
    )


def emission_account(m: Any, s: str, t: int) -> Any:
    r"""Emissions of a scope: `territorial` is what runs at home; `footprint` adds what imports
    embody and their transport.

    $$E_{s,t} - \sum_p e_{s,p,t}\, a_{p,t} = 0$$   [t CO2e / yr]

    Exports are not deducted from the footprint: it is the footprint of supply.
    """
    return (
        m.emission[s, t] - sum(m.emission_factor[s, p, t] * m.activity[p, t] for p in m.emitters[s])
        == 0
    )
