"""A plan in other formats, chosen by the ending of the file or by name."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from planner.errors import OutputError, Problem, SpecError
from planner.exchange.iamc import write_iamc
from planner.exchange.netcdf import write_netcdf
from planner.exchange.parquet import write_parquet
from planner.exchange.workbook import write_workbook
from planner.plan.plan import Plan, require_own_study
from planner.plan.solve import write_programme
from planner.runtime.run_folder import followed
from planner.solver.compiled import compiled

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Date of every file in an archive: the earliest it can say, so that the same plan gives the same
archive."""


def write_lp(plan: Plan, path: Path) -> None:
    """The linear programme of the plan as MPS or LP, with the names of its columns and rows, for
    any other solver. Raises SpecError where the plan is of a model that somebody extended."""
    require_own_study(plan, "written as a programme")
    write_programme(compiled(plan.system), path)


def write_package(plan: Plan, path: Path) -> None:
    """The whole run folder as one archive that is a Data Package: tables, their description, the
    inputs."""
    folder = plan.save(path.with_suffix(""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.writestr(
                zipfile.ZipInfo(file.relative_to(folder).as_posix(), EARLIEST),
                file.read_bytes(),
                zipfile.ZIP_DEFLATED,
            )
    shutil.rmtree(folder)


Writer = Callable[[Plan, Path], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its writer and the ending of its file; one without an ending is a folder.

    Files that the writer puts beside it, under the same name with another ending, go along.
    """

    write: Writer
    ending: str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "mps": Format(write_lp, ".mps"),
        "lp": Format(write_lp, ".lp"),
        "xlsx": Format(write_workbook, ".xlsx"),
        "iamc": Format(write_iamc, ".csv"),
        "netcdf": Format(write_netcdf, ".nc"),
        "datapackage": Format(write_package, ".zip"),
        "parquet": Format(write_parquet, ""),
    }
)
"""The formats by name. A new one is one function and one row here."""


def export(plan: Plan, path: str | Path, format: str = "") -> Path:  # noqa: A002 - users' word
    """Write a plan in the format named, or else the one that the ending of the path names, whole or
    not at all; return the path. A link is followed.

    Formats: mps, lp, xlsx, iamc (.csv), netcdf (.nc), datapackage (.zip) and parquet (a folder, one
    file a table). Raises SpecError for an unknown format or ending, OutputError where it cannot be
    written or what it needs is not installed.
    """
    path = Path(path)
    chosen = _named(format) if format else _by_ending(path)
    place = followed(path)
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{place.name}.partial-", dir=place.parent
        ) as partial:
            # the same ending, since a writer may go by it
            made = Path(partial) / f"export{chosen.ending}"
            chosen.write(plan, made)
            _move(made, place)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}; name another file"
        ) from error
    return path


def _move(made: Path, path: Path) -> None:
    """Move a folder, or a file and what its writer put beside it, to its place."""
    if made.is_dir():
        _replace_folder(made, path)
        return
    for beside in sorted(other for other in made.parent.iterdir() if other != made):
        beside.replace(path.with_name(path.stem + beside.name.removeprefix("export")))
    made.replace(path)


def _named(name: str) -> Format:
    if name not in FORMATS:
        raise _refused("--format", f"'{name}' is not a known format ({_hint(name, FORMATS)})")
    return FORMATS[name]


def _by_ending(path: Path) -> Format:
    endings = {each.ending: each for each in FORMATS.values() if each.ending}
    ending = path.suffix.lower()
    if ending not in endings:
        raise _refused(
            str(path),
            f"'{path.suffix}' is not a known ending ({_hint(ending, endings)}); or name a "
            f"--format: {', '.join(FORMATS)}",
        )
    return endings[ending]


def _refused(place: str, message: str) -> SpecError:
    return SpecError("export", [Problem(place, 0, "", message)])


def _hint(word: str, known: Mapping[str, Format]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"choose from {', '.join(known)}"


def _replace_folder(made: Path, path: Path) -> None:
    """Move a folder to its place; one that is there gives way only where it holds nothing but what
    an export wrote."""
    if path.is_dir():
        strange = {p.name for p in path.iterdir()} - {p.name for p in made.iterdir()}
        if strange:
            raise OutputError(
                f"{path} holds {sorted(strange)[0]}, which no export wrote; name another folder"
            )
        path.replace(made.with_name("before"))
    made.replace(path)
