"""Ctrl-C while the solver searches: the best plan known with its gap, never as optimal; pressed
again it gives up; elsewhere as ever."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import planner
from planner.errors import InfeasibleError
from planner.plan.solve import optimum
from planner.runtime.interrupts import counted
from tests.small import Study


def pressing(*stages: str) -> Callable[[str], None]:
    """Progress that presses Ctrl-C as each of these stages begins."""
    return lambda stage: signal.raise_signal(signal.SIGINT) if stage in stages else None


def test_presses_are_counted_and_the_answer_of_python_comes_back() -> None:
    with counted() as presses:
        one = presses.beyond(0)
        assert one is not None
        assert not one()
        signal.raise_signal(signal.SIGINT)
        assert one()
        signal.raise_signal(signal.SIGINT)
    assert presses.count == 2
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_the_answer_of_python_comes_back_after_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), counted():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("answer", [signal.SIG_IGN, lambda *_: None])
def test_a_program_with_an_answer_of_its_own_keeps_it(answer: Callable[..., None]) -> None:
    before = signal.signal(signal.SIGINT, answer)
    try:
        with counted() as presses:
            assert signal.getsignal(signal.SIGINT) is answer
            signal.raise_signal(signal.SIGINT)
        assert presses.count == 0
        assert presses.beyond(0) is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_neither_listens_nor_changes_anything() -> None:
    """Signals may only be answered in the main thread: Python would refuse."""
    said: list[str] = []

    def work() -> None:
        with counted() as presses:
            assert presses.beyond(0) is None
            said.append(planner.solve(planner.read("quickstart")).record.status)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == ["optimal"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_best_plan_known_is_no_optimum(tmp_path: Path) -> None:
    """China at the first step of the search: the plan of the salvage holds, says that it was
    stopped, and is so when loaded again."""
    system = planner.read("china")
    best = planner.solve(system)
    plan = planner.solve(system, progress=pressing("solve"))
    assert "salvage" in plan.record.seconds
    assert "ties" not in plan.record.seconds
    assert plan.record.status == "interrupted"
    assert plan.record.notes[0].startswith("stopped before")
    assert plan.certificate.holds
    assert plan.objective >= best.objective * (1 - 1e-9)
    assert plan.record.gap is not None
    assert plan.objective * (1 - plan.record.gap) <= best.objective * (1 + 1e-9)
    assert planner.load(plan.save(tmp_path / "run")).record == plan.record


def test_an_optimum_whose_ties_were_not_broken_is_not_called_optimal() -> None:
    """Which of the plans of least cost it is would hang on the moment. Its prices are those of the
    optimum."""
    system = planner.read("china")
    best = planner.solve(system)
    plan = planner.solve(system, progress=pressing("ties"))
    assert (plan.record.status, plan.record.gap, plan.record.ties) == (
        "interrupted",
        0.0,
        "none broken",
    )
    assert plan.record.notes[0].startswith("stopped before ties were broken")
    assert plan.objective == pytest.approx(best.objective, rel=1e-9)
    assert plan.prices["value"].equals(best.prices["value"])


@pytest.mark.parametrize(
    "stages",
    [
        ("balance",),
        ("build",),
        ("compile",),
        ("solve", "salvage"),
        ("solve", "tables"),
        ("tables",),
    ],
)
def test_it_gives_up_before_and_after_the_search_and_when_pressed_again(
    stages: tuple[str, ...],
) -> None:
    with pytest.raises(KeyboardInterrupt):
        planner.solve(planner.read("china"), progress=pressing(*stages))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_gives_up_where_no_plan_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["planner.plan.solve"], "AFTERWARDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        planner.solve(planner.read("china"), progress=pressing("solve"))


def test_a_time_limit_holds_after_ctrl_c_too() -> None:
    """With no second left to look for a plan there is none."""
    with pytest.raises(KeyboardInterrupt):
        planner.solve(planner.read("china"), progress=pressing("solve"), time_limit=1e-9)


def test_what_has_no_plan_is_infeasible_still(tmp_path: Path) -> None:
    """Half from the one mine that may not run, of a demand that has no other: proven while a plan
    was sought."""
    study = (
        Study()
        .good("li", "refined", demand=100, shortage_cost=300)
        .process("a", "mine", gives={"li": 1}, variable_cost=10)
        .policy("cap", "quota", processes=["a"], cap=-0.0)
        .policy("self", "self_sufficiency", metal="lithium", stages=["extraction"], share=0.5)
    )
    with pytest.raises(InfeasibleError):
        planner.solve(planner.read(study.write(tmp_path / "s")), progress=pressing("solve"))


@pytest.mark.parametrize("stage", ["solve", "ties"])
def test_what_others_are_built_on_is_the_optimum_or_nothing(stage: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        optimum(planner.read("quickstart"), progress=pressing(stage))


PRESS = """
import os, signal, sys
from planner.cli import main
import planner.plan.solve
from planner.solver.highs import Program
def pressed(work):
    def press(*given, **named):
        os.kill(os.getpid(), signal.SIGINT)
        return work(*given, **named)
    return press
module = sys.modules["planner.plan.solve"]
for name in sys.argv.pop().split(","):
    where = Program if hasattr(Program, name) else module
    setattr(where, name, pressed(getattr(where, name)))
main()
"""
"""The command line, where Ctrl-C is pressed each time before these are called."""


def solved(out: Path, *calls: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        PRESS,
        "solve",
        "china",
        "--out",
        str(out),
        *more,
        ",".join(calls),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_writes_the_best_plan_known_and_says_so(tmp_path: Path) -> None:
    done = solved(tmp_path / "run", "run")
    assert done.returncode == 4, done.stderr
    assert "Ctrl-C again gives up" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("interrupted: ") == 1
    assert "note: stopped before" in done.stdout
    assert "optimal" not in done.stdout
    record = json.loads((tmp_path / "run" / "plan.json").read_text(encoding="utf-8"))
    assert record["status"] == "interrupted"
    assert planner.load(tmp_path / "run").record.gap == record["gap"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_command_gives_up_when_pressed_again(tmp_path: Path) -> None:
    done = solved(tmp_path / "run", "run", "best_known")
    assert done.returncode == 130, done.stderr
    assert "interrupted; nothing half-written is left" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_json_says_interrupted(tmp_path: Path) -> None:
    done = solved(tmp_path / "run", "run", more=("--json",))
    assert done.returncode == 4, done.stderr
    assert json.loads(done.stdout)["status"] == "interrupted"


STUCK = """
import hashlib, os, signal, sys, threading
import planner.cli
from planner.runtime.run_folder import reserved
planner.cli.PATIENCE = 0.1
planner.cli.watch_interrupts()
with reserved(sys.argv[1]):
    print(os.listdir(os.path.dirname(sys.argv[1])))
    sys.stdout.flush()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000_000)
"""
"""A run that Ctrl-C meets where Python cannot answer: in a call that takes minutes."""


def test_a_run_that_is_ended_from_outside_leaves_no_lock(tmp_path: Path) -> None:
    """Nor the folders that it made. Without that a machine so busy that a run takes longer to give
    up than it is given would leave its lock file beside the place of the results."""
    command = [sys.executable, "-c", STUCK, str(tmp_path / "a" / "b" / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "['.run.lock']\n"
    assert done.returncode == 130, done.stderr
    assert "interrupted; nothing half-written is left" in done.stderr
    assert list(tmp_path.iterdir()) == []
