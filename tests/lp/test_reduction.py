"""The parts of a programme restore an optimum of the whole: its conditions hold on the arrays as
given, its cost is that of HiGHS."""

from __future__ import annotations

import tempfile
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from scipy import sparse

import planner
from planner.errors import InfeasibleError
from planner.lp.reduction import SMALL, reduced
from planner.plan.solve import compiled
from planner.solver.decomposition import Whole, solved_in_parts
from planner.solver.highs import FEASIBILITY_TOLERANCE, Arrays, Program, Solution
from tests.random_studies import studies
from tests.small import Study

INF = np.inf


def lp(
    cost: Any,
    matrix: Any,
    row_lower: Any,
    row_upper: Any,
    lower: Any = None,
    upper: Any = None,
    offset: float = 0.0,
) -> Arrays:
    """A programme by its numbers; columns are at least 0 where nothing else is said."""
    dense = np.array(matrix, dtype=float)
    m, n = dense.shape
    given = [
        np.zeros(n) if lower is None else np.array(lower, float),
        np.full(n, INF) if upper is None else np.array(upper, float),
    ]
    return Arrays(
        tuple(("x", (j,)) for j in range(n)),
        tuple(("row", (i,)) for i in range(m)),
        np.array(cost, float),
        offset,
        np.zeros(n),
        sparse.csc_array(dense),
        *given,
        np.array(row_lower, float),
        np.array(row_upper, float),
    )


def in_parts(arrays: Arrays) -> Solution:
    """Solved by its parts, which must all have an optimum."""
    solution, bases = solved_in_parts(arrays, {})
    assert solution is not None
    again, _ = solved_in_parts(arrays, bases)
    assert again is not None
    assert again.iterations == 0
    return solution


def holds(a: Arrays, s: Solution, tolerance: float = 1e-7) -> None:
    """Primal and dual feasibility, complementarity and stationarity of a, each relative to the
    terms it is a sum of."""
    size = np.maximum(abs(a.matrix) @ np.abs(s.x), 1.0)
    value = a.matrix @ s.x
    np.testing.assert_array_less(
        np.maximum(a.row_lower - value, value - a.row_upper), tolerance * size
    )
    np.testing.assert_array_less(
        np.maximum(a.lower - s.x, s.x - a.upper),
        2 * FEASIBILITY_TOLERANCE * np.maximum(np.abs(s.x), 1.0),
    )
    np.testing.assert_allclose(s.row_value, value, rtol=0, atol=1e-12 * size.max(initial=1.0))
    priced = np.maximum(np.abs(a.cost) + abs(a.matrix).T @ np.abs(s.dual), 1.0)
    np.testing.assert_array_less(
        np.abs(a.cost - a.matrix.T @ s.dual - s.reduced_cost), 1e-9 * priced
    )
    for price, place, low, high, scale, unit in (
        (s.reduced_cost, s.x, a.lower, a.upper, np.maximum(np.abs(s.x), 1.0), priced),
        (s.dual, value, a.row_lower, a.row_upper, size, np.maximum(np.abs(s.dual), 1.0)),
    ):
        # a price above rounding stands at the end that it presses against
        for side, end in ((1, low), (-1, high)):
            pressed = side * price > tolerance * unit
            assert np.isfinite(end[pressed]).all()
            np.testing.assert_array_less(
                np.abs(place[pressed] - end[pressed]), tolerance * scale[pressed]
            )
    bound = a.offset
    for price, low, high in (
        (s.dual, a.row_lower, a.row_upper),
        (s.reduced_cost, a.lower, a.upper),
    ):
        told = np.abs(price) > tolerance
        bound += float(price[told] @ np.where(price > 0, low, high)[told])
    assert bound == pytest.approx(s.objective, rel=1e-6, abs=1e-6)
    assert s.objective == pytest.approx(float(a.cost @ s.x) + a.offset, rel=1e-12, abs=1e-12)


