"""One study under uncertain inputs: hundreds or thousands of plans, and what they have in common.

A sample gives every uncertain input a value (`planner.analysis.uncertainty.sampling`), and the
programme is solved for it. Samples come in blocks of fixed size. Each block starts from the same
basis, that of the study itself, and its samples follow one another: so a block is a pure function
of the study and its quantiles, and the results are the same to the last digit with any number of
workers, on a cluster, and after an interruption.

An ensemble folder holds `ensemble.json` (what was asked), `inputs.csv`, the study in `inputs/`, and
four tables as Parquet, one file for each block: `headline` (a row for each sample), `yearly`
(sample, metal, year), `options` (sample, process or plant) and `observed` (sample, observation of
the study). The seal of a block, the hashes of
its files, is written last and marks it as done; a run that was stopped goes on where it was.

One sample in 64 is solved a second time, as a monolithic programme from a cold start, and compared:
neither decomposition nor a warm start may change an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property, lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from planner.analysis.hindcast.observed_values import ObservedValues
from planner.analysis.uncertainty.answers import Answer, asked, numbers_at, read
from planner.analysis.uncertainty.ensemble_folder import TABLES, EnsembleFolder, Tables
from planner.analysis.uncertainty.inputs import Input, Uncertainty
from planner.analysis.uncertainty.outcomes import (
    UNITS,
    Outcome,
    OutcomeReader,
    observed_table,
    option_table,
    yearly_table,
)
from planner.analysis.uncertainty.sampling import Sampler, draw, uncertainty
from planner.analysis.uncertainty.variants import Variant, Variants
from planner.errors import OutputError
from planner.lp.arrays import plain_name
from planner.runtime.extras import planner_version
from planner.runtime.progress import Progress, Step
from planner.runtime.run_folder import followed, reserved
from planner.runtime.workers import answers, default_workers
from planner.study.reader import Rereader
from planner.system.discoveries import Find, finds
from planner.system.nouns import SCOPES, Array, System

BLOCK = 32
"""Samples of a block."""
CHECKED = 2 * BLOCK
"""One sample in this many is solved a second time."""
FORMAT_VERSION = 3
"""2 seals its blocks, and has cost and penalty apart in the headline; 3 says what each sample makes
of the observations of the study."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ROBUST = 0.9
"""An option that is in the plan in this share of samples is robust."""
REPORTS = 20
"""Number of progress reports of a run."""
SHORT = 1e-6
"""Less than this share of the requirement unserved is rounding."""


