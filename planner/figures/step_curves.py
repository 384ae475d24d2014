"""The figure of a supply or demand curve: what there is, or is paid, at each price, and what the
plan takes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.errors import SpecError
from planner.figures.themes import blank, colour
from planner.plan.plan import Plan

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DONE = {"supply": "bought", "export": "sold", "deposit": "dug"}
UNBOUNDED = 1.25
"""A step without limit is drawn so many times as wide as what is taken of it."""


def step_curve(plan: Plan, of: str, year: int) -> Figure:
    """Price of each step of a curve over the amounts up to it, t/year (of a deposit, t that are
    left at the end of the year and what is dug in it), and the part that the plan takes.

    Raises SpecError where the study has no such curve, or not in that year.
    """
    table = plan.curves
    rows = table[(table["of"] == of) & (table["year"] == year)]
    if rows.empty:
        known = ", ".join(map(str, table["of"].unique())) or "none"
        raise SpecError(
            plan.record.study,
            [f"no curve of {of} in {year}; curves: {known}, in years of the plan"],
        )
    kind = str(rows["kind"].iloc[0])
    wide = rows.pivot(index="step", columns="quantity", values="value")
    wide = wide.reindex(index=rows["step"].unique(), columns=["price", "amount", "left", "taken"])
    there = wide["left"] + wide["taken"] if kind == "deposit" else wide["amount"]
    width = there.fillna(UNBOUNDED * wide["taken"])
    ends = width.cumsum()
    unit = rows.loc[rows["quantity"] == "price", "unit"].iloc[0]
    figure = blank(f"{of}: curve in {year}", str(unit))
    for i, (name, amount) in enumerate((("all there is", width), (DONE[kind], wide["taken"]))):
        _add_bars(figure, name, ends - width, amount, wide["price"], colour(i))
    return figure.update_layout(
        xaxis={"title": {"text": "t" if kind == "deposit" else "t/year"}},
        yaxis={"rangemode": "tozero"},
        barmode="overlay",
        hovermode="closest",
    )


def _add_bars(
    figure: Figure, name: str, left: pd.Series, amount: pd.Series, price: pd.Series, shade: str
) -> None:
    """A bar a step, from where it begins, as wide as its amount and as high as its price."""
    figure.add_bar(
        x=left + amount / 2,
        y=price,
        width=amount,
        name=name,
        marker={"color": shade},
        customdata=pd.DataFrame({"step": price.index, "amount": amount.to_numpy()}),
        hovertemplate="%{customdata[0]}: %{customdata[1]:,.0f} at %{y:,.0f}",
    )
