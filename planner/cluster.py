"""Tasks over processes: here, in local processes, or on a Dask cluster, by the same call and with the same answers.

A worker that dies costs its task, which runs again elsewhere. Tasks are pure functions of their arguments, so that where and in
which order they run changes nothing. Of several local workers this process is one, and begins at once: the others take seconds to
start, and a short run is over by then.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from planner.errors import OutputError, SolverError
from planner.needs import needed

Answer = TypeVar("Answer")
Waiting = deque[tuple[Hashable, tuple[Any, ...]]]
"""Tasks that nobody has taken yet, with their arguments."""

AHEAD = 2
"""Tasks handed over for each worker at a time: enough to keep it busy, few enough to keep memory flat."""
STARTS = 3
"""Times that local workers are started anew where one dies before it stands."""
DEATHS = 20
"""Workers that may die over one task before it is given up: a task that kills its worker must not run for ever."""


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answers(
    function: Callable[..., Answer], tasks: Mapping[Hashable, tuple[Any, ...]], *, workers: int = 1, cluster: str = "",
) -> Iterator[tuple[Hashable, Answer]]:
    """The answer of each task, as it comes: (task, function(*arguments)).

    Without a cluster this process is one of the workers. `cluster` is the address of a Dask scheduler (`tcp://host:8786`).
    Raises OutputError where Dask is missing or the cluster cannot be reached, SolverError where a task kills its workers;
    what the function raises is raised here.
    """
    waiting = deque(tasks.items())
    if cluster:
        yield from _with_dask(function, waiting, cluster=cluster)
        return
    with _helpers(function, waiting, min(workers, len(tasks)) - 1) as found:
        while waiting:
            try:
                task, arguments = waiting.popleft()
            except IndexError:  # a helper took the last
                break
            yield task, function(*arguments)
            yield from found(wait=False)
        yield from found(wait=True)


@contextmanager
def _helpers(function: Callable[..., Answer], waiting: Waiting, workers: int) -> Iterator[Callable[..., Iterator[tuple[Hashable, Answer]]]]:
    """Local processes that take tasks from the same queue, started and looked after by a thread of their own.

    Gives a function for their answers so far, or (`wait`) for all that are still to come. On the way out they are stopped.
    """
    if workers < 1:
        yield lambda wait: iter(())
        return
    come: SimpleQueue[tuple[Hashable, Answer] | BaseException | None] = SimpleQueue()
    opened: list[Any] = []
    over = Event()

    def look_after() -> None:
        try:
            for answer in _with_dask(function, waiting, workers=workers, opened=opened):
                if over.is_set():
                    break
                come.put(answer)
        except BaseException as error:  # said where the answers are asked for
            come.put(error)
        come.put(None)

    def found(wait: bool) -> Iterator[tuple[Hashable, Answer]]:
        while wait or not come.empty():
            each = come.get()
            if isinstance(each, BaseException):
                raise each
            if each is None:
                come.put(None)  # the end stays, for who asks again
                break
            yield each

    thread = Thread(target=look_after, name="planner helpers", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        waiting.clear()
        over.set()
        for client in opened if thread.is_alive() else ():
            client.close()  # what runs is given up
        thread.join()


def _with_dask(
    function: Callable[..., Answer], waiting: Waiting, *, workers: int = 1, cluster: str = "", opened: list[Any] | None = None,
) -> Iterator[tuple[Hashable, Answer]]:
    """Answers from a Dask cluster, or from local workers of one, whose client is put into `opened`."""
    dask, distributed = (needed(module, "ensemble", "ask for one worker") for module in ("dask", "distributed"))
    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": DEATHS, "distributed.comm.timeouts.connect": "10s"}))
        try:
            where: Any = cluster or stack.enter_context(_local(distributed, workers))
            client = stack.enter_context(distributed.Client(where, set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            raise OutputError(f"no Dask scheduler answers at {cluster or 'this machine'} ({error}); check the address") from error
        if opened is not None:
            opened.append(client)
        running: dict[str, Hashable] = {}
        done = distributed.as_completed(loop=client.loop)

        def hand_over() -> None:
            try:
                task, arguments = waiting.popleft()
            except IndexError:
                return
            future = client.submit(function, *arguments, pure=False)
            running[future.key] = task
            done.add(future)

        # of local workers none may sit on a task that this process could do
        for _ in range((AHEAD if cluster else 1) * max(sum(client.nthreads().values()), 1)):
            hand_over()
        for future in done:
            task = running.pop(future.key)
            try:
                answer = future.result()
            except distributed.scheduler.KilledWorker as error:
                raise SolverError(f"task {task} ended with its worker, {DEATHS} times; is there enough memory? ({error})") from error
            yield task, answer
            future.release()
            hand_over()


def _local(distributed: Any, workers: int) -> Any:
    """A cluster of processes on this machine. Raises OutputError where they die before they stand."""
    for start in range(1, STARTS + 1):
        try:
            return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
                                            host="127.0.0.1", silence_logs=50)
        except RuntimeError as error:
            if start == STARTS:
                raise OutputError(f"no local workers can be started ({error}); in a script, start the run under "
                                  'if __name__ == "__main__", or ask for one worker') from error
    raise AssertionError
