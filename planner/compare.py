"""What differs between plans: inputs by path, results by metal, year and indicator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from planner.errors import SpecError
from planner.plan import Plan

ABOUT_ZERO = 1e-9
"""Differences below this share of the larger value are none."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """`inputs`: path, plan, value, unit, source of every number that is not the same in all plans (NaN where a plan has none).

    `totals`: quantity, unit, one column a plan. `results`: metal, year, quantity, unit, one column a plan, for what differs.
    """

    names: tuple[str, ...]
    inputs: pd.DataFrame
    totals: pd.DataFrame
    results: pd.DataFrame


def compare(plans: Sequence[Plan], names: Sequence[str] = ()) -> Comparison:
    """Compare two or more plans; `names` are the column heads, by default the study and scenario.

    Raises SpecError for fewer than two plans, or when money is of different years.
    """
    if len(plans) < 2:
        raise SpecError("compare", ["give at least two plans"])
    currencies = {plan.record.currency for plan in plans}
    if len(currencies) > 1:
        raise SpecError("compare", [f"the plans count in money of different years ({', '.join(sorted(currencies))}); solve them in one"])
    heads = _heads(plans, names)
    return Comparison(heads, _inputs(plans, heads), _totals(plans, heads), _results(plans, heads))


def _heads(plans: Sequence[Plan], names: Sequence[str]) -> tuple[str, ...]:
    given = list(names) or [f"{plan.record.study}:{plan.record.scenario or 'base'}" for plan in plans]
    if len(given) != len(plans):
        raise SpecError("compare", [f"{len(plans)} plans but {len(given)} names; give one for each"])
    return tuple(name if given.count(name) == 1 else f"{name} ({i})" for i, name in enumerate(given, start=1))


def _differing(frame: pd.DataFrame, heads: tuple[str, ...]) -> pd.DataFrame:
    values = frame[list(heads)]
    spread = values.max(axis=1) - values.min(axis=1)
    differs = (spread > ABOUT_ZERO * values.abs().max(axis=1)) | (values.isna().any(axis=1) & values.notna().any(axis=1))
    return frame[differs].reset_index(drop=True)


def _inputs(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    columns: dict[str, dict[str, float]] = {}
    units: dict[str, str] = {}
    for head, plan in zip(heads, plans, strict=True):
        columns[head] = {datum.path: datum.value for datum in plan.system.data}
        units |= {datum.path: datum.unit for datum in plan.system.data}
    frame = pd.DataFrame(columns).rename_axis("path").reset_index().sort_values("path", ignore_index=True)
    frame.insert(1, "unit", frame["path"].map(units))
    return _differing(frame, heads)


def _totals(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    rows.append({"quantity": "cost, present value", "unit": plans[0].record.currency,
                 **{head: plan.objective for head, plan in zip(heads, plans, strict=True)}})
    for scope in plans[0].record.emissions:
        rows.append({"quantity": f"{scope} emissions", "unit": "tCO2e",
                     **{head: plan.record.emissions[scope] for head, plan in zip(heads, plans, strict=True)}})
    return pd.DataFrame(rows)


def _results(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    keys = ["metal", "year", "quantity", "unit"]
    parts = []
    for head, plan in zip(heads, plans, strict=True):
        supply = plan.mix.assign(quantity="supply: " + plan.mix["pathway"], unit="t/year")
        other = plan.indicators.rename(columns={"indicator": "quantity"})
        other = other[~other["quantity"].str.startswith("share: ") & (other["quantity"] != "shortage")]
        both = pd.concat([supply[[*keys, "value"]], other[[*keys, "value"]]], ignore_index=True)
        parts.append(both.set_index(keys)["value"].rename(head))
    frame = pd.concat(parts, axis=1).reset_index()
    # what a plan does not supply at all is a zero, not an unknown
    amounts = frame["quantity"].str.startswith("supply: ")
    frame.loc[amounts, list(heads)] = frame.loc[amounts, list(heads)].fillna(0.0)
    return _differing(frame, heads).sort_values(keys, ignore_index=True)
