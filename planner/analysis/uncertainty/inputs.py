r"""An uncertain input and its distribution.

Distributions, from the three numbers that a row gives (value v, low l, high h):

- `triangular` (the default): minimum l, mode v, maximum h;
- `pert`: beta on [l, h] with mode v and weight 4 (Malcolm et al. 1959, Operations Research 7,
  646-669);
- `uniform`: between l and h;
- `bernoulli`: 1 with probability v, else 0: a project that comes about or does not;
- `normal`, `lognormal`: median v, with l and h as the ends of the central 90 %, each side with its
  own spread ($x = v + z\,s_\pm$, and the same of logarithms), kept within the bounds that the study
  format sets for the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.system.nouns import Array

Shape = Literal["triangular", "pert", "uniform", "normal", "lognormal", "bernoulli"]
TAIL = 0.95
"""Quantile at which a normal or lognormal distribution has its high end."""
PERT_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Input:
    """An uncertain series: tuples over its R rows in order of years, in the unit given."""

    name: str
    """Path without the year."""
    paths: tuple[str, ...]
    years: tuple[int, ...]
    """Year of each row; (0,) where one value holds for all years."""
    low: tuple[float, ...]
    value: tuple[float, ...]
    high: tuple[float, ...]
    unit: str
    grade: str
    source: str
    note: str
    least: float
    """Bounds that the study format sets for the parameter."""
    most: float
    shape: Shape = "triangular"
    year_correlation: float = 1.0
    """Correlation of the scores of two rows one year apart; 1: the series moves as a whole."""
    tied_to: str = ""
    """Another input that it always moves with, since the metal balance leaves it no choice; it
    draws nothing of its own."""

    @property
    def dimensions(self) -> int:
        """Number of quantiles that a sample draws for it."""
        return 0 if self.tied_to else 1 if self.year_correlation == 1.0 else len(self.years)

    def at(self, quantiles: Array) -> Array:
        """Values of its rows at quantiles of shape (..., dimensions); shape (..., R)."""
        return quantile(self, np.broadcast_to(quantiles, (*quantiles.shape[:-1], len(self.years))))


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """The uncertain inputs of a study and the correlation of their normal scores, shape (D, D), D
    the sum of their dimensions."""

    inputs: tuple[Input, ...]
    correlation: Array | None = None

    @property
    def dimensions(self) -> int:
        return sum(each.dimensions for each in self.inputs)

    def columns(self) -> dict[str, slice]:
        """Columns of a sample that belong to each input."""
        found, at = {}, 0
        for each in self.inputs:
            if not each.tied_to:
                found[each.name] = slice(at, at + each.dimensions)
                at += each.dimensions
        return found | {each.name: found[each.tied_to] for each in self.inputs if each.tied_to}


def quantile(each: Input, u: Array) -> Array:
    """Values at quantiles u in [0, 1] of the distribution of each row; u and the result of shape
    (..., R)."""
    low, mode, high = (np.array(x, dtype=float) for x in (each.low, each.value, each.high))
    found = DISTRIBUTIONS[each.shape](low, mode, high, u)
    return np.asarray(np.clip(np.where(high - low > 0, found, mode), each.least, each.most))


def _uniform(low: Array, mode: Array, high: Array, u: Array) -> Array:
    return low + u * (high - low)


def _triangular(low: Array, mode: Array, high: Array, u: Array) -> Array:
    span = _positive(high - low)
    left = low + np.sqrt(u * span * (mode - low))
    right = high - np.sqrt((1 - u) * span * (high - mode))
    return np.where(u < (mode - low) / span, left, right)


def _pert(low: Array, mode: Array, high: Array, u: Array) -> Array:
    from scipy.special import betaincinv

    part = (mode - low) / _positive(high - low)
    share = betaincinv(1 + PERT_WEIGHT * part, 1 + PERT_WEIGHT * (1 - part), u)
    return np.asarray(low + (high - low) * share)


def _normal(low: Array, mode: Array, high: Array, u: Array) -> Array:
    from scipy.special import ndtri

    # the far ends of a normal are infinite; a quantile of 0 or 1 never comes from a sampler, but
    # may be asked for
    z = ndtri(np.clip(u, 1e-6, 1 - 1e-6))
    return np.asarray(mode + z * np.where(z < 0, mode - low, high - mode) / ndtri(TAIL))


def _lognormal(low: Array, mode: Array, high: Array, u: Array) -> Array:
    return np.asarray(np.exp(_normal(np.log(low), np.log(mode), np.log(high), u)))


def _bernoulli(low: Array, mode: Array, high: Array, u: Array) -> Array:
    return np.where(u > 1.0 - mode, high, low)


def _positive(span: Array) -> Array:
    """A span to divide by: 1 where a row has no spread and keeps its value."""
    return np.where(span > 0, span, 1.0)


DISTRIBUTIONS: Mapping[Shape, Callable[[Array, Array, Array, Array], Array]] = {
    "triangular": _triangular,
    "pert": _pert,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "bernoulli": _bernoulli,
}
"""Inverse distribution functions of low end, value, high end and quantile."""
