r"""What a selector counts of flows: what processes give or take of goods, by the recipes alone.

$$\epsilon_p = \sum_m \sum_{g \in G} w_{m,g} (out_{g,p} - [g \in P]\, in_{g,p})$$

for the processes p that it selects, with G the goods that it selects, P those of them that selected
processes give, and w what a tonne of a good stands for: a chain that runs through several selected
processes counts once, by what leaves its last. Scrap and waste are what recycling is fed with: at
home they count only where they are named (by good or by form), from abroad in every form. Metal of
new scrap counts only where its processes or its pathway are named.

A share of what a process handles is not linear. Where selected and other metal meet in one good,
the policy is refused (`troubles`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.system.nouns import HOME, Array, Good, Policy, Process, System
from planner.system.provenance import NEW_SCRAP, Provenance, mixing, only_sells, reachable
from planner.system.selection.selector import AT_HOME, Selector
from planner.system.trade import (
    RAW_KINDS,
    Network,
    Worth,
    contained,
    form_of,
    opens_filled,
    sold_on,
)
from planner.system.unit_accounts import equivalent

FOLLOWED = ("metals", "stages")
"""Fields that the denominator of a row follows where it is one of `each`, if it names them."""
WORTHS: Mapping[str, Worth] = {"refined": equivalent, "contained": contained}
"""What a tonne of a good stands for, by `measured`."""


def whence(process: Process) -> str:
    """Where a process brings in what it brings from abroad: its origin, of trade the place that it
    comes from; AT_HOME where it brings nothing in."""
    if not process.from_abroad:
        return AT_HOME
    return process.source if process.is_trade else process.origin


def where(noun: Process | Good) -> str:
    """The place of a process or good, in the words of a selector."""
    return noun.place or AT_HOME


class Traced:
    """A network whose provenance is traced once for each metal: a policy asks for it in many
    rows."""

    def __init__(self, network: Network) -> None:
        self.goods, self.processes = network.goods, network.processes
        self.products, self.deposits, self.plants = (
            network.products,
            network.deposits,
            network.plants,
        )
        self._labels: dict[str, Mapping[str, frozenset[Provenance]]] = {}

    def labels(self, metal: str) -> Mapping[str, frozenset[Provenance]]:
        """Provenances of a metal that each process may handle."""
        if metal not in self._labels:
            self._labels[metal] = reachable(self, metal)
        return self._labels[metal]


OF_PROCESS: Mapping[str, Callable[[Process], str]] = {
    "processes": lambda process: process.name,
    "kinds": lambda process: process.kind,
    "stages": lambda process: process.stage,
    "origins": whence,
    "places": where,
}
"""By field of a selector what it reads of a process."""
OF_GOOD: Mapping[str, Callable[[Good], str]] = {
    "goods": lambda good: good.name,
    "forms": form_of,
}


@dataclass(frozen=True, slots=True)
class Picked:
    """Goods that a selector counts of a process."""

    process: Process
    adds: tuple[str, ...]
    less: tuple[str, ...]
    """What it takes of goods that were counted before."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a policy of shares: its subject, and what it counts."""

    subject: str
    numerator: Selector
    denominator: Selector


def rows_of(network: Traced, policy: Policy, metals: tuple[str, ...]) -> tuple[Row, ...]:
    """The rows of a policy of shares: one, or one for each combination of what it lists under
    `each`. Under a ceiling a combination that nothing flows in has none."""
    rows = _combined(network, policy, metals)
    if policy.each and policy.ceiling:
        rows = [row for row in rows if counts(network, row.numerator, metals, policy)]
    return tuple(replace(row, subject=row.subject or "all") for row in rows)


def _combined(network: Traced, policy: Policy, metals: tuple[str, ...]) -> list[Row]:
    """A row for each combination of what a policy lists under `each`."""
    numerator, denominator = _selectors(policy)
    rows = [Row("", numerator, denominator)]
    for field in policy.each:
        names = getattr(numerator, field) or _every(network, field, metals)
        rows = [_narrowed(row, field, name) for row in rows for name in names]
    return rows


