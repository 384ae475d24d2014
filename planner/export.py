"""A plan in other formats, chosen by the ending of the file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from planner.errors import OutputError, Problem, SpecError
from planner.iamc import write_iamc
from planner.plan import Plan
from planner.solve import compiled, write_programme
from planner.workbook import write_workbook


def write_program(plan: Plan, path: Path) -> None:
    """The linear programme of the plan as MPS or LP, with the names of its columns and rows, for any other solver."""
    write_programme(compiled(plan.system), path)


Writer = Callable[[Plan, Path], None]
FORMATS: Mapping[str, Writer] = {
    ".mps": write_program, ".lp": write_program, ".xlsx": write_workbook, ".csv": write_iamc,
}
"""Ending to writer: the programme for other solvers, a workbook, the IAMC long table. A new format is one function and one row here."""


def export(plan: Plan, path: str | Path) -> Path:
    """Write a plan in the format that the ending of the path names, whole or not at all, and return the path.

    Raises SpecError for an unknown ending, OutputError where the file cannot be written.
    """
    path = Path(path)
    writer = FORMATS.get(path.suffix.lower())
    if writer is None:
        close = get_close_matches(path.suffix.lower(), FORMATS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"choose from {', '.join(FORMATS)}"
        raise SpecError("export", [Problem(str(path), 0, "", f"'{path.suffix}' is no known ending ({hint})")])
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.partial-", dir=path.parent) as partial:
            # the same ending, since a writer may go by it
            made = Path(partial) / f"export{path.suffix.lower()}"
            writer(plan, made)
            made.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}; name another file") from error
    return path
