"""Numbers as text: how they are written, their units, and between which bounds they may lie."""

from __future__ import annotations

import math
import re
import sys

from planner.study.rows.record import Key, parameter_of
from planner.study.schema import SERIES_UNITS, ParameterForm
from planner.units import target_unit

YEAR = re.compile(r"[0-9]{4}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9]+")
_PERCENT = re.compile(r"[+-]?[0-9.]+\s*%")
_NOT_FINITE = ("nan", "inf", "infinity", "n/a", "na", "null", "none", "#n/a")


def number(text: str) -> float:
    """A finite number written with a decimal point. Raises ValueError that says what else it is and
    the remedy."""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if math.isfinite(value):
        return value
    raise ValueError(_unreadable(text))


def _unreadable(text: str) -> str:
    """Message that says what else than a finite number a text is, and the remedy."""
    if not text:
        return "is empty; give a number or drop the row"
    if _NUMBER.fullmatch(text):
        return f"is '{text}', too large to be a number; check it"
    if text.lower().lstrip("+-") in _NOT_FINITE:
        return f"is '{text}', not a finite number; give a number or drop the row"
    if _THOUSANDS.fullmatch(text):
        return f"is '{text}'; write it without thousands separators: {text.replace(',', '')}"
    if _COMMA.fullmatch(text):
        return f"is '{text}'; write a decimal point, not a comma"
    if _PERCENT.fullmatch(text):
        return f"is '{text}'; put % in the column unit"
    return f"is '{text}', not a number; give a number, the unit stands in its own column"


def bounded(value: float, parameter: ParameterForm) -> str:
    """Message of a number beyond the bounds of its parameter; empty where it is within them."""
    if parameter.positive and value <= 0:
        return f"is {value:g}; {parameter.name} must be greater than 0"
    if parameter.minimum is not None and value < parameter.minimum:
        floor = "negative" if parameter.minimum == 0 else f"below {parameter.minimum:g}"
        return f"is {value:g}; {parameter.name} must not be {floor}"
    if parameter.maximum is not None and value > parameter.maximum:
        return f"is {value:g}; {parameter.name} must be {parameter.maximum:g} or less"
    return ""


def limits(parameter: ParameterForm) -> tuple[float, float]:
    """The smallest and the largest finite number within the bounds of a parameter."""
    minimum = -sys.float_info.max if parameter.minimum is None else parameter.minimum
    if parameter.positive:
        minimum = max(math.nextafter(0.0, 1.0), minimum)
    return minimum, sys.float_info.max if parameter.maximum is None else parameter.maximum


def unit_of(key: Key, parameter: ParameterForm) -> str:
    """The internal unit of a parameter; that of a series of the whole study depends on which it
    is."""
    if key[0] != "series":
        return parameter.unit
    return SERIES_UNITS.get(key[1][0].partition(" (")[0], "1")


def internal_unit(key: Key, currency_year: int) -> str:
    """The internal unit of a series with the currency year in it."""
    return target_unit(unit_of(key, parameter_of(key)), currency_year)
