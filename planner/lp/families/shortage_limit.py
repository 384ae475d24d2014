"""Upper bound of what goes short of a good that can be kept."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures


def shortage_limit(m: Any, g: str, t: int) -> Any:
    r"""No more goes short of a good than measures leave of its demand, where it can be kept.

    $$z_{g,t} + \sum_{u,v} \rho_{g,u,v,t}\, x_{u,v} \le D_{g,t}$$   [t / yr]

    with rho the demand that a tonne of a measure spares. A shortage is a demand that is not met,
    and no metal: beyond it, what "goes short" would fill the stockpile. Where a good cannot be
    kept, its balance says the same.
    """
    return (
        sum(m.shortage[s, t] for s in m.served[g])
        + sum(m.spared[g, u, v, t] * m.measure[u, v] for u, v in m.sparing[g, t])
        <= m.spareable[g, t]
    )


def _fill(m: Components, given: Given) -> None:
    system = given.system
    kept = {
        name: good.demand
        for name, good in system.goods.items()
        if good.demand is not None and good.stockpile is not None
    }
    spared: dict[Key, float] = {}
    sparing: dict[Key, list[Key]] = {}
    for spare in given.spares:
        for good in kept.keys() & spare.demand.keys():
            for t, value in zip(given.years, spare.demand[good], strict=True):
                if value:
                    sparing.setdefault((good, t), []).append((spare.column, spare.year))
                    spared[good, spare.column, spare.year, t] = float(value)
    demand = given.series()
    spareable = {good for good, *_ in spared}
    for good, wanted in kept.items():
        if good in spareable:
            demand.add(good, values=system.period_mean(wanted))
    rows = add_set(m, "shortage_limit_rows", demand, width=2)
    add_param(m, "spareable", demand, rows)
    add_param(m, "spared", spared)
    add_sets(m, "sparing", sparing, width=2, over=rows)


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    wanted = figures(facts.mean(facts.system.goods[name].demand, years), "t/year")
    return (
        (
            f"{name}: no more can go short {facts.when(years)} than measures leave of its demand, "
            f"{wanted}"
        ),
        facts.inputs.line("demand", name, "demand", year=years[0]),
    )


SHORTAGE_LIMIT = Physical(
    rule=shortage_limit,
    rows="shortage_limit_rows",
    indices=("good", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "spared",
            r"\rho_{g,u,v,t}",
            ("good", "measure", "year taken", "year"),
            "1",
            "demand spared in t (below zero: added) for a tonne of a measure taken in v",
        ),
        Term(
            "spareable",
            "D_{g,t}",
            ("good", "year"),
            "t/yr",
            "demand of a good that can be kept and that measures spare",
        ),
        Term(
            "sparing",
            "",
            ("good", "year"),
            "",
            "(measure, year taken) that spare demand of a good that can be kept",
        ),
    ),
)
