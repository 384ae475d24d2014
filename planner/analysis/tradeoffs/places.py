r"""What a plan costs each place, with and without the revenue of its tariffs, and what it emits.

The programme minimises what is paid at all places together, tariffs and duties among it: they are
in the price that the plan of a buyer sees. So the plan is the equilibrium of buyers and sellers who
take prices as given, and a good costs at the place that buys it what it costs where it comes from,
freight and all that is levied (Samuelson 1952, Am. Econ. Rev. 42:283; Takayama and Judge 1971,
Spatial and Temporal Price and Allocation Models). What is levied is no resource that is used up:
the place that levies it has it.

$$cost_n = own_n + duties_n + purchases_n - sales_n,\qquad net_n = cost_n - revenue_n$$

Own is what is paid for what runs, stands and is kept at a place, with the freight of what comes in;
purchases and sales are valued at the shadow price of the good at the place that sells. Over all
places purchases and sales cancel, so that the costs add up to that of the plan, and without the
revenue to what it uses up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from planner.plan.headline import NOT_PAID
from planner.plan.plan import Plan
from planner.plan.tables import SUBSIDY, series
from planner.system.nouns import HOME, Array, System
from planner.system.places import place_of_deposits, place_of_plants
from planner.system.unit_accounts import (
    demand_by_good,
    in_refined_metal,
    reported_requirement,
)

COLUMNS = ("place", "item", "metal", "year", "value", "present_value", "unit")
LEVIED = ("duty", "border_adjustment")
"""Items of the cost table that a place levies on what comes in."""
COSTS = ("own", "duties", "purchases", "sales", "cost", "revenue", "cost net of revenue", "penalty")
"""Items of money, in this order."""
OF_GOODS = ("disposal", "shortage", "stockpile_holding", "take_back", "export_revenue")
"""Items that the cost table has by good."""
_Money = dict[tuple[str, str], tuple[Array, Array]]
"""By place and item: USD per year and present value, shape (T,) each."""


def places(plan: Plan) -> pd.DataFrame:
    """Accounts of each place: place, item, metal, year, value, present_value, unit.

    Money (USD/year of the study's currency year, with its present value in USD): `own`, `duties`
    (paid on what comes in, border adjustments too), `purchases`, `sales` (negative), their sum
    `cost`, `revenue` (what the place levies), `cost net of revenue`, and apart from them `penalty`
    (demand not served, targets missed). Of each metal `requirement` and `shortage` (t/year of
    refined equivalents, or contained metal where the study states none). `emissions` (t CO2e/year)
    of what runs at a place, of the transport of what comes in and of what imports embody, by the
    metal of the process. The country of the study stands by its name.
    """
    system = plan.system
    rows = [*_money_rows(plan), *_metal_rows(plan), *_emission_rows(plan)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.assign(place=frame["place"].map(system.name_of_place))


def country_cost(plan: Plan) -> Mapping[str, float]:
    """The items of money of the country of the study, present value in USD."""
    found = _money(plan)
    return {item: float(found[HOME, item][1].sum()) for item in COSTS}


def _money_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    unit = f"USD_{plan.system.currency_year}/year"
    for (place, item), (yearly, present) in _money(plan).items():
        for year, value, worth in zip(plan.system.years, yearly, present, strict=True):
            yield place, item, "", year, float(value), float(worth), unit


def _money(plan: Plan) -> _Money:
    """Every item of every place."""
    system = plan.system
    nothing = np.zeros(len(system.years))
    found: _Money = {
        (place, item): (nothing, nothing) for place in (HOME, *system.abroad) for item in COSTS
    }
    for place, item, yearly, present in (*_paid(plan), *_traded(plan)):
        before = found[place, item]
        found[place, item] = before[0] + yearly, before[1] + present
    for place in (HOME, *system.abroad):
        parts = [found[place, item] for item in COSTS[:4]]
        cost = tuple(np.sum([part[i] for part in parts], axis=0) for i in range(2))
        levied = found[place, "duties"]
        found[place, "cost"] = cost[0], cost[1]
        found[place, "revenue"] = levied
        found[place, "cost net of revenue"] = cost[0] - levied[0], cost[1] - levied[1]
    return found


def _paid(plan: Plan) -> Iterator[tuple[str, str, Array, Array]]:
    """What the cost table says, by the place that pays it; what is levied on trade, or on imports
    at a border, is paid where it comes in."""
    system, years = plan.system, list(plan.system.years)
    # transfers between parties of the country are listed there and cost it nothing
    table = plan.costs[~plan.costs["item"].isin(["transfer", SUBSIDY])]
    for (item, name), part in table.groupby(["item", "name"]):
        whole = part.groupby("year")[["value", "present_value"]].sum().reindex(years).fillna(0.0)
        kind = "duties" if item in LEVIED else "own"
        kind = "penalty" if item in NOT_PAID else kind
        yearly, present = whole["value"].to_numpy(float), whole["present_value"].to_numpy(float)
        yield _payer(system, str(item), str(name)), kind, yearly, present


def _payer(system: System, item: str, name: str) -> str:
    """Who pays for what the cost table names: the place where it stands, or goes to."""
    if item in ("fixed_cost", "capital"):
        return place_of_plants(system).get(name, HOME)
    if item == "exploration":
        return place_of_deposits(system).get(name, HOME)
    if item == "measure":
        return system.goods[system.measures[name].good].place
    if name in system.processes and item not in OF_GOODS:
        return system.processes[name].place
    if name in system.goods:
        return system.goods[name].place
    return place_of_deposits(system).get(name, HOME)


def _traded(plan: Plan) -> Iterator[tuple[str, str, Array, Array]]:
    """Purchases and sales between places, at the price where the good comes from."""
    system = plan.system
    prices = plan.prices[plan.prices["family"] == "balance"].set_index(["index", "year"])
    worth = prices[["value", "present_value"]].to_dict("index")
    for process in system.processes.values():
        for good in process.inputs if process.is_trade else ():
            taken = series(system, plan.values, "activity", process.name)
            yearly, present = (
                taken * np.array([worth.get((good, y), {}).get(column, 0.0) for y in system.years])
                for column in ("value", "present_value")
            )
            yield process.place, "purchases", yearly, present
            yield process.source, "sales", -yearly, -present


def _metal_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    system = plan.system
    for place in (HOME, *system.abroad):
        for metal in system.metals:
            demand = demand_by_good(system, metal=metal, place=place)
            short = {name: series(system, plan.values, "shortage", name) for name in demand}
            for item, amounts in (
                ("requirement", reported_requirement(system, metal, place=place)),
                ("shortage", in_refined_metal(system, metal, short)),
            ):
                for year, value in zip(system.years, amounts, strict=True):
                    yield place, item, metal, year, float(value), np.nan, "t/year"


def _emission_rows(plan: Plan) -> Iterator[tuple[object, ...]]:
    """The footprint by the place where it is emitted; transport, and what imports embody, by where
    it goes to."""
    at = {process.name: process.place for process in plan.system.processes.values()}
    table = plan.emissions[plan.emissions["scope"] == "footprint"]
    sums = table.assign(place=table["process"].map(at)).groupby(["place", "metal", "year"])
    for place, metal, year, value in sums["value"].sum().reset_index().itertuples(index=False):
        yield place, "emissions", metal, year, float(value), np.nan, "tCO2e/year"
