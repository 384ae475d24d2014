"""Measure how the package is built: `python -m tests.house`, or with `--base FOLDER` beside another
checkout of it, from which nothing is imported or run.

How each row is measured, always over the .py files below planner/:

- *files in one folder*: files that lie directly in a folder, `__init__.py` included. The row names
  the fullest folder apart from lp/families/ and cli/, where one file stands for each family and for
  each group of commands; those two follow on rows of their own.
- *functions over 40 lines*: functions and methods, nested ones too, from `def` to their last line:
  signature and docstring included, decorators left out.
- *lines over 100 columns*: characters of a line as it stands in the file.
- *radon*: cyclomatic complexity by `radon cc planner -a`: mean, number over 15 and worst, of all
  blocks that it lists (functions, methods and classes).
- *import circles*: strongly connected components of two or more modules. An import counts for the
  module it names (`from a import b` for `a.b` where that is a module, otherwise for `a`), not for
  the packages around it. *At load* takes the imports that run when a module is loaded, *lazy too*
  also those inside functions; blocks under TYPE_CHECKING and the imports that pyproject.toml names
  in `ignore_imports` of the layers contract (the accessors of `Plan`) are left out.
- *layers*: levels of the layers contract of import-linter in pyproject.toml.
- *private names across modules*: names with a leading underscore imported from another package,
  or from a module that is not the importer; and attributes with one that this module does not
  define and another module of planner does.
- *files that name ...*: files whose code (docstrings and comments left out, strings kept) or file
  name holds the word, whole or as a part between underscores: how many files of planner/ someone
  touches to add a policy family, an export format or a verb like this one.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from radon.complexity import cc_visit

HERE = Path(__file__).parents[1]
APART = ("lp/families", "cli")
"""Folders that hold one file for each of many alike: they may be full."""
COLUMNS = 100
COMPLEX = 15
LONG, LONGEST = 40, 60
SAMPLES = {
    "a policy family": "capital_budget",
    "an export format": "netcdf",
    "a verb": "hedge",
}
"""Words whose files stand for those of a new one of their kind."""

Edges = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Module:
    """A source file with its dotted name and syntax tree."""

    name: str
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        """Dotted name of the package whose folder holds the file."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def defined(self) -> set[str]:
        """Every name that the file defines or assigns, as a variable, member or attribute."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
        return found


@dataclass(frozen=True)
class House:
    """The modules of one checkout and what its pyproject.toml says of their order."""

    root: Path
    modules: tuple[Module, ...] = field(repr=False)
    contract: Mapping[str, list[str]] = field(repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(module.name for module in self.modules)

    @cached_property
    def complexities(self) -> list[tuple[int, str]]:
        """Radon's complexity of every block, worst first, each with its place."""
        found = []
        for module in self.modules:
            for block in cc_visit(module.text):
                place = f"{self.inside(module.path)}:{block.lineno} {block.fullname}"
                found.append((block.complexity, place))
        return sorted(found, reverse=True)

    @cached_property
    def ignored_imports(self) -> frozenset[tuple[str, str]]:
        """Imports that the layers contract leaves out: importer and imported."""
        pairs = (line.split(" -> ") for line in self.contract.get("ignore_imports", []))
        return frozenset((importer, target) for importer, target in pairs)

    def inside(self, path: Path) -> str:
        return path.relative_to(self.root / "planner").as_posix()


