r"""The policy families: targets and limits that people set, as against those of physics.

Every floor has a `breach` column b whose upper bound is 0 while the target is hard: hard, soft and
elastic are bound and cost changes on one linear programme. n is the policy's name in study.toml.
"""

from __future__ import annotations

from typing import Any


def self_sufficiency(m: Any, n: str, x: str, t: int) -> Any:
    r"""Home output of metal x at the stages, less exports at them, is at least a share of home
    demand, in refined equivalents.

    $$\sum_p \epsilon_{n,p,t}\, a_{p,t} + b_{n,x,t} \ge \sigma_{n,t} D^{home}_{x,t} + X_{n,t}$$   [t / yr]

    with epsilon the output of a process that counts less what it takes from others that count, so
    that a chain through several of the stages counts once, by what leaves its last: ore that is dug
    and refined at home is one tonne and not two.
    """
    return (
        sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def recycled_content(m: Any, n: str, x: str, t: int) -> Any:
    r"""Refined metal from secondary pathways is at least a share of all refined metal supplied; new
    scrap counts on neither side.

    $$\sum_p (1_{p \in sec} - \sigma_{n,t})\, o_{p,t}\, a_{p,t} + b_{n,x,t} \ge 0$$   [t / yr]
    """
    return (
        sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def collection_target(m: Any, n: str, x: str, t: int) -> Any:
    r"""At least a share of the waste x that arises is collected.

    $$\sum_{p \in C_x} i_{x,p,t}\, a_{p,t} - \sigma_{n,t} \sum_p o_{x,p,t}\, a_{p,t} - \sigma_{n,t} \sum_{u,v} r_{x,u,v,t}\, x_{u,v}
      + b_{n,x,t} \ge \sigma_{n,t} W_{x,t}$$   [t / yr]
    """
    return (
        sum(m.waste_term[n, x, p, t] * m.activity[p, t] for p in m.waste_lines[n, x])
        - sum(
            m.collection_share[n, x, t] * m.relief[x, u, v, t] * m.measure[u, v]
            for u, v in m.relieved[x, t]
        )
        + m.breach[n, x, t]
        >= m.target[n, x, t]
    )


def stockpile_cover(m: Any, n: str, x: str, t: int) -> Any:
    r"""A stockpile of x covers so many months of the refined requirement of its metal; waived in
    years of a closure.

    $$S_{x,t} + b_{n,x,t} \ge \tfrac{\mu_{n,t}}{12} D_{x,t}$$   [t]
    """
    return m.stockpile[x, t] + m.breach[n, x, t] >= m.target[n, x, t]


def pin_floor(m: Any, n: str, x: str, t: int) -> Any:
    r"""An observed activity x is reached within the tolerance.

    $$a_{x,t} + b_{n,x,t} \ge (1 - \tau_n)\, \hat a_{x,t}$$   [activity unit / yr]
    """
    return m.activity[x, t] + m.breach[n, x, t] >= m.target[n, x, t]


def pin_ceiling(m: Any, n: str, x: str, t: int) -> Any:
    r"""An observed activity x is not passed by more than the tolerance.

    $$a_{x,t} \le (1 + \tau_n)\, \hat a_{x,t}$$   [activity unit / yr]
    """
    return m.activity[x, t] <= m.ceiling[n, x, t]


def import_share(m: Any, n: str, t: int) -> Any:
    r"""Imports from one origin stay below a share of demand (or of all imports) of the metal, in
    refined equivalents.

    $$\sum_{p \in O_n} \epsilon_{p,t}\, a_{p,t} - \sigma_{n,t} [of\ imports] \sum_{p \in I_n} \epsilon_{p,t}\, a_{p,t}
      \le \sigma_{n,t} [of\ demand]\, D_{x,t}$$   [t / yr]
    """
    return sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) <= m.limit[n, t]


def quota(m: Any, n: str, t: int) -> Any:
    r"""The activities named run together no higher than the quota.

    $$\sum_{p \in Q_n} a_{p,t} \le Q_{n,t}$$   [activity unit / yr]
    """
    return sum(m.share_term[n, p, t] * m.activity[p, t] for p in m.counted[n]) <= m.limit[n, t]


def carbon_cap(m: Any, n: str, t: int) -> Any:
    r"""Emissions of the scope in each year stay below the cap.

    $$E_{s,t} \le \bar E_{n,t}$$   [t CO2e / yr]
    """
    return sum(m.emission[s, t] for s in m.scope_of[n]) <= m.limit[n, t]


def carbon_budget(m: Any, n: str) -> Any:
    r"""Emissions of the scope over all years stay below the budget.

    $$\sum_t n_t E_{s,t} \le B_n$$   [t CO2e]
    """
    return (
        sum(m.length[t] * m.emission[s, t] for s in m.scope_of[n] for t in m.periods) <= m.budget[n]
    )


def capital_budget(m: Any, n: str, t: int) -> Any:
    r"""Cash for new plants, in the year of order, stays below the budget.

    $$\sum_k C_{k,t}\, n_{k,t} / n_t \le M_{n,t}$$   [USD / yr]
    """
    return sum(m.cash[k, t] * m.new_capacity[k, t] for k in m.ordered[t]) <= m.limit[n, t]
