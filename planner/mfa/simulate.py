r"""Substance flow analysis without a choice: all flows, stocks and losses of every period from
demand, shares and coefficients.

Every process follows one good. What takes scrap or waste (collection, recycling, and what works up only their output) is
**pushed**: it takes a share of what there is. All else is **pulled**: it gives a share of what is wanted of its good, after
what is pushed or falls out as a by-product. For a pulled process p of good g and a pushed process p of good h,

$$o_{g,p} a_p = s_p \Big(D_g - W_g + \sum_q i_{g,q} a_q - \sum_{q \notin P_g} o_{g,q} a_q\Big), \qquad
  i_{h,p} a_p = s_p \Big(W_h + \sum_q o_{h,q} a_q\Big)$$

with demand D, waste arising W and the group $P_g$ pulled by g. One sparse square system a period,
solved directly: a loop (recycling into refining) closes exactly, it is not iterated.

**Shares.** A good with one process of its group: 1. With several: as given in `shares`, and what is left by the observed
activity of the base year, held constant; who was not observed then does not run, and is listed in `idle`. Collection takes
the collection rate of what arises. A good whose group has neither is refused by name: nothing is spread evenly for want of data.

**Stockpiles** are known or stand still: what is drawn counts as supply of its good, what fills them as wanted of it.

**What cannot be met.** What is wanted and made by nobody is `shortage`; what is made beyond what is wanted stops the pulled
group and becomes `disposal`. Ceilings (activity, standing capacity, hosts, deposits) do not bind: where a flow passes one, it is listed
in `limits`. A plan that must keep within them is what `planner.solve` is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import linalg

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance, Values, values_of
from planner.mfa.bound_checks import limits_passed
from planner.mfa.flows import flow_table
from planner.system.nouns import Array, Process, System, frozen_map

RAW = ("scrap", "waste")
_ROUNDING = 1e-12
"""A want below this share of the largest flow of the metal is rounding, and so is surplus or
shortage below it of the good's own flow."""
_LAST_DIGIT = 1e-15
"""Surplus and shortage below this share of the largest flow of their metal are rounding too."""


@dataclass(frozen=True, slots=True)
class Drive:
    """Which good a process follows, and how."""

    mode: Literal["pulled", "pushed", "given"]
    good: str
    """Empty where the activity is given."""


