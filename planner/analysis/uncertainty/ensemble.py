"""The same study under uncertain inputs: hundreds or thousands of plans, and what they have in
common.

A sample gives every uncertain input a value (`planner.analysis.uncertainty.sampling`), and the
programme is solved for it. Samples come in blocks of fixed size. Each block starts from the same
basis, that of the study itself, and its samples follow one another: so a block is a pure function
of the study and its quantiles, and the results are the same to the last digit with any number of
workers, on a cluster, and after an interruption.

An ensemble folder holds `ensemble.json` (what was asked), `inputs.csv`, the study in `inputs/`, and
three tables as Parquet, one file for each block: `headline` (a row for each sample), `yearly`
(sample, metal, year) and `options` (sample, process or plant). The headline file of a block is
written last and marks it as done; a run that was stopped goes on where it was.

One sample in 64 is solved a second time, whole and from nothing, and compared: neither parts nor a
basis may change an answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.outcomes import (
    UNITS,
    Outcome,
    Reckoner,
    option_table,
    yearly_table,
)
from planner.analysis.uncertainty.sampling import Input, Sampler, Uncertainty, draw, uncertainty
from planner.analysis.uncertainty.variants import Variants
from planner.errors import OutputError
from planner.runtime.extras import needed, planner_version
from planner.runtime.progress import Progress, Step
from planner.runtime.run_folder import REMEDY, reserved, written_file
from planner.runtime.workers import answers, default_workers
from planner.solver.highs import plain_name
from planner.study.reader import Rereader
from planner.system.nouns import SCOPES, Array, System

Tables = Mapping[str, pd.DataFrame]

BLOCK = 32
"""Samples of a block."""
CHECKED = 2 * BLOCK
"""Of so many samples one is solved a second time."""
FORMAT_VERSION = 1
SPEC_FILE = "ensemble.json"
RESUME = "what was done so far stands, run again"
TABLES = ("yearly", "options", "headline")
"""In the order in which the files of a block are written: the last one marks it as done."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ROBUST = 0.9
"""An option that is in the plan in this share of samples is robust."""
TOLD = 20
"""How often a run says how far it is."""
SHORT = 1e-6
"""Less than this share of the requirement unserved is rounding."""


@dataclass(frozen=True, eq=False)
class Job:
    """All that a worker needs to know of the study. Jobs are the same where their keys are."""

    files: Mapping[str, bytes]
    name: str
    scenario: str
    overrides: Mapping[str, str]
    inputs: tuple[Input, ...]
    version: str

    @cached_property
    def key(self) -> str:
        """Digest of the job: what a worker keeps ready is found by it."""
        digest = hashlib.sha256(
            repr(
                (
                    sorted(self.files.items()),
                    self.scenario,
                    sorted(self.overrides.items()),
                    self.inputs,
                )
            ).encode()
        )
        return digest.hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.key == self.key


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The samples of a study and their outcomes.

    `headline`: sample, status, reason, drawn_back, cost (USD), territorial, footprint (t CO2e over
    all years), shortage (t over all years), check. `yearly`: sample, metal, year, and a column for
    each of `planner.analysis.uncertainty.outcomes.UNITS`. `options`: sample, kind (process or
    plant), name, value (activity or orders over all years), in_plan.
    """

    uncertain: Uncertainty
    quantiles: Array
    """Shape (samples, D): what each sample drew."""
    headline: pd.DataFrame
    yearly: pd.DataFrame
    options: pd.DataFrame
    record: Mapping[str, Any] = field(repr=False)

    @property
    def solved(self) -> int:
        """How many samples have a plan."""
        return int((self.headline["status"] == "optimal").sum())

    def values(self, name: str) -> pd.DataFrame:
        """What each sample drew for an input: sample, year (0: all years), value, unit; drawing
        back not counted."""
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
        """Quantiles over the samples of a yearly quantity of a metal: year, quantile, value, unit."""
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
        """Share of samples in which a metal falls short, by year, and how much is missing then:
        metal, year, probability, mean_shortage."""
        short = self.yearly["shortage"] > SHORT * self.yearly["requirement"]
        frame = self.yearly[["metal", "year"]].assign(
            probability=short.astype(float), mean_shortage=self.yearly["shortage"].where(short)
        )
        return (
            frame.groupby(["metal", "year"], as_index=False).mean().fillna({"mean_shortage": 0.0})
        )

    def robust_options(self) -> pd.DataFrame:
        """How often each option is in the plan: kind, name, share of samples, median value where it
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
        """Quantiles of the headline answers: answer, unit, one column for each quantile."""
        units: dict[str, str] = {"cost": self.record["currency"], "shortage": "t"} | dict.fromkeys(
            SCOPES, "tCO2e"
        )
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
    statement: str | Path | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    cluster: str = "",
    progress: Progress | None = None,
) -> Ensemble:
    """Solve a study for samples of its uncertain inputs.

    `inputs`, `grades` and `statement` choose and describe what is uncertain
    (`planner.analysis.uncertainty.sampling.uncertainty`). With `out` the results are written there
    block by block, and what is there already of the same ensemble is not done again; their number
    may grow. `workers` are local processes (all processors where not given), `cluster` the address
    of a Dask scheduler. Raises SpecError for a wrong statement, InfeasibleError where the study
    itself has no plan, OutputError where the folder holds something else, SolverError where a
    sample that is solved again from nothing differs.
    """
    uncertain = uncertainty(system, inputs=inputs, grades=grades, statement=statement)
    quantiles = draw(uncertain, samples, seed=seed, sampler=sampler)
    job = Job(
        dict(system.files),
        system.name,
        system.scenario,
        dict(system.overrides),
        uncertain.inputs,
        planner_version(),
    )
    record = _record(system, uncertain, job, samples=samples, seed=seed, sampler=sampler)
    with reserved(out, replace=True) if out is not None else nullcontext():
        return _run(
            system,
            uncertain,
            quantiles,
            job,
            record,
            out,
            default_workers() if workers is None else workers,
            cluster,
            progress,
        )


