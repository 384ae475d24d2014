"""The linear programme: what physics and the market allow, and its cost (mathematics.md).

Every function carries the heading of the page that it was written from.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tests.oracle import curves, faults, impacts, policies
from tests.oracle.model import Model
from tests.oracle.reader import Array, Study
from tests.oracle.recipes import LARGE, Recipes
from tests.oracle.stocks import arising, profile, stock_at_end, uses, waste_by_year

SCOPES = ("territorial", "footprint")


class Programme:
    """A study with the model that is made of it."""

    def __init__(self, study: Study) -> None:
        """Write all columns and rows."""
        self.study = study
        self.recipes = Recipes(study)
        self.periods = range(len(study.firsts))
        self.lengths = study.lengths
        self.beta = self.recipes.beta
        self.model = Model()
        self.uses = {use.name: use for use in uses(study)}
        self.waste_yearly = arising(study)
        self.waste = {good: study.mean(waste) for good, waste in self.waste_yearly.items()}
        self.reliefs_yearly: dict[str, dict[tuple, Array]] = {}
        for good, column, amount in (*measure_reliefs(self), *curves.used(self)):
            own = self.reliefs_yearly.setdefault(good, {})
            own[column] = own.get(column, 0.0) + amount
        for write in COLUMNS + ROWS:
            write(self)
        policies.write(self)


def solve(study: Study):
    """Least cost of a study."""
    return Programme(study).model.solve()


# ---- columns


def activity_columns(p: Programme) -> None:
    """`activity`: between must-run level and upper bound, a closure aside (format.md)."""
    for process in p.recipes.processes:
        low, high = policies.bounds(p, process)
        cost = p.recipes.running_cost(process)
        cost = cost + p.study.yearly("process_values", process, "unseen_cost")
        for t in p.periods:
            p.model.column(("activity", process, t), p.beta[t] * cost[t], low[t], high[t])


def beyond_columns(p: Programme) -> None:
    """`beyond`: what a calibrated process runs beyond `unseen_from`, at `unseen_rise`."""
    for process in calibrated(p):
        rise = p.study.yearly("process_values", process, "unseen_rise")
        for t in p.periods:
            p.model.column(("beyond", process, t), p.beta[t] * rise[t], 0.0, np.inf)


def calibrated(p: Programme) -> list[str]:
    """Processes that a calibration found something of."""
    said = {
        key[0]
        for name in ("unseen_cost", "unseen_rise")
        for key in p.study.keys("process_values", name)
    }
    return [process for process in p.recipes.processes if process in said]


def unseen_rise(p: Programme) -> None:
    """### unseen_rise(process, year): activity - beyond <= unseen_from."""
    for process in calibrated(p):
        begins = p.study.yearly("process_values", process, "unseen_from")
        for t in p.periods:
            terms = [(("activity", process, t), 1.0), (("beyond", process, t), -1.0)]
            p.model.row(("unseen_rise", process, t), terms, "<=", begins[t])


def emission_columns(p: Programme) -> None:
    """`emission`, with the carbon price on the scope that it falls on."""
    price = p.study.by_period("series", "carbon_price")
    charged = "footprint" if p.study.head.get("border_adjustment") else "territorial"
    if p.study.head.get("places"):
        charged = "territorial"
    for scope in SCOPES:
        for t in p.periods:
            cost = p.beta[t] * price[t] if scope == charged else 0.0
            p.model.column(("emission", scope, t), cost, -np.inf)


def good_columns(p: Programme) -> None:
    """`shortage` of what is demanded, `disposal` of what may be disposed of."""
    for good, demand in p.recipes.demand.items():
        cost = p.study.by_period("good_values", good, "", "shortage_cost")
        for t in p.periods:
            p.model.column(("shortage", good, t), p.beta[t] * cost[t], 0.0, demand[t])
    for good in disposable(p):
        cost = p.study.by_period("good_values", good, "", "disposal_cost")
        for t in p.periods:
            p.model.column(("disposal", good, t), p.beta[t] * cost[t])


