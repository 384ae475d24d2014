"""One study with other numbers, again and again: from sampled values to the arrays of a programme.

Where a combination of values is impossible, since a process would give out more of a metal than it takes in, or products would
hold more of it than the goods they are made of, the inputs concerned are drawn back towards the study's own values, by halves,
until the balance holds: yields and compositions are known to balance, whatever their uncertainty one by one. How far they were
drawn back is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.balance import Balance, balance
from planner.errors import InfeasibleError, Problem, SpecError
from planner.highs import Arrays
from planner.lp.formulation import components, programme
from planner.read import Rereader
from planner.sampling import Input
from planner.solve import Compiled, compiled
from planner.system import Array, Good, Process, Product, System, frozen_map
from planner.use import UseStock, use_flows, use_inflow, use_stocks

MOST_HALVINGS = 6
"""After more halvings than this an input stands at the study's own value."""
ROUNDING = 1e-9
"""Metal out of nothing that is rounding, as a share of what goes out."""

Values = Mapping[str, Array]
"""Values of the rows of each input, shape (R,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A study with other values, or the reason why there is none."""

    system: System
    arrays: Arrays | None
    drawn_back: Mapping[str, float]
    """Input to the share of its departure from the study's value that was left; none where nothing was drawn back."""
    impossible: str = ""


