"""Sections about money and carbon: cost, emissions, shadow prices, binding constraints, shortages,
and the frontier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from planner.analysis.hindcast.observed_values import priced_good
from planner.errors import Problem, SpecError
from planner.figures.multi_plan import NOT_OF_THE_FRONTIER
from planner.figures.plan_figures import COLOURS, PATHWAY_COLOURS
from planner.lp.formulation import FORMULATION
from planner.plan.headline import MissedTarget, paid_items
from planner.plan.plan import Plan
from planner.plan.reserves import shadow_prices
from planner.plan.schema import GOODS_PRICE
from planner.reporting.blocks import (
    DASHES,
    OTHER_COLOUR,
    Block,
    Chart,
    Grid,
    Key,
    Section,
    TextTable,
    colours_of,
    keys_of,
    largest_first,
    lines,
    number,
    plain,
    rounded,
    scaled,
    stack,
)
from planner.reporting.chain import by_name, period_years, shown_years, used_pathways
from planner.reporting.observed import points
from planner.reporting.words import amount, gaps, item_name, spending
from planner.study.provenance import span
from planner.system.nouns import PATHWAYS, SCOPES, Array

HOW_TO_FRONTIER = (
    " What less carbon would cost: planner frontier STUDY --out RUN/frontier, for the same study, "
    "scenario and settings, then report the run again."
)
GOODS, REFINED = "goods", "refined metal"
PRICE_KEYS = (Key(GOODS, COLOURS[0], "solid"), Key(REFINED, COLOURS[2], "dash"))
OBSERVED_KEY = Key("observed", COLOURS[1], "point")
MILLION = 1e6
MAX_ITEMS = 8
MAX_BINDING = 25
"""Rows in the table of what binds."""
LEFT_OUT = ("balance", "capacity_balance", "emission_account")
"""Families whose price says what another table says: of a good, of the plant that it belongs to, of
the carbon price."""
POINT_COLUMNS = ("group", "scope", "point", "cost", "carbon", "abatement_cost")
MIX_COLUMNS = ("group", "point", "metal", "year", "pathway", "value")
FREE: Mapping[str, Any] = {"free": True, "hovermode": "closest"}
"""Layout of a chart whose horizontal axis is not one of years."""


def cost_and_carbon(plan: Plan, *, alone: bool = False) -> Section:
    """Cost by item and by metal, emissions of both scopes by metal; `alone` where no frontier
    follows, which is then pointed to."""
    paid = paid_items(plan.costs)
    paid = paid.assign(metal=_joint(paid["metal"]), item=paid["item"].map(item_name))
    return Section(
        "Cost and carbon",
        spending(plan),
        (Grid(_yearly_bars(plan, paid), width="half"), _item_table(plan, paid)),
        "Yearly cost is undiscounted, in constant prices, and holds no penalty; credits for "
        "by-products are below the axis. Territorial: emitted at home. Footprint: with what "
        "imports embody; exports are not deducted. A line that serves two metals stands under both "
        "names." + (HOW_TO_FRONTIER if alone else ""),
    )


def _yearly_bars(plan: Plan, paid: pd.DataFrame) -> tuple[Chart, ...]:
    """Cost by item, then cost and emissions by metal, a colour a metal in all of these."""
    years, money = period_years(plan), f"{plan.record.currency}/year"
    by_item = largest_first(by_name(paid, "item", years), MAX_ITEMS, "other")
    by_metal = [("Cost by metal", money, by_name(paid, "metal", years))]
    for scope in SCOPES:
        part = plan.emissions[plan.emissions["scope"] == scope]
        emitted = by_name(part.assign(metal=_joint(part["metal"])), "metal", years)
        by_metal.append((f"{scope.capitalize()} emissions", "tCO2e/year", emitted))
    together = {name for *_, found in by_metal for name in found} - {*plan.system.metals}
    shades = colours_of([*plan.system.metals, *sorted(together)])
    tables = [("Cost by item", money, by_item, colours_of(by_item))]
    for title, unit, found in by_metal:
        kept = largest_first(found, MAX_ITEMS, "other")
        colours = {name: shades.get(name, OTHER_COLOUR) for name in kept}
        tables.append((title, unit, kept, colours))
    return tuple(
        stack(title, unit, years, kept, colours, bars=True, own_keys=True)
        for title, unit, kept, colours in tables
        if kept
    )


def _item_table(plan: Plan, paid: pd.DataFrame) -> TextTable:
    totals = paid.groupby("item")["present_value"].sum().sort_values(ascending=False)
    whole = plan.cost or float("inf")
    rows = tuple(
        (str(name), number(value / MILLION), f"{value / whole:.1%}")
        for name, value in totals.items()
    )
    return TextTable(
        f"Cost by item, million {_of_year(plan)}, present value",
        ("item", "present value", "share"),
        rows,
        frozenset((1, 2)),
    )


def _joint(metals: pd.Series) -> pd.Series:
    return metals.fillna("").astype(str).str.replace(";", " + ").replace("", "all")


def prices(plan: Plan) -> Section:
    """Shadow prices of each metal, and what else binds."""
    found = (_price_chart(plan, metal) for metal in plan.system.metals)
    charts, binding = tuple(chart for chart in found if chart is not None), _binding(plan)
    return Section(
        "Shadow prices",
        (),
        (
            *((Grid(charts, _price_keys(plan)), _price_table(plan)) if charts else ()),
            *((binding,) if binding.rows else ()),
        ),
        "The cost to the country of one more tonne in that year; it is not a market price. Of "
        "goods: of the metal in what is used, refining and manufacture within the study included. "
        "Of refined metal: to be set beside market prices of the metal. Where demand goes short, "
        "its penalty sets the price. The table shows the change in cost from one unit more of a "
        "requirement, or one unit less of a limit; it is negative where more of it would save "
        "money.",
    )


def _price_keys(plan: Plan) -> tuple[Key, ...]:
    """The legend of prices, with observed ones where the study has any."""
    seen = any(
        o.quantity == "price" and o.year in plan.system.years for o in plan.system.observations
    )
    return (*PRICE_KEYS, OBSERVED_KEY) if seen else PRICE_KEYS


def _metal_prices(plan: Plan, metal: str) -> dict[str, Array]:
    """The two prices of a metal, of goods and refined, USD/t, shape (T,) each; those it has."""
    years, frame = period_years(plan), plan.indicators
    refined = shadow_prices(plan)[metal]
    own = frame[(frame["indicator"] == GOODS_PRICE) & (frame["metal"] == metal)]
    goods = own.set_index("year")["value"].reindex(years).to_numpy(dtype=float)
    both = {GOODS: goods, REFINED: refined}
    return {name: price for name, price in both.items() if np.isfinite(price).any()}


def _price_chart(plan: Plan, metal: str) -> Chart | None:
    """Prices of a metal: of the goods that hold it, and refined."""
    years, found = period_years(plan), _metal_prices(plan, metal)
    if not found:
        return None
    notes = [
        f"{name}: {amount(price[0])} USD/t in {years[0]}, {amount(price[-1])} in {years[-1]}"
        for name, price in found.items()
        if np.isfinite(price[[0, -1]]).all()
    ]
    chart = lines(
        metal,
        f"{plan.record.currency}/t",
        years,
        found,
        {key.name: key.colour for key in PRICE_KEYS},
        dashes={key.name: key.mark for key in PRICE_KEYS},
        note="; ".join(notes),
    )
    return replace(chart, traces=[*chart.traces, *_observed_prices(plan, metal, found)])


def _observed_prices(
    plan: Plan, metal: str, found: Mapping[str, Array]
) -> Sequence[Mapping[str, Any]]:
    """Observed prices of the refined metal as points on its chart."""
    system = plan.system
    seen = [
        o
        for o in system.observations
        if o.metal == metal and o.quantity == "price" and o.year in system.years
    ]
    seen = [o for o in seen if system.goods[priced_good(system, o)].kind == "refined"]
    largest = max(float(np.nanmax(np.abs(price))) for price in found.values())
    return points(seen, scaled(f"{plan.record.currency}/t", largest)[0])


def _price_table(plan: Plan) -> TextTable:
    """The two prices of each metal side by side."""
    years, shown = period_years(plan), shown_years(plan)
    at = [years.index(year) for year in shown]
    rows = tuple(
        (metal, name, *(number(float(price[i])) for i in at))
        for metal in plan.system.metals
        for name, price in _metal_prices(plan, metal).items()
    )
    return TextTable(
        f"Shadow prices, {_of_year(plan)} per t of metal",
        ("metal", "price of", *map(str, shown)),
        rows,
        frozenset(range(2, 2 + len(shown))),
    )


class _Bound(NamedTuple):
    """A constraint that binds, over all its years."""

    family: str
    size: float
    """Sum of its prices, as present value."""
    cells: tuple[str, ...]
    """Its row in the table."""


def _binding(plan: Plan) -> TextTable:
    frame = plan.prices[~plan.prices["family"].isin(LEFT_OUT)]
    frame = frame[frame["value"].abs() > 0].assign(size=lambda f: f["present_value"].abs())
    bounds = [
        _bound(str(family), str(index), str(unit), part)
        for (family, index, unit), part in frame.groupby(["family", "index", "unit"], sort=False)
    ]
    left_out = len(bounds) > MAX_BINDING
    return TextTable(
        "What else binds",
        ("limit", "of", "meaning", "years (how many)", "largest price", "in", "unit"),
        tuple(bound.cells for bound in _in_turn(bounds)[:MAX_BINDING]),
        frozenset((4,)),
        text="The largest of each kind first; prices.csv of the run holds all." * left_out,
    )


def _bound(family: str, index: str, unit: str, part: pd.DataFrame) -> _Bound:
    worst = part.iloc[int(part["size"].to_numpy().argmax())]
    when, at = "all years", ""
    if not pd.isna(worst["year"]):
        when = f"{part['year'].min()}-{part['year'].max()} ({len(part)})"
        at = str(worst["year"])
    price = number(float(worst["value"]))
    cells = (plain(family), plain(index), _meaning(family), when, price, at, unit)
    return _Bound(family, float(part["size"].sum()), cells)


def _meaning(family: str) -> str:
    """First line under which the formulation states a constraint."""
    rules = {each.name: each.rule.__doc__ or "" for each in FORMULATION}
    first = rules.get(family, "").strip().splitlines()[:1]
    return "".join(first).removeprefix('r"""')


