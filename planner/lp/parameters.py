"""Sets and parameters of the linear programme, filled from a System: every choice that the rules must not make is made here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyomo.environ as pyo

from planner.accounts import emission_rates, priced_scope, running_costs
from planner.balance import Balance
from planner.economics import alive_share, capital_charge, discount_factor, period_factors
from planner.system import SCOPES, Array, Period, System

Key = tuple[Hashable, ...]


def add_set(m: Any, name: str, members: Iterable[Any], *, width: int = 1) -> None:
    """Add an ordered Set under a name. `width` is the length of its members: an empty Set must know it too, or the objective,
    which unpacks them, falls back from its template."""
    listed = list(members)
    setattr(m, name, pyo.Set(initialize=listed, dimen=(len(listed[0]) if isinstance(listed[0], tuple) else 1) if listed else width))


def add_sets(m: Any, name: str, members: Mapping[Any, Iterable[Any]], *, width: int = 1) -> None:
    """Add an indexed Set: for each key its members. A key without members gets an empty set, so that its sum is empty; `width` is the
    length of members where there are none at all."""
    dimension = next((len(x) if isinstance(x, tuple) else 1 for value in members.values() for x in value), width)
    setattr(m, name, pyo.Set(list(members), initialize={key: list(value) for key, value in members.items()}, dimen=dimension))


def add_param(m: Any, name: str, values: Mapping[Any, float]) -> None:
    """Add a Param over exactly the keys given; refuses NaN, which would pass unseen into the arrays."""
    plain = {key: float(value) for key, value in values.items()}
    for key, value in plain.items():
        if not value == value:  # NaN differs from itself
            raise ValueError(f"parameter '{name}' is not a number at {key}")
    setattr(m, name, pyo.Param(list(plain), initialize=plain, within=pyo.Any))


def by_period(system: System, name: Hashable, values: Array) -> dict[Key, float]:
    """Key (name, period) to value, from an array of shape (T,)."""
    return {(name, p.first): float(value) for p, value in zip(system.periods, values, strict=True)}


def fill_parameters(m: Any, system: System, balance: Balance) -> None:
    """Fill all physical sets and parameters; `planner.lp.targets.fill_targets` fills those of policies."""
    periods = system.periods
    add_set(m, "periods", [p.first for p in periods])
    add_sets(m, "previous", {periods[0].first: []} | {after.first: [before.first] for before, after in pairwise(periods)})
    add_param(m, "length", {p.first: p.length for p in periods})
    add_set(m, "scopes", SCOPES)
    _fill_processes(m, system)
    _fill_goods(m, system, balance)
    _fill_plants(m, system)
    _fill_ramps(m, system)
    _fill_deposits(m, system)
    _fill_hosts(m, system)
    _fill_collection(m, system, balance)
    _fill_stockpiles(m, system)
    _fill_emissions(m, system)


def _fill_processes(m: Any, system: System) -> None:
    factor = period_factors(system.periods, system.discount_rate)
    least: dict[Key, float] = {}
    most: dict[Key, float] = {}
    costs: dict[Key, float] = {}
    for process in system.processes.values():
        least |= by_period(system, process.name, system.period_mean(process.min_activity))
        most |= by_period(system, process.name, system.period_mean(process.max_activity))
        costs |= by_period(system, process.name, factor * sum(running_costs(system, process).values()))
    add_set(m, "activities", least, width=2)
    add_param(m, "least_activity", least)
    add_param(m, "most_activity", most)
    add_param(m, "activity_cost", costs)


def _fill_goods(m: Any, system: System, balance: Balance) -> None:
    incidence, factor = balance.incidence, period_factors(system.periods, system.discount_rate)
    years = [p.first for p in system.periods]
    processes_of: dict[str, list[str]] = {name: [] for name in system.goods}
    coefficient: dict[Key, float] = {}
    net = incidence.net
    for row, (g, p) in enumerate(zip(incidence.good, incidence.process, strict=True)):
        good, process = incidence.goods[g], incidence.processes[p]
        processes_of[good].append(process)
        coefficient |= {(good, process, t): net[row, i] for i, t in enumerate(years)}
    demand: dict[Key, float] = {}
    requirement: dict[Key, float] = {}
    shortage_cost: dict[Key, float] = {}
    for good_ in system.goods.values():
        wanted = system.period_mean(good_.demand) if good_.demand is not None else np.zeros(len(years))
        arising = system.period_mean(balance.arising[good_.name]) if good_.name in balance.arising else np.zeros(len(years))
        requirement |= by_period(system, good_.name, wanted - arising)
        if good_.demand is not None and good_.shortage_cost is not None:
            demand |= by_period(system, good_.name, wanted)
            shortage_cost |= by_period(system, good_.name, factor * system.period_mean(good_.shortage_cost))
    open_goods = disposable_goods(system)
    disposal_cost = {key: cost for name in open_goods
                     for key, cost in by_period(system, name, factor * system.period_mean(system.goods[name].disposal_cost)).items()}
    add_sets(m, "processes_of", processes_of)
    add_param(m, "coefficient", coefficient)
    add_set(m, "balance_rows", requirement)
    add_param(m, "requirement", requirement)
    add_param(m, "demand", demand)
    add_set(m, "shortages", demand, width=2)
    add_param(m, "shortage_cost", shortage_cost)
    add_sets(m, "served", {name: [name] if (name, years[0]) in demand else [] for name in system.goods})
    add_sets(m, "disposed", {name: [name] if name in open_goods else [] for name in system.goods})
    add_set(m, "disposals", disposal_cost, width=2)
    add_param(m, "disposal_cost", disposal_cost)


def disposable_goods(system: System) -> frozenset[str]:
    """Goods that may be disposed of: scrap, waste, and every output of a process with several outputs other than manufacture.

    Otherwise the least wanted metal of a joint line would throttle it. Products are not: what is demanded is served exactly.
    """
    found = {good.name for good in system.goods.values() if good.kind in ("scrap", "waste")}
    for process in system.processes.values():
        if len(process.outputs) > 1 and process.kind != "manufacture":
            found |= set(process.outputs)
    return frozenset(found)


def _fill_plants(m: Any, system: System) -> None:
    periods, factor = system.periods, period_factors(system.periods, system.discount_rate)
    on: dict[str, list[str]] = {name: [] for name in system.plants}
    loading: dict[Any, float] = {}
    for process in system.processes.values():
        if process.plant:
            on[process.plant].append(process.name)
            loading[process.name] = process.loading
    values: dict[str, dict[Key, float]] = defaultdict(dict)
    alive: dict[Key, list[int]] = {}
    for plant in system.plants.values():
        name = plant.name
        values["existing"] |= by_period(system, name, system.period_mean(plant.existing))
        values["availability"] |= by_period(system, name, system.period_mean(plant.availability))
        values["capacity_cost"] |= by_period(system, name, factor * system.period_mean(plant.fixed_cost))
        largest = by_period(system, name, system.period_mean(plant.max_capacity))
        values["most_capacity"] |= {key: value for key, value in largest.items() if np.isfinite(value)}
        alive |= {(name, p.first): [] for p in periods}
        price = order_price(system, name)
        if np.isfinite(price).any():
            share = alive_share(periods, plant.lead_time, plant.life)
            charge = capital_charge(periods, np.nan_to_num(price), plant.interest_rate, system.discount_rate, plant.life, plant.lead_time)
            rate = system.period_mean(plant.max_new)
            for i, ordered in enumerate(periods):
                # an order that would start after the last year does not exist, nor one that may not be placed
                if ordered.first + plant.lead_time > periods[-1].last or not np.isfinite(price[i]) or rate[i] == 0:
                    continue
                values["order_cost"][name, ordered.first] = float(charge[i].sum())
                values["cash"][name, ordered.first] = price[i] / ordered.length
                if np.isfinite(rate[i]):
                    values["most_orders"][name, ordered.first] = rate[i] * ordered.length
                for j in np.flatnonzero(share[i]):
                    alive[name, periods[j].first].append(ordered.first)
                    values["alive_share"][name, ordered.first, periods[j].first] = share[i, j]
    add_sets(m, "processes_on", on)
    add_param(m, "loading", loading)
    add_sets(m, "alive_orders", alive)
    for parameter in ("existing", "availability", "capacity_cost", "most_capacity", "order_cost", "cash", "most_orders", "alive_share"):
        add_param(m, parameter, values[parameter])
    add_set(m, "orders", values["order_cost"], width=2)
    add_set(m, "capacities", values["existing"], width=2)
    add_set(m, "plant_rows", [(k, p.first) for k, users in on.items() if users for p in periods])
    add_set(m, "build_rows", values["most_orders"])
    add_set(m, "capacity_limit_rows", values["most_capacity"])
    ordered_in: dict[Any, list[Hashable]] = {p.first: [] for p in periods}
    for k, v in values["order_cost"]:
        ordered_in[v].append(k)
    add_sets(m, "ordered", ordered_in)


def order_price(system: System, plant: str) -> Array:
    """Overnight cost of a unit of capacity by period of order, USD, shape (T,): that of the period's first year; NaN: no order."""
    first = system.periods[0].first
    return system.plants[plant].capital_cost[[p.first - first for p in system.periods]]


