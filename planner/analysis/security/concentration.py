r"""Concentration of supply by stage (HHI), and the benchmarks of the EU Critical Raw Materials Act.

Herfindahl-Hirschman index: $HHI = 10^4 \sum_o s_o^2$ over the origins' shares of what a stage puts
out, home counted as one origin.

Regulation (EU) 2024/1252 of 11 April 2024, Article 5(1): by 2030 capacity for extraction of at
least 10 %, processing 40 % and recycling 25 % of the Union's annual consumption, and no single
third country above 65 % of it at any relevant stage of processing
(https://eur-lex.europa.eu/eli/reg/2024/1252/oj). The same benchmarks are applied here to the
country of the study, in refined equivalents; what runs is counted, not idle capacity, which makes
them stricter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from planner.errors import SpecError
from planner.plan.plan import Plan
from planner.plan.tables import series
from planner.system.nouns import Array, Policy, Process, System, frozen_array, frozen_map
from planner.system.unit_accounts import metals_of, output_equivalent, reported_requirement

SOURCE = "Regulation (EU) 2024/1252, Article 5(1)"
FROM = 2030
"""Year by which the benchmarks are to be met (the same Article)."""
SHARES = {"extraction": 0.10, "processing": 0.40, "recycling": 0.25}
LARGEST_ORIGIN = 0.65
HOME = "home"
FULL = 10_000.0
"""HHI of a single origin: the square of 100 %."""


def origin_shares(plan: Plan) -> pd.DataFrame:
    """Output of each origin at each stage: metal, year, stage, origin, value (t/year of refined
    equivalents), share."""
    columns = ["metal", "year", "stage", "origin"]
    frame = pd.DataFrame(_output_rows(plan), columns=[*columns, "value"])
    frame = frame.groupby(columns)["value"].sum().reset_index()
    total = frame.groupby(columns[:3])["value"].transform("sum")
    return frame.assign(share=frame["value"] / total)


def _output_rows(plan: Plan) -> Iterator[tuple[str, int, str, str, float]]:
    system = plan.system
    for process in system.processes.values():
        if process.pathway == "new scrap" or process.stage not in SHARES:
            continue
        activity = series(system, plan.values, "activity", process.name)
        for metal in metals_of(system, process):
            amount = _worth(system, process, metal) * activity
            for period, v in zip(system.periods, amount, strict=True):
                if v > 0:
                    yield metal, period.first, process.stage, _origin(process), float(v)


def _origin(process: Process) -> str:
    """Where the output of a process comes from: abroad only what is imported, or won from ore of a
    stated origin."""
    return process.origin if process.origin and not process.inputs else HOME


def _worth(system: System, process: Process, metal: str) -> Array:
    """Refined equivalents of a unit of activity; nothing where a stage puts out what has none
    stated (it counts at the next stage)."""
    try:
        return output_equivalent(system, process, metal)
    except SpecError:
        return np.zeros(len(system.periods))


def concentration(plan: Plan) -> pd.DataFrame:
    """HHI by metal, year and stage: metal, year, stage, hhi, largest (origin), share (of the
    largest), origins (how many)."""
    shares = origin_shares(plan)
    rows = []
    for (metal, year, stage), part in shares.groupby(["metal", "year", "stage"]):
        top = part.sort_values(["share", "origin"], ascending=[False, True]).iloc[0]
        rows.append(
            (
                metal,
                year,
                stage,
                FULL * float((part["share"] ** 2).sum()),
                top["origin"],
                float(top["share"]),
                len(part),
            )
        )
    return pd.DataFrame(
        rows, columns=["metal", "year", "stage", "hhi", "largest", "share", "origins"]
    )


def benchmarks(plan: Plan) -> pd.DataFrame:
    """The four benchmarks of each metal and year: metal, year, benchmark, level, value (shares of
    consumption), met."""
    system, shares = plan.system, origin_shares(plan)
    rows = []
    for metal in system.metals:
        of = shares[shares["metal"] == metal]
        home = of[of["origin"] == HOME].groupby(["year", "stage"])["value"].sum().to_dict()
        abroad = of[of["origin"] != HOME].groupby(["year", "origin"])["value"].sum()
        largest = abroad.groupby("year").max().to_dict()
        for period, need in zip(system.periods, reported_requirement(system, metal), strict=True):
            if need > 0:
                levels = {stage: home.get((period.first, stage), 0.0) / need for stage in SHARES}
                top = largest.get(period.first, 0.0) / need
                rows += [(metal, period.first, *row) for row in _judged(levels, top)]
    return pd.DataFrame(rows, columns=["metal", "year", "benchmark", "level", "value", "met"])


def _judged(
    shares: Mapping[str, float], largest: float
) -> Iterator[tuple[str, float, float, bool]]:
    """Each benchmark with its level, the share of consumption, and whether it is met."""
    for stage, level in SHARES.items():
        yield stage, level, shares[stage], shares[stage] >= level
    yield "largest origin", LARGEST_ORIGIN, largest, largest <= LARGEST_ORIGIN


def with_benchmarks(system: System, *, start: int = FROM, penalty: float | None = None) -> System:
    """The system under the benchmarks from `start` on: three floors and a ceiling for each origin,
    for each metal.

    Floors are soft at `penalty` USD per t missed (the dearest shortage cost where None), since what
    is out of reach is to be seen and not to stop the plan. Ceilings bind: they leave demand
    unserved where no other origin can step in.
    """
    if start > system.years[-1]:
        said = (
            f"they begin in {start}, after the last year {system.years[-1]}; give an earlier year"
        )
        raise SpecError("benchmarks", [said])
    price = _dearest_shortage(system) if penalty is None else penalty
    added = {
        policy.name: policy
        for metal in system.metals
        for policy in (*_floors(system, metal, start, price), *_ceilings(system, metal, start))
    }
    return replace(system, policies=frozen_map({**system.policies, **added}))


def _dearest_shortage(system: System) -> float:
    """The highest cost of any shortage, USD per t; 0 where none has a cost."""
    costs = (good.shortage_cost for good in system.goods.values())
    return max((float(np.max(cost)) for cost in costs if cost is not None), default=0.0)


def _floors(system: System, metal: str, start: int, penalty: float) -> Iterator[Policy]:
    for stage, share in SHARES.items():
        yield Policy(
            f"crma_{stage}_{metal}",
            "self_sufficiency",
            _level(system, start, share),
            metal=metal,
            stages=(stage,),
            penalty=penalty,
            source=SOURCE,
        )


def _ceilings(system: System, metal: str, start: int) -> Iterator[Policy]:
    imports = [p for p in system.processes.values() if p.kind == "import"]
    for origin in sorted({p.origin for p in imports if metal in metals_of(system, p)}):
        yield Policy(
            f"crma_origin_{metal}_{origin}",
            "import_share",
            _level(system, start, LARGEST_ORIGIN),
            metal=metal,
            origin=origin,
            source=SOURCE,
        )


def _level(system: System, start: int, share: float) -> Array:
    return frozen_array(np.where(np.array(system.years) >= start, share, np.nan))
