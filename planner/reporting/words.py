"""The answer of a plan in words: what serves demand, what it costs and emits, what is short, what
binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from planner.plan.plan import Plan
from planner.runtime.display import amount as amount

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.compare import Comparison

CAUTION = (
    "A plan of least cost is no forecast: it knows the future, buys the cheapest first and answers "
    "to no price of its own making."
)
SHORT = 1e-6
"""A shortage below this share of demand is none."""
MILLION = 1e6
SOON = 5
"""Years from the first order within which it counts as to be built now."""
MOST_NAMED = 5
HALF = 0.5
ITEMS = {
    "import_price": "imports",
    "variable_cost": "running plants",
    "fixed_cost": "keeping plants",
    "capital": "building plants",
    "transport_cost": "transport",
    "credit": "credits for by-products",
    "stockpile_holding": "holding stockpiles",
}
"""Items of cost in words; others are named as the tables name them."""
NEARLY_GONE = 0.05
"""Share of a reserve below which a deposit is named as exhausted."""


def answer(plan: Plan) -> list[str]:
    """A few sentences, the most general first; every number in them stands in the tables."""
    record, years = plan.record, plan.system.years
    home, all_in = (amount(record.emissions[scope]) for scope in ("territorial", "footprint"))
    sentences = [
        (
            f"The least-cost plan of {record.title}, scenario {record.scenario or 'base'}, costs "
            f"{amount(plan.objective)} {_money(plan)} "
            f"(present value, {years[0]}-{years[-1]}, discounted at "
            f"{plan.system.discount_rate:.1%} a year)."
        ),
        f"It emits {home} t CO2e at home and {all_in} t with what imports embody.",
    ]
    sentences += [sentence for metal in plan.system.metals if (sentence := _metal(plan, metal))]
    sentences += [*short(plan), CAUTION]
    return sentences


def _money(plan: Plan) -> str:
    return plan.record.currency.replace("_", " of ")


def short(plan: Plan) -> list[str]:
    """What is short when, or that nothing is."""
    shortage = plan.indicators[(plan.indicators["indicator"] == "shortage")]
    need = plan.indicators[(plan.indicators["indicator"] == "requirement")]
    both = shortage.merge(need, on=["metal", "year"], suffixes=("", "_need"))
    gaps = both[both["value"] > SHORT * both["value_need"]]
    if gaps.empty:
        return ["Nothing is short in any year."]
    sentences = []
    for metal, part in gaps.groupby("metal"):
        worst, span = (
            amount(part["value"].max()),
            f"from {part['year'].min()} to {part['year'].max()}",
        )
        sentences.append(
            f"{str(metal).capitalize()} is short {span}, by {worst} t in the worst year."
        )
    return sentences


def _metal(plan: Plan, metal: str) -> str:
    """What serves a metal in the first and in the last year."""
    mine = plan.mix[(plan.mix["metal"] == metal) & (plan.mix["share"] >= 0.005)]
    if mine.empty:
        return ""
    first, last = mine["year"].min(), mine["year"].max()
    return (
        f"{metal.capitalize()}: in {first} {_shares(mine[mine['year'] == first])}; in {last} "
        f"{_shares(mine[mine['year'] == last])}."
    )


def _shares(part: pd.DataFrame) -> str:
    ordered = part.sort_values("share", ascending=False)
    return ", ".join(
        f"{share:.0%} {pathway}"
        for pathway, share in zip(ordered["pathway"], ordered["share"], strict=True)
    )


def facts(plan: Plan) -> list[tuple[str, str]]:
    """The few numbers that stand at the head of the page: value and what it is."""
    years = plan.system.years
    found = [(f"{_short_amount(plan.objective)} USD", f"present value of all cost, {_money(plan)}")]
    span = f"{years[0]}-{years[-1]}"
    found += [
        (f"{_short_amount(tonnes)} t", f"{scope} CO2e, {span}")
        for scope, tonnes in plan.record.emissions.items()
    ]
    said = " ".join(short(plan))
    missing = [metal for metal in plan.system.metals if f"{metal.capitalize()} is short" in said]
    found.append(
        (f"{len(missing)} of {len(plan.system.metals)} short", joined(missing))
        if missing
        else ("nothing short", "of " + joined(plan.system.metals))
    )
    found.append(
        (
            "checked" if plan.certificate.holds else "fails",
            "mass balance, cost and every row, outside the solver",
        )
    )
    return found


def _short_amount(value: float) -> str:
    """As `amount`, but in figures below a million."""
    return f"{value:,.0f}" if abs(value) < MILLION else amount(value)


def joined(names: Sequence[str]) -> str:
    """Names as a list in words."""
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else ""


def largest_pathways(plan: Plan) -> tuple[str, ...]:
    """Which pathway gives most of which metals over all years."""
    sums = plan.mix.groupby(["pathway", "metal"])["value"].sum().unstack().fillna(0.0)
    largest: dict[str, list[str]] = {}
    for metal in plan.system.metals:
        if metal in sums and sums[metal].max() > 0:
            largest.setdefault(str(sums[metal].idxmax()), []).append(metal)
    parts = [f"{pathway} gives most of {joined(metals)}" for pathway, metals in largest.items()]
    return (f"Over all years {'; '.join(parts)}.",) if parts else ()


def pathway_sentence(plan: Plan, metal: str) -> str:
    """The pathway that serves most of a metal over all years, and what recycling grows to."""
    mine = plan.mix[plan.mix["metal"] == metal]
    sums = mine.groupby("pathway")["value"].sum().sort_values(ascending=False)
    text = f"{sums.iloc[0] / sums.sum():.0%} of all is {sums.index[0]}"
    shares = mine[mine["pathway"] == "domestic secondary"].set_index("year")["share"]
    if len(shares) and shares.iloc[-1] >= 0.005:
        text += (
            f"; recycled at home: {shares.iloc[0]:.0%} in {shares.index[0]}, {shares.iloc[-1]:.0%} "
            f"in {shares.index[-1]}"
        )
    return text


def dependent(plan: Plan, indicators: pd.DataFrame) -> tuple[str, ...]:
    """On imports of which metals the country depends at the end, and which it exports."""
    year = plan.system.periods[-1].first
    last = indicators[
        (indicators["indicator"] == "net import reliance") & (indicators["year"] == year)
    ]
    found = {str(m): float(v) for m, v in zip(last["metal"], last["value"], strict=True)}
    most = [
        f"{m} ({v:.0%})" for m, v in sorted(found.items(), key=lambda item: -item[1]) if v >= HALF
    ]
    none = [m for m, v in found.items() if v < 0]
    sentences = (
        [
            (
                f"In {year} trade and stocks supply half or more of what the country uses of "
                f"{joined(most)}."
            )
        ]
        if most
        else []
    )
    sentences += [f"It is a net exporter of {joined(none)} then."] if none else []
    return tuple(sentences)


def reliance(metal: str, indicators: pd.DataFrame) -> str:
    """Net import reliance in the first and the last year."""
    found = indicators[
        (indicators["metal"] == metal) & (indicators["indicator"] == "net import reliance")
    ].set_index("year")["value"]
    ends = (
        [f"{found.iloc[i]:.0%} in {found.index[i]}" for i in dict.fromkeys((0, len(found) - 1))]
        if len(found)
        else []
    )
    return f"Net import reliance {', '.join(ends)}" if ends else ""


def largest_origin(plan: Plan, metal: str) -> str:
    """Where most imports of a metal come from, over all years."""
    flows = plan.flows[
        (plan.flows["metal"] == metal) & plan.flows["source"].str.startswith("origin/")
    ]
    sums = flows.groupby("source")["value"].sum().sort_values(ascending=False)
    return (
        f"{sums.iloc[0] / sums.sum():.0%} of all from {sums.index[0].removeprefix('origin/')}"
        if len(sums) and sums.sum() > 0
        else ""
    )


def to_build(plan: Plan) -> tuple[str, ...]:
    """The plants ordered first and most beside what stands."""
    orders = plan.capacity[(plan.capacity["quantity"] == "ordered") & (plan.capacity["value"] > 0)]
    if orders.empty:
        return ("Nothing is ordered: what stands is enough, or nothing may be built.",)
    first = int(orders["year"].min())
    soon = (
        orders[orders["year"] <= first + SOON - 1]
        .groupby("plant")["value"]
        .sum()
        .sort_values(ascending=False)
    )
    names = joined(
        [
            f"{str(p).replace('_', ' ')} ({amount(v)} t/year)"
            for p, v in soon.head(MOST_NAMED).items()
        ]
    )
    rest = f" and {len(soon) - MOST_NAMED} smaller" if len(soon) > MOST_NAMED else ""
    return (
        f"To be ordered from {first} to {min(first + SOON - 1, plan.system.years[-1])}: "
        f"{names}{rest}.",
    )


def item_name(item: str) -> str:
    """An item of cost in words."""
    return ITEMS.get(item, item.replace("_", " "))


def spending(plan: Plan) -> tuple[str, ...]:
    """The largest items of cost, and how emissions move."""
    paid = (
        plan.costs[plan.costs["item"] != "transfer"]
        .groupby("item")["present_value"]
        .sum()
        .sort_values(ascending=False)
    )
    sentences = []
    if plan.objective > 0 and len(paid):
        largest = joined(
            [
                f"{item_name(str(item))} ({value / plan.objective:.0%})"
                for item, value in paid.head(3).items()
                if value > 0
            ]
        )
        less = (
            f", less credits for by-products ({-paid['credit'] / plan.objective:.0%})"
            if paid.get("credit", 0.0) < 0
            else ""
        )
        sentences.append(f"The largest items of cost, as shares of all cost, are {largest}{less}.")
    yearly = plan.emissions[plan.emissions["scope"] == "territorial"].groupby("year")["value"].sum()
    if len(yearly) > 1 and yearly.max() > 0:
        first, last, top = yearly.iloc[0], yearly.iloc[-1], yearly.idxmax()
        sentences.append(
            f"Emissions at home go from {amount(first)} t CO2e in {yearly.index[0]} to "
            f"{amount(last)} t in "
            f"{yearly.index[-1]}; "
            f"the most is {amount(yearly.max())} t in {top}."
        )
    return tuple(sentences)


def gaps(plan: Plan, missed: int) -> tuple[str, ...]:
    """Shortages and missed targets."""
    targets = (
        "No target is missed."
        if not missed
        else f"{missed} target{'s are' if missed > 1 else ' is'} missed at a penalty."
    )
    return (*short(plan), targets)


def from_waste(plan: Plan) -> tuple[str, ...]:
    """How what leaves use compares with what is needed, at both ends."""
    out = (
        plan.stocks[(plan.stocks["kind"] == "use") & (plan.stocks["quantity"] == "outflow")]
        .groupby(["metal", "year"])["value"]
        .sum()
    )
    need = (
        plan.indicators[plan.indicators["indicator"] == "requirement"]
        .groupby(["metal", "year"])["value"]
        .sum()
    )
    share = (out / need.where(need > 0)).dropna()
    first, last = plan.system.periods[0].first, plan.system.periods[-1].first
    parts = [
        f"{metal} {share[metal, first]:.0%} and {share[metal, last]:.0%}"
        for metal in plan.system.metals
        if (metal, first) in share.index and (metal, last) in share.index
    ]
    return (
        (
            (
                f"What leaves use is, in {first} and in {last}, this share of what is needed: "
                f"{'; '.join(parts)}."
            ),
        )
        if parts
        else ()
    )


def left(plan: Plan) -> tuple[str, ...]:
    """Deposits that are exhausted, or nearly so."""
    end, last = left_in_deposits(plan), plan.system.years[-1]
    finite = [d for d in plan.system.deposits.values() if d.reserve > 0 and d.name in end]
    gone = [
        d.name.replace("_", " ") for d in finite if float(end[d.name]) / d.reserve < NEARLY_GONE
    ]
    if gone:
        return (f"By {last} less than {NEARLY_GONE:.0%} is left of {joined(gone)}.",)
    return (f"No deposit is exhausted by {last}.",) if finite else ()


def left_in_deposits(plan: Plan) -> pd.Series:
    """What is left of each deposit at the end, t, by its name."""
    last = plan.system.periods[-1].first
    ground = plan.stocks[(plan.stocks["kind"] == "deposit") & (plan.stocks["year"] == last)]
    return ground.set_index("name")["value"]


def differences(found: Comparison) -> tuple[str, ...]:
    """How far the totals of each later plan lie from the first."""
    first, *others = found.names
    sentences = []
    for name in others:
        parts = [
            f"{row['quantity']} {row[name] / row[first] - 1:+.1%}"
            for row in found.totals.to_dict(orient="records")
            if row[first] > 0
        ]
        sentences.append(f"{name} against {first}: {'; '.join(parts)}.")
    sentences.append(f"{len(found.inputs):,} inputs and {len(found.results):,} results differ.")
    return tuple(sentences)
