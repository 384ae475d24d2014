"""Cost of a sample of an ensemble, in a process of its own: `python -m tests.benchmarks.samples
STUDY SEED`, or `... workers STUDY N`.

HiGHS alone: it is handed the finished arrays of each sample, starts from the same basis and runs;
nothing is read or made. Rebuilt: read with the values of the sample, build, solve from nothing, as
a loop over `planner.solve` would do it, without the tables: with the model built in Pyomo and
compiled by it, and with planner's own way. Prints processor seconds of a sample, or wall seconds of
a whole ensemble.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.measured import clock, report

WORKER_SAMPLES = 256
REBUILT = 6
"""Samples of the block that are rebuilt."""


def samples(study: str, seed: int) -> dict[str, float]:
    """As many samples as one of which is solved a second time, each way."""
    import planner
    from planner.analysis.uncertainty.ensemble import BLOCK, CHECKED, Job, ready, solve_block
    from planner.analysis.uncertainty.sampling import draw, uncertainty
    from planner.lp.formulation import build
    from planner.runtime.extras import planner_version
    from planner.solver.compiled import compiled
    from planner.solver.highs import Program
    from planner.solver.pyomo_model import compile_arrays

    system = planner.read(study)
    uncertain = uncertainty(system)
    quantiles = draw(uncertain, CHECKED, seed=seed)
    job = Job(
        dict(system.files),
        system.name,
        system.scenario,
        dict(system.overrides),
        uncertain.inputs,
        planner_version(),
    )
    maker, *_ = ready(job)
    with clock() as ours:
        for first in range(0, CHECKED, BLOCK):
            solve_block(job, first, quantiles[first : first + BLOCK])
    at = uncertain.columns()
    drawn = {each.name: each.at(quantiles[:, at[each.name]]) for each in uncertain.inputs}
    made = maker.make([{name: rows[i] for name, rows in drawn.items()} for i in range(CHECKED)])
    variants = [variant for variant in made if variant.arrays is not None]
    base = Program(maker.base.arrays)
    base.run()
    with clock() as warm:
        basis = base.highs.getBasis()
        for variant in variants:
            program = Program(variant.arrays)
            program.highs.setBasis(basis)
            program.highs.run()
            basis = program.highs.getBasis()

    def rebuilt(way: Callable[[Any], Any]) -> float:
        with clock() as taken:
            for variant in variants[:REBUILT]:
                Program(way(planner.read(study, overrides=dict(variant.system.overrides)))).run()
        return taken[0] / REBUILT

    return {
        "ensemble": ours[0] / CHECKED,
        "warm": warm[0] / len(variants),
        "pyomo": rebuilt(lambda s: compile_arrays(build(s))),
        "planner": rebuilt(lambda s: compiled(s).arrays),
    }


def workers(study: str, count: int) -> dict[str, float]:
    """A whole ensemble on so many workers, their start included."""
    import planner

    system = planner.read(study)
    start = time.perf_counter()
    planner.ensemble(system, samples=WORKER_SAMPLES, workers=count)
    return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    report(
        workers(sys.argv[2], int(sys.argv[3]))
        if sys.argv[1] == "workers"
        else samples(sys.argv[1], int(sys.argv[2]))
    )
