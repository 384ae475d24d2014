"""Why: which targets clash and what must give (planner.analysis.diagnosis.infeasibility); or what
sets each price, what is next, what a policy costs.

From the duals of the plan: prices, the next source in the merit order by reduced cost, rents of
reserves, costs of policies.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from planner.analysis.diagnosis.infeasibility import Clash, clashes
from planner.analysis.diagnosis.price_decomposition import price_parts
from planner.analysis.diagnosis.row_descriptions import TARGET_NAMES, Reason, Teller
from planner.analysis.diagnosis.shortfall import Shortfall
from planner.analysis.tradeoffs.surplus import ABROAD, BUYERS, answers_to_price, surplus, who_pays
from planner.analysis.tradeoffs.uniqueness import Directions, Ties, ties
from planner.errors import InfeasibleError
from planner.plan.plan import Plan, require_own_study
from planner.plan.prices import balance_prices, undiscounted
from planner.plan.solve import optimal, optimum
from planner.plan.tables import series
from planner.runtime.progress import Progress
from planner.solver.compiled import compiled
from planner.solver.highs import Name, Program
from planner.solver.price_ends import SAME_PRICE
from planner.system.nouns import Array, Good, System
from planner.system.provenance import is_supplied
from planner.system.unit_accounts import refined_output

SHOWN = (2030, 2040)
"""Years, beside the first and the last, for which the marginal source is looked for."""
LEAST_PART = 0.05
"""Parts of the answer below this share are not named."""
MOST_NAMED = 3
PART_WORDS = {
    "carbon": "carbon",
    "co_products": "credits of co-products",
    "limits": "limits",
}
"""Further parts of a price in words."""
ENTRIES = ("mine", "byproduct", "import", "collect", "release")
"""Kinds of processes that bring metal into the balance, as does whatever takes waste; all others
pass it on."""
IDLE = 1e-9
"""An activity below this share of the largest is idle."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a study is infeasible (`clashes`), or why its plan is as it is (the tables).

    `prices`: metal, year, price, low and high (what one tonne less saves and one more costs, in
    some years), marginal (the source that answers one more tonne), next (the best idle source), gap
    (USD/t by which it is too dear), unique (missing where it was not tested). `parts`: what each
    price is made of (planner.analysis.diagnosis.price_decomposition). `ties`: whether plan and
    prices are the only ones. `rents`: deposit, year, rent. `policies`: policy, family, highest
    (cost of one more unit, and its unit), year, total and penalty (USD, present value). `idle`:
    process, metal, year, gap: by how much an idle source must become cheaper to enter. Where prices
    answer, `surplus` says who gains (planner.surplus), and `incidence` what each policy costs home
    and abroad: policy, home, abroad, deadweight (the sum of both), USD, present value, penalties
    left out.
    """

    study: str
    scenario: str
    status: str
    clashes: tuple[Clash, ...]
    plan: Plan | None
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    rents: pd.DataFrame = field(default_factory=pd.DataFrame)
    policies: pd.DataFrame = field(default_factory=pd.DataFrame)
    idle: pd.DataFrame = field(default_factory=pd.DataFrame)
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)
    ties: Ties | None = None
    surplus: pd.DataFrame = field(default_factory=pd.DataFrame)
    incidence: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def swaps(self) -> pd.DataFrame:
        """Activities that differ between plans of the same cost: process, year, least, most (as far
        as was seen)."""
        return self.ties.swaps if self.ties is not None else pd.DataFrame()

    @property
    def reasons(self) -> pd.DataFrame:
        """The irreducible sets: clash, family, name, first, last, words, place, target."""
        rows = [
            (i, *astuple(reason))
            for i, clash in enumerate(self.clashes, start=1)
            for reason in clash.reasons
        ]
        return pd.DataFrame(rows, columns=["clash", *(f.name for f in fields(Reason))]).astype(
            {"first": "Int64", "last": "Int64"}
        )

    @property
    def accounts(self) -> pd.DataFrame:
        """The need of each policy of a clash and what can be had: clash, policy, first, last, need,
        reached, short, unit, words."""
        columns = [f.name for f in fields(Shortfall) if f.name != "rows"]
        rows = [
            (i, *(getattr(a, name) for name in columns))
            for i, clash in enumerate(self.clashes, start=1)
            for a in clash.accounts
        ]
        return pd.DataFrame(rows, columns=["clash", *columns]).astype(
            {"first": "Int64", "last": "Int64"}
        )

    @property
    def levers(self) -> pd.DataFrame:
        """Changes each of which would do by itself: clash, lever, item, amount, unit, before,
        after, place; the changes of one lever go together."""
        rows: list[tuple[Any, ...]] = []
        for i, clash in enumerate(self.clashes, start=1):
            rows += [
                (i, "policy", r.policy, r.factor, "factor", r.level, r.relaxed, r.place)
                for r in clash.relaxations
            ]
            rows += [
                (i, lever.kind, c.item, c.amount, lever.unit, c.before, c.after, c.place)
                for lever in clash.levers
                for c in lever.changes
            ]
        return pd.DataFrame(
            rows, columns=["clash", "lever", "item", "amount", "unit", "before", "after", "place"]
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The answer in sentences."""
        if self.clashes:
            return tuple(word for clash in self.clashes for word in clash.words)
        return tuple(_plan_words(self))


