"""Extraction as far as public data held here reach, beside the 35 metals from 1922 to 2022 of which the paper gives the sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from models.china.claims.runs import FACTS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

METALS = ("lithium", "cobalt", "indium", "niobium", "germanium")
OUTPUT = ("mine_production", "refined_production")
"""Metals of which mining is not counted (by-products) have their primary refined output instead."""
PAPER = ("S008", "S009")


def extraction() -> pd.DataFrame:
    """metal, year, value (t), source: the world's output of each year for which `data/production.csv` has one.

    Where several sources give a year, the first of the sources as the file orders them; nothing is filled in between.
    """
    rows: dict[tuple[str, int], tuple[float, str]] = {}
    for metal in METALS:
        for variable in OUTPUT:
            found = FACTS.all("production", metal=metal, region="world", variable=variable)
            # the paper's own numbers are what this is to stand beside
            found = [f for f in found if f.year is not None and f.source != "zeng2023" and f.item in ("", "primary")]
            for fact in found:
                assert fact.year is not None
                rows.setdefault((metal, fact.year), (fact.value, fact.source))
            if found:
                break
    return pd.DataFrame([(metal, year, value, source) for (metal, year), (value, source) in sorted(rows.items())],
                        columns=["metal", "year", "value", "source"])


def history_page() -> Iterator[str]:
    """The section of the page: what is held, and what is missing."""
    table = extraction()
    yield "## History of extraction"
    yield ""
    yield ("The paper draws the extraction of 35 metals from 1922 (73 Mt) to 2022 (1,478 Mt). Held here, in "
           "`data/production.csv` from public sources, is "
           f"the output of {table['metal'].nunique()} of its five metals, in t of metal:")
    yield ""
    yield "| metal | years held | first | last | missing between |"
    yield "|---|---|---|---|---|"
    for metal in METALS:
        own = table[table["metal"] == metal]
        if own.empty:
            yield f"| {metal} | none | | | all |"
            continue
        first, last = own.iloc[0], own.iloc[-1]
        gaps = sorted(set(range(first["year"], last["year"] + 1)) - set(own["year"]))
        missing = "none" if not gaps else f"{len(gaps)} years" if len(gaps) > 3 else ", ".join(map(str, gaps))
        yield f"| {metal} | {len(own)} | {first['year']}: {first['value']:,.0f} | {last['year']}: {last['value']:,.0f} | {missing} |"
    latest = table[table["year"] <= 2022].groupby("metal")["value"].last().sum()
    yield ""
    yield (f"**Missing.** All years before {table['year'].min()}; the other 30 metals, among them iron, aluminium, "
           f"copper, manganese, zinc and chromium, which make "
           f"nearly all of the 1,478 Mt (the five together come to {latest / 1e6:.2f} Mt, each at its last year to "
           f"2022); and the list of the 35. So neither of the two sums, "
           "nor the growth and pace drawn from them (S008 to S011), can be tested here, and they are kept as narrative. Nothing "
           "is filled in.")


def draw_history() -> Figure:
    """The figure: output of each metal held, t a year on a logarithmic axis; a marker for each year held, no line "
    "across years that are not."""
    from plotly.graph_objects import Figure

    figure = Figure()
    for metal, own in extraction().groupby("metal"):
        held = own.set_index("year")["value"].reindex(range(own["year"].min(), own["year"].max() + 1))
        figure.add_scatter(x=held.index, y=held, mode="lines+markers", name=str(metal), connectgaps=False)
    figure.update_layout(title="World output of the five metals, as far as data are held", template="plotly_white")
    figure.update_yaxes(type="log", title="t of metal per year")
    return figure
