"""Mutation testing: single changes of the code that the tests of its room must notice. `python -m
tests.campaigns.mutants 300` tries a seeded sample; a second number is another seed, words after it
keep to the rooms whose path holds one of them: `python -m tests.campaigns.mutants 60 11 lp/
stocks`.

Each mutant is the package with one node of one syntax tree changed: a comparison, an operator, a
number, a condition, a function such as min. It lives in a copy of the checkout, made once, so that
the sample is of one state of the code; it is killed where a test of its module fails or takes too
long, and the test that did it is printed. Survivors are printed with their line, to be answered:
either it is the same program after all (mutants_answered.csv, with the reason), or a test is
missing. `python -m tests.campaigns.mutants stale` lists the answers to which the code has no mutant
any more.
"""

from __future__ import annotations

import ast
import copy
import csv
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
    **{
        f"planner/mfa/reconciliation/{name}.py": ("test_least_squares.py",)
        for name in ("least_squares", "constrained_fit", "scaled_problem")
    },
    "planner/mfa/reconciliation/reconcile.py": ("test_reconcile.py", "test_least_squares.py"),
    "planner/mfa/reconciliation/measured_flows.py": ("test_reconcile.py",),
    "planner/mfa/balance.py": (
        "test_balance.py",
        "test_simulate.py",
        "test_quickstart.py",
        "test_families_supply.py",
        "test_batch.py",
    ),
    **{
        path.relative_to(ROOT).as_posix(): (
            FAMILIES if path.parent.name == "families" else LP.get(path.stem, PLAIN)
        )
        for path in sorted((ROOT / "planner" / "lp").rglob("*.py"))
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
ANSWERS = Path(__file__).with_name("mutants_answered.csv")
"""Mutants that are the same program after all: file, function, change, and why."""


def answered() -> dict[str, str]:
    """Reason of each mutant that has an answer, by its words."""
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        return {
            f"{row['file']} {row['place']}: {row['change']}": row["why"]
            for row in csv.DictReader(file)
        }


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
    """The code of a mutant, the line, and in words what was changed: the function, and the
    statement with the change in brackets.

    The words are made from the syntax tree and hold no number of a line, so that an answer to them
    lasts while the file is formatted anew or edited elsewhere.
    """
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    node, kind = list(changes(tree))[number]
    assert isinstance(node, ast.expr)
    words = f"{file} {_place(tree, node)}: {_marked(tree, node, kind)}"
    change(node, kind)
    return ast.unparse(ast.fix_missing_locations(tree)), node.lineno, words


def _place(tree: ast.AST, node: ast.expr) -> str:
    """Dotted name of the class and function that hold a node."""
    around = (
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.ClassDef)
        and each.lineno <= node.lineno <= (each.end_lineno or 0)
    )
    return ".".join(each.name for each in sorted(around, key=lambda each: each.lineno))


def _marked(tree: ast.AST, node: ast.expr, kind: str) -> str:
    """The statement that holds a node, or its first line where it has a body, with the change in
    brackets."""
    parents = {child: above for above in ast.walk(tree) for child in ast.iter_child_nodes(above)}
    statement: ast.AST = node
    while not isinstance(statement, ast.stmt):
        statement = parents[statement]
    after = copy.deepcopy(node)
    change(after, kind)
    mark = ast.Name(f"[{ast.unparse(node)} -> {ast.unparse(after)}]", ast.Load())
    _Replaced(node, mark).visit(statement)
    text = ast.unparse(statement)
    _Replaced(mark, node).visit(statement)
    return next(line for line in text.splitlines() if mark.id in line).strip()


class _Replaced(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def killer(checkout: Path, file: str, code: str) -> str:
    """The first test of the room that fails on the mutant; nothing where none does."""
    original = (checkout / file).read_text(encoding="utf-8")
    (checkout / file).write_text(code, encoding="utf-8")
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
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=checkout,
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
        (checkout / file).write_text(original, encoding="utf-8")


def _require_passing(checkout: Path, files: set[str]) -> None:
    """Exit where tests fail without any mutant; the files are written as mutants are, without
    comments, so that none fails on that."""
    original = {file: (checkout / file).read_text(encoding="utf-8") for file in files}
    for file, code in original.items():
        (checkout / file).write_text(ast.unparse(ast.parse(code)), encoding="utf-8")
    for file in {TESTS[file]: file for file in files}.values():
        if found := killer(checkout, file, (checkout / file).read_text(encoding="utf-8")):
            sys.exit(f"the tests of {file} fail without any mutant: {found}")
    for file, code in original.items():
        (checkout / file).write_text(code, encoding="utf-8")


def main(count: int, seed: int = SEED, rooms: tuple[str, ...] = ("",)) -> int:
    survivors, answers = [], answered()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "checkout"
        shutil.copytree(
            ROOT, checkout, ignore=shutil.ignore_patterns(".*", "results", "build", "__pycache__")
        )
        chosen = [
            mutant for mutant in mutants(checkout) if any(room in mutant[0] for room in rooms)
        ]
        sample = random.Random(seed).sample(chosen, min(count, len(chosen)))
        _require_passing(checkout, {file for file, _ in sample})
        sys.stdout.write(f"{len(sample)} of {len(chosen)} mutants, seed {seed}\n")
        for tried, (file, number) in enumerate(sample, start=1):
            code, line, words = mutated(checkout, file, number)
            found = killer(checkout, file, code)
            if not found:
                survivors.append(words)
            fate = (
                f"killed by {found}"
                if found
                else f"survives, answered: {answers[words]}"
                if words in answers
                else "survives"
            )
            sys.stdout.write(
                f"{words}\n    line {line}: {fate}\n{tried} tried, {tried - len(survivors)} "
                "killed\n"
            )
            sys.stdout.flush()
    open_ones = [words for words in survivors if words not in answers]
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


def stale() -> list[str]:
    """Answers to which the code has no mutant any more."""
    answers = answered()
    files = {words.partition(" ")[0] for words in answers}
    there = {mutated(ROOT, file, number)[2] for file, number in mutants() if file in files}
    return sorted(answers.keys() - there)


if __name__ == "__main__":
    if sys.argv[1:] == ["stale"]:
        sys.exit("\n".join(stale()) or 0)
    numbers = [int(word) for word in sys.argv[1:3]] + [300, SEED][len(sys.argv[1:3]) :]
    sys.exit(main(*numbers, tuple(sys.argv[3:]) or ("",)))
