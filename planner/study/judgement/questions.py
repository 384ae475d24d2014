"""The questions of `planner.study.meaning`, answered of a noun or a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from planner.study.judgement.facts import Facts, says
from planner.study.meaning import SERIES_PARTS, Question
from planner.system.impacts import impact_parts
from planner.system.losses import WITHOUT_PROCESS
from planner.system.nouns import Array, Policy, Process
from planner.system.selection.counting import demand_counted
from planner.system.trade import comes_from, is_from

EMISSIONS = ("direct_emission", "electricity", "embodied_emission", "transport_emission")
OF_ROWS: tuple[Question, ...] = (
    "opened",
    "demanded",
    "orderable",
    "built",
    "a deposit",
    "no deposit",
)
"""Questions that the rows of a noun answer alone: they can be asked of a study with problems."""


def _opened(facts: Facts, name: str) -> bool:
    return facts.given("good_values", (name, ""), "opening_stock")


def _demanded(facts: Facts, name: str) -> bool:
    return facts.given("demand", (name,), "demand") or facts.numbers.problems.spoiled("demand")


def _goes_abroad(facts: Facts, name: str) -> bool:
    return _demanded(facts, name) or bool(facts.numbers.keys("curves", name))


def _deposit(facts: Facts, name: str) -> bool:
    return bool(facts.numbers.keys("deposits", name))


def _used(facts: Facts, name: str) -> bool:
    products = facts.nouns.products.values()
    return (
        name in facts.taken
        or name in facts.makers
        or _goes_abroad(facts, name)
        or any(product.waste == name for product in products)
    )


def _orderable(facts: Facts, name: str) -> bool:
    return facts.given("plants", (name,), "capital_cost")


def _built(facts: Facts, name: str) -> bool:
    return _orderable(facts, name) or facts.given("plants", (name,), "under_construction")


def _rising(facts: Facts, name: str) -> bool:
    return facts.given("process_values", (name,), "unseen_rise")


def _entered(facts: Facts, name: str) -> bool:
    return bool(facts.numbers.keys("uses", name) or facts.numbers.keys("cohorts", name))


def _multiplied(facts: Facts, name: str) -> bool:
    parts = SERIES_PARTS.get(name)
    processes = facts.nouns.processes.values()
    return (
        parts is None
        or any(says(process, parts) for process in processes)
        or _any_tranche_says(facts, parts)
    )


def _any_tranche_says(facts: Facts, parts: tuple[str, ...]) -> bool:
    dug = {"electricity", "direct_emission"}.intersection(parts)
    return any(
        says(step, dug) for each in facts.nouns.deposits.values() for step in each.curve.values()
    )


def _caused(facts: Facts, name: str) -> bool:
    """Whether anything has an impact."""
    impact = facts.nouns.impacts.get(name)
    if impact is None:
        return True
    return any(any(impact_parts(impact, p)) for p in facts.nouns.processes.values())


OF_NOUNS: Mapping[Question, Callable[[Facts, str], bool]] = {
    "opened": _opened,
    "demanded": _demanded,
    "going abroad": _goes_abroad,
    "a deposit": _deposit,
    "no deposit": lambda facts, name: not _deposit(facts, name),
    "disposable": lambda facts, name: name in facts.disposable,
    "taken": lambda facts, name: name in facts.taken,
    "used": _used,
    "running": lambda facts, name: name in facts.cells["plant"],
    "orderable": _orderable,
    "built": _built,
    "announced": lambda facts, name: facts.given("plants", (name,), "under_construction"),
    "growing": lambda facts, name: name in facts.cells["ramp_group"],
    "declining": lambda facts, name: facts.given("ramps", (name,), "decline"),
    "lost": lambda facts, name: name in WITHOUT_PROCESS or name in facts.named("loss"),
    "mined": lambda facts, name: name in facts.taken,
    "hosting": lambda facts, name: name in facts.cells["host"],
    "containing": lambda facts, name: name in facts.cells["host"] or name in facts.filling,
    "entered": _entered,
    "multiplied": _multiplied,
    "rising": _rising,
    "caused": _caused,
}
"""Return True if the noun is one that the number has a meaning for."""


def _priced(facts: Facts) -> bool:
    price = facts.numbers.series("series", ("carbon_price",), "value")
    return price is not None and bool(price.any())


OF_HEAD: Mapping[Question, Callable[[Facts], bool]] = {
    "priced": _priced,
    "stocked": lambda facts: bool(facts.nouns.products),
}
"""Return True if the field of the head sets something."""


def _answering(facts: Facts, policy: Policy) -> list[str]:
    """Goods whose demand answers to price among those that a policy is a share of."""
    if policy.kind == "import_share" and policy.of == "imports":
        return []
    if policy.kind == "share":
        return _answering_selected(facts, policy)
    metals = _metals(facts, policy)
    goods = [good for good in facts.nouns.goods.values() if good.answers]
    return [good.name for good in goods if metals & set(good.content) or not metals]


def _metals(facts: Facts, policy: Policy) -> set[str]:
    """Metals that a policy names, itself or by the goods that hold them."""
    goods = facts.nouns.goods
    held = {m for name in policy.goods if name in goods for m in goods[name].content}
    return (held | {policy.metal}) - {""}


def _answering_selected(facts: Facts, policy: Policy) -> list[str]:
    """The same among the demand that the denominator of a share selects."""
    over, under = policy.numerator, policy.denominator
    if over is None or under is None:
        return []
    each = under.narrowed("metals", over.metals) if "metals" in policy.each else under
    counted = demand_counted(facts.nouns.goods, each, facts.head.metals)
    return [good.name for good in counted if good.answers]


def _unobserved(facts: Facts, policy: Policy) -> list[str]:
    """Processes named of which nothing is observed while a pin is in force; where it names none,
    any would do."""
    seen = _seen(facts, np.isfinite(policy.level))
    if not policy.processes:
        return [] if seen else ["any process"]
    return [f"'{name}'" for name in policy.processes if name not in seen]


def _seen(facts: Facts, force: Array) -> list[str]:
    """Processes of which something was observed in the years in force, shape (Y,)."""
    processes = facts.nouns.processes
    return [n for n, process in processes.items() if np.isfinite(process.observed[force]).any()]


def _no_import(facts: Facts, policy: Policy) -> list[str]:
    """The origin of a policy, unless its metal comes in from there."""
    known = comes_from(facts.nouns, policy.origin, policy.metal or None)
    return [] if known else [policy.origin]


def _nothing_to_close(facts: Facts, policy: Policy) -> list[str]:
    """The origin of a closure, unless its metal comes from there, to the country or elsewhere."""
    coming = (p for p in facts.nouns.processes.values() if is_from(p, policy.origin))
    closes = any(not policy.metal or _gives(facts, p, policy.metal) for p in coming)
    return [] if closes else [policy.origin]


def _gives(facts: Facts, process: Process, metal: str) -> bool:
    """Return True if a process gives a good that holds a metal."""
    return any(metal in facts.nouns.goods[name].content for name in process.outputs)


def _no_plant(facts: Facts, policy: Policy) -> list[str]:
    return [] if any(_orderable(facts, name) for name in facts.nouns.plants) else [policy.name]


def _no_emission(facts: Facts, policy: Policy) -> list[str]:
    processes = facts.nouns.processes.values()
    emitting = any(says(process, EMISSIONS) for process in processes)
    return [] if emitting or _any_tranche_says(facts, EMISSIONS) else [policy.name]


def _no_impact(facts: Facts, policy: Policy) -> list[str]:
    """The impact of a policy, unless a process has it within its scope."""
    impact = facts.nouns.impacts.get(policy.impact)
    if impact is None:
        return []
    parts = (part for p in facts.nouns.processes.values() for part in impact_parts(impact, p))
    has = any(scope == policy.scope and rate.any() for scope, _, rate in parts)
    return [] if has else [f"{policy.scope} {policy.impact}"]


OF_POLICIES: Mapping[Question, Callable[[Facts, Policy], list[str]]] = {
    "observed": _unobserved,
    "cut off": _nothing_to_close,
    "bringing": _no_import,
    "ordering": _no_plant,
    "emitting": _no_emission,
    "fixed": _answering,
    "causing": _no_impact,
}
"""What a policy lacks so as to set anything; empty where it sets something."""
