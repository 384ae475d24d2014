"""Balance of each good."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.disposal import disposable
from planner.system.nouns import Good


def balance(m: Any, g: str, t: int) -> Any:
    r"""What is made of a good, and not used up, kept, or disposed of, serves demand.

    $$\sum_p (o_{g,p,t} - i_{g,p,t})\, a_{p,t} + d_{g,t} - f_{g,t} + z_{g,t} - q_{g,t}
      - \sum_{s \in s_g} e_{s,t} + \sum_{u,v} r_{g,u,v,t}\, x_{u,v}
      = D_{g,t} - W_{g,t}$$   [t / yr]

    with draw d, fill f, shortage z, disposal q, what is sold abroad e by steps of price, demand D,
    and arising W of waste from the stock model. A measure x taken in v spares demand in v, and
    later the waste that would have come of it, by the survival of its cohort; what is
    bought by a demand that answers to price adds to both in the same way (r below zero now).
    """
    return (
        sum(m.coefficient[g, p, t] * m.activity[p, t] for p in m.processes_of[g])
        + sum(m.draw[s, t] - m.fill[s, t] for s in m.stored[g])
        + sum(m.shortage[s, t] for s in m.served[g])
        - sum(m.disposal[s, t] for s in m.disposed[g])
        - sum(m.step[s, t] for s in m.sold[g])
        + sum(m.relief[g, u, v, t] * m.measure[u, v] for u, v in m.relieved[g, t])
        == m.requirement[g, t]
    )


def _fill(m: Components, given: Given) -> None:
    _fill_recipes(m, given)
    _fill_requirement(m, given)
    _fill_shortages(m, given)
    _fill_disposals(m, given)
    goods = given.system.goods.values()
    add_sets(m, "stored", {g.name: [g.name] if g.stockpile is not None else [] for g in goods})
    add_sets(m, "sold", {g.name: [step.label for step in g.sold.values()] for g in goods})
    _fill_relief(m, given)


def _fill_recipes(m: Components, given: Given) -> None:
    incidence, coefficient = given.balance.incidence, given.series(2)
    processes_of: dict[str, list[str]] = {name: [] for name in given.system.goods}
    net_by_entry = np.moveaxis(incidence.net, -2, 0)
    for g, p, net in zip(incidence.good, incidence.process, net_by_entry, strict=True):
        good, process = incidence.goods[g], incidence.processes[p]
        processes_of[good].append(process)
        coefficient.add(good, process, values=net)
    add_sets(m, "processes_of", processes_of)
    add_param(m, "coefficient", coefficient)


def _fill_requirement(m: Components, given: Given) -> None:
    system, requirement = given.system, given.series()
    none, waste = np.zeros(len(system.periods)), given.balance.arising
    for good in system.goods.values():
        wanted = system.period_mean(good.demand) if good.demand is not None else none
        arising = system.period_mean(waste[good.name]) if good.name in waste else none
        requirement.add(good.name, values=wanted - arising)
    add_param(m, "requirement", requirement, add_set(m, "balance_rows", requirement))


def _fill_shortages(m: Components, given: Given) -> None:
    system, demand, cost = given.system, given.series(), given.series()
    served: dict[str, list[str]] = {}
    for good in system.goods.values():
        served[good.name] = []
        if good.demand is not None and good.shortage_cost is not None:
            served[good.name] = [good.name]
            demand.add(good.name, values=system.period_mean(good.demand))
            cost.add(good.name, values=given.factor * system.period_mean(good.shortage_cost))
    shortages = add_set(m, "shortages", demand, width=2)
    add_param(m, "demand", demand, shortages)
    add_param(m, "shortage_cost", cost, shortages)
    add_sets(m, "served", served)


def _fill_disposals(m: Components, given: Given) -> None:
    system, cost = given.system, given.series()
    open_goods = disposable(system.goods, system.processes)
    for good in system.goods.values():
        if good.name in open_goods:
            cost.add(good.name, values=given.factor * system.period_mean(good.disposal_cost))
    add_sets(m, "disposed", {name: [name] if name in open_goods else [] for name in system.goods})
    add_param(m, "disposal_cost", cost, add_set(m, "disposals", cost, width=2))


def _fill_relief(m: Components, given: Given) -> None:
    """Changes of balances by measures: demand spared, and waste that arises more or less."""
    relief: dict[Key, float] = {}
    relieved: dict[Key, list[Key]] = {}
    for spare in given.spares:
        column = spare.column, spare.year
        waste = {good: given.system.period_mean(yearly) for good, yearly in spare.waste.items()}
        for good, change in {**spare.demand, **waste}.items():
            for t, value in zip(given.years, change, strict=True):
                if value:
                    relieved.setdefault((good, t), []).append(column)
                    relief[good, *column, t] = float(value)
    add_param(m, "relief", relief)
    add_sets(m, "relieved", relieved, width=2, over=m.sets["balance_rows"])


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    good: Good = facts.system.goods[name]
    when = facts.when(years)
    if good.answers:
        return f"{name}: what is bought of it at home {when} must be made, bought or in store", ""
    if good.demand is not None:
        needed = figures(facts.mean(good.demand, years), "t/year")
        return (
            f"{name}: {needed} {when} must be served or go short",
            facts.inputs.line("demand", name, "demand", year=years[0]),
        )
    if good.curve:
        return f"{name}: what is sold abroad {when} must be made or in store", ""
    if name in facts.balance.arising:
        arising = figures(facts.mean(facts.balance.arising[name], years), "t/year")
        return f"{name}: {arising} leaves use {when}, and no more can be taken", ""
    return f"{name}: what is used of it {when} must be made, bought or in store", ""


BALANCE = Physical(
    rule=balance,
    rows="balance_rows",
    indices=("good", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "coefficient",
            r"o_{g,p,t} - i_{g,p,t}",
            ("good", "process", "year"),
            "t/activity unit",
            "what a unit of activity gives less what it takes",
        ),
        Term(
            "requirement",
            r"D_{g,t} - W_{g,t}",
            ("good", "year"),
            "t/yr",
            "demand less the waste that arises from use",
        ),
        Term("processes_of", "P_g", ("good",), "", "processes that take or give a good"),
        Term("served", "", ("good",), "", "the good itself where it is demanded"),
        Term("stored", "", ("good",), "", "the good itself where it may be kept"),
        Term("sold", "s_g", ("good",), "", "steps at which a good is sold abroad"),
        Term("disposed", "", ("good",), "", "the good itself where it may be disposed of"),
    ),
)
