"""What nothing heeds: numbers of nouns that they have no meaning for, and policies that set
nothing, by the table in `planner.study.meaning`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from planner.errors import Severity
from planner.study.files import HEAD_FILE
from planner.study.judgement.facts import Facts
from planner.study.judgement.questions import OF_HEAD, OF_NOUNS, OF_POLICIES, OF_ROWS
from planner.study.meaning import (
    HEAD_MEANINGS,
    MEANINGS,
    POLICY_MEANINGS,
    SERIES_PARTS,
    Meaning,
    PolicyMeaning,
)
from planner.study.problems import Problems
from planner.study.schema import BY_NAME, TableForm
from planner.system.nouns import Place, Policy
from planner.system.trade import mixed_through


def refuse_unheeded(facts: Facts, problems: Problems) -> None:
    """Report every number that has no meaning for its noun, and every policy that cannot set
    anything. Questions about the network are asked only where no problem was found so far."""
    whole = not problems
    for meaning in MEANINGS:
        if meaning.severity == "error" and (whole or meaning.asks in (None, *OF_ROWS)):
            _judge(facts, meaning, problems)
    if whole:
        _judge_policies(facts, "error", problems)


def warn_unheeded(facts: Facts, found: Problems) -> None:
    """Warn of every number and noun that nothing reads so far."""
    for meaning in MEANINGS:
        if meaning.severity == "warning":
            _judge(facts, meaning, found)


def doubt_policies(facts: Facts, found: Problems) -> None:
    """Warn of policies that set nothing: in force in no year, of nothing there is, or missed for
    nothing."""
    _judge_policies(facts, "warning", found)
    first, last = facts.numbers.first, facts.numbers.last
    for policy in facts.policies.values():
        column = f"policies.{policy.name}"
        if not np.isfinite(policy.level).any():
            found.at(
                policy.place,
                column,
                f"is in force in no year from {first} to {last}; give it years of the study, or "
                "set enabled = false",
            )
        mixed = mixed_through(facts.nouns, policy.origin) if policy.kind == "import_share" else ()
        if mixed:
            found.at(
                policy.place,
                f"{column}.origin",
                f"'{mixed[0]}' may bring metal that passed '{policy.origin}' mixed with other, "
                "which the share does not count; give metal from there a good of its own, or bound "
                "the trade that leaves it (trade.csv, quota)",
            )
        if policy.penalty == 0:
            found.at(
                policy.place,
                f"{column}.penalty",
                "is 0: the target may be missed for nothing and sets nothing; give a penalty, or "
                "leave it out to make the target hard",
            )


def doubt_head(facts: Facts, found: Problems) -> None:
    """Warn of fields of study.toml that set nothing."""
    given = {"stock_convention": facts.head.stock_convention, **facts.settings}
    for meaning in HEAD_MEANINGS:
        if given[meaning.name] != meaning.idle and not OF_HEAD[meaning.asks](facts):
            found.at(facts.place_of_setting(meaning.name), meaning.name, meaning.message)


# ---- numbers and nouns


def _judge(facts: Facts, meaning: Meaning, problems: Problems) -> None:
    table = BY_NAME[meaning.table]
    for name, parameter, at in _given(facts, meaning, table):
        cells = _cells(facts, table, name)
        if cells is not None and not _heeded(facts, meaning, name, cells):
            parts = " or ".join(SERIES_PARTS.get(name, ()))
            said = cells | {"name": name, "parameter": parameter, "parts": parts}
            problems.at(at, _column(table, parameter), meaning.message.format(**said))


def _column(table: TableForm, parameter: str) -> str:
    """The column that a message points at."""
    if not parameter or not table.has_parameter_column:
        return table.keys[0].name
    return "parameter" if table.parameter(parameter) else parameter


def _given(facts: Facts, meaning: Meaning, table: TableForm) -> Iterator[tuple[str, str, Place]]:
    """Name, parameter or column, and place of all that a meaning speaks of."""
    if not meaning.names:
        for name in facts.rows.structure.get(table.name, facts.numbers.names(table.name)):
            yield name, "", facts.row(table.name, name)
    elif table.has_values:
        yield from _rows_given(facts, meaning)
    else:
        yield from _cells_given(facts, meaning)


def _cells_given(facts: Facts, meaning: Meaning) -> Iterator[tuple[str, str, Place]]:
    for name, row in facts.rows.structure.get(meaning.table, {}).items():
        for column in meaning.names:
            if row.cells[column] not in ("", "no"):
                yield name, column, Place(row.file, row.row)


def _rows_given(facts: Facts, meaning: Meaning) -> Iterator[tuple[str, str, Place]]:
    for name in facts.numbers.names(meaning.table):
        for key in facts.numbers.keys(meaning.table, name):
            if key[2] in meaning.names:
                row = facts.numbers.rows[key][0]
                yield name, key[2], Place(row.file, row.row)


def _cells(facts: Facts, table: TableForm, name: str) -> dict[str, str] | None:
    """Cells of the noun that a row is of; None where they were refused."""
    structure = table.keys[0].refers_to or table.name
    if facts.numbers.problems.spoiled(structure, name):
        return None
    row = facts.rows.structure.get(structure, {}).get(name)
    if row is None:
        return {} if structure not in facts.rows.structure else None
    return dict(row.cells)


def _heeded(facts: Facts, meaning: Meaning, name: str, cells: Mapping[str, str]) -> bool:
    if meaning.asks is not None:
        return OF_NOUNS[meaning.asks](facts, name)
    cell = cells.get(meaning.column, "")
    return cell in meaning.among if meaning.among else bool(cell)


# ---- policies


def _judge_policies(facts: Facts, severity: Severity, problems: Problems) -> None:
    for policy in facts.policies.values():
        for meaning in POLICY_MEANINGS:
            if meaning.severity == severity and policy.kind in meaning.kinds:
                _judge_policy(facts, meaning, policy, problems)


def _judge_policy(facts: Facts, meaning: PolicyMeaning, policy: Policy, problems: Problems) -> None:
    lacking = OF_POLICIES[meaning.asks](facts, policy)
    if not lacking or not np.isfinite(policy.level).any():
        return
    problems.add(
        HEAD_FILE,
        policy.place.row,
        f"policies.{policy.name}.{meaning.field}",
        meaning.message.format(
            lacking=" or ".join(lacking),
            of=f"of {policy.metal} " if policy.metal else "",
            origin=policy.origin,
        ),
    )
