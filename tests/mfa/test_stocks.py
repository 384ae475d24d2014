"""Cohort stocks: against flodym, steady states, both directions, uneven periods, repairs, speed and
memory beside flodym."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gamma

from planner.mfa import stocks
from planner.mfa.lifetimes import CONVENTION_NOTES, Lifetime, tabulated
from planner.mfa.stocks import entered_behind, inflow_driven, stock_driven, survival_matrix

YEARS = 40
SERIES = 5
CONVENTIONS = tuple(CONVENTION_NOTES)
SHAPES = {
    "shared": (),
    "by cohort": (YEARS,),
    "by series": (SERIES, 1),
    "by series and cohort": (SERIES, YEARS),
}


def random_inflow(series: int = SERIES, years: int = YEARS) -> np.ndarray:
    return np.random.default_rng(7).random((series, years)) * 100


def weibull(shape: tuple[int, ...]) -> Lifetime:
    return Lifetime.of(
        "weibull", 4 + 20 * np.random.default_rng(11).random(shape), shape=np.full(shape, 2.2)
    )


def flodym_run(
    flodym, life_of, values: np.ndarray, *, stock: bool = False, items: list[int] | None = None
):
    """flodym's own stock model for the same series: (inflow, stock, outflow), each (S, Y)."""
    count, years = values.shape
    dims = flodym.DimensionSet(
        dim_list=[
            flodym.Dimension(name="time", letter="t", items=items or list(range(years)), dtype=int),
            flodym.Dimension(
                name="series", letter="s", items=[str(i) for i in range(count)], dtype=str
            ),
        ]
    )
    given_values = flodym.StockArray(dims=dims, values=values.T.copy())
    model = (
        flodym.StockDrivenDSM(dims=dims, stock=given_values, lifetime_model=life_of(dims))
        if stock
        else flodym.InflowDrivenDSM(dims=dims, inflow=given_values, lifetime_model=life_of(dims))
    )
    model.compute()
    return model.inflow.values.T, model.stock.values.T, model.outflow.values.T


def flodym_pairs(flodym, mean: np.ndarray, convention: str):
    """(our lifetime, flodym's) for every distribution that flodym has; mean (S, Y)."""
    turned = mean.T.copy()
    yield (
        Lifetime.of("fixed", mean),
        lambda d: flodym.FixedLifetime(dims=d, mean=turned, inflow_at=convention),
    )
    yield (
        Lifetime.of("weibull", mean, shape=2.2),
        lambda d: flodym.WeibullLifetime(
            dims=d,
            weibull_scale=turned / gamma(1 + 1 / 2.2),
            weibull_shape=2.2,
            inflow_at=convention,
        ),
    )
    yield (
        Lifetime.of("lognormal", mean, sd=0.4 * mean),
        lambda d: flodym.LogNormalLifetime(
            dims=d, mean=turned, std=0.4 * turned, inflow_at=convention
        ),
    )
    yield (
        Lifetime.of_underlying("folded_normal", mean, 0.6 * mean),
        lambda d: flodym.FoldedNormalLifetime(
            dims=d, mean=turned, std=0.6 * turned, inflow_at=convention
        ),
    )
    # flodym does not cut its normal distribution; at a seventh of the mean nothing of it lies below
    # 0
    yield (
        Lifetime.of_underlying("normal", mean, mean / 7),
        lambda d: flodym.NormalLifetime(dims=d, mean=turned, std=turned / 7, inflow_at=convention),
    )


@pytest.mark.parametrize("convention", ["end", "middle", "start"])
def test_flodym_conventions_both_ways(convention):
    """Inflow-driven and stock-driven, lives by series and cohort, to 1e-9 of the largest stock."""
    flodym = pytest.importorskip("flodym")
    inflow = random_inflow()
    mean = 6.3 + 20 * np.random.default_rng(3).random((SERIES, YEARS))
    for life, theirs in flodym_pairs(flodym, mean, convention):
        run = inflow_driven(inflow, life, convention=convention)
        for ours, other in zip(
            (run.inflow, run.stock, run.outflow), flodym_run(flodym, theirs, inflow), strict=True
        ):
            assert np.abs(ours - other).max() <= 1e-9 * run.stock.max(), life.distribution
        wanted = 100.0 + 5 * np.arange(YEARS) + np.zeros((SERIES, 1))
        back = stock_driven(wanted, life, convention=convention)
        for ours, other in zip(
            (back.inflow, back.stock, back.outflow),
            flodym_run(flodym, theirs, wanted, stock=True),
            strict=True,
        ):
            assert np.abs(ours - other).max() <= 1e-9 * wanted.max(), life.distribution


