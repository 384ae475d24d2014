"""Differences between plans: inputs by path, results by metal, year and indicator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.tradeoffs.structure import differing_texts
from planner.analysis.tradeoffs.surplus import gains
from planner.errors import SpecError
from planner.plan.indicators import indicators
from planner.plan.plan import Plan
from planner.plan.prices import refined_prices
from planner.plan.schema import REFINED_PRICE
from planner.runtime.display import shown
from planner.study.schema import POLICY_FORMS
from planner.system.nouns import Array

PRICE_ENDS = ("low", "high")
"""Columns of the price table that are the ends of a price."""
COUNT = "targets"
"""Unit of what is counted, and no share."""
ABOUT_ZERO = 1e-9
"""Values that differ by less than this share of the larger one are the same."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Differences between plans; every table has one column a plan, under its name, NaN where that
    plan has no such number.

    `surplus`: party, name, place, unit; who gains over all years where prices answer, with terms of
    trade and deadweight against the first plan (planner.analysis.tradeoffs.surplus).
    `inputs`: path, unit; every number that is not the same in all plans, the levels and penalties
    of policies and the discount rate too. `totals`: quantity, unit; cost, penalties and
    emissions over all years, targets missed. `results`: metal, year, quantity, unit; what differs
    of `all_results`. `supply`: metal, pathway, unit; tonnes over all years. `structure`: path, and
    what each plan's study says there in words, where that is not the same: years, conventions, and
    what goods, processes, products and policies are made up of; empty where a study has no such
    noun.
    """

    names: tuple[str, ...]
    inputs: pd.DataFrame
    totals: pd.DataFrame
    results: pd.DataFrame
    all_results: pd.DataFrame
    supply: pd.DataFrame
    structure: pd.DataFrame
    surplus: pd.DataFrame

    def changes(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table of this comparison with two more columns for each later plan: `NAME - FIRST`, and
        `NAME / FIRST - 1` (a share)."""
        first, *others = self.names
        found = table.copy()
        for name in others:
            found[f"{name} - {first}"] = table[name] - table[first]
            found[f"{name} / {first} - 1"] = (
                table[name] / table[first].where(table[first] != 0) - 1.0
            ).where(table[first] > 0)
        return found

    def _repr_html_(self) -> str:
        """The differences in words, the totals and the inputs, for a notebook."""
        said = (
            f"{len(self.inputs):,} numbers of the inputs differ, {len(self.structure):,} of what "
            f"they are made up of (.structure), and {len(self.results):,} of the results "
            "(.results)."
        )
        return shown(" beside ".join(self.names), [said], self.totals, self.inputs, more=".inputs")


def compare(plans: Sequence[Plan], names: Sequence[str] = ()) -> Comparison:
    """Compare two or more plans; `names` are the column heads, by default the study and scenario.

    Raises SpecError for fewer than two plans, or when money is of different years.
    """
    if len(plans) < 2:
        raise SpecError("compare", ["give at least two plans"])
    currencies = sorted({plan.record.currency for plan in plans})
    if len(currencies) > 1:
        said = f"the plans count in money of different years ({', '.join(currencies)})"
        raise SpecError("compare", [f"{said}; solve them in one"])
    heads = heads_of(plans, names)
    results = _results(plans, heads)
    return Comparison(
        heads,
        _inputs(plans, heads),
        _totals(plans, heads),
        _differing(results, heads),
        results,
        _supply(plans, heads),
        _structure(plans, heads),
        gains(plans, heads),
    )


def heads_of(plans: Sequence[Plan], names: Sequence[str]) -> tuple[str, ...]:
    """Names of plans as column heads, each different: those given, or study and scenario; one that
    is not vouched for carries a mark."""
    given = list(names) or [
        f"{plan.record.study}:{plan.record.scenario or 'base'}" for plan in plans
    ]
    if len(given) != len(plans):
        raise SpecError(
            "compare", [f"{len(plans)} plans but {len(given)} names; give one for each"]
        )
    marks = [" [unsealed]" if plan.unsealed else "" for plan in plans]
    return tuple(
        f"{name}{mark}" if given.count(name) == 1 else f"{name} ({i}){mark}"
        for i, (name, mark) in enumerate(zip(given, marks, strict=True), start=1)
    )


def _differing(frame: pd.DataFrame, heads: tuple[str, ...]) -> pd.DataFrame:
    values = frame[list(heads)]
    spread = values.max(axis=1) - values.min(axis=1)
    differs = (spread > ABOUT_ZERO * values.abs().max(axis=1)) | (
        values.isna().any(axis=1) & values.notna().any(axis=1)
    )
    return frame[differs].reset_index(drop=True)


