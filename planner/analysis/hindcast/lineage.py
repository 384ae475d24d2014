"""Lineage of an observation: whether a number of the study was made from it, so that its agreement
with the plan proves nothing.

The study says it (`role`), or it is seen: a number in force of the same kind (money or amount),
from a source of the observation (or one that saw the same, `same_as`) and of its year, stands
behind the flow that it speaks of. Behind a flow stand the processes that give or take it and those
at home that supply them, their plants, ramps and deposits, and the goods at its ends; the output of
a host is no observation of its by-product, nor is that of a country of origin one of what is
refined at home.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from planner.analysis.hindcast.observed_values import priced_good
from planner.system.nouns import Datum, Observed, Process, System

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
        for source in _sources(f"{o.reference}{SPLIT}{o.same_as}"):
            for datum in self._behind.get((source, o.year, o.quantity == "price"), ()):
                if datum.path.split(".")[1] in names:
                    place = f"{datum.place.file}:{datum.place.row}"
                    return "fitted", f"{place} has {source} of {o.year}"
        return "test", ""

    def _nouns(self, o: Observed) -> frozenset[str]:
        """Names of what stands behind the flow, or the price, of an observation."""
        system = self.system
        goods = {good for good in system.goods if fnmatchcase(good, o.source)}
        made = [system.processes[name] for name in self._reached(o)]
        behind = {name for p in made for name in (p.plant, p.ramp_group, *p.deposits)}
        return frozenset({p.name for p in made} | behind | goods) - {""}

    def _reached(self, o: Observed) -> set[str]:
        """The processes of an observation, and those at home that supply them."""
        processes = self.system.processes
        reached = set(_own_processes(self.system, o))
        left = list(reached)
        while left:
            taken = set(processes[left.pop()].inputs)
            further = [
                p.name
                for p in processes.values()
                if not p.from_abroad and p.name not in reached and taken & set(p.outputs)
            ]
            reached.update(further)
            left += further
        return reached


def _own_processes(system: System, o: Observed) -> Iterator[str]:
    """Processes that an observation names, or that give the good of a price."""
    good = priced_good(system, o) if o.quantity == "price" else ""
    for process in system.processes.values():
        if good in process.outputs if good else _is_named(process, o):
            yield process.name


def _is_named(process: Process, o: Observed) -> bool:
    """Return True for a process at one end of an observed flow whose other end is a good or loss of
    it."""
    ends = (*process.outputs, *process.inputs, f"loss/{process.loss}")
    return any(
        fnmatchcase(process.name, here) and any(fnmatchcase(end, there) for end in ends)
        for here, there in ((o.source, o.target), (o.target, o.source))
    )


def _sources(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split(SPLIT)))


def _is_money(unit: str) -> bool:
    return unit.startswith("USD")
