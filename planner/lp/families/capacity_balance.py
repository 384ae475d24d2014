"""Capacity of each plant from what stood and what was ordered."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, join_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.orders import standing_share


def capacity_balance(m: Any, k: str, t: int) -> Any:
    r"""Capacity is what stood or was under construction at the start, and what was ordered and is
    alive.

    $$K_{k,t} - \sum_v s_{k,v,t}\, n_{k,v} = \bar K_{k,t}, \qquad
      s_{k,v,t} = \sum_{y \in v} w_{k,v,y}\, \ell_{k,y,t}$$   [activity unit / yr]

    with w the part of the order of period v that is placed in its year y: all in the first, or,
    where the yearly limit N of orders is given, $N_{k,y} / \sum_{y' \in v} N_{k,y'}$; and l the
    overlap of [y + lead, y + lead + life) with year t. Direct, not recursive: the dual is the worth
    of one year of capacity.
    """
    return (
        m.capacity[k, t]
        - sum(m.alive_share[k, v, t] * m.new_capacity[k, v] for v in m.alive_orders[k, t])
        == m.existing[k, t]
    )


def _fill(m: Components, given: Given) -> None:
    system, existing = given.system, given.series()
    for plant in system.plants.values():
        existing.add(plant.name, values=system.period_mean(plant.existing))
    shares = given.by_order(
        {name: standing_share(system, system.plants[name]) for name in given.orderable}
    )
    capacities, stands = m.sets["capacities"], m.index("alive_share", shares)
    add_param(m, "existing", existing, capacities)
    add_param(m, "alive_share", shares, stands)
    join_sets(m, "alive_orders", capacities, stands.codes[:, [0, 2]], stands.codes[:, [1]])


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    plant = facts.system.plants[name]
    ordered = any(c == "new_capacity" and index[0] == name for c, index in facts.arrays.columns)
    if ordered and plant.lead_time:
        more = f"what is ordered stands {plant.lead_time} years later"
    else:
        more = "more can be ordered" if ordered else "no more can be ordered in time"
    stands = figures(facts.mean(plant.existing, years), "t/year")
    return (
        f"{name}: {stands} stands {facts.when(years)} by itself, {more}",
        facts.inputs.line("plants", name, "existing_capacity", year=years[0]),
    )


CAPACITY_BALANCE = Physical(
    rule=capacity_balance,
    rows="capacities",
    indices=("plant", "year"),
    unit="USD/(t/year)/year",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "alive_share",
            r"s_{k,v,t}",
            ("plant", "year of order", "year"),
            "1",
            "share of an order of period v that stands in t",
        ),
        Term(
            "existing",
            r"\bar K_{k,t}",
            ("plant", "year"),
            "activity unit/yr",
            "capacity that stands without an order",
        ),
        Term("alive_orders", "", ("plant", "year"), "", "years whose orders stand in a period"),
    ),
)