def test_flodym_uneven_stock_agrees_and_outflow_does_not():
    """The stock of uneven periods is flodym's. Its outflow leaves out the periods' lengths and does
    not balance; ours does."""
    flodym = pytest.importorskip("flodym")
    items = [0, 1, 2, 3, 8, 13, 18]
    edges = np.array([-0.5, 0.5, 1.5, 2.5, 5.5, 10.5, 15.5, 20.5])
    inflow = random_inflow(2, len(items))
    life = Lifetime.of("weibull", np.full((2, 1), 9.0), shape=np.full((2, 1), 2.2))
    scale = 9.0 / gamma(1 + 1 / 2.2)
    _, stock, outflow = flodym_run(
        flodym,
        lambda d: flodym.WeibullLifetime(
            dims=d, weibull_scale=scale, weibull_shape=2.2, inflow_at="middle"
        ),
        inflow,
        items=items,
    )
    run = inflow_driven(inflow, life, edges=edges, convention="middle")
    assert run.stock == pytest.approx(stock, rel=1e-9)
    change = np.diff(run.stock, prepend=0.0, axis=-1)
    assert np.diff(edges) * (run.inflow - run.outflow) == pytest.approx(change, rel=1e-9)
    assert np.abs(np.diff(edges) * (inflow - outflow) - change).max() > 0.01 * inflow.max()


@pytest.mark.parametrize("mean", [0.01, 0.3, 1.0, 30.0])
@pytest.mark.parametrize(
    "distribution",
    ["fixed", "exponential", "weibull", "gamma", "lognormal", "normal", "folded_normal"],
)
def test_steady_state_is_inflow_times_life_also_below_a_year(distribution, mean):
    """10 t a year: the stock becomes 10 x life and the outflow the inflow. `middle` gives 0 or 10 t
    for a life of 0.3."""
    life = Lifetime.of(distribution, mean, sd=0.3 * mean, shape=2.0)
    run = inflow_driven(np.full(1500, 10.0), life)
    assert run.stock[-1] == pytest.approx(10 * mean, rel=1e-9)
    assert run.outflow[-1] == pytest.approx(10.0, rel=1e-9)


def test_fixed_life_by_hand():
    """12 t in the first year only, life 1.5: all there at its end, half at the end of the second
    year, and so 6 t leave in each of two."""
    run = inflow_driven([12.0, 0.0, 0.0], Lifetime.of("fixed", 1.5))
    assert run.stock == pytest.approx([12.0, 6.0, 0.0])
    assert run.outflow == pytest.approx([0.0, 6.0, 6.0])


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_system_of_one_year(convention):
    run = inflow_driven([[10.0], [20.0]], Lifetime.of("exponential", 5.0), convention=convention)
    assert run.stock + run.outflow == pytest.approx(np.array([[10.0], [20.0]]))
    assert stock_driven(
        run.stock, Lifetime.of("exponential", 5.0), convention=convention
    ).inflow == pytest.approx(run.inflow)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_inflow_stock_inflow_returns(shape, convention):
    """Both directions are inverse for every structure of lifetimes, cohort by cohort, and stock
    change is inflow less outflow."""
    inflow, life = random_inflow(), weibull(SHAPES[shape])
    run = inflow_driven(inflow, life, convention=convention, cohorts=True)
    plain = inflow_driven(inflow, life, convention=convention)
    back = stock_driven(run.stock, life, convention=convention, cohorts=True)
    assert plain.stock == pytest.approx(run.stock, rel=1e-12)
    assert plain.outflow == pytest.approx(run.outflow, rel=1e-9, abs=1e-12)
    assert run.cohorts.sum(axis=-1) == pytest.approx(run.stock, rel=1e-12)
    assert np.diff(run.stock, prepend=0.0, axis=-1) == pytest.approx(
        run.inflow - run.outflow, abs=1e-10
    )
    assert back.inflow == pytest.approx(inflow, rel=1e-9)
    assert back.outflow == pytest.approx(run.outflow, rel=1e-9, abs=1e-9)
    assert back.cohorts == pytest.approx(run.cohorts, rel=1e-9, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    inflow=st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30),
    mean=st.floats(0.05, 200.0),
    cv=st.floats(0.05, 0.7),
    distribution=st.sampled_from(["exponential", "gamma", "lognormal", "normal", "folded_normal"]),
)
def test_any_inflow_returns_and_nothing_is_made_or_lost(inflow, mean, cv, distribution):
    """Property: outflow and stock are never negative, what entered is in stock or left, and the
    stock leads back to the inflow."""
    life = Lifetime.of(distribution, mean, sd=cv * mean)
    run = inflow_driven(inflow, life)
    scale = max(sum(inflow), 1.0)
    assert (run.stock >= 0).all()
    assert (run.outflow >= 0).all()
    assert run.stock + np.cumsum(run.outflow) == pytest.approx(np.cumsum(inflow), abs=1e-12 * scale)
    back = stock_driven(run.stock, life)
    # what a year's inflow leaves at its end divides the rounding of the stock
    assert back.inflow == pytest.approx(np.array(inflow), abs=1e-11 * scale / min(mean, 1.0))


