"""How large the programme of a system will be, counted before anything is built, and whether the
machine has the memory for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from planner.errors import SpecError
from planner.lp.parameters import disposable_goods
from planner.system.nouns import System

BYTES_ALWAYS = 150e6
"""Of the program itself and what it imports."""
BYTES_PER_COLUMN = 1500.0
"""With what each nonzero takes: above the peak of a whole solve, tables and files included, of the
worlds in docs/benchmarks.md."""
BYTES_PER_NONZERO = 220.0
GIBIBYTE, KIBIBYTE = 2**30, 2**10
MEMINFO, GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Size:
    """Columns, rows and nonzeros of a programme: an estimate from above."""

    columns: int
    rows: int
    nonzeros: int

    @property
    def memory(self) -> float:
        """Bytes that a whole solve takes at its peak."""
        return BYTES_ALWAYS + BYTES_PER_COLUMN * self.columns + BYTES_PER_NONZERO * self.nonzeros


def size_of(system: System) -> Size:
    """Count what the families of the formulation will hold; policies, which are few rows, are left
    out."""
    years = len(system.periods)
    processes, goods, plants = (
        system.processes.values(),
        system.goods.values(),
        system.plants.values(),
    )
    stored = sum(good.stockpile is not None for good in goods)
    wanted = sum(good.demand is not None for good in goods)
    disposed, runs, deposits = len(disposable_goods(system)), len(processes), len(system.deposits)
    length = len(system.years) / years
    ordered = [
        plant
        for plant in plants
        if np.isfinite(plant.capital_cost).any() and (plant.max_new > 0).any()
    ]
    lives = sum(min(years, plant.life / length + 1) for plant in ordered)
    recipe = sum(len({*process.inputs, *process.outputs}) for process in processes)
    limited = sum(
        (process.plant != "")
        + 2 * (process.ramp_group != "")
        + (process.host != "")
        + len(process.deposits)
        + (process.kind == "collect")
        for process in processes
    )
    columns = (
        runs
        + len(plants)
        + len(ordered)
        + 3 * stored
        + disposed
        + wanted
        + deposits
        + 2
        + len(system.measures)
    )
    rows = (
        len(goods)
        + 2 * len(plants)
        + len(ordered)
        + 2 * len(system.ramps)
        + deposits
        + 2 * len(system.hosts)
        + stored
        + disposed
        + 2
    )
    terms = (
        recipe
        + limited
        + 2 * runs
        + 2 * stored
        + disposed
        + wanted
        + 2 * len(plants)
        + lives
        + 2 * deposits
        + 4 * stored
        + 2
    )
    spared = len(system.measures) * years / 2
    return Size(columns * years, rows * years, round((terms + spared) * years))


def free_memory() -> float | None:
    """Bytes that this process can still get: what the machine has free, or what its control group
    leaves it; None where unknown."""
    found = [value for value in (_machine(), _group()) if value is not None]
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


def require_memory(system: System) -> None:
    """Raise SpecError where the programme would not fit into memory, before it is built."""
    size, free = size_of(system), free_memory()
    if free is not None and size.memory > free:
        raise SpecError(
            system.name,
            [
                (
                    f"about {size.columns:,} columns and {size.nonzeros:,} nonzeros need "
                    f"{size.memory / GIBIBYTE:.1f} GiB of memory, and "
                    f"{free / GIBIBYTE:.1f} GiB are free; plan in longer periods (step under "
                    "[years] in study.toml), for fewer metals or "
                    "fewer years, or free memory"
                ),
            ],
        )