def disposable(p: Programme) -> Iterator[str]:
    """Goods that may be disposed of: waste, scrap, and what comes jointly with another good."""
    for good, row in p.recipes.goods.items():
        if good in p.recipes.demand:
            continue
        joint = any(len(p.recipes.outputs(maker)) > 1 for maker in p.recipes.makers(good))
        if row["kind"] in ("waste", "scrap") or joint:
            yield good


def stored(p: Programme) -> list[str]:
    """Goods with an opening stock, which makes them storable (format.md, good_values)."""
    return [key[0] for key in p.study.keys("good_values", "opening_stock")]


def stockpile_columns(p: Programme) -> None:
    """`stockpile`, `fill` and `draw`; holding cost on the mean of both ends of a period."""
    last = p.periods[-1]
    for good in stored(p):
        opening = p.study.constant("good_values", good, "", "opening_stock")
        closing = p.study.constant("good_values", good, "", "closing_stock", default=opening)
        high = p.study.constant("good_values", good, "", "max_stock", default=np.inf)
        held = p.beta * p.study.by_period("good_values", good, "", "holding_cost") / 2
        p.model.fixed_cost += held[0] * opening
        for t in p.periods:
            cost = held[t] + (held[t + 1] if t < last else 0.0)
            p.model.column(("stockpile", good, t), cost, closing if t == last else 0.0, high)
            p.model.column(("fill", good, t))
            p.model.column(("draw", good, t))


def plants(p: Programme) -> list[str]:
    """All plants."""
    return list(dict.fromkeys(key[0] for key in p.study.keys("plants")))


def plant_number(p: Programme, plant: str, name: str, default: float = 0.0) -> Array:
    """A number of a plant by period."""
    return p.study.by_period("plants", plant, name, default=default)


def orders(p: Programme, plant: str) -> dict[int, dict[int, float]]:
    """Share of an order that is placed in each year, by the first year of its period.

    Years from which the plant would start after the horizon take none (conventions.md, "Lead time"
    and "Periods of several years").
    """
    found: dict[int, dict[int, float]] = {}
    if not p.study.has("plants", plant, "capital_cost"):
        return found
    lead = p.study.constant("plants", plant, "lead_time")
    limited = p.study.has("plants", plant, "max_new")
    new = plant_number(p, plant, "max_new")
    for start, end in pairwise([*p.study.order_starts, int(p.study.starts[-1])]):
        inside = [y - int(p.study.years[0]) for y in range(start, end)]
        inside = [t for t in inside if p.study.starts[t] + lead < p.study.starts[-1]]
        first = start - int(p.study.years[0])
        weights = {t: new[t] if limited else float(t == first) for t in inside}
        total = sum(weights.values())
        if total > 0:
            found[first] = {t: weight / total for t, weight in weights.items() if weight}
    return found


def overlap(start: float, end: float, low: float, high: float) -> float:
    """Years that two spans have in common."""
    return max(0.0, min(end, high) - max(start, low))


def overnight(p: Programme, plant: str) -> Array:
    """Overnight cost of what is ordered in each year."""
    return p.study.yearly("plants", plant, "capital_cost")


def annuities(p: Programme, plant: str, t: int) -> float:
    """Annuities of what is ordered in a year, within the horizon, discounted (conventions.md,
    "Capital")."""
    return overnight(p, plant)[t] * annuity(p, plant, t)


def annuity(p: Programme, plant: str, t: int) -> float:
    """The same of one unit of money."""
    study = p.study
    life = study.constant("plants", plant, "life")
    lead = study.constant("plants", plant, "lead_time")
    rate = study.constant("plants", plant, "interest_rate", default=p.recipes.rate)
    cost = (1.0 + rate) ** lead
    if rate:
        cost *= rate / (1.0 + rate) / (1.0 - (1.0 + rate) ** -life)
    else:
        cost /= life
    start = study.starts[t] + lead
    shares = np.array([overlap(start, start + life, y, y + 1) for y in study.years])
    if rate:
        shares = (1.0 - (1.0 + rate) ** -shares) / (1.0 - 1.0 / (1.0 + rate))
    return float(cost * np.dot(shares, p.recipes.discounts))


