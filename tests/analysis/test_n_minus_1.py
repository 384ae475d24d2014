"""N-1 security against cases solved by hand."""

from __future__ import annotations

import pytest

import planner
from planner.analysis.security.disruption import disrupt
from planner.analysis.security.n_minus_1 import secure
from planner.errors import SpecError
from tests.small import Study, system_of

SHORT = 1000


def one_supplier(last=2024, **store) -> Study:
    """100 t a year, all from A at 10."""
    study = Study(2021, last).good("li", "refined", demand=100, shortage_cost=SHORT, **store)
    return study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10)


def with_works(study: Study) -> Study:
    """A works at home: 6 a year per t of capacity, 30 to run, ordered a year before, up to 80 t."""
    study.plant("works", capital_cost=6, life=1, lead_time=1, max_capacity=80)
    return study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=30)


def test_security_costs_the_works_that_stand_idle(tmp_path):
    """A may be lost in 2023 for a year, at most 40 t may be unserved: 60 t of works must stand in
    2023, at 6: 360. The plan without security orders none. Were the loss foreseen in the same plan,
    it would run the works too: 360 + 60 x 20."""
    found = secure(
        system_of(with_works(one_supplier()), tmp_path),
        limit=0.4,
        years=1,
        recovery=0,
        starts=[2023],
    )
    assert found.base_cost == pytest.approx(4_000)
    assert found.premium == pytest.approx(360)
    assert found.orders.set_index("plant").loc["works", "secured"] == pytest.approx(60)
    (row,) = found.losses.to_dict("records")
    assert (row["before"], row["least"], row["met"]) == (pytest.approx(1), pytest.approx(0.4), True)
    assert found.plan.values["activity"]["dig", 2023] == pytest.approx(0)


def test_every_start_is_stood(tmp_path):
    """A loss may come in any of 2022-2024 (in 2021 no works can stand yet, so nothing helps): 60 t
    in three years, 1,080."""
    found = secure(system_of(with_works(one_supplier()), tmp_path), limit=0.4, years=1, recovery=0)
    assert found.premium == pytest.approx(1_080, rel=1e-4)
    by_year = found.losses.set_index("first")
    assert by_year["least"].to_dict() == pytest.approx(
        {2021: 1, 2022: 0.4, 2023: 0.4, 2024: 0.4}, abs=1e-5
    )
    assert not by_year.loc[2021, "met"]


def test_a_stockpile_is_sized_for_the_loss(tmp_path):
    """No works; a store at 2 a tonne and year. At most 40 t unserved in 2023: 60 t in stock at the
    end of 2022, bought for 600 in 2022 instead of 2023 and held as mean half of 2022 and half of
    2023: 60 x 2 = 120."""
    study = one_supplier(opening_stock=0, closing_stock=0, holding_cost=2)
    found = secure(
        system_of(study, tmp_path),
        limit=0.4,
        years=1,
        recovery=0,
        starts=[2023],
        means="stockpiles",
    )
    assert found.premium == pytest.approx(120)
    assert found.stockpiles.set_index("year")["secured"].to_dict() == pytest.approx(
        {2021: 0, 2022: 60, 2023: 0, 2024: 0}
    )


def test_what_is_out_of_reach_is_said_and_come_near_to(tmp_path):
    """Works of at most 80 t cannot leave as little as 10 t unserved: at least 20 t, at 80 x 6."""
    found = secure(
        system_of(with_works(one_supplier()), tmp_path),
        limit=0.1,
        years=1,
        recovery=0,
        starts=[2023],
    )
    (row,) = found.losses.to_dict("records")
    assert (row["least"], row["met"]) == (pytest.approx(0.2, abs=1e-5), False)
    assert found.premium == pytest.approx(480, rel=1e-4)


def test_security_is_not_bought_by_serving_less(tmp_path):
    """A gives at most the 100 t that are needed, and a tonne not served costs 20. To fill a stock
    for 2023, demand would have to go unserved before: at 60 x 20 the limit could be met. It is not,
    and nothing is paid."""
    study = Study(2021, 2024).good(
        "li",
        "refined",
        demand=100,
        shortage_cost=20,
        opening_stock=0,
        closing_stock=0,
        holding_cost=0,
    )
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10, max_activity=100)
    found = secure(system_of(study, tmp_path), limit=0.4, years=1, recovery=0, starts=[2023])
    assert found.premium == pytest.approx(0, abs=1e-3)
    assert not found.losses["met"].any()


def test_a_shortage_of_the_plan_itself_is_not_charged_to_a_loss(tmp_path):
    """80 of 100 t can be served at all. B is dearer than a shortage and never runs: its loss leaves
    nothing unserved beyond that."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.process("buy_a", "import", origin="A", gives={"li": 1}, import_price=10, max_activity=80)
    study.process("buy_b", "import", origin="B", gives={"li": 1}, import_price=2 * SHORT)
    found = secure(
        system_of(study, tmp_path),
        limit=0.0,
        years=1,
        recovery=0,
        starts=[2022],
        losses=["origin/B"],
    )
    assert len(found.losses) == 0
    assert found.premium == pytest.approx(0)


def test_the_secured_plan_stands_the_loss_that_disrupt_inflicts(tmp_path):
    """The same loss, unforeseen, leaves 40 t on the secured plan, 100 t on the unsecured one."""
    system = system_of(with_works(one_supplier()), tmp_path)
    found = secure(system, limit=0.4, years=1, recovery=0, starts=[2023])
    options = {"years": 1, "recovery": 0, "starts": [2023], "pairs": False}
    assert disrupt(found.plan, **options).losses.iloc[0]["unmet"] == pytest.approx(40)
    assert disrupt(system, **options).losses.iloc[0]["unmet"] == pytest.approx(100)


def test_security_never_costs_less_than_nothing_and_more_of_it_never_costs_less():
    """Quickstart and two limits: premium at 0.1 at least that at 0.5, and neither below zero."""
    system = planner.read("quickstart")
    loose, tight = (
        secure(system, limit=limit, years=1, recovery=0).premium for limit in (0.5, 0.1)
    )
    assert -1e-6 * planner.solve(system).objective <= loose <= tight * (1 + 1e-6)


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 2}, {"years": 0}, {"share": 1}, {"losses": ["origin/Atlantis"]}, {"recovery": -1}],
)
def test_what_cannot_be_is_refused(tmp_path, wrong):
    with pytest.raises(SpecError):
        secure(system_of(one_supplier(), tmp_path), **wrong)
