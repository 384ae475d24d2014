"""A constraint that a user adds in Pyomo before solving: it binds, has a price under its own name,
and is named where it cannot be met."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

import planner
from planner.errors import InfeasibleError, SolverError, SpecError
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


# ---- whole numbers


LOT = 60.0
"""Tonnes of a lot of imports."""


def bought_in_lots(system: System, domain: Any = pyo.NonNegativeIntegers, mined: float = 40) -> Any:
    """At most 40 t are mined; what is bought comes in lots of 60 t."""
    model = planner.build(system)
    periods = list(model.periods)
    model.mined = pyo.Constraint(periods, rule=lambda m, t: m.activity["mine", t] <= mined)
    model.lot = pyo.Var(periods, domain=domain)
    model.lots = pyo.Constraint(periods, rule=lambda m, t: m.activity["buy", t] == LOT * m.lot[t])
    return model


def test_integer_variables_are_whole(system: System) -> None:
    """One lot and the 40 t that are mined: 2,200 a year. They were relaxed without a word; in parts
    the lot is the same here, so the mine is held to 30 below: two lots and no mine, or one lot and
    10 t short at 900: 60 x 30 + 30 x 10 + 10 x 900 = 11,100 against 100 t bought in 1.67 lots,
    where 60 x 30 x 2 = 3,600 cannot be, since more than is demanded would be bought."""
    plan = planner.solve(bought_in_lots(system))
    discount = 1 + 1 / (1 + system.discount_rate)
    assert plan.objective == pytest.approx(2200 * discount)
    tight = planner.solve(bought_in_lots(system, mined=30))
    assert list(tight.values["lot"].values()) == [1, 1]
    assert tight.objective == pytest.approx((60 * 30 + 30 * 10 + 10 * 900) * discount)
    parts = planner.solve(bought_in_lots(system, pyo.NonNegativeReals, mined=30))
    assert list(parts.values["lot"].values()) == pytest.approx([70 / 60] * 2)
    assert tight.certificate.holds
    assert planner.verify(tight).holds
    assert any("whole numbers of lot were chosen first" in note for note in tight.record.notes)
    none = planner.solve(bought_in_lots(system, mined=100)).values["lot"].values()
    assert [str(number) for number in none] == ["0.0", "0.0"], "no lot is 0 and not -0"


def test_prices_are_those_with_whole_numbers_fixed(system: System) -> None:
    """With one lot fixed a further tonne is short: 900, where in parts it would be bought at 30."""
    tight = planner.solve(bought_in_lots(system, mined=30))
    rows = tight.prices[tight.prices["family"] == "balance"]
    price = rows.loc[rows["year"] == 2021, "value"]
    assert list(price) == pytest.approx([900])


def test_binary_variables_switch(system: System) -> None:
    """Imports are allowed in one of the two years: the cheaper one to miss is the later."""
    model = planner.build(system)
    periods = list(model.periods)
    model.open = pyo.Var(periods, domain=pyo.Binary)
    model.mined = pyo.Constraint(periods, rule=lambda m, t: m.activity["mine", t] <= 40)
    model.gate = pyo.Constraint(periods, rule=lambda m, t: m.activity["buy", t] <= 1000 * m.open[t])
    model.once = pyo.Constraint(expr=sum(model.open[t] for t in periods) <= 1)
    plan = planner.solve(model)
    assert list(plan.values["open"].values()) == [1, 0]
    short = plan.indicators.query("indicator == 'shortage'")["value"]
    assert list(short) == pytest.approx([0, 60])


def test_whole_numbers_without_a_plan_are_named(system: System) -> None:
    """Between 0.2 and 0.8 lies no whole number, and many parts."""
    model = bought_in_lots(system)
    model.between = pyo.Constraint(
        list(model.periods), rule=lambda m, t: pyo.inequality(0.2, m.lot[t], 0.8)
    )
    with pytest.raises(InfeasibleError, match=r"no plan has whole numbers .*\n  lot"):
        planner.solve(model)
    impossible = bought_in_lots(system)
    impossible.much = pyo.Constraint(expr=impossible.activity["buy", 2021] >= 1e6)
    with pytest.raises(InfeasibleError, match="much"):
        planner.solve(impossible)


def hard_to_settle(system: System) -> Any:
    """Many lots of odd sizes, each ordered or not, in thirty accounts that hold half of all: a plan
    is found at once, and the proof that none is better takes hours."""
    model = planner.build(system)
    lots, draw = range(400), np.random.default_rng(7)
    size = draw.integers(100, 1000, len(lots)) / 100
    worth = size * draw.uniform(0.9, 1.1, len(lots))
    model.lot = pyo.Var(lots, domain=pyo.Binary)
    model.held = pyo.ConstraintList()
    for _ in range(30):
        weight = draw.integers(100, 1000, len(lots)).tolist()
        model.held.add(sum(w * model.lot[i] for i, w in enumerate(weight)) <= sum(weight) / 2)
    model.gain = pyo.Var(bounds=(0, None))
    model.made = pyo.Constraint(expr=model.gain == sum(worth[i] * model.lot[i] for i in lots))
    planner.add_cost(model, "gains", lambda m, t: -m.gain)
    return model


def test_a_time_limit_gives_the_best_whole_numbers_found(system: System, tmp_path: Path) -> None:
    """With its gap, and of status `interrupted`: it was an error, and the incumbent was lost. The
    gap is honest: no plan with more time is cheaper than it says."""
    plan = planner.solve(hard_to_settle(system), time_limit=2)
    assert plan.record.status == "interrupted"
    assert plan.record.gap is not None
    assert 0 < plan.record.gap < 1
    assert "stopped before the whole numbers were settled" in plan.record.notes[0]
    assert all(value in (0, 1) for value in plan.values["lot"].values())
    assert sum(plan.values["lot"].values()) > 10, "some plan, and not the empty one"
    assert plan.certificate.holds
    assert plan.prices["value"].notna().all()
    assert planner.load(plan.save(tmp_path / "run")).record.gap == plan.record.gap
    longer = planner.solve(hard_to_settle(system), time_limit=6)
    least = plan.objective - plan.record.gap * abs(plan.objective)
    assert least - 1e-6 <= longer.objective <= plan.objective + 1e-6


def test_no_time_at_all_gives_no_whole_numbers(system: System) -> None:
    """Then there is no plan to give, and the error says so."""
    with pytest.raises(SolverError, match="no whole numbers that allow a plan were found"):
        planner.solve(hard_to_settle(system), time_limit=0)


def test_other_verbs_refuse_whole_numbers(system: System) -> None:
    """They would relax them."""
    for ask in (planner.frontier, planner.alternatives, planner.compiled, planner.disrupt):
        with pytest.raises(SpecError, match=r"integer or binary .* planner\.solve alone"):
            ask(bought_in_lots(system))


# ---- costs


def test_a_cost_of_ones_own_joins_the_cost(system: System) -> None:
    """25 for each tonne mined make the import at 30 the cheaper: 3,000 a year, discounted like all
    cost, and nothing of the new cost is paid. Half of it is paid where the import is held to 50."""
    model = planner.build(system)
    planner.add_cost(model, "dust", lambda m, t: 25 * m.activity["mine", t])
    discount = 1 + 1 / (1 + system.discount_rate)
    assert planner.solve(model).objective == pytest.approx(3000 * discount)
    model.few = pyo.Constraint(list(model.periods), rule=lambda m, t: m.activity["buy", t] <= 50)
    plan = planner.solve(model)
    assert plan.objective == pytest.approx((50 * 30 + 50 * 35) * discount)
    own = plan.costs.query("item == 'own'")
    assert list(own["name"]) == ["dust", "dust"]
    assert list(own["value"]) == pytest.approx([1250, 1250])
    assert own["present_value"].sum() == pytest.approx(1250 * discount)


def test_a_cost_of_ones_own_survives_the_run_folder(system: System, tmp_path: Path) -> None:
    """With a constant, and the certificate recomputed from what was saved."""
    model = planner.build(system)
    planner.add_cost(model, "fee", lambda m, t: 100 + m.activity["mine", t])
    plan = planner.load(planner.solve(model).save(tmp_path / "run"))
    assert plan.objective == pytest.approx(1200 * (1 + 1 / (1 + system.discount_rate)))
    assert planner.verify(plan).holds
    assert plan.extended == "cost fee"


def test_the_loops_count_a_cost_of_ones_own(system: System) -> None:
    model = planner.build(system)
    planner.add_cost(model, "dust", lambda m, t: 25 * m.activity["mine", t])
    found = planner.frontier(model, points=2)
    assert found.points["cost"].iloc[0] == pytest.approx(planner.solve(model).objective)


def test_a_cost_on_a_penalty_is_refused(system: System) -> None:
    """It was a cost in `plan.costs`, and a penalty in the frontier, the alternatives, `explain` and
    a disruption, which tell the two apart by the column."""
    for ask in (planner.solve, planner.frontier, planner.alternatives, planner.compiled):
        model = planner.build(system)
        planner.add_cost(model, "fine", lambda m, t: 5 * m.shortage["li", t])
        with pytest.raises(SpecError, match=r"cost fine is on shortage, .* penalty .* of your own"):
            ask(model)


def test_a_cost_on_a_target_missed_is_refused(tmp_path: Path) -> None:
    """As on a shortage: the column `breach` has the penalty of the policy."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=900)
    study.process("ref", "refine", gives={"li": 1}, variable_cost=10, stage="processing")
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=30)
    study.policy(
        *("own", "self_sufficiency"), metal="lithium", stages=["processing"], share=0.8, penalty=50
    )
    model = planner.build(planner.read(study.write(tmp_path / "s")))
    planner.add_cost(model, "fine", lambda m, t: 5 * sum(m.breach[i] for i in m.breach if t in i))
    with pytest.raises(SpecError, match="cost fine is on breach"):
        planner.solve(model)


