"""Commands about studies: list, new, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import (
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    app,
    overrides,
    print_json,
    read_system,
)
from planner.errors import SpecError


@app.command("list", epilog="Example: planner list")
def list_studies(as_json: Json = False) -> None:
    """List the studies that ship with planner."""
    from planner.study.reader import studies, title

    shipped = [{"study": name, "title": title(name)} for name in studies()]
    if as_json:
        print_json(shipped)
    else:
        from planner.cli._terminal import show_studies

        show_studies(shipped)


@app.command("new", epilog="Example: planner new mystudy && planner solve mystudy")
def new_study(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the new study; its folder is made here.")
    ],
    quiet: Quiet = False,
) -> None:
    """Write a small study that solves, to start your own from."""
    import planner

    folder = planner.new(Path(name))
    if not quiet:
        typer.echo(
            f"{folder} is written; change its tables, then: planner solve {folder}\n"
            f"or change it in a spreadsheet: planner workbook {folder} {folder}.xlsx"
        )


@app.command("check", epilog="Example: planner check china --scenario carbon-neutral")
def check(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Report every problem of a study at once, with file, row, column and remedy; without
    --scenario, of all its scenarios."""
    import planner

    problems = planner.check(study, scenario=scenario, overrides=overrides(settings))
    if problems:
        raise SpecError(study, problems)
    system = read_system(study, scenario, settings)
    planner.balance(system)
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "numbers": len(system.data),
                "inputs_hash": system.inputs_hash,
                "problems": [],
            }
        )
    elif not quiet:
        from planner.cli._terminal import show_system

        show_system(system)