def plant_columns(p: Programme) -> None:
    """`capacity` and `new_capacity`; bounds are rows of the page, written as bounds here."""
    for plant in plants(p):
        fixed = plant_number(p, plant, "fixed_cost")
        most = plant_number(p, plant, "max_capacity", default=LARGE)
        new = plant_number(p, plant, "max_new", default=LARGE)
        for t in p.periods:
            high = np.inf if most[t] >= LARGE else most[t]
            p.model.column(("capacity", plant, t), p.beta[t] * fixed[t], 0.0, high)
        for v, parts in orders(p, plant).items():
            limit = sum(new[t] for t in parts)
            cost = sum(share * annuities(p, plant, t) for t, share in parts.items())
            high = np.inf if limit >= LARGE else limit
            p.model.column(("new_capacity", plant, v), cost, 0.0, high)


def deposit_columns(p: Programme) -> None:
    """`remaining` ore, and `explored` where finds come to be mined within the horizon."""
    for deposit in sorted(p.recipes.deposits):
        for t in p.periods:
            p.model.column(("remaining", deposit, t))
    for (deposit,) in p.study.keys("exploration", "potential"):
        cost = p.study.by_period("exploration", deposit, "cost")
        most = p.study.by_period("exploration", deposit, "potential")
        for v in p.periods:
            if found_in(p, deposit, v) is not None:
                p.model.column(("explored", deposit, v), p.beta[v] * cost[v], 0.0, most[v])


def found_in(p: Programme, deposit: str, explored: int) -> int | None:
    """The period in which what exploration finds can first be mined."""
    delay = p.study.constant("exploration", deposit, "delay")
    for t in p.periods[explored:]:
        if p.study.starts[t + 1] >= p.study.starts[explored + 1] + delay:
            return t
    return None


def measure_columns(p: Programme) -> None:
    """`measure`: demand spared, and for a lifetime measure what is given the longer life."""
    for row in p.study.rows["measures"]:
        name, good = row["measure"], row["good"]
        cost = p.study.by_period("measure_values", name, "cost")
        share = p.study.by_period("measure_values", name, "potential")
        for t in p.periods:
            most = share[t] * p.recipes.demand[good][t]
            if row["kind"] == "lifetime":
                p.model.column(("measure", name, t), p.beta[t] * cost[t])
                p.model.column(("avoided", name, t), 0.0)
            else:
                p.model.column(("measure", name, t), p.beta[t] * cost[t], 0.0, most)


# ---- what measures change


def measure_reliefs(p: Programme) -> Iterator[tuple[str, tuple[str, str, int], Array]]:
    """(good, column, tonnes by year): demand spared, and waste added, for a tonne of a measure."""
    for row in p.study.rows["measures"]:
        for v in p.periods:
            column = ("avoided" if row["kind"] == "lifetime" else "measure", row["measure"], v)
            spared = profile(p.study, row["good"], v)
            yield from _spared(p, row["good"], column, spared)
            if row.get("instead"):
                ratio = p.study.yearly("measure_values", row["measure"], "ratio")
                yield from _spared(p, row["instead"], column, -ratio * spared)
            if row["kind"] == "lifetime":
                yield from _later_waste(p, row, v)


def _spared(p: Programme, good: str, column: tuple[str, str, int], spared: Array):
    """Demand that is spared in each year, and the waste that does not come of it."""
    yield good, column, spared
    for use in p.uses.values():
        if good in use.goods and use.waste:
            yield use.waste, column, -waste_by_year(use, use.per_tonne(good) * spared)


