"""Building blocks of a page: sections of charts, tables and tabs, as plain data that the template
lays out and the page's script draws.

A chart holds plotly traces without styles: fonts, axes and colours of the ground are the page's, so
that it can be light, dark or printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from planner.figures.plan_figures import COLOURS
from planner.system.nouns import Array

DIGITS = 5
"""Significant digits of a number in a chart; the tables of the run hold all."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
AREAS: Mapping[str, Any] = {"type": "scatter", "mode": "lines", "stackgroup": "one"}
BARS: Mapping[str, Any] = {"type": "bar"}
INK = "currentColor"
"""The colour of the text: dark on light, light on dark."""
OTHER_COLOUR = "#999999"
MULTIPLES: Mapping[str, tuple[tuple[float, str], ...]] = {
    "t": ((1e6, "Mt"), (1e3, "kt"), (1.0, "t")),
    "tCO2e": ((1e9, "Gt CO2e"), (1e6, "Mt CO2e"), (1e3, "kt CO2e"), (1.0, "t CO2e")),
    "USD": ((1e9, "billion USD"), (1e6, "million USD"), (1e3, "thousand USD"), (1.0, "USD")),
    "1": ((0.01, "%"),),
}
"""Unit to the multiples in which a chart may show it: the largest that leaves a number of 1 or
more."""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend."""

    name: str
    colour: str
    mark: str = "area"
    """`area`, `point`, or the dash of a line."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: plotly traces, the unit of its axis, and a description for readers who cannot see
    it."""

    kind: ClassVar[str] = "chart"
    title: str
    unit: str
    traces: Sequence[Mapping[str, Any]]
    said: str
    layout: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[Key, ...] = ()
    height: int = 230
    note: str = ""
    """The finding, in words."""

    @property
    def json(self) -> str:
        return _script(
            {"data": self.traces, "layout": self.layout, "unit": self.unit, "height": self.height}
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """Charts beside one another, with one legend where they share it; `narrow` charts stand four to
    a line on a wide screen."""

    kind: ClassVar[str] = "grid"
    charts: tuple[Chart, ...]
    keys: tuple[Key, ...] = ()
    width: str = "third"
    """`narrow`, `third`, `half` or `whole` of the page."""


@dataclass(frozen=True, slots=True)
class Flows:
    """The Sankey of a metal with a slider over the years: names, links, and a value for each link
    and year."""

    kind: ClassVar[str] = "flows"
    metal: str
    years: tuple[int, ...]
    keys: tuple[Key, ...]
    content: Mapping[str, Any]

    @property
    def json(self) -> str:
        return _script(self.content)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table of ready text; `numeric` columns are set to the right. Closed tables open with a
    click, and in print."""

    kind: ClassVar[str] = "table"
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    closed: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tabs:
    """Panels of which one shows at a time; in print all do."""

    kind: ClassVar[str] = "tabs"
    label: str
    panels: tuple[tuple[str, tuple[Block, ...]], ...]