def test_the_remedy_for_a_cost_on_a_penalty_works(system: System) -> None:
    """At most 90 t are served, of 100: 10 t short at 900, a penalty, and 5 paid for each, a cost in
    the plan and in the alternatives: 90 x 10 + 10 x 5 = 950 a year."""
    model = planner.build(system)
    periods = list(model.periods)
    model.few = pyo.Constraint(
        periods, rule=lambda m, t: m.activity["mine", t] + m.activity["buy", t] <= 90
    )
    model.unserved = pyo.Var(periods, within=pyo.NonNegativeReals)
    model.told = pyo.Constraint(periods, rule=lambda m, t: m.unserved[t] >= m.shortage["li", t])
    planner.add_cost(model, "fine", lambda m, t: 5 * m.unserved[t])
    discount = 1 + 1 / (1 + system.discount_rate)
    plan = planner.solve(model)
    assert (plan.cost, plan.penalty) == pytest.approx((950 * discount, 9000 * discount))
    assert planner.alternatives(model, plans=0).cost == pytest.approx(950 * discount)


def test_a_cost_on_emissions_is_a_price_of_carbon(tmp_path: Path) -> None:
    """2 t CO2e per tonne at 3: 6 on top of the 10 of the mine in the plan, and left out of the
    frontier's cost, as `add_cost` says."""
    study = Study(2021, 2021).good("li", "refined", demand=100, shortage_cost=900)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10, direct_emission=2)
    model = planner.build(planner.read(study.write(tmp_path / "s")))
    planner.add_cost(model, "levy", lambda m, t: 3 * m.emission["territorial", t])
    assert planner.solve(model).cost == pytest.approx(1600)
    found = planner.frontier(model, points=2, scope="territorial")
    assert list(found.points["cost"]) == pytest.approx([1000])


