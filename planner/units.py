"""Units at the door: every number of a study becomes tonnes, years, USD of its currency year, t
CO2e or MWh here.

The registry is made when the first number is read and holds only what this field needs. Its
dimensions are kept apart on purpose: a tonne of metal is not a tonne of CO2e, and USD of one year
are not USD of another.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

# Name, definition, symbol. pound: international agreement of 1959; troy ounce: NIST Handbook 44,
# appendix C; year: Julian, IAU.
DEFINITIONS = (
    "kilo- = 1e3 = k-",
    "mega- = 1e6 = M-",
    "giga- = 1e9 = G-",
    "tera- = 1e12 = T-",
    "gram = [metal] = g",
    "tonne = 1e6 * gram = t",
    "pound = 453.59237 * gram = lb",
    "troy_ounce = 31.1034768 * gram = oz_t",
    "year = [time] = yr = a",
    "month = year / 12",
    "day = year / 365.25",
    "gCO2e = [carbon_dioxide_equivalent]",
    "tCO2e = 1e6 * gCO2e",
    "watt_hour = [energy] = Wh",
    "joule = watt_hour / 3600 = J",
    "percent = 0.01",
)
COMMON_UNITS = (
    "t",
    "kt",
    "Mt",
    "kg",
    "g",
    "lb",
    "t/year",
    "kt/year",
    "Mt/year",
    "year",
    "month",
    "1",
    "%",
    "t/t",
    "kg/t",
    "g/t",
    "tCO2e",
    "ktCO2e",
    "MtCO2e",
    "kgCO2e",
    "tCO2e/t",
    "kgCO2e/kg",
    "tCO2e/MWh",
    "kgCO2e/kWh",
    "MWh",
    "kWh",
    "GWh",
    "MWh/t",
    "kWh/kg",
    "1/year",
    "%/year",
)
MONEY_UNITS = ("USD", "USD/t", "USD/kg", "USD/(t/year)")
"""Units that a misspelt one may have meant, those of money without their year."""

FACTORS: Mapping[str, Mapping[str, float]] = {
    "t": {"kt": 1e3, "Mt": 1e6, "kg": 1e-3, "g": 1e-6},
    "t/year": {"kt/year": 1e3, "Mt/year": 1e6, "kg/year": 1e-3},
    "t/t": {"kg/t": 1e-3, "g/t": 1e-6},
    "1": {"%": 0.01, "t/t": 1.0},
    "1/year": {"%/year": 0.01},
    "USD/t": {"USD/kg": 1e3},
    "USD/(t/year)": {"USD/(kg/year)": 1e3},
    "tCO2e/t": {"kgCO2e/kg": 1.0, "kgCO2e/t": 1e-3},
    "MWh/t": {"kWh/kg": 1.0, "kWh/t": 1e-3},
    "tCO2e/MWh": {"kgCO2e/kWh": 1.0, "gCO2e/kWh": 1e-3},
}
"""Factors of the units that most studies write, by internal unit: known without pint, which takes a
fifth of a second to import. A test holds both alike."""

_ALLOWED = re.compile(r"[A-Za-z0-9_%/*^(). ]{1,80}")
_LOOSE = re.compile(r"\*\*|\^|//|(?<![0-9])\.|\.(?![0-9])")
"""Powers, and what pint passes over: a point outside a number (`1/..a` is 1/a to it), a division
that rounds."""
_MONEY = re.compile(r"\b(USD|EUR|CNY|RMB|JPY|GBP|AUD|CAD)(?:_?([0-9]{2,4}))?\b")


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` where something known is close to the word, otherwise nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""


def target_unit(unit: str, currency_year: int) -> str:
    """The internal unit of a parameter with the currency year of the study in it: USD/t becomes
    USD_2021/t."""
    return unit.replace("USD", f"USD_{currency_year}")


def to_internal(value: float, unit: str, target: str, currency_year: int) -> float:
    """A number in the internal unit `target` (as `planner.study.schema` writes it, USD without its
    year).

    Raises ValueError, with the remedy, where the unit is missing, unknown, of another dimension, or
    money of no or another year.
    """
    return value * factor(unit, target, currency_year)


@lru_cache(maxsize=4096)
def factor(unit: str, target: str, currency_year: int) -> float:
    """Factor from `unit` to the internal unit `target`. Raises ValueError as `to_internal` does."""
    wanted = target_unit(target, currency_year) or "1"
    unit = unit.strip()
    if not unit:
        raise ValueError(f"the unit is missing; write one such as {wanted}")
    if unit == wanted:
        return 1.0
    _require_currency(unit, wanted, currency_year)
    known = FACTORS.get(target, {}).get(unit.replace(f"USD_{currency_year}", "USD"))
    return known if known is not None else _ratio(unit, wanted, currency_year)


def impact_factor(unit: str, target: str, currency_year: int) -> float:
    """Factor from `unit` to the internal unit `target` of an impact: one side of its last / is the
    unit of the impact, text that must be the same where no registry knows it.

    Raises ValueError as `factor` does.
    """
    given, own = unit.strip().rpartition("/"), target.rpartition("/")
    if not unit.strip() or not given[1]:
        raise ValueError(
            f"unit '{unit}' has no division; write one such as {target_unit(target, currency_year)}"
        )
    top, bottom = (
        1.0 if given[at] == own[at] else factor(given[at], own[at], currency_year) for at in (0, 2)
    )
    return top / bottom


def _ratio(unit: str, wanted: str, currency_year: int) -> float:
    """The factor as pint works it out."""
    given = _quantity(unit, wanted, currency_year)
    internal = _quantity(wanted, wanted, currency_year)
    if given.dimensionality != internal.dimensionality:
        raise ValueError(
            f"unit '{unit}' measures something else than {wanted}; {_difference(unit, wanted)}"
        )
    ratio = float((given / internal).to("dimensionless").magnitude)
    if not 0 < ratio < float("inf"):
        raise ValueError(f"unit '{unit}' is not a unit; write {wanted}")
    return ratio


def _require_currency(unit: str, wanted: str, currency_year: int) -> None:
    if "$" in unit or "€" in unit or "¥" in unit:
        raise ValueError(
            f"unit '{unit}' names money by a sign; write USD_{currency_year}, such as {wanted}"
        )
    for currency, year in _MONEY.findall(unit):
        if wrong := _wrong_money(currency, year, currency_year):
            raise ValueError(f"unit '{unit}' {wrong}")


def _wrong_money(currency: str, year: str, currency_year: int) -> str:
    """Message of money in a unit that is not USD of the currency year; empty where it is."""
    wanted = f"USD_{currency_year}"
    if currency != "USD":
        return f"is in {currency}; convert it to {wanted} when making the data"
    if not year:
        return f"is money without a year; write {wanted} if it is of that year"
    if int(year) != currency_year:
        return (
            f"is money of {year}, the study counts in {wanted}; deflate it when making the data, "
            "years are never mixed"
        )
    return ""


def _difference(unit: str, wanted: str) -> str:
    if "CO2e" in wanted and "CO2e" not in unit:
        return f"a mass of CO2e is written with tCO2e or kgCO2e: give it in {wanted}"
    return f"give the number in {wanted} or a multiple of it"


@lru_cache(maxsize=4096)
def _quantity(unit: str, wanted: str, currency_year: int) -> Any:
    """One of `unit` as a pint quantity. Raises ValueError where pint knows no such unit."""
    if not _ALLOWED.fullmatch(unit) or _LOOSE.search(unit):
        raise ValueError(f"unit '{unit}' cannot be read; write it like {wanted}, with / and * only")
    text, known_units = unit.replace("%", "percent").replace("USD_", "USD"), registry(currency_year)
    try:
        for name in re.findall(r"(?<![0-9.])[A-Za-z_]\w*", text):
            known_units.parse_units(name)  # pint cancels T/T before it looks T up
        return known_units.Quantity(1.0, text)
    except Exception as error:  # of many kinds: pint lets those of tokenizer and arithmetic through
        money = [target_unit(each, currency_year) for each in MONEY_UNITS]
        close = suggestion(unit, [*COMMON_UNITS, wanted, *money])
        raise ValueError(
            f"unit '{unit}' is unknown{close}; here it must measure the same as {wanted}"
        ) from error


@lru_cache(maxsize=16)
def registry(currency_year: int) -> UnitRegistry[Any]:
    """The pint registry for studies in USD of one year, made once; pint is imported here and not
    before."""
    import pint

    made: UnitRegistry[Any] = pint.UnitRegistry(None, cache_folder=None)
    for definition in (*DEFINITIONS, f"USD{currency_year} = [currency]"):
        made.define(definition)
    return made
