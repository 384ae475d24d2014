"""A plan as a notebook shows it: the answer in words, then the totals and a small table of each
metal."""

from __future__ import annotations

import pandas as pd

from planner.plan.plan import Plan
from planner.plan.schema import GOODS_PRICE, REFINED_PRICE
from planner.reporting.chain import SUPPLY
from planner.reporting.words import answer
from planner.runtime.display import shown


def cell(plan: Plan) -> str:
    """HTML of a plan for a notebook: the answer in words, the totals, and of each metal the first,
    the middle and the last year."""
    record = plan.record
    short = plan.indicators[plan.indicators["indicator"] == "shortage"]
    lengths = {period.first: period.length for period in plan.system.periods}
    unserved = float((short["value"] * short["year"].map(lengths)).sum())
    totals = pd.DataFrame(
        [
            ("cost, present value", plan.cost, record.currency),
            ("penalties, present value", plan.penalty, record.currency),
            *(
                (f"{scope} emissions", amount, "t CO2e")
                for scope, amount in record.emissions.items()
            ),
            ("shortage", unserved, "t"),
        ],
        columns=["over all years", "value", "unit"],
    )
    return shown(record.title, answer(plan), totals, _first_middle_last(plan))


def _first_middle_last(plan: Plan) -> pd.DataFrame:
    """Metal, year, what is asked for, the share of each pathway in what is supplied, what is short,
    and the shadow price."""
    years = [period.first for period in plan.system.periods]
    chosen = sorted({years[0], years[len(years) // 2], years[-1]})
    wide = plan.mix[plan.mix["year"].isin(chosen)].pivot_table(
        index=["metal", "year"], columns="pathway", values="share", aggfunc="sum"
    )
    shares = wide.reindex(
        pd.MultiIndex.from_product([plan.system.metals, chosen], names=["metal", "year"])
    ).fillna(0.0)
    said = plan.indicators.pivot_table(
        index=["metal", "year"], columns="indicator", values="value"
    ).reindex(shares.index)
    frame = pd.DataFrame(index=shares.index)
    frame["asked, t/year"] = said["requirement"]
    for pathway in SUPPLY:
        if pathway in shares:
            frame[pathway] = [f"{share:.0%}" for share in shares[pathway]]
    for price in (GOODS_PRICE, REFINED_PRICE):
        if price in said:
            frame[f"{price}, {plan.record.currency}/t"] = said[price]
    return frame.reset_index()