def changed(model: Any, change: str) -> None:
    buy = model.activity["buy", 2021]
    if change == "further":
        model.mine_alone = pyo.Objective(expr=buy)
    elif change == "replaced":
        model.del_component("cost")
        model.cost = pyo.Objective(expr=buy)
    elif change == "edited":
        model.cost.expr = buy
    elif change == "switched off":
        model.cost.deactivate()
    elif change == "maximised":
        model.cost.sense = pyo.maximize


@pytest.mark.parametrize("change", ["further", "replaced", "edited", "switched off", "maximised"])
def test_other_objectives_are_refused(system: System, change: str) -> None:
    """Each was passed over: the plan was that of least cost, or a certificate failed."""
    model = planner.build(system)
    changed(model, change)
    with pytest.raises(SpecError, match=r"objective .* planner\.add_cost"):
        planner.solve(model)


def test_an_objective_that_is_switched_off_asks_for_nothing(system: System) -> None:
    model = planner.build(system)
    model.later = pyo.Objective(expr=model.activity["buy", 2021])
    model.later.deactivate()
    assert planner.solve(model).objective == planner.solve(system).objective


# ---- fixed, switched off, both sides


def test_a_fixed_variable_is_kept_to(system: System) -> None:
    """30 t bought in 2021: 20 dearer each. The column was dropped, and the certificate failed."""
    model = planner.build(system)
    model.activity["buy", 2021].fix(30)
    plan = planner.solve(model)
    assert plan.certificate.holds
    assert plan.values["activity"]["buy", 2021] == 30
    assert plan.objective == pytest.approx(planner.solve(system).objective + 30 * 20)
    assert plan.reduced_costs["activity"]["buy", 2021] == pytest.approx(20)
    assert model.activity["buy", 2021].fixed, "the model is as it was"
    assert model.activity["buy", 2021].bounds == planner.build(system).activity["buy", 2021].bounds


