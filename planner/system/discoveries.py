r"""Deposits that somebody may find: drawn by type, year by year, and added to a system.

Of each type as many are found in a year as a Poisson variable of its rate says. Tonnage T of ore
and grade g are lognormal,

$$T = \tilde T\, e^{\sigma_T z},\quad g = \min(1, \tilde g\, e^{\sigma_g z'})$$

with medians and spreads by type and independent standard normal z and z'. Capacity follows from
tonnage by Taylor's rule

$$K = a\, T^b$$   [t of ore / yr]

with a = 5 and b = 0.75 where the study does not say otherwise, by which a mine lives T/K = 0.2
T^0.25 years (H. K. Taylor, Rates of working of mines - a simple rule of thumb, Transactions of the
Institution of Mining and Metallurgy A 95, 1986, 203-204). K. R. Long (Natural Resources Research
18, 2009, 57-63, https://doi.org/10.1007/s11053-009-9088-y) finds smaller exponents in 1,195 mines:
0.65 for open pits and block caves, 0.56 for other underground mines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from planner.system.nouns import Array, System, frozen_array, frozen_map


@dataclass(frozen=True, slots=True)
class Find:
    """A deposit that was found in a draw."""

    discovery: str
    deposit: str
    plant: str
    year: int
    ore: float
    """t"""
    grade: float
    """t of metal per t of ore"""
    capacity: float
    """t of metal per year"""
    life: float
    """years"""
    opens: int
    """First year in which it can be mined; it may lie after the horizon."""

    @property
    def metal(self) -> float:
        return self.ore * self.grade


def finds(system: System, *, seed: int = 0, sample: int = 0) -> list[Find]:
    """What is found in a draw, the same to the bit for the same seed and sample; types draw
    independently, so that one more of them changes nothing about the others."""
    return [find for name in system.discoveries for find in _of(system, name, seed, sample)]


def _of(system: System, name: str, seed: int, sample: int) -> Iterator[Find]:
    each = system.discoveries[name]
    chance = np.random.default_rng([seed, sample, crc32(name.encode())])
    for year, rate in zip(system.years, each.rate.tolist(), strict=True):
        for _ in range(chance.poisson(rate)):
            sizes = np.exp(
                np.array([each.tonnage_spread, each.grade_spread]) * chance.standard_normal(2)
            )
            ore, grade = each.tonnage * float(sizes[0]), min(1.0, each.grade * float(sizes[1]))
            rate_of_ore = each.capacity_factor * ore**each.capacity_exponent
            yield Find(
                name,
                each.deposit,
                each.plant,
                year,
                ore,
                grade,
                rate_of_ore * grade,
                ore / rate_of_ore,
                year + each.lead_time,
            )


def with_finds(system: System, found: Iterable[Find]) -> System:
    """A system whose deposits and plants hold what was found, from the year in which it opens: its
    metal is reserve, and its capacity stands for its life."""
    years = np.array(system.years)
    deposits, plants = dict(system.deposits), dict(system.plants)
    for find in found:
        if find.opens > years[-1]:
            continue
        grown = deposits[find.deposit]
        more = np.where(years == find.opens, find.metal, 0.0)
        added = frozen_array(grown.additions + more)
        deposits[find.deposit] = replace(grown, additions=added)
        if find.plant:
            plant = plants[find.plant]
            stands = frozen_array(plant.existing + find.capacity * _alive(years, find))
            plants[find.plant] = replace(plant, existing=stands)
    return replace(system, deposits=frozen_map(deposits), plants=frozen_map(plants))


def _alive(years: Array, find: Find) -> Array:
    """Share of each year in which a mine runs, shape (Y,)."""
    running = np.clip(find.opens + find.life - years, 0.0, 1.0)
    return np.where(years >= find.opens, running, 0.0)


def discovered(system: System, *, seed: int = 0, sample: int = 0) -> System:
    """A system with what a draw finds in it: a future for `hedge`, or the study of a sample of an
    ensemble of this seed."""
    return with_finds(system, finds(system, seed=seed, sample=sample))
