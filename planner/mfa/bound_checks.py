"""Where activities pass what the study says is possible: ceilings of processes, standing capacity,
hosts, deposits, collection rates.

Who draws on a plant or a deposit, and how much of it, is stated here once, and so in
`planner.system.byproducts` who draws on a host: the linear programme fills its rows from the same
functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance
from planner.system.byproducts import (
    byproducts_of_hosts,
    circuit_need,
    circuits,
    host_need,
    host_outputs,
    residue_inflow,
)
from planner.system.disposal import most_collected
from planner.system.nouns import Array, Deposit, System

COLUMNS = ("limit", "name", "year", "value", "bound", "unit")
_ROUNDING = 1e-9


def limits_passed(balance: Balance, activity: Array) -> pd.DataFrame:
    """limit, name, year (first of the period), value, bound, unit, one row for each bound passed;
    activity has shape (P, T)."""
    system = balance.system
    run = dict(zip(system.processes, activity, strict=True))
    bounds = [
        *(
            found
            for kind in (_activities, _capacities, _hosts, _deposits)
            for found in kind(system, run)
        ),
        *_collections(balance, run),
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
            process.max_activity,
            "t/year",
        )


def _capacities(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Load against capacity that stands without new orders."""
    for name, users in users_of_plants(system).items():
        plant, load = system.plants[name], np.zeros(len(system.periods))
        for user in users:
            load = load + system.processes[user].loading * run[user]
        stands = plant.existing * plant.availability
        yield "existing capacity", name, load, stands, "t/year"


def users_of_plants(system: System) -> dict[str, list[str]]:
    """Processes that run on each plant."""
    found: dict[str, list[str]] = {name: [] for name in system.plants}
    for process in system.processes.values():
        if process.plant:
            found[process.plant].append(process.name)
    return found


def _hosts(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Host output needed by the by-products of each metal, and by each circuit of several."""
    byproducts, outputs = byproducts_of_hosts(system), host_outputs(system, run)
    for host in system.hosts.values():
        output = outputs[host.name]
        for metal in system.metals:
            need = np.zeros(len(system.periods))
            for name in byproducts.get((host.name, metal), ()):
                need = need + run[name] * host_need(system, system.processes[name], metal)
            yield "host", f"{host.name}, {metal}", need, output, "t/year"
    for name in circuits(system):
        process = system.processes[name]
        output = outputs[process.host]
        need = run[name] * circuit_need(process)
        yield "circuit", f"{process.host}, {name}", need, output, "t/year"


def _deposits(system: System, run: dict[str, Array]) -> Iterator[_Bound]:
    """Ore taken so far against the reserve and what has been added so far, t."""
    length = np.array([p.length for p in system.periods], dtype=float)
    taken = {name: np.zeros(len(system.periods)) for name in system.deposits}
    for name, process, coefficient in ore_taken(system):
        taken[name] = taken[name] + coefficient * run[process]
    for deposit in system.deposits.values():
        dug = length * taken[deposit.name]
        bound = ore_found(system, deposit, run, dug)
        yield "deposit", deposit.name, np.cumsum(dug), bound, "t"


def ore_found(system: System, deposit: Deposit, run: Mapping[str, Array], dug: Array) -> Array:
    """Ore that a deposit has held by the end of each period, dug or not, t: its reserve and what
    was added since, by growth of what was left as well. Nothing grows of what is not there."""
    length = np.array([p.length for p in system.periods], dtype=float)
    gain = reserve_growth(system, deposit) + length * residue_inflow(system, deposit, run)
    if np.any(deposit.growth):
        left, gain = deposit.reserve, gain.copy()
        for t in range(len(gain)):
            gain[t] += deposit.growth[t] * max(left, 0.0) if t else 0.0
            left += gain[t] - dug[t]
    return np.asarray(deposit.reserve + np.cumsum(gain))


def ore_taken(system: System) -> Iterator[tuple[str, str, Array]]:
    """(deposit, process, ore that a unit of its activity takes, mean of each period)."""
    for process in system.processes.values():
        for deposit, coefficient in process.deposits.items():
            yield deposit, process.name, coefficient


def reserve_growth(system: System, deposit: Deposit) -> Array:
    """Ore added to a deposit in each period, t."""
    length = np.array([p.length for p in system.periods])
    return np.asarray(deposit.additions * length)


def _collections(balance: Balance, run: dict[str, Array]) -> Iterator[_Bound]:
    """Waste taken, by whatever process, against what can be collected of what arises."""
    system = balance.system
    for good in system.goods.values():
        rate = most_collected(system, good)
        if rate is None:
            continue
        arising = balance.arising.get(good.name, np.zeros(len(system.years)))
        bound = rate * arising
        taken = np.zeros(len(system.periods))
        for process in system.processes.values():
            if good.name in process.inputs:
                taken = taken + process.inputs[good.name] * run[process.name]
            if good.name in process.outputs:
                made = rate * process.outputs[good.name]
                bound = bound + made * run[process.name]
        yield "collection", good.name, taken, bound, "t/year"