GIVEN = Drive("given", "")


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Flows, stocks and losses that follow from demand, shares and coefficients."""

    balance: Balance
    values: Values
    """activity, disposal, shortage, draw and fill by (name, first year of the period), t per year,
    as the linear programme names them."""
    flows: pd.DataFrame
    drives: Mapping[str, Drive]
    shares: Mapping[str, Array]
    """Share of its good that each process takes or gives, shape (T,)."""
    idle: tuple[str, ...]
    """Processes that do not run because nothing was observed of them and no share is given."""
    unmet: pd.DataFrame
    """good, year, value, unit: what nobody makes."""
    limits: pd.DataFrame
    """limit, name, year, value, bound, unit: where a flow passes what the study says is possible."""


def simulate(
    balance: Balance,
    shares: Mapping[str, npt.ArrayLike] | None = None,
    activities: Mapping[str, npt.ArrayLike] | None = None,
    stockpiles: Mapping[str, npt.ArrayLike] | None = None,
) -> Simulation:
    """All flows of every period. `shares`: process to its share of the good it follows, a number or
    shape (T,).

    `activities`: process to an activity that is known (t per year), so that it follows nothing; the
    others make up the rest. `stockpiles`: good to what is drawn from its stockpile less what fills
    it (t per year); as known, so that nothing else is drawn. Raises SpecError for unknown processes
    and goods, shares outside [0, 1] or above 1 together, goods without shares, and loops that feed
    themselves wholly.
    """
    system = balance.system
    drawn = _drawn(system, stockpiles or {})
    drives = {
        **drives_of(system),
        **{name: GIVEN for name in activities or {} if name in system.processes},
    }
    share, idle = shares_of(balance, drives, shares or {}, activities or {})
    years = [p.first for p in system.periods]
    solved = [_period(balance, drives, share, drawn, t) for t in range(len(years))]
    values: dict[str, dict[tuple[str, int], float]] = {
        "activity": {},
        "disposal": {},
        "shortage": {},
    }
    for variable, sign in (("draw", 1.0), ("fill", -1.0)):
        values[variable] = {
            (name, year): float(sign * x)
            for name, series in drawn.items()
            for year, x in zip(years, series, strict=True)
            if sign * x > 0
        }
    for year, (activity, disposal, shortage) in zip(years, solved, strict=True):
        values["activity"] |= {
            (name, year): float(a) for name, a in zip(system.processes, activity, strict=True)
        }
        for variable, amounts in (("disposal", disposal), ("shortage", shortage)):
            values[variable] |= {
                (name, year): float(x) for name, x in zip(system.goods, amounts, strict=True) if x
            }
    unmet = pd.DataFrame(
        [(g, y, v, "t/year") for (g, y), v in values["shortage"].items()],
        columns=["good", "year", "value", "unit"],
    )
    run = np.array([activity for activity, *_ in solved]).T.reshape(
        len(system.processes), len(years)
    )
    flows = flow_table(balance, values)  # type: ignore[arg-type]
    return Simulation(
        balance,
        values,  # type: ignore[arg-type]
        flows,
        frozen_map(drives),
        frozen_map(share),
        idle,
        unmet,
        limits_passed(system, run),
    )


def simulate_plan(balance: Balance, values: Values) -> Simulation:
    """Repeat a plan: simulate with the shares, and the moves of stockpiles, that its values imply.

    `values` holds activity, draw and fill by (name, first year of the period), t per year, as the
    linear programme names them. For studies whose observed activities do not settle the shares.
    """
    return simulate(
        balance,
        shares=shares_from(balance, values),
        stockpiles=stockpiles_from(balance, values),
    )


def _drawn(system: System, stockpiles: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    """What is drawn less what fills, by good, t per year, shape (T,). Raises SpecError for what is
    no good or no number."""
    drawn = {
        name: np.broadcast_to(np.asarray(v, dtype=float), (len(system.periods),))
        for name, v in stockpiles.items()
    }
    problems = [
        f"there is no good '{name}' to draw from a stockpile"
        for name in drawn
        if name not in system.goods
    ]
    problems += [
        f"what is drawn of '{name}' is not a number"
        for name, series in drawn.items()
        if not np.isfinite(series).all()
    ]
    if problems:
        raise SpecError(
            "simulation", [Problem("stockpiles", 0, "", message) for message in problems]
        )
    return drawn


def drives_of(system: System) -> dict[str, Drive]:
    """Which good each process follows: the largest of its inputs that is pushed, or of its outputs
    that is not scrap or waste."""
    pushed_goods = {name for name, good in system.goods.items() if good.kind in RAW}
    pushed: dict[str, str] = {}
    while True:
        found = {
            p.name: good
            for p in system.processes.values()
            if (good := _pushing_input(p, pushed_goods))
        }
        makers = {
            g: {p.name for p in system.processes.values() if g in p.outputs} for g in system.goods
        }
        grown = pushed_goods | {
            g
            for g, names in makers.items()
            if names
            and names <= found.keys()
            and system.goods[g].demand is None
            and system.goods[g].kind == "intermediate"
        }
        if grown == pushed_goods and found == pushed:
            break
        pushed_goods, pushed = grown, found
    drives: dict[str, Drive] = {}
    for process in system.processes.values():
        wanted = {
            g: series for g, series in process.outputs.items() if system.goods[g].kind not in RAW
        }
        if process.name in pushed:
            drives[process.name] = Drive("pushed", pushed[process.name])
        elif wanted:
            drives[process.name] = Drive("pulled", _largest(wanted))
        else:
            drives[process.name] = GIVEN
    return drives


def _pushing_input(process: Process, pushed_goods: set[str]) -> str:
    if process.kind not in ("collect", "recycle", "refine"):
        return ""
    inputs = {g: series for g, series in process.inputs.items() if g in pushed_goods}
    return _largest(inputs) if inputs else ""


def _largest(coefficients: Mapping[str, Array]) -> str:
    return max(sorted(coefficients), key=lambda g: float(coefficients[g].mean()))


def shares_of(
    balance: Balance,
    drives: Mapping[str, Drive],
    given: Mapping[str, npt.ArrayLike],
    activities: Mapping[str, npt.ArrayLike],
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Share of each process in the good it follows, shape (T,) each (for given activities: the
    activity), and who is idle."""
    system = balance.system
    problems = [
        f"there is no process '{name}' to give a share or activity"
        for name in (*given, *activities)
        if name not in drives
    ]
    problems += [
        f"the activity of process '{name}' is not a number at or above 0"
        for name, value in activities.items()
        if not (np.isfinite(value) & (np.asarray(value) >= 0)).all()
    ]
    known = {
        name: np.broadcast_to(np.asarray(v, dtype=float), (len(system.periods),))
        for name, v in given.items()
    }
    problems += [
        f"the share of process '{name}' is not within 0 and 1"
        for name, v in known.items()
        if not ((v >= 0) & (v <= 1)).all()
    ]
    share: dict[str, Array] = {}
    idle: list[str] = []
    for drive in sorted(set(drives.values()), key=lambda d: (d.mode, d.good)):
        group = [system.processes[name] for name, own in drives.items() if own == drive]
        if drive.mode == "given":
            for p in group:
                level = activities.get(p.name, np.nan_to_num(_observed(p, _base_year(group))))
                share[p.name] = np.broadcast_to(
                    np.asarray(level, dtype=float), (len(system.periods),)
                )
            continue
        total = sum(
            (known[p.name] for p in group if p.name in known), np.zeros(len(system.periods))
        )
        if not (total <= 1 + _ROUNDING).all():
            problems.append(f"the shares given of '{drive.good}' add up to more than 1")
        rest = [p for p in group if p.name not in known]
        weights = _weights(rest, drive) if rest else np.zeros(0)
        if rest and not weights.sum() and not (total >= 1 - _ROUNDING).all():
            verb = "taken" if drive.mode == "pushed" else "made"
            problems.append(
                f"good '{drive.good}' may be {verb} by {', '.join(p.name for p in rest)}: give "
                "the observed activity of the "
                "base year, or shares"
            )
        share |= {p.name: known[p.name] for p in group if p.name in known}
        portion = np.divide(
            weights, weights.sum(), out=np.zeros_like(weights), where=weights.sum() > 0
        )
        share |= {
            p.name: w * np.maximum(1 - total, 0.0) for p, w in zip(rest, portion, strict=True)
        }
        idle += [p.name for p, w in zip(rest, portion, strict=True) if not w]
        if drive.mode == "pushed":
            _apply_collection(system, drive.good, group, share)
    if problems:
        raise SpecError(
            "simulation", [Problem("process_values.csv", 0, "", message) for message in problems]
        )
    return share, tuple(sorted(idle))


