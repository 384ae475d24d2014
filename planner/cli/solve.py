"""The command `solve`."""

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
    place,
    print_json,
    read_system,
    save,
)
from planner.cli.app import SOLVER_FAILED, app

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Where results go; results/STUDY[-SCENARIO] if not given.",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        "--time-limit",
        metavar="SECONDS",
        min=0.0,
        help="Stop the solver after so long: the best plan known, with its gap; status 4.",
    ),
]


@app.command(
    "solve",
    epilog="Example: planner solve china --scenario carbon-neutral --set "
    "series.carbon_price='100 USD_2021/tCO2e'",
)
def solve(
    ctx: typer.Context,
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    out: Out = None,
    time_limit: TimeLimit = None,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the least-cost plan, check it, and write it with its tables."""
    from planner.cli._stages import Stages
    from planner.cli._terminal import show_mix, show_outcome

    expected = _seconds_before(out or default_folder(study, scenario))
    with Stages(quiet=quiet or as_json, expected=expected) as stage:
        stage("read")
        system = read_system(study, scenario, settings, strict=strict)
        folder = out if out is not None else default_folder(system.name, scenario)
        with place(folder):
            stage("load")
            import planner

            plan = planner.solve(system, progress=stage, time_limit=time_limit)
            stage("write")
            save(plan, folder, stage, ctx)
    if as_json:
        from dataclasses import asdict

        from planner.plan.plan import answer_of

        mix = plan.mix.to_dict(orient="records")
        answer = {"cost": plan.cost, "penalty": plan.penalty, "answer": answer_of(plan)}
        print_json({"folder": str(folder), **asdict(plan.record), **answer, "mix": mix})
    elif not quiet:
        show_mix(plan)
        show_outcome(plan, str(folder))
    if plan.record.status != "optimal":
        # no result to build on, whatever else is printed
        raise typer.Exit(SOLVER_FAILED)


def _seconds_before(folder: Path) -> dict[str, float]:
    """Seconds by stage of an earlier run in a folder: how long this one may take; empty where there
    is none."""
    import json

    try:
        said = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["seconds"]
        return {str(stage): float(seconds) for stage, seconds in said.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def default_folder(study: str, scenario: str) -> Path:
    """results/STUDY or results/STUDY-SCENARIO; a composed scenario `a,b` becomes `a+b`."""
    composed = scenario.replace(",", "+").replace(" ", "")
    return Path("results") / "-".join(filter(None, (study, composed)))
