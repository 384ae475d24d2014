"""Flows of a study by its observed activities; where these do not settle the shares of a good, by
those of its least-cost plan, for that good alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from planner.mfa.balance import Balance, VariableValues, sold
from planner.mfa.shares import GIVEN as GIVEN_DRIVE
from planner.mfa.shares import Drive, drives_of, unsettled
from planner.mfa.simulate import (
    Simulation,
    share_table,
    shares_from,
    simulate,
    simulate_plan,
    stockpiles_from,
)
from planner.plan.solve import optimum
from planner.system.curves import observed_sales, sold_abroad
from planner.system.nouns import Array, Process, System, frozen_map

OBSERVED, GIVEN, PLANNED = "observed", "given, and observed", "least-cost plan"


@dataclass(frozen=True, slots=True, eq=False)
class BaseFlows:
    """A simulation, and where the shares of its processes come from."""

    simulation: Simulation
    shares: str
    """`observed`, `given, and observed`, `least-cost plan`, or `observed; least-cost plan for` and
    the goods whose shares nothing observed settles."""
    planned: tuple[str, ...] = ()
    """Goods whose shares are those of the least-cost plan."""

    @property
    def table(self) -> pd.DataFrame:
        """Share of each process in its good by period, and where it comes from, as
        `planner.mfa.simulate.share_table`."""
        return share_table(self.simulation)

    @property
    def observed_years(self) -> tuple[int, ...]:
        """Years of observed activities: shares are linear between them and held outside, each
        process by its own years."""
        system = self.simulation.balance.system
        seen = [np.isfinite(p.observed) for p in system.processes.values()]
        known = np.any(seen, axis=0) if seen else np.zeros(len(system.years), dtype=bool)
        return tuple(int(year) for year in np.array(system.years)[known])


def base_flows(
    balance: Balance,
    given: Mapping[str, float] | None = None,
    *,
    warn: Callable[[str], None] | None = None,
) -> BaseFlows:
    """Simulate a study by the shares given and its observed activities; where none are given, a
    good whose shares the observed do not settle takes those of the least-cost plan, with the moves
    of the stockpiles of what its processes take or give.

    All other goods keep the observed. Where nothing was observed in a whole connected part of the
    network that has such a good, the part repeats the plan. `given` maps processes to shares, in
    all years; they are never mixed with the plan's. `warn` is told why a plan is taken, before it
    is sought. Raises SpecError where shares are given and others are wanting.
    """
    if given:
        return BaseFlows(simulate(balance, shares=given), GIVEN)
    system, drives = balance.system, drives_of(balance.system)
    open_ = unsettled(system, drives)
    if not open_:
        return BaseFlows(simulate(balance), OBSERVED)
    if warn is not None:
        warn(_reason(system, open_))
    values = optimum(system).values
    processes, goods = _planned(system, drives, open_)
    planned = tuple(sorted({drives[name].good for name in processes} - {""}))
    if len(processes) == len([name for name in drives if drives[name] != GIVEN_DRIVE]):
        run, words = simulate_plan(balance, values), PLANNED
    else:
        run = _planned_in_part(balance, values, processes, goods)
        words = f"{OBSERVED}; {PLANNED} for {', '.join(planned)}"
    sources = {
        name: (PLANNED,) * len(source) if name in processes else source
        for name, source in run.sources.items()
    }
    return BaseFlows(replace(run, sources=frozen_map(sources)), words, planned)


def _planned_in_part(
    balance: Balance, values: VariableValues, processes: Collection[str], goods: Collection[str]
) -> Simulation:
    """Simulate by what was observed, but these processes, and the stockpiles of these goods, by a
    plan."""
    system = balance.system
    return simulate(
        balance,
        shares=_only(shares_from(balance, values), processes),
        stockpiles=_only(stockpiles_from(balance, values), goods),
        sales=observed_sales(system) | _planned_sales(system, values, processes),
    )


def _only(series: Mapping[str, Array], names: Collection[str]) -> dict[str, Array]:
    return {name: each for name, each in series.items() if name in names}


def _planned_sales(
    system: System, values: VariableValues, processes: Iterable[str]
) -> dict[str, Array]:
    """What a plan sells abroad of the goods that these processes give."""
    given = {good for name in processes for good in system.processes[name].outputs}
    return {
        good.name: sold(system, values, good) for good in sold_abroad(system) if good.name in given
    }


def _reason(system: System, open_: Mapping[Drive, list[Process]]) -> str:
    """Which goods take the plan's shares, and what would settle them."""
    lines = [
        f"  {drive.good}: {', '.join(process.name for process in group)}"
        for drive, group in open_.items()
    ]
    goods = "goods" if len(lines) > 1 else "good"
    head = (
        f"{system.name}: the observed activities do not settle the shares of {len(lines)} {goods}, "
        "which may be made or taken by"
    )
    tail = (
        "so these shares are those of the least-cost plan; to settle them, give observed "
        "activities (process_values.csv) or --share"
    )
    return "\n".join([head, *lines, tail])


def _planned(
    system: System, drives: Mapping[str, Drive], open_: Mapping[Drive, list[Process]]
) -> tuple[set[str], set[str]]:
    """Processes that take the plan's shares (of what is not settled, and of connected parts in
    which nothing was observed), and goods that take the moves of its stockpiles: what these
    processes take or give."""
    part = _parts(system)
    seen = {part[p.name] for p in system.processes.values() if np.isfinite(p.observed).any()}
    bare = {part[drive.good] for drive in open_} - seen
    processes = {
        name
        for name, drive in drives.items()
        if drive != GIVEN_DRIVE and (drive in open_ or part[drive.good] in bare)
    }
    touched = {good for name in processes for good in _handled(system.processes[name])}
    return processes, touched | {name for name in system.goods if part[name] in bare}


def _handled(process: Process) -> tuple[str, ...]:
    """Goods that a process takes and gives."""
    return (*process.inputs, *process.outputs)


def _parts(system: System) -> dict[str, int]:
    """Connected part of the network to which each good and process belongs."""
    names = [*system.goods, *system.processes]
    at = {name: i for i, name in enumerate(names)}
    pairs = [
        (at[good], len(system.goods) + p)
        for p, process in enumerate(system.processes.values())
        for good in dict.fromkeys(_handled(process))
    ]
    pairs += [
        (at[good], at[product.waste])
        for product in system.products.values()
        if product.waste
        for good in product.uses
    ]
    ends = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    links = sparse.coo_array((np.ones(ends.shape[1]), tuple(ends)), shape=(len(names),) * 2)
    _, label = sparse.csgraph.connected_components(links, directed=False)
    return dict(zip(names, label.tolist(), strict=True))
