"""Looks of figures: light, dark and for print, as plotly templates `planner`, `planner_dark` and
`planner_print`.

Colours are those of Okabe and Ito (Color Universal Design, 2008), told apart by the colour-blind.
In print they are joined by hatching of areas and bars and by dashes of lines, so that a page
without colour can be read as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from planner.errors import SpecError
from planner.units import suggestion

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#666666")
"""In the order in which they are given to what has no colour of its own; yellow late, since it is
faint on white."""
PATHWAY_COLOURS: Mapping[str, str] = {
    "domestic primary": "#0072B2",
    "foreign primary": "#E69F00",
    "domestic secondary": "#009E73",
    "foreign secondary": "#CC79A7",
    "stockpile": "#666666",
    "new scrap": "#56B4E9",
    "shortage": "#D55E00",
}
"""Each pathway keeps its colour everywhere."""
NEUTRAL = "#7F7F7F"
"""Readable on white and on black: for reference lines and marks that must do without a theme."""
ON_DARK: Mapping[str, str] = {"#0072B2": "#2E90D0", "#666666": "#C4C4C4"}
"""What stands for a colour in lines on a dark ground; lit any further, or all of them, some would
look alike to the colour-blind."""
TEMPLATES: Mapping[str, str] = {
    "light": "planner",
    "dark": "planner_dark",
    "print": "planner_print",
}
"""Theme to the name under which plotly knows it."""
_INK: Mapping[str, tuple[str, str, str]] = {
    "light": ("#FFFFFF", "#222222", "#E5E5E5"),
    "dark": ("#1B1B1F", "#EEEEEE", "#3A3A40"),
    "print": ("#FFFFFF", "#000000", "#FFFFFF"),
}
"""Theme to paper, ink and grid."""
_FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"
FIRST_YEAR, LAST_YEAR, FEW_YEARS = 1800, 2300, 12
"""An axis between the first two is one of years; over the third or fewer, every year is named."""
HATCHES = ("", "/", "\\", "x", "-", "|", "+", ".")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def register() -> None:
    """Make the templates known to plotly, once; every figure of planner does so by itself."""
    from plotly import io

    for theme, name in TEMPLATES.items():
        if name not in io.templates:
            io.templates[name] = _template(theme)


def themed(figure: Figure, theme: str) -> Figure:
    """The figure in another look, changed in place and returned. Raises SpecError for a theme that
    is not there."""
    if theme not in TEMPLATES:
        close, known = suggestion(theme, TEMPLATES), ", ".join(TEMPLATES)
        raise SpecError("theme", [f"'{theme}' is not a theme{close}; choose one of {known}"])
    register()
    figure.update_layout(template=TEMPLATES[theme])
    if theme == "print":
        _hatch(figure)
    if theme == "dark":
        _light_up(figure)
    return figure


def blank(title: str, unit: str, *, made: Figure | None = None) -> Figure:
    """An empty figure in the look of all others: a title, the unit on the vertical axis, the legend
    below. `made` may hold panels."""
    from plotly.graph_objects import Figure

    register()
    figure = Figure() if made is None else made
    figure.update_layout(
        title_text=title,
        template=TEMPLATES["light"],
        hovermode="x unified",
        legend={"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0},
        margin={"l": 60, "r": 20, "t": 60, "b": 40},
    )
    figure.update_yaxes(rangemode="tozero")
    # of panels only the first says the unit, since all share it
    figure.layout.yaxis.title.text = unit
    return figure


def whole_years(figure: Figure) -> Figure:
    """Over a few years an axis names each of them, and no halves. Nothing is changed where the axis
    is not one of years."""
    held = [*_numbers_across(figure)]
    if held and min(held) >= FIRST_YEAR and max(held) <= LAST_YEAR:
        figure.update_xaxes(tickformat="d")
        if max(held) - min(held) <= FEW_YEARS:
            figure.update_xaxes(dtick=1)
    return figure


def _numbers_across(figure: Figure) -> Iterator[float]:
    """Numbers on the horizontal axes of bars and lines."""
    for trace in figure.data:
        if trace.type in ("bar", "scatter") and trace.x is not None:
            yield from (float(x) for x in trace.x if isinstance(x, Real))


def colour(number: int) -> str:
    """Colour of the n-th series without one of its own."""
    return COLOURS[number % len(COLOURS)]


def dash(number: int) -> str:
    """Dash of the n-th series: another one for each round through the colours, so that no two
    series look alike."""
    return DASHES[number // len(COLOURS) % len(DASHES)]


def see_through(colour: str, share: float) -> str:
    """A colour (#RRGGBB) with so much of it left, 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:.3g})"


def _template(theme: str) -> Any:
    from plotly.graph_objects import Layout
    from plotly.graph_objs.layout import Template

    paper, ink, grid = _INK[theme]
    axis = {
        "automargin": True,
        "showline": True,
        "linecolor": ink,
        "linewidth": 1,
        "ticks": "outside",
        "tickcolor": ink,
        "showgrid": True,
        "gridcolor": grid,
        "zeroline": True,
        "zerolinecolor": ink,
        "zerolinewidth": 1,
        "title": {"standoff": 10},
    }
    return Template(
        layout=Layout(
            paper_bgcolor=paper,
            plot_bgcolor=paper,
            colorway=list(COLOURS),
            font={"family": _FONT, "color": ink, "size": 13},
            title={"font": {"size": 17}, "x": 0.01, "xanchor": "left"},
            xaxis={**axis, "showgrid": False},
            yaxis=axis,
            hoverlabel={"font": {"family": _FONT}},
            legend={"bgcolor": "rgba(0,0,0,0)"},
        )
    )


def _light_up(figure: Figure) -> None:
    """Thin lines in dark colours cannot be read on black, and are lit; areas and bars are large
    enough."""
    for trace in figure.data:
        if trace.type == "scatter" and not _is_area(trace):
            trace.line.color = ON_DARK.get(trace.line.color, trace.line.color)


def _hatch(figure: Figure) -> None:
    """Tell series apart without colour: hatches for areas and bars, dashes for lines; a series
    looks alike in every panel."""
    order: dict[str, int] = {}
    for trace in figure.data:
        i = order.setdefault(str(trace.name), len(order))
        if trace.type == "bar" and not (trace.marker.pattern.shape or ()):
            trace.marker.pattern.shape = HATCHES[i % len(HATCHES)]
        elif _is_area(trace):
            trace.fillpattern = {
                "shape": HATCHES[i % len(HATCHES)],
                "fgcolor": "#000000",
                "size": 7,
                "bgcolor": trace.fillcolor or trace.line.color,
            }
        elif trace.type == "scatter" and "lines" in (trace.mode or ""):
            trace.line.dash = DASHES[i % len(DASHES)]


def _is_area(trace: Any) -> bool:
    return trace.type == "scatter" and bool(trace.stackgroup or trace.fill)
