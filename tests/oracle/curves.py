"""Curves of supply and demand: columns and rows, and what the tables say of them (format.md,
"curves.csv"; conventions.md, "Curves of supply and demand")."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle.reader import Array, Study
from tests.oracle.stocks import profile, waste_by_year

if TYPE_CHECKING:
    from tests.oracle.programme import Programme

NEAR = 1e-6
SOLD = ("export", "demand")
"""Kinds of curves whose steps earn, or benefit."""
ITEMS = {"export": "export_revenue", "demand": "benefit"}
"""Items of the cost table under which they stand."""


def steps(study: Study, of: str) -> list[str]:
    """Steps of a process, good or deposit, by the name that the programme gives them."""
    if elastic(study, of):
        return [f"{of}/{k}" for k in range(len(ends(study, of)))]
    return [f"{name}/{step}" for name, step in every_step(study) if name == of]


def every_step(study: Study) -> list[tuple[str, str]]:
    """Names of curves and steps: each says a price, or what a tonne of its ore costs."""
    priced = ("price", "ore_cost")
    return list(dict.fromkeys(key[:-1] for key in study.keys("curves") if key[-1] in priced))


def elastic(study: Study, of: str) -> bool:
    """Whether a curve is one of constant elasticity, cut into steps 0 to n."""
    return (of, "") in study.keys("curves", "elasticity")


def ends(study: Study, of: str) -> list[Array]:
    """Price at the end of each step of constant elasticity, that of step 0 first: a supply rises
    from its lowest price, a demand falls from its highest, at equal ratios."""
    given = {n: study.yearly("curves", of, "", n) for n in ("lowest_price", "highest_price")}
    low, high = given["lowest_price"], given["highest_price"]
    first, last = (
        (high, low) if study.yearly("curves", of, "", "elasticity")[0] < 0 else (low, high)
    )
    count = round(study.yearly("curves", of, "", "steps")[0])
    return [first * (last / first) ** (k / count) for k in range(count + 1)]


def cut(study: Study, of: str, k: int) -> dict[str, Array]:
    """Amount, price and outlay of step k of constant elasticity: the amount between two prices, the
    area under the curve and the rise of price times quantity, each over that amount."""
    names = ("elasticity", "reference_price", "reference_amount")
    e, price, amount = (study.yearly("curves", of, "", name) for name in names)
    power = study.yearly("curves", of, "", "market_power", default=0.0)
    prices = ends(study, of)
    q = [amount * (p / price) ** e for p in prices]
    if k == 0:
        return {"amount": q[0], "price": prices[0], "outlay": prices[0]}
    more = q[k] - q[k - 1]
    rise = (prices[k] * q[k] - prices[k - 1] * q[k - 1]) / more
    area = price * amount * np.log(q[k] / q[k - 1]) / more
    mean = np.where(np.isclose(e, -1), area, rise * e / np.where(np.isclose(e, -1), 1.0, 1 + e))
    return {"amount": more, "price": (1 - power) * mean + power * rise, "outlay": rise}


def curved(study: Study) -> list[str]:
    """All that has a curve."""
    known = (*every_step(study), *study.keys("curves", "elasticity"))
    return list(dict.fromkeys(of for of, _ in known))


def kind(p: Programme, of: str) -> str:
    """What a curve is of, as the table of curves calls it."""
    if of in p.recipes.goods:
        return "export" if p.recipes.goods[of]["export"] == "yes" else "demand"
    return "deposit" if of in p.recipes.deposits else "supply"


def number(study: Study, step: str, parameter: str) -> Array:
    """A number of a step in each year; without limit where absent."""
    of, _, name = step.rpartition("/")
    if elastic(study, of):
        none = np.full(len(study.years), np.inf)
        return cut(study, of, int(name)).get(parameter, none)
    return study.yearly("curves", of, name, parameter, default=np.inf)


def price_of(study: Study, step: str) -> Array:
    """Price of a step; what a tonne of ore costs is spread over the metal in it."""
    if elastic(study, step.rpartition("/")[0]):
        return number(study, step, "price")
    return by_metal(study, step, "price") + by_metal(study, step, "ore_cost", by_ore=True)


def emission(study: Study, step: str) -> Array:
    """t CO2e of a tonne of metal dug of a tranche (conventions.md, "Tranches of ore")."""
    direct = by_metal(study, step, "ore_emission", by_ore=True)
    power = by_metal(study, step, "ore_electricity", by_ore=True)
    index = study.by_period("series", "direct_emission_index", default=1.0)
    return direct * index + power * study.by_period("series", "grid_intensity")


def by_metal(study: Study, step: str, parameter: str, *, by_ore: bool = False) -> Array:
    """A number of a step by tonne of metal, nothing where absent; what is said by tonne of ore is
    divided by the grade."""
    of, _, name = step.rpartition("/")
    if not study.has("curves", of, name, parameter):
        return np.zeros(len(study.years))
    grade = study.yearly("curves", of, name, "grade") if by_ore else 1.0
    return study.yearly("curves", of, name, parameter) / grade


def most(study: Study, process: str) -> Array:
    """Most that the steps of a process give in a year; without limit where it has none, or where a
    step has none."""
    if not steps(study, process):
        return np.full(len(study.years), np.inf)
    return sum(number(study, step, "amount") for step in steps(study, process))


def columns(p: Programme) -> None:
    """`step`: what is bought, dug or sold; what is sold earns."""
    for of in curved(p.study):
        sign = -1.0 if kind(p, of) in SOLD else 1.0
        for step in steps(p.study, of):
            price, amount = price_of(p.study, step), number(p.study, step, "amount")
            for t in p.periods:
                cost = sign * p.beta[t] * price[t]
                p.model.column(("step", step, t), cost, 0.0, amount[t])


def rows(p: Programme) -> None:
    """### supply_curve(process, year), deposit_curve(deposit, year) and deposit_step(step)."""
    for of in curved(p.study):
        if kind(p, of) in SOLD:
            continue
        dug = kind(p, of) == "deposit"
        family = "deposit_curve" if dug else "supply_curve"
        for t in p.periods:
            terms = [(("step", step, t), -1.0) for step in steps(p.study, of)]
            takers = p.recipes.takers(of) if dug else [of]
            terms += [
                (("activity", q, t), p.recipes.taken(of, q)[t] if dug else 1.0) for q in takers
            ]
            p.model.row((family, of, t), terms, "==", 0.0)
        for step in steps(p.study, of) if dug else ():
            reserve = number(p.study, step, "reserve")[0]
            if np.isfinite(reserve):
                every = [(("step", step, t), 1.0) for t in p.periods]
                p.model.row(("deposit_step", step), every, "<=", reserve)


