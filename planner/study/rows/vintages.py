"""Vintages of a number: rows that differ in nothing but when they came out, and a study as of an
earlier year.

Without a year to stand in, the newest vintage is in force. As of the end of a year, what came out
later is hidden: the newest vintage that was out by then is in force, and the years of a series that
none of its vintages speaks of are dropped where the series has an earlier year to go on from; the
last that is left then holds for those after it. Where nothing is left to fall back on, the row
stays, in its oldest vintage: it is a leak, told by its `published`. A row that does not say when it
came out is older than all others and is never hidden, but nothing falls back on it alone: nobody
says that it was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from planner.study.rows.record import Key, ValueRow, parameter_of

Values = Mapping[Key, Mapping[str, list[ValueRow]]]
"""Rows of each series by scenario."""

UNDATED = -1
"""Stands before every year of publication."""


def in_force(values: Values, as_of: int | None) -> Values:
    """The rows of each series and scenario in their vintage in force at the end of the year
    `as_of`; the newest where it is None. Observations are never hidden: they are what is asked."""
    return {
        key: {
            scenario: kept
            for scenario, rows in of.items()
            if (kept := _chosen(key, rows, None if key[0] == "observations" else as_of))
        }
        for key, of in values.items()
    }


def came_out(row: ValueRow) -> int:
    """Year in which a row came out; before every other where it does not say."""
    return UNDATED if row.published is None else row.published


def _chosen(key: Key, rows: list[ValueRow], as_of: int | None) -> list[ValueRow]:
    """The rows of one series and scenario that are in force."""
    if _is_undated(rows):
        return rows
    if as_of is None or all(came_out(row) <= as_of for row in rows):
        return _newest(rows)
    known = _newest([row for row in rows if came_out(row) <= as_of])
    if parameter_of(key).events:
        return _events(rows, known, as_of)
    return _known_series(rows, known)


def _is_undated(rows: Iterable[ValueRow]) -> bool:
    """Return True if none of the rows says when it came out."""
    return all(row.published is None for row in rows)


def _known_series(rows: list[ValueRow], known: list[ValueRow]) -> list[ValueRow]:
    """A series of which a part came out later, as it was known."""
    if _is_undated(known):
        return _newest(_oldest(rows).values())
    if any(row.year is None for row in known):
        return known
    return _carried_on(_newest(rows), known, _oldest(rows))


def _newest(rows: Iterable[ValueRow]) -> list[ValueRow]:
    """Of each year the row that came out last; a row of all years and rows of single years are
    vintages of one series, of which the newer is in force."""
    by_year = {year: max(of, key=came_out) for year, of in _by_year(rows).items()}
    constant = by_year.pop(None, None)
    if constant is None:
        return [*by_year.values()]
    latest = max(map(came_out, by_year.values()), default=UNDATED - 1)
    if came_out(constant) == latest:  # given both ways at once, which the series refuses
        return [constant, *by_year.values()]
    return [constant] if came_out(constant) > latest else [*by_year.values()]


def _oldest(rows: Iterable[ValueRow]) -> dict[int | None, ValueRow]:
    """Of each year the row that came out first."""
    return {year: min(of, key=came_out) for year, of in _by_year(rows).items()}


def _by_year(rows: Iterable[ValueRow]) -> dict[int | None, list[ValueRow]]:
    found: dict[int | None, list[ValueRow]] = {}
    for row in rows:
        found.setdefault(row.year, []).append(row)
    return found


def _events(rows: list[ValueRow], known: list[ValueRow], as_of: int) -> list[ValueRow]:
    """Amounts of single years: those to come of which nothing was known fall away; those of the
    past stay, since no amount is no earlier knowledge of it."""
    years = {row.year for row in known}
    past = [
        row
        for year, row in _oldest(rows).items()
        if year not in years and year is not None and year <= as_of
    ]
    return [*known, *past]


def _carried_on(
    newest: list[ValueRow], known: list[ValueRow], oldest: Mapping[int | None, ValueRow]
) -> list[ValueRow]:
    """A series of which only some years were known: a year before all that was known stays in its
    oldest vintage; the last that was known holds for what came after it."""
    first = min(map(_year, known))
    early = [oldest[row.year] for row in newest if row.year is not None and row.year < first]
    kept = [row._replace(extend="") for row in sorted([*early, *known], key=_year)]
    ends = sorted(newest, key=_year)
    if ends[0].holds_before:
        kept[0] = kept[0]._replace(extend="before")
    if ends[-1].holds_after or _year(ends[-1]) > _year(kept[-1]):
        kept[-1] = kept[-1]._replace(extend="both" if kept[-1].holds_before else "after")
    return kept


def _year(row: ValueRow) -> int:
    return row.year or 0
