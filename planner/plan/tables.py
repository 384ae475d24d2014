"""From the values of the variables to tidy tables: what was supplied, built, paid and emitted, each
number with its unit.

`values` maps variable to index to number, as the linear programme names them; everything is
recomputed here from the System with `planner.system.unit_accounts`, so that the recomputed cost is
a check on the programme. Flows are those of the year of a row, stocks at its end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance
from planner.mfa.demand_measures import after_measures
from planner.mfa.flows import flow_table
from planner.mfa.provenance.trace import Trace, traces
from planner.plan.prices import undiscounted
from planner.plan.schema import COLUMNS
from planner.system.byproducts import host_accounts, residue_inflow
from planner.system.curves import BOUGHT, curves, paid_at, tranches
from planner.system.economics import period_factors
from planner.system.impacts import impact_parts
from planner.system.nouns import SCOPES, Array, Curve, Plant, Process, Scope, System
from planner.system.orders import order_charge, placed
from planner.system.provenance import REFINED, Provenance, is_supplied
from planner.system.selection.subsidies import claimants, relief
from planner.system.trade import goods_supply
from planner.system.unit_accounts import (
    RUN_DOWN,
    emission_parts,
    metals_of,
    priced_scope,
    refined_output,
    running_costs,
    stopping_cost,
    tranche_emission,
    tranche_emission_parts,
)

Values = Mapping[str, Mapping[tuple[Hashable, ...], float]]
Row = tuple[Any, ...]
"""Cells of a table, in the order of its columns."""
AT_THE_END = "end of period"
_GONE = 1e-12
"""A cohort of which less than this share of the stock is left is rounding."""
EXPORT_REVENUE = "export_revenue"
"""Item of the cost table: what is earned by exports at a price, counted negative."""
SUBSIDY = "subsidy"
"""Item of the cost table: what the state pays by policies of this kind, counted negative."""
RENT_ABROAD = "rent_abroad"
"""Item of the cost table: what suppliers abroad earn above their curve and buyers abroad keep below
theirs, counted negative: it is paid, and a price taker's objective leaves it out."""
BENEFIT = "benefit"
"""Item of the cost table: what home buyers would pay at most for what they buy, where demand
answers to price, counted negative; in no cost."""
UNSEEN_COST = "unseen_cost"
"""Item of the cost table: what a calibration found that no source states; in no cost."""
OWN_COST = "own_cost"
"""Beside the variables: what each cost of a user's own comes to, USD per year, by name and year."""


def series(system: System, values: Values, variable: str, name: Hashable) -> Array:
    """One variable of one name over the periods, shape (T,); zero where the programme has no such
    column."""
    column = values.get(variable, {})
    return np.array([column.get((name, p.first), 0.0) for p in system.periods])


def _by_period(system: System, amounts: Array) -> Iterator[tuple[int, float]]:
    """The first year of each period with its amount."""
    return zip((p.first for p in system.periods), amounts, strict=True)


def _nonzero(system: System, amounts: Array) -> Iterator[tuple[int, float]]:
    """The first year of each period that has an amount, with it."""
    return (pair for pair in _by_period(system, amounts) if pair[1])


