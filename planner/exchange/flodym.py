"""Stocks and flows to flodym arrays and back, nothing lost: axes become named dimensions, and the
unit stands in the array's name.

flodym (extra `flodym`) wants time first; `planner.mfa.stocks` wants it last, many series at once.
flodym arrays hold no unit, so the name of each ends in it: `stock [t]`. Dimensions are those of the
planner's tables: time, metal, product, cohort.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance
from planner.mfa.flows import COLUMNS
from planner.mfa.flows import UNIT as FLOW_UNIT
from planner.mfa.in_use import UseStock
from planner.mfa.lifetimes import CONVENTION_NOTES, Convention
from planner.runtime.extras import needed
from planner.system.nouns import Array, frozen_array

if TYPE_CHECKING:
    from flodym import FlodymArray, Flow

TIME = "time"
STOCK_UNITS: Mapping[str, str] = {
    "inflow": "t/year",
    "stock": "t",
    "outflow": "t/year",
    "opening": "t",
    "cohorts": "t",
}
"""Quantity of use stocks to its unit, t of product."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedArray:
    """An array with its axes named, time last as `planner.mfa.stocks` takes it."""

    values: Array
    dims: Mapping[str, tuple[Hashable, ...]]
    """Name of each axis to its items, in the order of the axes."""
    name: str
    unit: str
    """Empty where the array's name holds none."""


def to_flodym(
    values: npt.ArrayLike, dims: Mapping[str, Sequence[Hashable]], *, name: str, unit: str
) -> FlodymArray:
    """An array as a flodym array: `dims` names each axis and its items, in their order; the axis
    `time` becomes the first.

    Raises ValueError where dims and shape clash.
    """
    array = np.array(values, dtype=float)
    wanted = tuple(len(items) for items in dims.values())
    if array.shape != wanted:
        raise ValueError(
            f"an array of shape {array.shape} has not the dimensions {', '.join(dims)} of lengths "
            f"{wanted}"
        )
    order = list(dims)
    ordered = sorted(order, key=lambda dim: dim != TIME)
    flodym = needed("flodym", "flodym")
    made: FlodymArray = flodym.FlodymArray(
        dims=_dimensions({dim: dims[dim] for dim in ordered}),
        values=array.transpose([order.index(dim) for dim in ordered]),
        name=f"{name} [{unit}]",
    )
    return made


def from_flodym(array: FlodymArray) -> NamedArray:
    """A flodym array with time as the last axis (a dimension named time, or of letter t), and the
    unit in its name told apart."""
    dims = {(TIME if d.letter == "t" else d.name): tuple(d.items) for d in array.dims}
    order = list(dims)
    ordered = sorted(order, key=lambda dim: dim == TIME)
    found = re.fullmatch(r"(.*) \[(.*)\]", str(array.name))
    name, unit = found.groups() if found else (str(array.name), "")
    values = array.values.transpose([order.index(dim) for dim in ordered])
    return NamedArray(frozen_array(values), {dim: dims[dim] for dim in ordered}, name, unit)


def stocks_to_flodym(balance: Balance) -> dict[str, FlodymArray]:
    """The use stocks: inflow, stock, outflow (time, product), opening (product), cohorts (time,
    product, cohort), in t of product.

    A cohort that a product does not have is NaN; the stock convention stands in the name.
    """
    stocks, years = balance.stocks, balance.system.years
    if not stocks:
        raise SpecError(
            balance.system.name,
            [Problem("products.csv", 0, "", "there are no use stocks to convert")],
        )
    over_years: dict[str, Sequence[Hashable]] = {"product": tuple(stocks), TIME: years}
    arrays: dict[str, tuple[Any, dict[str, Sequence[Hashable]]]] = {
        quantity: ([getattr(stock, quantity) for stock in stocks.values()], over_years)
        for quantity in ("inflow", "stock", "outflow")
    }
    opening = [stock.opening for stock in stocks.values()]
    arrays["opening"] = opening, {"product": tuple(stocks)}
    cohorts, cube = _cohort_cube(stocks, len(years))
    arrays["cohorts"] = cube, {"product": tuple(stocks), "cohort": cohorts, TIME: years}
    convention = balance.system.stock_convention
    return {
        quantity: to_flodym(
            values, dims, name=f"{quantity}, {convention}", unit=STOCK_UNITS[quantity]
        )
        for quantity, (values, dims) in arrays.items()
    }


def _cohort_cube(stocks: Mapping[str, UseStock], years: int) -> tuple[tuple[int, ...], Array]:
    """Years of entry of all stocks, and what of each is in use: (product, cohort, year), NaN where
    a product does not have the cohort."""
    cohorts = tuple(sorted({year for stock in stocks.values() for year in stock.cohort_years}))
    cube = np.full((len(stocks), len(cohorts), years), np.nan)
    for p, stock in enumerate(stocks.values()):
        cube[p, [cohorts.index(year) for year in stock.cohort_years]] = stock.cohorts.T
    return cohorts, cube


def stocks_from_flodym(arrays: Mapping[str, FlodymArray]) -> dict[str, UseStock]:
    """The use stocks that `stocks_to_flodym` made arrays of. Raises SpecError where an array, its
    unit or the convention is missing."""
    named = {
        quantity: from_flodym(array)
        for quantity, array in arrays.items()
        if quantity in STOCK_UNITS
    }
    convention = _convention(named)
    products = map(str, named["stock"].dims["product"])
    return {name: _stock(named, p, name, convention) for p, name in enumerate(products)}