def _gaps(periods: tuple[Period, ...]) -> dict[int, float]:
    return {after.first: after.midpoint - before.midpoint for before, after in pairwise(periods)}


def _fill_ramps(m: Any, system: System) -> None:
    members: dict[str, list[str]] = {name: [] for name in system.ramps}
    for process in system.processes.values():
        if process.ramp_group:
            members[process.ramp_group].append(process.name)
    growth: dict[Key, float] = {}
    step: dict[Key, float] = {}
    decline: dict[Key, float] = {}
    for ramp in system.ramps.values():
        waived = system.period_mean(ramp.waived.astype(float)) > 0
        for i, (t, gap) in enumerate(_gaps(system.periods).items(), start=1):
            if not members[ramp.name]:
                continue
            if np.isfinite(ramp.growth):
                growth[ramp.name, t] = (1 + ramp.growth) ** gap
                step[ramp.name, t] = ramp.step * gap
            if np.isfinite(ramp.decline) and not waived[i]:
                decline[ramp.name, t] = (1 - ramp.decline) ** gap
    add_sets(m, "members", members)
    add_param(m, "growth", growth)
    add_param(m, "growth_step", step)
    add_param(m, "decline", decline)
    add_set(m, "ramp_rows", growth)
    add_set(m, "run_down_rows", decline)
    # a set of one member: a string written into a rule as an index does not survive the templates
    add_sets(m, "run_down_breach", {key: [("run_down", *key)] for key in decline})


