"""Progress of something long: the word that names each stage, how many are over, and the seconds
they took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

Progress = Callable[[str], None]
"""Called with the name of each stage as it begins."""


class Step(str):
    """The name of a stage that is one of several alike: `done` of them are over, of `total` in all.

    It is its name to whoever only shows or collects words, and lets whoever can reckon say how much
    time is left.
    """

    __slots__ = ("done", "total")
    done: int
    total: int

    def __new__(cls, name: str, done: int, total: int) -> Self:
        made = super().__new__(cls, name)
        made.done, made.total = done, total
        return made


def told(progress: Progress | None, stage: str) -> None:
    """Tell of a stage that begins, where somebody listens."""
    if progress is not None:
        progress(stage)


class Clock:
    """Seconds by stage, and who is told of the stages."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self.progress = progress

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Tell of the stage, and time what is done within."""
        told(self.progress, name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
