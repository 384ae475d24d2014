"""Tasks over processes: that they all come back, whoever is over first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from planner import cluster


def test_helpers_that_are_over_first_are_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """They say once that they are over; heard between two tasks, it must still be known after the last."""
    over = threading.Event()

    def none_left(*_: object, **__: object) -> Iterator[tuple[str, int]]:
        over.set()
        return iter(())

    def task(number: int) -> int:
        assert over.wait(30)
        time.sleep(0.05)  # the word that they are over comes just after
        return number

    monkeypatch.setattr(cluster, "_with_dask", none_left)
    found: dict[object, int] = {}
    asking = threading.Thread(target=lambda: found.update(cluster.answers(task, {"a": (1,), "b": (2,)}, workers=2)), daemon=True)
    asking.start()
    asking.join(30)
    assert not asking.is_alive()
    assert found == {"a": 1, "b": 2}
