"""Sections about money and carbon: cost, emissions, what a tonne is worth, what binds, what is
short, and the frontier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from planner.errors import Problem, SpecError
from planner.figures.plan_figures import COLOURS, PATHWAY_COLOURS
from planner.lp.formulation import FORMULATION
from planner.plan.plan import Plan
from planner.plan.reserves import shadow_prices
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
    largest_first,
    lines,
    number,
    plain,
    rounded,
    scaled,
    stack,
)
from planner.reporting.chain import by_name, period_years
from planner.reporting.words import amount, gaps, item_name, spending
from planner.system.nouns import PATHWAYS, SCOPES

HOW_TO_FRONTIER = (
    " What less carbon would cost: planner frontier STUDY --out RUN/frontier, for the same study, "
    "scenario and settings, "
    "then report the run again."
)
MILLION = 1e6
MOST_ITEMS = 8
MOST_BINDING = 25
"""Rows in the table of what binds."""
LEFT_OUT = ("balance", "capacity_balance", "emission_account")
"""Families whose price says what another table says: of a good, of the plant that it belongs to, of
the carbon price."""
POINT_COLUMNS = ("group", "scope", "point", "cost", "carbon", "abatement_cost")
MIX_COLUMNS = ("group", "point", "metal", "year", "pathway", "value")
NO_FRONTIER_COST = ("carbon_price", "shortage", "breach", "transfer")
"""Items of cost that the frontier leaves out."""


def cost_and_carbon(plan: Plan, *, alone: bool = False) -> Section:
    """Cost by item and by metal, emissions of both scopes by metal; `alone` where no frontier
    follows, which is then pointed to."""
    years, money = period_years(plan), f"{plan.record.currency}/year"
    paid = plan.costs[plan.costs["item"] != "transfer"].assign(
        metal=_joint(plan.costs["metal"]), item=plan.costs["item"].map(item_name)
    )
    tables = [
        ("Cost by item", money, by_name(paid, "item", years)),
        ("Cost by metal", money, by_name(paid, "metal", years)),
    ]
    for scope in SCOPES:
        part = plan.emissions[plan.emissions["scope"] == scope]
        tables.append(
            (
                f"{scope.capitalize()} emissions",
                "tCO2e/year",
                by_name(part.assign(metal=_joint(part["metal"])), "metal", years),
            )
        )
    together = sorted(
        {name for _, _, found in tables[1:] for name in found if name not in plan.system.metals}
    )
    shades = colours_of([*plan.system.metals, *together])
    charts = []
    for title, unit, found in tables:
        kept = largest_first(found, MOST_ITEMS, "other")
        if kept:
            colours = (
                colours_of(kept)
                if title == "Cost by item"
                else {name: shades.get(name, OTHER_COLOUR) for name in kept}
            )
            charts.append(stack(title, unit, years, kept, colours, bars=True, own_keys=True))
    totals = paid.groupby("item")["present_value"].sum().sort_values(ascending=False)
    whole, of_year = plan.objective or float("inf"), _of_year(plan)
    rows = tuple(
        (str(name), number(value / MILLION), f"{value / whole:.1%}")
        for name, value in totals.items()
    )
    return Section(
        "Cost and carbon",
        spending(plan),
        (
            Grid(tuple(charts), width="half"),
            TextTable(
                f"Cost by item, million {of_year}, present value",
                ("item", "present value", "share"),
                rows,
                frozenset((1, 2)),
            ),
        ),
        "Yearly cost is undiscounted, in constant prices; credits for by-products are below the "
        "axis. Territorial: emitted at home. "
        "Footprint: with what imports embody; exports are not deducted. A line that serves two "
        "metals stands under both names." + (HOW_TO_FRONTIER if alone else ""),
    )


def _joint(metals: pd.Series) -> pd.Series:
    return metals.fillna("").astype(str).str.replace(";", " + ").replace("", "all")


def prices(plan: Plan) -> Section:
    """Shadow prices of each metal, and what else binds."""
    years, money = period_years(plan), f"{plan.record.currency}/t"
    frame = plan.indicators[plan.indicators["indicator"] == "price"]
    charts, refined = [], shadow_prices(plan)
    for metal in plan.system.metals:
        mine, title = (
            frame[frame["metal"] == metal]
            .set_index("year")["value"]
            .reindex(years)
            .to_numpy(dtype=float),
            metal,
        )
        if not np.isfinite(mine).any():
            # only demanded within joint goods: what one more tonne of it refined costs stands in
            mine, title = refined[metal], f"{metal}, refined"
        if np.isfinite(mine).any():
            ends = (
                f"{amount(mine[0])} USD/t in {years[0]}, {amount(mine[-1])} in {years[-1]}"
                if np.isfinite(mine[[0, -1]]).all()
                else ""
            )
            charts.append(
                lines(
                    title,
                    money,
                    years,
                    {"price": mine},
                    {"price": COLOURS[0]},
                    dashes={"price": "solid"},
                    note=ends,
                )
            )
    blocks: list[Block] = [Grid(tuple(charts))] if charts else []
    binding = _binding(plan)
    if binding.rows:
        blocks.append(binding)
    return Section(
        "Shadow prices",
        (),
        tuple(blocks),
        "What one more tonne demanded would cost the country in that year: no market price. What "
        "binds: what a unit more of "
        "a requirement, or less of a limit, would change in cost; negative where more of it would "
        "save money.",
    )


def _binding(plan: Plan) -> TextTable:
    frame = plan.prices[~plan.prices["family"].isin(LEFT_OUT)]
    frame = frame[frame["value"].abs() > 0].assign(size=lambda f: f["present_value"].abs())
    meaning = {
        family.name: (family.rule.__doc__ or "").strip().splitlines()[0].removeprefix('r"""')
        for family in FORMULATION
    }
    rows = []
    for (family, index, unit), part in frame.groupby(["family", "index", "unit"], sort=False):
        worst = part.iloc[int(part["size"].to_numpy().argmax())]
        when = (
            "all years"
            if pd.isna(worst["year"])
            else f"{part['year'].min()}-{part['year'].max()} ({len(part)})"
        )
        at = "" if pd.isna(worst["year"]) else str(worst["year"])
        rows.append(
            (
                str(family),
                float(part["size"].sum()),
                (
                    plain(str(family)),
                    plain(str(index)),
                    meaning.get(str(family), ""),
                    when,
                    number(float(worst["value"])),
                    at,
                    str(unit),
                ),
            )
        )
    # the same sum is no measure across units, so every family comes in turn, its largest first
    rows.sort(key=lambda row: -row[1])
    rank: dict[str, int] = {}
    turns = [
        (rank.setdefault(family, 0), rank.update({family: rank[family] + 1}), row)[::2]
        for family, _, row in rows
    ]
    chosen = [row for _, row in sorted(turns, key=lambda turn: turn[0])][:MOST_BINDING]
    heads = ("limit", "of", "meaning", "years (how many)", "largest price", "in", "unit")
    return TextTable(
        "What else binds",
        heads,
        tuple(chosen),
        frozenset((4,)),
        text="The largest of each kind first; prices.csv of the run holds all."
        if len(rows) > MOST_BINDING
        else "",
    )


