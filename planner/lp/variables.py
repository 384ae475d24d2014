"""The columns of the linear programme, with their bounds. Yearly quantities are per year of their
period, stocks are at its end."""

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
    lower: Callable[..., Any] = zero
    upper: Callable[..., Any] = free


COLUMNS: tuple[Variable, ...] = (
    Variable(
        "activity",
        "activities",
        lambda m, p, t: m.least_activity[p, t],
        lambda m, p, t: m.most_activity[p, t],
    ),
    Variable("new_capacity", "orders"),
    Variable("capacity", "capacities"),
    Variable(
        "stockpile",
        "stockpiles",
        lambda m, g, t: m.least_stock[g, t],
        lambda m, g, t: m.most_stock[g, t],
    ),
    Variable("fill", "stockpiles"),
    Variable("draw", "stockpiles"),
    Variable("disposal", "disposals"),
    Variable("shortage", "shortages", zero, lambda m, g, t: m.demand[g, t]),
    Variable("remaining", "deposit_years"),
    Variable("emission", "emission_rows", free_below),
    Variable("measure", "measures", zero, lambda m, u, t: m.most_measure[u, t]),
    Variable("explored", "explorations", zero, lambda m, d, t: m.most_explored[d, t]),
    Variable("breach", "breaches", zero, lambda m, n, x, t: m.most_breach[n]),
)


def add_variables(model: Any) -> None:
    """Give a Pyomo model every column."""
    import pyomo.environ as pyo

    for column in COLUMNS:

        def bounds(m: Any, *index: Any, column: Variable = column) -> tuple[Any, Any]:
            return column.lower(m, *index), column.upper(m, *index)

        setattr(model, column.name, pyo.Var(getattr(model, column.over), bounds=bounds))
