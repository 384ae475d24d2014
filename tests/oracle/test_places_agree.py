"""Studies with places: planner and the oracle agree on the answer, the plan and its prices.

`ORACLE_PLACES=500` tries so many random studies in place of 12.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import planner
from tests.oracle.accounts import complaints
from tests.oracle.compare import compare
from tests.oracle.held import unheld
from tests.oracle.prices import wrong_prices
from tests.oracle.programme import Programme
from tests.oracle.reader import read
from tests.small import Study

COUNT = int(os.environ.get("ORACLE_PLACES", "12"))
PLACES = ("A", "B", "C")
GOODS = {
    "lithium/ore": "intermediate",
    "lithium/refined": "refined",
    "lithium/cell": "product",
    "lithium/spent": "waste",
    "lithium/mass": "scrap",
}


def draw(seed: int) -> Study:
    """A chain from ore to cells and back, parted over three places and home, with trade by pair,
    by bloc and by metal."""
    dice = random.Random(seed)
    last = 2021 + dice.randint(0, 3)
    study = Study(
        2021,
        last,
        places=list(PLACES),
        blocs={"near": dice.sample(PLACES, 2), "all": [*PLACES, "home"]},
        border_adjustment=dice.random() < 0.5,
        border_charges=dice.sample(PLACES, dice.randint(0, 2)),
        discount_rate=dice.choice((0.0, 0.05)),
    )
    for name, kind in GOODS.items():
        study.good(name, kind, equivalent=1.0 if kind == "refined" else 0.8)
    demanded = [place for place in ("", *PLACES) if not place or dice.random() < 0.6]
    for place in demanded:
        study.at(place, "lithium/cell", demand=[dice.randint(20, 90) for _ in range(last - 2020)])
    study.at("", "lithium/cell", shortage_cost=5000)
    study.at(dice.choice(PLACES), "lithium/cell", shortage_cost=3000)
    _processes(study, dice, demanded)
    _series(study, dice)
    _trade(study, dice)
    _policies(study, dice)
    return study


def _processes(study: Study, dice: random.Random, demanded: list[str]) -> None:
    recipes = {
        "dig": ("mine", {}, {"lithium/ore": 1}),
        "refine": ("refine", {"lithium/ore": 1}, {"lithium/refined": 0.9}),
        "make": ("manufacture", {"lithium/refined": 1}, {"lithium/cell": 0.95}),
        "gather": ("collect", {"lithium/spent": 1}, {"lithium/mass": 0.8}),
        "again": ("recycle", {"lithium/mass": 1}, {"lithium/refined": 0.9}),
    }
    for place in ("", *PLACES):
        for name, (kind, takes, gives) in recipes.items():
            if dice.random() < 0.4 and not (place == "A" and name == "dig"):
                continue
            own = f"{name}_{place or 'home'}"
            numbers = {"variable_cost": dice.randint(10, 300)}
            for parameter in ("electricity", "direct_emission", "max_activity"):
                if dice.random() < 0.4:
                    numbers[parameter] = dice.randint(5, 80)
            plant = ""
            if name in ("refine", "make") and dice.random() < 0.5:
                plant = f"works_{own}"
                study.plant(plant, existing_capacity=dice.randint(0, 60), capital_cost=400, life=3)
            ore = {f"lake_{own}": 1.1} if name == "dig" and dice.random() < 0.5 else {}
            for deposit in ore:
                study.deposit(deposit, reserve=dice.randint(50, 400))
            study.process(
                own,
                kind,
                takes={**takes, **ore},
                gives=gives,
                loss="lost",
                place=place,
                plant=plant,
                pathway=None,
                **numbers,
            )
    study.process(
        "buy", "import", gives={"lithium/refined": 1}, import_price=900, embodied_emission=4
    )
    for place in demanded:
        if dice.random() < 0.7:
            study.product(
                f"cars_{place or 'home'}",
                waste="lithium/spent",
                uses={"lithium/cell": 1},
                inflow={2019: dice.randint(10, 50), 2020: dice.randint(10, 50)},
                life=2,
                place=place,
            )
            study.at(place, "lithium/spent", collection=dice.choice((0.4, 0.9)))


def _series(study: Study, dice: random.Random) -> None:
    for place in ("", *PLACES):
        for name in ("grid_intensity", "carbon_price", "direct_emission_index"):
            if dice.random() < 0.6:
                study.series(name, round(dice.uniform(0, 2), 3), place=place)
    study.series("foreign_emission_index", 0.9)


def _trade(study: Study, dice: random.Random) -> None:
    def numbers() -> dict[str, float]:
        found = {"freight": dice.randint(0, 50)}
        for parameter in ("tariff", "emission", "embodied", "max"):
            if dice.random() < 0.4:
                found[parameter] = dice.randint(1, 60)
        if dice.random() < 0.3:
            found |= {"duty": 0.1, "value": dice.randint(100, 900)}
        return found

    study.trade("lithium/*", "*", "*", **numbers())
    for good in dice.sample(sorted(GOODS), 2):
        source, target = dice.sample(("home", *PLACES), 2)
        study.trade(good, source, target, **numbers())
    study.trade("lithium/*", "near", "home", freight=3, tariff=dice.randint(0, 9))
    study.trade("*", "all", "*", max=70)
    study.trade("*", dice.choice(PLACES), "*", max=0, scenario="ban")
    study.trade("*", "*", "home", tariff=90, scenario="ban")


def _policies(study: Study, dice: random.Random) -> None:
    if dice.random() < 0.5:
        share = dice.choice((0.2, 0.6))
        study.policy(
            "cap", "import_share", metal="lithium", origin=dice.choice(PLACES), share=share
        )
    if dice.random() < 0.5:
        study.policy("shut", "closure", origin=dice.choice(PLACES), share=0, from_=2022)
    if dice.random() < 0.6:
        study.policy(
            "own",
            "self_sufficiency",
            metal="lithium",
            stages=["manufacture"],
            share=0.8,
            penalty=99,
        )
    if dice.random() < 0.3:
        study.policy("clean", "carbon_cap", scope="territorial", cap=3000)
    if dice.random() < 0.3:
        study.policy("cash", "capital_budget", cap=4000)


@pytest.mark.parametrize("seed", range(COUNT))
def test_random_places(seed: int, tmp_path: Path) -> None:
    """Answer, plan, prices and the policies' own measures, in the base and under a ban."""
    folder = draw(seed).write(tmp_path / "study")
    scenario = ("", "ban")[seed % 2]
    try:
        found = compare(folder, scenario)
    except planner.SpecError as error:
        pytest.skip(str(error).splitlines()[-1][:100])
    assert found.agrees, str(found)
    if found.plan is not None:
        p = Programme(read(folder, scenario))
        for wrong in (unheld, wrong_prices, complaints):
            assert list(wrong(p, found.plan)) == []
