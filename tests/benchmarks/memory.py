"""Memory over many solves of one living programme: `python -m tests.benchmarks.memory 10000`."""

from __future__ import annotations

import sys
from pathlib import Path

import planner
from planner.solver.compiled import compiled
from planner.solver.highs import Program


def resident() -> float:
    """MB that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def growth(solves: int, *, study: str = "quickstart", warm: int = 50) -> tuple[float, float]:
    """MB held after the first solves, and what is added by the others, each with other costs and
    bounds."""
    arrays = compiled(planner.read(study)).arrays
    program = Program(arrays)
    rows = arrays.rows_of("balance")
    for solve in range(warm + solves):
        if solve == warm:
            begin = resident()
        factor = 1 + solve % 7 / 100
        program.set_cost(arrays.cost * factor, arrays.offset)
        program.set_rows(rows, arrays.row_lower[rows] * factor, arrays.row_upper[rows] * factor)
        if program.run().status != "optimal":
            raise AssertionError(f"solve {solve} is not optimal")
    return begin, resident() - begin


if __name__ == "__main__":
    solves = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    begin, added = growth(solves)
    sys.stdout.write(
        f"{solves} solves of one programme: {begin:.1f} MB after the first 50, {added:+.1f} MB "
        "after the others\n"
    )