def shares_from(balance: Balance, values: Values) -> dict[str, Array]:
    """Shares that make `simulate` do what a plan did: of each process in the good it follows, by
    the plan's flows; shape (T,) each.

    Those of collection are of what the rate allows, as `simulate` takes them. What a plan left
    short is no process, so the shares of its good add up to less than 1. With `stockpiles_from` the
    plan is repeated; without it the same shares serve what the plan drew from stockpiles.
    """
    system, drives = balance.system, drives_of(balance.system)
    run = {name: values_of(system, values, "activity", name) for name in system.processes}
    shares: dict[str, Array] = {}
    for name, drive in drives.items():
        if drive.mode == "given":
            continue
        pulled = drive.mode == "pulled"
        total = _all_of(balance, drives, drive, run)
        drawn = values_of(system, values, "draw", drive.good) - values_of(
            system, values, "fill", drive.good
        )
        total = total - drawn if pulled else total + drawn
        rate = system.goods[drive.good].collection_rate
        if system.processes[name].kind == "collect" and rate is not None:
            total = total * system.period_mean(rate)
        own = run[name] * system.period_mean(
            (system.processes[name].outputs if pulled else system.processes[name].inputs)[
                drive.good
            ]
        )
        shares[name] = np.clip(
            np.divide(own, total, out=np.zeros_like(own), where=total > 0), 0.0, 1.0
        )
    return shares


