r"""Old scrap of a period from use to refined metal, and what must hold of provenance in any plan.

Of what leaves use in a period (arising), the collected part enters processes and does not come back
as waste, and of that again a part is refined. By conservation

$$recycled \le collected \le arising$$

where each counts what left use in the same period, so that what a stockpile of scrap gives out of
earlier periods is on neither side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from planner.mfa.provenance.trace import Trace
from planner.system.nouns import HOME, Array, System
from planner.system.provenance import (
    REFINED,
    drawn_from_outside,
    is_supplied,
    makes_new_scrap,
)

TOLERANCE = 1e-9
"""By so much of the largest flow of the metal may an inequality be missed by rounding."""


def by_period(system: System, frame: pd.DataFrame) -> Array:
    """Sums of a flow table by period, t per year, shape (T,)."""
    years = [p.first for p in system.periods]
    at = np.searchsorted(years, frame["year"].to_numpy(dtype=float))
    values = frame["value"].to_numpy(dtype=float)
    return np.asarray(np.bincount(at, values, minlength=len(years)), dtype=float)


def old_scrap_arising(system: System, flows: pd.DataFrame) -> Array:
    """Metal that leaves use as waste, t per year, shape (T,); `flows` of one metal."""
    wastes = _wastes(system)
    left = flows["source"].str.startswith("use/") & flows["target"].isin(wastes)
    return by_period(system, flows[left])


def _wastes(system: System) -> list[str]:
    """Wastes of the country."""
    goods = system.goods.values()
    return [good.name for good in goods if good.kind == "waste" and good.place == HOME]


def old_scrap_collected(system: System, flows: pd.DataFrame, traced: Trace) -> Array:
    """Of it, what processes take less what they give back as waste, t per year, shape (T,): waste
    of manufacture, and what is sorted on its way, is not counted along."""
    goods, processes = system.goods, system.processes
    wastes = _wastes(system)
    taken = flows[flows["source"].isin(wastes) & flows["target"].isin(processes)]
    given = flows[flows["source"].isin(processes) & flows["target"].isin(wastes)]
    new = [
        makes_new_scrap(processes[source], goods[target])
        for source, target in zip(given["source"], given["target"], strict=True)
    ]
    back = given[~np.array(new, dtype=bool)]
    return _old_part(system, taken, traced) - _old_part(system, back, traced)


def _old_part(system: System, flows: pd.DataFrame, traced: Trace) -> Array:
    """Old scrap of the period in flows, by their source, t per year, shape (T,)."""
    at = {p.first: t for t, p in enumerate(system.periods)}
    pairs = zip(flows["source"], flows["year"], strict=True)
    shares = np.array([traced.old_scrap(name)[at[year]] for name, year in pairs])
    return by_period(system, flows.assign(value=flows["value"] * shares))


def refined_by(system: System, flows: pd.DataFrame) -> dict[str, Array]:
    """Refined metal that each process gives to the country, t per year, shape (T,); `flows` of one
    metal."""
    refined = [name for name, good in system.goods.items() if is_supplied(good)]
    given = flows[flows["source"].isin(system.processes) & flows["target"].isin(refined)]
    return {
        str(name): by_period(system, given.iloc[rows])
        for name, rows in given.groupby("source").indices.items()
    }


def old_scrap_refined(system: System, flows: pd.DataFrame, traced: Trace) -> Array:
    """Of what left use in the period, what is refined, t per year, shape (T,)."""
    return _old_refined(system, refined_by(system, flows), traced)


def _old_refined(system: System, refined: Mapping[str, Array], traced: Trace) -> Array:
    zero = np.zeros(len(system.periods))
    return sum((traced.old_scrap(name) * amount for name, amount in refined.items()), zero)


def faults(
    system: System, flows: pd.DataFrame, traces: Mapping[str, Trace], supply: pd.DataFrame
) -> list[str]:
    """Whatever does not hold of the provenance of a plan, by metal and year; empty where all does.

    Refined metal has a provenance; home metal supplied so far is no more than home sources gave so
    far; old scrap refined <= collected <= arising.
    """
    found: list[str] = []
    for metal, traced in traces.items():
        own = flows[flows["metal"] == metal]
        largest = float(own["value"].max()) if len(own) else 0.0
        mine = supply[supply["metal"] == metal]
        for words, more, less in _inequalities(system, own, traced, mine):
            missed = ~(more <= less + TOLERANCE * largest)
            years = [str(p.first) for p, wrong in zip(system.periods, missed, strict=True) if wrong]
            if years:
                found.append(f"{metal}, {', '.join(years[:3])}: {words}")
    return found


def _inequalities(
    system: System, flows: pd.DataFrame, traced: Trace, supply: pd.DataFrame
) -> Iterator[tuple[str, Array, Array]]:
    """Words for what fails, and two series of which the first is not to exceed the second."""
    refined = refined_by(system, flows)
    for name, amount in refined.items():
        known = amount * traced.of(name).sum(axis=0)
        yield f"{name} refines metal that came from nowhere", amount, known
    arising = old_scrap_arising(system, flows)
    collected = old_scrap_collected(system, flows, traced)
    yield "more old scrap is collected than arises", collected, arising
    recycled = _old_refined(system, refined, traced)
    yield "more old scrap is refined than collected", recycled, collected
    lengths = np.array([p.length for p in system.periods])
    for pathway in ("domestic primary", "domestic secondary"):
        won = _won_at_home(system, flows, pathway)
        if pathway == "domestic secondary":
            won = won + by_period(system, flows[flows["source"].str.startswith("use/")])
        given = by_period(system, supply[supply["pathway"] == pathway])
        words = f"more {pathway} metal is supplied than home sources gave"
        yield words, np.cumsum(lengths * given), np.cumsum(lengths * won)


def _won_at_home(system: System, flows: pd.DataFrame, pathway: str) -> Array:
    """What processes draw from outside the study by a pathway, t per year, shape (T,)."""
    drawing = [
        process.name
        for process in system.processes.values()
        if drawn_from_outside(system.goods, process).pathway == pathway
    ]
    outside = flows["source"].str.contains("^(?:deposit|origin|host|stockpile)/")
    return by_period(system, flows[outside & flows["target"].isin(drawing)])


def label_notes(
    system: System, traces: Mapping[str, Trace], supply: pd.DataFrame
) -> tuple[str, ...]:
    """What the flows say against the `pathway` that the study states of a process, for each process
    and metal where they do: the published shares follow the flows."""
    found: list[str] = []
    for (metal, name), part in supply.groupby(["metal", "process"]):
        process = system.processes.get(str(name))
        # trade, and what refines at another place, has no label that could say otherwise
        if process is None or process.pathway is None:
            continue
        sums = part.groupby("pathway")["value"].sum()
        others = sums[(sums.index != process.pathway) & (sums > TOLERANCE * sums.sum())]
        if len(others):
            said = ", ".join(f"{v / sums.sum():.1%} {other}" for other, v in others.items())
            found.append(
                f"{name} is labelled {process.pathway}, but by the flows the {metal} that it "
                f"refines is {said}; shares follow the flows"
            )
    return tuple(found) + tuple(_refined_again(system, traces))


def _refined_again(system: System, traces: Mapping[str, Trace]) -> Iterator[str]:
    """Processes that work on refined metal and give refined metal: they supply nothing new."""
    for metal, traced in traces.items():
        if REFINED not in traced.labels:
            continue
        at = traced.labels.index(REFINED)
        for name, process in system.processes.items():
            gives = any(
                is_supplied(system.goods[good]) and metal in system.goods[good].content
                for good in process.outputs
            )
            if gives and traced.of(name)[at].any():
                yield (
                    f"{name} takes {metal} that was refined before; it was supplied when it was "
                    "refined first, and is not supplied again"
                )