def shortages(plan: Plan) -> Section:
    """What is not served, and which floors are missed."""
    years = period_years(plan)
    short = plan.indicators[
        (plan.indicators["indicator"] == "shortage") & (plan.indicators["value"] > 0)
    ]
    found = largest_first(by_name(short, "metal", years), MOST_ITEMS, "other")
    blocks: list[Block] = []
    if found:
        blocks.append(
            Grid(
                tuple(
                    stack(name, "t/year", years, {"shortage": v}, PATHWAY_COLOURS, bars=True)
                    for name, v in found.items()
                ),
                (Key("shortage", PATHWAY_COLOURS["shortage"]),),
            )
        )
    missed: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for index, value in plan.values.get("breach", {}).items():
        policy, subject, year = (str(part) for part in index)
        if value > 0:
            missed.setdefault((policy, subject), []).append((int(year), value))
    if missed:
        rows = tuple(
            (
                plain(p),
                plain(s),
                f"{min(y for y, _ in v)}-{max(y for y, _ in v)} ({len(v)})",
                number(max(a for _, a in v)),
            )
            for (p, s), v in sorted(missed.items())
        )
        heads = ("target", "of", "years (how many)", "by at most, unit of the target")
        blocks.append(TextTable("Targets missed", heads, rows, frozenset((3,)), closed=False))
    return Section(
        "Gaps",
        gaps(plan, len(missed)),
        tuple(blocks),
        (
            "Demand that no supply meets, in refined equivalents, and targets that a plan misses "
            "at a penalty."
        ),
    )


