r"""Substance flow analysis without a choice: all flows, stocks and losses of every period from
demand, shares and coefficients.

Every process follows one good. What takes scrap or waste (collection, recycling, and what works up
only their output) is **pushed**: it takes a share of what there is. All else is **pulled**: it
gives a share of what is wanted of its good, after what is pushed or falls out as a by-product. The
equations, one sparse square system a period, stand in `planner.mfa.steady_flow`: a loop (recycling
into refining) closes exactly, it is not iterated.

**Shares.** A good with one process of its group: 1. With several: as given in `shares`, and what is
left by the observed activities, linear between the years of observation and held outside them; a
process that was never observed does not run, and is listed in `idle`. `share_table` says where each
share comes from. Waste is taken up to its collection rate. A good whose group has neither is
refused by name: nothing is spread evenly for want of data.

**Stockpiles** are known or stand still: what is drawn counts as supply of its good, what fills them
as wanted of it.

**What cannot be met.** What is wanted and made by nobody is `shortage`; what is made beyond what is
wanted stops the pulled group and becomes `disposal`. Upper bounds (activity, standing capacity,
hosts, deposits, collection by what is pulled) do not bind: where a flow passes one, it is listed in
`limits`. A plan that must keep within them is what `planner.solve` is for.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance, VariableValues, sold, values_of
from planner.mfa.bound_checks import limits_passed
from planner.mfa.flows import flow_table
from planner.mfa.shares import GIVEN, Drive, by_period, drives_of, shares_of
from planner.mfa.steady_flow import PeriodFlow, steady_flows
from planner.system.curves import observed_sales, sold_abroad
from planner.system.disposal import most_collected
from planner.system.nouns import Array, System, frozen_map
from planner.system.unit_accounts import mean_demand


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Flows, stocks and losses that follow from demand, shares and coefficients."""

    balance: Balance
    values: VariableValues
    """activity, disposal, shortage, draw and fill by (name, first year of the period), t per year,
    as the linear programme names them."""
    flows: pd.DataFrame
    drives: Mapping[str, Drive]
    shares: Mapping[str, Array]
    """Share of its good that each process takes or gives, shape (T,)."""
    sources: Mapping[str, tuple[str, ...]]
    """Where the share of each process comes from, by period."""
    idle: tuple[str, ...]
    """Processes that never run because nothing was observed of them and no share is given."""
    unmet: pd.DataFrame
    """good, year, value, unit: the shortage."""
    limits: pd.DataFrame
    """limit, name, year, value, bound, unit: where a flow passes an upper bound of the study."""


def simulate(
    balance: Balance,
    shares: Mapping[str, npt.ArrayLike] | None = None,
    activities: Mapping[str, npt.ArrayLike] | None = None,
    stockpiles: Mapping[str, npt.ArrayLike] | None = None,
    sales: Mapping[str, npt.ArrayLike] | None = None,
) -> Simulation:
    """All flows of every period. `shares`: process to its share of the good it follows, a number or
    shape (T,).

    `activities`: process to an activity that is known (t per year), so that it follows nothing; the
    others make up the rest. `stockpiles`: good to what is drawn from its stockpile less what fills
    it (t per year); as known, so that nothing else is drawn. `sales`: exported good with a curve to
    what is sold of it (t per year); without them what was observed of the processes that give it,
    linear between the years of observation and held outside them. Raises SpecError for unknown
    processes and goods, shares outside [0, 1] or above 1 together, goods without shares, and loops
    that feed themselves wholly.
    """
    system = balance.system
    drawn = _drawn(system, stockpiles or {})
    given = {name: GIVEN for name in activities or {} if name in system.processes}
    drives = {**drives_of(system), **given}
    found = shares_of(system, drives, shares or {}, activities or {})
    known = observed_sales(system) if sales is None else _sales(system, sales)
    periods = steady_flows(balance, drives, found.share, drawn, known)
    values = _values(system, drawn, periods) | {"step": _steps(system, known)}
    run = np.array([period.activity for period in periods]).T
    return Simulation(
        balance,
        values,
        flow_table(balance, values),
        frozen_map(drives),
        frozen_map(found.share),
        frozen_map(found.sources),
        found.idle,
        _unmet(values),
        limits_passed(balance, run.reshape(len(system.processes), len(periods))),
    )


