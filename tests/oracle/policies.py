"""What people set: the rows of policies (mathematics.md, format.md "Policies")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle import curves
from tests.oracle.reader import Array
from tests.oracle.recipes import RAW

if TYPE_CHECKING:
    from tests.oracle.programme import Programme

LEVELS = {"stockpile_cover": "months", "pin": "tolerance", "subsidy": "rate"}
CAPS = (
    "quota",
    "carbon_cap",
    "carbon_budget",
    "capital_budget",
    "impact_cap",
    "impact_budget",
)


def in_force(p: Programme, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Enabled policies of a kind."""
    for name, policy in p.study.policies.items():
        if policy.get("kind") == kind and policy.get("enabled", True):
            yield name, policy


def yearly_level(p: Programme, policy: dict[str, Any]) -> Array:
    """Level of a policy in each year; not a number where it is not in force."""
    field = LEVELS.get(policy["kind"], "cap" if policy["kind"] in CAPS else "share")
    if policy["kind"] == "share":
        field = "at_most" if "at_most" in policy else "at_least"
    level, years = policy.get(field, 0.0), p.study.years
    if isinstance(level, dict):
        given = sorted((int(y), float(v)) for y, v in level.items())
        ys, vs = [y for y, _ in given], [v for _, v in given]
        return np.interp(years, ys, vs, left=np.nan, right=np.nan)
    inside = (years >= policy.get("from", years[0])) & (years <= policy.get("to", years[-1]))
    return np.where(inside, float(level), np.nan)


def level(p: Programme, policy: dict[str, Any]) -> Array:
    """Level of a policy in each period, the mean of its years in force; else not a number."""
    yearly = yearly_level(p, policy)
    found = np.full(len(p.periods), np.nan)
    cuts = p.study.starts - p.study.years[0]
    for t in p.periods:
        years = yearly[cuts[t] : cuts[t + 1]]
        if not np.isnan(years).all():
            found[t] = np.nanmean(years)
    return found


# ---- closures


def closes(p: Programme, policy: dict[str, Any], process: str) -> bool:
    """Whether a closure shuts a process by which metal comes in."""
    row = p.recipes.processes[process]
    if row["kind"] == "trade":
        if row["source"] != policy["origin"]:
            return False
    elif not comes_in(p, process) or row["origin"] != policy["origin"]:
        return False
    return "metal" not in policy or policy["metal"] in p.recipes.metals(process)


def closed(p: Programme, process: str, t: int) -> bool:
    """Whether a closure is in force on a process."""
    return any(
        closes(p, policy, process) and not np.isnan(level(p, policy)[t])
        for _, policy in in_force(p, "closure")
    )


def any_closed(p: Programme, processes: list[str], t: int) -> bool:
    """Whether a closure is in force on one of some processes."""
    return any(closed(p, process, t) for process in processes)


def bounds(p: Programme, process: str) -> tuple[Array, Array]:
    """Bounds of an activity by period, the means of the years; a closed year has its own."""
    high = p.study.yearly("process_values", process, "max_activity", default=np.inf)
    high = np.minimum(high, curves.most(p.study, process))
    low = p.study.yearly("process_values", process, "min_activity")
    given = np.where(np.isinf(high), 0.0, high)
    for _, policy in in_force(p, "closure"):
        if closes(p, policy, process):
            share = yearly_level(p, policy)
            shut = np.nan_to_num(share) * given
            given = np.where(np.isnan(share), given, shut)
            high = np.where(np.isnan(share), high, shut)
            low = np.where(np.isnan(share), low, np.minimum(low, high))
    return p.study.mean(low), p.study.mean(high)


# ---- floors


def breach(p: Programme, name: str, subject: str, t: int) -> list:
    """The term of a breach, where the floor is soft."""
    penalty = p.study.policies[name].get("penalty")
    if penalty is None:
        return []
    column = ("breach", name, subject, t)
    p.model.column(column, p.beta[t] * float(penalty))
    return [(column, 1.0)]


def comes_in(p: Programme, process: str) -> bool:
    """Whether metal comes into the country by a process: an import, or metal of a stated origin
    that is won without taking a good."""
    row = p.recipes.processes[process]
    if row["place"]:
        return False
    taken = p.recipes.inputs(process)
    return row["kind"] in ("import", "trade") or bool(row["origin"] and not taken)


