"""What may be thrown away, and what of it may be collected."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.system.nouns import Array, Good, Process, System


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


def most_collected(system: System, good: Good) -> Array | None:
    """Largest share of what arises of a waste that can be collected, with what can be taken back
    beyond its rate, shape (Y,); None where nothing limits it."""
    if good.collection_rate is None:
        return None
    option = system.take_back.get(good.name)
    more = 0.0 if option is None else option.more
    return np.asarray(np.minimum(good.collection_rate + more, 1.0))
