"""The command that says why."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system
from planner.cli.security import records
from planner.cli.tradeoffs import Out, write_tables

if TYPE_CHECKING:
    from planner.analysis.diagnosis.explain import Explanation

OPTIMAL = ("prices", "parts", "rents", "policies", "idle", "swaps")
INFEASIBLE = ("reasons", "accounts", "levers")
"""Tables of an explanation."""


@app.command("explain", epilog="Example: planner explain china --scenario self-reliance")
def explain(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    table: Annotated[
        bool, typer.Option("--table", help="Show the tables behind the sentences.")
    ] = False,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Why: what clashes and the least that must give, or what sets each price and what each policy
    costs."""
    from planner.cli._terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        found = planner.explain(system, progress=stage)
        names = INFEASIBLE if found.clashes else OPTIMAL
        write_tables(out, {name: getattr(found, name) for name in names})
    if as_json:
        print_json(_answer(found))
    else:
        for sentence in found.words:
            typer.echo(sentence)
        for name in names if table else ():
            frame = getattr(found, name)
            show_frame(name, frame, rows=len(frame))
    if found.status == "infeasible":
        raise typer.Exit(3)


def _known(value: Any) -> Any:
    """A number that JSON can hold; null where it is none or has no end."""
    return value if not isinstance(value, float) or math.isfinite(value) else None


def _answer(found: Explanation) -> dict[str, Any]:
    """All of an explanation as JSON."""
    return {
        "study": found.study,
        "scenario": found.scenario,
        "status": found.status,
        "words": found.words,
        "unique": None
        if found.ties is None
        else {
            "plan": found.ties.plan_unique,
            "prices": found.ties.prices_unique,
            "degenerate": found.ties.degenerate,
        },
        "clashes": [
            {
                "policies": clash.policies,
                "places": clash.places,
                "words": clash.words,
                "reasons": [asdict(r) for r in clash.reasons],
                "accounts": [
                    {k: v for k, v in asdict(a).items() if k != "rows"} for a in clash.accounts
                ],
                "relaxations": [
                    {k: _known(v) for k, v in asdict(r).items() if k != "series"}
                    for r in clash.relaxations
                ],
                "levers": [asdict(lever) for lever in clash.levers],
            }
            for clash in found.clashes
        ],
        **{name: records(getattr(found, name)) for name in OPTIMAL},
    }
