"""One uncertain input at a time: the study with it moved, and the value at which what the plan says
changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from planner.analysis.uncertainty.answers import Answer, numbers_at, read
from planner.analysis.uncertainty.inputs import Input
from planner.analysis.uncertainty.outcomes import OutcomeReader
from planner.analysis.uncertainty.sampling import uncertainty
from planner.analysis.uncertainty.variants import Sample, Variant, Variants
from planner.errors import SolverError
from planner.runtime.progress import Progress, Step
from planner.solver.highs import Arrays, Solution
from planner.study.reader import Rereader
from planner.system.nouns import Array, System

TURN_WIDTH = 0.01
"""A turning value is found to this share of the range of its input."""
BATCH = 32
"""Variants made at a time."""
NO_PLAN: tuple[list[str], list[str]] = ([], ["every plan: none is possible"])
"""Processes that enter and leave where no plan is possible."""


class Move(NamedTuple):
    """An input, and the end that it is moved to."""

    input: Input
    end: str

    @property
    def share(self) -> float:
        """1 at the high end, -1 at the low end."""
        return 1.0 if self.end == "high" else -1.0


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The study with one input moved."""

    answers: Mapping[str, float]
    """Cost, penalty, emissions by scope, shortage."""
    asked: Mapping[str, float]
    """What else was asked for, by its text."""
    in_plan: frozenset[str]
    ruled_out: frozenset[str]
    """Processes that no plan of the same cost runs: ties apart, they are surely not in it."""


class Sweep:
    """The study and its optimal basis, from which every variant is warm-started."""

    def __init__(
        self,
        system: System,
        statement: str | Path | Mapping[str, Any] | None,
        asked: Sequence[Answer] = (),
    ) -> None:
        self.asked = asked
        every = uncertainty(system, statement=statement).inputs
        self.variants = Variants(Rereader.of(system), every)
        self.followers: dict[str, list[Input]] = {}
        for each in every:
            self.followers.setdefault(each.tied_to or each.name, []).append(each)
        base = self.variants.base
        self.reader = OutcomeReader(base.system, base.arrays)
        self.base = self._result(base.system, base.arrays, self.variants.solution)

    def _result(self, system: System, arrays: Arrays, solution: Solution) -> Result:
        outcome = self.reader.read(system, arrays, solution)
        names = np.array([*system.processes], dtype=object)
        return Result(
            outcome.answers,
            read(self.asked, numbers_at(system, arrays, solution, outcome)),
            frozenset(names[outcome.in_plan]),
            frozenset(names[outcome.ruled_out]),
        )

    def at_ends(
        self, inputs: Sequence[Input], progress: Progress | None
    ) -> dict[Move, Result | None]:
        """Results with each input at its low and at its high end; None without a plan."""
        moves = [Move(each, end) for each in inputs for end in ("low", "high")]
        results: list[Result | None] = []
        for first in range(0, len(moves), BATCH):
            if progress is not None:
                progress(Step("ends of inputs", first, len(moves)))
            results += self.at([(m.input, m.share) for m in moves[first : first + BATCH]])
        return dict(zip(moves, results, strict=True))

    def at(self, moves: Sequence[tuple[Input, float]]) -> list[Result | None]:
        """Results with one input moved each: from -1, its low end, over 0, the study's value, to 1,
        its high end; None without a plan."""
        variants = self.variants.make([self._values(each, share) for each, share in moves])
        return [
            self._solved(each.name, variant)
            for (each, _), variant in zip(moves, variants, strict=True)
        ]

    def _solved(self, name: str, variant: Variant) -> Result | None:
        if variant.arrays is None:
            return None
        _, solution, _ = self.variants.solve(variant.arrays, self.variants.basis)
        if solution.status == "infeasible":
            return None
        if solution.status != "optimal":
            why = f": {solution.fault}" if solution.fault else ""
            raise SolverError(f"{name} moved: the solver ended {solution.status}{why}")
        return self._result(variant.system, variant.arrays, solution)

    def _values(self, each: Input, share: float) -> Sample:
        return {one.name: moved(one, share) for one in self.followers.get(each.name, [each])}

    def differs(self, result: Result | None) -> bool:
        """Return True if there is no plan, or one with other options."""
        return result is None or any(self.change(result))

    def change(self, result: Result) -> tuple[list[str], list[str]]:
        """Processes that enter and that leave the plan. What was tied with another option of equal
        cost, here or there, does neither."""
        return sorted(result.in_plan & self.base.ruled_out), sorted(
            self.base.in_plan & result.ruled_out
        )

    def turn(self, move: Move) -> dict[str, Any]:
        """The value, on the way to an end, beyond which the plan first has other options, with the
        options that enter and leave there."""
        share, beyond = self.turning_share(move, self.differs)
        enters, leaves = self.change(beyond) if beyond is not None else NO_PLAN
        each = move.input
        at = widest_year(move)
        return {
            "input": each.name,
            "grade": each.grade,
            "unit": each.unit,
            "year": each.years[at],
            "value": each.value[at],
            "end": move.end,
            "turns_at": float(moved(each, share)[at]),
            "enters": "; ".join(enters),
            "leaves": "; ".join(leaves),
        }

    def turning_share(
        self, move: Move, differs: Callable[[Result | None], object]
    ) -> tuple[float, Result | None]:
        """Share of the way to an end, from -1 to 1, beyond which the plan first differs, by
        bisection, nearest to the study's value; and the result beyond it. It must differ at the
        end."""
        inside, outside = 0.0, 1.0
        beyond = self.at([(move.input, move.share)])[0]
        while outside - inside > TURN_WIDTH:
            middle = (inside + outside) / 2
            result = self.at([(move.input, move.share * middle)])[0]
            if differs(result):
                outside, beyond = middle, result
            else:
                inside = middle
        return move.share * (inside + outside) / 2, beyond


def widest_year(move: Move) -> int:
    """Position of the row of an input that moves most on the way to an end."""
    return int(np.argmax(np.abs(moved(move.input, move.share) - np.array(move.input.value))))


def moved(each: Input, share: float) -> Array:
    """Values of the rows of an input on the way from the study's values (0) to its low (-1) or high
    (1) ends, shape (R,)."""
    own, end = np.array(each.value), np.array(each.high if share > 0 else each.low)
    return np.asarray(np.clip(own + abs(share) * (end - own), each.least, each.most))
