r"""Data reconciliation: measured flows made to balance, with the least change their uncertainties
allow.

Flows x have measurements y with standard deviations s; some are exact (s = 0), some unmeasured
(NaN). Balances $A x = 0$ are linear. Bilinear relations $x_k = c\, x_j$ have a coefficient c that
is measured too. Minimise

$$\sum_i \Big(\frac{x_i - y_i}{s_i}\Big)^2 \quad \text{s.t.} \quad A x = 0, \; x_k - c_r x_j = 0$$

as `planner.mfa.reconciliation.least_squares` does (Narasimhan and Jordache, Data Reconciliation and
Gross Error Detection, Gulf, 2000, chapters 3 and 5; for substance flows Cencic 2016, Journal of
Sustainable Development of Energy, Water and Environment Systems 4:74, the method of STAN). What the
balances determine is observable, a measurement that they could replace is redundant. The global
test compares the least sum of squares with chi-square of as many degrees of freedom as there are
redundant equations; the measurement test (Narasimhan and Jordache, chapter 7) names the one most at
fault: the adjustment largest in its own standard deviations. The data agree where both tests say
so. Each is made at the level 1 - sqrt(1 - a), so that data without fault fail either with a chance
of at most a (Sidak 1967, JASA 62:626, as among the measurements).

A range that is wider upward than downward stays so: deviations of a two-piece normal distribution
(`planner.mfa.reconciliation.least_squares`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.reconciliation.least_squares import Fit, critical_test, fit
from planner.mfa.reconciliation.scaled_problem import Contradiction
from planner.system.nouns import Array

SIGNIFICANCE = 0.05
"""Level of the global test and of the measurement test together."""
TESTS = 2


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
    rows = rows if rows.size else np.zeros((0, len(observations)))
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
        for deviation in _impossible_deviations(o):
            message = f"has the standard deviation {deviation}; give 0 or more, or no value"
            yield Problem("observations", 0, o.name, message)
        if np.isinf(o.value):
            message = "is infinite; give a number, or none where it is not measured"
            yield Problem("observations", 0, o.name, message)


def _impossible_deviations(o: Observation) -> list[float]:
    """Deviations of a measured value, to either side, that are not 0 or more."""
    if not np.isfinite(o.value):
        return []
    either = dict.fromkeys((o.deviation, o.upward))
    return [deviation for deviation in either if not (np.isfinite(deviation) and deviation >= 0)]


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
    involved: set[str] = set()
    where: list[str] = []
    for row in error.rows:
        if row < len(rows):
            held = zip(observations, rows[row], strict=True)
            involved |= {o.name for o, term in held if term}
            where.append(names[row] if row < len(names) else f"balance {row + 1}")
        else:
            ratio = ratios[row - len(rows)]
            involved |= {ratio.flow, ratio.coefficient, ratio.base}
            where.append(f"{ratio.flow} = {ratio.coefficient} x {ratio.base}")
    exact = sorted(involved & {o.name for o in observations if o.kind == "exact"})
    return Problem("observations", 0, "", _contradicted(exact, where, error.bounded))


def _contradicted(exact: Sequence[str], where: Sequence[str], bounded: bool) -> str:
    return (
        "exact values contradict the balances: "
        f"{', '.join(exact) or 'no flow can meet them'} in {', '.join(where)}"
        f"{', unless flows fall below 0 or pass their bounds' if bounded else ''}; give at "
        "least one of them a standard deviation"
    )


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
