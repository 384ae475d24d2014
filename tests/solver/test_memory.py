"""A sweep of any length holds no more memory than a short one; `make memory` is the long mode."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ALLOWED = 8.0
"""MB that 300 solves may add: what the allocator keeps. A leak of one solution a solve would add
about as much again each 300."""
LEAK = """
from tests.benchmarks.memory import growth
print(growth(300)[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not say what a process holds"
)
def test_memory_is_flat_over_solves() -> None:
    """In a process of its own, so that other tests do not count."""
    done = subprocess.run(
        [sys.executable, "-c", LEAK],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < ALLOWED
