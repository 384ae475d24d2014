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
fault: the adjustment largest in its own standard deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.least_squares import Contradiction, Fit, critical_test, fit
from planner.system.nouns import Array

SIGNIFICANCE = 0.05
"""Level of the global test and of the measurement test."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A quantity of the system: a flow, or a transfer coefficient. NaN is unmeasured, a standard
    deviation of 0 exact."""

    name: str
    value: float
    deviation: float
    unit: str = "t/year"


@dataclass(frozen=True, slots=True)
class Ratio:
    """flow = coefficient x base, by the names of three observations."""

    flow: str
    coefficient: str
    base: str


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """What came out.

    `table`: name, kind (measured, exact, unmeasured), measured, deviation, reconciled, posterior
    (standard deviation), adjustment, score (adjustment in its own standard deviations), observable,
    redundant, unit. NaN where a flow is not observable.
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
    """The score that the largest of all exceeds with the level of significance if nothing is wrong."""
    steps: int
    residual: float
    """Largest imbalance left, as a share of the largest flow."""
    significance: float
    fit: Fit = field(repr=False)

    @property
    def consistent(self) -> bool:
        """Whether the global test finds the data consistent."""
        return self.p_value >= self.significance


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
    of ratios take no part). `names` name the rows for messages; `nonnegative` unmeasured quantities
    never fall below 0 (then chi-square is approximate). Raises SpecError for NaN in balances,
    negative deviations, unknown names, or exact values that contradict the balances.
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
        )
    except Contradiction as error:
        raise SpecError(
            "reconciliation", [_contradiction(error, rows, observations, ratios, names)]
        ) from error
    except ValueError as error:
        raise SpecError("reconciliation", [Problem("ratios", 0, "", str(error))]) from error
    return _result(found, rows, observations, products, significance)


def _require(
    rows: Array,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio],
    nonnegative: Sequence[str],
    significance: float,
) -> None:
    problems: list[Problem] = []
    names = [o.name for o in observations]
    if not 0 < significance < 1:
        problems.append(
            Problem(
                "significance",
                0,
                "",
                f"is {significance:g}; give a level between 0 and 1, such as {SIGNIFICANCE:g}",
            )
        )
    if rows.shape[1] != len(observations):
        problems.append(
            Problem(
                "balances",
                0,
                "",
                (
                    f"have {rows.shape[1]} columns for {len(observations)} observations; give one "
                    "for each"
                ),
            )
        )
    if not np.isfinite(rows).all():
        problems.append(
            Problem("balances", 0, "", "hold a number that is none; give every coefficient")
        )
    for name in sorted({n for n in names if names.count(n) > 1}):
        problems.append(Problem("observations", 0, name, "stands twice; name each quantity once"))
    for o in observations:
        if np.isfinite(o.value) and not (np.isfinite(o.deviation) and o.deviation >= 0):
            problems.append(
                Problem(
                    "observations",
                    0,
                    o.name,
                    f"has the standard deviation {o.deviation}; give 0 or more, or no value",
                )
            )
        if np.isinf(o.value):
            problems.append(
                Problem(
                    "observations",
                    0,
                    o.name,
                    "is infinite; give a number, or none where it is not measured",
                )
            )
    problems += [
        Problem(
            "ratios", 0, name, "is no observation; add it, without a value where it is not measured"
        )
        for r in ratios
        for name in (r.flow, r.coefficient, r.base)
        if name not in names
    ]
    problems += [
        Problem("nonnegative", 0, name, "is no observation")
        for name in nonnegative
        if name not in names
    ]
    if problems:
        raise SpecError("reconciliation", problems)


def _contradiction(
    error: Contradiction,
    rows: Array,
    observations: Sequence[Observation],
    ratios: Sequence[Ratio],
    names: Sequence[str],
) -> Problem:
    """Names the exact values that cannot hold together, and the balances that say so."""
    exact: set[str] = set()
    where: list[str] = []
    fixed = {o.name for o in observations if np.isfinite(o.value) and o.deviation == 0}
    for row in error.rows:
        if row < len(rows):
            exact |= {
                o.name
                for o, term in zip(observations, rows[row], strict=True)
                if term and o.name in fixed
            }
            where.append(names[row] if row < len(names) else f"balance {row + 1}")
        else:
            ratio = ratios[row - len(rows)]
            exact |= {ratio.flow, ratio.coefficient, ratio.base} & fixed
            where.append(f"{ratio.flow} = {ratio.coefficient} x {ratio.base}")
    return Problem(
        "observations",
        0,
        "",
        "exact values contradict the balances: "
        f"{', '.join(sorted(exact)) or 'no flow can meet them'} in "
        f"{', '.join(where)}; give at least one of them a standard deviation",
    )


def _result(
    found: Fit,
    rows: Array,
    observations: Sequence[Observation],
    products: Sequence[tuple[int, int, int]],
    significance: float,
) -> Reconciliation:
    x = found.values
    y, s = (
        np.array([getattr(o, name) for o in observations], dtype=float)
        for name in ("value", "deviation")
    )
    unknown = np.isnan(y)
    table = pd.DataFrame(
        {
            "name": [o.name for o in observations],
            "kind": np.where(unknown, "unmeasured", np.where(s == 0, "exact", "measured")),
            "measured": y,
            "deviation": np.where(unknown, np.nan, s),
            "reconciled": np.where(found.observable, x, np.nan),
            "posterior": found.deviations,
            "adjustment": x - y,
            "score": found.tests,
            "observable": found.observable,
            "redundant": found.redundant,
            "unit": [o.unit for o in observations],
        }
    )
    errors = np.concatenate(
        [rows @ x, np.array([x[k] - x[c] * x[j] for k, c, j in products], dtype=float)]
    )
    largest = float(np.max(np.abs(x), initial=0.0))
    tested = np.isfinite(found.tests)
    suspect, alike = "", tuple[str, ...]()
    if found.probability < significance and tested.any():
        same = found.alike(int(np.nanargmax(found.tests)))
        # of those that cannot be told apart the one that is least certain, and so was moved
        # furthest
        worst = max(same, key=lambda i: abs(x[i] - y[i]))
        suspect, alike = (
            observations[worst].name,
            tuple(observations[i].name for i in same if i != worst),
        )
    return Reconciliation(
        table,
        found.chi_square,
        found.freedom,
        found.probability,
        suspect,
        alike,
        critical_test(int(tested.sum()), significance),
        found.steps,
        float(np.max(np.abs(errors), initial=0.0)) / largest if largest else 0.0,
        significance,
        found,
    )


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
    """Serial elimination: drop the measurement most at fault until the data agree; the last result
    and what was dropped, in order.

    `first` is what `reconcile` found with all of them, where that is known already.
    """
    current = list(observations)
    faults: list[Fault] = []
    found = first or reconcile(
        balances, current, ratios, names=names, nonnegative=nonnegative, significance=significance
    )
    while found.suspect:
        before, at = found, [o.name for o in current].index(found.suspect)
        measured = current[at].value
        current[at] = replace(current[at], value=float("nan"))
        found = reconcile(
            balances,
            current,
            ratios,
            names=names,
            nonnegative=nonnegative,
            significance=significance,
        )
        faults.append(
            Fault(
                before.suspect,
                before.alike,
                measured,
                float(found.table["reconciled"].iloc[at]),
                float(before.table["score"].iloc[at]),
                before.chi_square,
                before.p_value,
            )
        )
    return found, tuple(faults)


def reconcile_flows(
    flows: pd.DataFrame,
    coefficients: pd.DataFrame | None = None,
    *,
    significance: float = SIGNIFICANCE,
) -> tuple[Reconciliation, tuple[Fault, ...]]:
    """Reconcile a table of flows: source, target, value (NaN: unmeasured), sd (0: exact). With it
    what serial elimination took out.

    Every node that flows enter and leave balances; the others are the boundary. Two rows of one
    source and target are two measurements of one flow. `coefficients` (source, target, value, sd)
    are transfer coefficients: the flow as a share of all that enters its source. Flows are named
    `source -> target`, coefficients `share of source -> target`. Raises SpecError as `reconcile`
    does.
    """
    table = _Table(flows, coefficients)
    given = {"names": table.names, "significance": significance}
    first = reconcile(table.matrix(), table.observations, table.ratios, **given)  # type: ignore[arg-type]
    return first, eliminate(table.matrix(), table.observations, table.ratios, first=first, **given)[  # type: ignore[arg-type]
        1
    ]


class _Table:
    """A table of flows as observations, balances and ratios; lives inside `reconcile_flows` only."""

    def __init__(self, flows: pd.DataFrame, coefficients: pd.DataFrame | None) -> None:
        shares = (
            pd.DataFrame(columns=["source", "target", "value", "sd"])
            if coefficients is None
            else coefficients
        )
        lacking = [
            Problem(name, 0, column, "this column is missing")
            for name, frame in (("flows", flows), ("coefficients", shares))
            for column in ("source", "target", "value", "sd")
            if column not in frame
        ]
        if lacking:
            raise SpecError("reconciliation", lacking)
        self.observations: list[Observation] = []
        self.ratios: list[Ratio] = []
        self.rows: list[dict[str, float]] = []
        self.names: list[str] = []
        for (source, target), part in flows.groupby(["source", "target"], sort=False):
            self._flow(f"{source} -> {target}", part)
        into, out = (
            flows.drop_duplicates(["source", "target"]).groupby(side)
            for side in ("target", "source")
        )
        for node in [node for node in into.groups if node in out.groups]:
            terms = {f"{source} -> {node}": 1.0 for source in into.get_group(node)["source"]}
            self._balance(
                str(node),
                terms | {f"{node} -> {target}": -1.0 for target in out.get_group(node)["target"]},
            )
        problems = [problem for row in shares.itertuples() if (problem := self._share(row, into))]
        if problems:
            raise SpecError("reconciliation", problems)

    def _flow(self, name: str, part: pd.DataFrame) -> None:
        measured = list(zip(part["value"].astype(float), part["sd"].astype(float), strict=True))
        if len(measured) == 1:
            self.observations.append(Observation(name, *measured[0]))
            return
        self.observations.append(Observation(name, float("nan"), 0.0))
        for number, pair in enumerate(measured, 1):
            self.observations.append(Observation(f"{name} ({number})", *pair))
            self._balance(f"{name} ({number})", {name: 1.0, f"{name} ({number})": -1.0})

    def _balance(self, name: str, terms: dict[str, float]) -> None:
        self.names.append(name)
        self.rows.append(terms)

    def _share(self, row: Any, into: Any) -> Problem | None:
        """A transfer coefficient as a ratio of the flow to all that enters its source."""
        flow, node = f"{row.source} -> {row.target}", row.source
        if flow not in {o.name for o in self.observations} or node not in into.groups:
            return Problem(
                "coefficients",
                0,
                flow,
                "is no flow out of a node that flows enter; name one of the table",
            )
        entering = [f"{source} -> {node}" for source in into.get_group(node)["source"]]
        whole = entering[0] if len(entering) == 1 else f"into {node}"
        if whole not in {o.name for o in self.observations}:
            self.observations.append(Observation(whole, float("nan"), 0.0))
            self._balance(whole, {whole: -1.0, **dict.fromkeys(entering, 1.0)})
        self.observations.append(
            Observation(f"share of {flow}", float(row.value), float(row.sd), "1")
        )
        self.ratios.append(Ratio(flow, f"share of {flow}", whole))
        return None

    def matrix(self) -> Array:
        at = {o.name: i for i, o in enumerate(self.observations)}
        found = np.zeros((len(self.rows), len(at)))
        for row, terms in zip(found, self.rows, strict=True):
            for name, term in terms.items():
                row[at[name]] = term
        return found
