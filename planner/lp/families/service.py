"""Stock in use under a lifetime measure."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given, lifetime_measure
from planner.lp.wording import Facts, Subject, Telling


def service(m: Any, u: str, t: int) -> Any:
    r"""What is in use is never less than without a lifetime measure: demand is spared only as far
    as longer lives make up for it.

    $$\sum_{u,v} \theta_{u,v,t}\, x_{u,v} \le 0$$   [t]

    with theta the stock that is missing at the end of t for a tonne avoided in v, or (below zero)
    added for a tonne that lasts longer.
    """
    return sum(m.service_loss[w, v, t] * m.measure[w, v] for w, v in m.lasting[u, t]) <= 0


def _fill(m: Components, given: Given) -> None:
    loss: dict[Key, float] = {}
    lasting: dict[Key, list[Key]] = {}
    for spare in given.spares:
        column, name = (spare.column, spare.year), lifetime_measure(given.system, spare)
        for t, value in zip(given.years, spare.service, strict=True):
            if name and value:
                lasting.setdefault((name, t), []).append(column)
                loss[*column, t] = float(value)
    add_param(m, "service_loss", loss)
    add_sets(m, "lasting", lasting, width=2)
    add_set(m, "service_rows", lasting, width=2)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    product = facts.system.measures[name].product
    needed = f"no less of {product} may be in use at the end of each year than without it"
    return f"{name}: {needed}, {facts.when(years)}", ""


SERVICE = Physical(
    rule=service,
    rows="service_rows",
    indices=("measure", "year"),
    unit="USD/t",
    basis="state",
    fill=_fill,
    describe=_describe,
    holds_under_loss=False,
    terms=(
        Term(
            "service_loss",
            r"\theta_{u,v,t}",
            ("measure", "year taken", "year"),
            "yr",
            "stock in use that is missing at the end of t for a tonne per year of a measure taken "
            "in v",
        ),
        Term(
            "lasting",
            "",
            ("measure", "year"),
            "",
            "(column, year taken) of a lifetime measure that change the stock at the end of a "
            "period",
        ),
    ),
)
