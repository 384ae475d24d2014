"""The least change of one number with which the plan gives what was observed.

Candidates are the numbers of the processes that an observation speaks of, of their rivals and
suppliers, of their plants, hosts and ramps, and the demand that they serve. Each is multiplied, all
years of its series together, by factors further and further from 1, and the study is planned anew.
Where the plan crosses what was observed the factor is found by bisection; of those of the nearest
ring the one closest to 1 is the answer. A change of two numbers at once is not sought, and what no
factor of the widest ring reaches is said to have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from planner.analysis.hindcast.observed_values import ObservedValues, priced_good
from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.variants import Variants
from planner.runtime.progress import Progress, Step, told
from planner.study.reader import Rereader
from planner.study.schema import BY_NAME
from planner.system.nouns import Datum, Observed, Process, System

TURN_COLUMNS = (
    "observation",
    "metal",
    "year",
    "observed",
    "plan",
    "input",
    "grade",
    "source",
    "value",
    "turns_at",
    "unit",
    "factor",
    "plan_then",
    "place",
)
RINGS = ((0.8, 1.25), (0.5, 2.0), (0.25, 4.0))
"""Factors that a number is tried with, ring by ring."""
CLOSE = 0.01
"""A turning factor is found to this share of itself."""
MOST = 24
"""Candidates of an observation: those of its own processes first."""
OWN = ("import_price", "variable_cost", "transport_cost", "max_activity", "min_activity")
OF_PLANT = ("existing_capacity", "under_construction", "capital_cost", "fixed_cost", "max_new")
OF_RAMP = ("growth", "step", "decline")
OF_RIVAL = ("import_price", "variable_cost", "max_activity")


def least_changes(
    system: System,
    observations: Sequence[Observed],
    wanted: Sequence[int],
    progress: Progress | None = None,
) -> pd.DataFrame:
    """TURN_COLUMNS, a row for each observation of the positions `wanted` that one number turns."""
    if not wanted:
        return pd.DataFrame(columns=list(TURN_COLUMNS))
    search = _Search(system, observations)
    rows: list[tuple[object, ...]] = []
    for number, i in enumerate(wanted):
        told(progress, Step("least changes", number, len(wanted)))
        rows += search.turn(i)
    return pd.DataFrame(rows, columns=list(TURN_COLUMNS))


@dataclass(frozen=True, slots=True)
class _Turn:
    """A number and the factor with which the plan crosses what was observed."""

    input: Input
    factor: float
    said: float
    """The plan there."""

    @property
    def distance(self) -> float:
        return abs(float(np.log(self.factor)))


class _Search:
    """The study with its numbers, planned anew with one of them changed at a time."""

    def __init__(self, system: System, observations: Sequence[Observed]) -> None:
        self.system, self.observations = system, observations
        self.series = _series(system)
        self.values = ObservedValues(observations)
        wide = [_input(name, rows) for name, rows in self.series.items()]
        self.inputs = {each.name: each for each in wide}
        self.variants = Variants(Rereader.of(system), wide)
        base = self.variants.base
        self.base = self.values.of_solution(base.system, base.arrays, self.variants.solution)
        self.known: dict[tuple[str, float], np.ndarray | None] = {}

    def turn(self, at: int) -> Iterator[tuple[object, ...]]:
        """The row of an observation, where one number turns it."""
        o = self.observations[at]
        names = list(_candidates(self.system, o, self.series))[:MOST]
        for ring in RINGS:
            self._plan([(name, factor) for name in names for factor in ring])
            crossing = self._crossing(at, names, ring)
            if crossing:
                found = [self._bisected(at, name, factor) for name, factor in crossing]
                yield self._row(at, min(found, key=lambda turn: turn.distance))
                return

    def _crossing(
        self, at: int, names: Sequence[str], factors: Sequence[float]
    ) -> list[tuple[str, float]]:
        """Numbers and factors with which the plan crosses what was observed."""
        moves = [(name, factor) for name in names for factor in factors]
        return [move for move in moves if self._crosses(at, self.known[move])]

    def _plan(self, moves: Iterable[tuple[str, float]]) -> None:
        """Plan the study with each number multiplied, unless that was done before."""
        todo = [move for move in moves if move not in self.known]
        made = self.variants.make(
            [{name: _moved(self.inputs[name], factor)} for name, factor in todo]
        )
        for move, variant in zip(todo, made, strict=True):
            self.known[move] = None
            if variant.arrays is not None:
                _, solution, _ = self.variants.solve(variant.arrays, self.variants.basis)
                if solution.status == "optimal":
                    self.known[move] = self.values.of_solution(
                        variant.system, variant.arrays, solution
                    )

    def _crosses(self, at: int, said: np.ndarray | None) -> bool:
        """Return True where the plan lies on the other side of what was observed than it did."""
        if said is None or not np.isfinite(said[at]):
            return False
        wanted = self.observations[at].value
        return bool((said[at] - wanted) * (self.base[at] - wanted) <= 0)

    def _bisected(self, at: int, name: str, factor: float) -> _Turn:
        """The factor nearest to 1 with which the plan crosses what was observed."""
        inside, outside = 0.0, float(np.log(factor))
        while abs(outside - inside) > CLOSE:
            middle = (inside + outside) / 2
            move = (name, float(np.exp(middle)))
            self._plan([move])
            if self._crosses(at, self.known[move]):
                outside = middle
            else:
                inside = middle
        found = float(np.exp(outside))
        self._plan([(name, found)])
        said = self.known.get((name, found))
        return _Turn(self.inputs[name], found, float("nan") if said is None else float(said[at]))

    def _row(self, at: int, turn: _Turn) -> tuple[object, ...]:
        o, each = self.observations[at], turn.input
        rows = self.series[each.name]
        datum = min(rows, key=lambda d: abs((d.year or o.year) - o.year))
        return (
            *(o.name, o.metal, o.year, o.value, float(self.base[at])),
            *(datum.path, datum.grade, datum.source, datum.value, datum.value * turn.factor),
            *(datum.unit, turn.factor, turn.said, f"{datum.place.file}:{datum.place.row}"),
        )


def _series(system: System) -> dict[str, list[Datum]]:
    """The rows of each series that may be multiplied, by its path."""
    found: dict[str, list[Datum]] = defaultdict(list)
    for datum in system.data:
        if datum.value and datum.path.partition(".")[0] in (
            "process_values",
            "plants",
            "ramps",
            "hosts",
            "demand",
            "deposits",
        ):
            found[datum.stem].append(datum)
    return found


def _input(name: str, rows: Sequence[Datum]) -> Input:
    """A series as what moves in variants: its own values at both ends."""
    values = tuple(row.value for row in rows)
    form = BY_NAME[name.partition(".")[0]]
    parameter = form.parameter(name.rpartition(".")[2]) if form.has_parameter_column else None
    parameter = parameter or form.parameters[0]
    return Input(
        name,
        tuple(row.path for row in rows),
        tuple(row.year or 0 for row in rows),
        values,
        values,
        values,
        rows[0].unit,
        rows[0].grade,
        rows[0].source,
        rows[0].note,
        -np.inf if parameter.minimum is None else parameter.minimum,
        np.inf if parameter.maximum is None else parameter.maximum,
    )


def _moved(each: Input, factor: float) -> np.ndarray:
    return np.clip(np.array(each.value) * factor, each.least, each.most)


def _candidates(
    system: System,
    o: Observed,
    series: Mapping[str, Sequence[Datum]],
) -> Iterator[str]:
    """Paths of the numbers that may turn an observation, the nearest first, each once."""
    own = _processes_of(system, o)
    rivals = _rivals(system, own, o)
    paths = dict.fromkeys(
        [
            *(f"process_values.{p}.{name}" for p in own for name in OWN),
            *_of_equipment(system, own),
            *(f"process_values.{p}.{name}" for name in OF_RIVAL for p in rivals),
            *_demand(system, o),
        ]
    )
    return (path for path in paths if path in series)


def _processes_of(system: System, o: Observed) -> list[str]:
    """Processes that an observation speaks of; those that give the good of a price."""
    if o.quantity == "price":
        good = priced_good(system, o)
        return [p.name for p in system.processes.values() if good in p.outputs]
    return [
        name
        for name in system.processes
        if fnmatchcase(name, o.source) or (name in o.target and o.target != "*")
    ]


def _rivals(system: System, own: Sequence[str], o: Observed) -> list[str]:
    """Processes of the metal that give what the own ones give, then those that give what they
    take, then those that give what the goods made of them are made of."""
    processes = system.processes.values()
    every = [p for p in processes if p.name not in own]
    given = _given(p for p in processes if p.name in own)
    taken = {good for name in own for good in system.processes[name].inputs}
    made = _given(p for p in processes if given & set(p.inputs))
    found = [p for goods in (given, taken, made) for p in every if goods & set(p.outputs)]
    return [p.name for p in dict.fromkeys(found) if _holds(system, p, o.metal)]


def _given(processes: Iterable[Process]) -> set[str]:
    """Goods that processes give."""
    return {good for process in processes for good in process.outputs}


def _holds(system: System, process: Process, metal: str) -> bool:
    """Return True for a process that gives the metal."""
    return any(metal in system.goods[good].content for good in process.outputs)


def _of_equipment(system: System, own: Sequence[str]) -> Iterator[str]:
    for name in own:
        process = system.processes[name]
        yield from (f"plants.{process.plant}.{each}" for each in OF_PLANT if process.plant)
        yield from (f"ramps.{process.ramp_group}.{each}" for each in OF_RAMP if process.ramp_group)
        if process.host:
            yield f"hosts.{process.host}"
            yield f"process_values.{name}.host_content"
        yield from (
            f"deposits.{deposit}.{system.deposits[deposit].metal}.reserve"
            for deposit in process.deposits
        )


def _demand(system: System, o: Observed) -> Iterator[str]:
    """Demand for goods of the metal, the largest first."""
    at = system.years.index(o.year)
    sizes = {
        good.name: float(good.demand[at]) * good.content[o.metal]
        for good in system.goods.values()
        if good.demand is not None and o.metal in good.content
    }
    yield from (f"demand.{name}" for name in sorted(sizes, key=lambda n: -sizes[n]))