def frontier(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> Section:
    """Cost against carbon from least cost to least carbon, the price of a tonne abated, and what
    the mix becomes."""
    require_frontier(plan, points, mix)
    curve = _curves(points)[0][1]
    first, last = curve.iloc[0], curve.iloc[-1]
    sentences: list[str] = []
    if first["carbon"] > last["carbon"]:
        saved, dearer = first["carbon"] - last["carbon"], last["cost"] - first["cost"]
        sentences.append(
            f"From the cheapest to the cleanest plan, {first['scope']} emissions fall by "
            f"{saved / first['carbon']:.0%}, for "
            f"{amount(dearer)} {_of_year(plan)}: {number(dearer / saved)} USD per t CO2e on "
            "average."
        )
    blocks: list[Block] = [Grid((_curve(plan, points), _abatement(plan, curve)), width="half")]
    if len(_curves(points[points["group"] == first["group"]])) == 1:
        # of several levels of imports the mix does not say which it is of
        blocks.append(_mix_along(plan, points, mix))
    return Section(
        "Frontier of cost and carbon",
        tuple(sentences),
        tuple(blocks),
        "Each point is the cheapest plan for its emissions, without carbon price and penalties; "
        "between points the curve is a "
        "straight line. Points are numbered from least cost (1) to least carbon.",
    )


def _curves(points: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Each curve with its name: of all metals or one, at a level of imports where there are
    several."""
    levels = points["import"] if "import" in points else pd.Series(np.nan, index=points.index)
    found = []
    for _, part in points.assign(level=levels.astype(float)).groupby(
        ["group", "level"], dropna=False, sort=False
    ):
        group, level = str(part["group"].iloc[0]), float(part["level"].iloc[0])
        name = "all metals" if group == "all" else group
        found.append(
            (f"{name}, imports at most {number(level)} t" if np.isfinite(level) else name, part)
        )
    return found


def _mix_along(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> Grid:
    """Shares of the pathways over all years at each point of the first curve."""
    length = {p.first: p.length for p in plan.system.periods}
    whole = mix[(mix["group"] == points["group"].iloc[0]) & (mix["pathway"] != "new scrap")]
    whole = whole.assign(value=(whole["value"] * whole["year"].map(length)).clip(lower=0.0))
    numbers, charts, used = sorted(whole["point"].unique()), [], set[str]()
    for metal in plan.system.metals:
        sums = whole[whole["metal"] == metal].pivot_table(
            index="point", columns="pathway", values="value", aggfunc="sum"
        )
        share = sums.reindex(numbers).fillna(0.0).div(sums.sum(axis=1), axis=0).fillna(0.0)
        given = {
            str(name): share[name].to_numpy(dtype=float)
            for name in PATHWAYS
            if name in share and share[name].max() > 0
        }
        used |= set(given)
        if given:
            made = stack(metal, "1", [int(n) for n in numbers], given, PATHWAY_COLOURS, bars=True)
            charts.append(
                replace(
                    made,
                    layout={
                        **made.layout,
                        "xaxis": {"title": {"text": "point, from least cost to least carbon"}},
                    },
                )
            )
    return Grid(
        tuple(charts), tuple(Key(name, PATHWAY_COLOURS[name]) for name in PATHWAYS if name in used)
    )


def _of_year(plan: Plan) -> str:
    return plan.record.currency.replace("_", " of ")


def require_frontier(plan: Plan, points: pd.DataFrame, mix: pd.DataFrame) -> None:
    """Raise SpecError where the tables are no frontier of this plan's study."""
    remedy = "is missing; give the folder that `planner frontier --out` wrote"
    problems = [
        Problem("points.csv", 0, name, remedy) for name in POINT_COLUMNS if name not in points
    ]
    problems += [Problem("mix.csv", 0, name, remedy) for name in MIX_COLUMNS if name not in mix]
    if not problems and points.empty:
        problems.append(Problem("points.csv", 0, "", "holds no point; compute the frontier again"))
    strange = set() if problems else set(mix["metal"]) - set(plan.system.metals)
    if strange:
        message = (
            f"holds {', '.join(sorted(strange))}, which the run does not know; compute the "
            f"frontier of {plan.record.study}"
        )
        problems.append(Problem("mix.csv", 0, "metal", message))
    if problems:
        raise SpecError("frontier", problems)


def _curve(plan: Plan, points: pd.DataFrame) -> Chart:
    size, unit = scaled(plan.record.currency, float(points["cost"].abs().max()))
    weight, carbon_unit = scaled("tCO2e", float(points["carbon"].abs().max()))
    traces, keys = [], []
    for i, (name, part) in enumerate(_curves(points)):
        ordered, colour = part.sort_values("carbon"), COLOURS[i % len(COLOURS)]
        texts = [
            f"point {n}: {number(a)} USD per t CO2e"
            for n, a in zip(ordered["point"], ordered["abatement_cost"], strict=True)
        ]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": rounded(ordered["carbon"] / weight),
                "y": rounded(ordered["cost"] / size),
                "colour": colour,
                "dash": DASHES[i % len(DASHES)],
                "text": texts,
            }
        )
        keys.append(Key(name, colour, DASHES[i % len(DASHES)]))
    scope = str(points["scope"].iloc[0])
    paid = float(plan.costs[~plan.costs["item"].isin(NO_FRONTIER_COST)]["present_value"].sum())
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "this plan",
            "x": rounded([plan.record.emissions[scope] / weight]),
            "y": rounded([paid / size]),
            "colour": COLOURS[5],
            "symbol": "diamond",
            "size": [12],
        }
    )
    keys.append(Key("this plan", COLOURS[5], "point"))
    layout = {
        "xaxis": {"title": {"text": f"{scope} emissions, {carbon_unit}"}},
        "free": True,
        "hovermode": "closest",
    }
    return Chart(
        "Cost against emissions of all years",
        f"{unit}, present value",
        traces,
        f"Frontier of {scope} emissions with {len(points)} points",
        layout,
        tuple(keys),
        320,
    )


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
        "free": True,
        "hovermode": "closest",
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
