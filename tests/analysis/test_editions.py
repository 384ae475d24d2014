"""Which rows moved which headline between two editions of the data, against cases by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.tradeoffs import editions
from planner.cli import app
from planner.errors import SpecError
from planner.plan.plan import Plan
from tests.small import Study, plan_of

HOME = "share:lithium:domestic-primary:2021"


def edition(most: float = 40, price: float = 12, *, more: bool = False, cost: float = 10) -> Study:
    """100 t: at home 40 t at 10, the rest abroad at 12, or the numbers given; `more`: 20 t from
    another country at 11."""
    study = Study(last=2021).good("li", "refined", demand=100, shortage_cost=1000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=cost, max_activity=most)
    study.process("buy", "import", gives={"li": 1}, import_price=price, origin="Chile")
    if more:
        study.process(
            "buy more",
            "import",
            gives={"li": 1},
            import_price=11,
            max_activity=20,
            origin="Peru",
        )
    return study


def shares(found: planner.Attribution, headline: str) -> dict[str, float]:
    rows = found.shares[found.shares["headline"] == headline]
    return dict(zip(rows["group"], rows["share"], strict=True))


def plans(tmp_path: Path, *studies: Study) -> list[Plan]:
    return [plan_of(study, tmp_path / str(i)) for i, study in enumerate(studies)]


def test_two_rows_that_act_on_one_another_are_parted_without_an_order(tmp_path: Path) -> None:
    """The mine grows from 40 to 60 t, imports rise from 12 to 15: 1,120 becomes 1,200. The mine
    alone makes it 1,080, the price alone 1,300. First, the mine saves 40, last 100: 70 on average;
    the price adds 180 or 120: 150; together the 80 that are seen. Taken one after the other it
    would be -40 and 120, or 180 and -100. The home share moves by 0.2, all by the mine."""
    first, second = plans(tmp_path, edition(), edition(60, 15))
    found = planner.attribute(first, second)
    mine, price = "process_values.dig.max_activity", "process_values.buy.import_price"
    assert shares(found, "cost") == pytest.approx({mine: -70, price: 150})
    assert shares(found, HOME) == pytest.approx({mine: 0.2})
    assert found.solves == 2
    row = found.shares.iloc[0]
    assert (row["from"], row["to"], row["change"]) == pytest.approx((1120, 1200, 80))
    said = found.rows.set_index("group")
    assert said.loc[mine, ["from", "to"]].tolist() == ["40 t/year", "60 t/year"]


def test_what_only_one_edition_has_moves_as_one(tmp_path: Path) -> None:
    """A new origin comes with its row, its recipe, its price and its bound: 20 t at 11 in place of
    12 save 20. Any of these rows alone would be no study."""
    found = planner.attribute(*plans(tmp_path, edition(), edition(more=True)))
    assert list(shares(found, "cost").values()) == pytest.approx([-20])
    assert set(found.rows["table"]) == {"processes", "coefficients", "process_values"}
    assert "1 group" in found.method
    back = planner.attribute(*plans(tmp_path / "back", edition(more=True), edition()))
    assert list(shares(back, "cost").values()) == pytest.approx([20])


def test_many_groups_are_averaged_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three rows: the mine grows from 40 to 60 t, its cost falls from 10 to 8, imports rise to 15:
    1,120 becomes 60 x 8 + 40 x 15 = 1,080, -40. Added first and last, the mine: -40 and 1,080 -
    1,220 = -140, mean -90; its cost: -80 and 1,080 - 1,200 = -120, mean -100; imports: 180 and
    1,080 - 960 = 120, mean 150. These add up to -40: pairs act on one another, never three at
    once, so that the means are the Shapley values."""
    first, second = plans(tmp_path, edition(), edition(60, 15, cost=8))
    exact = shares(planner.attribute(first, second), "cost")
    assert exact == pytest.approx(
        {
            "process_values.dig.max_activity": -90,
            "process_values.dig.variable_cost": -100,
            "process_values.buy.import_price": 150,
        }
    )
    monkeypatch.setattr(editions, "EXACT", 2)
    found = planner.attribute(first, second)
    assert shares(found, "cost") == pytest.approx(exact)
    assert found.solves == 6
    assert "first and last" in found.method


def test_what_no_mean_explains_stands_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mine grows from 40 to 60 t, its cost rises to 14, imports to 15: 1,120 becomes 1,440.
    Added first, the mine: 1,080, so -40; its cost: 1,200, since imports at 12 are cheaper, 80;
    imports: 1,300, so 180. Added last: 1,460 without the mine, so -20; 1,200 without its cost, 240;
    1,200 without imports, 240. Means -30, 160, 210: 340 of the 320, and -20 are left over."""
    first, second = plans(tmp_path, edition(), edition(60, 15, cost=14))
    monkeypatch.setattr(editions, "EXACT", 2)
    found = planner.attribute(first, second)
    assert shares(found, "cost") == pytest.approx(
        {
            "process_values.dig.max_activity": -30,
            "process_values.dig.variable_cost": 160,
            "process_values.buy.import_price": 210,
            "together": -20,
        }
    )


def test_groups_are_joined_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "MOST", 2)
    found = planner.attribute(*plans(tmp_path, edition(), edition(60, 15, cost=8)))
    assert "joined by the noun that they are of, of 2 at most" in found.method
    assert set(shares(found, "cost")) == {"dig", "buy"}


def test_settings_of_the_command_line_are_rows_too(tmp_path: Path) -> None:
    """--set in the second run alone: 60 t at 15 in place of 12 add 180."""
    folder = edition().write(tmp_path / "s")
    path = "process_values.buy.import_price"
    second = planner.solve(planner.read(folder, overrides={path: "15 USD_2021/t"}))
    found = planner.attribute(planner.solve(planner.read(folder)), second)
    assert shares(found, "cost") == pytest.approx({f"--set.{path}": 180})


def test_what_cannot_be_attributed_is_refused(tmp_path: Path) -> None:
    first, second = plans(tmp_path, edition(), edition())
    with pytest.raises(SpecError, match="no row differs that a plan depends on"):
        planner.attribute(first, second)
    one, two = (
        planner.solve(planner.read("quickstart", scenario=name)) for name in ("", "carbon-price")
    )
    with pytest.raises(SpecError, match="scenarios reference and carbon-price differ"):
        planner.attribute(one, two)


def test_the_command_says_why(tmp_path: Path) -> None:
    runs = [tmp_path / name for name in ("old", "new")]
    for run, plan in zip(runs, plans(tmp_path, edition(), edition(60, 15)), strict=True):
        plan.save(run)
    said = CliRunner().invoke(app, ["compare", *map(str, runs), "--why", "--json"])
    assert said.exit_code == 0
    rows = [row for row in json.loads(said.stdout)["why"] if row["headline"] == "cost"]
    assert {row["group"]: row["share"] for row in rows} == pytest.approx(
        {"process_values.dig.max_activity": -70, "process_values.buy.import_price": 150}
    )
    shown = CliRunner().invoke(app, ["compare", *map(str, runs), "--why"])
    assert "Shapley values, all combinations solved (2 solves)" in shown.stdout
    three = CliRunner().invoke(app, ["compare", *map(str, [*runs, runs[0]]), "--why"])
    assert three.exit_code == 2
