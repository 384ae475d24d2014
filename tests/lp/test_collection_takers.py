"""The collection rate belongs to the waste: it binds whatever process takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import planner
from planner.mfa.balance import balance
from planner.mfa.flows import base_account
from planner.mfa.simulate import simulate
from planner.plan.plan import Plan
from tests.small import Study, plan_of, system_of

DIRECT = {"rec": ("recycle", {"w": 1.0}, {"li": 0.9})}
"""Takers of the waste: kind, what is taken, what is given."""


def cells(takers: dict[str, tuple], target: float | None = None) -> Study:
    """100 t of cells a year, of imported lithium at 1,000; 100 t leave use each year and half may
    be collected."""
    study = (
        Study(2021, 2022)
        .good("li", "refined")
        .good("p", "product", demand=100, shortage_cost=1e5, equivalent=1)
        .good("w", "waste", collection=0.5)
        .good("sorted", "intermediate", equivalent=0.9)
        .process("i", "import", gives={"li": 1}, import_price=1000, origin="X")
        .process("mk", "manufacture", takes={"li": 1}, gives={"p": 1}, pathway="")
        .product("b", waste="w", uses={"p": 1}, inflow={2020: 100}, life=1)
    )
    for name, (kind, takes, gives) in takers.items():
        pathway = "domestic secondary" if "li" in gives else ""
        cost = 1 if "li" in gives else 0
        study.process(
            name, kind, takes=takes, gives=gives, loss="slag", variable_cost=cost, pathway=pathway
        )
    if target is not None:
        study.policy("back", "collection_target", goods=["w"], share=target)
    return study


def rates(plan: Plan) -> dict[str, float]:
    """Collection and recycling rate of the first year."""
    found = planner.indicators(plan).query("year == 2021").set_index("indicator")["value"]
    return {name: float(found[f"EoL {name} rate"]) for name in ("collection", "recycling")}


@pytest.mark.parametrize(
    "takers",
    [
        DIRECT,
        {"rec": ("refine", {"w": 1.0}, {"li": 0.9})},
        {"rec": ("manufacture", {"w": 1.0}, {"li": 0.9})},
        {**DIRECT, "too": ("refine", {"w": 1.0}, {"li": 0.9})},
        {
            "get": ("collect", {"w": 1.0}, {"sorted": 1.0}),
            "rec": ("refine", {"sorted": 1.0}, {"li": 0.9}),
        },
        {
            "get": ("collect", {"w": 1.0}, {"sorted": 1.0}),
            "rec": ("recycle", {"sorted": 1.0}, {"li": 0.9}),
            "too": ("recycle", {"w": 1.0}, {"li": 0.9}),
        },
    ],
    ids=[
        "recycle",
        "refine",
        "manufacture",
        "two takers",
        "by way of an intermediate",
        "both ways",
    ],
)
def test_the_rate_binds_whatever_takes_the_waste(takers: dict, tmp_path: Path) -> None:
    """Half of the 100 t come back as 45 t: 50 x 1 + 55 x 1,000 = 55,050 a year. Were only
    processes of kind collect bound, all 100 t: 10,100, and a collection rate of 0 beside a
    recycling rate of 0.9."""
    plan = plan_of(cells(takers), tmp_path)
    assert plan.objective == pytest.approx(2 * 55_050)
    assert rates(plan) == pytest.approx({"collection": 0.5, "recycling": 0.45})
    account = base_account(plan.balance, plan.flows, "lithium", 2021)
    collected = account[(account["stage"] == "waste") & (account["item"] == "collected")]
    assert collected["value"].sum() == pytest.approx(50)


@pytest.mark.parametrize("kind", ["recycle", "refine"])
def test_what_is_taken_directly_meets_a_collection_target(kind: str, tmp_path: Path) -> None:
    """A target of 0.5 that recycling at 2,000 a tonne must meet: 45 t saved at 1,000, 50 x 2,000
    spent, 155,000 a year. Did only collectors count, no plan would meet it."""
    study = cells({"rec": (kind, {"w": 1.0}, {"li": 0.9})}, target=0.5)
    for row in study.rows["process_values"]:
        if row["process"] == "rec":
            row["value"] = 2000
    assert plan_of(study, tmp_path).objective == pytest.approx(2 * 155_000)


def test_a_simulated_recycler_takes_what_may_be_collected(tmp_path: Path) -> None:
    """Pushed 100 t of waste, a recycler takes 50 t; all 100 t were only collectors held to the
    rate."""
    run = simulate(balance(system_of(cells(DIRECT), tmp_path)))
    assert [run.values["activity"]["rec", t] for t in (2021, 2022)] == pytest.approx([50, 50])
    assert not len(run.limits)


def test_a_simulation_lists_what_is_taken_beyond_the_rate(tmp_path: Path) -> None:
    """A process that is pulled by what it makes takes 80 t of the 100 t that leave use: listed
    against 50 t, as every other bound is; before, nothing said so."""
    study = cells({"rec": ("manufacture", {"w": 1.0}, {"li": 0.9})})
    run = simulate(balance(system_of(study, tmp_path)), activities={"rec": np.array([80.0, 40.0])})
    found = run.limits.set_index(["limit", "name", "year"])[["value", "bound"]]
    assert found.loc[("collection", "w", 2021)].tolist() == pytest.approx([80, 50])
    assert len(found) == 1
