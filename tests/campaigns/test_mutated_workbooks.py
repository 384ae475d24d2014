"""Broken workbooks: refused with the cell, or read as the cells that a spreadsheet shows; and
tables of a million rows.

`MUTATIONS=5000` is the nightly mode here too.
"""

from __future__ import annotations

import csv
import io
import os
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

import planner
from planner.errors import SpecError
from planner.study.files import HEAD_FILE
from planner.study.problems import MOST
from planner.study.workbook import read_study_workbook, unpack, write_study_workbook
from tests.campaigns.mutations import NAMES, NUMBERS
from tests.campaigns.test_mutations import patience
from tests.plain_reading import NotPlain, differences
from tests.plain_workbook import EPOCH, Cells, shown
from tests.small import Study

COUNT = int(os.environ.get("MUTATIONS", "56"))
BATCHES = 4
PATIENCE = 60


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_study_workbook(
        "quickstart", tmp_path_factory.mktemp("book") / "q.xlsx"
    ).read_bytes()


def as_spreadsheets_save(content: bytes) -> bytes:
    """The same workbook with its texts in one list, some of them in runs with a reading aid:
    spreadsheets do so, openpyxl does not."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    listed: dict[bytes, int] = {}

    def in_list(text: re.Match[bytes]) -> bytes:
        number = listed.setdefault(text[2], len(listed))
        return b'<c%s t="s"><v>%d</v></c>' % (text[1], number)

    for name in [name for name in parts if name.startswith("xl/worksheets/sheet")]:
        parts[name] = re.sub(
            rb'<c([^>]*) t="inlineStr"><is><t[^>]*>([^<]*)</t></is></c>', in_list, parts[name]
        )
    whole, cut = (
        b'<t xml:space="preserve">%s</t>',
        b'<r>%s</r><r><rPr><b/></rPr>%s</r><rPh sb="0" eb="1"><t>x</t></rPh>',
    )
    texts = [
        cut % (whole % text[:1], whole % text[1:])
        if number % 3 == 0 and b"&" not in text and text.isascii()
        else whole % text
        for text, number in listed.items()
    ]
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si>%s</si></sst>'
        % (b"</si><si>".join(texts))
    )
    swapped(
        parts,
        "[Content_Types].xml",
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
        b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    return packed(parts)


def by_cell(draw: random.Random, content: bytes) -> bytes:
    """One cell takes another value, type or format, as hands in a spreadsheet do."""
    made = openpyxl.load_workbook(io.BytesIO(content))
    sheet = draw.choice(made.worksheets)
    cell = sheet.cell(draw.randrange(1, sheet.max_row + 2), draw.randrange(1, sheet.max_column + 2))
    values = [
        *NUMBERS,
        *NAMES,
        True,
        False,
        5,
        -1,
        0.1,
        1e300,
        10**17,
        date(2021, 1, 1),
        "=A1",
        "=1/0",
        "#N/A",
        "'5",
        None,
        2021.5,
    ]
    value = draw.choice(
        [value for value in values if not isinstance(value, str) or len(value) < 30_000]
    )
    try:
        cell.value = value
    except openpyxl.utils.exceptions.IllegalCharacterError:
        cell.value = "x"
    if draw.random() < 0.3:
        cell.number_format = draw.choice(
            (
                "0%",
                "0.00%",
                "#,##0",
                "#,##0,",
                "yyyy-mm-dd",
                "@",
                "0.0E+00",
                '0.0" %"',
                "General",
                "0,,",
            )
        )
    if draw.random() < 0.1:
        sheet.merge_cells(
            start_row=cell.row,
            end_row=cell.row + 1,
            start_column=cell.column,
            end_column=cell.column,
        )
    if draw.random() < 0.1:
        draw.choice((sheet.insert_rows, sheet.delete_rows, sheet.insert_cols, sheet.delete_cols))(
            draw.randrange(1, 4)
        )
    if draw.random() < 0.05:
        sheet.title = draw.choice(("Goods", "x", "sheet1", "goods 2"))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def by_part(draw: random.Random, content: bytes) -> bytes:
    """A part of the archive is lost, cut, or holds other bytes; it is packed whole again."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        # comments hold no data, and are read by neither
        hit, how = (
            draw.choice([name for name in names if "omment" not in name and "rawing" not in name]),
            draw.randrange(6),
        )
        for name in names:
            part = old.read(name)
            if name == hit:
                at = draw.randrange(len(part))
                part = (
                    b"",
                    part[:at],
                    part[:at] + draw.randbytes(draw.choice((1, 8))) + part[at + 1 :],
                    part.replace(b"1", b"99999999", 1),
                    part.replace(b"<v>", b"<v>x", 1),
                    part.replace(b"/", b"", 1),
                )[how]
            if name != hit or draw.random() < 0.9:
                new.writestr(name, part)
    return out.getvalue()


