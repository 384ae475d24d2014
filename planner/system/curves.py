"""Curves of a study in one place: the steps of processes, exported goods and deposits."""

from __future__ import annotations

from collections.abc import Iterator

from planner.system.nouns import Curve, System

BOUGHT, SOLD = 1.0, -1.0
"""Sign of the price of a step in the cost."""


def curves(system: System) -> Iterator[tuple[str, Curve, float]]:
    """Each curve of a system: what it is of, its steps, and the sign of their prices in the
    cost."""
    yield from ((p.name, p.curve, BOUGHT) for p in system.processes.values() if p.curve)
    yield from ((d.name, d.curve, BOUGHT) for d in system.deposits.values() if d.curve)
    yield from ((g.name, g.curve, SOLD) for g in system.goods.values() if g.curve)
