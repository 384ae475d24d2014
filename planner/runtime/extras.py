"""Packages that only some of planner needs, and what to say where they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from planner.errors import OutputError


def needed(module: str, extra: str, otherwise: str = "") -> Any:
    """A module of an extra; raises OutputError with the remedy where it is not installed, and what
    to do `otherwise`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        remedy = f"pip install 'planner[{extra}]'" + (f", or {otherwise}" if otherwise else "")
        raise OutputError(f"{package} is not installed: {remedy}") from error
