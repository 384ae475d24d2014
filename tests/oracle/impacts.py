"""Impacts beside carbon: columns, rows, and what the table of them says (format.md, "impacts.csv"
and "impact_values.csv"; conventions.md, "Impacts beside carbon")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle import policies
from tests.oracle.reader import Array

if TYPE_CHECKING:
    from tests.oracle.programme import Programme

NEAR = 1e-6
SCOPES = ("territorial", "footprint")
CAPS = ("impact_cap", "impact_budget")
Key = tuple[str, str, str, str, int]
"""Impact, scope, process, part and year."""


def parts(p: Programme, impact: str, process: str) -> Iterator[tuple[str, str, Array]]:
    """Scope, part, and impact of a unit of activity: what runs at home by its own factor and its
    electricity in both scopes, what comes in by its own factor in the footprint."""
    row = p.recipes.processes[process]
    own = p.study.yearly("process_values", process, f"impact:{impact}")
    if row["place"] or row["kind"] in ("import", "trade"):
        yield "footprint", "abroad", own
        return
    power = p.study.yearly("process_values", process, "electricity")
    of_grid = p.study.yearly("impact_values", impact, "electricity")
    for scope in SCOPES:
        yield scope, "process", own
        yield scope, "electricity", power * of_grid


def price(p: Programme, impact: str) -> Array:
    """Price of a unit of an impact."""
    return p.study.by_period("impact_values", impact, "price")


def counted(p: Programme) -> list[tuple[str, str]]:
    """Impacts and scopes that the programme knows: those of a price, and those under a cap."""
    found = set()
    for row in p.study.rows["impacts"]:
        if price(p, row["impact"]).any():
            found.add((row["impact"], row["scope"] or "footprint"))
    for kind in CAPS:
        found |= {(own["impact"], own["scope"]) for _, own in policies.in_force(p, kind)}
    return sorted(found)


def columns(p: Programme) -> None:
    """`impact`, of any sign, with its price on the scope that it falls on."""
    scope_of = {row["impact"]: row["scope"] or "footprint" for row in p.study.rows["impacts"]}
    for impact, scope in counted(p):
        paid = price(p, impact) if scope == scope_of[impact] else np.zeros(len(p.periods))
        for t in p.periods:
            p.model.column(("impact", f"{impact}/{scope}", t), p.beta[t] * paid[t], -np.inf)


def account(p: Programme) -> None:
    """### impact_account(impact, year)."""
    for impact, scope in counted(p):
        label = f"{impact}/{scope}"
        rates = {
            q: sum(rate for at, _, rate in parts(p, impact, q) if at == scope)
            for q in p.recipes.processes
        }
        for t in p.periods:
            terms: list = [(("impact", label, t), 1.0)]
            terms += [(("activity", q, t), -rate[t]) for q, rate in rates.items() if np.any(rate)]
            p.model.row(("impact_account", label, t), terms, "==", 0.0)


def caps(p: Programme) -> None:
    """### impact_cap(policy, year) and impact_budget(policy)."""
    for name, policy in policies.in_force(p, "impact_cap"):
        cap, label = policies.level(p, policy), f"{policy['impact']}/{policy['scope']}"
        for t in policies.active(p, cap):
            p.model.row(("impact_cap", name, t), [(("impact", label, t), 1.0)], "<=", cap[t])
    for name, policy in policies.in_force(p, "impact_budget"):
        label = f"{policy['impact']}/{policy['scope']}"
        every = [(("impact", label, t), float(p.lengths[t])) for t in p.periods]
        p.model.row(("impact_budget", name), every, "<=", float(policy["cap"]))


# ---- what the tables say


def wrong_impacts(p: Programme, plan: Any) -> Iterator[str]:
    """Impacts of the table, and what is paid for them, that the activities say otherwise."""
    own: dict[Any, float] = defaultdict(float)
    for row in p.study.rows["impacts"]:
        impact, paid = row["impact"], price(p, row["impact"])
        for q in p.recipes.processes:
            for scope, part, rate in parts(p, impact, q):
                for t, year in enumerate(p.study.firsts):
                    amount = rate[t] * plan.values["activity"][q, year]
                    own[impact, scope, q, part, year] += amount
                    if scope == (row["scope"] or "footprint"):
                        own[f"{impact}/{q}", year] += paid[t] * amount
    said: dict[Any, float] = defaultdict(float)
    for row in plan.impacts.itertuples():
        said[row.impact, row.scope, row.process, row.part, row.year] += row.value
    for row in plan.costs[plan.costs["item"] == "impact_price"].itertuples():
        said[row.name, row.year] += row.value
    for key in sorted({*own, *said}, key=str):
        if abs(own[key] - said[key]) > NEAR * max(1.0, abs(own[key])):
            yield f"impact {key}: {said[key]}, not {own[key]}"