Block = Chart | Grid | Flows | TextTable | Tabs


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page, the findings in words, and the blocks below."""

    title: str
    sentences: tuple[str, ...]
    blocks: tuple[Block, ...]
    note: str = ""
    """Definitions and conventions for the reader."""

    @property
    def id(self) -> str:
        return self.title.lower().replace(" ", "-").replace(",", "")


def _script(content: Any) -> str:
    # it stands inside a script element, which only </ and <! could end
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def rounded(values: Iterable[float]) -> list[float | None]:
    """Numbers for a chart, None where there is none."""
    return [_rounded(v) for v in np.asarray(list(values), dtype=float)]


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def scaled(unit: str, largest: float) -> tuple[float, str]:
    """(divisor, unit as shown) for numbers up to `largest`: t/year becomes kt/year, 1 becomes %."""
    base, slash, rest = unit.partition("/")
    name, _, year = base.partition("_")
    of = f" of {year}" if year else ""
    for size, word in MULTIPLES.get(name, ()):
        if largest >= size or size <= 1.0:
            return size, word + of + slash + rest.replace("tCO2e", "t CO2e")
    return 1.0, unit


def number(value: float) -> str:
    """A number for reading: three or four digits, thousands parted; nothing where there is none."""
    if not np.isfinite(value):
        return ""
    if value and not 1e-3 <= abs(value) < 1e12:
        return f"{value:.3g}"
    text = f"{value:,.{_places(value)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _places(value: float) -> int:
    """Decimal places that leave three digits or more."""
    if abs(value) >= 100 or value == 0:
        return 0
    return int(2 - np.floor(np.log10(abs(value))))


def stack(
    title: str,
    unit: str,
    x: Sequence[int],
    series: Mapping[str, npt.ArrayLike],
    colours: Mapping[str, str],
    *,
    bars: bool = False,
    own_keys: bool = False,
    note: str = "",
) -> Chart:
    """Areas (or bars) one upon the other, a colour a name; series are (T,) in `unit`."""
    values = _floats(series)
    size, shown = scaled(unit, _height(values))
    scaled_values = {name: v / size for name, v in values.items()}
    form, at = BARS if bars else AREAS, [int(n) for n in x]
    traces = [
        {**form, "name": name, "x": at, "y": rounded(v), "colour": colours[name]}
        for name, v in scaled_values.items()
    ]
    return Chart(
        title,
        shown,
        traces,
        said(title, shown, x, scaled_values),
        {"barmode": "relative"},
        keys_of(values, colours) if own_keys else (),
        note=note,
    )


def lines(
    title: str,
    unit: str,
    x: Sequence[int],
    series: Mapping[str, npt.ArrayLike],
    colours: Mapping[str, str],
    *,
    dashes: Mapping[str, str] | None = None,
    layout: Mapping[str, Any] | None = None,
    note: str = "",
) -> Chart:
    """A line a name, told apart by colour and dash; series are (T,) in `unit`, NaN where there is
    none."""
    values = _floats(series)
    dash = dashes or dashes_of(values)
    size, shown = scaled(unit, _largest(values))
    scaled_values = {name: v / size for name, v in values.items()}
    at = [int(n) for n in x]
    traces = [
        {
            "type": "scatter",
            "mode": "lines" if np.isfinite(v).sum() > 1 else "markers",
            "name": name,
            "x": at,
            "y": rounded(v),
            "colour": colours[name],
            "dash": dash[name],
        }
        for name, v in scaled_values.items()
    ]
    words = said(title, shown, x, scaled_values)
    return Chart(title, shown, traces, words, layout or {}, note=note)


def _floats(series: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
    return {name: np.asarray(v, dtype=float) for name, v in series.items()}


def _height(values: Mapping[str, Array]) -> float:
    """Height of a stack: the largest sum of what is above the axis."""
    above = [np.maximum(v, 0.0) for v in values.values()]
    return max(float(np.nansum(above, axis=0).max()), 0.0) if above else 0.0


def _largest(values: Mapping[str, Array]) -> float:
    known = (v for v in values.values() if np.isfinite(v).any())
    return max((float(np.nanmax(np.abs(v))) for v in known), default=0.0)


def said(title: str, unit: str, x: Sequence[int], series: Mapping[str, Array]) -> str:
    """The first and the last year of a chart in words."""
    if not len(x) or not series:
        return title
    ends = [f"{x[i]}: {_at(i, series)}" for i in dict.fromkeys((0, len(x) - 1))]
    return f"{title}, {unit}. " + "; ".join(ends)


def _at(i: int, series: Mapping[str, Array]) -> str:
    known = {name: v[i] for name, v in series.items() if np.isfinite(v[i]) and v[i]}
    return ", ".join(f"{name} {number(value)}" for name, value in known.items())


def keys_of(names: Iterable[str], colours: Mapping[str, str]) -> tuple[Key, ...]:
    """Legend of areas or bars."""
    return tuple(Key(name, colours[name]) for name in names)


def dashes_of(names: Iterable[str]) -> dict[str, str]:
    """A dash for each name, in the order of DASHES."""
    return {name: DASHES[i % len(DASHES)] for i, name in enumerate(names)}


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name, in the order of COLOURS."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}


def largest_first(series: Mapping[str, Array], most: int, other: str) -> dict[str, Array]:
    """At most `most` series, the largest first, the rest summed as `other`; what is nothing
    throughout is left out."""
    sizes = {name: float(np.nansum(np.abs(v))) for name, v in series.items()}
    order = sorted((name for name in series if sizes[name] > 0), key=lambda name: -sizes[name])
    if len(order) <= most:
        return {name: series[name] for name in order}
    rest = order[most - 1 :]
    kept = {name: series[name] for name in order[: most - 1]}
    kept[f"{other} ({len(rest)})"] = np.sum([series[name] for name in rest], axis=0)
    return kept


def plain(name: str) -> str:
    """A name of a study for reading: `lithium/refined` and `use/ev_lfp` without underscores."""
    return name.replace("_", " ")
