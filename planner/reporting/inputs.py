"""The inputs that the plan rests on: every number in force with its range, source and grade, the
policies, and the sources in full."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from planner.plan.plan import Plan
from planner.reporting.blocks import Section, TextTable, number, plain
from planner.study.schema import BY_NAME, POLICY_FORMS
from planner.system.nouns import Array, Datum, Policy

GRADES: Mapping[str, str] = {
    "A": "primary source, read",
    "B": "secondary source, read",
    "C": "recalled or judged",
    "D": "own derivation or assumption",
    "S": "the paper studied",
}
WEAK = ("C", "D")
HEADS = ("what", "year: value (range)", "unit", "source", "grade", "note")
SOURCES_FILE = "sources.csv"
MAX_NOTES = 2
"""Notes of a series that are shown where its years have different ones."""


def inputs(plan: Plan) -> Section:
    """A table of grades, every number by table, policies, and the sources."""
    data = plan.system.data
    grades = "; ".join(f"{g} {text}" for g, text in GRADES.items())
    return Section(
        "Inputs",
        (_weak(data),),
        (
            _grades(data),
            *((_policies(plan),) if plan.system.policies else ()),
            *(_numbers(name, held) for name, held in _by_table(data).items()),
            _sources(data),
        ),
        f"Grades: {grades}. Ranges are those the study gives. A number without a year "
        "holds in every year; between given years numbers are interpolated.",
    )


def _weak(data: Collection[Datum]) -> str:
    """A sentence on the numbers that deserve a closer look."""
    weak = sum(d.grade in WEAK for d in data)
    share = f", {weak / len(data):.0%}," if data else ""
    return (
        f"The plan rests on {len(data):,} numbers; {weak:,} of them{share} are recalled, judged or "
        "derived (grades C and D) and deserve the closest look before a decision."
    )


def _table_of(datum: Datum) -> str:
    return datum.path.partition(".")[0]


def _by_table(data: Iterable[Datum]) -> dict[str, list[Datum]]:
    found: dict[str, list[Datum]] = {}
    for datum in data:
        found.setdefault(_table_of(datum), []).append(datum)
    return found


def _numbers(name: str, held: Sequence[Datum]) -> TextTable:
    """Every number of a table of the study."""
    title = f"{name}: {len(held):,} number{'s' * (len(held) > 1)}"
    return TextTable(title, HEADS, _rows(held), text=BY_NAME[name].note if name in BY_NAME else "")


def _grades(data: Collection[Datum]) -> TextTable:
    shown = sorted({d.grade for d in data})
    rows = [_counts(name, held, shown) for name, held in _by_table(data).items()]
    return TextTable(
        "Numbers by grade",
        ("table", *(g or "none" for g in shown), "all"),
        (*rows, _counts("all", data, shown)),
        frozenset(range(1, len(shown) + 2)),
        closed=False,
    )


def _counts(name: str, held: Collection[Datum], shown: Sequence[str]) -> tuple[str, ...]:
    """A row of the table of grades; empty where a grade does not occur."""
    counted = Counter(d.grade for d in held)
    return (name, *(f"{counted[g]:,}" if counted[g] else "" for g in shown), f"{len(held):,}")


def _rows(data: Iterable[Datum]) -> tuple[tuple[str, ...], ...]:
    """A line for each series of one source and grade, its years side by side."""
    series: dict[tuple[str, str, str, str], list[Datum]] = {}
    for datum in data:
        key = (datum.stem.partition(".")[2], datum.unit, datum.source, datum.grade)
        series.setdefault(key, []).append(datum)
    return tuple(
        (path, _values(held), unit, source.replace(";", "; "), grade, _notes(d.note for d in held))
        for (path, unit, source, grade), held in series.items()
    )


def _values(held: list[Datum]) -> str:
    return "; ".join(_value(d) if d.year is None else f"{d.year}: {_value(d)}" for d in held)


def _value(datum: Datum) -> str:
    known = (end for end in (datum.low, datum.high) if end is not None and np.isfinite(end))
    ends = " to ".join(f"{end:,.6g}" for end in known)
    return f"{datum.value:,.6g}" + (f" ({ends})" if ends else "")


def _notes(notes: Iterable[str]) -> str:
    found = list(dict.fromkeys(filter(None, notes)))
    more = len(found) - MAX_NOTES
    return " / ".join(found[:MAX_NOTES]) + (f" / {more} more notes in the table" * (more > 0))


def _policies(plan: Plan) -> TextTable:
    rows = tuple(_policy(policy, plan.system.years) for policy in plan.system.policies.values())
    return TextTable(
        f"Policies in force: {len(rows)}",
        ("policy", "kind", "of", "level", "unit", "years", "if missed", "source"),
        rows,
    )


def _policy(policy: Policy, years: Sequence[int]) -> tuple[str, ...]:
    of = (policy.metal, policy.origin, *policy.stages, *policy.goods, *policy.processes)
    selected = [each.words for each in (policy.numerator, policy.denominator) if each is not None]
    of = (*of, *policy.plants, " of ".join(selected))
    level, span = _held(np.asarray(policy.level, dtype=float), years)
    return (
        plain(policy.name),
        plain(policy.kind),
        plain(", ".join(filter(None, of))),
        level,
        POLICY_FORMS[policy.kind].unit,
        span,
        _if_missed(policy),
        policy.source,
    )


def _if_missed(policy: Policy) -> str:
    if policy.kind == "subsidy":
        return "nobody has to claim it"
    return "hard" if policy.penalty is None else f"penalty {number(policy.penalty)} USD"


def _held(level: Array, years: Sequence[int]) -> tuple[str, str]:
    """Level and years of a policy in words: both at their ends."""
    held = np.isfinite(level)
    if not held.any():
        return "", "never"
    ends, when = level[held][[0, -1]].tolist(), np.array(years)[held]
    return " to ".join(dict.fromkeys(map(number, ends))), f"{when[0]}-{when[-1]}"


def _sources(data: Iterable[Datum]) -> TextTable:
    """Each source that a number names, in full where planner's own list of sources knows it."""
    known = shipped_sources()
    counted = Counter(name.strip() for d in data for name in d.source.split(";"))
    rows = tuple(
        (name, f"{count:,}", *known.get(name, ("",) * 4)) for name, count in sorted(counted.items())
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
