"""What a sample of an ensemble of china costs, beside HiGHS alone on the same arrays, beside rebuilding each sample, and on two workers.

    python -m tests.benchmarks.ensemble_per_sample [repeats]

HiGHS alone: it is given the finished arrays of each sample, starts from the same basis and runs; nothing is read or made. Rebuilt by
Pyomo: read with the values, build the model, compile it, solve it from nothing, as a loop over `planner.solve` would without the fast
way; rebuilt by planner: the same with planner's own reading of the rules. Tables are left out of all. One round takes each way in turn
on the same samples; ratios are of one round, so that what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import planner
from planner.ensemble import BLOCK, Job, _ByKey, _ready, ensemble, solve_block
from planner.highs import Program, compile_arrays
from planner.lp.formulation import build
from planner.sampling import draw, uncertainty
from planner.solve import compiled

STUDY = "china"
WORKER_SAMPLES = 8 * BLOCK


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def one_round(seed: int) -> dict[str, float]:
    """Seconds of a sample, each way, and their ratios."""
    system = planner.read(STUDY)
    uncertain = uncertainty(system)
    quantiles = draw(uncertain, BLOCK, seed=seed)
    job = Job(dict(system.files), system.name, system.scenario, dict(system.overrides), uncertain.inputs, version("planner"))
    ready = _ready(_ByKey(job).key, _ByKey(job))
    ours = seconds(lambda: solve_block(job, 0, quantiles)) / BLOCK
    drawn = {each.name: each.at(quantiles[:, uncertain.columns()[each.name]]) for each in uncertain.inputs}
    variants = ready.variants.make([{name: rows[i] for name, rows in drawn.items()} for i in range(BLOCK)])

    def warm() -> None:
        basis = ready.basis
        for variant in variants:
            program = Program(variant.arrays)
            program.highs.setBasis(basis)
            program.highs.run()
            basis = program.highs.getBasis()

    def rebuilt(way: Callable[[object], object], count: int) -> Callable[[], None]:
        def work() -> None:
            for variant in variants[:count]:
                again = planner.read(STUDY, overrides=dict(variant.system.overrides))
                Program(way(again)).run()  # type: ignore[arg-type]
        return work

    alone = seconds(warm) / BLOCK
    pyomo = seconds(rebuilt(lambda s: compile_arrays(build(s)), 4)) / 4
    plain = seconds(rebuilt(lambda s: compiled(s).arrays, 4)) / 4
    return {"ensemble": ours, "highs_warm": alone, "rebuilt_by_pyomo": pyomo, "rebuilt_by_planner": plain,
            "ensemble / highs_warm": ours / alone, "rebuilt_by_pyomo / ensemble": pyomo / ours, "rebuilt_by_planner / ensemble": plain / ours}


def workers() -> dict[str, float]:
    """Seconds of an ensemble on one and on two workers, their start included, and how much faster two are."""
    system = planner.read(STUDY)
    one, two = (seconds(lambda n=n: ensemble(system, samples=WORKER_SAMPLES, workers=n)) for n in (1, 2))  # type: ignore[misc]
    return {"one_worker": one, "two_workers": two, "one / two workers": one / two}


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rounds = [{**one_round(seed), **workers()} for seed in range(repeats)]
    table = {name: {"min": min(v), "median": statistics.median(v), "max": max(v)}
             for name in rounds[0] if (v := [each[name] for each in rounds])}
    for name, row in table.items():
        print(f"{name:32} {row['min']:9.3f} {row['median']:9.3f} {row['max']:9.3f}")  # noqa: T201
    print(json.dumps({"ensemble_per_sample": table}))  # noqa: T201


if __name__ == "__main__":
    main()
