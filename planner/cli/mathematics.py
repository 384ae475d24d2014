"""The command `math`, which prints the mathematics."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli._shared import Json, print_json
from planner.cli.app import app

Family = Annotated[
    str,
    typer.Argument(metavar="[NAME]", help="One family of rows or objective; all if not given."),
]
Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown with LaTeX, as docs/mathematics.md.")
]


@app.command("math", epilog="Example: planner math host_limit")
def mathematics(family: Family = "", as_markdown: Markdown = False, as_json: Json = False) -> None:
    """Print every equation of the linear programme, with its units and where it lives."""
    import planner

    page = planner.mathematics(family)
    if as_json:
        from dataclasses import asdict

        print_json(asdict(page))
    elif as_markdown:
        from planner.reference.mathematics import markdown

        typer.echo(markdown(page), nl=False)
    else:
        from planner.cli._terminal import show_mathematics

        show_mathematics(page)