def _fill_deposits(m: Any, system: System) -> None:
    miners: dict[str, list[str]] = {name: [] for name in system.deposits}
    ore: dict[Key, float] = {}
    for process in system.processes.values():
        for name, coefficient in process.deposits.items():
            miners[name].append(process.name)
            ore |= {(name, process.name, t): v for (_, t), v in by_period(system, name, system.period_mean(coefficient)).items()}
    added: dict[Key, float] = {}
    for deposit in system.deposits.values():
        gain = system.period_mean(deposit.additions) * np.array([p.length for p in system.periods])
        gain[0] += deposit.reserve
        added |= by_period(system, deposit.name, gain)
    add_sets(m, "miners", miners)
    add_param(m, "ore", ore)
    add_param(m, "ore_added", added)
    add_set(m, "deposit_years", added)


def _fill_hosts(m: Any, system: System) -> None:
    byproducts: dict[Key, list[str]] = defaultdict(list)
    need: dict[Key, float] = {}
    for process in system.processes.values():
        if not process.host:
            continue
        for metal in sorted({metal for good in process.outputs for metal in system.goods[good].content}):
            byproducts[process.host, metal].append(process.name)
        need |= by_period(system, process.name, system.period_mean(1 / process.host_content))
    add_sets(m, "byproducts", byproducts)
    add_param(m, "host_need", need)
    output: dict[Key, float] = {}
    for host in system.hosts.values():
        output |= by_period(system, host.name, system.period_mean(host.output))
    add_param(m, "host_output", output)
    add_set(m, "host_rows", [(h, x, p.first) for h, x in byproducts for p in system.periods])


