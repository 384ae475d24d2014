"""Scenarios: inheritance, the rows in force, and policies with fields replaced. Pure functions; the
reader knows the places of problems.

A scenario is a layer over the base rows. The layers of `a,b` are those of a, then those of b: each
with what it inherits before itself, left to right. The later layer wins. Each counts once: what is
inherited again keeps its first place, and what is named by itself moves to where it is named, so
that b wins over a in `a,b` even where a inherits from b. The same holds for a list of `inherits`.
Within a layer the rows of the tables come first, then its single values (`set`);
overrides from the command line come last.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from planner.units import suggestion

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

BASE = ""
LONGEST_CHAIN = 50
"""Scenarios that may inherit one from the next."""


def composed(names: str) -> tuple[str, ...]:
    """`a, b` as its names. Raises ValueError where one is empty or named twice."""
    if not names.strip():
        return ()
    parts = tuple(part.strip() for part in names.split(","))
    if "" in parts:
        raise ValueError(
            f"'{names}' names an empty scenario; write names with single commas between them"
        )
    if twice := next((part for part in parts if parts.count(part) > 1), ""):
        raise ValueError(f"'{names}' names scenario '{twice}' twice; keep one")
    return parts


def layers(names: Iterable[str], inherits: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """All scenarios in force, the earliest first, without the base.

    Raises ValueError for a name that `inherits` does not have and for a cycle, which it spells out.
    """
    asked = tuple(names)
    require_followed(asked, inherits)
    return _in_order(asked, inherits, {})


def _in_order(
    names: Iterable[str],
    inherits: Mapping[str, Sequence[str]],
    known: dict[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """The layers of names side by side, the later winning; `known` holds those of each scenario
    that was followed before."""
    found: dict[str, None] = {}
    for name in names:
        if name not in known:
            known[name] = (*_in_order(inherits[name], inherits, known), name)
        found.update(dict.fromkeys(known[name]))
        # what is named wins over all before it, also where one of these inherits from it
        found.pop(name)
        found[name] = None
    return tuple(found)


def require_followed(names: Iterable[str], inherits: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError where what these scenarios inherit cannot be followed."""
    found: set[str] = set()
    for name in names:
        _descend(name, inherits, (), found)


def _descend(
    name: str, inherits: Mapping[str, Sequence[str]], path: tuple[str, ...], found: set[str]
) -> None:
    if name in found:  # with all that it inherits
        return
    if name in path:
        cycle = " -> ".join([*path[path.index(name) :], name])
        raise ValueError(f"scenarios inherit in a circle: {cycle}; drop one of these")
    if name not in inherits:
        there = ", ".join(sorted(inherits)) or "none"
        raise ValueError(
            f"scenario '{name}' is unknown{suggestion(name, inherits)}; there are: {there}"
        )
    if len(path) > LONGEST_CHAIN:
        raise ValueError(
            f"scenario '{name}' ends a chain of more than {LONGEST_CHAIN} that inherit from one "
            "another; shorten it"
        )
    for parent in inherits[name]:
        _descend(parent, inherits, (*path, name), found)
    found.add(name)


def rows_in_force(rows: Mapping[K, Mapping[str, R]], scenario: str) -> dict[K, R]:
    """Rows of one layer: for each series those of that scenario, if it has any."""
    return {key: of[scenario] for key, of in rows.items() if scenario in of}


def merged(
    base: Mapping[str, Mapping[str, Any]], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Policies with the fields of `changes` replaced; a policy that `base` does not have is added
    whole."""
    result = {name: dict(fields) for name, fields in base.items()}
    for name, fields in changes.items():
        result.setdefault(name, {}).update(fields)
    return result
