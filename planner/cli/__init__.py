"""The command line. Thin: each command calls one public function and shows what it returns.

Every module of this package but `app` is a group of commands, found by its being there.
"""

from __future__ import annotations

import importlib
import pkgutil

from planner.cli.app import INTERRUPTED, app

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)


def main() -> None:
    """Run the command line; the entry point of the installed `planner`."""
    try:
        app()
    except KeyboardInterrupt:
        # pressed before a command began
        raise SystemExit(INTERRUPTED) from None
