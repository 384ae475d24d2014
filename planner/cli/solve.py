"""The command `solve`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli._shared import (
    EnsembleOfRun,
    Json,
    Quiet,
    Scenario,
    Set,
    Strict,
    Study,
    overrides,
    place,
    print_json,
    read_system,
    save,
)
from planner.cli.app import SOLVER_FAILED, app
from planner.errors import OutputError, SpecError

if TYPE_CHECKING:
    from planner.plan.plan import Plan
    from planner.system.nouns import System

LONGEST_SET = 60
"""Characters of overrides that a folder's name takes."""
DIGITS = 8
"""Digits of the digest after them."""

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="DIR",
        help="Where results go; results/STUDY[-SCENARIO][-set-...] if not given.",
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
    ensemble: EnsembleOfRun = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Find the least-cost plan, check it, and write it with its tables."""
    from planner.cli._stages import Stages
    from planner.cli._terminal import show_mix, show_outcome

    set_to = overrides(settings)
    expected = _seconds_before(out or default_folder(study, scenario, set_to))
    with Stages(quiet=quiet or as_json, expected=expected) as stage:
        stage("read")
        system = read_system(study, scenario, settings, strict=strict)
        folder = out if out is not None else _own_folder(system, scenario, set_to)
        with place(folder):
            stage("load")
            import planner

            plan = planner.solve(system, progress=stage, time_limit=time_limit)
            stage("write")
            save(plan, folder, stage, ctx)
            kept = _kept(folder)
    if as_json:
        from dataclasses import asdict

        from planner.plan.plan import answer_of

        mix = plan.mix.to_dict(orient="records")
        answer = {"cost": plan.cost, "penalty": plan.penalty, "answer": answer_of(plan)}
        place_of = {"folder": str(folder), "kept": kept}
        print_json({**place_of, **asdict(plan.record), **answer, "mix": mix})
    elif not quiet:
        show_mix(plan)
        show_outcome(plan, str(folder), kept)
        _show_ranges(plan, folder, ensemble)
    if plan.record.status != "optimal":
        # no result to build on, whatever else is printed
        raise typer.Exit(SOLVER_FAILED)


def _show_ranges(plan: Plan, folder: Path, named: Path | None) -> None:
    """The headlines with their range, where an ensemble is named or stands in the folder; one that
    stands there and is of other inputs is told, one that is named is refused."""
    import planner
    from planner.analysis.uncertainty.headline_ranges import beside
    from planner.cli._terminal import show_headlines

    samples = beside(folder, named)
    if samples is None:
        return
    try:
        show_headlines(planner.headlines(plan, samples, run=str(folder)))
    except (SpecError, OutputError) as error:
        if named is not None:
            raise
        typer.echo(f"no ranges: {error}")


def _kept(folder: Path) -> list[str]:
    """What stands in the folder of a run and was not made with it."""
    from planner.runtime.run_folder import strangers

    return strangers(folder)


def _seconds_before(folder: Path) -> dict[str, float]:
    """Seconds by stage of an earlier run in a folder: how long this one may take; empty where there
    is none."""
    import json

    try:
        said = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["seconds"]
        return {str(stage): float(seconds) for stage, seconds in said.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def default_folder(study: str, scenario: str, set_to: Mapping[str, str] | None = None) -> Path:
    """results/STUDY or results/STUDY-SCENARIO; a composed scenario `a,b` becomes `a+b`. Overrides
    add their paths and values, as far as a name may hold them, and a digest that parts those that
    then look alike."""
    composed = scenario.replace(",", "+").replace(" ", "")
    return Path("results") / "-".join(filter(None, (study, composed, _set_name(set_to or {}))))


def _set_name(set_to: Mapping[str, str]) -> str:
    """A name for overrides: the same for the same ones, in whatever order they were given."""
    import re

    from planner.runtime.seals import text_digest

    if not set_to:
        return ""
    text = "+".join(f"{path}={value}" for path, value in sorted(set_to.items()))
    plain = re.sub(r"[^A-Za-z0-9.=+-]+", "_", text)
    return f"set-{plain[:LONGEST_SET]}-{text_digest(dict(set_to))[:DIGITS]}"


def _own_folder(system: System, scenario: str, set_to: Mapping[str, str]) -> Path:
    """The folder that nobody named; refused where it holds the run of another question, which the
    run would replace."""
    folder = default_folder(system.name, scenario, set_to)
    there, asked = _question(folder), (system.name, system.scenario, dict(system.overrides))
    if there is not None and there != asked:
        study, other, changed = there
        said = [
            f"scenario {other or 'base'}",
            *(f"{path} = {value}" for path, value in changed.items()),
        ]
        raise OutputError(
            f"{folder} holds a run of {study} ({', '.join(said)}), which this run would replace; "
            "name a folder with --out, or remove it"
        )
    return folder


def _question(folder: Path) -> tuple[str, str, dict[str, str]] | None:
    """Study, scenario and overrides of the run in a folder; None where none can be read."""
    import json

    try:
        said = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        return str(said["study"]), str(said["scenario"]), dict(said["overrides"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
