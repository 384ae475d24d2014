"""From study to plan by stage, in a process of its own: `python -m tests.benchmarks.stages STUDY`.

Prints the processor seconds of each stage, those of HiGHS alone on the same arrays, and the peak
memory.
"""

from __future__ import annotations

import sys

from tests.benchmarks.measured import clock, peak, report


def main() -> None:
    import planner
    from planner.lp.formulation import components, programme
    from planner.mfa.balance import balance
    from planner.plan.solve import break_ties, make_plan, require_optimal
    from planner.solver.compiled import Compiled
    from planner.solver.highs import Program, new_highs

    new_highs()
    found: dict[str, float] = {}
    with clock() as taken:
        system = planner.read(sys.argv[1])
    found["read"] = taken[0]
    with clock() as taken:
        flow_balance = balance(system)
    found["balance"] = taken[0]
    with clock() as taken:
        arrays = programme(components(system, flow_balance))
        program = Program(arrays)
    found["build and hand-over"] = taken[0]
    with clock() as taken:
        first = program.run()
    require_optimal(program, first)
    found["HiGHS"] = taken[0]
    with clock() as taken:
        final, ties = break_ties(program, first)
    found["ties"] = taken[0]
    with clock() as taken:
        make_plan(Compiled(system, flow_balance, arrays, {}), first, final, ties=ties, seconds={})
    found["check and tables"] = taken[0]
    report(
        {
            **found,
            "whole": sum(found.values()),
            "peak": peak(),
            "columns": len(arrays.columns),
            "nonzeros": int(arrays.matrix.nnz),
        }
    )


if __name__ == "__main__":
    main()
