"""Sets and parameters of what may be bought beside supply: demand measures and exploration."""

from __future__ import annotations

import numpy as np

from planner.lp.components import Components, Key, add_param, add_set, add_sets
from planner.mfa.demand_measures import AVOIDED, Spare, spares
from planner.system.economics import period_factors
from planner.system.nouns import System


def fill_options(m: Components, system: System) -> None:
    """Fill the sets and parameters of measures and exploration; all empty where the study has none."""
    _fill_measures(m, system)
    _fill_exploration(m, system)


def _fill_measures(m: Components, system: System) -> None:
    taken = _Taken(system)
    for spare in spares(system):
        taken.take(spare)
    for parameter, values in taken.values.items():
        add_param(m, parameter, values)
    add_set(m, "measures", taken.values["most_measure"], width=2)
    add_sets(m, "relieved", taken.relieved, width=2, over=m.sets["balance_rows"])
    add_sets(m, "lasting", taken.lasting, width=2)
    add_set(m, "service_rows", taken.lasting, width=2)
    add_sets(
        m,
        "columns_of",
        {u: [u, u + AVOIDED] for u, each in system.measures.items() if each.kind == "lifetime"},
    )
    add_set(m, "extension_rows", taken.values["most_extended"], width=2)


class _Taken:
    """What the columns of measures do, as parameters and sets of the programme; lives within
    `fill_options`."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.years = [p.first for p in system.periods]
        self.factor = dict(
            zip(self.years, period_factors(system.periods, system.discount_rate), strict=True)
        )
        self.values: dict[str, dict[Key, float]] = {
            name: {}
            for name in (
                "most_measure",
                "measure_cost",
                "relief",
                "collectable_relief",
                "service_loss",
                "extension_term",
                "most_extended",
            )
        }
        self.relieved: dict[Key, list[Key]] = {}
        self.lasting: dict[Key, list[Key]] = {}

    def take(self, spare: Spare) -> None:
        """Add a column: its bound and cost, the balances it relieves, and what a longer life
        changes."""
        column = spare.column, spare.year
        self.values["most_measure"][column] = spare.most
        self.values["measure_cost"][column] = self.factor[spare.year] * spare.cost
        self._relieve(spare, column)
        name = spare.column.removesuffix(AVOIDED)
        if self.system.measures[name].kind == "lifetime":
            self._lengthen(spare, column, name)

    def _relieve(self, spare: Spare, column: Key) -> None:
        terms = {g: (v, 0 * v) for g, v in spare.demand.items()}
        for waste, yearly in spare.waste.items():
            rate = self.system.goods[waste].collection_rate
            terms[waste] = (
                self.system.period_mean(yearly),
                self.system.period_mean(yearly * (rate if rate is not None else 0.0)),
            )
        for good, (change, part) in terms.items():
            for t, value, kept in zip(self.years, change, part, strict=True):
                if value:
                    self.relieved.setdefault((good, t), []).append(column)
                    self.values["relief"][good, *column, t] = float(value)
                    self.values["collectable_relief"][good, *column, t] = float(kept)

    def _lengthen(self, spare: Spare, column: Key, name: str) -> None:
        self.values["extension_term"][column] = spare.extends
        if spare.column == name:
            self.values["most_extended"][name, spare.year] = spare.most
            self.values["most_measure"][column] = np.inf  # the row `extension` bounds it
        for t, value in zip(self.years, spare.service, strict=True):
            if value:
                self.lasting.setdefault((name, t), []).append(column)
                self.values["service_loss"][*column, t] = float(value)


def _fill_exploration(m: Components, system: System) -> None:
    periods, factor = system.periods, period_factors(system.periods, system.discount_rate)
    most: dict[Key, float] = {}
    cost: dict[Key, float] = {}
    finds: dict[Key, list[int]] = {}
    explored_in: dict[str, list[int]] = {d: [] for d in system.deposits}
    for option in system.exploration.values():
        price, rate = system.period_mean(option.cost), system.period_mean(option.potential)
        for i, period in enumerate(periods):
            # a multi-year period finds all along: it can be mined from the period in which the last
            # of it is ready
            ready = next((p.first for p in periods if p.last >= period.last + option.delay), None)
            if ready is None or not rate[i] > 0:
                continue
            finds.setdefault((option.deposit, ready), []).append(period.first)
            explored_in[option.deposit].append(period.first)
            most[option.deposit, period.first] = float(rate[i])
            cost[option.deposit, period.first] = float(factor[i] * price[i])
    limit = {
        o.deposit: o.most
        for o in system.exploration.values()
        if np.isfinite(o.most) and explored_in[o.deposit]
    }
    add_set(m, "explorations", most, width=2)
    add_param(m, "most_explored", most)
    add_param(m, "exploration_cost", cost)
    add_sets(m, "finds", finds, over=m.sets["deposit_years"])
    add_sets(m, "explored_in", explored_in)
    add_param(m, "most_found", limit)
    add_set(m, "exploration_limit_rows", limit)
