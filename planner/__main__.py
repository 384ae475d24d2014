"""`planner` and `python -m planner`: starts the command line, and answers Ctrl-C from the first moment.

Loading takes part of a second, in which an interrupt would else end in a traceback. Once the work is done an interrupt changes nothing.
"""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line; the entry point of the installed `planner`."""
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
