"""A statement of uncertainty: distributions, ends and correlations in addition to the tables.

It is a TOML file, or what such a file holds, with `inputs` (a table for each path or pattern) and
`correlated` (groups of inputs whose normal scores have the same correlation).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self, TypeGuard, get_args

import numpy as np
import numpy.typing as npt

from planner.analysis.uncertainty.inputs import Input, Shape
from planner.errors import Problem, SpecError
from planner.system.nouns import Array

Entry = Mapping[str, Any]

PARTS = ("inputs", "correlated")
FIELDS = ("distribution", "high", "low", "year_correlation")
"""Fields of an entry of `inputs`."""
LARGEST = 1e100
"""No multiple of a value is meant to be larger, and numpy cannot hold a whole number of 400
digits."""
ROUNDING = 1e-9
"""An eigenvalue of a correlation matrix above minus this is not negative."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose fields are known and of the right kind; their values are not yet judged."""

    inputs: Mapping[str, Entry] = field(default_factory=dict)
    """Pattern of paths to what is said of the inputs that match it."""
    correlated: Sequence[Entry] = ()

    @classmethod
    def of(cls, given: str | Path | Mapping[str, Any] | None) -> Self:
        """The statement of a TOML file, or of what it holds. Raises SpecError with every problem
        found."""
        file = "uncertainty" if given is None or isinstance(given, Mapping) else str(given)
        held = (given or {}) if file == "uncertainty" else _parsed(file)
        assert isinstance(held, Mapping)
        problems = [*_form_problems(file, held)] or [*_unknown_fields(file, held)]
        if problems:
            raise SpecError(file, problems)
        return cls(**held)

    def has_ends(self, name: str) -> bool:
        """Return True if an entry gives an end of this input relative to its value."""
        return any("low" in entry or "high" in entry for _, entry in self._entries(name))

    def applied(self, each: Input, problems: list[Problem]) -> Input:
        """An input with what is said of it; a later pattern wins. Wrong values are added to the
        problems."""
        for pattern, entry in self._entries(each.name):
            each = _changed(each, pattern, entry, problems)
        return each

    def _entries(self, name: str) -> Iterator[tuple[str, Entry]]:
        return (
            (pattern, entry) for pattern, entry in self.inputs.items() if fnmatchcase(name, pattern)
        )


# ---- its form