def by_byte(draw: random.Random, content: bytes) -> bytes:
    """Cut, or bytes of the archive itself changed."""
    if draw.random() < 0.3:
        return content[: draw.randrange(len(content))]
    made = bytearray(content)
    for _ in range(draw.choice((1, 4, 50))):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made)


def by_xml(draw: random.Random, content: bytes) -> bytes:
    """Cells, rows and sheets written as a spreadsheet would not, or as only some do; the XML stays
    well-formed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = draw.choice(
        sorted(name for name in parts if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
    )
    for _ in range(draw.choice((1, 1, 2))):
        if sheet in parts and draw.random() < 0.8:
            parts[sheet] = draw.choice(SHEET_CHANGES)(draw, parts[sheet])
        else:
            draw.choice(BOOK_CHANGES)(draw, parts, sheet)
    return packed(parts)


def packed(parts: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


ROW, CELL, ATTRIBUTE, HELD = (
    rb"<row .*?</row>",
    rb"<c [^>]*?(?:/>|>.*?</c>)",
    rb' (r|t|s)="[^"]*"',
    rb"<v>[^<]*</v>",
)
KINDS_OF_CELL = (b"n", b"s", b"str", b"b", b"e", b"d", b"x")
HELD_TEXTS = (
    "",
    "0",
    "1",
    "7",
    "2021",
    "-1",
    "999999",
    "1e5",
    "1E999",
    " 5 ",
    "1_0",
    "1_0e1",
    "0x10",
    "nan",
    "inf",
    "infinity",
    "TRUE",
    "1,5",
    "1.5",
    "1<!-- 2 -->3",
    "<![CDATA[4]]>",
    "&#53;",
    "&#x661;",
    "\u0661",
    "2021-01-01",
    "2021-01-01T00:00:00Z",
    "#N/A",
    "x",
    "5.",
    ".5",
    "0.1",
    "1" * 400,
    "0.1" + "0" * 20 + "1",
    "1.7976931348623157e308",
    "4.9E-324",
    "43831.5",
    "0.5",
    "60",
    "-0",
)


def one_of(
    draw: random.Random, pattern: bytes, part: bytes, change: Callable[[bytes], bytes]
) -> bytes:
    """The part with one of what the pattern finds changed."""
    found = list(re.finditer(pattern, part, re.DOTALL))
    if not found:
        return part
    hit = draw.choice(found)
    return part[: hit.start()] + change(hit[0]) + part[hit.end() :]


SHEET_CHANGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    lambda draw, part: one_of(draw, ROW, part, lambda row: row * 2),
    lambda draw, part: one_of(draw, ROW, part, lambda row: b""),
    lambda draw, part: one_of(
        draw, ROW + ROW, part, lambda rows: b"".join(reversed(re.findall(ROW, rows, re.DOTALL)))
    ),
    lambda draw, part: one_of(
        draw, rb'<row r="[0-9]+"', part, lambda row: b'<row r="%d"' % draw.randrange(1, 30)
    ),
    lambda draw, part: one_of(draw, rb'<row r="[0-9]+"', part, lambda row: b"<row"),
    lambda draw, part: one_of(draw, CELL, part, lambda cell: cell * 2),
    lambda draw, part: one_of(draw, CELL, part, lambda cell: b""),
    lambda draw, part: one_of(
        draw,
        CELL + CELL,
        part,
        lambda cells: b"".join(reversed(re.findall(CELL, cells, re.DOTALL))),
    ),
    lambda draw, part: one_of(
        draw,
        rb' r="[A-Z]+[0-9]+"',
        part,
        lambda at: b' r="%c%d"' % (draw.randrange(65, 78), draw.randrange(1, 9)),
    ),
    lambda draw, part: one_of(draw, rb'<c r="[A-Z]+[0-9]+"', part, lambda cell: b"<c"),
    lambda draw, part: one_of(
        draw, rb' t="[a-zA-Z]+"', part, lambda kind: b' t="%s"' % draw.choice(KINDS_OF_CELL)
    ),
    lambda draw, part: one_of(draw, ATTRIBUTE, part, lambda kind: b""),
    lambda draw, part: one_of(draw, rb"<c ", part, lambda cell: b'<c s="%d" ' % draw.randrange(6)),
    lambda draw, part: one_of(
        draw, HELD, part, lambda held: f"<v>{draw.choice(HELD_TEXTS)}</v>".encode()
    ),
    lambda draw, part: one_of(draw, HELD, part, lambda held: b"<f>A1</f>" + held),
    lambda draw, part: one_of(draw, HELD, part, lambda held: b"<f>A1</f>"),
    lambda draw, part: one_of(draw, HELD, part, lambda held: held * 2),
    lambda draw, part: one_of(
        draw, HELD, part, lambda held: b"<is><r><t>5</t></r><r><t>6</t></r><rPh><t>7</t></rPh></is>"
    ),
    lambda draw, part: part.replace(
        b"<sheetData>", b'<cols><col min="1" max="3" hidden="1"/></cols><sheetData>', 1
    ),
    lambda draw, part: part.replace(
        b"</sheetData>",
        b'</sheetData><mergeCells count="1"><mergeCell ref="A2:B2"/></mergeCells>',
        1,
    ),
    lambda draw, part: part.replace(
        b"schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"purl.oclc.org/ooxml/spreadsheetml/main",
    ),
    lambda draw, part: part.replace(b"<sheetData>", b"<sheetData/><sheetData>", 1),
    lambda draw, part: part.replace(b"sheetData>", b"sheetdata>"),
    lambda draw, part: (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "5">]>' + part.replace(b"<v>", b"<v>&b;", 1)
    ),
    lambda draw, part: part.decode().encode("utf-16"),
)
"""Each takes a sheet's XML and breaks one thing of it."""


