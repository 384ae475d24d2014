r"""What crosses the border: imports and exports by process, good, form and origin, in one place.

Whatever speaks of imports, exports, origins, dependence or security takes its numbers from here, so
that a policy, an indicator and a test of security cannot mean different things by the same word.

- **What comes in** is what a process that draws on a source abroad puts out, in every form: ore,
  refined metal, finished goods, scrap. Such a process is an `import`, or one that won metal from
  ore of a stated origin and takes in no good (a by-product of imported host ore).
- **A chain counts once.** An import may take in what other imports give (ore of one country refined
  in another). It counts by what it delivers less what it takes from them,

  $$\epsilon^{in}_{m,p} = \sum_g w_{m,g} (out_{g,p} - [g \in I]\, in_{g,p})$$

  with I the goods that imports give out and w the metal that a tonne of a good stands for.
- **Origin of the mine and origin of the refinery are kept apart.** Metal depends on an origin that
  it passes through at any stage: ore of A refined in B depends on A and on B, each once, so that
  the shares of all origins may add up to more than 1. For one origin, I are the goods that its own
  imports give out.
- **What goes out** is what is demanded for export or sold abroad at a price, what trade takes of
  home goods to another place, and what an import takes of home goods that none of them gives out
  (home ore refined abroad).
- **Between places** each tonne crosses the border with the trade that brings it, whose origin is
  the place that it comes from, and every place that all of it passed before. Goods at other places
  are not the country's: what trade takes of them is in no account of it. Where a place mixes metal
  that passed an origin with other metal, the part hangs on the plan: it is traced in what a plan
  reports (`planner.plan.trade_flows`), and not counted by policies, of which `check` warns.

The worth of a good is a choice of who asks: `equivalent` (policies: as stated, or refused),
`reported_equivalent` (reports: as stated, or contained metal), `contained` (contained metal).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from planner.system.nouns import (
    HOME,
    Array,
    Deposit,
    Good,
    Pathway,
    Plant,
    Policy,
    Process,
    Product,
    Stage,
    System,
)
from planner.system.unit_accounts import reported_equivalent

Form = Literal["ore and intermediates", "refined metal", "finished goods", "scrap and waste"]
FORMS: tuple[Form, ...] = get_args(Form)
OWN_FORMS: tuple[Form, ...] = ("ore and intermediates", "refined metal", "scrap and waste")
"""The metal's own forms: what trade statistics of the metal count. Metal within finished goods is
indirect trade."""
FINISHED: tuple[Form, ...] = ("finished goods",)
FORM_OF_STAGE: Mapping[Stage, Form] = {
    "extraction": "ore and intermediates",
    "processing": "refined metal",
    "manufacture": "finished goods",
    "use": "finished goods",
    "recycling": "scrap and waste",
}
RAW_KINDS = ("scrap", "waste")
Worth = Callable[[Good, str], float]
"""Metal that a tonne of a good stands for, t/t."""


class Network(Protocol):
    """What holds goods and processes: a System, or the nouns of a study that is being read."""

    @property
    def goods(self) -> Mapping[str, Good]: ...

    @property
    def processes(self) -> Mapping[str, Process]: ...

    @property
    def products(self) -> Mapping[str, Product]: ...

    @property
    def deposits(self) -> Mapping[str, Deposit]: ...

    @property
    def plants(self) -> Mapping[str, Plant]: ...


def contained(good: Good, metal: str) -> float:
    """Metal in a tonne of a good, t/t."""
    return good.content.get(metal, 0.0)


def form_of(good: Good) -> Form:
    """The form in which a good is traded: by its stage, so that it does not matter whether a good
    is called an intermediate or a product; refined metal, scrap and waste by their kind."""
    if good.kind in RAW_KINDS:
        return "scrap and waste"
    return "refined metal" if good.kind == "refined" else FORM_OF_STAGE[good.stage]


def sold_on(network: Network, process: Process, name: str) -> bool:
    """Return True if a process only passes a good on: manufacture in name, which leaves metal in
    the form it had."""
    good = network.goods.get(name)
    if process.kind != "manufacture" or good is None:
        return False
    forms = {form_of(network.goods[g]) for g in process.outputs if g in network.goods}
    return forms == {form_of(good)} and forms <= set(OWN_FORMS)


def importers(network: Network, origin: str | None = None) -> tuple[Process, ...]:
    """The processes by which metal comes into the country, of all origins or of one: of a place
    also trade that brings from another what all of it passed there."""
    found = [process for process in network.processes.values() if process.from_abroad]
    if origin is None:
        return tuple(found)
    passed = _trade_through(network, origin)
    return tuple(p for p in found if p.origin == origin or passed.get(p.name) is True)


def _trade_through(network: Network, place: str) -> dict[str, bool | None]:
    """Of trade into the country what `through` says of all processes."""
    trade = [p.name for p in network.processes.values() if p.is_trade and p.from_abroad]
    passed = through(network, place) if trade else {}
    return {name: passed[name] for name in trade}


def through(network: Network, place: str) -> dict[str, bool | None]:
    """By process, True if all that it may handle has passed a place, mined, worked up or sent from
    there; False if none has; None where both are mixed, and what passed hangs on the plan."""
    held = _held_before(network, place)
    handled: dict[str, set[bool]] = {name: set() for name in network.processes}
    waiting = list(network.processes.values())
    while waiting:
        grown = [process for process in waiting if _passes_on(process, place, held, handled)]
        given = {good for process in grown for good in process.outputs}
        waiting = [p for p in network.processes.values() if not given.isdisjoint(p.inputs)]
    return {name: None if len(both) > 1 else True in both for name, both in handled.items()}


def _held_before(network: Network, place: str) -> dict[str, set[bool]]:
    """What goods hold before any process runs, True where it is of the place: what leaves use, and
    opening stocks."""
    held: dict[str, set[bool]] = {}
    for product in network.products.values():
        if product.waste:
            held.setdefault(product.waste, set()).add(product.place == place)
    for name, good in network.goods.items():
        if opens_filled(good):
            held.setdefault(name, set()).add(good.place == place)
    return held


def opens_filled(good: Good) -> bool:
    """Return True if there is anything of a good in its stockpile before the first year."""
    return good.stockpile is not None and bool(np.any(np.asarray(good.stockpile.opening) > 0))


def _passes_on(
    process: Process, place: str, held: dict[str, set[bool]], handled: dict[str, set[bool]]
) -> bool:
    """Give what a process takes to what it gives; True if that was news."""
    taken = set[bool]().union(*(held.get(good, ()) for good in process.inputs))
    if process.deposits or not process.inputs:
        taken.add(False)
    found = {True} if taken and process.made_at == place else taken
    news = not found <= handled[process.name]
    handled[process.name] |= found
    for good in process.outputs:
        held.setdefault(good, set()).update(found)
    return news


def mixed_through(network: Network, place: str) -> tuple[str, ...]:
    """Trade into the country that may carry metal of a place mixed with other metal, by name."""
    passed = _trade_through(network, place)
    return tuple(name for name, whole in passed.items() if whole is None)


def is_from(process: Process, origin: str) -> bool:
    """Return True if metal comes by a process from an origin: into the country, or in trade from
    there to any other place. Whoever loses or closes an origin loses these."""
    if process.is_trade:
        return process.source == origin and origin != HOME
    return process.from_abroad and process.origin == origin


def brought_in(network: Network, origin: str | None = None) -> frozenset[str]:
    """Goods that imports give out, those of all origins or of one."""
    return frozenset(good for process in importers(network, origin) for good in process.outputs)


def origins(network: Network, metal: str | None = None) -> tuple[str, ...]:
    """Countries and regions that metal comes from, at any stage, by name, and where there is trade
    all places that work or send something; of all metals or one."""
    brings = [p for p in importers(network) if _gives(network, p, metal)]
    found = {process.origin for process in brings}
    if any(process.is_trade for process in brings):
        handling = (p for p in network.processes.values() if _gives(network, p, metal))
        found |= {process.made_at for process in handling} - {HOME}
    return tuple(sorted(found))


def comes_from(network: Network, origin: str, metal: str | None = None) -> bool:
    """Return True if metal comes into the country that is counted for an origin; of all metals or
    one."""
    return any(_gives(network, process, metal) for process in importers(network, origin))


def _gives(network: Network, process: Process, metal: str | None) -> bool:
    """Return True if a process gives a metal; of all metals always."""
    held = (network.goods[name] for name in process.outputs if name in network.goods)
    return metal is None or any(metal in good.content for good in held)


def _is_of(good: Good, metal: str | None) -> bool:
    """Return True if a good holds a metal; of all metals always."""
    return metal is None or metal in good.content


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """A good that crosses the border with a process: t of the good per unit of activity, shape
    (..., T). What a later step of a chain takes from an earlier one is negative."""

    process: Process
    good: Good
    amount: Array


def imported(
    system: System, metal: str | None = None, origin: str | None = None
) -> Iterator[Crossing]:
    """What comes in per unit of activity, each chain once, good by good: of all origins, or what
    passes through one."""
    brought = brought_in(system, origin)
    for process in importers(system, origin):
        taken = {good: process.inputs[good] for good in process.inputs if good in brought}
        for name in sorted({*process.outputs, *taken}):
            good = system.goods[name]
            if _is_of(good, metal):
                nothing = np.zeros(len(system.years))
                net = process.outputs.get(name, nothing) - taken.get(name, nothing)
                yield Crossing(process, good, net)


def sent_abroad(system: System, metal: str | None = None) -> Iterator[Crossing]:
    """Home goods that imports take in, such as ore that is refined abroad, and that trade takes to
    another place: t of the good that go out per unit of activity."""
    brought = brought_in(system)
    for process in system.processes.values():
        if process.goes_abroad:
            yield from _taken_out(system, process, process.inputs, metal)
        elif process.from_abroad:
            yield from _taken_out(
                system, process, [name for name in process.inputs if name not in brought], metal
            )


def _taken_out(
    system: System, process: Process, names: Iterable[str], metal: str | None
) -> Iterator[Crossing]:
    for name in names:
        good = system.goods[name]
        if good.place == HOME and _is_of(good, metal):
            yield Crossing(process, good, process.inputs[name])


def import_terms(
    system: System,
    metal: str,
    *,
    origin: str | None = None,
    forms: Collection[Form] = FORMS,
    worth: Worth = reported_equivalent,
    under: Policy | None = None,
) -> dict[str, Array]:
    """Imports of a metal per unit of activity of each process that brings some, t per unit, shape
    (..., T), each chain once; of all origins, or what passes through one; of all processes, or
    those that count `under` a policy."""
    crossings = imported(system, metal, origin)
    if under is not None:
        counted = counted_importers(system, under, origin)
        crossings = (each for each in crossings if each.process in counted)
    return _by_process(crossings, metal, forms, worth)


def _by_process(
    crossings: Iterator[Crossing], metal: str, forms: Collection[Form], worth: Worth
) -> dict[str, Array]:
    terms: dict[str, Array] = {}
    for each in crossings:
        if form_of(each.good) in forms:
            amount = each.amount * worth(each.good, metal)
            terms[each.process.name] = terms.get(each.process.name, 0.0) + amount
    return terms


def goods_supply(system: System) -> Iterator[tuple[Process, str, Pathway, Array]]:
    """Metal that comes in within finished goods, as supply by pathway: process, metal, pathway (as
    stated, else foreign primary) and t of refined equivalents per unit of activity, shape (...,
    T)."""
    for metal in system.metals:
        for name, worth in import_terms(system, metal, forms=FINISHED).items():
            process = system.processes[name]
            yield process, metal, process.pathway or "foreign primary", worth


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A good that a chain of imports passes on and that others give too, so that what of a later
    import counts already cannot be told."""

    good: str
    taker: str
    other: str
    """Whoever gives the good besides: a process, or the country's own use or stockpile."""


