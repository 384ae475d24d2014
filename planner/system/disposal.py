"""What may be thrown away."""

from __future__ import annotations

from collections.abc import Mapping

from planner.system.nouns import Good, Process


def disposable(goods: Mapping[str, Good], processes: Mapping[str, Process]) -> frozenset[str]:
    """Names of goods that may be disposed of: scrap, waste, and every output of a process with
    several outputs other than manufacture.

    Otherwise the least wanted metal of a joint line would throttle it. What manufacture gives is
    not: it is made to be served.
    """
    found = {good.name for good in goods.values() if good.kind in ("scrap", "waste")}
    return frozenset(found.union(*(p.outputs for p in processes.values() if gives_freely(p))))


def gives_freely(process: Process) -> bool:
    """Return True if what a process gives may be disposed of."""
    return len(process.outputs) > 1 and process.kind != "manufacture"
