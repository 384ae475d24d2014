"""Broken workbooks: refused with the cell, or read as the cells that a spreadsheet shows; and tables of a million rows.

`MUTATIONS=5000` is the nightly mode here too; a fifth of that many workbooks are broken.
"""

from __future__ import annotations

import csv
import io
import os
import random
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

import planner
from planner.errors import SpecError
from planner.sheets import read_study_workbook, unpack, write_study_workbook
from planner.study.problems import MOST
from tests.mutations import NAMES, NUMBERS
from tests.plain_reading import NotPlain, differences
from tests.small import Study
from tests.test_mutations import patience

COUNT = int(os.environ.get("MUTATIONS", "220")) // 5
BATCHES = 4
PATIENCE = 60


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_study_workbook("quickstart", tmp_path_factory.mktemp("book") / "q.xlsx").read_bytes()


def by_cell(draw: random.Random, content: bytes) -> bytes:
    """One cell takes another value, type or format, as hands in a spreadsheet do."""
    made = openpyxl.load_workbook(io.BytesIO(content))
    sheet = draw.choice(made.worksheets)
    cell = sheet.cell(draw.randrange(1, sheet.max_row + 2), draw.randrange(1, sheet.max_column + 2))
    values = [*NUMBERS, *NAMES, True, False, 5, -1, 0.1, 1e300, 10**17, date(2021, 1, 1), "=A1", "=1/0", "#N/A", "'5", None, 2021.5]
    value = draw.choice([value for value in values if not isinstance(value, str) or len(value) < 30_000])
    try:
        cell.value = value
    except openpyxl.utils.exceptions.IllegalCharacterError:
        cell.value = "x"
    if draw.random() < 0.3:
        cell.number_format = draw.choice(("0%", "0.00%", "#,##0", "#,##0,", "yyyy-mm-dd", "@", "0.0E+00", '0.0" %"', "General", "0,,"))
    if draw.random() < 0.1:
        sheet.merge_cells(start_row=cell.row, end_row=cell.row + 1, start_column=cell.column, end_column=cell.column)
    if draw.random() < 0.1:
        draw.choice((sheet.insert_rows, sheet.delete_rows, sheet.insert_cols, sheet.delete_cols))(draw.randrange(1, 4))
    if draw.random() < 0.05:
        sheet.title = draw.choice(("Goods", "x", "sheet1", "goods 2"))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def by_part(draw: random.Random, content: bytes) -> bytes:
    """A part of the archive is lost, cut, or holds other bytes; it is packed whole again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        # comments hold no data, and are read by neither
        hit, how = draw.choice([name for name in names if "omment" not in name and "rawing" not in name]), draw.randrange(6)
        for name in names:
            part = old.read(name)
            if name == hit:
                at = draw.randrange(len(part))
                part = (b"", part[:at], part[:at] + draw.randbytes(draw.choice((1, 8))) + part[at + 1:], part.replace(b"1", b"99999999", 1),
                        part.replace(b"<v>", b"<v>x", 1), part.replace(b"/", b"", 1))[how]
            if name != hit or draw.random() < 0.9:
                new.writestr(name, part)
    return out.getvalue()


def by_byte(draw: random.Random, content: bytes) -> bytes:
    """Cut, or bytes of the archive itself changed."""
    if draw.random() < 0.3:
        return content[:draw.randrange(len(content))]
    made = bytearray(content)
    for _ in range(draw.choice((1, 4, 50))):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made)


KINDS: tuple[Callable[[random.Random, bytes], bytes], ...] = (by_cell, by_cell, by_cell, by_part, by_byte)


def shown(content: bytes) -> dict[str, list[list[object]]]:
    """What each cell shows, by another mode of openpyxl; rows that show nothing left out."""
    made = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    return {sheet.title: [row for row in ([*map(_shown, cells)] for cells in sheet.iter_rows()) if any(row)] for sheet in made.worksheets}


def _shown(cell: object) -> object:
    value, form = cell.value, cell.number_format  # type: ignore[attr-defined]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    scaled = number and ("%" in form.replace('" %"', "") or form.endswith(",") or ",," in form)
    return "" if value is None else f"{value:g} shown as {form}" if scaled else value


def said(value: object, text: str) -> bool:
    """Whether a text of the file is what a cell shows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).strip().upper() == text.strip().upper() or isinstance(value, bool)
    return float(text) == value


