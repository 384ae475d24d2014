"""Unseen costs of a calibration in the programme, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.small import Study, plan_of


def calibrated() -> Study:
    """100 t are needed: a at 10 and an unseen 8, from 60 t on 4 more; b at 20."""
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=1000)
        .process("a", "import", gives={"li": 1}, import_price=10)
        .process("b", "import", gives={"li": 1}, import_price=20)
    )
    found = {"unseen_cost": 8, "unseen_rise": 4, "unseen_from": 60}
    return study._values("process_values", {"process": "a"}, found)


def test_an_unseen_cost_decides_and_is_in_no_cost(tmp_path: Path) -> None:
    """Up to 60 t a costs 18 < 20, beyond 22 > 20: 60 t of a, 40 t of b. Cost 600 + 800 = 1,400, the
    unseen 480 apart, the objective 1,880. Without them all would come from a: 1,000."""
    plan = plan_of(calibrated(), tmp_path)
    run = plan.supply.set_index("process")["value"]
    assert run.to_dict() == pytest.approx({"a": 60, "b": 40})
    assert plan.cost == pytest.approx(1400)
    assert plan.objective == pytest.approx(1880)
    assert plan.headline.unseen_cost == pytest.approx(480)
    assert plan.penalty == 0
    assert "unseen costs" in plan.headline.cost_said
    assert plan.certificate.holds


def test_beyond_the_rise_each_unit_costs_more(tmp_path: Path) -> None:
    """Without b the last 40 t of a cost 22: cost 1,000, unseen 800 + 160; a tonne is worth 22."""
    study = calibrated()
    study.rows["process_values"] = [r for r in study.rows["process_values"] if r["process"] == "a"]
    del study.rows["processes"][1]
    study.rows["coefficients"] = [r for r in study.rows["coefficients"] if r["process"] == "a"]
    plan = plan_of(study, tmp_path)
    assert plan.cost == pytest.approx(1000)
    assert plan.headline.unseen_cost == pytest.approx(960)
    prices = plan.prices.set_index("family")["value"]
    assert prices["balance"] == pytest.approx(22)
    assert prices["unseen_rise"] == pytest.approx(-4)
