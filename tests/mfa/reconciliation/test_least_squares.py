"""The numerics of reconciliation: widely different deviations, bounds at zero, what cannot be told
apart, bilinear networks, tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from planner.errors import SpecError
from planner.mfa.reconciliation.constrained_fit import merit
from planner.mfa.reconciliation.least_squares import critical_test, fit
from planner.mfa.reconciliation.reconcile import Observation, Ratio, eliminate, reconcile
from planner.mfa.reconciliation.scaled_problem import Contradiction, Scaled

NAN = float("nan")
FEW = settings(derandomize=True, max_examples=60, deadline=None, database=None)
BYPASS = np.array(
    [[1, -1, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0], [0, 0, 1, 0, -1, 0], [0, 0, 0, 1, 1, -1.0]]
)
TRUTH = np.array([100, 64, 36, 64, 36, 100.0])


def closed_form(
    measured: np.ndarray, deviations: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """v = m - V A' (A V A')^-1 A m and its covariance V - V A' (A V A')^-1 A V (Kuehn and Davidson
    1961), all measured."""
    V = np.diag(deviations**2)
    gain = V @ matrix.T @ np.linalg.inv(matrix @ V @ matrix.T)
    return measured - gain @ matrix @ measured, V - gain @ matrix @ V


@given(
    st.lists(st.floats(-20, 20), min_size=6, max_size=6),
    st.lists(st.floats(0.1, 50), min_size=6, max_size=6),
)
@FEW
def test_values_and_covariance_are_those_of_the_closed_form(
    errors: list[float], deviations: list[float]
) -> None:
    measured, spread = TRUTH + errors, np.array(deviations)
    values, covariance = closed_form(measured, spread, BYPASS)
    found = fit(measured, spread, BYPASS)
    assert found.values == pytest.approx(values, abs=1e-9 * np.abs(measured).max())
    assert found.spread @ found.spread.T == pytest.approx(covariance, abs=1e-9 * (spread**2).max())
    terms = np.array([1, -2, 0.5, 0, 0, 3.0])
    assert found.deviation_of(terms) == pytest.approx(np.sqrt(terms @ covariance @ terms), abs=1e-6)


def test_deviations_eight_orders_of_magnitude_apart() -> None:
    """A flow known to a millionth beside flows known to a hundred: it stays, the others follow, all
    balance."""
    found = fit(TRUTH + [0, 3, 0, 0, 0, 5], [1e-6, 100, 100, 100, 100, 100], BYPASS)
    assert found.values[0] == pytest.approx(100, abs=1e-9)
    assert BYPASS @ found.values == pytest.approx(0, abs=1e-12)
    assert found.redundant.all()
    assert found.freedom == 4


def test_the_test_of_a_measurement_is_what_chi_square_loses_without_it() -> None:
    """For independent errors the square of the score is the fall of chi-square when that
    measurement alone is dropped."""
    measured = TRUTH + [2, -1, 4, 0, 1, -3]
    whole = fit(measured, np.ones(6), BYPASS)
    for i in range(6):
        less = np.array(measured)
        less[i] = NAN
        assert whole.tests[i] ** 2 == pytest.approx(
            whole.chi_square - fit(less, np.ones(6), BYPASS).chi_square
        )


def test_chi_square_and_scores_are_distributed_as_said() -> None:
    """2,000 draws: the global test rejects 5 %, the largest score passes its critical value in at
    most 5 % (Sidak's bound), and the spread is the posterior deviation within 5 %."""
    rng, deviations = np.random.default_rng(3), np.array([3, 1, 2, 2, 0.5, 4])
    drawn = [fit(TRUTH + rng.normal(0, deviations), deviations, BYPASS) for _ in range(2000)]
    rejected = np.mean([d.probability < 0.05 for d in drawn])
    named = np.mean([np.nanmax(d.tests) > critical_test(6, 0.05) for d in drawn])
    assert rejected == pytest.approx(0.05, abs=0.015)
    assert 0.005 < named < 0.065
    assert np.std([d.values for d in drawn], axis=0) == pytest.approx(drawn[0].deviations, rel=0.05)


@pytest.mark.parametrize("wrong", range(6))
def test_the_wrong_measurement_is_named_or_one_that_cannot_be_told_from_it(wrong: int) -> None:
    """30 units on one of six streams measured within 1. Streams in series feel other sums too, so
    each is named alone."""
    measured = np.array(TRUTH)
    measured[wrong] += 30
    observations = [Observation(f"f{i}", v, 1.0) for i, v in enumerate(measured, 1)]
    found, faults = eliminate(BYPASS, observations)
    assert [fault.name for fault in faults] == [f"f{wrong + 1}"]
    assert faults[0].without == pytest.approx(TRUTH[wrong])
    assert found.chi_square == pytest.approx(0, abs=1e-12)


def test_measurements_that_cannot_be_told_apart_are_all_named() -> None:
    """In = out only: either may be wrong. In = out with `in` measured twice: `out` alone is not
    alike the others."""
    two = reconcile([[1, -1]], [Observation("in", 100, 1), Observation("out", 130, 1)])
    assert {two.suspect, *two.alike} == {"in", "out"}
    three = reconcile(
        [[1, -1, 0], [1, 0, -1]],
        [Observation("in", 100, 1), Observation("again", 101, 1), Observation("out", 130, 1)],
    )
    assert (three.suspect, three.alike) == ("out", ())


def test_of_those_alike_the_least_certain_is_named_first() -> None:
    """In 100 +- 1 against out 130 +- 5: either may be wrong, and `out` was moved by 25/26 of the
    30."""
    found = reconcile([[1, -1]], [Observation("in", 100, 1), Observation("out", 130, 5)])
    assert (found.suspect, found.alike) == ("out", ("in",))
    assert found.table["reconciled"].tolist() == pytest.approx([100 + 30 / 26] * 2)


def test_a_free_flow_is_held_at_zero_only_while_that_costs_least() -> None:
    """100 in, 110 out, and a loss that cannot be negative: the loss is 0 and the flows meet at 105.
    With 90 out the loss is 10."""
    balance = [[1, -1, -1]]
    short = fit([100, 110, NAN], [5, 5, 0], balance, nonnegative=[False, False, True])
    assert short.values == pytest.approx([105, 105, 0], abs=1e-9)
    assert short.multipliers[2] > 0
    rest = fit([100, 90, NAN], [5, 5, 0], balance, nonnegative=[False, False, True])
    assert rest.values == pytest.approx([100, 90, 10])


@given(st.lists(st.floats(-60, 60), min_size=4, max_size=4))
@FEW
def test_bounds_at_zero_agree_with_slsqp(errors: list[float]) -> None:
    """Four measured flows and three losses that must not be negative, in a chain: the active set is
    that of SciPy."""
    measured, matrix = np.array([100, 95, 90, 85.0]) + errors, np.zeros((3, 7))
    for i in range(3):
        matrix[i, [i, i + 1, 4 + i]] = 1, -1, -1
    found = fit(
        [*measured, NAN, NAN, NAN],
        [5, 4, 3, 6, 0, 0, 0],
        matrix,
        nonnegative=[False] * 4 + [True] * 3,
    )
    weight = np.array([5, 4, 3, 6.0])
    peer = minimize(
        lambda x: float(np.sum(((x - measured) / weight) ** 2)),
        measured,
        method="SLSQP",
        constraints=[{"type": "ineq", "fun": lambda x, i=i: x[i] - x[i + 1]} for i in range(3)],
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.chi_square == pytest.approx(peer.fun, rel=1e-5, abs=1e-6)
    assert (found.values[4:] >= -1e-6).all()


@given(
    st.lists(st.floats(0.7, 1.4), min_size=4, max_size=4),
    st.lists(st.floats(0.01, 0.2), min_size=5, max_size=5),
)
@FEW
def test_bilinear_networks_agree_with_slsqp(errors: list[float], spreads: list[float]) -> None:
    """in -> a, b with a = c in, and b -> d, e with d = k b, where k and e are unmeasured: sum of
    squares and values as SciPy finds them."""
    truth = np.array([100, 60, 40, 30, 0.6])
    measured = truth * [*errors, 1.0]
    deviations = truth * np.array(spreads)
    matrix = np.zeros((2, 7))
    matrix[0, :3] = 1, -1, -1
    matrix[1, [2, 3, 5]] = 1, -1, -1
    found = fit([*measured, NAN, NAN], [*deviations, 0, 0], matrix, products=[(1, 4, 0), (3, 6, 2)])
    rows = [lambda x: x[0] - x[1] - x[2], lambda x: x[1] - x[4] * x[0]]
    peer = minimize(
        lambda x: float(np.sum(((x - measured) / deviations) ** 2)),
        truth,
        method="SLSQP",
        constraints=[{"type": "eq", "fun": row} for row in rows],
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert found.chi_square <= peer.fun * (1 + 1e-6) + 1e-6
    assert found.chi_square == pytest.approx(peer.fun, rel=1e-3, abs=1e-3)
    assert matrix @ found.values == pytest.approx(0, abs=1e-9)
    assert found.values[1] == pytest.approx(found.values[4] * found.values[0])
    assert found.values[6] == pytest.approx(found.values[3] / found.values[2])


def test_a_bilinear_posterior_deviation_against_a_monte_carlo() -> None:
    """Small errors, 1,000 draws: the linear model at the solution gives the spread of the fitted
    coefficient within 6 %."""
    rng, deviations = np.random.default_rng(5), np.array([2, 1.5, 1, 0.02])
    truth = np.array([100, 60, 40, 0.6])
    drawn = [
        fit(truth + rng.normal(0, deviations), deviations, [[1, -1, -1, 0]], products=[(1, 3, 0)])
        for _ in range(1000)
    ]
    centre = fit(truth, deviations, [[1, -1, -1, 0]], products=[(1, 3, 0)])
    assert centre.values == pytest.approx(truth)
    assert np.std([d.values for d in drawn], axis=0) == pytest.approx(centre.deviations, rel=0.06)
    assert np.mean([d.chi_square for d in drawn]) == pytest.approx(centre.freedom, rel=0.1)


def test_critical_values_are_sidaks() -> None:
    assert critical_test(1, 0.05) == pytest.approx(stats.norm.ppf(0.975))
    assert critical_test(10, 0.05) == pytest.approx(stats.norm.ppf(1 - (1 - 0.95**0.1) / 2))


def test_exact_values_that_cannot_hold_are_named_with_their_balances() -> None:
    with pytest.raises(Contradiction) as caught:
        fit([100, 60, 30, NAN], [0, 0, 0, 0], [[1, -1, -1, 0], [0, 0, 1, -1]])
    assert caught.value.rows == (0,)
    observations = [
        Observation("ore", 100, 0),
        Observation("metal", 60, 0),
        Observation("slag", 30, 0),
        Observation("dump", 30, 2),
    ]
    with pytest.raises(SpecError, match=r"metal, ore, slag in smelter; give at least one"):
        reconcile([[1, -1, -1, 0], [0, 0, 1, -1]], observations, names=["smelter", "tip"])


def test_an_exact_coefficient_that_clashes_with_exact_flows_is_named() -> None:
    observations = [
        Observation("in", 100, 0),
        Observation("a", 50, 0),
        Observation("share", 0.6, 0),
    ]
    with pytest.raises(SpecError, match="a = share x in"):
        reconcile(np.zeros((0, 3)), observations, [Ratio("a", "share", "in")])


def test_balances_that_say_the_same_twice_are_one() -> None:
    """In = out, written twice, is one redundant equation; of twenty flows of one sum too."""
    found = fit([100, 110], [1, 1], [[1, -1], [2, -2]])
    assert found.freedom == 1
    assert found.values == pytest.approx([105, 105])


@pytest.mark.parametrize(("share", "freedom"), [(0.4e-9, 1), (2.5e-9, 2)])
def test_balances_differ_from_a_billionth_of_the_largest_on(share: float, freedom: int) -> None:
    """Two sums of a hundred flows that differ in one term by d: singular values sqrt(200) and d
    sqrt(1/2), all but."""
    rows = np.ones((2, 100))
    rows[1, 0] -= 20 * share
    values = np.ones(100)
    found = fit(values, values, rows, rows @ values)
    assert found.freedom == freedom


@pytest.mark.parametrize(("share", "known"), [(1.8e-9, False), (2.4e-9, True)])
def test_singular_values_of_small_systems_count_from_a_billionth_on(
    share: float, known: bool
) -> None:
    """x, and x + d y: singular values sqrt(2) and d / sqrt(2), of which a billionth of the largest
    is the limit; free y as measured y."""
    assert fit([1, 0], [1, 1], [[1, 0], [1, share]], [1, 1]).freedom == 1 + known
    found = fit([1, NAN, NAN], [1, 0, 0], [[1, -1, 0], [1, -1, share]])
    assert found.observable.tolist() == [True, True, known]


@pytest.mark.parametrize(("share", "known"), [(0.4e-9, False), (2.5e-9, True)])
def test_free_flows_are_told_apart_from_a_billionth_of_the_largest_on(
    share: float, known: bool
) -> None:
    """x in a hundred balances, pivot 10; y in the last of them alone, pivot 10 times the share."""
    rows = np.tile([1.0, -1.0, 0.0], (100, 1))
    rows[99, 2] = 10 * share
    assert fit([1, NAN, NAN], [1, 0, 0], rows).observable.tolist() == [True, True, known]


def test_a_share_of_a_flow_of_nothing_is_nothing() -> None:
    """a = share x base, where the base is 0: a is 0, and the share stays as it was measured."""
    found = fit([NAN, 0.5, 0, 100], [0, 0.1, 0, 1], np.zeros((0, 4)), products=[(0, 1, 2)])
    assert found.values == pytest.approx([0, 0.5, 0, 100])
    assert found.probability == 1


def test_a_form_of_what_is_not_known_is_not_known_however_small() -> None:
    """100 in, and two flows out of which neither is measured: their sum is known within 5, no small
    part of one is."""
    found = fit([100, NAN, NAN], [5, 0, 0], [[1, -1, -1]])
    assert found.deviation_of(np.array([0, 1e-9, 1e-9])) == pytest.approx(5e-9)
    assert np.isnan(found.deviation_of(np.array([0, 1e-9, 0])))


def test_steps_are_those_of_all_solutions_of_the_active_set() -> None:
    """Values that balance are there in one step; a bound that presses asks for a second solution,
    of two."""
    balance, bounds = [[1, -1, -1]], [False, False, True]
    assert fit([100, 90, NAN], [5, 5, 0], balance).steps == 1
    assert fit([100, 90, NAN], [5, 5, 0], balance, nonnegative=bounds).steps == 1
    assert fit([100, 100, NAN], [5, 5, 0], balance, nonnegative=bounds).steps == 1
    assert fit([100, 110, NAN], [5, 5, 0], balance, nonnegative=bounds).steps == 3


def test_below_zero_is_a_billionth_of_the_largest_flow_or_more() -> None:
    """A loss of -1.5e-9 of the flow is held at 0, one of -0.5e-9 is rounding; beside a flow of 100
    times -5e-8 is rounding too."""
    balance, bounds = [[1, -1, -1]], [False, False, True]
    held, left = (
        fit([1, 1 + x, NAN], [0.1, 0.1, 0], balance, nonnegative=bounds) for x in (1.5e-9, 0.5e-9)
    )
    assert (held.steps, held.values[2]) == (3, 0.0)
    assert (left.steps, left.values[2]) == (1, pytest.approx(-0.5e-9, rel=1e-6))
    large = fit(
        [1, 1 + 5e-8, NAN, NAN],
        [0.1, 0.1, 0, 0],
        [[1, -1, -1, 0], [100, 0, 0, -1]],
        nonnegative=[False, False, True, False],
    )
    assert (large.steps, large.values[3]) == (1, pytest.approx(100))


def test_several_losses_are_held_and_one_is_let_go() -> None:
    """Three flows to one end of 90 from 100, 80 and 85 with a loss each: two losses are held at 0
    and the first takes what is over.

    By hand: with the losses of 80 and of 85 at 0 the four meet where the squares say: 100 keeps its
    loss, the others (80 + 85 + 90) / 3.
    """
    matrix = np.zeros((3, 7))
    for i in range(3):
        matrix[i, [i, 3, 4 + i]] = 1, -1, -1
    found = fit(
        [100, 80, 85, 90, NAN, NAN, NAN],
        [1, 1, 1, 1, 0, 0, 0],
        matrix,
        nonnegative=[False] * 4 + [True] * 3,
    )
    assert found.values == pytest.approx([100, 85, 85, 85, 15, 0, 0], abs=1e-9)
    assert found.chi_square == pytest.approx(5**2 + 5**2)
    # the loss of the third is at 0 without a force: it costs nothing
    assert found.multipliers[[4, 5, 6]] == pytest.approx([0, 5, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1], [[1, -1]]), "one length"),
        (([1, 2], [1, 1], [[1, NAN]]), "finite"),
        (([1, 2], [1, NAN], [[1, -1]]), "standard deviation"),
        (([1, 2], [1, 1], [[1, -1]], [0, 0]), "one entry for each"),
        (([1, np.inf], [1, 1], [[1, -1]]), "finite"),
    ],
)
def test_arrays_of_a_wrong_kind_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(*arguments)


