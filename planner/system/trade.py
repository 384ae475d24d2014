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
- **What goes out** is what is demanded for export or sold abroad at a price, and what an import
  takes of goods that none of them gives out (home ore refined abroad).

The worth of a good is a choice of who asks: `equivalent` (policies: as stated, or refused),
`reported_equivalent` (reports: as stated, or contained metal), `contained` (contained metal).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from planner.system.nouns import (
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
    """The processes by which metal comes into the country, of all origins or of one."""
    return tuple(
        process
        for process in network.processes.values()
        if process.from_abroad and origin in (None, process.origin)
    )


def brought_in(network: Network, origin: str | None = None) -> frozenset[str]:
    """Goods that imports give out, those of all origins or of one."""
    return frozenset(good for process in importers(network, origin) for good in process.outputs)


def origins(network: Network, metal: str | None = None) -> tuple[str, ...]:
    """Countries and regions that metal comes from, at any stage, by name; of all metals or one."""
    found = {p.origin for p in importers(network) if metal is None or _gives(network, p, metal)}
    return tuple(sorted(found))


def _gives(network: Network, process: Process, metal: str) -> bool:
    held = (network.goods[name].content for name in process.outputs if name in network.goods)
    return any(metal in content for content in held)


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
            if metal is None or metal in good.content:
                nothing = np.zeros(len(system.years))
                net = process.outputs.get(name, nothing) - taken.get(name, nothing)
                yield Crossing(process, good, net)


def sent_abroad(system: System, metal: str | None = None) -> Iterator[Crossing]:
    """Home goods that imports take in, such as ore that is refined abroad: t of the good that go
    out per unit of activity."""
    brought = brought_in(system)
    for process in importers(system):
        for name, coefficient in process.inputs.items():
            good = system.goods[name]
            if name not in brought and (metal is None or metal in good.content):
                yield Crossing(process, good, coefficient)


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
    those that may run `under` a policy."""
    crossings = imported(system, metal, origin)
    if under is not None:
        crossings = (each for each in crossings if may_run(each.process, under))
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
    pile = network.goods[name].stockpile
    if pile is not None and pile.opening > 0:
        yield "its opening stock"


def may_run(process: Process, policy: Policy) -> bool:
    """Return True if a process is open in a year in which a policy is in force; what is closed
    throughout has nothing to count."""
    return bool(np.any(process.max_activity[..., np.isfinite(policy.level)] > 0))
