r"""What better data would be worth: which uncertain inputs the answers hang on, and at which value
the plan turns.

Two views, that need each other:

- *Drivers*, from an ensemble: the share of the variance of an answer that would be gone if one input were known exactly, all
  others as uncertain as they are (first-order index, $S_i = V[E(y \mid x_i)] / V[y]$, read off the sample by classes of equal
  frequency, as SALib does it: Plischke, Borgonovo and Smith 2013, European Journal of Operational Research 226, 536-550). Inputs
  that enter nothing tell what chance alone reaches: its mean is taken off, and real is an index above what the largest of as many
  inputs without effect passes in one ensemble of twenty.
- *Swings and turns*, one input at a time from the study's own values: how far an answer moves between its low and high end, and
  the value beyond which another set of options is in the plan. Ranked over the inputs of grade C and D, that is the list of what to
  measure next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.ensemble import Ensemble
from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.outcomes import OutcomeReader
from planner.analysis.uncertainty.sampling import uncertainty
from planner.analysis.uncertainty.variants import Sample, Variants
from planner.errors import OutputError, SolverError
from planner.plan.solve import Progress
from planner.runtime.extras import needed
from planner.runtime.progress import Step
from planner.solver.highs import Arrays, Solution
from planner.study.reader import Rereader
from planner.system.nouns import SCOPES, Array, System

WEAK = ("C", "D")
"""Grades of inputs that better data could replace."""
CHANCE = 0.05
"""Share of ensembles in which an input without effect may be taken for a real one."""
BLANKS = 200
"""Inputs without effect that chance is measured with."""
CLASS = 32
"""Samples in a class, as far as the number of classes stays within the next two."""
LEAST_CLASSES, MOST_CLASSES = 4, 32
TURN_WIDTH = 0.01
"""A turning value is found to this share of the range of its input."""
BATCH = 32
"""Variants made at a time."""
CHANGED = 1e-6
"""A swing below this share of the answer is none."""


def drivers(found: Ensemble, *, metals: Iterable[str] = (), seed: int = 0) -> pd.DataFrame:
    """Share of the variance of each answer that each input explains by itself.

    Answers: cost, territorial, footprint, shortage, and for each metal its mean share of foreign
    supply. Columns: answer, input, grade, share, chance (what the largest of as many inputs without
    effect passes in one ensemble of twenty), real (share above chance), unit, low, value, high of
    the first row of the input. Only samples with a plan count. Raises OutputError where SALib is
    missing or there are too few.
    """
    sobol_first = needed("SALib.analyze.delta", "ensemble").sobol_first
    solved = found.headline[found.headline["status"] == "optimal"]
    if len(solved) < 64:
        raise OutputError(
            f"{len(solved)} samples with a plan are too few to tell drivers from chance; take 64 "
            "or more"
        )
    at = found.uncertain.columns()
    free = [each for each in found.uncertain.inputs if not each.tied_to]
    # one number tells a sample of an input: its quantile, or the mean of those of its years
    points = np.column_stack(
        [found.quantiles[solved["sample"], at[each.name]].mean(axis=1) for each in free]
    )
    blanks = np.random.default_rng(seed).random((len(points), BLANKS))
    tables = []
    for answer, values in _answers(found, solved, metals or found.yearly["metal"].unique()).items():
        if not np.ptp(values) > CHANGED * np.abs(values).max():
            continue
        bias = float(_first_order(sobol_first, blanks, values).mean())
        raw = _first_order(sobol_first, points, values)
        share, chance = (
            (x - bias) / (1 - bias) for x in (raw, _chance(bias, len(values), len(free)))
        )
        tables.append(
            pd.DataFrame(
                {
                    "answer": answer,
                    "input": [e.name for e in free],
                    "grade": [e.grade for e in free],
                    "share": share,
                    "chance": chance,
                    "real": share > chance,
                    "unit": [e.unit for e in free],
                    "low": [e.low[0] for e in free],
                    "value": [e.value[0] for e in free],
                    "high": [e.high[0] for e in free],
                }
            ).sort_values(["share", "input"], ascending=[False, True])
        )
    if not tables:
        raise OutputError("no answer of this ensemble moves; there is nothing to explain")
    return pd.concat(tables, ignore_index=True)


def _answers(found: Ensemble, solved: pd.DataFrame, metals: Iterable[str]) -> dict[str, Array]:
    answers = {name: solved[name].to_numpy(dtype=float) for name in ("cost", *SCOPES, "shortage")}
    shares = found.yearly.pivot_table(
        index="sample", columns="metal", values="foreign_share", aggfunc="mean"
    )
    for metal in metals:
        if metal in shares:
            answers[f"foreign share of {metal}"] = (
                shares[metal].reindex(solved["sample"]).fillna(0.0).to_numpy(dtype=float)
            )
    return answers


def _chance(bias: float, samples: int, inputs: int) -> float:
    """What the largest index of so many inputs without effect passes in one ensemble of twenty.

    Means of classes are normal, so the index of an input without effect is as chi-square with one
    degree less than classes.
    """
    from scipy.special import chdtri

    freedom = _classes(samples) - 1
    return bias * float(chdtri(freedom, CHANCE / inputs)) / freedom


def _classes(samples: int) -> int:
    return min(max(samples // CLASS, LEAST_CLASSES), MOST_CLASSES)


def _first_order(estimate: Any, points: Array, values: Array) -> Array:
    """First-order index of each column of points (N, D), shape (D,), still with the bias of its
    number of classes."""
    edges = np.linspace(0, len(values), _classes(len(values)) + 1)
    return np.array([estimate(values, column, edges) for column in points.T], dtype=float)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """What the plan hangs on, one input at a time.

    `swings`: input, grade, unit, low, value, high (of its first row), for each answer (cost,
    territorial, footprint, shortage) its change at the low and at the high end, `no plan at`, and
    `rank`: the largest change of cost and that of the footprint, each as a share of what it is,
    added up; sorted by it. `turns`: input, grade, unit, year (0: all), value, end (low or high),
    turns_at (the value in that year beyond which the plan has other options; the year is the one in
    which the series moves most), enters, leaves.
    """

    swings: pd.DataFrame
    turns: pd.DataFrame
    cost: float
    """USD, of the study as it is."""
    emissions: Mapping[str, float]


def sensitivity(
    system: System,
    *,
    inputs: Sequence[str] = (),
    grades: Sequence[str] = WEAK,
    statement: str | Path | Mapping[str, Any] | None = None,
    top: int = 20,
    progress: Progress | None = None,
) -> Sensitivity:
    """Move one uncertain input at a time to its low and to its high end, and find where the plan
    turns.

    `inputs`, `grades` and `statement` choose them as for `planner.ensemble`; `top` is for how many
    of the inputs whose plan has other options at an end the turning value is looked for. A series
    moves as a whole. Inputs that the metal balance allows to move only together do so. Raises
    SpecError where nothing is chosen, InfeasibleError where the study has no plan.
    """
    chosen = [
        each
        for each in uncertainty(system, inputs=inputs, grades=grades, statement=statement).inputs
        if not each.tied_to
    ]
    sweep = _Sweep(system, statement)
    ends = [(each, end) for each in chosen for end in ("low", "high")]
    results: list[_Result | None] = []
    for first in range(0, len(ends), BATCH):
        if progress is not None:
            progress(Step("ends of inputs", first, len(ends)))
        results += sweep.at(
            [(each, 1.0 if end == "high" else -1.0) for each, end in ends[first : first + BATCH]]
        )
    at_end = {(each.name, end): result for (each, end), result in zip(ends, results, strict=True)}
    swings = _swings(chosen, at_end, sweep.base)
    rank = {name: i for i, name in enumerate(swings["input"])}
    turning = sorted(
        ((each, end) for each, end in ends if sweep.differs(at_end[each.name, end])),
        key=lambda pair: rank[pair[0].name],
    )
    rows = []
    for number, (each, end) in enumerate(turning[:top]):
        if progress is not None:
            progress(Step("turning values", number, min(top, len(turning))))
        rows.append(sweep.turn(each, end))
    columns = ["input", "grade", "unit", "year", "value", "end", "turns_at", "enters", "leaves"]
    own = sweep.base.answers
    return Sensitivity(
        swings,
        pd.DataFrame(rows, columns=columns),
        own["cost"],
        {scope: own[scope] for scope in SCOPES},
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """The study with one input moved."""

    answers: Mapping[str, float]
    """Cost, emissions by scope, shortage."""
    in_plan: frozenset[str]
    ruled_out: frozenset[str]
    """Processes that no plan of the same cost runs: ties apart, they are surely not in it."""


class _Sweep:
    """The study and its living basis; each variant starts from it."""

    def __init__(self, system: System, statement: str | Path | Mapping[str, Any] | None) -> None:
        every = uncertainty(system, statement=statement).inputs
        self.variants = Variants(Rereader.of(system), every)
        self.followers: dict[str, list[Input]] = {}
        for each in every:
            self.followers.setdefault(each.tied_to or each.name, []).append(each)
        base = self.variants.base
        self.reader = OutcomeReader(base.system, base.arrays)
        self.base = self._result(base.system, base.arrays, self.variants.solution)

    def _result(self, system: System, arrays: Arrays, solution: Solution) -> _Result:
        outcome, names = (
            self.reader.read(system, arrays, solution),
            np.array([*system.processes], dtype=object),
        )
        answers = {"cost": outcome.cost, **outcome.emissions, "shortage": outcome.shortage}
        return _Result(
            answers, frozenset(names[outcome.in_plan]), frozenset(names[outcome.ruled_out])
        )

    def at(self, moves: Sequence[tuple[Input, float]]) -> list[_Result | None]:
        """Results with one input moved each: from -1, its low end, over 0, the study's value, to 1,
        its high end; None without a plan."""
        found: list[_Result | None] = []
        for variant in self.variants.make([self._values(each, share) for each, share in moves]):
            if variant.arrays is None:
                found.append(None)
                continue
            _, solution, _ = self.variants.solve(variant.arrays, self.variants.basis)
            if solution.status not in ("optimal", "infeasible"):
                raise SolverError(
                    f"{moves[len(found)][0].name} moved: the solver ended {solution.status}"
                )
            found.append(
                self._result(variant.system, variant.arrays, solution)
                if solution.status == "optimal"
                else None
            )
        return found

    def _values(self, each: Input, share: float) -> Sample:
        return {one.name: moved(one, share) for one in self.followers.get(each.name, [each])}

    def differs(self, result: _Result | None) -> bool:
        """Whether there is no plan, or one with other options."""
        return result is None or any(self.change(result))

    def change(self, result: _Result) -> tuple[list[str], list[str]]:
        """Processes that enter and that leave the plan. What was tied with another option of equal
        cost, here or there, does neither."""
        return sorted(result.in_plan & self.base.ruled_out), sorted(
            self.base.in_plan & result.ruled_out
        )

    def turn(self, each: Input, end: str) -> dict[str, Any]:
        """Where, on the way to an end, the plan first has other options, by bisection: nearest to
        the study's value."""
        sign, inside, outside = (1.0 if end == "high" else -1.0), 0.0, 1.0
        beyond = self.at([(each, sign)])[0]
        while outside - inside > TURN_WIDTH:
            middle = (inside + outside) / 2
            result = self.at([(each, sign * middle)])[0]
            if self.differs(result):
                outside, beyond = middle, result
            else:
                inside = middle
        enters, leaves = (
            self.change(beyond) if beyond is not None else ([], ["every plan: none is possible"])
        )
        at = int(np.argmax(np.abs(moved(each, sign) - np.array(each.value))))
        turns_at = float(moved(each, sign * (inside + outside) / 2)[at])
        return {
            "input": each.name,
            "grade": each.grade,
            "unit": each.unit,
            "year": each.years[at],
            "value": each.value[at],
            "end": end,
            "turns_at": turns_at,
            "enters": "; ".join(enters),
            "leaves": "; ".join(leaves),
        }


