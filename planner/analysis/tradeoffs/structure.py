"""What a study says in words: how its years, goods, processes, products and policies are made up.

Numbers are compared by their path; these texts decide just as much, such as the plant that a
process runs on or the distribution of a life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from types import NoneType
from typing import Any

from planner.system.nouns import System
from planner.system.selection.selector import Selector

THERE = "there"
"""What stands for a noun itself."""
NOUNS = (
    "goods",
    "processes",
    "ramps",
    "plants",
    "deposits",
    "hosts",
    "products",
    "measures",
    "exploration",
    "loss_media",
    "take_back",
    "impacts",
    "policies",
)
NOT_COMPARED = frozenset({"name", "deposit", "source", "place"})
"""Fields that name the noun or say where it comes from."""


def structure_of(system: System) -> dict[str, str]:
    """Every text of a study by its path; a noun itself is `there`."""
    return {
        "country": system.country,
        "metals": ", ".join(system.metals),
        "stock_convention": system.stock_convention,
        "years": _years(system),
        **dict(_texts(system)),
    }


def _years(system: System) -> str:
    """The periods as stated, those of equal length in a row together: `2021-2030 yearly, 2031-2060
    by 5`."""
    runs: list[tuple[int, int, int]] = []
    for period in system.order_periods:
        if runs and runs[-1][2] == period.length:
            runs[-1] = (runs[-1][0], period.last, period.length)
        else:
            runs.append((period.first, period.last, period.length))
    return ", ".join(
        f"{first}-{last} {'yearly' if length == 1 else f'by {length}'}"
        for first, last, length in runs
    )


def _texts(system: System) -> Iterator[tuple[str, str]]:
    for kind in NOUNS:
        for name, noun in getattr(system, kind).items():
            path = f"{kind}.{name}"
            yield path, THERE
            for field in fields(noun):
                text = _text(getattr(noun, field.name))
                if text is not None and field.name not in NOT_COMPARED:
                    yield f"{path}.{field.name}", text


def _text(value: Any) -> str | None:
    """A field in words: a text, a switch, names, or the names that a mapping has numbers for; None
    of what is a number itself."""
    for kind, words in _WORDS:
        if isinstance(value, kind):
            return words(value)
    return None


def _listed(values: tuple[Any, ...]) -> str | None:
    """Names one after another; None where not all of them are names."""
    return ", ".join(values) if all(isinstance(each, str) for each in values) else None


_WORDS: tuple[tuple[type, Callable[[Any], str | None]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (NoneType, lambda _: ""),
    (str, str),
    (Selector, lambda value: value.words),
    (Mapping, lambda value: ", ".join(sorted(map(str, value)))),
    (tuple, _listed),
)
"""Kinds of fields, in the order in which they are told, with how each reads."""


def differing_texts(systems: Mapping[str, System]) -> dict[str, dict[str, str]]:
    """Texts that are not the same in all systems, by path and then by head; those of a noun that
    not all of them have are left out, the noun is named."""
    found = {head: structure_of(system) for head, system in systems.items()}
    paths = sorted({path for texts in found.values() for path in texts})
    differing = {
        path: {head: texts.get(path, "") for head, texts in found.items()} for path in paths
    }
    shared = (path for path in differing if all(_has_noun(each, path) for each in found.values()))
    return {path: differing[path] for path in shared if len(set(differing[path].values())) > 1}


def _has_noun(texts: Mapping[str, str], path: str) -> bool:
    """Return True if the noun of a path is there, or the path is of the whole study."""
    kind, _, rest = path.partition(".")
    noun, dot, _ = rest.rpartition(".")
    return kind not in NOUNS or not dot or f"{kind}.{noun}" in texts
