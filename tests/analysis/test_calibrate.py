"""Calibration: the base year without its pins, and the duals of the pins, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.errors import OutputError, SpecError
from tests.small import Study, system_of


def market(**head: object) -> Study:
    """100 t a year from three origins at 10, 14 and 20 USD/t, of which 60, 30 and 10 t were
    observed; the first gives at most 90 t."""
    return (
        Study(last=2025, **head)  # type: ignore[arg-type]
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process(
            "a", "import", gives={"li": 1}, import_price=10, max_activity=90, observed={2021: 60}
        )
        .process("b", "import", gives={"li": 1}, import_price=14, observed={2021: 30})
        .process("c", "import", gives={"li": 1}, import_price=20, observed={2021: 10})
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> planner.Calibration:
    return planner.calibrate(system_of(market(), tmp_path_factory.mktemp("market")), fade=2)


def test_calibration_returns_the_duals_of_the_pins_and_the_base_year(
    found: planner.Calibration,
) -> None:
    """Held at 60, 30 and 10 t, one tonne more would come from c, at 20: the pin of a is worth
    20 - 10 = 10, that of b 6, that of c nothing. With these as costs, and a hundredth more or less
    of 10, 14 and 20 about what was observed, the base year needs no pin. Uncalibrated the plan is
    90 t of a and 10 t of b. Without the rise any split costs 2,000."""
    costs = found.costs.set_index("process")
    assert costs["unseen_cost"].to_dict() == pytest.approx({"a": 10, "b": 6, "c": 0}, abs=1e-9)
    assert costs["before"].to_dict() == pytest.approx({"a": 90, "b": 10, "c": 0})
    assert costs["after"].to_dict() == pytest.approx({"a": 60, "b": 30, "c": 10}, rel=2e-5)
    assert costs["share"].to_dict() == pytest.approx({"a": 1, "b": 6 / 14, "c": 0})
    assert costs["rise"].to_dict() == pytest.approx({"a": 0.1, "b": 0.14, "c": 0.2})
    assert found.size == pytest.approx((600 + 180) / (600 + 420 + 200))
    assert costs["later_cost"].to_dict() == pytest.approx({"a": 10, "b": 6, "c": 0}, abs=1e-9)
    # the costs that nobody states are in no cost: 1,220 in 2021, later years as uncalibrated
    plain = 90 * 10 + 10 * 14
    assert found.before.cost == pytest.approx(5 * plain)
    yearly = (
        found.after.costs[found.after.costs["item"] == "import_price"]
        .groupby("year")["value"]
        .sum()
    )
    assert yearly[2021] == pytest.approx(1220)
    assert yearly[2023] == pytest.approx(plain)


def test_unseen_costs_fade_in_equal_parts(found: planner.Calibration) -> None:
    """Of the 10 of a half is left after one of two years, nothing after two: 15 against 17 of b in
    2022, less the halves of the rises beyond 60 t."""
    unseen = found.system.processes["a"].unseen
    assert unseen is not None
    assert unseen.cost + unseen.rise / 2 == pytest.approx(np.array([10, 5, 0, 0, 0]))
    assert unseen.rise == pytest.approx(np.array([0.1, 0.05, 0, 0, 0]))


def test_the_study_written_gives_the_same_plan(tmp_path: Path) -> None:
    """The folder is an ordinary study: its base is the uncalibrated one, its scenario `calibrated`
    the other, each unseen cost a row with its source."""
    found = planner.calibrate(system_of(market(discount_rate=0.05), tmp_path / "study"), fade=3)
    folder = found.save(tmp_path / "out")
    again = planner.solve(planner.read(folder, scenario="calibrated"))
    assert again.objective == pytest.approx(found.after.objective, rel=1e-12)
    assert planner.solve(planner.read(folder)).objective == pytest.approx(found.before.objective)
    stated = [d for d in again.system.data if ".unseen_" in d.path]
    assert {d.source for d in stated} == {"planner calibrate: base year 2021, fading by 2024"}
    with pytest.raises(OutputError):
        found.save(folder)
    with pytest.raises(SpecError, match="has a scenario 'calibrated' already"):
        replace(found, system=planner.read(folder)).save(tmp_path / "twice")


def test_what_stands_at_a_limit_of_its_own_needs_no_unseen_cost(tmp_path: Path) -> None:
    """60 t of a are all there is, and nothing of d at 40 is bought: both would be so without a
    pin."""
    study = market()
    for row in study.rows["process_values"]:
        if row["parameter"] == "max_activity":
            row["value"] = 60
    study.process("d", "import", gives={"li": 1}, import_price=40, observed={2021: 0})
    found = planner.calibrate(system_of(study, tmp_path))
    costs = found.costs.set_index("process")
    assert costs["unseen_cost"].to_dict() == pytest.approx(
        {"a": 0, "b": 6, "c": 0, "d": 0}, abs=1e-9
    )
    assert costs.loc[["a", "d"], "rise"].tolist() == [0, 0]
    assert found.deviation[1] < 1e-5


def test_what_is_observed_but_impossible_is_held_as_near_as_can_be(tmp_path: Path) -> None:
    """A mine was observed at 50 t of ore and its smelter at 40 t of metal from as much ore: nobody
    can use the other 10 t. The mine is held at 40 t, and said so."""
    study = (
        Study(last=2022)
        .good("ore", "intermediate")
        .good("li", "refined", demand=40, shortage_cost=1000)
        .process("mine", "mine", gives={"ore": 1}, variable_cost=5, observed={2021: 50})
        .process("smelt", "refine", takes={"ore": 1}, gives={"li": 1}, observed={2021: 40})
        .process("buy", "import", gives={"li": 1}, import_price=3)
    )
    found = planner.calibrate(system_of(study, tmp_path), fade=1)
    assert found.costs.set_index("process")["held"].to_dict() == pytest.approx(
        {"mine": 40, "smelt": 40}, rel=2e-5
    )
    assert found.deviation[1] < 1e-5
    assert "1 are held beside what was observed" in " ".join(found.words)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"year": 2023}, "nothing was observed in 2023; choose of 2021"),
        ({"fade": 0}, "give 1 or more"),
        ({"tolerance": 1.0}, "is no share"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(
    options: dict[str, float], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match=message):
        planner.calibrate(system_of(market(), tmp_path), **options)


def test_a_study_without_observations_is_refused(tmp_path: Path) -> None:
    study = market()
    study.rows["process_values"] = [
        r for r in study.rows["process_values"] if r["parameter"] != "observed"
    ]
    with pytest.raises(SpecError, match="no process has an observed activity"):
        planner.calibrate(system_of(study, tmp_path))
