"""Combinations of values that the metal balance forbids: drawn back as far as counted by hand,
alike in a block and one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner
from planner.analysis.uncertainty.inputs import Input, Uncertainty
from planner.analysis.uncertainty.mass_balance_repair import Contradictions
from planner.analysis.uncertainty.sampling import draw, uncertainty
from planner.errors import SpecError
from planner.mfa.balance import balance
from planner.study.reader import Rereader
from planner.system.nouns import Array, System
from tests.random_studies import studies
from tests.small import Study

Sample = Mapping[str, Array]
CONTENT, RETURNED = "good_values.pack.lithium.content", "good_values.returned.lithium.content"
YIELD = "coefficients.part.lithium/refined.out"
WIDE = {"low": 0.3, "high": 2.0, "distribution": "uniform"}


def read(study: Study) -> System:
    with tempfile.TemporaryDirectory() as folder:
        return planner.read(study.write(Path(folder) / "study"))


def made(system: System, *patterns: str, **fields: Any) -> tuple[Contradictions, tuple[Input, ...]]:
    """All inputs that match, from 0.3 to 2 times the study's values unless said otherwise."""
    inputs = uncertainty(
        system, statement={"inputs": dict.fromkeys(patterns, WIDE | fields)}, inputs=patterns
    ).inputs
    return Contradictions(system, inputs), inputs


def at(**values: float) -> dict[str, Array]:
    return {name: np.array([value]) for name, value in values.items()}


def packs(*, loss: str = "dust") -> System:
    """Packs of a tenth lithium, returned as they are, and parted with four fifths of their lithium
    got back."""
    study = Study(metals=("lithium", "cobalt")).good(
        "lithium/refined", "refined", demand=5, shortage_cost=1000, equivalent=1
    )
    study.good("pack", "scrap", content={"lithium": 0.1, "cobalt": 0.2}).good(
        "returned", "scrap", content={"lithium": 0.1, "cobalt": 0.2}
    )
    study.process("buy", "import", gives={"pack": 1}, import_price=1)
    study.process("hand over", "collect", takes={"pack": 1}, gives={"returned": 1})
    study.process(
        "part", "recycle", takes={"returned": 1}, gives={"lithium/refined": 0.08}, loss=loss
    )
    return read(study)


def test_a_yield_is_halved_until_it_holds() -> None:
    """0.08 + left x 0.06 out of 0.1 t: a third is possible, so a quarter of it is left."""
    contradictions, _ = made(packs(), YIELD)
    assert contradictions.settle([at(**{YIELD: 0.14})]) == [{YIELD: 0.25}]


def test_a_yield_with_a_content_is_drawn_back_alike_and_so_is_what_is_tied_to_it() -> None:
    """0.08 + left x 0.04 out of 0.1 - left x 0.05: two ninths are possible; the pack holds what is
    returned of it."""
    contradictions, inputs = made(packs(), YIELD, "good_values.*.lithium.content")
    assert {each.name: each.tied_to for each in inputs} == {
        CONTENT: "",
        RETURNED: CONTENT,
        YIELD: "",
    }
    sample = at(**{CONTENT: 0.05, RETURNED: 0.05, YIELD: 0.12})
    assert contradictions.settle([sample]) == [dict.fromkeys(sample, 0.125)]


def test_what_a_sample_does_not_give_is_not_drawn_back_and_another_metal_is_none_of_it() -> None:
    contradictions, _ = made(packs(), YIELD, "good_values.*.content")
    assert contradictions.settle(
        [at(**{YIELD: 0.14}), at(**{RETURNED: 0.16, CONTENT: 0.16, YIELD: 0.14}), {}]
    ) == [{YIELD: 0.25}, {}, {}]
    cobalt = {name.replace("lithium", "cobalt"): np.array([0.1]) for name in (CONTENT, RETURNED)}
    assert contradictions.settle([cobalt | at(**{YIELD: 0.09})]) == [{}]


def test_what_no_half_mends_stands_at_the_studys_value() -> None:
    """A process without loss gives out what it takes in, and no part of a departure can be left."""
    contradictions, _ = made(packs(), RETURNED)
    assert contradictions.settle([at(**{RETURNED: 0.11})]) == [{RETURNED: 0.0}]


def test_rows_between_which_a_series_is_linear_are_judged_in_every_year() -> None:
    """0.8 in 2021 and 0.9 in 2025; the sample has 1.2 in 2021, of which the half is 1.0, and 1.3 in
    2025, of which a quarter is."""
    study = (
        Study(2021, 2025)
        .good("lithium/refined", "refined", demand=5, shortage_cost=1000, equivalent=1)
        .good("ore", "intermediate")
    )
    study.process("dig", "import", gives={"ore": 1}, import_price=1)
    study.process(
        "refine",
        "refine",
        takes={"ore": 1},
        gives={"lithium/refined": {2021: 0.8, 2025: 0.9}},
        loss="slag",
    )
    name = "coefficients.refine.lithium/refined.out"
    contradictions, (each,) = made(read(study), name)
    assert each.years == (2021, 2025)
    samples = [{name: np.array(rows)} for rows in ([1.2, 0.9], [1.2, 1.3], [0.7, 0.6])]
    assert contradictions.settle(samples) == [{name: 0.5}, {name: 0.25}, {}]


