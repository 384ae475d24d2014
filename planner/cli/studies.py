"""Commands about studies: list, presets, new, check, workbook, unpack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli._shared import (
    Json,
    Quiet,
    Scenario,
    Set,
    Strict,
    Study,
    identity,
    overrides,
    print_json,
    read_system,
)
from planner.cli.app import CALLED, app
from planner.errors import SpecError
from planner.units import suggestion

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the new study; its folder is made here.")
]
PresetName = Annotated[
    str, typer.Argument(metavar="[NAME]", help="A preset to show whole; without it all are listed.")
]
NewWorkbook = Annotated[Path, typer.Argument(metavar="FILE", help="The workbook to write, .xlsx.")]
Workbook = Annotated[
    Path, typer.Argument(metavar="FILE", help="A workbook that planner workbook wrote.")
]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The study folder to write; new or empty.")
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Write over the tables of the study in DIR; other files there stay."
    ),
]


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


@app.command("presets", epilog="Example: planner presets eu-crma-processing")
def list_presets(name: PresetName = "", as_json: Json = False) -> None:
    """List ready policies of laws and strategies with their dates and status, or show one whole."""
    from dataclasses import fields

    import planner

    every = {preset.name: preset for preset in planner.presets()}
    if name and name not in every:
        raise SpecError(
            name,
            [f"no preset has this name{suggestion(name, every)}; there are: {', '.join(every)}"],
        )
    shown = [every[name]] if name else list(every.values())
    if as_json:
        rows = [{f.name: getattr(each, f.name) for f in fields(each)} for each in shown]
        print_json([{**row, "fields": dict(row["fields"])} for row in rows])
    else:
        from planner.cli._terminal import show_preset, show_presets

        show_preset(shown[0]) if name else show_presets(shown)


@app.command("new", epilog="Example: planner new mystudy && planner solve mystudy")
def new_study(name: Name, quiet: Quiet = False) -> None:
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
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Report every problem of a study at once, with file, row, column and remedy, and apart from
    these every warning; without --scenario, of all its scenarios."""
    from dataclasses import asdict

    import planner

    problems = planner.check(study, scenario=scenario, overrides=overrides(settings), strict=strict)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise SpecError(study, errors)
    system = read_system(study, scenario, settings)
    planner.balance(system)
    if as_json:
        print_json(
            {
                **identity(system),
                "numbers": len(system.data),
                "inputs_hash": system.inputs_hash,
                "problems": [],
                "warnings": [asdict(warning) for warning in problems],
            }
        )
    elif not quiet:
        from planner.cli._terminal import show_system, show_warnings

        show_warnings(problems, ctx.meta.get(CALLED, {}))
        show_system(system, len(problems))


@app.command("workbook", epilog="Example: planner workbook china china.xlsx")
def workbook(study: Study, path: NewWorkbook, quiet: Quiet = False) -> None:
    """Write a study as one workbook, to be edited in a spreadsheet and read back with unpack."""
    import planner

    planner.write_study_workbook(study, path)
    if not quiet:
        typer.echo(
            f"{path} is written; change and save it, then: planner solve {path}\n"
            f"or turn it back into the tables of a folder: planner unpack {path} FOLDER"
        )


@app.command(
    "unpack", epilog="Example: planner unpack china.xlsx mystudy && planner solve ./mystudy"
)
def unpack(path: Workbook, folder: Folder, replace: Replace = False, quiet: Quiet = False) -> None:
    """Write the study that a workbook holds as a folder."""
    import planner

    planner.unpack(path, folder, replace=replace)
    if not quiet:
        typer.echo(f"{folder} is written; check it with: planner check {folder}")
