"""The hindcast: a plan beside what was observed of the same years.

A study that begins in 2021 says something of 2022 to 2025, which have happened. Each observation of
those years is set beside what the plan has of the same flow, share or price; those that a number of
the study was made from prove nothing and are told apart (`planner.analysis.hindcast.lineage`). What
would have been said without a plan stands beside it: no change since the last year before, and a
trend. An ensemble says how wide its band is and how often it holds what came. As of an earlier
year the plan may use only what was out by then; what it uses all the same is listed as a leak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.hindcast.bands import Bands, bands_of
from planner.analysis.hindcast.baselines import baseline
from planner.analysis.hindcast.bounds import Miss, what_held
from planner.analysis.hindcast.lineage import Lineage
from planner.analysis.hindcast.observed_values import ObservedValues
from planner.analysis.hindcast.scores import interval_score, score_table
from planner.analysis.hindcast.turning import TURN_COLUMNS, least_changes
from planner.analysis.security.foresight import rolling
from planner.analysis.uncertainty.ensemble import Ensemble
from planner.analysis.uncertainty.ensemble import ensemble as make_ensemble
from planner.errors import Problem, SpecError
from planner.plan.plan import Plan, require_own_study
from planner.plan.solve import optimum
from planner.runtime.progress import Progress, told
from planner.study.head import AS_OF
from planner.study.reader import Rereader
from planner.system.nouns import Array, Datum, Observed, System

PAIR_COLUMNS = (
    "observation",
    "metal",
    "quantity",
    "year",
    "observed",
    "low",
    "high",
    "plan",
    "error",
    "inside",
    "no_change",
    "trend",
    "rolling",
    "q05",
    "q50",
    "q95",
    "covered",
    "interval_score",
    "seen05",
    "seen95",
    "seen_covered",
    "seen_score",
    "role",
    "why",
    "unit",
    "source",
    "grade",
    "place",
)
MISS_COLUMNS = ("observation", "metal", "year", "observed", "plan", "unit", "held_by", "place")
LEAK_COLUMNS = ("path", "published", "source", "grade", "place")
TOP = 5
"""Items whose least change of one number is sought, unless said otherwise."""


@dataclass(frozen=True, eq=False)
class Hindcast:
    """A plan beside what was observed.

    `pairs`: PAIR_COLUMNS, a row for each observation of a year of the study from the first tested
    one on; `error` is plan over observed less 1; `inside`: whether the plan lies within the 95 %
    interval of the observation; `rolling` is what a planner says who sees only `window` years;
    `q05`, `q50`, `q95` are of an ensemble, `covered` says whether that band holds what was
    observed, `interval_score` is a share of it; `seen05`, `seen95`, `seen_covered` and `seen_score`
    are the same with the error of the observation (`planner.analysis.hindcast.bands`). NaN where
    that was not asked or is not known.
    `scores`: medians of the tests (`planner.analysis.hindcast.scores`). `misses`: tests outside
    their interval, and what held the plan. `changes`: the least change of one number with which the
    plan gives what was observed, where one was sought and found. `leaks`: numbers in force that
    came out after `as_of`, for want of an earlier vintage.
    """

    system: System
    plan: Plan
    pairs: pd.DataFrame
    scores: pd.DataFrame
    misses: pd.DataFrame
    changes: pd.DataFrame
    leaks: pd.DataFrame
    origin: int
    """The last year before the tested ones: no change and the trend know nothing later."""
    as_of: int | None
    hidden: int
    """Rows of the study that are hidden as of that year."""
    undated: int
    """Numbers in force that do not say when they came out."""
    window: int
    samples: int
    """Samples of the ensemble that have a plan; 0 without one."""
    rolling_scores: pd.DataFrame = field(repr=False)
    """`scores` with the rolling plan in the place of the plan; empty without one."""


def hindcast(
    subject: System | Plan,
    *,
    ensemble: Ensemble | str | Path | None = None,
    samples: int = 0,
    seed: int = 0,
    statement: str | Path | Mapping[str, Any] | None = None,
    workers: int | None = None,
    window: int = 0,
    top: int = TOP,
    progress: Progress | None = None,
) -> Hindcast:
    """Set a plan beside the observations of its study.

    `ensemble` is one of the same study, or its folder; with `samples` one is made here, drawn as
    `statement` says (`planner.ensemble`). `window` adds what a planner says who sees only so many
    years. `top`: for how many items that are missed, the widest first, the least change of one
    number is sought; of each its widest miss. As of an earlier year: read the study with
    `overrides={"as_of": 2022}`. Raises SpecError where the study has no observation of its years,
    InfeasibleError where it has no plan.
    """
    asked = _asked(subject.system if isinstance(subject, Plan) else subject)
    plan = subject if isinstance(subject, Plan) else optimum(subject, progress=progress)
    require_own_study(plan, "set beside observations")
    system = plan.system
    reader = ObservedValues(asked.observations)
    table = _pairs(asked, reader.of_plan(plan))
    if window:
        told(progress, f"{window} years in sight")
        table["rolling"] = reader.of_plan(rolling(system, window=window).plan)
    if ensemble is None and samples:
        told(progress, "ensemble")
        ensemble = make_ensemble(
            system,
            samples=samples,
            seed=seed,
            statement=statement,
            workers=workers,
            progress=progress,
        )
    bands = bands_of(system, asked.observations, ensemble)
    table = _with_bands(table, bands)
    misses = table[(table["role"] == "test") & (table["inside"] == False)]  # noqa: E712
    told(progress, "what held the plan")
    held = _held(plan, asked, misses, reader)
    told(progress, "least changes")
    changes = least_changes(system, asked.observations, _widest(misses)[:top], progress)
    return _made(plan, asked, table, held, changes, window, bands)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The observations that are set beside the plan, and what is known of them before."""

    system: System
    observations: tuple[Observed, ...]
    roles: tuple[tuple[str, str], ...]
    origin: int