def table(name: str, rows: Iterable[Row]) -> pd.DataFrame:
    """A result table with its columns, in the order of its rows."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


def joined_metals(metals: Iterable[str]) -> str:
    """Name of the metals of a joint process in a table: `cobalt;lithium`."""
    return ";".join(sorted(metals))


def supply_table(system: System, values: Values, traced: Mapping[str, Trace]) -> pd.DataFrame:
    """Metal supplied by pathway, process and origin, t per year, as traced through the flows:
    refined, with what stockpiles of refined metal gave (draw less fill), and in imported finished
    goods, in refined equivalents.

    Metal counts where it is refined first: what works on refined metal supplies nothing new.
    """
    refined = [*_process_supply(system, values, traced), *_stockpile_supply(system, values)]
    rows = _added_up([*refined, *_goods_supply(system, values)])
    return table("supply", sorted(rows, key=lambda r: r[:5]))


def supply_of(planned: Balance, values: Values) -> pd.DataFrame:
    """The supply table of a solution without the other tables, measures taken; `planned` is the
    balance of the programme."""
    whole = after_measures(planned, values)
    return supply_table(whole.system, values, traces(whole, flow_table(whole, values)))


def _process_supply(system: System, values: Values, traced: Mapping[str, Trace]) -> Iterator[Row]:
    amounts: dict[tuple[str, str, str, str], Array] = {}
    for process in system.processes.values():
        activity = series(system, values, "activity", process.name)
        for metal in metals_of(system, process):
            refined = activity * refined_output(system, process, metal)
            for label, share in _parts_of(traced[metal], process) if refined.any() else ():
                # what crosses the border comes from where it was shipped, all else from its mine
                origin = label.origin if process.at_home else process.origin
                key = metal, label.pathway, process.name, origin
                amounts[key] = amounts.get(key, 0.0) + refined * share
    for (metal, pathway, name, origin), amount in amounts.items():
        for t, v in _by_period(system, amount):
            if v > 0:
                yield metal, t, pathway, name, origin, v, "t/year"


def _parts_of(traced: Trace, process: Process) -> Iterator[tuple[Provenance, Array]]:
    """What a process supplies by provenance, in shares; metal refined before is no supply."""
    parts = zip(traced.labels, traced.of(process.name), strict=True)
    return ((label, share) for label, share in parts if label != REFINED and share.any())


def _goods_supply(system: System, values: Values) -> Iterator[Row]:
    """Metal that comes in within finished goods."""
    for process, metal, pathway, worth in goods_supply(system):
        amount = worth * series(system, values, "activity", process.name)
        for t, v in _nonzero(system, amount):
            yield metal, t, pathway, process.name, process.origin, v, "t/year"


def _added_up(rows: Iterable[Row]) -> list[Row]:
    """Rows of a supply table, one for each key: an import may give refined metal and goods."""
    total: dict[Row, float] = {}
    for *key, value, unit in rows:
        place = (*key, unit)
        total[place] = total.get(place, 0.0) + value
    return [(*place[:-1], value, place[-1]) for place, value in total.items()]


def _stockpile_supply(system: System, values: Values) -> Iterator[Row]:
    for good in system.goods.values():
        if good.stockpile is None or not is_supplied(good):
            continue
        drawn, filled = (series(system, values, each, good.name) for each in ("draw", "fill"))
        for metal, share in good.content.items():
            for t, v in _nonzero(system, drawn - filled):
                yield metal, t, "stockpile", f"stockpile/{good.name}", "", v * share, "t/year"


def stock_table(system: System, balance: Balance, values: Values) -> pd.DataFrame:
    """Use stocks by product, stockpiles and deposits: level at the end of the period (t), in- and
    outflow per year (t/year); and what becomes of the metal that comes with hosts."""
    levels = [
        *_use(balance),
        *_stockpiles(system, values),
        *_deposits(system, values),
        *_hosts(system, values),
    ]
    return table("stocks", [row for each in levels for row in each.rows(system)])


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """One quantity of a stock over the periods."""

    metal: str
    kind: str
    name: str
    quantity: str
    amounts: Array
    convention: str

    def rows(self, system: System) -> Iterator[Row]:
        unit = "t" if self.quantity == "stock" else "t/year"
        for t, v in _by_period(system, self.amounts):
            yield self.metal, t, self.kind, self.name, self.quantity, v, unit, self.convention


def _use(balance: Balance) -> Iterator[_Level]:
    system, convention = balance.system, balance.system.stock_convention
    last = [p.last - system.periods[0].first for p in system.periods]
    for product in system.products.values():
        stock = balance.stocks[product.name]
        amounts = {
            "stock": stock.stock[last],
            "inflow": stock.inflow,
            "outflow": stock.outflow,
        }
        for metal, content in product.content.items():
            for quantity, amount in amounts.items():
                yield _Level(metal, "use", product.name, quantity, content * amount, convention)


def cohort_table(balance: Balance) -> pd.DataFrame:
    """Use stocks by the year in which they entered, t of contained metal at the end of the period.

    Columns: metal, year, name (product), cohort, value, unit, convention. Cohorts of which nothing
    is left are left out.
    """
    system, convention = balance.system, balance.system.stock_convention
    rows = []
    for product in system.products.values():
        stock = balance.stocks[product.name]
        for period in system.periods:
            held = stock.cohorts[period.last - system.periods[0].first]
            for metal, content in product.content.items():
                for cohort, amount in zip(stock.cohort_years, held, strict=True):
                    if amount > _GONE * held.sum():
                        of = metal, period.first, product.name, cohort
                        rows.append((*of, float(content * amount), "t", convention))
    columns = ["metal", "year", "name", "cohort", "value", "unit", "convention"]
    return pd.DataFrame(rows, columns=columns)


def _stockpiles(system: System, values: Values) -> Iterator[_Level]:
    for good in system.goods.values():
        for metal, content in good.content.items() if good.stockpile is not None else ():
            for variable, quantity, convention in (
                ("stockpile", "stock", AT_THE_END),
                ("fill", "fill", ""),
                ("draw", "draw", ""),
            ):
                amounts = content * series(system, values, variable, good.name)
                yield _Level(metal, "stockpile", good.name, quantity, amounts, convention)


def _deposits(system: System, values: Values) -> Iterator[_Level]:
    run = _activities(system, values)
    for deposit in system.deposits.values():
        level = series(system, values, "remaining", deposit.name)
        yield _Level(deposit.metal, "deposit", deposit.name, "stock", level, AT_THE_END)
        if deposit.filled_by:
            filled = residue_inflow(system, deposit, run)
            yield _Level(deposit.metal, "deposit", deposit.name, "fill", filled, "")


def _activities(system: System, values: Values) -> dict[str, Array]:
    return {name: series(system, values, "activity", name) for name in system.processes}


def _hosts(system: System, values: Values) -> Iterator[_Level]:
    """What comes with each host of stated content, and what becomes of it: won, laid down as
    residue, lost."""
    for account in host_accounts(system, _activities(system, values)):
        for quantity, amount in account.quantities.items():
            yield _Level(account.metal, "host", account.host, quantity, amount, "")


def capacity_table(system: System, values: Values) -> pd.DataFrame:
    """By plant and year: capacity, what stood without new orders, what was ordered in the year, and
    what was used."""
    rows: list[Row] = []
    used = _used_capacity(system, values)
    for plant in system.plants.values():
        amounts = {
            "capacity": series(system, values, "capacity", plant.name),
            "existing": plant.existing,
            "used": used[plant.name],
            "ordered": orders(system, values, plant) @ placed(system, plant),
        }
        for i, period in enumerate(system.periods):
            rows += [
                (plant.name, period.first, quantity, amount[i], "t/year")
                for quantity, amount in amounts.items()
            ]
    return table("capacity", rows)


def _used_capacity(system: System, values: Values) -> dict[str, Array]:
    """Capacity of each plant that its processes take, t per year, shape (T,)."""
    used = {name: np.zeros(len(system.periods)) for name in system.plants}
    for process in system.processes.values():
        if process.plant:
            activity = series(system, values, "activity", process.name)
            used[process.plant] = used[process.plant] + process.loading * activity
    return used


@dataclass(frozen=True, slots=True, eq=False)
class _Cost:
    """One cost over the periods, USD per year."""

    item: str
    name: str
    metal: str
    yearly: Array
    present: Array | None = None
    """USD; the yearly cost times the discount factor where None."""

    def rows(self, system: System, factor: Array) -> Iterator[Row]:
        present = factor * self.yearly if self.present is None else self.present
        unit = f"USD_{system.currency_year}/year"
        for period, v, w in zip(system.periods, self.yearly, present, strict=True):
            if v or w:
                yield self.item, self.name, self.metal, period.first, v, w, unit


def cost_table(system: System, values: Values) -> pd.DataFrame:
    """Every cost of the plan: yearly value (USD/year, undiscounted) and the present value of its
    period (USD).

    The sum of present_value is the objective, recomputed from the tables and not from the
    programme. The transfer (a payment between parties at home) is listed with a present value of 0,
    since the country as a whole pays nothing.
    """
    factor = period_factors(system.periods, system.discount_rate)
    costs = (
        *_process_costs(system, values),
        *_tranche_costs(system, values),
        *_good_costs(system, values),
        *_option_costs(system, values),
        *_plant_costs(system, values),
        *_curve_costs(system, values),
        *_breach_costs(system, values),
        *_subsidies(system, values),
        *_own_costs(system, values),
    )
    return table("costs", [row for cost in costs for row in cost.rows(system, factor)])


def _own_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Costs that somebody added to the model."""
    for name in dict.fromkeys(index[0] for index in values.get(OWN_COST, {})):
        yield _Cost("own", str(name), "", series(system, values, OWN_COST, str(name)))


