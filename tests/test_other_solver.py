"""The programme as MPS, solved by another solver (GLPK), has the same optimum."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

import planner
from planner.solve import compiled, write_programme

GLPSOL = shutil.which("glpsol")


@pytest.mark.skipif(GLPSOL is None, reason="glpsol is not here: install glpk-utils to solve the programme with another solver")
@pytest.mark.parametrize(("study", "scenario"), [
    ("quickstart", "reference"), ("quickstart", "carbon-price"), pytest.param("china", "reference", marks=pytest.mark.slow),
])
def test_another_solver_finds_the_same_optimum(tmp_path, study, scenario):
    """To the ten digits that GLPK prints: the MPS file holds what was meant, and the optimum is no matter of the solver.

    The constant of the cost is left out of the file and added afterwards: of its sign in MPS the solvers hold different views (HiGHS
    writes it negative on the right of the objective, GLPK reads it as it stands)."""
    made = compiled(planner.read(study, scenario=scenario))
    ours = planner.solve(made.system).objective
    write_programme(replace(made, arrays=replace(made.arrays, offset=0.0)), tmp_path / "programme.mps")
    subprocess.run(
        [str(GLPSOL), "--freemps", str(tmp_path / "programme.mps"), "--min", "-o", str(tmp_path / "answer.txt")],
        check=True, capture_output=True, timeout=300,
    )
    answer = (tmp_path / "answer.txt").read_text()
    assert re.search(r"^Status:\s+OPTIMAL", answer, re.MULTILINE)
    objective = re.search(r"^Objective:\s+\S+ = (\S+)", answer, re.MULTILINE)
    assert objective is not None
    assert float(objective.group(1)) + made.arrays.offset == pytest.approx(ours, rel=2e-9)
