r"""Stocks by cohort, many series at once, as pure arrays.

Series lie along the leading axes and time along the last: inflow of shape (..., Y) in t per year,
stock (..., Y) in t at the end of each period, outflow (..., Y) in t per year. Cohort c entered
during period c at a constant rate $f_c$; the share of it in use at the end of period t is
$M_{t,c}$, from `planner.mfa.lifetimes`, so

$$s_t = \sum_{c \le t} n_c f_c M_{t,c}, \qquad
  o_t n_t = \sum_{c \le t} n_c f_c (M_{t-1,c} - M_{t,c}), \quad M_{c-1,c} = 1$$

with $n_t$ the length of a period in years. Both hold for uneven periods, and $s_t - s_{t-1} = n_t
(f_t - o_t)$ follows. The columns of M are made one at a time and used at once: there is no array of
(series, year, cohort) unless cohorts are asked for. Where all series share one lifetime, M is a
single matrix and the whole is one matrix product; where thousands of series have a lifetime for
each cohort, M is read from a table that is exact to rounding (`planner.mfa.lifetimes.Tabulated`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from planner.mfa.lifetimes import (
    INFLOW_BEFORE_END,
    TABLE_ERROR,
    Convention,
    Lifetime,
    Tabulated,
    discrete_survival,
    mean_survival,
    survival,
    tabulated,
)
from planner.system.nouns import Array

Repair = Literal["refuse", "keep", "retire"]
LEAST_SURVIVAL = 1e-12
"""An initial cohort of which less than this share can still be in use is refused: its future would
be rounding error."""
_SLACK = 1e-12
"""A negative inflow below this share of the largest stock is rounding, and is set to zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Stocks:
    """Inflow, stock and outflow of many series, given or computed as the function
    that made it says."""

    inflow: Array
    """t per year, shape (..., Y)."""
    stock: Array
    """t at the end of each period, shape (..., Y)."""
    outflow: Array
    """t per year, shape (..., Y)."""
    opening: Array
    """t at the start of the first period, shape (...)."""
    lengths: Array
    """Years of each period, shape (Y,)."""
    convention: Convention
    cohorts: Array | None = None
    """t of each cohort in use at the end of each period, shape (..., Y, H + Y), initial cohorts
    first; only on request."""
    repaired: Array | None = None
    """What a repair changed, shape (..., Y), in t: stock above the one given (`keep`) or retired
    before its time (`retire`)."""


def survival_columns(
    life: Lifetime,
    edges: Array,
    convention: Convention,
    *,
    tabulate_from: int | None = None,
) -> Iterator[tuple[int, Array]]:
    """For each cohort c = 0, ..., C-1: (c, share of it in use at the ends of periods c, ..., C-1,
    shape (..., C - c)).

    `life` has parameters of shape (..., 1) where no cohort differs from another, or (..., C);
    `edges` has shape (C + 1,). Cohorts from `tabulate_from` on may be read from a table, exact to
    rounding of the inflow; those before keep all digits of a small survival.
    """
    count = len(edges) - 1
    if life.dims[-1] == 1 and np.all(np.diff(edges) == 1):
        curve = discrete_survival(life.at((..., 0)), count, convention)
        return ((c, curve[..., : count - c]) for c in range(count))
    return _columns(life, edges, convention, tabulate_from)


def _columns(
    life: Lifetime, edges: Array, convention: Convention, tabulate_from: int | None
) -> Iterator[tuple[int, Array]]:
    count, alike = len(edges) - 1, life.dims[-1] == 1
    table = None if tabulate_from is None else _table(life, edges, convention)
    again = _repeated(life, edges)
    column = np.empty(0)
    for c in range(count):
        if table is not None and tabulate_from is not None and c >= tabulate_from:
            yield c, table.column(c, count - c)
            continue
        if again[c]:
            # a cohort that lives like the one before it goes the same way, a period later
            column = column[..., :-1]
        else:
            cohort = life.at((..., slice(None) if alike else slice(c, c + 1)))
            column = _column(cohort, edges, c, convention)
        yield c, column


def _table(life: Lifetime, edges: Array, convention: Convention) -> Tabulated | None:
    """A table of survival, where cohorts differ and enter uniformly through periods of one
    length."""
    lengths = np.diff(edges)
    if convention != "uniform" or life.dims[-1] == 1 or not np.all(lengths == lengths[0]):
        return None
    return tabulated(life, float(lengths[0]), len(lengths))