def is_home(p: Programme, process: str, policy: dict[str, Any]) -> bool:
    """Whether the output of a process counts as home output (conventions.md, provenance)."""
    row, found = p.recipes.processes[process], sources(p, process, policy["metal"])
    if row["kind"] in ("import", "trade") or row["place"] or found == {"new scrap"}:
        return False
    if policy.get("provenance", "any") == "home":
        return not found & {"abroad", "opening"}
    return row["stage"] != "extraction" or "abroad" not in found


def sources(p: Programme, process: str, metal: str) -> set[str]:
    """Where the metal that a process handles can come from, all chains followed upstream: home,
    abroad, an opening stock, use (secondary at home), new scrap (where it takes nothing else)."""
    found: set[str] = set()
    seen: set[str] = set()
    asked = [process]
    while asked:
        name = asked.pop()
        if name in seen:
            continue
        seen.add(name)
        inputs = [g for g in p.recipes.inputs(name) if p.recipes.content(g, metal)]
        if not p.recipes.inputs(name):
            row = p.recipes.processes[name]
            foreign = row["pathway"][:7] == "foreign" or row["place"]
            abroad = row["kind"] == "import" or row["origin"] or foreign
            found.add("abroad" if abroad else "home")
        for good in inputs:
            found |= held_before(p, good)
            asked += p.recipes.makers(good)
    only = [g for g in p.recipes.inputs(process) if p.recipes.content(g, metal)]
    return {"new scrap"} if only and all(new_scrap(p, g) for g in only) else found


def held_before(p: Programme, good: str) -> set[str]:
    """What a good holds that no process of the study gave."""
    found = set()
    if p.recipes.goods[good]["place"]:
        # of another place, whatever became of it there
        return {"abroad"} if p.study.has("good_values", good, "", "opening_stock") else found
    if good in {row["waste"] for row in p.study.rows.get("products", []) if row.get("waste")}:
        found.add("use")
    if p.study.constant("good_values", good, "", "opening_stock") > 0:
        found.add("opening")
    return found


def new_scrap(p: Programme, good: str) -> bool:
    """Whether a good is scrap or waste that only manufacture gives."""
    makers = [p.recipes.processes[q]["kind"] for q in p.recipes.makers(good)]
    raw = p.recipes.goods[good]["kind"] in ("scrap", "waste")
    return raw and bool(makers) and set(makers) == {"manufacture"} and not held_before(p, good)


def supply(p: Programme) -> set[str]:
    """Goods whose making counts: all but scrap and waste."""
    return {good for good, row in p.recipes.goods.items() if row["kind"] not in RAW}


def sells_on(p: Programme, process: str, good: str) -> bool:
    """Whether a process of kind manufacture leaves a good in its form, short of a finished one."""
    forms = {p.recipes.form(g) for g in p.recipes.outputs(process)}
    is_manufacture = p.recipes.processes[process]["kind"] == "manufacture"
    return is_manufacture and forms == {p.recipes.form(good)} != {"manufacture"}


Goods = dict[str, tuple[list[str], list[str], list[str]]]
"""Good to the processes that give it, take it, and count."""


def counted_goods(p: Programme, policy: dict[str, Any]) -> Goods:
    """By process the goods that count of what it gives, those taken off, and scrap taken as is."""
    recipes, metal = p.recipes, policy["metal"]
    holds = {g for g in supply(p) if recipes.content(g, metal)}
    at_stage = [q for q, row in recipes.processes.items() if row["stage"] in policy["stages"]]
    home = [q for q in at_stage if is_home(p, q, policy)]
    giving = [q for q in home if holds.intersection(recipes.outputs(q))]
    made = {g for q in giving for g in holds.intersection(recipes.outputs(q))}
    gathered = {
        g for q in home if recipes.processes[q]["kind"] != "manufacture" for g in recipes.outputs(q)
    }
    found: Goods = {}
    for q, row in recipes.processes.items():
        inputs = [g for g in recipes.inputs(q) if recipes.content(g, metal)]
        if q in giving:
            adds = [g for g in recipes.outputs(q) if g in holds]
            less = [g for g in inputs if g in holds and (g in made or sells_on(p, q, g))]
            found[q] = adds, less, []
        elif row["kind"] == "manufacture" and q not in home:
            raw = [g for g in inputs if g in gathered and recipes.goods[g]["kind"] in RAW]
            found[q] = [], [], raw
    return found


def counted(p: Programme, policy: dict[str, Any]) -> dict[str, Array]:
    """Tonnes that a unit of activity counts towards self-sufficiency, epsilon."""
    recipes, metal = p.recipes, policy["metal"]
    terms = {}
    for q, (adds, less, raw) in counted_goods(p, policy).items():
        terms[q] = np.zeros(len(p.periods))
        for g in adds:
            terms[q] += recipes.out(g, q) * recipes.equivalent(g, metal)
        for g in raw:
            terms[q] += recipes.taken(g, q) * recipes.equivalent(g, metal)
        for g in less:
            terms[q] -= recipes.taken(g, q) * recipes.equivalent(g, metal)
    return terms


