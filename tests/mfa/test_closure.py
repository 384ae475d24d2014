"""What does not close fails by name, year and size; what closes tells its residuals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.errors import SpecError
from planner.mfa.balance import balance, make_incidence
from planner.mfa.closure import TOLERANCE, closing_residuals, require_closed
from planner.mfa.flows import flow_table
from planner.mfa.simulate import Simulation, simulate
from planner.system.nouns import frozen_array, frozen_map
from tests.by_hand import ByHand


def mined_and_made() -> Simulation:
    """50 t of lithium a year, mined with a fifth lost, made into cells."""
    study = (
        ByHand(2021, 2023)
        .good("li", "refined")
        .good("cell", "product", demand=50.0)
        .deposit("ore", 1000.0)
        .process(
            "mine",
            "mine",
            ore={"ore": 1.25},
            gives={"li": 1.0},
            loss="tailings",
            pathway="domestic primary",
            stage="extraction",
        )
        .process("make", "manufacture", takes={"li": 1.0}, gives={"cell": 1.0})
    )
    return simulate(balance(study.system()))


def with_activity(run: Simulation, name: str, year: int, value: float) -> Simulation:
    activity = {**run.values["activity"], (name, year): value}
    return replace(run, values={**run.values, "activity": activity})


def test_what_closes_returns_the_residuals_of_goods_processes_and_nodes():
    closed = require_closed(mined_and_made())
    assert list(closed) == ["goods", "processes", "nodes"]
    assert max(r.relative_to_own for r in closed.values()) <= TOLERANCE


def test_a_wrong_activity_fails_by_good_year_and_size():
    """A tonne more is mined than is used: lithium does not close, in that year only."""
    run = with_activity(mined_and_made(), "mine", 2022, 51.0)
    with pytest.raises(SpecError) as caught:
        require_closed(run)
    assert [(p.file, p.column, p.message) for p in caught.value.problems] == [
        ("balance", "goods", "li, 2022: 1 t")
    ]


def test_an_activity_that_is_not_a_number_fails_by_name():
    run = with_activity(mined_and_made(), "mine", 2022, float("nan"))
    with pytest.raises(SpecError, match="mine, lithium, 2022"):
        require_closed(run)


def test_a_tolerance_may_be_given():
    run = with_activity(mined_and_made(), "mine", 2022, 51.0)
    assert closing_residuals(run)["goods"].relative_to_own == pytest.approx(1 / 51.0)
    require_closed(run, tolerance=0.05)


def test_a_flow_table_of_another_balance_fails_at_its_nodes():
    """The coefficient of the manufacture raised by half in 2022, behind the values' back."""
    run = mined_and_made()
    system = run.balance.system
    gives = np.array(system.processes["make"].outputs["cell"])
    gives[system.years.index(2022)] *= 1.5
    broken = replace(system.processes["make"], outputs=frozen_map({"cell": frozen_array(gives)}))
    system = replace(system, processes=frozen_map({**system.processes, "make": broken}))
    behind = replace(run.balance, system=system, incidence=make_incidence(system))
    with pytest.raises(SpecError) as caught:
        require_closed(replace(run, balance=behind, flows=flow_table(behind, run.values)))
    messages = {p.message.rsplit(":", 1)[0] for p in caught.value.problems}
    assert messages == {"make, lithium, 2022", "cell, 2022", "cell, lithium, 2022"}
