r"""The value of better data: which uncertain inputs the answers hang on, and at which values the
plan turns.

Two views, that need each other:

- *Drivers*, from an ensemble: the share of the variance of an answer that would be gone if one
  input were known exactly, all others as uncertain as they are (first-order index,
  $S_i = V[E(y \mid x_i)] / V[y]$, estimated from the sample by classes of equal frequency, as SALib
  does it: Plischke, Borgonovo and Smith 2013, European Journal of Operational Research 226,
  536-550). Inputs without effect measure what chance alone reaches: its mean is subtracted, and an
  index is real above what the largest of as many inputs without effect passes in one ensemble of
  twenty.
- *Swings and turns*, one input at a time from the study's own values: how far an answer moves
  between its low and high end, and the value beyond which another set of options is in the plan.
  Ranked over the inputs of grade C and D, that is the list of what to measure next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.answers import HEADLINES, Answer, asked
from planner.analysis.uncertainty.ensemble import Ensemble
from planner.analysis.uncertainty.headline_inputs import headline_inputs, weak_by_metal
from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.sampling import uncertainty
from planner.analysis.uncertainty.sweep import Move, Result, Sweep
from planner.errors import OutputError
from planner.runtime.extras import needed
from planner.runtime.progress import Progress, Step
from planner.system.nouns import SCOPES, Array, System

WEAK = ("C", "D")
"""Grades of inputs that better data could replace."""
CHANCE = 0.05
"""Share of ensembles in which an input without effect may be taken for a real one."""
BLANKS = 200
"""Inputs without effect that chance is measured with."""
CLASS = 32
"""Samples in a class, as far as the number of classes stays within the next two."""
MIN_CLASSES, MAX_CLASSES = 4, 32
MIN_SAMPLES = 64
"""Samples with a plan below which drivers are not told from chance."""
ENDS = ("low", "value", "high")
TURN_COLUMNS = ("input", "grade", "unit", "year", "value", "end", "turns_at", "enters", "leaves")
MOVE_COLUMNS = (
    "answer",
    "answer_unit",
    "base",
    "input",
    "grade",
    "unit",
    *ENDS,
    "at low",
    "at high",
    "moved",
)
ANSWERS = ("cost", "penalty", *SCOPES, "shortage")
RANKED = (("cost", "penalty"), ("footprint",))
"""Answers whose changes rank the inputs: cost and penalties together, the objective, and carbon."""
CHANGED = 1e-6
"""A swing below this share of the answer is none."""


def drivers(found: Ensemble, *, metals: Iterable[str] = (), seed: int = 0) -> pd.DataFrame:
    """Share of the variance of each answer that each input explains by itself.

    Answers: cost, penalty, territorial, footprint, shortage, for each metal its mean share of
    foreign supply, and what the ensemble was asked for. Columns: answer, input, grade, share,
    chance (what the largest of as many inputs without effect passes in one ensemble of twenty),
    real (share above chance), unit, low, value, high of the first row of the input. Only samples
    with a plan count. Raises OutputError where SALib is missing or there are too few.
    """
    estimate = needed("SALib.analyze.delta", "ensemble").sobol_first
    solved = found.headline[found.headline["status"] == "optimal"]
    if len(solved) < MIN_SAMPLES:
        raise OutputError(
            f"{len(solved)} samples with a plan are too few to tell drivers from chance; take "
            f"{MIN_SAMPLES} or more"
        )
    free = [each for each in found.uncertain.inputs if not each.tied_to]
    points = _points(found, solved, free)
    blanks = np.random.default_rng(seed).random((len(points), BLANKS))
    answers = _answers(found, solved, metals or found.yearly["metal"].unique())
    tables = [
        _driver_table(answer, free, *_shares(estimate, points, blanks, values))
        for answer, values in answers.items()
        if _moves(values)
    ]
    if not tables:
        raise OutputError("no answer of this ensemble moves; there is nothing to explain")
    return pd.concat(tables, ignore_index=True)


def _points(found: Ensemble, solved: pd.DataFrame, free: Sequence[Input]) -> Array:
    """One number for each solved sample and input, shape (N, D): its quantile, or the mean of
    those of its years."""
    at = found.uncertain.columns()
    return np.column_stack(
        [found.quantiles[solved["sample"], at[each.name]].mean(axis=1) for each in free]
    )


def _moves(values: Array) -> bool:
    return bool(np.ptp(values) > CHANGED * np.abs(values).max())


def _shares(estimate: Any, points: Array, blanks: Array, values: Array) -> tuple[Array, float]:
    """Share of the variance of an answer that each input explains, shape (D,), and what chance
    reaches; both without the bias of the estimate, which inputs without effect show."""
    bias = float(_first_order(estimate, blanks, values).mean())
    raw, chance = _first_order(estimate, points, values), _chance(bias, *points.shape)
    return (raw - bias) / (1 - bias), (chance - bias) / (1 - bias)


def _driver_table(answer: str, free: Sequence[Input], share: Array, chance: float) -> pd.DataFrame:
    own = pd.DataFrame([_first_row(each) for each in free])
    explained: dict[str, Any] = {"share": share, "chance": chance, "real": share > chance}
    columns = ["answer", "input", "grade", "share", "chance", "real", "unit", *ENDS]
    return own.assign(answer=answer, **explained)[columns].sort_values(
        ["share", "input"], ascending=[False, True]
    )


def _first_row(each: Input) -> dict[str, Any]:
    """An input as the tables show it: by the ends and the value of its first row."""
    return {
        "input": each.name,
        "grade": each.grade,
        "unit": each.unit,
        "low": each.low[0],
        "value": each.value[0],
        "high": each.high[0],
    }


def _answers(found: Ensemble, solved: pd.DataFrame, metals: Iterable[str]) -> dict[str, Array]:
    answers = {name: solved[name].to_numpy(dtype=float) for name in ANSWERS}
    shares = found.yearly.pivot_table(
        index="sample", columns="metal", values="foreign_share", aggfunc="mean"
    )
    for metal in metals:
        if metal in shares:
            answers[f"foreign share of {metal}"] = (
                shares[metal].reindex(solved["sample"]).fillna(0.0).to_numpy(dtype=float)
            )
    for each in found.asked:
        values = solved[each.text].to_numpy(dtype=float)
        # a year of shortage that some samples do not have: those count as later than any
        if np.isfinite(values).any():
            answers[each.text] = np.where(np.isfinite(values), values, np.nanmax(values) + 1)
    return answers


def _chance(bias: float, samples: int, inputs: int) -> float:
    """Value that the largest index of so many inputs without effect passes in one ensemble of
    twenty.

    Means of classes are normal, so the index of an input without effect is distributed as
    chi-square with one degree of freedom less than there are classes.
    """
    from scipy.special import chdtri

    freedom = _classes(samples) - 1
    return bias * float(chdtri(freedom, CHANCE / inputs)) / freedom


def _classes(samples: int) -> int:
    return min(max(samples // CLASS, MIN_CLASSES), MAX_CLASSES)


def _first_order(estimate: Any, points: Array, values: Array) -> Array:
    """First-order index of each column of points (N, D), shape (D,), still with the bias of its
    number of classes."""
    edges = np.linspace(0, len(values), _classes(len(values)) + 1)
    return np.array([estimate(values, column, edges) for column in points.T], dtype=float)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The inputs that the plan hangs on, one at a time.

    `swings`: input, grade, unit, low, value, high (of its first row), for each answer (cost,
    penalty, territorial, footprint, shortage) its change at the low and at the high end, `no plan
    at`, and `rank`: the largest change of cost and penalties together and that of the footprint,
    each as a share of what it is, added up; sorted by it. `turns`: input, grade, unit, year (0:
    all), value, end (low or high), turns_at (the value in that year beyond which the plan has other
    options; the year is the one in which the series moves most), enters, leaves. `moves`: a row for
    each answer that was asked for and each input that moves it: answer, answer_unit, base, input,
    grade, unit, low, value, high, `at low` and `at high` (the answer there), `moved` (its largest
    change); by answer, ranked by it. `headlines`: what
    `planner.analysis.uncertainty.headline_inputs` finds, where it was asked for, and `weak` the
    inputs not of grade A or B by metal, ranked by the share of its mix that they move.
    """

    swings: pd.DataFrame
    turns: pd.DataFrame
    moves: pd.DataFrame
    headlines: pd.DataFrame
    weak: pd.DataFrame
    cost: float
    """USD, of the study as it is, penalties left out."""
    penalty: float
    """USD, of the study as it is."""
    emissions: Mapping[str, float]


