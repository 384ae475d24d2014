"""What makes the command line pleasant: examples that work, completion, no colours where none
belong, a log, time that is left."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from planner.cli import app
from planner.cli._stages import Stages
from planner.cli.app import EXIT_STATUSES, INTERRUPTED
from planner.plan.plan import LOG_FILE
from planner.runtime.progress import Step

ROOT = Path(__file__).parents[2]
GROUP = typer.main.get_command(app)
COMMANDS = GROUP.list_commands(typer.Context(GROUP))  # type: ignore[attr-defined]
COLOUR = re.compile(r"\x1b\[[0-9;]*3\dm|\x1b\[3\d")


def example(command: str) -> str:
    found = GROUP.commands[command]  # type: ignore[attr-defined]
    epilog = found.epilog or ""
    assert epilog.startswith("Example: planner "), f"planner {command} --help shows no example"
    return epilog.removeprefix("Example: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_each_command_is_one(command: str) -> None:
    """Each line of it is parsed by the command it names: an option that is not there, or a value of
    another type, fails."""
    lines = [line.strip() for line in re.split(r"&&|\n", example(command))]
    assert any(shlex.split(line)[1] == command for line in lines)
    for line in lines:
        program, name, *arguments = shlex.split(line)
        assert program == "planner"
        GROUP.commands[name].make_context(name, arguments).close()  # type: ignore[attr-defined]
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Example: planner" in shown.stdout


def completions(folder: Path, *words: str) -> list[str]:
    """Completions that bash would offer for the last of the words."""
    environment = os.environ | {
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        "_PLANNER_COMPLETE": "complete_bash",
    }
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv[0] = 'planner'; from planner.cli import main; main()",
        ],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_the_shell_completes_names(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "study.toml").write_text(
        "[scenarios.greener]\n[scenarios.grey]\n[scenarios.other]\n"
    )
    for run in ("results/quick", "results/slow"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "plan.json").write_text("{}")
    (tmp_path / "results" / "empty").mkdir()
    assert completions(tmp_path, "planner", "solve", "qui") == ["quickstart"]
    assert completions(tmp_path, "planner", "solve", "mi") == ["mine"]
    assert completions(tmp_path, "planner", "solve", "mine", "--scenario", "gre") == [
        "greener",
        "grey",
    ]
    assert completions(tmp_path, "planner", "check", "mine", "-s", "other,gree") == [
        "other,greener"
    ]
    assert completions(tmp_path, "planner", "report", "results/") == [
        "results/quick",
        "results/slow",
    ]
    assert completions(tmp_path, "planner", "compare", "results/slow", "results/q") == [
        "results/quick"
    ]
    assert completions(tmp_path, "planner", "export", "re") == ["results/quick", "results/slow"]


def test_completion_of_a_broken_study_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "study.toml").write_text("= nonsense")
    assert completions(tmp_path, "planner", "solve", "bad", "--scenario", "a") == []


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """Output of a command whose three streams are a terminal."""
    ours, theirs = pty.openpty()
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"NO_COLOR", "FORCE_COLOR", "COLORTERM"}
    }
    with subprocess.Popen(
        [sys.executable, "-m", "planner", *arguments],
        cwd=folder,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=kept | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environment},
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
        process.wait()
    os.close(ours)
    return said.decode(errors="replace")


def test_colours_stand_on_a_terminal_alone(tmp_path: Path) -> None:
    """An error is red on a terminal; not with NO_COLOR, and plain text in a pipe."""
    assert COLOUR.search(on_a_terminal(tmp_path, "check", "chinna"))
    without = on_a_terminal(tmp_path, "check", "chinna", NO_COLOR="1")
    assert "chinna" in without
    assert not COLOUR.search(without)
    piped = subprocess.run(
        [sys.executable, "-m", "planner", "check", "chinna"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )
    assert piped.returncode == 2
    assert "\x1b" not in piped.stderr + piped.stdout


def test_stages_move_on_a_terminal_alone(tmp_path: Path) -> None:
    """On a terminal the running stage is drawn and wiped again; in a pipe each stage is one line
    once it is over."""
    assert "\x1b[" in on_a_terminal(tmp_path, "solve", "quickstart")
    piped = subprocess.run(
        [sys.executable, "-m", "planner", "solve", "quickstart"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
    )
    assert "\x1b" not in piped.stderr + piped.stdout
    assert re.search(r"^  solve +\d+\.\d\d s$", piped.stderr, flags=re.MULTILINE)


def test_the_time_that_is_left_is_reckoned_from_the_steps_that_are_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of four took 10 s: the second has 8 left after 2, and two more follow; a step that takes
    long adds nothing to those ahead."""
    now = 0.0
    monkeypatch.setattr("planner.cli._stages.time.perf_counter", lambda: now)
    stage = Stages(quiet=True)
    stage(Step("point", 0, 4))
    assert stage.left(1) is None
    now = 10.0
    stage(Step("point", 1, 4))
    assert stage.left(12) == pytest.approx(28)
    assert stage.left(25) == pytest.approx(20)
    now = 30.0
    stage(Step("point", 3, 4))
    assert stage.line(34) == "point (4 of 4), 34 s, about 6 s left"
    now = 40.0
    stage("tables")
    assert stage.seconds == {"point": 40}


