"""Why no plan exists: the policies that clash, the limits they clash with, what is short, and what
must give.

A deletion filter over the policies (Chinneck, Feasibility and Infeasibility in Optimization,
Springer, 2008, chapter 6) leaves a set of which none can be left out. The solver's irreducible set
of rows and bounds under these alone is the chain of reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.analysis.diagnosis.elastic_limits import Lever, levers
from planner.analysis.diagnosis.infeasible_case import Case, freed, possible
from planner.analysis.diagnosis.policy_relaxation import Relaxation, relaxation
from planner.analysis.diagnosis.row_descriptions import Reason, Teller, level
from planner.analysis.diagnosis.shortfall import Shortfall, shortfall_of
from planner.errors import InfeasibleError
from planner.runtime.progress import Progress, Step
from planner.solver.compiled import compiled
from planner.solver.highs import Arrays, Program
from planner.study.provenance import place_of
from planner.system.nouns import System


@dataclass(frozen=True, slots=True)
class Clash:
    """Policies that cannot hold together, of which none can be left out; empty where no policy is
    to blame."""

    policies: tuple[str, ...]
    places: tuple[str, ...]
    """`file:line` of each."""
    reasons: tuple[Reason, ...]
    """The irreducible set: targets first, then limits of nature and plant."""
    accounts: tuple[Shortfall, ...]
    """For each policy what it needs, what can be had and what holds it."""
    relaxations: tuple[Relaxation, ...]
    levers: tuple[Lever, ...]
    """Limits other than policies that by themselves would do."""
    words: tuple[str, ...]


def clashes(system: System, error: InfeasibleError, progress: Progress | None) -> tuple[Clash, ...]:
    """Disjoint clashes, one after the other: the policies of one are left out, and the rest looked
    at again."""
    try:
        made = compiled(system)
    except InfeasibleError:
        return (Clash((), (), (), (), (), (), (str(error),)),)
    found: list[Clash] = []
    case = Case(made, frozenset())
    while True:
        kept = [name for name in system.policies if name not in case.free]
        if possible(case.arrays(kept)):
            return tuple(found) or (Clash((), (), (), (), (), (), (str(error),)),)
        names = _irreducible(case, kept, progress)
        found.append(_clash(case, names, kept, progress))
        if not names:
            return tuple(found)
        case = replace(case, free=case.free | set(names))


def _irreducible(case: Case, kept: list[str], progress: Progress | None) -> tuple[str, ...]:
    """Deletion filter: each policy is relaxed for good where the rest still clash; what stays is
    needed for the clash."""
    if not possible(case.arrays([])):
        return ()
    asked = list(kept)
    for part, name in enumerate(asked):
        if progress is not None:
            progress(Step(f"is {name} needed for the clash", part, len(asked)))
        others = [other for other in kept if other != name]
        if not possible(case.arrays(others)):
            kept = others
    return tuple(kept)


def _clash(case: Case, names: tuple[str, ...], kept: list[str], progress: Progress | None) -> Clash:
    """One clash with all that explains it. How far things must give is judged beside all other
    policies, and where that is not enough (another clash stands behind) beside those of this clash
    alone."""
    if progress is not None:
        progress("the chain of reasons")
    made, arrays = case.made, case.arrays(names)
    teller = Teller(case.system, made.balance, made.arrays)
    accounts = tuple(
        found
        for name in names
        if (found := shortfall_of(case, teller, name, arrays, progress)) is not None
    )
    reasons = _reasons(teller, _in_years(case, names, arrays, accounts))
    beside = list(names) if _clash_behind(case, names, kept) else kept
    relaxations = tuple(relaxation(case, name, names, kept, progress) for name in names)
    system = case.only(beside)
    pulled = levers(system, made.balance, compiled(system).arrays, progress)
    places = tuple(place_of(case.system.policies[name]) for name in names)
    clash = Clash(names, places, reasons, accounts, relaxations, pulled, ())
    return replace(clash, words=tuple(_words(case.system, clash)))


def _clash_behind(case: Case, names: Sequence[str], kept: Sequence[str]) -> bool:
    """Return True if other policies clash without these too."""
    others = [name for name in kept if name not in names]
    return bool(others) and not possible(case.arrays(others))


def _words(system: System, clash: Clash) -> Iterator[str]:
    if clash.policies:
        together = len(clash.policies) > 1
        yield "These targets cannot hold together:" if together else "This target cannot be met:"
    else:
        yield "No policy is to blame: even without any, no plan exists."
    for name, place in zip(clash.policies, clash.places, strict=True):
        policy = system.policies[name]
        yield f"  {name} ({policy.kind}, {place}): {level(system, policy)}"
    yield from (account.words for account in clash.accounts)
    yield from _limits_in_words(clash)
    yield from _choice_in_words(clash)


def _limits_in_words(clash: Clash) -> Iterator[str]:
    """The chain of reasons; a target that clashes with limits alone is named already."""
    alone = len(clash.policies) == 1
    told = [r for r in clash.reasons if r.place and not (alone and r.target)]
    lines = [f"  {reason.sentence}" for reason in told]
    bare = [reason.name for reason in clash.reasons if not reason.place]
    lines += [f"  and the balances of {', '.join(bare)}"] if bare else []
    yield from ("What clashes, and none of it can be left out:", *lines) if lines else ()


def _choice_in_words(clash: Clash) -> Iterator[str]:
    """Changes each of which would do by itself."""
    enough = all(relaxation.enough for relaxation in clash.relaxations)
    if clash.relaxations or clash.levers:
        yield f"Any one of these would do{'' if enough else ' for this clash'}:"
    yield from (f"  {relaxation.words}" for relaxation in clash.relaxations)
    yield from (f"  {lever.words}" for lever in clash.levers)


# ---- the chain of reasons


def _in_years(
    case: Case, names: Sequence[str], arrays: Arrays, accounts: Sequence[Shortfall]
) -> Arrays:
    """The programme with only those rows of the policies that the accounts look at, where these
    clash by themselves."""
    kept = {row for account in accounts for row in account.rows}
    fewer = freed(arrays, [row for row in case.rows_of(names) if row not in kept])
    return arrays if possible(fewer) else fewer


def _reasons(teller: Teller, arrays: Arrays) -> tuple[Reason, ...]:
    """The solver's irreducible set of rows and bounds, in words."""
    program = Program(arrays)
    program.set_cost(np.zeros(len(arrays.columns)))
    program.run()
    rows, bounds = program.clash_and_bounds()
    found = teller.rows(rows)
    grouped: dict[tuple[str, tuple[object, ...], bool], list[int]] = {}
    for (variable, index), upper in bounds:
        grouped.setdefault((variable, index[:-1], upper), []).append(int(str(index[-1])))
    told = [
        teller.bound(variable, index, sorted(years), upper)
        for (variable, index, upper), years in sorted(grouped.items(), key=str)
    ]
    return (*found, *(reason for reason in told if reason is not None))
