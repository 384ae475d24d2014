"""Deposits found at random: drawn by seed, added to the study of each sample. Figures by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import SpecError
from planner.system.discoveries import finds, with_finds
from tests.small import Study, plan_of, system_of

LAST = 2030
FOUND = {"rate": 0.3, "tonnage": 1000, "grade": 0.05}


def land(*, plant: str = "", **values: Any) -> Study:
    """10 t a year are imported at 11 USD/t, or dug at 1 where anything was found."""
    study = (
        Study(last=LAST)
        .good("li", "refined", demand=10, shortage_cost=1000)
        .deposit("land", reserve=0)
        .process("mine", "mine", takes={"land": 1}, gives={"li": 1}, variable_cost=1, plant=plant)
        .process("buy", "import", gives={"li": 1}, import_price=11)
    )
    if plant:
        study.plant(plant, existing_capacity=0)
    return study.discovery("skarn", "land", plant=plant, **{**FOUND, **values})


def test_a_plan_counts_on_nothing_that_is_not_found(tmp_path: Path) -> None:
    assert plan_of(land(), tmp_path).cost == pytest.approx(1100)


def test_each_sample_mines_what_it_found(tmp_path: Path) -> None:
    """A find is 1,000 t of ore at 5 %: 50 t of metal, that can be dug two years later. Each tonne
    dug saves 10 USD of 11; year by year as much is dug as is there and wanted. No number of the
    study is uncertain: what differs are the finds."""
    system = system_of(land(lead_time=2), tmp_path / "study")
    found = planner.ensemble(system, samples=40, seed=5, workers=1, out=tmp_path / "out")
    assert found.discoveries["ore"].unique().tolist() == [1000]
    costs = found.headline.set_index("sample")["cost"]
    assert 5 < costs.nunique() < 40
    for sample, cost in costs.items():
        mine = found.discoveries[found.discoveries["sample"] == sample]
        there = dug = 0.0
        for year in range(2021, LAST + 1):
            there += 50.0 * (mine["year"] + 2 == year).sum()
            taken = min(10.0, there)
            there, dug = there - taken, dug + taken
        assert cost == pytest.approx(1100 - 10 * dug)
    kept = pd.read_csv(tmp_path / "out" / "discoveries.csv", keep_default_na=False)
    assert len(kept) == len(found.discoveries) > 40


def test_finds_are_the_same_for_a_seed_and_begin_those_of_more_samples(tmp_path: Path) -> None:
    """Neither the blocks nor a second type of discovery change what a sample finds."""
    system = system_of(land(), tmp_path / "one")
    again = planner.ensemble(system, samples=35, seed=5, workers=1).discoveries
    fewer = planner.ensemble(system, samples=3, seed=5, workers=1).discoveries
    pd.testing.assert_frame_equal(again[again["sample"] < 3], fewer)
    other = planner.ensemble(system, samples=3, seed=6, workers=1).discoveries
    assert not fewer.equals(other)
    study = land().discovery("porphyry", "land", **FOUND)
    both = finds(system_of(study, tmp_path / "two"), seed=5, sample=1)
    assert [f for f in both if f.discovery == "skarn"] == finds(system, seed=5, sample=1)
    assert any(f.discovery == "porphyry" for f in both)


def test_number_size_and_grade_have_their_distributions(tmp_path: Path) -> None:
    """4,000 expected finds: their number, and mean and deviation of ln ore and ln grade, within
    four standard errors; no grade above 1."""
    spread = {"tonnage_spread": 1.5, "grade": 0.2, "grade_spread": 0.5}
    system = system_of(land(rate=[4000, *[0] * 9], **spread), tmp_path)
    found = finds(system, seed=1)
    assert abs(len(found) - 4000) < 4 * 4000**0.5
    for amounts, median, sd in (
        ([f.ore for f in found], 1000, 1.5),
        ([f.grade for f in found], 0.2, 0.5),
    ):
        logs = np.log(amounts)
        assert abs(logs.mean() - np.log(median)) < 4 * sd / len(found) ** 0.5
        assert abs(logs.std() - sd) < 4 * sd / (2 * len(found)) ** 0.5
    assert max(f.grade for f in found) <= 1
    assert len({f.grade for f in found}) > 3000


def test_capacity_follows_taylors_rule(tmp_path: Path) -> None:
    """16,000,000 t of ore: life 0.2 x 16e6^0.25 = 0.2 x 63.2456 = 12.649 years, 16e6/12.649 t of
    ore a year; of metal a twentieth. By Long's exponent 0.65 as stated it is 5 x 16e6^0.65."""
    system = system_of(land(tonnage=16e6, rate=[50, *[0] * 9]), tmp_path / "a")
    find = finds(system)[0]
    assert find.life == pytest.approx(0.2 * 16e6**0.25)
    assert find.capacity == pytest.approx(0.05 * 16e6 / find.life)
    long = land(tonnage=16e6, rate=[50, *[0] * 9], capacity_exponent=0.65)
    assert finds(system_of(long, tmp_path / "b"))[0].capacity == pytest.approx(
        0.05 * 5 * 16e6**0.65
    )


def test_a_find_opens_a_plant_for_its_life(tmp_path: Path) -> None:
    """1,000 t of ore live 0.2 x 1000^0.25 = 1.1247 years at 44.46 t of metal a year: opened in
    2023, 44.46 t/year then and 0.1247 of it in 2024. Dug: 10 t in 2023 and 5.54 t in 2024: 1,100 -
    155.4 USD. What would open after the horizon changes nothing."""
    system = system_of(land(plant="pit", rate=[50, *[0] * 9], lead_time=2), tmp_path)
    first = finds(system)[0]
    one = with_finds(system, [first])
    share = 0.2 * 1000**0.25 - 1
    capacity = 50 / (1 + share)
    assert one.plants["pit"].existing[:4] == pytest.approx([0, 0, capacity, share * capacity])
    assert planner.solve(one).cost == pytest.approx(1100 - 10 * (10 + share * capacity))
    late = system_of(land(rate=[50, *[0] * 9], lead_time=10), tmp_path / "late")
    assert planner.discovered(late).deposits["land"].additions.sum() == 0


def test_futures_of_finds_can_be_hedged(tmp_path: Path) -> None:
    """Two draws as two futures, half each: their own plans are all there is to know."""
    system = system_of(land(), tmp_path)
    futures = {str(i): planner.discovered(system, seed=5, sample=i) for i in (0, 1)}
    found = planner.hedge(futures, dict.fromkeys(futures, 0.5), year=2022)
    alone = sum(planner.solve(each).cost for each in futures.values()) / 2
    assert found.wait_and_see == pytest.approx(alone)


@pytest.mark.parametrize("name", ["rate", "tonnage", "grade"])
def test_a_discovery_says_all_that_is_drawn(name: str, tmp_path: Path) -> None:
    study = land()
    study.rows["discovery_values"] = [
        row for row in study.rows["discovery_values"] if row["parameter"] != name
    ]
    with pytest.raises(SpecError, match=rf"discoveries.csv row 2.*has no {name}"):
        system_of(study, tmp_path)