def unsettled(network: Network, metal: str, origin: str | None = None) -> Iterator[Unsettled]:
    """Goods of chains that cannot be counted once, since imports (of the origin) take them and
    both these and others give them."""
    counted = {process.name for process in importers(network, origin)}
    brought = brought_in(network, origin)
    for taker in importers(network, origin):
        for name in sorted(brought.intersection(taker.inputs)):
            if metal not in network.goods[name].content:
                continue
            other = next(_other_givers(network, name, counted), None)
            if other is not None:
                yield Unsettled(name, taker.name, other)


def _other_givers(network: Network, name: str, counted: Collection[str]) -> Iterator[str]:
    """Who gives a good beside the processes counted."""
    yield from (
        process.name
        for process in network.processes.values()
        if name in process.outputs and process.name not in counted
    )
    yield from (f"use of {p.name}" for p in network.products.values() if p.waste == name)
    if opens_filled(network.goods[name]):
        yield "its opening stock"


def counted_importers(
    network: Network, policy: Policy, origin: str | None = None
) -> tuple[Process, ...]:
    """The imports, of all origins or of one, that a share of imports counts: those open in a year
    in which it is in force, and of a share of demand those that can serve some."""
    sold_on_only = in_transit(network, policy.metal) if policy.of != "imports" else ()
    return tuple(
        process
        for process in importers(network, origin)
        if process.name not in sold_on_only
        and np.any(process.max_activity[..., np.isfinite(policy.level)] > 0)
    )


def in_transit(network: Network, metal: str) -> frozenset[str]:
    """Imports whose metal, by the recipes, can reach what is sold abroad at a price and nothing
    else: no demand, at home or abroad, and no stockpile."""
    goods = {name: good for name, good in network.goods.items() if metal in good.content}
    sold = _leading_to(network, goods, {name for name, good in goods.items() if good.curve})
    serving = _leading_to(network, goods, {n for n, good in goods.items() if _wanted(good)})
    return frozenset(
        process.name
        for process in importers(network)
        if not sold.isdisjoint(process.outputs) and serving.isdisjoint(process.outputs)
    )


def _wanted(good: Good) -> bool:
    """Return True if a good is demanded or can be stockpiled."""
    return good.demand is not None or good.stockpile is not None


def _leading_to(network: Network, held: Collection[str], found: set[str]) -> set[str]:
    """Some goods, and of those held all that these are made of, by the recipes."""
    known = -1
    while len(found) > known:
        known = len(found)
        for process in network.processes.values():
            if not found.isdisjoint(process.outputs):
                found.update(name for name in process.inputs if name in held)
    return found
