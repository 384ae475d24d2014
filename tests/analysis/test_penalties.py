"""Every analysis says apart what is paid and what is a penalty; prices and origins are named for
what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.diagnosis.explain import explain
from planner.analysis.security.disruption import disrupt
from planner.analysis.security.foresight import regret, rolling
from planner.analysis.security.n_minus_1 import secure
from planner.analysis.security.origins import origins
from planner.analysis.tradeoffs.alternatives import alternatives
from planner.analysis.uncertainty.outcomes import OutcomeReader
from planner.cli import app
from planner.solver.compiled import compiled
from planner.solver.highs import Program
from tests.small import Study, plan_of, system_of

SHORT = 1_000


def with_a_gap(study: Study) -> Study:
    """Beside it, a year, 10 t of cobalt that nobody can supply: a penalty of 10,000."""
    return study.good("co", "refined", metal="cobalt", demand=10, shortage_cost=SHORT)


def two_metals(first: int = 2021, last: int = 2021) -> Study:
    return Study(first, last, metals=("lithium", "cobalt"))


def test_the_slack_is_a_share_of_what_is_paid(tmp_path: Path) -> None:
    """100 t from a mine at 10, imports at 11: 5 % of the 1,000 paid are 50 t of imports. With the
    penalty of 10,000 in the cost they were 550, and imports could be anything."""
    study = with_a_gap(two_metals()).good("li", "refined", demand=100, shortage_cost=5_000)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10)
    study.process("buy", "import", gives={"li": 1}, import_price=11)
    found = alternatives(system_of(study, tmp_path), slack=0.05, plans=1)
    most = found.ranges.set_index("pathway").loc["foreign primary", "most"]
    assert most == pytest.approx(50, abs=1e-4)
    assert found.cost == pytest.approx(1_000)
    assert found.plans["penalty"].tolist() == pytest.approx([10_000, 10_000])
    assert found.plans["cost"].max() <= 1_050 * (1 + 1e-9)


def test_security_is_a_share_of_what_is_paid(tmp_path: Path) -> None:
    """60 t of works at 6 in the year of the loss: 360 beside 4,000 paid, 9 %. With 40,000 of
    penalties in the cost it read 0.82 %."""
    study = with_a_gap(two_metals(2021, 2024))
    study.good("li", "refined", demand=100, shortage_cost=SHORT)
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10)
    study.plant("works", capital_cost=6, life=1, lead_time=1, max_capacity=80)
    study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=30)
    system = system_of(study, tmp_path)
    found = secure(system, limit=0.4, years=1, recovery=0, starts=[2023])
    assert (found.base_cost, found.premium) == pytest.approx((4_000, 360))
    assert (found.base_penalty, found.penalty) == pytest.approx((40_000, 40_000))


def test_a_target_missed_in_a_loss_is_a_penalty(tmp_path: Path) -> None:
    """A floor of 30 t at home, from copper, at 100 where imports cost 10. Copper lost: 30 t more
    are bought, 2,700 less are paid, and the floor, which weighs 90 a tonne, is missed: 2,700 of
    penalty. Said before: a cost of 0."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.host("copper", 100)
    study.process(
        *("win", "byproduct"),
        host="copper",
        gives={"li": 1},
        host_content=1,
        variable_cost=100,
        stage="processing",
    )
    study.process("buy", "import", gives={"li": 1}, import_price=10, origin="A")
    floor = {"metal": "lithium", "stages": ["processing"], "share": 0.3, "penalty": 500}
    study.policy("home", "self_sufficiency", **floor)
    found = disrupt(system_of(study, tmp_path), years=1, recovery=0, starts=[2022], pairs=False)
    lost = found.losses.set_index("loss").loc["host/copper"]
    assert (lost["cost"], lost["penalty"]) == pytest.approx((-2_700, 2_700))


def short_sighted() -> Study:
    """100 t of ore for two years of demand of 100 t; imports, at 20, in the first year alone."""
    study = Study(2021, 2022).good("li", "refined", demand=100, shortage_cost=SHORT)
    study.deposit("ore", reserve=100)
    study.process("dig", "mine", takes={"ore": 1}, gives={"li": 1}, variable_cost=10)
    return study.process(
        "buy", "import", gives={"li": 1}, import_price=20, max_activity={2021: 1e3, 2022: 0}
    )


def test_myopia_saves_money_and_leaves_demand_unserved(tmp_path: Path) -> None:
    """Foresight buys, then digs: 3,000. Who sees one year digs for 1,000 and serves nothing then:
    2,000 less paid, 100,000 of penalty. Said before: a cost of 101,000, a regret of 3,267 %."""
    folder = short_sighted().write(tmp_path / "s")
    found = rolling(planner.read(folder), window=1, step=1)
    assert (found.perfect_cost, found.perfect_penalty) == pytest.approx((3_000, 0))
    assert (found.plan.cost, found.plan.penalty) == pytest.approx((1_000, 100_000))
    assert (found.extra_cost, found.extra_penalty) == pytest.approx((-2_000, 100_000))
    assert found.regret == pytest.approx(98_000)
    assert found.windows["cost"].tolist() == pytest.approx([1_000, 0])
    assert found.windows["penalty"].tolist() == pytest.approx([0, 100_000])
    command = ["foresight", str(folder), "--window", "1"]
    said = CliRunner().invoke(app, command).stdout
    assert (
        "cost 1,000 USD_2021; with perfect foresight 3,000; myopia costs -2,000 (-66.67%)" in said
    )
    assert "penalties beside it 100,000 USD_2021; with perfect foresight 0" in said
    answer = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (answer["cost"], answer["penalty"]) == pytest.approx((1_000, 100_000))