def test_own_values_that_break_the_balance_end_the_halving() -> None:
    """No study is read that breaks it; should one, no drawing back mends it, and none goes on for
    ever."""
    system = packs()
    (each,) = made(system, YIELD)[1]
    broken = Contradictions(system, [replace(each, value=(0.12,))])
    assert broken.settle([at(**{YIELD: 0.14}), at(**{YIELD: 0.05}), {}]) == [{YIELD: 0.0}, {}, {}]


# ---- products and the goods they are made of

WASTE = "good_values.waste.lithium.content"
USE = "uses.products.good"


def products(split: float = 0.0) -> System:
    """10 t of a good a year, a tenth lithium, of which half become products of as much; `split` of
    it is taken out of them again."""
    study = Study(metals=("lithium", "cobalt"))
    for name in ("good", "other"):
        study.good(
            name,
            "product",
            content={"lithium": 0.1, "cobalt": 0.3},
            demand=10,
            shortage_cost=1000,
            equivalent={"lithium": 0.1},
        )
    study.good("waste", "waste", content={"lithium": 0.1, "cobalt": 0.3}, collection=0)
    uses = {"good": 0.5, **({"other": -split} if split else {})}
    study.product("products", waste="waste", uses=uses, inflow={2020: 4})
    return read(study)


def test_contents_of_products_are_drawn_back_to_what_their_goods_hold() -> None:
    """5 t of products of 0.1 + left x 0.3 hold at most the 1 t of the goods: a third is possible.
    The goods may hold more or less."""
    contradictions, _ = made(products(), "good_values.*.lithium.content")
    both = at(**{WASTE: 0.4, "good_values.good.lithium.content": 0.04})
    assert contradictions.settle([at(**{WASTE: 0.4}), at(**{WASTE: 0.2}), both, {}]) == [
        {WASTE: 0.25},
        {},
        dict.fromkeys(both, 0.125),
        {},
    ]
    assert made(products(), WASTE)[0].settle([at(**{WASTE: 0.4})]) == [{WASTE: 0.25}]


def test_uses_and_demand_take_part_but_are_not_drawn_back() -> None:
    """A use of 0.8 leaves room for a content of 0.125: a twelfth of the way. Without a content in
    the sample it is the balance's to say."""
    contradictions, _ = made(products(), "good_values.*.lithium.content", "uses.*", "demand.*")
    samples = [
        at(**{WASTE: 0.4, USE: 0.8}),
        at(**{WASTE: 0.4, "demand.good": 30.0}),
        at(**{USE: 1.5}),
    ]
    assert contradictions.settle(samples) == [{WASTE: 0.0625}, {WASTE: 0.25}, {}]


def test_where_no_content_mends_it_all_stand_at_the_studys_own() -> None:
    """Half as much again enters use as the goods hold: the balance says it, whatever other goods
    hold."""
    study = Study(metals=("lithium", "cobalt")).good(
        "good", "product", demand=10, shortage_cost=1000, equivalent=1
    )
    study.good("waste", "waste", collection=0).good(
        "pack", "scrap", content={"lithium": 0.1, "cobalt": 0.2}
    )
    study.product("products", waste="waste", uses={"good": 0.9}, inflow={2020: 4})
    contradictions, _ = made(read(study), CONTENT, "uses.*")
    samples = [at(**{CONTENT: 0.12, USE: 1.5}), at(**{CONTENT: 0.12, USE: 0.95}), at(**{USE: 1.5})]
    assert contradictions.settle(samples) == [{CONTENT: 0.0}, {}, {}]


def test_a_sample_whose_uses_are_impossible_leaves_the_others_alone() -> None:
    """4 t of products of 0.1 + left x 0.3 hold the 1 t of the good at half of it. Where more is
    taken out of them than enters, the balance says so, and there is nothing to draw back."""
    contradictions, _ = made(products(split=0.1), "good_values.*.lithium.content", "uses.*")
    assert contradictions.settle(
        [at(**{WASTE: 0.4, USE: 0.05}), at(**{WASTE: 0.4}), at(**{USE: 0.05})]
    ) == [{}, {WASTE: 0.5}, {}]


