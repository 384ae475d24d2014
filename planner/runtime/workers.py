"""Tasks over processes: here, in local processes, or on a Dask cluster, by the same call and with
the same answers.

A worker that dies costs its task, which runs again elsewhere. Tasks are pure functions of their
arguments, so that where and in which order they run changes nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from planner.errors import OutputError, SolverError
from planner.runtime.extras import needed

Answer = TypeVar("Answer")
Tasks = Mapping[Hashable, tuple[Any, ...]]
"""The arguments of each task."""

AHEAD = 2
"""Tasks handed over for each worker at a time: enough to keep it busy, few enough to keep memory
flat."""
DEATHS = 20
"""Workers that may die, one after the other without an answer, before a run is given up: what kills
its worker must not run for ever."""
STARTS = 3
"""The same before the first answer: workers that never stand."""


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answers(
    function: Callable[..., Answer],
    tasks: Tasks,
    *,
    workers: int = 1,
    cluster: str = "",
    prepare: Callable[[], object] | None = None,
) -> Iterator[tuple[Hashable, Answer]]:
    """The answer of each task, as it comes: (task, function(*arguments)).

    One worker without a cluster is this process. `cluster` is the address of a Dask scheduler
    (`tcp://host:8786`). `prepare` makes ready what each task needs and keeps it; forked workers
    then have it from the start. Raises OutputError where Dask is missing or the cluster cannot be
    reached, SolverError where workers die again and again; what the function raises is raised here.
    """
    if cluster:
        yield from _with_dask(function, tasks, cluster)
    elif min(workers, len(tasks)) > 1:
        yield from _local(function, tasks, min(workers, len(tasks)), prepare)
    else:
        for task, arguments in tasks.items():
            yield task, function(*arguments)


def _local(
    function: Callable[..., Answer],
    tasks: Tasks,
    workers: int,
    prepare: Callable[[], object] | None,
) -> Iterator[tuple[Hashable, Answer]]:
    """Answers from processes on this machine. Each has a line of its own to this one, so that the
    death of one holds up no other."""
    # forked where no other thread can be cut off in the middle of something: a forked worker needs
    # no start
    forked = sys.platform.startswith("linux") and threading.active_count() == 1
    if forked and prepare is not None:
        prepare()
    crew = _Crew(multiprocessing.get_context("fork" if forked else "spawn"), function, tasks)
    try:
        while crew.hire(workers):
            for line in map(_line, wait(list(crew.busy))):
                yield from crew.answer(line)
    finally:
        crew.dismiss()


class _Crew:
    """Local workers, the tasks that wait, and who is at which. Lives within `_local`."""

    def __init__(self, context: Any, function: Callable[..., Any], tasks: Tasks) -> None:
        self.context, self.function, self.tasks = context, function, tasks
        self.waiting = deque(tasks)
        self.busy: dict[Connection[Any, Any], Hashable] = {}
        self.hired: list[Any] = []
        self.deaths, self.max_deaths = 0, STARTS

    def hire(self, workers: int) -> bool:
        """Have as many workers as there are tasks for; False where all is answered."""
        while self.waiting and len(self.busy) < workers:
            line, end = self.context.Pipe()
            self.hired.append(
                self.context.Process(target=_work, args=(end, self.function), daemon=True)
            )
            _start(self.hired[-1])
            end.close()
            self.hand_over(line)
        return bool(self.busy)

    def hand_over(self, line: Connection[Any, Any]) -> None:
        """Give the next task to a worker."""
        self.busy[line] = self.waiting.popleft()
        with suppress(OSError):  # it has died, which is seen where its answer is asked for
            line.send(self.tasks[self.busy[line]])

    def answer(self, line: Connection[Any, Any]) -> Iterator[tuple[Hashable, Any]]:
        """The answer that a worker has for its task; none where it died, and the task waits again.
        Raises what the function raised."""
        task = self.busy.pop(line)
        try:
            error, answer = line.recv()
        except (EOFError, OSError) as died:
            line.close()
            self.waiting.appendleft(task)
            self.bury(died)
            return
        if error is not None:
            raise error
        self.deaths, self.max_deaths = 0, DEATHS
        if self.waiting:
            self.hand_over(line)
        yield task, answer

    def bury(self, died: Exception) -> None:
        """Count a death. Raises SolverError where there were too many, one after the other."""
        self.deaths += 1
        if self.deaths >= self.max_deaths:
            raise SolverError(
                f"local workers died {self.deaths} times without an answer; is there enough "
                'memory? In a script, begin under if __name__ == "__main__", or ask for one worker'
            ) from died

    def dismiss(self) -> None:
        """End all workers."""
        for process in self.hired:
            process.terminate()
        for process in self.hired:
            process.join()


def _line(ready: Any) -> Connection[Any, Any]:
    """A line: nothing else is waited for, of all that can be."""
    return ready  # type: ignore[no-any-return]


def _start(process: Any) -> None:
    with warnings.catch_warnings():
        # Python counts the idle threads of BLAS, which looks after them itself at a fork
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        process.start()


def _work(line: Connection[Any, Any], function: Callable[..., Any]) -> None:
    """Work: answer task after task, leave Ctrl-C to the process that began it, and
    end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            arguments = line.recv()
        except EOFError:
            return
        try:
            line.send((None, function(*arguments)))
        except Exception as error:  # raised where the answers are asked for
            line.send((error, None))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _with_dask(
    function: Callable[..., Answer], tasks: Tasks, cluster: str
) -> Iterator[tuple[Hashable, Answer]]:
    dask, distributed = (
        needed(module, "ensemble", "ask for local workers") for module in ("dask", "distributed")
    )
    patience = {
        "distributed.scheduler.allowed-failures": DEATHS,
        "distributed.comm.timeouts.connect": "10s",
    }
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(patience))
        try:
            client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise OutputError(
                f"no Dask scheduler answers at {cluster} ({error}); check the address"
            ) from error
        waiting = deque(tasks.items())
        running: dict[str, Hashable] = {}
        done = distributed.as_completed(loop=client.loop)

        def hand_over() -> None:
            task, arguments = waiting.popleft()
            future = client.submit(function, *arguments, pure=False)
            running[future.key] = task
            done.add(future)

        for _ in range(min(len(waiting), AHEAD * max(sum(client.nthreads().values()), 1))):
            hand_over()
        for future in done:
            task = running.pop(future.key)
            yield task, _result(future, task, distributed.scheduler.KilledWorker)
            future.release()
            if waiting:
                hand_over()


def _result(future: Any, task: Hashable, killed: type[Exception]) -> Any:
    """The answer of a task on the cluster. Raises SolverError where it ended with its worker, too
    often."""
    try:
        return future.result()
    except killed as error:
        raise SolverError(
            f"task {task} ended with its worker, {DEATHS} times; is there enough memory? ({error})"
        ) from error