def _process_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Running costs of processes, transfers, and the prices of carbon and other impacts."""
    carbon_price, scope = system.carbon_price, priced_scope(system)
    priced = [impact for impact in system.impacts.values() if impact.price.any()]
    for process in system.processes.values():
        activity = series(system, values, "activity", process.name)
        name, metals = process.name, joined_metals(metals_of(system, process))
        for item, cost in running_costs(system, process).items():
            yield _Cost(item, name, metals, cost * activity)
        if (unseen := process.unseen) is not None:
            beyond = series(system, values, "beyond", name)
            yield _Cost(UNSEEN_COST, name, metals, unseen.cost * activity + unseen.rise * beyond)
        transfer = process.transfer * activity
        yield _Cost("transfer", name, metals, transfer, np.zeros(len(activity)))
        emission = _in_scope(emission_parts(system, process), scope)
        yield _Cost("carbon_price", name, metals, carbon_price * emission * activity)
        for impact in priced:
            rate = _in_scope(impact_parts(impact, process), impact.scope)
            of = f"{impact.name}/{name}"
            yield _Cost("impact_price", of, metals, impact.price * rate * activity)


def _in_scope(parts: Iterable[tuple[Scope, str, Array]], scope: Scope) -> Array | int:
    """Sum of the parts of a rate in one scope."""
    return sum(part for at, _, part in parts if at == scope)


def _tranche_costs(system: System, values: Values) -> Iterator[_Cost]:
    """The carbon price on what is dug."""
    for deposit, step in tranches(system):
        emitted = tranche_emission(system, step) * series(system, values, "step", step.label)
        name = f"deposit/{step.label}"
        yield _Cost("carbon_price", name, deposit.metal, system.carbon_price * emitted)


def _good_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Disposal, shortage and the holding of stockpiles."""
    for good in system.goods.values():
        name, metals = good.name, joined_metals(good.content)
        disposed = series(system, values, "disposal", name)
        yield _Cost("disposal", name, metals, good.disposal_cost * disposed)
        if good.shortage_cost is not None:
            short = series(system, values, "shortage", name)
            yield _Cost("shortage", name, metals, good.shortage_cost * short)
        if good.stockpile is not None:
            level = series(system, values, "stockpile", name)
            before = np.append(good.stockpile.opening, level[:-1])
            holding = good.stockpile.holding_cost * (before + level) / 2
            yield _Cost("stockpile_holding", name, metals, holding)


