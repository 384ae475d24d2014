"""Figures of a plan, as plotly figure objects: themable (`planner.figures.themes`), interactive,
exportable where kaleido is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.errors import OutputError, Problem, SpecError
from planner.figures.multi_plan import beside, fan, frontier, lines, pathways, unserved, urban_mine
from planner.figures.themes import (
    COLOURS,
    NEUTRAL,
    PATHWAY_COLOURS,
    blank,
    colour,
    dash,
    themed,
    whole_years,
)
from planner.plan.headline import paid_items
from planner.plan.plan import Plan
from planner.plan.reserves import shadow_prices
from planner.plan.schema import GOODS_PRICE
from planner.plan.trade_flows import imports_of
from planner.runtime.extras import needed
from planner.runtime.run_folder import written_file

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = [
    "COLOURS",
    "KIND_COLOURS",
    "NEUTRAL",
    "PATHWAY_COLOURS",
    "PLAIN_NODE",
    "beside",
    "blank",
    "capacity",
    "costs",
    "downstream",
    "emissions",
    "fan",
    "flow_sankey",
    "frontier",
    "lines",
    "mix",
    "origins",
    "prices",
    "reserves",
    "sankey",
    "stocks",
    "themed",
    "unserved",
    "urban_mine",
    "whole_years",
    "write_figure",
]

KIND_COLOURS: Mapping[str, str] = {
    "deposit": "#0072B2",
    "host": "#0072B2",
    "origin": "#E69F00",
    "loss": "#D55E00",
    "use": "#009E73",
    "export": "#CC79A7",
    "demand": "#CC79A7",
    "shortage": "#D55E00",
    "stockpile": "#666666",
}
PLAIN_NODE = "#56B4E9"
SMALLEST_FLOW = 1e-4
"""Flows below this share of the largest of their year are left out of a Sankey: they would be
thinner than a line."""
MAX_LABELS, LABEL_SHARE = 30, 0.04
"""Nodes of a Sankey that can all be named, and the share of the largest that a node needs to be
named among more."""
CAPACITY_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "used": {"fill": "tozeroy", "line": {"color": COLOURS[4], "width": 0.5}},
    "capacity": {"line": {"color": COLOURS[0], "shape": "hv"}},
}
PAGE, PICTURES = ".html", (".svg", ".png", ".pdf")
PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_SCALE = 1200, 700, 2
"""Of a picture, in layout pixels; the scale is the dots of a PNG to each."""


def mix(plan: Plan, metal: str) -> Figure:
    """Supply of a metal by pathway over time, stacked areas, t per year."""
    _require_metal(plan, metal)
    figure = blank(f"{metal.capitalize()}: supply by pathway", "t/year")
    wide = pathways(plan, metal)
    for pathway in map(str, wide):
        _area(figure, wide[pathway], pathway, PATHWAY_COLOURS[pathway])
    return figure


def origins(plan: Plan, metal: str) -> Figure:
    """Imports of a metal by origin over time, in whatever form they come, stacked areas, t of
    contained metal per year."""
    _require_metal(plan, metal)
    wide = (
        imports_of(plan, metal)
        .pivot_table(index="year", columns="origin", values="contained", aggfunc="sum")
        .reindex(_years(plan))
        .fillna(0.0)
    )
    return _stack(blank(f"{metal.capitalize()}: imports by origin", "t/year"), wide)


def sankey(plan: Plan, metal: str, year: int | None = None) -> Figure:
    """All flows of a metal from the incidence matrix, losses and loops included, t of metal per
    year.

    With a year: that year. Without: a slider over all years.
    """
    _require_metal(plan, metal)
    return flow_sankey(plan.flows, metal, year)


def flow_sankey(table: pd.DataFrame, metal: str, year: int | None = None) -> Figure:
    """The Sankey of a flow table, whether a plan's or a simulation's; as `sankey`."""
    flows = table[table["metal"] == metal]
    years = sorted(flows["year"].unique())
    if year is not None and year not in years:
        there = ", ".join(map(str, years))
        said = f"there are no flows of {metal} in {year}; choose one of {there}"
        raise SpecError("sankey", [said])
    figure = blank(f"{metal.capitalize()}: flows", "")
    shown = [year] if year is not None else years
    for i, each in enumerate(shown):
        figure.add_trace(_sankey_trace(flows[flows["year"] == each], visible=i == 0))
    if len(shown) > 1:
        figure.update_layout(sliders=[_slider(metal, shown)])
    return figure.update_layout(
        title_text=_flows_title(metal, shown[0] if shown else None), height=620
    )


def _slider(metal: str, years: Sequence[int]) -> dict[str, Any]:
    """A slider that shows one trace, and the title, of each year."""
    steps = [
        {
            "label": str(each),
            "method": "update",
            "args": [
                {"visible": [other == each for other in years]},
                {"title.text": _flows_title(metal, each)},
            ],
        }
        for each in years
    ]
    return {"steps": steps, "currentvalue": {"prefix": "year "}, "pad": {"t": 20}}


def _flows_title(metal: str, year: int | None) -> str:
    return (
        f"{metal.capitalize()}: no flows"
        if year is None
        else f"{metal.capitalize()}: flows in {year}, t/year"
    )


def _sankey_trace(flows: pd.DataFrame, *, visible: bool) -> object:
    from plotly.graph_objects import Sankey

    kept = flows[flows["value"] >= SMALLEST_FLOW * flows["value"].max()]
    names = downstream(kept)
    at = {name: i for i, name in enumerate(names)}
    lost = kept["target"].str.startswith("loss/")
    plain = _labelled(kept, names)
    return Sankey(
        visible=visible,
        arrangement="snap",
        valueformat=",.3~s",
        valuesuffix=" t/year",
        node={
            "label": [name if name in plain else "" for name in names],
            "customdata": names,
            "hovertemplate": "%{customdata}: %{value} t/year<extra></extra>",
            "color": [KIND_COLOURS.get(name.split("/")[0], PLAIN_NODE) for name in names],
            "pad": 12,
            "thickness": 12,
        },
        link={
            "source": kept["source"].map(at).tolist(),
            "target": kept["target"].map(at).tolist(),
            "value": kept["value"].tolist(),
            "color": ["rgba(213,94,0,0.35)" if x else "rgba(120,120,120,0.25)" for x in lost],
        },
    )


def _labelled(flows: pd.DataFrame, names: Sequence[str]) -> set[str]:
    """Nodes whose name is written: all, or in a crowd the goods and ends through which much flows;
    the rest say theirs when pointed at."""
    if len(names) <= MAX_LABELS:
        return set(names)
    through = pd.concat(
        [flows.groupby("source")["value"].sum(), flows.groupby("target")["value"].sum()], axis=1
    ).max(axis=1)
    large = set(through.index[through >= LABEL_SHARE * through.max()])
    return {name for name in large if "/" in name or name in KIND_COLOURS}


def downstream(flows: pd.DataFrame) -> list[str]:
    """Nodes in the order in which metal that enters reaches them: of a loop, plotly turns back the
    flow to the node that comes first."""
    onward = {source: sorted(part["target"]) for source, part in flows.groupby("source")}
    begin = set(flows["source"]) - set(flows["target"])
    # what is short enters at the end of the chain: begun from there, the chain would be taken for
    # the way back
    reached = dict.fromkeys(sorted(begin - {"shortage"} or begin))
    edge = list(reached)
    while edge:
        targets = chain.from_iterable(onward.get(source, ()) for source in edge)
        edge = [node for node in dict.fromkeys(targets) if node not in reached]
        reached |= dict.fromkeys(edge)
    return [*reached, *sorted({*flows["source"], *flows["target"]} - set(reached))]


def capacity(plan: Plan, plants: Sequence[str] = (), *, columns: int = 3) -> Figure:
    """Capacity of plants over time (line) and what of it is used (area), one panel a plant with its
    own scale, t per year of what it runs.

    Without names: every plant that ever has capacity. `columns` panels stand side by side.
    """
    from plotly.subplots import make_subplots

    chosen = _chosen_plants(plan, plants)
    rows = max(-(-len(chosen) // columns), 1)
    panels = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[name.replace("_", " ") for name in chosen],
        horizontal_spacing=0.24 / columns,
        vertical_spacing=0.4 / rows,
    )
    figure = blank("Capacity (line) and what of it is used (area)", "t/year", made=panels)
    for i, plant in enumerate(chosen):
        mine = plan.capacity[plan.capacity["plant"] == plant]
        at = {"row": i // columns + 1, "col": i % columns + 1, "showlegend": i == 0}
        _add_capacity(figure, mine, at)
    figure.update_annotations(font_size=12)
    return figure.update_layout(height=160 + 170 * rows, legend_y=-0.4 / rows, margin_t=90)


def _chosen_plants(plan: Plan, plants: Sequence[str]) -> list[str]:
    """These plants, or all that ever have capacity. Raises SpecError for unknown ones."""
    known = ", ".join(sorted(plan.system.plants))
    if unknown := [name for name in plants if name not in plan.system.plants]:
        raise SpecError(
            "figure",
            [f"'{name}' is not a plant of this study; choose from {known}" for name in unknown],
        )
    frame = plan.capacity
    standing = frame[(frame["quantity"] == "capacity") & (frame["value"] > 0)]["plant"]
    return list(plants) or sorted(standing.unique())


def _add_capacity(figure: Figure, mine: pd.DataFrame, at: Mapping[str, Any]) -> None:
    wide = mine.pivot_table(index="year", columns="quantity", values="value")
    for quantity, look in CAPACITY_LOOKS.items():
        if quantity in wide:
            figure.add_scatter(
                x=wide.index,
                y=wide[quantity],
                name=quantity,
                legendgroup=quantity,
                mode="lines",
                **at,
                **look,
            )


def prices(plan: Plan, metals: Sequence[str] = ()) -> Figure:
    """Shadow price of each metal over time on a logarithmic axis: the cost of one more tonne of it
    in the goods that are demanded.

    A metal that is only demanded in joint goods has no such price; what one more tonne of it
    refined costs stands in, and is named so.
    """
    frame = plan.indicators[plan.indicators["indicator"] == GOODS_PRICE]
    demanded = {
        str(metal): part.set_index("year")["value"] for metal, part in frame.groupby("metal")
    }
    refined = {
        metal: pd.Series(values, index=_years(plan)).dropna()
        for metal, values in shadow_prices(plan).items()
    }
    figure = blank(
        "Shadow price of goods: what one more tonne of metal demanded in them costs",
        f"{plan.record.currency}/t (logarithmic)",
    )
    for i, metal in enumerate(metals or plan.system.metals):
        _require_metal(plan, metal)
        part = demanded.get(metal, refined[metal])
        if len(part):
            figure.add_scatter(
                x=part.index,
                y=part,
                name=metal if metal in demanded else f"{metal}, refined",
                mode="lines",
                line={"color": colour(i), "dash": dash(i), "width": 2.5},
            )
    return figure.update_yaxes(type="log", dtick="D2", tickformat="~s", rangemode="normal")


def emissions(plan: Plan, scope: str = "footprint") -> Figure:
    """Emissions over time by metal, t CO2e per year; joint lines under the names of their metals
    together."""
    frame = plan.emissions[plan.emissions["scope"] == scope]
    wide = frame.pivot_table(index="year", columns="metal", values="value", aggfunc="sum").fillna(
        0.0
    )
    wide.columns = [str(name).replace(";", " with ") for name in wide]
    return _stack(blank(f"{scope.capitalize()} emissions", "t CO2e/year"), wide)


def costs(plan: Plan) -> Figure:
    """Cost over time by item and its sum, undiscounted, a year; penalties, which nobody pays, and
    transfers between parties at home left out."""
    frame = paid_items(plan.costs)
    wide = frame.pivot_table(index="year", columns="item", values="value", aggfunc="sum").fillna(
        0.0
    )
    figure = blank("Cost by item, undiscounted", f"{plan.record.currency}/year")
    for i, item in enumerate(wide[wide.abs().sum().sort_values(ascending=False).index]):
        figure.add_bar(
            x=wide.index, y=wide[item], name=str(item).replace("_", " "), marker_color=colour(i)
        )
    figure.add_scatter(
        x=wide.index,
        y=wide.sum(axis=1),
        name="sum",
        mode="lines",
        line={"color": NEUTRAL, "width": 3},
    )
    return figure.update_layout(barmode="relative")


def stocks(plan: Plan, metal: str) -> Figure:
    """Metal in use by product over time, t (the stock convention stands in the title)."""
    _require_metal(plan, metal)
    frame = plan.stocks
    mine = frame[
        (frame["metal"] == metal) & (frame["kind"] == "use") & (frame["quantity"] == "stock")
    ]
    wide = mine.pivot_table(index="year", columns="name", values="value", aggfunc="sum").fillna(0.0)
    return _stack(
        blank(f"{metal.capitalize()} in use (convention: {plan.system.stock_convention})", "t"),
        wide,
    )


def reserves(plan: Plan) -> Figure:
    """Ore left in each deposit, as a share of its reserve at the start."""
    levels = plan.stocks[plan.stocks["quantity"] == "stock"]
    frame = levels[levels["kind"] == "deposit"]
    figure = blank("Left in deposits, share of the reserve at the start", "")
    held = [
        name for name in sorted(frame["name"].unique()) if plan.system.deposits[name].reserve > 0
    ]
    for i, name in enumerate(held):
        part = frame[frame["name"] == name]
        figure.add_scatter(
            x=part["year"],
            y=part["value"] / plan.system.deposits[name].reserve,
            name=name.replace("_", " "),
            mode="lines",
            line={"color": colour(i), "dash": dash(i), "width": 2},
        )
    return figure.update_yaxes(tickformat=".0%")


def write_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure in the format that the ending names, whole or not at all: a page that opens
    offline, or a picture.

    A picture shows what the page shows before its slider is moved. Raises SpecError for an unknown
    ending, OutputError where the file cannot be written, or where a picture's two needs are
    missing: kaleido (extra `image`) and a Chromium.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (PAGE, *PICTURES):
        said = f"'{ending}' is not a known ending; choose from {', '.join((PAGE, *PICTURES))}"
        raise SpecError("figure", [Problem(str(path), 0, "", said)])
    content = _page(figure) if ending == PAGE else _picture(figure, ending[1:])
    return written_file(path, lambda partial: partial.write_bytes(content))


def _page(figure: Figure) -> bytes:
    # a name of its own, since plotly's is random and the same figure is to give the same page
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, div_id="figure")
    return page.encode()


def _picture(figure: Figure, form: str) -> bytes:
    """The figure as SVG, PNG or PDF, drawn by a Chromium that asks nothing of the network."""
    kaleido = needed("kaleido", "image", "write a page (.html), which needs nothing")
    from kaleido.errors import BrowserFailedError, ChromeNotFoundError
    from plotly.graph_objects import Figure as Copy

    # a slider that nobody can move says nothing
    still = Copy(figure).update_layout(sliders=[], updatemenus=[], overwrite=True)
    options = {
        "format": form,
        "width": figure.layout.width or PICTURE_WIDTH,
        "height": figure.layout.height or PICTURE_HEIGHT,
        "scale": PICTURE_SCALE if form == "png" else 1,
    }
    try:
        return bytes(kaleido.calc_fig_sync(still, opts=options, kopts={"mathjax": False}))
    except (ChromeNotFoundError, BrowserFailedError) as error:
        raise OutputError(
            "a picture needs Chromium or Chrome, and none was found that starts; install one "
            "(Debian: chromium) or name it in BROWSER_PATH (a page, .html, needs nothing)"
        ) from error


def _area(figure: Figure, values: pd.Series, name: str, shade: str) -> None:
    figure.add_scatter(
        x=values.index,
        y=values,
        name=name,
        stackgroup="all",
        mode="lines",
        line={"color": shade, "width": 0.5},
        fillcolor=shade,
    )


def _stack(figure: Figure, wide: pd.DataFrame) -> Figure:
    """Stacked areas, the largest at the bottom; where there are more than colours, the smallest are
    summed."""
    ordered = wide[wide.sum().sort_values(ascending=False).index]
    ordered = ordered.loc[:, ordered.sum() > 0]
    if len(ordered.columns) > len(COLOURS):
        most = len(COLOURS) - 1
        ordered = ordered.iloc[:, :most].assign(
            **{f"{len(ordered.columns) - most} others": ordered.iloc[:, most:].sum(axis=1)}
        )
    for i, name in enumerate(ordered):
        _area(figure, ordered[name], str(name).replace("_", " "), colour(i))
    return figure


def _years(plan: Plan) -> list[int]:
    return [period.first for period in plan.system.periods]


def _require_metal(plan: Plan, metal: str) -> None:
    if metal not in plan.system.metals:
        known = ", ".join(plan.system.metals)
        raise SpecError(
            "figure", [f"'{metal}' is not a metal of this study; choose one of {known}"]
        )
