"""The bands of an ensemble of China about what was observed, kept beside the page: 512 plans take
minutes, so that they are made anew only where the data have changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import planner

FILE = Path(__file__).with_name("bands.json")
STATEMENT = Path(__file__).resolve().parents[1] / "uncertainty.toml"
SAMPLES, SEED = 512, 0
OF_PAIR = ("observation", "year", "observed", "q05", "q50", "q95", "covered", "seen05", "seen95")
OF_PAIR += ("seen_covered", "role", "unit")
OF_SCORE = ("metal", "kind", "pairs", "covered", "interval_score", "seen_covered", "seen_score")

Bands = Mapping[str, Any]


def kept(inputs_hash: str, file: Path = FILE) -> Bands:
    """Bands of the data that have this hash. LookupError where those kept are of other data."""
    bands: Bands = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if bands.get("inputs_hash") != inputs_hash:
        raise LookupError(f"{file.name} is of other data: run python -m models.china.hindcast")
    return bands


def make(file: Path = FILE, folder: Path | None = None) -> Bands:
    """Makes the ensemble, or reads it from its folder, and keeps its bands."""
    china = planner.read("china")
    if folder is None:
        found = planner.hindcast(china, samples=SAMPLES, seed=SEED, statement=STATEMENT, top=0)
    else:
        found = planner.hindcast(china, ensemble=folder, top=0)
    tests = found.pairs[found.pairs["role"] == "test"]
    bands = {
        "inputs_hash": china.inputs_hash,
        "samples": SAMPLES,
        "planned": found.samples,
        "pairs": _rows(tests, OF_PAIR),
        "scores": _rows(found.scores, OF_SCORE),
    }
    file.write_text(json.dumps(bands, indent=1) + "\n", encoding="utf-8")
    return bands


def _rows(table: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a table; numbers to six digits."""
    return [
        {
            name: float(f"{value:.6g}") if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in table[list(columns)].to_dict(orient="records")
    ]
