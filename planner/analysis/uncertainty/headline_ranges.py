"""Headlines with their range: the numbers of a plan beside those of an ensemble of its study.

This module alone makes the line, `base (5-50-95 %)`, that report, README and terminal show, and
says where the base lies outside what 5 to 95 % of the samples span.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.answers import (
    KINDS,
    TOTALS,
    Answer,
    Numbers,
    asked,
    headline_shares,
    numbers_of,
)
from planner.analysis.uncertainty.ensemble_folder import SPEC_FILE, kept_tables
from planner.analysis.uncertainty.outcomes import FLOWS
from planner.errors import Problem, SpecError
from planner.runtime.display import LARGE

if TYPE_CHECKING:
    from planner.analysis.uncertainty.ensemble import Ensemble
    from planner.plan.plan import Plan

ENSEMBLE_FOLDER = "ensemble"
"""Folder in a run where its ensemble is looked for."""
SPANNED = (0.05, 0.5, 0.95)
SHOWN = 0.005
"""A share of a mix below this, in the plan and in the samples, is no headline."""
DIGITS = 3
"""Digits of the largest number of a line."""
NEAR = 1e-9
"""Of a number, within which it is not outside a span."""
WORDS: Mapping[str, str] = {
    "cost": "cost",
    "penalty": "penalties",
    "territorial": "emissions at home",
    "footprint": "footprint",
    "shortage": "demand not served",
}
SAMPLES = 512
"""Samples of the ensemble that is proposed."""


@dataclass(frozen=True, slots=True)
class Range:
    """One headline: the number of the plan, and the quantiles of the samples (SPANNED)."""

    answer: Answer
    base: float
    quantiles: tuple[float, ...]
    """Empty where there is no ensemble."""
    unit: str

    @property
    def outside(self) -> bool:
        """Return True if the base lies outside what the samples span from 5 to 95 %."""
        if not self.quantiles or not np.isfinite(self.base):
            return False
        low, _, high = self.quantiles
        room = NEAR * max(abs(self.base), abs(low), abs(high))
        return not low - room <= self.base <= high + room

    @property
    def name(self) -> str:
        """The headline in words."""
        if self.answer.kind == "share":
            source = self.answer.who.replace("-", " ")
            return f"{self.answer.of} {self.answer.year}, {source}"
        if not self.answer.of:
            return WORDS[self.answer.kind]
        return self.answer.text

    @property
    def line(self) -> str:
        """The number of the plan with its range: 66 % (42-58-70)."""
        numbers = [self.base, *self.quantiles]
        figures, unit = _figures(numbers, self.unit)
        between = " to " if min(np.nan_to_num(numbers)) < 0 else "-"
        span = f" ({between.join(figures[1:])})" if self.quantiles else ""
        return " ".join(filter(None, (figures[0], unit))) + span


def _figures(numbers: Sequence[float], unit: str) -> tuple[list[str], str]:
    """Numbers in words, all in one multiple of the unit, and that."""
    if unit == "year":
        return [_text(number, ".0f") for number in numbers], ""
    if unit == "1":
        return [_text(100 * number, ".0f") for number in numbers], "%"
    largest = max(abs(np.nan_to_num(numbers)))
    word, size = next(((w, s) for w, s in LARGE if largest >= s), ("", 1.0))
    digits = max(0, DIGITS - 1 - int(np.floor(np.log10(largest / size)))) if largest else 0
    plain = unit.replace("tCO2e", "t CO2e").replace("_", " of ")
    return [_text(number / size, f",.{digits}f") for number in numbers], f"{word} {plain}".strip()


def _text(number: float, form: str) -> str:
    return "none" if number != number else f"{number:{form}}"


@dataclass(frozen=True, slots=True, eq=False)
class HeadlineRanges:
    """The headlines of a plan, with their ranges where there is an ensemble."""

    ranges: tuple[Range, ...]
    samples: int
    """Samples of the ensemble; 0 where there is none."""
    solved: int
    """Of these, those with a plan, which the quantiles are of."""
    drawn_back: int
    """Of these, those in which inputs contradicted the metal balance."""
    command: str
    """Makes the ensemble."""

    @property
    def outside(self) -> tuple[Range, ...]:
        """Headlines whose base lies outside what the samples span."""
        return tuple(each for each in self.ranges if each.outside)

    @property
    def said(self) -> str:
        """One sentence: what the ranges are, or how to make them."""
        if not self.samples:
            return f"The headlines have no range yet; make it with: {self.command}"
        drawn = f", {self.drawn_back} of them drawn back" if self.drawn_back else ""
        return (
            f"Beside each headline stand the 5, 50 and 95 % quantiles of {self.solved} of "
            f"{self.samples} samples of the uncertain inputs that have a plan{drawn}."
        )

    @property
    def warning(self) -> str:
        """One sentence where the base lies outside its range; empty where it does not."""
        if not self.outside:
            return ""
        named = "; ".join(f"{each.name} {each.line}" for each in self.outside)
        return (
            f"{len(self.outside)} of {len(self.ranges)} headlines lie outside the range of the "
            f"study's own inputs: {named}."
        )

    def table(self) -> pd.DataFrame:
        """Columns: answer, headline, unit, base, one for each quantile (NaN without an ensemble),
        outside, line."""
        rows = []
        for each in self.ranges:
            quantiles = each.quantiles or (np.nan,) * len(SPANNED)
            spans = {f"q{q:g}": v for q, v in zip(SPANNED, quantiles, strict=True)}
            own = {"answer": each.answer.text, "headline": each.name, "unit": each.unit}
            rows.append(
                {**own, "base": each.base, **spans, "outside": each.outside, "line": each.line}
            )
        return pd.DataFrame(rows)

    def markdown(self) -> str:
        """The headlines as a table of Markdown, the mix of each metal by year; a base outside its
        range is marked with *."""
        rows = ["| headline | base (5-50-95 %) |", "|---|---|"]
        for each in self.ranges:
            rows.append(f"| {each.name} | {each.line}{' *' if each.outside else ''} |")
        return "\n".join([*rows, "", self.said, *([self.warning] if self.outside else [])])


def headlines(
    plan: Plan,
    ensemble: Ensemble | str | Path | None = None,
    *,
    answers: Sequence[str] = (),
    run: str = "RUN",
) -> HeadlineRanges:
    """The headlines of a plan (cost, emissions, the mix of every metal in the headline years, and
    the `answers` asked for), each with its range in an ensemble of the same study, scenario and
    numbers: one in memory, or its folder. `run` is the folder of the plan, for the command that
    makes the ensemble.

    Raises SpecError where the ensemble is of other inputs or an answer is none, OutputError where
    the folder cannot be read or was altered.
    """
    base, system = numbers_of(plan), plan.system
    wanted = [Answer(name, name) for name in TOTALS] + [*headline_shares(system)]
    wanted += [each for each in asked(system, answers) if each not in wanted]
    draws = _Draws.of(ensemble, plan)
    found = tuple(_ranges(wanted, base, draws))
    counts = (0, 0, 0) if draws is None else draws.counts
    return HeadlineRanges(found, *counts, command=_command(plan, run))


def beside(run: Path, named: Path | None = None) -> Path | None:
    """The folder of the ensemble of a run: the one named, or `ensemble` in the run where there is
    one."""
    own = run / ENSEMBLE_FOLDER
    return named if named is not None else own if (own / SPEC_FILE).is_file() else None


def _command(plan: Plan, run: str = "RUN") -> str:
    record = plan.record
    scenario = f" --scenario {record.scenario}" if record.scenario else ""
    changes = "".join(f" --set {path}='{value}'" for path, value in record.overrides.items())
    samples = f" --samples {SAMPLES} --out {run}/{ENSEMBLE_FOLDER}"
    return f"planner ensemble {record.study}{scenario}{changes}{samples}"


def _ranges(wanted: Sequence[Answer], base: Numbers, draws: _Draws | None) -> Iterator[Range]:
    currency = f"USD_{base.system.currency_year}"
    for answer in wanted:
        own, drawn = float(answer.read(base)), np.zeros(0)
        if draws is not None and draws.can_read(answer):
            drawn = draws.read(answer)
            drawn = drawn[np.isfinite(drawn)]
        quantiles = tuple(np.quantile(drawn, SPANNED).tolist()) if len(drawn) else ()
        largest = max(np.nan_to_num([own, *quantiles]), key=abs)
        least = SHOWN if answer.kind == "share" else 0.0
        if abs(largest) > least or answer.kind == "cost":
            yield Range(answer, own, quantiles, answer.unit.replace("USD", currency))


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """The samples with a plan of an ensemble."""

    headline: pd.DataFrame
    numbers: Numbers
    counts: tuple[int, int, int]

    @classmethod
    def of(cls, ensemble: Ensemble | str | Path | None, plan: Plan) -> _Draws | None:
        """The samples of an ensemble of the plan's own study; None where there is none."""
        if ensemble is None:
            return None
        if isinstance(ensemble, str | Path):
            record, tables = kept_tables(Path(ensemble))
            headline, yearly, place = tables["headline"], tables["yearly"], str(ensemble)
        else:
            record, place = ensemble.record, "ensemble"
            headline, yearly = ensemble.headline, ensemble.yearly
        if record.get("inputs_hash") != plan.record.inputs_hash:
            message = (
                f"is an ensemble of {record.get('study')} [{record.get('scenario') or 'base'}] "
                f"with other inputs than the run; make one with: {_command(plan)}"
            )
            raise SpecError("ensemble", [Problem(place, 0, "", message)])
        solved = headline[headline["status"] == "optimal"].sort_values("sample")
        drawn = int((solved["drawn_back"] > 0).sum())
        numbers = _numbers(plan, solved, yearly)
        return cls(solved, numbers, (len(headline), len(solved), drawn))

    def can_read(self, answer: Answer) -> bool:
        """Return True if the samples hold what the answer is read from."""
        return answer.text in self.headline or KINDS[answer.kind].by_metal

    def read(self, answer: Answer) -> Any:
        """The answer of each sample with a plan."""
        if answer.text in self.headline:
            return self.headline[answer.text].to_numpy(dtype=float)
        return np.asarray(answer.read(self.numbers), dtype=float)


def _numbers(plan: Plan, solved: pd.DataFrame, yearly: pd.DataFrame) -> Numbers:
    """Quantities of each metal by year and sample, shape (S, M, T)."""
    system = plan.system
    order = {metal: i for i, metal in enumerate(system.metals)}
    rows = yearly.assign(at=yearly["metal"].map(order)).sort_values(["sample", "at", "year"])
    shape = (len(solved), len(system.metals), len(system.periods))
    flows = {name: rows[name].to_numpy(dtype=float).reshape(shape) for name in FLOWS}
    totals = {name: solved[name].to_numpy(dtype=float) for name in TOTALS}
    return Numbers(system, totals, flows, rows["price"].to_numpy(dtype=float).reshape(shape), {})
