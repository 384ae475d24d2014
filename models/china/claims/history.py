"""Extraction as far as public data held here reach, beside the 35 metals from 1922 to 2022 of which
the paper gives the sum.

python -m models.china.claims.history FILE      the figure, as a page (.html) or a picture (.svg,
.png, .pdf)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from models.china.claims.runs import FACTS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

METALS = ("lithium", "cobalt", "indium", "niobium", "germanium", "zinc")
"""The paper's five, and their host of which world output is held."""
FILES = ("production", "hosts_companion")
OUTPUT = ("mine_production", "refined_production")
"""Metals of which mining is not counted (by-products) have their primary refined output instead."""
WORLD, FERRONIOBIUM = "world", "Brazil and Canada, ferroniobium x 0.65"
NIOBIUM_IN_FERRONIOBIUM = 0.65
"""t/t, as the note of each row of ferroniobium in data/production.csv has it."""
PAPER = {1922: 73e6, 2022: 1478e6}
"""t a year of all 35 metals (S008, S009): the paper's, to be seen beside what is held, never part
of it."""
COUNT = 35
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Okabe and Ito, as planner.figures.plan_figures."""


def extraction() -> pd.DataFrame:
    """metal, coverage, year, value (t), source: output of each year for which `data/` has one, of
    the world where it has.

    Where several sources give a year, the first of the sources as the file orders them; nothing is
    filled in between.
    """
    rows: dict[tuple[str, str, int], tuple[float, str]] = {}
    for metal in METALS:
        for variable in OUTPUT:
            found = [
                f
                for file in FILES
                for f in FACTS.all(file, metal=metal, region="world", variable=variable)
            ]
            # the paper's own numbers are what this is to stand beside
            found = [
                f
                for f in found
                if f.year is not None and f.source != "zeng2023" and f.item in ("", "primary")
            ]
            for fact in found:
                assert fact.year is not None
                rows.setdefault((metal, WORLD, fact.year), (fact.value, fact.source))
            if found:
                break
    rows |= {("niobium", FERRONIOBIUM, year): found for year, found in _ferroniobium().items()}
    return pd.DataFrame(
        [(*key, value, source) for key, (value, source) in sorted(rows.items())],
        columns=["metal", "coverage", "year", "value", "source"],
    )


def _ferroniobium() -> dict[int, tuple[float, str]]:
    """Niobium in the ferroniobium of the two countries that make nearly all of it, in years for
    which both are held."""
    years: dict[int, list[tuple[float, str]]] = {}
    for country in ("brazil", "canada"):
        for fact in FACTS.series(
            "production",
            metal="niobium",
            region=country,
            variable="refined_production",
            item="feronb_gross",
        ):
            assert fact.year is not None
            years.setdefault(fact.year, []).append((fact.value, fact.source))
    return {
        year: (NIOBIUM_IN_FERRONIOBIUM * sum(value for value, _ in held), held[0][1])
        for year, held in years.items()
        if len(held) == 2
    }


def history_page() -> Iterator[str]:
    """The section of the page: what is held, and what is missing."""
    table = extraction()
    yield "## History of extraction"
    yield ""
    yield (
        f"The paper draws the extraction of {COUNT} metals from 1922 (73 Mt) to 2022 (1,478 Mt). "
        "Held here, in `data/production.csv` "
        "and `data/hosts_companion.csv` from public sources, is the output of its five metals "
        "and of zinc, in t of metal "
        "(figure: `python -m models.china.claims.history history.svg`):"
    )
    yield ""
    yield "| metal | coverage | years held | first | last | missing between |"
    yield "|---|---|---|---|---|---|"
    for (metal, coverage), own in table.groupby(["metal", "coverage"], sort=False):
        first, last = own.iloc[0], own.iloc[-1]
        gaps = sorted(set(range(first["year"], last["year"] + 1)) - set(own["year"]))
        missing = (
            "none"
            if not gaps
            else f"{len(gaps)} years"
            if len(gaps) > 3
            else ", ".join(map(str, gaps))
        )
        ends = (f"{end['year']}: {end['value']:,.0f}" for end in (first, last))
        yield f"| {metal} | {coverage} | {len(own)} | {' | '.join(ends)} | {missing} |"
    yield ""
    yield (
        f"**Missing.** {missing_words(table)} So neither of the two sums, nor the growth and pace "
        "drawn from them (S008 to S011), can "
        "be tested here, and they are kept as narrative. Nothing is filled in."
    )


def missing_words(table: pd.DataFrame) -> str:
    """What the history lacks, in two sentences."""
    held = table["metal"].nunique()
    latest = table[table["year"] <= max(PAPER)].groupby("metal")["value"].last().sum()
    return (
        f"All years before {table['year'].min()}; at least {COUNT - held} of the {COUNT} metals, "
        "among them iron, aluminium, copper, "
        "manganese and chromium, which make nearly all of the 1,478 Mt; and the list of the "
        f"{COUNT}. What is held of 2022, or the "
        f"last year before it, comes to {latest / 1e6:.2f} Mt."
    )


def draw_history() -> Figure:
    """The figure: output of each metal held, t a year on a logarithmic axis, a marker for each year
    held and no line across years that are not; the paper's two sums as hollow markers; what is
    missing in words within the figure."""
    from plotly.graph_objects import Figure

    table, figure = extraction(), Figure()
    for (metal, coverage), own in table.groupby(["metal", "coverage"]):
        held = own.set_index("year")["value"].reindex(
            range(own["year"].min(), own["year"].max() + 1)
        )
        name = str(metal) if coverage == WORLD else f"{metal} ({coverage})"
        figure.add_scatter(
            x=held.index,
            y=held,
            mode="lines+markers",
            name=name,
            connectgaps=False,
            marker={"size": 5},
            line={
                "color": COLOURS[METALS.index(str(metal))],
                "dash": "solid" if coverage == WORLD else "dot",
            },
        )
    figure.add_scatter(
        x=list(PAPER),
        y=list(PAPER.values()),
        mode="markers",
        name=f"{COUNT} metals, as the paper says (no data held)",
        marker={"symbol": "circle-open", "size": 12, "color": "#000000"},
    )
    words = (
        missing_words(table)
        .replace("; at least", ";<br>at least")
        .replace("; and the list", ";<br>and the list")
    )
    figure.add_annotation(
        text="<b>Missing.</b> " + words.replace(". What", ".<br>What"),
        xref="paper",
        yref="paper",
        x=0.02,
        y=0.6,
        xanchor="left",
        yanchor="top",
        align="left",
        showarrow=False,
        font={"size": 12},
    )
    figure.update_layout(
        title="World output of metals, as far as public data are held",
        template="simple_white",
        legend={"orientation": "h", "y": -0.1},
        margin={"l": 70, "r": 20, "t": 50, "b": 40},
    )
    figure.update_yaxes(type="log", title="t of metal a year", exponentformat="SI")
    return figure.update_xaxes(range=[min(PAPER) - 3, table["year"].max() + 3])


if __name__ == "__main__":
    from planner.figures.plan_figures import write_figure

    if len(sys.argv) != 2:
        sys.exit("name the file to write: python -m models.china.claims.history history.html")
    sys.stdout.write(f"{write_figure(draw_history(), sys.argv[1])}\n")
