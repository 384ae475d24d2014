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
    context: Any = multiprocessing.get_context("fork" if forked else "spawn")
    waiting, deaths, most = deque(tasks), 0, STARTS
    hired: list[Any] = []
    busy: dict[Connection[Any, Any], Hashable] = {}

    def hand_over(line: Connection[Any, Any]) -> None:
        busy[line] = waiting.popleft()
        with suppress(OSError):  # it has died, which is seen where its answer is asked for
            line.send(tasks[busy[line]])

    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                line, end = context.Pipe()
                hired.append(context.Process(target=_work, args=(end, function), daemon=True))
                _start(hired[-1])
                end.close()
                hand_over(line)
            for line in map(_line, wait(list(busy))):
                task = busy.pop(line)
                try:
                    error, answer = line.recv()
                except (EOFError, OSError) as died:
                    line.close()
                    waiting.appendleft(task)
                    deaths += 1
                    if deaths >= most:
                        raise SolverError(
                            f"local workers died {deaths} times without an answer; is there "
                            "enough memory? In a script, "
                            'begin under if __name__ == "__main__", or ask for one worker'
                        ) from died
                    continue
                if error is not None:
                    raise error
                deaths, most = 0, DEATHS
                if waiting:
                    hand_over(line)
                yield task, answer
    finally:
        for process in hired:
            process.terminate()
        for process in hired:
            process.join()


def _line(ready: Any) -> Connection[Any, Any]:
    """What is waited for are lines, and nothing else that can be."""
    return ready  # type: ignore[no-any-return]


def _start(process: Any) -> None:
    with warnings.catch_warnings():
        # Python counts the idle threads of BLAS, which looks after them itself at a fork
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        process.start()


def _work(line: Connection[Any, Any], function: Callable[..., Any]) -> None:
    """What a worker does: answer task after task, leave Ctrl-C to the process that began it, and
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
    with ExitStack() as stack:
        stack.enter_context(
            dask.config.set(
                {
                    "distributed.scheduler.allowed-failures": DEATHS,
                    "distributed.comm.timeouts.connect": "10s",
                }
            )
        )
        try:
            client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
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
            try:
                answer = future.result()
            except distributed.scheduler.KilledWorker as error:
                raise SolverError(
                    f"task {task} ended with its worker, {DEATHS} times; is there enough memory? "
                    f"({error})"
                ) from error
            yield task, answer
            future.release()
            if waiting:
                hand_over()
