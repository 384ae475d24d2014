"""Every command on every odd study: an answer, or a message of planner's own with its exit status;
never a traceback, never a number that JSON cannot hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.errors import PlannerError
from tests.odd_studies import ODD
from tests.small import Study

WHOLE = bool(os.environ.get("ODD_STUDIES"))
"""Both forms of every answer, as text and as JSON, rather than one of them by turns."""
FINE = (0, 2, 3)
"""Done, the input is wrong, infeasible."""
ABOUT_STUDIES = (
    ("check",),
    ("balance",),
    ("reconcile",),
    ("grade",),
    ("frontier", "--points", "2"),
    ("frontier", "--points", "2", "--by-metal"),
    ("ensemble", "--samples", "2", "--workers", "1"),
    ("disrupt", "--years", "1"),
    ("alternatives", "--plans", "1"),
    ("explain",),
    ("foresight", "--window", "1"),
    ("regret", "-s", "one", "-s", "two"),
    ("hedge", "-f", "one=0.5", "-f", "two=0.5", "--year", "2022"),
    ("secure", "--years", "1"),
    ("concentration",),
    ("concentration", "--crma"),
    ("gap",),
    ("sensitivity", "--top", "1"),
)
ABOUT_RUNS = (("indicators",), ("compare",), ("report",))
EXPORTS = ("o.xlsx", "o.csv", "o.nc", "o.zip", "o.mps", "o.lp", "parquet")
WITHOUT_JSON = ("report", "export", "workbook")


def with_ranges(study: Study) -> Study:
    """The study with a range beside each demand and price, for what varies them."""
    for table in ("demand", "process_values"):
        for row in study.rows[table]:
            ends = 0.9 * row["value"], 1.1 * row["value"]
            row |= {"low": min(ends), "high": max(ends)}
    return study


@pytest.fixture(params=ODD)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = with_ranges(ODD[request.param]()).write(tmp_path / request.param)
    with (made / "study.toml").open("a", encoding="utf-8") as head:
        head.write('[scenarios.one]\ntitle = "as it is"\n[scenarios.two]\ntitle = "the same"\n')
    return made


def forms(number: int, command: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The command as text, as JSON, or by turns as one of them."""
    if command[0] in WITHOUT_JSON:
        yield command
        return
    both = (command, (*command, "--json"))
    yield from both if WHOLE else both[number % 2 :][:1]


def answers(*arguments: str | Path) -> int:
    """Run a command; it must end as commands end. Returns its exit status."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(" ".join(map(str, arguments))) from done.exception
    assert done.exit_code in FINE, (arguments, done.exit_code, done.stderr)
    if done.exit_code:
        assert done.stderr.strip() or done.stdout.strip(), arguments
    return done.exit_code


def test_every_command_answers(folder: Path) -> None:
    """`grade` ended in a KeyError without a use stock, `secure` in a division by zero where the
    plan costs nothing, `explain --json` in a number without end where nothing can be had."""
    at = list(ODD).index(folder.name)
    run = folder.parent / "run"
    status = answers("solve", folder, "--out", run)
    for number, (verb, *rest) in enumerate(ABOUT_STUDIES, start=at):
        for command in forms(number, (verb, *rest)):
            answers(command[0], folder, *command[1:])
    answers("workbook", folder, folder.parent / "study.xlsx")
    assert answers("check", folder.parent / "study.xlsx") == 0
    if status:
        return
    for number, (verb, *rest) in enumerate(ABOUT_RUNS, start=at):
        runs = [run] * 4 if verb == "compare" else [run]
        for command in forms(number, (verb, *rest)):
            assert answers(command[0], *runs, *command[1:]) == 0
    for number, name in enumerate(EXPORTS):
        if WHOLE or (number + at) % len(EXPORTS) < 2:
            named = () if "." in name else ("--format", name)
            assert answers("export", run, folder.parent / name, *named) == 0


def test_every_command_is_tried() -> None:
    """A new command joins the list above, or is named here with the reason."""
    elsewhere = {
        "list",  # takes no study
        "new",  # makes one
        "math",  # takes no study
        "unpack",  # undoes workbook, which check does above
        "solve",
        "workbook",
        "export",
    }
    tried = {command[0] for command in (*ABOUT_STUDIES, *ABOUT_RUNS)}
    assert {command.name for command in app.registered_commands} == tried | elsewhere
