"""A study as one workbook and back, for analysts who edit in a spreadsheet (`planner workbook`,
`planner unpack`).

Every table of the study is a sheet of its name, study.toml is the sheet `study.toml`, a line to a
row. A cell is written as a number only where the number reads back to the same text, and as text
otherwise, so that the way there and back changes nothing. No text is ever taken for a formula, in
either direction: a workbook with formulas is read by the values it was saved with.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.errors import OutputError, Problem, SpecError
from planner.runtime.run_folder import written_file
from planner.study.files import HEAD_FILE, read_files
from planner.study.problems import Problems
from planner.study.reader import find
from planner.study.schema import BY_NAME, COLUMN_NOTES

LARGEST_UNPACKED = 512 * 1024**2
"""Bytes that a workbook may unpack to; more is taken for a bomb. A study of a million rows has
about 200 MB."""
LARGEST_RATIO = 200
"""How many times larger a part may be unpacked than packed; real sheets have about 10."""
BOOK_PART, STRICT = "xl/workbook.xml", b"http://purl.oclc.org/ooxml/"
"""Part that names the sheets, and what it holds in a dialect that openpyxl takes for a workbook
without sheets."""
MOST_COLUMNS = 100
"""Columns that a sheet may fill; the widest table has under twenty. A cell far to the right would
blow every row up."""
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Marks that XML has no way to write."""
HEAD_WIDTH, NARROWEST, WIDEST, NOTE_WIDTH = 120, 8, 60, 320
"""Width of the sheet of study.toml, of columns (characters), and of the note at a header (points)."""
HEAD_COLOUR = "DDE6ED"
EXCEL_ROWS = 1_048_576
EXCEL_TEXT = 32_767
"""Limits of the file format: rows of a sheet, characters of a cell."""


def write_study_workbook(study: str | Path, path: str | Path) -> Path:
    """Write a study, shipped or in a folder, as one workbook and return its path.

    Raises SpecError where the study cannot be read, or does not fit the format; OutputError where
    the file cannot be written.
    """
    folder, place, problems = find(study), Path(path), Problems()
    files = read_files(folder, problems)
    if found := problems.report():
        raise SpecError(str(study), found)
    book = empty_book()
    for name, content in sorted(files.items(), key=lambda item: (item[0] != HEAD_FILE, item[0])):
        sheet = book.create_sheet(name.removesuffix(".csv"))
        text = _text(name, content)
        rows = _rows(name, text)
        _require_fit(name, rows)
        for row, cells in enumerate(rows, start=1):
            for column, text in enumerate(cells, start=1):
                if text:
                    put(sheet.cell(row, column), text if name == HEAD_FILE else _number(text))
        _dress(sheet, name)
    save_whole(book, place)
    return place


