"""Among the plans of least cost, the one that is published: of least carbon, and among those the
one of least weight, which is unique.

The weights are in general position: a number for each column that hangs on its name and on nothing
else (not on its place, a seed or a platform), so that no exchange between columns weighs nothing.
Ranks would not do: they are an arithmetic progression, and later for earlier in one place ties with
earlier for later in another.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from planner.lp.arrays import Arrays
from planner.solver.highs import Program, Solution
from planner.system.nouns import Array

NO_TIES = "none broken"
BROKEN = "carbon, then weights by name"
COST_AGREEMENT = 1e-9
"""Breaking ties may change the cost by no more than this share; otherwise the first solution
stands."""
SPREAD = 1000.0
"""Weights lie between this and twice this: far enough apart for the solver's tolerance."""
FRACTIONS = 2**64


def weights(arrays: Arrays) -> Array:
    """The weight of each column, shape (n,), for a change of it by one of the largest unit it has
    in a row; 0 for a column without a lower bound, which its rows determine."""
    names = (repr(name).encode() for name in arrays.columns)
    hashed = [int.from_bytes(blake2b(name, digest_size=8).digest(), "big") for name in names]
    size = np.zeros(len(arrays.columns))
    column = np.repeat(np.arange(len(size)), np.diff(arrays.matrix.indptr))
    np.maximum.at(size, column, np.abs(arrays.matrix.data))
    weight = SPREAD * (1.0 + np.array(hashed, dtype=float) / FRACTIONS)
    return np.where(np.isfinite(arrays.lower), weight * np.where(size > 0, size, 1.0), 0.0)


def break_ties(program: Program, first: Solution) -> tuple[Solution, str]:
    """Among plans of equal cost the one of least carbon, and among those the one of least weight;
    duals stay those of the first solve.

    Each step keeps to the optimal face of the one before (docs/design.md, ties). Where that fails
    or would change the cost, the solution before it stands. The programme is put back as it was.
    Returns the solution and a word on what was done.
    """
    arrays, before = program.arrays, program.now
    best, reached, least = first, NO_TIES, 1.0 / program.money
    program.fix_face(first)
    for word, objective in (("carbon", arrays.carbon), (BROKEN, weights(arrays))):
        program.set_cost(objective)
        solution = program.run()
        if solution.status != "optimal":
            break
        cost = float(arrays.cost @ solution.x) + arrays.offset
        if not abs(cost - first.objective) <= COST_AGREEMENT * max(abs(first.objective), least):
            break
        best, reached = solution, word
        program.fix_face(solution)
    program.put_back(before)
    return best, reached
