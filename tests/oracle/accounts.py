"""What each policy asks and gets, worked out from the published tables of a plan (results.md).

Not from the programme: flows, stocks, supply, emissions and capacity as `planner solve` writes
them, with the definitions of format.md, "Policies". A row whose price is not 0 must be met exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle import curves, policies, selections
from tests.oracle.programme import Programme, overnight

NEAR = 1e-6


@dataclass
class Asked:
    """One policy, subject and year: what is reached, what is asked, and which way."""

    family: str
    policy: str
    subject: str
    year: int
    reached: float
    asked: float
    floor: bool
    size: float = 1.0

    def kept(self, breach: float) -> bool:
        """Whether the target is met, the breach that is paid for counted."""
        short = self.asked - self.reached if self.floor else self.reached - self.asked
        return short <= breach + NEAR * max(1.0, abs(self.asked), self.size)

    def tight(self, breach: float) -> bool:
        """Whether it is met and no more."""
        gap = abs(self.asked - self.reached - (breach if self.floor else -breach))
        return gap <= NEAR * max(1.0, abs(self.asked), self.size)


class Accounts:
    """Tables of a plan beside the study that it is of."""

    def __init__(self, programme: Programme, plan: Any) -> None:
        """Keep the tables."""
        self.study, self.plan = programme.study, plan
        self.programme = programme
        self.recipes = self.programme.recipes
        self.flows = plan.flows

    def levels(self, kind: str) -> Iterator[tuple[str, dict[str, Any], int, int, float]]:
        """Policies of a kind, with the periods and years in which they are in force."""
        for name, policy in policies.in_force(self.programme, kind):
            level = policies.level(self.programme, policy)
            for t in policies.active(self.programme, level):
                yield name, policy, t, self.study.firsts[t], float(level[t])

    def flow(self, year: int, metal: str, source: set[str], target: set[str]) -> pd.DataFrame:
        """Flows of a metal in a year from some places to some others."""
        f = self.flows
        return f[
            (f.year == year) & (f.metal == metal) & f.source.isin(source) & f.target.isin(target)
        ]

    def refiners(self) -> set[str]:
        """Processes that give a refined good: neither stockpiles nor imports of finished goods."""
        goods = self.recipes.goods
        return {
            q
            for q in self.recipes.processes
            if any(goods[g]["kind"] == "refined" for g in self.recipes.outputs(q))
        }

    def refined(self, flows: pd.DataFrame, metal: str) -> float:
        """Refined equivalents of flows of contained metal."""
        total = 0.0
        for good, value in zip(flows.good, flows.value, strict=True):
            content = self.recipes.content(good, metal)
            total += value / content * self.recipes.equivalent(good, metal)
        return total


def self_sufficiency(a: Accounts) -> Iterator[Asked]:
    """Home output at the stages, a chain counted once, less exports at them, over home demand."""
    for name, policy, t, year, share in a.levels("self_sufficiency"):
        metal = policy["metal"]
        out = back = 0.0
        for q, (adds, less, raw) in policies.counted_goods(a.programme, policy).items():
            out += a.refined(a.flow(year, metal, {q}, set(adds)), metal)
            out += a.refined(a.flow(year, metal, set(raw), {q}), metal)
            back += a.refined(a.flow(year, metal, set(less), {q}), metal)
        reached = policies.counting(a.programme, policy)
        for q in policies.sent_by_trade(a.programme, policy, reached):
            back += a.refined(a.flow(year, metal, reached, {q}), metal)
        need = policies.requirement(a.programme, metal, export=False)[t]
        sent = policies.counted_exports(a.programme, reached)
        sold = policies.requirement(a.programme, metal, export=True, among=sent)[t]
        for good in sent.intersection(curves.curved(a.study)):
            sold += a.refined(a.flow(year, metal, {good}, {"export"}), metal)
        right = share * need + sold
        yield Asked("self_sufficiency", name, metal, year, out - back, right, True, out)


def import_share(a: Accounts) -> Iterator[Asked]:
    """What comes in through an origin, over demand or over all imports."""
    for name, policy, t, year, share in a.levels("import_share"):
        metal = policy["metal"]
        every = come_in(a, year, metal)
        of_imports = policy.get("of", "demand") == "imports"
        reached = come_in(a, year, metal, policy["origin"], all_of_it=of_imports)
        whole = every if of_imports else policies.requirement(a.programme, metal)[t]
        yield Asked("import_share", name, "", year, reached, share * whole, False, every)


def come_in(a: Accounts, year: int, metal: str, origin: str = "", all_of_it: bool = True) -> float:
    """Metal that comes in, of all origins or through one, each chain once; all of it, or what can
    serve demand."""
    total = 0.0
    for q, again in policies.brought(a.programme, origin).items():
        if not (all_of_it or policies.serves(a.programme, q, metal)):
            continue
        total += a.refined(a.flow(year, metal, {q}, set(a.recipes.outputs(q))), metal)
        total -= a.refined(a.flow(year, metal, set(again), {q}), metal)
    return total


def recycled_content(a: Accounts) -> Iterator[Asked]:
    """Secondary metal over all refined metal that processes supply, new scrap on neither side."""
    for name, policy, _, year, share in a.levels("recycled_content"):
        s = a.plan.supply
        s = s[(s.year == year) & (s.metal == policy["metal"]) & (s.pathway != "new scrap")]
        s = s[s.process.isin(a.refiners())]
        secondary = s[s.pathway.str.endswith("secondary")].value.sum()
        right = share * s.value.sum()
        yield Asked("recycled_content", name, policy["metal"], year, secondary, right, True)


def collection_target(a: Accounts) -> Iterator[Asked]:
    """Waste that is collected, over what arises from use and from processes."""
    for name, policy, _, year, share in a.levels("collection_target"):
        for good in policy["goods"]:
            metal = next(m for m in a.study.head["metals"] if a.recipes.content(good, m))
            f = a.flows[(a.flows.year == year) & (a.flows.metal == metal)]
            collected = f[(f.source == good) & f.target.isin(a.recipes.processes)].value.sum()
            stock = f.source.str.startswith("stockpile/")
            arising = f[(f.target == good) & ~stock].value.sum()
            content = a.recipes.content(good, metal)
            reached, right = collected / content, share * arising / content
            yield Asked("collection_target", name, good, year, reached, right, True)


def stockpile_cover(a: Accounts) -> Iterator[Asked]:
    """Months of the refined requirement in the stockpile."""
    for name, policy, t, year, months in a.levels("stockpile_cover"):
        for good in policy["goods"]:
            metal = a.recipes.goods[good]["metal"]
            if policies.closure_year(a.programme, metal, t):
                continue
            s = a.plan.stocks
            s = s[(s.year == year) & (s.name == good) & (s.kind == "stockpile")]
            held = s[s.quantity == "stock"].value.sum()
            goods = policy.get("demand")
            right = months / 12 * policies.requirement(a.programme, metal, among=goods)[t]
            yield Asked("stockpile_cover", name, good, year, held, right, True)


def carbon(a: Accounts) -> Iterator[Asked]:
    """Emissions of a scope in a year, and over all years."""
    e = a.plan.emissions
    for name, policy, _, year, cap in a.levels("carbon_cap"):
        reached = e[(e.year == year) & (e.scope == policy["scope"])].value.sum()
        yield Asked("carbon_cap", name, "", year, reached, cap, False)
    for name, policy in policies.in_force(a.programme, "carbon_budget"):
        own = e[e.scope == policy["scope"]]
        length = dict(zip(a.study.firsts, a.study.lengths, strict=True))
        total = float((own.value * own.year.map(length)).sum())
        yield Asked("carbon_budget", name, "", 0, total, float(policy["cap"]), False)


def capital_budget(a: Accounts) -> Iterator[Asked]:
    """Overnight cost of what is ordered, a year."""
    c = a.plan.capacity
    for name, _, t, year, cap in a.levels("capital_budget"):
        away = {row["plant"] for row in a.programme.recipes.processes.values() if row["place"]}
        ordered = c[(c.year == year) & (c.quantity == "ordered") & ~c.plant.isin(away)]
        spent = sum(
            value * overnight(a.programme, plant)[t]
            for plant, value in zip(ordered.plant, ordered.value, strict=True)
        )
        yield Asked("capital_budget", name, "", year, spent / a.study.lengths[t], cap, False)


def quota(a: Accounts) -> Iterator[Asked]:
    """Activities, by the flow of the first good that each gives."""
    for name, policy, t, year, cap in a.levels("quota"):
        reached = sum(activity(a, q, t, year) for q in policy["processes"])
        yield Asked("quota", name, "", year, reached, cap, False)


def pin(a: Accounts) -> Iterator[Asked]:
    """Observed activities, within the tolerance."""
    for name, policy, t, year, tolerance in a.levels("pin"):
        for process in policies.pinned(a.programme, policy):
            seen = policies.observations(a.programme, process)[t]
            if not np.isnan(seen):
                runs = activity(a, process, t, year)
                low, high = (1 - tolerance) * seen, (1 + tolerance) * seen
                yield Asked("pin_floor", name, process, year, runs, low, True)
                yield Asked("pin_ceiling", name, process, year, runs, high, False)


def activity(a: Accounts, process: str, t: int, year: int) -> float:
    """Activity of a process, from the flow of a good that it gives."""
    for good in a.recipes.outputs(process):
        each = a.recipes.out(good, process)[t]
        for metal in a.study.head["metals"]:
            content = a.recipes.content(good, metal)
            if each and content:
                flow = a.flow(year, metal, {process}, {good}).value.sum()
                return float(flow / content / each)
    return 0.0


def share(a: Accounts) -> Iterator[Asked]:
    """What a selection counts in the flows, less its share of what another does."""
    for name, policy, t, year, level in a.levels("share"):
        measured, ceiling = policy.get("measured", "refined"), "at_most" in policy
        for row in selections.rows(a.programme, policy):
            over, under = (flowing(a, s, measured, t, year) for s in (row.over, row.under))
            right = level * selections.need(a.programme, row.under, measured)[t]
            for good in selections.exports(a.programme, row.over):
                worth = selections.stands_for(a.programme, row.over, good, measured)
                right += worth * float(a.recipes.demand[good][t]) if good in a.recipes.demand else 0
                steps = curves.steps(a.study, good)
                right += worth * sum(a.plan.values["step"].get((s, year), 0.0) for s in steps)
            family = "share_ceiling" if ceiling else "share_floor"
            reached, size = over - level * under, abs(over) + abs(under)
            yield Asked(family, name, row.subject, year, reached, right, not ceiling, size)


def flowing(a: Accounts, s: dict[str, Any], measured: str, t: int, year: int) -> float:
    """What a selector counts of the flows of a year."""
    if measured == "activity":
        return sum(activity(a, q, t, year) for q in selections.active(a.programme, s))
    total = 0.0
    for metal in selections.metals(a.programme, s):
        for q, (goods, less) in selections.counted(a.programme, s, metal).items():
            ways = ({q}, set(goods)) if s.get("flow") != "takes" else (set(goods), {q})
            for flows, sign in (
                (a.flow(year, metal, *ways), 1),
                (a.flow(year, metal, set(less), {q}), -1),
            ):
                own = a.refined(flows, metal) if measured == "refined" else float(flows.value.sum())
                total += sign * own
    return total


MEASURES = (
    self_sufficiency,
    share,
    import_share,
    recycled_content,
    collection_target,
    stockpile_cover,
    carbon,
    capital_budget,
    quota,
    pin,
)


def complaints(p: Programme, plan: Any) -> list[str]:
    """Policies that the tables say are missed, or said to bind though they do not."""
    a = Accounts(p, plan)
    prices = priced(plan)
    breaches = plan.values.get("breach", {})
    found = []
    for measure in MEASURES:
        for asked in measure(a):
            breach = breaches.get((asked.policy, asked.subject, asked.year), 0.0)
            binding = (asked.family, asked.policy, asked.subject, asked.year) in prices
            if not asked.kept(breach):
                found.append(f"missed: {asked} breach {breach}")
            elif binding and not asked.tight(breach):
                found.append(f"binds, but is not reached: {asked} breach {breach}")
    return found + cost_complaints(p, plan)


def priced(plan: Any) -> set[tuple[str, str, str, int]]:
    """Rows of policies with a price of some size."""
    found = set()
    for row in plan.prices.itertuples():
        if abs(row.value) > NEAR:
            policy, _, subject = str(row.index).partition(", ")
            year = 0 if pd.isna(row.year) else int(row.year)
            found.add((row.family, policy, subject, year))
    return found


def cost_complaints(p: Programme, plan: Any) -> list[str]:
    """The cost table against the objective: its sum, its own discounting, and what of it is a
    penalty (results.md, "costs")."""
    total = float(plan.costs.present_value.sum())
    near = NEAR * max(1.0, float(plan.costs.present_value.abs().sum()))
    found = []
    if abs(total - plan.objective) > near:
        found.append(f"costs sum to {total}, the objective is {plan.objective}")
    beta = dict(zip(p.study.firsts, p.beta, strict=True))
    own = plan.costs[~plan.costs["item"].isin(["transfer", "capital"])]
    again = own.value * own.year.map(beta)
    if float((again - own.present_value).abs().sum()) > near:
        found.append("present values are not the values discounted")
    unpaid, outlay = own_penalty(p, plan), -own_penalty(p, plan, ("claimed",))
    rent = -float(plan.costs[plan.costs["item"] == "rent_abroad"].present_value.sum())
    unseen = float(plan.costs[plan.costs["item"] == "unseen_cost"].present_value.sum())
    benefit = -float(plan.costs[plan.costs["item"] == "benefit"].present_value.sum())
    apart = plan.objective - unpaid + rent - unseen + benefit + outlay
    off = (plan.penalty - unpaid, plan.outlay - outlay, plan.cost - apart)
    if max(map(abs, off)) > near:
        found.append(
            f"cost {plan.cost}, penalty {plan.penalty}, outlay {plan.outlay}: {unpaid} is paid by "
            f"nobody and {outlay} by the state"
        )
    return found


def own_penalty(
    p: Programme, plan: Any, variables: tuple[str, ...] = ("shortage", "breach")
) -> float:
    """What demand not served and targets missed weigh, by the oracle's own prices of them; or other
    variables."""
    costs = {name: p.model.costs[i] for name, i in p.model.columns.items()}
    place = {year: t for t, year in enumerate(p.study.firsts)}
    return sum(
        costs.get((variable, *index[:-1], place[index[-1]]), 0.0) * value
        for variable in variables
        for index, value in plan.values.get(variable, {}).items()
    )
