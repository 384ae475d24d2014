"""The unknowns, balances and ratios of one year of a study, and its observations.

Flows are linear forms of the unknowns (activities above all), so that every process closes by
itself and the balances are those of the goods. `planner.mfa.reconciliation.observations` says what
is free, exact and measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance
from planner.mfa.flows import outside_source
from planner.mfa.reconciliation.reconcile import Observation, Ratio
from planner.system.curves import observed_sales
from planner.system.disposal import most_collected
from planner.system.nouns import Array, Datum, Good, Observed, Process, System

NORMAL_95 = 1.959963984540054
"""Half the width of the 95 % interval of a normal distribution in standard deviations."""
COEFFICIENT_OF = "coefficient of "
"""How the unknown of an uncertain coefficient begins: process, direction and good follow."""
DEMAND_FOR = "demand for "
"""How the unknown of the demand for a good begins."""
SMALLEST_SHARE = 1e-12
"""A share of demand below this is the rounding of uses that add up to 1."""

Terms = dict[str, float]
"""A linear form of the unknowns: name to factor."""
Spread = tuple[float, float]
"""Standard deviations downward and upward: a range that is wider on one side stays so."""


@dataclass(frozen=True, slots=True)
class ObservedFlow:
    """A flow as a linear form of the unknowns, t of metal per year."""

    metal: str
    source: str
    target: str
    good: str
    terms: Mapping[str, float]


class ObservedNetwork:
    """Unknowns, balances and ratios of one year of a study; lives inside `reconcile_study` only."""

    def __init__(self, whole: Balance, year: int, coefficients: bool) -> None:
        self.whole, self.system, self.year = whole, whole.system, year
        first, last = self.system.years[0], self.system.years[-1]
        if year not in self.system.years:
            message = f"{year} is outside {first} to {last}; give a year of the study"
            raise SpecError(self.system.name, [Problem("--year", 0, "", message)])
        self.position = year - first
        self.unknowns: list[Observation] = []
        self.at: dict[str, int] = {}
        self.ratios: list[Ratio] = []
        self.nonnegative: list[str] = []
        self.flows: list[ObservedFlow] = []
        self.balances: dict[str, Terms] = {}
        self.extra: list[tuple[str, Terms]] = []
        self.ranges = _ranges(self.system, year) if coefficients else {}
        self.demand_ranges = _demand_ranges(self.system, year)
        self.spoken = [o for o in self.system.observations if o.year == year and o.reconciled]
        """Observations of flows in the year."""
        for process in self.system.processes.values():
            if self._may_run(process):
                self._process(process)
        for good in self.system.goods.values():
            self._good(good)

    def add(
        self,
        name: str,
        value: float = float("nan"),
        spread: Spread = (0.0, 0.0),
        *,
        bounded: bool = False,
    ) -> str:
        if name not in self.at:
            self.at[name] = len(self.unknowns)
            self.unknowns.append(Observation(name, value, spread[0], above=spread[1]))
            if bounded:
                self.nonnegative.append(name)
        return name

    def _may_run(self, process: Process) -> bool:
        """Return True if nothing stops a process in the year and its plant stands, or if an
        observation names it."""
        year, plants = self.position, self.system.plants
        stands = not process.plant or plants[process.plant].existing[year] > 0
        return bool(process.max_activity[year] > 0 and stands) or any(
            process.name in (o.source, o.target) and o.value > 0 for o in self.spoken
        )

    def _process(self, process: Process) -> None:
        """Activity, and the flows that follow from it."""
        name, activity = process.name, self.add(f"activity of {process.name}", bounded=True)
        kept: dict[str, Terms] = {}
        outside = not process.inputs and not process.deposits
        for good in process.inputs:
            for metal, terms in self._exchanged(process, good, "in", activity):
                _sum(kept.setdefault(metal, {}), terms, 1.0)
                self.flows.append(ObservedFlow(metal, good, name, good, terms))
        for good in process.outputs:
            for metal, terms in self._exchanged(process, good, "out", activity):
                _sum(kept.setdefault(metal, {}), terms, -1.0)
                self.flows.append(ObservedFlow(metal, name, good, good, terms))
                if outside:
                    source = outside_source(self.system, process, good)
                    self.flows.append(ObservedFlow(metal, source, name, good, terms))
        for deposit, series in process.deposits.items():
            terms = self._tonnes(process, deposit, "in", series, activity)
            metal = self.system.deposits[deposit].metal
            _sum(kept.setdefault(metal, {}), terms, 1.0)
            self.flows.append(ObservedFlow(metal, f"deposit/{deposit}", name, deposit, terms))
        if not outside:
            self._lose(process, kept)

    def _lose(self, process: Process, kept: Mapping[str, Terms]) -> None:
        """Flows of what goes in and does not come out, where the process names the loss."""
        if process.loss:
            for metal, terms in kept.items():
                loss = f"loss/{process.loss}"
                self.flows.append(ObservedFlow(metal, process.name, loss, metal, terms))

    def _exchanged(
        self, process: Process, good: str, direction: str, activity: str
    ) -> Iterator[tuple[str, Terms]]:
        """Count what a process takes or gives in the balance of a good, and yield it by metal."""
        series = (process.outputs if direction == "out" else process.inputs)[good]
        tonnes = self._tonnes(process, good, direction, series, activity)
        _sum(self.balances.setdefault(good, {}), tonnes, 1.0 if direction == "out" else -1.0)
        for metal, content in self.system.goods[good].content.items():
            yield metal, _times(tonnes, content)

    def _tonnes(
        self, process: Process, good: str, direction: str, series: Array, activity: str
    ) -> Terms:
        """Tonnes of a good that a process takes or gives, as a linear form; with an uncertain
        coefficient an unknown of its own."""
        coefficient = float(series[self.position])
        spread = self.ranges.get((process.name, good, direction), (0.0, 0.0))
        if not any(spread):
            return {activity: coefficient}
        label = f"{process.name} {direction} {good}"
        self.add(f"{COEFFICIENT_OF}{label}", coefficient, spread)
        self.add(f"flow of {label}")
        self.ratios.append(Ratio(f"flow of {label}", f"{COEFFICIENT_OF}{label}", activity))
        return {f"flow of {label}": 1.0}

    def _good(self, good: Good) -> None:
        """Demand by where it goes, what arises, stockpile and disposal; free where an observation
        measures the flow."""
        row = self.balances.setdefault(good.name, {})
        if good.demand is not None:
            self._demand(good, row, float(good.demand[self.position]))
        elif good.sold:
            self._demand(good, row, self._sold(good))
        if good.name in self.whole.arising:
            self._arising(good, row)
        if good.stockpile is not None:
            # draw less fill: the two by themselves are nothing that a balance could tell apart
            draw = self.add(f"net draw of {good.name}")
            row[draw] = 1.0
            self._add_flows(good, f"stockpile/{good.name}", good.name, {draw: 1.0})
        if good.kind in ("scrap", "waste"):
            self._disposal(good, row)

    def _sold(self, good: Good) -> float:
        """What was sold abroad of a good with a curve: as observed of the processes that give it,
        NaN and so free where nothing was."""
        givers = [p for p in self.system.processes.values() if good.name in p.outputs]
        if not any(np.isfinite(process.observed).any() for process in givers):
            return float("nan")
        return float(observed_sales(self.system)[good.name][self.position])

    def _add_flows(self, good: Good, source: str, target: str, tonnes: Terms) -> None:
        """A flow of each metal that so many tonnes of a good hold."""
        self.flows += [
            ObservedFlow(metal, source, target, good.name, _times(tonnes, content))
            for metal, content in good.content.items()
        ]

    def _disposal(self, good: Good, row: Terms) -> None:
        """Scrap or waste that is not collected; at least what the rate of the study leaves, less
        what can be taken back."""
        rest, arising = (
            self.add(f"disposal of {good.name}", bounded=True),
            f"arising of {good.name}",
        )
        row[rest] = -1.0
        terms = {rest: 1.0}
        most = most_collected(self.system, good)
        if most is not None and arising in self.at:
            uncollected = 1.0 - float(most[self.position])
            row[arising] -= uncollected
            terms[arising] = uncollected
        lost = "loss/uncollected" if good.kind == "waste" else "loss/surplus"
        self._add_flows(good, good.name, lost, terms)

    def _arising(self, good: Good, row: Terms) -> None:
        """Waste that arises: by the stock model, or free where an observation measures it."""
        name = good.name
        sources = [f"use/{p.name}" for p in self.system.products.values() if p.waste == name]
        free = self._spoken_of_any(good, [(source, name) for source in sources])
        value = float("nan") if free else float(self.whole.arising[name][self.position])
        arising = self.add(f"arising of {name}", value, bounded=free)
        row[arising] = 1.0
        # several products of one waste good are one flow here: their split is the stock model's
        source = sources[0] if len(sources) == 1 else "use/*"
        self._add_flows(good, source, name, {arising: 1.0})

    def _demand(self, good: Good, row: Terms, demand: float) -> None:
        """Demand for a good, and its shares that go into use stocks, abroad, or elsewhere; measured
        where the study gives it a range."""
        ends = ("export", "demand", *(f"use/{product}" for product in self.system.products))
        free = np.isnan(demand) or self._spoken_of_any(good, [(good.name, end) for end in ends])
        spread = (0.0, 0.0) if free else self.demand_ranges.get(good.name, (0.0, 0.0))
        wanted = self.add(
            f"{DEMAND_FOR}{good.name}",
            float("nan") if free else demand,
            spread,
            bounded=free or any(spread),
        )
        row[wanted] = -1.0
        for metal, content in good.content.items():
            for end, share in self._shares_of_demand(good, metal, demand):
                terms = {wanted: content * share}
                self.flows.append(ObservedFlow(metal, good.name, end, good.name, terms))

    def _shares_of_demand(
        self, good: Good, metal: str, demand: float
    ) -> Iterator[tuple[str, float]]:
        """Nodes that a metal demanded in a good goes to, with their shares of the demand."""
        rest = 1.0
        for (held, name, product), series in self.whole.into_use.items():
            if (held, name) == (metal, good.name) and demand:
                share = float(series[self.position]) / (good.content[metal] * demand)
                rest -= share
                yield f"use/{product}", share
        if rest > SMALLEST_SHARE:
            yield "export" if good.export else "demand", rest

    def _spoken_of_any(self, good: Good, ends: list[tuple[str, str]]) -> bool:
        return any(self.spoken_of(*pair, metal) for pair in ends for metal in good.content)

    def spoken_of(self, source: str, target: str, metal: str) -> bool:
        return any(
            o.metal == metal and fnmatchcase(source, o.source) and fnmatchcase(target, o.target)
            for o in self.spoken
        )

    def observed(self) -> list[Observed]:
        """Add each observation of the year as a measured quantity, and return them. Raises
        SpecError where one matches no flow."""
        problems = [problem for o in self.spoken if (problem := self._measure(o)) is not None]
        if not self.spoken:
            problems.append(self._nothing_observed())
        if problems:
            raise SpecError(self.system.name, problems)
        return self.spoken

    def _nothing_observed(self) -> Problem:
        years = sorted({o.year for o in self.system.observations if o.reconciled})
        remedy = (
            f"observed years: {', '.join(map(str, years))}"
            if years
            else "add the table to the study (docs/format.md)"
        )
        message = f"nothing was observed in {self.year}; {remedy}"
        return Problem("observations.csv", 0, "year", message)

    def _measure(self, o: Observed) -> Problem | None:
        """Add an observation as a measured quantity, or return why it cannot be one."""
        if o.low is None or o.high is None:
            message = (
                "is empty; give both ends of the 95 % interval, equal to the value where it is "
                "exact"
            )
            return Problem(o.place.file, o.place.row, "low" if o.low is None else "high", message)
        if not o.low <= o.value <= o.high:
            message = (
                f"the value {o.value:g} is not within {o.low:g} and {o.high:g}; give a range that "
                "holds it"
            )
            return Problem(o.place.file, o.place.row, "value", message)
        terms = self.form(o.source, o.target, o.metal)
        if not terms:
            message = (
                f"no flow of {o.metal} goes from '{o.source}' to '{o.target}' in {o.year}; name "
                "nodes as flows.csv does"
            )
            return Problem(o.place.file, o.place.row, "from", message)
        self._define(o, terms, _spread(o.value, o.low, o.high))
        return None

    def form(self, source: str, target: str, metal: str) -> Terms:
        """The sum of the flows that match, as a linear form."""
        total: Terms = {}
        for flow in self.flows:
            if (
                flow.metal == metal
                and fnmatchcase(flow.source, source)
                and fnmatchcase(flow.target, target)
            ):
                _sum(total, flow.terms, 1.0)
        return total

    def _define(self, o: Observed, terms: Terms, spread: Spread) -> None:
        """Tie the observed quantity to the flows that it is the sum of, or a share of all that
        enters."""
        name = label(o)
        self.add(name, o.value, spread)
        if o.quantity == "flow":
            self.extra.append((name, {name: -1.0, **terms}))
            return
        flow, whole = self.add(f"flow of {name}"), self.add(f"all that enters {name}")
        self.extra.append((f"flow of {name}", {flow: -1.0, **terms}))
        self.extra.append(
            (f"all that enters {name}", {whole: -1.0, **self.form("*", o.source, o.metal)})
        )
        self.ratios.append(Ratio(flow, name, whole))

    def rows(self) -> tuple[Array, list[str]]:
        """The balances of goods and the definitions of observations as a matrix, with the names of
        its rows."""
        every = [*((name, terms) for name, terms in self.balances.items() if terms), *self.extra]
        matrix = np.zeros((len(every), len(self.unknowns)))
        for row, (_, terms) in zip(matrix, every, strict=True):
            for name, term in terms.items():
                row[self.at[name]] += term
        return matrix, [name for name, _ in every]


def label(o: Observed) -> str:
    """Name of an observation among the unknowns."""
    return f"{o.name} ({o.metal} {o.quantity} {o.source} -> {o.target})"


def _sum(total: Terms, terms: Mapping[str, float], sign: float) -> None:
    for name, term in terms.items():
        total[name] = total.get(name, 0.0) + sign * term


def _times(terms: Mapping[str, float], factor: float) -> Terms:
    return {name: factor * term for name, term in terms.items()}


def _spread(value: float, low: float, high: float) -> Spread:
    """Standard deviations downward and upward of which low and high are the ends of the 95 %
    interval."""
    return (value - low) / NORMAL_95, (high - value) / NORMAL_95


def _ranges(system: System, year: int) -> dict[tuple[str, str, str], Spread]:
    """Standard deviations of each coefficient that has a range in force in the year: (process,
    good, direction) to t per unit."""
    ranged = [d for d in system.data if d.low is not None and d.high is not None]
    return {
        _coefficient(datum): _spread(datum.value, datum.low, datum.high)
        for datum in _nearest(ranged, "coefficients.", year)
        if datum.low is not None and datum.high is not None
    }


def _demand_ranges(system: System, year: int) -> dict[str, Spread]:
    """Standard deviations of the demand for each good that the study gives with a range, t per
    year; between years those of the nearest, as shares of the demand."""
    found = {}
    for datum in _nearest(system.data, "demand.", year):
        good = datum.stem.split(".", 1)[1]
        demand = system.goods[good].demand
        if datum.low is None or datum.high is None or demand is None:
            continue
        now = float(demand[year - system.years[0]])
        factor = now / datum.value if datum.value else 1.0
        below, above = _spread(datum.value, datum.low, datum.high)
        found[good] = factor * below, factor * above
    return found


def _nearest(data: Iterable[Datum], table: str, year: int) -> Iterator[Datum]:
    """Of each number of a table the datum of the year, else the nearest; of two as near the later
    in the data."""
    nearest: dict[str, tuple[int, Datum]] = {}
    for datum in data:
        if datum.stem.startswith(table):
            distance = 0 if datum.year is None else abs(datum.year - year)
            if datum.stem not in nearest or distance <= nearest[datum.stem][0]:
                nearest[datum.stem] = distance, datum
    return (datum for _, datum in nearest.values())


def _coefficient(datum: Datum) -> tuple[str, str, str]:
    """Process, good and direction of a coefficient, from its path."""
    _, process, rest = datum.stem.split(".", 2)
    good, _, direction = rest.rpartition(".")
    return process, good, direction
