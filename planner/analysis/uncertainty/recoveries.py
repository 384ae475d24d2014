r"""What follows from the metal in a joint good: what lines win of it, and how much of it there is.

A study gives the metal that a line wins per tonne of scrap, the tonnes of pack per tonne of metal
in use, and the metal in a tonne, each by itself. Drawn by themselves they contradict each other: a
line would win more than the scrap holds, packs hold more than went into them. What is known of the
line is its recovery, and of what enters use its metal. With $c$ the study's own content, and $c'$
the one drawn, a line gives and a product takes up

$$o' = o\, \frac{c'}{c}, \qquad u' = u\, \frac{c}{c'}$$

so that recovery and metal in use are those of the study, whatever a tonne holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.analysis.uncertainty.inputs import Input
from planner.system.nouns import Array, Process, Product, System


@dataclass(frozen=True, slots=True)
class Follower:
    """A series that follows a content: paths of both."""

    path: str
    content: str
    base: float
    """The study's own content, t/t."""
    power: float
    """1: in proportion to the content; -1: in inverse proportion."""
    own: float | None = None
    """What is scaled: the study's own number, or (None) what is drawn."""


def diluted(system: System, inputs: Sequence[Input]) -> tuple[Follower, ...]:
    """Contents of one good that share a quantile: all follow the first to the last digit, since
    products are checked for metal more closely than tables state it."""
    at = {each.name: each for each in inputs}
    found: list[Follower] = []
    for good in system.goods.values():
        first: dict[str, Input] = {}
        for metal in good.content:
            mine = at.get(f"good_values.{good.plain}.{metal}.content")
            if mine is not None:
                head = first.setdefault(mine.tied_to or mine.name, mine)
                if head is not mine:
                    base, own = head.value[0], mine.value[0]
                    found.append(Follower(mine.name, head.name, base, 1.0, own))
    return tuple(found)


def followers(system: System, names: Collection[str]) -> tuple[Follower, ...]:
    """The series that follow a content among these names: what processes that take a metal in one
    joint good only give of it as metal alone, and tonnes of a product by tonne of the metal."""
    found = (
        *(each for process in system.processes.values() for each in _recoveries(system, process)),
        *(each for product in system.products.values() for each in _uses(system, product)),
    )
    known = frozenset(names)
    return tuple(each for each in found if each.content in known)


def _recoveries(system: System, process: Process) -> Iterator[Follower]:
    goods = system.goods
    for metal in system.metals:
        holders = [name for name in process.inputs if metal in goods[name].content]
        if len(holders) != 1 or process.deposits or not _is_joint(system, holders[0]):
            continue
        for name in process.outputs:
            if tuple(goods[name].content) == (metal,):
                path = f"coefficients.{process.name}.{system.as_given(name)}.out"
                yield Follower(path, *_content(system, holders[0], metal), 1.0)


def _uses(system: System, product: Product) -> Iterator[Follower]:
    if product.waste and _is_joint(system, product.waste):
        for name in product.uses:
            metals = tuple(system.goods[name].content)
            if len(metals) == 1 and metals[0] in product.content:
                path = f"uses.{product.name}.{system.as_given(name)}"
                yield Follower(path, *_content(system, product.waste, metals[0]), -1.0)


def _is_joint(system: System, good: str) -> bool:
    return len(system.goods[good].content) > 1


def _content(system: System, good: str, metal: str) -> tuple[str, float]:
    """Path of a content and its value in the study."""
    base = float(np.max(system.goods[good].content[metal]))
    return f"good_values.{system.as_given(good)}.{metal}.content", base


def following(sample: Mapping[str, Array], found: Collection[Follower]) -> dict[str, Array]:
    """A sample, inputs to the values of their rows, with all that follows the contents drawn."""
    moved = dict(sample)
    for each in found:
        if each.content in sample and each.path in sample and each.base > 0:
            share = float(moved[each.content][0]) / each.base
            drawn = sample[each.path]
            whole = drawn if each.own is None else np.full(len(drawn), each.own)
            moved[each.path] = whole * share**each.power
    return moved