def test_a_use_of_nothing_in_one_sample_of_a_block() -> None:
    """Products of a third good draw lithium from `a` while some of it enters them, else from what
    the group has left.

    5.5 t of 0.1 + left x 0.2 want no more than the 1 t of `a` less the 0.1 t of the shells: three
    tenths of it are possible. 5 t that draw from `a` and `b`, which have 1.8 t left, may hold all
    of it, and of 0.1 + left x 0.6 thirteen thirtieths.
    """
    study = Study(metals=("lithium", "cobalt"))
    for name in ("a", "b"):
        study.good(
            name,
            "product",
            content={"lithium": 0.1, "cobalt": 0.3},
            demand=10,
            shortage_cost=1000,
            equivalent={"lithium": 0.1},
        )
    study.good("c", "product", metal="cobalt", demand=10, shortage_cost=1000, equivalent=1)
    for name in ("shells", "waste"):
        study.good(name, "waste", content={"lithium": 0.1, "cobalt": 0.1}, collection=0)
    study.product("in shells", waste="shells", uses={"a": 0.1, "b": 0.1}, inflow={2020: 4})
    study.product("products", waste="waste", uses={"a": 0.05, "c": 0.5}, inflow={2020: 4})
    contradictions, _ = made(read(study), "good_values.*.lithium.content", "uses.*", low=0.0)
    none = {"uses.products.a": 0.0}
    samples = [
        at(**sample) for sample in ({WASTE: 0.3}, {WASTE: 0.3} | none, {WASTE: 0.7} | none, none)
    ]
    found = [{WASTE: 0.25}, {}, {WASTE: 0.25}, {}]
    assert contradictions.settle(samples) == found
    assert [contradictions.settle([sample])[0] for sample in samples] == found


# ---- any study

MADE = ("takes in", "than the goods they are made of hold")
"""What reader and balance say of metal that comes from nothing."""
OUTSIDE = "a tonne from outside holds at most 1 t"
"""What the reader asks of imports beyond the balance."""


def sampled(system: System, inputs: Sequence[Input], count: int) -> list[Sample]:
    quantiles = draw(uncertainty_of(inputs), count, seed=0)
    columns = uncertainty_of(inputs).columns()
    rows = {each.name: each.at(quantiles[:, columns[each.name]]) for each in inputs}
    return [{name: values[i] for name, values in rows.items()} for i in range(count)]


def uncertainty_of(inputs: Sequence[Input]) -> Any:
    return Uncertainty(tuple(inputs))


def complaints(
    system: System, inputs: Sequence[Input], sample: Sample, left: Mapping[str, float]
) -> str:
    """What the balance says of the metal that a sample makes."""
    values = {
        path: float(own + left.get(each.name, 1.0) * (value - own))
        for each in inputs
        for path, own, value in zip(each.paths, each.value, sample[each.name], strict=True)
    }
    again, problems = Rereader.of(system).system(values)
    told = [problem.message for problem in problems]
    try:
        balance(again or system)
    except SpecError as error:
        told += [problem.message for problem in error.problems]
    return "; ".join(
        message
        for message in told
        if any(words in message for words in MADE) and OUTSIDE not in message
    )


@given(study=studies(), data=st.data())
@settings(max_examples=25, deadline=None)
def test_what_is_settled_the_balance_accepts_and_what_is_drawn_back_it_refused(
    study: Study, data: st.DataObject
) -> None:
    system = read(study)
    contradictions, inputs = made(system, "coefficients.*", year_correlation=0.5)
    samples = sampled(system, inputs, 6)
    settled = contradictions.settle(samples)
    first = data.draw(st.integers(1, 5))
    assert settled == contradictions.settle(samples[:first]) + contradictions.settle(
        samples[first:]
    )
    assert settled == [contradictions.settle([sample])[0] for sample in samples]
    yearly = all(period.length == 1 for period in system.periods)
    for sample, left in zip(samples[:2], settled, strict=False):
        assert complaints(system, inputs, sample, left) == ""
        if yearly:
            assert bool(complaints(system, inputs, sample, {})) == bool(left)


def test_samples_of_a_block_need_different_numbers_of_halvings() -> None:
    """China, with products that hold more than their goods too."""
    system = planner.read("china")
    inputs = uncertainty(
        system, inputs=("coefficients.*", "good_values.*.content", "demand.*")
    ).inputs
    contradictions, samples = Contradictions(system, inputs), sampled(system, inputs, 24)
    settled = contradictions.settle(samples)
    assert settled == [contradictions.settle([sample])[0] for sample in samples]
    assert len({share for left in settled for share in left.values()}) > 3
    assert len({len(left) for left in settled}) > 2


@pytest.mark.parametrize("years", [(0,), (2021,), (2019, 2023, 2024), (2021, 2030), (2030, 2040)])
def test_series_between_their_rows_are_those_of_numpy(years: tuple[int, ...]) -> None:
    from planner.analysis.uncertainty.mass_balance_repair import _Rows

    own = tuple(float(n + 1) for n in range(len(years)))
    each = Input("x", ("x",) * len(own), years, own, own, own, "t", "D", "", "", 0.0, np.inf)
    asked, sample = np.arange(2021.0, 2031.0), np.linspace(0.3, 4.7, len(own)) ** 2
    values = _Rows([each], asked).values(sample[None], np.array([[0.5]]))
    known = np.interp(asked, years if years != (0,) else [2021], (np.array(own) + sample) / 2)
    assert values.yearly[0, 0] == pytest.approx(known, rel=1e-13)
    assert values.first[0, 0].tolist() == pytest.approx([(own[0] + sample[0]) / 2], rel=1e-13)
