"""Least-cost supply of critical metals for one country: mining, imports and recycling, year by
year.

Everything public is found here and loaded when it is first used, so that `import planner` and
`planner --help` cost nothing:

    import planner
    plan = planner.solve(planner.read("quickstart"))
    plan.supply

Verbs are functions, nouns are frozen classes; a function whose name ends in `_figure` or `_page`
makes one. The modules behind the names are private and may move.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.analysis.diagnosis.explain import Explanation as Explanation
    from planner.analysis.diagnosis.explain import explain as explain
    from planner.analysis.hindcast.calibrate import calibrate as calibrate
    from planner.analysis.hindcast.calibration import Calibration as Calibration
    from planner.analysis.hindcast.hindcast import Hindcast as Hindcast
    from planner.analysis.hindcast.hindcast import hindcast as hindcast
    from planner.analysis.security import concentration as _concentration
    from planner.analysis.security.concentration import concentration as concentration
    from planner.analysis.security.disruption import Disruptions as Disruptions
    from planner.analysis.security.disruption import disrupt as disrupt
    from planner.analysis.security.foresight import Foresight as Foresight
    from planner.analysis.security.foresight import evaluate as evaluate
    from planner.analysis.security.foresight import regret as regret
    from planner.analysis.security.foresight import rolling as rolling
    from planner.analysis.security.foresight import value_of_foresight as value_of_foresight
    from planner.analysis.security.hedging import Hedge as Hedge
    from planner.analysis.security.hedging import hedge as hedge
    from planner.analysis.security.n_minus_1 import Security as Security
    from planner.analysis.security.n_minus_1 import secure as secure
    from planner.analysis.security.projects import project_futures as project_futures
    from planner.analysis.security.supply_gap import Gap as Gap
    from planner.analysis.security.supply_gap import gap as gap
    from planner.analysis.tradeoffs.allocation import allocation as allocation
    from planner.analysis.tradeoffs.alternatives import Alternatives as Alternatives
    from planner.analysis.tradeoffs.alternatives import alternatives as alternatives
    from planner.analysis.tradeoffs.compare import Comparison as Comparison
    from planner.analysis.tradeoffs.compare import compare as compare
    from planner.analysis.tradeoffs.editions import Attribution as Attribution
    from planner.analysis.tradeoffs.editions import attribute as attribute
    from planner.analysis.tradeoffs.frontier import Frontier as Frontier
    from planner.analysis.tradeoffs.frontier import frontier as frontier
    from planner.analysis.tradeoffs.places import places as places
    from planner.analysis.tradeoffs.surplus import surplus as surplus
    from planner.analysis.tradeoffs.switches import routes as routes
    from planner.analysis.uncertainty.ensemble import Ensemble as Ensemble
    from planner.analysis.uncertainty.ensemble import ensemble as ensemble
    from planner.analysis.uncertainty.headline_ranges import HeadlineRanges as HeadlineRanges
    from planner.analysis.uncertainty.headline_ranges import headlines as headlines
    from planner.analysis.uncertainty.inputs import Uncertainty as Uncertainty
    from planner.analysis.uncertainty.sensitivity import Sensitivity as Sensitivity
    from planner.analysis.uncertainty.sensitivity import drivers as drivers
    from planner.analysis.uncertainty.sensitivity import sensitivity as sensitivity
    from planner.errors import InfeasibleError as InfeasibleError
    from planner.errors import OutputError as OutputError
    from planner.errors import PlannerError as PlannerError
    from planner.errors import Problem as Problem
    from planner.errors import SolverError as SolverError
    from planner.errors import SpecError as SpecError
    from planner.exchange.export import export as export
    from planner.exchange.flodym import NamedArray as NamedArray
    from planner.exchange.flodym import flows_from_flodym as flows_from_flodym
    from planner.exchange.flodym import flows_to_flodym as flows_to_flodym
    from planner.exchange.flodym import from_flodym as from_flodym
    from planner.exchange.flodym import stocks_from_flodym as stocks_from_flodym
    from planner.exchange.flodym import stocks_to_flodym as stocks_to_flodym
    from planner.exchange.flodym import to_flodym as to_flodym
    from planner.figures import comparison as _comparison
    from planner.figures import multi_plan as _multi_plan
    from planner.figures import plan_figures as _plan_figures
    from planner.figures import themes as _themes
    from planner.figures.accessor import Plots as Plots
    from planner.figures.plan_figures import write_figure as write_figure
    from planner.lp.formulation import add_cost as add_cost
    from planner.lp.formulation import build as build
    from planner.lp.glossary import Term as Term
    from planner.mfa.balance import Balance as Balance
    from planner.mfa.balance import Incidence as Incidence
    from planner.mfa.balance import Residual as Residual
    from planner.mfa.balance import balance as balance
    from planner.mfa.closure import require_closed as require_closed
    from planner.mfa.flows import base_account as base_account
    from planner.mfa.in_use import UseStock as UseStock
    from planner.mfa.lifetimes import Lifetime as Lifetime
    from planner.mfa.reconciliation.measured_flows import reconcile_flows as reconcile_flows
    from planner.mfa.reconciliation.observations import StudyReconciliation as StudyReconciliation
    from planner.mfa.reconciliation.observations import reconcile_study as reconcile_study
    from planner.mfa.reconciliation.reconcile import Fault as Fault
    from planner.mfa.reconciliation.reconcile import Observation as Observation
    from planner.mfa.reconciliation.reconcile import Ratio as Ratio
    from planner.mfa.reconciliation.reconcile import Reconciliation as Reconciliation
    from planner.mfa.reconciliation.reconcile import reconcile as reconcile
    from planner.mfa.simulate import Simulation as Simulation
    from planner.mfa.simulate import simulate as simulate
    from planner.mfa.simulate import simulate_plan as simulate_plan
    from planner.mfa.stocks import Stocks as Stocks
    from planner.mfa.stocks import inflow_driven as inflow_driven
    from planner.mfa.stocks import stock_driven as stock_driven
    from planner.plan.base_flows import BaseFlows as BaseFlows
    from planner.plan.base_flows import base_flows as base_flows
    from planner.plan.certificate import verify as verify
    from planner.plan.indicators import indicators as indicators
    from planner.plan.plan import Certificate as Certificate
    from planner.plan.plan import Plan as Plan
    from planner.plan.plan import Record as Record
    from planner.plan.plan import Replay as Replay
    from planner.plan.plan import load as load
    from planner.plan.reserves import Grading as Grading
    from planner.plan.reserves import grade as grade
    from planner.plan.solve import solve as solve
    from planner.reference.mathematics import Equation as Equation
    from planner.reference.mathematics import Mathematics as Mathematics
    from planner.reference.mathematics import mathematics as mathematics
    from planner.reference.result_tables import result_tables_page as result_tables_page
    from planner.reference.study_format import study_format_page as study_format_page
    from planner.reporting import comparison_report as comparison_report
    from planner.reporting import report as report
    from planner.solver.compiled import Compiled as Compiled
    from planner.solver.compiled import compiled as compiled
    from planner.study.reader import check as check
    from planner.study.reader import read as read
    from planner.study.reader import studies as studies
    from planner.study.targets.presets import Preset as Preset
    from planner.study.targets.presets import presets as presets
    from planner.study.template import new as new
    from planner.study.workbook import unpack as unpack
    from planner.study.workbook import write_study_workbook as write_study_workbook
    from planner.study.writer import write_study as write_study
    from planner.system.discoveries import discovered as discovered
    from planner.system.nouns import Datum as Datum
    from planner.system.nouns import Deposit as Deposit
    from planner.system.nouns import Exploration as Exploration
    from planner.system.nouns import Good as Good
    from planner.system.nouns import Host as Host
    from planner.system.nouns import Measure as Measure
    from planner.system.nouns import Observed as Observed
    from planner.system.nouns import Period as Period
    from planner.system.nouns import Plant as Plant
    from planner.system.nouns import Policy as Policy
    from planner.system.nouns import Process as Process
    from planner.system.nouns import Product as Product
    from planner.system.nouns import Ramp as Ramp
    from planner.system.nouns import Stockpile as Stockpile
    from planner.system.nouns import System as System
    from planner.system.unit_accounts import emission_rates as emission_rates
    from planner.system.unit_accounts import metals_of as metals_of
    from planner.system.unit_accounts import refined_output as refined_output

    crma_benchmarks = _concentration.benchmarks
    with_crma_benchmarks = _concentration.with_benchmarks
    comparison_figure = _comparison.contrast
    mix_figure = _multi_plan.beside
    fan_figure = _multi_plan.fan
    frontier_figure = _multi_plan.frontier
    line_figure = _multi_plan.lines
    frontier_cost = _multi_plan.plain_cost
    unserved_figure = _multi_plan.unserved
    urban_mine_figure = _multi_plan.urban_mine
    sankey_figure = _plan_figures.flow_sankey
    blank_figure = _themes.blank
    themed_figure = _themes.themed

    __version__: str

_HOMES = {
    "allocation": "planner.analysis.tradeoffs.allocation",
    "Alternatives": "planner.analysis.tradeoffs.alternatives",
    "alternatives": "planner.analysis.tradeoffs.alternatives",
    "Balance": "planner.mfa.balance",
    "attribute": "planner.analysis.tradeoffs.editions",
    "Attribution": "planner.analysis.tradeoffs.editions",
    "balance": "planner.mfa.balance",
    "base_account": "planner.mfa.flows",
    "base_flows": "planner.plan.base_flows",
    "BaseFlows": "planner.plan.base_flows",
    "blank_figure": "planner.figures.themes:blank",
    "add_cost": "planner.lp.formulation",
    "build": "planner.lp.formulation",
    "Certificate": "planner.plan.plan",
    "check": "planner.study.reader",
    "surplus": "planner.analysis.tradeoffs.surplus",
    "compare": "planner.analysis.tradeoffs.compare",
    "Comparison": "planner.analysis.tradeoffs.compare",
    "comparison_figure": "planner.figures.comparison:contrast",
    "comparison_report": "planner.reporting",
    "Compiled": "planner.solver.compiled",
    "compiled": "planner.solver.compiled",
    "concentration": "planner.analysis.security.concentration",
    "crma_benchmarks": "planner.analysis.security.concentration:benchmarks",
    "Datum": "planner.system.nouns",
    "Deposit": "planner.system.nouns",
    "disrupt": "planner.analysis.security.disruption",
    "Disruptions": "planner.analysis.security.disruption",
    "drivers": "planner.analysis.uncertainty.sensitivity",
    "emission_rates": "planner.system.unit_accounts",
    "Ensemble": "planner.analysis.uncertainty.ensemble",
    "ensemble": "planner.analysis.uncertainty.ensemble",
    "HeadlineRanges": "planner.analysis.uncertainty.headline_ranges",
    "headlines": "planner.analysis.uncertainty.headline_ranges",
    "Equation": "planner.reference.mathematics",
    "evaluate": "planner.analysis.security.foresight",
    "explain": "planner.analysis.diagnosis.explain",
    "Explanation": "planner.analysis.diagnosis.explain",
    "Exploration": "planner.system.nouns",
    "export": "planner.exchange.export",
    "fan_figure": "planner.figures.multi_plan:fan",
    "Fault": "planner.mfa.reconciliation.reconcile",
    "flows_from_flodym": "planner.exchange.flodym",
    "flows_to_flodym": "planner.exchange.flodym",
    "Foresight": "planner.analysis.security.foresight",
    "from_flodym": "planner.exchange.flodym",
    "Frontier": "planner.analysis.tradeoffs.frontier",
    "frontier": "planner.analysis.tradeoffs.frontier",
    "frontier_cost": "planner.figures.multi_plan:plain_cost",
    "frontier_figure": "planner.figures.multi_plan:frontier",
    "Gap": "planner.analysis.security.supply_gap",
    "gap": "planner.analysis.security.supply_gap",
    "Good": "planner.system.nouns",
    "grade": "planner.plan.reserves",
    "Grading": "planner.plan.reserves",
    "Hedge": "planner.analysis.security.hedging",
    "hedge": "planner.analysis.security.hedging",
    "Calibration": "planner.analysis.hindcast.calibration",
    "calibrate": "planner.analysis.hindcast.calibrate",
    "discovered": "planner.system.discoveries",
    "project_futures": "planner.analysis.security.projects",
    "Hindcast": "planner.analysis.hindcast.hindcast",
    "hindcast": "planner.analysis.hindcast.hindcast",
    "Host": "planner.system.nouns",
    "Incidence": "planner.mfa.balance",
    "indicators": "planner.plan.indicators",
    "InfeasibleError": "planner.errors",
    "inflow_driven": "planner.mfa.stocks",
    "Lifetime": "planner.mfa.lifetimes",
    "line_figure": "planner.figures.multi_plan:lines",
    "load": "planner.plan.plan",
    "Mathematics": "planner.reference.mathematics",
    "mathematics": "planner.reference.mathematics",
    "Measure": "planner.system.nouns",
    "metals_of": "planner.system.unit_accounts",
    "mix_figure": "planner.figures.multi_plan:beside",
    "NamedArray": "planner.exchange.flodym",
    "new": "planner.study.template",
    "Observation": "planner.mfa.reconciliation.reconcile",
    "Observed": "planner.system.nouns",
    "OutputError": "planner.errors",
    "Period": "planner.system.nouns",
    "Plan": "planner.plan.plan",
    "places": "planner.analysis.tradeoffs.places",
    "PlannerError": "planner.errors",
    "Plant": "planner.system.nouns",
    "Plots": "planner.figures.accessor",
    "Policy": "planner.system.nouns",
    "Preset": "planner.study.targets.presets",
    "presets": "planner.study.targets.presets",
    "Problem": "planner.errors",
    "Process": "planner.system.nouns",
    "Product": "planner.system.nouns",
    "Ramp": "planner.system.nouns",
    "Ratio": "planner.mfa.reconciliation.reconcile",
    "read": "planner.study.reader",
    "reconcile": "planner.mfa.reconciliation.reconcile",
    "reconcile_flows": "planner.mfa.reconciliation.measured_flows",
    "reconcile_study": "planner.mfa.reconciliation.observations",
    "Reconciliation": "planner.mfa.reconciliation.reconcile",
    "Record": "planner.plan.plan",
    "Replay": "planner.plan.plan",
    "refined_output": "planner.system.unit_accounts",
    "regret": "planner.analysis.security.foresight",
    "report": "planner.reporting",
    "require_closed": "planner.mfa.closure",
    "Residual": "planner.mfa.balance",
    "result_tables_page": "planner.reference.result_tables",
    "rolling": "planner.analysis.security.foresight",
    "routes": "planner.analysis.tradeoffs.switches",
    "sankey_figure": "planner.figures.plan_figures:flow_sankey",
    "secure": "planner.analysis.security.n_minus_1",
    "Security": "planner.analysis.security.n_minus_1",
    "Sensitivity": "planner.analysis.uncertainty.sensitivity",
    "sensitivity": "planner.analysis.uncertainty.sensitivity",
    "simulate": "planner.mfa.simulate",
    "simulate_plan": "planner.mfa.simulate",
    "Simulation": "planner.mfa.simulate",
    "solve": "planner.plan.solve",
    "SolverError": "planner.errors",
    "SpecError": "planner.errors",
    "stock_driven": "planner.mfa.stocks",
    "Stockpile": "planner.system.nouns",
    "Stocks": "planner.mfa.stocks",
    "stocks_from_flodym": "planner.exchange.flodym",
    "stocks_to_flodym": "planner.exchange.flodym",
    "studies": "planner.study.reader",
    "study_format_page": "planner.reference.study_format",
    "StudyReconciliation": "planner.mfa.reconciliation.observations",
    "System": "planner.system.nouns",
    "Term": "planner.lp.glossary",
    "themed_figure": "planner.figures.themes:themed",
    "to_flodym": "planner.exchange.flodym",
    "Uncertainty": "planner.analysis.uncertainty.inputs",
    "unpack": "planner.study.workbook",
    "unserved_figure": "planner.figures.multi_plan:unserved",
    "urban_mine_figure": "planner.figures.multi_plan:urban_mine",
    "UseStock": "planner.mfa.in_use",
    "value_of_foresight": "planner.analysis.security.foresight",
    "verify": "planner.plan.certificate",
    "with_crma_benchmarks": "planner.analysis.security.concentration:with_benchmarks",
    "write_figure": "planner.figures.plan_figures",
    "write_study": "planner.study.writer",
    "write_study_workbook": "planner.study.workbook",
}
"""Public name to its module, or to `module:name` where the module knows it by another name. The
imports above say the same to type checkers, and a test holds the two together."""

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name == "__version__":
        from planner.runtime.extras import planner_version

        return planner_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'planner' has no attribute '{name}'")
    module, _, known = _HOMES[name].partition(":")
    value = getattr(importlib.import_module(module), known or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})
