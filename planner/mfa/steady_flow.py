r"""The flows of one period that follow from demand, waste and shares: a sparse square system,
solved directly.

For a pulled process p of good g and a pushed process p of good h,

$$o_{g,p} a_p = s_p \Big(D_g - W_g + \sum_q i_{g,q} a_q - \sum_{q \notin P_g} o_{g,q} a_q\Big),$$
$$i_{h,p} a_p = s_p \Big(W_h + \sum_q o_{h,q} a_q\Big)$$

with demand D, waste arising W (and what stockpiles give) and the group $P_g$ pulled by g.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from planner.errors import Problem, SpecError
from planner.mfa.balance import Balance
from planner.mfa.shares import Drive
from planner.system.nouns import Array, System
from planner.system.unit_accounts import mean_demand

_ROUNDING = 1e-12
"""A want below this share of the largest flow of the metal is rounding, and so is surplus or
shortage below it of the good's own flow."""
_LAST_DIGIT = 1e-15
"""Surplus and shortage below this share of the largest flow of their metal are rounding too."""


class PeriodFlow(NamedTuple):
    """The flows of one period, t per year."""

    activity: Array
    """By process, shape (P,)."""
    disposal: Array
    """By good, shape (G,), and so is `shortage`."""
    shortage: Array


def steady_flows(
    balance: Balance,
    drives: Mapping[str, Drive],
    share: Mapping[str, Array],
    drawn: Mapping[str, Array],
    sold: Mapping[str, Array],
) -> list[PeriodFlow]:
    """The flows of every period. `share` is that of each process in the good it follows, `drawn`
    what each stockpile gives less what fills it, `sold` what goes abroad at a price, t per year,
    shape (T,) each.

    Raises SpecError for loops that feed themselves wholly, and where surpluses come and go.
    """
    system = balance.system
    zero = np.zeros(len(system.periods))
    want = [mean_demand(system, g) + sold.get(g.name, zero) for g in system.goods.values()]
    come = [balance.mean_arising(good) + drawn.get(good, zero) for good in system.goods]
    return [
        _period_flow(
            _Equations(
                balance,
                drives,
                np.array([share[name][t] for name in system.processes]),
                np.array([series[t] for series in want]),
                np.array([series[t] for series in come]),
                t,
            )
        )
        for t in range(len(system.periods))
    ]


def _period_flow(equations: _Equations) -> PeriodFlow:
    """The flows that solve the equations of one period.

    Goods of which more is pushed than wanted are found one set after another: their pulled group
    stops, what is over is disposed of, and the system is solved anew; a good leaves the set when it
    is wanted again.
    """
    over: frozenset[int] = frozenset()
    for _ in range(2 * len(equations.goods) + 2):
        activity, need = equations.solve(over)
        flow = equations.largest_flow(activity)
        largest = _largest_of_metal(equations.system, flow)
        now = frozenset(np.flatnonzero(need < -_ROUNDING * largest).tolist())
        if now == over:
            rest = equations.rest(activity)
            rounding = np.maximum(_ROUNDING * flow, _LAST_DIGIT * largest)
            rest = np.where(np.abs(rest) > rounding, rest, 0.0)
            return PeriodFlow(activity, np.maximum(rest, 0.0), np.maximum(-rest, 0.0))
        over = now
    message = (
        f"no steady flow in {equations.year}: surpluses of "
        f"{', '.join(equations.goods[g] for g in sorted(over))} come and go; give shares"
    )
    raise SpecError("simulation", [Problem("coefficients.csv", 0, "", message)])


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
    """The square system of one period; lives within `steady_flows` only."""

    def __init__(
        self,
        balance: Balance,
        drives: Mapping[str, Drive],
        portion: Array,
        want: Array,
        come: Array,
        t: int,
    ) -> None:
        self.system, incidence = balance.system, balance.incidence
        self.year = self.system.periods[t].first
        self.goods, self.processes = incidence.goods, incidence.processes
        self.portion, self.want, self.come = portion, want, come
        pairs = incidence.good, incidence.process
        self.taken, self.given = (
            sparse.csr_array(
                (side[:, t], pairs), shape=(len(incidence.goods), len(incidence.processes))
            )
            for side in (incidence.inputs, incidence.outputs)
        )
        self._drive([drives[name] for name in self.processes])

    def _drive(self, drives: Sequence[Drive]) -> None:
        """Note which good each process follows, and what others than its own group give of it."""
        position = {name: i for i, name in enumerate(self.goods)}
        self.good = np.array([position.get(drive.good, 0) for drive in drives], dtype=np.intp)
        mode = np.array([drive.mode for drive in drives])
        self.pulled, self.pushed = mode == "pulled", mode == "pushed"
        own = sparse.csr_array(
            (
                np.ones(int(self.pulled.sum())),
                (self.good[self.pulled], np.flatnonzero(self.pulled)),
            ),
            shape=self.given.shape,
        )
        self.others = self.taken - (self.given - self.given.multiply(own))
        """What is wanted of each good per unit of activity, less what others than its own group
        give: (G, P)."""
        self.wanted = self.want - self.come
        self.grouped = np.isin(np.arange(len(self.goods)), self.good[self.pulled])
        rows = np.arange(len(self.processes))
        self.scale = np.where(
            self.pulled,
            self.given.toarray()[self.good, rows],
            np.where(self.pushed, self.taken.toarray()[self.good, rows], 1.0),
        )

    def largest_flow(self, activity: Array) -> Array:
        """Largest of what is made, taken in, wanted and comes of each good, shape (G,)."""
        flows = [self.given @ activity, self.taken @ activity, self.want, self.come]
        return np.asarray(np.abs(flows).max(axis=0), dtype=float)

    def rest(self, activity: Array) -> Array:
        """Supply of each good beyond what is taken in and wanted, shape (G,)."""
        return np.asarray(self.given @ activity + self.come - self.taken @ activity - self.want)

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
