"""A run folder: written whole or not at all, read back to the last digit, refused when it is not what was solved."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.errors import OutputError
from planner.plan import RECORD_FILE, Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture
def run(plan: Plan, tmp_path: Path) -> Path:
    return plan.save(tmp_path / "run")


def test_what_is_loaded_is_what_was_saved(plan: Plan, run: Path) -> None:
    """Tables, values and reduced costs to the last digit and with the same types; a rounded number would fail the certificate."""
    loaded = planner.load(run)
    for name, table in plan.tables.items():
        pd.testing.assert_frame_equal(loaded.tables[name], table, check_exact=True)
    assert loaded.values == plan.values
    assert loaded.reduced_costs == plan.reduced_costs
    assert (loaded.record, loaded.certificate) == (plan.record, plan.certificate)
    assert planner.verify(loaded) == plan.certificate


def test_saving_again_replaces_the_run_and_leaves_nothing_beside_it(plan: Plan, run: Path) -> None:
    (run / "supply.csv").write_text("spoilt")
    plan.save(run)
    assert planner.load(run).record == plan.record
    assert [path.name for path in run.parent.iterdir()] == ["run"]


def test_a_save_that_fails_midway_leaves_the_run_before_it(plan: Plan, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the disk is full: the record is written last, and the folder moved in only after it."""
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in run.glob("*.*")}
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match="No space left"):
        plan.save(run)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in run.glob("*.*")} == before
    assert [path.name for path in run.parent.iterdir()] == ["run"]


def test_inputs_changed_since_are_refused(run: Path) -> None:
    demand = run / "inputs" / "demand.csv"
    demand.write_text(demand.read_text().replace("500", "501"))
    with pytest.raises(OutputError, match="changed since"):
        planner.load(run)


@pytest.mark.parametrize(("change", "message"), [
    (lambda run: (run / RECORD_FILE).unlink(), "no run of planner"),
    (lambda run: (run / RECORD_FILE).write_text("{"), "no run of planner"),
    (lambda run: (run / RECORD_FILE).write_text("[]"), "no run of planner"),
    (lambda run: (run / RECORD_FILE).write_text('{"format_version": 1, "study": "x"}'), "no run of planner"),
    (lambda run: (run / RECORD_FILE).write_text(json.dumps({"format_version": 99})), "format 99"),
    (lambda run: (run / "supply.csv").unlink(), "supply.csv"),
    (lambda run: (run / "variables.csv").write_text("variable,index,value,reduced_cost\nactivity,[],many,0\n"), "many"),
])
def test_what_is_no_whole_run_is_refused(run: Path, change: object, message: str) -> None:
    change(run)  # type: ignore[operator]
    with pytest.raises(OutputError, match=message):
        planner.load(run)
