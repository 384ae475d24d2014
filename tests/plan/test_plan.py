"""A run folder: written whole or not at all, read back to the last digit, refused when it is not
what was solved."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.errors import OutputError
from planner.plan.plan import FORMAT_VERSION, LOG_FILE, MIGRATIONS, RECORD_FILE, Plan

OLD_RUN = Path(__file__).parents[1] / "runs" / "format-1"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.fixture
def run(plan: Plan, tmp_path: Path) -> Path:
    return plan.save(tmp_path / "run")


def test_what_is_loaded_is_what_was_saved(plan: Plan, run: Path) -> None:
    """Tables, values and reduced costs to the last digit and with the same types; a rounded number
    would fail the certificate."""
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


def test_a_save_that_fails_midway_leaves_the_run_before_it(
    plan: Plan, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk is full: the record is written last, then the folder is moved in."""

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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: (run / RECORD_FILE).unlink(), "not a run of planner"),
        (lambda run: (run / RECORD_FILE).write_text("{"), "not a run of planner"),
        (lambda run: (run / RECORD_FILE).write_text("[]"), "not a run of planner"),
        (
            lambda run: (run / RECORD_FILE).write_text('{"format_version": 1, "study": "x"}'),
            "not a run of planner",
        ),
        (
            lambda run: (run / RECORD_FILE).write_text(json.dumps({"format_version": 99})),
            "format 99",
        ),
        (lambda run: (run / "supply.csv").unlink(), "supply.csv"),
        (
            lambda run: (run / "variables.csv").write_text(
                "variable,index,value,reduced_cost\nactivity,[],many,0\n"
            ),
            "many",
        ),
    ],
)
def test_what_is_no_whole_run_is_refused(run: Path, change: object, message: str) -> None:
    change(run)  # type: ignore[operator]
    with pytest.raises(OutputError, match=message):
        planner.load(run)


def test_a_run_of_an_older_version_is_read() -> None:
    """tests/runs/format-1 was written before format 2 was: its tables, values and checks come
    through its migration."""
    old = planner.load(OLD_RUN)
    assert json.loads((OLD_RUN / RECORD_FILE).read_text())["format_version"] == 1
    assert old.record.platform == "not recorded"
    assert planner.verify(old) == old.certificate
    new = planner.solve(old.system)
    assert new.objective == old.objective
    for name, table in new.tables.items():
        pd.testing.assert_frame_equal(
            old.tables[name], table, check_dtype=bool(len(table)), check_index_type=bool(len(table))
        )


def test_an_older_run_saved_again_is_of_this_version(tmp_path: Path) -> None:
    old = planner.load(OLD_RUN)
    again = planner.load(old.save(tmp_path / "run"))
    assert (
        json.loads((tmp_path / "run" / RECORD_FILE).read_text())["format_version"] == FORMAT_VERSION
    )
    assert again.record == old.record


@pytest.mark.parametrize("version", [0, "1", None, [1], FORMAT_VERSION + 1, 1.5])
def test_a_version_without_a_way_to_this_one_is_refused(run: Path, version: object) -> None:
    said = json.loads((run / RECORD_FILE).read_text())
    (run / RECORD_FILE).write_text(json.dumps(said | {"format_version": version}))
    with pytest.raises(OutputError, match=r"run format|not a run of planner"):
        planner.load(run)


def test_every_older_version_has_its_migration() -> None:
    """Whoever raises the version says how the older is read."""
    assert sorted(MIGRATIONS) == list(range(1, FORMAT_VERSION))


def test_a_table_with_other_columns_is_refused(run: Path) -> None:
    """A column renamed or moved would be read as another number."""
    table = run / "supply.csv"
    table.write_text(table.read_text().replace("value,unit", "unit,value", 1))
    with pytest.raises(OutputError, match="columns"):
        planner.load(run)


def test_the_log_says_what_was_run(plan: Plan, tmp_path: Path) -> None:
    """Versions, stages with seconds, what was checked, the lines of the command line, and what
    HiGHS said."""
    run = plan.save(
        tmp_path / "run", log=["command planner solve quickstart", "warning about something"]
    )
    log = (run / LOG_FILE).read_text()
    for said in (
        plan.record.inputs_hash,
        "command planner solve quickstart",
        "warning about something",
        "pyomo",
        "highspy",
        "HiGHS",
        "stage solve",
        "4178292",
        "balance 0.0e+00",
        "Model status        : Optimal",
    ):
        assert said in log
    assert planner.load(run).solver_log == plan.solver_log
    again = planner.load(run).save(tmp_path / "again")
    assert "Model status" in (again / LOG_FILE).read_text()
