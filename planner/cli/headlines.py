"""The command that shows the headlines of a run with their range."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli._shared import (
    Answers,
    EnsembleOfRun,
    Json,
    Quiet,
    Run,
    Tables,
    Unsealed,
    identity,
    load_runs,
    print_json,
    records,
    unsealed_said,
    unsealed_text,
    write_tables,
)
from planner.cli.app import app

Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print a table of Markdown, for a README.")
]


@app.command(
    "headlines",
    epilog="Example: planner headlines results/china --ensemble results/ensemble --markdown",
)
def headlines(
    run: Run,
    ensemble: EnsembleOfRun = None,
    answers: Answers = None,
    out: Tables = None,
    markdown: Markdown = False,
    unsealed: Unsealed = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show cost, emissions and the mix of every metal of a run, each with its range in an ensemble:
    base (5-50-95 %)."""
    from planner.cli._stages import Stages

    with Stages(quiet=quiet or as_json) as stage:
        (plan,) = load_runs([run], stage, unsealed=unsealed)
        stage("headlines")
        import planner
        from planner.analysis.uncertainty.headline_ranges import beside

        found = planner.headlines(
            plan, beside(run, ensemble), answers=tuple(answers or ()), run=str(run)
        )
        write_tables(out, {"headlines": found.table()}, unsealed_text(plan))
    if as_json:
        head = {**identity(plan.system), **unsealed_said(plan)}
        counts = {"samples": found.samples, "solved": found.solved, "drawn_back": found.drawn_back}
        print_json({**head, **counts, "headlines": records(found.table())})
    elif markdown:
        typer.echo(found.markdown())
    elif not quiet:
        from planner.cli._terminal import show_headlines

        show_headlines(found)
