"""What of places and trade nothing heeds: places where nothing stands, numbers of goods where they
are not handled, values without a duty, charges of a border that does not charge."""

from __future__ import annotations

from collections.abc import Iterator

from planner.study.files import HEAD_FILE
from planner.study.judgement.facts import Facts, says
from planner.study.meaning import SERIES_PARTS
from planner.study.problems import Problems
from planner.study.rows import Key
from planner.study.rows.trade import TRADE_TABLE
from planner.system.nouns import HOME


def doubt_places(facts: Facts, found: Problems) -> None:
    """Warn of what is given of places and trade in vain; in a study without places nothing is."""
    head = facts.head
    for name in ("blocs", "border_charges"):
        if getattr(head, name) and not head.places:
            said = "says nothing, since the study names no places; list them in `places`"
            found.add(HEAD_FILE, head.line("", name), name, said)
    if head.places:
        _doubt_empty(facts, found)
        _doubt_goods(facts, found)
        _doubt_series(facts, found)
        _doubt_values(facts, found)
        _doubt_embodied(facts, found)


def _doubt_empty(facts: Facts, found: Problems) -> None:
    """Warn of places where no process stands and nothing is demanded, stocked or passed on."""
    held = {place for _, place in facts.rows.places_of_goods.values()}
    for place in facts.head.places:
        if place not in held:
            message = (
                f"nothing stands at '{place}' or is wanted there; drop it, or give it something"
            )
            found.add(HEAD_FILE, facts.head.line("", "places"), "places", message)


def _doubt_goods(facts: Facts, found: Problems) -> None:
    """Warn of numbers of a good at a place where nothing handles it."""
    for name, (good, place) in facts.rows.located.get("good_values", {}).items():
        if name not in facts.rows.places_of_goods and facts.numbers.keys("good_values", name):
            found.at(
                facts.numbers.first_row("good_values", name),
                "place",
                f"nothing gives, takes or wants '{good}' at '{place}', so that its numbers there "
                "are not read; drop the row, or correct the place",
            )


def _doubt_series(facts: Facts, found: Problems) -> None:
    """Warn of series of a place where nothing runs that they multiply."""
    processes = facts.nouns.processes.values()
    for name, (series, place) in facts.rows.located.get("series", {}).items():
        here = [p for p in processes if p.place == place and not p.is_trade]
        parts = SERIES_PARTS[series]
        read = any(says(process, parts) for process in here) or _is_deducted(facts, series)
        if not read and facts.numbers.keys("series", name):
            found.at(
                facts.numbers.first_row("series", name),
                "place",
                f"'{series}' multiplies nothing at '{place}': no process there has "
                f"{' or '.join(parts)}; give it, or drop the series",
            )


def _is_deducted(facts: Facts, series: str) -> bool:
    """Return True for the price of carbon where a border may deduct what was paid of it."""
    return series == "carbon_price" and any(_keys(facts, "embodied"))


def _doubt_values(facts: Facts, found: Problems) -> None:
    """Warn of values that no duty falls on."""
    duties = {name for name, _ in _told(facts, "duty")}
    for key in _keys(facts, "value"):
        if duties.isdisjoint(_told_by(facts, key)):
            message = (
                "is read where there is a duty, and no row gives one; give it, or drop the value"
            )
            found.at(facts.numbers.rows[key][0], "parameter", message)


def _doubt_embodied(facts: Facts, found: Problems) -> None:
    """Warn of emissions embodied in what no border charges."""
    charging = {*facts.head.border_charges}
    charging |= {HOME} if facts.settings["border_adjustment"] is True else set()
    for key in _keys(facts, "embodied"):
        ends = {facts.rows.trade[name][0].target for name in _told_by(facts, key)}
        if not ends & charging:
            found.at(
                facts.numbers.rows[key][0],
                "parameter",
                "is read by a border that charges a carbon price, and none of these does; set "
                "border_adjustment (home) or border_charges (places), or drop it",
            )


def _keys(facts: Facts, parameter: str) -> Iterator[Key]:
    """Series of trade in force of a parameter."""
    for name in facts.numbers.names(TRADE_TABLE):
        yield from (key for key in facts.numbers.keys(TRADE_TABLE, name) if key[2] == parameter)


def _told_by(facts: Facts, key: Key) -> list[str]:
    """Flows of trade of which a series in force speaks."""
    return [name for name, each in _told(facts, key[2]) if each == key]


def _told(facts: Facts, parameter: str) -> Iterator[tuple[str, Key]]:
    """Flows of trade with the rows in force that speak of a parameter of theirs."""
    for name, (_, told) in facts.rows.trade.items():
        for each in told.get(parameter, ()):
            if each.key in facts.numbers.rows:
                yield name, each.key
