"""The command of better data: `planner sensitivity`."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system
from planner.cli.ensemble import Inputs, Statement
from planner.cli.security import records
from planner.cli.tradeoffs import Out, write_tables


@app.command(
    "sensitivity",
    epilog=(
        "Example: planner sensitivity china --input 'process_values.*germanium*' --out "
        "results/sensitivity"
    ),
)
def sensitivity(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    inputs: Inputs = None,
    grades: Annotated[
        list[str] | None,
        typer.Option(
            "--grade",
            metavar="GRADE",
            help="Only inputs of this grade; C and D if not given. May be repeated.",
        ),
    ] = None,
    statement: Statement = None,
    top: Annotated[
        int,
        typer.Option(
            "--top", metavar="N", min=0, help="For how many inputs to find where the plan turns."
        ),
    ] = 20,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What better data would be worth: inputs that move the answer most, and the value at which the
    plan turns."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner
        from planner.analysis.uncertainty.sensitivity import WEAK

        found = planner.sensitivity(
            system,
            inputs=tuple(inputs or ()),
            grades=tuple(grades or WEAK),
            statement=statement,
            top=top,
            progress=stage,
        )
        write_tables(out, {"swings": found.swings, "turns": found.turns})
    if as_json:
        print_json(
            {
                "study": system.name,
                "scenario": system.scenario,
                "cost": found.cost,
                "emissions": dict(found.emissions),
                "swings": records(found.swings),
                "turns": records(found.turns),
            }
        )
    elif not quiet:
        shown = found.swings[
            [
                "input",
                "grade",
                "cost at low",
                "cost at high",
                "footprint at low",
                "footprint at high",
                "no plan at",
            ]
        ]
        show_frame(
            (
                f"change of cost (USD_{system.currency_year}) and footprint (t CO2e) at the ends "
                "of an input, the others as they are"
            ),
            shown,
            rows=20,
        )
        show_frame(
            "values beyond which other options are in the plan",
            found.turns,
            rows=len(found.turns),
            empty="no input turns the plan",
        )
