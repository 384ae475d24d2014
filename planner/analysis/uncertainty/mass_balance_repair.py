r"""Combinations of sampled values that the metal balance forbids, and how far their inputs are
drawn back until it holds.

A sample gives each uncertain yield and content a value of its own, and together they may be
impossible: a process would give out more of a metal than it takes in, or products would hold more
of it than the goods they are made of. Then the inputs concerned are drawn back towards the study's
own values, all of them alike and by halves,

$$x = x_0 + \lambda\,(x_s - x_0), \qquad \lambda = 1, \tfrac12, \tfrac14, \dots, 2^{-6}, 0$$

until the balance holds: yields and compositions are known to balance, whatever their uncertainty
one by one.

The judges are the balance's own rules (`metal_in_and_out`, `overfull`), asked for all samples of a
block at once: series of goods, processes and products have the samples as leading axis, shape (S,
Y), and contents shape (S, 1). They are asked by calendar year. Between the years of their rows
coefficients are linear, so that what holds in every year holds in every period.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from planner.analysis.uncertainty.inputs import Input
from planner.mfa.balance import metal_in_and_out
from planner.mfa.in_use import overfull, use_groups, use_inflow
from planner.system.nouns import Array, Good, Process, Product, System
from planner.system.unit_accounts import metals_of

MAX_HALVINGS = 6
"""After more halvings than this an input stands at the study's own value."""
ROUNDING = 1e-9
"""Metal out of nothing that is rounding, as a share of what goes out."""

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


class Contradictions:
    """Finds and mends the combinations of values of one study that its metal balance forbids."""

    def __init__(self, system: System, inputs: Sequence[Input]) -> None:
        """Take the inputs that decide what goods, processes and products hold: N of them, with R
        rows in all."""
        self._system = system
        self._rows = _Rows(_deciding(inputs), np.array(system.years, dtype=float))
        at = self._rows.at
        self._contents = self._drawn(name for name in at if name.endswith(".content"))
        compositions = {
            name: mine
            for name, process in system.processes.items()
            if (mine := _composition(system, process, at))
        }
        self._contents_of = {good.plain: good.content for good in system.goods.values()}
        self._processes = tuple(compositions)
        self._drawn_by = np.array(
            [self._drawn(mine) for mine in compositions.values()], dtype=bool
        ).reshape(-1, max(len(at), 1))
        self._judged = [*self._balances(compositions)]
        self._products = self._products_touched()

    def _drawn(self, names: Iterable[str]) -> Mask:
        """These inputs, and those that always move with them, shape (N,)."""
        leaders = {self._rows.leaders[self._rows.at[name]] for name in names}
        return np.array([leader in leaders for leader in self._rows.leaders], dtype=bool)

    def _balances(
        self, compositions: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[int, str, Mask]]:
        """Position of a process, metal, and the inputs that can bring it out of balance there."""
        for p, (name, inputs) in enumerate(compositions.items()):
            for metal, touched in self._metals_touched(self._system.processes[name], inputs):
                yield p, metal, touched

    def _metals_touched(self, process: Process, names: Sequence[str]) -> Iterator[tuple[str, Mask]]:
        """Each metal of a process that these inputs can bring out of balance, with those that can,
        shape (N,)."""
        for metal in metals_of(self._system, process):
            mine = [self._rows.at[name] for name in names if metal in self._metals(name)]
            if mine:
                touched = np.zeros(len(self._rows.at), dtype=bool)
                touched[mine] = True
                yield metal, touched

    def _metals(self, name: str) -> Collection[str]:
        """Metals of which a coefficient or content says how much there is."""
        table, *keys = name.split(".")
        if table != "coefficients":
            return keys[1:2]
        deposits = self._system.deposits
        return {
            *self._contents_of.get(keys[1], ()),
            *([deposits[keys[1]].metal] if keys[1] in deposits else ()),
        }

    def _products_touched(self) -> tuple[str, ...]:
        """Products that the inputs can make hold more than the goods that they are made of, with
        all that share these goods."""
        found: list[str] = []
        for goods, products in use_groups(self._system):
            held = {*goods, *(self._system.products[name].waste for name in products)}
            held |= {self._system.as_given(name) for name in held}
            touching = {"uses": products, "demand": held, "good_values": held}
            if any(noun in touching.get(table, ()) for table, noun in map(_noun, self._rows.at)):
                found += products
        return tuple(found)

    def settle(self, values: Sequence[Mapping[str, Array]]) -> list[dict[str, float]]:
        """For each sample the inputs to draw back, each with the share of its departure from the
        study's value that is left to it.

        `values`: of each sample, inputs to the values of their rows, shape (R,). Inputs that are
        not there are not drawn back.
        """
        given, sampled = self._rows.stacked(values)
        block = _Block(given, sampled, np.ones(given.shape))
        samples = np.flatnonzero(given.any(axis=1))
        moved = given[samples]
        while samples.size:
            self._mend_processes(block, samples, moved)
            samples = samples[(given[samples] & self._contents).any(axis=1)]
            if samples.size:
                samples = samples[self._overfull(self._values(block, samples))]
            samples, moved = block.draw_back(samples, self._contents)
        names = [*self._rows.at]
        return [{names[n]: float(left[n]) for n in np.flatnonzero(left < 1)} for left in block.left]

    def _mend_processes(self, block: _Block, samples: Positions, moved: Mask) -> None:
        """Draw back until no process makes metal, or nothing is left to draw back; `moved` tells
        which inputs are to be judged anew."""
        while samples.size:
            guilty = self._making_metal(self._values(block, samples), np.asarray(moved.any(axis=0)))
            samples, moved = block.draw_back(samples, guilty @ self._drawn_by)

    def _values(self, block: _Block, samples: Positions) -> _Sampled:
        return self._rows.values(block.sampled[samples], block.left[samples])

    def _making_metal(self, values: _Sampled, inputs: Mask) -> Mask:
        """Processes that give out more of a metal than they take in, of those that these inputs,
        (N,), touch; shape (S, P)."""
        found = np.zeros((values.count, len(self._processes)), dtype=bool)
        judged = [(p, metal) for p, metal, touched in self._judged if (touched & inputs).any()]
        system = values.with_goods(self._system)
        processes = {
            p: values.process(self._system.processes[self._processes[p]], system.as_given)
            for p, _ in judged
        }
        for p, metal in judged:
            taken, given = metal_in_and_out(system, processes[p], metal)
            found[:, p] |= (given - taken > ROUNDING * np.maximum(given, 1.0)).any(axis=-1)
        return found

    def _overfull(self, values: _Sampled) -> Mask:
        """Samples in which products would hold more metal than the goods they are made of, shape
        (S,)."""
        system = values.with_goods(self._system)
        system = replace(
            system,
            products={
                name: values.product(system, system.products[name]) for name in self._products
            },
        )
        try:
            inflow = {
                name: use_inflow(system, product) for name, product in system.products.items()
            }
        except ValueError:  # the balance reports it, with its reason, for the sample concerned
            if values.count == 1:
                return np.zeros(1, dtype=bool)
            return np.concatenate([self._overfull(one) for one in values.each()])
        return np.array(np.broadcast_to(overfull(system, inflow), (values.count,)))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The values of some samples and what is left of them; arrays that `draw_back` writes to,
    within one call of `settle`."""

    given: Mask
    """Inputs that each sample gives a value, shape (S, N)."""
    sampled: Array
    """Values of the rows of all inputs one after another, the study's own where none is given,
    shape (S, R)."""
    left: Array
    """Share left of the departure from the study's own values, shape (S, N)."""

    def draw_back(self, samples: Positions, inputs: Mask) -> tuple[Positions, Mask]:
        """Halve what is left of these inputs, shape (..., N); the samples in which any moved, and
        which did, shape (S, N)."""
        left = self.left[samples]
        moved = inputs & self.given[samples] & (left > 0)
        self.left[samples] = np.where(
            moved, np.where(left > 2.0**-MAX_HALVINGS, left / 2, 0.0), left
        )
        some = moved.any(axis=1)
        return samples[some], moved[some]


