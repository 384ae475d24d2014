"""Sections about the metal in use and in the ground: stocks and waste by product and by cohort,
deposits, stockpiles, indicators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from planner.figures.plan_figures import COLOURS
from planner.mfa.in_use import UseStock
from planner.plan.plan import Plan
from planner.reporting.blocks import (
    Block,
    Chart,
    Grid,
    Key,
    Section,
    Tabs,
    TextTable,
    colours_of,
    largest_first,
    number,
    plain,
    stack,
)
from planner.reporting.chain import by_name, period_years, shown_years
from planner.reporting.words import amount, from_waste, left
from planner.system.nouns import Array

MOST_PRODUCTS = 7
COHORT_COLOURS = ("#999999", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
"""From the oldest cohorts to the newest."""
COHORT_YEARS = 10
"""Years of entry that one colour stands for."""


def use_stocks(plan: Plan) -> Section:
    """Metal in use and what becomes waste, by product and by year of entry."""
    years = period_years(plan)
    frame = plan.stocks[plan.stocks["kind"] == "use"]
    panels: list[tuple[str, tuple[Block, ...]]] = []
    for title, quantity, unit in (
        ("In use by product", "stock", "t"),
        ("Leaving use by product", "outflow", "t/year"),
    ):
        charts = []
        for metal in plan.system.metals:
            mine = frame[(frame["metal"] == metal) & (frame["quantity"] == quantity)]
            named = mine.assign(name=[_short(name, metal) for name in mine["name"]])
            found = largest_first(by_name(named, "name", years), MOST_PRODUCTS, "other products")
            if found:
                total = sum(found.values(), np.zeros(len(years)))
                charts.append(
                    stack(
                        metal,
                        unit,
                        years,
                        found,
                        colours_of(found),
                        own_keys=True,
                        note=(
                            f"{amount(total[0])} {unit} in {years[0]}, {amount(total[-1])} in "
                            f"{years[-1]}"
                        ),
                    )
                )
        panels.append((title, (Grid(tuple(charts)),)))
    bins = cohort_bins(plan)
    for title, stock, unit in (
        ("In use by year of entry", True, "t"),
        ("Leaving use by year of entry", False, "t/year"),
    ):
        grid = tuple(
            chart
            for metal in plan.system.metals
            if (chart := _cohorts(plan, metal, bins, unit, stock)) is not None
        )
        keys = tuple(
            Key(name, COHORT_COLOURS[i % len(COHORT_COLOURS)]) for i, name in enumerate(bins)
        )
        panels.append((title, (Grid(grid, keys),)))
    panels = [
        (title, blocks)
        for title, blocks in panels
        if isinstance(blocks[0], Grid) and blocks[0].charts
    ]
    note = (
        "Metal in products that serve, at the end of each year (stock convention: "
        f"{plan.system.stock_convention}); what leaves use is "
    )
    return Section(
        "Stocks and waste",
        from_waste(plan),
        (Tabs("Stocks and waste", tuple(panels)),) if panels else (),
        note
        + (
            "waste, but for what is dissipated on the way. By year of entry: the year in which a "
            "product began to serve."
        ),
    )


def _short(name: str, metal: str) -> str:
    return plain(name.removeprefix(f"{metal}/").removeprefix(f"{metal}_"))


def cohort_bins(plan: Plan) -> dict[str, tuple[int, int]]:
    """Name to first and last year of entry: all before the study, then by decade."""
    first, last = plan.system.years[0], plan.system.years[-1]
    every = COHORT_YEARS
    while (last - first) / every > len(COHORT_COLOURS) - 1:
        every += COHORT_YEARS
    found = {f"before {first}": (-(10**9), first - 1)}
    start = first
    while start <= last:
        end = min((start - 1) // every * every + every, last)
        found[f"{start}-{end}" if end > start else str(start)] = (start, end)
        start = end + 1
    return found


def stock_by_cohort(use: UseStock, bins: Iterable[tuple[int, int]]) -> list[Array]:
    """t in use at the end of each year by bin of cohorts, shape (Y,) each."""
    entry = np.array(use.cohort_years)
    return [np.asarray(use.cohorts[:, (entry >= a) & (entry <= b)].sum(axis=1)) for a, b in bins]


def outflow_by_cohort(use: UseStock, bins: Iterable[tuple[int, int]]) -> list[Array]:
    """t per year that leaves use by bin of cohorts, shape (Y,) each: the fall of each cohort's
    stock, and its inflow in the year of entry.

    What was in use before the study is known as one sum only, so that of the first year is what the
    others leave of the outflow.
    """
    entry, years = np.array(use.cohort_years), np.array(use.years)
    before = np.vstack([np.zeros(len(entry)), use.cohorts[:-1]])
    came = np.where(entry[None, :] == years[:, None], use.inflow[:, None], 0.0)
    gone = before + came - use.cohorts
    old = entry < years[0]
    gone[0, old] = 0.0
    parts = [gone[:, (entry >= a) & (entry <= b)].sum(axis=1) for a, b in bins]
    parts[0] = parts[0].copy()
    parts[0][0] += use.outflow[0] - sum(float(p[0]) for p in parts)
    return parts


def _cohorts(
    plan: Plan, metal: str, bins: dict[str, tuple[int, int]], unit: str, stock: bool
) -> Chart | None:
    """Stock (t at the end of the period) or outflow (t/year) of a metal by year of entry; None
    where none is in use."""
    years, system = period_years(plan), plan.system
    total = {name: np.zeros(len(years)) for name in bins}
    last = [p.last - system.periods[0].first for p in system.periods]
    for product in plan.balance.system.products.values():
        content = product.content.get(metal, 0.0)
        if content:
            of = stock_by_cohort if stock else outflow_by_cohort
            for name, yearly in zip(
                bins, of(plan.balance.stocks[product.name], bins.values()), strict=True
            ):
                total[name] = total[name] + content * (
                    yearly[last] if stock else system.period_mean(yearly)
                )
    if not sum(float(v.sum()) for v in total.values()) > 0:
        return None
    colours = dict(
        zip(bins, (COHORT_COLOURS[i % len(COHORT_COLOURS)] for i in range(len(bins))), strict=True)
    )
    return stack(
        metal, unit, years, {name: np.maximum(v, 0.0) for name, v in total.items()}, colours
    )


def reserves(plan: Plan) -> Section:
    """What is left in deposits and in stockpiles."""
    years = period_years(plan)
    ground, piles = [], []
    for metal in plan.system.metals:
        mine = plan.stocks[(plan.stocks["metal"] == metal) & (plan.stocks["quantity"] == "stock")]
        found = largest_first(
            by_name(mine[mine["kind"] == "deposit"], "name", years), MOST_PRODUCTS, "other deposits"
        )
        if found:
            named = {_short(name, metal): v for name, v in found.items()}
            ground.append(stack(metal, "t", years, named, colours_of(named), own_keys=True))
        kept = by_name(mine[mine["kind"] == "stockpile"], "name", years)
        kept = {_short(name, metal): v for name, v in kept.items() if v.max() > 0}
        if kept:
            piles.append(
                stack(
                    f"{metal} in stockpiles",
                    "t",
                    years,
                    kept,
                    dict(zip(kept, reversed(COLOURS), strict=False)),
                    own_keys=True,
                )
            )
    blocks: list[Block] = [Grid(tuple(ground))] if ground else []
    blocks += [Grid(tuple(piles))] if piles else []
    if ground:
        blocks.append(_left_table(plan))
    return Section(
        "Reserves and stockpiles",
        left(plan),
        tuple(blocks),
        (
            "Ore that is left at the end of each year, as metal; reserves are those the study "
            "gives, with what exploration adds."
        ),
    )


def _left_table(plan: Plan) -> TextTable:
    last = period_years(plan)[-1]
    end = plan.stocks[(plan.stocks["kind"] == "deposit") & (plan.stocks["year"] == last)].set_index(
        "name"
    )["value"]
    rows = []
    for deposit in plan.system.deposits.values():
        amount_left = float(end.get(deposit.name, np.nan))
        share = (
            f"{amount_left / deposit.reserve:.0%}"
            if deposit.reserve > 0 and np.isfinite(amount_left)
            else ""
        )
        rows.append(
            (
                plain(deposit.name),
                deposit.metal,
                number(deposit.reserve),
                number(amount_left),
                share,
            )
        )
    return TextTable(
        f"Reserves, t of metal, at the start and at the end of {plan.system.years[-1]}",
        ("deposit", "metal", "start", "end", "left"),
        tuple(rows),
        frozenset((2, 3, 4)),
    )


def indicators(plan: Plan, found: pd.DataFrame) -> Section:
    """Every indicator of each metal at some years."""
    years = shown_years(plan)
    blocks = tuple(
        _indicators(metal, found[(found["metal"] == metal) & found["year"].isin(years)], years)
        for metal in dict.fromkeys([*plan.system.metals, *found["metal"]])
    )
    return Section(
        "Indicators",
        (),
        blocks,
        "Each as the literature defines it, under its equation and source in planner.indicators.",
    )


def _indicators(metal: str, part: pd.DataFrame, years: Sequence[int]) -> TextTable:
    values = {
        (i, u, y): v
        for i, y, v, u in part[["indicator", "year", "value", "unit"]].itertuples(index=False)
    }
    rows = []
    for name, unit in dict.fromkeys((i, u) for i, u, _ in values):
        cells = (values.get((name, unit, y), float("nan")) for y in years)
        rows.append(
            (
                name,
                "%" if unit == "1" else unit,
                *(number(100 * v if unit == "1" else v) for v in cells),
            )
        )
    title = metal.replace(";", " + ")
    return TextTable(
        title,
        ("indicator", "unit", *map(str, years)),
        tuple(rows),
        frozenset(range(2, 2 + len(years))),
    )
