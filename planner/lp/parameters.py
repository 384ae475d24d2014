"""Sets and parameters of the linear programme, filled from a System: every choice that the rules
must not make is made here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from itertools import pairwise
from typing import Any

import numpy as np

from planner.lp.components import Components as Components
from planner.lp.components import Key as Key
from planner.lp.components import Series, join_sets
from planner.lp.components import add_param as add_param
from planner.lp.components import add_set as add_set
from planner.lp.components import add_sets as add_sets
from planner.mfa.balance import Balance
from planner.system.batch import agreed, joined, scalar, single
from planner.system.economics import (
    alive_share,
    capital_charge,
    discount_factor,
    period_factors,
    powers,
)
from planner.system.nouns import SCOPES, Array, Period, Scalar, System
from planner.system.unit_accounts import emission_rates, priced_scope, running_costs


def by_period(system: System, name: Hashable, values: Array) -> dict[Key, Any]:
    """Key (name, period) to a float, from an array of shape (T,), or to its samples (B,), from
    shape (B, T)."""
    each = values.tolist() if values.ndim == 1 else values.T
    return {(name, p.first): value for p, value in zip(system.periods, each, strict=True)}


def fill_parameters(m: Components, system: System, balance: Balance) -> None:
    """Fill all physical sets and parameters; `planner.lp.targets.fill_targets` fills those of
    policies."""
    periods = system.periods
    add_set(m, "periods", [p.first for p in periods])
    add_sets(
        m,
        "previous",
        {periods[0].first: []}
        | {after.first: [before.first] for before, after in pairwise(periods)},
    )
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


def _fill_processes(m: Components, system: System) -> None:
    factor = period_factors(system.periods, system.discount_rate)
    least, most, costs = (Series(system.periods) for _ in range(3))
    for process in system.processes.values():
        least.add(process.name, values=system.period_mean(process.min_activity))
        most.add(process.name, values=system.period_mean(process.max_activity))
        costs.add(process.name, values=factor * sum(running_costs(system, process).values()))
    index = add_set(m, "activities", least, width=2)
    add_param(m, "least_activity", least, index)
    add_param(m, "most_activity", most, index)
    add_param(m, "activity_cost", costs, index)


def _fill_goods(m: Components, system: System, balance: Balance) -> None:
    incidence, factor = balance.incidence, period_factors(system.periods, system.discount_rate)
    processes_of: dict[str, list[str]] = {name: [] for name in system.goods}
    coefficient = Series(system.periods, 2)
    requirement, demand, shortage_cost, disposal_cost = (Series(system.periods) for _ in range(4))
    for g, p, net in zip(
        incidence.good, incidence.process, np.moveaxis(incidence.net, -2, 0), strict=True
    ):
        good, process = incidence.goods[g], incidence.processes[p]
        processes_of[good].append(process)
        coefficient.add(good, process, values=net)
    none, open_goods = np.zeros(len(system.periods)), disposable_goods(system)
    served: dict[str, list[str]] = {}
    for good_ in system.goods.values():
        name = good_.name
        wanted = system.period_mean(good_.demand) if good_.demand is not None else none
        arising = system.period_mean(balance.arising[name]) if name in balance.arising else none
        requirement.add(name, values=wanted - arising)
        served[name] = (
            [name] if good_.demand is not None and good_.shortage_cost is not None else []
        )
        if good_.demand is not None and good_.shortage_cost is not None:
            demand.add(name, values=wanted)
            shortage_cost.add(name, values=factor * system.period_mean(good_.shortage_cost))
        if name in open_goods:
            disposal_cost.add(name, values=factor * system.period_mean(good_.disposal_cost))
    add_sets(m, "processes_of", processes_of)
    add_param(m, "coefficient", coefficient)
    add_param(m, "requirement", requirement, add_set(m, "balance_rows", requirement))
    shortages = add_set(m, "shortages", demand, width=2)
    add_param(m, "demand", demand, shortages)
    add_param(m, "shortage_cost", shortage_cost, shortages)
    add_sets(m, "served", served)
    add_sets(m, "disposed", {name: [name] if name in open_goods else [] for name in system.goods})
    add_param(m, "disposal_cost", disposal_cost, add_set(m, "disposals", disposal_cost, width=2))


def disposable_goods(system: System) -> frozenset[str]:
    """Goods that may be disposed of: scrap, waste, and every output of a process with several
    outputs other than manufacture.

    Otherwise the least wanted metal of a joint line would throttle it. Products are not: what is
    demanded is served exactly.
    """
    found = {good.name for good in system.goods.values() if good.kind in ("scrap", "waste")}
    for process in system.processes.values():
        if len(process.outputs) > 1 and process.kind != "manufacture":
            found |= set(process.outputs)
    return frozenset(found)


def _fill_plants(m: Components, system: System) -> None:
    periods, factor = system.periods, period_factors(system.periods, system.discount_rate)
    on: dict[str, list[str]] = {name: [] for name in system.plants}
    loading: dict[str, Any] = {}
    for process in system.processes.values():
        if process.plant:
            on[process.plant].append(process.name)
            loading[process.name] = single(process.loading)
    existing, availability, capacity_cost, most_capacity = (Series(periods) for _ in range(4))
    for plant in system.plants.values():
        name, largest = plant.name, system.period_mean(plant.max_capacity)
        existing.add(name, values=system.period_mean(plant.existing))
        availability.add(name, values=system.period_mean(plant.availability))
        capacity_cost.add(name, values=factor * system.period_mean(plant.fixed_cost))
        most_capacity.add(name, values=largest, kept=agreed(np.isfinite(largest), 1))
    add_sets(m, "processes_on", on)
    add_param(m, "loading", loading)
    capacities = add_set(m, "capacities", existing, width=2)
    for parameter, series in (
        ("existing", existing),
        ("availability", availability),
        ("capacity_cost", capacity_cost),
    ):
        add_param(m, parameter, series, capacities)
    add_set(m, "plant_rows", [(k, p.first) for k, users in on.items() if users for p in periods])
    add_param(m, "most_capacity", most_capacity, add_set(m, "capacity_limit_rows", most_capacity))
    _fill_orders(m, system)


def _fill_orders(m: Components, system: System) -> None:
    periods = system.periods
    shares = Series(periods, 2)
    order_cost, cash, most_orders = (Series(periods) for _ in range(3))
    years, length = [p.first for p in periods], np.array([p.length for p in periods], dtype=float)
    for plant in system.plants.values():
        price, rate = order_price(system, plant.name), system.period_mean(plant.max_new)
        # an order that would start after the last year does not exist, nor one that may not be
        # placed
        in_time = np.array(years) + plant.lead_time <= periods[-1].last
        kept = in_time & agreed(np.isfinite(price), 1) & agreed(rate != 0, 1)
        if not kept.any():
            continue
        share = alive_share(periods, plant.lead_time, plant.life)
        charge = capital_charge(
            periods,
            np.nan_to_num(price),
            plant.interest_rate,
            system.discount_rate,
            plant.life,
            plant.lead_time,
        )
        order_cost.add(plant.name, values=charge.sum(axis=-1), kept=kept)
        cash.add(plant.name, values=price / length, kept=kept)
        most_orders.add(plant.name, values=rate * length, kept=kept & agreed(np.isfinite(rate), 1))
        # a life may end a period later in one sample than in another: its zeros are left out when
        # the matrix is made
        alive = (share != 0).reshape(-1, len(periods), len(periods)).any(axis=0)
        for i in np.flatnonzero(kept):
            shares.add(plant.name, years[i], values=share[..., i, :], kept=alive[i])
    stands = m.index("alive_share", shares)
    add_param(m, "alive_share", shares, stands)
    join_sets(
        m, "alive_orders", m.sets["capacities"], stands.codes[:, [0, 2]], stands.codes[:, [1]]
    )
    orders = add_set(m, "orders", order_cost, width=2)
    add_param(m, "order_cost", order_cost, orders)
    add_param(m, "cash", cash, orders)
    add_param(m, "most_orders", most_orders, add_set(m, "build_rows", most_orders))
    ordered_in: dict[int, list[Hashable]] = {year: [] for year in years}
    for k, v in orders.keys:
        ordered_in[v].append(k)  # type: ignore[index]
    add_sets(m, "ordered", ordered_in)


def order_price(system: System, plant: str) -> Array:
    """Overnight cost of a unit of capacity by period of order, USD, shape (..., T): that of the
    period's first year; NaN: no order."""
    first = system.periods[0].first
    return system.plants[plant].capital_cost[..., [p.first - first for p in system.periods]]