def _later_waste(p: Programme, row: dict[str, str], v: int):
    """Waste of a tonne with the longer life, less that of the same tonne without."""
    use = p.uses[row["product"]]
    longer = p.study.constant("measure_values", row["measure"], "longer")
    if use.waste:
        entering = use.per_tonne(row["good"]) * profile(p.study, row["good"], v)
        change = waste_by_year(use, entering, longer) - waste_by_year(use, entering)
        yield use.waste, ("measure", row["measure"], v), change


# ---- rows


def balance(p: Programme) -> None:
    """### balance(good, year)."""
    recipes, model = p.recipes, p.model
    zero = np.zeros(len(p.periods))
    for good in recipes.goods:
        demand, waste = recipes.demand.get(good, zero), p.waste.get(good, zero)
        yearly = p.reliefs_yearly.get(good, {})
        reliefs = {c: p.study.mean(r) for c, r in yearly.items() if r.any()}
        for t in p.periods:
            terms = [(("activity", q, t), recipes.out(good, q)[t]) for q in recipes.makers(good)]
            terms += [
                (("activity", q, t), -recipes.taken(good, q)[t]) for q in recipes.takers(good)
            ]
            for name, sign in (("draw", 1), ("fill", -1), ("shortage", 1), ("disposal", -1)):
                if (name, good, t) in model.columns:
                    terms.append(((name, good, t), sign))
            terms += [(c, r[t]) for c, r in reliefs.items()]
            terms += [(("step", step, t), -1.0) for step in curves.steps(p.study, good)]
            model.row(("balance", good, t), terms, "==", demand[t] - waste[t])


def plant_capacity(p: Programme) -> None:
    """### plant_capacity(plant, year)."""
    for plant in plants(p):
        available = plant_number(p, plant, "availability", default=1.0)
        on = [q for q, row in p.recipes.processes.items() if row["plant"] == plant]
        for t in p.periods:
            terms = [
                (("activity", q, t), p.study.constant("process_values", q, "loading", default=1.0))
                for q in on
            ]
            terms.append((("capacity", plant, t), -available[t]))
            p.model.row(("plant_capacity", plant, t), terms, "<=", 0.0)


def capacity_balance(p: Programme) -> None:
    """### capacity_balance(plant, year)."""
    starts = p.study.starts
    for plant in plants(p):
        life = p.study.constant("plants", plant, "life")
        lead = p.study.constant("plants", plant, "lead_time")
        standing = plant_number(p, plant, "existing_capacity")
        building = p.study.numbers["plants"].get((plant, "under_construction"), [])

        def alive(start: float, t: int, life: float = life) -> float:
            return overlap(start, start + life, starts[t], starts[t + 1]) / p.lengths[t]

        for t in p.periods:
            right = standing[t] + sum(b.value * alive(b.year or 0, t) for b in building)
            terms: list = [(("capacity", plant, t), 1.0)]
            for v, parts in orders(p, plant).items():
                stands = sum(share * alive(starts[y] + lead, t) for y, share in parts.items())
                terms.append((("new_capacity", plant, v), -stands))
            p.model.row(("capacity_balance", plant, t), terms, "==", right)


def groups(p: Programme, parameter: str) -> Iterator[tuple[str, float, list[str]]]:
    """Ramp groups with a number, and their members."""
    for (group,) in p.study.keys("ramps", parameter):
        members = [q for q, row in p.recipes.processes.items() if row["ramp_group"] == group]
        yield group, p.study.constant("ramps", group, parameter), members


def change(members: list[str], t: int, factor: float) -> list:
    """What a group runs in a period, less a multiple of what it ran before."""
    now = [(("activity", q, t), 1.0) for q in members]
    return now + [(("activity", q, t - 1), -factor) for q in members]


