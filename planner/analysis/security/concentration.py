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
from typing import get_args

import numpy as np
import pandas as pd

from planner.errors import SpecError
from planner.mfa.provenance.trace import Trace, stage_trace, traces
from planner.plan.plan import Plan
from planner.plan.tables import series
from planner.plan.trade_flows import part_of_given, passing_through
from planner.study.counting import uncountable
from planner.system.nouns import HOME as HOME_PLACE
from planner.system.nouns import (
    Array,
    Good,
    Policy,
    Process,
    Stage,
    System,
    frozen_array,
    frozen_map,
)
from planner.system.provenance import NEW_SCRAP
from planner.system.trade import RAW_KINDS, origins, sold_on
from planner.system.unit_accounts import reported_equivalent, reported_requirement

SOURCE = "Regulation (EU) 2024/1252, Article 5(1)"
FROM = 2030
"""Year by which the benchmarks are to be met (the same Article)."""
SHARES = {"extraction": 0.10, "processing": 0.40, "recycling": 0.25}
LARGEST_ORIGIN = 0.65
HOME = "home"
COLLECTION = "collection"
"""Stage of scrap and waste in tables of origins."""
ROUNDING = 1e-9
"""Output below this share of the largest is what is left of a difference."""
FULL = 10_000.0
"""HHI of a single origin: the square of 100 %."""


def origin_shares(plan: Plan) -> pd.DataFrame:
    """Output of each origin at each stage: metal, year, stage, origin, value (t/year of refined
    equivalents, or of contained metal where the study states none), share.

    The stages are those of the processes, imports at theirs: a metal mined in A, refined in B and
    bought as B's metal stands at extraction as A's and at processing as B's. Of what trade brings
    from other places of the study the stages are traced through the flows. A chain within a stage
    counts once for each origin. Scrap and waste, which recycling is fed with, stand at a stage of
    their own, `collection`: collected at home or imported. What is new scrap by the flows of the
    plan is left out, whatever the label of who recycles it.
    """
    columns = ["metal", "year", "stage", "origin"]
    frame = pd.DataFrame(_output_rows(plan), columns=[*columns, "value"])
    frame = frame.groupby(columns)["value"].sum().reset_index()
    frame = frame[frame["value"] > ROUNDING * frame.groupby("metal")["value"].transform("max")]
    total = frame.groupby(columns[:3])["value"].transform("sum")
    return frame.assign(share=frame["value"] / total)


def _output_rows(plan: Plan) -> Iterator[tuple[str, int, str, str, float]]:
    system, years = plan.system, [period.first for period in plan.system.periods]
    passed, traced = _Passed(plan), traces(plan.balance, plan.flows)
    if system.abroad:
        yield from _traded_rows(plan)
    for process, good, stage in _counting(system):
        activity = series(system, plan.values, "activity", process.name)
        amount = activity * passed.net(process, good.name)
        for metal in good.content:
            new = traced[metal].part(process.name, (NEW_SCRAP.pathway,))
            worth = reported_equivalent(good, metal) * (1 - new)
            for year, v in zip(years, amount * worth, strict=True):
                yield metal, year, stage, _origin(process), float(v)


def _counting(system: System) -> Iterator[tuple[Process, Good, str]]:
    """Home processes, with what they give and take and the stage at which it counts."""
    for process in system.processes.values():
        if not process.is_trade and process.place == HOME_PLACE:
            goods = (system.goods[name] for name in (*process.outputs, *process.inputs))
            yield from ((process, good, s) for good in goods if (s := _stage(process, good)))


def _traded_rows(plan: Plan) -> Iterator[tuple[str, int, str, str, float]]:
    """What trade brings home, at each stage by the place at which it last passed it. What passed a
    stage at home counts there already."""
    system = plan.system
    for metal in system.metals:
        staged = {s: stage_trace(plan.balance, plan.flows, metal, s) for s in get_args(Stage)}
        for process, good in _brought_home(system, metal):
            amount = series(system, plan.values, "activity", process.name)
            amount = amount * reported_equivalent(good, metal)
            for stage, place, share in _where_passed(process, good, staged):
                for period, v in zip(system.periods, amount * share, strict=True):
                    yield metal, period.first, stage, place, float(v)


