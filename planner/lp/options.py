"""Sets and parameters of what may be bought beside supply: demand measures and exploration."""

from __future__ import annotations

import numpy as np

from planner.economics import period_factors
from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.measures import AVOIDED, spares
from planner.system import System


def fill_options(m: Components, system: System) -> None:
    """Fill the sets and parameters of measures and exploration; all empty where the study has none."""
    _fill_measures(m, system)
    _fill_exploration(m, system)


def _fill_measures(m: Components, system: System) -> None:
    years = [p.first for p in system.periods]
    factor = dict(zip(years, period_factors(system.periods, system.discount_rate), strict=True))
    most: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    relief: dict[Key, float] = {}
    collectable: dict[Key, float] = {}
    loss: dict[Key, float] = {}
    relieved: dict[Key, list[Key]] = {}
    lasting: dict[Key, list[Key]] = {}
    extends: dict[Key, float] = {}
    extendable: dict[Key, float] = {}
    for spare in spares(system):
        column = spare.column, spare.year
        most[column], cost[column] = spare.most, factor[spare.year] * spare.cost
        terms = {g: (v, 0 * v) for g, v in spare.demand.items()}
        for waste, yearly in spare.waste.items():
            rate = system.goods[waste].collection_rate
            terms[waste] = system.period_mean(yearly), system.period_mean(yearly * (rate if rate is not None else 0.0))
        for good, (change, part) in terms.items():
            for t, value, kept in zip(years, change, part, strict=True):
                if value:
                    relieved.setdefault((good, t), []).append(column)
                    relief[good, *column, t], collectable[good, *column, t] = float(value), float(kept)
        name = spare.column.removesuffix(AVOIDED)
        if system.measures[name].kind == "lifetime":
            extends[column] = spare.extends
            if spare.column == name:
                extendable[name, spare.year] = spare.most
                most[column] = np.inf  # the row `extension` bounds it
            for t, value in zip(years, spare.service, strict=True):
                if value:
                    lasting.setdefault((name, t), []).append(column)
                    loss[*column, t] = float(value)
    add_set(m, "measures", most, width=2)
    for parameter, values in (("most_measure", most), ("measure_cost", cost), ("relief", relief), ("collectable_relief", collectable),
                              ("service_loss", loss)):
        add_param(m, parameter, values)
    add_sets(m, "relieved", relieved, width=2, over=m.sets["balance_rows"])
    add_sets(m, "lasting", lasting, width=2)
    add_set(m, "service_rows", lasting, width=2)
    add_param(m, "extension_term", extends)
    add_param(m, "most_extended", extendable)
    add_sets(m, "columns_of", {u: [u, u + AVOIDED] for u, each in system.measures.items() if each.kind == "lifetime"})
    add_set(m, "extension_rows", extendable, width=2)


def _fill_exploration(m: Components, system: System) -> None:
    periods, factor = system.periods, period_factors(system.periods, system.discount_rate)
    most: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    finds: dict[Key, list[int]] = {(d, p.first): [] for d in system.deposits for p in periods}
    explored_in: dict[str, list[int]] = {d: [] for d in system.deposits}
    for option in system.exploration.values():
        price, rate = system.period_mean(option.cost), system.period_mean(option.potential)
        for i, period in enumerate(periods):
            # a multi-year period finds all along: it can be mined from the period in which the last of it is ready
            ready = next((p.first for p in periods if p.last >= period.last + option.delay), None)
            if ready is None or not rate[i] > 0:
                continue
            finds[option.deposit, ready].append(period.first)
            explored_in[option.deposit].append(period.first)
            most[option.deposit, period.first] = float(rate[i])
            cost[option.deposit, period.first] = float(factor[i] * price[i])
    limit = {o.deposit: o.most for o in system.exploration.values() if np.isfinite(o.most) and explored_in[o.deposit]}
    add_set(m, "explorations", most, width=2)
    add_param(m, "most_explored", most)
    add_param(m, "exploration_cost", cost)
    add_sets(m, "finds", finds)
    add_sets(m, "explored_in", explored_in)
    add_param(m, "most_found", limit)
    add_set(m, "exploration_limit_rows", limit)
