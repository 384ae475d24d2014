"""The reference of the China study is the law of today; what was law in 2023 is a scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import planner
from planner.system.nouns import System

TODAY = ("battery_take_back", "germanium_export_licence", "zimbabwe_concentrate")


@pytest.fixture(scope="module")
def today() -> System:
    return planner.read("china")


@pytest.fixture(scope="module")
def before() -> System:
    return planner.read("china", scenario="law-2023")


def most(system: System, process: str) -> dict[int, float]:
    bound: Any = system.processes[process].max_activity
    return dict(zip(system.years, np.asarray(bound, dtype=float), strict=True))


def test_the_congo_sends_what_its_stop_and_quota_leave(today: System, before: System) -> None:
    """2025: a quarter of 200 kt of 2024, three months at sea, and 0.9 x 40 kt = 86. 2026: 0.9 x
    (18,125 + 0.75 x 96,600) = 81.5. 2027: 0.9 x 96,600. Without them 200 kt fall to 150 by 2030."""
    now, then = (most(system, "import_cobalt_hydroxide_drc") for system in (today, before))
    found = [now[year] for year in (2024, 2025, 2026, 2027)]
    assert found == pytest.approx([200_000, 86_000, 81_517.5, 86_940])
    assert then[2027] == pytest.approx(175_000)
    assert {year: now[year] for year in range(2030, 2061)} == {
        year: then[year] for year in range(2030, 2061)
    }


def test_policies_of_today_are_off_under_the_law_of_2023(today: System, before: System) -> None:
    assert set(TODAY) <= set(today.policies)
    assert not set(TODAY) & set(before.policies)
    assert set(before.policies) == set(today.policies) - set(TODAY)


def test_collected_packs_have_no_outlet_but_a_recycler_from_2026(
    today: System, before: System
) -> None:
    """A plan that threw collected packs away for nothing would meet the target on paper."""
    scrap = "battery/lfp_scrap"
    cost = dict(zip(today.years, np.asarray(today.goods[scrap].disposal_cost), strict=True))
    assert (cost[2025], cost[2026], cost[2060]) == (0, 2000, 2000)
    assert not np.any(np.asarray(before.goods[scrap].disposal_cost))


def test_all_scenarios_but_that_of_2023_stand_on_the_law_of_today() -> None:
    for scenario in ("carbon-neutral", "closed-loop", "self-reliance", "scrap-imports"):
        assert set(TODAY) <= set(planner.read("china", scenario=scenario).policies)
