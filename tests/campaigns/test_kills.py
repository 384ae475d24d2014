"""A report or an ensemble killed at any moment leaves nothing half-written that could be taken for
a whole one, and a run after it completes. The long mode: `FAULTS=100 pytest
tests/campaigns/test_kills.py`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.analysis.uncertainty.ensemble import BLOCK
from planner.analysis.uncertainty.ensemble_folder import SPEC_FILE, TABLES
from planner.runtime.run_folder import RECORD_FILE

KILLS = int(os.environ.get("FAULTS", "4"))
SAMPLES = 5 * BLOCK + 3
ENDING = 60
"""Seconds within which the workers of a killed run must have ended by themselves."""


@pytest.mark.slow
def test_a_report_killed_at_any_moment_leaves_nothing_or_a_whole_page(tmp_path: Path) -> None:
    """What stands is the page of before or of after, to its closing tag; the run that it reports
    still loads."""
    run = planner.solve(planner.read("quickstart")).save(tmp_path / "run")
    page = tmp_path / "page.html"
    command = [sys.executable, "-m", "planner", "report", str(run), "--out", str(page), "--quiet"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    whole = time.perf_counter() - start
    moments = random.Random(1)
    for kill in range(KILLS):
        if kill % 2:
            page.unlink(missing_ok=True)
        process = subprocess.Popen(command)
        # half of the kills are aimed at the last quarter, where it writes
        time.sleep(whole * moments.uniform(0.75 if kill % 4 > 1 else 0.0, 1.05))
        process.kill()
        process.wait()
        assert not page.exists() or page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert planner.load(run).certificate.holds
    subprocess.run(command, check=True)
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")


def ensemble_command(out: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "planner",
        "ensemble",
        "quickstart",
        "--samples",
        str(SAMPLES),
        "--seed",
        "3",
        "--workers",
        "2",
        "--out",
        str(out),
        "--quiet",
    ]


def parts(out: Path) -> dict[str, pd.DataFrame]:
    """Every table that stands in the folder of an ensemble, by its path; each must be whole to be
    read."""
    tables = {path: pd.read_parquet(path, partitioning=None) for path in out.rglob("*.parquet")}
    return {
        str(path.relative_to(out)): table
        for path, table in (
            tables | {path: pd.read_csv(path) for path in out.glob("*.csv")}
        ).items()
    }


def ended(group: int) -> bool:
    """Whether no process of the group is left, waited for."""
    for _ in range(ENDING * 10):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_an_ensemble_killed_at_any_moment_holds_whole_blocks_and_goes_on(tmp_path: Path) -> None:
    """What stands is that of the undisturbed run, to the last digit; a block with its mark has all
    its tables; no worker lives on.

    Some kills hit a new folder, some one that holds blocks already, some one that is finished and
    only writes its tables anew.
    """
    calm, out = tmp_path / "calm", tmp_path / "e"
    start = time.perf_counter()
    subprocess.run(ensemble_command(calm), check=True)
    whole = time.perf_counter() - start
    expected, moments = parts(calm), random.Random(2)
    for kill in range(KILLS):
        if kill % 4 == 0:
            shutil.rmtree(out, ignore_errors=True)
        process = subprocess.Popen(
            ensemble_command(out), start_new_session=True, stderr=subprocess.DEVNULL
        )
        time.sleep(whole * moments.uniform(0.3 if kill % 2 else 0.0, 1.05))
        if kill % 3:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert ended(process.pid), "workers live on"
        found = parts(out)
        for name, table in found.items():
            pd.testing.assert_frame_equal(table, expected[name], check_exact=True)
        for name in [name for name in found if name.startswith(TABLES[-1])]:
            assert all(name.replace(TABLES[-1], table, 1) in found for table in TABLES)
        assert (out / SPEC_FILE).exists() or not any(name.endswith(".parquet") for name in found)
        assert not (out / RECORD_FILE).exists()
    subprocess.run(ensemble_command(out), check=True)
    assert parts(out).keys() == expected.keys()
    for name, table in parts(out).items():
        pd.testing.assert_frame_equal(table, expected[name], check_exact=True)
    assert not [
        path
        for path in tmp_path.rglob("*")
        if "partial" in path.name or path.name.endswith(".lock")
    ]