def stockpiles_from(balance: Balance, values: Values) -> dict[str, Array]:
    """What a plan drew from the stockpile of each good less what it filled, t per year, shape (T,),
    as `simulate` takes it."""
    system = balance.system
    moved = {
        name: values_of(system, values, "draw", name) - values_of(system, values, "fill", name)
        for name in system.goods
    }
    return {name: series for name, series in moved.items() if series.any()}


def _all_of(
    balance: Balance, drives: Mapping[str, Drive], drive: Drive, run: Mapping[str, Array]
) -> Array:
    """t per year of a good that its group is to give (pulled), or that there is to take (pushed),
    in a plan; shape (T,)."""
    system, good = balance.system, balance.system.goods[drive.good]
    made = np.zeros(len(system.periods))
    taken = np.zeros(len(system.periods))
    for p in system.processes.values():
        if good.name in p.inputs:
            taken = taken + run[p.name] * system.period_mean(p.inputs[good.name])
        if good.name in p.outputs and (drive.mode == "pushed" or drives[p.name] != drive):
            made = made + run[p.name] * system.period_mean(p.outputs[good.name])
    if good.name in balance.arising:
        made = made + system.period_mean(balance.arising[good.name])
    if drive.mode == "pushed":
        return made
    demand = system.period_mean(good.demand) if good.demand is not None else 0.0
    return np.asarray(demand + taken - made, dtype=float)


def _weights(group: list[Process], drive: Drive) -> Array:
    """Flow of the good through each process in the base year, or 1 for a process that stands alone;
    shape (len(group),)."""
    if len(group) == 1:
        return np.ones(1)
    base = _base_year(group)
    sides = [p.inputs if drive.mode == "pushed" else p.outputs for p in group]
    flows = [
        np.nan_to_num(_observed(p, base)) * side[drive.good][max(base, 0)]
        for p, side in zip(group, sides, strict=True)
    ]
    return np.array(flows, dtype=float)


def _base_year(group: list[Process]) -> int:
    """Position of the first year in which any of a group was observed; -1 where none was."""
    seen = np.any([np.isfinite(p.observed) for p in group], axis=0)
    return int(np.argmax(seen)) if seen.any() else -1


def _observed(process: Process, year: int) -> float:
    return float(process.observed[year]) if year >= 0 else float("nan")


def _apply_collection(
    system: System, good: str, group: list[Process], share: dict[str, Array]
) -> None:
    """Collectors take their share of what the collection rate allows, not of all that arises."""
    rate = system.goods[good].collection_rate
    if rate is not None:
        for process in group:
            if process.kind == "collect":
                share[process.name] = share[process.name] * system.period_mean(rate)


def _period(
    balance: Balance,
    drives: Mapping[str, Drive],
    share: Mapping[str, Array],
    drawn: Mapping[str, Array],
    t: int,
) -> tuple[Array, Array, Array]:
    """(activity (P,), disposal (G,), shortage (G,)) of one period.

    Goods of which more is pushed than wanted are found one set after another: their pulled group
    stops, what is over is disposed of, and the system is solved anew; a good leaves the set when it
    is wanted again.
    """
    system, incidence = balance.system, balance.incidence
    shape, pairs = (
        (len(incidence.goods), len(incidence.processes)),
        (incidence.good, incidence.process),
    )
    taken, given = (
        sparse.csr_array((side[:, t], pairs), shape=shape)
        for side in (incidence.inputs, incidence.outputs)
    )
    zero = np.zeros(len(system.periods))
    want = np.array(
        [
            (system.period_mean(g.demand) if g.demand is not None else zero)[t]
            for g in system.goods.values()
        ]
    )
    come = np.array(
        [
            (system.period_mean(balance.arising[g]) if g in balance.arising else zero)[t]
            + drawn.get(g, zero)[t]
            for g in system.goods
        ]
    )
    portion = np.array([share[name][t] for name in incidence.processes])
    equations = _Equations(
        incidence.goods, incidence.processes, drives, taken, given, want, come, portion
    )
    over: frozenset[int] = frozenset()
    for _ in range(2 * len(incidence.goods) + 2):
        activity, need = equations.solve(over)
        flow = np.abs([given @ activity, taken @ activity, want, come]).max(axis=0)
        largest = _largest_of_metal(system, flow)
        now = frozenset(np.flatnonzero(need < -_ROUNDING * largest).tolist())
        if now == over:
            rest = np.asarray(given @ activity + come - taken @ activity - want)
            rest = np.where(
                np.abs(rest) > np.maximum(_ROUNDING * flow, _LAST_DIGIT * largest), rest, 0.0
            )
            return activity, np.maximum(rest, 0.0), np.maximum(-rest, 0.0)
        over = now
    raise SpecError(
        "simulation",
        [
            Problem(
                "coefficients.csv",
                0,
                "",
                f"no steady flow in {system.periods[t].first}: surpluses of "
                f"{', '.join(incidence.goods[g] for g in sorted(over))} come and go; give shares",
            )
        ],
    )


