"""A study folder read for one scenario, by csv and tomllib (format.md)."""

from __future__ import annotations

import ast
import csv
import operator
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray
Key = tuple[str, ...]

UNITS = {
    "t": 1.0,
    "kt": 1e3,
    "Mt": 1e6,
    "kg": 1e-3,
    "g": 1e-6,
    "tCO2e": 1.0,
    "kgCO2e": 1e-3,
    "MWh": 1.0,
    "kWh": 1e-3,
    "GJ": 1 / 3.6,
    "year": 1.0,
    "month": 1 / 12,
    "percent": 0.01,
    "person": 1.0,
    "persons": 1.0,
}

OPERATORS = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}

# The key columns of every table of numbers, and whether a parameter follows them (format.md).
NUMBERS: dict[str, tuple[Key, bool]] = {
    "good_values": (("good", "metal"), True),
    "demand": (("good",), False),
    "coefficients": (("process", "good", "direction"), False),
    "process_values": (("process",), True),
    "impact_values": (("impact",), True),
    "ramps": (("ramp_group",), True),
    "plants": (("plant",), True),
    "deposits": (("deposit",), True),
    "hosts": (("host",), False),
    "host_contents": (("host", "metal"), False),
    "residues": (("deposit", "host"), False),
    "product_values": (("product",), True),
    "uses": (("product", "good"), False),
    "cohorts": (("product",), True),
    "exploration": (("deposit",), True),
    "measure_values": (("measure",), True),
    "collection": (("good",), False),
    "curves": (("of", "step"), True),
    "take_back": (("good",), True),
    "loss_media": (("loss", "metal", "medium"), False),
    "series": (("series",), False),
    "trade": (("good", "from", "to"), True),
}

TABLES = ("demand", "good_values", "collection", "curves", "series")
"""Tables of numbers with a column `place` (format.md)."""
ROWS = ("goods", "processes", "products", "measures", "deposits", "impacts")

# Held as events: a year that is not given is 0 (format.md, "Events").
EVENTS = {
    ("process_values", "observed"),
    ("plants", "under_construction"),
    ("cohorts", "inflow"),
    ("cohorts", "stock"),
}


def at(name: str, place: str) -> str:
    """A good, or series, at a place by name; at home its own name."""
    return f"{name} ({place})" if place else name


def unit_size(text: str) -> float:
    """Size of a unit in internal units: t, USD, tCO2e, MWh, year (format.md, shared columns)."""
    plain = text.strip().replace("^", "**").replace("%", "percent")
    tree = ast.parse(plain, mode="eval").body
    return _size(tree)


def _size(node: ast.AST) -> float:
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_size(node.left), _size(node.right))
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.Name):
        return 1.0 if node.id.startswith("USD_") else UNITS[node.id]
    raise ValueError(f"not a unit: {ast.dump(node)}")


@dataclass(frozen=True)
class Point:
    """One row of a series: its year (None: every year), its number, and how far it is held."""

    year: int | None
    value: float
    extend: str = ""
    unit: float = 1.0


class Outside(ValueError):
    """A year outside the given ones of a series that does not say `extend`."""


def at_years(points: list[Point], years: Array, events: bool = False) -> Array:
    """Value of a series in each year: linear between the given years, held where `extend` says."""
    if points[0].year is None:
        return np.full(len(years), points[0].value)
    ordered = sorted(points, key=lambda p: p.year or 0)
    given = np.array([p.year for p in ordered])
    values = np.array([p.value for p in ordered])
    if events:
        return np.array([float(values[given == y].sum()) for y in years])
    if years.min() < given[0] and ordered[0].extend not in ("before", "both"):
        raise Outside(f"{given[0]} is the first year given, {years.min()} is asked for")
    if years.max() > given[-1] and ordered[-1].extend not in ("after", "both"):
        raise Outside(f"{given[-1]} is the last year given, {years.max()} is asked for")
    return np.interp(years, given, values)