def _asked(system: System) -> _Asked:
    """Observations of years of the study from the first tested one on. Raises SpecError where there
    is none."""
    lineage = Lineage(system)
    inside = [o for o in system.observations if o.year in system.years]
    first = _first_tested(system, inside)
    found = tuple(o for o in inside if o.year >= first)
    return _Asked(system, found, tuple(lineage.role(o) for o in found), first - 1)


def _first_tested(system: System, inside: Sequence[Observed]) -> int:
    """The first year with an observation that says what it is to the plan; where none says, the
    first year after that in which the study begins, or that year alone."""
    said = [o.year for o in inside if o.role not in ("", "base")]
    later = [o.year for o in inside if o.year > system.years[0]]
    years = said or later or [o.year for o in inside]
    if not years:
        message = (
            "holds no observation of a year of the study; add what was observed (docs/format.md), "
            "or choose a study that has it"
        )
        raise SpecError(system.name, [Problem("observations.csv", 0, "year", message)])
    return min(years)


def _pairs(asked: _Asked, said: Array) -> pd.DataFrame:
    """PAIR_COLUMNS, without what an ensemble or a rolling plan say."""
    rows = []
    for o, (role, why), value in zip(asked.observations, asked.roles, said, strict=True):
        before = baseline(o, asked.system.observations, asked.origin)
        rows.append(
            {
                "observation": o.name,
                "metal": o.metal,
                "quantity": o.quantity,
                "year": o.year,
                "observed": o.value,
                "low": _number(o.low),
                "high": _number(o.high),
                "plan": float(value),
                "error": float(value) / o.value - 1.0 if o.value else np.nan,
                "inside": _inside(o, float(value)),
                "no_change": before.no_change,
                "trend": before.trend(o.year),
                "role": role,
                "why": why,
                "unit": _unit(asked.system, o),
                "source": o.reference,
                "grade": o.grade,
                "place": f"{o.place.file}:{o.place.row}",
            }
        )
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS)).astype({"inside": object})


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _inside(o: Observed, value: float) -> bool | None:
    """Whether a value lies within the interval of an observation; None where that has no two ends,
    or the plan says nothing."""
    if o.low is None or o.high is None or not np.isfinite(value):
        return None
    return o.low <= value <= o.high


