"""From the values of the variables to tidy tables: what was supplied, built, paid and emitted, each
number with its unit.

`values` maps variable to index to number, as the linear programme names them; everything is
recomputed here from the System with `planner.system.unit_accounts`, so that the recomputed cost is
a check on the programme. The year of a row is the first of its period; flows are per year, stocks
at the end of the period.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance
from planner.plan.prices import undiscounted
from planner.plan.schema import COLUMNS
from planner.system.economics import capital_charge, period_factors
from planner.system.nouns import SCOPES, Array, System
from planner.system.unit_accounts import (
    emission_parts,
    metals_of,
    priced_scope,
    refined_output,
    running_costs,
)

Values = Mapping[str, Mapping[tuple[Hashable, ...], float]]


def series(system: System, values: Values, variable: str, name: Hashable) -> Array:
    """One variable of one name over the periods, shape (T,); zero where the programme has no such
    column."""
    column = values.get(variable, {})
    return np.array([column.get((name, p.first), 0.0) for p in system.periods])


def table(name: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """A result table with its columns, in the order of its rows."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


def joined_metals(metals: Iterable[str]) -> str:
    """How a table names the metals of a joint process: `cobalt;lithium`."""
    return ";".join(sorted(metals))


def supply_table(system: System, values: Values) -> pd.DataFrame:
    """Refined metal supplied by process and pathway, t per year, with what stockpiles of refined
    metal gave (draw less fill)."""
    rows: list[tuple[Any, ...]] = []
    years = [p.first for p in system.periods]
    for process in system.processes.values():
        if process.pathway is None:
            continue
        activity = series(system, values, "activity", process.name)
        for metal in metals_of(system, process):
            amount = activity * refined_output(system, process, metal)
            rows += [
                (metal, t, process.pathway, process.name, process.origin, v, "t/year")
                for t, v in zip(years, amount, strict=True)
                if v > 0
            ]
    for good in system.goods.values():
        if good.stockpile is not None and good.kind == "refined":
            net = series(system, values, "draw", good.name) - series(
                system, values, "fill", good.name
            )
            rows += [
                (metal, t, "stockpile", f"stockpile/{good.name}", "", v * share, "t/year")
                for metal, share in good.content.items()
                for t, v in zip(years, net, strict=True)
                if v
            ]
    return table("supply", sorted(rows, key=lambda r: (r[0], r[1], r[2], r[3])))


def stock_table(system: System, balance: Balance, values: Values) -> pd.DataFrame:
    """Use stocks by product, stockpiles and deposits: level at the end of the period (t), in- and
    outflow per year (t/year)."""
    rows: list[tuple[Any, ...]] = []
    years = [p.first for p in system.periods]
    last = [p.last - system.periods[0].first for p in system.periods]
    for product in balance.system.products.values():
        stock = balance.stocks[product.name]
        for metal, content in product.content.items():
            for i, t in enumerate(years):
                rows.append(
                    (
                        metal,
                        t,
                        "use",
                        product.name,
                        "stock",
                        content * stock.stock[last[i]],
                        "t",
                        system.stock_convention,
                    )
                )
            for quantity, flow in (("inflow", stock.inflow), ("outflow", stock.outflow)):
                mean = content * system.period_mean(flow)
                rows += [
                    (metal, t, "use", product.name, quantity, v, "t/year", system.stock_convention)
                    for t, v in zip(years, mean, strict=True)
                ]
    for good in system.goods.values():
        if good.stockpile is not None:
            for metal, content in good.content.items():
                level = content * series(system, values, "stockpile", good.name)
                rows += [
                    (metal, t, "stockpile", good.name, "stock", v, "t", "end of period")
                    for t, v in zip(years, level, strict=True)
                ]
                for quantity in ("fill", "draw"):
                    flow = content * series(system, values, quantity, good.name)
                    rows += [
                        (metal, t, "stockpile", good.name, quantity, v, "t/year", "")
                        for t, v in zip(years, flow, strict=True)
                    ]
    for deposit in system.deposits.values():
        level = series(system, values, "remaining", deposit.name)
        rows += [
            (deposit.metal, t, "deposit", deposit.name, "stock", v, "t", "end of period")
            for t, v in zip(years, level, strict=True)
        ]
    return table("stocks", rows)


def capacity_table(system: System, values: Values) -> pd.DataFrame:
    """By plant and year: capacity, what stood without new orders, what was ordered in the period,
    and what was used."""
    rows: list[tuple[Any, ...]] = []
    used: dict[str, Array] = {}
    for process in system.processes.values():
        if process.plant:
            used[process.plant] = used.get(process.plant, 0.0) + process.loading * series(
                system, values, "activity", process.name
            )
    for plant in system.plants.values():
        parts = {
            "capacity": series(system, values, "capacity", plant.name),
            "existing": system.period_mean(plant.existing),
            "used": used.get(plant.name, np.zeros(len(system.periods))),
            "ordered": series(system, values, "new_capacity", plant.name),
        }
        for i, period in enumerate(system.periods):
            rows += [
                (plant.name, period.first, quantity, part[i], "t/year")
                for quantity, part in parts.items()
            ]
    return table("capacity", rows)


