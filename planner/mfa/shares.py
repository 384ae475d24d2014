"""The good that each process follows, and its share in that good: as given, or as observed.

A **pulled** process gives a share of what is wanted of its good, a **pushed** one takes a share of
what there is, and one whose activity is **given** follows nothing.

Observed activities steer every year: the flow of the good through a process is linear between the
years in which the process was observed, and stays as first and last observed outside them. The
shares of a year are those of these flows. A process that was never observed does not run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planner.errors import Problem, SpecError
from planner.system.nouns import Array, Good, Process, System

RAW = ("scrap", "waste")
PUSHING_KINDS = ("collect", "recycle", "refine")
"""Kinds of process that take what there is of a pushed good."""
_ROUNDING = 1e-12
"""Shares may miss 1 together by so much."""
STATED, ALONE, REST, IDLE = "given", "only process", "what is left", "not observed"
OBSERVED, BETWEEN, HELD = "observed", "between observed years", "held from an observed year"
"""Where a share comes from."""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Share of each process in the good it follows, or its activity where that is given."""

    share: Mapping[str, Array]
    """By process, shape (T,)."""
    sources: Mapping[str, tuple[str, ...]]
    """Where the number of each process and period comes from."""
    idle: tuple[str, ...]
    """Processes that never run, since nothing above 0 was observed of them and nothing is given."""


@dataclass(frozen=True, slots=True)
class Drive:
    """The good that a process follows, and the way in which it does."""

    mode: Literal["pulled", "pushed", "given"]
    good: str
    """Empty where the activity is given."""

    def coefficient(self, process: Process) -> Array:
        """t of the good per unit of activity that a process gives (pulled) or takes (pushed), shape
        (Y,)."""
        return (process.inputs if self.mode == "pushed" else process.outputs)[self.good]


GIVEN = Drive("given", "")


def drives_of(system: System) -> dict[str, Drive]:
    """The good that each process follows: the largest of its inputs that is pushed, or of its
    outputs that is neither scrap nor waste."""
    pushed = _pushed_goods(system)
    return {
        process.name: Drive("pushed", pushed[process.name])
        if process.name in pushed
        else _pulled(system, process)
        for process in system.processes.values()
    }


def _pulled(system: System, process: Process) -> Drive:
    wanted = {
        good: series
        for good, series in process.outputs.items()
        if system.goods[good].kind not in RAW
    }
    return Drive("pulled", _largest(wanted)) if wanted else GIVEN


def _pushed_goods(system: System) -> dict[str, str]:
    """The good that each pushed process takes: of scrap, waste, and what only pushed processes
    make of them."""
    goods = {name for name, good in system.goods.items() if good.kind in RAW}
    takers: dict[str, str] = {}
    while True:
        now = _takers(system, goods)
        grown = goods | {g.name for g in system.goods.values() if _only_made_by(system, g, now)}
        if grown == goods and now == takers:
            return takers
        goods, takers = grown, now


def _takers(system: System, pushed_goods: Collection[str]) -> dict[str, str]:
    """Processes that take what there is of a pushed good, and which."""
    inputs = {p.name: _pushing_input(p, pushed_goods) for p in system.processes.values()}
    return {name: good for name, good in inputs.items() if good}


def _only_made_by(system: System, good: Good, makers: Collection[str]) -> bool:
    if good.demand is not None or good.curve or good.kind != "intermediate":
        return False
    made_by = [p.name for p in system.processes.values() if good.name in p.outputs]
    return bool(made_by) and all(name in makers for name in made_by)


def _pushing_input(process: Process, pushed_goods: Collection[str]) -> str:
    if process.kind not in PUSHING_KINDS:
        return ""
    inputs = {good: series for good, series in process.inputs.items() if good in pushed_goods}
    return _largest(inputs) if inputs else ""


def _largest(coefficients: Mapping[str, Array]) -> str:
    return max(sorted(coefficients), key=lambda good: float(coefficients[good].mean()))


