"""Which algorithm of HiGHS for which size, in a process of its own: `python -m
tests.benchmarks.solvers STUDY ALGORITHM SECONDS`.

Prints processor seconds, whether it came to the optimum within the time limit, and the objective.
All but PDLP end in a vertex (the interior point method by crossover), which shadow prices and the
breaking of ties need.
"""

from __future__ import annotations

import sys

from tests.benchmarks.measured import clock, peak, report

ALGORITHMS = ("simplex", "ipx", "hipo", "pdlp")


def main() -> None:
    import highspy

    import planner
    from planner.solver.compiled import compiled
    from planner.solver.highs import Program

    study, algorithm, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
    program = Program(compiled(planner.read(study)).arrays, time_limit=limit)
    known = program.highs.setOptionValue("solver", algorithm) == highspy.HighsStatus.kOk
    with clock() as taken:
        if known:
            program.highs.run()
    optimal = known and program.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    info = program.highs.getInfo()
    report(
        {
            "seconds": taken[0],
            "known": known,
            "optimal": optimal,
            "objective": info.objective_function_value,
            "peak": peak(),
            "iterations": info.simplex_iteration_count
            + info.ipm_iteration_count
            + info.pdlp_iteration_count,
        }
    )


if __name__ == "__main__":
    main()
