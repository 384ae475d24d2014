"""Uncertain inputs of a study, their distributions and correlations, and samples of them.

An *input* is a series of the study: one path with all its years. It is uncertain where its rows
give a low and a high end. Each sample draws one quantile u for each input (or one for each of its
years), and every row takes the value of its own distribution there
(`planner.analysis.uncertainty.inputs`), so that a series moves as a whole unless a statement says
otherwise (`planner.analysis.uncertainty.statement`).

The contents of goods that a process without loss turns into one another (a pack, and the same pack
collected) are one number given twice: where their value and ends agree they share one quantile.

What follows from a content (what a line wins of scrap, tonnes of a product by tonne of its metal)
moves with it (`planner.analysis.uncertainty.recoveries`), and contents of one good whose ranges are
the same shares of their values share one quantile.

The steps of a curve of supply or demand move together too: one quantile for all their prices, and
one for all their amounts, so that steps are never reordered.

Correlated inputs are joined by a Gaussian copula: standard normal scores with the given
correlation, back to quantiles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import numpy as np

from planner.analysis.uncertainty.inputs import Input, Uncertainty
from planner.analysis.uncertainty.recoveries import followers
from planner.analysis.uncertainty.statement import Statement, correlation
from planner.errors import Problem, SpecError
from planner.study.nouns.curves.steps import BY_ORE
from planner.study.schema import BY_NAME, ParameterForm
from planner.system.curves import curves
from planner.system.nouns import Array, Datum, System
from planner.units import suggestion

Sampler = Literal["lhs", "sobol"]
OUTSIDE = ("observations", "discovery_values")
"""Tables whose numbers do not enter a plan; those of discoveries are a distribution already."""
FIXED = ("lead_time",)
"""Parameters that decide which columns a programme has at all: not sampled."""
PROJECT = "probability"
"""Parameter that is drawn whole: the project comes about or does not."""
HYPERCUBE = 64
"""Samples of one Latin hypercube: an input takes a value in each 64th of its range once, then
again."""
SOBOL_CORRELATION = 0.5
"""Sobol points whose inputs are correlated by more than this are refused; counted from
LEAST_COUNTED samples on."""
LEAST_COUNTED = 32
LEAST = 2.0**-53
"""A quantile is at least this, and at most 1 less this."""
NOTHING_CHOSEN = (
    "nothing uncertain is chosen: give low and high in the tables, or choose other inputs"
)
SAME_SHARES = 1e-3
"""Ends of two contents that are so near as shares of their values are the same: tables round."""
GRADE_ORDER = "SABCD"
"""From the best known to the least; an input is as weak as its weakest row."""


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
    stated, patterns, kept_grades = Statement.of(statement), tuple(inputs), frozenset(grades)
    found = _inputs_of(system, stated)
    problems = [*_unknown_patterns([each.name for each in found], [*patterns, *stated.inputs])]
    chosen = _tied(
        system,
        [stated.applied(each, problems) for each in found if _is_kept(each, patterns, kept_grades)],
    )
    problems += [*_value_problems(chosen), *_order_problems(chosen)]
    if not chosen and not problems and not system.discoveries:
        problems.append(Problem(system.name, 0, "", NOTHING_CHOSEN))
    joined = correlation(chosen, stated.correlated, problems)
    if problems:
        raise SpecError(system.name, problems)
    return Uncertainty((*chosen, *_carried(system, chosen)), joined)


def _carried(system: System, chosen: Sequence[Input]) -> Iterator[Input]:
    """Series without a range of their own, or not chosen, that follow a content which is sampled:
    they draw nothing and keep the study's value but for that."""
    at = {each.name: each for each in chosen}
    rows: dict[str, list[Datum]] | None = None
    for follower in followers(system, at):
        if follower.path not in at:
            rows = _series(system.data) if rows is None else rows
            form = _parameter(follower.path)
            if follower.path in rows and form is not None:
                own = _input(follower.path, rows[follower.path], form)
                first = at[follower.content].tied_to or follower.content
                yield replace(own, low=own.value, high=own.value, tied_to=first)


def _is_kept(each: Input, patterns: Sequence[str], grades: Collection[str]) -> bool:
    named = not patterns or any(fnmatchcase(each.name, pattern) for pattern in patterns)
    return named and (not grades or each.grade in grades)


def _unknown_patterns(names: Collection[str], patterns: Iterable[str]) -> Iterator[Problem]:
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            said = f"no uncertain input matches '{pattern}'{suggestion(pattern, names)}"
            yield Problem("inputs", 0, "", said)


# ---- what the tables say


def _inputs_of(system: System, stated: Statement) -> list[Input]:
    """Every series with an uncertain row, or with ends that a statement gives relative to its
    value."""
    found = (
        _input(name, rows, form)
        for name, rows in _series(system.data).items()
        if (form := _parameter(name)) is not None
    )
    return [each for each in found if each.low != each.high or stated.has_ends(each.name)]