def requirement(p: Programme, metal: str, export: bool | None = None, among=None) -> Array:
    """Demand in refined equivalents: all, at home, or exported, of all goods or some."""
    total = np.zeros(len(p.periods))
    for good, demand in p.recipes.demand.items():
        if p.recipes.goods[good]["place"]:
            continue
        if export is not None and p.recipes.exported(good) != export:
            continue
        if among is not None and good not in among:
            continue
        total = total + demand * p.recipes.equivalent(good, metal)
    return total


def self_sufficiency(p: Programme) -> None:
    """### self_sufficiency(policy, metal, year)."""
    for name, policy in in_force(p, "self_sufficiency"):
        metal, share = policy["metal"], level(p, policy)
        reached = counting(p, policy)
        terms = counted(p, policy) | sent_by_trade(p, policy, reached)
        home = requirement(p, metal, export=False)
        sent = counted_exports(p, reached)
        exports = requirement(p, metal, export=True, among=sent)
        for t in active(p, share):
            row = [(("activity", q, t), e[t]) for q, e in terms.items()]
            row += breach(p, name, metal, t)
            row += [(("step", step, t), -e) for step, e in sales(p, policy, sent).items()]
            right = share[t] * home[t] + exports[t]
            p.model.row(("self_sufficiency", name, metal, t), row, ">=", right)


def counting(p: Programme, policy: dict[str, Any]) -> set[str]:
    """Goods that can hold metal that counts (conventions.md): followed from each process that
    counts, good by good, until nothing new is found or it leaves home."""
    counts, metal = counted_goods(p, policy), policy["metal"]
    edges: dict[str, set[str]] = {}
    asked: list[str] = []
    for q, fields in p.recipes.processes.items():
        if fields["kind"] == "trade" and not fields["source"]:
            continue
        adds, less, raw = counts.get(q, ([], [], []))
        whole = {g for g in p.recipes.outputs(q) if p.recipes.content(g, metal)}
        sold = [sells_on(p, q, g) for g in p.recipes.inputs(q)]
        if raw or (adds and not (sold and all(sold))):
            asked += adds or whole
        for good in p.recipes.inputs(q):
            if p.recipes.content(good, metal):
                edges.setdefault(good, set()).update(adds if good in less else whole)
    reached: set[str] = set()
    while asked:
        good = asked.pop()
        if good not in reached:
            reached.add(good)
            asked += edges.get(good, ())
    stage = {good: row["stage"] for good, row in p.recipes.goods.items()}
    return {g for g in reached if stage[g] in policy["stages"]}


def counted_exports(p: Programme, reached: set[str]) -> set[str]:
    """Those of them that are exported from home."""
    return {g for g in reached if p.recipes.exported(g) and not p.recipes.goods[g]["place"]}


def sent_by_trade(p: Programme, policy: dict[str, Any], reached: set[str]) -> dict[str, Array]:
    """What a tonne of trade from home to another place takes off, below zero."""
    recipes, terms = p.recipes, {}
    for q, fields in recipes.processes.items():
        if fields["kind"] == "trade" and not fields["source"]:
            for g in reached.intersection(recipes.inputs(q)):
                terms[q] = -recipes.taken(g, q) * recipes.equivalent(g, policy["metal"])
    return terms


def sales(p: Programme, policy: dict[str, Any], sent: set[str]) -> dict[str, float]:
    """Refined metal in a tonne of each step of what is sold abroad of some goods."""
    return {
        step: p.recipes.equivalent(good, policy["metal"])
        for good in sorted(sent)
        for step in curves.steps(p.study, good)
    }


def active(p: Programme, share: Array) -> list[int]:
    """Periods in which a policy is in force."""
    return [t for t in p.periods if not np.isnan(share[t])]


def recycled_content(p: Programme) -> None:
    """### recycled_content(policy, metal, year)."""
    for name, policy in in_force(p, "recycled_content"):
        metal, share = policy["metal"], level(p, policy)
        for t in active(p, share):
            row = []
            for q, fields in p.recipes.processes.items():
                if fields["pathway"] == "new scrap":
                    continue
                # labels are right here: mixed goods are refused, and the generator labels by source
                part = float(fields["pathway"].endswith("secondary")) - share[t]
                row.append((("activity", q, t), part * refined_output(p, q, metal)[t]))
            p.model.row(
                ("recycled_content", name, metal, t), row + breach(p, name, metal, t), ">=", 0.0
            )


