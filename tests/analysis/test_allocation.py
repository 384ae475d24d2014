"""Joint cost and emissions parted among products, each share by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError
from tests.small import Study, plan_of


def smelter(indium: float = 2) -> Study:
    """100 t of zinc smelted at 40 USD and 3 t CO2e a tonne, with 0.1 t of indium in each: `indium`
    t are won of it at 6 USD/t, of at most 8. More zinc would be bought at 45, indium at 500."""
    return (
        Study(metals=("zinc", "indium"))
        .host("smelting", 0, indium=0.1)
        .good("zn", "refined", metal="zinc", demand=110, shortage_cost=9000)
        .good("in", "refined", metal="indium", demand=indium, shortage_cost=9000)
        .process(
            "smelt",
            "mine",
            gives={"zn": 1, "smelting": 1},
            variable_cost=40,
            direct_emission=3,
            max_activity=100,
        )
        .process("buy_zn", "import", gives={"zn": 1}, import_price=45)
        .process(
            "win", "byproduct", host="smelting", gives={"in": 1}, variable_cost=6, host_content=0.08
        )
        .process("buy_in", "import", gives={"in": 1}, import_price=500)
    )


def test_revenue_leaves_a_byproduct_its_net_value(tmp_path: Path) -> None:
    """With 10 t wanted, 8 t are won and indium is worth 500: 8 x (500 - 6) = 3,952 USD beside the
    100 x 45 = 4,500 of zinc. Of 4,000 USD and 300 t CO2e indium bears 3,952/8,452 = 46.76 %. With
    only 2 t wanted it is worth just what winning costs, and bears nothing."""
    table = planner.allocation(plan_of(smelter(10), tmp_path / "much")).set_index("good")
    share = 3952 / 8452
    assert table.loc["in", "share"] == pytest.approx(share)
    assert table["cost"].to_dict() == pytest.approx({"zn": 4000 * (1 - share), "in": 4000 * share})
    assert table["emission"].sum() == pytest.approx(300)
    little = planner.allocation(plan_of(smelter(2), tmp_path / "little")).set_index("good")
    assert little["share"].to_dict() == pytest.approx({"zn": 1, "in": 0})


def test_mass_parts_by_tonnes_of_metal(tmp_path: Path) -> None:
    """2 t of indium and 100 t of zinc: 2/102 of cost and emissions, whatever they are worth."""
    table = planner.allocation(plan_of(smelter(2), tmp_path), by="mass").set_index("good")
    assert table.loc["in", "cost"] == pytest.approx(4000 * 2 / 102)
    assert table.loc["in", "emission"] == pytest.approx(300 * 2 / 102)


def test_goods_of_one_process_share_its_cost(tmp_path: Path) -> None:
    """A tonne of ore at 30 USD gives 0.4 t of lithium and 0.1 t of cobalt; 40 t and 10 t are
    wanted. Elsewhere lithium costs 50 and cobalt 400, and 5 t more of each are bought there: 40 x
    50 = 2,000 and 10 x 400 = 4,000. Cobalt bears two thirds of 3,000 by revenue, a fifth by
    mass."""
    study = (
        Study(metals=("lithium", "cobalt"))
        .good("li", "refined", metal="lithium", demand=45, shortage_cost=9000)
        .good("co", "refined", metal="cobalt", demand=15, shortage_cost=9000)
        .process(
            "dig",
            "mine",
            gives={"li": 0.4, "co": 0.1},
            variable_cost=30,
            max_activity=100,
            loss="tailings",
        )
        .process("buy_li", "import", gives={"li": 1}, import_price=50)
        .process("buy_co", "import", gives={"co": 1}, import_price=400)
    )
    plan = plan_of(study, tmp_path)
    for by, cost in (("revenue", 2000), ("mass", 600)):
        table = planner.allocation(plan, by=by).set_index("good")  # type: ignore[arg-type]
        assert table.loc["co", "cost"] == pytest.approx(cost)
        assert table["cost"].sum() == pytest.approx(3000)


def test_another_basis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'energy' is no basis; one of mass, revenue"):
        planner.allocation(plan_of(smelter(), tmp_path), by="energy")  # type: ignore[arg-type]


def test_the_command_shows_the_shares_of_a_run(tmp_path: Path) -> None:
    plan_of(smelter(), tmp_path).save(tmp_path / "run")
    done = CliRunner().invoke(app, ["allocate", str(tmp_path / "run"), "--by", "mass", "--json"])
    assert done.exit_code == 0, done.output
    assert '"good": "in"' in done.stdout
    shown = CliRunner().invoke(app, ["allocate", str(tmp_path / "run")])
    assert "Joint processes by revenue (USD_2021 and t CO2e a year)" in shown.stdout
