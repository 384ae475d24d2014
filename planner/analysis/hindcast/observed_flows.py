"""What the flows of a plan or simulation say of observed quantities: the same sums of flows, and
shares of what enters a process, that `planner.mfa.reconciliation.observed_network` reconciles."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np

from planner.mfa.balance import Balance, VariableValues
from planner.mfa.flows import Thread, seen_threads
from planner.system.nouns import Array, Observed


class ObservedFlows:
    """Reads observed flows and shares off flows of one study; which flows an observation speaks of
    is found once."""

    def __init__(self, observations: Sequence[Observed]) -> None:
        self.observations = tuple(observations)
        self._at: dict[tuple[str, str, str], tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def read(self, balance: Balance, values: VariableValues) -> Array:
        """The quantity of each observation in its year, shape (N,): t of metal per year, or a
        share; NaN for a price, in a year that the study does not have, and for a share of
        nothing."""
        part, whole = np.zeros((2, len(self.observations)))
        matched = np.zeros(len(part), dtype=bool)
        position = {p.first: at for at, p in enumerate(balance.system.periods)}
        years = [position.get(o.year) for o in self.observations]
        for thread in seen_threads(balance, values):
            spoken, entering = self._spoken(thread)
            for i in spoken:
                matched[i] = True
                part[i] += _value(thread, years[i])
            for i in entering:
                whole[i] += _value(thread, years[i])
        shares = np.array([o.quantity == "share" for o in self.observations], dtype=bool)
        known = matched & np.array([year is not None for year in years], dtype=bool)
        found = np.where(known, part, np.nan)
        share = np.divide(found, whole, out=np.full_like(found, np.nan), where=whole > 0)
        return np.asarray(np.where(shares, share, found))

    def per_activity(self, balance: Balance, o: Observed) -> dict[str, float]:
        """t of metal in the flows that an observation speaks of per unit of activity of each
        process, in its year; empty where no process gives or takes them."""
        system = balance.system
        names = system.processes
        one: VariableValues = {
            "activity": {(name, p.first): 1.0 for name in names for p in system.periods}
        }
        at = [p.first for p in system.periods].index(o.year)
        found: dict[str, float] = {}
        for thread in seen_threads(balance, one):
            process = thread.source if thread.source in names else thread.target
            if process in names and _matches(o, thread.metal, thread.source, thread.target):
                found[process] = found.get(process, 0.0) + float(thread.value[at])
        return {process: tonnes for process, tonnes in found.items() if tonnes}

    def _spoken(self, thread: Thread) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Positions of the observations of a flow, and of those that are a share of what it brings
        into a process."""
        ends = thread.metal, thread.source, thread.target
        if ends not in self._at:
            every = list(enumerate(self.observations))
            self._at[ends] = (
                tuple(i for i, o in every if _matches(o, *ends)),
                tuple(i for i, o in every if _enters(o, *ends)),
            )
        return self._at[ends]


def _value(thread: Thread, at: int | None) -> float:
    """A flow in a period; nothing of it outside of the study."""
    return 0.0 if at is None else thread.value[at]


def _matches(o: Observed, metal: str, source: str, target: str) -> bool:
    """Return True for a flow that an observation speaks of."""
    of_metal = o.metal == metal and o.quantity != "price"
    return of_metal and fnmatchcase(source, o.source) and fnmatchcase(target, o.target)


def _enters(o: Observed, metal: str, source: str, target: str) -> bool:
    """Return True for a flow into the process that an observed share is of."""
    return o.metal == metal and o.quantity == "share" and fnmatchcase(target, o.source)