def read_house(root: Path) -> House:
    """Read the sources of a checkout."""
    modules = []
    for path in sorted((root / "planner").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules.append(Module(name, path, path.read_text(encoding="utf-8")))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    return House(root, tuple(modules), layers)


# folders and lines


def files_by_folder(house: House) -> Counter[str]:
    """Number of files that lie directly in each folder of planner/."""
    return Counter(house.inside(module.path.parent) for module in house.modules)


def long_functions(house: House, limit: int) -> list[tuple[int, str]]:
    """Functions over a number of lines, longest first, each with its place."""
    found = []
    for module in house.modules:
        for node in module.functions():
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                place = f"{house.inside(module.path)}:{node.lineno} {node.name}"
                found.append((lines, place))
    return sorted(found, reverse=True)


def wide_lines(house: House) -> list[str]:
    """Places of the lines over 100 columns."""
    return [
        f"{house.inside(module.path)}:{number}"
        for module in house.modules
        for number, line in enumerate(module.text.splitlines(), start=1)
        if len(line) > COLUMNS
    ]


def mean_complexity(house: House) -> float:
    """Mean over all blocks, as `radon cc planner -a` prints it."""
    blocks = [complexity for complexity, _ in house.complexities]
    return sum(blocks) / len(blocks)


# imports


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def import_statements(
    body: Iterable[ast.AST], *, lazy: bool
) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements that run at load, or with `lazy` also those inside functions."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and is_type_checking(node):
            yield from import_statements(node.orelse, lazy=lazy)
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from import_statements(ast.iter_child_nodes(node), lazy=lazy)


def origin(module: Module, statement: ast.ImportFrom) -> str:
    """Dotted name that `from ... import` names, relative ones resolved."""
    if not statement.level:
        return statement.module or ""
    above = module.package.split(".")
    start = above[: len(above) - statement.level + 1]
    return ".".join([*start, *filter(None, [statement.module])])


def imported(house: House, module: Module, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Modules of planner that a statement names."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names if alias.name in house.names)
        return
    source = origin(module, statement)
    for alias in statement.names:
        name = f"{source}.{alias.name}"
        if name in house.names:
            yield name
        elif source in house.names:
            yield source


def import_graph(house: House, *, lazy: bool, accessors: bool = False) -> Edges:
    """Module to the modules that it imports; what the contract ignores only with `accessors`."""
    ignored = frozenset() if accessors else house.ignored_imports
    return {
        module.name: frozenset(
            target
            for statement in import_statements(module.tree.body, lazy=lazy)
            for target in imported(house, module, statement)
            if target != module.name and (module.name, target) not in ignored
        )
        for module in house.modules
    }


def circles(edges: Edges) -> list[list[str]]:
    """Strongly connected components of two or more modules, largest first (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(edges[name]):
            if target not in order:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == order[name]:
            at = stack.index(name)
            component, stack[at:] = sorted(stack[at:]), []
            if len(component) > 1:
                found.append(component)

    for name in sorted(edges):
        if name not in order:
            visit(name)
    return sorted(found, key=lambda component: (-len(component), component))


def layers(house: House) -> list[str]:
    """Levels of the layers contract, from top to bottom."""
    return house.contract["layers"]


# private names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_imports(house: House, module: Module) -> Iterator[str]:
    """Private names, of modules or in modules, that a module imports from elsewhere in planner."""
    for statement in import_statements(module.tree.body, lazy=True):
        if not isinstance(statement, ast.ImportFrom):
            continue
        source = origin(module, statement)
        for alias in statement.names:
            whole = f"{source}.{alias.name}"
            if source.partition(".")[0] == "planner" and not belongs(house, module, whole):
                yield whole


def belongs(house: House, module: Module, whole: str) -> bool:
    """Return True if the private parts of a dotted name are at home where they are used: a private
    module in its own package, anything else in its own module."""
    parts = whole.split(".")
    for at, part in enumerate(parts):
        if is_private(part):
            above = ".".join(parts[:at])
            is_module = ".".join(parts[: at + 1]) in house.names
            if not (is_module and (module.package + ".").startswith(above + ".")):
                return False
    return True


def private_attributes(house: House) -> Iterator[tuple[Module, str]]:
    """Private attributes used in a module that does not define them, where another one does."""
    defined = {module.name: set(filter(is_private, module.defined())) for module in house.modules}
    anywhere = set().union(*defined.values())
    for module in house.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in anywhere - defined[module.name]:
                yield module, node.attr


def private_uses(house: House) -> list[str]:
    """Each private name taken across modules, with the file that takes it."""
    found = [
        f"{house.inside(module.path)}: {name}"
        for module in house.modules
        for name in private_imports(house, module)
    ]
    found += [f"{house.inside(module.path)}: .{name}" for module, name in private_attributes(house)]
    return sorted(found)


# what a new one touches


def words(module: Module) -> Iterator[str]:
    """Identifiers and strings of a file, and its own name; docstrings and comments left out."""
    yield module.name.rpartition(".")[2]
    prose = {
        id(node.value)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in prose:
                yield node.value
            continue
        for kind in ("id", "attr", "name", "module", "arg", "asname"):
            value = getattr(node, kind, None)
            if isinstance(value, str):
                yield value


def files_naming(house: House, word: str) -> list[str]:
    """Files whose code or name holds a word."""
    wanted = re.compile(rf"(?<![a-z]){word}(?![a-z])", re.IGNORECASE)
    return [
        house.inside(module.path)
        for module in house.modules
        if any(wanted.search(text) for text in words(module))
    ]


# the table


def fullest(house: House) -> tuple[int, str]:
    """Number of files and name of the fullest folder, apart from those that may be full."""
    counts = files_by_folder(house)
    folder = max((name for name in counts if name not in APART), key=lambda name: counts[name])
    return counts[folder], folder


def said_circles(house: House, *, lazy: bool, accessors: bool = False) -> str:
    found = circles(import_graph(house, lazy=lazy, accessors=accessors))
    return ", ".join(f"one of {len(component)} files" for component in found) or "0"


def said_share(house: House) -> str:
    wide = len(wide_lines(house))
    lines = sum(len(module.text.splitlines()) for module in house.modules)
    return f"{wide:,} ({wide / lines:.1%})"


def said_fullest(house: House) -> str:
    number, folder = fullest(house)
    return f"{number} (planner/{'' if folder == '.' else folder})"


def said_worst(house: House) -> str:
    complexity, place = house.complexities[0]
    return f"{complexity} ({place.rpartition(' ')[2]})"


ROWS: dict[str, Callable[[House], str]] = {
    "files": lambda house: f"{len(house.modules)}",
    "lines": lambda house: f"{sum(len(m.text.splitlines()) for m in house.modules):,}",
    "files in one folder, most": said_fullest,
    "  lp/families": lambda house: f"{files_by_folder(house)['lp/families']}",
    "  cli": lambda house: f"{files_by_folder(house)['cli']}",
    f"functions over {LONG} lines": lambda house: f"{len(long_functions(house, LONG))}",
    f"functions over {LONGEST} lines": lambda house: f"{len(long_functions(house, LONGEST))}",
    f"lines over {COLUMNS} columns": said_share,
    "radon: mean": lambda house: f"{mean_complexity(house):.2f}",
    f"radon: over {COMPLEX}": lambda house: f"{sum(c > COMPLEX for c, _ in house.complexities)}",
    "radon: worst": said_worst,
    "import circles at load": lambda house: said_circles(house, lazy=False),
    "import circles, lazy too": lambda house: said_circles(house, lazy=True),
    "  with the accessors": lambda house: said_circles(house, lazy=True, accessors=True),
    "layers": lambda house: f"{len(layers(house))}",
    "private names across modules": lambda house: f"{len(private_uses(house))}",
    **{
        f"files that name {kind} ({word})": lambda house, word=word: (
            f"{len(files_naming(house, word))}"
        )
        for kind, word in SAMPLES.items()
    },
}


def table(houses: Mapping[str, House]) -> str:
    """The measures as a Markdown table, one column for each checkout."""
    rows = [["", *houses], *([label, *map(row, houses.values())] for label, row in ROWS.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join(
        [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how planner/ is built.")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="another checkout beside it")
    base = parser.parse_args().base
    houses = {"this checkout": read_house(HERE)}
    if base is not None:
        houses["base"] = read_house(base)
    sys.stdout.write(table(houses) + "\n")


if __name__ == "__main__":
    main()
