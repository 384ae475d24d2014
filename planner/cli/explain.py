"""The command `explain`: why a price is what it is, or why there is no plan."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Quiet,
    Scenario,
    Set,
    Study,
    Tables,
    print_json,
    reading,
    records,
    write_tables,
)
from planner.cli.app import INFEASIBLE, app

if TYPE_CHECKING:
    from planner.analysis.diagnosis.explain import Explanation
    from planner.analysis.diagnosis.infeasibility import Clash

OF_A_PLAN = ("prices", "parts", "rents", "policies", "idle", "swaps")
WHERE_PRICES_ANSWER = ("surplus", "incidence")
OF_A_CLASH = ("reasons", "accounts", "levers")
"""Tables of an explanation."""

Behind = Annotated[bool, typer.Option("--table", help="Show the tables behind the sentences.")]


@app.command("explain", epilog="Example: planner explain china --scenario self-reliance")
def explain(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    table: Behind = False,
    out: Tables = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say why: what clashes and the least that must give, or what sets each price and what each
    policy costs."""
    with reading(study, scenario, settings, quiet=quiet or as_json) as (system, stage):
        import planner

        found = planner.explain(system, progress=stage)
        names = OF_A_CLASH if found.clashes else _of_a_plan(found)
        tables = {name: getattr(found, name) for name in names}
        write_tables(out, tables)
    if as_json:
        print_json(_answer(found))
    else:
        _show(found.words, tables if table else {})
    if found.status == "infeasible":
        raise typer.Exit(INFEASIBLE)


def _of_a_plan(found: Explanation) -> tuple[str, ...]:
    """Names of the tables of an explanation; of those on who gains only what there is."""
    return (*OF_A_PLAN, *(each for each in WHERE_PRICES_ANSWER if len(getattr(found, each))))


def _show(words: tuple[str, ...], tables: dict[str, Any]) -> None:
    from planner.cli._terminal import show_frame

    for sentence in words:
        typer.echo(sentence)
    for name, frame in tables.items():
        show_frame(name, frame, rows=len(frame))


def _answer(found: Explanation) -> dict[str, Any]:
    """All of an explanation as JSON."""
    ties = found.ties
    return {
        "study": found.study,
        "scenario": found.scenario,
        "status": found.status,
        "words": found.words,
        "unique": None
        if ties is None
        else {
            "plan": ties.plan_unique,
            "prices": ties.prices_unique,
            "degenerate": ties.degenerate,
        },
        "clashes": [_clash(clash) for clash in found.clashes],
        **{name: records(getattr(found, name)) for name in _of_a_plan(found)},
    }


def _clash(clash: Clash) -> dict[str, Any]:
    return {
        "policies": clash.policies,
        "places": clash.places,
        "words": clash.words,
        "reasons": [asdict(reason) for reason in clash.reasons],
        "accounts": [_without(asdict(account), "rows") for account in clash.accounts],
        "relaxations": [_without(asdict(each), "series") for each in clash.relaxations],
        "levers": [asdict(lever) for lever in clash.levers],
    }


def _without(said: dict[str, Any], field: str) -> dict[str, Any]:
    """All fields but one; null where a number is none or has no end."""
    return {name: _finite(value) for name, value in said.items() if name != field}


def _finite(value: Any) -> Any:
    return value if not isinstance(value, float) or math.isfinite(value) else None
