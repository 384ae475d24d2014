r"""Lifetime distributions: survival, limited expectation and discrete survival, in closed form.

`mean` and `sd` are those of the lifetime itself, for every distribution, so that a steady stock is
inflow x mean. For the normal distribution cut at 0 and the folded normal distribution this is *not*
what ODYM and flodym take: they take the parameters of the normal distribution before cutting or
folding, and flodym does not cut at all (what is below zero leaves at once, and the mean life is
neither). `Lifetime.of_underlying` takes those and gives the lifetime's own. With an sd of a sixth
of the mean the two differ by less than 1e-9, with a half by 3 %.

Everything is one of two integrals of the survival S: the limited expectation $L(x) = E[\min(X, x)]
= \int_0^x S$ for young ages, and the excess $T(x) = E[\max(X - x, 0)] = \int_x^\infty S$ for old
ones, where a difference of L would cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import scipy  # scipy.special is loaded when first used: fixed and exponential lives do not need it

from planner.system.nouns import Array, Distribution, frozen_array

Convention = Literal["uniform", "end", "middle", "start"]

CONVENTION_NOTES = {
    "uniform": "inflow uniform within the year; survival is the exact mean of S over the year",
    "end": "inflow at the end of the year (flodym inflow_at='end', ODYM): survival S(k) at age k",
    "middle": "inflow in the middle of the year (flodym inflow_at='middle'): survival S(k + 1/2)",
    "start": "inflow at the start of the year (flodym inflow_at='start'): survival S(k + 1)",
}
NEEDS_SD: tuple[Distribution, ...] = ("normal", "folded_normal", "lognormal", "gamma")
LARGEST_CV = {"normal": 0.99, "folded_normal": 0.75}
"""Largest sd / mean that the distribution reaches: 1 for a normal cut at 0 (where it is
exponential; 0.99 keeps it well conditioned), sqrt(pi/2 - 1) = 0.7555 for a folded normal (where it
is half-normal)."""
_SHARP = 1 / 38.0
"""Below this sd / mean nothing of the normal distribution lies below 0 in double precision."""
_BISECTIONS = 80


@dataclass(frozen=True, slots=True, eq=False)
class Lifetime:
    """A lifetime distribution with parameters of any shape (by series, by cohort), in years.

    Raises ValueError where a parameter is missing, not above zero, or such that no lifetime has it.
    """

    distribution: Distribution
    mean: Array
    sd: Array
    shape: Array
    location: Array
    """mu / sigma of the underlying normal distribution, for normal and folded_normal; otherwise
    NaN."""
    scale: Array
    """sigma of the underlying normal, sd of ln X, Weibull or gamma scale; otherwise NaN."""

    @classmethod
    def of(
        cls,
        distribution: Distribution,
        mean: npt.ArrayLike,
        sd: npt.ArrayLike | None = None,
        shape: npt.ArrayLike | None = None,
    ) -> Self:
        """A lifetime from the mean and standard deviation of the life itself (years), or the mean
        and Weibull shape."""
        if distribution not in get_args(Distribution):
            raise ValueError(
                f"unknown lifetime distribution '{distribution}'; one of "
                f"{', '.join(get_args(Distribution))}"
            )
        arrays = _parameters(distribution, mean, sd, shape)
        location, scale = _underlying(distribution, *arrays)
        return cls(distribution, *(frozen_array(a) for a in (*arrays, location, scale)))

    @classmethod
    def of_underlying(
        cls,
        distribution: Literal["normal", "folded_normal"],
        mu: npt.ArrayLike,
        sigma: npt.ArrayLike,
    ) -> Self:
        """A lifetime from the mean and sd of the normal distribution before cutting at 0 or
        folding, as ODYM and flodym take them."""
        mu, sigma = np.broadcast_arrays(np.asarray(mu, dtype=float), np.asarray(sigma, dtype=float))
        ratio = mu / sigma
        mean, variance = (
            _cut_moments(-ratio) if distribution == "normal" else _folded_moments(ratio)
        )
        return cls.of(distribution, mean * sigma, np.sqrt(variance) * sigma)

    @property
    def dims(self) -> tuple[int, ...]:
        """Shape of the parameters."""
        return self.mean.shape

    def at(self, index: Any) -> Self:
        """The same lifetimes with every parameter array indexed."""
        return type(self)(self.distribution, *(array[index] for array in self._arrays))

    def broadcast(self, shape: tuple[int, ...]) -> Self:
        """The same lifetimes with every parameter array broadcast to a shape."""
        return type(self)(
            self.distribution, *(np.broadcast_to(array, shape) for array in self._arrays)
        )

    @property
    def _arrays(self) -> tuple[Array, Array, Array, Array, Array]:
        return self.mean, self.sd, self.shape, self.location, self.scale


def survival(life: Lifetime, age: npt.ArrayLike) -> Array:
    """S(x) = P(X > x) at each age in years, 1 below zero; parameters and ages broadcast."""
    x = np.maximum(np.asarray(age, dtype=float), 0.0)
    return _SURVIVAL[life.distribution](life, x)


def limited_expectation(life: Lifetime, age: npt.ArrayLike) -> Array:
    r"""$L(x) = E[\min(X, x)] = \int_0^x S$, years lived up to each age; parameters and ages
    broadcast."""
    x = np.maximum(np.asarray(age, dtype=float), 0.0)
    return _LIMITED[life.distribution](life, x)


def excess(life: Lifetime, age: npt.ArrayLike) -> Array:
    r"""$T(x) = E[\max(X - x, 0)] = \int_x^\infty S$, years still to live after each age, per unit
    of inflow; mean = L + T."""
    x = np.maximum(np.asarray(age, dtype=float), 0.0)
    return _EXCESS[life.distribution](life, x)


def mean_survival(life: Lifetime, edges: npt.ArrayLike) -> Array:
    r"""Exact mean of S between consecutive ages along the last axis: shape (..., K+1) to (..., K).

    $\frac{1}{x_{k+1} - x_k} \int_{x_k}^{x_{k+1}} S$, from L below the mean life and from T above it
    (one of them at each age, since they are costly); within [0, 1] and never rising with age. The
    parameters' last axis must be 1 (or absent) for it to broadcast over ages.
    """
    ages = np.asarray(edges, dtype=float)
    young, part = _younger_or_older(life, np.maximum(ages, 0.0))
    # over an interval that begins young and ends old: mean - L(x_k) - T(x_k+1)
    start = np.where(young[..., :-1], part[..., :-1], life.mean - part[..., :-1])
    end = np.where(young[..., 1:], part[..., 1:], life.mean - part[..., 1:])
    integral = np.where(young[..., :-1], end - start, part[..., :-1] - part[..., 1:])
    share = np.clip(integral / np.diff(ages, axis=-1), 0.0, 1.0)
    return np.asarray(np.minimum.accumulate(share, axis=-1), dtype=float)


def _younger_or_older(life: Lifetime, x: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """(age below the mean life, L there and T elsewhere), both of the shape that ages and
    parameters broadcast to."""
    young = x < life.mean
    part = np.empty(young.shape)
    ages, spread = np.broadcast_to(x, young.shape), life.broadcast(young.shape)
    for mask, form in ((young, limited_expectation), (~young, excess)):
        if mask.any():
            part[mask] = form(spread.at(mask), ages[mask])
    return young, part


def discrete_survival(life: Lifetime, ages: int, convention: Convention = "uniform") -> Array:
    """S_k for k = 0, ..., ages - 1: the share of a year's inflow still in use at the end of the
    k-th year after it.

    Parameters of shape (...) give shape (..., ages). See CONVENTION_NOTES for what k means in each
    convention.
    """
    spread = life.at((..., None))
    if convention == "uniform":
        return mean_survival(spread, np.arange(ages + 1.0))
    return survival(spread, np.arange(ages) + INFLOW_BEFORE_END[convention])


INFLOW_BEFORE_END = {"end": 0.0, "middle": 0.5, "start": 1.0}
"""How long before the end of its period all inflow is taken to enter, as a share of the period."""


@dataclass(frozen=True, slots=True, eq=False)
class Tabulated:
    r"""Discrete survival of very many cohorts of equal periods, read from a table of L.

    A lifetime of one distribution and one form (sd / mean, or Weibull shape) is its mean times one
    and the same variable, so that $L(x) = \mu\, \ell(x / \mu)$. The table holds $\ell$ over $\ln(x
    / \mu)$ as cubics through value and slope at nodes so close that it misses the closed form by
    less than TABLE_ERROR: rounding. Beyond the means, what survives is then known to about
    $10^{-15} \mu$ of the inflow, where `mean_survival` keeps all digits.
    """

    cells: tuple[Array, Array, Array, Array]
    """Coefficients of the cubics from the constant up, each of shape (forms x nodes,)."""
    log_age: Array
    """ln(age) at the ends of the periods, counted in cells from the first node, shape (C,)."""
    log_mean: Array
    """ln(mean) counted in cells, shape (..., C) as the lifetimes."""
    first_cell: npt.NDArray[np.intp] | None
    """First cell of each lifetime's form, shape (..., C); None where all have one form."""
    periods: Array
    """Mean life in periods, shape (..., C)."""

    def column(self, c: int, count: int) -> Array:
        """Share of cohort c in use at the ends of its own period and the next, `count` in all:
        shape (..., count)."""
        x = self.log_age[:count] - self.log_mean[..., c, None]
        cell = x.astype(np.intp)
        x -= cell
        if self.first_cell is not None:
            cell += self.first_cell[..., c, None]
        share = self.cells[3].take(cell)
        for coefficient in self.cells[2::-1]:
            share *= x
            share += coefficient.take(cell)
        share *= self.periods[..., c, None]
        share[..., 1:] -= share[..., :-1]
        np.minimum(share[..., 0], 1.0, out=share[..., 0])
        np.minimum.accumulate(share, axis=-1, out=share)
        return np.asarray(np.maximum(share, 0.0, out=share), dtype=float)


