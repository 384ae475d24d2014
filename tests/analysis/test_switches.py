"""Which routes change and when, on plans whose shares are known by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import SpecError
from planner.plan.plan import Plan
from tests.small import Study, plan_of


def made(tmp_path: Path, mine_cost: float, most: list[float]) -> Plan:
    """100 t a year in 2021-24 from imports at 30, or from a mine of so much a year, or 10 t of old
    scrap for nothing."""
    study = Study(2021, 2024).good("li", "refined", demand=100, shortage_cost=5000)
    study.process("buy", "import", gives={"li": 1}, import_price=30, origin="Chile")
    study.process("dig", "mine", gives={"li": 1}, variable_cost=mine_cost, max_activity=most)
    return plan_of(study.process("recycle", "recycle", gives={"li": 1}, max_activity=10), tmp_path)


@pytest.fixture
def plans(tmp_path: Path) -> tuple[Plan, Plan]:
    """In the first the mine gives nothing; in the other 2, 40, 60 and nothing at all."""
    return made(tmp_path, 50, [2, 40, 60, 0]), made(tmp_path, 20, [2, 40, 60, 0])


def test_a_route_that_enters_and_leaves(plans: tuple[Plan, Plan]) -> None:
    """The mine has 2 % in 2021 (no change of 5 points), 40 % in 2022, 60 % in 2023 and leaves;
    imports fall by as much. Recycling is the same in both and no row."""
    found = planner.routes(plans, ["before", "after"], points=5).set_index("process")
    assert set(found.index) == {"", "dig", "buy"}
    dig, buy = found.loc["dig"], found.loc["buy"]
    assert (dig["since"], dig["until"], dig["widest"], dig["change"]) == (
        2022,
        2023,
        2023,
        pytest.approx(60),
    )
    assert (dig["share_first"], dig["share"]) == (0, pytest.approx(0.6))
    assert dig[["enters_first", "leaves_first"]].isna().all()
    assert (dig["enters"], dig["leaves"], dig["pauses"]) == (2021, 2023, 0)
    assert (buy["change"], buy["share_first"]) == (pytest.approx(-60), pytest.approx(0.9))
    assert buy["enters"] == 2021
    assert found.loc[["buy"], "leaves"].isna().all()
    whole = found.loc[[""]].set_index("pathway")["change"]
    assert whole.to_dict() == pytest.approx({"domestic primary": 60, "foreign primary": -60})


def test_a_threshold_leaves_out_what_hardly_changes(plans: tuple[Plan, Plan]) -> None:
    """Beyond 50 points only 2023 differs; beyond 60 nothing does; at 1 point 2021 does too."""
    assert set(planner.routes(plans, points=50)["since"]) == {2023}
    assert not len(planner.routes(plans, points=60.001))
    assert set(planner.routes(plans, points=1)["since"]) == {2021}


def test_a_route_that_pauses(tmp_path: Path) -> None:
    """The mine gives 50 t in 2021 and in 2023 and none between, then leaves: one pause."""
    found = (
        planner.routes([made(tmp_path, 50, [50, 0, 50, 0]), made(tmp_path, 20, [50, 0, 50, 0])])
        .set_index("process")
        .loc["dig"]
    )
    assert (found["enters"], found["leaves"], found["pauses"]) == (2021, 2023, 1)


def test_new_scrap_has_no_share(tmp_path: Path) -> None:
    """New scrap is a loop inside manufacture: more of it changes no route."""

    def with_scrap(most: float) -> Plan:
        study = Study().good("li", "refined", demand=100, shortage_cost=5000)
        study.process("buy", "import", gives={"li": 1}, import_price=30)
        return plan_of(
            study.process(
                "loop", "recycle", gives={"li": 1}, pathway="new scrap", max_activity=most
            ),
            tmp_path,
        )

    assert not len(planner.routes([with_scrap(0), with_scrap(50)]))


def test_one_plan_or_a_negative_threshold_is_refused(plans: tuple[Plan, Plan]) -> None:
    with pytest.raises(SpecError, match="at least two"):
        planner.routes(plans[:1])
    with pytest.raises(SpecError, match="percentage points"):
        planner.routes(plans, points=-1)


def test_compare_shows_the_routes(plans: tuple[Plan, Plan], tmp_path: Path) -> None:
    """On the terminal, as JSON and as a table in the folder."""
    runs = [str(tmp_path / name) for name in ("before", "after")]
    for plan, run in zip(plans, runs, strict=True):
        plan.save(run)
    told = CliRunner().invoke(
        app, ["compare", *runs, "--points", "50", "--out", str(tmp_path / "difference")]
    )
    assert told.exit_code == 0, told.output
    assert "more than 50 points against before" in " ".join(told.stdout.split())
    assert (
        (tmp_path / "difference" / "routes.csv")
        .read_text()
        .startswith("metal,pathway,process,plan,since,until,widest")
    )
    rows = json.loads(CliRunner().invoke(app, ["compare", *runs, "--json"]).stdout)["routes"]
    assert [row["change"] for row in rows if row["process"] == "dig"] == [pytest.approx(60)]
