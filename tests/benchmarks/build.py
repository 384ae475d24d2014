"""The same programme built and handed to HiGHS by planner and by others, each in a process of its
own.

    python -m tests.benchmarks.build TOOL STUDY ARRAYS [solve]

prints the processor seconds from the data in memory to HiGHS holding the programme, and the peak
memory of the whole process. With `solve` the optimum too, by which the suite sees that all built
the same.

* `planner` starts from the System and its flow balance: it also works out every coefficient
  (discounting, charges, lives).
* The others start from the finished arrays, and only build: that is in their favour.
* `linopy` gets whole arrays of terms for each family of rows, the fastest way that was found;
  `linopy-algebra` is the same through its expressions (coefficient x variable, grouped by row and
  summed), as its documentation teaches.
* `pyomo-plain` is planner's own formulation expanded by Pyomo, handed over by its stock interface
  (appsi); `pyomo-templates` is how a model that somebody extends is compiled.
* `highspy` is the floor: a scipy matrix from triples, and passModel.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measured import clock, peak, report


def save_arrays(study: Path, path: Path) -> None:
    """The programme of a study as plain arrays with the names of the variable and family of each
    column and row."""
    import planner
    from planner.solver.compiled import compiled

    a = compiled(planner.read(study)).arrays
    np.savez(
        path,
        variable=np.array([name for name, _ in a.columns]),
        family=np.array([name for name, _ in a.rows]),
        cost=a.cost,
        lower=a.lower,
        upper=a.upper,
        row_lower=a.row_lower,
        row_upper=a.row_upper,
        data=a.matrix.data,
        indices=a.matrix.indices,
        indptr=a.matrix.indptr,
    )


def by_planner(study: Path, _: Path) -> tuple[float, Any]:
    import planner
    from planner.lp.formulation import components, programme
    from planner.mfa.balance import balance
    from planner.solver.highs import Program

    system = planner.read(study)
    flow_balance = balance(system)
    with clock() as taken:
        held = Program(programme(components(system, flow_balance)))
    return taken[0], held.highs


def by_highspy(_: Path, path: Path) -> tuple[float, Any]:
    import highspy
    from scipy import sparse

    a = np.load(path)
    size = len(a["row_lower"]), len(a["cost"])
    triples = sparse.csc_array((a["data"], a["indices"], a["indptr"]), shape=size).tocoo()
    cost, lower, upper, row_lower, row_upper = (
        a[name] for name in ("cost", "lower", "upper", "row_lower", "row_upper")
    )
    with clock() as taken:
        matrix = sparse.coo_array((triples.data, (triples.row, triples.col)), shape=size).tocsc()
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = size
        lp.col_cost_, lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_ = (
            cost,
            lower,
            upper,
            row_lower,
            row_upper,
        )
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = (
            matrix.indptr,
            matrix.indices,
            matrix.data,
        )
        highs = highspy.Highs()
        highs.silent()
        highs.passModel(lp)
    return taken[0], highs


def by_linopy(_: Path, path: Path, *, algebra: bool = False) -> tuple[float, Any]:
    import linopy
    import xarray as xr
    from scipy import sparse

    a = dict(np.load(path).items())
    size = len(a["row_lower"]), len(a["cost"])
    rows = sparse.csc_array((a["data"], a["indices"], a["indptr"]), shape=size).tocsr()
    at = {
        name: np.flatnonzero(a["variable"] == name)
        for name in dict.fromkeys(a["variable"].tolist())
    }
    families = {
        name: np.flatnonzero(a["family"] == name) for name in dict.fromkeys(a["family"].tolist())
    }
    with clock() as taken:
        model = linopy.Model()
        label, place = np.empty(size[1], dtype=int), np.empty(size[1], dtype=int)
        for name, columns in at.items():
            variable = model.add_variables(
                lower=xr.DataArray(a["lower"][columns], dims=[name]),
                upper=xr.DataArray(a["upper"][columns], dims=[name]),
                name=name,
            )
            label[columns], place[columns] = variable.labels.values, np.arange(len(columns))
        for name, family in families.items():
            terms = rows[family]
            left = (
                _algebra(model, a, at, terms, place, name)
                if algebra
                else _terms(linopy, xr, model, terms, label, name)
            )
            low, high = a["row_lower"][family], a["row_upper"][family]
            sense = np.where(low == high, "=", np.where(np.isinf(low), "<=", ">="))
            model.add_constraints(
                left,
                xr.DataArray(sense, dims=[name]),
                xr.DataArray(np.where(np.isinf(low), high, low), dims=[name]),
                name=name,
            )
        parts = [
            (xr.DataArray(a["cost"][columns], dims=[name]) * model.variables[name]).sum()
            for name, columns in at.items()
        ]
        model.add_objective(linopy.merge(parts) if len(parts) > 1 else parts[0])
        highs = model.to_highspy()
    return taken[0], highs


def _terms(linopy: Any, xr: Any, model: Any, rows: Any, label: Any, name: str) -> Any:
    """Terms of a family as whole arrays, each row filled up to the longest."""
    count = np.diff(rows.indptr)
    place = np.arange(rows.nnz) - np.repeat(rows.indptr[:-1], count)
    row = np.repeat(np.arange(len(count)), count)
    labels, coefficients = (
        np.full((len(count), max(count.max(), 1)), -1),
        np.zeros((len(count), max(count.max(), 1))),
    )
    labels[row, place], coefficients[row, place] = label[rows.indices], rows.data
    return linopy.LinearExpression(
        xr.Dataset({"coeffs": ([name, "_term"], coefficients), "vars": ([name, "_term"], labels)}),
        model,
    )


def _algebra(
    model: Any, a: Mapping[str, Any], at: Mapping[str, Any], rows: Any, place: Any, name: str
) -> Any:
    """The same by linopy's expressions: coefficients times the variables picked, grouped by row and
    summed."""
    import linopy
    import xarray as xr

    row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    parts = []
    for variable in at:
        mine = a["variable"][rows.indices] == variable
        if mine.any():
            picked = model.variables[variable].isel(
                {variable: xr.DataArray(place[rows.indices[mine]], dims=["term"])}
            )
            product = xr.DataArray(rows.data[mine], dims=["term"]) * picked
            summed = product.groupby(xr.DataArray(row[mine], dims=["term"], name=name)).sum()
            parts.append(summed.reindex({name: np.arange(rows.shape[0])}).fillna(0))
    return linopy.merge(parts) if len(parts) > 1 else parts[0]


def by_pyomo(study: Path, _: Path, *, templates: bool) -> tuple[float, Any]:
    import pyomo.environ  # noqa: F401  the import is no part of building
    from pyomo.contrib.appsi.solvers import Highs

    import planner
    from planner.lp.formulation import build
    from planner.mfa.balance import balance
    from planner.solver.highs import Program
    from planner.solver.pyomo_model import compile_arrays

    system = planner.read(study)
    flow_balance = balance(system)
    with clock() as taken:
        model = build(system, flow_balance=flow_balance, templates=templates)
        if templates:
            highs = Program(compile_arrays(model)).highs
        else:
            model.carbon.deactivate()
            stock = Highs()
            stock.set_instance(model)
            highs = stock._solver_model
    return taken[0], highs


TOOLS: Mapping[str, Callable[[Path, Path], tuple[float, Any]]] = {
    "planner": by_planner,
    "highspy": by_highspy,
    "linopy": by_linopy,
    "linopy-algebra": lambda study, path: by_linopy(study, path, algebra=True),
    "pyomo-templates": lambda study, path: by_pyomo(study, path, templates=True),
    "pyomo-plain": lambda study, path: by_pyomo(study, path, templates=False),
}


def main() -> None:
    tool, study, path = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    seconds, highs = TOOLS[tool](study, path)
    found = {
        "seconds": seconds,
        "peak": peak(),
        "columns": highs.getNumCol(),
        "rows": highs.getNumRow(),
        "nonzeros": highs.getNumNz(),
    }
    if "solve" in sys.argv[4:]:
        highs.run()
        found["objective"] = highs.getInfo().objective_function_value
    report(found)


if __name__ == "__main__":
    main()
