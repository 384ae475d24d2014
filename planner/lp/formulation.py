"""The table of the linear programme, and what is made of it: a Pyomo model (`build`), or its arrays
at once (`programme`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from planner.lp import constraints, objective, policies
from planner.lp.arrays import Arrays
from planner.lp.assembly import expand
from planner.lp.components import Components, pyomo_components
from planner.lp.options import fill_options
from planner.lp.parameters import fill_parameters
from planner.lp.targets import fill_targets
from planner.lp.variables import add_variables
from planner.mfa.balance import Balance, balance
from planner.system.nouns import System

if TYPE_CHECKING:
    import pyomo.environ as pyo

Basis = Literal["annual", "horizon", "state"]


@dataclass(frozen=True, slots=True)
class Family:
    """One family of rows. Its name is the rule, the row, the dual in `prices.csv`, the heading in
    the mathematics page."""

    name: str
    rule: Callable[..., Any]
    rows: str
    """The set of the model it is indexed by."""
    indices: tuple[str, ...]
    unit: str
    """Unit of the dual."""
    basis: Basis
    """annual: divided by the period's discount factor; state: by that of the year; horizon: left as
    present value."""
    target: bool = False
    """Whether people set it: the rows that a clash is looked for among."""

    @property
    def file(self) -> str:
        """Where the rule lives, relative to the package."""
        return (
            "planner/"
            + inspect.getsourcefile(self.rule).replace("\\", "/").rsplit("/planner/", 1)[-1]  # type: ignore[union-attr]
        )

    @property
    def line(self) -> int:
        return inspect.getsourcelines(self.rule)[1]


FORMULATION: tuple[Family, ...] = (
    Family("balance", constraints.balance, "balance_rows", ("good", "year"), "USD/t", "annual"),
    Family(
        "plant_capacity",
        constraints.plant_capacity,
        "plant_rows",
        ("plant", "year"),
        "USD/(t/year)/year",
        "annual",
    ),
    Family(
        "capacity_balance",
        constraints.capacity_balance,
        "capacities",
        ("plant", "year"),
        "USD/(t/year)/year",
        "annual",
    ),
    Family(
        "build_rate",
        constraints.build_rate,
        "build_rows",
        ("plant", "year"),
        "USD/(t/year)",
        "state",
    ),
    Family(
        "capacity_limit",
        constraints.capacity_limit,
        "capacity_limit_rows",
        ("plant", "year"),
        "USD/(t/year)/year",
        "annual",
    ),
    Family("ramp", constraints.ramp, "ramp_rows", ("ramp_group", "year"), "USD/t", "annual"),
    Family(
        "run_down", constraints.run_down, "run_down_rows", ("ramp_group", "year"), "USD/t", "annual"
    ),
    Family(
        "depletion", constraints.depletion, "deposit_years", ("deposit", "year"), "USD/t", "state"
    ),
    Family(
        "exploration_limit",
        constraints.exploration_limit,
        "exploration_limit_rows",
        ("deposit",),
        "USD/t",
        "horizon",
    ),
    Family(
        "extension", constraints.extension, "extension_rows", ("measure", "year"), "USD/t", "annual"
    ),
    Family("service", constraints.service, "service_rows", ("measure", "year"), "USD/t", "state"),
    Family(
        "host_limit",
        constraints.host_limit,
        "host_rows",
        ("host", "metal", "year"),
        "USD/t host",
        "annual",
    ),
    Family(
        "collection", constraints.collection, "collection_rows", ("good", "year"), "USD/t", "annual"
    ),
    Family(
        "stockpile_balance",
        constraints.stockpile_balance,
        "stockpiles",
        ("good", "year"),
        "USD/t",
        "state",
    ),
    Family(
        "emission_account",
        constraints.emission_account,
        "emission_rows",
        ("scope", "year"),
        "USD/tCO2e",
        "annual",
    ),
    Family(
        "self_sufficiency",
        policies.self_sufficiency,
        "self_sufficiency_rows",
        ("policy", "metal", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "recycled_content",
        policies.recycled_content,
        "recycled_content_rows",
        ("policy", "metal", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "collection_target",
        policies.collection_target,
        "collection_target_rows",
        ("policy", "good", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "stockpile_cover",
        policies.stockpile_cover,
        "stockpile_cover_rows",
        ("policy", "good", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "pin_floor",
        policies.pin_floor,
        "pin_floor_rows",
        ("policy", "process", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "pin_ceiling",
        policies.pin_ceiling,
        "pin_ceiling_rows",
        ("policy", "process", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "import_share",
        policies.import_share,
        "import_share_rows",
        ("policy", "year"),
        "USD/t",
        "annual",
        target=True,
    ),
    Family(
        "quota", policies.quota, "quota_rows", ("policy", "year"), "USD/t", "annual", target=True
    ),
    Family(
        "carbon_cap",
        policies.carbon_cap,
        "carbon_cap_rows",
        ("policy", "year"),
        "USD/tCO2e",
        "annual",
        target=True,
    ),
    Family(
        "carbon_budget",
        policies.carbon_budget,
        "carbon_budget_rows",
        ("policy",),
        "USD/tCO2e",
        "horizon",
        target=True,
    ),
    Family(
        "capital_budget",
        policies.capital_budget,
        "capital_budget_rows",
        ("policy", "year"),
        "USD/USD",
        "annual",
        target=True,
    ),
)
"""One row each. A new constraint is one function, one row here, one test, one line in the
changelog."""

OBJECTIVES = (("cost", objective.cost), ("carbon", objective.carbon))


def components(system: System, flow_balance: Balance) -> Components:
    """Every set and parameter that the rules read."""
    m = Components(system.name)
    fill_parameters(m, system, flow_balance)
    fill_options(m, system)
    fill_targets(m, system, flow_balance)
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
    return expand(
        filled, OBJECTIVES, [(family.name, family.rows, family.rule) for family in FORMULATION]
    )


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
    return model
