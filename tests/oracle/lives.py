"""Lifetimes of products: survival by scipy.stats, cohort shares by quadrature (conventions.md)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import integrate, optimize, special, stats

OLDEST = 250
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


@cache
def distribution(kind: str, mean: float, sd: float, shape: float):
    """The distribution whose own mean and standard deviation are those stated."""
    if kind == "exponential":
        return stats.expon(scale=mean)
    if kind == "weibull":
        return stats.weibull_min(shape, scale=mean / special.gamma(1 + 1 / shape))
    if kind == "gamma":
        return stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    if kind == "lognormal":
        spread = np.sqrt(np.log1p((sd / mean) ** 2))
        return stats.lognorm(spread, scale=mean * np.exp(-(spread**2) / 2))
    if kind == "normal":
        return _fitted(lambda mu, s: stats.truncnorm(-mu / s, np.inf, mu, s), mean, sd)
    return _fitted(lambda mu, s: stats.foldnorm(mu / s, scale=s), mean, sd)


def _fitted(make: Callable[[float, float], object], mean: float, sd: float):
    """The member of a family of two parameters with this mean and standard deviation."""

    def miss(x: np.ndarray) -> tuple[float, float]:
        made = make(x[0] * mean, np.exp(x[1]) * sd)
        return made.mean() / mean - 1, made.std() / sd - 1

    found = optimize.root(miss, (1.0, 0.0), tol=1e-14)
    return make(found.x[0] * mean, np.exp(found.x[1]) * sd)


def share_left(convention: str, age: int, kind: str, mean: float, sd: float, shape: float) -> float:
    """Share of the inflow of a year still in use at the end of the year `age` years later."""
    if age < 0:
        return 1.0
    if convention == "uniform":
        return float(means(kind, mean, sd, shape)[age])
    later = {"end": 0.0, "middle": 0.5, "start": 1.0}[convention]
    return float(points(kind, mean, sd, shape, later)[age])


@cache
def points(kind: str, mean: float, sd: float, shape: float, later: float) -> np.ndarray:
    """Survival at every whole age and somewhat later."""
    ages = np.arange(OLDEST) + later
    if kind == "fixed":
        return (ages < mean).astype(float)
    return distribution(kind, mean, sd, shape).sf(ages)


@cache
def means(kind: str, mean: float, sd: float, shape: float) -> np.ndarray:
    """Mean of the survival function over [k, k + 1], for every whole age k."""
    ages = np.arange(OLDEST)
    if kind == "fixed":
        return np.clip(mean - ages, 0.0, 1.0)
    life = distribution(kind, mean, sd, shape)
    panels = int(np.clip(np.ceil(4 / life.std()), 1, 60))
    ends = np.linspace(0.0, OLDEST, OLDEST * panels + 1)
    young = _integral(life, 0.0, ends[1])
    middle, half = (ends[1:-1] + ends[2:]) / 2, np.diff(ends)[1:] / 2
    rest = (life.sf(middle[:, None] + half[:, None] * NODES) * WEIGHTS).sum(axis=1) * half
    return np.append(young, rest).reshape(OLDEST, panels).sum(axis=1)


def _integral(life, low: float, high: float) -> float:
    """Integral of the survival function where it may be steep, at age 0."""
    return integrate.quad(life.sf, low, high, epsabs=1e-14, epsrel=1e-13, limit=200)[0]
