"""The commands reconcile, grade and indicators: what they print and write, and how they fail."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import planner
from planner.cli import app
from tests.mfa.reconciliation.test_observations import chain, observe
from tests.plan.test_reserves import study as recycling


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def observed(tmp_path: Path) -> Path:
    made = chain()
    observe(made, "mined by A", "mine", "li/ore", 200, 5)
    observe(made, "mined by B", "mine", "li/ore", 100, 5)
    observe(made, "bought", "buy_*", "li/metal", 50, 4)
    return made.write(tmp_path / "observed")


def test_reconcile_names_what_is_at_fault(observed: Path, tmp_path: Path) -> None:
    shown = run("reconcile", observed, "--out", tmp_path / "out")
    assert shown.exit_code == 0
    assert "most at fault: mined by A: 200, the others say 100" in shown.stdout
    assert "do not agree at a level of 0.05" in shown.stdout
    assert set(pd.read_csv(tmp_path / "out" / "measurements.csv")["observation"]) == {
        "mined by A",
        "mined by B",
        "bought",
    }
    assert {"coefficients.csv", "flows.csv"} <= {path.name for path in (tmp_path / "out").iterdir()}


def test_reconcile_as_json(observed: Path) -> None:
    answer = json.loads(run("reconcile", observed, "--json", "--level", "0.01").stdout)
    assert not answer["consistent"]
    assert answer["faults"][0]["observation"] == "mined by A"
    assert answer["p_value_after"] >= 0.01
    # what nothing determines is null
    assert any(flow["value"] is None for flow in answer["flows"])


def test_grade_with_a_price_solves_nothing(tmp_path: Path) -> None:
    """60 USD/t given per kg: the standing plant pays, the new one does not (test_grade); the study
    could not be solved this fast."""
    folder = recycling().write(tmp_path / "s")
    shown = run("grade", folder, "--price", "lithium=0.06 USD_2021/kg", "--out", tmp_path / "out")
    assert shown.exit_code == 0, shown.stderr
    assert "solve" not in shown.stderr
    steps = pd.read_csv(tmp_path / "out" / "steps.csv")
    assert steps.loc[steps["step"] == "economic", "value"].tolist() == pytest.approx([16])
    assert "Viable" in shown.stdout


def test_grade_by_the_shadow_price_of_the_plan(tmp_path: Path) -> None:
    answer = json.loads(run("grade", recycling(price=70.0).write(tmp_path / "s"), "--json").stdout)
    assert [row["price"] for row in answer["prices"]] == pytest.approx([70])
    assert sum(
        row["value"] for row in answer["steps"] if row["step"] == "economic"
    ) == pytest.approx(40)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--price", "lithum=3 USD_2021/t"), "'lithum' is not a metal of the study"),
        (("--price", "lithium=3"), "the unit is missing"),
        (("--price", "lithium"), "is not METAL=PRICE"),
        (("--metal", "lithum"), "did you mean 'lithium'"),
        (("--year", "1999"), "outside 2021"),
    ],
)
def test_grade_refuses(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    shown = run("grade", recycling().write(tmp_path / "s"), *arguments)
    assert shown.exit_code == 2
    assert words in shown.stderr


def test_grade_draws_the_urban_mine_of_one_metal(tmp_path: Path) -> None:
    study = recycling().write(tmp_path / "s")
    shown = run(
        "grade",
        study,
        "--price",
        "lithium=3000 USD_2021/t",
        "--figure",
        tmp_path / "mine.html",
        "--quiet",
    )
    assert (shown.exit_code, shown.stdout) == (0, ""), shown.stderr
    assert "supply curve of the urban mine" in (tmp_path / "mine.html").read_text(encoding="utf-8")
    shown = run("grade", "china", "--figure", tmp_path / "all.html")
    assert shown.exit_code == 2
    assert "name it with --metal" in shown.stderr
    assert not (tmp_path / "all.html").exists()


def test_indicators_of_a_run(tmp_path: Path) -> None:
    planner.solve(planner.read(recycling().write(tmp_path / "s"))).save(tmp_path / "run")
    shown = run("indicators", tmp_path / "run", "--population", "1000", "--out", tmp_path / "out")
    assert shown.exit_code == 0, shown.stderr
    assert "EoL recycling rate" in shown.stdout
    table = pd.read_csv(tmp_path / "out" / "indicators.csv").set_index("indicator")["value"]
    assert table["in-use stock per head"] == pytest.approx(160)
    answer = json.loads(run("indicators", tmp_path / "run", "--json").stdout)
    assert {"metal", "year", "indicator", "value", "unit"} == set(answer["indicators"][0])


def test_tables_that_cannot_be_written(observed: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    shown = run("reconcile", observed, "--out", tmp_path / "file" / "out")
    assert shown.exit_code == 2
    assert "cannot be written" in shown.stderr


def test_a_study_without_observations(tmp_path: Path) -> None:
    shown = run("reconcile", recycling().write(tmp_path / "s"))
    assert shown.exit_code == 2
    assert "nothing was observed in 2021; add the table to the study" in shown.stderr
