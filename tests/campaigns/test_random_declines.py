"""A limit of decline leaves no demand unserved and no study without a plan.

`RANDOM_STUDIES=1000 pytest tests/campaigns/test_random_declines.py` is the nightly mode.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given

import planner
from planner.errors import InfeasibleError
from planner.study.numbers import frozen
from planner.system.nouns import System, frozen_map
from tests.campaigns.test_random_studies import TRIED
from tests.random_studies import studies
from tests.small import Study, system_of

NEAR = 1e-6


def with_ramps(system: System, **changes: object) -> System:
    """A system whose ramp groups have other numbers."""
    ramps = {name: replace(ramp, **changes) for name, ramp in system.ramps.items()}
    return replace(system, ramps=frozen_map(ramps))


def short(system: System) -> float | None:
    """Demand that goes short over all years, t; None where there is no plan."""
    try:
        return float(sum(planner.solve(system).values["shortage"].values()))
    except InfeasibleError:
        return None


@TRIED
@given(studies())
def test_no_shortage_beside_idle_works_for_a_limit_of_decline(study: Study) -> None:
    """With limits of decline as little goes short as without any, and a study that has a plan
    without them has one with them. Shortages cost some twenty times of what supply does (5,000
    against 300 at most), so that the least of them comes first. Hard limits fail this (below)."""
    with tempfile.TemporaryDirectory() as folder:
        system = system_of(study, Path(folder))
    without = short(with_ramps(system, decline=np.nan))
    limited = short(system)
    assert (limited is None) == (without is None)
    if limited is not None and without is not None:
        assert limited <= without + NEAR * max(1.0, without)


def test_a_hard_limit_of_decline_would_leave_demand_unserved(tmp_path: Path) -> None:
    """What the test above compares does differ where stopping is as good as forbidden: 100 t now
    and 44 t later, a fifth a year: 45 t short; none with a year's running cost."""
    study = Study(2021, 2022).good("li", "refined", demand=[100, 44], shortage_cost=5000)
    study.process("smelt", "mine", gives={"li": 1}, variable_cost=7, ramp_group="works")
    system = system_of(study.ramp("works", decline=0.2), tmp_path)
    hard = with_ramps(system, stopping_cost=frozen(np.full(2, 1e6)))
    assert (short(system), short(hard)) == (0.0, 45.0)