def refined_output(p: Programme, process: str, metal: str) -> Array:
    """Refined metal that a unit of activity gives."""
    total = np.zeros(len(p.periods))
    for good in p.recipes.outputs(process):
        row = p.recipes.goods[good]
        if row["kind"] == "refined" and not row["place"]:
            total = total + p.recipes.out(good, process) * p.recipes.content(good, metal)
    return total


def collection_target(p: Programme) -> None:
    """### collection_target(policy, good, year)."""
    from tests.oracle.programme import collected_less, due

    for name, policy in in_force(p, "collection_target"):
        share = level(p, policy)
        for good in policy["goods"]:
            for t in active(p, share):
                rate = np.full(len(p.study.years), share[t])
                row = collected_less(p, good, rate, t) + breach(p, name, good, t)
                right = due(p, good, rate, t)
                p.model.row(("collection_target", name, good, t), row, ">=", right)


def stockpile_cover(p: Programme) -> None:
    """### stockpile_cover(policy, good, year)."""
    for name, policy in in_force(p, "stockpile_cover"):
        months = level(p, policy)
        for good in policy["goods"]:
            metal = p.recipes.goods[good]["metal"]
            need = requirement(p, metal, among=policy.get("demand"))
            for t in active(p, months):
                if closure_year(p, p.recipes.goods[good]["metal"], t):
                    continue
                row = [(("stockpile", good, t), 1.0), *breach(p, name, good, t)]
                right = months[t] / 12 * need[t]
                p.model.row(("stockpile_cover", name, good, t), row, ">=", right)


def closure_year(p: Programme, metal: str, t: int) -> bool:
    """Whether a closure of a metal, or of all that an origin sends, is in force in a period."""
    return any(
        not np.isnan(level(p, closure)[t]) and closure.get("metal", metal) == metal
        for _, closure in in_force(p, "closure")
    )


def pin(p: Programme) -> None:
    """### pin_floor(policy, process, year) and pin_ceiling(policy, process, year)."""
    for name, policy in in_force(p, "pin"):
        tolerance = level(p, policy)
        for process in pinned(p, policy):
            observed = observations(p, process)
            for t in active(p, tolerance):
                if np.isnan(observed[t]):
                    continue
                own = ("activity", process, t)
                row = [(own, 1.0), *breach(p, name, process, t)]
                low, high = (1 - tolerance[t]) * observed[t], (1 + tolerance[t]) * observed[t]
                p.model.row(("pin_floor", name, process, t), row, ">=", low)
                p.model.row(("pin_ceiling", name, process, t), [(own, 1.0)], "<=", high)


def pinned(p: Programme, policy: dict[str, Any]) -> list[str]:
    """Processes that a pin holds: those named, or all that were observed."""
    return policy.get("processes") or [q for (q,) in p.study.keys("process_values", "observed")]


def observations(p: Programme, process: str) -> Array:
    """Observed activity of a period, the mean of its observed years; else not a number."""
    found = np.full(len(p.periods), np.nan)
    points = p.study.numbers["process_values"].get((process, "observed"), [])
    for t in p.periods:
        years = range(p.study.starts[t], p.study.starts[t + 1])
        values = [point.value for point in points if point.year in years]
        if values:
            found[t] = np.mean(values)
    return found


# ---- ceilings


def brought(p: Programme, origin: str = "") -> dict[str, list[str]]:
    """Processes by which metal comes in, of all origins or one, and what they take of goods that
    these give."""
    rows = p.recipes.processes
    free = unpassed(p, origin) if origin in p.study.head.get("places", []) else set(rows)
    found = [q for q in rows if comes_in(p, q) and origin in ("", rows[q]["origin"])]
    found += [q for q in rows if comes_in(p, q) and q not in free and q not in found]
    given = {g for q in found for g in p.recipes.outputs(q)}
    return {q: [g for g in p.recipes.inputs(q) if g in given] for q in found}


