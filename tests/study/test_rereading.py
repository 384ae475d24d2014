"""A study read again with other values is the study that `planner.read` makes of them, to the last
digit, with the same problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import planner
from planner.analysis.uncertainty.sampling import draw, uncertainty
from planner.errors import SpecError
from planner.study.reader import Rereader
from planner.study.schema import BY_NAME
from planner.system.nouns import System
from tests.small import Study, system_of

STUDIES = [
    ("quickstart", ""),
    ("quickstart", "carbon-price"),
    ("world", ""),
    ("world", "short-life"),
    ("china", ""),
    ("china", "no-carbon-price"),
    ("china", "import-shock,closed-loop"),
]
UNTRACED = ("data", "inputs_hash", "warnings")
Values = dict[str, float]


def leaves(of: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and text of a System with where it stands, arrays by their bytes; the order of
    names counts."""
    if is_dataclass(of):
        for field in fields(of):
            if field.name not in UNTRACED:
                yield from leaves(getattr(of, field.name), f"{where}.{field.name}")
    elif isinstance(of, Mapping):
        for key, value in of.items():
            yield from leaves(value, f"{where}[{key}]")
    elif isinstance(of, tuple):
        for at, value in enumerate(of):
            yield from leaves(value, f"{where}[{at}]")
    elif isinstance(of, np.ndarray):
        yield where, (of.dtype, of.shape, of.flags.writeable, of.tobytes())
    else:
        yield where, repr(of)


def differences(a: System, b: System) -> list[str]:
    """Where two systems are not the same to the last digit."""
    return [
        f"{one} and {other}" for one, other in zip_longest(leaves(a), leaves(b)) if one != other
    ]


def agrees(reader: Rereader, system: System, study: str | Path, values: Values) -> bool:
    """Holds the study read again against the study read with the same overrides; True where they
    are possible ones."""
    units = {datum.path: datum.unit for datum in system.data}
    text = {
        path: f"{value!r} {units[path]}" if path in units else repr(value)
        for path, value in values.items()
    }
    again, problems = reader.system(values)
    whole, refused = None, ()
    try:
        whole = planner.read(
            study, scenario=system.scenario, overrides=dict(system.overrides) | text
        )
    except SpecError as error:
        refused = error.problems
    assert problems == refused
    if whole is None:
        return False
    assert again is not None
    assert differences(again, whole) == []
    return True


def drawn(system: System, samples: int) -> list[Values]:
    """Samples of all uncertain inputs, impossible combinations among them, and the same without
    recipes and contents."""
    known = uncertainty(system)
    at, points = known.columns(), draw(known, samples, seed=5, sampler="lhs")
    every = [
        {
            path: value
            for each in known.inputs
            for path, value in zip(each.paths, each.at(u[at[each.name]]).tolist(), strict=True)
        }
        for u in points
    ]
    safe = [
        {
            path: value
            for path, value in one.items()
            if not path.startswith(("coefficients.", "good_values."))
        }
        for one in every
    ]
    return [*every, *safe]


def shaken(system: System, samples: int) -> list[Values]:
    """Some rows of every table moved by a little, whether they are uncertain or not."""
    chance = np.random.default_rng(7)
    return [
        {
            datum.path: datum.value * float(chance.uniform(0.9, 1.1))
            for datum in system.data
            if chance.random() < share
        }
        for share in (0.002, 0.02, 0.3)
        for _ in range(samples)
    ]


@pytest.mark.parametrize(("study", "scenario"), STUDIES)
def test_a_sample_read_again_is_the_study_with_its_values(study: str, scenario: str) -> None:
    system = planner.read(study, scenario=scenario)
    reader = Rereader.of(system)
    possible = [
        agrees(reader, system, study, values)
        for values in (*drawn(system, 2), *shaken(system, 2), {})
    ]
    assert possible[-1]
    assert any(possible[:-1])
    assert not all(possible) or study == "quickstart"


