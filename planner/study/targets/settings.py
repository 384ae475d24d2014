"""Settings of policies by path, `policies.NAME.FIELD` and `policies.NAME.FIELD.KEY`: what `--set`
and overrides change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.study.rows import YEAR
from planner.study.schema import POLICY_FORMS
from planner.units import suggestion

FORM = "policies.NAME.FIELD, policies.NAME.FIELD.YEAR or policies.NAME.SELECTOR.FIELD"
BY_YEAR = frozenset(
    {level for form in POLICY_FORMS.values() for level in form.levels if form.by_year}
    | {
        field.name
        for form in POLICY_FORMS.values()
        for field in form.fields
        if field.reading == "series"
    }
)
"""Fields that may hold a number by year."""
SELECTORS = frozenset(
    field.name
    for form in POLICY_FORMS.values()
    for field in form.fields
    if field.reading == "selector"
)


def set_field(
    written: dict[str, dict[str, Any]], path: str, value: Any, years: tuple[int, int]
) -> str:
    """Set a field of a policy, or a part of one, by its path; what is wrong with the path, empty
    where it was set.

    A year of a level by year is replaced or added. Where the level is one number it stays in all
    other years of its force.
    """
    _, *words = path.split(".")
    if not words or words[0] not in written:
        close = suggestion(words[0], written) if words else ""
        return f"no policy has this path{close}; write {FORM}"
    fields = written[words[0]]
    if len(words) == 2:
        fields[words[1]] = value
        return ""
    if len(words) != 3:
        return f"no policy has this path; write {FORM}"
    return _set_part(fields, words, value, years)


def _set_part(
    fields: dict[str, Any], words: Sequence[str], value: Any, years: tuple[int, int]
) -> str:
    """Set a field of a selector, or the number of a year."""
    _, field, key = words
    if field in SELECTORS:
        fields[field] = {**_table(fields.get(field)), key: value}
        return ""
    if field not in BY_YEAR:
        return f"'{field}' holds no numbers by year; write policies.{words[0]}.{field}"
    if not YEAR.fullmatch(key):
        return f"'{key}' is no year; write policies.{words[0]}.{field}.YEAR"
    fields[field] = _with_year(fields, field, int(key), value, years)
    return ""


def _table(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _with_year(
    fields: Mapping[str, Any], field: str, year: int, value: Any, years: tuple[int, int]
) -> dict[str, Any]:
    """Numbers by year with that of one year replaced."""
    given = fields.get(field)
    points: dict[str, Any] = dict(_table(given))
    if given is not None and not isinstance(given, dict):
        points = {str(each): given for each in _force(fields, years)}
    points[str(year)] = value
    return dict(sorted(points.items()))


def _force(fields: Mapping[str, Any], years: tuple[int, int]) -> range:
    """The years of the study within `from` and `to` of a policy."""
    first, last = (fields.get(end) for end in ("from", "to"))
    low = first if isinstance(first, int) else years[0]
    high = last if isinstance(last, int) else years[1]
    return range(max(low, years[0]), min(high, years[1]) + 1)
