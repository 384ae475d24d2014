"""Workbooks, the IAMC table, comparison: every number comes back to the last digit, and no text
becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import planner
from planner.errors import OutputError, SpecError
from planner.exchange.iamc import codelist, iamc_table
from planner.plan.plan import Plan
from planner.plan.schema import COLUMNS
from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from planner.study.workbook import read_study_workbook, unpack, write_study_workbook
from tests.small import Study


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


@pytest.mark.parametrize("study", ["quickstart", "china", "world"])
def test_a_study_comes_back_from_its_workbook_unchanged(tmp_path: Path, study: str) -> None:
    """Byte for byte, but for quotes that a CSV may have or not: cells are compared, and the head as
    text."""
    path = write_study_workbook(study, tmp_path / "study.xlsx")
    before, after = (
        read_files(planner.read.__globals__["find"](study), Problems()),
        read_study_workbook(path),
    )
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
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process("mine", "mine", gives={"li": 1}, variable_cost=10)
    )
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
    folder = (
        Study(title='=HYPERLINK("x")', source="=1+1")
        .good("li", "refined", demand=1, shortage_cost=9)
        .write(tmp_path / "s")
    )
    path = write_study_workbook(folder, tmp_path / "s.xlsx")
    book = openpyxl.load_workbook(path)
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert b"=1+1" in read_study_workbook(path)["demand.csv"]
    done = planner.export(planner.solve(planner.read(folder)), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(done)
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert "=1+1" in [cell.value for cell in book["sources"]["F"]]


def test_strange_workbooks_are_refused(tmp_path: Path) -> None:
    """Not an archive, a sheet that is not a table, a bomb when unpacked: one clear error each."""
    text = tmp_path / "text.xlsx"
    text.write_text("no archive")
    with pytest.raises(SpecError, match="is not a workbook"):
        read_study_workbook(text)
    book = openpyxl.Workbook()
    book.active.title = "godos"
    book.save(tmp_path / "strange.xlsx")
    with pytest.raises(SpecError, match="sheet 'godos' is not a table") as caught:
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


@pytest.fixture(scope="module", params=["quickstart", "china"])
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, Path]:
    plan = planner.solve(planner.read(request.param))
    return plan, planner.export(plan, tmp_path_factory.mktemp("exported") / "plan.xlsx")


def test_the_plan_workbook_holds_every_table_to_the_last_digit(exported: tuple[Plan, Path]) -> None:
    """Every cell of every result table and of the sources is the plan's own value, all 17 digits;
    every header of numbers says the unit."""
    plan, path = exported
    book = openpyxl.load_workbook(path, read_only=True)
    for name, columns in COLUMNS.items():
        head, *rows = book[name].iter_rows(values_only=True)
        if plan.tables[name].empty:
            assert not rows
            continue
        assert [text.partition(" (")[0] for text in head] == list(columns)
        frame = plan.tables[name]
        for column, text, cells in zip(columns, head, zip(*rows, strict=True), strict=True):
            wanted = [
                None if v is None or v is pd.NA or v != v else v for v in frame[column].tolist()
            ]
            assert [
                c if c is not None else ("" if w == "" else None)
                for c, w in zip(cells, wanted, strict=True)
            ] == wanted, (name, column)
            if column in ("value", "present_value"):
                assert re.search(r"\((USD|t|tCO2e|unit of its row)", text), (name, text)
    head, *rows = book["sources"].iter_rows(values_only=True)
    held = [(d.path, d.value, d.unit, d.source, d.grade) for d in plan.system.data]
    assert [
        tuple(row[head.index(n)] for n in ("path", "value", "unit", "source", "grade"))
        for row in rows
    ] == held


def test_the_plan_workbook_draws_native_charts_of_what_stands_beside_them(
    tmp_path: Path, plan: Plan
) -> None:
    """Each chart refers to the cells of its own sheet, all columns and years, and those cells sum
    to the plan."""
    path = planner.export(plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    charted = {sheet.title: sheet for sheet in book if sheet._charts}
    assert {f"mix {metal}" for metal in plan.system.metals} | {
        "cost by item",
        "territorial by metal",
        "in use by metal",
    } <= set(charted)
    for name, sheet in charted.items():
        chart = sheet._charts[0]
        refers = [series.val.numRef.f for series in chart.series]
        columns = [openpyxl.utils.get_column_letter(i) for i in range(2, sheet.max_column + 1)]
        assert refers == [f"'{name}'!${c}$2:${c}${sheet.max_row}" for c in columns]
        assert all(re.search(r" \(.+\)$", cell.value) for cell in sheet[1][1:]), (
            "a header says its unit"
        )
    with zipfile.ZipFile(path) as archive:
        drawn = [
            archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith("xl/charts/chart")
        ]
    assert len(drawn) == len(charted)
    for xml in drawn:
        assert re.search(
            r"<valAx>.*<a:t>(t/year|t|tCO2e/year|USD_2021/year|USD_2021/t)</a:t>.*</valAx>", xml
        ), "the axis says its unit"
        assert re.search(r"<catAx>.*<a:t>year</a:t>.*</catAx>", xml) or re.search(
            r"<dateAx>.*<a:t>year</a:t>", xml
        )
    years = {p.first for p in plan.system.periods}
    for metal in plan.system.metals:
        rows = list(charted[f"mix {metal}"].iter_rows(min_row=2, values_only=True))
        assert {row[0] for row in rows} == years
        supplied = plan.mix[plan.mix["metal"] == metal].groupby("year")["value"].sum()
        assert {row[0]: sum(row[1:]) for row in rows} == pytest.approx(supplied.to_dict())
    cost = sum(
        sum(row[1:]) for row in charted["cost by item"].iter_rows(min_row=2, values_only=True)
    )
    assert cost == pytest.approx(plan.costs[plan.costs["item"] != "transfer"]["value"].sum())


def test_the_iamc_table_adds_up_to_the_plan(tmp_path: Path, plan: Plan) -> None:
    table = iamc_table(plan)
    assert list(table.columns) == [
        "model",
        "scenario",
        "region",
        "variable",
        "unit",
        "year",
        "value",
    ]
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
