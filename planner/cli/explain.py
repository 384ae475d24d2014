"""The command that says why."""

from __future__ import annotations

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system
from planner.cli.security import records


@app.command("explain", epilog="Example: planner explain china --scenario self-reliance")
def explain(study: Study, scenario: Scenario = "", settings: Set = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Why: what clashes and the least that must give, or what sets each price and what each policy costs."""
    from planner.terminal import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.explain(system, progress=stage)
    if as_json:
        print_json({
            "study": system.name, "scenario": system.scenario, "status": found.status, "words": found.words,
            "clashes": [{"policies": clash.policies, "places": clash.places,
                         "relaxations": [{"policy": r.policy, "factor": r.factor, "level": r.level, "relaxed": r.relaxed}
                                         for r in clash.relaxations]} for clash in found.clashes],
            **{name: records(getattr(found, name)) for name in ("prices", "rents", "policies", "idle")},
        })
    else:
        for sentence in found.words:
            typer.echo(sentence)
    if found.status == "infeasible":
        raise typer.Exit(3)
