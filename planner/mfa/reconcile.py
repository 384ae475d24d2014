r"""Data reconciliation: measured flows made to balance, with the least change their uncertainties
allow.

Flows x have measurements y with standard deviations s; some are exact (s = 0), some unmeasured
(NaN). Balances $A x = 0$ are linear. Bilinear relations $x_k = c\, x_j$ have a coefficient c that
is measured too. Minimise

$$\sum_i \Big(\frac{x_i - y_i}{s_i}\Big)^2 \quad \text{s.t.} \quad A x = 0, \; x_k - c_r x_j = 0$$

as `planner.mfa.least_squares` does (Narasimhan and Jordache, Data Reconciliation and Gross Error
Detection, Gulf, 2000, chapters 3 and 5; for substance flows Cencic 2016, Journal of Sustainable
Development of Energy, Water and Environment Systems 4:74, the method of STAN). What the balances
determine is observable, a measurement that they could replace is redundant. The global test
compares the least sum of squares with chi-square of as many degrees of freedom as there are
redundant equations; the measurement test (Narasimhan and Jordache, chapter 7) names the one most at
fault: the adjustment largest in its own standard deviations. The data agree where both tests say
so. Each is made at the level 1 - sqrt(1 - a), so that data without fault fail either with a chance
of at most a (Sidak 1967, JASA 62:626, as among the measurements).

A range that is wider upward than downward stays so: deviations of a two-piece normal distribution
(`planner.mfa.least_squares`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.least_squares import Contradiction, Fit, critical_test, fit
from planner.system.nouns import Array

SIGNIFICANCE = 0.05
"""Level of the global test and of the measurement test together."""
TESTS = 2
FLOW_COLUMNS = ["source", "target", "value", "sd"]
"""Columns of tables of measured flows, and of transfer coefficients."""
APART = ("metal", "layer", "year", "unit")
"""Columns of a table of flows in which all rows must say the same."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A quantity of the system: a flow, or a transfer coefficient. NaN is unmeasured, a standard
    deviation of 0 exact."""

    name: str
    value: float
    deviation: float
    unit: str = "t/year"
    above: float | None = None
    """Standard deviation upward, where `deviation` holds downward alone; 0 on one side only is a
    bound."""

    @property
    def upward(self) -> float:
        """Standard deviation of what lies above the value."""
        return self.deviation if self.above is None else self.above

    @property
    def kind(self) -> Literal["measured", "exact", "unmeasured"]:
        """`exact` and `measured` have a value, with a standard deviation of 0 or above."""
        if np.isnan(self.value):
            return "unmeasured"
        return "exact" if self.deviation == 0 == self.upward else "measured"


@dataclass(frozen=True, slots=True)
class Ratio:
    """flow = coefficient x base, by the names of three observations."""

    flow: str
    coefficient: str
    base: str


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """Reconciled quantities, and the tests of their measurements.

    `table`: name, kind (measured, exact, unmeasured), measured, deviation, deviation_above (upward,
    where it differs), reconciled, posterior (standard deviation), adjustment, score (adjustment in
    its own standard deviations), observable, redundant, unit. NaN where a flow is not observable.
    """

    table: pd.DataFrame
    chi_square: float
    freedom: int
    p_value: float
    """Chance of so large a sum of squares if all measurements and deviations were right."""
    suspect: str
    """The measurement most at fault; empty where the data agree at the level of significance."""
    alike: tuple[str, ...]
    """Measurements whose error would look exactly like an error of the suspect: the data cannot
    tell them apart."""
    critical: float
    """The score that the largest of all exceeds, if nothing is wrong, with the probability
    `test_level`."""
    steps: int
    residual: float
    """Largest imbalance left, as a share of the largest flow."""
    significance: float
    fit: Fit = field(repr=False)
    balanced: tuple[str, ...] = ()
    """Names of the balances."""

    @property
    def test_level(self) -> float:
        """Level of each of the two tests, so that both together have `significance`."""
        return _single(self.significance)

    @property
    def consistent(self) -> bool:
        """Return True if the global test and the measurement test both find the data consistent."""
        largest = float(np.fmax.reduce(self.fit.tests, initial=0.0))
        return self.p_value >= self.test_level and not largest > self.critical


def _single(significance: float) -> float:
    """Level of one of several tests that together have a level, as if independent (Sidak)."""
    return float(1 - (1 - significance) ** (1 / TESTS))


def reconcile(
    balances: npt.ArrayLike,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio] = (),
    *,
    names: Sequence[str] = (),
    nonnegative: Sequence[str] = (),
    significance: float = SIGNIFICANCE,
) -> Reconciliation:
    """Reconcile observations under linear balances and bilinear ratios.

    `balances` has shape (rows, len(observations)): each row times the quantities is 0 (coefficients
    of ratios take no part). `names` name the rows for messages; `nonnegative` quantities, measured
    or not, never fall below 0 (then chi-square is approximate). Raises SpecError for NaN in
    balances, negative deviations, unknown names, or exact values that contradict the balances.
    """
    rows = np.atleast_2d(np.asarray(balances, dtype=float))
    if not rows.size:
        rows = np.zeros((0, len(observations)))
    _require(rows, observations, ratios, nonnegative, significance)
    at = {o.name: i for i, o in enumerate(observations)}
    products = [(at[r.flow], at[r.coefficient], at[r.base]) for r in ratios]
    bounded = np.zeros(len(observations), dtype=bool)
    bounded[[at[name] for name in nonnegative]] = True
    try:
        found = fit(
            [o.value for o in observations],
            [o.deviation for o in observations],
            rows,
            products=products,
            nonnegative=bounded,
            above=[o.upward for o in observations],
        )
    except Contradiction as error:
        raise SpecError(
            "reconciliation", [_contradiction(error, rows, observations, ratios, names)]
        ) from error
    except ValueError as error:
        raise SpecError("reconciliation", [Problem("ratios", 0, "", str(error))]) from error
    result = _result(found, rows, observations, products, significance)
    return replace(result, balanced=tuple(names))


def _require(
    rows: Array,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio],
    nonnegative: Sequence[str],
    significance: float,
) -> None:
    """Raise SpecError with everything that the reconciliation cannot work with."""
    problems = [
        *_level_problems(significance),
        *_balance_problems(rows, len(observations)),
        *_repeated_names(observations),
        *_value_problems(observations),
        *_name_problems({o.name for o in observations}, ratios, nonnegative),
    ]
    if problems:
        raise SpecError("reconciliation", problems)


def _level_problems(significance: float) -> Iterator[Problem]:
    if not 0 < significance < 1:
        message = f"is {significance:g}; give a level between 0 and 1, such as {SIGNIFICANCE:g}"
        yield Problem("significance", 0, "", message)


def _balance_problems(rows: Array, count: int) -> Iterator[Problem]:
    if rows.shape[1] != count:
        message = f"have {rows.shape[1]} columns for {count} observations; give one for each"
        yield Problem("balances", 0, "", message)
    if not np.isfinite(rows).all():
        yield Problem("balances", 0, "", "hold something that is not a number; give all of them")


def _repeated_names(observations: Sequence[Observation]) -> Iterator[Problem]:
    counts = Counter(o.name for o in observations)
    for name in sorted(name for name, count in counts.items() if count > 1):
        yield Problem("observations", 0, name, "stands twice; name each quantity once")


def _value_problems(observations: Sequence[Observation]) -> Iterator[Problem]:
    for o in observations:
        for deviation in dict.fromkeys((o.deviation, o.upward)):
            if np.isfinite(o.value) and not (np.isfinite(deviation) and deviation >= 0):
                message = f"has the standard deviation {deviation}; give 0 or more, or no value"
                yield Problem("observations", 0, o.name, message)
        if np.isinf(o.value):
            message = "is infinite; give a number, or none where it is not measured"
            yield Problem("observations", 0, o.name, message)


def _name_problems(
    names: Set[str], ratios: Sequence[Ratio], nonnegative: Sequence[str]
) -> Iterator[Problem]:
    """Names in ratios, and of quantities that never fall below 0, that no observation has."""
    for ratio in ratios:
        for name in (ratio.flow, ratio.coefficient, ratio.base):
            if name not in names:
                message = "is not an observation; add it, without a value where it is not measured"
                yield Problem("ratios", 0, name, message)
    for name in nonnegative:
        if name not in names:
            yield Problem("nonnegative", 0, name, "is not an observation")


def _contradiction(
    error: Contradiction,
    rows: Array,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio],
    names: Sequence[str],
) -> Problem:
    """Name the exact values that cannot hold together, and the balances that they contradict."""
    exact: set[str] = set()
    where: list[str] = []
    fixed = {o.name for o in observations if o.kind == "exact"}
    for row in error.rows:
        if row < len(rows):
            exact |= {
                o.name for o, term in zip(observations, rows[row], strict=True) if term
            } & fixed
            where.append(names[row] if row < len(names) else f"balance {row + 1}")
        else:
            ratio = ratios[row - len(rows)]
            exact |= {ratio.flow, ratio.coefficient, ratio.base} & fixed
            where.append(f"{ratio.flow} = {ratio.coefficient} x {ratio.base}")
    message = (
        "exact values contradict the balances: "
        f"{', '.join(sorted(exact)) or 'no flow can meet them'} in {', '.join(where)}"
        f"{', unless flows fall below 0 or pass their bounds' if error.bounded else ''}; give at "
        "least one of them a standard deviation"
    )
    return Problem("observations", 0, "", message)


def _result(
    found: Fit,
    rows: Array,
    observations: Sequence[Observation],
    products: Sequence[tuple[int, int, int]],
    significance: float,
) -> Reconciliation:
    x = found.values
    errors = np.concatenate(
        [rows @ x, np.array([x[k] - x[c] * x[j] for k, c, j in products], dtype=float)]
    )
    largest = float(np.max(np.abs(x), initial=0.0))
    suspect, alike = _suspect(found, observations, significance)
    return Reconciliation(
        _table(found, observations),
        found.chi_square,
        found.freedom,
        found.probability,
        suspect,
        alike,
        critical_test(int(np.isfinite(found.tests).sum()), _single(significance)),
        found.steps,
        float(np.max(np.abs(errors), initial=0.0)) / largest if largest else 0.0,
        significance,
        found,
    )


def _table(found: Fit, observations: Sequence[Observation]) -> pd.DataFrame:
    """The table of a reconciliation, one row for each observation."""
    measured = np.array([o.value for o in observations], dtype=float)
    deviation = np.array([o.deviation for o in observations], dtype=float)
    above = np.array([o.upward for o in observations], dtype=float)
    return pd.DataFrame(
        {
            "name": [o.name for o in observations],
            "kind": [o.kind for o in observations],
            "measured": measured,
            "deviation": np.where(np.isnan(measured), np.nan, deviation),
            "deviation_above": np.where(np.isnan(measured), np.nan, above),
            "reconciled": np.where(found.observable, found.values, np.nan),
            "posterior": found.deviations,
            "adjustment": found.values - measured,
            "score": found.tests,
            "observable": found.observable,
            "redundant": found.redundant,
            "unit": [o.unit for o in observations],
        }
    )


def _suspect(
    found: Fit, observations: Sequence[Observation], significance: float
) -> tuple[str, tuple[str, ...]]:
    """The measurement most at fault, and those that it cannot be told apart from; none where the
    data agree."""
    tested = found.tests[np.isfinite(found.tests)]
    if not tested.size:
        return "", ()
    level = _single(significance)
    if found.probability >= level and not tested.max() > critical_test(tested.size, level):
        return "", ()
    same = found.alike(int(np.nanargmax(found.tests)))
    # of those that cannot be told apart the one that is least certain, and so was moved furthest
    worst = max(same, key=lambda i: abs(found.values[i] - observations[i].value))
    return observations[worst].name, tuple(observations[i].name for i in same if i != worst)


@dataclass(frozen=True, slots=True)
class Fault:
    """A measurement taken out by serial elimination, and what the others make of it."""

    name: str
    alike: tuple[str, ...]
    measured: float
    without: float
    """What the remaining measurements say it is; NaN where they say nothing."""
    score: float
    chi_square: float
    """Before it was taken out; the next fault's, or the last reconciliation's, is that after."""
    p_value: float


def eliminate(
    balances: npt.ArrayLike,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio] = (),
    *,
    names: Sequence[str] = (),
    nonnegative: Sequence[str] = (),
    significance: float = SIGNIFICANCE,
    first: Reconciliation | None = None,
) -> tuple[Reconciliation, tuple[Fault, ...]]:
    """Eliminate measurements serially: drop the one most at fault until the data agree. Returns
    the last reconciliation and what was dropped, in order.

    `first` is what `reconcile` found with all of them, where that is known already.
    """

    def reconciled(remaining: Sequence[Observation]) -> Reconciliation:
        return reconcile(
            balances,
            remaining,
            ratios,
            names=names,
            nonnegative=nonnegative,
            significance=significance,
        )

    current = list(observations)
    faults: list[Fault] = []
    found = first or reconciled(current)
    while found.suspect:
        before, at = found, [o.name for o in current].index(found.suspect)
        measured = current[at].value
        current[at] = replace(current[at], value=float("nan"))
        found = reconciled(current)
        faults.append(_fault(before, found, at, measured))
    return found, tuple(faults)


def _fault(before: Reconciliation, after: Reconciliation, at: int, measured: float) -> Fault:
    """The measurement in row `at` that was the suspect before it was taken out."""
    return Fault(
        before.suspect,
        before.alike,
        measured,
        float(after.table["reconciled"].iloc[at]),
        float(before.table["score"].iloc[at]),
        before.chi_square,
        before.p_value,
    )


def reconcile_flows(
    flows: pd.DataFrame,
    coefficients: pd.DataFrame | None = None,
    *,
    boundary: str | Collection[str] | None = None,
    nonnegative: bool = True,
    significance: float = SIGNIFICANCE,
) -> tuple[Reconciliation, tuple[Fault, ...]]:
    """Reconcile a table of flows: source, target, value (NaN: unmeasured), sd (0: exact). With it
    what serial elimination took out.

    Every node that flows enter and leave balances, but for those of the `boundary` (the world
    outside, which has no balance); what stands on one side only is boundary too. Where every node
    would balance, no boundary was named, and the table is refused: give `boundary=()` if the system
    is closed indeed. With a column `good`, flows of several goods between two nodes are flows of
    their own; two rows of one source, target and good are two measurements of one flow. A column
    `sd_above` holds deviations upward where they differ. A table holds one metal (or layer), year
    and unit. Flows do not fall below 0 unless `nonnegative` is False. `coefficients` (source,
    target, value, sd, and good where it is of one good) are transfer coefficients: the flow as a
    share of all that enters its source. Flows are named `source -> target`, with a good `source ->
    target, good`; coefficients `share of source -> target`. Raises SpecError as `reconcile` does,
    and for rows that it cannot read.
    """
    table = _MeasuredFlows(flows, coefficients, boundary)
    measured = table.matrix(), table.observations, table.ratios
    bounded = table.flows if nonnegative else ()
    first = reconcile(*measured, names=table.names, nonnegative=bounded, significance=significance)
    _, faults = eliminate(
        *measured,
        names=table.names,
        nonnegative=bounded,
        significance=significance,
        first=first,
    )
    return first, faults


def _require_columns(frames: Mapping[str, pd.DataFrame]) -> None:
    lacking = [
        Problem(name, 0, column, "this column is missing")
        for name, frame in frames.items()
        for column in FLOW_COLUMNS
        if column not in frame
    ]
    if lacking:
        raise SpecError("reconciliation", lacking)


def _read(frames: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Tables of flows and coefficients with their numbers as numbers, and goods as text. Raises
    SpecError with every cell that cannot be read."""
    _require_columns(frames)
    problems: list[Problem] = []
    read = []
    for name, frame in frames.items():
        found = frame.reset_index(drop=True)
        for column in (c for c in ("value", "sd", "sd_above") if c in found):
            numbers = pd.to_numeric(found[column], errors="coerce")
            for row in np.flatnonzero(numbers.isna() & found[column].notna()):
                message = f"'{found[column][row]}' is not a number; give one, or none"
                problems.append(Problem(name, int(row) + 1, column, message))
            found[column] = numbers.astype(float)
        found["sd_above"] = (
            found["sd_above"].fillna(found["sd"]) if "sd_above" in found else found["sd"]
        )
        for column in ("source", "target"):
            for row in np.flatnonzero(found[column].isna()):
                problems.append(Problem(name, int(row) + 1, column, "is empty; name the node"))
        found["good"] = found["good"].fillna("").astype(str) if "good" in found else ""
        for column in (c for c in APART if c in found):
            kinds = sorted(map(str, found[column].dropna().unique()))
            if len(kinds) > 1:
                message = f"holds {', '.join(kinds[:3])}; reconcile the rows of each by themselves"
                problems.append(Problem(name, 0, column, message))
        read.append(found)
    if problems:
        raise SpecError("reconciliation", problems)
    return read