def simulate_plan(balance: Balance, values: VariableValues) -> Simulation:
    """Repeat a plan: simulate with the shares, and the moves of stockpiles, that its values imply.

    `values` holds activity, draw and fill by (name, first year of the period), t per year, as the
    linear programme names them. For studies whose observed activities do not settle the shares.
    What the plan takes back beyond the collection rate is collected here too.
    """
    widened = _collecting_most(balance)
    found = simulate(
        widened,
        shares=shares_from(widened, values),
        stockpiles=stockpiles_from(balance, values),
        sales={g.name: sold(balance.system, values, g) for g in sold_abroad(balance.system)},
    )
    return replace(found, balance=balance)


def _collecting_most(balance: Balance) -> Balance:
    """The flow balance of a study whose collection rates hold what can be taken back beyond them:
    shares of a plan are of all that it could collect."""
    system = balance.system
    goods = {
        name: replace(good, collection_rate=most_collected(system, good))
        if name in system.take_back
        else good
        for name, good in system.goods.items()
    }
    return replace(balance, system=replace(system, goods=frozen_map(goods)))


SHARE_COLUMNS = ("process", "good", "mode", "year", "value", "unit", "source")


def share_table(run: Simulation) -> pd.DataFrame:
    """Share of each process in its good by period, and where it comes from: SHARE_COLUMNS.

    `mode` is `pulled` (share of what is wanted of the good), `pushed` (share of what there is) or
    `given`, where `value` is an activity in t per year and `good` is empty.
    """
    years = [period.first for period in run.balance.system.periods]
    rows = [
        (name, drive.good, drive.mode, year, float(value), _UNITS[drive == GIVEN], source)
        for name, drive in run.drives.items()
        for year, value, source in zip(years, run.shares[name], run.sources[name], strict=True)
    ]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


_UNITS = {True: "t/year", False: "1"}


