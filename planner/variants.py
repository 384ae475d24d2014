"""One study with other numbers, again and again: from sampled values to the arrays of a programme.

Where a combination of values is impossible, since a process would give out more of a metal than it takes in, the inputs of
that process are drawn back towards the study's own values, by halves, until the balance holds: yields and compositions are
known to balance, whatever their uncertainty one by one. How far they were drawn back is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.accounts import metals_of
from planner.balance import metal_in_and_out
from planner.errors import InfeasibleError, Problem, SpecError
from planner.highs import Arrays
from planner.read import Rereader
from planner.sampling import Input
from planner.solve import Compiled, compiled
from planner.system import Array, Process, System

MOST_HALVINGS = 6
"""After more halvings than this an input stands at the study's own value."""
ROUNDING = 1e-9
"""Metal out of nothing that is rounding, as a share of what goes out."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A study with other values, or the reason why there is none."""

    system: System
    arrays: Arrays | None
    drawn_back: Mapping[str, float]
    """Input to the share of its departure from the study's value that was left; none where nothing was drawn back."""
    impossible: str = ""


class Variants:
    """Makes variants of one system; the files are parsed once."""

    def __init__(self, system: System, inputs: Sequence[Input]) -> None:
        self.inputs = tuple(inputs)
        self.base: Compiled = compiled(system)
        self._reader = Rereader(system.files, system.name, system.scenario, system.overrides)
        self._of_process = self._composition()
        self._leader = {each.name: each.tied_to or each.name for each in self.inputs}
        self._contents = tuple(each.name for each in self.inputs if each.name.endswith(".content"))

    def _composition(self) -> dict[str, tuple[str, ...]]:
        """For each process the inputs that say what it takes in and gives out, or what the goods hold that it handles."""
        found: dict[str, tuple[str, ...]] = {}
        names = [each.name for each in self.inputs]
        for process in self.base.system.processes.values():
            starts = (f"coefficients.{process.name}.", *(f"good_values.{good}." for good in (*process.inputs, *process.outputs)))
            mine = tuple(n for n in names if n.startswith(starts) and (n.startswith("coefficients.") or n.endswith(".content")))
            if mine:
                found[process.name] = mine
        return found

    def make(self, values: Mapping[str, Array]) -> Variant:
        """The variant in which the rows of each input have these values, shape (R,) each."""
        left: dict[str, float] = {}
        while True:
            system, problems = self._reader.system(self._overrides(values, left))
            if system is None:
                return Variant(self.base.system, None, left, _said(problems))
            guilty = {name for process in system.processes.values() if _makes_metal(system, process)
                      for name in self._of_process.get(process.name, ())}
            made: Compiled | None = None
            reason = _said(problems)
            if not guilty and not problems:
                try:
                    made = compiled(system)
                except (SpecError, InfeasibleError) as error:
                    reason = str(error)
            if made is not None:
                return Variant(system, made.arrays, left)
            # what contradicts itself otherwise is a composition that does not fit what the goods are made of
            if not self._draw_back(guilty or self._contents, left, values):
                return Variant(system, None, left, reason)

    def _draw_back(self, names: Iterable[str], left: dict[str, float], values: Mapping[str, Array]) -> bool:
        """Halve the departure of these inputs, and of those tied to them, in `left`; False where none departs any more."""
        moved = False
        leaders = {self._leader[name] for name in names}
        for name, leader in self._leader.items():
            share = left.get(name, 1.0)
            if leader in leaders and name in values and share > 0:
                left[name] = share / 2 if share > 2.0**-MOST_HALVINGS else 0.0
                moved = True
        return moved

    def _overrides(self, values: Mapping[str, Array], left: Mapping[str, float]) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in self.inputs:
            if each.name in values:
                own = np.array(each.value)
                moved = own + left.get(each.name, 1.0) * (np.asarray(values[each.name]) - own)
                found |= {path: f"{float(v)!r} {each.unit}" for path, v in zip(each.paths, moved, strict=True)}
        return found


def _makes_metal(system: System, process: Process) -> bool:
    for metal in metals_of(system, process):
        taken, given = metal_in_and_out(system, process, metal)
        if (given - taken > ROUNDING * np.maximum(given, 1.0)).any():
            return True
    return False


def _said(problems: Sequence[Problem]) -> str:
    return "; ".join(map(str, problems))
