r"""Which rows moved which headline between two editions of a study's data, and by how much.

Rows that differ are put into groups: a series (the rows of a parameter by year) is one, and what
only one edition names (a new process) goes together with every row that names it. A study that has
some groups as in the one edition and the others as in the other is written, read and solved like
any other. The share of a group in the change of a headline does not depend on an order of groups:

- up to EXACT groups it is the Shapley value, the mean over all orders of what a group adds when its
  turn comes, from all $2^n$ studies,

$$\phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} \left(f(S \cup i) - f(S)\right)$$

  (Shapley 1953, in Contributions to the Theory of Games II, 307-317); shares add up to the change;
- beyond, it is the mean of what a group adds alone to the first edition and what it adds last to
  the second, from $2n$ studies; what then is left over is a row of its own, `together`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import factorial, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import pandas as pd

from planner.analysis.uncertainty.answers import (
    TOTALS,
    Answer,
    asked,
    headline_shares,
    numbers_of,
    read,
)
from planner.errors import InfeasibleError, Problem, SpecError
from planner.plan.plan import Plan
from planner.plan.solve import solve
from planner.runtime.progress import Progress, Step
from planner.study.files import HEAD_FILE
from planner.study.reader import read as read_study
from planner.study.schema import BY_NAME, TableForm

K = TypeVar("K")
V = TypeVar("V")
EXACT = 6
"""Groups up to which every combination of them is solved: 64 studies."""
MOST = 24
"""Groups beyond which coarser ones are made: by the noun that rows are of, then by table."""
UNMEANT = frozenset({"low", "high", "source", "grade", "note", "description"})
"""Columns that no plan depends on."""
SETTINGS = "--set"
TOGETHER = "together"
NO_CHANGE = 1e-9
"""Of a headline, within which it has not moved."""
Row = Mapping[str, str]
Identity = tuple[str, tuple[str, ...]]
"""Table, and the cells that say which row it is."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """What changed between two editions, and what it did.

    `shares`: headline, unit, from, to, change, group, share (of the change, in the unit of the
    headline), part (share over change); by headline, the largest share first. `rows`: group, table,
    row, from, to.
    """

    shares: pd.DataFrame
    rows: pd.DataFrame
    method: str
    """How groups and shares were made, in a sentence."""
    solves: int
    """Studies that were solved."""


def attribute(
    first: Plan,
    second: Plan,
    *,
    answers: Sequence[str] = (),
    progress: Progress | None = None,
) -> Attribution:
    """Attribute the change of every headline (cost, penalty, emissions, shortage, the mix of every
    metal, and the `answers` asked for) between two plans to the rows that differ.

    Raises SpecError where the plans are of other scenarios or nothing differs that a plan depends
    on, or where some groups alone make no study; InfeasibleError where they make one without a
    plan.
    """
    _require_same_question(first, second)
    changes = _Changes(first, second)
    groups = changes.groups()
    _require_groups(groups)
    wanted = [Answer(name, name) for name in TOTALS] + [*headline_shares(first.system)]
    wanted += [each for each in asked(first.system, answers) if each not in wanted]
    mixed = _Mixed(first, second, changes, groups, wanted, progress)
    shares = mixed.shapley() if len(groups) <= EXACT else mixed.averages()
    return Attribution(
        _share_table(first, wanted, mixed, shares),
        _row_table(changes, groups),
        _method(groups, changes),
        mixed.solves,
    )


def _require_same_question(first: Plan, second: Plan) -> None:
    scenarios = [plan.record.scenario for plan in (first, second)]
    if scenarios[0] != scenarios[1]:
        message = (
            f"scenarios {' and '.join(name or 'base' for name in scenarios)} differ; give two "
            "editions of the data under one scenario"
        )
        raise SpecError("compare", [Problem("compare", 0, "", message)])


def _require_groups(groups: Sequence[Group]) -> None:
    if not groups:
        message = "no row differs that a plan depends on; there is nothing to attribute"
        raise SpecError("compare", [Problem("compare", 0, "", message)])


# ---- what differs


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that change together."""

    name: str
    rows: frozenset[Identity]


