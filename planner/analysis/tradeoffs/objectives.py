"""Objectives that a frontier weighs against one another, as terms on the columns of the
programme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.analysis.tradeoffs.frontier import carbon_terms, import_columns, plain_cost
from planner.errors import SpecError
from planner.solver.compiled import Compiled
from planner.system.impacts import impact_rates
from planner.system.nouns import Array, Scope
from planner.units import suggestion

COST, CARBON, IMPORTS = "cost", "carbon", "imports"
FEWEST, MOST = 2, 5
"""How many objectives can be weighed at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """One objective, to be as small as possible."""

    name: str
    unit: str
    terms: Array
    """Per unit of each column, all years together, shape (n,)."""

    def of(self, x: Array) -> float:
        """Its value in a plan."""
        return float(self.terms @ x)


def objectives_of(made: Compiled, names: Sequence[str], scope: Scope) -> tuple[Objective, ...]:
    """The objectives of these names: cost (present value, without prices of carbon and impacts, and
    penalties), carbon of a scope, imports in refined equivalents, or an impact of the study in its
    own scope; all but cost are summed over the years, undiscounted.

    Raises SpecError for a name that is unknown or stands twice, and for too few or too many.
    """
    known = (COST, CARBON, IMPORTS, *made.system.impacts)
    said = [
        f"'{name}' is not an objective{suggestion(name, known)}; choose of {', '.join(known)}"
        for name in names
        if name not in known
    ]
    said += [f"'{name}' stands twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not FEWEST <= len(names) <= MOST:
        said.append(f"{len(names)} given; a frontier weighs {FEWEST} to {MOST}")
    if said:
        raise SpecError("objectives", said)
    return tuple(_objective(made, name, scope) for name in names)


def every_objective(made: Compiled, scope: Scope) -> tuple[Objective, ...]:
    """Every objective that the study has."""
    names = (COST, CARBON, IMPORTS, *made.system.impacts)
    return tuple(_objective(made, name, scope) for name in names)


def _objective(made: Compiled, name: str, scope: Scope) -> Objective:
    system = made.system
    if name == COST:
        return Objective(name, f"USD_{system.currency_year}", plain_cost(made.arrays))
    if name == CARBON:
        return Objective(name, "tCO2e", carbon_terms(made, scope))
    if name == IMPORTS:
        return Objective(name, "t", import_columns(made))
    impact = system.impacts[name]
    terms = np.zeros(len(made.arrays.columns))
    for process, rates in impact_rates(system, impact, impact.scope).items():
        for period, rate in zip(system.periods, rates, strict=True):
            terms[made.arrays.column_at["activity", (process, period.first)]] = rate * period.length
    return Objective(name, impact.unit, terms)