def _repeated(life: Lifetime, edges: Array) -> npt.NDArray[np.bool_]:
    """Mark cohorts that live, in every series, like the one before, through periods as long: shape
    (C,).

    Bounds must be whole numbers for that: else ages of the one are those of the other but for
    rounding.
    """
    found = np.zeros(len(edges) - 1, dtype=bool)
    if life.dims[-1] > 1 and np.all(np.diff(edges, 2) == 0) and np.all(edges == np.round(edges)):
        parts = [part.reshape(-1, life.dims[-1]) for part in (life.mean, life.sd, life.shape)]
        found[1:] = np.all(
            [
                ((p[:, 1:] == p[:, :-1]) | (np.isnan(p[:, 1:]) & np.isnan(p[:, :-1]))).all(axis=0)
                for p in parts
            ],
            axis=0,
        )
    return found


def _column(cohort: Lifetime, edges: Array, c: int, convention: Convention) -> Array:
    """Share of one cohort in use at the ends of its own period and all later ones, shape (..., C -
    c)."""
    length = edges[c + 1] - edges[c]
    ages = edges[c + 1 :] - edges[c + 1]
    if convention != "uniform":
        return survival(cohort, ages + INFLOW_BEFORE_END[convention] * length)
    if np.all(np.diff(edges[c:]) == length):
        return mean_survival(cohort, np.append(ages, ages[-1] + length))
    # the inflow of a period is between `ages` and `ages + length` old when a later period ends
    span = np.stack([ages, ages + length], axis=-1)
    single = cohort.at((..., slice(None), None))
    share = mean_survival(single, span)[..., 0]
    return np.asarray(np.minimum.accumulate(share, axis=-1), dtype=float)


def survival_matrix(
    life: Lifetime, edges: npt.ArrayLike, convention: Convention = "uniform"
) -> Array:
    """Share of cohort c in use at the end of period t: shape (..., C, C), zero where t < c;
    parameters (..., 1) or (..., C)."""
    bounds = np.asarray(edges, dtype=float)
    count = len(bounds) - 1
    matrix = np.zeros((*life.dims[:-1], count, count))
    for c, column in survival_columns(life, bounds, convention):
        matrix[..., c:, c] = column
    return matrix


def inflow_driven(
    inflow: npt.ArrayLike,
    life: Lifetime,
    *,
    edges: npt.ArrayLike | None = None,
    convention: Convention = "uniform",
    initial: npt.ArrayLike | None = None,
    cohorts: bool = False,
) -> Stocks:
    """Stock and outflow that follow from the inflow.

    inflow: (..., Y), t per year. life: parameters of shape (), (..., 1) or (..., H + Y) by cohort.
    edges: (H + Y + 1,) bounds of the periods in years, the H initial ones first; unit steps where
    None. initial: (..., H), t of each initial cohort still in use at the start; oldest first.
    Raises ValueError where shapes clash, a number is missing, or an initial cohort cannot have
    lived so long.
    """
    run = _Run(inflow, life, edges, convention, initial)
    h, lengths = run.initial_count, run.lengths
    amounts = run.amounts(run.given)
    if run.shared and not cohorts:
        matrix = survival_matrix(run.life, run.edges, convention).reshape(run.count, run.count)
        gone = _departures(matrix)
        stock, outflow = amounts @ matrix[h:].T, amounts @ gone[h:].T / lengths
        return Stocks(run.given, stock, outflow, run.opening, lengths, convention)
    ledger = _Ledger(run, cohorts)
    for c, column in survival_columns(run.life, run.edges, convention, tabulate_from=h):
        ledger.add(c, amounts[..., c : c + 1], column)
    return ledger.stocks(run.given)


class _Run:
    """The arrays of one calculation, checked and aligned: what the two directions have in common.
    Lives within a call."""

    def __init__(
        self,
        given: npt.ArrayLike,
        life: Lifetime,
        edges: npt.ArrayLike | None,
        convention: Convention,
        initial: npt.ArrayLike | None,
    ) -> None:
        self.given = np.asarray(given, dtype=float)
        if self.given.ndim == 0 or not self.given.shape[-1]:
            raise ValueError("a series needs at least one year")
        none = np.zeros((*self.given.shape[:-1], 0))
        self.initial = none if initial is None else np.asarray(initial, dtype=float)
        _require_numbers(self.given, self.initial)
        self.initial_count = self.initial.shape[-1]
        self.count = self.initial_count + self.given.shape[-1]
        self.edges = _bounds(edges, self.count)
        self.life = life if life.dims else life.at((None,))
        if self.life.dims[-1] not in (1, self.count):
            raise ValueError(
                f"the last axis of the lifetime must be 1 or {self.count} cohorts, not "
                f"{self.life.dims[-1]}"
            )
        self.leading = np.broadcast_shapes(
            self.given.shape[:-1], self.initial.shape[:-1], self.life.dims[:-1]
        )
        self.given = np.broadcast_to(self.given, (*self.leading, self.given.shape[-1]))
        self.lengths = np.diff(self.edges)[self.initial_count :]
        self.shared = int(np.prod(self.life.dims[:-1], dtype=int)) == 1
        self.opening = np.broadcast_to(self.initial.sum(axis=-1), self.leading)
        self.convention: Convention = convention

    def amounts(self, inflow: Array) -> Array:
        """t that entered in each cohort's period, shape (..., H + Y): for initial cohorts what must
        have entered to leave them."""
        h = self.initial_count
        past = self.life.at((..., slice(0, h))) if self.life.dims[-1] > 1 else self.life
        entered = (
            entered_behind(self.initial, past, self.edges[: h + 1], self.convention)
            if h
            else self.initial
        )
        return np.concatenate(
            [np.broadcast_to(entered, (*self.leading, h)), inflow * self.lengths], axis=-1
        )


