"""Entry point of `planner` and `python -m planner`, which answers Ctrl-C from the first moment.

Loading takes part of a second, in which an interrupt would otherwise end in a traceback. Once the
work is done an interrupt changes nothing.
"""

from __future__ import annotations

import os
import signal
import sys

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Settings that numpy's linear algebra reads when it is loaded. The matrices here are small: on a
busy machine its threads wait for one another (a reconciliation of 3 s once took minutes), and
their number may change the last digit of a sum."""


def main() -> None:
    """Run the command line; the entry point of the installed `planner`."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    try:
        from planner.cli import main as run

        run()
    except KeyboardInterrupt:
        # the number of planner.cli.app.INTERRUPTED, which may not be loaded yet
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
