"""The record of all nouns that the tables of a study make."""

from __future__ import annotations

from dataclasses import dataclass

from planner.system.losses import LossMedia
from planner.system.nouns import (
    Abroad,
    Deposit,
    Discovery,
    Exploration,
    Good,
    Host,
    Impact,
    Measure,
    Observed,
    Plant,
    Process,
    Product,
    Ramp,
    TakeBack,
)


@dataclass(frozen=True, slots=True)
class Nouns:
    """All nouns of a study by kind and name."""

    goods: dict[str, Good]
    processes: dict[str, Process]
    ramps: dict[str, Ramp]
    plants: dict[str, Plant]
    deposits: dict[str, Deposit]
    hosts: dict[str, Host]
    products: dict[str, Product]
    measures: dict[str, Measure]
    exploration: dict[str, Exploration]
    loss_media: dict[str, LossMedia]
    take_back: dict[str, TakeBack]
    discoveries: dict[str, Discovery]
    impacts: dict[str, Impact]
    observations: tuple[Observed, ...]
    abroad: dict[str, Abroad]
    """Series of the places other than the country."""


NO_NOUNS = Nouns({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, (), {})
