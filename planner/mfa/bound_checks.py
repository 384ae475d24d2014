"""Where activities pass what the study says is possible: ceilings of processes, standing capacity,
hosts, deposits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from planner.system.nouns import Array, System

COLUMNS = ("limit", "name", "year", "value", "bound", "unit")
_ROUNDING = 1e-9


def limits_passed(system: System, activity: Array) -> pd.DataFrame:
    """limit, name, year (first of the period), value, bound, unit, one row for each bound passed;
    activity has shape (P, T)."""
    run = dict(zip(system.processes, activity, strict=True))
    bounds = [
        found
        for kind in (_activities, _capacities, _hosts, _deposits)
        for found in kind(system, run)
    ]
    rows = [
        (limit, name, period.first, float(v), float(b), unit)
        for limit, name, value, bound, unit in bounds
        for period, v, b in zip(system.periods, value, bound, strict=True)
        if not v <= b + _ROUNDING * max(abs(b), abs(v))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Bound = tuple[str, str, Array, Array, str]


def _activities(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    for process in system.processes.values():
        yield (
            "max_activity",
            process.name,
            run[process.name],
            system.period_mean(process.max_activity),
            "t/year",
        )


def _capacities(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Load against capacity that stands without new orders."""
    for plant in system.plants.values():
        users = [p for p in system.processes.values() if p.plant == plant.name]
        load = sum((p.loading * run[p.name] for p in users), np.zeros(len(system.periods)))
        yield (
            "existing capacity",
            plant.name,
            load,
            system.period_mean(plant.existing) * system.period_mean(plant.availability),
            "t/year",
        )


def _hosts(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Host output needed by the by-products of each metal."""
    for host in system.hosts.values():
        for metal in system.metals:
            need = np.zeros(len(system.periods))
            for process in system.processes.values():
                if process.host == host.name and any(
                    metal in system.goods[g].content for g in process.outputs
                ):
                    need = need + run[process.name] * system.period_mean(1 / process.host_content)
            yield "host", f"{host.name}, {metal}", need, system.period_mean(host.output), "t/year"


def _deposits(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Ore taken so far against the reserve and what exploration has added so far, t."""
    length = np.array([p.length for p in system.periods], dtype=float)
    for deposit in system.deposits.values():
        taken = np.zeros(len(system.periods))
        for process in system.processes.values():
            if deposit.name in process.deposits:
                taken = (
                    taken + system.period_mean(process.deposits[deposit.name]) * run[process.name]
                )
        added = np.cumsum(length * system.period_mean(deposit.additions))
        yield "deposit", deposit.name, np.cumsum(length * taken), deposit.reserve + added, "t"
