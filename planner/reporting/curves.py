"""The section of supply and demand curves: each drawn with what was bought, dug or sold of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from planner.figures.plan_figures import COLOURS
from planner.plan.plan import Plan
from planner.plan.tables import series
from planner.reporting.blocks import (
    DASHES,
    Block,
    Chart,
    Grid,
    Key,
    Section,
    TextTable,
    number,
    plain,
    rounded,
    scaled,
)
from planner.reporting.chain import shown_years
from planner.system.curves import SOLD, curves
from planner.system.nouns import Array, Curve
from planner.system.trade import origins

MOST_YEARS = 3
"""Years in which a curve is drawn: the first, the last and one between."""
MARGIN = 1.25
"""A step without limit is drawn so far beyond what is taken."""


def supply_and_demand(plan: Plan) -> Section | None:
    """Each curve with what was taken of it, and where exported metal was won; None where the study
    has no curve."""
    charts = tuple(_chart(plan, *each) for each in curves(plan.system))
    if not charts:
        return None
    blocks: tuple[Block, ...] = (Grid(charts, width="narrow"),)
    if len(plan.exports):
        blocks = (*blocks, _origin_table(plan))
    return Section(
        "Supply and demand curves",
        tuple(_reexports(plan)),
        blocks,
        "A line is what there is, or what is paid, at each price; the point on it is where the "
        "plan stops: to its left everything is bought, dug or sold. Metal refined before it is "
        "exported has the mix of all refined metal of its year.",
    )


def drawn_years(plan: Plan) -> list[int]:
    """The years in which curves are drawn."""
    known = shown_years(plan)
    return sorted({known[0], known[len(known) // 2], known[-1]})[:MOST_YEARS]


def steps_of_year(plan: Plan, curve: Curve, at: int) -> tuple[Array, Array, Array]:
    """Price, what there is and what is taken of each step in a year, shape (S,) each; of a deposit
    what there was of it in all and what is dug of it until the end of the year."""
    price = np.array([step.price[at] for step in curve.values()])
    taken = np.array(
        [series(plan.system, plan.values, "step", step.label) for step in curve.values()]
    )
    if all(np.isfinite(step.reserve) or np.isinf(step.amount).all() for step in curve.values()):
        dug = taken[:, : at + 1].sum(axis=1)
        most = np.array([step.reserve for step in curve.values()])
    else:
        dug, most = taken[:, at], np.array([step.amount[at] for step in curve.values()])
    return price, np.where(np.isfinite(most), most, MARGIN * dug), dug


def _chart(plan: Plan, of: str, curve: Curve, sign: float) -> Chart:
    system, years = plan.system, drawn_years(plan)
    unit = "t" if of in system.deposits else "t/year"
    found = {year: steps_of_year(plan, curve, system.years.index(year)) for year in years}
    size, shown = scaled(unit, max(float(most.sum()) for _, most, _ in found.values()) or 1.0)
    keys = tuple(Key(str(y), COLOURS[i], DASHES[i]) for i, y in enumerate(years))
    traces: list[dict[str, Any]] = []
    for key, (price, most, taken) in zip(keys, found.values(), strict=True):
        traces += _traces(key, price, most / size, taken / size)
    done = "dug" if of in system.deposits else "bought"
    done = "sold" if sign == SOLD and system.goods[of].export else done
    words = "; ".join(
        f"{year}: {number(float(taken.sum()) / size)} {shown} {done}"
        for year, (_, _, taken) in found.items()
    )
    return Chart(
        plain(of),
        f"{plan.record.currency.replace('_', ' of ')}/t",
        traces,
        f"{of}. {words}",
        {
            "xaxis": {"title": {"text": shown}},
            # one price alone would span an axis of 2 USD/t about itself
            "yaxis": {"rangemode": "tozero"} if len(curve) == 1 else {},
            "free": True,
            "hovermode": "closest",
        },
        keys,
        note=f"{words[0].upper()}{words[1:]}.",
    )


def _traces(key: Key, price: Array, most: Array, taken: Array) -> Iterator[dict[str, Any]]:
    """The line of a curve in a year, and the point at which the plan stops."""
    ends = np.cumsum(most)
    common = {"name": key.name, "colour": key.colour}
    yield {
        **common,
        "type": "scatter",
        "mode": "lines",
        "dash": key.mark,
        "x": rounded(np.append(0.0, np.repeat(ends, 2)[:-1])),
        "y": rounded(np.repeat(price, 2)),
    }
    last = np.flatnonzero(taken > 0)
    at = float(price[last[-1]]) if len(last) else float(price[0])
    yield {
        **common,
        "type": "scatter",
        "mode": "markers",
        "symbol": "circle",
        "size": [10],
        "x": rounded([taken.sum()]),
        "y": rounded([at]),
    }


def _reexports(plan: Plan) -> Iterator[str]:
    """What share of the metal that goes abroad was won abroad, by metal."""
    table = plan.exports
    for metal, part in table.groupby("metal", sort=False):
        if not len(origins(plan.system, str(metal))):
            continue
        whole = float(part["value"].sum())
        foreign = part[part["pathway"].str.startswith("foreign")]
        if whole > 0:
            yield (
                f"Of the {metal} that goes abroad over all years, "
                f"{float(foreign['value'].sum()) / whole:.0%} was won abroad: a re-export."
            )


def _origin_table(plan: Plan) -> TextTable:
    table, years = plan.exports, drawn_years(plan)
    keys = ["metal", "good", "pathway", "origin"]
    wide = table.pivot_table(index=keys, columns="year", values="value", aggfunc="sum").fillna(0.0)
    rows = tuple(
        (*map(str, key), *(number(float(row.get(year, 0.0))) for year in years))
        for key, row in zip(wide.index, wide.to_dict("records"), strict=True)
    )
    return TextTable(
        "Exports by where their metal was won, t/year",
        (*keys, *map(str, years)),
        rows,
        frozenset(range(len(keys), len(keys) + len(years))),
    )
