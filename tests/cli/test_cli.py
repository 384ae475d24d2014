"""The command line: what each command prints, where it writes, and the exit status of each way to
fail."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import planner
from planner.cli import app
from planner.cli.solve import default_folder
from planner.errors import InfeasibleError, OutputError, SolverError, SpecError
from tests.small import Study


def run(*arguments: str | Path) -> Result:
    """Run the command line in this process, with answers and errors apart."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def fails(result: Result, status: int, *words: str) -> None:
    """The run failed with this status and one message that holds the words: on standard error, with
    no traceback."""
    assert result.exit_code == status, (
        result.exit_code,
        result.stdout,
        result.stderr,
        result.exception,
    )
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def mine_and_import() -> Study:
    """Demand of 100 t in 2021 and 2022; 60 t a year can be mined at 10, the rest is imported at 30:
    3,600 in all."""
    return (
        Study(last=2022)
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process("mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=60)
        .process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)
    )


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return mine_and_import().write(tmp_path / "small")


def test_list_names_the_shipped_studies() -> None:
    result = run("list")
    assert result.exit_code == 0
    for name in planner.studies():
        assert name in result.stdout
    answer = json.loads(run("list", "--json").stdout)
    assert {row["study"] for row in answer} == set(planner.studies())
    assert all(row["title"] for row in answer)


def test_check_says_what_a_study_holds(study: Path) -> None:
    result = run("check", study)
    assert result.exit_code == 0
    assert "2021-2022" in result.stdout
    assert "2 processes" in result.stdout
    assert json.loads(run("check", study, "--json").stdout)["problems"] == []
    assert run("check", study, "--quiet").output == ""