def _option_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Demand measures, exploration and taking back, with what is paid to those who hand in."""
    for back in system.take_back.values():
        metals = joined_metals(system.goods[back.good].content)
        tonnes = series(system, values, "taken_back", back.good)
        yield _Cost("take_back", back.good, metals, back.cost * tonnes)
        paid = back.fee * tonnes
        yield _Cost("transfer", back.good, metals, paid, np.zeros(len(paid)))
    for measure in system.measures.values():
        metals = joined_metals(system.goods[measure.good].content)
        taken = series(system, values, "measure", measure.name)
        yield _Cost("measure", measure.name, metals, measure.cost * taken)
    for option in system.exploration.values():
        metal = system.deposits[option.deposit].metal
        explored = series(system, values, "explored", option.deposit)
        yield _Cost("exploration", option.deposit, metal, option.cost * explored)


def _curve_costs(system: System, values: Values) -> Iterator[_Cost]:
    """What is paid by the steps of curves, what exports at a price earn, and what of it the
    objective of a price taker leaves out."""
    for of, curve, sign in curves(system):
        minimised, paid = np.zeros(len(system.periods)), np.zeros(len(system.periods))
        for step in curve.values():
            taken = series(system, values, "step", step.label)
            minimised = minimised + step.price * taken
            paid = paid + paid_at(system, of, step) * taken
        item = _item_of_curve(system, of, sign)
        metals = joined_metals(_metals_of_curve(system, of))
        yield _Cost(item, of, metals, sign * paid)
        yield _Cost(RENT_ABROAD, of, metals, sign * (minimised - paid))


def _item_of_curve(system: System, of: str, sign: float) -> str:
    if sign == BOUGHT:
        return "curve"
    return BENEFIT if system.goods[of].answers else EXPORT_REVENUE


def _metals_of_curve(system: System, of: str) -> Iterable[str]:
    if of in system.processes:
        return metals_of(system, system.processes[of])
    return [system.deposits[of].metal] if of in system.deposits else system.goods[of].content


def _plant_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Fixed cost of what stands, annuities of what is ordered."""
    processes = system.processes.values()
    for plant in system.plants.values():
        metals = _metals_worked(system, [p for p in processes if p.plant == plant.name])
        standing = series(system, values, "capacity", plant.name)
        fixed = plant.fixed_cost * standing
        yield _Cost("fixed_cost", plant.name, metals, fixed)
        ordered = orders(system, values, plant)
        if ordered.any():
            present = ordered @ order_charge(system, plant)
            yield _Cost("capital", plant.name, metals, undiscounted(system, present), present)


