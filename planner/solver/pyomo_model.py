"""A Pyomo model as arrays: what `planner.lp.formulation.build` made and what its user added, which
is worked or refused with the remedy and never passed over.

Fixed variables become bounds, both sides of a constraint one row, integer and binary variables are
marked (`planner.solver.whole_numbers`), and costs that `planner.add_cost` gave join the cost.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from planner.errors import InfeasibleError, SpecError
from planner.lp.arrays import PENALTIES, Arrays, Name, without_specks
from planner.lp.families import PHYSICAL
from planner.lp.formulation import FORMULATION, OBJECTIVES
from planner.lp.variables import COLUMNS
from planner.system.economics import period_factors
from planner.system.nouns import Array, System

LINEAR_ONLY = (
    "only linear constraints are worked (write a condition of choice with binary variables, a "
    "constant as pyo.Param and not as a fixed variable)"
)
OWN_COST = (
    "only cost is minimised: give what it costs with planner.add_cost(model, name, rule), or "
    "deactivate it"
)
ON_PENALTY = (
    "the cost {cost} is on {variable}, whose cost is a penalty that nobody pays; for a higher "
    "penalty change shortage_cost or the policy's penalty in the study, and for a cost that is "
    "paid add a variable of your own, held to no less than {variable} by a constraint, and put the "
    "cost on that"
)


@dataclass(frozen=True, slots=True, eq=False)
class OwnCost:
    """A cost that a user added, in one period: terms (n,) and constant, USD per year."""

    name: str
    year: int
    terms: Array
    constant: float


@dataclass(frozen=True, slots=True, eq=False)
class Added:
    """What the user of a model added to it."""

    words: tuple[str, ...] = ()
    """Each kind of addition, for the record of the plan."""
    whole: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Positions of the columns that take whole numbers only."""
    costs: tuple[OwnCost, ...] = ()

    def costs_of(self, x: Array) -> dict[tuple[Hashable, ...], float]:
        """What each cost of the user comes to in a solution, USD per year, by name and first year
        of the period."""
        return {(c.name, c.year): float(c.terms @ x) + c.constant for c in self.costs}


NOTHING = Added()


@contextmanager
def _quiet_pyomo() -> Iterator[None]:
    """Hold back Pyomo's own deprecation notices, which are about its inside and not about the
    study."""
    logger = logging.getLogger("pyomo.core")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def compile_arrays(model: Any) -> Arrays:
    """The arrays of a model, as `compile_model`."""
    return compile_model(model)[0]


def compile_model(model: Any) -> tuple[Arrays, Added]:
    """Compile a Pyomo model with the objectives `cost` and `carbon` into arrays, and say what was
    added to it.

    Raises SpecError with what of it cannot be worked, InfeasibleError where a row without variables
    cannot hold.
    """
    _refuse(model, _problems(model))
    with _fixed_as_bounds(model) as fixed:
        form = _standard_form(model)
        arrays, costs = _arrays(model, form)
        whole = [i for i, column in enumerate(form.columns) if not column.is_continuous()]
        _refuse(model, _lost(fixed, arrays.columns))
        _refuse(model, _on_penalties(costs, arrays.columns))
    return arrays, Added(
        tuple(_words(model, fixed, [arrays.columns[i] for i in whole])),
        np.array(whole, dtype=np.int32),
        costs,
    )


def _refuse(model: Any, problems: Iterator[str]) -> None:
    if found := list(problems):
        raise SpecError(model.name, found)


# what cannot be worked


def _problems(model: Any) -> Iterator[str]:
    """What of a model would be answered wrongly."""
    yield from _changed_rows(model)
    yield from _borrowed_names(model)
    yield from _changed_objectives(model)
    for variable in _variables(model):
        if variable.fixed and not _within(variable):
            low, high = variable.bounds
            yield (
                f"{variable.name} is fixed at {variable.value}, outside of its bounds {low} to "
                f"{high}; fix it within them, or change the study"
            )


def _changed_rows(model: Any) -> Iterator[str]:
    """Rows of nature and plant that were switched off or replaced; those of policies may be."""
    for family in FORMULATION:
        built = model.built.get(family.name)
        if built is None:
            continue
        if model.component(family.name) is not built:
            yield f"the rows {family.name} were replaced; add a constraint under another name"
        elif family in PHYSICAL and (not built.active or _rows_off(built)):
            yield (
                f"rows of {family.name} are deactivated, without which the plan would not hold; "
                "change the limits of the study instead (planner.read(..., overrides=...))"
            )