def _convention(named: Mapping[str, NamedArray]) -> Convention:
    """The one stock convention that the names of the arrays end in. Raises SpecError where it, an
    array or its unit is missing."""
    problems = [*_array_problems(named)]
    found = {array.name.rpartition(", ")[2] for array in named.values()}
    if not problems and not (len(found) == 1 and found <= CONVENTION_NOTES.keys()):
        message = f"is of no single stock convention; end each with {', '.join(CONVENTION_NOTES)}"
        problems.append(Problem("flodym", 0, "name", message))
    if problems:
        raise SpecError("flodym", problems)
    return cast(Convention, found.pop())


def _array_problems(named: Mapping[str, NamedArray]) -> Iterator[Problem]:
    for quantity in STOCK_UNITS:
        if quantity not in named:
            yield Problem("flodym", 0, quantity, "is missing")
    for quantity, array in named.items():
        unit = STOCK_UNITS[quantity]
        if array.unit != unit:
            yield Problem("flodym", 0, quantity, f"is in '{array.unit}', not in {unit}")


def _stock(
    named: Mapping[str, NamedArray], p: int, product: str, convention: Convention
) -> UseStock:
    """The use stock of the product in place p."""
    years, cohorts = (
        cast("tuple[int, ...]", named["cohorts"].dims[dim]) for dim in (TIME, "cohort")
    )
    cube = named["cohorts"].values[p]
    held = ~np.isnan(cube).all(axis=1)
    return UseStock(
        product=product,
        years=years,
        inflow=frozen_array(named["inflow"].values[p]),
        stock=frozen_array(named["stock"].values[p]),
        outflow=frozen_array(named["outflow"].values[p]),
        opening=float(named["opening"].values[p]),
        cohort_years=tuple(year for year, is_held in zip(cohorts, held, strict=True) if is_held),
        cohorts=frozen_array(cube[held].T),
        convention=convention,
    )


def flows_to_flodym(table: pd.DataFrame) -> dict[str, Flow]:
    """A flow table (of a plan or a simulation) as flodym flows by name `source => target: good`,
    each over time and metal.

    Processes and goods are flodym processes alike. What the table does not list is 0, so that flows
    add up.
    """
    flodym = needed("flodym", "flodym")
    _require_one_unit(table)
    years, metals = sorted({int(year) for year in table["year"]}), sorted(set(table["metal"]))
    nodes = {
        name: flodym.Process(name=name, id=i)
        for i, name in enumerate(sorted({*table["source"], *table["target"]}), start=1)
    }
    dims = _dimensions({TIME: years, "metal": metals})
    at_year, at_metal = ({item: i for i, item in enumerate(items)} for items in (years, metals))
    flows: dict[str, Any] = {}
    for (source, target, good), part in table.groupby(["source", "target", "good"], sort=True):
        values = np.zeros(dims.shape)
        at = part["year"].map(at_year).to_numpy(), part["metal"].map(at_metal).to_numpy()
        values[at] = part["value"]
        name = f"{source} => {target}: {good} [{FLOW_UNIT}]"
        flows[name] = flodym.Flow(
            from_process=nodes[source],
            to_process=nodes[target],
            dims=dims,
            values=values,
            name=name,
        )
    return flows


def flows_from_flodym(flows: Iterable[Flow]) -> pd.DataFrame:
    """The flow table of flodym flows, zeros left out, in the order of the planner's tables.

    A flow that does not say its good after a colon carries none. Raises SpecError for another unit
    than t/year, and for a flow over anything but time and metal.
    """
    rows = [row for flow in flows for row in _flow_rows(flow)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    _require_one_unit(table)
    return table.sort_values(
        ["metal", "year", "source", "target", "good"], kind="stable", ignore_index=True
    )


def _flow_rows(flow: Flow) -> Iterator[tuple[Hashable, ...]]:
    named = from_flodym(flow)
    others = [dim for dim in named.dims if dim not in (TIME, "metal")]
    _refuse(named.name, [f"has the dimension '{dim}'; sum over it first" for dim in others])
    source, target = flow.from_process.name, flow.to_process.name
    _, _, good = named.name.partition(f"{source} => {target}: ")
    years, metals = (named.dims.get(dim, ("",)) for dim in (TIME, "metal"))
    values = named.values.reshape(len(metals), len(years))
    for m, t in np.argwhere(values != 0):
        yield metals[m], years[t], source, target, good, float(values[m, t]), named.unit


def _require_one_unit(table: pd.DataFrame) -> None:
    others = sorted(set(table["unit"]) - {FLOW_UNIT})
    _refuse("unit", [f"'{unit}' is not {FLOW_UNIT}; convert it first" for unit in others])


def _refuse(field: str, messages: Sequence[str]) -> None:
    if messages:
        problems = [Problem("flows", 0, field, message) for message in messages]
        raise SpecError("flodym", problems)


def _dimensions(dims: Mapping[str, Sequence[Hashable]]) -> Any:
    """A flodym set of dimensions, each under the first letter of its name that is free; t is kept
    for time."""
    flodym, taken, made = needed("flodym", "flodym"), {"t"}, []
    for name, items in dims.items():
        letter = (
            "t"
            if name == TIME
            else next(c for c in [*name, *"abcdefghijklmnopqrsuvwxyz"] if c not in taken)
        )
        taken.add(letter)
        made.append(flodym.Dimension(name=name, letter=letter, items=list(items)))
    return flodym.DimensionSet(dim_list=made)
