"""Reads a study the plain way, by other means than planner does, to say what its files plainly say.

No problems are collected and nothing is refused with words: what is not plain raises NotPlain. Only
the format (`planner.study.schema`) is shared with the reader under test; text, cells, numbers,
units, scenarios and interpolation are read by the code below.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from planner.study.schema import POLICY_FORMS, SERIES_UNITS, TABLES, ParameterForm, TableForm
from planner.system.nouns import System

HEAD = "study.toml"
SAME = 1e-12
SIZES: dict[str, tuple[float, dict[str, int]]] = {
    "t": (1.0, {"metal": 1}),
    "tonne": (1.0, {"metal": 1}),
    "g": (1e-6, {"metal": 1}),
    "gram": (1e-6, {"metal": 1}),
    "lb": (453.59237e-6, {"metal": 1}),
    "pound": (453.59237e-6, {"metal": 1}),
    "oz_t": (31.1034768e-6, {"metal": 1}),
    "year": (1.0, {"time": 1}),
    "yr": (1.0, {"time": 1}),
    "a": (1.0, {"time": 1}),
    "month": (1 / 12, {"time": 1}),
    "day": (1 / 365.25, {"time": 1}),
    "tCO2e": (1.0, {"carbon": 1}),
    "gCO2e": (1e-6, {"carbon": 1}),
    "Wh": (1e-6, {"energy": 1}),
    "J": (1e-6 / 3600, {"energy": 1}),
    "percent": (0.01, {}),
}
PREFIXES = {
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "kilo": 1e3,
    "mega": 1e6,
    "giga": 1e9,
    "tera": 1e12,
}


class NotPlain(Exception):
    """The files do not plainly say one thing."""


class Said(NamedTuple):
    """One row of numbers, in internal units."""

    year: int | None
    value: float
    low: float | None
    high: float | None
    extend: str
    source: str
    grade: str
    note: str
    scenario: str
    file: str
    row: int
    published: int


Key = tuple[str, tuple[str, ...], str]


def plain_unit(text: str, currency_year: int) -> tuple[float, dict[str, int]]:
    """Size and dimensions of a unit: products, quotients and brackets of names and numbers."""
    tokens = re.findall(r"[A-Za-z_][A-Za-z0-9_]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|[*/()%]", text)
    if "".join(tokens) != text.replace(" ", ""):
        raise NotPlain(f"unit {text!r}")
    (size, dimensions), rest = _product(
        [("percent" if t == "%" else t) for t in tokens], currency_year
    )
    if rest:
        raise NotPlain(f"unit {text!r}")
    return size, {name: power for name, power in dimensions.items() if power}


def _product(tokens: list[str], year: int) -> tuple[tuple[float, dict[str, int]], list[str]]:
    size, dimensions = 1.0, dict[str, int]()
    sign, expected = 1, True
    while tokens and tokens[0] != ")":
        token, tokens = tokens[0], tokens[1:]
        if token in "*/" and not expected:
            sign, expected = (1 if token == "*" else -1), True
            continue
        if token == "(":
            (part, of), tokens = _product(tokens, year)
            if not tokens:
                raise NotPlain("parenthesis")
            tokens = tokens[1:]
        elif token in "*/":
            raise NotPlain("operator")
        else:
            part, of = _name(token, year)
        size *= part**sign
        for name, power in of.items():
            dimensions[name] = dimensions.get(name, 0) + sign * power
        sign, expected = 1, False
    return (size, dimensions), tokens


def _name(token: str, year: int) -> tuple[float, dict[str, int]]:
    if re.fullmatch(r"[0-9.]+([eE][+-]?[0-9]+)?", token):
        return plain_number(token), {}
    names = {**SIZES, f"USD_{year}": (1.0, {"money": 1}), f"USD{year}": (1.0, {"money": 1})}
    for word, (size, of) in names.items():
        for prefix, times in {"": 1.0, **PREFIXES}.items():
            if token in (prefix + word, prefix + word + "s"):
                return size * times, of
    raise NotPlain(f"unit {token!r}")


def plain_number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise NotPlain(f"number {text!r}") from error
    if not np.isfinite(value) or "_" in text or not text.isascii():
        raise NotPlain(f"number {text!r}")
    return value


def plain_rows(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column, of every row that holds anything."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    header = [cell.strip() for cell in lines[0]]
    for number, cells in enumerate(lines[1:], start=2):
        cells = [cell.strip() for cell in cells]
        if any(cells):
            if len(cells) != len(header) or len(set(header)) != len(header):
                raise NotPlain(f"row {number}")
            yield number, dict(zip(header, cells, strict=True))


class Plain:
    """What the files of a study say: head, names and their attributes, the rows of numbers in
    force."""

    def __init__(self, files: Mapping[str, bytes], scenario: str = "") -> None:
        try:
            self.head = tomllib.loads(files[HEAD].decode("utf-8-sig"))
            if "places" in self.head:
                raise NotPlain("goods at places, which are read by tests/oracle")
        except (ValueError, KeyError) as error:
            raise NotPlain(str(error)) from error
        self.year: int = self.head["currency_year"]
        self.structure: dict[str, dict[str, dict[str, str]]] = {}
        self.rows: dict[str, dict[Key, list[Said]]] = {}
        for table in TABLES:
            content = files.get(f"{table.name}.csv")
            if content is not None:
                self._table(table, content)
        self.layers = self._layers(scenario or self.head.get("scenario", ""))
        self.force: dict[Key, list[Said]] = dict(self.rows.get("", {}))
        for layer in self.layers:
            self.force |= self.rows.get(layer, {})
            for path, text in sorted(self._scenario(layer).get("set", {}).items()):
                self._set(path.strip(), str(text), layer)

    def _scenario(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.head["scenarios"][name]
        return found

    def _layers(self, asked: str) -> list[str]:
        @cache
        def before(name: str) -> list[str]:
            return beside(self._scenario(name).get("inherits", []))

        def beside(names: list[str]) -> list[str]:
            found: list[str] = []
            for name in names:
                parents = before(name)
                found += [parent for parent in parents if parent not in found]
                found = [each for each in found if each != name] + [name]
            return found

        return beside([part.strip() for part in asked.split(",") if part.strip()])

    def _table(self, table: TableForm, content: bytes) -> None:
        for number, cells in plain_rows(content):
            if not table.has_values:
                self.structure.setdefault(table.name, {})[cells[table.keys[0].name]] = cells
                continue
            keys = tuple(cells.get(column.name, "") for column in table.keys)
            name = cells["parameter"] if table.has_parameter_column else table.parameters[0].name
            parameter = table.parameter(name)
            if parameter is None:
                raise NotPlain(f"parameter {name!r}")
            size = self._size(table, keys, parameter, cells["unit"])
            numbers = [
                plain_number(cells[c]) * size if cells.get(c) else None
                for c in ("value", "low", "high")
            ]
            if numbers[0] is None:
                raise NotPlain("no value")
            said = Said(
                int(cells["year"]) if cells.get("year") else None,
                numbers[0],
                numbers[1],
                numbers[2],
                cells.get("extend", ""),
                cells["source"],
                cells.get("grade", ""),
                cells.get("note", ""),
                cells.get("scenario", ""),
                f"{table.name}.csv",
                number,
                int(cells.get("published") or 0),
            )
            self.rows.setdefault(said.scenario, {}).setdefault((table.name, keys, name), []).append(
                said
            )
        for layer in self.rows.values():
            for key, rows in layer.items():
                layer[key] = newest(rows)

    def _size(
        self, table: TableForm, keys: tuple[str, ...], parameter: ParameterForm, unit: str
    ) -> float:
        wanted = SERIES_UNITS[keys[0]] if table.name == "series" else parameter.unit
        size, dimensions = plain_unit(unit, self.year)
        internal, same = plain_unit(wanted.replace("USD", f"USD_{self.year}"), self.year)
        if dimensions != same:
            raise NotPlain(f"{unit} is no {wanted}")
        return size / internal

    def _set(self, path: str, text: str, layer: str) -> None:
        for key in list(self.force):
            year = path.removeprefix(f"{path_of(key)}.")
            if path != path_of(key) and not (
                path.startswith(f"{path_of(key)}.") and re.fullmatch("[0-9]{4}", year)
            ):
                continue
            table = next(t for t in TABLES if t.name == key[0])
            parameter = table.parameter(key[2])
            assert parameter is not None
            amount, _, unit = text.strip().partition(" ")
            size = self._size(table, key[1], parameter, unit) if unit else 1.0
            new = Said(
                None,
                plain_number(amount) * size,
                None,
                None,
                "",
                f"override in scenarios.{layer}.set",
                "",
                "",
                layer,
                HEAD,
                0,
                0,
            )
            rows = self.force[key]
            self.force[key] = (
                [new]
                if path == path_of(key)
                else [
                    new._replace(year=row.year, extend=row.extend) if row.year == int(year) else row
                    for row in rows
                ]
            )

    def series(self, key: Key, years: np.ndarray) -> np.ndarray:
        rows = sorted(self.force[key], key=lambda row: row.year or 0)
        if rows[0].year is None:
            return np.full(len(years), rows[0].value)
        return np.interp(years, [row.year or 0 for row in rows], [row.value for row in rows])


def newest(rows: list[Said]) -> list[Said]:
    """Of rows for one year the one published last; of a row for all years and rows by year those
    published last."""
    kept = [
        row for row in rows if row.published == max(r.published for r in rows if r.year == row.year)
    ]
    flat = max((r.published for r in kept if r.year is None), default=-1)
    dated = max((r.published for r in kept if r.year is not None), default=-1)
    if flat == dated:
        return kept
    return [row for row in kept if (row.year is None) == (flat > dated)]


def path_of(key: Key) -> str:
    table, keys, parameter = key
    single = next(len(t.parameters) == 1 for t in TABLES if t.name == table)
    return ".".join([table, *[k for k in keys if k], *([] if single else [parameter])])


def differences(system: System, files: Mapping[str, bytes], scenario: str = "") -> list[str]:
    """Places where a System differs from what its files plainly say; empty if there are none."""
    plain = Plain(files, scenario)
    found = [
        *_head(system, plain),
        *_structure(system, plain),
        *_numbers(system, plain),
        *_policies(system, plain),
    ]
    return [*found, *(_nouns(system, plain) if not found else [])]


def _head(system: System, plain: Plain) -> Iterator[str]:
    head, years = plain.head, plain.head["years"]
    for name in ("title", "country", "currency_year"):
        if getattr(system, name) != head[name]:
            yield f"{name}: {getattr(system, name)!r} for {head[name]!r}"
    if list(system.metals) != head["metals"] or system.stock_convention != head.get(
        "stock_convention", "uniform"
    ):
        yield "metals or convention"
    rate = [
        plain._scenario(layer)["discount_rate"]
        for layer in plain.layers
        if "discount_rate" in plain._scenario(layer)
    ]
    if system.discount_rate != [head["discount_rate"], *rate][-1]:
        yield "discount rate"
    starts = years.get("periods") or list(
        range(years["first"], years["last"] + 1, years.get("step", 1))
    )
    if [p.first for p in system.periods] != starts or system.periods[-1].last != years["last"]:
        yield "periods"


def _structure(system: System, plain: Plain) -> Iterator[str]:
    columns = {
        "goods": ("kind", "stage"),
        "processes": ("kind", "stage", "pathway", "origin", "host", "plant", "ramp_group", "loss"),
        "products": ("waste", "distribution"),
        "measures": ("kind", "good", "instead", "product"),
    }
    for table, names in columns.items():
        nouns = getattr(system, table)
        said = plain.structure.get(table, {})
        if table == "measures":
            said = {key: cells for key, cells in said.items() if key not in _closed(plain)}
        if set(nouns) != set(said):
            yield f"{table}: {set(nouns) ^ set(said)}"
            continue
        for key, cells in said.items():
            for name in names:
                if (getattr(nouns[key], name) or "") != cells.get(name, ""):
                    yield (
                        f"{table} {key} {name}: {getattr(nouns[key], name)!r} for "
                        f"{cells.get(name)!r}"
                    )
    for key, cells in plain.structure.get("goods", {}).items():
        good = system.goods.get(key)
        if good is not None and (
            good.export != (cells.get("export") == "yes")
            or (cells.get("metal") and good.content != {cells["metal"]: 1})
        ):
            yield f"goods {key}: export or metal"


def _closed(plain: Plain) -> set[str]:
    """Measures without any potential, which a study leaves out (docs/format.md)."""
    return {
        keys[0]
        for (table, keys, parameter), rows in plain.force.items()
        if (table, parameter) == ("measure_values", "potential")
        and all(row.value == 0 for row in rows)
    }


def _numbers(system: System, plain: Plain) -> Iterator[str]:
    """Every row in force, to the last cell; a row that an override made has another place."""
    said = {
        (path_of(key) + (f".{row.year}" if row.year is not None else ""), row.scenario): row
        for key, rows in plain.force.items()
        for row in rows
    }
    read = {(datum.path, datum.scenario): datum for datum in system.data}
    if said.keys() != read.keys() or len(said) != sum(map(len, plain.force.values())):
        yield f"rows in force: {sorted(said.keys() ^ read.keys())[:5]}"
        return
    for at, row in said.items():
        datum = read[at]
        for name in ("value", "low", "high"):
            mine, theirs = getattr(row, name), getattr(datum, name)
            if (mine is None) != (theirs is None) or (
                mine is not None and not abs(mine - theirs) <= SAME * abs(mine)
            ):
                yield f"{at} {name}: {theirs!r} for {mine!r}"
        if (datum.source, datum.grade, datum.note, datum.place.file) != (
            row.source,
            row.grade,
            row.note,
            row.file,
        ):
            yield f"{at}: source, grade or note"
        if row.row and datum.place.row != row.row:
            yield f"{at}: row {datum.place.row} for {row.row}"


def _policies(system: System, plain: Plain) -> Iterator[str]:
    policies = {name: dict(fields) for name, fields in plain.head.get("policies", {}).items()}
    for layer in plain.layers:
        for name, fields in plain._scenario(layer).get("policies", {}).items():
            policies.setdefault(name, {}).update(fields)
    policies = {name: fields for name, fields in policies.items() if fields.get("enabled", True)}
    if set(policies) != set(system.policies):
        yield f"policies: {set(policies) ^ set(system.policies)}"
        return
    years = np.array(system.years)
    for name, fields in policies.items():
        policy, levels = system.policies[name], POLICY_FORMS[fields["kind"]].levels
        given = next(fields[key] for key in levels if key in fields)
        if isinstance(given, dict):
            level = np.interp(
                years,
                [int(y) for y in given],
                [float(v) for v in given.values()],
                left=np.nan,
                right=np.nan,
            )
        elif isinstance(given, str):
            continue  # a number with a unit: a form the shipped studies do not use
        else:
            level = np.full(len(years), float(given))
        level[(years < fields.get("from", years[0])) | (years > fields.get("to", years[-1]))] = (
            np.nan
        )
        if policy.kind != fields["kind"] or not np.allclose(
            policy.level, level, rtol=SAME, atol=0, equal_nan=True
        ):
            yield f"policy {name}"


def _nouns(system: System, plain: Plain) -> Iterator[str]:
    """The series of the nouns, year by year, where their form is that of the rows."""
    years = np.array(system.years)
    closed = any(policy.kind == "closure" for policy in system.policies.values())
    for key in plain.force:
        read = _attribute(system, key)
        if read is None or (closed and key[2] in ("max_activity", "min_activity")):
            continue
        said = plain.series(key, years)
        read = (
            np.broadcast_to(np.asarray(read, dtype=float), said.shape)
            if np.ndim(read) == 0
            else np.asarray(read)[-len(years) :]
        )
        if not np.allclose(read, said, rtol=1e-9, atol=0):
            yield f"{key}: {read} for {said}"


def _attribute(system: System, key: Key) -> Any:
    """Where a number of a table stands in the System; None where its form there is another."""
    table, names, name = key
    renamed = {
        "lifetime_mean": "mean",
        "lifetime_sd": "sd",
        "lifetime_shape": "shape",
        "rate": "collection_rate",
    }
    if table == "coefficients":
        process = system.processes[names[0]]
        return (process.outputs if names[2] == "out" else {**process.inputs, **process.deposits})[
            names[1]
        ]
    if table == "series":
        return getattr(system, names[0])
    if table == "uses":
        return system.products[names[0]].uses[names[1]]
    if name in ("content", "equivalent") and names[1]:
        return getattr(system.goods[names[0]], name)[names[1]]
    if table == "residues":
        return system.deposits[names[0]].filled_by[names[1]]
    if table == "host_contents":
        return system.hosts[names[0]].content[names[1]]
    of = {
        "demand": "goods",
        "collection": "goods",
        "good_values": "goods",
        "process_values": "processes",
        "plants": "plants",
        "deposits": "deposits",
        "hosts": "hosts",
        "product_values": "products",
        "ramps": "ramps",
        "measure_values": "measures",
    }.get(table)
    if of is None or (of == "measures" and names[0] not in system.measures):
        return None
    if name in (
        "observed",
        "existing_capacity",
        "under_construction",
        "opening_stock",
        "closing_stock",
        "max_stock",
        "holding_cost",
        "equivalent",
    ):
        return None
    return getattr(getattr(system, of)[names[0]], renamed.get(name, name))
