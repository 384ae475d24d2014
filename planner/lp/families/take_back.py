"""Waste taken back beyond the collection rate: extended producer responsibility."""

from __future__ import annotations

from typing import Any

from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.families.collection import makers_of, relief_of_parts, takers_of
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures


def take_back(m: Any, w: str, t: int) -> Any:
    r"""Beyond the collection rate only a further share of what arises can be taken back, at a cost
    a tonne; what is paid to those who hand it in is no cost to the country.

    $$l_{w,t} - \epsilon_{w,t} \sum_p o_{w,p,t}\, a_{p,t}
      - \epsilon_{w,t} \sum_{u,v} r_{w,u,v,t}\, x_{u,v} \le \epsilon_{w,t} W_{w,t}$$   [t / yr]
    """
    return (
        m.taken_back[w, t]
        - sum(m.new_take_back[w, p, t] * m.activity[p, t] for p in m.take_back_makers[w])
        - sum(m.take_back_relief[w, u, v, t] * m.measure[u, v] for u, v in m.relieved[w, t])
        <= m.can_take_back[w, t]
    )


def _fill(m: Components, given: Given) -> None:
    system = given.system
    takers, makers = takers_of(system), makers_of(system)
    new, can, cost = given.series(2), given.series(), given.series()
    # those that have a row of collection to add to
    options = [
        each
        for each in system.take_back.values()
        if each.good in takers and system.goods[each.good].collection_rate is not None
    ]
    for option in options:
        name, more = option.good, system.period_mean(option.more)
        for process in makers[name]:
            made = more * system.period_mean(process.outputs[name])
            new.add(name, process.name, values=made)
        arising = given.balance.arising.get(name)
        share = 0 * more if arising is None else system.period_mean(option.more * arising)
        can.add(name, values=share)
        cost.add(name, values=given.factor * system.period_mean(option.cost))
    index = add_set(m, "take_backs", cost, width=2)
    add_param(m, "take_back_cost", cost, index)
    add_param(m, "can_take_back", can, index)
    add_param(m, "new_take_back", new)
    add_sets(m, "take_back_makers", {o.good: [p.name for p in makers[o.good]] for o in options})
    within = {key: [key[-1]] for key in index.keys}
    add_sets(m, "take_back_in", within, over=m.sets["collection_rows"])
    further = {name: option.more for name, option in system.take_back.items()}
    add_param(m, "take_back_relief", relief_of_parts(m, given, further))


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    more = figures(facts.mean(facts.system.take_back[name].more, years), "1")
    return (
        (
            f"{name}: at most {more} of what arises can be taken back beyond the collection rate "
            f"{facts.when(years)}"
        ),
        facts.inputs.line("take_back", name, "more", year=years[0]),
    )


TAKE_BACK = Physical(
    rule=take_back,
    rows="take_backs",
    indices=("good", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "can_take_back",
            r"\epsilon_{w,t}\, W_{w,t}",
            ("waste", "year"),
            "t/yr",
            "part of the waste that arises from use that can be taken back beyond the rate",
        ),
        Term(
            "new_take_back",
            r"\epsilon_{w,t}\, o_{w,p,t}",
            ("waste", "process", "year"),
            "t/activity unit",
            "the same part of the waste a process makes",
        ),
        Term(
            "take_back_relief",
            r"\epsilon_{w,t}\, r_{w,u,v,t}",
            ("waste", "measure", "year taken", "year"),
            "1",
            "the same part of the waste that a measure adds",
        ),
        Term(
            "take_back_cost",
            r"\beta_t\, \gamma_{w,t}",
            ("waste", "year"),
            "USD/(t/yr)",
            "cost of taking back a tonne",
        ),
        Term("take_back_makers", "", ("waste",), "", "processes that make a waste taken back"),
        Term(
            "take_back_in",
            "",
            ("waste", "year"),
            "",
            "the year itself where waste can be taken back in it, else none",
        ),
        Term("take_backs", "", (), "", "all (waste, year) of taking back"),
    ),
)