TABLE_ERROR = 4e-15
"""Largest error of the table in units of the mean life; the closed forms themselves have about
2e-15."""
_TABLE_NODES = (2**14, 2**15, 2**16, 2**17)
_TABLE_PAYS = 4
"""A table is made where it saves so many evaluations for each of its nodes."""
_SAME_FORM = 1e-14


def tabulated(life: Lifetime, length: float, count: int) -> Tabulated | None:
    """The table for lifetimes of shape (..., count) over `count` periods of one length in years.

    None where the closed forms are as quick: few cohorts, or as many forms as lifetimes; and where
    no table is exact enough.
    """
    evaluations = life.mean.size * (count + 1) / 2
    if life.distribution == "fixed" or evaluations < _TABLE_PAYS * _TABLE_NODES[0]:
        return None
    forms, which = _forms(life)
    if evaluations < _TABLE_PAYS * _TABLE_NODES[0] * len(forms):
        return None
    unit = Lifetime.of(
        life.distribution, np.ones((len(forms), 1)), sd=forms[:, None], shape=forms[:, None]
    )
    start, end = np.log(length / life.mean.max()), np.log(length * count / life.mean.min())
    for nodes in _TABLE_NODES:
        if evaluations < _TABLE_PAYS * nodes * len(forms):
            return None
        width = (end - start) / (nodes - 1)
        cells = _cubics(unit, start + width * np.arange(nodes + 1), width)
        if cells is not None:
            log_mean = np.log(life.mean) / width
            return Tabulated(
                cells,
                (np.log(length * np.arange(1.0, count + 1)) - start) / width,
                log_mean,
                nodes * which if len(forms) > 1 else None,
                life.mean / length,
            )
    return None