@pytest.mark.parametrize("shape", SHAPES)
def test_initial_cohorts_go_on_as_if_nothing_had_been_cut(shape):
    """Cut the run after 15 years and start it again from the cohorts in use: stock, outflow and
    cohorts are the same."""
    inflow, life, cut = random_inflow(), weibull(SHAPES[shape]), 15
    whole = inflow_driven(inflow, life, cohorts=True)
    initial = whole.cohorts[:, cut - 1, :cut]
    again = inflow_driven(inflow[:, cut:], life, initial=initial, cohorts=True)
    back = stock_driven(whole.stock[:, cut:], life, initial=initial, cohorts=True)
    assert again.opening == pytest.approx(whole.stock[:, cut - 1])
    for run in (again, back):
        assert run.stock == pytest.approx(whole.stock[:, cut:], rel=1e-9)
        assert run.outflow == pytest.approx(whole.outflow[:, cut:], rel=1e-9)
        assert run.cohorts == pytest.approx(whole.cohorts[:, cut:], rel=1e-9, abs=1e-9)
    assert back.inflow == pytest.approx(inflow[:, cut:], rel=1e-9)


@pytest.mark.parametrize("shape", ["shared", "by series"])
def test_uneven_periods_equal_the_refined_grid(shape):
    """Periods of 1 to 20 years against single years with the same inflow: stock at the ends,
    outflow summed over each period."""
    edges = np.array([0, 1, 3, 4, 9, 10, 20, 40])
    lengths = np.diff(edges)
    coarse = random_inflow(SERIES, len(lengths))
    life = weibull(SHAPES[shape])
    run = inflow_driven(coarse, life, edges=edges)
    fine = inflow_driven(np.repeat(coarse, lengths, axis=1), life)
    assert run.stock == pytest.approx(fine.stock[:, edges[1:] - 1], rel=1e-10)
    assert run.outflow * lengths == pytest.approx(
        np.add.reduceat(fine.outflow, edges[:-1], axis=1), rel=1e-9
    )
    assert stock_driven(run.stock, life, edges=edges).inflow == pytest.approx(coarse, rel=1e-9)


def test_half_years_equal_a_refined_grid_and_not_a_year():
    """Twenty half-years against forty quarters: the same stock, since the uniform convention is
    exact for any step."""
    life = Lifetime.of("gamma", 1.2, sd=0.5)
    half = inflow_driven(np.full(20, 8.0), life, edges=np.arange(21) / 2)
    quarter = inflow_driven(np.full(40, 8.0), life, edges=np.arange(41) / 4)
    assert half.stock == pytest.approx(quarter.stock[1::2], rel=1e-10)
    assert half.outflow == pytest.approx(quarter.outflow.reshape(20, 2).mean(axis=1), rel=1e-9)


def test_negative_inflow_is_refused_with_its_place():
    stock = np.array([[10.0, 10.0, 10.0], [10.0, 1.0, 10.0]])
    with pytest.raises(ValueError, match=r"series 1, period 1: .*repair='keep'"):
        stock_driven(stock, Lifetime.of("exponential", 10.0))


