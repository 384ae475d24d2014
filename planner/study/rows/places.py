"""Goods at places: a row of goods.csv for each place other than the country at which something
handles the good, so that a good at a place is read, balanced and reported like any other."""

from __future__ import annotations

from collections.abc import Iterator

from planner.study.rows.reader import RowReader
from planner.study.rows.record import StructureRow, ValueRow
from planner.study.rows.trade import TRADE_TABLE, Arc, Ends, TradeRows
from planner.study.schema import BY_NAME
from planner.system.nouns import HOME, TRADE, located

GOODS_BY_PLACE = ("demand", "collection", "curves")
"""Tables whose rows of a good at a place have it handled there."""


Handled = tuple[str, str, bool]
"""A good by its plain name and a place where something handles it: True where it gives the good,
False where it takes or demands it."""


def place_goods(rows: RowReader) -> None:
    """Add to the rows of goods those of goods at places, and to the rows of processes the trade
    between places. Does nothing in a study without places."""
    if not rows.head.places:
        _refuse_trade(rows)
        return
    goods = rows.structure.get("goods", {})
    ends = _ends(rows)
    trade = TradeRows(rows.head, goods, rows.values, ends, rows.problems)
    at = {*ends.had, *ends.used}
    at |= {(arc.good, place) for arc in trade.arcs for place in (arc.source, arc.target)}
    named = {located(good, place): (good, place) for good, place in at if place != HOME}
    rows.places_of_goods = {located(good, place): (good, place) for good, place in at}
    rows.structure["goods"] = goods | {
        name: _at_place(rows, goods[good], name, place)
        for name, (good, place) in sorted(named.items())
    }
    rows.trade = {_name(rows, arc): (arc, told) for arc, told in sorted(trade.arcs.items())}
    rows.structure["processes"] = rows.structure.get("processes", {}) | {
        name: _trade_row(name, arc, goods[arc.good], trade.first_row(arc))
        for name, (arc, _) in rows.trade.items()
    }


def _refuse_trade(rows: RowReader) -> None:
    """Without places there is nothing to trade between."""
    traded = [
        row for key, of in rows.values.items() if key[0] == TRADE_TABLE for row in of.values()
    ]
    if traded:
        rows.problems.at(traded[0][0], "from", "study.toml names no places; list them there")


def _ends(rows: RowReader) -> Ends:
    """Goods with the places where something gives, takes or demands them."""
    ends, goods = Ends(set(), set()), rows.structure.get("goods", {})
    for good, place, is_had in _handled(rows):
        if good in goods:
            (ends.had if is_had else ends.used).add((good, place))
    return ends


def _handled(rows: RowReader) -> Iterator[Handled]:
    """All goods that something handles."""
    yield from _in_rows_of(rows, "coefficients", "processes")
    yield from _in_rows_of(rows, "uses", "products")
    yield from _by_itself(rows)
    for product in rows.structure.get("products", {}).values():
        yield product.cells["waste"], product.cells["place"], True


def _in_rows_of(rows: RowReader, table: str, noun: str) -> Iterator[Handled]:
    """Goods in the recipes of processes, or the uses of products, where those stand."""
    places = {name: row.cells["place"] for name, row in rows.structure.get(noun, {}).items()}
    for of, keys, _ in rows.values:
        if of == table and keys[0] in places:
            yield keys[1], places[keys[0]], keys[2:] == ("out",)


def _by_itself(rows: RowReader) -> Iterator[Handled]:
    """Goods that are demanded, collected, bought or stored at the place of their own row."""
    for table, keys, parameter in rows.values:
        is_had = parameter == "opening_stock"
        if table in GOODS_BY_PLACE or is_had:
            yield *rows.located.get(table, {}).get(keys[0], (keys[0], HOME)), is_had


def _at_place(rows: RowReader, good: StructureRow, name: str, place: str) -> StructureRow:
    """The row of a good at a place."""
    if name in rows.structure["goods"]:
        wrong = f"'{name}' is what '{good.name}' is called at '{place}'; give one another name"
        rows.problems.at(rows.structure["goods"][name], "good", wrong)
    if rows.problems.spoiled("goods", good.name):
        rows.problems.spoil("goods", name)
    return StructureRow(name, good.cells, good.file, good.row)


def _name(rows: RowReader, arc: Arc) -> str:
    """What the process that a flow of trade is, is called."""
    source, target = (place or rows.head.country for place in (arc.source, arc.target))
    return f"{arc.good} ({source} to {target})"


def _trade_row(name: str, arc: Arc, good: StructureRow, opened: ValueRow) -> StructureRow:
    """The row that stands for a flow of trade among the processes."""
    cells = dict.fromkeys((column.name for column in BY_NAME["processes"].text_columns), "")
    cells |= {"process": name, "kind": TRADE, "stage": good.cells["stage"]}
    # metal of the country has no origin, wherever it goes
    cells |= {"origin": arc.source, "place": arc.target}
    return StructureRow(name, cells, opened.file, opened.row)
