"""What the README shows is what the code prints, and what it points to is there."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Every `$ planner ...` of the console blocks with the output shown below it."""
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def test_every_command_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of the page, in one folder: later commands may read what earlier ones wrote."""
    monkeypatch.chdir(tmp_path)
    shown = commands()
    assert shown
    for command, output in shown:
        program, *arguments = shlex.split(command)
        assert program == "planner", command
        result = CliRunner().invoke(app, arguments)
        printed = result.stdout if result.exit_code == 0 else result.stderr
        assert trimmed(printed) == trimmed(output), command


def trimmed(text: str) -> list[str]:
    """Lines without the blanks at their ends, and without the size of rounding errors, which
    differs between processors."""
    return [re.sub(r"\b\d+e[+-]\d+", "0e+00", line).rstrip() for line in text.strip().splitlines()]


def test_python_examples_answer_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(blocks("pycon"))
    assert examples
    test = doctest.DocTestParser().get_doctest(examples, {}, "README", "README.md", 0)
    results = doctest.DocTestRunner(
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    ).run(test)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_link_within_the_project_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_every_make_target_named_is_there() -> None:
    targets = set(
        re.findall(
            r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    )
    for page in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(
            r"\bmake ([a-z]+)(?=[`\s]+[#;:,.]|`)", (ROOT / page).read_text(encoding="utf-8")
        )
        assert named
        assert set(named) <= targets
