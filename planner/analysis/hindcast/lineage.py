"""Lineage of an observation: whether a number of the study was made from it, so that its agreement
with the plan proves nothing.

The study says it (`role`), or it is seen: a number in force of the same kind (money or amount),
from a source of the observation and of its year, stands behind the flow that it speaks of. Behind a
flow stand the processes that give or take it and those at home that supply them, their plants,
ramps and deposits, and the goods at its ends; the output of a host is no observation of its
by-product, nor is that of a country of origin one of what is refined at home.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from planner.plan.observed_values import priced_good
from planner.system.nouns import Datum, Observed, System

SAID = "as the study says"
SPLIT = ";"
"""Parts the sources of a number."""
UNASKED = ("observations", "hosts", "series")
"""Tables whose numbers are not of a flow of the metal."""


class Lineage:
    """Finds the numbers behind the flow of an observation that share source, year and kind with
    it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._behind: dict[tuple[str, int, bool], list[Datum]] = defaultdict(list)
        for datum in system.data:
            if datum.year is not None and datum.path.partition(".")[0] not in UNASKED:
                for source in _sources(datum.source):
                    self._behind[source, datum.year, _is_money(datum.unit)].append(datum)

    def role(self, o: Observed) -> tuple[str, str]:
        """Role of an observation (test, fitted, input), and what makes it that; empty for a
        test."""
        if o.role in ("fitted", "input"):
            return o.role, SAID
        names = self._nouns(o)
        for source in _sources(o.reference):
            for datum in self._behind.get((source, o.year, o.quantity == "price"), ()):
                if datum.path.split(".")[1] in names:
                    place = f"{datum.place.file}:{datum.place.row}"
                    return "fitted", f"{place} has {source} of {o.year}"
        return "test", ""

    def _nouns(self, o: Observed) -> frozenset[str]:
        """Names of what stands behind the flow, or the price, of an observation."""
        system = self.system
        own = set(_own_processes(system, o))
        goods = {good for good in system.goods if fnmatchcase(good, o.source)}
        reached, left = set(own), list(own)
        while left:
            taken = system.processes[left.pop()].inputs
            for process in system.processes.values():
                home = not process.from_abroad and process.name not in reached
                if home and not set(taken).isdisjoint(process.outputs):
                    reached.add(process.name)
                    left.append(process.name)
        made = [system.processes[name] for name in reached]
        behind = {name for p in made for name in (p.plant, p.ramp_group, *p.deposits)}
        return frozenset(reached | behind | goods) - {""}


def _own_processes(system: System, o: Observed) -> Iterator[str]:
    """Processes that an observation names, or that give the good of a price."""
    good = priced_good(system, o) if o.quantity == "price" else ""
    for process in system.processes.values():
        outputs = {*process.outputs, *process.inputs}
        if good:
            if good in process.outputs:
                yield process.name
        elif fnmatchcase(process.name, o.source):
            if any(fnmatchcase(end, o.target) for end in (*outputs, f"loss/{process.loss}")):
                yield process.name
        elif fnmatchcase(process.name, o.target) and any(
            fnmatchcase(end, o.source) for end in outputs
        ):
            yield process.name


def _sources(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split(SPLIT)))


def _is_money(unit: str) -> bool:
    return unit.startswith("USD")