def _series(data: Iterable[Datum]) -> dict[str, list[Datum]]:
    """The rows of each series that may be sampled, by its path."""
    found: dict[str, list[Datum]] = {}
    for datum in data:
        if _may_be_sampled(datum):
            found.setdefault(datum.stem, []).append(datum)
    return found


def _may_be_sampled(datum: Datum) -> bool:
    table, parameter = datum.path.partition(".")[0], datum.path.rpartition(".")[2]
    return table not in OUTSIDE and parameter not in FIXED


def _parameter(name: str) -> ParameterForm | None:
    table = BY_NAME[name.partition(".")[0]]
    if table.has_parameter_column:
        return table.parameter(name.rpartition(".")[2])
    return next(iter(table.parameters), None)


def _input(name: str, rows: Sequence[Datum], form: ParameterForm) -> Input:
    """The input of a series; a row without an end has its value there."""
    project = form.name == PROJECT
    ends = ((0.0, 1.0) if project and 0 < row.value < 1 else _ends(row) for row in rows)
    low, high = zip(*ends, strict=True)
    least, most = _bounds(form)
    return Input(
        name,
        tuple(row.path for row in rows),
        tuple(row.year or 0 for row in rows),
        low,
        tuple(row.value for row in rows),
        high,
        rows[0].unit,
        max((row.grade for row in rows), key=GRADE_ORDER.find),
        rows[0].source,
        rows[0].note,
        least,
        most,
        "bernoulli" if project else "triangular",
    )


def _ends(row: Datum) -> tuple[float, float]:
    low = row.value if row.low is None else row.low
    return low, row.value if row.high is None else row.high


def _bounds(form: ParameterForm) -> tuple[float, float]:
    least = -np.inf if form.minimum is None else form.minimum
    return least, np.inf if form.maximum is None else form.maximum


def _value_problems(inputs: Iterable[Input]) -> Iterator[Problem]:
    for each in inputs:
        for path, low, value, high in zip(each.paths, each.low, each.value, each.high, strict=True):
            if not low <= value <= high:
                said = (
                    f"its value {value:g} lies outside low {low:g} to high {high:g}; mend the table"
                )
                yield Problem("inputs", 0, path, said)
            elif each.shape == "lognormal" and low <= 0 < high:
                said = "a lognormal input needs a low end above 0; take another distribution"
                yield Problem("inputs", 0, path, said)


def _order_problems(inputs: Sequence[Input]) -> Iterator[Problem]:
    """Steps that follow a first one year by year need its years."""
    at = {each.name: each for each in inputs}
    for each in inputs:
        first = at.get(each.tied_to, each)
        if first.dimensions > 1 and each.years != first.years:
            said = (
                f"moves with {first.name} year by year, but has rows for other years; give both "
                "the same years, or no year_correlation"
            )
            yield Problem("inputs", 0, each.name, said)


# ---- contents that are one number


def _tied(system: System, inputs: Sequence[Input]) -> list[Input]:
    """Contents that a process without loss hands on, each tied to the first by name of those that
    it must equal."""
    ties = _Ties(inputs)
    for names in _handed_on(system):
        ties.join([ties.first(name) for name in names if name in ties.inputs])
    for names in _of_one_good(system):
        ties.join_alike([name for name in names if name in ties.inputs])
    for names in _steps_of_curves(system):
        ties.bind([name for name in names if name in ties.inputs])
    return [
        each if (first := ties.first(each.name)) == each.name else _follow(each, ties.inputs[first])
        for each in inputs
    ]


def _follow(each: Input, first: Input) -> Input:
    """An input that takes the quantiles of another: its distribution and correlation of years are
    that one's too, or their order would not hold."""
    return replace(
        each,
        tied_to=first.name,
        shape=first.shape,
        year_correlation=first.year_correlation if each.years == first.years else 1.0,
    )


def _handed_on(system: System) -> Iterator[list[str]]:
    """Paths of the contents of one metal in the goods of a process without loss, by name."""
    for process in system.processes.values():
        if not process.loss and process.inputs and not process.is_trade:
            goods = [system.as_given(name) for name in (*process.inputs, *process.outputs)]
            for metal in system.metals:
                yield sorted(f"good_values.{good}.{metal}.content" for good in goods)


def _of_one_good(system: System) -> Iterator[list[str]]:
    """Paths of the contents of each joint good."""
    # at every place a good holds the same
    for good in {good.plain: good for good in system.goods.values()}.values():
        if len(good.content) > 1:
            yield [f"good_values.{good.plain}.{metal}.content" for metal in good.content]


def _steps_of_curves(system: System) -> Iterator[list[str]]:
    """Paths of the prices, amounts and reserves of each curve, step by step: one quantile moves
    them all, so that no step overtakes another."""
    for of, curve, _ in curves(system):
        for parameter in ("price", "amount", "reserve", "grade", *BY_ORE):
            yield [f"curves.{of}.{step}.{parameter}" for step in curve]