def swapped(parts: dict[str, bytes], name: str, old: bytes, new: bytes) -> None:
    if name in parts:
        parts[name] = parts[name].replace(old, new)


def changed_part(
    draw: random.Random,
    parts: dict[str, bytes],
    name: str,
    pattern: bytes,
    new: bytes,
    times: int = 0,
) -> None:
    if name in parts:
        parts[name] = one_of(draw, pattern, parts[name], lambda it: it * times or new)


def links_mixed(draw: random.Random, parts: dict[str, bytes], name: str, form: bytes) -> None:
    """One of a part's references becomes another of them."""
    swapped(parts, name, form % draw.randrange(1, 17), form % draw.randrange(1, 17))


BOOK_CHANGES: tuple[Callable[[random.Random, dict[str, bytes], str], object], ...] = (
    lambda draw, parts, sheet: parts.pop(sheet),
    lambda draw, parts, sheet: parts.pop(draw.choice(sorted(parts))),
    lambda draw, parts, sheet: swapped(parts, "xl/workbook.xml", b'name="goods"', b'name="demand"'),
    lambda draw, parts, sheet: links_mixed(draw, parts, "xl/workbook.xml", b'id="rId%d"'),
    lambda draw, parts, sheet: links_mixed(
        draw, parts, "xl/_rels/workbook.xml.rels", b"sheet%d.xml"
    ),
    lambda draw, parts, sheet: links_mixed(
        draw, parts, "xl/_rels/workbook.xml.rels", b'Id="rId%d"'
    ),
    lambda draw, parts, sheet: changed_part(draw, parts, "xl/workbook.xml", rb"<sheet [^>]*>", b""),
    lambda draw, parts, sheet: changed_part(
        draw, parts, "xl/workbook.xml", rb"<sheet [^>]*>", b"", times=2
    ),
    lambda draw, parts, sheet: changed_part(draw, parts, "xl/workbook.xml", rb' r:id="[^"]*"', b""),
    lambda draw, parts, sheet: changed_part(
        draw, parts, "xl/sharedStrings.xml", rb"<si>.*?</si>", b""
    ),
    lambda draw, parts, sheet: changed_part(
        draw, parts, "xl/sharedStrings.xml", rb"<si>.*?</si>", b"<si/>"
    ),
    lambda draw, parts, sheet: swapped(
        parts,
        "xl/styles.xml",
        b'numFmtId="0"',
        b'numFmtId="%d"' % draw.choice((9, 14, 10, 46, 164)),
    ),
    lambda draw, parts, sheet: swapped(
        parts, "xl/workbook.xml", b"<workbookPr", b'<workbookPr date1904="1"'
    ),
    lambda draw, parts, sheet: swapped(
        parts, "[Content_Types].xml", draw.choice((b"Strings+", b"styles+", b"worksheet+")), b"x+"
    ),
)
"""Each breaks what holds the sheets together."""

