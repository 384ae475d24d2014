"""Emissions of each scope."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.system.batch import agreed
from planner.system.curves import tranches
from planner.system.nouns import SCOPES
from planner.system.unit_accounts import emission_rates, priced_scope, tranche_emission


def emission_account(m: Any, s: str, t: int) -> Any:
    r"""Emissions of a scope: `territorial` is what runs at home; `footprint` adds what imports
    embody and their transport.

    $$E_{s,t} - \sum_p e_{s,p,t}\, a_{p,t} - \sum_x \eta_{x,t}\, e_{x,t} = 0$$   [t CO2e / yr]

    with the tranches x of deposits, whose ore has its own energy and grade: eta is what a tonne
    of their metal emits.

    Exports are not deducted from the footprint: it is the footprint of supply.
    """
    return (
        m.emission[s, t]
        - sum(m.emission_factor[s, p, t] * m.activity[p, t] for p in m.emitters[s])
        - sum(m.step_emission[x, t] * m.step[x, t] for x in m.emitting_steps[s])
        == 0
    )


def _fill(m: Components, given: Given) -> None:
    system, rates = given.system, given.series(2)
    emitters: dict[str, list[str]] = {scope: [] for scope in SCOPES}
    for process in system.processes.values():
        for scope, rate in emission_rates(system, process).items():
            if agreed(rate.any(axis=-1)):
                emitters[scope].append(process.name)
                rates.add(scope, process.name, values=rate)
    dug, tranche = list[str](), given.series()
    for _, step in tranches(system):
        rate = tranche_emission(system, step)
        if agreed(rate.any(axis=-1)):
            dug.append(step.label)
            tranche.add(step.label, values=rate)
    add_sets(m, "emitting_steps", dict.fromkeys(SCOPES, dug))
    add_param(m, "step_emission", tranche)
    price = given.factor * system.period_mean(system.carbon_price)
    free, priced = np.zeros(len(given.years)), priced_scope(system)
    carbon_cost: dict[Key, Any] = {}
    for scope in SCOPES:
        carbon_cost |= given.by_period(scope, price if scope == priced else free)
    add_sets(m, "emitters", emitters)
    add_param(m, "emission_factor", rates)
    add_param(m, "carbon_cost", carbon_cost)
    add_set(m, "emission_rows", carbon_cost, width=2)
    add_set(m, "footprint_years", [("footprint", t) for t in given.years], width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (scope,) = subject
    return f"{scope} emissions are those of what runs {facts.when(years)}", ""


EMISSION_ACCOUNT = Physical(
    rule=emission_account,
    rows="emission_rows",
    indices=("scope", "year"),
    unit="USD/tCO2e",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "emission_factor",
            r"e_{s,p,t}",
            ("scope", "process", "year"),
            "t CO2e/activity unit",
            "emission of a unit of activity",
        ),
        Term("emitters", "", ("scope",), "", "processes that emit within a scope"),
        Term(
            "step_emission",
            r"\eta_{x,t}",
            ("step", "year"),
            "t CO2e/t",
            "emission of a tonne of metal dug of a tranche: that of a tonne of ore over its grade",
        ),
        Term("emitting_steps", "", ("scope",), "", "tranches that emit"),
    ),
)