def _selectors(policy: Policy) -> tuple[Selector, Selector]:
    if policy.numerator is None or policy.denominator is None:
        raise ValueError(f"policy {policy.name} of kind {policy.kind} selects nothing")
    return policy.numerator, policy.denominator


def _every(network: Traced, field: str, metals: tuple[str, ...]) -> tuple[str, ...]:
    if field == "metals":
        return metals
    found = {OF_PROCESS[field](p) for p in network.processes.values()}
    return tuple(sorted(found - {AT_HOME, ""}))


def _narrowed(row: Row, field: str, name: str) -> Row:
    """A row for one name of a field alone."""
    follows = field == "metals" or (field in FOLLOWED and getattr(row.denominator, field))
    return Row(
        f"{row.subject}/{name}".removeprefix("/"),
        row.numerator.narrowed(field, (name,)),
        row.denominator.narrowed(field, (name,)) if follows else row.denominator,
    )


def may_run(process: Process, policy: Policy) -> bool:
    """Return True if a process is open in a year in which a policy is in force; what is closed
    throughout has nothing to count."""
    return bool(np.any(process.max_activity[..., np.isfinite(policy.level)] > 0))


def counts(
    network: Traced, selector: Selector, metals: tuple[str, ...], policy: Policy
) -> tuple[str, ...]:
    """Names of the processes of which a selector counts anything."""
    by_activity = policy.measured == "activity" or policy.kind == "subsidy"
    names = (chosen if by_activity else _names_picked)(network, selector, metals)
    runs = (name for name in names if may_run(network.processes[name], policy))
    return tuple(dict.fromkeys(runs))


def _names_picked(network: Traced, selector: Selector, metals: tuple[str, ...]) -> tuple[str, ...]:
    every = [picked(network, selector, metal) for metal in selector.metals or metals]
    return tuple(each.process.name for found in every for each in found)


def picked(network: Traced, selector: Selector, metal: str) -> tuple[Picked, ...]:
    """The processes that a selector counts of a metal, each with the goods that count; nothing of a
    selector of demand."""
    if selector.demand:
        return ()
    kept, _ = _sorted_out(network, selector, metal)
    found = [Picked(p, _goods(network, selector, metal, p), ()) for p in kept]
    every = tuple(each for each in found if each.adds)
    return every if selector.flow == "takes" else _once(network, metal, every)


def _once(network: Traced, metal: str, giving: tuple[Picked, ...]) -> tuple[Picked, ...]:
    """What processes give, less what they take of it, so that each chain counts once."""
    made = {good for each in giving for good in each.adds}
    return tuple(
        replace(each, less=tuple(_again(network, metal, each.process, made))) for each in giving
    )


def _again(network: Traced, metal: str, process: Process, made: set[str]) -> Iterator[str]:
    """Goods that a process takes and that count already, or that it only sells on."""
    for name in process.inputs:
        if _holds(network, name, metal) and (name in made or sold_on(network, process, name)):
            yield name


def _good_named(selector: Selector) -> bool:
    return bool(selector.goods or selector.forms)


def _holds(network: Traced, good: str, metal: str) -> bool:
    return good in network.goods and metal in network.goods[good].content


def _holding(network: Traced, names: Iterable[str], metal: str) -> Iterator[Good]:
    """Of some goods those that hold a metal."""
    return (network.goods[name] for name in names if _holds(network, name, metal))


def _recipe(selector: Selector, process: Process) -> Mapping[str, Array]:
    """The side of a process that a selector counts."""
    return process.inputs if selector.flow == "takes" else process.outputs


def _goods(network: Traced, selector: Selector, metal: str, process: Process) -> tuple[str, ...]:
    """Goods that a selector counts of a process."""
    held = _holding(network, _recipe(selector, process), metal)
    return tuple(good.name for good in held if _good_counts(selector, process, good))


