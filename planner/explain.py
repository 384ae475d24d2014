"""Why: which targets clash and what must give (planner.clashes); or what sets each price, what is next, what a policy costs.

From the duals of the plan: prices, the next source in the merit order by reduced cost, rents of reserves, costs of policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from planner.accounts import refined_output
from planner.clashes import Clash, clashes
from planner.economics import period_factors
from planner.errors import InfeasibleError
from planner.highs import Program
from planner.plan import Plan
from planner.reasons import TARGETS, Reason
from planner.results import series
from planner.shortfall import Account
from planner.solve import Progress, compiled, solve
from planner.system import System

SHOWN = (2030, 2040)
"""Years, beside the first and the last, for which the marginal source is looked for."""
MORE = 1e-3
LEAST_PART = 0.05
"""Parts of the answer below this share are not named."""
MOST_NAMED = 3
ENTRIES = ("mine", "byproduct", "import", "collect", "release")
"""Kinds of processes that bring metal into the balance; all others pass it on."""
IDLE = 1e-9
"""An activity below this share of the largest is idle."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a study is infeasible (`clashes`), or why its plan is as it is (the tables).

    `prices`: metal, year, price, marginal (the source that answers one more tonne), next (the best idle source), gap (USD/t by which it
    is too dear), unique. `rents`: deposit, year, rent. `policies`: policy, family, highest (cost of one more unit, and its unit), year,
    total (USD, present value). `idle`: process, metal, year, gap: by how much an idle source must become cheaper to enter.
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

    @property
    def reasons(self) -> pd.DataFrame:
        """The irreducible sets: clash, family, name, first, last, words, place, target."""
        rows = [(i, *astuple(reason)) for i, clash in enumerate(self.clashes, start=1) for reason in clash.reasons]
        return pd.DataFrame(rows, columns=["clash", *(f.name for f in fields(Reason))]).astype({"first": "Int64", "last": "Int64"})

    @property
    def accounts(self) -> pd.DataFrame:
        """What each policy of a clash needs and what can be had: clash, policy, first, last, need, reached, short, unit, words."""
        columns = [f.name for f in fields(Account) if f.name != "rows"]
        rows = [(i, *(getattr(a, name) for name in columns)) for i, clash in enumerate(self.clashes, start=1) for a in clash.accounts]
        return pd.DataFrame(rows, columns=["clash", *columns]).astype({"first": "Int64", "last": "Int64"})

    @property
    def levers(self) -> pd.DataFrame:
        """What would do by itself: clash, lever, item, amount, unit, before, after, place; the changes of one lever go together."""
        rows: list[tuple[Any, ...]] = []
        for i, clash in enumerate(self.clashes, start=1):
            rows += [(i, "policy", r.policy, r.factor, "factor", r.level, r.relaxed, r.place) for r in clash.relaxations]
            rows += [(i, lever.kind, c.item, c.amount, lever.unit, c.before, c.after, c.place)
                     for lever in clash.levers for c in lever.changes]
        return pd.DataFrame(rows, columns=["clash", "lever", "item", "amount", "unit", "before", "after", "place"])

    @property
    def words(self) -> tuple[str, ...]:
        """The answer in sentences."""
        if self.clashes:
            return tuple(word for clash in self.clashes for word in clash.words)
        return tuple(_plan_words(self))


def explain(system: System, *, progress: Progress | None = None) -> Explanation:
    """Explain a System: its clashes where it is infeasible, its plan where it is not."""
    try:
        plan = solve(system, progress=progress)
    except InfeasibleError as error:
        return Explanation(system.name, system.scenario, "infeasible", clashes(system, error, progress), None)
    prices, idle = merit_order(plan)
    return Explanation(system.name, system.scenario, "optimal", (), plan, prices, rents(plan), policy_costs(plan), idle)


# ---- optimal


