"""What was observed of 2022 to 2025: frozen as it was read, before any of it becomes an input; and
the page that sets the plans beside it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

import planner
from models.china.derive import hindcast as derived
from models.china.hindcast.__main__ import PAGE, page

DATA = Path(__file__).resolve().parents[2] / "data" / "observed_2022_2025.csv"
FROZEN = Path(__file__).with_name("observed_frozen.csv")
"""Metal, item, year, value, unit and role of each observation on the day that they were read."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_observations_are_frozen() -> None:
    """No observation may be changed, dropped, or turned from a test into something else without
    this table being changed too: what the plan is judged by is not what it is made from. More may
    be added."""
    columns = ("metal", "variable", "item", "year", "value", "unit", "role")
    now = Counter(tuple(row[name] for name in columns) for row in rows(DATA))
    then = Counter(tuple(row[name] for name in columns) for row in rows(FROZEN))
    assert len(then) > 100
    assert not then - now


def test_every_observation_of_a_plan_is_in_the_study() -> None:
    """All but what no plan has (packs) stands in observations.csv under its role."""
    found = planner.read("china").observations
    names = {item: ends[0] for item, ends in derived.ITEMS.items()}
    known = {(o.metal, o.name, o.year): o.role for o in found}
    for row in rows(DATA):
        item = (row["metal"], row["item"])
        if row["variable"] == "observed" and item not in derived.NOT_OF_A_PLAN:
            assert known[row["metal"], names[item], int(row["year"])] == row["role"]


@pytest.mark.parametrize("study", ["china", "world", "eu_magnets"])
def test_every_observation_matches_something_in_the_plan(study: str) -> None:
    """A flow that matches nothing, or a price of no good, would be missed in silence."""
    found = planner.hindcast(planner.read(study), top=0)
    assert found.pairs["plan"].notna().all()
    assert found.misses["held_by"].str.len().min() > 0
    assert found.misses["place"].str.len().min() > 0, "each miss is explained by a named row"


@pytest.mark.slow
def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
