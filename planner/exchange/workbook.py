"""A plan as a formatted workbook: sheets with native charts, the result tables, and what every
number rests on.

Every header of numbers names their unit; where a table holds several, the column `unit` of each row
does. Numbers are stored to the last digit and shown rounded; text is never taken for a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from planner.analysis.security.origins import origins
from planner.figures.themes import PATHWAY_COLOURS, colour
from planner.plan.headline import paid_items
from planner.plan.plan import Plan
from planner.plan.schema import COLUMNS, GOODS_PRICE, NUMBERS, REFINED_PRICE
from planner.study.workbook import empty_book, put, save_whole
from planner.system.nouns import PATHWAYS

WIDEST = 60
"""Widest column, in characters."""
MEASURED_ROWS = 200
"""Rows whose cells the width of a column goes by."""
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
    "place.file",
    "place.row",
)
"""Fields of a datum that the sheet of sources shows."""
HEAD_COLOUR, HEIGHT, WIDTH = "DDE6ED", 9, 18
"""Of the header row, and of a chart in cm."""
PRESENT = "present_value"
NUMBER_FORMATS = ((1000.0, "#,##0"), (1.0, "#,##0.00"), (1e-3, "0.0000"), (0.0, "0.00E+00"))
"""From which size on a number is shown in which format."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A sheet with a native chart: years down, a column each name."""

    sheet: str
    wide: pd.DataFrame
    kind: Literal["line", "area", "column"]
    title: str
    unit: str
    colours: tuple[str, ...] = ()
    """One a column; those of every figure, in their order, where there are none."""

    @property
    def shades(self) -> Sequence[str]:
        """Colour of each column."""
        return self.colours or [colour(i) for i in range(len(self.wide.columns))]

    @property
    def named(self) -> pd.DataFrame:
        """The table as the sheet shows it: year first, the unit in every other header."""
        heads = {
            name: f"{str(name).replace('_', ' ').replace(';', ' + ')} ({self.unit})"
            for name in self.wide
        }
        return self.wide.rename(columns=heads).reset_index()


def write_workbook(plan: Plan, path: Path) -> None:
    """Write the workbook of a plan: `about`, sheets with a chart each, all result tables,
    `sources`.

    Raises OutputError where the file cannot be written.
    """
    book = empty_book()
    _table(book, "about", pd.DataFrame(_about(plan), columns=["item", "value"]))
    for chart in (*_mix_charts(plan), *_other_charts(plan)):
        if not chart.wide.empty:
            _charted(book, chart)
    for name in COLUMNS:
        _table(book, name, plan.tables[name].rename(columns=_heads(plan, name)))
    _table(book, "origins", origins(plan))
    _table(book, "sources", sources(plan))
    save_whole(book, path)


def _mix_charts(plan: Plan) -> Iterator[Chart]:
    """Supply by pathway, a chart a metal."""
    for metal in plan.system.metals:
        wide = _wide(plan.mix[plan.mix["metal"] == metal], "pathway", [*PATHWAYS, "shortage"])
        shades = tuple(PATHWAY_COLOURS[str(name)] for name in wide)
        title = f"{metal}: supply by pathway"
        yield Chart(f"mix {metal}", wide, "area", title, "t/year", shades)


def _other_charts(plan: Plan) -> Iterator[Chart]:
    """Cost, emissions, prices and metal in use."""
    paid, money = paid_items(plan.costs), plan.record.currency
    title = "cost by item, undiscounted, no penalties"
    yield Chart("cost by item", _wide(paid, "item"), "column", title, f"{money}/year")
    for scope, part in plan.emissions.groupby("scope", sort=False):
        wide, title = _wide(part, "metal"), f"{scope} emissions by metal"
        yield Chart(f"{scope} by metal", wide, "column", title, "tCO2e/year")
    for indicator, name, what in (
        (GOODS_PRICE, "price of goods", "a tonne of metal in goods demanded"),
        (REFINED_PRICE, "price of refined metal", "a tonne of refined metal"),
    ):
        prices = plan.indicators[plan.indicators["indicator"] == indicator]
        if len(prices):
            title = f"shadow price of {what}"
            yield Chart(name, _wide(prices, "metal"), "line", title, f"{money}/t")
    used = plan.stocks[(plan.stocks["kind"] == "use") & (plan.stocks["quantity"] == "stock")]
    title = "metal in use at the end of the period"
    yield Chart("in use by metal", _wide(used, "metal"), "line", title, "t")


def sources(plan: Plan) -> pd.DataFrame:
    """Every number in force with its range, unit, source, grade and place: the evidence behind a
    result."""
    columns = attrgetter(*SOURCE_COLUMNS)
    rows = [columns(datum) for datum in plan.system.data]
    return pd.DataFrame(rows, columns=[name.removeprefix("place.") for name in SOURCE_COLUMNS])


