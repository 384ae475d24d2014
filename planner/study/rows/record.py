"""Checked rows, and the key that a series of numbers is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from planner.study.schema import BY_NAME, ParameterForm

Key = tuple[str, tuple[str, ...], str]
"""(table, keys, parameter): what a series of numbers is known by."""


class ValueRow(NamedTuple):
    """One checked row of numbers, in internal units."""

    year: int | None
    value: float
    low: float | None
    high: float | None
    unit: str
    """The unit as given."""
    extend: str
    source: str
    grade: str
    note: str
    scenario: str
    file: str
    row: int
    published: int | None = None
    """Year in which it came out; None where that is not said."""
    words: tuple[str, ...] = ()
    """Cells of the further columns of its table, in their order."""

    @property
    def holds_before(self) -> bool:
        """Return True if the value also holds in all earlier years."""
        return self.extend in ("before", "both")

    @property
    def holds_after(self) -> bool:
        """Return True if the value also holds in all later years."""
        return self.extend in ("after", "both")


@dataclass(frozen=True, slots=True)
class StructureRow:
    """One checked row of a structure table."""

    name: str
    cells: Mapping[str, str]
    file: str
    row: int


def parameter_of(key: Key) -> ParameterForm:
    """The form of the parameter that a series gives."""
    return _parameter(key[0], key[2])


@lru_cache(maxsize=1024)
def _parameter(table: str, name: str) -> ParameterForm:
    parameter = BY_NAME[table].parameter(name)
    assert parameter is not None
    return parameter
