"""Workbooks, the IAMC table, comparison: every number comes back to the last digit, and no text becomes a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.iamc import codelist, iamc_table
from planner.plan import Plan
from planner.sheets import read_study_workbook, unpack, write_study_workbook
from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from tests.small import Study


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.mark.parametrize("study", ["quickstart", "china"])
def test_a_study_comes_back_from_its_workbook_unchanged(tmp_path: Path, study: str) -> None:
    """Byte for byte, but for quotes that a CSV may have or not: cells are compared, and the head as text."""
    path = write_study_workbook(study, tmp_path / "study.xlsx")
    before, after = read_files(planner.read.__globals__["find"](study), Problems()), read_study_workbook(path)
    assert set(before) == set(after)
    for name, content in before.items():
        if name == HEAD_FILE:
            assert after[name] == content
        else:
            def rows(raw: bytes) -> list[list[str]]:
                return list(csv.reader(io.StringIO(raw.decode())))
            assert rows(after[name]) == rows(content), name


def test_an_unpacked_workbook_solves_to_the_same_plan(tmp_path: Path, plan: Plan) -> None:
    folder = unpack(write_study_workbook("quickstart", tmp_path / "q.xlsx"), tmp_path / "mine")
    assert planner.solve(planner.read(folder)).objective == plan.objective


def test_a_number_changed_in_the_workbook_arrives(tmp_path: Path) -> None:
    """What an analyst types as a number is read as that number."""
    study = Study().good("li", "refined", demand=100, shortage_cost=1000).process("mine", "mine", gives={"li": 1}, variable_cost=10)
    folder = study.write(tmp_path / "s")
    path = write_study_workbook(folder, tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["demand"]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("value") + 1).value = 120.5
    book.save(path)
    system = planner.read(unpack(path, tmp_path / "out"))
    assert system.goods["li"].demand.tolist() == [120.5]


def test_text_like_a_formula_stays_text(tmp_path: Path) -> None:
    """`=1+1` in a note is neither computed by the spreadsheet nor lost on the way back."""
    folder = Study(title="=HYPERLINK(\"x\")", source="=1+1").good("li", "refined", demand=1, shortage_cost=9).write(tmp_path / "s")
    path = write_study_workbook(folder, tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(path)
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert b"=1+1" in read_study_workbook(path)["demand.csv"]
    done = planner.export(planner.solve(planner.read(folder)), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(done)
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert "=1+1" in [cell.value for cell in book["sources"]["F"]]


def test_strange_workbooks_are_refused(tmp_path: Path) -> None:
    """What is no archive, holds a sheet that is no table, or unpacks to a bomb is one clear error."""
    text = tmp_path / "text.xlsx"
    text.write_text("no archive")
    with pytest.raises(SpecError, match="is no workbook"):
        read_study_workbook(text)
    book = openpyxl.Workbook()
    book.active.title = "godos"
    book.save(tmp_path / "strange.xlsx")
    with pytest.raises(SpecError, match="sheet 'godos' is no table") as caught:
        read_study_workbook(tmp_path / "strange.xlsx")
    assert "has no sheet 'study.toml'" in str(caught.value)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 20_000_000)
    with pytest.raises(SpecError, match="would unpack to 20 MB"):
        read_study_workbook(tmp_path / "bomb.xlsx")


def test_unpack_leaves_a_full_folder_alone(tmp_path: Path) -> None:
    path = write_study_workbook("quickstart", tmp_path / "q.xlsx")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        unpack(path, tmp_path / "full")
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_the_plan_workbook_holds_every_number_to_the_last_digit_of_the_format(tmp_path: Path, plan: Plan) -> None:
    path = planner.export(plan, tmp_path / "plan.xlsx")
    for name in ("supply", "costs", "emissions", "prices", "indicators"):
        frame = pd.read_excel(path, sheet_name=name, keep_default_na=False)
        assert frame["value"].tolist() == [float(f"{v:.16g}") for v in plan.tables[name]["value"]], name
        assert "unit" in frame
    book = openpyxl.load_workbook(path)
    assert len(book["mix lithium"]._charts) == 1
    assert book["sources"].max_row == len(plan.system.data) + 1


def test_the_iamc_table_adds_up_to_the_plan(tmp_path: Path, plan: Plan) -> None:
    table = iamc_table(plan)
    assert list(table.columns) == ["model", "scenario", "region", "variable", "unit", "year", "value"]
    assert not table.duplicated(["variable", "year"]).any()
    lithium = table[table["variable"].str.startswith("Supply|Lithium|")]
    supplied = plan.mix[plan.mix["metal"] == "lithium"].groupby("year")["value"].sum()
    assert lithium.groupby("year")["value"].sum().to_dict() == pytest.approx(supplied.to_dict())
    emitted = table[table["variable"] == "Emissions|CO2e|Footprint"]["value"].sum()
    assert emitted == pytest.approx(plan.record.emissions["footprint"])
    assert all(f'"{variable}"' in codelist(plan) for variable in table["variable"])
    back = pd.read_csv(planner.export(plan, tmp_path / "plan.csv"))
    assert back["value"].tolist() == table["value"].tolist()


def test_compare_names_what_differs_and_by_how_much(plan: Plan) -> None:
    """One input changed is one input listed; the same plan twice differs in nothing."""
    path = next(d.path for d in plan.system.data if d.path.endswith("variable_cost"))
    value = next(d.value for d in plan.system.data if d.path == path)
    other = planner.solve(planner.read("quickstart", overrides={path: f"{value * 1.5} USD_2021/t"}))
    found = planner.compare([plan, other], ["a", "b"])
    assert found.inputs["path"].tolist() == [path]
    assert found.inputs["b"].tolist() == [value * 1.5]
    cost = found.totals.set_index("quantity").loc["cost, present value"]
    assert (cost["a"], cost["b"]) == (plan.objective, other.objective)
    same = planner.compare([plan, plan])
    assert same.inputs.empty
    assert same.results.empty
    with pytest.raises(SpecError, match="at least two"):
        planner.compare([plan])
