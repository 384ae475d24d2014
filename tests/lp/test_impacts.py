"""Impacts beside carbon: computed after the solve, priced, capped; every number by hand."""

from __future__ import annotations

import numpy as np
import pytest

import planner
from planner.errors import SpecError
from planner.solver.compiled import compiled
from tests.small import Study, plan_of, price, system_of


def market(last: int = 2021, scope: str = "", **values) -> Study:
    """100 t a year from a mine at 10 USD with 3 m3 of its own and 2 MWh/t, imports at 12 USD with
    1 m3; a MWh takes 0.5 m3. The mine takes 3 + 2 x 0.5 = 4 m3/t."""
    study = Study(2021, last, discount_rate=0.1).impact(
        "water", "m3", scope=scope, electricity=0.5, **values
    )
    study.good("li", "refined", demand=100, shortage_cost=5000)
    study.process("dig", "mine", gives={"li": 1}, variable_cost=10, electricity=2)
    study.process("far", "import", gives={"li": 1}, import_price=12, origin="Chile")
    return study.factor("dig", "water", 3).factor("far", "water", 1)


def test_an_impact_is_computed_after_the_solve(tmp_path):
    """The mine serves all: 300 m3 of its own and 100 of its electricity, in both scopes, nothing
    abroad. The programme has neither row nor column of it: were it there, its size would show."""
    plan = plan_of(market(), tmp_path)
    found = plan.impacts.set_index(["scope", "part"])["value"].to_dict()
    assert found == pytest.approx(
        {
            (scope, part): value
            for scope in ("territorial", "footprint")
            for part, value in (("process", 300), ("electricity", 100))
        }
    )
    assert set(plan.impacts["unit"]) == {"m3/year"}
    assert plan.cost == pytest.approx(1000)
    arrays = compiled(plan.system).arrays
    assert not [name for name, _ in (*arrays.rows, *arrays.columns) if "impact" in name]


def test_a_price_on_an_impact_moves_the_plan(tmp_path):
    """At 1 USD/m3 of the footprint the mine costs 14 and imports 13: all is imported for 1,200 USD
    and 100 USD of price. Without the price the mine, 1,000 USD."""
    plan = plan_of(market(price=1), tmp_path)
    assert plan.objective == pytest.approx(1300)
    costs = plan.costs.groupby("item")["value"].sum()
    assert costs["impact_price"] == pytest.approx(100)
    assert costs["import_price"] == pytest.approx(1200)
    rows = plan.impacts
    assert rows["scope"].tolist() == ["footprint"]
    assert (rows["origin"].tolist(), rows["part"].tolist()) == (["Chile"], ["abroad"])
    # what happens abroad has no price at home: 10 + 4 against 12
    at_home = plan_of(market(price=1, scope="territorial"), tmp_path)
    assert at_home.objective == pytest.approx(1200)
    # cheaper than half a dollar it moves nothing: 10 + 4 x 0.5 < 12 + 0.5
    assert plan_of(market(price=0.5), tmp_path).objective == pytest.approx(1200)


def test_the_price_of_a_cap_by_hand(tmp_path):
    """At most 250 m3 in 2022: d t from the mine and 100 - d from abroad take 100 + 3 d, so d = 50.
    A cubic metre less swaps a third of a tonne at 2 USD: 2/3 USD. 2021 is free of it."""
    study = market(last=2022).policy(
        "drought", "impact_cap", impact="water", scope="footprint", cap=250, from_=2022
    )
    plan = plan_of(study, tmp_path)
    dug = [plan.values["activity"]["dig", t] for t in (2021, 2022)]
    assert dug == pytest.approx([100, 50])
    assert price(plan, "impact_cap", "drought", 2022) == pytest.approx(-2 / 3)
    assert plan.objective == pytest.approx(1000 + 1100 / 1.1)


def test_a_budget_of_an_impact_is_spent_where_it_is_dearest(tmp_path):
    """650 m3 over two years, 200 of them the imports': 450 are 150 t of the mine. Imports of 2022
    are cheaper by discounting, so all that is imported is imported then."""
    study = market(last=2022).policy(
        "well", "impact_budget", impact="water", scope="footprint", cap=650
    )
    plan = plan_of(study, tmp_path)
    assert [plan.values["activity"]["dig", t] for t in (2021, 2022)] == pytest.approx([100, 50])
    assert price(plan, "impact_budget", "well") == pytest.approx(-2 / 3 / 1.1)


