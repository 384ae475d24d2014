"""A requirement in refined equivalents: by the study's equivalents in policies and reports, and by
contained metal where a report must count and a policy refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.errors import SpecError
from planner.system.nouns import System, frozen_map
from planner.system.unit_accounts import (
    demand_by_good,
    equivalent,
    refined_requirement,
    reported_equivalent,
    reported_requirement,
)
from tests.by_hand import ByHand


def demanding(cell_equivalent: float | None) -> System:
    """100 t of cells and 20 t of exported salt a year; the salt is refined."""
    system = (
        ByHand()
        .good("salt", "refined", demand=20.0, export=True)
        .good("cell", "product", demand=100.0)
        .system()
    )
    stated = {} if cell_equivalent is None else {"lithium": cell_equivalent}
    goods = {
        "salt": replace(system.goods["salt"], equivalent=frozen_map({})),
        "cell": replace(system.goods["cell"], equivalent=frozen_map(stated)),
    }
    return replace(system, goods=frozen_map(goods))


def test_policies_and_reports_agree_where_the_study_states_equivalents() -> None:
    """100 x 1.1 + 20 x 1 (a refined good counts by its content)."""
    system = demanding(1.1)
    assert refined_requirement(system, "lithium") == pytest.approx([130.0])
    assert (reported_requirement(system, "lithium") == refined_requirement(system, "lithium")).all()
    for good in system.goods.values():
        assert equivalent(good, "lithium") == reported_equivalent(good, "lithium")


def test_exports_and_home_uses_are_told_apart() -> None:
    system = demanding(1.1)
    assert refined_requirement(system, "lithium", export=True) == pytest.approx([20.0])
    assert refined_requirement(system, "lithium", export=False) == pytest.approx([110.0])
    assert list(demand_by_good(system, export=False)) == ["cell"]
    assert demand_by_good(system, metal="cobalt") == {}


def test_without_an_equivalent_a_report_counts_contained_metal_and_a_policy_refuses() -> None:
    system = demanding(None)
    assert reported_requirement(system, "lithium") == pytest.approx([120.0])
    with pytest.raises(SpecError, match="good 'cell'"):
        refined_requirement(system, "lithium")
