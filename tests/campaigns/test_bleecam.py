"""BLEECAM's gallium case as a study of ours: the same optimum and emissions as by its own code.

Install it aside (`python -m venv aside; aside/bin/pip install bleecam==0.1.0b1 pyomo highspy pandas
pyyaml`) and run `BLEECAM_PYTHON=aside/bin/python pytest tests/campaigns/test_bleecam.py`: its own
code reads its own files there and solves them with HiGHS. Nothing of it is kept here.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import planner
from tests.campaigns.bleecam_study import count, study

PYTHON = os.environ.get("BLEECAM_PYTHON", "")
KILOGRAMS = 1000.0


@pytest.mark.skipif(not PYTHON, reason="BLEECAM_PYTHON names no Python that has bleecam")
def test_the_gallium_case_costs_and_emits_the_same(tmp_path: Path) -> None:
    """196,728,951.5 USD over six periods, and 28.7 kt CO2e; both to twelve digits."""
    script = Path(__file__).with_name("bleecam_answer.py")
    done = subprocess.run([PYTHON, str(script)], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout.splitlines()[-1])
    assert theirs["short"] == 0
    folder = study(Path(theirs["data"])).write(tmp_path / "gallium")
    assert count(folder) == 453
    plan = planner.solve(planner.read(folder))
    assert plan.penalty == 0
    assert plan.cost == pytest.approx(theirs["cost"], rel=1e-12)
    footprint = plan.emissions[plan.emissions["scope"] == "footprint"]["value"].sum()
    assert KILOGRAMS * footprint == pytest.approx(theirs["carbon"], rel=1e-12)
