"""Routes that change between plans, and when: shares of supply by pathway and process, year by
year, beside those of the first plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from planner.analysis.tradeoffs.compare import heads_of, metal_order
from planner.errors import SpecError
from planner.plan.plan import Plan

POINTS = 5.0
"""Percentage points by which shares must differ to be a change of route, unless said otherwise."""
NOT_SUPPLY = "new scrap"
"""A loop inside manufacture, not a part of supply."""
RUNS = 1e-4
"""A process that gives less than this share of a metal's supply does not run."""
YEARS = (
    *("since", "until", "widest"),
    *("enters_first", "leaves_first", "pauses_first", "enters", "leaves", "pauses"),
)
"""Columns that hold years, or numbers of them, where there are any."""
COLUMNS = (
    "metal",
    "pathway",
    "process",
    "plan",
    "since",
    "until",
    "widest",
    "share_first",
    "share",
    "change",
    "enters_first",
    "leaves_first",
    "pauses_first",
    "enters",
    "leaves",
    "pauses",
)


def routes(
    plans: Sequence[Plan], names: Sequence[str] = (), *, points: float = POINTS
) -> pd.DataFrame:
    """Routes whose share of a metal's supply differs from that in the first plan by more than
    `points` percentage points in some year.

    One row for each metal, pathway and process (empty: the whole pathway) and each later plan:
    `since` and `until` the first and last year of such a difference, `widest` the year of the
    largest, `share_first` and `share` there, `change` in percentage points; `enters_first`,
    `leaves_first`, `enters`, `leaves` the first and last year in which the route runs in either
    plan, missing where it never does, or (leaves) where it runs to the end; `pauses_first`,
    `pauses` how many periods between them it does not run. Only years that both plans have are
    compared. Raises SpecError for fewer than two plans or points below 0.
    """
    if len(plans) < 2:
        raise SpecError("routes", ["give at least two plans"])
    if not points >= 0:
        raise SpecError("routes", [f"points is {points}; give 0 or more percentage points"])
    heads = heads_of(plans, names)
    tables = [_shares(plan) for plan in plans]
    rows = [
        row
        for name, table in zip(heads[1:], tables[1:], strict=True)
        for row in _changed(name, tables[0], table, points)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(YEARS, "Int64"))
    order = metal_order(plans)
    ranked = frame.assign(metal_at=frame["metal"].map(order)).sort_values(
        ["plan", "metal_at", "since", "pathway", "process"]
    )
    return ranked.drop(columns="metal_at").reset_index(drop=True)


def _shares(plan: Plan) -> pd.DataFrame:
    """Share of a metal's supply by (metal, pathway, process) and year; the process is empty for the
    whole pathway."""
    supply = plan.supply[plan.supply["pathway"] != NOT_SUPPLY]
    keys = ["metal", "pathway", "process", "year"]
    single = supply.groupby(keys)["value"].sum()
    whole = supply.assign(process="").groupby(keys)["value"].sum()
    total = supply.groupby(["metal", "year"])["value"].sum()
    amounts = pd.concat([whole, single]).reset_index()
    all_of = total.reindex(pd.MultiIndex.from_frame(amounts[["metal", "year"]])).to_numpy()
    amounts["share"] = (amounts["value"] / all_of).where(all_of > 0, 0.0)
    wide = amounts.pivot_table(
        index=["metal", "pathway", "process"],
        columns="year",
        values="share",
        aggfunc="sum",
        fill_value=0.0,
    )
    every: pd.DataFrame = wide.reindex(
        columns=[period.first for period in plan.system.periods], fill_value=0.0
    )
    return every


def _changed(
    name: str, first: pd.DataFrame, other: pd.DataFrame, points: float
) -> list[tuple[Any, ...]]:
    years = [year for year in first.columns if year in other.columns]
    both = first.index.union(other.index)
    one, two = (table.reindex(both, fill_value=0.0)[years] for table in (first, other))
    rows: list[tuple[Any, ...]] = []
    for key in both:
        change = 100 * (two.loc[key] - one.loc[key])
        far = change[change.abs() > points]
        if len(far):
            at = change.abs().idxmax()
            rows.append(
                (
                    *key,
                    name,
                    far.index[0],
                    far.index[-1],
                    at,
                    one.loc[key, at],
                    two.loc[key, at],
                    change[at],
                    *_span(one.loc[key]),
                    *_span(two.loc[key]),
                )
            )
    return rows


def _span(share: pd.Series[float]) -> tuple[int | None, int | None, int | None]:
    """First and last year in which a route runs (no last one where it runs to the end), and the
    periods between in which it does not."""
    runs = share.index[share > RUNS]
    if not len(runs):
        return None, None, None
    between = share.loc[runs[0] : runs[-1]]
    return (
        int(runs[0]),
        None if runs[-1] == share.index[-1] else int(runs[-1]),
        int((between <= RUNS).sum()),
    )
