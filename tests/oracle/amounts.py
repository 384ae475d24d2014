"""Amounts among the indicators, from the study and the flow table (results.md, "indicators" and
"More indicators"): requirement and shortage, emissions, losses, reserves, stocks in use, prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.oracle import curves
from tests.oracle.losses import parts_of_name
from tests.oracle.programme import SCOPES, Programme
from tests.oracle.stocks import Use

NEAR = 1e-6
LEAST = 1e-5
"""Tonnes below which what an indicator is a share of is rounding."""
OUTSIDE = ("deposit/", "origin/", "host/", "stockpile/", "use/")
KILOGRAMS = 1000.0
Key = tuple[str, int, str]
"""Metal, year and indicator."""
Found = dict[Key, float]


def wanted(p: Programme, plan: Any) -> Found:
    """What is demanded of each good after measures, served or not, t of contained metal: all that
    the flows say leaves it for use, abroad or for nothing more, less what is sold abroad at a
    price. What home demand buys, where it answers to price, is required."""
    home = {of for of in curves.curved(p.study) if curves.kind(p, of) == "demand"}
    sold = {step: of for of in p.recipes.demand for step in curves.steps(p.study, of)}
    asked = home | set(p.recipes.demand)
    found: Found = defaultdict(float)
    for row in plan.flows.itertuples():
        if row.source in asked and row.target.startswith(("use/", "export", "demand")):
            found[row.metal, row.year, row.source] += row.value
    for (step, year), amount in plan.values.get("step", {}).items():
        if step in sold:
            for metal in p.study.head["metals"]:
                found[metal, year, sold[step]] -= amount * p.recipes.content(sold[step], metal)
    return found


def requirements(p: Programme, plan: Any) -> Found:
    """Demand, after measures, and what of it is not served, in refined equivalents."""
    found: Found = defaultdict(float)
    for (metal, year, good), amount in wanted(p, plan).items():
        found[metal, year, "requirement"] += amount * p.recipes.worth(good, metal)
    for row in plan.flows[plan.flows.source == "shortage"].itertuples():
        worth = p.recipes.worth(row.good, row.metal)
        found[row.metal, row.year, "shortage"] += row.value * worth
    return found


def emissions(p: Programme, plan: Any) -> Found:
    """Emissions of what runs, under the metals that each process handles."""
    found: Found = defaultdict(float)
    for scope in SCOPES:
        for q in p.recipes.processes:
            each, metals = p.recipes.emission(q, scope), ";".join(sorted(handled(p, q)))
            for t, year in enumerate(p.study.firsts):
                amount = each[t] * plan.values["activity"][q, year]
                found[metals, year, f"{scope} emissions"] += amount
    for row in p.study.rows["deposits"]:
        metal_of = {row["deposit"]: row["metal"]}
        for of in (of for of in curves.curved(p.study) if of in metal_of and row is first(p, of)):
            for step in curves.steps(p.study, of):
                rate = curves.emission(p.study, step)
                for t, year in enumerate(p.study.firsts):
                    for scope in SCOPES:
                        key = metal_of[of], year, f"{scope} emissions"
                        found[key] += rate[t] * plan.values["step"][step, year]
    return found


def first(p: Programme, deposit: str) -> Any:
    """First row of a deposit."""
    return next(row for row in p.study.rows["deposits"] if row["deposit"] == deposit)


def handled(p: Programme, process: str) -> list[str]:
    """Metals that a process takes or gives."""
    goods = [*p.recipes.inputs(process), *p.recipes.outputs(process)]
    dug = set(p.recipes.sides.get((process, "in"), ())) & p.recipes.deposits
    ore = {row["metal"] for row in p.study.rows["deposits"] if row["deposit"] in dug}
    return [
        metal
        for metal in p.study.head["metals"]
        if metal in ore or any(p.recipes.content(good, metal) for good in goods)
    ]


def losses(p: Programme, plan: Any) -> Found:
    """What is lost at each stage, and to each medium."""
    found: Found = defaultdict(float)
    stated = any(True for _ in p.study.keys("loss_media"))
    for row in plan.flows[plan.flows.target.str.startswith("loss/")].itertuples():
        found[row.metal, row.year, f"loss: {stage_of_loss(p, row.source)}"] += row.value
        if stated:
            medium = parts_of_name(p, row.target.removeprefix("loss/"))[-1]
            found[row.metal, row.year, f"loss to: {medium}"] += row.value
    return found


def stage_of_loss(p: Programme, source: str) -> str:
    """Where metal is lost: at the stage of a process or good, in use, or as waste that nobody
    collects."""
    if source in p.recipes.processes:
        return p.recipes.processes[source]["stage"]
    if source not in p.recipes.goods:
        return "use"
    good = p.recipes.goods[source]
    return "collection" if good["kind"] == "waste" else good["stage"]


def kept(p: Programme, plan: Any) -> Found:
    """Of the metal that enters in a year, what no stage loses."""
    entering: dict[tuple[str, int], float] = defaultdict(float)
    lost: dict[tuple[str, int], float] = defaultdict(float)
    for row in plan.flows.itertuples():
        if row.source.startswith(OUTSIDE):
            entering[row.metal, row.year] += row.value
        if row.target.startswith("loss/"):
            lost[row.metal, row.year] += row.value
    return {
        (*key, "metal kept"): 1.0 - lost[key] / whole
        for key, whole in entering.items()
        if whole > LEAST
    }


def reserve_life(p: Programme, plan: Any) -> Found:
    """Years that what is left in the ground lasts at the year's extraction."""
    left: dict[tuple[str, int], float] = defaultdict(float)
    for deposit, metal in {(row["deposit"], row["metal"]) for row in p.study.rows["deposits"]}:
        for year in p.study.firsts:
            left[metal, year] += plan.values["remaining"][deposit, year]
    dug: dict[tuple[str, int], float] = defaultdict(float)
    for row in plan.flows[plan.flows.source.str.startswith("deposit/")].itertuples():
        dug[row.metal, row.year] += row.value
    return {
        (*key, "reserve life"): max(left[key], 0.0) / amount
        for key, amount in dug.items()
        if amount > LEAST
    }