def ramp(p: Programme) -> None:
    """### ramp(ramp_group, year)."""
    for group, growth, members in groups(p, "growth"):
        step = p.study.constant("ramps", group, "step")
        for t in p.periods[1:]:
            gap = p.recipes.gaps[t]
            terms = change(members, t, (1 + growth) ** gap)
            p.model.row(("ramp", group, t), terms, "<=", step * gap)


def run_down(p: Programme) -> None:
    """### run_down(ramp_group, year)."""
    for group, decline, members in groups(p, "decline"):
        penalty = stopping_penalty(p, group, members)
        for t in p.periods[1:]:
            if not policies.any_closed(p, members, t):
                terms = change(members, t, (1 - decline) ** p.recipes.gaps[t])
                column = ("breach", "run_down", group, t)
                p.model.column(column, p.beta[t] * penalty[t])
                p.model.row(("run_down", group, t), [*terms, (column, 1.0)], ">=", 0.0)


def stopping_penalty(p: Programme, group: str, members: list[str]) -> list[float]:
    """Penalty on stopping faster: as stated, else the running cost of the cheapest that may run."""
    if p.study.has("ramps", group, "stopping_cost"):
        return p.study.by_period("ramps", group, "stopping_cost").tolist()
    costs = {q: p.recipes.running_cost(q) for q in members}
    found = []
    for t in p.periods:
        running = [costs[q][t] for q in members if policies.bounds(p, q)[1][t] > 0]
        found.append(max(min(running), 0.0) if running else 0.0)
    return found


def depletion(p: Programme) -> None:
    """### depletion(deposit, year)."""
    for deposit in sorted(p.recipes.deposits):
        added = p.study.by_period("deposits", deposit, "additions") * p.lengths
        added[0] += p.study.constant("deposits", deposit, "reserve")
        grows = p.study.by_period("deposits", deposit, "growth")
        for t in p.periods:
            terms: list = [(("remaining", deposit, t), 1.0)]
            if t:
                terms.append((("remaining", deposit, t - 1), -1.0 - grows[t]))
            for q in p.recipes.takers(deposit):
                terms.append((("activity", q, t), p.lengths[t] * p.recipes.taken(deposit, q)[t]))
            for host, metal, kept in residues(p, deposit):
                content = p.study.by_period("host_contents", host, metal)
                added[t] += (kept * content * p.study.by_period("hosts", host))[t] * p.lengths[t]
                for q in winners(p, host, metal):
                    won = kept * p.recipes.won(q, metal)
                    terms.append((("activity", q, t), p.lengths[t] * won[t]))
                for q in p.recipes.hosting(host):
                    laid = kept * content * p.recipes.out(host, q)
                    terms.append((("activity", q, t), -p.lengths[t] * laid[t]))
            finds = [v for v in explorations(p, deposit) if found_in(p, deposit, v) == t]
            terms += [(("explored", deposit, v), -float(p.lengths[v])) for v in finds]
            p.model.row(("depletion", deposit, t), terms, "==", added[t])


def residues(p: Programme, deposit: str) -> list[tuple[str, str, Array]]:
    """Hosts that fill a deposit, its metal, and the share that is kept."""
    metal = next(row["metal"] for row in p.study.rows["deposits"] if row["deposit"] == deposit)
    found = [keys for keys in p.study.keys("residues") if keys[0] == deposit]
    return [(host, metal, p.study.by_period("residues", of, host)) for of, host in found]


def winners(p: Programme, host: str, metal: str) -> list[str]:
    """By-product processes that win a metal from a host."""
    on = [q for q, row in p.recipes.processes.items() if row["host"] == host]
    return [q for q in on if metal in p.recipes.metals(q)]


def explorations(p: Programme, deposit: str) -> list[int]:
    """Periods in which a deposit can be explored."""
    return [v for v in p.periods if ("explored", deposit, v) in p.model.columns]


