"""Writes small studies from a few lines of Python, as ordinary study folders that the ordinary
reader reads.

    Study(last=2023).good("li", "refined", demand=100, shortage_cost=1000).process("mine", "mine",
    gives={"li": 1}, variable_cost=10)

A value is a number (the same in every year), a list (one number a year from the first year on) or a
mapping of years. Every number is written in the unit of `planner.study.schema`, money in USD of
2021.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import planner
from planner.plan.plan import Plan
from planner.study.schema import BY_NAME, SERIES_UNITS, VALUE_COLUMNS, TableForm
from planner.system.nouns import System

Value = float | Sequence[float] | Mapping[int, float]
Row = dict[str, Any]

CURRENCY_YEAR = 2021
STAGE_OF_GOOD = {
    "intermediate": "extraction",
    "refined": "processing",
    "product": "manufacture",
    "scrap": "recycling",
    "waste": "use",
}
STAGE_OF_PROCESS = {
    "mine": "extraction",
    "byproduct": "extraction",
    "import": "processing",
    "refine": "processing",
    "manufacture": "manufacture",
    "collect": "recycling",
    "recycle": "recycling",
    "release": "processing",
}
PATHWAY_OF_PROCESS = {
    "mine": "domestic primary",
    "byproduct": "domestic primary",
    "refine": "domestic primary",
    "import": "foreign primary",
    "recycle": "domestic secondary",
    "manufacture": "new scrap",
    "collect": "domestic secondary",
    "release": "stockpile",
}
GOOD_TABLES = {"demand": "demand", "collection": "collection"}
"""Keywords of `good` that stand in a table of their own."""


class Study:
    """A study in the making: rows by table, and the fields of study.toml."""

    def __init__(
        self,
        first: int = 2021,
        last: int = 2021,
        *,
        metals: Sequence[str] = ("lithium",),
        discount_rate: float = 0.0,
        source: str = "made for a test",
        **head: Any,
    ) -> None:
        self.first = first
        self.metals = tuple(metals)
        self.source = source
        years: Row = {"first": first, "last": last}
        years.update({key: head.pop(key) for key in ("step", "periods") if key in head})
        if "periods" in years:
            del years["first"]
        self.head: Row = {
            "title": "a small study",
            "country": "home",
            "metals": list(metals),
            "currency_year": CURRENCY_YEAR,
            "discount_rate": discount_rate,
            **head,
        }
        self.years = years
        self.policies: dict[str, Row] = {}
        self.scenarios: dict[str, Row] = {}
        self.rows: dict[str, list[Row]] = {name: [] for name in BY_NAME}

    def good(
        self,
        name: str,
        kind: str,
        *,
        metal: str | None = None,
        stage: str = "",
        export: bool = False,
        content: Mapping[str, float] | None = None,
        equivalent: float | Mapping[str, float] | None = None,
        **values: Value,
    ) -> Self:
        """A good. `content` makes it a joint good; keywords are parameters of good_values, or
        `demand` or `collection`."""
        single = "" if content else (metal or self.metals[0])
        self.rows["goods"].append(
            {
                "good": name,
                "metal": single,
                "kind": kind,
                "stage": stage or STAGE_OF_GOOD[kind],
                "export": "yes" if export else "no",
            }
        )
        for of, share in (content or {}).items():
            self._value("good_values", {"good": name, "metal": of}, "content", share)
        if equivalent is not None:
            shares = equivalent if isinstance(equivalent, Mapping) else {single: equivalent}
            for of, share in shares.items():
                self._value("good_values", {"good": name, "metal": of}, "equivalent", share)
        for parameter, value in values.items():
            if parameter in GOOD_TABLES:
                self._value(GOOD_TABLES[parameter], {"good": name}, "", value)
            else:
                self._value("good_values", {"good": name, "metal": ""}, parameter, value)
        return self

    def process(
        self,
        name: str,
        kind: str,
        *,
        takes: Mapping[str, Value] | None = None,
        gives: Mapping[str, Value] | None = None,
        stage: str = "",
        pathway: str | None = None,
        origin: str | None = None,
        host: str = "",
        plant: str = "",
        ramp_group: str = "",
        loss: str = "",
        place: str = "",
        **values: Value,
    ) -> Self:
        """A recipe. Its pathway follows from its kind where it gives a refined good; keywords are
        parameters of process_values."""
        self.rows["processes"].append(
            {
                "process": name,
                "kind": kind,
                "stage": stage or STAGE_OF_PROCESS[kind],
                "pathway": self._pathway(kind, gives or {}, place) if pathway is None else pathway,
                "origin": ("abroad" if kind == "import" else "") if origin is None else origin,
                "host": host,
                "plant": plant,
                "ramp_group": ramp_group,
                "loss": loss,
                "place": place,
            }
        )
        for direction, recipe in (("in", takes or {}), ("out", gives or {})):
            for good, share in recipe.items():
                self._value(
                    "coefficients",
                    {"process": name, "good": good, "direction": direction},
                    "",
                    share,
                )
        return self._values("process_values", {"process": name}, values)

    def plant(self, name: str, **values: Value) -> Self:
        self.rows["plants"] += []
        return self._values("plants", {"plant": name}, values)

    def ramp(self, name: str, **values: Value) -> Self:
        return self._values("ramps", {"ramp_group": name}, values)

    def deposit(self, name: str, *, metal: str | None = None, **values: Value) -> Self:
        return self._values("deposits", {"deposit": name, "metal": metal or self.metals[0]}, values)

    def host(self, name: str, output: Value, **content: Value) -> Self:
        """A host; keywords are its content of each metal."""
        self._value("hosts", {"host": name}, "", output)
        for metal, share in content.items():
            self._value("host_contents", {"host": name, "metal": metal}, "", share)
        return self

    def residue(self, deposit: str, host: str, kept: Value) -> Self:
        """A share of what is not won of a host's metal fills a deposit."""
        self._value("residues", {"deposit": deposit, "host": host}, "", kept)
        return self

    def product(
        self,
        name: str,
        *,
        waste: str,
        uses: Mapping[str, Value],
        inflow: Mapping[int, float],
        life: float = 1,
        distribution: str = "fixed",
        place: str = "",
        **values: Value,
    ) -> Self:
        """A use stock. With the fixed life of one year all that entered in a year leaves in the
        next."""
        self.rows["products"].append(
            {
                "product": name,
                "metal": "",
                "waste": waste,
                "distribution": distribution,
                "place": place,
            }
        )
        self._values("product_values", {"product": name}, {"lifetime_mean": life, **values})
        for good, share in uses.items():
            self._value("uses", {"product": name, "good": good}, "", share)
        return self._values("cohorts", {"product": name}, {"inflow": inflow})

    def measure(
        self,
        name: str,
        kind: str,
        good: str,
        *,
        instead: str = "",
        product: str = "",
        **values: Value,
    ) -> Self:
        """A demand measure; keywords are parameters of measure_values."""
        self.rows["measures"].append(
            {"measure": name, "kind": kind, "good": good, "instead": instead, "product": product}
        )
        return self._values("measure_values", {"measure": name}, values)

    def exploration(self, deposit: str, **values: Value) -> Self:
        return self._values("exploration", {"deposit": deposit}, values)

    def discovery(self, name: str, deposit: str, *, plant: str = "", **values: Value) -> Self:
        self.rows["discoveries"].append({"discovery": name, "deposit": deposit, "plant": plant})
        return self._values("discovery_values", {"discovery": name}, values)

    def curve(self, of: str, **steps: Mapping[str, Value]) -> Self:
        """A curve of a process, exported good or deposit: `s1={"price": 10, "amount": 40}`."""
        for step, values in steps.items():
            self._values("curves", {"of": of, "step": step}, values)
        return self

    def elastic(self, of: str, **values: Value) -> Self:
        """A curve of constant elasticity: `elasticity=2, reference_price=10, ...`."""
        return self._values("curves", {"of": of, "step": ""}, values)

    def loss_media(self, loss: str, shares: Mapping[str, Value], *, metal: str = "") -> Self:
        """Shares of a loss by medium, of one metal or of all."""
        for medium, share in shares.items():
            self._value("loss_media", {"loss": loss, "metal": metal, "medium": medium}, "", share)
        return self

    def take_back(self, waste: str, **values: Value) -> Self:
        return self._values("take_back", {"good": waste}, values)

    def impact(self, name: str, unit: str, *, scope: str = "", **values: Value) -> Self:
        """An impact beside carbon; keywords are its price and that of electricity."""
        self.rows["impacts"].append({"impact": name, "unit": unit, "scope": scope})
        return self._values("impact_values", {"impact": name}, values)

    def factor(self, process: str, impact: str, value: Value) -> Self:
        """The factor of an impact, per unit of activity."""
        self._value("process_values", {"process": process}, f"impact:{impact}", value)
        return self

    def series(self, name: str, value: Value, *, place: str = "") -> Self:
        keys = {"series": name, "place": place}
        self._value("series", keys, "", value, unit=SERIES_UNITS[name])
        return self

    def at(self, place: str, good: str, **values: Value) -> Self:
        """Numbers of a good at a place: parameters of good_values, `demand` or `collection`."""
        for parameter, value in values.items():
            keys = {"good": good, "place": place}
            if parameter in GOOD_TABLES:
                self._value(GOOD_TABLES[parameter], keys, "", value)
            else:
                self._value("good_values", {**keys, "metal": ""}, parameter, value)
        return self

    def trade(
        self, good: str, source: str, target: str, *, scenario: str = "", **values: Value
    ) -> Self:
        """Rows of trade.csv, of the base or of a scenario, which stands in study.toml from then
        on."""
        if scenario:
            self.scenarios[scenario] = {"title": scenario}
        keys = {"good": good, "from": source, "to": target, "scenario": scenario}
        return self._values("trade", keys, values)

    def policy(self, name: str, kind: str, **fields: Any) -> Self:
        """A policy; a keyword that Python reserves takes a trailing underscore (`from_`)."""
        self.policies[name] = {
            "kind": kind,
            "source": self.source,
            **{key.rstrip("_"): value for key, value in fields.items()},
        }
        return self

    def observation(
        self,
        name: str,
        start: str,
        target: str,
        values: Mapping[int, float],
        *,
        metal: str = "lithium",
        parameter: str = "flow",
        spread: float = 0.1,
        **cells: Any,
    ) -> Self:
        """Observations by year, with an interval of so large a share below and above; a price has
        no target. `cells` are further columns: role, source, grade."""
        unit = {"flow": "t/year", "share": "1"}.get(parameter, f"USD_{CURRENCY_YEAR}/t")
        for year, value in values.items():
            ends = {"low": value * (1 - spread), "high": value * (1 + spread)}
            row = {"observation": name, "from": start, "to": target, "metal": metal}
            row |= {"parameter": parameter, "year": year, "value": value, "unit": unit, **ends}
            self.rows["observations"].append({**row, "source": "seen", **cells})
        return self

    def in_kilotonnes(self) -> Self:
        """The same study with every mass in its tables written in kt."""
        for row in self._value_rows():
            unit = str(row["unit"])
            top, _, bottom = unit.partition("/")
            power = int(top == "t") - len(re.findall(r"\bt\b", bottom))
            row["unit"] = re.sub(r"\bt\b", "kt", unit)
            row["value"] = row["value"] / 1000**power
        return self

    def with_money_times(self, factor: float) -> Self:
        """The same study with every sum of money in its tables multiplied."""
        for row in self._value_rows():
            if "USD" in row["unit"]:
                row["value"] = row["value"] * factor
        return self

    def with_rows_permuted(self, permute: Callable[[list[Row]], list[Row]]) -> Self:
        """The same study with the rows of every table in another order."""
        self.rows = {name: permute(rows) for name, rows in self.rows.items()}
        return self

    def write(self, folder: Path) -> Path:
        """Writes the study folder and returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "study.toml").write_text(self._toml(), encoding="utf-8")
        for name, rows in self.rows.items():
            if rows or BY_NAME[name].required:
                with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, _columns(BY_NAME[name]), restval="")
                    writer.writeheader()
                    writer.writerows(rows)
        return folder

    def _pathway(self, kind: str, gives: Mapping[str, Value], place: str) -> str:
        if place:
            return ""
        kinds = {row["good"]: row["kind"] for row in self.rows["goods"]}
        return (
            PATHWAY_OF_PROCESS[kind] if any(kinds.get(good) == "refined" for good in gives) else ""
        )

    def _values(self, table: str, keys: Row, values: Mapping[str, Value]) -> Self:
        for parameter, value in values.items():
            self._value(table, keys, parameter, value)
        return self

    def _value(self, table: str, keys: Row, parameter: str, value: Value, unit: str = "") -> None:
        """Rows for one parameter: one without a year for a number, one a year for a list or a
        mapping."""
        form = BY_NAME[table].parameter(parameter) if parameter else BY_NAME[table].parameters[0]
        if form is None:
            raise KeyError(f"{table} has no parameter {parameter}")
        named = str(keys.get("impact") or parameter.removeprefix("impact:"))
        of_impact = [row["unit"] for row in self.rows["impacts"] if row["impact"] == named]
        row = {
            **keys,
            "unit": (unit or form.unit).replace("USD", f"USD_{CURRENCY_YEAR}"),
            "source": self.source,
        }
        if of_impact:
            row["unit"] = row["unit"].replace("IMPACT", of_impact[0])
        if BY_NAME[table].has_parameter_column:
            row["parameter"] = parameter
        if isinstance(value, Mapping):
            self.rows[table] += [
                {**row, "year": year, "value": number} for year, number in value.items()
            ]
        elif isinstance(value, Sequence):
            self.rows[table] += [
                {**row, "year": self.first + age, "value": number}
                for age, number in enumerate(value)
            ]
        else:
            self.rows[table].append({**row, "value": value})

    def _value_rows(self) -> list[Row]:
        return [row for rows in self.rows.values() for row in rows if "value" in row]

    def _toml(self) -> str:
        lines = [f"{key} = {_toml_value(value)}" for key, value in self.head.items()]
        lines += [
            "[years]",
            *(f"{key} = {_toml_value(value)}" for key, value in self.years.items()),
        ]
        for table, sections in (("policies", self.policies), ("scenarios", self.scenarios)):
            for name, fields in sections.items():
                lines += [
                    f"[{table}.{name}]",
                    *(f"{key} = {_toml_value(value)}" for key, value in fields.items()),
                ]
        return "\n".join(lines) + "\n"


def _columns(table: TableForm) -> list[str]:
    named = [column.name for column in (*table.keys, *table.columns)]
    return (
        named + ["parameter"] * table.has_parameter_column + list(VALUE_COLUMNS) * table.has_values
    )


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f'"{key}" = {_toml_value(item)}' for key, item in value.items()) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value)


def plan_of(study: Study, folder: Path, **options: Any) -> Plan:
    """Writes the study into a new folder below `folder`, reads it with the ordinary reader and
    solves it."""
    return planner.solve(system_of(study, folder, **options))


def system_of(study: Study, folder: Path, **options: Any) -> System:
    """Writes the study into a new folder below `folder` and reads it; options are those of
    `planner.read`."""
    folder.mkdir(parents=True, exist_ok=True)
    return planner.read(
        study.write(folder / f"study_{sum(1 for _ in folder.iterdir())}"), **options
    )


def yearly(plan: Plan, variable: str, name: str) -> list[float]:
    """One variable of one name, period by period."""
    return [plan.values[variable][name, period.first] for period in plan.system.periods]


def price(
    plan: Plan, family: str, index: str, year: int | None = None, column: str = "value"
) -> float:
    """One shadow price from the table of the plan. Raises where no or more than one row has it."""
    table = plan.prices
    rows = table[(table["family"] == family) & (table["index"] == index)]
    if year is not None:
        rows = rows[rows["year"] == year]
    if len(rows) != 1:
        raise LookupError(
            f"{len(rows)} rows {family}[{index}, {year}]; there are "
            f"{sorted(set(table['family'] + ' ' + table['index']))}"
        )
    return float(rows[column].iloc[0])
