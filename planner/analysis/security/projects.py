"""Announced projects as futures: each deposit and plant with a probability comes about or does not,
independently of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from planner.errors import SpecError
from planner.study.reader import Rereader
from planner.system.nouns import Datum, System

PARAMETER = "probability"
MOST = 6
"""Most projects that are made futures of: 64 programmes side by side."""
NONE = "none"


def announced(system: System) -> list[Datum]:
    """The probabilities of the projects of a study that are neither certain nor excluded."""
    return [d for d in system.data if d.stem.endswith(f".{PARAMETER}") and 0 < d.value < 1]


def project_futures(
    system: System, projects: Sequence[str] = ()
) -> tuple[Mapping[str, System], Mapping[str, float]]:
    """Every combination of announced projects coming about, with its probability: what `hedge`
    takes.

    `projects` names deposits and plants; all with a probability where empty. The others stay as the
    plan counts on them. A future is called by what comes about in it, and its probability is the
    product of p and 1 - p. Raises SpecError where a name has no probability, or for more than
    MOST projects.
    """
    at = {datum.path.split(".")[1]: datum for datum in announced(system)}
    unknown = [name for name in projects if name not in at]
    chosen = [*(projects or at)]
    problems = [f"'{name}' has no probability; there are {', '.join(at)}" for name in unknown]
    if not chosen:
        problems.append("no deposit or plant has a probability between 0 and 1; give one")
    if len(chosen) > MOST:
        problems.append(
            f"{len(chosen)} projects make {2 ** len(chosen)} futures; name at most {MOST} of "
            f"{', '.join(chosen)}"
        )
    if problems:
        raise SpecError("projects", problems)
    reader, found, chances = Rereader.of(system), dict[str, System](), dict[str, float]()
    for there in product((True, False), repeat=len(chosen)):
        name = " and ".join(n for n, yes in zip(chosen, there, strict=True) if yes) or NONE
        values = {at[n].path: float(yes) for n, yes in zip(chosen, there, strict=True)}
        made, wrong = reader.system(values)
        if made is None or wrong:
            raise SpecError(system.name, wrong)
        found[name] = made
        chances[name] = prod(
            at[n].value if yes else 1 - at[n].value for n, yes in zip(chosen, there, strict=True)
        )
    return found, chances
