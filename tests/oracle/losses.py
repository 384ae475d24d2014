"""What processes lose, and where it goes, from recipes and activities (format.md, loss_media)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from tests.oracle.programme import Programme

NEAR = 1e-6
Losses = dict[tuple[str, str, int], float]
"""Tonnes by the name of a loss, metal and year."""


def lost(p: Programme, plan: Any) -> Losses:
    """What goes into processes and does not come out."""
    found: Losses = defaultdict(float)
    activity = plan.values["activity"]
    for q, row in p.recipes.processes.items():
        if not p.recipes.sides.get((q, "in")):
            continue
        for metal in p.study.head["metals"]:
            each = net(p, q, metal)
            for t, year in enumerate(p.study.firsts):
                found[row["loss"], metal, year] += each[t] * activity[q, year]
    return found


def net(p: Programme, process: str, metal: str) -> np.ndarray:
    """Metal that a unit of activity takes, ore included, less what it gives."""
    of_deposit = {row["deposit"]: row["metal"] for row in p.study.rows["deposits"]}
    total = -p.recipes.won(process, metal)
    for good in p.recipes.sides.get((process, "in"), []):
        own = float(of_deposit[good] == metal) if good in of_deposit else None
        content = p.recipes.content(good, metal) if own is None else own
        total = total + content * p.recipes.taken(good, process)
    return total


def wrong_losses(p: Programme, plan: Any) -> list[str]:
    """Losses of processes, and parts of all losses by medium, that the flows say otherwise."""
    own = lost(p, plan)
    said: dict[Any, float] = defaultdict(float)
    whole: Losses = defaultdict(float)
    for row in plan.flows[plan.flows.target.str.startswith("loss/")].itertuples():
        name, *medium = parts_of_name(p, row.target.removeprefix("loss/"))
        key = name, row.metal, row.year
        said[(*key, *medium)] += row.value
        whole[key] += row.value
    expected: dict[Any, float] = defaultdict(float)
    for key, value in whole.items():
        parts = media(p, *key)
        expected[key] += value * (1.0 - sum(parts.values()))
        for medium, part in parts.items():
            expected[(*key, medium)] += value * part
    found = differing("part of the loss", expected, said)
    names = {row["loss"] for row in p.recipes.processes.values()}
    of_processes = {key: value for key, value in whole.items() if key[0] in names}
    return found + differing("loss", own, of_processes)


def parts_of_name(p: Programme, name: str) -> list[str]:
    """A loss, and the medium where it goes to one that the study states for it."""
    loss, _, medium = name.rpartition("/")
    stated = any((key[0], key[2]) == (loss, medium) for key in p.study.keys("loss_media"))
    return [loss, medium] if stated else [name]


def media(p: Programme, loss: str, metal: str, year: int) -> dict[str, float]:
    """Parts of a loss by medium: by rows of the metal, else by rows of all metals."""
    given = [key for key in p.study.keys("loss_media") if key[0] == loss]
    rows = [key for key in given if key[1] == metal] or [key for key in given if not key[1]]
    place = p.study.firsts.index(year)
    return {key[2]: float(p.study.yearly("loss_media", *key)[place]) for key in rows}


def differing(what: str, own: dict[Any, float], said: dict[Any, float]) -> list[str]:
    """Where two tables of numbers differ; what is in one alone is 0 in the other."""
    found = []
    for key in sorted({*own, *said}):
        mine, other = own.get(key, 0.0), said.get(key, 0.0)
        if abs(mine - other) > NEAR * max(1.0, abs(mine)):
            found.append(f"{what} {key}: {other}, not {mine}")
    return found