def _rows_off(built: Any) -> int:
    """Number of rows of a family that are deactivated."""
    return sum(not (built.active and row.active) for row in built.values())


def _borrowed_names(model: Any) -> Iterator[str]:
    """A row or column of the user under a name of planner's own would be taken for that."""
    import pyomo.environ as pyo

    families = {family.name for family in FORMULATION}
    for component in model.component_objects((pyo.Constraint, pyo.Var), descend_into=True):
        name = component.name
        if name in families and name not in model.built:
            yield f"constraint {name} has the name of a family of rows; give it another"
    for column in COLUMNS:
        if model.component(column.name) is not model.built.get(column.name):
            yield f"the variable {column.name} was replaced; add one under another name"


def _changed_objectives(model: Any) -> Iterator[str]:
    import pyomo.environ as pyo

    ours = {name for name, _ in OBJECTIVES}
    for name in ours:
        built, expression = model.built[name]
        now = model.component(name)
        if now is not built or not now.active or now.expr is not expression:
            yield f"the objective {name} was changed; {OWN_COST}"
        elif now.sense != pyo.minimize:
            yield f"the objective {name} is to be maximised; leave it, and {OWN_COST}"
    yield from _further_objectives(model, ours)


def _further_objectives(model: Any, ours: Set[str]) -> Iterator[str]:
    """Objectives of the user's own that are no cost, or are to be maximised."""
    import pyomo.environ as pyo

    for objective in model.component_data_objects(pyo.Objective, active=True, descend_into=True):
        parent = objective.parent_component()
        if parent.name not in ours and parent.name not in model.own_costs:
            yield f"the objective {objective.name} is a further one; {OWN_COST}"
        elif parent.name in model.own_costs and objective.sense != pyo.minimize:
            yield f"the cost {objective.name} is to be maximised; give a negative cost instead"


def _within(variable: Any) -> bool:
    """Return True if a fixed variable has a value that its bounds allow."""
    low, high = (np.nan if side is None else float(side) for side in variable.bounds)
    value = np.nan if variable.value is None else float(variable.value)
    return bool(np.isfinite(value) and not value < low and not value > high)


def _lost(fixed: Mapping[Name, float], columns: Sequence[Name]) -> Iterator[str]:
    """Fixed variables of no row and no cost, which the programme does not hold."""
    there = set(columns)
    for name, value in fixed.items():
        if name not in there and value:
            yield f"{_shown(name)} is fixed at {value} and stands in no row; add it to one"


def _on_penalties(costs: Sequence[OwnCost], columns: Sequence[Name]) -> Iterator[str]:
    """Own costs of what bears a penalty: in one coefficient, what is paid and what is not could no
    longer be told apart."""
    weighed = [(i, name) for i, (name, _) in enumerate(columns) if name in PENALTIES]
    found = {(own.name, name) for own in costs for i, name in weighed if own.terms[i]}
    yield from (ON_PENALTY.format(cost=cost, variable=name) for cost, name in sorted(found))


# arrays


@contextmanager
def _fixed_as_bounds(model: Any) -> Iterator[dict[Name, float]]:
    """Let variables that are fixed keep their columns meanwhile, between bounds at their values."""
    held = [
        (variable, variable.lower, variable.upper)
        for variable in _variables(model)
        if variable.fixed
    ]
    try:
        for variable, _, _ in held:
            value = variable.value
            variable.unfix()
            variable.setlb(value)
            variable.setub(value)
        yield {_name(variable): float(variable.value) for variable, _, _ in held}
    finally:
        for variable, low, high in held:
            variable.setlb(low)
            variable.setub(high)
            variable.fix()


def _variables(model: Any) -> Iterator[Any]:
    import pyomo.environ as pyo

    found: Iterator[Any] = model.component_data_objects(pyo.Var, descend_into=True)
    return found


def _standard_form(model: Any) -> Any:
    from pyomo.common.errors import InfeasibleConstraintException, InvalidExpressionError
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    try:
        with _quiet_pyomo():
            return LinearStandardFormCompiler().write(model, mixed_form=True)
    except InfeasibleConstraintException as error:
        raise InfeasibleError(
            "no plan exists: a row without any option cannot hold", [str(error)]
        ) from error
    except (ValueError, InvalidExpressionError) as error:
        said = " ".join(str(error).split())
        raise SpecError(model.name, [f"cannot be worked: {said}; {LINEAR_ONLY}"]) from error


