"""Whole random studies: feasible and certified, or infeasible and named; another solver agrees;
what is saved comes back.

`RANDOM_STUDIES=1000 pytest tests/campaigns/test_random_studies.py` is the nightly mode.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import planner
from planner.errors import InfeasibleError
from planner.plan.plan import Plan
from planner.plan.solve import write_programme
from planner.solver.compiled import compiled
from planner.system.nouns import System
from tests.random_studies import studies
from tests.small import Study

COUNT = int(os.environ.get("RANDOM_STUDIES", "25"))
GLPSOL = shutil.which("glpsol")
TRIED = settings(
    max_examples=COUNT,
    derandomize=COUNT <= 25,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
SAME = 1e-9
GLPK_DIGITS = 1e-7
"""GLPK stops at its own tolerance of 1e-7 and prints ten digits."""


def glpk(made: object, folder: Path) -> float | None:
    """The optimum that GLPK finds for a compiled programme; None where it finds no plan."""
    arrays = made.arrays  # type: ignore[attr-defined]
    write_programme(replace(made, arrays=replace(arrays, offset=0.0)), folder / "p.mps")  # type: ignore[type-var]
    subprocess.run(
        [str(GLPSOL), "--freemps", str(folder / "p.mps"), "--min", "-o", str(folder / "a.txt")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    answer = (folder / "a.txt").read_text()
    if not re.search(r"^Status:\s+OPTIMAL", answer, re.MULTILINE):
        return None
    found = re.search(r"^Objective:\s+\S+ = (\S+)", answer, re.MULTILINE)
    assert found is not None
    return float(found.group(1)) + arrays.offset


def attempt(system: System) -> tuple[Plan | None, tuple[str, ...]]:
    """The plan, or none and what clashes."""
    try:
        return planner.solve(system), ()
    except InfeasibleError as error:
        return None, error.clashes


@given(study=studies())
@TRIED
def test_a_random_study_is_solved_and_certified_or_named_infeasible(study: Study) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = study.write(Path(folder) / "study")
        assert planner.check(place) == ()
        made = compiled(planner.read(place))
        plan, clashes = attempt(made.system)
        if plan is None:
            assert any(name in " ".join(clashes) for name in study.policies), clashes
            assert GLPSOL is None or glpk(made, Path(folder)) is None
            return
        assert plan.certificate.holds
        assert planner.verify(plan).holds
        flows = planner.verify(plan)
        assert max(flows.balance_residual, flows.process_residual) <= SAME
        assert plan.costs["present_value"].sum() == pytest.approx(
            plan.objective, rel=SAME, abs=1e-6
        )
        if GLPSOL is not None:
            other = glpk(made, Path(folder))
            assert other is not None
            assert other == pytest.approx(plan.objective, rel=GLPK_DIGITS, abs=1e-3)
        back = planner.load(plan.save(Path(folder) / "run"))
        assert back.record == plan.record
        assert back.values == plan.values
        for name, table in plan.tables.items():
            same = back.tables[name]["value"].to_numpy(float) == table["value"].to_numpy(float)
            assert np.all(same | table["value"].isna().to_numpy()), name


@given(study=studies())
@settings(TRIED, max_examples=max(COUNT // 3, 5))
def test_the_same_study_gives_the_same_plan_to_the_last_digit(study: Study) -> None:
    """Solved twice, and once with the rows of its tables in reverse."""
    with tempfile.TemporaryDirectory() as folder:
        first, _ = attempt(planner.read(study.write(Path(folder) / "a")))
        if first is None:
            return
        again = planner.solve(planner.read(Path(folder) / "a"))
        turned = study.with_rows_permuted(_reversed_by_series).write(Path(folder) / "b")
        third = planner.solve(planner.read(turned))
        assert first.values == again.values == third.values


def _reversed_by_series(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows in reverse, but the years of a series in order, as the reader asks."""
    series: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in rows:
        series.setdefault(
            tuple(v for k, v in row.items() if k not in ("year", "value")), []
        ).append(row)
    return [row for group in reversed(series.values()) for row in group]
