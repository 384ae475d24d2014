"""Names of columns and rows as the formats of other solvers can hold them, each once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from planner.lp.arrays import Name, plain_name

BRACKETS = str.maketrans("[]/", "().")


def mps_names(names: Sequence[Name]) -> list[str]:
    """Each by `plain_name`; where two would become the same (a blank for an underscore), each
    carries its position."""
    return _apart([plain_name(name) for name in names])


def lp_names(names: Sequence[Name]) -> list[str]:
    """Names that the LP format can hold, where brackets, slashes and signs have a meaning:
    activity(mine_brine,2030).

    Where two would become the same, each carries its position.
    """
    return _apart(
        [re.sub(r"[^A-Za-z0-9_.,()]", "_", plain_name(name).translate(BRACKETS)) for name in names]
    )


def _apart(names: list[str]) -> list[str]:
    """Names of which no two are the same: those that are not alone end with their position."""
    while len(set(names)) < len(names):
        seen = Counter(names)
        names = [name if seen[name] == 1 else f"{name}#{i}" for i, name in enumerate(names)]
    return names
