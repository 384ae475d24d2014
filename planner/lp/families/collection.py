"""Waste taken, by whatever process, against the collection rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import figures
from planner.system.nouns import Array, Good, Process, System


def collection(m: Any, w: str, t: int) -> Any:
    r"""No more waste is collected than the collection rate allows of what arises, and what is taken
    back beyond it, whatever process takes it (a collector, a recycler, a smelter); the rest is the
    loss `uncollected`.

    $$\sum_{p \in C_w} i_{w,p,t}\, a_{p,t} - \kappa_{w,t} \sum_p o_{w,p,t}\, a_{p,t}
      - \kappa_{w,t} \sum_{u,v} r_{w,u,v,t}\, x_{u,v} - l_{w,t} \le \kappa_{w,t} W_{w,t}$$
      [t / yr]
    """
    return (
        sum(m.collected[w, p, t] * m.activity[p, t] for p in m.waste_takers[w])
        - sum(m.new_waste[w, p, t] * m.activity[p, t] for p in m.waste_makers[w])
        - sum(m.collectable_relief[w, u, v, t] * m.measure[u, v] for u, v in m.relieved[w, t])
        - sum(m.taken_back[w, s] for s in m.take_back_in[w, t])
        <= m.collectable[w, t]
    )


def _fill(m: Components, given: Given) -> None:
    system = given.system
    takers, makers = takers_of(system), makers_of(system)
    collected, new_waste, collectable = given.series(2), given.series(2), given.series()
    wastes = [good for good in system.goods.values() if good.name in takers]
    wastes = [good for good in wastes if good.collection_rate is not None]
    for good in wastes:
        assert good.collection_rate is not None
        name, rate = good.name, system.period_mean(good.collection_rate)
        for process in takers[name]:
            collected.add(name, process.name, values=system.period_mean(process.inputs[name]))
        for process in makers[name]:
            made = rate * system.period_mean(process.outputs[name])
            new_waste.add(name, process.name, values=made)
        arising, can = given.balance.arising.get(name), 0 * rate
        if arising is not None:
            can = system.period_mean(good.collection_rate * arising)
        collectable.add(name, values=can)
    add_sets(m, "waste_takers", _names(takers, wastes))
    add_sets(m, "waste_makers", _names(makers, wastes))
    add_param(m, "collected", collected)
    add_param(m, "new_waste", new_waste)
    add_param(m, "collectable", collectable, add_set(m, "collection_rows", collectable))
    _fill_relief(m, given)


def takers_of(system: System) -> dict[str, list[Process]]:
    """Processes that take each good: the limit belongs to the waste, not to a kind of process."""
    found: dict[str, list[Process]] = defaultdict(list)
    for process in system.processes.values():
        for name in process.inputs:
            found[name].append(process)
    return found


def makers_of(system: System) -> dict[str, list[Process]]:
    """Processes that put out each good."""
    found: dict[str, list[Process]] = defaultdict(list)
    for process in system.processes.values():
        for name in process.outputs:
            found[name].append(process)
    return found


def _names(processes: Mapping[str, list[Process]], wastes: list[Good]) -> dict[str, list[str]]:
    return {good.name: [process.name for process in processes[good.name]] for good in wastes}


def _fill_relief(m: Components, given: Given) -> None:
    """Collectable part of what measures change in the waste that arises; none of demand spared."""
    rates = {
        name: good.collection_rate
        for name, good in given.system.goods.items()
        if good.collection_rate is not None
    }
    add_param(m, "collectable_relief", relief_of_parts(m, given, rates))


def relief_of_parts(m: Components, given: Given, parts: Mapping[str, Array]) -> dict[Key, float]:
    """What measures change in a part of each waste that arises, `parts` by waste with shape (Y,),
    over the index of `relief`; nothing in wastes that are not named."""
    relief: dict[Key, float] = dict.fromkeys(m.parameters["relief"].index.keys, 0.0)
    for spare in given.spares:
        for waste, yearly in spare.waste.items():
            if waste in parts:
                changed = given.system.period_mean(yearly * parts[waste])
                for t, value in zip(given.years, changed, strict=True):
                    key = (waste, spare.column, spare.year, t)
                    if key in relief:
                        relief[key] = float(value)
    return relief


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    rate = figures(facts.mean(facts.system.goods[name].collection_rate, years), "1")
    waste, of = facts.balance.arising.get(name), "what arises"
    if waste is not None:
        of = f"the {figures(facts.mean(waste, years), 't/year')} that leaves use"
    return (
        f"{name}: at most {rate} of {of} can be collected {facts.when(years)}",
        facts.inputs.line("collection", name, "rate", year=years[0]),
    )


COLLECTION = Physical(
    rule=collection,
    rows="collection_rows",
    indices=("good", "year"),
    unit="USD/t",
    basis="annual",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "collectable_relief",
            r"\kappa_{w,t}\, r_{w,u,v,t}",
            ("waste", "measure", "year taken", "year"),
            "1",
            "collectable part of the waste that a measure adds",
        ),
        Term(
            "collected",
            r"i_{w,p,t}",
            ("waste", "process", "year"),
            "t/activity unit",
            "waste that a unit of activity takes",
        ),
        Term(
            "new_waste",
            r"\kappa_{w,t}\, o_{w,p,t}",
            ("waste", "process", "year"),
            "t/activity unit",
            "collectable part of the waste a process makes",
        ),
        Term(
            "collectable",
            r"\kappa_{w,t}\, W_{w,t}",
            ("waste", "year"),
            "t/yr",
            "collectable part of the waste that arises from use",
        ),
        Term("waste_takers", "C_w", ("waste",), "", "processes that take a waste, of any kind"),
        Term("waste_makers", "", ("waste",), "", "processes that make a waste"),
    ),
)
