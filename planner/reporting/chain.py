"""Sections about the chain: where the metal comes from, on whom it depends, all flows, what to
build when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from planner.figures.plan_figures import (
    COLOURS,
    KIND_COLOURS,
    PATHWAY_COLOURS,
    PLAIN_NODE,
    downstream,
)
from planner.plan.plan import Plan
from planner.reporting.parts import (
    INK,
    Chart,
    Flows,
    Grid,
    Key,
    Section,
    Table,
    Tabs,
    colours_of,
    largest_first,
    lines,
    number,
    plain,
    rounded,
    stack,
)
from planner.reporting.words import (
    dependent,
    largest_origin,
    largest_pathways,
    pathway_sentence,
    reliance,
    to_build,
)
from planner.system.nouns import PATHWAYS, Array

SELF = {
    "self-sufficiency: extraction": "self-sufficiency at extraction",
    "self-sufficiency: processing": "self-sufficiency at processing",
    "net import reliance": "net import reliance",
}
"""Indicator to its name in the page."""
MOST_ORIGINS = 6
PROCESS_COLOUR = "#8a939c"
NODES = (
    Key("deposit or host metal", KIND_COLOURS["deposit"]),
    Key("origin of imports", KIND_COLOURS["origin"]),
    Key("good", PLAIN_NODE),
    Key("process", PROCESS_COLOUR),
    Key("in use", KIND_COLOURS["use"]),
    Key("demand, export", KIND_COLOURS["export"]),
    Key("loss", KIND_COLOURS["loss"]),
)
"""What the colours of a Sankey stand for."""
SPAN = 5
"""Years of a column in the table of orders."""
RATIO_LIMIT = 3.0
"""Shares beyond this are cut from the picture, which is about the country's own use; the tables
hold them."""


def period_years(plan: Plan) -> list[int]:
    """First years of the periods, the x axis of every chart."""
    return [p.first for p in plan.system.periods]


def shown_years(plan: Plan) -> list[int]:
    """The years that tables show."""
    return shown_among(period_years(plan))


def shown_among(held: Sequence[int]) -> list[int]:
    """Of these years the ends, and those divisible by ten, or by five in a short study, or all in a
    very short one."""
    every = 10 if held[-1] - held[0] > 20 else 5 if held[-1] - held[0] > 8 else 1
    return [y for y in held if y in (held[0], held[-1]) or y % every == 0]


def by_name(frame: pd.DataFrame, column: str, years: Sequence[int]) -> dict[str, Array]:
    """Sums of `value` for each name of a column, shape (T,) each."""
    wide = (
        frame.pivot_table(index="year", columns=column, values="value", aggfunc="sum")
        .reindex(list(years))
        .fillna(0.0)
    )
    return {str(name): wide[name].to_numpy(dtype=float) for name in wide}


def supply(plan: Plan) -> Section:
    """Stacked areas of each metal by pathway, as amounts and as shares."""
    years, order = period_years(plan), (*PATHWAYS, "shortage")
    amounts, shares, used = [], [], set[str]()
    for metal in plan.system.metals:
        found = by_name(plan.mix[plan.mix["metal"] == metal], "pathway", years)
        # a stockpile that is filled takes from supply: below the axis it would upset the stack, so
        # only what it gives is drawn
        given = {
            name: np.maximum(found[name], 0.0)
            for name in order
            if name in found and found[name].max() > 0
        }
        if not given:
            continue
        total = sum(given.values(), np.zeros(len(years)))
        share = {
            name: np.divide(v, total, out=np.zeros_like(total), where=total > 0)
            for name, v in given.items()
        }
        used |= set(given)
        note = pathway_sentence(plan, metal)
        amounts.append(stack(metal, "t/year", years, given, PATHWAY_COLOURS, note=note))
        shares.append(stack(metal, "1", years, share, PATHWAY_COLOURS, note=note))
    keys = tuple(Key(name, PATHWAY_COLOURS[name]) for name in order if name in used)
    panels = (("Amounts", (Grid(tuple(amounts), keys),)), ("Shares", (Grid(tuple(shares), keys),)))
    return Section(
        "Supply",
        largest_pathways(plan),
        (Tabs("Supply by pathway", panels), _mix_table(plan)),
        "Refined metal by pathway. Metal won abroad stays foreign where it is refined at home. "
        "New scrap is a loop inside manufacture and "
        "is not counted; of a stockpile only what it gives is drawn.",
    )


def _mix_table(plan: Plan) -> Table:
    years = shown_years(plan)
    mix = plan.mix[plan.mix["year"].isin(years)]
    columns = mix[["metal", "year", "pathway", "value", "share"]]
    cells = {
        (m, p, y): f"{number(v)} ({s:.0%})" for m, y, p, v, s in columns.itertuples(index=False)
    }
    pairs = dict.fromkeys((metal, pathway) for metal, pathway, _ in cells)
    rows = tuple(
        (metal, pathway, *(cells.get((metal, pathway, y), "") for y in years))
        for metal, pathway in pairs
    )
    return Table(
        "Supply in t/year, and its share",
        ("metal", "pathway", *map(str, years)),
        rows,
        frozenset(range(2, 2 + len(years))),
    )


def dependence(plan: Plan, indicators: pd.DataFrame) -> Section:
    """Self-sufficiency and import reliance, and imports by origin."""
    years = period_years(plan)
    colours = dict(zip(SELF.values(), (COLOURS[0], COLOURS[2], COLOURS[5]), strict=True))
    dashes = dict(zip(SELF.values(), ("solid", "dash", "dot"), strict=True))
    own, origins = [], []
    for metal in plan.system.metals:
        mine = indicators[(indicators["metal"] == metal) & indicators["indicator"].isin(SELF)]
        wide = mine.pivot_table(index="year", columns="indicator", values="value").reindex(years)
        series = {
            name: wide[key].to_numpy(dtype=float) for key, name in SELF.items() if key in wide
        }
        if series:
            low = min(float(np.nanmin(v)) for v in series.values())
            high = max(float(np.nanmax(v)) for v in series.values())
            shown = [
                100 * max(min(low, 0.0), -RATIO_LIMIT) - 3,
                100 * min(max(high, 1.0), RATIO_LIMIT) + 3,
            ]
            own.append(
                lines(
                    metal,
                    "1",
                    years,
                    series,
                    colours,
                    dashes=dashes,
                    layout={"yaxis": {"range": shown}},
                    note=reliance(metal, indicators),
                )
            )
        flows = plan.flows[
            (plan.flows["metal"] == metal) & plan.flows["source"].str.startswith("origin/")
        ]
        named = flows.assign(origin=flows["source"].str.removeprefix("origin/"))
        found = largest_first(by_name(named, "origin", years), MOST_ORIGINS, "other origins")
        if found:
            origins.append(
                stack(
                    metal,
                    "t/year",
                    years,
                    found,
                    colours_of(found),
                    own_keys=True,
                    note=largest_origin(plan, metal),
                )
            )
    keys = tuple(Key(name, colours[name], dashes[name]) for name in SELF.values())
    panels = [("Self-sufficiency and import reliance", (Grid(tuple(own), keys),))] if own else []
    panels += [("Imports by origin", (Grid(tuple(origins)),))] if origins else []
    return Section(
        "Self-sufficiency and imports",
        dependent(plan, indicators),
        (Tabs("Dependence", tuple(panels)),) if panels else (),
        "Self-sufficiency: metal won from home ore and home waste (extraction), or all that is "
        "refined at home (processing), over what the "
        "country uses; net import reliance is what trade and stocks supply of it (USGS). Above "
        "100 % or below 0 the country exports; "
        "beyond 300 % the lines leave the picture. Imports by origin count contained metal of "
        "every form, ore included.",
    )


def flows(plan: Plan) -> Section:
    """The Sankey of each metal, with a slider over the years."""
    panels = tuple(
        (metal, (found,))
        for metal in plan.system.metals
        if (found := _sankey(plan, metal)) is not None
    )
    return Section(
        "Flows",
        (),
        (Tabs("Metal", panels),) if panels else (),
        "All flows of a metal in a year, t/year of contained metal, losses in red. Move the "
        "slider to another year, point at a "
        "bar or a band for its name and amount. Flows below a ten thousandth of the largest are "
        "left out.",
    )


def _sankey(plan: Plan, metal: str) -> Flows | None:
    frame = plan.flows[plan.flows["metal"] == metal]
    if frame.empty:
        return None
    years = period_years(plan)
    wide = (
        frame.pivot_table(index=["source", "target"], columns="year", values="value", aggfunc="sum")
        .reindex(columns=years)
        .fillna(0.0)
    )
    names = downstream(wide.reset_index()[["source", "target"]])
    at, processes = {name: i for i, name in enumerate(names)}, plan.system.processes
    return Flows(
        metal,
        tuple(years),
        NODES,
        {
            "metal": metal,
            "years": years,
            "names": [_node(name, metal) for name in names],
            "colours": [
                PROCESS_COLOUR
                if name in processes
                else KIND_COLOURS.get(name.split("/")[0], PLAIN_NODE)
                for name in names
            ],
            # a label for every process as well would bury those of the goods: they are named when
            # pointed at
            "labelled": [int(name not in processes) for name in names],
            "links": [[at[s], at[t], int(t.startswith("loss/"))] for s, t in wide.index],
            "values": [rounded(wide[y]) for y in years],
        },
    )


def _node(name: str, metal: str) -> str:
    """A node for reading: `deposit/x` as `x (deposit)`, goods of the metal without its name."""
    kind, slash, rest = name.partition("/")
    if not slash:
        return plain(name)
    if kind == metal:
        return plain(rest)
    return (
        f"{plain(rest.removeprefix(f'{metal}/'))} ({kind})" if kind in KIND_COLOURS else plain(name)
    )


def capacity(plan: Plan) -> Section:
    """What to order when, and what stands and is used, plant by plant."""
    frame, years = plan.capacity, period_years(plan)
    found = {plant: by_name(part, "quantity", years) for plant, part in frame.groupby("plant")}
    standing = {
        str(plant): q
        for plant, q in found.items()
        if q["capacity"].max() > 0 or q["ordered"].max() > 0
    }
    colours = {"capacity": INK, "used": COLOURS[4]}
    charts = tuple(_plant(plain(plant), years, q, colours) for plant, q in standing.items())
    idle = sorted(plain(str(plant)) for plant in found if plant not in standing)
    text = to_build(plan) + ((f"Never built nor standing: {', '.join(idle)}.",) if idle else ())
    ordered = any(q["ordered"].max() > 0 for q in standing.values())
    blocks = (
        (Grid((_schedule(plan, standing, years),), width="whole"), _orders(plan, standing))
        if ordered
        else ()
    )
    keys = (Key("capacity", colours["capacity"], "solid"), Key("used", colours["used"]))
    return Section(
        "Capacity and what to build when",
        text,
        (*blocks, Grid(charts, keys, "narrow")) if charts else (),
        (
            "Capacity in t/year of what a plant handles. A plant ordered in a year runs after its "
            "lead time."
        ),
    )


def _plant(
    title: str, years: Sequence[int], quantities: dict[str, Array], colours: dict[str, str]
) -> Chart:
    stands = lines(
        title,
        "t/year",
        years,
        {"capacity": quantities["capacity"]},
        colours,
        dashes={"capacity": "solid"},
    )
    used = stack(title, "t/year", years, {"used": quantities["used"]}, colours)
    # one scale for both: that of the larger, which capacity is
    size = max(float(quantities["capacity"].max()), 1e-300) / max(
        (v or 0.0 for v in stands.traces[0]["y"]), default=1.0
    )
    filled = {**used.traces[0], "y": rounded(quantities["used"] / size)}
    return Chart(title, stands.unit, [filled, stands.traces[0]], stands.said, {}, (), 150)


def _schedule(plan: Plan, standing: dict[str, dict[str, Array]], years: Sequence[int]) -> Chart:
    """Orders by plant and year: the darker, the larger the order beside the plant's largest
    capacity."""
    plants = [p for p in sorted(standing, reverse=True) if standing[p]["ordered"].max() > 0]
    shades, texts, said = [], [], []
    for plant in plants:
        ordered, lead = standing[plant]["ordered"], plan.system.plants[plant].lead_time
        # the root, so that a small order is still seen
        share = np.sqrt(
            ordered / max(float(standing[plant]["capacity"].max()), float(ordered.max()))
        )
        shades.append([v or None for v in rounded(share)])
        texts.append(
            [
                f"{number(v)} t/year, runs from {year + lead}" if v > 0 else ""
                for year, v in zip(years, ordered, strict=True)
            ]
        )
        when = [year for year, v in zip(years, ordered, strict=True) if v > 0]
        said.append(f"{plain(plant)} {when[0]} to {when[-1]}")
    trace = {
        "type": "heatmap",
        "x": list(years),
        "y": [plain(p) for p in plants],
        "z": shades,
        "text": texts,
        "name": "orders",
    }
    layout = {
        "yaxis": {"type": "category", "tickmode": "linear", "dtick": 1},
        "hovermode": "closest",
        "names": True,
    }
    return Chart(
        "Orders by year: the darker, the larger the order beside the plant's largest capacity",
        "",
        [trace],
        "Orders: " + "; ".join(reversed(said)),
        layout,
        (),
        50 + 22 * len(plants),
    )


def _orders(plan: Plan, standing: dict[str, dict[str, Array]]) -> Table:
    years = np.array(period_years(plan))
    spans = list(range(int(years[0]), int(years[-1]) + 1, SPAN))
    rows = []
    for plant, q in standing.items():
        if q["ordered"].max() > 0:
            sums = [float(q["ordered"][(years >= s) & (years < s + SPAN)].sum()) for s in spans]
            rows.append(
                (
                    plain(plant),
                    str(plan.system.plants[plant].lead_time),
                    *(number(v) if v else "" for v in sums),
                )
            )
    heads = tuple(f"{s}-{min(s + SPAN - 1, plan.system.years[-1])}" for s in spans)
    return Table(
        "Orders, t/year of capacity, by years of order",
        ("plant", "lead time, years", *heads),
        tuple(rows),
        frozenset(range(1, 2 + len(spans))),
    )
