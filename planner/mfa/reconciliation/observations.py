r"""Observations of a study in one year, reconciled under its own flow balance.

The unknowns are the activities of the processes; flows follow from them by the incidence matrix, so
that every process closes by itself and the balances are those of the goods:

    sum of outputs - inputs + arising + stockpile draw = demand + disposal

Activities and disposal (of scrap and waste) never fall below 0, nor what is not collected below
what the study's collection rate leaves; a process whose plant does not stand in that year runs only
where an observation names it. Demand and what arises from use stocks are taken as the study has
them, unless an observation speaks of that flow: then the flow is free and the observation measures
it. Coefficients and demand are exact where the study states no range; with one (`low` and `high`,
read as a 95 % interval) they are measured too, however the observations are written, and flow =
coefficient x activity is bilinear. A range that is wider on one side stays so (two-piece normal,
`planner.mfa.reconciliation.least_squares`). An observation of a sum of flows, and two observations
of one flow, each are a measured quantity of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from planner.mfa.balance import Balance, balance
from planner.mfa.reconciliation.observed_network import (
    COEFFICIENT_OF,
    DEMAND_FOR,
    SMALLEST_SHARE,
    ObservedNetwork,
    label,
)
from planner.mfa.reconciliation.reconcile import (
    SIGNIFICANCE,
    Fault,
    Reconciliation,
    eliminate,
    reconcile,
)
from planner.system.nouns import Observed, System

COEFFICIENT_COLUMNS = (
    "process",
    "good",
    "direction",
    "measured",
    "sd",
    "sd_above",
    "reconciled",
    "posterior_sd",
    "score",
)
DEMAND_COLUMNS = ("good", "measured", "sd", "sd_above", "reconciled", "posterior_sd", "score")
FLOW_COLUMNS = ("metal", "year", "source", "target", "good", "value", "sd", "observed", "unit")
MEASUREMENT_COLUMNS = (
    "observation",
    "metal",
    "source",
    "target",
    "quantity",
    "measured",
    "sd",
    "sd_above",
    "reconciled",
    "posterior_sd",
    "adjustment",
    "score",
    "redundant",
    "unit",
    "reference",
    "grade",
)


_NUMBERS = ("measured", "deviation", "deviation_above", "reconciled", "posterior", "score")
"""Columns of a reconciliation that tables of a study repeat."""


@dataclass(frozen=True, eq=False)
class StudyReconciliation:
    """Observations of one year made to agree with the flow balance."""

    year: int
    measurements: pd.DataFrame
    """Each observation: MEASUREMENT_COLUMNS; t of metal per year, or shares."""
    coefficients: pd.DataFrame
    """Coefficients with a range: COEFFICIENT_COLUMNS; `sd` downward, `sd_above` upward."""
    demand: pd.DataFrame
    """Demand with a range that no observation speaks of: DEMAND_COLUMNS, t of the good per year."""
    flows: pd.DataFrame
    """Flows reconciled with every observation, and their standard deviation (NaN where nothing
    determines them): FLOW_COLUMNS."""
    before: Reconciliation
    """With every observation."""
    after: Reconciliation
    """Without those that serial elimination took out; the same where the data agree."""
    faults: tuple[Fault, ...]
    """What serial elimination took out, in order."""


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
    network = ObservedNetwork(whole, at, coefficients)
    seen = network.observed()
    rows, names = network.rows()
    measured = rows, network.unknowns, network.ratios
    bounded = network.nonnegative
    before = reconcile(*measured, names=names, nonnegative=bounded, significance=significance)
    after, found = eliminate(
        *measured, names=names, nonnegative=bounded, significance=significance, first=before
    )
    return StudyReconciliation(
        at,
        _measurements(seen, before),
        _coefficients(network, before),
        _demand(network, before),
        _flows(network, before, at),
        before,
        after,
        tuple(_by_observation(fault, seen) for fault in found),
    )


def _by_observation(fault: Fault, seen: list[Observed]) -> Fault:
    """A fault under the names that the study gives its observations."""
    names = {label(o): o.name for o in seen}
    alike = tuple(names.get(name, name) for name in fault.alike)
    return replace(fault, name=names.get(fault.name, fault.name), alike=alike)


def _measurements(seen: list[Observed], found: Reconciliation) -> pd.DataFrame:
    table = found.table.set_index("name")
    rows = []
    for o in seen:
        line = table.loc[label(o)]
        numbers = (line[name] for name in _NUMBERS[:-1])
        verdict = line["adjustment"], line["score"], bool(line["redundant"])
        unit = "t/year" if o.quantity == "flow" else "1"
        ends = o.name, o.metal, o.source, o.target, o.quantity
        rows.append((*ends, *numbers, *verdict, unit, o.reference, o.grade))
    return pd.DataFrame(rows, columns=list(MEASUREMENT_COLUMNS))


def _coefficients(network: ObservedNetwork, found: Reconciliation) -> pd.DataFrame:
    table = found.table.set_index("name")
    rows = []
    for ratio in network.ratios:
        if ratio.coefficient.startswith(COEFFICIENT_OF):
            process, direction, good = ratio.coefficient.removeprefix(COEFFICIENT_OF).split(" ", 2)
            line = table.loc[ratio.coefficient]
            numbers = (line[name] for name in _NUMBERS)
            rows.append((process, good, direction, *numbers))
    return pd.DataFrame(rows, columns=list(COEFFICIENT_COLUMNS))


def _demand(network: ObservedNetwork, found: Reconciliation) -> pd.DataFrame:
    measured = found.table[found.table["kind"] == "measured"]
    rows = [
        (line["name"].removeprefix(DEMAND_FOR), *(line[name] for name in _NUMBERS))
        for _, line in measured.iterrows()
        if line["name"] in network.at and line["name"].startswith(DEMAND_FOR)
    ]
    return pd.DataFrame(rows, columns=list(DEMAND_COLUMNS))


def _flows(network: ObservedNetwork, found: Reconciliation, year: int) -> pd.DataFrame:
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
        ends = flow.source, flow.target, flow.good
        rows.append((flow.metal, year, *ends, value, deviation, observed, "t/year"))
    frame = pd.DataFrame(rows, columns=list(FLOW_COLUMNS))
    return frame.sort_values(
        ["metal", "source", "target", "good"], kind="stable", ignore_index=True
    )
