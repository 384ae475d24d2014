"""Rows and bounds of the linear programme in words, with their numbers and the input lines that
these come from.

Each family of rows brings its own sentence (planner.lp.families); here stands one for each kind of
column that the study bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from planner.lp.families import BY_NAME, TARGETS
from planner.lp.wording import Facts, Subject, Telling, amount
from planner.solver.highs import Name
from planner.study.provenance import figures, plain, span, years_of
from planner.system.curves import curves
from planner.system.nouns import Policy, System
from planner.system.trade import is_from

TARGET_NAMES = frozenset(family.name for family in TARGETS)


@dataclass(frozen=True, slots=True)
class Reason:
    """A row or a bound of an irreducible set, or of its years together: none can be left out of the
    clash."""

    family: str
    """Family of rows; or the variable whose bound it is, with `most` or `least` before it."""
    name: str
    first: int | None
    """First and last year for which it is needed; None where it is of all years."""
    last: int | None
    words: str
    place: str
    """`file:line` of the number, empty where none is given (a rule of nature)."""
    target: bool
    """True if people set it."""

    @property
    def sentence(self) -> str:
        """The words with their place."""
        return f"{self.words} ({self.place})" if self.place else self.words


class Teller(Facts):
    """Describes rows and bounds of one System in words; made once for it."""

    def rows(self, names: Iterable[Name]) -> list[Reason]:
        """Reasons of rows, those of one family and subject together over their years; targets
        first."""
        grouped: dict[tuple[str, Subject], list[int]] = {}
        for family, index in names:
            key = (family, tuple(index[:-1] if self.dated(family) else index))
            grouped.setdefault(key, [])
            if self.dated(family):
                grouped[key].append(int(str(index[-1])))
        found = [
            self.reason(family, index, sorted(years)) for (family, index), years in grouped.items()
        ]
        order = {name: i for i, name in enumerate(BY_NAME)}
        return sorted(found, key=lambda r: (not r.target, order.get(r.family, len(order)), r.name))

    @staticmethod
    def dated(family: str) -> bool:
        """Return True if the rows of a family are of single years; of those added by hand it is not
        known."""
        return family in BY_NAME and BY_NAME[family].is_yearly

    def reason(self, family: str, index: Subject, years: list[int]) -> Reason:
        """The reason of one row over some years."""
        name = ", ".join(map(str, index))
        words, place = f"{family}[{name}] holds", ""
        if family in BY_NAME:
            words, place = BY_NAME[family].describe(self, index, years)
        first, last = (years[0], years_of(self.system, years)[-1]) if years else (None, None)
        return Reason(family, name, first, last, words, place, family in TARGET_NAMES)

    def bound(self, variable: str, index: Subject, years: list[int], upper: bool) -> Reason | None:
        """The reason of a column's bound; None where it is only that nothing is less than nothing,
        or what its own row says already."""
        tell = BOUNDS.get((variable, upper))
        words, place = tell(self, index, years) if tell is not None else ("", "")
        if not words:
            return None
        side = "most" if upper else "least"
        return Reason(
            f"{side} {variable}",
            ", ".join(map(str, index)),
            years[0],
            years_of(self.system, years)[-1],
            words,
            place,
            False,
        )


def level(system: System, policy: Policy) -> str:
    """A level with its unit and years: 76 % in 2031-2040, or 50 % going to 70 % in 2025-2040."""
    held = np.flatnonzero(np.isfinite(policy.level))
    if not len(held):
        return "in no year"
    first, last = (amount(policy, float(policy.level[i])) for i in (held[0], held[-1]))
    years = span(
        [system.years[held[0]], *(range(system.years[held[0]], system.years[held[-1]] + 1))]
    )
    return f"{first} {years}" if first == last else f"{first} going to {last} {years}"


# ---- bounds of columns


def _max_activity(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    process, when = facts.system.processes[name], facts.when(years)
    closed = [
        policy
        for policy in facts.system.policies.values()
        if policy.kind == "closure"
        and is_from(process, policy.origin)
        and np.isfinite(facts.mean(policy.level, years)).any()
    ]
    most = figures(facts.mean(process.max_activity, years), "t/year")
    if closed:
        return (
            f"{name}: imports from {process.origin} are held to {most} {when} by {closed[0].name}",
            facts.inputs.policy(closed[0].name),
        )
    return f"{name}: at most {most} {when}", facts.inputs.line(
        "process_values", name, "max_activity", year=years[0]
    )


def _min_activity(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    least = facts.mean(facts.system.processes[name].min_activity, years)
    if not least.any():
        return "", ""
    return (
        f"{name}: must run at {figures(least, 't/year')} at least {facts.when(years)}",
        facts.inputs.line("process_values", name, "min_activity", year=years[0]),
    )


def _max_stock(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    pile = facts.system.goods[name].stockpile
    most = plain(pile.maximum) if pile is not None else "0"
    return f"{name}: the store holds at most {most} t", facts.inputs.line(
        "good_values", name, "", "max_stock"
    )


def _min_stock(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    pile = facts.system.goods[name].stockpile
    if pile is None or not pile.closing or facts.first[-1] not in years:
        return "", ""
    line = facts.inputs.line("good_values", name, "", "closing_stock") or facts.inputs.line(
        "good_values", name, "", "opening_stock"
    )
    return f"{name}: the store must hold {plain(pile.closing)} t at the end", line


def _max_measure(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    name = str(subject[0]).partition(":")[0]
    measure = facts.system.measures[name]
    return (
        (
            f"{name}: spares at most {figures(facts.mean(measure.potential, years), '1')} of "
            f"{measure.good} {facts.when(years)}"
        ),
        facts.inputs.line("measure_values", name, "potential", year=years[0]),
    )


def _max_explored(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    (name,) = subject
    most = figures(facts.mean(facts.system.exploration[name].potential, years), "t/year")
    return f"{name}: at most {most} can be found {facts.when(years)}", facts.inputs.line(
        "exploration", name, "potential", year=years[0]
    )


def _max_step(facts: Facts, subject: Subject, years: list[int]) -> Telling:
    of, _, name = str(subject[0]).rpartition("/")
    system, when = facts.system, facts.when(years)
    curve = next(curve for known, curve, _ in curves(system) if known == of)
    most = figures(facts.mean(curve[name].amount, years), "t/year")
    bought = system.goods.get(of)
    where = "abroad" if bought is not None and bought.export else "at home"
    done = f"are bought {where}" if bought is not None else "can be had"
    return (
        f"{of}: at most {most} {done} {when} at step {name}",
        facts.inputs.step(of, name, "amount", year=years[0]),
    )


BOUNDS: Mapping[tuple[str, bool], Callable[[Facts, Subject, list[int]], Telling]] = {
    ("activity", True): _max_activity,
    ("activity", False): _min_activity,
    ("stockpile", True): _max_stock,
    ("stockpile", False): _min_stock,
    ("measure", True): _max_measure,
    ("explored", True): _max_explored,
    ("step", True): _max_step,
}
"""Words of the bound of a variable, by (variable, upper). Other bounds say only that an amount is
not negative, or what the row of the column says."""
