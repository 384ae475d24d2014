"""How the documentation is made into a site: `make docs`. The pages are plain Markdown that reads
as well without it."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert

import planner

project = "planner"
author = "planner developers"
release = planner.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
root_doc = "index"
html_theme = "furo"
html_title = f"planner {release}"
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
default_role = "code"
nitpicky = True
# What is no part of planner has no page here to point to, nor has every type that a signature
# names.
nitpick_ignore_regex = [("py:.*", r"(?!planner\.).*"), ("py:class", r".*")]

HERE = Path(__file__).resolve().parent
LINK = re.compile(r"\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)")


def document(page: Path) -> str:
    """Name of a page as Sphinx knows it: its path below docs/, without the ending."""
    return page.relative_to(HERE).with_suffix("").as_posix()


def contents(index: str) -> str:
    """The tree of pages: those that the index lists under each heading, in its order, then any
    other that is there."""
    pages = (*HERE.rglob("*.md"), *HERE.rglob("*.rst"))
    there = [name for name in sorted(map(document, pages)) if name != "index"]
    trees = []
    for section in re.split(r"^## +", index, flags=re.MULTILINE)[1:]:
        head, _, text = section.partition("\n")
        trees.append(
            (
                head,
                [
                    document(HERE / target)
                    for _, target, _ in LINK.findall(text)
                    if (HERE / target).is_file()
                ],
            )
        )
    listed = {page for _, pages in trees for page in pages}
    trees.append(("More", [page for page in there if page not in listed]))
    return "".join(
        "\n```{toctree}\n:hidden:\n:caption: " + head + "\n\n" + "\n".join(pages) + "\n```\n"
        for head, pages in trees
        if pages
    )


def outside(page: str, folder: Path) -> str:
    """Links from a page in a folder to what lies outside the documentation become the path alone:
    the site does not hold it."""

    def kept(found: re.Match[str]) -> str:
        target = (folder / found[2]).resolve()
        if "://" in found[2] or target.is_relative_to(HERE):
            return found[0]
        return f"{found[1]} (`{target.relative_to(HERE.parent).as_posix()}`)"

    return LINK.sub(kept, page)


def _read(app: object, name: str, source: list[str]) -> None:
    tree = contents(source[0]) if name == "index" else ""
    source[0] = outside(source[0], (HERE / name).parent) + tree


def _docstring(
    app: object, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Docstrings are Markdown in spirit: their `$$equations$$` and indented examples become what
    Sphinx knows."""
    text = re.sub(
        r"\$\$(.+?)\$\$",
        lambda found: f":math:`{' '.join(found[1].split())}`",
        "\n".join(lines),
        flags=re.DOTALL,
    )
    text = re.sub(r":\n\n(?=    )", "::\n\n", text)
    lines[:] = text.replace("*", r"\*").splitlines()


def _inline(writer: object, node: object) -> None:
    writer.body.append(convert(node.astext()))  # type: ignore[attr-defined]
    raise nodes.SkipNode


def _block(writer: object, node: object) -> None:
    writer.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')  # type: ignore[attr-defined]
    raise nodes.SkipNode


def setup(app: object) -> None:
    """Equations as MathML: they need no script, no font and no network."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline, None), block_renderers=(_block, None)
    )  # type: ignore[attr-defined]
    app.connect("source-read", _read)  # type: ignore[attr-defined]
    app.connect("autodoc-process-docstring", _docstring)  # type: ignore[attr-defined]