def _gaps(periods: tuple[Period, ...]) -> dict[int, float]:
    return {after.first: after.midpoint - before.midpoint for before, after in pairwise(periods)}


def _fill_ramps(m: Components, system: System) -> None:
    members: dict[str, list[str]] = {name: [] for name in system.ramps}
    for process in system.processes.values():
        if process.ramp_group:
            members[process.ramp_group].append(process.name)
    growth, step, decline = (Series(system.periods) for _ in range(3))
    gap = np.array([0.0, *_gaps(system.periods).values()])
    later = np.arange(len(gap)) > 0
    for ramp in system.ramps.values():
        if not members[ramp.name]:
            continue
        if agreed(np.isfinite(single(ramp.growth))):
            growth.add(ramp.name, values=powers(1 + ramp.growth, gap), kept=later)
            step.add(ramp.name, values=ramp.step * gap, kept=later)
        if agreed(np.isfinite(single(ramp.decline))):
            waived = system.period_mean(ramp.waived.astype(float)) > 0
            decline.add(ramp.name, values=powers(1 - ramp.decline, gap), kept=later & ~waived)
    add_sets(m, "members", members)
    rows = add_set(m, "ramp_rows", growth)
    add_param(m, "growth", growth, rows)
    add_param(m, "growth_step", step, rows)
    falling = add_set(m, "run_down_rows", decline)
    add_param(m, "decline", decline, falling)
    # a set of one member: a string written into a rule as an index does not survive the templates
    add_sets(m, "run_down_breach", {key: [("run_down", *key)] for key in falling.keys})


