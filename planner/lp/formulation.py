"""The linear programme as its families and objectives make it: as a Pyomo model (`build`), or as
arrays at once (`programme`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from planner.errors import SpecError
from planner.lp import objective
from planner.lp.arrays import Arrays, without_specks
from planner.lp.assembly import expand
from planner.lp.components import Components, pyomo_components
from planner.lp.families import FORMULATION as FORMULATION
from planner.lp.families import PHYSICAL, TARGETS
from planner.lp.parameters import Given, fill_parameters
from planner.lp.targets import fill_targets
from planner.lp.variables import COLUMNS, add_variables
from planner.mfa.balance import Balance, balance
from planner.system.nouns import System

if TYPE_CHECKING:
    import pyomo.environ as pyo

OBJECTIVES = (("cost", objective.cost), ("carbon", objective.carbon))


def components(system: System, flow_balance: Balance) -> Components:
    """Every set and parameter that the rules read."""
    m, given = Components(system.name), Given(system, flow_balance)
    fill_parameters(m, given)
    for family in PHYSICAL:
        family.fill(m, given)
    fill_targets(m, given, TARGETS)
    return m


def programme(filled: Components) -> Arrays:
    """The linear programme as arrays: what compiling `build(system)` gives, to the last digit, many
    times faster.

    Raises InfeasibleError where a row without any option cannot hold.
    """
    (arrays,) = programmes(filled)
    return arrays


def programmes(filled: Components) -> list[Arrays]:
    """The linear programme of each sample of a batch (`planner.system.batch`); of the one set of
    numbers where there is no batch."""
    families = [(family.name, family.rows, family.rule) for family in FORMULATION]
    return [without_specks(arrays) for arrays in expand(filled, OBJECTIVES, families)]


@contextmanager
def _templates(on: bool) -> Iterator[None]:
    """Switch Pyomo's templates on inside the build only, and restore what was set before."""
    import pyomo.core.base.constraint as pyomo_constraint
    import pyomo.core.base.objective as pyomo_objective

    before = pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES
    pyomo_constraint.TEMPLATIZE_CONSTRAINTS = pyomo_objective.TEMPLATIZE_OBJECTIVES = on
    try:
        yield
    finally:
        pyomo_constraint.TEMPLATIZE_CONSTRAINTS, pyomo_objective.TEMPLATIZE_OBJECTIVES = before


def build(
    system: System, *, flow_balance: Balance | None = None, templates: bool = True
) -> pyo.ConcreteModel:
    """The linear programme of a system, as a Pyomo model that may be extended with further
    constraints before solving.

    `templates=False` expands every rule at once, as plain Pyomo does: slower, and the yardstick the
    templates are tested by.
    """
    import pyomo.environ as pyo

    model = pyo.ConcreteModel(name=system.name)
    model.clone = model.__deepcopy__ = model.__reduce_ex__ = _never_copied
    model.flow_balance = flow_balance if flow_balance is not None else balance(system)
    pyomo_components(model, components(system, model.flow_balance))
    add_variables(model)
    with _templates(templates):
        for family in FORMULATION:
            rows = getattr(model, family.rows)
            if len(rows):
                setattr(model, family.name, pyo.Constraint(rows, rule=family.rule))
        for name, rule in OBJECTIVES:
            setattr(model, name, pyo.Objective(rule=rule, sense=pyo.minimize))
    _remember(model)
    return model


def _never_copied(*_: Any, **__: Any) -> Any:
    """Refuse `clone`, `copy.deepcopy` and pickling.

    A row that is a template sums over a set that hangs on an index still open; to copy it, Pyomo
    opens that sum, fails, logs a line and leaves the row without an expression. It does so row by
    row, and the study beside the rows is lost as well.
    """
    said = "cannot be cloned, copied or pickled; build it anew with planner.build(system)"
    raise SpecError("model", [said])


def _remember(model: Any) -> None:
    """Keep what was built, by name, to tell it from what is added: of an objective also its
    expression."""
    parts = [family.name for family in FORMULATION] + [column.name for column in COLUMNS]
    built = {name: model.component(name) for name in parts if model.component(name) is not None}
    for name, _ in OBJECTIVES:
        built[name] = (model.component(name), model.component(name).expr)
    model.built, model.own_costs = built, []


def add_cost(model: Any, name: str, rule: Callable[[Any, int], Any]) -> None:
    """Add a cost of your own to a model that `build` made.

    `rule(model, year)` is the cost of the calendar year `year` (USD per year), linear in the
    variables, in constant money of the study's currency year and not discounted: it is discounted
    like every other cost. It stands in `plan.costs` as item `own` under its name, and may be
    negative. On `emission` it is a price of carbon, and left out of a frontier's cost as that is.
    On `shortage` or `breach` it is refused where the model is compiled: their cost is a penalty,
    which nobody pays. Raises SpecError where the model has something of that name.
    """
    import pyomo.environ as pyo

    if model.component(name) is not None:
        raise SpecError("add_cost", [f"the model has a component {name}; take another name"])
    setattr(model, name, pyo.Objective(model.periods, rule=rule))
    model.own_costs.append(name)