def test_the_time_that_is_left_is_reckoned_from_the_run_before() -> None:
    stage = Stages(quiet=True, expected={"build": 4.0, "solve": 6.0})
    stage("build")
    assert stage.left(stage._since + 1) == pytest.approx(9)
    stage("solve")
    assert stage.left(stage._since + 10) == 0
    assert stage.line(stage._since + 2) == "solve, 2 s, about 4 s left"
    stage("another")
    assert stage.left(stage._since) is None
    assert stage.line(stage._since) == "another"


def test_a_step_is_its_name() -> None:
    step = Step("point", 1, 4)
    assert step == "point"
    assert {"point": 1}[step] == 1


def test_the_log_of_a_run_holds_the_command_the_stages_and_the_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import warnings

    import planner

    monkeypatch.chdir(tmp_path)
    solve = planner.solve

    shown: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(str(message)))

    def warn(*arguments: object, **options: object) -> object:
        warnings.showwarning("numbers are odd", RuntimeWarning, "x.py", 1)
        return solve(*arguments, **options)

    monkeypatch.setattr(planner, "solve", warn)
    done = CliRunner().invoke(
        app, ["solve", "quickstart", "--set", "discount_rate=0.04", "--out", "my run"]
    )
    assert done.exit_code == 0, done.stderr
    assert shown == ["numbers are odd"]
    log = (tmp_path / "my run" / LOG_FILE).read_text()
    assert "command planner solve quickstart --set discount_rate=0.04 --out 'my run'" in log
    assert "warning RuntimeWarning: numbers are odd" in log
    for stage in ("read", "load", "solve", "tables"):
        assert re.search(rf"^stage {stage} \d", log, flags=re.MULTILINE)
    assert "Model status        : Optimal" in log


def test_the_exit_statuses_are_documented() -> None:
    """The page and the help name each status, and no other."""
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)}
    statuses = {0, INTERRUPTED, *(status for _, status in EXIT_STATUSES)}
    assert listed == statuses
    for kind, status in EXIT_STATUSES:
        assert re.search(rf"^\| {status} \|.*`{kind.__name__}`", page, flags=re.MULTILINE)
    told = CliRunner().invoke(app, ["--help"]).stdout
    for status in statuses:
        assert re.search(rf"\b{status}\b", told)


def python(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )


def test_an_interrupt_while_planner_loads_is_one_too() -> None:
    """In the first part of a second Python is still importing: no traceback, and the status of an
    interrupt."""
    done = python(
        "import sys\nclass Pressed:\n    def find_spec(self, name, *_):\n"
        "        if name == 'planner.cli':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\nfrom planner.__main__ import main\nmain()"
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "")


def test_an_interrupt_after_the_work_changes_nothing() -> None:
    """Pressed while Python shuts down: the work is done, and the status says so."""
    done = python(
        "import atexit, os, signal, sys\natexit.register(lambda: os.kill(os.getpid(), "
        "signal.SIGINT))\nsys.argv = ['planner', 'list']\n"
        "from planner.__main__ import main\nmain()"
    )
    assert done.returncode == 0, done.stderr
    assert "quickstart" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(("given", "taken"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_linear_algebra_runs_on_one_thread_unless_told_otherwise(
    given: dict[str, str],
    taken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Set before numpy is loaded, which reads it once."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    done = python(
        "import atexit, os, sys\nsys.argv = ['planner', 'list']\nfrom planner.__main__ import "
        "main\n"
        "assert 'numpy' not in sys.modules\n"
        "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS']))\nmain()"
    )
    assert done.stdout.split()[-1] == taken, done.stderr


def test_every_command_that_writes_a_run_holds_its_place_and_keeps_a_log(tmp_path: Path) -> None:
    """foresight and secure write runs too: refused where another content stands, logged where
    written."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    for command, options in (
        ("foresight", ["--window", "2"]),
        ("secure", ["--limit", "0.9", "--years", "1"]),
    ):
        refused = CliRunner().invoke(
            app, [command, "quickstart", *options, "--quiet", "--out", str(tmp_path / "thesis")]
        )
        assert refused.exit_code == 2, refused.output
        assert "not a run of planner" in refused.stderr
        done = CliRunner().invoke(
            app, [command, "quickstart", *options, "--quiet", "--out", str(tmp_path / command)]
        )
        assert done.exit_code == 0, done.stderr
        assert (
            f"command planner {command} quickstart" in (tmp_path / command / LOG_FILE).read_text()
        )