def a_bit_of_everything(unit: float = 1.0, row: float = 1.0):
    """In 100 +- 5, out 110 +- 5, a loss that would fall below zero, a rest of 40 less, a share of
    0.3 +- 0.05 of the in: in any unit."""
    values, spreads = [100, 110, NAN, NAN, 0.3, NAN], [5, 5, 0, 0, 0.05, 0]
    scale = np.array([unit, unit, unit, unit, 1, unit])
    matrix = np.array([[1, -1, -1, 0, 0, 0], [1, 0, 0, -1, 0, 0.0]]) * [[row], [4 * row]]
    found = fit(
        values * scale,
        spreads * scale,
        matrix,
        [0, 40 * unit * 4 * row],
        products=[(5, 4, 0)],
        nonnegative=[False, False, True, True, False, False],
    )
    return found, scale


def test_a_bit_of_everything_by_hand() -> None:
    """In and out meet at 105, no loss; 65 are left after 40, and a share of 0.3 is 31.5."""
    found, _ = a_bit_of_everything()
    assert found.values == pytest.approx([105, 105, 0, 65, 0.3, 31.5])
    assert found.chi_square == pytest.approx(2)
    spread = np.sqrt(12.5)
    assert found.deviations == pytest.approx(
        [spread, spread, 0, spread, 0.05, np.hypot(0.3 * spread, 105 * 0.05)]
    )


