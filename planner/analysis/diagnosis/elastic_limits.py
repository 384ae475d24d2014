r"""Levers: the least that each limit of nature and plant, by itself, must give for a plan to exist.

For each kind of limit (capacity, import ceiling, reserve, collection ...) one elastic programme:
every item of the kind gets a column $e \ge 0$ that relaxes its limit in every year alike, and the
sum of these is made least,

$$\min \sum_i e_i \quad\text{s.t.}\quad A x - D e \in b,\quad l \le x \le u + U e$$

all other limits and all policies as they stand. What comes out is written back into the System and
solved anew: a lever that does not then make it feasible is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import sparse

from planner.analysis.diagnosis.infeasible_case import feasible
from planner.mfa.balance import Balance
from planner.plan.solve import optimal_if_any
from planner.runtime.progress import Progress, Step
from planner.solver.highs import Arrays, Program
from planner.study.provenance import Inputs, figures
from planner.system.nouns import Array, System, frozen_array, frozen_map
from planner.system.orders import in_time, is_limited, placed

ROOMS = (1e-6, 1e-4)
"""Distance of a lever from the edge of feasibility, as a share of its change, so that rounding
does not undo it."""
LEAST = 1e-7
"""An amount below this share of the largest of its kind counts as zero."""
DOUBLED = (1.0, 3.0, 7.0)
"""The same where the limit stands in coefficients too, and the elastic answer may be too little:
the double, and so on."""
HALVINGS = 20

Easing = tuple[str, Literal["row", "most", "least"], int, float]
"""(item, what is relaxed: a row or a bound of a column, its position, by how much for a unit e)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One limit that is relaxed: the amount, and its value before and after."""

    item: str
    amount: float
    before: str
    after: str
    place: str
    """`file:line` of what to change."""


@dataclass(frozen=True, slots=True)
class Lever:
    """The least that one kind of limit must give, all else as it is, for a plan to exist; solved
    anew with it."""

    kind: str
    unit: str
    changes: tuple[Change, ...]
    words: str


def _never(_: System) -> bool:
    return False


def _always(_: System) -> bool:
    return True


def _orders_shift(system: System) -> bool:
    """Return True where an order is placed over years of different limits: to raise them alike
    moves a part of it from one year to another."""
    return any(
        is_limited(plant) and _uneven(placed(system, plant)) for plant in system.plants.values()
    )


def _uneven(shares: Array) -> bool:
    """Whether any row has entries, but for 0, that differ."""
    least = np.where(shares > 0, shares, np.inf).min(axis=1, initial=np.inf)
    return bool((shares.max(axis=1, initial=0.0) > least * (1 + LEAST)).any())


@dataclass(frozen=True, slots=True)
class LimitKind:
    """A kind of limit: its name, its place in the programme and in the study, and how it is changed
    there."""

    name: str
    verb: str
    unit: str
    easings: Callable[[System, Balance, Arrays], Iterator[Easing]]
    apply: Callable[[System, Mapping[str, float]], System]
    value: Callable[[System, str], Any]
    """The limit of an item, a number or a series."""
    row: Callable[[System, str], tuple[str, ...]]
    """Table, keys and parameter of an item."""
    most: float = np.inf
    """Upper bound of what an item gives: 1 for a share."""
    curved: Callable[[System], bool] = _never
    """Whether the limit stands in coefficients too, or cannot fall below 0 in some years: the
    elastic answer is where the search for the least begins."""


def levers(
    system: System, balance: Balance, arrays: Arrays, progress: Progress | None = None
) -> tuple[Lever, ...]:
    """Every kind of limit which by itself can restore feasibility, with the least that it takes."""
    found = []
    for part, kind in enumerate(LIMIT_KINDS):
        easings = list(kind.easings(system, balance, arrays))
        if not easings:
            continue
        if progress is not None:
            progress(Step(f"whether {kind.name} would do", part, len(LIMIT_KINDS)))
        lever = _least(kind, system, arrays, easings)
        if lever is not None:
            found.append(lever)
    return tuple(found)


def _least(
    kind: LimitKind, system: System, arrays: Arrays, easings: Sequence[Easing]
) -> Lever | None:
    """The least that a kind must give, proved by a solve; None where it does not help."""
    amounts, curved = _amounts(kind, arrays, easings), kind.curved(system)
    for room in (*ROOMS, *(DOUBLED if curved else ())):
        tried = {item: e * (1 + room) for item, e in amounts.items()}
        if tried and feasible(kind.apply(system, tried)):
            return _told(kind, system, _tightened(kind, system, tried) if curved else tried)
    return None


def _amounts(kind: LimitKind, arrays: Arrays, easings: Sequence[Easing]) -> dict[str, float]:
    """Relaxation of each item in the elastic programme; none where that has no answer."""
    items = list(dict.fromkeys(item for item, *_ in easings))
    solution = optimal_if_any(Program(elastic(arrays, items, easings, kind.most)))
    if solution is None:
        return {}
    given = solution.x[len(arrays.columns) :]
    kept = np.flatnonzero(given > LEAST * max(given.max(), 1.0))
    return {items[i]: float(given[i]) for i in kept}


def _tightened(kind: LimitKind, system: System, amounts: Mapping[str, float]) -> dict[str, float]:
    """The least common part of the amounts that still will do: where the limit also stands in the
    coefficients, the elastic answer may be more than enough."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if feasible(kind.apply(system, {k: v * middle for k, v in amounts.items()}))
            else (middle, high)
        )
    return {item: e * high for item, e in amounts.items()}


