"""Load of each plant against the capacity that stands."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.mfa.bound_checks import users_of_plants
from planner.study.provenance import figures
from planner.system.batch import single


def plant_capacity(m: Any, k: str, t: int) -> Any:
    r"""A plant runs no more than it has; processes that differ only by provenance share it.

    $$\sum_{p \in P_k} \lambda_p\, a_{p,t} - \eta_{k,t}\, K_{k,t} \le 0$$   [activity unit / yr]
    """
    return (
        sum(m.loading[p] * m.activity[p, t] for p in m.processes_on[k])
        - m.availability[k, t] * m.capacity[k, t]
        <= 0
    )


def _fill(m: Components, given: Given) -> None:
    system, users = given.system, users_of_plants(given.system)
    loaded = [process for process in system.processes.values() if process.plant]
    availability = given.series()
    for plant in system.plants.values():
        availability.add(plant.name, values=system.period_mean(plant.availability))
    add_sets(m, "processes_on", users)
    add_param(m, "loading", {process.name: single(process.loading) for process in loaded})
    add_param(m, "availability", availability, m.sets["capacities"])
    add_set(m, "plant_rows", [(k, t) for k, names in users.items() if names for t in given.years])


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    can = facts.mean(facts.system.plants[name].availability, years)
    part = f"{figures(can, '1')} of " if (can < 1).any() else ""
    return (
        f"{name}: runs at most at {part}the capacity that stands {facts.when(years)}",
        facts.inputs.line("plants", name, "availability"),
    )


PLANT_CAPACITY = Physical(
    rule=plant_capacity,
    rows="plant_rows",
    indices=("plant", "year"),
    unit="USD/(t/year)/year",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "loading",
            r"\lambda_p",
            ("process",),
            "1",
            "plant capacity that a unit of activity takes up",
        ),
        Term(
            "availability", r"\eta_{k,t}", ("plant", "year"), "1", "share of capacity that can run"
        ),
        Term("processes_on", "P_k", ("plant",), "", "processes that run on a plant"),
    ),
)