@pytest.mark.parametrize("repair", ["keep", "retire"])
def test_negative_inflow_is_repaired_and_reported(repair):
    """10 t wanted, then 1: exponential of mean 10 leaves 10 exp(-0.1) = 9.048 of them: 8.048 too
    many stay, or are scrapped."""
    run = stock_driven(
        [10.0, 1.0, 10.0], Lifetime.of("exponential", 10.0), repair=repair, cohorts=True
    )
    assert run.repaired == pytest.approx([0.0, 10 * np.exp(-0.1) - 1.0, 0.0])
    assert run.inflow[1] == 0.0
    assert run.stock == pytest.approx([10.0, 10 * np.exp(-0.1) if repair == "keep" else 1.0, 10.0])
    assert np.diff(run.stock, prepend=0.0) == pytest.approx(run.inflow - run.outflow)
    assert run.cohorts.sum(axis=-1) == pytest.approx(run.stock)
    # what is scrapped early does not leave a second time
    left = np.exp(-0.1) * run.stock[1]
    assert run.inflow[2] * 10 * -np.expm1(-0.1) == pytest.approx(10.0 - left)


def test_a_stock_that_no_inflow_makes_is_refused():
    """With all inflow at the start of the year and a life of half a year nothing is left at its
    end."""
    with pytest.raises(ValueError, match="nothing that enters in period 0 is left"):
        stock_driven([1.0, 1.0], Lifetime.of("fixed", 0.5), convention="start")
    assert stock_driven([1.0, 1.0], Lifetime.of("fixed", 0.5)).inflow == pytest.approx([2.0, 2.0])


def test_what_must_have_entered():
    """3 t of a cohort of which a quarter lives: 12 t entered. One beyond its life is refused."""
    life = Lifetime.of("fixed", 1.25)
    assert entered_behind(np.array([3.0, 5.0]), life.at((None,)), [0.0, 1.0, 2.0]) == pytest.approx(
        [12.0, 5.0]
    )
    with pytest.raises(ValueError, match="entered 3 periods before the start is still in use"):
        inflow_driven([1.0], life, initial=[1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inflow": [1.0, np.nan]}, "not a number"),
        ({"inflow": []}, "at least one year"),
        ({"inflow": [1.0], "initial": [-1.0]}, "negative"),
        ({"inflow": [1.0, 2.0], "edges": [0.0, 1.0]}, "3 rising bounds"),
        ({"inflow": [1.0, 2.0], "edges": [0.0, 1.0, 1.0]}, "rising bounds"),
    ],
)
def test_bad_series_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        inflow_driven(arguments.pop("inflow"), Lifetime.of("fixed", 3.0), **arguments)


def test_lifetimes_of_another_length_are_refused():
    with pytest.raises(ValueError, match="1 or 3 cohorts, not 2"):
        inflow_driven([1.0, 1.0, 1.0], Lifetime.of("fixed", [3.0, 4.0]))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("step", [1.0, 2.0])
def test_cohorts_that_live_alike_survive_as_each_by_itself(convention: str, step: float) -> None:
    """Lives that change now and then, in some series only: to the last digit what each cohort has
    when it stands alone."""
    mean = np.array([[4.0, 4, 4, 6, 6, 6, 4, 4], [5.0, 5, 5, 5, 5, 7, 7, 7]])
    edges = step * np.arange(9.0)
    for life in (
        Lifetime.of("weibull", mean, shape=np.full(mean.shape, 2.2)),
        Lifetime.of("gamma", mean, sd=mean / 3),
        Lifetime.of("lognormal", 5.0, sd=mean / 4),
    ):
        matrix = survival_matrix(life, edges, convention)
        for c in range(8):
            alone = survival_matrix(
                life.at((..., slice(c, c + 1))), edges[c:] - edges[c], convention
            )
            assert np.array_equal(matrix[:, c:, c], alone[:, :, 0])


def test_survival_matrix_is_lower_triangular():
    matrix = survival_matrix(Lifetime.of("exponential", [4.0, 8.0, 4.0]), np.arange(4.0))
    assert np.triu(matrix, 1) == pytest.approx(np.zeros((3, 3)))
    assert matrix[2, 1] > matrix[2, 0] * 1.5


