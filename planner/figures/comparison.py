"""The figure of a comparison: totals of each plan against the first, and what supplies each metal
in each plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.analysis.tradeoffs.compare import Comparison
from planner.figures.themes import PATHWAY_COLOURS, blank
from planner.system.nouns import PATHWAYS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

GREYS = ("#4D4D4D", "#8C8C8C", "#BDBDBD")
"""Of plans: the colours are those of pathways."""
FIRST_METAL = 2
"""Row of the first metal, whose panel gives the legend."""
LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
HEAD_HEIGHT, BAR_HEIGHT, PANEL_HEIGHT = 160, 22, 70
"""Of the figure, in layout pixels: the space above and below, a bar, and the ground of a panel."""


def contrast(found: Comparison) -> Figure:
    """One panel of totals over all years, as % of the first plan, then one a metal with the shares
    of its pathways over all years."""
    from plotly.subplots import make_subplots

    metals = list(dict.fromkeys(found.supply["metal"]))
    titles = [
        "cost, penalties, emissions over all years, % of " + found.names[0],
        *(f"{metal}: supply over all years, %" for metal in metals),
    ]
    rows = 1 + len(metals)
    weights = [
        BAR_HEIGHT * len(found.names) * bars for bars in (len(found.totals), *[1] * len(metals))
    ]
    height = HEAD_HEIGHT + rows * PANEL_HEIGHT + sum(weights)
    panels = make_subplots(
        rows=rows,
        cols=1,
        subplot_titles=titles,
        row_heights=weights,
        vertical_spacing=min(PANEL_HEIGHT / height, 1.0 / rows),
    )
    figure = blank(f"What differs: {', '.join(found.names)}", "", made=panels)
    _totals(figure, found)
    amounts = found.supply.groupby("pathway")[list(found.names)].max().max(axis=1)
    used = [pathway for pathway in (*PATHWAYS, "shortage") if amounts.get(pathway, 0.0) > 0]
    for row, metal in enumerate(metals, start=FIRST_METAL):
        _pathways(figure, found, metal, row, used)
    figure.update_yaxes(autorange="reversed", rangemode="normal")
    figure.update_xaxes(ticksuffix=" %")
    figure.update_annotations(font_size=13, x=0, xanchor="left")
    return figure.update_layout(
        height=height, barmode="relative", hovermode="closest", legend={"y": -60 / height}
    )


def _totals(figure: Figure, found: Comparison) -> None:
    quantities = found.totals["quantity"].tolist()
    first = found.totals[found.names[0]].to_numpy(dtype=float)
    labels, values, shades, texts = [], [], [], []
    for i, quantity in enumerate(quantities):
        for j, name in enumerate(found.names):
            value = float(found.totals[name].to_numpy(dtype=float)[i])
            labels.append(f"{quantity}: {name}")
            values.append(100 * value / first[i] if first[i] else None)
            shades.append(GREYS[j % len(GREYS)])
            texts.append(_amount(value, str(found.totals["unit"].iloc[i])))
    figure.add_bar(
        y=labels,
        x=values,
        orientation="h",
        marker_color=shades,
        text=texts,
        showlegend=False,
        row=1,
        col=1,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )


def _amount(value: float, unit: str) -> str:
    """An amount in words: 356 billion USD of 2021."""
    size, word = next(((size, word) for size, word in LARGE if abs(value) >= size), (1.0, ""))
    return " ".join(
        filter(
            None,
            (f"{value / size:,.3g}", word, unit.replace("_", " of ").replace("tCO2e", "t CO2e")),
        )
    )


def _pathways(figure: Figure, found: Comparison, metal: str, row: int, used: Sequence[str]) -> None:
    part = found.supply[found.supply["metal"] == metal]
    amounts = np.maximum(part[list(found.names)].to_numpy(dtype=float), 0.0)
    totals = amounts.sum(axis=0)
    shares = dict(
        zip(
            part["pathway"],
            100 * np.divide(amounts, totals, out=np.zeros_like(amounts), where=totals > 0),
            strict=True,
        )
    )
    for pathway in used:
        values = [float(v) for v in shares.get(pathway, np.zeros(len(found.names)))]
        figure.add_bar(
            y=list(found.names),
            x=values,
            orientation="h",
            name=pathway,
            legendgroup=pathway,
            showlegend=row == FIRST_METAL,
            marker_color=PATHWAY_COLOURS[pathway],
            row=row,
            col=1,
        )
