"""What the experiments ask: facts of `data/`, plans of China, simulations of the world, and cohort
runs over history. Each is made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

import planner
from models.china.derive.common import Facts, at_year
from planner.mfa.balance import Balance
from planner.mfa.lifetimes import Lifetime
from planner.mfa.simulate import Simulation, simulate
from planner.mfa.stocks import inflow_driven
from planner.plan.plan import Plan
from planner.system.nouns import Array

FACTS = Facts()
HISTORY = range(1990, 2022)


@cache
def china(scenario: str = "reference") -> Plan:
    """The least-cost plan of China."""
    return planner.solve(planner.read("china", scenario=scenario))


@cache
def world(scenario: str = "reference") -> Simulation:
    """All flows of the world study."""
    return simulate(planner.balance(planner.read("world", scenario=scenario)))


def at(balance: Balance, series: Array, year: int) -> float:
    return float(series[balance.system.years.index(year)])


def waste(scenario: str, metal: str) -> Array:
    """t a year that leaves use in the world, shape (Y,)."""
    return np.asarray(world(scenario).balance.arising[f"{metal}/waste"])


def activity(scenario: str, process: str) -> Array:
    """t a year through a process of the world, shape (T,)."""
    run = world(scenario)
    return np.array([run.values["activity"][process, year] for year in run.balance.system.years])


def share(scenario: str, metal: str, pathways: Sequence[str], year: int) -> float:
    """Share of what China is supplied in a year; new scrap is not counted."""
    mix = china(scenario).mix
    rows = mix[(mix["metal"] == metal) & (mix["year"] == year) & mix["pathway"].isin(pathways)]
    return float(rows["share"].sum())


def moved(scenario: str, metal: str, year: int, column: str, prefix: str) -> float:
    """t a year of the flows of a plan whose source or target begins so."""
    flows = china(scenario).flows
    rows = flows[
        (flows["metal"] == metal) & (flows["year"] == year) & flows[column].str.startswith(prefix)
    ]
    return float(rows["value"].sum())


def demand(scenario: str, metal: str, year: int, products: Sequence[str]) -> float:
    """t a year of demand of China for the products of a metal."""
    system = china(scenario).system
    position = system.years.index(year)
    series = [system.goods[f"{metal}/{product}"].demand for product in products]
    return sum(float(s[position]) for s in series if s is not None)


def life(metal: str, item: str) -> Lifetime:
    """Lifetime of a product in China, as lifetimes.csv has it; fixed where it gives only a mean."""
    found = {
        f"lifetime_{name}": FACTS.all(
            "lifetimes", metal=metal, region="china", variable=f"lifetime_{name}", item=item
        )
        for name in ("mean", "sd", "shape")
    }
    value = {name: facts[0].value for name, facts in found.items() if facts}
    mean = value["lifetime_mean"]
    if "lifetime_shape" in value:
        return Lifetime.of("weibull", mean, shape=value["lifetime_shape"])
    return (
        Lifetime.of("normal", mean, sd=value["lifetime_sd"])
        if "lifetime_sd" in value
        else Lifetime.of("fixed", mean)
    )


@dataclass(frozen=True)
class Cohorts:
    """Stock (t, end of year) and outflow (t a year) of one product over `years`."""

    years: tuple[int, ...]
    stock: Array
    outflow: Array

    def stock_in(self, year: int) -> float:
        return float(self.stock[self.years.index(year)])

    def waste_in(self, year: int) -> float:
        return float(self.outflow[self.years.index(year)])


def cohorts(years: Sequence[int], inflow: Array, lifetime: Lifetime) -> Cohorts:
    run = inflow_driven(inflow, lifetime)
    return Cohorts(tuple(years), np.asarray(run.stock), np.asarray(run.outflow))


@cache
def lithium_history() -> Mapping[str, Cohorts]:
    """Lithium in use in China from 1990 to 2021, by product. Greases and other chemicals have no
    history: they hold their use of 2021."""
    found = {}
    for item in (
        "ceramics_glass",
        "ev_battery",
        "ess_battery",
        "consumer_electronics",
        "greases",
        "other_chemical",
    ):
        now = FACTS.one(
            "demand_china",
            metal="lithium",
            variable="demand_enduse_domestic",
            item=item,
            scenario="CP",
            year=2021,
        ).value
        past = FACTS.all("enduse_inflow_history", metal="lithium", item=item)
        inflow = [
            now if year == HISTORY[-1] or not past else at_year(past, year) for year in HISTORY
        ]
        found[item] = cohorts(HISTORY, np.array(inflow), life("lithium", item))
    return found


@cache
def germanium_history() -> Cohorts:
    """Germanium in use in China from 1990 to 2020, all products with the life of infrared optics
    (20 years)."""
    past = FACTS.series("enduse_inflow_history", metal="germanium", item="total")
    return cohorts(
        [f.year or 0 for f in past],
        np.array([f.value for f in past]),
        life("germanium", "infrared_optics"),
    )


COBALT = {
    "ev_battery": "ev_ess_battery",
    "laptops": "laptops_tablets",
    "phones": "phones",
    "other_portable": "other_portable",
    "superalloys": "superalloys",
    "hard_metals": "hard_metals",
    "catalysts": "catalysts",
    "ceramics_pigments": "ceramics_pigments",
    "other": "other",
}
"""Use of the world's cobalt to the item of lifetimes.csv."""


