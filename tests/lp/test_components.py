"""Sets and parameters as arrays, against plain dictionaries and lists of the same keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.lp import components
from planner.lp.components import (
    Components,
    Index,
    Labels,
    Series,
    add_param,
    add_set,
    add_sets,
    join_sets,
)
from planner.system.nouns import Period

FEW = settings(derandomize=True, max_examples=40, deadline=None, database=None)
names = st.sampled_from(["a", "b", "c", 2021, 2022, 2025])
keys = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[names] * width), min_size=1, max_size=20, unique=True)
)


def periods(*years: tuple[int, int]) -> tuple[Period, ...]:
    return tuple(Period(first, last) for first, last in years)


def test_labels_are_numbered_as_they_come() -> None:
    labels = Labels()
    assert [labels.code(name) for name in ("b", "a", "b", 3)] == [0, 1, 0, 2]
    assert labels.codes(["a", 3, "new"]).tolist() == [1, 2, 3]
    assert labels.names == ["b", "a", 3, "new"]


@pytest.mark.parametrize("dense", [True, False])
@given(keys, st.randoms(use_true_random=False))
@FEW
def test_keys_are_found_where_they_stand(dense: bool, listed: list, shuffle) -> None:
    """In a table of all places and by search: each key at its place; nothing for a key of parts
    that occur but not together, for one with a part that stands nowhere, and for a name that came
    after."""
    asked = [
        *listed,
        *(
            [
                tuple(shuffle.choice(["a", "b", "c", 2021, 2022, 2025]) for _ in listed[0])
                for _ in range(30)
            ]
        ),
    ]
    asked += [("new", *listed[0][1:]), (*listed[0][:-1], "elsewhere")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "DENSE_LIMIT", 10**9 if dense else -(10**9))
        labels = Labels()
        labels.codes(["first", "elsewhere"])
        columns = np.column_stack([labels.codes(part) for part in zip(*listed, strict=True)])
        index = Index("keys", labels, columns)
        parts = [labels.codes(part) for part in zip(*asked, strict=True)]
        found = index.find(parts)
    place = {key: i for i, key in enumerate(listed)}
    assert found.tolist() == [place.get(key, -1) for key in asked]
    assert index.keys == listed
    assert (len(index), index.width) == (len(listed), len(listed[0]))
    assert index.members == (listed if len(listed[0]) > 1 else [key for (key,) in listed])


def test_in_no_keys_nothing_is_found() -> None:
    m = Components("small")
    empty = add_set(m, "empty", [], width=2)
    assert (len(empty), empty.width, empty.keys) == (0, 2, [])
    assert empty.find([m.labels.codes(["a", "b"]), m.labels.codes([1, 2])]).tolist() == [-1, -1]
    assert add_set(m, "bare", []).width == 1


def test_a_series_has_a_number_for_each_key_and_period() -> None:
    """Two keys of two parts in three periods; then a key of which the second period alone is kept."""
    series = Series(periods((2021, 2021), (2022, 2024), (2025, 2025)), 2)
    assert series.codes(Labels()).shape == (0, 3)
    assert series.values.shape == (0,)
    series.add("x", "y", values=np.array([1.0, 2.0, 3.0]))
    series.add("z", "y", values=np.array([4.0, 5.0, 6.0]))
    m = Components("small")
    assert add_set(m, "whole", series).keys == [
        (*head, t) for head in (("x", "y"), ("z", "y")) for t in (2021, 2022, 2025)
    ]
    assert series.values.tolist() == [1, 2, 3, 4, 5, 6]
    series.add("w", "y", values=np.array([7.0, 8.0, 9.0]), kept=np.array([False, True, False]))
    series.add("v", "y", values=np.array([10.0, 11.0, 12.0]))
    assert series.values.tolist() == [1, 2, 3, 4, 5, 6, 8, 10, 11, 12]
    assert add_set(m, "part", series).keys[6:] == [
        ("w", "y", 2022),
        ("v", "y", 2021),
        ("v", "y", 2022),
        ("v", "y", 2025),
    ]


def members_of(m: Components, name: str) -> dict:
    family = m.members[name]
    inside = Index(name, m.labels, family.codes).keys
    return {
        key: inside[a:b]
        for key, a, b in zip(family.index.keys, family.start[:-1], family.start[1:], strict=True)
    }


def test_members_stand_behind_their_key_in_their_order() -> None:
    """Given by key; over keys of another set in its order, where those without members are left
    out; and from pairs in any order."""
    m = Components("small")
    add_sets(m, "plain", {"a": ["x", "y"], "b": [], "c": ["y"]})
    assert members_of(m, "plain") == {("a",): [("x",), ("y",)], ("b",): [], ("c",): [("y",)]}
    rows = add_set(m, "rows", [("c", 1), ("a", 2), ("b", 1)])
    add_sets(m, "over", {("b", 1): [("p", 7)], ("c", 1): [("q", 8), ("p", 9)]}, width=2, over=rows)
    assert members_of(m, "over") == {
        ("c", 1): [("q", 8), ("p", 9)],
        ("a", 2): [],
        ("b", 1): [("p", 7)],
    }
    add_sets(m, "none", {}, width=2, over=rows)
    assert members_of(m, "none") == {("c", 1): [], ("a", 2): [], ("b", 1): []}
    assert m.members["none"].codes.shape == (0, 2)
    assert m.members["plain"].codes.shape == (3, 1)
    key, member = (
        Index(
            "",
            m.labels,
            np.column_stack([m.labels.codes(part) for part in zip(*listed, strict=True)]),
        ).codes
        for listed in ([("a", 2), ("c", 1), ("a", 2)], [("s",), ("r",), ("q",)])
    )
    join_sets(m, "pairs", rows, key, member)
    assert members_of(m, "pairs") == {("c", 1): [("r",)], ("a", 2): [("s",), ("q",)], ("b", 1): []}


def test_parameters_have_a_number_for_every_key_and_no_more() -> None:
    """One number too few is refused, and one that is none is named, the first of them."""
    m = Components("small")
    rows = add_set(m, "rows", [("a", 1), ("b", 2)])
    add_param(m, "fine", {("a", 1): 2, ("b", 2): 3.5}, rows)
    assert m.parameters["fine"].values.tolist() == [2.0, 3.5]
    assert m.parameters["fine"].index is rows
    with pytest.raises(ValueError, match="'short' has 1 values for 2 keys"):
        add_param(m, "short", {("a", 1): 2}, rows)
    with pytest.raises(ValueError, match=r"'wrong' is not a number at b, 2$"):
        add_param(m, "wrong", {("a", 1): 1.0, ("b", 2): float("nan"), ("c", 3): float("nan")})