def orders(system: System, values: Values, plant: Plant) -> Array:
    """Order of each period, shape (V,); zero where the programme has no such column."""
    column = values.get("new_capacity", {})
    return np.array([column.get((plant.name, p.first), 0.0) for p in system.order_periods])


def _breach_costs(system: System, values: Values) -> Iterator[_Cost]:
    """Penalties of soft targets, by policy and subject."""
    found: dict[tuple[str, str], Array] = {}
    position = {p.first: i for i, p in enumerate(system.periods)}
    for (policy, subject, t), amount in values.get("breach", {}).items():
        amounts = found.setdefault((str(policy), str(subject)), np.zeros(len(position)))
        amounts[position[t]] = amount  # type: ignore[index]
    for (name, subject), amounts in found.items():
        if name == RUN_DOWN:
            rho = stopping_cost(system, system.ramps[subject])
            yield _Cost("breach", f"{name}/{subject}", "", rho * amounts)
        policy = system.policies.get(name)
        if policy is not None and policy.penalty is not None:
            yield _Cost("breach", f"{name}/{subject}", policy.metal, policy.penalty * amounts)


def _subsidies(system: System, values: Values) -> Iterator[_Cost]:
    """What the state pays by policy and claimant, below zero."""
    claimed = values.get("claimed", {})
    for policy in system.policies.values():
        for claim in claimants(system, policy) if policy.kind == SUBSIDY else ():
            name = claim.name
            amount = np.array([claimed.get((policy.name, name, t), 0.0) for t in claim.starts])
            present = -(amount @ relief(system, policy, claim))
            worked = [p for p in system.processes.values() if name in (p.name, p.plant)]
            metals = _metals_worked(system, worked)
            whole = f"{policy.name}/{name}"
            yield _Cost(SUBSIDY, whole, metals, undiscounted(system, present), present)


