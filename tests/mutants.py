"""Mutation testing: single changes of the code that the tests of its room must notice. `python -m tests.mutants 300` tries a seeded sample;
a second number is another seed, words after it keep to the rooms whose path holds one of them: `python -m tests.mutants 60 11 lp/ stocks`.

Each mutant is the package with one node of one syntax tree changed: a comparison, an operator, a number, a condition, a function such as
min. It lives in a copy of the checkout, and is killed where a test of its room fails or takes too long. Survivors are printed with their
line, to be answered: the same program after all (ANSWERED, with the reason), or a test that is missing.
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

ROOT = Path(__file__).parents[1]
FAMILIES = ("test_families_supply.py", "test_families_plants.py", "test_families_policies.py", "test_measures.py", "test_quickstart.py")
TESTS: dict[str, tuple[str, ...]] = {
    "planner/stocks.py": ("test_stocks.py",), "planner/lifetimes.py": ("test_lifetimes.py", "test_stocks.py"),
    "planner/leastsquares.py": ("test_leastsquares.py",), "planner/reconcile.py": ("test_reconcile.py", "test_leastsquares.py"),
    "planner/balance.py": ("test_balance.py", "test_simulate.py", "test_quickstart.py", "test_families_supply.py"),
    **{f"planner/lp/{name}.py": FAMILIES for name in ("constraints", "policies", "targets", "objective", "parameters")},
}
"""Which tests a room answers to."""
SEED = 7
PATIENCE = 300
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.FloorDiv: ast.Div,
}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any", "floor": "ceil",
         "argmax": "argmin",
         "zeros": "ones", "ones": "zeros"}
ANSWERED: dict[str, str] = {
    "planner/stocks.py:87 comparison: np.diff(edges[c:]) == length -> np.diff(edges[c:]) != length":
        "a shorter way for even periods: a period is as long as itself, so the general way is taken, with the same shares",
    "planner/balance.py:236 number: 1 -> 2":
        "numpy takes any negative number for the length that it finds itself",
    "planner/stocks.py:174 comparison: left < LEAST_SURVIVAL -> left <= LEAST_SURVIVAL":
        "a survival of exactly 1e-12",
    "planner/stocks.py:90 sign: -1 -> +1":
        "the ages are one row, and a pair of rows is stacked along its axis 1, which is its last",
    "planner/leastsquares.py:352 comparison: np.abs(stuck).max() > _RANK -> np.abs(stuck).max() >= _RANK":
        "a miss of exactly a billionth",
    "planner/leastsquares.py:366 comparison: _merit(problem, trial, weight) <= before * (1 + _CONVERGED) + _CONVERGED * weight -> "
    "_merit(problem, trial, weight) < before * (1 + _CONVERGED) + _CONVERGED * weight":
        "a merit that is its own limit to the last digit",
    "planner/leastsquares.py:176 number: 0.0 -> 1.0":
        "the force of what is not held is asked only whether it pulls below zero",
    "planner/leastsquares.py:184 number: 1 -> 2":
        "how often the active set may fail to shrink before it changes one at a time: another way to the one least sum of squares",
    "planner/leastsquares.py:326 function: np.zeros -> np.ones":
        "no singular values, be they zeros or ones",
    "planner/leastsquares.py:177 number: 0.0 -> 1.0":
        "the largest is compared with 1 at once",
    "planner/leastsquares.py:354 comparison: part > 1e-06 * part.max() -> part >= 1e-06 * part.max()":
        "a share of exactly a millionth",
    "planner/leastsquares.py:178 number: 0.0 -> 1.0":
        "the largest is compared with 1 at once",
}
"""Mutants that are the same program after all, as printed, and why."""


def changes(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that a mutant changes, and what it then is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
            yield node, "comparison"
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not isinstance(node.left, ast.Constant | ast.JoinedStr):
            yield node, "operator"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node, "number"
        elif isinstance(node, ast.BoolOp):
            yield node, "and for or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
            yield node, "sign"
        elif isinstance(node, ast.Attribute | ast.Name) and (node.attr if isinstance(node, ast.Attribute) else node.id) in NAMES:
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


def mutants() -> list[tuple[str, int]]:
    """All mutants: the file, and the number of the change in it."""
    return [(file, i) for file in TESTS for i, _ in enumerate(changes(ast.parse((ROOT / file).read_text(encoding="utf-8"))))]


def mutated(file: str, number: int) -> tuple[str, str]:
    """The code of a mutant, and in words what was changed."""
    source = (ROOT / file).read_text(encoding="utf-8")
    tree = ast.parse(source)
    node, kind = list(changes(tree))[number]
    before = ast.unparse(node)
    change(node, kind)
    line = getattr(node, "lineno", 0)
    return ast.unparse(ast.fix_missing_locations(tree)), f"{file}:{line} {kind}: {before} -> {ast.unparse(node)}"


def killed(copy: Path, file: str, code: str) -> bool:
    """Whether a test of the room fails on the mutant."""
    original = (copy / file).read_text(encoding="utf-8")
    (copy / file).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *(f"tests/{test}" for test in TESTS[file])]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=PATIENCE, check=False)
        return done.returncode == 1
    except subprocess.TimeoutExpired:
        return True
    finally:
        (copy / file).write_text(original, encoding="utf-8")


def main(count: int, seed: int = SEED, rooms: tuple[str, ...] = ("",)) -> int:
    chosen = [mutant for mutant in mutants() if any(room in mutant[0] for room in rooms)]
    sample = random.Random(seed).sample(chosen, min(count, len(chosen)))
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "results", "build", "__pycache__"))
        for file in {TESTS[file]: file for file, _ in sample}.values():
            if killed(copy, file, (copy / file).read_text(encoding="utf-8")):
                sys.exit(f"the tests of {file} fail without any mutant")
        for tried, (file, number) in enumerate(sample, start=1):
            code, words = mutated(file, number)
            if not killed(copy, file, code):
                survivors.append(words)
                sys.stdout.write(f"survives: {words}{' (answered: ' + ANSWERED[words] + ')' if words in ANSWERED else ''}\n")
            sys.stdout.write(f"{tried} tried, {tried - len(survivors)} killed\n")
            sys.stdout.flush()
    open_ones = [words for words in survivors if words not in ANSWERED]
    return int(len(open_ones) > 0.1 * count)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]] + [300, SEED][len(sys.argv[1:3]):]
    sys.exit(main(*numbers, tuple(sys.argv[3:]) or ("",)))