def test_a_variable_fixed_outside_its_bounds_is_refused(system: System) -> None:
    model = planner.build(system)
    model.activity["buy", 2021].fix(-1)
    model.activity["mine", 2021].fixed = True
    with pytest.raises(SpecError, match=r"(?s)fixed at -1.*fixed at None"):
        planner.solve(model)


def test_bounds_of_a_variable_are_kept_to(system: System) -> None:
    model = planner.build(system)
    model.activity["mine", 2021].setub(60)
    assert planner.solve(model).values["activity"]["buy", 2021] == pytest.approx(40)


def test_both_sides_of_a_constraint_hold(system: System) -> None:
    """Between 20 and 30 t from abroad: 20, at one row and one price; it became two rows of one
    name. From above it is held to 30 where the mine gives 50."""
    model = planner.build(system)
    periods = list(model.periods)
    model.share = pyo.Constraint(
        periods, rule=lambda m, t: pyo.inequality(20, m.activity["buy", t], 30)
    )
    plan = planner.solve(model)
    assert [plan.values["activity"]["buy", t] for t in periods] == pytest.approx([20, 20])
    rows = plan.prices[plan.prices["family"] == "share"]
    assert list(rows["index"]) == ["2021", "2022"]
    assert rows["present_value"].iloc[0] == pytest.approx(20)
    model.less = pyo.Constraint(periods, rule=lambda m, t: m.activity["mine", t] <= 50)
    plan = planner.solve(model)
    assert [plan.values["activity"]["buy", t] for t in periods] == pytest.approx([30, 30])


def test_what_is_switched_off_does_not_hold(system: System) -> None:
    """Of an indexed constraint one row, or all; of a block all that is in it."""
    model = planner.build(system)
    model.b = pyo.Block()
    model.b.fewer = pyo.Constraint(
        list(model.periods), rule=lambda b, t: model.activity["mine", t] <= 50
    )
    assert planner.solve(model).values["activity"]["buy", 2022] == pytest.approx(50)
    assert list(planner.solve(model).prices.query("family == 'b.fewer'")["index"]) == [
        "2021",
        "2022",
    ]
    model.b.fewer[2022].deactivate()
    plan = planner.solve(model)
    assert plan.values["activity"]["buy", 2021] == pytest.approx(50)
    assert plan.values["activity"]["buy", 2022] == pytest.approx(0)
    model.b.deactivate()
    assert planner.solve(model).objective == planner.solve(system).objective