class _MeasuredFlows:
    """A table of flows as observations, balances and ratios; lives within `reconcile_flows`."""

    def __init__(
        self,
        flows: pd.DataFrame,
        coefficients: pd.DataFrame | None,
        boundary: str | Collection[str] | None,
    ) -> None:
        given = pd.DataFrame(columns=FLOW_COLUMNS) if coefficients is None else coefficients
        table, shares = _read({"flows": flows, "coefficients": given})
        self.observations: list[Observation] = []
        self.ratios: list[Ratio] = []
        self.rows: list[dict[str, float]] = []
        self.names: list[str] = []
        for (source, target, good), part in table.groupby(["source", "target", "good"], sort=False):
            self._flow(_name(source, target, good), part)
        single = table.drop_duplicates(["source", "target", "good"])
        self.ends = [(r.source, r.target, r.good) for r in single.itertuples()]
        self.flows = [_name(*ends) for ends in self.ends]
        """Names of all flows."""
        self.inside = self._inside(boundary)
        for node in self.inside:
            self._balance(str(node), self._entering(node, 1.0, self._leaving(node)))
        problems = [problem for row in shares.itertuples() if (problem := self._share(row))]
        if problems:
            raise SpecError("reconciliation", problems)

    def _inside(self, boundary: str | Collection[str] | None) -> list[Any]:
        """Nodes that balance, in the order in which flows enter them. Raises SpecError for nodes of
        the boundary that are not there, and for a system without any boundary."""
        left = {source for source, *_ in self.ends}
        entered = list(dict.fromkeys(target for _, target, _ in self.ends))
        outside = {boundary} if isinstance(boundary, str) else set(boundary or ())
        unknown = sorted(str(node) for node in outside - left - set(entered))
        problems = [
            Problem("boundary", 0, node, "is not a node of the flows; name one of the table")
            for node in unknown
        ]
        inside = [node for node in entered if node in left and node not in outside]
        if boundary is None and self.ends and len(inside) == len(left | set(entered)):
            message = (
                f"every node balances ({', '.join(map(str, inside))}), so what enters the system "
                "would be bound to what leaves it: name the world outside with boundary=, or give "
                "boundary=() if there is none"
            )
            problems.append(Problem("boundary", 0, "", message))
        if problems:
            raise SpecError("reconciliation", problems)
        return inside

    def _entering(self, node: Any, sign: float, terms: dict[str, float]) -> dict[str, float]:
        """Add all flows that enter a node to a linear form."""
        for (_, target, _), name in zip(self.ends, self.flows, strict=True):
            if target == node:
                terms[name] = terms.get(name, 0.0) + sign
        return terms

    def _leaving(self, node: Any) -> dict[str, float]:
        return {
            name: -1.0
            for (source, *_), name in zip(self.ends, self.flows, strict=True)
            if source == node
        }

    def _flow(self, name: str, part: pd.DataFrame) -> None:
        measured = [
            Observation("", value, sd, above=above)
            for value, sd, above in zip(part["value"], part["sd"], part["sd_above"], strict=True)
        ]
        if len(measured) == 1:
            self.observations.append(replace(measured[0], name=name))
            return
        self.observations.append(Observation(name, float("nan"), 0.0))
        for number, each in enumerate(measured, 1):
            self.observations.append(replace(each, name=f"{name} ({number})"))
            self._balance(f"{name} ({number})", {name: 1.0, f"{name} ({number})": -1.0})

    def _balance(self, name: str, terms: dict[str, float]) -> None:
        self.names.append(name)
        self.rows.append(terms)

    def _share(self, row: Any) -> Problem | None:
        """A transfer coefficient as a ratio of the flow to all that enters its source."""
        name, node = _name(row.source, row.target, row.good), row.source
        parts = [
            flow
            for ends, flow in zip(self.ends, self.flows, strict=True)
            if ends[:2] == (row.source, row.target) and row.good in ("", ends[2])
        ]
        if not parts or node not in self.inside:
            message = (
                "is not a flow out of a node that flows enter, within the boundary; name one of "
                "the table"
            )
            return Problem("coefficients", 0, name, message)
        flow = self._sum_of(name, dict.fromkeys(parts, 1.0))
        whole = self._sum_of(f"into {node}", self._entering(node, 1.0, {}))
        share = f"share of {name}"
        self.observations.append(Observation(share, row.value, row.sd, "1", row.sd_above))
        self.ratios.append(Ratio(flow, share, whole))
        return None

    def _sum_of(self, name: str, terms: dict[str, float]) -> str:
        """The flow that is a sum of flows: itself where it is one alone, else under a name."""
        if len(terms) == 1:
            return next(iter(terms))
        if name not in {o.name for o in self.observations}:
            self.observations.append(Observation(name, float("nan"), 0.0))
            self._balance(name, {name: -1.0, **terms})
        return name

    def matrix(self) -> Array:
        at = {o.name: i for i, o in enumerate(self.observations)}
        found = np.zeros((len(self.rows), len(at)))
        for row, terms in zip(found, self.rows, strict=True):
            for name, term in terms.items():
                row[at[name]] = term
        return found


def _name(source: Any, target: Any, good: Any) -> str:
    return f"{source} -> {target}, {good}" if good else f"{source} -> {target}"