class _Changes:
    """The rows of two editions, and which of them differ."""

    def __init__(self, first: Plan, second: Plan) -> None:
        self.files = first.system.files, second.system.files
        self.sheets = tuple(
            {name: _rows(form, files) for name, form in BY_NAME.items()} for files in self.files
        )
        self.settings = tuple(map(_settings, (first, second)))
        self.coarse = ""

    @property
    def differing(self) -> list[Identity]:
        """Rows that one edition lacks, or that say something else."""
        found = [row for name in BY_NAME for row in self._differing_rows(name)]
        if self.files[0].get(HEAD_FILE) != self.files[1].get(HEAD_FILE):
            found.append((HEAD_FILE, ()))
        before, after = self.settings
        return found + [key for key in {**before, **after} if before.get(key) != after.get(key)]

    def _differing_rows(self, table: str) -> Iterator[Identity]:
        one, two = (sheets[table] for sheets in self.sheets)
        for key in dict.fromkeys((*one, *two)):
            if _meant(one.get(key)) != _meant(two.get(key)):
                yield table, key

    def groups(self) -> list[Group]:
        """The rows that differ in MOST groups at most, as fine as that allows."""
        differing = self.differing
        found = self._grouped(differing, _series)
        if len(found) > MOST:
            found, self.coarse = self._grouped(differing, _noun), "by the noun that they are of"
        if len(found) > MOST:
            found, self.coarse = self._grouped(differing, _table), "by table"
        return found

    def _grouped(
        self, differing: Sequence[Identity], part: Callable[[Identity], str]
    ) -> list[Group]:
        name_of = {row: part(row) for row in differing}
        names = list(dict.fromkeys(name_of.values()))
        same = {name: name for name in names}

        def top(name: str) -> str:
            while same[name] != name:
                name = same[name]
            return name

        for noun in self._only_in_one():
            touched = [name_of[row] for row in differing if self._names(row, noun)]
            for other in touched[1:]:
                same[top(other)] = top(touched[0])
        together: dict[str, list[Identity]] = {}
        for row in differing:
            together.setdefault(top(name_of[row]), []).append(row)
        return [_named(rows, name_of) for rows in together.values()]

    def _only_in_one(self) -> Iterator[str]:
        """Nouns of structure tables that only one edition has."""
        for name, form in BY_NAME.items():
            if not form.has_values:
                one, two = ({key[0] for key in sheets[name]} for sheets in self.sheets)
                yield from sorted(one ^ two)

    def _names(self, row: Identity, noun: str) -> bool:
        table, key = row
        if table not in BY_NAME:
            return any(noun in part.split(".") for part in key)
        cells = (sheets[table].get(key) or {} for sheets in self.sheets)
        return any(noun in cell.values() for cell in cells)

    def said(self, row: Identity) -> tuple[str, str]:
        """What both editions say in a row; empty where one lacks it."""
        table, key = row
        if table == SETTINGS:
            one, two = (settings.get(row, "") for settings in self.settings)
            return one, two
        if table == HEAD_FILE:
            return "", "see the file"
        one_row, two_row = (sheets[table].get(key) for sheets in self.sheets)
        return _cells(one_row, two_row), _cells(two_row, one_row)

    def mixed(self, taken: frozenset[Identity]) -> tuple[dict[str, bytes], dict[str, str]]:
        """Files and settings of the first edition, with the rows taken as in the second."""
        files = {HEAD_FILE: self.files[(HEAD_FILE, ()) in taken][HEAD_FILE]}
        for name in BY_NAME:
            own, other = (sheets[name] for sheets in self.sheets)
            rows = _swapped(own, other, [key for table, key in taken if table == name])
            if rows:
                files[f"{name}.csv"] = _written(rows)
        before, after = self.settings
        settings = _swapped(before, after, [row for row in taken if row[0] == SETTINGS])
        return files, {key[0]: value for (_, key), value in settings.items()}


