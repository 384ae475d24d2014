r"""Who gains: surplus of buyers and producers, at home and abroad by origin; terms of trade and
deadweight of one plan against another.

Where a curve of constant elasticity crosses the border, all is traded at its market price:

- suppliers abroad earn $p q - \int_0^q p_s(x)\,dx$, buyers abroad keep $\int_0^q p_d(x)\,dx - p q$;
- buyers at home whose demand answers keep what they would pay at most less what they pay, the dual
  of `demand_curve`: the price of the good less the scrap to come;
- producers and owners at home have the rest: what buyers at home pay, at the dual of `balance`
  where demand is fixed, less the cost of the country. Rents of plants, ore and quotas are theirs.

The gain of the country is benefit less cost, whoever at home has it. Deadweight is what all lose
together, at home and abroad (Harberger 1954); the terms of trade of a plan against another are what
the quantities traded now would cost more, or earn less, at the prices of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from planner.lp.arrays import Arrays
from planner.mfa.demand_measures import BOUGHT
from planner.plan.headline import paid_items
from planner.plan.plan import Plan
from planner.plan.prices import balance_prices
from planner.plan.tables import joined_metals, series
from planner.system.curves import crosses_the_border, curves
from planner.system.economics import period_factors
from planner.system.nouns import Array, Curve, System
from planner.system.unit_accounts import metals_of

COLUMNS = ("party", "name", "place", "metal", "year", "value", "present_value", "unit")
SUPPLIERS, BUYERS_ABROAD = "suppliers abroad", "buyers abroad"
BUYERS, PAYERS = "buyers at home", "buyers at home of fixed demand"
PRODUCERS = "producers and owners at home"
ABROAD = frozenset({SUPPLIERS, BUYERS_ABROAD})
"""Parties abroad; all others are at home."""
ELSEWHERE = "abroad"
ROUNDING = 1e-12
"""Share of the largest surplus up to which one is rounding."""
TERMS, DEADWEIGHT = "terms of trade", "deadweight"


def answers_to_price(system: System) -> bool:
    """Return True if a study has a curve from which a surplus can be told."""
    return any(
        (of in system.goods and system.goods[of].answers) or _is_traded(system, of, curve)
        for of, curve, _ in curves(system)
    )


def surplus(plan: Plan) -> pd.DataFrame:
    """Surplus of each party by year: COLUMNS, `value` in money of the study a year, undiscounted,
    and its present value; a table without rows where no curve of the study tells any.

    `buyers at home of fixed demand` would pay any price up to the penalty of a shortage: theirs is
    what they pay, below zero, and means something only against another plan.
    """
    system = plan.system
    if not answers_to_price(system):
        return pd.DataFrame(columns=list(COLUMNS))
    factor = period_factors(system.periods, system.discount_rate)
    unit, rows = f"{plan.record.currency}/year", []
    for party, name, place, metal, amount in _parties(plan):
        rows += [
            (party, name, place, metal, year, float(v), float(f * v), unit)
            for year, v, f in zip(system.years, amount, factor, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


_Party = tuple[str, str, str, str, Array]
"""Party, name of the curve or good, place, metals, USD a year with shape (T,)."""


def _parties(plan: Plan) -> Iterator[_Party]:
    system = plan.system
    yield from _abroad(plan)
    paid = np.zeros(len(system.years))
    for each in _at_home(plan):
        yield each[0]
        paid = paid + each[1]
    yield PRODUCERS, "", system.country, "", paid - _cost(plan)


def _abroad(plan: Plan) -> Iterator[_Party]:
    system = plan.system
    for of, curve, _ in curves(system):
        if _is_traded(system, of, curve):
            gain = _summed(plan, curve, "outlay") - _summed(plan, curve, "own")
            if of in system.goods:
                metals = joined_metals(system.goods[of].content)
                yield BUYERS_ABROAD, of, ELSEWHERE, metals, -gain
            else:
                process = system.processes[of]
                metals = joined_metals(metals_of(system, process))
                yield SUPPLIERS, of, process.origin or ELSEWHERE, metals, gain


def _at_home(plan: Plan) -> Iterator[tuple[_Party, Array]]:
    """Buyers at home by good, and what they pay."""
    system, prices = plan.system, balance_prices(plan.prices)
    duals = plan.prices[plan.prices["family"] == "demand_curve"]
    net = dict(zip(zip(duals["index"], duals["year"], strict=True), duals["value"], strict=True))
    for good in plan.balance.system.goods.values():
        if good.demand is None or good.export:
            continue
        metals = joined_metals(good.content)
        if good.answers:
            bought = series(system, plan.values, "measure", good.name + BOUGHT)
            price = np.array([net.get((good.name, year), 0.0) for year in system.years])
            benefit, party = _summed(plan, good.curve, "price"), BUYERS
        else:
            bought = good.demand - series(system, plan.values, "shortage", good.name)
            price = np.array([prices.get((good.name, year), 0.0) for year in system.years])
            benefit, party = np.zeros(len(price)), PAYERS
        pays = price * bought
        yield (party, good.name, system.country, metals, benefit - pays), pays


def _cost(plan: Plan) -> Array:
    """What the country pays in each year, USD, what exports earn taken off: of capital the part
    that its year has of the present value."""
    system = plan.system
    present = paid_items(plan.costs).groupby("year")["present_value"].sum()
    whole = np.array([float(present.get(year, 0.0)) for year in system.years])
    return whole / period_factors(system.periods, system.discount_rate)


def _is_traded(system: System, of: str, curve: Curve) -> bool:
    """Return True for a curve with a market price and somebody abroad on its other side."""
    priced = all(step.outlay is not None for step in curve.values())
    return bool(curve) and priced and crosses_the_border(system, of)


def _summed(plan: Plan, curve: Curve, field: str) -> Array:
    """Steps taken, times a price of theirs, USD a year, shape (T,)."""
    total = np.zeros(len(plan.system.years))
    for step in curve.values():
        price = getattr(step, field)
        assert price is not None
        total = total + price * series(plan.system, plan.values, "step", step.label)
    return total


def who_pays(system: System, arrays: Arrays) -> tuple[Array, Array]:
    """What a unit of each column of a programme costs the country, benefits taken off, and what it
    costs those abroad (below zero: a gain), present value in USD, shape (n,) each; penalties are
    left out."""
    home, abroad = arrays.cost - arrays.penalty, np.zeros(len(arrays.cost))
    factor = dict(
        zip(system.years, period_factors(system.periods, system.discount_rate), strict=True)
    )
    at = {year: i for i, year in enumerate(system.years)}
    for of, curve, sign in curves(system):
        for step in curve.values() if _is_traded(system, of, curve) else ():
            assert step.outlay is not None
            assert step.own is not None
            for year in system.years:
                place = arrays.column_at.get(("step", (step.label, year)))
                if place is not None:
                    i, f = at[year], sign * factor[year]
                    home[place] += f * float(step.outlay[i] - step.price[i])
                    abroad[place] += f * float(step.own[i] - step.outlay[i])
    return home, abroad


# ---- one plan against another


def gains(plans: Sequence[Plan], heads: Sequence[str]) -> pd.DataFrame:
    """Surplus of each party over all years, present value, by plan: party, name, place, unit and a
    column for each plan; then terms of trade and deadweight of each against the first, 0 of that
    itself. Without rows where no plan tells any."""
    keys = ["party", "name", "place"]
    parts = [
        surplus(plan).groupby(keys, sort=False)["present_value"].sum().rename(head)
        for plan, head in zip(plans, heads, strict=True)
    ]
    frame = pd.concat(parts, axis=1).fillna(0.0).rename_axis(keys).reset_index()
    frame.insert(3, "unit", plans[0].record.currency)
    if frame.empty:
        return frame
    least = ROUNDING * float(np.abs(frame[list(heads)].to_numpy(dtype=float)).max())
    frame[list(heads)] = frame[list(heads)].where(frame[list(heads)].abs() > least, 0.0)
    whole = frame[list(heads)].sum()
    terms = [_terms_of_trade(plan, plans[0]) for plan in plans]
    lost = [float(whole[heads[0]] - whole[head]) for head in heads]
    for name, amounts in ((TERMS, terms), (DEADWEIGHT, lost)):
        row = [f"{name} against {heads[0]}", "", "", frame["unit"].iloc[0], *amounts]
        frame.loc[len(frame)] = row
    return frame


def _terms_of_trade(plan: Plan, first: Plan) -> float:
    """What the imports of a plan would cost more, and its exports earn less, at the prices of
    another, present value, USD; nothing in years in which one of them does not trade."""
    factor, total = period_factors(plan.system.periods, plan.system.discount_rate), 0.0
    other = {of: curve for of, curve, _ in curves(first.system)}
    same_years = plan.system.years == first.system.years
    for of, curve, sign in curves(plan.system) if same_years else ():
        if of in other and _is_traded(plan.system, of, curve):
            now, before = _mean_price(plan, curve), _mean_price(first, other[of])
            traded = sum(series(plan.system, plan.values, "step", s.label) for s in curve.values())
            change = np.where(np.isfinite(now) & np.isfinite(before), before - now, 0.0)
            total += float(sign * np.sum(factor * change * traded))
    return total


def _mean_price(plan: Plan, curve: Curve) -> Array:
    """Market price of what is traded of a curve, USD, shape (T,); NaN where nothing is."""
    steps = (series(plan.system, plan.values, "step", step.label) for step in curve.values())
    taken = np.sum(list(steps), axis=0)
    paid = _summed(plan, curve, "outlay")
    mean: Array = np.divide(paid, taken, out=np.full_like(paid, np.nan), where=taken > 0)
    return mean
