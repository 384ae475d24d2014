r"""Discounting and capital charges, as pure arrays.

Conventions, the same everywhere: money is that of the study's first year, undiscounted in that
year; a sum paid in year y weighs $(1+r)^{-(y - y_0)}$; a plant ordered in the first year v of a
period runs in the years v + lead, ..., for its life, and is paid for at the start of each of these
years (an annuity *due*). Rates, lives and prices may be those of many samples
(`planner.system.batch`): numbers of shape (B, 1), prices of shape (B, V).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.system.nouns import Array, Period, Scalar


def discount_factor(base_year: int, years: npt.ArrayLike, rate: float) -> Array:
    r"""Worth in the base year of a unit paid in each year, $(1+r)^{-(y - y_0)}$; the shape of
    `years`.

    Raises ValueError for a rate of -1 or less, or none.
    """
    if not rate > -1:
        raise ValueError(f"a rate must be above -1, not {rate}")
    return np.asarray((1.0 + rate) ** (base_year - np.asarray(years, dtype=float)), dtype=float)


def period_factors(periods: tuple[Period, ...], rate: float) -> Array:
    r"""Worth in the first year of a unit paid in every year of a period, $\sum_{y \in t} (1+r)^{-(y
    - y_0)}$; shape (T,)."""
    base = periods[0].first
    return np.array(
        [discount_factor(base, np.arange(p.first, p.last + 1), rate).sum() for p in periods]
    )


def powers(base: Scalar, exponents: npt.ArrayLike) -> Array:
    """A base to the power of each exponent, shape (..., T), one by one: numpy's own for whole
    arrays differ in the last digit."""
    if isinstance(base, np.ndarray):
        return np.array([powers(each, exponents) for each in base[..., 0].tolist()])
    return np.array([base ** float(exponent) for exponent in np.asarray(exponents)])


def alive_share(periods: tuple[Period, ...], lead_time: int, life: Scalar) -> Array:
    r"""Share of period t in which what was ordered in period v runs; shape (..., V, T), V = T.

    The overlap of [v + lead, v + lead + life) with period t, over the length of t, where v is the
    first year of the period of order. It is a share of time, so that a period of which half is
    covered gets half the capacity.
    """
    start = np.array([p.first for p in periods], dtype=float)
    end = np.array([p.last + 1 for p in periods], dtype=float)
    begins = start + lead_time
    overlap = np.minimum(begins[:, None] + np.asarray(life)[..., None], end) - np.maximum(
        begins[:, None], start
    )
    return np.asarray(np.clip(overlap, 0.0, None) / (end - start), dtype=float)


def annuity_due(rate: Scalar, life: Scalar) -> Scalar:
    r"""Yearly payment, at the start of each year of life, worth a unit at the start:
    $\frac{r/(1+r)}{1-(1+r)^{-L}}$, 1/L at r = 0.

    A life with a part of a year in it pays a part of the last payment (`_payment_shares`); a life
    below a year pays that part only, so that the annuity then exceeds the price. Raises ValueError
    for a life of zero or less.
    """
    if not np.all(np.asarray(life) > 0):
        raise ValueError(f"a life must be above zero, not {life}")
    if not np.all(np.asarray(rate) > -1):
        raise ValueError(f"a rate must be above -1, not {rate}")
    whole = np.where(rate == 0, 1.0, rate)
    due = np.where(
        rate == 0,
        1.0 / np.asarray(life),
        whole / (1.0 + whole) / -np.expm1(-life * np.log1p(whole)),
    )
    return due if due.ndim else float(due)


def _payment_shares(rate: Scalar, life: Scalar, years: int) -> Array:
    r"""Share of the annuity paid at the start of each year of life, shape (..., years): 1 in whole
    years, 0 after the life.

    The last part f of a year pays $\frac{1-(1+r)^{-f}}{1-(1+r)^{-1}}$ (f at r = 0), so that the
    payments are worth exactly the price for any life, whole or not.
    """
    part = np.clip(life - np.arange(years), 0.0, 1.0)
    growth = np.log1p(np.where(rate == 0, 1.0, rate))
    return np.asarray(
        np.where(rate == 0, part, np.expm1(-part * growth) / np.expm1(-growth)), dtype=float
    )


def capital_charge(
    periods: tuple[Period, ...],
    price: Array,
    interest_rate: Scalar,
    discount_rate: float,
    life: Scalar,
    lead_time: int,
) -> Array:
    r"""Cost in period t of a unit ordered in period v, present value in the first year's money;
    shape (..., V, T).

    $$A = C_v (1+i)^{lead}\, \frac{i/(1+i)}{1-(1+i)^{-L}}$$

    is due in each year v + lead, v + lead + 1, ... of the life, at the plant's own interest rate i;
    the payments of years within the horizon count, discounted at the study's rate; later ones do
    not (their output falls outside as well). The price is overnight and paid at order, hence the
    interest during the lead time.
    """
    first, last = periods[0].first, periods[-1].last
    years = np.arange(first, last + 1)
    shares = _payment_shares(interest_rate, life, len(years))
    payment = (
        np.asarray(price, dtype=float)
        * powers(1.0 + interest_rate, [lead_time])
        * annuity_due(interest_rate, life)
    )
    worth = discount_factor(first, years, discount_rate)
    charge = np.zeros(
        (*np.broadcast_shapes(shares.shape[:-1], payment.shape[:-1]), len(periods), len(periods))
    )
    starts = [p.first - first for p in periods]
    for v, ordered in enumerate(periods):
        begins = ordered.first + lead_time - first
        if begins >= len(years):
            continue
        due = np.zeros((*shares.shape[:-1], len(years)))
        due[..., begins:] = shares[..., : len(years) - begins] * worth[begins:]
        charge[..., v, :] = payment[..., v, None] * np.add.reduceat(due, starts, axis=-1)
    return charge
