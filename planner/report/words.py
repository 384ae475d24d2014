"""The answer of a plan in words: what serves demand, what it costs and emits, what is short, what binds."""

from __future__ import annotations

import pandas as pd

from planner.plan import Plan

CAUTION = "A plan of least cost is no forecast: it knows the future, buys the cheapest first and answers to no price of its own making."
SHORT = 1e-6
"""A shortage below this share of demand is none."""
LARGE = (("trillion", 1e12), ("billion", 1e9), ("million", 1e6), ("thousand", 1e3))


def amount(value: float) -> str:
    """A number for reading: three digits and a word."""
    for word, size in LARGE:
        if abs(value) >= size:
            return f"{value / size:,.3g} {word}"
    return f"{value:,.3g}"


def answer(plan: Plan) -> list[str]:
    """A few sentences, the most general first; every number in them stands in the tables."""
    record, years = plan.record, plan.system.years
    money = record.currency.replace("_", " of ")
    home, all_in = (amount(record.emissions[scope]) for scope in ("territorial", "footprint"))
    sentences = [
        (f"The least-cost plan of {record.title}, scenario {record.scenario or 'base'}, costs {amount(plan.objective)} {money} "
         f"(present value, {years[0]}-{years[-1]}, discounted at {plan.system.discount_rate:.1%} a year)."),
        f"It emits {home} t CO2e at home and {all_in} t with what imports embody.",
    ]
    sentences += [sentence for metal in plan.system.metals if (sentence := _metal(plan, metal))]
    short = plan.indicators[(plan.indicators["indicator"] == "shortage")]
    need = plan.indicators[(plan.indicators["indicator"] == "requirement")]
    both = short.merge(need, on=["metal", "year"], suffixes=("", "_need"))
    gaps = both[both["value"] > SHORT * both["value_need"]]
    if gaps.empty:
        sentences.append("Nothing is short in any year.")
    for metal, part in gaps.groupby("metal"):
        worst, span = amount(part["value"].max()), f"from {part['year'].min()} to {part['year'].max()}"
        sentences.append(f"{str(metal).capitalize()} is short {span}, by {worst} t in the worst year.")
    sentences.append(CAUTION)
    return sentences


def _metal(plan: Plan, metal: str) -> str:
    """What serves a metal in the first and in the last year."""
    mine = plan.mix[(plan.mix["metal"] == metal) & (plan.mix["share"] >= 0.005)]
    if mine.empty:
        return ""
    first, last = mine["year"].min(), mine["year"].max()
    return f"{metal.capitalize()}: in {first} {_shares(mine[mine['year'] == first])}; in {last} {_shares(mine[mine['year'] == last])}."


def _shares(part: pd.DataFrame) -> str:
    ordered = part.sort_values("share", ascending=False)
    return ", ".join(f"{share:.0%} {pathway}" for pathway, share in zip(ordered["pathway"], ordered["share"], strict=True))
