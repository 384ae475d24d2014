"""The command line, thin: each command calls one public function and shows what it returns.

Every public module of this package is a group of commands, found by its being there; those whose
name begins with an underscore serve the others.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Sequence

from planner.cli.app import INTERRUPTED, INTERRUPTION, app
from planner.runtime.interrupts import Presses
from planner.runtime.locks import abandon

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

PATIENCE = 2.0
"""Seconds that Python gets to stop by itself when Ctrl-C is pressed, before the process is ended
from outside the solver."""
STOPPING = "stopping: the best plan known is sought for a moment and written; Ctrl-C again gives up"


def main() -> None:
    """Run the command line; the entry point of the installed `planner`."""
    try:
        watch_interrupts()
        only_what_is_asked(sys.argv[1:])
        app()
    except KeyboardInterrupt:
        # pressed before a command began
        raise SystemExit(INTERRUPTED) from None
    finally:
        # Ctrl-C once more, while what the first one ended was cleared up
        abandon()


def only_what_is_asked(arguments: Sequence[str]) -> None:
    """Keep the command that is asked for alone: making all of them takes as long as solving a small
    study."""
    asked = [
        command for command in app.registered_commands if arguments and command.name == arguments[0]
    ]
    if asked:
        app.registered_commands = asked


def watch_interrupts() -> None:
    """Let Ctrl-C stop the solver too: Python hears of it only when HiGHS returns, which may take
    minutes.

    The signal also writes to a pipe that a thread reads, and the thread ends the process if Python
    has not, with the lock files that it holds. Results are moved into place whole, so that nothing
    half-written is left that could be taken for one.
    """
    hear, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_end_on_interrupt, args=(hear,), daemon=True).start()


def _end_on_interrupt(hear: int) -> None:
    told = None
    while heard := os.read(hear, 1):
        if heard[0] != signal.SIGINT:
            continue
        answer = signal.getsignal(signal.SIGINT)
        if isinstance(answer, Presses) and answer is not told:
            # the solver is searching and stops by itself; this thread is needed only if it is
            # pressed again
            told = answer
            _say(STOPPING)
            continue
        time.sleep(PATIENCE)
        _say(INTERRUPTION)
        abandon()
        os._exit(INTERRUPTED)


def _say(words: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"\n{words}\n".encode())
