r"""The account of what is short: what a policy needs in its worst year, the most that can be had,
and what holds each part of it.

The policy's own rows are taken out and everything else kept, the other policies of the clash too.
Then for its worst row r

$$\bar v = \max \{ a_r x : x \in X \setminus r \} = \sum_i y_i b_i$$

for all who count towards it together and for each by itself; the duals y name the limits that hold
it. Where each year could be had by itself, what is short is short over all of them, and their sum
is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from planner.analysis.diagnosis.infeasible_case import Case, freed
from planner.analysis.diagnosis.row_descriptions import Teller
from planner.lp.families import BY_NAME
from planner.lp.family import Target
from planner.plan.solve import optimal_if_any
from planner.runtime.progress import Progress
from planner.solver.highs import Arrays, Program, Solution
from planner.study.provenance import plain, years_of
from planner.system.nouns import Array, Policy

SHORT = 1e-7
"""Less than this share of what is needed is not a shortfall."""
MOST_NAMED = 6
"""Contributors named in a sentence; limits, half as many."""
LEAST_PART = 0.01
"""Parts below this share of the whole are not named."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The need of a policy, what can be had beside the others of its clash, and in words the limits
    that hold it."""

    policy: str
    first: int | None
    """First and last year of the shortfall; None for all years."""
    last: int | None
    need: float
    reached: float
    """The most that can be had, or for a ceiling the least that cannot be avoided."""
    short: float
    """Amount by which the need is missed, or the ceiling passed."""
    unit: str
    words: str
    rows: tuple[int, ...]
    """Positions of the rows looked at."""


def shortfall_of(
    case: Case, teller: Teller, name: str, arrays: Arrays, progress: Progress | None
) -> Shortfall | None:
    """The shortfall of a policy in its worst year, or over all its years where each could be had by
    itself; None where neither is short."""
    if progress is not None:
        progress(f"what is short for {name}")
    rows = case.rows_of([name])
    found = _missed(arrays, rows)
    if found is None:
        return None
    missed, worth = found
    worst = rows[int(np.argmax(missed))]
    ceiling = not np.isfinite(arrays.row_lower[worst])
    together = [
        row
        for row, price in zip(rows, worth, strict=True)
        if abs(price) > SHORT and np.isfinite(arrays.row_lower[row]) != ceiling
    ]
    for chosen in ([worst], together):
        view = _View(case, teller, case.system.policies[name], arrays, rows, chosen, ceiling)
        best = view.best()
        if best is not None and view.gap(best) > SHORT * max(abs(view.need), 1.0):
            return view.account(best)
    return None


def _missed(arrays: Arrays, rows: Sequence[int]) -> tuple[Array, Array] | None:
    """The least by which the rows of a policy must be missed in all, row by row, and what a unit of
    each row adds to it: the rows that are short together. None where missing them alone does not
    help."""
    n, k = len(arrays.columns), len(rows)
    sign = np.where(np.isfinite(arrays.row_lower[list(rows)]), 1.0, -1.0)
    extra = sparse.coo_array(
        (sign, (np.array(rows, dtype=int), np.arange(k))), (len(arrays.rows), k)
    )
    eased = replace(
        arrays,
        matrix=sparse.csc_array(sparse.hstack([arrays.matrix, extra], format="csc")),
        columns=(*arrays.columns, *(("missed", (i,)) for i in range(k))),
        cost=np.concatenate([np.zeros(n), np.ones(k)]),
        offset=0.0,
        carbon=np.zeros(n + k),
        lower=np.concatenate([arrays.lower, np.zeros(k)]),
        upper=np.concatenate([arrays.upper, np.full(k, np.inf)]),
    )
    solution = optimal_if_any(Program(eased))
    return None if solution is None else (solution.x[n:], solution.dual[list(rows)])


@dataclass(frozen=True, eq=False)
class _View:
    """The rows of a policy that are looked at, in a programme that keeps everything but the
    policy's own rows."""

    case: Case
    teller: Teller
    policy: Policy
    arrays: Arrays
    rows: Sequence[int]
    chosen: Sequence[int]
    ceiling: bool

    @cached_property
    def family(self) -> Target:
        family = BY_NAME[self.arrays.rows[self.chosen[0]][0]]
        assert isinstance(family, Target)
        return family

    @cached_property
    def years(self) -> list[int]:
        """First years of the periods of the rows; none for a row of all years."""
        if not self.family.is_yearly:
            return []
        return [int(str(self.arrays.rows[i][1][-1])) for i in self.chosen]

    @cached_property
    def weights(self) -> Array:
        """1 for a single row; of several the years of each period, so that their sum is an amount
        and not a rate."""
        if len(self.chosen) == 1 or not self.unit.endswith("/year"):
            return np.ones(len(self.chosen))
        length = {period.first: float(period.length) for period in self.case.system.periods}
        return np.array([length[year] for year in self.years])

    @property
    def unit(self) -> str:
        """Unit of a row."""
        return self.family.row_unit

    @cached_property
    def need(self) -> float:
        lower, upper = (
            self.arrays.row_lower[list(self.chosen)],
            self.arrays.row_upper[list(self.chosen)],
        )
        return float(self.weights @ np.where(np.isfinite(lower), lower, upper))

    @cached_property
    def reach(self) -> Array:
        """The weighted sum of the rows, (n,)."""
        return np.asarray(self.arrays.matrix.tocsr()[list(self.chosen)].T @ self.weights)

    def gap(self, best: Solution) -> float:
        """Amount by which an answer misses the need, or passes the ceiling."""
        return best.objective - self.need if self.ceiling else self.need - best.objective

    def best(self, terms: Array | None = None) -> Solution | None:
        """The most (for a ceiling the least) that the rows, or some of their terms, can reach; the
        objective is its value."""
        sign = 1.0 if self.ceiling else -1.0
        cost = sign * (self.reach if terms is None else terms)
        solution = optimal_if_any(
            Program(replace(freed(self.arrays, list(self.rows)), cost=cost, offset=0.0))
        )
        if solution is None:
            return None
        return replace(solution, objective=sign * solution.objective)

    def account(self, best: Solution) -> Shortfall:
        """The shortfall that an answer shows, with its sentence."""
        unit = self.unit if len(self.chosen) == 1 else self.unit.removesuffix("/year")
        years = years_of(self.case.system, self.years)
        return Shortfall(
            self.policy.name,
            min(years, default=None),
            max(years, default=None),
            self.need,
            best.objective,
            self.gap(best),
            unit,
            self.sentence(best, unit),
            tuple(self.chosen),
        )

    def sentence(self, best: Solution, unit: str) -> str:
        """The need, the contributors with the limits that hold them, and what is short."""
        gap = f"so {plain(self.gap(best))} {unit} is {'too much' if self.ceiling else 'short'}."
        if self.family.relative(self.policy) or self.ceiling:
            return f"{self.need_in_words(unit)}; {self.reached_in_words(best)}; {gap}"
        givers = self.contributors(best)
        together = f", together at most {plain(best.objective)}" if len(givers) > 1 else ""
        given = "; ".join(givers) or "nothing can give any"
        return f"{self.need_in_words(unit)}; {given}{together}; {gap}"

    def need_in_words(self, unit: str) -> str:
        """The requirement of the rows, and its years."""
        when = f" {self.teller.when(self.years)}" if self.years else " over all years"
        if self.family.relative(self.policy):
            return f"{self.policy.name}{when}: what counts for it less its share of all"
        index = self.arrays.rows[self.chosen[0]][1]
        subject = f" of {index[1]}" if self.family.subject else ""
        verb = "allows" if self.ceiling else "needs"
        return f"{self.policy.name} {verb} {plain(self.need)} {unit}{subject}{when}"

    def reached_in_words(self, best: Solution) -> str:
        """The best that all who count can do together, what holds it and who makes it up."""
        value, parts = plain(best.objective), ", ".join(self.parts(best))
        reached = f"at least {value} cannot be avoided"
        if not self.ceiling:
            reached = f"at best {value} is reached"
        return f"{reached}{self.held(best, '')}{': ' if parts else ''}{parts}"

    def terms(self) -> Array:
        """Contribution of each column to the chosen rows, emissions traced to what emits; (n,)."""
        terms = self.reach.copy()
        for i in np.flatnonzero(terms):
            name, index = self.arrays.columns[i]
            if name in ("emission", "impact"):
                row = (
                    self.arrays.matrix.tocsr()[[self.arrays.row_at[f"{name}_account", index]]]
                    .toarray()
                    .ravel()
                )
                row[i] = 0.0
                terms = terms - terms[i] * row
                terms[i] = 0.0
        terms[self.arrays.columns_of("breach")] = 0.0
        return terms

    def by_name(self, values: Array) -> dict[str, Array]:
        """Columns that have a value, by the name they go by: positions."""
        found: dict[str, list[int]] = {}
        for i in np.flatnonzero(values):
            found.setdefault(str(self.arrays.columns[i][1][0]), []).append(int(i))
        return {name: np.array(at) for name, at in found.items()}

    def parts(self, best: Solution) -> list[str]:
        """Those who make up what cannot be avoided, with the part of each."""
        given = self.terms() * best.x
        sums = {name: float(given[at].sum()) for name, at in self.by_name(given).items()}
        top = sorted(
            ((v, k) for k, v in sums.items() if abs(v) > LEAST_PART * abs(best.objective)),
            key=lambda part: -abs(part[0]),
        )
        top = top[:MOST_NAMED]
        return [f"{name} {plain(value)}" for value, name in top]

    def contributors(self, best: Solution) -> list[str]:
        """Those who could give to a floor, each with the most it can by itself, and the limits that
        hold it there."""
        terms = self.terms()
        found = []
        for name, at in self.by_name(np.maximum(terms, 0.0)).items():
            own = np.zeros(len(terms))
            own[at] = terms[at]
            alone = self.best(own)
            if alone is not None and alone.objective > LEAST_PART * max(best.objective, SHORT):
                found.append(
                    (
                        alone.objective,
                        f"{name} can give at most {plain(alone.objective)}{self.held(alone, name)}",
                    )
                )
        listed = [words for _, words in sorted(found, reverse=True)]
        rest = len(listed) - MOST_NAMED
        return listed[:MOST_NAMED] + ([f"{rest} others less"] if rest > 0 else [])

    def held(self, best: Solution, about: str) -> str:
        """The limits that hold an answer about a contributor, by their part in it: dual times
        limit."""
        arrays = self.arrays
        side = np.where(best.dual[: len(arrays.rows)] > 0, arrays.row_lower, arrays.row_upper)
        worth = np.abs(np.where(np.isfinite(side), side, 0.0) * best.dual[: len(arrays.rows)])
        worth[list(self.rows)] = 0.0
        edge = np.where(best.reduced_cost > 0, arrays.lower, arrays.upper)
        by_bound = np.abs(np.where(np.isfinite(edge), edge, 0.0) * best.reduced_cost)
        total = max(float(worth.sum() + by_bound.sum()), SHORT)
        # a subject that holds in one year holds in all years that carry its worth there, such as an
        # ore body in every year it is dug
        told = {
            (arrays.rows[i][0], arrays.rows[i][1][:-1])
            for i in np.flatnonzero(worth > LEAST_PART * total)
        }
        reasons = self.teller.rows(
            [
                arrays.rows[i]
                for i in np.flatnonzero(np.abs(best.dual[: len(arrays.rows)]) > SHORT)
                if (arrays.rows[i][0], arrays.rows[i][1][:-1]) in told
            ]
        )
        grouped: dict[tuple[str, tuple[object, ...], bool], list[int]] = {}
        for i in np.flatnonzero(by_bound > LEAST_PART * total):
            name, index = arrays.columns[i]
            grouped.setdefault((name, index[:-1], bool(best.reduced_cost[i] < 0)), []).append(
                int(str(index[-1]))
            )
        for (name, index, upper), years in grouped.items():
            bound = self.teller.bound(name, index, sorted(years), upper)
            reasons += [bound] if bound is not None else []
        words = [
            f"{reason.name.split(', ')[0]} ({reason.place})"
            if reason.target
            else reason.sentence.removeprefix(f"{about}: ")
            for reason in reasons[: MOST_NAMED // 2]
        ]
        return f" [{'; '.join(words)}]" if words else ""
