"""Programmes set beside one another in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from planner.solver.highs import Arrays, Name
from planner.system.nouns import Array


def joined(stack: Iterable[Arrays], of: Callable[[Arrays], Array]) -> Array:
    """One series of numbers of all programmes, one after the other."""
    return np.concatenate([of(arrays) for arrays in stack])


def labelled(names: Iterable[Name], label: str) -> tuple[Name, ...]:
    """Columns or rows under names that end with the label of their programme."""
    return tuple((name, (*index, label)) for name, index in names)