def _parsed(file: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SpecError(
            file, [Problem(file, 0, "", f"cannot be read ({error.strerror}); check the name")]
        ) from error
    except (ValueError, RecursionError) as error:
        raise SpecError(file, [Problem(file, 0, "", f"is not TOML ({error})")]) from error


def _form_problems(file: str, held: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of the parts: unknown ones, and those that do not hold tables."""
    for key in held:
        if key not in PARTS:
            yield Problem(file, 0, key, "is unknown; there are inputs and correlated")
    if not _holds_tables(held.get("inputs", {}), Mapping):
        yield Problem(file, 0, "inputs", 'write a table for each input: [inputs."path"]')
    if not _holds_tables(held.get("correlated", []), list):
        said = "write [[correlated]] with inputs = [...] and correlation = ..."
        yield Problem(file, 0, "correlated", said)


def _holds_tables(held: Any, kind: type) -> bool:
    if not isinstance(held, kind):
        return False
    return all(isinstance(table, Mapping) for table in _listed(held))


def _listed(held: Any) -> Iterable[Any]:
    return held.values() if isinstance(held, Mapping) else held


def _unknown_fields(file: str, held: Mapping[str, Any]) -> Iterator[Problem]:
    said = f"is unknown; there are {', '.join(FIELDS)}"
    for name, entry in held.get("inputs", {}).items():
        for key in entry:
            if key not in FIELDS:
                yield Problem(file, 0, f"{name}.{key}", said)


# ---- what it says of an input


def _changed(each: Input, pattern: str, entry: Entry, problems: list[Problem]) -> Input:
    """An input as one entry states it; unchanged where distribution or correlation is wrong."""
    shape = entry.get("distribution", each.shape)
    rho = entry.get("year_correlation", each.year_correlation)
    if shape not in get_args(Shape):
        said = f"is '{shape}'; one of {', '.join(get_args(Shape))}"
        problems.append(Problem("inputs", 0, f"{pattern}.distribution", said))
        return each
    if (shape == "bernoulli") != (each.shape == "bernoulli"):
        said = "bernoulli is the distribution of probabilities, and of nothing else"
        problems.append(Problem("inputs", 0, f"{pattern}.distribution", said))
        return each
    if not _is_number(rho) or not 0 <= rho <= 1:
        said = "give a number from 0 to 1"
        problems.append(Problem("inputs", 0, f"{pattern}.year_correlation", said))
        return each
    low, high = each.low, each.high
    if _is_end(entry, "low", pattern, problems):
        low = tuple(min(value, entry["low"] * value) for value in each.value)
    if _is_end(entry, "high", pattern, problems):
        high = tuple(max(value, entry["high"] * value) for value in each.value)
    return replace(each, shape=shape, year_correlation=float(rho), low=low, high=high)


def _is_end(entry: Entry, end: str, pattern: str, problems: list[Problem]) -> bool:
    """Return True if the entry gives this end, and as a multiple that it may have."""
    multiple = entry.get(end)
    if multiple is None:
        return False
    good = _is_number(multiple) and multiple >= 0 and (end == "low") == (multiple <= 1)
    if not good:
        said = "give a multiple of the value: low from 0 to 1, high above 1"
        problems.append(Problem("inputs", 0, f"{pattern}.{end}", said))
    return good


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


# ---- correlations


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The normal scores that a sample draws, D of them, in the order of their inputs."""

    owner: npt.NDArray[np.intp]
    """Position of the input of each score, shape (D,)."""
    distance: Array
    """Years between two scores, shape (D, D)."""
    step: Array
    """Correlation of two scores of the same input one year apart, shape (D,)."""

    @classmethod
    def of(cls, inputs: Sequence[Input]) -> Self:
        """The scores of these inputs, none of which is tied to another."""
        owner = np.repeat(np.arange(len(inputs)), [each.dimensions for each in inputs])
        year = np.array([y for each in inputs for y in _score_years(each)], dtype=float)
        step = np.array([each.year_correlation for each in inputs])[owner]
        return cls(owner, np.abs(year[:, None] - year[None, :]), step)

    @property
    def together(self) -> npt.NDArray[np.bool_]:
        """Pairs of scores that belong to the same input, shape (D, D)."""
        return np.equal(self.owner[:, None], self.owner[None, :], dtype=np.bool_)

    def alone(self) -> Array:
        """Correlation of the scores while inputs are independent: rho^|distance| in years."""
        return np.where(self.together, self.step[:, None] ** self.distance, 0.0)

    def with_group(self, joined: Array, members: Sequence[int], rho: float) -> Array:
        """A correlation, shape (D, D), in which these inputs go together by rho."""
        inside = np.isin(self.owner, members)
        pairs = inside[:, None] & inside[None, :] & ~self.together
        smooth = np.minimum(self.step[:, None], self.step[None, :]) ** self.distance
        return np.where(pairs, rho * np.where(np.isfinite(smooth), smooth, 1.0), joined)


def _score_years(each: Input) -> tuple[int, ...]:
    return each.years if each.dimensions > 1 else (0,)


def correlation(
    inputs: Iterable[Input], groups: Sequence[Entry], problems: list[Problem]
) -> Array | None:
    """Correlation of the scores, shape (D, D), or None where all are independent: years by
    rho^|distance|, groups by their number."""
    free = [each for each in inputs if not each.tied_to]
    if not groups and all(each.dimensions == 1 for each in free):
        return None
    scores = Scores.of(free)
    joined = scores.alone()
    for group in groups:
        members = _members(group, free)
        if _is_group(group, members):
            joined = scores.with_group(joined, members, group["correlation"])
        else:
            said = (
                "give `inputs` that match two uncertain inputs or more, and a `correlation` "
                "from -1 to 1"
            )
            problems.append(Problem("correlated", 0, str(group.get("inputs", [])), said))
    if len(joined) and np.linalg.eigvalsh(joined).min() < -ROUNDING:
        said = (
            "these correlations contradict each other (their matrix has a negative eigenvalue); "
            "weaken them"
        )
        problems.append(Problem("correlated", 0, "", said))
    return joined


def _members(group: Entry, inputs: Sequence[Input]) -> list[int]:
    """Positions of the inputs that a group names by patterns."""
    patterns = group.get("inputs", [])
    # a text alone would be taken for a list of its letters
    if not isinstance(patterns, list | tuple) or not all(isinstance(p, str) for p in patterns):
        return []
    return [i for i, each in enumerate(inputs) if any(fnmatchcase(each.name, p) for p in patterns)]


def _is_group(group: Entry, members: Sequence[int]) -> bool:
    rho = group.get("correlation")
    return (
        set(group) == {"inputs", "correlation"}
        and len(members) > 1
        and _is_number(rho)
        and -1 <= rho <= 1
    )
