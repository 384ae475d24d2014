"""The tables of the China study are what its derivation makes from `data/`, byte for byte, and they
hold what the paper says of 2021."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from models.china.derive.__main__ import STUDY, write
from models.china.derive.common import Fact, Facts, at_year, emission_rows, thinned, without_capital
from models.china.derive.demand import PRODUCTS, home_demand, recipe
from planner.study.schema import TABLES


def test_deriving_again_gives_the_committed_tables(tmp_path: Path) -> None:
    made = {file.name: file.read_bytes() for file in write(tmp_path)}
    assert set(made) == {file.name for file in STUDY.glob("*.csv")}
    assert [name for name, content in made.items() if content != (STUDY / name).read_bytes()] == []


@pytest.mark.parametrize(
    "table",
    [table.name for table in TABLES if table.has_values and (STUDY / f"{table.name}.csv").exists()],
)
def test_every_number_has_source_and_grade(table: str) -> None:
    with (STUDY / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    sources = {row["id"] for row in Facts().rows("sources")}
    assert found
    for line, row in enumerate(found, start=2):
        assert row["grade"] in list("ASBCD"), f"{table}.csv row {line}"
        assert set(row["source"].split(";")) <= sources, f"{table}.csv row {line}"
        low, value, high = (
            float(row[column] or row["value"]) for column in ("low", "value", "high")
        )
        assert low <= value <= high, f"{table}.csv row {line}"


def test_lithium_of_2021_closes_on_the_paper() -> None:
    """(35 kt at home + 48 kt exported) / 0.95 = 87.4 kt of refined metal: three levels of one
    demand."""
    facts = Facts()
    home = sum(
        home_demand(facts, "lithium", product, "CP")[0].value for product in PRODUCTS["lithium"]
    )
    gross = (home + 48_000) * recipe(facts, "lithium", "export").equivalent.value
    assert home == pytest.approx(35_000)
    assert gross == pytest.approx(87_368, rel=1e-4)


def test_indium_loop_is_counted_once() -> None:
    """A tonne deposited takes 1 / 0.30 of feed and gives back 0.70 x 0.95 of it: 1.1167 t of virgin
    metal, as the data have it."""
    how = recipe(Facts(), "indium", "ito_displays")
    assert how.scrap is not None
    assert how.output.value + how.scrap.value == pytest.approx(1.0)
    assert (1 - how.scrap.value * 0.95) / how.output.value == pytest.approx(how.equivalent.value)


def test_emission_factor_splits_without_turning_negative() -> None:
    """90 kg/kg with 20 kWh/kg at 0.557: 78.86 direct; at the low 10 kg/kg the electricity shrinks
    in step, 8.76 direct and not -1.14."""
    ghg, kwh = Fact(90.0, "kgCO2e/kg", "own", "D", 10.0, 100.0), Fact(20.0, "kWh/kg", "own", "D")
    found = {row["parameter"]: row for _, row in emission_rows(Facts(), "p", ghg, kwh)}
    assert found["direct_emission"]["value"] == pytest.approx(90 - 20 * 0.557)
    assert found["direct_emission"]["low"] == pytest.approx(10 * (1 - 20 * 0.557 / 90))
    assert found["electricity"]["low"] == pytest.approx(20 / 9)


def test_capital_is_taken_off_once() -> None:
    """57 USD per kg and year at 8 % over 25 years is 5.3 USD/kg (data/README.md): 24 all-in leaves
    18.66."""
    cost, capital = (
        Fact(24.0, "USD_2021/kg", "own", "D", 18.0, 30.0),
        Fact(57.0, "USD_2021/(kg/year)", "own", "D"),
    )
    assert without_capital(cost, capital).value == pytest.approx(24 - 5.34, abs=0.01)


def test_thinned_series_keeps_its_shape() -> None:
    series = [Fact(float(y**2), "t", "own", "D", year=2000 + y) for y in range(41)]
    kept = thinned(series, 0.002)
    assert len(kept) < len(series)
    for fact in series:
        assert at_year(kept, fact.year or 0) == pytest.approx(fact.value, abs=0.002 * 1600 + 1e-9)


def test_packs_hold_the_lithium_of_the_demand_they_are_made_from() -> None:
    """Per tonne of cobalt demanded, NCM packs take as much lithium as LFP packs give up; portable
    cells likewise: none is made or lost."""
    uses: dict[tuple[str, str], dict[str, float]] = {}
    contents: dict[tuple[str, str], float] = {}
    for row in _committed("uses"):
        uses.setdefault((row["product"], row["good"]), {})[row["year"]] = float(row["value"])
    for row in _committed("good_values"):
        if row["parameter"] == "content":
            contents[row["good"], row["metal"]] = float(row["value"])
    lfp = contents["battery/ev_lfp_waste", "lithium"]
    for pack, year in (
        ("ev_ncm_to2021", "2021"),
        ("ev_ncm_2022to2029", "2022"),
        ("ev_ncm_from2030", "2030"),
    ):
        packs = uses[pack, "cobalt/ev_battery"][year]
        assert packs * contents[f"battery/{pack}_waste", "cobalt"] == pytest.approx(1.0, rel=1e-12)
        taken = packs * contents[f"battery/{pack}_waste", "lithium"]
        assert taken + uses["ev_lfp", "cobalt/ev_battery"][year] * lfp == pytest.approx(
            0.0, abs=1e-12 * taken
        )
    cells = (
        uses["portable_phones", "cobalt/phones"][""]
        * contents["battery/portable_lco_waste", "lithium"]
    )
    assert cells + uses["portable_lithium", "cobalt/phones"][""] == pytest.approx(0.0, abs=1e-12)


def _committed(table: str) -> list[dict[str, str]]:
    with (STUDY / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