def used(p: Programme) -> Iterator[tuple[str, tuple[str, str, int], Array]]:
    """(waste, column, tonnes by year): what is bought at home enters use, and is waste later."""
    for of in curved(p.study):
        uses = [use for use in p.uses.values() if of in use.goods and use.waste]
        for use in uses if kind(p, of) == "demand" else ():
            for v in p.periods:
                waste = waste_by_year(use, use.per_tonne(of) * profile(p.study, of, v))
                for step in steps(p.study, of):
                    yield use.waste, ("step", step, v), waste


# ---- what the tables say


def wrong_curves(p: Programme, plan: Any) -> list[str]:
    """Rows of the table of curves that the study and the variables say otherwise."""
    own = dict(curve_rows(p, plan))
    names = ("of", "kind", "step", "year", "quantity")
    table = plan.curves
    said = dict(zip(zip(*(table[n] for n in names), strict=True), table.value, strict=True))
    found = [f"curve {key}: a row that no page knows" for key in said if key not in own]
    for key, value in own.items():
        other = said.get(key, np.nan)
        if not abs(other - value) <= NEAR * max(1.0, abs(value)):
            found.append(f"curve {key}: {other}, not {value}")
    return [*found, *wrong_earnings(p, plan, own)]


def curve_rows(p: Programme, plan: Any) -> Iterator[tuple[tuple[str, str, str, int, str], float]]:
    """Rows of the table of curves (results.md)."""
    taken = plan.values.get("step", {})
    for of in curved(p.study):
        for step in steps(p.study, of):
            reserve = number(p.study, step, "reserve")[0]
            price, amount = price_of(p.study, step), number(p.study, step, "amount")
            for t, year in enumerate(p.study.firsts):
                each = (of, kind(p, of), step.rpartition("/")[2], year)
                yield (*each, "price"), price[t]
                yield (*each, "taken"), taken[step, year]
                if elastic(p.study, of):
                    yield (*each, "outlay"), number(p.study, step, "outlay")[t]
                if np.isfinite(amount[t]):
                    yield (*each, "amount"), amount[t]
                reserve -= taken[step, year]
                if np.isfinite(reserve):
                    yield (*each, "left"), reserve


def wrong_earnings(p: Programme, plan: Any, rows: dict[Any, float]) -> Iterator[str]:
    """What is paid and earned by steps, by item, name and year of the table of costs."""
    own: dict[Any, float] = defaultdict(float)
    for (of, what, step, year, quantity), value in rows.items():
        if quantity == "taken":
            price = paid = rows[of, what, step, year, "price"]
            item, sign = ITEMS.get(what, "curve"), -1 if what in SOLD else 1
            if what == "export" or p.recipes.processes.get(of, {}).get("kind") == "import":
                paid = rows.get((of, what, step, year, "outlay"), price)
            own[item, of, year] += sign * paid * value
            own["rent_abroad", of, year] += sign * (price - paid) * value
    items = ["curve", "rent_abroad", *ITEMS.values()]
    costs = plan.costs[plan.costs["item"].isin(items)]
    said: dict[Any, float] = defaultdict(float)
    for row in costs.itertuples():
        said[row.item, row.name, row.year] += row.value
    for key in sorted({*own, *said}):
        if abs(own[key] - said[key]) > NEAR * max(1.0, abs(own[key])):
            yield f"{key}: {said[key]}, not {own[key]}"
    earned = -float(plan.costs[plan.costs["item"] == "export_revenue"].present_value.sum())
    head = plan.headline
    near = NEAR * max(1.0, abs(earned), abs(plan.cost))
    if abs(head.export_revenue - earned) + abs(head.gross_cost - plan.cost - earned) > near:
        yield f"headline: gross {head.gross_cost}, earned {head.export_revenue}, not {earned}"