def _dress(sheet: Any, name: str) -> None:
    """What an editor of a sheet is helped by: columns as wide as their texts, a header that stays
    and says what each column means."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    if name == HEAD_FILE:
        sheet.column_dimensions["A"].width = HEAD_WIDTH
        for (cell,) in sheet.iter_rows(max_col=1):
            cell.font = Font(name="Consolas")
        return
    table = BY_NAME.get(name.removesuffix(".csv"))
    notes = {
        **COLUMN_NOTES,
        **({column.name: column.note for column in (*table.keys, *table.columns)} if table else {}),
    }
    for cells in sheet.iter_cols():
        longest = max((len(str(cell.value)) for cell in cells if cell.value is not None), default=0)
        sheet.column_dimensions[get_column_letter(cells[0].column)].width = min(
            max(longest + 2, NARROWEST), WIDEST
        )
        cells[0].font, cells[0].fill = (
            Font(bold=True),
            PatternFill("solid", start_color=HEAD_COLOUR),
        )
        if notes.get(str(cells[0].value)):
            cells[0].comment = Comment(notes[str(cells[0].value)], "planner", width=NOTE_WIDTH)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def empty_book() -> Any:
    """A workbook without a sheet."""
    from openpyxl import Workbook

    book: Any = Workbook()
    book.remove(book.active)
    return book


def put(cell: Any, value: Any) -> None:
    """Put a value in a cell, text as text even where it begins like a formula; a mark that no cell
    may hold is left out."""
    cell.value = _UNFIT.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
        if value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            cell.quotePrefix = True


def save_whole(book: Any, path: Path) -> None:
    """Save a workbook beside its place and move it there. Raises OutputError where it cannot be
    written."""
    written_file(path, book.save)


def unpack(workbook: str | Path, folder: str | Path, *, replace: bool = False) -> Path:
    """Write the tables of a study's workbook as a study folder and return it. The folder must be
    new or empty.

    With `replace` it may hold a study, whose tables are written over, those that the workbook has
    no sheet of removed; what is no table stays. Raises SpecError where the file is no such
    workbook, OutputError where the folder cannot be written.
    """
    place, source = Path(folder), Path(workbook)
    files = read_study_workbook(source)
    try:
        if (
            place.exists()
            and (not place.is_dir() or any(place.iterdir()))
            and not (replace and (place / HEAD_FILE).is_file())
        ):
            remedy = (
                " and holds no study to write over; name the folder of one, or a new one"
                if replace
                else "; name a new folder, or write over the study in it with --replace"
            )
            raise OutputError(f"{place} is not empty{remedy}")
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            # whole or not at all: a table that is half written would still be read
            partial = place / f".{name}.partial"
            partial.write_bytes(content)
            partial.replace(place / name)
        for name in {f"{table}.csv" for table in BY_NAME} - set(files) if replace else ():
            (place / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be written: {error.strerror}; name another folder"
        ) from error
    return place


def read_study_workbook(path: Path) -> Mapping[str, bytes]:
    """The files of a study, name to content, from its workbook. Raises SpecError with every sheet
    that is none of a study."""
    _require_sane(path)
    problems = Problems()
    try:
        with warnings.catch_warnings():
            # of styles, validations and extensions, none of which holds data
            warnings.simplefilter("ignore")
            sheets = _sheets(path, problems)
    except Exception as error:  # the readers of archives and XML let errors of many kinds through
        problem = Problem(
            path.name, 0, "", f"is no workbook that can be read ({error}); save it as .xlsx"
        )
        raise SpecError(str(path), [problem]) from error
    known = {*BY_NAME, HEAD_FILE}
    for name in sheets:
        if name not in known:
            problems.add(
                path.name,
                0,
                "",
                f"sheet '{name}' is no table of a study; name it after its table, or remove it",
            )
    if HEAD_FILE not in sheets:
        problems.add(
            path.name,
            0,
            "",
            f"has no sheet '{HEAD_FILE}'; start from `planner workbook STUDY FILE.xlsx`",
        )
    if found := problems.report():
        raise SpecError(str(path), found)
    return {
        name if name == HEAD_FILE else f"{name}.csv": _file(name, rows)
        for name, rows in sheets.items()
    }


def _sheets(path: Path, problems: Problems) -> dict[str, list[list[str]]]:
    """The cells of every sheet as text. What a cell shows and what it holds must be one, or it is a
    problem."""
    from openpyxl.reader.excel import ExcelReader

    sheets: dict[str, list[list[str]]] = {}
    with path.open("rb") as file:
        reader: Any = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.read()
        _require_all(
            path.name,
            [sheet.name for sheet in reader.parser.sheets],
            reader.wb.sheetnames,
            problems,
        )
        for sheet in reader.wb.worksheets:
            sheets[sheet.title] = _sheet(path.name, reader.wb, sheet, problems)
    return sheets


def _require_all(file: str, named: list[str], there: list[str], problems: Problems) -> None:
    """Each sheet once: one whose part is lost would be passed over, of two of one name the first
    would."""
    for name in sorted(set(named) - set(there)):
        problems.add(
            file,
            0,
            "",
            (
                f"sheet '{name}' is named but its cells are not in the file; save it anew, from a "
                "copy that is whole"
            ),
        )
    for name in sorted({name for name in there if there.count(name) > 1}):
        problems.add(file, 0, "", f"two sheets are called '{name}'; remove one of them")


def _sheet(file: str, book: Any, sheet: Any, problems: Problems) -> list[list[str]]:
    """The texts of a sheet by row. What the file says of its size is not believed: rows are taken
    as they come."""
    from openpyxl.worksheet._reader import WorkSheetParser

    rows: list[list[str]] = []
    with sheet._get_source() as source:
        parser: Any = WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        take = parser.parse_cell

        def sure(element: Any) -> Any:
            try:
                if not (wrong := _unsure(element)):
                    return take(element)
            except (ValueError, IndexError, OverflowError) as error:
                wrong = f"cannot be read ({error}); write the value anew"
            element[:] = []
            empty = take(element)
            problems.add(file, empty["row"], f"{sheet.title}!{_at(empty)}", wrong)
            return empty

        parser.parse_cell = sure
        for row, cells in parser.parse():
            if row > EXCEL_ROWS:
                raise ValueError(f"sheet '{sheet.title}' claims more rows than a sheet can have")
            if row <= len(rows):
                problems.add(file, row, f"{sheet.title}!{row}:{row}", f"this row {MISPLACED}")
                break
            rows += [[] for _ in range(row - 1 - len(rows))]
            rows.append(_texts((file, row), sheet, cells, problems))
    for merged in parser.merged_cells.mergeCell if parser.merged_cells is not None else ():
        row = int(re.sub("[^0-9]", "", merged.ref.partition(":")[0]) or 0)
        message = (
            "these cells are merged, so that all but the first are empty; split them and fill each"
        )
        problems.add(file, row, f"{sheet.title}!{merged.ref}", message)
    return rows


def _texts(
    place: tuple[str, int], sheet: Any, cells: list[dict[str, Any]], problems: Problems
) -> list[str]:
    """The texts of one row, without empty ones at its end."""
    from openpyxl.cell.read_only import ReadOnlyCell

    texts: list[str] = []
    last, head = 0, sheet.title == HEAD_FILE
    for cell in cells:
        before, last = last, cell["column"]
        at = (*place, f"{sheet.title}!{_at(cell)}")
        if last <= before or cell["row"] != place[1]:
            problems.add(*at, f"this cell {MISPLACED}")
            break
        value = cell["value"]
        if value is None:
            continue
        if last > (1 if head else MOST_COLUMNS):
            problems.add(
                *at,
                "stands beside the text; put each line of study.toml in column A"
                if head
                else "stands far to the right of the table; clear it",
            )
            break
        if head and "\n" in str(value):
            problems.add(*at, "holds a line break; put each line of study.toml in a row of its own")
        form = ReadOnlyCell(sheet, **cell).number_format if isinstance(value, int | float) else ""
        if _SCALED.search(re.sub(r'"[^"]*"|\\.', "", form)):
            problems.add(
                *at,
                (
                    f"holds {value} but is formatted to show it as a percentage or in thousands; "
                    "format it as a number"
                ),
            )
        texts += [""] * (last - 1 - len(texts)) + [_cell(value)]
    return texts


MISPLACED = (
    "stands in the file twice or out of its order, so that where it belongs is unsure; save the "
    "workbook anew in a spreadsheet"
)
_SCALED = re.compile(r"%|[0#?],+(?![0#?,])")
"""Number formats that show another number than the cell holds."""
CELL_KINDS = ("n", "s", "str", "inlineStr", "b", "e", "d")
_DIGITS = re.compile(r"\s*[-+0-9.eE]+\s*", re.ASCII)


def _at(cell: Mapping[str, Any]) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(cell['column'])}{cell['row']}"


def _unsure(element: Any) -> str:
    """What is wrong with a cell as it is written; empty where it holds what it shows."""
    kind, inside = (
        element.get("t", "n"),
        {child.tag.rpartition("}")[2]: child.text or "" for child in element},
    )
    held = inside.get("v", "")
    # a text that was computed to be empty says that it is a text
    if "f" in inside and not held and kind != "str":
        return (
            "holds a formula that was never computed; save it in a spreadsheet, or write the value"
        )
    if kind not in CELL_KINDS:
        return f"is of the kind '{kind[:20]}', which no spreadsheet writes; write the value anew"
    if kind == "n" and held and not _DIGITS.fullmatch(held):
        return f"holds '{held[:20]}' as a number; write the number anew"
    if kind == "s" and held and not held.strip().isdecimal():
        return f"is the text number '{held[:20]}' of a list that has none such; write the text anew"
    if kind == "b" and held not in ("", "0", "1"):
        return "holds neither true nor false; write the value anew"
    return ""


def _require_sane(path: Path) -> None:
    """Refuse what is no archive, and what would unpack to far more than any study has, before a
    byte of it is parsed."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
        problem = Problem(
            path.name, 0, "", "is no workbook (.xlsx) that can be read; give the file of a study"
        )
        raise SpecError(str(path), [problem]) from error
    total = sum(part.file_size for part in parts)
    bomb = any(
        part.file_size > LARGEST_RATIO * max(part.compress_size, 1) and part.file_size > 1024**2
        for part in parts
    )
    if total > LARGEST_UNPACKED or bomb:
        message = f"would unpack to {total / 1e6:,.0f} MB in a way no study does; it is not opened"
        raise SpecError(str(path), [Problem(path.name, 0, "", message)])
    names = [part.filename for part in parts]
    if len(set(names)) < len(names):
        raise SpecError(
            str(path),
            [
                Problem(
                    path.name,
                    0,
                    "",
                    "holds two parts of one name, so that what it says is unsure; save it anew",
                )
            ],
        )
    if BOOK_PART in names and STRICT in _part(path, BOOK_PART):
        raise SpecError(
            str(path),
            [
                Problem(
                    path.name,
                    0,
                    "",
                    "is saved as 'Strict Open XML'; save it as 'Excel Workbook (.xlsx)'",
                )
            ],
        )


