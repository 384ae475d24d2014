"""The report: one HTML file that opens offline, the answer in words first, every number with its source at the end.

Nothing in it comes from the network: plotly's script stands in the file, and a content policy forbids requests. All text of a study
is escaped by the template engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from planner import figures
from planner.compare import compare
from planner.errors import OutputError
from planner.plan import Plan
from planner.report.words import answer
from planner.workbook import sources

MOST_ROWS = 2000
"""Rows that a table of the report shows; the files of the run hold all."""
SHOWN_YEARS = (2021, 2025, 2030, 2035, 2040, 2050, 2060)


def report(plan: Plan, path: str | Path, *, others: Sequence[Plan] = ()) -> Path:
    """Write the report of a plan and return its path; `others` are set beside it. Raises OutputError where it cannot be written."""
    place = Path(path)
    partial = place.with_name(f".{place.name}.partial")
    try:
        partial.write_text(page(plan, others), encoding="utf-8")
        partial.replace(place)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{place} cannot be written: {error.strerror}; name another file with --out") from error
    return place


def page(plan: Plan, others: Sequence[Plan] = ()) -> str:
    """The whole page as text."""
    from jinja2 import Environment, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("planner.report").joinpath("page.html").read_text(encoding="utf-8"))
    inputs = sources(plan)[["path", "value", "low", "high", "unit", "source", "grade", "note", "file", "row"]]
    return template.render(
        plan=plan, record=plan.record, certificate=plan.certificate, sentences=answer(plan), sections=_sections(plan, others),
        script=get_plotlyjs(), sources=_rows(inputs),
    )


def _sections(plan: Plan, others: Sequence[Plan]) -> list[dict[str, Any]]:
    """Title, introduction, figures (JSON) and tables of each section, in the order of the page."""
    metals = plan.system.metals
    found: list[dict[str, Any]] = [
        _section("Supply", "Refined metal by pathway. New scrap is a loop inside manufacture and is not counted.",
                 [figures.mix(plan, metal) for metal in metals], [_mix_table(plan)]),
        _section("Flows", "All flows of each metal, losses in red; move the slider to another year.",
                 [figures.sankey(plan, metal) for metal in metals], []),
        _section("Capacity", "What stands, what is used, and what is ordered when.", [figures.capacity(plan)], [_orders(plan)]),
        _section("Cost and carbon", "Yearly cost is undiscounted; the present value is in the record.",
                 [figures.costs(plan), figures.emissions(plan, "territorial"), figures.emissions(plan, "footprint")], []),
        _section("Prices", "What one more tonne demanded would cost the country: no market price.", [figures.prices(plan)], []),
        _section("Stocks and reserves", "Metal in use by product, and ore left in the ground.",
                 [*(figures.stocks(plan, metal) for metal in metals), figures.reserves(plan)], []),
        _section("Indicators", "Every indicator of the plan at some years.", [], [_indicators(plan)]),
    ]
    if others:
        beside = compare([plan, *others])
        found.append(_section("Comparison", "This plan first, then the others.", [],
                              [("Totals", _rows(beside.totals)), (f"{len(beside.inputs)} inputs differ", _rows(beside.inputs))]))
    return found


def _section(title: str, text: str, made: Sequence[Any], tables: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    # the figure is JSON inside a script element: only </ and <! could end it, and plotly leaves them as they are
    drawn = [{"json": f.to_json().replace("<", "\\u003c"), "title": escape(str(f.layout.title.text))} for f in made if len(f.data)]
    return {"title": title, "id": title.lower().replace(" ", "-"), "text": text, "figures": drawn,
            "tables": [{"title": name, **rows} for name, rows in tables]}


def _rows(frame: pd.DataFrame) -> dict[str, Any]:
    cells = [[_cell(value) for value in row] for row in frame.head(MOST_ROWS).itertuples(index=False)]
    return {"heads": list(map(str, frame.columns)), "rows": cells, "left_out": max(len(frame) - MOST_ROWS, 0)}


def _cell(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _years(plan: Plan) -> list[int]:
    held = [p.first for p in plan.system.periods]
    return [year for year in held if year in SHOWN_YEARS or year in (held[0], held[-1])]


def _mix_table(plan: Plan) -> tuple[str, dict[str, Any]]:
    shown = plan.mix[plan.mix["year"].isin(_years(plan))]
    wide = shown.assign(cell=[f"{v:,.0f} ({s:.0%})" for v, s in zip(shown["value"], shown["share"], strict=True)])
    table = wide.pivot(index=["metal", "pathway"], columns="year", values="cell").fillna("").reset_index()
    return "Supply in t/year and share", _rows(table)


def _orders(plan: Plan) -> tuple[str, dict[str, Any]]:
    ordered = plan.capacity[(plan.capacity["quantity"] == "ordered") & (plan.capacity["value"] > 0)]
    return "Orders (t/year of capacity, by year of order)", _rows(ordered[["plant", "year", "value", "unit"]])


def _indicators(plan: Plan) -> tuple[str, dict[str, Any]]:
    shown = plan.indicators[plan.indicators["year"].isin(_years(plan))]
    wide = shown.pivot_table(index=["metal", "indicator", "unit"], columns="year", values="value").reset_index()
    return "Indicators", _rows(wide)