def _swapped(own: Mapping[K, V], other: Mapping[K, V], keys: Iterable[K]) -> dict[K, V]:
    """A mapping with what another says under some keys, or without them where it says nothing."""
    found = dict(own)
    for key in keys:
        if key in other:
            found[key] = other[key]
        else:
            found.pop(key, None)
    return found


def _settings(plan: Plan) -> dict[Identity, str]:
    return {(SETTINGS, (path,)): value for path, value in plan.record.overrides.items()}


def _rows(form: TableForm, files: Mapping[str, bytes]) -> dict[tuple[str, ...], Row]:
    """The rows of a table by the cells that say which they are."""
    content = files.get(f"{form.name}.csv")
    if content is None:
        return {}
    names = [column.name for column in form.keys]
    if form.has_values:
        names += ["parameter"] * form.has_parameter_column + ["year", "scenario"]
    found: dict[tuple[str, ...], Row] = {}
    for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))):
        cells = {name: (cell or "").strip() for name, cell in row.items() if name}
        if any(cells.values()):
            found[tuple(cells.get(name, "") for name in names)] = cells
    return found


def _meant(row: Row | None) -> dict[str, str] | None:
    if row is None:
        return None
    return {name: cell for name, cell in row.items() if name not in UNMEANT and cell}


def _cells(row: Row | None, other: Row | None) -> str:
    """What a row says, where it differs from the other."""
    own, beside = _meant(row), _meant(other) or {}
    if own is None:
        return ""
    if set(own) >= {"value", "unit"}:
        return f"{own['value']} {own['unit']}"
    return ", ".join(f"{k} = {v}" for k, v in own.items() if beside.get(k) != v)


def _written(rows: Mapping[tuple[str, ...], Row]) -> bytes:
    header = list(dict.fromkeys(chain.from_iterable(rows.values())))
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows.values())
    return text.getvalue().encode()


def _series(row: Identity) -> str:
    """The path of the series that a row belongs to."""
    table, key = row
    form = BY_NAME.get(table)
    named = key[:-2] if form is not None and form.has_values else key
    return ".".join((table, *filter(None, named)))


def _noun(row: Identity) -> str:
    table, key = row
    return key[0] if key and table in BY_NAME else _series(row)


def _table(row: Identity) -> str:
    return row[0]


def _named(rows: Sequence[Identity], name_of: Mapping[Identity, str]) -> Group:
    names = list(dict.fromkeys(name_of[row] for row in rows))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return Group(names[0] + more, frozenset(rows))


# ---- solving mixtures


