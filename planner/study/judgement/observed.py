"""Observations, and what entered use before the study, of which something goes unheeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from planner.study.judgement.facts import Facts
from planner.study.judgement.ranges import has_ranges
from planner.study.problems import Problems
from planner.system.nouns import Observed, Process


def doubt_cohorts(facts: Facts, found: Problems) -> None:
    """Warn of cohorts of which both what entered and what is left is given: only the latter
    counts."""
    for name in facts.numbers.names("cohorts"):
        entered, left = (
            facts.numbers.events("cohorts", (name,), parameter) for parameter in ("inflow", "stock")
        )
        for year in sorted(entered.keys() & left.keys()):
            found.at(
                entered[year],
                "parameter",
                f"'{name}' has both inflow and stock of {year}: what is left of the cohort counts, "
                "and its inflow goes unheeded; keep one",
            )


def doubt_observations(facts: Facts, found: Problems) -> None:
    """Warn of observations that cannot be reconciled, nor set beside the plan."""
    first, last = facts.numbers.first, facts.numbers.last
    inside = {o.item for o in facts.nouns.observations if first <= o.year <= last}
    for o in facts.nouns.observations:
        # what was observed before is what no change and a trend start from
        if o.year > last or (o.year < first and o.item not in inside):
            found.at(
                o.place,
                "year",
                f"'{o.name}' was observed in {o.year}, outside {first} to {last}: no year of the "
                "study can be reconciled with it; drop the row, or widen the years",
            )
        _doubt_interval(o, found)


def _doubt_interval(o: Observed, found: Problems) -> None:
    """Warn of an observation without one of the ends of its interval, the lower first."""
    missing = [end for end in ("low", "high") if getattr(o, end) is None]
    if missing:
        found.at(
            o.place,
            missing[0],
            f"is empty: '{o.name}' cannot be {_use(o)} without both ends of its 95 % "
            "interval; give them, equal to the value where it is exact",
        )


def _use(o: Observed) -> str:
    return "judged" if o.quantity == "price" else "reconciled"


def doubt_observed_ranges(facts: Facts, found: Problems) -> None:
    """Warn of coefficients with a range that an observation concerns and none names: to reconcile
    they are exact."""
    observations = [o for o in facts.nouns.observations if o.value > 0 and o.reconciled]
    for o in observations:
        for process in _beside(facts, o):
            of_year = [each for each in observations if each.year == o.year]
            if not _is_named(process, of_year):
                _doubt_observed(facts, o, process, found)


def _doubt_observed(facts: Facts, o: Observed, process: Process, found: Problems) -> None:
    if has_ranges(facts, process):
        found.at(
            o.place,
            "from",
            f"'{o.name}' concerns what '{process.name}' gives, but no observation of {o.year} "
            "names that process, so that the ranges of its coefficients go unheeded and they are "
            f"taken as exact; write '{process.name}' or * as one end of an observation",
        )


def _beside(facts: Facts, o: Observed) -> list[Process]:
    """Processes that give the good that an observation speaks of, where it names no process."""
    ends: Mapping[str, Process] = facts.nouns.processes
    if o.source in ends or o.target in ends or o.source not in facts.nouns.goods:
        return []
    return facts.makers.get(o.source, [])


def _is_named(process: Process, observations: Iterable[Observed]) -> bool:
    """Return True if an observation names a process as one of its ends."""
    ends = (end for o in observations for end in (o.source, o.target))
    return any(fnmatchcase(process.name, end) for end in ends)
