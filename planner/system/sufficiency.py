r"""What counts towards self-sufficiency: home output at some stages, each chain once.

$$\epsilon_{n,p} = \sum_g w_{m,g} (out_{g,p} - [g \in P_n]\, in_{g,p})$$

with P_n the goods that processes which count give out. Ore, refined metal and finished goods count
at the stage at which the study puts the process; how a good is called (intermediate or product)
changes nothing. Scrap and waste are what recycling is fed with: they count by the metal won from
them, and where manufacture takes scrap straight, when it does. Metal that is only passed on (by a
process of kind manufacture that leaves it in the form it had, such as the sale of refined metal
abroad) adds what is given beyond what is taken, whoever made that.

Exports, and what trade takes from home to another place at the stages, are taken off where they can
hold metal that counted (`counted_exports`): foreign metal that is refined and sent on in a chain of
its own was never counted, and would be taken off others.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from planner.system.nouns import HOME, Array, Good, Policy, Process, System
from planner.system.provenance import home_output, only_sells
from planner.system.trade import RAW_KINDS, Network, Unsettled, Worth, sold_on


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What a policy counts of a process: t per unit of activity by good, shape (Y,) each."""

    process: Process
    adds: Mapping[str, Array]
    less: Mapping[str, Array]
    """What it takes of goods that were counted before."""


def counted(network: Network, policy: Policy) -> tuple[Counted, ...]:
    """The processes that a self-sufficiency target counts, each with the goods that count."""
    made = _made(network, policy)
    sent = [p for p in network.processes.values() if p.goes_abroad]
    reached = _reached(network, policy, made) if sent else frozenset()
    less = {p.name: _of(p.inputs, _at_stages(network, policy, p.inputs, reached)) for p in sent}
    return (*made, *(Counted(p, {}, less[p.name]) for p in sent if less[p.name]))


def _made(network: Network, policy: Policy) -> list[Counted]:
    """Those that give goods that count, or take scrap straight."""
    at_home = _at_home(network, policy)
    given = {name: _supply(network, p.outputs, policy.metal) for name, p in at_home.items()}
    passed_on = {good for goods in given.values() for good in goods}
    found = []
    for process in network.processes.values():
        if adds := given.get(process.name):
            less = _again(network, process, policy.metal, passed_on)
            found.append(Counted(process, _of(process.outputs, adds), _of(process.inputs, less)))
        elif straight := _straight_scrap(network, process, policy, at_home):
            found.append(Counted(process, _of(process.inputs, straight), {}))
    return found


def _again(
    network: Network, process: Process, metal: str, passed_on: Container[str]
) -> tuple[str, ...]:
    """What a maker takes of goods that count already, or that it only sells on."""
    taken = [g for g in process.inputs if g in passed_on or sold_on(network, process, g)]
    return _supply(network, taken, metal)


def _at_stages(
    network: Network, policy: Policy, names: Iterable[str], reached: Container[str]
) -> tuple[str, ...]:
    """Goods among those reached whose stage a policy counts."""
    return tuple(n for n in names if n in reached and network.goods[n].stage in policy.stages)


def _at_home(network: Network, policy: Policy) -> dict[str, Process]:
    return {name: network.processes[name] for name in home_output(network, policy).processes}


def counted_terms(system: System, policy: Policy, worth: Worth) -> dict[str, Array]:
    """What a unit of activity adds to the output that a policy counts, t per unit, shape (..., T),
    by process."""
    return {
        each.process.name: _total(system, each.adds, policy.metal, worth)
        - _total(system, each.less, policy.metal, worth)
        for each in counted(system, policy)
    }


def counted_exports(network: Network, policy: Policy) -> tuple[Good, ...]:
    """Exported goods at the stages that can hold metal that counts: what a process that counts adds
    and all that is made of it, by the recipes. They are taken off whole, also where they are mixed
    with metal that does not count; metal that left use has served home demand, and is new metal."""
    reached = _reached(network, policy, _made(network, policy))
    goods = (network.goods[name] for name in _at_stages(network, policy, network.goods, reached))
    return tuple(good for good in goods if good.exported and good.place == HOME)


def _reached(network: Network, policy: Policy, made: Iterable[Counted]) -> frozenset[str]:
    """Goods at home that can hold metal that counts."""
    counts = {each.process.name: each for each in made}
    staying = [process for process in network.processes.values() if not process.goes_abroad]
    reached: set[str] = set()
    known = -1
    while len(reached) > known:
        known = len(reached)
        for process in staying:
            handed_on = _handed_on(network, process, counts.get(process.name), reached)
            reached.update(_holding(network, handed_on, policy.metal))
    return frozenset(reached)


def _handed_on(
    network: Network, process: Process, counts: Counted | None, reached: Container[str]
) -> Iterable[str]:
    """Goods by which a process hands on metal that counts. Where all that counted of what it takes
    is taken off, none of it is left but in what the process itself adds, so not in new scrap."""
    taken = [good for good in _used(process.inputs) if good in reached]
    given = _used(process.outputs)
    less = () if counts is None else counts.less
    if any(good not in less for good in taken):
        return given
    if counts is None or (only_sells(network, process) and not taken):
        return ()
    return [g for g in given if g in counts.adds] or given


def _used(recipe: Mapping[str, Array]) -> list[str]:
    """Goods of a recipe that it is ever more than zero of."""
    return [name for name, coefficient in recipe.items() if np.any(coefficient > 0)]


def unsettled_output(network: Network, policy: Policy) -> Iterator[Unsettled]:
    """Goods of which it cannot be told what of them counts: made by processes that count and by
    others, and taken by one that counts."""
    at_home = _at_home(network, policy)
    for each in counted(network, policy):
        process = each.process
        if process.goes_abroad:
            continue
        taken = each.less if process.name in at_home else each.adds
        for name in taken:
            other = None if sold_on(network, process, name) else _other(network, at_home, name)
            if other is not None:
                yield Unsettled(name, process.name, other)


def _other(network: Network, at_home: Container[str], name: str) -> str | None:
    """A process that gives a good and does not count."""
    makers = (p.name for p in network.processes.values() if name in p.outputs)
    return next((maker for maker in makers if maker not in at_home), None)


def _straight_scrap(
    network: Network, process: Process, policy: Policy, at_home: Mapping[str, Process]
) -> tuple[str, ...]:
    """Scrap collected by processes that count which manufacture takes as it is."""
    if process.kind != "manufacture" or process.name in at_home:
        return ()
    collected = {g for p in at_home.values() if p.kind != "manufacture" for g in p.outputs}
    held = _holding(network, process.inputs, policy.metal)
    return tuple(g for g in held if network.goods[g].kind in RAW_KINDS and g in collected)


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
        total = total + coefficient * worth(system.goods[name], metal)
    return total
