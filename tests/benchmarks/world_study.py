"""A synthetic study of a whole world, to measure how far planner scales: metals, regions that trade
with one another, years.

    python -m tests.benchmarks.world_study FOLDER --metals 30 --regions 20 --partners 9 --years 80

**Every number is made up.** They come from a seeded generator within ranges that keep the programme
well scaled, and stand for no metal, region or year. The same arguments give the same study, to the
last digit.

It uses the nouns of any study. Each metal has its goods in each region (`metal01/ore R01`,
`refined`, `delivered`, `product`, `scrap`, `waste`). Refined metal reaches the market of a region
through a delivery: a process that takes `metal01/refined R02` and gives `metal01/delivered R01`, of
kind import and origin R02 where it crosses a border. Delivered metal is no refined good, so that
what is supplied counts once, at the refinery, and what is traded counts at the border. One cap on
emissions ties all metals and regions together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import planner
from planner.system.nouns import System
from tests.small import Study

FIRST_YEAR = 2021
SOURCE = "synthetic: drawn at random for a benchmark, true of nothing"
ANCHOR_GAP = 10
"""Demand is drawn every so many years; the reader interpolates between."""


class Size(NamedTuple):
    """How large a world is: each region buys of each metal from so many partners, its neighbours on
    a ring."""

    metals: int
    regions: int
    partners: int
    years: int


SIZES = {
    "10 thousand": Size(2, 4, 3, 80),
    "100 thousand": Size(6, 10, 9, 80),
    "1 million": Size(30, 20, 9, 80),
}
"""About so many columns each; the years are the same, so that the columns have the same shape."""


def world(size: Size, *, seed: int = 0) -> Study:
    """The study of a world of this size. Raises ValueError where a region would have to trade with
    itself."""
    if not 0 <= size.partners < size.regions:
        raise ValueError(f"{size.partners} partners need more than {size.regions} regions")
    draw = np.random.default_rng(seed)
    metals = [f"metal{i + 1:02d}" for i in range(size.metals)]
    regions = [f"R{i + 1:02d}" for i in range(size.regions)]
    study = Study(
        FIRST_YEAR, FIRST_YEAR + size.years - 1, metals=metals, discount_rate=0.05, source=SOURCE
    )
    study.head |= {
        "title": (
            f"synthetic world of {size.metals} metals and {size.regions} regions: a benchmark, "
            "true of nothing"
        ),
        "country": "the world",
    }
    study.series("grid_intensity", {FIRST_YEAR: 0.6, FIRST_YEAR + size.years - 1: 0.1})
    study.series("carbon_price", {FIRST_YEAR: 20.0, FIRST_YEAR + size.years - 1: 150.0})
    emission = 0.0
    for metal in metals:
        scale = float(np.round(10 ** draw.uniform(3, 5), 1))
        for i, region in enumerate(regions):
            emission += _region(study, draw, metal, region, scale, size.years)
            for step in range(size.partners + 1):
                _delivery(study, draw, metal, regions[(i + step) % size.regions], region)
    # twice the rate of the first year: it binds late, when demand has grown several times over
    return study.policy("cap", "carbon_cap", scope="territorial", cap=round(2 * emission, 1))


def read_world(size: Size, folder: Path, *, seed: int = 0) -> System:
    """Write a world to a folder and read it as any study."""
    return planner.read(world(size, seed=seed).write(folder))


def _some(draw: np.random.Generator, low: float, high: float) -> float:
    return float(np.round(draw.uniform(low, high), 4))


def _region(
    study: Study, draw: np.random.Generator, metal: str, region: str, scale: float, years: int
) -> float:
    """The chain of one metal in one region: mine, refinery, maker, use, collection, recycling.
    Returns t CO2e of its first year."""
    first = round(scale * _some(draw, 0.2, 1.8), 2)
    growth = _some(draw, 0.0, 0.04)
    anchors = sorted({*range(0, years, ANCHOR_GAP), years - 1})
    demand = {
        FIRST_YEAR + age: round(first * (1 + growth) ** age * _some(draw, 0.9, 1.1), 2)
        for age in anchors
    }
    ore, refined, delivered, product, scrap, waste = (
        f"{metal}/{stage} {region}"
        for stage in ("ore", "refined", "delivered", "product", "scrap", "waste")
    )
    deposit, works = f"{metal} in {region}", f"{metal} refinery {region}"
    direct, power = _some(draw, 0.5, 8.0), _some(draw, 1.0, 12.0)
    study.good(ore, "intermediate", metal=metal, equivalent=0.9).good(
        refined, "refined", metal=metal
    )
    study.good(delivered, "intermediate", metal=metal, stage="processing", equivalent=1.0)
    study.good(
        product, "product", metal=metal, demand=demand, shortage_cost=100_000, equivalent=1.0
    )
    study.good(scrap, "scrap", metal=metal).good(
        waste, "waste", metal=metal, collection=_some(draw, 0.2, 0.8)
    )
    study.deposit(
        deposit,
        metal=metal,
        reserve=round(first * _some(draw, 10, 120), 2),
        additions=round(first * _some(draw, 0, 0.5), 2),
    )
    study.process(
        f"mine {metal} {region}",
        "mine",
        takes={deposit: 1.25},
        gives={ore: 1},
        loss="tailings",
        variable_cost=_some(draw, 500, 4000),
        direct_emission=direct,
    )
    study.process(
        f"refine {metal} {region}",
        "refine",
        takes={ore: 1},
        gives={refined: 0.9},
        loss="slag",
        plant=works,
        ramp_group=works,
        variable_cost=_some(draw, 300, 2000),
        electricity=power,
    )
    study.plant(
        works,
        life=25,
        lead_time=2,
        existing_capacity={
            FIRST_YEAR: first,
            FIRST_YEAR + min(25, years - 1): 0.0,
            FIRST_YEAR + years - 1: 0.0,
        },
        capital_cost=_some(draw, 2000, 9000),
        fixed_cost=_some(draw, 50, 300),
    )
    study.ramp(works, growth=0.15, step=round(0.1 * first, 2))
    study.process(
        f"make {metal} {region}",
        "manufacture",
        takes={delivered: 1},
        gives={product: 0.95, scrap: 0.05},
    )
    study.product(
        f"{metal} goods {region}",
        waste=waste,
        uses={product: 1},
        inflow={FIRST_YEAR - 1: first},
        life=_some(draw, 4, 25),
        distribution="weibull",
        lifetime_shape=2.0,
    )
    study.process(
        f"collect {metal} {region}",
        "collect",
        takes={waste: 1},
        gives={scrap: 1},
        variable_cost=_some(draw, 100, 900),
    )
    study.process(
        f"recycle {metal} {region}",
        "recycle",
        takes={scrap: 1},
        gives={refined: 0.85},
        loss="dust",
        variable_cost=_some(draw, 800, 6000),
        electricity=_some(draw, 0.5, 4.0),
    )
    return first * (direct + 0.6 * power)


def _delivery(
    study: Study, draw: np.random.Generator, metal: str, origin: str, region: str
) -> None:
    """Refined metal of an origin for the market of a region."""
    recipe = {
        "takes": {f"{metal}/refined {origin}": 1},
        "gives": {f"{metal}/delivered {region}": 1},
    }
    if origin == region:
        study.process(f"deliver {metal} {region}", "release", **recipe)
    else:
        study.process(
            f"ship {metal} {origin} to {region}",
            "import",
            origin=origin,
            **recipe,
            transport_cost=_some(draw, 20, 600),
            transport_emission=_some(draw, 0.01, 0.5),
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a world to a study folder."""
    parser = argparse.ArgumentParser(
        description="Write a synthetic study of a whole world: a benchmark, true of nothing."
    )
    parser.add_argument("folder", type=Path)
    for name, default in SIZES["1 million"]._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    size = Size(given.metals, given.regions, given.partners, given.years)
    folder = world(size, seed=given.seed).write(given.folder)
    sys.stdout.write(f"{folder}: planner check {folder}\n")


if __name__ == "__main__":
    main()