def _run(
    system: System,
    uncertain: Uncertainty,
    quantiles: Array,
    job: Job,
    record: Mapping[str, Any],
    out: str | Path | None,
    workers: int,
    cluster: str,
    progress: Progress | None,
) -> Ensemble:
    """Solve the blocks that are not there yet, keep or write them, and put all together."""
    samples = len(quantiles)
    store = _Store(Path(out), record, uncertain, system) if out is not None else None
    blocks = range(-(-samples // BLOCK))
    done = {b for b in blocks if store is not None and store.has(b, _size(b, samples))}
    kept: dict[int, Tables] = {}
    told = _Told(progress, samples, sum(_size(b, samples) for b in done))
    tasks: dict[Hashable, tuple[Any, ...]] = {
        b: (job, b * BLOCK, quantiles[b * BLOCK : min((b + 1) * BLOCK, samples)])
        for b in blocks
        if b not in done
    }
    for block, tables in answers(
        solve_block, tasks, workers=workers, cluster=cluster, prepare=partial(ready, job)
    ):
        assert isinstance(block, int)
        if store is not None:
            store.write(block, tables)
        else:
            kept[block] = tables
        told.more(_size(block, samples))
    if store is not None:
        kept = {
            b: {name: table[table["sample"] < samples] for name, table in store.read(b).items()}
            for b in blocks
        }
    return Ensemble(
        uncertain,
        quantiles,
        record=record,
        **{name: pd.concat([kept[b][name] for b in blocks], ignore_index=True) for name in TABLES},
    )


def _size(block: int, samples: int) -> int:
    return min(BLOCK, samples - block * BLOCK)


class _Told:
    """Says how many samples are done, some twenty times in all."""

    def __init__(self, progress: Progress | None, samples: int, done: int) -> None:
        self.progress, self.samples, self.done, self.said = progress, samples, done, -samples
        self.more(0)

    def more(self, count: int) -> None:
        self.done += count
        if (
            self.progress is not None
            and (self.done - self.said) * TOLD >= self.samples
            and self.done < self.samples
        ):
            self.said = self.done
            self.progress(Step("samples", self.done, self.samples))


# ---- one block, on whichever machine


@lru_cache(maxsize=2)
def ready(job: Job) -> tuple[Variants, Reckoner]:
    """What a worker makes once for a job and keeps: the parsed study, its plan, and how outcomes
    are read off."""
    variants = Variants(Rereader(job.files, job.name, job.scenario, job.overrides), job.inputs)
    return variants, Reckoner(variants.base.system, variants.base.arrays)


def solve_block(job: Job, first: int, quantiles: Array) -> Tables:
    """The tables of the samples `first`, `first` + 1, ... with these quantiles, shape (B, D): a
    pure function of its arguments."""
    if job.version != planner_version():
        raise OutputError(
            f"this worker runs planner {planner_version()} and the ensemble {job.version}; "
            "install the same on all"
        )
    maker, reckoner = ready(job)
    at, basis = Uncertainty(job.inputs).columns(), maker.basis
    headline: list[dict[str, Any]] = []
    outcomes: dict[int, Outcome] = {}
    unchecked = first % CHECKED == 0
    drawn = {each.name: each.at(quantiles[:, at[each.name]]) for each in job.inputs}
    variants = maker.make(
        [{name: rows[i] for name, rows in drawn.items()} for i in range(len(quantiles))]
    )
    for sample, variant in enumerate(variants, start=first):
        head: dict[str, Any] = {
            "sample": sample,
            "status": "impossible",
            "reason": variant.impossible,
        }
        head["drawn_back"] = len(variant.drawn_back)
        headline.append(head)
        if variant.arrays is None:
            continue
        program, solution, basis = maker.solve(variant.arrays, basis)
        head["status"] = solution.status
        if unchecked:
            head["check"], unchecked = program.confirm(solution), False
        if solution.status == "infeasible":
            head["reason"] = "; ".join(plain_name(row) for row in program.clash)
        if solution.status == "optimal":
            outcome = outcomes[sample] = reckoner.read(variant.system, variant.arrays, solution)
            head |= {"cost": outcome.cost, **outcome.emissions, "shortage": outcome.shortage}
    system = maker.base.system
    return {
        "headline": _typed(pd.DataFrame(headline)),
        "yearly": yearly_table(system, outcomes),
        "options": option_table(system, outcomes),
    }


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Every headline column with its type, whether or not a sample of the block filled it."""
    numbers = ("cost", *SCOPES, "shortage", "check")
    return frame.reindex(columns=["sample", "status", "reason", "drawn_back", *numbers]).astype(
        dict.fromkeys(numbers, "float64")
    )


# ---- the folder


def _record(
    system: System, uncertain: Uncertainty, job: Job, *, samples: int, seed: int, sampler: Sampler
) -> dict[str, Any]:
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
        "currency": f"USD_{system.currency_year}",
        "versions": {
            "planner": planner_version(),
            **{name: version(name) for name in ("pyomo", "highspy", "scipy", "numpy")},
        },
    }


class _Store:
    """The folder of an ensemble: nothing in it is half written, nothing is written twice."""

    def __init__(
        self, folder: Path, record: Mapping[str, Any], uncertain: Uncertainty, system: System
    ) -> None:
        self.folder = folder
        needed("pyarrow", "ensemble")
        try:
            if (folder / SPEC_FILE).is_file():
                self._require_same(
                    json.loads((folder / SPEC_FILE).read_text(encoding="utf-8")), record
                )
            elif folder.exists() and any(
                not each.name.startswith(f".{SPEC_FILE}.") for each in folder.iterdir()
            ):
                raise OutputError(f"{folder} exists and is no ensemble; {REMEDY}, or empty it")
            # first what marks the folder: a run that is killed before the rest is there goes on in
            # it
            folder.mkdir(parents=True, exist_ok=True)
            said = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
            written_file(
                folder / SPEC_FILE, partial(Path.write_text, data=said, encoding="utf-8"), REMEDY
            )
            (folder / "inputs").mkdir(exist_ok=True)
            for name, content in system.files.items():
                written_file(
                    folder / "inputs" / name, partial(Path.write_bytes, data=content), REMEDY
                )
            frame = pd.DataFrame([asdict(each) for each in uncertain.inputs]).drop(columns="paths")
            written_file(folder / "inputs.csv", partial(frame.to_csv, index=False), REMEDY)
        except (OSError, ValueError) as error:
            raise OutputError(f"{folder} cannot be written or read ({error}); {REMEDY}") from error

    def _require_same(self, there: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        """What was begun goes on only with the same study, inputs, seed and programmes; the number
        of samples may change."""
        other = [key for key in asked if key != "samples" and there.get(key) != asked[key]]
        if other:
            raise OutputError(
                f"{self.folder} holds another ensemble (it differs in {', '.join(other)}); {REMEDY}"
            )

    def _path(self, name: str, block: int) -> Path:
        return self.folder / name / f"block={block:06d}" / "part.parquet"

    def has(self, block: int, size: int) -> bool:
        """Whether a block is done, with so many samples or more."""
        from pyarrow import ArrowException
        from pyarrow.parquet import read_metadata

        try:
            return bool(read_metadata(self._path(TABLES[-1], block)).num_rows >= size)
        except (OSError, ArrowException):
            return False

    def write(self, block: int, tables: Tables) -> None:
        """Write a block; the file that marks it comes last."""
        for name in TABLES:
            path = self._path(name, block)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(
                    f"{path} cannot be written: {error.strerror}; {RESUME}"
                ) from error
            written_file(path, partial(tables[name].to_parquet, index=False), RESUME)

    def read(self, block: int) -> Tables:
        try:
            return {
                name: pd.read_parquet(self._path(name, block), partitioning=None) for name in TABLES
            }
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.folder}: block {block} cannot be read ({error}); remove its folders and "
                "run again"
            ) from error