def _fill_deposits(m: Components, system: System) -> None:
    miners: dict[str, list[str]] = {name: [] for name in system.deposits}
    ore, added = Series(system.periods, 2), Series(system.periods)
    for process in system.processes.values():
        for name, coefficient in process.deposits.items():
            miners[name].append(process.name)
            ore.add(name, process.name, values=system.period_mean(coefficient))
    for deposit in system.deposits.values():
        gain = system.period_mean(deposit.additions) * np.array([p.length for p in system.periods])
        added.add(deposit.name, values=joined([gain[..., :1] + deposit.reserve, gain[..., 1:]]))
    add_sets(m, "miners", miners)
    add_param(m, "ore", ore)
    add_param(m, "ore_added", added, add_set(m, "deposit_years", added, width=2))


def _fill_hosts(m: Components, system: System) -> None:
    byproducts: dict[Key, list[str]] = defaultdict(list)
    need: dict[Key, Any] = {}
    for process in system.processes.values():
        if not process.host:
            continue
        for metal in sorted(
            {metal for good in process.outputs for metal in system.goods[good].content}
        ):
            byproducts[process.host, metal].append(process.name)
        need |= by_period(system, process.name, system.period_mean(1 / process.host_content))
    add_sets(m, "byproducts", byproducts)
    add_param(m, "host_need", need)
    output: dict[Key, Any] = {}
    for host in system.hosts.values():
        output |= by_period(system, host.name, system.period_mean(host.output))
    add_param(m, "host_output", output)
    add_set(m, "host_rows", [(h, x, p.first) for h, x in byproducts for p in system.periods])


