"""Ranges that cannot be: an end of a coefficient or content that the balance never allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from planner.study.judgement.facts import Facts
from planner.study.nouns.curves.steps import step_order
from planner.study.problems import Problems
from planner.study.rows import ValueRow
from planner.system.nouns import Process

ROUNDING = 1e-9
"""Share by which metal out may exceed metal in by rounding."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A good or deposit of a recipe: its rows, and the metal in a t of it at the lowest and
    highest of its range."""

    rows: list[ValueRow]
    least: float
    most: float

    def ends(self) -> tuple[float, float]:
        """Least and most of the metal per unit of activity that its ranges allow in any year."""
        low = min(_end(row.low, row.value) for row in self.rows)
        high = max(_end(row.high, row.value) for row in self.rows)
        return low * self.least, high * self.most


def doubt_ranges(facts: Facts, found: Problems) -> None:
    """Warn of an end of a range that gives metal from nothing whatever all other numbers are
    within theirs."""
    for process in facts.nouns.processes.values():
        keys = facts.numbers.keys("coefficients", process.name)
        if any(has_range(row) for key in keys for row in facts.numbers.rows[key]):
            for metal in _metals(facts, process):
                _doubt_balance(facts, process, metal, found)
    _doubt_contents(facts, found)
    _doubt_steps(facts, found)


def _doubt_steps(facts: Facts, found: Problems) -> None:
    """Warn of steps of a curve whose ends stand in another order than their prices: at that end of
    the range the curve is none."""
    for of in facts.numbers.names("curves"):
        rows = [
            facts.first("curves", (of, name), "price")
            for name in sorted({k[1][1] for k in facts.numbers.keys("curves", of)}, key=step_order)
        ]
        known = [row for row in rows if row is not None]
        sign = -1.0 if of in facts.nouns.goods else 1.0
        for one, two in pairwise(known):
            for end in ("low", "high"):
                first, second = (_end(getattr(row, end), row.value) for row in (one, two))
                if sign * (second - first) < 0:
                    found.at(
                        two,
                        end,
                        f"at this end ({second:g}) the step of '{of}' passes the one before it "
                        f"({first:g}), so that samples near it have no plan; give both ends in "
                        "the order of the prices",
                    )


def _doubt_balance(facts: Facts, process: Process, metal: str, found: Problems) -> None:
    terms = {side: dict(_terms(facts, process, metal, side)) for side in ("in", "out")}
    outside = not process.inputs and not process.deposits
    most_in = 1.0 if outside else sum(term.ends()[1] for term in terms["in"].values())
    least_out = sum(term.ends()[0] for term in terms["out"].values())
    for term in terms["out"].values():
        others = least_out - term.ends()[0]
        for row in term.rows:
            if row.high is not None and _exceeds(row.high * term.least + others, most_in):
                found.at(row, "high", _impossible(process.name, metal, "high", row.high))
    for term in () if outside else terms["in"].values():
        others = most_in - term.ends()[1]
        for row in term.rows:
            if row.low is not None and _exceeds(least_out, row.low * term.most + others):
                found.at(row, "low", _impossible(process.name, metal, "low", row.low))


def _impossible(process: str, metal: str, end: str, value: float) -> str:
    limit = "lower" if end == "high" else "raise"
    return (
        f"at this end ({value:g}) '{process}' would give out more {metal} than it takes in, "
        f"whatever all its other numbers are within their ranges; {limit} it, or widen theirs"
    )


def _terms(facts: Facts, process: Process, metal: str, side: str) -> Iterator[tuple[str, _Term]]:
    for key in facts.numbers.keys("coefficients", process.name):
        _, name, direction = key[1]
        content = _content(facts, name, metal)
        if direction == side and content is not None:
            yield name, _Term(facts.numbers.rows[key], *content)


def _content(facts: Facts, name: str, metal: str) -> tuple[float, float] | None:
    """Lowest and highest metal in a t of a good or deposit; None where it holds none."""
    good = facts.nouns.goods.get(name)
    if good is None:
        return (1.0, 1.0) if facts.nouns.deposits[name].metal == metal else None
    if metal not in good.content:
        return None
    row = facts.first("good_values", (name, metal), "content")
    value = good.content[metal]
    return (value, value) if row is None else (_end(row.low, value), _end(row.high, value))


def _metals(facts: Facts, process: Process) -> set[str]:
    goods, deposits = facts.nouns.goods, facts.nouns.deposits
    held = chain.from_iterable(goods[n].content for n in (*process.inputs, *process.outputs))
    return {*held, *(deposits[name].metal for name in process.deposits)}


def _doubt_contents(facts: Facts, found: Problems) -> None:
    """Warn of contents whose high end leaves no room for the others at their lowest."""
    for good in facts.nouns.goods.values():
        rows = [facts.first("good_values", (good.name, m), "content") for m in good.content]
        stated = [row for row in rows if row is not None]
        least = sum(_end(row.low, row.value) for row in stated)
        for row in stated:
            others = least - _end(row.low, row.value)
            if row.high is not None and _exceeds(others + row.high, 1.0):
                found.at(
                    row,
                    "high",
                    f"at this end ({row.high:g}) the contents of '{good.name}' add up to more than "
                    "1, whatever the others are within their ranges; lower it, or widen theirs",
                )


def has_range(row: ValueRow) -> bool:
    """Return True if a number has an end of its uncertainty."""
    return row.low is not None or row.high is not None


def _end(end: float | None, value: float) -> float:
    return value if end is None else end


def _exceeds(out: float, into: float) -> bool:
    return out > into * (1 + ROUNDING)
