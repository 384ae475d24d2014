"""What somebody meets who opens planner for the first time: workbooks on the command line, hints of the next command, refusals."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import OutputError


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
    """4,000 t typed over 2,500 in the sheet is what the plan serves; the run keeps the tables, and nothing else is left behind."""
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
    """The message speaks of the workbook and its sheet, not of the folder that it was read through."""
    edit("demand", "E3", "t/yaer")
    status, text = run("solve", "mine.xlsx")
    assert status == 2
    assert text.startswith("SpecError: mine.xlsx: 1 problem\n")
    assert "sheet demand row 3, column 'unit': unit 't/yaer' is unknown (did you mean 't/year'?)" in text
    assert ".csv" not in text


def test_a_study_given_for_a_run_is_told_so(mine: Path) -> None:
    for command in (("report", "mine"), ("export", "mine", "plan.xlsx"), ("compare", "mine", "mine")):
        status, text = run(*command)
        assert (status, "is a study, not a run" in text, "planner solve mine" in text) == (2, True, True), command
    with pytest.raises(OutputError, match="there is no such folder"):
        planner.load("nowhere")
