"""Headlines with their range: read from an ensemble, told where the base lies outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.uncertainty.answers import Answer
from planner.analysis.uncertainty.headline_ranges import HeadlineRanges, Range, beside
from planner.cli import app
from planner.errors import OutputError, SpecError
from planner.plan.plan import Plan
from tests.small import Study, system_of

SHARE = Answer("share:li:home:2021", "share", "li", "home", 2021)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """100 t a year at 12 from abroad, where home ore costs 10 and 40 t of it are known."""
    study = Study(last=2021).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, max_activity=40)
    study.process("buy", "import", gives={"li": 1}, import_price=12, origin="abroad")
    return planner.solve(system_of(study, tmp_path))


def draws(plan: Plan, **ends: float) -> planner.Ensemble:
    """An ensemble of the mine's output alone, within these multiples of its 40 t."""
    return planner.ensemble(
        plan.system,
        samples=64,
        workers=1,
        statement={
            "inputs": {"process_values.dig.max_activity": {"distribution": "uniform"} | ends}
        },
    )


def one(found: HeadlineRanges, answer: str) -> Range:
    return next(each for each in found.ranges if each.answer.text == answer)


def test_the_range_of_a_share_is_that_of_the_samples(plan: Plan) -> None:
    """The mine gives from 20 to 60 t, uniformly: home share 0.40, from 0.22 to 0.58 with 0.40 in
    the middle (5, 95 and 50 % of the way from 0.2 to 0.6); cost 1,200 less 2 a tonne of it. Drawn
    by Latin hypercube: the quantiles are those of the distribution to the width of a class."""
    found = planner.headlines(plan, draws(plan, low=0.5, high=1.5))
    share = one(found, "share:lithium:domestic-primary:2021")
    assert share.base == pytest.approx(0.4)
    assert share.quantiles == pytest.approx((0.22, 0.4, 0.58), abs=0.4 / 64)
    cost = one(found, "cost")
    assert cost.base == pytest.approx(1120)
    assert cost.quantiles == pytest.approx((1084, 1120, 1156), abs=80 / 64)
    assert (found.samples, found.solved, found.drawn_back) == (64, 64, 0)
    assert not found.outside
    assert not found.warning


def test_a_base_outside_its_range_is_told(plan: Plan) -> None:
    """The mine gives from 40 to 60 t: the base, 40 t, is the least of all, below 41 t at 5 %."""
    found = planner.headlines(plan, draws(plan, low=1.0, high=1.5))
    named = [each.answer.text for each in found.outside]
    assert "share:lithium:domestic-primary:2021" in named
    assert "cost" in named
    assert "lithium 2021, domestic primary 40 % (4" in found.warning
    assert "| lithium 2021, domestic primary | 40 % (41-50-59) * |" in found.markdown()


@pytest.mark.parametrize(
    ("base", "quantiles", "unit", "line"),
    [
        (0.66, (0.42, 0.58, 0.704), "1", "66 % (42-58-70)"),
        (355.9e9, (366e9, 449.4e9, 545e9), "USD_2021", "356 billion USD of 2021 (366-449-545)"),
        (851e6, (), "tCO2e", "851 million t CO2e"),
        (2030, (2028, 2031, 2040), "year", "2030 (2028-2031-2040)"),
        (-0.1, (-0.2, 0.0, 0.1), "1", "-10 % (-20 to 0 to 10)"),
        (
            4.18e6,
            (3.9512e6, 4.36e6, 4.91e6),
            "USD_2021",
            "4.18 million USD of 2021 (3.95-4.36-4.91)",
        ),
        (np.nan, (), "year", "none"),
    ],
)
def test_the_line(base: float, quantiles: tuple[float, ...], unit: str, line: str) -> None:
    assert Range(SHARE, base, quantiles, unit).line == line


def test_a_base_at_the_end_of_its_range_is_inside() -> None:
    assert not Range(SHARE, 0.3, (0.3, 0.3, 0.3), "1").outside
    assert not Range(SHARE, 0.3, (0.3 + 1e-14, 0.4, 0.5), "1").outside
    assert Range(SHARE, 0.3, (0.31, 0.4, 0.5), "1").outside
    assert not Range(SHARE, 0.3, (), "1").outside


def test_the_folder_of_an_ensemble_is_read_and_checked(tmp_path: Path) -> None:
    """The same from the folder as from memory; another study's, or an altered one, is refused."""
    system = planner.read("quickstart")
    plan, folder = planner.solve(system), tmp_path / "ensemble"
    asked = {"samples": 40, "seed": 2, "workers": 1, "answers": ["reliance:lithium:2022"]}
    found = planner.ensemble(system, out=folder, **asked)  # type: ignore[arg-type]
    lines = planner.headlines(plan, folder, answers=["reliance:lithium:2022"])
    memory = planner.headlines(plan, found, answers=["reliance:lithium:2022"])
    assert lines.table().equals(memory.table())
    reliance = one(lines, "reliance:lithium:2022")
    own = found.headline["reliance:lithium:2022"].quantile([0.05, 0.5, 0.95])
    assert reliance.quantiles == pytest.approx(tuple(own))
    other = planner.solve(planner.read("quickstart", scenario="carbon-price"))
    with pytest.raises(SpecError, match="other inputs than the run; make one with: planner ensemb"):
        planner.headlines(other, folder)
    part = folder / "headline" / "block=000000" / "part.parquet"
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(OutputError, match="block 0 is not as it was written"):
        planner.headlines(plan, folder)
    with pytest.raises(OutputError, match="holds no ensemble that can be read"):
        planner.headlines(plan, tmp_path)


def test_report_and_terminal_say_the_range_or_how_to_make_it(tmp_path: Path) -> None:
    """Without an ensemble the command that makes it; with one in the run, or named, the lines."""
    run, call = tmp_path / "run", CliRunner().invoke
    assert call(app, ["solve", "quickstart", "--out", str(run), "-q"]).exit_code == 0
    said = call(app, ["headlines", str(run)]).stdout
    command = f"planner ensemble quickstart --scenario reference --samples 512 --out {run}/ensemble"
    assert command in said.replace("\n", "")
    assert call(app, ["report", str(run)]).exit_code == 0
    assert command in (run / "report.html").read_text()
    assert beside(run) is None
    given = ["--samples", "32", "--workers", "1", "-q", "--out", str(run / "ensemble")]
    assert call(app, ["ensemble", "quickstart", *given]).exit_code == 0
    assert beside(run) == run / "ensemble"
    line = one(planner.headlines(planner.load(run), run / "ensemble"), "cost").line
    assert line in call(app, ["headlines", str(run), "--markdown"]).stdout
    assert call(app, ["report", str(run)]).exit_code == 0
    assert line in (run / "report.html").read_text()
    again = call(app, ["solve", "quickstart", "--out", str(run)])
    assert line in again.stdout
    other = ["solve", "quickstart", "--scenario", "carbon-price", "--out", str(run)]
    assert "no ranges: " in call(app, other).stdout
    assert call(app, [*other, "--ensemble", str(run / "ensemble")]).exit_code == 2