def sensitivity(
    system: System,
    *,
    inputs: Sequence[str] = (),
    grades: Sequence[str] | None = None,
    answers: Sequence[str] = (),
    statement: str | Path | Mapping[str, Any] | None = None,
    top: int = 20,
    progress: Progress | None = None,
) -> Sensitivity:
    """Move one uncertain input at a time to its low and to its high end, and find where the plan
    turns.

    `inputs`, `grades` and `statement` choose them as for `planner.ensemble`; without `grades` those
    of grade C and D, or of every grade where `answers` ask for the headlines. `answers`
    (`planner.analysis.uncertainty.answers`) are read off the same solves, one for each end of an
    input. `top` is for how many of the inputs whose plan has other options at an end the turning
    value is looked for. A series moves as a whole. Inputs that the metal balance allows to move
    only together do so. Raises SpecError where nothing is chosen or an answer is none,
    InfeasibleError where the study has no plan.
    """
    wanted = asked(system, answers)
    headed = HEADLINES in ",".join(answers).split(",")
    grades = (() if headed else WEAK) if grades is None else grades
    every = uncertainty(system, inputs=inputs, grades=grades, statement=statement).inputs
    chosen = [each for each in every if not each.tied_to]
    sweep = Sweep(system, statement, wanted)
    results = sweep.at_ends(chosen, progress)
    swings = _swings(chosen, results, sweep.base)
    rank = {name: i for i, name in enumerate(swings["input"])}
    turning = sorted(
        (move for move, result in results.items() if sweep.differs(result)),
        key=lambda move: rank[move.input.name],
    )
    return Sensitivity(
        swings,
        pd.DataFrame([*_turns(sweep, turning[:top], progress)], columns=TURN_COLUMNS),
        _moves_table(system, wanted, results, sweep.base),
        headline_inputs(sweep, chosen, results, progress) if headed else pd.DataFrame(),
        weak_by_metal(sweep, chosen, results) if headed else pd.DataFrame(),
        sweep.base.answers["cost"],
        sweep.base.answers["penalty"],
        {scope: sweep.base.answers[scope] for scope in SCOPES},
    )


