"""The stages of a command on standard error: which runs, for how long, and how long is left."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from planner.cli._terminal import console
from planner.runtime.progress import Step

if TYPE_CHECKING:
    from rich.status import Status

SHOWN_AFTER = 1.0
"""Seconds after which the time of a stage is shown while it runs."""


class Stages:
    """Shows on standard error which stage runs, for how long and how long is left, then how long
    each took.

        with Stages(quiet=False) as stage:
            stage("read")
            ...
            stage(Step("solve", 3, 12))

    The time left is estimated from the steps that are over, where a stage is one of several alike
    (`planner.runtime.progress.Step`), or from `expected`: the seconds that an earlier run took, by
    stage. Where the output is not a terminal only what is over is said, a line each.
    """

    def __init__(self, *, quiet: bool, expected: Mapping[str, float] | None = None) -> None:
        self.quiet = quiet
        self.seconds: dict[str, float] = {}
        self.warnings: list[str] = []
        self._expected = dict(expected or {})
        self._console = console(stderr=True)
        self._status: Status | None = None
        self._running = ""
        self._since = self._step_since = self._steps_since = 0.0
        self._show_warning = warnings.showwarning

    def __enter__(self) -> Self:
        warnings.showwarning = self._warned
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        warnings.showwarning = self._show_warning
        self._end(done=kind is None)

    def __call__(self, stage: str) -> None:
        """End the stage before and begin this one; a next step of the same name goes on in the same
        line."""
        now = time.perf_counter()
        if not _goes_on(self._running, stage):
            self._end(done=True)
            self._since = now
        self._running, self._step_since = stage, now
        if not isinstance(stage, Step) or not stage.done:
            self._steps_since = now
        if not self.quiet and self._status is None and self._console.is_terminal:
            self._status = self._console.status(_Running(self))
            self._status.start()

    def _warned(
        self,
        message: Any,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: Any = None,
    ) -> None:
        """Keep a warning of Python's for the log of the run, and show it as ever."""
        self.warnings.append(f"{category.__name__}: {message}")
        self._show_warning(message, category, filename, lineno, file, line)

    def _end(self, *, done: bool) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._running and done:
            self.seconds[self._running] = time.perf_counter() - self._since
            if not self.quiet:
                self._console.print(
                    f"  {self._running:<8}{self.seconds[self._running]:8.2f} s", style="dim"
                )
        self._running = ""

    def left(self, now: float) -> float | None:
        """Seconds left; None where they cannot be estimated."""
        stage = self._running
        if isinstance(stage, Step) and stage.done:
            mean = (self._step_since - self._steps_since) / stage.done
            return mean * (stage.total - stage.done - 1) + max(mean - (now - self._step_since), 0.0)
        if stage in self._expected:
            ahead = sum(
                seconds for name, seconds in self._expected.items() if name not in self.seconds
            )
            return max(ahead - (now - self._since), 0.0)
        return None

    def line(self, now: float) -> str:
        """The stage that runs, its step, and once it takes long the time gone and left."""
        stage, gone = self._running, now - self._since
        parts = [
            f"{stage} ({stage.done + 1} of {stage.total})" if isinstance(stage, Step) else stage
        ]
        if gone >= SHOWN_AFTER:
            parts.append(f"{gone:.0f} s")
        left = self.left(now)
        if left is not None and left >= 1:
            parts.append(f"about {left:.0f} s left")
        return ", ".join(parts)

    def log(self) -> list[str]:
        """Lines for the log of a run: seconds of the stages that are over, and the warnings."""
        stages = (f"stage {name} {seconds:.2f} s" for name, seconds in self.seconds.items())
        return [*stages, *(f"warning {text}" for text in self.warnings)]


def _goes_on(running: str, stage: str) -> bool:
    """Return True if a stage is a next step of the one that runs."""
    return isinstance(stage, Step) and isinstance(running, Step) and stage == running


class _Running:
    """The line of the stage that runs, made anew whenever the terminal is drawn."""

    def __init__(self, stages: Stages) -> None:
        self.stages = stages

    def __rich__(self) -> str:
        return self.stages.line(time.perf_counter())