@pytest.mark.parametrize(
    ("unit", "row"), [(2.0**-40, 1.0), (2.0**40, 1.0), (1.0, 2.0**-40), (1.0, 2.0**40)]
)
def test_a_problem_in_other_units_is_the_same_problem(unit: float, row: float) -> None:
    """Flows in millionths of a gram, and balances written with large or small coefficients: to the
    last digit, in as many steps."""
    (found, scale), (plain, _) = a_bit_of_everything(unit, row), a_bit_of_everything()
    np.testing.assert_array_equal(found.values / scale, plain.values)
    np.testing.assert_array_equal(found.deviations / scale, plain.deviations)
    assert (found.chi_square, found.steps, found.freedom) == (
        plain.chi_square,
        plain.steps,
        plain.freedom,
    )


@pytest.mark.parametrize("unit", [2.0**-40, 1.0, 2.0**40])
def test_flows_that_nobody_measured_are_of_the_size_of_what_is_asked(unit: float) -> None:
    """x less y is -1 in this unit, and neither may be below zero: x is held at 0 and y is 1."""
    found = fit([NAN, NAN], [0, 0], [[1, -1]], [-unit], nonnegative=[True, True])
    assert found.values / unit == pytest.approx([0, 1])


@pytest.mark.parametrize("unit", [2.0**-40, 1.0, 2.0**40])
def test_a_balance_of_nothing_holds_to_a_billionth_of_the_largest_flow(unit: float) -> None:
    """0 = 0.5e-9 of the flow is rounding; 0 = 2e-9 cannot be."""
    assert fit([unit], [unit], [[0.0]], [0.5e-9 * unit]).freedom == 0
    with pytest.raises(Contradiction) as caught:
        fit([unit], [unit], [[0.0]], [2e-9 * unit])
    assert caught.value.rows == (0,)


