"""Ranges that cannot be: an end of a coefficient or content that the balance never allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from planner.study.judgement.facts import Facts
from planner.study.nouns.curves.steps import step_order
from planner.study.problems import Problems
from planner.study.rows import ValueRow
from planner.system.nouns import Good, Process

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
        if has_ranges(facts, process):
            for metal in _metals(facts, process):
                _doubt_balance(facts, process, metal, found)
    _doubt_contents(facts, found)
    _doubt_steps(facts, found)


def _doubt_steps(facts: Facts, found: Problems) -> None:
    """Warn of steps of a curve whose ends stand in another order than their prices: at that end of
    the range the curve is none."""
    for of in facts.numbers.names("curves"):
        sign = -1.0 if of in facts.nouns.goods else 1.0
        for one, two in pairwise(_prices(facts, of)):
            for end in ("low", "high"):
                _doubt_order(of, end, one, two, sign, found)


def _prices(facts: Facts, of: str) -> list[ValueRow]:
    """The prices of a curve in the order of its steps, the first row of each."""
    names = {key[1][1] for key in facts.numbers.keys("curves", of)}
    rows = (facts.first("curves", (of, name), "price") for name in sorted(names, key=step_order))
    return [row for row in rows if row is not None]


def _doubt_order(
    of: str, end: str, one: ValueRow, two: ValueRow, sign: float, found: Problems
) -> None:
    """Warn of a step whose end passes that of the step before it; `sign` is that of the rise."""
    first, second = (_end(getattr(row, end), row.value) for row in (one, two))
    if sign * (second - first) < 0:
        found.at(
            two,
            end,
            f"at this end ({second:g}) the step of '{of}' passes the one before it ({first:g}), "
            "so that samples near it have no plan; give both ends in the order of the prices",
        )


def _doubt_balance(facts: Facts, process: Process, metal: str, found: Problems) -> None:
    taken, given = ([*dict(_terms(facts, process, metal, side)).values()] for side in ("in", "out"))
    least_out = sum(term.ends()[0] for term in given)
    if not process.inputs and not process.deposits:
        # what comes from outside holds at most a tonne of metal
        most_in, wrong = 1.0, []
    else:
        most_in = sum(term.ends()[1] for term in taken)
        wrong = _too_low(taken, most_in, least_out)
    for row, value in _too_high(given, most_in, least_out):
        found.at(row, "high", _impossible(process.name, metal, "high", value))
    for row, value in wrong:
        found.at(row, "low", _impossible(process.name, metal, "low", value))


def _too_high(
    given: Iterable[_Term], most_in: float, least_out: float
) -> list[tuple[ValueRow, float]]:
    """High ends of outputs, with their rows, that would give more metal than can go in."""
    return [
        (row, row.high)
        for term in given
        for row in term.rows
        if row.high is not None
        and _exceeds(row.high * term.least + (least_out - term.ends()[0]), most_in)
    ]


def _too_low(
    taken: Iterable[_Term], most_in: float, least_out: float
) -> list[tuple[ValueRow, float]]:
    """Low ends of inputs, with their rows, that would take less metal than must come out."""
    return [
        (row, row.low)
        for term in taken
        for row in term.rows
        if row.low is not None
        and _exceeds(least_out, row.low * term.most + (most_in - term.ends()[1]))
    ]


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
        stated = _stated_contents(facts, good)
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


def _stated_contents(facts: Facts, good: Good) -> list[ValueRow]:
    """The first row of each content of a good that a row gives."""
    rows = (facts.first("good_values", (good.name, m), "content") for m in good.content)
    return [row for row in rows if row is not None]


def has_ranges(facts: Facts, process: Process) -> bool:
    """Return True if a coefficient of a process has an end of its uncertainty."""
    keys = facts.numbers.keys("coefficients", process.name)
    return any(has_range(row) for key in keys for row in facts.numbers.rows[key])


def has_range(row: ValueRow) -> bool:
    """Return True if a number has an end of its uncertainty."""
    return row.low is not None or row.high is not None


def _end(end: float | None, value: float) -> float:
    return value if end is None else end


def _exceeds(out: float, into: float) -> bool:
    return out > into * (1 + ROUNDING)
