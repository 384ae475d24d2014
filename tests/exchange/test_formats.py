"""A plan in the formats of others: every number comes back to the last digit, and each file is what
its format says it is."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml
from frictionless import Package, validate
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.cli._completion import FORMAT_NAMES
from planner.errors import OutputError, SpecError
from planner.exchange.export import FORMATS
from planner.exchange.iamc import iamc_table
from planner.exchange.netcdf import dataset
from planner.plan.plan import Plan
from planner.plan.schema import COLUMNS, ITEMS, QUANTITIES, RESULTS, VARIABLES
from planner.runtime.run_folder import PACKAGE_FILE
from tests.small import Study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart", scenario="carbon-price"))


@pytest.fixture(scope="module")
def china() -> Plan:
    return planner.solve(planner.read("china"))


@pytest.fixture(scope="module")
def run(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plan.save(tmp_path_factory.mktemp("formats") / "run")


def rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Rows in one order, years as integers or None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return sorted((tuple(row) for row in plain.itertuples(index=False, name=None)), key=repr)


# what the tables are


@pytest.mark.parametrize("study", ["quickstart", "china"])
def test_the_tables_are_as_they_are_defined(study: str, plan: Plan, china: Plan) -> None:
    """Columns, keys that name a row, words that a column may hold, cells that may be empty: of
    every table, over whole studies."""
    made = plan if study == "quickstart" else china
    for table in RESULTS:
        frame = made.tables[table.name]
        assert tuple(frame.columns) == table.columns
        assert not frame.duplicated(list(table.keys)).any(), table.name
        for field in table.fields:
            if field.choices:
                empty = {""} if field.optional else set()
                assert set(frame[field.name].astype(str)) <= {*field.choices} | empty, (
                    table.name,
                    field.name,
                )
            if not field.optional:
                assert frame[field.name].notna().all()
                assert (frame[field.name].astype(str) != "").all(), (table.name, field.name)


def test_every_item_and_quantity_defined_can_occur() -> None:
    """The words of the definitions are those in the source that makes the tables: a word too many
    is as stale as one too few."""
    source = "".join(
        (ROOT / "planner" / f"{room}.py").read_text(encoding="utf-8")
        for room in ("plan/tables", "system/unit_accounts", "system/byproducts")
    )
    for word in (*ITEMS, *QUANTITIES):
        assert f'"{word}"' in source, word


# Data Package


def test_a_run_is_a_valid_data_package(run: Path) -> None:
    """By the standard's own validator: types, constraints, primary keys, and the size and hash of
    each file."""
    report = validate(str(run / PACKAGE_FILE))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])
    package = Package(str(run / PACKAGE_FILE))
    assert [resource.name for resource in package.resources] == [
        table.name for table in (*RESULTS, VARIABLES)
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda text: text.replace("domestic primary", "stolen"), "constraint-error"),
        (lambda text: re.sub(r",20(2\d),", r",soon,", text, count=1), "type-error"),
        (lambda text: text + text.splitlines()[-1] + "\n", "primary-key"),
        (lambda text: text.replace("t/year", "kg/year", 1), "hash-count"),
    ],
)
def test_the_package_notices_what_was_changed(
    plan: Plan, tmp_path: Path, change: object, fault: str
) -> None:
    """A word that cannot be, a year that is none, a row twice, and any other change of the file."""
    place = plan.save(tmp_path / "run")
    table = place / "supply.csv"
    table.write_text(change(table.read_text()))  # type: ignore[operator]
    report = validate(str(place / PACKAGE_FILE))
    assert fault in {error[0] for error in report.flatten(["type"])}


def test_the_package_says_units_and_meanings(run: Path) -> None:
    said = json.loads((run / PACKAGE_FILE).read_text())
    for resource in said["resources"]:
        content = (run / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["description"]
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert all(field["description"] for field in fields.values())
        assert "unit" in fields or resource["name"] == "variables"


def test_the_archive_is_the_run_and_always_the_same(plan: Plan, tmp_path: Path) -> None:
    first, second = (
        planner.export(plan, tmp_path / "a.zip"),
        planner.export(plan, tmp_path / "b.zip"),
    )
    assert first.read_bytes() == second.read_bytes()
    assert validate(str(first)).valid
    zipfile.ZipFile(first).extractall(tmp_path / "out")
    assert planner.load(tmp_path / "out").record == plan.record


# netCDF


def test_netcdf_gives_back_every_number(plan: Plan, tmp_path: Path) -> None:
    """Each table made anew from the file holds the same rows, to the last digit."""
    import xarray

    path = planner.export(plan, tmp_path / "plan.nc")
    with xarray.open_dataset(path) as found:
        for table in RESULTS:
            frame = plan.tables[table.name]
            assert rows(unspread(found, table.name, table.columns)) == rows(
                frame.assign(degenerate=frame["degenerate"].astype(float))
                if "degenerate" in frame
                else frame
            ), table.name
        assert found.attrs["objective"] == plan.objective
        assert found.attrs["inputs_hash"] == plan.record.inputs_hash
        assert found["supply"].attrs["units"] == "t/year"
        for several in ("prices", "prices_low", "stocks", "indicators"):
            # words in the place of a unit stop readers of units
            assert "units" not in found[several].attrs
        assert found["prices"].attrs["comment"] == "the unit of each item is in prices_unit"
        lithium = found["supply"].where(found["supply_metal"] == "lithium").sum("supply_item")
        assert lithium.sel(year=2021).item() == pytest.approx(100)


def unspread(found: object, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """A table from its arrays: every number that is one is a row; those of the whole horizon have
    no year."""
    parts = []
    for suffix in ("", "_whole"):
        if f"{name}{suffix}" not in found:  # type: ignore[operator]
            continue
        values = {
            column: found[f"{name}{'' if column == 'value' else '_' + column}{suffix}"]  # type: ignore[index]
            for column in columns
            if column in ("value", "low", "high", "present_value", "degenerate")
        }
        labels = {
            column: found[f"{name}_{column}"]
            for column in columns
            if f"{name}_{column}" in found.coords
        }  # type: ignore[attr-defined, index]
        frame = pd.DataFrame(
            {
                column: (
                    array if array.ndim == 2 or suffix else array.broadcast_like(values["value"])
                ).values.ravel()
                for column, array in (values | labels).items()
            }
        )
        frame["year"] = (
            None if suffix else values["value"].year.broadcast_like(values["value"]).values.ravel()
        )
        parts.append(frame[frame["value"].notna()])
    whole = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return whole[list(columns)]


def test_the_arrays_of_the_whole_horizon(tmp_path: Path) -> None:
    """A carbon budget is one row without a year: it has its own array, and a study without goods in
    a table has an empty one."""
    study = (
        Study(last=2022)
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process(
            "mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=60, direct_emission=2
        )
        .process("ship", "import", gives={"li": 1}, origin="Chile", import_price=30)
        .policy("budget", "carbon_budget", scope="territorial", cap=100)
    )
    plan = planner.solve(planner.read(study.write(tmp_path / "small")))
    path = planner.export(plan, tmp_path / "plan.nc")
    import xarray

    with xarray.open_dataset(path) as found:
        assert "prices_whole" in found
        back = unspread(found, "prices", COLUMNS["prices"])
        frame = plan.prices.assign(degenerate=plan.prices["degenerate"].astype(float))
        assert rows(back) == rows(frame)
        assert plan.prices["year"].isna().any()
        assert found.sizes.get("stocks_item", 0) == 0


def test_arrays_are_there_without_a_file(plan: Plan) -> None:
    assert dataset(plan)["supply"].dims == ("supply_item", "year")


# Parquet


def test_parquet_gives_back_every_number_and_type(plan: Plan, tmp_path: Path) -> None:
    from pyarrow import parquet

    folder = planner.export(plan, tmp_path / "tables", "parquet")
    assert {path.stem for path in folder.iterdir()} == {table.name for table in RESULTS}
    for table in RESULTS:
        back = parquet.read_table(folder / f"{table.name}.parquet")
        assert rows(back.to_pandas()) == rows(plan.tables[table.name])
        for field in table.fields:
            assert back.schema.field(field.name).metadata[b"description"].decode() == field.meaning
            expected = {"text": "string", "number": "double", "year": "int64", "truth": "bool"}[
                field.kind
            ]
            assert str(back.schema.field(field.name).type) == expected


def test_a_folder_of_others_is_left_alone(plan: Plan, tmp_path: Path) -> None:
    folder = planner.export(plan, tmp_path / "tables", "parquet")
    planner.export(plan, folder, "parquet")
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt"):
        planner.export(plan, folder, "parquet")
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]


# IAMC


def test_the_iamc_table_is_listed_by_its_codelists(plan: Plan, tmp_path: Path) -> None:
    """Each variable with its unit stands once in the list, the region in its own; numbers are those
    of the plan."""
    path = planner.export(plan, tmp_path / "plan.csv")
    table = pd.read_csv(path, dtype=str)
    listed = yaml.safe_load((tmp_path / "plan.variables.yaml").read_text())
    units = {variable: said["unit"] for entry in listed for variable, said in entry.items()}
    assert len(units) == len(listed)
    assert units == dict(zip(table["variable"], table["unit"], strict=True))
    assert all(said["description"] for entry in listed for said in entry.values())
    assert yaml.safe_load((tmp_path / "plan.regions.yaml").read_text()) == [
        {"Country": [plan.system.country]}
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "plan.csv",
        "plan.regions.yaml",
        "plan.variables.yaml",
    ]
    assert [float(value) for value in table["value"]] == iamc_table(plan)["value"].tolist()
    assert not table.duplicated(["variable", "region", "year"]).any()


def test_iamc_totals_are_the_sums_of_their_parts(china: Plan) -> None:
    table = (
        iamc_table(china).pivot_table(index="year", columns="variable", values="value").fillna(0.0)
    )
    for metal in china.system.metals:
        head = f"Supply|{metal.title()}"
        parts = [name for name in table.columns if name.startswith(f"{head}|")]
        assert table[head].tolist() == pytest.approx(table[parts].sum(axis=1).tolist())
    reserves = china.stocks.query("kind == 'deposit' and metal == 'lithium' and year == 2040")[
        "value"
    ].sum()
    assert table.loc[2040, "Reserves|Lithium"] == pytest.approx(reserves)
    price = china.indicators.query(
        "indicator == 'price: goods' and metal == 'cobalt' and year == 2030"
    )["value"].item()
    assert table.loc[2030, "Price|Cobalt|Goods"] == price


def test_names_that_yaml_would_read_otherwise(tmp_path: Path) -> None:
    """A region called `no: "x"` stays that name."""
    study = (
        Study(country='no: "x"')
        .good("li", "refined", demand=1, shortage_cost=9)
        .process("mine", "mine", gives={"li": 1}, variable_cost=1)
    )
    planner.export(planner.solve(planner.read(study.write(tmp_path / "s"))), tmp_path / "p.csv")
    assert yaml.safe_load((tmp_path / "p.regions.yaml").read_text()) == [{"Country": ['no: "x"']}]


# the verb


def test_the_command_knows_every_format(run: Path, tmp_path: Path) -> None:
    assert sorted(FORMATS) == list(FORMAT_NAMES)
    told = CliRunner().invoke(app, ["export", "--help"], env={"COLUMNS": "200"}).stdout
    for name, form in FORMATS.items():
        assert name in told
        path = tmp_path / f"{name}{form.ending}"
        done = CliRunner().invoke(app, ["export", str(run), str(path), "--format", name, "--quiet"])
        assert done.exit_code == 0, done.stderr
        assert path.exists()
    assert not [p.name for p in tmp_path.iterdir() if "partial" in p.name]


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        ("x.xlsxx", "", "did you mean '.xlsx'"),
        ("x", "", "--format"),
        ("x", "netcdff", "did you mean 'netcdf'"),
    ],
)
def test_an_unknown_format_names_those_there_are(
    plan: Plan, tmp_path: Path, path: str, name: str, said: str
) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        planner.export(plan, tmp_path / path, name)


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("netcdf", "xarray", "netcdf"), ("parquet", "pyarrow.parquet", "parquet")],
)
def test_what_is_not_installed_is_said(
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    module: str,
    extra: str,
) -> None:
    """None in sys.modules is Python's own way to say that an import fails."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(OutputError, match=rf"pip install '\.\[{extra}\]'"):
        planner.export(plan, tmp_path / "out", name)
    assert not list(tmp_path.iterdir())


# citation


def test_the_citation_file_is_one() -> None:
    """The keys that the Citation File Format 1.2 asks for, and the version and licence of the
    package."""
    import tomllib

    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert said["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= said.keys()
    assert all(author.get("name") or author.get("family-names") for author in said["authors"])
    assert said["type"] == "software"
    assert str(said["version"]) == project["version"]
    assert said["license"] == project["license"]
