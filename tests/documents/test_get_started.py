"""The page for the first five minutes: every command and every piece of Python on it is run, in its
order, and answers what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from tests.documents.test_readme import trimmed

PAGE = (Path(__file__).parents[2] / "docs" / "get-started.md").read_text(encoding="utf-8")


def blocks() -> list[tuple[str, str]]:
    """Language and text of every block that is run, in the order of the page."""
    return re.findall(r"^```(console|python)\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


def test_the_first_five_minutes_are_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = 0
    for language, text in blocks():
        if language == "python":
            exec(compile(text, "get-started.md", "exec"), {})
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            program, *arguments = shlex.split(command)
            assert program == "planner", command
            result = CliRunner().invoke(app, arguments)
            printed = result.stdout if result.exit_code == 0 else result.stderr
            assert trimmed(printed) == trimmed(output), command
            ran += 1
    assert ran >= 10
    assert (tmp_path / "difference.html").stat().st_size > 1_000_000
    assert (tmp_path / "mine" / "README.md").is_file(), (
        "what is no table stays when a workbook is put back"
    )
    assert planner.read("mine").goods["lithium/batteries"].demand[-1] == 4000


def test_what_the_page_says_about_the_table_is_so() -> None:
    """The sentence that reads the table: shares of 2034."""
    shown = re.search(
        (
            r"in 2034 imports serve (\d+) % of ([\d,]+) t of lithium, recycling (\d+) %, the mine "
            r"(\d+) %"
        ),
        PAGE,
    )
    assert shown
    first = PAGE[: shown.start()]
    last = dict(
        re.findall(
            r"^(domestic primary|foreign primary|domestic secondary).* (\d+)%$", first, re.MULTILINE
        )
    )
    assert (last["foreign primary"], last["domestic secondary"], last["domestic primary"]) == (
        shown[1],
        shown[3],
        shown[4],
    )
    assert re.search(rf"^all .* {shown[2]}$", first, re.MULTILINE)
