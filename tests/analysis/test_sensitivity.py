"""The worth of better data: known shares of variance, known turning values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.uncertainty.ensemble import Ensemble, ensemble
from planner.analysis.uncertainty.inputs import Input, Uncertainty
from planner.analysis.uncertainty.sensitivity import drivers, sensitivity
from planner.analysis.uncertainty.sweep import moved
from planner.cli import app
from planner.errors import OutputError
from tests.small import Study


def an_input(name: str, low: float = 0.0, value: float = 0.5, high: float = 1.0) -> Input:
    return Input(
        name, (name,), (0,), (low,), (value,), (high,), "t", "D", "", "", -np.inf, np.inf, "uniform"
    )


def an_ensemble(points: np.ndarray, cost: np.ndarray) -> Ensemble:
    inputs = tuple(an_input(f"x{i}") for i in range(points.shape[1]))
    samples = np.arange(len(points))
    headline = pd.DataFrame(
        {
            "sample": samples,
            "status": "optimal",
            "cost": cost,
            "penalty": 0.0,
            "territorial": 1.0,
            "footprint": 1.0,
            "shortage": 0.0,
        }
    )
    yearly = pd.DataFrame(
        {"sample": samples, "metal": "lithium", "year": 2021, "foreign_share": 0.5}
    )
    return Ensemble(Uncertainty(inputs), points, headline, yearly, pd.DataFrame(), {})


def test_shares_of_a_known_function() -> None:
    """Ishigami: S1 = 0.3139, 0.4424, 0 (Ishigami and Homma 1990, a = 7, b = 0.1), and seven inputs
    that enter nothing."""
    from scipy.stats import qmc

    points = qmc.Sobol(10, rng=np.random.default_rng(1)).random_base2(12)
    x = np.pi * (2 * points - 1)
    cost = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = drivers(an_ensemble(points, cost)).set_index("input")
    assert set(found["answer"]) == {"cost"}
    assert found.loc[["x0", "x1", "x2"], "share"].to_numpy() == pytest.approx(
        [0.3139, 0.4424, 0.0], abs=0.02
    )
    assert found.index[found["real"]].tolist() == ["x1", "x0"]


def test_chance_is_told_apart_at_the_rate_that_it_says() -> None:
    """Of 40 ensembles of 100 inputs without effect, two are expected in which one of them seems
    real; six or more come once in fifty."""
    rng = np.random.default_rng(3)
    wrong = sum(
        drivers(an_ensemble(rng.random((128, 100)), rng.random(128)), seed=k)["real"].any()
        for k in range(40)
    )
    assert wrong < 6


def test_too_few_samples_or_nothing_that_moves_is_said() -> None:
    points = np.random.default_rng(0).random((100, 2))
    with pytest.raises(OutputError, match="too few"):
        drivers(an_ensemble(points[:50], points[:50, 0]))
    with pytest.raises(OutputError, match="nothing to explain"):
        drivers(an_ensemble(points, np.full(100, 2.0)))


def a_choice(tmp_path: Path, **values: float) -> planner.System:
    """A mine at 10 USD/t and imports at 12, 100 t a year for one year."""
    study = Study(last=2021).good("lithium/refined", "refined", demand=100, shortage_cost=1000)
    study.process("mine", "mine", gives={"lithium/refined": 1}, variable_cost=10, direct_emission=3)
    study.process(
        "buy",
        "import",
        gives={"lithium/refined": 1},
        import_price=12,
        origin="abroad",
        embodied_emission=1,
    )
    return planner.read(study.write(tmp_path / "s"))


def test_the_value_at_which_the_plan_turns_and_what_it_turns_to(tmp_path: Path) -> None:
    statement = {
        "inputs": {
            "process_values.mine.variable_cost": {"low": 0.5, "high": 1.6},
            "process_values.buy.import_price": {"high": 2.0},
            "process_values.mine.direct_emission": {"low": 0.5, "high": 1.5},
        }
    }
    found = sensitivity(a_choice(tmp_path), statement=statement, grades=())
    turn = found.turns.iloc[0]
    assert len(found.turns) == 1
    assert (turn["input"], turn["end"], turn["enters"], turn["leaves"]) == (
        "process_values.mine.variable_cost",
        "high",
        "buy",
        "mine",
    )
    assert turn["turns_at"] == pytest.approx(12.0, abs=0.01 * 6)
    swings = found.swings.set_index("input")
    assert swings.loc[
        "process_values.mine.variable_cost", ["cost at low", "cost at high"]
    ].tolist() == pytest.approx([-500, 200])
    assert swings.loc["process_values.mine.variable_cost", "footprint at high"] == pytest.approx(
        -200
    )
    assert swings.loc["process_values.buy.import_price", "cost at high"] == 0
    emission = swings.loc["process_values.mine.direct_emission"]
    assert emission[["footprint at low", "footprint at high"]].tolist() == pytest.approx(
        [-150, 150]
    )
    assert found.cost == pytest.approx(1000)
    assert swings.index[-1] == "process_values.buy.import_price"


def test_an_input_that_enters_no_programme_moves_no_cost(tmp_path: Path) -> None:
    """Water of the mine without a price: its two ends have one programme, which is that of the
    study; the sensitivity ended in a ValueError, since one programme came for two."""
    study = Study(last=2021).impact("water", "m3", electricity=0.5)
    study.good("li", "refined", demand=100, shortage_cost=5000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10).factor("dig", "water", 3)
    ends = {"process_values.dig.impact:water": {"low": 0.5, "high": 2.0}}
    found = sensitivity(
        planner.read(study.write(tmp_path / "s")), statement={"inputs": ends}, grades=()
    )
    (swing,) = found.swings.to_dict("records")
    assert swing["input"] == "process_values.dig.impact:water"
    assert (swing["cost at low"], swing["cost at high"]) == (0, 0)
    assert found.cost == pytest.approx(1000)


def test_an_end_without_a_plan_is_told(tmp_path: Path) -> None:
    study = Study(last=2021).good(
        "lithium/refined", "refined", demand=100, shortage_cost=1000, equivalent=1
    )
    study.process("mine", "mine", gives={"lithium/refined": 1}, variable_cost=10, max_activity=60)
    study.process("buy", "import", gives={"lithium/refined": 1}, import_price=12, origin="abroad")
    study.policy(
        "target",
        kind="self_sufficiency",
        metal="lithium",
        share=0.5,
        stages=["extraction"],
        provenance="home",
    )
    system = planner.read(study.write(tmp_path / "s"))
    found = sensitivity(
        system, statement={"inputs": {"process_values.mine.max_activity": {"low": 0.5}}}, grades=()
    )
    assert found.swings.loc[0, "no plan at"] == "low"
    assert found.turns.loc[0, "turns_at"] == pytest.approx(50, abs=0.5)
    assert "none is possible" in found.turns.loc[0, "leaves"]


def test_a_series_moves_as_a_whole() -> None:
    each = Input(
        "x",
        ("x.2021", "x.2030"),
        (2021, 2030),
        (1.0, 2.0),
        (2.0, 4.0),
        (3.0, 8.0),
        "t",
        "D",
        "",
        "",
        0.0,
        np.inf,
    )
    assert moved(each, 0.5).tolist() == [2.5, 6.0]
    assert moved(each, -1.0).tolist() == [1.0, 2.0]
    assert moved(each, 0.0).tolist() == [2.0, 4.0]


def test_drivers_of_a_study_are_those_that_one_by_one_move_it() -> None:
    found = drivers(ensemble(planner.read("quickstart"), samples=128, workers=1))
    real = found[found["real"]].groupby("answer")["input"].first()
    assert real["cost"] == "product_values.batteries.lifetime_mean"
    assert real["footprint"] == "process_values.mine_brine.variable_cost"
    assert real["foreign share of cobalt"] == "product_values.batteries.lifetime_mean"


def test_command_line(tmp_path: Path) -> None:
    run = CliRunner().invoke(
        app, ["sensitivity", "quickstart", "--json", "--out", str(tmp_path / "s")]
    )
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["turns"][0]["enters"] == "mine_brine_electric"
    assert told["turns"][0]["turns_at"] == pytest.approx(4330, abs=60)
    assert (tmp_path / "s" / "swings.csv").is_file()
    run = CliRunner().invoke(app, ["sensitivity", "quickstart", "--grade", "A"])
    assert run.exit_code == 2
