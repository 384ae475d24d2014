"""Both ends of every price, in the table of prices and what is made of it: small studies in which
they are known, and every row of random studies and rows of China beside the programme of
directions, another way to the same numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

import planner
from planner.analysis.tradeoffs.uniqueness import Directions
from planner.errors import InfeasibleError
from planner.plan.plan import Plan
from planner.plan.solve import optimal
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from planner.solver.price_ends import price_ends
from planner.solver.ties import break_ties
from planner.system.nouns import System
from tests.random_studies import studies
from tests.small import Study, plan_of, system_of


def ends(plan: Plan, family: str, index: str, year: int = 2021) -> tuple[float, float, float]:
    rows = plan.prices[
        (plan.prices["family"] == family)
        & (plan.prices["index"] == index)
        & (plan.prices["year"] == year)
    ]
    ((value, low, high),) = rows[["value", "low", "high"]].itertuples(index=False)
    return float(value), float(low), float(high)


def kinked(demand: float = 60) -> Study:
    """Mines give 60 t at 10, the import is at 30: where 60 t are demanded, one tonne less saves 10
    and one more costs 30."""
    study = Study(2021, 2022, discount_rate=0.25).good(
        "li", "refined", demand=demand, shortage_cost=900
    )
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=60)
    return study.process("buy", "import", gives={"li": 1}, import_price=30)


@pytest.mark.parametrize("year", [2021, 2022])
def test_a_price_at_a_kink_has_both_ends(tmp_path: Path, year: int) -> None:
    """In money of the year, the discount of 2022 undone."""
    plan = plan_of(kinked(), tmp_path)
    value, low, high = ends(plan, "balance", "li", year)
    assert (low, high) == pytest.approx((10, 30))
    assert low <= value <= high


@pytest.mark.parametrize(("demand", "price"), [(50, 10), (70, 30)])
def test_a_price_off_a_kink_has_one_value(tmp_path: Path, demand: float, price: float) -> None:
    plan = plan_of(kinked(demand), tmp_path)
    value, low, high = ends(plan, "balance", "li")
    assert value == low == high == pytest.approx(price)
    assert plan.prices["low"].equals(plan.prices["value"])


def test_an_end_that_no_plan_has_is_empty(tmp_path: Path) -> None:
    """Nothing gives ore, and no more of it can be had at any price: one tonne more has no plan, in
    the table, in the run folder and read back."""
    study = Study(discount_rate=0).good("ore", "intermediate")
    study.good("li", "refined", demand=100, shortage_cost=900)
    study.process("use", "refine", takes={"ore": 1}, gives={"li": 1}, variable_cost=1)
    study.process("dig", "mine", gives={"ore": 1}, variable_cost=10, max_activity=0)
    plan = plan_of(study, tmp_path / "s")
    _, low, high = ends(plan, "balance", "ore")
    assert np.isfinite(low)
    assert np.isnan(high)
    again = planner.load(plan.save(tmp_path / "run"))
    assert np.isnan(ends(again, "balance", "ore")[2])
    pd.testing.assert_frame_equal(again.prices, plan.prices, check_dtype=False)


def test_a_target_met_to_the_last_has_both_ends(tmp_path: Path) -> None:
    """Home metal at 50 against imports at 30, and a target of 40 of 100 t, of which home can give
    no more than 40: one tonne less saves 20, one more cannot be had."""
    study = Study(discount_rate=0).good("li", "refined", demand=100, shortage_cost=900)
    study.process(
        *("mine", "mine"), gives={"li": 1}, variable_cost=50, stage="processing", max_activity=40
    )
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    study.policy("own", "self_sufficiency", metal="lithium", stages=["processing"], share=0.4)
    value, low, high = ends(plan_of(study, tmp_path), "self_sufficiency", "own, lithium")
    assert low == pytest.approx(20)
    assert np.isnan(high)
    assert value >= low


def beside(system: System) -> int:
    """Compare the ends of every row with the programme of directions; how many rows have two."""
    arrays = compiled(system).arrays
    program = Program(arrays)
    base = optimal(program)
    final, _ = break_ties(program, base)
    found = price_ends(arrays, base, final)
    assert found is not None
    low, high = found
    asked = Directions(arrays, base)
    for row in range(len(low)):
        least, most, _ = asked.ends(row)
        np.testing.assert_allclose(
            [low[row], high[row]],
            [least, most],
            rtol=1e-6,
            atol=1e-6,
            err_msg=str(arrays.rows[row]),
        )
    return int((high > low).sum())


TWO = {"rows": 0}


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(study=studies())
def check_a_study(study: Study) -> None:
    with TemporaryDirectory() as folder:
        try:
            TWO["rows"] += beside(system_of(study, Path(folder)))
        except InfeasibleError:
            return


@pytest.mark.slow
def test_every_row_of_random_studies_beside_the_programme_of_directions() -> None:
    """And many of them have two ends, so that the comparison says something."""
    TWO["rows"] = 0
    check_a_study()
    assert TWO["rows"] > 50, TWO["rows"]


@pytest.mark.slow
def test_rows_of_china_beside_the_programme_of_directions() -> None:
    """Some rows with two ends, some without an end, and some of all."""
    arrays = compiled(planner.read("china")).arrays
    program = Program(arrays)
    base = optimal(program)
    found = price_ends(arrays, base, break_ties(program, base)[0])
    assert found is not None
    low, high = found
    draw = np.random.default_rng(14)
    two, endless = np.flatnonzero(high > low), np.flatnonzero(~np.isfinite(high - low))
    asked = Directions(arrays, base)
    for kind in (two, endless, np.arange(len(low))):
        for row in draw.choice(kind, 8, replace=False).tolist():
            least, most, _ = asked.ends(row)
            np.testing.assert_allclose([low[row], high[row]], [least, most], rtol=1e-6, atol=1e-6)


def test_compare_shows_both_ends_where_there_are_two(tmp_path: Path) -> None:
    """At the kink 10 and 30, off it 30 and 30; where no plan has two, nothing is added."""
    kink, off = (plan_of(kinked(d), tmp_path / str(d)) for d in (60, 70))
    found = planner.compare([kink, off], ["kink", "off"]).all_results
    rows = found[found["quantity"].str.startswith("price: refined metal, ")]
    table = rows.set_index(["year", "quantity"])
    assert list(table.loc[(2021, "price: refined metal, low"), ["kink", "off"]]) == [10, 30]
    assert list(table.loc[(2021, "price: refined metal, high"), ["kink", "off"]]) == [30, 30]
    alone = planner.compare([off, plan_of(kinked(80), tmp_path / "80")]).all_results
    assert not alone["quantity"].str.startswith("price: refined metal, ").any()


def test_a_run_of_before_has_empty_ends(tmp_path: Path) -> None:
    """The run of format 1 that the tests keep has no such columns."""
    folder = shutil.copytree("tests/runs/format-1", tmp_path / "old")
    plan = planner.load(folder, unsealed=True)
    assert plan.prices[["low", "high"]].isna().all(axis=None)
    assert plan.prices["value"].notna().all()


def test_plans_with_held_orders_have_ends_and_those_of_windows_none(tmp_path: Path) -> None:
    """Prices of a rolling plan are those of its windows, of which no end is known."""
    system = system_of(kinked(), tmp_path)
    assert ends(planner.evaluate(planner.solve(system), system), "balance", "li")[1:] == (10, 30)
    rolling = planner.rolling(system, window=1, step=1).plan
    assert rolling.prices[["low", "high"]].isna().all(axis=None)
