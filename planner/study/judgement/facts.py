"""A study that was read, as its judges see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from planner.study.files import HEAD_FILE
from planner.study.head import Head
from planner.study.nouns import Nouns
from planner.study.numbers import Numbers
from planner.study.overrides import COMMAND_LINE
from planner.study.rows import Key, RowReader, ValueRow
from planner.system.disposal import disposable
from planner.system.nouns import Array, Place, Policy, Process, Step

RUNNING = ("variable_cost", "import_price", "transport_cost")


@dataclass(frozen=True, eq=False)
class Facts:
    """Rows, numbers, nouns and policies of a study under one scenario."""

    head: Head
    rows: RowReader
    numbers: Numbers
    nouns: Nouns
    policies: Mapping[str, Policy]
    settings: Mapping[str, Any]
    active: tuple[str, ...]
    """The scenarios in force, the earliest first."""
    overridden: frozenset[str]
    """Paths of the head that the command line sets."""

    @cached_property
    def makers(self) -> Mapping[str, list[Process]]:
        """Processes that give each good."""
        found: dict[str, list[Process]] = {}
        for process in self.nouns.processes.values():
            for good in process.outputs:
                found.setdefault(good, []).append(process)
        return found

    @cached_property
    def taken(self) -> frozenset[str]:
        """Goods and deposits that a process takes."""
        processes = self.nouns.processes.values()
        return frozenset(name for p in processes for name in (*p.inputs, *p.deposits))

    @cached_property
    def disposable(self) -> frozenset[str]:
        """Goods that may be thrown away."""
        return disposable(self.nouns.goods, self.nouns.processes)

    @cached_property
    def filling(self) -> frozenset[str]:
        """Hosts that fill a residue."""
        return frozenset(h for deposit in self.nouns.deposits.values() for h in deposit.filled_by)

    def named(self, cell: str) -> frozenset[str]:
        """What processes name in a cell: their plants, hosts or ramp groups."""
        return frozenset(getattr(p, cell) for p in self.nouns.processes.values())

    @cached_property
    def cells(self) -> Mapping[str, frozenset[str]]:
        """What processes name as their plant, host and ramp group."""
        return {cell: self.named(cell) for cell in ("plant", "host", "ramp_group")}

    def given(self, table: str, keys: tuple[str, ...], parameter: str) -> bool:
        """Return True if a row gives this number, in any scenario or by an override."""
        key: Key = (table, keys, parameter)
        return key in self.rows.values or self.numbers.has(table, keys, parameter)

    def row(self, table: str, name: str) -> Place:
        """Row of a noun: that of its structure table, else the first with numbers of it."""
        structure = self.rows.structure.get(table, {}).get(name)
        if structure is not None:
            return Place(structure.file, structure.row)
        return self.numbers.first_row(table, name)

    def first(self, table: str, keys: tuple[str, ...], parameter: str) -> ValueRow | None:
        """The first row of a series in force."""
        return next(iter(self.numbers.rows.get((table, keys, parameter), ())), None)

    def place_of_setting(self, name: str) -> Place:
        """Where a field of the head was set last: by the command line, a scenario, or the base."""
        if name in self.overridden:
            return Place(COMMAND_LINE, 0)
        for scenario in reversed(self.active):
            if name in self.head.scenarios[scenario].head:
                return Place(HEAD_FILE, self.head.line(f"scenarios.{scenario}", name))
        return Place(HEAD_FILE, self.head.line("", name))

    def year(self, at: int) -> int:
        """Calendar year of a position in a series."""
        return self.numbers.first + at


def says(noun: Process | Step, parts: Iterable[str]) -> bool:
    """Return True if a process, or a step of a curve, has one of these series other than 0."""
    return any(getattr(noun, part).any() for part in parts)


def running_cost(process: Process) -> Array:
    """Cost of a unit of activity, credit taken off, USD, shape (Y,); of a curve its dearest step
    that there is."""
    total: Array = np.sum([getattr(process, item) for item in RUNNING], axis=0) - process.credit
    steps = [np.where(step.amount > 0, step.price, 0.0) for step in process.curve.values()]
    return total + np.max(steps, axis=0) if steps else total
