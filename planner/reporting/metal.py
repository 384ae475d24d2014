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
    Section,
    Tabs,
    TextTable,
    colours_of,
    keys_of,
    largest_first,
    number,
    plain,
    stack,
)
from planner.reporting.chain import by_name, period_years, shown_years
from planner.reporting.words import amount, from_waste, left, left_in_deposits
from planner.system.nouns import Array

MAX_PRODUCTS = 7
COHORT_COLOURS = ("#999999", "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")
"""From the oldest cohorts to the newest."""
COHORT_YEARS = 10
"""Years of entry that one colour stands for."""


def use_stocks(plan: Plan) -> Section:
    """Metal in use and what becomes waste, by product and by year of entry."""
    found = (
        ("In use by product", _by_product(plan, "stock", "t")),
        ("Leaving use by product", _by_product(plan, "outflow", "t/year")),
        ("In use by year of entry", _by_entry(plan, "t", stock=True)),
        ("Leaving use by year of entry", _by_entry(plan, "t/year", stock=False)),
    )
    panels = tuple((title, (grid,)) for title, grid in found if grid.charts)
    return Section(
        "Stocks and waste",
        from_waste(plan),
        (Tabs("Stocks and waste", panels),) if panels else (),
        "Metal in products that serve, at the end of each year (stock convention: "
        f"{plan.system.stock_convention}); what leaves use is waste, but for what is dissipated on "
        "the way. By year of entry: the year in which a product began to serve.",
    )


def _by_product(plan: Plan, quantity: str, unit: str) -> Grid:
    charts = (_products(plan, metal, quantity, unit) for metal in plan.system.metals)
    return Grid(tuple(chart for chart in charts if chart is not None))


def _products(plan: Plan, metal: str, quantity: str, unit: str) -> Chart | None:
    """A quantity of the metal in use by product; None where none is in use."""
    frame, years = plan.stocks, period_years(plan)
    mine = frame[
        (frame["kind"] == "use") & (frame["metal"] == metal) & (frame["quantity"] == quantity)
    ]
    named = mine.assign(name=[_short(name, metal) for name in mine["name"]])
    found = largest_first(by_name(named, "name", years), MAX_PRODUCTS, "other products")
    if not found:
        return None
    total = sum(found.values(), np.zeros(len(years)))
    note = f"{amount(total[0])} {unit} in {years[0]}, {amount(total[-1])} in {years[-1]}"
    return stack(metal, unit, years, found, colours_of(found), own_keys=True, note=note)


def _by_entry(plan: Plan, unit: str, *, stock: bool) -> Grid:
    bins = cohort_bins(plan)
    charts = (_cohorts(plan, metal, bins, unit, stock) for metal in plan.system.metals)
    keys = keys_of(bins, _cohort_colours(bins))
    return Grid(tuple(chart for chart in charts if chart is not None), keys)


def _cohort_colours(bins: Iterable[str]) -> dict[str, str]:
    return {name: COHORT_COLOURS[i % len(COHORT_COLOURS)] for i, name in enumerate(bins)}


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
    system = plan.system
    total = dict.fromkeys(bins, np.zeros(len(system.periods)))
    last = [p.last - system.periods[0].first for p in system.periods]
    for product in plan.balance.system.products.values():
        content = product.content.get(metal, 0.0)
        if content:
            of = stock_by_cohort if stock else outflow_by_cohort
            found = of(plan.balance.stocks[product.name], bins.values())
            for name, yearly in zip(bins, found, strict=True):
                mean = yearly[last] if stock else yearly
                total[name] = total[name] + content * mean
    if not sum(float(v.sum()) for v in total.values()) > 0:
        return None
    series = {name: np.maximum(v, 0.0) for name, v in total.items()}
    return stack(metal, unit, period_years(plan), series, _cohort_colours(bins))


def reserves(plan: Plan) -> Section:
    """Stocks left in deposits and in stockpiles."""
    metals = plan.system.metals
    ground = tuple(chart for metal in metals if (chart := _deposits(plan, metal)))
    piles = tuple(chart for metal in metals if (chart := _stockpiles(plan, metal)))
    blocks: list[Block] = [Grid(charts) for charts in (ground, piles) if charts]
    if ground:
        blocks.append(_left_table(plan))
    return Section(
        "Reserves and stockpiles",
        left(plan),
        tuple(blocks),
        "Ore that is left at the end of each year, as metal; reserves are those the study gives, "
        "with what exploration adds.",
    )


def _stocks(plan: Plan, metal: str, kind: str) -> dict[str, Array]:
    """Stocks of a metal of one kind by name, t at the end of each period, shape (T,)."""
    frame = plan.stocks
    mine = frame[
        (frame["metal"] == metal) & (frame["quantity"] == "stock") & (frame["kind"] == kind)
    ]
    return by_name(mine, "name", period_years(plan))


def _deposits(plan: Plan, metal: str) -> Chart | None:
    found = largest_first(_stocks(plan, metal, "deposit"), MAX_PRODUCTS, "other deposits")
    if not found:
        return None
    named = {_short(name, metal): v for name, v in found.items()}
    return stack(metal, "t", period_years(plan), named, colours_of(named), own_keys=True)


def _stockpiles(plan: Plan, metal: str) -> Chart | None:
    found = _stocks(plan, metal, "stockpile")
    kept = {_short(name, metal): v for name, v in found.items() if v.max() > 0}
    if not kept:
        return None
    colours = dict(zip(kept, reversed(COLOURS), strict=False))
    title = f"{metal} in stockpiles"
    return stack(title, "t", period_years(plan), kept, colours, own_keys=True)


def _left_table(plan: Plan) -> TextTable:
    end = left_in_deposits(plan)
    rows = []
    for deposit in plan.system.deposits.values():
        remains = float(end.get(deposit.name, np.nan))
        known = deposit.reserve > 0 and np.isfinite(remains)
        share = f"{remains / deposit.reserve:.0%}" if known else ""
        ends = (number(deposit.reserve), number(remains))
        rows.append((plain(deposit.name), deposit.metal, *ends, share))
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
    columns = part[["indicator", "unit", "year", "value"]]
    values = {(name, unit, y): v for name, unit, y, v in columns.itertuples(index=False)}
    series = dict.fromkeys((name, unit) for name, unit, _ in values)
    return TextTable(
        metal.replace(";", " + "),
        ("indicator", "unit", *map(str, years)),
        tuple(
            _indicator(name, unit, [values.get((name, unit, y), np.nan) for y in years])
            for name, unit in series
        ),
        frozenset(range(2, 2 + len(years))),
    )


def _indicator(name: str, unit: str, values: Sequence[float]) -> tuple[str, ...]:
    """A row of the table; shares are shown in per cent."""
    if unit == "1":
        return (name, "%", *(number(100 * v) for v in values))
    return (name, unit, *map(number, values))
