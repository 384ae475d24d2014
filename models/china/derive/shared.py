"""What all metals share: series of carbon price, grid and emission factors. (Demand, use and waste stand in `demand.py`.)"""

from __future__ import annotations

from collections.abc import Iterator

from models.china.derive.common import Facts, Row


def rows(facts: Facts) -> Iterator[Row]:
    yield from ()
