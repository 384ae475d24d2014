"""Hosts: to be written."""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.common import Facts, Row


def rows(facts: Facts) -> Iterator[Row]:
    yield from ()