class _EasedBound(NamedTuple):
    """A row in the place of a bound of a column: lower <= x + amount e <= upper."""

    column: int
    item: int
    amount: float
    lower: float
    upper: float


def elastic(
    arrays: Arrays, items: list[str], easings: Iterable[Easing], most: float = np.inf
) -> Arrays:
    """The programme with a column for each item that relaxes its limits, and their sum as cost."""
    n, m, many = len(arrays.columns), len(arrays.rows), len(items)
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    rows, bounds = _eased(items, easings, lower, upper)
    k = len(bounds)
    blocks = [
        [arrays.matrix, _sparse(rows, (m, many))],
        [
            _sparse([(i, bound.column, 1.0) for i, bound in enumerate(bounds)], (k, n)),
            _sparse([(i, bound.item, bound.amount) for i, bound in enumerate(bounds)], (k, many)),
        ],
    ]
    return replace(
        arrays,
        matrix=sparse.csc_array(sparse.block_array(blocks, format="csc")),
        columns=(*arrays.columns, *(("given", (item,)) for item in items)),
        rows=(*arrays.rows, *(("bound", (i,)) for i in range(k))),
        offset=0.0,
        carbon=np.zeros(n + many),
        cost=np.concatenate([np.zeros(n), np.ones(many)]),
        lower=np.concatenate([lower, np.zeros(many)]),
        upper=np.concatenate([upper, np.full(many, most)]),
        row_lower=np.concatenate([arrays.row_lower, [bound.lower for bound in bounds]]),
        row_upper=np.concatenate([arrays.row_upper, [bound.upper for bound in bounds]]),
    )


def _eased(
    items: list[str], easings: Iterable[Easing], lower: Array, upper: Array
) -> tuple[list[tuple[int, int, float]], list[_EasedBound]]:
    """Entries of the new columns in the rows, and the bounds that become rows; what is eased of
    `lower` and `upper` is opened."""
    at = {item: i for i, item in enumerate(items)}
    rows: list[tuple[int, int, float]] = []
    bounds: list[_EasedBound] = []
    for item, what, position, amount in easings:
        if what == "row":
            rows.append((position, at[item], -amount))
        elif what == "most":
            bounds.append(_EasedBound(position, at[item], -amount, -np.inf, upper[position]))
            upper[position] = np.inf
        else:
            bounds.append(_EasedBound(position, at[item], amount, lower[position], np.inf))
            lower[position] = 0.0
    return rows, bounds


