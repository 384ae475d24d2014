"""Processes with their recipes, and the ramp groups that they grow in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from planner.study.nouns.curves.steps import largest, read_curve
from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import StructureRow
from planner.system.losses import ambiguous_loss
from planner.system.nouns import (
    NO_CURVE,
    TRADE,
    Array,
    Curve,
    Deposit,
    Host,
    Process,
    Ramp,
    Unseen,
    frozen_map,
    located,
)

_SERIES = (
    "variable_cost",
    "import_price",
    "transport_cost",
    "credit",
    "transfer",
    "electricity",
    "direct_emission",
    "embodied_emission",
    "transport_emission",
)

WAY = {"deposit": "in", "host": "out"}
"""Direction of what is no good in a recipe."""
WRONG_WAY = {
    "deposit": "nothing goes out to deposit '{good}'; write in",
    "host": "'{good}' is a host, whose output a process gives; write out, and name it in the "
    "column host of processes.csv where a process wins metal from it",
}


def read_processes(
    tables: StudyTables, deposits: Mapping[str, Deposit], hosts: Mapping[str, Host]
) -> dict[str, Process]:
    """All processes by name."""
    return tables.before.processes | {
        row.name: _process(tables, row, deposits, hosts)
        for row in tables.rows("processes", "coefficients", "process_values", "curves")
        if row.cells["kind"] != TRADE
    }


def _process(
    tables: StudyTables,
    row: StructureRow,
    deposits: Mapping[str, Deposit],
    hosts: Mapping[str, Host],
) -> Process:
    name, cells = row.name, row.cells
    if wrong := ambiguous_loss(cells["loss"]):
        tables.problems.add(row.file, row.row, "loss", wrong)
    inputs, outputs, ore, hosting = _recipe(tables, name, cells["place"], deposits, hosts)
    host_content = _host_content(tables, row)
    curve = _curve(tables, name, cells["kind"])
    min_activity, max_activity = _bounds(tables, name, curve)
    series: dict[str, Any] = {p: tables.series("process_values", (name,), p) for p in _SERIES}
    return Process(
        name,
        cells["kind"],  # type: ignore[arg-type]
        cells["stage"],  # type: ignore[arg-type]
        cells["pathway"] or None,  # type: ignore[arg-type]
        cells["origin"],
        cells["host"],
        cells["plant"],
        cells["ramp_group"],
        cells["loss"],
        inputs,
        outputs,
        ore,
        loading=tables.single("process_values", (name,), "loading"),
        **series,
        max_activity=max_activity,
        min_activity=min_activity,
        observed=_observed(tables, name),
        host_content=host_content,
        curve=curve,
        place=cells["place"],
        unseen=_unseen(tables, name),
        hosting=hosting,
    )


def _unseen(tables: StudyTables, name: str) -> Unseen | None:
    """What a calibration found of a process; None where no row gives any of it."""
    names = ("unseen_cost", "unseen_rise")
    if not any(tables.numbers.has("process_values", (name,), each) for each in names):
        return None
    cost, rise = (tables.series("process_values", (name,), each, absent=0.0) for each in names)
    return Unseen(cost, rise, tables.series("process_values", (name,), "unseen_from"))


def _curve(tables: StudyTables, name: str, kind: str) -> Curve:
    """The steps that a process is had at; the price of an import stands in one place only."""
    kept = tables.before.processes.get(name)
    curve = read_curve(tables, name, "process", NO_CURVE if kept is None else kept.curve)
    if curve and tables.numbers.has("process_values", (name,), "import_price"):
        tables.problems.at(
            tables.numbers.first_row("curves", name),
            "of",
            f"'{name}' has an import_price and a curve, and would pay both; drop one of them",
        )
    powerful = tables.numbers.rows.get(("curves", (name, ""), "market_power"), ())
    if kind != "import":
        for row in powerful[:1]:
            tables.problems.at(
                row,
                "parameter",
                f"'{name}' is at home, where what a seller earns stays in the country; only of an "
                "import or an export the country may know its weight: drop the row",
            )
    return curve


def _recipe(
    tables: StudyTables,
    name: str,
    place: str,
    deposits: Mapping[str, Deposit],
    hosts: Mapping[str, Host],
) -> tuple[Mapping[str, Array], ...]:
    """Inputs, outputs, the ore taken from deposits and the output of hosts, per unit of activity;
    the goods are those at the place of the process."""
    if not tables.changed(name, "coefficients"):
        kept = tables.before.processes[name]
        return kept.inputs, kept.outputs, kept.deposits, kept.hosting
    goods = tables.structure.get("goods", {})
    recipe: dict[str, dict[str, Array]] = {"in": {}, "out": {}, "deposit": {}, "host": {}}
    for key in tables.numbers.keys("coefficients", name):
        _, good, direction = key[1]
        kind = direction
        if good not in goods:
            ways = [way for way, names in (("deposit", deposits), ("host", hosts)) if good in names]
            kind = _told_apart(ways, direction)
        if WAY.get(kind, direction) != direction:
            tables.problems.at(
                tables.numbers.rows[key][0], "direction", WRONG_WAY[kind].format(good=good)
            )
        at = good if kind in WAY else located(good, place)
        recipe[kind][at] = tables.series("coefficients", key[1], "coefficient")
    return tuple(map(frozen_map, recipe.values()))


def _told_apart(ways: Sequence[str], direction: str) -> str:
    """What a name is of that is not a good: a deposit and a host may have one name, and the
    direction tells them apart."""
    return next((way for way in ways if WAY[way] == direction), (*ways, direction)[0])


def _host_content(tables: StudyTables, row: StructureRow) -> Array:
    content = tables.numbers.series("process_values", (row.name,), "host_content")
    if content is not None:
        return content
    if row.cells["host"]:
        tables.lacking(
            "process_values",
            (row.name,),
            "host_content",
            f"process '{row.name}' has a host and no host_content; give the metal that a tonne of "
            "host output can yield",
        )
    return tables.constant(np.nan)


def _bounds(tables: StudyTables, name: str, curve: Curve) -> tuple[Array, Array]:
    """Lower and upper bound of the activity, in order; a curve bounds it as well."""
    upper = largest(curve, tables.series("process_values", (name,), "max_activity", absent=np.inf))
    lower = tables.series("process_values", (name,), "min_activity")
    crossed = lower > upper
    if crossed.any():
        tables.problems.at(
            tables.numbers.first_row("process_values", name),
            "value",
            f"min_activity of '{name}' is above its max_activity in "
            f"{tables.first + int(np.argmax(crossed))}; lower one or raise the other",
        )
    return lower, upper


def _observed(tables: StudyTables, name: str) -> Array:
    """The activities observed in years of the study, NaN in all others, shape (Y,)."""
    events = tables.numbers.events("process_values", (name,), "observed")
    if not events:
        return tables.constant(np.nan)
    observed = np.full(tables.length, np.nan)
    for year, row in events.items():
        if tables.first <= year <= tables.last:
            observed[year - tables.first] = row.value
        else:
            tables.problems.at(
                row,
                "year",
                f"'{name}' was observed in {year}, outside {tables.first} to {tables.last}, where "
                "it would go unheeded; drop the row, or put it into observations.csv",
            )
    return frozen(observed)


def read_ramps(tables: StudyTables) -> dict[str, Ramp]:
    """All ramp groups by name."""
    return tables.before.ramps | {name: _ramp(tables, name) for name in tables.names("ramps")}


def _ramp(tables: StudyTables, name: str) -> Ramp:
    growth = tables.numbers.single("ramps", (name,), "growth")
    if growth is None and tables.numbers.has("ramps", (name,), "step"):
        tables.lacking(
            "ramps",
            (name,),
            "growth",
            f"ramp group '{name}' has a step and no growth; give growth (0: only the step counts)",
        )
    return Ramp(
        name,
        np.inf if growth is None else growth,
        tables.single("ramps", (name,), "step"),
        tables.single("ramps", (name,), "decline"),
        tables.series("ramps", (name,), "stopping_cost"),
        np.zeros(tables.length, dtype=bool),
    )
