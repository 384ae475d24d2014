"""A constraint that a user adds in Pyomo before solving: it binds, has a price under its own name,
and is named where it cannot be met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest

import planner
from planner.errors import InfeasibleError
from planner.system.nouns import System
from tests.small import Study


@pytest.fixture
def system(tmp_path: Path) -> System:
    """100 t in each of two years, from a mine at 10 or from abroad at 30 USD/t."""
    study = Study(2021, 2022, discount_rate=0.05).good(
        "li", "refined", demand=100, shortage_cost=900
    )
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10).process(
        "buy", "import", origin="A", gives={"li": 1}, import_price=30
    )
    return planner.read(study.write(tmp_path / "s"))


def extended(system: System, rule: Any) -> Any:
    model = planner.build(system)
    model.more_bought_than_mined = pyo.Constraint(list(model.periods), rule=rule)
    return model


def test_it_binds_and_has_a_price_under_its_own_name(system: System) -> None:
    """Half from abroad instead of none: 50 x 20 more in each year, the second discounted. Loosening
    by a tonne saves half of 20."""
    plan = planner.solve(
        extended(system, lambda m, t: m.activity["mine", t] - m.activity["buy", t] <= 0)
    )
    discount = 1 / (1 + system.discount_rate)
    assert plan.objective == pytest.approx(2000 * (1 + discount))
    assert planner.solve(system).objective == pytest.approx(1000 * (1 + discount)), (
        "without it all is mined"
    )
    rows = plan.prices[plan.prices["family"] == "more_bought_than_mined"]
    assert list(rows["index"]) == ["2021", "2022"]
    assert list(rows["present_value"]) == pytest.approx([-10, -10 * discount])
    assert plan.certificate.holds


def test_the_loops_over_solve_keep_to_it(system: System) -> None:
    """A frontier of the extended model never mines more than half."""
    found = planner.frontier(
        extended(system, lambda m, t: m.activity["mine", t] <= m.activity["buy", t]), points=2
    )
    assert found.mix.loc[found.mix["pathway"] == "domestic primary", "share"].max() <= 0.5 + 1e-9


def test_where_it_cannot_be_met_it_is_named(system: System) -> None:
    with pytest.raises(InfeasibleError, match="more_bought_than_mined"):
        planner.solve(
            extended(system, lambda m, t: m.activity["buy", t] >= m.activity["mine", t] + 1e6)
        )