def _part(path: Path, name: str) -> bytes:
    """Content of a part; nothing where it is damaged, which the reader then says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except Exception:
        return b""


def _file(name: str, rows: list[list[str]]) -> bytes:
    if name == HEAD_FILE:
        return ("\n".join(row[0] if row else "" for row in rows).rstrip("\n") + "\n").encode()
    filled = [i for i, row in enumerate(rows) if any(row)]
    # empty rows within the table stay, so that a row has the same number in the file as in the
    # sheet
    listed = rows[filled[0] : filled[-1] + 1] if filled else []
    width = max((i + 1 for i, text in enumerate(listed[0]) if text), default=0) if listed else 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in listed:
        # cells beyond the header are kept, so that the reader says what stands there
        writer.writerow(
            row[:width] + [""] * (width - len(row)) + [cell for cell in row[width:] if cell]
            if any(row)
            else []
        )
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """The text of a cell: whole numbers without a point, others by their shortest form that reads
    back the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _number(text: str) -> str | int | float:
    """A number where it reads back to the same text, the text otherwise."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        # the file format keeps 16 digits
        if _cell(value) == text and float(f"{value:.16g}") == value and abs(value) < 2**53:
            return value
    return text


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(
            name, [Problem(name, 0, "", "is not encoded in UTF-8; save it so")]
        ) from error


def _rows(name: str, text: str) -> list[list[str]]:
    """The cells that a file becomes: a line of the head each, or those of a table."""
    if name == HEAD_FILE:
        return [[line.removesuffix("\r")] for line in text.removesuffix("\n").split("\n")]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise SpecError(
            name,
            [
                Problem(
                    name,
                    0,
                    "",
                    f"cannot be read as CSV ({error}); check the study with `planner check`",
                )
            ],
        ) from error


def _require_fit(name: str, rows: list[list[str]]) -> None:
    for number, row in enumerate(rows, start=1):
        if any(_UNFIT.search(text) for text in row):
            raise SpecError(
                name,
                [
                    Problem(
                        name,
                        number,
                        "",
                        "holds an invisible character that no workbook can; remove it",
                    )
                ],
            )
    longest = max((len(text) for row in rows for text in row), default=0)
    if len(rows) > EXCEL_ROWS or longest > EXCEL_TEXT:
        message = (
            f"does not fit a workbook: at most {EXCEL_ROWS:,} rows and {EXCEL_TEXT:,} characters a "
            "cell"
        )
        raise SpecError(name, [Problem(name, 0, "", message)])
