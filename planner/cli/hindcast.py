"""The command `hindcast`: a plan beside what was observed of the same years."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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
    print_json,
    reading,
    records,
    refuse,
    unknown_metal,
    write_tables,
    wrong,
)
from planner.cli.app import app

if TYPE_CHECKING:
    import pandas as pd

    from planner.analysis.hindcast.hindcast import Hindcast

TABLES = ("pairs", "scores", "misses", "changes", "leaks")
SHOWN = ("observation", "year", "observed", "low", "high", "plan", "error", "inside", "role")
LEAKS_SHOWN = 5
OF_AN_ENSEMBLE = ("covered", "interval_score", "seen_covered", "seen_score")
"""Scores that are empty without an ensemble."""

AsOf = Annotated[
    int | None,
    typer.Option(
        "--as-of",
        metavar="YEAR",
        help="Use only what was published by the end of this year; what is used all the same is "
        "listed.",
    ),
]
EnsembleOf = Annotated[
    Path | None,
    typer.Option(
        "--ensemble",
        metavar="FOLDER",
        help="An ensemble of the study (planner ensemble --out): does its 5-95 % hold what came?",
    ),
]
Samples = Annotated[
    int,
    typer.Option("--samples", "-n", metavar="N", min=0, help="Make an ensemble of N samples here."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of these samples.")]
Statement = Annotated[
    Path | None,
    typer.Option(
        "--uncertainty",
        metavar="FILE",
        help="TOML file with what the samples made here are drawn by (planner ensemble).",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Local processes; all processors if not given."
    ),
]
Window = Annotated[
    int,
    typer.Option(
        "--window",
        metavar="YEARS",
        min=0,
        help="Also plan with only so many years in sight, one kept at a time.",
    ),
]
Top = Annotated[
    int,
    typer.Option(
        "--top",
        metavar="N",
        min=0,
        help="For how many items that are missed to seek the least change of one number.",
    ),
]


@app.command(
    "hindcast",
    epilog="Example: planner hindcast china --as-of 2022 --window 3 --out results/hindcast",
)
def hindcast(
    study: Study,
    scenario: Scenario = "",
    settings: Set = None,
    as_of: AsOf = None,
    ensemble: EnsembleOf = None,
    samples: Samples = 0,
    seed: Seed = 0,
    statement: Statement = None,
    workers: Workers = None,
    window: Window = 0,
    top: Top = 5,
    metal: Metal = "",
    out: Tables = None,
    rows: Rows = 100,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set the plan beside what was observed of the same years: errors, coverage, what held it."""
    if ensemble is not None and samples:
        refuse([wrong("--samples", "goes without --ensemble, which has its own; give one")])
    if statement is not None and not samples:
        refuse([wrong("--uncertainty", "says how samples are drawn; give --samples too")])
    asked = [*(settings or ()), *([f"as_of={as_of}"] if as_of is not None else [])]
    with reading(study, scenario, asked, quiet=quiet or as_json) as (system, stage):
        refuse(unknown_metal(system, metal))
        import planner

        found = planner.hindcast(
            system,
            ensemble=ensemble,
            samples=samples,
            seed=seed,
            statement=statement,
            workers=workers,
            window=window,
            top=top,
            progress=stage,
        )
    write_tables(out, {name: getattr(found, name) for name in TABLES})
    if as_json:
        print_json(_answer(found, metal))
    elif not quiet:
        _show(found, metal, rows)


def _of(table: pd.DataFrame, metal: str) -> pd.DataFrame:
    """The rows of one metal, where a table has metals."""
    return table[table["metal"] == metal] if metal and "metal" in table else table


def _answer(found: Hindcast, metal: str) -> dict[str, Any]:
    return {
        **identity(found.system),
        "as_of": found.as_of,
        "origin": found.origin,
        "hidden": found.hidden,
        "undated": found.undated,
        "window": found.window,
        "samples": found.samples,
        **{name: records(_of(getattr(found, name), metal)) for name in TABLES},
        "rolling_scores": records(_of(found.rolling_scores, metal)),
    }


def _show(found: Hindcast, metal: str, rows: int) -> None:
    from planner.cli._terminal import show_frame

    shown = [*SHOWN, *(["rolling"] if found.window else [])]
    shown += ["q05", "q95", "covered", "seen_covered"] if found.samples else []
    of = f", as of the end of {found.as_of}" if found.as_of is not None else ""
    show_frame(
        f"What was observed, and the plan{of} (t/year, shares, or USD/t)",
        _of(found.pairs, metal)[shown],
        rows=rows,
    )
    _show_scores(found, metal, rows)
    for miss in _of(found.misses, metal).to_dict(orient="records"):
        place = f" ({miss['place']})" if miss["place"] else ""
        typer.echo(f"{miss['observation']} {miss['year']}: {miss['held_by']}{place}")
    for turn in _of(found.changes, metal).to_dict(orient="records"):
        typer.echo(turn_in_words(turn))
    _show_leaks(found)


def _show_scores(found: Hindcast, metal: str, rows: int) -> None:
    from planner.cli._terminal import show_frame

    empty = [] if found.samples else list(OF_AN_ENSEMBLE)
    titles = {
        f"Scores of the tests: medians of errors as shares; no change since {found.origin} and the "
        "trend beside the plan on the same pairs": found.scores,
        f"The same with {found.window} years in sight": found.rolling_scores,
    }
    for title, table in titles.items():
        if len(table):
            show_frame(title, _of(table, metal).drop(columns=empty), rows=rows)


def _show_leaks(found: Hindcast) -> None:
    if found.as_of is None:
        return
    typer.echo(
        f"as of the end of {found.as_of}: {found.hidden} rows of the study are hidden, "
        f"{len(found.leaks)} came out later and stay for want of an earlier vintage (leaks), "
        f"{found.undated} do not say when they came out"
    )
    for leak in found.leaks.head(LEAKS_SHOWN).to_dict(orient="records"):
        typer.echo(f"  leak: {leak['path']}, {leak['source']}, {leak['published']}")
    if len(found.leaks) > LEAKS_SHOWN:
        typer.echo(f"  and {len(found.leaks) - LEAKS_SHOWN} more (--out writes leaks.csv)")


def turn_in_words(turn: Mapping[Any, Any]) -> str:
    """The least change of one number that gives what was observed, in a sentence."""
    from planner.cli._terminal import number

    grade = f", grade {turn['grade']}" if turn["grade"] else ""
    return (
        f"{turn['observation']} {turn['year']} would come out with {turn['input']} at "
        f"{number(turn['turns_at'])} instead of {number(turn['value'])} {turn['unit']} "
        f"(x {turn['factor']:.2f}{grade}; {turn['place']})"
    )