def _forms(life: Lifetime) -> tuple[Array, npt.NDArray[np.intp]]:
    """Forms that lifetimes have (Weibull shape, or sd / mean; 0 for the exponential distribution),
    and which each has, of its shape.

    What differs by rounding is one form: sd / mean is rarely the number that sd was made with.
    """
    form = life.shape if life.distribution == "weibull" else life.sd / life.mean
    values, which = np.unique(np.where(np.isnan(form), 0.0, form), return_inverse=True)
    apart = np.append(True, np.diff(values) > _SAME_FORM * values[1:])
    return values[apart], (np.cumsum(apart) - 1)[which].reshape(life.dims)


def _cubics(unit: Lifetime, nodes: Array, width: float) -> tuple[Array, Array, Array, Array] | None:
    """Cubics of L over ln(age) between nodes, flat; None where they miss the closed form halfway
    between nodes."""
    age = np.exp(nodes)
    value, slope = limited_expectation(unit, age), width * age * survival(unit, age)
    rise, left, right = np.diff(value, axis=-1), slope[..., :-1], slope[..., 1:]
    cells = value[..., :-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise
    halfway = cells[0] + (cells[1] + (cells[2] + cells[3] / 2) / 2) / 2
    if (
        not np.abs(halfway - limited_expectation(unit, np.exp(nodes[:-1] + width / 2))).max()
        <= TABLE_ERROR
    ):
        return None
    constant, linear, square, cube = (cell.ravel() for cell in cells)
    return constant, linear, square, cube


def _parameters(
    distribution: Distribution,
    mean: npt.ArrayLike,
    sd: npt.ArrayLike | None,
    shape: npt.ArrayLike | None,
) -> tuple[Array, Array, Array]:
    """Mean, sd and shape of one shape, NaN where the distribution needs none. Raises ValueError for
    one that is missing, or not above zero."""
    given = {"mean": _needed(distribution, "mean", mean)}
    if distribution in NEEDS_SD:
        given["sd"] = _needed(distribution, "sd", sd)
    if distribution == "weibull":
        given["shape"] = _needed(distribution, "shape", shape)
    arrays = np.broadcast_arrays(
        *(np.asarray(given.get(name, np.nan), dtype=float) for name in ("mean", "sd", "shape"))
    )
    for name, array in zip(("mean", "sd", "shape"), arrays, strict=True):
        if name in given and not np.all((array > 0) & np.isfinite(array)):
            raise ValueError(f"the {name} of a lifetime must be a number above zero")
    return arrays[0], arrays[1], arrays[2]


def _needed(distribution: Distribution, name: str, value: npt.ArrayLike | None) -> npt.ArrayLike:
    if value is None:
        raise ValueError(f"a {distribution} lifetime needs {name}")
    return value


def _underlying(
    distribution: Distribution, mean: Array, sd: Array, shape: Array
) -> tuple[Array, Array]:
    """(location, scale) that the closed forms use, from the lifetime's own mean, sd and shape."""
    none = np.full(mean.shape, np.nan)
    if distribution == "lognormal":
        return none, np.sqrt(np.log1p((sd / mean) ** 2))
    if distribution == "gamma":
        return none, sd * (sd / mean)
    if distribution == "weibull":
        return none, mean / scipy.special.gamma(1 + 1 / shape)
    if distribution in LARGEST_CV:
        return _normal_before(distribution, mean, sd / mean)
    return none, none


def _normal_before(distribution: Distribution, mean: Array, cv: Array) -> tuple[Array, Array]:
    """mu / sigma, and sigma, of the normal distribution that is cut at 0 or folded."""
    if np.any(cv > LARGEST_CV[distribution]):
        raise ValueError(
            f"a {distribution} lifetime has an sd of at most {LARGEST_CV[distribution]} of its "
            f"mean, not {float(cv.max()):.3g}; give a smaller sd, or take gamma or lognormal"
        )
    unique, inverse = np.unique(cv, return_inverse=True)
    ratios = _cut_ratio(unique) if distribution == "normal" else _folded_ratio(unique)
    ratio = ratios[inverse].reshape(cv.shape)
    first = (_cut_moments(-ratio) if distribution == "normal" else _folded_moments(ratio))[0]
    return ratio, mean / first


def _phi(z: Array) -> Array:
    return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi), dtype=float)


