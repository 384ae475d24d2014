"""Draws the packages of planner in their layers, and which imports from which: `python -m
docs.house` from the root of the checkout writes docs/images/house.svg.

Layers are those of the contract in pyproject.toml, imports those of the source: at load and inside
functions, without those for types alone. A package stands beside a row of dots, one under each
package from which it imports; a ring is an import that the contract names as an exception. The
picture holds nothing else, so that it changes only when the house does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from tests.house import House, import_graph, layers, read_house

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "house.svg"
ROW, GAP, STEP = 24, 8, 30
"""Height of a row, gap between two layers, distance of two columns."""
LEFT, TOP, BOX = 20, 110, 130
FONT = "font-family='Helvetica, Arial, sans-serif' font-size='13'"
INK, PALE, DOT = "#222222", "#e8eef4", "#0072b2"

Edges = frozenset[tuple[str, str]]


def packages_by_layer(house: House) -> list[list[str]]:
    """Names of the packages in each layer, top layer first; `__main__` stands outside."""
    found = []
    for layer in layers(house):
        names = [name.strip(" ()") for name in layer.replace("|", ":").split(":")]
        found.append([name for name in names if not name.startswith("__")])
    return [names for names in found if names]


def package(module: str) -> str:
    """Package or single module right below planner that holds a module."""
    return module.split(".")[1] if "." in module else ""


def imports(house: House, *, accessors: bool) -> Edges:
    """Pairs of packages of which the first imports from the second."""
    graph = import_graph(house, lazy=True, accessors=accessors)
    pairs = ((package(a), package(b)) for a, targets in graph.items() for b in targets)
    return frozenset((a, b) for a, b in pairs if a != b and a and b)


def text(x: float, y: float, words: str, more: str = "") -> str:
    return f"<text x='{x:g}' y='{y:g}' fill='{INK}' {FONT} {more}>{escape(words)}</text>"


def box(y: int, name: str) -> Iterator[str]:
    yield (
        f"<rect x='{LEFT}' y='{y}' width='{BOX}' height='{ROW}' fill='{PALE}' stroke='{INK}'"
        " stroke-width='0.8'/>"
    )
    yield text(LEFT + BOX / 2, y + 16, name, "text-anchor='middle'")


def mark(x: int, y: int, *, exception: bool) -> str:
    fill = "none" if exception else DOT
    return f"<circle cx='{x}' cy='{y}' r='5' fill='{fill}' stroke='{DOT}' stroke-width='1.5'/>"


def heights(floors: list[list[str]]) -> dict[str, int]:
    """Upper edge of the row of each package."""
    found, y = {}, TOP
    for names in floors:
        for name in names:
            found[name] = y
            y += ROW
        y += GAP
    return found


def marks(
    pairs: Iterable[tuple[str, str]], rows: dict[str, int], *, exception: bool
) -> Iterator[str]:
    columns = {name: LEFT + BOX + STEP * (1 + at) for at, name in enumerate(rows)}
    for importer, target in sorted(pairs):
        if importer in rows and target in rows:
            yield mark(columns[target], rows[importer] + ROW // 2, exception=exception)


def frame(rows: dict[str, int]) -> Iterator[str]:
    """A box for each package, a faint line through each row and column, and the names above."""
    right = LEFT + BOX + STEP * (len(rows) + 1) - STEP // 2
    bottom = max(rows.values()) + ROW
    line = "stroke='#cccccc' stroke-width='0.6'"
    for at, (name, y) in enumerate(rows.items()):
        x, middle = LEFT + BOX + STEP * (1 + at), y + ROW // 2
        yield f"<path d='M{LEFT + BOX} {middle} H{right}' {line}/>"
        yield f"<path d='M{x} {TOP - 6} V{bottom}' {line}/>"
        yield text(x + 4, TOP - 12, name, f"transform='rotate(-50 {x + 4} {TOP - 12})'")
        yield from box(y, name)


def drawn(house: House) -> str:
    """The picture as SVG."""
    rows = heights(packages_by_layer(house))
    plain, every = imports(house, accessors=False), imports(house, accessors=True)
    width = LEFT + BOX + STEP * (len(rows) + 3)
    bottom = max(rows.values()) + ROW
    title = "Packages of planner in their layers, and which package imports from which"
    legend = (
        "A dot: the package of this row imports from the package of this column, in its own layer"
        " or a lower one."
    )
    accessors = "A ring: a plan shows itself as figures or in a notebook, when asked."
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {bottom + 60}' role='img'>",
        f"<title>{title}</title>",
        "<rect width='100%' height='100%' fill='white'/>",
        *frame(rows),
        *marks(plain, rows, exception=False),
        *marks(every - plain, rows, exception=True),
        text(LEFT, bottom + 26, legend),
        text(LEFT, bottom + 46, accessors),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(read_house(ROOT)), encoding="utf-8")
