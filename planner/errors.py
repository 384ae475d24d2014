"""The error tree: each error carries its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 600
"""Characters that a place or a message may have when it is shown; the middle of a longer one is
left out."""


def shown(text: str, longest: int = LONGEST) -> str:
    """Text that is safe to send to a terminal: a character that does not print stands as its
    escape, and no line breaks or gets too long."""
    if len(text) > longest:
        text = f"{text[: longest // 2]} [...] {text[-longest // 2 :]}"
    return (
        text
        if text.isprintable()
        else "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)
    )


class PlannerError(Exception):
    """Anything `planner` refuses or fails to do; the parent of all others."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem of an input: its place, and a message that says what would mend it.

    `row` is the line number in the file as a spreadsheet or editor shows it (the header is row 1);
    0 where no line applies.
    """

    file: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = shown(self.file)
        if self.row:
            place += f" row {self.row}"
        if self.column:
            place += f", column '{shown(self.column)}'"
        return f"{place}: {shown(self.message)}"


class SpecError(PlannerError):
    """The input is wrong (exit status 2). Carries every problem found, not only the first."""

    def __init__(self, subject: str, problems: Iterable[Problem | str]) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))

    def __reduce__(self) -> tuple[type[SpecError], tuple[str, tuple[Problem | str, ...]]]:
        return type(self), (self.subject, self.problems)


class InfeasibleError(PlannerError):
    """No plan meets every target and limit (exit status 3). `clashes` names the rows that cannot
    hold together."""

    def __init__(self, message: str, clashes: Iterable[str] = ()) -> None:
        self.clashes = tuple(clashes)
        self.message = message
        super().__init__("\n  ".join([message, *self.clashes]))

    def __reduce__(self) -> tuple[type[InfeasibleError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.message, self.clashes)


class SolverError(PlannerError):
    """The solver gave no trustworthy answer (exit status 4): a limit, a failure, or a row that does
    not hold when checked."""


class OutputError(PlannerError):
    """A result cannot be written or read (exit status 2): the folder, the permission or the format
    version."""