def every_noun() -> Study:
    """A study with all tables in it, and a closure."""
    study = Study(2021, 2026, discount_rate=0.05, places=["B"], border_adjustment=True)
    study.good("ore", "intermediate", metal="lithium", equivalent=0.9)
    study.good(
        "li",
        "refined",
        opening_stock=5,
        closing_stock=4,
        max_stock=60,
        holding_cost=1,
        equivalent=1,
    )
    study.good("cells", "product", demand=[20, 25, 30, 35, 40, 45], shortage_cost=900)
    study.good("others", "product", demand={2021: 8, 2026: 9}, shortage_cost=900)
    study.good("packs", "scrap", content={"lithium": 0.1}, equivalent={"lithium": 0.09})
    study.good("waste", "waste", collection=0.8)
    study.good("old packs", "waste", content={"lithium": 0.2}, collection=0.7)
    study.deposit("lake", reserve=900, additions=3, growth=0.01)
    study.deposit("brine", reserve=90, additions=3, probability=0.51)
    ore = {"ore_cost": 1, "ore_electricity": 0.1, "ore_emission": 0.2}
    study.curve("brine", a={"grade": 0.3, "reserve": 40, **ore}, b={"grade": 0.2, **ore})
    gives = {"ore": 1, "zinc": 5}
    study.process("pump", "mine", takes={"brine": 1.2}, gives=gives, loss="tailings")
    study.discovery("salar", "brine", plant="works", rate=0.2, tonnage=900, grade=0.1)
    study.exploration("lake", cost=4, potential=10, delay=1, most=70)
    study.host("zinc", 3000, lithium=0.1).residue("lake", "zinc", 0.2)
    study.take_back("waste", more=0.1, cost=30, fee=5)
    study.curve("lake", a={"price": 1, "reserve": 400}, b={"price": 2, "reserve": 600})
    study.loss_media("slag", {"air": 0.1, "water": 0.6})
    study.process(
        "dig",
        "mine",
        takes={"lake": 1.2},
        gives={"ore": 1},
        loss="tailings",
        variable_cost=[1, 2, 3, 4, 5, 6],
        ramp_group="slow",
    )
    study.process("by", "byproduct", gives={"ore": 1}, host="zinc", host_content=0.004)
    study.process(
        "refine",
        "refine",
        takes={"ore": 1},
        gives={"li": 0.9},
        loss="slag",
        plant="works",
        observed={2021: 7, 2022: 8},
        min_activity=2,
        max_activity=80,
    )
    study.process(
        "buy",
        "import",
        gives={"li": 1},
        origin="Chile",
        import_price=50,
        max_activity=70,
        min_activity=1,
        ramp_group="slow",
    )
    study.process(
        "scrap",
        "import",
        gives={"packs": 1},
        origin="Chile",
        import_price=5,
        max_activity=9,
        stage="recycling",
    )
    study.process("apart", "recycle", takes={"packs": 1}, gives={"li": 0.08}, loss="dust")
    study.process("make", "manufacture", takes={"li": 1}, gives={"cells": 0.95}, loss="offcuts")
    study.process("craft", "manufacture", takes={"li": 1}, gives={"others": 0.95}, loss="offcuts")
    study.plant(
        "works",
        existing_capacity={2021: 30, 2026: 10},
        under_construction={2023: 5},
        capital_cost=40,
        life=3.5,
        lead_time=1,
        interest_rate=0.08,
        max_new=20,
    )
    study.ramp("slow", growth=0.2, step=4, decline=0.5)
    study.product(
        "cars",
        waste="waste",
        uses={"cells": 1},
        inflow={2019: 5, 2020: 6},
        life=3,
        distribution="normal",
        lifetime_sd=1,
        dissipated=0.1,
    )
    study.product("bags", waste="old packs", uses={"others": 1}, inflow={2020: 6}, life=2)
    study.measure("fewer", "efficiency", "others", cost=7, potential=0.1)
    study.measure("longer", "lifetime", "cells", product="cars", cost=7, potential=0.1, longer=2)
    study.impact("water", "m3", price={2021: 1, 2026: 2}, electricity=0.3)
    study.factor("dig", "water", {2021: 4, 2026: 3}).factor("refine", "water", 2)
    study.series("carbon_price", {2021: 10, 2026: 60}).series("grid_intensity", 0.5)
    study.process(
        "theirs", "mine", gives={"li": 1}, variable_cost=30, place="B", stage="processing"
    )
    study.at("B", "li", demand=[5, 6, 7, 8, 9, 10], shortage_cost=800, opening_stock=1)
    study.series("carbon_price", 3, place="B").series("grid_intensity", 0.4, place="B")
    study.trade("li", "B", "home", freight=9, tariff=1, duty=0.1, value=40, embodied=2, emission=1)
    study.trade("lithium/*", "*", "*", max=60)
    study.policy("shut", "closure", origin="Chile", share=0.3, from_=2023, to=2024)
    for year in (2021, 2022):
        study.rows["observations"].append(
            {
                "observation": "seen",
                "from": "refine",
                "to": "li",
                "metal": "lithium",
                "parameter": "flow",
                "year": year,
                "value": 7,
                "low": 6,
                "high": 8,
                "unit": "t/year",
                "source": "made for a test",
            }
        )
    return study


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[System, Path]:
    place = tmp_path_factory.mktemp("every_noun")
    return system_of(every_noun(), place), next(place.iterdir())


def test_every_row_of_every_table_is_read_again(small: tuple[System, Path]) -> None:
    system, study = small
    reader = Rereader.of(system)
    possible = {
        datum.path: agrees(reader, system, study, {datum.path: datum.value * 0.97})
        for datum in system.data
    }
    assert {datum.path.partition(".")[0] for datum in system.data} == {
        name for name, table in BY_NAME.items() if table.has_values
    }
    assert {path for path, good in possible.items() if not good} == {
        "plants.works.lead_time",
        "exploration.lake.delay",
    }
    for values in shaken(system, 8):
        agrees(reader, system, study, values)