def _fill_collection(m: Any, system: System, balance: Balance) -> None:
    collectors: dict[str, list[str]] = {}
    makers: dict[str, list[str]] = {}
    collected: dict[Key, float] = {}
    new_waste: dict[Key, float] = {}
    collectable: dict[Key, float] = {}
    for good in system.goods.values():
        lines = [p for p in system.processes.values() if p.kind == "collect" and good.name in p.inputs]
        if good.collection_rate is None or not lines:
            continue
        name, rate = good.name, system.period_mean(good.collection_rate)
        collectors[name] = [p.name for p in lines]
        sources = [p for p in system.processes.values() if name in p.outputs]
        makers[name] = [p.name for p in sources]
        for p in lines:
            collected |= {(name, p.name, t): v for (_, t), v in by_period(system, name, system.period_mean(p.inputs[name])).items()}
        for p in sources:
            new_waste |= {(name, p.name, t): v for (_, t), v in by_period(system, name, rate * system.period_mean(p.outputs[name])).items()}
        arising = balance.arising.get(name)
        collectable |= by_period(system, name, system.period_mean(good.collection_rate * arising) if arising is not None else 0 * rate)
    add_sets(m, "collectors", collectors)
    add_sets(m, "waste_makers", makers)
    add_param(m, "collected", collected)
    add_param(m, "new_waste", new_waste)
    add_param(m, "collectable", collectable)
    add_set(m, "collection_rows", collectable)


def _fill_stockpiles(m: Any, system: System) -> None:
    factor = period_factors(system.periods, system.discount_rate)
    values: dict[str, dict[Key, float]] = defaultdict(dict)
    opening_cost = 0.0
    for good in system.goods.values():
        if good.stockpile is None:
            continue
        pile, zero = good.stockpile, np.zeros(len(system.periods))
        first, last = zero.copy(), zero.copy()
        first[0], last[-1] = pile.opening, pile.closing
        # a period pays for the mean of its opening and closing stock: half a period's rate at either end
        half = factor * system.period_mean(pile.holding_cost) / 2
        values["stock_opening"] |= by_period(system, good.name, first)
        values["least_stock"] |= by_period(system, good.name, last)
        values["most_stock"] |= by_period(system, good.name, zero + pile.maximum)
        values["stock_cost"] |= by_period(system, good.name, half + np.append(half[1:], 0))
        opening_cost += float(half[0]) * pile.opening
    for parameter in ("stock_opening", "least_stock", "most_stock", "stock_cost"):
        add_param(m, parameter, values[parameter])
    add_set(m, "stockpiles", values["stock_opening"], width=2)
    add_sets(m, "stored", {good.name: [good.name] if good.stockpile is not None else [] for good in system.goods.values()})
    m.opening_cost = pyo.Param(initialize=opening_cost)


def _fill_emissions(m: Any, system: System) -> None:
    rates: dict[Key, float] = {}
    emitters: dict[str, list[str]] = {scope: [] for scope in SCOPES}
    for process in system.processes.values():
        for scope, rate in emission_rates(system, process).items():
            if rate.any():
                emitters[scope].append(process.name)
                rates |= {(scope, process.name, p.first): v for p, v in zip(system.periods, rate, strict=True)}
    factor = period_factors(system.periods, system.discount_rate)
    # the price and the emission of a period are means over its years
    price = factor * system.period_mean(system.carbon_price)
    carbon_cost: dict[Key, float] = {}
    for scope in SCOPES:
        carbon_cost |= by_period(system, scope, price if scope == priced_scope(system) else np.zeros(len(price)))
    add_sets(m, "emitters", emitters)
    add_param(m, "emission_factor", rates)
    add_param(m, "carbon_cost", carbon_cost)
    add_set(m, "emission_rows", carbon_cost, width=2)
    add_set(m, "footprint_years", [("footprint", p.first) for p in system.periods], width=2)


def first_discount(system: System) -> dict[int, float]:
    """Discount factor of the first year of each period: the basis of duals of state rows."""
    values = discount_factor(system.periods[0].first, np.array([p.first for p in system.periods]), system.discount_rate)
    return {p.first: float(v) for p, v in zip(system.periods, values, strict=True)}
