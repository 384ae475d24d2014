r"""Demand measures: the demand that each spares now, and the waste it spares later.

A tonne avoided in year v never enters use, so that of each later year's waste the share $S_{t-1-v}
- S_{t-v}$ of it is missing: linear, by the survival of its cohort. A lifetime measure moves a tonne
of a cohort to a longer life. What it adds to the stock may be left out of later demand, as long as
the stock in use is never smaller than without it (`service`).

What a demand that answers to price buys (`BOUGHT`) is the same with the sign turned: nothing is
demanded of such a good before the plan, and a tonne bought enters use and becomes waste by the
survival of its cohort.

`LONGER` marks the two columns of a lifetime measure: `NAME` is what is given the longer life,
`NAME: avoided` the demand it spares. `after_measures` gives the flow balance with the measures
taken, through the ordinary stock model: the yardstick of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from planner.mfa.balance import Balance, VariableValues, balance, values_of
from planner.mfa.lifetimes import Lifetime
from planner.mfa.stocks import survival_matrix
from planner.system.nouns import Array, Good, Measure, Product, System, frozen_array, frozen_map
from planner.system.unit_accounts import demand_by_good

AVOIDED = ": avoided"
BOUGHT = ": bought"
"""Suffix of the column of what is bought at home of a good whose demand answers to price."""
LONGER = ", longer life"
"""Suffix of the use stock of a longer life, after its product."""


@dataclass(frozen=True, slots=True, eq=False)
class Spare:
    """Effect of one t per year of a column of a measure, taken in period v. All of shape (T,) but
    `year`, the first of v."""

    column: str
    year: int
    most: float
    """Largest value of the column, t per year."""
    cost: float
    """USD per t, mean of the period; not discounted."""
    demand: Mapping[str, Array]
    """t of each demanded good that is needed less, by period."""
    waste: Mapping[str, Array]
    """t of each waste good that arises more (or, below zero, less) in each year, shape (Y,)."""
    service: Array
    """For lifetime measures: t of product that the stock lacks (or, below zero, gains) at the end
    of each period; else zero."""
    extends: float
    """For lifetime measures: what the column takes of the demand that can be given a longer life;
    else zero."""


def spares(system: System) -> Iterator[Spare]:
    """Every column of every measure that can be taken, period by period."""
    survival = _Survival(system)
    for measure in system.measures.values():
        demand = system.goods[measure.good].demand
        assert demand is not None
        mean = demand
        for i, period in enumerate(system.periods):
            if mean[i] > 0:
                path = np.zeros(len(system.years))
                years = slice(period.first - system.years[0], period.last - system.years[0] + 1)
                # within a period the measure follows the demand it spares
                path[years] = demand[years] / mean[i]
                yield from _taken(system, survival, measure, i, path, float(mean[i]))
    yield from _bought(system, survival)


def _bought(system: System, survival: _Survival) -> Iterator[Spare]:
    """What is bought at home of each good whose demand answers to price: below zero what it spares,
    and the waste that comes of it."""
    none = np.zeros(len(system.periods))
    for good in system.goods.values():
        used = [p for p in system.products.values() if good.answers and good.name in p.uses]
        for i, period in enumerate(system.periods if good.answers else ()):
            once = none.copy()
            once[i] = 1.0
            waste = survival.waste({p.name: p.uses[good.name] * once for p in used})
            column, most = good.name + BOUGHT, np.inf
            yield Spare(column, period.first, most, 0.0, {good.name: -once}, waste, none, 0.0)


def _taken(
    system: System, survival: _Survival, measure: Measure, i: int, path: Array, demand: float
) -> Iterator[Spare]:
    """The columns of a measure in period i, where `path` is the demand of its years per t spared,
    shape (Y,)."""
    year, none = system.periods[i].first, np.zeros(len(system.periods))
    cost = float(measure.cost[i])
    share = float(measure.potential[i])
    spared = _spared(system, measure, i, path)
    waste = survival.waste(_change_of_inflow(system, measure, path))
    if measure.kind != "lifetime":
        yield Spare(measure.name, year, share * demand, cost, spared, waste, none, 0.0)
        return
    product = system.products[measure.product]
    entering = product.uses[measure.good] * path
    before, after = (survival.stock(product, longer) @ entering for longer in (0.0, measure.longer))
    ends = [p.last - system.years[0] for p in system.periods]
    yield Spare(measure.name + AVOIDED, year, demand, 0.0, spared, waste, before[ends], share)
    gone = (
        survival.left(product, measure.longer) @ entering - survival.left(product, 0.0) @ entering
    )
    later = {product.waste: gone * (1 - product.dissipated)} if product.waste else {}
    service = before[ends] - after[ends]
    yield Spare(measure.name, year, share * demand, cost, {}, later, service, 1.0)


def _spared(system: System, measure: Measure, i: int, path: Array) -> dict[str, Array]:
    """t of each good that is needed less for a t of the measure in period i, shape (T,): of what
    takes its place it is below 0."""
    once = np.zeros(len(system.periods))
    once[i] = 1.0
    spared = {measure.good: once}
    if measure.instead:
        spared[measure.instead] = -once * float((measure.ratio * path)[i])
    return spared


def _change_of_inflow(system: System, measure: Measure, path: Array) -> dict[str, Array]:
    """t more (or, below zero, less) of each product that enters use, shape (Y,)."""
    products = system.products.values()
    change = {p.name: -p.uses[measure.good] * path for p in products if measure.good in p.uses}
    if measure.instead:
        more = measure.ratio * path
        for p in products:
            if measure.instead in p.uses:
                change[p.name] = change.get(p.name, 0.0) + p.uses[measure.instead] * more
    return change


class _Survival:
    """Survival matrices of products, made once each; lives within a call."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.known: dict[tuple[str, float], Array] = {}

    def stock(self, product: Product, longer: float) -> Array:
        """Share of what enters in year v that is in use at the end of year t, shape (Y, Y)."""
        key = product.name, longer
        if key not in self.known:
            h, years = len(product.history_years), len(self.system.years)
            life = Lifetime.of(
                product.distribution, product.mean[h:] + longer, product.sd[h:], product.shape[h:]
            )
            self.known[key] = survival_matrix(
                life, np.arange(years + 1.0), self.system.stock_convention
            )
        return self.known[key]

    def left(self, product: Product, longer: float) -> Array:
        """Share of what enters in year v that leaves in year t, shape (Y, Y)."""
        held = self.stock(product, longer)
        before = np.vstack([np.zeros(len(held)), held[:-1]])
        before[np.diag_indices(len(held))] = 1.0
        return np.tril(before - held)

    def waste(self, inflow: Mapping[str, Array]) -> dict[str, Array]:
        """Waste by good, t per year, shape (Y,), of what enters products."""
        found: dict[str, Array] = {}
        for name, entering in inflow.items():
            product = self.system.products[name]
            if product.waste:
                arising = (self.left(product, 0.0) @ entering) * (1 - product.dissipated)
                found[product.waste] = found.get(product.waste, 0.0) + arising
        return found


