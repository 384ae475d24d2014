"""The version of planner that runs, and the packages that only some of it needs."""

from __future__ import annotations

import importlib
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from planner.errors import OutputError

DISTRIBUTION = "metal-supply-planner"
"""Name under which planner is packaged: `planner` itself is another project on the package index,
so that no message may advise to install that."""
CHECKOUT = Path(__file__).parents[2]


def planner_version() -> str:
    """Version of the distribution installed, or else of the checkout that runs without one."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        head = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(head["project"]["version"])


def needed(module: str, extra: str, otherwise: str = "") -> Any:
    """Import a module of an extra; raise OutputError with the remedy where it is not installed,
    and what to do `otherwise`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        remedy = f"pip install '.[{extra}]' in the checkout"
        alternative = f", or {otherwise}" if otherwise else ""
        raise OutputError(f"{package} is not installed: {remedy}{alternative}") from error
