"""The size of a programme, counted from its sets and rules before its rows are made, and the memory
that it asks of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.errors import SpecError
from planner.lp.components import Components, Index
from planner.lp.expansion import Expression, Reader
from planner.lp.families import FORMULATION
from planner.lp.variables import COLUMNS

BYTES_ALWAYS = 150e6
"""Of the program itself and what it imports."""
BYTES_PER_COLUMN = 1500.0
"""With what each nonzero takes: above the peak of a whole solve, tables and files included, of the
worlds in docs/benchmarks.md."""
BYTES_PER_NONZERO = 220.0
GIBIBYTE, KIBIBYTE = 2**30, 2**10
MEMINFO, GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
STATM = Path("/proc/self/statm")
"""Pages of this process, those of its address space first."""


@dataclass(frozen=True, slots=True)
class Size:
    """Columns, rows and nonzeros of a programme: an estimate from above, since terms of zero and
    columns that then occur nowhere are counted."""

    columns: int
    rows: int
    nonzeros: int

    @property
    def memory(self) -> float:
        """Bytes that a whole solve takes at its peak."""
        return BYTES_ALWAYS + BYTES_PER_COLUMN * self.columns + BYTES_PER_NONZERO * self.nonzeros


def size_of(filled: Components) -> Size:
    """Count columns, rows and terms of the families before any of them is made."""
    counter = _Counter(filled)
    index = {family.name: filled.sets[family.rows] for family in FORMULATION}
    nonzeros = sum(counter.terms(family.rule, index[family.name]) for family in FORMULATION)
    columns = sum(len(filled.sets[column.over]) for column in COLUMNS)
    return Size(columns, sum(map(len, index.values())), nonzeros)


class _Count(Expression):
    """Terms of an expression in all places of a space; 0 for numbers."""

    def __init__(self, terms: int) -> None:
        self.terms = terms

    def __add__(self, other: Any) -> _Count:
        return _Count(self.terms + (other.terms if isinstance(other, _Count) else 0))

    def __mul__(self, other: Any) -> _Count:
        return _Count(max(self.terms, other.terms if isinstance(other, _Count) else 0))


class _Counter(Reader):
    """The model as rules see it where nothing but the number of terms is asked."""

    def __getattr__(self, name: str) -> Any:
        if name in self.variables or name in self.components.parameters:
            return _Counted(self, name in self.variables)
        return super().__getattr__(name)

    def terms(self, rule: Callable[..., Any], index: Index) -> int:
        """Terms of all rows of an index."""
        return int(self.call(rule, index)[1].left.terms) if len(index) else 0


class _Counted:
    """`m.name[p, t]`: one term in each place for a variable, none for a parameter."""

    def __init__(self, counter: _Counter, variable: bool) -> None:
        self.counter, self.variable = counter, variable

    def __getitem__(self, key: Any) -> _Count:
        return _Count(self.counter.spaces[-1].size if self.variable else 0)


def free_memory() -> float | None:
    """Bytes that this process can still get: the least of the free memory of the machine, what its
    control group leaves it and what its own limit of address space does; None where unknown."""
    found = [value for value in (_machine(), _group(), _address_space()) if value is not None]
    return min(found, default=None)


def _machine() -> float | None:
    try:
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * KIBIBYTE
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _group() -> float | None:
    try:
        return float((GROUP / "memory.max").read_text()) - float(
            (GROUP / "memory.current").read_text()
        )
    except (OSError, ValueError):
        return None


def _address_space() -> float | None:
    """What is left of the limit of address space (`ulimit -v`); None where there is none."""
    try:
        import resource  # no such thing outside Unix

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit == resource.RLIM_INFINITY:
            return None
        taken = float(STATM.read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):
        return None
    return max(limit - taken, 0.0)


def require_memory(filled: Components) -> None:
    """Raise SpecError where the programme would not fit into memory, before its rows are made."""
    size, free = size_of(filled), free_memory()
    if free is not None and size.memory > free:
        message = (
            f"about {size.columns:,} columns and {size.nonzeros:,} nonzeros need "
            f"{size.memory / GIBIBYTE:.1f} GiB of memory, and {free / GIBIBYTE:.1f} GiB are free; "
            "plan for fewer metals or fewer years, or free memory"
        )
        raise SpecError(filled.name, [message])
