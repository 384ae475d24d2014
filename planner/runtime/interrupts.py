"""Ctrl-C while the solver runs: pressed once it asks for the best plan known, pressed again it
gives up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Presses:
    """Count of Ctrl-C since somebody listens; as the answer to the signal it counts and raises
    nothing.

    An exception would else be thrown in the middle of the solver, which calls Python back.
    """

    def __init__(self, *, listening: bool = False) -> None:
        self.count = 0
        self.listening = listening

    def __call__(self, *_: Any) -> None:
        """Count; Python calls this at Ctrl-C."""
        self.count += 1

    def beyond(self, count: int) -> Callable[[], bool] | None:
        """A function that tells whether Ctrl-C was pressed more often than this; None where nobody
        listens, so that nothing need be asked."""
        return (lambda: self.count > count) if self.listening else None


@contextmanager
def counted() -> Iterator[Presses]:
    """Count Ctrl-C within instead of raising KeyboardInterrupt.

    Only in the main thread, the only one to which Python brings signals, and only where Python's
    own answer is in force: a program that ignores Ctrl-C, or answers it in its own way, goes on
    doing so.
    """
    main = threading.current_thread() is threading.main_thread()
    presses = Presses(
        listening=main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not presses.listening:
        yield presses
        return
    signal.signal(signal.SIGINT, presses)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
