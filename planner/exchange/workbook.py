"""A plan as a formatted workbook: sheets with native charts, the result tables, and what every
number rests on.

Every header of numbers names their unit; where a table holds several, the column `unit` of each row
does. Numbers are stored to the last digit and shown rounded; text is never taken for a formula.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from planner.figures.themes import PATHWAY_COLOURS, colour
from planner.plan.plan import Plan
from planner.plan.schema import COLUMNS, NUMBERS
from planner.study.workbook import empty_book, put, save_whole
from planner.system.nouns import PATHWAYS

WIDEST = 60
"""Widest column, in characters."""
LONGEST_NAME = 31
"""Characters that the name of a sheet may have."""
SOURCE_COLUMNS = (
    "path",
    "value",
    "low",
    "high",
    "unit",
    "source",
    "grade",
    "scenario",
    "note",
    "file",
    "row",
)
HEAD_COLOUR, HEIGHT, WIDTH = "DDE6ED", 9, 18
"""Of the header row, and of a chart in cm."""
PRESENT = "present_value"
NUMBER_FORMATS = ((1000.0, "#,##0"), (1.0, "#,##0.00"), (1e-3, "0.0000"), (0.0, "0.00E+00"))
"""From which size on a number is shown in which format."""


def write_workbook(plan: Plan, path: Path) -> None:
    """Write the workbook of a plan: `about`, sheets with a chart each, all result tables,
    `sources`.

    Raises OutputError where the file cannot be written.
    """
    book = empty_book()
    _table(book, "about", pd.DataFrame(_about(plan), columns=["item", "value"]))
    for metal in plan.system.metals:
        wide = _wide(plan.mix[plan.mix["metal"] == metal], "pathway", [*PATHWAYS, "shortage"])
        _charted(
            book,
            f"mix {metal}",
            wide,
            "area",
            f"{metal}: supply by pathway",
            "t/year",
            [PATHWAY_COLOURS[str(name)] for name in wide],
        )
    paid, money = plan.costs[plan.costs["item"] != "transfer"], plan.record.currency
    _charted(
        book,
        "cost by item",
        _wide(paid, "item"),
        "column",
        "cost by item, undiscounted",
        f"{money}/year",
    )
    for scope, part in plan.emissions.groupby("scope", sort=False):
        _charted(
            book,
            f"{scope} by metal",
            _wide(part, "metal"),
            "column",
            f"{scope} emissions by metal",
            "tCO2e/year",
        )
    prices = plan.indicators[plan.indicators["indicator"] == "price"]
    _charted(
        book,
        "price by metal",
        _wide(prices, "metal"),
        "line",
        "shadow price of a tonne demanded",
        f"{money}/t",
    )
    used = plan.stocks[(plan.stocks["kind"] == "use") & (plan.stocks["quantity"] == "stock")]
    _charted(
        book,
        "in use by metal",
        _wide(used, "metal"),
        "line",
        "metal in use at the end of the period",
        "t",
    )
    for name in COLUMNS:
        _table(book, name, plan.tables[name].rename(columns=_heads(plan, name)))
    _table(book, "sources", sources(plan))
    save_whole(book, path)


def sources(plan: Plan) -> pd.DataFrame:
    """Every number in force with its range, unit, source, grade and place: what a result rests on."""
    rows = [
        (
            d.path,
            d.value,
            d.low,
            d.high,
            d.unit,
            d.source,
            d.grade,
            d.scenario,
            d.note,
            d.place.file,
            d.place.row,
        )
        for d in plan.system.data
    ]
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


def _about(plan: Plan) -> list[tuple[str, Any]]:
    record = plan.record
    return [
        ("study", record.study),
        ("title", record.title),
        ("scenario", record.scenario),
        *((f"set {path}", value) for path, value in record.overrides.items()),
        ("status", record.status),
        (f"present value of all cost, {record.currency}", record.objective),
        *((f"{scope} emissions, t CO2e", amount) for scope, amount in record.emissions.items()),
        ("solver", record.solver),
        ("inputs (sha256)", record.inputs_hash),
        ("solved at", record.created),
        (
            "largest error of mass balance, share of the largest flow",
            plan.certificate.balance_residual,
        ),
        ("error of recomputed cost, share of cost", plan.certificate.cost_error),
    ]


def _heads(plan: Plan, name: str) -> dict[str, str]:
    """Column to its header: that of numbers with the unit, where all rows share it."""
    frame, found = plan.tables[name], dict[str, str]()
    for column in sorted(NUMBERS.intersection(map(str, frame.columns))):
        units = {plan.record.currency} if column == PRESENT else set(frame["unit"])
        found[str(column)] = (
            f"{column} ({units.pop()})" if len(units) == 1 else f"{column} (unit of its row)"
        )
    return found


def _wide(frame: pd.DataFrame, column: str, order: Iterable[str] = ()) -> pd.DataFrame:
    """Sums of `value` by year, a column for each name, in the order given or the largest first;
    index year."""
    wide = frame.pivot_table(index="year", columns=column, values="value", aggfunc="sum").fillna(
        0.0
    )
    names = [name for name in order if name in wide] or list(
        wide.abs().sum().sort_values(ascending=False).index
    )
    return wide[names]


def _table(book: Any, name: str, frame: pd.DataFrame) -> Any:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(name[:LONGEST_NAME])
    for column, head in enumerate(frame.columns, start=1):
        cell = sheet.cell(1, column)
        put(cell, str(head))
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color=HEAD_COLOUR)
        longest = max(
            [len(str(head)), *(len(str(v)) for v in frame[frame.columns[column - 1]].head(200))]
        )
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)
    for row, values in enumerate(frame.itertuples(index=False), start=2):
        for column, value in enumerate(values, start=1):
            if value is None or value is pd.NA or value != value:
                continue
            _put(sheet.cell(row, column), value.item() if hasattr(value, "item") else value)
    sheet.freeze_panes = "A2"
    if len(frame):
        sheet.auto_filter.ref = sheet.dimensions
    return sheet


def _put(cell: Any, value: Any) -> None:
    put(cell, value)
    if isinstance(value, float):
        # openpyxl writes 16 digits of a number, and the last of 17 would be lost; what it is handed
        # as text it writes as it stands
        cell._value = repr(value)
        cell.number_format = (
            next(form for least, form in NUMBER_FORMATS if abs(value) >= least) if value else "0"
        )


def _charted(
    book: Any,
    name: str,
    wide: pd.DataFrame,
    kind: str,
    title: str,
    unit: str,
    colours: Iterable[str] = (),
) -> None:
    """A sheet with years down and a column each name, its unit in the header, and a native chart
    beside it."""
    from openpyxl.chart import AreaChart, BarChart, LineChart, Reference
    from openpyxl.utils import get_column_letter

    if wide.empty:
        return
    named = wide.rename(
        columns=lambda column: f"{str(column).replace('_', ' ').replace(';', ' + ')} ({unit})"
    ).reset_index()
    sheet = _table(book, name, named)
    chart: Any = {"line": LineChart, "area": AreaChart, "column": BarChart}[kind]()
    if kind == "area":
        chart.grouping = "stacked"
    if kind == "column":
        chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 20
    chart.title, chart.height, chart.width = title, HEIGHT, WIDTH
    chart.y_axis.title, chart.x_axis.title = unit, "year"
    chart.y_axis.numFmt, chart.legend.position = "#,##0", "b"
    chart.x_axis.delete = chart.y_axis.delete = False
    last = len(wide) + 1
    chart.add_data(
        Reference(sheet, min_col=2, max_col=len(named.columns), min_row=1, max_row=last),
        titles_from_data=True,
    )
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    for series, shade in zip(
        chart.series, list(colours) or [colour(i) for i in range(len(wide.columns))], strict=True
    ):
        if kind == "line":
            series.graphicalProperties.line.solidFill, series.smooth = shade[1:], False
        else:
            series.graphicalProperties.solidFill = shade[1:]
    sheet.add_chart(chart, f"{get_column_letter(len(named.columns) + 2)}2")