KINDS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    by_cell,
    by_cell,
    by_xml,
    by_xml,
    by_xml,
    by_part,
    by_byte,
)


def said(value: object, text: str) -> bool:
    """Return True if a text of the file is what a cell shows."""
    if isinstance(value, bool):
        return text == str(value).upper()
    if isinstance(value, timedelta):
        return text in (str(value), str((EPOCH + value).time()))
    if isinstance(value, datetime):
        return any(text.startswith(str(moment)) for moment in (value, value.time()))
    return float(text) == value if isinstance(value, float) else text == value


def other_cells(name: str, content: bytes, cells: Cells) -> str:
    """Where a file holds something else than the cells of its sheet; empty where it does not."""
    text = content.decode()
    # the head takes whole lines, a table drops what is empty above it
    rows = (
        [[line] if line else [] for line in text.split("\n")]
        if name == HEAD_FILE
        else list(csv.reader(io.StringIO(text, newline="")))
    )
    first = 1 if name == HEAD_FILE else min((row for row, _ in cells), default=1)
    for number, row in enumerate(rows, start=first):
        there = {column: value for (at, column), value in cells.items() if at == number}
        width = len(rows[0])
        beyond = [there[column] for column in sorted(there) if column > width]
        mine = (
            [there.get(column, "") for column in range(1, width + 1)] + beyond
            if there and name != HEAD_FILE
            else list(there.values())
        )
        if len(mine) != len(row) or not all(
            said(value, cell) for value, cell in zip(mine, row, strict=True)
        ):
            return f"{name} row {number}: {row} for {mine}"
    last = first + len(rows)
    return next((f"{name}: cell {at} is left out" for at in cells if at[0] >= last), "")


