"""How results show themselves in a notebook: sentences first, then a small table, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

MOST_ROWS = 20
"""Rows that a notebook shows of a table; the attribute of the result holds all."""

WHOLE = 1000.0
"""From here on a number is shown without decimals."""


def shown(title: str, sentences: Sequence[str], *tables: pd.DataFrame, more: str = "") -> str:
    """HTML of a result: a title, what it says in words, its tables. `more` names where the rest stands. No text is taken for markup."""
    parts = [f"<p><strong>{escape(title)}</strong></p>"] if title else []
    parts += [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    for frame in tables:
        parts.append(_table(frame))
        if len(frame) > MOST_ROWS:
            parts.append(f"<p>{len(frame) - MOST_ROWS:,} more rows{escape(f' in {more}' if more else '')}.</p>")
    return f'<div class="planner">{"".join(parts)}</div>'


def _table(frame: pd.DataFrame) -> str:
    left = [not pd.api.types.is_numeric_dtype(frame[name]) for name in frame]
    head = "".join(_element("th", name, to_left) for name, to_left in zip(frame.columns, left, strict=True))
    rows = "".join(
        "<tr>" + "".join(_element("td", cell, to_left) for cell, to_left in zip(row, left, strict=True)) + "</tr>"
        for row in frame.head(MOST_ROWS).itertuples(index=False))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _element(tag: str, value: Any, to_left: bool) -> str:
    return f'<{tag} style="text-align:{"left" if to_left else "right"}">{escape(_text(value))}</{tag}>'


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < WHOLE else f"{value:,.0f}"
    return str(value)