def _turns(
    sweep: Sweep, moves: Sequence[Move], progress: Progress | None
) -> Iterator[dict[str, Any]]:
    for number, move in enumerate(moves):
        if progress is not None:
            progress(Step("turning values", number, len(moves)))
        yield sweep.turn(move)


def _moves_table(
    system: System,
    wanted: Sequence[Answer],
    results: Mapping[Move, Result | None],
    base: Result,
) -> pd.DataFrame:
    """How far each input moves each answer that was asked for, ranked within it."""
    chosen = dict.fromkeys(move.input for move in results)
    rows = []
    for answer in wanted:
        for each in chosen:
            ends = {end: results[Move(each, end)] for end in ("low", "high")}
            at = {e: np.nan if r is None else r.asked[answer.text] for e, r in ends.items()}
            own = base.asked[answer.text]
            change = max((abs(v - own) for v in at.values() if np.isfinite(v - own)), default=0.0)
            appears = any(np.isfinite(v) != np.isfinite(own) for v in at.values())
            if change > CHANGED * max(abs(own), CHANGED) or appears:
                unit = answer.unit.replace("USD", f"USD_{system.currency_year}")
                asked_of = {"answer": answer.text, "answer_unit": unit, "base": own}
                moved_to = {"at low": at["low"], "at high": at["high"], "moved": change}
                rows.append({**asked_of, **_first_row(each), **moved_to})
    order = {answer.text: i for i, answer in enumerate(wanted)}
    table = pd.DataFrame(rows, columns=MOVE_COLUMNS)
    return table.sort_values(
        ["answer", "moved", "input"],
        ascending=[True, False, True],
        key=lambda c: c.map(order) if c.name == "answer" else c,
        ignore_index=True,
    )


def _swings(
    chosen: Sequence[Input], results: Mapping[Move, Result | None], base: Result
) -> pd.DataFrame:
    rows = [
        _swing(each, {end: results[Move(each, end)] for end in ("low", "high")}, base)
        for each in chosen
    ]
    return pd.DataFrame(rows).sort_values(
        ["rank", "input"], ascending=[False, True], ignore_index=True
    )


def _swing(each: Input, ends: Mapping[str, Result | None], base: Result) -> dict[str, Any]:
    """The row of an input in the table of swings."""
    changes = {
        answer: {
            end: np.nan if result is None else result.answers[answer] - value
            for end, result in ends.items()
        }
        for answer, value in base.answers.items()
    }
    shown = {
        f"{answer} at {end}": _without_rounding(change, base.answers[answer])
        for answer, by_end in changes.items()
        for end, change in by_end.items()
    }
    without = ", ".join(end for end, result in ends.items() if result is None)
    rank = sum((_largest_share(changes, base.answers, together) for together in RANKED), 0.0)
    return {**_first_row(each), **shown, "no plan at": without, "rank": rank}


def _without_rounding(change: float, value: float) -> float:
    return 0.0 if abs(change) <= CHANGED * abs(value) else change


def _largest_share(
    changes: Mapping[str, Mapping[str, float]],
    answers: Mapping[str, float],
    together: Sequence[str],
) -> float:
    """The largest known change at an end of answers taken together, as a share of their value; 0
    where that is 0."""
    value = sum(answers[answer] for answer in together)
    if not value:
        return 0.0
    ends = (sum(each) for each in zip(*(changes[a].values() for a in together), strict=True))
    return max((abs(each) for each in ends if np.isfinite(each)), default=0.0) / abs(value)
