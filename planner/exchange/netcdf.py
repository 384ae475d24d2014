"""The tables of a plan as labelled arrays (xarray), written as netCDF.

Each table is one array over the items it holds and the years: `supply(supply_item, year)`, with the
coordinates `supply_metal`, `supply_pathway` and so on along the items, so that it stays as small as
its table. Where a table has no row there is no number (NaN).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner.plan.plan import Plan
from planner.plan.schema import RESULTS, ResultTable
from planner.runtime.extras import needed

TOTAL = 0
"""The year of what belongs to the whole horizon."""


def dataset(plan: Plan) -> Any:
    """The tables of a plan as an `xarray.Dataset`. Raises OutputError where xarray is missing."""
    xarray = needed("xarray", "netcdf")
    years = np.array([period.first for period in plan.system.periods], dtype=np.int64)
    found: dict[str, Any] = {}
    meaning = {"long_name": "first year of the period; amounts are per year", "units": "year"}
    coordinates: dict[str, Any] = {"year": ("year", years, meaning)}
    for table in RESULTS:
        arrays, along = _spread(table, plan.tables[table.name], years)
        found |= arrays
        coordinates |= along
    record = plan.record
    said = {
        "title": record.title,
        "study": record.study,
        "scenario": record.scenario,
        "country": plan.system.country,
        "currency": record.currency,
        "objective": record.objective,
        "inputs_hash": record.inputs_hash,
        "history": record.created,
        "source": ", ".join(f"{name} {version}" for name, version in record.versions.items())
        + f", {record.solver}",
    }
    return xarray.Dataset(found, coords=coordinates, attrs=said)


def _spread(
    table: ResultTable, frame: pd.DataFrame, years: np.ndarray[Any, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table as arrays over (item, year), and the coordinates along its items: every column that
    is no number."""
    name, item = table.name, f"{table.name}_item"
    numbers = [field for field in table.fields if field.kind in ("number", "truth")]
    labels = [field for field in table.fields if field.kind == "text"]
    whole = frame["year"].isna().to_numpy(dtype=bool)
    columns = np.append(years, TOTAL) if whole.any() else years
    at_year = {int(year): i for i, year in enumerate(columns)}
    keys = [
        tuple(row)
        for row in frame[[field.name for field in labels]]
        .astype(str)
        .itertuples(index=False, name=None)
    ]
    items = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    row = np.array([items[key] for key in keys], dtype=int)
    column = np.array([at_year[int(year)] for year in frame["year"].fillna(TOTAL)], dtype=int)
    arrays: dict[str, Any] = {}
    for field in numbers:
        values = np.full((len(items), len(columns)), np.nan)
        values[row, column] = frame[field.name].to_numpy(dtype=float)
        known = name if field.name == "value" else f"{name}_{field.name}"
        meaning = {
            "long_name": field.meaning,
            "units": _unit(name, frame) if field.kind == "number" else "1",
        }
        arrays[known] = ((item, "year"), values[:, : len(years)], meaning)
        if whole.any():
            arrays[f"{known}_whole"] = (
                (item,),
                values[:, -1],
                meaning | {"long_name": f"{field.meaning}; of the whole horizon"},
            )
    listed = list(items)
    along = {
        f"{name}_{field.name}": (
            item,
            np.array([key[i] for key in listed], dtype=object),
            {"long_name": field.meaning},
        )
        for i, field in enumerate(labels)
    }
    return arrays, along


def _unit(name: str, frame: pd.DataFrame) -> str:
    """The one unit of a table, or where the unit of each item stands."""
    units = list(dict.fromkeys(frame["unit"].astype(str)))
    return units[0] if len(units) == 1 else f"see {name}_unit"


def write_netcdf(plan: Plan, path: Path) -> None:
    """Write the arrays as netCDF 4. Raises OutputError where xarray or h5netcdf is missing."""
    needed("h5netcdf", "netcdf")
    dataset(plan).to_netcdf(path, engine="h5netcdf")
