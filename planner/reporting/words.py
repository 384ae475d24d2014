"""The answer of a plan in words: supply, cost, emissions, shortages and binding constraints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.analysis.tradeoffs.compare import COUNT
from planner.plan.headline import paid_items
from planner.plan.indicators import INDIRECT_RELIANCE
from planner.plan.plan import Plan
from planner.plan.trade_flows import imports_of
from planner.runtime.display import amount as amount

if TYPE_CHECKING:
    from planner.analysis.tradeoffs.compare import Comparison

CAUTION = (
    "A least-cost plan is not a forecast: it knows the future, buys the cheapest first and does "
    "not move the prices it pays."
)
SHORT = 1e-6
"""A shortage below this share of demand is taken as zero."""
MILLION = 1e6
SOON = 5
"""Years from the first order within which it counts as to be built now."""
MAX_NAMED = 5
HALF = 0.5
ITEMS = {
    "import_price": "imports",
    "variable_cost": "running plants",
    "fixed_cost": "keeping plants",
    "capital": "building plants",
    "transport_cost": "transport",
    "duty": "tariffs and duties",
    "border_adjustment": "border adjustment",
    "credit": "credits for by-products",
    "stockpile_holding": "holding stockpiles",
    "curve": "what is bought by steps of price",
    "rent_abroad": "rent of suppliers and buyers abroad",
    "unseen_cost": "unseen costs of a calibration",
    "benefit": "benefit of buyers at home",
    "export_revenue": "revenue of exports at a price",
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
            f"{amount(plan.cost)} {_money(plan)} "
            f"(present value, {years[0]}-{years[-1]}, discounted at "
            f"{plan.system.discount_rate:.1%} a year)."
        ),
        *revenue(plan),
        *penalties(plan),
        *targets(plan),
        f"It emits {home} t CO2e at home and {all_in} t with what imports embody.",
    ]
    sentences += [sentence for metal in plan.system.metals if (sentence := _metal(plan, metal))]
    notes = [f"Note: {note}." for note in plan.record.notes if note != plan.unsealed]
    sentences += [*short(plan), *thrown_away(plan), *notes, CAUTION]
    return [*([f"{plan.unsealed.capitalize()}."] if plan.unsealed else []), *sentences]


def revenue(plan: Plan) -> tuple[str, ...]:
    """A sentence on what exports at a price earn and of how much of them the metal is foreign,
    where there are any."""
    said = plan.headline.cost_said
    return (f"This cost is {said} {_money(plan)}.",) if said else ()


def penalties(plan: Plan) -> tuple[str, ...]:
    """A sentence on the penalties, where there are any."""
    if not plan.penalty:
        return ()
    said = (
        f"Penalties of {amount(plan.penalty)} {_money(plan)} for {plan.headline.penalties_for} "
        "weigh in the choice beside the cost; nobody pays them, and no cost here holds any."
    )
    return (said,)


def targets(plan: Plan) -> tuple[str, ...]:
    """A sentence on the targets met and missed, where there are any."""
    head = plan.headline
    if not head.targets:
        return ()
    missed = joined([name.replace("_", " ") for name in head.missed_policies])
    said = head.targets_said.capitalize()
    return (f"{said}; missed at a penalty: {missed}." if missed else f"{said}.",)


def thrown_away(plan: Plan) -> tuple[str, ...]:
    """A sentence on what is thrown away at no cost, waste that nobody collects left out."""
    surplus = plan.headline.surplus
    if not surplus:
        return ()
    named = joined([f"{amount(each.amount)} t of {each.good}" for each in surplus[:MAX_NAMED]])
    more = f" and of {len(surplus) - MAX_NAMED} other goods" * (len(surplus) > MAX_NAMED)
    return (
        f"Thrown away over all years, since nothing needs it and it costs nothing: {named}{more}.",
    )


def _money(plan: Plan) -> str:
    return plan.record.currency.replace("_", " of ")


def short(plan: Plan) -> list[str]:
    """Shortages with their years, or a sentence that there is none."""
    shortage, need = (
        plan.indicators[plan.indicators["indicator"] == name]
        for name in ("shortage", "requirement")
    )
    both = shortage.merge(need, on=["metal", "year"], suffixes=("", "_need"))
    gaps = both[both["value"] > SHORT * both["value_need"]]
    if gaps.empty:
        return ["Nothing is short in any year."]
    return [_gap(str(metal), part) for metal, part in gaps.groupby("metal")]


def _gap(metal: str, part: pd.DataFrame) -> str:
    span = f"from {part['year'].min()} to {part['year'].max()}"
    worst = amount(part["value"].max())
    return f"{metal.capitalize()} is short {span}, by {worst} t in the worst year."


def _metal(plan: Plan, metal: str) -> str:
    """Supply of a metal by pathway in the first and in the last year."""
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
    """The few numbers at the head of the page, each with its meaning."""
    years, head = plan.system.years, plan.headline
    span = f"{years[0]}-{years[-1]}"
    return [
        (f"{_short_amount(plan.cost)} USD", f"present value of all cost, {_money(plan)}"),
        *(
            [(f"{_short_amount(plan.penalty)} USD", f"penalties, for {head.penalties_for}")]
            if plan.penalty
            else []
        ),
        *(
            (f"{_short_amount(tonnes)} t", f"{scope} CO2e, {span}")
            for scope, tonnes in plan.record.emissions.items()
        ),
        _metals_short(plan),
        _targets_met(plan),
        (
            _checked(plan),
            "mass balance, cost and every row, outside the solver",
        ),
        (
            f"{head.numbers_read:,} of {head.numbers:,} numbers",
            "from a source read (grades A and B); the others recalled, judged or derived",
        ),
        *_replayed(plan),
    ]


def _checked(plan: Plan) -> str:
    """In two words, what the checks of a plan say."""
    if plan.unsealed:
        return "unsealed"
    return "arithmetic checked" if plan.certificate.holds else "arithmetic fails"


def _targets_met(plan: Plan) -> tuple[str, str]:
    head = plan.headline
    missed = joined([name.replace("_", " ") for name in head.missed_policies])
    met = "floors and ceilings in force" if head.targets else "set by the scenario"
    return head.targets_said, f"missed: {missed}" if missed else met


def _replayed(plan: Plan) -> Iterator[tuple[str, str]]:
    """Difference that the replay of a plan with longer periods makes; nothing where all are
    years."""
    found = plan.certificate.replay
    if found is not None:
        yield f"{found.cost:+.2%}", f"replayed year by year, orders held: {found}"


def _metals_short(plan: Plan) -> tuple[str, str]:
    metals, said = plan.system.metals, " ".join(short(plan))
    missing = [metal for metal in metals if f"{metal.capitalize()} is short" in said]
    if missing:
        return f"{len(missing)} of {len(metals)} short", joined(missing)
    return "nothing short", "of " + joined(metals)


def _short_amount(value: float) -> str:
    """As `amount`, but in figures below a million."""
    return f"{value:,.0f}" if abs(value) < MILLION else amount(value)


def joined(names: Sequence[str]) -> str:
    """Names as a list in words."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def largest_pathways(plan: Plan) -> tuple[str, ...]:
    """The largest pathway of each metal over all years."""
    sums = plan.mix.groupby(["pathway", "metal"])["value"].sum().unstack().fillna(0.0)
    largest: dict[str, list[str]] = {}
    for metal in plan.system.metals:
        if metal in sums and sums[metal].max() > 0:
            largest.setdefault(str(sums[metal].idxmax()), []).append(metal)
    given = (f"{pathway} gives most of {joined(metals)}" for pathway, metals in largest.items())
    return (f"Over all years {'; '.join(given)}.",) if largest else ()


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
    """Metals whose imports the country depends on at the end, and metals that it exports."""
    year = plan.system.periods[-1].first
    last = indicators[
        (indicators["indicator"] == INDIRECT_RELIANCE) & (indicators["year"] == year)
    ].set_index("metal")["value"]
    most = last[last >= HALF].sort_values(ascending=False, kind="stable")
    exported = [str(metal) for metal in last[last < 0].index]
    sentences = []
    if len(most):
        named = joined([f"{metal} ({share:.0%})" for metal, share in most.items()])
        sentences.append(
            f"In {year} trade and stocks supply half or more of what the country uses of {named}."
        )
    if exported:
        sentences.append(f"It is a net exporter of {joined(exported)} then.")
    return tuple(sentences)


