"""What crosses the border, and how concentrated supply is, from the flow table (conventions.md,
"What crosses the border"; security.md, "Concentration")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tests.oracle import policies
from tests.oracle.programme import Programme
from tests.oracle.recipes import RAW
from tests.oracle.tracing import NEW, Traced

FORMS = {
    "extraction": "ore and intermediates",
    "processing": "refined metal",
    "manufacture": "finished goods",
    "raw": "scrap and waste",
}
LEAST = 1e-9
HOME, COLLECTION, FULL = "home", "collection", 10_000.0


def traded(p: Programme, flows: pd.DataFrame, metal: str) -> dict[str, float]:
    """Imports and exports of a metal in a year by form, each tonne once, at its last step."""
    recipes, chains = p.recipes, policies.brought(p)
    found: dict[str, float] = defaultdict(float)
    for row in flows.itertuples():
        if row.good not in recipes.goods:
            continue
        value = row.value * recipes.worth(row.good, metal)
        form = FORMS[recipes.form(row.good)]
        exported = recipes.exported(row.good)
        if row.source in chains and row.target == row.good:
            found[f"imports: {form}"] += value
        if row.target in chains and row.source == row.good:
            if row.good not in chains[row.target]:
                found[f"exports: {form}"] += value
            else:
                found[f"imports: {form}"] -= value
        if exported and row.target == "export":
            found[f"exports: {form}"] += value
        if exported and row.source == "shortage":
            found[f"exports: {form}"] -= value
    return found


def output(
    p: Programme, flows: pd.DataFrame, metal: str, traced: Traced
) -> dict[tuple[str, str], float]:
    """What each origin puts out at each stage, a chain within a stage once for each origin, and new
    scrap not at all."""
    recipes = p.recipes
    found: dict[tuple[str, str], float] = defaultdict(float)
    own = {q: places(p, q) for q in recipes.processes}
    made = {(place, g) for q, each in own.items() for g, place in each.items()}
    for row in flows.itertuples():
        if row.good not in recipes.goods:
            continue
        value = row.value * recipes.worth(row.good, metal)
        if row.good in own.get(row.source, ()) and row.target == row.good:
            found[own[row.source][row.good]] += value * (
                1 - new_scrap(traced, row.source, row.year)
            )
        if row.source == row.good and row.target in own:
            for place in set(own[row.target].values()):
                if (place, row.good) in made or policies.sells_on(p, row.target, row.good):
                    found[place] -= value * (1 - new_scrap(traced, row.target, row.year))
    return found


def new_scrap(traced: Traced, process: str, year: int) -> float:
    """Share of new scrap in what a process handles."""
    parts = traced.parts((process, year)).items()
    return sum(share for won, share in parts if won.pathway == NEW.pathway and not won.refined)


def places(p: Programme, process: str) -> dict[str, tuple[str, str]]:
    """Stage and origin at which each good that a process gives counts."""
    row = p.recipes.processes[process]
    origin = row["origin"] if policies.comes_in(p, process) else HOME
    found = {}
    for good in p.recipes.outputs(process):
        raw = p.recipes.goods[good]["kind"] in RAW
        if not (raw and row["kind"] == "manufacture"):
            found[good] = (COLLECTION if raw else row["stage"], origin)
    return found


def concentration(
    shares: dict[tuple[str, str], float], least: float
) -> Iterator[tuple[str, float]]:
    """HHI by stage, and the share of the largest origin; what is no more than `least` is
    rounding."""
    for stage in {stage for stage, _ in shares}:
        values = [v for (s, _), v in shares.items() if s == stage and v > least]
        total = sum(values)
        if total > 0:
            yield stage, FULL * sum((v / total) ** 2 for v in values)
            yield f"largest: {stage}", max(values) / total


def wrong_trade(p: Programme, plan: Any) -> list[str]:
    """Trade by form, and HHI by stage, that planner gives otherwise."""
    import planner

    table = planner.indicators(plan)
    keys = zip(table.metal, table.year, table.indicator, strict=True)
    said = dict(zip(keys, table.value, strict=True))
    hhi = planner.concentration(plan)
    keys = zip(hhi.metal, hhi.year, hhi.stage, strict=True)
    said |= dict(zip(keys, hhi.hhi, strict=True))
    keys = zip(hhi.metal, hhi.year, "largest: " + hhi.stage, strict=True)
    said |= dict(zip(keys, hhi.share, strict=True))
    found = []
    for metal in p.study.head["metals"]:
        traced, flows = Traced(p.study, plan, metal), plan.flows[plan.flows.metal == metal]
        made = {t: output(p, flows[flows.year == t], metal, traced) for t in p.study.firsts}
        least = LEAST * max([0.0, *(v for shares in made.values() for v in shares.values())])
        for year in p.study.firsts:
            f = flows[flows.year == year]
            own = {**traded(p, f, metal), **dict(concentration(made[year], least))}
            for name, value in own.items():
                other = said.get((metal, year, name), 0.0)
                if abs(other - value) > 1e-6 * max(1.0, abs(value)):
                    found.append(f"{name} of {metal} in {year}: {other}, not {value}")
    return found


def wrong_exports(p: Programme, plan: Any) -> list[str]:
    """Rows of the table of exports that the flows say otherwise (results.md, "exports")."""
    own: dict[tuple[str, int, str, str, str], float] = defaultdict(float)
    for metal in p.study.head["metals"]:
        traced = Traced(p.study, plan, metal)
        f = plan.flows[plan.flows.metal == metal]
        refined = mixes(p, traced)
        for row in f.itertuples():
            sign = {"export": 1.0}.get(row.target, -1.0 if row.source == "shortage" else 0.0)
            if not sign or not p.recipes.exported(row.good):
                continue
            for won, share in traced.parts((row.good, row.year)).items():
                into = {(won.pathway, won.origin): 1.0}
                for place, part in (refined[row.year] if won.refined else into).items():
                    own[metal, row.year, row.good, *place] += sign * row.value * share * part
    said: dict[tuple[str, int, str, str, str], float] = defaultdict(float)
    for row in plan.exports.itertuples():
        said[row.metal, row.year, row.good, row.pathway, row.origin] += row.value
    return [
        f"export {key}: {said[key]}, not {own[key]}"
        for key in sorted({*own, *said})
        if abs(own[key] - said[key]) > 1e-6 * max(1.0, abs(own[key]))
    ]


def mixes(p: Programme, traced: Traced) -> dict[int, dict[tuple[str, str], float]]:
    """Shares by pathway and origin of all refined metal supplied, by year; what stockpiles take in
    is on no side."""
    found: dict[int, dict[tuple[str, str], float]] = defaultdict(lambda: defaultdict(float))
    for (year, pathway, process, origin), value in traced.supplied().items():
        forms = {p.recipes.form(good) for good in p.recipes.outputs(process)}
        if forms != {"manufacture"} and value > 0:
            found[year][pathway, origin] += value
    for year, mix in found.items():
        total = sum(mix.values())
        found[year] = {place: value / total for place, value in mix.items()} if total else {}
    return found
