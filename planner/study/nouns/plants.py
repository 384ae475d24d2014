"""Plants: what stands, what can be ordered, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import ValueRow
from planner.system.nouns import Array, Plant


def read_plants(tables: StudyTables, discount_rate: float) -> dict[str, Plant]:
    """All plants by name."""
    return tables.before.plants | {
        name: _plant(tables, name, discount_rate) for name in tables.names("plants")
    }


def _plant(tables: StudyTables, name: str, discount_rate: float) -> Plant:
    keys = (name,)
    price = tables.numbers.series("plants", keys, "capital_cost")
    life = tables.single("plants", keys, "life")
    under_construction = tables.numbers.events("plants", keys, "under_construction")
    if price is not None or under_construction:
        tables.lacking(
            "plants",
            keys,
            "life",
            f"plant '{name}' can be ordered or is under construction and has no life; give its "
            "life",
        )
    return Plant(
        name,
        _existing(tables, name, under_construction, life),
        tables.constant(np.nan) if price is None else price,
        tables.series("plants", keys, "fixed_cost"),
        life,
        tables.whole_years("plants", name, "lead_time", "order to operation"),
        tables.series("plants", keys, "availability"),
        tables.series("plants", keys, "max_new", absent=np.inf),
        tables.series("plants", keys, "max_capacity", absent=np.inf),
        tables.single("plants", keys, "interest_rate", absent=discount_rate),
    )


def _existing(
    tables: StudyTables, name: str, under_construction: Mapping[int, ValueRow], life: float
) -> Array:
    """Capacity that stands at the start or is under construction then, by year, shape (Y,)."""
    first, last = tables.first, tables.last
    existing = tables.series("plants", (name,), "existing_capacity")
    there = tables.comes_about("plants", (name,))
    years = np.arange(first, last + 1)
    for year, row in under_construction.items():
        if not first <= year <= last:
            tables.problems.at(
                row,
                "year",
                f"'{name}' would start in {year}, outside {first} to {last}; put what stands "
                "already into existing_capacity, drop what comes later",
            )
        # the last year of a life that is not a whole number counts by its part
        existing = existing + there * row.value * np.where(
            years >= year, np.clip(year + life - years, 0.0, 1.0), 0.0
        )
    return frozen(existing)
