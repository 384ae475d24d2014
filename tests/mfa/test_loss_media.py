"""Losses by medium: how a named loss parts into air, water, soil, tailings, slag, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import planner
from planner.errors import SpecError
from planner.mfa.flows import node_residual
from planner.plan.plan import Plan
from planner.solver.compiled import compiled
from planner.system.losses import is_surplus, loss_and_medium, parts_of_loss
from tests.small import Study, plan_of, system_of


def chain(last: int = 2021) -> Study:
    """90 t of lithium wanted; of 100 t of ore 10 t are lost as slag."""
    s = Study(last=last)
    s.good("ore", "intermediate").good("li", "refined", demand=90, shortage_cost=1e4)
    s.process("mine", "mine", gives={"ore": 1}, variable_cost=1)
    s.process("smelt", "refine", takes={"ore": 1}, gives={"li": 0.9}, loss="slag")
    return s


def lost(plan: Plan) -> dict[str, float]:
    """t a year that end in each loss in the first year."""
    flows = plan.flows[plan.flows["target"].str.startswith("loss/")]
    first = flows[flows["year"] == 2021]
    return {str(t): float(v) for t, v in first.groupby("target")["value"].sum().items()}


def indicator(plan: Plan, name: str) -> list[float]:
    table = planner.indicators(plan)
    return table[table["indicator"] == name]["value"].tolist()


def test_a_loss_parts_into_its_media_and_the_rest_keeps_its_name(tmp_path: Path) -> None:
    """10 t of slag: 0.1 to air, 0.25 to water: 1, 2.5 and 6.5 t. Unparted, all 10 were slag."""
    plan = plan_of(chain().loss_media("slag", {"air": 0.1, "water": 0.25}), tmp_path)
    assert lost(plan) == pytest.approx(
        {"loss/slag": 6.5, "loss/slag/air": 1.0, "loss/slag/water": 2.5}
    )
    assert indicator(plan, "loss to: air") == pytest.approx([1.0])
    assert indicator(plan, "loss to: water") == pytest.approx([2.5])
    assert indicator(plan, "loss to: slag") == pytest.approx([6.5])
    assert indicator(plan, "loss: processing") == pytest.approx([10.0])
    residual = node_residual(plan.balance, plan.flows)
    assert np.abs(residual.error).max() <= 1e-9


def test_shares_by_year_and_by_metal(tmp_path: Path) -> None:
    """A joint ore of 0.5 lithium and 0.25 cobalt, 100 t of which lose 5 t of lithium and 5 t of
    cobalt: in 2022 half of all dust goes to air, of cobalt 0.2 to soil in both years. Cobalt has
    shares of its own, so that none of it takes those of all."""
    s = Study(last=2022, metals=("lithium", "cobalt"))
    s.good("ore", "intermediate", content={"lithium": 0.5, "cobalt": 0.25})
    s.good("li", "refined", demand=45, shortage_cost=1e4)
    s.good("co", "refined", metal="cobalt", demand=20, shortage_cost=1e4)
    s.process("mine", "mine", gives={"ore": 1}, variable_cost=1)
    s.process("smelt", "refine", takes={"ore": 1}, gives={"li": 0.45, "co": 0.2}, loss="dust")
    s.loss_media("dust", {"air": [0.0, 0.5]})
    s.loss_media("dust", {"soil": 0.2}, metal="cobalt")
    plan = plan_of(s, tmp_path)
    flows = plan.flows[plan.flows["target"].str.startswith("loss/")]
    found = flows.set_index(["metal", "year", "target"])["value"].to_dict()
    assert found == pytest.approx(
        {
            ("lithium", 2021, "loss/dust"): 5.0,
            ("lithium", 2022, "loss/dust"): 2.5,
            ("lithium", 2022, "loss/dust/air"): 2.5,
            ("cobalt", 2021, "loss/dust"): 4.0,
            ("cobalt", 2021, "loss/dust/soil"): 1.0,
            ("cobalt", 2022, "loss/dust"): 4.0,
            ("cobalt", 2022, "loss/dust/soil"): 1.0,
        }
    )


def test_what_use_dissipates_and_nobody_collects_parts_as_well(tmp_path: Path) -> None:
    """90 t of 2020 leave use: 0.4 of 90 = 36 t dissipate, half of it to water; of the 54 t of waste
    nothing is collected: 0.8 to landfill, counted at collection."""
    s = Study()
    s.good("li", "refined").good("cell", "product", demand=90, shortage_cost=1e4)
    s.good("old", "waste", collection=0.5)
    s.process("buy", "import", gives={"li": 1}, import_price=1)
    s.process("make", "manufacture", takes={"li": 1}, gives={"cell": 1})
    s.product("b", waste="old", uses={"cell": 1}, inflow={2020: 90}, dissipated=0.4)
    s.loss_media("dissipated in use", {"water": 0.5}).loss_media("uncollected", {"landfill": 0.8})
    plan = plan_of(s, tmp_path)
    assert lost(plan) == pytest.approx(
        {
            "loss/dissipated in use": 18.0,
            "loss/dissipated in use/water": 18.0,
            "loss/uncollected": 0.2 * 54,
            "loss/uncollected/landfill": 0.8 * 54,
        }
    )
    assert indicator(plan, "loss: collection") == pytest.approx([54.0])
    assert indicator(plan, "loss: use") == pytest.approx([36.0])


def test_the_programme_does_not_know_of_media(tmp_path: Path) -> None:
    """Same matrix, costs and bounds; without them no indicator speaks of media."""
    plain = system_of(chain(2023), tmp_path / "a")
    parted = system_of(chain(2023).loss_media("slag", {"air": 0.1}), tmp_path / "b")
    one, two = compiled(plain).arrays, compiled(parted).arrays
    assert (one.matrix != two.matrix).nnz == 0
    for part in ("cost", "lower", "upper", "row_lower", "row_upper"):
        np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
    names = planner.indicators(planner.solve(plain))["indicator"]
    assert not names.str.startswith("loss to: ").any()


def test_shares_beyond_the_whole_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"the media of 'slag' take 1.2 of it in 2021"):
        system_of(chain().loss_media("slag", {"air": 0.7, "water": 0.5}), tmp_path)


def test_a_loss_that_nobody_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no process of processes\.csv names the loss 'slagg'"):
        system_of(chain().loss_media("slagg", {"air": 0.7}), tmp_path)


def test_a_medium_is_one_of_those_known(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="medium"):
        system_of(chain().loss_media("slag", {"aether": 0.7}), tmp_path)


def test_names_of_targets() -> None:
    """A loss whose own name holds a slash is told from one with a medium."""
    assert loss_and_medium("loss/slag/air") == ("slag", "air")
    assert loss_and_medium("loss/slag") == ("slag", "slag")
    assert loss_and_medium("loss/dust/fumes") == ("dust/fumes", "dust/fumes")
    assert is_surplus("loss/surplus/soil")
    assert is_surplus("loss/surplus")
    assert not is_surplus("surplus")
    assert dict(parts_of_loss({}, "slag", "lithium")) == {"loss/slag": 1.0}


def test_ranges_of_media_are_data_like_others(tmp_path: Path) -> None:
    """The share is a datum with its path, so that it can be set and compared."""
    system = system_of(chain().loss_media("slag", {"air": 0.1}), tmp_path)
    (path,) = (d.path for d in system.data if d.path.startswith("loss_media"))
    other = planner.read(next(tmp_path.glob("*/study.toml")).parent, overrides={path: "0.3"})
    flows = planner.solve(other).flows
    assert isinstance(flows, pd.DataFrame)
    assert flows.set_index("target")["value"]["loss/slag/air"] == pytest.approx(3.0)
