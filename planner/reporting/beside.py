"""The section that sets plans beside one another: totals, supply, indicators over time, and the
inputs that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from planner.analysis.tradeoffs.compare import Comparison
from planner.figures.plan_figures import PATHWAY_COLOURS
from planner.plan.indicators import INDIRECT_RELIANCE
from planner.plan.schema import GOODS_PRICE, REFINED_PRICE
from planner.reporting.blocks import (
    Chart,
    Grid,
    Key,
    Section,
    Tabs,
    TextTable,
    colours_of,
    dashes_of,
    keys_of,
    lines,
    number,
    rounded,
    scaled,
)
from planner.reporting.chain import SUPPLY, used_pathways
from planner.reporting.words import differences

OVER_TIME: tuple[tuple[str, str], ...] = (
    (INDIRECT_RELIANCE, "Net import reliance with indirect trade"),
    ("EoL recycling input rate", "Recycled share of supply"),
    (GOODS_PRICE, "Shadow price of goods"),
    (REFINED_PRICE, "Shadow price of refined metal"),
    ("self-sufficiency: processing", "Self-sufficiency at processing"),
    ("territorial emissions", "Territorial emissions"),
)
"""Quantities of a comparison that are drawn over time, and their tabs."""
MAX_ROWS = 3000
"""Rows of results that the page holds; `planner compare --out DIR` writes all."""


def comparison(found: Comparison, shown_years: Sequence[int]) -> Section:
    """Totals, supply over all years, quantities over time by plan, and the differing inputs and
    results."""
    panels = tuple((title, (grid,)) for title, grid in _grids(found) if grid.charts)
    return Section(
        "Comparison",
        differences(found),
        (
            _totals(found),
            *((Tabs("Comparison", panels),) if panels else ()),
            _inputs(found),
            *((_structure(found),) if len(found.structure) else ()),
            _results(found, shown_years),
        ),
        f"Differences are against {found.names[0]}. Charts show what differs; what is the same in "
        "all plans is left out.",
    )


def _grids(found: Comparison) -> Iterator[tuple[str, Grid]]:
    """Supply over all years, then each quantity over time."""
    supplied = _supply(found)
    used = used_pathways([trace["name"] for trace in chart.traces] for chart in supplied)
    yield "Supply over all years", Grid(supplied, keys_of(used, PATHWAY_COLOURS))
    colours, dashes = colours_of(found.names), dashes_of(found.names)
    keys = tuple(Key(name, colours[name], dashes[name]) for name in found.names)
    for quantity, title in OVER_TIME:
        yield title, Grid(_over_time(found, quantity), keys)


def _supply(found: Comparison) -> tuple[Chart, ...]:
    by_metal = found.supply.groupby("metal", sort=False)
    return tuple(_supply_chart(found.names, str(metal), part) for metal, part in by_metal)


def _supply_chart(names: Sequence[str], metal: str, part: pd.DataFrame) -> Chart:
    shares = _pathway_shares(names, part)
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": pathway,
            "y": list(names),
            "x": rounded(share),
            "colour": PATHWAY_COLOURS[pathway],
        }
        for pathway, share in shares.items()
    ]
    words = (f"{pathway} " + ", ".join(map(number, share)) for pathway, share in shares.items())
    layout = {
        "barmode": "stack",
        "names": True,
        "xaxis": {"title": {"text": "% of supply over all years"}, "range": [0, 100]},
        "yaxis": {"type": "category", "autorange": "reversed"},
    }
    said = f"{metal}, share of supply over all years in {', '.join(names)}: {'; '.join(words)}"
    return Chart(metal, "%", traces, said, layout, (), 90 + 28 * len(names))


def _pathway_shares(names: Sequence[str], part: pd.DataFrame) -> dict[str, list[float]]:
    """Per cent of the supply of a metal that each pathway gives, by plan."""
    totals = {name: float(part[name].clip(lower=0.0).sum()) for name in names}
    by_pathway = part.drop_duplicates("pathway").set_index("pathway").to_dict(orient="index")
    return {
        pathway: [_percent(float(by_pathway[pathway][name]), totals[name]) for name in names]
        for pathway in SUPPLY
        if pathway in by_pathway
    }


def _percent(amount: float, total: float) -> float:
    return 100 * max(amount, 0.0) / total if total else 0.0


def _over_time(found: Comparison, quantity: str) -> tuple[Chart, ...]:
    """The quantity of each metal in which it differs, unless it is that of one year."""
    differing = set(found.results[found.results["quantity"] == quantity]["metal"])
    metals = dict.fromkeys([*found.supply["metal"], *sorted(differing)])
    charts = (_lines(found, quantity, metal) for metal in metals if metal in differing)
    return tuple(chart for chart in charts if chart is not None)


def _lines(found: Comparison, quantity: str, metal: str) -> Chart | None:
    frame, names = found.all_results, list(found.names)
    years = sorted(frame["year"].unique())
    part = frame[(frame["quantity"] == quantity) & (frame["metal"] == metal)]
    by_year = part.set_index("year")[names].reindex(years)
    if by_year.notna().sum().max() <= 1:
        return None
    series = {name: by_year[name].to_numpy(dtype=float) for name in names}
    title, unit = metal.replace(";", " + "), str(part["unit"].iloc[0])
    return lines(title, unit, years, series, colours_of(names))


def _change(first: float, other: float) -> str:
    if not (np.isfinite(first) and np.isfinite(other)):
        return ""
    if first == other:
        return "same"
    share = f" ({(other - first) / abs(first):+.1%})" if first else ""
    sign = "+" if other > first else "−"
    return f"{sign}{number(abs(other - first))}{share}"


def _beside(
    title: str, frame: pd.DataFrame, found: Comparison, texts: Sequence[str], *, closed: bool = True
) -> TextTable:
    """The texts, a column for each plan, and the change of every later plan against the first."""
    first, *others = found.names
    heads = (*texts, *found.names, *(f"{name}: change" for name in others))
    columns: list[Iterable[str]] = [
        *(frame[text].map(str) for text in texts),
        *(frame[name].map(_known) for name in found.names),
        *(map(_change, frame[first], frame[name]) for name in others),
    ]
    rows = tuple(zip(*columns, strict=True))
    return TextTable(title, heads, rows, frozenset(range(len(texts), len(heads))), closed)


def _known(value: float) -> str:
    return number(float(value)) or "none"


def _totals(found: Comparison) -> TextTable:
    shown, names = found.totals.copy(), list(found.names)
    for i, row in shown.iterrows():
        size, unit = scaled(str(row["unit"]), float(row[names].abs().max()))
        shown.loc[i, names] = row[names] / size
        shown.loc[i, "unit"] = unit
    return _beside("Totals over all years", shown, found, ("quantity", "unit"), closed=False)


def _inputs(found: Comparison) -> TextTable:
    title = f"Inputs that differ: {len(found.inputs):,}"
    return _beside(title, found.inputs, found, ("path", "unit"))


def _structure(found: Comparison) -> TextTable:
    heads = ("path", *found.names)
    rows = tuple(found.structure[list(heads)].itertuples(index=False, name=None))
    title = f"What the studies are made up of, where they differ: {len(rows):,}"
    return TextTable(title, heads, rows, frozenset(), True)


def _results(found: Comparison, shown_years: Sequence[int]) -> TextTable:
    frame = found.results[found.results["year"].isin(shown_years)].head(MAX_ROWS)
    years = ", ".join(map(str, shown_years))
    title = f"Results that differ: {len(found.results):,}, here those of {years}"
    return _beside(title, frame, found, ("metal", "year", "quantity", "unit"))