def test_regret_has_cost_and_penalty_apart(tmp_path: Path) -> None:
    """Works for 50 t when 100 are asked for: 750 paid and 50 t short, 50,000."""

    def future(demand: float) -> Study:
        study = Study(2021, 2022).good("li", "refined", demand=[0, demand], shortage_cost=SHORT)
        study.plant("works", capital_cost=10, life=1, lead_time=1)
        return study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=5)

    table = regret(
        {name: system_of(future(t), tmp_path) for name, t in (("low", 50), ("high", 100))}
    )
    row = table.set_index(["builds", "scenario"]).loc["low", "high"]
    assert (row["cost"], row["penalty"]) == pytest.approx((750, 50_000))
    assert (row["best"], row["best_penalty"], row["regret"]) == pytest.approx((1_500, 0, 49_250))


def test_samples_have_cost_and_penalty_apart(tmp_path: Path) -> None:
    study = with_a_gap(two_metals()).good("li", "refined", demand=100, shortage_cost=5_000)
    study.process("mine", "mine", gives={"li": 1}, variable_cost=10)
    made = compiled(system_of(study, tmp_path))
    reader = OutcomeReader(made.system, made.arrays)
    found = reader.read(made.system, made.arrays, Program(made.arrays).run())
    assert (found.cost, found.penalty) == pytest.approx((1_000, 10_000))
    assert (found.answers["cost"], found.answers["penalty"]) == (found.cost, found.penalty)


def test_a_co_product_earns_a_credit_and_is_no_limit(tmp_path: Path) -> None:
    """A line gives a tonne of each metal for 50; cobalt beyond it is bought at 40. A tonne of
    lithium more costs 50 and saves 40 of cobalt: 10. Said before: 50 of running costs and -40 of
    "limits"."""
    study = two_metals().good("li", "refined", demand=100, shortage_cost=5_000)
    study.good("co", "refined", metal="cobalt", demand=150, shortage_cost=5_000)
    study.good("mix", "scrap", content={"lithium": 0.5, "cobalt": 0.5})
    study.process("get", "import", gives={"mix": 1}, import_price=10, stage="recycling")
    study.process("part", "recycle", takes={"mix": 2}, gives={"li": 1, "co": 1}, variable_cost=30)
    study.process("buy", "import", gives={"co": 1}, import_price=40, origin="A")
    found = explain(system_of(study, tmp_path))
    row = found.parts.set_index("metal").loc["lithium"]
    assert (row["price"], row["running_cost"], row["co_products"]) == pytest.approx((10, 50, -40))
    assert (row["limits"], row["penalty"], row["limit"]) == (0, 0, "")
    assert any("-40 credits of co-products" in word for word in found.words)


def test_prices_of_goods_and_of_refined_metal_stand_side_by_side(tmp_path: Path) -> None:
    """Metal at 145, and 45 to make a good that is half metal out of half a tonne of it: a tonne of
    metal costs 145 refined and 145 + 45 / 0.5 = 235 in goods. Said before: one `price`, 117.5 a
    tonne of good."""
    study = Study().good("li", "refined")
    study.good("cell", "product", content={"lithium": 0.5}, demand=100, shortage_cost=1e4)
    study.process("buy", "import", gives={"li": 1}, import_price=145, origin="A")
    study.process("make", "manufacture", takes={"li": 0.5}, gives={"cell": 1}, variable_cost=45)
    plan = plan_of(study, tmp_path)
    found = plan.indicators.set_index("indicator")["value"]
    assert found["price: refined metal"] == pytest.approx(145)
    assert found["price: goods"] == pytest.approx(235)
    assert "price" not in found


def test_a_tonne_has_a_mine_and_a_refinery(tmp_path: Path) -> None:
    """60 t from ore of A refined at home, 40 t bought refined in B: by mine A and not stated, by
    refinery home and B. Both account for all 100 t."""
    study = Study().good("ore", "intermediate", equivalent=1)
    study.good("li", "refined", demand=100, shortage_cost=SHORT)
    ore = {"origin": "A", "stage": "extraction", "max_activity": 60}
    study.process("fetch", "import", gives={"ore": 1}, import_price=5, **ore)
    study.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, variable_cost=1)
    study.process("buy", "import", gives={"li": 1}, import_price=9, origin="B")
    found = origins(plan_of(study, tmp_path)).set_index(["by", "origin"])["value"]
    assert found.to_dict() == pytest.approx(
        {
            ("mine", "A"): 60,
            ("mine", "not stated (refined in B)"): 40,
            ("refinery", "home"): 60,
            ("refinery", "B"): 40,
        }
    )
