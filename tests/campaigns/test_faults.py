"""Nothing half-written is ever taken for a result: killed at random moments, no room on the disk, a
place that cannot be written.

`FAULTS=100 pytest tests/campaigns/test_faults.py` is the long mode.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

import planner
from planner.errors import OutputError
from planner.plan.plan import FORMAT_VERSION, Plan

KILLS = int(os.environ.get("FAULTS", "6"))
SMALL_FILE = 4096
"""Bytes that a file may have while the disk is taken to be full."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


def solve_command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "planner", "solve", "quickstart", "--quiet", "--out", str(folder)]


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_nothing_or_a_whole_result(tmp_path: Path) -> None:
    """Killed at moments spread over the whole run; what stands in the folder loads, and a run after
    it completes."""
    folder = tmp_path / "run"
    start = time.perf_counter()
    subprocess.run(solve_command(tmp_path / "measure"), check=True)
    whole = time.perf_counter() - start
    moments = random.Random(1)
    seen = {"nothing": 0, "whole": 0}
    for kill in range(KILLS):
        process = subprocess.Popen(solve_command(folder))
        # most of a run is loading; half of the kills are aimed at its last third, where it writes
        time.sleep(whole * moments.uniform(0.65 if kill % 2 else 0.0, 1.05))
        process.kill()
        process.wait()
        seen["whole" if folder.exists() else "nothing"] += 1
        if folder.exists():
            assert planner.load(folder).certificate.holds
    subprocess.run(solve_command(folder), check=True)
    assert planner.load(folder).certificate.holds
    assert sum(seen.values()) == KILLS


def test_a_full_disk_keeps_the_earlier_run(tmp_path: Path, plan: Plan) -> None:
    """Files may not grow past 4 kB: the save fails with one error, nothing is left over, and the
    run before stands."""
    folder = plan.save(tmp_path / "run")
    before = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILE, limits[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            plan.save(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path, plan: Plan) -> None:
    mine = tmp_path / "thesis"
    mine.mkdir()
    (mine / "chapter1.txt").write_text("years of work")
    with pytest.raises(OutputError, match="not a run of planner"):
        plan.save(mine)
    assert (mine / "chapter1.txt").read_text() == "years of work"


@pytest.mark.parametrize("damage", ["plan.json", "supply.csv", "variables.csv", "inputs/goods.csv"])
def test_a_damaged_run_is_refused(tmp_path: Path, plan: Plan, damage: str) -> None:
    """A file of the run emptied: never read as a result."""
    folder = plan.save(tmp_path / "run")
    (folder / damage).write_text("")
    with pytest.raises(planner.PlannerError):
        planner.load(folder)


def test_a_run_of_another_format_is_refused(tmp_path: Path, plan: Plan) -> None:
    folder = plan.save(tmp_path / "run")
    record = folder / "plan.json"
    record.write_text(
        record.read_text().replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 99')
    )
    with pytest.raises(OutputError, match="format 99"):
        planner.load(folder)