def is_basis(a: Arrays, s: Solution) -> None:
    """As many basic columns and rows as there are rows, independent of one another, and what is not
    basic stands at an end of its own."""
    m = len(a.rows)
    assert s.basic_row.sum() + s.basic_column.sum() == m
    chosen = np.hstack([a.matrix.toarray()[:, s.basic_column], np.eye(m)[:, s.basic_row]])
    assert np.linalg.matrix_rank(chosen) == m
    for basic, place, low, high in (
        (s.basic_column, s.x, a.lower, a.upper),
        (s.basic_row, s.row_value, a.row_lower, a.row_upper),
    ):
        free = np.isinf(low) & np.isinf(high)
        off = np.minimum(np.abs(place - low), np.abs(place - high))
        assert (off[~basic & ~free] <= 1e-7 * np.maximum(np.abs(place[~basic & ~free]), 1.0)).all()
        assert (place[~basic & free] == 0).all()


def agrees(a: Arrays) -> Solution:
    """Optimal, proved on a itself, and of the cost that HiGHS finds in one piece."""
    whole = Program(a).run()
    assert whole.status == "optimal"
    mine = in_parts(a)
    holds(a, mine)
    assert mine.objective == pytest.approx(whole.objective, rel=1e-9, abs=1e-7)
    return mine


@cache
def arrays_of(study: str, scenario: str = "") -> Arrays:
    return compiled(planner.read(study, scenario=scenario)).arrays


@pytest.mark.parametrize("study", ["quickstart", "china", "world"])
def test_shipped_studies(study: str) -> None:
    agrees(arrays_of(study))


SCENARIOS = tomllib.loads(
    (Path(__file__).parents[2] / "models" / "china" / "study.toml").read_text(encoding="utf-8")
)["scenarios"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_of_china(scenario: str) -> None:
    agrees(arrays_of("china", scenario))


def test_a_programme_gets_smaller_and_falls_into_parts_by_metal() -> None:
    """Less than half of its rows are left; lithium and cobalt share packs, the other metals have a
    part each."""
    a = arrays_of("china")
    found = reduced(a)
    assert found is not None
    assert sum(len(part.rows) for part in found.parts) < len(a.rows) / 2
    every = [
        np.sort(np.concatenate([getattr(part, name) for part in found.parts]))
        for name in ("columns", "rows")
    ]
    for each in every:
        assert (np.diff(each) > 0).all()  # none twice
    for part in found.parts:
        outside = np.setdiff1d(every[0], part.columns)
        assert abs(a.matrix[part.rows][:, outside]).sum() == 0
        assert part.arrays.columns == tuple(a.columns[j] for j in part.columns)
        assert part.arrays.rows == tuple(a.rows[i] for i in part.rows)
    assert len(found.parts) > 1


def test_the_same_arrays_give_the_same_parts_in_the_same_order() -> None:
    first, second = reduced(arrays_of("china")), reduced(replace(arrays_of("china")))
    assert first is not None
    assert second is not None
    assert [part.key for part in first.parts] == [part.key for part in second.parts]


def test_arrays_are_left_as_they_were() -> None:
    a = arrays_of("quickstart")
    before = [
        np.array(x)
        for x in (
            a.cost,
            a.lower,
            a.upper,
            a.row_lower,
            a.row_upper,
            a.matrix.data,
            a.matrix.indices,
        )
    ]
    in_parts(a)
    for x, y in zip(
        before,
        (a.cost, a.lower, a.upper, a.row_lower, a.row_upper, a.matrix.data, a.matrix.indices),
        strict=True,
    ):
        np.testing.assert_array_equal(x, y)


# ---- by hand


def test_slack_of_an_equality_by_hand() -> None:
    """Make 3 of 5 at 2 each, the rest short at 7: x = 3, short = 2; a unit of demand costs 7, one
    of the mine saves 5."""
    a = lp([2, 7], [[1, 1]], [5], [5], upper=[3, INF])
    s = in_parts(a)
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist(), s.objective) == (
        [3, 2],
        [7],
        [-5, 0],
        20,
    )
    is_basis(a, s)


