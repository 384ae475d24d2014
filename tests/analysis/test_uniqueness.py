"""Other plans of the same cost, other prices of the same plan, and what a price is made of: small
studies in which all is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import planner
from planner.analysis.diagnosis.explain import explain
from planner.analysis.diagnosis.price_decomposition import PARTS
from planner.cli import app
from tests.small import Study, system_of


def market(last: int = 2021, **head: float) -> Study:
    return Study(2021, last, **head).good("li", "refined", demand=100, shortage_cost=5000)  # type: ignore[arg-type]


def test_two_sources_of_one_price_make_two_plans(tmp_path: Path) -> None:
    """Chile and Peru both at 30, 80 t each, of 100 t: either may give 20 to 80. The price is 30 all
    the same."""
    study = market()
    for origin in ("Chile", "Peru"):
        study.process(f"buy_{origin}", "import", gives={"li": 1}, import_price=30, max_activity=80)
    found = explain(system_of(study, tmp_path))
    assert found.ties is not None
    assert not found.ties.plan_unique
    assert found.ties.prices_unique
    seen = found.swaps.set_index("process")
    assert set(seen.index) == {"buy_Chile", "buy_Peru"}
    assert (seen["least"] >= 20 - 1e-6).all()
    assert (seen["most"] <= 80 + 1e-6).all()
    assert (seen["most"] - seen["least"]).min() > 1
    assert found.words[0].startswith("Other plans cost as little: buy_")
    assert found.words[1] == "Prices have one value each."


def test_a_cent_between_them_makes_one_plan(tmp_path: Path) -> None:
    """At 30 and 30.01 the plan is the only one, however near the other."""
    study = market().process("buy", "import", gives={"li": 1}, import_price=30, max_activity=80)
    found = explain(
        system_of(
            study.process("next", "import", gives={"li": 1}, import_price=30.01, max_activity=80),
            tmp_path,
        )
    )
    assert found.ties is not None
    assert found.ties.plan_unique
    assert found.words[0] == "No other plan costs as little."


def test_a_loop_that_costs_nothing_is_no_unbounded_answer(tmp_path: Path) -> None:
    """Metal turned to and fro at no cost: the loop may run at any level, and is named."""
    study = (
        Study()
        .good("li", "refined")
        .good("form", "intermediate")
        .good("out", "product", demand=100, shortage_cost=5000)
    )
    study.process("buy", "import", gives={"li": 1}, import_price=30)
    study.process("make", "manufacture", takes={"li": 1}, gives={"out": 1}, pathway="")
    study.process("to", "refine", takes={"li": 1}, gives={"form": 1}, pathway="")
    study.process("fro", "refine", takes={"form": 1}, gives={"li": 1})
    found = explain(system_of(study, tmp_path))
    assert set(found.swaps["process"]) >= {"to", "fro"}


@pytest.mark.parametrize(("beyond", "more"), [(True, 30), (False, 5000)])
def test_a_price_at_a_kink_has_two_values(tmp_path: Path, beyond: bool, more: float) -> None:
    """A mine at 20 that gives just the 100 t: one less saves 20; one more is bought at 30, or goes
    short at 5,000."""
    study = market().process("dig", "mine", gives={"li": 1}, variable_cost=20, max_activity=100)
    if beyond:
        study.process("buy", "import", gives={"li": 1}, import_price=30)
    found = explain(system_of(study, tmp_path))
    assert found.ties is not None
    row = found.prices.iloc[0]
    assert (row["low"], row["high"], row["unique"]) == (
        pytest.approx(20),
        pytest.approx(more),
        False,
    )
    assert row["low"] - 1e-6 <= row["price"] <= row["high"] + 1e-6
    assert row["marginal"] == ("buy" if beyond else "less demand served")
    assert not found.ties.prices_unique
    assert found.ties.degenerate > 0
    assert found.ties.plan_unique
    assert any(f"one less saves 20, one more costs {more:,.0f}" in word for word in found.words)


def test_prices_in_discounted_years_are_undone(tmp_path: Path) -> None:
    """At 10 % a year the kink of 2023 is still one from 20 to 30."""
    study = market(2023, discount_rate=0.1).process(
        "dig", "mine", gives={"li": 1}, variable_cost=20, max_activity=100
    )
    found = explain(
        system_of(study.process("buy", "import", gives={"li": 1}, import_price=30), tmp_path)
    ).prices.set_index("year")
    assert (found.loc[2023, "low"], found.loc[2023, "high"]) == (
        pytest.approx(20),
        pytest.approx(30),
    )
    assert found["unique"].isna().tolist() == [False, True, False]  # the year between was not asked


def test_a_price_is_running_cost_carbon_and_limits(tmp_path: Path) -> None:
    """Ore at 10 (2 t CO2e at 3) into metal at 5; demand beyond the 60 t that can be dug is bought
    at 40. Imports set the price of 40: running cost and nothing else. Without them, and 100 t of
    ore, the mine does: 15 and 6 of carbon."""

    def study(most: float, imports: bool) -> Study:
        made = market().good("ore", "intermediate").series("carbon_price", 3)
        made.process(
            "dig", "mine", gives={"ore": 1}, variable_cost=10, direct_emission=2, max_activity=most
        )
        made.process("refine", "refine", takes={"ore": 1}, gives={"li": 1}, variable_cost=5)
        return made.process("buy", "import", gives={"li": 1}, import_price=40) if imports else made

    bought = explain(system_of(study(60, imports=True), tmp_path)).parts.iloc[0]
    assert (bought["source"], bought["price"], bought["running_cost"], bought["limits"]) == (
        "buy",
        pytest.approx(40),
        pytest.approx(40),
        0,
    )
    dug = explain(system_of(study(200, imports=False), tmp_path)).parts.iloc[0]
    assert (dug["source"], dug["running_cost"], dug["carbon"], dug["limits"]) == (
        "refine",
        pytest.approx(15),
        pytest.approx(6),
        0,
    )


def test_the_limit_that_sets_a_price_is_named_with_its_line(tmp_path: Path) -> None:
    """A mine of 60 t of 100: the price is the 5,000 of going short. An ore body that lasts one year
    of two is worth what it spares."""
    short = market().process("dig", "mine", gives={"li": 1}, variable_cost=20, max_activity=60)
    row = explain(system_of(short, tmp_path)).parts.iloc[0]
    assert (row["source"], row["price"]) == ("demand that is not served", pytest.approx(5000))
    # that is a penalty, which nobody pays: no running cost
    assert (row["penalty"], row["running_cost"]) == (pytest.approx(5000), 0)
    held = market(2022).deposit("lake", reserve=100)
    held.process("dig", "mine", takes={"lake": 1}, gives={"li": 1}, variable_cost=20)
    held.process("buy", "import", gives={"li": 1}, import_price=[30, 90], max_activity=[100, 0])
    found = explain(system_of(held, tmp_path)).parts.set_index("year")
    # in 2022 the mine alone gives: its ore is worth the 30 of 2021 less the 20 of digging
    assert (found.loc[2022, "source"], found.loc[2022, "limit"]) == ("dig", "depletion[lake]")
    assert found.loc[2022, "place"] == "deposits.csv:2"
    assert found.loc[2022, "limits"] == pytest.approx(found.loc[2022, "price"] - 20)


@pytest.mark.parametrize(
    ("study", "scenario"),
    [
        ("quickstart", "reference"),
        pytest.param("china", "self-reliance", marks=pytest.mark.slow),
    ],
)
def test_the_parts_of_every_price_add_up(study: str, scenario: str) -> None:
    """Running costs, carbon, co-products, penalty and limits are the price, for every metal and
    year, through all stages; and each price lies between what one less saves and one more costs."""
    found = explain(planner.read(study, scenario=scenario))
    assert len(found.parts)
    np.testing.assert_allclose(
        found.parts[list(PARTS)].sum(axis=1),
        found.parts["price"],
        rtol=1e-6,
    )
    asked = found.prices.dropna(subset=["low"])
    room = 1e-6 * asked["price"].abs()
    assert (
        (asked["low"] - room <= asked["price"]) & (asked["price"] <= asked["high"] + room)
    ).all()


def test_the_answer_as_json(tmp_path: Path) -> None:
    """What is not unique is said in all three forms."""
    study = market().process("dig", "mine", gives={"li": 1}, variable_cost=20, max_activity=100)
    folder = str(study.write(tmp_path / "s"))
    answer = json.loads(CliRunner().invoke(app, ["explain", folder, "--json"]).stdout)
    assert answer["unique"] == {
        "plan": True,
        "prices": False,
        "degenerate": answer["unique"]["degenerate"],
    }
    assert answer["parts"][0]["source"] == "dig"
    told = CliRunner().invoke(
        app, ["explain", folder, "--quiet", "--table", "--out", str(tmp_path / "out")]
    )
    assert told.exit_code == 0
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {
        "prices",
        "parts",
        "rents",
        "policies",
        "idle",
        "swaps",
    }
