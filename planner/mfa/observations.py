r"""What a study observed in one year, reconciled under its own flow balance.

The unknowns are the activities of the processes; flows follow from them by the incidence matrix, so
that every process closes by itself and the balances are those of the goods:

    sum of outputs - inputs + arising + stockpile draw = demand + disposal

Activities and disposal (of scrap and waste) never fall below 0, nor what is not collected below
what the study's collection rate leaves; a process whose plant does not stand in that year runs only
where an observation names it. Demand and what arises from use stocks are taken as the study has
them, unless an observation speaks of that flow: then the flow is free and the observation measures
it. Coefficients are exact where the study states no range; with one (`low` and `high`, read as a 95
% interval), and where the process does run, they are measured too, and flow = coefficient x
activity is bilinear. An observation of a sum of flows, and two observations of one flow, each are a
measured quantity of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance, balance
from planner.mfa.flows import outside_source
from planner.mfa.reconcile import (
    SIGNIFICANCE,
    Fault,
    Observation,
    Ratio,
    Reconciliation,
    eliminate,
    reconcile,
)
from planner.system.nouns import Array, Good, Observed, Process, System

NORMAL_95 = 1.959963984540054
"""Half the width of the 95 % interval of a normal distribution in standard deviations."""
FLOW_COLUMNS = ("metal", "year", "source", "target", "good", "value", "sd", "observed", "unit")
MEASUREMENT_COLUMNS = (
    "observation",
    "metal",
    "source",
    "target",
    "quantity",
    "measured",
    "sd",
    "reconciled",
    "posterior_sd",
    "adjustment",
    "score",
    "redundant",
    "unit",
    "reference",
    "grade",
)


@dataclass(frozen=True, eq=False)
class StudyReconciliation:
    """Observations of one year made to agree with the flow balance."""

    year: int
    measurements: pd.DataFrame
    """Each observation: MEASUREMENT_COLUMNS; t of metal per year, or shares."""
    coefficients: pd.DataFrame
    """Coefficients with a range: process, good, direction, measured, sd, reconciled, posterior_sd,
    score."""
    flows: pd.DataFrame
    """Flows reconciled with every observation, and their standard deviation (NaN where nothing
    determines them): FLOW_COLUMNS."""
    before: Reconciliation
    """With every observation."""
    after: Reconciliation
    """Without those that serial elimination took out; the same where the data agree."""
    faults: tuple[Fault, ...]
    """What serial elimination took out, in order."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """A flow as a linear form of the unknowns: names to terms, and a constant; t of metal per year."""

    metal: str
    source: str
    target: str
    good: str
    terms: Mapping[str, float]


def reconcile_study(
    system: System | Balance,
    *,
    year: int | None = None,
    coefficients: bool = True,
    significance: float = SIGNIFICANCE,
) -> StudyReconciliation:
    """Reconcile the observations of `year` (the first year of the study if not given). Raises
    SpecError for what cannot be read.

    With `coefficients` false all coefficients are exact, which makes the problem linear.
    """
    whole = system if isinstance(system, Balance) else balance(system)
    study = whole.system
    at = study.years[0] if year is None else year
    network = _Network(whole, at, coefficients)
    seen = network.observed()
    known = network.rows()
    arguments = {
        "names": known[1],
        "nonnegative": network.nonnegative,
        "significance": significance,
    }
    before = reconcile(known[0], network.unknowns, network.ratios, **arguments)  # type: ignore[arg-type]
    after, found = eliminate(known[0], network.unknowns, network.ratios, first=before, **arguments)  # type: ignore[arg-type]
    names = {label(o): o.name for o in seen}
    faults = tuple(
        replace(f, name=names.get(f.name, f.name), alike=tuple(names.get(n, n) for n in f.alike))
        for f in found
    )
    return StudyReconciliation(
        at,
        _measurements(seen, before),
        _coefficients(network, before),
        _flows(network, before, at),
        before,
        after,
        faults,
    )


class _Network:
    """Unknowns, balances and ratios of one year of a study; lives inside `reconcile_study` only."""

    def __init__(self, whole: Balance, year: int, coefficients: bool) -> None:
        self.whole, self.system, self.year = whole, whole.system, year
        if year not in self.system.years:
            raise SpecError(
                self.system.name,
                [
                    Problem(
                        "--year",
                        0,
                        "",
                        (
                            f"{year} is outside {self.system.years[0]} to {self.system.years[-1]}; "
                            "give a year of the study"
                        ),
                    )
                ],
            )
        self.position = year - self.system.years[0]
        self.unknowns: list[Observation] = []
        self.at: dict[str, int] = {}
        self.ratios: list[Ratio] = []
        self.nonnegative: list[str] = []
        self.flows: list[_Flow] = []
        self.balances: dict[str, dict[str, float]] = {}
        self.extra: list[tuple[str, dict[str, float]]] = []
        self.ranges = _ranges(self.system, year) if coefficients else {}
        self.spoken = [o for o in self.system.observations if o.year == year]
        for process in self.system.processes.values():
            self._process(process)
        for good in self.system.goods.values():
            self._good(good)

    def add(
        self,
        name: str,
        value: float = float("nan"),
        deviation: float = 0.0,
        *,
        bounded: bool = False,
    ) -> str:
        if name not in self.at:
            self.at[name] = len(self.unknowns)
            self.unknowns.append(Observation(name, value, deviation))
            if bounded:
                self.nonnegative.append(name)
        return name

    def _process(self, process: Process) -> None:
        """Activity, and the flows that follow from it; a process that may not run, or whose plant
        does not stand, has none."""
        year, system = self.position, self.system
        stands = not process.plant or system.plants[process.plant].existing[year] > 0
        named = any(process.name in (o.source, o.target) and o.value > 0 for o in self.spoken)
        if not ((process.max_activity[year] > 0 and stands) or named):
            return
        activity = self.add(f"activity of {process.name}", bounded=True)
        metals: dict[str, dict[str, float]] = {}
        outside = not process.inputs and not process.deposits
        for direction, side in (
            ("in", process.inputs),
            ("out", process.outputs),
            ("in", process.deposits),
        ):
            for name, series in side.items():
                tonnes = self._tonnes(process, name, direction, float(series[year]), activity)
                sign = 1.0 if direction == "out" else -1.0
                deposit = side is process.deposits
                contents = (
                    {system.deposits[name].metal: 1.0} if deposit else system.goods[name].content
                )
                if not deposit:
                    _sum(self.balances.setdefault(name, {}), tonnes, sign)
                for metal, content in contents.items():
                    terms = _times(tonnes, content)
                    _sum(metals.setdefault(metal, {}), terms, -sign)
                    node = f"deposit/{name}" if deposit else name
                    ends = (process.name, node) if direction == "out" else (node, process.name)
                    self.flows.append(_Flow(metal, *ends, name, terms))
                    if outside and direction == "out":
                        self.flows.append(
                            _Flow(
                                metal,
                                outside_source(system, process, name),
                                process.name,
                                name,
                                terms,
                            )
                        )
        if process.loss and not outside:
            self.flows += [
                _Flow(metal, process.name, f"loss/{process.loss}", metal, terms)
                for metal, terms in metals.items()
            ]

    def _tonnes(
        self, process: Process, good: str, direction: str, coefficient: float, activity: str
    ) -> dict[str, float]:
        """Tonnes of a good that a process takes or gives, as a linear form; with an uncertain
        coefficient an unknown of its own."""
        deviation = self.ranges.get((process.name, good, direction), 0.0)
        if not deviation or not self._runs(process):
            return {activity: coefficient}
        label = f"{process.name} {direction} {good}"
        self.add(f"coefficient of {label}", coefficient, deviation)
        self.add(f"flow of {label}")
        self.ratios.append(Ratio(f"flow of {label}", f"coefficient of {label}", activity))
        return {f"flow of {label}": 1.0}

    def _runs(self, process: Process) -> bool:
        """Whether an observation names the process and is above zero: only then can its
        coefficients be told."""
        return any(
            o.value > 0
            and (fnmatchcase(process.name, o.source) or fnmatchcase(process.name, o.target))
            for o in self.spoken
        )

    def _good(self, good: Good) -> None:
        """Demand by where it goes, what arises, stockpile and disposal; free where an observation
        speaks of the flow."""
        year, name = self.position, good.name
        row = self.balances.setdefault(name, {})
        if good.demand is not None:
            self._ends(good, row, float(good.demand[year]))
        if name in self.whole.arising:
            self._arising(good, row)
        if good.stockpile is not None:
            # draw less fill: the two by themselves are nothing that a balance could tell apart
            draw = self.add(f"net draw of {name}")
            row[draw] = 1.0
            self.flows += [
                _Flow(metal, f"stockpile/{name}", name, name, {draw: content})
                for metal, content in good.content.items()
            ]
        if good.kind in ("scrap", "waste"):
            rest = self.add(f"disposal of {name}", bounded=True)
            row[rest] = -1.0
            terms = {rest: 1.0}
            if good.collection_rate is not None and f"arising of {name}" in self.at:
                # at least what the rate of the study leaves is not collected
                least = 1.0 - float(good.collection_rate[year])
                row[f"arising of {name}"] -= least
                terms[f"arising of {name}"] = least
            lost = "loss/uncollected" if good.kind == "waste" else "loss/surplus"
            self.flows += [
                _Flow(metal, name, lost, name, _times(terms, content))
                for metal, content in good.content.items()
            ]

    def _arising(self, good: Good, row: dict[str, float]) -> None:
        """What becomes waste: what the stock model says, or free where an observation speaks of it."""
        name = good.name
        sources = [f"use/{p.name}" for p in self.system.products.values() if p.waste == name]
        free = any(
            self.spoken_of(source, name, metal) for source in sources for metal in good.content
        )
        value = float("nan") if free else float(self.whole.arising[name][self.position])
        arising = self.add(f"arising of {name}", value, bounded=free)
        row[arising] = 1.0
        # several products of one waste good are one flow here: their split is the stock model's
        source = sources[0] if len(sources) == 1 else "use/*"
        self.flows += [
            _Flow(metal, source, name, name, {arising: content})
            for metal, content in good.content.items()
        ]

    def _ends(self, good: Good, row: dict[str, float], demand: float) -> None:
        """What is demanded of a good, and which share of it goes into which use stock, abroad, or
        elsewhere."""
        free = any(
            self.spoken_of(good.name, target, metal)
            for metal in good.content
            for target in (
                "export",
                "demand",
                *(f"use/{product}" for product in self.system.products),
            )
        )
        wanted = self.add(f"demand for {good.name}", float("nan") if free else demand, bounded=free)
        row[wanted] = -1.0
        for metal, content in good.content.items():
            rest = 1.0
            for (m, g, product), series in self.whole.into_use.items():
                if (m, g) == (metal, good.name) and demand:
                    share = float(series[self.position]) / (content * demand)
                    rest -= share
                    self.flows.append(
                        _Flow(
                            metal, good.name, f"use/{product}", good.name, {wanted: content * share}
                        )
                    )
            if rest > SMALLEST_SHARE:
                self.flows.append(
                    _Flow(
                        metal,
                        good.name,
                        "export" if good.export else "demand",
                        good.name,
                        {wanted: content * rest},
                    )
                )

    def spoken_of(self, source: str, target: str, metal: str) -> bool:
        return any(
            o.metal == metal and fnmatchcase(source, o.source) and fnmatchcase(target, o.target)
            for o in self.spoken
        )

    def observed(self) -> list[Observed]:
        """Add each observation of the year as a measured quantity, and return them; SpecError where
        one speaks of nothing."""
        problems: list[Problem] = []
        for o in self.spoken:
            if o.low is None or o.high is None:
                problems.append(
                    Problem(
                        o.place.file,
                        o.place.row,
                        "low" if o.low is None else "high",
                        (
                            "is empty; give both ends of the 95 % interval, equal to the value "
                            "where it is exact"
                        ),
                    )
                )
                continue
            terms = self.form(o.source, o.target, o.metal)
            if not terms:
                problems.append(
                    Problem(
                        o.place.file,
                        o.place.row,
                        "from",
                        f"no flow of {o.metal} goes from '{o.source}' to '{o.target}' "
                        f"in {o.year}; name nodes as flows.csv does",
                    )
                )
                continue
            self._measure(o, terms, (o.high - o.low) / (2 * NORMAL_95))
        if not self.spoken:
            years = sorted({o.year for o in self.system.observations})
            problems.append(
                Problem(
                    "observations.csv",
                    0,
                    "year",
                    f"nothing was observed in {self.year}; "
                    + (
                        f"observed years: {', '.join(map(str, years))}"
                        if years
                        else "add the table to the study (docs/format.md)"
                    ),
                )
            )
        if problems:
            raise SpecError(self.system.name, problems)
        return self.spoken

    def form(self, source: str, target: str, metal: str) -> dict[str, float]:
        """The sum of the flows that match, as a linear form."""
        total: dict[str, float] = {}
        for flow in self.flows:
            if (
                flow.metal == metal
                and fnmatchcase(flow.source, source)
                and fnmatchcase(flow.target, target)
            ):
                _sum(total, flow.terms, 1.0)
        return total

    def _measure(self, o: Observed, terms: dict[str, float], deviation: float) -> None:
        name = label(o)
        self.add(name, o.value, deviation)
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


SMALLEST_SHARE = 1e-12
"""A share of demand below this is the rounding of uses that add up to 1."""


def label(o: Observed) -> str:
    """How an observation is called among the unknowns."""
    return f"{o.name} ({o.metal} {o.quantity} {o.source} -> {o.target})"


def _sum(total: dict[str, float], terms: Mapping[str, float], sign: float) -> None:
    for name, term in terms.items():
        total[name] = total.get(name, 0.0) + sign * term


def _times(terms: Mapping[str, float], factor: float) -> dict[str, float]:
    return {name: factor * term for name, term in terms.items()}


def _ranges(system: System, year: int) -> dict[tuple[str, str, str], float]:
    """Standard deviation of each coefficient that has a range in force in the year: (process, good,
    direction) to t per unit."""
    found: dict[tuple[str, str, str], tuple[int, float]] = {}
    for datum in system.data:
        table, _, rest = datum.stem.partition(".")
        if table != "coefficients" or datum.low is None or datum.high is None:
            continue
        process, _, rest = rest.partition(".")
        good, _, direction = rest.rpartition(".")
        distance = 0 if datum.year is None else abs(datum.year - year)
        if distance <= found.get((process, good, direction), (10_000, 0.0))[0]:
            found[process, good, direction] = (distance, (datum.high - datum.low) / (2 * NORMAL_95))
    return {key: deviation for key, (_, deviation) in found.items()}


def _measurements(seen: list[Observed], found: Reconciliation) -> pd.DataFrame:
    table = found.table.set_index("name")
    rows = []
    for o in seen:
        line = table.loc[label(o)]
        unit = "t/year" if o.quantity == "flow" else "1"
        rows.append(
            (
                o.name,
                o.metal,
                o.source,
                o.target,
                o.quantity,
                line["measured"],
                line["deviation"],
                line["reconciled"],
                line["posterior"],
                line["adjustment"],
                line["score"],
                bool(line["redundant"]),
                unit,
                o.reference,
                o.grade,
            )
        )
    return pd.DataFrame(rows, columns=list(MEASUREMENT_COLUMNS))


def _coefficients(network: _Network, found: Reconciliation) -> pd.DataFrame:
    table = found.table.set_index("name")
    rows = []
    for ratio in network.ratios:
        if ratio.coefficient.startswith("coefficient of "):
            process, direction, good = ratio.coefficient.removeprefix("coefficient of ").split(
                " ", 2
            )
            line = table.loc[ratio.coefficient]
            numbers = (
                line[name] for name in ("measured", "deviation", "reconciled", "posterior", "score")
            )
            rows.append((process, good, direction, *numbers))
    return pd.DataFrame(
        rows,
        columns=[
            "process",
            "good",
            "direction",
            "measured",
            "sd",
            "reconciled",
            "posterior_sd",
            "score",
        ],
    )


def _flows(network: _Network, found: Reconciliation, year: int) -> pd.DataFrame:
    """Every flow with its standard deviation; NaN where the observations do not determine it, zero
    flows left out."""
    values, rows = found.fit.values, []
    size = float(np.abs(values).max(initial=0.0))
    for flow in network.flows:
        terms = np.zeros(len(values))
        for name, term in flow.terms.items():
            terms[network.at[name]] += term
        deviation, value = found.fit.deviation_of(terms), float(terms @ values)
        if np.isnan(deviation):
            value = float("nan")
        elif abs(value) <= SMALLEST_SHARE * size and not deviation:
            continue
        observed = network.spoken_of(flow.source, flow.target, flow.metal)
        rows.append(
            (
                flow.metal,
                year,
                flow.source,
                flow.target,
                flow.good,
                value,
                deviation,
                observed,
                "t/year",
            )
        )
    frame = pd.DataFrame(rows, columns=list(FLOW_COLUMNS))
    return frame.sort_values(
        ["metal", "source", "target", "good"], kind="stable", ignore_index=True
    )
