"""Figures of a plan, as plotly figure objects: themable by their layout, interactive, exportable where kaleido is installed.

Colours are those of Okabe and Ito (Color Universal Design, 2008), told apart by the colour-blind; each pathway keeps its colour everywhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from planner.errors import OutputError, Problem, SpecError
from planner.plan import Plan
from planner.system import PATHWAYS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from planner.grade import Grading

PATHWAY_COLOURS: Mapping[str, str] = {
    "domestic primary": "#0072B2", "foreign primary": "#E69F00", "domestic secondary": "#009E73", "foreign secondary": "#CC79A7",
    "stockpile": "#999999", "new scrap": "#56B4E9", "shortage": "#D55E00",
}
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
KIND_COLOURS: Mapping[str, str] = {
    "deposit": "#0072B2", "host": "#0072B2", "origin": "#E69F00", "loss": "#D55E00", "use": "#009E73", "export": "#CC79A7",
    "demand": "#CC79A7", "shortage": "#D55E00", "stockpile": "#999999",
}
PLAIN_NODE = "#56B4E9"
SMALLEST_FLOW = 1e-4
"""Flows below this share of the largest of their year are left out of a Sankey: they would be thinner than a line."""
PAGE, PICTURES = ".html", (".svg", ".png", ".pdf")
PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_SCALE = 1200, 700, 2
"""Of a picture, in layout pixels; a PNG has so many dots to each."""


def mix(plan: Plan, metal: str) -> Figure:
    """Supply of a metal by pathway over time, stacked areas, t per year."""
    _require_metal(plan, metal)
    figure = _figure(f"{metal}: supply by pathway", "t/year")
    parts = plan.mix[plan.mix["metal"] == metal]
    wide = parts.pivot_table(index="year", columns="pathway", values="value", aggfunc="sum").fillna(0.0)
    for pathway in (*PATHWAYS, "shortage"):
        if pathway in wide:
            # a stockpile that is filled takes from supply: below the axis it would upset the stack, so only what it gives is drawn
            figure.add_scatter(x=wide.index, y=wide[pathway].clip(lower=0.0), name=pathway, stackgroup="supply", mode="lines",
                               line={"color": PATHWAY_COLOURS[pathway], "width": 0.5}, fillcolor=PATHWAY_COLOURS[pathway])
    return figure


def sankey(plan: Plan, metal: str, year: int | None = None) -> Figure:
    """All flows of a metal from the incidence matrix, losses and loops included, t of metal per year.

    With a year: that year. Without: a slider over all years.
    """
    _require_metal(plan, metal)
    return flow_sankey(plan.flows, metal, year)


def flow_sankey(table: pd.DataFrame, metal: str, year: int | None = None) -> Figure:
    """The Sankey of a flow table, whether a plan's or a simulation's; as `sankey`."""
    flows = table[table["metal"] == metal]
    years = sorted(flows["year"].unique())
    if year is not None and year not in years:
        raise SpecError("sankey", [f"there are no flows of {metal} in {year}; choose one of {', '.join(map(str, years))}"])
    figure = _figure(f"{metal}: flows", "")
    shown = [year] if year is not None else years
    for i, each in enumerate(shown):
        figure.add_trace(_sankey_trace(flows[flows["year"] == each], visible=i == 0))
    if len(shown) > 1:
        steps = [{"label": str(each), "method": "update",
                  "args": [{"visible": [j == i for j in range(len(shown))]}, {"title.text": f"{metal}: flows in {each}, t/year"}]}
                 for i, each in enumerate(shown)]
        figure.update_layout(sliders=[{"steps": steps, "currentvalue": {"prefix": "year "}, "pad": {"t": 20}}])
    figure.update_layout(title_text=f"{metal}: flows in {shown[0]}, t/year" if shown else f"{metal}: no flows", height=620)
    return figure


def _sankey_trace(flows: pd.DataFrame, *, visible: bool) -> object:
    from plotly.graph_objects import Sankey

    kept = flows[flows["value"] >= SMALLEST_FLOW * flows["value"].max()]
    names = downstream(kept)
    at = {name: i for i, name in enumerate(names)}
    lost = kept["target"].str.startswith("loss/")
    return Sankey(
        visible=visible, arrangement="snap", valueformat=",.3~s", valuesuffix=" t/year",
        node={"label": names, "color": [KIND_COLOURS.get(name.split("/")[0], PLAIN_NODE) for name in names], "pad": 12, "thickness": 12},
        link={"source": kept["source"].map(at).tolist(), "target": kept["target"].map(at).tolist(), "value": kept["value"].tolist(),
              "color": ["rgba(213,94,0,0.35)" if x else "rgba(120,120,120,0.25)" for x in lost]},
    )


def downstream(flows: pd.DataFrame) -> list[str]:
    """Nodes in the order in which metal that enters reaches them: of a loop, plotly turns back the flow to the node that comes first."""
    onward = {source: sorted(part["target"]) for source, part in flows.groupby("source")}
    reached = dict.fromkeys(sorted(set(flows["source"]) - set(flows["target"])))
    edge = list(reached)
    while edge:
        edge = [node for node in dict.fromkeys(target for source in edge for target in onward.get(source, ())) if node not in reached]
        reached |= dict.fromkeys(edge)
    return [*reached, *sorted({*flows["source"], *flows["target"]} - set(reached))]


def capacity(plan: Plan, plants: Sequence[str] = ()) -> Figure:
    """Capacity of plants over time and what of it is used, t per year."""
    figure = _figure("capacity (line) and use (dots)", "t/year")
    frame = plan.capacity
    chosen = list(plants) or sorted(frame["plant"].unique())
    for i, plant in enumerate(chosen):
        mine = frame[frame["plant"] == plant]
        colour = COLOURS[i % len(COLOURS)]
        for quantity, mode in (("capacity", "lines"), ("used", "markers")):
            part = mine[mine["quantity"] == quantity]
            figure.add_scatter(x=part["year"], y=part["value"], name=f"{plant}: {quantity}", mode=mode, legendgroup=plant,
                               line={"color": colour, "shape": "hv"}, marker={"color": colour, "size": 5},
                               showlegend=quantity == "capacity")
    return figure


def prices(plan: Plan, metals: Sequence[str] = ()) -> Figure:
    """Shadow price of each metal over time on a logarithmic axis: what one more tonne demanded costs."""
    frame = plan.indicators[plan.indicators["indicator"] == "price"]
    chosen = list(metals) or [metal for metal in plan.system.metals if metal in set(frame["metal"])]
    figure = _figure("shadow price of a tonne demanded", f"{plan.record.currency}/t")
    for i, metal in enumerate(chosen):
        part = frame[frame["metal"] == metal]
        figure.add_scatter(x=part["year"], y=part["value"], name=metal, mode="lines", line={"color": COLOURS[i % len(COLOURS)]})
    return figure.update_yaxes(type="log")


def emissions(plan: Plan, scope: str = "footprint") -> Figure:
    """Emissions over time by metal, t CO2e per year; joint lines under the names of their metals together."""
    frame = plan.emissions[plan.emissions["scope"] == scope]
    wide = frame.pivot_table(index="year", columns="metal", values="value", aggfunc="sum").fillna(0.0)
    figure = _figure(f"{scope} emissions", "t CO2e/year")
    for i, metal in enumerate(wide):
        figure.add_scatter(x=wide.index, y=wide[metal], name=str(metal), stackgroup="emissions", mode="lines",
                           line={"color": COLOURS[i % len(COLOURS)], "width": 0.5})
    return figure


def costs(plan: Plan) -> Figure:
    """Cost over time by item, undiscounted, a year; transfers between parties at home left out."""
    frame = plan.costs[plan.costs["item"] != "transfer"]
    wide = frame.pivot_table(index="year", columns="item", values="value", aggfunc="sum").fillna(0.0)
    figure = _figure("cost by item, undiscounted", f"{plan.record.currency}/year")
    for i, item in enumerate(wide):
        figure.add_bar(x=wide.index, y=wide[item], name=str(item).replace("_", " "), marker_color=COLOURS[i % len(COLOURS)])
    return figure.update_layout(barmode="relative")


def stocks(plan: Plan, metal: str) -> Figure:
    """Metal in use by product over time, t (the stock convention stands in the title)."""
    _require_metal(plan, metal)
    frame = plan.stocks
    mine = frame[(frame["metal"] == metal) & (frame["kind"] == "use") & (frame["quantity"] == "stock")]
    figure = _figure(f"{metal} in use (convention: {plan.system.stock_convention})", "t")
    for i, (name, part) in enumerate(mine.groupby("name")):
        figure.add_scatter(x=part["year"], y=part["value"], name=str(name), stackgroup="use", mode="lines",
                           line={"color": COLOURS[i % len(COLOURS)], "width": 0.5})
    return figure


def reserves(plan: Plan) -> Figure:
    """What is left in each deposit, as a share of its reserve at the start."""
    frame = plan.stocks[plan.stocks["kind"] == "deposit"]
    figure = _figure("left in deposits, share of the reserve at the start", "1")
    for i, (name, part) in enumerate(frame.groupby("name")):
        reserve = plan.system.deposits[str(name)].reserve
        if reserve > 0:
            figure.add_scatter(x=part["year"], y=part["value"] / reserve, name=str(name), mode="lines",
                               line={"color": COLOURS[i % len(COLOURS)]})
    return figure


def frontier(points: pd.DataFrame) -> Figure:
    """Cost against cumulative carbon, one curve a group, with the abatement cost at each point."""
    figure = _figure("frontier of cost and carbon", "cost, present value (USD)")
    for i, (group, part) in enumerate(points.groupby("group")):
        figure.add_scatter(x=part["carbon"], y=part["cost"], name=str(group), mode="lines+markers",
                           line={"color": COLOURS[i % len(COLOURS)]}, text=[f"{v:,.0f} USD per t CO2e" for v in part["abatement_cost"]])
    return figure.update_xaxes(title_text="cumulative emissions (t CO2e)")


def urban_mine(grading: Grading, metal: str, year: int) -> Figure:
    """Supply curve of the urban mine: cost of a tonne won by product over what can be won up to there, beside the price judged at.

    Steps that share a product share a colour; what needs new plants is hatched. Raises SpecError where nothing can be won.
    """
    steps = grading.curve[(grading.curve["metal"] == metal) & (grading.curve["year"] == year)]
    if steps.empty:
        raise SpecError("urban mine", [f"no waste of {metal} can be collected and recovered in {year}; choose another metal or year"])
    figure = _figure(f"{metal}: supply curve of the urban mine in {year}", steps["unit"].iloc[0].split(",")[0])
    left = steps["cumulative"] - steps["quantity"]
    for i, product in enumerate(steps["product"].unique()):
        own = steps["product"] == product
        hatch = ["/" if plants == "new" else "" for plants in steps.loc[own, "plants"]]
        figure.add_bar(
            x=left[own] + steps.loc[own, "quantity"] / 2, y=steps.loc[own, "cost"], width=steps.loc[own, "quantity"], name=product,
            marker={"color": COLOURS[i % len(COLOURS)], "pattern": {"shape": hatch}},
            customdata=steps.loc[own, ["route", "plants"]], hovertemplate="%{customdata[0]}<br>%{customdata[1]} plants<br>%{y:,.0f}",
        )
    judged = grading.prices[(grading.prices["metal"] == metal) & (grading.prices["year"] == year)]["price"].iloc[0]
    if judged == judged:
        # a line of its own, not a shape, so that the axis reaches it
        figure.add_scatter(x=[0.0, float(steps["cumulative"].max())], y=[judged, judged], mode="lines", name=f"price {judged:,.0f}",
                           line={"dash": "dash", "color": "#000000"})
    figure.update_layout(xaxis={"title": {"text": "t/year of metal won, cumulative"}}, barmode="overlay", hovermode="closest",
                         legend={"orientation": "v", "x": 1.02, "y": 1.0})
    return figure


def write_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure in the format that the ending names, whole or not at all: a page that opens offline, or a picture.

    A picture shows what the page shows before its slider is moved. Raises SpecError for an unknown ending, OutputError where the file
    cannot be written, or where a picture's two needs are missing: kaleido (extra `image`) and a Chromium.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (PAGE, *PICTURES):
        raise SpecError("figure", [Problem(str(path), 0, "", f"'{ending}' is no known ending; choose of {', '.join((PAGE, *PICTURES))}")])
    content = _page(figure) if ending == PAGE else _picture(figure, ending[1:])
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.partial-", dir=path.parent) as partial:
            made = Path(partial) / path.name
            made.write_bytes(content)
            made.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; name another file") from error
    return path


def _page(figure: Figure) -> bytes:
    # a name of its own, since plotly's is random and the same figure is to give the same page
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, div_id="figure")
    return page.encode()


def _picture(figure: Figure, form: str) -> bytes:
    """The figure as SVG, PNG or PDF, drawn by a Chromium that asks nothing of the network."""
    try:
        import kaleido
    except ImportError as error:
        raise OutputError("a picture needs kaleido: pip install 'planner[image]' (a page, .html, needs nothing)") from error
    from kaleido.errors import BrowserFailedError, ChromeNotFoundError
    from plotly.graph_objects import Figure as Copy

    # a slider that nobody can move says nothing
    still = Copy(figure).update_layout(sliders=[], updatemenus=[], overwrite=True)
    options = {"format": form, "width": figure.layout.width or PICTURE_WIDTH, "height": figure.layout.height or PICTURE_HEIGHT,
               "scale": PICTURE_SCALE if form == "png" else 1}
    try:
        return bytes(kaleido.calc_fig_sync(still, opts=options, kopts={"mathjax": False}))
    except (ChromeNotFoundError, BrowserFailedError) as error:
        raise OutputError("a picture needs Chromium or Chrome, and none was found that starts; install one (Debian: chromium) or name it "
                          "in BROWSER_PATH (a page, .html, needs nothing)") from error


def _figure(title: str, unit: str) -> Figure:
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(title_text=title, template="simple_white", legend={"orientation": "h", "y": -0.15}, hovermode="x unified",
                         margin={"l": 60, "r": 20, "t": 50, "b": 40}, font={"family": "system-ui, sans-serif"})
    return figure.update_yaxes(title_text=unit, rangemode="tozero")


def _require_metal(plan: Plan, metal: str) -> None:
    if metal not in plan.system.metals:
        raise SpecError("figure", [f"'{metal}' is no metal of this study; choose one of {', '.join(plan.system.metals)}"])
