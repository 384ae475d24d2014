"""Where results go: one run at a time holds a place, whatever becomes of the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

import planner
from planner.errors import OutputError
from planner.exchange.export import export
from planner.plan.plan import Plan
from planner.runtime import locks
from planner.runtime.run_folder import (
    require_place,
    reserved,
    write_tables,
    written_file,
    written_whole,
)

HOLD = (
    "import sys, time\nfrom planner.runtime.run_folder import reserved\n"
    "with reserved(sys.argv[1]):\n    print('held', flush=True)\n    time.sleep(60)\n"
)
SOLVE_SLOWLY = (
    "import sys\nimport planner\nfrom planner.cli import main\nsolve = planner.solve\n"
    "def wait(*a, **k):\n    print('held', file=sys.stderr, flush=True)\n    "
    "sys.stdin.readline()\n    return solve(*a, **k)\n"
    "planner.solve = wait\nmain()"
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planner.solve(planner.read("quickstart"))


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that holds the place."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_place_that_another_process_holds_is_refused_until_it_is_killed(
    tmp_path: Path, plan: Plan
) -> None:
    """A kill -9 leaves the lock file; the lock itself ends with the process, so that nobody is
    barred for good."""
    folder = tmp_path / "run"
    with holder(folder) as process:
        with pytest.raises(OutputError, match="written by another run"):
            plan.save(folder)
        with pytest.raises(OutputError, match="written by another run"), reserved(folder):
            pass
        assert not folder.exists()
        plan.save(tmp_path / "other")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / ".run.lock").exists()
        plan.save(folder)
    assert planner.load(folder).record == plan.record
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run"]


def test_two_commands_into_one_folder(tmp_path: Path) -> None:
    """The second is refused before it solves, with one message and status 2; the first is not
    disturbed."""
    out = tmp_path / "deep" / "run"
    command = ["solve", "quickstart", "--quiet", "--out", str(out)]
    pipes = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen([sys.executable, "-c", SOLVE_SLOWLY, *command], **pipes) as first:  # type: ignore[call-overload]
        assert first.stderr.readline() == "held\n"
        second = subprocess.run(
            [sys.executable, "-m", "planner", *command], capture_output=True, text=True, check=False
        )
        assert second.returncode == 2
        assert "OutputError" in second.stderr
        assert "is being written by another run" in second.stderr
        assert "Traceback" not in second.stderr
        _, said = first.communicate("go\n", timeout=60)
    assert (first.returncode, said) == (0, "")
    assert planner.load(out).certificate.holds
    assert [path.name for path in out.parent.iterdir()] == ["run"]


def test_what_a_failed_run_held_is_left_as_it_was(tmp_path: Path) -> None:
    """No lock, and no folder made on the way, is left behind."""

    def fail() -> None:
        with reserved(tmp_path / "a" / "b" / "run"):
            assert (tmp_path / "a" / "b" / ".run.lock").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not list(tmp_path.iterdir())


def test_a_place_may_be_held_again_by_what_is_called(tmp_path: Path, plan: Plan) -> None:
    with reserved(tmp_path / "run") as folder:
        plan.save(folder)
        with pytest.raises(OutputError), holder_in_thread(folder):
            pass
        assert (tmp_path / ".run.lock").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def holder_in_thread(folder: Path) -> object:
    """A second thread is another run: it is refused too."""
    import threading
    from contextlib import contextmanager

    @contextmanager
    def hold() -> object:
        caught: list[BaseException] = []

        def work() -> None:
            try:
                with reserved(folder):
                    pass
            except OutputError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        for error in caught:
            raise error
        yield None

    return hold()


WRITE_SLOWLY = (
    "import sys, time\nfrom pathlib import Path\nfrom planner.runtime.run_folder import "
    "written_file\n"
    "def half(path):\n    path.write_text('first half')\n    print('held', flush=True)\n    "
    "time.sleep(60)\n"
    "written_file(Path(sys.argv[1]), half)\n"
)


def test_a_file_that_another_process_writes_is_refused_until_it_is_killed(tmp_path: Path) -> None:
    """Two that write one page wrote it into the same file beside it, and the quicker one moved the
    half of the other to its place."""
    page = tmp_path / "page.html"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_SLOWLY, str(page)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(
            OutputError,
            match=(
                r"page\.html is being written by another run; wait until it is over, or name "
                r"another file"
            ),
        ):
            written_file(page, lambda path: path.write_text("second"))
        assert not page.exists()
        process.kill()
        process.wait()
    written_file(page, lambda path: path.write_text("second"))
    assert page.read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_what_a_killed_run_was_to_keep_is_kept(tmp_path: Path, plan: Plan) -> None:
    """Killed after the new run stood and before the notes of the old one had been moved over."""
    plan.save(tmp_path / "run")
    plan.save(tmp_path / ".run.partial-a.old")
    (tmp_path / ".run.partial-a.old" / "notes.md").write_text("mine")
    with reserved(tmp_path / "run"):
        assert (tmp_path / "run" / "notes.md").read_text() == "mine"
    assert planner.load(tmp_path / "run").record == plan.record
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_link_that_is_named_is_followed(tmp_path: Path, plan: Plan) -> None:
    """A run, tables, a page and a picture go to where the link leads, and it stays a link. A run
    replaced it by a folder and left the old target and a hidden remnant; a page replaced it; an
    ensemble followed it."""
    import pandas as pd

    (tmp_path / "far").mkdir()
    for name in ("run", "tables", "page.html"):
        (tmp_path / name).symlink_to(tmp_path / "far" / name)
    for _ in range(2):
        plan.save(tmp_path / "run")
        write_tables(tmp_path / "tables", {"a": pd.DataFrame({"value": [1]})})
        plan.report(tmp_path / "page.html")
    export(plan, tmp_path / "page.html", "xlsx")
    assert planner.load(tmp_path / "far" / "run").record == plan.record
    assert (tmp_path / "far" / "tables" / "a.csv").is_file()
    assert (tmp_path / "far" / "page.html").read_bytes()[:2] == b"PK"
    assert all((tmp_path / name).is_symlink() for name in ("run", "tables", "page.html"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["far", "page.html", "run", "tables"]
    assert sorted(path.name for path in (tmp_path / "far").iterdir()) == [
        "page.html",
        "run",
        "tables",
    ]


def test_links_in_a_circle_are_refused(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        plan.save(tmp_path / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        written_file(tmp_path / "a", lambda path: path.write_text("page"))


def test_two_links_to_one_place_are_one_place(tmp_path: Path) -> None:
    """Else two runs would write there at once."""
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(tmp_path / "run")
    with holder(tmp_path / "a") as process:
        with pytest.raises(OutputError, match="written by another run"), reserved(tmp_path / "b"):
            pass
        process.kill()


def test_what_killed_runs_left_is_cleared(tmp_path: Path, plan: Plan) -> None:
    """Killed while it wrote, and killed between its two moves: the run before goes back, the pieces
    go."""
    plan.save(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / ".run.partial-a.old")
    (tmp_path / ".run.partial-a").mkdir()
    (tmp_path / ".run.partial-a" / "supply.csv").write_text("half")
    (tmp_path / ".other.partial-b").mkdir()
    with reserved(tmp_path / "run"):
        assert planner.load(tmp_path / "run").record == plan.record
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.partial-b", "run"]


def test_a_name_with_marks_is_a_name(tmp_path: Path) -> None:
    """A folder called [a]* must neither match nor clear the leavings of others."""
    (tmp_path / ".a.partial-x").mkdir()
    folder = written_whole(
        tmp_path / "[a]*", lambda place: (place / "file").write_text("x") and None
    )
    assert (folder / "file").read_text() == "x"
    assert (tmp_path / ".a.partial-x").is_dir()


def test_a_closed_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To root nothing is closed, so that the answer of the system is put in its place."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match="may not be written to"):
        require_place(tmp_path / "run")


def test_tables_are_written_whole_beside_what_is_there(tmp_path: Path) -> None:
    """The second table cannot be written: the first is not either, and the earlier ones and what
    belongs to others stand."""
    import pandas as pd

    old, new = pd.DataFrame({"value": [1]}), pd.DataFrame({"value": [2]})
    write_tables(tmp_path / "out", {"a": old, "b": old}, {"note.txt": "old"})
    (tmp_path / "out" / "mine.txt").write_text("mine")

    class Full:
        def to_csv(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_tables(tmp_path / "out", {"a": new, "b": Full()}, {"note.txt": "new"})
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "a.csv": "value\n1\n",
        "b.csv": "value\n1\n",
        "note.txt": "old",
        "mine.txt": "mine",
    }


def test_a_place_for_tables_is_tried_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from planner.cli import app

    def never(*_: object, **__: object) -> None:
        pytest.fail("worked for nothing")

    monkeypatch.setattr(planner, "read", never)
    (tmp_path / "file").write_text("no folder")
    for command in ("frontier", "alternatives", "grade", "reconcile"):
        done = CliRunner().invoke(
            app, [command, "quickstart", "--out", str(tmp_path / "file" / "out")]
        )
        assert done.exit_code == 2, done.output
        assert "is not a folder" in done.stderr


@pytest.mark.parametrize("step", ["acquire", "release"])
def test_ctrl_c_as_the_lock_is_taken_or_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It comes after the lock was acquired and before anything is done, or as it is released: no
    file is left, and the place can be held again."""
    work = getattr(FileLock, step)

    def pressed(*given: object, **named: object) -> None:
        work(*given, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FileLock, step, pressed)
        with pytest.raises(KeyboardInterrupt), reserved(tmp_path / "a" / "run"):
            pass
    assert not list(tmp_path.iterdir())
    with reserved(tmp_path / "a" / "run"):
        assert (tmp_path / "a" / ".run.lock").exists()


def test_ctrl_c_again_as_the_lock_file_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remains of an interrupted clearing up are remembered and go when the process ends."""

    def pressed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(locks, "_remove_file", pressed)
        with pytest.raises(KeyboardInterrupt), reserved(tmp_path / "a" / "run"):
            pass
    assert (tmp_path / "a" / ".run.lock").exists()
    locks.abandon()
    assert not list(tmp_path.iterdir())