UNEVEN = np.array([0.0, 1.0, 2.0, 4.0, 5.0])
"""Two initial cohorts of a year, then periods of two years and of one."""


@pytest.mark.parametrize(
    ("convention", "left"),
    [
        ("start", np.exp(-0.2)),
        ("middle", np.exp(-0.1)),
        ("end", 1.0),
        ("uniform", -np.expm1(-0.2) / 0.2),
    ],
)
def test_one_tonne_a_year_over_two_years_and_then_none_for_three(convention, left):
    """Exponential of mean 10, by hand: of 2 t a share `left` is there after the two years, and
    exp(-0.3) of that three years later."""
    run = inflow_driven(
        [1.0, 0.0], Lifetime.of("exponential", 10.0), edges=[0, 2, 5], convention=convention
    )
    stock = 2 * left * np.array([1.0, np.exp(-0.3)])
    assert run.stock == pytest.approx(stock, rel=1e-12)
    assert run.outflow == pytest.approx(
        [(2 - stock[0]) / 2, (stock[0] - stock[1]) / 3], rel=1e-9, abs=1e-15
    )
    assert stock_driven(
        run.stock, Lifetime.of("exponential", 10.0), edges=[0, 2, 5], convention=convention
    ).inflow == pytest.approx([1, 0])


def test_periods_of_two_years_are_not_of_one():
    """1 t a year, exponential of mean 10: 10 (1 - exp(-0.2)) t after two years, 10 (1 - exp(-0.4))
    t after four."""
    run = inflow_driven([1.0, 1.0], Lifetime.of("exponential", 10.0), edges=[0, 2, 4])
    assert run.stock == pytest.approx([-10 * np.expm1(-0.2), -10 * np.expm1(-0.4)], rel=1e-12)


def test_a_stock_held_over_uneven_periods_flows_by_the_year():
    """10 t of mean life 10, kept at 10 t: 1 t a year leaves and 1 t a year enters, whatever the
    periods' lengths."""
    run = stock_driven(
        [10.0, 10.0],
        Lifetime.of("exponential", 10.0),
        edges=[0, 1, 3, 8],
        initial=[10.0],
        cohorts=True,
    )
    assert run.opening == pytest.approx(10.0)
    assert run.inflow == pytest.approx([1.0, 1.0])
    assert run.outflow == pytest.approx([1.0, 1.0])
    held = 10 * np.exp(-0.2), 10 * np.exp(-0.7)
    after = 10 * -np.expm1(-0.2) * np.exp(-0.5)
    assert run.cohorts == pytest.approx(
        np.array([[held[0], 10 - held[0], 0.0], [held[1], after, 10 - held[1] - after]])
    )


def test_initial_cohorts_are_scrapped_alike_in_an_uneven_period():
    """4 t and 6 t of mean life 10, 5 t wanted after two years: 10 exp(-0.2) - 5 t are scrapped, 5 t
    leave, 2.5 a year. Then 5 t are kept: 0.5 t enters, as leaves."""
    run = stock_driven(
        [5.0, 5.0],
        Lifetime.of("exponential", 10.0),
        edges=UNEVEN,
        initial=[4.0, 6.0],
        repair="retire",
        cohorts=True,
    )
    assert run.repaired == pytest.approx([10 * np.exp(-0.2) - 5, 0.0])
    assert run.stock == pytest.approx([5.0, 5.0])
    assert run.inflow == pytest.approx([0.0, 0.5])
    assert run.outflow == pytest.approx([2.5, 0.5])
    assert run.cohorts == pytest.approx(
        np.array([[2, 3, 0, 0], [2 * np.exp(-0.1), 3 * np.exp(-0.1), 0, -5 * np.expm1(-0.1)]])
    )


def test_initial_cohorts_are_kept_above_the_path():
    """The same, kept: 10 exp(-0.2) t and 10 exp(-0.3) t lie above the 5 t wanted, and nothing
    enters."""
    run = stock_driven(
        [5.0, 5.0],
        Lifetime.of("exponential", 10.0),
        edges=UNEVEN,
        initial=[4.0, 6.0],
        repair="keep",
        cohorts=True,
    )
    stock = 10 * np.exp(-0.2), 10 * np.exp(-0.3)
    assert run.stock == pytest.approx(stock)
    assert run.repaired == pytest.approx([stock[0] - 5, stock[1] - 5])
    assert run.inflow == pytest.approx([0.0, 0.0])
    assert run.outflow == pytest.approx([(10 - stock[0]) / 2, stock[0] - stock[1]])
    assert run.cohorts[:, :2] == pytest.approx(np.outer(stock, [0.4, 0.6]))