def _largest_of_metal(system: System, flow: Array) -> Array:
    """For each good the largest flow of its metals, of the scarcest where it holds several, in t of
    the good, shape (G,)."""
    content = np.array(
        [
            [good.content.get(metal, 0.0) for metal in system.metals]
            for good in system.goods.values()
        ]
    )
    largest = (content * flow[:, None]).max(axis=0, initial=0.0)
    held = np.divide(largest, content, out=np.full(content.shape, np.inf), where=content > 0)
    return np.asarray(held.min(axis=1), dtype=float)


class _Equations:
    """The square system of one period; lives within `_period` only."""

    def __init__(
        self,
        goods: tuple[str, ...],
        processes: tuple[str, ...],
        drives: Mapping[str, Drive],
        taken: sparse.csr_array,
        given: sparse.csr_array,
        want: Array,
        come: Array,
        portion: Array,
    ) -> None:
        position = {name: i for i, name in enumerate(goods)}
        self.processes, self.portion = processes, portion
        self.good = np.array([position.get(drives[p].good, 0) for p in processes], dtype=np.intp)
        mode = np.array([drives[p].mode for p in processes])
        self.pulled, self.pushed = mode == "pulled", mode == "pushed"
        own = sparse.csr_array(
            (
                np.ones(int(self.pulled.sum())),
                (self.good[self.pulled], np.flatnonzero(self.pulled)),
            ),
            shape=given.shape,
        )
        self.others = taken - (given - given.multiply(own))
        """What is wanted of each good per unit of activity, less what others than its own group
        give: (G, P)."""
        self.given, self.wanted, self.come = given, want - come, come
        self.grouped = np.isin(np.arange(len(goods)), self.good[self.pulled])
        rows = np.arange(len(processes))
        self.scale = np.where(
            self.pulled,
            given.toarray()[self.good, rows],
            np.where(self.pushed, taken.toarray()[self.good, rows], 1.0),
        )

    def solve(self, over: frozenset[int]) -> tuple[Array, Array]:
        """(activity (P,), what is wanted of each good from its own pulled group (G,); 0 where it
        has none)."""
        stopped = (self.scale <= 0) | (self.pulled & np.isin(self.good, list(over)))
        portion = np.where(stopped, 0.0, self.portion)
        pull, push = portion * self.pulled, portion * self.pushed
        left = (
            sparse.diags_array(pull) @ self.others[self.good]
            + sparse.diags_array(push) @ self.given[self.good]
        )
        matrix = sparse.csc_array(sparse.diags_array(np.where(stopped, 1.0, self.scale)) - left)
        right = (
            pull * self.wanted[self.good]
            + push * self.come[self.good]
            + portion * ~(self.pulled | self.pushed)
        )
        try:
            activity = np.asarray(linalg.splu(matrix).solve(right), dtype=float)
        except RuntimeError as error:
            loop = ", ".join(self._loop(matrix))
            message = (
                f"the loop of {loop} feeds itself wholly, so its flow is not determined; give a "
                "loss or a share below 1"
            )
            raise SpecError("simulation", [Problem("coefficients.csv", 0, "", message)]) from error
        need = np.asarray(self.others @ activity + self.wanted, dtype=float)
        return activity, np.where(self.grouped, need, 0.0)

    def _loop(self, matrix: sparse.csc_array) -> list[str]:
        """Processes of the largest loop."""
        _, label = sparse.csgraph.connected_components(matrix, connection="strong")
        return [self.processes[i] for i in np.flatnonzero(label == np.bincount(label).argmax())]
