"""Trade between places as processes: a flow of a good from one place to another, its freight, what
is levied on it, and its limit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields

import numpy as np

from planner.study.nouns.tables import StudyTables
from planner.study.numbers import frozen
from planner.study.rows import Key, StructureRow
from planner.study.rows.trade import TRADE_TABLE, Arc, Matched, narrowest
from planner.study.schema import SERIES_DEFAULTS
from planner.system.nouns import (
    NO_CURVE,
    TRADE,
    Abroad,
    Array,
    Process,
    frozen_map,
    located,
)

Told = Mapping[str, Sequence[Matched]]
CARBON_PRICE = "carbon_price"


def read_trade(
    tables: StudyTables, abroad: Mapping[str, Abroad], charging: Collection[str]
) -> dict[str, Process]:
    """Every flow of trade that is open, by the name of its process; of those of before the ones of
    which no number changed. `charging` are places whose border charges their carbon price."""
    rows, before = tables.structure.get("processes", {}), tables.before.processes
    found = {}
    for name, (arc, told) in tables.trade.items():
        if name in before and not _changed(tables, arc, told):
            found[name] = before[name]
            continue
        prices = [_carbon_price(tables, abroad, place) for place in (arc.source, arc.target)]
        charges = arc.target in charging
        charge = _border_charge(tables, told, prices) if charges else tables.constant(0.0)
        found[name] = _trade(tables, rows[name], arc, told, charge)
    return found


def _changed(tables: StudyTables, arc: Arc, told: Told) -> bool:
    """Return True if a number that a flow is told by is another than before."""
    selectors = {each.key[1][0] for every in told.values() for each in every}
    prices = {located(CARBON_PRICE, place) for place in (arc.source, arc.target)}
    return any(tables.numbers.changed(each, TRADE_TABLE) for each in selectors) or any(
        tables.numbers.changed(each, "series") for each in prices
    )


def _carbon_price(tables: StudyTables, abroad: Mapping[str, Abroad], place: str) -> Array:
    if place in abroad:
        return abroad[place].carbon_price
    return tables.series("series", (CARBON_PRICE,), "value", absent=0.0)


def _trade(
    tables: StudyTables, row: StructureRow, arc: Arc, told: Told, border_charge: Array
) -> Process:
    """One flow: a tonne of the good at the one place becomes a tonne of it at the other."""
    nothing, one = tables.constant(0.0), tables.constant(1.0)
    unknown = tables.constant(np.nan)
    value = {name: _series(tables, told, name, nothing) for name in ("tariff", "duty", "value")}
    _check_duty(tables, told, value["duty"])
    return Process(
        row.name,
        TRADE,
        row.cells["stage"],  # type: ignore[arg-type]
        None,
        row.cells["origin"],
        "",
        "",
        "",
        "",
        frozen_map({located(arc.good, arc.source): one}),
        frozen_map({located(arc.good, arc.target): one}),
        frozen_map({}),
        1.0,
        nothing,
        nothing,
        _series(tables, told, "freight", nothing),
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        _series(tables, told, "emission", nothing),
        _limit(tables, told),
        nothing,
        unknown,
        unknown,
        NO_CURVE,
        place=arc.target,
        source=arc.source,
        duty=frozen(value["tariff"] + value["duty"] * value["value"]),
        border_charge=border_charge,
    )


def _series(tables: StudyTables, told: Told, name: str, absent: Array) -> Array:
    """The series of a parameter that is in force for a pair: of the rows of the last scenario, the
    one that names it most narrowly; `absent` where none does."""
    key = _in_force(tables, told, name)
    found = None if key is None else tables.numbers.series(*key)
    return absent if found is None else found


def _in_force(tables: StudyTables, told: Told, name: str) -> Key | None:
    numbers = tables.numbers
    known = [each for each in told.get(name, ()) if each.key in numbers.rows]
    if not known:
        return None
    last = max(numbers.layer.get(each.key, 0) for each in known)
    best = narrowest(each for each in known if numbers.layer.get(each.key, 0) == last)
    if len(best) > 1:
        _refuse_even(tables, name, best)
    return best[0].key


def _refuse_even(tables: StudyTables, name: str, best: Sequence[Matched]) -> None:
    """Report two rows that name a pair equally narrowly."""
    one, two = (tables.numbers.rows[each.key][0] for each in best[:2])
    tables.problems.at(
        two,
        "good",
        f"row {one.row} and this one both give the {name} of a pair, and neither names it more "
        "narrowly; add a row that does, or name fewer goods or places",
    )


def _limit(tables: StudyTables, told: Told) -> Array:
    """Most of a flow, t per year: all limits hold; inf where there is none."""
    limits = [
        series
        for each in told.get("max", ())
        if each.key in tables.numbers.rows
        and (series := tables.numbers.series(*each.key)) is not None
    ]
    return frozen(np.min(limits, axis=0)) if limits else tables.constant(np.inf)


def _check_duty(tables: StudyTables, told: Told, duty: Array) -> None:
    """A duty needs the value that it falls on, and a value is there for a duty."""
    keys = {name: _in_force(tables, told, name) for name in ("duty", "value")}
    if keys["duty"] is not None and keys["value"] is None and duty.any():
        row = tables.numbers.rows[keys["duty"]][0]
        message = "is a share of the value of the good, which no row gives; give its value"
        tables.problems.at(row, "parameter", message)


def _border_charge(tables: StudyTables, told: Told, prices: Sequence[Array]) -> Array:
    r"""What the border charges on what a tonne embodies, USD/t, shape (Y,): by how much the carbon
    price of the place it goes to is above that paid where it comes from,

    $$\max(0, \pi_{to} - \pi_{from})\, e$$

    as in Regulation (EU) 2023/956, articles 9 and 22, which deducts the price paid abroad.
    """
    paid, due = prices
    embodied = _series(tables, told, "embodied", tables.constant(0.0))
    return frozen(np.maximum(due - paid, 0.0) * embodied)


def read_abroad(tables: StudyTables) -> dict[str, Abroad]:
    """The series of every place other than the country."""
    found = dict(tables.before.abroad)
    for place in tables.places:
        names = {field.name: located(field.name, place) for field in fields(Abroad)}
        if any(tables.changed(name, "series") for name in names.values()):
            given = {
                field: tables.series("series", (name,), "value", absent=SERIES_DEFAULTS[field])
                for field, name in names.items()
            }
            found[place] = Abroad(**given)
    return found
