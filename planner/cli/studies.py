"""Commands about studies: list, new, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system


@app.command("list", epilog="Example: planner list")
def list_studies(as_json: Json = False) -> None:
    """List the studies that ship with planner."""
    import planner

    studies = [{"study": name, "title": planner.read(name).title} for name in planner.studies()]
    if as_json:
        print_json(studies)
    else:
        from planner.terminal import show_studies

        show_studies(studies)


@app.command("new", epilog="Example: planner new mystudy && planner solve mystudy")
def new_study(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new study; its folder is made here.")],
    quiet: Quiet = False,
) -> None:
    """Write a small study that solves, to start your own from."""
    import planner

    folder = planner.new(Path(name))
    if not quiet:
        typer.echo(f"{folder} is written; change its tables, then: planner solve {folder}")


@app.command("check", epilog="Example: planner check china --scenario carbon-neutral")
def check(study: Study, scenario: Scenario = "", settings: Set = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Read a study and report every problem at once, with file, row, column and remedy."""
    import planner

    system = read_system(study, scenario, settings)
    planner.balance(system)
    if as_json:
        print_json({
            "study": system.name, "scenario": system.scenario, "numbers": len(system.data), "inputs_hash": system.inputs_hash,
            "problems": [],
        })
    elif not quiet:
        from planner.terminal import show_system

        show_system(system)