def _good_counts(selector: Selector, process: Process, good: Good) -> bool:
    """Return True if a selector counts a good of a process that it selects: one that it names; else
    any but scrap and waste that home processes give."""
    if _good_named(selector):
        return _passes(selector, OF_GOOD, good)
    return process.from_abroad or selector.flow == "takes" or good.kind not in RAW_KINDS


def _passes(selector: Selector, tests: Mapping[str, Callable[..., str]], noun: object) -> bool:
    wanted = ((getattr(selector, field), read) for field, read in tests.items())
    return all(read(noun) in names for names, read in wanted if names)


def _sorted_out(
    network: Traced, selector: Selector, metal: str, *, of_activity: bool = False
) -> tuple[tuple[Process, ...], dict[str, str]]:
    """Processes that a selector selects, and those of which it would count a part only, with what
    they mix in words."""
    passing = _fitting(network, selector)
    if (selector.processes or of_activity) and not selector.pathways:
        return passing, {}
    return _parted(passing, network.labels(metal), selector)


def _fitting(network: Traced, selector: Selector) -> tuple[Process, ...]:
    """Processes that a selector selects by all but their pathways."""
    return tuple(
        p
        for p in network.processes.values()
        if _passes(selector, OF_PROCESS, p) and (selector.places or p.place == HOME)
    )


def _parted(
    passing: tuple[Process, ...],
    labels: Mapping[str, frozenset[Provenance]],
    selector: Selector,
) -> tuple[tuple[Process, ...], dict[str, str]]:
    """Processes whose pathways all count, and those that mix them with others, with what they
    mix."""
    kept, mixed = [], {}
    for process in passing:
        found = {label.pathway for label in labels.get(process.name, ())}
        inside = _inside(process, found, selector.pathways)
        if inside and inside != found:
            mixed[process.name] = " and ".join(sorted(found))
        elif inside or not (selector.pathways or found):
            kept.append(process)
    return tuple(kept), mixed


def _inside(process: Process, found: set[str], pathways: tuple[str, ...]) -> set[str]:
    """Of the pathways that a process may handle those that count: all but new scrap where none is
    named, and of manufacture, whose loop it is, that too."""
    if pathways:
        return found & set(pathways)
    return found if process.kind == "manufacture" else found - {NEW_SCRAP.pathway}


