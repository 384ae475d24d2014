"""The band that an ensemble gives each observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.ensemble import Ensemble
from planner.analysis.uncertainty.ensemble import ensemble as make_ensemble
from planner.analysis.uncertainty.ensemble_folder import EnsembleFolder
from planner.errors import OutputError
from planner.runtime.progress import Progress
from planner.system.nouns import Array, Observed, System

QUANTILES = (0.05, 0.5, 0.95)
KEY = ["observation", "metal", "source", "target", "quantity", "year"]
OBSERVED = "observed"


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Quantiles of each of N observations over the samples of an ensemble, shape (3, N): NaN where
    there is none."""

    quantiles: Array
    samples: int


def bands_of(
    system: System,
    observations: Sequence[Observed],
    given: Ensemble | str | Path | None,
    samples: int,
    seed: int,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Bands:
    """Bands of an ensemble that is given, or of one made here of so many samples; none without
    either. Raises OutputError where a folder is of another study or of none."""
    if given is None and not samples:
        return Bands(np.full((len(QUANTILES), len(observations)), np.nan), 0)
    if given is None:
        given = make_ensemble(
            system, samples=samples, seed=seed, workers=workers, progress=progress
        )
    table = given.observed if isinstance(given, Ensemble) else _read(Path(given), system)
    found = np.full((len(QUANTILES), len(observations)), np.nan)
    groups = dict(iter(table.groupby(KEY)["value"])) if len(table) else {}
    for i, o in enumerate(observations):
        key = (o.name, o.metal, o.source, o.target, o.quantity, o.year)
        values = groups.get(key)
        if values is not None and np.isfinite(values).any():
            found[:, i] = np.nanquantile(values.to_numpy(dtype=float), QUANTILES)
    return Bands(found, int(table["sample"].nunique()) if len(table) else 0)


def _read(folder: Path, system: System) -> pd.DataFrame:
    """What the samples of an ensemble's folder make of the observations."""
    held, record = EnsembleFolder.opened(folder)
    if record.get("inputs_hash") != system.inputs_hash:
        raise OutputError(
            f"{folder} holds an ensemble of another study, scenario or state of the data; make one "
            "of this study with `planner ensemble --out`, or let --samples make it here"
        )
    samples, size = int(record["samples"]), int(record["block"])
    tables = []
    for block, first in enumerate(range(0, samples, size)):
        if not held.has(block, min(size, samples - first)):
            raise OutputError(f"{folder} is not finished; run `planner ensemble` again, to its end")
        tables.append(held.read(block)[OBSERVED])
    table = pd.concat(tables, ignore_index=True)
    return table[table["sample"] < samples]
