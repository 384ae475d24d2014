"""Seconds and memory of the stock model beside flodym in one run: `python -m
tests.benchmarks.stocks_beside_flodym`."""

from __future__ import annotations

import sys
import time
import tracemalloc
from statistics import median

import flodym

from tests.mfa.test_stocks import two_thousand_series

RUNS = 5
GOAL = 15
"""So many times faster than flodym (2,000 series x 100 years, exact uniform convention)."""
CASES = {"a life for each series": False, "a life for each series and cohort": True}


def main() -> None:
    """Print the ratio of each run, so that its spread is seen, and the peaks of memory; processor
    time beside, for a busy machine."""
    for case, by_cohort in CASES.items():
        ours, theirs = two_thousand_series(flodym, by_cohort=by_cohort)
        ratios, busy = [], []
        for _ in range(RUNS):
            (mine, my_processor), (others, their_processor) = seconds(ours), seconds(theirs)
            ratios.append(others / mine)
            busy.append(their_processor / my_processor)
            sys.stdout.write(
                f"{case}: planner {mine:.3f} s, flodym {others:.3f} s, {ratios[-1]:.1f} times "
                "faster "
                f"({busy[-1]:.1f} by processor time)\n"
            )
        least, most = peak(ours), peak(theirs)
        sys.stdout.write(
            f"{case}: least {min(ratios):.1f}, median {median(ratios):.1f}, most {max(ratios):.1f} "
            f"(processor: median {median(busy):.1f}); goal {GOAL}; "
            f"memory {least / 1e6:.0f} MB against {most / 1e6:.0f} MB, {most / least:.0f} times "
            "less\n"
        )


def seconds(run) -> tuple[float, float]:
    """Seconds on the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - processor


def peak(run) -> int:
    """Most bytes held at once."""
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()
