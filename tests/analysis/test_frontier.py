"""The frontier has the vertices known on paper; each point is efficient and costs the same with its
shadow price as a carbon price."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.analysis.tradeoffs.alternatives import alternatives
from planner.analysis.tradeoffs.frontier import carbon_terms, frontier, plain_cost
from planner.errors import InfeasibleError, SolverError, SpecError
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from tests.small import Study

STUDIES = Path(__file__).parents[1] / "studies"


def test_the_vertices_of_three_routes() -> None:
    """100 t by coal (10 USD, 4 + 4 x 0.5 = 6 t), gas (22, 3) or sun (40, 0): 1,000 at 600, 2,200 at
    300, 4,000 at 0. A tonne abated costs 12 / 3 = 4 from coal to gas and 18 / 3 = 6 from gas to
    sun."""
    found = frontier(planner.read(STUDIES / "carbon_switch"), points=9, scope="territorial").points
    corners = {
        round(carbon, 4): cost for carbon, cost in zip(found["carbon"], found["cost"], strict=True)
    }
    assert corners[600] == pytest.approx(1000)
    assert corners[300] == pytest.approx(2200)
    assert found["carbon"].min() == pytest.approx(0, abs=1e-5)
    assert found["cost"].max() == pytest.approx(4000, rel=1e-6)
    inside = found[(found["carbon"] > 301) & (found["carbon"] < 599)]
    assert inside["abatement_cost"].tolist() == pytest.approx([4] * len(inside))
    below = found[(found["carbon"] > 1) & (found["carbon"] < 299)]
    assert below["abatement_cost"].tolist() == pytest.approx([6] * len(below))
    assert len(inside) + len(below) > 0


def test_a_curve_known_exactly_needs_no_more_points() -> None:
    """Two straight pieces: past the even points only the corner is asked for, however many are
    allowed."""
    found = frontier(planner.read(STUDIES / "carbon_switch"), points=40, scope="territorial").points
    assert len(found) < 40


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["territorial", "footprint"])
def test_points_of_china_are_efficient_and_agree_with_a_carbon_price(scope: str) -> None:
    """Costs rise and carbon falls from point to point, the abatement cost never falls; with the
    shadow price as a price on carbon a cold solve costs the same in the Lagrangian."""
    made = compiled(planner.read("china"))
    found = frontier(made, points=8, scope=scope)
    table = found.points
    assert (np.diff(table["cost"]) > 0).all()
    assert (np.diff(table["carbon"]) < 0).all()
    # the last point stands a hair from the end, where the slope is that of the end
    assert (np.diff(table["abatement_cost"]) >= -1e-6 * table["abatement_cost"].abs().max()).all()
    carbon, cost = carbon_terms(made, scope), plain_cost(made.arrays)
    names = np.array([name for name, _ in made.arrays.columns])
    for point in table.iloc[[2, 5]].itertuples():
        program = Program(made.arrays)
        # shortage is at its least in every point: here nothing is short, so its columns may simply
        # be shut
        shut = np.flatnonzero((names == "shortage") | (names == "breach")).astype(np.int32)
        program.set_columns(shut, np.zeros(len(shut)), np.zeros(len(shut)))
        program.set_cost(cost + point.abatement_cost * carbon)
        cold = program.run()
        assert cold.status == "optimal"
        assert cold.objective == pytest.approx(
            point.cost + point.abatement_cost * point.carbon, rel=1e-7
        )


def test_the_shadow_price_of_a_budget_is_the_carbon_price_that_buys_it(tmp_path: Path) -> None:
    """Two years at 10 %, 100 t each by coal (10 USD, 4 t) or sun (22 USD, 0 t), 500 t CO2e allowed
    in all. A tonne is spared later and cheaper: 2022 goes to the sun as far as needed, 300 t at 3
    USD, worth 3 / 1.1 today. That price, rising with interest, costs the same in the Lagrangian,
    and a hair above and below it the emissions are at most and at least the budget."""

    def study(**price: float) -> Study:
        made = Study(2021, 2022, discount_rate=0.1).good(
            "li", "refined", demand=100, shortage_cost=5000
        )
        made.process("coal", "mine", gives={"li": 1}, variable_cost=10, direct_emission=4)
        made.process("sun", "mine", gives={"li": 1}, variable_cost=22)
        return made.series("carbon_price", [price["path"], price["path"] * 1.1]) if price else made

    budget = study().policy("budget", "carbon_budget", scope="territorial", cap=500)
    plan = planner.solve(planner.read(budget.write(tmp_path / "budget")))
    worth = -float(plan.prices.loc[plan.prices["family"] == "carbon_budget", "value"].iloc[0])
    assert worth == pytest.approx(3 / 1.1)
    priced = planner.solve(planner.read(study(path=worth).write(tmp_path / "priced")))
    assert priced.objective == pytest.approx(plan.objective + worth * 500)
    more = planner.solve(
        planner.read(study(path=worth * 1.001).write(tmp_path / "more"))
    ).record.emissions["territorial"]
    less = planner.solve(
        planner.read(study(path=worth * 0.999).write(tmp_path / "less"))
    ).record.emissions["territorial"]
    assert more <= 500 <= less


def test_least_carbon_still_serves_demand(tmp_path: Path) -> None:
    """Were shortage not held at its least, the least carbon would be to serve nobody: here 60 t are
    served at both ends."""
    study = Study().good("li", "refined", demand=100, shortage_cost=5000)
    study.process(
        "dirty", "mine", gives={"li": 1}, variable_cost=10, direct_emission=5, max_activity=60
    )
    found = frontier(planner.read(study.write(tmp_path / "s")), scope="territorial")
    assert found.least_shortage == pytest.approx(40 * 5000)
    assert found.points["carbon"].tolist() == pytest.approx([300])
    assert found.points["cost"].tolist() == pytest.approx([600])


def test_a_curve_for_each_metal_and_for_imports(tmp_path: Path) -> None:
    made = compiled(planner.read("quickstart"))
    found = frontier(made, points=4, by_metal=True)
    assert set(found.points["group"]) == {"all", "lithium", "cobalt"}
    assert set(found.mix["metal"]) == {"lithium", "cobalt"}
    levels = frontier(planner.read(planner.new(tmp_path / "s")), points=3, imports=3).points
    assert levels["import"].nunique() == 3
    # less import never costs less, at the cheap end of each curve
    ends = levels.groupby("import")["cost"].min().sort_index(ascending=False)
    assert (np.diff(ends) >= -1e-6 * ends.max()).all()


def test_bad_questions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SolverError, match="at least 2 points"):
        frontier(planner.read("quickstart"), points=1)
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=5000)
        .process("mine", "mine", gives={"li": 1}, max_activity=30)
    )
    study.policy("own", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.5)
    with pytest.raises(InfeasibleError, match="own"):
        frontier(planner.read(study.write(tmp_path / "s")))
    with pytest.raises(SpecError, match="slack"):
        alternatives(planner.read("quickstart"), slack=-1)


def test_what_cost_leaves_open(tmp_path: Path) -> None:
    """A mine at 10 and imports at 11, 100 t: within 5 % of 1,000 USD imports may be 0 to 50 t;
    within nothing they are 0."""
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=5000)
        .process("mine", "mine", gives={"li": 1}, variable_cost=10)
    )
    system = planner.read(
        study.process("buy", "import", gives={"li": 1}, import_price=11).write(tmp_path / "s")
    )
    ranges = alternatives(system, slack=0.05, plans=1).ranges.set_index("pathway")
    assert ranges.loc["foreign primary", ["best", "least", "most"]].tolist() == pytest.approx(
        [0, 0, 50], abs=1e-4
    )
    assert ranges.loc["domestic primary", "least_share"] == pytest.approx(0.5, abs=1e-6)
    tight = alternatives(system, slack=0.0, plans=0).ranges.set_index("pathway")
    assert tight.loc["foreign primary", "most"] == pytest.approx(0, abs=1e-4)


def test_different_plans_stay_within_the_slack() -> None:
    found = alternatives(planner.read("quickstart"), slack=0.1, plans=3)
    assert len(found.plans) == 4
    assert (found.plans["cost"] <= found.cost * 1.1 * (1 + 1e-9)).all()
    assert found.plans["difference"].iloc[0] == 0
    assert found.plans["difference"].max() > 0.05
