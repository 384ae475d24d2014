"""The trade of a plan: what came in and what went out, by form, good and origin, as
`planner.system.trade` counts it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.plan.tables import series
from planner.system.nouns import Array, Good, System
from planner.system.trade import (
    brought_in,
    contained,
    form_of,
    import_terms,
    importers,
    origins,
    sent_abroad,
)
from planner.system.unit_accounts import demand_by_good, reported_equivalent

if TYPE_CHECKING:
    from planner.plan.flow_tables import Accounted

TRADE_COLUMNS = (
    "metal",
    "year",
    "direction",
    "form",
    "good",
    "process",
    "origin",
    "contained",
    "value",
)
_Row = tuple[str, str, Good, str, str, Array]
"""Metal, direction, good, process, origin, and t of the good per year, shape (T,)."""


def trade_table(plan: Accounted) -> pd.DataFrame:
    """Imports and exports: metal, year, direction (import, export), form, good, process, origin,
    contained (t/year of contained metal), value (t/year of refined equivalents, or of contained
    metal where the study states none).

    Each tonne stands at the last step by which it came in, with that origin: ore of A refined in B
    comes from B. What an import takes of goods that imports give is left out there, in proportion
    to those who gave it. `passing_through` says what depends on an origin at any step.
    """
    rows = []
    for metal, direction, good, process, origin, amount in (*_imports(plan), *_exports(plan)):
        worth, content = reported_equivalent(good, metal), contained(good, metal)
        for period, v in zip(plan.system.periods, amount, strict=True):
            if v:
                place = (metal, period.first, direction, form_of(good), good.name, process, origin)
                rows.append((*place, float(content * v), float(worth * v)))
    return pd.DataFrame(rows, columns=list(TRADE_COLUMNS))


def imports_of(plan: Accounted, metal: str) -> pd.DataFrame:
    """The imports of a metal in `trade_table`."""
    table = trade_table(plan)
    return table[(table["metal"] == metal) & (table["direction"] == "import")]


def passing_through(plan: Accounted, metal: str) -> dict[str, Array]:
    """Metal that depends on each origin, mined, refined or made there, t per year of refined
    equivalents, shape (T,). Shares of all imports may add up to more than 1."""
    found = {}
    for origin in origins(plan.system, metal):
        total = np.zeros(len(plan.system.periods))
        for name, worth in import_terms(plan.system, metal, origin=origin).items():
            total = total + series(plan.system, plan.values, "activity", name) * worth
        found[origin] = total
    return found


def _imports(plan: Accounted) -> Iterator[_Row]:
    system = plan.system
    kept = _kept(plan)
    for process in importers(system):
        activity = series(system, plan.values, "activity", process.name)
        for name, coefficient in process.outputs.items():
            amount = activity * system.period_mean(coefficient) * kept[name]
            good = system.goods[name]
            for metal in good.content:
                yield metal, "import", good, process.name, process.origin, amount


def _kept(plan: Accounted) -> dict[str, Array]:
    """Share of each good that imports give which no later import takes, shape (T,)."""
    system = plan.system
    nothing = np.zeros(len(system.periods))
    given = dict.fromkeys(brought_in(system), nothing)
    taken = dict(given)
    for process in importers(system):
        activity = series(system, plan.values, "activity", process.name)
        for side, recipe in ((given, process.outputs), (taken, process.inputs)):
            for name in set(recipe) & set(given):
                side[name] = side[name] + activity * system.period_mean(recipe[name])
    return {
        name: 1 - np.divide(taken[name], whole, out=nothing.copy(), where=whole > 0)
        for name, whole in given.items()
    }


def _exports(plan: Accounted) -> Iterator[_Row]:
    system = plan.system
    for metal in system.metals:
        for name, served in served_exports(plan, metal).items():
            yield metal, "export", system.goods[name], "", "", served
    for each in sent_abroad(system):
        activity = series(system, plan.values, "activity", each.process.name)
        for metal in each.good.content:
            amount = activity * each.amount
            yield metal, "export", each.good, each.process.name, each.process.origin, amount


def served_exports(plan: Accounted, metal: str) -> dict[str, Array]:
    """Exports that are served of each good that holds a metal, t of the good per year, shape (T,):
    what is demanded after the measures of the plan, less what goes short."""
    system: System = plan.balance.system
    return {
        name: demand - series(system, plan.values, "shortage", name)
        for name, demand in demand_by_good(system, metal=metal, export=True).items()
    }