def _about(plan: Plan) -> list[tuple[str, Any]]:
    record = plan.record
    return [
        ("study", record.study),
        ("title", record.title),
        ("scenario", record.scenario),
        *((f"set {path}", value) for path, value in record.overrides.items()),
        ("status", record.status),
        (f"present value of all cost, {record.currency}", plan.cost),
        *_net_and_gross(plan),
        (f"present value of penalties, in no cost, {record.currency}", plan.penalty),
        *_subsidised(plan),
        (f"objective: cost and penalties, {record.currency}", record.objective),
        ("targets", plan.headline.targets_said),
        *(("target missed", each.said) for each in plan.headline.missed),
        *(
            (f"thrown away at no cost over all years, t of {each.good}", each.amount)
            for each in plan.headline.surplus
        ),
        ("data (grades A and B)", plan.headline.numbers_said),
        *((f"{scope} emissions, t CO2e", amount) for scope, amount in record.emissions.items()),
        ("solver", record.solver),
        ("inputs (sha256)", record.inputs_hash),
        ("solved at", record.created),
        *(("note", note) for note in record.notes),
        (
            "largest error of mass balance, share of the largest flow",
            plan.certificate.balance_residual,
        ),
        ("error of recomputed cost and penalties", plan.certificate.cost_error),
        *([("replayed year by year", str(replay))] if (replay := plan.certificate.replay) else []),
    ]


def _subsidised(plan: Plan) -> list[tuple[str, Any]]:
    """What the state pays, where it pays something: it lowers the objective."""
    head = f"present value of subsidies, off the objective, {plan.record.currency}"
    return [(head, plan.outlay)] if plan.outlay else []


def _net_and_gross(plan: Plan) -> list[tuple[str, Any]]:
    """What exports at a price earn, the cost without it, and the rent abroad, where there are
    any."""
    head, money = plan.headline, plan.record.currency
    said = {
        "present value of what exports at a price earn": head.export_revenue,
        "present value of all cost without it": head.gross_cost if head.export_revenue else 0.0,
        "present value of the rent abroad within the cost": head.rent_abroad,
    }
    return [(f"{words}, {money}", amount) for words, amount in said.items() if amount]


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
    """A sheet with a table: a header that stays in sight, a filter, columns as wide as needed."""
    sheet = book.create_sheet(name[:LONGEST_NAME])
    for column, head in enumerate(frame.columns, start=1):
        _head(sheet, column, str(head), frame[head].head(MEASURED_ROWS))
    for row, values in enumerate(frame.itertuples(index=False), start=2):
        for column, value in enumerate(values, start=1):
            if not _missing(value):
                _put(sheet.cell(row, column), value.item() if hasattr(value, "item") else value)
    sheet.freeze_panes = "A2"
    if len(frame):
        sheet.auto_filter.ref = sheet.dimensions
    return sheet


def _head(sheet: Any, column: int, head: str, values: Iterable[object]) -> None:
    """The header of a column, and its width by the values that begin it."""
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    cell = sheet.cell(1, column)
    put(cell, head)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color=HEAD_COLOUR)
    longest = max([len(head), *(len(str(value)) for value in values)])
    sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)


def _missing(value: Any) -> bool:
    """Return True for a cell that is left empty."""
    return value is None or value is pd.NA or bool(value != value)


def _put(cell: Any, value: Any) -> None:
    put(cell, value)
    if isinstance(value, float):
        # openpyxl writes 16 digits of a number, and the last of 17 would be lost; what it is handed
        # as text it writes as it stands
        cell._value = repr(value)
        cell.number_format = (
            next(form for least, form in NUMBER_FORMATS if abs(value) >= least) if value else "0"
        )


def _charted(book: Any, chart: Chart) -> None:
    """A sheet with the table of a chart and the chart beside it."""
    from openpyxl.chart import Reference
    from openpyxl.utils import get_column_letter

    named = chart.named
    sheet = _table(book, chart.sheet, named)
    drawn, last = _empty_chart(chart), len(named) + 1
    columns = len(named.columns)
    drawn.add_data(
        Reference(sheet, min_col=2, max_col=columns, min_row=1, max_row=last),
        titles_from_data=True,
    )
    drawn.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    for series, shade in zip(drawn.series, chart.shades, strict=True):
        if chart.kind == "line":
            series.graphicalProperties.line.solidFill, series.smooth = shade[1:], False
        else:
            series.graphicalProperties.solidFill = shade[1:]
    sheet.add_chart(drawn, f"{get_column_letter(columns + 2)}2")


def _empty_chart(chart: Chart) -> Any:
    """A native chart with its kind, title and axes, before any data."""
    from openpyxl.chart import AreaChart, BarChart, LineChart

    drawn: Any = {"line": LineChart, "area": AreaChart, "column": BarChart}[chart.kind]()
    if chart.kind == "area":
        drawn.grouping = "stacked"
    if chart.kind == "column":
        drawn.type, drawn.grouping, drawn.overlap, drawn.gapWidth = "col", "stacked", 100, 20
    drawn.title, drawn.height, drawn.width = chart.title, HEIGHT, WIDTH
    drawn.y_axis.title, drawn.x_axis.title = chart.unit, "year"
    drawn.y_axis.numFmt, drawn.legend.position = "#,##0", "b"
    drawn.x_axis.delete = drawn.y_axis.delete = False
    return drawn