def exploration_limit(p: Programme) -> None:
    """### exploration_limit(deposit)."""
    for (deposit,) in p.study.keys("exploration", "most"):
        most = p.study.constant("exploration", deposit, "most")
        periods = explorations(p, deposit)
        found = [(("explored", deposit, v), float(p.lengths[v])) for v in periods]
        p.model.row(("exploration_limit", deposit), found, "<=", most)


def shortage_limit(p: Programme) -> None:
    """### shortage_limit(good, year)."""
    spared: dict[str, dict[tuple, Array]] = {}
    for good, column, amount in measure_reliefs(p):
        if good in p.recipes.demand and good in stored(p):
            own = spared.setdefault(good, {})
            own[column] = own.get(column, 0.0) + p.study.mean(amount)
    for good, columns in spared.items():
        for t in p.periods:
            row = [(("shortage", good, t), 1.0), *((c, r[t]) for c, r in columns.items())]
            p.model.row(("shortage_limit", good, t), row, "<=", p.recipes.demand[good][t])


def lifetime_measures(p: Programme) -> None:
    """### extension(measure, year) and service(measure, year)."""
    for row in p.study.rows["measures"]:
        if row["kind"] != "lifetime":
            continue
        name, good, use = row["measure"], row["good"], p.uses[row["product"]]
        share = p.study.by_period("measure_values", name, "potential")
        longer = p.study.constant("measure_values", name, "longer")
        for t in p.periods:
            terms: list = [(("measure", name, t), 1.0), (("avoided", name, t), share[t])]
            p.model.row(("extension", name, t), terms, "<=", share[t] * p.recipes.demand[good][t])
            missing: list = []
            for v in p.periods[: t + 1]:
                entering = use.per_tonne(good) * profile(p.study, good, v)
                stock = stock_at_end(use, entering, t)
                more = stock_at_end(use, entering, t, longer) - stock
                missing += [(("avoided", name, v), stock), (("measure", name, v), -more)]
            p.model.row(("service", name, t), missing, "<=", 0.0)


def host_limit(p: Programme) -> None:
    """### host_limit(host, metal, year) and circuit_limit(process, host, year)."""
    contents = list(p.study.keys("host_contents"))
    for (host,) in p.study.keys("hosts"):
        output = p.study.by_period("hosts", host)
        beside: set[str] = set()
        for metal in p.study.head["metals"]:
            on = winners(p, host, metal)
            need = {q: p.recipes.host_need(q) for q in on}
            if (host, metal) in contents:
                content = p.study.by_period("host_contents", host, metal)
                need = {q: p.recipes.won(q, metal) / content for q in on}
                beside.update(on)
            for t in p.periods if on else ():
                terms = [(("activity", q, t), need[q][t]) for q in on] + put_out(p, host, t)
                p.model.row(("host_limit", host, metal, t), terms, "<=", output[t])
        for q in sorted(beside):
            for t in p.periods:
                terms = [(("activity", q, t), p.recipes.host_need(q)[t]), *put_out(p, host, t)]
                p.model.row(("circuit_limit", q, host, t), terms, "<=", output[t])


def put_out(p: Programme, host: str, t: int) -> list:
    """Output of a host by processes of the study, below zero."""
    return [(("activity", q, t), -p.recipes.out(host, q)[t]) for q in p.recipes.hosting(host)]


def collection(p: Programme) -> None:
    """### collection(good, year)."""
    for (good,) in p.study.keys("collection"):
        rate = p.study.yearly("collection", good)
        for t in p.periods:
            terms = collected_less(p, good, rate, t)
            if ("taken_back", good, t) in p.model.columns:
                terms.append((("taken_back", good, t), -1.0))
            p.model.row(("collection", good, t), terms, "<=", due(p, good, rate, t))


def take_back_columns(p: Programme) -> None:
    """`taken_back`, in years with a share that can be; the fee is no cost (format.md)."""
    for good, more in take_backs(p):
        cost = p.study.yearly("take_back", good, "cost")
        for t in p.periods:
            if more[t] > 0:
                p.model.column(("taken_back", good, t), p.beta[t] * cost[t])


