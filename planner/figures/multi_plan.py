"""Figures of results that span many plans: frontiers, fans, losses, plans side by side, the urban
mine, and lines of any table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from planner.errors import SpecError
from planner.figures.themes import (
    COLOURS,
    NEUTRAL,
    PATHWAY_COLOURS,
    blank,
    colour,
    dash,
    see_through,
    whole_years,
)
from planner.plan.headline import paid_items
from planner.plan.plan import Plan
from planner.system.nouns import PATHWAYS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from planner.analysis.security.disruption import Disruptions
    from planner.analysis.tradeoffs.frontier import Frontier
    from planner.plan.reserves import Grading

SCALES = (("trillion ", 1e12), ("billion ", 1e9), ("million ", 1e6), ("thousand ", 1e3), ("", 1.0))
MEDIAN, DARKEST = 0.5, 0.75
"""The middle quantile of a fan, and how much of its colour the innermost of many bands has."""
MARKS = ("circle", "diamond", "square", "triangle-up", "star", "x", "cross")
MANY_POINTS = 15
"""A line of more points than this has no marks."""
SHARE = "1"
"""Unit of what is shown in per cent."""
NOT_OF_THE_FRONTIER = ("carbon_price", "impact_price")
"""Items of cost that a frontier leaves out (`planner.frontier`)."""


def scale(values: pd.Series) -> tuple[float, str]:
    """Divisor that makes values readable, and the word that goes before their unit."""
    largest = float(values.abs().max()) if len(values) else 0.0
    return next(((size, word) for word, size in SCALES if largest >= size), (1.0, ""))


def frontier(found: Frontier | pd.DataFrame, *, plans: Mapping[str, Plan] | None = None) -> Figure:
    """Cost against cumulative carbon, one curve a group, with the abatement cost at each point;
    `plans` are marked where they stand.

    A plan made under a carbon price or with targets need not lie on the curve: its cost is counted
    as the frontier counts it, without carbon price and penalties. Money and carbon in the units of
    the study (USD, present value; t CO2e over all years).
    """
    points = found if isinstance(found, pd.DataFrame) else found.points
    scope = str(points["scope"].iloc[0])
    by_carbon, carbon_word = scale(points["carbon"])
    by_cost, cost_word = scale(points["cost"])
    figure = blank("Frontier of cost and carbon", f"cost, present value ({cost_word}USD)")
    curves = [part for _, part in points.groupby(["group", "import"], dropna=False, sort=False)]
    for i, part in enumerate(curves):
        figure.add_scatter(
            x=part["carbon"] / by_carbon,
            y=part["cost"] / by_cost,
            name=_curve_name(str(part["group"].iloc[0]), part["import"].iloc[0]),
            mode="lines+markers",
            line={"color": colour(i), "dash": dash(i)},
            customdata=part["abatement_cost"],
            hovertemplate="%{x:,.4g}, %{y:,.4g}: %{customdata:,.0f} USD for the next t CO2e",
        )
    for i, (name, plan) in enumerate((plans or {}).items(), start=len(curves)):
        figure.add_scatter(
            x=[plan.record.emissions[scope] / by_carbon],
            y=[plain_cost(plan) / by_cost],
            name=name,
            mode="markers",
            marker={"color": colour(i), "symbol": MARKS[i % len(MARKS)], "size": 13},
        )
    figure.update_yaxes(rangemode="normal")
    return figure.update_layout(
        hovermode="closest",
        xaxis_title_text=f"{scope} emissions over all years ({carbon_word}t CO2e)",
    )


def _curve_name(group: str, level: float) -> str:
    name = "least cost at each carbon" if group == "all" else group
    return name if pd.isna(level) else f"{name}, imports at most {level:,.4g} t"


def plain_cost(plan: Plan) -> float:
    """Present value of a plan's cost without carbon price and penalties, USD: what a frontier
    counts."""
    paid = paid_items(plan.costs)
    return float(paid.loc[~paid["item"].isin(NOT_OF_THE_FRONTIER), "present_value"].sum())


def fan(table: pd.DataFrame, title: str = "", unit: str = "") -> Figure:
    """A fan chart: bands between opposite quantiles over the years, and the median.

    `table`: year, quantile, value, unit. The outermost band lies between the lowest and the highest
    quantile, and so on inwards. Raises SpecError where a column or every value is missing, or a
    quantile has no opposite.
    """
    wide = _quantiles(table)
    pairs = _bands([float(str(quantile)) for quantile in wide])
    unit = unit or (str(table["unit"].iloc[0]) if "unit" in table else "")
    figure = blank(title, "" if unit == SHARE else unit)
    _add_bands(figure, wide, pairs)
    if MEDIAN in wide:
        figure.add_scatter(
            x=wide.index,
            y=wide[MEDIAN],
            mode="lines",
            name="median",
            line={"color": COLOURS[0], "width": 2.5},
        )
    return whole_years(figure.update_yaxes(tickformat=".0%") if unit == SHARE else figure)


def _add_bands(figure: Figure, wide: pd.DataFrame, pairs: Sequence[tuple[float, float]]) -> None:
    """Bands between opposite quantiles, the darker the further in."""
    for depth, (low, high) in enumerate(pairs, start=1):
        edge = {"x": wide.index, "mode": "lines", "line": {"width": 0}}
        figure.add_scatter(y=wide[high], showlegend=False, hoverinfo="skip", **edge)
        figure.add_scatter(
            y=wide[low],
            fill="tonexty",
            fillcolor=see_through(COLOURS[0], DARKEST * depth / (len(pairs) + 1)),
            name=f"{high - low:.0%} of the runs",
            **edge,
        )


def _quantiles(table: pd.DataFrame) -> pd.DataFrame:
    """Values of a table of runs, a row a year and a column a quantile from the lowest on."""
    if missing := [name for name in ("year", "quantile", "value") if name not in table]:
        said = f"the table has no column {', '.join(missing)}; give year, quantile, value and unit"
        raise SpecError("fan", [said])
    wide = table.pivot_table(index="year", columns="quantile", values="value").sort_index(axis=1)
    if wide.empty:
        raise SpecError("fan", ["the table holds no value; choose a quantity that the runs have"])
    return wide


def _bands(held: Sequence[float]) -> list[tuple[float, float]]:
    """Pairs of opposite quantiles, the outermost first."""
    pairs = list(zip(held, reversed(held), strict=True))[: len(held) // 2]
    if not pairs or not all(math.isclose(low + high, 1.0) for low, high in pairs):
        given = ", ".join(f"{q:g}" for q in held)
        said = f"the quantiles {given} are not in pairs about the median; give 0.05 and 0.95"
        raise SpecError("fan", [said])
    return pairs


def unserved(
    found: Disruptions, losses: Sequence[str] = (), *, start: int | None = None, most: int = 4
) -> Figure:
    """Demand not served after a loss, by year, as a share of the requirement of the metal that it
    hits hardest.

    `losses` as `found.losses` names them, by default the `most` worst of one source from `start`
    (the first start where None). One that is named and leaves nothing unserved is drawn as 0.
    """
    first = int(found.losses["first"].min()) if start is None else start
    metals = _hardest_hit(found, first)
    chosen = list(losses) or [name for name in metals if " + " not in name][:most]
    _require_losses(found, chosen, first)
    figure = blank(f"Demand left unserved after a loss in {first}", "share of the year's demand")
    after = found.by_metal[found.by_metal["first"] == first]
    years = sorted(set(after["year"]))
    for i, name in enumerate(chosen):
        metal = metals.get(name, "")
        hit = after[(after["loss"] == name) & (after["metal"] == metal)].set_index("year")
        figure.add_bar(
            x=hit.index if metal else years,
            y=hit["unmet"] / hit["requirement"] if metal else [0.0] * len(years),
            name=f"{name.split('/')[-1]}: {metal or 'nothing unserved'}",
            marker_color=colour(i),
        )
    return whole_years(figure.update_yaxes(tickformat=".0%"))


def _require_losses(found: Disruptions, names: Sequence[str], first: int) -> None:
    looked_at = set(found.losses.loc[found.losses["first"] == first, "loss"])
    if unknown := [name for name in names if name not in looked_at]:
        raise SpecError("unserved", [f"no loss '{name}' from {first}" for name in unknown])


def _hardest_hit(found: Disruptions, first: int) -> dict[str, str]:
    """Each loss from this year on that leaves demand unserved, and the metal that it hits
    hardest."""
    listed = found.losses[(found.losses["first"] == first) & (found.losses["worst_metal"] != "")]
    listed = listed.drop_duplicates("loss")
    return dict(zip(listed["loss"], listed["worst_metal"], strict=True))


def beside(plans: Mapping[str, Plan], metal: str) -> Figure:
    """Supply of a metal by pathway over time, one panel a plan, all on one scale, t per year."""
    from plotly.subplots import make_subplots

    panels = make_subplots(
        rows=1,
        cols=max(len(plans), 1),
        shared_yaxes=True,
        subplot_titles=list(plans),
        horizontal_spacing=0.05,
    )
    figure = blank(f"{metal.capitalize()}: supply by pathway", "t/year", made=panels)
    seen: set[str] = set()
    for column, plan in enumerate(plans.values(), start=1):
        wide = pathways(plan, metal)
        for name in map(str, wide):
            figure.add_scatter(
                x=wide.index,
                y=wide[name],
                name=name,
                mode="lines",
                stackgroup=f"{column}",
                legendgroup=name,
                showlegend=name not in seen,
                line={"color": PATHWAY_COLOURS[name], "width": 0.5},
                fillcolor=PATHWAY_COLOURS[name],
                row=1,
                col=column,
            )
            seen.add(name)
    return whole_years(figure.update_layout(margin_t=90))


def pathways(plan: Plan, metal: str) -> pd.DataFrame:
    """Supply of a metal, one column a pathway, a row a period (its first year), t per year;
    shortage is one of them.

    A stockpile that is filled takes from supply: below the axis it would upset a stack, so only
    what it gives is counted.
    """
    parts = plan.mix[plan.mix["metal"] == metal]
    wide = (
        parts.pivot_table(index="year", columns="pathway", values="value", aggfunc="sum")
        .fillna(0.0)
        .clip(lower=0.0)
    )
    return wide[[name for name in (*PATHWAYS, "shortage") if name in wide and wide[name].any()]]


def lines(table: pd.DataFrame, title: str, unit: str, *, x: str = "") -> Figure:
    """One line a column over the index of a table: for a sweep or a series of one's own. `x` names
    the axis."""
    figure = blank(title, unit)
    for i, name in enumerate(table):
        figure.add_scatter(
            x=table.index,
            y=table[name],
            name=str(name),
            mode="lines+markers" if len(table) <= MANY_POINTS else "lines",
            line={"color": colour(i), "dash": dash(i)},
            marker={"symbol": MARKS[i % len(MARKS)], "size": 8},
        )
    return whole_years(figure.update_xaxes(title_text=x))


def urban_mine(grading: Grading, metal: str, year: int) -> Figure:
    """Supply curve of the urban mine: cost of a tonne won by product over what can be won up to
    there, beside the price judged at.

    Steps that share a product share a colour; what needs new plants is hatched. Raises SpecError
    where nothing can be won.
    """
    steps = grading.curve[(grading.curve["metal"] == metal) & (grading.curve["year"] == year)]
    if steps.empty:
        said = (
            f"no waste of {metal} can be collected and recovered in {year}; choose another metal "
            "or year"
        )
        raise SpecError("urban mine", [said])
    figure = blank(
        f"{metal.capitalize()}: supply curve of the urban mine in {year}",
        steps["unit"].iloc[0].split(",")[0],
    )
    for i, product in enumerate(steps["product"].unique()):
        _add_steps(figure, product, steps[steps["product"] == product], colour(i))
    prices = grading.prices
    judged = prices[(prices["metal"] == metal) & (prices["year"] == year)]["price"].iloc[0]
    if not pd.isna(judged):
        # a line of its own, not a shape, so that the axis reaches it
        figure.add_scatter(
            x=[0.0, float(steps["cumulative"].max())],
            y=[judged, judged],
            mode="lines",
            name=f"price {judged:,.0f}",
            line={"dash": "dash", "color": NEUTRAL},
        )
    return figure.update_layout(
        xaxis={"title": {"text": "t/year of metal won, cumulative"}},
        barmode="overlay",
        hovermode="closest",
        legend={"orientation": "v", "x": 1.02, "y": 1.0},
    )


def _add_steps(figure: Figure, product: str, steps: pd.DataFrame, shade: str) -> None:
    """The steps of a product, as bars as wide as what can be won."""
    hatch = ["/" if plants == "new" else "" for plants in steps["plants"]]
    left = steps["cumulative"] - steps["quantity"]
    figure.add_bar(
        x=left + steps["quantity"] / 2,
        y=steps["cost"],
        width=steps["quantity"],
        name=product,
        marker={"color": shade, "pattern": {"shape": hatch}},
        customdata=steps[["route", "plants"]],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} plants<br>%{y:,.0f}",
    )
