"""The study of China to 2100: what is carried on, and how; its first forty years are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from models.china.horizon import longer_head, write
from planner.system.nouns import System

PERSONS_2060 = 1215e6 - (1215e6 - 633e6) * 6 / 46
"""On the line from 2054 to 2100."""


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> System:
    return planner.read(write(tmp_path_factory.mktemp("horizon") / "china-2100"))


def test_home_demand_moves_with_the_population_and_exports_are_held(longer: System) -> None:
    """633 million of 1,139 in 2060: 0.556 of home demand in 2100, half-way in 2080; lithium in
    exported products stays as it was."""
    ratio = 633e6 / PERSONS_2060
    for name, good in longer.goods.items():
        if good.demand is None:
            continue
        end = good.demand[39]
        expected = end if good.export else ratio * end
        assert good.demand[-1] == pytest.approx(expected, rel=1e-5), name
        assert good.demand[59] == pytest.approx((end + expected) / 2, rel=1e-5), name
    assert longer.population is not None
    assert longer.population[-1] == pytest.approx(633e6, rel=1e-5)


def test_the_first_forty_years_are_those_of_the_study(longer: System) -> None:
    china = planner.read("china")
    assert longer.years == tuple(range(2021, 2101))
    assert longer.processes.keys() == china.processes.keys()
    for name, process in china.processes.items():
        for field in ("variable_cost", "import_price", "max_activity", "direct_emission"):
            np.testing.assert_array_equal(
                getattr(longer.processes[name], field)[:40], getattr(process, field), name
            )
    for name, good in china.goods.items():
        if good.demand is not None:
            np.testing.assert_array_equal(longer.goods[name].demand[:40], good.demand, name)
    np.testing.assert_array_equal(longer.carbon_price[:40], china.carbon_price)
    assert longer.carbon_price[-1] == china.carbon_price[-1]
    level = longer.policies["germanium_protection"].level
    np.testing.assert_array_equal(level[39:], level[39])


def test_the_head_to_another_year() -> None:
    head = 'title = "China: supply, 2021-2060"\n[years]\nfirst = 2021\nlast = 2060\n'
    head += "cap = { 2021 = 130, 2060 = 110 }\n[scenarios.a]\n"
    made = longer_head(head, 2080)
    assert "last = 2080" in made
    assert "2021-2080" in made
    assert "cap = { 2021 = 130, 2060 = 110, 2080 = 110 }" in made
    assert "2060 = 110 }" not in made


def test_what_the_facts_reach_is_no_longer_horizon(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the facts reach 2060"):
        write(tmp_path, 2050)


def test_it_can_be_planned_to_2100(longer: System) -> None:
    """Nothing is short, and all of the stock that the study says is served: with two fifths fewer
    persons recycling serves more of lithium in 2080 than in 2060."""
    plan = planner.solve(longer)
    assert plan.headline.shortage_penalty == pytest.approx(0.0, abs=1.0)
    assert plan.headline.targets_met == plan.headline.targets
    mix = plan.mix[(plan.mix["metal"] == "lithium")].set_index(["pathway", "year"])["share"]
    assert mix["domestic secondary", 2080] > mix["domestic secondary", 2060]
