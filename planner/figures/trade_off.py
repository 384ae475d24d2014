"""Figures of a frontier of several objectives: parallel coordinates, and each objective against
the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.figures.themes import COLOURS, blank

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from planner.analysis.tradeoffs.trade_off import TradeOff

CHEAP_TO_DEAR = [[0.0, COLOURS[0]], [0.5, COLOURS[2]], [1.0, COLOURS[1]]]
"""Colours from the least of the first objective to the most."""


def parallel_coordinates(found: TradeOff) -> Figure:
    """One axis an objective, the better end below, and one line a plan, coloured by the first
    objective; axes can be dragged and narrowed."""
    from plotly import graph_objects

    first = found.objectives[0]
    axes = [
        {"label": f"{name}, {found.units[name]}", "values": found.points[name].tolist()}
        for name in found.objectives
    ]
    line = {"color": found.points[first].tolist(), "colorscale": CHEAP_TO_DEAR}
    figure = graph_objects.Figure(graph_objects.Parcoords(dimensions=axes, line=line))
    return blank("Efficient plans", "", made=figure)


def trade_offs(found: TradeOff) -> Figure:
    """Each further objective against the first, one mark a plan; the colour is the objective after
    the one drawn, so that three are seen at once."""
    from plotly.subplots import make_subplots

    first, *others = found.objectives
    panels = make_subplots(rows=1, cols=len(others), horizontal_spacing=0.12)
    figure = blank(f"What the others cost in {first}", "", made=panels)
    for at, name in enumerate(others, start=1):
        third = others[at % len(others)]
        marker = {"color": found.points[third].tolist(), "colorscale": CHEAP_TO_DEAR, "size": 9}
        figure.add_scatter(
            x=found.points[name],
            y=found.points[first],
            mode="markers",
            marker=marker,
            name=name,
            text=[
                f"plan {n}: {third} {v:.4g} {found.units[third]}" for n, v in _named(found, third)
            ],
            showlegend=False,
            row=1,
            col=at,
        )
        figure.update_xaxes(title_text=f"{name}, {found.units[name]}", row=1, col=at)
    figure.update_yaxes(title_text=f"{first}, {found.units[first]}", col=1)
    return figure


def _named(found: TradeOff, name: str) -> list[tuple[int, float]]:
    """Number and value of each plan."""
    return list(zip(found.points["point"].tolist(), found.points[name].tolist(), strict=True))
