"""Waste taken back beyond the collection rate, at a cost: extended producer responsibility."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.system.nouns import Good, TakeBack

TABLE = "take_back"
ROUNDING = 1e-9
"""By how much both shares may exceed 1 by rounding."""


def read_take_back(tables: StudyTables, goods: Mapping[str, Good]) -> dict[str, TakeBack]:
    """Wastes that can be taken back at a cost, by good."""
    made = tables.before.take_back.copy()
    for name in dict.fromkeys((*tables.names(TABLE), *made)):
        if tables.changed(name, TABLE, "collection"):
            made[name] = _take_back(tables, name, goods.get(name))
    return made


def _take_back(tables: StudyTables, name: str, good: Good | None) -> TakeBack:
    keys = (name,)
    for parameter in ("more", "cost"):
        message = f"the take-back of '{name}' has no {parameter}; give it"
        tables.lacking(TABLE, keys, parameter, message)
    more = tables.series(TABLE, keys, "more")
    if good is not None and good.kind == "waste":
        _within_all(tables, name, good, more)
    return TakeBack(
        name,
        more,
        tables.series(TABLE, keys, "cost"),
        tables.series(TABLE, keys, "fee"),
    )


def _within_all(
    tables: StudyTables, name: str, good: Good, more: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    """Refuse a take-back beside no collection rate, or one that makes it more than all."""
    place = tables.numbers.first_row(TABLE, name)
    if good.collection_rate is None:
        message = (
            f"'{name}' has no collection rate, so that all of it can be taken as it is; give the "
            "rate without take-back in collection.csv (0 if nothing is collected then)"
        )
        tables.problems.at(place, "good", message)
        return
    total = good.collection_rate + more
    over = np.flatnonzero(total > 1 + ROUNDING)
    if over.size:
        year = tables.first + int(over[0])
        message = (
            f"the collection rate of '{name}' and what is taken back in addition come to "
            f"{total[over[0]]:g} in {year}; let them add up to 1 at most"
        )
        tables.problems.at(place, "value", message)
