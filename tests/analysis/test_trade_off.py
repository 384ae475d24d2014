"""The frontier of several objectives on a small programme whose efficient plans are known by
hand."""

from __future__ import annotations

import numpy as np
import pytest

from planner.analysis.tradeoffs.trade_off import trade_off
from planner.errors import SolverError, SpecError
from tests.small import Study, system_of


def three_ways(spare: bool = False) -> Study:
    """100 t of lithium by coal (10 USD, 4 t CO2e, 1 m3), gas (20, 2, 6) or sun (40, 0, 2).

    Every mix of the three is efficient but for none: the plane through their points has no plan
    below it. `spare` adds oil (20, 3, 6), which gas beats in carbon at the same cost and water."""
    study = Study().impact("water", "m3")
    study.good("li", "refined", demand=100, shortage_cost=5000)
    ways = {"coal": (10, 4, 1), "gas": (20, 2, 6), "sun": (40, 0, 2)}
    if spare:
        ways["oil"] = (20, 3, 6)
    for name, (cost, carbon, water) in ways.items():
        study.process(
            name, "mine", gives={"li": 1}, variable_cost=cost, direct_emission=carbon
        ).factor(name, "water", water)
    return study


def test_the_ends_and_the_efficient_plans_of_three_objectives(tmp_path):
    """Least cost and least water are coal, 1,000 USD, 400 t, 100 m3; least carbon is the sun,
    4,000 USD, 0 t, 200 m3. A mix of coal and sun costs 1,000 + 7.5 USD a tonne spared and takes 0.25
    m3 for it; gas saves 2 t for 10 USD and 5 m3. So plans with gas are efficient where water may
    reach its worst, 200 m3: g of gas and s of sun with 5 g + s = 100."""
    found = trade_off(system_of(three_ways(), tmp_path), ["cost", "carbon", "water"], points=20)
    ends = found.ends.set_index("objective")
    assert ends["least"].to_dict() == pytest.approx({"cost": 1000, "carbon": 0, "water": 100})
    assert ends["worst"].to_dict() == pytest.approx({"cost": 4000, "carbon": 400, "water": 200})
    table = found.points
    assert len(table) >= 5
    for cost, carbon, water in table[["cost", "carbon", "water"]].to_numpy():
        # shares of the three ways, from the demand, the carbon and the water
        coal, gas, sun = np.linalg.solve([[1, 1, 1], [4, 2, 0], [1, 6, 2]], [100, carbon, water])
        assert min(coal, gas, sun) >= -1e-3
        assert cost == pytest.approx(10 * coal + 20 * gas + 40 * sun, rel=1e-6)
        # of least cost under its own carbon and water: no tonne of gas could take more of the sun's
        # place, the water is spent or the carbon is
        spent = water == pytest.approx(100 + (400 - carbon) / 4, rel=1e-4) or gas > 1e-3
        assert spent
    assert ((table["water"] > 100) & (table["carbon"] < 400)).any()
    total = found.mix.groupby("point")["value"].sum()
    assert total.to_numpy() == pytest.approx(np.full(len(table), 100))


def test_no_point_is_weakly_efficient(tmp_path):
    """Oil ties with gas in cost and water and emits more: a plain epsilon constraint may return
    it where the limit on carbon is wide; with the slack in the objective no point has a tonne of
    it. None is beaten by another in any objective without being better in one."""
    study = three_ways(spare=True)
    study.rows["process_values"] = [
        {**row, "value": 0} if row["parameter"] == "impact:water" else row
        for row in study.rows["process_values"]
        if not (row["process"] == "coal" and row["parameter"] == "impact:water")
    ]
    study.factor("coal", "water", 3)
    system = system_of(study, tmp_path)
    made = trade_off(system, ["water", "cost", "carbon"], points=12)
    # water is 0 without coal: among the plans of no water the cheapest is gas, and no oil
    table = made.points[["water", "cost", "carbon"]].to_numpy()
    for one in table:
        worse = (table <= one + 1e-6).all(axis=1) & (table < one - 1e-3).any(axis=1)
        assert not worse.any()
    for water, cost, carbon in table:
        coal = water / 3
        gas = (cost - 10 * coal - 40 * (100 - coal)) / (20 - 40)
        # with oil the same water and cost would emit more than this
        assert carbon == pytest.approx(4 * coal + 2 * gas, abs=1e-3)


def test_an_interrupted_search_goes_on_and_finds_the_same(tmp_path):
    """Cut off after each number of solves and resumed from what was told, the points are those of
    one search, to the last digit, and what was solved is not solved again."""
    system = system_of(three_ways(), tmp_path)
    names, kept = ["cost", "carbon", "water"], []
    whole = trade_off(system, names, points=8, learned=kept.append)
    for stop in (1, 3, len(kept) - 1):
        more: list = []
        again = trade_off(system, names, points=8, known=kept[:stop], learned=more.append)
        assert len(more) == len(kept) - stop
        assert again.points.equals(whole.points)
        assert again.mix.equals(whole.mix)
        assert again.solved == whole.solved


def test_the_unit_of_an_objective_changes_no_point(tmp_path):
    """Water in thousandths of its unit: the same plans. A bypass that rounds the slack to whole
    numbers would lose some."""
    found = []
    for size in (1, 1e-3):
        study = three_ways()
        for row in study.rows["process_values"]:
            if row["parameter"] == "impact:water":
                row["value"] *= size
        names = ["cost", "carbon", "water"]
        points = trade_off(system_of(study, tmp_path), names, points=15).points
        found.append(points.assign(water=points["water"] / size)[names].to_numpy())
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_two_objectives_are_those_of_the_plain_frontier(tmp_path):
    """Without water, gas is the corner: 1,000 at 400 t, 2,000 at 200 t, 4,000 at 0, and every point
    lies on the two straight pieces."""
    found = trade_off(system_of(three_ways(), tmp_path), ["cost", "carbon"], points=9).points
    for cost, carbon in found[["cost", "carbon"]].to_numpy():
        by_hand = 1000 + 5 * (400 - carbon) if carbon >= 200 else 2000 + 10 * (200 - carbon)
        assert cost == pytest.approx(by_hand, rel=1e-6)
    assert len(found) == 9
    assert "also: water" in found


def test_bad_objectives_are_refused(tmp_path):
    system = system_of(three_ways(), tmp_path)
    with pytest.raises(SpecError, match=r"'wate' is not an objective \(did you mean 'water'\?\)"):
        trade_off(system, ["cost", "wate"])
    with pytest.raises(SpecError, match="'cost' stands twice"):
        trade_off(system, ["cost", "cost"])
    with pytest.raises(SpecError, match="1 given; a frontier weighs 2 to 5"):
        trade_off(system, ["cost"])
    with pytest.raises(SolverError, match="ask for more points"):
        trade_off(system, ["cost", "carbon"], points=1)