def test_rows_of_nature_cannot_be_switched_off_those_of_policies_can(tmp_path: Path) -> None:
    """Without the balance there is no plan; without the quota the plan is that without it, and the
    run says so."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=900)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10, max_activity=60)
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=30)
    study.policy("cap", "import_share", metal="lithium", origin="A", share=0.1, of="demand")
    system = planner.read(study.write(tmp_path / "s"))
    model = planner.build(system)
    model.import_share.deactivate()
    plan = planner.solve(model)
    assert plan.objective == pytest.approx(2 * (600 + 1200))
    assert "2 rows of import_share deactivated" in plan.extended
    next(iter(model.balance.values())).deactivate()
    with pytest.raises(SpecError, match="rows of balance are deactivated"):
        planner.solve(model)


def test_names_of_planner_are_refused(system: System) -> None:
    """A constraint named like a family that the study does not use would be read as its rows."""
    model = planner.build(system)
    model.quota = pyo.Constraint(expr=model.activity["buy", 2021] <= 1)
    with pytest.raises(SpecError, match="constraint quota has the name of a family"):
        planner.solve(model)
    with pytest.raises(SpecError, match="component activity"):
        planner.add_cost(model, "activity", lambda m, t: 0)


def test_a_model_is_not_copied(system: System) -> None:
    """Pyomo gives a copy without rows, and says so in a log that is thousands of lines long."""
    model = planner.build(system)
    for attempt in (
        model.clone,
        lambda: copy.deepcopy({"mine": model}),
        lambda: pickle.dumps(model),
    ):
        with pytest.raises(SpecError, match="cannot be cloned, copied or pickled"):
            attempt()
    assert planner.solve(model).objective == planner.solve(system).objective, "it is as it was"


def set_of_order(model: Any) -> None:
    model.choice = pyo.Var([1, 2], bounds=(0, 1))
    model.one = pyo.SOSConstraint(var=model.choice, sos=1)


def squared(model: Any) -> None:
    model.square = pyo.Constraint(expr=model.activity["buy", 2021] ** 2 <= 9)


def times_fixed(model: Any) -> None:
    model.factor = pyo.Var(initialize=2.0)
    model.factor.fix()
    model.product = pyo.Constraint(expr=model.factor * model.activity["buy", 2021] <= 9)


def logical(model: Any) -> None:
    model.truth = pyo.BooleanVar()
    model.said = pyo.LogicalConstraint(expr=model.truth)


@pytest.mark.parametrize("add", [set_of_order, squared, times_fixed, logical])
def test_what_is_not_linear_is_refused(system: System, add: Any) -> None:
    """With the remedy, not with an error of Pyomo's."""
    model = planner.build(system)
    add(model)
    with pytest.raises(SpecError, match="only linear constraints are worked"):
        planner.solve(model)


def test_what_builds_the_programme_anew_refuses_an_extended_plan(
    system: System, tmp_path: Path
) -> None:
    """The study of a plan lacks what its model was extended by: a programme written from it, or a
    loss tried on it, was that without the constraint."""
    plan = planner.solve(extended(system, lambda m, t: m.activity["mine", t] <= 50))
    assert plan.extended == "constraint more_bought_than_mined"
    with pytest.raises(SpecError, match="hand over that model"):
        planner.export(plan, tmp_path / "plan.mps")
    with pytest.raises(SpecError, match="hand over that model"):
        planner.disrupt(plan)
    loaded = planner.load(plan.save(tmp_path / "run"))
    with pytest.raises(SpecError, match="hand over that model"):
        planner.export(loaded, tmp_path / "plan.lp")
