"""Announced projects as futures: each deposit and plant with a probability comes about or does not,
independently of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    chosen = [*(projects or at)]
    if problems := [*_problems(chosen, at)]:
        raise SpecError("projects", problems)
    reader, found, chances = Rereader.of(system), dict[str, System](), dict[str, float]()
    for there in product((1.0, 0.0), repeat=len(chosen)):
        coming = dict(zip(chosen, there, strict=True))
        name = " and ".join(each for each, yes in coming.items() if yes) or NONE
        found[name] = _future(reader, {at[each].path: yes for each, yes in coming.items()})
        chances[name] = prod(1 - abs(yes - at[each].value) for each, yes in coming.items())
    return found, chances


def _future(reader: Rereader, numbers: Mapping[str, float]) -> System:
    """The study with these numbers. Raises SpecError where it cannot be read with them."""
    made, wrong = reader.system(numbers)
    if made is None or wrong:
        raise SpecError(reader.name, wrong)
    return made


def _problems(chosen: Sequence[str], at: Mapping[str, Datum]) -> Iterator[str]:
    for name in chosen:
        if name not in at:
            yield f"'{name}' has no probability; there are {', '.join(at)}"
    if not chosen:
        yield "no deposit or plant has a probability between 0 and 1; give one"
    if len(chosen) > MOST:
        yield (
            f"{len(chosen)} projects make {2 ** len(chosen)} futures; name at most {MOST} of "
            f"{', '.join(chosen)}"
        )