def test_the_first_too_many_are_told_by_their_place():
    """Of two initial cohorts that leave 10 exp(-0.2) t where 5 t are wanted: the period counts from
    the first that is given."""
    with pytest.raises(ValueError, match=r"\(period 0: 3.18731 t too much survives\)"):
        stock_driven([5.0, 5.0], Lifetime.of("exponential", 10.0), edges=UNEVEN, initial=[4.0, 6.0])
    with pytest.raises(ValueError, match=r"series \(0, 1\), period 1: 8.04837 t"):
        stock_driven([[[10.0, 10.0], [10.0, 1.0]]], Lifetime.of("exponential", 10.0))


@pytest.mark.parametrize("repair", ["refuse", "keep", "retire"])
def test_no_stock_needs_no_inflow(repair):
    """Nothing wanted is nothing, also where nothing that enters would be left: no share of nothing
    is taken."""
    for life, convention in ((0.5, "start"), (5.0, "uniform")):
        run = stock_driven(
            [0.0, 0.0], Lifetime.of("fixed", life), convention=convention, repair=repair
        )
        assert run.inflow.tolist() == run.stock.tolist() == run.outflow.tolist() == [0.0, 0.0]
        assert run.repaired is None if repair == "refuse" else not run.repaired.any()


def test_rounding_is_told_by_the_size_of_the_stock():
    """A stock of 1e-14 t that falls to a tenth is not rounding, and one of 1e6 t that misses by
    1e-10 t is, as is an initial one."""
    life = Lifetime.of("exponential", 10.0)
    with pytest.raises(ValueError, match="falls faster"):
        stock_driven([1e-14, 1e-15], life)
    left = 1e6 * np.exp(-0.1)
    assert stock_driven([1e6, left - 1e-8], life, repair="refuse").inflow[1] == pytest.approx(
        0.0, abs=1e-6
    )
    assert stock_driven([left - 3e-7], life, initial=[1e6]).inflow[0] == 0.0
    with pytest.raises(ValueError, match="falls faster"):
        stock_driven([left - 3e-6], life, initial=[1e6])
    # of 1e6 t of life 1/30 there are 1e6 exp(-30), 1e-7 t, left, and none is wanted
    assert stock_driven([0.0], Lifetime.of("exponential", 1 / 30), initial=[1e6]).inflow[0] == 0.0


def test_a_cohort_of_nothing_may_be_of_any_age_and_the_age_of_one_that_may_not_is_named():
    """Nothing is left of life 1.25 after two years: a cohort of 0 t then is not an error, one of 1
    t is."""
    assert inflow_driven(
        [0.0], Lifetime.of("fixed", 1.25), initial=[0.0, 0.0, 1.0]
    ).stock == pytest.approx([0.25])
    with pytest.raises(ValueError, match="entered 3 periods before"):
        inflow_driven([1.0], Lifetime.of("fixed", 1.25), initial=[0.0, 1.0, 1.0, 1.0])


def test_one_life_for_two_series_and_a_life_for_each():
    """Two series of two lives: 1 t a year for two years, exponential of mean 10 and of mean 5."""
    run = inflow_driven([[1.0, 1.0], [1.0, 1.0]], Lifetime.of("exponential", [[10.0], [5.0]]))
    assert run.stock == pytest.approx(
        np.array([[-m * np.expm1(-1 / m), -m * np.expm1(-2 / m)] for m in (10.0, 5.0)])
    )


def test_one_initial_cohort_and_one_life_for_two_series():
    """10 t that were there in both, of which exp(-0.1) is left after a year, beside an inflow of 1
    and of 2 t."""
    life = Lifetime.of("exponential", 10.0)
    run = inflow_driven([[1.0], [2.0]], life, initial=[10.0])
    kept = -10 * np.expm1(-0.1)
    assert run.stock == pytest.approx(
        np.array([[10 * np.exp(-0.1) + kept], [10 * np.exp(-0.1) + 2 * kept]])
    )
    assert run.opening.tolist() == [10, 10]
    assert stock_driven(run.stock, life, initial=[10.0]).inflow == pytest.approx(
        np.array([[1.0], [2.0]])
    )


