"""Seconds and memory of the stock model beside flodym in one run: `python -m tests.benchmarks.stocks_beside_flodym`."""

from __future__ import annotations

import sys
import time
import tracemalloc
from statistics import median

import flodym

from tests.test_stocks import two_thousand_series

RUNS = 5
GOAL = 15
"""So many times faster than flodym (2,000 series x 100 years, exact uniform convention)."""
CASES = {"a life for each series": False, "a life for each series and cohort": True}


def main() -> None:
    """Print the ratio of each run, so that its spread is seen, the goal, and the peaks of memory."""
    for case, by_cohort in CASES.items():
        ours, theirs = two_thousand_series(flodym, by_cohort=by_cohort)
        ratios = []
        for _ in range(RUNS):
            taken = []
            for run in (ours, theirs):
                start = time.perf_counter()
                run()
                taken.append(time.perf_counter() - start)
            ratios.append(taken[1] / taken[0])
            sys.stdout.write(f"{case}: planner {taken[0]:.3f} s, flodym {taken[1]:.3f} s, {ratios[-1]:.1f} times faster\n")
        mine, others = peak(ours), peak(theirs)
        sys.stdout.write(f"{case}: least {min(ratios):.1f}, median {median(ratios):.1f}, most {max(ratios):.1f}; goal {GOAL}; "
                         f"memory {mine / 1e6:.0f} MB against {others / 1e6:.0f} MB, {others / mine:.0f} times less\n")


def peak(run) -> int:
    """Most bytes held at once."""
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()