def _inputs(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    columns: dict[str, dict[str, float]] = {}
    units: dict[str, str] = {}
    for head, plan in zip(heads, plans, strict=True):
        numbers = [(datum.path, datum.value, datum.unit) for datum in plan.system.data] + list(
            _settings(plan)
        )
        columns[head] = {path: value for path, value, _ in numbers}
        units |= {path: unit for path, _, unit in numbers}
    frame = (
        pd.DataFrame(columns)
        .rename_axis("path")
        .reset_index()
        .sort_values("path", ignore_index=True)
    )
    frame.insert(1, "unit", frame["path"].map(units))
    return _differing(frame, heads)


def _settings(plan: Plan) -> Iterator[tuple[str, float, str]]:
    """Numbers of study.toml: path, value, unit; the level of a policy in each year of its force."""
    system = plan.system
    yield "discount_rate", system.discount_rate, "1/year"
    yield "border_adjustment", float(system.border_adjustment), "1"
    for policy in system.policies.values():
        form = POLICY_FORMS[policy.kind]
        for year, level in _by_year(system.years, policy.level):
            yield f"policies.{policy.name}.{form.level_of(policy)}.{year}", level, form.unit
        for year, most in _by_year(system.years, policy.budget):
            yield f"policies.{policy.name}.budget.{year}", most, "USD/year"
        if policy.penalty is not None:
            yield f"policies.{policy.name}.penalty", policy.penalty, "USD per unit"


def _by_year(years: Sequence[int], series: Array | None) -> Iterator[tuple[int, float]]:
    """Years and numbers of a series where it has one."""
    values = [] if series is None else series.tolist()
    yield from ((y, v) for y, v in zip(years, values, strict=False) if np.isfinite(v))


def _structure(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    found = differing_texts({head: plan.system for head, plan in zip(heads, plans, strict=True)})
    rows = [(path, *(texts[head] for head in heads)) for path, texts in found.items()]
    return pd.DataFrame(rows, columns=["path", *heads], dtype=str)


def _totals(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    first = plans[0].record
    rows: list[dict[str, Any]] = [
        {"quantity": "cost, present value", "unit": first.currency},
        {"quantity": "penalties, present value", "unit": first.currency},
        {"quantity": "targets missed", "unit": COUNT},
        *({"quantity": f"{scope} emissions", "unit": "tCO2e"} for scope in first.emissions),
    ]
    for head, plan in zip(heads, plans, strict=True):
        missed = float(plan.headline.targets - plan.headline.targets_met)
        amounts = [
            plan.cost,
            plan.penalty,
            missed,
            *(plan.record.emissions[scope] for scope in first.emissions),
        ]
        for row, amount in zip(rows, amounts, strict=True):
            row[head] = amount
    return pd.DataFrame(rows)


def _results(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    keys = ["metal", "year", "quantity", "unit"]
    parts = []
    for head, plan in zip(heads, plans, strict=True):
        supply = plan.mix.assign(quantity="supply: " + plan.mix["pathway"], unit="t/year")
        other = indicators(plan).rename(columns={"indicator": "quantity"})
        other = other[
            ~other["quantity"].str.startswith("share: ") & (other["quantity"] != "shortage")
        ]
        tables = [table[[*keys, "value"]] for table in (supply, other, _price_ends(plan))]
        both = pd.concat(tables, ignore_index=True)
        parts.append(both.set_index(keys)["value"].rename(head))
    frame = pd.concat(parts, axis=1).reset_index()
    frame = _without_single_prices(frame, heads)
    # what a plan does not supply at all is a zero, not an unknown
    amounts = frame["quantity"].str.startswith("supply: ")
    frame.loc[amounts, list(heads)] = frame.loc[amounts, list(heads)].fillna(0.0)
    return frame.sort_values(keys, ignore_index=True)


def _price_ends(plan: Plan) -> pd.DataFrame:
    """Both ends of the price of each refined metal: metal, year, quantity, unit, value (NaN where
    there is no end)."""
    unit = f"{plan.record.currency}/t"
    rows = [
        (metal, period.first, f"{REFINED_PRICE}, {end}", unit, float(price))
        for end in PRICE_ENDS
        for metal, series in refined_prices(plan.system, plan.prices, end).items()
        for period, price in zip(plan.system.periods, series, strict=True)
    ]
    return pd.DataFrame(rows, columns=["metal", "year", "quantity", "unit", "value"])


def _without_single_prices(frame: pd.DataFrame, heads: tuple[str, ...]) -> pd.DataFrame:
    """The results without the ends of prices that have one value in every plan. Where one has two,
    both ends stand for all."""
    at = ["metal", "year"]
    price = frame[frame["quantity"] == REFINED_PRICE].set_index(at)[list(heads)]
    ends = frame["quantity"].isin([f"{REFINED_PRICE}, {end}" for end in PRICE_ENDS])
    named = frame.loc[ends].set_index(at)[list(heads)]
    beside = price.reindex(named.index)
    several = ~(named.eq(beside) | beside.isna()).all(axis=1)
    kept = ~ends
    kept[ends] = several.groupby(level=at).transform("any").to_numpy()
    return frame[kept]


def metal_order(plans: Sequence[Plan]) -> dict[str, int]:
    """Place of each metal, in the order in which the plans have them."""
    metals = dict.fromkeys(metal for plan in plans for metal in plan.system.metals)
    return {metal: i for i, metal in enumerate(metals)}


def _supply(plans: Sequence[Plan], heads: tuple[str, ...]) -> pd.DataFrame:
    """Supply over all years by metal and pathway, t: each year's amount times the length of its
    period."""
    parts = []
    for head, plan in zip(heads, plans, strict=True):
        length = plan.mix["year"].map({p.first: p.length for p in plan.system.periods})
        parts.append(
            (plan.mix["value"] * length)
            .groupby([plan.mix["metal"], plan.mix["pathway"]], sort=False)
            .sum()
            .rename(head)
        )
    frame = pd.concat(parts, axis=1).fillna(0.0).rename_axis(["metal", "pathway"]).reset_index()
    frame.insert(2, "unit", "t")
    order = metal_order(plans)
    ranked = frame.assign(at=frame["metal"].map(order)).sort_values(
        ["at", "pathway"], ignore_index=True
    )
    return ranked.drop(columns="at")