def _unit(system: System, o: Observed) -> str:
    return {"flow": "t/year", "share": "1"}.get(o.quantity, f"USD_{system.currency_year}/t")


def _with_bands(table: pd.DataFrame, bands: Bands) -> pd.DataFrame:
    """The pairs with the bands of an ensemble, whether they hold what came, and their scores."""
    observed = table["observed"].to_numpy(dtype=float)
    low, middle, high = bands.quantiles
    seen_low, _, seen_high = bands.seen
    covered, score = _held_by(low, high, observed)
    seen_covered, seen_score = _held_by(seen_low, seen_high, observed)
    return table.assign(
        q05=low,
        q50=middle,
        q95=high,
        covered=pd.Series(covered, index=table.index, dtype=object),
        interval_score=score,
        seen05=seen_low,
        seen95=seen_high,
        seen_covered=pd.Series(seen_covered, index=table.index, dtype=object),
        seen_score=seen_score,
    )


def _held_by(low: Array, high: Array, observed: Array) -> tuple[list[bool | None], Array]:
    """Whether each band holds what was observed, None where there is none; and its interval score
    as a share of that."""
    known = np.isfinite(low) & np.isfinite(high)
    covered = [
        bool(a <= y <= b) if k else None
        for a, y, b, k in zip(low, observed, high, known, strict=True)
    ]
    score = interval_score(low, high, observed)
    share = np.divide(score, observed, out=np.full_like(score, np.nan), where=observed > 0)
    return covered, share


def _made(
    plan: Plan,
    asked: _Asked,
    table: pd.DataFrame,
    held: pd.DataFrame,
    changes: pd.DataFrame,
    window: int,
    bands: Bands,
) -> Hindcast:
    system = plan.system
    as_of = int(system.overrides[AS_OF]) if AS_OF in system.overrides else None
    numbers = [d for d in system.data if not d.path.startswith("observations.")]
    rolled = table.assign(plan=table["rolling"]) if window else table.iloc[:0]
    return Hindcast(
        system,
        plan,
        table,
        score_table(table),
        pd.DataFrame(held, columns=list(MISS_COLUMNS)),
        pd.DataFrame(changes, columns=list(TURN_COLUMNS)),
        _leaks(numbers, as_of),
        asked.origin,
        as_of,
        0 if as_of is None else _hidden(system, numbers),
        sum(each.published is None for each in numbers),
        window,
        bands.samples,
        score_table(rolled),
    )


def _widest(misses: pd.DataFrame) -> list[int]:
    """Positions of the widest miss of each item, the widest of all first."""
    ranked = misses.assign(size=misses["error"].abs()).sort_values(
        "size", ascending=False, kind="stable"
    )
    return list(ranked.drop_duplicates(["observation", "metal", "quantity"]).index)


def _held(plan: Plan, asked: _Asked, misses: pd.DataFrame, reader: ObservedValues) -> pd.DataFrame:
    """MISS_COLUMNS of the misses."""
    each = [Miss(asked.observations[i], float(misses["plan"][i])) for i in misses.index]
    words = what_held(plan, each, reader.flows).set_index(misses.index)
    return misses.drop(columns="place").join(words)[list(MISS_COLUMNS)].reset_index(drop=True)


def _leaks(numbers: Sequence[Datum], as_of: int | None) -> pd.DataFrame:
    """Numbers in force that came out after the year `as_of`."""
    rows = [
        (d.path, d.published, d.source, d.grade, f"{d.place.file}:{d.place.row}")
        for d in numbers
        if as_of is not None and d.published is not None and d.published > as_of
    ]
    return pd.DataFrame(rows, columns=list(LEAK_COLUMNS))


def _hidden(system: System, numbers: Sequence[Datum]) -> int:
    """Rows that are in force today, and are not as of the year that the study is read for."""
    today = {path: text for path, text in system.overrides.items() if path != AS_OF}
    reader = Rereader(system.files, system.name, system.scenario, today)
    now = reader.data()
    left = {d.place for d in numbers}
    return sum(d.place not in left for d in now if not d.path.startswith("observations."))
