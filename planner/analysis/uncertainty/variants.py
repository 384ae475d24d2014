"""One study with other numbers, again and again: from sampled values to the arrays of a programme.

Where a combination of values is impossible the inputs concerned are drawn back
(`planner.analysis.uncertainty.mass_balance_repair`), and it is told how far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.analysis.uncertainty.mass_balance_repair import Contradictions
from planner.analysis.uncertainty.sampling import Input
from planner.errors import InfeasibleError, SpecError
from planner.lp.formulation import components, programmes
from planner.mfa.balance import balance
from planner.mfa.in_use import use_stocks
from planner.plan.solve import require_optimal
from planner.solver.compiled import Compiled, compiled
from planner.solver.decomposition import Bases, Monolith, solved_in_parts
from planner.solver.highs import Arrays, Name, Program, Solution
from planner.study.reader import Rereader
from planner.system.batch import UnlikeError, batch, stacked
from planner.system.nouns import Array, System

MOST_TERMS = 4_000_000
"""Terms of the matrices made at once: so many take a quarter of a gigabyte on their way."""
Values = Mapping[str, Array]
"""Values of the rows of each input, shape (R,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A study with other values, or the reason why there is none."""

    system: System
    arrays: Arrays | None
    drawn_back: Mapping[str, float]
    """Input to the share of its departure from the study's value that was left; none where nothing
    was drawn back."""
    impossible: str = ""


class Variants:
    """Makes variants of one system; the files are parsed once, and use stocks are reckoned for many
    variants at a time."""

    def __init__(self, reader: Rereader, inputs: Sequence[Input]) -> None:
        """Solves the study itself too. Raises SpecError where it cannot be read, InfeasibleError
        where it has no plan."""
        system, problems = reader.system({})
        if system is None or problems:
            raise SpecError(reader.name, problems)
        self.inputs, self._reader = tuple(inputs), reader
        self.base: Compiled = compiled(system)
        program = Program(self.base.arrays)
        self.solution = program.run()
        require_optimal(program, self.solution)
        self._whole_basis = program.basis
        self.basis: Bases = solved_in_parts(self.base.arrays, {})[1]
        self._at = {each.name: each for each in self.inputs}
        self._contradictions = Contradictions(system, self.inputs)

    def solve(self, arrays: Arrays, basis: Bases) -> tuple[Monolith, Solution, Bases]:
        """Solve the programme of a variant from the bases of one before it; with the next bases.

        It is solved in parts; the programme of one piece is there to be asked, and answers where a
        part has no optimum.
        """
        base = self.base.arrays
        alike = (arrays.columns, arrays.rows) == (base.columns, base.rows)
        solution, found = solved_in_parts(arrays, basis if alike else {})
        whole = Monolith(arrays, self._whole_basis if alike else None)
        return (
            whole,
            whole.solution if solution is None else solution,
            {**basis, **found} if alike else basis,
        )

    def make(self, values: Sequence[Values]) -> list[Variant]:
        """A variant for each set of values."""
        drawn_back = self._contradictions.settle(values)
        read = [
            self._reader.system(self._overrides(each, left))
            for each, left in zip(values, drawn_back, strict=True)
        ]
        sound = {
            i: system
            for i, (system, problems) in enumerate(read)
            if system is not None and not problems
        }
        size = max(1, MOST_TERMS // max(self.base.arrays.matrix.nnz, 1))
        systems = list(sound.values())
        batches = [systems[start : start + size] for start in range(0, len(systems), size)]
        made = dict(
            zip(
                sound,
                _with_names(
                    self.base.arrays, [found for each in batches for found in _programmes(each)]
                ),
                strict=True,
            )
        )
        return [
            Variant(
                sound.get(i, self.base.system),
                found if isinstance(found := made.get(i), Arrays) else None,
                left,
                found if isinstance(found, str) else "; ".join(map(str, problems)),
            )
            for i, ((_, problems), left) in enumerate(zip(read, drawn_back, strict=True))
        ]

    def _overrides(self, values: Values, left: Mapping[str, float]) -> dict[str, float]:
        """Each path and its value."""
        moved = [self._at[name] for name in values]
        own = np.array([value for each in moved for value in each.value])
        share = np.array([left.get(each.name, 1.0) for each in moved for _ in each.value])
        found = own + share * (np.concatenate([own[:0], *values.values()]) - own)
        return dict(
            zip((path for each in moved for path in each.paths), found.tolist(), strict=True)
        )


def _programmes(systems: Sequence[System]) -> list[Arrays | str]:
    """The programme of each system, or the reason why it has none: all at once, or by halves where
    one of them is like no other."""
    try:
        many = batch(systems)
        return [*programmes(components(many, balance(many, stocks=stacked(use_stocks(systems)))))]
    except (SpecError, InfeasibleError, UnlikeError) as error:
        if len(systems) == 1:
            return [str(error)]
        half = len(systems) // 2
        return [*_programmes(systems[:half]), *_programmes(systems[half:])]


def _with_names(base: Arrays, made: Sequence[Arrays | str]) -> Iterator[Arrays | str]:
    """The programmes with the very names of the base where they are the same: who compares the
    names of each is done at a glance."""
    known: dict[int, tuple[Name, ...]] = {}

    def told(own: tuple[Name, ...], same: tuple[Name, ...]) -> tuple[Name, ...]:
        if id(own) not in known:
            known[id(own)] = same if own == same else own
        return known[id(own)]

    for found in made:
        yield (
            found
            if isinstance(found, str)
            else replace(
                found, columns=told(found.columns, base.columns), rows=told(found.rows, base.rows)
            )
        )