IMPOSSIBLE: Mapping[str, Values] = {
    "below its least": {"coefficients.refine.ore.in": -1.0},
    "nothing, where it must be more": {"plants.works.life": 0.0},
    "above its most": {"measure_values.fewer.potential": 1.01},
    "not a number": {"hosts.zinc": float("nan")},
    "without end": {"hosts.zinc": float("inf")},
    "media beyond the whole": {"loss_media.slag.air": 0.5},
    "no such path": {"hosts.zink": 1.0},
    "no such year": {"demand.cells.2050": 1.0},
    "metal from nothing": {"coefficients.refine.li.out": 1.1},
    "a good that holds less than comes of it": {"good_values.packs.lithium.content": 0.07},
    "a good that holds more than itself": {"good_values.packs.lithium.content": 1.2},
    "a least above the most": {"process_values.refine.max_activity": 1.0},
    "a stock above the most": {"good_values.li.max_stock": 4.5},
    "two at once": {
        "coefficients.refine.li.out": 1.1,
        "process_values.refine.max_activity": 1.0,
        "demand.cells.2022": 3.0,
    },
}
UNUSUAL: Mapping[str, Values] = {
    "a setting of the head": {"discount_rate": 0.07, "hosts.zinc": 2000.0},
    "a field of a policy": {"policies.shut.share": 0.4, "hosts.zinc": 2000.0},
    "a whole number": {"hosts.zinc": 2000},
    "numpy's": {"hosts.zinc": np.float64(2000.0)},
}


@pytest.mark.parametrize("values", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_the_same_is_said_of_impossible_values(small: tuple[System, Path], values: Values) -> None:
    assert not agrees(Rereader.of(small[0]), *small, values)


@pytest.mark.parametrize("values", UNUSUAL.values(), ids=UNUSUAL)
def test_settings_are_read_again_as_well(small: tuple[System, Path], values: Values) -> None:
    system, study = small
    again, problems = Rereader.of(system).system(values)
    units = {datum.path: f" {datum.unit}" for datum in system.data}
    text = {path: f"{float(value)!r}{units.get(path, '')}" for path, value in values.items()}
    assert problems == ()
    assert again is not None
    assert differences(again, planner.read(study, overrides=text)) == []


def test_a_series_by_years_takes_one_value_for_all_in_the_internal_unit(tmp_path: Path) -> None:
    study = every_noun()
    study.rows["observations"].clear()  # their ends are no part of what is rewritten in kilotonnes
    system = system_of(study.in_kilotonnes(), tmp_path)
    again, problems = Rereader.of(system).system({"demand.cells": 30.0})
    assert problems == ()
    whole = planner.read(next(tmp_path.iterdir()), overrides={"demand.cells": "30.0 t/year"})
    assert again is not None
    assert differences(again, whole) == []


def test_overrides_of_the_system_stay_in_force(small: tuple[System, Path]) -> None:
    system = planner.read(
        small[1],
        overrides={"hosts.zinc": "2 kt/year", "policies.shut.share": "0.4", "demand.cells": 30.0},
    )
    assert agrees(
        Rereader.of(system),
        system,
        small[1],
        {"process_values.buy.import_price": 51.0, "demand.cells": 31.0},
    )


def test_what_no_value_touches_is_the_same_object(small: tuple[System, Path]) -> None:
    reader = Rereader.of(small[0])
    first, again = (
        reader.system({})[0],
        reader.system(
            {
                "process_values.buy.import_price": 51.0,
                "good_values.packs.lithium.content": 0.11,
                "product_values.cars.lifetime_mean": 3.1,
            }
        )[0],
    )
    assert first is not None
    assert again is not None
    kinds = [
        field.name
        for field in fields(first)
        if isinstance(getattr(first, field.name), Mapping) and field.name != "overrides"
    ]
    changed = {
        kind: {
            name
            for name, noun in getattr(again, kind).items()
            if noun is not getattr(first, kind)[name]
        }
        for kind in kinds
    }
    assert {kind: names for kind, names in changed.items() if names} == {
        "goods": {"packs"},
        "processes": {"buy"},
        "products": {"cars"},
    }
    assert len(kinds) > 10
    assert again.processes["buy"].variable_cost is first.processes["buy"].variable_cost
    assert again.products["cars"].sd is first.products["cars"].sd
    assert again.carbon_price is first.carbon_price
    assert again.observations is first.observations


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("hosts.csv", "3000", "-3000"),
        ("demand.csv", "good,", "goods,"),
        ("study.toml", "discount_rate", "rate"),
        ("study.toml", "=", ""),
    ],
)
def test_of_a_broken_study_the_same_is_said(tmp_path: Path, file: str, old: str, new: str) -> None:
    study = every_noun().write(tmp_path / "study")
    (study / file).write_text((study / file).read_text().replace(old, new, 1))
    reader = Rereader({path.name: path.read_bytes() for path in study.iterdir()}, "study", "", {})
    with pytest.raises(SpecError) as refused:
        planner.read(study, overrides={"ramps.slow.growth": "0.3 1/year"})
    assert reader.system({"ramps.slow.growth": 0.3})[1] == refused.value.problems
