"""Concentration and the benchmarks of the EU CRMA against shares known by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.concentration import (
    SHARES,
    benchmarks,
    concentration,
    origin_shares,
    with_benchmarks,
)
from planner.errors import SpecError
from tests.small import Study, plan_of, system_of


def three_sources() -> Study:
    """100 t: home 20, A 50 and B 30 at the most; B is dearest. From 2030 on, A gives at most 65."""
    study = Study(2029, 2030).good("li", "refined", demand=100, shortage_cost=1000)
    study.process(
        "dig", "mine", gives={"li": 1}, stage="processing", variable_cost=1, max_activity=20
    )
    study.process("buy_a", "import", origin="A", gives={"li": 1}, import_price=2)
    return study.process(
        "buy_b", "import", origin="B", gives={"li": 1}, import_price=3, max_activity=30
    )


def test_hhi_is_the_sum_of_squared_shares(tmp_path):
    """20 t at home and 80 from A: 400 + 6,400 = 6,800."""
    (row,) = (
        concentration(plan_of(three_sources(), tmp_path)).query("year == 2029").to_dict("records")
    )
    assert (row["hhi"], row["largest"], row["share"]) == (
        pytest.approx(6_800),
        "A",
        pytest.approx(0.8),
    )


def test_the_benchmarks_are_measured_and_can_be_set(tmp_path):
    """80 of 100 t from A is above 65 %. As targets, A gives 65 from 2030 and B 15; 2029 stays."""
    system = system_of(three_sources(), tmp_path)
    before, after = (
        benchmarks(planner.solve(s)).set_index(["benchmark", "year"])
        for s in (system, with_benchmarks(system))
    )
    assert before.loc[("largest origin", 2030), "value"] == pytest.approx(0.80)
    assert not before.loc[("largest origin", 2030), "met"]
    assert after.loc[("largest origin", 2030), "value"] == pytest.approx(0.65)
    assert after.loc[("largest origin", 2029), "value"] == pytest.approx(0.80)
    assert before.loc[("processing", 2030), "value"] == pytest.approx(0.20)
    assert not before.loc[("processing", 2030), "met"]
    assert SHARES == {"extraction": 0.10, "processing": 0.40, "recycling": 0.25}


def test_imported_ore_refined_at_home_is_foreign_at_extraction_and_home_at_processing(tmp_path):
    study = (
        Study()
        .good("ore", "intermediate", equivalent=1)
        .good("li", "refined", demand=100, shortage_cost=1000)
    )
    study.process("buy", "import", origin="A", stage="extraction", gives={"ore": 1}, import_price=1)
    study.process(
        "refine", "refine", origin="A", pathway="foreign primary", takes={"ore": 1}, gives={"li": 1}
    )
    largest = concentration(plan_of(study, tmp_path)).set_index("stage")["largest"].to_dict()
    assert largest == {"extraction": "A", "processing": "home"}


@pytest.mark.parametrize("label", ["new scrap", "domestic secondary"])
def test_new_scrap_is_left_out_whatever_its_recycler_is_called(tmp_path, label):
    """100 t of metal make 90 t of cells and 10 t of cuttings, which are remelted: 90 t are bought,
    all of A. The cuttings are A's once more, and no supply of home."""
    study = Study().good("li", "refined").good("cuttings", "scrap")
    study.good("cell", "product", demand=90, shortage_cost=1000)
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=50)
    study.process("make", "manufacture", takes={"li": 1}, gives={"cell": 0.9, "cuttings": 0.1})
    study.process(
        "remelt", "recycle", pathway=label, takes={"cuttings": 1}, gives={"li": 1}, variable_cost=1
    )
    found = origin_shares(plan_of(study, tmp_path)).set_index(["stage", "origin"])["value"]
    assert found.to_dict() == {
        ("manufacture", "home"): pytest.approx(90),
        ("processing", "A"): pytest.approx(90),
    }


def test_benchmarks_after_the_last_year_are_refused(tmp_path):
    with pytest.raises(SpecError):
        with_benchmarks(system_of(three_sources(), tmp_path), start=2040)
