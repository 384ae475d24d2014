"""Shares of one selection in another, and subsidies (format.md, "Selectors"; conventions.md,
"Policies over any selection" and "Subsidies")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle import curves, policies
from tests.oracle.reader import Array
from tests.oracle.recipes import RAW

if TYPE_CHECKING:
    from tests.oracle.programme import Programme

FORMS = {
    "ore and intermediates": "extraction",
    "refined metal": "processing",
    "finished goods": "manufacture",
    "scrap and waste": "raw",
}
OF_PROCESS = {"processes": "process", "kinds": "kind", "stages": "stage"}
Selector = dict[str, Any]


@dataclass
class Row:
    """One row of a share: its subject and what it counts."""

    subject: str
    over: Selector
    under: Selector


def several(given: Any) -> list[str]:
    """Names of a field: one, several; none where it is left out, or is all there are."""
    return [] if given in (None, "*") else [given] if isinstance(given, str) else list(given)


def rows(p: Programme, policy: dict[str, Any]) -> Iterator[Row]:
    """A row for each combination of the names of `each`."""
    own = {"metals": policy["metals"]} if "metals" in policy else {}
    over, under = ({**own, **policy[side]} for side in ("numerator", "denominator"))
    fields = policy.get("each", [])
    for names in product(*(every(p, over, field) for field in fields)):
        one = {**over, **{f: [n] for f, n in zip(fields, names, strict=True)}}
        follows = [f for f in fields if f == "metals" or (f == "stages" and f in under)]
        two = {**under, **{f: one[f] for f in follows}}
        yield Row("/".join(names) or "all", one, two)


def every(p: Programme, over: Selector, field: str) -> list[str]:
    """The names that a field of `each` runs through."""
    if named := several(over.get(field)):
        return named
    if field == "metals":
        return list(p.study.head["metals"])
    found = p.recipes.processes
    if field == "stages":
        return sorted({row["stage"] for row in found.values()})
    return origins(p)


def origins(p: Programme) -> list[str]:
    """Everywhere that something comes in from."""
    return sorted({whence(p, q) for q in p.recipes.processes} - {"home", ""})


def whence(p: Programme, process: str) -> str:
    """The origin of what a process brings in; home where it brings nothing in."""
    row = p.recipes.processes[process]
    if not policies.comes_in(p, process):
        return "home"
    return row["source"] if row["kind"] == "trade" else row["origin"]


def here(s: Selector, place: str) -> bool:
    """Whether a selector counts at a place: where it names none, in the country alone."""
    return (place or "home") in (several(s.get("places")) or ["home"])


def metals(p: Programme, s: Selector) -> list[str]:
    """Metals that a selector counts."""
    return several(s.get("metals")) or list(p.study.head["metals"])


def fits(p: Programme, s: Selector, process: str) -> bool:
    """Whether a process has the name, kind, stage and origin."""
    row = p.recipes.processes[process]
    if not here(s, row["place"]):
        return False
    for field, column in OF_PROCESS.items():
        if several(s.get(field)) and row[column] not in several(s[field]):
            return False
    if "origins" in s:
        wanted = origins(p) if s["origins"] == "*" else several(s["origins"])
        return whence(p, process) in wanted
    return True


def good_fits(p: Programme, s: Selector, good: str) -> bool:
    """Whether a good has the name and form."""
    names, forms = several(s.get("goods")), [FORMS[f] for f in several(s.get("forms"))]
    return (not names or good in names) and (not forms or p.recipes.form(good) in forms)


def counted(p: Programme, s: Selector, metal: str) -> dict[str, tuple[list[str], list[str]]]:
    """By process the goods that count, and those taken off since they counted before."""
    if "demand" in s:
        return {}
    recipes, named = p.recipes, "goods" in s or "forms" in s
    kept = [q for q in recipes.processes if fits(p, s, q) and won_so(p, s, q, metal)]
    found = {}
    for q in kept:
        takes = s.get("flow") == "takes"
        recipe = recipes.inputs(q) if takes else recipes.outputs(q)
        goods = [g for g in recipe if recipes.content(g, metal) and good_fits(p, s, g)]
        if not named and not takes and not policies.comes_in(p, q):
            goods = [g for g in goods if recipes.goods[g]["kind"] not in RAW]
        if goods:
            found[q] = goods, []
    if s.get("flow") == "takes":
        return found
    made = {g for goods, _ in found.values() for g in goods}
    for q, (_, less) in found.items():
        for g in recipes.inputs(q):
            again = g in made or policies.sells_on(p, q, g)
            if recipes.content(g, metal) and again:
                less.append(g)
    return found


def won_so(p: Programme, s: Selector, process: str, metal: str) -> bool:
    """Whether the metal of a process was won by one of the pathways; new scrap counts only where
    its process is named."""
    row = p.recipes.processes[process]
    if "pathways" in s:  # labels are right here, as for recycled content
        return row["pathway"] in several(s["pathways"])
    if "processes" in s or row["kind"] == "manufacture":
        return True
    return policies.sources(p, process, metal) != {"new scrap"}


def worth(p: Programme, good: str, metal: str, measured: str) -> float:
    """What a tonne of a good stands for."""
    recipes = p.recipes
    own = recipes.equivalent if measured == "refined" else recipes.content
    return own(good, metal)


def active(p: Programme, s: Selector) -> list[str]:
    """Processes whose activity a selector picks: they fit, and handle a good that fits."""
    if "demand" in s:
        return []
    recipes, named = p.recipes, "goods" in s or "forms" in s
    found = []
    for q in recipes.processes:
        recipe = recipes.inputs(q) if s.get("flow") == "takes" else recipes.outputs(q)
        goods = recipe if named else [*recipes.inputs(q), *recipes.outputs(q)]
        held = [g for g in goods if any(recipes.content(g, m) for m in metals(p, s))]
        if fits(p, s, q) and any(good_fits(p, s, g) for g in held):
            found.append(q)
    return found


def terms(p: Programme, s: Selector, measured: str) -> dict[str, Array]:
    """What a unit of activity adds, by process."""
    if measured == "activity":
        return {q: np.ones(len(p.periods)) for q in active(p, s)}
    found: dict[str, Array] = {}
    for metal in metals(p, s):
        for q, (goods, less) in counted(p, s, metal).items():
            side = p.recipes.taken if s.get("flow") == "takes" else p.recipes.out
            found.setdefault(q, np.zeros(len(p.periods)))
            for g in goods:
                found[q] = found[q] + side(g, q) * worth(p, g, metal, measured)
            for g in less:
                found[q] = found[q] - p.recipes.taken(g, q) * worth(p, g, metal, measured)
    return found


def stands_for(p: Programme, s: Selector, good: str, measured: str) -> float:
    """What a tonne of a demanded or exported good stands for."""
    held = [m for m in metals(p, s) if p.recipes.content(good, m)]
    if measured == "activity":
        return float(bool(held))
    return sum(worth(p, good, m, measured) for m in held)


def need(p: Programme, s: Selector, measured: str) -> Array:
    """Demand that counts; nothing for a selector of flows."""
    total = np.zeros(len(p.periods))
    for good, demand in p.recipes.demand.items() if "demand" in s else ():
        market = s.get("market", "all")
        named = several(s["demand"])
        asked = market in ("all", "abroad" if p.recipes.exported(good) else "home")
        asked = asked and here(s, p.recipes.goods[good]["place"])
        if asked and (not named or good in named):
            total = total + demand * stands_for(p, s, good, measured)
    return total


def exports(p: Programme, s: Selector) -> list[str]:
    """Goods whose exports are taken off."""
    return [
        g
        for g, row in p.recipes.goods.items()
        if s.get("less_exports")
        and p.recipes.exported(g)
        and here(s, row["place"])
        and any(p.recipes.content(g, m) for m in metals(p, s))
        and (not several(s.get("stages")) or row["stage"] in several(s["stages"]))
        and good_fits(p, s, g)
    ]


def shares(p: Programme) -> None:
    """### share_floor(policy, subject, year) and share_ceiling(policy, subject, year)."""
    for name, policy in policies.in_force(p, "share"):
        share, measured = policies.level(p, policy), policy.get("measured", "refined")
        family, sense, sign = (
            ("share_ceiling", "<=", -1.0) if "at_most" in policy else ("share_floor", ">=", 1.0)
        )
        for row in rows(p, policy):
            over, under = (terms(p, s, measured) for s in (row.over, row.under))
            sold = {g: stands_for(p, row.over, g, measured) for g in exports(p, row.over)}
            due = sum((p.recipes.demand.get(g, 0.0) * w for g, w in sold.items()), 0.0)
            for t in policies.active(p, share):
                line = [(("activity", q, t), e[t]) for q, e in over.items()]
                line += [(("activity", q, t), -share[t] * e[t]) for q, e in under.items()]
                for g, w in sold.items():
                    line += [(("step", step, t), -w) for step in curves.steps(p.study, g)]
                soft = policies.breach(p, name, row.subject, t)
                line += [(column, sign) for column, _ in soft]
                right = (
                    share[t] * need(p, row.under, measured)[t]
                    + np.broadcast_to(due, len(p.periods))[t]
                )
                p.model.row((family, name, row.subject, t), line, sense, right)