def _brought_home(system: System, metal: str) -> Iterator[tuple[Process, Good]]:
    """Trade that brings a metal home, with each good of it."""
    for process in system.processes.values():
        if process.is_trade and process.from_abroad:
            goods = (system.goods[name] for name in process.outputs)
            yield from ((process, good) for good in goods if metal in good.content)


def _where_passed(
    process: Process, good: Good, staged: Mapping[Stage, Trace]
) -> Iterator[tuple[str, str, Array]]:
    """Stage and place at which what trade brings home was made, with its share, shape (T,)."""
    if good.kind in RAW_KINDS:
        yield COLLECTION, process.source, np.ones(1)
        return
    for stage, traced in staged.items():
        for label, share in zip(traced.labels, traced.of(process.name), strict=True):
            if label.pathway == stage and label.origin:
                yield "manufacture" if stage == "use" else stage, label.origin, share


def _stage(process: Process, good: Good) -> str:
    """The stage at which a good that a process gives or takes counts; none where it counts not."""
    if good.kind in RAW_KINDS:
        gathered = process.kind == "collect" or process.from_abroad
        return COLLECTION if gathered and good.name in process.outputs else ""
    return "manufacture" if process.stage == "use" else process.stage


def _origin(process: Process) -> str:
    """Where the output of a process comes from: abroad only what is imported, or won from ore of a
    stated origin."""
    return process.origin if process.from_abroad else HOME


class _Passed:
    """What the processes of one origin pass on to one another within a stage, so that it counts
    once, also out of a stockpile; of a good that others give too, in proportion."""

    def __init__(self, plan: Plan) -> None:
        self.system = plan.system
        self.made: dict[tuple[str, str, str], Array] = {}
        self.total: dict[str, Array] = {}
        for process in self.system.processes.values():
            activity = series(self.system, plan.values, "activity", process.name)
            for name, coefficient in process.outputs.items():
                amount = activity * coefficient
                own = (name, process.stage, _origin(process))
                self.made[own] = self.made.get(own, 0.0) + amount
                self.total[name] = self.total.get(name, 0.0) + amount

    def net(self, process: Process, name: str) -> Array:
        """t of a good that a unit of activity gives beyond what it takes of the same stage and
        origin, shape (T,)."""
        net = np.zeros(len(self.system.periods))
        if name in process.outputs:
            net = net + process.outputs[name]
        if name in process.inputs:
            taken = process.inputs[name]
            net = net - taken * self._share(process, name)
        return net

    def _share(self, process: Process, name: str) -> Array:
        if sold_on(self.system, process, name):
            return np.ones(len(self.system.periods))
        own = self.made.get((name, process.stage, _origin(process)))
        if own is None:
            return np.zeros(len(self.system.periods))
        return part_of_given(own, self.total[name], self._among_makers(process, name))

    def _among_makers(self, process: Process, name: str) -> float:
        """Share of those of its stage and origin among all who may give a good."""
        place = process.stage, _origin(process)
        makers = [p for p in self.system.processes.values() if name in p.outputs]
        return sum((p.stage, _origin(p)) == place for p in makers) / len(makers)


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
    consumption), met. The largest origin is that through which most metal passes, at any stage and
    in any form (`planner.system.trade`)."""
    system, shares = plan.system, origin_shares(plan)
    rows = []
    for metal in system.metals:
        of = shares[(shares["metal"] == metal) & (shares["origin"] == HOME)]
        home = of.groupby(["year", "stage"])["value"].sum().to_dict()
        largest = _largest(plan, metal)
        need = reported_requirement(system, metal)
        for i, period in enumerate(system.periods):
            if need[i] > 0:
                levels = {stage: home.get((period.first, stage), 0.0) / need[i] for stage in SHARES}
                judged = _judged(levels, float(largest[i] / need[i]))
                rows += [(metal, period.first, *row) for row in judged]
    return pd.DataFrame(rows, columns=["metal", "year", "benchmark", "level", "value", "met"])


def _largest(plan: Plan, metal: str) -> Array:
    """Metal that passes through the largest origin, t per year of refined equivalents, shape (T,);
    0 where nothing is imported."""
    found = [np.zeros(len(plan.system.periods)), *passing_through(plan, metal).values()]
    largest: Array = np.max(found, axis=0)
    return largest


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
    wrong = [
        text for policy in added.values() for _, text in uncountable(system, policy, system.metals)
    ]
    if wrong:
        raise SpecError("benchmarks", sorted(set(wrong)))
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
    for origin in origins(system, metal):
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
