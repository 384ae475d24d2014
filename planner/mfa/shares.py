"""The good that each process follows, and its share in that good: as given, or as observed in the
base year.

A **pulled** process gives a share of what is wanted of its good, a **pushed** one takes a share of
what there is, and one whose activity is **given** follows nothing.
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
    if good.demand is not None or good.kind != "intermediate":
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
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Share of each process in the good it follows, shape (T,) each (for given activities: the
    activity), and the processes that are idle.

    Raises SpecError with every unknown name, every share and activity out of range, and every good
    whose shares are not settled.
    """
    known = {name: by_period(system, share) for name, share in given.items()}
    problems = [*_input_problems(drives, known, activities)]
    share: dict[str, Array] = {}
    idle: list[str] = []
    for drive in sorted(set(drives.values()), key=lambda d: (d.mode, d.good)):
        group = [system.processes[name] for name, own in drives.items() if own == drive]
        if drive == GIVEN:
            share |= _given_activities(system, group, activities)
            continue
        followers = _Followers(system, drive, group, known)
        problems += followers.problems()
        share |= followers.shares()
        idle += followers.idle()
    if problems:
        raise SpecError(
            "simulation", [Problem("process_values.csv", 0, "", message) for message in problems]
        )
    return share, tuple(sorted(idle))


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


def _given_activities(
    system: System, group: list[Process], activities: Mapping[str, npt.ArrayLike]
) -> dict[str, Array]:
    """Activities as given, or as observed in the base year."""
    base = _base_year(group)
    return {
        p.name: by_period(system, activities.get(p.name, np.nan_to_num(_observed(p, base))))
        for p in group
    }


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
        self.weights = _weights(self.rest, drive) if self.rest else np.zeros(0)
        whole = self.weights.sum()
        self.portions = np.divide(
            self.weights, whole, out=np.zeros_like(self.weights), where=whole > 0
        )

    def problems(self) -> Iterator[str]:
        """Shares above 1 together, and shares that nothing given or observed settles."""
        if not (self.total <= 1 + _ROUNDING).all():
            yield f"the shares given of '{self.drive.good}' add up to more than 1"
        complete = (self.total >= 1 - _ROUNDING).all()
        if self.rest and not self.weights.sum() and not complete:
            verb = "taken" if self.drive.mode == "pushed" else "made"
            yield (
                f"good '{self.drive.good}' may be {verb} by "
                f"{', '.join(p.name for p in self.rest)}: give the observed activity of the base "
                "year, or shares"
            )

    def shares(self) -> dict[str, Array]:
        """Share of each process, shape (T,): of whoever takes a waste in what its collection rate
        allows, not in all that arises."""
        left = np.maximum(1 - self.total, 0.0)
        observed = {p.name: w * left for p, w in zip(self.rest, self.portions, strict=True)}
        share = self.known | observed
        rate = self.system.goods[self.drive.good].collection_rate
        if self.drive.mode == "pushed" and rate is not None:
            for process in self.group:
                share[process.name] = share[process.name] * self.system.period_mean(rate)
        return share

    def idle(self) -> list[str]:
        """Processes without a share, given or observed."""
        return [p.name for p, w in zip(self.rest, self.portions, strict=True) if not w]


def _weights(group: list[Process], drive: Drive) -> Array:
    """Flow of the good through each process in the base year, or 1 for a process that stands alone;
    shape (len(group),)."""
    if len(group) == 1:
        return np.ones(1)
    base = _base_year(group)
    flows = [np.nan_to_num(_observed(p, base)) * drive.coefficient(p)[max(base, 0)] for p in group]
    return np.array(flows, dtype=float)


def _base_year(group: list[Process]) -> int:
    """Position of the first year in which any of a group was observed; -1 where none was."""
    seen = np.any([np.isfinite(p.observed) for p in group], axis=0)
    return int(np.argmax(seen)) if seen.any() else -1


def _observed(process: Process, year: int) -> float:
    return float(process.observed[year]) if year >= 0 else float("nan")