class Variants:
    """Makes variants of one system; the files are parsed once, and use stocks are reckoned for many variants at a time."""

    def __init__(self, system: System, inputs: Sequence[Input]) -> None:
        self.inputs = tuple(inputs)
        self.base: Compiled = compiled(system)
        self._reader = Rereader(system.files, system.name, system.scenario, system.overrides)
        self._leader = {each.name: each.tied_to or each.name for each in self.inputs}
        self._at = {each.name: each for each in self.inputs}
        self._contents = tuple(each.name for each in self.inputs if each.name.endswith(".content"))
        made = {process.name: tuple(_composition(process, self._at)) for process in system.processes.values()}
        self._of_process = {name: mine for name, mine in made.items() if mine}

    def make(self, values: Sequence[Values]) -> list[Variant]:
        """A variant for each set of values."""
        drafts = [self._draft(each) for each in values]
        ready = [draft for draft in drafts if not draft.reason]
        for draft, found in zip(ready, _stocks([draft.system for draft in ready]), strict=True):
            draft.finish(found)
        return [Variant(d.system, d.arrays, d.left, d.reason) for d in drafts]

    def _draft(self, values: Values) -> _Draft:
        left: dict[str, float] = {}
        while True:
            if guilty := self._guilty(values, left):
                self._draw_back(guilty, left, values)
            elif not self._overfull(values, left) or not self._draw_back(self._contents, left, values):
                break
        system, problems = self._reader.system(self._overrides(values, left))
        return _Draft(self.base.system if system is None else system, left, _said(problems))

    # ---- what is drawn back

    def _moved(self, name: str, values: Values, left: Mapping[str, float]) -> Array:
        own = np.array(self._at[name].value)
        return np.asarray(own + left.get(name, 1.0) * (np.asarray(values.get(name, own)) - own))

    def _guilty(self, values: Values, left: Mapping[str, float]) -> set[str]:
        """Inputs of the processes that would make metal."""
        return {name for process, names in self._of_process.items()
                if self._makes_metal(self.base.system.processes[process], values, left) for name in names}

    def _makes_metal(self, process: Process, values: Values, left: Mapping[str, float]) -> bool:
        """Whether a process gives out more of a metal than it takes in. Its coefficients are linear between the years of their rows
        and contents are one number, so that what holds in every year of the study holds in its periods."""
        system = self.base.system
        if not process.inputs and not process.deposits:
            return False
        none = np.zeros(len(system.years))
        surplus: dict[str, Array] = {}
        given: dict[str, Array] = {}
        for sign, direction, side in ((1.0, "out", process.outputs), (-1.0, "in", process.inputs), (-1.0, "in", process.deposits)):
            for name, own in side.items():
                series = self._series(f"coefficients.{process.name}.{name}.{direction}", own, values, left)
                if side is process.deposits:
                    held = {system.deposits[name].metal: 1.0}
                else:
                    held = {metal: self._content(name, metal, share, values, left)
                            for metal, share in system.goods[name].content.items()}
                for metal, share in held.items():
                    surplus[metal] = surplus.get(metal, none) + sign * share * series
                    given[metal] = given.get(metal, none) + (share * series if sign > 0 else none)
        return any((surplus[metal] > ROUNDING * np.maximum(given[metal], 1.0)).any() for metal in surplus)

    def _series(self, name: str, own: Array, values: Values, left: Mapping[str, float]) -> Array:
        each = self._at.get(name)
        if each is None:
            return own
        rows = self._moved(name, values, left)
        if each.years == (0,):
            return np.full(len(own), rows[0])
        return np.asarray(np.interp(np.array(self.base.system.years, dtype=float), each.years, rows))

    def _content(self, good: str, metal: str, own: float, values: Values, left: Mapping[str, float]) -> float:
        name = f"good_values.{good}.{metal}.content"
        return float(self._moved(name, values, left)[0]) if name in self._at else own

    def _overfull(self, values: Values, left: Mapping[str, float]) -> bool:
        """Whether products would hold more metal than the goods they are made of."""
        if not any(name in values for name in self._contents):
            return False
        system = self.base.system

        def moved(good: Good) -> Good:
            content = {m: self._content(good.name, m, share, values, left) for m, share in good.content.items()}
            demand = good.demand if good.demand is None else self._series(f"demand.{good.name}", good.demand, values, left)
            return replace(good, content=frozen_map(content), demand=demand)

        goods = {name: moved(good) for name, good in system.goods.items()}

        def made_of(product: Product) -> Product:
            uses = {good: self._series(f"uses.{product.name}.{good}", share, values, left) for good, share in product.uses.items()}
            content = goods[product.waste].content if product.waste else product.content
            return replace(product, content=content, uses=frozen_map(uses))

        products = {name: made_of(product) for name, product in system.products.items()}
        other = replace(system, goods=frozen_map(goods), products=frozen_map(products))
        try:
            stocks = {name: replace(self.base.balance.stocks[name], inflow=use_inflow(other, p)) for name, p in products.items()}
        except ValueError:
            return False  # said by the balance, with its reason
        return bool(use_flows(other, stocks)[1])

    def _draw_back(self, names: Iterable[str], left: dict[str, float], values: Values) -> bool:
        """Halve the departure of these inputs, and of those tied to them, in `left`; False where none departs any more."""
        moved = False
        leaders = {self._leader[name] for name in names}
        for name, leader in self._leader.items():
            share = left.get(name, 1.0)
            if leader in leaders and name in values and share > 0:
                left[name] = share / 2 if share > 2.0**-MOST_HALVINGS else 0.0
                moved = True
        return moved

    def _overrides(self, values: Values, left: Mapping[str, float]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in values:
            each = self._at[name]
            found |= {path: f"{v!r} {each.unit}" for path, v in zip(each.paths, self._moved(name, values, left).tolist(), strict=True)}
        return found


@dataclass(slots=True, eq=False)
class _Draft:
    """A variant in the making; lives inside `Variants.make` only."""

    system: System
    left: dict[str, float]
    reason: str
    arrays: Arrays | None = None

    def finish(self, stocks: Mapping[str, UseStock] | SpecError) -> None:
        """From use stocks to the arrays, or the reason why there are none."""
        if isinstance(stocks, SpecError):
            self.reason = str(stocks)
            return
        try:
            made: Balance = balance(self.system, stocks=stocks)
            self.arrays = programme(components(made.system, made))
        except (SpecError, InfeasibleError) as error:
            self.reason = str(error)


def _stocks(systems: Sequence[System]) -> list[Mapping[str, UseStock] | SpecError]:
    """Use stocks of variants of one study: of all of them at once, or of each by itself where one of them has an impossible one."""
    if not systems:
        return []
    try:
        return list(use_stocks(systems))
    except SpecError:
        found: list[Mapping[str, UseStock] | SpecError] = []
        for system in systems:
            try:
                found += use_stocks([system])
            except SpecError as error:
                found.append(error)
        return found


def _composition(process: Process, inputs: Mapping[str, Input]) -> Iterable[str]:
    """The inputs that say what a process takes in and gives out, or what the goods hold that it handles."""
    goods = {*process.inputs, *process.outputs}
    for name in inputs:
        words = name.split(".")
        if (words[0] == "coefficients" and words[1] == process.name) or (
                words[0] == "good_values" and words[-1] == "content" and words[1] in goods):
            yield name


def _said(problems: Sequence[Problem]) -> str:
    return "; ".join(map(str, problems))
