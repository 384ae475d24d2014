"""Metals that fall short when imports stop growing, against a case solved by hand."""

from __future__ import annotations

import pytest

from planner.analysis.security.supply_gap import gap
from planner.errors import SpecError
from tests.small import Study, system_of


def growing() -> Study:
    """Demand 100, 120, 140; imports from A at 10; a mine at 50 that stands with 10 t and may be
    built by 15 t in 2022 (at once, for good): 25 t in 2022 and later."""
    study = Study(2021, 2023).good("li", "refined", demand=[100, 120, 140], shortage_cost=1000)
    study.process("buy", "import", origin="A", gives={"li": 1}, import_price=10)
    study.plant("works", existing_capacity=10, capital_cost=1, life=9, max_new=[0, 15, 0])
    return study.process("dig", "mine", gives={"li": 1}, plant="works", variable_cost=50)


def test_the_gap_opens_when_home_can_no_longer_follow(tmp_path):
    """Held to 100 t: 20 t are missing in 2022, which the mine serves (25), and 40 in 2023, of which
    15 stay unserved. Building without limit closes all of it, as does A free to grow."""
    found = gap(system_of(growing(), tmp_path))
    (row,) = found.gaps.to_dict("records")
    assert (row["metal"], row["first"], row["last"], row["unmet"]) == (
        "lithium",
        2023,
        2023,
        pytest.approx(15),
    )
    assert (row["share"], row["largest"]) == pytest.approx((15 / 360, 15 / 140))
    closed = found.levers.set_index("lever")["closed"]
    assert closed["A free to grow"] == pytest.approx(1)
    assert closed["plants at home without limits of building and size"] == pytest.approx(1)


def test_imports_that_grow_leave_a_smaller_gap(tmp_path):
    """At 10 % a year A gives 110 and 121: 140 - 121 - 25 < 0, no gap, and nothing to close."""
    found = gap(system_of(growing(), tmp_path), growth=0.1)
    assert len(found.gaps) == len(found.levers) == 0


@pytest.mark.parametrize("wrong", [{"year": 1999}, {"growth": -1}])
def test_what_cannot_be_is_refused(tmp_path, wrong):
    with pytest.raises(SpecError):
        gap(system_of(growing(), tmp_path), **wrong)
