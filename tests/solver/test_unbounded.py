"""When a cost is said to have no lower bound: by proof only."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from planner.lp.arrays import Arrays
from planner.solver.highs import Program, Solution
from planner.solver.judge import proves_unbounded


def _two_processes(cost: list[float]) -> Arrays:
    """One makes what the other takes, t/year, and nothing limits the pair: x1 - x2 = 0."""
    return Arrays(
        columns=(("activity", ("make", 2021)), ("activity", ("sell", 2021))),
        rows=(("balance", ("good", 2021)),),
        cost=np.array(cost),
        offset=0.0,
        carbon=np.zeros(2),
        matrix=sparse.csc_array(np.array([[1.0, -1.0]])),
        lower=np.zeros(2),
        upper=np.full(2, np.inf),
        row_lower=np.zeros(1),
        row_upper=np.zeros(1),
    )


def test_a_chain_that_earns_without_limit_has_no_optimum() -> None:
    """Made at 10 and sold at 30 without limit: each tonne earns 20, for ever."""
    arrays = _two_processes([10.0, -30.0])
    assert proves_unbounded(arrays, np.array([1.0, 1.0]))
    assert Program(arrays).run().status == "unbounded"


@pytest.mark.parametrize("direction", [[1.0, 0.0], [-1.0, -1.0], [0.0, 0.0]])
def test_a_direction_that_breaks_a_limit_proves_nothing(direction: list[float]) -> None:
    """The good does not balance; a process runs backwards; nothing runs."""
    assert not proves_unbounded(_two_processes([-10.0, 5.0]), np.array(direction))


def test_what_is_gained_by_rounding_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made at 30 and sold at 30, but for rounding: HiGHS once called a study of 330 billion USD
    unbounded for a direction in which cost fell by 3e-9 USD. Believed, it would have no plan; its
    optimum is 0."""
    arrays = _two_processes([30.0, -30.0 - 1e-12])
    assert not proves_unbounded(arrays, np.array([1.0, 1.0]))
    program = Program(_two_processes([30.0, -30.0]))
    first = Program._run
    monkeypatch.setattr(Program, "_run", lambda self: _called_unbounded(first(self)))
    found = program.run()
    assert found.status == "optimal"
    assert found.objective == 0.0


def _called_unbounded(solution: Solution) -> Solution:
    return replace(solution, status="unbounded")
