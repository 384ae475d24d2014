"""How the command line is built: a module of commands stands by itself, and what several need
stands once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from planner import cli

MODULES = sorted(
    path for path in Path(cli.__file__).parent.glob("*.py") if not path.name.startswith("_")
)
"""`app`, and the modules of commands."""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_module_of_commands_imports_from_another(module: Path) -> None:
    """What they share lies in `planner.cli._shared`: once `records` was taken from the module of
    security and `write_tables` stood twice."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    taken = {
        node.module.removeprefix("planner.cli.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module is not None
        and node.module.startswith("planner.cli.")
    }
    assert {name for name in taken if not name.startswith("_")} <= {"app"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_of_commands_says_which_it_holds(module: Path) -> None:
    """Its first sentence names its commands."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    commands = [
        decorator.args[0].value
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.command"
        if isinstance(decorator.args[0], ast.Constant)
    ]
    assert commands or module.stem == "app"
    said = ast.get_docstring(tree) or ""
    assert all(str(name) in said for name in commands)
