"""Deposits, the exploration and discoveries that add to them, and the host metals that by-products
come with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.study.nouns.curves.steps import read_curve
from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import StructureRow
from planner.system.nouns import NO_CURVE, Array, Deposit, Discovery, Exploration, Host, frozen_map

DISCOVERY_VALUES = "discovery_values"
DRAWN = ("rate", "tonnage", "grade")
"""What a discovery must say."""


def read_deposits(tables: StudyTables) -> dict[str, Deposit]:
    """All deposits by name, each of one metal."""
    found: dict[str, Deposit] = {}
    keys = [
        key[1]
        for name in _changed_in(tables, "deposits", "residues", "curves")
        for key in tables.numbers.keys("deposits", name)
    ]
    for name, metal in dict.fromkeys(keys):
        if name in found:
            tables.problems.at(
                tables.numbers.first_row("deposits", name),
                "metal",
                f"deposit '{name}' is of {found[name].metal} and of {metal}; give each metal a "
                "deposit of its own name",
            )
        found[name] = _deposit(tables, name, metal)
    return tables.before.deposits | found


def _deposit(tables: StudyTables, name: str, metal: str) -> Deposit:
    keys = (name, metal)
    reserve = tables.numbers.single("deposits", keys, "reserve")
    if reserve is None:
        tables.lacking(
            "deposits",
            keys,
            "reserve",
            f"deposit '{name}' has no reserve; give the metal in it at the start",
        )
    additions = tables.series("deposits", keys, "additions")
    kept, there = tables.before.deposits.get(name), tables.comes_about("deposits", keys)
    stated = tables.numbers.rows.get(("deposits", keys, "probability"))
    if stated and name in (
        *tables.numbers.names("residues"),
        *tables.numbers.names("exploration"),
    ):
        tables.problems.at(
            stated[0],
            "parameter",
            f"deposit '{name}' has a probability, and a residue or exploration that would fill it "
            "all the same; give the project a deposit of its own",
        )
    return Deposit(
        name,
        metal,
        np.nan if reserve is None else there * reserve,
        additions if there else frozen(there * additions),
        _by_second_key(tables, "residues", name, "kept"),
        read_curve(tables, name, "deposit", NO_CURVE if kept is None else kept.curve),
        tables.series("deposits", keys, "growth"),
    )


def read_hosts(tables: StudyTables) -> dict[str, Host]:
    """All host metals by name."""
    return tables.before.hosts | {
        name: Host(
            name,
            tables.series("hosts", (name,), "output"),
            _by_second_key(tables, "host_contents", name, "contained"),
        )
        for name in _changed_in(tables, "hosts", "host_contents")
    }


def _changed_in(tables: StudyTables, table: str, *others: str) -> list[str]:
    """Names of a table of which it, or another one, gives another number than before."""
    return [name for name in tables.numbers.names(table) if tables.changed(name, table, *others)]


def _by_second_key(
    tables: StudyTables, table: str, name: str, parameter: str
) -> Mapping[str, Array]:
    """The series of a name by its second key: the metal of a content, the host of a residue."""
    return frozen_map(
        {
            keys[1]: tables.series(table, keys, parameter)
            for _, keys, _ in tables.numbers.keys(table, name)
        }
    )


def read_exploration(tables: StudyTables) -> dict[str, Exploration]:
    """Reserves that can be found for money, by deposit."""
    return tables.before.exploration | {
        name: _exploration(tables, name) for name in tables.names("exploration")
    }


def _exploration(tables: StudyTables, name: str) -> Exploration:
    keys = (name,)
    for parameter in ("cost", "potential"):
        tables.lacking(
            "exploration",
            keys,
            parameter,
            f"exploration of '{name}' has no {parameter}; give it",
        )
    return Exploration(
        name,
        tables.series("exploration", keys, "cost"),
        tables.series("exploration", keys, "potential"),
        tables.whole_years("exploration", name, "delay", "finding to ore"),
        tables.single("exploration", keys, "most", absent=np.inf),
    )


def read_discoveries(tables: StudyTables) -> dict[str, Discovery]:
    """All types of discovery by name."""
    return tables.before.discoveries | {
        row.name: _discovery(tables, row) for row in tables.rows("discoveries", DISCOVERY_VALUES)
    }


def _discovery(tables: StudyTables, row: StructureRow) -> Discovery:
    name, cells = row.name, row.cells
    for parameter in DRAWN:
        if not tables.numbers.has(
            DISCOVERY_VALUES, (name,), parameter
        ) and not tables.problems.spoiled("keys of", DISCOVERY_VALUES):
            tables.problems.at(
                row, "discovery", f"'{name}' has no {parameter}; give it in {DISCOVERY_VALUES}"
            )
    single = {
        each: tables.single(DISCOVERY_VALUES, (name,), each)
        for each in (
            "tonnage",
            "tonnage_spread",
            "grade",
            "grade_spread",
            "capacity_factor",
            "capacity_exponent",
        )
    }
    return Discovery(
        name,
        cells["deposit"],
        cells["plant"],
        tables.series(DISCOVERY_VALUES, (name,), "rate", absent=0.0),
        **single,
        lead_time=tables.whole_years(
            DISCOVERY_VALUES, name, "lead_time", "finding to the first ore"
        ),
    )