def _require_numbers(given: Array, initial: Array) -> None:
    if not (np.isfinite(given).all() and np.isfinite(initial).all()):
        raise ValueError("a series or an initial cohort holds a value that is not a number")
    if (initial < 0).any():
        raise ValueError("an initial cohort is negative")


def _bounds(edges: npt.ArrayLike | None, count: int) -> Array:
    """Bounds of the periods in years, unit steps where none are given; shape (count + 1,)."""
    if edges is None:
        return np.arange(count + 1.0)
    bounds = np.asarray(edges, dtype=float)
    if bounds.shape != (count + 1,) or not (np.diff(bounds) > 0).all():
        raise ValueError(
            f"edges must be {count + 1} rising bounds of the {count} periods, initial ones first"
        )
    return bounds


def entered_behind(
    initial: Array, life: Lifetime, edges: npt.ArrayLike, convention: Convention = "uniform"
) -> Array:
    """Inflow of each cohort behind what is still in use of it: (..., H) t to (..., H) t.

    `edges`: the H + 1 bounds of the cohorts' periods, the last of which is now. Raises ValueError
    where a cohort is in use of which its lifetime leaves nothing.
    """
    left = survival_matrix(life, edges, convention)[..., -1, :]
    shape = np.broadcast_shapes(left.shape, initial.shape)
    left, held = np.broadcast_to(left, shape), np.broadcast_to(initial, shape)
    impossible = (left < LEAST_SURVIVAL) & (held > 0)
    if impossible.any():
        age = shape[-1] - int(np.argwhere(impossible)[0][-1])
        raise ValueError(
            f"a cohort that entered {age} periods before the start is still in use, but its "
            "lifetime leaves nothing of it; give a longer life or leave the cohort out"
        )
    entered: Array = np.divide(held, left, out=np.zeros(shape), where=held > 0)
    return entered


def _departures(matrix: Array) -> Array:
    """Share of cohort c that leaves during period t, from the share in use at its end, both of
    shape (C, C)."""
    before = np.vstack([np.zeros(len(matrix)), matrix[:-1]])
    before[np.diag_indices(len(matrix))] = 1.0
    return np.asarray(before - matrix, dtype=float)


def _leaving(column: Array) -> Array:
    """Share of a cohort that leaves in its own and each later period, from its survival column,
    shape (..., C - c)."""
    leaving = np.empty_like(column)
    leaving[..., 0] = 1.0 - column[..., 0]
    np.subtract(column[..., :-1], column[..., 1:], out=leaving[..., 1:])
    return leaving


class _Ledger:
    """Stock, departures and cohorts of a run, as one cohort after another is added: each column is
    made once and dropped. Lives within a call."""

    def __init__(self, run: _Run, cohorts: bool) -> None:
        self.run, h, count = run, run.initial_count, run.count
        self.stock, self.gone = np.zeros((*run.leading, count)), np.zeros((*run.leading, count))
        """t at the end of each period, and t that leaves during it, shape (..., H + Y) each."""
        self.cube = np.zeros((*run.leading, count - h, count)) if cohorts else None

    def add(self, c: int, amount: Array, column: Array) -> None:
        """Add what entered in the period of cohort c, t of shape (..., 1), and its survival."""
        held = amount * column
        self.stock[..., c:] += held
        self.gone[..., c:] += amount * _leaving(column)
        if self.cube is not None:
            h = self.run.initial_count
            self.cube[..., max(c - h, 0) :, c] = held[..., max(h - c, 0) :]

    def retire(self, c: int, surplus: Array, wanted: Array) -> None:
        """Scrap a surplus in period c, of all cohorts alike, so that the stock is what is wanted;
        shape (...) each."""
        left = np.divide(wanted, self.stock[..., c], out=np.ones_like(surplus), where=surplus > 0)
        self.gone[..., c] += surplus
        self.stock[..., c:] *= left[..., None]
        self.gone[..., c + 1 :] *= left[..., None]
        if self.cube is not None:
            self.cube[..., c - self.run.initial_count :, :c] *= left[..., None, None]

    def stocks(self, inflow: Array, repaired: Array | None = None) -> Stocks:
        run, h = self.run, self.run.initial_count
        return Stocks(
            inflow,
            self.stock[..., h:],
            self.gone[..., h:] / run.lengths,
            run.opening,
            run.lengths,
            run.convention,
            self.cube,
            repaired,
        )