def test_exact_values_may_miss_by_their_last_digits() -> None:
    """A third and two thirds of 100 with eight decimals miss by 1e-10 of it: they stay as they are;
    of a billionth or more they clash."""
    assert fit([100, 33.33333333, 66.66666666], [0, 0, 0], [[1, -1, -1]]).values == pytest.approx(
        [100, 33.33333333, 66.66666666]
    )
    with pytest.raises(Contradiction):
        fit([100, 33.333333, 66.666666], [0, 0, 0], [[1, -1, -1]])


def test_one_clash_among_balances_that_hold_is_a_clash() -> None:
    """Of three balances of exact values the second alone cannot hold: it is named, and it alone."""
    with pytest.raises(Contradiction) as caught:
        fit(
            [1, 1, 2, 3, 4, 4],
            [0] * 6,
            [[1, -1, 0, 0, 0, 0], [0, 0, 1, -1, 0, 0], [0, 0, 0, 0, 1, -1]],
        )
    assert caught.value.rows == (1,)


def test_products_far_larger_than_what_was_measured_converge() -> None:
    """Coefficients of hundreds of thousands, and a sum of what they give: right to their own
    digits, not to those of the base."""
    shares = np.array([1e6 / 3, 1e6 / 7, 1e6 / 11, 1e6 / 13])
    matrix = np.zeros((2, 11))
    matrix[0, 5:10] = 1, 1, 1, 1, -1
    matrix[1, 9:] = 0.3, -0.7
    found = fit(
        [1, *shares, *[NAN] * 6],
        [0.1, 1, 1, 1, 1, *[0] * 6],
        matrix,
        products=[(5 + i, 1 + i, 0) for i in range(4)],
    )
    assert found.values[5:] == pytest.approx(
        [*shares, shares.sum(), shares.sum() * 3 / 7], rel=1e-12
    )