def cost_table(system: System, values: Values) -> pd.DataFrame:
    """Every cost of the plan: yearly value (USD/year, undiscounted) and the present value of its
    period (USD).

    The sum of present_value is the objective, recomputed from the tables and not from the
    programme. The transfer (a payment between parties at home) is listed with a present value of 0,
    since it is no cost of the country.
    """
    factor = period_factors(system.periods, system.discount_rate)
    rows: list[tuple[Any, ...]] = []

    def add(item: str, name: str, metal: str, yearly: Array, present: Array | None = None) -> None:
        worth = factor * yearly if present is None else present
        rows.extend(
            (item, name, metal, p.first, v, w, f"USD_{system.currency_year}/year")
            for p, v, w in zip(system.periods, yearly, worth, strict=True)
            if v or w
        )

    for process in system.processes.values():
        activity, metals = (
            series(system, values, "activity", process.name),
            joined_metals(metals_of(system, process)),
        )
        for item, cost in running_costs(system, process).items():
            add(item, process.name, metals, cost * activity)
        add(
            "transfer",
            process.name,
            metals,
            system.period_mean(process.transfer) * activity,
            np.zeros(len(factor)),
        )
        emission = sum(
            part
            for scope, _, part in emission_parts(system, process)
            if scope == priced_scope(system)
        )
        add(
            "carbon_price",
            process.name,
            metals,
            system.period_mean(system.carbon_price) * emission * activity,
        )
    for good in system.goods.values():
        metals = joined_metals(good.content)
        add(
            "disposal",
            good.name,
            metals,
            system.period_mean(good.disposal_cost) * series(system, values, "disposal", good.name),
        )
        if good.shortage_cost is not None:
            add(
                "shortage",
                good.name,
                metals,
                system.period_mean(good.shortage_cost)
                * series(system, values, "shortage", good.name),
            )
        if good.stockpile is not None:
            level = series(system, values, "stockpile", good.name)
            before = np.append(good.stockpile.opening, level[:-1])
            add(
                "stockpile_holding",
                good.name,
                metals,
                system.period_mean(good.stockpile.holding_cost) * (before + level) / 2,
            )
    for measure in system.measures.values():
        add(
            "measure",
            measure.name,
            joined_metals(system.goods[measure.good].content),
            system.period_mean(measure.cost) * series(system, values, "measure", measure.name),
        )
    for option in system.exploration.values():
        add(
            "exploration",
            option.deposit,
            system.deposits[option.deposit].metal,
            system.period_mean(option.cost) * series(system, values, "explored", option.deposit),
        )
    _plant_costs(system, values, add)
    _breach_costs(system, values, add)
    return table("costs", rows)


def _plant_costs(system: System, values: Values, add: Any) -> None:
    metals: dict[str, set[str]] = {name: set() for name in system.plants}
    for process in system.processes.values():
        if process.plant:
            metals[process.plant] |= set(metals_of(system, process))
    for plant in system.plants.values():
        owners = joined_metals(metals[plant.name])
        add(
            "fixed_cost",
            plant.name,
            owners,
            system.period_mean(plant.fixed_cost) * series(system, values, "capacity", plant.name),
        )
        ordered = series(system, values, "new_capacity", plant.name)
        if ordered.any():
            first = system.periods[0].first
            price = plant.capital_cost[[p.first - first for p in system.periods]]
            charge = capital_charge(
                system.periods,
                np.nan_to_num(price),
                plant.interest_rate,
                system.discount_rate,
                plant.life,
                plant.lead_time,
            )
            present = ordered @ charge
            add("capital", plant.name, owners, undiscounted(system, present), present)


def _breach_costs(system: System, values: Values, add: Any) -> None:
    found: dict[tuple[str, str], Array] = {}
    position = {p.first: i for i, p in enumerate(system.periods)}
    for (policy, subject, t), amount in values.get("breach", {}).items():
        found.setdefault((str(policy), str(subject)), np.zeros(len(position)))[position[t]] = amount  # type: ignore[index]
    for (policy, subject), amounts in found.items():
        penalty = system.policies[policy].penalty if policy in system.policies else None
        if penalty is not None:
            metal = system.policies[policy].metal
            add("breach", f"{policy}/{subject}", metal, penalty * amounts)


def emission_table(system: System, values: Values) -> pd.DataFrame:
    """Emissions by scope, process and part, t CO2e per year. The footprint repeats the territorial
    parts and adds those abroad."""
    rows: list[tuple[Any, ...]] = []
    for process in system.processes.values():
        activity, metals = (
            series(system, values, "activity", process.name),
            joined_metals(metals_of(system, process)),
        )
        for scope, part, rate in emission_parts(system, process):
            rows += [
                (scope, metals, process.name, p.first, part, v, "tCO2e/year")
                for p, v in zip(system.periods, rate * activity, strict=True)
                if v
            ]
    return table("emissions", rows)


def total_emissions(system: System, emissions: pd.DataFrame) -> dict[str, float]:
    """Cumulative emissions by scope, t CO2e: each year's emission times the length of its period."""
    length = {p.first: p.length for p in system.periods}
    weighted = emissions["value"] * emissions["year"].map(length)
    sums = weighted.groupby(emissions["scope"]).sum()
    return {scope: float(sums.get(scope, 0.0)) for scope in SCOPES}