def shares_of(
    system: System,
    drives: Mapping[str, Drive],
    given: Mapping[str, npt.ArrayLike],
    activities: Mapping[str, npt.ArrayLike],
) -> Shares:
    """Share of each process in the good it follows (for given activities: the activity), where it
    comes from, and the processes that are idle.

    Raises SpecError with every unknown name, every share and activity out of range, and every good
    whose shares are not settled.
    """
    known = {name: by_period(system, share) for name, share in given.items()}
    problems = [*_input_problems(drives, known, activities)]
    share: dict[str, Array] = {}
    sources: dict[str, tuple[str, ...]] = {}
    idle: list[str] = []
    for drive, group in groups_of(system, drives).items():
        followers = (
            _Known(system, group, activities)
            if drive == GIVEN
            else _Followers(system, drive, group, known)
        )
        problems += followers.problems()
        share |= followers.shares()
        sources |= followers.sources()
        idle += followers.idle()
    if problems:
        raise SpecError(
            "simulation", [Problem("process_values.csv", 0, "", message) for message in problems]
        )
    return Shares(share, sources, tuple(sorted(idle)))


def groups_of(system: System, drives: Mapping[str, Drive]) -> dict[Drive, list[Process]]:
    """Processes that follow one good in one way, by that way, sorted."""
    groups: dict[Drive, list[Process]] = {}
    for name, drive in drives.items():
        groups.setdefault(drive, []).append(system.processes[name])
    return {drive: groups[drive] for drive in sorted(groups, key=lambda d: (d.mode, d.good))}


def unsettled(system: System, drives: Mapping[str, Drive]) -> dict[Drive, list[Process]]:
    """Groups whose shares the observed activities do not settle, in any period."""
    return {
        drive: group
        for drive, group in groups_of(system, drives).items()
        if drive != GIVEN and any(_Followers(system, drive, group, {}).problems())
    }


def by_period(system: System, number: npt.ArrayLike) -> Array:
    """A number, or one for each period, as an array of shape (T,)."""
    return np.broadcast_to(np.asarray(number, dtype=float), (len(system.periods),))


def _input_problems(
    drives: Mapping[str, Drive],
    shares: Mapping[str, Array],
    activities: Mapping[str, npt.ArrayLike],
) -> Iterator[str]:
    for name in (*shares, *activities):
        if name not in drives:
            yield f"there is no process '{name}' to give a share or activity"
    for name, value in activities.items():
        if not (np.isfinite(value) & (np.asarray(value) >= 0)).all():
            yield f"the activity of process '{name}' is not a number at or above 0"
    for name, share in shares.items():
        if not ((share >= 0) & (share <= 1)).all():
            yield f"the share of process '{name}' is not within 0 and 1"


class _Known:
    """Processes that follow nothing: they run as given, or as observed; lives within `shares_of`
    only."""

    def __init__(
        self, system: System, group: list[Process], activities: Mapping[str, npt.ArrayLike]
    ) -> None:
        self.system, self.group, self.activities = system, group, activities

    def problems(self) -> Iterator[str]:
        """None: what is given was checked before."""
        yield from ()

    def shares(self) -> dict[str, Array]:
        """Activity of each process, t per year, shape (T,)."""
        system = self.system
        return {
            p.name: by_period(system, self.activities[p.name])
            if p.name in self.activities
            else _through_years(p.observed)
            for p in self.group
        }

    def sources(self) -> dict[str, tuple[str, ...]]:
        return {
            p.name: (STATED,) * len(self.system.periods)
            if p.name in self.activities
            else _source(self.system, p)
            for p in self.group
        }

    def idle(self) -> list[str]:
        """Processes of which no activity is given or observed."""
        return [
            p.name
            for p in self.group
            if p.name not in self.activities and not np.isfinite(p.observed).any()
        ]


