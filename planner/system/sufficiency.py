r"""What counts towards self-sufficiency: home output at some stages, each chain once.

$$\epsilon_{n,p} = \sum_g w_{m,g} (out_{g,p} - [g \in P_n]\, in_{g,p})$$

with P_n the goods that processes which count give out. Ore, refined metal and finished goods count
at the stage at which the study puts the process; how a good is called (intermediate or product)
changes nothing. Scrap and waste are what recycling is fed with: they count by the metal won from
them, and where manufacture takes scrap straight, when it does. Metal that is only passed on (by a
process of kind manufacture that leaves it in the form it had, such as the sale of refined metal
abroad) adds what is given beyond what is taken, whoever made that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from planner.system.nouns import Array, Policy, Process, System
from planner.system.trade import OWN_FORMS, RAW_KINDS, Network, Unsettled, Worth, form_of


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What a policy counts of a process: t per unit of activity by good, shape (Y,) each."""

    process: Process
    adds: Mapping[str, Array]
    less: Mapping[str, Array]
    """What it takes of goods that were counted before."""


def counted(network: Network, policy: Policy) -> tuple[Counted, ...]:
    """The processes that a self-sufficiency target counts, each with the goods that count."""
    makers = [p for p in network.processes.values() if _counts(network, p, policy)]
    passed_on = {good for p in makers for good in _supply(network, p.outputs, policy.metal)}
    names = {process.name for process in makers}
    found = []
    for process in network.processes.values():
        if process.name in names:
            again = [g for g in process.inputs if g in passed_on or sold_on(network, process, g)]
            less = _supply(network, again, policy.metal)
            adds = _of(process.outputs, _supply(network, process.outputs, policy.metal))
            found.append(Counted(process, adds, _of(process.inputs, less)))
        elif straight := _straight_scrap(network, process, policy):
            found.append(Counted(process, _of(process.inputs, straight), {}))
    return tuple(found)


def counted_terms(system: System, policy: Policy, worth: Worth) -> dict[str, Array]:
    """What a unit of activity adds to the output that a policy counts, t per unit, shape (..., T),
    by process."""
    return {
        each.process.name: _total(system, each.adds, policy.metal, worth)
        - _total(system, each.less, policy.metal, worth)
        for each in counted(system, policy)
    }


def unsettled_output(network: Network, policy: Policy) -> Iterator[Unsettled]:
    """Goods of which it cannot be told what of them counts: made by processes that count and by
    others, and taken by one that counts; or of home metal and metal from abroad, where only home
    metal counts."""
    for each in counted(network, policy):
        process = each.process
        straight = _straight_scrap(network, process, policy) if not policy.counts(process) else ()
        for name in (*each.less, *straight):
            other = None if sold_on(network, process, name) else _other(network, policy, name)
            if other is not None:
                yield Unsettled(name, process.name, other)
        if _asks_where_from(process, policy):
            for name in _made_up(network, process, policy):
                abroad = _sources(network, name, policy.metal)[1]
                if abroad:
                    yield Unsettled(name, process.name, sorted(abroad)[0])


def _counts(network: Network, process: Process, policy: Policy) -> bool:
    if not policy.counts(process) or not _supply(network, process.outputs, policy.metal):
        return False
    if not _asks_where_from(process, policy):
        return True
    taken = _holding(network, process.inputs, policy.metal)
    return any(_sources(network, name, policy.metal)[0] for name in taken)


def _asks_where_from(process: Process, policy: Policy) -> bool:
    """Return True if only home metal counts and the study does not say which a process gives."""
    return policy.provenance == "home" and process.pathway is None and bool(process.inputs)


def _made_up(network: Network, process: Process, policy: Policy) -> tuple[str, ...]:
    """Goods with the metal that a process makes something of, those left out that it sells on."""
    taken = _holding(network, process.inputs, policy.metal)
    return tuple(name for name in taken if not sold_on(network, process, name))


def _sources(
    network: Network, name: str, metal: str, seen: frozenset[str] = frozenset()
) -> tuple[frozenset[str], frozenset[str]]:
    """Processes at home and abroad, or with metal from abroad, that the metal in a good comes from;
    waste of use counts as home."""
    makers = [p for p in network.processes.values() if name in p.outputs]
    home = set() if makers else {name}
    abroad: set[str] = set()
    for process in makers:
        taken = [g for g in _holding(network, process.inputs, metal) if g not in seen]
        if process.from_abroad or process.has_foreign_metal:
            abroad.add(process.name)
        elif process.pathway is not None or not process.inputs:
            home.add(process.name)
        else:
            for good in taken:
                of_home, of_abroad = _sources(network, good, metal, seen | {name})
                home |= of_home
                abroad |= of_abroad
    return frozenset(home), frozenset(abroad)


def _other(network: Network, policy: Policy, name: str) -> str | None:
    """A process that gives a good and does not count."""
    makers = (p for p in network.processes.values() if name in p.outputs)
    return next((p.name for p in makers if not policy.counts(p)), None)


def sold_on(network: Network, process: Process, name: str) -> bool:
    """Return True if a process only passes a good on: manufacture in name, which leaves metal in
    the form it had."""
    good = network.goods.get(name)
    if process.kind != "manufacture" or good is None:
        return False
    forms = {form_of(network.goods[g]) for g in process.outputs if g in network.goods}
    return forms == {form_of(good)} and forms <= set(OWN_FORMS)


def _straight_scrap(network: Network, process: Process, policy: Policy) -> tuple[str, ...]:
    """Scrap collected by processes that count which manufacture takes as it is."""
    if process.kind != "manufacture" or policy.counts(process):
        return ()
    collected = {
        good
        for p in network.processes.values()
        if policy.counts(p) and p.kind != "manufacture"
        for good in p.outputs
    }
    held = _holding(network, process.inputs, policy.metal)
    raw = [name for name in held if network.goods[name].kind in RAW_KINDS]
    return tuple(name for name in raw if name in collected)


def _holding(network: Network, names: Iterable[str], metal: str) -> tuple[str, ...]:
    """Of some goods those that hold a metal."""
    goods = network.goods
    return tuple(name for name in names if name in goods and metal in goods[name].content)


def _supply(network: Network, names: Iterable[str], metal: str) -> tuple[str, ...]:
    """Of some goods those that hold a metal and are neither scrap nor waste."""
    held = _holding(network, names, metal)
    return tuple(name for name in held if network.goods[name].kind not in RAW_KINDS)


def _of(recipe: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
    return {name: recipe[name] for name in names}


def _total(system: System, recipe: Mapping[str, Array], metal: str, worth: Worth) -> Array:
    total = np.zeros(len(system.periods))
    for name, coefficient in recipe.items():
        total = total + system.period_mean(coefficient) * worth(system.goods[name], metal)
    return total