class _Rows:
    """The rows of all inputs, one after another, and their interpolation into series: as arrays, so
    that all samples and inputs are done at once."""

    def __init__(self, inputs: Sequence[Input], years: Array) -> None:
        self.at = {each.name: n for n, each in enumerate(inputs)}
        self.leaders = tuple(map(_leader, inputs))
        self.own = np.array([value for each in inputs for value in each.value], dtype=float)
        """The study's own values, shape (R,)."""
        ends = np.cumsum([0, *(len(each.value) for each in inputs)])
        self._slices = [slice(*pair) for pair in pairwise(ends)]
        self._first = ends[:-1]
        self._input = np.repeat(np.arange(len(inputs)), np.diff(ends))
        shape = (len(inputs), len(years))
        # the rows between which each year lies, and how far
        self._below, self._above = np.zeros(shape, dtype=np.intp), np.zeros(shape, dtype=np.intp)
        self._past, self._gap = np.zeros(shape), np.ones(shape)
        for n, each in enumerate(inputs):
            below, above, self._past[n], self._gap[n] = _between(_row_years(each, years), years)
            self._below[n], self._above[n] = ends[n] + below, ends[n] + above

    def stacked(self, values: Sequence[Mapping[str, Array]]) -> tuple[Mask, Array]:
        """Mask of the inputs that each sample gives, shape (S, N), and the values of the rows of
        all, the study's own where it gives none, (S, R)."""
        given = np.zeros((len(values), len(self.at)), dtype=bool)
        rows = np.tile(self.own, (len(values), 1))
        for s, sample in enumerate(values):
            for name, n in self.at.items():
                if name in sample:
                    given[s, n], rows[s, self._slices[n]] = True, sample[name]
        return given, rows

    def values(self, sampled: Array, left: Array) -> _Sampled:
        """Sampled values of rows, (S, R), of whose departure from the study's a share is left to
        each input, (S, N)."""
        rows = self.own + left[:, self._input] * (sampled - self.own)
        below = rows[:, self._below]
        # linear between the years of the rows, constant before and after them, digit for digit as
        # numpy.interp has it
        return _Sampled(
            self.at,
            rows[:, self._first, None],
            (rows[:, self._above] - below) / self._gap * self._past + below,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """Values of samples, put in the place of the study's own: what comes out has the samples as
    leading axis."""

    at: Mapping[str, int]
    first: Array
    """Value of the first row of each input, shape (S, N, 1)."""
    yearly: Array
    """Value of each input by year, shape (S, N, Y)."""

    @property
    def count(self) -> int:
        return len(self.first)

    def each(self) -> Iterator[_Sampled]:
        """Each sample by itself."""
        return (
            _Sampled(self.at, self.first[s : s + 1], self.yearly[s : s + 1])
            for s in range(self.count)
        )

    def with_goods(self, system: System) -> System:
        """The system with contents and demands of the samples."""
        touched = {
            noun for table, noun in map(_noun, self.at) if table in ("good_values", "demand")
        }
        every = system.goods.values()
        moved = {g.name: self._good(g) for g in every if touched & {g.name, g.plain}}
        return replace(system, goods={**system.goods, **moved})

    def process(self, process: Process, given: Callable[[str], str]) -> Process:
        """The process with recipes of the samples; `given` is what they call a good."""

        def recipe(side: Mapping[str, Array], direction: str) -> Mapping[str, Array]:
            path = f"coefficients.{process.name}"
            return {
                name: self._series(f"{path}.{given(name)}.{direction}", own)
                for name, own in side.items()
            }

        return replace(
            process,
            inputs=recipe(process.inputs, "in"),
            outputs=recipe(process.outputs, "out"),
            deposits=recipe(process.deposits, "in"),
        )

    def product(self, system: System, product: Product) -> Product:
        """The product as the samples make it, holding what its waste good holds in the system,
        whose goods are theirs already."""
        return replace(
            product,
            content=system.goods[product.waste].content if product.waste else product.content,
            uses={
                good: self._series(f"uses.{product.name}.{system.as_given(good)}", share)
                for good, share in product.uses.items()
            },
        )

    def _good(self, good: Good) -> Good:
        content = {
            metal: self.at[path]
            for metal in good.content
            if (path := f"good_values.{good.plain}.{metal}.content") in self.at
        }
        demand = good.demand
        if demand is not None:
            demand = self._series(f"demand.{good.name}", demand)
        if not content and demand is good.demand:
            return good
        # a single number of each sample, shape (S, 1), stands in the place of a float
        held: dict[str, Any] = {metal: self.first[:, n] for metal, n in content.items()}
        return replace(good, content={**good.content, **held}, demand=demand)

    def _series(self, path: str, own: Array) -> Array:
        return self.yearly[:, self.at[path]] if path in self.at else own


def _noun(path: str) -> tuple[str, str]:
    """Table and first key of a path."""
    table, noun, *_ = *path.split("."), ""
    return table, noun


def _row_years(each: Input, years: Array) -> Array:
    """Years of the rows of an input; one value for all years stands in the first."""
    return np.array(each.years if each.years != (0,) else years[:1], dtype=float)


def _between(own: Array, years: Array) -> tuple[Positions, Positions, Array, Array]:
    """The rows below and above each year, years past the lower one, and years between the two (1
    where the year is that of a row or lies outside all), shape (Y,) each."""
    below = np.clip(np.searchsorted(own, years, side="right") - 1, 0, len(own) - 1)
    between = (years > own[below]) & (below < len(own) - 1)
    above = below + between
    past, gap = np.where(between, [years - own[below], own[above] - own[below]], [[0.0], [1.0]])
    return below, above, past, gap


def _deciding(inputs: Sequence[Input]) -> list[Input]:
    """The inputs that decide what goods, processes and products hold, and those that always move
    with them."""
    leaders = {_leader(each) for each in inputs if _decides(each)}
    return [each for each in inputs if _leader(each) in leaders]


def _leader(each: Input) -> str:
    return each.tied_to or each.name


def _decides(each: Input) -> bool:
    table, _ = _noun(each.name)
    return table in ("coefficients", "demand", "uses") or each.name.endswith(".content")


def _composition(system: System, process: Process, names: Iterable[str]) -> list[str]:
    """The inputs that say what a process takes in and gives out, or what the goods hold that it
    handles."""
    goods = {system.as_given(name) for name in (*process.inputs, *process.outputs)}
    return [name for name in names if _is_of(name, process, goods)]


def _is_of(name: str, process: Process, goods: Collection[str]) -> bool:
    table, noun = _noun(name)
    if table == "good_values":
        return noun in goods and name.endswith(".content")
    return table == "coefficients" and noun == process.name
