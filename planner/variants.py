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

from planner.accounts import metals_of
from planner.balance import balance, metal_in_and_out
from planner.errors import InfeasibleError, Problem, SpecError
from planner.highs import Arrays, Program, Solution
from planner.lp.formulation import components, programme
from planner.parts import Bases, Whole, solved_in_parts
from planner.read import Rereader
from planner.sampling import Input
from planner.solve import Compiled, compiled, require_optimal
from planner.system import Array, Good, Period, Process, System, frozen_map
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

    def __init__(self, reader: Rereader, inputs: Sequence[Input]) -> None:
        """Solves the study itself too. Raises SpecError where it cannot be read, InfeasibleError where it has no plan."""
        system, problems = reader.system({})
        if system is None or problems:
            raise SpecError(reader.name, problems)
        self.inputs, self._reader = tuple(inputs), reader
        self.base: Compiled = compiled(system)
        program = Program(self.base.arrays)
        self.solution = program.run()
        require_optimal(program, self.solution)
        self._whole_basis = program.highs.getBasis()
        self.basis: Bases = solved_in_parts(self.base.arrays, {})[1]
        # between the years of their rows coefficients are linear, so that what holds in every year holds in every period
        self._yearly = replace(system, periods=tuple(Period(year, year) for year in system.years))
        self._leader = {each.name: each.tied_to or each.name for each in self.inputs}
        self._at = {each.name: each for each in self.inputs}
        self._contents = tuple(each.name for each in self.inputs if each.name.endswith(".content"))
        made = {process.name: tuple(_composition(process, self._at)) for process in system.processes.values()}
        self._of_process = {name: mine for name, mine in made.items() if mine}

    def solve(self, arrays: Arrays, basis: Bases) -> tuple[Whole, Solution, Bases]:
        """Solve the programme of a variant from the bases of one before it; with the next bases.

        It is solved in parts; the programme of one piece is there to be asked, and answers where a part has no optimum.
        """
        base = self.base.arrays
        alike = (arrays.columns, arrays.rows) == (base.columns, base.rows)
        solution, found = solved_in_parts(arrays, basis if alike else {})
        whole = Whole(arrays, self._whole_basis if alike else None)
        return whole, whole.solution if solution is None else solution, {**basis, **found} if alike else basis

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
            composed = self._composed(values, left)
            if guilty := self._guilty(composed):
                self._draw_back(guilty, left, values)
            elif not self._overfull(composed, values) or not self._draw_back(self._contents, left, values):
                break
        system, problems = self._reader.system(self._overrides(values, left))
        return _Draft(self.base.system if system is None else system, left, _said(problems))

    # ---- what is drawn back

    def _moved(self, name: str, values: Values, left: Mapping[str, float]) -> Array:
        own = np.array(self._at[name].value)
        return np.asarray(own + left.get(name, 1.0) * (np.asarray(values.get(name, own)) - own))

    def _composed(self, values: Values, left: Mapping[str, float]) -> System:
        """The study by years with these values in all that decides what goods, processes and products hold, and nothing else changed."""

        def series(path: str, own: Array) -> Array:
            each = self._at.get(path)
            if each is None:
                return own
            years = each.years if each.years != (0,) else self._yearly.years[:1]
            return np.asarray(np.interp(self._yearly.years, years, self._moved(path, values, left)))

        def recipe(process: Process, side: Mapping[str, Array], direction: str) -> Mapping[str, Array]:
            return {name: series(f"coefficients.{process.name}.{name}.{direction}", own) for name, own in side.items()}

        def good_of(good: Good) -> Good:
            content = {metal: float(self._moved(path, values, left)[0]) if (path := f"good_values.{good.name}.{metal}.content") in self._at
                       else share for metal, share in good.content.items()}
            demand = good.demand if good.demand is None else series(f"demand.{good.name}", good.demand)
            return replace(good, content=frozen_map(content), demand=demand)

        system = self._yearly
        goods = {name: good_of(good) for name, good in system.goods.items()}
        processes = {**system.processes, **{
            name: replace(p, inputs=recipe(p, p.inputs, "in"), outputs=recipe(p, p.outputs, "out"), deposits=recipe(p, p.deposits, "in"))
            for name, p in ((name, system.processes[name]) for name in self._of_process)
        }}
        products = {
            name: replace(product, content=goods[product.waste].content if product.waste else product.content, uses=frozen_map(
                {good: series(f"uses.{name}.{good}", share) for good, share in product.uses.items()}))
            for name, product in system.products.items()
        }
        return replace(system, goods=frozen_map(goods), processes=frozen_map(processes), products=frozen_map(products))

    def _guilty(self, composed: System) -> set[str]:
        """Inputs of the processes that would make metal."""
        guilty = [process for process in self._of_process if _makes_metal(composed, composed.processes[process])]
        return {name for process in guilty for name in self._of_process[process]}

    def _overfull(self, composed: System, values: Values) -> bool:
        """Whether products would hold more metal than the goods they are made of."""
        if not any(name in values for name in self._contents):
            return False
        try:
            stocks = {name: replace(self.base.balance.stocks[name], inflow=use_inflow(composed, product))
                      for name, product in composed.products.items()}
        except ValueError:
            return False  # said by the balance, with its reason
        return bool(use_flows(composed, stocks)[1])

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

    def _overrides(self, values: Values, left: Mapping[str, float]) -> dict[str, float]:
        """Each path and its value."""
        moved = [self._at[name] for name in values]
        own = np.array([value for each in moved for value in each.value])
        share = np.array([left.get(each.name, 1.0) for each in moved for _ in each.value])
        found = own + share * (np.concatenate([own[:0], *values.values()]) - own)
        return dict(zip((path for each in moved for path in each.paths), found.tolist(), strict=True))


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
            self.arrays = programme(components(self.system, balance(self.system, stocks=stocks)))
        except (SpecError, InfeasibleError) as error:
            self.reason = str(error)


def _makes_metal(system: System, process: Process) -> bool:
    """Whether a process gives out more of a metal than it takes in."""
    for metal in metals_of(system, process):
        taken, given = metal_in_and_out(system, process, metal)
        if (given - taken > ROUNDING * np.maximum(given, 1.0)).any():
            return True
    return False


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
