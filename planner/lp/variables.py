"""The columns of the linear programme, with their bounds. Stocks are those at the
end of their year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

INFINITE = float("inf")


def zero(m: Any, *index: Any) -> Any:
    return 0.0


def free(m: Any, *index: Any) -> Any:
    return INFINITE


def free_below(m: Any, *index: Any) -> Any:
    return -INFINITE


@dataclass(frozen=True, slots=True)
class Variable:
    """One kind of column: the set it is indexed by, and the rules of its bounds, which hold algebra
    only, as those of rows."""

    name: str
    over: str
    lower: Callable[..., Any]
    upper: Callable[..., Any]
    recourse: bool
    """True if it can still be chosen when a source is lost (planner.analysis.security.recourse)."""


COLUMNS: tuple[Variable, ...] = (
    Variable(
        "activity",
        "activities",
        lambda m, p, t: m.min_activity[p, t],
        lambda m, p, t: m.max_activity[p, t],
        recourse=True,
    ),
    Variable("new_capacity", "orders", zero, free, recourse=False),
    Variable("capacity", "capacities", zero, free, recourse=False),
    Variable(
        "stockpile",
        "stockpiles",
        lambda m, g, t: m.min_stock[g, t],
        lambda m, g, t: m.max_stock[g, t],
        recourse=True,
    ),
    Variable("fill", "stockpiles", zero, free, recourse=True),
    Variable("draw", "stockpiles", zero, free, recourse=True),
    Variable("disposal", "disposals", zero, free, recourse=True),
    Variable("shortage", "shortages", zero, lambda m, g, t: m.demand[g, t], recourse=True),
    Variable("remaining", "deposit_years", zero, free, recourse=True),
    Variable("emission", "emission_rows", free_below, free, recourse=True),
    Variable("impact", "impact_account_rows", free_below, free, recourse=True),
    Variable("measure", "measures", zero, lambda m, u, t: m.max_measure[u, t], recourse=False),
    Variable(
        "explored", "explorations", zero, lambda m, d, t: m.max_explored[d, t], recourse=False
    ),
    Variable("step", "steps", zero, lambda m, s, t: m.step_amount[s, t], recourse=True),
    Variable("beyond", "beyonds", zero, free, recourse=True),
    Variable("taken_back", "take_backs", zero, free, recourse=True),
    Variable("claimed", "claims", zero, free, recourse=True),
    Variable("breach", "breaches", zero, lambda m, n, x, t: m.max_breach[n], recourse=False),
)


def add_variables(model: Any) -> None:
    """Give a Pyomo model every column."""
    import pyomo.environ as pyo

    for column in COLUMNS:

        def bounds(m: Any, *index: Any, column: Variable = column) -> tuple[Any, Any]:
            return column.lower(m, *index), column.upper(m, *index)

        setattr(model, column.name, pyo.Var(getattr(model, column.over), bounds=bounds))
