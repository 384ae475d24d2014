"""The facts in `data/` are what their package says: columns, numbers, grades, sources, no row
twice, units that pint reads."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pint
import pytest

from tests.package.supply_chain import sources_of_studies

DATA = Path(__file__).resolve().parents[2] / "data"
PACKAGE: dict[str, Any] = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {resource["path"]: resource["schema"]["fields"] for resource in PACKAGE["resources"]}
FACTS = sorted(
    path for path, fields in RESOURCES.items() if any(field["name"] == "value" for field in fields)
)
CURRENCY = re.compile(r"(USD|CNY|EUR|JPY)_(\d{4})")


def rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def sources() -> set[str]:
    return {row["id"] for row in rows("sources.csv")}


def test_package_lists_exactly_the_files_there() -> None:
    assert set(RESOURCES) == {path.name for path in DATA.glob("*.csv")}


@pytest.mark.parametrize("file", sorted(RESOURCES))
def test_header_is_the_declared_one(file: str) -> None:
    with (DATA / file).open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == [field["name"] for field in RESOURCES[file]]


@pytest.mark.parametrize("file", FACTS)
def test_numbers_are_numbers_and_lie_in_their_range(file: str) -> None:
    for line, row in enumerate(rows(file), start=2):
        value = float(row["value"])
        low, high = (float(row[end]) if row[end] else value for end in ("low", "high"))
        assert low <= value <= high, f"{file} row {line}"
        assert not row["year"] or 1900 <= int(row["year"]) <= 2100, f"{file} row {line}"
        assert row["grade"] in list("ABCDS"), f"{file} row {line}"


@pytest.mark.parametrize("file", [*FACTS, "lifetime_distributions.csv"])
def test_every_source_is_listed(file: str, sources: set[str]) -> None:
    named = {source for row in rows(file) for source in row["source"].split(";")}
    assert named <= sources


def test_every_listed_source_is_used(sources: set[str]) -> None:
    named = {
        source
        for file in [*FACTS, "lifetime_distributions.csv"]
        for row in rows(file)
        for source in row["source"].split(";")
    }
    assert sources == named.union(*sources_of_studies().values())


@pytest.mark.parametrize("file", FACTS)
def test_no_row_stands_twice(file: str) -> None:
    keys = Counter(
        tuple(
            row[c]
            for c in (
                "metal",
                "region",
                "variable",
                "item",
                "scenario",
                "year",
                "until",
                "unit",
                "source",
                "note",
            )
        )
        for row in rows(file)
    )
    assert [key for key, count in keys.items() if count > 1] == []


def test_units_are_read_by_pint() -> None:
    registry = pint.UnitRegistry()
    for name in (
        "CO2e = [carbon]",
        "gCO2e = CO2e",
        "kgCO2e = 1000 gCO2e",
        "tCO2e = 1e6 gCO2e",
        "MtCO2e = 1e12 gCO2e",
    ):
        registry.define(name)
    units = {row["unit"] for file in FACTS for row in rows(file)}
    for currency in {match.group(0) for unit in units for match in CURRENCY.finditer(unit)}:
        registry.define(f"{currency} = [{currency}]")
    for unit in units:
        registry.parse_units(unit)


def test_traps_of_the_raw_tables_are_gone() -> None:
    """History ends where the projection begins; pseudo-products do not stand among the products."""
    assert max(int(row["year"]) for row in rows("enduse_inflow_history.csv")) < min(
        int(row["year"]) for row in rows("demand_china.csv")
    )
    assert "pv_low_variant" not in {
        row["item"]
        for row in rows("demand_china.csv")
        if row["variable"] == "demand_virgin_manufacturing"
    }
    assert not [row for row in rows("collection_rates.csv") if row["item"].startswith("all_")]
