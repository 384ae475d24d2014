"""Sections about the chain: supply, dependence on imports, all flows, capacity and orders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.security.origins import origins
from planner.figures.plan_figures import (
    COLOURS,
    KIND_COLOURS,
    PATHWAY_COLOURS,
    PLAIN_NODE,
    downstream,
)
from planner.plan.indicators import INDIRECT_RELIANCE
from planner.plan.plan import Plan
from planner.plan.trade_flows import imports_of
from planner.reporting.blocks import (
    INK,
    Block,
    Chart,
    Flows,
    Grid,
    Key,
    Section,
    Tabs,
    TextTable,
    colours_of,
    keys_of,
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
    INDIRECT_RELIANCE: INDIRECT_RELIANCE,
}
"""Indicator to its name in the page."""
RATIOS = (
    Key("self-sufficiency at extraction", COLOURS[0], "solid"),
    Key("self-sufficiency at processing", COLOURS[2], "dash"),
    Key("net import reliance", COLOURS[5], "dot"),
    Key(INDIRECT_RELIANCE, COLOURS[5], "dashdot"),
)
SUPPLY = (*PATHWAYS, "shortage")
"""Pathways that meet demand, and shortage, in the order of the legend."""
PLACES = {"mine": "country of the mine", "refinery": "country of the refinery"}
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
"""Meaning of the colours of a Sankey."""
STEPS = ((20, 10), (8, 5), (-1, 1))
"""Tables of a study that lasts longer than this show every n-th year."""
SPAN = 5
"""Years of a column in the table of orders."""
Quantities = Mapping[str, Array]
"""Quantity of a plant (capacity, ordered, used) to t/year, shape (T,)."""
PLANT_KEYS = (Key("capacity", INK, "solid"), Key("used", COLOURS[4]))
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
    ends = (held[0], held[-1])
    every = next(step for span, step in STEPS if ends[1] - ends[0] > span)
    return [y for y in held if y in ends or y % every == 0]


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
    years = period_years(plan)
    supplied = {metal: given for metal in plan.system.metals if (given := _supplied(plan, metal))}
    notes = {metal: pathway_sentence(plan, metal) for metal in supplied}
    amounts = tuple(
        stack(metal, "t/year", years, given, PATHWAY_COLOURS, note=notes[metal])
        for metal, given in supplied.items()
    )
    shares = tuple(
        stack(metal, "1", years, _shares(given), PATHWAY_COLOURS, note=notes[metal])
        for metal, given in supplied.items()
    )
    keys = keys_of(used_pathways(supplied.values()), PATHWAY_COLOURS)
    panels = (("Amounts", (Grid(amounts, keys),)), ("Shares", (Grid(shares, keys),)))
    return Section(
        "Supply",
        largest_pathways(plan),
        (Tabs("Supply by pathway", panels), _mix_table(plan)),
        "Refined metal by pathway. Metal won abroad stays foreign where it is refined at home. "
        "New scrap is a loop inside manufacture and is not counted; of a stockpile only what it "
        "gives is drawn.",
    )


def _supplied(plan: Plan, metal: str) -> dict[str, Array]:
    """Supply of a metal by pathway, t per year, shape (T,) each.

    A stockpile that is filled takes from supply: below the axis it would upset the stack, so only
    what it gives is counted.
    """
    found = by_name(plan.mix[plan.mix["metal"] == metal], "pathway", period_years(plan))
    return {
        name: np.maximum(found[name], 0.0)
        for name in SUPPLY
        if name in found and found[name].max() > 0
    }


def _shares(given: Mapping[str, Array]) -> dict[str, Array]:
    total = np.asarray(sum(given.values()))
    return {
        name: np.divide(v, total, out=np.zeros_like(total), where=total > 0)
        for name, v in given.items()
    }


def used_pathways(series: Iterable[Iterable[str]]) -> list[str]:
    """The pathways that any of these name, in their order, and shortage at the end."""
    used = {name for each in series for name in each}
    return [name for name in SUPPLY if name in used]


def _mix_table(plan: Plan) -> TextTable:
    years = shown_years(plan)
    mix = plan.mix[plan.mix["year"].isin(years)]
    columns = mix[["metal", "year", "pathway", "value", "share"]]
    cells = {
        (m, p, y): f"{number(v)} ({s:.0%})" for m, y, p, v, s in columns.itertuples(index=False)
    }
    pairs = dict.fromkeys((metal, pathway) for metal, pathway, _ in cells)
    return TextTable(
        "Supply in t/year, and its share",
        ("metal", "pathway", *map(str, years)),
        tuple((*pair, *(cells.get((*pair, y), "") for y in years)) for pair in pairs),
        frozenset(range(2, 2 + len(years))),
    )


def dependence(plan: Plan, indicators: pd.DataFrame) -> Section:
    """Self-sufficiency and import reliance, and imports by origin."""
    metals = plan.system.metals
    ratios = tuple(chart for metal in metals if (chart := _ratios(plan, metal, indicators)))
    origins = tuple(chart for metal in metals if (chart := _origins(plan, metal)))
    found = (
        ("Self-sufficiency and import reliance", Grid(ratios, RATIOS)),
        ("Imports by origin", Grid(origins)),
    )
    panels = tuple((title, (grid,)) for title, grid in found if grid.charts)
    return Section(
        "Self-sufficiency and imports",
        dependent(plan, indicators),
        (*((Tabs("Dependence", panels),) if panels else ()), *_by_mine_and_refinery(plan)),
        "Self-sufficiency: metal won from home ore and home waste (extraction), or all that is "
        "refined at home (processing), over what the country uses; net import reliance is what "
        "trade and stocks supply, in the metal's own forms (USGS), or with indirect trade, that is "
        "with the metal in finished goods. Above 100 % or below 0 the country exports; "
        "beyond 300 % the lines leave the picture. Imports by origin count contained metal of "
        "every form, ore included. By mine and by refinery, primary metal alone is counted, in "
        "refined equivalents.",
    )


def _by_mine_and_refinery(plan: Plan) -> Iterator[TextTable]:
    """Where primary metal was dug, and where it was refined: a table of each."""
    shown, found = shown_years(plan), origins(plan)
    for place, title in PLACES.items():
        part = found[(found["by"] == place) & found["year"].isin(shown)]
        if len(part):
            yield TextTable(
                f"Primary metal by {title}, t/year and share",
                ("metal", title, *map(str, shown)),
                tuple(_origin_rows(plan, part, shown)),
                frozenset(range(2, 2 + len(shown))),
            )


def _origin_rows(plan: Plan, part: pd.DataFrame, shown: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """A row for each origin of each metal, the largest of all years first."""
    for metal in plan.system.metals:
        mine = part[part["metal"] == metal]
        largest = mine.groupby("origin")["value"].sum().sort_values(ascending=False, kind="stable")
        columns = mine[["origin", "year", "value", "share"]].itertuples(index=False)
        cells = {(o, y): f"{number(v)} ({s:.0%})" for o, y, v, s in columns}
        for origin in largest.index:
            yield (metal, str(origin), *(cells.get((origin, year), "") for year in shown))


def _ratios(plan: Plan, metal: str, indicators: pd.DataFrame) -> Chart | None:
    years = period_years(plan)
    mine = indicators[(indicators["metal"] == metal) & indicators["indicator"].isin(SELF)]
    wide = mine.pivot_table(index="year", columns="indicator", values="value").reindex(years)
    series = {name: wide[key].to_numpy(dtype=float) for key, name in SELF.items() if key in wide}
    if not series:
        return None
    return lines(
        metal,
        "1",
        years,
        series,
        {key.name: key.colour for key in RATIOS},
        dashes={key.name: key.mark for key in RATIOS},
        layout={"yaxis": {"range": _ratio_range(series.values())}},
        note=reliance(metal, indicators),
    )


def _ratio_range(series: Collection[Array]) -> list[float]:
    """Ends of the axis, in per cent: 0 to 100 at least, RATIO_LIMIT at most."""
    low = min(float(np.nanmin(v)) for v in series)
    high = max(float(np.nanmax(v)) for v in series)
    return [
        100 * max(min(low, 0.0), -RATIO_LIMIT) - 3,
        100 * min(max(high, 1.0), RATIO_LIMIT) + 3,
    ]


def _origins(plan: Plan, metal: str) -> Chart | None:
    years = period_years(plan)
    named = imports_of(plan, metal).assign(value=lambda table: table["contained"])
    found = largest_first(by_name(named, "origin", years), MOST_ORIGINS, "other origins")
    if not found:
        return None
    note = largest_origin(plan, metal)
    return stack(metal, "t/year", years, found, colours_of(found), own_keys=True, note=note)


def flows(plan: Plan) -> Section:
    """The Sankey of each metal, with a slider over the years."""
    found = ((metal, _sankey(plan, metal)) for metal in plan.system.metals)
    panels = tuple((metal, (sankey,)) for metal, sankey in found if sankey is not None)
    return Section(
        "Flows",
        (),
        (Tabs("Metal", panels),) if panels else (),
        "All flows of a metal in a year, t/year of contained metal, losses in red. Move the "
        "slider to another year, point at a bar or a band for its name and amount. Flows below a "
        "ten thousandth of the largest are left out.",
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
    values = [rounded(wide[y]) for y in years]
    content = {
        "metal": metal,
        "years": years,
        **_nodes(names, metal, plan.system.processes),
        "links": _links([*wide.index], names),
        "values": values,
    }
    return Flows(metal, tuple(years), NODES, content)


def _nodes(names: Sequence[str], metal: str, processes: Collection[str]) -> dict[str, list[Any]]:
    return {
        "names": [_node(name, metal) for name in names],
        "colours": [_node_colour(name, processes) for name in names],
        # a label for every process as well would bury those of the goods: they are named when
        # pointed at
        "labelled": [int(name not in processes) for name in names],
    }


def _links(pairs: Iterable[tuple[str, str]], names: Sequence[str]) -> list[list[int]]:
    """Positions of source and target, and 1 for a loss."""
    at = {name: i for i, name in enumerate(names)}
    return [[at[source], at[target], int(target.startswith("loss/"))] for source, target in pairs]


def _node_colour(name: str, processes: Collection[str]) -> str:
    if name in processes:
        return PROCESS_COLOUR
    return KIND_COLOURS.get(name.split("/")[0], PLAIN_NODE)


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
    """Orders by year, and capacity and its use, plant by plant."""
    found = _quantities(plan)
    standing = {plant: q for plant, q in found.items() if _stands(q)}
    charts = tuple(_plant(plain(plant), period_years(plan), q) for plant, q in standing.items())
    return Section(
        "Capacity and what to build when",
        (*to_build(plan), *_idle(found)),
        (
            *_order_blocks(plan, standing),
            *((Grid(charts, PLANT_KEYS, "narrow"),) if charts else ()),
        ),
        "Capacity in t/year of what a plant handles. A plant ordered in a year runs after its "
        "lead time.",
    )


def _quantities(plan: Plan) -> dict[str, Quantities]:
    by_plant, years = plan.capacity.groupby("plant"), period_years(plan)
    return {str(plant): by_name(part, "quantity", years) for plant, part in by_plant}


def _is_ordered(quantities: Quantities) -> bool:
    return bool(quantities["ordered"].max() > 0)


def _stands(quantities: Quantities) -> bool:
    return bool(quantities["capacity"].max() > 0) or _is_ordered(quantities)


def _idle(found: Mapping[str, Quantities]) -> tuple[str, ...]:
    idle = sorted(plain(plant) for plant, q in found.items() if not _stands(q))
    return (f"Never built nor standing: {', '.join(idle)}.",) if idle else ()


def _order_blocks(plan: Plan, standing: Mapping[str, Quantities]) -> tuple[Block, ...]:
    ordered = {plant: q for plant, q in standing.items() if _is_ordered(q)}
    if not ordered:
        return ()
    return Grid((_schedule(plan, ordered),), width="whole"), _orders(plan, ordered)


def _plant(title: str, years: Sequence[int], quantities: Quantities) -> Chart:
    colours, capacity = {key.name: key.colour for key in PLANT_KEYS}, quantities["capacity"]
    stands = lines(
        title, "t/year", years, {"capacity": capacity}, colours, dashes={"capacity": "solid"}
    )
    used = stack(title, "t/year", years, {"used": quantities["used"]}, colours)
    # one scale for both: that of the larger, which capacity is
    top = max((v or 0.0 for v in stands.traces[0]["y"]), default=1.0)
    size = max(float(capacity.max()), 1e-300) / top
    filled = {**used.traces[0], "y": rounded(quantities["used"] / size)}
    return Chart(title, stands.unit, [filled, stands.traces[0]], stands.said, {}, (), 150)


def _schedule(plan: Plan, ordered: Mapping[str, Quantities]) -> Chart:
    """Orders by plant and year: the darker, the larger the order beside the plant's largest
    capacity."""
    years, plants = period_years(plan), sorted(ordered, reverse=True)
    trace = {
        "type": "heatmap",
        "x": years,
        "y": [plain(plant) for plant in plants],
        "z": [_shades(ordered[plant]) for plant in plants],
        "text": [
            _order_texts(years, ordered[plant], plan.system.plants[plant].lead_time)
            for plant in plants
        ],
        "name": "orders",
    }
    layout = {
        "yaxis": {"type": "category", "tickmode": "linear", "dtick": 1},
        "hovermode": "closest",
        "names": True,
    }
    spans = (f"{plain(p)} {_span(years, ordered[p])}" for p in sorted(ordered))
    return Chart(
        "Orders by year: the darker, the larger the order beside the plant's largest capacity",
        "",
        [trace],
        "Orders: " + "; ".join(spans),
        layout,
        (),
        50 + 22 * len(plants),
    )


def _shades(quantities: Quantities) -> list[float | None]:
    largest = max(float(quantities["capacity"].max()), float(quantities["ordered"].max()))
    # the root, so that a small order is still seen
    return [v or None for v in rounded(np.sqrt(quantities["ordered"] / largest))]


def _order_texts(years: Sequence[int], quantities: Quantities, lead: int) -> list[str]:
    return [
        f"{number(v)} t/year, runs from {year + lead}" if v > 0 else ""
        for year, v in zip(years, quantities["ordered"], strict=True)
    ]


def _span(years: Sequence[int], quantities: Quantities) -> str:
    """First and last year of an order."""
    when = np.asarray(years)[quantities["ordered"] > 0]
    return f"{when[0]} to {when[-1]}"


def _orders(plan: Plan, ordered: Mapping[str, Quantities]) -> TextTable:
    years = np.array(period_years(plan))
    spans = range(int(years[0]), int(years[-1]) + 1, SPAN)
    during = [(years >= start) & (years < start + SPAN) for start in spans]
    rows = []
    for plant, q in ordered.items():
        sums = [float(q["ordered"][inside].sum()) for inside in during]
        lead = str(plan.system.plants[plant].lead_time)
        rows.append((plain(plant), lead, *(number(v) if v else "" for v in sums)))
    heads = (f"{s}-{min(s + SPAN - 1, plan.system.years[-1])}" for s in spans)
    return TextTable(
        "Orders, t/year of capacity, by years of order",
        ("plant", "lead time, years", *heads),
        tuple(rows),
        frozenset(range(1, 2 + len(spans))),
    )