def test_row_of_one_term_takes_the_price_of_its_bound() -> None:
    """-2 x >= -8 is tighter than x <= 5: the row bears the price, in its own units; with x <= 4 the column's own bound does."""
    s = in_parts(lp([-3], [[-2]], [-8], [INF], upper=[5]))
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist()) == ([4], [1.5], [0])
    s = in_parts(lp([-3], [[-2]], [-8], [INF], upper=[4]))
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist()) == ([4], [0], [-3])


def test_of_two_rows_of_one_term_the_tighter_one_bears_the_price_and_of_equal_ones_the_first() -> (
    None
):
    s = in_parts(lp([1], [[1], [2], [1]], [2, 6, 3], [INF, INF, INF]))
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist()) == ([3], [0, 0.5, 0], [0])


def test_free_account_carries_its_price_to_what_it_counts() -> None:
    """Emission e = 4 x at 10 each: x costs 1 + 40, and the row of the account has the price of
    emission."""
    a = lp([1, 60, 10], [[1, 1, 0], [-4, 0, 1]], [2, 0], [INF, 0], lower=[0, 0, -INF])
    s = in_parts(a)
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist()) == (
        [2, 0, 8],
        [41, 10],
        [0, 19, 0],
    )
    is_basis(a, s)


def test_fixed_column_has_the_reduced_cost_that_its_rows_leave() -> None:
    """x0 = 1 of the 3 needed: the rest comes from x1 at 4, so that another unit of x0 would save 4
    - 1."""
    s = in_parts(lp([1, 4, 5], [[1, 1, 1]], [3], [INF], lower=[1, 0, 0], upper=[1, INF, INF]))
    assert (s.x.tolist(), s.dual.tolist(), s.reduced_cost.tolist()) == ([1, 2, 0], [4], [-3, 0, 1])


def test_column_without_rows_stands_where_its_cost_asks_for() -> None:
    s = in_parts(
        lp(
            [2, -3, 0, 0, 0],
            np.zeros((0, 5)),
            [],
            [],
            lower=[1, -1, 4, -INF, -INF],
            upper=[9, 8, 5, 6, INF],
            offset=7,
        )
    )
    assert s.x.tolist() == [1, 8, 4, 6, 0]
    assert s.reduced_cost.tolist() == [2, -3, 0, 0, 0]
    assert s.objective == 7 + 2 - 24


def test_slack_without_cost_of_a_row_of_two_sides() -> None:
    """1 <= x + y - b <= 2 with b of no cost up to 3: x + y may reach 5, and b makes up what is
    above 2."""
    a = lp([-1, -2, 0], [[1, 1, -1], [1, -1, 0]], [1, -1], [2, 1], upper=[INF, INF, 3])
    s = agrees(a)
    assert s.objective == -8
    assert s.x[2] == 3
    is_basis(a, s)


