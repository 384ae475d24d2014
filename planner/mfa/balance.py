r"""The flow balance: one incidence matrix, the use stocks, the waste that arises, and the residual
that proves them.

    balance(system) -> Balance          residual(balance, values) -> (goods, processes)

The linear programme takes its balance rows from `Incidence`, the flow table and the simulation are
drawn from it, and the residual is recomputed from it in numpy, from the system's own coefficients
and never from the programme.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.errors import Problem, SpecError
from planner.mfa.in_use import UseStock, arising_waste, use_flows, use_stocks
from planner.system.batch import rows
from planner.system.nouns import Array, Good, Process, System, frozen_array, frozen_map
from planner.system.unit_accounts import mean_demand, metals_of

VariableValues = Mapping[str, Mapping[tuple[Hashable, ...], float]]
"""Values of the variables of a plan or simulation, as the linear programme names them: variable to
index to number."""
_ROUNDING = 1e-12
"""Shares and coefficients given with a dozen digits may miss their sum by so much."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Inputs and outputs of processes per unit of activity; pairs sorted by (good, process)."""

    goods: tuple[str, ...]
    processes: tuple[str, ...]
    good: npt.NDArray[np.intp]
    """Position in `goods` of each pair, shape (N,)."""
    process: npt.NDArray[np.intp]
    """Position in `processes` of each pair, shape (N,)."""
    inputs: Array
    """t taken in per unit of activity, mean over each period, shape (..., N, T)."""
    outputs: Array
    """t given out per unit of activity, mean over each period, shape (..., N, T)."""

    @property
    def net(self) -> Array:
        """Outputs less inputs, shape (..., N, T)."""
        return self.outputs - self.inputs


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """A system's incidence matrix, its use stocks, and the waste that arises from them: an
    identity, never a choice."""

    system: System
    incidence: Incidence
    arising: Mapping[str, Array]
    """t per year of each waste good that products become, shape (Y,)."""
    stocks: Mapping[str, UseStock]
    into_use: Mapping[tuple[str, str, str], Array]
    """t of metal per year that enters use, by (metal, demanded good, product), shape (Y,)."""

    def mean_arising(self, good: str) -> Array:
        """t per year of a good that products become, shape (T,); 0 where none do."""
        if good not in self.arising:
            return np.zeros(len(self.system.periods))
        return self.arising[good]

    def __repr__(self) -> str:
        """In one line, without its arrays."""
        system = self.system
        return (
            f"Balance of {system.name} [{system.scenario or 'base'}], "
            f"{system.years[0]}-{system.years[-1]}: "
            f"{len(self.incidence.goods)} goods, {len(self.incidence.processes)} processes"
        )


def balance(system: System, *, stocks: Mapping[str, UseStock] | None = None) -> Balance:
    """The flow balance of a system. Its use stocks are computed here, unless they are given:
    for many systems they are computed at once.

    Raises SpecError with every coefficient, product and cohort that is impossible.
    """
    incidence = make_incidence(system)
    problems = [*_coefficient_problems(system)]
    if stocks is None:
        try:
            stocks = use_stocks([system], cohorts=True)[0]
        except SpecError as error:
            raise SpecError(system.name, [*problems, *error.problems]) from None
    if problems:
        raise SpecError(system.name, problems)
    into_use, problems = use_flows(system, stocks)
    if problems:
        raise SpecError(system.name, problems)
    return Balance(system, incidence, arising_waste(system, stocks), frozen_map(stocks), into_use)


def make_incidence(system: System) -> Incidence:
    """The incidence matrix, sparse: one pair for each good that a process takes in or gives out."""
    pairs = sorted(_pairs(system), key=lambda pair: pair[:2])
    width = len(system.periods)
    return Incidence(
        tuple(system.goods),
        tuple(system.processes),
        np.array([g for g, *_ in pairs], dtype=np.intp),
        np.array([p for _, p, *_ in pairs], dtype=np.intp),
        frozen_array(rows([taken for *_, taken, _ in pairs], width)),
        frozen_array(rows([given for *_, given in pairs], width)),
    )


def _pairs(system: System) -> Iterator[tuple[int, int, Array, Array]]:
    """Position of good and process, and what a unit of activity takes in and gives out of it."""
    position = {name: i for i, name in enumerate(system.goods)}
    zero = np.zeros(len(system.periods))
    for p, process in enumerate(system.processes.values()):
        for name in {**process.inputs, **process.outputs}:
            taken, given = (side.get(name, zero) for side in (process.inputs, process.outputs))
            yield position[name], p, taken, given