def _fill_collection(m: Components, system: System, balance: Balance) -> None:
    collectors: dict[str, list[str]] = {}
    makers: dict[str, list[str]] = {}
    for process in system.processes.values():
        for name in process.outputs:
            makers.setdefault(name, []).append(process.name)
        for name in process.inputs if process.kind == "collect" else ():
            collectors.setdefault(name, []).append(process.name)
    wastes = [
        good
        for good in system.goods.values()
        if good.collection_rate is not None and good.name in collectors
    ]
    collected, new_waste, collectable = (
        Series(system.periods, 2),
        Series(system.periods, 2),
        Series(system.periods),
    )
    for good in wastes:
        assert good.collection_rate is not None
        name, rate = good.name, system.period_mean(good.collection_rate)
        for p in collectors[name]:
            collected.add(name, p, values=system.period_mean(system.processes[p].inputs[name]))
        for p in makers.get(name, []):
            new_waste.add(
                name, p, values=rate * system.period_mean(system.processes[p].outputs[name])
            )
        arising = balance.arising.get(name)
        collectable.add(
            name,
            values=system.period_mean(good.collection_rate * arising)
            if arising is not None
            else 0 * rate,
        )
    add_sets(m, "collectors", {good.name: collectors[good.name] for good in wastes})
    add_sets(m, "waste_makers", {good.name: makers.get(good.name, []) for good in wastes})
    add_param(m, "collected", collected)
    add_param(m, "new_waste", new_waste)
    add_param(m, "collectable", collectable, add_set(m, "collection_rows", collectable))


def _fill_stockpiles(m: Components, system: System) -> None:
    factor = period_factors(system.periods, system.discount_rate)
    values: dict[str, dict[Key, Any]] = defaultdict(dict)
    opening_cost: Scalar = 0.0
    for good in system.goods.values():
        if good.stockpile is None:
            continue
        pile, zero = good.stockpile, np.zeros(len(system.periods))
        first, last = (
            joined([zero[:1] + pile.opening, zero[1:]]),
            joined([zero[:-1], zero[-1:] + pile.closing]),
        )
        # a period pays for the mean of its opening and closing stock: half a period's rate at
        # either end
        half = factor * system.period_mean(pile.holding_cost) / 2
        values["stock_opening"] |= by_period(system, good.name, first)
        values["least_stock"] |= by_period(system, good.name, last)
        values["most_stock"] |= by_period(system, good.name, zero + pile.maximum)
        values["stock_cost"] |= by_period(
            system, good.name, half + joined([half[..., 1:], zero[:1]])
        )
        opening_cost = opening_cost + scalar(half[..., :1] * pile.opening)
    for parameter in ("stock_opening", "least_stock", "most_stock", "stock_cost"):
        add_param(m, parameter, values[parameter])
    add_set(m, "stockpiles", values["stock_opening"], width=2)
    add_sets(
        m,
        "stored",
        {
            good.name: [good.name] if good.stockpile is not None else []
            for good in system.goods.values()
        },
    )
    m.numbers["opening_cost"] = opening_cost


def _fill_emissions(m: Components, system: System) -> None:
    rates = Series(system.periods, 2)
    emitters: dict[str, list[str]] = {scope: [] for scope in SCOPES}
    for process in system.processes.values():
        for scope, rate in emission_rates(system, process).items():
            if agreed(rate.any(axis=-1)):
                emitters[scope].append(process.name)
                rates.add(scope, process.name, values=rate)
    factor = period_factors(system.periods, system.discount_rate)
    # the price and the emission of a period are means over its years
    price = factor * system.period_mean(system.carbon_price)
    carbon_cost: dict[Key, Any] = {}
    for scope in SCOPES:
        carbon_cost |= by_period(
            system, scope, price if scope == priced_scope(system) else np.zeros(len(system.periods))
        )
    add_sets(m, "emitters", emitters)
    add_param(m, "emission_factor", rates)
    add_param(m, "carbon_cost", carbon_cost)
    add_set(m, "emission_rows", carbon_cost, width=2)
    add_set(m, "footprint_years", [("footprint", p.first) for p in system.periods], width=2)


def first_discount(system: System) -> dict[int, float]:
    """Discount factor of the first year of each period: the basis of duals of state rows."""
    values = discount_factor(
        system.periods[0].first, np.array([p.first for p in system.periods]), system.discount_rate
    )
    return {p.first: float(v) for p, v in zip(system.periods, values, strict=True)}