def chosen(network: Traced, selector: Selector, metals: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the processes whose activity a selector counts: those that fit and that give, or
    take, a good of its metals that fits."""
    found: dict[str, None] = {}
    for metal in selector.metals or metals:
        for process in _sorted_out(network, selector, metal, of_activity=True)[0]:
            if _handles(network, selector, metal, process):
                found[process.name] = None
    return tuple(found)


def _handles(network: Traced, selector: Selector, metal: str, process: Process) -> bool:
    """Return True if a process gives, or takes, a good of a metal that fits; any at all where no
    good is named."""
    whole = {**process.inputs, **process.outputs}
    recipe = _recipe(selector, process) if _good_named(selector) else whole
    held = _holding(network, recipe, metal)
    return any(_passes(selector, OF_GOOD, good) for good in held)


# ---- numbers


def terms(
    system: System, network: Traced, selector: Selector, measured: str, policy: Policy
) -> dict[str, Array]:
    """What a unit of activity adds to what a selector counts, t per unit, shape (..., T), by
    process; 1 each where activity itself is measured. What cannot run while the policy is in force
    is left out."""
    found: dict[str, Array] = {}
    if measured == "activity":
        names = () if selector.demand else counts(network, selector, system.metals, policy)
        return dict.fromkeys(names, np.ones(len(system.periods)))
    for metal in selector.metals or system.metals:
        for each in picked(network, selector, metal):
            name = each.process.name
            if may_run(each.process, policy):
                term = _term(system, each, selector, metal, WORTHS[measured])
                found[name] = found[name] + term if name in found else term
    return found


def _term(system: System, each: Picked, selector: Selector, metal: str, worth: Worth) -> Array:
    recipe = _recipe(selector, each.process)
    total = np.zeros(len(system.periods))
    for name in each.adds:
        total = total + recipe[name] * worth(system.goods[name], metal)
    for name in each.less:
        total = total - each.process.inputs[name] * worth(system.goods[name], metal)
    return total


def _stands_for(good: Good, metals: tuple[str, ...], measured: str) -> float:
    """What a tonne of a good stands for; 1 where activity is measured."""
    held = [metal for metal in metals if metal in good.content]
    if measured == "activity":
        return 1.0 if held else 0.0
    return sum(WORTHS[measured](good, metal) for metal in held)


def demand_counted(
    goods: Mapping[str, Good], selector: Selector, metals: tuple[str, ...]
) -> list[Good]:
    """Goods whose demand a selector counts: those that it names, of its places, its market and its
    metals (all `metals` of the study where it names none)."""
    held = set(selector.metals or metals)
    named = [good for good in map(goods.get, selector.demand) if good is not None]
    here = [good for good in named if _on_market(selector, good) and _in_place(selector, good)]
    return [good for good in here if held & set(good.content)]


def needed(system: System, selector: Selector, measured: str) -> Array:
    """Demand that a selector counts, t per year, shape (..., T); 0 for one of flows."""
    total = np.zeros(len(system.periods))
    for good in demand_counted(system.goods, selector, system.metals):
        if good.demand is not None:
            worth = _stands_for(good, selector.metals or system.metals, measured)
            total = total + system.period_mean(good.demand) * worth
    return total


def _on_market(selector: Selector, good: Good) -> bool:
    return selector.market in ("all", "abroad" if good.export else "home")


def _in_place(selector: Selector, good: Good) -> bool:
    """Return True if a good is at a place that a selector names, at home where it names none."""
    return where(good) in (selector.places or (AT_HOME,))


def exported(system: System, selector: Selector, measured: str) -> Mapping[str, float]:
    """Goods whose exports a selector takes off, with what a tonne of each stands for."""
    if not selector.less_exports:
        return {}
    metals = selector.metals or system.metals
    return {
        good.name: _stands_for(good, metals, measured)
        for good in system.goods.values()
        if good.exported
        and _in_place(selector, good)
        and any(metal in good.content for metal in metals)
        and _selects(selector, good)
    }


def _selects(selector: Selector, good: Good) -> bool:
    """Return True if a selector selects a good by its stage, name and form."""
    return good.stage in (selector.stages or (good.stage,)) and _passes(selector, OF_GOOD, good)


# ---- what cannot be counted


def troubles(
    network: Traced, selector: Selector, metals: tuple[str, ...], *, of_activity: bool
) -> Iterator[str]:
    """What of a selection cannot be told, in sentences with a remedy."""
    for metal in selector.metals or metals if not selector.demand else ():
        _, mixed = _sorted_out(network, selector, metal, of_activity=of_activity)
        for name, words in mixed.items():
            process = network.processes[name]
            counted = _goods(network, selector, metal, process)
            if counted and not only_sells(network, process):
                yield mixing(metal, name, words)
        if not of_activity:
            yield from _unsettled(network, selector, metal)


def _unsettled(network: Traced, selector: Selector, metal: str) -> Iterator[str]:
    """Goods made by processes that count and by others, and taken by one that counts."""
    every = picked(network, selector, metal)
    counted = {each.process.name for each in every}
    for each in every:
        for good in each.less:
            others = () if sold_on(network, each.process, good) else _others(network, good, counted)
            for other in others:
                yield (
                    f"'{good}' is made by processes that count and by {other}, which does not, and "
                    f"'{each.process.name}', which counts, takes it: what of it counts already "
                    "cannot be told; select fewer stages, or give the rest a good of its own"
                )
                break


def _others(network: Traced, good: str, counted: set[str]) -> Iterator[str]:
    for process in network.processes.values():
        if good in process.outputs and process.name not in counted:
            yield f"'{process.name}'"
    yield from (f"the use of '{p.name}'" for p in network.products.values() if p.waste == good)
    if opens_filled(network.goods[good]):
        yield "its opening stock"
