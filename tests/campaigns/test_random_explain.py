"""Random studies explained: what is proposed works, what a price is made of adds up, each price
lies between its ends."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

import planner
from planner.analysis.diagnosis.elastic_limits import LIMIT_KINDS
from planner.analysis.diagnosis.explain import Explanation, explain
from planner.analysis.diagnosis.infeasibility import Clash
from planner.analysis.diagnosis.infeasible_case import feasible
from planner.analysis.diagnosis.price_decomposition import PARTS
from planner.system.nouns import System, frozen_map
from tests.random_studies import studies
from tests.small import Study

NEAR = 1e-6
TRIED = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@given(study=studies())
@TRIED
def test_a_random_study_is_explained(study: Study) -> None:
    with tempfile.TemporaryDirectory() as folder:
        system = planner.read(study.write(Path(folder) / "study"))
    found = explain(system)
    if found.clashes:
        for clash in found.clashes:
            _holds(system, clash)
    else:
        _adds_up(found)


def _holds(system: System, clash: Clash) -> None:
    """None of the policies can be left out, each is accounted for, and whatever is said to be
    enough is."""
    assert clash.policies, clash.words
    alone = {name: system.policies[name] for name in clash.policies}
    assert not feasible(replace(system, policies=frozen_map(alone)))
    for name in clash.policies:
        assert feasible(
            replace(system, policies=frozen_map({n: p for n, p in alone.items() if n != name}))
        )
    assert {reason.name.split(", ")[0] for reason in clash.reasons if reason.target} <= set(
        clash.policies
    )
    for relaxation in clash.relaxations:
        if relaxation.enough:
            others = {n: p for n, p in system.policies.items() if n != relaxation.policy}
            if np.isfinite(relaxation.series).any():
                others[relaxation.policy] = replace(
                    system.policies[relaxation.policy], level=relaxation.series
                )
            assert feasible(replace(system, policies=frozen_map(others))), relaxation.words
    for lever in clash.levers:
        kind = next(kind for kind in LIMIT_KINDS if kind.name == lever.kind)
        changed = kind.apply(system, {change.item: change.amount for change in lever.changes})
        assert feasible(replace(changed, policies=frozen_map(alone))), lever.words


def _adds_up(found: Explanation) -> None:
    parts, asked = found.parts, found.prices.dropna(subset=["low"])
    total = parts[list(PARTS)].sum(axis=1)
    np.testing.assert_allclose(total, parts["price"], rtol=NEAR, atol=NEAR)
    room = NEAR * np.maximum(asked["price"].abs(), 1.0)
    assert (
        (asked["low"] <= asked["price"] + room) & (asked["price"] <= asked["high"] + room)
    ).all(), asked
    assert found.words
