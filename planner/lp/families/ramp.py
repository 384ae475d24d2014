"""Growth (`ramp`) and decline (`run_down`) of a group of processes."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures, plain
from planner.system.batch import agreed, single
from planner.system.nouns import System


def ramp(m: Any, r: str, t: int) -> Any:
    r"""A group of processes grows no faster than its market or its permits allow; by group, so that
    splitting a supplier changes nothing.

    $$\sum_{p \in r} a_{p,t} - (1 + \gamma_r) \sum_{p \in r} a_{p,t-1} \le \sigma_r$$   [t / yr]
    """
    return (
        sum(m.activity[p, t] for p in m.members[r])
        - sum(m.growth[r, t] * m.activity[p, u] for u in m.previous[t] for p in m.members[r])
        <= m.growth_step[r, t]
    )


def run_down(m: Any, r: str, t: int) -> Any:
    r"""Sunk plants run down, they do not stop at once; suspended where a closure stops them.

    $$\sum_{p \in r} a_{p,t} - (1 - \delta_r) \sum_{p \in r} a_{p,t-1} + b_{r,t} \ge 0$$   [t / yr]

    Soft by nature: what stops faster costs a penalty once, the stated `stopping_cost` or a year's
    running cost of the cheapest process that may run, $\rho_{r,t} = \max(0, \min_{p \in r}
    c_{p,t})$ in USD / t. A plant therefore runs down as long as a tonne of its product is worth
    anything at all, and stops when it would have to pay for being rid of it: the price of the row
    is at most $\rho$, which running saves, so that the row drives no price of what the group makes
    below zero. A tonne more in one year costs at most $(1 - \delta_r)\, \rho_{r,t+1}$ in the next,
    once, whatever follows: nobody makes less in a year of shortage for fear of falling fast in the
    next one, unless the shortage costs less than that on top of supply, of which `check` warns.
    """
    return (
        sum(m.activity[p, t] for p in m.members[r])
        - sum(m.decline[r, t] * m.activity[p, u] for u in m.previous[t] for p in m.members[r])
        + sum(m.breach[n, x, u] for n, x, u in m.run_down_breach[r, t])
        >= 0
    )


def _members(system: System) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in system.ramps}
    for process in system.processes.values():
        if process.ramp_group:
            found[process.ramp_group].append(process.name)
    return found


def _fill_growth(m: Components, given: Given) -> None:
    system, members = given.system, _members(given.system)
    growth, step = given.series(), given.series()
    one, later = np.ones(len(given.years)), np.arange(len(given.years)) > 0
    for group in system.ramps.values():
        if members[group.name] and agreed(np.isfinite(single(group.growth))):
            growth.add(group.name, values=(1 + group.growth) * one, kept=later)
            step.add(group.name, values=group.step * one, kept=later)
    add_sets(m, "members", members)
    rows = add_set(m, "ramp_rows", growth)
    add_param(m, "growth", growth, rows)
    add_param(m, "growth_step", step, rows)


def _fill_decline(m: Components, given: Given) -> None:
    system, members = given.system, _members(given.system)
    one, later = np.ones(len(given.years)), np.arange(len(given.years)) > 0
    decline = given.series()
    for group in system.ramps.values():
        if members[group.name] and agreed(np.isfinite(single(group.decline))):
            values = (1 - group.decline) * one
            decline.add(group.name, values=values, kept=later & ~group.waived)
    rows = add_set(m, "run_down_rows", decline)
    add_param(m, "decline", decline, rows)
    # a set of one member: a string written into a rule as an index does not survive the templates
    add_sets(m, "run_down_breach", {key: [("run_down", *key)] for key in rows.keys})


def _describe_growth(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    group = facts.system.ramps[name]
    step = f" and {plain(group.step)} t/year" if group.step else ""
    growth = figures([group.growth], "1")
    return (
        f"{name}: grows by at most {growth}{step} a year {facts.when(years)}",
        facts.inputs.line("ramps", name, "growth"),
    )


def _describe_decline(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    fall = figures([facts.system.ramps[name].decline], "1")
    return (
        f"{name}: falls by at most {fall} a year {facts.when(years)}",
        facts.inputs.line("ramps", name, "decline"),
    )


RAMP = Physical(
    rule=ramp,
    rows="ramp_rows",
    indices=("ramp_group", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill_growth,
    describe=_describe_growth,
    holds_under_loss=True,
    terms=(
        Term(
            "growth",
            r"1 + \gamma_r",
            ("ramp group", "year"),
            "1",
            "growth factor since the year before",
        ),
        Term(
            "growth_step",
            r"\sigma_r",
            ("ramp group", "year"),
            "t/yr",
            "growth allowed from nothing",
        ),
        Term("members", "r", ("ramp group",), "", "processes of a ramp group"),
    ),
)
RUN_DOWN = Physical(
    rule=run_down,
    rows="run_down_rows",
    indices=("ramp_group", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill_decline,
    describe=_describe_decline,
    holds_under_loss=False,
    terms=(
        Term(
            "decline",
            r"1 - \delta_r",
            ("ramp group", "year"),
            "1",
            "least share of the year before",
        ),
        Term("run_down_breach", "", ("ramp group", "year"), "", "the breach of a run-down row"),
    ),
)
