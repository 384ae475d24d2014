"""A run folder: written whole or not at all, read back to the last digit, refused when it is not
what was solved."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import OutputError
from planner.plan.plan import FORMAT_VERSION, LOG_FILE, MIGRATIONS, RECORD_FILE, Plan
from planner.plan.schema import COLUMNS as RESULT_NAMES
from planner.runtime.run_folder import strangers

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
    """With or without its seal."""
    change(run)  # type: ignore[operator]
    with pytest.raises(OutputError, match=message):
        planner.load(run, unsealed=True)


TABLES = (*RESULT_NAMES, "variables")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("change", ["cut", "doubled"])
def test_an_altered_table_is_refused(run: Path, name: str, change: str) -> None:
    """Cut to its first lines, or every row of it doubled: each was read without a word, supply
    falling from 450 to 70 t, and verify held."""
    table = run / f"{name}.csv"
    head, *rows = table.read_text().splitlines(keepends=True)
    kept = rows[: len(rows) // 2] if change == "cut" else [*rows, *rows]
    table.write_text("".join([head, *kept]))
    if kept == rows:
        pytest.skip("the table is empty")
    with pytest.raises(OutputError, match=rf"{name}\.csv changed since .* --unsealed"):
        planner.load(run)
    known = planner.load(run, unsealed=True)
    assert known.unsealed.startswith(f"unsealed: {name}.csv changed since")
    assert not planner.verify(known).holds


def test_an_altered_record_is_refused(run: Path) -> None:
    """The objective in plan.json, and the list of hashes itself, are under the seal."""
    record = run / RECORD_FILE
    said = json.loads(record.read_text())
    for other in (
        said | {"objective": said["objective"] / 2},
        said | {"files": {}},
        {name: value for name, value in said.items() if name != "seal"},
    ):
        record.write_text(json.dumps(other))
        with pytest.raises(OutputError, match=r"plan\.json changed since"):
            planner.load(run)
    record.write_text(json.dumps(said, indent=7, sort_keys=True))
    assert not planner.load(run).unsealed, "other blanks and another order say the same"


def test_what_is_altered_stays_marked_when_it_is_saved_again(run: Path, tmp_path: Path) -> None:
    """Else a new seal would vouch for the altered table."""
    (run / "supply.csv").write_text((run / "supply.csv").read_text().replace("domestic", "foreign"))
    again = planner.load(run, unsealed=True).save(tmp_path / "again")
    assert "supply.csv changed since" in planner.load(again).unsealed


def test_the_log_and_notes_beside_a_run_are_not_sealed(run: Path) -> None:
    (run / LOG_FILE).write_text("read, 3 May")
    (run / "notes.md").write_text("mine")
    assert not planner.load(run).unsealed


def test_verify_compares_tables_with_variables(plan: Plan) -> None:
    """A table of a plan in memory that says other than its variables fails; it passed, since only
    the variables were looked at."""
    assert planner.verify(plan).table_error == 0.0
    short = {"supply": plan.supply.iloc[:-1], "stocks": pd.concat([plan.stocks, plan.stocks])}
    off = {
        name: plan.tables[name].assign(value=plan.tables[name]["value"] * (1 + 1e-6))
        for name in ("flows", "costs", "emissions", "indicators")
    }
    for name, table in (short | off).items():
        checked = planner.verify(replace(plan, tables={**plan.tables, name: table}))
        assert not checked.holds, name


def test_a_run_of_format_2_is_checked_by_its_data_package(run: Path) -> None:
    """It had no seal, but said the hash of each table: one that is altered is refused, a whole one
    is read and said to be unsealed."""
    said = json.loads((run / RECORD_FILE).read_text())
    old = {name: value for name, value in said.items() if name not in ("files", "seal")}
    (run / RECORD_FILE).write_text(json.dumps(old | {"format_version": 2}))
    assert "before runs were sealed" in planner.load(run).unsealed
    assert planner.verify(planner.load(run)).holds
    (run / "costs.csv").write_text((run / "costs.csv").read_text().replace("1", "2"))
    with pytest.raises(OutputError, match=r"costs\.csv changed since"):
        planner.load(run)


def test_saving_again_keeps_what_the_run_did_not_make(plan: Plan, run: Path) -> None:
    """Notes, a report, a workbook, folders and links of the user stand beside the new run; they
    were deleted. What the run before had made is gone, also where the new one has no such table."""
    (run / "notes.md").write_text("mine")
    (run / "report.html").write_text("page")
    (run / "frontier").mkdir()
    (run / "frontier" / "points.csv").write_text("points")
    (run / "inputs" / "why").mkdir()
    (run / "inputs" / "why" / "mail.txt").write_text("a source")
    (run / "inputs" / "policies.csv").write_text("not read when the run was made")
    (run / "latest").symlink_to(run / "supply.csv")
    assert strangers(run) == ["frontier", "latest", "notes.md", "report.html"]
    made = {path.name for path in plan.save(run.with_name("other")).iterdir()}
    for _ in range(2):
        plan.save(run)
        assert {path.name for path in run.iterdir()} - made == set(strangers(run))
        assert (run / "notes.md").read_text() == "mine"
        assert (run / "frontier" / "points.csv").read_text() == "points"
        assert (run / "inputs" / "why" / "mail.txt").read_text() == "a source"
        assert (run / "latest").readlink() == run / "supply.csv"
    assert (run / "inputs" / "policies.csv.kept").exists(), "it would be read as part of the study"
    assert planner.load(run).record == plan.record
    assert sorted(path.name for path in run.parent.iterdir()) == ["other", "run"]


def test_an_older_run_gives_way_and_what_stood_beside_it_stays(plan: Plan, tmp_path: Path) -> None:
    """Runs of formats 1 and 2 did not list what they made."""
    run = Path(shutil.copytree(OLD_RUN, tmp_path / "run"))
    (run / "mine.csv").write_text("mine")
    plan.save(run)
    assert strangers(run) == ["mine.csv"]
    assert planner.load(run).record == plan.record


def test_a_file_with_the_name_of_ours_is_kept_under_another(plan: Plan, tmp_path: Path) -> None:
    """A link that a user put in place of a table is no table of ours: it stays, its target
    untouched."""
    run = plan.save(tmp_path / "run")
    (tmp_path / "mine.csv").write_text("mine")
    (run / "supply.csv").unlink()
    (run / "supply.csv").symlink_to(tmp_path / "mine.csv")
    plan.save(run)
    assert not (run / "supply.csv").is_symlink()
    assert (run / "supply.csv.kept").readlink() == tmp_path / "mine.csv"
    assert (tmp_path / "mine.csv").read_text() == "mine"


def test_a_run_of_an_older_version_is_read() -> None:
    """tests/runs/format-1 was written before format 2 was: its tables, values and checks come
    through its migration. It knew no ends of prices: these are empty."""
    old = planner.load(OLD_RUN)
    assert json.loads((OLD_RUN / RECORD_FILE).read_text())["format_version"] == 1
    assert old.record.platform == "not recorded"
    assert "before runs were sealed" in old.unsealed
    assert planner.verify(old) == old.certificate
    new = planner.solve(old.system)
    assert new.objective == old.objective
    assert old.prices[["low", "high"]].isna().all(axis=None)
    tables = {**new.tables, "prices": new.prices.assign(low=np.nan, high=np.nan)}
    for name, table in tables.items():
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
        planner.load(run, unsealed=True)


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
