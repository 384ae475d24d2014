"""From a workbook to the files of a study. What a cell shows and what it holds must be one."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from planner.errors import Problem, SpecError
from planner.study.files import HEAD_FILE
from planner.study.problems import Problems
from planner.study.schema import BY_NAME
from planner.study.workbook.archive import require_sane
from planner.study.workbook.cells import EXCEL_ROWS, position, text_of

MOST_COLUMNS = 100
"""Columns that a sheet may fill; the widest table has under twenty. A cell far to the right would
blow every row up."""
MISPLACED = (
    "stands in the file twice or out of its order, so that where it belongs is unsure; save the "
    "workbook anew in a spreadsheet"
)
CELL_KINDS = ("n", "s", "str", "inlineStr", "b", "e", "d")
_SCALED = re.compile(r"%|[0#?],+(?![0#?,])")
"""Number formats that show another number than the cell holds."""
_QUOTED = re.compile(r'"[^"]*"|\\.')
"""Parts of a number format that are shown as they are."""
_DIGITS = re.compile(r"\s*[-+0-9.eE]+\s*", re.ASCII)


def read_study_workbook(path: Path) -> Mapping[str, bytes]:
    """The files of a study, name to content, from its workbook. Raises SpecError with every sheet
    that does not belong to a study."""
    require_sane(path)
    problems = Problems()
    try:
        with warnings.catch_warnings():
            # of styles, validations and extensions, none of which holds data
            warnings.simplefilter("ignore")
            sheets = _sheets(path, problems)
    except Exception as error:  # the readers of archives and XML let errors of many kinds through
        message = f"is not a workbook that can be read ({error}); save it as .xlsx"
        raise SpecError(str(path), [Problem(path.name, 0, "", message)]) from error
    _check_names(path.name, sheets, problems)
    if found := problems.report():
        raise SpecError(str(path), found)
    head = {HEAD_FILE: _head_file(sheets.pop(HEAD_FILE))}
    return head | {f"{name}.csv": _table_file(rows) for name, rows in sheets.items()}


def _check_names(file: str, sheets: Mapping[str, Any], problems: Problems) -> None:
    """Every sheet is a table of a study, and study.toml is among them."""
    for name in sheets:
        if name not in BY_NAME and name != HEAD_FILE:
            problems.add(
                file,
                0,
                "",
                f"sheet '{name}' is not a table of a study; name it after its table, or remove it",
            )
    if HEAD_FILE not in sheets:
        problems.add(
            file,
            0,
            "",
            f"has no sheet '{HEAD_FILE}'; start from `planner workbook STUDY FILE.xlsx`",
        )


def _sheets(path: Path, problems: Problems) -> dict[str, list[list[str]]]:
    """The cells of every sheet as text."""
    from openpyxl.reader.excel import ExcelReader

    sheets: dict[str, list[list[str]]] = {}
    with path.open("rb") as file:
        reader: Any = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        reader.read()
        named = [sheet.name for sheet in reader.parser.sheets]
        _require_all(path.name, named, reader.wb.sheetnames, problems)
        for sheet in reader.wb.worksheets:
            sheets[sheet.title] = _sheet(path.name, reader.wb, sheet, problems)
    return sheets


def _require_all(file: str, named: list[str], there: list[str], problems: Problems) -> None:
    """Each sheet once: one whose part is lost would be passed over, of two of one name the first
    would."""
    for name in sorted(set(named) - set(there)):
        message = (
            "is named but its cells are not in the file; save it anew, from a copy that is whole"
        )
        problems.add(file, 0, "", f"sheet '{name}' {message}")
    for name in sorted({name for name in there if there.count(name) > 1}):
        problems.add(file, 0, "", f"two sheets are called '{name}'; remove one of them")


# ---- cells


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
        parser.parse_cell = _surely(parser.parse_cell, file, sheet.title, problems)
        for row, cells in parser.parse():
            if row > EXCEL_ROWS:
                raise ValueError(f"sheet '{sheet.title}' claims more rows than a sheet can have")
            if row <= len(rows):
                problems.add(file, row, f"{sheet.title}!{row}:{row}", f"this row {MISPLACED}")
                break
            rows += [[] for _ in range(row - 1 - len(rows))]
            rows.append(_texts((file, row), sheet, cells, problems))
    if parser.merged_cells is not None:
        _refuse_merged(file, sheet.title, parser.merged_cells.mergeCell, problems)
    return rows


def _surely(
    parse: Callable[[Any], Any], file: str, title: str, problems: Problems
) -> Callable[[Any], Any]:
    """The parser of a cell, made to refuse one that does not hold what it shows; such a cell reads
    as empty."""

    def parsed(element: Any) -> Any:
        try:
            if not (wrong := _unsure(element)):
                return parse(element)
        except (ValueError, IndexError, OverflowError) as error:
            wrong = f"cannot be read ({error}); write the value anew"
        element[:] = []
        empty = parse(element)
        problems.add(file, empty["row"], f"{title}!{position(empty)}", wrong)
        return empty

    return parsed


def _unsure(element: Any) -> str:
    """Message of a cell that does not hold what it shows; empty where it does."""
    kind = element.get("t", "n")
    inside = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
    held = inside.get("v", "")
    # a text that was computed to be empty says that it is a text
    if "f" in inside and not held and kind != "str":
        return (
            "holds a formula that was never computed; save it in a spreadsheet, or write the value"
        )
    if kind not in CELL_KINDS:
        return f"is of the kind '{kind[:20]}', which no spreadsheet writes; write the value anew"
    return _unlike(kind, held) if held else ""


def _unlike(kind: str, held: str) -> str:
    """Message of a content that is not of the kind of its cell; empty where it is."""
    if kind == "n" and not _DIGITS.fullmatch(held):
        return f"holds '{held[:20]}' as a number; write the number anew"
    if kind == "s" and not held.strip().isdecimal():
        return (
            f"is the text number '{held[:20]}' of a list that does not have it; write the text anew"
        )
    if kind == "b" and held not in ("0", "1"):
        return "holds neither true nor false; write the value anew"
    return ""


def _texts(
    line: tuple[str, int], sheet: Any, cells: list[dict[str, Any]], problems: Problems
) -> list[str]:
    """The texts of one row, without empty ones at its end."""
    texts: list[str] = []
    last = 0
    for cell in cells:
        at = (*line, f"{sheet.title}!{position(cell)}")
        if cell["column"] <= last or cell["row"] != line[1]:
            problems.add(*at, f"this cell {MISPLACED}")
            break
        last = cell["column"]
        if cell["value"] is None:
            continue
        if wrong := _stray(sheet.title, last):
            problems.add(*at, wrong)
            break
        if wrong := _misleading(sheet, cell):
            problems.add(*at, wrong)
        texts += [""] * (last - 1 - len(texts)) + [text_of(cell["value"])]
    return texts


def _stray(title: str, column: int) -> str:
    """Message of a column that a sheet may not fill; empty where it may."""
    if title == HEAD_FILE:
        return (
            "stands beside the text; put each line of study.toml in column A" if column > 1 else ""
        )
    return "stands far to the right of the table; clear it" if column > MOST_COLUMNS else ""


def _misleading(sheet: Any, cell: Mapping[str, Any]) -> str:
    """Message of a value that would be read as something else than its cell shows; empty where it
    would not."""
    value = cell["value"]
    if sheet.title == HEAD_FILE and "\n" in str(value):
        return "holds a line break; put each line of study.toml in a row of its own"
    if isinstance(value, int | float) and _SCALED.search(_QUOTED.sub("", _form(sheet, cell))):
        return (
            f"holds {value} but is formatted to show it as a percentage or in thousands; format it "
            "as a number"
        )
    return ""


def _form(sheet: Any, cell: Mapping[str, Any]) -> str:
    """The number format of a cell."""
    from openpyxl.cell.read_only import ReadOnlyCell

    return str(ReadOnlyCell(sheet, **cell).number_format)


def _refuse_merged(file: str, title: str, merged: Any, problems: Problems) -> None:
    for cells in merged:
        row = int(re.sub("[^0-9]", "", cells.ref.partition(":")[0]) or 0)
        message = (
            "these cells are merged, so that all but the first are empty; split them and fill each"
        )
        problems.add(file, row, f"{title}!{cells.ref}", message)


# ---- files


def _head_file(rows: list[list[str]]) -> bytes:
    """The content of study.toml, from the cells of its sheet."""
    return ("\n".join(row[0] if row else "" for row in rows).rstrip("\n") + "\n").encode()


def _table_file(rows: list[list[str]]) -> bytes:
    """The content of a table, from the cells of its sheet."""
    filled = [i for i, row in enumerate(rows) if any(row)]
    if not filled:
        return b""
    # empty rows within the table stay, so that a row has the same number in the file as in the
    # sheet
    listed = rows[filled[0] : filled[-1] + 1]
    width = max(i for i, text in enumerate(listed[0], start=1) if text)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(_padded(row, width) for row in listed)
    return text.getvalue().encode()


def _padded(row: list[str], width: int) -> list[str]:
    """A row as wide as the header, nothing where it is empty. Cells beyond the header are kept, so
    that the reader says what stands there."""
    if not any(row):
        return []
    return row[:width] + [""] * (width - len(row)) + [cell for cell in row[width:] if cell]
