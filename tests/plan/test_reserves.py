"""Graded secondary reserves by hand, beside the linear programme, and what holds on every study."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import SpecError
from planner.figures.plan_figures import urban_mine
from planner.plan.reserves import CLASSES, STEPS, Grading, grade, routes
from tests.small import Study


def study(price: Any = 70.0, carbon: float = 20.0, **plant: float) -> Study:
    """100 t of old cells arise, half can be collected; per t collecting costs 10, the line 20 to
    run, 10 of annuity (100 over 10 years) and 0.5 t CO2e; it yields 0.8. At 20 USD/t CO2e that is
    50 per t of waste, 62.5 per t of metal, 50 of it without the annuity."""
    made = Study().series("carbon_price", carbon)
    made.good("li/metal", "refined").good(
        "li/cell", "product", demand=160, shortage_cost=1e5, equivalent=1
    )
    made.good("li/waste", "waste", collection=0.5).good("li/old", "scrap").product(
        "cells", waste="li/waste", uses={"li/cell": 1}, inflow={2020: 100}
    )
    made.process("buy", "import", gives={"li/metal": 1}, import_price=price)
    made.process("make", "manufacture", takes={"li/metal": 1}, gives={"li/cell": 1})
    made.process("collect", "collect", takes={"li/waste": 1}, gives={"li/old": 1}, variable_cost=10)
    made.process(
        "recycle",
        "recycle",
        takes={"li/old": 1},
        gives={"li/metal": 0.8},
        loss="dust",
        variable_cost=20,
        direct_emission=0.5,
        plant="line",
    )
    return made.plant(
        "line",
        **{
            "existing_capacity": 20.0,
            "capital_cost": 100.0,
            "life": 10.0,
            "interest_rate": 0.0,
            **plant,
        },
    )


def read(made: Study, folder: Path) -> planner.System:
    return planner.read(made.write(folder / "s"))


def steps(found: Grading, year: int = 2021, product: str = "cells") -> dict[str, float]:
    rows = found.steps[(found.steps["year"] == year) & (found.steps["product"] == product)]
    return dict(zip(rows["step"], rows["value"], strict=True))


def parts(found: Grading, product: str = "cells") -> dict[str, float]:
    rows = found.classes[found.classes["product"] == product]
    return dict(zip(rows["part"], rows["value"], strict=True))


NESTED = {"in use": 160, "arising": 100, "collectable": 50, "recoverable": 40}


@pytest.mark.parametrize(
    ("price", "carbon", "economic", "standing"),
    [
        (70, None, 40, 16),
        (60, None, 16, 16),
        (45, None, 0, 0),
        (60, 0, 40, 16),
        (70, 40, 16, 16),
        (70, 80, 0, 0),
    ],
)
def test_steps_by_hand(
    tmp_path: Path, price: float, carbon: float | None, economic: float, standing: float
) -> None:
    """The line stands for 20 of 50 t: 16 t of metal that pay from 50, the other 24 from 62.5; each
    20 USD/t CO2e add 12.5."""
    found = grade(read(study(), tmp_path), price={"lithium": price}, carbon_price=carbon)
    assert steps(found) == pytest.approx({**NESTED, "economic": economic})
    shown = parts(found)
    assert shown.get("economic, plant standing", 0) == pytest.approx(standing)
    assert shown.get("economic, plant to be built", 0) == pytest.approx(economic - standing)
    assert shown.get("uneconomic", 0) == pytest.approx(40 - economic)
    assert (shown["uncollectable"], shown["unrecoverable"]) == pytest.approx((50, 10))


def test_the_curve_says_what_a_tonne_costs_part_by_part(tmp_path: Path) -> None:
    found = grade(read(study(), tmp_path), price={"lithium": 1})
    lines = found.curve.set_index("plants")
    named = ["cost", "running", "capital", "carbon", "credit", "quantity", "cumulative"]
    assert lines.loc["standing", named].tolist() == pytest.approx([50, 37.5, 0, 12.5, 0, 16, 16])
    assert lines.loc["new", named].tolist() == pytest.approx([62.5, 37.5, 12.5, 12.5, 0, 24, 40])
    assert set(lines["route"]) == {"collect + recycle"}


@pytest.mark.parametrize("price", [45.0, 55.0, 62.0, 63.0, 100.0])
def test_what_is_economic_is_what_the_plan_recycles(tmp_path: Path, price: float) -> None:
    """In a study of one year the programme charges one year of the annuity: import price for shadow
    price, both draw the same line."""
    plan = planner.solve(read(study(price), tmp_path))
    found = grade(plan)
    assert found.prices["price"].tolist() == pytest.approx([min(price, max(price, 50))])
    recycled = plan.supply.loc[plan.supply["pathway"] == "domestic secondary", "value"].sum()
    assert steps(found)["economic"] == pytest.approx(recycled)


def test_avoided_disposal_pays_for_recycling(tmp_path: Path) -> None:
    """Landfill at 15 per t of waste lowers the 50 to 35 per t, 43.75 per t of metal, 31.25 where
    the line stands."""
    made = study()
    made._value("good_values", {"good": "li/waste", "metal": ""}, "disposal_cost", 15)
    assert grade(read(made, tmp_path), price={"lithium": 45}).curve[
        "cost"
    ].tolist() == pytest.approx([31.25, 43.75])


def test_a_joint_route_credits_the_other_metal(tmp_path: Path) -> None:
    """A tonne of packs gives 0.1 t of lithium and 0.2 t of cobalt for 50: at 100 for cobalt lithium
    costs (50 - 20) / 0.1 = 300, at 300 for lithium cobalt costs (50 - 30) / 0.2 = 100: both at once
    just pay."""
    made = Study(metals=("lithium", "cobalt"))
    content = {"lithium": 0.1, "cobalt": 0.2}
    for metal in content:
        made.good(f"{metal}/metal", "refined", metal=metal).process(
            f"buy_{metal}", "import", gives={f"{metal}/metal": 1}, import_price=1
        )
    made.good("pack", "product", content=content, demand=10, shortage_cost=1e5).good(
        "pack/waste", "waste", content=content, collection=1
    )
    made.process(
        "make", "manufacture", takes={"lithium/metal": 0.1, "cobalt/metal": 0.2}, gives={"pack": 1}
    )
    made.good("pack/old", "scrap", content=content).product(
        "packs", waste="pack/waste", uses={"pack": 1}, inflow={2020: 10}
    )
    made.process("collect", "collect", takes={"pack/waste": 1}, gives={"pack/old": 1})
    made.process(
        "recycle",
        "recycle",
        takes={"pack/old": 1},
        gives={"lithium/metal": 0.1, "cobalt/metal": 0.2},
        variable_cost=50,
    )
    system = read(made, tmp_path)
    curve = grade(system, price={"lithium": 300, "cobalt": 100}).curve.set_index("metal")
    assert curve["cost"].to_dict() == pytest.approx({"lithium": 300, "cobalt": 100})
    assert curve["quantity"].to_dict() == pytest.approx({"lithium": 1, "cobalt": 2})
    less = grade(system, price={"lithium": 299, "cobalt": 100}).steps
    assert less.loc[less["step"] == "economic", "value"].sum() == 0


def test_the_route_that_pays_best_is_taken_and_the_best_yield_is_recoverable(
    tmp_path: Path,
) -> None:
    """A second line yields 0.95 for 60: it makes 47.5 t recoverable, but the first pays better
    until the price passes 10 / 0.15."""
    made = study()
    made.process(
        "fine",
        "recycle",
        takes={"li/old": 1},
        gives={"li/metal": 0.95},
        loss="dust",
        variable_cost=50,
    )
    system = read(made, tmp_path)
    found = {price: steps(grade(system, price={"lithium": price})) for price in (64, 70)}
    assert found[64]["recoverable"] == found[70]["recoverable"] == pytest.approx(47.5)
    assert found[64]["economic"] == pytest.approx(40)
    assert found[70]["economic"] == pytest.approx(47.5)
    assert [route.name for route in routes(system, "li/waste")] == [
        "collect + fine",
        "collect + recycle",
    ]


def test_a_plant_that_cannot_be_ordered_gives_what_stands(tmp_path: Path) -> None:
    made = study()
    made.rows["plants"] = [row for row in made.rows["plants"] if row["parameter"] != "capital_cost"]
    found = grade(read(made, tmp_path), price={"lithium": 1000})
    assert steps(found)["economic"] == pytest.approx(16)
    assert parts(found)["uneconomic"] == pytest.approx(24)


def test_what_pays_later_is_potentially_viable(tmp_path: Path) -> None:
    """The carbon price falls from 80 to 0: in 2021 nothing pays at 60, in 2022 all does."""
    made = study(carbon=0.0)
    made.last = 2022
    made.years["last"] = 2022
    made.rows["series"] = []
    made.series("carbon_price", {2021: 80, 2022: 0})
    found = grade(read(made, tmp_path), price={"lithium": 60})
    first = found.classes[found.classes["year"] == 2021].set_index("part")
    assert first.loc["economic later", ["value", "class", "e", "f"]].tolist() == [
        pytest.approx(40),
        "Potentially viable",
        "E2",
        "F2",
    ]
    assert steps(found, 2022)["economic"] > 0


@pytest.mark.parametrize(
    ("grades", "axis"), [(("A", "B"), "G1"), (("A", "C"), "G2"), (("D", "A"), "G3")]
)
def test_confidence_is_the_weakest_grade_of_the_product(
    tmp_path: Path, grades: tuple[str, str], axis: str
) -> None:
    made = study()
    for table, value in zip(("product_values", "collection"), grades, strict=True):
        for row in made.rows[table]:
            row["grade"] = value
    for row in made.rows["cohorts"]:
        row["grade"] = "A"
    classes = grade(read(made, tmp_path), price={"lithium": 60}).classes
    assert set(classes.loc[classes["part"] != "in use", "g"]) == {axis}
    assert set(classes.loc[classes["part"] == "in use", "g"]) == {"G4"}


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ({}, "lithium: has no price|'lithium': has no price"),
        ({"lithium": -1}, "is -1; give"),
        ({"lithium": 1, "tin": 1}, "is not a metal"),
    ],
)
def test_prices_that_are_none(tmp_path: Path, price: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        grade(read(study(), tmp_path), price=price)


@pytest.mark.parametrize("name", ["quickstart", "china"])
def test_the_parts_add_up_to_what_arises_and_steps_are_nested(name: str) -> None:
    plan = planner.solve(planner.read(name))
    found = grade(plan)
    wide = found.steps.pivot_table(
        index=["metal", "product", "year"], columns="step", values="value"
    )
    nested = wide[list(STEPS[1:])].to_numpy()
    assert (np.diff(nested, axis=1) <= 1e-9 * nested.max()).all()
    flow = (
        found.classes[found.classes["part"] != "in use"]
        .groupby(["metal", "product", "year"])["value"]
        .sum()
    )
    both = pd.concat([wide["arising"], flow], axis=1).fillna(0.0)
    assert both["value"].to_numpy() == pytest.approx(
        both["arising"].to_numpy(), abs=1e-9 * nested.max()
    )
    assert set(found.classes["part"]) <= set(CLASSES)
    arising = plan.flows[
        plan.flows["source"].str.startswith("use/") & ~plan.flows["target"].str.startswith("loss/")
    ]
    by_year = arising.groupby(["metal", "year"])["value"].sum()
    assert wide["arising"].groupby(["metal", "year"]).sum().loc[
        by_year.index
    ].to_numpy() == pytest.approx(by_year.to_numpy())
    assert (found.curve.groupby(["metal", "year"])["cost"].diff().dropna() >= 0).all()


def test_what_china_recycles_runs_on_routes_that_pay(tmp_path: Path) -> None:
    """Every metal and year: the plan recycles no more than is technically recoverable."""
    plan = planner.solve(planner.read("china"))
    recoverable = (
        grade(plan).steps.query("step == 'recoverable'").groupby(["metal", "year"])["value"].sum()
    )
    recycled = (
        plan.supply[plan.supply["pathway"] == "domestic secondary"]
        .groupby(["metal", "year"])["value"]
        .sum()
    )
    assert (recycled <= recoverable.loc[recycled.index] * (1 + 1e-6) + 1e-6).all()


def test_the_curve_is_drawn_step_beside_step(tmp_path: Path) -> None:
    """16 t at 50 from the standing line, 24 t at 62.5 from a new one, and the price judged at; a
    year without waste has no curve."""
    found = grade(read(study(), tmp_path), price={"lithium": 60})
    figure = urban_mine(found, "lithium", 2021)
    bars, price = figure.data
    assert list(bars.x) == pytest.approx([8, 28])
    assert list(bars.y) == pytest.approx([50, 62.5])
    assert list(bars.width) == pytest.approx([16, 24])
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert list(price.y) == pytest.approx([60, 60])
    with pytest.raises(SpecError, match="choose another metal or year"):
        urban_mine(found, "lithium", 2030)


GRADED = """
import planner
system = planner.read("china")
found = planner.grade(system, price=dict.fromkeys(system.metals, 1e4), carbon_price=50.0)
print(found.classes.to_csv(), found.curve.to_csv())
"""


def test_the_same_to_the_last_digit_in_every_run() -> None:
    """Plants are shared by wastes: were their loads added up in the order of a set, the last digits
    would change with the seed of Python's hashes."""
    said = {
        subprocess.run(
            [sys.executable, "-c", GRADED],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1