# ---- subsidies


def subsidies(p: Programme) -> None:
    """### subsidy_claim(policy, process or plant, year) and subsidy_budget(policy, year)."""
    for name, policy in policies.in_force(p, "subsidy"):
        rate = np.nan_to_num(policies.level(p, policy))
        most = budget(p, policy)
        paid: dict[int, list] = {t: [] for t in p.periods}
        for x, t, of, cash, relief in claims(p, policy, rate):
            column = ("claimed", name, x, t)
            p.model.column(column, -relief)
            p.model.row(("subsidy_claim", name, x, t), [(column, 1.0), (of, -1.0)], "<=", 0.0)
            for year, amount in cash.items():
                paid[year].append((column, amount))
        for t in p.periods:
            if not np.isnan(most[t]) and paid[t]:
                p.model.row(("subsidy_budget", name, t), paid[t], "<=", most[t])


def claims(p: Programme, policy: dict[str, Any], rate: Array) -> Iterator[tuple]:
    """What is paid for: name, year, column, cash by year, and present value of the relief."""
    from tests.oracle.programme import annuity, orders

    for q in active(p, policy["activity"]) if "activity" in policy else ():
        for t in p.periods:
            if rate[t] > 0:
                yield q, t, ("activity", q, t), {t: rate[t]}, p.beta[t] * rate[t]
    for plant in policy.get("plants", ()):
        for v, parts in orders(p, plant).items():
            cash = {t: share * rate[t] for t, share in parts.items()}
            relief = sum(amount * annuity(p, plant, t) for t, amount in cash.items())
            if relief > 0:
                yield plant, v, ("new_capacity", plant, v), cash, relief


def budget(p: Programme, policy: dict[str, Any]) -> Array:
    """The budget of each year; not a number where there is none."""
    given = policy.get("budget", float("nan"))
    if not isinstance(given, dict):
        return np.full(len(p.periods), float(given))
    points = sorted((int(y), float(v)) for y, v in given.items())
    ys, vs = [y for y, _ in points], [v for _, v in points]
    return np.interp(p.study.years, ys, vs, left=np.nan, right=np.nan)
