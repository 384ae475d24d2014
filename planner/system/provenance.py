"""Where metal can have been won, by the recipes alone: by which pathway, and of which origin.

The label of a process (`pathway`, `origin`) says where metal comes from that enters the study with
it: from a deposit, a host, abroad. What a process takes of goods keeps what the goods are made of,
whatever the label says. So

- what imports bring is foreign, secondary where it is labelled so or, without a label, is scrap or
  waste; what is won at home is foreign where it has an origin (a by-product of imported host ore)
  or is labelled so;
- what leaves use at home is domestic secondary, whatever it consisted of before;
- scrap and waste of manufacture at home is new scrap;
- at another place all of it is foreign, of that place: what is won there, and as secondary metal
  what leaves use there; refining there is a step on the way, and metal keeps what it is made of.
  Scrap and waste that trade brings home is foreign secondary of the place that it comes from;
- what a stockpile opens with is a provenance of its own, `stockpile`.

`reachable` lists what each process may handle. Where that is one pathway, the goods keep provenance
apart and a share is exact in any plan. Where it is several, the shares hang on the plan: they are
traced through its flows (`planner.mfa.provenance`), and a policy that would need them inside the
programme is refused (`home_output`, `secondary_output`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from planner.errors import Problem, SpecError
from planner.system.nouns import HOME, Good, Policy, Process, Product
from planner.system.trade import RAW_KINDS, Network, opens_filled, sold_on


class Provenance(NamedTuple):
    """How metal was won, one of PATHWAYS, and where: the origin is empty for home metal."""

    pathway: str
    origin: str = ""

    @property
    def foreign(self) -> bool:
        return self.pathway.startswith("foreign")

    @property
    def secondary(self) -> bool:
        return self.pathway.endswith("secondary")


OLD_SCRAP = Provenance("domestic secondary")
NEW_SCRAP = Provenance("new scrap")
OPENING = Provenance("stockpile")
REFINED = Provenance("refined before")
"""Metal of a refined good: it was supplied once and is not supplied again by what works on it."""


def drawn_from_outside(goods: Mapping[str, Good], process: Process) -> Provenance:
    """Provenance of what a process brings in from a deposit, a host or abroad: its label, or what
    follows from its kind where it has none."""
    label = process.pathway or ""
    if label == OPENING.pathway or process.kind == "release":
        return OPENING
    won = "secondary" if _brings_scrap(goods, process) else "primary"
    if process.place != HOME or _is_brought(process, label):
        return Provenance(f"foreign {won}", process.place or process.origin)
    return Provenance(label or f"domestic {won}")


def _is_brought(process: Process, label: str) -> bool:
    """Return True if a process at home brings in from abroad what it draws from outside."""
    return process.kind == "import" or bool(process.origin) or label.startswith("foreign")


def _brings_scrap(goods: Mapping[str, Good], process: Process) -> bool:
    """Return True if a process brings in secondary metal: by its label, else by its goods and
    stage."""
    if process.pathway:
        return process.pathway.endswith(("secondary", "scrap"))
    kinds = {goods[name].kind for name in process.outputs if name in goods}
    return process.stage == "recycling" or (bool(kinds) and kinds.issubset(RAW_KINDS))


def makes_new_scrap(process: Process, good: Good) -> bool:
    """Return True if a process gives a good that is new scrap: scrap or waste of manufacture at
    home."""
    return process.kind == "manufacture" and good.kind in RAW_KINDS and process.place == HOME


def is_supplied(good: Good) -> bool:
    """Return True if metal that reaches a good is supplied to the country: refined, and at home."""
    return good.kind == "refined" and good.place == HOME


def left_use(product: Product) -> Provenance:
    """Provenance of what leaves a use stock."""
    return Provenance("foreign secondary", product.place) if product.place else OLD_SCRAP


def crossed_as_scrap(process: Process, good: Good) -> Provenance | None:
    """Provenance of a good that trade brings home where it is scrap or waste; None of all else,
    which keeps what it is made of."""
    if not process.is_trade or process.place != HOME or good.kind not in RAW_KINDS:
        return None
    return Provenance("foreign secondary", process.source)


def reachable(
    network: Network, metal: str, *, through_refined: bool = False
) -> dict[str, frozenset[Provenance]]:
    """Provenances of a metal that each process may handle, by process; empty where none can come.

    Metal of refined goods is `REFINED` to whoever takes it; with `through_refined` it keeps what
    it was made of, as does new scrap, an inner loop.
    """
    return _Reach(network, metal, through_refined).found()


@dataclass(slots=True)
class _Reach:
    """Provenances of goods and processes in the making; lives within `reachable` only."""

    network: Network
    metal: str
    through_refined: bool
    held: dict[str, set[Provenance]] = field(default_factory=dict)
    handled: dict[str, set[Provenance]] = field(default_factory=dict)

    def found(self) -> dict[str, frozenset[Provenance]]:
        self._start()
        while sum(map(self._pass_on, self.network.processes.values())):
            pass
        return {name: frozenset(labels) for name, labels in self.handled.items()}

    def _start(self) -> None:
        """What goods hold before any process runs: old scrap, and opening stocks."""
        for product in self.network.products.values():
            if product.waste and self._holds(product.waste):
                self.held.setdefault(product.waste, set()).add(left_use(product))
        for name, good in self.network.goods.items():
            if opens_filled(good):
                self.held.setdefault(name, set()).add(OPENING)

    def _holds(self, good: str) -> bool:
        return good in self.network.goods and self.metal in self.network.goods[good].content

    def _pass_on(self, process: Process) -> bool:
        """Give what a process takes to what it gives; True if that was news."""
        found = self._taken(process)
        known = self.handled.setdefault(process.name, set())
        news = not found <= known
        known |= found
        for name, coefficient in process.outputs.items():
            if self._holds(name) and np.any(coefficient > 0):
                own = self.held.setdefault(name, set())
                given = found and (self._given(process, self.network.goods[name]) or found)
                news = news or not given <= own
                own |= given
        return news

    def _given(self, process: Process, good: Good) -> set[Provenance]:
        """Provenance that a good has of the process that gives it; none where it keeps that of what
        the process takes."""
        crossed = crossed_as_scrap(process, good)
        if crossed is not None:
            return {crossed}
        new = makes_new_scrap(process, good) and not self.through_refined
        return {NEW_SCRAP} if new else set()

    def _taken(self, process: Process) -> set[Provenance]:
        goods, found = self.network.goods, set[Provenance]()
        for name, coefficient in process.inputs.items():
            if self._holds(name) and np.any(coefficient > 0):
                refined = is_supplied(goods[name]) and not self.through_refined
                found |= {REFINED} if refined else self.held.get(name, set())
        if self._draws_outside(process):
            found.add(drawn_from_outside(goods, process))
        return found

    def _draws_outside(self, process: Process) -> bool:
        """Return True if a process brings the metal in from outside: out of a deposit of it, or
        from nowhere in the study."""
        if process.inputs or process.deposits:
            deposits = (self.network.deposits.get(name) for name in process.deposits)
            return any(deposit is not None and deposit.metal == self.metal for deposit in deposits)
        return any(self._holds(name) for name in process.outputs)


def supplied_pathways(network: Network, metal: str) -> dict[str, frozenset[str]]:
    """Pathways by which each process may supply refined metal, by process; metal refined before is
    not supplied again."""
    goods = network.goods
    found = reachable(network, metal)
    supplied = {n for n, good in goods.items() if is_supplied(good) and metal in good.content}
    return {
        name: frozenset(label.pathway for label in found.get(name, ()))
        for name, process in network.processes.items()
        if not supplied.isdisjoint(process.outputs)
    }


# ---- what policies count

SUPPLY_KINDS = ("intermediate", "refined", "product")
"""Goods that count as output: all but scrap and waste."""


class Counted(NamedTuple):
    """Processes whose output a policy counts, and those of which only a part would count."""

    processes: tuple[str, ...]
    mixed: Mapping[str, str]
    """Process to the words that say what is mixed."""


def home_output(network: Network, policy: Policy) -> Counted:
    """Processes that a self-sufficiency target counts: at home at its stages, not new scrap.

    Imported ore refined at home is foreign at the stage of extraction and home at that of
    processing, unless only home metal counts; then an opening stock is not home metal either.
    """
    own = reachable(network, policy.metal)
    whole = reachable(network, policy.metal, through_refined=True)
    counted: list[str] = []
    mixed: dict[str, str] = {}
    for process in network.processes.values():
        if not (process.at_home and process.stage in policy.stages):
            continue
        tests = _tests(process, policy, own[process.name], whole[process.name])
        answers = {_all_or_none(labels, test): labels for labels, test in tests}
        if True in answers:
            continue
        if None in answers:
            mixed[process.name] = _in_words(answers[None])
        else:
            counted.append(process.name)
    return Counted(tuple(counted), _giving(network, policy.metal, mixed, SUPPLY_KINDS))


def _tests(
    process: Process, policy: Policy, own: frozenset[Provenance], whole: frozenset[Provenance]
) -> Iterator[tuple[frozenset[Provenance], Callable[[Provenance], bool]]]:
    """Provenances of a process, each with what none of them may be if its output is to count."""
    if process.kind != "manufacture":
        yield own, _is_new
    if policy.provenance == "home":
        yield whole, _not_home
    elif process.stage == "extraction":
        yield whole, _is_foreign


def secondary_output(network: Network, metal: str) -> tuple[Mapping[str, bool], Mapping[str, str]]:
    """Processes that supply refined metal, True where it is secondary, and those of which only a
    part would count, with what they mix. New scrap, and metal refined before, are left out."""
    found: dict[str, bool] = {}
    mixed: dict[str, str] = {}
    for name, labels in reachable(network, metal).items():
        outside = _all_or_none(labels, _is_new_or_refined)
        secondary = _all_or_none(labels, lambda each: each.secondary)
        if not labels or outside is True:
            continue
        if outside is None or secondary is None:
            mixed[name] = _in_words(labels)
        else:
            found[name] = secondary
    return found, _giving(network, metal, mixed, ("refined",))


def _in_words(labels: Iterable[Provenance]) -> str:
    return " and ".join(sorted({label.pathway for label in labels}))


def _is_new(label: Provenance) -> bool:
    return label == NEW_SCRAP


def _is_new_or_refined(label: Provenance) -> bool:
    return label in (NEW_SCRAP, REFINED)


def _is_foreign(label: Provenance) -> bool:
    return label.foreign


def _not_home(label: Provenance) -> bool:
    return label.foreign or label == OPENING


def _all_or_none(labels: Iterable[Provenance], test: Callable[[Provenance], bool]) -> bool | None:
    """True if all pass, False if none does, None where some do."""
    answers = {test(label) for label in labels}
    return None if len(answers) > 1 else True in answers


def _giving(
    network: Network, metal: str, mixed: Mapping[str, str], kinds: Collection[str]
) -> dict[str, str]:
    """Those that give out the metal in a good of these kinds: of the others nothing counts."""
    goods = network.goods
    return {
        name: words
        for name, words in mixed.items()
        if any(
            metal in goods[good].content and goods[good].kind in kinds and goods[good].place == HOME
            for good in network.processes[name].outputs
            if good in goods
        )
        and not only_sells(network, network.processes[name])
    }


def only_sells(network: Network, process: Process) -> bool:
    """Return True if a process passes all that it takes on as it is, which adds nothing."""
    return bool(process.inputs) and all(sold_on(network, process, g) for g in process.inputs)


def mixing(metal: str, process: str, words: str) -> str:
    """Message for a policy that counts a part of what a process gives."""
    return (
        f"'{process}' may work up {metal} of several provenances mixed in one good ({words}): what "
        "of its output counts hangs on the plan and is not linear; give metal of each provenance "
        "(from abroad, of new scrap, of the opening stock) a good and a process of its own"
    )


def require_unmixed(policy: Policy, mixed: Mapping[str, str]) -> None:
    """Raise SpecError with every process of which a policy would count only a part."""
    if mixed:
        where = f"policies.{policy.name}"
        place = policy.place
        raise SpecError(
            "policies",
            [
                Problem(place.file, place.row, where, mixing(policy.metal, name, words))
                for name, words in mixed.items()
            ],
        )