def after_measures(found: Balance, values: VariableValues) -> Balance:
    """The flow balance with the measures of a plan taken: lower demand, and a use stock of longer
    life beside each that is extended."""
    system = found.system
    if not any(v > 0 for v in values.get("measure", {}).values()):
        return found
    goods, products = dict(system.goods), dict(system.products)
    for name, amount in change_of_demand(system, values).items():
        goods[name] = _with_demand(goods[name], amount)
    for measure in system.measures.values():
        if measure.kind == "lifetime":
            amount = _yearly(
                system, measure.good, values_of(system, values, "measure", measure.name)
            )
            demand = goods[measure.good].demand
            assert demand is not None
            share = np.divide(amount, demand, out=np.zeros_like(demand), where=demand > 0)
            _split(products, measure, share, system.products[measure.product].uses[measure.good])
    return balance(replace(system, goods=frozen_map(goods), products=frozen_map(products)))


def change_of_demand(system: System, values: VariableValues) -> dict[str, Array]:
    """t more (or, below zero, less) that is demanded of each good with the measures of a plan, per
    year, shape (Y,)."""
    change: dict[str, Array] = {}
    for measure in system.measures.values():
        column = measure.name + AVOIDED * (measure.kind == "lifetime")
        amount = _yearly(system, measure.good, values_of(system, values, "measure", column))
        change[measure.good] = change.get(measure.good, 0.0) - amount
        if measure.instead:
            change[measure.instead] = change.get(measure.instead, 0.0) + measure.ratio * amount
    for good in system.goods.values():
        if good.answers:
            bought = values_of(system, values, "measure", good.name + BOUGHT)
            change[good.name] = change.get(good.name, 0.0) + bought
    return change


def demand_after_measures(system: System, values: VariableValues) -> dict[str, Array]:
    """t demanded of each good with the measures of a plan, served or not, per year, shape (Y,)."""
    change, none = change_of_demand(system, values), np.zeros(len(system.periods))
    return {
        name: np.maximum(demand + change.get(name, none), 0.0)
        for name, demand in demand_by_good(system).items()
    }


def _yearly(system: System, good: str, amount: Array) -> Array:
    """A column of a measure by year, following the demand within its period; (T,) to (Y,)."""
    demand = system.goods[good].demand
    assert demand is not None
    mean = demand
    length = [p.length for p in system.periods]
    rate = np.divide(amount, mean, out=np.zeros_like(mean), where=mean > 0)
    return np.asarray(np.repeat(rate, length) * demand)


def _with_demand(good: Good, change: Array) -> Good:
    assert good.demand is not None
    return replace(good, demand=frozen_array(np.maximum(good.demand + change, 0.0)))


def _split(products: dict[str, Product], measure: Measure, share: Array, use: Array) -> None:
    """Part a product: `share` of what a good brings into it (`use` t per t) goes to a stock of
    longer life."""
    whole = products[measure.product]
    name, h = f"{whole.name}{LONGER} ({measure.name})", len(whole.history_years)
    rest = whole.uses[measure.good]
    products[whole.name] = replace(
        whole, uses=frozen_map({**whole.uses, measure.good: frozen_array(rest - use * share)})
    )
    products[name] = replace(
        whole,
        name=name,
        uses=frozen_map({measure.good: frozen_array(use * share)}),
        mean=frozen_array(whole.mean[h:] + measure.longer),
        sd=whole.sd[h:],
        shape=whole.shape[h:],
        history_years=(),
        history_inflow=frozen_array([]),
        initial_stock=frozen_array([]),
    )