def explain(system: System, *, progress: Progress | None = None) -> Explanation:
    """Explain a System: its clashes where it is infeasible, its plan where it is not."""
    try:
        plan = optimum(system, progress=progress)
    except InfeasibleError as error:
        return Explanation(
            system.name, system.scenario, "infeasible", clashes(system, error, progress), None
        )
    if progress is not None:
        progress("what else could be")
    ask = _Asking(plan)
    prices, idle = merit_order(plan, ask)
    parts = price_parts(
        system, ask.program.arrays, ask.base, Teller(system, plan.balance, ask.program.arrays)
    )
    costs = policy_costs(plan, ask)
    return Explanation(
        system.name,
        system.scenario,
        "optimal",
        (),
        plan,
        prices,
        rents(plan),
        costs,
        idle,
        parts,
        ask.ties(),
        surplus(plan),
        ask.incidence(costs),
    )


# ---- optimal


def merit_order(plan: Plan, ask: _Asking) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For each metal and year the price, the marginal source, and the best idle source with its
    gap; and every idle source with its gap.

    A source is a process that puts out refined metal; its reduced cost, undiscounted and per tonne
    of the metal, is by how much it is too dear. The marginal source is found by asking for one
    tonne more (planner.analysis.tradeoffs.uniqueness.Directions): what brings metal into the
    country's balance and rises is named. It is looked for in the SHOWN years, and so is what one
    tonne less saves (`low`) and one more costs (`high`): where they differ the price is not unique.
    The price is the balance dual, between the two.
    """
    price = balance_prices(plan.prices)
    rows, idle = [], []
    for metal in plan.system.metals:
        for year, offers in _offers(plan, metal):
            rows.append(_price_row(plan.system, metal, year, offers, price, ask))
            idle += [(o.process, metal, year, o.gap) for o in offers if o.waits]
    columns = ["metal", "year", "price", "low", "high", "marginal", "next", "gap", "unique"]
    prices = pd.DataFrame(rows, columns=columns).astype({"unique": object})
    return prices, pd.DataFrame(idle, columns=["process", "metal", "year", "gap"])


@dataclass(frozen=True, slots=True)
class _Offer:
    """A source of refined metal in a period, and its reduced cost, USD/t."""

    process: str
    runs: bool
    gap: float

    @property
    def waits(self) -> bool:
        """True for a source that is idle because it is too dear."""
        return not self.runs and self.gap > 0


def _offers(plan: Plan, metal: str) -> Iterator[tuple[int, list[_Offer]]]:
    """First year of each period, and the sources of a metal that can run in it."""
    system = plan.system
    found: list[list[_Offer]] = [[] for _ in system.periods]
    for process in system.processes.values():
        out = refined_output(system, process, metal)
        if not (process.pathway or process.is_trade) or not out.any():
            continue
        can = (out > 0) & (process.max_activity > 0)
        activity = series(system, plan.values, "activity", process.name)
        reduced = undiscounted(system, series(system, plan.reduced_costs, "activity", process.name))
        idle = IDLE * max(float(activity.max(initial=0.0)), 1.0)
        for i in np.flatnonzero(can):
            gap = float(reduced[i] / out[i])
            found[i].append(_Offer(process.name, bool(activity[i] > idle), gap))
    yield from zip((p.first for p in system.periods), found, strict=True)


class _Asking:
    """The programme of a plan kept in the solver, to ask what answers one tonne more."""

    def __init__(self, plan: Plan) -> None:
        self.system = plan.system
        require_own_study(plan, "explained")
        self.program = Program(compiled(plan.system).arrays)
        self.base = optimal(self.program)
        self.directions = Directions(self.program.arrays, self.base)
        years = [p.first for p in plan.system.periods]
        self.years = {years[0], years[-1], *(y for y in SHOWN if y in years)}
        self.lost: dict[str, tuple[float, float]] = {}
        """By policy, what it costs home and abroad, USD; of policies asked about."""

    def _enters(self, name: str) -> bool:
        """Return True for a process that brings metal into the balance: from outside, or out of
        waste."""
        process, goods = self.system.processes[name], self.system.goods
        of_waste = any(goods[good].kind == "waste" for good in process.inputs)
        return process.kind in ENTRIES or of_waste

    def answer(self, good: str, year: int) -> tuple[str, float, float]:
        """The sources that answer one tonne more of a good in a year, in order of their parts; what
        one less saves and one more costs, USD/t."""
        less, more, change = self.directions.ends(
            self.program.arrays.row_at["balance", (good, year)]
        )
        low, high = undiscounted(self.system, [less, more], years=year).tolist()
        if change is None:
            return "nobody: no more can be had", low, high
        rises = self._rises(change)
        top = sorted(((v, k) for k, v in rises.items() if v > LEAST_PART), reverse=True)
        named = ", ".join(k for _, k in top[:MOST_NAMED])
        return named or "stock in hand, or the same metal at another time", low, high

    def _rises(self, change: Array) -> dict[str, float]:
        """By source, what a change of all columns has it bring in beyond the plan."""
        rises: dict[str, float] = {}
        for at in np.flatnonzero(np.abs(change) > LEAST_PART):
            source = self._source(*self.program.arrays.columns[at])
            if source:
                rises[source] = rises.get(source, 0.0) + float(change[at])
        return rises

    def _source(self, name: str, index: tuple[Any, ...]) -> str:
        """The source that a column stands for; empty where it is none."""
        if name == "activity" and self._enters(str(index[0])):
            return str(index[0])
        return "less demand served" if name == "shortage" else ""

    def without(self, policy: str) -> tuple[float, float]:
        """What the plan would cost less without a policy, and how much less it would bear in
        penalties, USD."""
        arrays = self.program.arrays
        rows = np.array(
            [
                i
                for i, (family, index) in enumerate(arrays.rows)
                if family in TARGET_NAMES and index[0] == policy
            ],
            dtype=np.int32,
        )
        self.program.set_rows(rows, np.full(len(rows), -np.inf), np.full(len(rows), np.inf))
        found = optimal(self.program)
        self.program.set_rows(rows, arrays.row_lower[rows], arrays.row_upper[rows])
        arrays_home, arrays_abroad = who_pays(self.system, arrays)
        moved = self.base.x - found.x
        self.lost[policy] = float(arrays_home @ moved), float(arrays_abroad @ moved)
        (cost, penalty), (other, lighter) = arrays.parts(self.base.x), arrays.parts(found.x)
        return cost - other, penalty - lighter

    def incidence(self, costs: pd.DataFrame) -> pd.DataFrame:
        """What each policy that costs something costs home and abroad; without rows where no curve
        tells."""
        known = answers_to_price(self.system)
        rows = [
            (policy, home, abroad, home + abroad)
            for policy, (home, abroad) in self.lost.items()
            if known and policy in set(costs["policy"])
        ]
        return pd.DataFrame(rows, columns=["policy", "home", "abroad", "deadweight"])

    def ties(self) -> Ties:
        """Test whether the plan and the prices that are told are the only ones."""
        rows = self.program.arrays.rows
        goods = self.system.goods.values()
        told = {g.name for g in goods if g.kind == "refined" and len(g.content) == 1}
        priced = [i for i, row in enumerate(rows) if _is_told(row, told)]
        return ties(self.program, self.base, priced)


def _is_told(row: Name, goods: Container[str]) -> bool:
    """Return True for a row whose price is told: of ore, of a target, or of one of these goods."""
    family, index = row
    of_good = family == "balance" and index[0] in goods
    return of_good or family == "depletion" or family in TARGET_NAMES


def _price_row(
    system: System,
    metal: str,
    year: int,
    offers: Sequence[_Offer],
    price: Mapping[tuple[str, int], float],
    ask: _Asking,
) -> tuple[object, ...]:
    goods = [good.name for good in system.goods.values() if _is_refined(good, metal)]
    found = next((price[good, year] for good in goods if (good, year) in price), float("nan"))
    waiting = sorted((offer.gap, offer.process) for offer in offers if offer.waits)
    gap, first = waiting[0] if waiting else (float("nan"), "")
    marginal, low, high, unique = "", float("nan"), float("nan"), None
    if goods and year in ask.years:
        marginal, low, high = ask.answer(goods[0], year)
        unique = bool(high - low <= SAME_PRICE * max(abs(low), abs(high), 1.0))
    return (metal, year, found, low, high, marginal, first, gap, unique)


def _is_refined(good: Good, metal: str) -> bool:
    """Return True for refined metal alone, whose balance has the price of the metal."""
    return is_supplied(good) and metal in good.content and len(good.content) == 1


def rents(plan: Plan) -> pd.DataFrame:
    """Scarcity rent of each deposit by year: what one more tonne in the ground would save (USD/t):
    deposit, metal, year, rent."""
    system = plan.system
    duals = plan.prices[plan.prices["family"] == "depletion"]
    frame = pd.DataFrame(
        {
            "deposit": duals["index"],
            "metal": [system.deposits[d].metal for d in duals["index"]],
            "year": duals["year"],
            "rent": -duals["value"],
        }
    )
    return frame.reset_index(drop=True)


def policy_costs(plan: Plan, ask: _Asking) -> pd.DataFrame:
    """Cost of each policy: policy, family, highest (price of one unit more of its level, in
    `unit`), year (of the highest), unit, total, penalty (USD, present value).

    `total` is by how much the plan would cost less without the policy, all others as they are:
    solved anew. It holds no penalty; `penalty` is by how much the penalties would be less. Below
    zero where a policy that is missed leaves less to be paid. A policy whose prices are all 0 costs
    nothing. The totals of several policies do not add up.
    """
    rows = []
    duals = plan.prices.assign(policy=plan.prices["index"].astype(str).str.split(", ").str[0])
    duals = duals[duals["policy"].isin(plan.system.policies) & duals["family"].isin(TARGET_NAMES)]
    for (policy, family), part in duals.groupby(["policy", "family"]):
        top = part.iloc[int(part["value"].abs().to_numpy().argmax())]
        total, penalty = ask.without(str(policy)) if top["value"] else (0.0, 0.0)
        rows.append((policy, family, float(top["value"]), top["year"], top["unit"], total, penalty))
    return pd.DataFrame(
        rows, columns=["policy", "family", "highest", "year", "unit", "total", "penalty"]
    )


def _plan_words(found: Explanation) -> Iterable[str]:
    yield from _tie_words(found)
    made = {(row["metal"], row["year"]): row for row in found.parts.to_dict(orient="records")}
    for metal, part in found.prices.groupby("metal", sort=False):
        for row in (part.iloc[0], part.iloc[-1]):
            yield _price_words(row, _made_of(made.get((metal, row["year"]))))
    for deposit, part in found.rents[found.rents["rent"] > 1].groupby("deposit"):
        rent, year = part["rent"].iloc[0], part["year"].iloc[0]
        yield (
            f"The ore of {deposit} carries a rent of {rent:,.0f} USD/t in {year}, rising with "
            "interest while it lasts."
        )
    for policy in found.policies.to_dict(orient="records"):
        if policy["highest"]:
            yield _policy_words(policy)
    yield from _surplus_words(found)


def _policy_words(policy: Mapping[Any, Any]) -> str:
    """What a policy costs at the margin and in all."""
    most = f"{abs(policy['highest']):,.4g} {policy['unit']} ({policy['family']}, {policy['year']})"
    missed = _penalty_words(policy["penalty"])
    return (
        f"{policy['policy']} costs at most {most} at the margin and {policy['total']:,.4g} "
        f"USD in all{missed}."
    )


def _price_words(row: Any, of: str) -> str:
    """The worth of a metal in a year, what it is made `of`, and where one tonne more comes from."""
    nxt = ""
    if row["next"]:
        nxt = f"; the cheapest idle source, {row['next']}, is {row['gap']:,.0f} USD/t too dear"
    ends = f"one less saves {row['low']:,.0f}, one more costs {_or_nobody(row['high'])}"
    loose = "" if row["unique"] is True else f" (not unique: {ends})"
    worth = f"a tonne is worth {row['price']:,.0f} USD{loose}"
    return (
        f"{row['metal']} in {row['year']}: {worth}{of}; one more comes from {row['marginal']}{nxt}."
    )


def _surplus_words(found: Explanation) -> Iterable[str]:
    """Sentences on who gains where prices answer, and on what policies cost whom."""
    table = found.surplus
    if table.empty:
        return
    named = table[table["party"].isin({BUYERS, *ABROAD})]
    for (party, name), part in named.groupby(["party", "name"], sort=False):
        gain = part["present_value"].sum()
        yield f"{str(party).capitalize()} gain {gain:,.4g} USD by {name}, present value."
    for row in found.incidence.to_dict(orient="records"):
        ends = _gained("home", row["home"]), _gained("abroad", row["abroad"])
        lost = f"a deadweight of {row['deadweight']:,.4g}"
        yield f"By {row['policy']} {ends[0]} and {ends[1]}: {lost}."


def _gained(who: str, cost: float) -> str:
    """What a policy costs somebody, or gains them, in words."""
    return f"{who} {'loses' if cost > 0 else 'gains'} {abs(cost):,.4g} USD"


def _penalty_words(penalty: float) -> str:
    """What a policy does to the penalties, beside what it costs."""
    if abs(penalty) <= 1:
        return ""
    way = "adds" if penalty > 0 else "spares"
    return f"; beside the cost it {way} {abs(penalty):,.4g} USD of penalties"


def _or_nobody(price: float) -> str:
    return f"{price:,.0f}" if np.isfinite(price) else "any price, since nobody has one"


def _made_of(row: dict[Any, Any] | None) -> str:
    """The parts of a price in words."""
    if row is None:
        return ""
    parts = [f"{row['running_cost']:,.0f} are running costs of {row['source']} and before it"]
    if abs(row["penalty"]) >= 1:
        parts = [f"{row['penalty']:,.0f} are the penalty for {row['source']}"]
    parts += [
        f"{row[part]:,.0f} {words}" for part, words in PART_WORDS.items() if abs(row[part]) >= 1
    ]
    place = f" ({row['place']})" if row["place"] else ""
    held = (
        f", the largest {row['limit_worth']:,.0f}: {row['words'] or row['limit']}{place}"
        if row["limit"]
        else ""
    )
    return f", of which {', '.join(parts)}{held}"


def _swap_words(ties: Ties) -> str:
    """What may run otherwise at the same cost."""
    processes = list(dict.fromkeys(ties.swaps["process"]))
    top = ties.swaps.iloc[0]
    more = f" and {len(processes) - MOST_NAMED} more" if len(processes) > MOST_NAMED else ""
    widest = f"{top['process']} in {top['year']}: {top['least']:,.6g} to {top['most']:,.6g}"
    return (
        f"Other plans cost as little: {', '.join(processes[:MOST_NAMED])}{more} may run "
        f"otherwise (furthest {widest}, as far as was "
        "seen); the plan is that of least carbon among them, then the first by name."
    )


def _tie_words(found: Explanation) -> Iterable[str]:
    """Sentences on whether the plan and its prices are the only ones, and what may differ."""
    ties = found.ties
    if ties is None:
        return
    if ties.plan_unique:
        yield "No other plan costs as little."
    else:
        yield _swap_words(ties)
    yield (
        "Prices have one value each."
        if ties.prices_unique
        else (
            "Not every price has one value: where it has two, one tonne less saves less than one "
            f"more costs ({ties.degenerate} basic values "
            "stand at a bound)."
        )
    )