def _in_turn(bounds: Sequence[_Bound]) -> list[_Bound]:
    """The largest of every family, then the second of every family, and so on: sums cannot be
    compared across units."""
    largest = sorted(bounds, key=lambda bound: -bound.size)
    before: Counter[str] = Counter()
    turns = []
    for bound in largest:
        turns.append((before[bound.family], bound))
        before[bound.family] += 1
    return [bound for _, bound in sorted(turns, key=lambda turn: turn[0])]


def shortages(plan: Plan) -> Section:
    """Unserved demand and missed targets."""
    charts, missed, disposed = _shortage_charts(plan), plan.headline.missed, _disposed(plan)
    blocks: list[Block] = []
    if charts:
        blocks.append(Grid(charts, keys_of(("shortage",), PATHWAY_COLOURS)))
    if missed:
        rows = tuple(map(_missed_target, missed))
        heads = ("target", "of", "years (how many)", "by at most", "unit")
        blocks.append(TextTable("Targets missed", heads, rows, frozenset((3,)), closed=False))
    if disposed.rows:
        blocks.append(disposed)
    return Section(
        "Gaps",
        gaps(plan),
        tuple(blocks),
        "Demand that no supply meets, in refined equivalents, targets that a plan misses at a "
        "penalty, and what is thrown away at no cost: scrap, waste, and outputs of processes with "
        "several outputs may be, so that the least wanted metal never stops a joint line.",
    )


