"""Relaxed levels of the policies of a clash: for each the level nearest to the one asked that can
be met, all else as it is.

Exact, by one solve, where the level stands on the right of the policy's rows alone; by bisection
where it stands in coefficients too. The level named is rounded away from the edge and proved by a
solve of the study with it, so that it can be written into study.toml.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from planner.analysis.diagnosis.infeasible_case import Case, feasible, possible, raised
from planner.analysis.diagnosis.row_descriptions import level
from planner.plan.solve import optimal_if_any
from planner.runtime.progress import Progress
from planner.solver.compiled import compiled
from planner.solver.highs import Arrays, Program
from planner.study.provenance import place_of
from planner.study.schema import POLICY_FORMS
from planner.system.nouns import Array, Policy, System, frozen_array, frozen_map

HALVINGS = 30
"""Steps of the bisection: the level is known to a part in 10^9."""
ROOMS = (0.0, 1e-6, 1e-4)
"""Distance of a proposed level from the edge of feasibility, as a share, where rounding
undoes it at the edge."""
DIGITS = 6
"""Significant digits of a proposed level."""
NEAR = 1e-4
"""A level this near to a round one, in units of its last digit, is the round one."""
LARGEST = 2.0**40
"""No ceiling is raised beyond this multiple."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """The least that a policy must give, all else as it is, for a plan to exist."""

    policy: str
    factor: float
    """The level that can be met over the level asked; infinite where none at all was asked, NaN
    where the policy must be dropped."""
    level: str
    """The level asked, in the words of study.toml."""
    relaxed: str
    """The level that can be met, likewise: what to write instead."""
    series: Array
    """The same by year, (Y,); NaN in all years where the policy must be dropped."""
    enough: bool
    """True if this alone makes the study feasible; if not, another clash is left that the policy is
    not part of."""
    words: str
    place: str


def relaxation(
    case: Case, name: str, names: Sequence[str], beside: Sequence[str], progress: Progress | None
) -> Relaxation:
    """The least change of the level of one policy of a clash that makes the study feasible beside
    other policies; where they clash without it too, the least that ends its own clash with `names`,
    and that is said."""
    if progress is not None:
        progress(f"how far {name} must give")
    policy = case.system.policies[name]
    asked, place = level(case.system, policy), place_of(policy)
    behind = not possible(case.arrays([other for other in beside if other != name]))
    series = _nearest_level(case, policy, names if behind else beside)
    enough = not behind and not case.free
    more = "" if enough else "; another clash is left then"
    if series is None:
        nothing = frozen_array(np.full(len(policy.level), np.nan))
        words = f"drop {name}: no other level of it would do ({place}){more}"
        return Relaxation(name, np.nan, asked, "none", nothing, enough, words, place)
    largest, reached = float(np.nanmax(policy.level)), float(np.nanmax(series))
    relaxed = level(case.system, replace(policy, level=series))
    verb = "raise" if reached > largest else "lower"
    return Relaxation(
        name,
        reached / largest if largest else np.inf,
        asked,
        relaxed,
        series,
        enough,
        f"{verb} {name} from {asked} to {relaxed} ({place}){more}",
        place,
    )


def _nearest_level(case: Case, policy: Policy, beside: Sequence[str]) -> Array | None:
    """The level in proportion to the one asked (where that is 0: the same in all years) and nearest
    to it that will do; None: there is none."""
    upwards, asked = raised(policy), np.nanmax(policy.level, initial=0.0) > 0
    if not asked and not upwards:
        return None
    unit = policy.level if asked else np.where(np.isfinite(policy.level), 1.0, np.nan)
    line = _line(case, policy, unit, beside)
    if line is None:
        return None
    factor = (_bisected if line.curved else _exact)(line, 1.0 if asked else 0.0, upwards)
    return None if factor is None else _proved(case.only(beside), policy, unit * factor, upwards)


def _proved(system: System, policy: Policy, edge: Array, upwards: bool) -> Array | None:
    """A level at the edge of feasibility, or just beyond it where rounding asks for room, with
    which a study was solved; None where none of these will do."""
    most = POLICY_FORMS[policy.kind].maximum or np.inf
    for room in ROOMS:
        near = frozen_array(_safely_rounded(edge * (1 + room if upwards else 1 - room), upwards))
        given = _with(system, replace(policy, level=near))
        if np.nanmax(near) <= most and feasible(given):
            return near
    return None


def _with(system: System, policy: Policy) -> System:
    """The System with a policy added, or put in the place of that of its name."""
    return replace(system, policies=frozen_map({**system.policies, policy.name: policy}))


def _safely_rounded(values: Array, upwards: bool) -> Array:
    """A level rounded to the figures that are shown, away from the edge, so that what is read off
    and written into study.toml will do."""
    size = np.where(np.isfinite(values) & (values > 0), values, 1.0)
    step = 10.0 ** (np.floor(np.log10(size)) - DIGITS + 1)
    turned = np.ceil(values / step - NEAR) if upwards else np.floor(values / step + NEAR)
    return np.asarray(np.maximum(turned, 0.0) * step)


def _line(case: Case, policy: Policy, unit: Array, beside: Sequence[str]) -> _Line | None:
    """The programmes at the whole and at half of a level; None where they differ in more than
    numbers."""
    ends = []
    for scale in (1.0, 0.5):
        scaled = replace(policy, level=frozen_array(unit * scale))
        made = compiled(_with(case.system, scaled))
        ends.append(replace(case, made=made).arrays(beside))
    whole, half = ends
    return _Line(whole, half) if (whole.rows, whole.columns) == (half.rows, half.columns) else None


@dataclass(frozen=True, eq=False)
class _Line:
    """Programmes that differ by the level of one policy: every number is linear in the factor on
    it."""

    whole: Arrays
    half: Arrays

    @property
    def curved(self) -> bool:
        """Return True if the level stands in coefficients or bounds of columns."""
        a, b = self.whole, self.half
        return bool(
            abs(a.matrix - b.matrix).sum() > 0
            or (a.lower != b.lower).any()
            or (a.upper != b.upper).any()
        )

    def _between(self, one: Array, other: Array, factor: float) -> Array:
        finite = np.isfinite(one) & np.isfinite(other)
        slope = np.where(
            finite, 2 * (np.where(finite, one, 0.0) - np.where(finite, other, 0.0)), 0.0
        )
        return np.asarray(one + (factor - 1) * slope)

    def at(self, factor: float) -> Arrays:
        """The programme at a factor."""
        a, b = self.whole, self.half
        bounds: dict[str, Any] = {
            name: self._between(getattr(a, name), getattr(b, name), factor)
            for name in ("lower", "upper", "row_lower", "row_upper")
        }
        return replace(
            a,
            matrix=sparse.csc_array(a.matrix + (2 * (factor - 1)) * (a.matrix - b.matrix)),
            **bounds,
        )


def _exact(line: _Line, start: float, upwards: bool) -> float | None:
    """The factor nearest to `start` that will do, by one solve: a column moves the right-hand sides
    by their slope."""
    base, n = line.at(0.0), len(line.whole.columns)
    slope = np.zeros(len(base.rows))
    for one, other in (
        (line.whole.row_lower, line.half.row_lower),
        (line.whole.row_upper, line.half.row_upper),
    ):
        finite = np.isfinite(one)
        slope[finite] += 2 * (one[finite] - other[finite])
    moved = replace(
        base,
        matrix=sparse.csc_array(
            sparse.hstack([base.matrix, sparse.coo_array(-slope[:, None])], format="csc")
        ),
        columns=(*base.columns, ("factor", ())),
        cost=np.append(np.zeros(n), 1.0 if upwards else -1.0),
        offset=0.0,
        carbon=np.zeros(n + 1),
        lower=np.append(base.lower, start if upwards else 0.0),
        upper=np.append(base.upper, LARGEST if upwards else start),
    )
    solution = optimal_if_any(Program(moved))
    return None if solution is None else float(solution.x[-1])


def _bisected(line: _Line, start: float, upwards: bool) -> float | None:
    """The factor nearest to `start` that will do, by bisection."""
    low, high = (start, max(2 * start, 1.0)) if upwards else (0.0, start)
    if upwards:
        while not possible(line.at(high)):
            if high >= LARGEST:
                return None
            low, high = high, high * 2
    elif not possible(line.at(low)):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        # the end that will do is the upper one of a ceiling and the lower one of a floor
        low, high = (low, middle) if possible(line.at(middle)) == upwards else (middle, high)
    return high if upwards else low