EQUALITY = [[1.0, 1.0, -1.0, 0.0], [2.0, -1.0, 0.0, 1.0], [0.0, 3.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("cost", "right", "upper"),
    [
        ([1, 1, 0, 0], [0, 0, 0], [INF] * 4),
        ([1, 2, 3, 4], [0, 0, 0], [1] * 4),
        ([0, 0, 0, 0], [1, 2, 3], [INF] * 4),
        ([-1, -1, 2, 2], [1, 1, 3], [4] * 4),
        ([5, -2, 1, 0], [1, 1, 3], [1, 1, 0, 0.0]),
        ([1, 1, 1, 1], [2, 0, 3], [1, 1, 0, 0]),
    ],
)
def test_degenerate_small_ones(cost: list[float], right: list[float], upper: list[float]) -> None:
    a = lp(cost, EQUALITY, right, right, upper=upper)
    whole = Program(a).run()
    solution, _ = solved_in_parts(a, {})
    assert (solution is not None) == (whole.status == "optimal")
    if solution is not None:
        holds(a, solution)
        is_basis(a, solution)
        assert solution.objective == pytest.approx(whole.objective, abs=1e-9)


IMPOSSIBLE = {
    "a row of one term against a bound": lp([1], [[1]], [2], [3], upper=[1]),
    "two rows of one term": lp([1], [[1], [1]], [2, 0], [INF, 1]),
    "a row left without terms": lp([1, 1], [[1, 1]], [3], [3], upper=[1, 1], lower=[1, 1]),
    "a row of two": lp([1, 1], [[1, 1], [1, -1]], [3, 0], [3, 0], upper=[1, 1]),
    "a row given without terms": lp([1, 1], [[0, 0], [1, 1]], [1, 1], [2, 2]),
    "bounds": lp([1, 1], [[1, 1], [1, -1]], [1, -1], [2, 1], lower=[0, 0], upper=[-INF, 1]),
}
ENDLESS = {
    "a column without rows": lp([-1], np.zeros((0, 1)), [], []),
    "a column whose row does not hold it": lp([-1, 1], [[1, -1], [1, 1]], [0, 1], [INF, INF]),
    "a slack": lp([1, -2], [[1, -1]], [2], [2], lower=[0, 0]),
}


@pytest.mark.parametrize("name", sorted(IMPOSSIBLE))
def test_what_cannot_hold_is_left_to_the_whole(name: str) -> None:
    """The parts say nothing, and the whole says what it said before: infeasible, with the rows that
    clash."""
    a = IMPOSSIBLE[name]
    assert solved_in_parts(a, {}) == (None, {})
    if name != "bounds":  # an upper bound of minus infinity is refused by HiGHS
        whole = Whole(a, None)
        assert whole.solution.status == "infeasible"
        assert whole.clash == Program(a).clash()
        assert whole.confirm(whole.solution) == 0.0


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_what_has_no_end_is_left_to_the_whole(name: str) -> None:
    a = ENDLESS[name]
    assert solved_in_parts(a, {}) == (None, {})
    assert Whole(a, None).solution.status in ("unbounded", "infeasible")


@pytest.mark.parametrize("where", ["cost", "lower", "upper", "row_lower", "row_upper"])
def test_numbers_that_are_none_are_left_to_the_whole(where: str) -> None:
    a = lp([1, 2], [[1, 1], [1, -1]], [1, -1], [2, 1])
    values = getattr(a, where).copy()
    values[0] = np.nan
    assert reduced(replace(a, **{where: values})) is None


@pytest.mark.parametrize(("low", "high"), [("lower", "upper"), ("row_lower", "row_upper")])
@pytest.mark.parametrize("end", [INF, -INF])
def test_bounds_at_infinity_are_left_to_the_whole(low: str, high: str, end: float) -> None:
    """Both sides at the same infinity: no number lies between them."""
    a = lp([1, 2], [[1, 1], [1, -1]], [1, -1], [2, 1])
    sides = {name: np.append(getattr(a, name)[:-1], end) for name in (low, high)}
    assert reduced(replace(a, **sides)) is None


def test_slack_of_a_row_is_not_left_to_the_solver() -> None:
    """Only row 1 has one; what is left are the two columns that share both rows."""
    found = reduced(lp([1, 1, 5], [[1, 1, 0], [1, 1, 1]], [1, 2], [INF, 2]))
    assert found is not None
    assert [part.columns.tolist() for part in found.parts] == [[0, 1]]


def test_entries_of_zero_do_not_count() -> None:
    """A column with a stored zero in a second row is the slack of its one row all the same."""
    a = lp([2, 7], [[1, 1], [1, 5]], [5, 0], [5, 3])
    matrix = a.matrix.copy()
    matrix.data[matrix.data == 5] = 0.0
    a = replace(a, matrix=matrix)
    s = in_parts(a)
    assert s.x.tolist() == [3, 2]
    holds(a, s)


def test_small_parts_go_together() -> None:
    """Ten pairs of columns that know nothing of one another are one programme; a part of many rows
    stands by itself."""
    pair, ring = (
        sparse.csc_array([[1.0, 2.0], [2.0, 1.0]]),
        np.eye(SMALL) + 2 * np.roll(np.eye(SMALL), 1, axis=1),
    )
    matrix = sparse.block_diag([pair] * 5 + [ring] + [pair] * 5, format="csc")
    n = matrix.shape[1]
    a = lp(np.ones(n), matrix.toarray(), np.ones(n), np.full(n, 9.0), upper=np.full(n, 5.0))
    found = reduced(a)
    assert found is not None
    assert [len(part.rows) for part in found.parts] == [SMALL, 20]
    agrees(a)


# ---- at random


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(studies())
def test_random_studies(study: Study) -> None:
    with tempfile.TemporaryDirectory() as folder:
        system = planner.read(study.write(Path(folder) / "s"))
    try:
        a = compiled(system).arrays
    except InfeasibleError:
        return
    compare(a)


def compare(a: Arrays) -> None:
    """Where the whole has an optimum the parts find it, and the basis is one; else they leave it to
    the whole."""
    whole = Program(a).run()
    solution, _ = solved_in_parts(a, {})
    if whole.status != "optimal":
        assert solution is None
    else:
        assert solution is not None
        holds(a, solution)
        is_basis(a, solution)
        assert solution.objective == pytest.approx(whole.objective, rel=1e-9, abs=1e-7)


def drawn(seed: int) -> Arrays:
    """Few small whole numbers, so that ties, equal bounds, empty rows and clashes are common;
    columns of one row, and free ones."""
    draw = np.random.default_rng(seed)
    m, n = int(draw.integers(0, 9)), int(draw.integers(1, 12))
    matrix = draw.integers(-3, 4, (m, n)) * (draw.random((m, n)) < draw.uniform(0.1, 0.5))
    middle = matrix @ draw.integers(0, 4, n)
    kind = draw.integers(0, 4, m)
    row_lower = np.where(kind == 1, -INF, middle - (kind == 2) * draw.integers(0, 3, m))
    row_upper = np.where(kind == 3, INF, middle + (kind == 1) * draw.integers(-1, 3, m))
    lower = np.where(draw.random(n) < 0.15, -INF, draw.integers(-1, 2, n).astype(float))
    upper = np.where(draw.random(n) < 0.4, INF, np.maximum(lower, -2) + draw.integers(0, 5, n))
    return lp(
        draw.integers(-2, 6, n),
        matrix,
        row_lower,
        row_upper,
        lower,
        upper,
        offset=float(draw.integers(0, 3)),
    )


@pytest.mark.parametrize("first", range(0, 2000, 200))
def test_random_programmes(first: int) -> None:
    found = {"optimal": 0, "other": 0}
    for seed in range(first, first + 200):
        a = drawn(seed)
        compare(a)
        found["optimal" if solved_in_parts(a, {})[0] is not None else "other"] += 1
    assert min(found.values()) > 20


# ---- from basis to basis


def test_another_pattern_of_zeros_starts_from_nothing_and_is_right() -> None:
    """A yield of zero takes an entry out: the parts are others, their bases are not used, and the
    answer is that of HiGHS."""
    a = arrays_of("quickstart")
    _, bases = solved_in_parts(a, {})
    matrix = a.matrix.copy()
    for at in range(0, matrix.nnz, 7):
        changed = matrix.copy()
        changed.data[at] = 0.0
        other = replace(a, matrix=changed)
        whole, (mine, _) = Program(other).run(), solved_in_parts(other, bases)
        assert (mine is not None) == (whole.status == "optimal")
        if mine is not None:
            holds(other, mine)
            assert mine.objective == pytest.approx(whole.objective, rel=1e-9)


def test_other_numbers_from_the_bases_of_these() -> None:
    a, draw = arrays_of("quickstart"), np.random.default_rng(3)
    _, bases = solved_in_parts(a, {})
    for _ in range(10):
        other = replace(
            a,
            cost=a.cost * draw.uniform(0.5, 2, len(a.cost)),
            row_lower=a.row_lower * 0.9,
            row_upper=a.row_upper * np.where(a.row_lower == a.row_upper, 0.9, 1.0),
        )
        whole, (mine, bases) = Program(other).run(), solved_in_parts(other, bases)
        assert mine is not None
        holds(other, mine)
        assert mine.objective == pytest.approx(whole.objective, rel=1e-9)
