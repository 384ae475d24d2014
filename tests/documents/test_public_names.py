"""What the pages name is public: found on `planner` itself, and listed where a reader looks for
it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import typer

import planner
from planner.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((*DOCS.glob("*.md"), *DOCS.glob("*.rst"), *DOCS.glob("*.py"))),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    *sorted((ROOT / "notebooks").glob("*.md")),
    *sorted((ROOT / "models").glob("*/README.md")),
]
DOTTED = re.compile(r"(?<![\w./-])planner((?:\.[A-Za-z_]\w*)+)")
FROM_INSIDE = re.compile(r"from planner[\w.]* import|import planner\.\w+|-m planner\.\w+")
COMMANDS_OF_NAMES: Mapping[str, str] = {
    "allocation": "allocate",
    "studies": "list",
    "rolling": "foresight",
    "reconcile_study": "reconcile",
    "mathematics": "math",
    "write_study_workbook": "workbook",
}
"""Verbs whose command has another name."""
RESOLVED = """
import sys
import planner
for line in sys.stdin.read().split():
    found = planner
    for part in line.split("."):
        found = getattr(found, part)
    assert line.partition(".")[0] in (*planner.__all__, "__version__"), line
"""


def names(page: Path) -> set[str]:
    return {found[1:] for found in DOTTED.findall(page.read_text(encoding="utf-8"))}


def test_every_dotted_name_resolves_in_a_fresh_interpreter() -> None:
    """Once `planner.figures.write_figure` stood in a page and failed until another module had been
    imported."""
    named = sorted(set().union(*map(names, PAGES)))
    assert len(named) > 80
    done = subprocess.run(
        [sys.executable, "-c", RESOLVED],
        input="\n".join(named),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_imports_from_the_inside(page: Path) -> None:
    assert FROM_INSIDE.findall(page.read_text(encoding="utf-8")) == []


def test_the_interface_lists_the_public_names_and_no_others() -> None:
    listed = re.findall(
        r"^\.\. auto\w+:: planner\.(\S+)$", (DOCS / "api.rst").read_text(encoding="utf-8"), re.M
    )
    assert sorted(listed) == sorted(planner.__all__)


def test_the_command_line_page_lists_the_commands_and_no_others() -> None:
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `planner ([a-z]+)`", page, re.M)
    assert sorted(listed) == sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_command_line_page_names_the_verb_of_a_command() -> None:
    """Beside each command stands the function that it calls, as far as one is public."""
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `planner ([a-z]+)` \|.*\| (.*) \|$", page, re.M))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    called = {COMMANDS_OF_NAMES.get(name, name): name for name in planner.__all__}
    for command in commands:
        assert f"`planner.{called[command]}`" in rows[command], command
