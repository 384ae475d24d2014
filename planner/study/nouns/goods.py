"""Goods: what they hold and count for, their demand, and how they are stored."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

import numpy as np

from planner.study.nouns.curves.steps import read_curve
from planner.study.nouns.tables import StudyTables
from planner.study.rows import StructureRow, ValueRow
from planner.system.nouns import NO_CURVE, Array, Curve, Good, Stockpile, frozen_map

ROUNDING = 1e-9
"""Share by which the contents of a joint good may exceed 1 by rounding."""


def read_goods(tables: StudyTables) -> dict[str, Good]:
    """All goods by name, a good before the same good at places."""
    found = dict(tables.before.goods)
    for row in tables.rows("goods", "demand", "good_values", "collection", "curves"):
        found[row.name] = _good(tables, row, found.get(tables.plain(row.name)))
    return found


def _good(tables: StudyTables, row: StructureRow, plain: Good | None) -> Good:
    """A good; `plain` is the same good without its place, or what it was before."""
    stated, shortage = _demand(tables, row.name)
    curve = _curve(tables, row, stated)
    answers = bool(curve) and row.cells["export"] != "yes"
    # what is bought of it is chosen with the plan
    demand = tables.constant(0.0) if answers and stated is None else stated
    rate = tables.numbers.series("collection", (row.name,), "rate")
    content, equivalent, stockpile = _held(tables, row, plain)
    return Good(
        row.name,
        row.cells["kind"],  # type: ignore[arg-type]
        row.cells["stage"],  # type: ignore[arg-type]
        row.cells["export"] == "yes",
        content,
        equivalent,
        stockpile,
        demand,
        shortage,
        _anywhere(tables, row.name, "disposal_cost"),
        rate,
        curve,
        tables.place(row.name),
    )


def _anywhere(tables: StudyTables, name: str, parameter: str) -> Array:
    """A series of a good at its place, or else of the good anywhere."""
    return tables.series("good_values", tables.of_good((name, ""), parameter), parameter)


def _curve(tables: StudyTables, row: StructureRow, demand: Array | None) -> Curve:
    """The steps at which an export is sold, or a good is bought at home."""
    name = row.name
    kept = tables.before.goods.get(name)
    curve = read_curve(tables, name, "good", NO_CURVE if kept is None else kept.curve)
    if not curve or tables.problems.spoiled("goods", name):
        return curve
    abroad = row.cells["export"] == "yes"
    if not abroad and tables.numbers.has("curves", (name, ""), "market_power"):
        tables.problems.at(
            tables.numbers.rows["curves", (name, ""), "market_power"][0],
            "parameter",
            f"'{name}' is bought at home, where what buyers lose others win; only of an import or "
            "an export the country may know its weight: drop the row",
        )
    if demand is not None:
        _check_demand(tables, name, curve, demand, abroad=abroad)
    return curve


def _check_demand(
    tables: StudyTables, name: str, curve: Curve, demand: Array, *, abroad: bool
) -> None:
    """What is bought at home has a demand or a curve; what is sold abroad one of both in a year."""
    amount = np.sum([step.amount for step in curve.values()], axis=0)
    both = (amount > 0) & (demand > 0)
    if not abroad or both.any():
        tables.problems.at(
            tables.numbers.first_row("curves", name),
            "of",
            f"'{name}' is demanded and has a curve of prices in "
            f"{tables.first + int(np.argmax(both))}; keep one of both: what must be served is "
            "demand, what is sold or bought where it pays is a step",
        )


def _demand(tables: StudyTables, name: str) -> tuple[Array | None, Array | None]:
    """Demand for a good and cost of its shortage; None where nothing is demanded."""
    keys = tables.of_good((name, ""), "shortage_cost")
    shortage = tables.numbers.series("good_values", keys, "shortage_cost")
    # where the whole table was refused no good counts as demanded, or each would be reported
    if tables.problems.spoiled("demand"):
        return None, None
    demand = tables.numbers.series("demand", (name,), "demand")
    if demand is None:
        return None, None
    if shortage is None:
        tables.lacking(
            "good_values",
            keys,
            "shortage_cost",
            f"good '{name}' is demanded and has no shortage_cost; give one, a stated multiple of "
            "its dearest supply",
        )
        shortage = tables.constant(np.nan)
    return demand, shortage


def _held(
    tables: StudyTables, row: StructureRow, plain: Good | None
) -> tuple[Mapping[str, float], Mapping[str, float], Stockpile | None]:
    """Contents and refined equivalents of a good, and its stockpile."""
    name, metal = row.name, row.cells["metal"]
    if not tables.changed(name, "good_values"):
        kept = tables.before.goods[name]
        return kept.content, kept.equivalent, kept.stockpile
    if plain is not None and tables.plain(name) != name:
        stockpile = _stockpile(tables, name, joint=len(plain.content) > 1 or not metal)
        return plain.content, plain.equivalent, stockpile
    content = _content(tables, row)
    return (
        frozen_map(content),
        frozen_map(_equivalent(tables, name, metal)),
        _stockpile(tables, name, joint=len(content) > 1 or not metal),
    )


def _stated(tables: StudyTables, name: str, parameter: str) -> Iterator[tuple[str, ValueRow]]:
    """Metal and row of each number of a good that may be given by metal."""
    for key in tables.numbers.keys("good_values", name):
        if key[2] == parameter:
            yield key[1][1], tables.numbers.rows[key][0]


def _content(tables: StudyTables, row: StructureRow) -> dict[str, float]:
    """t of metal per t: 1 of its metal, or what good_values says of a joint good."""
    name, metal = row.name, row.cells["metal"]
    stated = dict(_stated(tables, name, "content"))
    if not metal:
        _check_contents(tables, row, stated)
        return {of: found.value for of, found in stated.items()}
    return {metal: 1.0}


def _check_contents(tables: StudyTables, row: StructureRow, stated: Mapping[str, ValueRow]) -> None:
    """A joint good has contents, and no more than it weighs."""
    name, problems = row.name, tables.problems
    refused = problems.spoiled("goods", name) or problems.spoiled("keys of", "good_values", name)
    if not stated and not refused:
        problems.at(
            row,
            "metal",
            f"'{name}' has neither a metal nor contents; give its metal, or rows with parameter "
            "content in good_values.csv if it is a joint good",
        )
    total = sum(found.value for found in stated.values())
    if total > 1 + ROUNDING:
        problems.at(
            max(stated.values(), key=lambda found: found.row),
            "value",
            f"the contents of '{name}' add up to {total:g} t/t; they must not exceed 1",
        )


def _equivalent(tables: StudyTables, name: str, metal: str) -> dict[str, float]:
    """t of refined metal per t of a good, by metal."""
    found: dict[str, float] = {}
    for stated, row in _stated(tables, name, "equivalent"):
        of = stated or metal
        if wrong := _wrong_equivalent(name, metal, of, found):
            tables.problems.at(row, "metal", wrong)
        found[of] = row.value
    return found


def _wrong_equivalent(name: str, metal: str, of: str, found: Container[str]) -> str:
    """Message of an equivalent in a metal that is not said, not held or `found` before; empty
    otherwise."""
    if not of:
        return f"is empty, but '{name}' is a joint good; name the metal it is equivalent to"
    if metal and of != metal:
        return f"'{name}' holds {metal}, not {of}; correct it"
    return f"the equivalent of '{name}' in {of} is given twice; keep one row" if of in found else ""


def _stockpile(tables: StudyTables, name: str, *, joint: bool) -> Stockpile | None:
    """The stockpile of a good; None unless it has an opening stock."""
    numbers, keys = tables.numbers, (name, "")
    holding_cost = _anywhere(tables, name, "holding_cost")
    opening = numbers.single("good_values", keys, "opening_stock")
    if opening is None:
        return None
    closing = tables.single("good_values", keys, "closing_stock", absent=opening)
    maximum = tables.single("good_values", keys, "max_stock", absent=np.inf)
    for row in numbers.rows.get(("good_values", keys, "opening_stock"), ())[:1]:
        if joint:
            tables.problems.at(
                row,
                "good",
                f"'{name}' is a joint good; only single-metal goods can be stored",
            )
        if max(opening, closing) > maximum:
            tables.problems.at(
                row,
                "value",
                f"the stock of '{name}' at the start or end is above its max_stock; order them",
            )
    return Stockpile(opening, closing, maximum, holding_cost)
