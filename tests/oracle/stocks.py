"""Waste that arises from use, and what measures change of it, year by year (conventions.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from tests.oracle.lives import share_left
from tests.oracle.reader import Array, Study, at_years

LIFE = ("lifetime_mean", "lifetime_sd", "lifetime_shape")


@dataclass
class Use:
    """A use stock: its product, its lives by cohort, and where its waste goes."""

    study: Study
    name: str
    waste: str
    distribution: str
    lives: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def life(self, cohort: int, longer: float = 0.0) -> tuple[str, float, float, float]:
        """Distribution, mean, standard deviation and shape of what entered use in a year."""
        if cohort not in self.lives:
            self.lives[cohort] = tuple(self._life_number(p, cohort) for p in LIFE)
        mean, sd, shape = self.lives[cohort]
        return self.distribution, mean + longer, sd, shape

    def _life_number(self, parameter: str, cohort: int) -> float:
        points = self.study.numbers["product_values"].get((self.name, parameter))
        return 0.0 if points is None else float(at_years(points, np.array([cohort]))[0])

    def left(self, cohort: int, year: int, longer: float = 0.0) -> float:
        """Share of a cohort in use at the end of a year."""
        convention = self.study.head.get("stock_convention", "uniform")
        if year < cohort:
            return 1.0
        return share_left(convention, year - cohort, *self.life(cohort, longer))

    def leaving(self, cohort: int, year: int, longer: float = 0.0) -> float:
        """Share of a cohort that leaves use in a year."""
        if year < cohort:
            return 0.0
        before = 1.0 if year == cohort else self.left(cohort, year - 1, longer)
        return before - self.left(cohort, year, longer)

    @cached_property
    def kept(self) -> Array:
        """Share of what leaves use that becomes waste, by year."""
        return 1.0 - self.study.yearly("product_values", self.name, "dissipated")

    def per_tonne(self, good: str) -> Array:
        """Tonnes of product that enter use for a tonne demanded, by year."""
        return self.study.yearly("uses", self.name, good)

    @cached_property
    def goods(self) -> list[str]:
        """Demanded goods that enter this stock."""
        return [good for product, good in self.study.keys("uses") if product == self.name]

    @cached_property
    def waste_by_year(self) -> Array:
        """Waste that arises in each year of the horizon, from past and from demanded inflow."""
        years = self.study.years
        leaving = np.zeros(len(years))
        for cohort, amount in self.cohorts().items():
            leaving += amount * np.array([self.leaving(cohort, int(y)) for y in years])
        return leaving * self.kept

    def cohorts(self) -> dict[int, float]:
        """Inflow by the year in which it entered use."""
        first = int(self.study.years[0])
        inflow: dict[int, float] = {}
        for point in self.study.numbers["cohorts"].get((self.name, "inflow"), []):
            inflow[int(point.year or 0)] = point.value
        for point in self.study.numbers["cohorts"].get((self.name, "stock"), []):
            cohort = int(point.year or 0)
            inflow[cohort] = point.value / self.left(cohort, first - 1)
        entering = np.zeros(len(self.study.years))
        for good in self.goods:
            entering += self.per_tonne(good) * self.study.yearly("demand", good)
        inflow.update(zip(map(int, self.study.years), map(float, entering), strict=True))
        return inflow


def uses(study: Study) -> list[Use]:
    """All use stocks of a study."""
    return [
        Use(study, row["product"], row.get("waste", ""), row["distribution"])
        for row in study.rows["products"]
    ]


def arising(study: Study) -> dict[str, Array]:
    """Waste that arises from use, by waste good and year."""
    found: dict[str, Array] = {}
    for use in uses(study):
        if use.waste:
            found[use.waste] = found.get(use.waste, 0.0) + use.waste_by_year
    return found


def period_years(study: Study, period: int) -> range:
    """Calendar years of a period."""
    return range(int(study.starts[period]), int(study.starts[period + 1]))


def profile(study: Study, good: str, taken: int) -> Array:
    """A tonne a year of a good spread over the years of a period as its demand is."""
    demand, starts = study.yearly("demand", good), study.starts
    inside = (study.years >= starts[taken]) & (study.years < starts[taken + 1])
    mean = study.mean(demand)[taken]
    return inside * (demand / mean if mean else 1.0)


def waste_by_year(use: Use, entering: Array, longer: float = 0.0) -> Array:
    """Waste in each year of what enters use in each year."""
    years = [int(year) for year in use.study.years]
    inflow = [(year, a) for year, a in zip(years, entering, strict=True) if a]
    leaving = [sum(a * use.leaving(y, year, longer) for y, a in inflow) for year in years]
    return np.array(leaving) * use.kept


def stock_at_end(use: Use, entering: Array, period: int, longer: float = 0.0) -> float:
    """Stock at the end of a period of what enters use in each year."""
    end = int(use.study.starts[period + 1]) - 1
    inflow = zip(map(int, use.study.years), entering, strict=True)
    return float(sum(a * use.left(y, end, longer) for y, a in inflow if a and y <= end))
