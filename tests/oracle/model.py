"""A linear programme of named columns and rows, solved by scipy.optimize.linprog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

Column = tuple[Any, ...]
Terms = Iterable[tuple[Column, float]]


@dataclass
class Answer:
    """What linprog says: the least cost, and the value of every column; None where none is."""

    status: str
    objective: float = float("nan")
    values: dict[Column, float] = field(default_factory=dict)


@dataclass
class Model:
    """Columns with bounds and costs, rows with terms and limits."""

    fixed_cost: float = 0.0
    columns: dict[Column, int] = field(default_factory=dict)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    rows: dict[Column, tuple[list[tuple[int, float]], str, float]] = field(default_factory=dict)

    def column(self, name: Column, cost: float = 0.0, low: float = 0.0, high: float = np.inf):
        """Add a column."""
        self.columns[name] = len(self.costs)
        self.bounds.append((low, high))
        self.costs.append(cost)

    def row(self, name: Column, terms: Terms, sense: str, right: float) -> None:
        """Add a row, `<=`, `>=` or `==` its right-hand side."""
        if name in self.rows:
            raise KeyError(name)
        found = [(self.columns[c], float(v)) for c, v in terms if v]
        self.rows[name] = (found, sense, float(right))

    def solve(self) -> Answer:
        """Least cost."""
        upper = self._matrix([r for r in self.rows.values() if r[1] != "=="])
        equal = self._matrix([r for r in self.rows.values() if r[1] == "=="])
        found = linprog(
            self.costs,
            A_ub=upper[0],
            b_ub=upper[1],
            A_eq=equal[0],
            b_eq=equal[1],
            bounds=self.bounds,
            method="highs",
            options={"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9},
        )
        if found.status != 0:
            return Answer({2: "infeasible", 3: "unbounded"}.get(found.status, found.message))
        values = {name: float(found.x[i]) for name, i in self.columns.items()}
        return Answer("optimal", float(found.fun) + self.fixed_cost, values)

    def _matrix(self, rows: list[tuple[list[tuple[int, float]], str, float]]):
        """Rows as a sparse matrix and its right-hand side, floors turned into ceilings."""
        at, of, value, right = [], [], [], []
        for i, (terms, sense, limit) in enumerate(rows):
            sign = -1.0 if sense == ">=" else 1.0
            right.append(sign * limit)
            for column, number in terms:
                at.append(i)
                of.append(column)
                value.append(sign * number)
        shape = (len(rows), len(self.costs))
        return sparse.csr_matrix((value, (at, of)), shape=shape), np.array(right)