def _mills(z: Array) -> Array:
    """Q(z) / phi(z) of the standard normal distribution, stable for large z."""
    return np.asarray(np.sqrt(np.pi / 2) * scipy.special.erfcx(z / np.sqrt(2)), dtype=float)


def _normal_excess(z: Array) -> Array:
    r"""$\int_z^\infty Q = \phi(z) - z Q(z)$ of the standard normal distribution."""
    old = np.maximum(z, 0.0)
    return np.asarray(
        np.where(z > 0, _phi(old) * (1 - old * _mills(old)), _phi(z) - z * scipy.special.ndtr(-z)),
        dtype=float,
    )


def _cut_moments(a: Array) -> tuple[Array, Array]:
    """Mean and variance, in units of sigma, of a normal distribution cut at a = -mu/sigma, counted
    from there."""
    with np.errstate(over="ignore"):
        hazard = 1 / _mills(a)
    return hazard - a, 1 - hazard * (hazard - a)


def _folded_moments(b: Array) -> tuple[Array, Array]:
    """Mean and variance, in units of sigma, of |N(b, 1)|."""
    mean = 2 * _phi(b) + b * scipy.special.erf(b / np.sqrt(2))
    return mean, b * b + 1 - mean * mean


def _cut_ratio(cv: Array) -> Array:
    """mu / sigma of the normal distribution that has this sd / mean once cut at 0."""
    return _bisect(cv, lambda ratio: _cut_moments(-ratio), low=-12.0)


def _folded_ratio(cv: Array) -> Array:
    """mu / sigma of the normal distribution that has this sd / mean once folded at 0."""
    return _bisect(cv, _folded_moments, low=0.0)


