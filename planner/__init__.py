"""Least-cost supply of critical metals for one country: mining, imports and recycling, year by year.

The public verbs are found here and loaded when first used, so that `import planner` and `planner --help` cost nothing:

    import planner
    plan = planner.solve(planner.read("quickstart"))
    plan.supply

Several verbs share the name of the module they live in. `planner.solve` is always the verb; what else a module holds is
imported by its full name (`from planner.solve import ...`).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.alternatives import alternatives as alternatives
    from planner.balance import Balance as Balance
    from planner.balance import balance as balance
    from planner.compare import compare as compare
    from planner.disrupt import disrupt as disrupt
    from planner.ensemble import Ensemble as Ensemble
    from planner.ensemble import ensemble as ensemble
    from planner.errors import InfeasibleError as InfeasibleError
    from planner.errors import OutputError as OutputError
    from planner.errors import PlannerError as PlannerError
    from planner.errors import SolverError as SolverError
    from planner.errors import SpecError as SpecError
    from planner.explain import explain as explain
    from planner.export import export as export
    from planner.foresight import evaluate as evaluate
    from planner.foresight import regret as regret
    from planner.foresight import rolling as rolling
    from planner.frontier import frontier as frontier
    from planner.gap import gap as gap
    from planner.grade import grade as grade
    from planner.hedge import hedge as hedge
    from planner.indicators import indicators as indicators
    from planner.lp.formulation import build as build
    from planner.mathematics import mathematics as mathematics
    from planner.new import new as new
    from planner.observations import reconcile_study as reconcile_study
    from planner.plan import Plan as Plan
    from planner.plan import load as load
    from planner.read import check as check
    from planner.read import read as read
    from planner.read import studies as studies
    from planner.reconcile import reconcile as reconcile
    from planner.reconcile import reconcile_flows as reconcile_flows
    from planner.report import report as report
    from planner.routes import routes as routes
    from planner.secure import secure as secure
    from planner.sensitivity import drivers as drivers
    from planner.sensitivity import sensitivity as sensitivity
    from planner.simulate import simulate as simulate
    from planner.solve import solve as solve
    from planner.system import System as System
    from planner.verify import verify as verify
    from planner.write import write_study as write_study

    __version__: str

# Name to module; the imports above say the same to type checkers, and a test holds the two together.
_HOMES = {
    "Balance": "planner.balance",
    "Ensemble": "planner.ensemble",
    "InfeasibleError": "planner.errors",
    "OutputError": "planner.errors",
    "Plan": "planner.plan",
    "PlannerError": "planner.errors",
    "SolverError": "planner.errors",
    "SpecError": "planner.errors",
    "System": "planner.system",
    "alternatives": "planner.alternatives",
    "balance": "planner.balance",
    "build": "planner.lp.formulation",
    "check": "planner.read",
    "compare": "planner.compare",
    "disrupt": "planner.disrupt",
    "drivers": "planner.sensitivity",
    "ensemble": "planner.ensemble",
    "evaluate": "planner.foresight",
    "explain": "planner.explain",
    "export": "planner.export",
    "gap": "planner.gap",
    "grade": "planner.grade",
    "hedge": "planner.hedge",
    "frontier": "planner.frontier",
    "indicators": "planner.indicators",
    "load": "planner.plan",
    "mathematics": "planner.mathematics",
    "new": "planner.new",
    "read": "planner.read",
    "report": "planner.report",
    "reconcile": "planner.reconcile",
    "reconcile_flows": "planner.reconcile",
    "reconcile_study": "planner.observations",
    "regret": "planner.foresight",
    "rolling": "planner.foresight",
    "routes": "planner.routes",
    "secure": "planner.secure",
    "simulate": "planner.simulate",
    "sensitivity": "planner.sensitivity",
    "solve": "planner.solve",
    "studies": "planner.read",
    "verify": "planner.verify",
    "write_study": "planner.write",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("planner")
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})


class _Package(ModuleType):
    """The import system sets each loaded module as an attribute of its package; a public verb of that name must not be covered."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