MANY = 200
FEW = 5


def many_lives(distribution: str, forms: int = 3) -> Lifetime:
    """Lives of 200 series by 100 cohorts that lengthen, in a few forms: enough for the table. The
    first series alone are too few."""
    rng = np.random.default_rng(13)
    mean = (0.4 + 40 * rng.random((MANY, 1))) * np.linspace(0.8, 1.4, 100)
    form = rng.choice(np.linspace(0.15, 0.7, forms), (MANY, 1))
    return Lifetime.of(distribution, mean, sd=form * mean, shape=1 / form)


@pytest.mark.parametrize(
    "distribution", ["exponential", "weibull", "gamma", "lognormal", "normal", "folded_normal"]
)
@pytest.mark.parametrize(
    "edges", [np.arange(101.0), np.arange(101.0) / 2], ids=["years", "half-years"]
)
def test_the_table_of_many_lives_is_the_closed_form(distribution, edges):
    """Both directions of 200 series x 100 cohorts against the closed forms of the first few, to
    1e-12 of the largest inflow or stock."""
    life, inflow = many_lives(distribution), random_inflow(MANY, 100)
    assert tabulated(life, edges[1], 100) is not None
    assert tabulated(life.at(slice(FEW)), edges[1], 100) is None
    many, few = (
        inflow_driven(inflow, life, edges=edges),
        inflow_driven(inflow[:FEW], life.at(slice(FEW)), edges=edges),
    )
    assert np.abs(many.stock[:FEW] - few.stock).max() <= 1e-12 * few.stock.max()
    assert np.abs(many.outflow[:FEW] - few.outflow).max() <= 1e-12 * few.stock.max()
    assert (many.outflow >= 0).all()
    back = stock_driven(many.stock, life, edges=edges)
    assert np.abs(back.inflow - inflow).max() <= 1e-11 * inflow.max() / min(
        float(life.mean.min()), 1.0
    )


@pytest.mark.parametrize(
    ("convention", "edges"),
    [
        ("start", np.arange(101.0)),
        ("middle", np.arange(101.0)),
        ("end", np.arange(101.0)),
        ("uniform", np.append(np.arange(100.0), 105.0)),
    ],
    ids=["start", "middle", "end", "uneven"],
)
def test_many_lives_have_no_table_but_for_even_uniform_periods(convention, edges):
    """200 series as the first few alone, by the other conventions and in uneven periods, which the
    table is not made for."""
    life, inflow = many_lives("weibull"), random_inflow(MANY, 100)
    many, few = (
        inflow_driven(inflow[:n], life.at(slice(n)), edges=edges, convention=convention)
        for n in (MANY, FEW)
    )
    assert np.abs(many.stock[:FEW] - few.stock).max() <= 1e-12 * few.stock.max()


def test_initial_cohorts_near_the_end_of_their_life_keep_their_digits():
    """A cohort of which 1e-11 lives is divided by that share: what the table misses there would be
    a tenth of it."""
    life, initial = many_lives("weibull"), np.zeros((MANY, 50))
    left = survival_matrix(life.at((slice(None), slice(0, 50))), np.arange(51.0))[:, -1, 0]
    old = np.flatnonzero((left > 1e-12) & (left < 1e-8))
    assert len(old)
    initial[old, 0] = 100.0
    run = inflow_driven(np.zeros((MANY, 50)), life, initial=initial)
    alone = inflow_driven(
        np.zeros((1, 50)), life.at(slice(old[0], old[0] + 1)), initial=initial[old[:1]]
    )
    np.testing.assert_allclose(run.stock[old[0]], alone.stock[0], rtol=1e-9)


def test_no_table_where_it_would_not_pay_or_is_not_exact():
    life = many_lives("weibull")
    assert tabulated(Lifetime.of("fixed", life.mean), 1.0, 100) is None
    assert tabulated(many_lives("weibull", forms=MANY), 1.0, 100) is None
    # a life sharper than any table of so few nodes
    assert tabulated(Lifetime.of("gamma", life.mean, sd=1e-3 * life.mean), 1.0, 100) is None


