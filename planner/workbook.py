"""A plan as a formatted workbook: the result tables with units, what every number rests on, and native charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from planner.plan import Plan
from planner.results import COLUMNS
from planner.sheets import empty_book, put, save_whole
from planner.system import PATHWAYS

WIDEST = 60
"""Widest column, in characters."""
SOURCE_COLUMNS = ("path", "value", "low", "high", "unit", "source", "grade", "scenario", "note", "file", "row")


def write_workbook(plan: Plan, path: Path) -> None:
    """Write the workbook of a plan: `about`, a mix with a chart for each metal, all result tables, `sources`.

    Numbers are stored with the 16 digits that the file format keeps, and shown rounded; text is never taken for a formula.
    Raises OutputError where the file cannot be written.
    """
    book = empty_book()
    _table(book, "about", pd.DataFrame(_about(plan), columns=["item", "value"]))
    for metal in plan.system.metals:
        _mix(book, plan, metal)
    for name in COLUMNS:
        _table(book, name, plan.tables[name])
    _table(book, "sources", sources(plan))
    save_whole(book, path)


def sources(plan: Plan) -> pd.DataFrame:
    """Every number in force with its range, unit, source, grade and place: what a result rests on."""
    rows = [
        (d.path, d.value, d.low, d.high, d.unit, d.source, d.grade, d.scenario, d.note, d.place.file, d.place.row) for d in plan.system.data
    ]
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


def _about(plan: Plan) -> list[tuple[str, Any]]:
    record = plan.record
    return [
        ("study", record.study), ("title", record.title), ("scenario", record.scenario),
        *((f"set {path}", value) for path, value in record.overrides.items()),
        ("status", record.status), (f"present value of all cost, {record.currency}", record.objective),
        *((f"{scope} emissions, t CO2e", amount) for scope, amount in record.emissions.items()),
        ("solver", record.solver), ("inputs (sha256)", record.inputs_hash), ("solved at", record.created),
        ("largest error of mass balance, share of the largest flow", plan.certificate.balance_residual),
        ("error of recomputed cost, share of cost", plan.certificate.cost_error),
    ]


def _table(book: Any, name: str, frame: pd.DataFrame) -> Any:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name)
    for column, head in enumerate(frame.columns, start=1):
        cell = sheet.cell(1, column)
        put(cell, head)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="DDE6ED")
        longest = max([len(str(head)), *(len(str(v)) for v in frame[frame.columns[column - 1]].head(200))])
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)
    for row, values in enumerate(frame.itertuples(index=False), start=2):
        for column, value in enumerate(values, start=1):
            if value is None or value is pd.NA or value != value:
                continue
            cell = sheet.cell(row, column)
            put(cell, value.item() if hasattr(value, "item") else value)
            if isinstance(cell.value, float):
                cell.number_format = "#,##0.00" if abs(cell.value) < 1000 else "#,##0"
    sheet.freeze_panes = "A2"
    if len(frame):
        sheet.auto_filter.ref = sheet.dimensions
    return sheet


def _mix(book: Any, plan: Plan, metal: str) -> None:
    """A metal's supply by pathway, one column each with its unit in the header, and a stacked area beside it."""
    from openpyxl.chart import AreaChart, Reference

    mine = plan.mix[plan.mix["metal"] == metal]
    wide = mine.pivot_table(index="year", columns="pathway", values="value", aggfunc="sum").fillna(0.0)
    wide = wide[[p for p in (*PATHWAYS, "shortage") if p in wide]].rename(columns=lambda p: f"{p} (t/year)").reset_index()
    sheet = _table(book, f"mix {metal}"[:31], wide)
    if wide.empty or len(wide.columns) < 2:
        return
    chart = AreaChart(grouping="stacked")
    chart.title, chart.height, chart.width = f"{metal}: supply by pathway", 9, 18
    chart.y_axis.title, chart.x_axis.title = "t/year", "year"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.add_data(Reference(sheet, min_col=2, max_col=len(wide.columns), min_row=1, max_row=len(wide) + 1), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=len(wide) + 1))
    sheet.add_chart(chart, f"{chr(ord('A') + len(wide.columns) + 1)}2")
