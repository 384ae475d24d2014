"""Results in a notebook: sentences first, then a small table, everything
escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import pandas as pd

MOST_ROWS = 20
"""Rows that a notebook shows of a table; the attribute of the result holds all."""

LARGE = (("trillion", 1e12), ("billion", 1e9), ("million", 1e6), ("thousand", 1e3))
NUMBER = re.compile(r"-?[\d,.]+(?:e[+-]\d+)?%?")
CELL = "padding:2px 8px;text-align:"
WHOLE = 1000.0
"""From here on a number is shown without decimals."""


def shown(title: str, sentences: Sequence[str], *tables: pd.DataFrame, more: str = "") -> str:
    """HTML of a result: a title, what it says in words, its tables. `more` names where the rest
    stands. No text is taken for markup."""
    lines = [f"<p><strong>{escape(title)}</strong></p>"] if title else []
    lines += [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    for frame in filter(len, tables):
        lines += [_table(frame), _rest(len(frame) - MOST_ROWS, more)]
    return f'<div class="planner">{"".join(lines)}</div>'


def _rest(rows: int, more: str) -> str:
    """A sentence on the rows that are not shown, and where they stand."""
    where = escape(f" in {more}" if more else "")
    return f"<p>{rows:,} more rows{where}.</p>" if rows > 0 else ""


def amount(value: float) -> str:
    """A number for reading: three digits and a word."""
    for word, size in LARGE:
        if abs(value) >= size:
            return f"{value / size:,.3g} {word}"
    return f"{value:,.3g}"


def _table(frame: pd.DataFrame) -> str:
    to_left = [not _in_figures(frame[name]) for name in frame]
    head = _row("th", frame, to_left)
    rows = "".join(
        f"<tr>{_row('td', cells, to_left)}</tr>"
        for cells in frame.head(MOST_ROWS).itertuples(index=False)
    )
    return (
        f'<table style="margin:8px 0"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _in_figures(column: Iterable[Any]) -> bool:
    """Return True where all that is said reads as numbers, percentages too: these stand to the
    right, under their head."""
    return all(NUMBER.fullmatch(text) for text in map(_text, column) if text)


def _row(tag: str, cells: Iterable[Any], to_left: Sequence[bool]) -> str:
    return "".join(_element(tag, cell, left) for cell, left in zip(cells, to_left, strict=True))


def _element(tag: str, value: Any, to_left: bool) -> str:
    return f'<{tag} style="{CELL}{"left" if to_left else "right"}">{escape(_text(value))}</{tag}>'


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < WHOLE else f"{value:,.0f}"
    return str(value)
