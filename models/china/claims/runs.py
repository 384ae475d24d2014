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


@cache
def cobalt_history() -> tuple[Mapping[str, Cohorts], Array]:
    """The world's cobalt from 1995 to 2021: by product, and what is recovered (0.14 of waste) and
    used again, t a year.

    Shares of use are those of 2021 in all years: no history of them is held.
    """
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
            use: cohorts(years, (primary + recovered) * part, life("cobalt", COBALT[use]))
            for use, part in cobalt_shares().items()
        }
        recovered = rate * np.sum([p.outflow for p in products.values()], axis=0)
    return products, recovered / (primary + recovered)


INDIUM = {
    "lcd_tv": "ito_displays",
    "laptops": "ito_displays",
    "phones": "ito_displays",
    "monitors": "ito_displays",
    "tablets": "ito_displays",
    "led": "semiconductors_led",
    "cigs_pv": "pv",
}


def indium_discarded(product: str) -> float:
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
    return float(
        cohorts(
            years, np.full(len(years), total / len(years)), life("indium", INDIUM[product])
        ).outflow.sum()
    )