def _shortage_charts(plan: Plan) -> tuple[Chart, ...]:
    frame, years = plan.indicators, period_years(plan)
    short = frame[(frame["indicator"] == "shortage") & (frame["value"] > 0)]
    found = largest_first(by_name(short, "metal", years), MAX_ITEMS, "other")
    return tuple(
        stack(name, "t/year", years, {"shortage": v}, PATHWAY_COLOURS, bars=True)
        for name, v in found.items()
    )


def _disposed(plan: Plan) -> TextTable:
    """What is thrown away at no cost, by good."""
    rows = tuple(
        (each.good, number(each.amount), "surplus" if each.collected else "never collected")
        for each in plan.headline.disposed
    )
    return TextTable(
        "Thrown away at no cost, t of the good over all years",
        ("good", "t", "as"),
        rows,
        frozenset((1,)),
    )


def _missed_target(missed: MissedTarget) -> tuple[str, ...]:
    years = span(missed.years).removeprefix("in ")
    when = f"{years} ({len(missed.years)})"
    return plain(missed.policy), plain(missed.subject), when, number(missed.most), missed.unit


def frontier(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> Section:
    """Cost against carbon from least cost to least carbon, the price of a tonne abated, and what
    the mix becomes."""
    require_frontier(plan, points, mix)
    curve = _curves(points)[0][1]
    blocks: list[Block] = [Grid((_curve(plan, points), _abatement(plan, curve)), width="half")]
    if len(_curves(points[points["group"] == curve["group"].iloc[0]])) == 1:
        # of several levels of imports the mix does not say which it is of
        blocks.append(_mix_along(plan, points, mix))
    return Section(
        "Frontier of cost and carbon",
        _along(plan, curve),
        tuple(blocks),
        "Each point is the cheapest plan for its emissions, without carbon price and penalties; "
        "between points the curve is a straight line. Points are numbered from least cost (1) to "
        "least carbon.",
    )


def _along(plan: Plan, curve: pd.DataFrame) -> tuple[str, ...]:
    """A sentence on the way from one end of a curve to the other."""
    first, last = curve.iloc[0], curve.iloc[-1]
    saved, dearer = first["carbon"] - last["carbon"], last["cost"] - first["cost"]
    if not saved > 0:
        return ()
    sentence = (
        f"From the cheapest to the cleanest plan, {first['scope']} emissions fall by "
        f"{saved / first['carbon']:.0%}, for {amount(dearer)} {_of_year(plan)}: "
        f"{number(dearer / saved)} USD per t CO2e on average."
    )
    return (sentence,)


def _curves(points: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each curve with its name: of all metals or one, at a level of imports where there are
    several."""
    levels = points["import"] if "import" in points else pd.Series(np.nan, index=points.index)
    curves = points.assign(level=levels.astype(float)).groupby(
        ["group", "level"], dropna=False, sort=False
    )
    return [
        (_curve_name(str(part["group"].iloc[0]), float(part["level"].iloc[0])), part)
        for _, part in curves
    ]


def _curve_name(group: str, level: float) -> str:
    name = "all metals" if group == "all" else group
    return f"{name}, imports at most {number(level)} t" if np.isfinite(level) else name


def _mix_along(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> Grid:
    """Shares of the pathways over all years at each point of the first curve."""
    length = {p.first: p.length for p in plan.system.periods}
    whole = mix[(mix["group"] == points["group"].iloc[0]) & (mix["pathway"] != "new scrap")]
    whole = whole.assign(value=(whole["value"] * whole["year"].map(length)).clip(lower=0.0))
    numbers = [int(n) for n in sorted(whole["point"].unique())]
    shares = {
        metal: _point_shares(whole[whole["metal"] == metal], numbers)
        for metal in plan.system.metals
    }
    charts = (
        stack(metal, "1", numbers, given, PATHWAY_COLOURS, bars=True)
        for metal, given in shares.items()
        if given
    )
    axis = {"xaxis": {"title": {"text": "point, from least cost to least carbon"}}}
    return Grid(
        tuple(replace(chart, layout={**chart.layout, **axis}) for chart in charts),
        keys_of(used_pathways(shares.values()), PATHWAY_COLOURS),
    )


def _point_shares(part: pd.DataFrame, numbers: list[int]) -> dict[str, Array]:
    """Share of each pathway in the supply of a metal at each point of a curve."""
    sums = part.pivot_table(index="point", columns="pathway", values="value", aggfunc="sum")
    share = sums.reindex(numbers).fillna(0.0).div(sums.sum(axis=1), axis=0).fillna(0.0)
    return {
        name: share[name].to_numpy(dtype=float)
        for name in PATHWAYS
        if name in share and share[name].max() > 0
    }


def _of_year(plan: Plan) -> str:
    return plan.record.currency.replace("_", " of ")


def require_frontier(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> None:
    """Raise SpecError where the tables are not a frontier of this plan's study."""
    problems = [
        *_missing("points.csv", POINT_COLUMNS, points),
        *_missing("mix.csv", MIX_COLUMNS, mix),
    ] or [*_strange(plan, points, mix)]
    if problems:
        raise SpecError("frontier", problems)


def _missing(file: str, columns: Iterable[str], table: pd.DataFrame) -> Iterator[Problem]:
    for name in columns:
        if name not in table:
            said = "is missing; give the folder that `planner frontier --out` wrote"
            yield Problem(file, 0, name, said)


def _strange(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> Iterator[Problem]:
    if points.empty:
        yield Problem("points.csv", 0, "", "holds no point; compute the frontier again")
    elif strange := sorted(set(mix["metal"]) - set(plan.system.metals)):
        said = (
            f"holds {', '.join(strange)}, which the run does not know; compute the frontier of "
            f"{plan.record.study}"
        )
        yield Problem("mix.csv", 0, "metal", said)


def _curve(plan: Plan, points: pd.DataFrame) -> Chart:
    size, unit = scaled(plan.record.currency, float(points["cost"].abs().max()))
    weight, carbon_unit = scaled("tCO2e", float(points["carbon"].abs().max()))
    curves = _curves(points)
    keys = [
        Key(name, COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)])
        for i, (name, _) in enumerate(curves)
    ]
    traces = [
        _curve_trace(key, part.sort_values("carbon"), weight, size)
        for key, (_, part) in zip(keys, curves, strict=True)
    ]
    scope = str(points["scope"].iloc[0])
    here = Key("this plan", COLOURS[5], "point")
    mark = {
        "type": "scatter",
        "mode": "markers",
        "name": here.name,
        "x": rounded([plan.record.emissions[scope] / weight]),
        "y": rounded([_frontier_cost(plan) / size]),
        "colour": here.colour,
        "symbol": "diamond",
        "size": [12],
    }
    return Chart(
        "Cost against emissions of all years",
        f"{unit}, present value",
        [*traces, mark],
        f"Frontier of {scope} emissions with {len(points)} points",
        {"xaxis": {"title": {"text": f"{scope} emissions, {carbon_unit}"}}, **FREE},
        (*keys, here),
        320,
    )


def _curve_trace(key: Key, ordered: pd.DataFrame, weight: float, size: float) -> dict[str, Any]:
    """A curve from least carbon to least cost, in the colour and the dash of its key."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": key.name,
        "x": rounded(ordered["carbon"] / weight),
        "y": rounded(ordered["cost"] / size),
        "colour": key.colour,
        "dash": key.mark,
        "text": [
            f"point {n}: {number(a)} USD per t CO2e"
            for n, a in zip(ordered["point"], ordered["abatement_cost"], strict=True)
        ],
    }


def _frontier_cost(plan: Plan) -> float:
    """Present value of a plan's cost as the frontier counts it: without prices of carbon
    and impacts."""
    paid = paid_items(plan.costs)
    return float(paid[~paid["item"].isin(NOT_OF_THE_FRONTIER)]["present_value"].sum())


def _abatement(plan: Plan, curve: pd.DataFrame) -> Chart:
    part = curve.sort_values("carbon", ascending=False)
    saved, paid = 1.0 - part["carbon"] / (part["carbon"].iloc[0] or 1.0), part["abatement_cost"] > 0
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "cost of a tonne abated",
        "x": rounded(100 * saved[paid]),
        "y": rounded(part["abatement_cost"][paid]),
        "colour": COLOURS[0],
        "shape": "vh",
    }
    layout = {
        "xaxis": {"title": {"text": "emissions avoided, %"}},
        **FREE,
        "yaxis": {"type": "log", "tickformat": ",", "dtick": 1},
    }
    return Chart(
        "Cost of the next tonne abated",
        f"{_of_year(plan)}/t CO2e",
        [trace],
        "Abatement cost along the frontier",
        layout,
        (),
        320,
        "On a logarithmic axis: the last tonnes cost most.",
    )