class _Ties:
    """Groups of inputs that are one number, each with a first member."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.inputs = {each.name: each for each in inputs}
        self._leader = {name: name for name in self.inputs}

    def first(self, name: str) -> str:
        """First member of the group that an input is in."""
        while self._leader[name] != name:
            name = self._leader[name]
        return name

    def join(self, names: Sequence[str]) -> None:
        """Put the groups of these inputs under that of the first, where their numbers agree."""
        for other in names[1:]:
            if self._numbers(other) == self._numbers(names[0]) and self.first(other) != names[0]:
                self._leader[self.first(other)] = names[0]

    def join_alike(self, names: Sequence[str]) -> None:
        """Put contents of one good under the first where their ranges are the same shares of their
        values: the mass that they are diluted in is the one thing unknown of them."""
        for other in names[1:]:
            one, two = self.inputs[names[0]], self.inputs[other]
            alike = np.allclose(_spread(one), _spread(two), rtol=SAME_SHARES)
            if one.shape == two.shape and alike and self.first(other) != self.first(names[0]):
                self._leader[self.first(other)] = self.first(names[0])

    def bind(self, names: Sequence[str]) -> None:
        """Put inputs under the first of them, whatever their numbers are."""
        for other in names[1:]:
            self._leader[other] = names[0]

    def _numbers(self, name: str) -> tuple[Any, ...]:
        each = self.inputs[name]
        return each.low, each.value, each.high, each.shape


def _spread(each: Input) -> tuple[float, float]:
    """Ends of the first row as shares of its value."""
    value = each.value[0] or 1.0
    return each.low[0] / value, each.high[0] / value


# ---- samples


def draw(uncertain: Uncertainty, samples: int, *, seed: int, sampler: Sampler = "lhs") -> Array:
    """Quantiles of all samples, shape (samples, D), each strictly between 0 and 1: the same to the
    bit for the same seed.

    More samples of one seed begin with those of fewer: `lhs` stacks Latin hypercubes of HYPERCUBE
    samples, `sobol` takes points of one Sobol sequence, scrambled (Owen). Where there are many
    inputs for few samples, Sobol points of different inputs go together: with 515 inputs and 256
    samples, pairs of them are correlated by up to 0.94, and what hangs on one seems to hang on the
    other. Raises SpecError where they are correlated by more than SOBOL_CORRELATION.
    """
    if not uncertain.dimensions:
        return np.empty((samples, 0))
    points = (_sobol if sampler == "sobol" else _hypercubes)(uncertain.dimensions, samples, seed)
    inside: Array = np.clip(np.asarray(points, dtype=float), LEAST, 1 - LEAST)
    return inside if uncertain.correlation is None else _joined(inside, uncertain.correlation)


def _hypercubes(dimensions: int, samples: int, seed: int) -> Array:
    from scipy.stats import qmc

    cubes = [
        qmc.LatinHypercube(dimensions, rng=np.random.default_rng([seed, k])).random(HYPERCUBE)
        for k in range(-(-samples // HYPERCUBE))
    ]
    return np.concatenate(cubes)[:samples]


def _sobol(dimensions: int, samples: int, seed: int) -> Array:
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
    exponent = max(int(np.ceil(np.log2(max(samples, 1)))), 0)
    points: Array = sequence.random_base2(exponent)[:samples]
    worst = _worst_correlation(points)
    if worst > SOBOL_CORRELATION:
        said = (
            f"Sobol points of {dimensions} inputs are correlated by up to {worst:.2f} at "
            f"{samples} samples, which the inputs are not; take Latin hypercubes, fewer inputs or "
            "more samples"
        )
        raise SpecError("samples", [said])
    return points


def _worst_correlation(points: Array) -> float:
    """Largest correlation between two columns of points (N, D); 0 for so few points that chance
    alone would reach it."""
    if len(points) < LEAST_COUNTED or points.shape[1] < 2:
        return 0.0
    found = np.abs(np.corrcoef(points.T))
    np.fill_diagonal(found, 0.0)
    return float(found.max())


def _joined(inside: Array, correlation: Array) -> Array:
    """Independent quantiles, shape (N, D), joined by the Gaussian copula of a correlation, shape
    (D, D)."""
    from scipy.special import ndtr, ndtri

    tied = np.flatnonzero((correlation != np.eye(len(correlation))).any(axis=1))
    values, vectors = np.linalg.eigh(correlation[np.ix_(tied, tied)])
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    # einsum sums each sample by itself: a product of matrices may round a sample differently when
    # there are more of them
    scores = np.einsum("sd,de->se", ndtri(inside[:, tied]), root)
    found = inside.copy()
    found[:, tied] = np.clip(ndtr(scores), LEAST, 1 - LEAST)
    return found