def test_check_reports_every_problem_with_its_place(study: Path) -> None:
    table = study / "process_values.csv"
    table.write_text(table.read_text().replace("USD_2021/t", "USD_2021/parsec"))
    (study / "demand.csv").write_text((study / "demand.csv").read_text().replace(",100,", ",many,"))
    fails(
        run("check", study),
        2,
        "SpecError",
        "2 problems",
        "process_values.csv row 2",
        "parsec",
        "demand.csv row 2",
        "many",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "nonsense"), ("nonsense", "PATH=VALUE")),
        (("--set", "demand.li=5", "--set", "demand.li=6"), ("demand.li", "twice")),
        (("--set", "demand.ly=5"), ("demand.ly",)),
        (("--scenario", "nowhere"), ("nowhere",)),
    ],
)
def test_wrong_options_are_wrong_input(
    study: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    for command in ("check", "balance", "solve"):
        fails(run(command, study, *arguments), 2, "SpecError", *words)


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    fails(run("solve", "chinna"), 2, "SpecError", "chinna", "china")
    fails(run("solve", tmp_path / "none"), 2, "none")


def test_solve_writes_a_run_and_shows_the_mix(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = run("solve", study, "--out", out)
    assert result.exit_code == 0, result.output
    assert json.loads((out / "plan.json").read_text())["objective"] == pytest.approx(3600)
    assert "domestic primary" in result.stdout
    assert "60  60%" in result.stdout
    assert "40  40%" in result.stdout
    assert "3,600 USD_2021" in result.stdout
    assert str(out) in result.stdout
    assert "\x1b" not in result.output
    for stage in ("read", "balance", "build", "compile", "solve", "write"):
        assert f"  {stage}" in result.stderr


def test_solve_in_json_says_what_plan_json_says(study: Path, tmp_path: Path) -> None:
    result = run("solve", study, "--out", tmp_path / "run", "--json")
    answer = json.loads(result.stdout)
    assert result.stderr == ""
    assert answer["objective"] == pytest.approx(3600)
    assert answer["folder"] == str(tmp_path / "run")
    assert {(row["year"], row["pathway"]): row["value"] for row in answer["mix"]} == pytest.approx(
        {
            (2021, "domestic primary"): 60,
            (2021, "foreign primary"): 40,
            (2022, "domestic primary"): 60,
            (2022, "foreign primary"): 40,
        }
    )


def test_solve_quietly_prints_nothing(study: Path, tmp_path: Path) -> None:
    result = run("solve", study, "--out", tmp_path / "run", "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_set_overrides_one_value(study: Path, tmp_path: Path) -> None:
    """Import at 50 instead of 30: 40 t x 20 x 2 years dearer."""
    result = run(
        "solve",
        study,
        "--out",
        tmp_path / "run",
        "--set",
        "process_values.ship.import_price=50",
        "--json",
    )
    assert json.loads(result.stdout)["objective"] == pytest.approx(5200)


def test_results_go_to_a_folder_named_after_study_and_scenario(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("solve", study, "--quiet").exit_code == 0
    assert (tmp_path / "results" / "small" / "plan.json").is_file()
    assert default_folder("china", "self-reliance,scrap-imports") == Path(
        "results/china-self-reliance+scrap-imports"
    )


def test_an_override_has_a_folder_of_its_own(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`solve small --set ...` replaced results/small without a word. The order of overrides does
    not matter; values that look alike in a name are told apart."""
    monkeypatch.chdir(tmp_path)
    ship, mine = "process_values.ship.import_price=50", "process_values.mine.variable_cost=11"
    assert run("solve", study, "--quiet").exit_code == 0
    for settings in ((ship, mine), (mine, ship)):
        assert (
            run("solve", study, "--quiet", "--set", settings[0], "--set", settings[1]).exit_code
            == 0
        )
    plain, other = sorted((tmp_path / "results").iterdir())
    assert plain.name == "small"
    assert other.name.startswith("small-set-process_values.mine.variable_cost=11+process_values.s")
    assert planner.load(plain).objective == pytest.approx(3600)
    assert planner.load(other).objective == pytest.approx(5320)
    names = {default_folder("a", "", {"p": value}).name for value in ("1 t/t", "1_t/t", "1 t t")}
    assert len(names) == 3


def test_a_folder_that_nobody_named_is_not_taken_from_another_question(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """results/small-b is that of the study `small`, scenario `b`, and of the study `small-b`."""
    monkeypatch.chdir(tmp_path)
    mine_and_import().write(tmp_path / "small-b")
    with (study / "study.toml").open("a") as head:
        head.write('[scenarios.b]\ntitle = "b"\n')
    assert run("solve", study, "--scenario", "b", "--quiet").exit_code == 0
    fails(run("solve", "small-b", "--quiet"), 2, "holds a run of small (scenario b)", "--out")
    assert run("solve", study, "--scenario", "b", "--quiet").exit_code == 0


def test_what_is_kept_beside_a_run_is_told(study: Path, tmp_path: Path) -> None:
    """Notes and a report survive another solve, and the answer names them."""
    out = tmp_path / "run"
    assert "kept beside" not in run("solve", study, "--out", out).stdout
    (out / "notes.md").write_text("mine")
    assert run("report", out).exit_code == 0
    said = run("solve", study, "--out", out).stdout
    assert "kept beside it, from before: notes.md, report.html" in said
    assert (out / "notes.md").read_text() == "mine"


def test_an_altered_run_is_refused_or_marked_everywhere(study: Path, tmp_path: Path) -> None:
    """Half of supply.csv was read by every command with status 0; with --unsealed each output says
    that it is not vouched for."""
    out, other = tmp_path / "run", tmp_path / "other"
    for folder in (out, other):
        run("solve", study, "--out", folder, "--quiet")
    table = out / "supply.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:2]))
    exports = [
        ("export", out, tmp_path / f"e{ending}") for ending in (".xlsx", ".csv", ".nc", ".zip")
    ]
    commands = [("indicators", out, "--json"), ("compare", other, out), ("report", out), *exports]
    for command in commands[:4]:
        fails_with_stages(
            run(*command), "supply.csv changed since the run was written", "--unsealed"
        )
    said = [run(*command, "--unsealed") for command in commands]
    assert [done.exit_code for done in said] == [0] * len(commands), [d.output for d in said]
    assert json.loads(said[0].stdout)["unsealed"].startswith("unsealed: supply.csv changed")
    assert "run [unsealed]" in said[1].stdout
    page = (out / "report.html").read_text()
    assert "Unsealed: supply.csv changed since the run was written" in page
    assert "base [unsealed]" in (tmp_path / "e.csv").read_text()
    import openpyxl
    import xarray

    book = openpyxl.load_workbook(tmp_path / "e.xlsx")
    assert any("unsealed: supply" in str(c.value) for s in book for r in s.iter_rows() for c in r)
    assert xarray.open_dataset(tmp_path / "e.nc").attrs["unsealed"].startswith("unsealed: supply")
    run("indicators", out, "--unsealed", "--out", tmp_path / "tables", "--quiet")
    assert "supply.csv" in (tmp_path / "tables" / "UNSEALED.txt").read_text()


def fails_with_stages(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in " ".join(result.stderr.split())


def test_an_altered_frontier_is_not_shown(study: Path, tmp_path: Path) -> None:
    """A report took the points of any table of that name."""
    out = tmp_path / "run"
    run("solve", study, "--out", out, "--quiet")
    run("frontier", study, "--points", "2", "--out", out / "frontier", "--quiet")
    assert run("report", out).exit_code == 0
    points = out / "frontier" / "points.csv"
    points.write_text(points.read_text().replace("all", "all ", 1))
    fails_with_stages(run("report", out), "points.csv changed since the frontier was computed")


def test_a_page_of_a_run_that_is_a_link_is_refused(study: Path, tmp_path: Path) -> None:
    """A stranger's run could name a file of ours to be written over; --out may name a link."""
    out, mine = tmp_path / "run", tmp_path / "mine.html"
    run("solve", study, "--out", out, "--quiet")
    mine.write_text("mine")
    (out / "report.html").symlink_to(mine)
    fails_with_stages(run("report", out), "is a link; name the page to write with --out")
    assert mine.read_text() == "mine"
    assert run("report", out, "--out", out / "report.html").exit_code == 0
    assert "<html" in mine.read_text()


def test_infeasible_names_the_target(tmp_path: Path) -> None:
    """90 % at home cannot be: 60 t of 100 t is all that can be mined."""
    target = {"metal": "lithium", "stages": ["extraction"], "share": 0.9}
    study = (
        mine_and_import().policy("all_ours", "self_sufficiency", **target).write(tmp_path / "small")
    )
    result = run("solve", study, "--out", tmp_path / "run", "--quiet")
    fails(result, 3, "InfeasibleError", "all_ours")
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written(study: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    fails(
        run("solve", study, "--out", tmp_path / "file" / "run", "--quiet"),
        2,
        "OutputError",
        "--out",
    )
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("keep me")
    fails(
        run("solve", study, "--out", tmp_path / "precious", "--quiet"), 2, "OutputError", "precious"
    )
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "keep me"


def test_a_folder_that_cannot_be_written_is_refused_before_the_solve(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def solve(*_: Any, **__: Any) -> None:
        pytest.fail("solved for nothing")

    monkeypatch.setattr(planner, "solve", solve)
    (tmp_path / "file").write_text("not a folder")
    fails(
        run("solve", study, "--out", tmp_path / "file" / "run", "--quiet"),
        2,
        "OutputError",
        "--out",
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SpecError("study", ["wrong"]), 2),
        (OutputError("wrong"), 2),
        (InfeasibleError("wrong"), 3),
        (SolverError("wrong"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_status(
    study: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(planner, "read", stop)
    fails(run("check", study), status, "interrupted" if status == 130 else "wrong")


def test_interrupt_reaches_a_solver_that_does_not_listen(study: Path, tmp_path: Path) -> None:
    """Code in C that never looks at signals, as HiGHS: Ctrl-C must end it all the same, with 130
    and no result."""
    code = (
        "import hashlib, sys, planner\nfrom planner.cli import main\n"
        "def stuck(*_, **__):\n    print('stuck', file=sys.stderr, flush=True)\n    "
        "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)\n"
        "planner.solve = stuck\nmain()"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "solve",
        str(study),
        "--out",
        str(tmp_path / "run"),
        "--quiet",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "stuck\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out == ""
    assert not (tmp_path / "run").exists()


def test_json_of_a_whole_process_is_json(study: Path, tmp_path: Path) -> None:
    """HiGHS 1.16 prints a greeting from C when it is made: it must not stand before the answer."""
    command = [
        sys.executable,
        "-m",
        "planner",
        "solve",
        str(study),
        "--out",
        str(tmp_path / "run"),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "optimal"
    assert done.stderr == ""


def test_a_fault_of_planner_itself_is_not_dressed_up(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any error but a PlannerError is a bug: it must come through, not look like wrong input."""

    def stop(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(planner, "read", stop)
    assert isinstance(run("check", study).exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "arguments",
    [
        ("slove", "china"),
        ("solve",),
        ("solve", "china", "--nonsense"),
        ("solve", "china", "--time-limit", "-1"),
    ],
)
def test_wrong_usage_has_status_2(arguments: tuple[str, ...]) -> None:
    fails(run(*arguments), 2, "Usage")


def test_export_writes_a_programme_that_another_reader_solves(study: Path, tmp_path: Path) -> None:
    import highspy

    run("solve", study, "--out", tmp_path / "run", "--quiet")
    result = run("export", tmp_path / "run", tmp_path / "small.mps")
    assert result.exit_code == 0, result.output
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(tmp_path / "small.mps"))
    highs.run()
    assert highs.getInfo().objective_function_value == pytest.approx(3600)
    assert "activity[mine,2021]" in (tmp_path / "small.mps").read_text()
    fails(run("export", tmp_path / "run", tmp_path / "small.mpss"), 2, "did you mean '.mps'")
    fails(run("export", tmp_path / "run", tmp_path / "none" / "small.mps"), 2, "OutputError")
    fails(run("export", tmp_path / "none", tmp_path / "small.mps"), 2, "OutputError", "none")
    assert [p.name for p in tmp_path.glob("*small.mps*")] == ["small.mps"]


def test_balance_states_the_stock_convention(tmp_path: Path) -> None:
    study = (
        Study(last=2022)
        .good("li", "refined", demand=100, shortage_cost=1000)
        .good("li/waste", "waste", collection=0.5)
        .process("mine", "mine", gives={"li": 1}, variable_cost=10)
        .product("batteries", waste="li/waste", uses={"li": 1}, inflow={2020: 80})
        .write(tmp_path / "small")
    )
    result = run("balance", study)
    assert result.exit_code == 0, result.output
    assert "convention: uniform" in result.stdout
    assert "li/waste" in result.stdout
    answer = json.loads(run("balance", study, "--json").stdout)
    assert answer["convention"] == "uniform"
    assert answer["stocks"]["batteries"]["inflow"] == pytest.approx([100, 100])


def test_math_prints_every_family_and_its_place() -> None:
    result = run("math")
    assert result.exit_code == 0
    assert "host_limit(host, metal, year)  planner/lp/families/host_limit.py:" in result.stdout
    assert run("math", "--markdown").stdout.startswith("# The mathematics\n")
    assert [e["name"] for e in json.loads(run("math", "quota", "--json").stdout)["equations"]] == [
        "quota"
    ]
    fails(run("math", "qouta"), 2, "did you mean 'quota'")


def test_a_new_study_solves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine").exit_code == 0
    assert run("solve", "mine", "--quiet").exit_code == 0
    before = (tmp_path / "mine" / "study.toml").read_bytes()
    fails(run("new", "mine"), 2, "mine")
    assert (tmp_path / "mine" / "study.toml").read_bytes() == before


def test_version() -> None:
    assert run("--version").stdout == f"planner {planner.__version__}\n"