def stock_driven(
    stock: npt.ArrayLike,
    life: Lifetime,
    *,
    edges: npt.ArrayLike | None = None,
    convention: Convention = "uniform",
    initial: npt.ArrayLike | None = None,
    cohorts: bool = False,
    repair: Repair = "refuse",
) -> Stocks:
    r"""Inflow and outflow that keep the stock on the path given: the triangular system of the
    module, solved forward.

    Arguments as for `inflow_driven`, with stock (..., Y) at the end of each period. Where less is
    wanted than survives, the inflow would be negative: `refuse` raises ValueError with the place;
    `keep` sets it to zero and lets the stock lie above the path; `retire` scraps all cohorts alike
    until the path is met. What a repair changed stands in `repaired`. Raises ValueError too for a
    stock below 0, whatever the repair, and where nothing of a period's inflow is left at its end,
    so that no inflow can make the stock.
    """
    run = _Run(stock, life, edges, convention, initial)
    _refuse_negative(run.given)
    h, wanted, ledger = run.initial_count, run.given, _Ledger(run, cohorts)
    amounts = np.zeros((*run.leading, run.count))
    amounts[..., :h] = run.amounts(np.zeros(wanted.shape))[..., :h]
    repaired = np.empty(wanted.shape)
    slack = max(_SLACK, run.count * TABLE_ERROR) * max(
        float(np.abs(wanted).max(initial=0.0)), float(run.initial.sum(axis=-1).max(initial=0.0))
    )
    for c, column in survival_columns(run.life, run.edges, convention, tabulate_from=h):
        if c >= h:
            gap = wanted[..., c - h] - ledger.stock[..., c]
            surplus = np.where(-gap > slack, -gap, 0.0)
            if repair == "refuse":
                _refuse_surplus(surplus, c - h)
            if repair == "retire":
                ledger.retire(c, surplus, wanted[..., c - h])
            repaired[..., c - h] = surplus
            amounts[..., c] = _entering(np.maximum(gap, 0.0), column[..., 0], slack, c - h)
        ledger.add(c, amounts[..., c : c + 1], column)
    inflow = amounts[..., h:] / run.lengths
    return ledger.stocks(inflow, None if repair == "refuse" else repaired)


def _entering(need: Array, first: Array, slack: float, period: int) -> Array:
    """Inflow of a period that leaves so much at its end, t, shape (...)."""
    first = np.broadcast_to(first, need.shape)
    if ((first <= 0) & (need > slack)).any():
        raise ValueError(
            f"nothing that enters in period {period} is left at its end, so no inflow makes its "
            "stock; take shorter periods or the convention 'uniform'"
        )
    return np.divide(need, first, out=np.zeros_like(need), where=first > 0)


def _refuse_negative(stock: Array) -> None:
    """Raise ValueError, with the place, where a stock is negative: no repair makes sense of it."""
    if (stock < 0).any():
        *series, period = map(int, np.argwhere(stock < 0)[0])
        place = f"series {series[0] if len(series) == 1 else tuple(series)}, " if series else ""
        raise ValueError(
            f"the stock given is negative ({place}period {period}: {float(stock.min()):.6g} t at "
            "the least); give 0 or more"
        )


def _refuse_surplus(surplus: Array, period: int) -> None:
    """Raise ValueError, with the place, where more of earlier cohorts survives than is wanted."""
    if not surplus.any():
        return
    series = tuple(int(i) for i in np.argwhere(surplus)[0])
    place = f"series {series[0] if len(series) == 1 else series}, " if series else ""
    raise ValueError(
        f"the stock given falls faster than its cohorts leave ({place}period {period}: "
        f"{float(surplus.max()):.6g} t too much survives), so inflow would be negative; "
        "repair='keep' lets the stock lie above, repair='retire' scraps early"
    )
