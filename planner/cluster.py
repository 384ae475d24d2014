"""Tasks over processes: here, in local processes, or on a Dask cluster, by the same call and with the same answers.

A worker that dies costs its task, which runs again elsewhere. Tasks are pure functions of their arguments, so that where and in
which order they run changes nothing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, TypeVar

from planner.errors import OutputError, SolverError
from planner.needs import needed

Answer = TypeVar("Answer")

AHEAD = 2
"""Tasks handed over for each worker at a time: enough to keep it busy, few enough to keep memory flat."""
DEATHS = 20
"""Workers that may die over one task before it is given up: a task that kills its worker must not run for ever."""


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answers(
    function: Callable[..., Answer], tasks: Mapping[Hashable, tuple[Any, ...]], *, workers: int = 1, cluster: str = "",
) -> Iterator[tuple[Hashable, Answer]]:
    """The answer of each task, as it comes: (task, function(*arguments)).

    One worker without a cluster is this process. `cluster` is the address of a Dask scheduler (`tcp://host:8786`).
    Raises OutputError where Dask is missing or the cluster cannot be reached, SolverError where a task kills its workers;
    what the function raises is raised here.
    """
    if workers <= 1 and not cluster:
        for task, arguments in tasks.items():
            yield task, function(*arguments)
        return
    yield from _with_dask(function, tasks, workers, cluster)


def _with_dask(
    function: Callable[..., Answer], tasks: Mapping[Hashable, tuple[Any, ...]], workers: int, cluster: str,
) -> Iterator[tuple[Hashable, Answer]]:
    dask, distributed = (needed(module, "ensemble", "ask for one worker") for module in ("dask", "distributed"))
    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": DEATHS, "distributed.comm.timeouts.connect": "10s"}))
        try:
            where: Any = cluster or stack.enter_context(distributed.LocalCluster(
                n_workers=min(workers, max(len(tasks), 1)), threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
                host="127.0.0.1", silence_logs=50,
            ))
            client = stack.enter_context(distributed.Client(where, set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            raise OutputError(f"no Dask scheduler answers at {cluster or 'this machine'} ({error}); check the address") from error
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
                raise SolverError(f"task {task} ended with its worker, {DEATHS} times; is there enough memory? ({error})") from error
            yield task, answer
            future.release()
            if waiting:
                hand_over()