def test_a_free_flow_in_no_balance_is_not_known_and_harms_nothing() -> None:
    """In = out, and a flow that nothing is said of."""
    found = fit([100, 110, NAN], [1, 1, 0], [[1, -1, 0]])
    assert found.values[:2] == pytest.approx([105, 105])
    assert found.observable.tolist() == [True, True, False]
    assert (found.freedom, np.isnan(found.deviations[2])) == (1, True)


def test_two_flows_of_which_only_the_sum_is_known_are_neither_observable() -> None:
    """What moves the one up moves the other down."""
    assert fit([100, NAN, NAN], [5, 0, 0], [[1, -1, -1]]).observable.tolist() == [
        True,
        False,
        False,
    ]


def test_what_a_step_is_judged_by_is_the_sum_of_squares_and_the_misses() -> None:
    """By hand: a measured value 6 beside 10 +- 2 costs 0.5 x 2^2; it misses x - y = 1 by 2 and its
    product by 3, at a weight of 7."""
    none = np.zeros(3, dtype=bool)
    problem = Scaled(
        np.array([10.0, 0.0, 0.0]),
        np.array([2.0, 1.0, 1.0]),
        np.array([[1.0, -1.0, 0.0]]),
        np.array([1.0]),
        ((2, 0, 1),),
        np.array([False, True, True]),
        none,
        np.array([True, False, False]),
    )
    assert merit(problem, np.array([6.0, 3.0, 21.0]), 7.0) == 0.5 * 4 + 7 * (2 + 3)


