"""What the plan rests on: every number in force with its range, source and grade, the policies, and
the sources in full."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from planner.plan.plan import Plan
from planner.reporting.blocks import Block, Section, TextTable, number, plain
from planner.study.schema import BY_NAME, POLICY_FORMS
from planner.system.nouns import Datum

GRADES: Mapping[str, str] = {
    "A": "primary source, read",
    "B": "secondary source, read",
    "C": "recalled or judged",
    "D": "own derivation or assumption",
    "S": "the paper studied",
}
HEADS = ("what", "year: value (range)", "unit", "source", "grade", "note")
SOURCES_FILE = "sources.csv"
MOST_NOTES = 2
"""Notes of a series that are shown where its years have different ones."""


def inputs(plan: Plan) -> Section:
    """A table of grades, every number by table, policies, and the sources."""
    data, blocks = plan.system.data, list[Block]()
    blocks.append(_grades(data))
    if plan.system.policies:
        blocks.append(_policies(plan))
    for name in dict.fromkeys(d.path.partition(".")[0] for d in data):
        mine = [d for d in data if d.path.partition(".")[0] == name]
        title = f"{name}: {len(mine):,} number{'s' * (len(mine) > 1)}"
        blocks.append(
            TextTable(title, HEADS, _rows(mine), text=BY_NAME[name].note if name in BY_NAME else "")
        )
    blocks.append(_sources(data))
    weak = sum(d.grade in ("C", "D") for d in data)
    share = f", {weak / len(data):.0%}," if data else ""
    sentence = (
        f"The plan rests on {len(data):,} numbers; {weak:,} of them{share} are recalled, judged "
        "or derived (grades C and D) and "
        "want the closest look before a decision."
    )
    grades = "; ".join(f"{g} {text}" for g, text in GRADES.items())
    return Section(
        "Inputs",
        (sentence,),
        tuple(blocks),
        f"Grades: {grades}. Ranges are those the study gives. A number without a year "
        "holds in every year; between given years numbers are interpolated.",
    )


def _grades(data: Iterable[Datum]) -> TextTable:
    counted = Counter((d.path.partition(".")[0], d.grade) for d in data)
    tables, shown = list(dict.fromkeys(t for t, _ in counted)), sorted({g for _, g in counted})
    rows = [
        (
            t,
            *(f"{counted[t, g]:,}" if counted[t, g] else "" for g in shown),
            f"{sum(counted[t, g] for g in shown):,}",
        )
        for t in tables
    ]
    rows.append(
        (
            "all",
            *(f"{sum(counted[t, g] for t in tables):,}" for g in shown),
            f"{sum(counted.values()):,}",
        )
    )
    return TextTable(
        "How many numbers of which grade",
        ("table", *(g or "none" for g in shown), "all"),
        tuple(rows),
        frozenset(range(1, len(shown) + 2)),
        closed=False,
    )


def _rows(data: Iterable[Datum]) -> tuple[tuple[str, ...], ...]:
    """A line for each series of one source and grade, its years side by side."""
    series: dict[tuple[str, str, str, str], list[Datum]] = {}
    for datum in data:
        series.setdefault(
            (datum.stem.partition(".")[2], datum.unit, datum.source, datum.grade), []
        ).append(datum)
    return tuple(
        (path, _values(held), unit, source.replace(";", "; "), grade, _notes(d.note for d in held))
        for (path, unit, source, grade), held in series.items()
    )


def _values(held: list[Datum]) -> str:
    return "; ".join(_value(d) if d.year is None else f"{d.year}: {_value(d)}" for d in held)


def _value(datum: Datum) -> str:
    ends = [
        f"{end:,.6g}" for end in (datum.low, datum.high) if end is not None and np.isfinite(end)
    ]
    return f"{datum.value:,.6g}" + (f" ({' to '.join(ends)})" if ends else "")


def _notes(notes: Iterable[str]) -> str:
    found = list(dict.fromkeys(note for note in notes if note))
    more = (
        f" / {len(found) - MOST_NOTES} more notes in the table" if len(found) > MOST_NOTES else ""
    )
    return " / ".join(found[:MOST_NOTES]) + more


def _policies(plan: Plan) -> TextTable:
    rows = []
    for policy in plan.system.policies.values():
        form, level = POLICY_FORMS[policy.kind], np.asarray(policy.level, dtype=float)
        held = np.isfinite(level)
        years = np.array(plan.system.years)[held]
        span = f"{years[0]}-{years[-1]}" if len(years) else "never"
        ends = [number(float(v)) for v in level[held][[0, -1]]] if len(years) else []
        of = ", ".join(
            filter(
                None,
                (policy.metal, policy.origin, *policy.stages, *policy.goods, *policy.processes),
            )
        )
        rows.append(
            (
                plain(policy.name),
                plain(policy.kind),
                plain(of),
                " to ".join(dict.fromkeys(ends)),
                form.unit,
                span,
                "hard" if policy.penalty is None else f"penalty {number(policy.penalty)} USD",
                policy.source,
            )
        )
    return TextTable(
        f"Policies in force: {len(rows)}",
        ("policy", "kind", "of", "level", "unit", "years", "if missed", "source"),
        tuple(rows),
    )


def _sources(data: Iterable[Datum]) -> TextTable:
    """Each source that a number names, in full where planner's own list of sources knows it."""
    known = shipped_sources()
    counted = Counter(name.strip() for d in data for name in d.source.split(";"))
    rows = tuple(
        (name, f"{count:,}", *known.get(name, ("", "", "", "")))
        for name, count in sorted(counted.items())
    )
    return TextTable(
        f"Sources: {len(rows)}",
        ("source", "numbers", "title", "publisher", "address", "terms"),
        rows,
        frozenset((1,)),
    )


def shipped_sources() -> dict[str, tuple[str, str, str, str]]:
    """Source to its title, publisher, address and terms of use, from the list that ships with
    planner; empty where it does not."""
    package = Path(__file__).parents[1]
    for folder in (package / "data", package.parent / "data"):
        if (folder / SOURCES_FILE).is_file():
            with (folder / SOURCES_FILE).open(encoding="utf-8", newline="") as lines:
                return {
                    row["id"]: (row["title"], row["publisher"], row["address"], row["terms"])
                    for row in csv.DictReader(lines)
                }
    return {}