@dataclass(frozen=True, eq=False)
class Job:
    """The study and its uncertain inputs, as a worker needs them; equal where their keys are."""

    files: Mapping[str, bytes]
    name: str
    scenario: str
    overrides: Mapping[str, str]
    inputs: tuple[Input, ...]
    version: str
    asked: tuple[Answer, ...] = ()
    """Answers that are read off every sample."""
    seed: int = 0
    """Of the discoveries of a study that has any."""

    @cached_property
    def key(self) -> str:
        """Digest of the job, under which a worker keeps what it has made ready."""
        digest = hashlib.sha256(
            repr(
                (
                    sorted(self.files.items()),
                    self.scenario,
                    sorted(self.overrides.items()),
                    self.inputs,
                    *([self.asked] if self.asked else []),
                    *([self.seed] if self.seed else []),
                )
            ).encode()
        )
        return digest.hexdigest()

    @classmethod
    def of(
        cls,
        system: System,
        inputs: tuple[Input, ...],
        asked: tuple[Answer, ...] = (),
        seed: int = 0,
    ) -> Self:
        return cls(
            dict(system.files),
            system.name,
            system.scenario,
            dict(system.overrides),
            inputs,
            planner_version(),
            asked,
            seed if system.discoveries else 0,
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.key == self.key


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The samples of a study and their outcomes.

    `headline`: sample, status, reason, drawn_back, cost and penalty (USD, apart), territorial,
    footprint (t CO2e over all years), shortage (t over all years), check, and a column for each
    answer that was asked for. `yearly`: sample, metal,
    year, and a column for each of `planner.analysis.uncertainty.outcomes.UNITS`. `options`: sample,
    kind (process or plant), name, value (activity or orders over all years), in_plan. `observed`:
    sample, and for each observation of a year of the study its name, metal, source, target,
    quantity, year and the value in the sample (t/year, share or USD/t).
    """

    uncertain: Uncertainty
    quantiles: Array
    """Shape (samples, D): what each sample drew."""
    headline: pd.DataFrame
    yearly: pd.DataFrame
    options: pd.DataFrame
    record: Mapping[str, Any] = field(repr=False)
    asked: tuple[Answer, ...] = ()
    """Answers that were asked for."""
    observed: pd.DataFrame = field(default_factory=pd.DataFrame)
    discoveries: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What each sample finds: sample, discovery, deposit, plant, year, ore (t), grade (t/t),
    capacity (t of metal per year), life (years), opens (year)."""

    @property
    def solved(self) -> int:
        """Number of samples with a plan."""
        return int((self.headline["status"] == "optimal").sum())

    def values(self, name: str) -> pd.DataFrame:
        """Values that the samples drew for an input, before any drawing back: sample, year (0: all
        years), value, unit."""
        each = next((i for i in self.uncertain.inputs if i.name == name), None)
        if each is None:
            raise KeyError(name)
        drawn = each.at(self.quantiles[:, self.uncertain.columns()[name]])
        samples = np.arange(len(drawn))
        return pd.DataFrame(
            {
                "sample": np.repeat(samples, len(each.years)),
                "year": np.tile(each.years, len(samples)),
                "value": drawn.ravel(),
                "unit": each.unit,
            }
        )

    def fan(
        self, metal: str, quantity: str, quantiles: tuple[float, ...] = QUANTILES
    ) -> pd.DataFrame:
        """Quantiles over the samples of a yearly quantity: year, quantile, value, unit."""
        mine = self.yearly[self.yearly["metal"] == metal]
        if quantity not in UNITS or not len(mine):
            raise KeyError(
                f"{metal}, {quantity}: one of the metals of the study and of {', '.join(UNITS)}"
            )
        found = (
            mine.groupby("year")[quantity]
            .quantile(np.array(quantiles))
            .rename_axis(["year", "quantile"])
            .rename("value")
            .reset_index()
        )
        return found.assign(unit=UNITS[quantity].replace("USD", self.record["currency"]))

    def shortage_probability(self) -> pd.DataFrame:
        """Share of samples in which a metal falls short, by year, and the mean shortage of these:
        metal, year, probability, mean_shortage."""
        short = self.yearly["shortage"] > SHORT * self.yearly["requirement"]
        frame = self.yearly[["metal", "year"]].assign(
            probability=short.astype(float), mean_shortage=self.yearly["shortage"].where(short)
        )
        return (
            frame.groupby(["metal", "year"], as_index=False).mean().fillna({"mean_shortage": 0.0})
        )

    def robust_options(self) -> pd.DataFrame:
        """Share of samples with each option in the plan: kind, name, share, median value where it
        is, robust (in ROBUST of them)."""
        frame = self.options.assign(inside=self.options["value"].where(self.options["in_plan"]))
        found = frame.groupby(["kind", "name"], as_index=False).agg(
            share=("in_plan", "mean"), median=("inside", "median")
        )
        found = found.assign(robust=found["share"] >= ROBUST)
        return found.sort_values(
            ["kind", "share", "name"], ascending=[True, False, True], ignore_index=True
        )

    def summary(self, quantiles: tuple[float, ...] = QUANTILES) -> pd.DataFrame:
        """Quantiles of the headline answers and of those asked for: answer, unit, one column for
        each quantile. Samples in which an answer has no number (no year of shortage) are left out
        of its quantiles."""
        units: dict[str, str] = dict.fromkeys(("cost", "penalty"), self.record["currency"])
        units |= {"shortage": "t"} | dict.fromkeys(SCOPES, "tCO2e")
        units |= {a.text: a.unit.replace("USD", self.record["currency"]) for a in self.asked}
        optimal = self.headline[self.headline["status"] == "optimal"]
        rows = [
            {
                "answer": name,
                "unit": unit,
                **{f"q{q:g}": float(optimal[name].quantile(q)) for q in quantiles},
            }
            for name, unit in units.items()
            if len(optimal)
        ]
        return pd.DataFrame(rows)


def ensemble(
    system: System,
    *,
    samples: int = 256,
    seed: int = 0,
    sampler: Sampler = "lhs",
    inputs: tuple[str, ...] = (),
    grades: tuple[str, ...] = (),
    answers: Sequence[str] = (),
    statement: str | Path | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    cluster: str = "",
    progress: Progress | None = None,
) -> Ensemble:
    """Solve a study for samples of its uncertain inputs.

    `inputs`, `grades` and `statement` choose and describe what is uncertain
    (`planner.analysis.uncertainty.sampling.uncertainty`). `answers` are read off every sample
    (`planner.analysis.uncertainty.answers`). With `out` the results are written there
    block by block, and what is there already of the same ensemble is not done again; their number
    may grow. `workers` are local processes (all processors where not given), `cluster` the address
    of a Dask scheduler. Raises SpecError for a wrong statement, InfeasibleError where the study
    itself has no plan, OutputError where the folder holds something else, SolverError where the
    cold solve of a sample differs.
    """
    uncertain = uncertainty(system, inputs=inputs, grades=grades, statement=statement)
    quantiles = draw(uncertain, samples, seed=seed, sampler=sampler)
    wanted = asked(system, answers)
    blocks = _Blocks(Job.of(system, uncertain.inputs, wanted, seed), quantiles)
    record = _record(system, uncertain, blocks.job, samples=samples, seed=seed, sampler=sampler)
    with reserved(out, replace=True) if out is not None else nullcontext():
        kept = (
            _Memory() if out is None else EnsembleFolder(followed(out), record, system, uncertain)
        )
        found = discovery_table(system, samples, seed)
        if isinstance(kept, EnsembleFolder) and system.discoveries:
            kept.add("discoveries.csv", found)
        _solve(blocks, kept, workers=workers, cluster=cluster, progress=progress)
        together = _together(blocks, kept)
        return Ensemble(
            uncertain, quantiles, record=record, asked=wanted, discoveries=found, **together
        )


def discovery_table(system: System, samples: int, seed: int) -> pd.DataFrame:
    """What the samples find, at the study's own numbers: sample, discovery, deposit, plant, year,
    ore (t), grade (t/t), capacity (t of metal per year), life (years), opens (year)."""
    names = [each.name for each in fields(Find)]
    rows = [
        (sample, *astuple(find))
        for sample in range(samples if system.discoveries else 0)
        for find in finds(system, seed=seed, sample=sample)
    ]
    return pd.DataFrame(rows, columns=["sample", *names])


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """The samples of an ensemble, in blocks of fixed size that are numbered from 0."""

    job: Job
    quantiles: Array
    """Shape (samples, D)."""

    @property
    def numbers(self) -> range:
        return range(-(-len(self.quantiles) // BLOCK))

    def size(self, block: int) -> int:
        return min(BLOCK, len(self.quantiles) - block * BLOCK)

    def task(self, block: int) -> tuple[Any, ...]:
        """Arguments of `solve_block`."""
        first = block * BLOCK
        return self.job, first, self.quantiles[first : first + BLOCK]


class _Memory:
    """Solved blocks, kept in memory."""

    def __init__(self) -> None:
        self._blocks: dict[int, Tables] = {}

    def has(self, block: int, size: int) -> bool:
        return block in self._blocks

    def write(self, block: int, tables: Tables) -> None:
        self._blocks[block] = tables

    def read(self, block: int) -> Tables:
        return self._blocks[block]


def _solve(
    blocks: _Blocks,
    kept: _Memory | EnsembleFolder,
    *,
    workers: int | None,
    cluster: str,
    progress: Progress | None,
) -> None:
    """Solve the blocks that are not there yet, and keep them."""
    done = {b for b in blocks.numbers if kept.has(b, blocks.size(b))}
    reports = _Reports(progress, len(blocks.quantiles), sum(map(blocks.size, done)))
    tasks: dict[Hashable, tuple[Any, ...]] = {
        b: blocks.task(b) for b in blocks.numbers if b not in done
    }
    for block, tables in answers(
        solve_block,
        tasks,
        workers=default_workers() if workers is None else workers,
        cluster=cluster,
        prepare=partial(ready, blocks.job),
    ):
        assert isinstance(block, int)
        kept.write(block, tables)
        reports.more(blocks.size(block))


def _together(blocks: _Blocks, kept: _Memory | EnsembleFolder) -> dict[str, pd.DataFrame]:
    """The tables of all blocks; a block of the folder may hold more samples than are asked for."""
    each = [kept.read(b) for b in blocks.numbers]
    wanted = len(blocks.quantiles)
    return {
        name: pd.concat(
            [tables[name][tables[name]["sample"] < wanted] for tables in each], ignore_index=True
        )
        for name in TABLES
    }


class _Reports:
    """Reports how many samples are done, some twenty times in all."""

    def __init__(self, progress: Progress | None, samples: int, done: int) -> None:
        self.progress, self.samples, self.done, self.said = progress, samples, done, -samples
        self.more(0)

    def more(self, count: int) -> None:
        self.done += count
        if self.progress is not None and self._is_due:
            self.said = self.done
            self.progress(Step("samples", self.done, self.samples))

    @property
    def _is_due(self) -> bool:
        return (self.done - self.said) * REPORTS >= self.samples > self.done


def _record(
    system: System, uncertain: Uncertainty, job: Job, *, samples: int, seed: int, sampler: Sampler
) -> dict[str, Any]:
    """The specification of an ensemble: the content of its `ensemble.json`."""
    joined = (
        ""
        if uncertain.correlation is None
        else hashlib.sha256(uncertain.correlation.tobytes()).hexdigest()
    )
    return {
        "format_version": FORMAT_VERSION,
        "study": system.name,
        "title": system.title,
        "scenario": system.scenario,
        "overrides": dict(system.overrides),
        "inputs_hash": system.inputs_hash,
        "ensemble_hash": job.key,
        "correlation_hash": joined,
        "seed": seed,
        "sampler": sampler,
        "block": BLOCK,
        "samples": samples,
        **({"answers": [each.text for each in job.asked]} if job.asked else {}),
        "currency": f"USD_{system.currency_year}",
        "versions": {
            "planner": planner_version(),
            **{name: version(name) for name in ("pyomo", "highspy", "scipy", "numpy")},
        },
    }


# ---- one block, on whichever machine


@lru_cache(maxsize=2)
def ready(job: Job) -> tuple[Variants, OutcomeReader, ObservedValues]:
    """Parse and solve the study of a job, once in each worker; the results are kept."""
    variants = Variants(Rereader(job.files, job.name, job.scenario, job.overrides), job.inputs)
    system = variants.base.system
    seen = ObservedValues([o for o in system.observations if o.year in system.years])
    return variants, OutcomeReader(system, variants.base.arrays), seen


def solve_block(job: Job, first: int, quantiles: Array) -> Tables:
    """The tables of the samples `first`, `first` + 1, ... with these quantiles, shape (B, D): a
    pure function of its arguments."""
    _require_same_version(job)
    maker, reader, seen = ready(job)
    basis, unchecked = maker.basis, first % CHECKED == 0
    headline: list[dict[str, Any]] = []
    outcomes: dict[int, Outcome] = {}
    observed: dict[int, Array] = {}
    made = maker.make(_drawn(job, quantiles), seed=job.seed, first=first)
    for sample, variant in enumerate(made, start=first):
        head = _head(sample, variant)
        headline.append(head)
        if variant.arrays is None:
            continue
        program, solution, basis = maker.solve(variant.arrays, basis)
        head["status"] = solution.status
        if unchecked:
            head["check"], unchecked = program.confirm(solution), False
        if solution.status == "infeasible":
            head["reason"] = "; ".join(plain_name(row) for row in program.clash)
        if solution.status == "failed":
            head["reason"] = solution.fault or "the solver has no answer"
        if solution.status == "optimal":
            outcomes[sample] = reader.read(variant.system, variant.arrays, solution)
            observed[sample] = seen.of_solution(variant.system, variant.arrays, solution)
            head |= outcomes[sample].answers
            numbers = numbers_at(variant.system, variant.arrays, solution, outcomes[sample])
            head |= read(job.asked, numbers)
    system = maker.base.system
    return {
        "headline": _typed(pd.DataFrame(headline), [each.text for each in job.asked]),
        "yearly": yearly_table(system, outcomes),
        "options": option_table(system, outcomes),
        "observed": observed_table(seen.observations, observed),
    }


def _require_same_version(job: Job) -> None:
    if job.version != planner_version():
        raise OutputError(
            f"this worker runs planner {planner_version()} and the ensemble {job.version}; "
            "install the same on all"
        )


def _drawn(job: Job, quantiles: Array) -> list[dict[str, Array]]:
    """Values of the rows of each input, shape (R,), for each sample."""
    at = Uncertainty(job.inputs).columns()
    drawn = {each.name: each.at(quantiles[:, at[each.name]]) for each in job.inputs}
    return [{name: rows[i] for name, rows in drawn.items()} for i in range(len(quantiles))]


def _head(sample: int, variant: Variant) -> dict[str, Any]:
    """The row of a sample in the headline table, before it is solved."""
    return {
        "sample": sample,
        "status": "impossible",
        "reason": variant.impossible,
        "drawn_back": len(variant.drawn_back),
    }


def _typed(frame: pd.DataFrame, asked: Sequence[str]) -> pd.DataFrame:
    """Give every headline column its type, also where no sample of the block filled it."""
    own = ("cost", "penalty", *SCOPES, "shortage", "check")
    numbers = (*own, *(name for name in asked if name not in own))
    return frame.reindex(columns=["sample", "status", "reason", "drawn_back", *numbers]).astype(
        dict.fromkeys(numbers, "float64")
    )