@dataclass
class Study:
    """What a study says in one scenario. Amounts in internal units."""

    head: dict[str, Any]
    rows: dict[str, list[dict[str, str]]]
    numbers: dict[str, dict[Key, list[Point]]]
    policies: dict[str, dict[str, Any]]
    years: Array = field(init=False)
    firsts: list[int] = field(init=False)
    """Years that are planned one by one: all of them."""
    every: dict[str, set[Key]] = field(default_factory=dict)
    """Keys of each table in any scenario."""
    placed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Goods and series that a row gives for a place, by name: without it, and the place."""
    layer: dict[Key, int] = field(default_factory=dict)
    """Position of the scenario that a row of trade is of; none of the base."""
    order_starts: list[int] = field(init=False)
    """First years of the periods that the study states, for orders of plants."""

    def __post_init__(self) -> None:
        """Lay out the years and the periods of order (format.md, study.toml)."""
        span = self.head["years"]
        if "periods" in span:
            self.order_starts = [int(y) for y in span["periods"]]
            last = int(span.get("last", self.order_starts[-1]))
        else:
            last = int(span["last"])
            first, step = int(span["first"]), int(span.get("step", 1))
            self.order_starts = list(range(first, last + 1, step))
        self.years = np.arange(self.order_starts[0], last + 1)
        self.firsts = self.years.tolist()

    @property
    def starts(self) -> Array:
        """First years of the periods, and the year after the last one."""
        return np.array([*self.firsts, int(self.years[-1]) + 1])

    @property
    def lengths(self) -> Array:
        """Calendar years of each period, n_t."""
        return np.diff(self.starts)

    def mean(self, yearly: Array) -> Array:
        """Mean over the years of each period."""
        return np.add.reduceat(yearly, self.starts[:-1] - self.years[0]) / self.lengths

    def has(self, table: str, *key: str) -> bool:
        """Whether a number is given."""
        return key in self.numbers.get(table, {})

    def yearly(self, table: str, *key: str, default: float = 0.0) -> Array:
        """A number in each year of the horizon."""
        points = self.numbers.get(table, {}).get(key)
        if points is None:
            return np.full(len(self.years), default)
        return at_years(points, self.years, (table, key[-1]) in EVENTS)

    def by_period(self, table: str, *key: str, default: float = 0.0) -> Array:
        """A number in each period, the mean of its years."""
        return self.mean(self.yearly(table, *key, default=default))

    def constant(self, table: str, *key: str, default: float = 0.0) -> float:
        """A number that does not change over the years."""
        points = self.numbers.get(table, {}).get(key)
        return default if points is None else points[0].value

    def keys(self, table: str, parameter: str | None = None) -> Iterator[Key]:
        """Keys of a table, those of one parameter where one is named (which is then left out)."""
        for key in self.numbers.get(table, {}):
            if parameter is None:
                yield key
            elif key[-1] == parameter:
                yield key[:-1]


def read(folder: Path, scenario: str = "", overrides: Mapping[str, Any] | None = None) -> Study:
    """Read a study folder in a scenario (`a,b` composes them), with single values overridden."""
    head = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    chosen = scenario or head.get("scenario", "")
    names = chain(head.get("scenarios", {}), chosen.replace(" ", "").split(",") if chosen else [])
    rows = {name: _rows(folder / f"{name}.csv") for name in ROWS}
    placed: dict[str, tuple[str, str]] = {}
    layers = {name: _layers(folder, name, head, placed) for name in NUMBERS}
    study = Study(
        head,
        rows,
        {name: dict(layer.get("", {})) for name, layer in layers.items()},
        {name: dict(policy) for name, policy in head.get("policies", {}).items()},
        {name: {key for each in layer.values() for key in each} for name, layer in layers.items()},
        placed,
    )
    for position, name in enumerate(names, start=1):
        for table, layer in layers.items():
            study.numbers[table].update(layer.get(name, {}))
        study.layer.update(dict.fromkeys(layers["trade"].get(name, {}), position))
        _apply(study, head["scenarios"].get(name, {}))
    for path, value in (overrides or {}).items():
        override(study, path, value)
    from tests.oracle.places import expand

    expand(study)
    return study


def chain(scenarios: Mapping[str, Any], names: list[str]) -> list[str]:
    """Scenarios in the order in which they are laid over the base: parents first, each once, and
    what is named after all that is named before it."""
    order: list[str] = []
    for name in names:
        for parent in chain(scenarios, scenarios[name].get("inherits", [])):
            if parent not in order:
                order.append(parent)
        order = [each for each in order if each != name] + [name]
    return order


def _apply(study: Study, scenario: Mapping[str, Any]) -> None:
    """Fields of the head, of policies and single values that a scenario replaces."""
    for name in ("discount_rate", "border_adjustment"):
        if name in scenario:
            study.head[name] = scenario[name]
    for name, fields in scenario.get("policies", {}).items():
        study.policies[name] = {**study.policies.get(name, {}), **fields}
    for path, value in scenario.get("set", {}).items():
        override(study, path, value)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        return [defaultdict(str, {k: (v or "").strip() for k, v in r.items()}) for r in rows]


def _layers(
    folder: Path, table: str, head: Mapping[str, Any], placed: dict[str, tuple[str, str]]
) -> dict[str, dict[Key, list[Point]]]:
    """Series of a table by scenario and key; what is of a place by its name there."""
    columns, has_parameter = NUMBERS[table]
    layers: dict[str, dict[Key, list[Point]]] = {}
    units = {row["impact"]: row["unit"] for row in _rows(folder / "impacts.csv")}
    for row in _newest(_rows(folder / f"{table}.csv"), columns):
        key = tuple(row.get(c, "") for c in columns)
        if table in TABLES and row["place"] not in ("", head["country"]):
            placed[at(key[0], row["place"])] = key[0], row["place"]
            key = (at(key[0], row["place"]), *key[1:])
        if has_parameter:
            key = (*key, row["parameter"])
        of = row["impact"] or row["parameter"].removeprefix("impact:")
        unit = units.get(of, "") if row["impact"] or row["parameter"] != of else ""
        size = unit_size(row["unit"].replace(unit, "1") if unit else row["unit"])
        year = int(row["year"]) if row.get("year") else None
        point = Point(year, float(row["value"]) * size, row.get("extend", ""), size)
        layers.setdefault(row.get("scenario", ""), {}).setdefault(key, []).append(point)
    return layers


def _newest(rows: list[dict[str, str]], columns: Key) -> list[dict[str, str]]:
    """The vintages in force: of rows that differ only in number and `published` the newest; one
    that does not say when it came out is the oldest (format.md, "Vintages")."""
    found: dict[Key, dict[str, str]] = {}
    for row in rows:
        key = tuple(row.get(c, "") for c in (*columns, "place", "parameter", "scenario", "year"))
        if key not in found or int(row["published"] or 0) > int(found[key]["published"] or 0):
            found[key] = row
    return list(found.values())


def override(study: Study, path: str, value: Any) -> None:
    """Set one value by its path (format.md, "Paths")."""
    if path in ("discount_rate", "border_adjustment"):
        study.head[path] = value
        return
    if path.startswith("policies."):
        _, name, item = path.split(".", 2)
        study.policies[name][item] = {"true": True, "false": False}.get(value, value)
        return
    table, *parts = path.split(".")
    year = int(parts.pop()) if re.fullmatch(r"\d{4}", parts[-1]) else None
    key = _key_of(study, table, parts)
    old = study.numbers[table].get(key, [])
    number = _number(value, old[0].unit if old else 1.0)
    if year is None:
        study.numbers[table][key] = [Point(None, number)]
    else:
        study.numbers[table][key] = [
            Point(year, number, p.extend) if p.year == year else p for p in old
        ]


def _key_of(study: Study, table: str, parts: list[str]) -> Key:
    """The key that a path names; a column left empty in the table is left out of the path."""
    for key in study.numbers[table]:
        if list(key) == parts or [k for k in key if k] == parts:
            return key
    return tuple(parts)


def _number(value: Any, size: float) -> float:
    if isinstance(value, (int, float)):
        return float(value) * size
    number, _, unit = value.strip().partition(" ")
    return float(number) * (unit_size(unit) if unit else size)
