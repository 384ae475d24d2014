"""Tables of measured flows reconciled: their nodes balance, but for the world outside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.reconciliation.reconcile import (
    SIGNIFICANCE,
    Fault,
    Observation,
    Ratio,
    Reconciliation,
    eliminate,
    reconcile,
)
from planner.system.nouns import Array

FLOW_COLUMNS = ["source", "target", "value", "sd"]
"""Columns of tables of measured flows, and of transfer coefficients."""
APART = ("metal", "layer", "year", "unit")
"""Columns of a table of flows in which all rows must say the same."""


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
    _refuse(lacking)


def _read(frames: Mapping[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Tables of flows and coefficients with their numbers as numbers, and goods as text. Raises
    SpecError with every cell that cannot be read."""
    _require_columns(frames)
    problems: list[Problem] = []
    read = []
    for name, frame in frames.items():
        found = frame.reset_index(drop=True)
        problems += [*_not_numbers(name, found), *_unnamed(name, found), *_mixed(name, found)]
        for column in (c for c in _NUMBERS if c in found):
            found[column] = pd.to_numeric(found[column], errors="coerce").astype(float)
        found["sd_above"] = (
            found["sd_above"].fillna(found["sd"]) if "sd_above" in found else found["sd"]
        )
        found["good"] = found["good"].fillna("").astype(str) if "good" in found else ""
        read.append(found)
    _refuse(problems)
    return read


_NUMBERS = ("value", "sd", "sd_above")


def _not_numbers(name: str, frame: pd.DataFrame) -> Iterator[Problem]:
    for column in (c for c in _NUMBERS if c in frame):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        for row in np.flatnonzero(numbers.isna() & frame[column].notna()):
            message = f"'{frame[column][row]}' is not a number; give one, or none"
            yield Problem(name, int(row) + 1, column, message)


def _unnamed(name: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Ends of flows that name no node."""
    for column in ("source", "target"):
        for row in np.flatnonzero(frame[column].isna()):
            yield Problem(name, int(row) + 1, column, "is empty; name the node")


def _mixed(name: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Columns by which rows are to be reconciled apart, and that hold more than one value."""
    for column in (c for c in APART if c in frame):
        kinds = sorted(map(str, frame[column].dropna().unique()))
        if len(kinds) > 1:
            message = f"holds {', '.join(kinds[:3])}; reconcile the rows of each by themselves"
            yield Problem(name, 0, column, message)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise SpecError("reconciliation", problems)


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
        _refuse([problem for row in shares.itertuples() if (problem := self._share(row))])

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
            problems.append(_without_boundary(inside))
        _refuse(problems)
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


def _without_boundary(nodes: Iterable[Any]) -> Problem:
    message = (
        f"every node balances ({', '.join(map(str, nodes))}), so what enters the system would be "
        "bound to what leaves it: name the world outside with boundary=, or give boundary=() if "
        "there is none"
    )
    return Problem("boundary", 0, "", message)


def _name(source: Any, target: Any, good: Any) -> str:
    return f"{source} -> {target}, {good}" if good else f"{source} -> {target}"
