"""The public names: loaded when asked for, and never covered by a module."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import planner

HEAVY = ("numpy", "pandas", "scipy", "pyomo", "highspy", "pint", "rich")
DESIGN_VERBS = ("studies", "read", "balance", "solve", "build", "verify", "export", "load", "new")


def run(code: str) -> str:
    """Standard output of a fresh Python that runs the code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["planner", "planner.cli"])
def test_import_loads_nothing_heavy(module: str) -> None:
    """Were a heavy module imported at the top, `planner --help` would take seconds."""
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    assert run(code) == ""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom planner.cli import main\nsys.argv = ['planner', '--help']\n"
        f"try: main()\nexcept SystemExit: print('LOADED', *(name for name in {HEAVY[:-1]!r} if "
        "name in sys.modules))"
    )
    assert run(code).splitlines()[-1] == "LOADED"


def test_no_module_bears_the_name_of_a_public_verb() -> None:
    """The import system sets each loaded module as an attribute of its package: one named `solve`
    would cover `planner.solve`."""
    modules = {module.name for module in pkgutil.iter_modules(planner.__path__)}
    assert len(modules) > 10
    assert modules.isdisjoint(planner.__all__)


def test_every_public_name_is_found_and_listed() -> None:
    for name in planner.__all__:
        assert getattr(planner, name) is not None
        assert name in dir(planner)
    assert set(DESIGN_VERBS) <= set(planner.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = planner.slove  # type: ignore[attr-defined]


def test_version_is_that_of_the_installed_package() -> None:
    from planner.runtime.extras import planner_version

    assert planner.__version__ == planner_version()


def test_type_checkers_see_the_same_names() -> None:
    """The TYPE_CHECKING block and the table of homes say the same: name for name, module for
    module."""
    tree = ast.parse(Path(planner.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If)).body
    imported = {
        alias.asname: (f"{node.module}", alias.name)
        for node in block
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {name: module for name, (module, known) in imported.items() if name == known}
    for node in block:
        if isinstance(node, ast.Assign):
            # `mix_figure = _multi_plan.beside`, the module imported under a private name
            (public,) = map(ast.unparse, node.targets)
            module, _, known = ast.unparse(node.value).partition(".")
            homes[public] = f"{'.'.join(imported[module])}:{known}"
    assert homes == planner._HOMES
