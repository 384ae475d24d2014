"""Tasks over local processes: every answer once, whatever dies on the way, and nothing left
behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from planner.errors import SolverError
from planner.runtime.workers import answers

PREPARED: list[int] = []


def square(number: int) -> tuple[int, int]:
    """The square, and in which process."""
    return number * number, os.getpid()


def dies_once(number: int, mark: Path) -> int:
    """Kills its process the first time that it is asked for number 3."""
    if number == 3 and not mark.exists():
        mark.write_text("died")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies(number: int) -> int:
    """Kills its process at the last number, after the others."""
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuses(number: int) -> int:
    raise ValueError(f"{number} is refused")


def prepared(_: int) -> list[int]:
    return PREPARED


def numbers(count: int, *more: object) -> dict[int, tuple[object, ...]]:
    return {number: (number, *more) for number in range(count)}


@pytest.mark.parametrize("threads", [False, True])
def test_every_task_is_answered_once_and_elsewhere(threads: bool) -> None:
    """With another thread in this process its workers are started anew in place of forked."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    if threads:
        other.start()
    try:
        found = dict(answers(square, numbers(6), workers=2))
    finally:
        over.set()
        if threads:
            other.join()
    assert {task: square for task, (square, _) in found.items()} == {n: n * n for n in range(6)}
    assert os.getpid() not in {pid for _, pid in found.values()}


def test_one_worker_or_one_task_is_this_process() -> None:
    assert dict(answers(square, numbers(2), workers=1)) == {
        0: (0, os.getpid()),
        1: (1, os.getpid()),
    }
    assert dict(answers(square, numbers(1), workers=4)) == {0: (0, os.getpid())}
    assert dict(answers(square, {}, workers=4)) == {}


def test_a_worker_that_dies_costs_its_task_and_nothing_else(tmp_path: Path) -> None:
    assert dict(answers(dies_once, numbers(8, tmp_path / "mark"), workers=2)) == {
        n: n for n in range(8)
    }
    assert (tmp_path / "mark").exists()


def test_what_kills_its_worker_again_and_again_ends_the_run() -> None:
    """The tasks before it are answered; it is not tried for ever."""
    found = {}

    def run() -> None:
        for task, answer in answers(dies, numbers(6), workers=2):
            found[task] = answer

    with pytest.raises(SolverError, match=r"local workers died \d+ times"):
        run()
    assert found == {n: n for n in range(5)}


def test_what_a_task_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="is refused"):
        list(answers(refuses, numbers(3), workers=2))


FORKED = """
import os, sys, threading, time
sys.path.insert(0, {root!r})
from planner.runtime.workers import answers
from tests.runtime import test_workers as t

if sys.argv[1] == "prepared":
    assert threading.active_count() == 1
    found = dict(answers(t.prepared, t.numbers(4), workers=2, prepare=lambda: t.PREPARED.append(7)))
    assert found == {{n: [7] for n in range(4)}}, found
else:
    print("begun", flush=True)
    list(answers(time.sleep, {{n: (600.0,) for n in range(4)}}, workers=2))
"""


@pytest.fixture
def script(tmp_path: Path) -> list[str]:
    path = tmp_path / "run.py"
    path.write_text(FORKED.format(root=str(Path(__file__).parents[2])))
    return [sys.executable, str(path)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are forked on Linux only")
def test_forked_workers_have_what_was_made_ready(script: list[str]) -> None:
    """In a process of its own: the runner of the tests may have threads. A script needs no guard
    where workers are forked."""
    subprocess.run([*script, "prepared"], check=True)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_began_them(
    script: list[str], kind: signal.Signals
) -> None:
    """In the middle of a task of ten minutes: by Ctrl-C, which they leave to it, and by a kill that
    lets it do nothing more."""
    psutil = pytest.importorskip("psutil")
    # where a shell starts the tests in its background Ctrl-C is ignored, and what they start
    # inherits that
    run = subprocess.Popen(
        [*script, "sleep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert run.stdout is not None
    run.stdout.readline()
    until = time.time() + 60
    while len(workers := psutil.Process(run.pid).children(recursive=True)) < 2:
        assert time.time() < until
        time.sleep(0.05)
    time.sleep(0.5)
    run.send_signal(kind)
    assert run.wait(60) != 0
    run.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive
