"""The section that sets plans beside one another: totals, supply, indicators over time, and the
inputs that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.tradeoffs.compare import Comparison
from planner.figures.plan_figures import COLOURS, PATHWAY_COLOURS
from planner.reporting.blocks import (
    DASHES,
    Block,
    Chart,
    Grid,
    Key,
    Section,
    Tabs,
    TextTable,
    lines,
    number,
    rounded,
    scaled,
)
from planner.reporting.words import differences
from planner.system.nouns import PATHWAYS

OVER_TIME: tuple[tuple[str, str], ...] = (
    ("net import reliance", "Net import reliance"),
    ("EoL recycling input rate", "Recycled share of supply"),
    ("price", "Shadow price"),
    ("self-sufficiency: processing", "Self-sufficiency at processing"),
    ("territorial emissions", "Territorial emissions"),
)
"""Quantities of a comparison that are drawn over time, and their tabs."""
MOST_ROWS = 3000
"""Rows of results that the page holds; `planner compare --out DIR` writes all."""


def comparison(found: Comparison, shown_years: Sequence[int]) -> Section:
    """Totals, supply over all years, quantities over time by plan, and the differing inputs and
    results."""
    panels: list[tuple[str, tuple[Block, ...]]] = []
    supplied = _supply(found)
    if supplied:
        used = {t["name"] for chart in supplied for t in chart.traces}
        pathways = tuple(Key(p, PATHWAY_COLOURS[p]) for p in (*PATHWAYS, "shortage") if p in used)
        panels.append(("Supply over all years", (Grid(supplied, pathways),)))
    keys = tuple(
        Key(name, COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)])
        for i, name in enumerate(found.names)
    )
    for quantity, title in OVER_TIME:
        charts = _over_time(found, quantity)
        if charts:
            panels.append((title, (Grid(charts, keys),)))
    return Section(
        "Comparison",
        differences(found),
        (
            _totals(found),
            *((Tabs("Comparison", tuple(panels)),) if panels else ()),
            _inputs(found),
            _results(found, shown_years),
        ),
        (
            f"Differences are against {found.names[0]}. Charts show what differs; what is the same "
            "in all plans is left out."
        ),
    )


def _supply(found: Comparison) -> tuple[Chart, ...]:
    charts = []
    for metal, part in found.supply.groupby("metal", sort=False):
        traces: list[Mapping[str, Any]] = []
        words = []
        totals = {name: float(part[name].clip(lower=0.0).sum()) for name in found.names}
        for pathway in (*PATHWAYS, "shortage"):
            row = part[part["pathway"] == pathway]
            if len(row):
                shares = [
                    100 * max(float(row[name].iloc[0]), 0.0) / totals[name] if totals[name] else 0.0
                    for name in found.names
                ]
                traces.append(
                    {
                        "type": "bar",
                        "orientation": "h",
                        "name": pathway,
                        "y": list(found.names),
                        "x": rounded(shares),
                        "colour": PATHWAY_COLOURS[pathway],
                    }
                )
                words.append(f"{pathway} " + ", ".join(map(number, shares)))
        said = (
            f"{metal}, share of supply over all years in {', '.join(found.names)}: "
            f"{'; '.join(words)}"
        )
        charts.append(
            Chart(
                str(metal),
                "%",
                traces,
                said,
                {
                    "barmode": "stack",
                    "names": True,
                    "xaxis": {"title": {"text": "% of supply over all years"}, "range": [0, 100]},
                    "yaxis": {"type": "category", "autorange": "reversed"},
                },
                (),
                90 + 28 * len(found.names),
            )
        )
    return tuple(charts)


def _over_time(found: Comparison, quantity: str) -> tuple[Chart, ...]:
    differing = set(found.results[found.results["quantity"] == quantity]["metal"])
    frame = found.all_results[
        (found.all_results["quantity"] == quantity) & found.all_results["metal"].isin(differing)
    ]
    years = sorted(found.all_results["year"].unique())
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(found.names)}
    charts = []
    order = [
        metal
        for metal in dict.fromkeys([*found.supply["metal"], *sorted(differing)])
        if metal in differing
    ]
    for metal in order:
        part = frame[frame["metal"] == metal]
        by_year = part.set_index("year")[list(found.names)].reindex(years)
        if by_year.notna().sum().max() > 1:
            series = {name: by_year[name].to_numpy(dtype=float) for name in found.names}
            charts.append(
                lines(
                    str(metal).replace(";", " + "),
                    str(part["unit"].iloc[0]),
                    years,
                    series,
                    colours,
                )
            )
    return tuple(charts)


def _change(first: float, other: float) -> str:
    if not (np.isfinite(first) and np.isfinite(other)):
        return ""
    if first == other:
        return "same"
    share = f" ({(other - first) / abs(first):+.1%})" if first else ""
    sign = "+" if other > first else "−"
    return f"{sign}{number(abs(other - first))}{share}"


def _beside(
    frame: pd.DataFrame, found: Comparison, texts: Sequence[str]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Heads and rows: the texts, a column for each plan, and the change of every later plan against
    the first."""
    first, *others = found.names
    heads = (*texts, *found.names, *(f"{name}: change" for name in others))
    columns = [[str(v) for v in frame[text]] for text in texts]
    columns += [[number(float(v)) or "none" for v in frame[name]] for name in found.names]
    columns += [
        [_change(float(a), float(b)) for a, b in zip(frame[first], frame[name], strict=True)]
        for name in others
    ]
    return heads, tuple(zip(*columns, strict=True)) if len(frame) else ()


def _totals(found: Comparison) -> TextTable:
    shown = found.totals.copy()
    for i, row in shown.iterrows():
        size, unit = scaled(str(row["unit"]), float(row[list(found.names)].abs().max()))
        shown.loc[i, list(found.names)] = row[list(found.names)] / size
        shown.loc[i, "unit"] = unit
    heads, rows = _beside(shown, found, ("quantity", "unit"))
    return TextTable(
        "Totals over all years", heads, rows, frozenset(range(2, len(heads))), closed=False
    )


def _inputs(found: Comparison) -> TextTable:
    heads, rows = _beside(found.inputs, found, ("path", "unit"))
    return TextTable(
        f"Inputs that differ: {len(found.inputs):,}", heads, rows, frozenset(range(2, len(heads)))
    )


def _results(found: Comparison, shown_years: Sequence[int]) -> TextTable:
    frame = found.results[found.results["year"].isin(shown_years)].head(MOST_ROWS)
    heads, rows = _beside(frame, found, ("metal", "year", "quantity", "unit"))
    title = (
        f"Results that differ: {len(found.results):,}, here those of "
        f"{', '.join(map(str, shown_years))}"
    )
    return TextTable(title, heads, rows, frozenset(range(4, len(heads))))
