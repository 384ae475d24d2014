"""The command hindcast: what it prints and writes, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from click.testing import CliRunner, Result

from planner.cli import app
from planner.cli.hindcast import TABLES
from tests.small import Study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """100 t, 60 of them from a mine; 60 were bought where the plan buys 40."""
    study = Study(2021, 2023).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("mine", "mine", gives={"li": 1}, max_activity=60, variable_cost=10)
    study.process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)
    study.rows["process_values"][-1]["published"] = 2024
    study.observation("bought", "ship", "li", {2022: 60}, role="test")
    return study.write(tmp_path / "s")


def run(*words: Any) -> Result:
    return CliRunner().invoke(typer.main.get_command(app), [*map(str, words)])


def test_hindcast_says_what_held_the_plan(folder: Path, tmp_path: Path) -> None:
    shown = run("hindcast", folder, "--out", tmp_path / "out", "--window", "1", "--as-of", "2023")
    assert shown.exit_code == 0, shown.output
    for part in (
        "What was observed, and the plan, as of the end of 2023",
        "bought 2022: ship in place of mine would cost 20 USD/t more (process_values.csv:4)",
        "bought 2022 would come out with demand.li at 12",
        "The same with 1 years in sight",
        "0 rows of the study are hidden, 1 came out later and stay",
        "leak: process_values.ship.import_price",
    ):
        assert part in shown.output
    for name in TABLES:
        assert list(pd.read_csv(tmp_path / "out" / f"{name}.csv").columns)


def test_hindcast_as_json(folder: Path) -> None:
    answer = json.loads(run("hindcast", folder, "--json", "--top", "0").stdout)
    assert answer["as_of"] is None
    assert answer["changes"] == []
    (pair,) = answer["pairs"]
    assert (pair["observed"], pair["inside"], pair["covered"]) == (60, False, None)
    assert pair["plan"] == pytest.approx(40)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--ensemble", "e", "--samples", "2"), "--samples: goes without --ensemble"),
        (("--metal", "lithum"), "'lithum' is not a metal of the study"),
        (("--as-of", "22"), "is '22'; give a calendar year such as 2022"),
        (("--ensemble", "nowhere"), "nowhere holds no ensemble that can be read"),
    ],
)
def test_hindcast_refuses(folder: Path, words: tuple[str, ...], message: str) -> None:
    shown = run("hindcast", folder, *words)
    assert shown.exit_code == 2
    assert message in " ".join(shown.output.split())


def test_calibrate_lists_every_unseen_cost_and_writes_a_study(tmp_path: Path) -> None:
    """60 t of a mine at 10 and 40 t of an import at 30 were observed where the plan mines all: the
    mine bears an unseen 20, less half of its rise of 0.2 up to there, the import half of its 0.3.
    The study written has a scenario that needs no pin."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10, observed={2021: 60})
    study.process("ship", "import", gives={"li": 1}, import_price=30, observed={2021: 40})
    folder = study.write(tmp_path / "s")
    shown = run("calibrate", folder, "--out", tmp_path / "out", "--fade", "1")
    assert shown.exit_code == 0, shown.output
    for part in ("Unseen costs, USD_2021", "1 have an unseen cost", "--scenario calibrated"):
        assert part in shown.output.replace("\n", " ")
    answer = json.loads(run("solve", tmp_path / "out", "-s", "calibrated", "--json").stdout)
    assert answer["answer"]["unseen_cost"] == pytest.approx(60 * (20 - 0.1) - 40 * 0.15, rel=1e-3)
    refused = run("calibrate", folder, "--year", "2022")
    assert refused.exit_code == 2
