"""Use stocks: the lifetimes of products, what entered use before the study, and what becomes of
them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.study.numbers import constant
from planner.study.rows import StructureRow, ValueRow
from planner.system.nouns import Array, Good, Product, frozen_array, frozen_map, located

LIFETIME = ("lifetime_mean", "lifetime_sd", "lifetime_shape")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "fixed": ("lifetime_mean",),
    "normal": ("lifetime_mean", "lifetime_sd"),
    "folded_normal": ("lifetime_mean", "lifetime_sd"),
    "lognormal": ("lifetime_mean", "lifetime_sd"),
    "gamma": ("lifetime_mean", "lifetime_sd"),
    "weibull": ("lifetime_mean", "lifetime_shape"),
    "exponential": ("lifetime_mean",),
}
"""Parameters that a lifetime distribution needs, by distribution."""
_BOTH = "both a metal and a waste good; empty the metal"
_NEITHER = (
    "neither a waste good nor a metal; name what it becomes, or its metal if all of it is "
    "dissipated"
)


def read_products(tables: StudyTables, goods: Mapping[str, Good]) -> dict[str, Product]:
    """All use stocks by name."""
    return tables.before.products | {
        row.name: _product(tables, row, goods)
        for row in tables.rows("products")
        if tables.changed(row.name, "cohorts", "product_values", "uses")
        or tables.changed(row.cells["waste"], "good_values")
    }


def _product(tables: StudyTables, row: StructureRow, goods: Mapping[str, Good]) -> Product:
    name, waste = row.name, _waste(row)
    content = _content(row, goods)
    _check_waste(tables, row, goods)
    history, inflow, stock = _history(tables, name)
    mean, sd, shape = _lifetime(tables, row, history)
    return Product(
        name,
        tuple(metal for metal in tables.metals if metal in content),
        frozen_map(content),
        waste,
        tables.series("product_values", (name,), "dissipated") if waste else tables.constant(1.0),
        row.cells["distribution"],  # type: ignore[arg-type]
        mean,
        sd,
        shape,
        _uses(tables, name, row.cells["place"], goods),
        history,
        inflow,
        stock,
        row.cells["place"],
    )


def _waste(row: StructureRow) -> str:
    """The waste good that a product becomes, at its place; empty where it becomes none."""
    waste = row.cells["waste"]
    return located(waste, row.cells["place"]) if waste else ""


def _content(row: StructureRow, goods: Mapping[str, Good]) -> Mapping[str, float]:
    """Contents of a product: those of its waste, or its metal alone."""
    waste, metal = _waste(row), row.cells["metal"]
    if waste in goods:
        return goods[waste].content
    return {metal: 1.0} if metal else {}


def _check_waste(tables: StudyTables, row: StructureRow, goods: Mapping[str, Good]) -> None:
    """A product becomes a waste good, or is dissipated whole and names its metal."""
    name, waste, metal = row.name, row.cells["waste"], row.cells["metal"]
    problems = tables.problems
    if problems.spoiled("products", name):
        return
    kind = goods[waste].kind if waste in goods else "waste"
    if kind != "waste" and not problems.spoiled("goods", waste):
        problems.at(row, "waste", f"good '{waste}' is of kind {kind}; name one of kind waste")
    if bool(waste) == bool(metal):
        problems.at(row, "metal", f"product '{name}' has {_BOTH if waste else _NEITHER}")
    if not waste:
        _check_dissipated(tables, name)


def _check_dissipated(tables: StudyTables, name: str) -> None:
    """Of a product without a waste good no share is left that is not dissipated."""
    numbers = tables.numbers
    share = numbers.series("product_values", (name,), "dissipated")
    stated = numbers.has("product_values", (name,), "dissipated")
    if stated and share is not None and (share < 1).any():
        tables.problems.at(
            numbers.first_row("product_values", name),
            "parameter",
            f"product '{name}' leaves no waste good, so all of it is dissipated; drop the row, or "
            "name a waste good",
        )


def _lifetime(
    tables: StudyTables, row: StructureRow, history: tuple[int, ...]
) -> tuple[Array, ...]:
    """Mean, standard deviation and shape of the life by cohort, NaN where they are not given."""
    name, kind = row.name, row.cells["distribution"]
    since = history[0] if history else tables.first
    given = {
        parameter: tables.numbers.series("product_values", (name,), parameter, since=since)
        for parameter in LIFETIME
    }
    if not tables.problems.spoiled("products", name):
        for parameter in NEEDED.get(kind, LIFETIME[:1]):
            tables.lacking(
                "product_values",
                (name,),
                parameter,
                f"product '{name}' has no {parameter}, which a {kind} lifetime needs; give it",
            )
    blank = constant(len(history) + tables.length, np.nan)
    return tuple(blank if series is None else series for series in given.values())


def _history(tables: StudyTables, name: str) -> tuple[tuple[int, ...], Array, Array]:
    """Years before the first, what entered use in each, and what of it is left when the study
    begins, shape (H,)."""
    if not tables.changed(name, "cohorts"):
        kept = tables.before.products[name]
        return kept.history_years, kept.history_inflow, kept.initial_stock
    inflow = tables.numbers.events("cohorts", (name,), "inflow")
    stock = tables.numbers.events("cohorts", (name,), "stock")
    for year, row in (*inflow.items(), *stock.items()):
        if year >= tables.first:
            tables.problems.at(
                row,
                "year",
                f"is {year}; cohorts end before {tables.first}, later ones follow demand",
            )
    given = {*inflow, *stock}
    history = tuple(range(min(given), tables.first)) if given else ()
    return history, _amounts(inflow, history, 0.0), _amounts(stock, history, np.nan)


def _amounts(events: Mapping[int, ValueRow], years: Iterable[int], absent: float) -> Array:
    return frozen_array([events[y].value if y in events else absent for y in years])


def _uses(
    tables: StudyTables, name: str, place: str, goods: Mapping[str, Good]
) -> Mapping[str, Array]:
    """t of a product that enter use per t of each demanded good, at its place."""
    if not tables.changed(name, "uses"):
        return tables.before.products[name].uses
    uses: dict[str, Array] = {}
    for key in tables.numbers.keys("uses", name):
        good = located(key[1][1], place)
        uses[good] = tables.series("uses", key[1], "use")
        if good in goods and (wrong := _unused(tables, goods[good])):
            tables.problems.at(tables.numbers.rows[key][0], "good", wrong)
    return frozen_map(uses)


def _unused(tables: StudyTables, good: Good) -> str:
    """Message of a good of which nothing enters use at home; empty where something does."""
    if good.demand is None and not tables.demand_unknown():
        return f"'{good.name}' is not demanded, so that none of it enters use; add it to demand.csv"
    return f"'{good.name}' is an export; it enters no use stock at home" if good.export else ""