def reliance(metal: str, indicators: pd.DataFrame) -> str:
    """Net import reliance, indirect trade included, in the first and the last year."""
    found = indicators[
        (indicators["metal"] == metal) & (indicators["indicator"] == INDIRECT_RELIANCE)
    ].set_index("year")["value"]
    ends = found.iloc[[0, -1]].to_dict() if len(found) else {}
    said = ", ".join(f"{value:.0%} in {year}" for year, value in ends.items())
    return f"Net import reliance with indirect trade {said}" if said else ""


def largest_origin(plan: Plan, metal: str) -> str:
    """Largest origin of the imports of a metal over all years."""
    table = imports_of(plan, metal)
    sums = table.groupby("origin")["contained"].sum().sort_values(ascending=False)
    return (
        f"{sums.iloc[0] / sums.sum():.0%} of all from {sums.index[0]}"
        if len(sums) and sums.sum() > 0
        else ""
    )


def to_build(plan: Plan) -> tuple[str, ...]:
    """The largest of the plants that are ordered first."""
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
            for p, v in soon.head(MAX_NAMED).items()
        ]
    )
    rest = f" and {len(soon) - MAX_NAMED} smaller" if len(soon) > MAX_NAMED else ""
    last = min(first + SOON - 1, plan.system.years[-1])
    return (f"To be ordered from {first} to {last}: {names}{rest}.",)


