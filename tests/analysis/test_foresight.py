"""Myopia, other futures, and foresight of a loss, against cases solved by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.foresight import evaluate, regret, rolling, value_of_foresight
from planner.errors import InfeasibleError, SpecError
from tests.small import Study, plan_of, system_of

SHORT = 1000


def scarce_ore(discount_rate=0.0) -> Study:
    """100 t a year for two years; a deposit of 100 t at 10; imports at 20 in the first year, 50 in
    the second."""
    study = Study(2021, 2022, discount_rate=discount_rate).good(
        "li", "refined", demand=100, shortage_cost=SHORT
    )
    study.deposit("ore", reserve=100)
    study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10)
    return study.process("buy", "import", gives={"li": 1}, import_price=[20, 50])


def test_myopia_digs_the_ore_too_early(tmp_path):
    """Foresight buys first (2,000) and digs later (1,000): 3,000. A myopic planner digs first
    (1,000) and buys at 50 (5,000): 6,000. Its regret is 3,000. Were the ore not carried over, it
    would pay 2,000 in all."""
    found = rolling(system_of(scarce_ore(), tmp_path), window=1, step=1)
    assert found.perfect_cost == pytest.approx(3_000)
    assert found.plan.objective == pytest.approx(6_000)
    assert found.regret == pytest.approx(3_000)
    assert found.plan.values["remaining"]["ore", 2021] == pytest.approx(0)
    assert list(found.windows["cost"]) == pytest.approx([1_000, 5_000])


def test_money_of_each_window_is_that_of_the_first_year(tmp_path):
    """At 100 %: foresight 2,000 + 1,000/2 = 2,500, myopia 1,000 + 5,000/2 = 3,500. Were each window
    discounted to its own start, 6,000."""
    found = rolling(system_of(scarce_ore(1.0), tmp_path), window=1, step=1)
    assert (found.perfect_cost, found.plan.objective) == pytest.approx((2_500, 3_500))


def test_a_window_over_all_years_regrets_nothing(tmp_path):
    """Two years in sight see all."""
    assert rolling(system_of(scarce_ore(), tmp_path), window=2, step=1).regret == pytest.approx(0)


def test_plants_live_on_into_the_next_window(tmp_path):
    """A works of life 4 costs 40 a tonne, 10 a year; imports cost 15. In a window of 2 years it is
    charged 10 for each, so it is ordered in 2021, stands until 2024 and is charged 40 in all: 100 t
    x 10 x 4 years = 4,000. Were the whole 40 charged in the window of two years, imports would win:
    6,000. Were the cohort forgotten, it would be ordered twice."""
    study = (
        Study(2021, 2024)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .plant("works", capital_cost=40, life=4)
    )
    study.process("dig", "mine", gives={"li": 1}, plant="works").process(
        "buy", "import", gives={"li": 1}, import_price=15
    )
    found = rolling(system_of(study, tmp_path), window=2, step=1)
    assert found.plan.objective == pytest.approx(4_000)
    assert sum(found.plan.values["new_capacity"].values()) == pytest.approx(100)


def test_a_stockpile_is_not_spent_for_want_of_a_future(tmp_path):
    """50 t must be in stock at the end of 2023. A window that ended with nothing would draw them in
    2021 to save 1,500."""
    study = Study(2021, 2023).good(
        "li",
        "refined",
        demand=100,
        shortage_cost=SHORT,
        opening_stock=50,
        closing_stock=50,
        holding_cost=1,
    )
    found = rolling(
        system_of(
            study.process("buy", "import", gives={"li": 1}, import_price=[30, 30, 40]), tmp_path
        ),
        window=1,
    )
    assert [found.plan.values["stockpile"]["li", t] for t in (2021, 2022, 2023)] == pytest.approx(
        [50, 50, 50]
    )


def test_a_must_run_level_falls_with_the_plant_that_nobody_replaced(tmp_path):
    """40 t must run and the works end with 2021; a new one takes two years. One year ahead nobody
    orders it: 0 t run from 2022 on."""
    study = Study(2021, 2023).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.plant("works", existing_capacity=[100, 0, 0], capital_cost=9, life=9, lead_time=2)
    study.process("dig", "mine", gives={"li": 1}, plant="works", min_activity=[40, 0, 40])
    found = rolling(
        system_of(study.process("buy", "import", gives={"li": 1}, import_price=30), tmp_path),
        window=1,
    )
    assert found.plan.values["activity"]["dig", 2023] == pytest.approx(0, abs=1e-4)
    assert "must-run" in found.plan.record.notes[-1]


def test_a_target_out_of_sight_may_be_out_of_reach(tmp_path):
    """All must come from home in 2023, and a works takes two years to build. Who sees one year
    ahead does not order it in time."""
    study = (
        Study(2021, 2023)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .plant("works", capital_cost=9, life=9, lead_time=2)
    )
    study.process("dig", "mine", gives={"li": 1}, stage="processing", plant="works")
    study.process("buy", "import", gives={"li": 1}, import_price=1)
    study.policy(
        "home", "self_sufficiency", metal="lithium", stages=["processing"], share=1.0, from_=2023
    )
    system = system_of(study, tmp_path)
    assert rolling(system, window=3).regret == pytest.approx(0)
    with pytest.raises(InfeasibleError, match="before 2023"):
        rolling(system, window=1)


def test_a_mine_that_runs_out_unforeseen_closes_early(tmp_path):
    """The mine may fall by half a year at most, and 150 t are in the ground: foresight digs 100 and
    50 or less; the myopic digs 100 in 2021, 50 in 2022 and nothing in 2023, 25 t below its limit.
    Were the limit held fast, it would have no plan."""
    study = (
        Study(2021, 2023)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .deposit("ore", reserve=150)
        .ramp("mines", decline=0.5)
    )
    study.process(
        "dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10, ramp_group="mines"
    )
    found = rolling(
        system_of(study.process("buy", "import", gives={"li": 1}, import_price=20), tmp_path),
        window=1,
    )
    assert [found.plan.values["activity"]["dig", t] for t in (2021, 2022, 2023)] == pytest.approx(
        [100, 50, 0], abs=1e-4
    )
    assert "nobody saw coming" in found.plan.record.notes[-1]
    assert found.plan.values["breach"]["run_down", "mines", 2023] == pytest.approx(25, abs=1e-4)


def two_futures(tmp_path, demand):
    """Works at 10 a tonne and year (life 1), imports at 30, `demand` in 2021."""
    study = (
        Study(2021, 2021)
        .good("li", "refined", demand=demand, shortage_cost=SHORT)
        .plant("works", capital_cost=10, life=1)
    )
    study.process("dig", "mine", gives={"li": 1}, plant="works").process(
        "buy", "import", gives={"li": 1}, import_price=30
    )
    return system_of(study, tmp_path)


def test_builds_for_one_future_meet_another(tmp_path):
    """Built for 100 t, needed 60: 1,000 instead of 600, regret 400. Built for 60, needed 100: 600 +
    40 x 30 = 1,800, regret 800."""
    low, high = two_futures(tmp_path, 60), two_futures(tmp_path, 100)
    assert evaluate(planner.solve(high), low).objective == pytest.approx(1_000)
    table = regret({"low": low, "high": high}).set_index(["builds", "scenario"])
    assert table["regret"].to_dict() == pytest.approx(
        {("low", "low"): 0, ("low", "high"): 800, ("high", "low"): 400, ("high", "high"): 0}
    )
    assert table.loc[("high", "low"), "worst"] == pytest.approx(400)


def test_a_loss_foreseen_costs_less(tmp_path):
    """A is lost in 2022. Unforeseen: 100 t short at 1,000, 1,000 t x 10 not bought: 99,000.
    Foreseen: works for 100 t at 6 and 30 to run: 600 + 3,000 - 1,000 = 2,600."""
    study = (
        Study(2021, 2023)
        .good("li", "refined", demand=100, shortage_cost=SHORT)
        .plant("works", capital_cost=6, life=1, lead_time=1)
    )
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10)
    study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=30)
    (row,) = value_of_foresight(
        system_of(study, tmp_path), ("origin/A",), start=2022, years=1
    ).to_dict("records")
    assert (row["unforeseen"], row["foreseen"], row["value"]) == pytest.approx(
        (99_000, 2_600, 96_400)
    )
    with pytest.raises(SpecError, match=r"'B' is not a source.*origin/A"):
        value_of_foresight(system_of(study, tmp_path), ("B",), start=2022)


def test_more_in_sight_on_a_shipped_study():
    """Regret is never negative, whatever the window."""
    system = planner.read("quickstart")
    costs = [rolling(system, window=window).regret for window in (1, 2, 3)]
    assert min(costs) >= -1e-6
    assert costs[-1] == pytest.approx(0, abs=1e-6)


def works(last=2022, max_new=1e3, **head) -> Study:
    """100 t a year from works at 5 a year and 1 to run, or bought at 30."""
    study = Study(2021, last, **head).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.plant("works", capital_cost=10, life=2, max_new=max_new)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=1, plant="works")
    return study.process("buy", "import", gives={"li": 1}, import_price=30)


def test_what_cannot_be_is_refused(tmp_path):
    with pytest.raises(SpecError):
        rolling(system_of(scarce_ore(), tmp_path), window=1, step=2)
    with pytest.raises(SpecError):
        regret({"one": system_of(scarce_ore(), tmp_path)})
    assert plan_of(scarce_ore(), tmp_path).objective == pytest.approx(3_000)


@pytest.mark.parametrize(
    "changes",
    [{"discount_rate": 0.1}, {"last": 2023}, {"last": 2022, "step": 2}],
)
def test_futures_that_differ_in_more_than_data_are_refused(tmp_path, changes):
    """`hedge` refused them; regret set costs at 0 and at 10 %, or of two and of three years, beside
    one another, and evaluate dropped orders of years that the other study does not have."""
    one = system_of(works(), tmp_path)
    other = system_of(works(**changes), tmp_path)
    with pytest.raises(SpecError, match="differ in years, discount rate or currency"):
        regret({"one": one, "other": other})
    with pytest.raises(SpecError, match="differ in years, discount rate or currency"):
        evaluate(planner.solve(one), other)


def test_builds_before_the_first_year_are_none(tmp_path):
    """Until 2021 nothing is decided: every regret was 0, and said nothing."""
    one = system_of(works(), tmp_path)
    with pytest.raises(SpecError, match="they part in 2021, before the first year"):
        regret({"one": one, "other": one}, until=2021)


def test_an_order_without_a_place_leaves_no_plan(tmp_path):
    """100 t of works are built in one future and closed in the other: their order was lost in
    silence, and the other future planned as if it had never been placed."""
    plan = planner.solve(system_of(works(), tmp_path))
    closed = system_of(works(max_new=0), tmp_path)
    with pytest.raises(InfeasibleError, match="order of 100 of 'works' in 2021, which cannot"):
        evaluate(plan, closed)
