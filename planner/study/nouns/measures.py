"""Measures: ways to need less of a demanded good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.study.nouns.tables import StudyTables
from planner.study.rows import StructureRow
from planner.system.nouns import Array, Good, Measure, Product

Complaint = tuple[str, str]
"""Column and message of what is wrong with a row."""


def read_measures(
    tables: StudyTables, goods: Mapping[str, Good], products: Mapping[str, Product]
) -> dict[str, Measure]:
    """All measures by name."""
    made = tables.before.measures.copy()
    for row in tables.rows("measures", "measure_values"):
        measure = made[row.name] = _measure(tables, row)
        if not tables.problems.spoiled("measures", row.name):
            for column, message in (
                *_undemanded(tables, row, goods),
                *_misplaced(row),
                *_short_lived(row, measure, products),
            ):
                tables.problems.at(row, column, message)
    return made


def _measure(tables: StudyTables, row: StructureRow) -> Measure:
    cells = row.cells
    return Measure(
        row.name,
        cells["kind"],  # type: ignore[arg-type]
        cells["good"],
        cells["instead"],
        cells["product"],
        cost=_series(tables, row, "cost"),
        potential=_series(tables, row, "potential"),
        ratio=_series(tables, row, "ratio", needed=bool(cells["instead"])),
        longer=tables.single("measure_values", (row.name,), "longer"),
    )


def _series(
    tables: StudyTables, row: StructureRow, parameter: str, *, needed: bool = True
) -> Array:
    found = tables.numbers.series("measure_values", (row.name,), parameter)
    if found is not None:
        return found
    if needed:
        tables.lacking(
            "measure_values",
            (row.name,),
            parameter,
            f"measure '{row.name}' has no {parameter}; give it",
        )
    return tables.constant(0.0)


def _undemanded(
    tables: StudyTables, row: StructureRow, goods: Mapping[str, Good]
) -> Iterator[Complaint]:
    """Goods of a measure that nobody demands."""
    if tables.problems.spoiled("keys of", "demand"):
        return
    for column in ("good", "instead"):
        good = goods.get(row.cells[column])
        if good is not None and good.demand is None:
            yield column, f"'{good.name}' is not demanded; name a demanded good"
        elif good is not None and good.answers:
            yield (
                column,
                f"the demand for '{good.name}' answers to price already; name a good of demand.csv",
            )


def _misplaced(row: StructureRow) -> Iterator[Complaint]:
    """Cells that do not go with the kind of a measure."""
    kind, instead = row.cells["kind"], row.cells["instead"]
    if instead and (kind != "substitution" or instead == row.cells["good"]):
        yield (
            "instead",
            f"'{instead}' can stand in only for another good, in a substitution; empty it",
        )
    if bool(row.cells["product"]) != (kind == "lifetime"):
        yield "product", "a lifetime measure names its product, and no other does; correct it"


def _short_lived(
    row: StructureRow, measure: Measure, products: Mapping[str, Product]
) -> Iterator[Complaint]:
    """Reasons for which a lifetime measure cannot lengthen the life of its product alone."""
    if measure.kind != "lifetime":
        return
    if not measure.longer > 0:
        lacking = f"measure '{row.name}' has no row 'longer' in measure_values.csv"
        yield "kind", f"{lacking}; give the years it adds"
    users = [product.name for product in products.values() if measure.good in product.uses]
    if measure.product in products and users != [measure.product]:
        where = ", ".join(users) or "no use stock"
        remedy = f"it must enter '{measure.product}', and that alone"
        yield "product", f"'{measure.good}' enters {where}; {remedy}"
