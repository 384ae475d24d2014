"""Stockpiles from year to year."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set
from planner.lp.family import Physical, Term
from planner.lp.parameters import Given
from planner.lp.wording import Facts, Subject, Telling
from planner.study.provenance import plain
from planner.system.batch import joined, scalar
from planner.system.nouns import Scalar


def stockpile_balance(m: Any, g: str, t: int) -> Any:
    r"""A stockpile changes by what is filled and drawn; it ends no lower than its closing level (a
    bound on the last S).

    $$S_{g,t} - S_{g,t-1} - (f_{g,t} - d_{g,t}) = 0$$   [t]

    with the opening stock on the right in the first year.
    """
    return (
        m.stockpile[g, t]
        - sum(m.stockpile[g, u] for u in m.previous[t])
        - m.fill[g, t]
        + m.draw[g, t]
        == m.stock_opening[g, t]
    )


def _fill(m: Components, given: Given) -> None:
    values: dict[str, dict[Key, Any]] = defaultdict(dict)
    zero = np.zeros(len(given.years))
    opening_cost: Scalar = 0.0
    for good in given.system.goods.values():
        if good.stockpile is None:
            continue
        pile = good.stockpile
        # a year pays for the mean of its opening and closing stock: half its rate at either end
        half = given.factor * given.system.period_mean(pile.holding_cost) / 2
        for name, series in (
            ("stock_opening", joined([zero[:1] + pile.opening, zero[1:]])),
            ("min_stock", joined([zero[:-1], zero[-1:] + pile.closing])),
            ("max_stock", zero + pile.maximum),
            ("stock_cost", half + joined([half[..., 1:], zero[:1]])),
        ):
            values[name] |= given.by_period(good.name, series)
        opening_cost = opening_cost + scalar(half[..., :1] * pile.opening)
    for name in ("stock_opening", "min_stock", "max_stock", "stock_cost"):
        add_param(m, name, values[name])
    add_set(m, "stockpiles", values["stock_opening"], width=2)
    m.numbers["opening_cost"] = opening_cost


def _describe(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    pile = facts.system.goods[name].stockpile
    opening = plain(pile.opening) if pile is not None else "0"
    holds = f"begins with {opening} t and holds what was put in and not taken out"
    return (
        f"{name}: the store {holds}, {facts.when(years)}",
        facts.inputs.line("good_values", name, "", "opening_stock"),
    )


STOCKPILE_BALANCE = Physical(
    rule=stockpile_balance,
    rows="stockpiles",
    indices=("good", "year"),
    unit="USD/t",
    basis="state",
    fill=_fill,
    describe=_describe,
    holds_under_loss=True,
    terms=(
        Term(
            "stock_opening",
            r"\bar S_{g,t}",
            ("good", "year"),
            "t",
            "stock at the start in the first year, 0 after it",
        ),
    ),
)