def item_name(item: str) -> str:
    """An item of cost in words."""
    return ITEMS.get(item, item.replace("_", " "))


def spending(plan: Plan) -> tuple[str, ...]:
    """The largest items of cost, and the course of emissions."""
    items = paid_items(plan.costs).groupby("item")["present_value"].sum()
    home = plan.emissions[plan.emissions["scope"] == "territorial"]
    yearly = home.groupby("year")["value"].sum()
    sentences = []
    if plan.cost > 0 and len(items):
        sentences.append(_largest_items(items.sort_values(ascending=False), plan.cost))
    if len(yearly) > 1 and yearly.max() > 0:
        sentences.append(_course(yearly))
    return tuple(sentences)


def _largest_items(paid: pd.Series, whole: float) -> str:
    first = paid.head(3)
    largest = joined(
        [
            f"{item_name(str(item))} ({value / whole:.0%})"
            for item, value in first[first > 0].items()
        ]
    )
    less = ""
    if paid.get("credit", 0.0) < 0:
        less = f", less credits for by-products ({-paid['credit'] / whole:.0%})"
    if paid.get("export_revenue", 0.0) < 0:
        less += f", less what exports earn ({-paid['export_revenue'] / whole:.0%})"
    return f"The largest items of cost, as shares of all cost, are {largest}{less}."


def _course(yearly: pd.Series) -> str:
    years = yearly.index
    return (
        f"Emissions at home go from {amount(yearly.iloc[0])} t CO2e in {years[0]} to "
        f"{amount(yearly.iloc[-1])} t in {years[-1]}, with a peak of "
        f"{amount(yearly.max())} t in {yearly.idxmax()}."
    )


def gaps(plan: Plan) -> tuple[str, ...]:
    """Shortages, targets missed, and the penalties of both."""
    none = () if plan.headline.targets else ("No target is set.",)
    return (*short(plan), *none, *targets(plan), *penalties(plan))


def from_waste(plan: Plan) -> tuple[str, ...]:
    """Metal leaving use as a share of the requirement, in the first and in the last year."""
    frame, numbers = plan.stocks, plan.indicators
    out = _by_metal_and_year(frame[(frame["kind"] == "use") & (frame["quantity"] == "outflow")])
    need = _by_metal_and_year(numbers[numbers["indicator"] == "requirement"])
    share = (out / need.where(need > 0)).dropna()
    first, last = plan.system.periods[0].first, plan.system.periods[-1].first
    known = (
        f"{metal} {share[metal, first]:.0%} and {share[metal, last]:.0%}"
        for metal in plan.system.metals
        if {(metal, first), (metal, last)} <= {*share.index}
    )
    said = "; ".join(known)
    if not said:
        return ()
    return (f"Metal leaving use as a share of the requirement, in {first} and in {last}: {said}.",)


def _by_metal_and_year(frame: pd.DataFrame) -> pd.Series:
    return frame.groupby(["metal", "year"])["value"].sum()


def left(plan: Plan) -> tuple[str, ...]:
    """Deposits that are exhausted, or nearly so."""
    end, last = left_in_deposits(plan), plan.system.years[-1]
    finite = {
        name: float(end[name]) / deposit.reserve
        for name, deposit in plan.system.deposits.items()
        if deposit.reserve > 0 and name in end
    }
    gone = [name.replace("_", " ") for name, share in finite.items() if share < NEARLY_GONE]
    if gone:
        return (f"By {last} less than {NEARLY_GONE:.0%} is left of {joined(gone)}.",)
    return (f"No deposit is exhausted by {last}.",) if finite else ()


def left_in_deposits(plan: Plan) -> pd.Series:
    """Ore left in each deposit at the end, t, by its name."""
    last = plan.system.periods[-1].first
    levels = plan.stocks[plan.stocks["quantity"] == "stock"]
    ground = levels[(levels["kind"] == "deposit") & (levels["year"] == last)]
    return ground.set_index("name")["value"]


def _difference(row: Mapping[Any, Any], first: str, other: str) -> str:
    """How a total differs: as a share, or from nothing to how much; counts and what is nothing in
    both in figures, or left out."""
    before, after = float(row[first]), float(row[other])
    counted = row["unit"] == COUNT
    if before > 0 and not counted:
        return f"{row['quantity']} {after / before - 1:+.1%}"
    if before == after:
        return ""
    unit = "" if counted else f" {row['unit']}".replace("_", " of ")
    return f"{row['quantity']} from {amount(before)} to {amount(after)}{unit}"


def differences(found: Comparison) -> tuple[str, ...]:
    """Difference of the totals of each later plan from the first."""
    first, *others = found.names
    sentences = []
    for name in others:
        rows = found.totals.to_dict(orient="records")
        parts = [said for row in rows if (said := _difference(row, first, name))]
        sentences.append(f"{name} against {first}: {'; '.join(parts)}.")
    sentences.append(f"{len(found.inputs):,} inputs and {len(found.results):,} results differ.")
    return tuple(sentences)