def test_a_workbook_that_a_spreadsheet_saved_reads_alike(tmp_path: Path, book: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(book)
    (tmp_path / "b.xlsx").write_bytes(as_spreadsheets_save(book))
    assert read_study_workbook(tmp_path / "a.xlsx") == read_study_workbook(tmp_path / "b.xlsx")
    assert shown(book) == shown(as_spreadsheets_save(book))


def misread(files: Mapping[str, bytes], content: bytes) -> str:
    """Where the files that were read from a workbook say something else than its cells plainly
    show; empty where they do not."""
    try:
        sheets = shown(content)
    except NotPlain as error:
        return f"read, though it does not plainly show one thing: {error}"
    named = {name.removesuffix(".csv"): file for name, file in files.items()}
    if named.keys() != sheets.keys():
        return f"other sheets: {sorted(named.keys() ^ sheets.keys())}"
    return "; ".join(
        what for name, file in named.items() if (what := other_cells(name, file, sheets[name]))
    )


def verdict(number: int, content: bytes, folder: Path) -> str:
    """Faults in how a broken workbook was received; empty if there are none."""
    draw = random.Random(number)
    path = folder / f"{number}.xlsx"
    path.write_bytes(KINDS[number % len(KINDS)](draw, content))
    try:
        with patience(PATIENCE):
            files = read_study_workbook(path)
    except SpecError as error:
        fit = all(
            len(str(problem)) < 2000 and str(problem).isprintable() for problem in error.problems
        )
        return (
            ""
            if error.problems and fit
            else f"refused without a place, or in unfit words: {str(error)[:300]}"
        )
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if wrong := misread(files, path.read_bytes()):
        return wrong
    try:
        with patience(PATIENCE):
            system = planner.read(unpack(path, folder / str(number)))
    except SpecError as error:
        return (
            ""
            if error.problems and all(problem.file for problem in error.problems)
            else f"refused without a place: {error}"
        )
    except Exception as error:
        return f"after unpacking: {type(error).__name__}: {error}"
    try:
        return "; ".join(differences(system, files))
    except (NotPlain, KeyError, ValueError) as error:
        return f"read, though it does not plainly say one thing: {error}"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_broken_workbook_is_refused_or_read_as_it_shows(
    batch: int, tmp_path: Path, book: bytes
) -> None:
    books = (book, as_spreadsheets_save(book))
    found = {
        number: verdict(number, books[number // len(KINDS) % 2], tmp_path)
        for number in range(batch, COUNT, BATCHES)
    }
    wrong = {number: what[:300] for number, what in found.items() if what}
    assert not wrong, f"{len(wrong)} of {len(found)}: {wrong}"


def changed(book: bytes, path: Path, change: Callable[[openpyxl.Workbook], object]) -> Path:
    made = openpyxl.load_workbook(io.BytesIO(book))
    change(made)
    made.save(path)
    return path


def test_a_cell_that_shows_another_number_than_it_holds_is_refused(
    tmp_path: Path, book: bytes
) -> None:
    """5 % typed into a cell is 0.05, shown as 5 %: beside the unit % it would be read as a
    hundredth of it."""

    def percent(made: openpyxl.Workbook) -> None:
        made["collection"]["D2"].number_format = "0%"

    with pytest.raises(
        SpecError, match=r"row 2, column 'collection!D2': holds 0.5 but is formatted to show"
    ):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", percent))


def test_merged_cells_are_refused(tmp_path: Path, book: bytes) -> None:
    """A scenario merged over two rows would hold for the first of them only, and the second would
    count in every scenario."""
    with pytest.raises(SpecError, match=r"row 2, column 'series!C2:C3': these cells are merged"):
        read_study_workbook(
            changed(book, tmp_path / "b.xlsx", lambda made: made["series"].merge_cells("C2:C3"))
        )


def test_a_formula_that_was_never_computed_is_refused(tmp_path: Path, book: bytes) -> None:
    """A year that is =2020+1 in a file no spreadsheet has saved is empty to a reader: it would
    stand for every year."""

    def formula(made: openpyxl.Workbook) -> None:
        made["series"]["B2"] = "=2020+1"

    with pytest.raises(
        SpecError, match=r"row 2, column 'series!B2': holds a formula that was never computed"
    ):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", formula))


def test_text_beside_the_head_and_cells_far_off_are_refused(tmp_path: Path, book: bytes) -> None:
    def beside(made: openpyxl.Workbook) -> None:
        made["study.toml"]["B3"] = "lost"
        made["goods"].cell(3, 16_000).value = "far"

    with pytest.raises(
        SpecError, match=r"study.toml!B3'[\s\S]*column A|goods!WQJ3'[\s\S]*clear it"
    ) as caught:
        read_study_workbook(changed(book, tmp_path / "b.xlsx", beside))
    assert len(caught.value.problems) == 2


def test_a_row_has_one_number_in_sheet_and_file(tmp_path: Path, book: bytes) -> None:
    def gap(made: openpyxl.Workbook) -> None:
        made["plants"].insert_rows(3)
        made["plants"]["E5"] = "many"

    with pytest.raises(SpecError, match=r"plants.csv row 5, column 'value': is 'many'"):
        planner.read(unpack(changed(book, tmp_path / "b.xlsx", gap), tmp_path / "s"))


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        ("xl/workbook.xml", "<sheets>", "<shoots>", "is not a workbook that can be read"),
        (
            "xl/_rels/workbook.xml.rels",
            "sheet2.xml",
            "sheet99.xml",
            "sheet 'coefficients' is named but its cells are not in the file",
        ),
        ("xl/workbook.xml", 'name="deposits"', 'name="goods"', "two sheets are called 'goods'"),
        (
            "xl/workbook.xml",
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            "http://purl.oclc.org/ooxml/spreadsheetml/main",
            "saved as 'Strict Open XML'",
        ),
        (
            "xl/worksheets/sheet2.xml",
            '<row r="3"',
            '<row r="2"',
            "row 2, column 'coefficients!2:2': this row stands in the file twice or out",
        ),
        (
            "xl/worksheets/sheet2.xml",
            'r="B2"',
            'r="A2"',
            "row 2, column 'coefficients!A2': this cell stands in the file twice or out of its",
        ),
        (
            "xl/worksheets/sheet2.xml",
            'r="B2"',
            'r="B7"',
            "row 2, column 'coefficients!B7': this cell stands in the file twice or out of its",
        ),
        ("xl/worksheets/sheet2.xml", "<v>1</v>", "<v>1_0</v>", "holds '1_0' as a number"),
        (
            "xl/worksheets/sheet2.xml",
            't="n"><v>1</v>',
            't="s"><v>-1</v>',
            "is the text number '-1' of a list that does not have it",
        ),
        (
            "xl/worksheets/sheet2.xml",
            't="n"><v>1</v>',
            't="s"><v>1</v>',
            "row 3, column 'coefficients!F3': cannot be read (list index out of",
        ),
        (
            "xl/worksheets/sheet2.xml",
            't="n"><v>1</v>',
            't="d"><v>2021</v>',
            "row 3, column 'coefficients!F3': cannot be read (Invalid",
        ),
        (
            "xl/worksheets/sheet2.xml",
            't="n"><v>1</v>',
            't="x"><v>1</v>',
            "is of the kind 'x', which no spreadsheet writes",
        ),
        (
            "xl/worksheets/sheet2.xml",
            't="n"><v>1</v>',
            't="b"><v>7</v>',
            "holds neither true nor false",
        ),
    ],
)
def test_what_a_reader_would_pass_over_is_refused(
    tmp_path: Path, book: bytes, part: str, old: str, new: str, message: str
) -> None:
    """Each was read without a word: a sheet or a row was left out, a cell put elsewhere."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    path = tmp_path / "b.xlsx"
    path.write_bytes(packed(parts))
    with pytest.raises(SpecError, match=re.escape(message)):
        read_study_workbook(path)


def test_two_lines_in_one_cell_of_the_head_are_refused(tmp_path: Path, book: bytes) -> None:
    """Every row below would have another number in the sheet than in the message."""

    def two(made: openpyxl.Workbook) -> None:
        made["study.toml"]["A3"] = "a = 1\nb = 2"

    with pytest.raises(
        SpecError,
        match=(
            r"row 3, column 'study.toml!A3': holds a line break; put each line of study.toml in a "
            r"row"
        ),
    ):
        read_study_workbook(changed(book, tmp_path / "b.xlsx", two))


@pytest.mark.slow
def test_a_table_of_many_rows_is_read_or_refused_without_delay(tmp_path: Path) -> None:
    """50,000 rows (a million in the nightly mode): right ones are read, wrong ones refused with the
    first thousand named."""
    many = 1_000_000 if COUNT >= 1000 else 50_000
    study = (
        Study()
        .good("li", "refined", demand=1, shortage_cost=9)
        .process("mine", "mine", gives={"li": 1})
    )
    folder = study.write(tmp_path / "s")
    observations = folder / "observations.csv"
    header = "observation,from,to,metal,parameter,year,value,unit,low,high,source\n"
    with patience(600):
        observations.write_text(
            header
            + "".join(
                f"o{i},mine,li,lithium,flow,2021,{i},t/year,0,{i},made\n" for i in range(many)
            )
        )
        system = planner.read(folder)
        assert len(system.observations) == many
        assert max(o.value for o in system.observations) == many - 1
        observations.write_text(
            header
            + "".join(f"o{i},mine,li,metal{i},flow,2021,x{i},t,0,{i},made\n" for i in range(many))
        )
        with pytest.raises(
            SpecError, match="further problems of this file are not listed"
        ) as caught:
            planner.read(folder)
    assert len(caught.value.problems) == MOST + 1
