"""Every command on every odd study: an answer, or a message of planner's own with its exit status;
never a traceback, never a number that JSON cannot hold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer
from click.testing import CliRunner, Result

from planner.cli import app
from tests.odd_studies import ODD
from tests.small import Study

COMMANDS = typer.main.get_command(app)
"""All commands, made once."""
Command = tuple[str, ...]
WHOLE = bool(os.environ.get("ODD_STUDIES"))
"""Every command on every study, as text and as JSON: a campaign of minutes. Else each on
every fourth study or fewer, in one form by turns."""
FINE = (0, 2, 3)
"""Done, the input is wrong, infeasible."""
ABOUT_STUDIES = (
    ("check",),
    ("balance",),
    ("reconcile",),
    ("calibrate",),
    ("hindcast", "--top", "1"),
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
    ("places",),
    ("gap",),
    ("sensitivity", "--top", "1"),
)
ABOUT_RUNS = (("indicators",), ("allocate",), ("headlines",), ("compare",), ("report",))
EXPORTS = (
    *(("export", f"o{ending}") for ending in (".xlsx", ".csv", ".nc", ".zip", ".mps", ".lp")),
    ("export", "parquet", "--format", "parquet"),
)
SLOW_IF_LONG = (
    *("alternatives", "disrupt", "foresight", "frontier", "hedge", "hindcast", "regret"),
    "secure",
)
"""Commands that solve the 280 years many times over: tried on them in the campaign."""
WITHOUT_JSON = ("report", "export", "workbook")


def with_ranges(study: Study) -> Study:
    """The study with a range beside each demand and price, for what varies them."""
    for table in ("demand", "process_values"):
        for row in study.rows[table]:
            ends = 0.9 * row["value"], 1.1 * row["value"]
            row |= {"low": min(ends), "high": max(ends), "grade": "D"}
    return study


@pytest.fixture(params=ODD)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = with_ranges(ODD[request.param]()).write(tmp_path / request.param)
    with (made / "study.toml").open("a", encoding="utf-8") as head:
        head.write('[scenarios.one]\ntitle = "as it is"\n[scenarios.two]\ntitle = "the same"\n')
    return made


def due(commands: Sequence[Command], turn: int, every: int) -> Iterator[Command]:
    """The commands whose turn it is, as text or as JSON: each on one in `every` studies."""
    for number, command in enumerate(commands, start=turn):
        forms = [command] if command[0] in WITHOUT_JSON else [command, (*command, "--json")]
        if WHOLE:
            yield from forms
        elif number % every == 0:
            yield forms[number // every % len(forms)]


def ends(*arguments: str | Path) -> Result:
    """Run a command; it must end as commands end."""
    done = CliRunner().invoke(COMMANDS, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(" ".join(map(str, arguments))) from done.exception
    assert done.exit_code in FINE, (arguments, done.exit_code, done.stderr)
    if done.exit_code:
        assert done.stderr.strip() or done.stdout.strip(), arguments
    elif "--json" in arguments:
        json.loads(done.stdout)
    return done


def test_every_command_answers(folder: Path) -> None:
    """`grade` ended in a KeyError without a use stock, `secure` in a division by zero where the
    plan costs nothing, `explain --json` in a number without end where nothing can be had."""
    turn = list(ODD).index(folder.name)
    run = folder.parent / "run"
    solved = ends("solve", folder, "--out", run)
    for verb, *rest in due(ABOUT_STUDIES, turn, 4):
        if WHOLE or folder.name != "long" or verb not in SLOW_IF_LONG:
            ends(verb, folder, *rest)
    if WHOLE or turn % 3 == 0:
        assert ends("workbook", folder, folder.parent / "study.xlsx").exit_code == 0
    if solved.exit_code:
        return
    for verb, *rest in due(ABOUT_RUNS, turn, 5):
        assert ends(verb, *[run] * (2 if verb == "compare" else 1), *rest).exit_code == 0
    for verb, name, *rest in due(EXPORTS, turn, 7):
        assert ends(verb, run, folder.parent / name, *rest).exit_code == 0


def written(name: str, tmp_path: Path) -> Path:
    return ODD[name]().write(tmp_path / name)


def test_grade_says_that_nothing_is_in_use(tmp_path: Path) -> None:
    done = ends("grade", written("one_year", tmp_path))
    assert done.exit_code == 0
    assert "no product of the study is in use" in done.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [("zero_cost", "the plan without it costs nothing"), ("negative_cost", "% of -")],
)
def test_secure_says_what_it_costs_where_the_plan_costs_nothing(
    name: str, words: str, tmp_path: Path
) -> None:
    done = ends("secure", written(name, tmp_path), "--years", "1")
    assert done.exit_code == 0
    assert words in done.stdout


def test_a_number_without_end_is_null_in_json(tmp_path: Path) -> None:
    """The range of a price where nothing can be had has no end."""
    done = ends("explain", written("no_supply", tmp_path), "--json")
    assert done.exit_code == 0
    assert any(None in row.values() for row in json.loads(done.stdout)["prices"])


def test_four_runs_stand_beside_each_other_in_a_pipe(tmp_path: Path) -> None:
    """The texts of the table of inputs were folded to a letter a line."""
    study = written("one_year", tmp_path)
    runs = [tmp_path / f"run-with-a-long-name-{number}" for number in range(4)]
    for number, run in enumerate(runs):
        price = f"process_values.ship.import_price={30 + number} USD_2021/t"
        ends("solve", study, "--out", run, "--set", price)
    said = ends("compare", *runs).stdout
    for row in (
        "process_values.ship.import_price USD_2021/t 30 31 32 33",
        "lithium domestic primary 60 60 60 60 same same same",
    ):
        assert row in " ".join(said.split())


def test_every_command_is_tried() -> None:
    """A new command joins the list above, or is named here with the reason."""
    elsewhere = {
        "list",  # takes no study
        "presets",  # likewise
        "new",  # makes one
        "math",  # takes no study
        "unpack",  # undoes workbook, which check does above
        "solve",
        "workbook",
        "export",
    }
    tried = {command[0] for command in (*ABOUT_STUDIES, *ABOUT_RUNS)}
    assert {command.name for command in app.registered_commands} == tried | elsewhere
