"""Both programmes on one study: this is the only file of the oracle that runs planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import planner
from tests.oracle.accounts import complaints
from tests.oracle.amounts import wrong_amounts
from tests.oracle.curves import wrong_curves
from tests.oracle.held import unheld
from tests.oracle.impacts import wrong_impacts
from tests.oracle.indicators import wrong_indicators
from tests.oracle.losses import wrong_losses
from tests.oracle.model import Answer
from tests.oracle.prices import wrong_prices
from tests.oracle.programme import Programme, solve
from tests.oracle.reader import Study, read
from tests.oracle.trade import wrong_exports, wrong_trade

NEAR = 1e-9


@dataclass
class Comparison:
    """What planner says of a study, and what the oracle says."""

    status: str
    objective: float
    oracle: Answer
    plan: Any = None
    message: str = ""

    @property
    def agrees(self) -> bool:
        """Same answer: the same status, and the same cost to 1e-9."""
        if self.status != self.oracle.status:
            return False
        if self.status != "optimal":
            return True
        size = max(1.0, abs(self.objective))
        return abs(self.objective - self.oracle.objective) <= NEAR * size

    def __str__(self) -> str:
        """One line for a person."""
        ours = f"{self.oracle.status} {self.oracle.objective!r}"
        return f"planner {self.status} {self.objective!r} {self.message}; oracle {ours}"


def compare(
    folder: Path, scenario: str = "", overrides: Mapping[str, Any] | None = None
) -> Comparison:
    """Solve a study both ways. Raises planner.SpecError where planner refuses it."""
    system = planner.read(folder, scenario=scenario, overrides=overrides)
    return answered(system, solve(read(folder, scenario, overrides)))


def answered(system: Any, answer: Answer) -> Comparison:
    """Solve by planner a study that the oracle has solved."""
    try:
        plan = planner.solve(system)
    except planner.InfeasibleError as error:
        return Comparison("infeasible", float("nan"), answer, message=str(error)[:200])
    except planner.SolverError as error:
        status = "unbounded" if "no lower bound" in str(error) else "failed"
        return Comparison(status, float("nan"), answer, message=str(error)[:200])
    return Comparison("optimal", plan.objective, answer, plan)


def differences(study: Study, found: Comparison) -> Iterator[str]:
    """Where planner differs from the oracle, the kind first: its answer, its plan, or what its
    tables say of it."""
    if not found.agrees:
        yield f"objective: {found}"
    if not found.agrees or found.plan is None:
        return
    p = Programme(study)
    kinds = {
        "plan": (unheld,),
        "price": (wrong_prices,),
        "measure": (complaints,),
        "indicator": (wrong_indicators, wrong_amounts, wrong_trade),
        "table": (wrong_curves, wrong_losses, wrong_exports, wrong_impacts),
    }
    for kind, finders in kinds.items():
        for find in finders:
            yield from (f"{kind}: {text}" for text in find(p, found.plan))
