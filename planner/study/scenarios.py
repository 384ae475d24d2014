"""Scenarios: inheritance, the rows in force, and policies with fields replaced. Pure functions; the
reader knows the places of problems.

A scenario is a layer over the base rows. The layers of `a,b` are those of a, then those of b: each
with what it inherits before itself, left to right, and each only once (its first place). The later
layer wins. Within a layer the rows of the tables come first, then its single values (`set`);
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
    """`a, b` as its names. Raises ValueError where one is empty."""
    if not names.strip():
        return ()
    parts = tuple(part.strip() for part in names.split(","))
    if "" in parts:
        raise ValueError(
            f"'{names}' names an empty scenario; write names with single commas between them"
        )
    return parts


def layers(names: Iterable[str], inherits: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """All scenarios in force, the earliest first, without the base.

    Raises ValueError for a name that `inherits` does not have and for a cycle, which it spells out.
    """
    found: dict[str, None] = {}
    for name in names:
        _descend(name, inherits, (), found)
    return tuple(found)


def _descend(
    name: str, inherits: Mapping[str, Sequence[str]], path: tuple[str, ...], found: dict[str, None]
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
    found[name] = None


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