def _bisect(cv: Array, moments: Callable[[Array], tuple[Array, Array]], low: float) -> Array:
    """The ratio mu / sigma at which sqrt(variance) / mean, which falls as it rises, is cv."""
    below, above = np.full(cv.shape, low), np.maximum(1 / cv, 1.0) + 1.0
    for _ in range(_BISECTIONS):
        middle = (below + above) / 2
        mean, variance = moments(middle)
        still_wide = variance > (cv * mean) ** 2
        below, above = np.where(still_wide, middle, below), np.where(still_wide, above, middle)
    return np.where(cv < _SHARP, 1 / cv, (below + above) / 2)


def _log_age(life: Lifetime, x: Array) -> Array:
    """(ln x - mu) / sigma of the lognormal distribution; -inf at 0."""
    with np.errstate(divide="ignore"):
        return np.asarray((np.log(x / life.mean) + life.scale**2 / 2) / life.scale, dtype=float)


def _gamma_shape(life: Lifetime) -> Array:
    return np.asarray((life.mean / life.sd) ** 2, dtype=float)


def _weibull_age(life: Lifetime, x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray((x / life.scale) ** life.shape, dtype=float)


def _cut_excess(life: Lifetime, x: Array) -> Array:
    z = x / life.scale - life.location
    with np.errstate(under="ignore"):
        return np.asarray(
            life.scale * _normal_excess(z) / scipy.special.ndtr(life.location), dtype=float
        )


def _folded_excess(life: Lifetime, x: Array) -> Array:
    z = x / life.scale
    return np.asarray(
        life.scale * (_normal_excess(z - life.location) + _normal_excess(z + life.location)),
        dtype=float,
    )


def _lognormal_limited(life: Lifetime, x: Array) -> Array:
    z = _log_age(life, x)
    return np.asarray(
        life.mean * scipy.special.ndtr(z - life.scale) + x * scipy.special.ndtr(-z), dtype=float
    )


def _gamma_limited(life: Lifetime, x: Array) -> Array:
    a, y = _gamma_shape(life), x / life.scale
    return np.asarray(
        life.mean * scipy.special.gammainc(a + 1, y) + x * scipy.special.gammaincc(a, y),
        dtype=float,
    )


_Form = Callable[[Lifetime, Array], Array]
_SURVIVAL: Mapping[Distribution, _Form] = {
    "fixed": lambda life, x: (x < life.mean).astype(float),
    "exponential": lambda life, x: np.exp(-x / life.mean),
    "weibull": lambda life, x: np.exp(-_weibull_age(life, x)),
    "gamma": lambda life, x: scipy.special.gammaincc(_gamma_shape(life), x / life.scale),
    "lognormal": lambda life, x: scipy.special.ndtr(-_log_age(life, x)),
    "normal": lambda life, x: (
        scipy.special.ndtr(life.location - x / life.scale) / scipy.special.ndtr(life.location)
    ),
    "folded_normal": lambda life, x: (
        scipy.special.ndtr(life.location - x / life.scale)
        + scipy.special.ndtr(-life.location - x / life.scale)
    ),
}
_LIMITED: Mapping[Distribution, _Form] = {
    "fixed": lambda life, x: np.minimum(x, life.mean),
    "exponential": lambda life, x: -life.mean * np.expm1(-x / life.mean),
    "weibull": lambda life, x: (
        life.mean * scipy.special.gammainc(1 / life.shape, _weibull_age(life, x))
    ),
    "gamma": _gamma_limited,
    "lognormal": _lognormal_limited,
    "normal": lambda life, x: life.mean - _cut_excess(life, x),
    "folded_normal": lambda life, x: life.mean - _folded_excess(life, x),
}
_EXCESS: Mapping[Distribution, _Form] = {
    "fixed": lambda life, x: np.maximum(life.mean - x, 0.0),
    "exponential": lambda life, x: life.mean * np.exp(-x / life.mean),
    "weibull": lambda life, x: (
        life.mean * scipy.special.gammaincc(1 / life.shape, _weibull_age(life, x))
    ),
    "gamma": lambda life, x: (
        life.mean * scipy.special.gammaincc(_gamma_shape(life) + 1, x / life.scale)
        - x * scipy.special.gammaincc(_gamma_shape(life), x / life.scale)
    ),
    "lognormal": lambda life, x: (
        life.mean * scipy.special.ndtr(life.scale - _log_age(life, x))
        - x * scipy.special.ndtr(-_log_age(life, x))
    ),
    "normal": _cut_excess,
    "folded_normal": _folded_excess,
}