def metal_in_and_out(system: System, process: Process, metal: str) -> tuple[Array, Array]:
    """Metal that a unit of activity takes in (goods and ore) and gives out, t per unit, shape (...,
    T) each.

    A process that takes nothing in draws on a source outside the economy (an origin, a host): its
    inflow is its output.
    """
    zero = np.zeros(len(system.periods))
    taken, given = zero, zero
    for name, coefficient in process.inputs.items():
        taken = taken + coefficient * system.goods[name].content.get(metal, 0.0)
    for name, coefficient in process.deposits.items():
        taken = taken + coefficient * (system.deposits[name].metal == metal)
    for name, coefficient in process.outputs.items():
        given = given + coefficient * system.goods[name].content.get(metal, 0.0)
    return (taken if process.inputs or process.deposits else given), given


def _coefficient_problems(system: System) -> Iterator[Problem]:
    """Coefficients that are not numbers, or make metal, or lose it without a name."""
    for process in system.processes.values():
        yield from _number_problems(system, process)
        for metal in metals_of(system, process):
            yield from _metal_problems(system, process, metal)


def _number_problems(system: System, process: Process) -> Iterator[Problem]:
    for side in (process.inputs, process.outputs, process.deposits):
        for name, series in side.items():
            wrong = ~(np.isfinite(series) & (series >= 0))
            if wrong.any():
                message = (
                    f"process '{process.name}': coefficient of '{name}' is not a number at or "
                    f"above 0 in {_first(system.years, wrong)}"
                )
                yield Problem("coefficients.csv", 0, "", message)


def _metal_problems(system: System, process: Process, metal: str) -> Iterator[Problem]:
    """Metal that a process makes, or loses without naming the loss."""
    taken, given = metal_in_and_out(system, process, metal)
    made, lost = (
        a - b > _ROUNDING * np.maximum(a, 1.0) for a, b in ((given, taken), (taken, given))
    )
    if made.any():
        year = _first([p.first for p in system.periods], made)
        message = f"process '{process.name}' gives out more {metal} than it takes in ({year})"
        yield Problem("coefficients.csv", 0, "", message)
    elif not process.loss and lost.any():
        message = f"process '{process.name}' loses {metal}; name the loss"
        yield Problem("processes.csv", 0, "loss", message)


def _first(years: Sequence[int], wrong: npt.NDArray[np.bool_]) -> int:
    """The first year that is wrong, in any sample; shape (..., Y)."""
    return years[int(np.argmax(wrong.reshape(-1, len(years)).any(axis=0)))]


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """Imbalances of goods, or of processes and metals, t of contained metal per year; shape (N, T).

    A joint good counts by the metal that it holds most of.
    """

    error: Array
    names: tuple[str, ...]
    """Name of each row: a good, or `process, metal`."""
    years: tuple[int, ...]
    largest_flow: float
    """t of metal per year: what errors are relative to."""
    own_flow: Array
    """Largest flow of each row's own metal, t per year, shape (N,): of a scarce metal far less than
    the largest of all."""

    @property
    def relative(self) -> float:
        """Largest error as a share of the largest flow; NaN where anything is not a number."""
        worst = float(np.abs(self.error).max(initial=0.0))
        if worst == 0:
            return 0.0
        return worst / self.largest_flow if self.largest_flow > 0 else float("inf")

    @property
    def relative_to_own(self) -> float:
        """Largest error as a share of the largest flow of its own metal; NaN where anything is not
        a number."""
        size = np.abs(self.error)
        share = np.divide(
            size,
            self.own_flow[:, None],
            out=np.where(size > 0, np.inf, size),
            where=self.own_flow[:, None] > 0,
        )
        return float(share.max(initial=0.0))

    @property
    def place(self) -> str:
        """Name and year of the largest error; something that is not a number comes first."""
        size = np.where(np.isfinite(self.error), np.abs(self.error), np.inf)
        if not size.size:
            return ""
        row, t = np.unravel_index(int(np.argmax(size)), size.shape)
        return f"{self.names[row]}, {self.years[t]}"

    def failures(self, tolerance: float, *, own: bool = False) -> tuple[str, ...]:
        """Name, year and error of everything that fails, measured by the largest flow of all or of
        its own metal; NaN fails."""
        holds = np.abs(self.error) <= tolerance * (
            self.own_flow[:, None] if own else self.largest_flow
        )
        return tuple(
            f"{self.names[r]}, {self.years[t]}: {self.error[r, t]:.3g} t"
            for r, t in np.argwhere(~holds)
        )