@cache
def cobalt_shares() -> Mapping[str, float]:
    """Shares of use of 2021 and 2022; other portable: what laptops and phones leave of portable;
    other: what all leave of the whole."""

    def fact(item: str) -> float:
        return FACTS.all(
            "demand_history", metal="cobalt", region="world", variable="enduse_share", item=item
        )[0].value

    shares = {item: fact(item) for item in COBALT if item not in ("other", "other_portable")}
    shares["other_portable"] = fact("portable") - shares["laptops"] - shares["phones"]
    return {**shares, "other": 1 - sum(shares.values())}


VEHICLE_GROWTH = 0.30
"""A year, 2010-2021: growth of cobalt in vehicles as the paper has it (S083); before it none."""
FIRST_VEHICLES = 2010
PORTABLE = ("laptops", "phones", "other_portable")


def battery_share(years: Sequence[int]) -> Array:
    """Share of the world's cobalt that goes into batteries, shape (Y,): 0.01 in the mid-nineties,
    0.23 in 2007, 0.42 in 2013, vehicles and portable in 2022; linear between."""
    asked = {"metal": "cobalt", "region": "world", "variable": "enduse_share"}
    past = FACTS.all("demand_history", item="batteries", **asked)
    now = [
        FACTS.one("demand_history", item=i, year=2022, **asked) for i in ("ev_battery", "portable")
    ]
    known = {f.year or 0: f.value for f in past} | {2022: sum(f.value for f in now)}
    return np.interp(years, list(known), list(known.values()))


def cobalt_uses(
    years: Sequence[int], used: Array, vehicles_grow: bool = True
) -> Mapping[str, Array]:
    """t a year by use, each of shape (Y,), of what is used, shape (Y,).

    Vehicles: their share of 2021 drawn back at VEHICLE_GROWTH, or a constant part of batteries.
    The other batteries, and all that is no battery, keep among themselves the shares of 2021 and
    2022.
    """
    shares, when = cobalt_shares(), np.array(years)
    cells = battery_share(years) * used
    carried = sum(shares[use] for use in PORTABLE)
    driven = cells * shares["ev_battery"] / (carried + shares["ev_battery"])
    if vehicles_grow:
        driven = shares["ev_battery"] * used[-1] * (1 + VEHICLE_GROWTH) ** (when - years[-1] + 0.0)
        driven = np.minimum(np.where(when >= FIRST_VEHICLES, driven, 0.0), cells)
    rest = 1 - carried - shares["ev_battery"]
    uses = {use: (cells - driven) * shares[use] / carried for use in PORTABLE}
    other = {
        use: (used - cells) * share / rest
        for use, share in shares.items()
        if use not in (*PORTABLE, "ev_battery")
    }
    return {"ev_battery": driven, **uses, **other}


@cache
def cobalt_history(vehicles_grow: bool = True) -> tuple[Mapping[str, Cohorts], Array]:
    """The world's cobalt from 1995 to 2021: by product, and what is recovered (0.14 of waste) and
    used again, t a year."""
    years = range(1995, 2022)
    rate = FACTS.one("yields", metal="cobalt", variable="recovered_to_waste_ratio").value
    mined = {
        f.year: f.value
        for f in FACTS.all("production", metal="cobalt", region="world", variable="mine_production")
        if "bgs" in f.source
    }
    primary = np.array([mined[year] for year in years])
    recovered = np.zeros(len(years))
    products: dict[str, Cohorts] = {}
    # what is recovered in a year enters use in the same year: each pass settles one more year
    for _ in years:
        products = {
            use: cohorts(years, inflow, life("cobalt", COBALT[use]))
            for use, inflow in cobalt_uses(years, primary + recovered, vehicles_grow).items()
        }
        recovered = rate * np.sum([p.outflow for p in products.values()], axis=0)
    return products, recovered / (primary + recovered)


OTHERS = {"led": "semiconductors_led", "cigs_pv": "pv"}
"""Other products with indium to the group of products of China whose life they have."""


def display_lifetime(mean: float) -> Lifetime:
    """Weibull with the shape of displays in China."""
    shape = FACTS.one("lifetimes", metal="indium", variable="lifetime_shape", item="ito_displays")
    return Lifetime.of("weibull", mean, shape=shape.value)


def indium_discarded(product: str, lifetime: Lifetime) -> float:
    """t of indium discarded with a product in 2010-2020: an even inflow of what the paper says
    entered, no cohorts before."""
    total = FACTS.one(
        "demand_history",
        metal="indium",
        region="world",
        variable="inflow_to_products_cumulative",
        item=product,
    ).value
    years = range(2010, 2021)
    even = np.full(len(years), total / len(years))
    return float(cohorts(years, even, lifetime).outflow.sum())


def observed(metal: str, region: str, year: int) -> float:
    """t a year of refined metal made in a place, by the newest edition that gives the year."""
    found = FACTS.all(
        "production", metal=metal, region=region, variable="refined_production", year=year
    )
    return next(f for f in reversed(found) if f.item in ("", "primary")).value