def test_the_table_is_asked_for_where_it_pays(monkeypatch):
    """A life for each cohort and even periods, from the inflow: one table. None where cohorts share
    a life (half-years, as years have a shorter way), where periods are uneven or the convention
    another. The other direction asks likewise: without, it took ten times as long."""
    asked = []
    monkeypatch.setattr(
        stocks, "tabulated", lambda *given: asked.append(given[1:]) or tabulated(*given)
    )
    life, inflow, halves = many_lives("weibull"), random_inflow(MANY, 100), np.arange(101.0) / 2
    for edges in (None, halves):
        inflow_driven(inflow, life, edges=edges)
    assert asked == [(1.0, 100), (0.5, 100)]
    shared = life.at((slice(None), slice(0, 1)))
    inflow_driven(inflow, shared, edges=halves)
    inflow_driven(inflow, life, edges=np.append(np.arange(100.0), 105.0))
    inflow_driven(inflow, life, convention="end")
    assert len(asked) == 2
    stock_driven(np.cumsum(inflow, axis=-1), life)
    assert asked[2:] == [(1.0, 100)]


@pytest.mark.parametrize("distribution", ["weibull", "lognormal", "gamma"])
def test_many_stocks_from_a_table_ask_for_the_inflow_of_the_closed_forms(distribution):
    """200 series as the first few alone, which have no table: inflows within 1e-11 of the largest,
    for a stock that grows, and for one that falls as fast as its cohorts leave, where the inflow is
    0 and rounding must not be called a surplus."""
    life, inflow = many_lives(distribution), random_inflow(MANY, 100)
    inflow[:, 40:60] = 0.0
    stock = inflow_driven(inflow, life).stock
    many = stock_driven(stock, life)
    few = stock_driven(stock[:FEW], life.at(slice(FEW)))
    assert np.abs(many.inflow[:FEW] - few.inflow).max() <= 1e-11 * inflow.max()
    assert np.abs(many.outflow[:FEW] - few.outflow).max() <= 1e-11 * inflow.max()
    assert np.abs(many.inflow - inflow).max() <= 1e-11 * inflow.max()


@pytest.mark.parametrize("repair", ["refuse", "keep", "retire"])
def test_a_negative_stock_is_refused_whatever_the_repair(repair):
    """-5 t in use is a mistake in the data; `keep` and `retire` answered with a stock, as if it
    were one that falls too fast."""
    stock = [[10.0, 12.0, 13.0], [10.0, -5.0, 3.0]]
    with pytest.raises(ValueError, match=r"stock given is negative \(series 1, period 1: -5 t"):
        stock_driven(stock, Lifetime.of("fixed", 5.0), repair=repair)


LEANER = 10
"""Goal of the stock model against flodym: so many times less memory. Time is measured by `make
bench`."""


def two_thousand_series(flodym, *, by_cohort: bool = False, series: int = 2000):
    """Ours and theirs as functions: 2,000 series (or as many) x 100 years, exact beside flodym's
    ten-point quadrature.

    A life for each series, or for each series and cohort: three fifths longer at the end than at
    the beginning.
    """
    inflow = random_inflow(series, 100)
    mean = 5 + 40 * np.random.default_rng(3).random((series, 1))
    if by_cohort:
        mean = mean * np.linspace(0.8, 1.28, 100)
    scale = np.broadcast_to(mean.T / gamma(1.5), (100, series))

    def ours():
        return inflow_driven(
            inflow, Lifetime.of("weibull", mean, shape=np.full(mean.shape, 2.0))
        ).stock

    def life_of(dims):
        return flodym.WeibullLifetime(
            dims=dims, weibull_scale=scale, weibull_shape=2.0, n_pts_per_interval=10
        )

    def theirs():
        return flodym_run(flodym, life_of, inflow)[1]

    return ours, theirs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("by_cohort", "series"), [(False, 2000), (True, 500)], ids=["by series", "by series and cohort"]
)
def test_two_thousand_series_beside_flodym(by_cohort, series):
    """The same stocks, on a tenth of the memory."""
    peaks, stocks = [], []
    for run in two_thousand_series(
        pytest.importorskip("flodym"), by_cohort=by_cohort, series=series
    ):
        tracemalloc.start()
        stocks.append(run())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert stocks[0] == pytest.approx(stocks[1], rel=1e-9)
    assert peaks[1] / peaks[0] > LEANER, peaks
