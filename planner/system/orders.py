r"""Orders of plants: decided once in each period that the study states, placed in its years.

The first year of a period is that of its order. Where `max_new` says how much may be ordered in a
year, a first year alone could not hold the order of several: then the order of period v is placed
in each of its years y, in proportion to what may be ordered in it,

$$w_{k,v,y} = \frac{N_{k,y}}{\sum_{y' \in v} N_{k,y'}},$$

over those years from which the plant can still start within the horizon. What is placed in a year
costs that year's price and stands from `lead_time` years later. Where every period is one year, w
is 1 and an order is that of its year. Prices, lives and limits may be those of many samples
(`planner.system.batch`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from planner.system.batch import agreed
from planner.system.economics import alive_share, capital_charge
from planner.system.nouns import Array, Plant, System


def in_time(system: System, plant: Plant) -> npt.NDArray[np.bool_]:
    """Years y of each period v in which an order starts within the horizon, shape (V, T)."""
    years = np.array(system.years)
    first, last = (
        np.array([getattr(period, end) for period in system.order_periods])[:, None]
        for end in ("first", "last")
    )
    within = (first <= years) & (years <= last)
    return np.asarray(within & (years + plant.lead_time <= years[-1]), dtype=bool)


def _yearly_limit(system: System, plant: Plant) -> Array:
    """Most that may be ordered in each year of each period, 0 outside it, shape (..., V, T)."""
    return np.where(in_time(system, plant), plant.max_new[..., None, :], 0.0)


def is_limited(plant: Plant) -> bool:
    """Return True if the study says how much of a plant may be ordered in a year."""
    return bool(agreed(np.isfinite(plant.max_new).all(axis=-1)))


def placed(system: System, plant: Plant) -> Array:
    """Share of the order of each period that is placed in each year, shape (..., V, T); a row of
    zeros where nothing can be ordered."""
    if not is_limited(plant):
        first = np.array([period.first for period in system.order_periods])[:, None]
        return np.asarray(in_time(system, plant) & (first == np.array(system.years)), dtype=float)
    limit = _yearly_limit(system, plant)
    total = limit.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(limit, total, out=np.zeros_like(limit), where=total > 0))


def most_ordered(system: System, plant: Plant) -> Array:
    """Most that may be ordered in each period, what its years allow together, shape (..., V); inf
    without a limit."""
    if not is_limited(plant):
        return np.full(len(system.order_periods), np.inf)
    return np.asarray(_yearly_limit(system, plant).sum(axis=-1))


def orderable(system: System, plant: Plant) -> npt.NDArray[np.bool_]:
    """Periods in which a plant can be ordered, shape (V,): it has a price, may be ordered, and
    starts within the horizon."""
    priced = agreed(np.isfinite(plant.capital_cost).all(axis=-1))
    placeable = agreed(placed(system, plant).any(axis=-1), 1)
    return np.asarray(placeable & priced, dtype=bool)


def standing_share(system: System, plant: Plant) -> Array:
    """Share of the order of a period that stands in each year, shape (..., V, T)."""
    return placed(system, plant) @ alive_share(system.periods, plant.lead_time, plant.life)


def order_cash(system: System, plant: Plant) -> Array:
    """Overnight cost of a unit ordered in each period, in the years in which it is placed, USD,
    shape (..., V, T)."""
    return np.asarray(placed(system, plant) * np.nan_to_num(plant.capital_cost)[..., None, :])


def order_charge(system: System, plant: Plant) -> Array:
    """Present value that a unit ordered in a period costs in each year of the horizon, USD, shape
    (..., V, T): annuities of what was placed in each of its years."""
    charge = capital_charge(
        system.periods,
        np.nan_to_num(plant.capital_cost),
        plant.interest_rate,
        system.discount_rate,
        plant.life,
        plant.lead_time,
    )
    return placed(system, plant) @ charge