class _Followers:
    """Processes that follow one good in one way, with the shares given of them; lives within
    `shares_of` only."""

    def __init__(
        self, system: System, drive: Drive, group: list[Process], known: Mapping[str, Array]
    ) -> None:
        self.system, self.drive, self.group = system, drive, group
        self.known = {p.name: known[p.name] for p in group if p.name in known}
        self.total = sum(self.known.values(), np.zeros(len(system.periods)))
        """Shares given, together, shape (T,)."""
        self.rest = [p for p in group if p.name not in known]
        """Processes of which no share is given: they take what is left as observed."""
        flows = self._flows()
        self.whole = flows.sum(axis=0)
        """t per year of the good through the rest as observed, or 1 where one stands alone; shape
        (T,)."""
        self.portions = np.divide(flows, self.whole, out=np.zeros_like(flows), where=self.whole > 0)
        """Shares of the rest in what is left, shape (R, T)."""

    def _flows(self) -> Array:
        """Flow of the good through each process of the rest, t per year, or 1 where one stands
        alone; shape (R, T)."""
        if len(self.rest) == 1:
            return np.ones((1, len(self.system.periods)))
        flows = [_through_years(p.observed * self.drive.coefficient(p)) for p in self.rest]
        return np.array(flows, dtype=float).reshape(-1, len(self.system.periods))

    def problems(self) -> Iterator[str]:
        """Shares above 1 together, and shares that nothing given or observed settles."""
        if not (self.total <= 1 + _ROUNDING).all():
            yield f"the shares given of '{self.drive.good}' add up to more than 1"
        if not self.rest:
            return
        open_ = (self.whole == 0) & ~(self.total >= 1 - _ROUNDING)
        if open_.any():
            verb = "taken" if self.drive.mode == "pushed" else "made"
            when = "" if open_.all() else f" in {self._first(open_)}, when none was seen to run"
            yield (
                f"good '{self.drive.good}' may be {verb} by "
                f"{', '.join(p.name for p in self.rest)}{when}: give the observed activity of the "
                "base year, or shares"
            )

    def _first(self, periods: npt.NDArray[np.bool_]) -> int:
        return self.system.periods[int(np.argmax(periods))].first

    def shares(self) -> dict[str, Array]:
        """Share of each process, shape (T,): of whoever takes a waste in what its collection rate
        allows, not in all that arises."""
        left = np.maximum(1 - self.total, 0.0)
        observed = {p.name: w * left for p, w in zip(self.rest, self.portions, strict=True)}
        share = self.known | observed
        rate = self.system.goods[self.drive.good].collection_rate
        if self.drive.mode == "pushed" and rate is not None:
            for process in self.group:
                share[process.name] = share[process.name] * rate
        return share

    def sources(self) -> dict[str, tuple[str, ...]]:
        """Where the share of each process comes from, by period."""
        count = len(self.system.periods)
        found = dict.fromkeys(self.known, (STATED,) * count)
        if len(self.rest) == 1:
            return found | {self.rest[0].name: (REST if found else ALONE,) * count}
        return found | {p.name: _source(self.system, p) for p in self.rest}

    def idle(self) -> list[str]:
        """Processes without a share, given or observed."""
        return [p.name for p, w in zip(self.rest, self.portions, strict=True) if not w.any()]


def _through_years(observed: Array) -> Array:
    """A series known in some years, in all years: linear between them, held outside, 0 where none
    is known; shape (Y,) each."""
    known = np.flatnonzero(np.isfinite(observed))
    if not known.size:
        return np.zeros_like(observed)
    return np.asarray(np.interp(np.arange(len(observed)), known, observed[known]), dtype=float)


def _source(system: System, process: Process) -> tuple[str, ...]:
    """How the observed activity of a process is known in each period."""
    years = np.array(system.years)[np.isfinite(process.observed)]
    if not years.size:
        return (IDLE,) * len(system.periods)
    found = []
    for period in system.periods:
        if ((years >= period.first) & (years <= period.last)).any():
            found.append(OBSERVED)
        else:
            inside = years[0] < period.first and period.last < years[-1]
            found.append(BETWEEN if inside else HELD)
    return tuple(found)
