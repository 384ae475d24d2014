"""What is physically the same has the same plan, however it is written down.

A good is called `intermediate` or `product`, a period is split into years, an origin becomes two of
one price, scrap goes through a collector or not. `METAMORPHIC_STUDIES=1000` tries so many random
studies in place of 25.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pandas as pd
import pytest

import planner
from tests.odd_studies import ODD
from tests.oracle.generator import draw, write
from tests.oracle.metamorphic import CHANGES, Tables, orders

COUNT = int(os.environ.get("METAMORPHIC_STUDIES", "25"))
NEAR = 1e-7


def answer(folder: Path) -> planner.Plan | str:
    """The plan of a study; the kind of error where there is none."""
    try:
        return planner.solve(planner.read(folder))
    except planner.PlannerError as error:
        return type(error).__name__


def measured(plan: planner.Plan) -> dict[str, float]:
    """What must not change: objective, cost, footprint, shortage."""
    footprint = plan.emissions.query("scope == 'footprint'")["value"].sum()
    shortage = sum(plan.values.get("shortage", {}).values())
    return {
        "objective": plan.objective,
        "cost": plan.cost,
        "footprint": footprint,
        "shortage": shortage,
    }


def unchanged(folder: Path, name: str) -> None:
    """One change of one study, whose answer stays the same; or, where what can be ordered is chosen
    in more years than before, is no dearer."""
    study = Tables.read(folder)
    ordered = orders(study)
    changed = copy.deepcopy(study)
    if not CHANGES[name](changed):
        return
    before, after = answer(folder), answer(changed.write(folder.with_name("changed")))
    if isinstance(before, str) or isinstance(after, str):
        assert before == after or (name == "years" and ordered and before == "InfeasibleError")
        return
    size = max(1.0, float(before.costs["present_value"].abs().sum()))
    if name == "years" and ordered:
        assert after.objective <= before.objective + NEAR * size
        return
    for key, value in measured(before).items():
        near = NEAR * (size if key in ("objective", "cost") else max(1.0, abs(value)))
        assert measured(after)[key] == pytest.approx(value, rel=0, abs=near), key
    if name in ("renamed kinds", "years"):
        same_tables(before, after)


def same_tables(before: planner.Plan, after: planner.Plan) -> None:
    """Every number of every table, and every indicator."""
    tables = {**before.tables, "more": planner.indicators(before)}
    others = {**after.tables, "more": planner.indicators(after)}
    for table, one in tables.items():
        words = [column for column in one if not pd.api.types.is_float_dtype(one[column])]
        pd.testing.assert_frame_equal(one[words], others[table][words], obj=table)
        size = max(1.0, float(one["value"].abs().max()))
        off = (one["value"] - others[table]["value"]).abs().max()
        assert not off > NEAR * size, table


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("seed", range(COUNT))
def test_random_studies_do_not_change(seed: int, name: str, tmp_path: Path) -> None:
    """Random studies, but for those that planner refuses to read."""
    unchanged(write(draw(seed), tmp_path / "study"), name)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("odd", ODD)
def test_odd_studies_do_not_change(odd: str, name: str, tmp_path: Path) -> None:
    """Studies unlike all others."""
    unchanged(ODD[odd]().write(tmp_path / "study"), name)