def _metals_worked(system: System, processes: Iterable[Process]) -> str:
    """Name of the metals of all these processes in a table."""
    return joined_metals({metal for process in processes for metal in metals_of(system, process)})


def curve_table(system: System, values: Values) -> pd.DataFrame:
    """Each step of each curve by year: its price, what there is of it, and what the plan takes."""
    return table(
        "curves", [row for curve in curves(system) for row in _curve_rows(system, values, *curve)]
    )


def _curve_rows(
    system: System, values: Values, of: str, curve: Curve, sign: float
) -> Iterator[Row]:
    kind = _kind_of_curve(system, of, sign)
    money, nothing = f"USD_{system.currency_year}/t", np.full(len(system.periods), np.nan)
    for name, step in curve.items():
        taken = series(system, values, "step", step.label)
        quantities = (
            ("price", step.price, money),
            ("outlay", nothing if step.outlay is None else step.outlay, money),
            ("amount", step.amount, "t/year"),
            ("left", step.reserve - np.cumsum(taken), "t"),
            ("taken", taken, "t/year"),
        )
        for quantity, amounts, unit in quantities:
            for year, value in _by_period(system, amounts):
                if np.isfinite(value):
                    yield of, kind, name, year, quantity, float(value), unit


def _kind_of_curve(system: System, of: str, sign: float) -> str:
    if sign == BOUGHT:
        return "deposit" if of in system.deposits else "supply"
    return "demand" if system.goods[of].answers else "export"


def emission_table(system: System, values: Values) -> pd.DataFrame:
    """Emissions by scope, process and part, t CO2e per year. The footprint repeats the territorial
    parts and adds those abroad."""
    return table("emissions", _emission_rows(system, values))


def _emission_rows(system: System, values: Values) -> Iterator[Row]:
    for process in system.processes.values():
        activity = series(system, values, "activity", process.name)
        metals = joined_metals(metals_of(system, process))
        for scope, part, rate in emission_parts(system, process):
            for t, v in _nonzero(system, rate * activity):
                yield scope, metals, process.name, t, part, v, "tCO2e/year"
    for deposit, step in tranches(system):
        dug = series(system, values, "step", step.label)
        found = tranche_emission_parts(system, step)
        for scope, part, rate in found:
            key = scope, deposit.metal, f"deposit/{step.label}"
            for t, v in _nonzero(system, rate * dug):
                yield *key, t, part, v, "tCO2e/year"


def impact_table(system: System, values: Values) -> pd.DataFrame:
    """Impacts beside carbon by scope, process and part, in the unit of each per year; the footprint
    repeats the territorial parts and adds what imports bring."""
    return table("impacts", _impact_rows(system, values))


def _impact_rows(system: System, values: Values) -> Iterator[Row]:
    for impact in system.impacts.values():
        unit = f"{impact.unit}/year"
        for process in system.processes.values():
            activity = series(system, values, "activity", process.name)
            of = process.stage, process.name, process.origin
            for scope, part, rate in impact_parts(impact, process):
                metals = joined_metals(metals_of(system, process))
                for t, v in _nonzero(system, rate * activity):
                    yield impact.name, scope, metals, *of, t, part, v, unit


def total_emissions(system: System, emissions: pd.DataFrame) -> dict[str, float]:
    """Cumulative emissions by scope, t CO2e: the emission of a year times the length of its
    period."""
    length = {p.first: p.length for p in system.periods}
    weighted = emissions["value"] * emissions["year"].map(length)
    sums = weighted.groupby(emissions["scope"]).sum()
    return {scope: float(sums.get(scope, 0.0)) for scope in SCOPES}
