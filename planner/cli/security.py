"""Commands about security: disrupt."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.app import Json, Quiet, Scenario, Set, Study, app, print_json, read_system

Years = Annotated[int, typer.Option("--years", metavar="N", min=1, help="How many years a loss lasts.")]
Recovery = Annotated[int, typer.Option("--recovery", metavar="N", min=0, help="Years after a loss that are watched for its effects.")]
Start = Annotated[list[int] | None, typer.Option("--start", metavar="YEAR", help="A year in which losses begin; may be repeated.")]
Left = Annotated[float, typer.Option("--share", metavar="SHARE", min=0.0, help="What is left of a lost source, 0 to below 1.")]
Rows = Annotated[int, typer.Option("--rows", metavar="N", min=1, help="How many rows of a table to show.")]


@app.command("disrupt", epilog="Example: planner disrupt china --start 2030 --years 3")
def disrupt(
    study: Study, scenario: Scenario = "", settings: Set = None, years: Years = 3, recovery: Recovery = 5, start: Start = None,
    share: Left = 0.0, pairs: Annotated[bool, typer.Option(help="Also lose every pair of sources.")] = True, rows: Rows = 10,
    as_json: Json = False, quiet: Quiet = False,
) -> None:
    """Lose every origin and host for some years, alone and in pairs, unforeseen: what stays unserved, ranked."""
    from planner.terminal import Stages, show_frame

    with Stages(quiet=quiet or as_json) as stage:
        stage("read")
        system = read_system(study, scenario, settings)
        stage("load")
        import planner

        stage("solve")
        found = planner.disrupt(system, years=years, recovery=recovery, starts=start, share=share, pairs=pairs, progress=stage)
    if as_json:
        print_json({"study": system.name, "scenario": system.scenario, "currency": f"USD_{system.currency_year}",
                    "base_cost": found.base_cost, "losses": records(found.losses), "by_metal": records(found.by_metal)})
    elif not quiet:
        several = found.losses["loss"].str.contains(" + ", regex=False)
        for title, kept in (("Single losses", ~several), ("Pairs", several)):
            shown = found.losses.loc[kept, ["loss", "worst_metal", "first", "unmet", "worst_share", "recovery", "cost", "penalty"]]
            if len(shown):
                show_frame(f"{title}, the worst first (t; USD_{system.currency_year}, present value)", shown, rows=rows)


def records(frame: object) -> list[dict[str, object]]:
    """A table as JSON records; a missing number is null."""
    table: list[dict[str, object]] = frame.to_dict(orient="records")  # type: ignore[attr-defined]
    return [{name: None if value != value else value for name, value in row.items()} for row in table]
