"""What stands where: the places of deposits and plants, which are those of the processes that use
them, and the nodes of the flow table that are not at home."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from planner.system.nouns import HOME, System


def place_of_plants(system: System) -> dict[str, str]:
    """Place of each plant: that of the processes that run on it; home where none does."""
    found = {p.plant: p.place for p in system.processes.values()}
    return {name: found.get(name, HOME) for name in system.plants}


def place_of_deposits(system: System) -> dict[str, str]:
    """Place of each deposit: that of the processes that take its ore; home where none does."""
    found = {d: p.place for p in system.processes.values() for d in p.deposits}
    return {name: found.get(name, HOME) for name in system.deposits}


def place_of_nodes(system: System) -> Mapping[str, str]:
    """Place of each node of the flow table inside the study: goods, processes without trade, which
    lies between places, use stocks, stockpiles and deposits."""
    products = {f"use/{product.name}": product.place for product in system.products.values()}
    deposits = {f"deposit/{name}": place for name, place in place_of_deposits(system).items()}
    piles = {f"stockpile/{good.name}": good.place for good in system.goods.values()}
    goods = {good.name: good.place for good in system.goods.values()}
    runs = {p.name: p.place for p in system.processes.values() if not p.is_trade}
    return {**products, **deposits, **piles, **goods, **runs}


def flows_at(system: System, flows: pd.DataFrame, place: str = HOME) -> pd.DataFrame:
    """The rows of a flow table that are of a place, home unless said otherwise: what its processes
    and goods take and give, and trade where it leaves and reaches its goods."""
    if not system.abroad:
        return flows
    at = place_of_nodes(system)
    pairs = zip(flows["source"], flows["target"], strict=True)
    kept = [at.get(source, at.get(target, HOME)) == place for source, target in pairs]
    return flows[np.array(kept, dtype=bool)]