def _sparse(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> sparse.coo_array:
    row, column, value = np.array(entries, dtype=float).reshape(-1, 3).T
    return sparse.coo_array((value, (row.astype(int), column.astype(int))), shape)


def _told(kind: LimitKind, system: System, amounts: Mapping[str, float]) -> Lever:
    after = kind.apply(system, amounts)
    inputs, changes = Inputs(system), []
    for item, e in sorted(amounts.items()):
        before, then = (figures(_finite(kind.value(s, item)), kind.unit) for s in (system, after))
        changes.append(
            Change(
                item,
                e,
                before,
                then,
                inputs.line(*kind.row(system, item), year=_changed(system, kind, item)),
            )
        )
    by = "" if kind.unit == "1" else " by {}, "
    parts = [
        f"{c.item}{by.format(figures([c.amount], kind.unit)) or ' '}from {c.before} to {c.after}"
        + f" ({c.place})" * bool(c.place)
        for c in changes
    ]
    return Lever(
        kind.name,
        kind.unit,
        tuple(changes),
        f"{kind.verb} {kind.name} of " + "; and of ".join(parts),
    )


def _finite(value: Any) -> Array:
    series = np.atleast_1d(np.asarray(value, dtype=float))
    return np.asarray(series[np.isfinite(series)])


def _changed(system: System, kind: LimitKind, item: str) -> int | None:
    """The first year in which a series is held."""
    series = np.atleast_1d(np.asarray(kind.value(system, item), dtype=float))
    return (
        None
        if len(series) < len(system.years)
        else system.years[int(np.argmax(np.isfinite(series)))]
    )


# ---- where each kind stands in the programme


def _rows(
    family: str, size: Callable[[System, Balance, Any, Any], float] = lambda *_: 1.0
) -> Callable[..., Iterator[Easing]]:
    """All rows of a family, by their first index; `size` of what a unit of the lever gives in a
    year."""

    def easings(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
        for i in arrays.rows_of(family):
            index = arrays.rows[i][1]
            amount = size(system, balance, index[0], index[-1])
            if amount:
                yield str(index[0]), "row", int(i), amount

    return easings


def _hosts(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
    """The limits of a host: for all its by-products of a metal, and for each of several circuits;
    and what more of it would lay down."""
    yield from _rows("host_limit")(system, balance, arrays)
    for i in arrays.rows_of("circuit_limit"):
        yield str(arrays.rows[i][1][1]), "row", int(i), 1.0
    for i in arrays.rows_of("depletion"):
        name, year = arrays.rows[i][1]
        deposit, t = system.deposits[str(name)], system.years.index(int(str(year)))
        for host, kept in deposit.filled_by.items():
            gain = float(kept[t] * system.hosts[host].content[deposit.metal][t])
            if gain:
                yield host, "row", int(i), gain


def _capacity(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
    for family in ("capacity_balance", "capacity_limit"):
        yield from _rows(family)(system, balance, arrays)


def _activity(imports: bool) -> Callable[..., Iterator[Easing]]:
    def easings(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
        for easing in _columns("activity", "most")(system, balance, arrays):
            if (system.processes[easing[0]].kind == "import") == imports:
                yield easing

    return easings


def _columns(variable: str, side: Literal["most", "least"]) -> Callable[..., Iterator[Easing]]:
    def easings(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
        for i in arrays.columns_of(variable):
            if np.isfinite(arrays.upper[i]) if side == "most" else arrays.lower[i] > 0:
                yield str(arrays.columns[i][1][0]), side, int(i), 1.0

    return easings


def _first(family: str) -> Callable[..., Iterator[Easing]]:
    def easings(system: System, balance: Balance, arrays: Arrays) -> Iterator[Easing]:
        first = system.periods[0].first
        yield from (
            easing
            for easing in _rows(family)(system, balance, arrays)
            if arrays.rows[easing[2]][1][-1] == first
        )

    return easings


def _order_years(system: System, _: Balance, plant: Any, year: Any) -> float:
    """Years over which the order of a period is placed: each has the limit of a year."""
    at = next(i for i, p in enumerate(system.order_periods) if p.first == year)
    return float(in_time(system, system.plants[plant])[at].sum())


def _uncollected(system: System, balance: Balance, good: Any, year: Any) -> float:
    """Waste beyond the collection rate, t per year: what the lever closes is a share of it."""
    series, rate = balance.arising.get(good), system.goods[good].collection_rate
    at = next(i for i, p in enumerate(system.periods) if p.first == year)
    return 0.0 if series is None or rate is None else float(((1 - rate) * series)[at])


# ---- how each kind is changed in the study


def _with(
    table: str, change: Callable[[Any, float], Any]
) -> Callable[[System, Mapping[str, float]], System]:
    """The system with the named nouns of a table changed."""

    def apply(system: System, amounts: Mapping[str, float]) -> System:
        nouns = getattr(system, table)
        changed: dict[str, Any] = {
            table: frozen_map(
                {**nouns, **{name: change(nouns[name], e) for name, e in amounts.items()}}
            )
        }
        return replace(system, **changed)

    return apply


def _more(*fields: str) -> Callable[[Any, float], Any]:
    def change(noun: Any, e: float) -> Any:
        given = {f: getattr(noun, f) for f in fields}
        return replace(
            noun,
            **{
                f: frozen_array(value + e) if np.ndim(value) else value + e
                for f, value in given.items()
            },
        )

    return change


def _nearer_to_all(good: Any, share: float) -> Any:
    return replace(
        good,
        collection_rate=frozen_array(
            good.collection_rate + min(share, 1.0) * (1 - good.collection_rate)
        ),
    )


def _less(field: str) -> Callable[[Any, float], Any]:
    return lambda noun, e: replace(
        noun, **{field: frozen_array(np.maximum(getattr(noun, field) - e, 0.0))}
    )


def _store(noun: Any, e: float, field: str, sign: float) -> Any:
    return replace(
        noun,
        stockpile=replace(
            noun.stockpile, **{field: max(getattr(noun.stockpile, field) + sign * e, 0.0)}
        ),
    )


def _of(table: str, field: str) -> Callable[[System, str], Any]:
    def value(system: System, item: str) -> Any:
        noun = getattr(system, table)[item]
        return getattr(
            noun.stockpile if table == "goods" and hasattr(noun.stockpile, field) else noun, field
        )

    return value


def _row(table: str, parameter: str) -> Callable[[System, str], tuple[str, ...]]:
    return lambda system, item: (table, item, parameter)


def _good_row(parameter: str) -> Callable[[System, str], tuple[str, ...]]:
    return lambda system, item: ("good_values", item, "", parameter)


LIMIT_KINDS: tuple[LimitKind, ...] = (
    LimitKind(
        "the standing capacity",
        "raise",
        "t/year",
        _capacity,
        _with("plants", _more("existing", "max_capacity")),
        _of("plants", "existing"),
        _row("plants", "existing_capacity"),
    ),
    LimitKind(
        "the largest capacity",
        "raise",
        "t/year",
        _rows("capacity_limit"),
        _with("plants", _more("max_capacity")),
        _of("plants", "max_capacity"),
        _row("plants", "max_capacity"),
    ),
    LimitKind(
        "the building rate",
        "raise",
        "t/year",
        _rows("build_rate", _order_years),
        _with("plants", _more("max_new")),
        _of("plants", "max_new"),
        _row("plants", "max_new"),
        curved=_orders_shift,
    ),
    LimitKind(
        "the limit of output",
        "raise",
        "t/year",
        _activity(False),
        _with("processes", _more("max_activity")),
        _of("processes", "max_activity"),
        _row("process_values", "max_activity"),
    ),
    LimitKind(
        "the import ceiling",
        "raise",
        "t/year",
        _activity(True),
        _with("processes", _more("max_activity")),
        _of("processes", "max_activity"),
        _row("process_values", "max_activity"),
    ),
    LimitKind(
        "the reserve",
        "raise",
        "t",
        _first("depletion"),
        _with("deposits", _more("reserve")),
        _of("deposits", "reserve"),
        lambda system, item: ("deposits", item, system.deposits[item].metal, "reserve"),
    ),
    LimitKind(
        "the rate of exploration",
        "raise",
        "t/year",
        _columns("explored", "most"),
        _with("exploration", _more("potential")),
        _of("exploration", "potential"),
        _row("exploration", "potential"),
    ),
    LimitKind(
        "what there is to be found",
        "raise",
        "t",
        _rows("exploration_limit"),
        _with("exploration", _more("most")),
        _of("exploration", "most"),
        _row("exploration", "most"),
    ),
    LimitKind(
        "the collection rate",
        "raise",
        "1",
        _rows("collection", _uncollected),
        _with("goods", _nearer_to_all),
        _of("goods", "collection_rate"),
        _row("collection", "rate"),
        most=1.0,
        curved=_always,
    ),
    LimitKind(
        "the host output",
        "raise",
        "t/year",
        _hosts,
        _with("hosts", _more("output")),
        _of("hosts", "output"),
        _row("hosts", "output"),
    ),
    LimitKind(
        "the step of growth",
        "raise",
        "t/year/year",
        _rows("ramp"),
        _with("ramps", _more("step")),
        _of("ramps", "step"),
        _row("ramps", "step"),
    ),
    LimitKind(
        "the must-run level",
        "lower",
        "t/year",
        _columns("activity", "least"),
        _with("processes", _less("min_activity")),
        _of("processes", "min_activity"),
        _row("process_values", "min_activity"),
        curved=_always,
    ),
    LimitKind(
        "the size of the store",
        "raise",
        "t",
        _columns("stockpile", "most"),
        _with("goods", lambda g, e: _store(g, e, "maximum", 1)),
        _of("goods", "maximum"),
        _good_row("max_stock"),
    ),
    LimitKind(
        "the opening stock",
        "raise",
        "t",
        _first("stockpile_balance"),
        _with("goods", lambda g, e: _store(g, e, "opening", 1)),
        _of("goods", "opening"),
        _good_row("opening_stock"),
    ),
    LimitKind(
        "the closing stock",
        "lower",
        "t",
        _columns("stockpile", "least"),
        _with("goods", lambda g, e: _store(g, e, "closing", -1)),
        _of("goods", "closing"),
        _good_row("closing_stock"),
    ),
)
"""Every kind of limit that is tried. Those of policies are not among them:
`planner.analysis.diagnosis.policy_relaxation`."""