def merit_order(plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For each metal and year the price, the marginal source, and the best idle source with its gap; and every idle source with its gap.

    A source is a process that puts out refined metal; its reduced cost, undiscounted and per tonne of the metal, is by how much it is too
    dear. The marginal source is found by asking: a little more is required (MORE of the supply) and the programme solved again; what brings
    metal into the country's balance and rises is named with its part. It is looked for in the SHOWN years. The price is the balance dual.
    """
    ask = _Asking(plan)
    system = plan.system
    factor = period_factors(system.periods, system.discount_rate)
    duals = plan.prices[plan.prices["family"] == "balance"]
    price = {(good, int(year)): (value, flag) for good, year, value, flag in
             zip(duals["index"], duals["year"], duals["value"], duals["degenerate"], strict=True)}
    rows, idle = [], []
    for metal in system.metals:
        sources = [(p, out) for p in system.processes.values() if p.pathway and (out := refined_output(system, p, metal)).any()]
        for i, period in enumerate(system.periods):
            offers = []
            for process, out in sources:
                if not (out[i] > 0 and system.period_mean(process.max_activity)[i] > 0):
                    continue
                activity = series(system, plan.values, "activity", process.name)
                reduced = series(system, plan.reduced_costs, "activity", process.name)[i] / factor[i] / out[i]
                runs = activity[i] > IDLE * max(float(activity.max(initial=0.0)), 1.0)
                offers.append((process, runs, float(reduced)))
            rows.append(_price_row(system, metal, period.first, offers, price, ask))
            idle += [(p.name, metal, period.first, gap) for p, runs, gap in offers if not runs and gap > 0]
    columns = ["metal", "year", "price", "marginal", "next", "gap", "unique"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(idle, columns=["process", "metal", "year", "gap"])


class _Asking:
    """The living programme of a plan, asked who answers one tonne more."""

    def __init__(self, plan: Plan) -> None:
        self.system = plan.system
        self.program = Program(compiled(plan.system).arrays)
        self.base = self.program.run()
        self.values = plan.values
        years = [p.first for p in plan.system.periods]
        self.years = {years[0], years[-1], *(y for y in SHOWN if y in years)}

    def answer(self, good: str, year: int, supply: float) -> str:
        """Who answers a little more of a good in a year: names and parts; or that nobody can."""
        arrays = self.program.arrays
        row = np.array([arrays.row_at["balance", (good, year)]], dtype=np.int32)
        more = MORE * max(supply, 1.0)
        self.program.set_rows(row, arrays.row_lower[row] + more, arrays.row_upper[row] + more)
        moved = self.program.run()
        self.program.set_rows(row, arrays.row_lower[row], arrays.row_upper[row])
        if moved.status != "optimal":
            return "nobody: no more can be had"
        rises: dict[str, float] = {}
        change = moved.x - self.base.x
        for at in np.flatnonzero(np.abs(change) > LEAST_PART * more):
            name, index = arrays.columns[at]
            if name == "activity" and self.system.processes[str(index[0])].kind in ENTRIES:
                rises[str(index[0])] = rises.get(str(index[0]), 0.0) + float(change[at])
            elif name == "shortage":
                rises["less demand served"] = rises.get("less demand served", 0.0) + float(change[at])
        top = sorted(((v, k) for k, v in rises.items() if v > LEAST_PART * more), reverse=True)[:MOST_NAMED]
        return ", ".join(k for _, k in top) or "stock in hand, or the same metal at another time"


def _price_row(
    system: System, metal: str, year: int, offers: list[Any], price: dict[Any, Any], ask: _Asking,
) -> tuple[object, ...]:
    tolerance = 1e-6
    waiting = sorted((gap, p.name) for p, runs, gap in offers if not runs and gap > 0)
    goods = [good.name for good in system.goods.values() if good.kind == "refined" and metal in good.content and len(good.content) == 1]
    found = [price[good, year] for good in goods if (good, year) in price]
    tied = any(not runs and abs(gap) <= tolerance for _, runs, gap in offers)
    supply = sum(float(series(system, ask.values, "activity", p.name).max()) for p, runs, _ in offers if runs)
    marginal = ask.answer(goods[0], year, supply) if goods and year in ask.years else ""
    return (metal, year, found[0][0] if found else float("nan"), marginal,
            waiting[0][1] if waiting else "", waiting[0][0] if waiting else float("nan"), not tied and not any(flag for _, flag in found))


def rents(plan: Plan) -> pd.DataFrame:
    """Scarcity rent of each deposit by year: what one more tonne in the ground would save (USD/t): deposit, metal, year, rent."""
    system = plan.system
    duals = plan.prices[plan.prices["family"] == "depletion"]
    frame = pd.DataFrame({"deposit": duals["index"], "metal": [system.deposits[d].metal for d in duals["index"]],
                          "year": duals["year"], "rent": -duals["value"]})
    return frame.reset_index(drop=True)


def policy_costs(plan: Plan) -> pd.DataFrame:
    """What each policy costs at the margin: policy, family, highest (in unit), year (of the highest), unit, total (USD, present value).

    `total` is the sum of dual x binding level over its rows: what the cost would fall by, at these prices, if the levels were 0. A policy
    whose prices are all 0 costs nothing.
    """
    system, rows = plan.system, []
    arrays = compiled(system).arrays
    bounds = np.where(np.isfinite(arrays.row_lower), arrays.row_lower, arrays.row_upper)
    position: dict[Any, float] = dict(zip(arrays.rows, bounds.tolist(), strict=True))
    duals = plan.prices.assign(policy=plan.prices["index"].astype(str).str.split(", ").str[0])
    duals = duals[duals["policy"].isin(system.policies) & duals["family"].isin(TARGETS)]
    for (policy, family), part in duals.groupby(["policy", "family"]):
        top = part.iloc[int(part["value"].abs().to_numpy().argmax())]
        total = 0.0
        for label, year, present in zip(part["index"], part["year"], part["present_value"], strict=True):
            key = (*str(label).split(", "), *(() if pd.isna(year) else (int(year),)))
            total += present * position.get((str(family), key), 0.0)
        rows.append((policy, family, float(top["value"]), top["year"], top["unit"], total))
    return pd.DataFrame(rows, columns=["policy", "family", "highest", "year", "unit", "total"])


def _plan_words(found: Explanation) -> Iterable[str]:
    prices = found.prices
    for metal, part in prices.groupby("metal"):
        first, last = part.iloc[0], part.iloc[-1]
        for row in (first, last):
            nxt = f"; the cheapest idle source, {row['next']}, is {row['gap']:,.0f} USD/t too dear" if row["next"] else ""
            loose = "" if row["unique"] else " (not unique: a small change one way may cost something else)"
            worth = f"a tonne is worth {row['price']:,.0f} USD"
            yield f"{metal} in {row['year']}: {worth}; one more comes from {row['marginal']}{nxt}{loose}."
    for deposit, part in found.rents[found.rents["rent"] > 1].groupby("deposit"):
        rent, year = part["rent"].iloc[0], part["year"].iloc[0]
        yield f"The ore of {deposit} carries a rent of {rent:,.0f} USD/t in {year}, rising with interest while it lasts."
    for policy in found.policies.to_dict(orient="records"):
        if policy["highest"]:
            yield f"{policy['policy']} costs at most {abs(policy['highest']):,.4g} {policy['unit']} ({policy['family']}, {policy['year']})."
