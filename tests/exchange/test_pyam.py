"""The IAMC export as the consortium's own packages read it: pyam and nomenclature.

pyam asks for pandas below 3 and planner's lock holds a newer one, so that these run by themselves:
`make pyam`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import planner
from planner.exchange.iamc import iamc_table
from planner.plan.plan import Plan


@pytest.fixture(scope="module", params=["quickstart", "china"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return planner.solve(planner.read(request.param))


@pytest.fixture
def exported(plan: Plan, tmp_path: Path) -> Path:
    return planner.export(plan, tmp_path / "plan.csv")


def sorted_as_pyam(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["model", "scenario", "region", "variable", "unit", "year"])


def test_pyam_reads_every_number_to_the_last_digit(plan: Plan, exported: Path) -> None:
    """pyam hands the file to pandas 2, whose quick reader of floats may miss the last digit; told
    to read them exactly, none is missed."""
    import pyam

    ours = iamc_table(plan)
    quick = pyam.IamDataFrame(exported)
    assert quick.data["value"].tolist() == pytest.approx(
        sorted_as_pyam(ours)["value"].tolist(), rel=1e-15
    )
    found = pyam.IamDataFrame(pd.read_csv(exported, float_precision="round_trip"))
    assert found.model == ["planner"]
    assert found.region == [plan.system.country]
    assert found.year == [period.first for period in plan.system.periods]
    assert found.variable == sorted(set(ours["variable"]))
    theirs = {
        (variable, year): (value, unit)
        for variable, unit, year, value in found.data[
            ["variable", "unit", "year", "value"]
        ].itertuples(index=False)
    }
    assert theirs == {
        (variable, year): (value, unit)
        for variable, unit, year, value in ours[["variable", "unit", "year", "value"]].itertuples(
            index=False
        )
    }


def test_pyam_finds_the_totals_to_be_the_sums_of_their_parts(plan: Plan, exported: Path) -> None:
    """Every `Supply|METAL` against the sum of what stands below it, by pyam's own aggregation."""
    import pyam

    found = pyam.IamDataFrame(exported)
    for metal in plan.system.metals:
        assert found.check_aggregate(f"Supply|{metal.title()}") is None


def test_nomenclature_accepts_the_table_by_its_codelists(exported: Path, tmp_path: Path) -> None:
    """And would not, were a variable missing from the list or its unit another."""
    import nomenclature
    import pyam

    definitions = tmp_path / "definitions"
    for dimension, codelist in (
        ("variable", "plan.variables.yaml"),
        ("region", "plan.regions.yaml"),
    ):
        (definitions / dimension).mkdir(parents=True)
        shutil.copy(tmp_path / codelist, definitions / dimension)
    found = pyam.IamDataFrame(exported)
    agreed = nomenclature.DataStructureDefinition(definitions)
    agreed.validate(found)
    assert set(agreed.variable) == set(found.variable)
    refusal = nomenclature.exceptions.NomenclatureValidationError
    with pytest.raises(refusal) as strange:
        agreed.validate(found.rename(variable={found.variable[0]: "Supply|Nothing"}))
    assert "Supply|Nothing" in str(strange.value.exceptions[0])
    with pytest.raises(refusal) as other:
        agreed.validate(found.rename(unit={"t/year": "kg/year"}))
    assert "kg/year" in str(other.value.exceptions[0])
