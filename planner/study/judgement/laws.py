"""Warnings about policies of a law: in force in years in which the law is not, or on metals that it
does not speak of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.study.judgement.facts import Facts
from planner.study.problems import Problems
from planner.study.provenance import span
from planner.study.targets.presets import Preset, preset_of
from planner.system.nouns import Policy


def doubt_presets(facts: Facts, found: Problems) -> None:
    """Warn of presets past or before their dates, and on other metals than theirs."""
    for policy in facts.policies.values():
        preset = preset_of({"preset": policy.preset})
        if preset is None:
            continue
        for message in (*_untimely(facts, policy, preset), *_unspoken(facts, policy, preset)):
            found.at(policy.place, f"policies.{policy.name}.preset", message)


def _untimely(facts: Facts, policy: Policy, preset: Preset) -> Iterator[str]:
    """That a policy is in force in years in which its law is not."""
    held = [facts.year(int(i)) for i in np.flatnonzero(np.isfinite(policy.level))]
    if outside := [year for year in held if not preset.first <= year <= preset.last]:
        until = f" to {preset.ends}" if preset.ends else ""
        yield (
            f"is in force {span(outside)}, but {preset.law} is from {preset.in_force}{until}; "
            "give it `from` and `to` of those years, or say in `note` why it is asked of others"
        )


def _unspoken(facts: Facts, policy: Policy, preset: Preset) -> Iterator[str]:
    """That a policy is asked of metals of which its law says nothing."""
    others = [metal for metal in _metals(facts, policy) if metal not in preset.covers]
    if preset.covers and others:
        yield (
            f"is asked of {', '.join(others)}, of which {preset.law} says nothing; name the "
            "metals that it speaks of in `metals`, or drop it"
        )


def _metals(facts: Facts, policy: Policy) -> tuple[str, ...]:
    """Metals that a policy is asked of."""
    nouns, found = facts.nouns, dict.fromkeys(policy.named.get("metals", ()))
    if policy.metal:
        found[policy.metal] = None
    for name in (*policy.goods, *(g for p in policy.processes for g in nouns.processes[p].outputs)):
        found |= dict.fromkeys(nouns.goods[name].content)
    if policy.numerator is not None:
        found |= dict.fromkeys(policy.numerator.metals)
    return tuple(found) or facts.head.metals
