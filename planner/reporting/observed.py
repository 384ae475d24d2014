"""The section that sets the plan beside what was observed, and the points on charts of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from planner.analysis.hindcast.lineage import Lineage
from planner.analysis.hindcast.observed_values import ObservedValues
from planner.figures.plan_figures import COLOURS
from planner.plan.plan import Plan
from planner.reporting.blocks import (
    Chart,
    Grid,
    Key,
    Section,
    Tabs,
    TextTable,
    lines,
    number,
    plain,
    rounded,
    scaled,
)
from planner.system.nouns import Observed, System

PLAN, TEST, FITTED = "plan", "observed", "observed, and the study made from it"
KEYS = (
    Key(PLAN, COLOURS[0], "solid"),
    Key(TEST, COLOURS[1], "point"),
    Key(FITTED, "#999999", "point"),
)
AFTER = 5
"""Years after the last observed one that a chart of an item shows."""
LEAST_YEARS = 2
"""An item observed in fewer years of the study has no chart of its own."""


def observed(plan: Plan) -> Section | None:
    """What was observed beside the plan, an item a chart; None where the study has no item that was
    observed in two of its years or more."""
    items = _items(plan.system)
    if not items:
        return None
    lineage = Lineage(plan.system)
    panels: dict[str, tuple[Chart, ...]] = {}
    for name, seen in items.items():
        chart = _chart(plan, lineage, name, seen)
        panels[seen[0].metal] = (*panels.get(seen[0].metal, ()), chart)
    tabs = tuple((metal, (Grid(charts, KEYS),)) for metal, charts in panels.items())
    return Section(
        "Beside what was observed",
        (),
        (Tabs("Metal", tabs), _table(plan, items)),
        "Points with their 95 % interval; grey where a number of the study was made from them, so "
        "that agreement proves nothing. Errors, what held the plan and how that compares with no "
        "plan at all: planner hindcast STUDY.",
    )


def _items(system: System) -> dict[str, list[Observed]]:
    """Observations of each item that was observed in years of the study, by its name."""
    found: dict[tuple[str, ...], list[Observed]] = {}
    for o in system.observations:
        if o.year in system.years:
            found.setdefault((o.name, *o.item), []).append(o)
    return {
        key[0]: sorted(seen, key=lambda o: o.year)
        for key, seen in found.items()
        if len(seen) >= LEAST_YEARS
    }


def _chart(plan: Plan, lineage: Lineage, name: str, seen: Sequence[Observed]) -> Chart:
    """The plan as a line to some years after the last observation, and the points."""
    first, last = plan.system.years[0], plan.system.years[-1]
    years = list(range(first, min(last, seen[-1].year + AFTER) + 1))
    asked = [replace(seen[0], year=year) for year in years]
    said = ObservedValues(asked).of_plan(plan)
    unit = unit_of(plan, seen[0])
    chart = lines(name, unit, years, {PLAN: said}, {PLAN: COLOURS[0]})
    largest = max(float(np.nanmax(np.abs(said), initial=0.0)), max(o.value for o in seen))
    size, shown = scaled(unit, largest)
    line = {**chart.traces[0], "y": rounded(said / size)}
    traces = [line, *points(seen, size, lineage)]
    note = "; ".join(f"{o.year}: {number(o.value / size)}" for o in seen)
    return replace(chart, unit=shown, traces=traces, note=f"observed {note} {shown}")


def points(
    seen: Sequence[Observed], size: float, lineage: Lineage | None = None
) -> list[Mapping[str, Any]]:
    """Traces of observations as points with their intervals, in units of `size`: tests, and those
    that the study was made from."""
    tests = [o for o in seen if lineage is None or lineage.role(o)[0] == "test"]
    others = [o for o in seen if o not in tests]
    return [
        _points(key, mine, size)
        for key, mine in zip(KEYS[1:], (tests, others), strict=True)
        if mine
    ]


def _points(key: Key, seen: Sequence[Observed], size: float) -> Mapping[str, Any]:
    """One trace of points; a point without an end of its interval has no bar on that side."""
    above = [o.value if o.high is None else o.high for o in seen]
    below = [o.value if o.low is None else o.low for o in seen]
    value = np.array([o.value for o in seen])
    return {
        "type": "scatter",
        "mode": "markers",
        "name": key.name,
        "x": [o.year for o in seen],
        "y": rounded(value / size),
        "colour": key.colour,
        "size": [8],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": rounded((np.array(above) - value) / size),
            "arrayminus": rounded((value - np.array(below)) / size),
            "color": key.colour,
            "thickness": 1.2,
        },
    }


def unit_of(plan: Plan, o: Observed) -> str:
    return {"flow": "t/year", "share": "1"}.get(o.quantity, f"{plan.record.currency}/t")


def _table(plan: Plan, items: Mapping[str, Sequence[Observed]]) -> TextTable:
    """Every observation of the charts, and the plan."""
    every = [o for seen in items.values() for o in seen]
    said = ObservedValues(every).of_plan(plan)
    rows = tuple(
        (
            plain(o.name),
            str(o.year),
            number(o.value),
            f"{number(o.low)} to {number(o.high)}"
            if o.low is not None and o.high is not None
            else "",
            number(float(value)),
            unit_of(plan, o),
            o.reference,
            o.grade,
        )
        for o, value in zip(every, said, strict=True)
    )
    heads = ("what", "year", "observed", "interval", "plan", "unit", "source", "grade")
    return TextTable("Observations of these charts", heads, rows, frozenset((1, 2, 3, 4)))