def loss(v: np.ndarray, measured: np.ndarray, below: np.ndarray, above: np.ndarray) -> float:
    """Sum of squares of the two-piece normal distribution."""
    return float((((v - measured) / np.where(v < measured, below, above)) ** 2).sum())


def test_a_measured_flow_is_held_at_zero_too() -> None:
    """100 in and 110 out, exact, and a loss measured as 2 +- 4: -10 by the balance, which is no
    flow. With 100 +- 5 and 110 +- 5 the loss is 0 and they meet at 105; it came out as -2.2 while
    only what was not measured was held."""
    balance, bounds = [[1, -1, -1]], [True, True, True]
    found = fit([100, 110, 2], [5, 5, 4], balance, nonnegative=bounds)
    assert found.values == pytest.approx([105, 105, 0], abs=1e-9)
    assert found.chi_square == pytest.approx(1 + 1 + (2 / 4) ** 2)
    assert found.freedom == 2
    with pytest.raises(Contradiction) as caught:
        fit([100, 110, 2], [0, 0, 4], balance, nonnegative=bounds)
    assert caught.value.bounded
    assert caught.value.rows == (0,)


def test_held_flows_that_contradict_each_other_are_not_all_held() -> None:
    """a + b - c = 10 exactly, measured -5, -3 and -18: all below 0, and all held at 0 the balance
    cannot hold. By hand: c is 0, and a + b = 10 with equal deviations, so a = 4 and b = 6."""
    found = fit(
        [-5, -3, -18, 10], [1, 1, 1, 0], [[1, 1, -1, -1]], nonnegative=[True, True, True, False]
    )
    assert found.values == pytest.approx([4, 6, 0, 10], abs=1e-9)


