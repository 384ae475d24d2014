"""Makes a study that the two programmes disagree on as small as it goes.

python -m tests.oracle.shrink SEED FOLDER
"""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import planner
from tests.oracle.compare import compare
from tests.oracle.generator import Draft, draw, write

Cut = Callable[[Draft], None]


def disagreement(d: Draft) -> tuple[str, str] | None:
    """The two statuses where planner accepts a study and answers otherwise than the oracle."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = compare(write(d, Path(folder) / "study"))
        except planner.SpecError:
            return None
    return None if found.agrees else (found.status, found.oracle.status)


def cuts(d: Draft) -> Iterator[Cut]:
    """Things that can be left out, the large ones first."""
    yield from large_cuts(d)
    for table, rows in d.tables.items():
        if table not in ("goods", "processes", "products", "measures"):
            for row in rows:
                yield lambda e, table=table, row=row: e.tables[table].remove(row)
    for table, rows in d.tables.items():
        for i, row in enumerate(rows):
            if row.get("year") and row.get("parameter") not in ("inflow", "stock"):
                yield lambda e, table=table, i=i: constant(e, table, i)
    for i, row in enumerate(d.tables.get("processes", [])):
        for field in {"plant", "ramp_group", "host", "origin"}.intersection(row):
            yield lambda e, i=i, field=field: e.tables["processes"][i].pop(field)


def large_cuts(d: Draft) -> Iterator[Cut]:
    """Policies, processes, measures, goods, whole tables, and the last period."""
    for name in d.policies:
        yield lambda e, name=name: e.policies.pop(name)
    for table, column in (("processes", "process"), ("measures", "measure"), ("goods", "good")):
        for name in [row[column] for row in d.tables.get(table, [])]:
            yield lambda e, column=column, name=name: without(e, column, name)
    for table in list(d.tables):
        yield lambda e, table=table: e.tables.pop(table)
    if len(d.firsts) > 1:
        yield shorten


def without(d: Draft, column: str, name: str) -> None:
    """Leave out all rows of a process, a measure or a good."""
    for table in d.tables:
        d.tables[table] = [row for row in d.tables[table] if row.get(column) != name]


def shorten(d: Draft) -> None:
    """Leave out the last period."""
    d.last = d.firsts.pop() - 1


def constant(d: Draft, table: str, i: int) -> None:
    """One value for all years in place of a series."""
    row = d.tables[table][i]
    same = {k: v for k, v in row.items() if k not in ("year", "value", "extend")}
    rest = [r for r in d.tables[table] if not same.items() <= r.items()]
    d.tables[table] = [*rest, {**same, "value": row["value"]}]


def shrink(d: Draft) -> Draft:
    """Leave out all that the disagreement does not need."""
    kind, found = disagreement(d), True
    while found:
        found = False
        for cut in list(cuts(d)):
            smaller = copy.deepcopy(d)
            try:
                cut(smaller)
            except (KeyError, ValueError, IndexError):
                continue
            if disagreement(smaller) == kind:
                d, found = smaller, True
    return d


def main(seed: int, folder: Path) -> None:
    """Shrink a drawn study, write it, and say what the two make of it."""
    print(compare(write(shrink(draw(seed)), folder)))  # noqa: T201
    for path in sorted(folder.iterdir()):
        print(f"--- {path.name}\n{path.read_text()}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
