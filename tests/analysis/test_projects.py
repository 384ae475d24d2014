"""Announced projects with a probability: counted on in a plan, drawn in ensembles, made futures of.
Figures by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError
from tests.small import Study, plan_of, system_of


def announced(chance: float | None = 0.6, **plant: Any) -> Study:
    """10 t are wanted in 2022, imported at 11 USD/t or smelted of a deposit's ore at 1 in a plant
    that is ordered a year before, at 5 USD per t a year."""
    known = {} if chance is None else {"probability": chance}
    return (
        Study(2021, 2022)
        .good("li", "refined", demand=[0, 10], shortage_cost=1000)
        .deposit("find", reserve=100, **known)
        .plant("works", **(plant or {"capital_cost": 5, "life": 1, "lead_time": 1}))
        .process("mine", "mine", takes={"find": 1}, gives={"li": 1}, variable_cost=1, plant="works")
        .process("buy", "import", gives={"li": 1}, import_price=11)
    )


@pytest.mark.parametrize(
    ("probability", "cost"), [(None, 60), (1, 60), (0.5, 60), (0.49, 110), (0, 110)]
)
def test_a_plan_counts_on_what_is_as_likely_as_not(
    probability: float | None, cost: float, tmp_path: Path
) -> None:
    """Smelted: 50 for the works and 10 for the ore; bought: 110."""
    assert plan_of(announced(probability), tmp_path).cost == pytest.approx(cost)


def test_what_is_under_construction_may_not_come(tmp_path: Path) -> None:
    """4 t a year are under construction: 4 x 1 + 6 x 11 = 70 USD, or 110 without."""
    for probability, cost in ((0.7, 70), (0.3, 110)):
        study = announced(1, under_construction={2022: 4}, life=9, probability=probability)
        assert plan_of(study, tmp_path).cost == pytest.approx(cost)


def test_an_ensemble_draws_what_comes_about(tmp_path: Path) -> None:
    """Of 64 samples, each in its 64th of the quantiles, 38 or 39 have the deposit with 0.6; all
    cost 60 or 110. A triangular draw would be a share of a deposit."""
    system = system_of(announced(), tmp_path)
    found = planner.ensemble(system, samples=64, seed=2, workers=1)
    there = found.values("deposits.find.lithium.probability")["value"].to_numpy()
    assert set(there) == {0.0, 1.0}
    assert there.sum() in (38, 39)
    assert found.headline["cost"].to_numpy() == pytest.approx(np.where(there == 1, 60, 110))


def test_hedging_builds_for_a_project_that_may_fail(tmp_path: Path) -> None:
    """Before it is known: works for 10 t cost 50, then 10 with the deposit and 110 without: 0.6 x
    60 + 0.4 x 160 = 100, less than 110 without works. Knowing would cost 0.6 x 60 + 0.4 x 110 =
    80. At 0.5 both cost 110."""
    systems, chances = planner.project_futures(system_of(announced(), tmp_path))
    assert chances == pytest.approx({"find": 0.6, "none": 0.4})
    found = planner.hedge(systems, chances, year=2022)
    assert found.expected == pytest.approx(100)
    assert found.value_of_information == pytest.approx(20)


def test_the_command_hedges_projects(tmp_path: Path) -> None:
    folder = announced(0.6, under_construction={2022: 4}, life=9, probability=0.5).write(
        tmp_path / "study"
    )
    asked = ["hedge", str(folder), "--year", "2022", "--project"]
    done = CliRunner().invoke(app, [*asked, "all", "--quiet"])
    assert done.exit_code == 0, done.output
    wrong = CliRunner().invoke(app, [*asked, "buy", "--json"])
    assert wrong.exit_code == 2
    assert "'buy' has no probability; there are find, works" in wrong.output + wrong.stderr


def test_projects_of_a_study_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no deposit or plant has a probability"):
        planner.project_futures(system_of(announced(None), tmp_path))


def test_a_project_with_exploration_is_refused(tmp_path: Path) -> None:
    """What is found would be mined though the project is not there."""
    with pytest.raises(SpecError, match="give the project a deposit of its own"):
        system_of(announced().exploration("find", cost=1, potential=9), tmp_path)