def verdict(number: int, content: bytes, folder: Path) -> str:
    """What is wrong with how a broken workbook was received; empty where nothing is."""
    draw = random.Random(number)
    path = folder / f"{number}.xlsx"
    path.write_bytes(KINDS[number % len(KINDS)](draw, content))
    try:
        with patience(PATIENCE):
            files = read_study_workbook(path)
    except SpecError as error:
        fit = all(len(str(problem)) < 2000 and str(problem).isprintable() for problem in error.problems)
        return "" if error.problems and fit else str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    sheets = shown(path.read_bytes())
    for name, file in files.items():
        if name.endswith(".csv"):
            rows = [row for row in csv.reader(io.StringIO(file.decode(), newline="")) if any(row)]
            cells = [[value for value in row if value != ""] for row in sheets[name.removesuffix(".csv")]]
            texts = [[text for text in row if text] for row in rows]
            if [len(row) for row in cells] != [len(row) for row in texts]:
                return f"{name}: other cells are filled"
            for values, row in zip(cells, texts, strict=True):
                if not all(said(value, text) for value, text in zip(values, row, strict=True)):
                    return f"{name}: {row} for {values}"
    try:
        system = planner.read(unpack(path, folder / str(number)))
    except SpecError:
        return ""
    except Exception as error:
        return f"after unpacking: {type(error).__name__}: {error}"
    try:
        return "; ".join(differences(system, files))
    except (NotPlain, KeyError, ValueError) as error:
        return f"read, though it does not plainly say one thing: {error}"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_broken_workbook_is_refused_or_read_as_it_shows(batch: int, tmp_path: Path, book: bytes) -> None:
    found = {number: verdict(number, book, tmp_path) for number in range(batch, COUNT, BATCHES)}
    wrong = {number: what for number, what in found.items() if what}
    assert not wrong, f"{len(wrong)} of {len(found)}: {wrong}"


def changed(book: bytes, path: Path, change: Callable[[openpyxl.Workbook], object]) -> Path:
    made = openpyxl.load_workbook(io.BytesIO(book))
    change(made)
    made.save(path)
    return path


def test_a_cell_that_shows_another_number_than_it_holds_is_refused(tmp_path: Path, book: bytes) -> None:
    """5 % typed into a cell is 0.05, shown as 5 %: beside the unit % it would be read as a hundredth of it."""
    def percent(made: openpyxl.Workbook) -> None:
        made["collection"]["D2"].number_format = "0%"
    with pytest.raises(SpecError, match=r"row 2, column 'collection!D2': holds 0.5 but is formatted to show"):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", percent))


def test_merged_cells_are_refused(tmp_path: Path, book: bytes) -> None:
    """A scenario merged over two rows would hold for the first of them only, and the second would count in every scenario."""
    with pytest.raises(SpecError, match=r"row 2, column 'series!C2:C3': these cells are merged"):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", lambda made: made["series"].merge_cells("C2:C3")))


def test_a_formula_that_was_never_computed_is_refused(tmp_path: Path, book: bytes) -> None:
    """A year that is =2020+1 in a file no spreadsheet has saved is empty to a reader: it would stand for every year."""
    def formula(made: openpyxl.Workbook) -> None:
        made["series"]["B2"] = "=2020+1"
    with pytest.raises(SpecError, match=r"row 2, column 'series!B2': holds a formula that was never computed"):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", formula))


def test_text_beside_the_head_and_cells_far_off_are_refused(tmp_path: Path, book: bytes) -> None:
    def beside(made: openpyxl.Workbook) -> None:
        made["study.toml"]["B3"] = "lost"
        made["goods"].cell(3, 16_000).value = "far"
    with pytest.raises(SpecError, match=r"study.toml!B3'[\s\S]*column A|goods!WQJ3'[\s\S]*clear it") as caught:
        read_study_workbook(changed(book, tmp_path / "b.xlsx", beside))
    assert len(caught.value.problems) == 2


def test_a_row_has_one_number_in_sheet_and_file(tmp_path: Path, book: bytes) -> None:
    def gap(made: openpyxl.Workbook) -> None:
        made["plants"].insert_rows(3)
        made["plants"]["E5"] = "many"
    with pytest.raises(SpecError, match=r"plants.csv row 5, column 'value': is 'many'"):
        planner.read(unpack(changed(book, tmp_path / "b.xlsx", gap), tmp_path / "s"))


@pytest.mark.slow
def test_a_table_of_many_rows_is_read_or_refused_without_delay(tmp_path: Path) -> None:
    """50,000 rows (a million in the nightly mode): right ones are read, wrong ones refused with the first thousand named."""
    many = 1_000_000 if COUNT >= 1000 else 50_000
    study = Study().good("li", "refined", demand=1, shortage_cost=9).process("mine", "mine", gives={"li": 1})
    folder = study.write(tmp_path / "s")
    observations = folder / "observations.csv"
    header = "observation,from,to,metal,parameter,year,value,unit,low,high,source\n"
    with patience(600):
        observations.write_text(header + "".join(f"o{i},mine,li,lithium,flow,2021,{i},t/year,0,{i},made\n" for i in range(many)))
        system = planner.read(folder)
        assert len(system.observations) == many
        assert max(o.value for o in system.observations) == many - 1
        observations.write_text(header + "".join(f"o{i},mine,li,metal{i},flow,2021,x{i},t,0,{i},made\n" for i in range(many)))
        with pytest.raises(SpecError, match="further problems of this file are not listed") as caught:
            planner.read(folder)
    assert len(caught.value.problems) == MOST + 1
