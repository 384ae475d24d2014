"""Proof that a simulation closes: residuals of goods and processes from its values, and of every
node from its flow table."""

from __future__ import annotations

from planner.errors import Problem, SpecError
from planner.mfa.balance import Residual, residual
from planner.mfa.flows import node_residual
from planner.mfa.simulate import Simulation

TOLERANCE = 1e-12
"""Largest residual that is rounding, as a share of the largest flow of the metal."""


def closing_residuals(run: Simulation) -> dict[str, Residual]:
    """Residuals of a simulation: `goods` and `processes` from its values, `nodes` from its flow
    table alone."""
    goods, processes = residual(run.balance, run.values)
    return {"goods": goods, "processes": processes, "nodes": node_residual(run.balance, run.flows)}


def require_closed(run: Simulation, tolerance: float = TOLERANCE) -> dict[str, Residual]:
    """Return the residuals of a simulation whose goods, processes and nodes all close.

    `tolerance` is a share of the largest flow of each row's own metal. Raises SpecError with the
    name, year and size of everything that does not close, or that is not a number.
    """
    found = closing_residuals(run)
    failures = [
        Problem("balance", 0, name, failure)
        for name, r in found.items()
        for failure in r.failures(tolerance, own=True)
    ]
    if failures:
        raise SpecError(run.balance.system.name, failures)
    return found