def _sales(system: System, sales: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    """Sales of the goods with a curve, shape (T,); none of those not given. Raises SpecError for
    other goods, and for what is not a number."""
    known = {good.name for good in sold_abroad(system)}
    found = dict.fromkeys(known, np.zeros(len(system.periods)))
    found |= {name: by_period(system, amount) for name, amount in sales.items()}
    strange = [f"'{name}' has no curve to be sold by" for name in found if name not in known]
    _refuse("sales", [*strange, *_not_numbers("sold", found)])
    return found


def _not_numbers(moved: str, amounts: Mapping[str, Array]) -> list[str]:
    """Goods of which no number is given for what is moved of them, in words."""
    wrong = [name for name, series in amounts.items() if not np.isfinite(series).all()]
    return [f"what is {moved} of '{name}' is not a number" for name in wrong]


def _refuse(given: str, messages: Sequence[str]) -> None:
    if messages:
        raise SpecError("simulation", [Problem(given, 0, "", message) for message in messages])


def _steps(system: System, sales: Mapping[str, Array]) -> dict[tuple[Hashable, ...], float]:
    """Sales by step, the dearest first; what is beyond them all is sold at the last."""
    found: dict[tuple[Hashable, ...], float] = {}
    for good in sold_abroad(system):
        left, steps = sales[good.name], list(good.curve.values())
        for step in steps:
            taken = left if step is steps[-1] else np.minimum(left, step.amount)
            left = left - taken
            found |= {
                (step.label, year): float(amount)
                for year, amount in zip(system.years, taken, strict=True)
            }
    return found


def _drawn(system: System, stockpiles: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    """Net draw from each stockpile, by good, t per year, shape (T,). Raises SpecError for an
    unknown good and for what is not a number."""
    drawn = {name: by_period(system, amount) for name, amount in stockpiles.items()}
    strange = [
        f"there is no good '{name}' to draw from a stockpile"
        for name in drawn
        if name not in system.goods
    ]
    _refuse("stockpiles", [*strange, *_not_numbers("drawn", drawn)])
    return drawn


def _values(
    system: System, drawn: Mapping[str, Array], periods: Sequence[PeriodFlow]
) -> dict[str, dict[tuple[Hashable, ...], float]]:
    """Values of the variables of the linear programme; disposal, shortage, draw and fill where they
    are not 0."""
    years = [p.first for p in system.periods]
    values: dict[str, dict[tuple[Hashable, ...], float]]
    values = {"activity": {}, "disposal": {}, "shortage": {}}
    for year, period in zip(years, periods, strict=True):
        for name, run in zip(system.processes, period.activity, strict=True):
            values["activity"][name, year] = float(run)
        values["disposal"] |= _not_zero(system.goods, period.disposal, year)
        values["shortage"] |= _not_zero(system.goods, period.shortage, year)
    values["draw"] = _above_zero(years, drawn)
    values["fill"] = _above_zero(years, {name: -series for name, series in drawn.items()})
    return values


def _not_zero(names: Iterable[str], amounts: Array, year: int) -> dict[tuple[Hashable, ...], float]:
    found = zip(names, amounts, strict=True)
    return {(name, year): float(amount) for name, amount in found if amount}


def _above_zero(
    years: Sequence[int], moved: Mapping[str, Array]
) -> dict[tuple[Hashable, ...], float]:
    return {
        (name, years[t]): float(series[t])
        for name, series in moved.items()
        for t in np.flatnonzero(series > 0).tolist()
    }


def _unmet(values: VariableValues) -> pd.DataFrame:
    return pd.DataFrame(
        [(*index, value, "t/year") for index, value in values["shortage"].items()],
        columns=["good", "year", "value", "unit"],
    )


def shares_from(balance: Balance, values: VariableValues) -> dict[str, Array]:
    """Shares that make `simulate` do what a plan did: of each process in the good it follows, by
    the plan's flows; shape (T,) each.

    Those of a waste are of what its collection rate allows, as `simulate` takes them. What a plan
    left short comes from no process, so the shares of its good add up to less than 1. With
    `stockpiles_from` the plan is repeated; without it the same shares serve what the plan drew from
    stockpiles.
    """
    system, drives = balance.system, drives_of(balance.system)
    run = {name: values_of(system, values, "activity", name) for name in system.processes}
    shares: dict[str, Array] = {}
    for name, drive in drives.items():
        if drive == GIVEN:
            continue
        process, good = system.processes[name], system.goods[drive.good]
        total = _all_of(balance, drives, drive, run, sold(system, values, good))
        drawn = _net_draw(system, values, drive.good)
        total = total - drawn if drive.mode == "pulled" else total + drawn
        if drive.mode == "pushed" and good.collection_rate is not None:
            total = total * good.collection_rate
        own = run[name] * drive.coefficient(process)
        shares[name] = np.clip(
            np.divide(own, total, out=np.zeros_like(own), where=total > 0), 0.0, 1.0
        )
    return shares


def stockpiles_from(balance: Balance, values: VariableValues) -> dict[str, Array]:
    """Net draw of a plan from the stockpile of each good, t per year, shape (T,), as `simulate`
    takes it."""
    moved = {name: _net_draw(balance.system, values, name) for name in balance.system.goods}
    return {name: series for name, series in moved.items() if series.any()}


def _net_draw(system: System, values: VariableValues, good: str) -> Array:
    drawn, filled = (values_of(system, values, variable, good) for variable in ("draw", "fill"))
    return drawn - filled


def _all_of(
    balance: Balance,
    drives: Mapping[str, Drive],
    drive: Drive,
    run: Mapping[str, Array],
    abroad: Array,
) -> Array:
    """t per year of a good that its group is to give (pulled), or that there is to take (pushed),
    in a plan that sells so much of it `abroad` at a price; shape (T,)."""
    system, good = balance.system, balance.system.goods[drive.good]
    made = np.zeros(len(system.periods))
    taken = np.zeros(len(system.periods))
    for p in system.processes.values():
        if good.name in p.inputs:
            taken = taken + run[p.name] * p.inputs[good.name]
        if good.name in p.outputs and (drive.mode == "pushed" or drives[p.name] != drive):
            made = made + run[p.name] * p.outputs[good.name]
    made = made + balance.mean_arising(good.name)
    wanted = mean_demand(system, good) + abroad
    return made if drive.mode == "pushed" else wanted + taken - made
