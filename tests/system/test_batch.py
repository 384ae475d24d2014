"""Many sets of numbers at once give what each gives by itself, to the last digit."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import numpy as np
import pytest

import planner
from planner.analysis.uncertainty.sampling import draw, uncertainty
from planner.errors import InfeasibleError
from planner.lp.formulation import components, programme, programmes
from planner.mfa.balance import balance
from planner.mfa.in_use import use_inflow, use_stocks
from planner.system.batch import HEAD, NUMBERS, UnlikeError, agreed, batch, joined, rows, stacked
from planner.system.economics import annuity_due, capital_charge, powers
from planner.system.nouns import Period, System
from tests.lp.test_impacts import market
from tests.lp.test_take_back import loop
from tests.small import system_of


def samples(study, scenario="", count=4, **settings):
    """Systems of one study with other numbers, read one by one; yields and contents are left as
    they are, so that metals balance."""
    base = planner.read(study, scenario=scenario)
    found = uncertainty(base, **settings)
    moved = [
        each
        for each in found.inputs
        if each.name.partition(".")[0] not in ("coefficients", "uses")
        and "content" not in each.name
    ]
    at, quantiles = found.columns(), draw(found, count, seed=5)
    for i in range(count):
        values = {
            path: f"{value!r} {each.unit}"
            for each in moved
            for path, value in zip(
                each.paths, each.at(quantiles[i, at[each.name]]).tolist(), strict=True
            )
        }
        yield planner.read(study, scenario=scenario, overrides=values)


def assert_each_is_its_own(systems):
    """The programmes of a batch are those of its systems built alone; returns them."""
    many, stocks = batch(systems), use_stocks(systems)
    at_once = programmes(components(many, balance(many, stocks=stacked(stocks))))
    assert len(at_once) == len(systems)
    for ours, system, own in zip(at_once, systems, stocks, strict=True):
        alone = programme(components(system, balance(system, stocks=own)))
        assert ours.columns == alone.columns
        assert ours.rows == alone.rows
        assert ours.offset == alone.offset
        for name in ("cost", "carbon", "lower", "upper", "row_lower", "row_upper"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(alone, name), err_msg=name)
        for part in ("indptr", "indices", "data"):
            np.testing.assert_array_equal(getattr(ours.matrix, part), getattr(alone.matrix, part))
    return at_once


def test_a_batch_gives_the_arrays_of_each_sample():
    """Proves that the samples do not meet: every number of every programme is that of its own
    sample, read and built alone. Lives differ, so that plants end in other periods; costs, demands,
    intensities, rates and reserves as well."""
    for study, scenario in (
        ("quickstart", ""),
        ("china", "carbon-neutral"),
        ("china", "self-reliance"),
        ("world", ""),
    ):
        systems = list(samples(study, scenario))
        at_once = assert_each_is_its_own(systems)
        assert len(
            {(a.cost.tobytes(), a.row_lower.tobytes(), a.row_upper.tobytes()) for a in at_once}
        ) == len(systems)


@pytest.mark.parametrize(
    ("study", "paths"),
    [
        (
            loop(more=0.3, cost=25),
            {"take_back.old.more": ("0.1 1", "0.4 1"), "take_back.old.cost": ("20 USD_2021/t",)},
        ),
        (
            market(price=1),
            {
                "impact_values.water.price": ("2 USD_2021/m3",),
                "impact_values.water.electricity": ("0.7 m3/MWh",),
                "process_values.dig.impact:water": ("5 m3/t",),
                "process_values.dig.electricity": ("3 MWh/t",),
            },
        ),
    ],
)
def test_a_batch_holds_numbers_of_waste_taken_back_and_of_impacts(study, paths, tmp_path):
    """Samples that differ in a share taken back or in an impact got the number of the first, and
    where nothing else differed one programme was made for all of them."""
    folder = study.write(tmp_path / "study")
    changes = [{path: value} for path, values in paths.items() for value in values]
    systems = [planner.read(folder, overrides=each) for each in ({}, *changes)]
    found = assert_each_is_its_own(systems)
    for one, other in product(found[:1], found[1:]):
        same = [
            np.array_equal(getattr(one, name), getattr(other, name))
            for name in ("cost", "row_upper")
        ]
        assert not all([*same, np.array_equal(one.matrix.data, other.matrix.data)])
    for each in systems[1:]:
        assert_each_is_its_own([systems[0], each])


def test_an_impact_without_a_price_in_one_sample_is_no_batch(tmp_path):
    """The programme of that sample has no row of the impact."""
    systems = [system_of(market(**price), tmp_path) for price in ({"price": 1}, {"price": 0})]
    many = batch(systems)
    with pytest.raises(UnlikeError, match="differ in what there is"):
        components(many, balance(many))


def test_every_field_of_a_system_has_its_place_in_a_batch():
    """A field that is neither stacked nor compared would be that of the first sample in all."""
    enters_no_programme = {
        *("name", "title", "country", "currency_year", "scenario", "overrides", "data"),
        *("inputs_hash", "files", "loss_media", "discoveries", "observations", "warnings"),
    }
    refused = {"measures", "exploration"}
    made_of_others = {"periods"}
    assert {field.name for field in fields(System)} == {
        *(*NUMBERS, *HEAD, *enters_no_programme, *refused, *made_of_others)
    }
    assert not {*NUMBERS, *HEAD} & {*enters_no_programme, *refused, *made_of_others}


def test_only_what_differs_gets_a_leading_axis():
    """Proves that what all samples share stays one: a good without a changed number is the same
    object still."""
    one, two = (
        planner.read("quickstart"),
        planner.read("quickstart", overrides={"series.carbon_price": "70 USD_2021/tCO2e"}),
    )
    many = batch([one, replace(one, carbon_price=two.carbon_price)])
    assert many.carbon_price.shape == (2, len(one.years))
    assert many.goods is one.goods
    assert many.grid_intensity is one.grid_intensity
    assert batch([one]) is one
    deposit = next(iter(one.deposits.values()))
    pair = stacked([deposit, replace(deposit, reserve=2 * deposit.reserve)])
    assert pair.reserve.shape == (2, 1)
    assert pair.additions is deposit.additions


def test_samples_that_differ_in_more_than_numbers_are_no_batch():
    """Never wrong in silence: another name, another length, a noun that is missing, a decision that
    only some samples take."""
    one = planner.read("quickstart")
    good = next(iter(one.goods.values()))
    kinds = {
        **one.goods,
        good.name: replace(good, kind="scrap" if good.kind == "waste" else "waste"),
    }
    for change in (
        {"discount_rate": 0.5},
        {"goods": {}},
        {"order_periods": (Period(2000, 2001),)},
        {"goods": kinds},
        {"population": np.ones(len(one.years) + 1)},
        {"population": None},
    ):
        with pytest.raises(UnlikeError):
            batch([one, replace(one, **change)])
    with pytest.raises(UnlikeError, match="differ in what there is"):
        agreed([True, False])
    with pytest.raises(UnlikeError):
        agreed(np.array([[True, False], [True, True]]), 1)
    assert agreed([True, True]) is True
    assert agreed(np.array([[True, False]] * 2), 1).tolist() == [True, False]


def test_numbers_of_samples_by_hand():
    """Proves the shapes: single numbers and series meet, and a row that cannot hold in one sample
    is said of the batch."""
    a, b = np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]])
    assert joined([a, b]).tolist() == [[1, 2, 3, 4], [1, 2, 5, 6]]
    assert joined([a, a]).tolist() == [1, 2, 1, 2]
    assert rows([a, b], 2).tolist() == [[[1, 2], [3, 4]], [[1, 2], [5, 6]]]
    assert rows([], 2).shape == (0, 2)
    assert powers(np.array([[2.0], [3.0]]), [0, 2]).tolist() == [[1, 4], [1, 9]]
    rates, lives = np.array([[0.0], [0.1]]), np.array([[4.0], [2.5]])
    assert annuity_due(rates, lives).ravel().tolist() == [
        annuity_due(0.0, 4.0),
        annuity_due(0.1, 2.5),
    ]
    periods = (Period(2020, 2021), Period(2022, 2022), Period(2023, 2025))
    prices = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for i, charge in enumerate(capital_charge(periods, prices, rates, 0.05, lives, 1)):
        np.testing.assert_array_equal(
            charge, capital_charge(periods, prices[i], rates[i, 0], 0.05, lives[i, 0], 1)
        )


def test_a_row_without_options_fails_the_batch():
    """Proves that the one sample whose row cannot hold is not lost among the others: the batch is
    refused, and taken one by one."""
    one = planner.read("quickstart")
    good = next(g for g in one.goods.values() if g.demand is not None)
    alone = replace(
        one,
        processes={},
        plants={},
        ramps={},
        products={},
        policies={},
        goods={
            good.name: replace(good, shortage_cost=None, demand=0.0 * good.demand, kind="product")
        },
    )
    other = replace(alone, goods={good.name: replace(alone.goods[good.name], demand=good.demand)})
    for system in (other, batch([alone, other])):
        with pytest.raises(InfeasibleError, match="without any option"):
            programmes(components(system, balance(system)))


def test_rounding_is_that_of_each_sample():
    """Proves that the large numbers of one sample hide nothing in another: what is below zero is
    judged by its own sample's size."""
    system = planner.read("quickstart")
    name, product = next(
        (name, product) for name, product in system.products.items() if product.uses
    )
    good, years = next(iter(product.uses)), len(system.years)
    system = replace(
        system, goods={**system.goods, good: replace(system.goods[good], demand=np.ones(years))}
    )
    small = np.ones(years)
    small[-1] = -1e-9
    for uses in (small, np.array([np.full(years, 1e6), small])):
        with pytest.raises(ValueError, match=f"negative or not a number in {system.years[-1]}"):
            use_inflow(system, replace(system.products[name], uses={good: uses}))
    small[-1] = -1e-13
    assert (
        use_inflow(system, replace(product, uses={good: np.array([np.full(years, 1e6), small])}))[
            1, -1
        ]
        == 0
    )
