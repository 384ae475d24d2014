r"""Test whether an optimum is unique: other plans of the same cost, other prices of the same plan.

**Plans.** On the optimal face (what has a reduced cost or a dual value stays where it is) a random
linear function is minimised and maximised. Where both ends are the same point there is no other
plan of this cost, with probability 1; where they differ, here are two.

**Prices.** The cost as a function of the requirement of a row has a kink where its price is not
unique: one more tonne costs more than one less saves. Both are found exactly, by the programme of
directions

$$z'(b; r) = \min \{ c\,d : A_{tight}\, d \ge r_{tight},\
  d_j \ge 0\ (at\ lower),\ d_j \le 0\ (at\ upper) \}$$

whose value is the largest dual value of the row for r, and less that of -r the smallest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from planner.errors import SolverError
from planner.plan.solve import optimal_if_any
from planner.solver.highs import Arrays, Program, Solution
from planner.solver.price_ends import SAME_PRICE, distances
from planner.system.nouns import Array

MOVES = 1e-5
"""A column moves when it changes by more than this share of its size, or of 1."""
SAME_COST = 1e-9
"""Plans cost the same within this share."""
DIRECTIONS = 3
"""Random functions that other plans are looked for with; each gives two."""
SEED = 20211124


@dataclass(frozen=True, eq=False)
class Ties:
    """Other plans and prices that are optimal too.

    `swaps`: process, year, least, most: activities that differ between plans of the same cost, as
    far as was seen.
    """

    plan_unique: bool
    prices_unique: bool
    """True where the prices of goods, reserves and policies all have one value."""
    degenerate: int
    """Basic columns and rows that stand at a bound: where there are none, prices are unique without
    further proof."""
    swaps: pd.DataFrame


def ties(program: Program, base: Solution, priced: Sequence[int]) -> Ties:
    """Test an optimum of a living programme; `priced` are the positions of the rows whose prices
    count. The programme is restored."""
    swaps = _swaps(program, base)
    rows = np.array(priced, dtype=int)
    return Ties(
        not len(swaps),
        _one_price(program.arrays, base, rows),
        degenerate(program.arrays, base),
        swaps,
    )


def degenerate(arrays: Arrays, base: Solution) -> int:
    """Number of basic columns and rows that stand at a bound."""
    columns = np.minimum(*distances(base.x, arrays.lower, arrays.upper)) <= 0
    rows = np.minimum(*distances(base.row_value, arrays.row_lower, arrays.row_upper)) <= 0
    return int((columns & base.basic_column).sum() + (rows & base.basic_row).sum())


def _swaps(program: Program, base: Solution) -> pd.DataFrame:
    """Activities that differ between plans of the same cost."""
    arrays, size = program.arrays, np.maximum(np.abs(base.x), 1.0)
    everywhere = np.arange(len(size), dtype=np.int32)
    program.fix_face(base)
    lower, upper = program.column_bounds()
    # within a box, since a loop that costs nothing could run for ever
    program.set_columns(
        everywhere, np.maximum(lower, base.x - size), np.minimum(upper, base.x + size)
    )
    least, most, answered = base.x.copy(), base.x.copy(), 0
    for cost in _random_costs(size):
        program.set_cost(cost)
        found = program.run()
        if found.status == "optimal" and _costs_the_same(arrays, found.x, base.objective):
            least, most = np.minimum(least, found.x), np.maximum(most, found.x)
            answered += 1
    program.restore()
    if not answered:
        raise SolverError(
            "whether other plans cost as little: the solver answers none of the tries"
        )
    rows = [
        (*arrays.columns[i][1], least[i], most[i])
        for i in np.flatnonzero(most - least > MOVES * size)
        if arrays.columns[i][0] == "activity"
    ]
    frame = pd.DataFrame(rows, columns=["process", "year", "least", "most"])
    return (
        frame.assign(width=frame["most"] - frame["least"])
        .sort_values("width", ascending=False, ignore_index=True)
        .drop(columns="width")
    )


def _random_costs(size: Array) -> Iterator[Array]:
    """Random linear functions of the columns, each with its opposite."""
    draw = np.random.default_rng(SEED)
    for _ in range(DIRECTIONS):
        function = draw.uniform(-1.0, 1.0, len(size)) / size
        yield from (1.0 * function, -1.0 * function)


def _costs_the_same(arrays: Arrays, x: Array, objective: float) -> bool:
    cost = float(arrays.cost @ x) + arrays.offset
    return abs(cost - objective) <= SAME_COST * max(abs(objective), 1.0)


class Directions:
    """The programme of directions at an optimum, kept alive: what one unit more, or less, of rows
    costs at once."""

    def __init__(self, arrays: Arrays, base: Solution) -> None:
        above, below = distances(base.x, arrays.lower, arrays.upper)
        over, under = distances(base.row_value, arrays.row_lower, arrays.row_upper)
        self.row_lower = np.where(over <= 0, 0.0, -np.inf)
        self.row_upper = np.where(under <= 0, 0.0, np.inf)
        self.program = Program(arrays)
        n, m = len(arrays.columns), len(arrays.rows)
        self.program.set_cost(arrays.cost)
        self.program.set_columns(
            np.arange(n, dtype=np.int32),
            np.where(above <= 0, 0.0, -np.inf),
            np.where(below <= 0, 0.0, np.inf),
        )
        self.rows = np.arange(m, dtype=np.int32)

    def along(self, change: Array) -> tuple[float, Array | None]:
        """d(cost) along a change of right-hand sides, (m,), and the columns that answer, (n,);
        infinite and None where it cannot be met."""
        self.program.set_rows(self.rows, self.row_lower + change, self.row_upper + change)
        found = optimal_if_any(self.program)
        return (np.inf, None) if found is None else (found.objective, found.x)

    def ends(self, row: int) -> tuple[float, float, Array | None]:
        """Saving of one unit less of a requirement, cost of one more, and the columns that answer
        one more."""
        change = np.zeros(len(self.rows))
        change[row] = 1.0
        less, _ = self.along(-change)
        more, answer = self.along(change)
        return -less, more, answer


def _one_price(arrays: Arrays, base: Solution, rows: npt.NDArray[np.int_]) -> bool:
    """Return True where the prices of some rows all have one value: a random change of their
    requirements costs what its opposite saves."""
    if not len(rows):
        return True
    change = np.zeros(len(arrays.rows))
    size = np.random.default_rng(SEED).uniform(0.5, 1.5, len(rows))
    change[rows] = size * np.random.default_rng(SEED + 1).choice([-1.0, 1.0], len(rows))
    directions = Directions(arrays, base)
    up, down = directions.along(change)[0], -directions.along(-change)[0]
    return bool(abs(up - down) <= SAME_PRICE * max(abs(up), abs(down), 1.0))
