"""Variants of one study: from sampled values to the arrays of a programme.

Where a combination of values is impossible the inputs concerned are drawn back
(`planner.analysis.uncertainty.mass_balance_repair`); the variant reports how far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.mass_balance_repair import Contradictions
from planner.analysis.uncertainty.recoveries import diluted, followers, following
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
from planner.system.discoveries import discovered
from planner.system.nouns import Array, System

MAX_TERMS = 4_000_000
"""Terms of the matrices made at once; this many take a quarter of a gigabyte in passing."""
Sample = Mapping[str, Array]
"""Values of the rows of each input, shape (R,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A study with other values, or the reason why there is none."""

    system: System
    arrays: Arrays | None
    drawn_back: Mapping[str, float]
    """Input to the share left of its departure from the study's value; only inputs that were drawn
    back."""
    impossible: str = ""


class Variants:
    """Makes variants of one system; the files are parsed once, and use stocks are calculated for
    many variants at a time."""

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
        self._followers = (*diluted(system, self.inputs), *followers(system, self._at))
        self._contradictions = Contradictions(system, self.inputs)

    def solve(self, arrays: Arrays, basis: Bases) -> tuple[Monolith, Solution, Bases]:
        """Solve the programme of a variant, warm-started from the bases of an earlier one; return
        the monolithic programme, the solution and the next bases.

        The decomposed programme is solved; the monolithic one is there to be asked, and answers
        where a part has no optimum.
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

    def make(self, values: Sequence[Sample], *, seed: int = 0, first: int = -1) -> list[Variant]:
        """A variant for each set of values; samples of an ensemble, the `first` of them with that
        number, with what its `seed` finds in them."""
        values = [following(each, self._followers) for each in values]
        drawn_back = self._contradictions.settle(values)
        read = [
            self._reader.system(self._by_path(each, left))
            for each, left in zip(values, drawn_back, strict=True)
        ]
        if first >= 0 and self.base.system.discoveries:
            read = [
                (system and discovered(system, seed=seed, sample=first + i), problems)
                for i, (system, problems) in enumerate(read)
            ]
        sound = {i: system for i, (system, problems) in enumerate(read) if system and not problems}
        made: dict[int, Arrays | str] = {
            i: "; ".join(map(str, problems)) for i, (_, problems) in enumerate(read)
        }
        made |= zip(sound, self._arrays([*sound.values()]), strict=True)
        return [
            _variant(sound.get(i, self.base.system), made[i], left)
            for i, left in enumerate(drawn_back)
        ]

    def _arrays(self, systems: Sequence[System]) -> Iterator[Arrays | str]:
        """The programme of each system or the reason why it has none, as many at once as fit into
        memory."""
        size = max(1, MAX_TERMS // max(self.base.arrays.matrix.nnz, 1))
        batches = (systems[start : start + size] for start in range(0, len(systems), size))
        return _with_names(
            self.base.arrays, [made for each in batches for made in _programmes(each)]
        )

    def _by_path(self, values: Sample, left: Mapping[str, float]) -> dict[str, float]:
        """The value of each path, with the share that is left of its departure from the study's
        own."""
        moved = [self._at[name] for name in values]
        own = np.array([value for each in moved for value in each.value])
        share = np.array([left.get(each.name, 1.0) for each in moved for _ in each.value])
        found = own + share * (np.concatenate([own[:0], *values.values()]) - own)
        paths = (path for each in moved for path in each.paths)
        return dict(zip(paths, found.tolist(), strict=True))


def _variant(system: System, made: Arrays | str, drawn_back: Mapping[str, float]) -> Variant:
    if isinstance(made, Arrays):
        return Variant(system, made, drawn_back)
    return Variant(system, None, drawn_back, made)


def _programmes(systems: Sequence[System]) -> list[Arrays | str]:
    """The programme of each system, or the reason why it has none: all at once, or by bisection
    until each batch is homogeneous."""
    try:
        many = batch(systems)
        made = programmes(components(many, balance(many, stocks=stacked(use_stocks(systems)))))
        # one programme where the samples differ in nothing that enters it
        return [*made] * (len(systems) // len(made))
    except (SpecError, InfeasibleError, UnlikeError) as error:
        if len(systems) == 1:
            return [str(error)]
        half = len(systems) // 2
        return [*_programmes(systems[:half]), *_programmes(systems[half:])]


def _with_names(base: Arrays, made: Sequence[Arrays | str]) -> Iterator[Arrays | str]:
    """The programmes with the very names of the base where they are equal, so that later
    comparisons are of one object with itself."""
    known: dict[int, tuple[Name, ...]] = {}

    def shared(own: tuple[Name, ...], same: tuple[Name, ...]) -> tuple[Name, ...]:
        if id(own) not in known:
            known[id(own)] = same if own == same else own
        return known[id(own)]

    for found in made:
        if isinstance(found, Arrays):
            columns, rows = shared(found.columns, base.columns), shared(found.rows, base.rows)
            yield replace(found, columns=columns, rows=rows)
        else:
            yield found