def unpassed(p: Programme, place: str) -> set[str]:
    """Processes that metal can reach which never passed a place."""
    rows = p.recipes.processes
    kept = {row["waste"]: row["place"] for row in p.study.rows["products"] if row["waste"]}
    goods = {g for g, where in kept.items() if where != place}
    goods |= {
        g
        for g, row in p.recipes.goods.items()
        if row["place"] != place and p.study.constant("good_values", g, "", "opening_stock") > 0
    }
    found: set[str] = set()
    while True:
        more = set()
        for q, row in rows.items():
            where = {"trade": row["source"], "import": row["origin"]}.get(row["kind"], row["place"])
            draws = not p.recipes.inputs(q) or p.recipes.deposits & set(p.recipes.sides[q, "in"])
            if where != place and (draws or goods & set(p.recipes.inputs(q))):
                more.add(q)
        if more <= found:
            return found
        found |= more
        goods |= {g for q in found for g in p.recipes.outputs(q)}


def import_terms(p: Programme, metal: str, origin: str = "") -> dict[str, Array]:
    """What comes in through an origin per unit of activity, in every form and each chain once."""
    recipes = p.recipes
    terms = {}
    for q, again in brought(p, origin).items():
        terms[q] = np.zeros(len(p.periods))
        for g in recipes.outputs(q):
            terms[q] += recipes.out(g, q) * recipes.equivalent(g, metal)
        for g in again:
            terms[q] -= recipes.taken(g, q) * recipes.equivalent(g, metal)
    return terms


def import_share(p: Programme) -> None:
    """### import_share(policy, year)."""
    for name, policy in in_force(p, "import_share"):
        share, metal = level(p, policy), policy["metal"]
        of_imports = policy.get("of", "demand") == "imports"
        origin = import_terms(p, metal, policy["origin"])
        if not of_imports:
            origin = {q: e for q, e in origin.items() if serves(p, q, metal)}
        every = import_terms(p, metal) if of_imports else {}
        need = requirement(p, metal)
        for t in active(p, share):
            row = [(("activity", q, t), e[t]) for q, e in origin.items()]
            row += [(("activity", q, t), -share[t] * e[t]) for q, e in every.items()]
            right = 0.0 if of_imports else share[t] * need[t]
            p.model.row(("import_share", name, t), row, "<=", right)


def serves(p: Programme, process: str, metal: str) -> bool:
    """Whether the metal of an import can serve demand or a stockpile, or at least not only what is
    sold at a price: all that can be made of it, followed downstream."""
    asked, seen = list(p.recipes.outputs(process)), set()
    while asked:
        good = asked.pop()
        if good in seen or not p.recipes.content(good, metal):
            continue
        seen.add(good)
        for taker in p.recipes.takers(good):
            asked += p.recipes.outputs(taker)
    stored = {key[0] for key in p.study.keys("good_values", "opening_stock")}
    return bool(seen & (set(p.recipes.demand) | stored)) or not seen & set(curves.curved(p.study))


def quota(p: Programme) -> None:
    """### quota(policy, year)."""
    for name, policy in in_force(p, "quota"):
        cap = level(p, policy)
        for t in active(p, cap):
            row = [(("activity", q, t), 1.0) for q in policy["processes"]]
            p.model.row(("quota", name, t), row, "<=", cap[t])


def carbon(p: Programme) -> None:
    """### carbon_cap(policy, year) and carbon_budget(policy)."""
    for name, policy in in_force(p, "carbon_cap"):
        cap = level(p, policy)
        for t in active(p, cap):
            row = [(("emission", policy["scope"], t), 1.0)]
            p.model.row(("carbon_cap", name, t), row, "<=", cap[t])
    for name, policy in in_force(p, "carbon_budget"):
        row = [(("emission", policy["scope"], t), float(p.lengths[t])) for t in p.periods]
        p.model.row(("carbon_budget", name), row, "<=", float(policy["cap"]))


def capital_budget(p: Programme) -> None:
    """### capital_budget(policy, year)."""
    from tests.oracle.programme import orders, overnight

    for name, policy in in_force(p, "capital_budget"):
        cap = level(p, policy)
        away = {row["plant"] for row in p.recipes.processes.values() if row["place"]}
        plants = [k for (k,) in p.study.keys("plants", "capital_cost") if k not in away]
        cost = {k: overnight(p, k) for k in plants}
        for t in active(p, cap):
            row = [
                (("new_capacity", k, v), cost[k][t] * parts[t])
                for k in plants
                for v, parts in orders(p, k).items()
                if t in parts
            ]
            p.model.row(("capital_budget", name, t), row, "<=", cap[t])


def write(p: Programme) -> None:
    """Write the rows of all policies."""
    from tests.oracle import selections

    for rows in (
        self_sufficiency,
        recycled_content,
        collection_target,
        stockpile_cover,
        pin,
        import_share,
        quota,
        carbon,
        capital_budget,
        selections.shares,
        selections.subsidies,
    ):
        rows(p)
