r"""Uncertain inputs of a study, and samples of them: who is uncertain, by how much, and together
with whom.

An *input* is a series of the study: one path with all its years. It is uncertain where its rows
give a low and a high end. Each sample draws one quantile u for each input (or one for each of its
years), and every row takes the value of its own distribution there, so that a series moves as a
whole unless it is said otherwise.

Distributions, from the three numbers that a row gives (value v, low l, high h):

- `triangular` (the default): least l, mode v, most h;
- `pert`: beta on [l, h] with mode v and weight 4 (Malcolm et al. 1959, Operations Research 7, 646-669);
- `uniform`: between l and h;
- `normal`, `lognormal`: median v, with l and h as the ends of the central 90 %, each side with its own spread
  ($x = v + z\,s_\pm$, and the same of logarithms), kept within the bounds that the format sets for the parameter.

The contents of goods that a process without loss turns into one another (a pack, and the same pack
collected) are one number told twice: where their value and ends agree they share one quantile.

Correlated inputs are joined by a Gaussian copula: standard normal scores with the given
correlation, back to quantiles.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from planner.errors import Problem, SpecError
from planner.study.schema import BY_NAME, ParameterForm
from planner.system.nouns import Array, Datum, System
from planner.units import suggestion

Shape = Literal["triangular", "pert", "uniform", "normal", "lognormal"]
Sampler = Literal["lhs", "sobol"]
TAIL = 0.95
"""Quantile at which a normal or lognormal distribution has its high end."""
PERT_WEIGHT = 4.0
OUTSIDE = ("observations",)
"""Tables whose numbers do not enter a plan."""
FIXED = ("lead_time",)
"""Parameters that decide which columns a programme has at all: not sampled."""
HYPERCUBE = 64
"""Samples of one Latin hypercube: an input takes a value in each 64th of its range once, then
again."""
SOBOL_CORRELATION = 0.5
"""Sobol points whose inputs are correlated by more than this are refused; counted from
LEAST_COUNTED samples on."""
LEAST_COUNTED = 32
LEAST = 2.0**-53
"""A quantile is at least this, and at most 1 less this."""
GRADE_ORDER = "SABCD"
"""From the best known to the least; an input is as weak as its weakest row."""


@dataclass(frozen=True, slots=True)
class Input:
    """An uncertain series. Arrays over its rows in order of years, shape (R,), in the unit given."""

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
        """How many quantiles a sample draws for it."""
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
        """Which columns of a sample belong to each input."""
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
    span = high - low
    safe = np.where(span > 0, span, 1.0)
    if each.shape == "uniform":
        found = low + u * span
    elif each.shape == "triangular":
        part = (mode - low) / safe
        left = low + np.sqrt(u * safe * (mode - low))
        right = high - np.sqrt((1 - u) * safe * (high - mode))
        found = np.where(u < part, left, right)
    elif each.shape == "pert":
        from scipy.special import betaincinv

        part = (mode - low) / safe
        found = low + span * betaincinv(1 + PERT_WEIGHT * part, 1 + PERT_WEIGHT * (1 - part), u)
    else:
        found = _split_normal(each.shape, low, mode, high, u)
    return np.asarray(np.clip(np.where(span > 0, found, mode), each.least, each.most))


def _split_normal(shape: Shape, low: Array, mode: Array, high: Array, u: Array) -> Array:
    from scipy.special import ndtri

    # the far ends of a normal are infinite; a quantile of 0 or 1 never comes from a sampler, but
    # may be asked for
    z = ndtri(np.clip(u, 1e-6, 1 - 1e-6))
    logs = shape == "lognormal"
    if logs:
        low, mode, high = np.log(low), np.log(mode), np.log(high)
    found = mode + z * np.where(z < 0, mode - low, high - mode) / ndtri(TAIL)
    return np.asarray(np.exp(found) if logs else found)


def uncertainty(
    system: System,
    *,
    inputs: Iterable[str] = (),
    grades: Iterable[str] = (),
    statement: str | Path | Mapping[str, Any] | None = None,
) -> Uncertainty:
    """The uncertain inputs of a system: every series whose rows give a low and a high end that
    differ from each other.

    `inputs` keeps those whose name matches one of these patterns (`plants.*.capital_cost`),
    `grades` those of these grades. `statement` is a TOML file (or what it holds) with
    distributions, ends and correlations beside what the tables say (docs/ensembles.md). Raises
    SpecError with every problem found, also where nothing uncertain is left.
    """
    stated = _statement(statement)
    found = {each.name: each for each in _from_data(system, stated.get("inputs", {}))}
    problems = _unknown_patterns(found, [*inputs, *stated.get("inputs", {})])
    chosen = [
        each
        for each in found.values()
        if _matches(each.name, inputs) and (not set(grades) or each.grade in set(grades))
    ]
    chosen = _tied(
        system, [_as_stated(each, stated.get("inputs", {}), problems) for each in chosen]
    )
    problems += _value_problems(chosen)
    if not chosen and not problems:
        problems.append(
            Problem(
                system.name,
                0,
                "",
                (
                    "nothing uncertain is chosen: give low and high in the tables, or choose other "
                    "inputs"
                ),
            )
        )
    joined = _correlation(chosen, stated.get("correlated", []), problems)
    if problems:
        raise SpecError(system.name, problems)
    return Uncertainty(tuple(chosen), joined)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    listed = list(patterns)
    return not listed or any(fnmatchcase(name, pattern) for pattern in listed)


def _unknown_patterns(found: Mapping[str, Input], patterns: Iterable[str]) -> list[Problem]:
    return [
        Problem(
            "inputs", 0, "", f"no uncertain input matches '{pattern}'{suggestion(pattern, found)}"
        )
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in found)
    ]


def _parameter(name: str) -> ParameterForm | None:
    table = BY_NAME[name.partition(".")[0]]
    return (
        table.parameter(name.rpartition(".")[2])
        if table.has_parameter_column
        else next(iter(table.parameters), None)
    )


def _from_data(system: System, stated: Mapping[str, Any]) -> list[Input]:
    """Every series with an uncertain row, or with ends that a statement gives relative to its
    value."""
    series: dict[str, list[Datum]] = {}
    for datum in system.data:
        if (
            datum.path.partition(".")[0] not in OUTSIDE
            and datum.path.rpartition(".")[2] not in FIXED
        ):
            series.setdefault(datum.stem, []).append(datum)
    found = []
    for name, rows in series.items():
        form = _parameter(name)
        if form is None:
            continue
        low = tuple(r.value if r.low is None else r.low for r in rows)
        high = tuple(r.value if r.high is None else r.high for r in rows)
        relative = any(
            "low" in entry or "high" in entry
            for pattern, entry in stated.items()
            if fnmatchcase(name, pattern)
        )
        if low == high and not relative:
            continue
        weakest = max((r.grade for r in rows), key=lambda g: GRADE_ORDER.find(g))
        years = tuple(r.year or 0 for r in rows)
        found.append(
            Input(
                name,
                tuple(r.path for r in rows),
                years,
                low,
                tuple(r.value for r in rows),
                high,
                rows[0].unit,
                weakest,
                rows[0].source,
                rows[0].note,
                -np.inf if form.minimum is None else form.minimum,
                np.inf if form.maximum is None else form.maximum,
            )
        )
    return found


def _tied(system: System, inputs: list[Input]) -> list[Input]:
    """Contents that a process without loss hands on, each tied to the first by name of those that
    it must equal."""
    at = {each.name: each for each in inputs}
    leader = {name: name for name in at}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for process in system.processes.values():
        if process.loss or not process.inputs:
            continue
        for metal in system.metals:
            names = sorted(
                f"good_values.{good}.{metal}.content"
                for good in (*process.inputs, *process.outputs)
            )
            roots = [root(name) for name in names if name in at]
            for first, other in zip(roots[:1] * len(roots), roots, strict=True):
                a, b = at[first], at[other]
                if first != root(other) and (a.low, a.value, a.high, a.shape) == (
                    b.low,
                    b.value,
                    b.high,
                    b.shape,
                ):
                    leader[root(other)] = first
    return [
        replace(each, tied_to="" if root(each.name) == each.name else root(each.name))
        for each in inputs
    ]


# ---- what a statement adds

LARGEST = 1e100
"""No multiple of a value is meant to be larger, and a whole number of 400 digits is none that numpy
knows."""
_FIELDS = {"distribution", "low", "high", "year_correlation"}


def _statement(given: str | Path | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        held, file = given, "uncertainty"
    else:
        file = str(given)
        try:
            held = tomllib.loads(Path(given).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise SpecError(
                file, [Problem(file, 0, "", f"cannot be read ({error.strerror}); check the name")]
            ) from error
        except (ValueError, RecursionError) as error:
            raise SpecError(file, [Problem(file, 0, "", f"is no TOML ({error})")]) from error
    problems = [
        Problem(file, 0, key, "is unknown; there are inputs and correlated")
        for key in held
        if key not in ("inputs", "correlated")
    ]
    if not isinstance(held.get("inputs", {}), Mapping) or not all(
        isinstance(e, Mapping) for e in held.get("inputs", {}).values()
    ):
        problems.append(Problem(file, 0, "inputs", 'write a table for each input: [inputs."path"]'))
    if not isinstance(held.get("correlated", []), list) or not all(
        isinstance(e, Mapping) for e in held.get("correlated", [])
    ):
        problems.append(
            Problem(
                file,
                0,
                "correlated",
                "write [[correlated]] with inputs = [...] and correlation = ...",
            )
        )
    if not problems:
        for name, entry in held.get("inputs", {}).items():
            problems += [
                Problem(
                    file, 0, f"{name}.{key}", f"is unknown; there are {', '.join(sorted(_FIELDS))}"
                )
                for key in entry
                if key not in _FIELDS
            ]
    if problems:
        raise SpecError(file, problems)
    return held


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _as_stated(each: Input, stated: Mapping[str, Any], problems: list[Problem]) -> Input:
    """An input with what the statement says of it; a later pattern wins."""
    for pattern, entry in stated.items():
        if not fnmatchcase(each.name, pattern):
            continue
        shape, rho = (
            entry.get("distribution", each.shape),
            entry.get("year_correlation", each.year_correlation),
        )
        if shape not in get_args(Shape):
            problems.append(
                Problem(
                    "inputs",
                    0,
                    f"{pattern}.distribution",
                    f"is '{shape}'; one of {', '.join(get_args(Shape))}",
                )
            )
            continue
        if not _is_number(rho) or not 0 <= rho <= 1:
            problems.append(
                Problem("inputs", 0, f"{pattern}.year_correlation", "give a number from 0 to 1")
            )
            continue
        ends = {}
        for end in ("low", "high"):
            share = entry.get(end)
            if share is None:
                ends[end] = getattr(each, end)
            elif not _is_number(share) or share < 0 or (end == "low") != (share <= 1):
                problems.append(
                    Problem(
                        "inputs",
                        0,
                        f"{pattern}.{end}",
                        "give a multiple of the value: low from 0 to 1, high above 1",
                    )
                )
                ends[end] = getattr(each, end)
            else:
                both = [sorted((v, share * v)) for v in each.value]
                ends[end] = tuple(a if end == "low" else b for a, b in both)
        each = replace(
            each, shape=shape, year_correlation=float(rho), low=ends["low"], high=ends["high"]
        )
    return each


def _value_problems(inputs: Iterable[Input]) -> list[Problem]:
    found = []
    for each in inputs:
        for path, low, value, high in zip(each.paths, each.low, each.value, each.high, strict=True):
            if not low <= value <= high:
                found.append(
                    Problem(
                        "inputs",
                        0,
                        path,
                        (
                            f"its value {value:g} lies outside low {low:g} to high {high:g}; mend "
                            "the table"
                        ),
                    )
                )
            elif each.shape == "lognormal" and low <= 0 < high:
                found.append(
                    Problem(
                        "inputs",
                        0,
                        path,
                        "a lognormal input needs a low end above 0; take another distribution",
                    )
                )
    return found


def _correlation(
    inputs: Sequence[Input], groups: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> Array | None:
    """Correlation of the scores, shape (D, D), or None where all are independent: years by
    rho^|distance|, groups by their number."""
    inputs = [each for each in inputs if not each.tied_to]
    spread = [each.dimensions for each in inputs]
    if not groups and all(d == 1 for d in spread):
        return None
    owner = np.repeat(np.arange(len(inputs)), spread)
    year = np.array(
        [y for each in inputs for y in (each.years if each.dimensions > 1 else (0,))], dtype=float
    )
    step = np.array([each.year_correlation for each in inputs])[owner]
    together = owner[:, None] == owner[None, :]
    distance = np.abs(year[:, None] - year[None, :])
    joined = np.where(together, step[:, None] ** distance, 0.0)
    for group in groups:
        patterns, rho = group.get("inputs", []), group.get("correlation")
        # a text alone would be taken for a list of its letters
        listed = isinstance(patterns, list | tuple) and all(
            isinstance(pattern, str) for pattern in patterns
        )
        members = [
            i
            for i, each in enumerate(inputs)
            if patterns and listed and _matches(each.name, patterns)
        ]
        if (
            rho is None
            or not _is_number(rho)
            or not -1 <= rho <= 1
            or len(members) < 2
            or set(group) != {"inputs", "correlation"}
        ):
            problems.append(
                Problem(
                    "correlated",
                    0,
                    str(patterns),
                    (
                        "give `inputs` that match two uncertain inputs or more, and a "
                        "`correlation` from -1 to 1"
                    ),
                )
            )
            continue
        inside = np.isin(owner, members)
        pairs = inside[:, None] & inside[None, :] & ~together
        smooth = np.minimum(step[:, None], step[None, :]) ** distance
        joined = np.where(pairs, rho * np.where(np.isfinite(smooth), smooth, 1.0), joined)
    if len(joined) and np.linalg.eigvalsh(joined).min() < -1e-9:
        problems.append(
            Problem(
                "correlated",
                0,
                "",
                "these correlations contradict each other (their matrix has a negative "
                "eigenvalue); "
                "weaken them",
            )
        )
    return joined


# ---- samples


def _worst_correlation(points: Array) -> float:
    """Largest correlation between two columns of points (N, D); 0 for so few points that chance
    alone would reach it."""
    if len(points) < LEAST_COUNTED or points.shape[1] < 2:
        return 0.0
    found = np.abs(np.corrcoef(points.T))
    np.fill_diagonal(found, 0.0)
    return float(found.max())


def draw(uncertain: Uncertainty, samples: int, *, seed: int, sampler: Sampler = "lhs") -> Array:
    """Quantiles of all samples, shape (samples, D), each strictly between 0 and 1: the same to the
    bit for the same seed.

    More samples of one seed begin with those of fewer: `lhs` stacks Latin hypercubes of HYPERCUBE
    samples, `sobol` takes points of one Sobol sequence, scrambled (Owen). Where there are many
    inputs for few samples, Sobol points of different inputs go together: with 515 inputs and 256
    samples, pairs of them are correlated by up to 0.94, and what hangs on one seems to hang on the
    other. Raises SpecError where they are correlated by more than SOBOL_CORRELATION.
    """
    from scipy.stats import qmc

    dimensions = uncertain.dimensions
    if sampler == "sobol":
        sequence = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
        points = sequence.random_base2(max(int(np.ceil(np.log2(max(samples, 1)))), 0))[:samples]
        worst = _worst_correlation(points)
        if worst > SOBOL_CORRELATION:
            said = (
                f"Sobol points of {dimensions} inputs are correlated by up to {worst:.2f} at "
                f"{samples} samples, which the inputs "
                "are not; take Latin hypercubes, fewer inputs or more samples"
            )
            raise SpecError("samples", [said])
    else:
        cubes = [
            qmc.LatinHypercube(dimensions, rng=np.random.default_rng([seed, k])).random(HYPERCUBE)
            for k in range(-(-samples // HYPERCUBE))
        ]
        points = np.concatenate(cubes)[:samples]
    inside: Array = np.clip(np.asarray(points, dtype=float), LEAST, 1 - LEAST)
    if uncertain.correlation is None:
        return inside
    from scipy.special import ndtr, ndtri

    tied = np.flatnonzero((uncertain.correlation != np.eye(dimensions)).any(axis=1))
    values, vectors = np.linalg.eigh(uncertain.correlation[np.ix_(tied, tied)])
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    # einsum sums each sample by itself: a product of matrices may round a sample differently when
    # there are more of them
    scores = np.einsum("sd,de->se", ndtri(inside[:, tied]), root)
    inside[:, tied] = np.clip(ndtr(scores), LEAST, 1 - LEAST)
    return inside