def _arrays(model: Any, form: Any) -> tuple[Arrays, tuple[OwnCost, ...]]:
    dense, offsets = form.c.toarray(), np.asarray(form.c_offset, dtype=float)
    at = {objective.name: i for i, objective in enumerate(form.objectives)}
    costs = tuple(_own_costs(model, form, dense, offsets))
    factor = _factors(model.flow_balance.system) if costs else {}
    one_row, lower, upper = _rows(form)
    low, high = _bounds(form.columns)
    matrix = form.A if len(one_row) == len(form.rows) else sparse.csr_array(form.A)[one_row]
    arrays = Arrays(
        columns=tuple(map(_name, form.columns)),
        rows=tuple(_name(form.rows[i].constraint) for i in one_row),
        cost=dense[at["cost"]] + sum(factor[c.year] * c.terms for c in costs),
        offset=float(offsets[at["cost"]]) + sum(factor[c.year] * c.constant for c in costs),
        carbon=dense[at["carbon"]],
        matrix=sparse.csc_array(matrix),
        lower=low,
        upper=high,
        row_lower=lower,
        row_upper=upper,
    )
    return without_specks(arrays), costs


def _own_costs(model: Any, form: Any, dense: Array, offsets: Array) -> Iterator[OwnCost]:
    """The user's own costs, by year."""
    for i, objective in enumerate(form.objectives):
        name = objective.parent_component().name
        if name in model.own_costs:
            yield OwnCost(name, int(objective.index()), dense[i], float(offsets[i]))


def _factors(system: System) -> dict[int, float]:
    factors = period_factors(system.periods, system.discount_rate)
    return dict(zip((p.first for p in system.periods), factors.tolist(), strict=True))


def _rows(form: Any) -> tuple[list[int], Array, Array]:
    """Positions of the rows, each constraint once, and what each is held to on both sides: the
    compiler gives a row for each side of a range."""
    first: dict[int, int] = {}
    place = [first.setdefault(id(row.constraint), i) for i, row in enumerate(form.rows)]
    kept = [i for i, at in enumerate(place) if at == i]
    number = {at: position for position, at in enumerate(kept)}
    lower, upper = np.full(len(kept), -np.inf), np.full(len(kept), np.inf)
    for i, row in enumerate(form.rows):
        at, side = number[place[i]], float(form.rhs[i])
        if row.bound_type <= 0:
            lower[at] = max(lower[at], side)
        if row.bound_type >= 0:
            upper[at] = min(upper[at], side)
    return kept, lower, upper


def _name(component: Any) -> Name:
    """A variable's or constraint's name and index, as a tuple; one within a block has the name of
    the block before its own."""
    index = component.index()
    if not isinstance(index, tuple):
        index = () if index is None else (index,)
    return component.parent_component().name, index


def _shown(name: Name) -> str:
    head, index = name
    return f"{head}[{', '.join(map(str, index))}]" if index else head


def _bounds(columns: Sequence[Any]) -> tuple[Array, Array]:
    """Lower and upper bounds of Pyomo variables; infinite where they have none."""
    bounds = np.array([column.bounds for column in columns], dtype=float).reshape(-1, 2)
    lower, upper = bounds[:, 0], bounds[:, 1]
    return np.where(np.isnan(lower), -np.inf, lower), np.where(np.isnan(upper), np.inf, upper)


# what was added, in words


def _words(model: Any, fixed: Mapping[Name, float], whole: Sequence[Name]) -> Iterator[str]:
    yield from _further(model)
    yield from (f"cost {name}" for name in model.own_costs if model.component(name).active)
    for family in FORMULATION:
        built = model.built.get(family.name)
        if built is not None and (off := _rows_off(built)):
            yield f"{off} rows of {family.name} deactivated"
    if fixed:
        yield f"{len(fixed)} fixed columns of {_heads(fixed)}"
    if whole:
        yield f"whole numbers of {_heads(whole)}"


def _further(model: Any) -> Iterator[str]:
    """Constraints and variables of the user's own."""
    import pyomo.environ as pyo

    for word, kind in (("constraint", pyo.Constraint), ("variable", pyo.Var)):
        for component in model.component_objects(kind, active=True, descend_into=True):
            if component.name not in model.built:
                yield f"{word} {component.name}"


def _heads(names: Iterable[Name]) -> str:
    """The variables or families of names, without their indices."""
    return ", ".join(sorted({head for head, _ in names}))
