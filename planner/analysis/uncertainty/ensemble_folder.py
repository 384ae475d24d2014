"""The folder of an ensemble: `ensemble.json`, `inputs.csv`, the study in `inputs/`, one Parquet
file for each table and block, and in `seals/` the hashes of each block, with its number and its
ensemble.

A block that is not what its seal says (cut, doubled, copied over another, taken from another
ensemble) is refused. The seal is written last and marks a block as done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any, Self

import pandas as pd

from planner.analysis.uncertainty.inputs import Input, Uncertainty
from planner.errors import OutputError
from planner.runtime.extras import needed
from planner.runtime.run_folder import REMEDY, require_own_folder, written_file
from planner.runtime.seals import altered, digests, text_digest
from planner.system.nouns import System

Tables = Mapping[str, pd.DataFrame]

SPEC_FILE = "ensemble.json"
RESUME = "what was done so far stands, run again"
TABLES = ("yearly", "options", "observed", "headline")
SEALS = "seals"
"""Folder of the seals of the blocks."""


class EnsembleFolder:
    """The folder of an ensemble: nothing in it is half written, nothing is written twice."""

    def __init__(
        self, folder: Path, record: Mapping[str, Any], system: System, uncertain: Uncertainty
    ) -> None:
        self.folder = folder
        asked = {name: value for name, value in record.items() if name != "samples"}
        self._digest = text_digest(asked)
        needed("pyarrow", "ensemble")
        with self._explained():
            self._require_fit(record)
            # first what marks the folder: a run that is killed before the rest is there goes on in
            # it
            folder.mkdir(parents=True, exist_ok=True)
            self._write_text(SPEC_FILE, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
            for name, content in system.files.items():
                self._write(Path("inputs", name), partial(Path.write_bytes, data=content))
            names = [each.name for each in fields(Input) if each.name != "paths"]
            frame = pd.DataFrame([asdict(each) for each in uncertain.inputs], columns=names)
            self._write(Path("inputs.csv"), partial(frame.to_csv, index=False))

    @classmethod
    def opened(cls, folder: Path) -> tuple[Self, Mapping[str, Any]]:
        """A folder that is there, to be read alone, and what its ensemble was asked. Raises
        OutputError where there is none."""
        needed("pyarrow", "ensemble")
        try:
            record = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
            asked = {name: value for name, value in record.items() if name != "samples"}
            {name: int(record[name]) for name in ("samples", "block")}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{folder} holds no ensemble that can be read ({error}); make one with `planner "
                "ensemble --out`"
            ) from error
        made = cls.__new__(cls)
        made.folder, made._digest = folder, text_digest(asked)
        return made, record

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

    def _write_text(self, name: str, text: str, remedy: str = REMEDY) -> None:
        self._write(Path(name), partial(Path.write_text, data=text, encoding="utf-8"), remedy)

    def _write(self, name: Path, write: Callable[[Path], Any], remedy: str = REMEDY) -> None:
        """Write a file of the folder, in no other place: no link in it is followed."""
        path = self.folder / name
        require_own_folder(path.parent, self.folder)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}; {remedy}") from error
        written_file(path, write, remedy, follow=False)

    def add(self, name: str, frame: pd.DataFrame) -> None:
        """Write a table of the whole ensemble."""
        with self._explained():
            self._write(Path(name), partial(frame.to_csv, index=False))

    def has(self, block: int, size: int) -> bool:
        """Return True if a block is done, with so many samples or more; one without a seal, or of
        which a file is missing or broken, is not. Raises OutputError where it can be read and is
        not what was written."""
        try:
            said = json.loads((self.folder / _seal_of(block)).read_text(encoding="utf-8"))
            files = dict(said["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if not all(_is_table(self.folder / _part(name, block)) for name in TABLES):
            return False
        names = {_part(name, block).as_posix() for name in TABLES}
        if said != self._sealed(block, said.get("samples"), files) or set(files) != names:
            raise self._altered(block, "its seal is of another block or ensemble")
        if found := altered(self.folder, files):
            raise self._altered(block, f"{', '.join(found)} changed since it was written")
        return bool(said["samples"] >= size)

    def _sealed(self, block: int, samples: Any, files: Any) -> dict[str, Any]:
        """What the seal of a block says."""
        said = {"ensemble": self._digest, "block": block, "samples": samples, "files": files}
        return {**said, "seal": text_digest(said)}

    def _altered(self, block: int, why: str) -> OutputError:
        return OutputError(
            f"{self.folder}: block {block} is not as it was written: {why}; remove "
            f"{_seal_of(block)} there, and run again to have it solved anew"
        )

    def write(self, block: int, tables: Tables) -> None:
        """Write a block; the seal that marks it comes last, and that of an earlier one goes
        first."""
        seal = self.folder / _seal_of(block)
        try:
            seal.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{seal} cannot be written: {error.strerror}; {RESUME}") from error
        for name in TABLES:
            self._write(_part(name, block), partial(tables[name].to_parquet, index=False), RESUME)
        files = digests(self.folder, [_part(name, block).as_posix() for name in TABLES])
        said = self._sealed(block, len(tables["headline"]), files)
        self._write_text(str(_seal_of(block)), json.dumps(said, indent=1) + "\n", RESUME)

    def read(self, block: int) -> Tables:
        try:
            return {
                name: pd.read_parquet(self.folder / _part(name, block), partitioning=None)
                for name in TABLES
            }
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.folder}: block {block} cannot be read ({error}); remove its folders and "
                "run again"
            ) from error


def _is_table(path: Path) -> bool:
    """Return True if a file can be read as Parquet."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        read_metadata(path)
    except (OSError, ArrowException):
        return False
    return True


def _part(name: str, block: int) -> Path:
    """The file of a table of a block, in the folder."""
    return Path(name, f"block={block:06d}", "part.parquet")


def _seal_of(block: int) -> Path:
    return Path(SEALS, f"block={block:06d}.json")


def _is_strange(path: Path) -> bool:
    """Return True unless a file is the rest of a first write of `ensemble.json` that was killed."""
    return not path.name.startswith(f".{SPEC_FILE}.")


def kept_tables(folder: Path) -> tuple[Mapping[str, Any], Tables]:
    """What an ensemble folder says of itself, and its tables, of the blocks that are done.

    Raises OutputError where there is none, where a block is not as it was written, or where its
    tables cannot be read.
    """
    needed("pyarrow", "ensemble")
    try:
        record = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
        seals = [
            json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((folder / SEALS).glob("block=*.json"))
        ]
        blocks = [(int(said["block"]), dict(said["files"])) for said in seals]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{folder} holds no ensemble that can be read ({error}); write one with: planner "
            f"ensemble STUDY --out {folder}"
        ) from error
    if not blocks:
        raise OutputError(f"{folder} holds no block that is done; run its ensemble again")
    for block, files in blocks:
        if found := altered(folder, files):
            raise OutputError(
                f"{folder}: block {block} is not as it was written: {', '.join(found)} changed"
            )
    tables = {
        name: pd.concat(
            [
                pd.read_parquet(folder / _part(name, block), partitioning=None)
                for block, _ in blocks
            ],
            ignore_index=True,
        )
        for name in ("headline", "yearly")
    }
    return record, tables
