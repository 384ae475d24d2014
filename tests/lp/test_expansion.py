"""The algebra of the rules over whole arrays, on programmes of two or three rows written out by
hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.errors import InfeasibleError
from planner.lp.components import Components, add_param, add_set, add_sets
from planner.lp.formulation import expand

INF = float("inf")


def small() -> Components:
    """Goods a, b, c; a, b may be ordered in years 1 and 2, c never; amounts 2, 3, 5 by good and
    rates 5, 7 by year."""
    m = Components("small")
    add_set(m, "goods", ["a", "b", "c"])
    add_set(m, "pairs", [("a", 1), ("a", 2), ("b", 1), ("b", 2)])
    add_set(m, "orders", [("a", 1), ("a", 2), ("b", 1), ("b", 2)])
    add_set(m, "years", [1, 2])
    add_set(m, "nothing", [], width=2)
    add_sets(m, "years_of", {"a": [1, 2], "b": [1], "c": []})
    add_sets(m, "only_of", {"a": [2], "b": [1]})
    add_sets(m, "friends", {"a": ["b", "a"], "b": ["b"], "c": []})
    add_sets(m, "few", {1: ["a"], 2: ["b", "a"]})
    add_param(m, "amount", {"a": 2.0, "b": 3.0, "c": 5.0})
    add_param(m, "rate", {1: 5.0, 2: 7.0})
    m.numbers["fee"] = 11.0
    return m


def cost(m: Any) -> Any:
    return sum(m.rate[t] * m.new_capacity[g, t] for g, t in m.orders) + m.fee


def carbon(m: Any) -> Any:
    return sum(m.amount[g] * m.new_capacity[g, t] for g, t in m.orders)


def made(rule: Any, index: str, *others: Any) -> Any:
    found = expand(small(), [("cost", cost), ("carbon", carbon)], [("row", index, rule), *others])
    return found[0] if isinstance(found, list) else found


def total(m: Any, g: Any) -> Any:
    return sum(m.new_capacity[g, t] for t in m.years_of[g])


@pytest.mark.parametrize(
    ("rule", "matrix", "lower", "upper"),
    [
        # numbers before and behind the terms move to the other side
        (
            lambda m, g, t: 1 + m.new_capacity[g, t] + 3 <= m.amount[g],
            np.eye(4),
            [-INF] * 4,
            [-2, -2, -1, -1],
        ),
        (
            lambda m, g, t: m.new_capacity[g, t] - 4 >= m.amount[g],
            np.eye(4),
            [6, 6, 7, 7],
            [INF] * 4,
        ),
        (
            lambda m, g, t: 2 - m.new_capacity[g, t] == m.amount[g],
            -np.eye(4),
            [0, 0, 1, 1],
            [0, 0, 1, 1],
        ),
        (
            lambda m, g, t: -m.new_capacity[g, t] <= -m.amount[g],
            -np.eye(4),
            [-INF] * 4,
            [-2, -2, -3, -3],
        ),
        # parameters beside terms, and parameters of both
        (
            lambda m, g, t: m.amount[g] + m.new_capacity[g, t] <= 1,
            np.eye(4),
            [-INF] * 4,
            [-1, -1, -2, -2],
        ),
        (
            lambda m, g, t: m.new_capacity[g, t] + m.amount[g] <= 1,
            np.eye(4),
            [-INF] * 4,
            [-1, -1, -2, -2],
        ),
        (
            lambda m, g, t: m.amount[g] - m.new_capacity[g, t] <= m.amount[g] + m.rate[t],
            -np.eye(4),
            [-INF] * 4,
            [5, 7, 5, 7],
        ),
        (
            lambda m, g, t: (m.amount[g] - m.rate[t]) * m.new_capacity[g, t] <= 2 * m.rate[t],
            np.diag([-3, -5, -2, -4]),
            [-INF] * 4,
            [10, 14, 10, 14],
        ),
        (
            lambda m, g, t: (
                m.new_capacity[g, t] * m.amount[g] * m.rate[t] <= m.amount[g] * m.rate[t]
            ),
            np.diag([10, 14, 15, 21]),
            [-INF] * 4,
            [10, 14, 15, 21],
        ),
        (
            lambda m, g, t: 3 * (m.new_capacity[g, t] + 2) * m.amount[g] <= 0,
            np.diag([6, 6, 9, 9]),
            [-INF] * 4,
            [-12, -12, -18, -18],
        ),
        # a term named twice counts twice; one that is taken away again leaves a row without terms
        (
            lambda m, g, t: m.new_capacity[g, t] + m.new_capacity[g, t] <= 1,
            2 * np.eye(4),
            [-INF] * 4,
            [1] * 4,
        ),
        # sums of the row's own years, of all years, within one another, and of what is the same in
        # every row
        (
            lambda m, g, t: sum(m.rate[u] * m.new_capacity[g, u] for u in m.years) <= 1,
            [[5, 7, 0, 0]] * 2 + [[0, 0, 5, 7]] * 2,
            [-INF] * 4,
            [1] * 4,
        ),
        (
            lambda m, g, t: sum(m.amount[h] * m.new_capacity[h, t] for h in m.friends[g]) <= 1,
            [[2, 0, 3, 0], [0, 2, 0, 3], [0, 0, 3, 0], [0, 0, 0, 3]],
            [-INF] * 4,
            [1] * 4,
        ),
        (
            lambda m, g, t: (
                sum(m.rate[u] * m.new_capacity[h, u] for u in m.years for h in m.few[u]) <= 1
            ),
            [[5, 7, 0, 7]] * 4,
            [-INF] * 4,
            [1] * 4,
        ),
        (
            lambda m, g, t: (
                sum(
                    m.amount[h] * m.amount[g] * m.new_capacity[h, u]
                    for h in m.friends[g]
                    for u in m.only_of[h]
                )
                <= m.rate[t]
            ),
            [[0, 4, 6, 0]] * 2 + [[0, 0, 9, 0]] * 2,
            [-INF] * 4,
            [5, 7, 5, 7],
        ),
    ],
)
def test_rows_by_hand(rule: Any, matrix: Any, lower: list, upper: list) -> None:
    """Columns (a, 1), (a, 2), (b, 1), (b, 2); rows by pair, in the same order."""
    arrays = made(rule, "pairs")
    assert arrays.columns == tuple(
        ("new_capacity", key) for key in (("a", 1), ("a", 2), ("b", 1), ("b", 2))
    )
    assert arrays.rows == tuple(("row", key) for key in (("a", 1), ("a", 2), ("b", 1), ("b", 2)))
    np.testing.assert_array_equal(arrays.matrix.toarray(), matrix)
    np.testing.assert_array_equal(arrays.row_lower, lower)
    np.testing.assert_array_equal(arrays.row_upper, upper)
    np.testing.assert_array_equal(arrays.cost, [5, 7, 5, 7])
    np.testing.assert_array_equal(arrays.carbon, [2, 2, 3, 3])
    assert arrays.offset == 11
    np.testing.assert_array_equal(arrays.lower, [0] * 4)
    np.testing.assert_array_equal(arrays.upper, [INF] * 4)


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, g: total(m, g) <= 0,
        lambda m, g: total(m, g) >= 0,
        lambda m, g: total(m, g) == 0,
        lambda m, g: total(m, g) + 5 <= m.amount[g],
        lambda m, g: total(m, g) - 3 >= -m.amount[g],
    ],
)
def test_a_row_without_a_variable_vanishes_where_it_holds(rule: Any) -> None:
    """c is never ordered: 0 <= 0, 0 >= 0, 0 = 0, 5 <= 5 and -3 >= -5 hold, and the rows behind it
    keep their names and numbers."""
    arrays = made(
        rule,
        "goods",
        (
            "last",
            "goods",
            lambda m, g: m.amount[g] * sum(m.new_capacity[h, t] for h, t in m.orders) <= 1,
        ),
    )
    assert arrays.rows == (
        ("row", ("a",)),
        ("row", ("b",)),
        ("last", ("a",)),
        ("last", ("b",)),
        ("last", ("c",)),
    )
    np.testing.assert_array_equal(
        arrays.matrix.toarray(), [[1, 1, 0, 0], [0, 0, 1, 0], [2] * 4, [3] * 4, [5] * 4]
    )
    np.testing.assert_array_equal(arrays.row_upper[2:], [1, 1, 1])


@pytest.mark.parametrize(
    "rule",
    [
        lambda m, g: total(m, g) <= -m.amount[g],
        lambda m, g: total(m, g) >= m.amount[g],
        lambda m, g: total(m, g) == 1,
        lambda m, g: total(m, g) == -1,
        lambda m, g: total(m, g) + 6 <= m.amount[g],
    ],
)
def test_a_row_without_a_variable_that_cannot_hold_is_named(rule: Any) -> None:
    """0 <= -5, 0 >= 5, 0 = 1, 0 = -1, 6 <= 5."""
    with pytest.raises(InfeasibleError) as caught:
        made(rule, "goods")
    assert "row[c] holds no variable" in str(caught.value)


def test_rows_over_nothing_and_columns_that_occur_nowhere_are_left_out() -> None:
    """No row of an empty set; a column that neither a row nor an objective uses is left out, and
    so is a term of zero."""
    m = small()
    add_set(m, "activities", [("p", 1), ("q", 1), ("r", 1)])
    add_param(m, "min_activity", {("p", 1): 1.0, ("q", 1): 2.0, ("r", 1): 3.0})
    add_param(m, "max_activity", {("p", 1): 4.0, ("q", 1): 5.0, ("r", 1): 6.0})
    add_sets(m, "runs", {"a": ["p"], "b": ["r"], "c": []})
    add_param(m, "null", {"a": 0.0, "b": 1.0, "c": 0.0})
    rows = [
        ("none", "nothing", lambda m, g, t: m.new_capacity[g, t] <= 1),
        (
            "row",
            "goods",
            lambda m, g: (
                sum(m.activity[p, t] for p in m.runs[g] for t in m.first)
                + sum(m.null[g] * m.new_capacity[h, t] for h, t in m.orders)
                >= 0
            ),
        ),
    ]
    add_set(m, "first", [1])
    found = expand(m, [("cost", cost), ("carbon", carbon)], rows)
    arrays = found[0] if isinstance(found, list) else found
    assert [name for name in arrays.columns if name[0] == "activity"] == [
        ("activity", ("p", 1)),
        ("activity", ("r", 1)),
    ]
    assert arrays.rows == tuple(("row", (g,)) for g in "abc")
    at = [arrays.columns.index(("activity", (p, 1))) for p in "pr"]
    assert arrays.columns_of("activity").tolist() == at
    assert arrays.rows_of("row").tolist() == [0, 1, 2]
    np.testing.assert_array_equal(arrays.lower[at], [1, 3])
    np.testing.assert_array_equal(arrays.upper[at], [4, 6])
    np.testing.assert_array_equal(arrays.matrix.toarray()[:, at], [[1, 0], [0, 1], [0, 0]])
    assert arrays.matrix.nnz == 2 + 4


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        (
            lambda m, g: sum(m.rate[u] for t in m.years_of[g] for u in m.years) * total(m, g) <= 1,
            "joins",
        ),
        (lambda m, g: total(m, g) <= sum(m.rate[t] for t in m.years_of[g]), "alone"),
    ],
)
def test_what_is_summed_apart_is_not_joined(rule: Any, word: str) -> None:
    """A sum of parameters is not a number by row, on either side of a product or of the row."""
    with pytest.raises((TypeError, ValueError), match=word):
        made(rule, "goods")
