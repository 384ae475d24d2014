"""Mutation testing: single changes of the code that the tests of its room must notice. `python -m
tests.campaigns.mutants 300` tries a seeded sample; a second number is another seed, words after it
keep to the rooms whose path holds one of them: `python -m tests.campaigns.mutants 60 11 lp/
stocks`.

Each mutant is the package with one node of one syntax tree changed: a comparison, an operator, a
number, a condition, a function such as min. It lives in a copy of the checkout, made once, so that
the sample is of one state of the code; it is killed where a test of its room fails or takes too
long, and the test that did it is printed. Survivors are printed with their line, to be answered:
the same program after all (ANSWERED, with the reason), or a test that is missing.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAMILIES = (
    "test_families_supply.py",
    "test_families_policies.py",
    "test_families_plants.py",
    "test_demand_measures.py",
    "test_quickstart.py",
    "test_duals.py",
    "test_batch.py",
)
PLAIN = (
    "test_expansion.py",
    "test_components.py",
    "test_templates.py",
    "test_batch.py",
    "test_families_policies.py",
)
LP = {
    "size": ("test_size.py",),
    "reduction": ("test_reduction.py",),
    **dict.fromkeys(("targets", "objective", "parameters", "variables"), FAMILIES),
}
TESTS: dict[str, tuple[str, ...]] = {
    "planner/mfa/stocks.py": ("test_stocks.py",),
    "planner/mfa/lifetimes.py": ("test_lifetimes.py", "test_stocks.py"),
    "planner/mfa/least_squares.py": ("test_least_squares.py",),
    "planner/mfa/reconcile.py": ("test_reconcile.py", "test_least_squares.py"),
    "planner/mfa/balance.py": (
        "test_balance.py",
        "test_simulate.py",
        "test_quickstart.py",
        "test_families_supply.py",
        "test_batch.py",
    ),
    **{
        f"planner/lp/{path.name}": LP.get(path.stem, PLAIN)
        for path in sorted((ROOT / "planner" / "lp").glob("*.py"))
    },
    **{
        f"planner/lp/families/{path.name}": FAMILIES
        for path in sorted((ROOT / "planner" / "lp" / "families").glob("*.py"))
    },
}
"""Which tests a room answers to."""
SEED = 7
PATIENCE = 300
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
}
NAMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "argmax": "argmin",
    "zeros": "ones",
    "ones": "zeros",
}
ANSWERED: dict[str, str] = {
    (
        "planner/mfa/balance.py _process_errors: return np.array(rows).reshape(-[1 -> 2], "
        "activity.shape[1]), names"
    ): "numpy takes any negative number for the length that it finds itself",
    (
        "planner/mfa/balance.py make_incidence: pairs.sort(key=lambda pair: pair[:[2 -> 3]])"
    ): "no two pairs have both the good and the process, so that what comes after is not compared",
    "planner/mfa/least_squares.py _Scaled.holding: return replace(self, values=np.where(held, "
    "[0.0 -> 1.0], self.values), "
    "free=self.free & ~held, exact=self.exact | held)": (
        "of values only those that were measured are asked once the start is made; what is held "
        "stands at 0 in the point"
    ),
    (
        "planner/mfa/least_squares.py _decomposed: return np.eye(matrix.shape[0]), [np.zeros -> "
        "np.ones](0), np.eye(matrix.shape[1]), 0"
    ): "no singular values, be they zeros or ones",
    (
        "planner/mfa/least_squares.py _decomposed: return np.eye(matrix.shape[0]), np.zeros([0 -> "
        "1]), np.eye(matrix.shape[1]), 0"
    ): "of singular values none are taken where the rank is 0",
    "planner/mfa/least_squares.py _decomposed: return u, s, vt, int(([s > _RANK * max(1.0, "
    "float(s.max())) -> s >= _RANK * max(1.0, "
    "float(s.max()))]).sum())": "a singular value of exactly a billionth of the largest",
    "planner/mfa/least_squares.py _describe: structural = [np.sqrt((reduced.rows ** "
    "2).sum(axis=0)) > _SAME -> "
    "np.sqrt((reduced.rows ** 2).sum(axis=0)) >= _SAME]": "a share of exactly 1e-7",
    "planner/mfa/least_squares.py _move: if [_merit(problem, trial, weight) <= before * (1 + "
    "_CONVERGED) + _CONVERGED * weight -> "
    "_merit(problem, trial, weight) < before * (1 + _CONVERGED) + _CONVERGED * weight]:": (
        "a merit that is its own limit to the last digit"
    ),
    "planner/mfa/least_squares.py _require_possible: if stuck.size and [np.abs(stuck).max() > "
    "_RANK -> np.abs(stuck).max() >= "
    "_RANK]:": "a miss of exactly a billionth",
    "planner/mfa/least_squares.py _require_possible: raise Contradiction(tuple(int(i) for i in "
    "np.flatnonzero([part > 1e-06 * "
    "part.max() -> part >= 1e-06 * part.max()])))": "a share of exactly a millionth",
    (
        "planner/mfa/least_squares.py _solve: for steps in range(1, [_STEPS + 1 -> _STEPS - 1]):"
    ): "two steps of 500 less before it is given up",
    (
        "planner/mfa/least_squares.py _start: v[j] = share if np.isfinite(share) else [0.5 -> 1.5]"
    ): "where the steps begin, not where they end",
    (
        "planner/mfa/least_squares.py _within_bounds: fewest, patience, steps = len(bounded) + 1, "
        "[3 -> 4], 0"
    ): "how often the active set may fail to shrink before it changes one at a time: another way to the one least sum of "
    "squares",
    (
        "planner/mfa/least_squares.py _within_bounds: for _ in range(10 * len(bounded) + [10 -> "
        "11]):"
    ): "one more try before it is given up",
    (
        "planner/mfa/least_squares.py _within_bounds: force = np.where(held, "
        "-(trial.jacobian(point).T @ multipliers), [0.0 -> 1.0])"
    ): "the force of what is not held is asked only whether it pulls below zero",
    (
        "planner/mfa/least_squares.py _within_bounds: patience -= [1 -> 2]"
    ): "how often the active set may fail to shrink before it changes one at a time: another way to the one least sum of "
    "squares",
    (
        "planner/mfa/least_squares.py _within_bounds: return point, held & ([force > slack -> "
        "force >= slack]), steps"
    ): "a force of exactly the slack",
    "planner/mfa/least_squares.py _within_bounds: slack = _RANK * max(1.0, "
    "float(np.abs(trial.jacobian(point).T @ "
    "multipliers).max(initial=[0.0 -> 1.0])))": "the largest is compared with 1 at once",
    "planner/mfa/least_squares.py _within_bounds: wrong = (bounded & ~held & (point < -_RANK * "
    "max(1.0, "
    "float(np.abs(point).max(initial=0.0))))) | ([force < -slack -> force <= -slack])": (
        "a force of exactly the slack"
    ),
    "planner/mfa/least_squares.py _within_bounds: wrong = (bounded & ~held & (point < -_RANK * "
    "max(1.0, "
    "float(np.abs(point).max(initial=[0.0 -> 1.0]))))) | (force < -slack)": (
        "the largest is compared with 1 at once"
    ),
    (
        "planner/lp/assembly.py _bounds: sides: tuple[list[Array], list[Array]] = ([[np.zeros -> "
        "np.ones](0)], [np.zeros(0)])"
    ): "no numbers, be they zeros or ones",
    (
        "planner/lp/assembly.py _bounds: sides: tuple[list[Array], list[Array]] = ([np.zeros(0)], "
        "[[np.zeros -> np.ones](0)])"
    ): "no numbers, be they zeros or ones",
    (
        "planner/lp/assembly.py _matrix: values = joined([[np.zeros -> np.ones](0), "
        "*(block.coefficients for block in blocks)])"
    ): "no numbers, be they zeros or ones",
    (
        "planner/lp/assembly.py _right: return np.broadcast_to(value, (*value.shape[:[-1 -> +1]], "
        "space.size))"
    ): "samples are one axis, in front of one other",
    (
        "planner/lp/assembly.py _samples: lead = next((each.shape[:[-1 -> +1]] for each in numbers "
        "if each.ndim > 1), ())"
    ): "samples are one axis, in front of one other",
    (
        "planner/lp/assembly.py expand: lower, upper = [[np.zeros -> np.ones](0)], [np.zeros(0)]"
    ): "no numbers, be they zeros or ones",
    (
        "planner/lp/assembly.py expand: lower, upper = [np.zeros(0)], [[np.zeros -> np.ones](0)]"
    ): "no numbers, be they zeros or ones",
    (
        "planner/lp/components.py Index._packed: packed[unknown] = -[1 -> 2]"
    ): "any number below zero says that a key is not there",
    (
        "planner/lp/components.py Index._places: used = np.flatnonzero(np.bincount(column, "
        "minlength=[1 -> 2]))"
    ): "labels that no key has are not counted, however many",
    (
        "planner/lp/components.py Index._table: if size <= [DENSE_LIMIT * len(self) -> DENSE_LIMIT "
        "/ len(self)] + 1000:"
    ): "a table or a search: the same positions",
    "planner/lp/components.py Index._table: size = int(np.prod([int(rank.max(initial=0)) + [1 -> "
    "2] for rank in self._places], "
    "dtype=float))": (
        "a table with more places than are used, or a search in its stead: the same positions"
    ),
    "planner/lp/expansion.py _Joined.__getitem__: count = np.where(at < 0, 0, "
    "members.start[np.minimum(at + 1, "
    "[len(members.start) - 1 -> len(members.start) + 1])] - first)": (
        "a position is at most that of the last key, and the one behind it is there"
    ),
    (
        "planner/lp/expansion.py _Joined.__getitem__: first = np.where(at < 0, [0 -> 1], "
        "members.start[at])"
    ): "where a key has no members it does not matter where they would begin",
    'planner/lp/families/balance.py _fill_disposals: add_param(m, "disposal_cost", cost, '
    'add_set(m, "disposals", cost, '
    "width=[2 -> 3]))": "a Series knows the width of its keys; the one given is for mappings",
    (
        "planner/lp/parameters.py Given.gap: return np.array([[0.0 -> 1.0], *(after - before "
        "for before, after in pairwise(middles))])"
    ): "the first period has no row of a ramp",
    "planner/lp/reduction.py _Work.bound: self.steps += [_Bounds(*tight[0], "
    "self.upper[tight[0][0]], [1 -> 2]), "
    "_Bounds(*tight[1], self.lower[tight[1][0]], -1)]": "of a side only the sign is asked",
    "planner/lp/reduction.py _Work.vanish: if (([self.row_lower > EXACT -> self.row_lower >= "
    "EXACT]) | (self.row_upper < "
    "-EXACT))[empty].any():": "a miss of exactly a billionth",
    "planner/lp/reduction.py _part: columns=_taken(whole.columns, columns), "
    "rows=_taken(whole.rows, rows), "
    "cost=work.cost[columns], offset=[0.0 -> 1.0],": (
        "nobody asks what a part costs: the cost of the whole is reckoned from its columns"
    ),
    (
        "planner/lp/reduction.py reduced: and max(whole.lower.max(initial=[0.0 -> 1.0]), "
        "whole.row_lower.max(initial=0.0)) < np.inf"
    ): "either is below infinity",
    (
        "planner/lp/size.py : BYTES_ALWAYS = [150000000.0 -> 150000001.0]"
    ): "a byte more of an estimate of two digits",
    (
        "planner/lp/size.py : BYTES_PER_COLUMN = [1500.0 -> 1501.0]"
    ): "a byte more of an estimate of two digits",
    (
        "planner/lp/size.py : BYTES_PER_NONZERO = [220.0 -> 221.0]"
    ): "a byte more of an estimate of two digits",
    (
        "planner/mfa/reconcile.py _result: if [found.probability < significance -> "
        "found.probability <= significance] and tested.any():"
    ): "a probability of exactly the level",
    (
        "planner/mfa/stocks.py _column: if np.all([np.diff(edges[c:]) == length -> "
        "np.diff(edges[c:]) != length]):"
    ): (
        "a shorter way for even periods: a period is as long as itself, so the general way is "
        "taken, with the same shares"
    ),
    (
        "planner/mfa/stocks.py _column: span = np.stack([ages, ages + length], axis=[-1 -> +1])"
    ): "the ages are one row, and a pair of rows is stacked along its axis 1, which is its last",
    (
        "planner/mfa/stocks.py entered_behind: impossible = ([left < LEAST_SURVIVAL -> left <= "
        "LEAST_SURVIVAL]) & (held > 0)"
    ): "a survival of exactly 1e-12",
    (
        "planner/mfa/stocks.py stock_driven: amounts = [np.zeros -> np.ones]((*run.leading, count))"
    ): "every cohort's amount is written before it is read",
    (
        "planner/mfa/stocks.py stock_driven: amounts[..., :h] = run.amounts([np.zeros -> "
        "np.ones](wanted.shape))[..., :h]"
    ): "of what entered only the initial cohorts are taken, and these do not hang on the inflow",
    (
        "planner/mfa/stocks.py stock_driven: repaired[..., c - h] = np.where([over > slack -> over "
        ">= slack], over, 0.0)"
    ): "a surplus of exactly the slack",
}
"""Mutants that are the same program after all, as printed, and why."""


def changes(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that a mutant changes, and what it then is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            yield node, "comparison"
        elif (
            isinstance(node, ast.BinOp)
            and type(node.op) in OPERATORS
            and not isinstance(node.left, ast.Constant | ast.JoinedStr)
        ):
            yield node, "operator"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node, "number"
        elif isinstance(node, ast.BoolOp):
            yield node, "and for or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
            yield node, "sign"
        elif (
            isinstance(node, ast.Attribute | ast.Name)
            and (node.attr if isinstance(node, ast.Attribute) else node.id) in NAMES
        ):
            yield node, "function"


def change(node: ast.AST, kind: str) -> None:
    """Change a node in place."""
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp):
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Constant):
        node.value = node.value + 1 if isinstance(node.value, int | float) else node.value
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Attribute):
        node.attr = NAMES[node.attr]
    elif isinstance(node, ast.Name):
        node.id = NAMES[node.id]


def mutants(root: Path = ROOT) -> list[tuple[str, int]]:
    """All mutants: the file, and the number of the change in it."""
    return [
        (file, i)
        for file in TESTS
        for i, _ in enumerate(changes(ast.parse((root / file).read_text(encoding="utf-8"))))
    ]


def mutated(root: Path, file: str, number: int) -> tuple[str, int, str]:
    """The code of a mutant, the line, and in words what was changed: the function, and the line
    with the change in brackets.

    The words hold no number of a line, so that an answer to them lasts while other parts of the
    file are edited.
    """
    source = (root / file).read_text(encoding="utf-8")
    tree = ast.parse(source)
    node, kind = list(changes(tree))[number]
    assert isinstance(node, ast.expr)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.encode().split(b"\n")
    left, right = (
        lines[node.lineno - 1][: node.col_offset],
        lines[node.end_lineno - 1][node.end_col_offset :],
    )
    places = (
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.ClassDef)
        and each.lineno <= node.lineno <= (each.end_lineno or 0)
    )
    place = ".".join(each.name for each in sorted(places, key=lambda each: each.lineno))
    before = ast.unparse(node)
    change(node, kind)
    words = (
        f"{file} {place}: {left.decode().lstrip()}[{before} -> "
        f"{ast.unparse(node)}]{right.decode().rstrip()}"
    )
    return ast.unparse(ast.fix_missing_locations(tree)), node.lineno, words


def killer(copy: Path, file: str, code: str) -> str:
    """The first test of the room that fails on the mutant; nothing where none does."""
    original = (copy / file).read_text(encoding="utf-8")
    (copy / file).write_text(code, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        *(str(path) for test in TESTS[file] for path in Path("tests").rglob(test)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        failed = [
            line.split(" - ")[0]
            for line in done.stdout.splitlines()
            if line.startswith(("FAILED", "ERROR"))
        ]
        return (
            "" if done.returncode == 0 else (failed or [f"pytest ends with {done.returncode}"])[-1]
        )
    except subprocess.TimeoutExpired:
        return "too long"
    finally:
        (copy / file).write_text(original, encoding="utf-8")


def _require_passing(copy: Path, files: set[str]) -> None:
    """Exit where tests fail without any mutant; the files are written as mutants are, without
    comments, so that none fails on that."""
    original = {file: (copy / file).read_text(encoding="utf-8") for file in files}
    for file, code in original.items():
        (copy / file).write_text(ast.unparse(ast.parse(code)), encoding="utf-8")
    for file in {TESTS[file]: file for file in files}.values():
        if found := killer(copy, file, (copy / file).read_text(encoding="utf-8")):
            sys.exit(f"the tests of {file} fail without any mutant: {found}")
    for file, code in original.items():
        (copy / file).write_text(code, encoding="utf-8")


def main(count: int, seed: int = SEED, rooms: tuple[str, ...] = ("",)) -> int:
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".*", "results", "build", "__pycache__")
        )
        chosen = [mutant for mutant in mutants(copy) if any(room in mutant[0] for room in rooms)]
        sample = random.Random(seed).sample(chosen, min(count, len(chosen)))
        _require_passing(copy, {file for file, _ in sample})
        sys.stdout.write(f"{len(sample)} of {len(chosen)} mutants, seed {seed}\n")
        for tried, (file, number) in enumerate(sample, start=1):
            code, line, words = mutated(copy, file, number)
            found = killer(copy, file, code)
            if not found:
                survivors.append(words)
            fate = (
                f"killed by {found}"
                if found
                else f"survives, answered: {ANSWERED[words]}"
                if words in ANSWERED
                else "survives"
            )
            sys.stdout.write(
                f"{words}\n    line {line}: {fate}\n{tried} tried, {tried - len(survivors)} "
                "killed\n"
            )
            sys.stdout.flush()
    open_ones = [words for words in survivors if words not in ANSWERED]
    sys.stdout.write(
        "\n".join(
            [
                f"{len(survivors)} survive, {len(open_ones)} of them without an answer:",
                *open_ones,
                "",
            ]
        )
    )
    return int(len(open_ones) > 0.1 * (len(sample) - len(survivors) + len(open_ones)))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]] + [300, SEED][len(sys.argv[1:3]) :]
    sys.exit(main(*numbers, tuple(sys.argv[3:]) or ("",)))
