"""Activity beyond what a calibration found, which costs more."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures


def unseen_rise(m: Any, p: str, t: int) -> Any:
    r"""What a calibrated process runs beyond the activity it was calibrated at costs more, so that
    this activity is the optimum and not one of many.

    $$a_{p,t} - j_{p,t} \le J_{p,t}$$   [activity unit / yr]
    """
    return m.activity[p, t] - m.beyond[p, t] <= m.unseen_from[p, t]


def _fill(m: Components, given: Given) -> None:
    system, begins, cost = given.system, given.series(), given.series()
    for process in system.processes.values():
        if process.unseen is not None:
            begins.add(process.name, values=system.period_mean(process.unseen.begins))
            rise = system.period_mean(process.unseen.rise)
            cost.add(process.name, values=given.factor * rise)
    index = add_set(m, "beyonds", cost, width=2)
    add_param(m, "unseen_from", begins, index)
    add_param(m, "beyond_cost", cost, index)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    unseen = facts.system.processes[name].unseen
    begins = figures(facts.mean(None if unseen is None else unseen.begins, years), "t/year")
    return (
        f"{name}: costs more {facts.when(years)} beyond {begins}, at which it was calibrated",
        facts.inputs.line("process_values", name, "unseen_rise", year=years[0]),
    )


UNSEEN_RISE = Physical(
    rule=unseen_rise,
    rows="beyonds",
    indices=("process", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "unseen_from",
            r"J_{p,t}",
            ("process", "year"),
            "activity unit/yr",
            "activity at which a process was calibrated",
        ),
        Term(
            "beyond_cost",
            r"\beta_t\, \omega_{p,t}",
            ("process", "year"),
            "USD/activity unit",
            "unseen cost of a unit of activity beyond it",
        ),
        Term("beyonds", "", (), "", "all (process, year) that cost more beyond an activity"),
    ),
)
