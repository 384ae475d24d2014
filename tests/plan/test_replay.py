"""Replay of plans with longer periods: what their certificate says, and that it would notice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.plan import solve as solving
from planner.plan.replay import TOLD, notes, replay
from planner.plan.solve import break_ties, optimal
from planner.solver.highs import Program
from tests.small import Study, plan_of, system_of


def works(**head) -> Study:
    """100 t a year for six years, a mine at 10 with 2 t CO2e that can be ordered, 150 t a year of
    imports at 30."""
    study = Study(2021, 2026, **head).good("li", "refined", demand=100, shortage_cost=1000)
    study.process(
        "dig", "mine", gives={"li": 1}, variable_cost=10, plant="k", direct_emission=2
    ).process("buy", "import", gives={"li": 1}, import_price=30, max_activity=60)
    return study.plant("k", capital_cost=30, life=6, max_new=20)


def best(program: Program):
    return break_ties(program, optimal(program))[0]


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return plan_of(works(step=3), tmp_path_factory.mktemp("replay"))


def test_a_plan_is_one_of_the_yearly_study(plan):
    """Cost, emissions and shortage of the replay are those of the plan; the time is told."""
    found = plan.certificate.replay
    assert found.largest <= 1e-9
    assert str(found) == (
        "cost 0.00%, territorial emissions 0.00%, footprint emissions 0.00%, shortage 0.00% of "
        "demand"
    )
    assert plan.record.seconds["replay"] > 0
    assert planner.verify(plan).replay == found


def test_the_replay_notices_orders_that_are_not_those_of_the_plan(plan):
    """All orders left out, imports of 60 t are left: 40 t are short in each of six years in place
    of what the plan was short of; cost and emissions differ as well, and a note says so. A replay
    that took activities or capacity from the plan would say nothing."""
    without = dict.fromkeys(plan.values["new_capacity"], 0.0)
    found = replay(replace(plan, values={**plan.values, "new_capacity": without}), best)
    short = sum(plan.values["shortage"].values())
    assert found.shortage == pytest.approx(240 - short)
    assert found.shortage_share == pytest.approx((240 - short) / 600)
    cost = 6 * (40 * 1000 + 60 * 30)
    assert found.cost == pytest.approx(cost / plan.objective - 1)
    assert found.emissions["territorial"] == pytest.approx(-1)
    (note,) = notes(found)
    assert "replayed year by year, this plan is another one: cost +" in note


def test_a_note_above_one_percent_and_for_what_is_not_a_number(plan):
    """A hundredth is told nowhere but in the certificate; anything above it, or NaN, in a note."""
    found = plan.certificate.replay
    assert notes(replace(found, cost=TOLD)) == ()
    assert notes(replace(found, cost=TOLD * 1.001))
    assert notes(replace(found, shortage_share=float("nan")))


def test_yearly_studies_and_extended_models_are_not_replayed(tmp_path):
    """All periods years: nothing to replay. A model that somebody extended has rows that the yearly
    study lacks; its plan says nothing of a replay."""
    assert plan_of(works(), tmp_path).certificate.replay is None
    model = planner.build(system_of(works(step=3), tmp_path))
    assert planner.solve(model).certificate.replay is None


def test_a_time_limit_counts_for_the_replay(plan, monkeypatch):
    """Solved within the limit, nothing of it left: the plan stands, and says that it was not
    replayed."""
    made = replace(plan.record, seconds={"solve": 60.0})
    monkeypatch.setattr(solving, "_solved", lambda *_: replace(plan, record=made))
    stopped = planner.solve(plan.system, time_limit=60.0)
    assert stopped.certificate.replay is None
    assert "not replayed year by year: the time limit came first" in stopped.record.notes


def test_saved_loaded_printed_reported(tmp_path):
    """The certificate in plan.json has the replay, which is read back; terminal, run.log and report
    say it."""
    folder = works(step=3).write(tmp_path / "study")
    run = tmp_path / "run"
    said = CliRunner().invoke(app, ["solve", str(folder), "--out", str(run)])
    line = "replayed year by year, orders held: cost 0.00%, territorial emissions 0.00%"
    assert line in said.output
    record = json.loads((run / "plan.json").read_text())
    assert set(record["certificate"]["replay"]) == {
        "cost",
        "emissions",
        "shortage",
        "shortage_share",
    }
    assert record["seconds"]["replay"] > 0
    assert "replayed year by year: cost 0.00%" in (run / "run.log").read_text()
    again = planner.load(run)
    assert str(again.certificate.replay).startswith("cost 0.00%")
    page = again.report(tmp_path / "page.html").read_text()
    assert "replayed year by year, orders held: cost 0.00%" in page


def test_a_run_of_means_is_refused(tmp_path):
    """A run whose tables name the first years of its periods alone, as those did that were planned
    by means: read as years, every sum over years would be wrong."""
    run = plan_of(works(step=3), tmp_path).save(tmp_path / "run")
    variables = run / "variables.csv"
    kept = [
        line
        for line in variables.read_text().splitlines(keepends=True)
        if not any(str(year) in line for year in (2022, 2023, 2025, 2026))
    ]
    variables.write_text("".join(kept))
    with pytest.raises(planner.OutputError, match=r"years of a longer period .* solve again"):
        planner.load(run, unsealed=True)
