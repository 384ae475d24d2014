r"""The bands that an ensemble gives each observation: of what the plan says of it, and of what
would be seen of that.

What is observed differs from what was so by the error of the observation. A band that is asked to
hold observations therefore needs it too (Saetra, Hersbach, Bidlot and Richardson 2004, Monthly
Weather Review 132:1487-1501): to each member $v_s$ is added a draw of the error, here a factor, as
for `planner reconcile`:

$$v_s e^{\sigma z}, \quad \sigma = \ln(h / l) / (2 \cdot 1.96),$$

with $l$ and $h$ the 95 % interval of the observation and $z$ standard normal. The draws are the
midpoints of ERRORS equal parts of probability, so that the band is the same each time. It follows
from the grade of the observation alone: no range of the study is any wider for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from planner.analysis.uncertainty.ensemble import Ensemble
from planner.analysis.uncertainty.ensemble_folder import EnsembleFolder
from planner.errors import OutputError
from planner.system.nouns import Array, Observed, System

QUANTILES = (0.05, 0.5, 0.95)
KEY = ["observation", "metal", "source", "target", "quantity", "year"]
OBSERVED = "observed"
ERRORS = 200
"""Draws of the error of an observation for each sample."""
TWO_SIDES = 2 * float(ndtri(0.975))
"""Standard deviations that a 95 % interval spans."""


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Quantiles of each of N observations over the samples of an ensemble, shape (3, N): NaN where
    there is none."""

    quantiles: Array
    """Of what the plan says."""
    seen: Array
    """Of what would be observed of it; NaN too where an observation has no interval."""
    samples: int


def bands_of(
    system: System,
    observations: Sequence[Observed],
    given: Ensemble | str | Path | None,
) -> Bands:
    """Bands of an ensemble, or of the folder of one; none without. Raises OutputError where a
    folder is of another study or of none."""
    if given is None:
        return Bands(*_unknown(observations), 0)
    table = given.observed if isinstance(given, Ensemble) else _read(Path(given), system)
    found, seen = _unknown(observations)
    groups = dict(iter(table.groupby(KEY)["value"])) if len(table) else {}
    for i, o in enumerate(observations):
        key = (o.name, o.metal, o.source, o.target, o.quantity, o.year)
        values = groups.get(key)
        if values is not None and np.isfinite(values).any():
            said = values.to_numpy(dtype=float)
            found[:, i] = np.nanquantile(said, QUANTILES)
            seen[:, i] = _seen(said, o)
    return Bands(found, seen, int(table["sample"].nunique()) if len(table) else 0)


def _unknown(observations: Sequence[Observed]) -> tuple[Array, Array]:
    shape = (len(QUANTILES), len(observations))
    return np.full(shape, np.nan), np.full(shape, np.nan)


def _seen(said: Array, o: Observed) -> Array:
    """QUANTILES of what would be observed of the samples (n,); NaN without an interval."""
    if o.low is None or o.high is None or not 0 < o.low <= o.high:
        return np.full(len(QUANTILES), np.nan)
    spread = np.log(o.high / o.low) / TWO_SIDES
    error = np.exp(spread * ndtri((np.arange(ERRORS) + 0.5) / ERRORS))
    return np.asarray(np.nanquantile(np.outer(said, error), QUANTILES, method="hazen"))


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
