"""Where losses go: the shares of a named loss by medium."""

from __future__ import annotations

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.system.losses import LossMedia
from planner.system.nouns import Array, frozen_map

TABLE = "loss_media"
ROUNDING = 1e-9
"""By how much the shares of a loss may exceed 1 by rounding."""


def read_loss_media(tables: StudyTables) -> dict[str, LossMedia]:
    """Media of losses, by the name of the loss."""
    return tables.before.loss_media | {name: _media(tables, name) for name in tables.names(TABLE)}


def _media(tables: StudyTables, name: str) -> LossMedia:
    shares: dict[str, dict[str, Array]] = {}
    for key in tables.numbers.keys(TABLE, name):
        _, metal, medium = key[1]
        shares.setdefault(metal, {})[medium] = tables.series(TABLE, key[1], "part")
    for metal, by_medium in shares.items():
        _at_most_all(tables, name, metal, by_medium)
    return LossMedia(name, frozen_map({metal: frozen_map(each) for metal, each in shares.items()}))


def _at_most_all(tables: StudyTables, name: str, metal: str, shares: dict[str, Array]) -> None:
    """Refuse shares of a loss that add up to more than 1 in any year."""
    total = np.sum(list(shares.values()), axis=0)
    over = np.flatnonzero(total > 1 + ROUNDING)
    if over.size:
        of = f" of {metal}" if metal else ""
        tables.problems.at(
            tables.numbers.first_row(TABLE, name),
            "value",
            f"the media of '{name}'{of} take {total[over[0]]:g} of it in "
            f"{tables.first + int(over[0])}; let them add up to 1 at most: what they leave stays "
            "under the name of the loss",
        )
