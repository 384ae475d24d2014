"""What somebody meets who opens planner for the first time: workbooks on the command line, hints of
the next command, refusals."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import OutputError
from planner.study.schema import COLUMN_NOTES


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and everything printed."""
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new study and its workbook, in an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine")[0] == 0
    assert run("workbook", "mine", "mine.xlsx")[0] == 0
    return tmp_path


def edit(sheet: str, cell: str, value: object) -> None:
    book = openpyxl.load_workbook("mine.xlsx")
    book[sheet][cell].value = value
    book.save("mine.xlsx")


def test_each_step_names_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "planner solve mine" in run("new", "mine")[1]
    assert "planner solve mine.xlsx" in run("workbook", "mine", "mine.xlsx")[1]
    assert "planner report results/mine" in run("solve", "mine")[1]
    assert "open it in a browser" in run("report", "results/mine")[1]


def test_a_workbook_is_solved_as_it_stands(mine: Path) -> None:
    """4,000 t typed over 2,500 in the sheet is what the plan serves; the run keeps the tables, and
    nothing else is left behind."""
    edit("demand", "D3", 4000)
    status, text = run("solve", "mine.xlsx", "--quiet")
    assert status == 0, text
    plan = planner.load("results/mine")
    assert plan.system.goods["lithium/batteries"].demand[-1] == 4000
    assert plan.record.study == "mine"
    assert sorted(p.name for p in mine.iterdir()) == ["mine", "mine.xlsx", "results"]
    status, text = run("check", "mine.xlsx")
    assert (status, text.startswith("mine [reference]")) == (0, True)


def test_a_mistake_in_a_workbook_is_named_by_its_sheet_and_row(mine: Path) -> None:
    """The message names the workbook and its sheet, not the folder that it was read through."""
    edit("demand", "E3", "t/yaer")
    status, text = run("solve", "mine.xlsx")
    assert status == 2
    assert text.startswith("SpecError: mine.xlsx: 1 problem\n")
    assert (
        "sheet demand row 3, column 'unit': unit 't/yaer' is unknown (did you mean 't/year'?)"
        in text
    )
    assert ".csv" not in text


def test_a_workbook_is_put_back_into_its_study(mine: Path) -> None:
    """Tables are written over, one whose sheet is gone is removed, other files stay; a folder that
    is not a study is left alone."""
    edit("demand", "D3", 4000)
    book = openpyxl.load_workbook("mine.xlsx")
    del book["collection"]
    book.save("mine.xlsx")
    status, text = run("unpack", "mine.xlsx", "mine")
    assert (status, "--replace" in text) == (2, True)
    assert (mine / "mine" / "collection.csv").is_file()
    assert run("unpack", "mine.xlsx", "mine", "--replace")[0] == 0
    assert not (mine / "mine" / "collection.csv").exists()
    assert (mine / "mine" / "README.md").is_file()
    assert not list((mine / "mine").glob(".*"))
    assert ",4000," in (mine / "mine" / "demand.csv").read_text()
    (mine / "other").mkdir()
    (mine / "other" / "letter.txt").write_text("mine")
    status, text = run("unpack", "mine.xlsx", "other", "--replace")
    assert (status, "holds no study to write over" in text) == (2, True)
    assert [p.name for p in (mine / "other").iterdir()] == ["letter.txt"]


def test_a_workbook_says_at_each_header_what_the_column_means(mine: Path) -> None:
    """Notes at the headers are those of the format; a note is not a text of the study, and none
    comes back."""
    book = openpyxl.load_workbook("mine.xlsx")
    assert book["demand"]["D1"].comment.text == COLUMN_NOTES["value"]
    assert book["goods"].freeze_panes == "A2"
    assert book["goods"].column_dimensions["A"].width > len("lithium/batteries")
    book.save("mine.xlsx")
    assert run("unpack", "mine.xlsx", "again")[0] == 0
    for table in (mine / "mine").glob("*.csv"):
        assert (mine / "again" / table.name).read_bytes() == table.read_bytes()


def test_the_new_study_meets_the_target_of_its_own_scenario(mine: Path) -> None:
    """Self-reliance can be had in the study that `new` writes: the mine counts, nothing is missed,
    and home supply grows."""
    assert run("solve", "mine", "-q")[0] == 0
    status, text = run("solve", "mine", "--scenario", "self-reliance")
    assert status == 0
    assert "target missed" not in text
    plans = [planner.load(folder) for folder in ("results/mine", "results/mine-self-reliance")]
    home = [
        plan.mix[(plan.mix["pathway"] == "domestic primary") & (plan.mix["year"] == 2034)][
            "value"
        ].sum()
        for plan in plans
    ]
    assert home[1] > 2 * home[0]
    assert not (plans[1].costs["item"] == "breach").any()


def test_a_target_missed_at_its_penalty_is_said(mine: Path) -> None:
    """With a penalty cheaper than any mine the target is missed, and the last lines say so."""
    text = (mine / "mine" / "study.toml").read_text().replace("penalty = 50000", "penalty = 1")
    (mine / "mine" / "study.toml").write_text(text)
    assert (
        "missed: home_share/lithium in 20" in run("solve", "mine", "--scenario", "self-reliance")[1]
    )


def test_a_study_given_for_a_run_is_told_so(mine: Path) -> None:
    for command in (
        ("report", "mine"),
        ("export", "mine", "plan.xlsx"),
        ("compare", "mine", "mine"),
    ):
        status, text = run(*command)
        assert (status, "is a study, not a run" in text, "planner solve mine" in text) == (
            2,
            True,
            True,
        ), command
    with pytest.raises(OutputError, match="there is no such folder"):
        planner.load("nowhere")
