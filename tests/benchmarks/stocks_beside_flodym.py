"""Seconds of the stock model beside flodym in one run: `python -m tests.benchmarks.stocks_beside_flodym`."""

from __future__ import annotations

import sys
import time
from statistics import median

import flodym

from tests.test_stocks import two_thousand_series

RUNS = 5
GOAL = 15
"""So many times faster than flodym (2,000 series x 100 years, a life for each series, exact uniform convention)."""


def main() -> None:
    """Print the ratio of each run, so that its spread is seen, and the goal."""
    ours, theirs = two_thousand_series(flodym)
    ratios = []
    for _ in range(RUNS):
        taken = []
        for run in (ours, theirs):
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
        ratios.append(taken[1] / taken[0])
        sys.stdout.write(f"planner {taken[0]:.3f} s, flodym {taken[1]:.3f} s, {ratios[-1]:.1f} times faster\n")
    sys.stdout.write(f"least {min(ratios):.1f}, median {median(ratios):.1f}, most {max(ratios):.1f}; goal {GOAL}\n")


if __name__ == "__main__":
    main()