def test_a_range_that_is_wider_upward_gives_way_upward() -> None:
    """In 100 - 5 + 20 and out 130 +- 10: 100 + 30 x 400/500 = 124. With half of both ends as one
    deviation of 12.5 it was 118.3; turned round, 100 - 20 + 5, it is 100 + 30 x 25/125 = 106."""
    up = fit([100, 130], [5, 10], [[1, -1]], above=[20, 10])
    assert up.values == pytest.approx([124, 124])
    assert up.chi_square == pytest.approx(30**2 / 500)
    down = fit([100, 130], [20, 10], [[1, -1]], above=[5, 10])
    assert down.values == pytest.approx([106, 106])


def test_a_deviation_of_nothing_on_one_side_is_a_bound() -> None:
    """100 or more, + 20, against 90 +- 10: 100 it is; against 120 +- 10 it gives way to 116."""
    assert fit([100, 90], [0, 10], [[1, -1]], above=[20, 10]).values == pytest.approx([100, 100])
    assert fit([100, 120], [0, 10], [[1, -1]], above=[20, 10]).values == pytest.approx([116, 116])


def test_what_nothing_moves_has_the_deviation_of_the_two_piece_normal() -> None:
    """Variance (1 - 2/pi) (s' - s)^2 + s s' (Wallis 2014), and half of neither range."""
    found = fit([100], [5], np.zeros((0, 1)), above=[20])
    assert found.deviations == pytest.approx([np.sqrt((1 - 2 / np.pi) * 15**2 + 100)])


@given(
    st.lists(st.floats(-60, 60), min_size=6, max_size=6),
    st.lists(st.floats(0.5, 20), min_size=12, max_size=12),
)
@FEW
def test_two_pieces_and_bounds_agree_with_slsqp(errors: list[float], spreads: list[float]) -> None:
    """The bypass with errors as large as its flows, deviations apart upward and downward, nothing
    below 0: no other flows that balance have a smaller sum of squares."""
    measured, below, above = TRUTH / 2 + errors, np.array(spreads[:6]), np.array(spreads[6:])
    found = fit(measured, below, BYPASS, above=above, nonnegative=[True] * 6)
    assert found.chi_square == pytest.approx(loss(found.values, measured, below, above), abs=1e-9)
    assert (found.values >= -1e-6).all()
    assert BYPASS @ found.values == pytest.approx(0, abs=1e-6)
    peer = minimize(
        loss,
        np.abs(TRUTH / 2),
        args=(measured, below, above),
        method="SLSQP",
        bounds=[(0, None)] * 6,
        constraints=[{"type": "eq", "fun": lambda x: BYPASS @ x}],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    assert found.chi_square <= peer.fun * (1 + 1e-6) + 1e-6
