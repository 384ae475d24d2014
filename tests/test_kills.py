"""A report killed at any moment leaves no half page, and one after it completes. The long mode: `FAULTS=100 pytest tests/test_kills.py`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import planner

KILLS = int(os.environ.get("FAULTS", "4"))


@pytest.mark.slow
def test_a_report_killed_at_any_moment_leaves_nothing_or_a_whole_page(tmp_path: Path) -> None:
    """What stands is the page of before or of after, to its closing tag; the run that it reports still loads."""
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
