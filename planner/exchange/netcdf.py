"""The tables of a plan as labelled arrays (xarray), written as netCDF.

Each table is one array over the items it holds and the years: `supply(supply_item, year)`, with the
coordinates `supply_metal`, `supply_pathway` and so on along the items, so that it stays as small as
its table. Where a table has no row there is no number (NaN).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.plan.plan import Plan
from planner.plan.schema import RESULTS, ResultTable
from planner.runtime.extras import needed

Positions = npt.NDArray[np.int64]

NUMERIC = ("number", "truth")
"""Kinds of columns that become arrays."""
LABEL = "text"
"""Kind of the columns that become coordinates."""
WHOLE = 0
"""The year of what belongs to the whole horizon."""


def dataset(plan: Plan) -> Any:
    """The tables of a plan as an `xarray.Dataset`. Raises OutputError where xarray is missing."""
    xarray = needed("xarray", "netcdf")
    years = np.array([period.first for period in plan.system.periods], dtype=np.int64)
    meaning = {"long_name": "first year of the period; amounts are per year", "units": "year"}
    coordinates: dict[str, Any] = {"year": ("year", years, meaning)}
    arrays: dict[str, Any] = {}
    for table in RESULTS:
        grid = _Grid.of(table, plan.tables[table.name], years)
        arrays |= grid.arrays()
        coordinates |= grid.labels()
    return xarray.Dataset(arrays, coords=coordinates, attrs=_attributes(plan))


def _attributes(plan: Plan) -> dict[str, Any]:
    record = plan.record
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return {
        "title": record.title,
        "study": record.study,
        "scenario": record.scenario,
        "country": plan.system.country,
        "currency": record.currency,
        "objective": record.objective,
        "cost": plan.cost,
        "penalty": plan.penalty,
        "outlay": plan.outlay,
        "targets": plan.headline.targets_said,
        "data": plan.headline.numbers_said,
        "inputs_hash": record.inputs_hash,
        "history": record.created,
        "source": f"{versions}, {record.solver}",
        **({"unsealed": plan.unsealed} if plan.unsealed else {}),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The rows of a table over (item, year): an item is what the columns of text say together."""

    table: ResultTable
    frame: pd.DataFrame
    items: Mapping[tuple[str, ...], int]
    """Position of each item, in order of appearance."""
    row: Positions
    """Position of the item of each row of the table."""
    column: Positions
    """Position of the year of each row of the table; one past the years for the whole horizon."""
    years: int

    @classmethod
    def of(cls, table: ResultTable, frame: pd.DataFrame, years: Positions) -> Self:
        """The grid of a table over the first years of the periods."""
        at_year = {int(year): i for i, year in enumerate((*years, WHOLE))}
        names = [field.name for field in table.fields if field.kind == LABEL]
        keys = list(frame[names].astype(str).itertuples(index=False, name=None))
        items = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        row = np.array([items[key] for key in keys], dtype=int)
        column = [at_year[int(year)] for year in frame["year"].fillna(WHOLE)]
        return cls(table, frame, items, row, np.array(column, dtype=int), len(years))

    @property
    def item(self) -> str:
        """Name of the dimension of items."""
        return f"{self.table.name}_item"

    def arrays(self) -> dict[str, Any]:
        """Every column that is a number or a truth, over (item, year); what belongs to the whole
        horizon in an array of its own."""
        found: dict[str, Any] = {}
        for field in self.table.fields:
            if field.kind not in NUMERIC:
                continue
            name = self._named(field.name)
            values = np.full((len(self.items), self.years + 1), np.nan)
            values[self.row, self.column] = self.frame[field.name].to_numpy(dtype=float)
            meaning = {"long_name": field.meaning, **self._unit(field.kind)}
            found[name] = ((self.item, "year"), values[:, : self.years], meaning)
            if self.frame["year"].isna().any():
                of_all = meaning | {"long_name": f"{field.meaning}; of the whole horizon"}
                found[f"{name}_whole"] = ((self.item,), values[:, -1], of_all)
        return found

    def labels(self) -> dict[str, Any]:
        """Every column of text along the items."""
        return {
            self._named(field.name): (
                self.item,
                np.array([key[i] for key in self.items], dtype=object),
                {"long_name": field.meaning},
            )
            for i, field in enumerate(f for f in self.table.fields if f.kind == LABEL)
        }

    def _named(self, column: str) -> str:
        return self.table.name if column == "value" else f"{self.table.name}_{column}"

    def _unit(self, kind: str) -> dict[str, str]:
        """The one unit of the table, 1 for a truth. Where units differ by item there is no `units`,
        which readers of units would take for one: a comment says where they stand."""
        if kind == "truth":
            return {"units": "1"}
        units = list(dict.fromkeys(self.frame["unit"].astype(str)))
        if len(units) == 1:
            return {"units": units[0]}
        return {"comment": f"the unit of each item is in {self.table.name}_unit"}


def write_netcdf(plan: Plan, path: Path) -> None:
    """Write the arrays as netCDF 4. Raises OutputError where xarray or h5netcdf is missing."""
    needed("h5netcdf", "netcdf")
    dataset(plan).to_netcdf(path, engine="h5netcdf")
