"""Impacts beside carbon: of a unit of activity, at home and with what imports bring, defined in one
place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.system.batch import agreed
from planner.system.nouns import SCOPES, Array, Impact, Process, Scope, System

HOME, ELECTRICITY, ABROAD = "process", "electricity", "abroad"
PARTS = {
    HOME: "what a process at home does by itself",
    ELECTRICITY: "its electricity from the home grid",
    ABROAD: "what an import brings with it",
}
"""Parts of an impact, and their meaning."""


def impact_parts(impact: Impact, process: Process) -> Iterator[tuple[Scope, str, Array]]:
    """Impact of a unit of activity as (scope, part, unit of the impact per unit of shape (T,)).

    What happens at home stands in both scopes, what imports bring in the footprint alone; without
    what the study gives nothing of.
    """
    own = impact.factors.get(process.name)
    if not process.at_home:
        if own is not None:
            yield SCOPES[1], ABROAD, own
        return
    for scope in SCOPES:
        if own is not None:
            yield scope, HOME, own
        if impact.electricity.any() and process.electricity.any():
            yield scope, ELECTRICITY, process.electricity * impact.electricity


def impact_rates(system: System, impact: Impact, scope: Scope) -> Mapping[str, Array]:
    """Impact of a unit of activity within a scope by process, unit of the impact per unit, shape
    (T,): the sum of `impact_parts`, without processes that have none."""
    found: dict[str, Array] = {}
    for process in system.processes.values():
        rates = [rate for at, _, rate in impact_parts(impact, process) if at == scope]
        if any(agreed(rate.any(axis=-1)) for rate in rates):
            found[process.name] = sum(rates[1:], start=rates[0])
    return found


def label_of(impact: str, scope: Scope) -> str:
    """Name of an impact within a scope, as the programme and its prices have it."""
    return f"{impact}/{scope}"


def in_words(label: str) -> str:
    """The same in words."""
    name, _, scope = label.rpartition("/")
    return f"{scope} {name}"


def accounted(system: System) -> Iterator[tuple[str, Impact, Scope]]:
    """What of impacts the programme must know, each once: label, impact and scope of those with a
    price, or that a policy in force caps."""
    found: dict[str, tuple[Impact, Scope]] = {}
    for impact in system.impacts.values():
        if agreed(impact.price.any(axis=-1)):
            found[label_of(impact.name, impact.scope)] = impact, impact.scope
    for policy in system.policies.values():
        if policy.impact:
            label = label_of(policy.impact, policy.scope)
            found[label] = system.impacts[policy.impact], policy.scope
    for label in sorted(found):
        yield label, *found[label]
