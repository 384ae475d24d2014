"""The folder of an ensemble: `ensemble.json`, `inputs.csv`, the study in `inputs/`, and one Parquet
file for each table and block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from planner.analysis.uncertainty.inputs import Uncertainty
from planner.errors import OutputError
from planner.runtime.extras import needed
from planner.runtime.run_folder import REMEDY, written_file
from planner.system.nouns import System

Tables = Mapping[str, pd.DataFrame]

SPEC_FILE = "ensemble.json"
RESUME = "what was done so far stands, run again"
TABLES = ("yearly", "options", "headline")
"""In the order in which the files of a block are written: the last one marks it as done."""


class EnsembleFolder:
    """The folder of an ensemble: nothing in it is half written, nothing is written twice."""

    def __init__(
        self, folder: Path, record: Mapping[str, Any], system: System, uncertain: Uncertainty
    ) -> None:
        self.folder = folder
        needed("pyarrow", "ensemble")
        with self._explained():
            self._require_fit(record)
            # first what marks the folder: a run that is killed before the rest is there goes on in
            # it
            folder.mkdir(parents=True, exist_ok=True)
            self._write_text(SPEC_FILE, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
            (folder / "inputs").mkdir(exist_ok=True)
            for name, content in system.files.items():
                written_file(
                    folder / "inputs" / name, partial(Path.write_bytes, data=content), REMEDY
                )
            frame = pd.DataFrame([asdict(each) for each in uncertain.inputs]).drop(columns="paths")
            written_file(folder / "inputs.csv", partial(frame.to_csv, index=False), REMEDY)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            said = f"{self.folder} cannot be written or read ({error}); {REMEDY}"
            raise OutputError(said) from error

    def _require_fit(self, record: Mapping[str, Any]) -> None:
        """Raise OutputError where the folder holds something else than this ensemble."""
        if (self.folder / SPEC_FILE).is_file():
            there = json.loads((self.folder / SPEC_FILE).read_text(encoding="utf-8"))
            self._require_same(there, record)
        elif self.folder.exists() and any(map(_is_strange, self.folder.iterdir())):
            raise OutputError(f"{self.folder} exists and is not an ensemble; {REMEDY}, or empty it")

    def _require_same(self, there: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        """Raise OutputError unless study, inputs, seed and programmes are those that the ensemble
        was begun with; the number of samples may change."""
        other = [key for key in asked if key != "samples" and there.get(key) != asked[key]]
        if other:
            raise OutputError(
                f"{self.folder} holds another ensemble (it differs in {', '.join(other)}); {REMEDY}"
            )

    def _write_text(self, name: str, text: str) -> None:
        written_file(
            self.folder / name, partial(Path.write_text, data=text, encoding="utf-8"), REMEDY
        )

    def _path(self, name: str, block: int) -> Path:
        return self.folder / name / f"block={block:06d}" / "part.parquet"

    def has(self, block: int, size: int) -> bool:
        """Return True if a block is done, with so many samples or more."""
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


def _is_strange(path: Path) -> bool:
    """Return True unless a file is the rest of a first write of `ensemble.json` that was killed."""
    return not path.name.startswith(f".{SPEC_FILE}.")