def moved(each: Input, share: float) -> Array:
    """Values of the rows of an input on the way from the study's values (0) to its low (-1) or high
    (1) ends, shape (R,)."""
    own, end = np.array(each.value), np.array(each.high if share > 0 else each.low)
    return np.asarray(np.clip(own + abs(share) * (end - own), each.least, each.most))


def _swings(
    chosen: Sequence[Input], at_end: Mapping[tuple[str, str], _Result | None], base: _Result
) -> pd.DataFrame:
    rows = []
    for each in chosen:
        row: dict[str, Any] = {
            "input": each.name,
            "grade": each.grade,
            "unit": each.unit,
            "low": each.low[0],
            "value": each.value[0],
            "high": each.high[0],
        }
        rank = 0.0
        for answer, value in base.answers.items():
            changes = []
            for end in ("low", "high"):
                result = at_end[each.name, end]
                change = np.nan if result is None else result.answers[answer] - value
                row[f"{answer} at {end}"] = (
                    change if not abs(change) <= CHANGED * abs(value) else 0.0
                )
                changes.append(abs(change))
            known = [change for change in changes if np.isfinite(change)]
            if answer in ("cost", "footprint") and value:
                rank += max(known, default=0.0) / abs(value)
        row["no plan at"] = ", ".join(
            end for end in ("low", "high") if at_end[each.name, end] is None
        )
        row["rank"] = rank
        rows.append(row)
    return pd.DataFrame(rows).sort_values(
        ["rank", "input"], ascending=[False, True], ignore_index=True
    )
