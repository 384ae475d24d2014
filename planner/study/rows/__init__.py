"""The rows of the tables of a study, checked one by one: columns, names, choices, numbers, units,
bounds."""

from planner.study.rows.cells import YEAR, bounded, internal_unit, limits, number, unit_of
from planner.study.rows.places import place_goods
from planner.study.rows.reader import RowReader
from planner.study.rows.record import Key, StructureRow, ValueRow, parameter_of

__all__ = [
    "YEAR",
    "Key",
    "RowReader",
    "StructureRow",
    "ValueRow",
    "bounded",
    "internal_unit",
    "limits",
    "number",
    "parameter_of",
    "place_goods",
    "unit_of",
]
