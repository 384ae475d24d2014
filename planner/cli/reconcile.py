"""The command `reconcile`: observations of a year made to agree with the flow balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli._shared import (
    Json,
    Metal,
    Quiet,
    Rows,
    Scenario,
    Set,
    Study,
    Tables,
    identity,
    known,
    print_json,
    read_system,
    records,
    refuse,
    unknown_metal,
    write_tables,
)
from planner.cli.app import app

if TYPE_CHECKING:
    from planner.mfa.reconciliation.observations import StudyReconciliation
    from planner.mfa.reconciliation.reconcile import Fault
    from planner.system.nouns import System

TABLES = ("measurements", "coefficients", "demand", "flows")

Year = Annotated[
    int | None,
    typer.Option("--year", metavar="YEAR", help="The year; the first of the study if not given."),
]
Linear = Annotated[bool, typer.Option("--linear", help="Take every coefficient as exact.")]
Level = Annotated[
    float,
    typer.Option("--level", metavar="SHARE", help="Level of significance of both tests together."),
]


@app.command("reconcile", epilog="Example: planner reconcile china --metal lithium")
def reconcile(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    year: Year = None,
    linear: Linear = False,
    level: Level = 0.05,
    metal: Metal = "",
    out: Tables = None,
    rows: Rows = 100,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make the observations of a year agree with the flow balance, and name those that do not."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        refuse(unknown_metal(system, metal))
        stage("fit")
        import planner

        found = planner.reconcile_study(
            system, year=year, coefficients=not linear, significance=level
        )
    write_tables(out, {name: getattr(found, name) for name in TABLES})
    if as_json:
        print_json(_answer(system, found))
    elif not quiet:
        _show(found, metal, rows)


def _answer(system: System, found: StudyReconciliation) -> dict[str, Any]:
    before, after = found.before, found.after
    return {
        **identity(system),
        "year": found.year,
        "consistent": before.consistent,
        "chi_square": before.chi_square,
        "freedom": before.freedom,
        "p_value": before.p_value,
        "faults": [
            {
                "observation": fault.name,
                "alike": list(fault.alike),
                "measured": fault.measured,
                "without": known(fault.without),
                "score": fault.score,
            }
            for fault in found.faults
        ],
        "chi_square_after": after.chi_square,
        "freedom_after": after.freedom,
        "p_value_after": after.p_value,
        **{name: records(getattr(found, name)) for name in TABLES},
    }


def _show(found: StudyReconciliation, metal: str, rows: int) -> None:
    from planner.cli._terminal import number, show_frame

    seen = found.measurements
    seen = seen[seen["metal"] == metal] if metal else seen
    seen = seen.sort_values("score", ascending=False, kind="stable")
    show_frame(
        f"Observations of {found.year}, those moved most for their uncertainty first (t/year or "
        "share)",
        seen[["observation", "grade", "measured", "sd", "reconciled", "posterior_sd", "score"]],
        rows=rows,
    )
    before, after = found.before, found.after
    verdict = "agree" if before.consistent else "do not agree"
    typer.echo(
        f"chi-square {number(before.chi_square)} with {before.freedom} redundant equations (p = "
        f"{before.p_value:.2g}): the observations {verdict} at a level of "
        f"{before.significance:g}: p should reach {before.test_level:.2g}, and the largest score "
        f"stay below {before.critical:.2f}"
    )
    for fault in found.faults:
        typer.echo(_fault_in_words(fault))
    if found.faults:
        them = "it" if len(found.faults) == 1 else "them"
        typer.echo(
            f"without {them}: chi-square {number(after.chi_square)} with {after.freedom} "
            f"(p = {after.p_value:.2g})"
        )
    typer.echo(
        f"{int(found.flows['value'].notna().sum())} of {len(found.flows)} flows are determined; "
        f"redundant: {int(found.measurements['redundant'].sum())} of {len(found.measurements)} "
        "observations"
    )


def _fault_in_words(fault: Fault) -> str:
    from planner.cli._terminal import number

    others = f" (or {', '.join(fault.alike)}: they cannot be told apart)" if fault.alike else ""
    said = "nothing" if fault.without != fault.without else number(fault.without)
    return (
        f"most at fault: {fault.name}{others}: {number(fault.measured)}, the others say {said} "
        f"(score {fault.score:.1f})"
    )
