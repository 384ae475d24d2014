"""Packages that only some formats need, and what to say where they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from planner.errors import OutputError


def needed(module: str, extra: str) -> Any:
    """A module of an extra; raises OutputError with the remedy where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise OutputError(f"this format needs {module}, which is not installed: pip install 'planner[{extra}]'") from error