class _Mixed:
    """Headlines of the studies between two editions, each solved once."""

    def __init__(
        self,
        first: Plan,
        second: Plan,
        changes: _Changes,
        groups: Sequence[Group],
        wanted: Sequence[Answer],
        progress: Progress | None,
    ) -> None:
        self.first, self.changes, self.groups = first, changes, groups
        self.wanted, self.progress, self.solves = wanted, progress, 0
        everything = frozenset(range(len(groups)))
        self.known = {frozenset[int](): self._read(first), everything: self._read(second)}
        self.all = everything
        exact = len(groups) <= EXACT
        self.due = 2 ** len(groups) - 2 if exact else 2 * len(groups)

    def _read(self, plan: Plan) -> np.ndarray:
        return np.array([*read(self.wanted, numbers_of(plan)).values()])

    def at(self, taken: frozenset[int]) -> np.ndarray:
        """Every headline where these groups are as in the second edition."""
        if taken not in self.known:
            if self.progress is not None:
                self.progress(Step("studies between the editions", self.solves, self.due))
            self.known[taken] = self._solved(taken)
            self.solves += 1
        return self.known[taken]

    def _solved(self, taken: frozenset[int]) -> np.ndarray:
        rows = frozenset(chain.from_iterable(self.groups[i].rows for i in taken))
        files, settings = self.changes.mixed(rows)
        record = self.first.record
        names = ", ".join(self.groups[i].name for i in sorted(taken))
        with TemporaryDirectory(prefix="planner-") as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            try:
                system = read_study(
                    folder, scenario=record.scenario, overrides=settings, name=record.study
                )
            except SpecError as error:
                raise SpecError(
                    f"the first edition with {names} of the second", error.problems
                ) from (error)
        try:
            return self._read(solve(system))
        except InfeasibleError as error:
            message = f"the first edition with {names} of the second has no plan: {error.message}"
            raise InfeasibleError(message, error.clashes) from error

    def shapley(self) -> np.ndarray:
        """Share of each group in the change of each headline, shape (groups, headlines)."""
        n = len(self.groups)
        found = np.zeros((n, len(self.wanted)))
        for i in range(n):
            others = [j for j in range(n) if j != i]
            for size in range(n):
                weight = factorial(size) * factorial(n - size - 1) / factorial(n)
                for chosen in combinations(others, size):
                    before = frozenset(chosen)
                    found[i] += weight * (self.at(before | {i}) - self.at(before))
        return found

    def averages(self) -> np.ndarray:
        """The mean of what each group adds first and last, and below it what is left over, shape
        (groups + 1, headlines)."""
        start, end = self.known[frozenset()], self.known[self.all]
        found = [
            (self.at(frozenset({i})) - start + end - self.at(self.all - {i})) / 2
            for i in range(len(self.groups))
        ]
        return np.array([*found, end - start - sum(found)])


def _share_table(
    first: Plan, wanted: Sequence[Answer], mixed: _Mixed, shares: np.ndarray
) -> pd.DataFrame:
    names = [*(group.name for group in mixed.groups), TOGETHER][: len(shares)]
    start, end = mixed.known[frozenset()], mixed.known[mixed.all]
    currency, rows = first.record.currency, []
    for j, answer in enumerate(wanted):
        change = float(end[j] - start[j])
        size = max(abs(float(start[j])), abs(float(end[j])))
        if not isfinite(change) or abs(change) <= NO_CHANGE * size:
            continue
        head = {
            "headline": answer.text,
            "unit": answer.unit.replace("USD", currency),
            "from": float(start[j]),
            "to": float(end[j]),
            "change": change,
        }
        own = [(name, float(share[j])) for name, share in zip(names, shares, strict=True)]
        for name, share in sorted(own, key=lambda one: -abs(one[1])):
            if abs(share) > NO_CHANGE * abs(change):
                rows.append({**head, "group": name, "share": share, "part": share / change})
    columns = ["headline", "unit", "from", "to", "change", "group", "share", "part"]
    return pd.DataFrame(rows, columns=columns)


def _row_table(changes: _Changes, groups: Sequence[Group]) -> pd.DataFrame:
    rows = []
    for group in groups:
        for table, key in sorted(group.rows):
            one, two = changes.said((table, key))
            row = {"group": group.name, "table": table, "row": ".".join(filter(None, key))}
            rows.append({**row, "from": one, "to": two})
    return pd.DataFrame(rows, columns=["group", "table", "row", "from", "to"])


def _method(groups: Sequence[Group], changes: _Changes) -> str:
    many = f"{len(groups)} groups" if len(groups) > 1 else "1 group"
    joined = f" (joined {changes.coarse}, of {MOST} at most)" if changes.coarse else ""
    if len(groups) <= EXACT:
        return f"{many} of rows that differ{joined}; Shapley values, all combinations solved"
    return (
        f"{many} of rows that differ{joined}, more than the {EXACT} of which all combinations are "
        "solved: mean of what each adds first and last, the rest stands under together"
    )
