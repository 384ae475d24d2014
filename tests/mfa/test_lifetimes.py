"""Closed forms of lifetimes against scipy.stats and quadrature; steady states from 0.01 to 1,000
years."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate, special, stats

from planner.mfa.lifetimes import (
    Lifetime,
    discrete_survival,
    excess,
    limited_expectation,
    mean_survival,
    survival,
)

RELATIVE_AGES = np.array([0.0, 0.05, 0.3, 0.8, 1.0, 1.5, 3.0])
CASES = {
    "fixed": (lambda m: Lifetime.of("fixed", m), None),
    "exponential": (lambda m: Lifetime.of("exponential", m), lambda m: stats.expon(scale=m)),
    "weibull": (
        lambda m: Lifetime.of("weibull", m, shape=2.3),
        lambda m: stats.weibull_min(2.3, scale=m / special.gamma(1 + 1 / 2.3)),
    ),
    "infant": (
        lambda m: Lifetime.of("weibull", m, shape=0.7),
        lambda m: stats.weibull_min(0.7, scale=m / special.gamma(1 + 1 / 0.7)),
    ),
    "gamma": (
        lambda m: Lifetime.of("gamma", m, sd=0.4 * m),
        lambda m: stats.gamma(1 / 0.16, scale=0.16 * m),
    ),
    "lognormal": (
        lambda m: Lifetime.of("lognormal", m, sd=0.6 * m),
        lambda m: stats.lognorm(np.sqrt(np.log(1.36)), scale=m / np.sqrt(1.36)),
    ),
    "normal": (
        lambda m: Lifetime.of_underlying("normal", 0.9 * m, 0.5 * m),
        lambda m: stats.truncnorm(-1.8, np.inf, 0.9 * m, 0.5 * m),
    ),
    "wide normal": (
        lambda m: Lifetime.of_underlying("normal", -2 * m, m),
        lambda m: stats.truncnorm(2, np.inf, -2 * m, m),
    ),
    "folded_normal": (
        lambda m: Lifetime.of_underlying("folded_normal", 0.9 * m, 0.6 * m),
        lambda m: stats.foldnorm(1.5, scale=0.6 * m),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mean", [0.01, 1.0, 30.0, 1000.0])
def test_survival_and_its_integrals(case, mean):
    """S is scipy's, mean and sd are those asked for, L is the integral of S, L + T the mean."""
    make, other = CASES[case]
    life = make(mean)
    ages = RELATIVE_AGES * mean
    if other is not None:
        assert survival(life, ages) == pytest.approx(other(mean).sf(ages), rel=1e-10, abs=1e-14)
        assert life.mean == pytest.approx(other(mean).mean(), rel=1e-9)

    def curve(x: float) -> float:
        return float(survival(life, x))

    for age, found in zip(ages[1:], limited_expectation(life, ages[1:]), strict=True):
        knots = [k for k in (life.mean, age / 100) if 0 < k < age]
        expected = integrate.quad(
            curve, 0, age, points=knots, epsabs=1e-12 * mean, epsrel=1e-11, limit=500
        )[0]
        assert found == pytest.approx(expected, rel=2e-9)
    assert limited_expectation(life, ages) + excess(life, ages) == pytest.approx(
        np.full(len(ages), life.mean), rel=1e-12
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mean", [0.01, 0.3, 1.0, 30.0])
def test_steady_stock_is_inflow_times_mean_life(case, mean):
    """The uniform convention is exact for any life: the sum of S_k is the mean. `end` would give 1
    for 0.01 years."""
    life = CASES[case][0](mean)
    assert discrete_survival(life, 6000).sum() == pytest.approx(float(life.mean), rel=1e-9)


@pytest.mark.parametrize("distribution", ["gamma", "lognormal", "normal", "folded_normal"])
@pytest.mark.parametrize("cv", [0.001, 0.02, 0.2, 0.5, 0.74])
def test_mean_and_sd_are_those_of_the_lifetime_itself(distribution, cv):
    """E[X] = L(inf) and E[X^2] = 2 times the integral of T: both come out as given, also where half
    the normal lies below 0."""
    life = Lifetime.of(distribution, 20.0, sd=20.0 * cv)
    assert limited_expectation(life, 1e6) == pytest.approx(20.0, rel=1e-9)
    bounds = [0.0, *(20 * max(1 + k * cv, 0.0) for k in (-8, -3, -1, 0, 1, 3, 8, 40)), np.inf]
    second = 2 * sum(
        integrate.quad(lambda x: float(excess(life, x)), *part, epsrel=1e-12)[0]
        for part in itertools.pairwise(bounds)
    )
    assert second - 400.0 == pytest.approx((20.0 * cv) ** 2, rel=1e-8 / cv)


def test_lognormal_takes_the_sd_of_the_life_not_of_its_logarithm():
    """Mean 10, sd 10: the median is 10 / sqrt(2)."""
    assert survival(Lifetime.of("lognormal", 10.0, sd=10.0), 10 / np.sqrt(2)) == pytest.approx(
        0.5, rel=1e-12
    )


def test_discrete_survival_of_a_fixed_life_by_convention():
    """Life 2.5 years: in use at the end of year k by what was assumed of the time of entry."""
    life = Lifetime.of("fixed", 2.5)
    assert discrete_survival(life, 4, "uniform") == pytest.approx([1, 1, 0.5, 0])
    assert discrete_survival(life, 4, "end") == pytest.approx([1, 1, 1, 0])
    assert discrete_survival(life, 4, "middle") == pytest.approx([1, 1, 0, 0])
    assert discrete_survival(life, 4, "start") == pytest.approx([1, 1, 0, 0])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mean", [0.01, 1.0, 30.0, 1000.0])
def test_discrete_survival_stays_within_0_and_1_and_never_rises(case, mean):
    share = discrete_survival(CASES[case][0](mean), 3000)
    assert ((share >= 0) & (share <= 1)).all()
    assert (np.diff(share) <= 0).all()


def test_old_ages_keep_their_digits():
    """Mean of S over the 60th year at a mean of 2: e^-30 and not the rounding of 2 - 2."""
    share = mean_survival(Lifetime.of("exponential", 2.0), [60.0, 61.0])
    assert share == pytest.approx([2 * (np.exp(-30) - np.exp(-30.5))], rel=1e-12)


def test_parameters_by_cohort_broadcast():
    life = Lifetime.of("weibull", [5.0, 10.0, 20.0], shape=2.0)
    assert discrete_survival(life, 7).shape == (3, 7)
    assert discrete_survival(life, 7)[1] == pytest.approx(
        discrete_survival(Lifetime.of("weibull", 10.0, shape=2.0), 7)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fixed", 0.0), "mean of a lifetime must be a number above zero"),
        (("fixed", float("nan")), "mean of a lifetime must be"),
        (("normal", 10.0), "a normal lifetime needs sd"),
        (("gamma", 10.0, -1.0), "sd of a lifetime must be"),
        (("weibull", 10.0), "a weibull lifetime needs shape"),
        (("normal", 10.0, 10.0), "at most 0.99 of its mean, not 1;"),
        (("folded_normal", 10.0, 8.0), "at most 0.75 of its mean, not 0.8;"),
        (("uniform", 10.0), "unknown lifetime distribution 'uniform'"),
    ],
)
def test_what_is_no_lifetime_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Lifetime.of(*arguments)