def values_of(system: System, values: VariableValues, variable: str, name: str) -> Array:
    """Values of a variable by period, 0 where it has none, shape (T,)."""
    found = values.get(variable, {})
    return np.array([found.get((name, p.first), 0.0) for p in system.periods], dtype=float)


def sold(system: System, values: VariableValues, good: Good) -> Array:
    """What is sold of a good by the steps of its curve, t per year, shape (T,)."""
    steps = [values_of(system, values, "step", step.label) for step in good.sold.values()]
    total: Array = np.sum([np.zeros(len(system.periods)), *steps], axis=0)
    return total


def residual(balance: Balance, values: VariableValues) -> tuple[Residual, Residual]:
    """Residuals of goods and of processes, given activities, draws, fills, disposals and shortages
    (t per year).

    Goods: outputs - inputs + arising + draw + shortage - fill - disposal - demand - what is sold
    abroad. Processes, by
    metal: in - out - loss, where the loss is what the process names and is never negative.
    """
    system = balance.system
    years = tuple(p.first for p in system.periods)
    activity = np.array(
        [values_of(system, values, "activity", name) for name in balance.incidence.processes]
    ).reshape(-1, len(years))
    error, size = _good_errors(balance, values, activity)
    made, names = _process_errors(system, activity)
    main = [
        max(good.content, key=lambda metal: good.content[metal]) for good in system.goods.values()
    ]
    of_metal = {
        metal: float(np.fmax.reduce(size[[m == metal for m in main]], axis=None, initial=0.0))
        for metal in system.metals
    }
    of_good, of_process = (
        frozen_array([of_metal[metal] for metal in metals])
        for metals in (main, [metal for _, metal in names])
    )
    largest = float(np.fmax.reduce(size, axis=None, initial=0.0))
    return (
        Residual(error, balance.incidence.goods, years, largest, of_good),
        Residual(made, tuple(map(", ".join, names)), years, largest, of_process),
    )


def _good_errors(balance: Balance, values: VariableValues, activity: Array) -> tuple[Array, Array]:
    """Imbalance of each good, and its largest flow, t of contained metal per year, shape (G, T)
    each."""
    system, incidence = balance.system, balance.incidence
    content = np.array([max(good.content.values()) for good in system.goods.values()])
    through = [
        side * activity[incidence.process] * content[incidence.good, None]
        for side in (incidence.outputs, incidence.inputs)
    ]
    error, size = (np.zeros((len(system.goods), activity.shape[1])) for _ in range(2))
    np.add.at(error, incidence.good, through[0] - through[1])
    for side in through:
        np.fmax.at(size, incidence.good, np.abs(side))
    for g, good in enumerate(system.goods.values()):
        ends = [content[g] * flow for flow in _ends(balance, values, good)]
        draw, shortage, fill, disposal, supply, demand = ends
        error[g] += draw + shortage - fill - disposal + supply - demand
        size[g] = np.fmax.reduce([size[g], *map(np.abs, ends)])
    return error, size


def _ends(balance: Balance, values: VariableValues, good: Good) -> Iterator[Array]:
    """Draw, shortage, fill, disposal, arising, and demand with what is sold abroad of a good, t per
    year, shape (T,) each."""
    for variable in ("draw", "shortage", "fill", "disposal"):
        yield values_of(balance.system, values, variable, good.name)
    yield balance.mean_arising(good.name)
    yield mean_demand(balance.system, good) + sold(balance.system, values, good)


def _process_errors(system: System, activity: Array) -> tuple[Array, list[tuple[str, str]]]:
    """in - out - loss of every process and metal that it handles, t per year, with (process, metal)
    of the rows."""
    rows: list[Array] = []
    names: list[tuple[str, str]] = []
    for process, run in zip(system.processes.values(), activity, strict=True):
        for metal in metals_of(system, process):
            taken, given = metal_in_and_out(system, process, metal)
            if np.any(taken) or np.any(given):
                lost = (taken - given) * run
                rows.append(lost - np.maximum(lost, 0.0) if process.loss else lost)
                names.append((process.name, metal))
    return np.array(rows).reshape(-1, activity.shape[1]), names
