"""A policy as study.toml writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """A policy as it is written: its fields, and where it stands in study.toml."""

    name: str
    fields: Mapping[str, Any]
    section: str