def in_use(p: Programme, plan: Any) -> Found:
    """What of all that entered use, by the flows and by the cohorts of before, is still there, and
    by head."""
    found: Found = defaultdict(float)
    persons = p.study.by_period("series", "population", default=np.nan)
    for use in p.uses.values():
        for metal in p.study.head["metals"]:
            content = content_of_use(p, use, metal)
            longer = plan.flows.target.str.startswith(f"use/{use.name}, longer life (")
            into = longer | (plan.flows.target == f"use/{use.name}")
            flows = plan.flows[(plan.flows.metal == metal) & into]
            entered = dict(flows.groupby("year").value.sum())
            for year in p.study.firsts:
                stock = sum(v * use.left(y, year) for y, v in entered.items() if y <= year)
                stock += content * (old_stock(use, year) + kept_longer(p, plan, use, year))
                found[metal, year, "in-use stock"] += stock
    for (metal, year, _), stock in list(found.items()):
        head = persons[p.study.firsts.index(year)]
        if head > 0:
            found[metal, year, "in-use stock per head"] = KILOGRAMS * stock / head
    return found


def content_of_use(p: Programme, use: Use, metal: str) -> float:
    """Metal in a tonne of a product: that of its waste, or all of it."""
    if use.waste:
        return p.recipes.content(use.waste, metal)
    row = next(row for row in p.study.rows["products"] if row["product"] == use.name)
    return float(row["metal"] == metal)


def old_stock(use: Use, year: int) -> float:
    """What is left of cohorts from before the first year, t of the product."""
    first = int(use.study.years[0])
    past = {c: v for c, v in use.cohorts().items() if c < first}
    return sum(amount * use.left(cohort, year) for cohort, amount in past.items())


def kept_longer(p: Programme, plan: Any, use: Use, year: int) -> float:
    """What is in use only since measures gave it a longer life, t of the product."""
    total = 0.0
    for row in p.study.rows["measures"]:
        if row["kind"] != "lifetime" or row["product"] != use.name:
            continue
        longer = p.study.constant("measure_values", row["measure"], "longer")
        rate = dict(zip(p.study.firsts, use.per_tonne(row["good"]), strict=True))
        for (name, *_, v), taken in plan.values["measure"].items():
            if name == row["measure"] and v <= year:
                more = use.left(v, year, longer) - use.left(v, year)
                total += taken * rate[v] * more
    return total


def prices(p: Programme, plan: Any) -> Found:
    """Prices of balances of goods of one metal: of those demanded, weighted by demand, and of the
    dearest refined one, a tonne of metal in them."""
    rows = plan.prices[plan.prices.family == "balance"]
    price = dict(zip(zip(rows["index"], rows.year, strict=True), rows.value, strict=True))
    worth: Found = defaultdict(float)
    whole: Found = defaultdict(float)
    for (metal, year, good), amount in wanted(p, plan).items():
        content = p.recipes.content(good, metal)
        if len(metals_in(p, good)) == 1:
            worth[metal, year, "price: goods"] += amount / content * price[good, year]
            whole[metal, year, "price: goods"] += amount
    found: Found = {key: worth[key] / part for key, part in whole.items() if part > LEAST}
    for good, row in p.recipes.goods.items():
        for metal in metals_in(p, good) if row["kind"] == "refined" else ():
            for year in p.study.firsts if len(metals_in(p, good)) == 1 else ():
                key = metal, year, "price: refined metal"
                each = price[good, year] / p.recipes.content(good, metal)
                found[key] = max(found.get(key, -np.inf), each)
    return found


def metals_in(p: Programme, good: str) -> list[str]:
    """Metals that a good holds."""
    return [metal for metal in p.study.head["metals"] if p.recipes.content(good, metal)]


AMOUNTS: tuple[Callable[[Programme, Any], Found], ...] = (
    requirements,
    emissions,
    losses,
    kept,
    reserve_life,
    in_use,
    prices,
)
ZERO = ("requirement", "shortage", "territorial emissions", "footprint emissions", "loss", "in-use")
"""Indicators of which a row may be missing, or of 0, where there is nothing."""


def wrong_amounts(p: Programme, plan: Any) -> Iterator[str]:
    """Amounts that planner gives otherwise, and rows of their kinds that it has and should not."""
    import planner

    own: Found = {}
    for each in AMOUNTS:
        own |= each(p, plan)
    table = planner.indicators(plan)
    keys = zip(table.metal, table.year, table.indicator, strict=True)
    said = dict(zip(keys, table.value, strict=True))
    for key in sorted({*own, *(key for key in said if key[2].startswith(ZERO))}):
        mine, other = own.get(key, 0.0), said.get(key, 0.0)
        size = NEAR * max(1.0, abs(mine), scale(key, own))
        if not abs(mine - other) <= size:
            yield f"{key[2]} of {key[0]} in {key[1]}: {other}, not {mine}"


def scale(key: Key, own: Found) -> float:
    """What the rounding of an amount is relative to: of a stock by head, the stock."""
    return own.get((key[0], key[1], "in-use stock"), 0.0) if key[2].startswith("in-use") else 0.0