def test_a_territorial_cap_leaves_imports_alone(tmp_path):
    """At most 100 m3 at home: 25 t of the mine; the imports' 75 m3 are not counted."""
    study = market().policy("home", "impact_cap", impact="water", scope="territorial", cap=100)
    plan = plan_of(study, tmp_path)
    assert plan.values["activity"]["dig", 2021] == pytest.approx(25)
    total = plan.impacts.groupby("scope")["value"].sum()
    assert total.to_dict() == pytest.approx({"territorial": 100, "footprint": 175})


def test_a_study_without_impacts_has_the_same_programme(tmp_path):
    """An impact without price and cap changes nothing in the arrays, to the last digit."""
    with_it = compiled(system_of(market(), tmp_path)).arrays
    study = market()
    for table in ("impacts", "impact_values"):
        study.rows[table] = []
    study.rows["process_values"] = [
        row for row in study.rows["process_values"] if "impact" not in row["parameter"]
    ]
    without = compiled(system_of(study, tmp_path)).arrays
    assert with_it.rows == without.rows
    assert with_it.columns == without.columns
    assert (with_it.cost == without.cost).all()
    assert (with_it.matrix != without.matrix).nnz == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda s: s.rows["process_values"][-1].update(parameter="impact:wate"),
            r"process_values.csv row \d+, column 'parameter': impact 'wate' is not def.*'water'",
        ),
        (
            lambda s: s.rows["process_values"][-1].update(unit="kg/t"),
            r"process_values.csv row \d+, column 'unit': .*measure the same as m3",
        ),
        (
            lambda s: s.rows["process_values"][-1].update(unit="m3"),
            r"process_values.csv row \d+, column 'unit': .*no division; write one such as m3/t",
        ),
        (
            lambda s: s.impact("land", "m2/a"),
            r"impacts.csv row 3, column 'unit': .*division",
        ),
        (
            lambda s: s.impact("carbon", "kg"),
            r"impacts.csv row 3, column 'impact': 'carbon' is an objective",
        ),
        (
            lambda s: s.policy("c", "impact_cap", impact="wate", scope="footprint", cap=1),
            r"policies.c.impact': 'wate' is unknown.*'water'",
        ),
    ],
)
def test_bad_impacts_are_refused_with_their_place(tmp_path, change, said):
    study = market()
    change(study)
    with pytest.raises(SpecError, match=said):
        system_of(study, tmp_path)


def test_units_of_factors_are_converted_on_both_sides(tmp_path):
    """3 kg SO2 eq per kg are 3,000 per tonne, as text of which no registry knows the first part;
    USD per kg SO2 eq is money of the study."""
    study = market().impact("acid", "kg SO2 eq", price=0.001).factor("dig", "acid", 3)
    study.rows["process_values"][-1]["unit"] = "kg SO2 eq/kg"
    system = system_of(study, tmp_path)
    assert system.impacts["acid"].factors["dig"] == pytest.approx(np.full(1, 3000))
    set_ = {"process_values.dig.impact:acid": "4 kg SO2 eq/kg"}
    folder = study.write(tmp_path / "again")
    again = planner.read(folder, overrides=set_)
    assert again.impacts["acid"].factors["dig"] == pytest.approx(np.full(1, 4000))
    datum = next(d for d in again.data if d.path.endswith("impact:acid"))
    assert (datum.unit, datum.value) == ("kg SO2 eq/t", 4000)


def test_an_impact_of_nothing_is_doubted(tmp_path):
    """An impact without a factor, and a cap on one that only imports have at home."""
    study = market().impact("noise", "dB")
    study.policy("home", "impact_cap", impact="dust", scope="territorial", cap=1)
    study.impact("dust", "kg").factor("far", "dust", 1)
    said = " ".join(w.message for w in system_of(study, tmp_path).warnings)
    assert "no process has 'noise'" in said
    assert "no process has territorial dust" in said