def take_backs(p: Programme) -> Iterator[tuple[str, Array]]:
    """Wastes that can be taken back, and the share of each year."""
    for (good,) in p.study.keys("take_back", "more"):
        yield good, p.study.yearly("take_back", good, "more")


def take_back(p: Programme) -> None:
    """### take_back(good, year)."""
    for good, more in take_backs(p):
        for t in p.periods:
            if ("taken_back", good, t) in p.model.columns:
                terms = [(("taken_back", good, t), 1.0), *arising_less(p, good, more, t)]
                p.model.row(("take_back", good, t), terms, "<=", due(p, good, more, t))


def due(p: Programme, good: str, rate: Array, t: int) -> float:
    """A share of the waste that arises from use, by the year."""
    return float(p.study.mean(rate * p.waste_yearly.get(good, 0.0 * rate))[t])


def collected_less(p: Programme, good: str, rate: Array, t: int) -> list:
    """What is collected of a waste, less a share of the waste that processes and measures make."""
    recipes = p.recipes
    collectors = recipes.takers(good)
    if faults.DIRECT_RECYCLING in faults.FOLLOWED:
        collectors = [q for q in collectors if recipes.processes[q]["kind"] == "collect"]
    terms = [(("activity", q, t), recipes.taken(good, q)[t]) for q in collectors]
    return terms + arising_less(p, good, rate, t)


def arising_less(p: Programme, good: str, rate: Array, t: int) -> list:
    """A share of the waste that processes and measures make, below zero."""
    years, terms = p.study, []
    for q in p.recipes.makers(good):
        made = years.yearly("coefficients", q, good, "out")
        terms.append((("activity", q, t), -years.mean(rate * made)[t]))
    for column, waste in p.reliefs_yearly.get(good, {}).items():
        terms.append((column, -years.mean(rate * waste)[t]))
    return terms


def stockpile_balance(p: Programme) -> None:
    """### stockpile_balance(good, year)."""
    for good in stored(p):
        opening = p.study.constant("good_values", good, "", "opening_stock")
        for t in p.periods:
            n = float(p.lengths[t])
            terms: list = [(("stockpile", good, t), 1.0)]
            terms += [(("fill", good, t), -n), (("draw", good, t), n)]
            if t:
                terms.append((("stockpile", good, t - 1), -1.0))
            right = 0.0 if t else opening
            p.model.row(("stockpile_balance", good, t), terms, "==", right)


def emission_account(p: Programme) -> None:
    """### emission_account(scope, year)."""
    dug = [of for of in curves.curved(p.study) if curves.kind(p, of) == "deposit"]
    tranches = {
        step: curves.emission(p.study, step) for of in dug for step in curves.steps(p.study, of)
    }
    for scope in SCOPES:
        factors = {q: p.recipes.emission(q, scope) for q in p.recipes.processes}
        for t in p.periods:
            terms: list = [(("emission", scope, t), 1.0)]
            terms += [(("activity", q, t), -factor[t]) for q, factor in factors.items()]
            terms += [(("step", step, t), -rate[t]) for step, rate in tranches.items()]
            p.model.row(("emission_account", scope, t), terms, "==", 0.0)


COLUMNS = (
    activity_columns,
    beyond_columns,
    emission_columns,
    good_columns,
    stockpile_columns,
    plant_columns,
    deposit_columns,
    measure_columns,
    take_back_columns,
    curves.columns,
    impacts.columns,
)
ROWS = (
    balance,
    plant_capacity,
    capacity_balance,
    ramp,
    run_down,
    depletion,
    exploration_limit,
    lifetime_measures,
    shortage_limit,
    host_limit,
    collection,
    take_back,
    curves.rows,
    unseen_rise,
    stockpile_balance,
    emission_account,
    impacts.account,
    impacts.caps,
)
