"""Least-cost supply of critical metals for one country: mining, imports and recycling, year by
year.

The public verbs are found here and loaded when first used, so that `import planner` and `planner
--help` cost nothing:

    import planner
    plan = planner.solve(planner.read("quickstart"))
    plan.supply

Several verbs share the name of the module they live in. `planner.solve` is always the verb; what
else a module holds is imported by its full name (`from planner.plan.solve import ...`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.analysis.diagnosis.explain import explain as explain
    from planner.analysis.security.disruption import disrupt as disrupt
    from planner.analysis.security.foresight import evaluate as evaluate
    from planner.analysis.security.foresight import regret as regret
    from planner.analysis.security.foresight import rolling as rolling
    from planner.analysis.security.hedging import hedge as hedge
    from planner.analysis.security.n_minus_1 import secure as secure
    from planner.analysis.security.supply_gap import gap as gap
    from planner.analysis.tradeoffs.alternatives import alternatives as alternatives
    from planner.analysis.tradeoffs.compare import compare as compare
    from planner.analysis.tradeoffs.frontier import frontier as frontier
    from planner.analysis.tradeoffs.switches import routes as routes
    from planner.analysis.uncertainty.ensemble import Ensemble as Ensemble
    from planner.analysis.uncertainty.ensemble import ensemble as ensemble
    from planner.analysis.uncertainty.sensitivity import drivers as drivers
    from planner.analysis.uncertainty.sensitivity import sensitivity as sensitivity
    from planner.errors import InfeasibleError as InfeasibleError
    from planner.errors import OutputError as OutputError
    from planner.errors import PlannerError as PlannerError
    from planner.errors import SolverError as SolverError
    from planner.errors import SpecError as SpecError
    from planner.exchange.export import export as export
    from planner.lp.formulation import build as build
    from planner.mfa.balance import Balance as Balance
    from planner.mfa.balance import balance as balance
    from planner.mfa.observations import reconcile_study as reconcile_study
    from planner.mfa.reconcile import reconcile as reconcile
    from planner.mfa.reconcile import reconcile_flows as reconcile_flows
    from planner.mfa.simulate import simulate as simulate
    from planner.plan.certificate import verify as verify
    from planner.plan.indicators import indicators as indicators
    from planner.plan.plan import Plan as Plan
    from planner.plan.plan import load as load
    from planner.plan.reserves import grade as grade
    from planner.plan.solve import solve as solve
    from planner.reference.mathematics import mathematics as mathematics
    from planner.reporting import report as report
    from planner.study.reader import check as check
    from planner.study.reader import read as read
    from planner.study.reader import studies as studies
    from planner.study.template import new as new
    from planner.study.writer import write_study as write_study
    from planner.system.nouns import System as System

    __version__: str

# Name to module; the imports above say the same to type checkers, and a test holds the two
# together.
_HOMES = {
    "Balance": "planner.mfa.balance",
    "Ensemble": "planner.analysis.uncertainty.ensemble",
    "InfeasibleError": "planner.errors",
    "OutputError": "planner.errors",
    "Plan": "planner.plan.plan",
    "PlannerError": "planner.errors",
    "SolverError": "planner.errors",
    "SpecError": "planner.errors",
    "System": "planner.system.nouns",
    "alternatives": "planner.analysis.tradeoffs.alternatives",
    "balance": "planner.mfa.balance",
    "build": "planner.lp.formulation",
    "check": "planner.study.reader",
    "compare": "planner.analysis.tradeoffs.compare",
    "disrupt": "planner.analysis.security.disruption",
    "drivers": "planner.analysis.uncertainty.sensitivity",
    "ensemble": "planner.analysis.uncertainty.ensemble",
    "evaluate": "planner.analysis.security.foresight",
    "explain": "planner.analysis.diagnosis.explain",
    "export": "planner.exchange.export",
    "gap": "planner.analysis.security.supply_gap",
    "grade": "planner.plan.reserves",
    "hedge": "planner.analysis.security.hedging",
    "frontier": "planner.analysis.tradeoffs.frontier",
    "indicators": "planner.plan.indicators",
    "load": "planner.plan.plan",
    "mathematics": "planner.reference.mathematics",
    "new": "planner.study.template",
    "read": "planner.study.reader",
    "report": "planner.reporting",
    "reconcile": "planner.mfa.reconcile",
    "reconcile_flows": "planner.mfa.reconcile",
    "reconcile_study": "planner.mfa.observations",
    "regret": "planner.analysis.security.foresight",
    "rolling": "planner.analysis.security.foresight",
    "routes": "planner.analysis.tradeoffs.switches",
    "secure": "planner.analysis.security.n_minus_1",
    "simulate": "planner.mfa.simulate",
    "sensitivity": "planner.analysis.uncertainty.sensitivity",
    "solve": "planner.plan.solve",
    "studies": "planner.study.reader",
    "verify": "planner.plan.certificate",
    "write_study": "planner.study.writer",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name == "__version__":
        from planner.runtime.extras import planner_version

        return planner_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})
